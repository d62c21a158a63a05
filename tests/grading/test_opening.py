"""Any bytes become a plain notebook or one clear sentence in two languages."""

from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.opening import MAX_CELLS, Unreadable, open_notebook

CELL = {"cell_type": "code", "source": "1 + 1", "metadata": {}, "outputs": []}


def notebook(**changed: object) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [CELL], **changed}).encode()


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (notebook()[:-9], "not valid JSON"),
        (b"<!doctype html><html></html>", "a web page"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"<<<<<<< HEAD\n{}\n>>>>>>> theirs", "web page"),
        (b'{"a": 1,\n<<<<<<< HEAD\n>>>>>>> theirs', "git merge"),
        (b"[1, 2]", "no list of cells"),
        (b'{"cells": 3}', "no list of cells"),
        (b"[" * 100_000, "not valid JSON"),
        (notebook(cells=[CELL] * (MAX_CELLS + 1)), "more than the"),
    ],
)
def test_what_is_no_notebook_is_said_in_both_languages(blob: bytes, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        open_notebook(blob)
    assert words in caught.value.text.en
    assert any("\u4e00" <= letter <= "\u9fff" for letter in caught.value.text.zh)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_that_editors_save(encoding: str) -> None:
    text = json.dumps({"cells": [{**CELL, "source": "# 前向传播"}]}, ensure_ascii=False)
    assert open_notebook(text.encode(encoding)).cells[0].source == "# 前向传播"


def test_old_and_odd_notebooks_open() -> None:
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1\n", "a"], "outputs": []}]}]}
    assert open_notebook(json.dumps(old).encode()).cells[0].source == "a = 1\na"
    odd = {
        "nbformat": "99",
        "cells": [{"source": 3}, "x", None, {"cell_type": "heading", "source": "T", "metadata": 7}],
    }
    opened = open_notebook(json.dumps(odd).encode())
    assert [cell.cell_type for cell in opened.cells] == ["markdown", "markdown"]


def test_lone_surrogates_can_be_written_again() -> None:
    opened = open_notebook(notebook(cells=[{**CELL, "source": "'\ud800'"}]))
    nbformat.writes(opened).encode("utf-8")


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=True),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "cell_type", "source", "metadata", "outputs", "id", "nbgrader", "grade_id", "input"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_trees)
def test_no_tree_stops_the_grader(tree: object) -> None:
    try:
        opened = open_notebook(json.dumps(tree).encode())
    except Unreadable:
        return
    assert all(isinstance(cell.source, str) for cell in opened.cells)

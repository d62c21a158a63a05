"""How members of the sample class mangle a notebook, besides what they write into its cells.

Each takes the notebook and changes it in place; one that ends in no notebook at all returns bytes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from grader import sample_tricks as tricks

Tamper = Callable[[NotebookNode], bytes | None]


def with_cell(source: str, at_end: bool = False) -> Tamper:
    def tamper(notebook: NotebookNode) -> None:
        cell = new_code_cell(source.rstrip(), id="my-own-cell")
        place = (
            len(notebook.cells) if at_end else 1 + next(i for i, c in enumerate(notebook.cells) if c.id == "imports")
        )
        notebook.cells.insert(place, cell)

    return tamper


def _index(notebook: NotebookNode, cell_id: str) -> int:
    return next(i for i, cell in enumerate(notebook.cells) if cell.id == cell_id)


def rearrange(notebook: NotebookNode) -> None:
    """Deletes the imports and a check, strips an answer of its metadata, duplicates and swaps others."""
    cells = notebook.cells
    del cells[_index(notebook, "imports")]
    del cells[_index(notebook, "backward-check")]
    cells[_index(notebook, "backward")]["metadata"] = NotebookNode()
    attempt = copy.deepcopy(cells[_index(notebook, "forward")])
    attempt["id"], attempt["source"] = (
        "forward-attempt",
        "def forward(x, w1, w2):\n    return x @ w1  # a first attempt",
    )
    cells.insert(_index(notebook, "forward"), attempt)
    cells.append(cells.pop(_index(notebook, "numeric_grad")))
    train, init = _index(notebook, "train"), _index(notebook, "init")
    cells[train], cells[init] = cells[init], cells[train]


def edit_checks(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            cell["source"] = tricks.FORGED_CHECK
            marks["points"] = 100.0


def forge(notebook: NotebookNode) -> None:
    edit_checks(notebook)
    with_cell(tricks.FORGES_RESULTS)(notebook)
    notebook.cells.insert(0, new_markdown_cell(tricks.HOSTILE_PROSE, id="my-prose"))
    output = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell["outputs"] = [nbformat.from_dict({**output, "data": {"text/plain": "100.0"}})]


def cut_off(notebook: NotebookNode) -> bytes:
    whole = json.dumps(notebook, ensure_ascii=False).encode()
    return whole[: len(whole) * 2 // 3]

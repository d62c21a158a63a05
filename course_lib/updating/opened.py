"""A student's notebook file as JSON, and back. No nbformat: nothing is upgraded, dropped or repaired on the way."""

from __future__ import annotations

import json
from typing import Any

from course_lib.text import TextError
from course_lib.updating import words
from course_lib.updating.given import Tree

KINDS = ("code", "markdown", "raw")


class Unreadable(TextError):
    """The file is no notebook that could be merged; ``text`` says why."""


def open_notebook(blob: bytes) -> Tree:
    """The notebook with each cell's source as one string and its metadata there. Raises Unreadable."""
    try:
        tree = json.loads(blob.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(words.NOT_JSON.format(line=getattr(error, "lineno", "?"))) from None
    if not isinstance(tree, dict) or tree.get("nbformat") != 4 or not isinstance(tree.get("cells"), list):
        raise Unreadable(words.NO_NOTEBOOK)
    metadata = tree.get("metadata")
    cells = [_cell(cell, number) for number, cell in enumerate(tree["cells"], 1)]
    return {**tree, "cells": cells, "metadata": metadata if isinstance(metadata, dict) else {}}


def _cell(cell: Any, number: int) -> Tree:
    if not isinstance(cell, dict) or cell.get("cell_type") not in KINDS:
        raise Unreadable(words.NO_CELL.format(number=number))
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise Unreadable(words.NO_CELL.format(number=number))
    metadata = cell.get("metadata")
    return {**cell, "source": source, "metadata": metadata if isinstance(metadata, dict) else {}}


def as_bytes(tree: Tree) -> bytes:
    """The file as JupyterLab writes it."""
    cells = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in tree["cells"]]
    for ascii_only in (False, True):  # half a character, as a broken paste leaves it, can only be written as \udc00
        text = json.dumps({**tree, "cells": cells}, ensure_ascii=ascii_only, indent=1, sort_keys=True) + "\n"
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError:
            continue
    raise AssertionError("ASCII can always be encoded")

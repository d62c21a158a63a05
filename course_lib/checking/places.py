"""Where in a student's notebook something lies: the cell, its first line, the line."""

from __future__ import annotations

import ast
import linecache
import re
import types
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from course_lib.checking.results import Place, RaisedError

_CALLED = re.compile(r"(\w+)\(\) (missing|takes|got an unexpected)")


def locate(error: RaisedError, namespace: dict[str, Any], shell: Any) -> RaisedError:
    """The error with its place: the line that raised it, or, where the call itself did not fit, the line where the
    called function begins."""
    if error.line is not None:
        return replace(error, place=place(error.file, error.line, shell))
    called = _CALLED.search(error.message) if error.type == "TypeError" else None
    start = beginning(namespace.get(called[1])) if called else None
    return error if start is None else replace(error, place=replace(place(*start, shell), begins=True))


def place(file: str, line: int, shell: Any) -> Place:
    """A line of a code object's file as the notebook shows it."""
    lines = linecache.getlines(file)
    first = next((text.strip() for text in lines if text.strip()), "")
    source = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return Place(_cell_name(file, shell), first[:120], line, source[:300])


def beginning(function: object) -> tuple[str, int] | None:
    """The file and line where a plain Python function or a class's ``__init__`` begins; None for anything else."""
    if isinstance(function, type):
        function = function.__dict__.get("__init__")
    if type(function) is not types.FunctionType:
        return None
    return function.__code__.co_filename, function.__code__.co_firstlineno


def _cell_name(file: str, shell: Any) -> str:
    compiler = getattr(shell, "compile", None)
    found = compiler.format_code_name(file) if compiler is not None and hasattr(compiler, "format_code_name") else None
    return str(found[1]) if found else ""


def cell_that_defines(name: str, cells: Sequence[object]) -> tuple[int, str] | None:
    """The number and text of the last cell that was run to define a function or class of this name.

    cells: what IPython calls ``In``, the cells that were run, in order; Python could not read all of them.
    """
    wanted = re.compile(rf"^[ \t]*(async\s+def|def|class)\s+{re.escape(name)}\b", re.MULTILINE)
    for number in range(len(cells) - 1, 0, -1):
        text = cells[number]
        if isinstance(text, str) and wanted.search(text):
            return number, text
    return None


def syntax_error(number: int, text: str) -> RaisedError | None:
    """The error that keeps Python from reading a cell; None where it can be read."""
    try:
        compile(text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        line = error.lineno or 1
        lines = text.splitlines() or [""]
        source = lines[min(line, len(lines)) - 1].strip()[:300]
        first = next((each.strip() for each in lines if each.strip()), "")[:120]
        where = Place(f"In[{number}]", first, line, source)
        return RaisedError(type(error).__name__, str(error.msg), line, source, place=where)
    except ValueError:  # a null character
        return None
    return None

"""What a student's own kernel knows beyond the verdict: which cell a line stands in, whether the last cell could be
read at all, which earlier answer is missing. Nothing here changes a verdict or a score."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from course_lib.checking import places, smells
from course_lib.checking.packs import PackError, read_pack
from course_lib.checking.results import ExerciseResult, RaisedError
from course_lib.checking.verdict import ExercisePack
from course_lib.text import Text

UNREADABLE = Text(
    en="Python could not read your latest cell with `{name}`, so none of it ran and the check does not know it yet.",
    zh="Python 读不懂你最近一次运行的、含有 `{name}` 的单元格，里面的代码都没有执行，所以检查还看不到它。",
)
STOPPED_EARLY = Text(
    en="`{name}` is not defined, although cell In[{cell}] was to define it: that cell stopped before it got there. Run "
    "it again and read the last line of its error.",
    zh="尚未定义 `{name}`，而它本应由单元格 In[{cell}] 定义：那个单元格在此之前就出错停下了。"
    "请重新运行它，读一读报错的最后一行。",
)


def add_clues(result: ExerciseResult, pack: ExercisePack, namespace: dict[str, Any], shell: Any) -> ExerciseResult:
    """The result with places, reasons and suspicious lines, for a check that did not pass."""
    if result.verdict not in ("fail", "not_run"):
        return result
    names = asked_names(pack.probe)
    cells = namespace.get("In") if shell is not None else None
    cells = cells if type(cells) is list else []
    unread = _unreadable(names, cells)
    if unread is not None:
        name, error = unread
        return replace(result, error=error, notes=(UNREADABLE.format(name=name), *result.notes))
    if result.error is not None:
        result = replace(result, error=_placed(result.error, pack, namespace, shell))
    if result.verdict == "not_run":
        return _why_missing(result, cells)
    smell = next((s for name in names if (s := _smell(name, namespace)) is not None), None)
    return result if smell is None else replace(result, notes=(*result.notes, smell.text))


def asked_names(probe: str) -> list[str]:
    """The names of the notebook that a probe's source asks for: ``ns["forward"]``."""
    subscripts = [node for node in ast.walk(ast.parse(probe)) if isinstance(node, ast.Subscript)]
    return list(
        dict.fromkeys(
            str(node.slice.value)
            for node in subscripts
            if isinstance(node.value, ast.Name) and node.value.id == "ns" and isinstance(node.slice, ast.Constant)
        )
    )


def _unreadable(names: Sequence[str], cells: Sequence[object]) -> tuple[str, RaisedError] | None:
    for name in names:
        latest = places.cell_that_defines(name, cells)
        error = places.syntax_error(*latest) if latest is not None else None
        if error is not None:
            return name, error
    return None


def _placed(error: RaisedError, pack: ExercisePack, namespace: dict[str, Any], shell: Any) -> RaisedError:
    error = places.locate(error, namespace, shell)
    missing = re.fullmatch(r"name '(\w+)' is not defined", error.message) if error.type == "NameError" else None
    if missing is None:
        return error
    slug, _, own = pack.key.partition(".")
    try:
        title = None if missing[1] == own else read_pack(f"{slug}.{missing[1]}").title
    except PackError:
        title = None
    return replace(error, other_exercise=title)


def _why_missing(result: ExerciseResult, cells: Sequence[object]) -> ExerciseResult:
    if result.error is None or result.error.type != "NotDefined" or result.notes:
        return result
    latest = places.cell_that_defines(result.error.message, cells)
    if latest is None:
        return result
    return replace(result, notes=(STOPPED_EARLY.format(name=result.error.message, cell=latest[0]),))


def _smell(name: str, namespace: dict[str, Any]) -> smells.Smell | None:
    start = places.beginning(namespace.get(name))
    return None if start is None else smells.look("".join(linecache.getlines(start[0])), name)

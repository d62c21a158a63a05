"""What a graded cell earns, read from what the sandbox saw of it, beside what nbgrader would have read.

nbgrader takes a cell's outputs for its grade: an error or anything on stderr is nothing, a number is partial credit,
anything else, even nothing, is full marks. Here the sandbox says whether the cell ran to its end; a warning costs
nothing, a cell that did not run earns nothing, and a result that the cell itself cannot have is not believed.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from typing import Any

from course_lib.text import Text
from grader.engine.tasks import CellRun

WARNED = Text(
    en="it printed to stderr, which nbgrader takes for a failure",
    zh="单元格向 stderr 输出了内容，nbgrader 会据此判为失败",
)
NOT_RUN = Text(
    en="it did not run to its end ({status}); nbgrader takes a cell without output for a passed one",
    zh="单元格没有运行完（{status}）；nbgrader 会把没有输出的单元格当作通过",
)
NOT_ITS_OWN = Text(
    en="a result was shown that this cell does not produce; nbgrader takes it for partial credit",
    zh="输出里出现了一个并非由该单元格产生的结果；nbgrader 会把它当作部分得分",
)
OUT_OF_RANGE = Text(
    en="its number is not between 0 and the points of the cell", zh="单元格给出的数不在 0 与该单元格分值之间"
)


@dataclass(frozen=True)
class Mark:
    """score: None where a person grades. nbgrader: what its own reading of the same outputs gives; why: the reason for
    a difference, if there is one."""

    score: float | None
    points: float
    nbgrader: float | None
    why: Text | None = None

    @property
    def verdict(self) -> str:
        if self.score is None or self.score >= self.points:
            return "pass" if self.score is not None else "not_run"
        return "fail"


def mark(source: str, points: float, run: CellRun) -> Mark:
    """The mark of a test cell. source: its text as the instructor wrote it."""
    theirs = as_nbgrader_reads(points, run.outputs)
    if run.status in ("died", "not_reached"):
        return Mark(0.0, points, points, NOT_RUN.format(status=run.status))
    if run.status != "ok" or any(output["output_type"] == "error" for output in run.outputs):
        return Mark(0.0, points, theirs, NOT_RUN.format(status=run.status) if theirs else None)
    results = [output for output in run.outputs if output["output_type"] == "execute_result"]
    ours, why = points, None
    if results and not _ends_in_an_expression(source):
        why = NOT_ITS_OWN
    elif results:
        ours = _number(results[-1], points)
        if not 0 <= ours <= points:
            ours, why = max(0.0, min(points, ours)) if math.isfinite(ours) else 0.0, OUT_OF_RANGE
    if ours != theirs and why is None:
        why = WARNED
    return Mark(ours, points, theirs, why if ours != theirs else None)


def as_nbgrader_reads(points: float, outputs: list[dict[str, Any]]) -> float | None:
    """nbgrader's own reading of a test cell's outputs; None where it gives up on the whole submission."""
    from nbformat.notebooknode import from_dict
    from nbgrader.utils import determine_grade

    marks = {"grade": True, "solution": False, "points": points, "grade_id": "x"}
    cell = {"cell_type": "code", "metadata": {"nbgrader": marks}, "outputs": outputs, "source": ""}
    try:
        return float(determine_grade(from_dict(cell))[0])
    except (ValueError, KeyError, IndexError):
        return None


def _number(output: dict[str, Any], points: float) -> float:
    """The number that a test cell ends in; what is no number is full marks, as in nbgrader."""
    try:
        return float("".join(output["data"]["text/plain"]))
    except (KeyError, ValueError, TypeError):
        return points


def _ends_in_an_expression(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return True  # IPython's own syntax may show anything
    return bool(body) and isinstance(body[-1], ast.Expr)

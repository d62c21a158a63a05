"""What a check found: data only. How it looks is decided in the render modules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from course_lib.checking.values import Value
from course_lib.text import Text

Verdict = Literal["pass", "fail", "not_run", "grader_error"]


@dataclass(frozen=True)
class Place:
    """A line in a student's notebook. cell: Jupyter's name for the cell that was run, "In[3]", or ""; cell_line: the
    cell's first line; begins: it is where the function begins, not where the error is."""

    cell: str
    cell_line: str
    line: int
    source_line: str
    begins: bool = False


@dataclass(frozen=True)
class RaisedError:
    """An exception that the student's code raised: its type's name, message, and the line of theirs it points at.

    What follows ``source_line`` is worked out in the student's own kernel and does not travel. file: the code's name;
    suspect: a name that may explain the error; other_exercise: the title of the exercise that a missing name answers.
    """

    type: str
    message: str
    line: int | None = None
    source_line: str = ""
    file: str = field(default="", compare=False)
    suspect: str = field(default="", compare=False)
    other_exercise: Text | None = field(default=None, compare=False)
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Observed:
    """One probe on one case: the named values seen before it ended, and how it ended."""

    values: dict[str, Value]
    error: RaisedError | None = None
    warnings: tuple[str, ...] = ()
    stdout: str = ""


@dataclass(frozen=True)
class Difference:
    """Why a value is not the expected one.

    reason: a stable code (kind, dtype, shape, values, missing, error, device); sentence: the same in words;
    where: index of the worst element; worst: the largest absolute difference.
    """

    reason: str
    sentence: Text
    expected: Value | None = None
    actual: Value | None = None
    where: tuple[int, ...] | None = None
    worst: float | None = None


@dataclass(frozen=True)
class PropertyResult:
    """One property over all cases: it earns its points only where every case matched."""

    name: str
    label: Text
    points: float
    max_points: float
    passed: bool
    cases_passed: int = 0
    cases: int = 0
    difference: Difference | None = None


@dataclass(frozen=True)
class Hint:
    """Help that does not give the answer: a question first, then the smallest counterexample (drawn from the failing
    case), then a worked neighbour problem."""

    question: Text
    neighbour: Text


@dataclass(frozen=True)
class FailingCase:
    """The smallest case that failed, and the first property in it that differs.

    ``hidden`` cases are named but never shown. advice: what a difference of this kind usually comes from.
    """

    name: str
    label: Text
    inputs: dict[str, Value]
    property: str
    property_label: Text
    difference: Difference
    hidden: bool = False
    advice: Text | None = None


@dataclass(frozen=True)
class ExerciseResult:
    """The outcome of one exercise. ``score`` counts only matched properties; a grader error never costs points.

    elsewhere: where everything lies in the case on which a right answer would fail on a GPU: the second step of its
    hint, as it has no failing case.
    """

    key: str
    title: Text
    verdict: Verdict
    properties: tuple[PropertyResult, ...]
    failing: FailingCase | None = None
    misconception: str | None = None
    misconception_label: Text | None = None
    hint: Hint | None = None
    error: RaisedError | None = None
    notes: tuple[Text, ...] = field(default=())
    elsewhere: Text | None = None

    @property
    def score(self) -> float:
        return sum(p.points for p in self.properties)

    @property
    def max_score(self) -> float:
        return sum(p.max_points for p in self.properties)

"""What an exercise is: a probe, cases, the wrong answers it must reject and the right ones it must accept.

The reference solution is not here: it is the lesson's solution cell and stands nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.checking.results import Hint
from course_lib.text import Text

__all__ = ["STUB", "Case", "Exercise", "Hint", "Property", "Right", "Survivor", "Wrong"]

# What a student finds in place of a solution. The cell is the same in all languages, or nbgrader's checksums would
# tell the languages apart; so the stub speaks both.
STUB = '# YOUR CODE HERE | 在这里写代码\nraise NotImplementedError("write your answer here | 请在这里作答")'

Namespace = dict[str, Any]
Probe = Callable[[Namespace, dict[str, Any]], Iterator[tuple[str, object]]]


@dataclass(frozen=True)
class Property:
    """A named observation with its points. Tolerances left out follow the dtype (course_lib.checking.compare).

    ``why`` says where a tolerance of its own comes from. ``only_with`` names another property: these points count
    only where that one passes too, so that an empty function earns nothing for leaving its inputs alone.
    """

    name: str
    label: Text
    points: float = 1.0
    rtol: float | None = None
    atol: float | None = None
    why: str = ""
    only_with: str | None = None

    def __post_init__(self) -> None:
        if (self.rtol is not None or self.atol is not None) and not self.why:
            raise ValueError(f"property {self.name!r} sets a tolerance without saying why")


@dataclass(frozen=True)
class Case:
    """Inputs for one call of the probe: arrays, tensors, numbers, strings, lists and dicts of them."""

    name: str
    label: Text
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Wrong:
    """A named wrong answer: edits of the reference's cell, or a whole replacement for it."""

    code: str
    misconception: Text
    hint: Hint
    edits: tuple[tuple[str, str], ...] = ()
    source: str | None = None

    def __post_init__(self) -> None:
        if bool(self.edits) == (self.source is not None):
            raise ValueError(f"wrong answer {self.code!r} needs either edits or a source")

    def apply(self, reference: str) -> str:
        """The wrong cell's text. Raises ValueError unless each edit's old text stands exactly once in the cell."""
        if self.source is not None:
            return self.source
        text = reference
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"wrong answer {self.code!r}: {old!r} stands {text.count(old)} times, not once")
            text = text.replace(old, new)
        return text


@dataclass(frozen=True)
class Right:
    """A right answer that is written differently from the reference, as a whole cell."""

    name: str
    source: str


@dataclass(frozen=True)
class Survivor:
    """An automatic mutant of the reference (grader.mutants) that no check can or should notice, and why.

    line, change: as ``grader verify --mutants`` prints them. equivalent: it behaves as the reference does wherever the
    card promises anything; one that is not counts against the share of mutants killed.
    """

    line: str
    change: str
    reason: str
    equivalent: bool = True


@dataclass(frozen=True)
class Exercise:
    """One exercise. ``hidden`` draws further cases from the generator it is given; they never leave the grader
    before a submission's cells have run.

    device_wrong: answers that are right on the CPU and would not run on a GPU. An exercise that has some promises that
    its right answers run anywhere; stays_on_cpu: why one whose cases hold tensors does not.
    """

    title: Text
    properties: tuple[Property, ...]
    probe: Probe
    public: tuple[Case, ...]
    hidden: Callable[[np.random.Generator], list[Case]]
    wrong: tuple[Wrong, ...]
    right: tuple[Right, ...]
    fallback: Hint
    timeout: float = field(default=5.0)  # seconds for one case in the sandbox
    survivors: tuple[Survivor, ...] = ()
    device_wrong: tuple[Wrong, ...] = ()
    stays_on_cpu: str = ""

    def __post_init__(self) -> None:
        for kind, names in (
            ("property", [p.name for p in self.properties]),
            ("case", [c.name for c in self.public]),
            ("wrong answer", [w.code for w in (*self.wrong, *self.device_wrong)]),
            ("right answer", [r.name for r in self.right]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"two of the same {kind} name: {sorted(names)}")
        if self.device_wrong and self.stays_on_cpu:
            raise ValueError("an exercise that stays on the CPU has no mistakes with devices")
        known = {p.name for p in self.properties}
        for prop in self.properties:
            if prop.only_with is not None and prop.only_with not in known - {prop.name}:
                raise ValueError(f"property {prop.name!r} counts only with {prop.only_with!r}, which is not there")

    @property
    def points(self) -> float:
        return sum(p.points for p in self.properties)

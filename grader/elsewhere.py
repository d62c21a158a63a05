"""Right answers once more in another place: on an accelerator, or on the simulated one. Advice, never points.

A score is the CPU's on every machine, so that nobody's mark depends on where it was given. Here each answer that has
all its points, of an exercise whose right answers run anywhere (``Exercise.device_wrong``), is compared with what the
reference gives in the same place and with the truth in float64. Only public cases take part: what is said about them
may be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from course_lib.checking.agreement import Expected, differences
from course_lib.checking.elsewhere_words import reason, right_but_stops, tell
from course_lib.checking.probing import compile_probe
from course_lib.checking.results import Observed
from course_lib.checking.values import restore
from course_lib.checking.verdict import ExercisePack
from course_lib.text import Text
from grader.devices import SIMULATED, SIMULATION, Place
from grader.engine.accelerators import Accelerator
from grader.engine.tasks import Event, ProbeJob, Run
from grader.lesson import Lesson
from grader.reference import run_solutions

SECONDS = 30.0  # more than on the CPU: whoever is first on a device waits for it to get ready


def place_of(one: Accelerator) -> Place:
    """An accelerator as a place to run in."""
    return Place(one.name, one.inside, one.label or one.name)


def place_behind(device: str, accelerators: tuple[Accelerator, ...]) -> Place | None:
    """Where a ``--device`` wants right answers tried once more; None for nowhere."""
    if device == SIMULATED:
        return SIMULATION
    return place_of(accelerators[0]) if accelerators else None


@dataclass(frozen=True)
class Tried:
    """How a right answer did in another place. reason: a stable code where it did not do the same, else ""."""

    device: str
    reason: str = ""
    text: Text | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Elsewhere:
    """One lesson's exercises in one other place."""

    def __init__(self, lesson: Lesson, packs: dict[str, ExercisePack], place: Place) -> None:
        self.lesson, self.place = lesson, place
        self.packs = {name: replace(p, cases=p.public()) for name, p in packs.items() if p.portable}
        self._expected: dict[str, tuple[Expected, ...]] = {}

    @cached_property
    def _jobs(self) -> dict[str, ProbeJob]:
        return {
            name: ProbeJob(
                name,
                pack.probe,
                tuple({n: restore(value) for n, value in case.inputs.items()} for case in pack.cases),
                pack.timeout + SECONDS,
                self.place.inside,
            )
            for name, pack in self.packs.items()
        }

    def jobs(self, names: Iterable[str]) -> tuple[ProbeJob, ...]:
        """What the sandbox is asked to observe there, of the exercises among these that run anywhere."""
        return tuple(self._jobs[name] for name in names if name in self._jobs)

    def expected(self, name: str) -> tuple[Expected, ...]:
        """What should be seen of each public case; the reference runs when it is first asked for."""
        from course_lib.checking.elsewhere import expect  # loads torch

        if name not in self._expected:
            pack = self.packs[name]
            names = run_solutions(self.lesson, [name])
            probe = compile_probe(pack.probe)
            made = (expect(self.place.name, probe, names, case.inputs, pack.properties) for case in pack.cases)
            self._expected[name] = tuple(made)
        return self._expected[name]

    def tried(self, run: Run) -> dict[str, Tried]:
        """What came of the jobs, by exercise. What a fault of the grader's own kept from being seen is left out."""
        return {p.exercise: found for p in run.probes if (found := self._one(p.exercise, p.observed)) is not None}

    def _one(self, name: str, observed: Iterable[Observed | Event]) -> Tried | None:
        pack = self.packs[name]
        labels = {prop.name: prop.label for prop in pack.properties}
        for expected, seen in zip(self.expected(name), observed, strict=True):
            if isinstance(seen, Event):
                ours = seen.code in ("worker_lost", "not_reached")
                return None if ours else self._said(seen.code, right_but_stops(self.place.label, seen.message))
            if expected.seen.error is not None:
                return None  # the reference does not run there: nothing can be said of anybody's answer
            gaps = differences(pack.properties, expected, seen)
            if code := reason(seen, gaps):
                return self._said(code, tell(self.place.label, seen, gaps, labels))
        return Tried(self.place.label)

    def _said(self, code: str, words: Text) -> Tried:
        return Tried(self.place.label, code, words)

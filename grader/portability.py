"""Would an exercise's right answers run on a GPU, and does the run on the simulated device say where one would not?

A device mistake gives the right numbers on the CPU, so that it has no place in the kill matrix: it must pass there
and be caught here, and whoever makes it must be told its own hint. The right answers must go through here with the
numbers that they have on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from course_lib.checking.results import ExerciseResult
from course_lib.checking.values import Value
from course_lib.checking.verdict import ExercisePack, evaluate
from grader.lesson import Lesson
from grader.packing import answer
from grader.patience import PATIENCE
from grader.reference import solution_cell
from grader.spec import Exercise, Wrong
from grader.trips import mistake_of, trips_of

if TYPE_CHECKING:
    from course_lib.checking.portability import Trip
    from course_lib.checking.simulated import Slip

Problem = tuple[str, str, str]  # code, subject, detail


@dataclass(frozen=True)
class Portability:
    """How many of an exercise's device mistakes were caught, and what must not be."""

    mistakes: int
    caught: int
    problems: tuple[Problem, ...]


def portability(
    lesson: Lesson, name: str, spec: Exercise, pack: ExercisePack, step: Callable[[str], None] = lambda what: None
) -> Portability:
    """The proof of one exercise, on the cases of its pack; without device mistakes only whether it needs some."""
    if not spec.device_wrong:
        return Portability(0, 0, tuple(_undeclared(spec, pack)))
    reference = solution_cell(lesson, name).source
    problems: list[Problem] = []
    for title, text in [("reference", reference), *((right.name, right.source) for right in spec.right)]:
        step(f"{pack.key}: right answer {title} on the simulated device")
        if problem := _alarm(pack, _trips(lesson, name, spec, pack, text)):
            problems.append(("device-alarm", title, problem))
    caught = 0
    shown: list[tuple[Wrong, list[Trip]]] = []
    for wrong in spec.device_wrong:
        step(f"{pack.key}: device mistake {wrong.code}")
        text = wrong.apply(reference)
        seen = evaluate(pack, answer(lesson, name, spec, [case.inputs for case in pack.cases], text, PATIENCE))
        if seen.verdict != "pass":
            problems.append(("device-wrong-on-cpu", wrong.code, f"the verdict on the CPU is {seen.verdict!r}"))
            continue
        trips = _trips(lesson, name, spec, pack, text)
        if not _slips(trips):
            problems.append(("device-missed", wrong.code, "it goes through on the simulated device"))
            continue
        caught += 1
        shown.append((wrong, trips))
    problems += _hints(pack, shown)
    return Portability(len(spec.device_wrong), caught, tuple(problems))


def _undeclared(spec: Exercise, pack: ExercisePack) -> Iterator[Problem]:
    if not spec.stays_on_cpu and any(_holds_tensor(v) for case in pack.cases for v in case.inputs.values()):
        yield "device-undeclared", "", "its cases hold tensors: it needs device_wrong, or stays_on_cpu with the reason"


def _holds_tensor(value: Value) -> bool:
    if value.kind == "mapping":
        return any(map(_holds_tensor, value.data.values()))
    return value.kind == "tensor" or (value.kind == "sequence" and any(map(_holds_tensor, value.data)))


def _alarm(pack: ExercisePack, trips: list[Trip]) -> str | None:
    """What is wrong with the trips of an answer that should be right."""
    from course_lib.checking.portability import tell

    if slips := _slips(trips):
        return tell(slips[0]).en
    result = evaluate(pack, [trip.observed for trip in trips])
    return None if result.verdict == "pass" else f"other values than on the CPU: {summary(result)}"


def summary(result: ExerciseResult) -> str:
    """Why an answer did not pass, in one line for an author."""
    if result.failing is None:
        return f"verdict {result.verdict}"
    failing = result.failing
    return f"case {failing.name!r}, {failing.property}: {failing.difference.sentence.en}"


def _hints(pack: ExercisePack, shown: list[tuple[Wrong, list[Trip]]]) -> Iterator[Problem]:
    """Mistakes that are not told their own hint, and mistakes that nobody could tell apart."""
    from course_lib.checking.portability import advice_on

    known = tuple(mistake_of(wrong, trips) for wrong, trips in shown)
    for wrong, trips in shown:
        said = advice_on(replace(pack, device=known), trips)
        if said is None:
            yield "device-hint", wrong.code, "nothing is said: its line seems to choose a device"
        elif said.hint != wrong.hint:
            yield "device-hint", wrong.code, "it is not given its own hint"
    for first, second in combinations(known, 2):
        if first.signs == second.signs and first.hint != second.hint:
            yield "same-signs", f"{first.code} = {second.code}", "the same on the simulated device, but different hints"


def _trips(lesson: Lesson, name: str, spec: Exercise, pack: ExercisePack, text: str) -> list[Trip]:
    return trips_of(lesson, name, spec, pack.probe, [case.inputs for case in pack.cases], text)


def _slips(trips: list[Trip]) -> list[Slip]:
    from course_lib.checking.portability import slips_of

    return [slip for trip in trips for slip in slips_of(trip)]

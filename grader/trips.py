"""Runs an exercise's probe on the simulated device, on the text of one answer; what its named mistakes show there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from course_lib.checking.device_hints import DeviceMistake
from course_lib.checking.probing import compile_probe
from course_lib.checking.values import Value
from grader.lesson import Lesson
from grader.patience import PATIENCE, time_limit
from grader.reference import run_solutions
from grader.spec import Exercise, Wrong

if TYPE_CHECKING:
    from course_lib.checking.portability import Trip


def trips_of(
    lesson: Lesson, name: str, spec: Exercise, probe: str, cases: Sequence[dict[str, Value]], text: str
) -> list[Trip]:
    """One trip for each case, with this text in the solution cell. Exceptions of the cell itself go through."""
    from course_lib.checking.portability import travel  # loads torch

    namespace = run_solutions(lesson, [name], {name: text})
    function, trips = compile_probe(probe), []
    for inputs in cases:
        with time_limit(spec.timeout * PATIENCE):
            trips.append(travel(function, namespace, inputs))
    return trips


def mistake_of(wrong: Wrong, trips: Sequence[Trip]) -> DeviceMistake:
    """What a pack keeps of a named device mistake: nothing of its code."""
    from course_lib.checking.portability import signs_of

    return DeviceMistake(wrong.code, wrong.misconception, wrong.hint, signs_of(trips))

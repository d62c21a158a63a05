"""The proof of an exercise on a real device: right answers agree there, device mistakes do not go through.

Two references for every case: what the solution gives on the same device, and what it gives in float64 on the CPU. The
solution itself must agree with the second, every other right answer with both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from course_lib.checking.agreement import Expected, differences, off_the_truth
from course_lib.checking.elsewhere_words import reason
from course_lib.checking.probing import compile_probe, run_probe
from course_lib.checking.verdict import ExercisePack
from grader.devices import Place
from grader.lesson import Lesson
from grader.patience import PATIENCE, time_limit
from grader.portability import Problem
from grader.reference import run_solutions, solution_cell
from grader.spec import Exercise


@dataclass(frozen=True)
class There:
    """One exercise on one device. agree: of ``answers`` right ones with ``cases`` cases each, how many (answer, case)
    agree; truths: properties of the solution that a float64 run vouches for, of ``properties`` seen; seconds_here,
    seconds_there: all cases of the solution, on the CPU and on the device, when it is warm."""

    device: str
    answers: int
    cases: int
    agree: int
    mistakes: int
    caught: int
    properties: int
    truths: int
    seconds_here: float
    seconds_there: float
    problems: tuple[Problem, ...] = ()


def prove_there(
    lesson: Lesson,
    name: str,
    spec: Exercise,
    pack: ExercisePack,
    place: Place,
    step: Callable[[str], None] = lambda what: None,
) -> There:
    """The proof of one exercise that has device mistakes, on the cases of its pack."""
    from course_lib.checking.elsewhere import expect  # loads torch

    text = solution_cell(lesson, name).source
    probe = compile_probe(pack.probe)
    names = run_solutions(lesson, [name])
    step(f"{pack.key}: the solution on {place.label}")
    wanted = [expect(place.name, probe, names, case.inputs, pack.properties) for case in pack.cases]
    problems = list(_of_the_solution(pack, wanted))
    agree = len(wanted) - len({subject for _, subject, _ in problems})
    for right in spec.right:
        step(f"{pack.key}: right answer {right.name} on {place.label}")
        gaps = list(_gaps(lesson, name, spec, pack, place, right.source, wanted))
        agree += len(wanted) - len(gaps)
        problems += [("device-alarm", right.name, words) for words in gaps[:1]]
    caught = 0
    for wrong in spec.device_wrong:
        step(f"{pack.key}: device mistake {wrong.code} on {place.label}")
        if next(_gaps(lesson, name, spec, pack, place, wrong.apply(text), wanted), None) is None:
            problems.append(("device-missed", wrong.code, f"it goes through on {place.label}"))
        else:
            caught += 1
    here = _seconds(lambda inputs: run_probe(probe, names, inputs), pack)
    there = _seconds(lambda inputs: _observe(place, probe, names, inputs), pack)
    seen = [prop for case in wanted for prop in case.seen.values]
    vouched = [p for case in wanted if case.truth is not None for p in case.seen.values if p in case.truth.values]
    return There(
        place.label, 1 + len(spec.right), len(wanted), agree, len(spec.device_wrong), caught,
        len(seen), len(vouched), here, there, tuple(problems),
    )  # fmt: skip


def _of_the_solution(pack: ExercisePack, wanted: list[Expected]) -> Iterator[Problem]:
    for case, expected in zip(pack.cases, wanted, strict=True):
        if expected.seen.error is not None:
            yield "device-alarm", case.name, f"the solution: {expected.seen.error.type}: {expected.seen.error.message}"
            continue
        for prop in pack.properties:
            value = expected.seen.values.get(prop.name)
            gap = off_the_truth(prop, expected, value) if value is not None else None
            if gap is not None:
                yield "off-the-truth", case.name, f"the solution, {prop.name}: {gap.sentence.en}"


def _gaps(
    lesson: Lesson, name: str, spec: Exercise, pack: ExercisePack, place: Place, text: str, wanted: list[Expected]
) -> Iterator[str]:
    """Why an answer does not do there what it should, for each case where it does not."""
    names = run_solutions(lesson, [name], {name: text})
    probe = compile_probe(pack.probe)
    for case, expected in zip(pack.cases, wanted, strict=True):
        with time_limit(spec.timeout * PATIENCE):
            seen = _observe(place, probe, names, case.inputs)
        gaps = differences(pack.properties, expected, seen)
        if code := reason(seen, gaps):
            detail = seen.error.message if seen.error is not None else next(iter(gaps.values())).sentence.en
            yield f"case {case.name!r}: {code}: {detail}"


def _observe(place: Place, probe: Any, names: dict[str, Any], inputs: Any) -> Any:
    from course_lib.checking.elsewhere import observe_on  # loads torch

    return observe_on(place.name, probe, names, inputs)


def _seconds(run: Callable[[Any], Any], pack: ExercisePack) -> float:
    """All cases once, after each has been run before."""
    began = time.perf_counter()
    for case in pack.cases:
        run(case.inputs)
    return time.perf_counter() - began

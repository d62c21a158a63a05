"""Makes the pack of an exercise: runs its probe on the reference and on every known wrong answer."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.checking import packs
from course_lib.checking.device_hints import DeviceMistake
from course_lib.checking.probing import compile_probe, describe_error, run_probe
from course_lib.checking.results import Observed
from course_lib.checking.values import Value, observe
from course_lib.checking.verdict import ExercisePack, JudgedCase, KnownWrong, PropertySpec
from grader.course import Course
from grader.lesson import Lesson
from grader.patience import PATIENCE, TookTooLong, time_limit
from grader.reference import (
    ExerciseError,
    exercise_hash,
    load_exercises,
    probe_source,
    run_solutions,
    solution_cell,
)
from grader.spec import Case, Exercise
from grader.trips import mistake_of, trips_of


def write_packs(course: Course, lesson: Lesson) -> list[Path]:
    """Writes the check packs of a lesson's exercises into course_lib and removes those of exercises that are gone."""
    folder = course.root / "course_lib" / "packs"
    written = [packs.write_pack(make_pack(lesson, name, spec), folder) for name, spec in load_exercises(lesson).items()]
    for old in set((folder / lesson.ref.slug).glob(f"*{packs.SUFFIX}")) - set(written):
        old.unlink()
    return written


def make_pack(
    lesson: Lesson, exercise_id: str, exercise: Exercise, seed: int | None = None, wrong: bool = True
) -> ExercisePack:
    """The pack of one exercise: its public cases and, with a seed, the hidden ones drawn from it.

    wrong: whether to run the known wrong answers and mistakes with devices, too; without them the pack judges but
    diagnoses nothing.

    Raises ExerciseError where the reference does not answer a case as the specification promises.
    """
    source = probe_source(exercise)
    probe = compile_probe(source)
    namespace = run_solutions(lesson, [exercise_id])
    drawn = exercise.hidden(np.random.default_rng(seed)) if seed is not None else []
    cases = [
        _judged(probe, namespace, case, hidden, f"{lesson.ref.slug}.{exercise_id}", exercise)
        for hidden, several in ((False, exercise.public), (True, drawn))
        for case in several
    ]
    public = [case.inputs for case in cases if not case.hidden]
    return ExercisePack(
        key=f"{lesson.ref.slug}.{exercise_id}",
        title=exercise.title,
        properties=tuple(
            PropertySpec(p.name, p.label, p.points, p.rtol, p.atol, p.only_with) for p in exercise.properties
        ),
        probe=source,
        cases=tuple(cases),
        wrong=_known_wrong(lesson, exercise_id, exercise, public) if wrong else (),
        fallback=exercise.fallback,
        exercise_hash=exercise_hash(lesson, exercise_id),
        timeout=exercise.timeout,
        portable=bool(exercise.device_wrong),
        device=_device_mistakes(lesson, exercise_id, exercise, source, public) if wrong else (),
    )


def _known_wrong(
    lesson: Lesson, exercise_id: str, exercise: Exercise, public: Sequence[dict[str, Value]]
) -> tuple[KnownWrong, ...]:
    reference = solution_cell(lesson, exercise_id).source
    known = []
    for wrong in exercise.wrong:
        with _the_same_dice():
            seen = answer(lesson, exercise_id, exercise, public, wrong.apply(reference), PATIENCE)
        if any(one.error is not None and one.error.type == TookTooLong.__name__ for one in seen):
            # What a busy machine could not finish must not be kept as what the wrong answer does.
            raise ExerciseError(
                f"{lesson.ref.slug}.{exercise_id}: wrong answer {wrong.code!r} ran for more than "
                f"{exercise.timeout * PATIENCE:g} seconds; make it end, or try again on a machine that is less busy"
            )
        known.append(KnownWrong(wrong.code, wrong.misconception, wrong.hint, tuple(map(_without_code, seen))))
    return tuple(known)


def _device_mistakes(
    lesson: Lesson, exercise_id: str, exercise: Exercise, probe: str, public: Sequence[dict[str, Value]]
) -> tuple[DeviceMistake, ...]:
    reference = solution_cell(lesson, exercise_id).source
    known = []
    for wrong in exercise.device_wrong:
        with _the_same_dice():
            trips = trips_of(lesson, exercise_id, exercise, probe, public, wrong.apply(reference))
        if any(trip.observed.error is not None and trip.observed.error.type == TookTooLong.__name__ for trip in trips):
            raise ExerciseError(f"{lesson.ref.slug}.{exercise_id}: device mistake {wrong.code!r} does not end in time")
        known.append(mistake_of(wrong, trips))
    return tuple(known)


@contextlib.contextmanager
def _the_same_dice() -> Iterator[None]:
    """Seeds what a wrong answer may draw from beside torch, so that a pack has the same bytes each time."""
    before, legacy = random.getstate(), np.random.get_state()
    random.seed(0)
    np.random.seed(0)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(legacy)


def answer(
    lesson: Lesson,
    exercise_id: str,
    exercise: Exercise,
    inputs: Sequence[dict[str, Value]],
    text: str,
    patience: float = 1.0,
) -> list[Observed]:
    """What the probe sees when an exercise's solution cell holds this text. patience: times the exercise's limit."""
    probe = compile_probe(probe_source(exercise))
    try:
        namespace = run_solutions(lesson, [exercise_id], {exercise_id: text})
    except Exception as raised:
        # The cell itself fails, as it would in a notebook: nothing is defined.
        return [Observed({}, describe_error(raised)) for _ in inputs]
    return observe_all(probe, namespace, inputs, exercise.timeout * patience)


def _without_code(seen: Observed) -> Observed:
    """An observation without the line that failed: a wrong answer's code is mostly the reference's."""
    if seen.error is None:
        return seen
    return replace(seen, error=replace(seen.error, line=None, source_line=""))


def observe_all(
    probe: Any, namespace: dict[str, Any], inputs: Sequence[dict[str, Value]], timeout: float
) -> list[Observed]:
    """One observation per case, each within a time limit where the platform has alarms."""
    seen = []
    for case in inputs:
        with time_limit(timeout):
            seen.append(run_probe(probe, namespace, case))
    return seen


def _judged(
    probe: Any, namespace: dict[str, Any], case: Case, hidden: bool, key: str, exercise: Exercise
) -> JudgedCase:
    inputs = {name: observe(thing) for name, thing in case.inputs.items()}
    unreadable = [name for name, value in inputs.items() if value.kind == "other"]
    if unreadable:
        raise ExerciseError(f"{key}, case {case.name!r}: inputs {unreadable} are not plain data")
    (expected,) = observe_all(probe, namespace, [inputs], exercise.timeout * PATIENCE)
    if expected.error is not None:
        raise ExerciseError(
            f"{key}, case {case.name!r}: the reference raised {expected.error.type}: {expected.error.message}"
        )
    unknown = set(expected.values) - {p.name for p in exercise.properties}
    if unknown or not expected.values:
        raise ExerciseError(
            f"{key}, case {case.name!r}: the probe yields {sorted(expected.values)}, not the properties"
        )
    return JudgedCase(case.name, case.label, inputs, expected, hidden)

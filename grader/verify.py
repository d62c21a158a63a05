"""Proves that a lesson's checks are worth something: the kill matrix.

For every exercise: the reference and every right alternative pass, on the public cases and on the hidden cases of
many seeds; every named wrong answer fails, at its own exercise only, and is told its own hint; the stub is "not
answered" and earns nothing, nor does an empty function. The right answers run on the simulated device, too, and every
named device mistake is caught there (``grader.portability``); the same on real devices (``grader.proof_there``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from course_lib.checking.probing import compile_probe
from course_lib.checking.results import ExerciseResult
from course_lib.checking.verdict import ExercisePack, evaluate, same_outputs
from grader.devices import Place
from grader.lesson import Lesson
from grader.packing import answer, make_pack, observe_all
from grader.patience import PATIENCE, TookTooLong
from grader.portability import Portability, portability, summary
from grader.proof_there import There, prove_there
from grader.reference import (
    ExerciseError,
    load_exercises,
    probe_source,
    run_solutions,
    solution_cell,
    stub,
)
from grader.skipped import without_demonstrations
from grader.spec import STUB, Exercise

SEEDS = 20
FEWEST_WRONG = 6
FEWEST_RIGHT = 2


@dataclass(frozen=True)
class Finding:
    """One thing that must not be: stable code, what it concerns, what was seen."""

    exercise: str
    code: str
    subject: str
    detail: str


@dataclass
class ExerciseProof:
    """The counts for one exercise, and everything that spoils them."""

    key: str
    wrong: int = 0
    wrong_killed: int = 0
    right: int = 0
    right_passed: int = 0
    cases: int = 0
    seeds: int = 0
    skipped: int = 0  # the lesson's demonstration cells that grading leaves out
    device: int = 0  # mistakes with devices; 0 where the exercise has nothing to do with them
    device_caught: int = 0
    there: list[There] = field(default_factory=list)  # on real devices
    findings: list[Finding] = field(default_factory=list)

    @property
    def perfect(self) -> bool:
        counts = (self.wrong, self.right, self.device)
        return not self.findings and counts == (self.wrong_killed, self.right_passed, self.device_caught)

    def add_portability(self, found: Portability) -> None:
        self.device, self.device_caught = found.mistakes, found.caught
        self.findings += [Finding(self.key, *problem) for problem in found.problems]

    def add_there(self, found: There) -> None:
        self.there.append(found)
        self.findings += [
            Finding(self.key, code, subject, f"{found.device}: {d}") for code, subject, d in found.problems
        ]


@dataclass(frozen=True)
class Devices:
    """Where devices are proved: on the simulated one, and on these real ones."""

    simulated: bool = True
    real: tuple[Place, ...] = ()


def verify_lesson(
    lesson: Lesson,
    seeds: int = SEEDS,
    step: Callable[[str], None] = lambda what: None,
    devices: Devices = Devices(),
) -> list[ExerciseProof]:
    """The proof of every exercise of a lesson. ``step`` is told what is being worked on.

    Raises ExerciseError where specifications and lesson do not fit each other.
    """
    exercises = load_exercises(lesson)
    packs = {name: make_pack(lesson, name, spec) for name, spec in exercises.items()}
    proofs = [_prove(lesson, name, exercises, packs, seeds, step) for name in exercises]
    for proof, (name, spec) in zip(proofs, exercises.items(), strict=True):
        _prove_devices(proof, lesson, name, spec, packs[name], devices, step)
    step(f"{lesson.ref.id}: without the cells that grading skips")
    skipped = without_demonstrations(lesson, exercises, packs)
    for proof in proofs:
        proof.skipped = skipped.cells
        if problem := skipped.problems.get(proof.key):
            proof.findings.append(Finding(proof.key, "needs-skipped-cell", "reference", problem))
    return proofs


def verify_portability(
    lesson: Lesson,
    step: Callable[[str], None] = lambda what: None,
    devices: Devices = Devices(),
) -> list[ExerciseProof]:
    """The part of the proof that concerns devices, alone. Raises ExerciseError as ``verify_lesson`` does."""
    proofs = []
    for name, spec in load_exercises(lesson).items():
        pack = make_pack(lesson, name, spec, wrong=False)
        proofs.append(ExerciseProof(pack.key, cases=len(pack.cases)))
        _prove_devices(proofs[-1], lesson, name, spec, pack, devices, step)
    return proofs


def _prove_devices(
    proof: ExerciseProof,
    lesson: Lesson,
    name: str,
    spec: Exercise,
    pack: ExercisePack,
    devices: Devices,
    step: Callable[[str], None],
) -> None:
    if devices.simulated:
        proof.add_portability(portability(lesson, name, spec, pack, step))
    for place in devices.real if spec.device_wrong else ():
        proof.add_there(prove_there(lesson, name, spec, pack, place, step))


def _prove(
    lesson: Lesson,
    name: str,
    exercises: dict[str, Exercise],
    packs: dict[str, ExercisePack],
    seeds: int,
    step: Callable[[str], None],
) -> ExerciseProof:
    spec, pack = exercises[name], packs[name]
    proof = ExerciseProof(pack.key, len(spec.wrong), 0, len(spec.right), 0, len(pack.cases), seeds)
    proof.findings += [Finding(pack.key, *found) for found in _specification(spec, pack)]
    step(f"{pack.key}: stub")
    proof.findings += [Finding(pack.key, *found) for found in _unanswered(lesson, name, spec, pack)]
    step(f"{pack.key}: {seeds} seeds of hidden cases")
    seeded = [make_pack(lesson, name, spec, seed=1000 + n, wrong=False) for n in range(seeds)]
    for title, text in [("reference", _reference(lesson, name)), *((r.name, r.source) for r in spec.right)]:
        step(f"{pack.key}: right answer {title}")
        problem = next(_rejections(lesson, name, spec, text, seeded), None)
        if problem:
            proof.findings.append(Finding(pack.key, "right-rejected", title, problem))
        elif title != "reference":
            proof.right_passed += 1
    for wrong, known in zip(spec.wrong, pack.wrong, strict=True):
        step(f"{pack.key}: wrong answer {wrong.code}")
        result = evaluate(pack, known.observed)
        problem = _not_killed(result, wrong.code, pack) or _elsewhere(
            lesson, name, exercises, packs, wrong.apply(_reference(lesson, name))
        )
        if problem:
            proof.findings.append(Finding(pack.key, "wrong-accepted", wrong.code, problem))
        else:
            proof.wrong_killed += 1
    return proof


def _reference(lesson: Lesson, name: str) -> str:
    return solution_cell(lesson, name).source


def _specification(spec: Exercise, pack: ExercisePack) -> Iterator[tuple[str, str, str]]:
    if len(spec.wrong) < FEWEST_WRONG:
        yield "too-few-wrong", "", f"{len(spec.wrong)} wrong answers; at least {FEWEST_WRONG} are needed"
    if len(spec.right) < FEWEST_RIGHT:
        yield "too-few-right", "", f"{len(spec.right)} right alternatives; at least {FEWEST_RIGHT} are needed"
    seen = {name for case in pack.cases for name in case.expected.values}
    for prop in spec.properties:
        if prop.name not in seen:
            yield "unobserved", prop.name, "no public case observes this property"
    for index, first in enumerate(pack.wrong):
        for second in pack.wrong[index + 1 :]:
            if first.hint != second.hint and same_outputs(pack, first.observed, second.observed):
                yield "same-outputs", f"{first.code} = {second.code}", "equal outputs, but different hints"


def _unanswered(lesson: Lesson, name: str, spec: Exercise, pack: ExercisePack) -> Iterator[tuple[str, str, str]]:
    inputs = [case.inputs for case in pack.cases]
    result = evaluate(pack, answer(lesson, name, spec, inputs, stub(_reference(lesson, name), STUB)))
    if result.verdict != "not_run" or result.score:
        yield "stub", "", f"the stub is {result.verdict!r} with {result.score:g} points"
    result = evaluate(pack, answer(lesson, name, spec, inputs, stub(_reference(lesson, name), "return None")))
    if result.verdict != "fail" or result.score:
        yield "empty", "", f"a function that returns None is {result.verdict!r} with {result.score:g} points"


def _rejections(lesson: Lesson, name: str, spec: Exercise, text: str, seeded: list[ExercisePack]) -> Iterator[str]:
    for number, pack in enumerate(seeded):
        cases = pack.cases if number == 0 else tuple(case for case in pack.cases if case.hidden)
        part = ExercisePack(pack.key, pack.title, pack.properties, pack.probe, cases, (), pack.fallback)
        try:
            seen = answer(lesson, name, spec, [case.inputs for case in cases], text, PATIENCE)
            result = evaluate(part, seen)
        except TookTooLong as late:
            yield f"seed {number}: {late}"
            continue
        if result.verdict != "pass":
            yield f"seed {number}: {summary(result)}"


def _not_killed(result: ExerciseResult, code: str, pack: ExercisePack) -> str | None:
    if result.verdict != "fail":
        return f"the verdict is {result.verdict!r} on the public cases"
    own = next(known for known in pack.wrong if known.code == code)
    if result.hint != own.hint:
        return f"it is given the hint of {result.misconception or 'nobody in particular'}"
    return None


def _elsewhere(
    lesson: Lesson, name: str, exercises: dict[str, Exercise], packs: dict[str, ExercisePack], text: str
) -> str | None:
    """Whether a wrong answer also fails an exercise that is not its own."""
    try:
        namespace: dict[str, Any] = run_solutions(lesson, list(exercises), {name: text})
    except Exception:
        return None  # its own cell raises; the others were proved without it
    for other, spec in exercises.items():
        if other == name:
            continue
        inputs = [case.inputs for case in packs[other].cases]
        probe = compile_probe(probe_source(spec))
        result = evaluate(packs[other], observe_all(probe, namespace, inputs, spec.timeout))
        if result.verdict != "pass":
            return f"it also fails {packs[other].key}: {summary(result)}"
    return None


__all__ = ["Devices", "ExerciseError", "ExerciseProof", "Finding", "verify_lesson", "verify_portability"]

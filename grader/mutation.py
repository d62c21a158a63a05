"""Runs the automatic mutants of a lesson's references: what share of them do the checks notice?

A mutant is killed where the check does not pass it, as a class's grading would judge: public cases and the hidden
cases of one seed. Each runs in a forked process of its own with a hard limit of time and memory, for some never end.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from course_lib.checking.verdict import ExercisePack, evaluate
from grader.lesson import Lesson
from grader.mutants import Mutant, mutants
from grader.packing import answer, make_pack
from grader.patience import TookTooLong
from grader.reference import ExerciseError, load_exercises, solution_cell
from grader.spec import Exercise

SEED = 1000
LEAST = Fraction(95, 100)  # of the mutants that differ from the reference in anything, per lesson
SECONDS = 20.0
MEMORY = 2 * 2**30  # beyond what the process has already
JOBS = 2


@dataclass
class MutationProof:
    """What became of an exercise's mutants. unknown: survivors that nobody has explained, by name; stale: explanations
    that fit no survivor."""

    key: str
    total: int = 0
    killed: int = 0
    equivalent: int = 0
    explained: int = 0
    unknown: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def counted(self) -> int:
        return self.total - self.equivalent


def share(proofs: Sequence[MutationProof]) -> Fraction:
    """The share that was killed; 1 where there was nothing to kill."""
    counted = sum(proof.counted for proof in proofs)
    return Fraction(sum(proof.killed for proof in proofs), counted) if counted else Fraction(1)


def mutate_lesson(
    lesson: Lesson, sample: int | None = None, step: Callable[[str], None] = lambda what: None
) -> list[MutationProof]:
    """The proof of every exercise of a lesson. sample: so many mutants of each exercise, drawn with a fixed seed.

    Raises ExerciseError where specifications and lesson do not fit, OSError where processes cannot be forked.
    """
    if not hasattr(os, "fork"):
        raise OSError("mutants need os.fork, which this system lacks: run them on Linux or macOS")
    return [_mutate(lesson, name, spec, sample, step) for name, spec in load_exercises(lesson).items()]


def _mutate(
    lesson: Lesson, name: str, spec: Exercise, sample: int | None, step: Callable[[str], None]
) -> MutationProof:
    pack = make_pack(lesson, name, spec, seed=SEED, wrong=False)
    reference = solution_cell(lesson, name).source
    several = mutants(reference)
    if sample is not None and sample < len(several):
        drawn = np.random.default_rng(SEED).choice(len(several), sample, replace=False)
        several = [several[index] for index in sorted(drawn)]
    _one_thread()
    survivors = []
    # The reference runs first, as a mutant would: were it stopped there, every mutant would seem to be killed.
    if next(in_children([lambda: _survives(lesson, name, spec, pack, reference)])) != b"survives":
        raise ExerciseError(f"{pack.key}: the reference itself does not pass in a process of its own")
    tasks = [lambda text=mutant.source: _survives(lesson, name, spec, pack, text) for mutant in several]
    for number, outcome in enumerate(in_children(tasks)):
        step(f"{pack.key}: mutant {number + 1} of {len(several)}")
        if outcome == b"survives":
            survivors.append(several[number])
    return _account(MutationProof(pack.key, len(several)), spec, survivors, whole=sample is None)


def _account(proof: MutationProof, spec: Exercise, survivors: list[Mutant], whole: bool) -> MutationProof:
    reasons = {(s.line, s.change): s for s in spec.survivors}
    proof.killed = proof.total - len(survivors)
    for mutant in survivors:
        reason = reasons.get((mutant.line, mutant.change))
        if reason is None:
            proof.unknown.append(mutant.name)
        elif reason.equivalent:
            proof.equivalent += 1
        else:
            proof.explained += 1
    if whole:
        alive = {(mutant.line, mutant.change) for mutant in survivors}
        proof.stale = [f"{line}   [{change}]" for line, change in reasons if (line, change) not in alive]
    return proof


def _survives(lesson: Lesson, name: str, spec: Exercise, pack: ExercisePack, text: str) -> bytes:
    try:
        seen = answer(lesson, name, spec, [case.inputs for case in pack.cases], text)
    except TookTooLong:
        return b"killed"
    return b"survives" if evaluate(pack, seen).verdict == "pass" else b"killed"


def _one_thread() -> None:
    """A fork keeps only one thread: a pool of threads that was started before would be waited for in vain."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def in_children(tasks: Sequence[Callable[[], bytes]], seconds: float = SECONDS, jobs: int = JOBS) -> Iterator[bytes]:
    """What each task returns from a process of its own, in order; b"" for one that died or had to be stopped."""
    running: dict[int, tuple[int, int, float]] = {}  # by its pipe: index, process, deadline
    done: dict[int, bytes] = {}
    waiting = iter(enumerate(tasks))
    given = 0
    try:
        while given < len(tasks):
            while len(running) < jobs and (following := next(waiting, None)) is not None:
                index, task = following
                pipe, child = _fork(task, seconds)
                running[pipe] = (index, child, time.monotonic() + seconds)
            soonest = min(deadline for _, _, deadline in running.values()) if running else time.monotonic()
            ready, _, _ = select.select(list(running), [], [], max(0.0, soonest - time.monotonic()))
            late = [pipe for pipe, (_, _, deadline) in running.items() if deadline <= time.monotonic()]
            for pipe in dict.fromkeys([*ready, *late]):
                index, child, _ = running.pop(pipe)
                done[index] = os.read(pipe, 100) if pipe in ready else b""
                _end(pipe, child)
            while given in done:
                yield done.pop(given)
                given += 1
    finally:
        for pipe, (_, child, _) in running.items():
            _end(pipe, child)


def _fork(task: Callable[[], bytes], seconds: float) -> tuple[int, int]:
    """The reading end of a pipe and the process that will write its answer into it."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        os.close(writing)
        return reading, child
    try:
        os.setpgid(0, 0)
        _limit(seconds)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.write(writing, task())
    finally:
        os._exit(0)


def _limit(seconds: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end(pipe: int, child: int) -> None:
    for stop in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            stop(child, signal.SIGKILL)
    os.close(pipe)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)

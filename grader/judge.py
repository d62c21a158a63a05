"""The trusted side of grading: expected outputs, hidden cases and verdicts. No student code ever runs here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from course_lib.checking.probing import compile_probe
from course_lib.checking.results import ExerciseResult, Observed, RaisedError
from course_lib.checking.values import restore
from course_lib.checking.verdict import ExercisePack, evaluate, unjudged
from course_lib.text import Text
from grader.engine.tasks import Event, ProbeJob, Run
from grader.lesson import Lesson
from grader.packing import make_pack
from grader.reference import load_exercises
from grader.stand_ins import CALLS, Tables, probe_with_tables, tables

NOT_REACHED = Text(
    en="This exercise was not reached: the notebook stopped before it could be checked.",
    zh="没有检查到这道练习：笔记本在此之前就停止了。",
)
# Faults of the grader's own, as opposed to what a submission did to itself.
GRADER_FAULTS = re.compile(r"^(grader|worker|sandbox)_")


class Judge:
    """Judges one lesson's exercises with one batch's hidden cases, all drawn from ``seed``."""

    def __init__(self, lesson: Lesson, seed: int) -> None:
        self.lesson = lesson
        self.seed = seed
        self.packs: dict[str, ExercisePack] = {}
        self._timeouts: dict[str, float] = {}
        for number, (name, spec) in enumerate(load_exercises(lesson).items()):
            # Exercises draw from streams of their own, so that one more case in one leaves the others as they were.
            self.packs[name] = make_pack(lesson, name, spec, seed=seed + 7919 * number)
            self._timeouts[name] = spec.timeout

    def jobs(self) -> dict[str, ProbeJob]:
        """What the sandbox is asked to observe: per exercise the public cases, then the hidden ones."""
        return {
            name: ProbeJob(
                name,
                pack.probe,
                tuple({n: restore(value) for n, value in case.inputs.items()} for case in pack.cases),
                self._timeouts[name],
            )
            for name, pack in self.packs.items()
        }

    @cached_property
    def tables(self) -> dict[str, Tables]:
        """The recorded calls of the exercises that call others."""
        found = ((name, tables(self.lesson, name, p, compile_probe(p.probe))) for name, p in self.packs.items())
        return {name: made for name, made in found if made is not None}

    def job_with_tables(self, name: str) -> ProbeJob:
        """One exercise once more, with correct values in place of the functions of others that it calls."""
        job = self.jobs()[name]
        cases = zip(job.cases, self.tables[name].cases, strict=True)
        return replace(
            job,
            probe_source=probe_with_tables(job.probe_source),
            cases=tuple({**case, CALLS: calls} for case, calls in cases),
        )

    def spoiled(self, results: Sequence[ExerciseResult], unanswered: frozenset[str]) -> list[str]:
        """The answers that did not pass and call others that did not pass, either."""
        passed = {result.key.partition(".")[2] for result in results if result.verdict == "pass"}
        names = [result.key.partition(".")[2] for result in results if result.verdict in ("fail", "not_run")]
        left = [name for name in names if name in self.tables and name not in unanswered]
        return [name for name in left if not self.tables[name].needs <= passed]

    def touched(self, stale: frozenset[str]) -> frozenset[str]:
        """The exercises whose outcome may change where some have changed: those, all that call them, and what these
        call, as an earlier answer decides whether a later one is tried twice."""
        found = set(stale)
        while more := {name for name, made in self.tables.items() if made.needs & found} - found:
            found |= more
        return frozenset(found.union(*(self.tables[name].needs for name in found if name in self.tables)))

    def judge(self, exercise: str, observed: Sequence[Observed | Event]) -> ExerciseResult:
        """The verdict on one exercise from what was observed, one entry per case in the order of ``jobs``."""
        pack = self.packs[exercise]
        faults = [o for o in observed if isinstance(o, Event) and GRADER_FAULTS.match(o.code)]
        if faults:
            return unjudged(pack, "grader_error", faults[0].message)
        if len(observed) != len(pack.cases):
            return unjudged(pack, "not_run", NOT_REACHED)
        notes = list(dict.fromkeys(o.message for o in observed if isinstance(o, Event)))
        return evaluate(pack, [_as_observed(o) for o in observed], notes)

    def results(self, run: Run, wanted: frozenset[str] | None = None) -> list[ExerciseResult]:
        """The verdicts on the exercises that are wanted, None for all, in the lesson's order."""
        seen = {probe.exercise: probe.observed for probe in run.probes}
        return [self.judge(name, seen.get(name, ())) for name in self.packs if wanted is None or name in wanted]


def _as_observed(seen: Observed | Event) -> Observed:
    if isinstance(seen, Observed):
        return seen
    return Observed({}, RaisedError(seen.code, seen.message.en))

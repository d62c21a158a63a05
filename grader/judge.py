"""The trusted side of grading: expected outputs, hidden cases and verdicts. No student code ever runs here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from course_lib.checking.results import ExerciseResult, Observed, RaisedError
from course_lib.checking.values import restore
from course_lib.checking.verdict import ExercisePack, evaluate, unjudged
from course_lib.text import Text
from grader.engine.tasks import Event, ProbeJob, Run
from grader.lesson import Lesson
from grader.packing import make_pack
from grader.reference import load_exercises

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

    def jobs(self) -> tuple[ProbeJob, ...]:
        """What the sandbox is asked to observe: per exercise the public cases, then the hidden ones."""
        return tuple(
            ProbeJob(
                name,
                pack.probe,
                tuple({n: restore(value) for n, value in case.inputs.items()} for case in pack.cases),
                self._timeouts[name],
            )
            for name, pack in self.packs.items()
        )

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

    def results(self, run: Run) -> list[ExerciseResult]:
        """The verdicts on all exercises, in the lesson's order."""
        seen = {probe.exercise: probe.observed for probe in run.probes}
        return [self.judge(name, seen.get(name, ())) for name in self.packs]


def _as_observed(seen: Observed | Event) -> Observed:
    if isinstance(seen, Observed):
        return seen
    return Observed({}, RaisedError(seen.code, seen.message.en))

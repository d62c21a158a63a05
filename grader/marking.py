"""Marks one submission: repair, sandbox, judge, and the notebook that shows the outcome.

``grader grade`` and nbgrader's own ``autograde`` both come through here, so their scores cannot differ.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from nbformat.notebooknode import NotebookNode

from course_lib.checking.results import Difference, ExerciseResult, FailingCase, PropertyResult
from course_lib.text import Text
from grader.autograded import UNREADABLE_TITLE, autograded_notebook
from grader.behaviour import Trace, traces
from grader.devices import Place
from grader.elsewhere import Elsewhere, Tried
from grader.engine.events import Event
from grader.engine.tasks import ProbeJob, Run, Task
from grader.judge import Judge
from grader.lesson import CHECK_SUFFIX, Lesson
from grader.opening import open_notebook
from grader.released import Released, released_lesson
from grader.repair import Repaired, repair
from grader.selection import cells_to_run

log = logging.getLogger(__name__)
ONLY_HIDDEN = Text(en="differs in a hidden case", zh="在一个隐藏用例中不一致")
CARRIED = Text(
    en="This answer calls an earlier one that is not right yet. It was also tried with correct values in place of that "
    "one, and these are the points it earns so.",
    zh="这道题调用了前面一道尚未答对的练习。评分时又用正确的数值代替那道题的结果试了一遍，这里是这样得到的分数。",
)


@dataclass(frozen=True)
class Marked:
    """The outcome of one submission. scores: by graded cell; None waits for a person.

    review: graded cells that a person should look at. problem: why the file could not be read, if so. traces: by
    exercise that was probed. cells: the ids of the cells that were run, "" for one that is not the lesson's. tried: by
    exercise, how a right answer did in another place.
    """

    notebook: NotebookNode
    results: tuple[ExerciseResult, ...]
    scores: Mapping[str, float | None]
    unanswered: frozenset[str] = frozenset()
    review: frozenset[str] = frozenset()
    notes: tuple[Text, ...] = ()
    problem: Text | None = None
    run: Run | None = None
    traces: Mapping[str, Trace] = field(default_factory=dict)
    cells: tuple[str, ...] = ()
    tried: Mapping[str, Tried] = field(default_factory=dict)

    @property
    def events(self) -> list[Event]:
        """What happened besides results, in cells and in checks, each once."""
        if self.run is None:
            return []
        probed = (seen for probe in self.run.probes for seen in probe.observed if isinstance(seen, Event))
        return list(dict.fromkeys((*self.run.events, *probed)))


class Marker:
    """Marks the submissions of one lesson with one batch's hidden cases.

    place: where right answers are tried once more, for advice; None for nowhere.
    """

    def __init__(self, lesson: Lesson, seed: int, place: Place | None = None) -> None:
        self.lesson = lesson
        self.released: Released = released_lesson(lesson)
        self.judge = Judge(lesson, seed)
        self._elsewhere = Elsewhere(lesson, self.judge.packs, place) if place is not None else None
        self._last: tuple[Run | None, list[ExerciseResult]] = (None, [])

    def open(self, blob: bytes) -> Repaired:
        """A repaired submission from a file's bytes. Raises opening.Unreadable."""
        return repair(open_notebook(blob), self.released)

    def touched(self, stale: frozenset[str]) -> frozenset[str]:
        """The exercises to grade again where some have changed."""
        return self.judge.touched(stale)

    def task(self, repaired: Repaired, wanted: frozenset[str] | None = None) -> Task:
        """What the sandbox runs: the student's cells and what they need, answers that were shadowed, the probes.

        wanted: exercises to grade; None for all.
        """
        jobs = tuple(job for name, job in self._jobs.items() if wanted is None or name in wanted)
        return Task(self._sources(repaired), jobs)

    def second(self, repaired: Repaired, run: Run) -> Task | None:
        """What is run once more: exercises that failed and call earlier ones that failed, with correct values in place
        of those. None where there is nothing of the kind."""
        spoiled = self.judge.spoiled(self._results(run), repaired.unanswered)
        if not spoiled:
            return None
        return Task(self._sources(repaired), tuple(self.judge.job_with_tables(name) for name in spoiled))

    def elsewhere(self, repaired: Repaired, run: Run) -> Task | None:
        """What is run in another place: the right answers whose exercises run anywhere. None for nothing."""
        if self._elsewhere is None:
            return None
        right = [result.key.partition(".")[2] for result in self._results(run) if result.verdict == "pass"]
        jobs = self._elsewhere.jobs(right)
        return Task(self._sources(repaired), jobs) if jobs else None

    def _results(self, run: Run) -> list[ExerciseResult]:
        """Judged once: ``second`` asks first, then ``mark`` of the same run."""
        if run is not self._last[0]:
            self._last = run, self.judge.results(run, _probed(run))
        return self._last[1]

    def _sources(self, repaired: Repaired) -> tuple[str, ...]:
        sources = [cell.source for cell in self._run_cells(repaired)]
        by_id = {cell.id: cell.source for cell in repaired.notebook.cells}
        again = [by_id[self.released.slots[key].cell.id] for key in repaired.again]
        return (*sources, *again)

    def mark(self, repaired: Repaired, run: Run, second: Run | None = None, there: Run | None = None) -> Marked:
        """The outcome of the exercises that were probed, from what the sandbox saw. second: what came of ``second``;
        there: of ``elsewhere``."""
        results = tuple(self._redacted(result, run) for result in self._results(run))
        if second is not None:
            better = {r.key: self._redacted(r, second) for r in self.judge.results(second, _probed(second))}
            results = tuple(_carried_forward(result, better.get(result.key)) for result in results)
        tried = self._tried(there)
        by_check = {f"{result.key.partition('.')[2]}{CHECK_SUFFIX}": result for result in results}
        shown = {key: _advised(result, tried.get(key.removesuffix(CHECK_SUFFIX))) for key, result in by_check.items()}
        outputs = {cell.id: ran for cell, ran in zip(self._run_cells(repaired), run.cells, strict=False)}
        scores: dict[str, float | None] = {key: round(result.score, 6) for key, result in by_check.items()}
        scores |= self._written(repaired.notebook)
        return Marked(
            autograded_notebook(repaired, self.released, shown, outputs, run.events),
            results,
            scores,
            repaired.unanswered,
            frozenset(key for key, result in by_check.items() if result.verdict == "grader_error"),
            repaired.notes,
            run=run,
            traces=traces(run, second),
            cells=tuple(cell.id if cell.id in self._own else "" for cell in self._run_cells(repaired)),
            tried=tried,
        )

    def _tried(self, there: Run | None) -> Mapping[str, Tried]:
        """How right answers did in another place. That is advice: whatever goes wrong here costs nobody a verdict."""
        if self._elsewhere is None or there is None:
            return {}
        try:
            return self._elsewhere.tried(there)
        except Exception:
            log.exception("advice from %s", self._elsewhere.place.label)
            return {}

    def unreadable(self, why: Text) -> Marked:
        """The outcome of a file that is no notebook: every exercise unanswered, and a page that says why."""
        results = tuple(self.judge.judge(name, ()) for name in self.judge.packs)
        results = tuple(replace(result, notes=(why,)) for result in results)
        by_check = {f"{result.key.partition('.')[2]}{CHECK_SUFFIX}": result for result in results}
        empty = Repaired(copy.deepcopy(self.released.notebook), (why,), frozenset())
        graded = [key for key, slot in self.released.slots.items() if slot.kind in ("check", "written")]
        return Marked(
            autograded_notebook(empty, self.released, by_check, {}, (), title=UNREADABLE_TITLE),
            results,
            dict.fromkeys(graded, 0.0),
            frozenset(key for key, slot in self.released.slots.items() if slot.kind == "solution"),
            frozenset(graded),
            (why,),
            problem=why,
        )

    @cached_property
    def _jobs(self) -> dict[str, ProbeJob]:
        return self.judge.jobs()

    @cached_property
    def _own(self) -> frozenset[str]:
        """The ids of the lesson's own cells; any other id is a word of a student's."""
        return frozenset(cell.id for cell in self.released.notebook.cells)

    @cached_property
    def _public_judge(self) -> Judge:
        """The same judge with the public cases alone: what a student may be told."""
        judge = copy.copy(self.judge)
        judge.packs = {name: replace(pack, cases=pack.public()) for name, pack in self.judge.packs.items()}
        return judge

    def _run_cells(self, repaired: Repaired) -> list[NotebookNode]:
        return cells_to_run(repaired.notebook, self.released, repaired.elsewhere)

    def _written(self, notebook: NotebookNode) -> dict[str, float | None]:
        """Answers that a person grades: nothing yet, or 0 where the placeholder is untouched."""
        written = {slot.cell.id: key for key, slot in self.released.slots.items() if slot.kind == "written"}
        return {
            written[cell.id]: 0.0 if cell.source == self.released.slots[written[cell.id]].cell.source else None
            for cell in notebook.cells
            if cell.id in written
        }

    def _redacted(self, result: ExerciseResult, run: Run) -> ExerciseResult:
        """The result without anything that a hidden case alone brought to light: no value, no message."""
        if result.verdict != "fail":
            return result
        name = result.key.partition(".")[2]
        seen = next((probe.observed for probe in run.probes if probe.exercise == name), ())
        public = self._public_judge.judge(name, seen[: len(self._public_judge.packs[name].cases)])
        shown = {prop.name: prop.difference for prop in public.properties}
        return replace(
            result,
            properties=tuple(_with_difference(prop, shown[prop.name]) for prop in result.properties),
            failing=public.failing if public.failing is not None else _nameless(result),
            error=public.error,
        )


def _probed(run: Run) -> frozenset[str]:
    return frozenset(probe.exercise for probe in run.probes)


def _carried_forward(own: ExerciseResult, with_tables: ExerciseResult | None) -> ExerciseResult:
    """The better of two tries: with the student's own earlier answers, and with correct values in their place."""
    if with_tables is None or with_tables.verdict == "grader_error" or with_tables.score <= own.score:
        return own
    return replace(with_tables, notes=(*with_tables.notes, CARRIED))


def _advised(result: ExerciseResult, tried: Tried | None) -> ExerciseResult:
    """The result with what a student should know of another place. The receipt keeps it by itself."""
    return result if tried is None or tried.text is None else replace(result, notes=(*result.notes, tried.text))


def _with_difference(prop: PropertyResult, shown: Difference | None) -> PropertyResult:
    if prop.difference is None or shown is not None:
        return replace(prop, difference=shown if prop.difference is not None else None)
    return replace(prop, difference=Difference("hidden", ONLY_HIDDEN))


def _nameless(result: ExerciseResult) -> FailingCase | None:
    if result.failing is None:
        return None
    return replace(result.failing, inputs={}, difference=Difference("hidden", ONLY_HIDDEN))

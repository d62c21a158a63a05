"""Grades a class, stage after stage; each stage is the module of that name.

1. ``collect``     finds the submissions and accounts for every file (``arrivals`` reads, ``roster`` knows the class)
2. ``opening``     bytes to a plain notebook; 3. ``repair`` puts it into the shape of the release
4. ``engine``      runs it in a sandbox and observes; 5. ``judge`` compares; 6. ``marking`` ties 2 to 5 together
7. ``autograded``  the notebook that nbgrader keeps; 8. ``gradebook`` the scores, one transaction each
9. ``feedback``    the student's page; 10. ``receipts`` written last: what has one is done; ``history`` what it changed
11. ``report``     the instructor's page and grades.csv, from the receipts and the gradebook

An error in one submission never stops the others. A repeated run does only what has changed or was cut off.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cluster.messages import GOES_ON, ClusterLost
from grader.collect import Collected, Submission, collect
from grader.course import Course
from grader.course_folder import prepare, write_whole
from grader.devices import Place
from grader.elsewhere import place_behind
from grader.engine import Limits, Run, SandboxPool, SandboxUnavailable, TaskPool
from grader.engine.accelerators import for_grading, kind_of
from grader.feedback import FeedbackPages
from grader.gradebook import Book
from grader.keeping import Keeper, Standing
from grader.lateness import Late, one_lesson, settle_class
from grader.lesson import Lesson, read_lesson
from grader.opening import Unreadable
from grader.receipts import Change, Receipt, all_receipts, batch_seed, changes
from grader.reference import exercise_hashes
from grader.report import Failure, Findings, grades_csv, write_report
from grader.report_sources import Sources
from grader.roster import Roster
from grader.whereabouts import GradebookGone

if TYPE_CHECKING:
    from grader.cluster.pool import Cluster
    from grader.marking import Marked, Marker
    from grader.repair import Repaired

log = logging.getLogger(__name__)
FIRST, SECOND, THERE = range(3)  # the runs of a submission: as it is, with earlier answers put right, in another place


@dataclass(frozen=True)
class Options:
    """How to grade. device: where right answers are tried once more, one of grader.devices.DEVICES. seed: of the hidden
    cases; None goes on with the folder's, or draws one. roster: who is in the class, where that is known; due: when it
    was to be handed in, None leaves the gradebook's due date as it is; gradebook: the URL of a new folder's gradebook,
    None is the one that the folder has; cluster: where to grade, None for this machine."""

    jobs: int = 2
    isolation: str = "bubblewrap"
    device: str = "cpu"
    lesson: str | None = None
    seed: int | None = None
    force: bool = False
    limits: Limits = field(default_factory=Limits)
    roster: Roster | None = None
    due: datetime.datetime | None = None
    gradebook: str | None = None
    cluster: Cluster | None = None

    def pool(self, count: int, warmup: tuple[str, ...] = ()) -> TaskPool:
        """Where ``count`` submissions are run. Raises SandboxUnavailable."""
        if self.cluster is not None:
            return self.cluster.pool(self.limits, self.isolation, warmup)
        return SandboxPool(max(1, min(self.jobs, count)), self.limits, self.isolation, warmup)  # type: ignore[arg-type]


@dataclass
class Outcome:
    """What a run did. receipts: of every submission in the folder, also those that had not changed."""

    collected: Collected
    receipts: list[Receipt] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    graded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    new: set[tuple[str, str]] = field(default_factory=set)  # lesson and student, graded for the first time
    seed: int | None = None
    report: Path | None = None

    @property
    def unchanged(self) -> int:
        """The submissions whose scores stay, graded again or not."""
        moved = {(change.lesson, change.student) for change in self.changes}
        return len(self.skipped) + len(self.graded) - len(self.new) - len(moved)

    @property
    def complete(self) -> bool:
        """Whether every submission got a verdict."""
        return not self.failures and all(receipt.complete for receipt in self.receipts)


Progress = Callable[[int, int, str], None]


def grade_class(place: Path, out: Path, course: Course, options: Options, progress: Progress | None = None) -> Outcome:
    """Grades the submissions at a place into a folder. progress: called with (done, all, student).

    Raises FileNotFoundError, ValueError, CourseError, GradebookError, AcceleratorError or SandboxUnavailable before
    anything is graded.
    """
    for_grading(options.device, options.isolation)
    out = out.resolve()
    wanted = course.lesson(options.lesson).id if options.lesson else None
    collected = collect(place.resolve(), [ref.id for ref in course.lessons()], wanted, options.roster)
    if options.due is not None:
        one_lesson({submission.lesson for submission in collected.submissions})
    outcome = Outcome(collected)
    prepare(out, course)
    outcome.seed = batch_seed(out / "receipts", options.seed, fresh=options.force)
    with Book.of(out, options.gradebook) as book:
        book.enrol(options.roster or ())
        titles = grade_lessons(book, out, course, options, outcome, progress)
        settle_late(book, out, titles, options, outcome)
        outcome.receipts = all_receipts(out / "receipts")
        final = book.scores_of({receipt.lesson for receipt in outcome.receipts})
    findings = Findings.of(
        collected, outcome.receipts, final, titles, outcome.failures, out / "report", Sources(out, course)
    )
    write_whole(out / "grades.csv", grades_csv(findings))
    outcome.report = write_report(out / "report", findings)
    return outcome


def grade_lessons(
    book: Book,
    out: Path,
    course: Course,
    options: Options,
    outcome: Outcome,
    progress: Progress | None,
    keeper: Callable[..., Keeper] = Keeper,
) -> dict[str, dict[str, str]]:
    """Grades what was collected, one lesson after the other. keeper: what keeps it. Returns the lessons' titles."""
    done = 0
    titles = {}
    submissions = outcome.collected.submissions
    for lesson_id in dict.fromkeys(submission.lesson for submission in submissions):
        lesson = read_lesson(course.lesson(lesson_id).source)
        titles[lesson_id] = {code: lesson.title(code) for code in ("en", "zh")}
        kept = keeper(out, book, exercise_hashes(lesson), kind_of(options.device, options.isolation), options.isolation)
        kept.settle()
        batch = _Batch(lesson, outcome.seed or 0, book, kept, options, outcome)
        try:
            for student in batch.run([s for s in submissions if s.lesson == lesson_id]):
                done += 1
                if progress is not None:
                    progress(done, len(submissions), student)
        except ClusterLost as why:
            lost = GOES_ON.format(why=why.text, count=len(submissions) - done)
            outcome.failures.append(Failure("*", lesson_id, lost.inline))
            break
    return titles


def settle_late(book: Book, out: Path, lessons: Iterable[str], options: Options, outcome: Outcome) -> None:
    """What being late costs. An instructor's plugin may raise anything: then the penalties stay as they were, and what
    was graded is reported all the same."""
    try:
        outcome.late = settle_class(book, out, lessons, options.due)
    except Exception as error:
        log.exception("late penalties")
        words = f"late penalties / 迟交扣分: {type(error).__name__}: {error}"[:500]
        outcome.failures.append(Failure("*", ", ".join(lessons), words))


class _Batch:
    """The submissions of one lesson on their way through the stages."""

    def __init__(
        self, lesson: Lesson, seed: int, book: Book, keeper: Keeper, options: Options, outcome: Outcome
    ) -> None:
        self.lesson, self.seed, self.book, self.options, self.outcome = lesson, seed, book, options, outcome
        self.keeper = keeper
        self.accelerators = for_grading(options.device, options.isolation)
        self.held = book.students(lesson.ref.id)

    @property
    def place(self) -> Place | None:
        """Where right answers are tried once more."""
        return place_behind(self.options.device, self.accelerators)

    @cached_property
    def marker(self) -> Marker:
        """Imports torch and runs the references: only where something is to be graded."""
        from grader.marking import Marker

        marker = Marker(self.lesson, self.seed, self.place)
        self.book.register(marker.released)
        return marker

    @cached_property
    def pages(self) -> FeedbackPages:
        return FeedbackPages()

    def run(self, submissions: list[Submission]) -> Iterator[str]:
        """Grades them, yielding each student when done with. A few are in the sandboxes at any time, no more."""
        waiting: deque[_Work] = deque()
        for submission in submissions:
            work = self._look_at(submission)
            if work is None:
                yield submission.student
            else:
                waiting.append(work)
        if not waiting:
            return
        running: dict[Future[Run], _Work] = {}
        with contextlib.ExitStack() as stack:
            pool, there = self._pools(len(waiting), stack)
            pool.warm()  # they import torch while this process does
            _ = self.marker, self.pages
            try:
                while waiting or running:
                    while waiting and len(running) < pool.room:
                        work = waiting.popleft()
                        future = self._begin(work, pool)
                        if future is None:
                            yield work.submission.student
                        else:
                            running[future] = work
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        work = running.pop(future)
                        again = self._end(work, future, pool, there)
                        if again is None:
                            yield work.submission.student
                        else:
                            running[again] = work
            except BaseException:
                for one in (pool, there):
                    one.shutdown(wait=False, cancel_futures=True)
                raise

    def _pools(self, count: int, stack: contextlib.ExitStack) -> tuple[TaskPool, TaskPool]:
        """The pool that grades, and the one that tries right answers in another place: one sandbox per accelerator of
        this machine, or the same pool."""
        pool = stack.enter_context(self.options.pool(count, self.lesson.warmup))
        if not self.accelerators:
            return pool, pool
        limits, isolation = self.options.limits, self.options.isolation
        return pool, stack.enter_context(SandboxPool(1, limits, isolation, (), self.accelerators))  # type: ignore[arg-type]

    def _look_at(self, submission: Submission) -> _Work | None:
        """What is to be done for a submission; None for nothing."""
        try:
            standing = self.keeper.standing(submission, self.options.seed, self.held, self.options.force)
        except Exception as error:
            self._failed(submission, error)
            return None
        if not standing.stale:
            self.outcome.skipped.append(submission.student)
            return None
        return _Work(submission, standing)

    def _begin(self, work: _Work, pool: TaskPool) -> Future[Run] | None:
        """Hands a submission to the sandbox; None where it is done with already."""
        work.since = time.perf_counter()
        try:
            work.blob = work.submission.read()
            try:
                work.repaired = self.marker.open(work.blob)
            except Unreadable as why:
                self._save(work, self.marker.unreadable(why.text))
                return None
            task = self.marker.task(work.repaired, self._wanted(work))
            work.spent = work.so_far()
            return pool.submit_task(task)
        except (SandboxUnavailable, GradebookGone, ClusterLost):
            raise
        except Exception as error:
            self._failed(work.submission, error)
            return None

    def _end(self, work: _Work, future: Future[Run], pool: TaskPool, there: TaskPool) -> Future[Run] | None:
        """Takes what came back, and hands the submission to the sandbox once more where that is due: where earlier
        answers spoiled later ones, and to try right answers in another place. Then it is marked and kept."""
        work.since = time.perf_counter()
        try:
            try:
                work.runs[work.stage] = future.result()
            except Exception as error:
                if work.stage != THERE:
                    raise
                log.warning("%s: no advice from another place: %s", work.submission.student, error)  # and a verdict
            for stage, where in ((SECOND, pool), (THERE, there)):
                if stage <= work.stage:
                    continue
                work.stage = stage
                ask = self.marker.second if stage == SECOND else self.marker.elsewhere
                task = ask(work.repaired, work.runs[FIRST])
                if task is not None:
                    work.spent = work.so_far()
                    return where.submit_task(task)
            runs = (work.runs.get(stage) for stage in (SECOND, THERE))
            self._save(work, self.marker.mark(work.repaired, work.runs[FIRST], *runs))
        except (SandboxUnavailable, GradebookGone, ClusterLost):
            raise  # nobody can be graded; what is done is kept, and the next run goes on from there
        except Exception as error:
            self._failed(work.submission, error)
        return None

    def _wanted(self, work: _Work) -> frozenset[str] | None:
        """The exercises to grade, with those that are affected by them; None for all."""
        return None if work.standing.receipt is None else self.marker.touched(work.standing.stale)

    def _failed(self, submission: Submission, error: Exception) -> None:
        log.exception("%s, %s", submission.student, submission.lesson)
        words = f"{type(error).__name__}: {error}"[:500]
        self.outcome.failures.append(Failure(submission.student, submission.lesson, words))

    def _save(self, work: _Work, marked: Marked) -> None:
        self.keeper.forget(work.submission)
        receipt = self.keeper.save(
            work.submission, work.blob, marked, self.marker, self.pages, work.standing.receipt, work.so_far
        )
        self.outcome.graded.append(work.submission.student)
        self.outcome.changes += changes(work.standing.before, receipt)
        if work.standing.before is None:
            self.outcome.new.add((work.submission.lesson, work.submission.student))


@dataclass
class _Work:
    """One submission while it is being graded."""

    submission: Submission
    standing: Standing
    blob: bytes = b""
    repaired: Repaired = field(init=False)
    stage: int = 0  # the run that is waited for
    runs: dict[int, Run] = field(default_factory=dict)
    spent: float = 0.0  # seconds of this process, while no sandbox is waited for
    since: float = 0.0

    def so_far(self) -> float:
        """``spent``, and what has gone by since this process took the submission up again."""
        return self.spent + time.perf_counter() - self.since

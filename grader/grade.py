"""Grades a class, stage after stage; each stage is the module of that name.

1. ``collect``     finds the submissions and accounts for every file
2. ``opening``     bytes to a plain notebook; 3. ``repair`` puts it into the shape of the release
4. ``engine``      runs it in a sandbox and observes; 5. ``judge`` compares; 6. ``marking`` ties 2 to 5 together
7. ``autograded``  the notebook that nbgrader keeps; 8. ``gradebook`` the scores, one transaction each
9. ``feedback``    the student's page; 10. ``receipts`` written last: what has one is done
11. ``report``     the instructor's page and grades.csv, from the receipts and the gradebook

An error in one submission never stops the others. A repeated run does only what has changed or was cut off.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat

from grader.collect import Collected, Submission, collect
from grader.course import Course
from grader.course_folder import prepare, write_whole
from grader.engine import Limits, Run, SandboxPool, SandboxUnavailable
from grader.feedback import write_feedback
from grader.gradebook import Book
from grader.lesson import read_lesson
from grader.marking import Marked, Marker
from grader.opening import Unreadable
from grader.receipts import (
    Receipt,
    ReceiptError,
    all_receipts,
    batch_seed,
    digest,
    environment,
    exercise_receipt,
    read_receipt,
    receipt_path,
    write_receipt,
)
from grader.repair import Repaired
from grader.report import Failure, Findings, grades_csv, write_report

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How to grade. seed: of the hidden cases; None goes on with the folder's, or draws one."""

    jobs: int = 2
    isolation: str = "bubblewrap"
    device: str = "cpu"
    lesson: str | None = None
    seed: int | None = None
    force: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass
class Outcome:
    """What a run did. receipts: of every submission in the folder, also those that had not changed."""

    collected: Collected
    receipts: list[Receipt] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    graded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    report: Path | None = None

    @property
    def complete(self) -> bool:
        """Whether every submission got a verdict."""
        return not self.failures and all(receipt.complete for receipt in self.receipts)


Progress = Callable[[int, int, str], None]


def grade(place: Path, out: Path, course: Course, options: Options, progress: Progress | None = None) -> Outcome:
    """Grades the submissions at a place into a folder. progress: called with (done, all, student).

    Raises FileNotFoundError, ValueError, CourseError, GradebookError or SandboxUnavailable before anything is graded.
    """
    out = out.resolve()
    wanted = course.lesson(options.lesson).id if options.lesson else None
    collected = collect(place.resolve(), [ref.id for ref in course.lessons()], wanted)
    outcome = Outcome(collected)
    prepare(out, course)
    seed = batch_seed(out / "receipts", options.seed, fresh=options.force)
    done = 0
    titles = {}
    with Book.at(out / "gradebook.db") as book:
        for lesson_id in dict.fromkeys(submission.lesson for submission in collected.submissions):
            lesson = read_lesson(course.lesson(lesson_id).source)
            titles[lesson_id] = {code: lesson.title(code) for code in ("en", "zh")}
            batch = _Batch(Marker(lesson, seed), book, out, options, outcome)
            for student in batch.run([s for s in collected.submissions if s.lesson == lesson_id]):
                done += 1
                if progress is not None:
                    progress(done, len(collected.submissions), student)
        outcome.receipts = all_receipts(out / "receipts")
        lessons = {receipt.lesson for receipt in outcome.receipts}
        final = {(lesson, s): scores for lesson in lessons for s, scores in book.scores(lesson).items()}
    findings = Findings(
        outcome.receipts, final, titles, outcome.failures, collected.refused, collected.ignored, out / "report"
    )
    (out / "grades.csv").write_text(grades_csv(findings), encoding="utf-8-sig")
    outcome.report = write_report(out / "report", findings)
    return outcome


class _Batch:
    """The submissions of one lesson on their way through the stages."""

    def __init__(self, marker: Marker, book: Book, out: Path, options: Options, outcome: Outcome) -> None:
        self.marker, self.book, self.out, self.options, self.outcome = marker, book, out, options, outcome
        self.receipts = out / "receipts"
        self.environment = environment()
        book.register(marker.released)

    def run(self, submissions: list[Submission]) -> Iterator[str]:
        """Grades them, yielding each student when done with. A few are in the sandboxes at any time, no more."""
        waiting = deque(submissions)
        running: dict[Future[Run], tuple[Submission, bytes, Repaired, float]] = {}
        options = self.options
        with SandboxPool(
            options.jobs,
            options.limits,
            options.isolation,  # type: ignore[arg-type]
            self.marker.warmup,
        ) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < 2 * options.jobs:
                        submission = waiting.popleft()
                        begun = self._begin(submission, pool)
                        if begun is None:
                            yield submission.student
                        else:
                            running[begun[0]] = (submission, *begun[1:], time.monotonic())
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        submission, blob, repaired, _ = running.pop(future)
                        self._end(submission, blob, repaired, future)
                        yield submission.student
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _begin(self, submission: Submission, pool: SandboxPool) -> tuple[Future[Run], bytes, Repaired] | None:
        """Hands a submission to the sandbox; None where it is done with already."""
        try:
            blob = submission.read()
            if not self.options.force and self._is_done(submission, digest(blob)):
                self.outcome.skipped.append(submission.student)
                return None
            receipt_path(self.receipts, submission.lesson, submission.student).unlink(missing_ok=True)
            try:
                repaired = self.marker.open(blob)
            except Unreadable as why:
                self._save(submission, blob, self.marker.unreadable(why.text))
                return None
            return pool.submit_task(self.marker.task(repaired)), blob, repaired
        except SandboxUnavailable:
            raise
        except Exception as error:
            self._failed(submission, error)
            return None

    def _end(self, submission: Submission, blob: bytes, repaired: Repaired, future: Future[Run]) -> None:
        try:
            self._save(submission, blob, self.marker.mark(repaired, future.result()))
        except SandboxUnavailable:
            raise  # nobody can be graded; what is done is kept, and the next run goes on from there
        except Exception as error:
            self._failed(submission, error)

    def _failed(self, submission: Submission, error: Exception) -> None:
        log.exception("%s, %s", submission.student, submission.lesson)
        words = f"{type(error).__name__}: {error}"[:500]
        self.outcome.failures.append(Failure(submission.student, submission.lesson, words))

    def _is_done(self, submission: Submission, sha256: str) -> bool:
        try:
            receipt = read_receipt(receipt_path(self.receipts, submission.lesson, submission.student))
        except (ReceiptError, FileNotFoundError):
            return False
        hashes = {exercise.key.partition(".")[2]: exercise.hash for exercise in receipt.exercises}
        return (
            receipt.sha256 == sha256
            and receipt.complete
            and hashes == self.marker.exercise_hashes
            and receipt.device == self.options.device
            and (self.options.seed is None or receipt.seed == self.options.seed)
            and self.book.holds(submission.lesson, submission.student)
            and self._place("autograded", submission).is_file()
            and self._place("feedback", submission, ".html").is_file()
        )

    def _save(self, submission: Submission, blob: bytes, marked: Marked) -> None:
        """Everything that is kept of a submission; the receipt comes last."""
        write_whole(self._place("submitted", submission), blob)
        if submission.timestamp is not None:
            stamp = self._place("submitted", submission).with_name("timestamp.txt")
            write_whole(stamp, f"{submission.timestamp.isoformat(' ')} UTC\n".encode())
        write_whole(self._place("autograded", submission), nbformat.writes(marked.notebook).encode())
        self.book.save(
            submission.lesson,
            submission.student,
            marked.scores,
            marked.unanswered,
            marked.review,
            submission.timestamp,
        )
        write_feedback(self.out, submission.lesson, submission.student)
        write_receipt(self.receipts, self._receipt(submission, blob, marked))
        self.outcome.graded.append(submission.student)

    def _receipt(self, submission: Submission, blob: bytes, marked: Marked) -> Receipt:
        packs = self.marker.judge.packs
        return Receipt(
            student=submission.student,
            lesson=submission.lesson,
            file=submission.name,
            sha256=digest(blob),
            seed=self.marker.judge.seed,
            device=self.options.device,
            isolation=self.options.isolation,
            exercises=[
                exercise_receipt(result, pack.exercise_hash, pack.properties)
                for result, pack in zip(marked.results, packs.values(), strict=True)
            ],
            scores=dict(marked.scores),
            notes=[asdict(note) for note in marked.notes],
            events=[asdict(event) for event in marked.events],
            problem=asdict(marked.problem) if marked.problem is not None else None,
            timestamp=submission.timestamp.isoformat() if submission.timestamp is not None else None,
            seconds=round(marked.run.seconds, 3) if marked.run is not None else 0.0,
            environment=self.environment,
        )

    def _place(self, step: str, submission: Submission, suffix: str = ".ipynb") -> Path:
        return self.out / step / submission.student / submission.lesson / f"{submission.lesson}{suffix}"

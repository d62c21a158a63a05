"""Grades the submissions of any nbgrader assignment in the sandboxes, and keeps what ``grader grade`` keeps."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict
from pathlib import Path

from nbformat import v4

from course_lib.text import Text
from grader.assignment import book as shelf
from grader.assignment.graded import Graded, graded, opened, task, ungraded
from grader.assignment.source import Assignment
from grader.assignment.submissions import Handed, find
from grader.batch import Options, Outcome, Progress, settle_late
from grader.cluster.messages import GOES_ON, ClusterLost
from grader.course_folder import write_whole
from grader.csv_text import written
from grader.engine import Run, SandboxUnavailable, TaskPool
from grader.feedback import FeedbackPages
from grader.gradebook import Book
from grader.history import History
from grader.opening import Unreadable
from grader.receipts import (
    ExerciseReceipt,
    Receipt,
    ReceiptError,
    all_receipts,
    changes,
    digest,
    environment,
    read_receipt,
    receipt_path,
    write_receipt,
)
from grader.repair import Repaired
from grader.report import Failure, Findings, grades_csv, write_report
from grader.report_sources import Sources
from grader.sheet import harmless
from grader.whereabouts import GradebookGone

log = logging.getLogger(__name__)
MISSING = Text(en="This notebook was not handed in.", zh="没有提交这份笔记本。")


def grade_assignment(
    place: Path, out: Path, assignment: Assignment, options: Options, progress: Progress | None = None
) -> Outcome:
    """Grades the submissions at a place into a folder; what has not changed is left alone.

    Raises FileNotFoundError, ValueError, GradebookError or SandboxUnavailable before anything is graded.
    """
    out = out.resolve()
    everybody, collected = find(place.resolve(), assignment, options.roster)
    outcome = Outcome(collected)
    out.mkdir(parents=True, exist_ok=True)
    with Book.of(out, options.gradebook) as book:
        book.enrol(options.roster or ())
        work = _Work(assignment, book, out, options, outcome)
        done = 0
        try:
            for student in work.run(everybody):
                done += 1
                if progress is not None:
                    progress(done, len(everybody), student)
        except ClusterLost as why:
            lost = GOES_ON.format(why=why.text, count=len(everybody) - done)
            outcome.failures.append(Failure("*", assignment.name, lost.inline))
        settle_late(book, out, [assignment.name], options, outcome)
        outcome.receipts = all_receipts(out / "receipts")
        final = {(assignment.name, s): scores for s, scores in shelf.scores(book, assignment).items()}
    titles = {assignment.name: {"en": assignment.name, "zh": assignment.name}}
    findings = Findings.of(collected, outcome.receipts, final, titles, outcome.failures, out / "report", Sources(out))
    write_whole(out / "grades.csv", grades_csv(findings))
    write_whole(out / "differences.csv", _differences(out / "receipts" / assignment.name))
    outcome.report = write_report(out / "report", findings)
    return outcome


class _Work:
    """The submissions on their way through the sandboxes."""

    def __init__(self, assignment: Assignment, book: Book, out: Path, options: Options, outcome: Outcome) -> None:
        self.assignment, self.book, self.out, self.options, self.outcome = assignment, book, out, options, outcome
        shelf.register(book, assignment)
        History(out).settle_all()
        self.held = book.students(assignment.name)
        self.receipts = out / "receipts"
        self.pages = FeedbackPages()

    def run(self, everybody: list[Handed]) -> Iterator[str]:
        waiting = deque(everybody)
        running: dict[Future[Run], tuple[_Student, str, Repaired]] = {}
        with self.options.pool(len(everybody)) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < pool.room:
                        begun = self._begin(waiting.popleft(), pool, running)
                        if begun is not None:
                            yield begun
                    if not running:
                        continue
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        student, name, repaired = running.pop(future)
                        source = self.assignment.notebooks[name]
                        student.graded[name] = self._safely(
                            student,
                            lambda f=future, r=repaired, s=source: graded(s, r, f.result()),  # type: ignore[misc]
                        )
                        if len(student.graded) == len(self.assignment.notebooks):
                            self._finish(student)
                            yield student.handed.student
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _begin(
        self, handed: Handed, pool: TaskPool, running: dict[Future[Run], tuple[_Student, str, Repaired]]
    ) -> str | None:
        """Hands a student's notebooks to the sandboxes; the student's name where nothing is left to wait for."""
        student = _Student(handed)
        try:
            student.blobs = {name: read() for name, read in handed.notebooks.items()}
        except OSError as error:
            self._failed(student, error)
            return handed.student
        if not self.options.force and self._is_done(student):
            self.outcome.skipped.append(handed.student)
            return handed.student
        for name, source in self.assignment.notebooks.items():
            if name not in student.blobs:
                student.graded[name] = ungraded(source, MISSING)
                continue
            try:
                repaired = opened(student.blobs[name], source)
            except Unreadable as why:
                student.graded[name] = ungraded(source, why)
                continue
            running[pool.submit_task(task(repaired))] = student, name, repaired
        if len(student.graded) == len(self.assignment.notebooks):
            self._finish(student)
            return handed.student
        return None

    def _safely(self, student: _Student, work: Callable[[], Graded]) -> Graded | None:
        try:
            return work()
        except (SandboxUnavailable, ClusterLost):
            raise
        except Exception as error:
            self._failed(student, error)
            return None

    def _finish(self, student: _Student) -> None:
        if any(part is None for part in student.graded.values()):
            return  # it was said why
        try:
            self._keep(student)
        except GradebookGone:
            raise  # nobody's scores can be saved; what is done is kept, and the next run goes on from there
        except Exception as error:
            self._failed(student, error)

    def _failed(self, student: _Student, error: Exception) -> None:
        name = student.handed.student
        log.error("%s, %s: %s", name, self.assignment.name, error)
        self.outcome.failures.append(Failure(name, self.assignment.name, f"{type(error).__name__}: {error}"[:500]))

    def _is_done(self, student: _Student) -> bool:
        name = student.handed.student
        try:
            receipt = read_receipt(receipt_path(self.receipts, self.assignment.name, name))
        except (ReceiptError, OSError):
            return False
        hashes = {exercise.hash for exercise in receipt.exercises}
        return (
            receipt.sha256 == student.digest
            and hashes == {source.hash for source in self.assignment.notebooks.values()}
            and name in self.held
        )

    def _keep(self, student: _Student) -> None:
        """Files, one transaction, pages; the receipt comes last."""
        name, assignment = student.handed.student, self.assignment.name
        history = History(self.out)
        history.begin(assignment, name)
        earlier = history.before(assignment, name)
        parts = {n: part for n, part in student.graded.items() if part is not None}
        for notebook, blob in student.blobs.items():
            write_whole(self.out / "submitted" / name / assignment / f"{notebook}.ipynb", blob)
        for notebook, part in parts.items():
            path = self.out / "autograded" / name / assignment / f"{notebook}.ipynb"
            write_whole(path, v4.writes(part.notebook).encode())
        saved = shelf.save(self.book, assignment, name, parts, student.handed.timestamp)
        for notebook, part in parts.items():
            self.pages.write(self.out, assignment, name, part.shown(), saved[notebook], notebook)
        receipt = self._receipt(student, parts)
        write_receipt(self.receipts, receipt)
        history.settle(assignment, name)
        self.outcome.graded.append(name)
        self.outcome.changes += changes(earlier, receipt)

    def _receipt(self, student: _Student, parts: dict[str, Graded]) -> Receipt:
        several = len(parts) > 1

        def key(notebook: str, cell: str) -> str:
            return f"{notebook}.{cell}" if several else f"{self.assignment.name}.{cell}"

        exercises = []
        for notebook, part in parts.items():
            for cell, score in part.scores.items():
                mark, points = part.marks.get(cell), part.source.released.points(cell)
                exercises.append(
                    ExerciseReceipt(
                        key(notebook, cell),
                        {"en": cell, "zh": cell},
                        part.source.hash,
                        mark.verdict if mark is not None else "not_run",
                        round(score or 0.0, 6),
                        points,
                        [{"nbgrader": mark.nbgrader, "why": asdict(mark.why)}] if mark is not None and mark.why else [],
                    )
                )
        problems = [part.problem for part in parts.values() if part.problem is not None]
        return Receipt(
            student=student.handed.student,
            lesson=self.assignment.name,
            file=", ".join(f"{notebook}.ipynb" for notebook in student.blobs),
            sha256=student.digest,
            seed=0,
            device="cpu",
            isolation=self.options.isolation,
            exercises=exercises,
            scores={key(n, cell).partition(".")[2]: s for n, part in parts.items() for cell, s in part.scores.items()},
            notes=[asdict(note) for part in parts.values() if part.problem is None for note in part.notes],
            events=[asdict(event) for part in parts.values() for event in part.events],
            problem=asdict(problems[0]) if len(problems) == len(parts) else None,
            timestamp=student.handed.timestamp.isoformat() if student.handed.timestamp is not None else None,
            environment=environment(),
        )


class _Student:
    """One student's notebooks while they are graded."""

    def __init__(self, handed: Handed) -> None:
        self.handed = handed
        self.blobs: dict[str, bytes] = {}
        self.graded: dict[str, Graded | None] = {}

    @property
    def digest(self) -> str:
        return digest(b"\0".join(name.encode() + b"\0" + blob for name, blob in sorted(self.blobs.items())))


def _differences(receipts: Path) -> bytes:
    """Every cell to which nbgrader would have given other points, with the reason. receipts: their folder."""
    rows: list[list[str]] = [["student", "cell", "points", "nbgrader", "why", "原因"]]
    for path in sorted(receipts.glob("*.json")):
        receipt = read_receipt(path)
        for exercise in receipt.exercises:
            for found in exercise.properties:
                theirs = "no grade at all" if found["nbgrader"] is None else f"{found['nbgrader']:g}"
                why = found["why"]
                about = [harmless(receipt.student), exercise.key, f"{exercise.score:g}"]
                rows.append([*about, theirs, why["en"], why["zh"]])
    return written(rows)

"""Everything that is kept of a graded submission, and how far what is kept still holds.

The order is that of ``Keeper.save``: files, one transaction in the gradebook, the feedback page, and last of all the
receipt. What has no receipt is graded again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat.notebooknode import NotebookNode

from grader.collect import SECRET, Submission
from grader.course_folder import write_whole
from grader.feedback import FeedbackPages
from grader.gradebook import Book
from grader.history import History
from grader.lesson import CHECK_SUFFIX
from grader.receipts import (
    ExerciseReceipt,
    Receipt,
    ReceiptError,
    digest,
    environment,
    exercise_receipt,
    read_receipt,
    receipt_path,
    write_receipt,
)

if TYPE_CHECKING:
    from grader.marking import Marked, Marker


@dataclass(frozen=True)
class Standing:
    """How far an earlier verdict still holds. stale: exercises to grade again; none means that nothing is to be done.

    receipt: the earlier one, where any of it holds; before: the earlier one, whether it holds or not.
    """

    stale: frozenset[str]
    receipt: Receipt | None = None
    before: Receipt | None = None


class Keeper:
    """Keeps the submissions of one lesson in a folder. hashes: the lesson's exercises as they are now."""

    def __init__(self, out: Path, book: Book, hashes: Mapping[str, str], device: str, isolation: str) -> None:
        self.out, self.book, self.hashes = out, book, dict(hashes)
        self.device, self.isolation = device, isolation
        self._receipts = out / "receipts"
        self.history = History(out)

    def standing(self, submission: Submission, seed: int | None, held: frozenset[str], force: bool) -> Standing:
        """What must be graded of a submission. seed: the one that is asked for, if any; held: students in the book;
        force: grade all of it, whatever was kept. Raises OSError where the submission cannot be read."""
        try:
            receipt = read_receipt(receipt_path(self._receipts, submission.lesson, submission.student))
        except (ReceiptError, OSError):
            return Standing(frozenset(self.hashes), before=self.history.before(submission.lesson, submission.student))
        everything = Standing(frozenset(self.hashes), before=receipt)
        before = {exercise.key.partition(".")[2]: exercise.hash for exercise in receipt.exercises}
        holds = (
            not force
            and receipt.complete
            and receipt.device == self.device
            and seed in (None, receipt.seed)
            and submission.student in held
            and self.place("autograded", submission).is_file()
            and self.place("feedback", submission, ".html").is_file()
            and receipt.sha256 == digest(submission.read())
        )
        if not holds or list(before) != list(self.hashes):
            return everything
        stale = frozenset(name for name, hash_ in self.hashes.items() if before[name] != hash_)
        return Standing(stale, receipt, receipt)

    def settle(self) -> None:
        """Writes down what a run that was cut off had still to say of the changes it made."""
        self.history.settle_all()

    def forget(self, submission: Submission) -> None:
        """Takes the receipt away: until there is a new one, the submission counts as not graded."""
        self.history.begin(submission.lesson, submission.student)

    def save(
        self,
        submission: Submission,
        blob: bytes,
        marked: Marked,
        marker: Marker,
        pages: FeedbackPages,
        earlier: Receipt | None = None,
        spent: Callable[[], float] = lambda: 0.0,
    ) -> Receipt:
        """Everything that is kept. earlier: the receipt that the exercises which were not graded now are taken from;
        spent: says how many seconds the grader itself has spent on it so far."""
        write_whole(self.place("submitted", submission), blob)
        if submission.timestamp is not None:
            stamp = self.place("submitted", submission).with_name("timestamp.txt")
            write_whole(stamp, f"{submission.timestamp.isoformat(' ')} UTC\n".encode())
        if submission.secret is not None:
            write_whole(self.place("submitted", submission).with_name(SECRET), submission.secret)
        if earlier is not None:
            marked = self._completed(submission, marked, earlier)
        # nbformat's own `writes` validates on top; this notebook was put together from parts that were.
        write_whole(self.place("autograded", submission), nbformat.v4.writes(marked.notebook).encode())
        saved = self.book.save(
            submission.lesson, submission.student, marked.scores, marked.unanswered, marked.review, submission.timestamp
        )
        pages.write(self.out, submission.lesson, submission.student, marked.notebook, saved)
        receipt = self._receipt(submission, blob, marked, marker, earlier, spent)
        write_receipt(self._receipts, receipt)
        self.history.settle(submission.lesson, submission.student)
        return receipt

    def _completed(self, submission: Submission, marked: Marked, earlier: Receipt) -> Marked:
        """With the results that still hold put back, out of the receipt and the notebook that were kept."""
        now = {f"{result.key.partition('.')[2]}{CHECK_SUFFIX}" for result in marked.results}
        before = nbformat.read(self.place("autograded", submission), nbformat.NO_CONVERT)
        shown = {cell.id: cell for cell in before.cells}
        notebook = copy.copy(marked.notebook)
        notebook.cells = [_put_back(cell, shown, now) for cell in marked.notebook.cells]
        kept = {key: score for key, score in earlier.scores.items() if key.endswith(CHECK_SUFFIX) and key not in now}
        return replace(marked, notebook=notebook, scores={**marked.scores, **kept})

    def _receipt(
        self,
        submission: Submission,
        blob: bytes,
        marked: Marked,
        marker: Marker,
        earlier: Receipt | None,
        spent: Callable[[], float],
    ) -> Receipt:
        outcomes: dict[str, ExerciseReceipt] = {e.key: e for e in earlier.exercises} if earlier is not None else {}
        packs = marker.judge.packs
        for result in marked.results:
            pack = packs[result.key.partition(".")[2]]
            outcomes[result.key] = exercise_receipt(result, pack.exercise_hash, pack.properties)
        events = [asdict(event) for event in marked.events]
        if earlier is not None:
            events += [event for event in earlier.events if event not in events]
        slug = submission.lesson.partition("_")[2]
        now = {f"{slug}.{name}": asdict(trace) for name, trace in marked.traces.items()}
        judged = {result.key for result in marked.results}
        held = {k: tried for k, tried in earlier.elsewhere.items() if k not in judged} if earlier is not None else {}
        return Receipt(
            student=submission.student,
            lesson=submission.lesson,
            file=submission.name,
            sha256=digest(blob),
            seed=marker.judge.seed,
            device=self.device,
            isolation=self.isolation,
            exercises=[outcomes[pack.key] for pack in packs.values()],
            scores=dict(marked.scores),
            notes=[asdict(note) for note in marked.notes],
            events=events,
            problem=asdict(marked.problem) if marked.problem is not None else None,
            timestamp=submission.timestamp.isoformat() if submission.timestamp is not None else None,
            late=submission.late,
            seconds=round(marked.run.seconds, 4) if marked.run is not None else 0.0,
            cell_seconds=[round(cell.seconds, 4) for cell in marked.run.cells] if marked.run is not None else [],
            cell_ids=list(marked.cells),
            elsewhere={**held, **{f"{slug}.{name}": tried.as_dict() for name, tried in marked.tried.items()}},
            traces={**(earlier.traces if earlier is not None else {}), **now},
            grader_seconds=round(spent(), 4),
            environment=environment(),
        )

    def place(self, step: str, submission: Submission, suffix: str = ".ipynb") -> Path:
        """Where nbgrader looks for a submission's file of one of its steps."""
        return self.out / step / submission.student / submission.lesson / f"{submission.lesson}{suffix}"


def _put_back(cell: NotebookNode, shown: Mapping[str, NotebookNode], now: set[str]) -> NotebookNode:
    """A check cell whose exercise was not graded now, as it was shown before; any other cell as it is."""
    key = (cell.metadata.get("nbgrader") or {}).get("grade_id", "")
    if not key.endswith(CHECK_SUFFIX) or key in now or cell.id not in shown:
        return cell
    return shown[cell.id]

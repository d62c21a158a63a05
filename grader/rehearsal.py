"""``grader grade --dry-run``: grades what would be graded and says what would change; the folder stays as it is.

Everything is as in ``batch`` but for what is kept: the gradebook is a copy in a folder of its own that is thrown away,
the seed is read but never written, and ``Rehearsal`` takes the place of the ``Keeper``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.batch import Options, Outcome, Progress, grade_lessons
from grader.collect import Submission, collect
from grader.course import Course
from grader.engine.accelerators import for_grading
from grader.feedback import FeedbackPages
from grader.gradebook import Book
from grader.gradebook_copy import copy
from grader.keeping import Keeper
from grader.receipts import Receipt, batch_seed
from grader.whereabouts import FILE, chosen, exists, file_of

if TYPE_CHECKING:
    from grader.marking import Marked, Marker

SCHEMA_VERSION = 1


class Rehearsal(Keeper):
    """Comes to the receipt that ``Keeper`` would write, and writes nothing. made: where these receipts go."""

    def __init__(self, *given: Any, made: list[Receipt]) -> None:
        super().__init__(*given)
        self._made = made

    def settle(self) -> None:
        """What a run that was cut off has left is left."""

    def forget(self, submission: Submission) -> None:
        """The receipt stays where it is."""

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
        if earlier is not None:
            marked = self._completed(submission, marked, earlier)
        receipt = self._receipt(submission, blob, marked, marker, earlier, spent)
        self._made.append(replace(receipt, exercises=[replace(e, properties=[]) for e in receipt.exercises]))
        return receipt


def rehearse(place: Path, out: Path, course: Course, options: Options, progress: Progress | None = None) -> Outcome:
    """What ``grade_class`` would do. The outcome's receipts are those of what was graded, and none is written.

    With ``force`` and no seed, hidden cases are drawn that the run itself would not draw again: ``Outcome.seed`` says
    which. Raises what ``grade_class`` raises.
    """
    for_grading(options.device, options.isolation)
    out = out.resolve()
    wanted = course.lesson(options.lesson).id if options.lesson else None
    outcome = Outcome(collect(place.resolve(), [ref.id for ref in course.lessons()], wanted, options.roster))
    outcome.seed = batch_seed(out / "receipts", options.seed, fresh=options.force, keep=False)
    made: list[Receipt] = []
    now = chosen(out, options.gradebook)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch, _copied(now, Path(scratch, FILE)) as book:
        grade_lessons(book, out, course, options, outcome, progress, partial(Rehearsal, made=made))
    outcome.receipts = made
    return outcome


def _copied(url: str, place: Path) -> Book:
    """A copy of the gradebook in a file; an empty one where there is none yet."""
    path = file_of(url)
    if path is not None:
        for end in ("", "-journal", "-wal"):  # with what a cut-off transaction has left
            if path.with_name(path.name + end).is_file():
                shutil.copyfile(path.with_name(path.name + end), place.with_name(place.name + end))
    elif exists(url):
        copy(url, f"sqlite:///{place}")
    return Book.at(place)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """A rehearsal for programs: who changes and by how much, who is new, how many stay as they are."""
    return {
        "schema_version": SCHEMA_VERSION,
        "seed": outcome.seed,
        "changes": [
            {
                "student": change.student,
                "lesson": change.lesson,
                "exercise": change.exercise,
                "old": change.before,
                "new": change.after,
                "why": list(change.why),
            }
            for change in outcome.changes
        ],
        "new": [
            {"student": r.student, "lesson": r.lesson, "score": r.score, "max_score": r.max_score}
            for r in outcome.receipts
            if (r.lesson, r.student) in outcome.new
        ],
        "unchanged": outcome.unchanged,
        "failures": [
            {"student": failure.student, "lesson": failure.lesson, "message": failure.message}
            for failure in outcome.failures
        ],
    }

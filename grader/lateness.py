"""Due dates and what being late costs, by nbgrader's own rules.

nbgrader keeps a due date with the assignment and, where formgrader gave one, an extension with the submission; both
are UTC. When a submission is graded, its ``AssignLatePenalties`` asks the plugin that ``nbgrader_config.py`` names
(``c.AssignLatePenalties.plugin_class``) for a penalty and keeps it with the submitted notebook. The same plugin is
asked here, after each ``grader grade``, for the whole lesson: a due date that was moved counts for everybody, at once.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, MissingEntry
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy import select
from traitlets import Float

from course_lib.text import Text
from grader.course_folder import CONFIG, importable, read_config
from grader.feedback import FeedbackPages
from grader.gradebook import Book
from grader.transcript import Transcript, transcripts

BAD_DUE = Text(
    en="{given}: a due date is written with its hour and its distance from UTC, for example 2026-10-01T23:59+08:00.",
    zh="{given}：截止时间要写明钟点和时区，例如 2026-10-01T23:59+08:00。",
)
SEVERAL = Text(
    en="These submissions are of several lessons ({lessons}): say with --lesson whose due date --due gives.",
    zh="这里有多课的提交（{lessons}）：请用 --lesson 指明 --due 是哪一课的截止时间。",
)
MINUTES = Text(en="{minutes} min", zh="{minutes} 分钟")
HOURS = (Text(en="{hours} h", zh="{hours} 小时"), Text(en="{hours} h {minutes} min", zh="{hours} 小时 {minutes} 分钟"))
DAYS = (Text(en="{days} days", zh="{days} 天"), Text(en="{days} days {hours} h", zh="{days} 天 {hours} 小时"))


@dataclass(frozen=True)
class Late:
    """A submission that came after its due date. seconds: how late; penalty: in points; before: the penalty until
    now."""

    student: str
    lesson: str
    seconds: float
    penalty: float
    before: float


class PerDay(LateSubmissionPlugin):
    """Takes a share of the score for each day that is begun. To use it, say in ``nbgrader_config.py``::

    c.AssignLatePenalties.plugin_class = "grader.lateness.PerDay"
    c.PerDay.share = 0.1
    """

    share = Float(0.1, help="What each day takes, of the score that was reached.").tag(config=True)
    most = Float(1.0, help="What being late takes at most, of that score.").tag(config=True)
    grace = Float(0.0, help="Minutes that cost nothing.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        if total_seconds_late <= self.grace * 60:
            return None
        return float(score * min(self.share * math.ceil(total_seconds_late / 86400), self.most))


def read_due(given: str) -> datetime.datetime:
    """A due date as written for ``--due``. Raises ValueError where it is none, or does not say which hours it means."""
    try:
        due = datetime.datetime.fromisoformat(given.strip())
    except ValueError:
        due = None
    # Without its distance from UTC it would be another moment on another machine, and that costs marks.
    if due is None or due.tzinfo is None:
        raise ValueError(BAD_DUE.format(given=given).say("both"))
    return due


def settle(
    book: Book,
    lesson: str,
    config: Path,
    due: datetime.datetime | None = None,
    changed: Callable[[str, float], None] = lambda student, penalty: None,
) -> list[Late]:
    """Sets the due date, where one is given, and works out the penalties of a lesson anew; returns who is late.

    changed: called with each student whose penalty is another one now and that penalty, before it is saved: a run that
    is cut off does it again. Raises ValueError where the configuration cannot be read.
    """
    late: list[Late] = []
    with book.transaction() as db:
        try:
            assignment = db.find_assignment(lesson)
        except MissingEntry:  # nothing of it could be graded yet
            return []
        if due is not None:
            assignment.duedate = parse_utc(due)
        if assignment.duedate is None:
            return []
        with _plugin(config) as rule:
            for submission in db.assignment_submissions(lesson):
                seconds = float(submission.total_seconds_late)
                before = 0.0
                after = 0.0
                for notebook in submission.notebooks:
                    before += float(notebook.late_submission_penalty or 0.0)
                    notebook.late_submission_penalty = _penalty(rule, submission.student.id, notebook, seconds)
                    after += float(notebook.late_submission_penalty or 0.0)
                if not math.isclose(before, after, abs_tol=1e-9):
                    changed(submission.student.id, after)
                if seconds > 0:
                    late.append(Late(submission.student.id, lesson, seconds, after, before))
    return sorted(late, key=lambda one: one.student)


def settle_class(book: Book, out: Path, lessons: Iterable[str], due: datetime.datetime | None = None) -> list[Late]:
    """``settle`` for some lessons in a folder; the feedback page of everybody whose penalty changed is written anew."""
    late: list[Late] = []
    pages: list[FeedbackPages] = []
    for lesson in lessons:
        if due is None and not _has_due(book, lesson):
            continue
        now = transcripts(book, lesson)

        def again(student: str, penalty: float, now: Mapping[str, Transcript] = now) -> None:
            if not pages:
                pages.append(FeedbackPages())
            pages[0].rewrite(out, replace(now[student], penalty=penalty))

        late += settle(book, lesson, out / CONFIG, due, again)
    return late


def one_lesson(lessons: Collection[str]) -> None:
    """Raises ValueError where a due date would be that of several lessons at once."""
    if len(lessons) > 1:
        raise ValueError(SEVERAL.format(lessons=", ".join(sorted(lessons))).say("both"))


def _has_due(book: Book, lesson: str) -> bool:
    with book.transaction() as db:
        rows = select(Assignment.duedate).where(Assignment.name == lesson)
        return db.db.execute(rows).scalar() is not None


def in_words(seconds: float) -> Text:
    """How late, for people: in minutes up to an hour, in hours up to two days, else in days."""
    minutes = max(math.ceil(seconds / 60), 1)
    hours, rest = divmod(minutes, 60)
    days, some = divmod(hours, 24)
    words = MINUTES if minutes < 60 else HOURS[rest > 0] if hours < 48 else DAYS[some > 0]
    return words.format(minutes=rest, hours=hours if hours < 48 else some, days=days)


def _penalty(rule: AssignLatePenalties, student: str, notebook: Any, seconds: float) -> float | None:
    """As nbgrader's own preprocessor does it: none where it is not late, never more than was reached."""
    if seconds <= 0:
        return None
    penalty = rule.plugin_inst.late_submission_penalty(student, notebook.score, seconds)
    return None if penalty is None else rule._check_late_penalty(notebook, penalty)


@contextmanager
def _plugin(config: Path) -> Iterator[AssignLatePenalties]:
    """nbgrader's preprocessor with the plugin that a configuration names; one beside it can be imported meanwhile."""
    with importable(config.parent):
        rule = AssignLatePenalties(config=read_config(config))
        rule.init_plugin()
        yield rule

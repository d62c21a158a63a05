"""What the gradebook says of each student's work, a person's entries and late penalties included: for giving it back.

Read in a few questions for a whole lesson; nbgrader's objects would ask several times for each cell.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import select

from grader.gradebook import Book, final_score, said

Key = tuple[str, str]  # notebook, cell


@dataclass(frozen=True)
class Entry:
    """A graded cell. waiting: whether a person has yet to look at it; by_hand: whether one has."""

    score: float
    most: float
    waiting: bool = False
    by_hand: bool = False
    extra: float = 0.0


@dataclass
class Transcript:
    """One student's submission of a lesson. comments: by solution cell, automatic ones too; late: seconds; due: with
    the student's extension, UTC."""

    student: str
    lesson: str
    entries: dict[Key, Entry] = field(default_factory=dict)
    comments: dict[Key, str] = field(default_factory=dict)
    penalty: float = 0.0
    handed_in: datetime.datetime | None = None
    due: datetime.datetime | None = None

    @property
    def points(self) -> float:
        return sum(entry.score for entry in self.entries.values())

    @property
    def score(self) -> float:
        """What counts: the points less what being late costs."""
        return max(self.points - self.penalty, 0.0)

    @property
    def most(self) -> float:
        return sum(entry.most for entry in self.entries.values())

    @property
    def waiting(self) -> list[Key]:
        return [key for key, entry in self.entries.items() if entry.waiting]

    @property
    def late(self) -> float:
        if self.handed_in is None or self.due is None:
            return 0.0
        return max((self.handed_in - self.due).total_seconds(), 0.0)


def transcripts(book: Book, lesson: str) -> dict[str, Transcript]:
    """All submissions of a lesson, by student. Notebooks and cells stand in the order of their names: a server's rows
    have no order of their own."""
    with book.transaction() as db:
        session = db.db
        about = select(
            SubmittedAssignment.id,
            SubmittedAssignment.student_id,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
            Assignment.duedate,
        ).join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        found: dict[str, Transcript] = {}
        for row in session.execute(about.where(Assignment.name == lesson).order_by(SubmittedAssignment.student_id)):
            due = row.duedate + row.extension if row.duedate is not None and row.extension else row.duedate
            found[row.id] = Transcript(row.student_id, lesson, handed_in=row.timestamp, due=due)
        notebooks = select(
            SubmittedNotebook.id,
            SubmittedNotebook.assignment_id,
            SubmittedNotebook.late_submission_penalty,
            Notebook.name,
        ).join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        of: dict[str, tuple[Transcript, str]] = {}
        inside = select(Assignment.id).where(Assignment.name == lesson).scalar_subquery()
        for row in session.execute(notebooks.where(Notebook.assignment_id == inside)):
            of[row.id] = (found[row.assignment_id], row.name)
            found[row.assignment_id].penalty += float(row.late_submission_penalty or 0.0)
        points = {
            row.id: float(row.max_score)
            for kind in (GradeCell, TaskCell)
            for row in session.execute(select(kind.id, kind.max_score))
        }
        mine = select(SubmittedNotebook.id).join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        mine = mine.where(Notebook.assignment_id == inside)
        grades = select(
            Grade.notebook_id,
            Grade.cell_id,
            Grade.auto_score,
            Grade.manual_score,
            Grade.extra_credit,
            Grade.needs_manual_grade,
            BaseCell.name,
        ).join(BaseCell, BaseCell.id == Grade.cell_id)

        def place(row: Any) -> Key:
            return of[row.notebook_id][1], row.name

        for row in sorted(session.execute(grades.where(Grade.notebook_id.in_(mine))), key=place):
            transcript, notebook = of[row.notebook_id]
            by_hand = row.manual_score is not None or bool(row.extra_credit)
            transcript.entries[notebook, row.name] = Entry(
                final_score(row),
                points[row.cell_id],
                bool(row.needs_manual_grade),
                by_hand,
                float(row.extra_credit or 0.0),
            )
        comments = select(Comment.notebook_id, Comment.auto_comment, Comment.manual_comment, BaseCell.name).join(
            BaseCell, BaseCell.id == Comment.cell_id
        )
        for row in sorted(session.execute(comments.where(Comment.notebook_id.in_(mine))), key=place):
            if (words := said(row)) is not None and words.strip():
                transcript, notebook = of[row.notebook_id]
                transcript.comments[notebook, row.name] = words
    return {transcript.student: transcript for transcript in found.values()}


def names(book: Book) -> dict[str, Mapping[str, str]]:
    """Everybody in the gradebook, by id: first_name, last_name, email and lms_user_id, as far as they are known."""
    columns = ("first_name", "last_name", "email", "lms_user_id")
    with book.transaction() as db:
        rows = db.db.execute(select(Student.__table__).order_by(Student.id)).all()
    return {row.id: {column: getattr(row, column) or "" for column in columns} for row in rows}


def lessons(book: Book) -> list[str]:
    """The lessons that the gradebook knows, in the order of their names."""
    with book.transaction() as db:
        return sorted(db.db.execute(select(Assignment.name)).scalars())

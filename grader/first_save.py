"""A student's first submission of a lesson, written to nbgrader's tables row by row.

nbgrader's ``update_or_create_submission`` builds an object for every row and asks for a dozen computed columns while
it does; for a submission that is not there yet these six inserts leave the same rows behind in a tenth of the time.
Whatever is there already goes through nbgrader's own objects (grader.gradebook).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
    new_uuid,
)
from sqlalchemy import insert, select


@dataclass(frozen=True)
class Layout:
    """The ids that a lesson's rows refer to. grades: cell id and points by name; comments: cell id by name."""

    assignment: str
    notebook: str
    grades: Mapping[str, tuple[str, float]]
    comments: Mapping[str, str]


def layout(session: Any, lesson: str) -> Layout | None:
    """The layout of a lesson that is one notebook of its own name; None where the gradebook holds no such lesson."""
    names = select(Notebook.id, Notebook.assignment_id, Notebook.name).join(Assignment)
    found = session.execute(names.where(Assignment.name == lesson)).all()
    if [row.name for row in found] != [lesson]:
        return None
    notebook = found[0].id
    graded = {
        row.name: (row.id, float(row.max_score))
        for kind in (GradeCell, TaskCell)
        for row in session.execute(select(kind.id, kind.name, kind.max_score).where(kind.notebook_id == notebook))
    }
    commented = {
        row.name: row.id
        for kind in (SolutionCell, TaskCell)
        for row in session.execute(select(kind.id, kind.name).where(kind.notebook_id == notebook))
    }
    return Layout(found[0].assignment_id, notebook, graded, commented)


def is_first(session: Any, at: Layout, student: str) -> bool:
    """Whether the gradebook holds no submission of the lesson by this student."""
    there = select(SubmittedAssignment.id).where(
        SubmittedAssignment.assignment_id == at.assignment, SubmittedAssignment.student_id == student
    )
    return session.execute(there).first() is None


def insert_first(
    session: Any,
    at: Layout,
    student: str,
    grades: Mapping[str, Mapping[str, Any]],
    comments: Mapping[str, str | None],
    timestamp: datetime.datetime | None,
) -> None:
    """grades: column values by cell name; comments: automatic comments by cell name. Names that are left out get the
    rows that nbgrader would make. Commits nothing."""
    if session.execute(select(Student.id).where(Student.id == student)).first() is None:
        session.execute(insert(Student.__table__), [{"id": student}])
    submission, notebook = new_uuid(), new_uuid()
    about = {"id": submission, "assignment_id": at.assignment, "student_id": student, "timestamp": timestamp}
    session.execute(insert(SubmittedAssignment.__table__), [about])
    about = {"id": notebook, "assignment_id": submission, "notebook_id": at.notebook, "flagged": False}
    session.execute(insert(SubmittedNotebook.__table__), [about])
    rows = [
        {
            "id": new_uuid(),
            "cell_id": cell,
            "notebook_id": notebook,
            "auto_score": None,
            "needs_manual_grade": True,
            **grades.get(name, {}),
        }
        for name, (cell, _) in at.grades.items()
    ]
    if rows:
        session.execute(insert(Grade.__table__), rows)
    rows = [
        {"id": new_uuid(), "cell_id": cell, "notebook_id": notebook, "auto_comment": comments.get(name)}
        for name, cell in at.comments.items()
    ]
    if rows:
        session.execute(insert(Comment.__table__), rows)

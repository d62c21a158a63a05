"""What a gradebook holds, read through nbgrader's own objects, without the ids that differ from one to the next."""

from __future__ import annotations

from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy import text


def rows(url: str) -> dict[str, Any]:
    with Gradebook(url) as book:
        return {
            "courses": sorted(course.id for course in book.db.query(type(book.check_course())) if course.id),
            "version": book.db.execute(text("SELECT version_num FROM alembic_version")).scalar(),
            "students": sorted((s.id, s.last_name, s.first_name, s.email, s.lms_user_id) for s in book.students),
            "lessons": [
                (a.name, a.duedate, a.max_score, a.num_submissions, [_notebook(n) for n in a.notebooks])
                for a in book.assignments
            ],
            "submissions": sorted(
                _submission(s) for a in book.assignments for s in book.assignment_submissions(a.name)
            ),
        }


def _notebook(notebook: Any) -> Any:
    cells = sorted((c.name, c.cell_type, c.locked, c.source, c.checksum) for c in notebook.source_cells)
    return notebook.name, notebook.kernelspec, cells, sorted((c.name, c.max_score) for c in notebook.grade_cells)


def _submission(submission: Any) -> Any:
    about = submission.timestamp, submission.extension, submission.score, submission.needs_manual_grade
    penalty = str(sum(notebook.late_submission_penalty or 0.0 for notebook in submission.notebooks))
    return submission.student.id, str(about), penalty, sorted(_submitted(n) for n in submission.notebooks)


def _submitted(notebook: Any) -> Any:
    grades = sorted(
        (
            g.name,
            str(g.auto_score),
            str(g.manual_score),
            str(g.extra_credit),
            g.needs_manual_grade,
            g.score,
            g.max_score,
        )
        for g in notebook.grades
    )
    comments = sorted((c.name, str(c.auto_comment), str(c.manual_comment)) for c in notebook.comments)
    return notebook.name, notebook.flagged, str(notebook.late_submission_penalty), grades, comments

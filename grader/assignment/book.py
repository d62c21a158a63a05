"""An assignment in nbgrader's gradebook: of one notebook or several, through nbgrader's own objects."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Mapping
from typing import Any

from nbgrader.preprocessors import SaveCells

from grader.assignment.graded import Graded
from grader.assignment.source import Assignment
from grader.gradebook import CHANGED_LESSON, Book, GradebookError, Saved, final_score, said


def register(book: Book, assignment: Assignment) -> None:
    """Enters the assignment as ``nbgrader generate_assignment`` does.

    Raises GradebookError where submissions stand in the way of changed cells.
    """
    name = assignment.name
    with book.transaction() as db:
        db.update_or_create_assignment(name)
    for source in assignment.notebooks.values():
        resources = {"nbgrader": {"notebook": source.name, "assignment": name, "db_url": book.url}}
        try:
            SaveCells().preprocess(copy.deepcopy(source.released.notebook), resources)
        except RuntimeError:
            raise GradebookError(CHANGED_LESSON.format(lesson=name)) from None


def save(
    book: Book, assignment: str, student: str, parts: Mapping[str, Graded], timestamp: datetime.datetime | None
) -> dict[str, Saved]:
    """Saves a submission in one transaction. What a person entered is never touched. Returns what now stands there."""
    with book.transaction() as db:
        db.update_or_create_student(student)
        given = {"timestamp": timestamp} if timestamp is not None else {}
        with db.db.no_autoflush:
            submission = db.update_or_create_submission(assignment, student, **given)
        return {notebook.name: _one(notebook, parts[notebook.name]) for notebook in submission.notebooks}


def scores(book: Book, assignment: Assignment) -> dict[str, dict[str, float]]:
    """Final scores by student and graded cell, as receipts call it."""
    found: dict[str, dict[str, float]] = {}
    with book.transaction() as db:
        for submission in db.assignment_submissions(assignment.name):
            found[submission.student.id] = {
                f"{n.name}.{g.name}" if len(assignment.notebooks) > 1 else g.name: final_score(g)
                for n in submission.notebooks
                for g in n.grades
            }
    return found


def _one(notebook: Any, part: Graded) -> Saved:
    for grade in notebook.grades:
        before, grade.auto_score = grade.auto_score, part.scores.get(grade.name)
        overruled = grade.manual_score is not None and before != grade.auto_score
        if grade.manual_score is None or overruled:
            grade.needs_manual_grade = bool(grade.auto_score is None or overruled)
    for comment in notebook.comments:
        comment.auto_comment = "No response." if comment.name in part.unanswered else None
    return Saved(
        {grade.name: final_score(grade) for grade in notebook.grades},
        {grade.name: float(grade.cell.max_score) for grade in notebook.grades},
        {comment.name: said(comment) for comment in notebook.comments},
        float(notebook.late_submission_penalty or 0.0),
    )

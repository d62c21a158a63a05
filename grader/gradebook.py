"""The one place that writes nbgrader's gradebook, through nbgrader's own API."""

from __future__ import annotations

import contextlib
import copy
import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import nbgrader
import nbgrader.api
from nbgrader.api import (
    Assignment,
    BaseCell,
    Course,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import parse_utc
from sqlalchemy import select

from course_lib.text import Text
from grader import first_save
from grader.released import Released
from grader.roster import Student
from grader.whereabouts import (
    GradebookError,
    chosen,
    file_of,
    reached,
    read_url,
    ready,
    told,
    write_down,
)

NO_RESPONSE = Text(en="No response.", zh="没有作答。")
CHANGED_LESSON = Text(
    en="Lesson {lesson} has other graded cells than when this gradebook was begun, and it already holds submissions. "
    "Grade into a new folder, or remove the lesson from the gradebook with `nbgrader db assignment remove`.",
    zh="课程 {lesson} 的计分单元格与建立这本成绩册时不同，而成绩册里已有提交。请换一个输出文件夹，"
    "或用 `nbgrader db assignment remove` 从成绩册中移除该课。",
)


@dataclass(frozen=True)
class Saved:
    """What the gradebook holds of a submission after saving: final scores (a person's where there is one), the points
    of each graded cell, comments by solution cell, and what being late costs."""

    scores: Mapping[str, float]
    points: Mapping[str, float]
    comments: Mapping[str, str | None]
    late_penalty: float = 0.0

    @property
    def score(self) -> float:
        return sum(self.scores.values())

    @property
    def max_score(self) -> float:
        return sum(self.points.values())


class Book:
    """An open gradebook. Use as a context manager; one process at a time writes it.

    Raises GradebookError where it is on a server that cannot be reached, GradebookGone once it no longer can.
    """

    def __init__(self, url: str, course_id: str = "") -> None:
        self.url = ready(read_url(url))
        with _version_at_hand(), reached(self.url):
            self._db = Gradebook.__new__(Gradebook)
            try:
                self._db.__init__(self.url, course_id)
                if file_of(self.url) is None:
                    self._enter_course(course_id)
            except BaseException:
                if hasattr(self._db, "db"):  # nobody else would hang up
                    self._db.close()
                raise
        self._layouts: dict[str, first_save.Layout | None] = {}

    @classmethod
    def at(cls, path: Path) -> Book:
        """The gradebook in a file, made where there is none."""
        return cls(f"sqlite:///{path.resolve()}")

    @classmethod
    def of(cls, out: Path, given: str | None = None) -> Book:
        """The gradebook of a folder, made where there is none. given: the URL of a folder's that has none yet; it is
        written down there once it was reached.

        Raises GradebookError where the folder has another one, or it cannot be opened.
        """
        url = chosen(out, given)
        book = cls(url)
        if given is not None:
            write_down(out, url)
        return book

    def _enter_course(self, course_id: str) -> None:
        """nbgrader gives lessons to the course '' where it was told of none, and never enters that course: SQLite does
        not look, a server refuses the lesson."""
        with self.transaction() as db:
            if db.db.get(Course, course_id) is None:
                db.db.add(Course(id=course_id))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def register(self, released: Released) -> None:
        """Enters a lesson as ``nbgrader generate_assignment`` does; nothing is written where nothing changed.

        Raises GradebookError where submissions stand in the way of changed cells.
        """
        lesson = released.lesson_id
        if self._registered(released):
            return
        self._layouts.clear()
        with self.transaction() as db:
            db.update_or_create_assignment(lesson)
        resources = {"nbgrader": {"notebook": lesson, "assignment": lesson, "db_url": self.url}}
        try:
            with told(self.url):  # nbgrader's preprocessor opens a session of its own
                SaveCells().preprocess(copy.deepcopy(released.notebook), resources)
        except RuntimeError:
            raise GradebookError(CHANGED_LESSON.format(lesson=lesson)) from None

    def enrol(self, students: Iterable[Student]) -> None:
        """Enters people with their names, as ``nbgrader db student import`` does. What the roster leaves empty stays as
        it is, and nothing is written where nothing changed."""
        columns = ("first_name", "last_name", "email", "lms_user_id")
        with self.transaction() as db:
            known = {row.id: row for row in db.db.execute(select(nbgrader.api.Student.__table__))}
        given = {
            s.key: dict(zip(columns, (s.first_name, s.last_name, s.email, s.canvas), strict=True)) for s in students
        }
        with self.transaction() as db:
            for student, about in given.items():
                row = known.get(student)
                new = {key: word for key, word in about.items() if word and (row is None or getattr(row, key) != word)}
                if row is None or new:
                    db.update_or_create_student(student, **new)

    def save(
        self,
        lesson: str,
        student: str,
        scores: Mapping[str, float | None],
        unanswered: frozenset[str] = frozenset(),
        review: frozenset[str] = frozenset(),
        timestamp: datetime.datetime | None = None,
    ) -> Saved:
        """Saves a submission's scores in one transaction: all of it, or nothing.

        scores: by check cell; None waits for a person. review: check cells that a person should look at.
        What a person entered (manual scores, extra credit, comments) is never touched. Returns what now stands there.
        """
        lesson_rows = self._layout(lesson)
        with self.transaction() as db:
            if lesson_rows is not None and first_save.is_first(db.db, lesson_rows, student):
                return self._first(lesson_rows, student, scores, unanswered, review, timestamp)
            db.update_or_create_student(student)
            given = {"timestamp": timestamp} if timestamp is not None else {}
            with db.db.no_autoflush:  # nbgrader builds a submission from parts that SQLAlchemy would flush too early
                submission = db.update_or_create_submission(lesson, student, **given)
            notebook = next(n for n in submission.notebooks if n.name == lesson)
            for grade in notebook.grades:
                if grade.name not in scores:
                    continue
                before, grade.auto_score = grade.auto_score, scores[grade.name]
                overruled = grade.manual_score is not None and before != grade.auto_score
                if grade.manual_score is None or overruled:
                    grade.needs_manual_grade = bool(grade.auto_score is None or overruled or grade.name in review)
            for comment in notebook.comments:
                comment.auto_comment = NO_RESPONSE.say("both", " / ") if comment.name in unanswered else None
            return Saved(
                {grade.name: final_score(grade) for grade in notebook.grades},
                {grade.name: float(grade.cell.max_score) for grade in notebook.grades},
                {c.name: said(c) for c in notebook.comments},
                float(notebook.late_submission_penalty or 0.0),
            )

    def _first(
        self,
        at: first_save.Layout,
        student: str,
        scores: Mapping[str, float | None],
        unanswered: frozenset[str],
        review: frozenset[str],
        timestamp: datetime.datetime | None,
    ) -> Saved:
        grades = {
            name: {"auto_score": score, "needs_manual_grade": score is None or name in review}
            for name, score in scores.items()
        }
        said = {name: NO_RESPONSE.say("both", " / ") if name in unanswered else None for name in at.comments}
        first_save.insert_first(self._db.db, at, student, grades, said, timestamp and parse_utc(timestamp))
        final = {name: float(scores.get(name) or 0.0) for name in at.grades}
        return Saved(final, {name: points for name, (_, points) in at.grades.items()}, said)

    def _layout(self, lesson: str) -> first_save.Layout | None:
        if lesson not in self._layouts:
            with self.transaction() as db:
                self._layouts[lesson] = first_save.layout(db.db, lesson)
        return self._layouts[lesson]

    def students(self, lesson: str) -> frozenset[str]:
        """The students whose submission of a lesson is in the book."""
        rows = select(SubmittedAssignment.student_id).join(Assignment).where(Assignment.name == lesson)
        with self.transaction() as db:
            return frozenset(db.db.execute(rows).scalars())

    def remove(self, student: str) -> bool:
        """Removes a student with every submission, score and comment, through nbgrader's own API, in one transaction.
        Says whether there was anything."""
        with self.transaction() as db:
            try:
                db.find_student(student)
            except MissingEntry:
                return False
            db.remove_student(student)
        return True

    def scores_of(self, lessons: Iterable[str]) -> dict[tuple[str, str], dict[str, float]]:
        """``scores`` of several lessons, by (lesson, student)."""
        return {(lesson, student): found for lesson in lessons for student, found in self.scores(lesson).items()}

    def scores(self, lesson: str) -> dict[str, dict[str, float]]:
        """Final scores (a person's where there is one) by student and graded cell."""
        rows = (
            select(
                SubmittedAssignment.student_id,
                BaseCell.name,
                Grade.auto_score,
                Grade.manual_score,
                Grade.extra_credit,
            )
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .where(Assignment.name == lesson)
        )
        found: dict[str, dict[str, float]] = {student: {} for student in sorted(self.students(lesson))}
        with self.transaction() as db:
            for row in sorted(db.db.execute(rows), key=lambda row: str(row.name)):  # a server's rows have no order
                found[row.student_id][row.name] = final_score(row)
        return found

    def _registered(self, released: Released) -> bool:
        with self.transaction() as db:
            try:
                notebook = db.find_notebook(released.lesson_id, released.lesson_id)
            except MissingEntry:
                return False
            known = {c.name: (c.cell_type, c.locked, c.source, c.checksum) for c in notebook.source_cells}
            points = {c.name: c.max_score for c in notebook.grade_cells}
        slots = {key: slot for key, slot in released.slots.items() if slot.kind != "setup"}
        wanted = {
            key: (s.cell.cell_type, s.kind in ("check", "locked"), s.cell.source, s.cell.metadata.nbgrader["checksum"])
            for key, s in slots.items()
        }
        worth = {key: released.points(key) for key, s in slots.items() if s.kind in ("check", "written")}
        return known == wanted and points == worth

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Any]:
        """nbgrader's API with its commits put off to the end of the block, and undone where the block fails. Reading,
        too: a server may hang up on a transaction that stays open while submissions run."""
        session = self._db.db
        commit = session.commit
        session.commit = session.flush
        with told(self.url):
            try:
                yield self._db
                commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                del session.commit  # the class's own comes to light again
                session.remove()


def final_score(grade: Any) -> float:
    """A grade's score as nbgrader's own ``Grade.score`` works it out, without asking the database once more."""
    given = grade.manual_score if grade.manual_score is not None else grade.auto_score
    return float(given or 0.0) + float(grade.extra_credit or 0.0)


def said(comment: Any) -> str | None:
    said = comment.manual_comment if comment.manual_comment is not None else comment.auto_comment
    return None if said is None else str(said)


@contextlib.contextmanager
def _version_at_hand() -> Iterator[None]:
    """A new database is marked with the version of nbgrader's tables. nbgrader asks the `alembic` program for it, which
    takes two seconds to start and need not be on the path; the same library says it here."""
    asked = nbgrader.api.get_alembic_version
    nbgrader.api.get_alembic_version = _alembic_version
    try:
        yield
    finally:
        nbgrader.api.get_alembic_version = asked


def _alembic_version() -> str:
    from alembic.script import ScriptDirectory

    (head,) = ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic")).get_heads()
    return str(head)

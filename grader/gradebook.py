"""The one place that writes nbgrader's gradebook, through nbgrader's own API."""

from __future__ import annotations

import contextlib
import copy
import datetime
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import SaveCells

from course_lib.text import Text
from grader.released import Released

NO_RESPONSE = Text(en="No response.", zh="没有作答。")
CHANGED_LESSON = Text(
    en="Lesson {lesson} has other graded cells than when this gradebook was begun, and it already holds submissions. "
    "Grade into a new folder, or remove the lesson from the gradebook with `nbgrader db assignment remove`.",
    zh="课程 {lesson} 的计分单元格与建立这本成绩册时不同，而成绩册里已有提交。请换一个输出文件夹，"
    "或用 `nbgrader db assignment remove` 从成绩册中移除该课。",
)


class GradebookError(Exception):
    """The gradebook cannot take what it is given; ``text`` says why, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.say("both"))
        self.text = text


class Book:
    """An open gradebook. Use as a context manager; one process at a time writes it."""

    def __init__(self, url: str, course_id: str = "") -> None:
        self.url = url
        with _scripts_on_path():  # a new database asks the `alembic` program for its version
            self._db = Gradebook(url, course_id)

    @classmethod
    def at(cls, path: Path) -> Book:
        """The gradebook in a file, made where there is none."""
        return cls(f"sqlite:///{path.resolve()}")

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
        self._db.update_or_create_assignment(lesson)
        resources = {"nbgrader": {"notebook": lesson, "assignment": lesson, "db_url": self.url}}
        self._db.db.remove()  # nbgrader's preprocessor opens a session of its own
        try:
            SaveCells().preprocess(copy.deepcopy(released.notebook), resources)
        except RuntimeError:
            raise GradebookError(CHANGED_LESSON.format(lesson=lesson)) from None

    def save(
        self,
        lesson: str,
        student: str,
        scores: Mapping[str, float | None],
        unanswered: frozenset[str] = frozenset(),
        review: frozenset[str] = frozenset(),
        timestamp: datetime.datetime | None = None,
    ) -> None:
        """Saves a submission's scores in one transaction: all of it, or nothing.

        scores: by check cell; None waits for a person. review: check cells that a person should look at.
        What a person entered (manual scores, extra credit, comments) is never touched.
        """
        with self._transaction() as db:
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

    def holds(self, lesson: str, student: str) -> bool:
        """Whether a student's submission is in the book."""
        try:
            self._db.find_submission(lesson, student)
        except MissingEntry:
            return False
        return True

    def scores(self, lesson: str) -> dict[str, dict[str, float]]:
        """Final scores (a person's where there is one) by student and graded cell."""
        try:
            submissions = self._db.assignment_submissions(lesson)
        except MissingEntry:
            return {}
        return {
            s.student.id: {g.name: float(g.score) for n in s.notebooks for g in n.grades if g.score is not None}
            for s in submissions
        }

    def _registered(self, released: Released) -> bool:
        try:
            notebook = self._db.find_notebook(released.lesson_id, released.lesson_id)
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
    def _transaction(self) -> Iterator[Any]:
        """nbgrader's API with its commits put off to the end of the block, and undone where the block fails."""
        session = self._db.db
        commit = session.commit
        session.commit = session.flush
        try:
            yield self._db
            commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.commit  # the class's own comes to light again
            session.remove()


@contextlib.contextmanager
def _scripts_on_path() -> Iterator[None]:
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before

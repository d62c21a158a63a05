"""The gradebook is nbgrader's: registered as nbgrader does, one transaction each, a person's entries untouched."""

from __future__ import annotations

import copy
import datetime
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import SaveCells

from grader import first_save
from grader.gradebook import Book, GradebookError
from grader.released import Released
from grader.roster import Student
from tests.grading.toy import LESSON

SCORES = {"double-check": 2.0, "total-check": 1.0}


@pytest.fixture(scope="module")
def begun(released: Released, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook with the lesson in it, to copy: making a new one takes a second."""
    path = tmp_path_factory.mktemp("begun") / "gradebook.db"
    with Book.at(path) as book:
        book.register(released)
    return path


@pytest.fixture
def url(begun: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(begun, tmp_path / 'gradebook.db')}"


@pytest.fixture
def book(url: str) -> Iterator[Book]:
    with Book(url) as opened:
        yield opened


def grade_of(url: str, student: str, cell: str = "double-check") -> Any:
    with Gradebook(url) as db:
        grade = db.find_grade(cell, LESSON, LESSON, student)
        return grade.auto_score, grade.manual_score, grade.score, grade.needs_manual_grade


def test_it_registers_what_nbgraders_own_preprocessor_registers(
    book: Book, url: str, released: Released, tmp_path: Path
) -> None:
    theirs = f"sqlite:///{tmp_path / 'theirs.db'}"
    Book(theirs).__exit__()
    with Gradebook(theirs) as db:
        db.add_assignment(LESSON)
    about = {"notebook": LESSON, "assignment": LESSON, "db_url": theirs}
    SaveCells().preprocess(copy.deepcopy(released.notebook), {"nbgrader": about})

    def held(place: str) -> Any:
        with Gradebook(place) as db:
            notebook = db.find_notebook(LESSON, LESSON)
            cells = {c.name: (c.cell_type, c.locked, c.source, c.checksum) for c in notebook.source_cells}
            points = {c.name: c.max_score for c in notebook.grade_cells}
            return cells, points, {c.name for c in notebook.solution_cells}, notebook.kernelspec

    assert held(url) == held(theirs)
    assert held(url)[1] == {"double-check": 3.0, "total-check": 2.0}


def test_a_new_gradebook_needs_no_program_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    with Book.at(tmp_path / "new.db") as book:
        assert "ann" not in book.students(LESSON)


def test_scores_are_saved_and_saved_again(book: Book, url: str) -> None:
    book.save(LESSON, "ann", SCORES)
    assert grade_of(url, "ann") == (2.0, None, 2.0, False)
    book.save(LESSON, "ann", {**SCORES, "double-check": 3.0})
    assert grade_of(url, "ann") == (3.0, None, 3.0, False)
    assert book.scores(LESSON) == {"ann": {"double-check": 3.0, "total-check": 1.0}}


def test_what_a_person_entered_is_never_touched(book: Book, url: str) -> None:
    book.save(LESSON, "ann", SCORES, unanswered=frozenset({"double"}))
    with Gradebook(url) as db:
        grade = db.find_grade("double-check", LESSON, LESSON, "ann")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 2.5, 0.5, False
        comment = db.find_comment("double", LESSON, LESSON, "ann")
        assert comment.auto_comment.startswith("No response.")
        comment.manual_comment = "well tried"
        db.db.commit()
    book.save(LESSON, "ann", SCORES)
    assert grade_of(url, "ann") == (2.0, 2.5, 3.0, False)
    book.save(LESSON, "ann", {**SCORES, "double-check": 0.0})
    assert grade_of(url, "ann") == (0.0, 2.5, 3.0, True)  # the ground has shifted: look at it again
    book.save(LESSON, "ann", {**SCORES, "double-check": 0.0})
    assert grade_of(url, "ann")[3] is True  # nobody has looked yet
    with Gradebook(url) as db:
        comment = db.find_comment("double", LESSON, LESSON, "ann")
        assert (comment.comment, comment.auto_comment) == ("well tried", None)


def test_a_score_that_waits_for_a_person_is_marked(book: Book, url: str) -> None:
    book.save(LESSON, "ann", {**SCORES, "double-check": None})
    assert grade_of(url, "ann") == (None, None, 0.0, True)
    book.save(LESSON, "bo", SCORES, review=frozenset({"double-check"}))
    assert grade_of(url, "bo") == (2.0, None, 2.0, True)


def test_a_submission_is_saved_whole_or_not_at_all(book: Book, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Breaks(dict[str, float | None]):
        def __getitem__(self, key: str) -> float | None:
            if key == "total-check":
                raise RuntimeError("the power went")
            return super().__getitem__(key)

    with monkeypatch.context() as patched:
        patched.setattr(first_save, "Comment", None)  # the last of the inserts
        with pytest.raises(AttributeError):
            book.save(LESSON, "ann", SCORES)
    assert "ann" not in book.students(LESSON)
    with Gradebook(url) as db, pytest.raises(MissingEntry):
        db.find_student("ann")
    book.save(LESSON, "ann", SCORES)
    assert "ann" in book.students(LESSON)
    with pytest.raises(RuntimeError):
        book.save(LESSON, "ann", Breaks({**SCORES, "double-check": 0.0}))
    assert grade_of(url, "ann") == (2.0, None, 2.0, False)


def test_a_first_save_leaves_the_rows_that_nbgraders_own_calls_leave(
    book: Book, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    when = datetime.datetime(2026, 11, 20, 8, 30, tzinfo=datetime.UTC)
    given = {"unanswered": frozenset({"double"}), "review": frozenset({"total-check"}), "timestamp": when}
    fast = book.save(LESSON, "ann", {**SCORES, "double-check": None}, **given)  # type: ignore[arg-type]
    with monkeypatch.context() as patched:
        patched.setattr(first_save, "is_first", lambda *_: False)
        slow = book.save(LESSON, "bo", {**SCORES, "double-check": None}, **given)  # type: ignore[arg-type]
    assert fast == slow

    def rows(student: str) -> list[Any]:
        with Gradebook(url) as db:
            submission = db.find_submission(LESSON, student)
            notebook = submission.notebooks[0]
            return [
                {**g.to_dict(), "id": "", "student": ""}
                for cells in (notebook.grades, notebook.comments)
                for g in sorted(cells, key=lambda g: g.name)
            ] + [submission.timestamp, submission.score, submission.needs_manual_grade, notebook.flagged]

    assert rows("ann") == rows("bo")


def test_registering_again_writes_nothing(book: Book, released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    book.save(LESSON, "ann", SCORES)
    monkeypatch.setattr(SaveCells, "preprocess", None)
    book.register(released)


def test_new_points_are_taken_over_and_new_cells_refused(book: Book, released: Released) -> None:
    book.save(LESSON, "ann", SCORES)
    changed = copy.deepcopy(released.notebook)
    for cell in changed.cells:
        if cell.id == "double-check":
            cell.metadata.nbgrader["points"] = 7.0
    book.register(Released(LESSON, changed))
    for cell in changed.cells:
        if cell.id == "double-check":
            cell.metadata.nbgrader["grade_id"] = "other-check"
    with pytest.raises(GradebookError, match="other graded cells"):
        book.register(Released(LESSON, changed))


def test_the_roster_gives_the_names_that_formgrader_shows(book: Book, url: str) -> None:
    book.save(LESSON, "20260001", SCORES)
    ann = Student("20260002", "Ann Lee", "Ann", "Lee", "ann@uni.example", canvas="4712")
    book.enrol([Student("20260001", "王小明", "小明", "王"), ann])
    book.enrol([Student("20260002", first_name="Anna"), Student("a b")])
    with Gradebook(url) as db:
        known = {s.id: (s.last_name, s.first_name, s.email, s.lms_user_id) for s in db.students}
        assert db.find_student("20260001").submissions  # the student that was there already, not another one
    assert known == {
        "20260001": ("王", "小明", None, None),
        "20260002": ("Lee", "Anna", "ann@uni.example", "4712"),
        "a_b": (None, None, None, None),
    }

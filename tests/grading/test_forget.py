"""A student who is removed is removed from every byte, also from a run that was killed half-way."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from grader import forget as module
from grader.cli import main
from grader.course import Course
from grader.forget import ForgetError, find, forget
from grader.returning import Wanted, return_class
from grader.roster import Roster
from tests.grading import returned, toy
from tests.grading.returned import ANN, BO, ROSTER, WANG

EXPORT = (
    "Student,ID,SIS User ID,SIS Login ID,Section,01_toy (9)\n    Points Possible,,,,,5\n"
    f'"Lee, Ann",4712,{ANN},ann,A,\n"小明 王",4711,{WANG},wang,A,\n"cmd, x",4713,{BO},bo,A,\n'
)
ROWS = f"id,name,email\n{WANG},王小明,wang@uni.example\n{ANN},Ann Lee,ann@uni.example\n"
TRACES = {WANG: (WANG, "王小明", "小明", "wang@uni.example"), ANN: (ANN, "Ann Lee", "Lee, Ann", "leeann", "ann@uni")}


@pytest.fixture
def full(class_out: Path, at_course: Course, tmp_path: Path) -> Path:
    """The class with everything that may hold a student's name: a page back, a roster, a log, a history."""
    (tmp_path / "export.csv").write_text(EXPORT, encoding="utf-8")
    return_class(class_out, Wanted(roster=ROSTER, canvas=tmp_path / "export.csv"))
    (class_out / "students.csv").write_text(ROWS, encoding="utf-8")
    (class_out / ".nbgrader.log").write_text(f"began\nautograding {WANG}\nautograding {ANN}\nended\n")
    for student in (WANG, ANN):
        path = class_out / "history" / toy.LESSON / f"{student}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"student": student}) + "\n")
    # The report of a lesson that nobody else handed in would not be written over.
    (class_out / "report/02_more.json").write_text(json.dumps([WANG, "Ann Lee", ANN]))
    return class_out


def blobs(path: Path) -> bytes:
    """A file's bytes and, of a zip, those of all that is in it, also in a zip in it."""
    found = [path.read_bytes()]
    waiting = [path] if zipfile.is_zipfile(path) else []
    for one in waiting:
        with zipfile.ZipFile(one) as archive:
            for info in archive.infolist():
                found += [info.filename.encode(), archive.read(info)]
    return b"\0".join(found)


def traces(out: Path, student: str) -> set[tuple[str, str]]:
    """(file, word) for every word of a student that is anywhere under a folder, as text, in HTML or in JSON."""
    met = set()
    for path in returned.files(out):
        blob = blobs(path)
        for word in TRACES[student]:
            if any(form in blob for form in (word.encode(), json.dumps(word)[1:-1].encode())) or word in str(path):
                met.add((str(path.relative_to(out)), word))
    return met


@pytest.mark.parametrize("student", [WANG, ANN])
def test_nothing_is_left_in_any_byte(full: Path, student: str) -> None:
    other = ANN if student == WANG else WANG
    before, others = traces(full, student), traces(full, other)
    assert {path for path, _ in before} >= {"gradebook.db", "grades.csv", "return/grades-canvas.csv", "students.csv"}
    done = CliRunner().invoke(main, ["forget", str(full), student, "--yes"])
    assert done.exit_code == 0, done.output
    assert traces(full, student) == set()
    # All others keep everything, but for the report, which is made anew.
    kept = {one for one in others if not one[0].startswith("report/")}
    assert {one for one in traces(full, other) if not one[0].startswith("report/")} == kept
    assert (full / "report/index.html").is_file()
    with Gradebook(f"sqlite:///{full / 'gradebook.db'}") as db:
        assert {one.id for one in db.students} == {WANG, ANN, BO, returned.EVE} - {student}
    assert (full / ".nbgrader.log").read_text() == f"began\nautograding {other}\nended\n"


def test_a_database_that_keeps_removed_rows_is_written_anew(full: Path) -> None:
    with closing(sqlite3.connect(full / "gradebook.db")) as database:
        database.execute("PRAGMA secure_delete=OFF")  # as SQLite is built on most machines
        database.execute("CREATE TABLE once (words TEXT)")
        database.executemany("INSERT INTO once VALUES (?)", [(WANG,)] * 5000)
        database.execute("DROP TABLE once")
        database.commit()
    forget(full, find(full, WANG))
    assert traces(full, WANG) == set()


def test_a_dry_run_lists_it_and_changes_nothing(full: Path) -> None:
    before = {path: path.read_bytes() for path in returned.files(full)}
    done = CliRunner().invoke(main, ["forget", str(full), WANG, "--dry-run"])
    assert done.exit_code == 0, done.output
    for words in ("receipts/01_toy", "submitted/", "gradebook.db", "grades.csv  (1)", "feedback-moodle.zip  (1)"):
        assert words in done.output
    assert {path: path.read_bytes() for path in returned.files(full)} == before


def test_it_asks_first(full: Path) -> None:
    before = {path: path.read_bytes() for path in returned.files(full)}
    done = CliRunner().invoke(main, ["forget", str(full), WANG], input="n\n")
    assert done.exit_code == 1
    assert f"确定永久删除 {WANG} 吗" in done.output
    assert {path: path.read_bytes() for path in returned.files(full)} == before
    assert CliRunner().invoke(main, ["forget", str(full), WANG], input="y\n").exit_code == 0
    assert traces(full, WANG) == set()


@pytest.mark.parametrize(("given", "near"), [("20260009", WANG), ("Ann Le", ANN), ("王小", WANG), ("zzzzzz", "nobody")])
def test_an_unknown_student_is_said_with_the_nearest_ids(full: Path, given: str, near: str) -> None:
    done = CliRunner().invoke(main, ["forget", str(full), given, "--yes"])
    assert done.exit_code == 1
    assert near in done.output
    assert "里没有" in done.output
    assert not (full / module.NOTE).exists()


STEPS = ("records", "folders", "gradebook", "tables", "logs", "zips", "report", "vacuum")


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_was_killed_is_finished_by_the_next(full: Path, step: str) -> None:
    def killed(done: str) -> None:
        if done == step:
            raise KeyboardInterrupt

    person = find(full, WANG)
    with pytest.raises(KeyboardInterrupt):
        forget(full, person, done=killed)
    assert (full / module.NOTE).is_file()
    done = CliRunner().invoke(main, ["forget", str(full), WANG, "--yes"])  # with no more than the id
    assert done.exit_code == 0, done.output
    assert traces(full, WANG) == set()
    assert (full / "report/index.html").is_file()
    assert CliRunner().invoke(main, ["forget", str(full), WANG, "--yes"]).exit_code == 1  # there is nobody now


def test_a_report_that_was_being_made_is_made_by_the_next(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(module, "write_report", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            forget(full, find(full, WANG))
    forget(full, find(full, WANG))
    assert (full / "report/index.html").is_file()


def test_somebody_of_the_same_name_keeps_everything(full: Path) -> None:
    with Gradebook(f"sqlite:///{full / 'gradebook.db'}") as db:
        db.update_or_create_student("20260077", first_name="小明", last_name="王")
    (full / "students.csv").write_text(f"{ROWS}20260077,王小明,other@uni.example\n", encoding="utf-8")
    person = find(full, WANG)
    assert "王小明" not in person.words
    forget(full, person)
    assert (full / "students.csv").read_text("utf-8").splitlines()[1:] == [
        f"{ANN},Ann Lee,ann@uni.example",
        "20260077,王小明,other@uni.example",
    ]


@pytest.mark.parametrize("written", ['"=""20260001"""', "'20260001", " 20260001 "])
def test_a_line_goes_however_a_spreadsheet_wrote_the_id(full: Path, written: str) -> None:
    namesake = "20260077,王小明"  # so that the name alone does not say whose a line is
    (full / "students.csv").write_text(f"id,name\n{written},王小明\n{namesake}\n", encoding="utf-8")
    forget(full, find(full, WANG))
    assert (full / "students.csv").read_text("utf-8") == f"id,name\n{namesake}\n"


def test_a_line_goes_whose_accents_a_mac_took_apart(full: Path) -> None:
    (full / "students.csv").write_text(f"id,name\n{ANN},Ána Núñez\n", encoding="utf-8")
    (full / "groups.csv").write_text(unicodedata.normalize("NFD", "name,group\nÁna Núñez,1\nBo,2\n"), encoding="utf-8")
    forget(full, find(full, ANN))
    assert (full / "groups.csv").read_text("utf-8") == "name,group\nBo,2\n"


def test_what_cannot_be_judged_is_named(full: Path) -> None:
    (full / "notes.txt").write_text(f"talked to {WANG}")
    (full / "numbers.txt").write_text(f"9{WANG} and {WANG}9")  # other numbers
    done = CliRunner().invoke(main, ["forget", str(full), WANG, "--yes"])
    assert done.exit_code == 1
    assert "notes.txt" in done.output
    assert "numbers.txt" not in done.output
    assert (full / "notes.txt").read_text() == f"talked to {WANG}"


def test_a_gradebook_that_is_in_use_is_said(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(module.sqlite3, "connect", lambda path: connect(path, timeout=0))
    person = find(full, WANG)

    def hold(step: str) -> None:
        if step == "report":
            held.execute("BEGIN IMMEDIATE")

    with closing(connect(full / "gradebook.db", isolation_level=None)) as held:
        with pytest.raises(ForgetError, match=r"(?s)in use: close formgrader.*正在使用"):
            forget(full, person, done=hold)
        held.execute("ROLLBACK")
    forget(full, find(full, WANG))
    assert traces(full, WANG) == set()


def test_grading_again_without_them_finds_nothing_of_them(full: Path, course: Course, tmp_path: Path) -> None:
    forget(full, find(full, WANG))
    place = returned.make_class(tmp_path / "in", course)
    (place / returned.MOODLE_FILE).unlink()
    (place / returned.MOODLE_FILE).parent.rmdir()
    outcome = returned.grade(place, full, course, Roster(tuple(s for s in ROSTER if s.key != WANG)))
    assert outcome.graded == []
    assert traces(full, WANG) == set()

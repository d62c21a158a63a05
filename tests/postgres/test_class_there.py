"""A class graded into PostgreSQL: as into SQLite, row by row, and every command finds it there."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from sqlalchemy import create_engine, inspect, text

from grader import batch
from grader.cli import main
from grader.course import Course
from grader.course_folder import CONFIG, read_config
from grader.gradebook import Book
from grader.whereabouts import url_of
from tests.grading import returned, toy
from tests.grading.returned import ANN, BO, EVE, FakePool
from tests.grading.test_dry_run import tree
from tests.postgres.rows import rows
from tests.postgres.server import PASSWORD, Server

pytestmark = pytest.mark.postgres
ANSWERS = {
    "double": (toy.DOUBLE, toy.DOUBLE.replace("2 *", "-2 *"), toy.DOUBLE.replace("2 * x", "x + 1"), None),
    "total": (toy.TOTAL, toy.TOTAL.replace("np.sum", "np.max"), None),
}
LATE = """
get_config().AssignLatePenalties.plugin_class = "grader.lateness.PerDay"
get_config().PerDay.share = 0.1
"""
DUE = "2026-10-01T23:59+08:00"  # BO's came on the day after, by the time beside it


@pytest.fixture
def place(course: Course, tmp_path: Path) -> Path:
    """Those of tests.grading.returned, with their names and times, and twelve more, each a little different."""
    arrived = returned.make_class(tmp_path / "arrived", course)
    for number in range(12):
        chosen = {
            name: several[number // step % len(several)]
            for step, (name, several) in zip((1, 4), ANSWERS.items(), strict=True)
        }
        notebook = toy.answered(course, {name: f"{a}\n# {number}" for name, a in chosen.items() if a is not None})
        toy.hand_in(arrived, f"student_{number:02}", notebook)
    toy.hand_in(arrived, "broken", b'{"cells": [')
    roster = ["id,name,first_name,last_name,email"]
    roster += [f"{s.id},{s.name},{s.first_name},{s.last_name},{s.email}" for s in returned.ROSTER if s.id != BO]
    roster += [f"{name}," * 2 + ",," for name in (BO, "broken", *(f"student_{n:02}" for n in range(12)))]
    (tmp_path / "students.csv").write_text("\n".join(roster), encoding="utf-8")
    return arrived


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch, at_course: Course) -> None:
    monkeypatch.setattr(batch, "SandboxPool", FakePool)


def grader(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def grade(place: Path, out: Path, *more: object) -> Result:
    return grader(
        "grade", place, "--out", out, "--jobs", 1, "--seed", 3, "--roster", place.parent / "students.csv", *more
    )


def graded(place: Path, out: Path, *more: object) -> str:
    done = grade(place, out, *more)
    assert done.exit_code == 0, done.output
    return done.output


def in_words(out: Path) -> str:
    return (out / "nbgrader_config.py").read_text("utf-8")


@pytest.fixture
def there(place: Path, tmp_path: Path, database: str) -> Path:
    out = tmp_path / "there"
    graded(place, out, "--gradebook", database)
    return out


def test_the_same_rows_as_in_sqlite(place: Path, tmp_path: Path, database: str) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for out, more in ((here, []), (there, ["--gradebook", database])):
        graded(place, out, *more)
        with (out / "nbgrader_config.py").open("a") as config:
            config.write(LATE)
        assert "16 unchanged" in graded(place, out, "--due", DUE)
    assert not (there / "gradebook.db").exists()
    assert (url_of(here), url_of(there)) == (f"sqlite:///{here / 'gradebook.db'}", database)
    expected, got = rows(url_of(here)), rows(database)
    assert got == expected
    assert len(got["submissions"]) == 16
    penalties = {row[0]: float(row[2]) for row in got["submissions"] if float(row[2])}
    assert penalties == {BO: pytest.approx(0.3)}  # of three points, on the day after
    assert (there / "grades.csv").read_bytes() == (here / "grades.csv").read_bytes()
    assert (there / "report/01_toy.json").read_bytes() == (here / "report/01_toy.json").read_bytes()


def test_a_second_run_changes_nothing(place: Path, there: Path, database: str) -> None:
    before = rows(database)
    assert "0 graded, 16 unchanged, 0 failed" in graded(place, there)
    assert "0 graded, 16 unchanged, 0 failed" in graded(place, there, "--gradebook", database)
    assert rows(database) == before


def test_what_a_person_entered_survives_a_regrade(place: Path, there: Path, database: str) -> None:
    with Gradebook(database) as book:
        grade_ = book.find_grade("double-check", toy.LESSON, toy.LESSON, ANN)
        grade_.manual_score, grade_.extra_credit, grade_.needs_manual_grade = 2.5, 0.5, False
        book.find_comment("double", toy.LESSON, toy.LESSON, ANN).manual_comment = "想得好 – well tried"
        book.db.commit()
    before = rows(database)
    assert "16 graded" in graded(place, there, "--force")
    assert rows(database) == before
    assert "想得好" in str(before["submissions"])
    with (there / "grades.csv").open(encoding="utf-8-sig") as file:
        assert any("3" in row.values() for row in csv.DictReader(file) if ANN in row.values())


def test_a_dry_run_writes_nothing_and_says_what_the_run_then_does(
    place: Path, there: Path, database: str, course: Course, tmp_path: Path
) -> None:
    toy.hand_in(place, "student_01", toy.answered(course, toy.BOTH))
    toy.hand_in(place, "student_99", toy.answered(course, toy.BOTH))
    roster = place.parent / "students.csv"
    roster.write_text(roster.read_text("utf-8") + "\nstudent_99,,,,", "utf-8")
    files, before = tree(there), rows(database)
    words = json.loads(graded(place, there, "--dry-run", "--json"))
    assert (tree(there), rows(database)) == (files, before)
    assert [(c["student"], c["exercise"], c["new"]) for c in words["changes"]] == [("student_01", "double", 3.0)]
    assert [new["student"] for new in words["new"]] == ["student_99"]
    assert (words["unchanged"], words["failures"]) == (15, [])
    graded(place, there)
    with Book(database) as book:
        assert book.scores(toy.LESSON)["student_01"] == book.scores(toy.LESSON)["student_99"]


def test_a_dry_run_into_a_new_database_makes_no_table(place: Path, tmp_path: Path, database: str) -> None:
    graded(place, tmp_path / "nowhere", "--dry-run", "--gradebook", database)
    assert not (tmp_path / "nowhere").exists()
    engine = create_engine(database)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_it_is_given_back_as_from_sqlite(place: Path, there: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    graded(place, here)
    roster = ("--roster", place.parent / "students.csv")
    for out in (here, there):
        done = grader("return", out, *roster)
        assert done.exit_code == grader("return", here, *roster).exit_code, done.output
    pages = {path.relative_to(here): path.read_bytes() for path in returned.files(here / "return")}
    assert {path.relative_to(there): path.read_bytes() for path in returned.files(there / "return")} == pages
    assert len(pages) >= 16


def test_one_is_forgotten(there: Path, database: str) -> None:
    assert grader("return", there).exit_code in (0, 1)
    planned = grader("forget", there, BO, "--dry-run").output
    assert re.search(r"− database gradebook_\d+ at 127\.0\.0\.1:\d+ / 数据库 gradebook_\d+", planned)
    done = grader("forget", there, BO, "--yes")
    assert done.exit_code == 0, done.output
    assert "write-ahead log" in done.output
    assert "预写日志" in done.output
    left = rows(database)
    assert BO not in str(left)
    assert len(left["submissions"]) == 15
    again = grader("forget", there, BO, "--yes")
    assert again.exit_code == 1
    assert "holds nothing of" in again.output


def test_nobody_waits_for_ever_for_a_gradebook_that_is_in_use(
    there: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.forget.LOCK_SECONDS", 1)
    with Gradebook(database) as book:
        book.db.execute(text("LOCK TABLE grade IN ACCESS SHARE MODE"))
        done = grader("forget", there, BO, "--yes")
        book.db.rollback()
    assert done.exit_code == 1
    assert "close formgrader" in done.output
    done = grader("forget", there, BO, "--yes")
    assert done.exit_code == 0, done.output


def nbgrader(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_nbgraders_own_commands_open_it(there: Path, database: str, tmp_path: Path) -> None:
    assert f"{ANN} (Lee, Ann)" in nbgrader(there, "db", "student", "list")  # the folder's configuration names it
    assert f"{EVE} (Nobody, Eve)" in nbgrader(tmp_path, "db", "student", "list", "--db", database)
    nbgrader(there, "export", "--to", str(tmp_path / "exported.csv"))
    with (tmp_path / "exported.csv").open() as file:
        exported = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    with Book(database) as book:
        scores = {student: (sum(found.values()), 5.0) for student, found in book.scores(toy.LESSON).items()}
    assert exported == {EVE: (0.0, 5.0), **scores}


def test_formgrader_shows_it(there: Path, database: str, course: Course, tmp_path: Path) -> None:
    with Gradebook(database) as book:
        scores = {s.id: s.score for s in book.students if s.id != EVE}
    config = read_config(there / CONFIG)
    config.Exchange.root = str(tmp_path)
    config.CourseDirectory.source_directory = str(course.root / "notebooks")
    api = NbGraderAPI(config=config)
    (lesson,) = (one for one in api.get_assignments() if one["name"] == toy.LESSON)
    assert (lesson["num_submissions"], lesson["max_score"]) == (16, 5.0)
    submissions = [one for one in api.get_submissions(toy.LESSON) if one["autograded"]]
    assert {one["student"]: one["score"] for one in submissions} == scores
    assert {one["id"]: one["score"] for one in api.get_students() if one["id"] != EVE} == scores
    assert len(api.get_notebook_submissions(toy.LESSON, toy.LESSON)) == 16


def test_nbgraders_autograde_writes_it(there: Path, database: str) -> None:
    before = rows(database)
    with (there / "nbgrader_config.py").open("a") as config:
        config.write('get_config().GradeInSandbox.isolation = "none"\n')
    nbgrader(there, "autograde", toy.LESSON, "--student", "student_01", "--force")
    assert rows(database) == before


def test_a_gradebook_moves_there_and_back(
    place: Path, tmp_path: Path, database: str, another: Callable[[], str]
) -> None:
    out = tmp_path / "out"
    graded(place, out)
    with Gradebook(url_of(out)) as book:
        book.grant_extension(toy.LESSON, ANN, days=2, minutes=1)
        book.find_grade("double-check", toy.LESSON, toy.LESSON, ANN).manual_score = 2.25
        book.find_comment("double", toy.LESSON, toy.LESSON, ANN).manual_comment = "好"
        book.db.commit()
    before = rows(url_of(out))
    done = grader("move-gradebook", out, database)
    assert done.exit_code == 0, done.output
    assert (url_of(out), rows(database)) == (database, before)
    assert "0 graded, 16 unchanged" in graded(place, out)
    # A second time it is not empty; and from there into another, and into a file.
    assert "name an empty database" in grader("move-gradebook", out, database).output
    for url in (another(), f"sqlite:///{tmp_path / 'back.db'}"):
        done = grader("move-gradebook", out, url)
        assert done.exit_code == 0, done.output
        assert (url_of(out), rows(url)) == (url, before)


def test_a_server_that_goes_away(place: Path, tmp_path: Path, database: str, server: Server) -> None:
    """It crashes after five; the run stops and says why; the same command completes it, and nobody is there twice."""
    out, whole = tmp_path / "out", tmp_path / "whole"
    graded(place, whole)
    saved = Book.save
    count = 0

    def dies(book: Book, *given: object, **more: object) -> object:
        nonlocal count
        count += 1
        if count == 6:
            server.stop("immediate")
        return saved(book, *given, **more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Book, "save", dies)
        try:
            done = grade(place, out, "--gradebook", database)
        finally:
            if count >= 6:
                server.start()
    assert done.exit_code == 1
    assert "is lost, and the work stopped" in done.output
    assert "连接断开了" in done.output
    assert count == 6  # nobody else was tried
    assert len(rows(database)["submissions"]) == 5 == len(list((out / "receipts").glob("*/*.json")))
    assert "11 graded, 5 unchanged, 0 failed" in graded(place, out)
    assert rows(database) == rows(url_of(whole))


def test_a_server_that_goes_away_while_grading_again(place: Path, there: Path, database: str, server: Server) -> None:
    """Then it is nbgrader's own objects that lose the connection."""
    before = rows(database)
    with pytest.MonkeyPatch.context() as patched:
        register = Book.register

        def dies(book: Book, *given: object) -> None:
            register(book, *given)  # type: ignore[arg-type]
            server.stop("immediate")

        patched.setattr(Book, "register", dies)
        try:
            done = grade(place, there, "--force")
        finally:
            server.start()
    assert done.exit_code == 1
    assert "is lost, and the work stopped" in done.output
    assert "16 graded" in graded(place, there, "--force")
    assert rows(database) == before


@pytest.fixture
def stopped(server: Server) -> Iterator[None]:
    server.stop("fast")
    try:
        yield
    finally:
        server.start()


def refused(done: Result, out: Path) -> str:
    assert done.exit_code == 1, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    assert PASSWORD not in done.output
    assert not list(out.glob("receipts/*/*.json"))
    return done.output


def test_a_server_that_is_not_there(place: Path, tmp_path: Path, database: str, server: Server, stopped: None) -> None:
    out = tmp_path / "out"
    words = refused(grade(place, out, "--gradebook", database.replace("teacher@", f"teacher:{PASSWORD}@")), out)
    assert f"at 127.0.0.1:{server.port}" in words
    assert database.rpartition("/")[2] in words
    assert "无法打开" in words
    assert "db_url" not in in_words(out)  # a wrong address is not kept


@pytest.mark.parametrize("command", ["return", "forget", "dry-run"])
def test_each_command_says_that_it_is_not_there(
    place: Path, there: Path, server: Server, command: str, tmp_path: Path
) -> None:
    server.stop("fast")
    try:
        commands: dict[str, Callable[[], Result]] = {
            "return": lambda: grader("return", there),
            "forget": lambda: grader("forget", there, BO, "--yes"),
            "dry-run": lambda: grade(place, there, "--dry-run"),
        }
        before = tree(there)
        assert "无法打开" in refused(commands[command](), tmp_path / "none")
        assert tree(there) == before
    finally:
        server.start()


def test_a_wrong_password_a_missing_database_a_missing_right(
    place: Path, tmp_path: Path, database: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert "does not exist" in refused(grade(place, out, "--gradebook", server.url("nowhere")), out)
    server.sql(f"CREATE DATABASE foreign_{server.port}")  # PostgreSQL 15: only its owner may make tables there
    assert "permission denied" in refused(grade(place, out, "--gradebook", server.url(f"foreign_{server.port}")), out)
    monkeypatch.setenv("PGPASSWORD", "wrong-but-secret")
    words = refused(grade(place, out, "--gradebook", database), out)
    assert "password authentication failed" in words
    assert "wrong-but-secret" not in words


@pytest.mark.parametrize("how", ["user", "query"])
def test_a_password_in_the_url_is_used_and_written_nowhere(
    place: Path, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    given = {
        "user": database.replace("teacher@", f"teacher:{PASSWORD}@").replace("+psycopg", ""),
        "query": f"{database}?password={PASSWORD}",
    }[how]
    out = tmp_path / "out"
    said = graded(place, out, "--gradebook", given)
    assert PASSWORD not in said
    assert "is used for this run and not written down" in said
    assert "不会写入文件" in said
    assert url_of(out) == database
    for path in returned.files(out):
        assert PASSWORD.encode() not in path.read_bytes(), path
    assert "no password supplied" in grade(place, out).output
    assert "0 graded, 16 unchanged" in graded(place, out, "--gradebook", given)
    # Where PostgreSQL's own library looks for it.
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:*:*:teacher:{PASSWORD}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    assert "0 graded, 16 unchanged" in graded(place, out)


def test_a_folder_keeps_its_gradebook(
    place: Path, there: Path, tmp_path: Path, database: str, another: Callable[[], str]
) -> None:
    assert "grader move-gradebook" in refused(grade(place, there, "--gradebook", another()), tmp_path / "none")
    here = tmp_path / "here"
    graded(place, here)
    assert "grader move-gradebook" in refused(grade(place, here, "--gradebook", database), tmp_path / "none")
    assert "db_url" not in in_words(here)


def test_values_that_only_a_server_minds_cost_their_submission_only(
    place: Path, there: Path, database: str, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Book.save

    def with_nul(book: Book, lesson: str, student: str, *given: object, **more: object) -> object:
        return saved(book, lesson, "a\0b" if student == "student_03" else student, *given, **more)  # type: ignore[arg-type]

    for student in ("student_03", "student_04"):
        toy.hand_in(place, student, toy.answered(course, toy.BOTH))
    monkeypatch.setattr(Book, "save", with_nul)
    done = grade(place, there)
    assert done.exit_code == 1
    assert "1 graded, 14 unchanged, 1 failed" in done.output
    assert "NUL" in done.output


def test_it_runs_without_a_terminal_and_as_a_program(
    place: Path, tmp_path: Path, database: str, course: Course
) -> None:
    """As an instructor starts it, in processes of their own, twice."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", "from grader.cli import main; main()", "grade", str(place), "--out", str(out)]
    command += ["--isolation", "none", "--jobs", "1", "--gradebook", database]
    for expected in ("16 graded", "0 graded, 16 unchanged"):
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"}
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected in done.stdout

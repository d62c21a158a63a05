"""Where a folder's gradebook is: nbgrader's own setting says so, and no password is ever shown or written."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import DataError, InterfaceError, OperationalError

from grader.cli import main
from grader.course import Course
from grader.course_folder import CONFIG, prepare, read_config
from grader.gradebook import Book
from grader.whereabouts import (
    GradebookError,
    GradebookGone,
    chosen,
    exists,
    file_of,
    holds_password,
    named,
    reached,
    read_url,
    ready,
    safe,
    told,
    url_of,
    write_down,
)

SERVER = "postgresql+psycopg://teacher@db.example:5433/course"
SECRET = "tell-nobody"  # noqa: S105


def test_a_folder_that_says_nothing_has_its_file(tmp_path: Path, course: Course) -> None:
    assert url_of(tmp_path) == chosen(tmp_path) == f"sqlite:///{tmp_path / 'gradebook.db'}"
    prepare(tmp_path, course)
    assert file_of(url_of(tmp_path)) == tmp_path / "gradebook.db"
    assert not exists(url_of(tmp_path))
    with Book.of(tmp_path) as book:
        assert book.url == url_of(tmp_path)
    assert exists(url_of(tmp_path))


def test_what_is_written_down_is_what_nbgrader_reads(tmp_path: Path, course: Course) -> None:
    prepare(tmp_path, course)
    write_down(tmp_path, SERVER)
    assert url_of(tmp_path) == SERVER
    assert CourseDirectory(config=read_config(tmp_path / CONFIG)).db_url == SERVER
    once = (tmp_path / CONFIG).read_bytes()
    write_down(tmp_path, SERVER)
    assert (tmp_path / CONFIG).read_bytes() == once
    write_down(tmp_path, SERVER.replace("course", "other"))  # a later line counts
    assert url_of(tmp_path).endswith("/other")


def test_a_folder_without_a_configuration_gets_one(tmp_path: Path) -> None:
    write_down(tmp_path, SERVER)
    assert url_of(tmp_path) == SERVER


@pytest.mark.parametrize("written", ["gradebook.db", "books/term.db"])
def test_a_short_path_counts_from_the_folder(tmp_path: Path, written: str) -> None:
    (tmp_path / CONFIG).write_text(f"c = get_config()\nc.CourseDirectory.db_url = 'sqlite:///{written}'\n")
    assert file_of(url_of(tmp_path)) == tmp_path / written


def test_a_configuration_may_take_its_url_from_a_module_beside_it(tmp_path: Path) -> None:
    (tmp_path / "where_it_is.py").write_text(f"URL = {SERVER!r}\n")
    (tmp_path / CONFIG).write_text("import where_it_is\nget_config().CourseDirectory.db_url = where_it_is.URL\n")
    assert url_of(tmp_path) == SERVER


def test_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("1 / 0\n")
    assert file_of(url_of(tmp_path)) == tmp_path / "gradebook.db"  # it says nothing of a gradebook
    (tmp_path / CONFIG).write_text(f"1 / 0\nget_config().CourseDirectory.db_url = {SERVER!r}\n")
    with pytest.raises(GradebookError, match="ZeroDivisionError"):
        url_of(tmp_path)


def test_what_a_configuration_overrules_is_said_and_undone(tmp_path: Path) -> None:
    stubborn = (
        "config = get_config()\n"
        "get_config = lambda: type('Ignored', (), {'CourseDirectory': type('Ignored', (), {})()})()\n"
    )
    (tmp_path / CONFIG).write_text(stubborn)
    with pytest.raises(GradebookError, match="write this there yourself"):
        write_down(tmp_path, SERVER)
    assert (tmp_path / CONFIG).read_text() == stubborn


def test_a_folder_keeps_the_gradebook_that_it_has(tmp_path: Path) -> None:
    assert chosen(tmp_path, SERVER) == SERVER
    Book.at(tmp_path / "gradebook.db").__exit__()
    with pytest.raises(GradebookError, match="grader move-gradebook"):
        chosen(tmp_path, SERVER)
    (tmp_path / CONFIG).write_text(f"get_config().CourseDirectory.db_url = {SERVER!r}\n")
    with_password = SERVER.replace("teacher", f"teacher:{SECRET}")
    assert chosen(tmp_path, with_password) == with_password  # the same, with what is not written down
    with pytest.raises(GradebookError, match=r"database course at db\.example:5433, not in database other"):
        chosen(tmp_path, SERVER.replace("/course", "/other"))


@pytest.mark.parametrize(
    "given",
    [
        f"postgresql://teacher:{SECRET}@db.example:5433/course",
        f"postgres://teacher:{SECRET}@db.example:5433/course",
        f"{SERVER}?password={SECRET}&sslmode=require",
        f" {SERVER}?sslpassword={SECRET}\n",
    ],
)
def test_a_password_is_neither_shown_nor_written(tmp_path: Path, given: str) -> None:
    url = read_url(given)
    assert url.startswith("postgresql+psycopg://")
    assert SECRET in url
    assert holds_password(url)
    assert not holds_password(safe(url))
    assert safe(url).partition("?")[0] == SERVER
    assert named(url).en == "database course at db.example:5433"
    write_down(tmp_path, url)
    assert SECRET not in (tmp_path / CONFIG).read_text()
    with pytest.raises(GradebookError) as caught, told(url):
        raise OperationalError("SELECT 1", {}, Exception(f"refused for {SECRET}"))
    assert SECRET not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg:///course?host=/run/postgresql", "database course at /run/postgresql:5432"),
        ("postgresql+psycopg://ann@h", "database ann at h:5432"),
        ("postgresql+psycopg:///course", "database course at this machine's server"),
        ("postgresql+psycopg:///?service=grades", "database ? at service=grades"),
    ],
)
def test_a_place_is_named_for_people(url: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT", "PGDATABASE"):
        monkeypatch.delenv(name, raising=False)
    assert named(url).en == words


def test_a_server_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    assert ready(SERVER) == f"{SERVER}?connect_timeout=10"
    assert ready(f"{SERVER}?connect_timeout=3") == f"{SERVER}?connect_timeout=3"
    assert ready("sqlite:////a.db") == "sqlite:////a.db"
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "60")
    assert ready(SERVER) == SERVER


@pytest.mark.parametrize("given", [f"{SECRET}", f"nothing-known://u:{SECRET}@h/d", f"postgresql://u:{SECRET}@h:port/d"])
def test_what_is_no_url_is_said_without_repeating_it(
    tmp_path: Path, submitted: Path, at_course: Course, given: str
) -> None:
    done = CliRunner().invoke(main, ["grade", str(submitted), "--out", str(tmp_path / "out"), "--gradebook", given])
    assert done.exit_code == 1
    assert "this is no database URL" in done.output
    assert "这不是数据库地址" in done.output
    assert SECRET not in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("named_", ["psycopg", "psycopg2"])
def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, named_: str) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.partition(".")[0] == named_:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(GradebookError, match=r"pip install 'psycopg\[binary\]'"):
        Book(f"postgresql+{named_}://u:{SECRET}@h/d")


class Said(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("as the server put it")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OperationalError("INSERT", {}, Said(None)), GradebookGone),
        (OperationalError("INSERT", {}, Said("57P01")), GradebookGone),
        (OperationalError("INSERT", {}, Said("53100")), GradebookGone),
        (OperationalError("INSERT", {}, Said("40P01")), GradebookError),  # a deadlock is over when it is reported
        (DataError("INSERT", {}, Said(None)), GradebookError),
        (InterfaceError("INSERT", {}, Said(None), connection_invalidated=True), GradebookGone),
    ],
)
def test_what_a_server_says_ends_the_run_only_where_it_is_away(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(GradebookError) as caught, told(SERVER):
        try:
            raise error
        except Exception:
            raise ValueError("nbgrader's own, with a student's values in it") from None  # its context is the server's
    assert type(caught.value) is kind
    assert "as the server put it" in str(caught.value)
    assert "student's" not in str(caught.value)


def test_a_files_errors_stay_what_they_are() -> None:
    for watched in (told, reached):
        with pytest.raises(OperationalError), watched("sqlite:////a.db"):
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        with pytest.raises(KeyError), watched(SERVER):
            raise KeyError("ours")

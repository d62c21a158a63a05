"""A server for all of these tests, a database for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from grader.course import Course
from tests.grading import toy
from tests.postgres.server import PASSWORD, Server, running

_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def database(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database; the password is in the environment."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return server.new(f"gradebook_{next(_numbers)}")


@pytest.fixture
def another(server: Server) -> Callable[[], str]:
    return lambda: server.new(f"gradebook_{next(_numbers)}")


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The toy course, with its exercises in its own folder: other processes grade it, too."""
    root = tmp_path_factory.mktemp("postgres") / "course"
    made = toy.make_course(root)
    shutil.copytree(Path(toy.__file__).parent / "toy_exercises", root / "grader" / "exercises")
    toy.use_toy_exercises()
    return made


@pytest.fixture
def at_course(course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setenv("GRADER_COURSE", str(course.root))
    return course

"""Every promise of the gradebook, once more with its rows in PostgreSQL: the same tests, another URL."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from grader.course import Course
from grader.gradebook import Book
from grader.marking import Marker
from grader.released import Released
from grader.roster import Student
from tests.grading import toy
from tests.grading.test_gradebook import *  # noqa: F403 - the tests, and the fixture ``book``

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def released(course: Course) -> Released:
    return Marker(toy.lesson(course), seed=3).released


@pytest.fixture
def url(database: str, released: Released) -> str:
    with Book(database) as book:
        book.register(released)
    return database


def test_nothing_stays_open_while_submissions_run(database: str, released: Released) -> None:
    """A server may hang up on a transaction that is idle, and one that reads keeps rows that were removed."""
    idle = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    other = create_engine(database)
    with Book(database) as book:
        for step in (
            lambda: book.register(released),
            lambda: book.enrol([Student("ann")]),
            lambda: book.save(toy.LESSON, "ann", {"double-check": 1.0}),
            lambda: book.students(toy.LESSON),
            lambda: book.scores(toy.LESSON),
            lambda: book.register(released),
        ):
            step()
            with other.connect() as asking:
                assert asking.execute(text(idle)).all() == []
    other.dispose()

"""Every promise of the gradebook, once more with its rows in PostgreSQL: the same tests, another URL."""

from __future__ import annotations

import pytest

from grader.course import Course
from grader.gradebook import Book
from grader.marking import Marker
from grader.released import Released
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

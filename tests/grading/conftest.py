"""The toy course."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.course import Course
from grader.marking import Marker
from grader.released import Released
from tests.grading import toy


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    toy.use_toy_exercises()
    return toy.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def marker(course: Course) -> Marker:
    return Marker(toy.lesson(course), seed=3)


@pytest.fixture(scope="session")
def released(marker: Marker) -> Released:
    return marker.released


@pytest.fixture
def at_course(course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setenv("GRADER_COURSE", str(course.root))
    return course


@pytest.fixture
def submitted(course: Course, tmp_path: Path) -> Path:
    """A small class: right, half done, one mistake, not a notebook."""
    place = tmp_path / "submitted"
    toy.hand_in(place, "right", toy.answered(course, toy.BOTH))
    toy.hand_in(place, "half", toy.answered(course, {"double": toy.DOUBLE}))
    negated = toy.answered(course, {**toy.BOTH, "double": toy.DOUBLE.replace("2", "-2")})
    toy.hand_in(place, "negated", negated)
    toy.hand_in(place, "broken", b'{"cells": [')
    return place


@pytest.fixture(scope="session")
def graded(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small class that was graded, to copy: see tests.grading.returned."""
    from tests.grading import returned

    place = returned.make_class(tmp_path_factory.mktemp("arrived"), course)
    out = tmp_path_factory.mktemp("graded") / "out"
    assert returned.grade(place, out, course).complete
    return out


@pytest.fixture
def class_out(graded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graded, tmp_path / "out"))

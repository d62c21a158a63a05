from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import grader.exercises
from tests.authoring.tiny import Tiny, make_course


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """A fresh course with one lesson, found by every command; without course_lib."""
    yield from _installed(make_course(tmp_path / "course"), monkeypatch)


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """The same with a copy of course_lib: it can be built and released."""
    yield from _installed(make_course(tmp_path / "course", library=True), monkeypatch)


def _installed(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    monkeypatch.setenv("GRADER_COURSE", str(tiny.course.root))
    path = [str(tiny.course.root / "grader" / "exercises"), *grader.exercises.__path__]
    monkeypatch.setattr(grader.exercises, "__path__", path)
    yield tiny
    for name in [name for name in sys.modules if name.startswith("grader.exercises.tiny")]:
        del sys.modules[name]

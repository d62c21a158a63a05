"""The toy course, whose exercises lie in its own folder: workers read them, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course
from tests.cluster.loopback import Loopback
from tests.faults.conftest import course  # noqa: F401 - a fixture


@pytest.fixture
def loopback(course: Course, tmp_path: Path) -> Iterator[Loopback]:  # noqa: F811
    folder = tmp_path / "cluster"
    folder.mkdir()
    with Loopback(folder, {"GRADER_COURSE": str(course.root)}) as made:
        yield made


@pytest.fixture
def at_course(course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:  # noqa: F811
    monkeypatch.setenv("GRADER_COURSE", str(course.root))
    return course

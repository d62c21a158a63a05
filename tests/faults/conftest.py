"""The toy course, whose exercises lie in its own folder: other processes grade it, too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.course import Course
from tests.grading import toy


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("faults") / "course"
    made = toy.make_course(root)
    shutil.copytree(Path(toy.__file__).parent / "toy_exercises", root / "grader" / "exercises")
    toy.use_toy_exercises()
    return made

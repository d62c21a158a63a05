"""One notebook, graded from Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import grader
from grader.course import Course, CourseError
from tests.grading import toy

pytestmark = pytest.mark.sandbox


def test_a_path_bytes_or_a_notebook_get_the_same_result(course: Course, tmp_path: Path) -> None:
    notebook = toy.answered(course, {**toy.BOTH, "double": toy.DOUBLE.replace("2", "-2")})
    path = toy.hand_in(tmp_path, "ann", notebook)
    with grader.Grader("toy", seed=4, course=course.root) as one:
        results = [one.grade(thing) for thing in (path, str(path), path.read_bytes(), notebook)]
    first = results[0]
    assert (first.score, first.max_score, first.lesson, first.seed) == (2.0, 5.0, toy.LESSON, 4)
    assert first.exercises[0].misconception == "negated"
    assert all(result.to_dict() == first.to_dict() for result in results)
    json.dumps(first.to_dict())
    nbformat.validate(first.notebook)


def test_the_lesson_is_recognised_and_what_is_no_notebook_gets_a_result(course: Course, tmp_path: Path) -> None:
    path = toy.hand_in(tmp_path, "ann", toy.answered(course, toy.BOTH))
    result = grader.grade(path, course=course.root)
    assert result.score == result.max_score == 5.0
    broken = grader.grade(b'{"cells": [', "toy", course=course.root)
    assert broken.score == 0.0
    assert broken.problem is not None
    assert "JSON" in broken.problem.zh
    with pytest.raises(CourseError, match=toy.LESSON):
        grader.grade(path, "nonsense", course=course.root)


def test_no_course_tree_is_needed_around_the_working_folder(tmp_path: Path) -> None:
    program = "import grader; print(grader.grade(b'{}', 'numpy_backprop').max_score)"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(grader.__file__).parents[1])},
    )  # fmt: skip
    assert ran.stdout.strip() == "30.0"

"""Where the sandbox cannot be started, the batch stops with one clear error and keeps what is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch import Options, grade_class
from grader.course import Course
from grader.engine import SandboxUnavailable, pool


def test_a_warm_start_that_fails_is_one_error_and_not_one_for_each_student(
    at_course: Course, submitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object) -> None:
        raise SandboxUnavailable("no such Python inside")

    monkeypatch.setattr(pool, "require", lambda isolation: None)
    monkeypatch.setattr(pool.Sandbox, "start", broken)
    with pytest.raises(SandboxUnavailable, match="no such Python inside"):
        grade_class(submitted, tmp_path / "out", at_course, Options(jobs=1))

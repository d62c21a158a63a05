"""An nbgrader assignment of the instructor's own, of two notebooks, graded into PostgreSQL."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from grader import batch
from grader.assignment.run import grade_assignment
from grader.assignment.source import read_assignment
from grader.batch import Options
from grader.whereabouts import url_of
from tests.assignment import course as plain
from tests.grading.returned import FakePool
from tests.postgres.rows import rows

pytestmark = pytest.mark.postgres


def test_the_same_rows_as_in_sqlite(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "SandboxPool", FakePool)
    plain.write_course(tmp_path / "plain")
    assignment = read_assignment(tmp_path / "plain" / "source" / "ps1")
    given = {name: source.released.notebook for name, source in assignment.notebooks.items()}
    place = tmp_path / "submitted"
    for student, answers in plain.STUDENTS.items():
        plain.hand_in(place, student, {n: plain.answered(copy.deepcopy(nb), answers) for n, nb in given.items()})
    here, there = tmp_path / "here", tmp_path / "there"
    for out, url in ((here, None), (there, database)):
        outcome = grade_assignment(place, out, assignment, Options(jobs=1, gradebook=url))
        assert outcome.complete, outcome.failures
        again = grade_assignment(place, out, assignment, Options(jobs=1))
        assert (again.graded, len(again.skipped)) == ([], len(plain.STUDENTS))
    assert url_of(there) == database
    assert rows(database) == rows(url_of(here))
    assert len(rows(database)["submissions"]) == len(plain.STUDENTS)

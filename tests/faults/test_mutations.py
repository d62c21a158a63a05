"""Damaged notebooks, each in a batch with an honest neighbour: one verdict each, and nobody else loses anything."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from grader.batch import Options, grade_class
from grader.course import Course
from tests.faults.mutations import mutant
from tests.grading import toy

pytestmark = pytest.mark.sandbox


def graded(course: Course, root: Path, seeds: range) -> None:
    good = json.dumps(toy.answered(course, toy.BOTH), indent=1, ensure_ascii=False).encode()
    mutants = {f"mutant-{seed:05}": mutant(good, seed) for seed in seeds}
    for student, made in mutants.items():
        toy.hand_in(root / "submitted", student, made.blob)
    neighbours = [f"mutant-{seed:05}-neighbour" for seed in seeds[::10]]
    for student in neighbours:
        toy.hand_in(root / "submitted", student, good)

    outcome = grade_class(root / "submitted", root / "out", course, Options(jobs=2))

    assert outcome.failures == []
    receipts = {receipt.student: receipt for receipt in outcome.receipts}
    assert receipts.keys() == {*mutants, *neighbours}
    assert all(receipt.complete for receipt in receipts.values())
    assert {receipts[student].score for student in neighbours} == {5.0}
    lost = {s: (m.how, receipts[s].score) for s, m in mutants.items() if m.harmless and receipts[s].score != 5.0}
    assert lost == {}
    assert sum(made.harmless for made in mutants.values()) > 0.2 * len(mutants)
    unread = [receipt for receipt in receipts.values() if receipt.problem is not None]
    assert all(receipt.score == 0.0 and receipt.problem["zh"] for receipt in unread)  # type: ignore[index]
    assert 0 < len(unread) < 0.5 * len(mutants)
    with sqlite3.connect(root / "out" / "gradebook.db") as book:
        assert book.execute("pragma integrity_check").fetchone() == ("ok",)
        rows = book.execute("select student_id, count(*) from submitted_assignment group by student_id").fetchall()
    assert sorted(rows) == sorted((student, 1) for student in receipts)
    again = grade_class(root / "submitted", root / "out", course, Options(jobs=2))
    assert (again.graded, len(again.skipped)) == ([], len(receipts))


def test_a_hundred_damaged_notebooks(course: Course, tmp_path: Path) -> None:
    graded(course, tmp_path, range(100))


@pytest.mark.long
def test_a_thousand_damaged_notebooks(course: Course, tmp_path: Path) -> None:
    graded(course, tmp_path, range(1000, 2000))

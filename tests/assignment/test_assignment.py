"""Any nbgrader assignment gets the scores that nbgrader gives it, its faults apart, and each difference is told."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from grader.assignment.source import AssignmentError, read_assignment
from grader.commands.grade import command
from grader.receipts import read_receipt, receipt_path
from tests.assignment import course
from tests.cluster.loopback import Loopback

pytestmark = [pytest.mark.sandbox, pytest.mark.kernel]
Scores = dict[str, dict[str, float | None]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course, released by nbgrader itself, with a class's submissions."""
    root = tmp_path_factory.mktemp("plain")
    course.write_course(root)
    nbgrader(root, "generate_assignment", "ps1")
    given = {p.stem: nbformat.read(p, 4) for p in (root / "release" / "ps1").glob("*.ipynb")}
    for student, answers in course.STUDENTS.items():
        course.hand_in(root / "submitted", student, {n: course.answered(nb, answers) for n, nb in given.items()})
    course.hand_in(root / "submitted", "dies", {n: course.answered(nb, course.DIES) for n, nb in given.items()})
    course.hand_in(root / "submitted", "half_handed_in", {"two": course.answered(given["two"], course.RIGHT)})
    course.hand_in(root / "submitted", "tampers", {n: tampered(nb) for n, nb in given.items()})
    return root


def tampered(given: Any) -> Any:
    """Tests edited, doubled and gone."""
    notebook = course.answered(given, {})
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in ("square-test", "shout-test"):
            cell.source = "2.0"
    notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "half-test"]
    notebook.cells.append(nbformat.from_dict(notebook.cells[3])) if len(notebook.cells) > 4 else None
    return notebook


def nbgrader(root: Path, *words: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [str(Path(sys.executable).parent / "nbgrader"), *words], cwd=root, env={**os.environ, "PATH": path},
        capture_output=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def ours(root: Path) -> Path:
    words = [str(root / "submitted"), "--out", str(root / "ours"), "--assignment", str(root / "source" / "ps1")]
    done = CliRunner().invoke(command, [*words, "--jobs", "2"])
    assert done.exit_code == 0, done.output
    assert "9 graded" in done.output
    again = CliRunner().invoke(command, words)
    assert "0 graded, 9 unchanged" in again.output
    return root / "ours"


def scores(gradebook: Path) -> Scores:
    with Gradebook(f"sqlite:///{gradebook}") as book:
        return {
            s.student.id: {f"{n.name}.{g.name}": g.auto_score for n in s.notebooks for g in n.grades}
            for s in book.assignment_submissions("ps1")
        }


def test_on_a_cluster(root: Path, ours: Path, tmp_path: Path) -> None:
    words = [str(root / "submitted"), "--out", str(root / "far"), "--assignment", str(root / "source" / "ps1")]
    with Loopback(tmp_path, {}) as loopback:
        loopback.worker("one", threads=2)
        done = CliRunner().invoke(command, [*words, "--scheduler", loopback.address])
    assert done.exit_code == 0, done.output
    assert "9 graded" in done.output
    assert scores(root / "far" / "gradebook.db") == scores(ours / "gradebook.db")
    assert (root / "far" / "differences.csv").read_bytes() == (ours / "differences.csv").read_bytes()


def test_the_scores_are_nbgraders_but_for_its_faults(root: Path, ours: Path) -> None:
    comparable = [*course.STUDENTS, "half_handed_in"]
    for student in comparable:
        nbgrader(root, "autograde", "ps1", "--student", student)
    theirs, here = scores(root / "gradebook.db"), scores(ours / "gradebook.db")
    different = {
        (student, cell): (score, theirs[student][cell])
        for student in comparable
        for cell, score in here[student].items()
        if student in theirs and score != theirs[student][cell] and not (student == "half_handed_in" and "one" in cell)
    }
    assert different == {("warns", "one.square-test"): (2.0, 0.0)}
    with (ours / "differences.csv").open(encoding="utf-8-sig", newline="") as file:
        told = {(row["student"], row["cell"]): row for row in csv.DictReader(file)}
    assert {key for key in told if key[0] in comparable} == set(different)
    row = told["warns", "one.square-test"]
    assert (row["points"], row["nbgrader"]) == ("2", "0")
    assert "stderr" in row["why"] and "stderr" in row["原因"]


def test_what_each_deserves(ours: Path) -> None:
    here = scores(ours / "gradebook.db")
    full = {
        "one.square-test": 2.0,
        "one.half-test": 3.0,
        "one.answer-test": 1.0,
        "two.shout-test": 1.0,
        "two.why": None,
    }
    assert here["right"] == full
    assert here["partly"] == {**full, "one.square-test": 0.0, "one.half-test": 1.0}
    assert here["nothing"] == {**dict.fromkeys(full, 0.0)}
    assert here["raises"] == {**full, "one.half-test": 0.0}
    # A dead process costs the cell that killed it; nbgrader leaves what did not run empty, and empty is full marks.
    assert here["dies"] == {**full, "one.half-test": 0.0}
    assert here["half_handed_in"] == {**full, **{key: 0.0 for key in full if key.startswith("one")}}
    assert here["tampers"] == dict.fromkeys(full, 0.0)
    with (ours / "differences.csv").open(encoding="utf-8-sig", newline="") as file:
        dead = [row for row in csv.DictReader(file) if row["student"] == "dies"]
    assert [(row["cell"], row["points"], row["nbgrader"]) for row in dead] == [("one.half-test", "0", "3")]


def test_hidden_tests_stay_hidden_in_feedback_and_visible_ones_are_told(ours: Path) -> None:
    page = (ours / "feedback" / "partly" / "ps1" / "one.html").read_text("utf-8")
    assert "square(-2)" not in page
    assert "A hidden test did not pass." in page and "有一个隐藏测试没有通过。" in page
    wrong = (ours / "feedback" / "wrong_type" / "ps1" / "two.html").read_text("utf-8")
    assert "A test did not pass: AssertionError" in wrong
    assert (ours / "feedback" / "right" / "ps1" / "two.html").is_file()


def test_a_person_s_work_waits_and_tampering_is_told(ours: Path) -> None:
    with Gradebook(f"sqlite:///{ours / 'gradebook.db'}") as book:
        assert book.find_grade("why", "two", "ps1", "right").needs_manual_grade
        assert not book.find_grade("why", "two", "ps1", "nothing").needs_manual_grade
    notes = str(read_receipt(receipt_path(ours / "receipts", "ps1", "tampers")).notes)
    assert "restored" in notes and "square-test" in notes
    assert read_receipt(receipt_path(ours / "receipts", "ps1", "right")).notes == []


def test_a_source_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssignmentError, match="no notebook there"):
        read_assignment(tmp_path)
    (tmp_path / "a.ipynb").write_text("{}")
    with pytest.raises(AssignmentError, match=r"a\.ipynb"):
        read_assignment(tmp_path / "a.ipynb")
    plain = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    (tmp_path / "b.ipynb").write_text(nbformat.writes(plain))
    with pytest.raises(AssignmentError, match="none of its cells is graded"):
        read_assignment(tmp_path / "b.ipynb")

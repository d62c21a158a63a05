"""A dry run says what a run would change, and changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from course_lib.text import Text
from grader.batch import Options, Outcome, grade_class
from grader.collect import Collected
from grader.commands.grade import command
from grader.course import Course
from grader.history import History
from grader.moved import changes_table, print_rehearsal
from grader.receipts import Change, receipt_path
from grader.report import Failure
from tests.grading import toy
from tests.grading.classes import LESSON, receipt

OPTIONS = Options(jobs=1)


def tree(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file and folder, with a file's bytes and when it was written."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def dry(submitted: Path, out: Path, *more: str) -> str:
    done = CliRunner().invoke(command, [str(submitted), "--out", str(out), "--jobs", "1", "--dry-run", *more])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.sandbox
def test_before_anything_was_graded_everybody_is_new_and_nothing_is_made(
    submitted: Path, tmp_path: Path, at_course: Course
) -> None:
    out = tmp_path / "nowhere"
    found = json.loads(dry(submitted, out, "--json"))
    assert not out.exists()
    assert {one["student"]: one["score"] for one in found["new"]} == {"right": 5, "half": 3, "negated": 2, "broken": 0}
    assert (found["changes"], found["unchanged"], found["failures"]) == ([], 0, [])


@pytest.mark.sandbox
def test_it_says_what_the_run_then_does_and_leaves_the_folder_as_it_is(
    submitted: Path, tmp_path: Path, at_course: Course, course: Course
) -> None:
    out = tmp_path / "out"
    grade_class(submitted, out, course, OPTIONS)
    toy.hand_in(submitted, "half", toy.answered(course, {"total": toy.TOTAL}))
    toy.hand_in(submitted, "late", toy.answered(course, toy.BOTH))
    # An exercise is corrected: only that one runs, out of what is kept of the rest.
    for student in ("right", "half", "negated", "broken"):
        path = receipt_path(out / "receipts", toy.LESSON, student)
        receipt = json.loads(path.read_text("utf-8"))
        receipt["exercises"][1]["hash"] = "as it was before"
        if student == "negated":
            receipt["scores"]["total-check"] = 0.5
        path.write_text(json.dumps(receipt), encoding="utf-8")

    before = tree(out)
    found = json.loads(dry(submitted, out, "--json"))
    assert tree(out) == before
    moved = {(c["student"], c["exercise"]): (c["old"], c["new"]) for c in found["changes"]}
    assert moved == {("half", "double"): (3, 0), ("half", "total"): (0, 2), ("negated", "total"): (0.5, 2)}
    assert {c["student"]: c["why"][0] for c in found["changes"]} == {"half": "submission", "negated": "exercise"}
    assert found["new"] == [{"student": "late", "lesson": toy.LESSON, "score": 5.0, "max_score": 5.0}]
    assert (found["unchanged"], found["failures"]) == (2, [])

    real = grade_class(submitted, out, course, OPTIONS)
    assert {(c.student, c.exercise): (c.before, c.after) for c in real.changes} == moved
    assert (real.seed, real.unchanged, len(real.new)) == (found["seed"], 2, 1)
    assert len(History(out).read(toy.LESSON)) == len(moved)


def test_the_words_of_a_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(Collected(refused=[("a.pdf", Text(en="not a notebook", zh="不是笔记本"))]))
    outcome.changes = [Change("ann", LESSON, "forward-check", 0.0, 2.0, ("exercise",))]
    outcome.receipts, outcome.new = [receipt("bo", {}), receipt("cy", {})], {(LESSON, "bo")}
    outcome.graded, outcome.skipped = ["ann", "bo", "cy"], ["di", "ed"]
    outcome.failures = [Failure("[red]flo", LESSON, "out of paper")]
    print_rehearsal(outcome)
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        *("0 → 2", "bo · 01_numpy_backprop: new / 新提交, 30 / 30", "[red]flo: grader error", "a.pdf: not a notebook"),
        *("1 would change, 1 new, 3 unchanged, 1 failed; nothing was written", "将变动 1 份，新提交 1 份"),
    ):
        assert words in said, words
    assert "cy" not in said


def test_json_is_for_dry_runs_and_dry_runs_for_lessons(submitted: Path, tmp_path: Path) -> None:
    for words in (["--json"], ["--dry-run", "--assignment", str(submitted)]):
        done = CliRunner().invoke(command, [str(submitted), "--out", str(tmp_path / "out"), *words])
        assert done.exit_code == 2
        assert "--dry-run" in done.output
    assert not (tmp_path / "out").exists()


def test_the_table_adds_up_what_a_student_gains_and_loses() -> None:
    changes = [
        Change("ann", toy.LESSON, "double-check", 3.0, 1.5, ("exercise",)),
        Change("ann", toy.LESSON, "total-check", None, 2.0, ("again",)),
        Change("[bold]bo[/]", toy.LESSON, "total-check", 2.0, None, ("seed",)),
    ]
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(changes_table(changes, Text(en="Changed", zh="变动")))
    said = console.export_text()
    for words in ("3 → 1.5", "−1.5", "– → 2", "+2", "+0.5", "2 → –", "−2", "[bold]bo[/]", "这道练习有改动", "double"):
        assert words in said, words

"""A mark is come to a second time, or it is said why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.batch import Options, grade_class
from grader.commands.replay import command
from grader.course import Course
from grader.receipts import receipt_path
from grader.replay import replay
from tests.grading import toy

pytestmark = pytest.mark.sandbox


@pytest.fixture
def out(submitted: Path, tmp_path: Path, course: Course) -> Path:
    grade_class(submitted, tmp_path / "out", course, Options(jobs=1))
    return tmp_path / "out"


def test_every_mark_is_reproduced_and_nothing_is_written(out: Path, at_course: Course) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    done = CliRunner().invoke(command, [str(out)])
    assert done.exit_code == 0, done.output
    assert "4 the same, 0 different, 0 could not be tried" in done.output
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_a_mark_that_was_changed_by_hand_is_found(out: Path, at_course: Course) -> None:
    path = receipt_path(out / "receipts", toy.LESSON, "negated")
    tree = json.loads(path.read_text("utf-8"))
    tree["exercises"][0]["score"] = 3.0
    path.write_text(json.dumps(tree), encoding="utf-8")
    done = CliRunner().invoke(command, [str(out), "negated", "right"])
    assert done.exit_code == 1
    assert "toy.double score: 3.0 then, 0.0 now" in done.output
    assert "1 the same, 1 different" in done.output


def test_what_cannot_be_replayed_says_why(out: Path, course: Course) -> None:
    place = out / "submitted"
    (place / "half" / toy.LESSON / f"{toy.LESSON}.ipynb").unlink()
    toy.hand_in(place, "right", toy.answered(course, {}))
    path = receipt_path(out / "receipts", toy.LESSON, "negated")
    path.write_text(path.read_text("utf-8").replace('"hash": "', '"hash": "x'), encoding="utf-8")
    found = {one.student: one for one in replay(out, course)}
    assert {name: one.verdict for name, one in found.items()} == {
        "half": "impossible",
        "right": "impossible",
        "negated": "impossible",
        "broken": "same",
    }
    assert "no longer there" in found["half"].why[0].en
    assert "another file" in found["right"].why[0].en
    assert "double, total" in found["negated"].why[0].en
    with pytest.raises(FileNotFoundError, match="nobody_here"):
        list(replay(out, course, ["nobody_here"]))

"""What a regrade changed is written down once, whatever cuts the run off."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.text import Text
from grader import history as module
from grader.batch import Options, grade_class
from grader.course import Course
from grader.history import WHY, History, Line, lines
from grader.receipts import Receipt, read_receipt, receipt_path, write_receipt
from tests.grading import toy
from tests.grading.classes import LESSON, Done, receipt

WHO = (LESSON, "ann")
OLD = receipt("ann", {"forward": Done(0.5, "b")})
NEW = replace(receipt("ann", {"train": Done(0.0, "c")}), sha256="another file")


class PowerCut(BaseException):
    """The process ends here."""


def regrade(out: Path, new: Receipt) -> None:
    """The steps of a regrade, as the keeper takes them."""
    history = History(out)
    history.begin(*WHO)
    write_receipt(out / "receipts", new)
    history.settle(*WHO)


def told(out: Path) -> list[tuple[str, float | None, float | None]]:
    return [(line.exercise, line.old, line.new) for line in History(out).read(LESSON)]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    write_receipt(tmp_path / "receipts", OLD)
    return tmp_path


EXPECTED = [("forward", 2.0, 4.0), ("train", 6.0, 0.0)]


def test_a_regrade_leaves_a_line_for_each_score_that_moved(out: Path) -> None:
    regrade(out, NEW)
    assert told(out) == EXPECTED
    assert {line.why for line in History(out).read(LESSON)} == {("submission",)}
    assert read_receipt(receipt_path(out / "receipts", *WHO)) == NEW
    assert [path.name for path in out.rglob("history/*/*")] == ["ann.jsonl"]
    if os.name == "posix":
        assert (out / "history" / LESSON / "ann.jsonl").stat().st_mode & 0o077 == 0


def test_a_first_verdict_and_an_equal_one_leave_none(tmp_path: Path) -> None:
    regrade(tmp_path, OLD)
    regrade(tmp_path, replace(OLD, seconds=9.0))
    assert told(tmp_path) == []


def test_lines_are_only_ever_added(out: Path) -> None:
    seen = b""
    for new in (NEW, OLD, NEW, OLD):
        regrade(out, new)
        now = (out / "history" / LESSON / "ann.jsonl").read_bytes()
        assert now.startswith(seen)
        assert len(now) > len(seen)
        seen = now
    assert [old for _, old, _ in told(out)] == [2.0, 6.0, 4.0, 0.0] * 2  # up, down, and both once more


STEPS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {}


def step(function: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
    STEPS[function.__name__] = function
    return function


def stop(*_: object, **__: object) -> None:
    raise PowerCut


@step
def before_the_receipt_is_moved(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Path, "replace", stop)


@step
def before_the_new_receipt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tests.grading.test_history.write_receipt", stop)


@step
def after_the_new_receipt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(module, "lines", stop)


@step
def after_half_a_line(patch: pytest.MonkeyPatch) -> None:
    def half(path: Path, texts: list[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(texts[0] + texts[1][:40])
        raise PowerCut

    patch.setattr(module, "_add", half)


@step
def after_all_lines(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Path, "unlink", stop)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("how_it_goes_on", ["the same again", "only settled", "another verdict"])
def test_a_cut_at_any_step_neither_loses_nor_doubles_a_line(
    out: Path, name: str, how_it_goes_on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        STEPS[name](patch)
        with pytest.raises(PowerCut):
            regrade(out, NEW)
    History(out).settle_all()  # as each run begins
    finished = (
        receipt_path(out / "receipts", *WHO).is_file() and read_receipt(receipt_path(out / "receipts", *WHO)) == NEW
    )
    if how_it_goes_on == "only settled":
        assert told(out) == (EXPECTED if finished else [])
        assert (History(out).before(*WHO) or read_receipt(receipt_path(out / "receipts", *WHO))) == (
            NEW if finished else OLD
        )
        return
    if how_it_goes_on == "the same again":
        regrade(out, NEW)
        assert told(out) == EXPECTED
        return
    third = replace(receipt("ann", {"init": Done(0.0, "d")}), sha256="a third file")
    regrade(out, third)
    after_new = [("train", 0.0, 6.0), ("init", 4.0, 0.0)]
    from_old = [("forward", 2.0, 4.0), ("init", 4.0, 0.0)]
    assert sorted(told(out)) == sorted(EXPECTED + after_new if finished else from_old)


def test_a_new_verdict_settles_the_one_before_by_itself(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        after_the_new_receipt(patch)
        with pytest.raises(PowerCut):
            regrade(out, NEW)
    regrade(out, OLD)
    assert len(told(out)) == 2 * len(EXPECTED)


def test_a_full_disk_is_made_good_by_the_next_run(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            regrade(out, NEW)
    History(out).settle_all()
    assert told(out) == EXPECTED


def test_damaged_lines_and_receipts_stop_nothing(out: Path) -> None:
    regrade(out, NEW)
    path = out / "history" / LESSON / "ann.jsonl"
    path.write_text("nonsense\n{}\n" + path.read_text("utf-8") + '{"half', encoding="utf-8")
    assert told(out) == EXPECTED
    receipt_path(out / "receipts", *WHO).write_text("{", encoding="utf-8")
    History(out).begin(*WHO)
    assert History(out).before(*WHO) is None
    (out / "history" / LESSON / "ann.json").write_text("{", encoding="utf-8")
    write_receipt(out / "receipts", OLD)
    History(out).settle(*WHO)
    assert told(out) == EXPECTED
    assert not (out / "history" / LESSON / "ann.json").exists()


def why(before: Receipt, after: Receipt) -> dict[str, tuple[str, ...]]:
    return {line.exercise: line.why for line in lines(before, after)}


def test_every_change_has_its_reason() -> None:
    zero = dict.fromkeys(OLD.scores, 0.0)
    moved = replace(OLD, scores=zero)
    hashed = [replace(e, hash="new") if e.key.endswith(".train") else e for e in OLD.exercises]
    assert set(why(OLD, moved).values()) == {("again",)}
    assert set(why(OLD, replace(moved, seed=1)).values()) == {("seed",)}
    assert set(why(OLD, replace(moved, device="cuda")).values()) == {("device",)}
    newer = {**OLD.environment, "pytorch-course": "9"}
    assert set(why(OLD, replace(moved, environment=newer)).values()) == {("grader",)}
    assert set(why(OLD, replace(moved, environment={**newer, "torch": "9"})).values()) == {("grader", "environment")}
    found = why(OLD, replace(moved, exercises=hashed))
    assert (found["train"], found["forward"]) == (("exercise",), ("other_exercise",))
    failed = [replace(OLD.exercises[0], verdict="grader_error"), *OLD.exercises[1:]]
    assert why(replace(OLD, exercises=failed), moved)["forward"] == ("grader_error",)
    assert all(isinstance(words, Text) for words in WHY.values())


def test_a_line_says_what_the_docstring_of_line_says(out: Path) -> None:
    regrade(out, NEW)
    first = json.loads((out / "history" / LESSON / "ann.jsonl").read_text("utf-8").splitlines()[0])
    assert list(first) == list(Line.__dataclass_fields__)
    assert first["time"].endswith("+00:00")
    assert (first["student"], first["lesson"], first["why"]) == ("ann", LESSON, ["submission"])


@pytest.mark.sandbox
def test_a_batch_that_is_cut_off_keeps_its_history(
    submitted: Path, tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: other files are handed in, the grader dies on the first of them, and the next run finishes."""
    out = tmp_path / "out"
    grade_class(submitted, out, course, Options(jobs=1))
    toy.hand_in(submitted, "half", toy.answered(course, toy.BOTH))
    toy.hand_in(submitted, "right", toy.answered(course, {}))
    with monkeypatch.context() as patch:
        patch.setattr("grader.history._add", stop)  # the new receipt is there, what it changed is not said yet
        with pytest.raises(PowerCut):
            grade_class(submitted, out, course, Options(jobs=1))
    last = grade_class(submitted, out, course, Options(jobs=1))
    assert last.complete
    found = [(line.student, line.exercise, line.old, line.new) for line in History(out).read(toy.LESSON)]
    assert sorted(found) == [("half", "total", 0.0, 2.0), ("right", "double", 3.0, 0.0), ("right", "total", 2.0, 0.0)]
    page = (out / "report" / f"{toy.LESSON}.html").read_text("utf-8")
    assert "What changed" in page
    assert "another file was handed in" in page

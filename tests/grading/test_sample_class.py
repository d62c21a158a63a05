"""The sample class holds every kind that a grader meets, and the demo compares it honestly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from grader.course import find_course
from grader.demo import DemoError, _begin, differences
from grader.receipts import ExerciseReceipt, Receipt
from grader.sample_class import LESSON, POINTS, Sample, sample_class, write_sample

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return sample_class(find_course(ROOT))


def graded_as_deserved(sample: Sample) -> Receipt:
    exercises = [
        ExerciseReceipt(f"numpy_backprop.{e}", {}, "", verdict, points, POINTS[e])
        for e, (verdict, points) in sample.deserved.items()
    ]
    if sample.misconception is not None:
        exercises[0] = replace(exercises[0], misconception=sample.misconception)
    return Receipt(sample.student, LESSON, "", "", 0, "cpu", "none", exercises, {})


def test_every_kind_is_there(samples: list[Sample]) -> None:
    assert len({sample.student for sample in samples}) == len(samples)
    assert sum(sample.score == sum(POINTS.values()) and sample.harmless for sample in samples) >= 3
    assert len({sample.misconception for sample in samples} - {None}) >= 8
    assert sum(not sample.harmless for sample in samples) >= 9
    assert {sample.language for sample in samples} == {"en", "zh", "both"}
    assert [sample.student for sample in samples if not sample.opens] == ["unreadable"]


def test_hostile_samples_deserve_no_more_than_their_honest_work(samples: list[Sample]) -> None:
    for sample in samples:
        if sample.student.startswith("hostile"):
            earned = {exercise for exercise, (_, points) in sample.deserved.items() if points}
            assert earned <= set(sample.answers)


def test_a_sample_is_the_same_bytes_every_time(samples: list[Sample], tmp_path: Path) -> None:
    course = find_course(ROOT)
    for sample in samples[:3] + [s for s in samples if s.student in ("rearranged", "hostile_forges_results")]:
        first = write_sample(course, sample, tmp_path / "a").read_bytes()
        assert write_sample(course, sample, tmp_path / "b").read_bytes() == first


def test_right_samples_hold_no_marks_of_the_solution(samples: list[Sample], tmp_path: Path) -> None:
    path = write_sample(find_course(ROOT), samples[0], tmp_path)
    notebook = nbformat.read(path, as_version=4)
    assert all("SOLUTION" not in cell.source and "NotImplementedError" not in cell.source for cell in notebook.cells)


def test_the_demo_finds_what_differs(samples: list[Sample]) -> None:
    receipts = [graded_as_deserved(sample) for sample in samples]
    assert differences(samples, receipts) == []
    wrong = replace(receipts[0].exercises[0], score=3.5)
    changed = replace(receipts[0], exercises=[wrong, *receipts[0].exercises[1:]])
    assert differences(samples, [changed, *receipts[1:]]) == [
        "right_as_taught, forward: got ('pass', 3.5), deserves ('pass', 4.0)"
    ]
    assert differences(samples, receipts[1:]) == ["right_as_taught: not graded"]
    other = next(i for i, sample in enumerate(samples) if sample.misconception)
    blind = [replace(e, misconception=None) for e in receipts[other].exercises]
    (line,) = differences(
        samples, [*receipts[:other], replace(receipts[other], exercises=blind), *receipts[other + 1 :]]
    )
    assert "diagnosed" in line


def test_the_demo_takes_nobodys_folder(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DemoError, match="not empty"):
        _begin(tmp_path, ["a"])
    assert (tmp_path / "thesis.txt").exists()
    demo = tmp_path / "demo"
    _begin(demo, ["a"])
    (demo / "old").touch()
    _begin(demo, ["a"])
    assert (demo / "old").exists()  # a repeated demo goes on
    _begin(demo, ["a", "b"])
    assert not (demo / "old").exists()

"""``grader demo``: the whole way of the data on a class made by a script, and a comparison with what it deserves."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from grader.batch import Options, Outcome, grade_class
from grader.batch import Progress as Report
from grader.course import Course
from grader.engine import SandboxUnavailable
from grader.engine.launch import require
from grader.lesson import read_lesson
from grader.receipts import Receipt
from grader.sample_class import LESSON, Sample, sample_class, write_sample

MARK = "demo.json"


class DemoError(Exception):
    """The folder is somebody's work."""


@dataclass(frozen=True)
class Demo:
    """What the demo did. differences: one line for each sample that did not get what it deserves."""

    outcome: Outcome
    samples: list[Sample]
    isolation: str
    differences: list[str]


def demo(out: Path, course: Course, jobs: int = 2, progress: Report | None = None) -> Demo:
    """Releases the lesson to out/bundle, makes the class in out/submitted, grades it. Without bubblewrap only the
    harmless members. A repeated demo grades only what has changed. Raises DemoError for a folder that is not a demo's.
    """
    try:
        require("bubblewrap")
        isolation = "bubblewrap"
    except SandboxUnavailable:
        isolation = "none"
    samples = [sample for sample in sample_class(course) if sample.harmless or isolation == "bubblewrap"]
    _begin(out, [sample.student for sample in samples])
    _release(out / "bundle", course)
    for sample in samples:
        write_sample(course, sample, out / "submitted")
    outcome = grade_class(out / "submitted", out, course, Options(jobs, isolation, lesson=LESSON), progress)
    return Demo(outcome, samples, isolation, differences(samples, outcome.receipts))


def differences(samples: list[Sample], receipts: list[Receipt]) -> list[str]:
    """One line for each exercise of each sample whose verdict, points or diagnosis is not what it deserves."""
    found = {receipt.student: receipt for receipt in receipts}
    lines = []
    for sample in samples:
        receipt = found.get(sample.student)
        if receipt is None:
            lines.append(f"{sample.student}: not graded")
            continue
        got = {e.key.partition(".")[2]: (e.verdict, e.score) for e in receipt.exercises}
        for exercise, deserved in sample.deserved.items():
            if got.get(exercise) != deserved:
                lines.append(f"{sample.student}, {exercise}: got {got.get(exercise)}, deserves {deserved}")
        met = {e.misconception for e in receipt.exercises} - {None}
        if sample.misconception is not None and met != {sample.misconception}:
            lines.append(f"{sample.student}: diagnosed {sorted(map(str, met))}, is {sample.misconception}")
    return lines


def _begin(out: Path, students: list[str]) -> None:
    """Takes over a former demo of the same class; clears away one of another class; refuses anything else."""
    mark = out / MARK
    if mark.is_file():
        if json.loads(mark.read_text(encoding="utf-8")) == students:
            return
        shutil.rmtree(out)
    elif out.exists() and any(out.iterdir()):
        raise DemoError(
            f"{out} is not empty and not a former demo's: choose another folder. | {out} 非空，也不是以前的演示文件夹，"
            "请另选一个。"
        )
    out.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps(students), encoding="utf-8")


def _release(place: Path, course: Course) -> None:
    from grader.release import compose, write

    write(compose(course, [read_lesson(course.lesson(LESSON).source)], "both"), place, force=True)

"""A small class that was graded without a sandbox, for the tests of giving it back and of removing somebody from it."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode

from grader import batch
from grader.batch import Options, Outcome, grade_class
from grader.course import Course
from grader.engine.tasks import Run, Task
from grader.roster import Roster, Student
from tests.grading import toy

WANG, ANN, BO, EVE = "20260001", "20260002", "20260003", "20260004"
ROSTER = Roster(
    (
        Student(WANG, "王小明", "小明", "王", "wang@uni.example", language="zh"),
        Student(ANN, "Ann Lee", "Ann", "Lee", "ann@uni.example", canvas="4712", language="en"),
        Student(BO, "=cmd|' /C calc'!A0", "calc'!A0", "=cmd|' /C", "bo@uni.example"),
        Student(EVE, "Eve Nobody", "Eve", "Nobody", "eve@uni.example"),
    )
)
NEGATED = {**toy.BOTH, "double": toy.DOUBLE.replace("2 *", "-2 *")}
SCORES = {WANG: 5.0, ANN: 2.0, BO: 3.0}  # Eve handed in nothing
MOODLE_FILE = "王小明_4711_assignsubmission_file_/01_toy.ipynb"
CANVAS_FILE = "leeann_4712_9912_01_toy.ipynb"


class FakePool:
    """In place of the sandboxes: runs what it is given right here. For cells that can be trusted."""

    def __init__(self, *_: Any) -> None: ...

    def __enter__(self) -> FakePool:
        return self

    def __exit__(self, *_: object) -> None: ...

    @property
    def room(self) -> int:
        return 2

    def warm(self) -> None: ...

    def shutdown(self, **_: Any) -> None: ...

    def submit_task(self, task: Task) -> Future[Run]:
        done: Future[Run] = Future()
        done.set_result(toy.fake_run(task))
        return done


def grade(place: Path, out: Path, course: Course, roster: Roster | None = ROSTER, **options: Any) -> Outcome:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(batch, "SandboxPool", FakePool)
        return grade_class(place, out, course, Options(jobs=1, roster=roster, seed=3, **options))


def hand_in(place: Path, name: str, notebook: NotebookNode, stamp: str | None = None, language: str = "") -> None:
    """A file under any name, as a platform's download has it; the time beside it, where one is known."""
    if language:
        notebook.metadata["course"] = {"language": language}
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    if stamp is not None:
        (path.parent / "timestamp.txt").write_text(stamp)


def make_class(place: Path, course: Course) -> Path:
    """One from Moodle, all right; one from Canvas with a known mistake; one in nbgrader's tree, half done."""
    hand_in(place, MOODLE_FILE, toy.answered(course, toy.BOTH))
    hand_in(place, CANVAS_FILE, toy.answered(course, NEGATED))
    tree = f"{BO}/{toy.LESSON}/{toy.LESSON}.ipynb"
    hand_in(place, tree, toy.answered(course, {"double": toy.DOUBLE}), "2026-10-02 10:00:00 UTC", "zh")
    return place


def files(folder: Path) -> Iterable[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())

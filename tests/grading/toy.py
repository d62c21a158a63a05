"""A small course for the tests of grading: one lesson with two exercises and a written answer, and what students make
of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

import grader.exercises
from course_lib.checking.probing import run_probe
from course_lib.checking.values import observe
from grader.course import Course
from grader.engine.tasks import CellRun, ProbeRun, Run, Task
from grader.lesson import Lesson, read_lesson
from grader.released import released_lesson

LESSON = "01_toy"
SOURCE = '''\
# %% [markdown] id="title" lang="en"
# # Toy
#
# The sum is $s = a+b$.
# %% [markdown] id="title" lang="zh" reviewed="000000000000"
# # 玩具
#
# 和为 $s = a+b$。
# %% id="imports" tags=["setup"]
import numpy as np
# %% id="double" tags=["solution"]
def double(x):
    """x [N] -> [N]"""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
# %% id="double-check" tags=["check"]
check("toy.double")
# %% id="demo"
OFFSET = 0.0  # a demonstration | 一个演示
print(double(np.ones(2)))
# %% id="total" tags=["solution"]
def total(x):
    """x [N] -> number"""
    ### BEGIN SOLUTION
    return float(np.sum(x))
    ### END SOLUTION
# %% id="total-check" tags=["check"]
check("toy.total")
'''
DOUBLE = 'def double(x):\n    """x [N] -> [N]"""\n    return 2 * x'
TOTAL = 'def total(x):\n    """x [N] -> number"""\n    return float(np.sum(x))'
BOTH = {"double": DOUBLE, "total": TOTAL}


def use_toy_exercises() -> None:
    """Lets grader.exercises find the toy's specifications too."""
    folder = str(Path(__file__).parent / "toy_exercises")
    if folder not in grader.exercises.__path__:
        grader.exercises.__path__.append(folder)


def make_course(root: Path) -> Course:
    folder = root / "notebooks" / LESSON
    folder.mkdir(parents=True)
    (root / "grader").mkdir()
    (folder / f"{LESSON}.py").write_text(SOURCE, encoding="utf-8")
    return Course(root)


def lesson(course: Course) -> Lesson:
    return read_lesson(course.lesson(LESSON).source)


def answered(course: Course, answers: dict[str, str]) -> NotebookNode:
    """The released notebook with some solution cells filled in."""
    notebook = copy.deepcopy(released_lesson(lesson(course)).notebook)
    for cell in notebook.cells:
        if cell.id in answers:
            cell["source"] = answers[cell.id]
    return notebook


def hand_in(place: Path, student: str, notebook: NotebookNode | bytes) -> Path:
    path = place / student / LESSON / f"{LESSON}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode())
    return path


def fake_run(task: Task) -> Run:
    """What the engine would bring back, without a sandbox: for trusted cells in fast tests."""
    namespace: dict[str, Any] = {}
    cells = []
    for source in task.cells:
        outputs: list[dict[str, Any]] = []
        status = "ok"
        try:
            exec(source, namespace)
        except Exception as error:
            status = "error"
            outputs = [{"output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": []}]
        cells.append(CellRun(outputs, status))  # type: ignore[arg-type]
    probes = tuple(
        ProbeRun(
            job.exercise,
            tuple(
                run_probe(job.probe_source, namespace, {k: observe(v) for k, v in case.items()}) for case in job.cases
            ),
        )
        for job in task.probes
    )
    return Run(tuple(cells), probes, (), 0.0)

"""Exercises on a machine that has torch, NumPy and pytest and nothing of Jupyter: lessons are read without jupytext."""

from __future__ import annotations

import os
from functools import cache

import pytest
import torch

from grader.course import LessonRef
from grader.devices import Place
from grader.lesson import Cell, Lesson
from grader.reference import exercise_ids, load_exercises
from tests.lessons.running import NOTEBOOKS, code_cells

REHEARSED = "COURSE_GPU_TIER"  # =cpu: the tests that can do so run on the CPU, as if it were a device


def place() -> Place:
    """The accelerator, or what stands for it. Skips where there is neither."""
    if name := os.environ.get(REHEARSED):
        return Place(name, name, name)
    found = torch.accelerator.current_accelerator(check_available=True)
    if found is None:
        pytest.skip("torch finds no accelerator on this machine")
    label = torch.cuda.get_device_name(0) if found.type == "cuda" else found.type
    return Place(f"{found.type}:0" if found.type == "cuda" else found.type, f"{found.type}:0", label)


def accelerator() -> torch.device:
    """A real one. Skips where there is none."""
    found = torch.accelerator.current_accelerator(check_available=True)
    if found is None:
        pytest.skip("torch finds no accelerator on this machine")
    return found


@cache
def lesson(folder: str) -> Lesson:
    """The code of a lesson, without its prose."""
    ref = LessonRef.at(NOTEBOOKS / folder)
    cells = (Cell(c.id, "code", None, tuple(_tags(c.tags)), c.source, None, 0) for c in code_cells(ref.source))
    return Lesson(ref, tuple(cells))


def _tags(header: str) -> list[str]:
    """What stands in ``tags=["setup", "solution"]``."""
    return header.partition("tags=[")[2].partition("]")[0].replace('"', "").replace(",", " ").split()


@cache
def folders() -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in NOTEBOOKS.glob("[0-9]*/[0-9]*.py")))


def portable() -> list[tuple[str, str]]:
    """The exercises that run on any device: folder of the lesson, name."""
    found = ((folder, name) for folder in folders() for name in exercise_ids(lesson(folder)))
    return [(folder, name) for folder, name in found if load_exercises(lesson(folder))[name].device_wrong]

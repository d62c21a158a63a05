"""What the lessons really draw: their code is run once, with show, explore and animate replaced by a collector."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

import course_lib
from course_lib.text import Text
from grader.course import find_course
from grader.lesson import read_lesson
from grader.reference import execute, without_marks


@dataclass(frozen=True)
class Drawn:
    """One figure of a lesson. cell: where it is shown; values: those of the controls, or the frame."""

    cell: str
    figure: Figure
    alt: Text
    values: str = ""


def drawn_by(lesson: str) -> list[Drawn]:
    """Every figure that a lesson shows with the right answers in it, drawn with labels in both languages.

    An interactive one is drawn for its start and for both ends (for a choice: every entry) of one control at a time.
    """
    found: list[Drawn] = []
    cell = ""

    def collect(figure: Figure, alt: Text, values: str = "") -> None:
        figure.draw_without_rendering()  # limits, ticks and colours of what is mapped are settled now
        found.append(Drawn(cell, figure, alt, values))

    def explore(draw: Callable[..., Any], labels: Mapping[str, Text] | None = None, **controls: Any) -> None:
        assert set(labels or {}) == set(controls), f"{cell}: a control without a name in both languages"
        for values in _corners(controls):
            collect(*draw(**values), ", ".join(f"{name}={value}" for name, value in values.items()))

    def animate(draw: Callable[[Any], Any], frames: Any, seconds: float = 0) -> None:
        for frame in (frames[0], frames[-1]):
            collect(*draw(frame), f"frame={frame}")

    namespace: dict[str, Any] = {"__name__": "__main__"}
    ref = find_course().lesson(lesson)
    with _in_place_of(show=collect, explore=explore, animate=animate), _quietly(str(ref.source.parent)):
        for part in read_lesson(ref.source).cells:
            if part.kind == "code":
                cell = part.id
                execute(without_marks(part.source), namespace, part.id)
    return found


def _corners(controls: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    start = {name: control[3] if isinstance(control, tuple) else control[0] for name, control in controls.items()}
    yield start
    for name, control in controls.items():
        for value in control[:2] if isinstance(control, tuple) else control:
            if value != start[name]:
                yield start | {name: value}


@contextlib.contextmanager
def _in_place_of(**others: Callable[..., None]) -> Iterator[None]:
    before = {name: getattr(course_lib, name) for name in others}
    for name, other in others.items():
        setattr(course_lib, name, other)
    try:
        yield
    finally:
        for name, one in before.items():
            setattr(course_lib, name, one)


@contextlib.contextmanager
def _quietly(folder: str) -> Iterator[None]:
    """In the lesson's folder, in both languages, on the CPU, without a word."""
    before, os.environ["COURSE_LANG"] = os.environ.get("COURSE_LANG"), "both"
    path = list(sys.path)
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.path[:] = path
        del os.environ["COURSE_LANG"]
        if before is not None:
            os.environ["COURSE_LANG"] = before

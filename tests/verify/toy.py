"""A toy lesson of two exercises whose checks are good, to be spoiled one thing at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.text import Text
from grader import mutation, packing, reference, verify
from grader.course import LessonRef
from grader.lesson import Lesson, parse
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong

SOURCE = '''\
# %% id="imports" tags=["setup"]
import numpy as np
# %% id="demo"
raise RuntimeError("a demonstration that nothing needs is not run")
# %% id="double" tags=["solution"]
def double(x):
    """x [N] -> [N]"""
    ### BEGIN SOLUTION
    factor = 2
    return factor * x
    ### END SOLUTION
# %% id="double-check" tags=["check"]
check("toy.double")
# %% id="total" tags=["solution"]
def total(x):
    """x [N] -> number"""
    ### BEGIN SOLUTION
    return float(np.sum(x))
    ### END SOLUTION
# %% id="total-check" tags=["check"]
check("toy.total")
'''


def text(word: str) -> Text:
    return Text(en=word, zh=f"{word}，中文")


def hint(word: str) -> Hint:
    return Hint(text(f"question {word}"), text(f"neighbour {word}"))


def probe_double(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "out", ns["double"](case["x"])


def probe_total(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "total", ns["total"](case["x"])


def hidden(rng: np.random.Generator) -> list[Case]:
    return [Case("drawn", text("drawn"), {"x": rng.standard_normal(5)})]


def wrong(code: str, body: str, words: str | None = None) -> Wrong:
    return Wrong(code, text(code), hint(words or code), source=f"def double(x):\n    {body}")


DOUBLE = Exercise(
    title=text("Double"),
    properties=(Property("out", text("the output")),),
    probe=probe_double,
    public=(Case("two", text("two"), {"x": np.array([1.5, -3.0])}),),
    hidden=hidden,
    wrong=(
        Wrong("three", text("three"), hint("three"), edits=(("factor = 2", "factor = 3"),)),
        wrong("square", "return x * x"),
        wrong("list", "return list(2 * x)"),
        wrong("float32", "return (2 * x).astype('float32')"),
        wrong("inverse", "return x / 2"),
        wrong("raises", "raise ValueError('no')"),
    ),
    right=(Right("sum", "def double(x):\n    return x + x"), Right("shift", "def double(x):\n    return x * 4 / 2")),
    fallback=hint("fallback"),
)
TOTAL = dataclasses.replace(
    DOUBLE,
    properties=(Property("total", text("the total")),),
    probe=probe_total,
    wrong=tuple(
        Wrong(f"w{n}", text(f"w{n}"), hint(f"w{n}"), source=f"def total(x):\n    return float(np.sum(x)) + {n}")
        for n in range(1, 7)
    ),
    right=(
        Right("loop", "def total(x):\n    return float(sum(x))"),
        Right("method", "def total(x):\n    return float(x.sum())"),
    ),
)


def use(monkeypatch: pytest.MonkeyPatch, double: Exercise = DOUBLE, source: str = SOURCE) -> Lesson:
    """The lesson, with its exercises where the grader looks for them."""
    probe = {"double": double.probe, "total": probe_total}
    for module in (mutation, reference, verify):
        monkeypatch.setattr(module, "load_exercises", lambda lesson: {"double": double, "total": TOTAL})
    monkeypatch.setattr(packing, "exercise_hash", lambda lesson, name: name)
    # A shipped probe is called `probe`; here two of them live in one file.
    renamed = {name: reference.probe_source(dataclasses.replace(DOUBLE, probe=p)) for name, p in probe.items()}
    monkeypatch.setattr(
        verify, "probe_source", lambda spec: renamed[_name(spec)].replace(f"probe_{_name(spec)}", "probe")
    )
    monkeypatch.setattr(packing, "probe_source", verify.probe_source)
    folder = Path("notebooks/09_toy")
    return Lesson(LessonRef.at(folder), parse(source, folder / "09_toy.py"))


def _name(spec: Exercise) -> str:
    return "total" if spec.probe is probe_total else "double"

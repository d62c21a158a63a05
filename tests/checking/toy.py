"""A toy exercise for tests of the checking core: double the input, and say its sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_lib.checking.probing import run_probe
from course_lib.checking.results import Hint, Observed
from course_lib.checking.values import observe
from course_lib.checking.verdict import ExercisePack, JudgedCase, KnownWrong, PropertySpec
from course_lib.text import Text

PROBE = """
def probe(ns, case):
    x = case["x"]
    out, total = ns["double"](x)
    yield "double", out
    yield "sum", total
    yield "untouched", x
"""


def right(x: np.ndarray) -> tuple[np.ndarray, float]:
    return 2 * x, float((2 * x).sum())


def squares(x: np.ndarray) -> tuple[np.ndarray, float]:
    return x**2, float((x**2).sum())


def text(word: str) -> Text:
    return Text(en=word, zh=f"{word}（中文）")


def hint(word: str) -> Hint:
    return Hint(text(f"question {word}"), text(f"neighbour {word}"))


def observe_with(function: Callable[..., Any], inputs: list[np.ndarray]) -> tuple[Observed, ...]:
    return tuple(run_probe(PROBE, {"double": function}, {"x": observe(x)}) for x in inputs)


def inputs() -> Iterator[np.ndarray]:
    yield np.array([[1.0, 3.0, -1.0], [0.5, 4.0, 2.5]])
    yield np.array([3.0, 5.0])


def pack(hidden: list[np.ndarray] | None = None) -> ExercisePack:
    public = list(inputs())
    several = [(x, False) for x in public] + [(x, True) for x in hidden or []]
    return ExercisePack(
        key="toy.double",
        title=text("Double"),
        properties=(
            PropertySpec("double", text("twice the input"), 2.0),
            PropertySpec("sum", text("its sum"), 1.0),
            PropertySpec("untouched", text("the input unchanged"), 1.0, only_with="double"),
        ),
        probe=PROBE,
        cases=tuple(
            JudgedCase(f"case {n}", text(f"case {n}"), {"x": observe(x)}, observe_with(right, [x])[0], is_hidden)
            for n, (x, is_hidden) in enumerate(several)
        ),
        wrong=(KnownWrong("squares", text("squares"), hint("squares"), observe_with(squares, public)),),
        fallback=hint("fallback"),
    )

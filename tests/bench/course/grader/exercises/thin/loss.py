"""Exercise 2: the mean squared error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``loss`` once and differentiates what it gave."""
    prediction = case["prediction"].requires_grad_()
    value = ns["loss"](prediction, case["target"])
    yield "value", value
    value.backward()
    yield "gradient", prediction.grad


def _case(name: str, rng: np.random.Generator, n: int, d: int) -> Case:
    label = Text(en=f"sizes {n}, {d}", zh=f"各维大小 {n}、{d}")
    inputs = {k: torch.from_numpy(rng.standard_normal((n, d))) for k in ("prediction", "target")}
    return Case(name, label, inputs)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Oblong, and a batch of one."""
    return [_case("oblong", rng, 5, 3), _case("one", rng, 1, 4)]


_HINT = Hint(
    question=Text(en="Is it a sum or a mean?", zh="是求和还是求平均？"),
    neighbour=Text(en="The mean of 1 and 3 is 2; their sum is 4.", zh="1 和 3 的平均值是 2，和是 4。"),
)
EXERCISE = Exercise(
    title=Text(en="Mean squared error", zh="均方误差"),
    properties=(
        Property("value", Text(en="value", zh="损失值"), points=1.0),
        Property("gradient", Text(en="gradient", zh="梯度"), points=1.0),
    ),
    probe=probe,
    public=(_case("small", np.random.default_rng(2), 2, 3),),
    hidden=hidden,
    wrong=(Wrong("sum", Text(en="a sum, not a mean", zh="求了和，没有求平均"), _HINT, edits=((".mean()", ".sum()"),)),),
    right=(Right("pow", "def loss(prediction, target):\n    return (prediction - target).pow(2).mean()"),),
    fallback=_HINT,
)

"""Exercise 3: one step of gradient descent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``step`` once."""
    yield "weight", ns["step"](case["weight"], case["gradient"], case["lr"])


def _case(name: str, rng: np.random.Generator, d: int, lr: float) -> Case:
    label = Text(en=f"{d} weights, lr {lr}", zh=f"{d} 个权重，学习率 {lr}")
    inputs: dict[str, Any] = {k: torch.from_numpy(rng.standard_normal(d)) for k in ("weight", "gradient")}
    return Case(name, label, {**inputs, "lr": lr})


def hidden(rng: np.random.Generator) -> list[Case]:
    """Many weights, and one."""
    return [_case("many", rng, 50, 0.01), _case("one", rng, 1, 3.0)]


_HINT = Hint(
    question=Text(en="Uphill or downhill?", zh="上坡还是下坡？"),
    neighbour=Text(en="At slope 2 a step of 0.1 changes the place by -0.2.", zh="斜率为 2，步长 0.1，位置改变 -0.2。"),
)
EXERCISE = Exercise(
    title=Text(en="One step", zh="一步更新"),
    properties=(Property("weight", Text(en="weight", zh="权重"), points=2.0),),
    probe=probe,
    public=(_case("small", np.random.default_rng(3), 3, 0.1),),
    hidden=hidden,
    wrong=(Wrong("uphill", Text(en="the sign is flipped", zh="符号反了"), _HINT, edits=((" - lr", " + lr"),)),),
    right=(Right("sub", "def step(weight, gradient, lr):\n    return weight.sub(gradient, alpha=lr)"),),
    fallback=_HINT,
)

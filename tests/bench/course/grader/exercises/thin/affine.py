"""Exercise 1: one affine map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``affine`` once."""
    yield "y", ns["affine"](case["x"], case["weight"], case["bias"])


def _case(name: str, rng: np.random.Generator, n: int, d_in: int, d_out: int) -> Case:
    label = Text(en=f"sizes {n}, {d_in}, {d_out}", zh=f"各维大小 {n}、{d_in}、{d_out}")
    sizes = {"x": (n, d_in), "weight": (d_in, d_out), "bias": (d_out,)}
    return Case(name, label, {k: torch.from_numpy(rng.standard_normal(size)) for k, size in sizes.items()})


def hidden(rng: np.random.Generator) -> list[Case]:
    """Oblong, and a batch of one."""
    return [_case("oblong", rng, 5, 3, 4), _case("one", rng, 1, 4, 2)]


_HINT = Hint(
    question=Text(en="What does the bias do to each row?", zh="偏置对每一行做了什么？"),
    neighbour=Text(en="2 · 3 + 1 is 7, not 6.", zh="2 · 3 + 1 等于 7，而不是 6。"),
)
EXERCISE = Exercise(
    title=Text(en="Affine map", zh="仿射变换"),
    properties=(Property("y", Text(en="result", zh="结果"), points=2.0),),
    probe=probe,
    public=(_case("small", np.random.default_rng(1), 2, 3, 2),),
    hidden=hidden,
    wrong=(Wrong("no-bias", Text(en="the bias is missing", zh="漏了偏置"), _HINT, edits=((" + bias", ""),)),),
    right=(Right("addmm", "def affine(x, weight, bias):\n    return torch.addmm(bias, x, weight)"),),
    fallback=_HINT,
)

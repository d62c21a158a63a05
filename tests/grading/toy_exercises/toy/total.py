"""A second small exercise for the tests of grading."""

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns, case):
    yield "total", ns["total"](case["x"])


def hidden(rng: np.random.Generator) -> list[Case]:
    return [Case("drawn", Text(en="drawn", zh="随机"), {"x": rng.standard_normal(7)})]


EXERCISE = Exercise(
    title=Text(en="Adding up", zh="求和"),
    properties=(Property("total", Text(en="the sum", zh="总和"), points=2.0),),
    probe=probe,
    public=(Case("three", Text(en="three numbers", zh="三个数"), {"x": np.array([1.0, 2.0, 4.0])}),),
    hidden=hidden,
    wrong=(
        Wrong(
            "mean",
            Text(en="the mean instead of the sum", zh="求成了平均值"),
            Hint(Text(en="Sum or mean?", zh="和还是平均？"), Text(en="A neighbour.", zh="一道相近的题。")),
            edits=(("np.sum", "np.mean"),),
        ),
    ),
    right=(
        Right("loop", "def total(x):\n    return float(sum(x))"),
        Right("dot", "def total(x):\n    return float(x @ np.ones_like(x))"),
    ),
    fallback=Hint(Text(en="Look again.", zh="再看看。"), Text(en="A neighbour.", zh="一道相近的题。")),
    timeout=1.5,
)

"""A small exercise for the tests of grading: two properties, one known mistake."""

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns, case):
    y = ns["double"](case["x"])
    yield "y", y
    yield "sum", float(y.sum())


def hidden(rng: np.random.Generator) -> list[Case]:
    return [Case("drawn", Text(en="drawn", zh="随机"), {"x": rng.standard_normal(5)})]


EXERCISE = Exercise(
    title=Text(en="Doubling", zh="加倍"),
    properties=(
        Property("y", Text(en="the result", zh="结果"), points=2.0),
        Property("sum", Text(en="its sum", zh="总和"), points=1.0),
    ),
    probe=probe,
    public=(Case("two", Text(en="two numbers", zh="两个数"), {"x": np.array([1.5, -1.5])}),),
    hidden=hidden,
    wrong=(
        Wrong(
            "negated",
            Text(en="the sign is turned", zh="符号弄反了"),
            Hint(Text(en="Which sign?", zh="符号是什么？"), Text(en="A neighbour.", zh="一道相近的题。")),
            edits=(("2 * x", "-2 * x"),),
        ),
    ),
    right=(Right("sum", "def double(x):\n    return x + x"), Right("star", "def double(x):\n    return x * 2")),
    fallback=Hint(Text(en="Look again.", zh="再看看。"), Text(en="A neighbour.", zh="一道相近的题。")),
    timeout=1.5,
)

"""A course of one lesson whose second exercise calls the first, for the tests of errors carried forward."""

from __future__ import annotations

from pathlib import Path

from grader.course import Course

LESSON = "02_chain"
SOURCE = '''\
# %% [markdown] id="title" lang="en"
# # Chain
# %% [markdown] id="title" lang="zh" reviewed="000000000000"
# # 链
# %% id="imports" tags=["setup"]
import numpy as np
# %% id="first" tags=["solution"]
def first(x, scale=2.0):
    """x [N] -> [N], number"""
    ### BEGIN SOLUTION
    return scale * x, float(scale)
    ### END SOLUTION
# %% id="first-check" tags=["check"]
check("chain.first")
# %% id="then" tags=["solution"]
def then(x):
    """x [N] -> [N]"""
    ### BEGIN SOLUTION
    y, scale = first(x, scale=3.0)
    return y + scale
    ### END SOLUTION
# %% id="then-check" tags=["check"]
check("chain.then")
'''
EXERCISE = """\
import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns, case):
    yield "y", {call}


def hidden(rng):
    return [Case("drawn", Text(en="drawn", zh="随机"), {{"x": rng.standard_normal(5)}})]


HINT = Hint(Text(en="Look again.", zh="再看看。"), Text(en="A neighbour.", zh="一道相近的题。"))
EXERCISE = Exercise(
    title=Text(en="{name}", zh="{name}"),
    properties=(Property("y", Text(en="the result", zh="结果"), points={points}),),
    probe=probe,
    public=(Case("two", Text(en="two numbers", zh="两个数"), {{"x": np.array([1.5, -1.5])}}),),
    hidden=hidden,
    wrong=(),
    right=(),
    fallback=HINT,
)
"""
RIGHT = {
    "first": "def first(x, scale=2.0):\n    return scale * x, float(scale)",
    "then": "def then(x):\n    y, scale = first(x, 3.0)\n    return y + scale",
}
WRONG_FIRST = "def first(x, scale=2.0):\n    return -scale * x, float(scale)"
WRONG_THEN = "def then(x):\n    y, scale = first(x, 3.0)\n    return y - scale"


def make_course(root: Path) -> Course:
    folder = root / "notebooks" / LESSON
    folder.mkdir(parents=True)
    (folder / f"{LESSON}.py").write_text(SOURCE, encoding="utf-8")
    exercises = root / "grader" / "exercises" / "chain"
    exercises.mkdir(parents=True)
    (exercises / "__init__.py").write_text("")
    for name, call, points in (("first", 'ns["first"](case["x"])[0]', 2.0), ("then", 'ns["then"](case["x"])', 3.0)):
        (exercises / f"{name}.py").write_text(EXERCISE.format(call=call, name=name, points=points), encoding="utf-8")
    return Course(root)

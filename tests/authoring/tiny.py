"""A small course for the authoring tests: one lesson, one exercise, everything that a lesson can hold."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course, LessonRef
from grader.lesson import Lesson, read_lesson, text_hash

ROOT = Path(__file__).resolve().parents[2]

LESSON = '''\
# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown] id="title" lang="en"
# # Doubling
#
# A first lesson on the loss $L = 2x$.

# %% [markdown] id="title" lang="zh" reviewed="000000000000"
# # 加倍
#
# 关于损失 $L = 2x$ 的第一课。

# %% [markdown] id="goals" lang="en"
# ## Goals
#
# - call `double`
# - see [the docs](https://example.org/docs) and 60,000 samples

# %% [markdown] id="goals" lang="zh" reviewed="000000000000"
# ## 目标
#
# - 调用 `double`
# - 查看[文档](https://example.org/docs)和 6 万个样本

# %% id="imports" tags=["setup"]
from course_lib import Text, check, say

START = 3  # where we start | 起点

# %% [markdown] id="card" lang="en"
# ### Exercise: doubling
#
# Two lines, 5 minutes.

# %% [markdown] id="card" lang="zh" reviewed="000000000000"
# ### 练习：加倍
#
# 两行代码，5 分钟。

# %% id="double" tags=["solution"]
def double(x):
    """x: a number -> twice that number | 数字 x -> 它的两倍"""
    ### BEGIN SOLUTION
    twofold_secret = x + x  # add it to itself | 与自身相加
    return twofold_secret
    ### END SOLUTION

# %% id="double-check" tags=["check"]
check("tiny.double")

# %% id="show"
# P(y | x) stays whole
say(Text(en="{n} doubled is {d}", zh="{n} 加倍后是 {d}"), n=START, d=double(START))  # print it | 打印

# %% [markdown] id="why" tags=["written"] points=2
# *Why does it work?* | *为什么成立？*
#
# ### BEGIN SOLUTION
# Because adding is doubling, the written secret.
# ### END SOLUTION
'''

EXERCISE = """\
import numpy as np

from grader.spec import Case, Exercise, Hint, Property, Right, Text, Wrong


def probe(ns, case):
    yield "result", ns["double"](case["x"])


HINT = Hint(Text(en="What is 2 + 2?", zh="2 + 2 是多少？"), Text(en="3 becomes 6.", zh="3 变成 6。"))
EXERCISE = Exercise(
    title=Text(en="Doubling", zh="加倍"),
    properties=(Property("result", Text(en="result", zh="结果"), points=3.0),),
    probe=probe,
    public=(Case("three", Text(en="three", zh="三"), {"x": 3.0}),),
    hidden=lambda rng: [Case("hidden", Text(en="hidden", zh="隐藏"), {"x": float(rng.integers(5, 9))})],
    wrong=(Wrong("square", Text(en="squares", zh="平方"), HINT, edits=(("x + x", "x * x * 1.0 * 7"),)),),
    right=(
        Right("times", "def double(x):\\n    return 2 * x\\n"),
        Right("sum", "def double(x):\\n    return sum([x, x])\\n"),
    ),
    fallback=HINT,
)
"""


@dataclass
class Tiny:
    """The course on the disk; ``edit`` changes the lesson's text, ``accept_all`` marks its Chinese as reviewed."""

    course: Course
    source: Path

    def lesson(self) -> Lesson:
        return read_lesson(self.source)

    @property
    def ref(self) -> LessonRef:
        return LessonRef.at(self.source.parent)

    def edit(self, old: str, new: str, count: int = 1) -> None:
        text = self.source.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{old!r} is not in the lesson"
        self.source.write_text(text.replace(old, new, count), encoding="utf-8")

    def accept_all(self) -> None:
        text = self.source.read_text(encoding="utf-8")
        for cell in self.lesson().cells:
            if cell.lang == "en":
                header = rf'(id="{cell.id}" lang="zh") reviewed="[^"]*"'
                text = re.sub(header, rf'\1 reviewed="{text_hash(cell.source)}"', text)
        self.source.write_text(text, encoding="utf-8")


def make_course(root: Path, library: bool = False) -> Tiny:
    """Writes the course below a folder; ``library`` copies course_lib, which building and releasing need."""
    folder = root / "notebooks" / "01_tiny"
    folder.mkdir(parents=True)
    exercises = root / "grader" / "exercises" / "tiny"
    exercises.mkdir(parents=True)
    (exercises / "__init__.py").touch()
    (exercises / "double.py").write_text(EXERCISE, encoding="utf-8")
    for name in ("pyproject.toml", "requirements.lock", "LICENSE", "LICENSE-TEXT"):
        shutil.copy(ROOT / name, root / name)
    shutil.copy(ROOT / "notebooks" / "glossary.yml", root / "notebooks" / "glossary.yml")
    if library:
        shutil.copytree(
            ROOT / "course_lib", root / "course_lib", ignore=shutil.ignore_patterns("__pycache__", "*.safetensors")
        )
    source = folder / "01_tiny.py"
    source.write_text(LESSON, encoding="utf-8")
    tiny = Tiny(Course(root), source)
    tiny.accept_all()
    return tiny

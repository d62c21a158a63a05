"""The words of a check's report, shared by its plain and its HTML form."""

from __future__ import annotations

import numpy as np

from course_lib.checking.compare import kind_name
from course_lib.checking.results import ExerciseResult, FailingCase
from course_lib.checking.values import Value, elements
from course_lib.text import Text

STEPS = 3

SIGNS = {"pass": "✓", "fail": "✗", "not_run": "○", "grader_error": "!"}

VERDICTS = {
    "pass": Text(en="passed", zh="通过"),
    "fail": Text(en="not there yet", zh="还差一点"),
    "not_run": Text(en="not answered yet", zh="尚未作答"),
    "grader_error": Text(en="the check itself failed; you lose nothing", zh="检查程序自身出错，不会扣你的分"),
}

SCORE = Text(en="{score} of {most} points", zh="{score} / {most} 分")
PROPERTY = Text(en="property", zh="检查项")
POINTS = Text(en="points", zh="得分")
FOUND = Text(en="what was found", zh="检查结果")
RIGHT = Text(en="as expected", zh="符合预期")
COUNTS_WITH = Text(en="counts only once the others are right", zh="其他项正确后才计分")
SMALLEST = Text(en="Smallest failing case: {label}", zh="最小的反例：{label}")
HIDDEN_CASE = Text(
    en="A hidden case failed; its inputs are not shown. All the cases you can see passed: test your code with other "
    "shapes, a batch of one, and other memory layouts.",
    zh="一个隐藏用例没有通过，其输入不予显示。你能看到的用例都已通过：请换别的形状、只有一个样本的批量和不同的内存布局再试试。",
)
INPUT = Text(en="input", zh="输入")
EXPECTED = Text(en="expected", zh="应为")
YOURS = Text(en="yours", zh="你的结果")
DIFFERENCE = Text(en="difference", zh="差异")
YOUR_LINE = Text(en="your line {line}", zh="你的代码第 {line} 行")
HINT_TITLES = (
    Text(en="Hint, step 1 of 3: a question", zh="提示，第 1 步（共 3 步）：先想一个问题"),
    Text(en="Hint, step 2 of 3: the smallest counterexample", zh="提示，第 2 步（共 3 步）：最小的反例"),
    Text(en="Hint, step 3 of 3: a neighbouring problem, worked", zh="提示，第 3 步（共 3 步）：一道相近的例题"),
)
NEXT_HINT = Text(en='For the next step: check("{key}", hint={step})', zh='想看下一步提示：check("{key}", hint={step})')
NO_VALUE = Text(en="nothing: no value was reached", zh="没有：未得到任何值")


def points(number: float) -> str:
    """3.0 as "3", 2.5 as "2.5"."""
    return f"{number:g}"


def headline(result: ExerciseResult) -> Text:
    """Title, verdict and score."""
    score = SCORE.format(score=points(result.score), most=points(result.max_score))
    verdict = VERDICTS[result.verdict]
    return Text(
        en=f"{result.title.en}: {verdict.en} – {score.en}",
        zh=f"{result.title.zh}：{verdict.zh}（{score.zh}）",
    )


def unanswered(result: ExerciseResult) -> Text:
    """Why there is nothing to judge, and what to do."""
    if result.error is not None and result.error.type == "NotDefined":
        return Text(
            en="`{name}` is not defined: run the cell that defines it (after a kernel restart: all cells above).",
            zh="尚未定义 `{name}`：请先运行定义它的单元格（重启内核后，需重新运行上面的所有单元格）。",
        ).format(name=result.error.message)
    return Text(
        en="The answer cell still holds its placeholder: write your answer, run the cell, then run this check again.",
        zh="答题单元格里还是占位代码：写出你的答案，运行该单元格，然后再运行这个检查。",
    )


def first_difference(failing: FailingCase) -> Text:
    """Which property differs first, and how."""
    label, sentence = failing.property_label, failing.difference.sentence
    return Text(en=f"First difference ({label.en}): {sentence.en}", zh=f"最先出现的差异（{label.zh}）：{sentence.zh}")


def describe(value: Value | None) -> Text:
    """A value in one line: what it is, then its elements if they are few."""
    if value is None:
        return NO_VALUE
    if value.kind in ("array", "tensor"):
        what = Text(en="{kind} {dtype} {shape}", zh="{kind} {dtype} {shape}").format(
            kind=kind_name(value), dtype=value.dtype, shape=list(value.shape)
        )
        numbers = one_line(value)
        return Text(en=f"{what.en}: {numbers}", zh=f"{what.zh}：{numbers}") if numbers else what
    if value.kind in ("number", "bool", "string"):
        words = value.data if value.kind != "number" else shown_number(value.data)
        return Text(en=str(words) or "''", zh=str(words) or "''")
    if value.kind == "sequence":
        items = [describe(item) for item in value.data[:6]]
        more = ", …" if len(value.data) > 6 else ""
        return Text(
            en="[" + ", ".join(i.en for i in items) + more + "]", zh="[" + ", ".join(i.zh for i in items) + more + "]"
        )
    return kind_name(value)


def one_line(value: Value, most: int = 24) -> str:
    """The elements of a small array on one line; nothing for a large one."""
    if not 0 < int(np.prod(value.shape)) <= most:
        return ""
    return str(
        np.array2string(elements(value), formatter={"all": shown_number}, separator=", ", max_line_width=10**6)
    ).replace("\n", "")


def shown_number(number: object) -> str:
    """A number with the digits that survive another machine."""
    if isinstance(number, (bool, np.bool_, int, np.integer, str)):
        return str(number)
    if isinstance(number, (complex, np.complexfloating)):
        return f"{complex(number):.4g}"
    return f"{float(number):.4g}"  # type: ignore[arg-type]


def grid(value: Value | None) -> list[list[str]] | None:
    """Rows of shown numbers for an array of at most two dimensions and 8×8 elements; None for anything else."""
    if value is None or not value.numeric or len(value.shape) > 2 or max(value.shape, default=1) > 8:
        return None
    table = np.atleast_2d(elements(value))
    return [[shown_number(number) for number in row] for row in table]


def gaps(failing: FailingCase) -> list[list[str]] | None:
    """Rows of yours − expected, where both can be drawn and have one shape."""
    wanted, got = failing.difference.expected, failing.difference.actual
    if wanted is None or got is None or wanted.shape != got.shape or grid(wanted) is None or grid(got) is None:
        return None
    with np.errstate(all="ignore"):
        table = np.atleast_2d(elements(got).astype(complex) - elements(wanted).astype(complex))
    if not np.iscomplexobj(elements(wanted)) and not np.iscomplexobj(elements(got)):
        table = table.real
    # What is within rounding is shown as no difference.
    return [[" · " if abs(number) <= 1e-9 else shown_number(number) for number in row] for row in table]

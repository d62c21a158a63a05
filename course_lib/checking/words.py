"""The words of a check's report, shared by its plain and its HTML form."""

from __future__ import annotations

import numpy as np

from course_lib.checking.compare import kind_name
from course_lib.checking.error_words import meaning_of
from course_lib.checking.results import ExerciseResult, FailingCase, RaisedError
from course_lib.checking.values import Value, elements
from course_lib.text import Text

STEPS = 3
LONGEST = 300  # characters of a string or digits of a number that are shown

SIGNS = {"pass": "✓", "fail": "✗", "not_run": "○", "grader_error": "!"}

VERDICTS = {
    "pass": Text(en="passed", zh="通过"),
    "fail": Text(en="not there yet", zh="还差一点"),
    "not_run": Text(en="not answered yet", zh="尚未作答"),
    "grader_error": Text(en="the check itself failed; you lose nothing", zh="检查程序自身出错，不会扣你的分"),
}

STOPPED = Text(en="stopped", zh="已中断")
STOPS = ("OutOfTime", "KeyboardInterrupt")

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
YOUR_LINE = Text(en="Your line {line}:", zh="你的代码第 {line} 行：")
IN_CELL = Text(en="Your code stopped in cell {cell}, line {line}:", zh="你的代码停在第 {line} 行，单元格 {cell}：")
BEGINS = Text(en="The function begins in cell {cell}, line {line}:", zh="这个函数从第 {line} 行开始，单元格 {cell}：")
READING = Text(
    en="Python stopped reading in cell {cell}, line {line}:", zh="Python 读到第 {line} 行就读不下去了，单元格 {cell}："
)
MEANS = Text(en="What it means: {meaning}", zh="这是什么意思：{meaning}")
ADVICE = Text(en="Where this usually comes from: {advice}", zh="常见原因：{advice}")
HINT_TITLES = (
    Text(en="Hint, step 1 of 3: a question", zh="提示，第 1 步（共 3 步）：先想一个问题"),
    Text(en="Hint, step 2 of 3: the smallest counterexample", zh="提示，第 2 步（共 3 步）：最小的反例"),
    Text(en="Hint, step 3 of 3: a neighbouring problem, worked", zh="提示，第 3 步（共 3 步）：一道相近的例题"),
)
NEXT_HINTS = (
    Text(
        en='Next step, when you want it: the smallest counterexample, drawn. Run check("{key}", hint={step})',
        zh='下一步（需要时再看）：画出最小的反例。运行 check("{key}", hint={step})',
    ),
    Text(
        en='Next step, when you want it: a problem of the same kind, worked. Run check("{key}", hint={step})',
        zh='下一步（需要时再看）：讲解一道相近的例题。运行 check("{key}", hint={step})',
    ),
)
LIES_TITLE = Text(en="Hint, step 2 of 3: where everything lies", zh="提示，第 2 步（共 3 步）：什么在哪里")
NEXT_LIES = Text(
    en='Next step, when you want it: where everything lies. Run check("{key}", hint={step})',
    zh='下一步（需要时再看）：什么在哪里。运行 check("{key}", hint={step})',
)
NO_VALUE = Text(en="nothing: no value was reached", zh="没有：未得到任何值")


def next_hint(result: ExerciseResult, step: int) -> Text:
    """How to ask for what follows a step."""
    lies = step == 1 and result.elsewhere is not None
    return (NEXT_LIES if lies else NEXT_HINTS[step - 1]).format(key=result.key, step=step + 1)


def points(number: float) -> str:
    """3.0 as "3", 2.5 as "2.5"."""
    return f"{number:g}"


def headline(result: ExerciseResult) -> Text:
    """Title, verdict and score."""
    score = SCORE.format(score=points(result.score), most=points(result.max_score))
    stopped = result.error is not None and result.error.type in STOPS
    verdict = STOPPED if stopped else VERDICTS[result.verdict]
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
    known = meaning_of(result.error) if result.error is not None else None
    if known is not None and known.code != "placeholder":
        return known.text
    return Text(
        en="The answer cell still holds its placeholder: write your answer, run the cell, then run this check again.",
        zh="答题单元格里还是占位代码：写出你的答案，运行该单元格，然后再运行这个检查。",
    )


def first_difference(failing: FailingCase) -> Text:
    """Which property differs first, and how."""
    label, sentence = failing.property_label, failing.difference.sentence
    return Text(en=f"First difference ({label.en}): {sentence.en}", zh=f"最先出现的差异（{label.zh}）：{sentence.zh}")


def where(error: RaisedError) -> Text | None:
    """The cell, known by its number and first line, and the line there; None where no line is known."""
    place = error.place
    if place is None:
        return None if error.line is None else YOUR_LINE.format(line=error.line)
    first = f"`{place.cell_line}`" if place.line != 1 or not place.cell else ""
    cell = f"{place.cell} ({first})" if place.cell and first else place.cell or first
    zh = f"{place.cell}（{first}）" if place.cell and first else place.cell or first
    unread = error.type in ("SyntaxError", "IndentationError", "TabError") and error.file == ""
    return (BEGINS if place.begins else READING if unread else IN_CELL).format(
        cell=Text(en=cell or "?", zh=zh or "?"), line=place.line
    )


def quoted(error: RaisedError) -> str:
    """The line itself, with its number."""
    if error.place is None:
        return error.source_line
    return f"{error.place.line}  {error.place.source_line}"


def message(error: RaisedError) -> str:
    """The exception as Python says it; nothing for a stop that was not the code's own."""
    if error.type in (*STOPS, "NotDefined"):
        return ""
    words = f"{error.type}: {error.message}" if error.message else error.type
    return words if len(words) <= 500 else words[:497] + "…"


def explained(result: ExerciseResult) -> bool:
    """Whether the report shows the error by itself: not for an answer that is simply not there yet."""
    error = result.error
    if error is None or result.verdict not in ("fail", "not_run"):
        return False
    return result.verdict == "fail" or error.type not in ("NotDefined", "NotImplementedError")


def labelled(label: Text, words: Text) -> Text:
    """``expected: [1, 2]``, with each language's own colon."""
    return Text(en=f"{label.en}: {words.en}", zh=f"{label.zh}：{words.zh}")


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
        words = str(value.data) if value.kind != "number" else shown_number(value.data)
        words = words if len(words) <= LONGEST else words[:LONGEST] + "…"
        return Text(en=words, zh=words) if words.strip() else Text(en=repr(words), zh=repr(words))
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
    if isinstance(number, int) and abs(number) > 10**100:
        return f"{'-' if number < 0 else ''}{hex(abs(number))[:20]}…"  # Python refuses to write thousands of digits
    if isinstance(number, (bool, np.bool_, int, np.integer, str)):
        return str(number)
    if isinstance(number, (complex, np.complexfloating)):
        return f"{complex(number):.4g}"
    return f"{float(number):.4g}"  # type: ignore[arg-type]

"""The sample class of lesson 01: one submission of every kind that a grader meets, and what each deserves.

Answers are made from the lesson (its solution cells, its exercises' right and wrong answers), so they cannot go stale.
What they deserve is written down here by hand, from what each one does, and not computed by the judge that it tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from course_lib.text import Text
from grader import sample_tricks as tricks
from grader.course import Course
from grader.lesson import Lesson, read_lesson
from grader.reference import load_exercises, solution_cell, without_marks
from grader.sample_tampering import Tamper, cut_off, edit_checks, forge, rearrange, with_cell
from grader.spec import Exercise, Wrong

LESSON = "01_numpy_backprop"
POINTS = {"forward": 4.0, "backward": 10.0, "numeric_grad": 6.0, "train": 6.0, "init": 4.0}
Deserved = Mapping[str, tuple[str, float]]  # exercise -> verdict, points

RIGHT: Deserved = {exercise: ("pass", points) for exercise, points in POINTS.items()}
NOTHING: Deserved = dict.fromkeys(POINTS, ("not_run", 0.0))


@dataclass(frozen=True)
class Sample:
    """One member of the class. answers: what stands in the solution cells; a cell left out keeps its placeholder.

    harmless: may be run without a sandbox. misconception: the known wrong answer that must be recognised.
    """

    student: str
    what: Text
    deserved: Deserved
    answers: Mapping[str, str] = field(default_factory=dict)
    tamper: Tamper | None = None
    language: str = "both"
    harmless: bool = True
    misconception: str | None = None
    opens: bool = True  # in nbgrader

    @property
    def score(self) -> float:
        return sum(points for _, points in self.deserved.values())


def sample_class(course: Course) -> list[Sample]:
    """Every member, in the order of the report."""
    lesson = read_lesson(course.lesson(LESSON).source)
    specs = load_exercises(lesson)
    right = {exercise: reference(lesson, exercise) for exercise in specs}

    def rewritten(number: int) -> dict[str, str]:
        return {exercise: spec.right[number].source for exercise, spec in specs.items()}

    def wrong(exercise: str, code: str, points: float, language: str = "both") -> Sample:
        spec, answer = _wrong(lesson, specs[exercise], exercise, code)
        deserved = {**RIGHT, exercise: ("fail", points)}
        name = f"wrong_{exercise}_{code}".replace("-", "_")
        return Sample(
            name, spec.misconception, deserved, {**right, exercise: answer}, None, language, misconception=code
        )

    def but(**changed: str) -> dict[str, str]:
        return {**right, **changed}

    return [
        Sample("right_as_taught", Text(en="right, as the lesson does it", zh="正确，与课程写法一致"), RIGHT, right),
        Sample(
            "right_rewritten",
            Text(en="right, written differently", zh="正确，写法不同"),
            RIGHT,
            rewritten(0),
            language="en",
        ),
        Sample(
            "right_otherwise",
            Text(en="right, another way again", zh="正确，又一种写法"),
            RIGHT,
            rewritten(1),
            language="zh",
        ),
        # What one mistake leaves: properties before it count, properties that follow from it do not.
        wrong("forward", "relu-on-output", 2.0, "zh"),  # h, h_relu
        wrong("forward", "second-layer-sees-h", 2.0),  # h, h_relu
        wrong("backward", "missing-factor-2", 0.0, "en"),  # the factor runs through every gradient
        wrong("backward", "no-mask", 5.0),  # y_pred, w2, h_relu
        wrong("backward", "missing-copy", 8.0, "zh"),  # all but h_relu
        wrong("numeric_grad", "divided-by-eps", 0.0, "en"),
        wrong("numeric_grad", "keeps-a-view", 5.0),  # all but view
        wrong("train", "one-step-too-few", 0.0),
        wrong("train", "changes-the-start", 5.0, "zh"),  # all but start
        wrong("init", "no-relu-factor", 0.0, "en"),
        Sample("blank", Text(en="handed in as it was given out", zh="原样交回"), NOTHING),
        Sample(
            "half_done",
            Text(en="two exercises of five", zh="五题做了两题"),
            {**NOTHING, "forward": RIGHT["forward"], "backward": RIGHT["backward"]},
            {"forward": right["forward"], "backward": right["backward"]},
            language="zh",
        ),
        Sample(
            "rearranged",
            Text(en="cells deleted, duplicated, reordered", zh="单元格被删除、复制、打乱"),
            RIGHT,
            right,
            rearrange,
        ),
        Sample(
            "edited_checks",
            Text(en="check cells and points edited", zh="改动了检查单元格和分值"),
            {**RIGHT, "forward": ("fail", 1.0)},  # h
            but(forward=_wrong(lesson, specs["forward"], "forward", "no-relu")[1]),
            edit_checks,
            misconception="no-relu",
        ),
        Sample("unreadable", Text(en="not valid JSON", zh="不是有效的 JSON"), NOTHING, right, cut_off, opens=False),
        Sample(
            "loops_for_ever",
            Text(en="an endless loop in one answer", zh="有一题是死循环"),
            {**RIGHT, "train": ("fail", 0.0)},
            but(train=tricks.ENDLESS_LOOP),
            harmless=False,
        ),
        Sample(
            "eats_memory",
            Text(en="one answer takes all the memory it can get", zh="有一题不停占用内存"),
            {**RIGHT, "init": ("fail", 0.0)},
            but(init=tricks.EATS_MEMORY),
            harmless=False,
        ),
        Sample(
            "prints_without_end",
            Text(en="a cell prints without end", zh="有一个单元格无休止地打印"),
            RIGHT,
            right,
            with_cell(tricks.ENDLESS_PRINTING),
            harmless=False,
        ),
        _hostile(
            "hostile_reads_secrets",
            "searches for the reference and the gradebook",
            "寻找参考答案和成绩册",
            tricks.READS_SECRETS,
        ),
        _hostile(
            "hostile_opens_sockets",
            "one honest answer; the rest from the network",
            "诚实作答一题，其余想从网络获取",
            tricks.OPENS_SOCKETS,
            right,
            "forward",
        ),
        Sample(
            "hostile_replaces_comparisons",
            Text(
                en="replaces allclose and assert, answers with objects equal to everything",
                zh="替换 allclose 和 assert，用与一切相等的对象作答",
            ),
            {**NOTHING, "forward": ("fail", 0.0), "backward": ("fail", 0.0)},
            tamper=with_cell(tricks.REPLACES_COMPARISONS, at_end=True),
            harmless=False,
        ),
        Sample(
            "hostile_ends_the_process",
            Text(en="calls os._exit in one answer", zh="在一题中调用 os._exit"),
            {**RIGHT, "backward": ("fail", 0.0)},
            but(backward=tricks.ENDS_THE_PROCESS),
            harmless=False,
        ),
        Sample(
            "hostile_forges_results",
            Text(en="forges the output of check cells, and scripts", zh="伪造检查单元格的输出，并夹带脚本"),
            NOTHING,
            {},
            forge,
            harmless=False,
        ),
        _hostile(
            "hostile_kills_others",
            "one honest answer; kills its parent",
            "诚实作答一题，并试图杀死父进程",
            tricks.KILLS_OTHERS,
            right,
            "forward",
        ),
        Sample(
            "hostile_copies_the_pack",
            Text(en="returns the answers stored in the check pack", zh="返回检查包里存着的答案"),
            {**NOTHING, "forward": ("fail", 0.0)},
            {"forward": tricks.COPIES_THE_PACK},
            harmless=False,
        ),
    ]


def reference(lesson: Lesson, exercise: str) -> str:
    """A solution cell as a student would have written it: without its marks."""
    return without_marks(solution_cell(lesson, exercise).source)


def write_sample(course: Course, sample: Sample, place: Path) -> Path:
    """Writes place/<student>/<lesson>/<lesson>.ipynb, the same bytes every time."""
    from grader.release import student_notebook

    notebook = student_notebook(course, read_lesson(course.lesson(LESSON).source), sample.language)
    for cell in notebook.cells:
        if cell.id in sample.answers:
            cell["source"] = sample.answers[cell.id].rstrip()
    made = sample.tamper(notebook) if sample.tamper is not None else None
    made = notebook if made is None else made
    path = place / sample.student / LESSON / f"{LESSON}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made if isinstance(made, bytes) else nbformat.writes(made).encode())
    return path


def _wrong(lesson: Lesson, spec: Exercise, exercise: str, code: str) -> tuple[Wrong, str]:
    """A named wrong answer to an exercise, and its source as a student would have written it."""
    wrong = next(one for one in spec.wrong if one.code == code)
    return wrong, without_marks(wrong.apply(solution_cell(lesson, exercise).source))


def _hostile(student: str, en: str, zh: str, code: str, right: Mapping[str, str] | None = None, *honest: str) -> Sample:
    deserved = {**NOTHING, **{exercise: RIGHT[exercise] for exercise in honest}}
    answers = {exercise: right[exercise] for exercise in honest} if right else {}
    return Sample(student, Text(en=en, zh=zh), deserved, answers, with_cell(code), harmless=False)

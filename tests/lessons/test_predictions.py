"""Wherever a lesson asks for a prediction, it can be recorded before the answer shows, and it is told at the end."""

import ast
import json
import re
from itertools import pairwise

import pytest

from course_lib.predicting import NONE_OF_THEM
from grader.course import LessonRef, find_course
from grader.lesson import Cell, read_lesson

# Cells of prose that ask; "**Predict.**" with a full stop is the explanation of how to work.
ASKS = re.compile(r"\*\*[Pp]redict(?:\*\*|:\*\*|[^.*]*\*\*)")


def calls(cell: Cell, function: str) -> list[str]:
    """The keys with which a code cell calls one of the three functions."""
    return [
        str(ast.literal_eval(node.args[0]))
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


LESSONS = pytest.mark.parametrize("ref", find_course().lessons(), ids=lambda ref: ref.id)


@LESSONS
def test_every_question_can_be_answered_before_the_answer_shows(ref: LessonRef) -> None:
    cells = [cell for cell in read_lesson(ref.source).cells if cell.lang != "zh"]
    unasked = [
        cell.id
        for cell, after in pairwise(cells)
        if cell.kind != "code" and ASKS.search(cell.source)
        if after.kind != "code" or not calls(after, "prediction")
    ]
    assert unasked == [], "a cell with prediction(…) has to follow these"


@LESSONS
def test_every_prediction_is_told_in_a_later_cell_and_listed_at_the_end(ref: LessonRef) -> None:
    code = [cell for cell in read_lesson(ref.source).cells if cell.kind == "code"]
    asked = {key: place for place, cell in enumerate(code) for key in calls(cell, "prediction")}
    told = {key: place for place, cell in enumerate(code) for key in calls(cell, "reveal")}
    listed = [place for place, cell in enumerate(code) if calls(cell, "predictions") == [ref.slug]]
    assert asked and len(asked) == sum(len(calls(cell, "prediction")) for cell in code), "each key is asked for once"
    assert len(told) == sum(len(calls(cell, "reveal")) for cell in code), "and told once"
    assert sorted(asked) == sorted(told)
    assert [key for key in asked if not key.startswith(f"{ref.slug}.")] == []
    assert [key for key in asked if told[key] <= asked[key]] == []
    assert len(listed) == 1 and listed[0] > max(told.values())
    folded = [cell.id for cell in code if calls(cell, "prediction") and "hide-input" not in cell.tags]
    assert folded == [], "these cells are folded: their output says all"


@LESSONS
def test_every_answer_is_one_of_the_choices(ref: LessonRef) -> None:
    none_of_them = NONE_OF_THEM.en.partition("{value}")[2]
    built = json.loads(ref.notebook.read_text(encoding="utf-8"))
    said = {cell["id"]: json.dumps(cell.get("outputs", []), ensure_ascii=False) for cell in built["cells"]}
    assert [name for name, output in said.items() if none_of_them in output] == []

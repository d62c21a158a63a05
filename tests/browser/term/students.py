"""A class made by dice: students of different strength, exercises of different difficulty, mistakes as the lessons know
them, and what each answer deserves."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import nbformat

from grader.course import Course
from grader.lesson import Lesson, read_lesson
from grader.reference import load_exercises, solution_cell, without_marks
from grader.release import student_notebook

FAMILY = ("王", "李", "张", "刘", "陈", "欧阳", "Lee", "Novák", "O'Neill", "García", "van Dijk", "Müller")
GIVEN = ("伟", "静", "小明", "秀英", "子轩", "丽", "Ann", "Bo", "Jean-Luc", "Zoë", "Mia", "Tom")


@dataclass(frozen=True)
class Member:
    """A student. language: of the bundle that was taken; strength: in logits."""

    id: str
    name: str
    email: str
    moodle: int
    canvas: int
    language: str
    strength: float


@dataclass(frozen=True)
class Answered:
    """One notebook and what it deserves: exercise -> "right", "blank" or the code of a named wrong answer."""

    member: Member
    lesson: str
    blob: bytes
    deserved: Mapping[str, str] = field(default_factory=dict)


def members(count: int, seed: int) -> list[Member]:
    """A class with Chinese and other names, some of them alike, and a third of it for each language."""
    dice = random.Random(seed)
    found = []
    for number in range(count):
        chinese = number % 2 == 0
        family, given = (
            dice.choice(FAMILY[:6] if chinese else FAMILY[6:]),
            dice.choice(GIVEN[:6] if chinese else GIVEN[6:]),
        )
        name = f"{family}{given}" if chinese else f"{given} {family}"
        found.append(
            Member(
                f"2026{number:04d}",
                name,
                f"s2026{number:04d}@school.example",
                50_000 + 7 * number,
                900 + 3 * number,
                ("zh", "en", "both")[number % 3],
                dice.gauss(1.0, 1.2),
            )
        )
    return found


def hand_in(course: Course, lesson_id: str, class_: list[Member], seed: int) -> list[Answered]:
    """Everybody's notebook. The last two members share one set of mistakes, as people who copied do."""
    lesson = read_lesson(course.lesson(lesson_id).source)
    choices = _choices(lesson)
    dice = random.Random(seed)
    difficulty = {name: dice.gauss(0, 0.8) for name in choices}
    blank = {language: student_notebook(course, lesson, language) for language in ("en", "zh", "both")}
    found: list[Answered] = []
    for member in class_:
        if member is class_[-2]:
            picked = {name: options[-1] for name, options in choices.items()}
        elif member is not class_[-1]:  # who copies what the one before wrote
            picked = {
                name: _pick(dice, options, member.strength - difficulty[name]) for name, options in choices.items()
            }
        deserved = {name: kind for name, (kind, _) in picked.items()}
        found.append(Answered(member, lesson_id, _filled(blank[member.language], picked, member), deserved))
    return found


def _filled(blank: nbformat.NotebookNode, picked: dict[str, tuple[str, str]], member: Member) -> bytes:
    notebook = nbformat.from_dict(blank)
    for cell in notebook.cells:
        kind, text = picked.get(cell.id, ("blank", ""))
        if kind != "blank":
            cell.source = text.rstrip()
        elif cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = f"Number {member.id}: the loss fell, then it rose."
    return nbformat.writes(notebook).encode()


def _choices(lesson: Lesson) -> dict[str, list[tuple[str, str]]]:
    """Per exercise what may be answered: a few right ones, nothing, and the wrong ones."""
    found = {}
    for name, spec in load_exercises(lesson).items():
        source = solution_cell(lesson, name).source
        right = [("right", text) for text in (without_marks(source), *(right.source for right in spec.right))]
        wrong = [(wrong.code, without_marks(wrong.apply(source))) for wrong in spec.wrong]
        found[name] = [*right, ("blank", ""), *wrong]
    return found


def _pick(dice: random.Random, options: list[tuple[str, str]], margin: float) -> tuple[str, str]:
    """Right with the probability of the logistic curve; else mostly one of the first, commonest mistakes."""
    right = [option for option in options if option[0] == "right"]
    others = [option for option in options if option[0] != "right"]
    if dice.random() < 1 / (1 + math.exp(-margin)):
        return dice.choice(right)
    return others[min(int(dice.expovariate(0.4)), len(others) - 1)]

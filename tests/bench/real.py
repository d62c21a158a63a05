"""A class of submissions of a real lesson, made from its right and its named wrong answers."""

from __future__ import annotations

from pathlib import Path

import nbformat

from course_lib.checking.verdict import evaluate
from grader.course import Course
from grader.lesson import Lesson, read_lesson
from grader.packing import answer, make_pack
from grader.reference import load_exercises, solution_cell, without_marks
from grader.release import student_notebook

SEED = 20


def answers(lesson: Lesson) -> dict[str, list[str]]:
    """Per exercise the texts to hand in: the reference, right alternatives, and wrong answers that lose the same points
    by the public cases alone as by all of them, for stock nbgrader sees only those."""
    found: dict[str, list[str]] = {}
    for name, spec in load_exercises(lesson).items():
        reference = solution_cell(lesson, name).source
        pack = make_pack(lesson, name, spec, seed=SEED, wrong=False)
        public = make_pack(lesson, name, spec, wrong=False)
        found[name] = [without_marks(reference), *(right.source for right in spec.right[:2])]
        for wrong in spec.wrong[:4]:
            text = without_marks(wrong.apply(reference))
            seen = answer(lesson, name, spec, [case.inputs for case in pack.cases], text)
            points = evaluate(pack, seen).score, evaluate(public, seen[: len(public.cases)]).score
            if points[0] == points[1]:
                found[name].append(text)
    return found


def write_class(course: Course, lesson_id: str, place: Path, count: int) -> None:
    """place/<student>/<lesson>/<lesson>.ipynb: the first all right, the others each with some mistakes."""
    lesson = read_lesson(course.lesson(lesson_id).source)
    several = answers(lesson)
    released = student_notebook(course, lesson, "both")
    for number in range(count):
        notebook = nbformat.from_dict(released)
        for place_in, (name, texts) in enumerate(several.items()):
            text = texts[(number * (place_in + 1)) % len(texts)]
            for cell in notebook.cells:
                if cell.id == name:
                    cell.source = text.rstrip()
        path = place / f"student_{number:04d}" / lesson_id / f"{lesson_id}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook), encoding="utf-8")

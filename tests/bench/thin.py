"""The thin notebook's course and a class of submissions of it, each a little different from the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from grader.course import Course
from grader.lesson import read_lesson
from grader.notebook import to_notebook
from grader.packing import write_packs
from grader.release import student_notebook

LESSON = "01_thin"
HERE = Path(__file__).resolve().parent / "course"
FIGURE = """\
fig, ax = plt.subplots()
ax.plot(torch.linspace(0, {n}, 20), torch.arange(20.0))
ax.set_title("mine")
plt.show()"""
ANSWERS = {
    "affine": ("return x @ weight + bias", "return torch.addmm(bias, x, weight)", "return x @ weight"),
    "loss": ("d = prediction - target\n    return (d * d).mean()", "return ((prediction - target) ** 2).sum()"),
    "step": ("return weight - lr * gradient", "return weight + lr * gradient"),
}
HEADS = {"affine": "x, weight, bias", "loss": "prediction, target", "step": "weight, gradient, lr"}


def make_course(root: Path) -> Course:
    """The course in a folder of its own, with a copy of course_lib that holds its packs."""
    import course_lib

    shutil.copytree(HERE, root)
    shutil.copytree(Path(course_lib.__file__).parent, root / "course_lib", ignore=shutil.ignore_patterns("__pycache__"))
    course = Course(root)
    lesson = read_lesson(course.lesson(LESSON).source)
    write_packs(course, lesson)
    lesson.ref.notebook.write_text(nbformat.writes(to_notebook(lesson, "both")), encoding="utf-8")
    return course


def write_class(course: Course, place: Path, count: int, figure: bool = True) -> None:
    """place/<student>/01_thin/01_thin.ipynb for a number of students; no two files are the same."""
    released = student_notebook(course, read_lesson(course.lesson(LESSON).source), "both")
    for number in range(count):
        notebook = nbformat.from_dict(released)
        for cell in notebook.cells:
            if cell.id in ANSWERS:
                several = ANSWERS[cell.id]
                body = several[(number // (1 + list(ANSWERS).index(cell.id))) % len(several)]
                cell.source = f"def {cell.id}({HEADS[cell.id]}):\n    # student {number}\n    {body}"
        if figure:
            notebook.cells.append(new_code_cell(FIGURE.format(n=number + 1), id="mine"))
        path = place / f"student_{number:04d}" / LESSON / f"{LESSON}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook), encoding="utf-8")
        notebook.cells = notebook.cells[: len(released.cells)]

"""The reference solution: the lesson's solution cell, run together with the cells it needs. It stands nowhere else."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import io
import linecache
import pkgutil
import re
import textwrap
import warnings
from pathlib import Path
from typing import Any

from grader.dependencies import needed
from grader.lesson import Cell, Lesson
from grader.spec import Exercise

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_MARKS = re.compile(rf"^[ \t]*({BEGIN}|{END})[ \t]*\n?", re.MULTILINE)
_SHARED = "_"  # a module of a lesson's exercises that is none itself: what several of them use


class ExerciseError(Exception):
    """A lesson and its exercise specifications do not fit each other."""


def exercise_ids(lesson: Lesson) -> list[str]:
    """The lesson's exercises, in the order of their solution cells."""
    return [cell.id for cell in lesson.cells if "solution" in cell.tags]


def without_marks(source: str) -> str:
    """A solution cell's text as a student would have written it."""
    return _MARKS.sub("", source).rstrip()


def solution_cell(lesson: Lesson, exercise: str) -> Cell:
    """The cell that holds an exercise's solution. Raises ExerciseError where there is none."""
    for cell in lesson.cells:
        if cell.id == exercise and "solution" in cell.tags:
            return cell
    raise ExerciseError(f"lesson {lesson.ref.id} has no solution cell for exercise {exercise!r}")


def load_exercises(lesson: Lesson) -> dict[str, Exercise]:
    """The specifications of a lesson's exercises, in the lesson's order.

    Raises ExerciseError where a solution cell has no specification or a specification no cell.
    """
    name = f"grader.exercises.{lesson.ref.slug}"
    _reach(lesson.ref.folder.parent.parent / "grader" / "exercises")
    try:
        package = importlib.import_module(name)
        found = {m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith(_SHARED)}
    except ModuleNotFoundError:
        found = set()
    wanted = exercise_ids(lesson)
    if found != set(wanted):
        raise ExerciseError(
            f"lesson {lesson.ref.id}: solution cells {sorted(wanted)}, but specifications {sorted(found)} in "
            f"grader/exercises/{lesson.ref.slug}/"
        )
    return {exercise: importlib.import_module(f"{name}.{exercise}").EXERCISE for exercise in wanted}


def _reach(folder: Path) -> None:
    """Lets a course that does not lie around this package have exercises of its own, in its grader/exercises/."""
    import grader.exercises

    if folder.is_dir() and str(folder) not in grader.exercises.__path__:
        grader.exercises.__path__.insert(0, str(folder))


def probe_source(exercise: Exercise) -> str:
    """The probe's own text, as it is shipped to students: it must stand on its own."""
    return textwrap.dedent(inspect.getsource(exercise.probe))


def exercise_hashes(lesson: Lesson) -> dict[str, str]:
    """The hashes of a lesson's exercises, from the texts alone: nothing of them is imported or run.

    Raises ExerciseError where an exercise has no specification.
    """
    return {name: exercise_hash(lesson, name) for name in exercise_ids(lesson)}


def exercise_hash(lesson: Lesson, exercise_id: str) -> str:
    """Changes whenever the specification's file, what it shares with others (``_*.py``) or the reference does.

    Raises ExerciseError without a specification.
    """
    _reach(lesson.ref.folder.parent.parent / "grader" / "exercises")
    try:
        found = importlib.util.find_spec(f"grader.exercises.{lesson.ref.slug}.{exercise_id}")
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise ExerciseError(f"exercise {lesson.ref.slug}.{exercise_id} has no specification in grader/exercises/")
    shared = sorted(Path(found.origin).parent.glob(f"{_SHARED}[!_]*.py"))
    text = "\0".join(path.read_text(encoding="utf-8") for path in (Path(found.origin), *shared))
    return hashlib.sha256((text + "\0" + solution_cell(lesson, exercise_id).source).encode()).hexdigest()[:16]


def code_cells(lesson: Lesson) -> list[Cell]:
    """Code cells except checks, which need packs that may not exist yet."""
    return [cell for cell in lesson.cells if cell.kind == "code" and "check" not in cell.tags]


def run_solutions(lesson: Lesson, exercises: list[str], replaced: dict[str, str] | None = None) -> dict[str, Any]:
    """The namespace after the solution cells of some exercises and the cells that they need.

    replaced: other text for the solution cell of an exercise, such as a wrong answer. Exceptions go through.
    """
    cells = code_cells(lesson)
    sources = [(replaced or {}).get(c.id, c.source) if "solution" in c.tags else c.source for c in cells]
    wanted: set[int] = set()
    for index, cell in enumerate(cells):
        if "setup" in cell.tags or cell.id in exercises:
            wanted.update(needed(sources, index))
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for index in sorted(wanted):
            execute(sources[index], namespace, cells[index].id)
    return namespace


def execute(source: str, namespace: dict[str, Any], cell_id: str) -> None:
    """Runs a cell's text under a file name that error reports recognise as a cell's."""
    filename = f"<cell {cell_id}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - the lesson's own cells


def stub(source: str, body: str) -> str:
    """A solution cell with the text between its marks replaced, indented as the marks are.

    Raises ExerciseError where the marks are missing.
    """
    head, begin, rest = source.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ExerciseError(f"a solution cell needs {BEGIN!r} and {END!r}")
    indent = head[head.rfind("\n") + 1 :]
    return head[: len(head) - len(indent)] + textwrap.indent(body, indent) + tail

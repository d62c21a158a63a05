"""A lesson as a notebook, in English, in Chinese or in both, before it is run.

Cells that carry nbgrader metadata are the same, byte for byte, in every language: nbgrader's checksums would otherwise
tell the languages apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from grader.comments import CommentError, for_language
from grader.lesson import CHECK_SUFFIX, Cell, Lesson, LessonError, place

# What a student finds in place of a written answer (spec.STUB is its sister for code).
WRITTEN_STUB = "*Write your answer here. | 请在这里作答。*"

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# Without the interpreter's version: it says nothing to a reader and changes with every machine.
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


def to_notebook(lesson: Lesson, language: str = "both", points: Mapping[str, float] | None = None) -> Any:
    """The lesson's notebook (nbformat 4.5) without outputs, solutions included.

    points: those of each exercise; read from the exercises' specifications where left out.
    Raises LessonError where a comment breaks the rules or an exercise has no points.
    """
    from nbformat import v4

    if language not in ("en", "zh", "both"):
        raise ValueError(f"unknown language {language!r}: choose en, zh or both")
    if points is None:
        points = exercise_points(lesson)
    cells = [
        _cell(lesson, cell, language, points)
        for cell in lesson.cells
        if cell.lang in (None, language) or language == "both"
    ]
    metadata = {"kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE_INFO)}
    notebook = v4.new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat_minor = 5
    return notebook


def exercise_points(lesson: Lesson) -> dict[str, float]:
    """The points of each exercise: the sum over its properties. Imports the specifications."""
    from grader.reference import load_exercises

    return {name: exercise.points for name, exercise in load_exercises(lesson).items()}


def cell_hash(cell: Cell) -> str:
    """Changes with anything in a cell that its notebook depends on."""
    parts = [cell.kind, cell.lang or "", ",".join(cell.tags), str(cell.points or ""), cell.source]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def nbgrader_metadata(cell: Cell, points: Mapping[str, float]) -> dict[str, Any] | None:
    """nbgrader's metadata for a cell, or None. Raises KeyError where an exercise has no points."""
    kind = next((tag for tag in ("solution", "check", "written") if tag in cell.tags), None)
    if kind is None:
        return None
    data: dict[str, Any] = {
        "grade": kind != "solution",
        "grade_id": cell.id,
        "locked": kind == "check",
        "schema_version": 3,
        "solution": kind != "check",
        "task": False,
    }
    if kind == "check":
        data["points"] = float(points[cell.id.removesuffix(CHECK_SUFFIX)])
    elif kind == "written":
        data["points"] = float(cell.points or 0)
    return data


def _cell(lesson: Lesson, cell: Cell, language: str, points: Mapping[str, float]) -> Any:
    from nbformat import v4

    where = place(lesson.ref.source, cell.line, cell.id)
    source = cell.source
    if cell.kind == "code" and not cell.graded:
        try:
            source = for_language(source, language)
        except CommentError as error:
            raise LessonError(f"{place(lesson.ref.source, cell.line + error.line - 1, cell.id)}: {error}") from None
    metadata: dict[str, Any] = {"course": {"id": cell.id, "source_hash": cell_hash(cell)}}
    if cell.lang:
        metadata["course"]["lang"] = cell.lang
    if cell.tags:
        metadata["tags"] = list(cell.tags)
    if "hide-input" in cell.tags:
        # Code that only draws is folded in JupyterLab; a click opens it.
        metadata["jupyter"] = {"source_hidden": True}
    try:
        nbgrader = nbgrader_metadata(cell, points)
    except KeyError:
        raise LessonError(
            f"{where}: no points for it; is its exercise in grader/exercises/{lesson.ref.slug}/?"
        ) from None
    if nbgrader:
        metadata["nbgrader"] = nbgrader
    make = v4.new_code_cell if cell.kind == "code" else v4.new_markdown_cell
    return make(source, id=cell.notebook_id, metadata=metadata)

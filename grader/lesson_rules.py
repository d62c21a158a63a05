"""What every lesson must keep to, whatever it teaches: ids, pairs, exercises and their checks."""

from __future__ import annotations

import ast

from grader.lesson import CHECK_SUFFIX, Cell, Lesson, LessonError, place

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def validate(lesson: Lesson) -> None:
    """Raises LessonError for the first rule that a lesson breaks."""
    _check_ids(lesson)
    _check_languages(lesson)
    for index, cell in enumerate(lesson.cells):
        if "solution" in cell.tags:
            _check_solution(lesson, cell)
        if "check" in cell.tags:
            _check_check(lesson, cell, index)
        if "written" in cell.tags:
            _check_written(lesson, cell)
        elif cell.points is not None:
            raise _error(lesson, cell, "points= belongs to a written answer; a check's points come from its exercise")


def _error(lesson: Lesson, cell: Cell, message: str) -> LessonError:
    return LessonError(f"{place(lesson.ref.source, cell.line, cell.id)}: {message}")


def _check_ids(lesson: Lesson) -> None:
    seen: dict[str, Cell] = {}
    for cell in lesson.cells:
        if cell.notebook_id in seen:
            line = seen[cell.notebook_id].line
            raise _error(lesson, cell, f"the id is taken by the cell in line {line}; choose another")
        seen[cell.notebook_id] = cell
    prose = {cell.id for cell in lesson.cells if cell.lang}
    for cell in lesson.cells:
        if cell.lang is None and cell.id in prose:
            raise _error(lesson, cell, "the id is taken by a pair of prose cells; choose another")


def _check_languages(lesson: Lesson) -> None:
    for cell in lesson.cells:
        if cell.kind == "code" and (cell.lang or cell.reviewed):
            raise _error(lesson, cell, "a code cell has no lang= and no reviewed=; it is the same in all languages")
        if cell.kind == "markdown" and not cell.graded and cell.lang not in ("en", "zh"):
            raise _error(lesson, cell, f'prose needs lang="en" or lang="zh", found {cell.lang!r}')
        if cell.lang and cell.graded:
            raise _error(lesson, cell, "a graded cell is the same in all languages and has no lang=")
        if cell.reviewed and cell.lang != "zh":
            raise _error(lesson, cell, 'reviewed= belongs to the Chinese cell (lang="zh")')


def _check_solution(lesson: Lesson, cell: Cell) -> None:
    if cell.kind != "code":
        raise _error(lesson, cell, "a solution is code; prose answers have the tag written")
    if not cell.id.isidentifier():
        raise _error(lesson, cell, "the id of a solution is a Python name (letters, digits, _)")
    marks = [line.strip() for line in cell.source.splitlines() if line.strip() in (BEGIN, END)]
    if marks != [BEGIN, END] or cell.source.count("BEGIN SOLUTION") != 1 or cell.source.count("END SOLUTION") != 1:
        raise _error(lesson, cell, f"a solution stands between one `{BEGIN}` and one `{END}` line")
    if not any(other.id == cell.id + CHECK_SUFFIX and "check" in other.tags for other in lesson.cells):
        raise _error(lesson, cell, f'no check cell for it; add one with id="{cell.id}{CHECK_SUFFIX}" tags=["check"]')


def _check_check(lesson: Lesson, cell: Cell, index: int) -> None:
    exercise = cell.id.removesuffix(CHECK_SUFFIX)
    if exercise == cell.id or cell.kind != "code":
        raise _error(lesson, cell, f"a check is a code cell whose id is its exercise's with {CHECK_SUFFIX!r} behind it")
    if not any(other.id == exercise and "solution" in other.tags for other in lesson.cells[:index]):
        raise _error(lesson, cell, f"no solution cell {exercise!r} above it")
    key = f"{lesson.ref.slug}.{exercise}"
    if key not in _checked_keys(cell.source):
        raise _error(lesson, cell, f'it must say check("{key}")')


def _checked_keys(source: str) -> list[object]:
    """The first arguments of the calls of ``check`` in a cell."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "check"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]


def _check_written(lesson: Lesson, cell: Cell) -> None:
    if cell.kind != "markdown":
        raise _error(lesson, cell, "a written answer is a markdown cell")
    if cell.points is None:
        raise _error(lesson, cell, "a written answer needs points=")

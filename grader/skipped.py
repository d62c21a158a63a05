"""Proves that the demonstrations which grading leaves out are not needed.

A submission with every reference in it is graded as any other: by the cells that ``selection`` chooses. What the
probes see then must be what is expected; the builder has seen the same references pass after all cells have run.
"""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from course_lib.checking.probing import compile_probe
from course_lib.checking.verdict import ExercisePack, evaluate
from grader.lesson import Lesson
from grader.packing import observe_all
from grader.reference import execute, solution_cell, without_marks
from grader.released import released_lesson
from grader.repair import repair
from grader.selection import cells_to_run
from grader.spec import Exercise


@dataclass(frozen=True)
class Skipped:
    """cells: how many of the lesson's code cells grading leaves out; problems: by exercise, what is missed."""

    cells: int
    problems: Mapping[str, str] = field(default_factory=dict)


def without_demonstrations(
    lesson: Lesson, exercises: Mapping[str, Exercise], packs: Mapping[str, ExercisePack]
) -> Skipped:
    """Runs the references as grading would, and compares what the probes see of the public cases."""
    released = released_lesson(lesson)
    notebook = copy.deepcopy(released.notebook)
    for cell in notebook.cells:
        if cell.id in packs:
            cell["source"] = without_marks(solution_cell(lesson, cell.id).source)
    repaired = repair(notebook, released)
    chosen = cells_to_run(repaired.notebook, released, repaired.elsewhere)
    checks = {slot.cell.id for slot in released.slots.values() if slot.kind == "check"}
    code = [cell for cell in repaired.notebook.cells if cell.cell_type == "code" and cell.id not in checks]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in chosen:
            try:
                execute(cell.source, namespace, cell.id)
            except Exception as error:
                words = f"cell {cell.id!r} raises {type(error).__name__}: {error}"
                return Skipped(len(code) - len(chosen), {pack.key: words for pack in packs.values()})
    problems = {}
    for name, spec in exercises.items():
        pack = packs[name]
        inputs = [case.inputs for case in pack.cases]
        result = evaluate(pack, observe_all(compile_probe(pack.probe), namespace, inputs, spec.timeout))
        if result.verdict != "pass":
            problems[pack.key] = f"the verdict is {result.verdict!r} when the lesson's own demonstrations are left out"
    return Skipped(len(code) - len(chosen), problems)

"""Which cells of a submission are run for its mark.

The student's work, and what it needs. The lesson's own demonstrations, unchanged, are left out: they take most of the
time, say nothing about the student, and with a slow or a crashing answer would take the answers after it along.
A placeholder is left out where another cell of the student's holds the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbformat.notebooknode import NotebookNode

from grader.dependencies import bound_names, names_read
from grader.released import Released


def cells_to_run(
    notebook: NotebookNode, released: Released, elsewhere: frozenset[str] = frozenset()
) -> list[NotebookNode]:
    """The code cells to run, in their order. elsewhere: exercises whose answer stands in another cell."""
    kinds = {slot.cell.id: slot for slot in released.slots.values()}
    theirs: list[NotebookNode] = []
    lessons: list[NotebookNode] = []
    for cell in notebook.cells:
        slot = kinds.get(cell.id)
        if cell.cell_type != "code" or (slot is not None and (slot.kind == "check" or slot.key in elsewhere)):
            continue
        (theirs if slot is not None or not released.unchanged(cell) else lessons).append(cell)
    kept = _with_needed(theirs, lessons)
    return [cell for cell in notebook.cells if any(cell is one for one in kept)]


def _with_needed(theirs: Sequence[NotebookNode], lessons: Sequence[NotebookNode]) -> list[NotebookNode]:
    """The student's cells with those of the lesson that bind what they read and do not bind themselves."""
    kept, waiting, left = list(theirs), list(theirs), list(lessons)
    while waiting:
        cell = waiting.pop()
        reads = names_read(cell.source)
        if reads is None:  # IPython's own syntax, or a mistake: nothing can be ruled out
            if "%" not in cell.source and "!" not in cell.source:
                continue
            needed = list(left)
        else:
            bound = frozenset().union(*(bound_names(other.source) for other in kept if other is not cell))
            needed = [other for other in left if bound_names(other.source) & (reads - bound)]
        left = [other for other in left if not any(other is one for one in needed)]
        kept += needed
        waiting += needed
    return kept

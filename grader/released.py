"""What students were given, as the grader needs it: the released notebook and the cells in it that count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nbformat.notebooknode import NotebookNode

from grader.dependencies import bound_names
from grader.first_cell import ID as FIRST_CELL
from grader.first_cell import with_first_cell, without_address
from grader.lesson import Lesson
from grader.spec import STUB


@dataclass(frozen=True)
class Slot:
    """A cell of the release that a submission must have.

    kind: ``solution`` (the student's code), ``check``, ``written`` (graded by hand), ``locked`` (other cells that may
    not change) or ``setup`` (imports: may change, may not be missing). names: what a solution cell defines.
    """

    key: str
    kind: str
    cell: NotebookNode
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Released:
    """A released lesson. ``notebook`` is in both languages and holds stubs in place of the solutions.

    variants: the texts of code cells as the release in one language has them, by cell id.
    """

    lesson_id: str
    notebook: NotebookNode
    variants: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """The cells that count, by key, in the order of the release."""
        found = (slot_of(cell) for cell in self.notebook.cells)
        return {slot.key: slot for slot in found if slot is not None}

    @cached_property
    def cells(self) -> dict[str, NotebookNode]:
        """Every cell of the release by its id."""
        return {cell.id: cell for cell in self.notebook.cells}

    def unchanged(self, cell: NotebookNode) -> bool:
        """Whether a cell is the lesson's own, in any of its languages."""
        given = self.cells.get(cell.id)
        source = without_address(cell.source) if cell.id == FIRST_CELL else cell.source
        return given is not None and (source == given.source or source in self.variants.get(cell.id, ()))

    def as_given(self, slot: Slot, source: str) -> bool:
        """Whether a text is the one that students were given for a slot, in any of its languages or without what is
        hidden in it."""
        return source == slot.cell.source or source in self.variants.get(slot.cell.id, ())

    def points(self, key: str) -> float:
        """What a check or a written answer is worth."""
        return float(self.slots[key].cell.metadata.nbgrader["points"])


def released_lesson(lesson: Lesson) -> Released:
    """A lesson as its students receive it, before the choice of a language."""
    from grader.notebook import to_notebook

    notebook = with_first_cell(as_released(to_notebook(lesson, "both")), "both")
    for cell in notebook.cells:
        cell.metadata.get("course", {}).pop("source_hash", None)  # of the cell with its solution
    variants: dict[str, set[str]] = {}
    for language in ("en", "zh"):
        for cell in with_first_cell(to_notebook(lesson, language), language).cells:
            if cell.cell_type == "code":
                variants.setdefault(cell.id, set()).add(cell.source)
    return Released(lesson.ref.id, notebook, {name: frozenset(texts) for name, texts in variants.items()})


def as_released(notebook: NotebookNode) -> NotebookNode:
    """A built notebook with its solutions replaced by stubs and nbgrader's checksums computed, by nbgrader itself."""
    from nbgrader.preprocessors import ClearOutput, ClearSolutions, ComputeChecksums
    from traitlets.config import Config

    from grader.notebook import WRITTEN_STUB

    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}, "text_stub": WRITTEN_STUB}})
    resources: dict[str, Any] = {}
    for preprocessor in (ClearSolutions(config=config), ClearOutput(), ComputeChecksums()):
        notebook, resources = preprocessor.preprocess(notebook, resources)
    return notebook


def slot_of(cell: NotebookNode) -> Slot | None:
    """The slot that a cell of the release is, if it counts."""
    marks = cell.metadata.get("nbgrader") or {}
    key = marks.get("grade_id")
    if not key:
        return Slot(cell.id, "setup", cell) if _is_setup(cell) else None
    if marks.get("solution") and marks.get("grade"):
        return Slot(key, "written", cell)
    if marks.get("solution"):
        names = bound_names(cell.source) if cell.cell_type == "code" else set()
        return Slot(key, "solution", cell, frozenset(names))
    return Slot(key, "check" if marks.get("grade") else "locked", cell)


def _is_setup(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "code" and "setup" in (cell.metadata.get("tags") or []))

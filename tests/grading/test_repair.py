"""Every way to mangle a notebook ends in the shape of the release, with the student's answers in it."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.nbgraderformat import MetadataValidator

from grader.course import Course
from grader.opening import plain_notebook
from grader.released import Released
from grader.repair import Repaired, repair
from grader.selection import cells_to_run
from tests.grading import toy

ORDER = ["imports", "double", "double-check", "total", "total-check"]


@pytest.fixture
def right(course: Course) -> NotebookNode:
    return toy.answered(course, toy.BOTH)


def index(notebook: NotebookNode, cell_id: str) -> int:
    return next(i for i, cell in enumerate(notebook.cells) if cell.id == cell_id)


def cell(repaired: Repaired, cell_id: str) -> NotebookNode:
    return repaired.notebook.cells[index(repaired.notebook, cell_id)]


def mended(notebook: NotebookNode, released: Released) -> Repaired:
    """Repairs, and checks what must hold whatever was done."""
    repaired = repair(plain_notebook(notebook), released)
    nbformat.validate(repaired.notebook)
    MetadataValidator().validate_nb(repaired.notebook)
    counted = [c.metadata.nbgrader.grade_id for c in repaired.notebook.cells if "nbgrader" in c.metadata]
    assert counted == ORDER[1:]
    for key in ("double-check", "total-check"):
        assert cell(repaired, key).source == released.slots[key].cell.source
        assert cell(repaired, key).metadata == released.slots[key].cell.metadata
    again = repair(plain_notebook(repaired.notebook), released)
    assert [c.source for c in again.notebook.cells] == [c.source for c in repaired.notebook.cells]
    return repaired


def words(repaired: Repaired) -> str:
    return " ".join(note.en for note in repaired.notes)


def test_an_honest_notebook_is_left_as_it_is(right: NotebookNode, released: Released) -> None:
    repaired = mended(right, released)
    assert repaired.notes == ()
    assert [c.source for c in repaired.notebook.cells] == [c.source for c in right.cells]
    assert repaired.unanswered == frozenset()


def test_placeholders_are_unanswered(course: Course, released: Released) -> None:
    assert mended(toy.answered(course, {"double": toy.DOUBLE}), released).unanswered == {"total"}


def test_deleted_cells_come_back_in_their_place(right: NotebookNode, released: Released) -> None:
    right.cells = [c for c in right.cells if c.id not in ("imports", "double-check", "total")]
    repaired = mended(right, released)
    assert [c.id for c in repaired.notebook.cells if c.id in ORDER] == ORDER
    assert repaired.unanswered == {"total"}
    assert "Missing cells were put back: imports, double-check, total" in words(repaired)


def test_edited_checks_and_points_are_restored(right: NotebookNode, released: Released) -> None:
    for one in right.cells:
        if one.id == "double-check":
            one["source"], one.metadata.nbgrader["points"] = "3.0", 100.0
    repaired = mended(right, released)
    assert "double-check" in words(repaired)
    assert len(repaired.notes) == 2


@pytest.mark.parametrize(
    ("before", "after", "graded"),
    [
        ([], ["def double(x):\n    return x + x"], "def double(x):\n    return x + x"),  # both whole: the last
        ([], ["def double(x):\n    return ("], toy.DOUBLE),  # the last does not parse
        ([], ["print('no definition')"], toy.DOUBLE),
        (["def double(x):\n    return 0"], [], toy.DOUBLE),
    ],
)
def test_of_duplicates_the_last_whole_answer_counts(
    right: NotebookNode, released: Released, before: list[str], after: list[str], graded: str
) -> None:
    at = index(right, "double")
    original = right.cells[at]

    def twin(source: str) -> NotebookNode:
        made = copy.deepcopy(original)
        made["source"] = source
        return made

    right.cells[at : at + 1] = [*map(twin, before), original, *map(twin, after)]
    repaired = mended(right, released)
    assert cell(repaired, "double").source == graded
    assert "Several cells answered" in words(repaired)


def test_a_placeholder_below_the_answer_does_not_undo_it(right: NotebookNode, released: Released) -> None:
    at = index(right, "double")
    right.cells.insert(at + 1, copy.deepcopy(released.slots["double"].cell))
    repaired = mended(right, released)
    assert cell(repaired, "double").source == toy.DOUBLE
    assert sum("def double" in c.source for c in repaired.notebook.cells) == 1


def test_answers_without_metadata_are_found_by_what_they_define(right: NotebookNode, released: Released) -> None:
    for number, one in enumerate(right.cells):
        one["metadata"], one["id"] = NotebookNode(), f"lost-{number}"
    repaired = mended(right, released)
    assert cell(repaired, "double").source == toy.DOUBLE
    assert cell(repaired, "total").source == toy.TOTAL
    assert "found by what they define" in words(repaired)


def test_an_answer_in_a_new_cell_is_found(course: Course, released: Released) -> None:
    notebook = toy.answered(course, {"total": toy.TOTAL})
    notebook.cells.append(new_code_cell(toy.DOUBLE))
    repaired = mended(notebook, released)
    assert cell(repaired, "double").source == toy.DOUBLE
    assert repaired.unanswered == frozenset()


def test_one_cell_may_answer_everything(course: Course, released: Released) -> None:
    notebook = toy.answered(course, {})
    notebook.cells.insert(0, new_code_cell(f"import numpy as np\n{toy.DOUBLE}\n{toy.TOTAL}"))
    repaired = mended(notebook, released)
    assert repaired.unanswered == frozenset()
    namespace: dict[str, object] = {}
    for one in cells_to_run(repaired.notebook, released, repaired.elsewhere):
        exec(one.source, namespace)
    assert namespace["total"](namespace["double"](namespace["np"].arange(3.0))) == 6.0  # type: ignore[operator, attr-defined]


def test_an_experiment_further_down_does_not_replace_the_answer(right: NotebookNode, released: Released) -> None:
    right.cells.append(new_code_cell("def double(x):\n    return 'an experiment'"))
    assert mended(right, released).again == ("double",)


def test_answers_swapped_by_mistake_are_put_right(right: NotebookNode, released: Released) -> None:
    a, b = index(right, "double"), index(right, "total")
    right.cells[a]["source"], right.cells[b]["source"] = toy.TOTAL, toy.DOUBLE
    repaired = mended(right, released)
    assert cell(repaired, "double").source == toy.DOUBLE


def test_a_solution_turned_into_text_is_code_again(right: NotebookNode, released: Released) -> None:
    at = index(right, "double")
    changed = new_markdown_cell(toy.DOUBLE, id="double", metadata=right.cells[at].metadata)
    right.cells[at] = changed
    assert cell(mended(right, released), "double").cell_type == "code"


def test_forged_marks_on_own_cells_count_nothing(right: NotebookNode, released: Released) -> None:
    marks = {"grade": True, "solution": False, "locked": False, "points": 99, "grade_id": "gift", "schema_version": 3}
    right.cells.append(new_code_cell("1", metadata={"nbgrader": marks, "tags": ["setup"]}))
    assert "nbgrader" not in mended(right, released).notebook.cells[-1].metadata


def test_own_cells_and_their_order_survive(right: NotebookNode, released: Released) -> None:
    right.cells.insert(3, new_code_cell("mine = 1"))
    right.cells.append(new_markdown_cell("my notes"))
    right.cells.append(right.cells.pop(index(right, "double")))
    repaired = mended(right, released)
    mine = [c.source for c in repaired.notebook.cells if c.source in ("mine = 1", "my notes")]
    assert mine == ["mine = 1", "my notes"]
    assert "Cells were put back in order: double" in words(repaired)


def test_another_kernel_is_said_and_set_back(right: NotebookNode, released: Released) -> None:
    right.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    repaired = mended(right, released)
    assert repaired.notebook.metadata.kernelspec.language == "python"
    assert "kernel" in words(repaired)


@pytest.mark.parametrize("seed", range(40))
def test_any_mixture_of_mangling_keeps_the_answers(right: NotebookNode, released: Released, seed: int) -> None:
    rng = random.Random(seed)
    moves: list[Callable[[list[NotebookNode]], None]] = [
        lambda cells: rng.shuffle(cells),
        lambda cells: cells.append(copy.deepcopy(rng.choice(cells))),
        lambda cells: rng.choice(cells).metadata.clear(),
        lambda cells: rng.choice(cells).__setitem__("id", "x" * rng.randint(1, 90)),
        lambda cells: cells.insert(0, new_code_cell("scratch = 1")),
        lambda cells: [cells.remove(c) for c in list(cells) if c.id.endswith("check") and rng.random() < 0.5],  # type: ignore[func-returns-value]
    ]
    for _ in range(8):
        rng.choice(moves)(right.cells)
    repaired = mended(right, released)
    assert cell(repaired, "double").source == toy.DOUBLE
    assert cell(repaired, "total").source == toy.TOTAL

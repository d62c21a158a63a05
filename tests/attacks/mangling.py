"""Notebooks that are not what was released: cells edited, doubled, gone; metadata and files that lie."""

from __future__ import annotations

import json
from typing import Any

from nbformat.notebooknode import NotebookNode

from tests.attacks.attack import HONEST, Attack


def _cell(notebook: NotebookNode, cell_id: str) -> Any:
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def _edited_check(notebook: NotebookNode) -> None:
    _cell(notebook, "total-check").source = "5.0"


def _forged_outputs(notebook: NotebookNode) -> None:
    five = {"output_type": "execute_result", "data": {"text/plain": "5.0"}, "metadata": {}, "execution_count": 1}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [five]


def _doubled_check(notebook: NotebookNode) -> None:
    for _ in range(3):
        notebook.cells.append(NotebookNode({**_cell(notebook, "double-check"), "source": "5.0"}))


def _deleted_checks(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.id.endswith("-check")]


def _more_points(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["points"] = 1000


def _other_label(notebook: NotebookNode) -> None:
    """The honest answer once more, labelled as the one that is missing."""
    stolen = NotebookNode(json.loads(json.dumps(_cell(notebook, "double"))))
    stolen.metadata = NotebookNode(_cell(notebook, "total").metadata)
    stolen.id = "total"
    notebook.cells = [cell if cell.id != "total" else stolen for cell in notebook.cells]


def _unlocked(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(locked=False, grade=False, solution=True)


def _nonsense_metadata(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata["nbgrader"] = {"grade_id": ["a", {}], "points": "many", "schema_version": -1}


def _other_kernel(notebook: NotebookNode) -> None:
    notebook.metadata["kernelspec"] = {"name": "bash", "language": "bash", "display_name": "rm -rf /"}


def _many_cells(notebook: NotebookNode) -> bytes:
    for number in range(10_000):
        notebook.cells.append({"cell_type": "code", "id": f"n{number}", "metadata": {}, "outputs": [], "source": "1",
                               "execution_count": None})  # fmt: skip
    return json.dumps(notebook).encode()


def _bytes(text: str) -> Any:
    return lambda notebook: text.encode()


def _as_json(change: Any) -> Any:
    def make(notebook: NotebookNode) -> bytes:
        tree = json.loads(json.dumps(notebook))
        change(tree)
        return json.dumps(tree).encode()

    return make


def _surrogates(tree: dict[str, Any]) -> None:
    tree["cells"][0]["source"] = "\ud800 lonely"
    tree["metadata"]["\udfff"] = "\ud800"


def _huge_numbers(tree: dict[str, Any]) -> None:
    tree["nbformat_minor"] = 10**400
    tree["metadata"]["n"] = float("nan")


def _deep(tree: dict[str, Any]) -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    tree["metadata"]["deep"] = deep


def _wrong_types(tree: dict[str, Any]) -> None:
    tree["metadata"] = ["not", "an", "object"]
    tree["cells"].insert(0, 7)
    tree["cells"].insert(0, {"cell_type": ["code"], "source": {"a": 1}, "metadata": 3, "outputs": "none"})


ATTACKS = (
    Attack("edits_a_check", make=_edited_check, says="restored"),
    Attack("forges_outputs", make=_forged_outputs),
    Attack("doubles_a_check", make=_doubled_check, says="restored"),
    Attack("deletes_the_checks", make=_deleted_checks),
    Attack("gives_itself_points", make=_more_points, says="metadata was restored"),
    Attack("labels_one_answer_as_another", make=_other_label),
    Attack("unlocks_the_checks", make=_unlocked, says="metadata was restored"),
    Attack("fills_metadata_with_nonsense", make=_nonsense_metadata),
    Attack("names_another_kernel", make=_other_kernel, says="kernel was set to"),
    Attack("hands_in_ten_thousand_cells", make=_many_cells, score=0.0, says="more than the", runs=False),
    Attack("hands_in_half_a_file", make=_bytes('{"cells": [{"cell_type": "code"'), score=0.0, says="JSON", runs=False),
    Attack(
        "hands_in_a_web_page", make=_bytes("<html><script>alert(1)</script>"), score=0.0, says="web page", runs=False
    ),
    Attack("hands_in_nothing", make=_bytes(""), score=0.0, runs=False),
    Attack("hands_in_endless_nesting", make=_bytes("[" * 200_000), score=0.0, runs=False),
    Attack("hands_in_half_characters", make=_as_json(_surrogates)),
    Attack("hands_in_huge_numbers", make=_as_json(_huge_numbers)),
    Attack("hands_in_deep_metadata", make=_as_json(_deep)),
    Attack("hands_in_wrong_types", make=_as_json(_wrong_types)),
)
assert HONEST == 3.0  # the toy's first exercise

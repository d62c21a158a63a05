"""An instructor's source assignment, made ready by nbgrader's own preprocessors.

Solutions are cleared, autotests worked out, checksums computed; hidden tests are still in.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from grader.released import Released


class AssignmentError(Exception):
    """A source assignment cannot be used; the message names the file and says why."""


@dataclass(frozen=True)
class Source:
    """One notebook of an assignment. released: with hidden tests; hash: changes with anything that is graded."""

    name: str
    released: Released
    hash: str


@dataclass(frozen=True)
class Assignment:
    """An assignment: its name in the gradebook, and its notebooks by name."""

    name: str
    notebooks: dict[str, Source]


def read_assignment(path: Path) -> Assignment:
    """The assignment at a path: a notebook, or nbgrader's source/<assignment>/ folder.

    Raises AssignmentError where there is no notebook, or one that nbgrader would not take.
    """
    path = path.resolve()
    files = sorted(path.glob("*.ipynb")) if path.is_dir() else [path]
    if not files or not all(file.suffix == ".ipynb" and file.is_file() for file in files):
        raise AssignmentError(f"{path}: no notebook there; name a source notebook or a folder that holds some")
    in_course = path.parent.parent.name == "source" if path.is_file() else True
    name = path.name if path.is_dir() else path.parent.name if in_course else path.stem
    return Assignment(name, {file.stem: _source(file, name) for file in files})


def _source(file: Path, assignment: str) -> Source:
    try:
        notebook = nbformat.read(file, as_version=4)
    except Exception as error:  # nbformat raises what its parts raise
        raise AssignmentError(f"{file}: {type(error).__name__}: {error}") from None
    for number, cell in enumerate(notebook.cells):
        cell["id"] = (cell.metadata.get("nbgrader") or {}).get("grade_id") or f"cell-{number}"
    notebook["nbformat_minor"] = max(5, notebook.nbformat_minor)
    steps = "LockCells ClearSolutions ClearOutput CheckCellMetadata ComputeChecksums"
    complete = _through(_with_tests(notebook, file), file, steps)
    given = _through(nbformat.from_dict(complete), file, "ClearHiddenTests ClearMarkScheme")
    variants = {cell.id: frozenset({cell.source}) for cell in given.cells}
    released = Released(assignment, complete, variants)
    if not any(slot.kind in ("check", "written") for slot in released.slots.values()):
        raise AssignmentError(f"{file}: none of its cells is graded; mark some in JupyterLab's nbgrader panel")
    graded = json.dumps([[c.source, c.metadata.get("nbgrader")] for c in complete.cells], sort_keys=True)
    return Source(file.stem, released, hashlib.sha256(graded.encode()).hexdigest()[:16])


def _with_tests(notebook: Any, file: Path) -> Any:
    """The notebook with its autotests worked out, where it has any; a kernel runs the instructor's own cells for it."""
    if not any(cell.cell_type == "code" and "AUTOTEST" in cell.source for cell in notebook.cells):
        return notebook
    places = (file.parent, file.parent.parent, file.parent.parent.parent)
    folder = next((place for place in places if (place / "autotests.yml").is_file()), None)
    if folder is None:
        raise AssignmentError(f"{file}: it has autotests, and there is no autotests.yml beside it or above it")
    command = [sys.executable, "-m", "grader.assignment.instantiate", file.stem, str(folder)]
    done = subprocess.run(command, input=json.dumps(notebook), capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssignmentError(f"{file}: nbgrader's InstantiateTests says: {done.stderr.strip()[-500:]}")
    return nbformat.from_dict(json.loads(done.stdout))


def _through(notebook: Any, file: Path, names: str) -> Any:
    from nbgrader import preprocessors

    resources: dict[str, Any] = {"metadata": {"path": str(file.parent)}, "nbgrader": {"notebook": file.stem}}
    for name in names.split():
        try:
            notebook, resources = getattr(preprocessors, name)().preprocess(notebook, resources)
        except Exception as error:  # each preprocessor has errors of its own
            raise AssignmentError(f"{file}: nbgrader's {name} says: {error}") from None
    return notebook

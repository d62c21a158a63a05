"""The nbval tier can fail: a stored output that is not what the cell gives makes it red."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSON = ROOT / "notebooks/01_numpy_backprop/01_numpy_backprop.ipynb"
FIRST_CELLS = 14

pytestmark = pytest.mark.kernel


def nbval(notebook: nbformat.NotebookNode, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "lesson.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    return subprocess.run(
        [*command, f"--rootdir={folder}", str(path)], capture_output=True, text=True, cwd=folder, check=False
    )


def shortened() -> nbformat.NotebookNode:
    notebook = nbformat.read(LESSON, as_version=4)
    notebook.cells = notebook.cells[:FIRST_CELLS]
    return notebook


def texts(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream"]


def test_the_stored_outputs_are_what_the_cells_give(tmp_path: Path) -> None:
    done = nbval(shortened(), tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_changed_printed_number_is_found(tmp_path: Path) -> None:
    notebook = shortened()
    printed = next(o for o in texts(notebook) if "101000" in o.text)
    printed.text = printed.text.replace("101000", "101001")
    done = nbval(notebook, tmp_path)
    assert done.returncode == 1 and "101001" in done.stdout, done.stdout[-3000:]


def test_a_changed_text_alternative_of_a_figure_is_found(tmp_path: Path) -> None:
    notebook = shortened()
    pictures = [
        o for c in notebook.cells if c.cell_type == "code" for o in c.outputs if "image/png" in o.get("data", {})
    ]
    pictures[0].data["text/plain"] = "another picture"
    assert nbval(notebook, tmp_path).returncode == 1

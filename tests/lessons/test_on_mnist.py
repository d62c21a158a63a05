"""The lessons on images, run as they are on real MNIST: every cell works, every check passes, accuracies are sound.

Of MNIST only the published test part is needed, in the folder that ``COURSE_MNIST`` names: its first 8000 images are
learned from here, the other 2000 are the test. ``pytest -m long -rP tests/lessons/test_on_mnist.py`` prints what each
lesson reached and how long it took.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import nbformat
import pytest

from course_lib._idx import read_idx
from grader.course import find_course
from tests.course_lib.test_data import REAL, write_idx

LEARNED = 8000
ACCURACY = {  # what a lesson's own cells measured, and the least that MNIST should give
    "training": ("history['accuracy'][-1]", 0.93),
    "checkpoints": ("accuracies[-1]", 0.93),
}

pytestmark = [
    pytest.mark.long,
    pytest.mark.kernel,
    pytest.mark.skipif(not REAL.is_dir(), reason="COURSE_MNIST names no folder with MNIST's own t10k files"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("mnist")
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        (file,) = REAL.glob(f"t10k-{kind}*")
        values = read_idx(file)
        write_idx(place / f"train-{kind}", values[:LEARNED])
        write_idx(place / f"t10k-{kind}", values[LEARNED:])
    return place


@pytest.mark.parametrize("slug", ["data", "convolution", "lenet", "training", "checkpoints"])
def test_a_lesson_runs_on_mnist(slug: str, folder: Path) -> None:
    from nbclient import NotebookClient

    path = find_course().lesson(slug).notebook
    notebook = nbformat.read(path, 4)
    expression, least = ACCURACY.get(slug, ("float('nan')", None))
    asks = f"(lambda accuracy: print('ACCURACY', len(load_images()[1]), accuracy))({expression})"
    notebook.cells.append(nbformat.v4.new_code_cell(asks))
    start = time.monotonic()
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}})
    client.execute(env={**os.environ, "COURSE_IMAGES": "mnist", "COURSE_DATA": str(folder)})
    word, count, accuracy = notebook.cells[-1].outputs[0].text.split()
    assert (word, int(count)) == ("ACCURACY", LEARNED)
    checks = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith("check(")]
    assert checks
    assert all("✓" in output["data"]["text/plain"] for cell in checks for output in cell.outputs)
    print(f"{path.stem}: {time.monotonic() - start:.1f} s" + (f", accuracy {float(accuracy):.4f}" if least else ""))
    assert least is None or float(accuracy) > least

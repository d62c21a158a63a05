"""The lessons' cells on this machine's accelerator: none errs, and they print and answer what they do on the CPU.

    python -m pytest -m gpu -rs tests/gpu/test_lessons.py

Needs torch, NumPy, pytest and this repository. Nothing is drawn (``tests/lessons/running.py``).
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.lessons.running import accelerated, code_cells, run

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.accelerator.is_available(), reason="torch finds no accelerator on this machine"),
    # What has no kernel with a fixed order says so, and runs.
    pytest.mark.filterwarnings("ignore:.*determinis:UserWarning"),
    # torch.random.fork_rng, on a machine with several accelerators.
    pytest.mark.filterwarnings("ignore:.* reports that you have:UserWarning"),
]


@pytest.mark.parametrize("path", accelerated(), ids=lambda path: path.stem)
def test_a_lesson_runs_on_the_accelerator(path: Path) -> None:
    found = torch.accelerator.current_accelerator()
    assert found is not None
    cells = code_cells(path)
    here = run(cells, "cpu")
    there = run(cells, found.type)
    assert there.said == here.said
    assert there.answers == here.answers
    assert there.trained_since() == {cell: {found.type} for cell in here.trained_since()}

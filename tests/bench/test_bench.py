"""The benchmark itself runs, and finds equal scores. What it takes is nobody's assertion."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import thin

pytestmark = [pytest.mark.sandbox, pytest.mark.kernel]


def test_the_class_that_is_measured_is_not_all_the_same(tmp_path: Path) -> None:
    course = thin.make_course(tmp_path / "course")
    thin.write_class(course, tmp_path / "class", 12)
    blobs = [path.read_bytes() for path in sorted((tmp_path / "class").glob("*/*/*.ipynb"))]
    assert len(set(blobs)) == 12


@pytest.mark.long
def test_the_scores_are_equal() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick"], cwd=root, capture_output=True, text=True, check=True
    )
    record = json.loads(done.stdout.splitlines()[-1])
    assert record["thin"]["scores_equal"] is True


@pytest.mark.long
def test_a_cluster_comes_to_the_same_scores() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.cluster", "--quick"], cwd=root, capture_output=True, text=True, check=True
    )
    record = json.loads(done.stdout.splitlines()[-1])
    assert record["scores_equal"] is True

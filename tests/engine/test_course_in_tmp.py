"""A course that lies below /tmp, as a fresh clone often does, is graded like any other: inside, /tmp is private."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.engine import mounts

pytestmark = pytest.mark.sandbox

PROGRAM = """
from grader.engine import SandboxPool, Task
with SandboxPool(jobs=1) as pool:
    run = pool.submit_task(Task(("import os, sys, torch; print(sys.prefix, os.listdir('/tmp'))",))).result()
print(run.cells[0].status, "".join(o.get("text", "") for o in run.cells[0].outputs))
"""


@pytest.fixture
def below_tmp() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_an_environment_below_tmp_starts_and_is_not_in_the_way(below_tmp: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(below_tmp / "venv")], check=True)
    packages = next((below_tmp / "venv/lib").glob("python*/site-packages"))
    others = [*map(str, mounts.package_folders()), str(Path(__file__).resolve().parents[2])]
    (packages / "others.pth").write_text("\n".join(others) + "\n")
    done = subprocess.run(
        [str(below_tmp / "venv/bin/python"), "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith(f"ok {mounts.MOVED}/") and "[]" in done.stdout

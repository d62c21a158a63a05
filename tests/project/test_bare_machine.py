"""``pytest -m gpu`` runs on a machine that has torch, NumPy and pytest and nothing else of the course's packages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The three, what they themselves need, and this repository.
HAS = (
    "torch functorch torchgen numpy pytest _pytest py pluggy iniconfig packaging pygments filelock typing_extensions "
    "sympy mpmath networkx jinja2 markupsafe fsspec setuptools course_lib grader tests"
)
PROGRAM = """
import sys
from importlib.machinery import PathFinder
HAS = set({has!r}.split())
class Bare:
    # In place of Python's own finder: what is installed besides is not there.
    @staticmethod
    def find_spec(name, path=None, target=None):
        found = PathFinder.find_spec(name, path, target)
        if path is None and found is not None and name not in HAS:
            if "site-packages" in str(found.origin or list(found.submodule_search_locations or [])):
                return None
        return found
sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
import pytest
sys.exit(pytest.main({arguments!r}))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(has=HAS, arguments=["-m", "gpu", "-q", "-rs", "-p", "no:cacheprovider", *arguments])
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COURSE_"))}
    environment = own | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COURSE_GPU_TIER": "cpu"}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_whole_tier_is_collected_and_its_exercises_run_there() -> None:
    """On the CPU in place of a GPU: what is rehearsed is that nothing is missing."""
    ran = run("-k", "losses or test_lessons or test_faults or test_arithmetic or test_sandbox")
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
    assert re.search(r"\b[5-9] passed", ran.stdout), ran.stdout[-500:]
    reasons = re.findall(r"^SKIPPED .*", ran.stdout, re.MULTILINE)
    assert all("accelerator" in reason or "sandbox" in reason for reason in reasons), reasons


def test_the_rehearsal_would_notice_a_package_too_many() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(has=HAS, arguments=[]).replace("import pytest", "import nbformat")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode != 0 and "No module named 'nbformat'" in ran.stderr

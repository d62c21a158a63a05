"""The promises that the packages make about themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_course_lib_never_imports_grader() -> None:
    guilty = {
        str(path.relative_to(ROOT)): sorted(names)
        for path in (ROOT / "course_lib").rglob("*.py")
        if (names := {n for n in imports(path) if n.split(".")[0] == "grader"})
    }
    assert guilty == {}


@pytest.mark.parametrize("module", ["course_lib", "course_lib.checking.check", "course_lib.checking.verdict"])
def test_importing_costs_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; sys.exit(bool({{'torch', 'matplotlib', 'IPython'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_command_line_imports_nothing_heavy_for_its_help() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from grader.cli import main;"
        "r = CliRunner().invoke(main, ['--help']); assert r.exit_code == 0, r.output;"
        "sys.exit(bool({'torch', 'nbgrader', 'nbconvert', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_no_unpickling_anywhere() -> None:
    banned = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    for package in ("course_lib", "grader"):
        for path in (ROOT / package).rglob("*.py"):
            assert not {name.split(".")[0] for name in imports(path)} & banned, path

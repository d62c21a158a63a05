"""The promises that the packages make about themselves."""

from __future__ import annotations

import ast
import re
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


def only_dumps(path: Path) -> bool:
    """Whether a file uses nothing of pickle but ``pickle.dumps``: an exercise may ask if something can be pickled."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named_so = [alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    plain = all(alias.asname is None for alias in named_so if alias.name.split(".")[0] == "pickle")
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "pickle"]
    dumps = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pickle"
    ]
    whole = not any(isinstance(node, ast.ImportFrom) and node.module == "pickle" for node in ast.walk(tree))
    return plain and whole and len(named) == len(dumps) and all(node.attr == "dumps" for node in dumps)


def test_no_unpickling_anywhere() -> None:
    banned = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    for package in ("course_lib", "grader"):
        for path in (ROOT / package).rglob("*.py"):
            found = {name.split(".")[0] for name in imports(path)} & banned
            if "exercises" in path.parts and found == {"pickle"} and only_dumps(path):
                continue
            assert not found, path


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.loads(b)",
        "import pickle as p\np.loads(b)",
        "import pickle\nf = pickle\nf.loads(b)",
        "from pickle import loads",
    ],
)
def test_only_dumps_means_what_it_says(tmp_path: Path, source: str) -> None:
    (tmp_path / "a.py").write_text(source)
    assert not only_dumps(tmp_path / "a.py")
    (tmp_path / "b.py").write_text("import pickle\npickle.dumps(1)")
    assert only_dumps(tmp_path / "b.py")


def test_the_map_in_contributing_names_what_is_there() -> None:
    drawn = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\n`course_lib/`")[2].partition("\n## ")[0]
    student, _, instructor = drawn.partition("\n`grader/`")
    for package, words in (("course_lib", student), ("grader", instructor)):
        for line in [line for line in words.splitlines() if line.startswith("* ")]:
            _, inside, rest = line.rpartition("`checking/`, ")
            folder = ROOT / package / ("checking" if inside else "")
            for name in re.findall(r"`([a-z_]+/?)`", rest):
                assert (folder / (name if name.endswith("/") else f"{name}.py")).exists(), f"{package}: {name}"

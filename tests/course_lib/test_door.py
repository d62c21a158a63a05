"""The public names, and what importing them costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib


def test_every_public_name_is_there_and_none_besides():
    assert len(course_lib.__all__) == len(set(course_lib.__all__)) <= 27
    assert sorted(course_lib.__all__) == sorted(course_lib._HOMES)
    for name in course_lib.__all__:
        value = getattr(course_lib, name)
        assert getattr(value, "__module__", "course_lib").startswith("course_lib")
        assert type(value).__name__ != "module", f"{name} is hidden by a module of that name"
    assert set(course_lib.__all__) <= set(dir(course_lib))


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(course_lib.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {(a.name, node.module) for node in ast.walk(block) if isinstance(node, ast.ImportFrom) for a in node.names}
    assert seen == {(name, f"course_lib.{home}") for name, home in course_lib._HOMES.items()}


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known():
    with pytest.raises(AttributeError, match="load_images"):
        course_lib.load_image  # noqa: B018


def test_importing_loads_nothing_heavy():
    code = "import course_lib, sys; print(*{'torch','matplotlib','IPython','numpy','grader'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_course_lib_never_imports_the_grader():
    for path in Path(course_lib.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
            )
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                assert not any(name.split(".")[0] == "grader" for name in names), path

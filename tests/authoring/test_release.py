from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

from grader.commands.release import command
from grader.release import ReleaseError, compose, write
from grader.spec import STUB
from grader.start_page import goals
from tests.authoring.test_build import put_down
from tests.authoring.tiny import Tiny

NOTEBOOK = "notebooks/01_tiny/01_tiny.ipynb"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def bundles(full: Tiny) -> dict[str, dict[str, bytes]]:
    put_down(full)
    other = full.course.root / "course_lib" / "packs" / "other"
    other.mkdir(parents=True)
    (other / "exercise.safetensors").touch()
    (full.course.root / "course_lib" / "__pycache__").mkdir()
    (full.course.root / "course_lib" / "__pycache__" / "text.pyc").touch()
    return {language: compose(full.course, [full.lesson()], language) for language in ("en", "zh", "both")}


def notebook(bundle: dict[str, bytes]) -> nbformat.NotebookNode:
    return nbformat.reads(bundle[NOTEBOOK].decode(), as_version=4)


def test_what_a_bundle_holds(bundles: dict[str, dict[str, bytes]]) -> None:
    names = set(bundles["both"])
    assert {
        "START.ipynb", "README.md", "LICENSE", "LICENSE-TEXT", "environment.yml", "requirements.txt", "pyproject.toml",
        "course.json", NOTEBOOK, "course_lib/__init__.py", "course_lib/packs/tiny/double.safetensors",
        "start.sh", "start.command", "start.bat", "course_lib/no_python.txt",
    } <= names  # fmt: skip
    assert not any("__pycache__" in name or "packs/other" in name or name.startswith("grader") for name in names)
    assert not any(name.endswith(".py") and not name.startswith("course_lib/") for name in names)


def test_no_language_holds_the_solution(bundles: dict[str, dict[str, bytes]]) -> None:
    for bundle in bundles.values():
        for name, content in bundle.items():
            for secret in (b"twofold_secret", b"written secret", b"BEGIN SOLUTION", b"x * x", b"hidden=lambda"):
                assert secret not in content, (name, secret)
        sources = {cell.id: cell.source for cell in notebook(bundle).cells}
        head = 'def double(x):\n    """x: a number -> twice that number | 数字 x -> 它的两倍"""\n'
        assert sources["double"] == head + "\n".join(f"    {line}" for line in STUB.split("\n"))
        assert "Write your answer here. | 请在这里作答。" in sources["why"]


def test_checksums_are_the_same_in_all_languages(bundles: dict[str, dict[str, bytes]]) -> None:
    graded = [
        {cell.id: cell for cell in notebook(bundle).cells if "nbgrader" in cell.metadata} for bundle in bundles.values()
    ]
    assert graded[0] == graded[1] == graded[2]
    assert set(graded[0]) == {"double", "double-check", "why"}
    assert all(len(cell.metadata.nbgrader.checksum) == 32 for cell in graded[0].values())
    assert graded[0]["double-check"].metadata.editable is False


def test_a_language_is_alone(bundles: dict[str, dict[str, bytes]]) -> None:
    from grader.comments import has_cjk

    for name in (NOTEBOOK, "START.ipynb", "README.md"):
        text = bundles["en"][name].decode()
        if name == NOTEBOOK:
            cells = [cell.source for cell in notebook(bundles["en"]).cells if "nbgrader" not in cell.metadata]
            text = "\n".join(cells).replace('zh="{n} 加倍后是 {d}"', "")
        assert not has_cjk(text), name
    assert "首次" not in bundles["zh"][NOTEBOOK].decode() and "A first lesson" not in bundles["zh"][NOTEBOOK].decode()
    assert "Before you start" not in bundles["zh"]["START.ipynb"].decode()
    assert json.loads(bundles["zh"]["course.json"])["language"] == "zh"


def test_start_page_lists_lessons_and_goals(bundles: dict[str, dict[str, bytes]]) -> None:
    page = nbformat.reads(bundles["zh"]["START.ipynb"].decode(), as_version=4)
    nbformat.validate(page)
    last = page.cells[-1].source
    assert f"### [01 加倍]({NOTEBOOK})" in last
    assert "- 调用 `double`" in last and "1 道练习，共 3 分" in last


def test_goals_are_the_first_list_or_paragraph(tiny: Tiny) -> None:
    tiny.edit('id="goals" lang="en"', 'id="aims" lang="en"')
    assert goals(tiny.lesson(), "en") == "A first lesson on the loss $L = 2x$."
    tiny.edit("# A first lesson on the loss $L = 2x$.", "# You can\n#\n# - walk\n#   far\n# - run\n#\n# Time: 5")
    assert goals(tiny.lesson(), "en") == "- walk\n  far\n- run"


def test_bundles_are_the_same_every_time(full: Tiny, bundles: dict[str, dict[str, bytes]]) -> None:
    assert compose(full.course, [full.lesson()], "en") == bundles["en"]
    assert b"source_hash" in bundles["en"][NOTEBOOK]  # of the lesson, so that a submission says what it came from
    assert all("course" not in cell.metadata for cell in notebook(bundles["en"]).cells)


def test_package_files_name_students_packages_only(bundles: dict[str, dict[str, bytes]]) -> None:
    files = {name: bundles["en"][name].decode() for name in ("requirements.txt", "environment.yml")}
    project = tomllib.loads(bundles["en"]["pyproject.toml"].decode())
    assert "nbgrader" not in "".join(files.values()) + bundles["en"]["pyproject.toml"].decode()
    assert "optional-dependencies" not in project["project"] and "scripts" not in project["project"]
    for dependency in project["project"]["dependencies"]:
        name = dependency.split(">=")[0]
        assert f"\n{name}==" in files["requirements.txt"]
        assert f"- {'pytorch' if name == 'torch' else name} ==" in files["environment.yml"]
    assert all(name in bundles["en"] for name in project["project"]["license-files"])


def test_a_leak_stops_the_release(full: Tiny) -> None:
    put_down(full)
    full.edit(
        "# P(y | x) stays whole", "twofold_secret = x + x  # add it to itself | 与自身相加\n# P(y | x) stays whole"
    )
    # A line that a public cell shows as well is no secret.
    compose(full.course, [full.lesson()], "both")
    from grader import release

    lesson = full.lesson()
    bundle = compose(full.course, [lesson], "both")
    leaky = bundle[NOTEBOOK].replace(b'check(\\"tiny.double\\")', b"return twofold_secret")
    assert leaky != bundle[NOTEBOOK]
    with pytest.raises(ReleaseError, match="cell double-check holds a line of the solution 'double'"):
        release._refuse_leaks(bundle | {NOTEBOOK: leaky}, lesson)


def test_writing_over_a_former_release(full: Tiny, tmp_path: Path) -> None:
    put_down(full)
    out = tmp_path / "out"
    assert invoke(out, "--lang", "en").exit_code == 0
    (out / "my_notes.txt").write_text("mine", encoding="utf-8")
    assert invoke(out, "--lang", "zh").exit_code == 0
    assert json.loads((out / "course.json").read_text(encoding="utf-8"))["language"] == "zh"
    assert (out / "my_notes.txt").read_text(encoding="utf-8") == "mine"
    (out / NOTEBOOK).write_text("my answers", encoding="utf-8")
    refused = invoke(out, "--lang", "en")
    assert refused.exit_code == 1 and f"changed since it was released: {NOTEBOOK}" in refused.output
    assert (out / NOTEBOOK).read_text(encoding="utf-8") == "my answers"
    assert json.loads((out / "course.json").read_text(encoding="utf-8"))["language"] == "zh"
    assert invoke(out, "--lang", "en", "--force").exit_code == 0
    assert b"twofold" not in (out / NOTEBOOK).read_bytes() and (out / NOTEBOOK).read_bytes()[:1] == b"{"


def test_a_folder_with_other_things_is_refused(full: Tiny, tmp_path: Path) -> None:
    put_down(full)
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("precious", encoding="utf-8")
    for manifest in (None, "{}", "[]", "not json", '{"files": {"../thesis.txt": ""}}'):
        if manifest is not None:
            (out / "course.json").write_text(manifest, encoding="utf-8")
        result = invoke(out, "--force")
        assert result.exit_code == 1 and "holds no former release" in result.output
        assert not (out / "notebooks").exists()
    assert (out / "thesis.txt").read_text(encoding="utf-8") == "precious"


def test_files_that_left_the_course_leave_the_bundle(tmp_path: Path) -> None:
    write({"course.json": b'{"files": {"old.txt": "' + b"0" * 64 + b'"}}', "a.txt": b"a"}, tmp_path / "out")
    write({"course.json": b'{"files": {}}', "b.txt": b"b"}, tmp_path / "out")
    assert (tmp_path / "out" / "b.txt").read_bytes() == b"b"


def test_an_unready_lesson_is_refused(full: Tiny, tmp_path: Path) -> None:
    result = invoke(tmp_path / "out")
    assert result.exit_code == 1 and "it has not been built yet; run: grader build tiny" in result.output
    full.edit('id="card" lang="zh"', 'id="karte" lang="zh"')
    put_down(full)
    result = invoke(tmp_path / "out")
    assert result.exit_code == 1 and "cell card (en): no Chinese cell behind it" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.kernel
def test_nbgrader_makes_the_same_checksums(full: Tiny, bundles: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    """``nbgrader generate_assignment`` on notebooks/, as it is."""
    from grader.notebook import WRITTEN_STUB

    course = full.course.root
    (course / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.source_directory = 'notebooks'\n"
        # Or nbgrader hands out the lesson's source, solutions and all.
        "c.CourseDirectory.ignore = ['*.py', '*.tmp', '.ipynb_checkpoints']\n"
        f"c.ClearSolutions.code_stub = {{'python': {STUB!r}}}\nc.ClearSolutions.text_stub = {WRITTEN_STUB!r}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "01_tiny"]
    # nbgrader starts alembic by its name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stderr
    assert [p.name for p in (course / "release" / "01_tiny").iterdir()] == ["01_tiny.ipynb"]
    theirs = nbformat.read(course / "release" / "01_tiny" / "01_tiny.ipynb", as_version=4)
    checksums = [
        {cell.id: cell.metadata.nbgrader.checksum for cell in one.cells if "nbgrader" in cell.metadata}
        for one in (theirs, notebook(bundles["zh"]))
    ]
    assert checksums[0] == checksums[1] and len(checksums[0]) == 3

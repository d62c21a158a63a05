"""The first cell of a released notebook: nothing where the course is installed, all that is needed on Colab, words in
VS Code. Each case is a Python of its own in a folder of its own; pip, Colab and the network are stand-ins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.first_cell import ID, first_cell, without_address
from grader.lesson import read_lesson
from grader.opening import open_notebook
from grader.release import compose, write
from grader.released import released_lesson
from grader.repair import repair
from grader.selection import cells_to_run
from tests.authoring.tiny import ROOT, Tiny

ADDRESS = "https://course.example/course.zip"
# A machine like Colab's. What it has stands in HAS; pip writes down what it was asked for, and succeeds.
COLAB = """
import importlib.metadata, io, json, subprocess, sys, types, urllib.request
colab = types.ModuleType("google.colab")
sys.modules["google"], sys.modules["google.colab"] = types.ModuleType("google"), colab
colab.files = types.SimpleNamespace(upload=lambda: print("UPLOAD") or {NAME: open(ZIP, "rb").read()} if ZIP else {})
fetched = []
urllib.request.urlopen = lambda address: fetched.append(address) or open(ZIP, "rb")
def version(name):
    if name in HAS:
        return HAS[name]
    raise importlib.metadata.PackageNotFoundError(name)
importlib.metadata.version = version
asked = []
class Popen:
    returncode = 0
    def __init__(self, command, **_): asked.append(command); self.stderr = iter(())
    def __enter__(self): return self
    def __exit__(self, *_): pass
subprocess.Popen = Popen
"""
TELL = """
import os
lib = sys.modules.get("course_lib")
print(json.dumps({"lib": lib and lib.__file__, "asked": asked, "fetched": fetched, "cwd": os.getcwd(),
                  "torch": "torch" in sys.modules}))
"""


@cache
def cell(language: str = "both", address: str = "") -> str:
    return str(first_cell(language, address).source)


@pytest.fixture
def bundle(full: Tiny, tmp_path: Path) -> Path:
    write(compose(full.course, [full.lesson()], "both", ADDRESS), tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def packed(bundle: Path, tmp_path: Path) -> Path:
    """The bundle as an instructor zips it: in a folder of its name."""
    return zipped(tmp_path / "bundle.zip", {f"bundle/{name}": path for name, path in files(bundle).items()})


def files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def zipped(place: Path, content: dict[str, Path]) -> Path:
    with zipfile.ZipFile(place, "w") as archive:
        for name, path in content.items():
            archive.write(path, name)
    return place


def run(script: str, folder: Path, *paths: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A Python that sees no package but those of the paths: -S leaves out site-packages, and with it the course."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("COURSE_LANG", "GRADER_COURSE", "PYTHONPATH")}
    environment |= {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONUTF8": "1", **variables}
    return subprocess.run(
        # As in a kernel: the folder of the notebook is the working folder; -c puts it on sys.path, too.
        [sys.executable, "-S", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def on_colab(folder: Path, source: str, archive: Path | None, has: dict[str, str]) -> tuple[dict[str, Any], str]:
    """What happened on Colab, and what was said before."""
    values = f"ZIP, NAME, HAS = {str(archive or '')!r}, 'bundle.zip', {has!r}"
    done = run("\n".join([values, COLAB, source, TELL]), folder)
    assert done.returncode == 0, done.stderr
    *said, last = done.stdout.splitlines()
    return json.loads(last), "\n".join(said)


def colabs(pins: dict[str, str]) -> dict[str, str]:
    """What Colab has: everything, in versions of its own, but not safetensors; and no JupyterLab."""
    return {name: "2.9.9+cu128" for name in pins if name not in ("safetensors", "jupyterlab")}


def pins(bundle: Path) -> dict[str, str]:
    lines = (bundle / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def test_it_has_twelve_lines_and_stands_first_among_the_code(bundle: Path) -> None:
    for path in (bundle / "notebooks").rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        first = next(cell for cell in notebook.cells if cell.cell_type == "code")
        assert first.id == ID and first.source == cell("both", ADDRESS)
        assert len(first.source.splitlines()) <= 12
        assert first.metadata.jupyter.source_hidden and not {"nbgrader", "course"} & set(first.metadata)
        assert notebook.cells[0].source.startswith("# ")
    assert json.loads((bundle / "course.json").read_text(encoding="utf-8"))["address"] == ADDRESS
    assert "installed | 课程" in cell("both") and "|" not in cell("en") and "nothing" not in cell("zh")


def test_nothing_is_said_and_nothing_imported_where_the_course_is_installed(tmp_path: Path) -> None:
    source = f"""
import importlib.util, sys, os
import warnings, json
before, path = set(sys.modules), list(sys.path)
{cell(address=ADDRESS)}
assert set(sys.modules) == before, set(sys.modules) - before
assert sys.path == path
"""
    done = run(source, tmp_path / "notebooks" / "01_tiny", ROOT, Path(sysconfig.get_path("platlib")))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_on_colab_the_zip_comes_from_the_address_and_only_what_is_missing_is_installed(
    packed: Path, bundle: Path, tmp_path: Path
) -> None:
    versions = pins(bundle)
    told, said = on_colab(tmp_path / "content", cell(address=ADDRESS), packed, colabs(versions))
    place = tmp_path / "content" / "pytorch-course" / "bundle"
    assert told["lib"] == str(place / "course_lib" / "__init__.py")
    assert told["cwd"] == str(place), "the language and the progress are found from there"
    assert told["fetched"] == [ADDRESS] and not told["torch"]
    (command,) = told["asked"]
    words = [word.partition("==") for word in command if "==" in word]
    asked = {name: version for name, _, version in words}
    assert len(asked) == len(words), "each once"
    assert asked.pop("safetensors") == versions["safetensors"]
    assert asked["torch"] == "2.9.9+cu128", "named as it is, so that it stays"
    assert set(asked.values()) == {"2.9.9+cu128"} and "jupyterlab" not in asked
    assert "UPLOAD" not in said and "safetensors" in said
    # After a restart of the kernel the files are there.
    again, said = on_colab(tmp_path / "content", cell(address=ADDRESS), None, versions)
    assert (again["lib"], again["asked"], again["fetched"], said) == (told["lib"], [], [], "")


def test_on_colab_without_an_address_the_student_is_asked_for_the_file(
    packed: Path, bundle: Path, tmp_path: Path
) -> None:
    told, said = on_colab(tmp_path / "content", cell(), packed, pins(bundle))
    assert "choose the course's zip file" in said and "选择课程的 zip 文件" in said and "UPLOAD" in said
    assert told["lib"].startswith(str(tmp_path / "content")) and told["asked"] == [] and told["fetched"] == []


def test_on_colab_a_bundle_on_a_mounted_drive_is_used_as_it_is(bundle: Path) -> None:
    told, said = on_colab(bundle / "notebooks" / "01_tiny", cell(address=ADDRESS), None, pins(bundle))
    assert told["lib"] == str(bundle / "course_lib" / "__init__.py")
    assert told["cwd"] == str(bundle / "notebooks" / "01_tiny")
    assert (told["fetched"], told["asked"], said) == ([], [], "")


@pytest.mark.parametrize("upload", ["nothing", "no zip", "another zip"])
def test_on_colab_a_wrong_file_is_told_what_is_wanted(upload: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.zip"
    if upload == "another zip":
        (tmp_path / "a.txt").write_text("a")
        zipped(wrong, {"a.txt": tmp_path / "a.txt"})
    elif upload == "no zip":
        wrong.write_text("<html>")
    archive = "" if upload == "nothing" else str(wrong)
    script = "\n".join([f"ZIP, NAME, HAS = {archive!r}, 'x', {{}}", COLAB, cell()])
    done = run(script, tmp_path / "content")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: The course's files are not here.") and "这里没有课程文件" in last


def test_a_zip_cannot_write_outside_of_its_folder(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed, "a") as archive:
        for name in ("../../escaped.txt", "/escaped.txt", f"{tmp_path}/escaped.txt"):
            archive.writestr(zipfile.ZipInfo(name), "x")
    told, _ = on_colab(tmp_path / "content", cell(address=ADDRESS), packed, {})
    assert told["lib"]
    unpacked = tmp_path / "content" / "pytorch-course"
    assert [path for path in tmp_path.rglob("escaped.txt") if not path.is_relative_to(unpacked)] == []
    assert not Path("/escaped.txt").exists()


@pytest.mark.parametrize("language", ["en", "zh", "both"])
def test_in_vs_code_another_python_is_told_which_one_to_choose(bundle: Path, language: str) -> None:
    lesson = bundle / "notebooks" / "01_tiny"
    words = {"en": ("This Python", "Choose the course's own Python"), "zh": ("当前 Python", "课程自带的 Python")}
    source = f"{cell(language)}\nimport course_lib\nprint(course_lib.__file__)"
    done = run(source, lesson, COURSE_LANG=language)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(bundle / "course_lib" / "__init__.py")
    for side, (first, choose) in words.items():
        assert (first in done.stdout, choose in done.stdout) == (language in (side, "both"),) * 2
    assert "safetensors" in done.stdout and "torch" in done.stdout and "jupyterlab" not in done.stdout
    assert f"sh {bundle / 'start.sh'} --check" in done.stdout
    # The environment is there: only the choice is left.
    own = bundle / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.symlink_to(sys.executable)
    told = run(source, lesson, COURSE_LANG=language).stdout
    assert str(own) in told and "start.sh" not in told


def test_a_notebook_that_lies_alone_says_where_it_belongs(tmp_path: Path) -> None:
    done = run(cell("zh"), tmp_path / "downloads")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: 这里没有课程文件。") and last.endswith("请把本笔记本放回课程文件夹。")


@pytest.mark.parametrize("address", ["", ADDRESS, "https://other.example/a.zip?x=1&y='2'"])
@pytest.mark.parametrize("language", ["en", "zh", "both"])
def test_grading_knows_the_cell_in_every_release_and_does_not_run_it(full: Tiny, language: str, address: str) -> None:
    released = released_lesson(full.lesson())
    handed_in = open_notebook(notebook_of(full, language, address))
    repaired = repair(handed_in, released)
    (kept,) = [one for one in repaired.notebook.cells if one.id == ID]
    assert released.unchanged(kept) and kept.metadata.jupyter.source_hidden
    assert kept.metadata.course.id == ID, "by this the feedback page knows that it is not the student's"
    assert repaired.notes == ()
    assert ID not in [one.id for one in cells_to_run(repaired.notebook, released)]
    # One that a student changed is theirs, and runs as all that is theirs does.
    kept["source"] += "\nprint(1)"
    assert not released.unchanged(kept)


def test_an_older_submission_lacks_nothing(full: Tiny) -> None:
    released = released_lesson(full.lesson())
    handed_in = open_notebook(notebook_of(full, "both", ""))
    handed_in.cells = [one for one in handed_in.cells if one.id != ID]
    repaired = repair(handed_in, released)
    assert repaired.notes == () and ID not in [one.id for one in repaired.notebook.cells]


def notebook_of(tiny: Tiny, language: str, address: str) -> bytes:
    lesson = read_lesson(tiny.source)
    return compose(tiny.course, [lesson], language, address)["notebooks/01_tiny/01_tiny.ipynb"]


def test_an_address_is_one_of_the_web() -> None:
    for wrong in ("course.zip", 'https://a/"); import os; ("', "https://a b", "file:///etc/passwd"):
        with pytest.raises(ValueError, match="no web address"):
            first_cell("en", wrong)
    assert without_address(cell("en", ADDRESS)) == cell("en")

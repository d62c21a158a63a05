"""What a student starts the course with. start.bat is only read here: this machine has no Windows to run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml

from grader.release import EXECUTABLE, compose, write
from grader.start_commands import start_commands
from grader.student_files import LANGUAGE_PACK
from tests.authoring.test_build import put_down
from tests.authoring.tiny import Tiny

FIT = "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"


@pytest.fixture
def unpacked(full: Tiny, tmp_path: Path) -> Path:
    """A Chinese bundle, zipped as an instructor would and unpacked as a student would."""
    put_down(full)
    out = tmp_path / "out"
    write(compose(full.course, [full.lesson()], "zh"), out)
    archive = shutil.make_archive(str(tmp_path / "bundle"), "zip", out)
    folder = tmp_path / "我的 课程 (1)"
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            place = Path(file.extract(member, folder))
            place.chmod(member.external_attr >> 16 or 0o755)  # what unzip and the systems' own windows do
    return folder


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """start.sh by its path from elsewhere, with the proxies of nowhere: nothing can come from the network."""
    left_out = ("COURSE_LANG", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "COURSE_PYTHON")
    environment = {k: v for k, v in os.environ.items() if k not in left_out}
    environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"} | variables
    return subprocess.run(
        [str(folder / "start.sh"), *arguments], cwd="/", env=environment, capture_output=True, text=True, check=False
    )


def test_a_zip_keeps_the_executable_bits(unpacked: Path) -> None:
    assert {name for name in EXECUTABLE if os.access(unpacked / name, os.X_OK)} == {"start.sh", "start.command"}
    assert not os.access(unpacked / "start.bat", os.X_OK)


def test_start_sh_with_a_python_of_ones_own(unpacked: Path) -> None:
    done = start(unpacked, "--check", COURSE_PYTHON=sys.executable)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"可以在 {unpacked} 中保存文件" in done.stdout and "课程库与检查文件一致" in done.stdout
    assert not (unpacked / ".venv").exists() and "free space" not in done.stdout


def test_start_sh_opens_jupyterlab_on_the_start_page(unpacked: Path) -> None:
    """With a jupyterlab that only says how it was called."""
    (unpacked / "jupyterlab").mkdir()
    (unpacked / "jupyterlab" / "__init__.py").touch()
    said = "import os, sys\nprint('LAB', sys.argv[1:], os.getcwd(), os.environ['JUPYTER_CONFIG_PATH'])"
    (unpacked / "jupyterlab" / "__main__.py").write_text(said, encoding="utf-8")
    done = start(unpacked, "--no-browser", COURSE_PYTHON=sys.executable)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"LAB ['START.ipynb', '--no-browser'] {unpacked} {unpacked}/.jupyter" in done.stdout
    settings = unpacked / ".jupyter/labconfig/default_setting_overrides.json"
    assert "@jupyterlab/translation-extension:plugin" in json.loads(settings.read_text(encoding="utf-8"))


def shims(folder: Path, **programs: str) -> str:
    """A PATH with nothing but what start.sh itself needs and the programs given, each a shell script."""
    folder.mkdir()
    for tool in ("dirname", "cat", "sh"):
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


def test_no_fit_python_is_said_in_both_languages(unpacked: Path, tmp_path: Path) -> None:
    path = shims(tmp_path / "bin", python3="exit 1", python="exit 1")  # both say that they are unfit
    done = start(unpacked, PATH=path)
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr and "本课程需要 Python 3.11、3.12 或 3.13" in done.stderr
    assert "winget install" in done.stderr and "uv venv" in done.stderr


def test_which_python_start_sh_takes(unpacked: Path, tmp_path: Path) -> None:
    def says(name: str) -> str:
        return f'[ "$1" = -c ] || echo "{name} $*"'

    def environment(name: str) -> Path:
        program = tmp_path / name / "bin" / "python"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{says(name)}\n", encoding="utf-8")
        program.chmod(0o755)
        return tmp_path / name

    path = shims(tmp_path / "bin", python3=says("system"))
    own, conda = environment("my env"), environment("conda")
    call = "-m course_lib start --check"
    assert start(unpacked, "--check", PATH=path).stdout == f"system {call}\n"
    assert start(unpacked, "--check", PATH=path, VIRTUAL_ENV=str(own)).stdout == f"my env {call}\n"
    active = {"PATH": path, "CONDA_PREFIX": str(conda)}
    assert start(unpacked, "--check", CONDA_DEFAULT_ENV="course", **active).stdout == f"conda {call}\n"
    assert start(unpacked, "--check", CONDA_DEFAULT_ENV="base", **active).stdout == f"system {call}\n"
    given = str(conda / "bin" / "python")
    assert start(unpacked, "--check", PATH=path, COURSE_PYTHON=given).stdout == f"conda {call}\n"
    shutil.copytree(own, unpacked / ".venv")
    assert start(unpacked, "--check", PATH=path).stdout == f"my env {call}\n"


def test_macos_has_the_same_under_its_own_name() -> None:
    files = start_commands()
    assert files["start.command"] == files["start.sh"] and b"\r" not in files["start.sh"]
    assert files["start.sh"].startswith(b"#!/bin/sh\n")


def test_start_bat_as_cmd_reads_it() -> None:
    raw = start_commands()["start.bat"]
    assert raw.count(b"\n") == raw.count(b"\r\n") > 20
    lines = [line for line in raw.decode("ascii").split("\r\n") if not line.startswith("rem ")]
    assert lines[0] == "@echo off" and 'cd /d "%~dp0"' in lines
    # A folder may hold blanks, brackets and Chinese: every path is quoted, and none stands in a bracketed block.
    for line in lines:
        for path in re.findall(r"%(?:VIRTUAL_ENV|CONDA_PREFIX|COURSE_PYTHON)%", line):
            assert re.search(rf'^"{path}[^"]*" ', line), line
        assert not line.rstrip().endswith("("), line
    labels = {line[1:] for line in lines if line.startswith(":")}
    assert {target for line in lines for target in re.findall(r"goto (\w+)", line)} == labels - {"own"} | {"own"}
    assert f'set "FIT={FIT}"' in lines and FIT in start_commands()["start.sh"].decode("utf-8")
    # No line falls through from one way of starting into the next.
    calls = [i for i, line in enumerate(lines) if "-m course_lib start %*" in line]
    assert len(calls) == 8
    for i in calls:
        assert lines[i - 1].startswith(":") and lines[i + 1] == 'set "CODE=%ERRORLEVEL%"'
        assert lines[i + 2] in ("goto end", ":end")
    assert lines[calls[0] - 2] == "goto end"


def test_the_language_pack_is_only_for_chinese(full: Tiny) -> None:
    put_down(full)
    pin = "==".join(LANGUAGE_PACK)
    for language in ("en", "zh", "both"):
        bundle = compose(full.course, [full.lesson()], language)
        names = [name for name in ("requirements.txt", "environment.yml") if pin in bundle[name].decode()]
        assert names == ([] if language == "en" else ["requirements.txt", "environment.yml"])
        assert LANGUAGE_PACK[0] not in bundle["pyproject.toml"].decode()
        yaml.safe_load(bundle["environment.yml"])


def test_the_manifest_says_what_progress_is_counted_by(full: Tiny) -> None:
    put_down(full)
    manifest = json.loads(compose(full.course, [full.lesson()], "en")["course.json"])
    title = {"en": "Doubling", "zh": "加倍"}
    assert manifest["contents"] == [{"id": "01_tiny", "title": title, "points": {"tiny.double": 3.0}}]


def test_the_start_page_runs_the_doctor_and_shows_progress(full: Tiny) -> None:
    put_down(full)
    pages = {}
    for language in ("en", "zh", "both"):
        page = nbformat.reads(compose(full.course, [full.lesson()], language)["START.ipynb"].decode(), as_version=4)
        pages[language] = page
    code = [[(c.id, c.source) for c in page.cells if c.cell_type == "code"] for page in pages.values()]
    assert code[0] == code[1] == code[2] and [cell for cell, _ in code[0]] == ["setup-run", "progress-run"]
    sides = [[c.id.rpartition("-")[0] for c in pages[side].cells if c.cell_type == "markdown"] for side in ("en", "zh")]
    assert sides[0] == sides[1] == ["welcome", "checking", "setup", "progress", "lessons"]
    assert [source.splitlines()[-1] for _, source in code[0]] == ["doctor()", "show_progress()"]
    # The same commands and file names on both sides.
    spans = [sorted(set(re.findall(r"`[^`]+`", "".join(c.source for c in pages[side].cells)))) for side in ("en", "zh")]
    assert spans[0] == spans[1]

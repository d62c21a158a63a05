"""Which environment is used, what is installed into it, and what is said where that fails; pip is a stand-in."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from course_lib import _jupyter_settings, start
from course_lib.doctor import mending, probes

PINS = {"numpy": "2.4.6", "torch": "2.13.0", "torchvision": "0.28.0", start.OPTIONAL[0]: "4.5.post3"}
ALL = {"numpy": "2.4.6", "torch": "2.13.0+cpu", "torchvision": "0.28.0", start.OPTIONAL[0]: "4.5.post3"}


class Machine:
    """What is installed, what pip was asked for and says, and what was started in the end."""

    def __init__(self) -> None:
        self.installed = dict(ALL)
        self.answers: list[Any] = []
        self.asked: list[list[str]] = []
        self.started: list[list[str]] = []
        self.doctor = 0
        self.made_importable = 0

    def pip(self, arguments: list[str], retries: int = 2) -> Any:
        self.asked.append(arguments)
        return self.answers.pop(0) if self.answers else None


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(start, "FOLDER", tmp_path)
    for name in ("COURSE_PYTHON", "COURSE_TORCH", "CONDA_PREFIX", "CONDA_DEFAULT_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_LANG", "both")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr(probes, "pins", lambda: PINS)
    monkeypatch.setattr(probes, "nvidia", lambda: False)
    monkeypatch.setattr(probes, "versions", lambda names: {name: found.installed[name] for name in names})
    monkeypatch.setattr(start.platform, "system", lambda: "Linux")
    monkeypatch.setattr(start, "pip", found.pip)
    monkeypatch.setattr(start, "doctor", lambda arguments: found.doctor)
    monkeypatch.setattr(start, "_become", lambda command, environment: found.started.append(command) or 0)

    def importable() -> None:
        found.made_importable += 1

    monkeypatch.setattr(start, "_make_importable", importable)
    return found


def test_with_all_there_nothing_is_asked_of_the_network(machine: Machine) -> None:
    assert start.main(["--no-browser"]) == 0
    assert machine.asked == [] and machine.made_importable == 1
    assert machine.started == [[sys.executable, "-m", "jupyterlab", "START.ipynb", "--no-browser"]]


def test_check_stops_before_jupyterlab(machine: Machine) -> None:
    assert start.main(["--check"]) == 0 and machine.started == []


def test_a_first_start_takes_the_small_torch_first(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.installed = dict.fromkeys(ALL, "")
    assert start.main([]) == 0
    torch = ["torch==2.13.0", "torchvision==0.28.0"]
    assert machine.asked == [
        [*torch, "--index-url", mending.CPU_INDEX],
        ["numpy==2.4.6", *torch],
        [f"{start.OPTIONAL[0]}==4.5.post3"],
    ]
    said = capsys.readouterr().out
    assert start.CPU_BUILD.en in said and start.CPU_BUILD.zh in said


@pytest.mark.parametrize(
    ("nvidia", "choice", "system"), [(True, "", "Linux"), (False, "cuda", "Linux"), (False, "", "Darwin")]
)
def test_elsewhere_the_usual_torch_is_taken(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, nvidia: bool, choice: str, system: str
) -> None:
    machine.installed["torch"] = ""
    monkeypatch.setattr(probes, "nvidia", lambda: nvidia)
    monkeypatch.setattr(start.platform, "system", lambda: system)
    monkeypatch.setenv("COURSE_TORCH", choice)
    assert start.main([]) == 0
    assert machine.asked == [["torch==2.13.0"]]


@pytest.mark.parametrize("trouble", [start.NO_NETWORK, start.NO_SPACE, start.PIP_FAILED])
def test_a_failed_installation_is_said_in_words(
    machine: Machine, capsys: pytest.CaptureFixture[str], trouble: Any
) -> None:
    machine.installed["numpy"] = ""
    machine.answers = [trouble]
    assert start.main([]) == 1
    said = capsys.readouterr().out
    assert trouble.en in said and trouble.zh in said and machine.started == []


def test_menus_that_stay_english_stop_nobody(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.installed[start.OPTIONAL[0]] = ""
    machine.answers = [start.NO_NETWORK]
    assert start.main([]) == 0 and len(machine.started) == 1
    assert start.ENGLISH_MENUS.zh in capsys.readouterr().out


def test_a_machine_that_is_not_ready_opens_nothing(machine: Machine) -> None:
    machine.doctor = 1
    assert start.main([]) == 1 and machine.started == []


def test_a_python_that_was_named_is_left_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_PYTHON", sys.executable)
    machine.installed["numpy"] = ""
    assert start.main([]) == 0
    assert machine.asked == [] and machine.made_importable == 0
    assert start.LEFT_ALONE.format(names="numpy").en in capsys.readouterr().out


def test_an_unfit_python_is_told_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {"version": [3, 9, 2], "bits": 64, "executable": "p", "system": "Linux"}
    monkeypatch.setattr(probes, "python", lambda: facts)
    assert start.main([]) == 1
    said = capsys.readouterr().out
    assert "Python 3.9.2; the course needs 3.11" in said and "3.9.2，课程需要" in said and "uv venv" in said
    assert machine.asked == machine.started == []


def test_which_environment_it_is(machine: Machine, tmp_path: Path) -> None:
    kind = start.environment_kind
    conda = {"CONDA_PREFIX": str(tmp_path / "conda"), "CONDA_DEFAULT_ENV": "course"}
    assert kind({}, str(tmp_path / ".venv"), "/usr") == "own"
    assert kind({}, "/usr", "/usr") == "none"
    assert kind({}, "/home/me/env", "/usr") == "active"
    assert kind(conda, str(tmp_path / "conda"), str(tmp_path / "conda")) == "active"
    assert kind(conda | {"CONDA_DEFAULT_ENV": "base"}, str(tmp_path / "conda"), str(tmp_path / "conda")) == "none"
    assert kind(conda, "/usr", "/usr") == "none"
    assert kind({"COURSE_PYTHON": "p"}, "/usr", "/usr") == "given"


def test_another_version_is_wrong_only_in_the_bundles_own_environment() -> None:
    installed = {"a": "1.0+cpu", "b": "2.0", "c": ""}
    wanted = {"a": "1.0", "b": "2.1", "c": "3.0"}
    assert start.lacking(wanted, installed, exactly=True) == ["b", "c"]
    assert start.lacking(wanted, installed, exactly=False) == ["c"]


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ("NewConnectionError(...): Failed to establish a new connection: [Errno 111]", start.NO_NETWORK),
        ("Temporary failure in name resolution", start.NO_NETWORK),
        ("ERROR: Could not install: [Errno 28] No space left on device", start.NO_SPACE),
        ("ERROR: ResolutionImpossible", start.PIP_FAILED),
    ],
)
def test_what_pip_says_becomes_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, trouble: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\ncat >&2 <<'E'\n{said}\nE\nexit 1\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    assert start.pip(["numpy"]) is trouble
    assert said in capsys.readouterr().err  # what pip said itself is never hidden


def test_the_menus_follow_the_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = "@jupyterlab/translation-extension:plugin"
    assert _jupyter_settings.overrides("zh", True)[plugin] == {"locale": "zh_CN"}
    assert _jupyter_settings.overrides("zh", False)[plugin] == {"locale": "default"}
    assert _jupyter_settings.overrides("en", True)[plugin] == {"locale": "en"}
    assert _jupyter_settings.overrides("both", True)[plugin] == {"locale": "default"}
    folder = tmp_path / "我的 course"
    folder.mkdir()
    monkeypatch.setattr(_jupyter_settings, "find_spec", lambda name: object())
    environment = _jupyter_settings.environment(folder, {"PYTHONPATH": "mine"}, "zh")
    assert environment["PYTHONPATH"].startswith(str(folder)) and environment["PYTHONPATH"].endswith("mine")
    # JupyterLab's own reader of layered defaults finds it.
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", environment["JUPYTER_CONFIG_PATH"])
    from jupyterlab_server.settings_utils import _get_overrides

    found, error = _get_overrides(str(tmp_path / "none"))
    assert error == "" and found[plugin]["locale"] == "zh_CN"


def test_the_bundles_own_environment_finds_course_lib_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sysconfig

    monkeypatch.setattr(start, "FOLDER", tmp_path / "我的 'course'")
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    start._make_importable()
    line = (tmp_path / "course.pth").read_bytes().decode("ascii")
    before = list(sys.path)
    monkeypatch.setattr(sys, "path", before.copy())
    exec(line)
    assert sys.path == [*before, str(tmp_path / "我的 'course'")]


def test_every_command_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib import import_module

    from course_lib.__main__ import COMMANDS, main

    assert all(callable(import_module(f"course_lib.{name}").main) for name in COMMANDS)
    assert main(["--help"]) == 0 and main(["nonsense"]) == 2 and main([]) == 2
    said = capsys.readouterr()
    assert all(name in said.out and name in said.err for name in COMMANDS)
    assert json.dumps(said.err)

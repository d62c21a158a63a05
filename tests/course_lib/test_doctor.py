"""Every line of the doctor, well and ill, in both languages; nothing of this machine decides what is said."""

# ruff: noqa: E501 - one row of the table is one ill machine

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from course_lib import doctor
from course_lib.doctor import judging, mending, probes, words
from course_lib.text import Text
from grader.comments import has_cjk

WELL = {
    "python": {"version": [3, 12, 4], "bits": 64, "executable": "/course/.venv/bin/python", "system": "Linux"},
    "pins": {"torch": "2.13.0", "torchvision": "0.28.0", "numpy": "2.4.6"},
    "nvidia": False,
    "versions": "1.0",
    "folder": {"folder": "/my course", "writable": True, "error": ""},
    "free_bytes": 50 * 2**30,
    "course": {"bundle": True, "version": "1.2", "missing": [], "changed": []},
    "font": {"error": "", "message": ""},
    "kernel": {"error": "", "message": "", "program": "python"},
    "torch": {
        "steps": {
            "torch": {"version": "2.13.0+cpu"},
            "torchvision": {"version": "0.28.0+cpu"},
            "device": {"device": "cpu", "name": "", "threads": 4, "cuda_build": ""},
        },
        "ended": "",
    },
    "torchvision_wants": "2.13.0",
}


def steps(ended: str = "", **changed: Any) -> dict[str, Any]:
    """What the probe of torch saw, with some steps different; None leaves a step out."""
    found = {**WELL["torch"]["steps"], **changed}  # type: ignore[index, dict-item]
    return {"steps": {name: facts for name, facts in found.items() if facts is not None}, "ended": ended}


def broken(error: str, message: str) -> dict[str, Any]:
    return steps(torch={"error": error, "message": message}, torchvision=None, device=None)


CPU = " --index-url " + mending.CPU_INDEX
FRESH = "/course/.venv/bin/python -m pip install torch==2.13.0 torchvision==0.28.0" + CPU
AGAIN = FRESH.replace("install ", "install --force-reinstall --no-deps ")
UNPACK = "unzip -o BUNDLE.zip -x '*.ipynb'"
CUDA_CARD = {"device": "cuda", "name": "Big Card", "threads": 4, "cuda_build": "12.6"}

# line, what its probe sees, mark, words in English, words in Chinese, command
ILL = [
    ("python", {"python": {"version": [3, 10, 1]}}, "fail", "Python 3.10.1; the course needs", "3.10.1，课程需要", mending.NEW_PYTHON["Linux"]),
    ("python", {"python": {"version": [3, 14, 0]}}, "fail", "Python 3.14.0; the course needs", "3.14.0，课程需要", mending.NEW_PYTHON["Linux"]),
    ("python", {"python": {"bits": 32}}, "fail", "32-bit", "32 位", mending.NEW_PYTHON["Linux"]),
    ("folder", {"folder": {"writable": False, "error": "Read-only file system"}}, "fail", "nothing can be saved", "无法在 /my course 中保存", "chmod -R u+w '/my course'"),
    ("space", {"free_bytes": 2**30}, "warn", "1.0 GiB are enough for the lessons", "1.0 GiB 足够", "/course/.venv/bin/python -m pip cache purge"),
    ("space", {"free_bytes": 2**20}, "fail", "only 0.0 GiB are left", "只剩 0.0 GiB", "/course/.venv/bin/python -m pip cache purge"),
    ("course", {"course": {"error": "ValueError: bad"}}, "fail", "course.json cannot be read (ValueError: bad)", "无法读取 course.json", UNPACK),
    ("course", {"course": {"missing": ["course_lib/a.py"]}}, "fail", "1 files of the course are missing, course_lib/a.py", "课程缺少 1 个文件", UNPACK),
    ("course", {"course": {"changed": ["course_lib/packs/a/b"]}}, "warn", "not those of this release, course_lib/packs/a/b", "与本次发布的版本不一致", UNPACK),
    ("packages", {"versions": {"numpy": ""}}, "fail", "not installed in this Python: numpy", "没有安装：numpy", "/course/.venv/bin/python -m pip install numpy==2.4.6"),
    ("font", {"font": {"error": "matplotlib", "message": "No module"}}, "fail", "matplotlib, which draws the figures, cannot be used", "matplotlib 无法使用", "/course/.venv/bin/python -m pip install --force-reinstall --no-deps matplotlib"),
    ("font", {"font": {"error": "damaged"}}, "fail", "font is missing or damaged", "字体缺失或已损坏", UNPACK),
    ("font", {"font": {"error": "no glyph"}}, "fail", "font is missing or damaged", "字体缺失或已损坏", UNPACK),
    ("jupyter", {"versions": {"ipykernel": ""}}, "fail", "not installed in this Python: ipykernel", "没有安装：ipykernel", "/course/.venv/bin/python -m pip install ipykernel"),
    ("kernel", {"kernel": {"program": "/other/bin/python"}}, "fail", "another Python (/other/bin/python)", "另一个 Python（/other/bin/python）", "/course/.venv/bin/python -m ipykernel install --sys-prefix --name python3"),
    ("kernel", {"kernel": {"error": "none"}}, "fail", "finds no Python", "找不到可以运行笔记本的 Python", "/course/.venv/bin/python -m ipykernel install --sys-prefix --name python3"),
    ("kernel", {"kernel": {"error": "missing"}}, "fail", "not installed in this Python: jupyter_client", "没有安装：jupyter_client", "/course/.venv/bin/python -m pip install jupyterlab"),
    ("torch", {"torch": broken("ModuleNotFoundError", "No module named 'torch'")}, "fail", "not installed in this Python: torch", "没有安装：torch", FRESH),
    ("torch", {"torch": broken("ImportError", "libtorch.so: wrong ELF class: ELFCLASS32")}, "fail", "another kind of processor", "另一种处理器", AGAIN),
    ("torch", {"torch": broken("ImportError", "mach-o file, but is an incompatible architecture")}, "fail", "another kind of processor", "另一种处理器", AGAIN),
    ("torch", {"torch": broken("OSError", "[WinError 126] The specified module could not be found")}, "fail", "Visual C++", "Visual C++", mending.VISUAL_C),
    ("torch", {"torch": broken("ImportError", "cannot import name 'x'")}, "fail", "cannot be imported (ImportError: cannot import name 'x')", "无法导入", AGAIN),
    ("torch", {"torch": {"steps": {}, "ended": "-4"}}, "fail", "takes Python down while it loads (status -4)", "使 Python 崩溃（状态 -4）", AGAIN),
    ("torch", {"torch": {"steps": {}, "ended": "timeout"}}, "warn", "within five minutes", "五分钟", AGAIN),
    ("torch", {"torch": steps(torch={"version": "2.5.1"}), "torchvision_wants": "2.5.1"}, "fail", "2.5.1 is older than", "2.5.1 比编写课程时", AGAIN),
    ("torch", {"torch": steps(torch={"version": "2.12.0"}), "torchvision_wants": "2.12.0"}, "warn", "2.12.0 is older than", "2.12.0 比编写课程时", AGAIN),
    ("torchvision", {"torch": steps(torchvision={"error": "ModuleNotFoundError", "message": "No module named 'torchvision'"})}, "fail", "not installed in this Python: torchvision", "没有安装：torchvision", FRESH),
    ("torchvision", {"torch": steps(torchvision={"error": "RuntimeError", "message": "operator torchvision::nms does not exist"})}, "warn", "another build of torch of the same version", "同一版本 torch 的另一种构建", AGAIN),
    ("torchvision", {"torch": steps(torchvision={"error": "ImportError", "message": "x"})}, "fail", "does not work (ImportError: x)", "无法正常工作（ImportError: x）", AGAIN),
    ("torchvision", {"torchvision_wants": "2.9.1"}, "warn", "was made for torch 2.9.1, and torch is 2.13.0+cpu", "为 torch 2.9.1 编译", AGAIN),
    ("torchvision", {"torchvision_wants": "2.9.1", "torch": steps(torchvision={"error": "ImportError", "message": "x"})}, "fail", "was made for torch 2.9.1", "为 torch 2.9.1 编译", AGAIN),
    ("torchvision", {"torch": steps("-11", torchvision=None, device=None)}, "fail", "takes Python down while it loads (status -11)", "使 Python 崩溃（状态 -11）", AGAIN),
    ("torchvision", {"torch": broken("ImportError", "x")}, "warn", "because torch does not load", "由于 torch 无法加载", AGAIN),
    ("device", {"torch": broken("ImportError", "x")}, "warn", "because torch does not load", "由于 torch 无法加载", mending.DOCTOR),
    ("device", {"nvidia": True}, "warn", "an NVIDIA GPU that torch does not use", "torch 没有使用它", f"/course/.venv/bin/python -m pip install --force-reinstall torch torchvision --index-url {mending.CUDA_INDEX}"),
    ("device", {"nvidia": True, "torch": steps(device={**CUDA_CARD, "device": "cpu"})}, "warn", "an NVIDIA GPU that torch does not use", "torch 没有使用它", "nvidia-smi"),
    ("device", {"torch": steps(device={**CUDA_CARD, "error": "RuntimeError", "message": "no kernel image"})}, "warn", "cannot compute with it (no kernel image)", "无法用它计算（no kernel image）", "export COURSE_DEVICE=cpu"),
]  # fmt: skip


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine on which all is well, but for what a test changes."""

    def make(changes: dict[str, Any] | None = None) -> None:
        for name, seen in WELL.items():
            new = (changes or {}).get(name)
            if name == "versions":
                monkeypatch.setattr(probes, name, lambda names, new=new: {n: (new or {}).get(n, "1.0") for n in names})
            elif isinstance(seen, dict) and new is not None and name != "torch":
                monkeypatch.setattr(probes, name, lambda seen=seen, new=new: {**seen, **new})
            else:
                monkeypatch.setattr(probes, name, lambda seen=seen, new=new: seen if new is None else new)

    return make


def test_a_machine_on_which_all_is_well(machine: Any, capsys: pytest.CaptureFixture[str]) -> None:
    machine()
    assert doctor.main(["--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert len(re.findall(r"^✓ ", said, re.M)) == len(words.NAMES) == 11
    assert "✗" not in said and "\n! " not in said and said.rstrip().endswith(words.READY.en)
    assert not has_cjk(said)
    assert doctor.main(["--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert said.rstrip().endswith(words.READY.zh) and "free space" not in said and "剩余空间" in said


@pytest.mark.parametrize(
    ("check", "changes", "mark", "en", "zh", "command"), ILL, ids=[f"{i}-{x[0]}-{x[2]}" for i, x in enumerate(ILL)]
)
def test_what_is_wrong_is_one_line_with_its_command(
    machine: Any, capsys: pytest.CaptureFixture[str],
    check: str, changes: dict[str, Any], mark: str, en: str, zh: str, command: str,
) -> None:  # fmt: skip
    machine(changes)
    for language, said in (("en", en), ("zh", zh)):
        status = doctor.main(["--lang", language])
        printed = capsys.readouterr().out
        name, colon = words.NAMES[check].say(language), "：" if language == "zh" else ": "
        first, second, third = printed[printed.index(f"{doctor.MARKS[mark]} {name}{colon}") :].splitlines()[:3]
        assert said in first
        assert (second.strip(), third.strip()) == (words.MEND.say(language), command)
        # A missing torch takes its followers' lines with it, so other lines may be worse than this one.
        assert status == int("\n✗" in printed)
        assert not (language == "en" and has_cjk(printed))
    assert doctor.main(["--json"]) == status
    facts = json.loads(capsys.readouterr().out)
    line = next(line for line in facts["lines"] if line["check"] == check)
    assert (line["mark"], line["command"]) == (mark, command)
    assert en in line["en"] and zh in line["zh"]
    assert facts["ready"] is (status == 0) and facts["schema_version"] == 1


@pytest.mark.parametrize(
    ("device", "en", "zh"),
    [
        ({"device": "mps", "name": ""}, "no float64", "不支持 float64"),
        (CUDA_CARD, "cuda, Big Card", "cuda，Big Card"),
        ({"device": "cpu", "threads": 8}, "8 threads: enough", "8 个线程：足以"),
    ],
)
def test_what_a_device_means(machine: Any, device: dict[str, Any], en: str, zh: str) -> None:
    machine({"torch": steps(device=device)})
    line = list(doctor.examine())[-1]
    assert line.mark == "ok" and line.command == "" and en in line.said.en and zh in line.said.zh


def test_every_line_can_go_wrong_here() -> None:
    assert {row[0] for row in ILL} == set(words.NAMES)


def test_a_probe_that_breaks_costs_its_own_line_only(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine()
    monkeypatch.setattr(probes, "free_bytes", lambda: 1 / 0)
    lines = {line.check: line for line in doctor.examine()}
    assert lines["space"].mark == "warn" and "ZeroDivisionError" in lines["space"].said.zh
    assert {line.mark for name, line in lines.items() if name != "space"} == {"ok"}


def test_windows_gets_commands_for_windows() -> None:
    pip = mending.pip_of(r"C:\my course\.venv\Scripts\python.exe", "Windows")
    assert pip == r'"C:\my course\.venv\Scripts\python.exe" -m pip'
    assert mending.torch_commands(pip, {}, "Windows", nvidia=False).fresh.endswith("install torch torchvision")
    assert mending.unpack("Windows").startswith("tar ") and mending.make_writable("C:\\x y", "Windows").count('"') == 4
    assert mending.environment_variable("A", "b", "Windows") == "set A=b"
    # A CUDA build needs packages that a reinstallation without dependencies would leave out.
    assert "--no-deps" not in mending.torch_commands("pip", {}, "Linux", nvidia=True).again


def test_versions_are_compared_without_the_name_of_the_build() -> None:
    assert judging.numbers("2.13.0+cpu") == judging.numbers("2.13.0") == (2, 13, 0)
    assert judging.numbers("2.9.1") < judging.numbers("2.13.0.dev1")


def test_the_course_files_are_compared_with_the_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    monkeypatch.setattr(probes, "HOME", tmp_path)
    assert probes.course() == {"bundle": False}
    library = tmp_path / "course_lib"
    library.mkdir()
    (library / "a.py").write_bytes(b"a")
    files = {"course_lib/a.py": hashlib.sha256(b"a").hexdigest(), "course_lib/b.py": "0", "notebooks/n.ipynb": "0"}
    (tmp_path / "course.json").write_text(json.dumps({"version": "1", "files": files}), encoding="utf-8")
    seen = probes.course()  # a notebook may be changed or thrown away: it is the student's
    assert (seen["missing"], seen["changed"]) == (["course_lib/b.py"], [])
    (library / "a.py").write_bytes(b"b")
    assert probes.course()["changed"] == ["course_lib/a.py"]
    for damaged in ("", "[]", "{}", '{"files": 3, "version": "1"}'):
        (tmp_path / "course.json").write_text(damaged, encoding="utf-8")
        assert probes.course()["error"]


def test_a_torch_that_ends_its_process_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real one: a package named torch that kills the process, one that raises, one that prints."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "torch.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGILL)", encoding="utf-8")
    seen = probes.torch()
    assert seen == {"steps": {}, "ended": "-4"}
    assert judging.torch(seen, mending.torch_commands("pip", {}, "Linux", False), {}).mark == "fail"
    (tmp_path / "torch.py").write_text("print('{}'); raise ImportError('wrong ELF class')", encoding="utf-8")
    assert probes.torch()["steps"] == {"torch": {"error": "ImportError", "message": "wrong ELF class"}}


def test_the_real_torch_is_seen_and_never_imported_here() -> None:
    code = (
        "import sys; from course_lib import doctor; seen = []\n"
        "lines = list(doctor.examine(lambda: seen.append('torch' in sys.modules)))\n"
        "assert seen == [False] and 'torch' not in sys.modules\n"
        "print(*(line.check for line in lines if line.mark == 'fail'))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_the_word_about_torch_is_said_before_it_is_tried(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine()
    events: list[str] = []
    monkeypatch.setattr(probes, "torch", lambda: events.append("tried") or WELL["torch"])
    list(doctor.examine(lambda: events.append("said")))
    assert events == ["said", "tried"]


def test_an_old_python_can_read_what_the_doctor_needs() -> None:
    library = Path(doctor.__file__).parents[1]
    files = [library / name for name in ("__init__.py", "__main__.py", "_torchvision.py", "text.py", "start.py")]
    for path in [*files, *(library / "doctor").glob("*.py"), library / "fonts/__init__.py"]:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_both_languages_have_the_same_fields() -> None:
    texts = [text for text in vars(words).values() if isinstance(text, Text)] + list(words.NAMES.values())
    assert len(texts) > 40
    for text in texts:
        assert set(re.findall(r"\{(\w+)", text.en)) == set(re.findall(r"\{(\w+)", text.zh)), text

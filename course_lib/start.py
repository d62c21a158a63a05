"""``python -m course_lib start``: what start.sh, start.command and start.bat call once they have found a Python.

    which environment? ──▶ install what is missing ──▶ doctor ──▶ JupyterLab on START.ipynb, menus in the language

A Python of the system's own makes a virtual environment in the bundle and goes on there. An activated environment
(venv, or conda's unless it is conda's base) is used and completed; one that COURSE_PYTHON names is used and left alone.
Needs the standard library only. With all packages there nothing is asked of the network.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from course_lib import _jupyter_settings
from course_lib.doctor import judging, mending, probes
from course_lib.doctor import main as doctor
from course_lib.doctor import render as as_words
from course_lib.text import Text, current_language

FOLDER = probes.HOME
TORCH = ("torch", "torchvision")
OPTIONAL = ("jupyterlab-language-pack-zh-CN",)  # without it the menus are English, and all else works
OFFLINE = re.compile(
    r"NewConnectionError|Failed to establish|NameResolutionError|getaddrinfo|Temporary failure in name resolution"
    r"|ConnectTimeout|ReadTimeout|ProxyError|Network is unreachable|Connection (?:refused|reset|to \S+ timed out)"
)

MAKING = Text(en="Making a Python environment in {place} …", zh="正在 {place} 中创建 Python 环境……")
NO_VENV = Text(
    en="The environment could not be made. Usually this helps: {command}",
    zh="无法创建环境。通常这样可以解决：{command}",
)
INSTALLING = Text(
    en="Installing {names}. This happens once, needs the network and takes some minutes …",
    zh="正在安装 {names}。只需安装一次，需要网络，大约几分钟……",
)
CPU_BUILD = Text(
    en="No NVIDIA GPU was found, so the small build of torch for the CPU is taken.",
    zh="没有发现 NVIDIA GPU，因此安装体积较小的 CPU 版 torch。",
)
NO_CPU_BUILD = Text(
    en="The build for the CPU could not be had; taking the default one, which may be large.",
    zh="无法获取 CPU 版，改为安装默认版本，体积可能较大。",
)
NO_NETWORK = Text(
    en="There is no way to the package server. Connect to the internet and start again: what is already here is kept. "
    "(Behind a firewall, a mirror may help: set PIP_INDEX_URL to its address.)",
    zh="无法连接软件包服务器。请连接互联网后重新启动，已下载的部分会保留。"
    "（如果网络受限，可以使用镜像：把 PIP_INDEX_URL 设为镜像地址。）",
)
NO_SPACE = Text(
    en="The disk is full. Make room (about 2 GiB) and start again.", zh="磁盘已满。请腾出空间（约 2 GiB）后重新启动。"
)
PIP_FAILED = Text(
    en="Installing failed; the lines above say why. Starting again goes on from here.",
    zh="安装失败，原因见上面的输出。重新启动会从这里继续。",
)
ENGLISH_MENUS = Text(
    en="JupyterLab's Chinese menus could not be installed; they stay English for now.",
    zh="JupyterLab 的中文菜单没有装上，暂时显示英文。",
)
LEFT_ALONE = Text(
    en="COURSE_PYTHON names this Python, so nothing is installed into it. It lacks: {names}",
    zh="当前 Python 由 COURSE_PYTHON 指定，因此不会向其中安装任何东西。缺少：{names}",
)
OPENING = Text(
    en="Opening JupyterLab in the browser. Leave this window open while you work; Ctrl+C ends it.",
    zh="正在打开 JupyterLab 的网页。学习期间请不要关闭本窗口；按 Ctrl+C 结束。",
)


def say(text: Text, **values: object) -> None:
    print(text.format(**values).say(current_language()), flush=True)


def main(arguments: list[str]) -> int:
    """arguments: ``--check`` stops before JupyterLab; all others are given to JupyterLab.

    0 when JupyterLab ended well, 1 where something has to be mended first.
    """
    os.chdir(FOLDER)
    fit = judging.python(probes.python())
    if fit.mark != judging.OK:
        print(as_words(fit, current_language()))
        return 1
    kind = environment_kind(os.environ, sys.prefix, sys.base_prefix)
    if kind == "none":
        return _go_on_in_a_new_one(arguments)
    wanted = probes.pins()
    if not _complete(kind, wanted):
        return 1
    if kind == "own":
        _make_importable()
    if doctor([]) != 0:
        return 1
    if "--check" in arguments:
        return 0
    say(OPENING)
    command = [sys.executable, "-m", "jupyterlab", "START.ipynb", *arguments]
    return _become(command, _jupyter_settings.environment(FOLDER, os.environ, current_language()))


def environment_kind(environ: Mapping[str, str], prefix: str, base_prefix: str) -> str:
    """What the running Python is: ``given`` by COURSE_PYTHON, the bundle's ``own``, ``active``, or ``none``: not an
    environment to install into."""
    if environ.get("COURSE_PYTHON"):
        return "given"
    if Path(prefix).resolve() == (FOLDER / ".venv").resolve():
        return "own"
    conda = environ.get("CONDA_PREFIX")
    if conda and Path(conda).resolve() == Path(prefix).resolve() and environ.get("CONDA_DEFAULT_ENV") != "base":
        return "active"
    return "active" if prefix != base_prefix else "none"


def lacking(wanted: Mapping[str, str], installed: Mapping[str, str], exactly: bool) -> list[str]:
    """The packages to install. exactly: also those of another version, as in an environment of the bundle's own."""
    return [
        name
        for name, version in wanted.items()
        if not installed[name] or (exactly and installed[name].partition("+")[0] != version)
    ]


def _go_on_in_a_new_one(arguments: list[str]) -> int:
    place = FOLDER / ".venv"
    windows = platform.system() == "Windows"
    python = place / ("Scripts/python.exe" if windows else "bin/python")
    say(MAKING, place=place)
    # --clear: this place holds nothing, or an environment whose Python does not run (any more).
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=False)
    if done.returncode != 0 or not python.exists():
        helps = f"sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        say(NO_VENV, command=helps if platform.system() == "Linux" else mending.NEW_PYTHON[platform.system()])
        return 1
    return _become([str(python), "-m", "course_lib", "start", *arguments], dict(os.environ))


def _complete(kind: str, wanted: Mapping[str, str]) -> bool:
    """Installs what is missing; False where that could not be done."""
    missing = lacking(wanted, probes.versions(tuple(wanted)), exactly=kind == "own")
    if not missing:
        return True
    if kind == "given":
        say(LEFT_ALONE, names=", ".join(missing))
        return True  # the doctor says what of it matters
    needed = [name for name in missing if name not in OPTIONAL]
    if needed:
        say(INSTALLING, names=", ".join(needed))
        trouble = install(needed, wanted)
        if trouble is not None:
            say(trouble)
            return False
    for name in sorted(set(missing) - set(needed)):
        # Tried at each start until it is there, so that being offline may cost only a moment.
        if pip([f"{name}=={wanted[name]}"], retries=0) is not None:
            say(ENGLISH_MENUS)
    return True


def install(names: list[str], wanted: Mapping[str, str]) -> Text | None:
    """Installs packages, torch from the index of CPU builds where that is the right one; what went wrong, or None."""
    torch = [f"{name}=={wanted[name]}" for name in TORCH if name in names]
    choice = os.environ.get("COURSE_TORCH") or ("cuda" if probes.nvidia() else "cpu")
    if torch and choice == "cpu" and platform.system() == "Linux":
        say(CPU_BUILD)
        trouble = pip([*torch, "--index-url", mending.CPU_INDEX])
        if trouble is NO_SPACE:
            return trouble
        if trouble is not None:  # no way to that server; a mirror of the other one may be near
            say(NO_CPU_BUILD)
    # torch is named again: an installed 2.13.0+cpu meets ==2.13.0, and where it failed above it is still wanted.
    return pip([f"{name}=={wanted[name]}" for name in names])


def pip(arguments: list[str], retries: int = 2) -> Text | None:
    """Runs pip with its output shown as it comes; what went wrong, or None."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--retries", str(retries)]
    command += arguments
    said = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace") as running:
        assert running.stderr is not None  # noqa: S101 - for the type checker: it was asked for
        for line in running.stderr:
            sys.stderr.write(line)
            said.append(line)
    if running.returncode == 0:
        return None
    words = "".join(said)
    if "No space left" in words or "Errno 28" in words:
        return NO_SPACE
    return NO_NETWORK if OFFLINE.search(words) else PIP_FAILED


def _make_importable() -> None:
    """Lets every notebook of the bundle's own environment import course_lib, in VS Code too, and after a move."""
    import sysconfig

    path = Path(sysconfig.get_path("purelib")) / "course.pth"
    # Written as an import, in ASCII: Pythons before 3.13 read the plain form in the system's encoding.
    line = f"import sys; sys.path.append({str(FOLDER)!a})\n"
    if not path.exists() or path.read_text(encoding="ascii", errors="replace") != line:
        path.write_text(line, encoding="ascii")


def _become(command: list[str], environment: dict[str, str]) -> int:
    """Goes on as another program; on Windows, where a console would come back too early, waits for it."""
    sys.stdout.flush()
    if platform.system() != "Windows":
        os.execve(command[0], command, environment)  # noqa: S606 - a list of arguments, no shell
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0

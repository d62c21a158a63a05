"""A lesson outside of the course's own JupyterLab: on Colab, or in VS Code with some Python.

The notebook's first cell (grader/first_cell.py) has put the bundle on ``sys.path`` and calls ``prepare``. On Colab, a
machine that is thrown away, what is missing is installed; anywhere else the student is told which Python to choose.
Needs the standard library only.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from course_lib.doctor import judging, mending, probes
from course_lib.doctor import render as as_words
from course_lib.start import FOLDER, OPTIONAL, pip, say
from course_lib.text import Text, current_language

APP = ("jupyterlab", *OPTIONAL)  # whoever reads this has an application already

LACKS = Text(en="This Python, {python}, lacks: {names}.", zh="当前 Python（{python}）缺少：{names}。")
CHOOSE = Text(
    en="Choose the course's own Python for this notebook: {python}\n"
    'In VS Code: "Select Kernel" at the top right, then "Python Environments". Then run this cell again.',
    zh="请为本笔记本选用课程自带的 Python：{python}\n"
    "在 VS Code 中：点右上角的 Select Kernel（选择内核），再选 Python Environments（Python 环境）。"
    "然后重新运行本单元格。",
)
MAKE = Text(
    en="Make the course's own Python first, once, in a terminal: {command}",
    zh="请先在终端中创建课程自带的 Python，只需一次：{command}",
)
INSTALLING = Text(en="Installing what Colab lacks: {names} …", zh="正在安装 Colab 缺少的部分：{names}……")


def prepare() -> None:
    """Goes into the bundle, where the language and the progress are found, and sees to the packages.

    Says nothing where all is there.
    """
    if not Path.cwd().resolve().is_relative_to(FOLDER):
        os.chdir(FOLDER)
    fit = judging.python(probes.python())
    if fit.mark != judging.OK:
        print(as_words(fit, current_language()))
        return
    wanted = {name: version for name, version in probes.pins().items() if name not in APP}
    installed = probes.versions(tuple(wanted))
    missing = [name for name in wanted if not installed[name]]
    if missing and on_colab():
        _install(missing, wanted, installed)
    elif missing:
        _advise(missing)


def on_colab() -> bool:
    return "google.colab" in sys.modules


def _install(missing: list[str], wanted: Mapping[str, str], installed: Mapping[str, str]) -> None:
    """Only what is missing, in the course's versions; what is there is named as it is, so that nothing replaces it:
    Colab's torch fits Colab's GPU, and another one takes minutes."""
    say(INSTALLING, names=", ".join(missing))
    kept = [f"{name}=={version}" for name, version in installed.items() if version]
    trouble = pip(["--quiet", *(f"{name}=={wanted[name]}" for name in missing), *kept])
    importlib.invalidate_caches()
    if trouble is not None:
        say(trouble)


def _advise(missing: list[str]) -> None:
    windows = platform.system() == "Windows"
    environment = FOLDER / ".venv"
    python = environment / ("Scripts/python.exe" if windows else "bin/python")
    say(LACKS, python=sys.executable, names=", ".join(missing))
    if not python.exists() or Path(sys.prefix).resolve() == environment.resolve():
        start = "start.bat" if windows else "start.sh"
        script = mending.quoted(str(FOLDER / start), platform.system())
        say(MAKE, command=f"{script} --check" if windows else f"sh {script} --check")
    if Path(sys.prefix).resolve() != environment.resolve():
        say(CHOOSE, python=python)

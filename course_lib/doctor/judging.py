"""What the doctor's observations mean: from plain data to one line each, with no look at the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from course_lib.doctor import mending, words
from course_lib.text import Text

OK, WARN, FAIL = "ok", "warn", "fail"
OLDEST_TORCH = (2, 6)  # torch.accelerator
FULL, TIGHT = 200 * 2**20, 2 * 2**30  # bytes: what a term's notebooks need; what a data set or a new torch needs
# How the systems' loaders say "this file was built for another processor".
ARCHITECTURE = (
    r"incompatible architecture|wrong ELF class|Exec format|not a valid Win32|invalid ELF|cannot open.*machine"
)


@dataclass(frozen=True)
class Line:
    """One finding. mark: ok, warn or fail; for the last two, ``command`` is what mends it ("" where none can)."""

    check: str
    mark: str
    said: Text
    command: str = ""


def python(facts: Mapping[str, Any]) -> Line:
    version = ".".join(map(str, facts["version"]))
    mend = mending.NEW_PYTHON.get(facts["system"], mending.NEW_PYTHON["Linux"])
    if not (3, 11) <= tuple(facts["version"][:2]) <= (3, 13):
        return Line("python", FAIL, words.PYTHON_UNFIT.format(version=version), mend)
    if facts["bits"] != 64:
        return Line("python", FAIL, words.PYTHON_32.format(version=version), mend)
    return Line("python", OK, words.PYTHON.format(version=version, executable=facts["executable"]))


def folder(facts: Mapping[str, Any], system: str) -> Line:
    if facts["writable"]:
        return Line("folder", OK, words.FOLDER.format(folder=facts["folder"]))
    said = words.FOLDER_READ_ONLY.format(folder=facts["folder"], error=facts["error"])
    return Line("folder", FAIL, said, mending.make_writable(facts["folder"], system))


def space(free: int, pip: str) -> Line:
    mark, said = (
        (FAIL, words.SPACE_FULL) if free < FULL else (WARN, words.SPACE_TIGHT) if free < TIGHT else (OK, words.SPACE)
    )
    return Line("space", mark, said.format(free=f"{free / 2**30:.1f}"), "" if mark == OK else f"{pip} cache purge")


def course(facts: Mapping[str, Any], system: str) -> Line:
    if not facts["bundle"]:
        return Line("course", OK, words.COURSE_SOURCE)
    if facts.get("error"):
        return Line("course", FAIL, words.COURSE_UNREADABLE.format(error=facts["error"]), mending.unpack(system))
    if facts["missing"] or facts["changed"]:
        names = [*facts["missing"], *facts["changed"]]
        text = words.COURSE_INCOMPLETE if facts["missing"] else words.COURSE_CHANGED
        said = text.format(count=len(names), name=names[0])
        return Line("course", FAIL if facts["missing"] else WARN, said, mending.unpack(system))
    return Line("course", OK, words.COURSE.format(version=facts["version"]))


def packages(check: str, found: Mapping[str, str], pip: str, pins: Mapping[str, str]) -> Line:
    """Whether some packages are there. found: the version of each, empty where it is missing."""
    missing = [name for name, version in found.items() if not version]
    if missing:
        said = words.NOT_INSTALLED.format(names=", ".join(missing))
        return Line(check, FAIL, said, mending.install(pip, missing, pins))
    return Line(check, OK, words.PACKAGES.format(names=", ".join(f"{n} {v}" for n, v in found.items())))


def font(facts: Mapping[str, Any], system: str, pip: str, pins: Mapping[str, str]) -> Line:
    if not facts["error"]:
        return Line("font", OK, words.FONT)
    if facts["error"] == "matplotlib":
        return Line(
            "font",
            FAIL,
            words.FONT_NO_MATPLOTLIB.format(message=facts["message"]),
            mending.install(pip, ["matplotlib"], pins, again=True),
        )
    return Line("font", FAIL, words.FONT_DAMAGED, mending.unpack(system))


def kernel(facts: Mapping[str, Any], executable: str, pip: str) -> Line:
    mend = f"{pip.rpartition(' -m pip')[0]} -m ipykernel install --sys-prefix --name python3"
    if facts["error"] == "missing":
        return Line("kernel", FAIL, words.NOT_INSTALLED.format(names="jupyter_client"), f"{pip} install jupyterlab")
    if facts["error"]:
        return Line("kernel", FAIL, words.KERNEL_NONE, mend)
    program = PurePath(facts["program"])
    # A bare "python" means: the Python that runs JupyterLab, which is this one.
    bare = re.fullmatch(r"python[\d.]*(\.exe)?", facts["program"]) is not None
    if bare or (program.parent == PurePath(executable).parent and program.name.startswith("python")):
        return Line("kernel", OK, words.KERNEL)
    return Line("kernel", FAIL, words.KERNEL_OTHER.format(program=program, executable=executable), mend)


def torch(facts: Mapping[str, Any], install: mending.TorchCommands, pins: Mapping[str, str]) -> Line:
    step = facts["steps"].get("torch")
    if step is None:
        if facts["ended"] == "timeout":
            return Line("torch", WARN, words.TORCH_SLOW, install.again)
        return Line("torch", FAIL, words.TORCH_CRASHED.format(ended=facts["ended"] or "?"), install.again)
    if "error" in step:
        if step["error"] == "ModuleNotFoundError" and "'torch'" in step["message"]:
            return Line("torch", FAIL, words.NOT_INSTALLED.format(names="torch"), install.fresh)
        if re.search(ARCHITECTURE, step["message"]):
            return Line("torch", FAIL, words.TORCH_ARCHITECTURE.format(message=step["message"]), install.again)
        dll = re.search(r"DLL load failed|WinError 126|WinError 1114|vcruntime", step["message"])
        mend = mending.VISUAL_C if dll else install.again
        said = words.TORCH_DLL if dll else words.TORCH_BROKEN
        return Line("torch", FAIL, said.format(error=step["error"], message=step["message"]), mend)
    version, wanted = step["version"], pins.get("torch", "")
    if numbers(version) < OLDEST_TORCH:
        return Line("torch", FAIL, words.TORCH_OLD.format(version=version, wanted=wanted or "2.13"), install.again)
    if wanted and numbers(version)[:2] < numbers(wanted)[:2]:
        return Line("torch", WARN, words.TORCH_OLD.format(version=version, wanted=wanted), install.again)
    return Line("torch", OK, words.TORCH.format(version=version))


def torchvision(facts: Mapping[str, Any], wants: str, install: mending.TorchCommands) -> Line:
    first, step = facts["steps"].get("torch", {}), facts["steps"].get("torchvision")
    if "version" not in first:
        return Line("torchvision", WARN, words.TORCHVISION_UNTRIED, install.again)
    if step is None:
        return Line("torchvision", FAIL, words.TORCHVISION_CRASHED.format(ended=facts["ended"] or "?"), install.again)
    if wants and numbers(wants) != numbers(first["version"]):
        mark = FAIL if "error" in step else WARN
        return Line(
            "torchvision", mark, words.TORCHVISION_OTHER.format(wants=wants, torch=first["version"]), install.again
        )
    if "error" in step:
        if step["error"] == "ModuleNotFoundError" and "'torchvision'" in step["message"]:
            return Line("torchvision", FAIL, words.NOT_INSTALLED.format(names="torchvision"), install.fresh)
        if "operator torchvision::" in step["message"]:
            return Line("torchvision", WARN, words.TORCHVISION_BUILD, install.again)
        said = words.TORCHVISION_BROKEN.format(error=step["error"], message=step["message"])
        return Line("torchvision", FAIL, said, install.again)
    return Line("torchvision", OK, words.TORCHVISION.format(version=step["version"]))


def device(facts: Mapping[str, Any], nvidia: bool, system: str, pip: str) -> Line:
    step = facts["steps"].get("device")
    if step is None:
        return Line("device", WARN, words.DEVICE_UNTRIED, mending.DOCTOR)
    if "error" in step:
        said = words.DEVICE_BROKEN.format(device=step["device"], message=step["message"])
        return Line("device", WARN, said, mending.environment_variable("COURSE_DEVICE", "cpu", system))
    if step["device"] == "cpu" and nvidia:
        return Line("device", WARN, words.DEVICE_UNUSED, mending.cuda_torch(pip, bool(step["cuda_build"])))
    if step["device"] == "cpu":
        return Line("device", OK, words.DEVICE_CPU.format(threads=step["threads"]))
    if step["device"] == "mps":
        return Line("device", OK, words.DEVICE_MPS)
    return Line("device", OK, words.DEVICE_GPU.format(device=step["device"], name=step["name"] or step["device"]))


def numbers(version: str) -> tuple[int, ...]:
    """``2.13.0+cpu`` → (2, 13, 0): a build's name behind the + does not count."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])

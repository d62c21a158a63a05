"""The exact commands that mend what the doctor finds, for a terminal in the course's folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import NamedTuple

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CUDA_INDEX = "https://download.pytorch.org/whl/cu126"  # runs with the drivers of the last years
DOCTOR = "python -m course_lib doctor"
_UV = "~/.local/bin/uv venv --python 3.13 --seed --clear .venv"
_ANY_UNIX = f"curl -LsSf https://astral.sh/uv/install.sh | sh && {_UV}"
# uv needs no administrator, and no package source that has this version.
NEW_PYTHON = {"Windows": "winget install -e --id Python.Python.3.13", "Darwin": _ANY_UNIX, "Linux": _ANY_UNIX}
VISUAL_C = "winget install -e --id Microsoft.VCRedist.2015+.x64"


def quoted(path: str, system: str) -> str:
    """A path as the system's own terminal takes it, with blanks in it too."""
    if system != "Windows":
        return shlex.quote(path)
    return f'"{path}"' if " " in path else path


def pip_of(executable: str, system: str) -> str:
    return f"{quoted(executable, system)} -m pip"


def install(pip: str, names: Iterable[str], pins: Mapping[str, str], again: bool = False) -> str:
    wanted = " ".join(f"{name}=={pins[name]}" if name in pins else name for name in names)
    # --no-deps: what the broken one needs is there, and must not move to another version.
    return f"{pip} install {'--force-reinstall --no-deps ' if again else ''}{wanted}"


class TorchCommands(NamedTuple):
    """Both packages of one build, from the index of CPU builds where that is the right one: ``fresh`` where one is not
    installed, ``again`` in place of what is there."""

    fresh: str
    again: str


def torch_commands(pip: str, pins: Mapping[str, str], system: str, nvidia: bool) -> TorchCommands:
    names = ("torch", "torchvision")
    if system == "Linux" and nvidia:  # the CUDA build brings packages of its own, which may be missing
        return TorchCommands(install(pip, names, pins), install(pip, names, pins, again=True).replace(" --no-deps", ""))
    index = f" --index-url {CPU_INDEX}" if system == "Linux" else ""
    return TorchCommands(install(pip, names, pins) + index, install(pip, names, pins, again=True) + index)


def cuda_torch(pip: str, is_cuda_build: bool) -> str:
    """A torch that can use the GPU; where it could and does not, the driver is what to look at."""
    if is_cuda_build:
        return "nvidia-smi"
    return f"{pip} install --force-reinstall torch torchvision --index-url {CUDA_INDEX}"


def make_writable(folder: str, system: str) -> str:
    if system == "Windows":
        return f'icacls "{folder}" /grant "%USERNAME%:(OI)(CI)M" /T'
    return f"chmod -R u+w {shlex.quote(folder)}"


def unpack(system: str) -> str:
    """The library from the bundle once more. Its zip has the name that the instructor gave it; notebooks, which hold
    the student's answers, are left alone."""
    return 'tar -xf BUNDLE.zip --exclude="*.ipynb"' if system == "Windows" else "unzip -o BUNDLE.zip -x '*.ipynb'"


def environment_variable(name: str, value: str, system: str) -> str:
    return f"set {name}={value}" if system == "Windows" else f"export {name}={value}"

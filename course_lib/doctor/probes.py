"""What the doctor looks at. Each probe only observes and returns plain data; ``judging`` says what it means.

Nothing here imports torch, and every import beyond the standard library may fail.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[2]  # the folder that holds course_lib: a bundle, or the course's source
PACKAGES = ("numpy", "matplotlib", "ipywidgets", "pillow", "safetensors")
TORCH_SECONDS = 300  # the first import on a cold laptop disk, with a virus scanner, takes minutes


def python() -> dict[str, Any]:
    return {
        "version": list(sys.version_info[:3]),
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "executable": sys.executable,
        "system": platform.system(),
    }


def pins() -> dict[str, str]:
    """The versions that this bundle was made for, from its requirements.txt; nothing where there is none."""
    try:
        text = (HOME / "requirements.txt").read_text(encoding="utf-8")
    except OSError:
        return {}
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.M))


def nvidia() -> bool:
    """Whether this machine has an NVIDIA GPU with a driver."""
    return shutil.which("nvidia-smi") is not None


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Installed versions, "" for what is not installed. Imports none of them."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in names:
        try:
            found[name] = version(name) or ""
        except PackageNotFoundError:
            found[name] = ""
    return found


def folder() -> dict[str, Any]:
    """Whether files can be written where the student works."""
    try:
        with tempfile.TemporaryFile(dir=HOME):
            pass
    except OSError as error:
        return {"folder": str(HOME), "writable": False, "error": error.strerror or str(error)}
    return {"folder": str(HOME), "writable": True, "error": ""}


def free_bytes() -> int:
    return shutil.disk_usage(HOME).free


def course() -> dict[str, Any]:
    """The release's manifest against the library beside it: its version, and which files are not the release's."""
    path = HOME / "course.json"
    if not path.exists():
        return {"bundle": False}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        files, version = dict(manifest["files"]), str(manifest["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return {"bundle": True, "error": f"{type(error).__name__}: {error}"}
    ours = {name: digest for name, digest in files.items() if name.startswith("course_lib/")}
    missing = [name for name in ours if not (HOME / name).is_file()]
    changed = [n for n, digest in ours.items() if n not in missing and _digest(HOME / n) != digest]
    return {"bundle": True, "version": version, "missing": missing, "changed": changed}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def font() -> dict[str, Any]:
    """The bundled font, and whether it can draw Chinese."""
    from course_lib.fonts import FONT_FILE

    if not FONT_FILE.is_file():
        return {"error": "missing", "message": str(FONT_FILE)}
    try:
        from matplotlib.ft2font import FT2Font

        glyph = FT2Font(str(FONT_FILE)).get_char_index(ord("学"))
    except ImportError as error:
        return {"error": "matplotlib", "message": str(error)}
    except (OSError, RuntimeError) as error:
        return {"error": "damaged", "message": str(error)}
    return {"error": "" if glyph else "no glyph", "message": ""}


def kernel() -> dict[str, Any]:
    """The program that JupyterLab starts for a notebook."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError as error:
        return {"error": "missing", "message": str(error), "program": ""}
    try:
        argv = KernelSpecManager().get_kernel_spec("python3").argv
    except (NoSuchKernel, OSError, ValueError) as error:
        return {"error": "none", "message": str(error), "program": ""}
    return {"error": "", "message": "", "program": argv[0] if argv else ""}


def torch() -> dict[str, Any]:
    """What a fresh Python makes of torch, torchvision and the device: a dict of its steps, and how it ended."""
    command = [sys.executable, str(Path(__file__).with_name("_torch_probe.py"))]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TORCH_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        return {"steps": _steps(error.stdout or b""), "ended": "timeout"}
    except OSError as error:
        return {"steps": {}, "ended": str(error)}
    return {"steps": _steps(done.stdout), "ended": "" if done.returncode == 0 else str(done.returncode)}


def torchvision_wants() -> str:
    """The version of torch that the installed torchvision says it was built with; "" where it does not say."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        wanted = requires("torchvision") or []
    except PackageNotFoundError:
        return ""
    return next((found.group(1) for line in wanted if (found := re.match(r"torch\s*\(?==\s*([\w.]+)", line))), "")


def _steps(output: bytes) -> dict[str, dict[str, Any]]:
    steps = {}
    for line in output.decode("utf-8", errors="replace").splitlines():
        try:
            facts = json.loads(line)
            steps[str(facts.pop("step"))] = facts
        except (ValueError, KeyError, AttributeError):
            continue  # what a library printed
    return steps

"""What the sandbox sees of the file system, as arguments for bubblewrap.

Read-only: the system's programs and libraries, the Python in use with its packages, course_lib, and the engine's
inner folder. Writable: three small private folders in memory. Nothing else exists inside: not the course's
repository, not the grader (its exercises hold the hidden cases), not the gradebook, not other submissions. Where
the grader lies below something that must be visible (an installed, not an editable package), it is covered.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import course_lib
import grader

HOME, ENGINE, COURSE, MOVED = "/home/student", "/engine", "/course", "/python"
SCRATCH = (HOME, "/tmp", "/dev/shm")  # noqa: S108 - inside the sandbox, private to it
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# Programs and fonts need these; nothing in them is private.
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "timezone", "mime.types")


def package_folders() -> list[Path]:
    """The folders with installed packages that this interpreter uses."""
    return [p for p in map(Path, sys.path) if p.name in ("site-packages", "dist-packages") and p.is_dir()]


def interpreter() -> Path:
    """The Python to start inside. A virtual environment names its base by its path, which must not have moved."""
    base = Path(sys.base_prefix).absolute()
    return placed(Path(sys.executable)) if placed(base) == base else placed(Path(os.path.realpath(sys.executable)))


def visible() -> list[Path]:
    """Folders outside the system's own that are shown read-only, outermost only."""
    prefixes = [Path(p) for p in (sys.base_prefix, sys.prefix, os.path.realpath(sys.base_prefix))]
    wanted = sorted({p.absolute() for p in [*prefixes, *package_folders()]})
    outermost: list[Path] = []
    for path in wanted:
        if not any(path.is_relative_to(other) for other in (*outermost, Path("/usr"))):
            outermost.append(path)
    return outermost


def placed(path: Path) -> Path:
    """Where something of this machine is seen inside: where it is, unless it lies below a folder that is private and
    empty inside, as a course unpacked in /tmp does."""
    for number, root in enumerate(visible()):
        if path.is_relative_to(root) and any(root.is_relative_to(folder) for folder in SCRATCH):
            return Path(MOVED, str(number)) / path.relative_to(root)
    return path


def covered(shown: list[Path], secrets: list[Path]) -> list[Path]:
    """The secret folders that lie inside a shown one."""
    roots = [*shown, *(Path(p) for p in _SYSTEM)]
    return [s for s in secrets if any(s.is_relative_to(root) for root in roots)]


def secret_folders() -> list[Path]:
    """Where the grader's own code lies, as imported and as installed."""
    found = {Path(p).resolve() for p in grader.__path__}
    found |= {folder.resolve() / "grader" for folder in package_folders() if (folder / "grader").is_dir()}
    return sorted(found)


def arguments(scratch_bytes: int, secrets: list[Path] | None = None) -> list[str]:
    """Bubblewrap's arguments for the whole file system. Raises ValueError where a secret folder would hide Python."""
    shown = visible()
    if any(p.parent == p for p in shown):
        raise ValueError(f"Python's prefix is the root folder: {shown}")
    out: list[str] = []
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            out += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            out += ["--ro-bind", str(path), str(path)]
    for path in shown:
        for parent in reversed(placed(path).parents[:-1]):
            # Bubblewrap would make them for its own user alone, and the student is another one.
            out += ["--perms", "0755", "--dir", str(parent)]
        out += ["--ro-bind", str(path), str(placed(path))]
    for folder in ("/etc", "/home", COURSE, "/sys", "/sys/devices", "/sys/devices/system"):
        out += ["--perms", "0755", "--dir", folder]
    for path in covered(shown, secret_folders() if secrets is None else secrets):
        out += ["--size", "4096", "--tmpfs", str(placed(path)), "--remount-ro", str(placed(path))]
    for name in _ETC:
        out += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # torch's cpuinfo complains on stderr where it cannot count the processors.
    out += ["--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu"]
    out += ["--ro-bind", str(Path(course_lib.__file__).resolve().parent), f"{COURSE}/course_lib"]
    out += ["--ro-bind", str(Path(__file__).resolve().parent / "inside"), ENGINE]
    out += ["--proc", "/proc", "--dev", "/dev"]
    for folder in SCRATCH:
        out += ["--perms", "1777", "--size", str(scratch_bytes), "--tmpfs", folder]
    return out


def closing() -> list[str]:
    """Last of all: what bubblewrap made writable for itself becomes read-only."""
    return ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]


def environment(home: str = HOME, scratch: str = "/tmp") -> dict[str, str]:  # noqa: S108
    """The whole environment of student code."""
    path = os.pathsep.join(
        dict.fromkeys([str(placed(Path(sys.executable)).parent), "/usr/local/bin", "/usr/bin", "/bin"])
    )
    return {
        "PATH": path,
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "COURSE_LANG": "both",
        "NBGRADER_EXECUTION": "autograde",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "IPYTHONDIR": f"{home}/.ipython",
        # Without a sandbox, too, a grade is the CPU's; whoever may use an accelerator is told which (accelerators).
        "CUDA_VISIBLE_DEVICES": "",
        # Forking a process whose libraries have threads of their own hangs.
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }

"""The places that a submission may write to, wiped between submissions, and the marks by which the warm process
notices that it was tampered with all the same."""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path

MAX_ENTRIES = 20_000


def wipe(folders: list[str]) -> str | None:
    """Empties the folders. Returns what stood in the way, or None."""
    removed = 0
    try:
        for folder in folders:
            status = Path(folder).stat()
            if status.st_uid == os.getuid():
                Path(folder).chmod(0o1777)
            for entry in os.scandir(folder):
                removed += 1
                if removed > MAX_ENTRIES:
                    return "too many files"
                if entry.is_dir(follow_symlinks=False):
                    _remove(entry.path)
                else:
                    Path(entry.path).unlink()
    except (OSError, RecursionError) as error:
        return f"files that cannot be removed: {type(error).__name__}"
    return None


def fingerprint() -> dict[str, object]:
    """What a submission must not have changed about the warm process."""
    marks: dict[str, object] = {
        "limits": [
            resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource)) if name[:7] == "RLIMIT_"
        ],
        "folder": _folder(),
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
    }
    if hasattr(os, "sched_getaffinity"):
        marks["processors"] = sorted(os.sched_getaffinity(0))
        marks["policy"] = os.sched_getscheduler(0)
    for name in ("mountinfo", "oom_score_adj", "timerslack_ns"):
        try:
            marks[name] = Path(f"/proc/self/{name}").read_bytes()
        except OSError:
            marks[name] = None
    try:
        marks["descriptors"] = sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        marks["descriptors"] = None
    return marks


def threads() -> int:
    """How many threads this process has; 1 where the system does not say."""
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return 1


def _folder() -> tuple[str, int, int]:
    status = Path.cwd().stat()
    return str(Path.cwd()), status.st_dev, status.st_ino


def _remove(folder: str) -> None:
    """Removes a folder with all that is in it, also where its permissions were taken away."""
    try:
        shutil.rmtree(folder)
    except PermissionError:
        Path(folder).chmod(0o700)
        for inner, names, _ in os.walk(folder):
            for name in names:
                path = Path(inner, name)
                if not path.is_symlink():
                    path.chmod(0o700)
        shutil.rmtree(folder)

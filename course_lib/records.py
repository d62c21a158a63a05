"""Files that only grow: one JSON object to a line, for what a student did. Nothing is sent anywhere.

Each line is added with one write under a lock, so that two notebooks can write at once; a line that was cut off is
passed over by the reader and costs nothing but itself.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any


def append(path: Path, entry: Mapping[str, object]) -> None:
    """Adds a line, with the time before all else. Raises OSError as the disk does."""
    time = datetime.now().astimezone().isoformat(timespec="seconds")
    line = json.dumps({"time": time, **entry}, ensure_ascii=False).encode("utf-8")
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    try:
        with _locked(descriptor):
            end = os.lseek(descriptor, 0, os.SEEK_END)
            torn = False
            if end:
                os.lseek(descriptor, end - 1, os.SEEK_SET)
                torn = os.read(descriptor, 1) != b"\n"
            os.write(descriptor, b"\n" * torn + line + b"\n")
    finally:
        os.close(descriptor)


def entries(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a file, in their order; what is no JSON object is passed over, and so is a missing file."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found = []
    for line in text.split("\n"):
        with contextlib.suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                found.append(entry)
    return found


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Holds others off. A file system that has no locks gets none: a torn line is better than no check."""
    try:
        import fcntl
    except ImportError:
        with _locked_on_windows(descriptor):
            yield
        return
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # released with the descriptor, or with the process
    yield


@contextlib.contextmanager
def _locked_on_windows(descriptor: int) -> Iterator[None]:
    import msvcrt

    far: int = 2**30  # a byte behind the file's end stands for the whole; it need not exist
    held = False
    with contextlib.suppress(OSError):
        os.lseek(descriptor, far, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        held = True
    try:
        yield
    finally:
        if held:
            os.lseek(descriptor, far, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]

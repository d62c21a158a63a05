"""Carries a plan out so that nothing can be lost: first a backup of every file that changes, then each file under
another name, on the disk whole, and put in place in one step. Cut off anywhere, the same command goes on from there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from course_lib.bundle import EXECUTABLE, MANIFEST
from course_lib.text import TextError
from course_lib.updating import words
from course_lib.updating.planning import BACKUPS, Change, Plan

UNFINISHED = ".part"


class Stopped(TextError):
    """A file could not be written; ``text`` says which and why."""


def carry_out(plan: Plan) -> Path | None:
    """Writes what was planned; where the former files are, None where there were none. Raises Stopped."""
    former = [change for change in plan.changes if change.before is not None]
    backup = _new_folder(plan.folder / BACKUPS) if former else None
    for change in former:
        with _stopping(change):
            assert backup is not None and change.before is not None  # noqa: S101 - for the type checker
            _put(backup / backed_up(change.name), change.before)
    for change in plan.changes:
        path = (plan.folder / change.name).resolve()  # a link of the student's stays one
        with _stopping(change):
            if (path.read_bytes() if path.is_file() else None) != change.before:
                raise Stopped(words.STOPPED.format(name=change.name, why=words.MEANWHILE))
            if change.after is None:
                path.unlink(missing_ok=True)
            else:
                _put(path, change.after, executable=change.name in EXECUTABLE)
    return backup


def backed_up(name: str) -> str:
    """What a file is called in a backup. Another course.json would make the backup look like a bundle."""
    return f"{name}.before" if name == MANIFEST else name


def _put(path: Path, content: bytes, executable: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if executable:
            unfinished.chmod(0o755)
        elif path.exists():
            unfinished.chmod(path.stat().st_mode & 0o777)
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _stopping(change: Change) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Stopped(words.STOPPED.format(name=change.name, why=error.strerror or str(error))) from None


def _new_folder(parent: Path) -> Path:
    time = datetime.now().strftime("%Y-%m-%d_%H%M%S")
    number = 1
    path = parent / time
    while path.exists():
        number += 1
        path = parent / f"{time}-{number}"
    return path

"""Whose notebook is it, and which lesson? Read from paths as people and learning platforms write them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

_MOODLE = re.compile(r"_\d+_assignsubmission_\w+$")  # added to a folder's name
_CANVAS = re.compile(r"(_late)?_\d{3,}_\d{3,}(_.*)?$")  # added to a file's name
_COPY = re.compile(r"(\s*\(\d+\)|[-_ ]*(copy|副本)\d*|-\d{1,2})+$", re.IGNORECASE)


def lesson_of(
    parts: Sequence[str], read: Callable[[], bytes], lessons: Sequence[str], only: str | None = None
) -> str | None:
    """The lesson that a file belongs to: by its path, else the only one there is, else by the checks in it."""
    stem = _COPY.sub("", PurePosixPath(parts[-1]).stem)
    for lesson in lessons:
        if lesson in parts[:-1] or stem.endswith((lesson, _slug(lesson))):
            return lesson
    if only is not None or len(lessons) == 1:
        return only or lessons[0]
    text = read().decode("utf-8", "replace")
    named = [lesson for lesson in lessons if f'check(\\"{_slug(lesson)}.' in text]
    return named[0] if len(named) == 1 else None


def student_of(parts: Sequence[str], lesson: str) -> str:
    """The student's id: the outermost folder, else the file's name without the lesson's."""
    folders = [part for part in parts[:-1] if part != lesson]
    name = folders[0] if folders else _COPY.sub("", PurePosixPath(parts[-1]).stem)
    if not folders:
        for ending in (lesson, _slug(lesson)):
            name = name.removesuffix(ending).rstrip("_- .") or name
    return safe_id((_MOODLE if folders else _CANVAS).sub("", name) or name)


def safe_id(name: str) -> str:
    """A student's id that is fit for paths, pages and nbgrader: letters, digits and ``. _ @ -``, at most 100.

    A name that loses more than its blanks gets a short hash, so that two names never become one.
    """
    spaced = re.sub(r"\s+", "_", name.strip())
    safe = re.sub(r"[^\w.@-]+", "_", spaced).strip("._-")[:100]
    if safe and safe == spaced:
        return safe
    return f"{safe or 'student'}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"


def _slug(lesson: str) -> str:
    return lesson.partition("_")[2]

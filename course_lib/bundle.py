"""Where the student's bundle is: the folder with a course.json, at or above the one that a notebook runs in."""

from __future__ import annotations

from pathlib import Path

MANIFEST = "course.json"
EXECUTABLE = ("start.sh", "start.command")  # a zip keeps the mode bits that it finds


def bundle_folder(start: Path) -> Path | None:
    """The nearest folder with a course.json, at or above a folder."""
    return next((place for place in (start, *start.parents) if (place / MANIFEST).is_file()), None)

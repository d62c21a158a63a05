"""Whether a built notebook still belongs to its source: hashes of what it was made from, kept in its metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.course import Course, LessonRef
from grader.lesson import Lesson, read_lesson
from grader.notebook import cell_hash

FORMAT = 1  # raised when the builder makes another notebook of the same source


def made_from(course: Course, ref: LessonRef) -> dict[str, Any]:
    """The notebook's ``course`` metadata: the hashes of the lesson, of the lock file and of the exercises."""
    return {
        "format": FORMAT,
        "lesson": ref.id,
        "source_hash": _hash([ref.source]),
        "lock_hash": _hash([course.root / "requirements.lock"]),
        "spec_hash": _hash(sorted((course.root / "grader" / "exercises" / ref.slug).glob("*.py"))),
    }


def staleness(course: Course, ref: LessonRef) -> list[str]:
    """Why the notebook on the disk is out of date, naming the cells that changed; an empty list where it is not.

    Imports no exercise, and reads the cells only of a source that changed, so that it takes no time. Raises
    LessonError where such a source breaks the rules.
    """
    built = read_built(ref)
    if built is None:
        return ["it has not been built yet"]
    then = built["metadata"].get("course", {})
    now = made_from(course, ref)
    reasons = []
    if then.get("format") != now["format"]:
        reasons.append("the builder changed")
    if then.get("source_hash") != now["source_hash"]:
        reasons += _changed_cells(read_lesson(ref.source), built) or ["its source changed outside the cells"]
    if then.get("lock_hash") != now["lock_hash"]:
        reasons.append("requirements.lock changed")
    if then.get("spec_hash") != now["spec_hash"]:
        reasons.append(f"grader/exercises/{ref.slug}/ changed")
    missing = [path.stem for path in pack_paths(course, ref) if not path.is_file()]
    if missing:
        reasons.append(f"check packs are missing: {', '.join(missing)}")
    return reasons


def pack_paths(course: Course, ref: LessonRef) -> list[Path]:
    """Where the check packs of a lesson's exercises lie."""
    specs = sorted((course.root / "grader" / "exercises" / ref.slug).glob("[!_]*.py"))
    return [course.root / "course_lib" / "packs" / ref.slug / f"{spec.stem}.safetensors" for spec in specs]


def read_built(ref: LessonRef) -> dict[str, Any] | None:
    """The built notebook as plain JSON, or None where there is none that can be read."""
    try:
        built = json.loads(ref.notebook.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return built if isinstance(built, dict) and isinstance(built.get("metadata"), dict) else None


def _changed_cells(lesson: Lesson, built: dict[str, Any]) -> list[str]:
    then = {cell.get("id"): cell.get("metadata", {}).get("course", {}).get("source_hash") for cell in built["cells"]}
    now = {cell.notebook_id: cell_hash(cell) for cell in lesson.cells}
    lines = {cell.notebook_id: cell.line for cell in lesson.cells}
    reasons = [
        f"cell {name} (line {lines[name]}) {'changed' if name in then else 'is new'}"
        for name, value in now.items()
        if then.get(name) != value
    ]
    reasons += [f"cell {name} is gone" for name in then if name not in now]
    if not reasons and list(then) != list(now):
        moved = next(new for old, new in zip(then, now, strict=True) if old != new)
        reasons.append(f"cells stand in another order, from {moved} on")
    return reasons


def _hash(paths: Iterable[Path]) -> str:
    """A hash over names and texts, whatever the line ends; a file that is missing counts as empty."""
    digest = hashlib.sha256()
    for path in paths:
        text = path.read_bytes() if path.is_file() else b""
        digest.update(path.name.encode() + b"\0" + text.replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]

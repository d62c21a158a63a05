"""A lesson's source, one jupytext py:percent file, read into cells.

Prose stands in pairs: an English cell, then the Chinese cell of the same id, which carries the hash of the English
text that it was reviewed against. Code cells stand once. Short tags say what a cell is for (``ROLES``).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import LessonRef

ROLES = ("setup", "solution", "check", "written")
# Tags that other tools read: nbclient, nbval, JupyterLab and the book builders.
TOOL_TAGS = ("raises-exception", "nbval-ignore-output", "nbval-skip", "nbval-raises-exception", "hide-input")
CHECK_SUFFIX = "-check"
_KEYS = {"id", "lang", "tags", "reviewed", "points"}
_JUPYTEXT_KEYS = {"lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker"}
_MARKER = re.compile(r"#\s*%%(?!%)")
_ID = re.compile(r"[A-Za-z0-9_-]{1,60}")


class LessonError(Exception):
    """A lesson's source breaks the rules. The message names the file, the line, the cell and what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell. ``line`` is the number (from 1) of its first line of text in the source file; ``points`` only for
    a written answer, for the points of a check come from its exercise."""

    id: str
    kind: str  # "code" or "markdown"
    lang: str | None  # "en" or "zh" for prose in pairs
    tags: tuple[str, ...]
    source: str
    reviewed: str | None
    line: int
    points: float | None = None

    @property
    def graded(self) -> bool:
        """Whether the cell carries nbgrader metadata, and so must be the same in all languages."""
        return bool({"solution", "check", "written"} & set(self.tags))

    @property
    def notebook_id(self) -> str:
        """Its id in a notebook: that of prose says the language too."""
        return f"{self.id}-{self.lang}" if self.lang else self.id


@dataclass(frozen=True)
class Lesson:
    """A lesson's cells, in order."""

    ref: LessonRef
    cells: tuple[Cell, ...]

    def pair(self, cell_id: str) -> dict[str, Cell]:
        """The cells of one id by their language."""
        return {cell.lang: cell for cell in self.cells if cell.id == cell_id and cell.lang is not None}

    def title(self, language: str) -> str:
        """The lesson's title in a language: its first heading. Raises LessonError where it has none."""
        for cell in self.cells:
            if cell.lang == language:
                for line in cell.source.splitlines():
                    if line.startswith("# "):
                        return line[2:].strip()
        raise LessonError(f"{self.ref.source}: no `# ` heading in {language!r}; a lesson starts with its title")

    @property
    def warmup(self) -> tuple[str, ...]:
        """Code that is no secret and makes a sandbox warm: the setup cells."""
        return tuple(cell.source for cell in self.cells if "setup" in cell.tags)


def text_hash(text: str) -> str:
    """The hash that a Chinese cell keeps of the English text it was reviewed against: 12 hex digits."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def place(path: Path, line: int, cell: str) -> str:
    """How every message names a cell: file, line, id."""
    return f"{path.name}:{line}: cell {cell}"


def read_lesson(path: Path) -> Lesson:
    """Reads and validates a lesson's source file. Raises LessonError (see there) or CourseError for its name."""
    ref = LessonRef.at(path.resolve().parent)
    if path.name != ref.source.name:
        raise LessonError(f"{path}: the lesson in folder {ref.id} is called {ref.source.name}")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LessonError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise LessonError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start})") from None
    from grader.lesson_rules import validate

    lesson = Lesson(ref, parse(text, path))
    validate(lesson)
    return lesson


def parse(text: str, path: Path) -> tuple[Cell, ...]:
    """The cells of a py:percent text; ``path`` only names it in messages."""
    import jupytext

    markers = [number for number, line in enumerate(text.splitlines(), 1) if _MARKER.match(line)]
    cells = jupytext.reads(text, fmt="py:percent").cells
    if len(cells) != len(markers):
        raise LessonError(
            f"{path.name}: {len(markers)} cell markers but {len(cells)} cells; start the file with a `# %%` line and "
            "keep `# %%` out of strings and of the beginning of a line of text"
        )
    return tuple(_cell(cell, marker, path) for cell, marker in zip(cells, markers, strict=True))


def _cell(raw: Any, marker: int, path: Path) -> Cell:
    found = {key: value for key, value in raw.metadata.items() if key not in _JUPYTEXT_KEYS}
    cell_id = found.get("id")
    if not (isinstance(cell_id, str) and _ID.fullmatch(cell_id)):
        raise LessonError(
            f"{path.name}:{marker}: the cell has no usable id, found {cell_id!r}; "
            'write id="…" with letters, digits, _ and -'
        )
    where = place(path, marker, cell_id)
    unknown = sorted(set(found) - _KEYS)
    if unknown:
        raise LessonError(f"{where}: unknown {', '.join(unknown)}; a cell's header knows {', '.join(sorted(_KEYS))}")
    tags = found.get("tags", [])
    if not (isinstance(tags, list) and all(tag in ROLES + TOOL_TAGS for tag in tags)):
        raise LessonError(f"{where}: tags={tags!r}; the known ones are {', '.join(ROLES + TOOL_TAGS)}")
    if raw.cell_type not in ("code", "markdown"):
        raise LessonError(f"{where}: a {raw.cell_type} cell; only code and markdown cells are used")
    points = found.get("points")
    if points is not None and not (isinstance(points, int | float) and points > 0):
        raise LessonError(f"{where}: points={points!r}; points are a number above 0")
    return Cell(
        id=cell_id,
        kind=raw.cell_type,
        lang=found.get("lang"),
        tags=tuple(tags),
        source=raw.source,
        reviewed=found.get("reviewed"),
        line=marker + 1,
        points=float(points) if points is not None else None,
    )

"""The submissions of an assignment, which may be of several notebooks each."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.text import Text
from grader.assignment.source import Assignment
from grader.collect import Collected, collect
from grader.naming import safe_id
from grader.opening import MAX_BYTES
from grader.roster import Roster

NO_SUCH = Text(en="the assignment has no notebook of this name: {known}", zh="这次作业里没有这个名字的笔记本：{known}")


@dataclass
class Handed:
    """What one student handed in: readers of the notebooks' bytes, by name; the others are missing."""

    student: str
    notebooks: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    timestamp: datetime.datetime | None = None


def find(place: Path, assignment: Assignment, roster: Roster | None = None) -> tuple[list[Handed], Collected]:
    """Everybody's submissions, and the account of files that were not taken.

    One notebook: every shape that ``grader grade`` knows. Several: nbgrader's submitted/<student>/<assignment>/ tree.
    Raises FileNotFoundError or ValueError where there is nothing to look at.
    """
    if len(assignment.notebooks) == 1:
        (name,) = assignment.notebooks
        collected = collect(place, [assignment.name], assignment.name, roster)
        return [Handed(s.student, {name: s.read}, s.timestamp) for s in collected.submissions], collected
    if not place.is_dir():
        raise ValueError(f"{place}: an assignment of several notebooks is handed in as nbgrader's submitted/ tree")
    root = place / "submitted" if (place / "submitted").is_dir() else place
    collected = Collected(roster=roster)
    found: dict[str, Handed] = {}
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and not p.is_symlink()):
        here = folder / assignment.name
        files = sorted(here.glob("*.ipynb")) if here.is_dir() and not here.is_symlink() else []
        for file in files:
            if file.is_symlink() or file.stem not in assignment.notebooks:
                why = NO_SUCH.format(known=", ".join(assignment.notebooks))
                collected.refused.append((str(file.relative_to(root)), why))
                continue
            student = safe_id(folder.name)
            found.setdefault(student, Handed(student)).notebooks[file.stem] = _reader(file)
    return list(found.values()), collected


def _reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)

    return read

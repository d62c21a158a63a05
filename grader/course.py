"""Where a course and its lessons lie. One name, ``NN_slug``, is the folder, the notebook, the lesson's id and the
nbgrader assignment; commands also take the slug or the number alone."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

LESSON_NAME = re.compile(r"(?P<number>\d\d)_(?P<slug>[a-z][a-z0-9_]*)")


class CourseError(Exception):
    """There is no course here, or no such lesson in it."""


@dataclass(frozen=True)
class LessonRef:
    """A lesson's names and places; nothing has been read yet."""

    id: str
    slug: str
    number: int
    folder: Path
    source: Path
    notebook: Path

    @classmethod
    def at(cls, folder: Path) -> LessonRef:
        """The lesson in a folder. Raises CourseError where the folder's name is no lesson's name."""
        match = LESSON_NAME.fullmatch(folder.name)
        if match is None:
            raise CourseError(
                f"{folder}: a lesson's folder is called NN_slug (two digits, then small letters, digits and _), "
                "for example 01_numpy_backprop"
            )
        name = folder.name
        return cls(name, match["slug"], int(match["number"]), folder, folder / f"{name}.py", folder / f"{name}.ipynb")


@dataclass(frozen=True)
class Course:
    """The course tree at ``root``, which holds notebooks/ and grader/."""

    root: Path

    def lessons(self) -> list[LessonRef]:
        """All lessons that have a source, in the order of their numbers."""
        folders = sorted(p for p in (self.root / "notebooks").glob("*") if LESSON_NAME.fullmatch(p.name))
        return [ref for ref in map(LessonRef.at, folders) if ref.source.is_file()]

    def lesson(self, name: str) -> LessonRef:
        """A lesson by its id, slug or number (``"01_numpy_backprop"``, ``"numpy_backprop"``, ``"1"``, ``"01"``).

        Raises CourseError, naming the lessons there are, where none or more than one fits.
        """
        lessons = self.lessons()
        found = [ref for ref in lessons if name in (ref.id, ref.slug) or (name.isdecimal() and int(name) == ref.number)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(ref.id for ref in lessons) or "none"
        raise CourseError(
            f"{'more than one' if found else 'no'} lesson {name!r} in {self.root / 'notebooks'}; lessons: {known}"
        )

    def select(self, names: tuple[str, ...] | list[str]) -> list[LessonRef]:
        """The named lessons, each once and in the course's order; all of them where none is named."""
        if not names:
            return self.lessons()
        wanted = {self.lesson(name).id for name in names}
        return [ref for ref in self.lessons() if ref.id in wanted]


def is_course(folder: Path) -> bool:
    """Whether a folder is the root of a course tree."""
    return (folder / "notebooks").is_dir() and (folder / "grader").is_dir()


def find_course(start: Path | None = None) -> Course:
    """The course that GRADER_COURSE names, else the one at or above ``start`` (default: the working folder), else the
    one that this package lies in. Raises CourseError where there is none."""
    named = os.environ.get("GRADER_COURSE")
    if named:
        if is_course(Path(named)):
            return Course(Path(named).resolve())
        raise CourseError(f"GRADER_COURSE names {named}, which has no notebooks/ and grader/ folders")
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parent.parent):
        if is_course(folder):
            return Course(folder)
    raise CourseError(f"no course (a folder with notebooks/ and grader/) at or above {here}; set GRADER_COURSE")

"""What a report reads besides receipts and scores: students' answers, the lesson's own texts, the history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from grader.analysis.alike import places
from grader.analysis.anonymous import vocabulary
from grader.course import Course, CourseError
from grader.history import History, Line
from grader.lesson import Lesson, LessonError, read_lesson
from grader.report_state import stats


class Sources:
    """out: the folder that a class is graded into; course: None where what is graded is no lesson of a course. What
    cannot be read is left out: a report is written whatever else is missing."""

    def __init__(self, out: Path, course: Course | None = None) -> None:
        self.out, self.course = out, course
        self._lessons: dict[str, Lesson | None] = {}

    def title(self, lesson: str) -> dict[str, str]:
        read = self._lesson(lesson)
        return {code: read.title(code) if read is not None else lesson for code in ("en", "zh")}

    def answer(self, lesson: str, student: str, exercise: str) -> str | None:
        """What a student wrote in an exercise's cell; None where it cannot be found, or stands in another cell."""
        path = self.out / "autograded" / student / lesson / f"{lesson}.ipynb"
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            found = next((cell["source"] for cell in cells if cell.get("id") == exercise), None)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        source = "".join(found) if isinstance(found, list) else found
        return None if source is None or "NotImplementedError" in source else str(source)

    def vocabulary(self, lesson: str) -> frozenset[str]:
        """The words of the lesson's own texts: no student's word is among them, unless the course says it too."""
        if self.course is None or self._lesson(lesson) is None:
            return vocabulary()
        ref = self.course.lesson(lesson)
        exercises = sorted((self.course.root / "grader" / "exercises" / ref.slug).glob("*.py"))
        return vocabulary(*(path.read_text(encoding="utf-8") for path in (ref.source, *exercises)))

    def places(self, lesson: str) -> dict[str, int]:
        """In how many places each exercise's reference can go wrong, by the exercise's key."""
        read = self._lesson(lesson)
        if read is None:
            return {}
        return {f"{read.ref.slug}.{c.id}": places(c.source) for c in read.cells if "solution" in c.tags}

    def changes(self, lesson: str) -> list[Line]:
        return self._history.read(lesson)

    def state(self, lessons: Iterable[str]) -> Iterator[str]:
        """Lines that change with anything that is read here."""
        for pattern in ("autograded/*/*/*.ipynb", "history/*/*", "feedback/*/*/*.html"):
            yield from stats(self.out, pattern)
        for lesson in lessons:
            if self.course is not None and self._lesson(lesson) is not None:
                ref = self.course.lesson(lesson)
                yield from stats(ref.source.parent, ref.source.name)
                yield from stats(self.course.root / "grader" / "exercises" / ref.slug, "*.py")

    @cached_property
    def _history(self) -> History:
        return History(self.out)

    def _lesson(self, lesson: str) -> Lesson | None:
        if lesson not in self._lessons:
            try:
                read = None if self.course is None else read_lesson(self.course.lesson(lesson).source)
            except (CourseError, LessonError):
                read = None
            self._lessons[lesson] = read
        return self._lessons[lesson]

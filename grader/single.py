"""One notebook, graded from Python: ``grader.grade(notebook) -> Result``. Nothing is written anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from course_lib.text import Text

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

    from course_lib.checking.results import ExerciseResult
    from course_lib.checking.verdict import ExercisePack
    from grader.elsewhere import Tried
    from grader.marking import Marked


@dataclass(frozen=True)
class Result:
    """What a notebook earned. scores: by graded cell, None where a person has to look; notes: what was repaired;
    events: limits that were met; problem: why the file could not be read, if so; notebook: the graded notebook, safe to
    show; elsewhere: by exercise, how a right answer did in another place."""

    lesson: str
    seed: int
    scores: dict[str, float | None]
    exercises: tuple[ExerciseResult, ...]
    notes: tuple[Text, ...]
    events: tuple[Text, ...]
    problem: Text | None
    notebook: NotebookNode
    elsewhere: Mapping[str, Tried] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return sum(score or 0.0 for score in self.scores.values())

    @property
    def max_score(self) -> float:
        """Of the exercises; answers that a person grades come on top."""
        return sum(exercise.max_score for exercise in self.exercises)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON can carry it, without values and without the notebook."""
        return {
            "lesson": self.lesson,
            "seed": self.seed,
            "score": self.score,
            "max_score": self.max_score,
            "exercises": [
                {
                    "key": e.key,
                    "verdict": e.verdict,
                    "score": e.score,
                    "max_score": e.max_score,
                    "misconception": e.misconception,
                    "properties": {p.name: p.passed for p in e.properties},
                }
                for e in self.exercises
            ],
            "notes": [asdict(note) for note in self.notes],
            "events": [asdict(event) for event in self.events],
            "elsewhere": {name: tried.as_dict() for name, tried in self.elsewhere.items()},
            "problem": asdict(self.problem) if self.problem is not None else None,
        }


class Grader:
    """Grades notebooks of one lesson, one after the other, in one warm sandbox. A context manager.

    lesson: id, slug or number. seed: of the hidden cases; None draws one. device: where right answers are tried once
    more, for advice: cpu (nowhere), auto, cuda or simulated. course: the folder of the course; None
    finds the one around the working folder, else the one that this package lies in.
    Raises CourseError for a lesson that is not there, SandboxUnavailable where the sandbox cannot be had,
    AcceleratorError where there is no accelerator for device="cuda".
    """

    def __init__(
        self,
        lesson: str,
        *,
        seed: int | None = None,
        isolation: str = "bubblewrap",
        course: Path | None = None,
        device: str = "cpu",
    ) -> None:
        import secrets

        from grader.course import Course, find_course
        from grader.elsewhere import place_behind
        from grader.engine import SandboxPool
        from grader.engine.accelerators import for_grading
        from grader.lesson import read_lesson
        from grader.marking import Marker

        found = find_course() if course is None else Course(course.resolve())
        self.seed = secrets.randbits(62) if seed is None else seed
        read = read_lesson(found.lesson(lesson).source)
        accelerators = for_grading(device, isolation)
        self._pool = self._there = SandboxPool(1, isolation=isolation, warmup=read.warmup)  # type: ignore[arg-type]
        if accelerators:
            self._there = SandboxPool(1, isolation=isolation, accelerators=accelerators[:1])  # type: ignore[arg-type]
        self._pool.warm()  # while this process imports torch and runs the references
        self._marker = Marker(read, self.seed, place_behind(device, accelerators))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        for pool in (self._pool, self._there):
            pool.shutdown(wait=True, cancel_futures=kind is not None)

    @property
    def packs(self) -> dict[str, ExercisePack]:
        """The exercises with their cases, hidden ones too."""
        return self._marker.judge.packs

    def grade(self, notebook: str | Path | bytes | dict[str, Any]) -> Result:
        """What a notebook earns: a path, a file's bytes, or a notebook as nbformat reads it.

        A file that is no notebook gets a Result with ``problem`` set. Raises OSError where a path cannot be read.
        """
        marked = self.marked(as_bytes(notebook))
        return Result(
            self._marker.lesson.ref.id,
            self.seed,
            dict(marked.scores),
            marked.results,
            marked.notes,
            tuple(event.message for event in marked.events),
            marked.problem,
            marked.notebook,
            marked.tried,
        )

    def marked(self, blob: bytes) -> Marked:
        """The outcome with all that the grader itself keeps of it."""
        from grader.opening import Unreadable

        try:
            repaired = self._marker.open(blob)
        except Unreadable as why:
            return self._marker.unreadable(why.text)
        run = self._pool.submit_task(self._marker.task(repaired)).result()
        again = self._marker.second(repaired, run)
        second = None if again is None else self._pool.submit_task(again).result()
        task = self._marker.elsewhere(repaired, run)
        there = None if task is None else self._there.submit_task(task).result()
        return self._marker.mark(repaired, run, second, there)


def grade(
    notebook: str | Path | bytes | dict[str, Any],
    lesson: str | None = None,
    *,
    seed: int | None = None,
    isolation: str = "bubblewrap",
    course: Path | None = None,
    device: str = "cpu",
) -> Result:
    """Grades one notebook in a sandbox of its own and returns what it earned; see ``Grader`` for many of them.

    lesson: id, slug or number; None recognises it by the notebook's own marks. Raises ValueError where it cannot.
    """
    blob = as_bytes(notebook)
    name = lesson or _recognised(blob, notebook, course)
    with Grader(name, seed=seed, isolation=isolation, course=course, device=device) as one:
        return one.grade(blob)


def as_bytes(notebook: str | Path | bytes | dict[str, Any]) -> bytes:
    if isinstance(notebook, bytes):
        return notebook
    if isinstance(notebook, dict):
        return json.dumps(notebook).encode()
    from grader.opening import MAX_BYTES

    with Path(notebook).open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _recognised(blob: bytes, notebook: object, course: Path | None) -> str:
    from grader.course import Course, find_course
    from grader.naming import lesson_of

    found = find_course() if course is None else Course(course.resolve())
    parts = Path(notebook).resolve().parts[1:] if isinstance(notebook, (str, Path)) else ("notebook.ipynb",)
    lesson = lesson_of(parts, lambda: blob, [ref.id for ref in found.lessons()], None)
    if lesson is None:
        raise ValueError("the notebook says of no lesson that it is its own: name the lesson")
    return lesson

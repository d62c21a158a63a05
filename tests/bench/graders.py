"""The two graders on the same submissions, each as its users would start it, and what they came to."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from tests.bench.measure import BIN, Took, run

Scores = dict[str, float]


@dataclass
class Graded:
    """took: the whole command. scores: by student. overhead: seconds of each submission beyond its own cells."""

    took: Took
    scores: Scores
    overhead: list[float]


def stock(course: Course, lesson: str, submitted: Path, folder: Path) -> Graded:
    """``nbgrader autograde`` as it comes: a course folder without our configuration, each notebook in a kernel of its
    own, its check cells running the public check there. generate_assignment is not timed."""
    source = folder / "source" / lesson
    source.mkdir(parents=True)
    shutil.copy(course.lesson(lesson).notebook, source)
    shutil.copytree(submitted, folder / "submitted")
    environment = {"PYTHONPATH": str(course.root)}  # course_lib with this course's checks
    run([str(BIN / "nbgrader"), "generate_assignment", lesson], folder, environment)
    took = run([str(BIN / "nbgrader"), "autograde", lesson], folder, environment, watch=True)
    return Graded(took, scores(folder / "gradebook.db", lesson), [])


def ours(course: Course, lesson: str, submitted: Path, folder: Path, jobs: int) -> Graded:
    """``grader grade``, with everything it does: sandbox, hidden cases, gradebook, feedback pages, receipts, report."""
    command = [str(BIN / "grader"), "grade", str(submitted), "--out", str(folder), "--jobs", str(jobs)]
    environment = {"GRADER_COURSE": str(course.root)}
    took = run([*command, "--lesson", lesson], submitted, environment, watch=True)
    receipts = [json.loads(path.read_text()) for path in sorted((folder / "receipts" / lesson).glob("*.json"))]
    overhead = [r["seconds"] - sum(r["cell_seconds"]) + r["grader_seconds"] for r in receipts]
    return Graded(took, scores(folder / "gradebook.db", lesson), overhead)


def scores(gradebook: Path, lesson: str) -> Scores:
    """Every student's score in a gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{gradebook}") as book:
        return {s.student.id: round(s.score, 6) for s in book.assignment_submissions(lesson)}

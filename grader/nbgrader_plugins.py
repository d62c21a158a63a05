"""What plugs into nbgrader, so that its own commands and its formgrader page come to the same scores as
``grader grade``: our repair before its sanitizers, our sandbox and judge in place of its kernel, our feedback page."""

from __future__ import annotations

import atexit
import warnings
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
)
from sqlalchemy.exc import SAWarning
from traitlets import Integer, Unicode
from traitlets.config import Application, Config

from grader.course import find_course
from grader.engine import Limits, SandboxPool
from grader.feedback import configure_feedback
from grader.gradebook import Book
from grader.lesson import read_lesson
from grader.marking import Marker
from grader.notebook import WRITTEN_STUB
from grader.opening import plain_notebook
from grader.receipts import batch_seed, text_of
from grader.released import released_lesson
from grader.repair import repair
from grader.spec import STUB

NOTES = "grader_notes"
EXECUTE_SECONDS = 120  # for `nbgrader validate`, which runs a notebook in a kernel of its own


class RepairSubmission(NbGraderPreprocessor):
    """First of nbgrader's sanitizers: puts the submission into the shape of the release."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        repaired = repair(plain_notebook(nb), _marker(resources["nbgrader"]["assignment"]).released)
        repaired.notebook.metadata[NOTES] = [asdict(note) for note in repaired.notes]
        return repaired.notebook, resources


class GradeInSandbox(NbGraderPreprocessor):
    """In place of nbgrader's Execute and SaveAutoGrades: runs, judges, saves the scores."""

    isolation = Unicode("bubblewrap", help="How student code is kept apart: bubblewrap or none.").tag(config=True)
    jobs = Integer(1, help="Sandboxes to keep warm; nbgrader hands over one submission at a time.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        about = resources["nbgrader"]
        marker = _marker(about["assignment"])
        notes = tuple(text_of(note) for note in nb.metadata.get(NOTES, []))
        repaired = replace(repair(plain_notebook(nb), marker.released), notes=notes)
        pool = _pool(about["assignment"], self.jobs, self.isolation)
        run = pool.submit_task(marker.task(repaired)).result()
        second = marker.second(repaired, run)
        marked = marker.mark(repaired, run, pool.submit_task(second).result() if second is not None else None)
        with Book(about["db_url"]) as book:
            book.save(about["assignment"], about["student"], marked.scores, marked.unanswered, marked.review)
        return marked.notebook, resources


def register_lesson(**given: Any) -> None:
    """nbgrader's hook before a conversion: enters the lesson in the gradebook, as `generate_assignment` would.

    nbgrader calls it in the course's root folder and hands over no more than the lesson's name.
    """
    config = Application.instance().config if Application.initialized() else Config()
    directory = CourseDirectory(
        config=Config({"CourseDirectory": {"db_url": config.CourseDirectory.get("db_url", "")}})
    )
    url = directory.db_url or f"sqlite:///{Path.cwd() / 'gradebook.db'}"
    with Book(url) as book:
        book.register(released_lesson(read_lesson(find_course().lesson(given["assignment"]).source)))


def configure(config: Any, source: str = "notebooks", root: Path | None = None) -> None:
    """What nbgrader_config.py says. source: the lessons' folder, from the course's root; root: that root."""
    # nbgrader builds a submission from parts that SQLAlchemy flushes one by one, and warns about each.
    warnings.filterwarnings("ignore", r"Object of type <Submitted", SAWarning)
    config.CourseDirectory.source_directory = source
    if root is not None:
        config.CourseDirectory.root = str(root.resolve())
    # A lesson's source holds the solutions: nbgrader would copy it beside each graded notebook and hand it back.
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py"]
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = WRITTEN_STUB
    config.Execute.timeout = EXECUTE_SECONDS
    config.Autograde.pre_convert_hook = register_lesson
    config.Autograde.sanitize_preprocessors = [
        RepairSubmission,
        ClearOutput,
        DeduplicateIds,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    config.Autograde.autograde_preprocessors = [GradeInSandbox, LimitOutput, AssignLatePenalties, CheckCellMetadata]
    configure_feedback(config)


@lru_cache(maxsize=4)
def _marker(lesson: str) -> Marker:
    """nbgrader converts in the course's root folder, where the batch's seed lies."""
    return Marker(read_lesson(find_course().lesson(lesson).source), batch_seed(Path.cwd() / "receipts"))


@lru_cache(maxsize=4)
def _pool(lesson: str, jobs: int, isolation: str) -> SandboxPool:
    pool = SandboxPool(jobs, Limits(), isolation, _marker(lesson).lesson.warmup)  # type: ignore[arg-type]
    atexit.register(pool.shutdown)
    return pool

"""Feedback pages, through nbgrader's own generator: its data and exporter, our template in both languages."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor, Preprocessor
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades
from traitlets.config import Config

from grader.gradebook import NO_RESPONSE

TEMPLATES = Path(__file__).resolve().parent / "templates"


class PageNonce(Preprocessor):
    """Gives each page a word of its own, by which a browser knows the page's scripts from any other."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        resources["nbgrader"]["nonce"] = secrets.token_urlsafe(12)
        return nb, resources


class OnlyTheirs(Preprocessor):
    """Leaves the lesson's own, unchanged cells out of the page; the text right above an answer goes into its card."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        kept: list[NotebookNode] = []
        above: list[NotebookNode] = []
        for cell in nb.cells:
            marks = cell.metadata.get("nbgrader") or {}
            if marks.get("comment") == NO_RESPONSE.say("both", " / "):
                marks["comment"] = None  # the result below it says so
            if marks or "course" not in cell.metadata:
                if marks.get("solution"):
                    about = [{"lang": c.metadata["course"].get("lang"), "source": c.source} for c in above]
                    cell.metadata["task"] = about
                kept.append(cell)
                above = []
            elif cell.cell_type == "markdown":
                pair = bool(above) and above[-1].metadata["course"].get("id") == cell.metadata["course"].get("id")
                above = [above[-1], cell] if pair else [cell]
            else:
                above = []
        nb.cells = kept
        return nb, resources


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML with our template. A class of its own, so that its settings are not formgrader's too."""


def configure_feedback(config: Config) -> None:
    """Makes nbgrader's generator use our template; for nbgrader_config.py and for ``write_feedback``."""
    config.GenerateFeedback.exporter_class = FeedbackExporter
    config.GenerateFeedback.preprocessors = [GetGrades, OnlyTheirs, PageNonce, CSSHTMLHeaderPreprocessor]
    config.FeedbackExporter.template_name = "course_feedback"
    config.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]


def write_feedback(root: Path, lesson: str, student: str) -> Path:
    """Writes one student's page to root/feedback/<student>/<lesson>/<lesson>.html from root/autograded and the
    gradebook, over an older one. Raises nbgrader's NbGraderException where that fails."""
    config = Config()
    configure_feedback(config)
    config.CourseDirectory.root = str(root.resolve())
    config.CourseDirectory.assignment_id = lesson
    config.CourseDirectory.student_id = student
    generator = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
    generator.force = True
    generator.log = logging.getLogger("grader.feedback")
    generator.log.setLevel(logging.ERROR)
    generator.start()
    return root / "feedback" / student / lesson / f"{lesson}.html"

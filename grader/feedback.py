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

TEMPLATES = Path(__file__).resolve().parent / "templates"


class PageNonce(Preprocessor):
    """Gives each page a word of its own, by which a browser knows the page's scripts from any other."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        resources["nbgrader"]["nonce"] = secrets.token_urlsafe(12)
        return nb, resources


class OnlyTheirs(Preprocessor):
    """Leaves the lesson's own, unchanged cells out of the page, but for the card above each answer."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        kept: list[NotebookNode] = []
        card: list[NotebookNode] = []
        for cell in nb.cells:
            marks = cell.metadata.get("nbgrader") or {}
            if marks or "course" not in cell.metadata:
                kept += [*card, cell] if marks.get("solution") else [cell]
                card = []
            elif cell.cell_type == "markdown":
                same = card and card[-1].metadata["course"].get("id") == cell.metadata["course"].get("id")
                card = [card[-1], cell] if same else [cell]
            else:
                card = []
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

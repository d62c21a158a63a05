"""Feedback pages, through nbgrader's own generator: its data and exporter, our template in both languages."""

from __future__ import annotations

import copy
import re
import secrets
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor, Preprocessor
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import GetGrades
from traitlets.config import Config

from grader.course_folder import write_whole
from grader.gradebook import NO_RESPONSE, Saved
from grader.templating import TEMPLATES
from grader.transcript import Transcript

_CHECK = re.compile(r'\s*check\("\w+\.\w+"\)\s*')


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
    """Makes nbgrader's generator use our template; for nbgrader_config.py and for ``FeedbackPages``."""
    config.GenerateFeedback.exporter_class = FeedbackExporter
    config.GenerateFeedback.preprocessors = [GetGrades, OnlyTheirs, PageNonce, CSSHTMLHeaderPreprocessor]
    config.FeedbackExporter.template_name = "course_feedback"
    config.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]


class FeedbackPages:
    """Writes the pages that ``nbgrader generate_feedback`` would write, some thirty times faster.

    nbgrader's generator makes an exporter anew for every page: it compiles the template, reads the styles, asks the
    gradebook once more for what was just saved, and parses the finished page again. Here one exporter lasts for a
    class, and the scores come from the transaction that saved them.
    """

    def __init__(self) -> None:
        config = Config()
        configure_feedback(config)
        config.FeedbackExporter.preprocessors = []
        self._exporter = FeedbackExporter(config=config)
        empty = new_notebook(metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}})
        # Once, to have what depends on no page: the styles, and what the template asks of its settings.
        _, self._resources = self._exporter.from_notebook_node(empty, {"nbgrader": defaultdict(str)})
        self._exporter.register_filter("highlight_code", _highlighter())
        self._template = self._exporter.template

    def page(self, lesson: str, student: str, notebook: NotebookNode, saved: Saved) -> str:
        """One student's page. notebook: the graded one, as nbgrader keeps it; not changed."""
        shown = copy.copy(notebook)
        shown.cells = [_with_marks(cell, saved) for cell in notebook.cells]
        about = {
            "notebook": lesson,
            "assignment": lesson,
            "student": student,
            "score": saved.score - saved.late_penalty,
            "max_score": saved.max_score,
            "late_penalty": saved.late_penalty,
        }
        resources = {**self._resources, "nbgrader": about}
        for step in (OnlyTheirs(), PageNonce()):
            shown, resources = step.preprocess(shown, resources)
        return str(self._template.render(nb=shown, resources=resources)).lstrip()

    def write(
        self, root: Path, lesson: str, student: str, notebook: NotebookNode, saved: Saved, name: str | None = None
    ) -> Path:
        """Writes one student's page to root/feedback/<student>/<lesson>/<name>.html, over an older one. name: the
        notebook's, where it is not the lesson's."""
        path = root / "feedback" / student / lesson / f"{name or lesson}.html"
        write_whole(path, self.page(name or lesson, student, notebook, saved).encode())
        return path

    def rewrite(self, root: Path, transcript: Transcript) -> Path | None:
        """Writes a student's page of a lesson anew, with the scores, comments and penalty of now; None where there is
        no graded notebook to make it from."""
        student, lesson = transcript.student, transcript.lesson
        graded = root / "autograded" / student / lesson / f"{lesson}.ipynb"
        if not graded.is_file():
            return None
        notebook = nbformat.read(graded, nbformat.NO_CONVERT)
        if not all(is_check(cell) for cell in notebook.cells if _is_test(cell)):
            return None  # of an assignment: its hidden tests stand in there
        saved = Saved(
            {cell: entry.score for (_, cell), entry in transcript.entries.items()},
            {cell: entry.most for (_, cell), entry in transcript.entries.items()},
            {cell: words for (_, cell), words in transcript.comments.items()},
            transcript.penalty,
        )
        return self.write(root, lesson, student, notebook, saved)


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell is a lesson's check. What stands below one is the grader's; a test cell of any other assignment
    may hold what no student shall see."""
    return cell.cell_type == "code" and _CHECK.fullmatch(cell.source) is not None


def _is_test(cell: NotebookNode) -> bool:
    marks = cell.metadata.get("nbgrader") or {}
    return bool(cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"))


def _highlighter() -> Callable[..., str]:
    """nbconvert's ``highlight_code`` for Python, with one formatter for all cells in place of one each."""
    from IPython.lib.lexers import IPython3Lexer
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    lexer, formatter = IPython3Lexer(), HtmlFormatter(cssclass=" highlight hl-ipython3")

    def colour(source: str, language: str | None = None, metadata: Any = None) -> str:
        return str(highlight(source or " ", lexer, formatter))

    return colour


def _with_marks(cell: NotebookNode, saved: Saved) -> NotebookNode:
    """The cell with the scores and comments that nbgrader's GetGrades would put into it."""
    marks = cell.metadata.get("nbgrader")
    if not marks:
        return cell
    about = NotebookNode(marks)
    key = marks.get("grade_id")
    if marks.get("solution") or marks.get("task"):
        about["comment"] = saved.comments.get(key)
    if marks.get("grade") or marks.get("task"):
        about["score"], about["points"] = saved.scores[key], saved.points[key]
    shown = copy.copy(cell)
    shown["metadata"] = NotebookNode({**cell.metadata, "nbgrader": about})
    return shown

"""A student's page: everything that was graded of theirs, in one file that loads nothing, runs nothing and prints well.

It is made from what the gradebook says now and from the results in the graded notebooks, which the grader wrote: what a
hidden case alone brought to light was left out when they were written (``grader.marking``). Of the student's own only
the source of their answers is shown, as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup
from nbformat.notebooknode import NotebookNode

from grader import templating
from grader.cleaning import MAX_TEXT, clean_html
from grader.feedback import is_check
from grader.gradebook import NO_RESPONSE
from grader.lateness import in_words
from grader.receipts import Receipt
from grader.transcript import Transcript

LANGUAGES = ("en", "zh", "both")
_SILENT = (NO_RESPONSE.say("both", " / "), "No response.")  # a result says so already


@dataclass(frozen=True)
class Handed:
    """One lesson of a student. title: in both languages, where the course is at hand."""

    transcript: Transcript
    receipt: Receipt | None = None
    title: Mapping[str, str] | None = None

    @property
    def lesson(self) -> str:
        return self.transcript.lesson


class Pages:
    """Makes the pages of a class graded into a folder."""

    def __init__(self, out: Path) -> None:
        self.out = out
        environment = templating.environment()
        environment.filters["points"] = lambda number: f"{round(number, 2):g}"
        self._template = environment.get_template("student.html")

    def about(self, student: str, name: str, language: str, handed: Sequence[Handed]) -> dict[str, Any]:
        """All that a page says. language: the one that it opens in."""
        lessons = [self._lesson(one) for one in handed]
        return {"student": student, "name": name, "language": language, "lessons": lessons}

    def page(self, about: Mapping[str, Any]) -> bytes:
        return self._template.render(**about).encode()

    def _lesson(self, handed: Handed) -> dict[str, Any]:
        transcript, receipt = handed.transcript, handed.receipt
        lesson = handed.lesson
        exercises = []
        for notebook in dict.fromkeys(name for name, _ in transcript.entries):
            path = self.out / "autograded" / transcript.student / lesson / f"{notebook}.ipynb"
            exercises += _exercises(transcript, notebook, _cells(path), receipt)
        return {
            "id": lesson,
            "title": handed.title or {"en": lesson, "zh": lesson},
            "score": transcript.score,
            "points": transcript.points,
            "most": transcript.most,
            "penalty": transcript.penalty,
            "late": in_words(transcript.late) if transcript.late else None,
            "marked_late": bool(receipt and receipt.late and transcript.handed_in is None),
            "waiting": len(transcript.waiting),
            "problem": receipt.problem if receipt is not None else None,
            "notes": receipt.notes if receipt is not None and not receipt.problem else [],
            "events": _once(event["message"] for event in receipt.events) if receipt is not None else [],
            "exercises": exercises,
        }


def language_of(out: Path, student: str, lessons: Sequence[str]) -> str:
    """The language of the notebooks that a student handed in, as ``grader release`` wrote it into them; both where they
    do not say, or do not agree."""
    found = set()
    for lesson in lessons:
        path = out / "submitted" / student / lesson / f"{lesson}.ipynb"
        try:
            language = json.loads(path.read_bytes())["metadata"]["course"]["language"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(language, str) and language in LANGUAGES:
            found.add(language)
    return found.pop() if len(found) == 1 else "both"


def _cells(path: Path) -> list[NotebookNode]:
    try:
        return list(nbformat.read(path, nbformat.NO_CONVERT).cells)
    except (OSError, ValueError, KeyError, AttributeError):
        return []


def _exercises(
    transcript: Transcript, notebook: str, cells: Sequence[NotebookNode], receipt: Receipt | None
) -> list[dict[str, Any]]:
    """The graded cells in the order of the notebook, each with the answers above it; those that it lacks at the end."""
    outcomes = {e.key.partition(".")[2]: e for e in receipt.exercises} if receipt is not None else {}
    several = len({name for name, _ in transcript.entries}) > 1
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    answers: list[dict[str, Any]] = []
    for cell in cells:
        marks = cell.metadata.get("nbgrader") or {}
        key = marks.get("grade_id")
        if not isinstance(key, str) or key in seen:
            continue
        graded = (notebook, key) in transcript.entries
        if marks.get("solution") or (graded and marks.get("task")):
            answers.append({"source": cell.source[:MAX_TEXT], "comment": _comment(transcript, notebook, key)})
        if graded:
            seen.add(key)
            shown = cell if is_check(cell) else None
            found.append(_exercise(transcript, notebook, key, outcomes, several, shown, answers))
            answers = []
    if found:
        found[-1]["answers"] += answers
    rest = [key for name, key in transcript.entries if name == notebook and key not in seen]
    return [*found, *(_exercise(transcript, notebook, key, outcomes, several, None, []) for key in rest)]


def _exercise(
    transcript: Transcript,
    notebook: str,
    key: str,
    outcomes: Mapping[str, Any],
    several: bool,
    check: NotebookNode | None,
    answers: list[dict[str, Any]],
) -> dict[str, Any]:
    entry = transcript.entries[notebook, key]
    outcome = outcomes.get(key.removesuffix("-check")) or outcomes.get(key) or outcomes.get(f"{notebook}.{key}")
    name = f"{notebook} · {key}" if several else key
    return {
        "title": outcome.title if outcome is not None else {"en": name, "zh": name},
        "verdict": outcome.verdict if outcome is not None and not entry.waiting else None,
        "score": entry.score,
        "most": entry.most,
        "extra": entry.extra,
        "waiting": entry.waiting,
        "by_hand": entry.by_hand,
        "result": _result(check),
        "notes": outcome.notes if outcome is not None and check is None else [],
        "answers": answers,
    }


def _result(check: NotebookNode | None) -> Markup | None:
    """What the grader wrote below a check."""
    if check is None:
        return None
    shown = [output.data.get("text/html") for output in check.outputs if output.output_type == "display_data"]
    # It is the grader's own HTML, in which every word of the student is escaped; the page's policy runs nothing anyway.
    return Markup("".join(part for part in shown if isinstance(part, str)))  # noqa: S704


def _comment(transcript: Transcript, notebook: str, key: str) -> Markup | None:
    """A person's comment, with the Markdown that formgrader shows too."""
    words = transcript.comments.get((notebook, key))
    if words is None or words.strip() in _SILENT:
        return None
    from nbconvert.filters import markdown2html

    return Markup(clean_html(markdown2html(words[:MAX_TEXT])))  # noqa: S704 - cleaned


def _once(messages: Any) -> list[dict[str, str]]:
    return list({message["en"]: message for message in messages}.values())

"""The notebook that nbgrader keeps of a graded submission: the student's work made safe to show, our results in the
check cells, and above all of it a word on what was repaired or stopped."""

from __future__ import annotations

import copy
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nbformat.notebooknode import NotebookNode

from course_lib.checking import render_html, render_text
from course_lib.checking.results import ExerciseResult
from course_lib.text import Text
from grader.cells import display, markdown_cell
from grader.cells import result as show_result
from grader.cleaning import MAX_TOTAL, clean_markdown, clean_outputs
from grader.engine.events import Event
from grader.engine.tasks import CellRun
from grader.released import Released
from grader.repair import Repaired

NOTES_ID = "grader-notes"
REPAIRED_TITLE = Text(en="The grader repaired this notebook", zh="评分程序修复了这份笔记本")
STOPPED_TITLE = Text(en="Something was stopped while this notebook ran", zh="运行这份笔记本时，有内容被中止")
UNREADABLE_TITLE = Text(en="This file could not be graded", zh="这份文件无法评分")
HINT_STEP = 3  # a graded page shows the whole ladder; there is no next step to ask for
_BOX = (
    "border-left:.35em solid {hue};padding:.5em 1em;margin:.5em 0;background:rgba(128,128,128,.07);border-radius:.3em"
)
_HUES = {"notes": "#56b4e9", "events": "#e69f00"}


def autograded_notebook(
    repaired: Repaired,
    released: Released,
    results: Mapping[str, ExerciseResult],
    runs: Mapping[str, CellRun],
    events: Iterable[Event],
    title: Text = REPAIRED_TITLE,
) -> NotebookNode:
    """results: by check cell's key; runs: by cell id. The repaired notebook is not changed."""
    notebook = copy.deepcopy(repaired.notebook)
    checks = {slot.cell.id: key for key, slot in released.slots.items() if slot.kind == "check"}
    room = [MAX_TOTAL]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if cell.id in checks:
                result = results.get(checks[cell.id])
                if result is None:  # not graded this time: what was kept of it is put in later
                    continue
                cell["outputs"], cell["execution_count"] = _result_outputs(result), None
                about = {"title": asdict(result.title), "verdict": result.verdict}
                cell.metadata["course"] = {**cell.metadata.get("course", {}), **about}
            elif cell.id in runs:
                cell["outputs"] = clean_outputs(runs[cell.id].outputs, room)
                cell["execution_count"] = _count(runs[cell.id].execution_count)
        else:
            _clean_prose(cell, released)
    return with_boxes(notebook, repaired.notes, title, [event.message for event in events])


def with_boxes(notebook: NotebookNode, notes: Sequence[Text], title: Text, happened: Iterable[Text]) -> NotebookNode:
    """The notebook with a first cell that says what was repaired and what was stopped, where there is anything."""
    boxes = [_box(title, notes, _HUES["notes"])] if notes else []
    several = tuple(dict.fromkeys(happened))
    boxes += [_box(STOPPED_TITLE, several, _HUES["events"])] if several else []
    if boxes:
        notebook.cells.insert(0, markdown_cell("\n".join(boxes), NOTES_ID))
    return notebook


def _result_outputs(result: ExerciseResult) -> list[Any]:
    """The result for people as ``display_data``, then the points for nbgrader as the one ``execute_result``."""
    shown = {
        "text/html": render_html.html(result, "both", hint=HINT_STEP, graded=True),
        "text/plain": render_text.plain(result, "both", hint=HINT_STEP, graded=True),
    }
    points = {"text/plain": repr(round(float(result.score), 6))}
    return [display(shown), show_result(points)]


def _clean_prose(cell: NotebookNode, released: Released) -> None:
    if released.unchanged(cell) and "attachments" not in cell:
        return
    if cell.cell_type == "raw":
        cell["metadata"] = NotebookNode()  # without a MIME type a raw cell is shown nowhere
        return
    cell["source"], attachments = clean_markdown(cell.source, cell.get("attachments"))
    cell.pop("attachments", None)
    if attachments:
        cell["attachments"] = attachments


def _box(title: Text, sentences: Iterable[Text], hue: str) -> str:
    """A framed list of sentences as one HTML block, without a blank line that would end it."""
    columns = []
    several = tuple(sentences)
    for code in ("en", "zh"):
        items = "".join(f"<li>{html.escape(getattr(s, code))}</li>" for s in several)
        columns.append(f'<div lang="{code}"><b>{html.escape(getattr(title, code))}</b><ul>{items}</ul></div>')
    return f'<div style="{_BOX.format(hue=hue)}">' + "".join(columns).replace("\n", " ") + "</div>"


def _count(count: object) -> int | None:
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 10**6 else None

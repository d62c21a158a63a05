"""One graded notebook of an assignment: its marks, the notebook that nbgrader keeps, and what its student may see."""

from __future__ import annotations

import copy
import html
import re
from dataclasses import dataclass, field

from nbformat.notebooknode import NotebookNode

from course_lib.text import Text
from grader import cells
from grader.assignment.marks import Mark, mark
from grader.assignment.source import Source
from grader.autograded import REPAIRED_TITLE, UNREADABLE_TITLE, with_boxes
from grader.cleaning import MAX_TOTAL, clean_markdown, clean_outputs
from grader.engine import Event, Run, Task
from grader.opening import Unreadable, open_notebook
from grader.repair import Repaired, repair

PASSED = Text(en="The tests passed.", zh="测试通过。")
PARTLY = Text(en="The tests gave part of the points.", zh="测试给出了部分分数。")
FAILED = Text(en="A test did not pass: {error}", zh="有一个测试没有通过：{error}")
HIDDEN = Text(en="A hidden test did not pass.", zh="有一个隐藏测试没有通过。")
STOPPED = Text(en="The tests were not run to their end.", zh="测试没有运行完。")


@dataclass
class Graded:
    """marks: of test cells, by grade_id; scores: of all graded cells; problem: why the file could not be read."""

    source: Source
    notebook: NotebookNode
    marks: dict[str, Mark] = field(default_factory=dict)
    scores: dict[str, float | None] = field(default_factory=dict)
    unanswered: frozenset[str] = frozenset()
    notes: tuple[Text, ...] = ()
    events: tuple[Event, ...] = ()
    problem: Text | None = None

    def shown(self) -> NotebookNode:
        """The notebook for its student: test cells as they were given out, and of their outcome what was visible."""
        notebook = copy.copy(self.notebook)
        notebook.cells = [self._shown(cell) for cell in self.notebook.cells]
        return notebook

    def _shown(self, cell: NotebookNode) -> NotebookNode:
        key = (cell.metadata.get("nbgrader") or {}).get("grade_id")
        if key not in self.marks:
            return cell
        given = next(iter(self.source.released.variants.get(cell.id, ())), cell.source)
        words = _words(self.marks[key], cell, given)
        about = "".join(f'<p lang="{code}">{html.escape(words.say(code))}</p>' for code in ("en", "zh"))
        cell = copy.deepcopy(cell)
        cell["outputs"] = [cells.display({"text/html": f"<pre>{html.escape(given)}</pre>{about}"})]
        cell.metadata["course"] = {"title": {"en": key, "zh": key}, "verdict": self.marks[key].verdict}
        return cell


def task(repaired: Repaired) -> Task:
    """All code cells in their order; the tests are among them."""
    return Task(tuple(cell.source for cell in repaired.notebook.cells if cell.cell_type == "code"))


def opened(blob: bytes, source: Source) -> Repaired:
    """The submission in the shape of the release, with the instructor's tests. Raises opening.Unreadable."""
    return repair(open_notebook(blob), source.released)


def graded(source: Source, repaired: Repaired, run: Run) -> Graded:
    """The marks of a notebook that was run."""
    notebook = copy.deepcopy(repaired.notebook)
    slots = {slot.cell.id: slot for slot in source.released.slots.values()}
    runs = iter(run.cells)
    result = Graded(source, notebook, unanswered=repaired.unanswered, notes=repaired.notes, events=run.events)
    room = [MAX_TOTAL]
    for cell in notebook.cells:
        slot = slots.get(cell.id)
        if cell.cell_type == "code":
            ran = next(runs)
            cell["outputs"] = clean_outputs(ran.outputs, room)
            if slot is not None and slot.kind == "check":
                result.marks[slot.key] = mark(slot.cell.source, source.released.points(slot.key), ran)
                result.scores[slot.key] = result.marks[slot.key].score
        else:
            cell["source"], attachments = clean_markdown(cell.source, cell.get("attachments"))
            cell.pop("attachments", None)
            if attachments:
                cell["attachments"] = attachments
        if slot is not None and (slot.kind == "written" or _is_task(cell)):
            untouched = slot.kind == "written" and cell.source == slot.cell.source
            result.scores[slot.key] = 0.0 if untouched else None
    result.notebook = with_boxes(notebook, repaired.notes, REPAIRED_TITLE, [e.message for e in run.events])
    return result


def ungraded(source: Source, why: Unreadable | Text) -> Graded:
    """The outcome of a notebook that is missing or cannot be read: nothing in it counts."""
    text = why.text if isinstance(why, Unreadable) else why
    notebook = with_boxes(copy.deepcopy(source.released.notebook), (text,), UNREADABLE_TITLE, [])
    keys = {slot.key: slot for slot in source.released.slots.values() if slot.kind in ("check", "written")}
    marks = {key: Mark(0.0, source.released.points(key), None) for key, slot in keys.items() if slot.kind == "check"}
    answers = frozenset(slot.key for slot in source.released.slots.values() if slot.kind == "solution")
    return Graded(source, notebook, marks, dict.fromkeys(keys, 0.0), answers, (text,), problem=text)


def _is_task(cell: NotebookNode) -> bool:
    return bool((cell.metadata.get("nbgrader") or {}).get("task"))


def _words(outcome: Mark, cell: NotebookNode, given: str) -> Text:
    """What a student is told of a test cell: an error only where a test that they can see raised it."""
    if outcome.score is not None and outcome.score >= outcome.points:
        return PASSED
    if outcome.score:
        return PARTLY
    error = next((output for output in cell.outputs if output.output_type == "error"), None)
    if error is None:
        return STOPPED
    lines = [line.strip() for line in given.splitlines() if line.strip()]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
    here = [line for line in plain.splitlines() if line.lstrip().startswith("---->")]
    seen = any(visible in line for line in here[:1] for visible in lines)
    return FAILED.format(error=f"{error.ename}: {error.evalue}"[:300]) if seen else HIDDEN

"""Puts a submission back into the shape of the release, and says what it repaired.

What a student may not change comes from the release: check cells, metadata, ids, kernel. What they may change is
theirs: answers, other cells, cells of their own. The rules, in order:

1. A cell is recognised by nbgrader's grade_id, unless its code defines another exercise's functions and not its own;
   then by the id of a cell that is no answer; then, for an exercise with no answer yet, by what its code defines.
2. Of several cells for one exercise the last one that parses, defines what it should and is not the placeholder
   wins: that is the one a notebook run from top to bottom would end with. The others stay as plain cells, unless they
   are placeholders.
3. What is missing is put back, behind the cell it follows in the release. Cells that count and are out of order are
   moved, as few as possible; a student's own cells stay where they are.
"""

from __future__ import annotations

import ast
import copy
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_notebook

from course_lib.text import Text
from grader.dependencies import bound_names
from grader.ordering import Line, completed, ordered
from grader.released import Released, Slot

EDITED = Text(
    en="Changed cells that may not change were restored: {keys}.", zh="不允许修改的单元格被改动过，已恢复：{keys}。"
)
DUPLICATES = Text(
    en="Several cells answered the same exercise; the last complete one was graded: {keys}.",
    zh="同一道练习有多个作答单元格，以最后一个完整的为准：{keys}。",
)
FOUND = Text(
    en="Answers were found by what they define, because their marks were lost: {keys}.",
    zh="作答单元格的标记丢失了，已根据所定义的内容找到：{keys}。",
)
METADATA = Text(en="Changed cell metadata was restored: {keys}.", zh="单元格的元数据被改动过，已恢复：{keys}。")
LANGUAGE = Text(
    en="The notebook's kernel was set to {keys}; it was set back to Python.",
    zh="笔记本的内核被改成了 {keys}，已恢复为 Python。",
)


@dataclass(frozen=True)
class Repaired:
    """A repaired notebook. notes: what was repaired. unanswered: exercises that still hold their placeholder.

    again: exercises whose functions a student's own cell defines anew further down; the answer is run once more.
    elsewhere: exercises that hold their placeholder while another cell answers them, as one cell may answer several.
    """

    notebook: NotebookNode
    notes: tuple[Text, ...]
    unanswered: frozenset[str]
    again: tuple[str, ...] = ()
    elsewhere: frozenset[str] = frozenset()


def repair(opened: NotebookNode, released: Released) -> Repaired:
    """The submission in the shape of the release. ``opened`` comes from grader.opening and is not changed."""
    cells = [copy.deepcopy(cell) for cell in opened.cells]
    changes: dict[Text, list[str]] = {}

    def note(text: Text, key: str) -> None:
        changes.setdefault(text, []).append(key)

    places = _recognise(cells, released)
    chosen: dict[int, Slot] = {}
    dropped: set[int] = set()
    for key, candidates in places.items():
        slot = released.slots[key]
        best = _best(cells, candidates, slot)
        chosen[best] = slot
        if len(candidates) > 1:
            note(DUPLICATES if slot.kind == "solution" else EDITED, key)
        dropped |= {i for i in candidates if i != best and _worthless(cells[i], slot)}
        if _marks(cells[best]) is None and slot.kind != "setup":
            note(FOUND, key)
        elif _marks_changed(cells[best], slot):
            note(METADATA, key)
        if slot.kind in ("check", "locked") and not released.as_given(slot, cells[best].source):
            note(EDITED, key)

    line: Line = []
    for index, cell in enumerate(cells):
        if index in chosen:
            line.append((chosen[index], _restored(cell, chosen[index], released.unchanged(cell))))
        elif index not in dropped:
            line.append((None, cell))
    line = ordered(line, list(released.slots), note)
    line = completed(line, released.slots, note)
    if opened.metadata.get("language", "python").lower() not in ("python", "ipython", "python3"):
        note(LANGUAGE, opened.metadata["language"])
    return _finish(line, released, changes)


def _recognise(cells: Sequence[NotebookNode], released: Released) -> dict[str, list[int]]:
    """Indices of the candidates for each slot that has any."""
    places: dict[str, list[int]] = {}
    by_definition: dict[str, list[int]] = {}
    by_id = {slot.cell.id: slot for slot in released.slots.values()}
    for index, cell in enumerate(cells):
        key = (_marks(cell) or {}).get("grade_id")
        slot = released.slots.get(key) if isinstance(key, str) else None
        binds = bound_names(cell.source) if cell.cell_type != "markdown" or slot is not None else set()
        defined = [s.key for s in released.slots.values() if s.names and s.names <= binds]
        if slot is not None and slot.kind in ("solution", "check") and defined and slot.key not in defined:
            slot = released.slots[defined[0]]
        if slot is None and cell.id in by_id and by_id[cell.id].kind != "solution":
            slot = by_id[cell.id]
        if slot is not None:
            places.setdefault(slot.key, []).append(index)
        elif cell.cell_type == "code":
            for name in defined:
                by_definition.setdefault(name, []).append(index)
    taken: set[int] = set()
    for key, found in by_definition.items():
        slot, marked = released.slots[key], places.get(key, [])
        if not any(_quality(cells[i], slot) == 2 for i in marked) and (free := [i for i in found if i not in taken]):
            places[key] = sorted([*marked, *free])
            taken |= set(free)
    return places


def _quality(cell: NotebookNode, slot: Slot) -> int:
    """2: a whole answer; 1: something of the student's; 0: the placeholder, or nothing."""
    if not cell.source.strip() or cell.source.strip() == slot.cell.source.strip():
        return 0
    return 2 if slot.names <= bound_names(cell.source) and _parses(cell.source) else 1


def _best(cells: Sequence[NotebookNode], candidates: Sequence[int], slot: Slot) -> int:
    if slot.kind == "solution":
        return max(candidates, key=lambda i: (_quality(cells[i], slot), i))
    return candidates[-1]


def _worthless(cell: NotebookNode, slot: Slot) -> bool:
    return slot.kind in ("check", "locked", "setup") or _quality(cell, slot) == 0


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "%" in source or "!" in source  # IPython's own syntax; the kernel will say
    return True


def _marks(cell: NotebookNode) -> dict[str, object] | None:
    marks = cell.metadata.get("nbgrader")
    return marks if isinstance(marks, dict) and isinstance(marks.get("grade_id"), str) else None


def _marks_changed(cell: NotebookNode, slot: Slot) -> bool:
    marks, right = _marks(cell), slot.cell.metadata.get("nbgrader") or {}
    return marks is not None and any(marks.get(k) != right[k] for k in ("grade", "solution", "points") if k in right)


def _restored(cell: NotebookNode, slot: Slot, unchanged: bool) -> NotebookNode:
    whole = copy.deepcopy(slot.cell)
    if slot.kind not in ("check", "locked"):
        whole["source"] = cell.source
    if slot.kind == "setup" and not unchanged:
        whole.metadata.pop("course", None)  # the student's now
    if slot.kind == "written" and "attachments" in cell:
        whole["attachments"] = cell["attachments"]
    return whole


def _finish(line: Line, released: Released, changes: dict[Text, list[str]]) -> Repaired:
    used = {slot.cell.id for slot in released.slots.values()}
    unanswered: set[str] = set()
    shadowed: list[str] = []
    seen: dict[str, frozenset[str]] = {}
    for number, (slot, cell) in enumerate(line):
        if slot is None:
            given = released.cells[cell.id] if cell.id not in used and released.unchanged(cell) else None
            if cell.id in used:
                cell["id"] = f"own-{number}-{uuid.uuid4().hex[:8]}"
            used.add(cell.id)
            if given is not None:
                cell["metadata"] = copy.deepcopy(given.metadata)
                continue
            cell["metadata"] = NotebookNode()
            if cell.cell_type == "code":
                shadowed += [key for key, names in seen.items() if names & bound_names(cell.source)]
        elif slot.kind == "solution":
            seen[slot.key] = slot.names
            if _quality(cell, slot) == 0:
                unanswered.add(slot.key)
    notes = tuple(
        text.format(keys=Text(en=", ".join(dict.fromkeys(keys)), zh="、".join(dict.fromkeys(keys))))
        for text, keys in changes.items()
    )
    notebook = new_notebook(metadata=copy.deepcopy(released.notebook.metadata))
    notebook.cells = [cell for _, cell in line]
    others = [
        bound_names(c.source) for s, c in line if c.cell_type == "code" and (s is None or s.key not in unanswered)
    ]
    names = {key: released.slots[key].names for key in unanswered}
    elsewhere = frozenset(key for key in unanswered if names[key] and any(names[key] <= bound for bound in others))
    again = tuple(key for key in dict.fromkeys(shadowed) if key not in unanswered)
    return Repaired(notebook, notes, frozenset(unanswered) - elsewhere, again, elsewhere)

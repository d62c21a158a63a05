"""Puts a submission back into the shape of the release, and says what it repaired.

What a student may not change comes from the release: check cells, metadata, ids, kernel. What they may change is
theirs: answers, other cells, cells of their own. The rules, in order:

1. A cell is recognised by nbgrader's grade_id, unless its code defines another exercise's functions and not its own;
   then by the cell id of a setup cell; then, for an exercise with no answer yet, by what its code defines.
2. Of several cells for one exercise the last one that parses, defines what it should and is not the placeholder
   wins: that is the one a notebook run from top to bottom would end with. The others stay as plain cells, unless they
   are placeholders.
3. What is missing is put back, behind the cell it follows in the release. Cells that count and are out of order are
   moved, as few as possible; a student's own cells stay where they are.
"""

from __future__ import annotations

import ast
import copy
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_notebook

from course_lib.text import Text
from grader.dependencies import bound_names
from grader.released import Released, Slot

_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")

RESTORED = Text(en="Missing cells were put back: {keys}.", zh="补回了缺失的单元格：{keys}。")
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
MOVED = Text(en="Cells were put back in order: {keys}.", zh="单元格已恢复原来的顺序：{keys}。")
METADATA = Text(en="Changed cell metadata was restored: {keys}.", zh="单元格的元数据被改动过，已恢复：{keys}。")
LANGUAGE = Text(
    en="The notebook's kernel was set to {keys}; it was set back to Python.",
    zh="笔记本的内核被改成了 {keys}，已恢复为 Python。",
)


@dataclass(frozen=True)
class Repaired:
    """A repaired notebook. notes: what was repaired. unanswered: exercises that still hold their placeholder.

    again: exercises whose functions a student's own cell defines anew further down; the answer is run once more.
    """

    notebook: NotebookNode
    notes: tuple[Text, ...]
    unanswered: frozenset[str]
    again: tuple[str, ...] = ()


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
        if slot.kind in ("check", "locked") and cells[best].source != slot.cell.source:
            note(EDITED, key)

    line: list[tuple[Slot | None, NotebookNode]] = []
    for index, cell in enumerate(cells):
        if index in chosen:
            line.append((chosen[index], _restored(cell, chosen[index])))
        elif index not in dropped:
            line.append((None, cell))
    line = _ordered(line, list(released.slots), note)
    line = _completed(line, released, note)
    if opened.metadata.get("language", "python").lower() not in ("python", "ipython", "python3"):
        note(LANGUAGE, opened.metadata["language"])
    return _finish(line, released, changes)


def _recognise(cells: Sequence[NotebookNode], released: Released) -> dict[str, list[int]]:
    """Indices of the candidates for each slot that has any."""
    places: dict[str, list[int]] = {}
    by_definition: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        key = (_marks(cell) or {}).get("grade_id")
        slot = released.slots.get(key) if isinstance(key, str) else None
        binds = bound_names(cell.source) if cell.cell_type != "markdown" or slot is not None else set()
        defined = [s.key for s in released.slots.values() if s.names and s.names <= binds]
        if slot is not None and slot.kind in ("solution", "check") and defined and slot.key not in defined:
            slot = released.slots[defined[0]]
        if slot is None and cell.id in released.slots and released.slots[cell.id].kind == "setup":
            slot = released.slots[cell.id]
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
    return marks if isinstance(marks, dict) and marks.get("grade_id") else None


def _marks_changed(cell: NotebookNode, slot: Slot) -> bool:
    marks, right = _marks(cell), slot.cell.metadata.get("nbgrader")
    return marks is not None and any(marks.get(k) != right[k] for k in ("grade", "solution", "points") if k in right)


def _restored(cell: NotebookNode, slot: Slot) -> NotebookNode:
    whole = copy.deepcopy(slot.cell)
    if slot.kind not in ("check", "locked"):
        whole["source"] = cell.source
    if slot.kind == "written" and "attachments" in cell:
        whole["attachments"] = cell["attachments"]
    return whole


Line = list[tuple[Slot | None, NotebookNode]]


def _ordered(line: Line, order: list[str], note) -> Line:  # type: ignore[no-untyped-def]
    """Moves the cells that count and are out of order behind their predecessor in the release."""
    keys = [slot.key for slot, _ in line if slot is not None]
    staying = _longest_rising([order.index(key) for key in keys])
    stay = {keys[i] for i in staying}
    moving = {slot.key: (slot, cell) for slot, cell in line if slot is not None and slot.key not in stay}
    for key in moving:
        note(MOVED, key)
    line = [item for item in line if item[0] is None or item[0].key in stay]
    for key in order:
        if key in moving:
            line.insert(_behind(line, order, key), moving[key])
    return line


def _completed(line: Line, released: Released, note) -> Line:  # type: ignore[no-untyped-def]
    order = list(released.slots)
    present = {slot.key for slot, _ in line if slot is not None}
    for key in order:
        if key not in present:
            line.insert(_behind(line, order, key), (released.slots[key], copy.deepcopy(released.slots[key].cell)))
            note(RESTORED, key)
    return line


def _behind(line: Line, order: list[str], key: str) -> int:
    """Where a cell goes: behind the nearest cell before it in the release that is there, else at the front."""
    before = set(order[: order.index(key)])
    return max((i + 1 for i, (slot, _) in enumerate(line) if slot is not None and slot.key in before), default=0)


def _longest_rising(numbers: Sequence[int]) -> list[int]:
    """Indices of a longest strictly rising subsequence."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        place = bisect_left(tails, number)
        tails[place : place + 1] = [number]
        ends[place : place + 1] = [index]
        before.append(ends[place - 1] if place else -1)
    path, at = [], ends[-1] if ends else -1
    while at >= 0:
        path.append(at)
        at = before[at]
    return path[::-1]


def _finish(line: Line, released: Released, changes: dict[Text, list[str]]) -> Repaired:
    used = {cell.id for slot, cell in line if slot is not None}
    unanswered, shadowed, seen = set(), [], {}
    for number, (slot, cell) in enumerate(line):
        if slot is None:
            seen_in_release = released.cells.get(cell.id)
            if cell.id in used or not _ID.match(cell.id):
                cell["id"] = f"own-{number}"
            used.add(cell.id)
            same = seen_in_release is not None and seen_in_release.source == cell.source
            cell["metadata"] = copy.deepcopy(seen_in_release.metadata) if same else NotebookNode()
            if cell.cell_type == "code" and not same:
                shadowed += [key for key, names in seen.items() if names & bound_names(cell.source)]
        elif slot.kind == "solution":
            seen[slot.key] = slot.names
            if _quality(cell, slot) == 0:
                unanswered.add(slot.key)
    notes = tuple(
        Text(
            en=text.en.format(keys=", ".join(dict.fromkeys(keys))),
            zh=text.zh.format(keys="、".join(dict.fromkeys(keys))),
        )
        for text, keys in changes.items()
    )
    notebook = new_notebook(cells=[cell for _, cell in line], metadata=copy.deepcopy(released.notebook.metadata))
    again = tuple(key for key in dict.fromkeys(shadowed) if key not in unanswered)
    return Repaired(notebook, notes, frozenset(unanswered), again)

"""Puts the cells that count back in order and puts back those that are missing, moving as few as possible."""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from nbformat.notebooknode import NotebookNode

from course_lib.text import Text
from grader.released import Slot

Line = list[tuple[Slot | None, NotebookNode]]
Note = Callable[[Text, str], None]

RESTORED = Text(en="Missing cells were put back: {keys}.", zh="补回了缺失的单元格：{keys}。")
MOVED = Text(en="Cells were put back in order: {keys}.", zh="单元格已恢复原来的顺序：{keys}。")


def ordered(line: Line, order: list[str], note: Note) -> Line:
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


def completed(line: Line, slots: Mapping[str, Slot], note: Note) -> Line:
    order = list(slots)
    present = {slot.key for slot, _ in line if slot is not None}
    for key in order:
        if key not in present:
            line.insert(_behind(line, order, key), (slots[key], copy.deepcopy(slots[key].cell)))
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

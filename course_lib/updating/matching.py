"""Which cell of a student's notebook is which cell of the course.

In this order: nbgrader's grade_id, the cell's id, an equal text; and where a tool gave every cell a new id, a text that
is much the same. Of several cells for one, the one that would be graded is it; the others are the student's own.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from course_lib.updating.given import Given, GivenNotebook, Tree

ALIKE = 0.6
_DEFINED = re.compile(r"^(?:def|class)\s+(\w+)|^(\w+)\s*=", re.M)


class Matching:
    """found: for each course cell that a notebook has, its index there.

    base: what the notebook was made from, None where that is not known; spoke: its language; language: the wanted one.
    """

    def __init__(
        self, cells: Sequence[Tree], base: GivenNotebook | None, new: GivenNotebook, spoke: str, language: str
    ) -> None:
        self._cells, self._spoke, self._language = cells, spoke, language
        self._versions = [notebook.by_id for notebook in (base, new) if notebook is not None]
        self.ids = list(dict.fromkeys(name for version in self._versions for name in version))
        self.grade_ids = {
            str(cell.marks["grade_id"]): cell.id
            for version in self._versions
            for cell in version.values()
            if "grade_id" in cell.marks
        }
        places = self._recognised()
        self.found = {key: self._best(key, indices) for key, indices in places.items()}

    def as_given(self, key: str, cell: Tree) -> bool:
        """Whether a cell still says what a release said, in any language; or has what nbgrader's checksum is of."""
        return plain(cell["source"]) in self._texts(key) or _has_its_checksum(cell)

    def _texts(self, key: str) -> set[str]:
        return {plain(text) for version in self._versions if key in version for text in version[key].texts.values()}

    def _recognised(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for index, cell in enumerate(self._cells):
            key = self.grade_ids.get(grade_id(cell) or "") or cell.get("id")
            if isinstance(key, str) and any(key in version for version in self._versions):
                places.setdefault(key, []).append(index)
        rest = [i for i in range(len(self._cells)) if all(i not in found for found in places.values())]
        shown = [key for key, given in self._versions[0].items() if {self._spoke, self._language} & set(given.texts)]
        missing = [key for key in shown if key not in places]
        by_text = {text: key for key in reversed(missing) for text in self._texts(key) if text}
        for index in list(rest):
            key = by_text.get(plain(self._cells[index]["source"]))
            if key is not None and key not in places:
                places[key] = [index]
                rest.remove(index)
        if not any(cell.get("id") in self.ids for cell in self._cells):
            there = [key for key in missing if self._spoke in self._versions[0][key].texts]
            self._by_likeness(rest, there, places)
        return places

    def _by_likeness(self, rest: Iterable[int], missing: Iterable[str], places: dict[str, list[int]]) -> None:
        known = {text for key in self.ids for text in self._texts(key)}
        for index in rest:
            if plain(self._cells[index]["source"]) in known:
                continue  # a copy of another cell
            cell, best = self._cells[index], (ALIKE, "")
            for key in missing:
                if key not in places and self._given(key).kind == cell["cell_type"]:
                    likeness = max(_likeness(text, cell["source"]) for text in self._texts(key))
                    best = max(best, (likeness, key))
            if best[1]:
                places[best[1]] = [index]

    def _best(self, key: str, indices: Sequence[int]) -> int:
        """The same choice as the grader's: of several answers the last one that is whole."""
        first = next((i for i in indices if self._cells[i].get("id") == key), indices[0])
        changed = [i for i in indices if not self.as_given(key, self._cells[i])]
        if not (self._given(key).answer and changed):
            return first
        wanted = set().union(*(_defines(text) for text in self._texts(key)))
        whole = [i for i in changed if wanted <= _defines(self._cells[i]["source"])]
        return (whole or changed)[-1]

    def _given(self, key: str) -> Given:
        return next(version[key] for version in reversed(self._versions) if key in version)


def plain(text: str) -> str:
    """A text without what editors and systems change on their own."""
    return text.replace("\r\n", "\n").rstrip()


def grade_id(cell: Tree) -> str | None:
    marks = cell["metadata"].get("nbgrader")
    found = marks.get("grade_id") if isinstance(marks, dict) else None
    return found if isinstance(found, str) else None


def _likeness(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0


def _defines(text: str) -> set[str]:
    return {a or b for a, b in _DEFINED.findall(text)}


def _has_its_checksum(cell: Tree) -> bool:
    """Whether the text is the one that nbgrader's checksum was computed of when the cell was released."""
    marks: Mapping[str, object] = cell["metadata"].get("nbgrader") or {}
    if not isinstance(marks, dict) or not isinstance(marks.get("checksum"), str) or not grade_id(cell):
        return False
    parts = [cell["source"], cell["cell_type"], *(str(bool(marks.get(k))) for k in ("grade", "solution", "locked"))]
    parts.append(str(marks["grade_id"]))
    if marks.get("grade"):
        points = marks.get("points")
        parts.append(str(float(points)) if isinstance(points, int | float) else "")
    digest = hashlib.md5("".join(parts).encode("utf-8", "replace"), usedforsecurity=False)
    return digest.hexdigest() == marks["checksum"]

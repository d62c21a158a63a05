"""A three-way merge of a notebook: what was given, what the student made of it, what the newer release gives.

| the student        | the release  | in the notebook afterwards                                                    |
|--------------------|--------------|-------------------------------------------------------------------------------|
| left it as it was  | anything     | the release's                                                                 |
| changed it         | left it      | the student's                                                                 |
| changed it         | changed it   | the student's, and the release's in a cell of words below it                  |
| changed an import  | changed it   | the release's, and the student's in a cell of its own below it: both run      |
| changed a check    | anything     | the release's, and the student's in a cell of words below it                  |
| changed it         | dropped it   | the student's, as a cell of their own below a word on why                     |
| deleted it         | left it      | nothing, unless it counts (answer, check, imports)                            |
| deleted it         | changed it   | the release's                                                                 |
| added a cell       |              | the student's, behind the same neighbour                                      |

Course cells stand in the release's order. Outputs stay with a text that stayed, in the same language. A cell of words
that shows the release's version is brought up to date, or goes once the student has taken that version over; whatever
the student wrote into it makes it theirs. The same merge once more changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from course_lib.text import Text
from course_lib.updating import words
from course_lib.updating.given import Given, GivenNotebook, Tree, fresh
from course_lib.updating.matching import Matching, grade_id, plain

CORRECTED, ADDED, REMOVED, RETURNED = "corrected", "added", "removed", "returned"
KEPT, CONFLICT, RESTORED, DROPPED = "kept", "conflict", "restored", "dropped"
_RELEASED = ("nbgrader", "deletable", "editable", "course")  # cell metadata that is never the student's
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Event:
    """What happened to a cell: one of the words above, and its id."""

    kind: str
    cell: str


@dataclass(frozen=True)
class Merged:
    notebook: Tree
    events: tuple[Event, ...]


def merge(student: Tree, base: GivenNotebook | None, new: GivenNotebook, language: str, spoke: str) -> Merged:
    """student: as ``opened`` reads it; base: what it was made from, None where that is lost; language: wanted now;
    spoke: the student's notebook's own."""
    return _Merge(student, base, new, language, spoke).merged()


class _Merge:
    def __init__(
        self, student: Tree, base: GivenNotebook | None, new: GivenNotebook, language: str, spoke: str
    ) -> None:
        self.student, self.base, self.new, self.language, self.spoke = student, base, new, language, spoke
        self.beside = {key for cell in student["cells"] if (key := _shows_the_release(cell))}
        self.cells = [cell for cell in student["cells"] if not _shows_the_release(cell)]
        self.matching = Matching(self.cells, base, new, spoke, language)
        self.found = self.matching.found
        self.was = base.by_id if base is not None else {}
        self.shown = {cell.id for cell in self.was.values() if spoke in cell.texts}
        self.events: list[Event] = []

    def merged(self) -> Merged:
        course = {cell.id: made for cell in self.new.cells if (made := list(self._course_cells(cell)))}
        own = self._own_cells(course)
        line = [(False, cell) for cell in own.get(None, [])]
        for key, (first, *below) in course.items():
            line += [(True, first), *((False, cell) for cell in [*below, *own.get(key, [])])]
        cells = self._with_ids(line)
        notebook = {**self.student, "cells": cells, "metadata": self._metadata()}
        minor = notebook.get("nbformat_minor")
        notebook["nbformat_minor"] = max(minor, 5) if isinstance(minor, int) else 5  # ids came with 4.5
        return Merged(notebook, tuple(self.events))

    # The course's cells, in its order

    def _course_cells(self, given: Given) -> Iterator[Tree]:
        """A cell of the release as it stands afterwards, with what has to stand right below it."""
        index = self.found.get(given.id)
        mine = self.cells[index] if index is not None else None
        untouched = mine is None or self.matching.as_given(given.id, mine)
        if self.language not in given.texts and untouched:
            return  # prose of the other language
        text = self._text(given)
        if mine is None:
            if not self._stays_deleted(given):
                self._note_new(given)
                yield fresh(given, text)
        elif untouched:
            self._note_corrected(given, mine)
            yield self._with(given, mine, text)
        elif given.locked:
            self._note(RESTORED, given.id)
            yield self._with(given, mine, text)
            yield _words(given, words.YOUR_CHECK, mine["source"], mine["cell_type"], kept=True)
        elif given.setup and self._corrected(given):
            self._note(CONFLICT, given.id)
            yield self._with(given, mine, text)
            yield _words(given, words.YOUR_SETUP, kept=True)
            yield self._as_own(mine)
        else:
            conflict = self._corrected(given)
            self._note(CONFLICT if conflict else KEPT, given.id)
            yield self._with(given, mine, mine["source"])
            if conflict or given.id in self.beside:
                yield _words(given, words.NEW_VERSION, text, given.kind)

    def _text(self, given: Given) -> str:
        """In the wanted language; where a student changed prose of the other one, in that."""
        return given.texts[self._side(given)]

    def _side(self, given: Given) -> str:
        return self.language if self.language in given.texts else next(iter(given.texts))

    def _corrected(self, given: Given) -> bool:
        """Whether the release changed a cell. Where the base is lost it cannot be known: an answer's stub hardly ever
        changes, and showing it below each answer would only be noise."""
        before = self.was.get(given.id)
        if before is None:
            return self.base is not None or not given.answer
        text = self._text(given)
        return before.texts.get(self._side(given), text) != text

    def _stays_deleted(self, given: Given) -> bool:
        pair = given.partner in self.shown and given.partner not in self.found
        deleted = given.id in self.shown or (given.id in self.was and pair)
        return deleted and not given.counts and not self._corrected(given)

    def _note_corrected(self, given: Given, mine: Tree) -> None:
        marks = self.was[given.id].metadata if given.id in self.was else given.metadata
        if plain(mine["source"]) not in map(plain, given.texts.values()) or dict(marks) != dict(given.metadata):
            self._note(CORRECTED, given.id)

    def _note_new(self, given: Given) -> None:
        if given.id in self.shown:
            self._note(RETURNED, given.id)
        elif given.id not in self.was and self.base is not None:
            self._note(ADDED, given.id)

    def _with(self, given: Given, mine: Tree, text: str) -> Tree:
        """The student's cell in the release's place: its outputs and settings, the release's marks, and a text."""
        as_it_was = plain(text) == plain(mine["source"])
        theirs = as_it_was and not self.matching.as_given(given.id, mine)
        kind = mine["cell_type"] if theirs and not given.counts else given.kind
        made = {**mine, "id": given.id, "cell_type": kind, "source": text, "metadata": self._settings(given, mine)}
        return _with_outputs(made, as_it_was and self.language == self.spoke)

    def _settings(self, given: Given, mine: Tree) -> dict[str, Any]:
        before = self.was[given.id].metadata if given.id in self.was else {}
        made = {
            k: v for k, v in mine["metadata"].items() if k not in _RELEASED and (k not in before or k in given.metadata)
        }
        for name, value in given.metadata.items():
            left_alone = name not in _RELEASED and name in made and before.get(name) == value
            made[name] = made[name] if left_alone else value
        return made

    # The student's cells

    def _own_cells(self, course: dict[str, list[Tree]]) -> dict[str | None, list[Tree]]:
        """The student's own cells by the course cell that they stand behind."""
        keys = {index: key for key, index in self.found.items()}
        own: dict[str | None, list[Tree]] = {}
        behind: str | None = None
        for index, cell in enumerate(self.cells):
            key = keys.get(index)
            if key is None:
                own.setdefault(behind, []).append(self._as_own(cell))
            elif key in self.new.by_id:
                behind = self._neighbour(key, course) or behind
            elif self.matching.as_given(key, cell):
                self._note(REMOVED, key)
            else:
                self._note(DROPPED, key)
                note = _words(self.was[key], words.DROPPED_CELL, kept=True)
                own.setdefault(behind, []).extend([note, self._as_own(cell)])
        return own

    def _neighbour(self, key: str, course: dict[str, list[Tree]]) -> str | None:
        """The course cell that a student's own cell stands behind, if it stood behind this one."""
        partner = self.new.by_id[key].partner
        if partner not in course:
            return key if key in course else None
        order = list(course)
        came = key in course and partner not in self.found and order.index(partner) > order.index(key)
        return partner if key not in course or came else key

    def _as_own(self, cell: Tree) -> Tree:
        """A cell without the marks of the course's: graded is only the course's own."""
        metadata = dict(cell["metadata"])
        if grade_id(cell) in self.matching.grade_ids:
            for name in ("nbgrader", "deletable", "editable"):
                metadata.pop(name, None)
        about = metadata.get("course")
        if isinstance(about, dict) and "beside" in about:
            metadata.pop("course")
        return {**cell, "metadata": metadata}

    def _with_ids(self, line: list[tuple[bool, Tree]]) -> list[Tree]:
        """Every cell with an id of its own; those of the course, of whatever language, go to no other cell."""
        taken = set(self.new.by_id)
        made = []
        for is_course, cell in line:
            name = cell.get("id")
            if not is_course and (not isinstance(name, str) or not _ID.fullmatch(name) or name in taken):
                name = _new_id(cell, taken)
            taken.add(str(name))
            made.append({**cell, "id": name})
        return made

    def _metadata(self) -> dict[str, Any]:
        """The notebook's: the student's kernel stays, unless the release changed its own."""
        mine, new = dict(self.student["metadata"]), self.new.metadata
        before = self.base.metadata if self.base is not None else {}
        for name, value in new.items():
            if name not in mine or before.get(name) != value:
                mine[name] = value
        return mine | {"course": self.new.course(self.language)}

    def _note(self, kind: str, cell: str) -> None:
        self.events.append(Event(kind, cell))


def _with_outputs(cell: Tree, kept: bool) -> Tree:
    """A cell with what its type has: outputs where it is code, and where they may stay."""
    if cell["cell_type"] != "code":
        return {k: v for k, v in cell.items() if k not in ("outputs", "execution_count")}
    made = {k: v for k, v in cell.items() if k != "attachments"}
    if not kept:
        return made | {"outputs": [], "execution_count": None}
    return {"outputs": [], "execution_count": None} | made


def _words(given: Given, heading: Text, text: str = "", kind: str = "markdown", kept: bool = False) -> Tree:
    """A cell of words about a cell. Code in it is only shown: run, it would take the place of the student's.

    kept: it holds something of the student's, so it is theirs from now on.
    """
    head = f"**{heading.en}** | **{heading.zh}**"
    if text and kind == "code":
        longest = max((len(run) for run in re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        text = f"{fence}python\n{text}\n{fence}"
    source = f"{head}\n\n{text}" if text else head
    about = {"kept": given.id} if kept else {"beside": given.id, "text": _digest(source)}
    name = f"{'kept' if kept else 'new'}-{given.id}"[:64]
    return {"cell_type": "markdown", "id": name, "metadata": {"course": about}, "source": source}


def _shows_the_release(cell: Tree) -> str | None:
    """The course cell whose new version a cell of words shows, where nobody wrote into it."""
    about = cell["metadata"].get("course")
    if not isinstance(about, dict) or about.get("text") != _digest(cell["source"]):
        return None
    key = about.get("beside")
    return key if isinstance(key, str) else None


def _new_id(cell: Tree, taken: set[str]) -> str:
    """The same for the same cell, so that a merge of the same files gives the same bytes."""
    for number in range(len(taken) + 1):
        name = "own-" + _digest(f"{number} {cell['cell_type']} {cell['source']}")
        if name not in taken:
            return name
    raise AssertionError("one more name than there are taken ones is free")


def _digest(text: str) -> str:
    return hashlib.sha256(plain(text).encode("utf-8", "surrogatepass")).hexdigest()[:12]

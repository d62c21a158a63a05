"""Made-up lessons, and what releases and students may do to them, for the tests of updates.

An edit is (name, where, what): two numbers that are taken modulo what there is, so that every edit can be done to every
notebook, and a failing history shrinks to a short one.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from course_lib.text import LANGUAGES
from course_lib.updating.given import Given, GivenNotebook, Tree, fresh

Edit = tuple[str, int, int]
RELEASE_EDITS = ("edit", "insert", "delete", "reorder", "points")
STUDENT_EDITS = ("type", "replace", "insert", "insert code", "delete", "move", "copy", "copy id", "run", "fold", "kind")
ROUGH_EDITS = (*STUDENT_EDITS, "lose ids", "lose metadata", "lose marks")


def edits(names: tuple[str, ...], most: int = 6) -> st.SearchStrategy[list[Edit]]:
    return st.lists(st.tuples(st.sampled_from(names), st.integers(0, 40), st.integers(0, 40)), max_size=most)


def prose(name: str, words: str) -> list[Given]:
    return [
        Given(f"{name}-{side}", "markdown", {}, dict.fromkeys((side, "both"), f"{side} {words}"))
        for side in ("en", "zh")
    ]


def code(name: str, words: str, tags: tuple[str, ...] = ()) -> Given:
    texts = {side: f"{words}  # {side}" for side in LANGUAGES}
    return Given(name, "code", {"tags": list(tags)} if tags else {}, texts)


def exercise(name: str, words: str, points: float = 2.0) -> list[Given]:
    marks = {"grade_id": name, "schema_version": 3, "task": False}
    stub = f"def {name}(x):\n    # {words}\n    raise NotImplementedError"
    answer = marks | {"grade": False, "solution": True, "locked": False}
    check = marks | {"grade_id": f"{name}-check", "grade": True, "solution": False, "locked": True, "points": points}
    return [
        Given(name, "code", {"nbgrader": answer}, dict.fromkeys(LANGUAGES, stub)),
        Given(
            f"{name}-check",
            "code",
            {"nbgrader": check, "deletable": False, "editable": False},
            dict.fromkeys(LANGUAGES, f'check("toy.{name}")  # {words}'),
        ),
    ]


def lesson() -> GivenNotebook:
    cells = [*prose("title", "title"), code("imports", "import toy", ("setup",)), *prose("card", "card")]
    cells += [
        *exercise("one", "first"),
        code("show", "print(one(1))"),
        *prose("more", "more"),
        *exercise("two", "second"),
    ]
    return GivenNotebook({"kernelspec": {"name": "python3"}, "course": {"lesson": "01_toy"}}, tuple(cells))


@dataclass
class Release:
    """The lesson as it is now, and how often it was changed."""

    notebook: GivenNotebook = field(default_factory=lesson)
    count: int = 0

    def edit(self, done: list[Edit]) -> None:
        for name, where, what in done:
            self.count += 1
            groups = self._groups()
            self.notebook = replace(self.notebook, cells=tuple(self._edited(name, groups, where, what)))

    def _groups(self) -> list[list[Given]]:
        """What belongs together: prose in two languages, an exercise and its check."""
        groups: dict[str, list[Given]] = {}
        for cell in self.notebook.cells:
            stem = cell.id.removesuffix("-check").removesuffix("-en").removesuffix("-zh")
            groups.setdefault(stem, []).append(cell)
        return list(groups.values())

    def _edited(self, name: str, groups: list[list[Given]], where: int, what: int) -> list[Given]:
        place = where % len(groups) if groups else 0
        if name == "insert" or not groups:
            new = f"new{self.count}"
            made = (prose(new, new), [code(new, new)], exercise(new, new), [code(new, new, ("setup",))])[what % 4]
            groups.insert(place, made)
        elif name == "delete":
            del groups[place]
        elif name == "reorder":
            groups.insert(what % len(groups), groups.pop(place))
        elif name == "points":
            groups[place] = [
                replace(c, metadata={**c.metadata, "nbgrader": {**c.marks, "points": float(what)}})
                if c.marks.get("grade") else c for c in groups[place]
            ]  # fmt: skip
        else:
            sides = LANGUAGES if what % 3 else ("zh",)  # a correction may be one of the Chinese alone
            groups[place] = [replace(c, texts=self._corrected(c, sides)) for c in groups[place]]
        return [cell for group in groups for cell in group]

    def _corrected(self, cell: Given, sides: tuple[str, ...]) -> dict[str, str]:
        paired = len(cell.texts) < len(LANGUAGES)
        return {s: f"{text} v{self.count}" if paired or s in sides else text for s, text in cell.texts.items()}


@dataclass
class Student:
    """A notebook in somebody's hands. typed: every word that they ever wrote."""

    notebook: Tree
    typed: list[str] = field(default_factory=list)
    lost_ids: bool = False

    def words_in(self, notebook: Tree) -> set[str]:
        return {word for word in self.typed if any(word in cell["source"] for cell in notebook["cells"])}

    def edit(self, done: list[Edit]) -> None:
        self.notebook = copy.deepcopy(self.notebook)
        for name, where, what in done:
            self._edit(self.notebook["cells"], name, where, what)

    def _word(self) -> str:
        self.typed.append(f"<word {len(self.typed)}>")
        return self.typed[-1]

    def _edit(self, cells: list[Tree], name: str, where: int, what: int) -> None:
        place = where % len(cells) if cells else 0
        if name.startswith("insert") or not cells:
            kind = "code" if name == "insert code" else "markdown"
            cells.insert(place, fresh(Given(f"mine{len(self.typed)}", kind, {}, {}), self._word()))
        elif name == "delete":
            del cells[place]
        elif name == "move":
            cells.insert(what % len(cells), cells.pop(place))
        elif name.startswith("copy"):
            twin = copy.deepcopy(cells[place])
            twin["id"] = twin.get("id", "none") if name == "copy id" else f"copy{len(self.typed)}-{where}-{what}"
            cells.insert(what % len(cells), twin)
        elif name == "run":
            for cell in cells:
                if cell["cell_type"] == "code":
                    cell |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": str(what)}]}
        elif name == "lose ids":
            self.lost_ids = True
            for cell in cells:
                cell.pop("id", None)
        elif name == "lose metadata":
            self.notebook["metadata"] = {}
        else:
            self._change(cells[place], name)

    def _change(self, cell: Tree, name: str) -> None:
        if name == "type":
            cell["source"] += f"\n{self._word()}"
        elif name == "replace":
            cell["source"] = self._word()
        elif name == "fold":
            cell["metadata"]["collapsed"] = True
        elif name == "lose marks":
            cell["metadata"] = {}
        elif name == "kind":
            cell["cell_type"] = "raw"
            for key in ("outputs", "execution_count"):
                cell.pop(key, None)


def sources(notebook: Tree) -> list[str]:
    return [cell["source"] for cell in notebook["cells"]]


def cell(notebook: Tree, name: str) -> Any:
    """The only cell of an id."""
    (found,) = [cell for cell in notebook["cells"] if cell["id"] == name]
    return found

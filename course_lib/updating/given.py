"""What a release gave to its students: each notebook's cells in all three languages, in one small file of the bundle.

``course_lib/released/NN_slug.json`` (and ``START.json``, ``files.json``) are the same, byte for byte, whatever language
the bundle is in. From them come the base of every merge, and the bundle in another language.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from course_lib.text import LANGUAGES

FOLDER = "course_lib/released"
FILES = f"{FOLDER}/files.json"  # the files that are no notebooks and depend on the language
SCHEMA_VERSION = 1
_SIDE = re.compile(r"(.+)-(en|zh)")

Tree = dict[str, Any]  # JSON


@dataclass(frozen=True)
class Given:
    """One cell. texts: its source in each language in which it occurs."""

    id: str
    kind: str
    metadata: Mapping[str, Any]
    texts: Mapping[str, str]

    @property
    def marks(self) -> Mapping[str, Any]:
        return self.metadata.get("nbgrader") or {}

    @property
    def locked(self) -> bool:
        return bool(self.marks.get("locked"))

    @property
    def answer(self) -> bool:
        """Whether a student's answer belongs into it."""
        return bool(self.marks.get("solution"))

    @property
    def setup(self) -> bool:
        return not self.marks and "setup" in self.metadata.get("tags", ())

    @property
    def counts(self) -> bool:
        """Whether a notebook without it could not be graded."""
        return bool(self.marks) or self.setup

    @property
    def partner(self) -> str | None:
        """For prose in a pair: the id of the cell in the other language."""
        side = _SIDE.fullmatch(self.id)
        if side is None or len(self.texts) == len(LANGUAGES):
            return None
        return f"{side[1]}-{'zh' if side[2] == 'en' else 'en'}"


@dataclass(frozen=True)
class GivenNotebook:
    """A notebook of a release, in all languages at once. metadata: the notebook's own, without the language."""

    metadata: Mapping[str, Any]
    cells: tuple[Given, ...]

    @cached_property
    def by_id(self) -> dict[str, Given]:
        return {cell.id: cell for cell in self.cells}

    @cached_property
    def digest(self) -> str:
        """Changes with anything that a student was given; a notebook carries it in its metadata."""
        cells = json.dumps([_cell_as_json(cell) for cell in self.cells], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(cells.encode("utf-8")).hexdigest()[:16]

    def course(self, language: str) -> Tree:
        """The notebook's ``course`` metadata."""
        return {**self.metadata.get("course", {}), "given": self.digest, "language": language}

    def render(self, language: str) -> Tree:
        """The notebook as students of a language get it, as JSON."""
        return {
            "cells": [fresh(cell, cell.texts[language]) for cell in self.cells if language in cell.texts],
            "metadata": {**self.metadata, "course": self.course(language)},
            "nbformat": 4,
            "nbformat_minor": 5,
        }


def fresh(cell: Given, text: str) -> Tree:
    """A cell with nothing of a student's in it."""
    made: Tree = {"cell_type": cell.kind, "id": cell.id, "metadata": dict(cell.metadata), "source": text}
    return made | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})


def gathered(notebooks: Mapping[str, Tree]) -> GivenNotebook:
    """A notebook from what it is in each language. Raises ValueError where only the text may differ and more does."""
    texts: dict[str, dict[str, str]] = {}
    heads: dict[str, tuple[str, Tree]] = {}
    for language in LANGUAGES:
        for cell in notebooks[language]["cells"]:
            head = heads.setdefault(cell["id"], (cell["cell_type"], cell["metadata"]))
            if head != (cell["cell_type"], cell["metadata"]):
                raise ValueError(f"cell {cell['id']} differs between the languages in more than its text")
            texts.setdefault(cell["id"], {})[language] = cell["source"]
    ids = [cell["id"] for cell in notebooks["both"]["cells"]]
    if set(ids) != set(heads):
        raise ValueError(f"cells of one language are not in both: {', '.join(sorted(set(heads) - set(ids)))}")
    metadata = dict(notebooks["both"]["metadata"])
    course = {k: v for k, v in metadata.get("course", {}).items() if k != "language"}
    return GivenNotebook(metadata | {"course": course}, tuple(Given(i, *heads[i], texts[i]) for i in ids))


def as_bytes(given: GivenNotebook) -> bytes:
    tree = {
        "schema_version": SCHEMA_VERSION,
        "metadata": given.metadata,
        "cells": list(map(_cell_as_json, given.cells)),
    }
    return _dumped(tree)


def read(blob: bytes) -> GivenNotebook:
    """Raises ValueError where the bytes are not what ``as_bytes`` wrote."""
    try:
        tree = _loaded(blob)
        return GivenNotebook(dict(tree["metadata"]), tuple(map(_cell, tree["cells"])))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def files_as_bytes(files: Mapping[str, Mapping[str, str]]) -> bytes:
    """files: the text of each in each language."""
    return _dumped({"schema_version": SCHEMA_VERSION, "files": files})


def read_files(blob: bytes) -> dict[str, dict[str, str]]:
    """Raises ValueError where the bytes are not what ``files_as_bytes`` wrote."""
    try:
        return {
            str(name): {side: str(texts[side]) for side in LANGUAGES} for name, texts in _loaded(blob)["files"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def _cell_as_json(cell: Given) -> Tree:
    made: Tree = {"id": cell.id, "cell_type": cell.kind, "metadata": cell.metadata}
    if len(set(cell.texts.values())) > 1:
        return made | {"source": dict(cell.texts)}
    made["source"] = next(iter(cell.texts.values()))
    return made if len(cell.texts) == len(LANGUAGES) else made | {"in": _in_order(cell.texts)}


def _cell(tree: Tree) -> Given:
    source = tree["source"]
    sides: Iterable[str] = source if isinstance(source, dict) else tree.get("in", LANGUAGES)
    texts = {side: source[side] if isinstance(source, dict) else source for side in sides}
    if not texts or set(texts) - set(LANGUAGES) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError(f"cell {tree['id']} has no text")
    return Given(str(tree["id"]), str(tree["cell_type"]), dict(tree["metadata"]), texts)


def _in_order(languages: Iterable[str]) -> list[str]:
    return sorted(languages, key=LANGUAGES.index)


def _dumped(tree: Tree) -> bytes:
    return (json.dumps(tree, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def _loaded(blob: bytes) -> Any:
    tree = json.loads(blob.decode("utf-8"))
    if tree["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"schema_version is {tree['schema_version']}, not {SCHEMA_VERSION}")
    return tree

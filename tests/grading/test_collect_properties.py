"""Whatever a place holds, each of its files is accounted for exactly once, and no two runs differ."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.arrivals import shown
from grader.collect import collect
from tests.grading.odd_files import LESSONS, NOTEBOOK, ROSTER, SECOND, account, zipped

FILES = [
    *(
        "01_toy.ipynb",
        "02_more.ipynb",
        "01_toy (1).ipynb",
        "homework.ipynb",
        "odd.ipynb.zip",
        "é.ipynb",
        "x\x1b[2J.ipynb",
    ),
    *("ann_01_toy.ipynb", "20260001_01_toy.ipynb", "王小明_02_more.ipynb.txt", "leeann_4713_9913_01_toy.ipynb"),
    *("leeann_LATE_4712_9912_01_toy-1.ipynb", "Ann Lee_4711_assignsubmission_file_01_toy.ipynb"),
    *("timestamp.txt", "notes.pdf", "work.rar", ".DS_Store", "._x", "course.json", "students.csv"),
]
FOLDERS = [
    *("ann", "bo", "01_toy", "02_more", "submitted", "notebooks", "course_lib", ".ipynb_checkpoints", "__MACOSX"),
    *("王小明", "20260002", "work", "week 1"),
    *("Ann Lee_4711_assignsubmission_file_", "Ann Lee_4711_assignsubmission_onlinetext_"),
]
ZIPS = ["a.zip", "ann.zip", "leeann_4712_9912_work.zip", "王小明.zip", "01_toy.ipynb.zip", "B.ZIP"]
BYTES = [NOTEBOOK, SECOND, b"", b"{", b"PK\x03\x04 no zip"]

# A tree is a dictionary; under a zip's name stands a list of one, the archive's tree.
LEAVES = st.dictionaries(st.sampled_from(FILES), st.sampled_from(BYTES), max_size=5)


def level(below: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    folders = st.dictionaries(st.sampled_from(FOLDERS), below, max_size=3)
    archives = st.dictionaries(st.sampled_from(ZIPS), below.map(lambda tree: [tree]), max_size=2)
    return st.tuples(LEAVES, folders, archives).map(lambda several: {**several[0], **several[1], **several[2]})


TREES = level(level(level(LEAVES)))


def packed(tree: dict[str, Any]) -> bytes:
    return zipped(dict(members(tree, ())))


def members(tree: dict[str, Any], above: tuple[str, ...]) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for name, what in tree.items():
        path = (*above, name)
        if isinstance(what, dict):
            found += members(what, path)
        else:
            found.append(("/".join(path), packed(what[0]) if isinstance(what, list) else what))
    return found


def write(root: Path, tree: dict[str, Any]) -> None:
    root.mkdir(exist_ok=True)
    for name, what in tree.items():
        if isinstance(what, dict):
            write(root / name, what)
        else:
            (root / name).write_bytes(packed(what[0]) if isinstance(what, list) else what)


def leaves(tree: dict[str, Any], above: tuple[str, ...] = ()) -> list[str]:
    """All files, those in archives too; an archive with none is one itself."""
    found: list[str] = []
    for name, what in tree.items():
        path = (*above, name)
        below = leaves(what if isinstance(what, dict) else what[0], path) if isinstance(what, (dict, list)) else []
        found += below if below or isinstance(what, dict) else [shown(path)]
    return found


def check(tree: dict[str, Any], place: Path, with_roster: bool) -> None:
    said = account(collect(place, LESSONS, roster=ROSTER if with_roster else None))
    for leaf in leaves(tree):
        covering = [name for name in said if leaf == name or leaf.startswith(f"{name}/")]
        assert len(covering) == 1, (leaf, covering)
    files = leaves(tree)
    for name, what in said.items():
        empty = what in ("NOTHING", "ignored: SYSTEM")
        assert empty or any(leaf == name or leaf.startswith(f"{name}/") for leaf in files), name
    taken = [line for line in said.values() if line.removesuffix(" late").endswith(tuple(LESSONS))]
    assert len({line.removesuffix(" late") for line in taken}) == len(taken)
    assert account(collect(place, LESSONS, roster=ROSTER if with_roster else None)) == said


@settings(max_examples=200, deadline=None)
@given(TREES, st.booleans(), st.booleans())
def test_every_file_is_accounted_for_exactly_once(tree: dict[str, Any], as_zip: bool, with_roster: bool) -> None:
    tree.pop("submitted", None)  # where it stands at the top, only what is in it is meant
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / ("class.zip" if as_zip else "class")
        if not as_zip:
            write(place, tree)
            check(tree, place, with_roster)
        elif leaves(tree):
            place.write_bytes(packed(tree))
            check(tree, place, with_roster)


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_archive_stops_nothing(tmp_path: Path, seed: int) -> None:
    """Some bytes of a zip are changed: what is left is still accounted for, each file once, and nothing is raised."""
    dice = random.Random(seed)
    inner = packed({"01_toy.ipynb": NOTEBOOK, "02_more.ipynb": SECOND})
    whole = zipped({"ann/01_toy.ipynb": NOTEBOOK, "bo.zip": inner, "ci/notes.pdf": b"x"})
    place = tmp_path / "class"
    place.mkdir()
    for _ in range(60):
        blob = bytearray(whole)
        for _ in range(dice.randrange(1, 6)):
            blob[dice.randrange(len(blob))] = dice.randrange(256)
        (place / "damaged.zip").write_bytes(blob)
        found = collect(place, LESSONS)
        assert all(name.startswith("damaged.zip") for name in account(found))
        assert account(found)
        for submission in found.submissions:
            assert submission.read()

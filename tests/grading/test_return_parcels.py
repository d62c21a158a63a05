"""The zips carry each page under the name by which its platform knows the student."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader.receipts import Receipt
from grader.returning import Wanted, parcels, return_class
from tests.grading import toy
from tests.grading.returned import ANN, CANVAS_FILE, ROSTER, WANG


def receipt(file: str) -> Receipt:
    return Receipt("ann", "01_toy", file, "0", 3, "cpu", "x", [], {})


def moodles(path: str) -> tuple[str, str] | None:
    """As Moodle reads a path: the participant's number and the name of the feedback file; None where it sees nobody."""
    parts = path.split("/")
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            return info[1], "/".join([*filter(None, info[4:]), *parts])
    return None


def canvases(path: str) -> tuple[str, str]:
    """As Canvas reads a name: the first two numbers between lines."""
    numbers = [part for part in path.split("/")[-1].split("_") if re.fullmatch(r"\d+", part)]
    return numbers[0], numbers[1]


@pytest.mark.parametrize(
    "file",
    [
        "王小明_4711_assignsubmission_file_/01_toy.ipynb",
        "王小明_4711_assignsubmission_file/01_toy.ipynb",
        "王小明_4711_assignsubmission_file_01_toy.ipynb",
        "Ann_Lee_4711_assignsubmission_file_/work.zip/01_toy.ipynb",
        "class.zip/Ann: Lee?_4711_assignsubmission_file_/leeann_1_2_01_toy.ipynb",
        "Participant_4711_assignsubmission_file_/01_toy.ipynb",
    ],
)
def test_moodle_finds_the_participant(file: str) -> None:
    name = parcels.member("moodle", receipt(file), "x", "4711")
    assert name is not None
    assert moodles(name) == ("4711", "feedback.html")
    assert not re.search(r'[\\:*?"<>|]', name)  # or Windows could not unpack it
    assert parcels.member("canvas", receipt(file), "x", "4711") is None


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (CANVAS_FILE, CANVAS_FILE),
        ("leeann_LATE_4712_9912_01_toy-2.ipynb", "leeann_LATE_4712_9912_01_toy-2.ipynb"),
        ("download/leeann_4712_9912_work.zip/work/01_toy.ipynb", "leeann_4712_9912_work.zip"),
    ],
)
def test_canvas_gets_the_name_as_it_was_downloaded(file: str, expected: str) -> None:
    name = parcels.member("canvas", receipt(file), "x", "")
    assert name == expected
    assert canvases(name) == ("4712", "9912")
    assert parcels.member("moodle", receipt(file), "x", "") is None


def test_moodles_worksheet_may_tell_the_number() -> None:
    name = parcels.member("moodle", receipt("ann/01_toy/01_toy.ipynb"), "Ann_Lee/..", "77")
    assert name is not None
    assert moodles(name) == ("77", "feedback.html")
    assert ".." not in name.split("/")
    assert parcels.member("canvas", None, "x", "") is None


def test_a_class_is_packed_for_both(class_out: Path) -> None:
    return_class(class_out, Wanted(roster=ROSTER))
    with zipfile.ZipFile(class_out / "return/feedback-moodle.zip") as archive:
        (name,) = archive.namelist()
        assert moodles(name) == ("4711", "feedback.html")
        assert archive.read(name) == (class_out / f"return/feedback/{WANG}.html").read_bytes()
    with zipfile.ZipFile(class_out / "return/feedback-canvas.zip") as archive:
        assert archive.namelist() == [CANVAS_FILE]
        # Canvas shows it as 01_toy.ipynb, so that is what it has to be.
        notebook = nbformat.reads(archive.read(CANVAS_FILE).decode(), 4)
    nbformat.validate(notebook)
    said = "\n".join(cell.source for cell in notebook.cells)
    assert {cell.cell_type for cell in notebook.cells} == {"markdown"}
    for words in ("| Doubling | 0 / 3 |", "| **Total** | **2 / 5** |", "Which sign?", "Smallest failing case"):
        assert words in said
    assert not re.search("[\u4e00-\u9fff]", said)  # hers is in English
    assert ANN not in json.dumps(notebook)


def test_what_canvas_calls_an_archive_is_one(class_out: Path) -> None:
    page = parcels.content("leeann_4712_9912_work.zip", b"<html>", {})
    with zipfile.ZipFile(io.BytesIO(page)) as archive:
        assert archive.read("feedback.html") == b"<html>"
    assert parcels.content("leeann_4712_9912_a.txt", b"<html>", {}) == b"<html>"


def test_the_same_pages_make_the_same_zip() -> None:
    one, two = {"a": b"1", "b": b"2"}, {"b": b"2", "a": b"1"}
    assert parcels.packed(one) == parcels.packed(two)


def test_each_lesson_has_its_own_where_there_are_several(class_out: Path) -> None:
    return_class(class_out, Wanted(roster=ROSTER))
    with Gradebook(f"sqlite:///{class_out / 'gradebook.db'}") as db:
        db.add_assignment("02_more")
        with db.db.no_autoflush:
            db.add_submission("02_more", WANG)
    return_class(class_out, Wanted(toy.LESSON, roster=ROSTER))
    names = {path.name for path in (class_out / "return").glob("*.zip")}
    assert names == {"feedback-canvas-01_toy.zip", "feedback-moodle-01_toy.zip"}  # numbers are an assignment's own

"""What an instructor downloads: zips as Moodle and Canvas name the files in them, and the tables that they export."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile

from tests.browser.term.students import Answered, Member


def moodle_zip(answers: list[Answered]) -> bytes:
    """A folder for each student; one of them typed a word into the page as well, one sent a picture."""
    files = {}
    for number, one in enumerate(answers):
        label = f"{one.member.name}_{one.member.moodle}_assignsubmission"
        files[f"{label}_file_/{one.lesson}.ipynb"] = one.blob
        if number == 0:
            files[f"{label}_onlinetext_/onlinetext.html"] = b"<p>hello</p>"
        if number == 1:
            files[f"{label}_file_/photo.png"] = b"\x89PNG"
    return _zip(files)


def canvas_zip(answers: list[Answered]) -> bytes:
    """All in one folder; two handed in twice, one too late."""
    files = {}
    for number, one in enumerate(answers):
        late = "LATE_" if number == 2 else ""
        label = f"{_squashed(one.member.name)}_{late}{one.member.canvas}"
        if number in (3, 4):
            files[f"{label}_{70_000 + number}_{one.lesson}.ipynb"] = b"{}"
            files[f"{label}_{80_000 + number}_{one.lesson}-1.ipynb"] = one.blob
        else:
            files[f"{label}_{70_000 + number}_{one.lesson}.ipynb"] = one.blob
    return _zip(files)


def roster_csv(class_: list[Member]) -> str:
    head = ["id", "name", "email", "moodle", "canvas", "language"]
    return _csv([head, *([m.id, m.name, m.email, str(m.moodle), str(m.canvas), m.language] for m in class_)])


def canvas_export(class_: list[Member], column: str, points: float) -> str:
    """The gradebook that Canvas exports, with an empty column to fill in."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column]
    possible = ["    Points Possible", "", "", "", "", str(points)]
    return _csv([head, possible, *([m.name, str(m.canvas), m.id, m.email, "A", ""] for m in class_)])


def moodle_worksheet(class_: list[Member], points: float) -> str:
    """The worksheet that Moodle's assignment page offers for grading offline."""
    head = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade", "Grade can be changed"]
    head += ["Last modified (submission)", "Last modified (grade)", "Feedback comments"]
    rows = [
        [f"Participant {m.moodle}", m.name, m.email, "Submitted for grading", "", f"{points:.2f}", "Yes", "", "-", ""]
        for m in class_
    ]
    return _csv([head, *rows])


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _squashed(name: str) -> str:
    """Canvas: family name first, small letters, nothing between."""
    if " " in name:
        given, _, family = name.partition(" ")
        name = family + given
    return re.sub(r"[^\w]", "", unicodedata.normalize("NFC", name)).lower()


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, blob in files.items():
            archive.writestr(name, blob)
    return out.getvalue()

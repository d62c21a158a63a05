"""The gradebook's students get back the names that people have."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from grader.gradebook import Book
from grader.returning.people import People


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("小明", "王", "王小明"),
        ("𠮷", "田", "田𠮷"),  # beyond the first 65536 characters
        ("买买提", "阿不都·", "阿不都·买买提"),
        ("Ann", "Lee", "Ann Lee"),
        ("", "Plato", "Plato"),
        ("", "", ""),
    ],
)
def test_a_name_is_put_together_as_its_language_does(tmp_path: Path, first: str, last: str, name: str) -> None:
    with Book.at(tmp_path / "gradebook.db"):
        pass  # made by us: nbgrader alone would start a program by its name
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as db:
        db.add_student("s1", first_name=first or None, last_name=last or None)
    with Book.at(tmp_path / "gradebook.db") as book:
        assert People.of(book, (), None)["s1"].name == name

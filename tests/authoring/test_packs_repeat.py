"""A pack has the same bytes whenever it is made: a rebuild changes nothing that nobody changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_lib.checking import packs
from grader.course import find_course
from grader.lesson import read_lesson
from grader.packing import make_pack
from grader.reference import load_exercises

DICEY = ("data", "lenet")  # their answers make temporary files, and draw from Python's own dice


def made(slug: str, folder: Path) -> dict[str, bytes]:
    lesson = read_lesson(find_course().lesson(slug).source)
    paths = [packs.write_pack(make_pack(lesson, name, spec), folder) for name, spec in load_exercises(lesson).items()]
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.parametrize(
    "slug",
    [
        ref.slug if ref.slug in DICEY else pytest.param(ref.slug, marks=pytest.mark.long)
        for ref in find_course().lessons()
    ],
)
def test_the_same_bytes_again(slug: str, tmp_path: Path) -> None:
    first, second = made(slug, tmp_path / "a"), made(slug, tmp_path / "b")
    assert first
    assert [name for name in first if first[name] != second.get(name)] == []

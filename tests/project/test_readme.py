"""Both READMEs list every lesson under its own title."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.course import LessonRef, find_course
from grader.lesson import read_lesson

ROOT = Path(__file__).resolve().parents[2]
REFS = find_course().lessons()


def rows(file: str) -> dict[int, str]:
    """The lessons' titles in a README, by number."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return {int(number): title for number, title in re.findall(r"^\| (\d\d) \| (.+?) \| .+ \|$", text, re.MULTILINE)}


@pytest.mark.parametrize("ref", REFS, ids=lambda ref: ref.id)
@pytest.mark.parametrize(("file", "language"), [("README.md", "en"), ("README.zh.md", "zh")])
def test_a_lesson_stands_in_the_readme_under_its_title(ref: LessonRef, file: str, language: str) -> None:
    heading = read_lesson(ref.source).pair("title")[language].source.splitlines()[0]
    title = re.sub(r"^# (Lesson \d\d\. |第 \d\d 课：)", "", heading)
    assert rows(file)[ref.number] == title


@pytest.mark.parametrize("file", ["README.md", "README.zh.md"])
def test_the_readme_lists_no_lesson_that_is_not_there(file: str) -> None:
    assert set(rows(file)) == {ref.number for ref in REFS}

"""One title, and no level left out, in every notebook that students get and in each of its languages."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt

from grader.course import find_course
from grader.lesson import read_lesson
from grader.notebook import to_notebook
from grader.start_page import start_page
from tests.accessible.pages import outline

COURSE = find_course()
read = cache(read_lesson)
LESSONS = [ref.id for ref in COURSE.lessons()]
ONE_POINT: dict[str, float] = defaultdict(lambda: 1.0)
MARKDOWN = MarkdownIt("commonmark")


def headings(source: str) -> list[tuple[int, str]]:
    """(level, words) of the headings in a text, written with # or underlined; a # in a block of code is none."""
    pairs = pairwise(MARKDOWN.parse(source))
    return [(int(token.tag[1]), inner.content) for token, inner in pairs if token.type == "heading_open"]


def by_language(notebook: Any) -> dict[str, list[tuple[int, str]]]:
    """The headings as a reader of one language meets them: in a notebook in both, each side is an outline of its own.

    A cell's language stands at the end of its id; a cell of no language (a written answer) belongs to each.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    sides = {cell.id[-2:] for cell in notebook.cells if re.search("-(en|zh)$", cell.id)}
    for side in sorted(sides):
        cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        own = [cell for cell in cells if cell.id.endswith(f"-{side}") or not re.search("-(en|zh)$", cell.id)]
        found[side] = [heading for cell in own for heading in headings(cell.source)]
    return found


def wrong(notebook: Any, language: str) -> list[str]:
    sides = by_language(notebook)
    assert list(sides) == (["en", "zh"] if language == "both" else [language])
    found = []
    for side, heads in sides.items():
        found += [f"{side}: {words}" for words in outline([level for level, _ in heads])]
        found += [f"{side}: an empty heading" for _, words in heads if not words.strip()]
        names = [words for _, words in heads]
        found += [f"{side}: two headings {words!r}" for words in {words for words in names if names.count(words) > 1}]
    if language == "both" and [level for level, _ in sides["en"]] != [level for level, _ in sides["zh"]]:
        found.append("English and Chinese headings are of other levels")
    return found


@pytest.mark.parametrize("language", ["en", "zh", "both"])
@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_one_title_and_leaves_out_no_level(name: str, language: str) -> None:
    lesson = read(COURSE.lesson(name).source)
    assert wrong(to_notebook(lesson, language, ONE_POINT), language) == []


@pytest.mark.parametrize("language", ["en", "zh", "both"])
def test_the_start_page_too(language: str) -> None:
    lessons = [read(ref.source) for ref in COURSE.lessons()]
    page = start_page(lessons, {lesson.ref.id: {"one": 1.0} for lesson in lessons}, language)
    assert wrong(page, language) == []


def test_a_comment_in_a_block_of_code_is_no_heading() -> None:
    text = "# Title\n\n```python\n# a comment\n```\n\n    # code\n\nBelow\n-----\n\n#### Too deep\n\n`# no`"
    assert headings(text) == [(1, "Title"), (2, "Below"), (4, "Too deep")]
    assert list(outline([level for level, _ in headings(text)])) == ["heading 3 goes from level 2 to 4"]
    assert list(outline([2, 1, 1])) == ["2 headings of level 1", "the first heading is of level 2"]

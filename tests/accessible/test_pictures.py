"""The outputs of every built notebook for somebody who does not see them: words for each picture, in both languages,
and HTML that a screen reader can speak."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from bs4 import BeautifulSoup

from grader.course import find_course
from tests.accessible.pages import CHINESE, of_part

COURSE = find_course()
LESSONS = [ref.id for ref in COURSE.lessons()]
LEAST = {"en": 15, "zh": 20}  # words; characters, names and numbers: more than a title says
NAME = re.compile(r"[A-Za-z_][\w.]*|\d[\d.]*")


@cache
def cells(name: str) -> list[dict[str, Any]]:
    return list(json.loads(COURSE.lesson(name).notebook.read_text(encoding="utf-8"))["cells"])


def text(thing: Any) -> str:
    return "".join(thing) if isinstance(thing, list) else str(thing)


def pictures(name: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(cell, the picture's output, the HTML of the next output) for everything in a notebook that is to be seen."""
    for cell in cells(name):
        outputs = cell.get("outputs", [])
        for output, after in pairwise([*outputs, {}]):
            if any(kind.startswith(("image/", "video/", "application/vnd")) for kind in output.get("data", {})):
                yield cell["id"], output, text(after.get("data", {}).get("text/html", ""))


def sides(alt: str) -> dict[str, str]:
    """A text alternative in both languages stands on two lines, the English one first."""
    en, _, zh = alt.partition("\n")
    return {"en": en, "zh": zh}


def too_little(alt: str) -> list[str]:
    said = sides(alt)
    words = {side: len(CHINESE.findall(text) + NAME.findall(CHINESE.sub(" ", text))) for side, text in said.items()}
    found = [f"{side}: {words[side]} words" for side, least in LEAST.items() if words[side] < least]
    return found + [f"{side}: no number" for side in said if not re.search(r"\d", said[side])]


@pytest.mark.parametrize("name", LESSONS)
def test_every_picture_says_in_both_languages_what_it_shows(name: str) -> None:
    found = {}
    for cell, output, after in pictures(name):
        assert set(output["data"]) == {"image/png", "text/plain"}, f"{cell}: a picture of another kind"
        alt = output["metadata"]["image/png"]["alt"]
        assert text(output["data"]["text/plain"]) == alt
        if short := too_little(alt):
            found[cell] = short
        page = BeautifulSoup(after, "html.parser")
        opened = {str(p["lang"]): p.get_text() for p in page.select("details p[lang]")}
        assert opened == {"en": sides(alt)["en"], "zh-CN": sides(alt)["zh"]}, f"{cell}: other words than the picture's"
    assert found == {}


def test_no_two_pictures_say_the_same() -> None:
    said: dict[str, list[str]] = {}
    for name in LESSONS:
        for cell, output, _ in pictures(name):
            for words in sides(output["metadata"]["image/png"]["alt"]).values():
                said.setdefault(words, []).append(f"{name}: {cell}")
    assert len(said) > 100
    assert {words: places for words, places in said.items() if len(places) > 1} == {}


@pytest.mark.parametrize("name", LESSONS)
def test_every_output_can_be_heard(name: str) -> None:
    html = [
        (cell["id"], text(output["data"]["text/html"]))
        for cell in cells(name)
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    assert html
    assert [f"{cell}: {words}" for cell, page in html for words in of_part(page)] == []


@pytest.mark.parametrize("name", LESSONS)
def test_links_have_words(name: str) -> None:
    for cell in cells(name):
        if cell["cell_type"] == "markdown":
            source = re.sub(r"`[^`]*`|\$[^$]*\$", "", text(cell["source"]))
            assert not re.search(r"!\[|<img|<a\b|<table", source), f"{cell['id']}: write it so that the test can see it"
            for words, _ in re.findall(r"\[([^\]]*)\]\(([^)]*)\)", source):
                assert re.search(r"\w{2}", words), f"{cell['id']}: a link needs words"
                assert words.lower() not in ("here", "link", "这里", "链接"), f"{cell['id']}: say where the link leads"


def test_a_title_is_not_enough() -> None:
    assert too_little("A line.\n一条线。") == ["en: 2 words", "zh: 3 words", "en: no number", "zh: no number"]

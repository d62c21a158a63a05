"""What a check draws and says, for eyes that see other colours and for none; in light and in dark pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup

from course_lib.checking import render_html
from course_lib.checking.pictures import draw
from course_lib.checking.render_html import HUES, html
from course_lib.checking.values import observe
from course_lib.checking.verdict import evaluate
from course_lib.text import Text
from tests.accessible.pages import of_part
from tests.checking.toy import inputs, observe_with, pack, right, squares
from tests.vision import VISIONS, contrast, linear, over

THEMES = {"light": ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.87)), "dark": ((0.067, 0.067, 0.067), (1.0, 1.0, 1.0, 0.87))}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "right": right,
    "wrong": squares,
    "signs": lambda x: (2 * x * np.where(np.arange(x.size) % 2, 1, -1).reshape(x.shape), 0.0),
    "raises": lambda x: x.nothing,
    "not an array": lambda x: (None, "3"),
}


def reports() -> Iterator[tuple[str, str]]:
    """(name, HTML) of every kind of result at every step of its hints."""
    for name, function in FUNCTIONS.items():
        result = evaluate(pack(), observe_with(function, list(inputs())))
        for step in (1, 2, 3):
            for graded in (False, True):
                yield f"{name}, hint {step}, {graded}", html(result, "both", step, graded)


def rgba(words: str) -> tuple[float, ...]:
    *rgb, alpha = [float(number) for number in words.split(",")]
    return (*(channel / 255 for channel in rgb), alpha)


def test_a_result_can_be_heard() -> None:
    assert {name: found for name, page in reports() if (found := list(of_part(page)))} == {}


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", THEMES)
def test_signs_and_words_stand_out_from_the_page(theme: str, vision: str) -> None:
    """Signs, 3 (the word beside them says the same); words, 4.5 on every ground that a result paints."""
    page, ink = THEMES[theme]
    ground = over(rgba("128,128,128,.07"), page)
    for verdict, hue in HUES.items():
        assert contrast(linear(hue), linear(ground)) >= 3, verdict
    for fill in (*re.findall(r"rgba\(([^)]*)\)", render_html._CODE + render_html._OFF), *SHADES):
        under = over(rgba(fill), ground)
        assert contrast(linear(over(ink, under)), linear(under), vision) >= 4.5, fill


SHADES = ("230,159,0,0.45", "0,114,178,0.45")  # the strongest of _cell; the test below compares


def test_the_drawn_counterexample_says_without_colour_what_its_colours_say() -> None:
    seen = set()
    for name, page in reports():
        for cell in BeautifulSoup(page, "html.parser").find_all("td"):
            style, said = str(cell.get("style", "")), cell.get_text().removeprefix("→ ").strip()
            if "font-family:monospace" not in style:
                continue
            for shade in re.findall(r"background:rgba\((230,159,0|0,114,178),([\d.]+)\)", style):
                assert float(shade[1]) <= 0.45, "SHADES holds the strongest"
                if float(shade[1]) > 0:
                    assert said.startswith(("-", "−")) == (shade[0] == "0,114,178"), (name, said)
                    seen.add(shade[0])
            if "outline:" in style:
                assert "font-weight:bold" in style
                seen.add("off")
        if "first difference at" in page:
            assert "→ " in page, name
    assert seen == {"230,159,0", "0,114,178", "off"}


def test_a_table_with_rows_and_columns_names_both() -> None:
    picture = draw(Text(en="input x", zh="输入 x"), observe(np.arange(6.0).reshape(2, 3)))
    page = render_html._picture(picture, "both")
    assert list(of_part(page)) == []
    heads = [(head["scope"], head.get_text()) for head in BeautifulSoup(page, "html.parser").find_all("th")]
    assert heads == [("col", "0"), ("col", "1"), ("col", "2"), ("row", "0"), ("row", "1")]


def test_every_table_of_a_counterexample_has_a_caption_in_words() -> None:
    for name, page in reports():
        for table in BeautifulSoup(page, "html.parser").find_all("table"):
            if not table.find("th", string=re.compile("property")):
                assert table.caption is not None or table.find("th"), name

"""Every figure that the lessons draw, as the eyes of tests/vision.py see it. What is looked at: looking.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.figure import Figure

from course_lib import COLOURS, SERIES, new_figure
from grader.course import find_course
from tests.accessible.drawn import drawn_by
from tests.accessible.looking import findings, map_kind

LESSONS = [ref.id for ref in find_course().lessons()]


@pytest.mark.kernel  # as slow as one: the lessons run, some seconds each
@pytest.mark.parametrize("name", LESSONS)
def test_every_figure_of_a_lesson_can_be_read_by_everybody(name: str) -> None:
    drawn = drawn_by(name)
    assert drawn, "no figure was shown"
    found = {}
    for one in drawn:
        if wrong := list(findings(one.figure)):
            found[f"{one.cell} ({one.values})"] = wrong
    assert found == {}


def drawing(**options: Any) -> tuple[Figure, Any]:
    figure, ax = new_figure(height=2, width=4)
    ax.plot([0, 1], [0, 1], **{"color": COLOURS["blue"], **options})
    return figure, ax


def found_in(figure: Figure) -> list[str]:
    figure.draw_without_rendering()
    return list(findings(figure))


def test_the_course_s_own_series_are_told_apart() -> None:
    figure, ax = new_figure()
    for shift, series in enumerate(SERIES):
        ax.plot([0, 1], [shift, shift + 1], **series)
        ax.bar([shift], [1], color=series["color"])
        ax.scatter([0, 1], [shift, shift], color=series["color"])
    assert found_in(figure) == []


@pytest.mark.parametrize(
    "other",
    [
        {"color": "#3a0a70"},  # as blue, to some eyes
        {"color": "#333333"},  # as dark: one grey in print
        {"color": "#003300"},
    ],
)
def test_a_second_line_in_a_colour_alone_is_found_and_a_dash_or_a_marker_helps(other: dict[str, Any]) -> None:
    figure, ax = drawing()
    ax.plot([0, 1], [1, 0], linestyle="-", **other)
    assert ["differ in colour only" in words for words in found_in(figure)] == [True]
    for look in ({"linestyle": "--"}, {"marker": "o"}, {"linewidth": 4}):
        figure, ax = drawing()
        ax.plot([0, 1], [1, 0], **{"linestyle": "-", **other, **look})
        assert found_in(figure) == []


def test_bars_beside_each_other_may_be_alike_in_grey_but_not_in_one_place() -> None:
    for shift, count in ((1, 0), (0, 1)):
        figure, ax = new_figure()
        ax.bar([0], [1], color="#b3402a")
        ax.bar([shift], [2], color="#2a7a3f")
        assert len(found_in(figure)) == count


def test_what_is_too_pale_is_found() -> None:
    figure, ax = drawing(color="#c0c0c0")
    assert ["has a contrast of 1.8 with the axes" in words for words in found_in(figure)] == [True]
    figure, ax = drawing()
    ax.text(0.5, 0.2, "grey words", color="#999999")
    assert ["'grey words' in #999999 has a contrast of 2.8" in words for words in found_in(figure)] == [True]
    figure, ax = drawing()
    ax.bar([0.5], [1], color=COLOURS["black"])
    ax.text(0.5, 0.5, "dark", color=COLOURS["blue"], ha="center", va="center")
    assert ["'dark'" in words for words in found_in(figure)] == [True]


def test_colour_maps() -> None:
    kinds = {name: map_kind(colormaps[name]) for name in ("cividis", "viridis", "plasma", "Greys", "RdBu_r", "jet")}
    expected = dict.fromkeys(("cividis", "viridis", "plasma", "Greys"), "monotone")
    assert kinds == expected | {"RdBu_r": "diverging", "jet": "neither"}
    figure, ax = new_figure()
    image = ax.imshow(np.linspace(-1, 1, 4).reshape(2, 2), cmap="RdBu_r")
    ax.grid(False)
    assert ["two ends, and no colour bar" in words for words in found_in(figure)] == [True]
    figure, ax = new_figure()
    image = ax.imshow(np.linspace(-1, 1, 4).reshape(2, 2), cmap="RdBu_r")
    ax.grid(False)
    figure.colorbar(image, label="weight")
    assert found_in(figure) == []

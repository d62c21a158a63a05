"""The palette as colour-blind eyes and a grey printer see it, and how labels break into lines."""

from itertools import combinations

import numpy as np
import pytest

from course_lib import COLOURS, SERIES, Text, new_figure, set_language, words
from course_lib._output import png_of
from course_lib._style import columns, wrap
from tests.vision import IN_COLOUR, contrast, difference, lightness, linear


@pytest.mark.parametrize("eyes", IN_COLOUR)
def test_colours_differ_to_every_kind_of_eyes(eyes):
    for (one, ours), (other, theirs) in combinations(COLOURS.items(), 2):
        assert difference(linear(ours), linear(theirs), eyes) > 20, (one, other)  # 2.3 can just be noticed


def test_colours_differ_in_grey_and_from_white():
    assert min(np.diff(sorted(lightness(linear(colour)) for colour in COLOURS.values()))) > 10
    for name, colour in COLOURS.items():
        assert contrast(linear(colour), linear("#ffffff")) >= 3, name


def test_no_two_series_share_colour_line_or_marker():
    for key in ("color", "linestyle", "marker"):
        assert len({series[key] for series in SERIES}) == len(SERIES)


def test_labels_in_each_language():
    text = Text(en="learning rate", zh="学习率")
    long = Text(en="The loss after every step of training", zh="训练中每一步之后的损失")
    assert words("$W_1$") == "$W_1$"
    assert words(text) == "learning rate / 学习率"
    assert words(long) == "The loss after every step of training\n训练中每一步之后的损失"
    set_language("zh")
    assert (words(text), words(long)) == ("学习率", "训练中每一步之后的损失")


def test_lines_break_at_spaces_and_between_characters_but_never_in_a_formula():
    assert wrap("aa bb cc", 5) == "aa bb\ncc"
    assert wrap("损失在下降，很快", 10) == "损失在下\n降，很快"
    assert wrap("of $a = b + c$ here", 8) == "of\n$a = b + c$\nhere"
    assert wrap("unbreakable", 3) == "unbreakable"
    assert columns("学习 lr") == 7
    assert columns("$\\alpha^2$") == columns("2")


def test_what_a_student_draws_without_thinking_of_the_style_works() -> None:
    _, ax = new_figure()
    ax.plot([1, 2, 3])
    ax.fill([0, 1, 1], [0, 0, 1])
    ax.fill_between([0, 1], [0, 1])
    ax.scatter([1], [2])
    ax.hist([1, 2, 2])
    ax.step([1, 2], [3, 4])
    ax.stackplot([1, 2], [1, 2], [2, 3])
    ax.pie([1, 2])


def test_markers_of_a_long_curve_stand_apart_and_a_choice_of_ones_own_is_kept() -> None:
    _, ax = new_figure()
    (plain,) = ax.plot(range(500), **SERIES[0])
    (chosen,) = ax.plot(range(500), **SERIES[1], markevery=7)
    (bare,) = ax.plot(range(500))
    png_of(ax.figure)
    assert (plain.get_markevery(), chosen.get_markevery(), bare.get_markevery()) == (0.08, 7, None)

"""Figures: their labels, their bytes, and the words that go with them."""

from itertools import pairwise

import matplotlib
import numpy as np
import pytest

from course_lib import SERIES, Edge, Node, Text, computation_graph, label, legend, new_figure, set_language, show
from course_lib._graph import layout
from course_lib._output import details, picture_bundle, png_of, width_of
from tests.course_lib.conftest import pixels

ALT = Text(en="From 3 to <1>.", zh="从 3 到 <1>。")


def drawn():
    figure, ax = new_figure()
    ax.plot([0, 1, 2], [3, 2, 1], **SERIES[0])
    label(ax, title=Text(en="Loss", zh="损失"), x=Text(en="step", zh="步数"), y="$L$")
    legend(ax, Text(en="training", zh="训练"))
    return figure, ax


def test_the_same_figure_gives_the_same_bytes_without_date_or_program():
    figure, _ = drawn()
    again, _ = drawn()
    assert png_of(figure) == png_of(figure) == png_of(again)
    assert b"Software" not in png_of(figure)
    assert b"Date" not in png_of(figure)
    assert pixels(figure).shape[1] == width_of(png_of(figure))


def test_labels_are_in_the_language_in_force():
    _, ax = drawn()
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Loss / 损失", "step / 步数", "$L$")
    set_language("zh")
    _, ax = drawn()
    assert (ax.get_title(), ax.get_legend().get_texts()[0].get_text()) == ("损失", "训练")


def test_a_title_wider_than_its_axes_is_wrapped_into_them():
    figure, axes = new_figure(1, 3, height=3)
    long = Text(en="A long title that would run into its neighbours on both sides", zh="很长的标题" * 5)
    for ax in axes:
        label(ax, title=long)
    figure.canvas.draw()
    boxes = [ax.title.get_window_extent() for ax in axes]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= figure.bbox.x1


def test_a_legend_wants_as_many_names_as_lines():
    _, ax = drawn()
    with pytest.raises(ValueError, match="2 names for 1 lines"):
        legend(ax, "a", "b")


def test_shapes_of_axes():
    assert np.shape(new_figure(2, 3)[1]) == (2, 3)
    assert np.shape(new_figure(1, 3)[1]) == (3,)
    assert not isinstance(new_figure()[1], np.ndarray)


def test_no_pyplot_and_so_no_figure_left_open():
    import subprocess
    import sys

    code = (
        "import sys; from course_lib import *; fig, ax = new_figure(); ax.plot([1, 2]);"
        "show(fig, Text(en='A.', zh='一。')); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["A.", "一。", "False"], "")
    assert matplotlib.rcParams["font.family"][0] == "Course Sans SC"


def test_the_alternative_is_in_the_picture_in_plain_text_and_in_html():
    figure, _ = drawn()
    data, metadata = picture_bundle(png_of(figure), ALT)
    assert data["text/plain"] == metadata["image/png"]["alt"] == "From 3 to <1>.\n从 3 到 <1>。"
    html = details(ALT)
    assert '<p lang="en">From 3 to &lt;1&gt;.</p><p lang="zh-CN">从 3 到 &lt;1&gt;。</p>' in html
    assert "Text description" in html
    assert "图的文字说明" in html
    set_language("zh")
    assert 'lang="en"' not in details(ALT)
    assert "Text description" not in details(ALT)
    assert picture_bundle(b"\0" * 30, ALT)[0]["text/plain"] == "从 3 到 <1>。"


def test_show_prints_the_words_where_there_is_no_notebook(capsys):
    show(drawn()[0], ALT)
    assert capsys.readouterr().out == "From 3 to <1>.\n从 3 到 <1>。\n"


NODES = {"x": Node("x"), "w": Node("w"), "mm": Node("@", "operation"), "b": Node("b"), "add": Node("+", "operation")}
EDGES = [Edge("x", "mm"), Edge("w", "mm", gradient="dw"), Edge("mm", "add", "y"), Edge("b", "add")]


def test_a_graph_is_laid_out_by_the_longest_way_and_sources_stand_before_their_use():
    places = layout(NODES, EDGES)
    assert [places[name][0] for name in NODES] == [0, 0, 1, 1, 2]
    assert places["x"][1] > places["w"][1]
    assert layout({**NODES, "x": Node("x", at=(-1, 3))}, EDGES)["x"] == (-1, 3)


def test_a_graph_shows_every_label_inside_the_figure_and_boxes_do_not_touch():
    figure, ax = computation_graph(NODES, EDGES)
    assert {text.get_text() for text in ax.texts if text.get_text()} == {"x", "w", "@", "b", "+", "dw", "y"}
    figure.canvas.draw()
    for text in ax.texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
    bodies = [p.get_window_extent() for p in ax.patches if type(p).__name__ in ("FancyBboxPatch", "Circle")]
    assert len(bodies) == 5
    assert not any(a.overlaps(b) for i, a in enumerate(bodies) for b in bodies[:i])


def test_a_gradient_is_a_second_dashed_arrow_of_another_colour():
    def arrows(edge):
        _, ax = computation_graph({"a": Node("a"), "b": Node("b")}, [edge])
        return [p for p in ax.patches if type(p).__name__ == "FancyArrowPatch"]

    assert len(arrows(Edge("a", "b"))) == 2  # a line and its head
    both = arrows(Edge("a", "b", gradient=""))
    assert len(both) == 4
    assert len({p.get_edgecolor() for p in both}) == 2
    assert any(p.get_linestyle() != "-" and p.get_linestyle() != "solid" for p in both)


def test_a_wide_graph_is_drawn_smaller_instead_of_cut_off():
    many = {f"n{i}": Node(f"node{i}\n[N, D_{i}]") for i in range(12)}
    chain = [Edge(f"n{i}", f"n{i + 1}") for i in range(11)]
    figure, ax = computation_graph(many, chain)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= figure.bbox.x1
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


def test_graph_errors_name_the_node():
    with pytest.raises(ValueError, match="'z'"):
        computation_graph(NODES, [Edge("x", "z")])
    with pytest.raises(ValueError, match="cycle"):
        computation_graph(NODES, [Edge("x", "mm"), Edge("mm", "x")])

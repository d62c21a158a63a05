"""Figures in the course's style: a new one, its labels in two languages, and showing it with its text alternative.

    fig, ax = new_figure()
    ax.plot(steps, losses, **SERIES[0])
    label(ax, title=Text(en="The loss falls", zh="损失在下降"), x=Text(en="step", zh="步数"))
    show(fig, Text(en="The loss falls from {a} to {b}.", zh="损失从 {a} 降到 {b}。").format(a=..., b=...))

Figures are drawn without pyplot, so that none is left open and no backend matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_lib._graph import Edge, Node, computation_graph
from course_lib._output import details, in_notebook, picture_bundle, png_of
from course_lib._style import COLOURS, GREY, PALE, SERIES, apply_style, words
from course_lib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "GREY",
    "PALE",
    "SERIES",
    "Edge",
    "Node",
    "computation_graph",
    "label",
    "legend",
    "new_figure",
    "show",
    "words",
]

WIDTH = 7.6  # inches: what a notebook's column shows without scaling


def new_figure(nrows: int = 1, ncols: int = 1, height: float | None = None, width: float = WIDTH) -> tuple[Figure, Any]:
    """An empty figure in the course's style, and its axes.

    height, width: inches; without a height, 3.6 per row. Axes are one Axes for 1 by 1, else an array of them
    (one-dimensional where there is one row or one column), as ``pyplot.subplots`` gives them.
    """
    from matplotlib.figure import Figure

    apply_style()
    figure = Figure(figsize=(width, height or 3.6 * nrows), layout="constrained")
    return figure, figure.subplots(nrows, ncols)


def label(ax: Any, title: Text | str | None = None, x: Text | str | None = None, y: Text | str | None = None) -> None:
    """Write the title and the names of the axes, in the language in force; what is not given stays as it is.

    Words too long for the axes are wrapped.
    """
    across, up = _room(ax)
    if title is not None:
        ax.set_title(words(title, int(across / 12)))
    if x is not None:
        ax.set_xlabel(words(x, int(across / 11)))
    if y is not None:
        ax.set_ylabel(words(y, int(up / 11)))


def _room(ax: Any) -> tuple[float, float]:
    """The axes' width and height in units of a column at one point of font size (half a point)."""
    width, height = ax.figure.get_size_inches()
    spec = ax.get_subplotspec()
    if spec is None:  # axes that fill the figure, as a graph's do
        return width * 144, height * 144
    rows, columns = spec.get_gridspec().get_geometry()
    share = (spec.colspan.stop - spec.colspan.start) / columns, (spec.rowspan.stop - spec.rowspan.start) / rows
    return (width * share[0] - 0.7) * 144, (height * share[1] - 0.6) * 144


def legend(ax: Any, *names: Text | str, **options: Any) -> None:
    """A legend for what was drawn with a label, or with ``names`` for the lines in the order they were drawn.

    options go to ``ax.legend``. Raises ValueError where there are not as many names as lines.
    """
    if not names:
        ax.legend(**options)
        return
    drawn = ax.get_lines() or ax.collections or ax.containers
    if len(drawn) != len(names):
        raise ValueError(f"legend() was given {len(names)} names for {len(drawn)} lines: give one for each, in order")
    ax.legend(list(drawn), [words(name) for name in names], **options)


def show(figure: Figure, alt: Text) -> None:
    """Show a figure and its text alternative. Call it at the end of the cell: it returns nothing.

    alt: what the figure says, with its numbers taken from the data that were drawn. It is the picture's alternative
    text, its text/plain (nbval compares it), and can be opened below the picture. Outside Jupyter it is printed.
    """
    if not in_notebook():
        print(alt)
        return
    from IPython.display import display

    data, metadata = picture_bundle(png_of(figure), alt)
    display(data, metadata=metadata, raw=True)
    display({"text/html": details(alt)}, raw=True)

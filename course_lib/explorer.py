"""A figure with controls: live sliders in JupyterLab, and the same picture, still, everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course_lib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Control = tuple[float, float, float, float] | Sequence[Any]


def explore(
    draw: Callable[..., tuple[Figure, Text]], labels: Mapping[str, Text] | None = None, **controls: Control
) -> None:
    """Show ``draw(**values)`` with one control per keyword. Call it at the end of the cell: it returns nothing.

        def draw(lr, momentum):
            fig, ax = new_figure()
            ...
            return fig, Text(en="...", zh="...")      # the alternative is made from this drawing's data

        explore(draw, lr=[0.001, 0.01, 0.1], momentum=(0.0, 0.9, 0.1, 0.5))

    draw: a pure function of the controls' values; it returns (figure, alt). It must be deterministic.
    controls: a tuple (min, max, step, start) becomes a slider, whole numbers where all four are; a list becomes a
        choice, its first entry the start. A list of numbers is stepped through, other entries (strings, Text) are
        picked from a menu; draw receives the entry itself.
    labels: the controls' names in both languages, {"lr": Text(en="learning rate", zh="学习率")}; without one, the
        keyword itself.

    The output holds the live controls where there is a front end for them, and the picture for the start values
    for everything else (a page on a forge, print, nbval), with the words as its alternative. Only the picture is
    shown without ipywidgets, and where ``NBGRADER_EXECUTION`` or ``COURSE_STATIC`` is set.
    """
    raise NotImplementedError

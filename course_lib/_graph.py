"""Drawing a computation graph: values in boxes, operations in circles, arrows forward and, if wanted, backward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from course_lib._style import COLOURS, PALE, apply_style, columns, words
from course_lib.text import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMN, _ROW = 1.75, 1.15  # inches between neighbours
_LETTER, _LINE = 0.088, 0.22  # inches that half a character, and a line, take at the size used here
_INK = "#111111"


@dataclass(frozen=True)
class Node:
    """One node: ``data`` (a value, drawn as a rounded box) or ``operation`` (drawn as a circle).

    label: a formula or name as a plain string, words as a Text; a line break makes two lines.
    at: (column, row), row 0 in the middle and 1 above it; fractions are fine. Without it, see computation_graph.
    """

    label: Text | str
    kind: Literal["data", "operation"] = "data"
    at: tuple[float, float] | None = None


@dataclass(frozen=True)
class Edge:
    """One arrow forward from ``start`` to ``end`` (names of nodes), with words above it.

    gradient: words at an arrow back from ``end`` to ``start`` (dashed, in the second colour); None draws none.
    """

    start: str
    end: str
    label: Text | str = ""
    gradient: Text | str | None = None


def computation_graph(
    nodes: Mapping[str, Node], edges: Sequence[Edge], height: float | None = None, width: float = 7.6
) -> tuple[Figure, Axes]:
    """Draw a directed graph without cycles from left to right; returns (figure, axes) for ``label`` and ``show``.

    Nodes without a position are laid out: the column is the longest way from a source (a source stands just before
    its first use), and the nodes of a column are spread evenly. height, width: inches; a graph wider than that is
    scaled down.

        computation_graph(
            {"x": Node("x\\n[N, D]"), "mm": Node("@", "operation"), "w": Node("w\\n[D, H]"), "h": Node("h\\n[N, H]")},
            [Edge("x", "mm", gradient="dx"), Edge("w", "mm", gradient="dw"), Edge("mm", "h", gradient="dh")],
        )

    Raises ValueError for an edge to a node that is not there, and for a cycle.
    """
    raise NotImplementedError

"""Drawing a computation graph: values in boxes, operations in circles, arrows forward and, if wanted, backward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Any, Literal

from course_lib._style import COLOURS, PALE, apply_style, columns, words
from course_lib.text import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]

# Inches throughout: the axes are drawn so that one unit is an inch.
_ROW = 1.1  # between the middles of neighbouring rows
_GAP = 0.42  # between neighbouring columns, at least
_LETTER, _LINE = 0.082, 0.21  # half a Chinese character's width, and a line, at 10.5 points
_POINTS = 10.5
_MARGIN = 0.12
_TITLE = 0.42
_ASIDE = 0.075  # an arrow forward and its arrow back run side by side, each this far from the middle


_BOXES = {"data": ("round", PALE["blue"], COLOURS["blue"]), "function": ("square", PALE["grey"], COLOURS["black"])}


@dataclass(frozen=True)
class Node:
    """One node: ``data`` (a value, a rounded box), ``operation`` (a circle) or ``function`` (a grey box with corners).

    label: a formula or a name as a plain string, words as a Text; a line break makes two lines.
    at: (column, row), row 0 in the middle and 1 above it; fractions are fine. Without it, see computation_graph.
    """

    label: Text | str
    kind: Literal["data", "operation", "function"] = "data"
    at: Point | None = None

    @property
    def lines(self) -> str:
        """The label as it is drawn; in both languages, one below the other."""
        return self.label if isinstance(self.label, str) else self.label.say()

    @property
    def size(self) -> Point:
        """Width and height in inches."""
        rows = self.lines.split("\n")
        width, height = max(columns(row.replace("$", "")) for row in rows) * _LETTER, len(rows) * _LINE
        if self.kind == "operation":
            across = max(width, height) + 0.2
            return across, across
        return width + 0.22, height + 0.16


@dataclass(frozen=True)
class Edge:
    """One arrow forward from ``start`` to ``end`` (names of nodes), with words beside it.

    gradient: words at an arrow back from ``end`` to ``start`` (dashed, in the second colour), "" for an arrow
    without words; None draws none.
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
    its first use), and the nodes of a column are spread evenly. height, width: inches; without a height the rows
    decide, and a graph too wide for the figure is drawn smaller. Between neighbouring columns is always the same gap.

        computation_graph(
            {"x": Node("x\\n[N, D]"), "mm": Node("@", "operation"), "w": Node("w\\n[D, H]"), "h": Node("h\\n[N, H]")},
            [Edge("x", "mm", gradient="dx"), Edge("w", "mm", gradient="dw"), Edge("mm", "h", gradient="dh")],
        )

    Raises ValueError for an edge to a node that is not there, and for a cycle.
    """
    from matplotlib.figure import Figure

    apply_style()
    places = layout(nodes, edges)
    where, scale = _spread(nodes, places, width)
    left, right, bottom, top = _bounds(nodes, where)
    tall = height or (top - bottom) * scale + _TITLE
    figure = Figure(figsize=(width, tall))
    ax = figure.add_axes((0, 0, 1, 1 - _TITLE / tall))
    ax.set_axis_off()
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    for edge in edges:
        _draw_edge(ax, edge, nodes, where, _POINTS * scale)
    for name, node in nodes.items():
        _draw_node(ax, node, where[name], _POINTS * scale)
    return figure, ax


def layout(nodes: Mapping[str, Node], edges: Sequence[Edge]) -> dict[str, Point]:
    """(column, row) of every node; those that carry a position keep it. Raises ValueError as computation_graph does."""
    for edge in edges:
        for end in (edge.start, edge.end):
            if end not in nodes:
                raise ValueError(f"an edge names the node {end!r}, which is not there; there are {', '.join(nodes)}")
    column = dict.fromkeys(nodes, 0)
    for _ in nodes:
        late = [edge for edge in edges if column[edge.end] <= column[edge.start]]
        if not late:
            break
        for edge in late:
            column[edge.end] = max(column[edge.end], column[edge.start] + 1)
    else:
        raise ValueError("the graph has a cycle: a computation graph's arrows never lead back to where they began")
    for name in nodes:
        if not any(edge.end == name for edge in edges):
            column[name] = min((column[edge.end] - 1 for edge in edges if edge.start == name), default=0)
    members: dict[int, list[str]] = {}
    for name in nodes:
        members.setdefault(column[name], []).append(name)
    return {
        name: nodes[name].at or (float(index), (len(names) - 1) / 2 - place)
        for index, names in members.items()
        for place, name in enumerate(names)
    }


def _spread(nodes: Mapping[str, Node], places: Mapping[str, Point], width: float) -> tuple[dict[str, Point], float]:
    """Where every node's middle lies in inches, and the scale (at most 1) at which that fits into the width."""
    columns_used = sorted({column for column, _ in places.values()})
    widths = [max(nodes[n].size[0] for n, (column, _) in places.items() if column == c) for c in columns_used]
    room = width - 2 * _MARGIN
    gap = max((room - sum(widths)) / max(len(widths) - 1, 1), _GAP)
    middles: dict[float, float] = {}
    edge = 0.0
    for column, wide in zip(columns_used, widths, strict=True):
        middles[column] = edge + wide / 2
        edge += wide + gap
    return {n: (middles[c], row * _ROW) for n, (c, row) in places.items()}, min(1.0, room / (edge - gap))


def _bounds(nodes: Mapping[str, Node], where: Mapping[str, Point]) -> tuple[float, float, float, float]:
    boxes = [(x, y, *nodes[name].size) for name, (x, y) in where.items()]
    return (
        min(x - w / 2 for x, _, w, _ in boxes) - _MARGIN,
        max(x + w / 2 for x, _, w, _ in boxes) + _MARGIN,
        min(y - h / 2 for _, y, _, h in boxes) - 2 * _MARGIN,
        max(y + h / 2 for _, y, _, h in boxes) + _MARGIN,
    )


def _draw_node(ax: Any, node: Node, at: Point, points: float) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    (x, y), (w, h) = at, node.size
    if node.kind == "operation":
        patch: Any = Circle(at, w / 2, facecolor=PALE["grey"], edgecolor=COLOURS["black"], linewidth=1.2, zorder=3)
    else:
        corner = (x - w / 2 + 0.08, y - h / 2 + 0.08)
        box, fill, line = _BOXES[node.kind]
        patch = FancyBboxPatch(
            corner, w - 0.16, h - 0.16, boxstyle=f"{box},pad=0.08", facecolor=fill, edgecolor=line, zorder=3
        )
    ax.add_patch(patch)
    ax.text(x, y, node.lines, ha="center", va="center", fontsize=points, zorder=4, linespacing=1.25)


def _draw_edge(ax: Any, edge: Edge, nodes: Mapping[str, Node], where: Mapping[str, Point], points: float) -> None:
    start, end = where[edge.start], where[edge.end]
    length = hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    left = (-along[1], along[0])
    first = _reach(nodes[edge.start], along) + 0.04
    last = length - _reach(nodes[edge.end], along) - 0.04

    def point(far: float, aside: float) -> Point:
        return start[0] + along[0] * far + left[0] * aside, start[1] + along[1] * far + left[1] * aside

    def beside(text: str, side: int) -> Point:
        """The middle of words next to the arrow; words longer than the arrow stand clear of the nodes."""
        wide, tall = columns(text) * _LETTER, _LINE
        slanted = min(abs(along[0]), abs(along[1])) > 0.1
        aside = _ASIDE + 0.04 + (abs(left[0]) * wide + abs(left[1]) * tall) / 2
        if wide > last - first and abs(along[0]) > abs(along[1]):
            aside = max(nodes[edge.start].size[1], nodes[edge.end].size[1]) / 2 + tall / 2
        # On a slant the end of the arrow is where other nodes are near.
        return point(first + (last - first) * (0.36 if slanted else 0.5), side * aside)

    aside = 0.0 if edge.gradient is None else _ASIDE
    _arrow(ax, point(first, aside), point(last, aside), COLOURS["black"], "-")
    texts = [(words(edge.label), 1, COLOURS["black"])]
    if edge.gradient is not None:
        _arrow(ax, point(last, -aside), point(first, -aside), COLOURS["orange"], (0, (3, 1.6)))
        # The words are darker than the arrow: thin strokes need more contrast.
        texts.append((words(edge.gradient), -1, COLOURS["red"]))
    for text, side, colour in texts:
        ax.text(*beside(text, side), text, ha="center", va="center", fontsize=points - 0.5, color=colour, zorder=5)


def _reach(node: Node, along: Point) -> float:
    """How far it is from a node's middle to its border in a direction (a vector of length 1)."""
    w, h = node.size
    if node.kind == "operation":
        return w / 2
    return min(size / 2 / abs(part) for size, part in ((w, along[0]), (h, along[1])) if abs(part) > 1e-9)


def _arrow(ax: Any, tail: Point, head: Point, colour: str, style: Any) -> None:
    from matplotlib.patches import FancyArrowPatch

    same: dict[str, Any] = {"color": colour, "shrinkA": 0, "shrinkB": 0, "zorder": 2}
    line = FancyArrowPatch(tail, head, arrowstyle="-", linestyle=style, linewidth=1.5, **same)
    # The head is drawn on its own, because dashes would tear it.
    far = hypot(head[0] - tail[0], head[1] - tail[1]) or 1.0
    neck = (head[0] - (head[0] - tail[0]) / far * 0.02, head[1] - (head[1] - tail[1]) / far * 0.02)
    tip = FancyArrowPatch(neck, head, arrowstyle="-|>", mutation_scale=11, linewidth=1.2, **same)
    ax.add_patch(line)
    ax.add_patch(tip)

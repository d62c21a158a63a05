"""What a figure must have so that everybody can read it, whatever colours they see. Findings are plain sentences.

* Two series of one axes that differ in colour also differ in line, marker, hatch or kind, or stand apart for every
  eye: ``APART`` in CIE Lab with all colours and with each of the three kinds of colour blindness, and ``APART_GREY`` in
  lightness.
* What is drawn has a contrast of 3 with the axes behind it, text one of 4.5 with what lies under it (WCAG 2.2).
* A colour map is monotone in lightness; or symmetric about its middle, with a colour bar that has a name, or with its
  number written in every cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from unittest import mock

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import Collection, LineCollection, PathCollection
from matplotlib.colors import Colormap, ListedColormap, to_hex, to_rgba
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from tests.vision import IN_COLOUR, contrast, difference, lightness, linear, over

APART = 20.0  # CIE Lab; 2.3 is what can just be noticed side by side
APART_GREY = 10.0  # L*
MARK, TEXT = 3.0, 4.5  # WCAG's contrasts
SHARE = 0.3  # of the area under a text may be darker: a line that crosses it
DOTS = 60  # per inch, when looking at what lies under a text


@dataclass(frozen=True)
class Series:
    """What one reader has to tell from another. colour: sRGB over the axes; edge: the contour's, if it has one.
    look: what is neither colour nor thickness."""

    name: str
    colour: tuple[float, ...]
    edge: tuple[float, ...] | None
    look: tuple[object, ...]
    thickness: float = 1.0


def findings(figure: Figure) -> Iterator[str]:
    """All that is wrong with a figure. It is drawn once more without its words: do not use it afterwards."""
    for number, ax in enumerate(figure.axes):
        if ax.get_visible():
            for words in (*_alike(ax), *_pale(ax)):
                yield f"axes {number}: {words}"
    yield from _maps(figure)
    yield from _texts(figure)


def series_of(ax: Axes) -> list[Series]:
    """Everything in an axes that has a colour of its own."""
    found: list[Series] = []
    ground = ax.get_facecolor()

    def add(artist: Any, colour: Any, *look: object, edge: Any = None, thickness: float = 1.0) -> None:
        rgba = to_rgba(colour, artist.get_alpha() if look[0] == "line" else None)
        if rgba[3] > 0:
            around = None if edge is None else tuple(over(to_rgba(edge), ground))
            found.append(Series(str(artist.get_label()), tuple(over(rgba, ground)), around, look, thickness))

    for line in ax.get_lines():
        drawn, marked = line.get_linestyle() != "None", line.get_marker() not in ("", " ", "None", None)
        if line.get_visible() and len(line.get_xdata()) and (drawn or marked):
            colour = line.get_color() if drawn else line.get_markerfacecolor()
            look = line._unscaled_dash_pattern if drawn else None, line.get_marker() if marked else None
            add(line, colour, "line", *look, thickness=line.get_linewidth() if drawn else line.get_markersize())
    bars = {bar: one for one in ax.containers if isinstance(one, BarContainer) for bar in one}
    for patch in ax.patches:
        if not (patch.get_visible() and patch.get_fill()):
            continue
        edge = patch.get_edgecolor() if patch.get_linewidth() else None
        if patch in bars:
            # A bar stands over its own tick: only bars at one place have to be told apart by their looks.
            place = (patch.get_x(), patch.get_width()) if bars[patch].orientation == "vertical" else (patch.get_y(), 0)
            add(bars[patch], patch.get_facecolor(), "bar", patch.get_hatch(), place, edge=edge)
        else:
            shape = type(patch.get_boxstyle()).__name__ if isinstance(patch, FancyBboxPatch) else type(patch).__name__
            look = shape, patch.get_hatch(), patch.get_linestyle()
            add(patch, patch.get_facecolor(), "patch", *look, edge=edge, thickness=patch.get_linewidth())
    for many in ax.collections:
        if many.get_visible() and many.get_array() is None:
            _add_collection(many, add)
    return found


def _add_collection(many: Collection, add: Any) -> None:
    if isinstance(many, LineCollection):
        for colour in np.unique(many.get_edgecolor(), axis=0):
            add(many, colour, "lines", str(many.get_linestyle()), thickness=float(many.get_linewidth()[0]))
        return
    shape: object = many.get_hatch()
    if isinstance(many, PathCollection) and many.get_paths():
        shape = many.get_paths()[0].vertices.tobytes()
    faces = many.get_facecolor() if len(many.get_facecolor()) else many.get_edgecolor()
    edge = many.get_edgecolor()[0] if len(many.get_edgecolor()) else None
    for colour in np.unique(faces, axis=0):
        add(many, colour, type(many).__name__, shape, edge=edge)


def _alike(ax: Axes) -> Iterator[str]:
    for one, other in combinations(series_of(ax), 2):
        thin, thick = sorted((one.thickness, other.thickness))
        if one.look == other.look and thick < 2 * thin and not _apart(one.colour, other.colour):
            names = f"{to_hex(one.colour)} ({one.name}) and {to_hex(other.colour)} ({other.name})"
            yield f"{names} differ in colour only, and not enough for every eye"


def _apart(one: Any, other: Any) -> bool:
    """Whether two colours are one, or differ for everybody."""
    ours, theirs = linear(one), linear(other)
    if difference(ours, theirs) < 1:
        return True
    grey = abs(float(lightness(ours) - lightness(theirs)))
    return grey >= APART_GREY and min(difference(ours, theirs, eyes) for eyes in IN_COLOUR) >= APART


def _pale(ax: Axes) -> Iterator[str]:
    ground = linear(over(ax.get_facecolor()))
    for one in series_of(ax):
        best = max(contrast(linear(colour), ground) for colour in (one.colour, one.edge) if colour is not None)
        if best < MARK:
            yield f"{to_hex(one.colour)} ({one.name}, {one.look[0]}) has a contrast of {best:.1f} with the axes"


def _maps(figure: Figure) -> Iterator[str]:
    bars = [ax for ax in figure.axes if hasattr(ax, "_colorbar")]
    for number, ax in enumerate(figure.axes):
        for one in (*ax.get_images(), *ax.collections):
            if ax in bars or one.get_array() is None or not isinstance(one, ScalarMappable) or one.get_array().ndim > 2:
                continue
            kind = map_kind(one.get_cmap())
            if kind == "neither":
                yield f"axes {number}: the colour map {one.get_cmap().name} is neither even nor symmetric in lightness"
            named = [
                bar
                for bar in bars
                if bar._colorbar.mappable.get_cmap() == one.get_cmap() and (bar.get_ylabel() or bar.get_xlabel())
            ]
            written = len(ax.texts) >= np.ma.masked_invalid(one.get_array()).count()
            if kind == "diverging" and not (named or written):
                yield f"axes {number}: the colour map {one.get_cmap().name} has two ends, and no colour bar with a name"


def map_kind(colours: Colormap) -> str:
    """``monotone`` in lightness, ``diverging`` (symmetric about its middle), ``listed`` (few classes), ``neither``."""
    if isinstance(colours, ListedColormap) and colours.N < 32:
        shades = [colours(i)[:3] for i in range(colours.N)]
        return "listed" if all(_apart(a, b) for a, b in combinations(shades, 2)) else "neither"
    light = lightness(linear(colours(np.linspace(0, 1, 256))[:, :3]))
    steps = np.diff(light)
    if (steps > -0.05).all() or (steps < 0.05).all():
        return "monotone"
    first, second = steps[:127], steps[128:]
    folded = bool(((first > -0.3).all() and (second < 0.3).all()) or ((first < 0.3).all() and (second > -0.3).all()))
    return "diverging" if folded and float(np.abs(light - light[::-1]).max()) < 12 else "neither"


def _texts(figure: Figure) -> Iterator[str]:
    """Each text against the pixels that lie under it."""
    figure.set_layout_engine("none")  # nothing may move now
    figure.set_dpi(DOTS)
    canvas = FigureCanvasAgg(figure)
    texts = _written(canvas)
    placed = [(t, to_rgba(t.get_color(), t.get_alpha()), t.get_window_extent(canvas.get_renderer())) for t in texts]
    for text in texts:
        text.set_alpha(0)
    canvas.draw()
    pixels = over(np.asarray(canvas.buffer_rgba()) / 255)
    for text, colour, box in placed:
        top = pixels.shape[0]
        x0, x1 = max(int(box.x0), 0), max(int(np.ceil(box.x1)), 0)
        y0, y1 = max(top - int(np.ceil(box.y1)), 0), max(top - int(box.y0), 0)
        under = pixels[y0:y1, x0:x1].reshape(-1, 3)
        if len(under):
            kinds, counts = np.unique(np.round(under, 2), axis=0, return_counts=True)
            ratios = np.array([contrast(linear(over(colour, ground)), linear(ground)) for ground in kinds])
            bad = counts[ratios < TEXT].sum() / counts.sum()
            if bad > SHARE:
                mean, ink = float(np.average(ratios, weights=counts)), to_hex(colour)
                yield f"the text {text.get_text()[:30]!r} in {ink} has a contrast of {mean:.1f} with what is under it"


def _written(canvas: FigureCanvasAgg) -> list[Text]:
    """The texts that a drawing really draws: many that a figure holds are switched off with their axes or ticks."""
    found: list[Text] = []
    plain = Text.draw

    def draw(text: Text, *given: Any, **named: Any) -> None:
        if text.get_visible() and text.get_text().strip():
            found.append(text)
        plain(text, *given, **named)

    with mock.patch.object(Text, "draw", draw):
        canvas.draw()
    return found

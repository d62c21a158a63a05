"""How figures look: the font, the palette, and words in the language in force."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict

from course_lib.fonts import FAMILY, FONT_FILE
from course_lib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Six colours of six lightnesses: they differ in print without colour (11 or more apart in L*), for red-green blind
# eyes (28 or more apart in CIE Lab; 24 for blue-yellow blind ones) and from white (contrast 3 or more). A test measures
# all three.
COLOURS = {
    "blue": "#0B177C",
    "orange": "#F5663B",
    "green": "#1B6654",
    "purple": "#9664A4",
    "red": "#860604",
    "black": "#111111",
}
# Fills behind dark text, and quiet lines.
PALE = {"blue": "#E3E8FA", "orange": "#FDE9E1", "green": "#E2F1EC", "purple": "#F2EAF5", "grey": "#EFEFEF"}
GREY = "#5A5A5A"


class Series(TypedDict):
    """How one series is drawn, for ``ax.plot(x, y, **SERIES[0])``."""

    color: str
    linestyle: str | tuple[int, tuple[float, ...]]
    marker: str


# Colour is never the only difference between two lines.
SERIES: tuple[Series, ...] = (
    {"color": COLOURS["blue"], "linestyle": "-", "marker": "o"},
    {"color": COLOURS["orange"], "linestyle": "--", "marker": "s"},
    {"color": COLOURS["green"], "linestyle": "-.", "marker": "^"},
    {"color": COLOURS["purple"], "linestyle": ":", "marker": "D"},
    {"color": COLOURS["red"], "linestyle": (0, (6, 1.5, 1, 1.5, 1, 1.5)), "marker": "v"},
    {"color": COLOURS["black"], "linestyle": (0, (1, 2.5)), "marker": "X"},
)

MARKS = 0.08  # of the figure's diagonal, between two markers of a curve
LONG = 44  # columns of a label above which the two languages stand on two lines
# What may not be torn apart at a line's end: a formula, a word with the space after it, a sign with what it closes.
_PIECE = re.compile(r"(?:\$[^$]*\$|[^\s\u2e80-\uffef$]+|[\u2e80-\uffef$])[，。、；：？！）》”’\s]*")


@lru_cache(maxsize=1)
def apply_style() -> None:
    """Give matplotlib the course's font and style, once per process.

    A student's own pyplot figures get them too, so that their Chinese labels show.
    """
    import matplotlib
    from cycler import cycler
    from matplotlib import font_manager

    font_manager.fontManager.addfont(FONT_FILE)
    # Only what a filled area understands, too: with "marker" and "markevery" ax.fill() would fail.
    cycle = {key: [series[key] for series in SERIES] for key in ("color", "linestyle")}
    matplotlib.rcParams.update(
        {
            # The Chinese font comes first: text with $formulas$ is set in the first family only.
            "font.family": [FAMILY, "DejaVu Sans"],
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.labelsize": 11,
            "axes.prop_cycle": cycler(**cycle),
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": GREY,
            "grid.color": "#DDDDDD",
            "grid.linewidth": 0.8,
            "lines.linewidth": 1.8,
            "lines.markersize": 5,
            "legend.frameon": True,
            "legend.framealpha": 0.9,
            "legend.edgecolor": "#CCCCCC",
            "legend.fontsize": 10,
            "xtick.color": "#333333",
            "ytick.color": "#333333",
            "figure.facecolor": "white",
            "image.cmap": "cividis",  # even in lightness, and the same to colour-blind eyes
        }
    )


def thin_markers(figure: Figure) -> None:
    """Sets the markers of curves with many points apart; a ``markevery`` of one's own stays."""
    for ax in figure.axes:
        for line in ax.get_lines():
            if line.get_marker() not in ("", "None", None) and line.get_markevery() is None:
                line.set_markevery(MARKS)


def words(text: Text | str, width: int = LONG) -> str:
    """The words of a label in the language in force; for both, ``en / zh``, or two lines where that is long.

    width: the columns that fit on one line; words are wrapped there. A plain string (``"x"``, ``"$W_1$"``) needs no
    translation and stays as it is.
    """
    if isinstance(text, str):
        return text
    if columns(text.inline) <= width:
        return text.inline
    return "\n".join(wrap(words, width) for words in text.say().split("\n"))


def wrap(line: str, width: int) -> str:
    """The line broken at spaces and between Chinese characters, never in a formula; no line starts with a full stop."""
    lines = [""]
    for piece in _PIECE.findall(line):
        if lines[-1] and columns((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(part.rstrip() for part in lines)


def columns(line: str) -> int:
    """The width of a line in half-width columns; a Chinese character takes two, a formula's commands nothing."""
    line = re.sub(r"\$[^$]*\$", lambda formula: re.sub(r"\\[a-z]+|[${}^_]", "", formula[0]), line)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)

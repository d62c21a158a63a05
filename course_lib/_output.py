"""A figure becomes an output: its picture, and the same in words.

The picture is image/png with the words as its alternative (nbconvert and most readers use it) and as text/plain (so
that nbval compares it). JupyterLab gives its pictures no alternative, so the words follow as HTML that can be opened.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from course_lib._html import paragraphs, spans
from course_lib._style import thin_markers
from course_lib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDGET = "application/vnd.jupyter.widget-view+json"
DOTS_PER_INCH = 144  # 1.5 dots per CSS pixel: a figure is as wide as in print, and sharp on fine screens
DESCRIPTION = Text(en="Text description of this figure", zh="图的文字说明")


def png_of(figure: Figure) -> bytes:
    """The figure as PNG bytes, the same at every call: no date, no program's name."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    thin_markers(figure)
    canvas = FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.set_dpi(DOTS_PER_INCH)
    canvas.print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def width_of(png: bytes) -> int:
    """The width in dots that stands in a PNG's header."""
    return int.from_bytes(png[16:20], "big")


def picture_bundle(png: bytes, alt: Text) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data and the metadata of the output that shows a picture."""
    import base64

    data = {"image/png": base64.b64encode(png).decode("ascii"), "text/plain": str(alt)}
    return data, {"image/png": {"alt": str(alt), "width": width_of(png) * 96 // DOTS_PER_INCH}}


def details(alt: Text, is_open: bool = False) -> str:
    """HTML that holds the words behind a line to open; each language is marked for a screen reader's voice."""
    state = " open" if is_open else ""
    return f"<details{state}><summary>{spans(DESCRIPTION)}</summary>{paragraphs(alt)}</details>"


def in_notebook() -> bool:
    """True where an IPython shell takes rich output."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


def still_only() -> bool:
    """True where nothing may move and no control is wanted: at grading, and where the reader asked for it."""
    return bool(os.environ.get("NBGRADER_EXECUTION") or os.environ.get("COURSE_STATIC"))


def widgets() -> Any:
    """The module ipywidgets where its controls would work; None on a still page, in a terminal, without the package."""
    if still_only() or not in_notebook():
        return None
    from IPython import get_ipython

    if getattr(get_ipython(), "kernel", None) is None:  # a terminal's IPython has no front end for them
        return None
    try:
        import ipywidgets
    except ImportError:
        return None
    return ipywidgets

"""A moving picture that plays once and then stands still."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from course_lib._output import details, in_notebook, picture_bundle, png_of, still_only
from course_lib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[Any], "tuple[Figure, Text]"]

LONGEST = 5.0  # seconds: what moves longer by itself must have a switch (WCAG 2.2, success criterion 2.2.2)
_COLOURS = 64  # in a frame: lines and words need few, and a stored notebook should stay small


def animate(draw: Draw, frames: Sequence[Any], seconds: float = LONGEST) -> None:
    """Show ``draw(frame)`` for all frames one after the other, once, in one picture. Call it at the end of the cell.

    draw: a pure function of a frame (a number of steps, say); it returns (figure, alt) and must be deterministic.
    frames: what it is called with, in order. seconds: what they take together, at most 5.

    The picture is a PNG whose still version is the last frame: that is what print and readers without animation show,
    and its words are the alternative text. Run the cell again to see it again. Where ``NBGRADER_EXECUTION`` or
    ``COURSE_STATIC`` is set only the last frame is drawn.

    Raises ValueError without a frame, and for more than 5 seconds.
    """
    if not frames:
        raise ValueError("an animation needs at least one frame")
    if seconds > LONGEST:
        raise ValueError(f"an animation takes at most {LONGEST:g} seconds, not {seconds:g}")
    figure, alt = draw(frames[-1])
    if not in_notebook():
        print(alt)
        return
    from IPython.display import display

    png = png_of(figure) if still_only() else moving_png(draw, frames, seconds)
    data, metadata = picture_bundle(png, alt)
    display(data, metadata=metadata, raw=True)
    display({"text/html": details(alt)}, raw=True)


def moving_png(draw: Draw, frames: Sequence[Any], seconds: float) -> bytes:
    """The frames as an animated PNG that plays once; its still picture is the last frame."""
    from PIL import Image

    colours = None
    pictures: list[Image.Image] = []
    for frame in reversed(frames):
        with Image.open(io.BytesIO(png_of(draw(frame)[0]))) as picture:
            # One palette, the last frame's, for all: then only what moves is stored anew.
            plain = picture.convert("RGB")
            colours = colours or plain.quantize(_COLOURS)
            pictures.insert(0, plain.quantize(palette=colours, dither=Image.Dither.NONE))
    buffer = io.BytesIO()
    pictures[-1].save(
        buffer,
        "PNG",
        save_all=True,
        default_image=True,
        append_images=pictures,
        duration=round(1000 * seconds / len(frames)),
        loop=1,
    )
    return buffer.getvalue()

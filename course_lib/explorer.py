"""A figure with controls: live sliders in JupyterLab, and the same picture, still, everywhere else."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course_lib._output import WIDGET, details, in_notebook, picture_bundle, png_of
from course_lib._output import widgets as toolkit
from course_lib.text import Text, digits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Control = tuple[float, float, float, float] | Sequence[Any]
Draw = Callable[..., "tuple[Figure, Text]"]

_FAILED = Text(en="The figure could not be drawn for these values: {error}", zh="用这些值无法画出图形：{error}")


def explore(draw: Draw, labels: Mapping[str, Text] | None = None, **controls: Control) -> None:
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

    Raises ValueError for a control that is neither.
    """
    start = {name: _start(name, control) for name, control in controls.items()}
    figure, alt = draw(**start)
    if not in_notebook():
        print(alt)
        return
    from IPython.display import display

    data, metadata = picture_bundle(png_of(figure), alt)
    box, picture, widgets = _live(controls, start, labels or {})
    if box is not None:
        picture.value = _image(data, metadata)
        data = {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": box.model_id}, **data}
    display(data, metadata=metadata, raw=True)
    words = display({"text/html": details(alt)}, raw=True, display_id=True)

    def redraw(_change: object) -> None:
        try:
            figure, alt = draw(**{name: widget.value for name, widget in widgets.items()})
            picture.value = _image(*picture_bundle(png_of(figure), alt))
            # Whoever moves a control has the words of what they see in front of them.
            words.update({"text/html": details(alt, is_open=True)}, raw=True)
        except Exception as error:  # an exception here would only reach a log that nobody sees
            picture.value = f"<p>{html.escape(str(_FAILED.format(error=repr(error))))}</p>"

    for widget in widgets.values():
        widget.observe(redraw, names="value")


def _start(name: str, control: Control) -> Any:
    """The value that a control starts with."""
    if isinstance(control, tuple) and len(control) == 4 and all(_is_number(part) for part in control):
        low, high, step, start = control
        if low <= start <= high and step > 0:
            return start
    elif isinstance(control, list) and control:
        return control[0]
    raise ValueError(f"{name}={control!r} is no control: give (min, max, step, start) or a list of choices")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _live(
    controls: Mapping[str, Control], start: Mapping[str, Any], labels: Mapping[str, Text]
) -> tuple[Any, Any, dict[str, Any]]:
    """The box to display, the picture inside it, and the widget of each control; (None, None, {}) for a still page."""
    ipywidgets = toolkit()
    if ipywidgets is None:
        return None, None, {}
    widgets = {}
    for name, control in controls.items():
        shared = {
            "description": labels[name].inline if name in labels else name,
            "style": {"description_width": "initial"},
            "layout": {"width": "min(32em, 100%)"},
        }
        if isinstance(control, tuple):
            whole = all(isinstance(part, int) for part in control)
            slider = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
            low, high, step, _ = control
            widget = slider(value=start[name], min=low, max=high, step=step, continuous_update=False, **shared)
        else:
            pick = ipywidgets.SelectionSlider if all(map(_is_number, control)) else ipywidgets.Dropdown
            options = [(_choice(entry), entry) for entry in control]
            later = {"continuous_update": False} if pick is ipywidgets.SelectionSlider else {}
            widget = pick(options=options, value=start[name], **later, **shared)
        widgets[name] = widget
    picture = ipywidgets.HTML()
    return ipywidgets.VBox([*widgets.values(), picture]), picture, widgets


def _choice(entry: object) -> str:
    if isinstance(entry, Text):
        return entry.inline
    return digits(entry, 6) if _is_number(entry) else str(entry)


def _image(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """The picture as HTML, because the widgets' own Image has no alternative text."""
    about = metadata["image/png"]
    alt = html.escape(about["alt"], quote=True)
    source = f"data:image/png;base64,{data['image/png']}"
    return f'<img src="{source}" alt="{alt}" width="{about["width"]}" style="max-width: 100%; height: auto">'

"""What a lesson imports: ``from course_lib import check, show``.

Nothing heavy is loaded here: torch, matplotlib and IPython come with the first name that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from course_lib import _torchvision

if TYPE_CHECKING:
    from course_lib.animation import animate
    from course_lib.checking.check import check
    from course_lib.checking.solved import solved
    from course_lib.data import load_images
    from course_lib.device import describe_device, pick_device
    from course_lib.explorer import explore
    from course_lib.plotting import (
        COLOURS,
        SERIES,
        Edge,
        Node,
        computation_graph,
        label,
        legend,
        new_figure,
        show,
        words,
    )
    from course_lib.predicting import prediction, predictions, reveal
    from course_lib.recorded_graph import autograd_graph
    from course_lib.seeds import seed_everything
    from course_lib.text import Text, current_language, digits, say, set_language

_HOMES = {
    "animate": "animation",
    "autograd_graph": "recorded_graph",
    "check": "checking.check",
    "solved": "checking.solved",
    "load_images": "data",
    "describe_device": "device",
    "pick_device": "device",
    "explore": "explorer",
    "COLOURS": "plotting",
    "SERIES": "plotting",
    "Edge": "plotting",
    "Node": "plotting",
    "computation_graph": "plotting",
    "label": "plotting",
    "legend": "plotting",
    "new_figure": "plotting",
    "show": "plotting",
    "words": "plotting",
    "prediction": "predicting",
    "predictions": "predicting",
    "reveal": "predicting",
    "seed_everything": "seeds",
    "Text": "text",
    "current_language": "text",
    "digits": "text",
    "say": "text",
    "set_language": "text",
}

__all__ = [
    "COLOURS",
    "SERIES",
    "Edge",
    "Node",
    "Text",
    "animate",
    "autograd_graph",
    "check",
    "computation_graph",
    "current_language",
    "describe_device",
    "digits",
    "explore",
    "label",
    "legend",
    "load_images",
    "new_figure",
    "pick_device",
    "prediction",
    "predictions",
    "reveal",
    "say",
    "seed_everything",
    "set_language",
    "show",
    "solved",
    "words",
]

# A student's own ``import torchvision`` has to work too, so the repair waits for it from here on.
_torchvision.watch()


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'course_lib' has no attribute {name!r}; it offers: {', '.join(__all__)}")
    value = getattr(import_module(f"course_lib.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

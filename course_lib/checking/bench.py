"""The bench that a student's code works at: whatever a probe hands over is put in another place first.

The place is a function of a thing: onto a device, or into another precision. What the case holds is put there, what
the probe itself makes is put there, and so is a module that the student's code hands over, as a training script would
do it. What the student's own lines make is made where they say: on the CPU, unless they say ``device=``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from course_lib.checking.probing import Names, ProbeFunction, is_students

Place = Callable[[Any], Any]
# What makes a tensor out of nothing, and may be told where.
FACTORIES = frozenset(
    getattr(torch, name)
    for name in (
        "arange",
        "as_tensor",
        "empty",
        "eye",
        "full",
        "linspace",
        "ones",
        "rand",
        "randint",
        "randn",
        "randperm",
        "tensor",
        "zeros",
    )
)


def at_bench(probe: ProbeFunction, place: Place) -> ProbeFunction:
    """The probe with everything that it hands over put in a place. To be run under ``Making(place)``."""

    def moved(names: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
        return probe(_Delivered(names, place), place(case))

    return moved


def everywhere(tensor: Callable[[torch.Tensor], torch.Tensor], module: Place) -> Place:
    """The place that a function puts tensors in, and another one modules: for what lists, tuples and dicts hold, too.
    A tensor that required a gradient is a leaf that requires one there."""

    def place(thing: Any) -> Any:
        if isinstance(thing, torch.nn.Module):
            return module(thing)
        if isinstance(thing, torch.Tensor):
            return tensor(thing.detach()).requires_grad_(thing.requires_grad)
        if isinstance(thing, (list, tuple)):
            return type(thing)(map(place, thing))
        if isinstance(thing, dict):
            return {key: place(value) for key, value in thing.items()}
        return thing

    return place


class _Delivered(Names):
    """The student's names; a module that is made with one of them is moved to its place before the probe has it."""

    def __init__(self, names: dict[str, Any], place: Place) -> None:
        super().__init__(names)
        self._place = place

    def __getitem__(self, name: str) -> Any:
        thing = super().__getitem__(name)
        if isinstance(thing, type) and issubclass(thing, torch.nn.Module):
            return lambda *args, **kwargs: self._place(thing(*args, **kwargs))
        return thing


class Making(TorchFunctionMode):
    """What the probe's own lines make out of nothing is put in the place as soon as it is made."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        made = func(*args, **kwargs)
        if func in FACTORIES and kwargs.get("device") is None and _asked_by_the_probe():
            return self._place(made)
        return made


def _asked_by_the_probe() -> bool:
    """Whether the probe's line is deeper in the stack than any of the student's."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if frame.f_code.co_name in ("__torch_function__", "__torch_dispatch__"):
            pass  # a probe that listens to the operations stands between the student's line and this one
        elif file == "<probe>" or is_students(file):
            return bool(file == "<probe>")
        frame = frame.f_back
    return False

"""A probe once more, on the simulated device: would this answer run on a GPU, too?

The probe is the student's bench there. What the case holds lies on the device, what the probe itself makes is made
there, and a module that the student's code hands over is moved there, as a training script would do it. What the
student's own lines make is made where they say: on the CPU, unless they say ``device=``.
"""

from __future__ import annotations

import contextlib
import random
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from course_lib.checking.device_hints import Sign, recognise, sign_of
from course_lib.checking.device_words import tell, where_it_lies
from course_lib.checking.probing import Names, ProbeFunction, compile_probe, is_students, run_probe
from course_lib.checking.results import Hint, Observed, RaisedError
from course_lib.checking.simulated import DEVICE, Slip, home, origin, simulated_device, to_device
from course_lib.checking.values import Value
from course_lib.checking.verdict import ExercisePack
from course_lib.text import Text

ENOUGH = 1.0  # seconds after which no further case is begun: nobody waits for advice
_RIGHT_HERE = Text(
    en="Your answer is right and has all its points. It would not run on a GPU yet. {slip}",
    zh="你的答案是对的，分数全得。不过换到 GPU 上还跑不了。{slip}",
)
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


@dataclass(frozen=True)
class Trip:
    """One probe on one case on the simulated device.

    observed: as on the CPU, so that both can be compared; places: for each property, for each of its tensors in order,
    whether it was on the device; slips: what a GPU would have refused; origins: of each property's tensors on the CPU,
    as in ``Slip``.
    """

    observed: Observed
    places: dict[str, tuple[bool, ...]]
    slips: tuple[Slip, ...]
    origins: dict[str, str] = field(default_factory=dict)


def travel(probe: ProbeFunction, namespace: dict[str, Any], inputs: dict[str, Value]) -> Trip:
    """Runs the probe with its tensors on the simulated device. KeyboardInterrupt alone goes through."""
    places: dict[str, tuple[bool, ...]] = {}
    origins: dict[str, str] = {}

    def on_bench(names: dict[str, Any], case: dict[str, Any]) -> Any:
        for name, thing in probe(_Delivered(names), to_device(case)):
            plain, where = home(thing)
            places[str(name)], origins[str(name)] = where, origin(thing)
            yield name, plain

    with _same_dice(), simulated_device() as log, _Bench(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        observed = run_probe(on_bench, namespace, inputs)
    return Trip(observed, places, tuple(log.slips), origins)


@dataclass(frozen=True)
class Advice:
    """What to tell somebody whose answer is right on the CPU and would not run on a GPU.

    hint: of the named mistake that it looks like, if any; lies: the hint's second step, where everything lies.
    """

    note: Text
    hint: Hint | None = None
    lies: Text | None = None


def advice(pack: ExercisePack, namespace: dict[str, Any]) -> Advice | None:
    """Advice from runs of the public cases on the simulated device; None for an answer that would run on a GPU."""
    probe, began = compile_probe(pack.probe), time.monotonic()
    trips: list[Trip] = []
    for case in pack.cases:
        if time.monotonic() - began > ENOUGH:
            break
        trips.append(travel(probe, namespace, case.inputs))
    return advice_on(pack, trips)


def advice_on(pack: ExercisePack, trips: Sequence[Trip]) -> Advice | None:
    """Advice from the trips of the pack's first cases. A mistake is named only where all of them have been tried."""
    slips = [slips_of(trip) for trip in trips]
    index = next((i for i, found in enumerate(slips) if found), None)
    if index is None or _chose_a_device(slips[index][0]):
        return None
    slip, labels = slips[index][0], {prop.name: prop.label for prop in pack.properties}
    note = _RIGHT_HERE.format(slip=tell(slip, labels))
    known = recognise(pack.device, signs_of(trips))
    return Advice(note, known.hint, where_it_lies(pack.cases[index], slip, labels)) if known else Advice(note)


def signs_of(trips: Sequence[Trip]) -> tuple[Sign | None, ...]:
    """The sign of each trip, for comparing answers."""
    return tuple(sign_of(slips_of(trip), len(trip.places)) for trip in trips)


_ON_THE_CPU = ("mixed", "moved", "refused", "returned")  # slips by a tensor that lies on the CPU


def _chose_a_device(slip: Slip) -> bool:
    """Whether the tensor in the way was put where the student's own ``device`` says: on a machine with a GPU that may
    well be the GPU, so nothing is said."""
    line = (slip.made_in or slip.source_line).lower()
    asks = "is_available" in line or "accelerator" in line
    return slip.kind in _ON_THE_CPU and (asks or ("device" in line and "cpu" not in line))


def slips_of(trip: Trip) -> list[Slip]:
    """What a GPU would have refused, and then the results that came back on the CPU."""
    found = list(trip.slips)
    error = trip.observed.error
    if not found and error is not None and _is_torchs_own(error):
        kind = "state" if error.message.startswith(_STATE) else "refused"
        words = f"{error.type}: {error.message}".replace("'meta'", "'cuda'").replace("meta", "cuda:0")
        found.append(Slip(kind, "", (), error.line, error.source_line, "", words))
    return found + [
        Slip("returned", name, origin=trip.origins.get(name, ""))
        for name, where in trip.places.items()
        if not all(where)
    ]


_STATE = "RNG state must be"
# Other words about devices are about this one, which is no GPU: torch has no generator and no autocast for it.
_OF_TWO_DEVICES = ("same device", "expected device", "two devices")


def _is_torchs_own(error: RaisedError) -> bool:
    """Whether torch has refused here what it refuses on a GPU, too, such as assigning a .grad of another device."""
    if error.type == "AssertionError":
        return "for attribute 'device' do not match" in error.message
    if error.type == "TypeError":
        return error.message.startswith(_STATE)
    return error.type == "RuntimeError" and any(words in error.message for words in _OF_TWO_DEVICES)


@contextlib.contextmanager
def _same_dice() -> Iterator[None]:
    """Gives all random numbers back: whoever draws next gets what they would have got without the trip."""
    before, arrays, tensors = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(arrays)
        torch.set_rng_state(tensors)


class _Delivered(Names):
    """The student's names; a module that is made with one of them is moved to the device before the probe has it."""

    def __getitem__(self, name: str) -> Any:
        thing = super().__getitem__(name)
        if isinstance(thing, type) and issubclass(thing, torch.nn.Module):
            return lambda *args, **kwargs: to_device(thing(*args, **kwargs))
        return thing


class _Bench(TorchFunctionMode):
    """What the probe's own lines make out of nothing is made on the device."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in FACTORIES and kwargs.get("device") is None and _asked_by_the_probe():
            kwargs = kwargs | {"device": DEVICE}
        return func(*args, **kwargs)


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

"""A probe once more, on the simulated device: would this answer run on a GPU, too?

The probe is the student's bench there (``bench``): what it hands over lies on the device, what the student's own lines
make is made where they say.
"""

from __future__ import annotations

import contextlib
import random
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from course_lib.checking.bench import Making, at_bench
from course_lib.checking.device_hints import Sign, recognise, sign_of
from course_lib.checking.device_words import tell, where_it_lies
from course_lib.checking.probing import ProbeFunction, compile_probe, run_probe
from course_lib.checking.results import Hint, Observed, RaisedError
from course_lib.checking.simulated import Slip, home, origin, simulated_device, to_device
from course_lib.checking.values import Value
from course_lib.checking.verdict import ExercisePack, JudgedCase
from course_lib.text import Text

ENOUGH = 1.0  # seconds after the first case, after which no further one is begun: nobody waits for advice
_RIGHT_HERE = Text(
    en="Your answer is right and has all its points. It would not run on a GPU yet. {slip}",
    zh="你的答案是对的，分数全得。不过换到 GPU 上还跑不了。{slip}",
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
        for name, thing in at_bench(probe, to_device)(names, case):
            plain, where = home(thing)
            places[str(name)], origins[str(name)] = where, origin(thing)
            yield name, plain

    with same_dice(), simulated_device() as log, Making(to_device), warnings.catch_warnings():
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
    probe = compile_probe(pack.probe)
    return advice_on(pack, [travel(probe, namespace, case.inputs) for case in while_there_is_time(pack.cases)])


def while_there_is_time(cases: Iterable[JudgedCase]) -> Iterator[JudgedCase]:
    """The cases, until ENOUGH seconds are over. The first does not count: whatever is loaded or started is so then."""
    began: float | None = None
    for case in cases:
        if began is not None and time.monotonic() - began > ENOUGH:
            return
        yield case
        began = time.monotonic() if began is None else began


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
def same_dice() -> Iterator[None]:
    """Gives all random numbers back: whoever draws next gets what they would have got without the trip."""
    before, arrays, tensors = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(arrays)
        torch.set_rng_state(tensors)

"""A probe once more, on the simulated device: would this answer run on a GPU, too?

The probe is the student's bench there (``bench``): what it hands over lies on the device, what the student's own lines
make is made where they say.
"""

from __future__ import annotations

import contextlib
import random
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from course_lib.checking.bench import Making, at_bench
from course_lib.checking.probing import ProbeFunction, compile_probe, run_probe
from course_lib.checking.results import Observed
from course_lib.checking.simulated import Slip, home, simulated_device, to_device
from course_lib.checking.values import Value
from course_lib.checking.verdict import ExercisePack
from course_lib.text import Text

ENOUGH = 1.0  # seconds after which no further case is begun: nobody waits for advice


@dataclass(frozen=True)
class Trip:
    """One probe on one case on the simulated device.

    observed: as on the CPU, so that both can be compared; places: for each property, for each of its tensors in order,
    whether it was on the device; slips: what a GPU would have refused.
    """

    observed: Observed
    places: dict[str, tuple[bool, ...]]
    slips: tuple[Slip, ...]


def travel(probe: ProbeFunction, namespace: dict[str, Any], inputs: dict[str, Value]) -> Trip:
    """Runs the probe with its tensors on the simulated device. KeyboardInterrupt alone goes through."""
    places: dict[str, tuple[bool, ...]] = {}

    def on_bench(names: dict[str, Any], case: dict[str, Any]) -> Any:
        for name, thing in at_bench(probe, to_device)(names, case):
            plain, where = home(thing)
            places[str(name)] = where
            yield name, plain

    with same_dice(), simulated_device() as log, Making(to_device), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        observed = run_probe(on_bench, namespace, inputs)
    return Trip(observed, places, tuple(log.slips))


def advice(pack: ExercisePack, namespace: dict[str, Any]) -> Text | None:
    """What to tell somebody whose answer is right on the CPU and would not run on a GPU; None where it would."""
    probe, began = compile_probe(pack.probe), time.monotonic()
    for case in pack.cases:
        if time.monotonic() - began > ENOUGH:
            return None
        slips = slips_of(travel(probe, namespace, case.inputs))
        if slips and _chose_a_device(slips[0]):
            return None
        if slips:
            labels = {prop.name: prop.label for prop in pack.properties}
            return _RIGHT_HERE.format(slip=tell(slips[0], labels))
    return None


def _chose_a_device(slip: Slip) -> bool:
    """Whether the tensor in the way was put where the student's own ``device`` says: on a machine with a GPU that may
    well be the GPU, so nothing is said."""
    line = slip.made_in or slip.source_line
    return "device" in line.lower() and "cpu" not in line.lower()


def slips_of(trip: Trip) -> list[Slip]:
    """What a GPU would have refused, and then the results that came back on the CPU."""
    found = list(trip.slips)
    error = trip.observed.error
    if not found and error is not None and error.type == "RuntimeError" and "device" in error.message:
        # Some checks are torch's own here, too, such as the one on assigning .grad.
        found.append(Slip("refused", "", (), error.line, error.source_line, "", error.message))
    return found + [Slip("returned", name) for name, where in trip.places.items() if not all(where)]


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


def tell(slip: Slip, labels: Mapping[str, Text] | None = None) -> Text:
    """A slip in the student's words: the operation, what lies where, what a GPU would say, and the line.

    labels: the words for the exercise's properties, by their names.
    """
    sentence = _SENTENCES[slip.kind]
    if slip.made_in:
        origin = _FETCHED_IN if "cpu" in slip.made_in else _MADE_IN
        sentence = Text(en=sentence.en + origin.en, zh=sentence.zh + origin.zh)
    if slip.source_line:
        sentence = Text(en="`{line}`: " + sentence.en, zh="`{line}`：" + sentence.zh)
    return sentence.format(
        line=slip.source_line,
        operation=(labels or {}).get(slip.operation, slip.operation) if slip.kind == "returned" else slip.operation,
        shape=slip.shapes[0] if slip.shapes else "",
        error=slip.error,
        made=slip.made_in,
    )


_SENTENCES = {
    "mixed": Text(
        en="`{operation}` meets two devices: your inputs lie on an accelerator here, and a tensor of shape {shape} "
        "lies on the CPU. On a GPU this stops with `RuntimeError: {error}`.",
        zh="`{operation}` 碰到了两个设备：这里的输入在加速器上，而一个形状为 {shape} 的张量在 CPU 上。"
        "换到 GPU，程序会在这里中止：`RuntimeError: {error}`。",
    ),
    "refused": Text(
        en="Something on the CPU is put together with your inputs, which lie on an accelerator here. "
        "On a GPU this stops with `RuntimeError: {error}`.",
        zh="这里的输入在加速器上，却和 CPU 上的东西放在了一起。换到 GPU，程序会在这里中止：`RuntimeError: {error}`。",
    ),
    "numpy": Text(
        en="NumPy cannot read a tensor that lies on an accelerator. On a GPU this stops with `TypeError: {error}`.",
        zh="NumPy 读不了加速器上的张量。换到 GPU，程序会在这里中止：`TypeError: {error}`。",
    ),
    "generator": Text(
        en="`{operation}` is to make a tensor on an accelerator with a random generator of the CPU. "
        "On a GPU this stops with `RuntimeError: {error}`.",
        zh="`{operation}` 要在加速器上生成张量，用的却是 CPU 的随机数生成器。"
        "换到 GPU，程序会在这里中止：`RuntimeError: {error}`。",
    ),
    "returned": Text(
        en="Your inputs lie on an accelerator here, and a result comes back on the CPU ({operation}). On a GPU the "
        "next line that uses both stops with `RuntimeError: Expected all tensors to be on the same device`.",
        zh="这里的输入在加速器上，结果却回到了 CPU（{operation}）。换到 GPU，下一行把两者放在一起用时就会中止："
        "`RuntimeError: Expected all tensors to be on the same device`。",
    ),
}
_RIGHT_HERE = Text(
    en="Your answer is right and has all its points. It would not run on a GPU yet. {slip}",
    zh="你的答案是对的，分数全得。不过换到 GPU 上还跑不了。{slip}",
)
_MADE_IN = Text(
    en=" That tensor was made in `{made}`, which names no device=.",
    zh="那个张量是在 `{made}` 里生成的，那里没有写 device=。",
)
_FETCHED_IN = Text(en=" That tensor comes from `{made}`.", zh="那个张量来自 `{made}`。")

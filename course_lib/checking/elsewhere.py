"""A probe once more, in another place: on the simulated device, on a real accelerator, or in double precision.

``observe_on`` gives the same kind of record as ``run_probe`` does, with the device of each tensor in it, so that one
judge serves all places: what came back on the CPU is a tensor on another device than the reference's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from course_lib.checking.agreement import Expected, vouched
from course_lib.checking.bench import Making, at_bench, everywhere
from course_lib.checking.probing import ProbeFunction, run_probe
from course_lib.checking.results import Observed, RaisedError
from course_lib.checking.rounding import counted
from course_lib.checking.values import Value
from course_lib.checking.verdict import PropertySpec
from course_lib.device import SIMULATED
from course_lib.precision import exact_kernels


def observe_on(device: str, probe: ProbeFunction, namespace: dict[str, Any], inputs: dict[str, Value]) -> Observed:
    """Runs the probe with its tensors on a device: ``SIMULATED``, or a name of torch's such as ``cuda:0``.

    The dice are the CPU's on every device, so that a right answer that draws random numbers has the same values
    everywhere; torch's float32 is float32 there (``exact_kernels``). KeyboardInterrupt alone goes through.
    """
    return _simulated(probe, namespace, inputs) if device == SIMULATED else _real(device, probe, namespace, inputs)


def observe_precisely(probe: ProbeFunction, namespace: dict[str, Any], inputs: dict[str, Value]) -> Observed:
    """Runs the probe on the CPU with every float32 tensor, and every module's, in float64: the numbers that float32
    should come near to on any device. An answer that asks for float32 itself gets it."""
    from course_lib.checking.portability import same_dice

    place = everywhere(lambda t: t.double() if t.dtype == torch.float32 else t.clone(), lambda m: m.double())
    with same_dice(), _DiceOfFloat32(), Making(place):
        return run_probe(at_bench(probe, place), namespace, inputs)


def expect(
    device: str,
    probe: ProbeFunction,
    namespace: dict[str, Any],
    inputs: dict[str, Value],
    properties: tuple[PropertySpec, ...],
) -> Expected:
    """What should be seen of one case on a device, from the solution's names: what it gives there, what it gives in
    float64 on the CPU, and its allowance for rounding."""
    from course_lib.checking.portability import same_dice

    with same_dice(), counted() as work:
        here = run_probe(probe, namespace, inputs)
    there = observe_on(device, probe, namespace, inputs)
    truth = observe_precisely(probe, namespace, inputs)
    return Expected(there, vouched(properties, here, truth, work.total), work.total)


def _simulated(probe: ProbeFunction, namespace: dict[str, Any], inputs: dict[str, Value]) -> Observed:
    from course_lib.checking.portability import travel

    trip = travel(probe, namespace, inputs)
    seen = trip.observed
    if seen.error is None and trip.slips:  # a student's ``except`` met it
        slip = trip.slips[0]
        seen = replace(seen, error=RaisedError("RuntimeError", slip.error, slip.line, slip.source_line))
    values = {name: _put(value, list(trip.places.get(name, ()))) for name, value in seen.values.items()}
    return replace(seen, values=values)


def _put(value: Value, on_device: list[bool]) -> Value:
    """The value with the device in each of its tensors, in their order."""
    if value.kind == "tensor":
        return replace(value, device=SIMULATED if on_device and on_device.pop(0) else "cpu")
    if value.kind == "sequence":
        return replace(value, data=tuple(_put(item, on_device) for item in value.data))
    if value.kind == "mapping":
        return replace(value, data={key: _put(item, on_device) for key, item in value.data.items()})
    return value


def _real(device: str, probe: ProbeFunction, namespace: dict[str, Any], inputs: dict[str, Value]) -> Observed:
    from course_lib.checking.portability import same_dice

    place = everywhere(lambda t: t.to(device), lambda m: m.to(device))

    def finished(names: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
        yield from at_bench(probe, place)(names, case)
        # A kernel that fails says so at the next meeting of both: that is to be here, not in somebody else's line.
        if torch.device(device).type != "cpu":
            torch.accelerator.synchronize(device)

    with same_dice(), exact_kernels(), _DiceOfTheCpu(), Making(place):
        return run_probe(finished, namespace, inputs)


class _DiceOfTheCpu(TorchDispatchMode):
    """Random numbers for another device are drawn on the CPU and moved, unless a generator is named."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if not _draws(func) or kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        device = _device_of(args, kwargs)
        if device.type == "cpu":
            return func(*args, **kwargs)
        on_cpu = tree_map_only(torch.Tensor, lambda t: t.cpu(), (args, kwargs))
        drawn = func(*on_cpu[0], **on_cpu[1] | ({"device": torch.device("cpu")} if "device" in kwargs else {}))
        if torch.Tag.inplace in func.tags:
            return args[0].copy_(drawn)
        return tree_map_only(torch.Tensor, lambda t: t.to(device), drawn)


class _DiceOfFloat32(TorchDispatchMode):
    """Random numbers in float64 are those of float32, whose stream is another one."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if not _draws(func) or kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        in_float = tree_map_only(torch.Tensor, lambda t: t.float() if t.dtype == torch.float64 else t, (args, kwargs))
        asked = kwargs.get("dtype")
        drawn = func(*in_float[0], **in_float[1] | ({"dtype": torch.float32} if asked == torch.float64 else {}))
        if torch.Tag.inplace in func.tags:
            return args[0].copy_(drawn)
        wide = asked == torch.float64 or any(t.dtype == torch.float64 for t in args if isinstance(t, torch.Tensor))
        return tree_map_only(torch.Tensor, lambda t: t.double() if wide and t.is_floating_point() else t, drawn)


def _draws(func: Any) -> bool:
    return torch.Tag.nondeterministic_seeded in func.tags


def _device_of(args: Any, kwargs: Any) -> torch.device:
    """Where the random numbers are wanted."""
    if kwargs.get("device") is not None:
        return torch.device(kwargs["device"])
    return next((t.device for t in (*args, *kwargs.values()) if isinstance(t, torch.Tensor)), torch.device("cpu"))

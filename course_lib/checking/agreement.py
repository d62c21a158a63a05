"""Does an answer give the same in another place? Compares what was seen there with what should have been.

Three numbers per case: what the student's code gave there, what the reference gave in the same place, and the truth,
the reference in float64 on the CPU, where there is one (``vouched``). The first must be near both, within the
property's own tolerance or the allowance for rounding (``rounding``), whichever is wider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from course_lib.checking.compare import Tolerance, close, compare, tolerance_for
from course_lib.checking.results import Difference, Observed
from course_lib.checking.values import Value, elements
from course_lib.checking.verdict import PropertySpec
from course_lib.text import Text

TRUTH = Text(
    en="{gap:.2g} away from the value in float64, where rounding explains {allowed:.2g}",
    zh="与 float64 的结果相差 {gap:.2g}，而舍入误差最多只有 {allowed:.2g}",
)
FLOATS = frozenset({"float16", "bfloat16", "float32", "float64", "float", "complex64", "complex128", "complex"})
_EPS = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52, "complex128": 2**-52}


@dataclass(frozen=True)
class Expected:
    """What should be seen of one case in one place. truth: None where the reference does not run in float64;
    allowance: for rounding, absolute."""

    seen: Observed
    truth: Observed | None = None
    allowance: float = 0.0


def difference(prop: PropertySpec, expected: Expected, seen: Observed) -> Difference | None:
    """None where the property agrees with the reference in the same place and with the truth."""
    wanted, got = expected.seen.values.get(prop.name), seen.values.get(prop.name)
    if wanted is None:
        return None
    found = compare(wanted, got, *_widened(prop, wanted, expected.allowance))
    if found is not None or got is None:
        return found
    return off_the_truth(prop, expected, got)


def off_the_truth(prop: PropertySpec, expected: Expected, got: Value) -> Difference | None:
    """Where a value lies further from the truth than rounding explains; None also where the truth is not known."""
    wanted = expected.seen.values[prop.name]
    truth = expected.truth.values.get(prop.name) if expected.truth is not None else None
    if truth is None:
        return None
    for true, value, like in _leaves(truth, got, wanted):
        rtol, atol = _widened(prop, like, expected.allowance)
        tolerance = tolerance_for(like, rtol, atol)
        try:
            exact, there = elements(true), elements(value)
        except (OverflowError, ValueError):
            continue
        if exact.shape == there.shape and not close(exact, there, tolerance).all():
            gap, allowed = _worst(exact, there, tolerance)
            return Difference("truth", TRUTH.format(gap=gap, allowed=allowed), true, value, None, gap)
    return None


def vouched(properties: tuple[PropertySpec, ...], here: Observed, truth: Observed, allowance: float) -> Observed:
    """The truth of those properties for which it is one: the solution's own value on the CPU lies near it, so that both
    are the same numbers in two precisions and not, say, draws of other random numbers."""
    expected = Expected(here, truth, allowance)
    kept = {
        p.name: truth.values[p.name]
        for p in properties
        if p.name in truth.values and p.name in here.values and off_the_truth(p, expected, here.values[p.name]) is None
    }
    return replace(truth, values=kept)


def moved(value: Value, device: str) -> Value:
    """A value of the CPU as it should be seen on a device: the same, with its tensors there."""
    if value.kind == "tensor":
        return replace(value, device=device)
    if value.kind == "sequence":
        return replace(value, data=tuple(moved(item, device) for item in value.data))
    if value.kind == "mapping":
        return replace(value, data={key: moved(item, device) for key, item in value.data.items()})
    return value


def differences(properties: tuple[PropertySpec, ...], expected: Expected, seen: Observed) -> Mapping[str, Difference]:
    """Of one case, by the property's name."""
    found = ((prop.name, difference(prop, expected, seen)) for prop in properties)
    return {name: gap for name, gap in found if gap is not None}


def _widened(prop: PropertySpec, wanted: Value, allowance: float) -> tuple[float | None, float | None]:
    """The property's tolerances with room for rounding, but never for more than half of the digits: what has lost
    those is no result any more. What holds no floating-point numbers must be equal."""
    leaves = [leaf for _, _, leaf in _leaves(wanted, wanted, wanted)]
    if not leaves:
        return prop.rtol, prop.atol
    atol = max(tolerance_for(leaf, None, prop.atol).atol for leaf in leaves)
    return prop.rtol, max(atol, min(allowance, max(map(_half_of_the_digits, leaves))))


def _half_of_the_digits(leaf: Value) -> float:
    numbers = np.abs(elements(leaf))
    size = float(np.max(numbers, initial=0.0, where=np.isfinite(numbers)))
    # A Python float may have come from a float32 tensor.
    return size * _EPS.get(leaf.dtype, _EPS["float32"]) ** 0.5


def _leaves(first: Value, second: Value, third: Value) -> list[tuple[Value, Value, Value]]:
    """The floating-point parts that three values of the same structure have in the same places."""
    if first.kind == second.kind == third.kind == "sequence":
        return [leaf for trio in zip(first.data, second.data, third.data, strict=False) for leaf in _leaves(*trio)]
    if first.kind == second.kind == third.kind == "mapping":
        names = first.data.keys() & second.data.keys() & third.data.keys()
        return [leaf for name in sorted(names) for leaf in _leaves(*(v.data[name] for v in (first, second, third)))]
    numeric = first.numeric and second.numeric and third.numeric and third.dtype in FLOATS
    return [(first, second, third)] if numeric and first.shape == second.shape == third.shape else []


def _worst(exact: np.ndarray, there: np.ndarray, tolerance: Tolerance) -> tuple[float, float]:
    """The largest gap that is not allowed, and what is allowed there."""
    with np.errstate(all="ignore"):
        gap = np.abs(there - exact)
        allowed = tolerance.atol + tolerance.rtol * np.abs(exact)
    at = int(np.argmax(np.where(np.isnan(gap), np.inf, gap - allowed)))
    return float(np.ravel(gap)[at]), float(np.ravel(allowed)[at])

"""Seconds used and limits met, by cell and by exercise."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """A cell or an exercise over a class. n: submissions in which it ran; seconds: the middle one, the ninth of ten and
    the longest; limits: how many submissions met a limit there, by the event's code."""

    name: str
    n: int
    median: float
    ninetieth: float
    longest: float
    limits: Mapping[str, int]


def effort(name: str, seconds: Sequence[float], limits: Iterable[str] = ()) -> Effort:
    """seconds: one figure for each submission; limits: an event's code for each submission that met it."""
    in_order = sorted(seconds)
    return Effort(
        name,
        len(in_order),
        quantile(in_order, 0.5),
        quantile(in_order, 0.9),
        in_order[-1] if in_order else 0.0,
        dict(sorted(Counter(limits).items())),
    )


def quantile(in_order: Sequence[float], share: float) -> float:
    """The smallest of the sorted figures that is not below a share of them: always a figure that was met."""
    return in_order[max(0, math.ceil(share * len(in_order)) - 1)] if in_order else 0.0

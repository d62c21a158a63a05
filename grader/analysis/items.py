"""How hard each exercise was, and how well it tells those who know from those who do not.

Difficulty is the mean proportion of an exercise's points. It describes the class that took it and is said from one
submission on.

Discrimination is the corrected item-total correlation: Pearson's r between the points of an exercise and the points of
all the others. The exercise itself is left out of the total, or it would correlate with itself.
Source: Henrysson 1963, "Correction of item-total correlations in item analysis", Psychometrika 28, 211-218.

Unlike the difficulty it is an estimate, and a poor one for small classes. The 95 % interval by Fisher's z has the
half-width 1.96 / sqrt(n - 3) around atanh(r) (Fisher 1921, Metron 1, 3-32). From r = 0.40 on an exercise is called very
good (Ebel 1965, Measuring Educational Achievement, ch. 11). Below n = 28 the half-width is above 0.40: one that tells
nobody apart could look very good, or a very good one useless, by chance alone. So no number is given below ``MINIMUM``,
and above it never one without its interval.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MINIMUM = 28
_FISHER = 1.96  # the normal distribution's two-sided 95 % point


@dataclass(frozen=True)
class Discrimination:
    """A corrected item-total correlation with its 95 % interval, all in [-1, 1]."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Item:
    """One exercise. n: submissions that count. missing: why there is no discrimination: ``few``: fewer than MINIMUM
    submissions; ``alone``: the lesson has no other exercise; ``constant``: everybody has the same points in it, or in
    all the others together."""

    key: str
    n: int
    difficulty: float | None
    discrimination: Discrimination | None
    missing: str | None


def items(rows: Sequence[Mapping[str, float]], most: Mapping[str, float]) -> list[Item]:
    """Every exercise, in the order of ``most``. rows: each submission's points by exercise; a submission without
    points for an exercise (the grader failed on it) does not count there, nor anywhere for the discrimination.
    most: what each exercise is worth."""
    whole = [row for row in rows if all(key in row for key in most)]
    found = []
    for key, worth in most.items():
        got = [row[key] for row in rows if key in row]
        value, missing = _discrimination(key, whole, len(most))
        found.append(Item(key, len(got), difficulty(got, worth), value, missing))
    return found


def difficulty(points: Sequence[float], worth: float) -> float | None:
    """The mean proportion of the points, 1 where everybody has all of them; None for nobody, or for nothing to get."""
    return statistics.fmean(points) / worth if points and worth > 0 else None


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Pearson's r in [-1, 1]; None where either side is constant."""
    if len(xs) < 2 or _constant(xs) or _constant(ys):
        return None
    return max(-1.0, min(1.0, statistics.correlation(xs, ys)))


def interval(r: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a correlation that was found in n pairs, by Fisher's z. n must be above 3."""
    if abs(r) > 1.0 - 1e-12:
        return r, r
    half = _FISHER / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def _discrimination(
    key: str, rows: Sequence[Mapping[str, float]], exercises: int
) -> tuple[Discrimination | None, str | None]:
    if exercises < 2:
        return None, "alone"
    if len(rows) < MINIMUM:
        return None, "few"
    mine = [row[key] for row in rows]
    others = [sum(points for other, points in row.items() if other != key) for row in rows]
    r = correlation(mine, others)
    if r is None:
        return None, "constant"
    return Discrimination(r, *interval(r, len(rows))), None


def _constant(values: Sequence[float]) -> bool:
    return max(values) - min(values) < 1e-9

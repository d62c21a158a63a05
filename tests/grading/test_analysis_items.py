"""Difficulty and discrimination, against NumPy and on classes whose answer is known."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.analysis.items import MINIMUM, Item, correlation, difficulty, interval, items

MOST = {"a": 4.0, "b": 6.0, "c": 2.0}
POINTS = st.lists(st.tuples(*(st.integers(0, 8).map(lambda n, m=m: m * n / 8) for m in MOST.values())), max_size=80)  # type: ignore[misc]


def rows(points: list[tuple[float, ...]]) -> list[dict[str, float]]:
    return [dict(zip(MOST, p, strict=True)) for p in points]


def by_key(found: list[Item]) -> dict[str, Item]:
    return {item.key: item for item in found}


@given(POINTS)
def test_every_class_gives_numbers_in_their_ranges_or_a_reason(points: list[tuple[float, ...]]) -> None:
    found = items(rows(points), MOST)
    assert [item.key for item in found] == list(MOST)
    for item in found:
        assert (item.discrimination is None) == (item.missing is not None)
        assert item.n == len(points)
        assert (item.difficulty is None) == (not points)
        if item.difficulty is not None:
            assert 0.0 <= item.difficulty <= 1.0
        if item.discrimination is not None:
            assert len(points) >= MINIMUM
            one = item.discrimination
            assert -1.0 <= one.low <= one.value <= one.high <= 1.0


@pytest.mark.parametrize("seed", range(5))
def test_the_correlation_is_with_all_others_and_without_itself(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 9, (60, len(MOST))) / 8 * list(MOST.values())
    for number, item in enumerate(items(rows([tuple(row) for row in table.tolist()]), MOST)):
        rest = np.delete(table, number, axis=1).sum(axis=1)
        assert item.discrimination is not None
        assert item.discrimination.value == pytest.approx(np.corrcoef(table[:, number], rest)[0, 1], abs=1e-9)


def test_no_number_below_the_minimum() -> None:
    rng = random.Random(1)
    points = [tuple(rng.random() * m for m in MOST.values()) for _ in range(MINIMUM)]
    assert {item.missing for item in items(rows(points[:-1]), MOST)} == {"few"}
    assert {item.missing for item in items(rows(points), MOST)} == {None}


def test_the_minimum_is_where_the_docstring_says() -> None:
    """Fisher's half-width passes 0.40, from which on an exercise is called very good, between 27 and 28."""
    assert 1.96 / math.sqrt(MINIMUM - 1 - 3) > 0.40 > 1.96 / math.sqrt(MINIMUM - 3)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_class_that_is_all_right_or_all_zero_says_nothing_of_discrimination(share: float) -> None:
    found = items([{key: share * most for key, most in MOST.items()}] * 40, MOST)
    assert [(item.difficulty, item.discrimination, item.missing) for item in found] == [(share, None, "constant")] * 3


def test_a_class_of_one_and_nobody() -> None:
    assert [(i.n, i.difficulty, i.missing) for i in items([dict(MOST)], MOST)] == [(1, 1.0, "few")] * 3
    assert [(i.n, i.difficulty, i.missing) for i in items([], MOST)] == [(0, None, "few")] * 3
    assert items([], {}) == []


def test_one_exercise_alone_has_nothing_to_compare_with() -> None:
    assert items([{"a": 1.0}] * 50, {"a": 2.0})[0].missing == "alone"


def test_an_exercise_that_the_strong_get_wrong_is_negative() -> None:
    points = [{"a": 4.0 * (n % 4 == 0), "b": 6.0 * (n % 4 != 0), "c": 2.0 * (n % 4 != 0)} for n in range(60)]
    found = by_key(items(points, MOST))
    assert found["a"].discrimination is not None
    assert found["a"].discrimination.value == pytest.approx(-1.0)


def test_a_fault_of_the_grader_counts_for_nobody() -> None:
    points = [dict(MOST) for _ in range(10)] + [{"b": 6.0, "c": 0.0}]
    found = by_key(items(points, MOST))
    assert (found["a"].n, found["b"].n, found["c"].difficulty) == (10, 11, pytest.approx(10 / 11))


def test_difficulty_is_a_share() -> None:
    assert difficulty([1.0, 2.0, 3.0], 4.0) == 0.5
    assert difficulty([1.0], 0.0) is None


def test_correlation_of_constants_is_none_and_of_equals_is_one() -> None:
    assert correlation([1.0, 1.0], [0.0, 2.0]) is None
    assert correlation([1.0], [1.0]) is None
    assert correlation([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]) == pytest.approx(1.0)


def test_fishers_interval_in_a_textbook_case() -> None:
    low, high = interval(0.5, 103)  # atanh(0.5) = 0.5493, half-width 0.196
    assert (low, high) == (pytest.approx(math.tanh(0.3533), abs=1e-3), pytest.approx(math.tanh(0.7453), abs=1e-3))

"""The comparison core: type first, then shape, then values; and it bites."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checking.compare import compare
from course_lib.checking.values import observe


def reason(expected: object, actual: object, **tolerance: float) -> str | None:
    found = compare(observe(expected), observe(actual), **tolerance)
    return found.reason if found else None


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (3, 3.0),
        (np.float32(2), 2),
        ((1, 2), [1, 2]),
        ({"a": np.ones(2)}, {"a": np.ones(2)}),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        (np.ones(3), np.ones(3) * (1 + 1e-8)),
        (np.asfortranarray(np.eye(3)), np.eye(3)),
        ("relu", "relu"),
        (None, None),
    ],
)
def test_these_agree(expected: object, actual: object) -> None:
    assert reason(expected, actual) is None


@pytest.mark.parametrize(
    ("expected", "actual", "why"),
    [
        (1, True, "kind"),
        (np.array(1.0), 1.0, "kind"),
        (np.ones(2), [1.0, 1.0], "kind"),
        (np.ones(2), None, "kind"),
        (np.ones(2), np.ones(2, dtype=np.float32), "dtype"),
        (np.ones((2, 1)), np.ones(2), "shape"),
        (np.ones((2, 3)), np.ones((3, 2)), "shape"),
        (np.ones(2), np.array([1.0, np.nan]), "values"),
        (np.array([np.inf]), np.array([-np.inf]), "values"),
        (np.array([np.inf]), np.array([1e308]), "values"),
        (np.array([1.0]), np.array([np.inf]), "values"),
        (np.ones(2), np.ones(2) * (1 + 1e-4), "values"),
        (3, 3.5, "values"),
        (7, 8, "values"),
        (2.0, 10**400, "values"),
        (np.array([True]), np.array([False]), "values"),
        ((1, 2), (1, 2, 3), "shape"),
        ({"a": 1}, {"b": 1}, "shape"),
        ("relu", "Relu", "values"),
    ],
)
def test_these_differ_and_say_why(expected: object, actual: object, why: str) -> None:
    assert reason(expected, actual) == why


def test_a_missing_value_is_a_difference() -> None:
    found = compare(observe(1), None)
    assert found is not None
    assert found.reason == "missing"


def test_the_worst_element_is_named_in_both_languages() -> None:
    wanted, got = np.zeros((2, 3)), np.zeros((2, 3))
    got[1, 2], got[0, 1] = 5.0, 1.0
    found = compare(observe(wanted), observe(got))
    assert found is not None
    assert (found.where, found.worst) == ((1, 2), 5.0)
    assert "[1, 2]" in found.sentence.en and "2 of 6" in found.sentence.en
    assert "[1, 2]" in found.sentence.zh and "6 个元素中有 2 个" in found.sentence.zh


def test_a_tiny_difference_is_shown_with_the_digits_it_needs() -> None:
    found = compare(observe(np.array([6.0])), observe(np.array([6.0001])))
    assert found is not None and found.sentence.en.startswith("6.0001 instead of 6 at")
    found = compare(observe(6.0), observe(6.0 + 1e-9), rtol=0.0, atol=0.0)
    assert found is not None and found.sentence.en == "6.000000001 instead of 6"


def test_a_tolerance_of_its_own_is_used() -> None:
    assert reason(1.0, 1.01) == "values"
    assert reason(1.0, 1.01, rtol=0.1) is None
    assert reason(1.0, 1.0 + 1e-7, rtol=0.0, atol=1e-9) == "values"


def test_tensors_are_compared_by_dtype_and_values() -> None:
    torch = pytest.importorskip("torch")
    assert reason(torch.ones(2), torch.ones(2)) is None
    assert reason(torch.ones(2), torch.ones(2, dtype=torch.float64)) == "dtype"
    assert reason(torch.ones(2), np.ones(2, dtype=np.float32)) == "kind"
    assert reason(torch.ones(2, dtype=torch.bfloat16), torch.full((2,), 2.0, dtype=torch.bfloat16)) == "values"


def test_an_equality_that_always_says_yes_does_not_help() -> None:
    class Yes(np.ndarray):
        def __eq__(self, other: object) -> np.ndarray:  # type: ignore[override]
            return np.ones(self.shape, dtype=bool)

    assert reason(np.ones(2), np.zeros(2).view(Yes)) == "values"

"""Copied answers stand out, honest classes name nobody."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.analysis.alike import ENOUGH, LISTED, Wrong, pairs, places, rates
from tests.grading.classes import WHERE, honest

COPIED = ("backward", "numeric_grad", "train", "init")
CLASSES = st.dictionaries(
    st.sampled_from([f"s{n}" for n in range(12)]),
    st.dictionaries(st.sampled_from(list(WHERE)), st.sampled_from("abcdef").map(Wrong)),
)


def copied(everybody: dict[str, dict[str, Wrong]], *students: str, of: tuple[str, ...] = COPIED) -> None:
    for student in students:
        everybody[student] = {name: Wrong(f"{name}-their-own") for name in of}


def test_two_who_copied_stand_out() -> None:
    for seed in range(5):
        everybody = honest(40, seed)
        copied(everybody, "student-007", "student-031")
        (found,) = pairs(everybody, WHERE)
        assert found.students == ("student-007", "student-031")
        assert found.agreed == found.both_wrong == COPIED
        assert found.expected <= LISTED


def test_so_do_three_who_copied() -> None:
    everybody = honest(60, 3)
    names = ("student-003", "student-010", "student-050")
    copied(everybody, *names)
    assert {pair.students for pair in pairs(everybody, WHERE)} == set(combinations(names, 2))


@pytest.mark.parametrize("popular", [0.5, 0.8, 1.5])
def test_three_hundred_honest_students_are_not_accused(popular: float) -> None:
    for seed in range(4):
        assert pairs(honest(300, seed, popular), WHERE) == []


def test_many_small_honest_classes_hardly_ever_name_anybody() -> None:
    """One in a hundred by construction: of two hundred, more than six once in two hundred times."""
    named = sum(bool(pairs(honest(35, 1000 + seed), WHERE)) for seed in range(200))
    assert named <= 6


def test_right_answers_and_being_wrong_in_the_same_exercises_say_nothing() -> None:
    assert pairs({f"s{n}": {} for n in range(50)}, WHERE) == []
    apart = {f"s{n}": {name: Wrong(f"{name}-{n}") for name in WHERE} for n in range(50)}
    assert pairs(apart, WHERE) == []


def test_what_everybody_gets_wrong_alike_is_no_sign() -> None:
    everybody = {f"s{n}": {name: Wrong(f"{name}-common") for name in WHERE} for n in range(30)}
    assert pairs(everybody, WHERE) == []


def test_one_shared_answer_is_never_enough_in_a_short_exercise() -> None:
    for seed in range(5):
        everybody = honest(40, seed)
        copied(everybody, "student-007", "student-031", of=("forward",))
        assert pairs(everybody, WHERE) == []


def test_a_one_liner_weighs_less_than_a_long_exercise() -> None:
    everybody = honest(40, 2)
    copied(everybody, "student-007", "student-031")
    long, short = pairs(everybody, WHERE), pairs(everybody, dict.fromkeys(WHERE, 2))
    assert short == [] or short[0].expected > 10 * long[0].expected


def test_one_misconception_in_several_exercises_counts_once() -> None:
    everybody = honest(40, 2)
    for student in ("student-007", "student-031"):
        everybody[student] = {name: Wrong(f"{name}-their-own", "mean-for-sum") for name in COPIED}
    assert pairs(everybody, WHERE) == []


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_anybody(count: int) -> None:
    """Nothing says that others would do otherwise."""
    everybody = {f"s{n}": {name: Wrong(name) for name in WHERE} for n in range(count)}
    assert pairs(everybody, WHERE) == []


def test_an_exercise_counts_only_where_the_class_shows_what_honest_wrong_answers_are() -> None:
    everybody = {f"s{n}": {name: Wrong(f"{name}-{n}") for name in WHERE} for n in range(ENOUGH)}
    copied(everybody, "s0", "s1", of=tuple(WHERE))
    assert [pair.students for pair in pairs(everybody, WHERE)] == [("s0", "s1")]
    del everybody["s9"]
    assert pairs(everybody, WHERE) == []
    assert not any(one.counted for one in rates(everybody, WHERE))


@settings(max_examples=60, deadline=None)
@given(CLASSES)
def test_pairs_do_not_depend_on_names_or_order(everybody: dict[str, dict[str, Wrong]]) -> None:
    found = pairs(everybody, WHERE)
    turned = {f"t{name}": answers for name, answers in reversed(everybody.items())}
    again = pairs(turned, WHERE)
    assert [(p.agreed, p.expected) for p in found] == [(p.agreed, p.expected) for p in again]
    for pair in found:
        assert 0.0 <= pair.expected <= LISTED
        assert set(pair.agreed) <= set(pair.both_wrong)
        one, other = (everybody[student] for student in pair.students)
        assert all(one[key].behaviour == other[key].behaviour for key in pair.agreed)


@given(CLASSES)
def test_rates_are_probabilities(everybody: dict[str, dict[str, Wrong]]) -> None:
    for one in rates(everybody, WHERE):
        assert (one.rate is None) == (one.wrong == 0)
        assert one.ways <= one.wrong
        if one.rate is not None:
            assert 0.0 < one.rate <= 1.0


def test_a_rate_by_hand() -> None:
    """Six wrong answers, four of them equal, ten places: c is (4 + 1) / 16 and twice (1 + 1) / 16."""
    everybody = {f"s{n}": {"x": Wrong("same" if n < 4 else f"own-{n}")} for n in range(6)}
    (one,) = rates(everybody, {"x": 10})
    assert not one.counted
    assert (one.wrong, one.ways, one.rate) == (6, 3, pytest.approx((5 / 16) ** 2 + 2 * (2 / 16) ** 2))


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("def double(x):\n    return 2 * x", 2),
        ("def f(x):\n    '''words'''\n    y = np.sum(x, axis=1)\n    return y[0] - 1", 7),
        ("", 2),
        ("def broken(:", 2),
    ],
)
def test_places_where_an_answer_can_go_wrong(source: str, count: int) -> None:
    assert places(source) == count

"""Seconds and limits over a class; what is kept of an answer's behaviour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.checking.results import Observed, RaisedError
from course_lib.checking.values import observe
from grader.analysis.effort import effort, quantile
from grader.behaviour import fingerprint, traces
from grader.engine.events import event
from grader.engine.tasks import ProbeRun, Run


def seen(*things: object, error: RaisedError | None = None) -> Observed:
    return Observed({f"p{n}": observe(thing) for n, thing in enumerate(things)}, error)


@given(st.lists(st.floats(0, 1e3), min_size=1))
def test_figures_are_ones_that_were_met_and_in_order(seconds: list[float]) -> None:
    one = effort("cell", seconds)
    assert {one.median, one.ninetieth, one.longest} <= set(seconds)
    assert one.median <= one.ninetieth <= one.longest == max(seconds)
    assert sum(s <= one.ninetieth for s in seconds) >= 0.9 * len(seconds) - 1e-9


def test_limits_are_counted_by_code() -> None:
    one = effort("cell", [1.0, 2.0], ["output", "cell_timeout", "output"])
    assert one.limits == {"cell_timeout": 1, "output": 2}
    assert effort("nobody", []).longest == 0.0
    assert quantile([], 0.5) == 0.0


def test_equal_outputs_have_equal_fingerprints_whatever_the_last_digits() -> None:
    x = np.linspace(-3, 3, 50)
    assert fingerprint([seen(x)]) == fingerprint([seen(x * (1 + 1e-12))])
    assert fingerprint([seen(x)]) != fingerprint([seen(x * 1.01)])
    assert fingerprint([seen(x)]) != fingerprint([seen(-x)])
    assert fingerprint([seen(x)]) != fingerprint([seen(x.reshape(5, 10))])
    assert fingerprint([seen(x)]) != fingerprint([seen(x.astype(np.float32))])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        (True, 1),
        (None, 0),
        ("a", "b"),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 2}),
        (np.nan, np.inf),
        (np.inf, -np.inf),
    ],
)
def test_other_outputs_have_other_fingerprints(one: object, other: object) -> None:
    assert fingerprint([seen(one)]) != fingerprint([seen(other)])


def test_errors_count_with_their_words_and_without_addresses() -> None:
    def raised(words: str) -> str | None:
        return fingerprint([seen(error=RaisedError("ValueError", words, 3))])

    assert raised("no") != raised("yes")
    assert raised("<A at 0x7f00>") == raised("<A at 0x7fff>")
    assert fingerprint([seen(error=RaisedError("KeyError", "no"))]) != raised("no")


def test_every_case_counts_in_its_order() -> None:
    assert fingerprint([seen(1), seen(2)]) != fingerprint([seen(2), seen(1)])
    assert fingerprint([seen(1, 2)]) != fingerprint([seen(1), seen(2)])


def test_odd_values_do_no_harm() -> None:
    assert fingerprint([seen(10**400, np.array([]), np.array([1 + 2j]), object(), "\ud800")]) is not None


def test_where_a_limit_cut_it_short_there_is_no_fingerprint() -> None:
    late = event("probe_timeout", exercise="e", seconds=5)
    assert fingerprint([seen(1), late]) is None
    assert fingerprint([]) is None
    found = traces(Run((), (ProbeRun("e", (seen(1), late, late), 10.5),), (), 11.0))["e"]
    assert (found.behaviour, found.seconds, found.limits) == (None, 10.5, ("probe_timeout",))


def test_an_answer_that_was_tried_twice_is_judged_by_the_second_try() -> None:
    first = Run((), (ProbeRun("a", (seen(1),), 1.0), ProbeRun("b", (seen(2),), 1.0)), (), 2.0)
    second = Run((), (ProbeRun("b", (seen(3),), 0.5),), (), 0.5)
    found = traces(first, second)
    assert found["a"].behaviour == fingerprint([seen(1)])
    assert (found["b"].behaviour, found["b"].seconds) == (fingerprint([seen(3)]), 1.5)

"""From observations to a verdict: partial credit, the smallest failing case, the diagnosis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.checking.results import ExerciseResult
from course_lib.checking.verdict import evaluate, unjudged
from tests.checking.toy import hint, inputs, observe_with, pack, right, squares, text


def judged(function: Any) -> ExerciseResult:
    return evaluate(pack(), observe_with(function, list(inputs())))


def test_a_right_answer_passes_with_full_points() -> None:
    result = judged(right)
    assert (result.verdict, result.score, result.max_score) == ("pass", 4.0, 4.0)
    assert result.failing is None and result.hint is None


def test_credit_is_partial_by_property() -> None:
    result = judged(lambda x: (2 * x, 0.0))
    assert [p.passed for p in result.properties] == [True, False, True]
    assert (result.verdict, result.score) == ("fail", 3.0)


def test_one_failing_case_of_two_costs_the_property() -> None:
    result = judged(lambda x: (2 * x if x.ndim == 2 else x, float((2 * x).sum())))
    assert next((p.cases_passed, p.cases) for p in result.properties) == (1, 2)
    assert result.score == 1.0, "the untouched input counts only with the first property"


def test_the_smallest_failing_case_is_shown_with_its_first_difference() -> None:
    result = judged(lambda x: (2 * x + 1, float((2 * x).sum())))
    assert result.failing is not None
    assert (result.failing.name, result.failing.property) == ("case 1", "double")
    assert result.failing.difference.where == (0,)


def test_a_known_wrong_answer_is_told_its_own_hint() -> None:
    result = judged(lambda x: (x * x, float(np.square(x).sum())))
    assert (result.misconception, result.hint) == ("squares", hint("squares"))


def test_a_known_mistake_with_another_one_behind_it_is_still_recognised() -> None:
    result = judged(lambda x: (x * x, -1.0))
    assert result.misconception == "squares"


def test_an_unknown_wrong_answer_is_told_the_general_hint() -> None:
    result = judged(lambda x: (x + 1, 0.0))
    assert (result.misconception, result.hint) == (None, hint("fallback"))


def test_what_was_seen_before_an_error_counts() -> None:
    def breaks(x: np.ndarray) -> Any:
        yield 2 * x
        raise ValueError("boom")

    result = judged(breaks)
    assert result.verdict == "fail"
    assert result.error is not None and result.error.type == "ValueError"
    assert result.properties[1].difference is not None and result.properties[1].difference.reason == "error"


@pytest.mark.parametrize("unanswered", [NotImplementedError("write it"), None])
def test_stub_and_missing_definition_are_not_run(unanswered: Exception | None) -> None:
    def stub(x: np.ndarray) -> Any:
        raise unanswered  # type: ignore[misc]

    from course_lib.checking.probing import run_probe
    from course_lib.checking.values import observe

    namespace = {"double": stub} if unanswered else {}
    the_pack = pack()
    result = evaluate(the_pack, [run_probe(the_pack.probe, namespace, {"x": observe(x)}) for x in inputs()])
    assert (result.verdict, result.score) == ("not_run", 0.0)


def test_a_function_that_does_nothing_earns_nothing() -> None:
    assert judged(lambda x: None).score == 0.0
    assert judged(lambda x: (None, None)).score == 0.0


def test_hidden_cases_count_but_are_never_diagnosed_by() -> None:
    the_pack = pack(hidden=[np.array([100.0, 7.0])])
    public = list(inputs())

    def cheats(x: np.ndarray) -> Any:
        return right(x) if x.max() < 50 else squares(x)

    result = evaluate(the_pack, observe_with(cheats, [*public, np.array([100.0, 7.0])]))
    assert (result.verdict, result.score) == ("fail", 0.0)
    assert result.failing is not None and result.failing.hidden
    assert result.misconception is None


def test_a_grader_error_costs_nothing() -> None:
    result = unjudged(pack(), "grader_error", text("sorry"))
    assert result.score == result.max_score
    assert unjudged(pack(), "not_run", text("not reached")).score == 0.0


def test_a_wrong_number_of_observations_is_never_judged() -> None:
    with pytest.raises(ValueError, match="zip"):
        evaluate(pack(), observe_with(right, list(inputs())[:1]))

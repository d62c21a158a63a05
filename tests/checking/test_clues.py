"""Where a mistake stands, what it usually comes from, and how the counterexample is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from course_lib.checking import smells
from course_lib.checking.advice import PRINTED, RULES, advise, leaf
from course_lib.checking.clues import asked_names
from course_lib.checking.compare import compare
from course_lib.checking.pictures import SAME, drawn_difference
from course_lib.checking.render_html import html
from course_lib.checking.render_text import plain
from course_lib.checking.values import observe
from course_lib.checking.verdict import evaluate
from tests.checking.notebook import ask
from tests.checking.toy import PROBE, inputs, observe_with, pack

t, n = torch.ones, np.ones
CONFUSED: tuple[tuple[str, Any, Any], ...] = (
    ("nothing-returned", t(2), None),
    ("function-returned", t(2), len),
    ("function-returned", t(2), lambda: 1),
    ("generator-returned", [1], (x for x in [1])),
    ("other-device", t(2), t(2, device="meta")),
    ("several-for-one", n(2), (n(2), n(2))),
    ("list-for-tensor", t(2), [1.0, 1.0]),
    ("list-for-array", n(2), [1.0, 1.0]),
    ("tensor-for-array", n(2), t(2)),
    ("array-for-tensor", t(2), n(2)),
    ("tensor-for-number", 1.0, t(())),
    ("tensor-for-number", 1.0, n(1)),
    ("array-for-number", 1.0, t(3)),
    ("number-for-tensor", t(2), 1.0),
    ("dict-for-sequence", {"a": 1}, [1]),
    ("tuple-for-one", 1.0, (1.0,)),
    ("sequence-length", [1, 2], [1, 2, 3]),
    ("float64-for-float32", t(2), t(2).double()),
    ("float32-for-float64", n(2), n(2, dtype=np.float32)),
    ("int-for-float", t(2), t(2).long()),
    ("float-for-int", t(2).long(), t(2)),
    ("bool-mixed", t(2).bool(), t(2)),
    ("bool-mixed", 1.0, True),
    ("transposed", t(2, 3), t(3, 2)),
    ("axes-permuted", t(2, 3, 4), t(2, 4, 3)),
    ("outer-by-broadcasting", t(3), t(3, 3)),
    ("axis-of-one-too-many", t(3), t(3, 1)),
    ("axis-of-one-too-many", n(3), n((1, 3))),
    ("axis-of-one-missing", t(3, 1), t(3)),
    ("axes-too-few", t(2, 3), t(3)),
    ("axes-too-many", t(3), t(2, 3)),
)


@pytest.mark.parametrize(
    ("code", "expected", "actual"), CONFUSED, ids=lambda thing: thing if isinstance(thing, str) else ""
)
def test_a_confusion_is_named(code: str, expected: Any, actual: Any) -> None:
    wanted, got = observe(expected), observe(actual)
    difference = compare(wanted, got)
    assert difference is not None
    words = advise(difference)
    assert words is next(rule.text for rule in RULES if rule.code == code)


def test_every_rule_is_tried() -> None:
    assert {code for code, _, _ in CONFUSED} == {rule.code for rule in RULES}


def test_print_for_return_is_told_apart_from_a_missing_return() -> None:
    difference = compare(observe(1.0), observe(None))
    assert difference is not None
    assert advise(difference, "3.0\n") is PRINTED and advise(difference, " \n") is not PRINTED


def test_other_numbers_of_the_same_kind_get_no_advice() -> None:
    difference = compare(observe(t(2)), observe(2 * t(2)))
    assert difference is not None and advise(difference) is None


def test_inside_lists_the_first_different_item_is_meant() -> None:
    wanted, got = observe([t(2), {"w": t(2, 3)}]), observe([t(2), {"w": t(3, 2)}])
    assert [value.shape for value in leaf(wanted, got)] == [(2, 3), (3, 2)]


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("return-in-loop", "    for i in range(3):\n        y = i\n        return y"),
        ("no-return", "    y = 2 * x"),
        ("compared", "    y == 2\n    return x"),
        ("thrown-away", "    x.reshape(2)\n    return x"),
    ],
)
def test_a_suspicious_line_is_found(code: str, body: str) -> None:
    found = smells.look(f"def f(x):\n{body}\n", "f")
    assert found is not None and found.code == code


@pytest.mark.parametrize(
    "body",
    [
        "    for i in x:\n        if i:\n            return i\n    return None",
        "    yield x",
        "    raise NotImplementedError",
        "    x.append(3)\n    return x",
        "    y = x == 2\n    return y",
    ],
)
def test_ordinary_lines_are_not_suspicious(body: str) -> None:
    assert smells.look(f"def f(x):\n{body}\n", "f") is None
    assert smells.look(f"def g(x):\n    pass\ndef f(x):\n{body}\n", "f") is None


def test_text_that_python_cannot_read_smells_of_nothing() -> None:
    assert smells.look("def f(:", "f") is None


def test_the_names_that_a_probe_asks_for() -> None:
    assert asked_names(PROBE) == ["double"]


def test_a_cell_that_stopped_before_its_definition_is_named() -> None:
    cell = "import nonexistent_module\ndef init(d_in, d_out, rng):\n    return None"
    result = ask("numpy_backprop.init", [cell]).report.result
    assert result.verdict == "not_run" and "cell In[1] was to define it" in result.notes[0].en


def test_the_place_is_the_students_line_even_when_a_library_raised() -> None:
    cell = "# my answer\nimport numpy as np\ndef init(d_in, d_out, rng):\n    return np.linalg.inv(np.zeros((2, 2)))"
    error = ask("numpy_backprop.init", ["x = 1", cell]).report.result.error
    assert error is not None and error.place is not None
    assert (error.place.cell, error.place.cell_line, error.place.line) == ("In[2]", "# my answer", 4)
    assert error.place.source_line == "return np.linalg.inv(np.zeros((2, 2)))"


def _pictures(wanted: np.ndarray, got: np.ndarray) -> Any:
    difference = compare(observe(wanted), observe(got))
    assert difference is not None
    return drawn_difference(difference)


def test_only_what_differs_is_marked_and_the_first_difference_is_named() -> None:
    got = np.zeros((2, 3))
    got[0, 2], got[1, 1] = 1.0, -5.0
    expected, yours, gap = _pictures(np.zeros((2, 3)), got)
    assert yours.first == gap.first == (0, 2) and expected.first is None
    assert [sum(row) for row in yours.marks] == [1, 1]
    assert gap.rows == ((SAME, SAME, "1"), (SAME, "-5", SAME))
    assert "first difference at [0, 2]" in yours.caption.en and "第一处差异在 [0, 2]" in yours.caption.zh
    assert yours.shades[1][1] == -1.0, "the sign of the number is the sign of its shade"


def test_a_large_array_is_cut_around_the_first_difference() -> None:
    wanted = np.zeros((3, 40, 50))
    got = wanted.copy()
    got[1, 30, 49] = 7.0
    _, yours, _ = _pictures(wanted, got)
    assert len(yours.rows) == len(yours.rows[0]) == 8
    r, c = yours.first
    assert yours.rows[r][c] == "7" and (yours.row_heads[r], yours.column_heads[c]) == ("30", "49")
    assert "[1, 26:34, 42:50] of [3, 40, 50]" in yours.caption.en


@pytest.mark.parametrize("shape", [(), (1,), (12,), (1, 1), (2, 2, 2, 2)])
def test_every_shape_can_be_drawn(shape: tuple[int, ...]) -> None:
    _, yours, gap = _pictures(np.zeros(shape), np.ones(shape))
    assert yours.first == gap.first == (0, 0)


def test_the_ladder_goes_one_step_at_a_time() -> None:
    result = evaluate(pack(), observe_with(lambda x: (x + 1, 0.0), list(inputs())))
    one, two, three = (plain(result, "en", hint=step) for step in (1, 2, 3))
    assert "step 2 of 3" not in one and 'check("toy.double", hint=2)' in one
    assert "step 2 of 3" in two and "step 3 of 3" not in two and "input x" in two and "hint=3)" in two
    assert "step 3 of 3" in three and "hint=4" not in three
    page = html(result, "both", hint=2)
    assert "→" in page and 'scope="col"' in page and "第一处差异在" in page


def test_a_hidden_case_is_neither_drawn_nor_advised_on() -> None:
    secret = np.array([123456.0, 7.0])
    seen = observe_with(lambda x: (2 * x if x.max() < 50 else x[None], float(2 * x.sum())), [*inputs(), secret])
    result = evaluate(pack(hidden=[secret]), seen)
    assert result.failing is not None and result.failing.hidden and result.failing.advice is None
    assert "step 2 of 3" not in plain(result, "en", hint=3) and "step 2 of 3" not in html(result, "en", hint=3)

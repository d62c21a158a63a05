"""Which cells does a cell need?"""

from __future__ import annotations

import pytest

from grader.dependencies import bound_names, names_read, needed, used_names


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ("x = y = 1", {"x", "y"}),
        ("import a.b, c as d\nfrom e import f", {"a", "d", "f"}),
        ("def f(q):\n    inner = 1\nclass C:\n    z = 2", {"f", "C"}),
        ("for i, (j, k) in []:\n    m = i", {"i", "j", "k", "m"}),
        ("with open('a') as g:\n    pass", {"g"}),
        ("if (n := 3):\n    o = 1\nelse:\n    p = 2", {"n", "o", "p"}),
        ("[q for q in ()]", set()),
        ("x[0] = 1; y.z = 2", set()),
        ("this is no Python", set()),
    ],
)
def test_bound_names(source: str, bound: set[str]) -> None:
    assert bound_names(source) == bound


def test_used_names_include_those_inside_functions_but_not_builtins() -> None:
    assert used_names("def f(x):\n    return g(len(x)) + h") == {"g", "h"}
    assert used_names("w -= 1") == {"w"}


def test_the_own_variables_of_a_function_are_nobody_elses() -> None:
    cells = ["w = slow_demonstration()", "def f(x):\n    w = x\n    w += 1\n    return [w for _ in x]"]
    assert used_names(cells[1]) == set()
    assert needed(cells, 1) == [1]


def test_only_what_is_needed_is_taken_in_order() -> None:
    cells = [
        "import numpy as np",
        "x = np.ones(3)",
        "print('a demonstration', x)",
        "def helper(a):\n    return np.sum(a)",
        "x = 2 * x",
        "def answer():\n    return helper(x)",
    ]
    assert needed(cells, 5) == [0, 1, 3, 4, 5]


def test_a_name_bound_only_later_is_still_found() -> None:
    assert needed(["def f():\n    return g()", "def g():\n    return 1"], 0) == [0, 1]


def test_a_cell_that_binds_its_own_names_needs_nobody_else() -> None:
    assert needed(["def f():\n    return 0", "def f():\n    return 1", "f()"], 2) == [1, 2]


@pytest.mark.parametrize(
    "source", ["this is no Python", "nonlocal x", "%timeit f()", "x = '\x00'", "-" * 100_000 + "1"]
)
def test_a_cell_that_cannot_be_read_says_so_and_raises_nothing(source: str) -> None:
    assert names_read(source) is None
    assert used_names(source) == set()
    assert needed([source, "x = 1"], 0) == [0]


def test_builtins_may_be_bound_by_the_lesson() -> None:
    assert names_read("sum(w)") == {"sum", "w"}

"""Wrong answers are counted, and an example says nothing of its author."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.analysis.anonymous import MAX_LINES, anonymous, vocabulary, words_of
from grader.analysis.misconceptions import UNNAMED_FROM, WrongAnswer, met

LESSON = "def double(x, scale=2.0):\n    # the sum of all rows\n    return np.sum(scale * x, keepdims=True)"
KNOWN = vocabulary(LESSON)
CLASS = words_of(["Zhang Wei", "王小明", "s20231234", "Ann Lee"])
TELLTALE = '''
"""Written by Zhang Wei, 20231234."""
# 王小明
def double(x, zhang_wei=2.0):
    """by Ann Lee"""
    zhangwei = 20231234 * x  # Zhang Wei was here
    self.zhang = zhangwei
    print(f"Zhang Wei {zhangwei:.3f}", "王小明", b"Zhang Wei")
    try:
        return np.sum(zhangwei, keepdims=True) + self.zhang
    except ValueError as zhang:
        raise zhang
    finally:
        "Ann Lee"
class WeiZhang(Module):
    async def wei(self, *zhang, **wei):
        global Zhang_Wei
        nonlocal_zhang = [zhang for zhang in wei]
        import numpy as zhang
        match x:
            case {"Zhang": zhang, **wei}: pass
            case [zhang, *wei] as ann_lee: pass
        return lambda zhang: zhang(wei=3)
'''


def test_the_most_frequent_first_and_a_student_once() -> None:
    wrong = [WrongAnswer(f"s{n}", "a", "x", f"b{n}", f"{9 - n}") for n in range(3)]
    wrong += [WrongAnswer(f"s{n}", "b", "y", None) for n in range(4)] + [WrongAnswer("s0", "a", "x", "b0", "9")]
    found = met(wrong)
    assert [(one.exercise, one.name, one.count) for one in found] == [("b", "y", 4), ("a", "x", 3)]
    assert found[1].students == ("s2", "s1", "s0")  # by their files, not by their names


def test_what_has_no_name_counts_where_several_did_the_same() -> None:
    wrong = [WrongAnswer(f"s{n}", "a", None, "same") for n in range(UNNAMED_FROM)]
    wrong += [WrongAnswer(f"t{n}", "a", None, f"own-{n}") for n in range(9)]
    wrong += [WrongAnswer(f"u{n}", "a", None, None) for n in range(9)]
    assert [(one.name, one.count) for one in met(wrong)] == [(None, UNNAMED_FROM)]
    assert met(wrong[1:]) == []


def test_nobody_and_a_perfect_class() -> None:
    assert met([]) == []


def test_nothing_that_says_whose_it_is_stays() -> None:
    example = anonymous(TELLTALE, KNOWN, CLASS)
    assert example is not None
    for word in ("zhang", "wei", "ann", "lee", "王", "小明", "2023", "1234", "#", '"""'):
        assert word not in example.casefold(), word
    ast.parse(example.replace("…", "_"))


def test_what_the_lesson_says_stays() -> None:
    source = "def double(x, scale=2.0):\n    return np.sum(scale * x, keepdims=True)[0] + 12.5"
    assert anonymous(source, KNOWN, CLASS) == source


def test_other_names_are_numbered_in_the_order_of_their_appearance() -> None:
    source = "def double(x):\n    mine = 2\n    yours = mine + x\n    return helper(yours, dim=1, mine=3)"
    assert (
        anonymous(source, KNOWN, CLASS) == "def double(x):\n    v1 = 2\n    v2 = v1 + x\n    return v3(v2, dim=1, v1=3)"
    )


def test_only_functions_and_classes_where_there_are_any() -> None:
    assert anonymous("print('me')\ndef double(x):\n    return x\nmine = 3", KNOWN, ()) == "def double(x):\n    return x"
    assert anonymous("x = 3", KNOWN, ()) == "x = 3"


DOUBTFUL = ["", "def broken(:", "def double(x):\n    return x.zhang", "x = '\ud800'", "(" * 500]


@pytest.mark.parametrize("source", DOUBTFUL, ids=range(len(DOUBTFUL)))
def test_rather_no_example_than_a_doubtful_one(source: str) -> None:
    assert anonymous(source, KNOWN, CLASS) is None


def test_a_short_name_inside_a_librarys_word_is_no_name() -> None:
    people = words_of(["Ran"])
    assert anonymous("def double(x):\n    return torch.randn(x)", KNOWN, people) is not None
    assert anonymous("def double(x):\n    return x.ran", KNOWN, people) is None


def test_long_examples_are_cut() -> None:
    source = "def double(x):\n" + "    x = x\n" * 200
    example = anonymous(source, KNOWN, ())
    assert example is not None
    assert len(example.splitlines()) == MAX_LINES + 1


def test_the_parts_of_names() -> None:
    assert words_of(["Zhang Wei-Li", "王 小明", "Bo", "s20231234"]) == {
        *("zhang", "wei", "zhangweili", "liweizhang", "小明", "王小明", "小明王", "20231234", "s20231234", "20231234s")
    }


@given(st.text(max_size=200))
def test_any_text_at_all(source: str) -> None:
    example = anonymous(f"def double(x):\n    y = {source!r}\n    return y", KNOWN, CLASS)
    assert example is None or not any(word in example.casefold() for word in ("zhang", "王小明", "20231234"))

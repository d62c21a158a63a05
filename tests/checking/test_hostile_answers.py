"""A check never crashes, whatever an answer is or does, and no object of a student's takes part in the comparison."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from course_lib.checking.check import CheckReport, _run
from course_lib.checking.render_html import html
from course_lib.checking.render_text import plain
from course_lib.checking.values import observe
from tests.checking.toy import pack, right


class Refuses:
    """Every special method fails."""

    def _fail(self, *args: object, **named: object) -> Any:
        raise RuntimeError("no")

    __repr__ = __str__ = __eq__ = __ne__ = __bool__ = __len__ = __iter__ = __array__ = _fail  # type: ignore[assignment]
    __getattribute__ = __getitem__ = __float__ = __int__ = __hash__ = __format__ = _fail  # type: ignore[assignment]


class Exits(Refuses):
    def _fail(self, *args: object, **named: object) -> Any:
        sys.exit(3)

    __repr__ = __str__ = __array__ = __getattribute__ = __iter__ = _fail  # type: ignore[assignment]


class Liar:
    """Says that it is whatever is wanted, and equal to everything."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return self.kind

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __array__(self, *args: object, **named: object) -> np.ndarray:
        return np.array([6.0, 10.0])


class YesText(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __str__(self) -> str:
        return self

    __hash__ = str.__hash__


class YesList(list[Any]):
    def __iter__(self) -> Any:
        raise RuntimeError("no")

    def __len__(self) -> int:
        return -1


class Unreadable(Exception):
    def __str__(self) -> str:
        raise SystemExit


class UnreadableWarning(UserWarning):
    def __str__(self) -> str:
        raise ValueError("no")


class Meta(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no")


class Nameless(metaclass=Meta):
    pass


def raises(error: BaseException) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        raise error

    return function


def warns(x: Any) -> Any:
    warnings.warn(UnreadableWarning(), stacklevel=1)
    return right(x)[0], 0.0


def endless_list() -> list[Any]:
    knot: list[Any] = []
    knot.append(knot)
    return knot


def closes(x: Any) -> Any:
    sys.stdout.close()
    return None


def shouts(x: Any) -> Any:
    print("x" * 10_000_000)
    return "y" * 10_000_000, 10**5000


ANSWERS: dict[str, Callable[[Any], Any]] = {
    "refuses": lambda x: (Refuses(), Refuses()),
    "exits": lambda x: (Exits(), Exits()),
    "liar array": lambda x: (Liar(np.ndarray), Liar(float)),
    "liar number": lambda x: (Liar(int), Liar(str)),
    "liar list": lambda x: (Liar(list), Liar(dict)),
    "knot": lambda x: (endless_list(), endless_list()),
    "yes text": lambda x: (YesText("a"), YesText("b")),
    "yes list": lambda x: (YesList([1.0]), YesList()),
    "nameless": lambda x: (Nameless(), Nameless),
    "object array": lambda x: (np.array([Refuses()], dtype=object), np.array("text")),
    "structured": lambda x: (np.zeros(2, dtype=[("a", int)]), np.datetime64("2020")),
    "function": lambda x: (right, print),
    "class": lambda x: (Refuses, type),
    "nan": lambda x: (x * np.nan, float("inf")),
    "complex": lambda x: (x * 1j, 1j),
    "huge numbers": lambda x: (10**5000, -(10**5000)),
    "empty": lambda x: (np.zeros((0, 3)), []),
    "many axes": lambda x: (np.zeros((1,) * 30), np.zeros((2, 3, 4, 5))),
    "shouts": shouts,
    "closes stdout": closes,
    "sys.exit": raises(SystemExit(3)),
    "generator exit": raises(GeneratorExit()),
    "unreadable error": raises(Unreadable()),
    "nested error": raises(ExceptionGroup("several", [ValueError("a"), Unreadable()])),
    "braces in an error": raises(ValueError("{name} {0} {")),
    "braces in a name error": raises(NameError("name '{x}' is not defined")),
    "markup": raises(ValueError("<script>alert(1)</script>")),
    "surrogate": raises(ValueError("\ud800")),
    "no answer": lambda x: None,
    "unreadable warning": warns,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_any_answer_gets_a_report_and_no_points_for_nothing(answer: Callable[[Any], Any]) -> None:
    result = _run(pack(), {"double": answer})
    assert result.verdict == "fail"
    for language in ("en", "zh", "both"):
        for hint in (1, 2, 3):
            text, page = plain(result, language, hint), html(result, language, hint)
            assert text and "<script" not in page
            assert len(text) < 40_000 and len(page) < 200_000
    assert "points" in CheckReport(result)._repr_mimebundle_()["text/plain"]
    assert repr(CheckReport(result))


THINGS: dict[str, Callable[[], object]] = {
    "liar number": lambda: Liar(int),
    "liar text": lambda: Liar(str),
    "yes text": lambda: YesText("a"),
    "yes list": lambda: YesList([1]),
    "refuses": Refuses,
    "exits": Exits,
    "nameless": Nameless,
}


@pytest.mark.parametrize("make", THINGS.values(), ids=THINGS.keys())
def test_what_is_kept_is_plain_data(make: Callable[[], object]) -> None:
    value = observe(make())
    assert type(value.data) in (type(None), str, tuple)
    assert type(value.dtype) is str


def test_a_fault_of_the_check_itself_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("course_lib.checking.check.evaluate", broken)
    result = _run(pack(), {"double": right})
    assert (result.verdict, result.score) == ("grader_error", 4.0)
    assert "ZeroDivisionError" in result.notes[0].en and "ZeroDivisionError" in result.notes[0].zh

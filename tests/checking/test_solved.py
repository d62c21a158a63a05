"""``solved``: cells of the story that wait for the answers they build on."""

from __future__ import annotations

import pytest

from course_lib import solved, text

RIGHT = """
import numpy as np
def init(d_in, d_out, rng):
    return rng.standard_normal((d_in, d_out)) * np.sqrt(2 / d_in)
"""


def asked(cells: str, *keys: str) -> bool:
    namespace = {"__name__": "__main__", "solved": solved, "keys": keys}
    exec(cells + "\nanswer = solved(*keys)", namespace)
    return bool(namespace["answer"])


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_LANG", raising=False)
    monkeypatch.setattr(text, "_chosen", "en")


def test_a_right_answer_lets_the_cell_run_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(RIGHT, "numpy_backprop.init")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "cells", ["", RIGHT.replace("2 / d_in", "1 / d_in"), "def init(*a): raise NotImplementedError"]
)
def test_no_answer_a_wrong_one_and_a_placeholder_make_it_wait(cells: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not asked(cells, "numpy_backprop.init")
    assert "1.5 Initial weights" in capsys.readouterr().out


def test_only_what_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert not asked(RIGHT, "numpy_backprop.init", "numpy_backprop.forward")
    printed = capsys.readouterr().out
    assert "1.1 Forward pass" in printed
    assert "1.5" not in printed


def test_an_unknown_exercise_is_said_and_never_raises(capsys: pytest.CaptureFixture[str]) -> None:
    assert not asked(RIGHT, "numpy_backprop.nothing")
    assert "numpy_backprop.nothing" in capsys.readouterr().out

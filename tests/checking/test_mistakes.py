"""Ordinary mistakes, and the exact message for each, in a table that is kept in step."""

from __future__ import annotations

import difflib

import pytest

from course_lib.checking import check as checking
from tests.checking.mistakes import MISTAKES, TABLE, Mistake, answers, page


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name.en)
def test_each_mistake_is_named_in_both_languages(mistake: Mistake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PATIENCE", 0.1)
    for said, expected in zip(answers(mistake), mistake.says, strict=True):
        assert expected and expected in said


def test_the_table_says_what_is_said_now() -> None:
    then, now = TABLE.read_text(encoding="utf-8"), page()
    changed = "\n".join(list(difflib.unified_diff(then.splitlines(), now.splitlines(), lineterm=""))[:40])
    assert then == now, f"write it anew: python -m tests.checking.mistakes\n{changed}"


def test_there_are_at_least_twenty_and_no_two_alike() -> None:
    assert len({mistake.name.en for mistake in MISTAKES}) == len(MISTAKES) >= 20

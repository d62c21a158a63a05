"""``grader verify`` bites: each way in which a check could be worthless is found and named."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from grader import packing, reference, skipped, verify
from grader.spec import Exercise, Property, Right, Wrong
from tests.verify.toy import DOUBLE, SOURCE, hint, text, use, wrong


def findings(monkeypatch: pytest.MonkeyPatch, double: Exercise = DOUBLE, source: str = SOURCE) -> set[tuple[str, str]]:
    proofs = verify.verify_lesson(use(monkeypatch, double, source), seeds=2)
    return {(f.code, f.subject) for proof in proofs for f in proof.findings}


def test_a_good_exercise_is_perfect(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(monkeypatch) == set()


def test_a_cell_that_is_skipped_but_needed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = skipped.cells_to_run
    monkeypatch.setattr(skipped, "cells_to_run", lambda *given: [c for c in chosen(*given) if c.id != "imports"])
    assert findings(monkeypatch) == {("needs-skipped-cell", "reference")}


def test_a_right_answer_that_is_rejected_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    right = (*DOUBLE.right, Right("only-hidden-fails", "def double(x):\n    return 2 * x if len(x) == 2 else x"))
    assert findings(monkeypatch, dataclasses.replace(DOUBLE, right=right)) == {("right-rejected", "only-hidden-fails")}


def test_a_wrong_answer_that_passes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    several = (*DOUBLE.wrong, wrong("not-wrong", "return x + x"))
    assert findings(monkeypatch, dataclasses.replace(DOUBLE, wrong=several)) == {("wrong-accepted", "not-wrong")}


def test_two_wrong_answers_alike_must_share_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    several = (*DOUBLE.wrong, wrong("three-again", "return x + x + x"))
    assert findings(monkeypatch, dataclasses.replace(DOUBLE, wrong=several)) == {
        ("same-outputs", "three = three-again"),
        ("wrong-accepted", "three-again"),
    }
    several = (*DOUBLE.wrong, wrong("three-again", "return x + x + x", words="three"))
    assert findings(monkeypatch, dataclasses.replace(DOUBLE, wrong=several)) == set()


def test_a_wrong_answer_that_spoils_another_exercise_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    spoiling = Wrong("spoils", text("spoils"), hint("spoils"), source="def double(x):\n    return -x\nnp = None")
    several = (*DOUBLE.wrong, spoiling)
    assert findings(monkeypatch, dataclasses.replace(DOUBLE, wrong=several)) == {("wrong-accepted", "spoils")}


def test_points_for_nothing_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def probe_double(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
        out = ns["double"](case["x"])
        yield "untouched", case["x"]
        yield "out", out

    spec = dataclasses.replace(DOUBLE, properties=(*DOUBLE.properties, Property("untouched", text("untouched"))))
    assert ("empty", "") in findings(monkeypatch, dataclasses.replace(spec, probe=probe_double))
    guarded = (*DOUBLE.properties, Property("untouched", text("untouched"), only_with="out"))
    assert findings(monkeypatch, dataclasses.replace(spec, probe=probe_double, properties=guarded)) == set()


def test_too_few_answers_and_an_unobserved_property_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = dataclasses.replace(
        DOUBLE,
        wrong=DOUBLE.wrong[:2],
        right=DOUBLE.right[:1],
        properties=(*DOUBLE.properties, Property("ghost", text("ghost"))),
    )
    assert {("too-few-wrong", ""), ("too-few-right", ""), ("unobserved", "ghost")} <= findings(monkeypatch, spec)


def test_an_edit_that_no_longer_fits_the_reference_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="stands 0 times"):
        findings(monkeypatch, source=SOURCE.replace("factor", "scale"))


def test_a_reference_that_fails_its_own_case_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(reference.ExerciseError, match="the reference raised"):
        findings(monkeypatch, source=SOURCE.replace("return factor * x", "return factor * y"))


def test_a_wrong_answer_that_ran_out_of_time_is_never_kept_as_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine could not finish it: in the pack, a student with that very mistake would not be known by it."""
    monkeypatch.setattr(packing, "PATIENCE", 4)
    slow = wrong("square", "import time\n    time.sleep({})\n    return x * x")
    late = dataclasses.replace(slow, source=str(slow.source).format(9))
    spec = dataclasses.replace(DOUBLE, timeout=0.2, wrong=(*DOUBLE.wrong[2:], late))
    with pytest.raises(reference.ExerciseError, match=r"wrong answer 'square' ran for more than 0\.8 seconds"):
        findings(monkeypatch, spec)
    in_time = dataclasses.replace(slow, source=str(slow.source).format(0.3))  # past what a student's own may take
    spec = dataclasses.replace(spec, wrong=(DOUBLE.wrong[0], in_time, *DOUBLE.wrong[2:]))
    pack = packing.make_pack(use(monkeypatch, spec), "double", spec)
    assert [error for known in pack.wrong if known.code == "square" for error in (known.observed[0].error,)] == [None]

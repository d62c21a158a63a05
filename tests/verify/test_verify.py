"""``grader verify`` bites: each way in which a check could be worthless is found and named."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.text import Text
from grader import packing, reference, skipped, verify
from grader.course import LessonRef
from grader.lesson import Lesson, parse
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong

SOURCE = '''\
# %% id="imports" tags=["setup"]
import numpy as np
# %% id="demo"
raise RuntimeError("a demonstration that nothing needs is not run")
# %% id="double" tags=["solution"]
def double(x):
    """x [N] -> [N]"""
    ### BEGIN SOLUTION
    factor = 2
    return factor * x
    ### END SOLUTION
# %% id="double-check" tags=["check"]
check("toy.double")
# %% id="total" tags=["solution"]
def total(x):
    """x [N] -> number"""
    ### BEGIN SOLUTION
    return float(np.sum(x))
    ### END SOLUTION
# %% id="total-check" tags=["check"]
check("toy.total")
'''


def text(word: str) -> Text:
    return Text(en=word, zh=f"{word}，中文")


def hint(word: str) -> Hint:
    return Hint(text(f"question {word}"), text(f"neighbour {word}"))


def probe_double(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "out", ns["double"](case["x"])


def probe_total(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "total", ns["total"](case["x"])


def hidden(rng: np.random.Generator) -> list[Case]:
    return [Case("drawn", text("drawn"), {"x": rng.standard_normal(5)})]


def wrong(code: str, body: str, words: str | None = None) -> Wrong:
    return Wrong(code, text(code), hint(words or code), source=f"def double(x):\n    {body}")


DOUBLE = Exercise(
    title=text("Double"),
    properties=(Property("out", text("the output")),),
    probe=probe_double,
    public=(Case("two", text("two"), {"x": np.array([1.5, -3.0])}),),
    hidden=hidden,
    wrong=(
        Wrong("three", text("three"), hint("three"), edits=(("factor = 2", "factor = 3"),)),
        wrong("square", "return x * x"),
        wrong("list", "return list(2 * x)"),
        wrong("float32", "return (2 * x).astype('float32')"),
        wrong("inverse", "return x / 2"),
        wrong("raises", "raise ValueError('no')"),
    ),
    right=(Right("sum", "def double(x):\n    return x + x"), Right("shift", "def double(x):\n    return x * 4 / 2")),
    fallback=hint("fallback"),
)
TOTAL = dataclasses.replace(
    DOUBLE,
    properties=(Property("total", text("the total")),),
    probe=probe_total,
    wrong=tuple(
        Wrong(f"w{n}", text(f"w{n}"), hint(f"w{n}"), source=f"def total(x):\n    return float(np.sum(x)) + {n}")
        for n in range(1, 7)
    ),
    right=(
        Right("loop", "def total(x):\n    return float(sum(x))"),
        Right("method", "def total(x):\n    return float(x.sum())"),
    ),
)


def findings(monkeypatch: pytest.MonkeyPatch, double: Exercise = DOUBLE, source: str = SOURCE) -> set[tuple[str, str]]:
    probe = {"double": probe_double, "total": probe_total}
    for module in (verify, reference):
        monkeypatch.setattr(module, "load_exercises", lambda lesson: {"double": double, "total": TOTAL})
    monkeypatch.setattr(packing, "exercise_hash", lambda lesson, name: name)
    # A shipped probe is called `probe`; here two of them live in one test file.
    renamed = {name: reference.probe_source(dataclasses.replace(DOUBLE, probe=p)) for name, p in probe.items()}
    monkeypatch.setattr(
        verify, "probe_source", lambda spec: renamed[_name(spec)].replace(f"probe_{_name(spec)}", "probe")
    )
    monkeypatch.setattr(packing, "probe_source", verify.probe_source)
    folder = Path("notebooks/09_toy")
    lesson = Lesson(LessonRef.at(folder), parse(source, folder / "09_toy.py"))
    proofs = verify.verify_lesson(lesson, seeds=2)
    return {(f.code, f.subject) for proof in proofs for f in proof.findings}


def _name(spec: Exercise) -> str:
    return "double" if spec.probe is probe_double else "total"


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
    monkeypatch.setitem(globals(), "probe_double", probe_double)
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

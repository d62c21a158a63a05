"""A right answer with a named device mistake is told that mistake's own hint, step by step."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from course_lib.checking import check, portability, wire
from course_lib.checking.device_hints import DeviceMistake, Sign, recognise
from course_lib.checking.device_words import where_it_lies
from course_lib.checking.packs import from_tree, read_pack, to_tree
from course_lib.checking.portability import advice, advice_on, sign_of, slips_of, travel
from course_lib.checking.render_html import html
from course_lib.checking.render_text import plain
from course_lib.checking.results import Hint, Observed
from course_lib.checking.simulated import Slip
from course_lib.checking.values import observe
from course_lib.checking.verdict import ExercisePack, JudgedCase
from course_lib.text import Text
from tests.checking.test_simulated_device import PROBE, student, trip


def hint(word: str) -> Hint:
    return Hint(Text(en=f"question {word}", zh=f"问题 {word}"), Text(en=f"neighbour {word}", zh=f"例题 {word}"))


def mistake(code: str, *signs: Sign | None) -> DeviceMistake:
    return DeviceMistake(code, Text(en=code, zh=code), hint(code), signs)


SMALL, LARGE = Sign("mixed", "mul", ((1,),), "made"), Sign("mixed", "mul", ((2, 3),), "made")
KNOWN = (mistake("mask", None, LARGE), mistake("array", Sign("numpy", "numpy", ((3,),)), None))


@pytest.mark.parametrize(
    ("signs", "code"),
    [
        ([None, LARGE], "mask"),
        ([None, SMALL], "mask"),  # a tensor of another shape is the same mistake
        ([None, dataclasses.replace(LARGE, origin="fetched")], None),
        ([None, dataclasses.replace(LARGE, operation="add")], None),
        ([LARGE, LARGE], None),
        ([None, dataclasses.replace(LARGE, after=1)], None),  # it stops at another place of the probe
        ([Sign("numpy", "numpy", ((3,),)), None], "array"),
        ([Sign("numpy", "numpy", ((2,),)), None], None),  # NumPy is asked for something else
        ([None, None], None),
        ([None], None),  # not all cases were tried
    ],
)
def test_a_mistake_is_known_by_its_signs(signs: list[Sign | None], code: str | None) -> None:
    found = recognise(KNOWN, signs)
    assert (found.code if found else None) == code


def test_the_exact_one_goes_first_and_doubt_names_nobody() -> None:
    small = mistake("small", None, SMALL)
    assert recognise((*KNOWN, small), [None, SMALL]) == small
    assert recognise((*KNOWN, small), [None, Sign("mixed", "mul", ((9,),), "made")]) is None
    same = dataclasses.replace(small, hint=KNOWN[0].hint)
    assert recognise((*KNOWN, same), [None, Sign("mixed", "mul", ((9,),), "made")]) == KNOWN[0]


@pytest.mark.parametrize(
    ("body", "origin"),
    [
        ("return x * torch.ones(2, 3)", "made"),
        ("return x * x.cpu()", "fetched"),
        ("return x * (x.cpu() > 0).float()[0]", "fetched"),
        ("return x * x.to('cpu').chunk(2)[0]", "fetched"),
        ("return torch.ones(2, 3)", "made"),
        ("return [x, x.cpu() + 1]", "fetched"),
        ("out = torch.zeros(2, 3)\nout[:] = x\nreturn out", "made"),
        ("return x.numpy()", ""),
    ],
)
def test_what_was_made_on_the_cpu_is_told_from_what_was_fetched(body: str, origin: str) -> None:
    assert slips_of(trip(body))[0].origin == origin


def pack(*known: DeviceMistake) -> ExercisePack:
    cases = tuple(
        JudgedCase(str(n), Text(en=f"size {n}", zh=f"大小 {n}"), {"x": observe(torch.ones(n, 3))}, Observed({}))
        for n in (2, 1)
    )
    return ExercisePack("toy.f", Text(en="f", zh="f"), (), PROBE, cases, (), hint("any"), portable=True, device=known)


def test_a_pack_carries_the_signs_and_an_older_one_has_none() -> None:
    whole = pack(mistake("mask", LARGE, None), mistake("array", Sign("numpy", "numpy", ((3,), ())), None))
    there = wire.pack(to_tree(whole))
    assert from_tree(wire.unpack(there)).device == whole.device and wire.pack(to_tree(whole)) == there
    older = {key: value for key, value in to_tree(whole).items() if key != "device"}
    assert from_tree(older).device == ()
    assert "device" not in to_tree(pack())


def test_the_advice_has_the_hint_of_the_mistake_that_was_made() -> None:
    body = "return x * torch.ones(len(x), 3)"
    known = mistake("mask", *(Sign("mixed", "mul", ((n, 3),), "made") for n in (2, 1)))
    said = advice(pack(known), student(body))
    assert said is not None and said.hint == known.hint and "`return x * torch.ones" in said.note.en
    assert said.lies is not None and "“size 2”" in said.lies.en and "`x` [2, 3]" in said.lies.zh
    other = advice(pack(known), student("return x + torch.ones(len(x), 3)"))
    assert other is not None and (other.hint, other.lies) == (None, None)
    trips = [trip(body, x=torch.ones(n, 3)) for n in (2, 1)]
    assert advice_on(pack(known), trips) == said
    cut = advice_on(pack(known), trips[:1])  # the time was up: the slip is told, no mistake is named
    assert cut is not None and (cut.note, cut.hint) == (said.note, None)


def test_a_first_case_that_takes_long_costs_nobody_the_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first check of a session waits for what torch loads; what takes long after that is given up."""
    clock, took = [0.0], [9.0, 0.1]

    def slow(*arguments: Any) -> Any:
        clock[0] += took.pop(0)
        return travel(*arguments)

    monkeypatch.setattr(portability, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(portability, "travel", slow)
    known = mistake("mask", *(Sign("mixed", "mul", ((n, 3),), "made") for n in (2, 1)))
    said = advice(pack(known), student("return x * torch.ones(len(x), 3)"))
    assert said is not None and said.hint == known.hint and took == []
    cases = (*pack(known).cases, *pack(known).cases)
    seen = []
    for case in portability.while_there_is_time(cases):
        seen.append(case)
        clock[0] += 0.8
    assert len(seen) == 3


def test_the_steps_of_the_hint_in_both_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_LANG", "en")
    shipped = read_pack("losses.leaky_relu")
    body = (
        "ones = torch.ones(x.shape, dtype=x.dtype)\n"
        "factor = torch.where(x > 0, ones, slope)\nreturn x * factor, grad_out * factor"
    )
    namespace = student(body, "x, slope, grad_out")
    namespace["leaky_relu"] = namespace["f"]
    (known,) = shipped.device
    result = check._advised(shipped, namespace)
    assert (result.verdict, result.score, result.hint) == ("pass", result.max_score, known.hint)
    assert result.misconception is None, "whoever is right has no wrong answer"
    assert result.elsewhere is not None
    for language in ("en", "zh"):
        place = getattr(result.elsewhere, language).partition("`")[0]
        last = getattr(known.hint.neighbour, language).partition(">")[0]  # HTML writes &gt;
        for page in (plain, html):
            steps = [page(result, language, hint=step) for step in (1, 2, 3)]
            assert [place in step for step in steps] == [False, True, True]
            assert [last in step for step in steps] == [False, False, True]
            assert ["check(" in step for step in steps] == [True, True, False]
    first, second, _ = (plain(result, "en", hint=step) for step in (1, 2, 3))
    assert "where everything lies. Run" in first and "of the same kind, worked. Run" in second


def test_where_things_lie_has_words_for_every_kind_of_slip_and_input() -> None:
    inputs = {
        "x": torch.ones(2),
        "weights": {f"w{n}": torch.ones(n) for n in range(6)},
        "several": [torch.ones(()), 3],
        "n": 4,
        "array": np.ones(2),
    }
    case = JudgedCase("c", Text(en="{c}", zh="{c}"), {k: observe(v) for k, v in inputs.items()}, Observed({}))
    bare = JudgedCase("c", Text(en="{c}", zh="{c}"), {"n": observe(4)}, Observed({}))
    for kind in ("mixed", "numpy", "generator", "drawn", "moved", "refused", "state", "returned"):
        slip = Slip(kind, "out", ((2, 3),))
        said = where_it_lies(case, slip, {"out": Text(en="the {result}", zh="{结果}")})
        assert "`x` [2]; `weights['w0']` [0];" in said.en and "…；`several[0]` []" in said.zh
        assert "`n`" not in said.en and "array" not in said.en.split(".")[1]
        assert ("the {result}" in said.en) == (kind == "returned") and "{c}" in said.zh
        assert "`" not in where_it_lies(bare, Slip(kind, "", ()), {}).en.split(".")[0]


def test_signs_are_plain_data_without_torch() -> None:
    first = Slip("mixed", "mul", ((2, 3),), 3, "return x * y", "y = 1", "words", "made")
    assert sign_of([first, Slip("numpy", "n")]) == LARGE
    assert sign_of([first], 4) == dataclasses.replace(LARGE, after=4)
    assert sign_of([Slip("returned", "out", origin="made")], 4) == Sign("returned", "out", (), "made")
    assert sign_of([]) is None
    code = "import sys, course_lib.checking.device_hints, course_lib.checking.packs; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False"]

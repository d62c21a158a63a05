"""``grader verify --portability`` bites: it names right answers that no GPU would run and mistakes that go through."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from course_lib.checking import bench, packs, simulated, wire
from course_lib.checking import portability as trips
from course_lib.checking.device_hints import Sign
from course_lib.checking.simulated import Slip
from course_lib.text import Text
from grader import packing, verify
from grader.commands.verify import command
from grader.course import find_course
from grader.lesson import read_lesson
from grader.reference import load_exercises
from grader.spec import Case, Exercise, Right, Wrong
from tests.verify.toy import DOUBLE, SOURCE, text, use, wrong

TORCH = SOURCE.replace("import numpy as np", "import numpy as np\nimport torch")


def tensors(rng: np.random.Generator) -> list[Case]:
    return [Case("drawn", text("drawn"), {"x": torch.from_numpy(rng.standard_normal(5))})]


ADDED = wrong("added", "return x + torch.zeros(len(x), dtype=x.dtype) + x")
SPEC = dataclasses.replace(
    DOUBLE,
    public=(Case("two", text("two"), {"x": torch.tensor([1.5, -3.0], dtype=torch.float64)}),),
    hidden=tensors,
    wrong=(*DOUBLE.wrong[:3], wrong("float32", "return (2 * x).float()"), *DOUBLE.wrong[4:]),
    device_wrong=(ADDED,),
)


def findings(monkeypatch: pytest.MonkeyPatch, spec: Exercise, source: str = TORCH) -> dict[tuple[str, str], str]:
    proofs = verify.verify_portability(use(monkeypatch, spec, source))
    return {(f.code, f.subject): f.detail for proof in proofs for f in proof.findings}


def test_a_good_exercise_is_perfect_and_its_mistakes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    double, total = verify.verify_portability(use(monkeypatch, SPEC, TORCH))
    assert (double.device, double.device_caught, double.perfect) == (1, 1, True)
    assert (total.device, total.device_caught, total.perfect) == (0, 0, True)
    double, _ = verify.verify_lesson(use(monkeypatch, SPEC, TORCH), seeds=1)
    assert (double.device, double.device_caught, double.perfect) == (1, 1, True)
    assert (double.wrong, double.wrong_killed) == (6, 6)  # a device mistake is none of the kill matrix


def test_a_right_answer_that_a_gpu_would_refuse_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    right = (*DOUBLE.right, Right("by-numpy", "def double(x):\n    return torch.from_numpy(2 * x.numpy())"))
    found = findings(monkeypatch, dataclasses.replace(SPEC, right=right))
    assert set(found) == {("device-alarm", "by-numpy")}
    assert "`return torch.from_numpy(2 * x.numpy())`: NumPy cannot read" in found["device-alarm", "by-numpy"]


def test_a_reference_that_a_gpu_would_refuse_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = findings(monkeypatch, SPEC, TORCH.replace("factor = 2", "factor = torch.full((1,), 2)"))
    assert set(found) == {("device-alarm", "reference")}


def test_other_values_on_the_device_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = (Right("asks", "def double(x):\n    return x + x if x.device.type == 'cpu' else x"), *DOUBLE.right)
    found = findings(monkeypatch, dataclasses.replace(SPEC, right=right))
    assert set(found) == {("device-alarm", "asks")}
    assert found["device-alarm", "asks"].startswith("other values than on the CPU: case 'two', out")


def test_a_device_mistake_must_be_caught_and_be_right_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    harmless, broken = wrong("harmless", "return x + x"), wrong("broken", "return x.cpu() * 3")
    found = findings(monkeypatch, dataclasses.replace(SPEC, device_wrong=(ADDED, harmless, broken)))
    assert set(found) == {("device-missed", "harmless"), ("device-wrong-on-cpu", "broken")}


def test_every_mistake_is_told_its_own_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = wrong("zeros", "return torch.zeros(len(x), dtype=x.dtype) + x + x")
    found = findings(monkeypatch, dataclasses.replace(SPEC, device_wrong=(ADDED, zeros)))
    assert set(found) == {("device-hint", "zeros"), ("same-signs", "added = zeros")}
    shared = dataclasses.replace(zeros, hint=ADDED.hint)
    assert findings(monkeypatch, dataclasses.replace(SPEC, device_wrong=(ADDED, shared))) == {}
    silent = wrong("silent", "return x + torch.zeros(len(x), dtype=x.dtype) + x  # device")
    found = findings(monkeypatch, dataclasses.replace(SPEC, device_wrong=(silent,)))
    assert set(found) == {("device-hint", "silent")} and "nothing is said" in found["device-hint", "silent"]
    monkeypatch.setattr(trips, "recognise", lambda known, signs: None)
    assert ("device-hint", "added") in findings(monkeypatch, SPEC)


def test_a_pack_keeps_what_was_seen_of_a_mistake_and_not_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = use(monkeypatch, SPEC, TORCH)
    pack = packing.make_pack(lesson, "double", SPEC)
    (kept,) = pack.device
    assert (kept.code, kept.hint) == (ADDED.code, ADDED.hint)
    assert kept.signs == (Sign("mixed", "add", ((2,),), "made"),)
    blob = wire.pack(packs.to_tree(pack))
    assert b"torch.zeros" not in blob and b"mixed" in blob
    assert wire.pack(packs.to_tree(packing.make_pack(lesson, "double", SPEC))) == blob
    assert packing.make_pack(lesson, "double", SPEC, wrong=False).device == ()


def test_an_exercise_with_tensors_says_whether_the_device_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = dataclasses.replace(SPEC, device_wrong=())
    assert set(findings(monkeypatch, silent)) == {("device-undeclared", "")}
    assert findings(monkeypatch, dataclasses.replace(silent, stays_on_cpu="a reason")) == {}
    with pytest.raises(ValueError, match="stays on the CPU"):
        dataclasses.replace(SPEC, stays_on_cpu="a reason")
    with pytest.raises(ValueError, match="same wrong answer name"):
        dataclasses.replace(SPEC, device_wrong=(wrong("three", "return x.cpu() * 2"),))


def probe_double(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    import torch

    yield "out", ns["double"](case["x"]) + torch.zeros(1)


@pytest.mark.parametrize(
    ("module", "broken", "instead", "red"),
    [
        (simulated, "strangers", lambda *_: [], {("device-missed", "added")}),
        (simulated.Shell, "numpy", lambda self: self.inside.numpy(), {("device-missed", "array")}),
        (trips, "home", lambda thing: (simulated.home(thing)[0], ()), {("device-missed", "fetched")}),
        (bench, "FACTORIES", frozenset(), {("device-alarm", name) for name in ("reference", "sum", "shift")}),
        (bench, "_asked_by_the_probe", lambda: True, {("device-missed", "added")}),
    ],
    ids=["mixing", "arrays", "places", "bench", "whose-line"],
)
def test_a_rule_that_is_broken_turns_the_proof_red(
    module: Any, broken: str, instead: Any, red: set[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rule is needed: without it a mistake goes through, or a right answer is rejected."""
    array = wrong("array", "return 2 * x + 0 * float(x.numpy().sum())")
    spec = dataclasses.replace(SPEC, device_wrong=(ADDED, array, wrong("fetched", "return 2 * x.cpu()")))
    if broken == "FACTORIES":
        spec = dataclasses.replace(spec, probe=probe_double)  # makes a tensor itself
    assert findings(monkeypatch, spec) == {}
    monkeypatch.setattr(module, broken, instead)
    assert red <= set(findings(monkeypatch, spec))


def test_every_kind_of_slip_has_its_words_in_both_languages() -> None:
    for kind in ("mixed", "numpy", "generator", "drawn", "moved", "refused", "state", "returned"):
        said = trips.tell(Slip(kind, "mul", ((2,),), 1, "return x", "y = 1", "some words"))
        assert isinstance(said, Text) and "{" not in said.en + said.zh


def test_the_command_runs_the_part_alone_and_says_so_in_both_forms() -> None:
    shown = CliRunner().invoke(command, ["losses", "--portability"])
    assert shown.exit_code == 0 and "Portability" in shown.output and "2/2" in shown.output
    record = json.loads(CliRunner().invoke(command, ["losses", "--portability", "--json"]).output)
    counts = {e["key"]: (e["device"], e["device_caught"], e["perfect"]) for e in record["exercises"]}
    assert record["perfect"] and counts["losses.cross_entropy"] == (2, 2, True)
    refused = CliRunner().invoke(command, ["losses", "--portability", "--mutants"])
    assert refused.exit_code == 2 and "leave --mutants out" in refused.output


def test_every_lesson_of_the_course() -> None:
    """No false alarm on any right answer of any lesson, every device mistake caught and told its own hint."""
    proofs = [proof for ref in find_course().lessons() for proof in verify.verify_portability(read_lesson(ref.source))]
    assert [finding for proof in proofs for finding in proof.findings] == []
    assert sum(proof.device for proof in proofs) == sum(proof.device_caught for proof in proofs) >= 60


def test_device_mistakes_are_told_like_other_wrong_answers() -> None:
    for ref in find_course().lessons():
        for name, spec in load_exercises(read_lesson(ref.source)).items():
            for mistake in spec.device_wrong:
                assert isinstance(mistake, Wrong)
                known = [w.hint for w in spec.wrong]
                assert mistake.hint not in known, (ref.id, name, mistake.code)

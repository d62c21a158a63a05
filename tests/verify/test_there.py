"""``grader verify --device``: the proof on a real device, for which the simulated one stands here."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from click.testing import CliRunner

from course_lib.checking import elsewhere
from grader import verify
from grader.commands.verify import command
from grader.devices import SIMULATION, Place
from grader.engine import accelerators
from grader.engine.accelerators import Accelerator
from grader.spec import Right
from tests.verify.test_portability import SPEC, TORCH
from tests.verify.toy import use

CPU = Place("cpu", "cpu", "the CPU")


def prove(monkeypatch: pytest.MonkeyPatch, place: Place, **changes: object) -> verify.ExerciseProof:
    spec = dataclasses.replace(SPEC, **changes)  # type: ignore[arg-type]
    devices = verify.Devices(simulated=False, real=(place,))
    double, total = verify.verify_portability(use(monkeypatch, spec, TORCH), devices=devices)
    assert total.there == []  # it has nothing to do with devices
    return double


def test_right_answers_agree_and_mistakes_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = prove(monkeypatch, SIMULATION)
    (there,) = proof.there
    assert (there.device, there.agree, there.answers * there.cases) == ("simulated", 3, 3)
    assert (there.caught, there.mistakes, there.truths, there.properties) == (1, 1, 1, 1)
    assert proof.perfect and there.seconds_here > 0 and there.seconds_there > 0


def test_a_mistake_that_goes_through_and_a_right_answer_that_does_not_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proof = prove(monkeypatch, CPU)
    assert [(f.code, f.subject) for f in proof.findings] == [("device-missed", "added")]
    right = (*SPEC.right, Right("by-numpy", "def double(x):\n    return torch.from_numpy(2 * x.numpy())"))
    proof = prove(monkeypatch, SIMULATION, right=right)
    assert [(f.code, f.subject) for f in proof.findings] == [("device-alarm", "by-numpy")]
    assert proof.there[0].agree == 3 and not proof.perfect


def test_a_device_that_computes_otherwise_is_off_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    real = elsewhere._real

    def tf32(device: str, probe: object, namespace: object, inputs: object) -> object:
        seen = real(device, probe, namespace, inputs)  # type: ignore[arg-type]
        values = {k: dataclasses.replace(v, data=v.data * (1 + 2**-10)) for k, v in seen.values.items()}
        return dataclasses.replace(seen, values=values)

    monkeypatch.setattr(elsewhere, "_real", tf32)
    proof = prove(monkeypatch, CPU)
    assert ("off-the-truth", "two") in {(f.code, f.subject) for f in proof.findings}


def test_the_command_shows_a_table_of_each_device(monkeypatch: pytest.MonkeyPatch) -> None:
    here = (Accelerator("simulated", "a stand-in for a GPU", "simulated"),)
    monkeypatch.setattr(accelerators, "accelerators_for", lambda device: here if device == "cuda" else ())
    words = ["losses", "--portability", "--device"]
    shown = CliRunner().invoke(command, [*words, "cuda"])
    assert shown.exit_code == 0, shown.output
    assert "On a stand-in for a GPU" in shown.output and "device ms" in shown.output
    record = json.loads(CliRunner().invoke(command, [*words, "cuda", "--json"]).output)
    (there,) = next(e["there"] for e in record["exercises"] if e["key"] == "losses.cross_entropy")
    assert there["device"] == "a stand-in for a GPU" and there["caught"] == there["mistakes"] >= 1
    assert "On a stand-in" not in CliRunner().invoke(command, [*words, "simulated"]).output
    assert CliRunner().invoke(command, [*words, "cpu"]).exit_code == 2


def test_cuda_is_refused_where_there_is_none() -> None:
    if torch.accelerator.is_available():
        pytest.skip("this machine has an accelerator")
    refused = CliRunner().invoke(command, ["losses", "--device", "cuda"])
    assert refused.exit_code == 1 and "--device cuda needs an accelerator" in refused.output

"""What a sandbox is shown of an accelerator, and what a fault on one costs; no accelerator is needed here."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from course_lib.checking.results import Observed
from grader.engine import Limits, ProbeJob, SandboxPool, Task, mounts
from grader.engine import accelerators as devices
from grader.engine.accelerators import (
    Accelerator,
    AcceleratorError,
    accelerators_for,
    arguments,
    for_grading,
    kind_of,
    minor,
    nodes,
    require_nodes,
)
from grader.engine.events import Event

PROBE = "def probe(ns, case):\n    yield 'y', ns['f'](case['x'])\n"


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, Path]:
    """The device nodes and the driver's folder of a machine with two GPUs, the slower one first."""
    dev, driver = tmp_path / "dev", tmp_path / "gpus"
    dev.mkdir()
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "dri"):
        (dev / name).touch()
    for number, (bus, uuid) in enumerate({"0000:01:00.0": "GPU-aaaa-1111", "0000:41:00.0": "GPU-bbbb-2222"}.items()):
        (driver / bus).mkdir(parents=True)
        text = f"Model: \t\t A GPU\nGPU UUID: \t {uuid}\nDevice Minor: \t {number}\n"
        (driver / bus / "information").write_text(text)
    return dev, driver


def test_only_the_nodes_that_computing_needs_are_shown(machine: tuple[Path, Path]) -> None:
    dev, _ = machine
    shown = nodes(1, dev)
    assert shown == (dev / "nvidia1", dev / "nvidiactl", dev / "nvidia-uvm")
    assert nodes(7, dev) == ()
    words = arguments(Accelerator("cuda:1", nodes=shown))
    assert words[:3] == ["--dev-bind", str(dev / "nvidia1"), str(dev / "nvidia1")] and len(words) == 9
    assert arguments(None) == []


def test_a_gpu_is_found_by_its_name_not_by_its_number(machine: tuple[Path, Path]) -> None:
    """CUDA counts the fastest GPU first; the driver counts by slot."""
    _, driver = machine
    assert minor("GPU-bbbb-2222", driver, 0) == 1
    assert minor("GPU-aaaa-1111", driver, 1) == 0
    assert minor("GPU-unknown", driver, 5) == 5


def test_what_the_sandbox_cannot_show_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AcceleratorError, match="NVIDIA GPUs only"):
        require_nodes((Accelerator("mps"),))
    with pytest.raises(ValueError, match="auto, cpu, cuda, simulated"):
        accelerators_for("gpu")
    monkeypatch.setattr(devices, "_found", tuple)
    monkeypatch.setattr(devices, "_likely", lambda: True)
    assert accelerators_for("auto") == accelerators_for("cpu") == accelerators_for("simulated") == ()
    with pytest.raises(AcceleratorError, match="--device cuda needs an accelerator") as refused:
        accelerators_for("cuda")
    assert torch.__version__ in refused.value.text.zh


def test_by_default_a_class_is_graded_without_what_the_sandbox_cannot_show(
    monkeypatch: pytest.MonkeyPatch, machine: tuple[Path, Path]
) -> None:
    """An accelerator of another make must not keep anybody from grading who never asked for one."""
    monkeypatch.setattr(devices, "_likely", lambda: True)
    for other in ("mps", "cuda:0"):  # Apple's; AMD's, which torch calls cuda, too, and which has no such nodes
        monkeypatch.setattr(devices, "_found", lambda other=other: (Accelerator(other),))
        assert for_grading("auto", "bubblewrap") == ()
        assert kind_of("auto", "bubblewrap") == "cpu"
        with pytest.raises(AcceleratorError, match="--device simulated"):
            for_grading("cuda", "bubblewrap")
    assert for_grading("auto", "none") == (Accelerator("cuda:0"),)
    found = (Accelerator("cuda:0", nodes=nodes(0, machine[0])),)
    monkeypatch.setattr(devices, "_found", lambda: found)
    assert for_grading("auto", "bubblewrap") == for_grading("cuda", "bubblewrap") == found
    assert (kind_of("auto", "bubblewrap"), kind_of("simulated", "bubblewrap")) == ("cuda", "simulated")


def test_a_machine_without_device_nodes_is_not_asked_for_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> tuple[Accelerator, ...]:
        raise AssertionError("torch was asked")

    monkeypatch.setattr(devices, "_found", asked)
    monkeypatch.setattr(devices, "_likely", lambda: False)
    assert accelerators_for("auto") == ()


def test_an_accelerators_sandbox_has_more_room_and_no_warm_up() -> None:
    there, here = Limits().on_accelerator(), Limits()
    assert there.memory_bytes > here.memory_bytes and there.probe_seconds > here.probe_seconds
    assert there.observed_bytes == here.observed_bytes


def test_the_warm_process_of_an_accelerator_begins_nothing_on_it() -> None:
    """A backward pass starts a thread for each device that torch sees, and with it CUDA, which no fork survives."""
    from grader.engine.inside import warm

    assert any("backward" in cell for cell in warm.own_cells(accelerator=False))
    there = " ".join(warm.own_cells(accelerator=True))
    assert "import torch" in there
    assert not [word for word in ("backward", "optim", "cuda", "accelerator", "manual_seed") if word in there]


def test_where_a_grade_is_the_cpus_no_gpu_is_seen() -> None:
    assert mounts.environment()["CUDA_VISIBLE_DEVICES"] == ""


FAULTY = """
import torch
calls = []
def f(x):
    calls.append(1)
    if len(calls) == 2:
        raise RuntimeError("CUDA error: device-side assert triggered")
    return x * 2
"""


@pytest.mark.sandbox
def test_after_a_fault_of_the_device_the_other_cases_have_a_process_of_their_own() -> None:
    """The words are CUDA's; that later cases get fresh processes shows in what they count."""
    cases = tuple({"x": torch.full((1,), float(n))} for n in range(4))
    job = ProbeJob("e", PROBE, cases, 20.0, "simulated")
    with SandboxPool(1, Limits()) as pool:
        first, second, third, fourth = pool.submit_task(Task((FAULTY,), (job,))).result(120).probes[0].observed
        after = pool.submit_task(Task(("def f(x): return x + 1",), (job,))).result(120).probes[0].observed
    assert isinstance(first, Observed) and first.values["y"].device == "simulated"
    assert isinstance(second, Observed) and second.error is not None and "device-side" in second.error.message
    assert isinstance(third, Observed) and third.error is None and float(third.values["y"].data[0]) == 4.0
    assert isinstance(fourth, Observed) and fourth.error is not None, "the second call of the new process"
    assert all(isinstance(one, Observed) and one.error is None for one in after), "the next submission is served"


@pytest.mark.sandbox
def test_devices_that_fail_without_end_are_given_up() -> None:
    always = "def f(x): raise RuntimeError('CUDA error: an illegal memory access was encountered')"
    job = ProbeJob("e", PROBE, tuple({"x": torch.ones(1)} for _ in range(9)), 20.0, "simulated")
    with SandboxPool(1, Limits()) as pool:
        seen = pool.submit_task(Task((always,), (job,))).result(120).probes[0].observed
    assert [isinstance(one, Observed) for one in seen] == [True] * 5 + [False] * 4
    assert all(isinstance(one, Event) and one.code == "not_reached" for one in seen[5:])


@pytest.mark.sandbox
def test_each_sandbox_has_its_own_accelerator(tmp_path: Path) -> None:
    """Device nodes that every machine has stand for those of two GPUs."""
    two = tuple(
        Accelerator(f"cuda:{n}", nodes=(node,), environment=(("ONLY", str(n)),))
        for n, node in enumerate((Path("/dev/null"), Path("/dev/zero")))
    )
    cell = "import os, time; time.sleep(1)\ndef f(x): return os.environ['ONLY']"
    job = ProbeJob("e", PROBE, ({"x": 1},), 20.0, "simulated")
    with SandboxPool(7, Limits(), accelerators=two) as pool:
        runs = [pool.submit_task(Task((cell,), (job,))) for _ in range(4)]
        found = [run.result(120).probes[0].observed[0] for run in runs]
    assert {one.values["y"].data for one in found if isinstance(one, Observed)} == {"0", "1"}
    assert len(pool._threads) == 2

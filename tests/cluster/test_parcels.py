"""What travels arrives as it was."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checking import wire
from course_lib.checking.results import Observed, RaisedError
from course_lib.checking.values import Value, observe
from grader.cluster import parcels
from grader.engine.events import event
from grader.engine.limits import Limits
from grader.engine.tasks import CellRun, ProbeJob, ProbeRun, Run, Task

TASK = Task(
    ("import numpy as np", "x = '\ud800'", ""),
    (ProbeJob("a", "def probe(ns, x): ...", ({"x": np.arange(3)}, {"x": 2}), 1.5), ProbeJob("b", "…", ())),
)


def same(a: object, b: object) -> bool:
    """Equal, arrays included, to the bit and the dtype."""
    if isinstance(a, Value) and isinstance(b, Value) and isinstance(a.data, np.ndarray):
        return a.data.dtype == b.data.dtype and a.data.tobytes() == b.data.tobytes() and a.shape == b.shape
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (Run, ProbeRun, Observed, CellRun)):
        return type(a) is type(b) and same(vars(a), vars(b))
    return a == b


def test_a_task() -> None:
    text, cases = parcels.pack_task(TASK)
    there = parcels.unpack_task(text, cases)
    assert there.cells == TASK.cells
    assert [(p.exercise, p.packed, len(p.cases), p.seconds) for p in there.probes] == [
        (p.exercise, p.packed, len(p.cases), p.seconds) for p in TASK.probes
    ]
    assert parcels.named_cases(text) == list(cases)


def test_equal_cases_have_one_name_and_others_another() -> None:
    _, cases = parcels.pack_task(TASK)
    _, again = parcels.pack_task(Task(("other",), TASK.probes))
    _, other = parcels.pack_task(Task((), (ProbeJob("a", "def probe(ns, x): ...", ({"x": 3},)),)))
    assert cases == again
    assert not cases.keys() & other.keys()


def test_settings() -> None:
    limits = Limits(cell_seconds=3.5)
    assert parcels.unpack_settings(parcels.pack_settings(limits, "none", ("import torch",))) == (
        limits, "none", ("import torch",),
    )  # fmt: skip


def test_a_run() -> None:
    values = {"y": observe(np.array([[1.0, np.nan]], order="F")), "s": observe("文"), "n": observe(float("inf"))}
    seen = Observed(values, RaisedError("TypeError", "no", 3, "y = 1"), ("careful",), "printed\n")
    outputs = [{"output_type": "stream", "name": "stdout", "text": "\ud800 NaN"}, {"data": {"x": float("inf")}}]
    run = Run(
        (CellRun(outputs, "ok", 0.25, 3), CellRun([], "not_reached")),
        (ProbeRun("a", (seen, event("probe_died", exercise="a", how="exit 3")), 0.5), ProbeRun("b", ())),
        (event("cell_timeout", 1, seconds=30.0),),
        1.5,
    )
    there = parcels.unpack_run(parcels.pack_run(run))
    assert same(there, run)
    assert not same(there, Run(run.cells, (), run.events, run.seconds))


def test_text_that_is_no_unicode_costs_that_case_only() -> None:
    bad, good = Observed({"y": Value("string", data="\ud800")}), Observed({"y": Value("string", data="y")})
    there = parcels.unpack_run(parcels.pack_run(Run((), (ProbeRun("a", (bad, good)),), (), 0.0)))
    [probe] = there.probes
    assert probe.observed[0].code == "malformed"  # type: ignore[union-attr]
    assert probe.observed[1] == good


@pytest.mark.parametrize("blob", [b"", b"x" * 100, wire.pack({"head": "{}"}), wire.pack(["head"])])
def test_anything_else_is_refused(blob: bytes) -> None:
    with pytest.raises(wire.WireError):
        parcels.unpack_run(blob)

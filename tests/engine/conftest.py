"""One warm sandbox for all tests of the engine, and the honest neighbour that must never notice the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from course_lib.checking.results import Observed
from grader.engine import Limits, ProbeJob, Run, SandboxPool, Task

DOUBLE = "def probe(ns, case):\n    yield 'y', ns['double'](case['x'])\n"
HONEST = Task(
    ("import numpy as np\nimport os, json, socket, time", "def double(x):\n    return 2 * x", "print('hello')\n40 + 2"),
    (ProbeJob("honest.double", DOUBLE, ({"x": np.arange(3.0)}, {"x": 21})),),
)
SMALL = Limits(
    cell_seconds=2.0,
    grace_seconds=0.5,
    submission_seconds=12.0,
    probe_seconds=1.5,
    probing_seconds=15.0,
    cpu_seconds=30,
    memory_bytes=200 * 2**20,
    output_bytes=2**16,
    processes=32,
    file_bytes=4 * 2**20,
    scratch_bytes=8 * 2**20,
)

Go = Callable[..., Run]


@pytest.fixture(scope="session")
def pool() -> Iterator[SandboxPool]:
    with SandboxPool(jobs=1, limits=SMALL) as made:
        yield made


@pytest.fixture
def go(pool: SandboxPool) -> Iterator[Go]:
    """Runs cells and probes in the one sandbox; afterwards the next submission must find everything normal."""

    def run(*cells: str, probes: tuple[ProbeJob, ...] = ()) -> Run:
        return pool.submit_task(Task(cells, probes)).result(timeout=90)

    yield run
    assert_honest(pool.submit_task(HONEST).result(timeout=90))


def assert_honest(run: Run) -> None:
    assert run.events == ()
    assert [cell.status for cell in run.cells] == ["ok"] * 3
    assert [cell.execution_count for cell in run.cells] == [1, 2, 3]
    assert run.cells[2].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "hello\n"},
        {"output_type": "execute_result", "data": {"text/plain": "42"}, "metadata": {}, "execution_count": 3},
    ]
    first, second = run.probes[0].observed
    assert isinstance(first, Observed) and isinstance(second, Observed)
    assert first.error is None and first.values["y"].data.tolist() == [0.0, 2.0, 4.0]
    assert second.values["y"].data == 42


def double_job(*inputs: object, seconds: float | None = None) -> ProbeJob:
    """Probes the name ``double`` of a submission."""
    return ProbeJob("honest.double", DOUBLE, tuple({"x": x} for x in inputs or (21,)), seconds)


def text(run: Run, cell: int, name: str = "stdout") -> str:
    """The text that a cell wrote."""
    return "".join(o["text"] for o in run.cells[cell].outputs if o["output_type"] == "stream" and o["name"] == name)


def observed(run: Run, probe: int = 0, case: int = 0) -> Observed:
    found = run.probes[probe].observed[case]
    assert isinstance(found, Observed), found
    return found


def code(run: Run, probe: int = 0, case: int = 0) -> str:
    """The code of the event that stands in a case's place."""
    found = run.probes[probe].observed[case]
    assert not isinstance(found, Observed), found
    return found.code


def codes(run: Run) -> list[tuple[str, int | None]]:
    return [(event.code, event.cell) for event in run.events]

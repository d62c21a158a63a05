"""Cases that end the process, or take too long, or say too much: in a fork of their own, and in the process itself."""

from __future__ import annotations

import pytest

from grader.engine import Event, ProbeJob, SandboxPool, Task
from grader.engine import Run as EngineRun
from tests.engine.conftest import HONEST, Go, assert_honest, code, double_job, observed


@pytest.fixture(params=["fork", "process"])
def go(request: pytest.FixtureRequest, pool: SandboxPool) -> Go:
    """As everywhere. The last exercise has the student's process for itself; with another behind it it has a fork."""

    def run(*cells: str, probes: tuple[ProbeJob, ...] = ()) -> EngineRun:
        after = (double_job(1),) if request.param == "fork" else ()
        return pool.submit_task(Task(cells, (*probes, *after))).result(timeout=90)

    yield run  # type: ignore[misc]
    assert_honest(pool.submit_task(HONEST).result(timeout=90))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("import os; os._exit(0)", "probe_died"),
        ("import ctypes; ctypes.string_at(0)", "probe_died"),
        ("while True: pass", "probe_timeout"),
        ("import time; time.sleep(99)", "probe_timeout"),
        ("import os\n    while True:\n        try: os.fork()\n        except OSError: pass", "probe_timeout"),
        ("import numpy; return numpy.ones(3 * 10**6)", "probe_too_large"),
    ],
)
def test_probe_that_ends(go: Go, body: str, expected: str) -> None:
    bad = f"def double(x):\n    if x == 1:\n        return 7\n    {body}"
    other = ProbeJob("other.exercise", "def probe(ns, case):\n    yield 'a', ns['a'] + case['n']\n", ({"n": 1},))
    run = go("a = 41", bad, probes=(double_job(1, 2, 1), other))
    assert observed(run, 0, 0).values["y"].data == 7
    assert code(run, 0, 1) == expected
    assert observed(run, 0, 2).values["y"].data == 7
    assert observed(run, 1, 0).values["a"].data == 42


def test_probe_memory_and_output_are_bounded(go: Go) -> None:
    run = go(
        "import numpy as np\ndef double(x):\n    print('x' * 10**7)\n    return np.ones(10**9) if x else 3",
        probes=(double_job(0, 1),),
    )
    assert observed(run, 0, 0).values["y"].data == 3 and len(observed(run).stdout) < 10**5
    error = observed(run, 0, 1).error
    assert error is not None and "MemoryError" in error.type


def test_probe_that_kills_its_parent(go: Go, request: pytest.FixtureRequest) -> None:
    bad = (
        "def double(x):\n    import os, signal\n    if x == 2: os.kill(os.getppid(), signal.SIGKILL)\n    return 2 * x"
    )
    run = go(bad, probes=(double_job(1, 2, 3),))
    assert observed(run, 0, 0).values["y"].data == 2
    if "fork" in request.node.name:
        assert code(run, 0, 1) in ("probe_died", "malformed")
    else:  # its parent is the warm process, which no signal from inside reaches
        assert observed(run, 0, 1).values["y"].data == 4
    assert observed(run, 0, 2).values["y"].data == 6


def test_probe_that_stops_the_zygote(go: Go) -> None:
    bad = (
        "def double(x):\n    import os, signal, time\n    if x == 2:\n        os.kill(os.getppid(), signal.SIGSTOP)\n"
        "        time.sleep(99)\n    return 2 * x"
    )
    run = go(bad, probes=(double_job(1, 2, 3),))
    assert code(run, 0, 1) == "probe_timeout"
    assert observed(run, 0, 2).values["y"].data == 6


def test_after_two_late_cases_the_exercise_is_given_up_and_the_next_one_is_not(go: Go) -> None:
    bad = "def double(x):\n    open('/tmp/tried', 'a').write('x')\n    while True: pass"
    tried = ProbeJob("other.exercise", "def probe(ns, case):\n    yield 'n', len(open('/tmp/tried').read())\n", ({},))
    run = go(bad, probes=(double_job(1, 2, 3, 4, 5), tried))
    assert [code(run, 0, c) for c in range(5)] == ["probe_timeout"] * 5
    assert observed(run, 1, 0).values["n"].data == 2


def test_cases_follow_each_other_as_in_a_kernel_and_exercises_do_not_see_each_other(go: Go) -> None:
    run = go("n = []\ndouble = lambda x: n.append(x) or len(n)", probes=(double_job(1, 2, 3), double_job(4, 5)))
    assert [[observed(run, j, c).values["y"].data for c in range(k)] for j, k in ((0, 3), (1, 2))] == [
        [1, 2, 3],
        [1, 2],
    ]


def test_a_case_that_ends_its_process_does_not_cost_the_cases_after_it(go: Go) -> None:
    run = go("import os\ndouble = lambda x: os._exit(4) if x == 2 else 2 * x", probes=(double_job(1, 2, 3),))
    assert observed(run, 0, 0).values["y"].data == 2
    assert isinstance(run.probes[0].observed[1], Event)
    assert observed(run, 0, 2).values["y"].data == 6

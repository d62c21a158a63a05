"""Cells and probes that end, hang, flood or eat: each costs what stood in it, and the rest counts."""

# ruff: noqa: E501 - a cell of student code is easier to read on one line
from __future__ import annotations

import pytest

from tests.engine.conftest import Go, codes, double_job, observed, text

pytestmark = pytest.mark.sandbox
DOUBLE = "def double(x):\n    return 2 * x"


def rest_counts(run: object, died: int = 1) -> None:
    assert [c.status for c in run.cells][died + 1 :] == ["ok"] * (len(run.cells) - died - 1)  # type: ignore[attr-defined]
    assert observed(run).values["y"].data == 42  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "how"),
    [
        ("import os\nos._exit(3)", "exit 3"),
        ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
        ("import os\nos.abort()", "SIGABRT"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_cell_that_ends_the_process(go: Go, cell: str, how: str) -> None:
    run = go("a = 1", cell, DOUBLE, "print(a)", probes=(double_job(),))
    assert [c.status for c in run.cells] == ["ok", "died", "ok", "ok"]
    assert codes(run) == [("cell_died", 1)] and how in run.events[0].message.en and how in run.events[0].message.zh
    assert text(run, 3) == "1\n"
    rest_counts(run)


@pytest.mark.parametrize("cell", ["import sys\nsys.exit()", "exit()", "raise KeyboardInterrupt", "quit"])
def test_polite_exit_is_an_ordinary_cell(go: Go, cell: str) -> None:
    run = go("a = 1", cell, DOUBLE, probes=(double_job(),))
    assert run.events == ()
    rest_counts(run)


def test_interrupted_loop_keeps_the_state(go: Go) -> None:
    run = go("a = 1", "b = 2\nwhile True: pass", "print(a + b)\n" + DOUBLE, probes=(double_job(),))
    assert [c.status for c in run.cells] == ["ok", "timeout", "ok"]
    assert run.cells[1].outputs[-1]["ename"] == "KeyboardInterrupt"
    assert codes(run) == [("cell_timeout", 1)]
    assert text(run, 2) == "3\n"
    rest_counts(run)


@pytest.mark.parametrize(
    "cell",
    [
        "while True:\n    try:\n        for _ in iter(int, 1): sum(range(99))\n    except: pass",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "import numpy as np, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\nwhile True: pass",
        "import time\ndef again():\n    try:\n        time.sleep(100)\n    except BaseException:\n        again()\nagain()",
    ],
)
def test_ignored_interrupt_is_killed(go: Go, cell: str) -> None:
    run = go("a = 1", cell, DOUBLE, probes=(double_job(),))
    assert [c.status for c in run.cells] == ["ok", "timeout", "ok"]
    assert codes(run) == [("cell_killed", 1)]
    rest_counts(run)


def test_sleep_is_interrupted(go: Go) -> None:
    run = go("import time\ntime.sleep(1000)", "1", DOUBLE, probes=(double_job(),))
    assert run.cells[0].status == "timeout"
    rest_counts(run)


def test_endless_output_is_cut(go: Go) -> None:
    run = go("a = 1", "print('start')\nwhile True: print('x' * 1000)", DOUBLE, probes=(double_job(),))
    assert {("output", 1), ("cell_timeout", 1)} <= set(codes(run))
    assert text(run, 1).startswith("start\nxxx") and len(text(run, 1)) <= 2**16
    rest_counts(run)


@pytest.mark.parametrize(
    "cell",
    [
        "print('x' * 10**8)",
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 10**7))",
        "import os\nfor _ in range(50): os.write(1, b'x' * 65536)",
        "import os\nos.system('yes | head -c 1000000')",
        "from IPython.display import display\nfor _ in range(5000): display('x')",
        "import sys\nfor _ in range(10**4): print('x' * 100, file=sys.stderr)",
    ],
)
def test_much_output_is_cut_and_the_cell_is_fine(go: Go, cell: str) -> None:
    run = go("a = 1", cell, DOUBLE, probes=(double_job(),))
    assert run.cells[1].status == "ok"
    assert ("output", 1) in codes(run)
    assert sum(len(str(o)) for o in run.cells[1].outputs) < 4 * 2**16
    rest_counts(run)


def test_memory_in_one_process(go: Go) -> None:
    run = go("a = 1", "import numpy as np\nx = np.ones((10**5, 10**4))", DOUBLE, probes=(double_job(),))
    assert run.cells[1].status == "error" and ("memory", 1) in codes(run)
    rest_counts(run)


def test_memory_piece_by_piece(go: Go) -> None:
    run = go("a = 1", "x = []\nwhile True: x.append(bytearray(2**22))", "x = None", DOUBLE, probes=(double_job(),))
    assert ("memory", 1) in codes(run)
    rest_counts(run)


def test_memory_in_many_processes(go: Go) -> None:
    cell = (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        x = bytearray(b'1') * (150 * 2**20)\n        time.sleep(100)\n        os._exit(0)\ntime.sleep(100)"
    )
    run = go("a = 1", cell, DOUBLE, probes=(double_job(),))
    assert ("memory", 1) in codes(run)
    rest_counts(run)


def test_fork_bomb(go: Go) -> None:
    run = go(
        "a = 1", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", DOUBLE, probes=(double_job(),)
    )
    assert run.cells[1].status in ("timeout", "died")
    rest_counts(run)


def test_thread_bomb(go: Go) -> None:
    cell = "import threading, time\nfor _ in range(1000): threading.Thread(target=time.sleep, args=(99,)).start()"
    run = go("a = 1", cell, DOUBLE, probes=(double_job(),))
    assert run.cells[1].status == "error"
    rest_counts(run)


def test_daemon_does_not_outlive_its_submission(go: Go) -> None:
    daemon = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        while True: time.sleep(1)\n    os._exit(0)\n"
    )
    assert go(daemon, DOUBLE, probes=(double_job(),)).cells[0].status == "ok"
    run = go("import os\nprint([n for n in os.listdir('/proc') if n.isdigit() and n not in ('1', str(os.getpid()))])")
    assert text(run, 0) == "[]\n"


def test_fork_in_a_cell_does_not_answer_twice(go: Go) -> None:
    run = go("import os\npid = os.fork()", "print('once')", DOUBLE, probes=(double_job(),))
    assert text(run, 1) == "once\n"
    rest_counts(run)


def test_full_scratch_and_large_file(go: Go) -> None:
    cell = "f = open('/tmp/x', 'wb')\nf.write(b'x' * 5 * 2**20)\nf.flush()"
    many = "for n in range(100):\n    with open(f'/dev/shm/{n}', 'wb') as f: f.write(b'x' * 2**20)"
    run = go("a = 1", cell, many, DOUBLE, probes=(double_job(),))
    assert [c.status for c in run.cells] == ["ok", "error", "error", "ok"]
    assert "File too large" in run.cells[1].outputs[-1]["evalue"]
    assert "No space left" in run.cells[2].outputs[-1]["evalue"]


def test_deaths_are_bounded_and_earlier_work_counts(go: Go) -> None:
    deaths = ["import os\nos._exit(1)"] * 6
    run = go(DOUBLE, *deaths, "print('end')", probes=(double_job(),))
    assert [c.status for c in run.cells] == ["ok"] + ["died"] * 4 + ["not_reached"] * 3
    assert ("restarts", 4) in codes(run)
    assert observed(run).values["y"].data == 42


def test_submission_time_is_bounded(go: Go) -> None:
    run = go(DOUBLE, *["import time\ntime.sleep(1.8)"] * 8, probes=(double_job(),))
    assert run.cells[-1].status == "not_reached" and any(c == "submission_timeout" for c, _ in codes(run))
    assert observed(run).values["y"].data == 42

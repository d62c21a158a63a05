"""The pool: an ordinary Executor, whose workers may die, and which refuses to run without a sandbox."""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import NoReturn

import pytest

from grader.engine import Limits, SandboxPool, SandboxUnavailable, Task, conversation, launch, mounts, run_task
from grader.engine.sandbox import WorkerLost
from tests.engine.conftest import HONEST, SMALL, Go, assert_honest, code, codes, text


@pytest.mark.sandbox
def test_it_is_an_executor(pool: SandboxPool) -> None:
    assert isinstance(pool, concurrent.futures.Executor)
    assert pool.submit(sum, [1, 2]).result() == 3
    for run in pool.map(run_task, [HONEST] * 3):
        assert_honest(run)


@pytest.mark.sandbox
def test_a_lost_worker_is_replaced_and_the_submission_tried_again(pool: SandboxPool) -> None:
    assert_honest(pool.submit_task(HONEST).result(60))
    (before,) = pool.pids()
    future = pool.submit_task(Task(("import time\ntime.sleep(1)\nprint('done')",)))
    time.sleep(0.3)
    os.kill(before, signal.SIGKILL)
    run = future.result(60)
    assert text(run, 0) == "done\n" and run.events == ()
    assert pool.pids() != [before]
    assert_honest(pool.submit_task(HONEST).result(60))


@pytest.mark.sandbox
def test_a_worker_lost_each_time_gives_a_result_that_says_so(
    pool: SandboxPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Losing(conversation.Conversation):
        def run(self) -> NoReturn:
            raise WorkerLost("killed")

    with monkeypatch.context() as patched:
        patched.setattr("grader.engine.pool.Conversation", Losing)
        run = pool.submit_task(HONEST).result(60)
    assert codes(run) == [("worker_lost", None)]
    assert [cell.status for cell in run.cells] == ["not_reached"] * 3
    assert [code(run, 0, case) for case in range(2)] == ["worker_lost"] * 2
    assert_honest(pool.submit_task(HONEST).result(60))


@pytest.mark.sandbox
def test_nothing_is_left_when_the_pool_ends(tmp_path: Path) -> None:
    with SandboxPool(jobs=1, limits=SMALL) as pool:
        assert_honest(pool.submit_task(HONEST).result(60))
        (pid,) = pool.pids()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.sandbox
def test_warmup_cells_leave_no_trace() -> None:
    cells = (
        "import numpy as np\nsecret = 5\nprint(secret)",
        "import matplotlib\nmatplotlib.rcParams['figure.dpi'] = 7",
        "1/0",
    )
    with SandboxPool(jobs=1, limits=SMALL, warmup=cells) as pool:
        look = "import sys, matplotlib\nprint('secret' in dir(), matplotlib.rcParams['figure.dpi'], In)"
        run = pool.submit_task(Task((look,))).result(60)
        assert text(run, 0).startswith("False 72.0 ['', ") or text(run, 0).startswith("False 100.0 ['', ")
        assert_honest(pool.submit_task(HONEST).result(60))


def test_missing_bubblewrap_is_an_error_that_says_what_is_at_stake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxUnavailable) as caught:
        SandboxPool(jobs=1)
    assert "bwrap is not installed" in caught.value.text.en and "gradebook" in caught.value.text.en
    assert "--isolation none" in caught.value.text.zh and "成绩册" in caught.value.text.zh


def test_failing_bubblewrap_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    failed = subprocess.CompletedProcess([], 1, "", "bwrap: No permissions to create new namespace")
    monkeypatch.setattr(launch.subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(SandboxUnavailable, match="No permissions"):
        SandboxPool(jobs=1)


def test_an_installed_grader_is_covered(tmp_path: Path) -> None:
    site = Path("/opt/python/lib/site-packages")
    assert mounts.covered([Path("/opt/python")], [site / "grader", tmp_path]) == [site / "grader"]
    assert mounts.covered([Path("/x")], [Path("/usr/lib/python3/dist-packages/grader")]) != []


def test_the_repository_is_not_among_what_is_shown() -> None:
    shown = mounts.visible()
    for secret in mounts.secret_folders():
        assert secret in mounts.covered(shown, [secret]) or not any(secret.is_relative_to(p) for p in shown)


def test_without_isolation_the_same_results() -> None:
    with SandboxPool(jobs=1, limits=SMALL, isolation="none") as pool:
        assert_honest(pool.submit_task(HONEST).result(90))
        run = pool.submit_task(Task(("a = 1", "import os\nos._exit(1)", "print(a)"))).result(90)
        assert [c.status for c in run.cells] == ["ok", "died", "ok"] and text(run, 2) == "1\n"
        left = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    while True: time.sleep(1)"
        assert pool.submit_task(Task((left, "open('x', 'w').write('x')"))).result(90).events == ()
        run = pool.submit_task(Task(("import os\nprint(os.listdir('.'))", "while True: pass"))).result(90)
        assert text(run, 0) == "[]\n" and run.cells[1].status == "timeout"
        (pid,) = pool.pids()
        assert_honest(pool.submit_task(HONEST).result(90))
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.sandbox
def test_time_limits_are_those_asked_for(go: Go) -> None:
    # SMALL allows a cell 2 seconds: one is not cut short, and an hour is not waited for.
    run = go("import time\ntime.sleep(1)", "time.sleep(3600)")
    assert [cell.status for cell in run.cells] == ["ok", "timeout"]
    assert Limits().cell_seconds == 30.0

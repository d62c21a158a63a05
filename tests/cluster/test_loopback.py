"""A scheduler and workers on this machine. Workers are killed and stopped, the scheduler is killed and started again,
workers with other versions come: every verdict is that of a run without a cluster, and there is one for each."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course_lib.text import Text
from grader.batch import Options, Outcome, grade_class
from grader.cluster import desk, pool
from grader.cluster.messages import ClusterError
from grader.cluster.pool import Cluster
from grader.course import Course
from grader.receipts import read_receipt
from tests.cluster.loopback import ROOT, Loopback, until
from tests.faults.test_interruptions import a_class
from tests.grading import toy

pytestmark = pytest.mark.sandbox
SEED = 11


class Graded:
    """A class that was graded on a cluster, and what was said meanwhile."""

    def __init__(self, course: Course, place: Path, out: Path, loopback: Loopback) -> None:
        self.course, self.place, self.out, self.loopback = course, place, out, loopback
        self.said: list[str] = []

    def run(self, events: dict[int, Callable[[], None]], **more: Any) -> Outcome:
        """events: what to do when so many are done."""

        def progress(done: int, of: int, student: str) -> None:
            events.get(done, lambda: None)()

        def say(text: Text) -> None:
            self.said += [text.en, text.zh]

        with Cluster(self.loopback.address, self.course, say=say, patience=more.pop("patience", 60.0)) as cluster:
            options = Options(seed=SEED, cluster=cluster, **more)
            return grade_class(self.place, self.out, self.course, options, progress)


@pytest.fixture
def graded(course: Course, tmp_path: Path, loopback: Loopback) -> Graded:
    return Graded(course, tmp_path / "submitted", tmp_path / "out", loopback)


def verdicts(out: Path) -> dict[str, Any]:
    """All that a receipt says of a submission but for the times that things took."""
    found = {}
    for path in sorted((out / "receipts" / toy.LESSON).glob("*.json")):
        receipt = read_receipt(path)
        found[receipt.student] = [
            (receipt.sha256, receipt.seed, receipt.exercises, receipt.scores, receipt.notes, receipt.events),
            (receipt.cell_ids, receipt.environment, receipt.tolerances),
            {key: trace["behaviour"] for key, trace in receipt.traces.items()},
        ]
    return found


def check(graded: Graded, outcome: Outcome, deserved: dict[str, float]) -> None:
    """Each has the score it deserves, once, and the receipt of a run without a cluster."""
    assert outcome.failures == []
    assert outcome.complete
    assert sorted(outcome.graded) == sorted(deserved)  # none twice
    assert {r.student: r.score for r in outcome.receipts} == deserved
    with sqlite3.connect(graded.out / "gradebook.db") as book:
        rows = book.execute("select student_id, count(*) from submitted_assignment group by student_id").fetchall()
        assert dict(rows) == dict.fromkeys(deserved, 1)
    local = graded.out.with_name("local")
    grade_class(graded.place, local, graded.course, Options(jobs=2, seed=SEED))
    assert verdicts(graded.out) == verdicts(local)
    assert (graded.out / "grades.csv").read_bytes() == (local / "grades.csv").read_bytes()


def test_a_worker_is_killed_in_the_middle(
    graded: Graded, course: Course, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "SCAN_SECONDS", 0.1)  # the rest of the class may take less than the usual two seconds
    deserved = a_class(course, graded.place, 40)
    workers = [loopback.worker(name) for name in ("one", "two")]
    check(graded, graded.run({15: workers[0].kill}), deserved)
    assert any("one is gone" in line for line in graded.said)


def test_dask_gives_up_on_what_a_lost_worker_had(graded: Graded, course: Course, loopback: Loopback) -> None:
    """Told to tolerate no loss at all, Dask calls the submissions themselves the killers; here they are tried again."""
    loopback.kill_scheduler()
    loopback.environment["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "0"
    loopback.start_scheduler()
    deserved = a_class(course, graded.place, 12)
    workers = [loopback.worker(name) for name in ("one", "two")]
    outcome = graded.run({2: workers[0].kill, 6: workers[1].kill})
    log = (loopback.folder / "scheduler.log").read_text()
    assert "marked as failed because" in log
    check(graded, outcome, deserved)


def test_a_worker_hangs(graded: Graded, course: Course, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "own_limit", lambda limits: 5.0)
    deserved = a_class(course, graded.place, 16)
    hung = loopback.worker("hung")
    loopback.worker("well")
    check(graded, graded.run({6: lambda: hung.working().suspend()}), deserved)
    assert any("other workers get them too" in line for line in graded.said)


def test_the_scheduler_is_killed_and_started_again(graded: Graded, course: Course, loopback: Loopback) -> None:
    deserved = a_class(course, graded.place, 24)
    for name in ("one", "two"):
        loopback.worker(name, again=True)

    def restart() -> None:
        loopback.kill_scheduler()
        loopback.start_scheduler()

    check(graded, graded.run({8: restart}), deserved)
    assert any("Connected again" in line for line in graded.said)
    assert any("已重新连接" in line for line in graded.said)


def test_the_scheduler_stays_away(graded: Graded, course: Course, loopback: Loopback) -> None:
    """What is done is kept; the same command goes on from there."""
    deserved = a_class(course, graded.place, 16)
    loopback.worker("one")
    outcome = graded.run({5: loopback.kill_scheduler}, patience=8.0)
    assert 5 <= len(outcome.graded) < 16
    assert not outcome.complete
    [failure] = outcome.failures
    assert f"{16 - len(outcome.graded)} submissions have no verdict yet" in failure.message
    again = grade_class(graded.place, graded.out, course, Options(jobs=2, seed=SEED))
    assert len(again.graded) == 16 - len(outcome.graded)
    assert {r.student: r.score for r in again.receipts} == deserved


def other_code(folder: Path) -> Path:
    """A copy of the packages in which one limit is another."""
    for package in ("grader", "course_lib"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "packs"))
    limits = folder / "grader" / "engine" / "limits.py"
    limits.write_text(limits.read_text().replace("cell_seconds: float = 30.0", "cell_seconds: float = 20.0"))
    return folder


def other_course(course: Course, folder: Path) -> Path:
    """A copy of the course in which one exercise is another."""
    shutil.copytree(course.root, folder)
    spec = folder / "grader" / "exercises" / "toy" / "double.py"
    spec.write_text(spec.read_text() + "\n# harder\n")
    return folder


def test_workers_that_differ_get_nothing(graded: Graded, course: Course, loopback: Loopback, tmp_path: Path) -> None:
    deserved = a_class(course, graded.place, 4)
    loopback.worker("same")
    loopback.worker("code", PYTHONPATH=str(other_code(tmp_path / "code")))
    loopback.worker("exercise", GRADER_COURSE=str(other_course(course, tmp_path / "exercise")))
    loopback.worker("bare", PATH="/nowhere")
    wanted = ("code", "exercise", "bare")

    def all_are_known() -> None:
        until(lambda: all(any(f"Worker {n} is refused" in line for line in graded.said) for n in wanted))

    check(graded, graded.run({1: all_are_known}), deserved)
    words = {n: next(line for line in graded.said if f"Worker {n} is refused" in line) for n in wanted}
    assert "grader code is" in words["code"]
    assert "lesson 01_toy is" in words["exercise"]
    assert "grader code" not in words["exercise"]
    assert "the program bwrap is not installed" in words["bare"]
    assert any(line.startswith("拒绝工作进程 code：") for line in graded.said)


def test_where_all_differ_the_command_says_so_and_fails(course: Course, loopback: Loopback, tmp_path: Path) -> None:
    a_class(course, tmp_path / "submitted", 1)
    loopback.worker("other", PYTHONPATH=str(other_code(tmp_path / "code")))
    program = "from grader.cli import main; main()"
    words = ["grade", str(tmp_path / "submitted"), "--out", str(tmp_path / "out"), "--scheduler", loopback.address]
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), "GRADER_COURSE": str(course.root)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "No worker at" in done.stderr and "grader code is" in done.stderr
    assert "没有可以评分的工作进程" in done.stderr
    assert not (tmp_path / "out").exists()


def test_nobody_is_there(course: Course, loopback: Loopback) -> None:
    with pytest.raises(ClusterError, match="Nobody came within 1 seconds"):
        Cluster(loopback.address, course, patience=1.0, say=lambda text: None)
    with pytest.raises(ClusterError, match="No Dask scheduler answers at nonsense"):
        Cluster("nonsense://here", course, say=lambda text: None)
    loopback.kill_scheduler()
    with pytest.raises(ClusterError, match="No Dask scheduler answers"):
        Cluster(loopback.address, course, patience=1.0, say=lambda text: None)


def test_without_isolation_nothing_is_asked_for(graded: Graded, course: Course, loopback: Loopback) -> None:
    """A worker without bubblewrap may grade where the instructor said that it need not be there."""
    deserved = a_class(course, graded.place, 2)
    loopback.worker("bare", PATH="/nowhere")
    with Cluster(loopback.address, course, "none", say=lambda text: None) as cluster:
        outcome = grade_class(graded.place, graded.out, course, Options(seed=SEED, isolation="none", cluster=cluster))
    assert {r.student: r.score for r in outcome.receipts} == deserved

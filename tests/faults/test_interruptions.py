"""The grader is killed, its workers die, the disk is full: the next run finishes, and nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from grader import batch
from grader.batch import Options, grade_class
from grader.course import Course
from grader.engine import SandboxPool
from tests.grading import toy

pytestmark = pytest.mark.sandbox
ROOT = Path(__file__).resolve().parents[2]
COUNT = 24
KINDS = (  # what is handed in, and what it deserves
    (toy.BOTH, 5.0),
    ({"double": toy.DOUBLE}, 3.0),
    ({**toy.BOTH, "double": toy.DOUBLE.replace("2", "-2")}, 2.0),
    ({}, 0.0),
)


def a_class(course: Course, place: Path, count: int = COUNT) -> dict[str, float]:
    """Hands in for a number of students; what each deserves."""
    deserved = {}
    for number in range(count):
        answers, score = KINDS[number % len(KINDS)]
        name = f"student-{number:02}"
        toy.hand_in(place, name, toy.answered(course, answers))
        deserved[name] = score
    return deserved


def start(course: Course, place: Path, out: Path) -> subprocess.Popen[bytes]:
    program = "from grader.cli import main; main()"
    environment = {**os.environ, "GRADER_COURSE": str(course.root), "PYTHONPATH": str(ROOT)}
    words = ["grade", str(place), "--out", str(out), "--jobs", "2", "--seed", "11"]
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def check(course: Course, place: Path, out: Path, deserved: dict[str, float], manual: dict[str, float]) -> None:
    """After a last run: one correct verdict each, and a database that is whole."""
    outcome = grade_class(place, out, course, Options(jobs=2, seed=11))
    assert outcome.complete
    assert {r.student: r.score for r in outcome.receipts} == deserved
    with sqlite3.connect(out / "gradebook.db") as book:
        assert book.execute("pragma integrity_check").fetchone() == ("ok",)
        dangling = book.execute("pragma foreign_key_check").fetchall()
        assert [
            row for row in dangling if row[2] != "course"
        ] == []  # nbgrader itself names a course that it never adds
        rows = book.execute("select student_id, count(*) from submitted_assignment group by student_id").fetchall()
        assert dict(rows) == dict.fromkeys(deserved, 1)
        assert book.execute("select count(*) from grade").fetchone()[0] == 2 * len(deserved)
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        for student, score in deserved.items():
            assert book.find_submission(toy.LESSON, student).score == score + manual.get(student, 0.0)
            if student in manual:
                assert book.find_comment("double", toy.LESSON, toy.LESSON, student).comment == "by hand"
    for student in deserved:
        assert (out / "feedback" / student / toy.LESSON / f"{toy.LESSON}.html").is_file()
    assert grade_class(place, out, course, Options(jobs=2, seed=11)).graded == []


def kill_at_random(course: Course, tmp_path: Path, times: int, seed: int) -> None:
    """Kills the grader with SIGKILL ``times`` times, each after another number of receipts and a moment more."""
    rng = random.Random(seed)
    place, out = tmp_path / "submitted", tmp_path / "out"
    deserved = a_class(course, place)
    manual: dict[str, float] = {}
    for number in range(times):
        grader = start(course, place, out)
        done = len(list(out.glob("receipts/*/*.json")))
        wanted = done + rng.randrange(1 + (COUNT - done) // 2) if rng.random() < 0.8 else 0
        while grader.poll() is None and len(list(out.glob("receipts/*/*.json"))) < wanted:
            time.sleep(0.002)
        time.sleep(rng.random() * (0.05 if wanted else 3.0))
        os.killpg(grader.pid, signal.SIGKILL)
        grader.wait()
        graded = sorted(path.stem for path in out.glob("receipts/*/*.json") if path.name != "batch.json")
        if graded and number == 0:  # somebody grades by hand in between
            manual[graded[0]] = 0.5
            with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
                book.find_grade("double-check", toy.LESSON, toy.LESSON, graded[0]).extra_credit = 0.5
                book.find_comment("double", toy.LESSON, toy.LESSON, graded[0]).manual_comment = "by hand"
                book.db.commit()
        if number % 5 == 4 and graded:  # and some are graded once more
            for student in rng.sample(graded, len(graded) // 2):
                (out / "receipts" / toy.LESSON / f"{student}.json").unlink()
    check(course, place, out, deserved, manual)


def test_it_is_killed_three_times(course: Course, tmp_path: Path) -> None:
    kill_at_random(course, tmp_path, 3, seed=1)


@pytest.mark.long
def test_it_is_killed_thirty_times(course: Course, tmp_path: Path) -> None:
    kill_at_random(course, tmp_path, 30, seed=2)


def test_workers_die(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, out = tmp_path / "submitted", tmp_path / "out"
    deserved = a_class(course, place)
    pools: list[SandboxPool] = []

    class Watched(SandboxPool):
        def warm(self) -> None:
            pools.append(self)
            super().warm()

    monkeypatch.setattr(batch, "SandboxPool", Watched)
    killed: list[int] = []

    def kill(done: int, of: int, student: str) -> None:
        if done in (2, 9, 15):
            for pid in pools[0].pids():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    outcome = grade_class(place, out, course, Options(jobs=2, seed=11), kill)
    assert len(killed) >= 3
    assert outcome.complete
    assert outcome.failures == []
    check(course, place, out, deserved, {})
    assert threading.active_count() < 20


_ON_A_SMALL_DISK = """
import sys
from pathlib import Path
from grader.batch import Options, grade_class
from grader.course import Course
from tests.grading import toy
toy.use_toy_exercises()
course, place, out, room = Course(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
ballast = out / "ballast"
with ballast.open("wb") as file:
    file.truncate(0)
    file.write(b"x" * room)
try:
    first = grade_class(place, out, course, Options(jobs=1, seed=11))
    print("failed", len(first.failures), "graded", len(first.graded))
    for failure in first.failures[:2]: print(failure.student, failure.message)
except OSError as error:
    print("failed all:", error)
ballast.unlink()
second = grade_class(place, out, course, Options(jobs=1, seed=11))
right = sorted((r.student, r.score) for r in second.receipts) == eval(sys.argv[5])
print("then", right, second.complete, len(second.failures))
"""


@pytest.mark.parametrize("left", [400_000, 200_000])
def test_the_disk_is_full(course: Course, tmp_path: Path, left: int) -> None:
    """A file system of 4 MB, most of it taken: some are graded, the others are named; with room again all are."""
    place = tmp_path / "submitted"
    deserved = a_class(course, place, 16)
    out = tmp_path / "out"
    out.mkdir()
    size = 4_000_000
    command = ["bwrap", "--dev-bind", "/", "/", "--cap-add", "ALL", "--size", str(size), "--tmpfs", str(out)]
    command += [sys.executable, "-c", _ON_A_SMALL_DISK, str(course.root), str(place), str(out), str(size - left)]
    if shutil.which("bwrap") is None or os.geteuid() != 0:
        pytest.skip("a small file system and a sandbox inside it need root and bubblewrap here")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GRADER_COURSE": str(course.root)}
    done = subprocess.run(
        [*command, repr(sorted(deserved.items()))],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "No space left on device" in done.stdout or "disk is full" in done.stdout, done.stdout
    assert done.stdout.splitlines()[-1] == "then True True 0"

"""What a submission of each real lesson costs, from which the handbook works out what a course of thousands does.

``python -m tests.bench.whole [--each N] [LESSON…]``. For each lesson some submissions made from its right and its named
wrong answers, one after the other: seconds and processor seconds in the sandbox and of the process that writes the
gradebook, memory of the sandbox (shared pages counted once), bytes that would travel to a worker and back, bytes on the
disk. Means over the submissions. Prints a table and a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import psutil

from grader.batch import Options, grade_class
from grader.cluster import parcels
from grader.cluster.pool import Cluster
from grader.course import Course, find_course
from grader.engine import Limits, Run, SandboxPool, Task
from grader.receipts import all_receipts
from tests.bench import real
from tests.bench.measure import MiB, _proportional


class Measured(SandboxPool):
    """One sandbox, one submission at a time, and what each took."""

    def __init__(self, *given: Any) -> None:
        super().__init__(1, *given)
        self.tasks: list[dict[str, float]] = []
        self.begun: list[float] = []  # the writer's own processor seconds so far, at each task
        self.peak = 0.0
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def room(self) -> int:
        return 1

    def submit_task(self, task: Task) -> Future[Run]:
        text, cases = parcels.pack_task(task)
        self.begun.append(time.thread_time())
        self.submit(int).result()  # behind the warm start, which is nobody's
        before, began = self._cpu(), time.perf_counter()
        future = super().submit_task(task)
        run = future.result()
        seconds, cpu = time.perf_counter() - began, self._cpu() - before
        blob = parcels.pack_run(run)
        unpacking = time.perf_counter()
        parcels.unpack_run(blob)
        self.tasks.append(
            {
                "seconds": seconds,
                "cpu": cpu,
                "there": len(text),
                "cases": sum(len(case) for packed in cases.values() for case in packed),
                "back": len(blob),
                "unpacking": time.perf_counter() - unpacking,
            }
        )
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._over.set()
        super().shutdown(wait, cancel_futures=cancel_futures)

    def _cpu(self) -> float:
        try:
            times = [psutil.Process(pid).cpu_times() for pid in self.pids()]
        except psutil.Error:
            return 0.0
        return sum(t.user + t.system + t.children_user + t.children_system for t in times)

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            try:
                inside = [p for pid in self.pids() for p in (psutil.Process(pid), *psutil.Process(pid).children(True))]
                self.peak = max(self.peak, sum(map(_proportional, inside)) / MiB)
            except psutil.Error:
                continue


class Places:
    """In a cluster's place: makes measured pools."""

    def __init__(self) -> None:
        self.made: list[Measured] = []

    def pool(self, limits: Limits, isolation: str, warmup: tuple[str, ...]) -> Measured:
        self.made.append(Measured(limits, isolation, warmup))
        return self.made[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=6, help="submissions of each lesson")
    parser.add_argument("lessons", nargs="*")
    given = parser.parse_args()
    course = find_course()
    record: dict[str, Any] = {"processors": os.cpu_count(), "each": given.each}
    for ref in course.select(given.lessons):
        with tempfile.TemporaryDirectory() as name:
            record[ref.id] = found = measure(course, ref.id, Path(name), given.each)
        print(f"  {ref.id:20} {found}", flush=True)
    print(json.dumps(record))
    return 0


def measure(course: Course, lesson: str, root: Path, count: int) -> dict[str, float]:
    real.write_class(course, lesson, root / "class", count)
    places = Places()
    outcome = grade_class(
        root / "class", root / "out", course, Options(lesson=lesson, seed=7, cluster=cast(Cluster, places))
    )
    assert outcome.complete
    [pool] = places.made
    receipts = all_receipts(root / "out" / "receipts")
    kept = sum(p.stat().st_size for p in (root / "out").rglob(f"*{lesson}*") if p.is_file())
    kept += sum(p.stat().st_size for p in (root / "out" / "receipts" / lesson).iterdir())

    def each(key: str) -> float:
        """By submission, second tries included."""
        return sum(task[key] for task in pool.tasks) / count

    return {
        "sandbox_s": round(each("seconds"), 2),
        "sandbox_cpu_s": round(each("cpu"), 2),
        # From the first task to the last: what is done once for a lesson is paid before.
        "writer_cpu_s": round((pool.begun[-1] - pool.begun[0]) / (count - 1), 3),
        "writer_s": round(sum(r.grader_seconds for r in receipts) / count + each("unpacking"), 3),
        "sandbox_MiB": round(pool.peak),
        "there_KiB": round(each("there") / 1024, 1),
        "cases_KiB": round(max(task["cases"] for task in pool.tasks) / 1024),
        "back_KiB": round(each("back") / 1024, 1),
        "disk_KiB": round(kept / count / 1024),
    }


if __name__ == "__main__":
    sys.exit(main())

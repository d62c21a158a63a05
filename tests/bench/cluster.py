"""What a Dask cluster on this machine costs and gives, against the local pool in the same run.

``python -m tests.bench.cluster [--quick]``. The thin notebook's class (``tests.bench``), graded with ``--jobs 2`` and
with 1, 2 and 4 workers of one thread each on loopback. Two sizes of class each: what a further submission costs is the
difference, free of what is paid once. Processor seconds are told apart by role: the process that writes the gradebook,
the scheduler, the workers' own processes and the sandboxes. On two cores four workers cannot be faster than two.
Prints a table and a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from grader.course import Course
from tests.bench import thin
from tests.bench.graders import scores
from tests.bench.measure import BIN, MiB, Took, run
from tests.cluster.loopback import Loopback, Started

WORKERS = (1, 2, 4)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small classes: a few minutes, rough figures")
    small, large = (10, 40) if parser.parse_args().quick else (40, 160)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        course = thin.make_course(root / "course")
        for size in (small, large):
            thin.write_class(course, root / f"class-{size}", size)
        record: dict[str, Any] = {"processors": os.cpu_count(), "load_before": round(os.getloadavg()[0], 1)}
        record["local"] = _line("here, --jobs 2", _local(course, root, small, large), large)
        for count in WORKERS:
            found = _on(course, root, count, small, large)
            each = found["ms_each_further_submission"]
            found["times_the_local_pool"] = round(record["local"]["ms_each_further_submission"] / each, 2)
            record[f"{count} workers"] = _line(f"{count} workers of one thread", found, large)
        two, local = record["2 workers"], record["local"]
        record["overhead_ms_each"] = round(two["ms_each_further_submission"] - local["ms_each_further_submission"], 1)
        record["scores_equal"] = all(
            scores(root / f"{name}-{large}" / "gradebook.db", thin.LESSON)
            == scores(root / f"local-{large}" / "gradebook.db", thin.LESSON)
            for name in (f"workers-{count}" for count in WORKERS)
        )
    print(f"  two workers against --jobs 2: {record['overhead_ms_each']} ms more for each submission")
    print(f"  scores equal: {record['scores_equal']}")
    print(json.dumps(record))
    return 0 if record["scores_equal"] else 1


def _grade(course: Course, root: Path, size: int, name: str, *more: str, watch: bool = False) -> tuple[Took, float]:
    """What it took, and processor seconds of the command and of all its children that it waited for."""
    before = _spent()
    words = ["grade", str(root / f"class-{size}"), "--out", str(root / f"{name}-{size}"), "--lesson", thin.LESSON]
    took = run(
        [str(BIN / "grader"), *words, "--seed", "7", *more], root, {"GRADER_COURSE": str(course.root)}, watch=watch
    )
    return took, _spent() - before


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _local(course: Course, root: Path, small: int, large: int) -> dict[str, Any]:
    less, less_cpu = _grade(course, root, small, "local", "--jobs", "2")
    more, more_cpu = _grade(course, root, large, "local", "--jobs", "2", watch=True)
    found = _figures(less, more, small, large)
    found["cpu_ms_each"] = {"all": round(1000 * (more_cpu - less_cpu) / (large - small), 1)}
    found["peak_MiB"] = {role: round(size) for role, size in more.peak.items()}
    return found


def _on(course: Course, root: Path, count: int, small: int, large: int) -> dict[str, Any]:
    """A cluster of its own for each number of workers: nothing of another one is left in memory."""
    folder = root / f"cluster-{count}"
    folder.mkdir()
    with Loopback(folder, {"GRADER_COURSE": str(course.root)}) as loopback:
        workers = [loopback.worker(f"worker-{n}") for n in range(count)]
        name, where = f"workers-{count}", ("--scheduler", loopback.address)
        _grade(course, root, small, name, *where)  # what a worker pays once in its life
        marks = [_roles(loopback, workers)]
        less, less_cpu = _grade(course, root, small, name, "--force", *where)
        marks.append(_roles(loopback, workers))
        more, more_cpu = _grade(course, root, large, name, *where, watch=True)
        marks.append(_roles(loopback, workers))
        found = _figures(less, more, small, large)
        first, second, third = marks
        cpu = {role: third[role] - 2 * second[role] + first[role] for role in first} | {"writer": more_cpu - less_cpu}
        cpu = {role: seconds / (large - small) for role, seconds in cpu.items()}
        found["cpu_ms_each"] = {role: round(1000 * seconds, 1) for role, seconds in cpu.items()}
        assert loopback.scheduler is not None
        found["MiB"] = {
            "writer": round(more.peak["parent"]),
            "scheduler": round(psutil.Process(loopback.scheduler.pid).memory_info().rss / MiB),
            "worker": round(max(one.working().memory_info().rss for one in workers) / MiB),
        }
    return found


def _roles(loopback: Loopback, workers: list[Started]) -> dict[str, float]:
    """Processor seconds so far. The sandboxes' are those of the workers' children, which are gone by now."""
    assert loopback.scheduler is not None
    scheduler = psutil.Process(loopback.scheduler.pid).cpu_times()
    own = [one.working().cpu_times() for one in workers]
    return {
        "scheduler": scheduler.user + scheduler.system,
        "worker": sum(one.user + one.system for one in own),
        "sandboxes": sum(one.children_user + one.children_system for one in own),
    }


def _figures(less: Took, more: Took, small: int, large: int) -> dict[str, Any]:
    each = (more.seconds - less.seconds) / (large - small)
    return {
        "seconds": {str(small): round(less.seconds, 1), str(large): round(more.seconds, 1)},
        "ms_each_further_submission": round(1000 * each, 1),
        "submissions_a_second": round(1 / each, 1),
    }


def _line(title: str, found: dict[str, Any], large: int) -> dict[str, Any]:
    print(
        f"  {title:24} {found['seconds'][str(large)]:7.1f} s for {large}, each further one "
        f"{found['ms_each_further_submission']:6.1f} ms; processor ms: {found['cpu_ms_each']}",
        flush=True,
    )
    return found


if __name__ == "__main__":
    sys.exit(main())

"""How much faster is ``grader grade`` than stock ``nbgrader autograde`` on the same submissions, in one run?

``python -m tests.bench [--quick]``. Measured on a thin notebook of three small torch exercises and a figure of the
student's own, where next to nothing but the grader's own cost is left, then on real lessons. Our time includes the
sandbox, hidden cases, the gradebook, feedback pages, receipts and the report; stock autograde saves scores and
notebooks. On the real lessons stock also runs the lesson's own unchanged demonstrations, which ``grader grade`` leaves
out where no answer needs them: that is part of the gain there, and none of it on the thin notebook. The floor is the
same cells in a fork of a warm process with no sandbox, no judging and no saving. Prints tables and a line of JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from grader.course import Course, find_course
from tests.bench import real, thin
from tests.bench.graders import Graded, ours, stock
from tests.bench.measure import run

REAL = ("01_numpy_backprop", "04_autograd")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small classes: a minute and a half, rough figures")
    quick = parser.parse_args().quick
    os.environ.pop("GRADER_COURSE", None)
    record: dict[str, Any] = {"processors": os.cpu_count()}
    with tempfile.TemporaryDirectory() as name:
        record["thin"] = bench_thin(
            Path(name), sizes=(20, 60) if quick else (40, 400, 2000), stock_size=10 if quick else 40
        )
        here = find_course()
        known = {ref.id for ref in here.lessons()}
        for lesson in REAL if not quick else ():
            if lesson in known:
                record[lesson] = bench_real(here, lesson, Path(name), 10)
    print(json.dumps(record))
    return 0 if all(part["scores_equal"] for part in record.values() if isinstance(part, dict)) else 1


def bench_thin(root: Path, sizes: tuple[int, ...], stock_size: int) -> dict[str, Any]:
    course = thin.make_course(root / "course")
    classes = {}
    for size in sorted({*sizes, stock_size}):
        classes[size] = root / f"class-{size}"
        thin.write_class(course, classes[size], size)
    print(f"A thin notebook: three exercises, one figure ({thin.LESSON})", flush=True)
    theirs = stock(course, thin.LESSON, classes[stock_size], root / "stock")
    each = theirs.took.seconds / stock_size
    _line("stock nbgrader autograde", stock_size, theirs.took.seconds)
    two: dict[int, Graded] = {}
    for size in sizes:
        two[size] = ours(course, thin.LESSON, classes[size], root / f"two-{size}", 2)
        _line("grader grade --jobs 2", size, two[size].took.seconds, each)
    middle = sizes[len(sizes) // 2]
    one = ours(course, thin.LESSON, classes[middle], root / "one", 1)
    _line("grader grade --jobs 1", middle, one.took.seconds, each)
    again = run(
        [
            str(Path(sys.executable).parent / "grader"),
            "grade",
            str(classes[middle]),
            "--out",
            str(root / f"two-{middle}"),
        ],
        root,
        {"GRADER_COURSE": str(course.root)},
    )
    _line("the same again: nothing to do", middle, again.seconds)
    floor = _floor(classes[middle], 2)
    _line("floor, two at a time", middle, floor)
    # From the smallest class to the largest: the start is paid once, every further submission costs this much.
    marginal = {f"{a}-{b}": (two[b].took.seconds - two[a].took.seconds) / (b - a) for a, b in itertools.pairwise(sizes)}
    overhead = sorted(two[middle].overhead)
    equal = (
        {s: two[stock_size].scores[s] for s in theirs.scores} == theirs.scores
        if stock_size in two
        else (all(two[sizes[-1]].scores[s] == score for s, score in theirs.scores.items()))
    )
    found = {
        "stock_seconds_each": round(each, 3),
        "seconds": {f"{n} --jobs 2": round(g.took.seconds, 2) for n, g in two.items()}
        | {f"{middle} --jobs 1": round(one.took.seconds, 2), f"{middle} again": round(again.seconds, 2)},
        "ratio": {f"{n} --jobs 2": round(each / (g.took.seconds / n), 1) for n, g in two.items()}
        | {f"{middle} --jobs 1": round(each / (one.took.seconds / middle), 1)},
        "ms_each_further_submission": {k: round(1000 * v, 1) for k, v in marginal.items()},
        "floor_ms_each": round(1000 * floor / middle, 1),
        "overhead_ms": {
            "median": round(1000 * statistics.median(overhead), 1),
            "p95": round(1000 * overhead[int(0.95 * (len(overhead) - 1))], 1),
        },
        "peak_MiB": {str(n): {k: round(v) for k, v in g.took.peak.items()} for n, g in two.items()},
        "scores_equal": equal,
    }
    print(f"  each further submission: {found['ms_each_further_submission']} ms; floor {found['floor_ms_each']} ms")
    print(f"  beyond the student's own cells: {found['overhead_ms']} ms; peak memory: {found['peak_MiB']} MiB")
    print(f"  scores equal: {equal}", flush=True)
    return found


def bench_real(course: Course, lesson: str, root: Path, size: int) -> dict[str, Any]:
    print(lesson, flush=True)
    place = root / f"class-{lesson}"
    real.write_class(course, lesson, place, size)
    theirs = stock(course, lesson, place, root / f"stock-{lesson}")
    each = theirs.took.seconds / size
    _line("stock nbgrader autograde", size, theirs.took.seconds)
    found: dict[str, Any] = {"stock_seconds_each": round(each, 3), "seconds": {}, "ratio": {}, "scores_equal": True}
    for jobs in (1, 2):
        done = ours(course, lesson, place, root / f"{jobs}-{lesson}", jobs)
        _line(f"grader grade --jobs {jobs}", size, done.took.seconds, each)
        found["seconds"][f"--jobs {jobs}"] = round(done.took.seconds, 2)
        found["ratio"][f"--jobs {jobs}"] = round(each / (done.took.seconds / size), 1)
        found["scores_equal"] &= done.scores == theirs.scores
        found["overhead_ms"] = round(1000 * statistics.median(done.overhead), 1)
    print(f"  scores equal: {found['scores_equal']}", flush=True)
    return found


def _floor(place: Path, jobs: int) -> float:
    files = sorted(str(path) for path in place.glob("*/*/*.ipynb"))
    took = run([sys.executable, "-m", "tests.bench.floor", str(jobs), *files], Path(__file__).resolve().parents[2])
    return float(json.loads(took.words.splitlines()[-1])["seconds"])


def _line(title: str, size: int, seconds: float, stock_each: float | None = None) -> None:
    each = seconds / size
    times = f"  {stock_each / each:6.1f}×" if stock_each else ""
    print(f"  {title:30} {size:5} submissions {seconds:8.1f} s {1000 * each:8.1f} ms each{times}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

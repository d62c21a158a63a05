"""How much faster is ``grader grade`` than stock ``nbgrader autograde`` on the same submissions, in one run?

``python -m tests.bench [--copies N]``. Stock means nbgrader's own preprocessors in a course folder without our
configuration, as another course would run it: each notebook in a kernel of its own, its check cells running the public
check there. The submissions are those of the sample class whose public and hidden verdicts agree. Our time includes
the sandbox, hidden cases, saving, feedback pages and report; stock autograde has none of these but the saving. Stock
runs every cell, while ``grader grade`` leaves out the lesson's own unchanged demonstrations: that is part of the gain.
Prints a table and a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from grader.course import Course, find_course
from grader.sample_class import LESSON, Sample, sample_class, write_sample

BIN = Path(sys.executable).parent
Scores = dict[str, float]


def chosen(course: Course, copies: int) -> list[Sample]:
    """Untampered samples that nbgrader can open, each several times under other names."""
    plain = [s for s in sample_class(course) if s.tamper is None and s.opens and s.harmless and s.answers]
    return [replace(sample, student=f"{sample.student}_{n}") for n in range(copies) for sample in plain]


def timed(command: list[str], folder: Path) -> float:
    """Seconds that a command takes. Raises RuntimeError with its last words where it fails."""
    environment = {k: v for k, v in os.environ.items() if k not in ("COURSE_LANG", "NBGRADER_EXECUTION")}
    environment["PATH"] = f"{BIN}{os.pathsep}{environment['PATH']}"
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return seconds


def scores(gradebook: Path) -> Scores:
    """Every student's score in a gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{gradebook}") as book:
        return {s.student.id: round(s.score, 6) for s in book.assignment_submissions(LESSON)}


def stock(course: Course, submitted: Path, folder: Path) -> tuple[float, Scores]:
    """nbgrader as it comes; generate_assignment is not timed."""
    source = folder / "source" / LESSON
    source.mkdir(parents=True)
    shutil.copy(course.lesson(LESSON).notebook, source)
    shutil.copytree(submitted, folder / "submitted")
    timed([str(BIN / "nbgrader"), "generate_assignment", LESSON], folder)
    seconds = timed([str(BIN / "nbgrader"), "autograde", LESSON], folder)
    return seconds, scores(folder / "gradebook.db")


def ours(submitted: Path, folder: Path, jobs: int) -> tuple[float, Scores]:
    command = [str(BIN / "grader"), "grade", str(submitted), "--out", str(folder), "--jobs", str(jobs)]
    return timed(command, Path.cwd()), scores(folder / "gradebook.db")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=1, help="how many times each sample hands in")
    copies = parser.parse_args().copies
    course = find_course()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = chosen(course, copies)
        for sample in samples:
            write_sample(course, sample, folder / "submitted")
        print(f"{len(samples)} submissions of {LESSON}, all of them through …", flush=True)
        runs: dict[str, tuple[float, Scores]] = {}
        for title, run in (
            ("grader grade --jobs 1", lambda: ours(folder / "submitted", folder / "one", 1)),
            ("grader grade --jobs 2", lambda: ours(folder / "submitted", folder / "two", 2)),
            ("stock nbgrader autograde", lambda: stock(course, folder / "submitted", folder / "stock")),
        ):
            runs[title] = run()
            seconds = runs[title][0]
            print(f"  {title:26} {seconds:7.1f} s  {seconds / len(samples):6.2f} s each", flush=True)
    slow, expected = runs["stock nbgrader autograde"]
    ratios = {title: round(slow / seconds, 1) for title, (seconds, _) in runs.items()}
    equal = all(found == expected for _, found in runs.values())
    print(f"  scores equal: {equal}; " + ", ".join(f"{title}: {ratio}×" for title, ratio in ratios.items()))
    seconds_of = {title: round(seconds, 2) for title, (seconds, _) in runs.items()}
    record = {"submissions": len(samples), "seconds": seconds_of, "ratio": ratios, "scores_equal": equal}
    print(json.dumps(record))
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())

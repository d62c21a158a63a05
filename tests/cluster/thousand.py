"""A thousand generated submissions on a scheduler and four workers, one of which is killed in the middle.

``python -m tests.cluster.thousand [COUNT]``: grades them here and on the cluster, compares, and prints a line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.bench import thin
from tests.bench.graders import scores
from tests.cluster.loopback import ROOT, Loopback

SEED = 7


def grade(course: Path, place: Path, out: Path, *more: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Seconds, and what the command said."""
    program = "from grader.cli import main; main()"
    words = ["grade", str(place), "--out", str(out), "--lesson", thin.LESSON, "--seed", str(SEED), *more]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), "GRADER_COURSE": str(course)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return time.perf_counter() - began, done


def verdicts(out: Path) -> dict[str, Any]:
    """By student what a receipt says, without the times that things took."""
    found = {}
    for path in sorted((out / "receipts" / thin.LESSON).glob("*.json")):
        receipt = json.loads(path.read_text())
        traces = {key: trace["behaviour"] for key, trace in receipt.pop("traces").items()}
        for name in ("seconds", "cell_seconds", "grader_seconds"):
            del receipt[name]
        found[receipt["student"]] = [receipt, traces]
    return found


def main(count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        course = thin.make_course(root / "course")
        thin.write_class(course, root / "class", count)
        logs = root / "cluster"
        logs.mkdir()
        with Loopback(logs, {"GRADER_COURSE": str(course.root)}) as loopback:
            workers = [loopback.worker(f"worker-{n}") for n in range(4)]
            killed: list[int] = []

            def kill() -> None:
                while len(list((root / "cluster-out").glob("receipts/*/*.json"))) < count // 2:
                    time.sleep(0.02)
                killed.append(workers[1].working().pid)
                workers[1].kill()

            threading.Thread(target=kill, daemon=True).start()
            on_cluster, said = grade(course.root, root / "class", root / "cluster-out", "--scheduler", loopback.address)
        here, _ = grade(course.root, root / "class", root / "here", "--jobs", "2")
        mine, theirs = verdicts(root / "here"), verdicts(root / "cluster-out")
        return {
            "count": count,
            "status": said.returncode,
            "said": said.stderr.splitlines(),
            "killed": len(killed),
            "graded": len(theirs),
            "scores_equal": scores(root / "here" / "gradebook.db", thin.LESSON)
            == scores(root / "cluster-out" / "gradebook.db", thin.LESSON),
            "receipts_equal": mine == theirs,
            "grades_csv_equal": (root / "here" / "grades.csv").read_bytes()
            == (root / "cluster-out" / "grades.csv").read_bytes(),
            "graded_once": f"{count} graded, 0 unchanged, 0 failed" in said.stdout,
            "seconds": {"cluster": round(on_cluster, 1), "here --jobs 2": round(here, 1)},
        }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000), ensure_ascii=False))

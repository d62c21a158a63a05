"""Commands run to their end, with what they took: seconds, and peak memory by role."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

BIN = Path(sys.executable).parent
MiB = 2**20


@dataclass
class Took:
    """seconds: wall clock. peak: MiB by role (``parent``, ``worker``), the largest that one process held."""

    seconds: float
    peak: dict[str, float] = field(default_factory=dict)
    words: str = ""


def run(command: list[str], folder: Path, environment: Mapping[str, str] | None = None, watch: bool = False) -> Took:
    """Runs a command. Raises RuntimeError with its last words where it fails.

    watch: look at memory four times a second. A worker's memory is proportional: pages that forks share count once.
    """
    variables = {k: v for k, v in os.environ.items() if k not in ("COURSE_LANG", "NBGRADER_EXECUTION")}
    variables |= {"PATH": f"{BIN}{os.pathsep}{variables['PATH']}", **(environment or {})}
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak: dict[str, float] = {}
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, over), daemon=True)
    if watch:
        watcher.start()
    words, _ = process.communicate()
    seconds = time.perf_counter() - began
    over.set()
    if watch:
        watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{words[-2000:]}")
    return Took(seconds, peak, words)


def _watch(pid: int, peak: dict[str, float], over: threading.Event) -> None:
    parent = psutil.Process(pid)
    while not over.wait(0.25):
        try:
            held = {"parent": parent.memory_info().rss / MiB}
            sandboxes = [p for p in parent.children(recursive=False) if p.name() == "bwrap"]
            for sandbox in sandboxes:
                inside = [p for p in sandbox.children(recursive=True) if p.name() != "bwrap"]
                held["worker"] = max(held.get("worker", 0.0), sum(_proportional(p) for p in inside) / MiB)
        except psutil.Error:
            continue
        for role, size in held.items():
            peak[role] = max(peak.get(role, 0.0), size)


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0

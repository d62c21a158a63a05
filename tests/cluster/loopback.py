"""A Dask cluster on this machine: a scheduler and workers, each a process of its own, as somebody would start them."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
DASK = [sys.executable, "-m", "dask"]


@dataclass
class Started:
    """A worker: the process that was started, a nanny or a shell around the one that works."""

    process: subprocess.Popen[bytes]
    name: str

    def working(self) -> psutil.Process:
        """The process that holds the sandboxes. Waits for it."""

        def found() -> psutil.Process | None:
            family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
            spawned = [p for p in family if "spawn_main" in " ".join(p.cmdline())]
            return spawned[-1] if spawned else None

        return until(found)

    def kill(self) -> None:
        """SIGKILL to the working process; its nanny lives on and starts another one."""
        self.working().kill()


class Loopback:
    """A context manager: everything ends with it. folder: for logs; environment: of all workers."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._all: list[subprocess.Popen[bytes]] = []
        self.scheduler: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start_scheduler()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        for process in reversed(self._all):  # workers first, each with all that it started
            family = [process.pid]
            with contextlib.suppress(psutil.Error):
                family += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()

    def start_scheduler(self) -> None:
        words = [*DASK, "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        self.scheduler = self._start("scheduler", words, self.environment)

    def kill_scheduler(self) -> None:
        assert self.scheduler is not None
        self.scheduler.kill()
        self.scheduler.wait()

    def worker(self, name: str, *, threads: int = 1, again: bool = False, **environment: str) -> Started:
        """Starts a worker. again: in a loop that starts it anew, as a supervisor would."""
        words = [*DASK, "worker", self.address, "--nthreads", str(threads), "--name", name, "--no-dashboard"]
        words += ["--local-directory", str(self.folder)]
        if again:
            words = ["/bin/sh", "-c", f"while true; do {shlex.join(words)}; sleep 1; done"]
        return Started(self._start(name, words, {**self.environment, **environment}), name)

    def _start(self, name: str, words: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                words, cwd=self.folder, env=dict(environment), stdout=log, stderr=log, start_new_session=True
            )
        self._all.append(process)
        return process


def until(found: Callable[[], T | None], seconds: float = 60.0) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        thing = found()
        if thing:
            return thing
        time.sleep(0.02)
    raise AssertionError("it did not happen")

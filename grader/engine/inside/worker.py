"""The warm process: first process of its sandbox, and the only one that student code never runs in.

It imports and warms up once, then forks a process for each submission, which gets a connection of its own to the
parent. The control connection stays here. After each submission everything else is killed, what was written is
wiped, and the process compares itself with what it was; where anything differs it says so and is replaced.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from . import protocol, scratch

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36


def main(arguments: str) -> None:
    """Serves the parent until the control connection ends. The arguments are JSON: see sandbox.py."""
    settings = json.loads(arguments)
    harden(int(settings["control"]), settings["alone"])
    os.chdir(settings["folders"][0])
    control = socket.socket(fileno=int(settings["control"]))
    try:
        Worker(control, settings).serve()
    finally:
        control.close()
        kill_all(settings["alone"])


def harden(control: int, alone: bool) -> None:
    """Signals from inside do nothing, no other process may look in, and no descriptor is left over."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(3, control)
    os.closerange(control + 1, 4096)
    os.set_inheritable(control, False)
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        if not alone:
            prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Worker:
    """The warm process's loop. ``alone`` is true where it is the first process of its own pid namespace."""

    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self.control, self.settings = control, settings
        self.alone, self.folders = bool(settings["alone"]), list(settings["folders"])
        self.child = 0
        self.pidfd = -1
        self.frames = protocol.Frames(protocol.LONGEST_CONTROL)

    def serve(self) -> None:
        from .pages import join_pages
        from .warm import warm_up

        self.shell, failed = warm_up(self.settings["warmup"], self.settings["accelerator"])
        scratch.wipe(self.folders)
        self.marks = scratch.fingerprint()
        gc.freeze()
        join_pages()
        self.tell(re="ready", threads=scratch.threads(), failed=failed)
        while True:
            waiting = [self.control] + ([self.pidfd] if self.pidfd >= 0 else [])
            ready, _, _ = select.select(waiting, [], [], 0.05 if self.child else None)
            self.reap()
            if self.control in ready:
                data, descriptors, _, _ = socket.recv_fds(self.control, 65536, 4)
                if not data:
                    return
                for kind, payload in self.frames.feed(data):
                    if kind == protocol.CONTROL:
                        self.obey(protocol.from_json(payload), descriptors)

    def obey(self, order: dict[str, Any], descriptors: list[int]) -> None:
        match order.get("op"):
            case "open":
                self.open(socket.socket(fileno=descriptors.pop()), order["limits"])
            case "interrupt":
                if self.child:
                    os.kill(self.child, signal.SIGINT)
                self.tell(re="interrupt")
            case "close":
                kill_all(self.alone)
                self.child, self.pidfd = 0, self._closed(self.pidfd)
                self.tell(re="close", dirty=self.dirt())

    def open(self, sock: socket.socket, limits: dict[str, Any]) -> None:
        """Forks a submission's process, which keeps its own connection and loses the control one."""
        child = os.fork()
        if child == 0:
            code = 1
            try:
                self.control.close()
                from .submission import live

                live(self.shell, sock, limits, self.folders[0])
                code = 0
            finally:
                os._exit(code)
        sock.close()
        self.child = child
        if hasattr(os, "pidfd_open"):
            self.pidfd = os.pidfd_open(child)
        self.tell(re="open")

    def reap(self) -> None:
        """Collects whoever has ended: as the first process this one inherits every orphan."""
        from .probe import describe

        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.child:
                    self.child, self.pidfd = 0, self._closed(self.pidfd)
                    self.tell(re="exit", how=describe(status))

    def dirt(self) -> str | None:
        """What the last submission left behind that could touch the next one, or None."""
        if stuck := scratch.wipe(self.folders):
            return stuck
        now = scratch.fingerprint()
        return next((f"changed {name}" for name in now if now[name] != self.marks[name]), None)

    def tell(self, **answer: Any) -> None:
        self.control.sendall(protocol.frame(protocol.CONTROL, protocol.to_json(answer)))

    @staticmethod
    def _closed(descriptor: int) -> int:
        if descriptor >= 0:
            os.close(descriptor)
        return -1


def kill_all(alone: bool) -> None:
    """Ends every other process of the sandbox and collects it. Without a namespace: every descendant."""
    if alone and os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    else:
        import psutil

        for _ in range(50):
            living = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
            if not living:
                break
            for process in living:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(living, timeout=0.1)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)

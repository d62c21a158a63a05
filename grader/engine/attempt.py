"""One process of one submission: send it a cell or a case, take what comes, within time, memory and output.

Everything that comes from the process is data of a stranger. Whatever goes beyond a bound ends in ``Lost``, which
says why the process is no more; what it had answered before stays valid.
"""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass

from course_lib.checking import wire
from course_lib.checking.results import Observed
from grader.engine.inside import protocol
from grader.engine.outputs import Outputs, count
from grader.engine.sandbox import Sandbox, WorkerLost
from grader.engine.watch import EVERY_SECONDS, MemoryWatch

_CHUNK = 2**18
_SPARE = 2**16
_OUTPUT = frozenset({protocol.STDOUT, protocol.STDERR, protocol.RICH, protocol.CUT})


class Lost(Exception):
    """The process is gone or given up. ``why``: died, timeout, memory, cpu, output_flood or malformed."""

    def __init__(self, why: str, how: str = "") -> None:
        super().__init__(why, how)
        self.why, self.how = why, how


@dataclass(frozen=True)
class Ended:
    """How a cell ended: ``ok``, ``error`` or ``timeout``."""

    status: str
    execution_count: int | None


@dataclass(frozen=True)
class Failed:
    """How a case ended without an observation: ``timeout``, ``too_large`` or ``died`` (``how``: exit 3, SIGSEGV)."""

    why: str
    how: str


class Late(Exception):
    """The time for an answer is over."""


class Attempt:
    """A connection to one fork of the warm process. A context manager: leaving it kills everything and wipes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._limits = sandbox, sandbox.limits
        self.dirty: str | None = None

    def __enter__(self) -> Attempt:
        self._sock = self._sandbox.open()
        self._watch = MemoryWatch(self._sandbox.pid, 2 * self._limits.memory_bytes)
        self._frames = protocol.Frames(max(self._limits.output_bytes, self._limits.observed_bytes) + _SPARE)
        self._arrived: list[tuple[int, bytes]] = []
        self._ended = False
        self._bytes = 0
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()
        try:
            self.dirty = self._sandbox.close()
        except WorkerLost as lost:  # what was answered stays valid; the sandbox does not
            self.dirty = str(lost)

    def cell(self, source: str, outputs: Outputs, seconds: float) -> Ended:
        """Runs one cell; its outputs go to ``outputs`` as they come. Raises Lost, WorkerLost."""
        token = os.urandom(protocol.TOKEN)
        deadline = time.monotonic() + seconds
        interrupted = False
        self._bytes = 0
        try:
            self._send(protocol.frame(protocol.CELL, token + source.encode(errors="replace")), deadline)
            while True:
                try:
                    kind, payload = self._next(deadline, 4 * self._limits.output_bytes + _SPARE)
                except Late:
                    if interrupted:
                        raise
                    interrupted = True
                    self._sandbox.interrupt()
                    deadline = time.monotonic() + self._limits.grace_seconds
                    continue
                if kind in _OUTPUT:
                    outputs.add(kind, payload)
                elif kind == protocol.DONE and payload.startswith(token):
                    done = protocol.from_json(payload[protocol.TOKEN :])
                    if done.get("status") not in ("ok", "error"):
                        raise protocol.Malformed("a cell without a status")
                    return Ended("timeout" if interrupted else done["status"], count(done.get("count")))
                else:
                    raise protocol.Malformed(f"a frame of kind {kind} while a cell runs")
        except Late:
            raise Lost("timeout") from None
        except protocol.Malformed as error:
            raise Lost("malformed", str(error)) from None

    def probe(self, number: int, case: bytes, seconds: float) -> Observed | Failed:
        """Runs one case in the exercise's fork of the process. number: the exercise's, or protocol.HERE; case: as
        ProbeJob.packed has it. Raises Lost, WorkerLost."""
        token = os.urandom(protocol.TOKEN)
        numbers = b"".join(n.to_bytes(4) for n in (int(seconds * 1000), self._limits.observed_bytes, number))
        deadline = time.monotonic() + seconds + self._limits.grace_seconds
        self._bytes = 0
        try:
            self._send(protocol.frame(protocol.PROBE, token + numbers + case), deadline)
            while True:
                kind, payload = self._next(deadline, self._limits.observed_bytes + self._limits.output_bytes + _SPARE)
                if kind in _OUTPUT:  # a thread that a cell left behind
                    continue
                if kind not in (protocol.OBSERVED, protocol.PROBE_ENDED) or not payload.startswith(token):
                    raise protocol.Malformed(f"a frame of kind {kind} while a case runs")
                return self._answer(kind, payload[protocol.TOKEN :])
        except Late:
            raise Lost("timeout") from None
        except protocol.Malformed as error:
            raise Lost("malformed", str(error)) from None

    def _answer(self, kind: int, payload: bytes) -> Observed | Failed:
        if kind == protocol.PROBE_ENDED:
            ended = protocol.from_json(payload)
            why = ended.get("code")
            return Failed(why if why in ("timeout", "too_large") else "died", str(ended.get("how"))[:40])
        try:
            seen = wire.unpack(payload, self._limits.observed_bytes)
        except wire.WireError as error:
            raise protocol.Malformed(str(error)[:200]) from None
        if not isinstance(seen, Observed):
            raise protocol.Malformed("an answer that is no observation")
        return seen

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self._sock.send(view) :]
            except BlockingIOError:
                self._wait(deadline, write=True)
            except OSError:
                self._gone(deadline)

    def _next(self, deadline: float, most: int) -> tuple[int, bytes]:
        """The next frame. ``most`` bounds the bytes taken since the request. Raises Late, Lost, Malformed."""
        while not self._arrived:
            try:
                data = self._sock.recv(_CHUNK)
            except BlockingIOError:
                if self._ended:
                    self._gone(deadline)
                self._wait(deadline)
                continue
            except OSError:
                data = b""
            if not data:
                self._gone(deadline)
            self._bytes += len(data)
            if self._bytes > most:
                raise Lost("output_flood")
            self._arrived += self._frames.feed(data)
            if time.monotonic() > deadline and not self._arrived:
                raise Late
            if self._watch.too_much():
                raise Lost("memory")
        return self._arrived.pop(0)

    def _wait(self, deadline: float, write: bool = False) -> None:
        """Until there is something to read or write, the process ended, or the time is over."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late
        control = self._sandbox.control
        ready, _, _ = select.select([self._sock, control], [self._sock] if write else [], [], min(left, EVERY_SECONDS))
        if control in ready:
            self._sandbox.listen()
            # What it had sent before it ended is still to be read; a child of it may hold the connection open.
            self._ended = bool(self._sandbox.deaths)
        if self._watch.too_much():
            raise Lost("memory")

    def _gone(self, deadline: float) -> None:
        """The connection ended: say how the process did. A process that only closed it is given up too."""
        until = min(deadline, time.monotonic() + 1.0)
        while not self._sandbox.deaths and time.monotonic() < until:
            select.select([self._sandbox.control], [], [], 0.05)
            self._sandbox.listen()
        how = self._sandbox.deaths[0] if self._sandbox.deaths else "connection closed"
        raise Lost("cpu" if how == "SIGXCPU" else "died", how)

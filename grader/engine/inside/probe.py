"""The cases of one exercise, in a fork of the executed state that is thrown away afterwards.

All cases of an exercise run in the same fork, one after the other, as they do in a student's own kernel; each arrives
only when the one before it was answered. A fork that dies, or that takes too long, is replaced for the next case. The
last exercise may have the process itself, which is thrown away next: a fork costs more than most answers.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import socket
import time
from typing import Any

from . import protocol
from .shell import ZMQInteractiveShell


class Prober:
    """Lives in the submission's process, which student code has run in: it never holds a case as objects."""

    def __init__(self, shell: ZMQInteractiveShell) -> None:
        self.shell = shell
        self.group = b""
        self.child = 0
        self.sources: dict[str, Any] = {}
        self.socks: list[socket.socket] = []  # the connection to the child, where there is one

    def answer(self, payload: bytes) -> tuple[int, bytes]:
        """Runs the case that the payload holds; the frame to send back, token first.

        The payload: token, milliseconds (4 bytes), longest answer (4), the exercise's number (4), the packed case.
        """
        at = protocol.TOKEN
        token, seconds = payload[:at], int.from_bytes(payload[at : at + 4]) / 1000
        longest, group = int.from_bytes(payload[at + 4 : at + 8]), payload[at + 8 : at + 12]
        deadline = time.monotonic() + seconds
        if int.from_bytes(group) == protocol.HERE:
            self.end()
            seen = _observed(self.shell, payload[at + 12 :], longest, self.sources)
            if not seen:
                return protocol.PROBE_ENDED, token + protocol.to_json({"code": "too_large", "how": ""})
            return protocol.OBSERVED, token + seen
        if group != self.group or self.child == 0:
            self.end()
            self.group = group
            try:
                self._fork(longest)
            except OSError as error:
                return protocol.PROBE_ENDED, token + protocol.to_json({"code": "died", "how": error.strerror})
        case = memoryview(payload)[at + 12 :]
        kind, body = _exchange(self.socks[0], len(case).to_bytes(8) + case, deadline, longest)
        if body is None:
            how = describe(self.end())
            return protocol.PROBE_ENDED, token + protocol.to_json({"code": kind, "how": how})
        return protocol.OBSERVED, token + body

    def end(self) -> int:
        """Kills the fork and what it started; its wait status, 0 where there is none."""
        if self.child == 0:
            return 0
        self.socks.pop().close()
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(self.child, signal.SIGKILL)
        _, status = os.waitpid(self.child, 0)
        self.child = 0
        return status

    def _fork(self, longest: int) -> None:
        """Raises OSError where the limits leave no room for a process."""
        _use_reserve()
        mine, theirs = socket.socketpair()
        try:
            self.child = os.fork()
        except OSError:
            mine.close()
            theirs.close()
            raise
        if self.child == 0:
            mine.close()
            _serve(self.shell, theirs, longest)
        theirs.close()
        mine.setblocking(False)
        self.socks.append(mine)


def _use_reserve() -> None:
    """Processes that cells could not have: what threads they left behind must not keep a probe from starting."""
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))


def describe(status: int) -> str:
    """How a process ended, from its wait status: ``exit 3`` or ``SIGKILL``."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return signal.Signals(number).name
        except ValueError:
            return f"signal {number}"
    return f"exit {os.WEXITSTATUS(status)}"


def _serve(shell: ZMQInteractiveShell, sock: socket.socket, longest: int) -> None:
    """The fork's life: cases in, observations out, until the other side hangs up."""
    code = 1
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        shell.channel.mute()
        sources: dict[str, Any] = {}
        while (packed := _receive(sock)) is not None:
            body = _observed(shell, packed, longest, sources)
            sock.sendall(len(body).to_bytes(8) + body)
        code = 0
    finally:
        os._exit(code)


def _observed(shell: ZMQInteractiveShell, packed: bytes, longest: int, sources: dict[str, Any]) -> bytes:
    """Runs one case; what was seen, packed, or nothing where that is too large. sources: probes compiled so far."""
    from course_lib.checking import probing, wire

    case: dict[str, Any] = wire.unpack(packed)
    source = case["source"]
    if source not in sources:
        sources[source] = probing.compile_probe(source)
    if device := case["device"]:
        from course_lib.checking.elsewhere import observe_on

        seen = observe_on(device, sources[source], shell.user_ns, case["inputs"])
    else:
        seen = probing.run_probe(sources[source], shell.user_ns, case["inputs"])
    body = wire.pack(seen)
    return body if len(body) <= longest else b""


def _receive(sock: socket.socket) -> bytes | None:
    """The next case, or None where the other side hung up."""
    head = sock.recv(8, socket.MSG_WAITALL)
    if len(head) < 8:
        return None
    wanted, data = int.from_bytes(head), bytearray()
    while len(data) < wanted:
        part = sock.recv(min(wanted - len(data), 2**20))
        if not part:
            return None
        data += part
    return bytes(data)


def _exchange(sock: socket.socket, case: bytes, deadline: float, longest: int) -> tuple[Any, bytes | None]:
    """Sends a case and takes its answer: (OBSERVED, bytes), or ("timeout" | "died" | "too_large", None)."""
    left, data, wanted = memoryview(case), bytearray(), 8
    while left or len(data) < wanted:
        remaining = deadline - time.monotonic()
        ready = select.select([sock], [sock] if left else [], [], remaining) if remaining > 0 else ([], [], [])
        if not (ready[0] or ready[1]):
            return "timeout", None
        try:
            if ready[1]:
                left = left[sock.send(left) :]
            if not ready[0]:
                continue
            part = sock.recv(2**20)
        except BlockingIOError:
            continue
        except OSError:
            return "died", None
        if not part or left:  # it ended, or it speaks before it was asked
            return "died", None
        data += part
        if wanted == 8 and len(data) >= 8:
            wanted = 8 + int.from_bytes(data[:8])
            if not 8 < wanted <= 8 + longest:
                return "too_large", None
    return protocol.OBSERVED, bytes(data[8:wanted])

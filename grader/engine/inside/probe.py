"""One case of one exercise, in a fork of the executed state that is thrown away afterwards."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import time
from typing import Any

from . import protocol
from .shell import ZMQInteractiveShell


def answer(shell: ZMQInteractiveShell, payload: bytes) -> tuple[int, bytes]:
    """Runs the case that the payload holds; the frame to send back, token first.

    The case is unpacked in the fork only: this process, which student code has run in, never holds it as objects.
    """
    token, seconds, longest = (
        payload[: protocol.TOKEN],
        int.from_bytes(payload[8:12]) / 1000,
        int.from_bytes(payload[12:16]),
    )
    read, write = os.pipe()
    _use_reserve()
    try:
        child = os.fork()
    except OSError as error:
        os.close(read)
        os.close(write)
        return protocol.PROBE_ENDED, token + protocol.to_json({"code": "died", "how": error.strerror})
    if child == 0:
        os.close(read)
        _in_fork(shell, payload[16:], write, longest)
    os.close(write)
    try:
        kind, body = _collect(read, time.monotonic() + seconds, longest)
    finally:
        os.close(read)
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if body is None:
        return protocol.PROBE_ENDED, token + protocol.to_json({"code": kind, "how": describe(status)})
    return protocol.OBSERVED, token + body


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


def _in_fork(shell: ZMQInteractiveShell, packed: bytes, write: int, longest: int) -> None:
    code = 1
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        shell.channel.mute()
        from course_lib.checking import probing, wire

        case: dict[str, Any] = wire.unpack(packed)
        seen = probing.run_probe(case["source"], shell.user_ns, case["inputs"])
        body = wire.pack(seen)
        if len(body) > longest:
            body = b""  # the parent reads an empty answer as "too large"
        _write_all(write, len(body).to_bytes(8) + body)
        code = 0
    finally:
        os._exit(code)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _collect(read: int, deadline: float, longest: int) -> tuple[Any, bytes | None]:
    """(OBSERVED, bytes), or ("timeout" | "died" | "too_large", None)."""
    data, wanted = bytearray(), 8
    while len(data) < wanted:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([read], [], [], left)[0]:
            return "timeout", None
        part = os.read(read, 2**20)
        if not part:
            return "died", None
        data += part
        if wanted == 8 and len(data) >= 8:
            wanted = 8 + int.from_bytes(data[:8])
            if not 8 < wanted <= 8 + longest:
                return "too_large", None
    return protocol.OBSERVED, bytes(data[8:wanted])

"""The life of one submission's process: a fork of the warm one that runs the cells it is sent, then the probes."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from . import protocol
from .probe import Prober
from .shell import ZMQInteractiveShell
from .streams import Channel

RESERVE = 16


def live(shell: ZMQInteractiveShell, sock: socket.socket, limits: dict[str, Any], folder: str) -> None:
    """Serves the parent until it hangs up. Returns only then; the caller ends the process."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    os.chdir(folder)
    channel = Channel(sock, int(limits["output_bytes"]))
    shell.connect(channel)
    for stream in shell.streams:
        stream.capture(Path(folder))
    if sys.path[0] != "":
        sys.path.insert(0, "")
    set_limits(limits)
    prober = Prober(shell)
    while (message := protocol.receive(sock, protocol.LONGEST_CONTROL + int(limits["observed_bytes"]))) is not None:
        kind, payload = message
        if kind == protocol.CELL:
            done = run_cell(shell, payload[protocol.TOKEN :].decode())
            channel.send(protocol.DONE, payload[: protocol.TOKEN] + protocol.to_json(done))
        elif kind == protocol.PROBE:
            channel.send(*prober.answer(payload))


def run_cell(shell: ZMQInteractiveShell, source: str) -> dict[str, Any]:
    """Runs one cell as a kernel does; its status and count. An interrupt counts only while the cell runs."""
    channel = shell.channel
    channel.begin_cell()
    count, status = shell.execution_count, "error"
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        result = shell.run_cell(source, store_history=True)
        status = "ok" if result.success else "error"
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # it came just before or just after the student's own code
        pass
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not channel.mine:
        os._exit(0)  # student code forked, and this is the copy
    for stream in shell.streams:
        stream.end_cell()
    return {"status": status, "count": count}


def set_limits(limits: dict[str, Any]) -> None:
    """Limits of this process and of whatever it starts; none of them can be raised again, but for a small reserve of
    processes that probes use."""
    memory = warm_bytes() + int(limits["memory_bytes"])
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_DATA": memory,
        "RLIMIT_CPU": int(limits["cpu_seconds"]),
        "RLIMIT_NPROC": int(limits["processes"]) + int(limits.get("other_processes", 0)),
        "RLIMIT_NOFILE": int(limits["open_files"]),
        "RLIMIT_FSIZE": int(limits["file_bytes"]),
        "RLIMIT_MEMLOCK": 2**20,
        "RLIMIT_MSGQUEUE": 0,
    }
    for name, value in wanted.items():
        which = getattr(resource, name, None)
        if which is None:
            continue
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard - RESERVE * (name == "RLIMIT_NPROC"))
        resource.setrlimit(which, (value, value if name != "RLIMIT_NPROC" else value + RESERVE))


def warm_bytes() -> int:
    """Private memory of this process at birth, as RLIMIT_DATA counts it; 0 where the system does not say."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0

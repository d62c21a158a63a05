"""What a cell writes, on its way to the parent: the channel, the two text streams, and bytes written to descriptors
1 and 2 by subprocesses and C code.

There is no thread here: a thread would make forking unsafe. Descriptors 1 and 2 are unlinked files in the scratch
folder, so that a writer never blocks and the file-size limit bounds it; they are read whenever a stream is used.
"""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from pathlib import Path

from . import protocol

FLUSH_SECONDS = 0.2  # what ipykernel waits before it sends a stream's text
FLUSH_CHARACTERS = 32_768


class Channel:
    """The student process's end of its connection. Only the process that owns it sends; forks of it are mute."""

    def __init__(self, sock: socket.socket | None, cell_bytes: int) -> None:
        self._sock = sock
        self._cell_bytes = cell_bytes
        self._room = cell_bytes
        self._cut = False
        self._lock = threading.RLock()
        self.owner = os.getpid() if sock is not None else -1
        self.held: set[str] = set()  # output widgets that catch what is shown now

    @property
    def mine(self) -> bool:
        return os.getpid() == self.owner

    def begin_cell(self) -> None:
        self._room, self._cut = self._cell_bytes, False
        self.held.clear()

    @property
    def room(self) -> int:
        return self._room

    def send(self, kind: int, payload: bytes = b"") -> None:
        if self._sock is not None and self.mine:
            with self._lock:
                self._sock.sendall(protocol.frame(kind, payload))

    def output(self, kind: int, payload: bytes) -> None:
        """Sends a piece of a cell's output while there is room, and says once that there is none left."""
        if self.held:
            return
        if len(payload) > self._room:
            payload = payload[: self._room] if kind != protocol.RICH else b""
            if not self._cut:
                self._cut = True
                if payload:
                    self.send(kind, payload)
                self.send(protocol.CUT)
            self._room = 0
        else:
            self._room -= len(payload)
            self.send(kind, payload)

    def mute(self) -> None:
        """Nothing more is sent from this process: it is the fork of a probe."""
        self.owner = -1


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of a cell. Text is kept until a display, a flush, the cell's end or some time."""

    def __init__(self, channel: Channel, kind: int, descriptor: int) -> None:
        self._channel, self._kind, self._descriptor = channel, kind, descriptor
        self._parts: list[str] = []
        self._size, self._since = 0, 0.0
        self._file = -1
        self.name = "<stdout>" if kind == protocol.STDOUT else "<stderr>"

    encoding = "UTF-8"
    errors = "strict"

    def capture(self, folder: Path) -> None:
        """From now on, bytes written to the descriptor land in a file of ours. Called once, in the fork."""
        path = folder / f".descriptor-{self._descriptor}"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        path.unlink()
        os.dup2(file, self._descriptor)
        self._file, self._read = file, 0

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not self._channel.mine:  # a process that student code forked: its text goes the way of the descriptor
            os.write(self._descriptor, text.encode(errors="replace"))
            return len(text)
        self._pull()
        now = time.monotonic()
        if self._parts and now - self._since > FLUSH_SECONDS:
            self._emit()
        self._keep(text, now)
        return len(text)

    def flush(self) -> None:
        if self._channel.mine:
            self._pull()
            self._emit()

    def end_cell(self) -> None:
        self.flush()
        if self._file >= 0 and self._read > self._quarter():
            os.ftruncate(self._file, 0)
            self._read = 0

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        """A notebook's streams stay open whatever a cell does."""

    def _keep(self, text: str, now: float) -> None:
        if not self._parts:
            self._since = now
        room = self._channel.room + 1  # one more than fits, so that the channel notices that something was cut
        self._parts.append(text[:room])
        self._size += len(self._parts[-1])
        if self._size > FLUSH_CHARACTERS:
            self._emit()

    def _emit(self) -> None:
        text = "".join(self._parts)
        self._parts.clear()
        self._size = 0
        if text:
            self._channel.output(self._kind, text.encode(errors="replace"))

    def _pull(self) -> None:
        if self._file < 0:
            return
        try:
            size = os.fstat(self._file).st_size
            if size <= self._read:
                return
            raw = os.pread(self._file, min(size - self._read, self._channel.room + 1), self._read)
        except OSError:  # a cell closed it: there is nothing to read any more
            self._file = -1
            return
        self._read = size
        if raw:
            self._keep(raw.decode(errors="replace"), time.monotonic())

    def _quarter(self) -> int:
        return self._channel._cell_bytes // 4

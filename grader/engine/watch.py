"""The memory of a sandbox, watched from outside: a limit per process does not bound many processes together."""

from __future__ import annotations

import time

import psutil

EVERY_SECONDS = 0.25  # finding the processes takes some milliseconds; short submissions never pay for it


class MemoryWatch:
    """Tells whether the processes below the warm one hold more than is allowed, beyond what they were born with."""

    def __init__(self, pid: int, allowed: int) -> None:
        self._root, self._allowed = psutil.Process(pid), allowed
        self._born_with = _own(self._root)
        self._next = time.monotonic() + EVERY_SECONDS

    def too_much(self) -> bool:
        """Looks at most every quarter of a second. Pages that a fork still shares with the warm process are free."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + EVERY_SECONDS
        held = 0
        try:
            for process in self._root.children(recursive=True):
                try:
                    held += max(0, _own(process) - self._born_with)
                except psutil.Error:
                    continue
        except psutil.Error:
            return False
        return held > self._allowed


def _own(process: psutil.Process) -> int:
    """Memory that belongs to no file: libraries are shared, and the scratch folders have limits of their own."""
    memory = process.memory_info()
    return int(memory.rss - getattr(memory, "shared", 0))

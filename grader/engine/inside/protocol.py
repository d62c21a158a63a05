"""Frames: the one form in which bytes cross between the trusted parent, the warm process and a student's process.

A frame is a length (4 bytes, big-endian), a kind (1 byte) and a payload. Whoever reads states the longest payload it
accepts; a longer one, or an unknown kind, is ``Malformed`` before any of it is kept. Payloads are UTF-8 text, JSON or
what course_lib.checking.wire packs; nothing is ever unpickled or evaluated.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

HEADER = struct.Struct("!IB")

# parent <-> warm process
CONTROL = 1
# parent -> student's process
CELL, PROBE = 10, 11
# student's process -> parent
STDOUT, STDERR, RICH, CUT, DONE, OBSERVED, PROBE_ENDED = 20, 21, 22, 23, 24, 25, 26

KINDS = frozenset({CONTROL, CELL, PROBE, STDOUT, STDERR, RICH, CUT, DONE, OBSERVED, PROBE_ENDED})
LONGEST_CONTROL = 16 * 2**20
TOKEN = 8  # bytes: names the request that an answer belongs to
HERE = 2**32 - 1  # in place of an exercise's number: run the case in the student's process itself, not in a fork


class Malformed(ValueError):
    """Bytes that are not a frame, or a frame that may not come here."""


def frame(kind: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload), kind) + payload


def to_json(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=True).encode()


def from_json(payload: bytes) -> dict[str, Any]:
    """A JSON object. Raises Malformed for anything else; NaN and infinities, which JSON lacks, become None."""
    try:
        tree = json.loads(payload.decode(), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON: {type(error).__name__}") from None
    if not isinstance(tree, dict):
        raise Malformed("JSON, but no object")
    return tree


class Frames:
    """Cuts a stream of bytes into frames. Keeps at most one unfinished frame."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The frames that are complete now, as (kind, payload). Raises Malformed."""
        self._pending += data
        found, at = [], 0
        while len(self._pending) - at >= HEADER.size:
            length, kind = HEADER.unpack_from(self._pending, at)
            if kind not in KINDS:
                raise Malformed(f"unknown kind of frame {kind}")
            if length > self.longest:
                raise Malformed(f"a frame of {length} bytes")
            end = at + HEADER.size + length
            if len(self._pending) < end:
                break
            found.append((kind, bytes(self._pending[at + HEADER.size : end])))
            at = end
        del self._pending[:at]
        return found


def receive(sock: socket.socket, longest: int) -> tuple[int, bytes] | None:
    """The next frame of a blocking socket, or None where it ended. Raises Malformed."""
    header = _exactly(sock, HEADER.size)
    if header is None:
        return None
    length, kind = HEADER.unpack(header)
    if kind not in KINDS or length > longest:
        raise Malformed(f"a frame of kind {kind} and {length} bytes")
    payload = _exactly(sock, length)
    return None if payload is None else (kind, payload)


def _exactly(sock: socket.socket, count: int) -> bytes | None:
    parts = []
    while count:
        part = sock.recv(min(count, 2**20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)

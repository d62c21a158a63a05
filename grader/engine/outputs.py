"""The outputs of a notebook's cells, put together on the trusted side from what the student's process sends.

The rules are a notebook client's: a stream continues the last output of the same name, clear_output may wait for the
next output, update_display_data changes every output shown under that id, in earlier cells too. Everything is typed
and bounded here once more: the sender may be hostile.
"""

from __future__ import annotations

from typing import Any

from grader.engine.inside import protocol
from grader.engine.limits import Limits

MAX_BRACKETS = 200_000  # of JSON: what its objects may cost in memory, before they are made
MAX_PIECES = 1_000  # outputs of one cell
_JSON_DEPTH = 40


class Outputs:
    """Collects outputs cell by cell. ``cut`` names the cells whose output did not fit."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._shown: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        self._left = limits.total_output_bytes
        self.cells: dict[int, list[dict[str, Any]]] = {}
        self.cut: set[int] = set()

    def begin(self, cell: int) -> None:
        self._cell = cell
        self._clear_next = False
        self._room = min(self._limits.output_bytes, self._left)
        self.cells[cell] = []

    def add(self, kind: int, payload: bytes) -> None:
        """One frame of the current cell. Raises protocol.Malformed."""
        if kind == protocol.CUT:
            self.cut.add(self._cell)
            return
        if len(payload) > self._room:
            self.cut.add(self._cell)
            if kind == protocol.RICH:
                return
            payload = payload[: self._room]
        if len(self.cells[self._cell]) >= MAX_PIECES:
            self.cut.add(self._cell)
            return
        self._room -= len(payload)
        self._left -= len(payload)
        if kind == protocol.RICH:
            self._rich(payload)
        elif payload:
            self._stream("stdout" if kind == protocol.STDOUT else "stderr", payload.decode(errors="replace"))

    def _stream(self, name: str, text: str) -> None:
        outputs = self._ready()
        if outputs and outputs[-1]["output_type"] == "stream" and outputs[-1]["name"] == name:
            outputs[-1]["parts"].append(text)
        else:
            outputs.append({"output_type": "stream", "name": name, "parts": [text]})

    def finished(self, cell: int) -> list[dict[str, Any]]:
        """The cell's outputs as nbformat stores them."""
        return [
            {"output_type": "stream", "name": o["name"], "text": "".join(o["parts"])} if "parts" in o else o
            for o in self.cells.get(cell, [])
        ]

    def _rich(self, payload: bytes) -> None:
        if payload.count(b"[") + payload.count(b"{") > MAX_BRACKETS:
            raise protocol.Malformed("a structure of too many parts")
        message = protocol.from_json(payload)
        match message.get("type"):
            case "clear_output":
                if message.get("wait") is True:
                    self._clear_next = True
                else:
                    self._clear()
            case "error":
                trace = message.get("traceback")
                if not isinstance(trace, list):
                    raise protocol.Malformed("an error without a traceback")
                output = {"output_type": "error", "ename": _text(message.get("ename")),
                          "evalue": _text(message.get("evalue")), "traceback": [_text(t) for t in trace]}  # fmt: skip
                self._ready().append(output)
            case "display_data" | "update_display_data" | "execute_result" as kind:
                self._display(kind, message)
            case other:
                raise protocol.Malformed(f"an output of type {str(other)[:40]!r}")

    def _display(self, kind: str, message: dict[str, Any]) -> None:
        output: dict[str, Any] = {"output_type": "execute_result" if kind == "execute_result" else "display_data"}
        output |= {"data": _bundle(message.get("data")), "metadata": _json(message.get("metadata") or {})}
        if kind == "execute_result":
            output["execution_count"] = count(message.get("execution_count"))
        if not isinstance(output["metadata"], dict):
            raise protocol.Malformed("metadata that are no object")
        name = message.get("display_id")
        if isinstance(name, str):
            for _, earlier in self._shown.get(name, []):
                earlier |= {"data": output["data"], "metadata": output["metadata"]}
        if kind == "update_display_data":
            return
        outputs = self._ready()
        outputs.append(output)
        if isinstance(name, str):
            self._shown.setdefault(name, []).append((self._cell, output))

    def _ready(self) -> list[dict[str, Any]]:
        if self._clear_next:
            self._clear()
        return self.cells[self._cell]

    def _clear(self) -> None:
        self._clear_next = False
        self.cells[self._cell].clear()
        for shown in self._shown.values():
            shown[:] = [(cell, output) for cell, output in shown if cell != self._cell]


def count(thing: Any) -> int | None:
    """An execution count. Raises protocol.Malformed."""
    if thing is None or (isinstance(thing, int) and not isinstance(thing, bool) and 0 <= thing < 10**6):
        return thing
    raise protocol.Malformed("an execution count that is none")


def _bundle(thing: Any) -> dict[str, Any]:
    if not isinstance(thing, dict) or len(thing) > 50:
        raise protocol.Malformed("a display without data")
    out: dict[str, Any] = {}
    for mime, data in thing.items():
        if mime == "application/json" or mime.endswith("+json"):
            out[_text(mime)] = _json(data)
        elif isinstance(data, list):
            out[_text(mime)] = "".join(_text(line) for line in data)
        else:
            out[_text(mime)] = _text(data)
    return out


def _json(thing: Any, depth: int = 0) -> Any:
    if depth > _JSON_DEPTH:
        raise protocol.Malformed("too deeply nested")
    if isinstance(thing, dict):
        return {_text(key): _json(value, depth + 1) for key, value in thing.items()}
    if isinstance(thing, list):
        return [_json(item, depth + 1) for item in thing]
    return _text(thing) if isinstance(thing, str) else thing


def _text(thing: Any) -> str:
    """A string that UTF-8 can write: JSON may carry halves of surrogate pairs."""
    if not isinstance(thing, str):
        raise protocol.Malformed(f"{type(thing).__name__} where text belongs")
    return thing if thing.isascii() else thing.encode(errors="replace").decode()

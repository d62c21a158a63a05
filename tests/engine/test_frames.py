"""What the trusted side accepts from a stranger, without any process: frames, outputs, the filter, the words."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.engine import Limits, seccomp
from grader.engine.events import codes, event
from grader.engine.inside import protocol
from grader.engine.outputs import MAX_PIECES, Outputs

VALUES = {"seconds": 1.5, "how": "exit 3", "megabytes": 1.0, "kilobytes": 2.0, "count": 3, "exercise": "a.b"}


def rich(**message: Any) -> bytes:
    return json.dumps(message).encode()


def collected(*frames: tuple[int, bytes], limits: Limits | None = None) -> list[dict[str, Any]]:
    outputs = Outputs(limits or Limits())
    outputs.begin(0)
    for frame in frames:
        outputs.add(*frame)
    return outputs.finished(0)


@given(st.lists(st.tuples(st.sampled_from(sorted(protocol.KINDS)), st.binary(max_size=50))), st.data())
def test_frames_come_back_however_they_are_cut(frames: list[tuple[int, bytes]], data: st.DataObject) -> None:
    stream = b"".join(protocol.frame(kind, payload) for kind, payload in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    reader, found = protocol.Frames(50), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == frames


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes_are_frames_or_malformed(data: bytes) -> None:
    outputs = Outputs(Limits())
    outputs.begin(0)
    try:
        for kind, payload in protocol.Frames(100).feed(data):
            outputs.add(kind, payload)
    except protocol.Malformed:
        pass


@pytest.mark.parametrize("header", [struct.pack("!IB", 101, 20), struct.pack("!IB", 5, 19), b"\xff" * 5])
def test_too_long_or_unknown_frames_are_malformed_at_once(header: bytes) -> None:
    with pytest.raises(protocol.Malformed):
        protocol.Frames(100).feed(header)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_any_json_is_an_output_or_malformed(tree: Any) -> None:
    for message in ({"type": "display_data", "data": tree}, {"type": "error", "traceback": tree}, tree):
        try:
            shown = collected((protocol.RICH, json.dumps(message).encode()))
        except protocol.Malformed:
            continue
        json.dumps(shown, ensure_ascii=False).encode()


def test_streams_of_one_name_grow_together() -> None:
    shown = collected(*[(kind, b"x") for kind in (protocol.STDOUT, protocol.STDOUT, protocol.STDERR, protocol.STDOUT)])
    assert [(o["name"], o["text"]) for o in shown] == [("stdout", "xx"), ("stderr", "x"), ("stdout", "x")]


def test_half_a_surrogate_pair_and_nan_do_not_reach_the_notebook() -> None:
    message = b'{"type": "display_data", "data": {"text/plain": "a\\ud800b", "application/json": [NaN, "\\udc00"]}}'
    (shown,) = collected((protocol.RICH, message))
    assert shown["data"] == {"text/plain": "a?b", "application/json": [None, "?"]}
    assert collected((protocol.STDOUT, b"\xff\xfe"))[0]["text"] == "\ufffd\ufffd"


def test_clear_and_update() -> None:
    outputs = Outputs(Limits())
    outputs.begin(0)
    outputs.add(protocol.RICH, rich(type="display_data", data={"text/plain": "1"}, display_id="a"))
    outputs.begin(1)
    outputs.add(protocol.STDOUT, b"gone")
    outputs.add(protocol.RICH, rich(type="clear_output", wait=True))
    assert outputs.finished(1) != []
    outputs.add(protocol.RICH, rich(type="update_display_data", data={"text/plain": "2"}, display_id="a"))
    outputs.add(protocol.STDOUT, b"kept")
    assert outputs.finished(0)[0]["data"] == {"text/plain": "2"}
    assert [o["text"] for o in outputs.finished(1)] == ["kept"]


def test_what_is_kept_is_bounded() -> None:
    limits = Limits(output_bytes=100, total_output_bytes=150)
    outputs = Outputs(limits)
    for cell, room in enumerate((100, 50, 0)):
        outputs.begin(cell)
        for _ in range(30):
            outputs.add(protocol.STDOUT, b"x" * 10)
        assert sum(len(o["text"]) for o in outputs.finished(cell)) == room
    assert outputs.cut == {0, 1, 2}
    shown = collected(*[(protocol.RICH, rich(type="display_data", data={"text/plain": ""}))] * 3000)
    assert len(shown) == MAX_PIECES
    with pytest.raises(protocol.Malformed):
        collected((protocol.RICH, b'{"a":' + b"[" * 300_000))


@pytest.mark.parametrize("name", codes())
def test_every_event_speaks_both_languages(name: str) -> None:
    made = event(name, 2, **VALUES)
    assert made.code == name and made.cell == 2
    for words in (made.message.en, made.message.zh):
        assert "{" not in words
    assert any("\u4e00" <= letter <= "\u9fff" for letter in made.message.zh)


class Machine:
    """A classic BPF machine, small enough to be read: what the kernel would answer to a system call."""

    def __init__(self, program: bytes) -> None:
        self.code = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]

    def answer(self, number: int, *arguments: int, arch: int = 0xC000003E) -> int:
        data = struct.pack("<IIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
        at, value = 0, 0
        while True:
            operation, yes, no, operand = self.code[at]
            at += 1
            if operation == 0x20:
                (value,) = struct.unpack_from("<I", data, operand)
            elif operation == 0x06:
                return operand
            else:
                true = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[operation]
                at += yes if true else no


ALLOW = 0x7FFF0000


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        ((0, 0), True), ((231, 0), True), ((59, 0), True), ((101, 16, 1), False), ((302, 0), True), ((302, 1), False),
        ((203, 0), True), ((203, 1), False), ((56, 17), True), ((56, 0x10000011), False), ((56, 0x3D0F00), True),
        ((435, 0), False), ((41, 1), True), ((41, 2), True), ((41, 10), True), ((41, 16), True), ((41, 40), False),
        ((53, 1), True), ((53, 17), False), ((16, 0, 0x5412), False), ((16, 0, 0x541C), False), ((16, 0, 0x5413), True),
        ((188,), False), ((0x40000000 + 39,), False), ((425,), False),
    ],
)  # fmt: skip
def test_filter_of_x86_64(call: tuple[int, ...], allowed: bool) -> None:
    assert (Machine(seccomp.program("x86_64")).answer(*call) == ALLOW) is allowed


@pytest.mark.parametrize(
    ("call", "allowed"),
    [((63,), True), ((117,), False), ((261, 0), True), ((261, 1), False), ((220, 17), True), ((220, 0x10000011), False),
     ((198, 1), True), ((198, 40), False), ((29, 0, 0x5412), False), ((97,), False)],
)  # fmt: skip
def test_filter_of_aarch64(call: tuple[int, ...], allowed: bool) -> None:
    assert (Machine(seccomp.program("aarch64")).answer(*call, arch=0xC00000B7) == ALLOW) is allowed


def test_a_call_of_another_architecture_kills() -> None:
    assert Machine(seccomp.program("x86_64")).answer(0, arch=0x40000003) == 0x80000000
    with pytest.raises(NotImplementedError, match="sparc"):
        seccomp.program("sparc")

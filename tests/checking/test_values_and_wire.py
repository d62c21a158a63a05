"""Observed values survive the wire unchanged, and the wire refuses what it did not write."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from course_lib.checking import wire
from course_lib.checking.results import Observed, RaisedError
from course_lib.checking.values import Value, observe, restore

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
@settings(max_examples=200, deadline=None)
def test_plain_data_comes_back_as_it_was(thing: object) -> None:
    there = observe(thing)
    back = wire.unpack(wire.pack({"it": there}))["it"]
    assert back == there
    assert restore(back) == thing


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float16", "float32", "float64", "complex128"])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 2), (2, 1, 3)])
def test_arrays_come_back_bit_for_bit(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.array(np.arange(np.prod(shape, dtype=int)).reshape(shape) - 1).astype(dtype)
    back = restore(wire.unpack(wire.pack([observe(array)]))[0])
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize("layout", ["F", "strided"])
def test_a_layout_in_memory_survives_and_scrambles_nothing(layout: str) -> None:
    array = np.asfortranarray(np.arange(12.0).reshape(3, 4)) if layout == "F" else np.arange(24.0).reshape(3, 8)[:, ::2]
    back = restore(wire.unpack(wire.pack(observe(array))))
    assert not back.flags.c_contiguous
    np.testing.assert_array_equal(back, array)


def test_a_restored_value_is_a_copy() -> None:
    value = observe(np.zeros(3))
    restore(value)[0] = 7
    assert restore(value)[0] == 0


def test_bool_and_number_and_0d_array_are_three_kinds() -> None:
    assert [observe(x).kind for x in (True, 1, np.float32(1), np.array(1.0), [1])] == [
        "bool",
        "number",
        "number",
        "array",
        "sequence",
    ]


def test_an_object_with_a_will_of_its_own_is_only_its_type_name() -> None:
    class Yes:
        def __eq__(self, other: object) -> bool:
            return True

    assert observe(Yes()) == Value("other", dtype="Yes")


def test_observations_travel_whole() -> None:
    seen = Observed({"h": observe(np.eye(2))}, RaisedError("ValueError", "no", 3, "x = 1"), ("W: w",), "printed\n")
    back = wire.unpack(wire.pack([seen]))[0]
    assert (back.error, back.warnings, back.stdout) == (seen.error, seen.warnings, seen.stdout)
    np.testing.assert_array_equal(back.values["h"].data, np.eye(2))


def _forged(tree: object, **arrays: np.ndarray) -> bytes:
    text = json.dumps(tree).encode()
    return bytes(save({"tree": np.frombuffer(text, dtype=np.uint8).copy(), **arrays}))


def _deep(levels: int) -> object:
    tree: object = 1
    for _ in range(levels):
        tree = [tree]
    return tree


ARRAY = {"$": "value", "kind": "array", "dtype": "float64", "shape": [2], "stored": "float64", "at": "a0"}
FORGERIES = {
    "empty": b"",
    "noise": bytes(range(256)) * 4,
    "a pickle": b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.",
    "unknown record": _forged({"$": "os.system"}),
    "unknown kind": _forged({"$": "value", "kind": "function"}),
    "missing array": _forged(ARRAY),
    "negative shape": _forged({**ARRAY, "shape": [-1]}, a0=np.zeros(2)),
    "shape too large": _forged({**ARRAY, "shape": [10**9, 10**9]}, a0=np.zeros(2)),
    "shape of words": _forged({**ARRAY, "shape": ["2"]}, a0=np.zeros(2)),
    "lying dtype": _forged({**ARRAY, "stored": "int8"}, a0=np.zeros(2)),
    "object dtype": _forged({**ARRAY, "stored": "object"}, a0=np.zeros(2)),
    "number that is a list": _forged({"$": "value", "kind": "number", "data": [1]}),
    "bool that is a number": _forged({"$": "value", "kind": "bool", "data": 1}),
    "observation of strings": _forged(
        {"$": "observed", "values": {"h": "x"}, "error": None, "warnings": [], "stdout": ""}
    ),
    "observation without a field": _forged({"$": "observed", "values": {}}),
    "very deep": _forged(_deep(500)),
    "an endless integer": _forged({"$": "int", "v": "0x" + "f" * 20_000}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_bytes_are_refused(name: str) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack(FORGERIES[name])


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(wire.WireError, match="more than"):
        wire.unpack(wire.pack([0] * 100), max_bytes=50)


@given(st.binary(max_size=300), st.integers(0, 400))
@settings(max_examples=300, deadline=None)
def test_a_damaged_blob_never_does_worse_than_a_wire_error(noise: bytes, at: int) -> None:
    blob = bytearray(wire.pack({"x": observe(np.arange(6.0))}))
    blob[at : at + len(noise)] = noise
    with contextlib.suppress(wire.WireError):
        wire.unpack(bytes(blob))


def test_tensors_keep_dtype_gradient_flag_and_bfloat16_bits() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([1.5, -2.0], dtype=torch.bfloat16, requires_grad=True)
    back = restore(wire.unpack(wire.pack(observe(tensor))))
    assert back.dtype == torch.bfloat16
    assert back.requires_grad
    assert torch.equal(back, tensor)

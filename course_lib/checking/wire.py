"""Trees of plain data to bytes and back: the one format of check packs and of what a sandbox sends.

The bytes are a safetensors blob. Its array ``tree`` is UTF-8 JSON; arrays and tensors lie beside it under ``a0``,
``a1``, … A tree is made of None, bool, int, float, str, lists, dicts with string keys, and the records below. Reading
never executes anything, and everything that is read is checked: the bytes may come from hostile code.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from course_lib.checking.results import Observed, RaisedError
from course_lib.checking.values import MAX_DEPTH, MAX_ITEMS, Value

MAX_BYTES = 256 * 2**20
_TAG = "$"
_KINDS = {"array", "tensor", "number", "bool", "string", "none", "sequence", "mapping", "other"}
_STORED = {"bool", "complex64", "complex128"} | {f"{k}{b}" for k in ("int", "uint", "float") for b in (8, 16, 32, 64)}


class WireError(ValueError):
    """The bytes are not what ``pack`` writes."""


def pack(tree: Any) -> bytes:
    """Bytes for a tree. Raises TypeError for anything that is not plain data."""
    from safetensors.numpy import save

    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_out(tree, arrays), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return bytes(save({"tree": np.frombuffer(text.encode(), dtype=np.uint8).copy(), **arrays}))


def unpack(blob: bytes, max_bytes: int = MAX_BYTES) -> Any:
    """The tree in the bytes. Raises WireError for anything malformed, too large or too deep."""
    if len(blob) > max_bytes:
        raise WireError(f"{len(blob)} bytes, more than the {max_bytes} allowed")
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(blob)
        tree = json.loads(arrays.pop("tree").tobytes().decode())
        return _in(tree, arrays)
    except WireError:
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError, AttributeError, OverflowError) as error:
        raise WireError(f"malformed data: {type(error).__name__}: {str(error)[:200]}") from None


def _out(thing: Any, arrays: dict[str, np.ndarray]) -> Any:
    match thing:
        case None | bool() | str():
            return thing
        case int():
            return thing if abs(thing) < 2**53 else {_TAG: "int", "v": hex(thing)}
        case float():
            return thing if math.isfinite(thing) else {_TAG: "float", "v": repr(thing)}
        case complex():
            return {_TAG: "complex", "v": [_out(thing.real, arrays), _out(thing.imag, arrays)]}
        case list() | tuple():
            return [_out(item, arrays) for item in thing]
        case dict():
            if _TAG in thing or not all(isinstance(k, str) for k in thing):
                raise TypeError(f"a dict on the wire has string keys other than {_TAG!r}")
            return {k: _out(v, arrays) for k, v in thing.items()}
        case Value():
            return _out_value(thing, arrays)
        case RaisedError():
            return {_TAG: "error", "type": thing.type, "message": thing.message, "line": thing.line,
                    "source_line": thing.source_line}  # fmt: skip
        case Observed():
            return {
                _TAG: "observed",
                "values": {name: _out(value, arrays) for name, value in thing.values.items()},
                "error": _out(thing.error, arrays),
                "warnings": list(thing.warnings),
                "stdout": thing.stdout,
            }
    raise TypeError(f"{type(thing).__name__} is not plain data")


def _out_value(value: Value, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    out: dict[str, Any] = {_TAG: "value", "kind": value.kind}
    if value.dtype:
        out["dtype"] = value.dtype
    if value.kind in ("array", "tensor"):
        data = np.array(value.data, order="C")
        name = f"a{len(arrays)}"
        # safetensors has no complex128, and would store a Fortran-ordered array scrambled.
        arrays[name] = data.reshape(-1).view(np.uint8) if data.dtype.kind == "c" else data
        out |= {"shape": list(value.shape), "stored": str(data.dtype), "at": name}
        if value.layout:
            out["layout"] = value.layout
        if value.kind == "tensor":
            out |= {"device": value.device, "grad": value.requires_grad}
    elif value.kind == "sequence":
        out["data"] = [_out(item, arrays) for item in value.data]
    elif value.kind == "mapping":
        out["data"] = [[k, _out(v, arrays)] for k, v in value.data.items()]
    elif value.kind != "none":
        out["data"] = _out(value.data, arrays)
    return out


def _in(tree: Any, arrays: dict[str, np.ndarray], depth: int = 0) -> Any:
    if depth > 8 * MAX_DEPTH:
        raise WireError("too deeply nested")
    if isinstance(tree, list):
        return [_in(item, arrays, depth + 1) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if _TAG not in tree:
        return {k: _in(v, arrays, depth + 1) for k, v in tree.items()}
    match tree[_TAG]:
        case "int":
            return int(_string(tree["v"], 10_000), 16)
        case "float":
            return float(_string(tree["v"], 10))
        case "complex":
            real, imag = (float(_in(part, arrays, depth + 1)) for part in tree["v"])
            return complex(real, imag)
        case "error":
            return RaisedError(
                _string(tree["type"], 200),
                _string(tree["message"]),
                None if tree["line"] is None else _whole(tree["line"]),
                _string(tree["source_line"]),
            )
        case "observed":
            return _in_observed(tree, arrays, depth)
        case "value":
            return _in_value(tree, arrays, depth)
    raise WireError(f"unknown record {str(tree[_TAG])[:40]!r}")


def _in_observed(tree: dict[str, Any], arrays: dict[str, np.ndarray], depth: int) -> Observed:
    values = {_string(k, 200): _in(v, arrays, depth + 1) for k, v in tree["values"].items()}
    error = _in(tree["error"], arrays, depth + 1)
    if not all(isinstance(v, Value) for v in values.values()) or not isinstance(error, (RaisedError, type(None))):
        raise WireError("an observation holds something else than values")
    warnings = tuple(_string(w) for w in tree["warnings"])
    return Observed(values, error, warnings, _string(tree["stdout"], 1_000_000))


def _in_value(tree: dict[str, Any], arrays: dict[str, np.ndarray], depth: int) -> Value:
    kind, dtype = tree["kind"], _string(tree.get("dtype", ""), 200)
    if kind not in _KINDS:
        raise WireError("unknown kind of value")
    if kind in ("array", "tensor"):
        shape, stored = tuple(_whole(n) for n in tree["shape"]), tree["stored"]
        if stored not in _STORED or len(shape) > 32:
            raise WireError("unknown dtype or too many dimensions")
        data = arrays[_string(tree["at"], 20)]
        if stored.startswith("complex"):
            data = np.frombuffer(data.tobytes(), dtype=stored)
        elif str(data.dtype) != stored:
            raise WireError(f"{data.dtype} where {stored} was announced")
        data = data.reshape(shape)
        layout = _string(tree.get("layout", ""), 10)
        if kind == "array":
            return Value(kind, dtype, shape, data, layout=layout)
        return Value(kind, dtype, shape, data, _string(tree["device"], 40), tree["grad"] is True, layout)
    if kind == "none":
        return Value(kind)
    raw = tree.get("data")
    if kind == "sequence":
        items = tuple(_in(item, arrays, depth + 1) for item in raw or ())
        if len(items) > MAX_ITEMS or not all(isinstance(item, Value) for item in items):
            raise WireError("a sequence holds something else than values")
        return Value(kind, data=items)
    if kind == "mapping":
        pairs = {_string(k): _in(v, arrays, depth + 1) for k, v in raw or ()}
        if len(pairs) > MAX_ITEMS or not all(isinstance(v, Value) for v in pairs.values()):
            raise WireError("a mapping holds something else than values")
        return Value(kind, data=pairs)
    data = _in(raw, arrays, depth + 1)
    wanted: dict[str, tuple[type, ...]] = {
        "bool": (bool,), "string": (str,), "number": (int, float, complex), "other": (type(None),),
    }  # fmt: skip
    if not isinstance(data, wanted[kind]) or (kind == "number" and isinstance(data, bool)):
        raise WireError(f"a {kind} holds a {type(data).__name__}")
    if kind == "number":
        # JSON has one kind of number; the record says which one was meant.
        data = {"int": int, "float": float, "complex": complex}.get(dtype, float)(data)
    return Value(kind, dtype, data=data)


def _string(thing: Any, longest: int = 100_000) -> str:
    if not isinstance(thing, str) or len(thing) > longest:
        raise WireError("a string is missing or too long")
    return thing


def _whole(thing: Any) -> int:
    if isinstance(thing, bool) or not isinstance(thing, int) or not 0 <= thing < 2**40:
        raise WireError("a count is missing, negative or too large")
    return thing

"""What a probe saw, as neutral data.

``observe`` turns any Python object into a ``Value``; ``restore`` turns a ``Value`` back into an object that student
code can be called with. Only plain memory is kept (dtype, shape, elements), so no method of a student's class ever
takes part in a comparison.

Which values count as equal in kind is stated here, once:

* Python ``int`` and ``float`` and NumPy's numeric scalars are all ``number``; 3, 3.0 and np.float32(3) may be equal.
* ``bool`` and ``np.bool_`` are ``bool`` and never equal a number.
* a 0-d array is an ``array`` and a 0-d tensor a ``tensor``: neither equals a ``number``, because ``x.item()`` matters.
* ``list`` and ``tuple`` are both ``sequence``.
* anything else is ``other`` and carries only the name of its type.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

# Deeper or longer structures are somebody's attack or accident, never an answer.
MAX_DEPTH = 8
MAX_ITEMS = 10_000


@dataclass(frozen=True)
class Value:
    """One observed value.

    kind: ``array``, ``tensor``, ``number``, ``bool``, ``string``, ``none``, ``sequence``, ``mapping`` or ``other``.
    dtype: NumPy's name for arrays and tensors ("float64", "bfloat16"); "int", "float" or "complex" for numbers; the
        type's name for ``other``.
    shape: of arrays and tensors. data: C-contiguous ndarray, scalar, tuple of Values or dict of Values.
    device: "cpu", "cuda:0", … for tensors.
    layout: "" for C order, "F" or "strided" as the object lay in memory; restored so, but never compared.
    """

    kind: str
    dtype: str = ""
    shape: tuple[int, ...] = ()
    data: Any = None
    device: str = ""
    requires_grad: bool = False
    layout: str = ""

    @property
    def numeric(self) -> bool:
        return self.kind in ("array", "tensor", "number")


def observe(thing: object, depth: int = 0) -> Value:
    """The neutral record of an object. Never raises for odd input; what it cannot read becomes ``other``."""
    if depth > MAX_DEPTH:
        return Value("other", dtype="too deeply nested")
    try:
        return _plain(thing, depth)
    except Exception:
        return Value("other", dtype=type_name(thing))


def type_name(thing: object) -> str:
    """The name of an object's type, whatever its metaclass makes of it."""
    name: str = type.__dict__["__name__"].__get__(type(thing))
    return name[:100]


def _plain(thing: Any, depth: int) -> Value:
    """May raise anything for an object with a will of its own. No method that a student wrote is called on the way:
    the type decides, not ``__class__``, and the built-in types' own methods do the reading."""
    kind = type(thing)
    if thing is None:
        return Value("none")
    if issubclass(kind, (bool, np.bool_)):
        return Value("bool", data=bool(thing))
    if issubclass(kind, int):
        return Value("number", dtype="int", data=int.__int__(thing))
    if issubclass(kind, float):
        return Value("number", dtype="float", data=float.__float__(thing))
    if issubclass(kind, complex):
        return Value("number", dtype="complex", data=complex.__complex__(thing))
    if issubclass(kind, np.number):
        dtype = "int" if issubclass(kind, np.integer) else "float" if issubclass(kind, np.floating) else "complex"
        return Value("number", dtype=dtype, data={"int": int, "float": float, "complex": complex}[dtype](thing))
    if issubclass(kind, str):
        return Value("string", data=str.__str__(thing))
    if issubclass(kind, np.ndarray):
        return _of_array(thing)
    if _is_tensor(thing):
        return _of_tensor(thing)
    if issubclass(kind, (list, tuple)):
        base = list if issubclass(kind, list) else tuple
        if base.__len__(thing) <= MAX_ITEMS:
            return Value("sequence", data=tuple(observe(item, depth + 1) for item in base.__iter__(thing)))
    if issubclass(kind, dict) and dict.__len__(thing) <= MAX_ITEMS:
        items = list(dict.items(thing))
        if all(issubclass(type(k), str) for k, _ in items):
            return Value("mapping", data={str.__str__(k): observe(v, depth + 1) for k, v in items})
    return Value("other", dtype=type_name(thing))


def restore(value: Value) -> Any:
    """The object that a Value stands for: a fresh copy each time. Raises ValueError for ``other``."""
    match value.kind:
        case "none":
            return None
        case "bool" | "number" | "string":
            return value.data
        case "array":
            return _laid_out(value)
        case "tensor":
            import torch

            raw = torch.from_numpy(_laid_out(value))
            if value.dtype == "bfloat16":
                raw = raw.view(torch.bfloat16)
            return raw.requires_grad_(value.requires_grad)
        case "sequence":
            return [restore(item) for item in value.data]
        case "mapping":
            return {name: restore(item) for name, item in value.data.items()}
    raise ValueError(f"a value of kind {value.kind!r} cannot be restored")


def elements(value: Value) -> np.ndarray:
    """The numbers of an array, tensor or number, ready for arithmetic: float64, int64, bool or complex128."""
    data = np.asarray(value.data)
    if value.dtype == "bfloat16":
        data = (data.astype(np.uint32) << 16).view(np.float32)
    if data.dtype.kind in "fc" or data.dtype.kind == "b":
        return data.astype({"f": np.float64, "c": np.complex128, "b": np.bool_}[data.dtype.kind])
    return data


def size(value: Value) -> int:
    """How many elements a value holds, nested ones counted: what 'the smallest case' is measured in."""
    if value.kind in ("array", "tensor"):
        return int(np.prod(value.shape, dtype=np.int64))
    if value.kind == "sequence":
        return sum(size(item) for item in value.data)
    if value.kind == "mapping":
        return sum(size(item) for item in value.data.values())
    return 1


def _laid_out(value: Value) -> np.ndarray:
    data = np.asarray(value.data)
    if value.layout == "F":
        return np.array(data, copy=True, order="F")
    if value.layout == "strided":
        wide = np.zeros((*data.shape[:-1], 2 * data.shape[-1]), dtype=data.dtype)
        wide[..., ::2] = data
        return wide[..., ::2]
    return np.array(data, copy=True, order="C")


def _layout(array: np.ndarray) -> str:
    if array.flags.c_contiguous or array.ndim == 0:
        return ""
    return "F" if array.flags.f_contiguous else "strided"


def _of_array(array: np.ndarray) -> Value:
    if array.dtype.kind not in "biufc":
        return Value("other", dtype=f"ndarray of {array.dtype}")
    # ascontiguousarray would turn a 0-d array into a 1-d one.
    plain = np.array(array, copy=True, order="C", subok=False)
    return Value(
        "array", dtype=str(plain.dtype.newbyteorder("=")), shape=plain.shape, data=plain, layout=_layout(array)
    )


def _is_tensor(thing: object) -> bool:
    torch = sys.modules.get("torch")  # a tensor cannot exist before torch is imported
    return torch is not None and issubclass(type(thing), torch.Tensor)


def _of_tensor(tensor: Any) -> Value:
    import torch

    device, grad = str(tensor.device), bool(tensor.requires_grad)
    if tensor.is_sparse or tensor.device.type == "meta":
        return Value("other", dtype=f"tensor on {device}, layout {tensor.layout}")
    with torch.no_grad():
        on_cpu = tensor.detach().resolve_conj().resolve_neg().cpu()
        plain = on_cpu.clone(memory_format=torch.contiguous_format)
    name = str(plain.dtype).removeprefix("torch.")
    if plain.dtype == torch.bfloat16:
        plain = plain.view(torch.uint16)
    try:
        data = plain.numpy()
    except TypeError:
        return Value("other", dtype=f"tensor of {name}")
    layout = (
        ""
        if on_cpu.is_contiguous()
        else "F"
        if on_cpu.permute(*range(on_cpu.ndim)[::-1]).is_contiguous()
        else "strided"
    )
    return Value("tensor", name, tuple(tensor.shape), data, device, grad, layout)

"""Which tensors torch lets one operation use together when an accelerator is there.

The rules are those of a real GPU: all tensors of an operation on one device, with the exceptions that torch makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

aten = torch.ops.aten

# Copying is what moves data between devices.
MOVES = {aten.copy_.default, aten._to_copy.default}
# An index on the CPU may pick from a tensor on the device; the other way round torch refuses.
INDEXES = {
    aten.index.Tensor,
    aten.index_put.default,
    aten.index_put_.default,
    aten._index_put_impl_.default,
    aten._unsafe_index.Tensor,
}
# These take a single number as a 0-d tensor from anywhere, like the element-wise operations that torch tags as such.
NUMBERS_WELCOME = {
    aten.where.self,
    aten.masked_fill.Tensor,
    aten.masked_fill_.Tensor,
    aten.index_fill.int_Tensor,
    aten.index_fill_.int_Tensor,
    aten.fill.Tensor,
    aten.fill_.Tensor,
    aten._foreach_add.Tensor,
    aten._foreach_add_.Tensor,
    aten._foreach_mul.Tensor,
    aten._foreach_mul_.Tensor,
    aten._foreach_div.Tensor,
    aten._foreach_div_.Tensor,
}


def strangers(func: Any, args: Any, kwargs: Any, on_device: Callable[[torch.Tensor], bool]) -> list[torch.Tensor]:
    """The tensors on the CPU that an operation on the device may not use; empty where a GPU would go along.

    func: an operation of torch.ops.aten, as a TorchDispatchMode gets it, with its arguments.
    """
    named = list(_arguments(func, args, kwargs))
    if func in MOVES or not any(on_device(tensor) for _, tensor, _ in named):
        return []
    if func in INDEXES and on_device(args[0]):
        named = [entry for entry in named if entry[0] != "indices"]
    welcome = func in NUMBERS_WELCOME or func in INDEXES or torch.Tag.pointwise in func.tags
    elsewhere = [(tensor, changed) for _, tensor, changed in named if not on_device(tensor)]
    return [tensor for tensor, changed in elsewhere if changed or tensor.ndim or not welcome]


def words_of_torch(func: Any) -> str:
    """What torch says on a GPU to an operation that gets tensors of two devices."""
    if func in INDEXES:
        return "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
    return "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"


def written(func: Any, args: Any, kwargs: Any) -> list[torch.Tensor]:
    """The tensors that an operation writes to: the left-hand side of +=, and what was given as out=."""
    return [tensor for _, tensor, changed in _arguments(func, args, kwargs) if changed]


def _arguments(func: Any, args: Any, kwargs: Any) -> Iterator[tuple[str, torch.Tensor, bool]]:
    """Every tensor that an operation gets: the argument's name, the tensor, whether it is written to."""
    for place, argument in enumerate(func._schema.arguments):
        given = args[place] if place < len(args) else kwargs.get(argument.name)
        changed = argument.alias_info is not None and argument.alias_info.is_write
        for tensor in given if isinstance(given, (list, tuple)) else (given,):
            if isinstance(tensor, torch.Tensor):
                yield argument.name, tensor, changed

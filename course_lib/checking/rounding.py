"""How far two right computations may lie apart: the allowance for rounding, from the operations themselves.

One operation that adds n products in float32 is off by at most γ_n·|x|·|y|, γ_n ≈ n·u, whatever the order of its sum
(Higham 2002, section 3.1, equation 3.5); u is half the dtype's machine epsilon. A GPU adds in another order than the
CPU, so each is within that of the truth and both within twice that of each other. An elementary function is off by some
units in the last place (CUDA C++ Programming Guide, "Mathematical Functions": at most 4 for those that lessons use).

So the reference runs once on the CPU while every operation is counted: how many terms it adds, and how large the sum of
their magnitudes is. The allowance of a case is twice the sum of those bounds. It follows the operation, the dtype and
the numbers; nobody guesses it. How errors grow in the operations that come later is left out (a first-order estimate),
and the sum, a worst case, makes up for it. ``grader verify`` measures both: float32 against float64, and, where there
is one, the accelerator against the CPU.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

ULPS = 4  # of an elementary function
# What adds products; the sum of their magnitudes is the same operation on the magnitudes.
_ADDS = "mm addmm bmm baddbmm mv addmv dot vdot convolution _convolution linear sum mean cumsum"


@dataclass
class Work:
    """What a computation did. allowance: by dtype's name, how far two right results may lie apart, absolutely;
    terms: the longest sum."""

    allowance: dict[str, float]
    terms: int = 0

    @property
    def total(self) -> float:
        """Of all dtypes: a float64 number may come from float32 ones."""
        return sum(self.allowance.values())


@contextmanager
def counted() -> Iterator[Work]:
    """Counts what torch does inside the ``with``; NumPy's arithmetic, the same on every device, is not counted."""
    work = Work({})
    with _Counting(work):
        yield work


class _Counting(TorchDispatchMode):
    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = str(func._schema.name).removeprefix("aten::").rstrip("_")
        magnitude = _magnitude(func, name, args, kwargs)  # before an operation in place changes its arguments
        out = func(*args, **kwargs)
        rounded = [t for t in tree_leaves(out) if isinstance(t, torch.Tensor) and t.is_floating_point()]
        if not rounded or name in _MOVES.split() or torch.Tag.nondeterministic_seeded in func.tags:
            return out
        terms = _terms(name, args, rounded)
        size = magnitude if magnitude is not None else max(_largest(t) for t in rounded)
        if math.isfinite(size):
            unit = torch.finfo(rounded[0].dtype).eps / 2
            dtype = str(rounded[0].dtype).removeprefix("torch.")
            self.work.allowance[dtype] = self.work.allowance.get(dtype, 0.0) + 2 * terms * unit * size
            self.work.terms = max(self.work.terms, terms)
        return out


# What only moves, makes or shows numbers rounds nothing.
_MOVES = (
    "view _unsafe_view reshape t transpose permute expand squeeze unsqueeze slice select detach alias clone copy cat "
    "stack split unbind index index_put gather scatter as_strided lift_fresh _to_copy to empty empty_like new_empty "
    "zeros zeros_like new_zeros ones ones_like full full_like new_full fill zero arange eye constant_pad_nd flip roll "
    "masked_fill where max min amax amin argmax maximum minimum abs neg relu threshold_backward diagonal unfold "
    "select_backward slice_backward max_pool2d_with_indices empty_strided new_empty_strided repeat"
)


def _terms(name: str, args: Any, outputs: list[torch.Tensor]) -> int:
    """How many numbers one element of the result is the sum of, at most; for anything that adds none, ULPS."""
    tensors = [t for t in tree_leaves(args) if isinstance(t, torch.Tensor)]
    if name in ("mm", "mv", "bmm", "dot", "vdot"):
        return tensors[0].shape[-1] + 1
    if name in ("addmm", "baddbmm", "addmv"):
        return tensors[1].shape[-1] + 2
    if name in ("convolution", "_convolution"):
        return math.prod(tensors[1].shape[1:]) + 1
    if name == "convolution_backward":  # the gradient of the kernel adds over batch and places
        return max(math.prod(t.shape) for t in tensors)
    if "softmax" in name or "batch_norm" in name or "layer_norm" in name:
        return max(ULPS, max(t.numel() for t in tensors))
    most = max((t.numel() for t in tensors), default=1)
    return max(ULPS, most // max(1, min(t.numel() for t in outputs)))


def _magnitude(func: Any, name: str, args: Any, kwargs: Any) -> float | None:
    """The largest sum of magnitudes behind an element of the result, where the operation adds."""
    if name not in _ADDS.split():
        return None
    sizes = tree_map_only(torch.Tensor, lambda t: t.abs() if t.is_floating_point() else t, (args, kwargs))
    try:
        return _largest(func(*sizes[0], **sizes[1]))
    except RuntimeError:
        return None


def _largest(tensor: torch.Tensor) -> float:
    return float(tensor.detach().abs().max()) if tensor.numel() else 0.0

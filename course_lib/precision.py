"""Arithmetic on an accelerator that is as exact and as repeatable as torch can make it.

Two habits of a GPU change the digits of a float32 result. TF32 keeps 10 of the 23 bits behind the point of what a
matrix product or a convolution multiplies. And some kernels add in the order in which their threads arrive, so that two
runs of the same line differ. Lesson 00 shows both.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from course_lib.device import pick_device

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
FIXED_WORKSPACE = ":4096:8"  # one of the two values with which NVIDIA promises that a product can be repeated
_FULL = "ieee"
_T = TypeVar("_T")


class _Settings(NamedTuple):
    """What torch would do. ``fp32`` holds a precision for each of ``_parts()``, in their order.

    ``products`` and ``tf32`` say it once more under torch's older names, which it still reads and compares with the new
    ones; None where both contradict each other already, so that it refuses to say.
    """

    fp32: tuple[str, ...]
    products: str | None
    tf32: bool | None
    benchmark: bool
    deterministic: bool
    algorithms: bool
    warn_only: bool
    workspace: str | None


@contextlib.contextmanager
def exact_kernels() -> Iterator[None]:
    """Inside the ``with``: full float32 (no TF32) and kernels that add in the same order each time; then as before.

    Matrix products, convolutions and recurrent layers keep all bits of float32; cuDNN times no candidates and takes
    repeatable ones; an operation that has no repeatable version still runs, and torch warns (UserWarning). Memory of
    ``torch.empty`` is filled (``torch.utils.deterministic``). Results still differ from the CPU's in their last bits:
    a GPU adds in another order.

    CUBLAS_WORKSPACE_CONFIG is set if nobody did; cuBLAS reads it once, so the first product of the process has to come
    after that. Needs no accelerator, and starts none. One thread at a time: all of these are settings of the process.
    """
    before = _read()
    _write(_exact(before))
    try:
        yield
    finally:
        _write(before)


def keep_kernels_exact() -> None:
    """The settings of ``exact_kernels`` for the rest of the process, where pick_device() finds an accelerator.

    On the CPU nothing is changed: it has neither of the two habits.
    """
    if pick_device().type != "cpu":
        _write(_exact(_read()))


def _exact(now: _Settings) -> _Settings:
    return _Settings(
        fp32=(_FULL,) * len(now.fp32),
        products=None if now.products is None else "highest",
        tf32=None if now.tf32 is None else False,
        benchmark=False,
        deterministic=True,
        algorithms=True,
        warn_only=True,
        workspace=now.workspace or FIXED_WORKSPACE,
    )


def _parts() -> tuple[Any, ...]:
    import torch

    gpu, cpu = torch.backends.cudnn, torch.backends.mkldnn
    return torch.backends.cuda.matmul, gpu.conv, gpu.rnn, cpu.matmul, cpu.conv, cpu.rnn  # type: ignore[attr-defined]


def _read() -> _Settings:
    import torch

    return _Settings(
        fp32=tuple(part.fp32_precision for part in _parts()),
        products=_unless_refused(torch.get_float32_matmul_precision),
        tf32=_unless_refused(lambda: torch.backends.cudnn.allow_tf32),
        benchmark=torch.backends.cudnn.benchmark,
        deterministic=torch.backends.cudnn.deterministic,
        algorithms=torch.are_deterministic_algorithms_enabled(),
        warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
        workspace=os.environ.get(WORKSPACE),
    )


def _unless_refused(ask: Callable[[], _T]) -> _T | None:
    try:
        return ask()
    except RuntimeError:
        return None


def _write(wanted: _Settings) -> None:
    import torch

    # The older names set some of the parts, too, and so come before them.
    if wanted.products is not None:
        torch.set_float32_matmul_precision(wanted.products)
    if wanted.tf32 is not None:
        torch.backends.cudnn.allow_tf32 = wanted.tf32
    for part, precision in zip(_parts(), wanted.fp32, strict=True):
        part.fp32_precision = precision
    torch.backends.cudnn.benchmark = wanted.benchmark
    torch.backends.cudnn.deterministic = wanted.deterministic
    torch.use_deterministic_algorithms(wanted.algorithms, warn_only=wanted.warn_only)
    if wanted.workspace is None:
        os.environ.pop(WORKSPACE, None)
    else:
        os.environ[WORKSPACE] = wanted.workspace

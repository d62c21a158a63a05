"""What another device does with the same program, done on the simulated one: other roundings, and other dice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from course_lib.checking.simulated import DEVICE, Log, Shell, simulated_device

ROUNDINGS = 8 * 2.0**-24  # by how much a sum of some hundred float32 numbers may change with their order, relatively
SUMS = (
    *("mm", "addmm", "bmm", "convolution", "convolution_backward", "sum", "mean", "linear", "_log_softmax"),
    *("native_batch_norm", "native_batch_norm_backward", "_native_batch_norm_legit", "nll_loss_forward", "exp"),
)
CHANCE = (
    "native_dropout",
    "bernoulli",
    "bernoulli_",
    "rand",
    "randn",
    "rand_like",
    "randn_like",
    "normal_",
    "uniform_",
)


class _Differences(TorchDispatchMode):
    """Stands above the simulated device: dice of its own, and sums that come out a little differently."""

    def __init__(self, machine: int) -> None:
        super().__init__()
        self.noise = torch.Generator().manual_seed(machine)
        self.machine = machine
        self.seed(0)

    def seed(self, seed: int) -> None:
        self.dice = torch.Generator().manual_seed(1000 * (self.machine + 1) + seed).get_state()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if Shell not in types and kwargs.get("device") != DEVICE:
            return func(*args, **kwargs)
        name = func._schema.name.removeprefix("aten::")
        if name in CHANCE:
            before = torch.get_rng_state()
            torch.set_rng_state(self.dice)
            out = func(*args, **kwargs)
            self.dice = torch.get_rng_state()
            torch.set_rng_state(before)
            return out
        out = func(*args, **kwargs)
        return tree_map_only(Shell, self._round, out) if name in SUMS else out

    def _round(self, shell: Shell) -> Shell:
        if shell.dtype == torch.float32:
            inside = shell.inside.detach()
            inside.mul_(1 + ROUNDINGS * torch.empty_like(inside).uniform_(-1, 1, generator=self.noise))
        return shell


@contextmanager
def another_machine(number: int) -> Iterator[Log]:
    """The simulated device with the roundings and the dice of machine ``number``; the log says what was refused.

    ``torch.manual_seed`` seeds these dice too, as it does those of every device.
    """
    with simulated_device() as log, _Differences(number) as differences:
        of_torch = torch.manual_seed

        def manual_seed(seed: int) -> torch.Generator:
            differences.seed(int(seed))
            return of_torch(seed)

        torch.manual_seed = manual_seed
        try:
            yield log
        finally:
            torch.manual_seed = of_torch

"""Which device to compute on, without naming a brand of it."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from course_lib.text import Text

if TYPE_CHECKING:
    import torch

SIMULATED = "simulated"  # what the device of course_lib.checking.simulated is called where devices have names
_CPU = Text(en="CPU, {threads} threads, torch {version}", zh="CPU，{threads} 个线程，torch {version}")
_OTHER = Text(
    en="{name} ({device}), {memory:.0f} GiB, torch {version}",
    zh="{name}（{device}），{memory:.0f} GiB 显存，torch {version}",
)
_BARE = Text(en="accelerator {device}, torch {version}", zh="加速器 {device}，torch {version}")


def pick_device() -> torch.device:
    """The accelerator that torch finds (CUDA, MPS, XPU …), else the CPU; ``COURSE_DEVICE=cpu`` chooses by name.

    Gradient checks need float64, which an MPS device does not have: do those on the CPU.
    """
    import torch

    wanted = os.environ.get("COURSE_DEVICE")
    if wanted:
        return torch.device(wanted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a CUDA build without a driver warns; the answer is simply the CPU
        found = torch.accelerator.current_accelerator(check_available=True)
    return found if found is not None else torch.device("cpu")


def describe_device(device: torch.device | str | None = None) -> Text:
    """One line about a device (by default pick_device()'s). It differs between machines: nbval must not compare it."""
    import torch

    device = pick_device() if device is None else torch.device(device)
    if device.type == "cpu":
        return _CPU.format(threads=torch.get_num_threads(), version=torch.__version__)
    if device.type in ("cuda", "xpu"):
        properties = getattr(torch, device.type).get_device_properties(device)
        memory = properties.total_memory / 2**30
        return _OTHER.format(name=properties.name, device=device, memory=memory, version=torch.__version__)
    return _BARE.format(device=device, version=torch.__version__)

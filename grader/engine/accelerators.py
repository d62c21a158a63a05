"""Which accelerators this machine has, and what a sandbox must see of one to compute on it.

A sandbox sees the device nodes of one GPU and the two that all of CUDA goes through; none for graphics, video or
display, and none of another GPU. That is less isolation than on the CPU: the driver is a large program in the kernel,
and student code talks to it directly. The handbook says what follows from that.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course_lib.text import Text, TextError
from grader.devices import DEVICES, SIMULATED

_DEV, _DRIVER = Path("/dev"), Path("/proc/driver/nvidia/gpus")
_SHARED = ("nvidiactl", "nvidia-uvm")  # not nvidia-modeset, nvidia-uvm-tools, nvidia-caps, dri
_LIBRARIES = ("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/wsl/lib")

NO_TORCH = Text(
    en="torch {version} was built for the CPU alone. `TORCH=cuda make setup` installs the build for NVIDIA GPUs.",
    zh="已安装的 torch {version} 只支持 CPU。运行 `TORCH=cuda make setup` 可安装支持 NVIDIA GPU 的版本。",
)
NO_DEVICE = Text(
    en="torch {version} finds no accelerator: look at what `nvidia-smi` says about the driver.",
    zh="torch {version} 没有找到加速器：请用 `nvidia-smi` 检查驱动是否正常。",
)
ASKED = Text(
    en="--device cuda needs an accelerator. {why} Without one, use --device cpu, or --device simulated for advice on "
    "what would not run on a GPU.",
    zh="--device cuda 需要加速器。{why}没有加速器时请用 --device cpu；想知道哪些答案换到 GPU 上跑不了，可用 "
    "--device simulated。",
)
OTHER_KIND = Text(
    en="Student code can be given NVIDIA GPUs only, and {device} is none that the sandbox could show. Use --device "
    "cpu, or --device simulated for advice on what would not run on a GPU.",
    zh="学生代码目前只能使用 NVIDIA GPU，而 {device} 不是沙箱能够显示的。请用 --device cpu；"
    "想知道哪些答案换到 GPU 上跑不了，可用 --device simulated。",
)


class AcceleratorError(TextError):
    """An accelerator was asked for and cannot be had. ``text`` says why and what to do, in both languages."""


@dataclass(frozen=True)
class Accelerator:
    """One device. name: torch's in this process ("cuda:1"); label: what people call it; inside: torch's name in a
    sandbox, which sees no other; nodes: the device nodes it needs; environment: more variables for it."""

    name: str
    label: str = ""
    inside: str = "cuda:0"
    nodes: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def accelerators_for(device: str) -> tuple[Accelerator, ...]:
    """The accelerators behind a ``--device``: none for "cpu", all of this machine for "auto" (also none), all of them
    and at least one for "cuda". Raises AcceleratorError, ValueError for another word."""
    if device not in DEVICES:
        raise ValueError(f"device is {device!r}, and must be one of {', '.join(DEVICES)}")
    if device in ("cpu", SIMULATED) or (device == "auto" and not _likely()):
        return ()  # without importing torch: a run that grades nothing must not wait for it
    found = _found()
    if not found and device == "cuda":
        raise AcceleratorError(ASKED.format(why=_reason()))
    return found


def for_grading(device: str, isolation: str) -> tuple[Accelerator, ...]:
    """Those that student code can be given: "auto" leaves out what the sandbox cannot show (not NVIDIA's), and what a
    forked process cannot use (MPS). Raises AcceleratorError where "cuda" has nothing left."""
    found = accelerators_for(device)
    usable = tuple(one for one in found if one.name.startswith("cuda") and (one.nodes or isolation == "none"))
    if device == "cuda" and not usable:
        raise AcceleratorError(OTHER_KIND.format(device=found[0].name))
    return usable


def kind_of(device: str, isolation: str) -> str:
    """What a receipt says of a ``--device``: "cpu" where right answers are tried nowhere else, else where."""
    if device == SIMULATED:
        return SIMULATED
    return "cuda" if for_grading(device, isolation) else "cpu"


def require_nodes(accelerators: tuple[Accelerator, ...]) -> None:
    """Raises AcceleratorError where a sandbox could not be shown one of them."""
    for one in accelerators:
        if not one.nodes:
            raise AcceleratorError(OTHER_KIND.format(device=one.name))


def arguments(accelerator: Accelerator | None) -> list[str]:
    """Bubblewrap's arguments that show the device nodes, to come after its own ``--dev``."""
    nodes = accelerator.nodes if accelerator is not None else ()
    return [word for node in nodes for word in ("--dev-bind", str(node), str(node))]


def _likely() -> bool:
    return sys.platform == "darwin" or any((_DEV / name).exists() for name in ("nvidiactl", "kfd", "dxg", "dri"))


@lru_cache(maxsize=1)
def _found() -> tuple[Accelerator, ...]:
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a CUDA build without a driver warns
        current = torch.accelerator.current_accelerator(check_available=True)
        count = torch.accelerator.device_count() if current is not None else 0
    if current is None:
        return ()
    if current.type != "cuda":
        return (Accelerator(current.type, current.type, current.type),)
    return tuple(_gpu(number, count > 1) for number in range(count))


def _gpu(number: int, one_of_many: bool) -> Accelerator:
    import torch

    about = torch.cuda.get_device_properties(number)
    uuid = f"GPU-{about.uuid}"
    node = nodes(minor(uuid, _DRIVER, number), _DEV)
    libraries = ":".join(folder for folder in _LIBRARIES if Path(folder).is_dir())
    variables = {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # before CUDA starts: see course_lib.precision
        "CUDA_VISIBLE_DEVICES": uuid if one_of_many else "0",
        **({"LD_LIBRARY_PATH": libraries} if libraries else {}),
    }
    return Accelerator(f"cuda:{number}", about.name, "cuda:0", node, tuple(variables.items()))


def minor(uuid: str, driver: Path, fallback: int) -> int:
    """The number in the name of a GPU's device node, as the driver's folder says it. CUDA orders GPUs by speed."""
    for path in sorted(driver.glob("*/information")):
        text = path.read_text(errors="replace")
        found = re.search(r"Device Minor:\s*(\d+)", text)
        if found and uuid.lower() in text.lower():
            return int(found[1])
    return fallback


def nodes(number: int, dev: Path) -> tuple[Path, ...]:
    """The device nodes that computing on a GPU needs; none where the GPU's own is missing (not NVIDIA's, say)."""
    own = dev / f"nvidia{number}"
    return (own, *(node for name in _SHARED if (node := dev / name).exists())) if own.exists() else ()


def _reason() -> Text:
    import torch

    built = torch.version.cuda or torch.version.hip or torch.backends.mps.is_built()
    return (NO_DEVICE if built else NO_TORCH).format(version=torch.__version__)

"""What to tell somebody whose answer is right on the CPU and not the same in another place. Needs no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping

from course_lib.checking.accelerator_errors import fatal, out_of_memory
from course_lib.checking.device_words import RETURNED
from course_lib.checking.results import Difference, Observed, RaisedError
from course_lib.checking.verdict import UNANSWERED
from course_lib.device import SIMULATED
from course_lib.text import Text

_RIGHT_BUT_STOPS = Text(
    en="Your answer is right and has all its points. It does not run on {device} yet. {what}",
    zh="你的答案是对的，分数全得。不过在{device}上还跑不了。{what}",
)
_RIGHT_BUT_DIFFERS = Text(
    en="Your answer is right and has all its points. On {device} it gives something else. {what}",
    zh="你的答案是对的，分数全得。不过在{device}上结果不同。{what}",
)
_SIMULATED = Text(en="an accelerator (simulated here)", zh="加速器（这里是模拟的）")
_STOPS = Text(en="It stops with `{type}: {message}`.", zh="程序在那里中止：`{type}: {message}`。")
_STOPS_AT = Text(
    en="At `{line}` it stops with `{type}: {message}`.", zh="程序在 `{line}` 处中止：`{type}: {message}`。"
)
_FULL = Text(
    en="It ran out of the device's memory ({message}). Which tensors could be smaller, or be freed sooner?",
    zh="设备的显存用完了（{message}）。哪些张量可以更小，或者更早释放？",
)
_FATAL = Text(
    en="A kernel failed on the device itself, most often because of an index out of range; after that the device does "
    "nothing more for this process. The error shows up later than its cause: with the environment variable "
    "CUDA_LAUNCH_BLOCKING=1 it stands where it happens. `{type}: {message}`",
    zh="设备上的核函数出错了，最常见的原因是下标越界；此后设备不再为这个进程工作。报错的位置往往晚于出错的位置："
    "设置环境变量 CUDA_LAUNCH_BLOCKING=1，就会停在真正出错的地方。`{type}: {message}`",
)
_NOT_REACHED = Text(
    en="The notebook does not get that far there: an earlier cell stops.",
    zh="笔记本在那里运行不到这一步：前面有单元格中止了。",
)
_DIFFERS = Text(
    en="Your answer is right and has all its points. On {device} it gives something else. {what}",
    zh="你的答案是对的，分数全得。不过在{device}上结果不同。{what}",
)
_SIMULATED = Text(en="an accelerator (simulated here)", zh="加速器（这里是模拟的）")
_STOPS = Text(en="It stops with `{type}: {message}`.", zh="程序在那里中止：`{type}: {message}`。")
_STOPS_AT = Text(
    en="At `{line}` it stops with `{type}: {message}`.", zh="程序在 `{line}` 处中止：`{type}: {message}`。"
)
_FULL = Text(
    en="It ran out of the device's memory ({message}). Which tensors could be smaller, or be freed sooner?",
    zh="设备的显存用完了（{message}）。哪些张量可以更小，或者更早释放？",
)
_FATAL = Text(
    en="A kernel failed on the device itself, most often because of an index out of range; after that the device does "
    "nothing more for this process. The error shows up later than its cause: with the environment variable "
    "CUDA_LAUNCH_BLOCKING=1 it stands where it happens. `{type}: {message}`",
    zh="设备上的核函数出错了，最常见的原因是下标越界；此后设备不再为这个进程工作。报错的位置往往晚于出错的位置："
    "设置环境变量 CUDA_LAUNCH_BLOCKING=1，就会停在真正出错的地方。`{type}: {message}`",
)
_NOT_REACHED = Text(
    en="The notebook does not get that far there: an earlier cell stops.",
    zh="笔记本在那里运行不到这一步：前面有单元格中止了。",
)
_RETURNED = Text(
    en="Its inputs lie on the device, and a result comes back on the CPU ({label}). The next line that uses both stops "
    "with `RuntimeError: Expected all tensors to be on the same device`.",
    zh="输入在设备上，结果却回到了 CPU（{label}）。下一行把两者放在一起用时就会中止："
    "`RuntimeError: Expected all tensors to be on the same device`。",
)
_DIFFERS = Text(
    en="Other than on the CPU there ({label}): {sentence}", zh="那里的结果与 CPU 上的不同（{label}）：{sentence}"
)


def on(device: str) -> Text:
    """A device in words; a real one's name stays as it is, with the space that Chinese puts around Latin letters."""
    return _SIMULATED if device == SIMULATED else Text(en=device, zh=f" {device} ")


def reason(seen: Observed, gaps: Mapping[str, Difference]) -> str:
    """A stable code for what is wrong: out_of_memory, fatal, error, or a difference's; "" where nothing is."""
    if seen.error is not None:
        return "out_of_memory" if out_of_memory(seen.error) else "fatal" if fatal(seen.error) else "error"
    return next((gap.reason for gap in gaps.values()), "")


def tell(device: str, seen: Observed, gaps: Mapping[str, Difference], labels: Mapping[str, Text]) -> Text:
    """What is wrong on a device, in the student's words. labels: of the exercise's properties. Raises ValueError where
    nothing is."""
    if seen.error is not None:
        return right_but_stops(device, _of_error(seen.error))
    for name, gap in gaps.items():
        known = RETURNED if gap.reason == "device" else _DIFFERS
        what = known.format(operation=labels[name], label=labels[name], sentence=gap.sentence)
        return _RIGHT_BUT_DIFFERS.format(device=on(device), what=what)
    raise ValueError("nothing is wrong")


def right_but_stops(device: str, what: Text) -> Text:
    """That a right answer does not come to its end there, and why."""
    return _RIGHT_BUT_STOPS.format(device=on(device), what=what)


def _of_error(error: RaisedError) -> Text:
    if error.type in UNANSWERED:
        return _NOT_REACHED
    words = {"type": error.type, "message": error.message.splitlines()[0][:200].rstrip(".") if error.message else ""}
    if out_of_memory(error):
        return _FULL.format(**words)
    if fatal(error):
        return _FATAL.format(**words)
    line = re.split(r"\s{2,}#", error.source_line)[0]  # without what a comment says of it
    return _STOPS_AT.format(line=line, **words) if line else _STOPS.format(**words)

"""Reads the idx format of MNIST's files: two zero bytes, the values' type, the number of axes, the axes, the values."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib.text import Text

if TYPE_CHECKING:
    import numpy.typing as npt

_BYTES = 8  # the format's code for unsigned bytes, the only type that these data sets use
_DAMAGED = Text(
    en="{file} is not a whole idx file ({why}). Delete it and fetch it again.",
    zh="{file} 不是完整的 idx 文件（{why}）。请删除它并重新获取。",
)
_HEADER = Text(en="its header is not that of idx bytes", zh="文件头不是 idx 字节格式")
_SIZE = Text(
    en="it holds {actual} values, its header says {expected}",
    zh="含有 {actual} 个值，文件头写的是 {expected} 个",
)
_PACKED = Text(en="the .gz packing is broken", zh=".gz 压缩已损坏")


class DataProblem(FileNotFoundError, ValueError):
    """Data that cannot be had; the message is in the language in force and says what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """The array in an idx file of bytes, packed (.gz) or not. Raises DataProblem for a damaged one."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error):
        raise DataProblem(_DAMAGED.format(file=path, why=_PACKED)) from None
    axes = raw[3] if len(raw) >= 4 else 0
    if raw[:3] != bytes((0, 0, _BYTES)) or len(raw) < 4 + 4 * axes:
        raise DataProblem(_DAMAGED.format(file=path, why=_HEADER))
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", count=axes, offset=4))
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * axes)
    expected = math.prod(shape)
    if values.size != expected:
        raise DataProblem(_DAMAGED.format(file=path, why=_SIZE.format(actual=values.size, expected=expected)))
    return values.reshape(shape)

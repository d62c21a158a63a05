"""Images to learn from: embedded digits, MNIST and FashionMNIST through one call with one shape.

``digits`` is the copy of "Optical Recognition of Handwritten Digits" that scikit-learn distributes; its licence stands
in digits.LICENSE.txt.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib._idx import DataProblem, read_idx
from course_lib.text import Text, say

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    Bytes = npt.NDArray[np.uint8]

NAMES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}  # ours -> torchvision's

_UNKNOWN = Text(
    en='load_images does not know {name!r}: choose "digits", "mnist" or "fashion_mnist".',
    zh='load_images 不认识 {name!r}：请选择 "digits"、"mnist" 或 "fashion_mnist"。',
)
_MISSING = Text(
    en="{name} ({part}) was not found. Missing: {files}. Looked in: {places}. Put the files there (as they are or as "
    ".gz), give their folder with load_images({key!r}, folder=...), or have them fetched once with "
    "load_images({key!r}, download=True). No files and no network? load_images() gives the embedded digits.",
    zh="没有找到 {name}（{part}）。缺少的文件：{files}。查找过的文件夹：{places}。请把文件放到那里（原样或 .gz 均可），"
    "或用 load_images({key!r}, folder=...) 指明文件夹，或用 load_images({key!r}, download=True) 下载一次。"
    "没有文件也没有网络？load_images() 会给出自带的手写数字。",
)
_PART = {True: Text(en="training part", zh="训练集"), False: Text(en="test part", zh="测试集")}
_DOWNLOADING = Text(en="Downloading {name} into {folder} …", zh="正在把 {name} 下载到 {folder} …")
_NO_DOWNLOAD = Text(
    en="{name} could not be downloaded ({error}). Check the network and try again, or copy the files into a folder and "
    "pass folder=...",
    zh="{name} 下载失败（{error}）。请检查网络后重试，或把文件复制到一个文件夹，再用 folder=... 指明。",
)
_UNEVEN = Text(
    en="{name}: the images' shape is {images} and the labels' {labels}; expected N images of 28 by 28 and N labels.",
    zh="{name}：图像的形状是 {images}，标签的形状是 {labels}；应为 N 张 28×28 的图像和 N 个标签。",
)

_OTHER_SET = Text(
    en="The files in {folder} are not those of {name}: MNIST and FashionMNIST use the same file names, and the counts "
    "of the labels are the other set's. Give each a folder of its own.",
    zh="{folder} 中的文件不是 {name} 的：MNIST 和 FashionMNIST 的文件名相同，而这里各类标签的数量属于另一个数据集。"
    "请为它们分别准备文件夹。",
)


def load_images(
    name: str | None = None, train: bool = True, folder: str | Path | None = None, download: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Images and labels: float32 [N, 1, 28, 28] with values from 0 (paper) to 1 (ink), and int64 [N] from 0 to 9.

    name: ``"digits"`` (embedded: 1442 to train, 355 to test; no network), ``"mnist"`` or ``"fashion_mnist"`` (60 000
        and 10 000). A digit has 8 by 8 dots: it is enlarged three times (linear between the dots' middles, so that 24
        by 24 result) and framed with two dots of paper. Of each class, every fifth digit is in the test part. By
        default ``COURSE_IMAGES``, else the digits.
    folder: where MNIST and FashionMNIST lie, in torchvision's layout (``folder/MNIST/raw``) or as bare idx files,
        packed or not; by default ``COURSE_DATA``, else ``data`` in the working folder.
    download: fetch what is missing through torchvision, into ``folder``.

    Raises DataProblem, in both languages: an unknown name (also a ValueError), missing, damaged or unfetchable files.
    """
    import torch

    name = name or os.environ.get("COURSE_IMAGES") or "digits"
    if name == "digits":
        images, labels = _digits(train)
    elif name in NAMES:
        images, labels = _idx_images(name, train, _folder(folder), download)
    else:
        raise DataProblem(_UNKNOWN.format(name=name))
    return torch.from_numpy(images[:, None]), torch.from_numpy(labels.astype(np.int64))


def _folder(given: str | Path | None) -> Path:
    return Path(given or os.environ.get("COURSE_DATA") or "data").expanduser()


def _digits(train: bool) -> tuple[npt.NDArray[np.float32], Bytes]:
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as stored:
        images, labels = stored["images"], stored["labels"]
    # The file goes 0, 1, 2 … 9 again and again, so "every fifth image" would be two classes only: count per class.
    turn = np.zeros(len(labels), dtype=np.int64)
    for digit in range(10):
        turn[labels == digit] = np.arange((labels == digit).sum())
    part = (turn % 5 != 4) if train else (turn % 5 == 4)
    return enlarge(images[part]), labels[part]


def enlarge(images: Bytes) -> npt.NDArray[np.float32]:
    """Images [N, 8, 8] with values 0 to 16 as float32 [N, 28, 28] from 0 to 1; see load_images.

    The weights are thirds, so the sums are whole numbers and every machine gets the same bits.
    """
    weights = np.zeros((24, 8), dtype=np.int64)
    for row in range(24):
        near, side = divmod(row, 3)
        weights[row, near] += 3 if side == 1 else 2
        if side != 1:
            weights[row, min(max(near + side - 1, 0), 7)] += 1
    large = np.einsum("ra,nab,cb->nrc", weights, images.astype(np.int64), weights)
    return np.pad(large.astype(np.float32) / np.float32(9 * 16), ((0, 0), (2, 2), (2, 2)))


def _idx_images(name: str, train: bool, folder: Path, download: bool) -> tuple[npt.NDArray[np.float32], Bytes]:
    prefix = "train" if train else "t10k"
    files = (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    places = (folder / NAMES[name] / "raw", folder / name, folder)
    found = _find(files, places)
    if None in found and download:
        _download(name, train, folder)
        found = _find(files, places)
    lacking = [file for file, path in zip(files, found, strict=True) if path is None]
    if lacking:
        looked = ", ".join(str(place) for place in places)
        raise DataProblem(
            _MISSING.format(name=NAMES[name], key=name, part=_PART[train], files=", ".join(lacking), places=looked)
        )
    images, labels = (read_idx(path) for path in found if path is not None)
    if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise DataProblem(_UNEVEN.format(name=NAMES[name], images=images.shape, labels=labels.shape))
    # The two sets share their files' names, so bare files may be the other one; only Fashion has equal classes.
    whole = len(labels) in (10_000, 60_000)
    if whole and (np.ptp(np.bincount(labels, minlength=10)) == 0) != (name == "fashion_mnist"):
        raise DataProblem(_OTHER_SET.format(name=NAMES[name], folder=folder))
    return images.astype(np.float32) / np.float32(255), labels


def _find(files: tuple[str, ...], places: tuple[Path, ...]) -> list[Path | None]:
    """Where each file lies; all come from one place where one has them all, so that data sets are not mixed."""
    rows = [[next((p for p in (place / f, place / f"{f}.gz") if p.is_file()), None) for f in files] for place in places]
    return next((row for row in rows if None not in row), max(rows, key=lambda row: sum(p is not None for p in row)))


def _download(name: str, train: bool, folder: Path) -> None:
    from torchvision import datasets

    say(_DOWNLOADING, name=NAMES[name], folder=folder)
    try:
        # torchvision draws progress bars on stderr, which a check cell must not have.
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            getattr(datasets, NAMES[name])(root=str(folder), train=train, download=True)
    except (OSError, RuntimeError) as error:
        problem = _NO_DOWNLOAD.format(name=NAMES[name], error=str(error).splitlines()[0] if str(error) else error)
        raise DataProblem(problem) from error

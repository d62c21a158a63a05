"""Images: one call, one shape, and errors that say what to do."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib import load_images, set_language
from course_lib._idx import DataProblem, read_idx
from course_lib.data import enlarge

REAL = Path(os.environ.get("COURSE_MNIST", "data/mnist"))  # holds MNIST's own t10k files, packed or not


def write_idx(path: Path, values: np.ndarray) -> None:
    raw = bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def put(folder: Path, part: str = "t10k", n: int = 3, ending: str = "") -> None:
    images = np.arange(n * 28 * 28).reshape(n, 28, 28).astype(np.uint8)
    write_idx(folder / f"{part}-images-idx3-ubyte{ending}", images)
    write_idx(folder / f"{part}-labels-idx1-ubyte{ending}", np.arange(n).astype(np.uint8))


def test_digits_have_the_shape_of_mnist_and_a_fixed_split():
    parts = [load_images(train=train) for train in (True, False)]
    assert [len(images) for images, _ in parts] == [1442, 355]
    for images, labels in parts:
        assert images.shape[1:] == (1, 28, 28)
        assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
        assert (images.min(), images.max()) == (0, 1)
        assert torch.bincount(labels).min() > 0.9 * torch.bincount(labels).max(), "every class is in both parts"
    assert torch.equal(load_images()[0], parts[0][0])
    train, test = ({row.numpy().tobytes() for row in images} for images, _ in parts)
    assert not train & test


def test_enlarging_keeps_ink_values_and_place():
    one = np.zeros((1, 8, 8), dtype=np.uint8)
    one[0, 2, 5] = 16
    large = enlarge(one)[0]
    assert large[2 + 2 * 3 + 1, 2 + 5 * 3 + 1] == 1
    assert large.sum() == pytest.approx(9)
    assert np.unravel_index(large.argmax(), large.shape) == (9, 18)
    full = enlarge(np.full((1, 8, 8), 16, dtype=np.uint8))[0]
    assert (full[2:-2, 2:-2] == 1).all()
    assert full.sum() == 24 * 24


def test_the_enlargement_is_torchs_linear_one():
    small = np.random.default_rng(0).integers(0, 17, (4, 8, 8)).astype(np.uint8)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(small[:, None] / 16), scale_factor=3, mode="bilinear", align_corners=False
    )
    torch.testing.assert_close(
        torch.from_numpy(enlarge(small)[:, None, 2:-2, 2:-2]).double(), expected, atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("place", [".", "mnist", "MNIST/raw"])
def test_mnist_is_found_in_torchvisions_layout_and_as_bare_files(tmp_path, place, ending):
    put(tmp_path / place, ending=ending)
    images, labels = load_images("mnist", train=False, folder=tmp_path)
    assert (images.shape, images.dtype, labels.tolist()) == ((3, 1, 28, 28), torch.float32, [0, 1, 2])
    assert images[0, 0, 0, 255 % 28 - 1] == pytest.approx((255 % 28 - 1) / 255)
    assert images.max() == 1


def test_each_set_comes_from_its_own_folder(tmp_path):
    put(tmp_path / "MNIST" / "raw", n=3)
    put(tmp_path / "FashionMNIST" / "raw", n=5)
    assert len(load_images("mnist", train=False, folder=tmp_path)[0]) == 3
    assert len(load_images("fashion_mnist", train=False, folder=tmp_path)[0]) == 5


def test_the_folder_may_stand_in_the_environment(tmp_path, monkeypatch):
    put(tmp_path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert len(load_images("mnist", train=False)[0]) == 3


def test_the_environment_may_name_the_images_for_calls_that_do_not(tmp_path, monkeypatch):
    put(tmp_path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("COURSE_IMAGES", "mnist")
    assert len(load_images(train=False)[0]) == 3
    assert len(load_images("digits", train=False)[0]) == 355


def test_missing_files_are_named_in_both_languages(tmp_path):
    put(tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        load_images("mnist", train=True, folder=tmp_path)
    message = str(caught.value)
    for part in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "download=True", "folder=", str(tmp_path)):
        assert message.count(part) >= 2, part
    assert "training part" in message
    assert "训练集" in message
    set_language("zh")
    with pytest.raises(FileNotFoundError) as caught:
        load_images("fashion_mnist", train=False, folder=tmp_path / "none")
    assert "was not found" not in str(caught.value)
    assert "没有找到 FashionMNIST（测试集）" in str(caught.value)


def test_a_name_that_is_unknown_is_a_value_error():
    with pytest.raises(ValueError, match="cifar"):
        load_images("cifar")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("x", b"<html>", "header"),
        ("x", b"", "header"),
        ("x", bytes((0, 0, 8, 1)) + struct.pack(">I", 5) + b"abc", "3 values"),
        ("x.gz", b"not packed", "packing"),
        ("x.gz", gzip.compress(b"0" * 500, mtime=0)[:20], "packing"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataProblem, match=why) as caught:
        read_idx(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_images_and_labels_must_belong_together(tmp_path):
    put(tmp_path)
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", np.zeros(4, np.uint8))
    with pytest.raises(DataProblem, match=r"\(3, 28, 28\)"):
        load_images("mnist", train=False, folder=tmp_path)


def test_a_failed_download_says_so_and_leaves_stderr_empty(tmp_path, monkeypatch, capfd):
    import sys

    import torchvision

    def fail(**_):
        print("0%|      |", file=sys.stderr)
        raise RuntimeError("Error downloading train-images\nat length")

    monkeypatch.setattr(torchvision.datasets, "MNIST", fail)
    with pytest.raises(DataProblem, match="could not be downloaded") as caught:
        load_images("mnist", folder=tmp_path, download=True)
    assert "下载失败" in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not REAL.is_dir(), reason="COURSE_MNIST names no folder with MNIST's own t10k files")
def test_the_real_mnist_test_files():
    images, labels = load_images("mnist", train=False, folder=REAL)
    assert images.shape == (10_000, 1, 28, 28)
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert torch.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert images.mean() == pytest.approx(0.1325, abs=1e-3)
    with pytest.raises(DataProblem, match="not those of FashionMNIST"):
        load_images("fashion_mnist", train=False, folder=REAL)

"""TF32, the order of sums and random numbers on an accelerator, under the course's control."""

from __future__ import annotations

import pytest
import torch

from course_lib.checking.elsewhere import _DiceOfTheCpu
from course_lib.precision import exact_kernels
from tests.gpu import bare

pytestmark = [pytest.mark.gpu, pytest.mark.filterwarnings("ignore:.*determinis:UserWarning")]


def product_error(device: torch.device) -> float:
    """The largest relative error of a product of float32 matrices, against float64 on the CPU."""
    a, b = (torch.rand(256, 256, generator=torch.Generator().manual_seed(n)) for n in (0, 1))
    truth = a.double() @ b.double()
    return float(((a.to(device) @ b.to(device)).cpu() - truth).abs().max() / truth.abs().max())


def test_products_keep_all_bits_of_float32() -> None:
    device = bare.accelerator()
    with exact_kernels():
        assert product_error(device) < 2e-6


def test_without_it_tf32_would_show() -> None:
    device = bare.accelerator()
    if device.type != "cuda" or torch.cuda.get_device_capability()[0] < 8:
        pytest.skip("this accelerator has no TF32")
    torch.backends.cuda.matmul.fp32_precision = "tf32"  # type: ignore[attr-defined]
    try:
        assert product_error(device) > 2e-5
        with exact_kernels():
            assert product_error(device) < 2e-6
    finally:
        torch.backends.cuda.matmul.fp32_precision = "ieee"  # type: ignore[attr-defined]


def test_sums_into_the_same_place_come_out_the_same_twice() -> None:
    device = bare.accelerator()
    index = torch.randint(0, 8, (100_000,), generator=torch.Generator().manual_seed(0)).to(device)
    values = torch.randn(100_000, generator=torch.Generator().manual_seed(1)).to(device)
    with exact_kernels():
        first, second = (torch.zeros(8, device=device).index_add_(0, index, values) for _ in range(2))
    assert torch.equal(first, second)


def test_the_dice_are_the_cpus() -> None:
    device = bare.accelerator()
    drawn = []
    for where in (torch.device("cpu"), device):
        torch.manual_seed(3)
        with _DiceOfTheCpu():
            x = torch.ones(6, device=where)
            several = [torch.rand(4, device=where), torch.rand_like(x), torch.empty_like(x).normal_()]
            several += [torch.nn.functional.dropout(x), torch.bernoulli(x / 2), torch.randperm(5, device=where)]
        assert all(t.device.type == where.type for t in several)
        drawn.append([t.cpu() for t in several])
    assert all(torch.equal(a, b) for a, b in zip(*drawn, strict=True))

"""Devices, seeds, and a torchvision that was built against another torch."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from course_lib import describe_device, pick_device, seed_everything


def test_the_device_is_the_accelerator_or_the_cpu(monkeypatch):
    monkeypatch.delenv("COURSE_DEVICE", raising=False)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: None)
    assert pick_device() == torch.device("cpu")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: torch.device("mps"))
    assert pick_device() == torch.device("mps")
    assert "mps" in str(describe_device())
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert pick_device() == torch.device("cpu")
    assert "threads" in describe_device().en
    assert "线程" in describe_device().zh


@pytest.mark.gpu
@pytest.mark.skipif(not torch.accelerator.is_available(), reason="this machine has no accelerator")
def test_the_real_accelerator():
    device = pick_device()
    assert (torch.ones(2, device=device) + 1).sum().item() == 4
    assert str(device.type) in str(describe_device())


def test_one_seed_seeds_all_and_gives_generators_of_its_own():
    def draw():
        own = seed_everything(7)
        return (
            random.random(),
            np.random.rand(),
            torch.rand(1).item(),
            own.numpy.random(),
            torch.rand(1, generator=own.torch).item(),
        )

    assert draw() == draw()
    rng, _ = seed_everything(7)
    np.random.rand(100)
    assert rng.random() == np.random.default_rng(7).random()
    for wrong in (-1, 2**32):
        with pytest.raises(ValueError, match=str(wrong)):
            seed_everything(wrong)


def run(code):
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


def test_torchvision_can_be_imported_and_nothing_is_said():
    code = """
import course_lib, sys
import torchvision, torch
from torchvision import datasets, models, transforms, utils
from torchvision.transforms import v2
print(models.resnet18(weights=None)(torch.zeros(1, 3, 64, 64)).shape[1])
print(torchvision.extension._has_ops() != course_lib._torchvision.was_repaired())
"""
    assert run(code).split() == ["1000", "True"]


FAKE = """
import sys, types, pathlib, tempfile
folder = pathlib.Path(tempfile.mkdtemp()); (folder / "torchvision").mkdir()
(folder / "torchvision" / "__init__.py").write_text('''{source}''')
sys.path.insert(0, str(folder))
import course_lib
"""


def test_a_torchvision_that_matches_is_left_alone():
    code = FAKE.format(source="value = 1") + (
        "import torchvision\nprint(torchvision.value, course_lib._torchvision.was_repaired(), 'torch' in sys.modules)"
    )
    assert run(code).split() == ["1", "False", "False"]


def test_another_error_of_torchvision_is_not_hidden():
    code = FAKE.format(source="raise RuntimeError('something else')") + (
        "try:\n    import torchvision\nexcept RuntimeError as error:\n    print(error)"
    )
    assert run(code).strip() == "something else"

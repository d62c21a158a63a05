"""The six runs that lesson 12 shows are recordings of real ones: here they are made again."""

from __future__ import annotations

import ast

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import load_images
from grader.course import find_course
from grader.lesson import read_lesson

KINDS = {
    "A": "no_zero_grad",
    "B": "softmax_twice",
    "C": "lr_too_small",
    "D": "too_few_samples",
    "E": "lr_too_large",
    "F": "shuffled_labels",
}
RATES = {"lr_too_large": 30.0, "lr_too_small": 0.0005, "too_few_samples": 0.3}


def recorded() -> dict[str, tuple[list[float], list[float]]]:
    (cell,) = [cell for cell in read_lesson(find_course().lesson("training").source).cells if cell.id == "curves-run"]
    (runs,) = [node.value for node in ast.parse(cell.source).body if ast.unparse(node).startswith("RUNS")]
    return ast.literal_eval(runs)


def run(kind: str, epochs: int = 12) -> tuple[list[float], list[float]]:
    """Training and test loss after each epoch of a run with this fault."""
    (x, y), (test_x, test_y) = load_images(), load_images(train=False)
    mean, std = x.mean(), x.std()
    x, test_x = (F.avg_pool2d((images - mean) / std, 2).flatten(1) for images in (x, test_x))
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(196, 48), nn.ReLU(), nn.Identity(), nn.Linear(48, 10))
    size = 32
    if kind == "too_few_samples":
        x, y, size = x[:60], y[:60], 10
    if kind == "shuffled_labels":
        y = y[torch.randperm(len(y), generator=generator)]
    optimiser = torch.optim.SGD(net.parameters(), lr=RATES.get(kind, 0.1))

    def answer(images: torch.Tensor) -> torch.Tensor:
        return net(images).softmax(1) if kind == "softmax_twice" else net(images)

    losses: tuple[list[float], list[float]] = ([], [])
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=generator).split(size):
            if kind != "no_zero_grad":
                optimiser.zero_grad()
            F.cross_entropy(answer(x[batch]), y[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            losses[0].append(F.cross_entropy(answer(x), y).item())
            losses[1].append(F.cross_entropy(answer(test_x), test_y).item())
    return losses


@pytest.mark.long
@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_the_recording_is_a_real_run(name: str, kind: str) -> None:
    """Runs that leap about part after some epochs on another processor; how they begin and where they stay is alike."""
    ours, theirs = run(kind), recorded()[name]
    if kind in ("lr_too_large", "no_zero_grad"):
        assert ours[0][0] == pytest.approx(theirs[0][0], abs=0.5)
        assert min(ours[0][-4:]) > (8 if kind == "lr_too_large" else 2)
    else:
        for mine, stored in zip(ours, theirs, strict=True):
            assert mine == pytest.approx(stored, abs=0.05)

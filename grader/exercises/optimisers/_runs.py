"""Runs for optimisers: parameters, a gradient for each of them in each step, a learning rate for each step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

SHAPES = ((2, 3), (4,))
LONG = 45  # steps


def tensor(values: Any) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def small(grads: list[list[float]], lrs: list[float]) -> dict[str, Any]:
    """One parameter of two entries, with gradients that can be followed by hand."""
    return {"params": [tensor([2.0, -1.0])], "grads": [[tensor(grad)] for grad in grads], "lrs": lrs}


def two(steps: int, lrs: list[float], rng: np.random.Generator) -> dict[str, Any]:
    """Two parameters of different shapes, gradients of different sizes."""
    shapes = ((2,), (1, 3))
    return {
        "params": [torch.from_numpy(np.round(rng.standard_normal(shape), 1)) for shape in shapes],
        "grads": [
            [torch.from_numpy(np.round(size * rng.standard_normal(shape), 1)) for shape, size in zip(shapes, (1.0, 10.0), strict=True)]
            for _ in range(steps)
        ],
        "lrs": lrs[:steps],
    }  # fmt: skip


def long(rng: np.random.Generator, sparse: float = 0.0, shapes: tuple[tuple[int, ...], ...] = SHAPES) -> dict[str, Any]:
    """LONG steps under a learning rate that changes. sparse: the share of the gradients' entries that is zero."""
    scales = 10.0 ** rng.uniform(-2, 2, len(shapes))
    grads = [
        [torch.from_numpy(scale * rng.standard_normal(shape) * (rng.random(shape) >= sparse)) for shape, scale in zip(shapes, scales, strict=True)]
        for _ in range(LONG)
    ]  # fmt: skip
    lrs = 0.1 * rng.uniform(0.2, 1.0, LONG) * 0.95 ** np.arange(LONG)
    return {
        "params": [torch.from_numpy(rng.standard_normal(shape)) for shape in shapes],
        "grads": grads,
        "lrs": [float(lr) for lr in lrs],
    }

"""One seed for every source of chance."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import torch


class Generators(NamedTuple):
    """Generators of one's own: numbers drawn from them do not depend on what else draws numbers."""

    numpy: np.random.Generator
    torch: torch.Generator


def seed_everything(seed: int) -> Generators:
    """Seed Python's, NumPy's and torch's global sources (every device), and return fresh generators (on the CPU).

        rng, generator = seed_everything(0)
        x = rng.normal(size=(64, 1000)); w = torch.randn(3, 2, generator=generator)

    seed: 0 to 2**32 - 1, or ValueError. The same seed gives the same numbers only with the same versions, device,
    operations and number of workers.
    """
    import numpy as np
    import torch

    if not 0 <= seed < 2**32:
        raise ValueError(f"a seed is a whole number from 0 to 4294967295, not {seed}")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return Generators(np.random.default_rng(seed), torch.Generator().manual_seed(seed))

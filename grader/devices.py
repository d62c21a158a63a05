"""The words for ``--device``. Light, as the command line reads it before anything else."""

from __future__ import annotations

SIMULATED = "simulated"
DEVICES = ("auto", "cpu", "cuda", SIMULATED)

"""The words for ``--device``, and what they stand for.

Light: the command line reads it before anything else, and a bare GPU machine has nothing of the grader's engine.
"""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.device import SIMULATED

DEVICES = ("auto", "cpu", "cuda", SIMULATED)


@dataclass(frozen=True)
class Place:
    """Where to run. name: torch's, in this process; inside: torch's in a sandbox; label: for people."""

    name: str
    inside: str
    label: str


SIMULATION = Place(SIMULATED, SIMULATED, SIMULATED)

"""What goes into the engine and what comes out of it: plain records."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from course_lib.checking import wire
from course_lib.checking.results import Observed
from course_lib.checking.values import observe
from grader.engine.events import Event

CellStatus = Literal["ok", "error", "timeout", "died", "not_reached"]


@dataclass(frozen=True)
class ProbeJob:
    """One exercise: the text of its probe function and the inputs of every case, as raw objects.

    ``seconds`` is the time for one case; None takes the engine's limit. ``device``: where the case's tensors are put
    (course_lib.checking.elsewhere); "" leaves them on the CPU.
    """

    exercise: str
    probe_source: str
    cases: tuple[dict[str, object], ...]
    seconds: float | None = None
    device: str = ""

    @cached_property
    def packed(self) -> tuple[bytes, ...]:
        """The cases as they are sent; made once for all submissions that share the job."""
        return tuple(
            wire.pack(
                {
                    "source": self.probe_source,
                    "device": self.device,
                    "inputs": {name: observe(x) for name, x in case.items()},
                }
            )
            for case in self.cases
        )


@dataclass(frozen=True)
class Task:
    """One submission: the sources of its code cells in order, and the probes to run on the state they leave."""

    cells: tuple[str, ...]
    probes: tuple[ProbeJob, ...] = ()


@dataclass(frozen=True)
class CellRun:
    """One executed cell: outputs as nbformat stores them (plain dicts), how it ended and how long it took."""

    outputs: list[dict[str, Any]]
    status: CellStatus
    seconds: float = 0.0
    execution_count: int | None = None


@dataclass(frozen=True)
class ProbeRun:
    """One exercise: for every case, in order, what was observed or the event that prevented it. seconds: all cases."""

    exercise: str
    observed: tuple[Observed | Event, ...]
    seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """Everything one submission left behind."""

    cells: tuple[CellRun, ...]
    probes: tuple[ProbeRun, ...]
    events: tuple[Event, ...]
    seconds: float

"""What travels: a task as text and bytes, a run as one blob of data (``course_lib.checking.wire``).

The inputs of an exercise's cases are the same for a whole class. A task only names them, by their digest; a worker that
does not have them yet says so and gets them once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from course_lib.checking import wire
from course_lib.checking.results import Observed
from course_lib.text import Text
from grader.engine.events import Event, event
from grader.engine.launch import Isolation
from grader.engine.limits import Limits
from grader.engine.tasks import CellRun, ProbeJob, ProbeRun, Run, Task

Cases = tuple[bytes, ...]
Settings = tuple[Limits, Isolation, tuple[str, ...]]
MAX_BYTES = 2**31


def pack_settings(limits: Limits, isolation: str, warmup: tuple[str, ...]) -> str:
    """Equal settings give equal texts."""
    return json.dumps({"limits": limits.as_dict(), "isolation": isolation, "warmup": list(warmup)}, sort_keys=True)


def unpack_settings(text: str) -> Settings:
    tree = json.loads(text)
    return Limits(**tree["limits"]), tree["isolation"], tuple(tree["warmup"])


def pack_task(task: Task) -> tuple[str, dict[str, Cases]]:
    """The task as JSON, and the cases that it names, by digest."""
    cases: dict[str, Cases] = {}
    probes = []
    for job in task.probes:
        name = hashlib.sha256(b"".join(hashlib.sha256(case).digest() for case in job.packed)).hexdigest()
        cases[name] = job.packed
        probes.append([job.exercise, name, job.seconds, job.device])
    return json.dumps({"cells": task.cells, "probes": probes}), cases


def named_cases(text: str) -> list[str]:
    """The digests that a packed task names."""
    return [name for _, name, _, _ in json.loads(text)["probes"]]


def unpack_task(text: str, cases: Mapping[str, Cases]) -> Task:
    """Raises KeyError where cases are missing."""
    tree = json.loads(text)
    jobs = (_job(exercise, cases[name], seconds, device) for exercise, name, seconds, device in tree["probes"])
    return Task(tuple(tree["cells"]), tuple(jobs))


def _job(exercise: str, packed: Cases, seconds: float | None, device: str) -> ProbeJob:
    """A job that has its packed cases already: the objects they were made from stay where they are."""
    job = ProbeJob(exercise, "", ({},) * len(packed), seconds, device)
    job.__dict__["packed"] = packed
    return job


def pack_run(run: Run) -> bytes:
    head = {
        "cells": [asdict(cell) for cell in run.cells],
        "events": [asdict(e) for e in run.events],
        "seconds": run.seconds,
    }
    probes: list[dict[str, Any]] = [
        {"exercise": p.exercise, "seconds": p.seconds, "observed": [_seen(one) for one in p.observed]}
        for p in run.probes
    ]
    # Outputs may hold what only Python's own JSON carries: lone surrogates, NaN.
    text = json.dumps(head)
    try:
        return wire.pack({"head": text, "probes": probes})
    except UnicodeEncodeError:
        for probe in probes:
            probe["observed"] = [_encodable(one) for one in probe["observed"]]
        return wire.pack({"head": text, "probes": probes})


def unpack_run(blob: bytes) -> Run:
    """Raises wire.WireError for anything that is no run."""
    tree = wire.unpack(blob, MAX_BYTES)
    try:
        head = json.loads(tree["head"])
        return Run(
            tuple(CellRun(**cell) for cell in head["cells"]),
            tuple(
                ProbeRun(p["exercise"], tuple(_unseen(one) for one in p["observed"]), float(p["seconds"]))
                for p in tree["probes"]
            ),
            tuple(_event(one) for one in head["events"]),
            float(head["seconds"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise wire.WireError(f"no run: {type(error).__name__}: {str(error)[:200]}") from None


def _seen(one: Observed | Event) -> Observed | dict[str, Any]:
    return one if isinstance(one, Observed) else asdict(one)


def _unseen(one: Any) -> Observed | Event:
    return one if isinstance(one, Observed) else _event(one)


def _event(tree: Mapping[str, Any]) -> Event:
    return Event(tree["code"], Text(**tree["message"]), tree["cell"])


def _encodable(one: Any) -> Any:
    """Text that is no Unicode comes only from a submission that answers in the engine's place."""
    try:
        wire.pack(one)
    except UnicodeEncodeError:
        return asdict(event("malformed", how="text that is no Unicode"))
    return one

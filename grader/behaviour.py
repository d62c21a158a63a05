"""What each answer did while it was probed, in a form that a receipt can keep: no value, no message of a student's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.checking.results import Observed
from course_lib.checking.values import Value, elements
from grader.engine.events import Event
from grader.engine.tasks import ProbeRun, Run

_STEPS = 10_000  # of an array's largest element: two ways of adding up the same terms agree to more than four digits
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Trace:
    """One exercise. behaviour: equal for answers with the same outputs and the same errors in every case, None where a
    limit cut one short; seconds: of all its cases; limits: the codes of the events that it met, each once."""

    behaviour: str | None
    seconds: float = 0.0
    limits: tuple[str, ...] = ()


def traces(run: Run, second: Run | None = None) -> dict[str, Trace]:
    """By exercise. second: exercises that were tried once more with correct earlier values. What they did then is their
    own doing; what they did before was partly that of the answer they call."""
    again = {probe.exercise: probe for probe in second.probes} if second is not None else {}
    found = {}
    for probe in run.probes:
        tries = [probe, again[probe.exercise]] if probe.exercise in again else [probe]
        found[probe.exercise] = Trace(
            fingerprint(tries[-1].observed),
            round(sum(one.seconds for one in tries), 4),
            tuple(dict.fromkeys(code for one in tries for code in _codes(one))),
        )
    return found


def fingerprint(observed: Sequence[Observed | Event]) -> str | None:
    """A hash of what was seen in every case, numbers to four digits of the largest beside them. None where there is
    nothing, or where something other than an observation came back."""
    if not observed or not all(isinstance(seen, Observed) for seen in observed):
        return None
    digest = hashlib.sha256()
    for seen in observed:
        assert isinstance(seen, Observed)  # noqa: S101 - as was asked above
        for name in sorted(seen.values):
            digest.update(f"{name}={_words(seen.values[name])};".encode("utf-8", "replace"))
        if seen.error is not None:
            words = f"{seen.error.type}: {_ADDRESS.sub('0x', seen.error.message)}"
            digest.update(f"!{words}".encode("utf-8", "replace"))
        digest.update(b"\n")
    return digest.hexdigest()[:20]


def _codes(probe: ProbeRun) -> Iterable[str]:
    return (seen.code for seen in probe.observed if isinstance(seen, Event))


def _words(value: Value) -> str:
    if value.kind == "sequence":
        return f"[{','.join(_words(item) for item in value.data)}]"
    if value.kind == "mapping":
        return f"{{{','.join(f'{key!r}:{_words(value.data[key])}' for key in sorted(value.data))}}}"
    if not value.numeric:
        return f"{value.kind} {value.dtype} {value.data!r}"
    kind = "number" if value.kind == "number" else f"{value.kind} {value.dtype} {value.shape}"
    return f"{kind} {_rounded(value)}"


def _rounded(value: Value) -> str:
    try:
        numbers = np.atleast_1d(elements(value)).astype(np.complex128).ravel()
    except (OverflowError, ValueError, TypeError):  # an int that no float can hold
        return repr(value.data)[:200]
    parts = np.concatenate([numbers.real, numbers.imag])
    finite = parts[np.isfinite(parts)]
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    if largest == 0.0:
        largest = 1.0
    with np.errstate(all="ignore"):
        steps = np.rint(parts / largest * _STEPS)
    steps[np.isnan(steps)] = _STEPS + 1
    steps = np.clip(steps, -_STEPS - 2, _STEPS + 2).astype(np.int32)  # infinities lie outside of everything finite
    return f"{largest:.3e} {hashlib.sha256(steps.tobytes()).hexdigest()}"

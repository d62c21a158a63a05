"""What runs on a worker: plain functions that Dask calls there, and what one process keeps between the calls.

A process has one warm pool of sandboxes, with as many as the worker has threads. Another lesson has other settings and
gets a pool of its own; those that stand idle then are ended. Student code runs in the sandboxes, never here. Every
answer is plain data: a kind, what belongs to it, and the worker's address.
"""

from __future__ import annotations

import atexit
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any, Literal

from grader.cluster import parcels, versions
from grader.engine import SandboxPool, SandboxUnavailable
from grader.engine.launch import require

Kind = Literal["run", "missing", "stranger", "unavailable", "error"]
Answer = tuple[Kind, Any, str]
CASES_BYTES = 2**28  # of the cases that a process keeps


@dataclass
class _Held:
    pool: SandboxPool
    busy: int = 0


_lock = threading.Lock()
_pools: dict[str, _Held] = {}
_cases: OrderedDict[str, parcels.Cases] = OrderedDict()
_admitted: set[str] = set()


def look(expected: dict[str, str], isolation: str) -> dict[str, Any]:
    """This worker's versions of what is expected, and why it cannot have a sandbox, or None. From then on the process
    grades for whoever expects what it has."""
    mine = versions.here(expected)
    unavailable = None
    try:
        require(isolation)  # type: ignore[arg-type]
    except SandboxUnavailable as why:
        unavailable = asdict(why.text)
    if mine == expected and unavailable is None:
        _admitted.add(versions.digest(expected))
    return {"versions": mine, "unavailable": unavailable}


def prepare(settings: str) -> None:
    """Starts the sandboxes without waiting for them. Where one cannot be started, the first task says so."""
    _release(_take(settings))


def grade(expected: str, settings: str, task: str, cases: dict[str, parcels.Cases]) -> Answer:
    """Runs a task. expected: the digest of the versions that this process was admitted for; cases: those that the
    caller thinks are not here yet. Raises nothing but what ends the process."""
    if expected not in _admitted:
        return "stranger", None, _address()
    try:
        named = parcels.named_cases(task)
        known = _keep(cases, named)
        if missing := [name for name in named if name not in known]:
            return "missing", missing, _address()
        unpacked = parcels.unpack_task(task, known)
        held = _take(settings)
        try:
            return "run", parcels.pack_run(held.pool.submit_task(unpacked).result()), _address()
        finally:
            _release(held)
    except SandboxUnavailable as why:
        return "unavailable", asdict(why.text), _address()
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"[:500], _address()


def leave(settings: list[str]) -> None:
    """Ends the pools with these settings, unless somebody is using them."""
    _end(settings)


def _keep(cases: dict[str, parcels.Cases], named: list[str]) -> dict[str, parcels.Cases]:
    """Keeps cases, as far as there is room the latest used ones; returns those that are named and here."""
    with _lock:
        _cases.update(cases)
        known = {name: _cases[name] for name in named if name in _cases}
        for name in known:
            _cases.move_to_end(name)
        while len(_cases) > 1 and sum(len(c) for packed in _cases.values() for c in packed) > CASES_BYTES:
            _cases.popitem(last=False)
        return known


def _take(settings: str) -> _Held:
    """The pool with these settings, in use; where it is new, those that nobody uses are ended."""
    with _lock:
        held = _pools.get(settings)
        if held is not None:
            held.busy += 1
            return held
    _end([text for text, other in list(_pools.items()) if not other.busy])
    with _lock:
        if settings not in _pools:
            limits, isolation, warmup = parcels.unpack_settings(settings)
            _pools[settings] = _Held(SandboxPool(_threads(), limits, isolation, warmup))
            _pools[settings].pool.warm()
        _pools[settings].busy += 1
        return _pools[settings]


def _release(held: _Held) -> None:
    with _lock:
        held.busy -= 1


def _end(several: list[str]) -> None:
    with _lock:
        ending = [_pools.pop(text) for text in several if text in _pools and not _pools[text].busy]
    for held in ending:
        held.pool.shutdown(wait=True, cancel_futures=True)


def _threads() -> int:
    worker = _this_worker()
    return worker.state.nthreads if worker is not None else 1


def _address() -> str:
    worker = _this_worker()
    return str(worker.address) if worker is not None else ""


def _this_worker() -> Any:
    from distributed import get_worker

    try:
        return get_worker()
    except ValueError:  # not on a worker: a test
        return None


atexit.register(lambda: _end(list(_pools)))  # or the sandboxes' folders would be left behind

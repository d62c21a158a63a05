"""A pool of warm sandboxes as a ``concurrent.futures.Executor``.

Each of the pool's threads has one sandbox, started when its first task comes. ``run_task`` is an ordinary function of
a task: handed to this pool it uses the thread's sandbox, handed to another executor (a cluster's) it makes one of its
own with the same settings.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TypeVar

from grader.engine.accelerators import Accelerator, require_nodes
from grader.engine.conversation import Conversation
from grader.engine.events import event
from grader.engine.launch import Isolation, require
from grader.engine.limits import Limits
from grader.engine.sandbox import Sandbox, WorkerLost
from grader.engine.tasks import CellRun, ProbeRun, Run, Task

ATTEMPTS = 3  # for a submission whose sandbox was lost: killed for memory by the system, say
T = TypeVar("T")
_Item = tuple["concurrent.futures.Future[Any]", Callable[[], Any]]
_here = threading.local()


class TaskPool(Protocol):
    """What grading a class needs of a pool, here or on a cluster."""

    @property
    def room(self) -> int: ...
    def submit_task(self, task: Task) -> concurrent.futures.Future[Run]: ...
    def warm(self) -> None: ...
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None: ...
    def __enter__(self) -> TaskPool: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> bool | None: ...


class SandboxPool(concurrent.futures.Executor):
    """Runs tasks in ``jobs`` warm sandboxes at once.

    warmup: code cells, none of them secret, that the warm process runs once so that submissions find libraries ready.
    accelerators: one for each sandbox, which then may use it and no other; there are as many sandboxes as accelerators,
    and no warm-up cells, which could start one before the fork.

    Raises SandboxUnavailable at once where ``isolation`` cannot be had; there is no silent fallback.
    """

    def __init__(
        self,
        jobs: int = 2,
        limits: Limits | None = None,
        isolation: Isolation = "bubblewrap",
        warmup: tuple[str, ...] = (),
        accelerators: tuple[Accelerator, ...] = (),
    ) -> None:
        require(isolation)
        if accelerators:
            if isolation != "none":
                require_nodes(accelerators)
            jobs, warmup, limits = len(accelerators), (), (limits or Limits()).on_accelerator()
        self._accelerators = accelerators
        if jobs < 1:
            raise ValueError(f"jobs is {jobs}, and must be at least 1")
        self._settings = (limits or Limits(), isolation, tuple(warmup))
        self._jobs = jobs
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._sandboxes: list[Sandbox] = []
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[T]:
        """Calls the function in one of the pool's threads; ``run_task`` finds that thread's sandbox."""
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot submit to a pool that was shut down")
            self._queue.put((future, functools.partial(fn, *args, **kwargs)))
            if len(self._threads) < self._jobs:
                number = len(self._threads)
                name = f"sandbox-{number}"
                self._threads.append(threading.Thread(target=self._serve, args=(number,), name=name, daemon=True))
                self._threads[-1].start()
        return future

    @property
    def room(self) -> int:
        """How many tasks keep it busy: one that runs and one that waits for each sandbox."""
        return 2 * self._jobs

    def submit_task(self, task: Task) -> concurrent.futures.Future[Run]:
        """Runs one submission. The future raises only for a fault of the grader, never for one of the student."""
        return self.submit(run_task, task)

    def warm(self) -> None:
        """Starts all sandboxes now, without waiting: they get ready while the caller does something else. Where one
        cannot be started, the first task says so."""
        for _ in range(self._jobs):
            self.submit(_started)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the pool when what was submitted is done; each thread ends its own sandbox."""
        with self._lock:
            if not self._closed:
                self._closed = True
                if cancel_futures:
                    self._cancel_waiting()
                for _ in self._threads:
                    self._queue.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def pids(self) -> list[int]:
        """The process ids of the warm processes that are running now, for measuring and for tests."""
        return [sandbox.pid for sandbox in self._sandboxes if sandbox.running]

    def _cancel_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            while (item := self._queue.get_nowait()) is not None:
                item[0].cancel()

    def _serve(self, number: int) -> None:
        """One thread's life. Not concurrent.futures' own threads: those end before anybody could end the sandbox,
        and bubblewrap, which dies with its thread, would leave the warm process to be collected by nobody."""
        own = self._accelerators[number] if self._accelerators else None
        sandbox = _here.sandbox = Sandbox(*self._settings, own)
        self._sandboxes.append(sandbox)
        try:
            while (item := self._queue.get()) is not None:
                future, call = item
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    future.set_result(call())
                except BaseException as error:
                    future.set_exception(error)
                del item, future, call  # or the last result would stay in memory until the next one
        finally:
            sandbox.stop()
            self._sandboxes.remove(sandbox)


def _started() -> Sandbox:
    """This thread's sandbox, running."""
    sandbox: Sandbox = _here.sandbox
    if not sandbox.running:
        sandbox.start()
    return sandbox


def run_task(task: Task, settings: tuple[Limits, Isolation, tuple[str, ...]] | None = None) -> Run:
    """Runs one submission in this thread's sandbox, or in a new one that this thread keeps.

    Where the sandbox itself is lost it is replaced and the submission tried again, ATTEMPTS in all. Raises
    SandboxUnavailable.
    """
    sandbox: Sandbox | None = getattr(_here, "sandbox", None)
    if sandbox is None:
        limits, isolation, warmup = settings or (Limits(), "bubblewrap", ())
        require(isolation)
        sandbox = _here.sandbox = Sandbox(limits, isolation, warmup)
    for _ in range(ATTEMPTS):
        if not sandbox.running:
            sandbox.start()
        conversation = Conversation(sandbox, task)
        try:
            run = conversation.run()
        except WorkerLost:
            sandbox.stop()
            continue
        except BaseException:
            with contextlib.suppress(Exception):
                sandbox.stop()
            raise
        if conversation.dirty is not None:
            sandbox.stop()
        return run
    return lost_run(task)


def lost_run(task: Task) -> Run:
    """What is left of a submission whose sandbox was lost in every attempt: a fault of the grader, for a person."""
    lost = event("worker_lost")
    probes = tuple(ProbeRun(job.exercise, (lost,) * len(job.cases)) for job in task.probes)
    return Run(tuple(CellRun([], "not_reached") for _ in task.cells), probes, (lost,), 0.0)

"""A cluster behind the small interface of ``engine.SandboxPool``: submit a task, get a future of its run."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from course_lib.text import Text
from grader.cluster import parcels
from grader.cluster.connection import Connection
from grader.cluster.desk import Desk, Errand
from grader.cluster.roll import Line
from grader.cluster.versions import versions
from grader.course import Course
from grader.engine.limits import Limits
from grader.engine.tasks import Run, Task

PATIENCE_SECONDS = 300.0
AT_ONCE = 2  # submissions for each thread of a worker: one that runs and one that is there already


def to_stderr(text: Text) -> None:
    print(text.inline, file=sys.stderr, flush=True)


def own_limit(limits: Limits) -> float:
    """Seconds within which a sandbox ends a submission, whatever that does."""
    return limits.submission_seconds + limits.probing_seconds + limits.start_seconds


class Cluster:
    """A connection to a Dask cluster whose workers have what is here. A context manager; one for a whole run.

    jobs: submissions in flight; None takes twice the workers' threads. patience: seconds to wait for a scheduler or a
    worker, at the beginning and when they are lost. Raises ClusterError where there is no scheduler, no worker, or none
    that may grade.
    """

    def __init__(
        self,
        address: str,
        course: Course | None = None,
        isolation: str = "bubblewrap",
        jobs: int | None = None,
        patience: float = PATIENCE_SECONDS,
        say: Callable[[Text], None] = to_stderr,
        line: Line | None = None,
    ) -> None:
        self.desk = Desk(line or Connection(address), versions(course), isolation, patience, say)
        self._jobs = jobs
        self._over = threading.Event()
        try:
            self.desk.open()
        except BaseException:
            self.desk.line.close()
            raise
        self._thread = threading.Thread(target=self._work, name="cluster-desk", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.close()

    @property
    def room(self) -> int:
        """How many submissions it takes at once, as things are."""
        return self._jobs or max(AT_ONCE, AT_ONCE * self.desk.roll.threads)

    def pool(self, limits: Limits, isolation: str, warmup: tuple[str, ...]) -> ClusterPool:
        """A pool with these settings: see SandboxPool."""
        return ClusterPool(self, limits, isolation, warmup)

    def close(self) -> None:
        """Lets the workers end their sandboxes, and hangs up."""
        self._over.set()
        self.desk.call_back(())  # wakes it
        self._thread.join()

    def _work(self) -> None:
        try:
            while not self._over.is_set():
                self.desk.step(0.25)
        except BaseException as error:
            self.desk.broken(error)
            raise
        finally:
            self.desk.close()


class ClusterPool:
    """Runs the tasks of one lesson on a cluster."""

    def __init__(self, cluster: Cluster, limits: Limits, isolation: str, warmup: tuple[str, ...]) -> None:
        self._cluster = cluster
        self._settings = parcels.pack_settings(limits, isolation, warmup)
        self._patience = own_limit(limits)
        self._errands: dict[Errand, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.shutdown(cancel_futures=kind is not None)

    @property
    def room(self) -> int:
        return self._cluster.room

    def submit_task(self, task: Task) -> Future[Run]:
        """Runs one submission somewhere. The future raises only for a fault of the grader, or ClusterLost."""
        errand = Errand(task, self._settings, self._patience)
        self._errands[errand] = None
        errand.future.add_done_callback(lambda _: self._errands.pop(errand, None))
        self._cluster.desk.hand_in(errand)
        return errand.future

    def warm(self) -> None:
        """Lets all workers start their sandboxes now, without waiting."""
        self._cluster.desk.prepare(self._settings)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends when what was submitted has an answer, or without one. The cluster stays."""
        left = list(self._errands)
        if cancel_futures:
            self._cluster.desk.call_back(left)
        elif wait:
            for errand in left:
                errand.future.exception()

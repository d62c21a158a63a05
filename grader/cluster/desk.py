"""Hands submissions out to workers and waits for their answers, until each has one.

Everything happens in ``step``, one event after the other, in one thread; others only put events into the queue. What
may happen to a copy of a submission that was handed out:

* an answer came: it counts, the first one; other copies are called back and what they say is not heard any more
* its worker is lost: Dask hands it to another one; where Dask gives up on it (``killed``), it is handed out again,
  ATTEMPTS times, and after that the submission is one that the grader lost (``worker_lost``), which a person looks at
* no worker that may have it is left: it is handed out again
* the scheduler is lost: connect again, with patience, and hand out again whatever has no answer
* no answer came in far more time than such a submission takes, and more than the sandbox allows: another worker gets it
  as well

No worker gets anything that is not on the roll (``roll``).
"""

from __future__ import annotations

import contextlib
import queue
import statistics
import time
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from course_lib.checking.wire import WireError
from course_lib.text import Text
from grader.cluster import messages, parcels, worker
from grader.cluster.connection import Disconnected, Worker
from grader.cluster.messages import ClusterError, ClusterLost
from grader.cluster.roll import SILENT_SECONDS, Line, Roll
from grader.cluster.versions import Versions, digest
from grader.engine.pool import ATTEMPTS, lost_run
from grader.engine.tasks import Run, Task

SCAN_SECONDS = 2.0  # between two looks at who is there
LATE_FACTOR = 10.0  # times the usual time of an answer, before another worker is asked too
AGAIN_SECONDS = 1.0  # between two tries to connect or to hand out what was cancelled
SLOWEST_TRY = 15.0
FIRST_SECONDS = 20.0  # for a scheduler that was never there: the address is likely wrong


@dataclass(eq=False)
class Copy:
    """A submission in the hands of one of several workers, since a time."""

    future: Future[Any]
    allowed: frozenset[str]
    since: float


@dataclass(eq=False)
class Errand:
    """A submission on its way. patience: seconds within which the sandbox itself would have ended it."""

    task: Task
    settings: str
    patience: float
    future: Future[Run] = field(default_factory=Future)
    lives: int = ATTEMPTS
    copies: list[Copy] = field(default_factory=list)
    with_cases: bool = False
    not_before: float = 0.0

    def __post_init__(self) -> None:
        self.text, self.cases = parcels.pack_task(self.task)


class Desk:
    """expected: the versions that a worker must have. patience: seconds to wait for a scheduler or a worker to come
    back. say: called with what a person should know."""

    def __init__(
        self,
        line: Line,
        expected: Versions,
        isolation: str,
        patience: float,
        say: Callable[[Text], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.line, self.patience, self.say, self.clock = line, patience, say, clock
        self.stamp = digest(expected)
        self.lost: ClusterLost | None = None
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.roll = Roll(line, expected, isolation, say, self._events.put, self._welcome)
        self._open: dict[Errand, None] = {}
        self._took: deque[float] = deque(maxlen=200)
        self._settings: dict[str, None] = {}
        self._next_look = 0.0
        self._down_since: float | None = None  # the scheduler does not answer
        self._alone_since: float | None = None  # no worker is accepted
        self._pause = AGAIN_SECONDS
        self._told_late = 0
        self._is_open = False

    # What other threads call.

    def hand_in(self, errand: Errand) -> None:
        """Takes an errand on; its future ends with a run, or with ClusterLost."""
        self._events.put(lambda: self._take(errand))

    def prepare(self, settings: str) -> None:
        """Lets all workers start their sandboxes, without waiting."""
        self._events.put(lambda: self._prepare(settings, list(self.roll.accepted)))

    def call_back(self, errands: Collection[Errand]) -> None:
        """Forgets errands that nobody waits for any more."""
        self._events.put(lambda: self._drop(errands))

    # The desk's own thread.

    def open(self) -> None:
        """Connects and waits for a first worker. Raises ClusterError where there is none to be had."""
        self._connect(self.clock() + min(self.patience, FIRST_SECONDS))
        deadline = self.clock() + self.patience
        told = False
        while not self.roll.accepted or self.roll.asking:
            self.step(0.1)
            if self._down_since is not None or self.lost is not None:
                raise ClusterError(messages.NO_SCHEDULER.format(address=self.line.address, reason="it went away"))
            if self.roll.refused and not self.roll.asking and not self.roll.accepted:
                raise ClusterError(self.roll.reasons())
            if self.clock() > deadline and not self.roll.accepted:
                raise ClusterError(messages.NO_WORKER.format(address=self.line.address, seconds=self.patience))
            if not told and not self.roll.asking:
                told = True
                self.say(messages.WAITING.format(address=self.line.address, seconds=self.patience))
        self._is_open = True
        self.say(messages.READY.format(count=len(self.roll.accepted), threads=self.roll.threads))

    def step(self, seconds: float) -> None:
        """Waits for one event, so long at most, and does what is to be done."""
        with contextlib.suppress(queue.Empty):
            event = self._events.get(timeout=seconds)
            event()
            while True:
                self._events.get_nowait()()
        if self.lost is not None:
            return
        now = self.clock()
        if now >= self._next_look:
            self._look_again(now)
        if self._down_since is None:
            self._hand_out(now)
        self._give_up(now)

    def close(self) -> None:
        """Lets the workers end their sandboxes, and hangs up."""
        if self._down_since is None and self.lost is None:
            with contextlib.suppress(Exception):
                leaving = [
                    self.line.submit([address], worker.leave, list(self._settings))
                    for address, one in self.roll.accepted.items()
                    if one.silent < SILENT_SECONDS
                ]
                deadline = time.monotonic() + 3.0
                for future in leaving:
                    future.result(timeout=max(0.1, deadline - time.monotonic()))
        self._fail(ClusterError(messages.NO_SCHEDULER.format(address=self.line.address, reason="closed")))
        self.line.close()

    def broken(self, error: BaseException) -> None:
        """A fault of the desk itself: nobody must wait for an answer that never comes."""
        self.lost = ClusterLost(messages.BROKEN.format(reason=f"{type(error).__name__}: {error}"))
        self._fail(self.lost)

    def _take(self, errand: Errand) -> None:
        if self.lost is not None:
            errand.future.set_exception(self.lost)
            return
        self._settings[errand.settings] = None
        self._open[errand] = None

    def _drop(self, errands: Collection[Errand]) -> None:
        for errand in errands:
            self._open.pop(errand, None)
            self._recall(errand)
            if errand.future.cancel():
                errand.future.set_running_or_notify_cancel()  # or whoever waits for several would wait on

    def _recall(self, errand: Errand) -> None:
        copies, errand.copies = errand.copies, []
        for copy in copies:
            copy.future.cancel()

    def _prepare(self, settings: str, addresses: list[str]) -> None:
        self._settings[settings] = None
        if self._down_since is None:
            for address in addresses:
                with contextlib.suppress(Disconnected):
                    self.line.submit([address], worker.prepare, settings)

    # Who is there.

    def _connect(self, deadline: float) -> None:
        while True:
            try:
                self.line.connect()
                return
            except Disconnected as why:
                if self.clock() + self._pause >= deadline:
                    raise ClusterError(
                        messages.NO_SCHEDULER.format(address=self.line.address, reason=str(why))
                    ) from None
            time.sleep(self._pause)

    def _look_again(self, now: float) -> None:
        try:
            if self._down_since is not None:
                self.line.connect()
                self.say(messages.CONNECTED_AGAIN.format(count=len(self._open)))
                self._down_since, self._pause = None, AGAIN_SECONDS
            everybody = self.line.workers()
            self.roll.notice(everybody, now)
            self._strand({one.address for one in everybody})
            self._next_look = now + SCAN_SECONDS
        except Disconnected:
            self._disconnected(now)

    def _disconnected(self, now: float) -> None:
        """Everything that was handed out is lost with the scheduler; the answers that are here stay."""
        if self._down_since is None:
            self._down_since = now
            self.say(messages.CONNECTION_LOST.format(seconds=self.patience))
            for errand in self._open:
                self._recall(errand)
            self.roll.clear()
        self._next_look = now + self._pause
        self._pause = min(2 * self._pause, SLOWEST_TRY)

    def _strand(self, present: Collection[str]) -> None:
        """Takes back what only workers have that are there no more."""
        present = frozenset(present)
        for errand in self._open:
            for copy in [copy for copy in errand.copies if not copy.allowed & present]:
                errand.copies.remove(copy)
                copy.future.cancel()

    def _welcome(self, one: Worker) -> None:
        if self._is_open:
            self.say(messages.ACCEPTED.format(worker=one.name, threads=one.threads))
        for settings in list(self._settings)[-1:]:
            self._prepare(settings, [one.address])

    # What is handed out.

    def _hand_out(self, now: float) -> None:
        awake = self.roll.awake()
        if not awake:
            return
        late = 0
        for errand in self._open:
            if not errand.copies:
                if now < errand.not_before:
                    continue
            elif len(errand.copies) < ATTEMPTS and now - errand.copies[-1].since > self._late_after(errand):
                late += 1
            else:
                continue
            try:
                self._hand(errand, awake, now)
            except Disconnected:
                self._disconnected(now)
                return
        if late and self._told_late < ATTEMPTS:
            self._told_late += 1
            seconds = max(now - e.copies[0].since for e in self._open if e.copies)
            self.say(messages.STILL_WAITING.format(count=late, seconds=seconds))

    def _late_after(self, errand: Errand) -> float:
        usual = statistics.median(self._took) if self._took else 0.0
        return max(LATE_FACTOR * usual, errand.patience)

    def _hand(self, errand: Errand, awake: frozenset[str], now: float) -> None:
        cases = errand.cases if errand.with_cases else {}
        future = self.line.submit(awake, worker.grade, self.stamp, errand.settings, errand.text, cases)
        copy = Copy(future, awake, now)
        errand.copies.append(copy)
        future.add_done_callback(lambda _: self._events.put(lambda: self._answered(errand, copy)))

    def _answered(self, errand: Errand, copy: Copy) -> None:
        if copy not in errand.copies:
            return
        errand.copies.remove(copy)
        now = self.clock()
        if copy.future.cancelled() or copy.future.exception() is not None:
            self._came_to_nothing(errand, copy.future, now)
            return
        kind, what, address = copy.future.result()
        match kind:
            case "run":
                self._took.append(now - copy.since)
                try:
                    self._settle(errand, parcels.unpack_run(what))
                except WireError as error:
                    self._settle(errand, error)
            case "missing":
                errand.with_cases = True
            case "stranger":  # another process under an address that was known
                self.roll.accepted.pop(address, None)
                self._next_look = now
                errand.not_before = now + AGAIN_SECONDS
            case "unavailable":
                if address in self.roll.accepted:
                    self.roll.refuse(self.roll.accepted[address], Text(**what))
            case _:
                self._settle(errand, RuntimeError(f"{address}: {what}"))

    def _came_to_nothing(self, errand: Errand, future: Future[Any], now: float) -> None:
        fate = self.line.fate(future)
        errand.not_before = now + AGAIN_SECONDS
        self._next_look = now
        if fate == "cancelled":
            return  # the scheduler's doing, not the submission's
        errand.lives -= 1
        if errand.lives == 0:
            self._settle(errand, lost_run(errand.task) if fate == "killed" else future.exception())

    def _settle(self, errand: Errand, what: Run | BaseException | None) -> None:
        """The end of an errand: what other copies say is not heard any more."""
        self._open.pop(errand, None)
        self._recall(errand)
        if errand.future.cancelled():
            return
        if isinstance(what, Run):
            errand.future.set_result(what)
        else:
            errand.future.set_exception(what)

    def _give_up(self, now: float) -> None:
        """After ``patience`` seconds without a scheduler or without a worker."""
        if self._down_since is not None:
            if now - self._down_since > self.patience:
                self._fail(ClusterLost(self._too_long(messages.SCHEDULER_LOST)))
            return
        if self.roll.accepted or not self._open:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
            self.say(messages.WAITING.format(address=self.line.address, seconds=self.patience))
        elif now - self._alone_since > self.patience:
            self._fail(ClusterLost(self._too_long(messages.WORKERS_LOST)))

    def _too_long(self, text: Text) -> Text:
        return text.format(address=self.line.address, seconds=self.patience)

    def _fail(self, why: ClusterError | ClusterLost) -> None:
        if isinstance(why, ClusterLost):
            self.lost = why
        for errand in list(self._open):
            self._settle(errand, why)

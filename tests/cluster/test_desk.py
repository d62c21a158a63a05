"""The desk's decisions, one event after the other: the line does what the test says, and the test sets the clock."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any

import pytest

from course_lib.text import Text
from grader.cluster import desk as module
from grader.cluster import parcels, roll, worker
from grader.cluster.connection import Disconnected, Fate, Worker
from grader.cluster.desk import Desk, Errand
from grader.cluster.messages import ClusterError, ClusterLost
from grader.cluster.pool import Cluster
from grader.cluster.versions import versions
from grader.engine.limits import Limits
from grader.engine.pool import ATTEMPTS
from grader.engine.tasks import CellRun, ProbeJob, Run, Task

HERE = {"torch": "2.13.0", "lesson 01_toy": "abc"}
RUN = Run((CellRun([], "ok"),), (), (), 0.5)
TASK = Task(("x = 1",), (ProbeJob("double", "def probe(ns, x): ...", ({"x": 1},)),))
SETTINGS = parcels.pack_settings(Limits(), "none", ())
PATIENCE = 100.0


class Killed(Exception):
    """What Dask says when a task's workers died one after the other."""


@dataclass
class Call:
    addresses: tuple[str, ...]
    function: Callable[..., Any]
    args: tuple[Any, ...]
    future: Future[Any] = field(default_factory=Future)


class FakeLine:
    address = "tcp://fake:1"

    def __init__(self, **versions: dict[str, str]) -> None:
        self.versions = versions or {"a": HERE}
        self.silent: dict[str, float] = {}
        self.up = True
        self.calls: list[Call] = []
        self.mute = False
        self.fault: Exception | None = None

    def connect(self) -> None:
        if not self.up:
            raise Disconnected("nobody there")

    def workers(self) -> list[Worker]:
        if not self.up:
            raise Disconnected("gone")
        return [Worker(name, name, 2, self.silent.get(name, 0.0)) for name in self.versions]

    def submit(self, addresses: Collection[str], function: Callable[..., Any], *args: Any) -> Future[Any]:
        if not self.up:
            raise Disconnected("gone")
        call = Call(tuple(sorted(addresses)), function, args)
        if function is worker.look:
            [name] = addresses
            if self.mute:
                return call.future
            if self.fault is not None:
                call.future.set_exception(self.fault)
                return call.future
            call.future.set_result({"versions": self.versions[name], "unavailable": None})
        elif function is worker.grade:
            self.calls.append(call)
        else:
            call.future.set_result(None)
        return call.future

    def fate(self, future: Future[Any]) -> Fate:
        if future.cancelled():
            return "cancelled"
        return "killed" if isinstance(future.exception(), Killed) else "failed"

    def close(self) -> None: ...


class Room:
    """A desk that is open, its line, its clock and what it said."""

    def __init__(self, line: FakeLine) -> None:
        self.now = 1000.0
        self.said: list[Text] = []
        self.line = line
        self.desk = Desk(line, HERE, "none", PATIENCE, self.said.append, lambda: self.now)
        self.desk.open()

    def errand(self) -> Errand:
        errand = Errand(TASK, SETTINGS, patience=30.0)
        self.desk.hand_in(errand)
        self.steps()
        return errand

    def steps(self, seconds: float = 0.0) -> None:
        """Time passes, and the desk does what is to be done."""
        self.now += seconds
        for _ in range(4):
            self.desk.step(0.0)

    def last(self) -> Call:
        return self.line.calls[-1]

    def answers(self, call: Call, kind: str = "run", what: Any = None) -> None:
        call.future.set_result((kind, parcels.pack_run(RUN) if kind == "run" else what, call.addresses[0]))
        self.steps()

    def heard(self, words: str) -> bool:
        return any(words in text.en for text in self.said)


@pytest.fixture
def room() -> Room:
    return Room(FakeLine(a=HERE, b=HERE))


def test_an_answer_is_the_runs(room: Room) -> None:
    errand = room.errand()
    assert room.last().addresses == ("a", "b")
    room.answers(room.last())
    assert errand.future.result(0) == RUN
    assert len(room.line.calls) == 1


def test_cases_are_sent_where_they_are_missing(room: Room) -> None:
    errand = room.errand()
    assert room.last().args[-1] == {}
    room.answers(room.last(), "missing", ["…"])
    assert room.last().args[-1] == errand.cases != {}
    room.answers(room.last())
    assert errand.future.result(0) == RUN


def test_workers_that_die_one_after_the_other_end_it_as_lost(room: Room) -> None:
    """Never with a verdict: worker_lost is a fault of the grader."""
    errand = room.errand()
    for number in range(ATTEMPTS):
        assert len(room.line.calls) == number + 1
        assert not errand.future.done()
        room.last().future.set_exception(Killed())
        room.steps()
        room.steps(module.AGAIN_SECONDS)
    run = errand.future.result(0)
    assert [event.code for event in run.events] == ["worker_lost"]
    assert [[o.code for o in probe.observed] for probe in run.probes] == [["worker_lost"]]  # type: ignore[union-attr]
    assert len(room.line.calls) == ATTEMPTS


def test_a_fault_on_the_worker_is_the_graders(room: Room) -> None:
    errand = room.errand()
    room.answers(room.last(), "error", "ZeroDivisionError: division by zero")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        errand.future.result(0)


def test_an_answer_that_is_no_run_is_an_error(room: Room) -> None:
    errand = room.errand()
    room.last().future.set_result(("run", b"nonsense", "a"))
    room.steps()
    assert "malformed" in str(errand.future.exception(0))


def test_cancelled_costs_no_life(room: Room) -> None:
    errand = room.errand()
    for _ in range(3 * ATTEMPTS):
        room.last().future.cancel()
        room.steps()
        room.steps(module.AGAIN_SECONDS)
    assert not errand.future.done()
    room.answers(room.last())
    assert errand.future.result(0) == RUN


def test_a_late_one_is_handed_out_twice_and_the_first_answer_counts(room: Room) -> None:
    errand = room.errand()
    room.steps(errand.patience - 1)
    assert len(room.line.calls) == 1  # never before the sandbox itself would have ended it
    room.line.silent["a"] = 31.0
    room.steps(module.SCAN_SECONDS)
    first, second = room.line.calls
    assert second.addresses == ("b",)  # not to the one that was not heard of
    assert room.heard("other workers get them too")
    room.answers(second)
    assert errand.future.result(0) == RUN
    assert first.future.cancelled()


def test_the_slow_answer_may_still_be_the_first(room: Room) -> None:
    errand = room.errand()
    room.steps(errand.patience + 1)
    first, second = room.line.calls
    room.answers(first)
    assert errand.future.result(0) == RUN
    assert second.future.cancelled()


def test_the_usual_time_counts_too(room: Room) -> None:
    for _ in range(3):
        errand = room.errand()
        room.now += 20.0
        room.answers(room.last())
    errand = room.errand()
    before = len(room.line.calls)
    room.steps(module.LATE_FACTOR * 20.0 - 1)
    assert len(room.line.calls) == before
    room.steps(2.0)
    assert len(room.line.calls) == before + 1
    assert not errand.future.done()


def test_nothing_goes_to_one_that_differs_or_has_not_been_asked(room: Room) -> None:
    room.line.versions["other"] = {**HERE, "torch": "2.12.0"}
    room.errand()
    assert room.last().addresses == ("a", "b")  # it has just come
    room.steps(module.SCAN_SECONDS)
    room.errand()
    assert room.last().addresses == ("a", "b")
    assert room.heard("Worker other is refused, as torch is 2.12.0 there and 2.13.0 here.")
    room.line.versions["third"] = HERE
    room.steps(module.SCAN_SECONDS)
    room.errand()
    assert room.last().addresses == ("a", "b", "third")


def test_another_process_under_a_known_address_is_asked_again(room: Room) -> None:
    errand = room.errand()
    room.line.versions["a"] = {**HERE, "torch": "2.12.0"}
    room.answers(room.last(), "stranger")
    room.steps(module.SCAN_SECONDS)
    assert room.last().addresses == ("b",)
    room.answers(room.last())
    assert errand.future.result(0) == RUN


def test_a_worker_whose_sandbox_fails_is_refused_and_its_submission_goes_elsewhere(room: Room) -> None:
    errand = room.errand()
    room.answers(room.last(), "unavailable", {"en": "no namespaces", "zh": "没有命名空间"})
    assert room.heard("Worker a is refused, as no namespaces")
    assert room.last().addresses == ("b",)
    room.answers(room.last())
    assert errand.future.result(0) == RUN


def test_all_its_workers_left_and_others_came(room: Room) -> None:
    errand = room.errand()
    first = room.last()
    room.line.versions = {"c": HERE}
    room.steps(module.SCAN_SECONDS)
    assert first.future.cancelled()
    assert room.last().addresses == ("c",)
    room.answers(room.last())
    assert errand.future.result(0) == RUN
    assert errand.lives == ATTEMPTS


@pytest.mark.parametrize("noticed", [True, False])
def test_the_scheduler_comes_back(room: Room, noticed: bool) -> None:
    """noticed: whether Dask itself cancels what was handed out, or the scheduler only did not answer for a while."""
    errands = [room.errand() for _ in range(3)]
    room.answers(room.line.calls[0])
    room.line.up = False
    for call in room.line.calls[1:] if noticed else ():
        call.future.cancel()
    room.steps(module.SCAN_SECONDS)
    assert room.heard("The connection to the scheduler is lost")
    before = len(room.line.calls)
    room.steps(PATIENCE / 2)
    assert len(room.line.calls) == before
    room.line.up = True
    room.steps(PATIENCE / 4)
    room.steps(module.SCAN_SECONDS)
    assert room.heard("Connected again; 2 submissions")
    assert len(room.line.calls) == before + 2
    for call in room.line.calls[before:]:
        room.answers(call)
    assert [errand.future.result(0) for errand in errands] == [RUN] * 3


@pytest.mark.parametrize("what", ["scheduler", "workers"])
def test_patience_has_an_end(room: Room, what: str) -> None:
    errand = room.errand()
    if what == "scheduler":
        room.line.up = False
    else:
        room.line.versions = {}
    room.steps(module.SCAN_SECONDS)
    room.steps(PATIENCE - 10)
    assert not errand.future.done()
    room.steps(20)
    assert isinstance(errand.future.exception(0), ClusterLost)
    assert isinstance(room.errand().future.exception(0), ClusterLost)  # later ones do not wait in vain


def test_what_is_called_back_is_not_handed_out(room: Room) -> None:
    errand = room.errand()
    room.desk.call_back([errand])
    room.steps()
    assert errand.future.cancelled() and room.last().future.cancelled()
    room.steps(1000.0)
    assert len(room.line.calls) == 1


def test_a_fault_of_the_desk_leaves_nobody_waiting(room: Room) -> None:
    errand = room.errand()
    room.desk.broken(ZeroDivisionError("!"))
    assert "ZeroDivisionError" in str(errand.future.exception(0))


def test_where_all_are_refused_it_does_not_open() -> None:
    with pytest.raises(ClusterError) as raised:
        Room(FakeLine(a={**HERE, "torch": "1.0"}, b={"torch": "2.13.0"}))
    assert "Worker a is refused, as torch is 1.0 there and 2.13.0 here." in raised.value.text.en
    assert "Worker b is refused, as lesson 01_toy is missing there and abc here." in raised.value.text.en
    assert "拒绝工作进程 b：lesson 01_toy 在那边没有，在这里是 abc。" in raised.value.text.zh


def test_where_some_are_refused_the_others_grade() -> None:
    room = Room(FakeLine(a={}, b=HERE))
    assert set(room.desk.roll.accepted) == {"b"}
    assert room.desk.roll.threads == 2


def test_a_worker_that_does_not_say_what_it_has_is_refused() -> None:
    room = Room(FakeLine(a=HERE))
    room.line.mute = True
    room.line.versions["b"] = HERE
    room.steps(module.SCAN_SECONDS)
    assert set(room.desk.roll.accepted) == {"a"} and room.desk.roll.asking
    room.steps(roll.ASKED_SECONDS + 1)
    assert room.heard("Worker b is refused, as it did not say within 60 seconds")
    assert not room.desk.roll.asking


def test_a_worker_without_this_course_is_refused() -> None:
    room = Room(FakeLine(a=HERE))
    room.line.fault = ModuleNotFoundError("No module named 'grader.cluster'")
    room.line.versions["b"] = HERE
    room.steps(module.SCAN_SECONDS)
    assert room.heard("it could not be asked for its versions (ModuleNotFoundError: No module named 'grader.cluster')")
    assert set(room.desk.roll.accepted) == {"a"}


class AnswersAtOnce(FakeLine):
    """A whole cluster: what it is given, it has done, unless it is idle."""

    idle = False

    def submit(self, addresses: Collection[str], function: Callable[..., Any], *args: Any) -> Future[Any]:
        future = super().submit(addresses, function, *args)
        if function is worker.grade and not self.idle:
            future.set_result(("run", parcels.pack_run(RUN), "a"))
        return future


def test_the_pool_is_the_desk_in_a_thread_of_its_own() -> None:
    line = AnswersAtOnce(a=versions(None), b=versions(None))
    with Cluster("fake", isolation="none", say=lambda text: None, line=line) as cluster:
        assert cluster.room == 8
        with cluster.pool(Limits(), "none", ()) as pool:
            pool.warm()
            assert [future.result(5) for future in [pool.submit_task(TASK) for _ in range(20)]] == [RUN] * 20
        line.idle = True
        with pytest.raises(KeyError), cluster.pool(Limits(), "none", ()) as pool:
            left = pool.submit_task(TASK)
            raise KeyError
        assert wait([left], 5).done and left.cancelled()
    with Cluster("fake", isolation="none", jobs=3, say=lambda text: None, line=line) as cluster:
        assert cluster.room == 3

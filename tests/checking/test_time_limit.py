"""Code that takes too long is interrupted, by the alarm and by the watcher, and the kernel is as it was before.

No test asserts a time: the limits are short, what is waited for is generous.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from course_lib.checking import check as checking
from course_lib.checking import timing
from course_lib.checking.check import _run
from course_lib.checking.timing import OutOfTime, TimeLimit
from tests.checking.toy import pack, right

FOREVER = 10**9
needs_alarm = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="this system has no alarm")
both_ways = pytest.mark.parametrize("alarm", [pytest.param(True, marks=needs_alarm), False], ids=["alarm", "watcher"])


def silent() -> None:
    pass


def loop() -> None:
    for _ in range(FOREVER):
        pass


def loop_that_swallows_once() -> None:
    try:  # noqa: SIM105
        loop()
    except:  # noqa: E722, S110 - as a student would
        pass
    loop()


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "course-check-watcher"]


@both_ways
@pytest.mark.parametrize("endless", [loop, loop_that_swallows_once])
def test_a_loop_is_stopped_and_nothing_stays_behind(
    endless: Callable[[], None], alarm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "AGAIN", 0.1)
    before = signal.getsignal(signal.SIGALRM) if alarm else None
    with pytest.raises(OutOfTime), TimeLimit(0.1, silent, alarm):
        endless()
    assert watchers() == []
    if alarm:
        assert signal.getsignal(signal.SIGALRM) is before
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    time.sleep(0.3)  # an interruption that came late would be raised here


@both_ways
def test_what_ends_in_time_is_left_alone(alarm: bool) -> None:
    with TimeLimit(60.0, silent, alarm):
        done = sum(range(1000))
    assert done == 499500 and watchers() == []


@needs_alarm
def test_an_alarm_of_the_students_own_goes_on() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with TimeLimit(60.0, silent):
            pass
        deadline = time.monotonic() + 30
        while not rung and time.monotonic() < deadline:
            time.sleep(0.05)
        assert rung == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_off_the_main_thread_that_thread_is_interrupted() -> None:
    caught: list[str] = []

    def run() -> None:
        try:
            with TimeLimit(0.1, silent):
                loop()
        except OutOfTime:
            caught.append(threading.current_thread().name)

    thread = threading.Thread(target=run, name="another")
    thread.start()
    thread.join(60)
    assert caught == ["another"]


@both_ways
def test_the_watcher_speaks_where_code_does_not_listen(alarm: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "AGAIN", 0.1)
    monkeypatch.setattr(timing, "GRACE", 0.2)
    spoken = threading.Event()

    def deaf() -> None:
        while not spoken.is_set():
            try:
                loop()
            except KeyboardInterrupt:
                continue

    with pytest.raises(OutOfTime), TimeLimit(0.1, spoken.set, alarm):
        deaf()
        loop()
    assert spoken.is_set()


@both_ways
def test_an_import_is_waited_for(alarm: bool, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "AGAIN", 0.1)
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nfor _ in range(50):\n    time.sleep(0.02)\nREADY = True\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "slow_to_import", raising=False)
    with pytest.raises(OutOfTime), TimeLimit(0.1, silent, alarm):
        import slow_to_import

        loop()
    assert slow_to_import.READY


def test_the_check_says_what_happened_and_the_next_one_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PATIENCE", 0.04)
    stopped = _run(pack(), {"double": lambda x: loop()})
    assert (stopped.verdict, stopped.score) == ("not_run", 0.0)
    assert "had not finished after 0.2 s" in stopped.notes[0].en and "运行了 0.2 秒还没有结束" in stopped.notes[0].zh
    monkeypatch.undo()
    assert _run(pack(), {"double": right}).verdict == "pass"


def test_a_stop_by_hand_is_told_apart_from_the_limit() -> None:
    def interrupted(x: object) -> None:
        raise KeyboardInterrupt

    result = _run(pack(), {"double": interrupted})
    assert result.verdict == "not_run" and result.notes == (checking.INTERRUPTED,)

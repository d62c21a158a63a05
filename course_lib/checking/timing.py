"""A limit of time on student code in its own kernel.

On the main thread the operating system's alarm interrupts it, a sleep too. Where there is no such alarm (Windows), or
off the main thread, a watcher thread raises the interruption in the thread that runs it. Either is repeated, since a
bare ``except:`` may swallow one. Code that never comes back to Python (a long loop inside a library written in C)
hears neither: after a grace the watcher says what to do. Where such code also keeps every other thread from running,
nothing can be said from inside the process.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

AGAIN = 1.0  # seconds between two interruptions
LONGEST_IMPORT = 60.0  # seconds beyond the limit that an import may take
GRACE = 3.0  # seconds after the first interruption until the watcher speaks


class OutOfTime(KeyboardInterrupt):
    """The limit is over. A kind of KeyboardInterrupt, so that ``except Exception`` does not swallow it."""


class TimeLimit:
    """``with TimeLimit(20.0, speak):`` raises OutOfTime inside the block after 20 seconds.

    speak: called on another thread when the code has not ended GRACE seconds later. Afterwards the handler and the
    timer of the alarm are as they were, and the watcher's thread has ended.
    """

    def __init__(self, seconds: float, speak: Callable[[], None], alarm: bool = True) -> None:
        self.seconds = seconds
        self._speak = speak
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._active = False
        self._thread_id = threading.get_ident()
        on_main = threading.current_thread() is threading.main_thread()
        # A handler that was not set from Python could not be put back.
        self._alarm = alarm and hasattr(signal, "SIGALRM") and on_main and signal.getsignal(signal.SIGALRM) is not None
        self._watcher = threading.Thread(target=self._watch, name="course-check-watcher", daemon=True)
        self._before: Any = None
        self._timer = (0.0, 0.0)

    def __enter__(self) -> TimeLimit:
        self._started = time.monotonic()
        self._active = True
        self._watcher.start()
        if self._alarm:
            self._before = signal.signal(signal.SIGALRM, self._ring)
            self._timer = signal.setitimer(signal.ITIMER_REAL, self.seconds, AGAIN)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._end()
        except OutOfTime:  # it came between the block's last step and the first of ours
            self._end()

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._active and not self._importing(frame):
            raise OutOfTime

    def _importing(self, frame: FrameType | None) -> bool:
        """Whether an import is under way: cut short, it would leave a broken module in the kernel. It is waited for,
        not for ever."""
        if time.monotonic() - self._started > self.seconds + LONGEST_IMPORT:
            return False
        while frame is not None:
            if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
                return True
            frame = frame.f_back
        return False

    def _end(self) -> None:
        """May be interrupted once, and is then called again."""
        with self._lock:
            self._active = False
        self._over.set()
        if self._alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)
            delay, again = self._timer
            if delay:
                left = delay - (time.monotonic() - self._started)
                signal.setitimer(signal.ITIMER_REAL, max(left, 1e-3), again)
        else:
            _raise_in(self._thread_id, None)
        self._watcher.join()

    def _watch(self) -> None:
        end, spoken, late = self._started + self.seconds, False, 0.0
        while not self._over.wait(max(end - time.monotonic(), 0) if late == 0 else AGAIN):
            with self._lock:
                if not self._active:
                    return
                if not self._alarm and not self._importing(sys._current_frames().get(self._thread_id)):
                    _raise_in(self._thread_id, OutOfTime)
            late = max(time.monotonic() - end, 1e-9)
            if late >= GRACE and not spoken:
                spoken = True
                self._speak()


def _raise_in(thread_id: int, kind: type[BaseException] | None) -> None:
    """Has a thread raise an exception at its next step of Python; None takes back one that is still to come."""
    thing = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), thing)

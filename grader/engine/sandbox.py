"""One warm sandbox, seen from the trusted side: start it, open a submission's process in it, interrupt, close.

The warm process is trusted to answer; student code never runs in it. It can still be lost (killed by the system for
memory, say): every call raises WorkerLost then, and the sandbox is good for nothing but ``stop``. The thread that
starts a sandbox must outlive it: bubblewrap dies with that thread.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from grader.engine.accelerators import Accelerator
from grader.engine.inside import protocol
from grader.engine.launch import Isolation, Launched, SandboxUnavailable, check, launch, other_processes
from grader.engine.limits import Limits

CHANCES = 4  # to become warm
ANSWER_SECONDS = 10.0


class WorkerLost(RuntimeError):
    """The warm process ended, or did not answer in time."""


class Sandbox:
    """A warm process and the control connection to it.

    ``deaths`` holds how the submission's process ended, once it has: ``exit 3``, ``SIGKILL``.
    """

    def __init__(
        self,
        limits: Limits,
        isolation: Isolation = "bubblewrap",
        warmup: tuple[str, ...] = (),
        accelerator: Accelerator | None = None,
    ) -> None:
        self.limits, self.isolation, self.warmup, self.accelerator = limits, isolation, warmup, accelerator
        self.deaths: list[str] = []
        self.failed: list[str] = []
        self._launched: Launched | None = None
        self._frames = protocol.Frames(protocol.LONGEST_CONTROL)
        self._answers: list[dict[str, Any]] = []
        self._control: socket.socket | None = None

    @property
    def running(self) -> bool:
        return self._control is not None

    @property
    def control(self) -> socket.socket:
        """The control connection, to wait on. Raises WorkerLost where the sandbox was not started or is stopped."""
        if self._control is None:
            raise WorkerLost("it is not running")
        return self._control

    @property
    def pid(self) -> int:
        """The warm process's id, seen from outside. Raises WorkerLost."""
        if self._launched is None:
            raise WorkerLost("it is not running")
        return self._launched.pid

    def start(self) -> None:
        """Launches and waits until it is warm and known to be without privileges. Raises SandboxUnavailable.

        A warm process that is lost on its way (killed by the system for memory, say) is tried again, CHANCES in all.
        """
        for chance in range(1, CHANCES + 1):
            try:
                self._start()
                return
            except WorkerLost as error:
                if chance == CHANCES:
                    raise SandboxUnavailable(f"the warm process did not start ({error})") from None

    def _start(self) -> None:
        for warmup in (self.warmup, ()):
            self.stop()
            mine, theirs = socket.socketpair()
            try:
                launched = self._launched = launch(
                    self.isolation, self.limits, theirs.fileno(), warmup, self.accelerator
                )
            except BaseException:
                mine.close()
                raise
            finally:
                theirs.close()
            self._control = mine
            self._other = other_processes(self.isolation)
            try:
                ready = self._wait("ready", self.limits.start_seconds)
            except WorkerLost as error:
                words = launched.words()
                self.stop()
                raise WorkerLost(f"{error}: {words}") from None
            # A thread that the warm-up cells started would make forking unsafe: start without them.
            if ready["threads"] == 1:
                break
        if self.isolation == "bubblewrap":
            try:
                check(launched)
            except BaseException:
                self.stop()
                raise
        self.failed = list(ready["failed"])

    def open(self) -> socket.socket:
        """A fresh fork for a submission; the parent's end of the connection to it, non-blocking."""
        self.deaths.clear()
        mine, theirs = socket.socketpair()
        limits = {**self.limits.as_dict(), "other_processes": self._other}
        order = protocol.frame(protocol.CONTROL, protocol.to_json({"op": "open", "limits": limits}))
        try:
            with self._lost_if_broken():
                socket.send_fds(self.control, [order], [theirs.fileno()])
            theirs.close()
            self._wait("open", ANSWER_SECONDS)
        except BaseException:
            mine.close()
            raise
        finally:
            theirs.close()
        mine.setblocking(False)
        return mine

    def interrupt(self) -> None:
        """SIGINT to the submission's process. When this returns, the signal is with it."""
        self._order("interrupt")
        self._wait("interrupt", ANSWER_SECONDS)

    def close(self) -> str | None:
        """Kills everything of the submission and wipes what it wrote. Returns what is dirty all the same, or None."""
        self._order("close")
        dirty = self._wait("close", ANSWER_SECONDS)["dirty"]
        return None if dirty is None else str(dirty)

    def listen(self) -> None:
        """Takes in what the warm process has to say, without waiting. Raises WorkerLost."""
        self._take(0.0)

    def stop(self) -> None:
        """Ends the sandbox and everything in it; safe to call twice."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._launched is not None:
            self._launched.kill()
            self._launched = None
        self._answers.clear()
        self._frames = protocol.Frames(protocol.LONGEST_CONTROL)

    def _order(self, op: str) -> None:
        with self._lost_if_broken():
            self.control.sendall(protocol.frame(protocol.CONTROL, protocol.to_json({"op": op})))

    def _wait(self, kind: str, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            for index, answer in enumerate(self._answers):
                if answer.get("re") == kind:
                    return self._answers.pop(index)
            if (left := deadline - time.monotonic()) <= 0:
                raise WorkerLost(f"no answer within {seconds:g} s")
            self._take(left)

    def _take(self, seconds: float) -> None:
        with self._lost_if_broken():
            self.control.settimeout(seconds)
            try:
                data = self.control.recv(65536)
            except (TimeoutError, BlockingIOError):
                return
            finally:
                self.control.settimeout(ANSWER_SECONDS)
            if not data:
                raise WorkerLost("it ended")
            for _, payload in self._frames.feed(data):
                answer = protocol.from_json(payload)
                if answer.get("re") == "exit":
                    self.deaths.append(str(answer["how"]))
                else:
                    self._answers.append(answer)

    @contextlib.contextmanager
    def _lost_if_broken(self) -> Any:
        try:
            yield
        except (OSError, protocol.Malformed) as error:
            raise WorkerLost(f"{type(error).__name__}: {error}") from None

"""Who may grade: workers that come are asked for their versions, and those that differ are refused by name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from course_lib.text import Text
from grader.cluster import messages, worker
from grader.cluster.connection import Fate, Worker
from grader.cluster.versions import Versions, differences

ASKED_SECONDS = 60.0  # for a worker to say what versions it has
SILENT_SECONDS = 30.0  # a worker that was not heard of for so long gets nothing new


class Line(Protocol):
    """What is needed of a connection: see ``connection.Connection``."""

    address: str

    def connect(self) -> None: ...
    def workers(self) -> list[Worker]: ...
    def submit(self, addresses: Collection[str], function: Callable[..., Any], *args: Any) -> Future[Any]: ...
    def fate(self, future: Future[Any]) -> Fate: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class _Asked:
    one: Worker
    future: Future[Any]
    since: float


class Roll:
    """expected: the versions that a worker must have. say: called with what a person should know; later: takes what is
    to be done in the desk's own thread; accept: called with each worker that may grade from now on."""

    def __init__(
        self,
        line: Line,
        expected: Versions,
        isolation: str,
        say: Callable[[Text], None],
        later: Callable[[Callable[[], None]], None],
        accept: Callable[[Worker], None],
    ) -> None:
        self.line, self.expected, self.isolation = line, dict(expected), isolation
        self.say, self.later, self.accept = say, later, accept
        self.accepted: dict[str, Worker] = {}
        self.refused: dict[str, Text] = {}
        self._asked: dict[str, _Asked] = {}

    @property
    def asking(self) -> bool:
        """Whether a worker has still to say what it has."""
        return bool(self._asked)

    @property
    def threads(self) -> int:
        """How many submissions the accepted workers grade at once."""
        return sum(one.threads for one in list(self.accepted.values()))

    def awake(self) -> frozenset[str]:
        """The accepted workers that were heard of lately; all of them where none was."""
        awake = frozenset(a for a, one in self.accepted.items() if one.silent < SILENT_SECONDS)
        return awake or frozenset(self.accepted)

    def notice(self, everybody: Collection[Worker], now: float) -> None:
        """Strikes out who has gone and asks who has come. Raises Disconnected."""
        present = {one.address: one for one in everybody}
        for address in [a for a in self.accepted if a not in present]:
            self.say(messages.GONE.format(worker=self.accepted.pop(address).name))
        for address in [a for a in self.refused if a not in present]:
            del self.refused[address]
        for address in [a for a in self._asked if a not in present]:
            self._asked.pop(address).future.cancel()
        for address, asked in list(self._asked.items()):
            if now - asked.since > ASKED_SECONDS:
                self._asked.pop(address).future.cancel()
                self.refuse(asked.one, messages.SILENT.format(seconds=ASKED_SECONDS))
        for address, one in present.items():
            if address in self.accepted:
                self.accepted[address] = one
            elif address not in self._asked and address not in self.refused:
                self._ask(one, now)

    def clear(self) -> None:
        """Nobody is known any more: the connection is lost."""
        self.accepted.clear()
        self.refused.clear()
        self._asked.clear()

    def refuse(self, one: Worker, reason: Text) -> None:
        self.accepted.pop(one.address, None)
        self.refused[one.address] = messages.REFUSED.format(worker=one.name, reason=reason)
        self.say(self.refused[one.address])

    def reasons(self) -> Text:
        """Why everybody was refused."""
        several = list(self.refused.values())
        listed = Text(en="\n".join(r.en for r in several), zh="\n".join(r.zh for r in several))
        return messages.ALL_REFUSED.format(address=self.line.address, count=len(several), reasons=listed)

    def _ask(self, one: Worker, now: float) -> None:
        future = self.line.submit([one.address], worker.look, self.expected, self.isolation)
        self._asked[one.address] = _Asked(one, future, now)
        future.add_done_callback(lambda f: self.later(lambda: self._told(one, f)))

    def _told(self, one: Worker, future: Future[Any]) -> None:
        asked = self._asked.get(one.address)
        if asked is None or asked.future is not future:
            return
        del self._asked[one.address]
        if future.cancelled():
            return  # with the connection, or the worker is gone: who is there is asked again
        if (error := future.exception()) is not None:
            if self.line.fate(future) == "failed":
                reason = f"{type(error).__name__}: {error}"[:200]
                self.refuse(one, messages.CANNOT_ANSWER.format(reason=reason))
            return
        answer = future.result()
        reasons = differences(answer["versions"], self.expected)
        if answer["unavailable"] is not None:
            reasons.append(Text(**answer["unavailable"]))
        if reasons:
            self.refuse(one, Text(en=" ".join(r.en for r in reasons), zh="".join(r.zh for r in reasons)))
            return
        self.accepted[one.address] = one
        self.accept(one)

"""The connection to a Dask cluster; nothing else in the grader imports Dask."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grader.cluster.messages import NO_DASK, NO_SCHEDULER, ClusterError

ASK_SECONDS = 30.0  # for the scheduler to say who is there
CONNECT_SECONDS = 5.0  # for one try
LIKE_A_LOSS = (OSError, TimeoutError)  # Dask's CommClosedError is an OSError
Fate = Literal["cancelled", "killed", "failed"]


class Disconnected(Exception):
    """The scheduler does not answer."""


@dataclass(frozen=True)
class Worker:
    """A worker as the scheduler knows it. silent: seconds since it was last heard of."""

    address: str
    name: str
    threads: int
    silent: float = 0.0


class Connection:
    """A connection that can be lost and made again.

    address: ``tcp://host:8786``, or the path of a scheduler file, which is read anew each time. Certificates are Dask's
    own settings (``distributed.comm.tls``). Raises ClusterError without Dask.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client: Any = None
        try:
            import distributed
        except ImportError:
            raise ClusterError(NO_DASK) from None
        self._dask = distributed
        # What is lost and found again is said in our own words; Dask's would come between them with tracebacks.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)

    def connect(self) -> None:
        """Raises Disconnected where nobody answers, ClusterError where asking is no use: an address that is none,
        certificates that are not there."""
        self.close()
        try:
            where = {"scheduler_file": self.address} if Path(self.address).is_file() else {"address": self.address}
            self._client = self._dask.Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            if isinstance(error, LIKE_A_LOSS):
                raise Disconnected(reason) from None
            raise ClusterError(NO_SCHEDULER.format(address=self.address, reason=reason)) from None

    def workers(self) -> list[Worker]:
        """Everybody who is there. Raises Disconnected."""
        client = self._client
        if client is None or client.status != "running":
            raise Disconnected("the connection is closed")
        try:
            found = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=ASK_SECONDS)["workers"]
        except LIKE_A_LOSS as error:
            raise Disconnected(str(error)) from None
        latest = max((each["last_seen"] for each in found.values()), default=0.0)
        return [
            Worker(address, str(each["name"]), int(each["nthreads"]), latest - each["last_seen"])
            for address, each in found.items()
            if each.get("status", "running") == "running"
        ]

    def submit(self, addresses: Collection[str], function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Calls a function on one of these workers. Raises Disconnected."""
        try:
            executor = self._client.get_executor(workers=sorted(addresses), pure=False)
            future: Future[Any] = executor.submit(function, *args)
        except Exception as error:  # a closed client raises whatever it stumbles over
            raise Disconnected(f"{type(error).__name__}: {error}") from None
        return future

    def fate(self, future: Future[Any]) -> Fate:
        """Why a finished future has no result: ``cancelled`` with the connection, its workers ``killed`` one after
        the other, or it ``failed`` in Dask's own hands."""
        if future.cancelled():
            return "cancelled"
        error = future.exception()
        if isinstance(error, self._dask.CancelledError):
            return "cancelled"
        return "killed" if isinstance(error, self._dask.scheduler.KilledWorker) else "failed"

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close(timeout=2)

"""Work that visitors ask for: a few pieces at once, bounded lines, and an end to waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from threading import RLock, Semaphore
from typing import TypeVar, cast

from xinzhi.core.errors import XinzhiError
from xinzhi.core.parameters import read_yaml

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a service allows itself; what each figure is stands beside it in ``limits.yaml``.

    Examples
    --------
    >>> Limits.load().workers
    2
    """

    workers: int
    waiting: int
    waiters_per_answer: int
    waiters: int
    changed: int
    changed_studies: int
    seconds: float
    retry: int
    studies: int
    answers: int
    body: int
    sending: float
    unpacked: int
    ratio: int
    entries: int
    uploads: int
    connections: int
    remembered: int
    guessing: float
    rows: int

    @classmethod
    def load(cls) -> Limits:
        """Return the limits that the package has."""
        content = read_yaml(Path(__file__).with_name("limits.yaml"))
        return cls(**{field.name: content[field.name] for field in fields(cls)})


class BusyError(XinzhiError):
    """The server is at its limit, or an answer takes too long; `retry` seconds later it may be there.

    Examples
    --------
    >>> BusyError("web.busy", seconds=5).retry
    5
    """

    @property
    def retry(self) -> int:
        """Seconds after which to come back."""
        return int(str(self.values["seconds"]))


class Workers:
    """Threads that compute for visitors; equal questions at the same time share one computation.

    What visitors can ask without end, such as protocols of their own, stands `aside`: one of it is computed at a time,
    in a line of its own, so that a worker stays free for everything else.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._pools = {
            False: ThreadPoolExecutor(limits.workers, "xinzhi"),
            True: ThreadPoolExecutor(1, "xinzhi-aside"),
        }
        self._places = {False: limits.workers + limits.waiting, True: 1 + limits.changed}  # running and in line
        self._slots = Semaphore(limits.workers)
        self._futures: dict[Hashable, Future[object]] = {}
        self._active: Counter[bool] = Counter()
        self._waiting: Counter[Hashable] = Counter()
        self._lock = RLock()

    async def run(self, key: Hashable, work: Callable[[], Value], *, aside: bool = False) -> Value:
        """Return what work gives; refuse where too many wait, or too long: then it goes on all the same."""
        with self._lock:
            future = self._futures.get(key) or self._submit(key, work, aside=aside)
            if self._waiting[key] >= self.limits.waiters_per_answer or self._waiting.total() >= self.limits.waiters:
                raise self._busy()
            self._waiting[key] += 1
        waiting = asyncio.wrap_future(future)
        waiting.add_done_callback(_retrieve)
        try:
            done, _ = await asyncio.wait({waiting}, timeout=self.limits.seconds)
        finally:
            with self._lock:
                self._waiting[key] -= 1
                self._waiting += Counter()  # drops what is zero
        if not done:
            raise BusyError("web.slow", limit=self.limits.seconds, seconds=self.limits.retry)
        return cast("Value", waiting.result())

    def close(self) -> None:
        """Let the threads end; what has not begun is dropped."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, key: Hashable, work: Callable[[], object], *, aside: bool) -> Future[object]:
        """Put work in its line; refuse where that is full."""
        if self._active[aside] >= self._places[aside]:
            raise self._busy()
        self._active[aside] += 1
        future = self._futures[key] = self._pools[aside].submit(self._work, work)
        future.add_done_callback(partial(self._leave, key, aside=aside))
        return future

    def _work(self, work: Callable[[], object]) -> object:
        with self._slots:
            return work()

    def _leave(self, key: Hashable, _: Future[object], *, aside: bool) -> None:
        with self._lock:
            self._active[aside] -= 1
            self._futures.pop(key, None)

    def _busy(self) -> BusyError:
        return BusyError("web.busy", seconds=self.limits.retry)


def _retrieve(future: asyncio.Future[object]) -> None:
    """Look at the error of an answer that nobody waits for, so that asyncio does not print it."""
    if not future.cancelled():
        future.exception()

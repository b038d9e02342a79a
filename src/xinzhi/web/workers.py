"""Work that visitors ask for: a few pieces at once, bounded lines, and an end to waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, fields
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import TypeVar, cast

from xinzhi.core.errors import XinzhiError
from xinzhi.core.parameters import read_yaml
from xinzhi.web.cache import Cache

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
    ending: int
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
    letters: int
    discarded: int

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


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work, where its outcome is waited for, the line that it stands in, and where the outcome is kept."""

    work: Callable[[], object]
    future: Future[object]
    key: Hashable
    aside: bool
    answers: Cache | None


class Workers:
    """Threads that compute for visitors; equal questions at the same time share one computation.

    What visitors can ask without end, such as protocols of their own, stands `aside`: one of it is computed at a time,
    in a line of its own, so that a worker stays free for everything else. No thread keeps the process from ending.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._threads = {False: limits.workers, True: 1}
        self._places = {False: limits.workers + limits.waiting, True: 1 + limits.changed}  # running and in line
        self._lines: dict[bool, SimpleQueue[Task | None]] = {False: SimpleQueue(), True: SimpleQueue()}
        self._slots = Semaphore(limits.workers)
        self._futures: dict[Hashable, Future[object]] = {}
        self._active: Counter[bool] = Counter()
        self._waiting: Counter[Hashable] = Counter()
        self._started: set[bool] = set()
        self._lock = Lock()

    async def run(
        self, key: Hashable, work: Callable[[], Value], answers: Cache | None = None, *, aside: bool = False
    ) -> Value:
        """Return what work gives; refuse where too many wait, or too long: then it goes on all the same."""
        # `answers`: where the outcome is kept, also when nobody waits for it any more
        with self._lock:
            if self._waiting[key] >= self.limits.waiters_per_answer or self._waiting.total() >= self.limits.waiters:
                raise self._busy()
            future = self._futures.get(key) or self._submit(key, work, answers, aside=aside)
            self._waiting[key] += 1
        try:
            waiting = asyncio.wrap_future(future)
            waiting.add_done_callback(_retrieve)
            done, _ = await asyncio.wait({waiting}, timeout=self.limits.seconds)
        finally:
            with self._lock:
                self._waiting[key] -= 1
                self._waiting += Counter()  # drops what is zero
        if not done:
            raise BusyError("web.slow", limit=self.limits.seconds, seconds=self.limits.retry)
        return cast("Value", waiting.result())

    def begin(self, key: Hashable, work: Callable[[], Value], answers: Cache) -> Future[Value]:
        """Return where the outcome of work will be, for one who is no visitor."""
        with self._lock:
            return cast("Future[Value]", self._futures.get(key) or self._submit(key, work, answers, aside=False))

    def close(self) -> None:
        """Let the threads end; what has not begun is dropped."""
        with self._lock:
            for aside in self._started:
                line = self._lines[aside]
                while not line.empty():
                    if (task := line.get()) is not None:
                        task.future.set_exception(self._busy())
                        self._leave(task)
                for _ in range(self._threads[aside]):
                    line.put(None)
            self._started.clear()

    def _submit(
        self, key: Hashable, work: Callable[[], object], answers: Cache | None, *, aside: bool
    ) -> Future[object]:
        """Put work in its line; refuse where that is full."""
        if self._active[aside] >= self._places[aside]:
            raise self._busy()
        if aside not in self._started:
            self._started.add(aside)
            for _ in range(self._threads[aside]):
                Thread(target=self._serve, args=(self._lines[aside],), name="xinzhi", daemon=True).start()
        task = Task(work, Future(), key, aside, answers)
        self._active[aside] += 1
        self._futures[key] = task.future
        self._lines[aside].put(task)
        return task.future

    def _serve(self, line: SimpleQueue[Task | None]) -> None:
        """Do the work of a line until it is closed."""
        while (task := line.get()) is not None:
            with self._slots:
                task.future.set_running_or_notify_cancel()  # nobody takes back what runs
                try:
                    outcome = task.work()
                    if task.answers is not None:
                        outcome = task.answers.keep(task.key, outcome)
                except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait are told
                    self._finish(task)
                    task.future.set_exception(error)
                else:
                    self._finish(task)
                    task.future.set_result(outcome)

    def _finish(self, task: Task) -> None:
        with self._lock:
            self._leave(task)

    def _leave(self, task: Task) -> None:
        """Let the place of a task go to another."""
        self._active[task.aside] -= 1
        self._futures.pop(task.key, None)

    def _busy(self) -> BusyError:
        return BusyError("web.busy", seconds=self.limits.retry)


def _retrieve(future: asyncio.Future[object]) -> None:
    """Look at the error of an answer that nobody waits for, so that asyncio does not print it."""
    if not future.cancelled():
        future.exception()

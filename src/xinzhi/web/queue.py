"""Work that visitors ask for: computed once, a few at a time, the answers asked last kept."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from xinzhi.core import yamlfile
from xinzhi.core.errors import XinzhiError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a service allows itself; the words beside the figures stand in ``limits.yaml``.

    Parameters
    ----------
    workers, waiting
        Studies that are computed at once, and questions that may wait.
    seconds, retry
        How long a visitor waits, and after how many seconds one who was refused may come back.
    studies, answers
        Studies that are kept, and bytes of rendered answers.
    body, sending
        Bytes of what a visitor sends, and seconds in which it must have come.
    unpacked, ratio, entries
        Of a workbook: bytes unpacked, how many times larger than packed, and its parts.
    uploads, connections
        That may be there at once.
    remembered, guessing
        Seconds: a browser need not bring its token again; a wrong token waits for its refusal.
    rows
        Of a table of projects.

    Examples
    --------
    >>> Limits.shipped().workers
    2
    """

    workers: int
    waiting: int
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
    def shipped(cls) -> Limits:
        """Return the limits that ship."""
        content = _content()
        return cls(**{one.name: content[one.name] for one in fields(cls)})


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yamlfile.read(Path(__file__).with_name("limits.yaml")).content
    return content


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


class Job:
    """One piece of work: whoever begins it first does it, everybody else waits for what it gives."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work: Callable[[], Any] | None = work
        self._begun, self._done = threading.Lock(), threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None

    def begin(self) -> bool:
        """Do the work in this thread unless another one has begun it; say whether it was done here."""
        if not self._begun.acquire(blocking=False):
            return False
        try:
            assert self._work is not None  # noqa: S101 - begun once
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001 - it is raised again for everybody who waits
            self._error = error
        finally:
            self._work = None
            self._done.set()
        return True

    def wait(self, seconds: float | None) -> bool:
        """Wait until it is done; say whether it is."""
        return self._done.wait(seconds)

    def value(self) -> Any:  # noqa: ANN401 - whatever the work gives
        """Return what the work gave, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._value


class Queue:
    """A few workers and a bounded line of jobs; a worker that waits for a job that nobody has begun does it itself."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._line: deque[Job] = deque()
        self._more = threading.Condition()
        self._free, self._workers = 0, 0
        self._here = threading.local()
        self._closed = False

    def put(self, job: Job) -> None:
        """Let a job stand in the line; refuse it when the line is full."""
        if self.inside():
            return  # this worker does it itself
        with self._more:
            if len(self._line) - self._free >= self.limits.waiting:
                raise BusyError("web.busy", seconds=self.limits.retry)
            self._line.append(job)
            if not self._free and self._workers < self.limits.workers:
                self._workers += 1
                threading.Thread(target=self._work, name=f"xinzhi-{self._workers}", daemon=True).start()
            self._more.notify()

    def wait(self, job: Job) -> Any:  # noqa: ANN401 - whatever the work gives
        """Return what a job gives; refuse to wait longer than the limit."""
        if self.inside():
            job.begin()
            job.wait(None)
        elif not job.wait(self.limits.seconds):
            raise BusyError("web.slow", limit=self.limits.seconds, seconds=self.limits.retry)
        return job.value()

    def inside(self) -> bool:
        """Say whether this thread is one of the workers."""
        return getattr(self._here, "inside", False)

    def close(self) -> None:
        """Let the workers end when the line is empty."""
        with self._more:
            self._closed = True
            self._more.notify_all()

    def _work(self) -> None:
        self._here.inside = True
        while True:
            with self._more:
                self._free += 1
                while not self._line and not self._closed:
                    self._more.wait()
                self._free -= 1
                if not self._line:
                    return
                job = self._line.popleft()
            job.begin()
            del job  # what it gave is not held while this worker is idle


class Kept:
    """What was computed last: a question that is asked twice is computed once, also when it is asked at once.

    Parameters
    ----------
    queue
        Where the work is done.
    size
        The sum of sizes that may be kept.
    measure
        The size of an answer; by default each counts one.
    """

    def __init__(self, queue: Queue, size: int, measure: Callable[[Any], int] = lambda _: 1) -> None:
        self._queue, self._most, self._measure = queue, size, measure
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._jobs: dict[Hashable, Job] = {}
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work gives
        """Return the answer to a question, computed by `work` where it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
            job = self._jobs.get(key)
            if job is None:
                job = Job(lambda: self._keep(key, work))
                self._queue.put(job)
                self._jobs[key] = job
        return self._queue.wait(job)

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return len(self._values)

    @property
    def size(self) -> int:
        """The sum of the sizes of what is kept."""
        return self._size

    def _keep(self, key: Hashable, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work gives
        try:
            value = work()
            size = self._measure(value)
            with self._lock:
                if size <= self._most:
                    self._values[key] = value, size
                    self._size += size
                while self._size > self._most:
                    self._size -= self._values.popitem(last=False)[1][1]
            return value
        finally:
            with self._lock:
                self._jobs.pop(key, None)

"""Work that visitors ask for: computed once, a few at a time, the answers asked last kept."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from xinzhi.core.errors import XinzhiError
from xinzhi.core.parameters import read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a service allows itself; what each figure is stands beside it in ``limits.yaml``.

    Examples
    --------
    >>> Limits.shipped().workers
    2
    """

    workers: int
    waiting: int
    each: int
    held: int
    changed: int
    own: int
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
        content = read_yaml(Path(__file__).with_name("limits.yaml"))
        return cls(**{one.name: content[one.name] for one in fields(cls)})


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

    # One that stands `aside` is of a kind that visitors can ask without end: of those one is done at a time.

    def __init__(self, work: Callable[[], Any], *, aside: bool = False) -> None:
        self.aside, self.waiting = aside, 0
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
    """A few workers and bounded lines of jobs; a worker that waits for a job that nobody has begun does it itself."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._line: deque[Job] = deque()
        self._side: deque[Job] = deque()
        self._more = threading.Condition()
        self._free, self._workers, self._waiting = 0, 0, 0
        self._beside = False  # whether a job that stands aside is being done
        self._here = threading.local()
        self._closed = False

    def put(self, job: Job) -> None:
        """Let a job stand in the line; refuse it when the line is full."""
        if self.inside():
            return  # this worker does it itself
        with self._more:
            crowded = len(self._line) - self._free >= self.limits.waiting
            full = len(self._side) >= self.limits.changed if job.aside else crowded
            if full:
                raise self._busy()
            (self._side if job.aside else self._line).append(job)
            if not self._free and self._workers < self.limits.workers:
                self._workers += 1
                threading.Thread(target=self._work, name=f"xinzhi-{self._workers}", daemon=True).start()
            self._more.notify()

    def wait(self, job: Job) -> Any:  # noqa: ANN401 - whatever the work gives
        """Return what a job gives; refuse to wait longer than the limit, or with more others than allowed."""
        if self.inside():
            job.begin()
            job.wait(None)
            return job.value()
        if not job.wait(0):
            with self._more:  # one who waits is counted, where there is room
                if job.waiting >= self.limits.each or self._waiting >= self.limits.held:
                    raise self._busy()
                job.waiting, self._waiting = job.waiting + 1, self._waiting + 1
            try:
                if not job.wait(self.limits.seconds):
                    raise BusyError("web.slow", limit=self.limits.seconds, seconds=self.limits.retry)
            finally:
                with self._more:
                    job.waiting, self._waiting = job.waiting - 1, self._waiting - 1
        return job.value()

    def _busy(self) -> BusyError:
        return BusyError("web.busy", seconds=self.limits.retry)

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
        while (job := self._next()) is not None:
            job.begin()
            if job.aside:
                with self._more:
                    self._beside = False
                    self._more.notify()
            del job  # what it gave is not held while this worker is idle

    def _next(self) -> Job | None:
        """Return the next job, those aside last and one at a time; None at the end."""
        with self._more:
            self._free += 1
            while not self._line and (not self._side or self._beside) and not self._closed:
                self._more.wait()
            self._free -= 1
            if self._line:
                return self._line.popleft()
            if self._side and not self._beside:
                self._beside = True
                return self._side.popleft()
            return None


class Kept:
    """What was computed last: a question that is asked twice is computed once, also when it is asked at once."""

    # `queue`: where the work is done; `size`: the sum of sizes that may be kept; `measure`: the size of an answer; by
    # default each counts one.

    def __init__(self, queue: Queue, size: int, measure: Callable[[Any], int] = lambda _: 1) -> None:
        self._queue, self._most, self._measure = queue, size, measure
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._jobs: dict[Hashable, Job] = {}
        self._size = 0
        self._lock = threading.Lock()

    def known(self, key: Hashable) -> Any:  # noqa: ANN401 - whatever the work gave
        """Return the answer to a question where it is kept, without waiting; else None."""
        with self._lock:
            return self._last(key)

    def _last(self, key: Hashable) -> Any:  # noqa: ANN401 - whatever the work gave
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def get(self, key: Hashable, work: Callable[[], Any], *, aside: bool = False) -> Any:  # noqa: ANN401 - whatever it gives
        """Return the answer to a question, computed by `work` where it is not kept."""
        with self._lock:
            if key in self._values:
                return self._last(key)
            job = self._jobs.get(key)
            if job is None:
                job = Job(lambda: self._keep(key, work), aside=aside)
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

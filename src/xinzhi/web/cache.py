"""Values that were computed last, each computed once, also when several threads ask for it at the same time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar, cast

Value = TypeVar("Value")
Pack = Callable[[Any], Any]


class Cache:
    """Values by key, those used last, up to a sum of sizes.

    Parameters
    ----------
    capacity
        The sum of sizes that is kept.
    size
        The size of a value; by default each counts one.
    pack
        Makes of what was computed what is kept; by default that is the same.

    Examples
    --------
    >>> cache = Cache(2)
    >>> [cache.compute(number, lambda: number**2) for number in (1, 2, 3)]
    [1, 4, 9]
    >>> cache.get(1), cache.get(3), len(cache)
    (None, 9, 2)
    """

    def __init__(self, capacity: int, size: Callable[[Any], int] = lambda _: 1, pack: Pack | None = None) -> None:
        self._capacity, self._size, self._pack = capacity, size, pack
        self._values: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._futures: dict[Hashable, Future[object]] = {}
        self._lock = Lock()
        self.total = 0  # sum of the sizes

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._values)

    def get(self, key: Hashable) -> Any | None:  # noqa: ANN401 - whatever was computed
        """Return the value of a key, or None, without waiting."""
        with self._lock:
            return self._last(key)

    def compute(self, key: Hashable, work: Callable[[], Value]) -> Value:
        """Return the value of a key, computed by `work` unless it is there or another thread is at it."""
        with self._lock:
            if key in self._values:
                return cast("Value", self._last(key))
            running = self._futures.get(key)
            future = self._futures.setdefault(key, Future())
        if running is not None:
            return cast("Value", running.result())
        try:
            value = self.keep(key, work())
        except BaseException as error:
            future.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._futures[key]
        future.set_result(value)
        return value

    def _last(self, key: Hashable) -> object | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def keep(self, key: Hashable, value: Value) -> Value:
        """Keep a value, and return what is kept of it."""
        value = value if self._pack is None else self._pack(value)
        size = self._size(value)
        with self._lock:
            if size <= self._capacity:
                self._values[key] = value, size
                self.total += size
            while self.total > self._capacity:
                self.total -= self._values.popitem(last=False)[1][1]
        return value

"""A process that runs cases one after another, and is made anew when one of them hangs, dies or swells."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from fuzz.cases import run

SECONDS, WALL, MEMORY = 30, 180, 2 * 2**30
ONE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "XINZHI_DEBUG")
ALONE = dict.fromkeys(ONE, "1") | {"RUST_BACKTRACE": "0", "XINZHI_LANG": "en"}


def _serve(pipe: Connection) -> None:
    """Run the cases that are asked for, one after another, under limits."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (3 * MEMORY, resource.RLIM_INFINITY))
    seen: set[str] = set()
    for name in iter(pipe.recv, None):
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = used.ru_utime + used.ru_stime
        spare = 0 if name.split("/")[0] in seen else SECONDS  # what is undamaged is made first
        seen.add(name.split("/")[0])
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + SECONDS + spare + 1, resource.RLIM_INFINITY))
        fault = ""
        try:
            run(name)
        except BaseException as error:  # noqa: BLE001 - a panic is one
            fault = str(error) or repr(error)
        peak = _peak()
        if not fault and peak > MEMORY:
            fault = f"{peak / 2**30:.1f} GB of memory"
        pipe.send((fault, peak))


def _peak() -> int:
    """Return the most memory that this process has held, in bytes."""
    with contextlib.suppress(OSError):  # on Linux ru_maxrss begins with what the process that started this one holds
        return int(Path("/proc/self/status").read_text("utf-8").partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Bench:
    """Runs cases in a process that may hang, die or swell, and is made anew then."""

    def __init__(self) -> None:
        self._process: Any = None
        self._pipe: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        with _environment(ALONE):
            self._process = context.Process(target=_serve, args=(other,), daemon=True)
            self._process.start()
        other.close()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def fault(self, name: str) -> str:
        """Return what a case did wrong, or nothing."""
        if self._process is None:
            self._start()
        self._pipe.send(name)
        try:
            if not self._pipe.poll(WALL):
                self._stop()
                return f"no end within {WALL} s"
            fault, peak = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            code, self._process = self._process.exitcode, None
            return f"no end within {SECONDS} s" if code == -signal.SIGXCPU else f"the process died: exit {code}"
        if peak > MEMORY // 2:
            self._stop()
        return str(fault)


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

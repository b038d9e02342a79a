"""The two streams of the terminal: they take every letter, and their reader may leave before the verb has ended."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any

_NAMES = {1: "stdout", 2: "stderr"}
_GONE = {errno.EPIPE, errno.EINVAL}  # EINVAL: a closed pipe on Windows


class _Patient(io.FileIO):
    """A stream whose end drops what nobody reads any more, so that a verb ends with its own code."""

    dead = False

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - whatever holds bytes
        """Write; what a full disk refuses is an error once."""
        try:
            return len(data) if self.dead else super().write(data)
        except OSError as error:
            self.dead = True
            if error.errno not in _GONE:
                raise OSError(error.errno, error.strerror, _NAMES[self.fileno()]) from error
            return len(data)


def steady() -> None:
    """Let stdout and stderr write whatever is said: letters that they lack as a question mark, nothing where closed."""
    for number, name in _NAMES.items():
        stream = getattr(sys, name)
        if stream is None:  # a service, or `>&-`; the number must not go to the next file that is opened
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the whole run
        elif stream is getattr(sys, f"__{name}__"):
            raw = io.BufferedWriter(_Patient(number, "w", closefd=False))
            soon = stream.line_buffering or stream.write_through
            made = io.TextIOWrapper(raw, stream.encoding, "replace", line_buffering=soon)
            setattr(sys, name, made)


def flushed() -> None:
    """Write what is still held, so that nothing is left to fail when the interpreter ends."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()

"""Files that are either whole or not there: written under a temporary name beside their place, then renamed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError, system_reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@contextmanager
def whole(folder: Path, names: Sequence[str]) -> Iterator[list[Path]]:
    """Hand out temporary paths for files of a folder and put all of them in their places at the end."""
    # When anything fails before that, the temporary files are removed and files of those names stay as they were.
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError("report.cannot-write-folder", folder=folder, why=system_reason(error)) from None
    temporary = [folder / f".{os.getpid()}-{name}" for name in names]
    try:
        yield temporary
        for path, name in zip(temporary, names, strict=True):
            path.replace(folder / name)
    except PermissionError as error:
        raise UsageError("report.cannot-write-file", file=error.filename, why=system_reason(error)) from None
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Hand out a temporary path for one file and put it in its place at the end."""
    with whole(path.parent, [path.name]) as (temporary,):
        yield temporary

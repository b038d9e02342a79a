"""A set of files that is of one run: written in a folder of its own beside their places, then put there together."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from xinzhi.core.errors import UsageError, XinzhiError, system_reason

try:
    import fcntl
except ImportError:  # Windows: runs into one folder must not be at once there, and nothing is swept
    fcntl = None  # type: ignore[assignment] # there is no such module there

# A file system renames one file at a time, so a set takes several steps, and a process can be killed between any two.
# What is in place is therefore always the tail of the list of names of one run: the old files are moved aside from the
# first name to the last, then the new ones are moved in from the last to the first. A file is there only with those
# that follow it, so what vouches for others (a certificate) comes last in the list. `SET` holds both sets meanwhile;
# the next run into the folder finishes what a killed one could not.
PREFIX = ".xinzhi-"
SET, NEW, OLD, NAMES = f"{PREFIX}set", "new", "old", "names.json"
_SEPARATORS = frozenset("/\\\0")
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_EARLIER = re.compile(r"\.(\d+)-.+")  # temporary names of earlier versions, with the number of their process


@contextmanager
def whole(
    folder: Path,
    names: Sequence[str],
    *,
    former: Sequence[str] = (),
    folders: Sequence[str] = (),
    check: Callable[[], None] = lambda: None,
) -> Iterator[list[Path]]:
    """Hand out temporary paths for files of a folder, and put all of them in their places at the end.

    Files that are there only with others come before these in `names`; those of `former` go with the old set. Names
    that stand in `folders` too are folders, replaced with all that is in them; `check` raises at the end where what
    stands there by then must not be lost. When anything fails, files of those names stay as they were.
    """
    for name in (*names, *former, *folders):
        if name in {"", ".", ".."} or {*name} & _SEPARATORS:
            raise UsageError("core.not-a-file-name", name=name, folder=folder)
    stage: Path | None = None
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _lock_folder(folder):
                _sweep(folder)
                stage = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
                lock = _try_lock(stage)
        except OSError as error:
            raise _kind(error)("core.cannot-write-folder", folder=folder, why=system_reason(error)) from None
        try:
            for part in (NEW, OLD):
                (stage / part).mkdir()
            yield [stage / NEW / name for name in names]
            (stage / NAMES).write_text(json.dumps([names, former, folders]), encoding="utf-8")
            with _lock_folder(folder):
                check()
                _place(folder, stage, names, former, folders)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            _release(lock)
    except Exception as error:
        # A library may wrap what the system said: xlsxwriter does.
        cause = next((candidate for candidate in (error, *error.args) if isinstance(candidate, OSError)), None)
        if cause is None or isinstance(error, XinzhiError):
            raise
        place = folder if cause.filename is None else folder / Path(cause.filename).name
        raise _kind(cause)("core.cannot-write-file", file=place, why=system_reason(cause)) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Hand out a temporary path for one file and put it in its place at the end."""
    with whole(path.parent, [path.name]) as (temporary,):
        yield temporary


@contextmanager
def whole_folder(folder: Path, check: Callable[[], None]) -> Iterator[Path]:
    """Hand out a folder beside this one, and put it in the place of this one at the end.

    `check` raises where what stands there by then must not be lost.
    """
    with whole(folder.parent, [folder.name], folders=[folder.name], check=check) as (stage,):
        stage.mkdir()
        yield stage


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a new folder; names may lead into folders below it."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def foreign(folder: Path, is_own: Callable[[Path], bool]) -> list[str]:
    """Return the files below a folder that are not our own, but for what systems hide there."""
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    return [str(path.relative_to(folder)) for path in paths if not path.name.startswith(".") and not is_own(path)]


def require_own(folders: Iterable[Path], is_own: Callable[[Path], bool]) -> None:
    """Refuse to replace folders with files that are not our own."""
    for folder in folders:
        if strange := foreign(folder, is_own):
            raise UsageError("core.folder-in-use", folder=folder, what=strange)


def _kind(error: OSError) -> type[XinzhiError]:
    """Return whose matter it is: a full or broken disk is nobody's misuse."""
    return XinzhiError if error.errno in _DISK else UsageError


def has_interrupted_write(folder: Path) -> bool:
    """Whether a run was killed while it put its files in place; the next one into the folder finishes it."""
    return (folder / SET).is_dir()


def _place(folder: Path, stage: Path, names: Sequence[str], former: Sequence[str], folders: Sequence[str]) -> None:
    """Put a complete set in place, or leave everything as it was."""
    _finish(folder)
    if len(names) == 1 and not former and not folders:
        (stage / NEW / names[0]).replace(folder / names[0])
        return
    ready = folder / SET
    stage.replace(ready)
    try:
        _swap(folder, ready, names, former, folders)
    except BaseException:
        _undo(folder, ready, names, former)
        shutil.rmtree(ready, ignore_errors=True)
        raise
    shutil.rmtree(ready, ignore_errors=True)


def _swap(folder: Path, ready: Path, names: Sequence[str], former: Sequence[str], folders: Sequence[str] = ()) -> None:
    """Move the old set aside and the new one in; or what is left to do of it."""
    waiting = [name for name in names if (ready / NEW / name).exists()]
    present = [name for name in (*names, *former) if os.path.lexists(folder / name)]
    if len(waiting) == len(names):  # else the old set is gone already
        for name in (name for name in present if name not in folders):
            if (folder / name).is_dir() and not (folder / name).is_symlink():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))
        for name in present:
            (folder / name).replace(ready / OLD / name)
    for name in reversed(waiting):
        (ready / NEW / name).replace(folder / name)


def _undo(folder: Path, ready: Path, names: Sequence[str], former: Sequence[str]) -> None:
    """Move the new set out again and the old one back."""
    for name in names:
        if not (ready / NEW / name).exists() and (folder / name).exists():
            (folder / name).replace(ready / NEW / name)
    for name in reversed([*names, *former]):
        if os.path.lexists(ready / OLD / name):
            (ready / OLD / name).replace(folder / name)


def _finish(folder: Path) -> None:
    """Finish what a killed run left half done: its set is complete."""
    ready = folder / SET
    if ready.is_dir():
        if (ready / NAMES).exists():
            _swap(folder, ready, *json.loads((ready / NAMES).read_text(encoding="utf-8")))
        shutil.rmtree(ready)


def _sweep(folder: Path) -> None:
    """Finish a set and remove the temporary files of processes that are no more."""
    _finish(folder)
    if fcntl is None:
        return
    for path in folder.iterdir():
        if path.name.startswith(PREFIX) and path.is_dir():
            lock = _try_lock(path, wait=False)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                _release(lock)
        elif (match := _EARLIER.fullmatch(path.name)) and not _lives(int(match[1])):
            path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


@contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    """Let one process at a time put files into a folder; the system forgets the lock with the process."""
    lock = _try_lock(folder)
    try:
        yield
    finally:
        _release(lock)


def _try_lock(folder: Path, *, wait: bool = True) -> int | None:
    """Lock a folder; None where it is locked or the file system has no locks."""
    if fcntl is None:
        return None
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(lock)
        return None
    return lock


def _release(lock: int | None) -> None:
    if lock is not None:
        with suppress(OSError):
            os.close(lock)

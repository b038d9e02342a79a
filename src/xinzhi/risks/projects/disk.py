"""An archive on disk: read and indexed a part at a time, and searched through the memory map."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray, release
from xinzhi.core.errors import guarded
from xinzhi.risks.projects.index import Commonness, Index, build, column_file
from xinzhi.risks.projects.records import ARRAYS, Records
from xinzhi.risks.projects.vocabulary import Tokens

_SAYS, _LAYOUT = "archive.json", 2
_COLUMNS = ("id", "title", "region", "text")
_KEPT = ("postings", "frequency", "weight", "norm", "telling")
_COMMON = ("figure", "times", "component")
_LEARNED = ("share", "level", "closest", "counted")
_FILES = {
    _SAYS, "bucket.bin", "start.npy",
    *(f"{name}.npy" for name in (*ARRAYS, *_KEPT)), *(f"common_{name}.npy" for name in _COMMON),
    *(f"learned_{name}.npy" for name in _LEARNED),
    *(f"table_{name}.{end}" for name in _COLUMNS for end in ("txt", "npy")),
}  # fmt: skip


class Shelf:
    """The table of an archive on disk; its rows are read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        names = [name for name in _COLUMNS if (folder / f"table_{name}.txt").is_file()]
        self.starts = {name: _mapped(folder, f"table_{name}") for name in names}
        self.signs = {name: _flat(folder / f"table_{name}.txt", np.uint8) for name in names}
        self.height = len(self.starts["id"]) - 1

    def __getitem__(self, rows: IntArray) -> pl.DataFrame:
        def cells(name: str) -> list[str]:
            start, signs = self.starts[name], self.signs[name]
            ends = zip(start[rows].tolist(), start[rows + 1].tolist(), strict=True)
            return [signs[low:high].tobytes().decode() for low, high in ends]

        return pl.DataFrame({name: cells(name) for name in self.starts}, schema=dict.fromkeys(self.starts, pl.String))

    def release(self) -> None:
        """Give back the memory of what was read."""
        release(*self.starts.values(), *self.signs.values())


def is_archive(place: object) -> bool:
    """Return whether a folder holds an archive that is indexed.

    Examples
    --------
    >>> is_archive("no such folder")
    False
    """
    return isinstance(place, str | Path) and (Path(place) / _SAYS).is_file()


def foreign(folder: Path) -> list[str]:
    """Return what a folder holds that is no part of an index; the index may take its place only if that is nothing.

    Examples
    --------
    >>> foreign(Path("no such folder"))
    []
    """
    try:
        there = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError:
        return [folder.name]
    strange = [path.name for path in there if path.name not in _FILES or path.is_symlink() or not path.is_file()]
    if not there or strange:
        return strange
    try:
        says = json.loads((folder / _SAYS).read_text(encoding="utf-8"))
        return [] if isinstance(says["layout"], int) and isinstance(says["fingerprint"], str) else [_SAYS]
    except (OSError, ValueError, TypeError, KeyError):
        return [_SAYS if (folder / _SAYS).exists() else there[0].name]


def write_archive(parts: Iterable[tuple[pl.DataFrame, Records]], count: int, folder: Path) -> Index:
    """Write tables and records of an archive of `count` rows as they come, and index them; nothing stays in memory."""
    sizes: dict[str, list[IntArray]] = {"start": []}
    with ExitStack() as files:
        into: dict[str, IO[bytes]] = {"bucket": files.enter_context((folder / "bucket.bin").open("wb"))}
        for frame, records in parts:
            for name in ARRAYS:
                part = getattr(records, name)
                if name not in into:
                    shape = (count, *part.shape[1:])
                    into[name] = files.enter_context(column_file(folder / f"{name}.npy", part.dtype, shape))
                np.ascontiguousarray(part).tofile(into[name])
            records.tokens.bucket.tofile(into["bucket"])
            sizes["start"].append(np.diff(records.tokens.start))
            for column in (frame[name] for name in _COLUMNS if name in frame.columns):
                name, words = f"table_{column.name}", column.cast(pl.String).fill_null("")
                if name not in into:
                    into[name] = files.enter_context((folder / f"{name}.txt").open("wb"))
                into[name].write("".join(words.to_list()).encode())
                sizes.setdefault(name, []).append(words.str.len_bytes().to_numpy().astype(np.int64))
    for name, each in sizes.items():
        np.save(folder / f"{name}.npy", np.append(0, np.concatenate(each).cumsum()).astype(np.int64))
    index = build(_records(folder), folder)
    for name in _KEPT[1:]:
        np.save(folder / f"{name}.npy", getattr(index, name))
    for name in _COMMON:
        np.save(folder / f"common_{name}.npy", getattr(index.commonness, name))
    return index


def close_archive(folder: Path, fingerprint: str, **learned: FloatArray) -> None:
    """Write what the weights have learned from the archive; only then the folder holds one."""
    for name, array in learned.items():
        np.save(folder / f"learned_{name}.npy", array)
    (folder / _SAYS).write_text(json.dumps({**_made(), "fingerprint": fingerprint}), encoding="utf-8")


def open_archive(folder: Path) -> tuple[Shelf, Index, str, dict[str, FloatArray]]:
    """Return the table, the index, the fingerprint and what the weights have learned of an archive on disk."""
    with guarded("projects.other-layout", OSError, ValueError, AttributeError, KeyError, folder=str(folder)):
        says = json.loads((folder / _SAYS).read_text(encoding="utf-8"))
        if {name: says.get(name) for name in _made()} != _made():
            raise ValueError(says)
        records = _records(folder)
        common: dict[str, Any] = {name: np.load(folder / f"common_{name}.npy") for name in _COMMON}
        kept: dict[str, Any] = {name: _mapped(folder, name) for name in _KEPT}
        about = Commonness(count=len(records), **common)
        index = Index(records=records, commonness=about, most=float(kept["frequency"].max(initial=0)), **kept)
        learned = {path.stem.removeprefix("learned_"): np.load(path) for path in folder.glob("learned_*.npy")}
        return Shelf(folder), index, str(says["fingerprint"]), learned


def _made() -> dict[str, object]:
    """Return what must be as it was when the index was written: names are told apart by the hashes of polars."""
    return {"layout": _LAYOUT, "polars": pl.__version__}


def _mapped(folder: Path, name: str) -> npt.NDArray[Any]:
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))


def _flat(path: Path, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Return a file as one array; an empty one cannot be mapped."""
    return np.asarray(np.memmap(path, dtype=kind, mode="r")) if path.stat().st_size else np.zeros(0, dtype=kind)


def _records(folder: Path) -> Records:
    arrays = {name: _mapped(folder, name) for name in ARRAYS}
    tokens = Tokens(bucket=_flat(folder / "bucket.bin", np.uint32), start=_mapped(folder, "start"))
    return Records(**arrays, tokens=tokens)

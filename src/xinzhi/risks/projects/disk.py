"""An archive on disk: read and indexed a part at a time, and searched through the memory map."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError
from xinzhi.risks.projects.index import Commonness, Index, build
from xinzhi.risks.projects.records import ARRAYS, Records
from xinzhi.risks.projects.vocabulary import Tokens

_SAYS, _LAYOUT = "archive.json", 1
_KEPT = ("postings", "frequency", "weight", "norm", "telling")
_COMMON = ("figure", "times", "component")


def is_archive(place: object) -> bool:
    """Return whether a folder holds an archive that is indexed."""
    return isinstance(place, str | Path) and (Path(place) / _SAYS).is_file()


def write_archive(
    parts: Iterable[tuple[pl.DataFrame, Records]], count: int, folder: Path
) -> tuple[pl.DataFrame, Index]:
    """Write tables and records of an archive of `count` rows as they come, index them, and return both from disk."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (folder / _SAYS, *folder.glob("table_*.arrow")):
        old.unlink(missing_ok=True)
    arrays: dict[str, npt.NDArray[Any]] = {}
    sizes, low = [], 0
    with (folder / "bucket.bin").open("wb") as buckets:
        for at, (frame, records) in enumerate(parts):
            frame.write_ipc(folder / f"table_{at:05d}.arrow", compression="uncompressed")
            for name in ARRAYS:
                part = getattr(records, name)
                if name not in arrays:
                    shape = (count, *part.shape[1:])
                    arrays[name] = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", part.dtype, shape)
                arrays[name][low : low + len(part)] = part
            records.tokens.bucket.tofile(buckets)
            sizes.append(np.diff(records.tokens.start))
            low += len(records)
    arrays.clear()
    np.save(folder / "start.npy", np.append(0, np.concatenate(sizes).cumsum()).astype(np.int64))
    index = build(_records(folder), folder)
    for name in _KEPT[1:]:
        np.save(folder / f"{name}.npy", getattr(index, name))
    for name in _COMMON:
        np.save(folder / f"common_{name}.npy", getattr(index.commonness, name))
    return _table(folder), index


def close_archive(folder: Path, fingerprint: str, **learned: FloatArray) -> None:
    """Write what the weights have learned from the archive; only then the folder holds one."""
    for name, array in learned.items():
        np.save(folder / f"learned_{name}.npy", array)
    aside = folder / f".{_SAYS}"
    aside.write_text(json.dumps({"layout": _LAYOUT, "fingerprint": fingerprint}), encoding="utf-8")
    aside.replace(folder / _SAYS)


def open_archive(folder: Path) -> tuple[pl.DataFrame, Index, str, dict[str, FloatArray]]:
    """Return the table, the index, the fingerprint and what the weights have learned of an archive on disk."""
    says = json.loads((folder / _SAYS).read_text(encoding="utf-8"))
    if says.get("layout") != _LAYOUT:
        raise InputError("projects.other-layout", folder=str(folder))
    records = _records(folder)
    common: dict[str, Any] = {name: np.load(folder / f"common_{name}.npy") for name in _COMMON}
    kept: dict[str, Any] = {name: _mapped(folder, name) for name in _KEPT}
    index = Index(records=records, commonness=Commonness(count=len(records), **common), **kept)
    learned = {path.stem.removeprefix("learned_"): np.load(path) for path in folder.glob("learned_*.npy")}
    return _table(folder), index, str(says["fingerprint"]), learned


def _mapped(folder: Path, name: str) -> npt.NDArray[Any]:
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))


def _records(folder: Path) -> Records:
    start = _mapped(folder, "start")
    bucket = np.memmap(folder / "bucket.bin", dtype=np.uint32, mode="r", shape=(int(start[-1]),))
    arrays = {name: _mapped(folder, name) for name in ARRAYS}
    return Records(**arrays, tokens=Tokens(bucket=np.asarray(bucket), start=start))


def _table(folder: Path) -> pl.DataFrame:
    return pl.scan_ipc(sorted(folder.glob("table_*.arrow"))).collect()

"""An archive on disk: read and indexed a part at a time, and searched through the memory map."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from zlib import crc32

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray, IntArray, release
from xinzhi.core.errors import InputError, translate_native_errors
from xinzhi.core.finding import Finding, Place
from xinzhi.core.text import Text
from xinzhi.risks.projects.conventions import HERE
from xinzhi.risks.projects.index import Commonness, Index, build, column_file
from xinzhi.risks.projects.records import ARRAYS, Records
from xinzhi.risks.projects.vocabulary import Tokens

_SAYS, _LAYOUT = "archive.json", 7
_COLUMNS = ("id", "title", "region", "text")
_KEPT = ("postings", "frequency", "weight", "norm", "telling")
_COMMON = ("figure", "times", "component")
_LEARNED = ("share", "level", "closest", "counted")
_FILES = {
    _SAYS,
    "bucket.bin",
    "start.npy",
    *(f"{name}.npy" for name in (*ARRAYS, *_KEPT)),
    *(f"common_{name}.npy" for name in _COMMON),
    *(f"learned_{name}.npy" for name in _LEARNED),
    *(f"table_{name}.{end}" for name in _COLUMNS for end in ("txt", "npy", "sum")),
}
_SMALL = 1 << 18  # bytes up to which a file is read whole when the archive is opened, to see whether it is as written


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an archive on disk was made from, when, and what was odd about it."""

    fingerprint: str
    source: str | None
    indexed: str
    findings: tuple[Finding, ...]


class Shelf:
    """The table of an archive on disk; its rows are read when they are asked for, and held to their sums."""

    def __init__(self, folder: Path) -> None:
        names = [name for name in _COLUMNS if (folder / f"table_{name}.txt").is_file()]
        self.starts = {name: _mapped(folder, f"table_{name}") for name in names}
        self.signs = {name: _flat(folder / f"table_{name}.txt", np.uint8) for name in names}
        self.sums = {name: _flat(folder / f"table_{name}.sum", np.uint32) for name in names}
        self.folder = folder
        self.height = len(self.starts["id"]) - 1

    def __getitem__(self, rows: IntArray) -> pl.DataFrame:
        def cells(name: str) -> list[str]:
            start, signs = self.starts[name], self.signs[name]
            with translate_native_errors(
                "projects.damaged", ValueError, IndexError, folder=self.folder, file=f"table_{name}.txt"
            ):
                ends = zip(start[rows].tolist(), start[rows + 1].tolist(), strict=True)
                texts = [signs[low:high].tobytes() for low, high in ends]
                if [crc32(text) for text in texts] != self.sums[name][rows].tolist():
                    raise ValueError(name)
                return [text.decode() for text in texts]

        return pl.DataFrame({name: cells(name) for name in self.starts}, schema=dict.fromkeys(self.starts, pl.String))

    def release(self) -> None:
        """Give back the memory of what was read."""
        release(*self.starts.values(), *self.signs.values(), *self.sums.values())


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
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError:
        return [folder.name]
    strange = [path.name for path in entries if path.name not in _FILES or path.is_symlink() or not path.is_file()]
    if not entries or strange:
        return strange
    try:
        says = json.loads((folder / _SAYS).read_text(encoding="utf-8"))
        return [] if isinstance(says["layout"], int) and isinstance(says["fingerprint"], str) else [_SAYS]
    except (OSError, ValueError, TypeError, KeyError):
        return [_SAYS if (folder / _SAYS).exists() else entries[0].name]


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
                name, texts = f"table_{column.name}", column.cast(pl.String).fill_null("")
                if name not in into:
                    into[name] = files.enter_context((folder / f"{name}.txt").open("wb"))
                    into[f"{name}.sum"] = files.enter_context((folder / f"{name}.sum").open("wb"))
                cells = [cell.encode() for cell in texts.to_list()]
                into[name].write(b"".join(cells))
                np.array([crc32(cell) for cell in cells], dtype=np.uint32).tofile(into[f"{name}.sum"])
                sizes.setdefault(name, []).append(np.array([len(cell) for cell in cells], dtype=np.int64))
    for name, lengths in sizes.items():
        np.save(folder / f"{name}.npy", np.append(0, np.concatenate(lengths).cumsum()).astype(np.int64))
    index = build(_records(folder), folder)
    for name in _KEPT[1:]:
        np.save(folder / f"{name}.npy", getattr(index, name))
    for name in _COMMON:
        np.save(folder / f"common_{name}.npy", getattr(index.commonness, name))
    return index


def close_archive(folder: Path, about: About, **learned: FloatArray) -> None:
    """Write what the weights have learned from the archive and what its files are; only then the folder holds one."""
    for name, array in learned.items():
        np.save(folder / f"learned_{name}.npy", array)
    says = {
        **_expected_versions(),
        "fingerprint": about.fingerprint,
        "source": about.source,
        "indexed": about.indexed,
        "findings": [problem.to_dict() for problem in about.findings],
        "files": {path.name: [path.stat().st_size, _digest(path)] for path in sorted(folder.iterdir())},
    }
    (folder / _SAYS).write_text(json.dumps(says, ensure_ascii=False), encoding="utf-8")


def open_archive(folder: Path) -> tuple[Shelf, Index, About, dict[str, FloatArray]]:
    """Return the table, the index, its making and what the weights have learned of an archive on disk."""
    with translate_native_errors(
        "projects.damaged", OSError, ValueError, TypeError, KeyError, folder=folder, file=_SAYS
    ):
        says = json.loads((folder / _SAYS).read_text(encoding="utf-8"))
        expected = _expected_versions()
        theirs = {"layout": says["layout"]} | {name: says.get(name, "?") for name in expected}
        if theirs != expected:
            recorded, required = (
                words.screen.answer_made(**{name: str(value)[:12] for name, value in versions.items()})
                for versions in (theirs, expected)
            )
            raise InputError("projects.other-maker", folder=folder, found=recorded, wanted=required)
        about = About(
            fingerprint=str(says["fingerprint"]),
            source=says["source"],
            indexed=str(says["indexed"]),
            findings=tuple(_findings(says["findings"])),
        )
        for name, (size, digest) in says["files"].items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size or _digest(path) != digest:
                raise InputError("projects.damaged", folder=folder, file=name)
        records = _records(folder)
        common = {name: np.load(folder / f"common_{name}.npy") for name in _COMMON}
        arrays = {name: _mapped(folder, name) for name in _KEPT}
        often = Commonness(count=len(records), **common)
        index = Index(records=records, commonness=often, most=float(arrays["frequency"].max(initial=0)), **arrays)
        learned = {path.stem.removeprefix("learned_"): np.load(path) for path in folder.glob("learned_*.npy")}
        return Shelf(folder), index, about, learned


def _expected_versions() -> dict[str, object]:
    """Return the versions that must equal those of the index: names are hashed by polars."""
    from xinzhi import __version__

    return {"layout": _LAYOUT, "xinzhi": __version__, "polars": pl.__version__, "lists": _lists()}


@cache
def _lists() -> str:
    """Return the sha256 of all words, tables, conventions, weights and trees by which texts are read and weighed."""
    kinds = {".yaml", ".json", ".txt", ".csv"}
    paths = sorted(path for path in HERE.iterdir() if path.suffix in kinds and path.name != "trials.yaml")
    return sha256(b"".join(path.name.encode() + sha256(path.read_bytes()).digest() for path in paths)).hexdigest()


def _digest(path: Path) -> str | None:
    """Return the sha256 of a small file; nothing of others."""
    return sha256(path.read_bytes()).hexdigest() if path.stat().st_size <= _SMALL else None


def _findings(rows: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield what `Finding.to_dict` wrote."""
    names = ("rule", "severity", *Place.__annotations__)
    for row in rows:
        message, hint = (Text(zh=row[f"{name}_zh"], en=row[f"{name}_en"]) for name in ("message", "hint"))
        yield Finding(message=message, hint=hint, **{name: row[name] for name in names})


def _mapped(folder: Path, name: str) -> AnyArray:
    """Return an array of the index, mapped from its file."""
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))


def _flat(path: Path, kind: type[np.generic]) -> AnyArray:
    """Return a file as one array; an empty one cannot be mapped."""
    return np.asarray(np.memmap(path, dtype=kind, mode="r")) if path.stat().st_size else np.zeros(0, dtype=kind)


def _records(folder: Path) -> Records:
    arrays = {name: _mapped(folder, name) for name in ARRAYS}
    tokens = Tokens(bucket=_flat(folder / "bucket.bin", np.uint32), start=_mapped(folder, "start"))
    return Records(**arrays, tokens=tokens)

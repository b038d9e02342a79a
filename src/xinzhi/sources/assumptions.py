"""Assumptions beyond the protocol, conventions of the measures, how their frames are read, and what is emerging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypedDict, runtime_checkable

import numpy as np
import polars as pl

from xinzhi.core import parameters
from xinzhi.core.arrays import AnyFrame, BoolArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.flags import is_extrapolated, marked_span
from xinzhi.core.names import Names
from xinzhi.core.result import Facts, FrameKind, Provenance, Result
from xinzhi.core.text import Text
from xinzhi.data import Field, tidy
from xinzhi.sources.detail import Level
from xinzhi.yardstick import Measurement


def read(frame: AnyFrame, keys: Sequence[str], numbers: Sequence[str], *, year: str | None = None) -> pl.DataFrame:
    """Return keys and numbers as floats, sorted by the keys; `year` is the key of years."""
    fields = [Field(name, "year" if name == year else "any") for name in keys]
    fields += [Field(name) for name in dict.fromkeys(numbers) if name not in keys]
    return tidy(frame, fields, key=keys, empty=True).frame


def read_positive(frame: AnyFrame, keys: Sequence[str], numbers: Sequence[str]) -> pl.DataFrame:
    """Return keys, the last of which is the year, and numbers that have logarithms."""
    rows = read(frame, keys, numbers, year=keys[-1])
    require_positive(rows, numbers, keys)
    return rows


def require_positive(rows: pl.DataFrame, names: Sequence[str], keys: Sequence[str]) -> None:
    """Refuse figures that are missing, zero or negative, naming the first row."""
    for name in names:
        bad = rows.filter(pl.col(name).is_null() | (pl.col(name) <= 0))
        if bad.height:
            place = ", ".join(f"{key} {value}" for key, value in zip(keys, bad.select(keys).row(0), strict=True))
            raise InputError("sources.no-logarithm", name=name, n=bad.height, place=place)


class InDepth(TypedDict):
    """What every look in depth has of the decomposition that it looks into."""

    regions: pl.DataFrame
    names: Names
    kind: FrameKind
    provenance: Provenance
    guessed: tuple[int, ...]


def in_depth_parts(measurement: Measurement, result: Result, verb: str, **options: object) -> InDepth:
    """Return what every look in depth has of the decomposition that it looks into: regions, names and provenance."""
    options_in_force = {**result.provenance.options, **options}
    about = replace(result.provenance, verb=f"sources.{verb}", options=options_in_force)
    marks = pl.concat([table.frame.select("year", "flags") for table in (measurement, result)]).unique()
    guessed = {year for year, flags in marks.rows() if is_extrapolated(flags)}
    return {
        "regions": measurement.regions,
        "names": result.names,
        "kind": result.kind,
        "provenance": about,
        "guessed": tuple(sorted(guessed)),
    }


def span_text(start: int, end: int, guessed: Sequence[int]) -> Text:
    """Return one year or a span in words, with the mark of figures that no official ones stand behind."""
    return marked_span(start, end, ["extrapolated"] if any(start <= year <= end for year in guessed) else [])


def left_out_facts(frame: pl.DataFrame) -> Facts:
    """Return what could not be computed as facts."""
    rows = frame.select("measure_zh", "measure_en", "reason_zh", "reason_en").rows()
    return {"note.left_out": [{"measure": Text(*row[:2]), "reason": Text(*row[2:])} for row in rows]}


def left_out(reasons: Sequence[tuple[Text, Text]]) -> pl.DataFrame:
    """Return ``measure_zh, measure_en, reason_zh, reason_en``: what could not be computed."""
    names = [f"{what}_{language}" for what in ("measure", "reason") for language in ("zh", "en")]
    rows = [(measure.zh, measure.en, reason.zh, reason.en) for measure, reason in reasons]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


_FILE = Path(__file__).with_name("assumptions.yaml")
setting = partial(parameters.setting, Path(__file__).with_name("conventions.yaml"))


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The assumptions of one decomposition: values by name, and which of them depart from the file."""

    values: Mapping[str, object]
    departs: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - the file decides
        return self.values[name]


class Entry(TypedDict, total=False):
    """What the file says of an assumption."""

    value: str | float | dict[str, float]
    unit: str
    description: dict[str, str]
    reference: list[dict[str, str]]
    alternatives: Mapping[str, object]


def catalogue() -> dict[str, Entry]:
    """Return every assumption with value, unit, description, reference and alternatives, as the file has them."""
    loaded: dict[str, Entry] = parameters.read_yaml(_FILE)["parameters"]
    return loaded


def assumptions(assume: Mapping[str, object] | None = None) -> Assumptions:
    """Return the assumptions of the file, with those of `assume` in their place.

    Examples
    --------
    >>> assumptions({"shares": "by_sector"}).departs
    ('shares',)
    """
    entries = catalogue()
    values: dict[str, object] = {name: entry["value"] for name, entry in entries.items()}
    for name, value in (assume or {}).items():
        if name not in entries:
            matches = get_close_matches(str(name), entries, n=1)
            problem = {"name": name, "near": matches, "known": list(entries)}
            raise UsageError("sources.misspelt-assumption" if matches else "sources.unknown-assumption", **problem)
        _check(name, value, entries[name])
        values[name] = value
    return Assumptions(values, tuple(name for name in values if values[name] != entries[name]["value"]))


def _check(name: str, value: object, entry: Entry) -> None:
    """Refuse a word that is no alternative, and a number that is not positive."""
    usual = entry["value"]
    if isinstance(usual, str):
        allowed = [usual, *entry.get("alternatives", ())]
        if value not in allowed:
            raise UsageError("sources.assumption-word", name=name, allowed=allowed, value=value)
    elif isinstance(usual, (int, float)):
        integer = isinstance(usual, int)
        if isinstance(value, bool) or not isinstance(value, int if integer else (int, float)) or value <= 0:
            raise UsageError("sources.assumption-number", name=name, whole=integer, value=value)


_SHOWN = 8


@runtime_checkable
class ScopeResult(Protocol):
    """A result that knows which industries count as emerging, such as that of `scope.classify`."""

    @property
    def frame(self) -> pl.DataFrame:
        """The industries."""
        ...

    def mask(self) -> tuple[str, ...]:
        """Return the codes of those that count."""
        ...


Emerging = Iterable[str] | Iterable[bool] | Mapping[str, bool] | ScopeResult


def emerging_mask(names: tuple[str, ...], level: Level, emerging: Emerging) -> tuple[BoolArray, tuple[str, ...]]:
    """Return which industries are emerging, and the codes that are no industry of the decomposition."""
    codes = _codes(names, emerging)
    outside = tuple(code for code in dict.fromkeys(codes) if code not in names)
    if level == "industry" and outside and len(outside) == len(set(codes)):
        raise UsageError("sources.emerging-unknown", named=abbreviated_list(outside), known=abbreviated_list(names))
    return np.isin(names, codes), outside


def _codes(names: tuple[str, ...], emerging: Emerging) -> list[str]:
    """Return the codes that are meant."""
    entries = emerging.mask() if isinstance(emerging, ScopeResult) else emerging
    if isinstance(entries, str):
        raise UsageError("sources.emerging-text", given=entries)
    if not isinstance(entries, Iterable) or hasattr(entries, "columns"):
        raise UsageError("sources.emerging-kind", given=type(entries).__name__)
    codes, values = (
        (list(entries), list(entries.values())) if isinstance(entries, Mapping) else (list(names), list(entries))
    )
    truths = [bool(value) for value in values if isinstance(value, (bool, np.bool_))]
    if not truths and not isinstance(entries, Mapping):
        return [str(code) for code in values]
    if not len(truths) == len(values) == len(codes):
        raise UsageError("sources.emerging-truths", truths=len(truths), n=len(values), known=abbreviated_list(names))
    return [str(code) for code, counts in zip(codes, truths, strict=True) if counts]


def abbreviated_list(codes: Sequence[str]) -> str:
    """Return some codes as a list that may break off."""
    return ", ".join(codes[:_SHOWN]) + (", ..." if len(codes) > _SHOWN else "")

"""A result as SDMX-CSV 2.0: one observation a row, keys as dimensions, flags as the status of observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from xinzhi.core import flags
from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.core.schema import Column
from xinzhi.report.metadata import columns

# SDMX-CSV field guide 2.0: STRUCTURE, STRUCTURE_ID, ACTION, then dimensions, the measure, attributes. Concepts have
# the names of the SDMX Content-Oriented Guidelines, Annex 1 (REF_AREA, TIME_PERIOD, OBS_STATUS, UNIT_MEASURE).
AGENCY, VERSION = "XINZHI", "1.0"
CONCEPTS = {"region": "REF_AREA", "year": "TIME_PERIOD", "date": "TIME_PERIOD"}
INFORMATION = "I"  # what the file does to a data base that takes it in: nothing is said of its rows elsewhere
STATUS = "OBS_STATUS"
NORMAL = "A"


@dataclass(frozen=True, slots=True)
class _Parts:
    """The columns of a frame by what they become."""

    key: Sequence[Column]
    measures: Sequence[Column]
    attributes: Sequence[Column]


def concept(name: str) -> str:
    """Return the name of a column as a concept of SDMX."""
    return CONCEPTS.get(name, "".join(sign if sign.isalnum() else "_" for sign in name).upper())


def _parts(result: Result) -> _Parts:
    held = columns(result)
    key = [one for one in held if one.name in type(result).key]
    rest = [one for one in held if one.name not in type(result).key and one.kind != "flags"]
    numeric = [one for one in rest if result.frame.schema[one.name].is_numeric()]
    plain = [one for one in rest if not result.frame.schema[one.name].is_numeric()]
    if not key or not numeric:
        raise UsageError("report.no-observations", name=type(result).__name__)
    return _Parts(key, numeric, plain)


def observations(result: Result) -> pl.DataFrame:
    """Return the observations of a result; what is unknown has none.

    The frame has ``STRUCTURE, STRUCTURE_ID, ACTION``, a column for every part of the key, ``INDICATOR`` (the name of
    the column), ``OBS_VALUE``, ``UNIT_MEASURE``, ``OBS_STATUS`` (code list CL_OBS_STATUS), ``COMMENT_OBS`` (the flags
    in words), and the columns of text.
    """
    parts, frame = _parts(result), result.frame
    cells = frame["flags"].to_list() if "flags" in frame.columns else [None] * frame.height
    frame = frame.with_columns(
        pl.Series(STATUS, [status(cell) for cell in cells], dtype=pl.String),
        pl.Series("COMMENT_OBS", [flags.in_full(cell).en if cell else None for cell in cells], dtype=pl.String),
    )
    texts = [one.name for one in parts.attributes]
    kept = [*(one.name for one in parts.key), *texts, STATUS, "COMMENT_OBS"]
    units = {one.name: one.unit.en or None for one in parts.measures}
    long = frame.unpivot(
        [one.name for one in parts.measures], index=kept, variable_name="INDICATOR", value_name="OBS_VALUE"
    )
    long = long.with_columns(pl.col("OBS_VALUE").cast(pl.Float64)).filter(pl.col("OBS_VALUE").is_finite())
    named = {one.name: concept(one.name) for one in (*parts.key, *parts.attributes)}
    dimensions = [named[one.name] for one in parts.key]
    marked = long.with_columns(
        STRUCTURE=pl.lit("dataflow"),
        STRUCTURE_ID=pl.lit(f"{AGENCY}:{concept(result.verb or type(result).__name__)}({VERSION})"),
        ACTION=pl.lit(INFORMATION),
        UNIT_MEASURE=pl.col("INDICATOR").replace_strict(units, return_dtype=pl.String),
        INDICATOR=pl.col("INDICATOR").str.to_uppercase(),
    ).rename(named)
    order = ["STRUCTURE", "STRUCTURE_ID", "ACTION", *dimensions, "INDICATOR", "OBS_VALUE", "UNIT_MEASURE", STATUS]
    return marked.select(*order, "COMMENT_OBS", *(named[name] for name in texts)).sort(*dimensions, "INDICATOR")


def status(cell: str | None) -> str:
    """Return the status of an observation with such flags: of several the first in the order of ``flags.yaml``."""
    held = {kind for kind, _ in flags.split(cell)}
    return next((code for kind, code in codes().items() if kind in held), NORMAL)


def codes() -> dict[str, str]:
    """Return the code of every kind of flag that changes the status of an observation."""
    return {kind: row["status"] for kind, row in flags.kinds().items() if "status" in row}


def write_sdmx(result: Result, path: Path) -> None:
    """Write the observations of a result as SDMX-CSV 2.0, UTF-8 without a byte order mark."""
    frame = observations(result)
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    frame.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join(";")).write_csv(path)

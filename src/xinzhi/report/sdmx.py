"""A result as SDMX-CSV 2.0: one observation a row, keys as dimensions, flags as the status of observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from xinzhi.core import flags
from xinzhi.core.errors import UsageError
from xinzhi.core.formulas import guarded
from xinzhi.core.result import Result
from xinzhi.core.schema import Column
from xinzhi.report.metadata import columns

# SDMX-CSV field guide 2.0: STRUCTURE, STRUCTURE_ID, ACTION, then dimensions, the measure, attributes. Concepts have
# the names of the SDMX Content-Oriented Guidelines, Annex 1 (REF_AREA, TIME_PERIOD, OBS_STATUS, UNIT_MEASURE).
AGENCY = "XINZHI"
CONCEPTS = {"region": "REF_AREA"}
PERIODS = ("year", "end", "date")  # of the key: the first that is there is the period of an observation
INDICATORS = ("INDICATOR", "MEASURE", "VARIABLE")  # what the dimension of the columns is called: the first that is free
INFORMATION = "I"  # what the file does to a data base that takes it in: nothing is said of its rows elsewhere
STATUS = "OBS_STATUS"
NORMAL = "A"


@dataclass(frozen=True, slots=True)
class _Parts:
    """The columns of a frame by what they become."""

    key: Sequence[Column]
    measures: Sequence[Column]
    attributes: Sequence[Column]


def concept(name: str, period: str | None = None) -> str:
    """Return the name of a column as a concept of SDMX."""
    if name == period:
        return "TIME_PERIOD"
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
    keys = [one.name for one in parts.key]
    texts = [one.name for one in parts.attributes]
    period = next((name for name in PERIODS if name in keys), None)
    named = {name: concept(name, period) for name in (*keys, *texts)}
    indicator = next(name for name in INDICATORS if name not in named.values())
    dimensions = [*(named[name] for name in keys), indicator]
    units = {one.name: one.unit.en or None for one in parts.measures}
    kept, made = [*keys, *texts, STATUS, "COMMENT_OBS"], result.provenance
    long = frame.unpivot(list(units), index=kept, variable_name=indicator, value_name="OBS_VALUE").rename(named)
    long = long.with_columns(pl.col("OBS_VALUE").cast(pl.Float64)).filter(pl.col("OBS_VALUE").is_finite())
    structure = f"{AGENCY}:{concept(made.verb)}({made.version})"
    return long.select(
        STRUCTURE=pl.lit("dataflow"),
        STRUCTURE_ID=pl.lit(structure),
        ACTION=pl.lit(INFORMATION),
        **{name: pl.col(name) for name in dimensions[:-1]},
        **{indicator: pl.col(indicator).str.to_uppercase()},
        OBS_VALUE=pl.col("OBS_VALUE"),
        UNIT_MEASURE=pl.col(indicator).replace_strict(units, return_dtype=pl.String),
        **{name: pl.col(name) for name in (STATUS, "COMMENT_OBS", *(named[name] for name in texts))},
        COMMENT_DSET=pl.lit(made.foot()),
    ).sort(dimensions)


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
    guarded(frame.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join(";"))).write_csv(path)

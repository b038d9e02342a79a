"""The verb `peers`: the regions whose structure was nearest at the start of the newest period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core import parameters
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, words
from xinzhi.data import Package, as_package
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.view import View

setting = partial(parameters.setting, Path(__file__).with_name("diagnosis.yaml"))


SCHEMA = {"region": pl.String, "peer": pl.String, "place": pl.Int64, "distance": pl.Float64, "far": pl.Boolean}

SHARES = {"sector_accounts": ("sector", "output_nominal"), "activity_sections": ("section", "employment")}
SCALES = {"log": pl.Expr.log, "root": pl.Expr.sqrt}


@dataclass(frozen=True, repr=False, kw_only=True)
class Peers(Result, verb="peers", topic="brief", key=("region", "place")):
    """Whom every region is like: a row of `frame` for each of its nearest regions.

    `structure` has the measures behind the distance, `year` the year that they are of, `missing` those that the package
    lacks; `without` has for each measure the peers of every region when it is left out.
    """

    structure: pl.DataFrame
    year: int
    missing: tuple[str, ...]
    without: Mapping[str, Mapping[str, Sequence[str]]]

    def facts(self) -> Facts:
        """Return what the distance is made from."""
        facts: Facts = {"peers.measures": {"names": self.measures, "year": self.year}}
        if self.missing:
            facts["peers.missing"] = {"names": [words(f"brief.measure.{name}") for name in self.missing]}
        return facts

    @property
    def measures(self) -> list[Text]:
        """Return what the measures of the distance are called."""
        return [words(f"brief.measure.{name}") for name in self.structure.columns[1:]]

    def of(self, region: str) -> list[str]:
        """Return the codes of the peers of a region, the nearest first."""
        return list(self._of.get(region, ()))

    @cached_property
    def _of(self) -> Mapping[str, Sequence[str]]:
        near: dict[str, list[str]] = {}
        for region, peer in self.frame.sort("place").select("region", "peer").iter_rows():
            near.setdefault(region, []).append(peer)
        return near

    def named(self, region: str) -> list[Text]:
        """Return the names of the peers of a region."""
        return [self.names.region(code) for code in self.of(region)]


def peers(measurement: Measurement, package: Package | str | Mapping[str, object], *, year: int | None = None) -> Peers:
    """Find the regions whose structure is nearest, by standardised differences in declared measures.

    Parameters
    ----------
    measurement
        What `measure` returns.
    package
        The package that it is of, for sectors, output per person, schooling, urbanisation, mining and density.
    year
        The year of the structure; None: the start of the newest period, so that nobody is chosen for how it grew.

    Notes
    -----
    The distance of two regions is the root mean square of their differences, each measure divided by its standard
    deviation over the regions. The measures and their number stand in ``diagnosis.yaml``.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> found = peers(xinzhi.measure(package), package)
    >>> [name.en for name in found.named("220000")][:2]
    ['Hebei', 'Liaoning']
    """
    data = as_package(package)
    at = View(measurement).spans[-1].start if year is None else year
    table, missing = structure(measurement, data, at)
    least = int(setting("peers.least"))
    if table.height <= least:
        raise InputError("yardstick.no-peers", year=at, n=table.height, least=least + 1)
    codes, measures = table["region"].to_list(), table.columns[1:]
    apart = distances(table.drop("region").to_numpy())
    limit = float(np.quantile(apart[np.triu_indices(len(codes), 1)], setting("peers.far")))
    count = min(int(setting("peers.count")), len(codes) - 1)
    rows = [
        (code, codes[other], place, float(line[other]), bool(line[other] > limit))
        for code, line in zip(codes, apart, strict=True)
        for place, other in enumerate(_nearest(line, codes.index(code), count), 1)
    ]
    left = [name for name in measures if len(measures) > 1]
    return Peers(
        frame=pl.DataFrame(rows, schema=SCHEMA, orient="row"),
        structure=table,
        year=at,
        missing=tuple(missing),
        without={name: _nearest_of(codes, distances(table.drop("region", name).to_numpy()), count) for name in left},
        names=measurement.names,
        kind=measurement.kind,
        provenance=replace(measurement.provenance, verb="peers", options={"year": at}),
    )


def structure(measurement: Measurement, package: Package, year: int) -> tuple[pl.DataFrame, list[str]]:
    """Return the measures of a year for the regions that have all that are there, and the names of those missing."""
    table = measurement.inputs.filter(year=year).select("region").unique().sort("region")
    missing = []
    for name, how in setting("peers.of").items():
        if "unless" in how and how["unless"] in table.columns:
            continue
        column = _column(measurement, package, year, how)
        joined = None if column is None else table.join(column.rename({"value": name}), on="region", how="left")
        if joined is None or joined[name].count() <= table.height // 2:  # a measure of few would cost the others
            missing.append(name)
            continue
        table = joined
    kept = table.drop_nulls()
    flat = [name for name in kept.columns[1:] if kept[name].n_unique() < 2]  # noqa: PLR2004 - all alike
    return kept.drop(flat), [*missing, *flat]


def _column(measurement: Measurement, package: Package, year: int, how: Mapping[str, Any]) -> pl.DataFrame | None:
    """Return ``region, value`` of one measure; None where the package has none."""
    if how["from"] == "inputs":
        return measurement.inputs.filter(year=year).select("region", value=(pl.col("output") / pl.col("labour")).log())
    table = package.tables.get(how["from"])
    if table is None:
        return None
    if how["from"] in SHARES:
        key, value = SHARES[how["from"]]
        if value not in table.columns:
            return None
        whole = table.filter(year=year).with_columns(value=pl.col(value) / pl.col(value).sum().over("region"))
        found = whole.filter(pl.col(key) == how[key]).select("region", "value")
    else:
        rows = package.tables["accounts"].filter(year=year)
        if how["from"] == "regions":
            rows = rows.join(table.select(set(table.columns) & {"region", how["over"]}), on="region", how="left")
        if not {how["column"], how.get("over", "region")} <= set(rows.columns):
            return None
        found = rows.select("region", value=pl.col(how["column"]) / (pl.col(how["over"]) if "over" in how else 1))
    return found.with_columns(SCALES[how["scale"]](pl.col("value"))) if "scale" in how else found


def distances(values: FloatArray) -> FloatArray:
    """Return the root mean square of standardised differences between all rows `(R, R)`."""
    scaled = values / values.std(axis=0, ddof=1)
    gaps = scaled[:, None, :] - scaled[None, :, :]
    root: FloatArray = np.sqrt((gaps**2).mean(axis=2))
    return root


def _nearest_of(codes: Sequence[str], apart: FloatArray, count: int) -> dict[str, list[str]]:
    """Return the nearest others of every region."""
    return {code: [codes[one] for one in _nearest(apart[at], at, count)] for at, code in enumerate(codes)}


def _nearest(line: FloatArray, own: int, count: int) -> Sequence[int]:
    """Return the positions of the nearest others; of equals the first by code."""
    return [int(one) for one in np.argsort(line, kind="stable") if one != own][:count]

"""The revisions that a package records: what each later vintage of output did to levels and growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.parameters import read_yaml
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, read_words, same, words
from xinzhi.data import Package, as_package, names_of, provenance


@cache
def oldest_first() -> tuple[str, ...]:
    """Return the vintages in the order in which they were published."""
    return tuple(read_yaml(Path(__file__).with_name("vintages.yaml"))["oldest_first"])


@dataclass(frozen=True, repr=False, kw_only=True)
class VintageHistory(Result, verb="vintage_history", topic="yardstick", key=("region", "year", "before", "after")):
    """What every revision of output that a package records did, region by region.

    `frame` has the revision of every level and year's growth; `growth` that of real growth cumulated over the years
    that both vintages have; `levels` the years in which nominal output was revised down and up most, largest loss
    first.
    """

    growth: pl.DataFrame
    levels: pl.DataFrame

    def facts(self) -> Facts:
        """Return for every revision who lost and who gained most, and in which years."""
        facts: dict[str, list[dict[str, object]]] = {"vintages.level": [], "vintages.growth": []}
        for before, after in self.frame.select("before", "after").unique(maintain_order=True).iter_rows():
            pair = {"before": before, "after": after}
            called = {name: self.called(vintage) for name, vintage in pair.items()}
            level, growth = self.levels.filter(**pair), self.growth.filter(**pair)
            if level.height:
                low, high = level.sort("lowest").row(0, named=True), level.sort("highest").row(-1, named=True)
                places = ((low, low["lowest_year"], low["lowest"]), (high, high["highest_year"], high["highest"]))
                facts["vintages.level"].append(called | {"ends": self._ends(places)})
            if growth.height:
                rows = (growth.row(0, named=True), growth.row(-1, named=True))
                ends = [(row, f"{row['start']}-{row['end']}", row["revision"]) for row in rows]
                facts["vintages.growth"].append(called | {"ends": self._ends(ends)})
        return dict(facts)

    @staticmethod
    def called(vintage: str) -> Text:
        """Return what a vintage is called."""
        known = read_words("levels.yaml")["output.vintage"]
        return Text(**known[vintage]) if vintage in known else same(vintage)

    def _ends(self, places: Sequence[tuple[dict[str, Any], object, float]]) -> list[Text]:
        """Return who was revised down most and who up; one text where nobody was."""
        told = [
            words(f"yardstick.vintages.{way}", name=self.names.region(row["region"]), when=when, value=value)
            for way, sign, (row, when, value) in zip(("down", "up"), (-1, 1), places, strict=True)
            if sign * value > 0
        ]
        return told or [words("yardstick.vintages.unrevised")]


def vintage_history(package: Package | str | Path | Mapping[str, object]) -> VintageHistory:
    """Return what each later vintage of output did to the one before it.

    An `InputError` says that the package has no table `vintages`, that it holds fewer than two, or one that has no
    place in ``vintages.yaml``.

    Examples
    --------
    >>> history = vintage_history("china-provinces")
    >>> history.levels.select("region", "after", "lowest_year").row(0)
    ('120000', 'census4', 2016)
    """
    data = as_package(package)
    table = data.require("vintages", ["region", "year", "vintage"], verb="vintage_history")
    wanted = {"output_nominal": pl.Float64, "output_growth": pl.Float64}
    missing = {name: pl.lit(None, dtype) for name, dtype in wanted.items() if name not in table.columns}
    rows = table.with_columns(**missing).select("region", "year", "vintage", *wanted)
    frame = pl.concat(_revision(rows, before, after) for before, after in pairwise(_order(data, rows)))
    return VintageHistory(
        frame=frame.select("region", "year", "before", "after", "level", "growth"),
        growth=_cumulated(frame),
        levels=_levels(frame),
        names=names_of(data),
        kind=data.kind,
        provenance=provenance("vintage_history", data, ["vintages"]),
    )


def _order(data: Package, rows: pl.DataFrame) -> list[str]:
    """Return the vintages of the table, oldest first."""
    held = set(rows["vintage"].drop_nulls().to_list())
    known = oldest_first()
    if strange := sorted(held - set(known)):
        raise InputError("yardstick.unknown-vintage", name=data.name, strange=list(strange), known=list(known))
    if len(held) < 2:  # noqa: PLR2004 - a revision has a before and an after
        raise InputError("yardstick.one-vintage", name=data.name, held=list(held))
    return [name for name in known if name in held]


def _revision(rows: pl.DataFrame, before: str, after: str) -> pl.DataFrame:
    """Return the region-years that both vintages have."""
    first, second = (rows.filter(pl.col("vintage") == name).drop("vintage") for name in (before, after))
    both = first.join(second, on=["region", "year"], suffix="_after").sort("region", "year")
    log_growth = ((1 + pl.col(name) / 100).log() for name in ("output_growth", "output_growth_after"))
    old, new = log_growth
    dates: Any = {"before": pl.lit(before), "after": pl.lit(after)}
    return both.with_columns(
        level=pl.col("output_nominal_after") / pl.col("output_nominal") - 1, growth=new - old, old=old, new=new, **dates
    )


def _cumulated(frame: pl.DataFrame) -> pl.DataFrame:
    """Cumulate real growth over the years that both vintages have."""
    pair = ["before", "after"]
    return (
        frame.filter(pl.col("growth").is_not_null())
        .group_by("region", *pair, maintain_order=True)
        .agg(
            start=pl.col("year").min() - 1,
            end=pl.col("year").max(),
            growth_before=pl.col("old").sum().exp() - 1,
            growth_after=pl.col("new").sum().exp() - 1,
            revision=pl.col("growth").sum().exp() - 1,
        )
        .sort("revision", "region")
    )


def _levels(frame: pl.DataFrame) -> pl.DataFrame:
    """Say in which years nominal output was revised most."""

    def at(place: pl.Expr, column: str) -> pl.Expr:
        return pl.col(column).get(place)

    low, high, last = pl.col("level").arg_min(), pl.col("level").arg_max(), pl.col("year").arg_max()
    return (
        frame.filter(pl.col("level").is_not_null())
        .group_by("region", "before", "after", maintain_order=True)
        .agg(
            years=pl.len().cast(pl.Int64),
            lowest_year=at(low, "year"),
            lowest=at(low, "level"),
            highest_year=at(high, "year"),
            highest=at(high, "level"),
            last_year=at(last, "year"),
            last=at(last, "level"),
        )
        .sort("lowest", "region")
    )

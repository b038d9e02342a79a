"""The verb `digital_core`: value added of the digital core in the nation, by the input-output tables of each year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, words
from xinzhi.data import provenance
from xinzhi.data.nation import series_of

if TYPE_CHECKING:
    from xinzhi.data import Package

ACTIVITIES = (
    "electronics_manufacturing",
    "telecom_and_broadcasting_transmission",
    "internet",
    "software_and_it_services",
)
_WHOLE, _PART = "value_added", "value_added_"


@dataclass(frozen=True, repr=False, kw_only=True)
class DigitalCore(Result, verb="digital_core", topic="scope", key=("year", "activity")):
    """Value added of the digital core, by year and activity, and its share of all value added of the nation.

    An activity without a row in a year has no column of its own in that year's table and stands with another one:
    internet with telecommunications before 2017. `by_year` has the sum of the activities.
    """

    @property
    def by_year(self) -> pl.DataFrame:
        """Return ``year, value_added, share``: all activities together."""
        return self.frame.group_by("year", maintain_order=True).agg(pl.col("value_added", "share").sum())

    def activity(self, name: str) -> Text:
        """Return the name of an activity."""
        return words(f"scope.activity.{name}")

    def facts(self) -> Facts:
        """Return the share in the first and the last year, and what grew most."""
        rows = self.by_year
        first, last = rows.row(0, named=True), rows.row(-1, named=True)
        ends = self.frame.filter(pl.col("year").is_in([first["year"], last["year"]]))
        wide = ends.pivot("year", index="activity", values="share").fill_null(0.0)
        change = wide[str(last["year"])] - wide[str(first["year"])]
        most = wide.with_columns(change=change).sort("change", descending=True).row(0, named=True)
        facts: Facts = {
            "answer.core": {
                "first": first["year"],
                "before": first["share"],
                "last": last["year"],
                "after": last["share"],
                "name": self.activity(most["activity"]),
                "low": most[str(first["year"])],
                "high": most[str(last["year"])],
            }
        }
        return facts | {"note.core": {}}


def digital_core(package: Package) -> DigitalCore:
    """Measure the digital core by its value added in the nation's input-output tables.

    Parameters
    ----------
    package
        With the table ``nation`` and its series ``value_added`` and ``value_added_…`` of the activities of the core:
        electronics, telecommunications and broadcasting, internet, software and information technology services.

    Raises
    ------
    InputError
        When the package has no such series in two years.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> found = digital_core(load("china-provinces"))
    >>> [(row[0], round(100 * row[2], 1)) for row in found.by_year.rows()][:: len(found.by_year) - 1]
    [(2002, 4.8), (2023, 6.7)]
    """
    table = package.require("nation", ("variable", "year", "value", "unit", "status"), verb="scope.digital_core")
    whole = series_of(table, _WHOLE).select("year", total="value")
    parts = [
        series_of(table, f"{_PART}{name}").select("year", activity=pl.lit(name), value_added="value")
        for name in ACTIVITIES
    ]
    rows = pl.concat(parts).join(whole, on="year").with_columns(share=pl.col("value_added") / pl.col("total"))
    if rows["year"].n_unique() <= 1:
        raise InputError("scope.no-core", name=package.name)
    order = pl.col("activity").replace_strict(dict(zip(ACTIVITIES, range(len(ACTIVITIES)), strict=True)))
    frame = rows.sort("year", order).select("year", "activity", "value_added", "share")
    made = replace(provenance("digital_core"), package=package.name, inputs={"nation": package.fingerprint("nation")})
    return DigitalCore(frame=frame, kind=package.kind, provenance=made)

"""The verb `backcast`: what the brief would have said in the past, from what was known then, and what happened."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist, median
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts, Result
from xinzhi.data import Package, as_package
from xinzhi.protocol.internal import freeze
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Ruler, Source
from xinzhi.yardstick.peers import peers, setting

GAP = "gap"
SCHEMA = {
    "as_of": pl.Int64, "rule": pl.String, "region": pl.String, "said": pl.Float64, "happened": pl.Float64,
    "hit": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True, repr=False, kw_only=True)
class Backcast(Result, verb="backcast", topic="brief", key=("as_of", "rule", "region")):
    """Whether what was said of growth came true: a row of `frame` is a year, a rule and a region.

    `said` is the growth of the region less that of all together which the rule expects (log points a year; of
    ``catch_up`` the level that the region lacks), `happened` the same over the years after; of ``gap`` both are
    against the median of the peers, for the regions that fell short of it. `rates` has for each rule how many of the
    signs were right, with an interval from draws of regions, all dates of a region together, and the `base` rate:
    what signs that know nothing of the outcome would reach, of ``gap`` the part of all regions below the median
    afterwards. `best` names the rule on all together whose rate is highest, the plainest among equals. `first` says
    whether output was as first published.
    """

    rates: pl.DataFrame
    best: str
    first: bool
    years: int

    def facts(self) -> Facts:
        """Return the hit rate of the best rule and of plain persistence, and whether either beats a coin."""
        rows = {row["rule"]: row for row in self.rates.iter_rows(named=True)}
        best, persistence = rows[self.best], rows["persistence"]
        ends = self.frame["as_of"].unique().sort().to_list()
        shared = {"ends": ends, "years": self.years, "n": persistence["n"]}
        rule_figures = {
            f"{label}_{name}": row[name]
            for label, row in (("best", best), ("plain", persistence))
            for name in ("rate", "low", "high", "base")
        }
        gap = rows.get(GAP)
        columns = ("n", "rate", "low", "high", "base")
        lasted: Facts = {} if gap is None else {"backcast.gaps": {name: gap[name] for name in columns}}
        key = "same" if self.best == "persistence" else "best"
        return {
            f"backcast.{key}": {**shared, **rule_figures, "rule": self.best},
            f"backcast.{_verdict(best)}": {},
            **lasted,
            "backcast.draws": {"dates": len(ends)},
            f"backcast.{'first' if self.first else 'revised'}": {},
        }

    def of_region(self, region: str) -> list[dict[str, Any]]:
        """Return what the best rule said of a region, and what happened, by year."""
        return self.frame.filter(region=region, rule=self.best).sort("as_of").to_dicts()


def _forecast_rows(
    end: int, rule: str, values: Mapping[str, float], happened: Mapping[str, float]
) -> list[dict[str, object]]:
    """Return what a rule expected of each region beside what happened."""
    return [
        {
            "as_of": end,
            "rule": rule,
            "region": code,
            "said": value,
            "happened": happened[code],
            "hit": (value > 0) == (happened[code] > 0),
        }
        for code, value in values.items()
        if code in happened
    ]


def _verdict(rates: Mapping[str, float]) -> str:
    """Return whether a rule is right more often, less often or as often as chance."""
    if rates["low"] > rates["base"]:
        return "better"
    return "worse" if rates["high"] < rates["base"] else "coin"


def backcast(
    package: Source,
    protocol: Ruler = DEFAULT_PROTOCOL,
    *,
    measurement: Measurement | None = None,
) -> Backcast:
    """Say of past years which regions grow faster than all together, by three rules, and hold that to what happened.

    Parameters
    ----------
    package, protocol
        As in `measure`. Where the package records vintages, output is as first published.
    measurement
        What `measure` makes of the package, for what happened; it brings its protocol.

    Raises
    ------
    InputError
        When the package does not reach far enough on either side of any of the years.

    Notes
    -----
    ``persistence``: who grew faster in the five years before will in the five after. ``long_run``: who grew faster over
    all years known. ``catch_up``: whose level of productivity is below the middle. ``gap``: who grew less than the
    median of its peers will do so again. The years and the length stand in
    ``diagnosis.yaml``. Inputs are as published now, cut at the year: earlier vintages of them are not recorded.

    Examples
    --------
    >>> found = backcast("china-provinces")
    >>> found.frame["as_of"].unique().sort().to_list(), found.rates["rule"].to_list()
    ([2010, 2015], ['persistence', 'long_run', 'catch_up', 'gap'])
    """
    data = as_package(package)
    now = measure(data, protocol) if measurement is None else measurement
    years, first = int(setting("backcast.years")), False
    rows: list[dict[str, object]] = []
    below: list[bool] = []  # of every region beside its peers in the years after, short before or not
    for end in setting("backcast.ends"):
        happened = relative(now, end, end + years)
        if not happened:
            continue
        then, first_published = as_of(data, end)
        try:
            measured = measure(then, freeze(now.protocol))
        except InputError:  # too few years are known by then
            continue
        first, expectations = first or first_published, rule_forecasts(measured, end, years)
        for rule, values in expectations.items():
            rows += _forecast_rows(end, rule, values, happened)
        short, after = _gaps(measured, then, end, happened)
        rows, below = rows + short, below + after
    if not rows:
        raise InputError("yardstick.no-backcast", years=years, ends=setting("backcast.ends"))
    frame = pl.DataFrame(rows, schema=SCHEMA)
    rates = hit_rates(frame, sum(below) / len(below) if below else math.nan)
    best = rates.filter(pl.col("rule") != GAP).sort("rate", descending=True, maintain_order=True)["rule"][0]
    return Backcast(
        frame=frame,
        rates=rates,
        best=best,
        first=first,
        years=years,
        **now.shared("backcast", ends=setting("backcast.ends")),
    )


def as_of(package: Package, year: int) -> tuple[Package, bool]:
    """Return a package as it could have been at the end of a year, and whether output is as first published."""
    cut = {
        name: frame.filter(pl.col("year") <= year) if "year" in frame.columns else frame
        for name, frame in package.tables.items()
    }
    accounts = _first_published_accounts(cut)
    tables = cut if accounts is None else {**cut, "accounts": accounts}
    return replace(package, tables=tables, origins={}), accounts is not None


def _first_published_accounts(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """Return the accounts with output as first published; None where the package does not record it."""
    accounts, vintages = tables["accounts"], tables.get("vintages")
    if vintages is None or not {"output_nominal", "output_growth", "vintage"} <= set(vintages.columns):
        return None
    first = vintages.filter(vintage=setting("backcast.vintage")).select(
        "region", "year", nominal="output_nominal", growth=(1 + pl.col("output_growth") / 100).log()
    )
    if first.is_empty() or "output_real" not in accounts.columns:
        return None
    joined = accounts.join(first, on=["region", "year"], how="left", maintain_order="left")
    change = (pl.col("output_real") / pl.col("output_real").shift(1)).log().over("region", order_by="year")
    revised = (pl.col("growth") - change).fill_null(0.0).cum_sum().over("region", order_by="year")
    return joined.with_columns(
        output_real=pl.col("output_real") * revised.exp(),
        output_nominal=pl.coalesce("nominal", "output_nominal"),
    ).drop("nominal", "growth")


def relative(measurement: Measurement, start: int, end: int) -> dict[str, float]:
    """Return mean growth after `start` up to `end` less that of all regions; nothing where a year is missing."""
    inside = pl.col("year").is_between(start + 1, end)
    nation = measurement.national.filter(inside)["tfp_growth"].drop_nulls()
    if len(nation) < end - start:
        return {}
    means = measurement.frame.filter(inside).group_by("region").agg(pl.len(), pl.col("tfp_growth").mean())
    complete = means.filter(pl.col("len") == end - start).sort("region")
    return {code: value - float(str(nation.mean())) for code, _, value in complete.iter_rows()}


def rule_forecasts(measurement: Measurement, end: int, years: int) -> dict[str, dict[str, float]]:
    """Return what each rule expects of growth after a year, less that of all regions."""
    first = int(str(measurement.frame["year"].min())) - 1
    levels = measurement.levels.filter(year=end).drop_nulls("tfp_level")
    middle = float(str(levels["tfp_level"].median() or math.nan))
    return {
        "persistence": relative(measurement, end - years, end),
        "long_run": relative(measurement, first, end),
        "catch_up": {code: math.log(middle / level) for code, level in levels.select("region", "tfp_level").rows()},
    }


def _gaps(
    measured: Measurement, then: Package, end: int, happened: Mapping[str, float]
) -> tuple[list[dict[str, object]], list[bool]]:
    """Return whether regions that fell short of the median of their peers did so again, and whether each region did."""
    start = end - int(setting("backcast.years"))
    try:
        alike = peers(measured, then, year=start)
    except InputError:
        return [], []
    before, rows, below = relative(measured, start, end), [], []
    for code in before:
        complete_peers = [
            code_of_peer for code_of_peer in alike.codes(code) if code_of_peer in before and code_of_peer in happened
        ]
        if len(complete_peers) < int(setting("peers.least")) or code not in happened:
            continue
        gap_before, after = (
            growth[code] - median(growth[code_of_peer] for code_of_peer in complete_peers)
            for growth in (before, happened)
        )
        below.append(after < 0)
        if gap_before <= -setting("gaps.least"):
            rows.append(
                {"as_of": end, "rule": GAP, "region": code, "said": gap_before, "happened": after, "hit": after < 0}
            )
    return rows, below


def hit_rates(frame: pl.DataFrame, below: float) -> pl.DataFrame:
    """Return the share of right signs of every rule with its interval and base rate; of gaps that is `below`."""
    rows = []
    for rule in sorted(frame["rule"].unique(maintain_order=True), key=GAP.__eq__):  # gaps come last
        rows_of_rule = frame.filter(rule=rule)
        by_region = rows_of_rule.group_by("region", maintain_order=True).agg(n=pl.len(), k=pl.col("hit").sum())
        above, expected_above = ((rows_of_rule[name] > 0).mean() for name in ("happened", "said"))
        hits, tries = by_region["k"].to_numpy(), by_region["n"].to_numpy()
        # the interval over draws of regions: the dates of a region stay together
        size, edge = len(hits), (1 - setting("backcast.level")) / 2
        draws = np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), int(setting("backcast.draws")))
        low, high = np.quantile((draws @ hits) / (draws @ tries), [edge, 1 - edge]).tolist()
        if hits.sum() in {0, tries.sum()}:  # draws of one outcome know no spread
            low, high = wilson(int(bool(hits.sum())) * size, size, edge)
        blind = above * expected_above + (1 - above) * (1 - expected_above)  # type: ignore[operator] # shares
        rows.append(
            {
                "rule": rule,
                "n": rows_of_rule.height,
                "k": rows_of_rule["hit"].sum(),
                "rate": rows_of_rule["hit"].mean(),
                "low": low,
                "high": high,
                "base": below if rule == GAP else blind,
            }
        )
    return pl.DataFrame(rows)


def wilson(hits: int, n: int, edge: float) -> tuple[float, float]:
    """Return the interval of a share with `edge` beyond either end (Wilson 1927, J. Am. Stat. Assoc. 22).

    >>> low, high = wilson(0, 2, 0.025)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.658)
    """
    square = NormalDist().inv_cdf(edge) ** 2
    middle = (hits + square / 2) / (n + square)
    half = math.sqrt(square * (hits * (n - hits) / n + square / 4)) / (n + square)
    return max(middle - half, 0.0), min(middle + half, 1.0)

"""The verb `leapfrog`: the conditions under which a latecomer can pass the leader, region by region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import describe
from xinzhi.core.text import LANGUAGES, Text, words
from xinzhi.data import names_of
from xinzhi.data.package import Package
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.industries import as_package, called
from xinzhi.pathways.leap.lane_changes import LaneChanges
from xinzhi.yardstick import Measurement

CONDITIONS: Mapping[str, Text] = describe("leapfrog", "condition").values
Judged = dict[str, dict[str, Any]]  # by region: year, value, reference and whether it holds; what it rests on and lacks


@dataclass(frozen=True, repr=False, kw_only=True)
class Leapfrog(Result, verb="leapfrog", topic="pathways", key=("region", "condition")):
    """The conditions of leapfrogging: a row for each region and condition; `met` is empty where it cannot be judged.

    `regions` says how many hold, of how many that can be judged; no index, as they do not make up for each other.
    `leader` is who is at the frontier.
    """

    regions: pl.DataFrame
    leader: str
    year: int

    def facts(self) -> Facts:
        """Return who leads, where most conditions hold, and in how many regions each does."""
        order = self.regions.sort("met", "judged", "region", descending=[True, False, False])
        counts = self.frame.drop_nulls("met").group_by("condition", maintain_order=True)
        rows = counts.agg(pl.col("met").sum(), n=pl.len()).rows(named=True)
        every = self.regions.filter(pl.col("met") == pl.col("judged"))["region"]
        return {
            "headline.leapfrog": {
                "year": self.year,
                "leader": self.names.region(self.leader),
                "top": [self.names.region(code) for code in order.filter(pl.col("met") == order["met"][0])["region"]],
                "met": order["met"][0],
                "n": len(rows),
            },
            "summary.all_conditions" if len(every) else "summary.no_region": {
                "regions": [self.names.region(code) for code in every]
            },
            "summary.condition": [{**row, "condition": CONDITIONS[row["condition"]]} for row in rows],
        }

    def explain(self, region: str) -> pl.DataFrame:
        """Return the conditions of one region, by code or name, with their evidence."""
        return self.frame.filter(region=self.names.resolve(region, self.regions["region"]))


def leapfrog(
    source: AnyPackage,
    *,
    measurement: Measurement | None = None,
    year: int | None = None,
    lanes: LaneChanges | None = None,
) -> Leapfrog:
    """Judge the conditions under which each region could pass the leader, as far as the columns reach.

    Parameters
    ----------
    source
        A data package.
    measurement
        Levels of total factor productivity; measured from the package when None.
    year
        Of the levels; the last when None.
    lanes
        Entries off the lane (`lane_changes`), for lock-in and lanes already changed; those conditions stay unjudged
        without.

    Raises
    ------
    InputError
        When there are fewer than three regions, or no levels to compare.

    Notes
    -----
    Brezis, Krugman and Tsiddon (1993), American Economic Review 83(5): a leader keeps to the technology in which it is
    experienced; a laggard takes up a new one that is at first no better, because its wages are lower; it passes when
    the new one is better in the end. The wage gap is what a new technology must reach at the start: ``value`` of
    0.6 means that it pays here from 60 % of the leader's productivity on. Lee and Malerba (2017), Research Policy 46,
    and Cohen and Levinthal (1990), Administrative Science Quarterly 35, for windows and absorptive capacity. Whether
    the new technology is better is not in these columns.

    Examples
    --------
    >>> found = leapfrog("china-provinces", year=2019)
    >>> found.leader, found.frame["condition"].n_unique()
    ('310000', 7)
    """
    from xinzhi.yardstick import measure

    package = as_package(source)
    measured = measurement if measurement is not None else measure(package)
    levels = measured.levels
    if levels.is_empty():
        raise InputError("pathways.nothing-to-compare")
    when = int(levels["year"].max()) if year is None else year  # type: ignore[arg-type] # years are whole numbers
    now = levels.filter(pl.col("year") == when).drop_nulls("tfp_to_leader").sort("region")
    if not now.height:
        years = sorted(levels["year"].unique().to_list())
        raise UsageError("pathways.no-levels", year=when, first=years[0], last=years[-1])
    if now.height < 3:  # noqa: PLR2004 - a leader, a follower and somebody to compare with
        raise InputError("pathways.few-regions", n=now.height, year=when)
    leader = str(now.sort("tfp_to_leader", descending=True)["region"].item(0))
    names = names_of(package)
    regions: list[str] = now["region"].to_list()
    judged = {
        "frontier_distance": _distance(now, when, names.region(leader)),
        "wage_gap": _wages(measured, regions, leader, when),
        "incumbent_lock_in": _leader_lock_in(lanes, regions, leader),
        "own_lock_in": _own_lock_in(lanes, regions),
        "schooling": _capacity(package, "mean_years_schooling", "schooling", regions, when),
        "research": _capacity(package, "rd_intensity", "research", regions, when),
        "lane_change": _lanes(lanes, regions),
    }
    frame = pl.DataFrame(
        [_row(region, condition, **by_region[region]) for region in regions for condition, by_region in judged.items()],
        schema=_SCHEMA,
    )
    totals = frame.group_by("region", maintain_order=True).agg(
        met=pl.col("met").sum().cast(pl.Int64), judged=pl.col("met").is_not_null().sum().cast(pl.Int64)
    )
    read = [name for name in ("accounts", "indicators") if name in package.tables]
    return Leapfrog(
        frame=frame,
        regions=totals.with_columns(pl.DataFrame(called(names, "region", regions))),
        names=names,
        leader=leader,
        year=when,
        kind=package.kind,
        provenance=replace(
            measured.provenance,
            verb="leapfrog",
            package=package.name,
            inputs={**measured.provenance.inputs, **{name: package.fingerprint(name) for name in read}},
            options={"year": when, "lanes": lanes is not None},
        ),
    )


_SCHEMA = {
    "region": pl.String(),
    "condition": pl.String(),
    "year": pl.Int64(),
    "value": pl.Float64(),
    "reference": pl.Float64(),
    "met": pl.Boolean(),
    **dict.fromkeys(("evidence_zh", "evidence_en", "missing_zh", "missing_en"), pl.String()),
}


def _row(region: str, condition: str, **judged: Any) -> dict[str, Any]:  # noqa: ANN401 - the fields of `Judged`
    texts: dict[str, str | None] = {}
    for key in ("evidence", "missing"):
        text = judged.pop(key, None)
        texts |= {f"{key}_{language}": None if text is None else text.lang(language) for language in LANGUAGES}
    return {"region": region, "condition": condition, **judged, **texts}


def _lacks(what: str, regions: Sequence[str], **values: object) -> Judged:
    """Return that a condition cannot be judged anywhere, and why."""
    return {region: {"missing": words(f"pathways.missing.{what}", **values)} for region in regions}


def _distance(now: pl.DataFrame, year: int, leader: Text) -> Judged:
    """Judge whether there is a leader to pass."""
    limit = float(setting("leapfrog.frontier_ratio"))
    return {
        region: {
            "year": year, "value": ratio, "reference": limit, "met": ratio < limit,
            "evidence": words("pathways.evidence.frontier_distance", ratio=ratio, leader=leader),
        }
        for region, ratio in now.select("region", "tfp_to_leader").rows()
    }  # fmt: skip


def _wages(measured: Measurement, regions: list[str], leader: str, year: int) -> Judged:
    """Judge whether labour income per worker is far enough below the leader's."""
    limit = float(setting("leapfrog.wage_ratio"))
    pay = pl.col("labour_share") * pl.col("output") / pl.col("labour")
    rows = measured.inputs.filter(pl.col("year") == year).select("region", pay=pay)
    known = dict(rows.filter(pl.col("pay").is_finite()).iter_rows())
    found = _lacks("labour_share", regions)
    for region in known.keys() & set(regions) if leader in known else ():
        ratio = known[region] / known[leader]
        found[region] = {
            "year": year, "value": ratio, "reference": limit, "met": ratio < limit,
            "evidence": words("pathways.evidence.wage_gap", ratio=ratio), "missing": words("pathways.missing.start"),
        }  # fmt: skip
    return found


def _kept(lanes: LaneChanges | None) -> tuple[dict[str, float], float]:
    """Return how much of its old core each region kept, and what the one in the middle did."""
    kept = {} if lanes is None else dict(lanes.persistence.drop_nulls("kept").select("place", "kept").iter_rows())
    return kept, float(np.median(list(kept.values()))) if kept else float("nan")


def _leader_lock_in(lanes: LaneChanges | None, regions: list[str], leader: str) -> Judged:
    """Judge whether the leader keeps to its old core more than the region in the middle does."""
    kept, middle = _kept(lanes)
    if leader not in kept:
        return _lacks("lanes", regions)
    own = kept[leader]
    judged = {
        "value": own, "reference": middle, "met": own > middle, "missing": words("pathways.missing.age"),
        "evidence": words("pathways.evidence.incumbent_lock_in", kept=own, middle=middle),
    }  # fmt: skip
    return dict.fromkeys(regions, judged)


def _own_lock_in(lanes: LaneChanges | None, regions: list[str]) -> Judged:
    """Judge whether the region itself keeps to its old core less than the region in the middle."""
    kept, middle = _kept(lanes)
    return _lacks("lanes", regions) | {
        region: {
            "value": kept[region], "reference": middle, "met": kept[region] <= middle,
            "evidence": words("pathways.evidence.own_lock_in", kept=kept[region]),
        }
        for region in regions
        if region in kept
    }  # fmt: skip


def _capacity(package: Package, name: str, condition: str, regions: list[str], year: int) -> Judged:
    """Judge whether an indicator of absorptive capacity reaches that of the region in the middle."""
    lacking = _lacks("indicator", regions, name=name)
    if "indicators" not in package.tables:
        return lacking
    rows = package.require("indicators", ["value"], verb="leapfrog").filter(indicator=name).drop_nulls("value")
    # The last year not after the one asked for: indicators run late.
    dated = rows.filter(pl.col("year") <= year)
    if not dated.height:
        return lacking
    when = int(dated["year"].max())  # type: ignore[arg-type] # years are whole numbers
    values: dict[str, float] = dict(dated.filter(pl.col("year") == when).select("region", "value").iter_rows())
    middle = float(np.median(list(values.values())))
    late = {} if when == year else {"missing": words("pathways.missing.late", year=year)}
    return lacking | {
        region: {
            "year": when, "value": values[region], "reference": middle, "met": values[region] >= middle,
            "evidence": words(f"pathways.evidence.{condition}", year=when, value=values[region], middle=middle), **late,
        }
        for region in regions
        if region in values
    }  # fmt: skip


def _lanes(lanes: LaneChanges | None, regions: list[str]) -> Judged:
    """Judge whether the region entered unrelated activities at least as often as chance would have it."""
    found = _lacks("lanes", regions)
    for row in () if lanes is None else lanes.frame.filter(pl.col("place").is_in(regions)).iter_rows(named=True):
        if row["index"] is None:
            found |= _lacks("entries", [row["place"]])
            continue
        found[row["place"]] = {
            "value": row["index"], "reference": 1.0, "met": row["index"] >= 1,
            "evidence": words("pathways.evidence.lane_change", **row),
        }  # fmt: skip
    return found

"""The verb `leapfrog`: the conditions under which a latecomer can pass the leader, region by region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import Text
from xinzhi.data import names_of
from xinzhi.pathways.conventions import conventions
from xinzhi.pathways.industries import as_package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.result import Facts
    from xinzhi.data.package import Package
    from xinzhi.pathways.leap.lane_changes import LaneChanges
    from xinzhi.yardstick import Measurement


CONDITIONS = {
    "frontier_distance": Text(zh="与前沿的差距", en="distance to the frontier"),
    "wage_gap": Text(zh="工资差距", en="wage gap"),
    "incumbent_lock_in": Text(zh="领先者的锁定", en="lock-in of the leader"),
    "own_lock_in": Text(zh="自身的锁定", en="lock-in of the region itself"),
    "schooling": Text(zh="吸收能力：受教育年限", en="absorptive capacity: schooling"),
    "research": Text(zh="吸收能力：研发强度", en="absorptive capacity: R&D intensity"),
    "lane_change": Text(zh="已发生的换道", en="lanes already changed"),
}
_NO_AGE = Text(zh="缺少分技术的资本年龄与专利引用年龄", en="age of capital by technology and of cited patents")
_NO_START = Text(zh="缺少新技术的初始生产率", en="initial productivity of the new technology")
_SHOWN = 5


@dataclass(frozen=True, repr=False, kw_only=True)
class Leapfrog(Result):
    """The conditions of leapfrogging.

    Parameters
    ----------
    frame
        ``region, condition, year, value, reference, met`` (empty where it cannot be judged), ``evidence_zh,
        evidence_en, missing_zh, missing_en``: one row a region and condition.
    regions
        ``region, met, judged, name_zh, name_en``: how many conditions hold, of how many that can be judged. Not an
        index: conditions do not make up for each other.
    leader
        Who is at the frontier.
    year
        Of the measurement.
    """

    verb: ClassVar[str] = "leapfrog"
    topic: ClassVar[str] = "pathways"
    key: ClassVar[tuple[str, ...]] = ("region", "condition")

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
        """Return the conditions of one region with their evidence.

        Parameters
        ----------
        region
            Its code.

        Returns
        -------
        pl.DataFrame
            The rows of the frame.

        Raises
        ------
        UsageError
            When there is no such region.
        """
        found = self.frame.filter(region=region)
        if not found.height:
            message = (
                f"there is no region '{region}'; there are {', '.join(self.regions['region'].to_list()[:_SHOWN])}."
            )
            raise UsageError(message)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A condition in one region."""

    year: int | None = None
    value: float | None = None
    reference: float | None = None
    met: bool | None = None
    evidence: Text = Text(zh="", en="")  # noqa: RUF009 - frozen, one empty text for all
    missing: Text = Text(zh="", en="")  # noqa: RUF009 - as above


def leapfrog(
    source: Any,  # noqa: ANN401 - a package, its name or path, or a mapping of frames
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
    UsageError
        When the measurement has no such year.
    InputError
        When there are fewer than three regions.

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
    from xinzhi import __version__
    from xinzhi.yardstick import measure

    package = as_package(source)
    measured = measurement if measurement is not None else measure(package)
    levels = measured.levels
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
        "schooling": _capacity(_series(package, "mean_years_schooling"), regions, when, "years"),
        "research": _capacity(_series(package, "rd_intensity"), regions, when, "percent"),
        "lane_change": _lanes(lanes, regions),
    }
    rows = [
        (
            region,
            condition,
            item.year,
            item.value,
            item.reference,
            item.met,
            item.evidence.zh,
            item.evidence.en,
            item.missing.zh,
            item.missing.en,
        )
        for region in regions
        for condition, by_region in judged.items()
        for item in [by_region[region]]
    ]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row").with_columns(
        pl.when(pl.col(name) != "").then(name) for name in ("evidence_zh", "evidence_en", "missing_zh", "missing_en")
    )
    totals = frame.group_by("region", maintain_order=True).agg(
        met=pl.col("met").sum().cast(pl.Int64), judged=pl.col("met").is_not_null().sum().cast(pl.Int64)
    )
    return Leapfrog(
        frame=frame,
        regions=totals.with_columns(
            name_zh=pl.Series([names.region(region).zh for region in regions]),
            name_en=pl.Series([names.region(region).en for region in regions]),
        ),
        names=names,
        leader=leader,
        year=when,
        kind=package.kind,
        provenance=Provenance(
            verb="leapfrog",
            version=__version__,
            protocol=measured.provenance.protocol,
            protocol_fingerprint=measured.provenance.protocol_fingerprint,
            package=package.name,
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
    "evidence_zh": pl.String(),
    "evidence_en": pl.String(),
    "missing_zh": pl.String(),
    "missing_en": pl.String(),
}


def _distance(now: pl.DataFrame, year: int, leader: Text) -> dict[str, _Judged]:
    """Judge whether there is a leader to pass."""
    limit = float(conventions("leapfrog")["frontier_ratio"])
    return {
        region: _Judged(
            year=year,
            value=ratio,
            reference=limit,
            met=ratio < limit,
            evidence=Text(
                zh=f"全要素生产率为{leader.zh}的 {ratio:.1%}",
                en=f"total factor productivity is {ratio:.1%} of that of {leader.en}",
            ),
        )
        for region, ratio in now.select("region", "tfp_to_leader").rows()
    }


def _wages(measured: Measurement, regions: list[str], leader: str, year: int) -> dict[str, _Judged]:
    """Judge whether labour income a worker is far enough below the leader's."""
    limit = float(conventions("leapfrog")["wage_ratio"])
    rows = measured.inputs.filter(pl.col("year") == year).select(
        "region", pay=pl.col("labour_share") * pl.col("output") / pl.col("labour")
    )
    pay = {region: value for region, value in rows.rows() if value is not None and np.isfinite(value)}
    top = pay.get(leader)
    found = {}
    for region in regions:
        if top is None or region not in pay:
            found[region] = _Judged(missing=Text(zh="缺少劳动报酬份额", en="labour share"))
            continue
        ratio = pay[region] / top
        found[region] = _Judged(
            year=year,
            value=ratio,
            reference=limit,
            met=ratio < limit,
            evidence=Text(
                zh=f"人均劳动报酬为领先者的 {ratio:.1%}：新技术达到其生产率的 {ratio:.1%} 即可采用",
                en=f"labour income a worker is {ratio:.1%} of the leader's: a new technology pays from there on",
            ),
            missing=_NO_START,
        )
    return found


def _kept(lanes: LaneChanges) -> dict[str, float]:
    return {str(place): kept for place, kept in lanes.persistence.select("place", "kept").rows() if kept is not None}


def _leader_lock_in(lanes: LaneChanges | None, regions: list[str], leader: str) -> dict[str, _Judged]:
    """Judge whether the leader keeps to its old core more than the region in the middle does."""
    if lanes is None or leader not in _kept(lanes):
        return dict.fromkeys(regions, _Judged(missing=Text(zh="缺少换道结果（lanes=）", en="lane changes (lanes=)")))
    kept = _kept(lanes)
    middle = float(np.median(list(kept.values())))
    one = _Judged(
        value=kept[leader],
        reference=middle,
        met=kept[leader] > middle,
        evidence=Text(
            zh=f"领先者保留了 {kept[leader]:.0%} 的原有核心产业（各地区中位数 {middle:.0%}）",
            en=f"the leader kept {kept[leader]:.0%} of its old core (median of the regions {middle:.0%})",
        ),
        missing=_NO_AGE,
    )
    return dict.fromkeys(regions, one)


def _own_lock_in(lanes: LaneChanges | None, regions: list[str]) -> dict[str, _Judged]:
    """Judge whether the region itself keeps to its old core less than the region in the middle."""
    kept = {} if lanes is None else _kept(lanes)
    middle = float(np.median(list(kept.values()))) if kept else None
    return {
        region: _Judged(
            value=kept[region],
            reference=middle,
            met=kept[region] <= middle,
            evidence=Text(
                zh=f"保留了 {kept[region]:.0%} 的原有核心产业", en=f"kept {kept[region]:.0%} of its old core"
            ),
        )
        if middle is not None and region in kept
        else _Judged(missing=Text(zh="缺少换道结果（lanes=）", en="lane changes (lanes=)"))
        for region in regions
    }


def _series(package: Package, name: str) -> tuple[str, pl.DataFrame | None]:
    """Return an indicator of the package; None where it has none."""
    if "indicators" not in package.tables:
        return name, None
    rows = package.require("indicators", ["value"], verb="leapfrog").filter(indicator=name).drop_nulls("value")
    return name, rows if rows.height else None


def _capacity(series: tuple[str, pl.DataFrame | None], regions: list[str], year: int, unit: str) -> dict[str, _Judged]:
    """Judge whether an indicator of absorptive capacity reaches that of the region in the middle."""
    name, rows = series
    lacking = _Judged(missing=Text(zh=f"缺少指标 {name}", en=f"the indicator {name}"))
    if rows is None:
        return dict.fromkeys(regions, lacking)
    # The last year not after the one asked for: indicators run late.
    dated = rows.filter(pl.col("year") <= year)
    if not dated.height:
        return dict.fromkeys(regions, lacking)
    when = int(dated["year"].max())  # type: ignore[arg-type] # years are whole numbers
    values: Mapping[str, float] = dict(dated.filter(pl.col("year") == when).select("region", "value").rows())
    middle = float(np.median(list(values.values())))
    late = Text(zh="", en="") if when == year else Text(zh=f"{year} 年数据", en=f"figures of {year}")
    units = Text(zh=" 年" if unit == "years" else "%", en=" years" if unit == "years" else " %")
    return {
        region: _Judged(
            year=when,
            value=values[region],
            reference=middle,
            met=values[region] >= middle,
            evidence=Text(
                zh=f"{when} 年为 {values[region]:.2f}{units.zh}，中位数 {middle:.2f}{units.zh}",
                en=f"{values[region]:.2f}{units.en} in {when}, median {middle:.2f}{units.en}",
            ),
            missing=late,
        )
        if region in values
        else lacking
        for region in regions
    }


def _lanes(lanes: LaneChanges | None, regions: list[str]) -> dict[str, _Judged]:
    """Judge whether the region entered unrelated activities at least as often as chance would have it."""
    rows = {} if lanes is None else {row["place"]: row for row in lanes.frame.iter_rows(named=True)}
    found = {}
    for region in regions:
        row = rows.get(region)
        if row is None:
            found[region] = _Judged(missing=Text(zh="缺少换道结果（lanes=）", en="lane changes (lanes=)"))
        elif row["index"] is None:
            found[region] = _Judged(missing=Text(zh="没有进入新产业", en="no entry at all"))
        else:
            found[region] = _Judged(
                value=row["index"],
                reference=1.0,
                met=row["index"] >= 1,
                evidence=Text(
                    zh=f"{row['entries']} 次进入，{row['unrelated']} 次与原有核心关联度低",
                    en=f"{row['entries']} entries, {row['unrelated']} of them unrelated to the old core",
                ),
            )
    return found

"""The verbs `leapfrog` and `lane_changes`: whether a latecomer can pass, and whether regions change lanes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, AnyPackage, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.schema import describe
from xinzhi.core.text import LANGUAGES, Text
from xinzhi.data import Field, names_of, tidy
from xinzhi.data.package import Package
from xinzhi.pathways.complexity import relatedness
from xinzhi.pathways.complexity.cells import Panel, cell_frame, read_panel
from xinzhi.pathways.complexity.relatedness import revealed_advantage
from xinzhi.pathways.conventions import conventions, setting
from xinzhi.pathways.industries import as_package, name_columns
from xinzhi.pathways.leap.judgement import Judged, Judgement
from xinzhi.yardstick import Measurement

CONDITIONS: Mapping[str, Text] = describe("leapfrog", "condition").values
_TENTHS = 10


@dataclass(frozen=True, repr=False, kw_only=True)
class Leapfrog(Result, verb="leapfrog", topic="pathways", key=("region", "condition")):
    """The conditions of leapfrogging: a row for each region and condition; `met` is empty where it cannot be judged.

    `regions` says how many hold, of how many that can be judged; no index, as they do not make up for each other.
    `leader` is who is at the frontier.
    """

    regions: pl.DataFrame
    leader: str
    year: int

    @property
    def conditions(self) -> list[str]:
        """The conditions that can be judged in some region."""
        judged = self.frame.drop_nulls("met")["condition"].unique().to_list()
        return [name for name in CONDITIONS if name in judged]

    @property
    def by_region(self) -> pl.DataFrame:
        """The regions, most conditions met first, with each condition as a column."""
        order = self.regions.sort("met", "judged", "region", descending=[True, False, False])
        by_condition = self.frame.pivot(on="condition", index="region", values="met")
        return order.select("region", "met", "judged").join(by_condition, on="region", maintain_order="left")

    def answer(self) -> Iterator[Fact]:
        """Yield who leads, where most conditions hold, and in how many regions each does."""
        order = self.regions.sort("met", "judged", "region", descending=[True, False, False])
        counts = self.frame.drop_nulls("met").group_by("condition", maintain_order=True)
        rows = counts.agg(pl.col("met").sum(), n=pl.len()).rows(named=True)
        complete = [
            self.names.region(code) for code in self.regions.filter(pl.col("met") == pl.col("judged"))["region"]
        ]
        leader, most = self.names.region(self.leader), order["met"][0]
        if most:
            top = [self.names.region(code) for code in order.filter(pl.col("met") == most)["region"]]
            yield words.pathways.headline_leapfrog(year=self.year, leader=leader, top=top, met=most, n=len(rows))
        else:
            yield words.pathways.headline_leapfrog_none(year=self.year, leader=leader, n=len(rows))
        yield (
            words.pathways.summary_all_conditions(regions=complete) if complete else words.pathways.summary_no_region()
        )
        for row in rows:
            yield words.pathways.summary_condition(condition=CONDITIONS[row["condition"]], met=row["met"], n=row["n"])

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
    limit = float(setting("leapfrog.frontier_ratio"))
    distance: Judged = {
        region: {
            "year": when,
            "value": ratio,
            "reference": limit,
            "met": ratio < limit,
            "evidence": words.pathways.evidence_frontier_distance(ratio=ratio, leader=names.region(leader)),
        }
        for region, ratio in now.select("region", "tfp_to_leader").rows()
    }
    leader_lock_in, own_lock_in = _lock_in(lanes, regions, leader)
    judged = {
        "frontier_distance": distance,
        "wage_gap": _wages(measured, regions, leader, when),
        "incumbent_lock_in": leader_lock_in,
        "own_lock_in": own_lock_in,
        "schooling": _capacity(package, "mean_years_schooling", "schooling", regions, when),
        "research": _capacity(package, "rd_intensity", "research", regions, when),
        "lane_change": _lanes(lanes, regions),
    }
    frame = pl.DataFrame(
        [_row(region, condition, by_region[region]) for region in regions for condition, by_region in judged.items()],
        schema=_SCHEMA,
    )
    totals = frame.group_by("region", maintain_order=True).agg(
        met=pl.col("met").sum().cast(pl.Int64), judged=pl.col("met").is_not_null().sum().cast(pl.Int64)
    )
    tables = [name for name in ("accounts", "indicators") if name in package.tables]
    return Leapfrog(
        frame=frame,
        regions=totals.with_columns(pl.DataFrame(name_columns(names, "region", regions))),
        names=names,
        leader=leader,
        year=when,
        kind=package.kind,
        provenance=replace(
            measured.provenance,
            verb="leapfrog",
            package=package.name,
            inputs={**measured.provenance.inputs, **{name: package.fingerprint(name) for name in tables}},
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


def _row(region: str, condition: str, judgement: Judgement) -> dict[str, object]:
    row: dict[str, object] = {"region": region, "condition": condition}
    for name, value in judgement.items():
        row |= {f"{name}_{key}": value.lang(key) for key in LANGUAGES} if isinstance(value, Text) else {name: value}
    return row


def _lacks(what: str, regions: Sequence[str], **values: object) -> Judged:
    """Return that a condition cannot be judged anywhere, and why."""
    return {region: {"missing": words.by_key(f"pathways.missing.{what}", **values)} for region in regions}


def _wages(measured: Measurement, regions: list[str], leader: str, year: int) -> Judged:
    """Judge whether labour income per worker is far enough below the leader's."""
    limit = float(setting("leapfrog.wage_ratio"))
    pay = pl.col("labour_share") * pl.col("output") / pl.col("labour")
    rows = measured.inputs.filter(pl.col("year") == year).select("region", pay=pay)
    wages = dict(rows.filter(pl.col("pay").is_finite()).iter_rows())
    verdicts = _lacks("labour_share", regions)
    for region in wages.keys() & set(regions) if leader in wages else ():
        ratio = wages[region] / wages[leader]
        verdicts[region] = {
            "year": year,
            "value": ratio,
            "reference": limit,
            "met": ratio < limit,
            "evidence": words.pathways.evidence_wage_gap(ratio=ratio),
            "missing": words.pathways.missing_start(),
        }
    return verdicts


def _lock_in(lanes: LaneChanges | None, regions: list[str], leader: str) -> tuple[Judged, Judged]:
    """Judge who keeps to the old core, beside the region in the middle: the leader more, and the region itself less."""
    persistence = (
        {} if lanes is None else dict(lanes.persistence.drop_nulls("kept").select("place", "kept").iter_rows())
    )
    middle = float(np.median(list(persistence.values()))) if persistence else float("nan")
    leader_lock_in, own_lock_in = _lacks("lanes", regions), _lacks("lanes", regions)
    if leader in persistence:
        judged: Judgement = {
            "value": persistence[leader],
            "reference": middle,
            "met": persistence[leader] > middle,
            "missing": words.pathways.missing_age(),
            "evidence": words.pathways.evidence_incumbent_lock_in(kept=persistence[leader], middle=middle),
        }
        leader_lock_in = dict.fromkeys(regions, judged)
    own_lock_in |= {
        region: {
            "value": persistence[region],
            "reference": middle,
            "met": persistence[region] <= middle,
            "evidence": words.pathways.evidence_own_lock_in(kept=persistence[region]),
        }
        for region in regions
        if region in persistence
    }
    return leader_lock_in, own_lock_in


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
    late: Judgement = {} if when == year else {"missing": words.pathways.missing_late(year=year)}
    return lacking | {
        region: {
            "year": when,
            "value": values[region],
            "reference": middle,
            "met": values[region] >= middle,
            "evidence": words.pathways.evidence_of(condition, year=when, value=values[region], middle=middle),
            **late,
        }
        for region in regions
        if region in values
    }


def _lanes(lanes: LaneChanges | None, regions: list[str]) -> Judged:
    """Judge whether the region entered unrelated activities at least as often as chance would have it."""
    verdicts = _lacks("lanes", regions)
    for row in () if lanes is None else lanes.frame.filter(pl.col("place").is_in(regions)).iter_rows(named=True):
        if row["index"] is None:
            verdicts |= _lacks("entries", [row["place"]])
            continue
        verdicts[row["place"]] = {
            "value": row["index"],
            "reference": 1.0,
            "met": row["index"] >= 1,
            "evidence": words.pathways.evidence_lane_change(**row),
        }
    return verdicts


_TENTHS = 10


@dataclass(frozen=True, repr=False, kw_only=True)
class LaneChanges(Result, verb="lane_changes", topic="pathways", key=("place",)):
    """What regions entered, by how related it was to what they did: `frame` has a row for each place.

    `index` is the share of its entries in the lowest deciles over the expected one. `deciles` has a row for each decile
    of density, 1 the least related within its place; those up to `unrelated` count as unrelated. `cells` are the
    candidates, `persistence` is how much of the old core (advantage of one or more) is still core.
    """

    deciles: pl.DataFrame
    cells: pl.DataFrame
    persistence: pl.DataFrame
    unrelated: int
    findings: tuple[Finding, ...]

    @property
    def tenths(self) -> pl.DataFrame:
        """The rate of entry by tenth of relatedness, ``name`` and ``group`` in words."""
        rows = self.deciles.sort("decile")
        names = [words.pathways.chart_decile(k=decile) for decile in rows["decile"]]
        kinds = (words.pathways.chart_unrelated(), words.pathways.chart_related())
        groups = [kinds[decile > self.unrelated] for decile in rows["decile"]]
        return rows.select("rate").with_columns(
            pl.Series(f"{column}_{language}", [text.lang(language) for text in texts], dtype=pl.String)
            for column, texts in (("name", names), ("group", groups))
            for language in LANGUAGES
        )

    def answer(self) -> Iterator[Fact]:
        """Yield how often entries leave the lane, and how often they would if relatedness played no part."""
        entries, off = int(self.frame["entries"].sum()), int(self.frame["unrelated"].sum())
        counts = self.deciles.sort("decile")["candidates"].to_numpy()
        chance = float(counts[: self.unrelated].sum() / counts.sum())
        yield words.pathways.headline_lanes(entries=entries, share=off / entries if entries else None, chance=chance)


def lane_changes(
    frame: AnyFrame,
    *,
    place: str,
    activity: str,
    value: str,
    period: str,
    between: tuple[object, object],
    absent: float | None = None,
    density: AnyFrame = None,
) -> LaneChanges:
    """Measure whether regions enter what is related to their old core, or change lanes.

    Parameters
    ----------
    frame, place, activity, value, period
        One row per place, activity and period; combinations that are not there count as zero. The others name its
        columns.
    between
        The earlier and the later period: candidates are absent in the first; an entry is present in the second.
    absent
        Advantage below which an activity counts as absent; 0.5 by the conventions, so that drifting over the threshold
        of 1 is no entry.
    density
        A frame with the place, the activity and ``density`` of the earlier period; that of the old core when None
        (conditional proximity, an activity's own presence not counted).

    Notes
    -----
    Deciles are taken within a place: the least related tenth of what it does not do. Pinheiro et al. (2022), Research
    Policy 51(8): unrelated entry is a matter of the stage of development, so that the index says what a region did, not
    what it should do.

    Examples
    --------
    >>> import xinzhi
    >>> jobs = xinzhi.load("china-provinces").tables["activity"]
    >>> found = lane_changes(
    ...     jobs, place="region", activity="industry", value="employment", period="year", between=(2006, 2016)
    ... )
    >>> bool(found.frame["entries"].sum() == found.cells["entered"].sum())
    True
    """
    rules = conventions("lanes")
    cutoff = float(rules["absent"] if absent is None else absent)
    if not 0 < cutoff <= 1:
        raise UsageError("pathways.absent-range", value=cutoff)
    before, after = between
    panel = read_panel(frame, place=place, activity=activity, value=value, period=period, periods=[before, after])
    old, new = (revealed_advantage(panel.values[date]) for date in (before, after))
    core, present = np.nan_to_num(old) >= 1, np.nan_to_num(new) >= 1
    candidate, entered = np.nan_to_num(old) < cutoff, present
    if not candidate.any():
        raise InputError("pathways.nothing-to-enter", period=before)
    if density is None:
        # the density of every activity around the old core; activities of no place are near to nothing
        used, related = core.any(axis=0), np.zeros(core.shape)
        old_core = np.ascontiguousarray(core[:, used])
        related[:, used] = relatedness.density(old_core, relatedness.proximity(old_core, diagonal="zero"))
    else:
        related = _given_density(density, panel, place, activity, candidate)
    decile, positions = _deciles(related, candidate), np.nonzero(candidate)
    limit = int(rules["unrelated"])
    return LaneChanges(
        frame=_by_place(panel.places, candidate, entered, decile, limit),
        deciles=_by_decile(candidate, entered, decile),
        cells=cell_frame(
            panel, *positions, density=related[positions], decile=decile[positions], entered=entered[positions]
        ),
        persistence=pl.DataFrame(
            {"place": list(panel.places), "core_before": core.sum(axis=1), "core_kept": (core & present).sum(axis=1)}
        ).with_columns(kept=pl.col("core_kept") / pl.when(pl.col("core_before") > 0).then("core_before")),
        unrelated=limit,
        findings=panel.findings,
        kind=panel.kind,
        provenance=provenance(
            "lane_changes", panel, value=value, before=before, after=after, absent=cutoff, given=density is not None
        ),
    )


def _given_density(density: AnyFrame, panel: Panel, place: str, activity: str, candidate: BoolArray) -> FloatArray:
    fields = [Field("place", "code", column=place), Field("activity", "code", column=activity), Field("density")]
    densities = tidy(
        density, fields, verb="lane_changes", table="densities", columns_from_caller=True
    ).frame.drop_nulls()
    rows, places = ({str(name): at for at, name in enumerate(names)} for names in (panel.places, panel.activities))
    out = np.full(candidate.shape, np.nan)
    for place_name, activity_name, number in densities.iter_rows():
        if place_name in rows and activity_name in places:
            out[rows[place_name], places[activity_name]] = number
    for row, column in (missing := np.argwhere(candidate & ~np.isfinite(out)))[:1]:
        names = {"place": panel.places[row], "activity": panel.activities[column]}
        raise InputError("pathways.no-density", n=len(missing), **names)
    return out


def _deciles(related: FloatArray, candidate: BoolArray) -> IntArray:
    """Return the decile of the density among the candidates of each place, ties at their mean rank; 0 elsewhere."""
    out = np.zeros(related.shape, dtype=np.int64)
    for row in range(len(related)):
        columns = np.flatnonzero(candidate[row])
        if not len(columns):
            continue
        values = related[row, columns]
        ordered = np.sort(values)
        rank = (np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right") + 1) / 2
        out[row, columns] = np.clip(np.ceil(_TENTHS * (rank - 0.5) / len(columns)), 1, _TENTHS)
    return out


def _by_place(
    places: tuple[str, ...], candidate: BoolArray, entered: BoolArray, decile: IntArray, limit: int
) -> pl.DataFrame:
    low = candidate & (decile <= limit)
    entries, off = (candidate & entered).sum(axis=1), (low & entered).sum(axis=1)
    candidates = candidate.sum(axis=1)
    n = np.where(entries > 0, entries, np.nan).astype(np.float64)
    share = off / n
    expected = low.sum(axis=1) / np.where(candidates > 0, candidates, np.nan)
    # Wilson (1927): an interval that holds for few entries too.
    z = setting("inference.normal_95")
    z2 = z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    mean = np.where(candidate & entered, decile, 0).sum(axis=1) / n
    return pl.DataFrame(
        {
            "place": list(places),
            "candidates": candidates,
            "entries": entries,
            "unrelated": off,
            "share": share,
            "low": np.clip(middle - half, 0, 1),
            "high": np.clip(middle + half, 0, 1),
            "expected": expected,
            "index": share / np.where(expected > 0, expected, np.nan),
            "mean_decile": mean,
        }
    ).with_columns(pl.selectors.float().fill_nan(None))


def _by_decile(candidate: BoolArray, entered: BoolArray, decile: IntArray) -> pl.DataFrame:
    counts = np.bincount(decile[candidate], minlength=_TENTHS + 1)[1:]
    entries = np.bincount(decile[candidate & entered], minlength=_TENTHS + 1)[1:]
    total = entries.sum()
    return pl.DataFrame(
        {
            "decile": np.arange(1, _TENTHS + 1),
            "candidates": counts,
            "entries": entries,
            "rate": entries / np.where(counts > 0, counts, np.nan),
            "share": entries / (total or np.nan),
        }
    ).with_columns(pl.selectors.float().fill_nan(None))

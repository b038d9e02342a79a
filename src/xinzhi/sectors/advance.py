"""The verb `advance`: whether the sectors advance together, and which one holds the region back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.regression import codes, fixed_effects
from xinzhi.core.result import Facts
from xinzhi.core.text import Language, Text, ranks_text
from xinzhi.data import Field, names_of, tidy
from xinzhi.sectors import figures as kit
from xinzhi.sectors.advance_frames import DEGREE, SectorsFrames
from xinzhi.sectors.conventions import indicator_text, sector_text, setting
from xinzhi.sectors.coupling import (
    Form,
    check_weights,
    coordination_degree,
    coupling_degree,
    degrees,
    lagging,
    obstacle_frame,
)
from xinzhi.sectors.figures import KEYS, Bounds, State, as_package, grid, long, omission_frame, with_names
from xinzhi.yardstick import Measurement

ECONOMY = "economy"
SECTOR = "sector"
_FEWEST_ROWS = setting("advance.fewest.value")


@dataclass(frozen=True, repr=False, kw_only=True)
class Sectors(SectorsFrames, verb="advance", topic="sectors", key=KEYS):
    """Education, culture, green and the economy side by side.

    `frame` is the coordination map, a row a region-year that has all sectors, `sectors` the same by sector: the
    obstacle degree, and by how much the corrected coordination degree would rise with this sector at the mean of the
    others. `obstacles` and `years` hold means over the regions. `indicators` and `bounds` stand behind the levels; they
    are empty where levels were passed in.

    `drag` regresses the advance of the other sectors over the next years on the lead of this one over them, their own
    level and the year: a positive slope says that the others advanced less where this one lagged; null with too few
    rows.
    """

    def explain(self, region: str | int, year: int) -> Explanation:
        """Return what stands behind one region (by code or name) and year; a `UsageError` says why there is nothing."""
        code = self.names.resolve(str(region), sorted({*self.frame["region"], *self.omitted["region"]}))
        own_rows, when = self.frame.filter(region=code), int(year)
        row, name = own_rows.filter(year=when), self.names.region(code)
        if not row.height:
            why = self.omitted.filter(region=code, year=when)
            values: dict[str, object] = {"region": name, "year": when}
            values["why"] = Text(zh=f"（{why['reason_zh'][0]}）", en=f" ({why['reason_en'][0]})") if why.height else ""
            if own_rows.height:
                first, last = own_rows["year"].min(), own_rows["year"].max()
                raise UsageError("sectors.no-degree-in-year", first=first, last=last, **values)
            raise UsageError("sectors.no-degree", **values)
        limits = self.bounds.select("indicator", "lower", "upper")
        figures = self.indicators.filter(region=code, year=when).join(limits, on="indicator", how="left")
        return Explanation(
            region=code,
            year=when,
            name=name,
            row=row.row(0, named=True),
            indicators=figures,
            sectors=self.sectors.filter(region=code, year=when),
        )

    def facts(self) -> Facts:
        """Return whether the sectors advance together, who is behind the economy, who lags where, does it matter."""
        first, last = self.years.row(0, named=True), self.years.row(-1, named=True)
        facts = _moves(self.codes(), first, last)
        ranked = self.frame.filter(year=last["year"]).drop_nulls(DEGREE)
        if ranked.height > 1:
            ranked = ranked.sort(DEGREE, "region", descending=[True, False])
            high, low = (ranks_text(*self.ranks(ranked)["ranks"][at]) for at in (0, -1))
            ranges = {"high_ranks": high, "low_ranks": low, "n": ranked.height}
            facts["note.ends"] = kit.ends_of(ranked, DEGREE, self.names) | ranges
        facts |= _lowest(self.obstacles.filter(year=last["year"]), last)
        facts |= _drags(self.drag)
        facts["note.left_out"] = [{"reason": why, "names": names} for why, names in self.absent_regions()]
        if last["rank_correlation"] is not None:
            forms = {form: last[f"coordination_{form}"] for form in get_args(Form)}
            facts["note.forms"] = {"year": last["year"], "correlation": last["rank_correlation"], **forms}
        return dict(sorted(facts.items(), key=lambda fact: fact[0].startswith("note.")))  # notes come last

    def ranks(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return ``region`` and its ``ranks``, best and worst: by both forms, and with each sector left out."""
        names, weights = self.codes(), np.array(self.provenance.options["weights"])
        degrees = [rows[f"coordination_{form}"].to_numpy() for form in get_args(Form)]
        for at in range(len(names)) if len(names) > 2 else ():  # noqa: PLR2004 - two are left to hold together
            cells, share = rows.select(names).to_numpy(), np.delete(weights, at)
            rest = np.delete(cells, at, axis=1)
            degrees.append(coordination_degree(coupling_degree(rest), rest @ (share / share.sum())))
        ranks = pl.DataFrame({str(n): degree for n, degree in enumerate(degrees)}).select(
            pl.all().rank("min", descending=True)
        )
        ends = (ranks.min_horizontal(), ranks.max_horizontal())
        return rows.select("region").with_columns(
            ranks=pl.concat_list(*(rank.alias(str(n)) for n, rank in enumerate(ends)))
        )

    def absent_regions(self) -> list[tuple[Text, list[Text]]]:
        """Return the regions of the span that are never there, by reason."""
        span = pl.col("year").is_between(self.years["year"][0], self.years["year"][-1])
        rows = self.omitted.filter(~pl.col("region").is_in(self.frame["region"].unique().to_list()) & span)
        reasons = rows.group_by("region").agg(pl.col("reason_zh", "reason_en").mode().sort().first()).sort("region")
        labels = self.names.distinct("region", sorted({*self.frame["region"], *self.omitted["region"]}))
        by_reason: dict[Text, list[Text]] = {}
        for code, zh, en in reasons.iter_rows():
            by_reason.setdefault(Text(zh=zh, en=en), []).append(labels[code])
        return list(by_reason.items())


def _moves(names: list[str], first: Mapping[str, float], last: Mapping[str, float]) -> Facts:
    """Say how the mean levels moved, and which rose less than that of the economy."""
    moves = [words.sectors.answer_move(name=sector_text(name), before=first[name], after=last[name]) for name in names]
    span = {"first": first["year"], "last": last["year"], "regions": last["regions"], "moves": moves}
    if first["year"] == last["year"]:
        return {"answer.one_year": span}
    down = [sector_text(name) for name in names if last[name] < first[name]]
    facts: Facts = {"answer.not_all": {"names": down, **span}} if down else {"answer.all": span}
    rise = {name: last[name] - first[name] for name in names}
    if ECONOMY in rise:
        economy = rise.pop(ECONOMY)
        slower = [
            words.sectors.answer_rise(name=sector_text(name), value=value)
            for name, value in rise.items()
            if value < economy
        ]
        facts["answer.behind" if slower else "answer.keep_up"] = {"names": slower, "economy": economy}
    return facts


def _lowest(obstacles: pl.DataFrame, last: Mapping[str, object]) -> Facts:
    """Say which sector is lowest in how many regions by rank, and by place between the bounds; what it would add."""
    # Ranks lead: the places between the bounds hang on who sets them, and one region far ahead sets them.
    ranked = obstacles.sort("lagging_by_rank", descending=True)
    placed = obstacles.sort("lagging", descending=True).row(0, named=True)
    top = ranked.row(0, named=True)
    values = {"year": last["year"], "regions": last["regions"], "count": top["lagging_by_rank"]}
    if not placed["lagging"]:
        return {"answer.level": values}
    gain = obstacles.sort("gain", descending=True).row(0, named=True)
    facts: Facts = {"note.gain": {"name": sector_text(gain["sector"]), "gain": gain["gain"]}}
    even = ranked.filter(lagging_by_rank=top["lagging_by_rank"])
    by = {"by": sector_text(placed["sector"]), "placed": placed["lagging"]}
    if even.height > 1:
        return {"answer.even": values | by | {"names": [sector_text(name) for name in even["sector"]]}} | facts
    return {"answer.lags": values | by | {"name": sector_text(top["sector"])}} | facts


def _drags(drag: pl.DataFrame) -> Facts:
    """Say whether the others advanced less where a sector lagged."""
    estimated = drag.drop_nulls("slope")
    if not estimated.height:
        return {}
    rows = estimated.filter((pl.col("slope") > 0) & (pl.col("p") <= setting("significance.value")))
    # a lag of a tenth of the scale is a size that occurs
    slopes = [
        words.sectors.answer_slope(name=sector_text(name), value=slope / 10, error=error / 10)
        for name, slope, error in rows.select("sector", "slope", "standard_error").iter_rows()
    ]
    return {"answer.drag" if slopes else "answer.no_drag": {"names": slopes, "years": estimated["years"][0]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What stands behind the coordination of one region in one year: its row of the map, its sectors and indicators."""

    region: str
    year: int
    name: Text
    row: Mapping[str, Any]
    sectors: pl.DataFrame
    indicators: pl.DataFrame

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        row = self.row
        grade = Text(zh=row["grade_corrected_zh"] or "–", en=row["grade_corrected_en"] or "–")
        lowest = [sector_text(name) for name in (row["lagging"] or "").split(";") if name]
        degree = {"degree": row[DEGREE], "grade": grade, "names": lowest or [words.sectors.chart_alike()]}
        lines = [words.sectors.explain_head(name=self.name, year=self.year, flags=row["flags"])]
        lines.append(words.sectors.explain_degree(**degree))
        for part in self.sectors.iter_rows(named=True):
            lines.append(words.sectors.explain_sector(**part | {"sector": sector_text(part["sector"])}))
            for figure in self.indicators.filter(sector=part["sector"]).iter_rows(named=True):
                label = {"indicator": indicator_text(figure["indicator"])}
                lines.append(words.sectors.explain_indicator(**figure | label))
        return "\n".join(line.lang(language) for line in lines)

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def advance(
    source: object = "china-provinces",
    measurement: Measurement | None = None,
    *,
    levels: object = None,
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    years: tuple[int, int] | None = None,
    balanced: bool = True,
) -> Sectors:
    """Put education, culture, green and the economy of every region and year side by side.

    Parameters
    ----------
    source
        A package (or its name).
    measurement
        The result of `xinzhi.measure`: the economy is then its total factor productivity, comparable across regions and
        years; without it, output per worker.
    levels
        Levels of your own instead: ``region, year`` and one column a sector, each in [0, 1].
    weights
        Weights of the sectors in the development; equal by default.
    bounds
        Lower and upper bound of an indicator instead of the pooled extremes, so that further years move no earlier
        level.
    years
        First and last year.
    balanced
        Keep the regions that have all sectors in every year of the span (the years in which at least half as many
        regions are complete as in the best one), so that means compare like with like and no lone region-year sets a
        bound.

    Notes
    -----
    Levels of different sectors are comparable only through their bounds: a level is the place between the lowest and
    the highest of all region-years. Which sector lags is a statement about these places; `years` and `bounds` say what
    they rest on.

    Examples
    --------
    >>> result = advance("china-provinces")
    >>> result.frame["year"].min(), result.frame["year"].max(), result.frame["region"].n_unique()
    (2008, 2019, 30)
    """
    package = as_package(source)
    if levels is not None:
        if measurement is not None or bounds is not None:
            raise UsageError("sectors.levels-and-measurement")
        state = _supplied_levels(levels, years)
    else:
        place = package if package is not None else source
        state = kit.state(place, measurement, bounds=bounds, years=years, balanced=balanced)
    names = tuple(name for name in state.levels.columns if name not in KEYS)
    share = check_weights(names, weights)
    complete = state.levels.drop_nulls(names)
    if balanced and levels is not None and complete.height:
        # the rows of the regions that are there in every year of the span
        regions, span, cells = grid(complete.with_columns(_one=pl.lit(1.0)), "_one")
        balanced_cells = {"_kept": np.where(kit.balanced_cells(np.isfinite(cells)), 1.0, np.nan)}
        complete = complete.join(
            long(regions, span, balanced_cells).drop_nulls(), on=KEYS, how="semi", maintain_order="left"
        )
    if not complete.height:
        raise InputError("sectors.no-row-with-all")
    frame = _map(complete, state, names, share)
    parts, figures = _parts(complete, names, share), state.source
    options = {"weights": share.tolist(), "measured": measurement is not None, "years": years, "balanced": balanced}
    provenance = figures.provenance("advance", sectors=list(names), **options)
    return Sectors(
        frame=frame,
        sectors=parts,
        obstacles=_obstacles(parts, frame),
        years=_years(frame, names),
        indicators=state.indicators,
        bounds=state.bounds,
        drag=_drag(complete, names),
        omitted=_left_out(state, complete, names),
        names=with_names(
            names_of(package),
            sector=[(name, sector_text(name)) for name in names],
            indicator=[(name, indicator_text(name)) for name in state.bounds["indicator"]],
        ),
        kind=figures.kind,
        provenance=kit.with_protocol(provenance, measurement),
    )


def _supplied_levels(levels: object, years: tuple[int, int] | None) -> State:
    """Return the state of levels that the caller brings."""
    raw = tidy(levels, [Field("region", "code"), Field("year", "year")], extra=True, verb="advance").frame
    names = [name for name in raw.columns if name not in KEYS]
    figures = kit.read(levels, names, verb="advance")
    table = figures.frame if years is None else figures.frame.filter(pl.col("year").is_between(*years))
    indicators = {"region": pl.String, "year": pl.Int64, "sector": pl.String, "indicator": pl.String}
    bounds = {"sector": pl.String, "indicator": pl.String, "lower": pl.Float64, "upper": pl.Float64}
    return State(
        indicators=pl.DataFrame(schema=indicators | {"value": pl.Float64, "level": pl.Float64, "flag": pl.String}),
        bounds=pl.DataFrame(schema=bounds | {"lower_at": pl.String, "upper_at": pl.String, "given": pl.Boolean}),
        levels=table,
        source=figures,
    )


def _map(complete: pl.DataFrame, state: State, names: tuple[str, ...], weights: FloatArray) -> pl.DataFrame:
    columns = degrees(complete.select(names).to_numpy(), weights, names)
    # every level as its rank in the pool of its sector, as a share
    ranks = complete.select((pl.col(name).rank("average") - 0.5) / pl.len() for name in names)
    columns["lagging_by_rank"] = pl.Series("lagging_by_rank", lagging(ranks.to_numpy(), names), dtype=pl.String)
    flags = state.indicators.filter(pl.col("flag") != "").group_by(KEYS).agg(flags=pl.col("flag").sort().str.join(";"))
    lags = pl.col("relative") < 1 - setting("lag.margin")
    return (
        pl.concat([complete, pl.DataFrame(columns)], how="horizontal")
        .join(flags, on=KEYS, how="left", maintain_order="left")
        .with_columns(pl.col("flags").fill_null(""), lags=lags.fill_null(value=False))
    )


def _parts(complete: pl.DataFrame, names: tuple[str, ...], weights: FloatArray) -> pl.DataFrame:
    """Return relative levels, obstacles, gains and changes of every sector."""
    cells = complete.select(names).to_numpy()
    degree = coordination_degree(coupling_degree(cells), cells @ weights)
    columns = {}
    for place, name in enumerate(names):
        others_level = np.delete(cells, place, axis=1).mean(axis=1)
        raised = cells.copy()
        raised[:, place] = np.maximum(cells[:, place], others_level)
        better = coordination_degree(coupling_degree(raised), raised @ weights)
        columns[name] = np.where(cells[:, place] < others_level, better - np.nan_to_num(degree), 0.0)
    gains = pl.concat([complete.select(KEYS), pl.DataFrame(columns)], how="horizontal").unpivot(
        list(names), index=list(KEYS), variable_name=SECTOR, value_name="gain"
    )
    rows = obstacle_frame(complete, names, weights).rename({"indicator": SECTOR})
    before = rows.select("region", SECTOR, year=pl.col("year") + 1, _before=pl.col("level"))
    order = {name: place for place, name in enumerate(names)}
    mean = pl.col("level").mean().over(KEYS)
    return (
        rows.join(gains, on=[*KEYS, SECTOR])
        .join(before, on=["region", SECTOR, "year"], how="left")
        .with_columns(
            relative=pl.when(mean > 0).then(pl.col("level") / mean),
            change=pl.col("level") - pl.col("_before"),
            _order=pl.col(SECTOR).replace_strict(order),
        )
        .sort(*KEYS, "_order")
        .select(*KEYS, SECTOR, "level", "relative", "obstacle", "gain", "change")
    )


def _obstacles(parts: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Return mean obstacles and gains, and how many regions each sector is lowest in, by level and by rank."""
    # Sorted, a group is added up by one thread: the last digit does not hang on how many there are.
    out = parts.group_by("year", SECTOR, maintain_order=True).agg(pl.col("obstacle", "gain").sort().mean())
    for column in ("lagging", "lagging_by_rank"):
        lowest = frame.select("year", pl.col(column).str.split(";").alias(SECTOR)).explode(SECTOR).drop_nulls()
        counts = lowest.group_by("year", SECTOR).agg(pl.len().cast(pl.Int64).alias(column))
        out = out.join(counts, on=["year", SECTOR], how="left", maintain_order="left")
    return out.with_columns(pl.col("lagging", "lagging_by_rank").fill_null(0)).sort("year", maintain_order=True)


def _years(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Return the means of the regions by year, and how alike the two forms order them."""
    degree_names = [f"coordination_{form}" for form in get_args(Form)]
    return (
        frame.group_by("year")
        .agg(
            pl.len().cast(pl.Int64).alias("regions"),
            pl.col(*names, "development", *degree_names).sort().mean(),
            pl.corr(*degree_names, method="spearman").alias("rank_correlation"),
        )
        .with_columns(pl.col("rank_correlation").fill_nan(None))
        .sort("year")
    )


def _drag(complete: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Return whether the others advance less where a sector lags."""
    span = int(setting("advance.horizon.value"))
    later = complete.select("region", year=pl.col("year") - span, **{f"_{name}": pl.col(name) for name in names})
    pairs = complete.join(later, on=KEYS).sort(KEYS)
    size = {"years": span, "rows": pairs.height, "regions": pairs["region"].n_unique()}
    rows = [{"sector": name, **size, **_slope(pairs, name, [rest for rest in names if rest != name])} for name in names]
    numbers = dict.fromkeys(("slope", "standard_error", "p"), pl.Float64)
    schema = {"sector": pl.String, "years": pl.Int64, **numbers, "rows": pl.Int64, "regions": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def _slope(pairs: pl.DataFrame, name: str, rest: list[str]) -> dict[str, float]:
    """Return the slope of the others' advance on the lead of a sector; nothing with too few rows or constant levels."""
    if pairs.height < _FEWEST_ROWS:
        return {}
    now = pairs.select(rest).to_numpy().mean(axis=1)
    then = pairs.select([f"_{sector}" for sector in rest]).to_numpy().mean(axis=1)
    regressors = np.column_stack([pairs[name].to_numpy() - now, now])
    year, region = (codes(pairs[key].to_list()) for key in ("year", "region"))
    try:
        fit = fixed_effects(then - now, regressors, ("lead", "level"), [year], region, counted="all")
    except InputError:  # levels that do not vary have no slope: the row stays empty
        return {}
    return {"slope": fit.coefficients[0], "standard_error": fit.standard_errors[0], "p": fit.probabilities[0]}


def _left_out(state: State, complete: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Return the region-years that were not computed, and which indicators are missing."""
    incomplete = state.levels.join(complete, on=KEYS, how="anti")
    if state.indicators.height:
        required = state.bounds["indicator"].to_list()
        have = state.indicators.group_by(KEYS).agg(pl.col("indicator"))
    else:
        required = list(names)
        tall = state.levels.unpivot(required, index=list(KEYS), variable_name="indicator").drop_nulls("value")
        have = tall.group_by(KEYS).agg(pl.col("indicator"))
    rows = []
    for region, year, present in incomplete.select(KEYS).join(have, on=KEYS, how="left").iter_rows():
        absent = [name for name in required if name not in (present or [])]
        why = (
            kit.reason("missing", names=[indicator_text(name) for name in absent])
            if absent
            else kit.reason("unbalanced")
        )
        rows.append((region, year, why))
    return omission_frame(rows)

"""The verb `lead_changes`: who has overtaken whom, in which interval, and for how long."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, fill_with_last
from xinzhi.core.breaks import TO_SIGMA
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.text import Text, same, span_text
from xinzhi.pathways.conventions import options_of, setting
from xinzhi.pathways.convergence.unit_years import UnitYears, logarithms, read_unit_years

_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRules:
    """When a lead counts.

    Parameters
    ----------
    margin
        Error of the ratio of two levels (relative, such as 0.02): within it neither is ahead.
    durable
        A lead lasts when it is never lost in so many years, or in a share of the panel (``durable_share``) where that
        is less; `LeadChanges.durable_years` says how many they are.
    jump
        A yearly move is a jump when it lies further from the unit's median move than so many deviations...
    least_jump
        ...and than so many log points: a war, a crisis, or the splice of two series.
    """

    margin: float = setting("lead.margin")
    durable: int = setting("lead.durable")
    jump: float = setting("lead.jump")
    least_jump: float = setting("lead.least_jump")


@dataclass(frozen=True, repr=False, kw_only=True)
class LeadChanges(Result, verb="lead_changes", topic="pathways", key=("challenger", "incumbent", "episode")):
    """Who has overtaken whom, a row for each episode; `levels` is what was compared, `rules` when a lead counts.

    It happened from `earliest` to `latest`, wider than one year where years are missing or a jump blurs it.
    `durable_years` is how long a lead must last to count as durable, `errors` the error of yearly growth by unit.
    `history` are the essay's cases (`historic_leads`), shown beside it where a study supplies them.
    """

    levels: pl.DataFrame
    rules: LeadRules
    durable_years: int
    errors: Mapping[str, float]
    history: LeadChanges | None = None

    def ratio(self, unit: str, reference: str) -> pl.DataFrame:
        """Return ``year, ratio``: the level of a unit over that of another, in the years that both have."""
        names = self.levels["unit"].unique().to_list()
        for name in (unit, reference):
            if name not in names:
                raise UsageError("pathways.unknown", what="unit", asked=name, known=sorted(names))
        own_levels, reference_levels = (
            self.levels.filter(unit=name).select("year", "value") for name in (unit, reference)
        )
        levels = own_levels.join(reference_levels, on="year", suffix="_other").sort("year")
        return levels.select("year", ratio=pl.col("value") / pl.col("value_other"))

    def first(self, challenger: str, incumbent: str, *, durable: bool = False) -> dict[str, Any] | None:
        """Return the first (durable) episode in which a challenger passed an incumbent; None where there is none."""
        rows = self.frame.filter(challenger=challenger, incumbent=incumbent)
        rows = (rows.filter(pl.col("durable")) if durable else rows).sort("episode")
        return rows.row(0, named=True) if rows.height else None

    def answer(self, unit: str | None = None) -> Iterator[Fact]:
        """Yield how many changes of lead there were, of all units or one, how many lasted, and when they happened."""
        frame = self.episodes_of(unit)
        if frame.is_empty():
            yield (
                words.pathways.headline_nobody()
                if unit is None
                else words.pathways.headline_nobody_of(name=self.names.region(unit))
            )
            return
        lasting = frame.filter(pl.col("durable"))
        order = ("latest", "challenger", "incumbent")
        episodes = (lasting if lasting.height else frame).sort(*order, descending=[True, False, False])
        top = episodes.row(0, named=True)
        yield words.pathways.headline_of(
            "lead" if lasting.height else "no_lasting",
            a=self.names.region(top["challenger"]),
            b=self.names.region(top["incumbent"]),
            when=_when(top),
            n=frame.height,
            k=lasting.height,
            years=self.durable_years,
        )
        if margins := sorted(self.errors.values()):
            yield words.pathways.summary_lead_margin(low=margins[0], high=margins[-1], years=self.durable_years)
        for row in lasting.sort(*order, descending=[True, False, False]).head(_SHOWN).iter_rows(named=True):
            yield words.pathways.summary_passing(
                a=self.names.region(row["challenger"]),
                b=self.names.region(row["incumbent"]),
                when=_when(row),
                jump=bool(row["jump"]),
            )
        if self.history is not None and unit is None:
            yield from self.history.cases()

    def cases(self) -> Iterator[Fact]:
        """Yield when Britain and the United States took a durable lead, and how near Japan came (`historic_leads`)."""
        britain, america = (self.first(*pair, durable=True) for pair in (("GBR", "NLD"), ("USA", "GBR")))
        if britain is None or america is None:
            return
        ratio = self.ratio("JPN", "USA")
        peak = ratio["ratio"].arg_max() or 0
        yield words.pathways.summary_history(
            britain=_when(britain),
            britain_years=britain["years_ahead"],
            america=_when(america),
            america_years=america["years_ahead"],
            peak=ratio["ratio"][peak],
            peak_year=ratio["year"][peak],
            last=ratio["ratio"][-1],
            last_year=ratio["year"][-1],
        )

    def latest_episodes(self, unit: str | None, most: int) -> pl.DataFrame:
        """Return the latest episodes of a unit (None: of all), the earliest first: those that lasted, if any did."""
        frame = self.episodes_of(unit)
        lasting = frame.filter(pl.col("durable"))
        order = ("latest", "challenger", "incumbent")
        rows = (lasting if lasting.height else frame).sort(*order, descending=[True, False, False])
        return rows.head(most).sort(*order)

    def episodes_by_year(self, unit: str | None) -> pl.DataFrame:
        """Return the episodes of a unit (None: of all) in the order in which the lead was taken."""
        return self.episodes_of(unit).sort("latest", "challenger")

    def episodes_of(self, unit: str | None) -> pl.DataFrame:
        """Return the episodes that one unit has a part in; all where it is None."""
        if unit is None:
            return self.frame
        return self.frame.filter((pl.col("challenger") == unit) | (pl.col("incumbent") == unit))


def _when(row: Mapping[str, object]) -> Text:
    """Return the year, or the span of years, in which the lead changed."""
    first, last = row["earliest"], row["latest"]
    return same(first) if first == last else span_text(first, last)


def lead_changes(
    frame: AnyFrame,
    *,
    unit: str,
    time: str,
    value: str,
    pairs: Iterable[tuple[str, str]] | None = None,
    errors: Mapping[str, float] | None = None,
    rules: LeadRules | None = None,
) -> LeadChanges:
    """Find who overtook whom, in which interval, and whether it lasted.

    Parameters
    ----------
    frame, unit, time, value
        One row per unit and year; years may be missing. The others name its columns; `value` is a positive level.
    pairs
        Pairs to compare, in either order; all when None.
    errors
        By unit, the error of its yearly growth in log points (half of a band of `xz.bands`, say). The ratio of two
        levels is then sure within the margin and the root of the sum of both squares, times the years since the first.
    rules
        When a lead counts.

    Notes
    -----
    Between the last year that the challenger is surely behind and the first that it is surely ahead lies the interval.
    Where either series jumps in it, the change may be an artefact of that one year: the interval then runs on to the
    next year observed in which the challenger is still ahead. A lead that lasts to the end of too short a series
    is neither durable nor not.

    Examples
    --------
    >>> rows = [("a", y, 10.0 + y) for y in range(30)] + [("b", y, 15.0) for y in range(30) if y not in (5, 6)]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> found = lead_changes(data, unit="unit", time="year", value="income")
    >>> found.frame.select("challenger", "earliest", "latest", "durable").rows()
    [('a', 5, 7, True)]
    """
    rules = rules or LeadRules()
    panel = read_unit_years(frame, unit=unit, time=time, value=value, verb="lead_changes")
    logs = logarithms(panel, verb="lead_changes")
    unit_errors = dict(errors or {})
    off = np.array([unit_errors.get(name, 0.0) for name in logs.units])
    # for how many years a lead must be held: no more than a share of the panel, else late ones never could
    share = float(setting("lead.durable_share"))
    third = math.ceil(share * (int(logs.years[-1]) - int(logs.years[0]) + 1))
    long = min(rules.durable, max(int(setting("lead.durable_least")), third))
    for what, count in (("unit", len(logs.units)), ("year", len(logs.years))):
        if count < 2:  # noqa: PLR2004 - a change of lead takes two units and two years
            raise InputError("pathways.only-one", what=what, unit=logs.units[0], year=logs.years[0])
    jumps = _jumps(logs, rules)
    pairs = itertools.combinations(logs.units, 2) if pairs is None else pairs
    rows: list[tuple[object, ...]] = []
    for first, second in pairs:
        for name in (first, second):
            logs.row(name)
        places = logs.units.index(first), logs.units.index(second)
        for challenger, incumbent in (places, places[::-1]):
            margin = np.log1p(rules.margin) + np.hypot(off[challenger], off[incumbent]) * (logs.years - logs.years[0])
            rows += _episodes(logs, (challenger, incumbent), jumps[challenger] | jumps[incumbent], margin, long)
    row, column = np.nonzero(np.isfinite(panel.values))
    return LeadChanges(
        frame=pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("challenger", "incumbent", "episode"),
        levels=pl.DataFrame(
            {
                "unit": pl.Series([panel.units[item] for item in row.tolist()], dtype=pl.String),
                "year": panel.years[column],
                "value": panel.values[row, column],
            }
        ),
        rules=rules,
        durable_years=long,
        errors=unit_errors,
        kind=panel.kind,
        provenance=provenance("lead_changes", panel, value=value, errors=unit_errors, **options_of(rules)),
    )


def side_by_side(results: Mapping[str, LeadChanges]) -> pl.DataFrame:
    """Return when each pair changed lead by each measure: output per head and productivity tell different dates.

    Parameters
    ----------
    results
        Name of the measure and its changes of lead; units bear the same names in all.

    Returns
    -------
    pl.DataFrame
        ``challenger, incumbent`` and for each measure ``first_earliest, first_latest, durable_earliest,
        durable_latest`` with the measure's name before; empty where it never happened.

    Examples
    --------
    >>> rows = [("a", y, 10.0 + y) for y in range(30)] + [("b", y, 15.0) for y in range(30)]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> found = lead_changes(data, unit="unit", time="year", value="income")
    >>> side_by_side({"income": found})["income_first_latest"].to_list()
    [6]
    """
    keys, parts = ["challenger", "incumbent"], []
    for name, result in results.items():
        of = {"first": result.frame, "durable": result.frame.filter(pl.col("durable"))}
        frames = []
        for stem, frame in of.items():
            ends = (pl.col(end).alias(f"{name}_{stem}_{end}") for end in ("earliest", "latest"))
            frames.append(frame.sort("episode").group_by(keys, maintain_order=True).first().select(*keys, *ends))
        parts.append(frames[0].join(frames[1], on=keys, how="left"))
    return reduce(lambda merged, part: merged.join(part, on=keys, how="full", coalesce=True), parts).sort(keys)


_YEARS = ("episode", "last_behind", "first_ahead", "earliest", "latest", "lost", "years_ahead")
_SCHEMA: dict[str, type[pl.DataType]] = dict.fromkeys(("challenger", "incumbent"), pl.String) | dict.fromkeys(
    _YEARS, pl.Int64
)
_SCHEMA |= dict.fromkeys(("durable", "gap", "jump", "tie"), pl.Boolean)


def _jumps(logs: UnitYears, rules: LeadRules) -> BoolArray:
    """Return where the move from the last year observed is out of line with the unit's own history `(N, T)`."""
    jumps = np.zeros(logs.values.shape, dtype=np.bool_)
    for row, series in enumerate(logs.values):
        observed = np.flatnonzero(np.isfinite(series))
        if len(observed) < 3:  # noqa: PLR2004 - two moves have no usual one
            continue
        moves = np.diff(series[observed])
        years = np.diff(logs.years[observed])
        yearly = moves / years
        middle = np.median(yearly)
        spread = TO_SIGMA * np.median(np.abs(yearly - middle))
        # Over a gap the deviation of the sum of so many moves grows with the square root of their number.
        deviations = np.abs(moves - middle * years) / np.sqrt(years)
        out = (deviations > rules.jump * spread) & (np.abs(moves) > rules.least_jump)
        jumps[row, observed[1:][out]] = True
    return jumps


def _episodes(
    logs: UnitYears, pair: tuple[int, int], jumps: BoolArray, margin: FloatArray, long: int
) -> list[tuple[object, ...]]:
    """Return the episodes in which one unit passes the other."""
    names = tuple(logs.units[at] for at in pair)
    gap = logs.values[pair[0]] - logs.values[pair[1]]
    observed = np.flatnonzero(np.isfinite(gap))
    # 1 ahead, -1 behind, 0 within the margin; an exact tie is neither whatever the margin
    ahead, limit = gap[observed], margin[observed]
    years, lead = logs.years[observed], np.where(ahead > limit, 1, np.where(ahead < -limit, -1, 0))
    sure = fill_with_last(np.where(lead == 0, np.nan, lead.astype(np.float64)))
    usual = int(np.median(np.diff(logs.years))) if len(logs.years) > 1 else 1
    rows: list[tuple[object, ...]] = []
    if not len(years) or not np.isfinite(sure).any():
        return rows
    for place in np.flatnonzero((sure[1:] > 0) & (sure[:-1] < 0)) + 1:
        last_behind = int(np.flatnonzero(lead[:place] < 0)[-1])
        back = np.flatnonzero(lead[place:] < 0)
        lost = int(years[place + back[0]]) if len(back) else None
        jumped = bool(jumps[observed[last_behind] + 1 : observed[place] + 1].any())
        latest = int(years[place])
        if jumped:
            within = lead[place + 1 : place + (back[0] if len(back) else len(lead))]
            after = np.flatnonzero(within > 0)
            latest = int(years[place + 1 + after[0]]) if len(after) else latest
        span = (int(years[-1]) + 1 if lost is None else lost) - int(years[place])
        durable = None if lost is None else False  # unknown while the lead lasts
        durable = True if span >= long else durable
        first = int(years[last_behind])
        last = int(years[place])
        long_gap = bool(np.diff(years[last_behind : place + 1]).max() > usual)
        ends = (first, last, first + 1, latest, lost, span)
        rows.append((*names, len(rows) + 1, *ends, durable, long_gap, jumped, place - last_behind > 1))
    return rows


_FILE = Path(__file__).with_name("history.csv")
CASES = (("GBR", "NLD"), ("USA", "GBR"), ("JPN", "USA"))


def historic_levels() -> pl.DataFrame:
    """Return ``country, year, output_per_head`` of four countries since 1800, in international dollars of 2011.

    Maddison Project Database 2023, CC BY 4.0: ``history.yaml`` beside the table says whom to cite.

    Examples
    --------
    >>> historic_levels().filter(country="USA", year=1900)["output_per_head"].item()
    8038
    """
    return pl.read_csv(_FILE)


def historic_leads() -> LeadChanges:
    """Return who overtook whom in the essay's three cases: Britain, the United States, and Japan catching up.

    Examples
    --------
    >>> found = historic_leads()
    >>> found.first("USA", "GBR", durable=True)["earliest"], found.first("JPN", "USA")
    (1899, None)
    """
    return lead_changes(historic_levels(), unit="country", time="year", value="output_per_head", pairs=CASES)

"""The verb `breaks`: suspicious region-years of every series, with the evidence, and what each does to TFP."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.breaks import against_others
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text
from xinzhi.data import Package, as_package, names_of
from xinzhi.protocol import Protocol
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.breaking import (
    Judgement,
    Rules,
    SeriesRule,
    causes,
    facts,
    flag_only_protocol,
    judge,
    linkable,
    rules,
)
from xinzhi.yardstick.growth_accounts import account, build_inputs
from xinzhi.yardstick.panel import (
    BREAK,
    DEFAULT_PROTOCOL,
    TOTAL_ASSET,
    Panel,
    Ruler,
    Source,
    read_panel,
    require,
    require_yearly,
    under,
)


def tfp_effects(
    panel: Panel, protocol: Protocol, judgement: Judgement, place: tuple[IntArray, IntArray], actual: FloatArray
) -> FloatArray:
    """Return how much of TFP growth in each break year is the break, in log points."""
    # The level from the break on is moved so that the move of that year alone becomes the expected one, and the region
    # is measured again under the same protocol, one break of each region at a time.
    row, column = place
    effect = np.full(row.shape, np.nan)
    excess = (judgement.growth - judgement.scores.expected)[row, column]
    _, first, count = np.unique(row, return_index=True, return_counts=True)
    for at in range(count.max(initial=0)):
        turn = first[count > at] + at  # breaks that can be mended at once: one of every region
        mended = _without_breaks(panel, judgement, row[turn], column[turn], excess[turn])
        growth = account(build_inputs(mended, protocol)[0], protocol).tfp_growth
        effect[turn] = (actual - growth)[row[turn], column[turn]]
    return effect


def _without_breaks(panel: Panel, judgement: Judgement, row: IntArray, column: IntArray, excess: FloatArray) -> Panel:
    """Return the panel with the levels from each break on moved by what was not expected."""
    factor = np.ones(panel.shape)
    later = np.arange(panel.shape[1]) >= column[:, None]
    factor[row] = np.where(later, np.exp(-excess)[:, None], 1.0)
    name = judgement.rule.column
    if judgement.rule.table == "investment":
        return replace(panel, investment={**panel.investment, name: panel.investment[name] * factor})
    return replace(panel, accounts={**panel.accounts, name: panel.accounts[name] * factor})


_Measured = tuple[Protocol, FloatArray | None]


_SHOWN = 5
SCHEMA: dict[str, type] = {
    "region": str,
    "year": int,
    "series": str,
    "kind": str,
    "move": float,
    "expected": float,
    "score": float,
    "against_others": float,
    "pair": int,
    "census": str,
    "explained": bool,
    "marked": bool,
    "linkable": bool,
    "tfp_effect": float,
}


@dataclass(frozen=True, repr=False, kw_only=True)
class Breaks(Result, verb="breaks", topic="yardstick", key=("region", "year", "series")):
    """Region-years in which a series breaks, with the evidence, moves in log points.

    A break is a ``level_shift`` or an ``outlier``: the level of one year alone is off, and the moves into and out of it
    have a row each, `pair` being the year of the other. `linkable` says which breaks of employment ``labour.breaks:
    link`` takes out: those with a known cause or marked by the package, but no shift in the last year. `judged` says
    which series were tested, and over which years; `reason` why no effect on TFP is given, if so.
    """

    judged: pl.DataFrame
    reason: Text | None

    def facts(self) -> Facts:
        """Return how many breaks each series has, and those that move TFP most."""
        rate, n = self.provenance.options["false_alarm_rate"], self.frame.height
        series_rows = [row for row in self.judged.iter_rows(named=True) if row["moves"]]
        last = self.judged.filter(series="employment")["last_year"].to_list()
        # shifts of employment in its last year: nobody knows yet whether the level stays
        open_shifts = self.frame.filter(pl.col("year").is_in(last), series="employment", kind="level_shift")
        series = []
        for row in series_rows:
            breaks_of_series = self.frame.filter(series=row["series"])
            size = {
                "title": title_of(row["series"]),
                "n": breaks_of_series.height,
                "known": int(breaks_of_series["explained"].sum()),
            }
            reach = {"regions": row["regions"], "first": row["first_year"], "last": row["last_year"]}
            series.append(size | reach)
        facts: Facts = {
            "breaks.count": {"n": n, "explained": int(self.frame["explained"].sum()), "rate": rate},
            "breaks.series": series,
            "breaks.unjudged": [{"title": title_of(row["series"])} for row in self.judged.filter(moves=0).to_dicts()],
            "breaks.open": [self._line(row) for row in open_shifts.iter_rows(named=True)],
            "breaks.unlinked": [{"why": why} for why in self._unlinked()],
            "breaks.largest": [self._line(row) for row in self.largest().iter_rows(named=True)],
        }
        return facts if self.reason is None else facts | {"breaks.no_effect": {"why": self.reason}}

    def largest(self, count: int = _SHOWN) -> pl.DataFrame:
        """Return the breaks with the largest effect on TFP growth; without effects, those with the largest score."""
        by = "score" if self.reason is not None else "tfp_effect"
        return self.frame.sort(pl.col(by).abs(), descending=True, nulls_last=True).head(count)

    def _unlinked(self) -> list[Text]:
        """Return why breaks of this package whose cause is known are not linked."""
        break_keys = set(self.frame.select("region", "year", "series").rows())
        return [
            event.unlinked
            for event in rules().events
            if event.unlinked is not None and break_keys & set(product(event.regions, event.years, event.series))
        ]

    def _line(self, row: dict[str, Any]) -> dict[str, object]:
        rest = []
        if row["tfp_effect"] is not None:
            rest.append(words.yardstick.breaks_effect(effect=row["tfp_effect"]))
        if row["census"] is not None:
            rest.append(words.yardstick.breaks_cause(cause=cause_of(row["census"])))
        rest_text = Text(zh="".join(clause.zh for clause in rest), en="".join(clause.en for clause in rest))
        moves = {name: math.expm1(row[name]) for name in ("move", "expected")}
        where = {"name": self.names.region(row["region"]), "year": row["year"], "title": title_of(row["series"])}
        return where | moves | {"kind": row["kind"], "rest": rest_text}


def percent(log_points: float) -> str:
    """Return a move as a percentage with its sign."""
    return f"{math.expm1(log_points) * 100:+.1f} %"


def title_of(series: str) -> Text:
    """Return the name of a series in both languages."""
    return next(rule.text for rule in rules().series if rule.name == series)


def cause_of(census: str) -> Text:
    """Return a cause, named in English as in the frame, in both languages."""
    entries = [*facts()["events"].values(), *facts()["seams"].values()]
    return next(Text(zh=entry["zh"], en=entry["en"]) for entry in entries if entry["en"] == census)


def breaks(package: Source, protocol: Ruler = DEFAULT_PROTOCOL) -> Breaks:
    """Find the region-years in which a stock or flow moves as neither its own history nor the other regions do.

    Of the series that are judged (employment, real and nominal output, investment, years of schooling, labour share,
    capital where it is given) the package may lack any; arguments are those of `measure`.

    Notes
    -----
    Leave-one-out Hampel identifier on the growth of a region less that of the others (Davies and Gather 1993, Journal
    of the American Statistical Association 88), with the level-shift and additive-outlier statistics of Chen and Liu
    (1993), in the same volume. Every number is in ``breaks.yaml``.

    Examples
    --------
    >>> import polars as pl
    >>> found = breaks("china-provinces").frame.filter(region="340000", year=2020, series="employment")
    >>> found.select("kind", "census", "explained").row(0)
    ('level_shift', 'population census of 2020', True)
    """
    data, ruler = as_package(package), load_protocol(protocol)
    terms = rules()
    panel = read_panel(data)
    require_yearly(panel, "breaks")
    judgements = judge(panel, terms)
    if not judgements:
        raise InputError(
            "yardstick.no-series", name=data.name, series=[f"{rule.table}.{rule.column}" for rule in terms.series]
        )
    raw = flag_only_protocol(ruler)  # what a break does is seen where it is left in
    growth, reason = None, None  # where growth cannot be measured, no effect on it can be given
    try:
        require(data, raw)
        growth = account(build_inputs(panel, raw)[0], raw).tfp_growth
    except InputError as error:
        reason = error.text
    tables = [
        "accounts",
        *(["investment"] if any(judgement.rule.table == "investment" for judgement in judgements) else []),
    ]
    return Breaks(
        frame=pl.concat(_rows(data, panel, judgement, terms, (raw, growth)) for judgement in judgements).sort(
            "region", "year", "series", maintain_order=True
        ),
        judged=_judgement_table(panel, judgements),
        names=names_of(data),
        reason=reason,
        kind=data.kind,
        provenance=under(
            ruler, provenance("breaks", data, tables, rules=str(facts()["as_of"]), false_alarm_rate=terms.rate)
        ),
    )


def _rows(data: Package, panel: Panel, judgement: Judgement, terms: Rules, measured: _Measured) -> pl.DataFrame:
    """Return the breaks of one series."""
    row, column = np.nonzero(judgement.breaks.any)
    outlier, returns = judgement.breaks.outlier[row, column], judgement.breaks.returns[row, column]
    score = np.where(outlier, judgement.scores.outlier[row, column], judgement.scores.shift[row, column])
    score = np.where(returns, -judgement.scores.outlier[row, column - 1], score)
    against = against_others(judgement.growth, fewest=terms.fewest_others, floor=terms.floor)[row, column]
    ruler, growth = measured
    effect = (
        np.full(row.shape, np.nan) if growth is None else tfp_effects(panel, ruler, judgement, (row, column), growth)
    )
    # the first known cause of every break
    break_causes = causes(data, panel, judgement, terms)
    masks = [mask[row, column] for _, mask in break_causes]
    hits = zip(*(mask.tolist() for mask in masks), strict=True)
    census = [
        next((text.en for (text, _), hit in zip(break_causes, hits_of_break, strict=True) if hit), None)
        for hits_of_break in hits
    ]
    years = panel.years[column]
    # the year whose move undoes, or is undone by, that of an outlier
    step = outlier.astype(np.int64) - returns.astype(np.int64)
    pair = [year + by if by else None for year, by in zip(years.tolist(), step.tolist(), strict=True)]
    marked = panel.breaks[row, column] if judgement.rule.name == "employment" else np.zeros(row.shape, dtype=np.bool_)
    return pl.DataFrame(
        {
            "region": [panel.regions[at] for at in row.tolist()],
            "year": years,
            "series": [judgement.rule.name] * len(row),
            "kind": np.where(outlier | returns, "outlier", "level_shift").tolist(),
            "move": judgement.growth[row, column],
            "expected": judgement.scores.expected[row, column],
            "score": score,
            "against_others": _null(against),
            "pair": pair,
            "census": census,
            "explained": [name is not None for name in census],
            "marked": marked,
            "linkable": linkable(panel, judgement, terms)[row, column],
            "tfp_effect": _null(effect),
        },
        schema=SCHEMA,
    )


def _null(values: FloatArray) -> pl.Series:
    """Return numbers with null for NaN."""
    return pl.Series(values, dtype=pl.Float64, nan_to_null=True)


def _judgement_table(panel: Panel, judgements: list[Judgement]) -> pl.DataFrame:
    """Return how much of every series was judged."""
    rows = []
    for judgement in judgements:
        finite = np.isfinite(judgement.scores.shift)
        years = panel.years[finite.any(axis=0)]
        first, last = (int(years[0]), int(years[-1])) if years.size else (None, None)
        rows.append((judgement.rule.name, int(finite.any(axis=1).sum()), first, last, int(finite.sum())))
    names = {"series": pl.String, "regions": pl.Int64, "first_year": pl.Int64, "last_year": pl.Int64, "moves": pl.Int64}
    return pl.DataFrame(rows, schema=names, orient="row")


def break_findings(package: Source) -> list[Finding]:
    """Return every break as a finding of the rule ``series-break``; none where the package lists them already.

    A break without a known cause that the package does not mark itself is a warning, any other a note. An `InputError`
    says that there are no accounts without errors, or none of the series that are judged.

    >>> found = break_findings("china-provinces")
    >>> next(one.severity for one in found if one.key == "120000/2007" and one.column == "employment")
    'note'
    """
    data = as_package(package)
    if any(problem.rule == BREAK for problem in data.findings):
        return []
    places = {rule.name: rule for rule in rules().series}
    rows = breaks(data).frame.iter_rows(named=True)
    return [_finding(data, row, places[row["series"]]) for row in rows]


def _finding(data: Package, row: Mapping[str, Any], place: SeriesRule) -> Finding:
    table = data.tables[place.table]
    # of assets that were added up, none is named
    is_sum = "asset" in table.columns and table["asset"].unique().to_list() == [TOTAL_ASSET]
    move, expected = percent(row["move"]), percent(row["expected"])
    census = row["census"]
    without_cause = "marked" if row["marked"] else "unexplained"
    hint = "explained" if census else without_cause
    cause = Text(zh="", en="") if census is None else cause_of(census)
    key = {"region": row["region"], **({"asset": TOTAL_ASSET} if is_sum else {}), "year": row["year"]}
    file, line = data.place(place.table, **key)
    return finding(
        "yardstick.outlier" if row["kind"] == "outlier" else "yardstick.level-shift",
        severity="note" if census or row["marked"] else "warning",
        words={
            "series": title_of(row["series"]),
            "score": abs(row["score"]),
            "pair": row["pair"],
            "hint": words.yardstick.breaks_of(hint, cause=cause),
        },
        table=place.table,
        file=file,
        line=line,
        column=place.column,
        key="/".join(str(part) for part in key.values()),
        value=move,
        expected=expected,
    )

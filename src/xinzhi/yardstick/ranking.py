"""The newest and the last official period side by side, every rank with its range, and what may be said of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.parameters import setting
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, Values, clauses
from xinzhi.yardstick.audit.outcomes import CONVENTIONS
from xinzhi.yardstick.audit.robustness import FIRST, SCHEMA
from xinzhi.yardstick.estimates.results import ALL, TOGETHER, TOTAL, Bands, corrected_clause, record_clause
from xinzhi.yardstick.growth_accounts import account
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.measurement_facts import (
    beside_nation,
    contrast,
    ends,
    findings,
    largest_source,
    official_ends,
    rates,
)
from xinzhi.yardstick.panel import GROWTH
from xinzhi.yardstick.periods import place
from xinzhi.yardstick.view import NATIONAL, PARTS, Span, View

MOSTLY = setting(CONVENTIONS, "half")
EACH, AGREED = (setting(CONVENTIONS, name) for name in ("regions_named", "agreed"))
BAND: dict[str, type[pl.DataType]] = {
    "low": pl.Float64,
    "high": pl.Float64,
    "rank_low": pl.Int64,
    "rank_high": pl.Int64,
}
PERIOD = ["region", "start", "end"]
GROWTH_COLUMNS = (
    *PERIOD,
    "output_growth",
    "capital_contribution",
    "labour_contribution",
    "human_capital_contribution",
    "tfp_growth",
)


@dataclass(frozen=True, repr=False, kw_only=True)
class Ranking(Result, verb="ranking", topic="yardstick", key=("region", "start", "end")):
    """TFP growth of every region in the newest and in the last official period, with the ranges of growth and rank.

    `low, high, rank_low, rank_high` are the band of estimated years (see `Bands`), `protocol_low` to
    `protocol_rank_high` the range over 90 % of the admissible protocols, and `among_first` the part of the protocols
    that put the region among the first three. A rank of an estimated period without its range is left out, and so is
    that of a region whose data fail the tests of admission. `bands` are those of the same measurement.
    """

    measurement: Measurement
    bands: Bands | None
    protocols: int

    def facts(self) -> Facts:
        """Return the newest period, those before it, ties, the sum beside the nation, and what carries growth.

        Each sentence is left out where nothing can be said; notes say how far they carry.
        """
        view = View(self.measurement)
        newest = view.spans[-1]
        if self.frame.is_empty() or not _total(view, newest):  # regions one by one: what the measurement says of them
            declared = self.measurement.regions_declared
            return declared.abroad() | _region_facts(self, view, newest) | self.measurement.facts()
        steps = (_newest, _robust, _beside_nation, _before, _growth_sources, _limits)
        declared = self.measurement.regions_declared
        facts = declared.abroad() | {key: values for step in steps for key, values in step(self, view, newest).items()}
        facts |= {f"note.{key.removeprefix('answer.')}": values for key, values in contrast(view).items()}
        return facts | declared.facts() | _findings(self, view, newest)

    def head(self) -> list[Text]:
        """Return three sentences: growth of all regions with its interval, pairs that differ, what not to quote.

        Empty where a band, the sum of the regions or pairs are missing; `facts` then say what there is.
        """
        view, bands = View(self.measurement), self.bands
        newest = view.spans[-1] if view.spans else None
        total = _total(view, newest) if newest is not None else None
        if newest is None or bands is None or not total or bands.compares_ends:
            return []
        where = {"start": newest.start, "end": newest.end, "component": TOGETHER, "region": TOTAL}
        band = bands.frame.filter(**where).drop_nulls("low")
        k, n = bands.pair_counts(newest, ALL)
        if band.is_empty() or not n:
            return []
        low, high = band.select("low", "high").row(0)
        figures = {"tfp": total["tfp_growth"], "level": bands.level, "low": low, "high": high}
        return [
            words.yardstick.head_growth(span=newest.label, **figures),
            words.yardstick.head_pairs(k=k, n=n),
            words.yardstick.head_ranks(),
        ]

    def in_period(self, start: int, end: int) -> pl.DataFrame:
        """Return the rows of one period, highest TFP growth first."""
        return self.frame.filter(start=start, end=end)

    @property
    def with_codes(self) -> pl.DataFrame:
        """`frame` with the code of each region beside its name."""
        return self.frame.with_columns(code=pl.col("region"))

    def groups_of(self, span: Span) -> pl.DataFrame:
        """Return ``region, group`` of one period, highest TFP growth first; both hold the code of the region."""
        return self.in_period(span.start, span.end).select("region", group="region")


def ranking(
    measurement: Measurement,
    *,
    bands: Bands | None = None,
    protocols: pl.DataFrame | None = None,
) -> Ranking:
    """Put the newest and the last official period side by side, every rank with its range.

    Parameters
    ----------
    measurement
        What `measure` returns.
    bands, protocols
        Bands of the same measurement, where years are estimated, and ranges over the protocols, from `robustness`.

    Examples
    --------
    >>> import xinzhi
    >>> measured = xinzhi.measure("china-provinces")
    >>> made = ranking(measured, bands=xinzhi.bands(measured))
    >>> made.frame.filter(region="140000", end=2023).select("rank", "rank_low", "rank_high").row(0)  # Shanxi
    (1, 1, 4)
    """
    view = View(measurement)
    spans = dict.fromkeys([view.spans[-1], view.lead]) if measurement.periods.height else {}
    band = pl.DataFrame(schema={name: SCHEMA[name] for name in PERIOD} | BAND)
    if bands is not None:
        band = _estimate_bands(bands)
    over = pl.DataFrame(schema=SCHEMA) if protocols is None else protocols
    rows = [_rows(view, span, band, over) for span in spans]
    columns = [*PERIOD, "output_growth", "tfp_growth", "rank", "grade", "flags", *BAND, *list(SCHEMA)[4:]]
    frame = pl.concat(rows).select(columns) if rows else pl.DataFrame(schema=dict.fromkeys(columns, pl.Float64))
    digests = dict((measurement if bands is None else bands).provenance.inputs)
    if GROWTH in measurement.panel.nation:
        digests["nation"] = measurement.panel.digests["nation"]
    return Ranking(
        frame=frame,
        measurement=measurement,
        bands=bands,
        protocols=int(over["protocols"].max() or 0),  # type: ignore[arg-type] # whole numbers
        kind=measurement.kind,
        names=measurement.names,
        provenance=replace(measurement.provenance, verb="ranking", inputs=digests),
    )


def banded_periods(measurement: Measurement, bands: Bands | None, region: str | None) -> pl.DataFrame:
    """Return growth with its band, null where there is none: the periods of a region, or the newest one of all."""
    if region is None:
        newest = measurement.periods.filter(pl.col("end") == pl.col("end").max())
        periods = newest.filter(pl.col("start") == pl.col("start").max())
    else:
        periods = measurement.periods.filter(region=region)
    if bands is None:
        periods = periods.with_columns(pl.lit(None, kind).alias(name) for name, kind in BAND.items())
    else:
        periods = periods.join(_estimate_bands(bands), on=PERIOD, how="left", maintain_order="left")
    return periods.select(*GROWTH_COLUMNS, *BAND, "grade")


def _estimate_bands(bands: Bands) -> pl.DataFrame:
    """Return the band of all estimated inputs of every region and period."""
    return bands.frame.filter(component=TOGETHER).select(*PERIOD, *BAND)


def figures_by_region(view: View, name: str, span: Span, bands: Bands | None) -> pl.DataFrame:
    """Return a figure of every region and of all together in a period, the largest first; growth with its band.

    The columns are ``region, value, low, high``.
    """
    rows = view.regions_in(span).select("region", value=name)
    national = view.national_of(span).get(name)
    if national is not None:
        rows = rows.vstack(pl.DataFrame({"region": [NATIONAL], "value": [float(national)]}))
    figures = rows.fill_nan(None).drop_nulls("value").sort("value", descending=True)
    if name != "tfp_growth" or bands is None:
        return figures.with_columns(pl.lit(None, pl.Float64).alias(end) for end in ("low", "high"))
    of_span = bands.frame.filter(start=span.start, end=span.end, component=TOGETHER)
    return figures.join(of_span.select("region", "low", "high"), on="region", how="left", maintain_order="left")


def _rows(view: View, span: Span, band: pl.DataFrame, over: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of one period; without a rank, or in estimated years without its range, there is no rank."""
    rows = view.regions_in(span)
    if "grade" not in rows.columns:
        rows = rows.with_columns(grade=pl.lit(None, pl.String))
    if view.measurement.regions_declared.complete:
        rows = rows.with_columns(rank=place())
    if rows.schema["start"] == pl.Int64:  # quarters have neither band nor audit
        rows = rows.join(band, on=PERIOD, how="left", maintain_order="left")
        rows = rows.join(over.drop("protocols"), on=PERIOD, how="left", maintain_order="left")
    else:
        rows = rows.with_columns(
            pl.lit(None, kind).alias(name) for name, kind in (BAND | dict(list(SCHEMA.items())[4:])).items()
        )
    unranked = pl.col("rank").is_null()
    places = ("rank_low", "rank_high", "protocol_rank_low", "protocol_rank_high", "among_first")
    rows = rows.with_columns(pl.when(unranked).then(None).otherwise(pl.col(name)).alias(name) for name in places)
    if not view.is_extrapolated(span):
        return rows
    return rows.with_columns(rank=pl.when(pl.col("rank_low").is_not_null()).then(pl.col("rank")))


def _total(view: View, span: Span) -> Mapping[str, Any]:
    """Return the accounts of all regions together, or of the only one; empty where there is no total."""
    if len(view.codes) == 1:
        rows = view.regions_in(span).drop_nulls("tfp_growth")
        return rows.row(0, named=True) if rows.height else {}
    row = view.national_of(span)
    return row if row and row["tfp_growth"] is not None else {}


def _band(result: Ranking, span: Span, component: str = TOGETHER) -> tuple[float, float] | None:
    """Return the band of all regions together, or of the only one, that the verb `bands` names first."""
    if result.bands is None:
        return None
    codes = result.measurement.panel.regions
    band = result.bands.interval(codes[0] if len(codes) == 1 else TOTAL, span, component)
    return None if band is None else band[1:]


def _newest(result: Ranking, view: View, span: Span) -> Facts:
    row = _total(view, span)
    single = len(view.codes) == 1
    subject = view.name(view.codes[0]) if single else words.yardstick.ranking_together(n=len(view.codes))
    values = {"span": span.label, "subject": subject, "tfp": row["tfp_growth"], **rates(row)}
    if not view.is_extrapolated(span):
        return {"ranking.newest": values}
    band = _band(result, span)
    if band is None or result.bands is None:
        return {"ranking.newest_no_band": values}
    record = record_clause(result.bands, span.start, span.end, single=single)
    return {
        "ranking.newest_band": values
        | {"low": band[0], "high": band[1], "level": result.bands.level, "held": record}
        | {"moved": _moved(result, span, view.codes[0] if single else TOTAL)}
    }


def _moved(result: Ranking, span: Span, code: str) -> Text | str:
    return "" if result.bands is None else corrected_clause(result.bands, code, span.start, span.end)


def _region_facts(result: Ranking, view: View, span: Span) -> Facts:
    """Return the newest period of each of a few regions that have no total, with its band where years are estimated."""
    rows = result.in_period(span.start, span.end).drop_nulls("tfp_growth").sort("tfp_growth", descending=True)
    if not 0 < rows.height <= EACH:
        return {}
    estimated = view.is_extrapolated(span)
    values: Values = {"span": span.label}
    banded = estimated and bool(rows["low"].count())
    if banded and result.bands is not None:
        record = record_clause(result.bands, span.start, span.end, single=True)
        values |= {"level": result.bands.level, "held": record}

    def sentence(row: Mapping[str, Any]) -> Text:
        key = "each_one_band" if row["low"] is not None else "each_one"
        over = "" if row["protocol_low"] is None else words.yardstick.ranking_over(**row)
        figures = {"name": view.name(row["region"]), "tfp": row["tfp_growth"], "low": row["low"], "high": row["high"]}
        return words.yardstick.ranking_of(
            key, **figures, over=over, moved=_moved(result, span, row["region"]), **rates(row)
        )

    sentences = [sentence(row) for row in rows.iter_rows(named=True)]
    key = "each_no_band" if estimated else "each"
    if banded:
        key = "each_band"
    return {f"ranking.{key}": values | {"parts": clauses(sentences)}}


def _before(result: Ranking, view: View, newest: Span) -> Facts:
    """Return the periods before the newest one, latest first, and which of them lie outside its widest band.

    Inputs are held to the nation and output is the sum of the regions: where the nation's own output makes another
    order of two periods, the order depends on whose output it is, and is not told.
    """
    rows = {span: row for span in reversed(view.spans) if (row := _total(view, span))}
    growth_by_span = {span: row["tfp_growth"] for span, row in rows.items() if span != newest}
    if not growth_by_span:
        return {}

    def figures(spans: Iterable[Span]) -> list[Text]:
        return [words.yardstick.ranking_figure(span=span.label, value=growth_by_span[span]) for span in spans]

    # the widest band that the verb `bands` names: with revisions, where it has one
    bands = [band for band in (_band(result, newest), _band(result, newest, ALL)) if band is not None]
    if not bands:
        return {"ranking.before": {"figures": figures(growth_by_span)}}
    low, high = min(low for low, _ in bands), max(high for _, high in bands)
    national = {span: row.get("nation_tfp_growth") for span, row in rows.items()}
    shift = None if national[newest] is None else national[newest] - rows[newest]["tfp_growth"]
    sides: dict[str, list[Span]] = {"higher": [], "lower": [], "within": [], "depends": []}
    for span, growth in growth_by_span.items():
        side, national_growth = _side(growth, low, high), national[span]
        agrees = shift is None or national_growth is None or _side(national_growth, low + shift, high + shift) == side
        sides[side if agrees else "depends"].append(span)
    outcomes = {"higher": "slower", "lower": "faster", "within": "same"}
    key = next((outcomes[side] for side in outcomes if len(sides[side]) == len(growth_by_span)), "mixed")
    ends = {"span": newest.label, "tfp": rows[newest]["tfp_growth"], "nation": national[newest]}
    parts = [
        words.yardstick.ranking_of(
            side,
            figures=_figure_pairs(growth_by_span, national, spans) if side == "depends" else figures(spans),
            n=len(spans),
            **ends,
        )
        for side, spans in sides.items()
        if spans
    ]
    return {f"ranking.before_{key}": {"figures": figures(growth_by_span), "parts": clauses(parts)}}


def _side(growth: float, low: float, high: float) -> str:
    """Return on which side of a band growth lies, as sentences tell it: what reads alike is not higher or lower."""
    growth, low, high = (round(100 * value, 1) for value in (growth, low, high))
    if growth > high:
        return "higher"
    return "lower" if growth < low else "within"


def _figure_pairs(
    added: Mapping[Span, float], national: Mapping[Span, float | None], spans: Iterable[Span]
) -> list[Text]:
    """Return the figures of some periods with the sum of the regions, and with the nation's own output."""
    return [
        words.yardstick.ranking_figure_both(span=span.label, value=added[span], nation=national[span]) for span in spans
    ]


def _robust(result: Ranking, view: View, newest: Span) -> Facts:
    """Return how many pairs differ, and who is among the first under most protocols; else who is first and last."""
    if len(view.codes) == 1:
        rows = result.in_period(newest.start, newest.end).drop_nulls("protocol_low")
        values = {"protocols": f"{result.protocols:,}"}
        return {"ranking.alone": values | rows.row(0, named=True)} if rows.height else {}
    if not view.measurement.regions_declared.complete:
        return {}
    parts: list[Text] = []
    figures: Values = {}
    if result.bands is not None and not result.bands.compares_ends:
        (k, n), (revised, _) = (result.bands.pair_counts(newest, component) for component in (TOGETHER, ALL))
        if n:
            figures = {"span": newest.label, "n": n, "decided": result.bands.decided}
            figures["revised"] = "" if revised == k else words.yardstick.ranking_ties_revised(k=revised)
            parts.append(words.yardstick.ranking_ties(k=k, **figures))
    if result.bands is None and view.is_extrapolated(newest):  # an error that nobody knows decides nothing
        parts.append(words.yardstick.ranking_unknown(span=newest.label))
    elif result.in_period(newest.start, newest.end)["among_first"].count() > FIRST:  # of so few all are among the first
        names = _first(result, view, newest)
        key = ("first" if names else "nobody") + ("_apart" if view.is_extrapolated(newest) else "")
        if len(names) >= 2 * FIRST:  # without ties fewer regions have one of the first places in most protocols
            key = "tied"
        figures = {
            "names": names,
            "k": len(names),
            "n": len(view.codes),
            "protocols": f"{result.protocols:,}",
            "first": FIRST,
            "agreed": AGREED,
        }
        parts.append(words.yardstick.ranking_of(key, **figures))
    if not parts:
        return {} if result.protocols else ends(view)
    return {"ranking.robust": {"parts": clauses(parts)}}


def _whole(part: float) -> int:
    """Return a part in percent as tables round it; 100 is said of all alone."""
    return min(round(100 * part), 100 if part == 1 else 99)


def _first(result: Ranking, view: View, span: Span) -> list[Text]:
    """Return the regions that most protocols put among the first in a period, each with the part of them.

    In estimated years each has its range of ranks too; one that cannot be told from all together is left out, and so is
    one that is above them under too few of the protocols.
    """
    rows = (
        result.in_period(span.start, span.end)
        .filter(pl.col("among_first") > MOSTLY)
        .sort("among_first", descending=True)
    )
    key = "part"
    if view.is_extrapolated(span):
        above_nation = pl.DataFrame(schema={"region": pl.String})
        if result.bands is not None:
            band_rows = result.bands.frame.filter(start=span.start, end=span.end, component=TOGETHER)
            above_nation = band_rows.filter(pl.col("above_nation") >= result.bands.decided).select("region")
        rows = rows.filter(pl.col("protocol_above") >= AGREED)
        rows, key = rows.join(above_nation, on="region", how="semi", maintain_order="left"), "part_and_rank"
    return [
        words.yardstick.ranking_of(
            key,
            **row | {"name": view.name(row["region"]), "part": _whole(row["among_first"])},
            moved=_moved(result, span, row["region"]) if key == "part_and_rank" else "",
        )
        for row in rows.select("region", "among_first", "rank_low", "rank_high").iter_rows(named=True)
    ]


def _beside_nation(_: Ranking, view: View, newest: Span) -> Facts:
    return beside_nation(view, newest, "ranking.nation")


def _growth_sources(_: Ranking, view: View, newest: Span) -> Facts:
    """Return what carried growth, and since when inputs are estimated."""
    row, frame = _total(view, newest), largest_source(view.regions_in(newest))
    parts = {name: row[column] for name, column in PARTS.items() if row and row.get(column) is not None}
    if not parts or row["output_growth"] <= 0:
        return {}
    best = max(parts, key=lambda name: parts[name])
    k = frame.filter(largest=best).height
    values = {
        "span": newest.label,
        "factor": words.shared.factor_of(best),
        "points": parts[best],
        "growth": row["output_growth"],
        "k": k,
        "n": frame.height,
    }
    ended = official_ends(view, newest.end)
    estimated = words.yardstick.ranking_estimated(year=min(ended)) if ended else ""
    return {f"ranking.{'carried' if len(view.codes) > 1 else 'carried_alone'}": values | {"estimated": estimated}}


def _limits(result: Ranking, view: View, newest: Span) -> Facts:
    """Return who is among the first in the last official period, where official figures end, and who is not ranked."""
    facts: Values = {}
    if (
        view.lead != newest
        and view.measurement.regions_declared.complete
        and (names := _first(result, view, view.lead))
    ):
        facts["note.first_before"] = {"span": view.lead.label, "names": names, "first": FIRST}
    if ended := official_ends(view, newest.end):
        parts = [words.yardstick.ranking_ended(names=names, year=year) for year, names in ended.items()]
        facts["note.ended"] = {"parts": clauses(parts)}
    unranked_names = {
        span: [view.name(code) for code in view.unranked(span)] for span in dict.fromkeys([newest, view.lead])
    }
    if unranked := [{"span": span.label, "names": names} for span, names in unranked_names.items() if names]:
        facts["note.failed"] = unranked
    return facts


def _findings(result: Ranking, view: View, newest: Span) -> Facts:
    """Return how many warnings touch the figures, and by how much growth moves without the regions concerned."""
    warned = [problem for problem in result.measurement.findings if problem.severity != "note"]
    if not warned:
        return {}
    codes = list(
        dict.fromkeys(code for problem in warned if (code := (problem.key or "").partition("/")[0]) in view.codes)
    )
    effect = _without(result.measurement, codes, newest) if len(view.codes) > 1 else None
    if effect is None:
        return findings(result.measurement)
    key = "findings_moved" if effect["all"] is None else "findings_moved_all"
    return {f"note.{key}": {"n": len(warned), "k": len(codes), "tfp": _total(view, newest)["tfp_growth"], **effect}}


def _without(measurement: Measurement, codes: Sequence[str], span: Span) -> dict[str, float | None] | None:
    """Return how far total growth moves at most without one of some regions, and without all of them."""
    if measurement.accounts is None or not isinstance(span.end, int) or not codes:
        return None
    years, regions, measured = measurement.panel.years, measurement.panel.regions, set(measurement.frame["region"])
    inside = (years > span.start) & (years <= span.end)
    without = [set[str](), *({code} for code in codes), set(codes)]
    member = np.array([[code in measured - omitted for code in regions] for omitted in without])
    has_all = bool(member[-1].any())
    sums = measurement.accounts.inputs.aggregate(member if has_all else member[:-1])
    growth = account(sums, measurement.protocol).tfp_growth[:, inside].mean(axis=1)
    moves = np.abs(growth[1:] - growth[0])
    if not np.isfinite(moves).all():
        return None
    return {"single": float(moves[: len(codes)].max()), "all": float(moves[-1]) if has_all else None}

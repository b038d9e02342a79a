"""Bands and their backtest as results: what may be said of drawn growth, nothing beyond what its interval bears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.parameters import setting
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, Values, same, span_text
from xinzhi.yardstick.audit.outcomes import CONVENTIONS
from xinzhi.yardstick.estimates.errors import conventions
from xinzhi.yardstick.estimates.record import track_record
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.view import Span

TOTAL, TOGETHER, ALL = "total", "estimates", "everything"
DRIFT, REVISIONS = "control_total", ("output_revision", "employment_revision")
NAMED = 3  # regions of the scenario that are named
SHOWN = 3  # decimals of growth in sentences: a tenth of a percent


@dataclass(frozen=True, repr=False, kw_only=True)
class Bands(Result, verb="bands", topic="bands", key=("region", "start", "end", "component")):
    """How far TFP growth of estimated years may lie from what is measured; growth in log points a year.

    `frame` has a band for every region (``total``: their sum), period and component: ``estimates``, all estimated
    inputs together; ``everything``, with the drift of the regions' sum against the nation and revisions of output and
    of employment; and each input alone. Single years have the first only. `pairs` says how probable it is that one
    region lies above another, and whether that decides; `components` how wide each input makes the band; `coverage`
    where official figures end and what stands in; `scenario` the figures if the fall of investment rates was a
    correction of earlier ones. `spread` has the range over protocols where an audit was given: another band, never
    added in.

    Without a control total the columns `median`, `low` and `high` are null, and `refused` names the reason. Where the
    package holds a part of the declared set, `part` says how many of how many: the band of a region is the one that it
    has among all, and what compares regions is null.
    """

    pairs: pl.DataFrame
    components: pl.DataFrame
    coverage: pl.DataFrame
    scenario: pl.DataFrame
    spread: pl.DataFrame
    level: float
    decided: float
    draws: int
    refused: str | None
    part: tuple[int, int] | None
    measurement: Measurement

    @property
    def leading(self) -> pl.DataFrame:
        """The regions in the leading period: the band of the estimates, those of everything and of protocols beside."""
        start, end = leading_span(self)
        bounds = ("median", "low", "high", "relative_low", "relative_high")
        outer = rows(self, ALL).select("region", *(pl.col(name).alias(f"all_{name}") for name in bounds))
        bands = rows(self).join(outer, on="region", how="left", maintain_order="left")
        spread = self.spread.filter(start=start, end=end).drop("start", "end")
        return bands.join(spread, on="region", how="left", maintain_order="left").sort("measured", descending=True)

    @property
    def nation(self) -> float | None:
        """The middle of the band of all regions together in the leading period; None where there is no total."""
        return next((row["median"] for row in rows(self).iter_rows(named=True) if row["region"] == TOTAL), None)

    def pair_counts(self, span: Span, component: str = TOGETHER) -> tuple[int, int]:
        """Return how many pairs of regions differ significantly in a period under a component, and of how many."""
        decided = self.pairs.filter(start=span.start, end=span.end, component=component)["decided"]
        return int(decided.sum()), len(decided)

    def interval(self, region: str, span: Span, component: str = TOGETHER) -> tuple[float, float, float] | None:
        """Return median, low and high of the band of a region (``total``: all together) in a period, where it is."""
        rows = self.frame.filter(region=region, start=span.start, end=span.end, component=component)
        bands = rows.select("median", "low", "high").drop_nulls("low").rows()
        return bands[0] if bands else None

    @property
    def compared(self) -> int:
        """How many regions are compared two by two in the leading period: all, or where they are many the two ends."""
        start, end = leading_span(self)
        pairs = self.pairs.filter(start=start, end=end)
        return pl.concat([pairs["region"], pairs["other"]]).n_unique()

    @property
    def compares_ends(self) -> bool:
        """Whether regions that have a band are left out where two by two are compared."""
        return 0 < self.compared < self.frame.filter(pl.col("region") != TOTAL)["region"].n_unique()

    def chances(self, span: Span) -> dict[str, float]:
        """Return the probability of each region to lie above all together in a period."""
        rows = self.frame.filter(start=span.start, end=span.end, component=TOGETHER)
        return dict(rows.select("region", "above_nation").drop_nulls().iter_rows())

    def leading_of(self, region: str | None) -> pl.DataFrame:
        """Return `leading`, of a region and the sum of all where one is given."""
        return self.leading if region is None else self.leading.filter(pl.col("region").is_in([region, TOTAL]))

    def ranked(self, regions: pl.DataFrame) -> pl.DataFrame:
        """Return rows of `leading` with the ``rank`` of each region by what is measured, without the sum."""
        single = regions.filter(pl.col("region") != TOTAL)
        return single.with_columns(rank=pl.col("measured").rank("min", descending=True).cast(pl.Int64))

    @property
    def significant(self) -> pl.DataFrame:
        """The pairs of regions that differ significantly in the leading period."""
        start, end = leading_span(self)
        return self.pairs.filter(start=start, end=end, component=TOGETHER, decided=True)

    def joint_bands(self, region: str | None) -> pl.DataFrame:
        """Return the bands of all estimated inputs, without and with revisions, of a region or of the newest year."""
        bands = self.frame.filter(pl.col("component").is_in([TOGETHER, ALL]))
        return bands.filter(pl.col("end") == pl.col("end").max()) if region is None else bands.filter(region=region)

    @property
    def widths(self) -> pl.DataFrame:
        """How wide each input makes the bands of the leading period."""
        start, end = leading_span(self)
        return self.components.filter(start=start, end=end)

    @property
    def corrections(self) -> pl.DataFrame:
        """The scenario of corrections in the leading period."""
        start, end = leading_span(self)
        return self.scenario.filter(start=start, end=end)

    def facts(self) -> Facts:
        """Return the nation's band, who lies above and below it, pairs decided, what is widest, scenario, protocols."""
        start, end = leading_span(self)
        span = span_text(start, end)
        leading = rows(self)
        values: Values = {
            "span": span,
            "level": self.level,
            "n": leading.filter(pl.col("region") != TOTAL).height,
        }
        facts: Facts = {}
        if self.part is not None:
            return _partial_facts(self, values) | _context_facts(self, span) | _after(self)
        nation = leading.filter(region=TOTAL)
        if self.refused is not None:
            facts["answer.refused"] = values
        elif nation.height:
            record_text = record_clause(self, start, end, single=False)
            facts["answer.nation"] = values | nation.select("median", "low", "high", "measured").row(0, named=True)
            facts["answer.nation"] |= {"held": record_text}
            if counted := _revisions(self):
                revised_band = rows(self, ALL).filter(region=TOTAL).select("low", "high")
                facts["answer.everything"] = {"parts": counted} | revised_band.row(0, named=True)
        revised = bool(_revisions(self))
        facts |= _sides(self, leading) | (_sides_revised(self, leading) if revised else {})
        counts: Values = {"decided": self.decided, "span": span, "wide": "", **_pair_counts(self)}
        if revised:
            counts["wide"] = words.bands.answer_pairs_revised(**_pair_counts(self, ALL))
        facts["answer.pairs"] = counts
        if self.compares_ends:
            facts["answer.ends"] = {"k": self.compared}
        ranked = leading.filter(pl.col("region") != TOTAL).with_columns(width=pl.col("rank_high") - pl.col("rank_low"))
        first = ranked.sort("rank_high", "rank_low").row(0, named=True)
        widest = ranked.sort("width", descending=True).row(0, named=True)
        rank_facts: Values = {"width": round(_middle(ranked["width"])), "level": self.level, "wide": ""}
        if revised:
            width = rows(self, ALL).filter(pl.col("region") != TOTAL).select(pl.col("rank_high") - pl.col("rank_low"))
            rank_facts["wide"] = words.bands.answer_ranks_revised(width=round(_middle(width.to_series())))
        for name, row in (("first", first), ("widest", widest)):
            rank_facts[name] = self.names.region(row["region"])
            rank_facts |= {f"{name}_{end}": row[f"rank_{end}"] for end in ("low", "high")}
        return facts | {"answer.ranks": rank_facts} | _context_facts(self, span) | _after(self)


@dataclass(frozen=True, repr=False, kw_only=True)
class Backtest(Result, verb="estimates_backtest", topic="bands", key=("test", "horizon")):
    """How the bands of a protocol fared in years whose truth was published later.

    `frame` has one row per test and horizon (0: all together): part of the bands that hold the truth, of regions and
    relative to the nation; interval score, that of the old extrapolation and their ratio; pairs decided and the part of
    them that is right. `ends` has the same by last official year.
    """

    ends: pl.DataFrame
    level: float

    @property
    def by_horizon(self) -> pl.DataFrame:
        """``horizon, relative_coverage, test``, without all horizons together."""
        return self.frame.filter(pl.col("horizon") > 0).select("horizon", "relative_coverage", "test")

    def facts(self) -> Facts:
        """Return how often the bands held, in the worst horizon too, and how many decided pairs were right."""
        facts: Facts = {}
        for test in ("held_out", "real_time"):
            rows_of_test = self.frame.filter(test=test)
            if rows_of_test.is_empty():
                continue
            pooled, by = rows_of_test.filter(horizon=0).row(0, named=True), rows_of_test.filter(pl.col("horizon") > 0)
            worst = by.sort("relative_coverage").row(0, named=True)
            headline = by.filter(pl.col("horizon") <= conventions()["backtest"]["headline"])
            longest = headline.sort("horizon").row(-1, named=True)
            facts[f"answer.{test}"] = {
                "level": self.level,
                "regions": pooled["coverage"],
                "relative": pooled["relative_coverage"],
                "worst": min(worst["coverage"], worst["relative_coverage"]),
                "horizon": worst["horizon"],
                "ends": pooled["ends"],
                "decided": pooled["pairs_decided"],
                "right": pooled["pairs_right"],
                "ratio": pooled["score_ratio"],
                "nation": pooled["nation_coverage"],
                "years": longest["horizon"],
                "spans": longest["ends"],
                "held": round(longest["nation_coverage"] * longest["ends"]),
                "error": longest["nation_error"],
            }
        return facts


def leading_span(result: Bands) -> tuple[int, int]:
    """Return the reported period that leads: the shortest that ends last, single years aside."""
    spans = result.frame.filter(component=ALL).select("start", "end").unique().rows()
    return min(spans, key=lambda span: (-span[1], span[1] - span[0]))


def rows(result: Bands, component: str = TOGETHER) -> pl.DataFrame:
    """Return the bands of the leading period."""
    start, end = leading_span(result)
    return result.frame.filter(start=start, end=end, component=component)


def record_clause(result: Bands, start: int, end: int, *, single: bool) -> Text | str:
    """Return how bands of as many years held in the past; nothing of bands that nobody has tested."""
    record = track_record(result.measurement.protocol.fingerprint, result.level, result.provenance.inputs, end - start)
    return "" if record is None else record.clause(single=single)


def corrected_clause(result: Bands, region: str, start: int, end: int) -> Text | str:
    """Return what growth would be had investment been corrected, where that moves it by as much as a sentence tells."""
    rows = result.scenario.filter(region=region, start=start, end=end)
    corrections = rows.filter(pl.col("difference").abs() >= setting(CONVENTIONS, "corrected"))
    return words.yardstick.ranking_corrected(value=corrections["corrected"][0]) if corrections.height else ""


def _partial_facts(result: Bands, values: Mapping[str, object]) -> Facts:
    """Return the bands of the regions of a package that holds a part of the declared set, and what needs all of it."""
    k, n = result.part or (0, 0)
    needs: Facts = {"answer.part": {"k": k, "n": n}}
    if result.refused is not None:
        return {"answer.refused": dict(values)} | needs
    start, end = leading_span(result)
    region_facts = {**values, "regions": _region_bands(result), "held": record_clause(result, start, end, single=True)}
    facts: Facts = {"answer.alone": region_facts}
    if counted := _revisions(result):
        facts["answer.alone_everything"] = {"parts": counted, "regions": _region_bands(result, ALL)}
    return facts | needs


def _region_bands(result: Bands, component: str = TOGETHER) -> list[Text]:
    """Return the band of every region in the leading period under a component, from the highest measured down."""
    word = "own" if component == TOGETHER else "own_wide"
    return [
        words.bands.answer_of(word, name=result.names.region(row["region"]), **row)
        for row in rows(result, component).sort("measured", descending=True).to_dicts()
    ]


def _revisions(result: Bands) -> list[Text]:
    """Return what the band of everything counts beside the estimated inputs, where it moves anything."""
    return [words.bands.input_of(name) for name in (DRIFT, *REVISIONS) if _moves(rows(result, name))]


def _moves(leading: pl.DataFrame) -> bool:
    """Return whether the bands of a component have a width; without rows there is none."""
    ends = (leading.select(f"{kind}low", f"{kind}high").drop_nulls() for kind in ("", "relative_"))
    return not all(np.allclose(*limits.to_numpy().T) for limits in ends)


def _pair_counts(result: Bands, component: str = TOGETHER) -> dict[str, float]:
    """Return how many pairs of regions a component tells apart in the leading period."""
    k, n = result.pair_counts(Span(*leading_span(result)), component)
    return {"k": k, "n": n, "part": k / n}


def _sides_revised(result: Bands, leading: pl.DataFrame) -> Facts:
    """Return which of the regions that lie surely above or below the sum do so no more under the band of everything."""
    revised_chances = rows(result, ALL).select("region", wide="above_nation")
    order = (
        leading.filter(pl.col("region") != TOTAL).join(revised_chances, on="region").sort("measured", descending=True)
    )
    sides = [(pl.col(name), 1 - pl.col(name)) for name in ("above_nation", "wide")]
    sure = order.filter(pl.any_horizontal(chance >= result.decided for chance in sides[0]))
    if sure.is_empty():
        return {}
    still = [chance >= result.decided for chance in sides[1]]
    lost = sure.filter(~pl.when(sides[0][0] >= result.decided).then(still[0]).otherwise(still[1]))["region"].to_list()
    if not lost:
        return {"answer.sides_kept": {"n": sure.height}}
    return {"answer.sides_lost": {"names": [result.names.region(code) for code in lost]}}


def _sides(result: Bands, leading: pl.DataFrame) -> Facts:
    """Return the regions that lie surely above the sum of all, and surely below."""
    order = leading.filter(pl.col("region") != TOTAL).sort("above_nation", "measured", descending=True)
    surest = 1 - 2 / result.draws  # draws cannot tell more

    def names(condition: pl.Expr) -> list[Text]:
        return [
            words.bands.answer_sure(name=result.names.region(row["region"]), chance=min(row["chance"], surest))
            for row in order.filter(condition).iter_rows(named=True)
        ]

    order = order.with_columns(chance=pl.max_horizontal("above_nation", 1 - pl.col("above_nation")))
    above, below = names(pl.col("above_nation") >= result.decided), names(pl.col("above_nation") <= 1 - result.decided)
    rest = order.height - len(above) - len(below)
    sides = {(True, True): "sides", (True, False): "above", (False, True): "below", (False, False): "neither"}
    key = f"answer.{sides[bool(above), bool(below)]}"
    return {key: {"above": above, "below": below, "rest": rest, "decided": result.decided}}


def _context_facts(result: Bands, span: Text) -> Facts:
    """Return the input that makes the bands widest, the scenario of corrections, and the range over protocols."""
    start, end = leading_span(result)
    facts: Facts = {}
    widths = result.components.filter(pl.col("region") != TOTAL, start=start, end=end)
    width = "relative_half_width" if result.part is None else "half_width"
    typical = widths.group_by("component").agg(pl.col(width).median()).sort(width)
    parts = typical.filter(~pl.col("component").is_in([TOGETHER, ALL]))
    if parts.height:
        joint = typical.filter(component=TOGETHER)[width].item()
        name, half = parts.row(-1)
        facts["answer.widest" if result.part is None else "answer.widest_alone"] = {
            "input": words.bands.input_of(name),
            "half": half,
            "whole": joint,
            "level": result.level,
        }
    total = result.components.filter(region=TOTAL, start=start, end=end).drop_nulls("half_width").sort("half_width")
    inputs = total.filter(~pl.col("component").is_in([TOGETHER, ALL]))
    if result.part is None and result.refused is None and inputs.height:
        facts["answer.widest_total"] = {
            "input": words.bands.input_of(inputs["component"][-1]),
            "half": inputs["half_width"][-1],
            "whole": total.filter(component=TOGETHER)["half_width"].item(),
            "level": result.level,
        }
    corrections = result.scenario.filter(pl.col("region") != TOTAL, start=start, end=end).sort("difference").head(NAMED)
    corrections = corrections.filter(
        pl.col("difference") < 0, pl.col("measured").round(SHOWN) != pl.col("corrected").round(SHOWN)
    )
    if corrections.height:
        examples = [
            words.bands.answer_moved(
                name=result.names.region(row["region"]), before=row["measured"], after=row["corrected"]
            )
            for row in corrections.iter_rows(named=True)
        ]
        facts["answer.scenario"] = {"names": examples, "span": span}
    spread = result.spread.filter(start=start, end=end)
    if spread.height:
        facts["answer.protocols"] = {"half": _middle(spread["protocol_high"] - spread["protocol_low"]) / 2}
    return facts


def _after(result: Bands) -> Facts:
    """Return the years of output after the last band, and what is missing there."""
    last = max(result.frame["end"].to_list())
    later = result.measurement.omitted.filter(pl.col("year") > last)
    if later.is_empty():
        return {}
    years = later["year"].to_list()
    items = sorted({name for cell in later["missing"] for name in cell.split(";")})
    span = span_text(min(years), max(years)) if len(set(years)) > 1 else same(years[0])
    return {"answer.after": {"span": span, "missing": [words.shared.factor_of(name) for name in items], "last": last}}


def _middle(values: pl.Series) -> float:
    """Return the median of numbers."""
    return float(np.median(values.drop_nulls().to_numpy()))

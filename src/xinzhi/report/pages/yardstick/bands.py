"""The sections on estimated years: whiskers of every region, ranges of ranks, and how the bands fared in the past."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.text import Text, span_text, words
from xinzhi.report.charts import kit
from xinzhi.report.palette import DEEP, GROUPS
from xinzhi.report.section import Picture, Section, picture
from xinzhi.report.sentence import answer_of
from xinzhi.report.table import Table, table
from xinzhi.yardstick import ALL, NATIONAL, TOGETHER, Backtest, Bands, leading_span

TESTS = ("held_out", "real_time")
BOUNDS = ("median", "low", "high", "relative_low", "relative_high")


def bands(result: Bands, *, region: str | None = None) -> Section:
    """Return how sure the growth of the leading estimated period is."""
    facts = result.facts()
    start, end = leading_span(result)
    values = {"span": span_text(start, end), "level": result.level}
    here = _wide(result, start, end)
    if region is not None:
        here = here.filter(pl.col("region").is_in([region, NATIONAL]))
    return Section.of(
        "bands.bands",
        [_whiskers(result, here, facts, values), _ranks(result, here, facts, values)],
        _tables(result, start, end),
        anchor="bands",
        answer=answer_of(facts, "bands"),
        warning=words("bands.warning"),
        notes=(words("bands.note.not_counted"),),
    )


def _wide(result: Bands, start: int, end: int) -> pl.DataFrame:
    """Return one row a region: the band of the estimates, with that of everything and of protocols beside it."""
    mine = result.frame.filter(start=start, end=end)
    outer = mine.filter(component=ALL).select("region", *(pl.col(name).alias(f"all_{name}") for name in BOUNDS))
    rows = mine.filter(component=TOGETHER).join(outer, on="region", how="left", maintain_order="left")
    spread = result.spread.filter(start=start, end=end).drop("start", "end")
    return rows.join(spread, on="region", how="left", maintain_order="left").sort("measured", descending=True)


def _whiskers(result: Bands, here: pl.DataFrame, facts: Facts, values: Facts) -> Picture:
    """Return a whisker for every region; without a control total those of growth less that of all together."""
    low, high = ("relative_low", "relative_high") if result.refused else ("low", "high")
    rows: list[dict[str, Any]] = []
    lanes = (words("bands.chart.draws"), words("bands.chart.protocols"))
    several = not result.refused and here["protocol_low"].is_not_null().any()
    lane = {"group": lanes[0]} if several else {}
    for row in here.iter_rows(named=True):
        if row[low] is None:
            continue
        middle = (row[low] + row[high]) / 2 if result.refused else row["median"]
        spans = [(row[f"all_{low}"], row[f"all_{high}"]), (row[low], row[high])]
        rows.append(
            {
                "name": result.names.text("group", NATIONAL)
                if row["region"] == NATIONAL
                else result.names.region(row["region"]),
                "value": 100 * middle,
                "bands": [(100 * one, 100 * other) for one, other in spans if one is not None],
                **({} if result.refused else {"tick": 100 * row["measured"]}),
                **lane,
            }
        )
        if several and row["protocol_low"] is not None:
            beside = (100 * row["protocol_low"], 100 * row["protocol_high"])
            rows.append({"name": rows[-1]["name"], "value": None, "bands": [beside, beside], "group": lanes[1]})
    nation = here.filter(region=NATIONAL)
    reference = None if result.refused or nation.is_empty() else 100 * nation["median"].item()
    columns = (
        "region", "measured", "median", "low", "high", "relative_low", "relative_high", "above_nation", "rank_low",
        "rank_high", "protocol_low", "protocol_high",
    )  # fmt: skip
    alone = result.part is not None
    return picture(
        "bands.whiskers", kit.spreads, rows,
        table("bands_bands", here, columns, result, known=True, **values),
        values if alone else values | facts["answer.pairs"], headline="whiskers_alone" if alone else None,
        reference=reference, groups=lanes if several else (), inks=(DEEP, GROUPS[2]),
    )  # fmt: skip


def _ranks(result: Bands, here: pl.DataFrame, facts: Facts, values: Facts) -> Picture | None:
    """Return the range of the rank of every region."""
    ranked = here.filter(pl.col("region") != NATIONAL)
    if ranked.height < 2 or result.part is not None:  # noqa: PLR2004 - a rank is one of several
        return None
    ranked = ranked.with_columns(rank=pl.col("measured").rank("min", descending=True).cast(pl.Int64))
    rows = [
        {
            "name": result.names.region(row["region"]),
            "value": None,
            "tick": row["rank"],
            "bands": [(row["rank_low"], row["rank_high"]), (row["rank_low"], row["rank_high"])],
        }
        for row in ranked.iter_rows(named=True)
    ]
    twin = table(
        "bands_ranks", ranked, ("region", "rank_low", "rank_high", "above_nation"), result,
        title=words("bands.title.ranks", **values),
    )  # fmt: skip
    return picture("bands.ranks", kit.spreads, rows, twin, values | facts["answer.ranks"])


def _tables(result: Bands, start: int, end: int) -> list[Table]:
    """Return the pairs told apart, the widths by input, the reach of official figures and the scenario."""
    pairs = result.pairs.filter(start=start, end=end, component=TOGETHER, decided=True).sort(
        "probability", "region", "other", descending=[True, False, False]
    )
    widths = result.components.filter(start=start, end=end)
    moved = result.scenario.filter(start=start, end=end).sort("difference", nulls_last=True)
    names = ("region", "other", "probability", "protocols")
    told_apart = [table("bands_pairs", pairs, names, result, part="pairs", known=True, span=span_text(start, end))]
    return [
        *(told_apart if result.part is None else []),
        table(
            "bands_components", widths, ("region", "component", "half_width", "relative_half_width", "widest"), result
        ),
        table("bands_coverage", result.coverage, None, result, part="coverage"),
        table("bands_scenario", moved, ("region", "inflation", "measured", "corrected", "difference"), result),
    ]


def backtest(result: Backtest, *, region: str | None = None) -> Section:
    """Return how often the bands would have held in the past."""
    del region
    facts = result.facts()
    return Section.of(
        "bands.backtest",
        [_held(result, facts)],
        [table("bands_ends", result.ends, None, result, part="ends")],
        anchor="backtest",
        answer=answer_of(facts, "bands"),
        notes=(words("bands.note.known_total"),),
    )


def _held(result: Backtest, facts: Facts) -> Picture:
    """Return the part of the bands that held the truth, by years ahead and test."""
    groups: dict[str, Text] = {name: words(f"bands.chart.{name}") for name in TESTS}
    rows = [
        {
            "name": words("bands.chart.horizon", n=row["horizon"]),
            "value": 100 * row["relative_coverage"],
            "group": groups[row["test"]],
        }
        for row in result.frame.filter(pl.col("horizon") > 0).iter_rows(named=True)
    ]
    told = next(iter(facts.values()))
    return picture(
        "bands.coverage", kit.spreads, rows, table("bands_backtest", result.frame, None, result),
        {"level": result.level, "relative": told["relative"]}, reference=100 * result.level,
        groups=tuple(groups.values()), inks=(DEEP, GROUPS[2]),
    )  # fmt: skip

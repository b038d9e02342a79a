"""The pages of claims, vintages, a bridge, digital capital and bands: why figures differ, and how sure they are."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import polars as pl

from xinzhi import words, yardstick
from xinzhi.core.result import Facts
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, sentences, span_text
from xinzhi.report.charts import kinds
from xinzhi.report.document import Data, rows
from xinzhi.report.palette import DEEP, GROUPS
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of
from xinzhi.report.table import Table, table
from xinzhi.yardstick import internal

PARTS = ("output", "capital", "labour", "share", "protocol")
NOTES = ("prices", "kinds", "research", "provinces")
TESTS = ("held_out", "real_time")
TOLD = 6  # claims that the answer tells one by one; the table has all of them


@section.register
def history(result: internal.VintageHistory) -> Section:
    """Return what every recorded revision did to the growth and the levels of output."""
    return Section.of(
        "yardstick.history",
        [_revised(result, before, after) for before, after in result.revisions],
        [table("vintages_history_levels", of=result)],
        anchor="vintages",
        answer=result.sentences(),
        sheets=(table("vintages_history_frame", of=result),),
    )


def _revised(result: internal.VintageHistory, before: str, after: str) -> Picture:
    """Return by region what one revision did to cumulated real growth."""
    frame = result.revisions[before, after]
    kind, facts = f"history-{before}-{after}", {"before": result.title(before), "after": result.title(after)}
    twin = table(
        f"vintages_{before}_{after}",
        frame,
        None,
        result,
        part="growth",
        title=words.yardstick.table_revised(**facts),
    )
    rows = rows_of(frame, result, part="growth", name="region", value="revision")
    shared = dict.fromkeys(("title", "headline", "how"), "revised")
    return picture(
        f"yardstick.{kind}",
        kinds.bars,
        rows,
        twin,
        facts,
        unit=words.shared.unit_of_share(),
        x="revised",
        decimals=2,
        **shared,
    )


@section.register
def change(result: internal.VintageChange) -> Section:
    """Return what moved the growth of every region between two vintages, part by part."""
    frame = result.by_size
    parts = {name: (describe(result.verb, name).title, ink) for name, ink in zip(PARTS, GROUPS, strict=False)}
    chart = picture(
        "yardstick.change",
        kinds.stacked,
        rows_of(frame, result, None, name="region", total="total", **{name: name for name in PARTS}),
        table("vintages_change", frame, of=result),
        {"n": frame.height},
        unit=words.shared.chart_points(),
        x=words.shared.chart_points(),
        parts=parts,
        total="total",
        decimals=2,
    )
    excluded = result.not_comparable.drop("reason")
    return Section.of(
        "yardstick.change",
        [chart],
        [table("vintages_not_comparable", excluded, of=result)] if excluded.height else [],
        anchor="vintage-change",
        answer=result.sentences(),
        sheets=tuple(table(f"vintages_change_{part}", of=result) for part in ("periods", "years")),
    )


@section.register
def bridge(result: internal.Bridge) -> Section:
    """Return both figures, every step with its range over the orders, and where the other figure comes from."""
    steps, groups = (describe(result.verb, name).values for name in ("step", "kind"))
    rows = [
        {
            "name": steps[row["step"]],
            "value": 100 * row["mean"],
            "bands": [(100 * row["low"], 100 * row["high"])],
            "group": groups[row["kind"]],
        }
        for row in result.frame.iter_rows(named=True)
    ]
    facts = result.facts()
    chart = picture(
        "yardstick.bridge",
        kinds.spreads,
        rows,
        table("yardstick_bridge", of=result),
        cast("dict[str, Any]", facts["bridge.head"]),
        reference=0.0,
        unit=words.shared.chart_points(),
        x="bridge",
        groups=tuple(groups.values()),
    )
    return Section.of(
        "yardstick.bridge",
        [chart],
        anchor="bridge",
        answer=sentences(facts, result.topic),
        notes=(words.yardstick.bridge_source(source=result.source),),
    )


@section.register
def digital(result: internal.DigitalCapital) -> Section:
    """Return the contribution of digital capital with its range, and the growth account by period."""
    facts = result.facts()
    rows = cast("list[dict[str, Any]]", facts["digital.contribution"])
    periods = table("digital_periods", of=result)
    spread, account = [], []
    for row in rows:
        name = span_text(row["start"], row["end"])
        band = (100 * row["digital_low"], 100 * row["digital_high"])
        spread.append({"name": name, "value": 100 * row["digital"], "bands": [band]})
        parts_of = {part: 100 * row[part] for part in result.parts}
        account.append({"name": name, "total": 100 * row["output_growth"], **parts_of})
    parts = {name: (describe(result.verb, name).title, ink) for name, ink in zip(result.parts, GROUPS, strict=False)}
    return Section.of(
        "yardstick.digital",
        [
            picture(
                "yardstick.digital",
                kinds.spreads,
                spread,
                periods,
                rows[0],
                reference=0.0,
                unit=words.shared.chart_points(),
            ),
            picture(
                "yardstick.digital_account",
                kinds.stacked,
                account,
                periods,
                rows[0],
                parts=parts,
                total="total",
                decimals=2,
                unit=words.shared.chart_points(),
            ),
        ],
        [table("digital_alone", of=result)],
        anchor="digital",
        answer=sentences(facts, result.topic),
        notes=tuple(words.yardstick.digital_of(name) for name in NOTES),
        sheets=tuple(table(f"digital_{part}", of=result) for part in ("account", "frame", "spread")),
    )


@section.register
def claims(result: internal.Claims) -> Section:
    """Return what became of every claim."""
    verdicts = [name for name in internal.VERDICTS if name in set(result.frame["verdict"])]
    means = [(_verdict(name), words.yardstick.claims_means_of(name)) for name in verdicts]
    meanings = [words.yardstick.claims_meaning(name=name, text=text) for name, text in means]
    return Section.of(
        "yardstick.claims",
        [_tally(result)],
        [_claim_table(result, "departures")] if result.departures.height else [],
        anchor="claims",
        answer=result.sentences()[:TOLD],
        notes=(*meanings, words.yardstick.claims_unit()),
        sheets=(_claim_table(result, "protocols"),),
        document=partial(_options, result),
    )


def _options(result: internal.Claims, _: Section, __: Text) -> dict[str, object]:
    """Return the files beside the page: the protocols that give a claim, and the note in Markdown."""
    return {
        "protocol": result.grid.protocol,
        "frames": {"claim.csv": Data(result), "claim-protocols.csv": Data(result, "protocols")},
        "texts": {"claim.md": Text(zh=internal.note(result, "zh"), en=internal.note(result, "en"))},
        "data": {
            "provenance": result.provenance.to_dict(),
            "supported": result.supported,
            "claims": rows(result.frame),
            "departures": rows(result.departures),
        },
    }


def _verdict(name: str) -> Text:
    return words.yardstick.claims_verdict_of(name)


def _tally(result: internal.Claims) -> Picture:
    """Return every claim beside what the reference protocol gives and the range of all protocols."""
    frame = result.frame
    rows = [
        {
            "name": words.yardstick.chart_claim(name=result.names.region(row["region"]), **row),
            "value": 100 * row["growth"],
            "bands": [(100 * row["lowest"], 100 * row["highest"])],
            "tick": 100 * row["reference"],
            "group": _verdict(row["verdict"]),
        }
        for row in frame.iter_rows(named=True)
        if row["verdict"] != internal.UNJUDGED
    ]
    facts = {"n": frame.height, "k": frame["verdict"].to_list().count("supported")}
    return picture(
        "yardstick.claims",
        kinds.spreads,
        rows,
        _claim_table(result, "frame"),
        facts,
        unit=words.shared.unit_of_percent(),
        x=words.shared.chart_tfp_per_year(),
        groups=[_verdict(name) for name in internal.VERDICTS if name != internal.UNJUDGED],
    )


def _claim_table(result: internal.Claims, part: str) -> Table:
    """Return columns of the claims, what each departure contributes, or every protocol that gives a claim."""
    columns = None if part == "frame" else getattr(result, part).columns
    return table(f"claims_{part}", result.in_words(part), columns, result, part=part, drop_empty=True)


@section.register
def bands(result: yardstick.Bands, *, region: str | None = None) -> Section:
    """Return how sure the growth of the leading estimated period is."""
    facts = result.facts()
    start, end = internal.leading_span(result)
    values = {"span": span_text(start, end), "level": result.level}
    leading = result.leading_of(region)
    return Section.of(
        "bands.bands",
        [_whiskers(result, leading, facts, values), _ranks(result, leading, facts, values)],
        _tables(result, start, end),
        anchor="bands",
        answer=answer_of(facts, "bands"),
        warning=words.bands.warning(),
        notes=(words.bands.note_not_counted(),),
    )


def _whiskers(result: yardstick.Bands, leading: pl.DataFrame, facts: Facts, values: Facts) -> Picture:
    """Return a whisker for every region; without a control total those of growth less that of all together."""
    low, high = ("relative_low", "relative_high") if result.refused else ("low", "high")
    rows: list[dict[str, object]] = []
    lanes = (words.bands.chart_draws(), words.bands.chart_protocols())
    several = not result.refused and leading["protocol_low"].is_not_null().any()
    for row in leading.drop_nulls(low).iter_rows(named=True):
        name = result.names.text("group" if row["region"] == internal.NATIONAL else "region", row["region"])
        middle = (row[low] + row[high]) / 2 if result.refused else row["median"]
        spans = [(row[f"all_{low}"], row[f"all_{high}"]), (row[low], row[high])]
        bands = [(100 * low, 100 * high) for low, high in spans if low is not None]
        measured = {} if result.refused else {"tick": 100 * row["measured"]}
        lane = {"group": lanes[0]} if several else {}
        rows.append({"name": name, "value": 100 * middle, "bands": bands, **measured, **lane})
        if several and row["protocol_low"] is not None:
            band = (100 * row["protocol_low"], 100 * row["protocol_high"])
            rows.append({"name": name, "value": None, "bands": [band, band], "group": lanes[1]})
    nation = None if result.refused else result.nation
    reference = None if nation is None else 100 * nation
    single = result.part is not None
    return picture(
        "bands.whiskers",
        kinds.spreads,
        rows,
        table("bands_bands", leading, of=result, drop_empty=True, **values),
        values if single else values | facts["answer.pairs"],
        headline="whiskers_alone" if single else None,
        reference=reference,
        groups=lanes if several else (),
        inks=(DEEP, GROUPS[2]),
    )


def _ranks(result: yardstick.Bands, leading: pl.DataFrame, facts: Facts, values: Facts) -> Picture | None:
    """Return the range of the rank of every region."""
    ranked = result.ranked(leading)
    if ranked.height < 2 or result.part is not None:  # noqa: PLR2004 - a rank is one of several
        return None
    rows = [
        {
            "name": result.names.region(row["region"]),
            "value": None,
            "tick": row["rank"],
            "bands": 2 * [(row["rank_low"], row["rank_high"])],
        }
        for row in ranked.iter_rows(named=True)
    ]
    twin = table("bands_ranks", ranked, of=result, title=words.bands.title_ranks(**values))
    return picture("bands.ranks", kinds.spreads, rows, twin, values | facts["answer.ranks"])


def _tables(result: yardstick.Bands, start: int, end: int) -> list[Table]:
    """Return the pairs told apart, the widths by input, the reach of official figures and the scenario."""
    told_apart = [table("bands_pairs", result.significant, of=result, drop_empty=True, span=span_text(start, end))]
    return [
        *(told_apart if result.part is None else []),
        table("bands_components", result.widths, of=result),
        table("bands_coverage", of=result),
        table("bands_scenario", result.corrections, of=result),
    ]


@section.register
def backtest(result: yardstick.Backtest) -> Section:
    """Return how often the bands would have held in the past."""
    facts = result.facts()
    return Section.of(
        "bands.backtest",
        [_coverage(result, facts)],
        [table("bands_ends", of=result)],
        anchor="backtest",
        answer=answer_of(facts, "bands"),
        notes=(words.bands.note_known_total(),),
    )


def _coverage(result: yardstick.Backtest, facts: Facts) -> Picture:
    """Return the part of the bands that held the truth, by years ahead and test."""
    groups: dict[str, Text] = {name: words.bands.chart_of(name) for name in TESTS}
    rows = [
        {"name": words.bands.chart_horizon(n=years), "value": 100 * share, "group": groups[test]}
        for years, share, test in result.by_horizon.iter_rows()
    ]
    values = next(iter(facts.values()))
    return picture(
        "bands.coverage",
        kinds.spreads,
        rows,
        table("bands_backtest", of=result),
        {"level": result.level, "relative": values["relative"]},
        reference=100 * result.level,
        groups=tuple(groups.values()),
        inks=(DEEP, GROUPS[2]),
    )

"""The pages of claims, vintages, a bridge and digital capital: why other figures of growth are other ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import polars as pl

from xinzhi.core.schema import describe
from xinzhi.core.text import Text, sentences, span_text, words
from xinzhi.report.charts import kit
from xinzhi.report.document import Data, rows
from xinzhi.report.palette import GROUPS
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.table import Table, table
from xinzhi.yardstick import (
    UNJUDGED,
    VERDICTS,
    Bridge,
    Claims,
    DigitalCapital,
    VintageChange,
    VintageHistory,
    in_words,
    note,
)

LEAST = 1e-9  # a revision below is what is left of rounding
PARTS = ("output", "capital", "labour", "share", "protocol")
NOTES = ("prices", "kinds", "research", "provinces")
TOLD = 6  # claims that the answer tells one by one; the table has all of them


def history(result: VintageHistory, *, region: str | None = None) -> Section:
    """Return what every recorded revision did to the growth and the levels of output."""
    del region
    moved = result.growth.filter(pl.col("revision").abs() > LEAST)
    pairs = moved.select("before", "after").unique(maintain_order=True).rows()
    return Section.of(
        "yardstick.history",
        [_revised(result, before, after) for before, after in pairs],
        [_vintage_table("history", result, "levels")],
        anchor="vintages",
        answer=sentences(result.facts(), result.topic),
        sheets=(_vintage_table("history", result, "frame"),),
    )


def _revised(result: VintageHistory, before: str, after: str) -> Picture:
    """Return by region what one revision did to cumulated real growth."""
    frame = result.growth.filter(before=before, after=after).sort("revision", "region", descending=[True, False])
    kind, facts = f"history-{before}-{after}", {"before": result.called(before), "after": result.called(after)}
    twin = table(f"vintages_{before}_{after}", frame, None, result, part="growth",
                 title=words("yardstick.table.revised", **facts))  # fmt: skip
    drawn = rows_of(frame, result, part="growth", name="region", value="revision")
    shared = dict.fromkeys(("title", "headline", "how"), "revised")
    return picture(f"yardstick.{kind}", kit.bars, drawn, twin, facts, unit=words("unit_of.share"),
                   x="revised", decimals=2, **shared)  # fmt: skip


def change(result: VintageChange, *, region: str | None = None) -> Section:
    """Return what moved the growth of every region between two vintages, part by part."""
    del region
    frame = result.frame.sort("total", "region", descending=[True, False])
    parts = {name: (describe(result.verb, name).title, ink) for name, ink in zip(PARTS, GROUPS, strict=False)}
    drawn = picture(
        "yardstick.change", kit.stacked,
        rows_of(frame, result, None, name="region", total="total", **{name: name for name in PARTS}),
        table("vintages_change", frame, None, result, title=words("yardstick.table.vintages_change")),
        {"n": frame.height}, unit=words("chart.points"), x=words("chart.points"), parts=parts, total="total",
        decimals=2,
    )  # fmt: skip
    left = result.not_comparable.drop("reason")
    return Section.of(
        "yardstick.change",
        [drawn],
        [table("vintages_not_comparable", left, ["region", "reason"], result, part="not_comparable",
               title=words("yardstick.table.not_comparable"))] if left.height else [],
        anchor="vintage-change",
        answer=sentences(result.facts(), result.topic),
        sheets=(_vintage_table("change", result, "periods"), _vintage_table("change", result, "years")),
    )  # fmt: skip


def _vintage_table(name: str, result: VintageHistory | VintageChange, part: str) -> Table:
    """Return a frame of a result as it stands."""
    title = words(f"yardstick.table.{name}_{part}")
    return table(f"vintages_{name}_{part}", getattr(result, part), None, result, part=part, title=title)


def bridge(result: Bridge, *, region: str | None = None) -> Section:
    """Return both figures, every step with its range over the orders, and where the other figure comes from."""
    del region
    steps, kinds = (describe(result.verb, name).values for name in ("step", "kind"))
    drawn = [
        {
            "name": steps[row["step"]],
            "value": 100 * row["mean"],
            "bands": [(100 * row["low"], 100 * row["high"])],
            "group": kinds[row["kind"]],
        }
        for row in result.frame.iter_rows(named=True)
    ]
    twin = table("yardstick_bridge", result.frame, None, result)
    facts = result.facts()
    shown = picture(
        "yardstick.bridge", kit.spreads, drawn, twin, _headline(facts), reference=0.0,
        unit=words("unit_of.percent"), x=words("yardstick.chart.bridge"), groups=tuple(kinds.values()),
    )  # fmt: skip
    return Section.of(
        "yardstick.bridge",
        [shown],
        anchor="bridge",
        answer=sentences(facts, result.topic),
        notes=(words("yardstick.bridge.source", source=result.source),),
    )


def _headline(facts: dict[str, object]) -> dict[str, object]:
    """Return what the headline names: both figures and the other source."""
    head = facts["bridge.head"]
    return dict(head) if isinstance(head, dict) else {}


def digital(result: DigitalCapital, *, region: str | None = None) -> Section:
    """Return the contribution of digital capital with its range, and the growth account by period."""
    del region
    facts = result.facts()
    rows = cast("list[dict[str, Any]]", facts["digital.contribution"])
    periods = _digital_table(result, "periods")
    spread = [
        {
            "name": _span(row),
            "value": 100 * row["digital"],
            "bands": [(100 * row["digital_low"], 100 * row["digital_high"])],
        }
        for row in rows
    ]
    account = [
        {"name": _span(row), "total": 100 * row["output_growth"], **{name: 100 * row[name] for name in result.parts}}
        for row in rows
    ]
    parts = {name: (describe(result.verb, name).title, ink) for name, ink in zip(result.parts, GROUPS, strict=False)}
    return Section.of(
        "yardstick.digital",
        [
            picture("yardstick.digital", kit.spreads, spread, periods, rows[0], reference=0.0,
                    unit=words("chart.points")),
            picture("yardstick.digital_account", kit.stacked, account, periods, rows[0], parts=parts, total="total",
                    decimals=2, unit=words("chart.points")),
        ],
        [_digital_table(result, "alone")],
        anchor="digital",
        answer=sentences(facts, result.topic),
        notes=tuple(words(f"yardstick.digital.{name}") for name in NOTES),
        sheets=tuple(_digital_table(result, part) for part in ("account", "frame", "spread")),
    )  # fmt: skip


def _span(row: dict[str, object]) -> Text:
    return span_text(row["start"], row["end"])


def _digital_table(result: DigitalCapital, part: str) -> Table:
    """Return a frame of the result as it stands."""
    frame = getattr(result, part)
    columns = ["choice", "value", "taken", "digital", "tfp", "reference"] if part == "alone" else None
    return table(f"digital_{part}", frame, columns, result, part=part, title=words(f"yardstick.table.digital_{part}"))


def claims(result: Claims, *, region: str | None = None) -> Section:
    """Return what became of every claim."""
    del region
    said = [words("yardstick.claims.meaning", name=_verdict(name), text=_meaning(name)) for name in _given(result)]
    return Section.of(
        "yardstick.claims",
        [_held(result)],
        [_claim_table(result, "departures")] if result.departures.height else [],
        anchor="claims",
        answer=sentences(result.facts(), result.topic)[:TOLD],
        notes=(*said, words("yardstick.claims.unit")),
        sheets=(_claim_table(result, "protocols"),),
        document=partial(_own, result),
    )


def _own(result: Claims, _: Section, __: Text) -> dict[str, Any]:
    """Return the files beside the page: the protocols that give a claim, and the note in Markdown."""
    return {
        "protocol": result.grid.protocol,
        "frames": {"claim.csv": Data(result), "claim-protocols.csv": Data(result, "protocols")},
        "texts": {"claim.md": Text(zh=note(result, "zh"), en=note(result, "en"))},
        "data": {
            "provenance": result.provenance.to_dict(),
            "supported": result.supported,
            "claims": rows(result.frame),
            "departures": rows(result.departures),
        },
    }


def _given(result: Claims) -> list[str]:
    """Return the verdicts that were given, in their order."""
    found = set(result.frame["verdict"])
    return [name for name in VERDICTS if name in found]


def _verdict(name: str) -> Text:
    return words(f"yardstick.claims.verdict.{name}")


def _meaning(name: str) -> Text:
    return words(f"yardstick.claims.means.{name}")


def _held(result: Claims) -> Picture:
    """Return every claim beside what the reference protocol gives and the range of all protocols."""
    frame = result.frame
    drawn = [
        {
            "name": words("yardstick.chart.claim", name=result.names.region(row["region"]), **row),
            "value": 100 * row["growth"],
            "bands": [(100 * row["lowest"], 100 * row["highest"])],
            "tick": 100 * row["reference"],
            "group": _verdict(row["verdict"]),
        }
        for row in frame.filter(pl.col("verdict") != UNJUDGED).iter_rows(named=True)
    ]
    columns = ("region", "start", "end", "written", "reference", "lowest", "highest", "verdict", "departures",
               "own_choices", "own_growth", "method_part", "data_part", "own_left", "reason", "scope", "method",
               "stated", "tried", "giving", "older_vintages", "source", "flags")  # fmt: skip
    facts = {"n": frame.height, "k": frame.filter(pl.col("verdict") == "supported").height}
    return picture(
        "yardstick.claims", kit.spreads, drawn, _claim_table(result, "frame", columns), facts,
        unit=words("unit_of.percent"), x=words("chart.tfp_per_year"),
        groups=[_verdict(name) for name in VERDICTS if name != UNJUDGED],
    )  # fmt: skip


def _claim_table(result: Claims, part: str, columns: Sequence[str] | None = None) -> Table:
    """Return columns of the claims, what each departure contributes, or every protocol that gives a claim."""
    key = f"claims_{part}"
    title = words(f"yardstick.table.{key}")
    frame = _in_words(result, part).with_columns(pl.col(pl.String).replace("", None))
    columns = columns or getattr(result, part).columns
    return table(key, frame, columns, result, part=part, title=title, known=True)


def _in_words(result: Claims, part: str) -> pl.DataFrame:
    """Return a frame of the result with departures in words, in both languages; the list of protocols keeps codes."""
    frame: pl.DataFrame = getattr(result, part)
    if part == "protocols":
        return frame
    names = ("departures", "own_choices", "own_left") if part == "frame" else ("parameter", "reference", "value")
    rows = [_words_of(result, part, row) for row in frame.iter_rows(named=True)]
    columns = [
        pl.Series(f"{name}_{language}", [text[at].lang(language) for text in rows], dtype=pl.String)
        for at, name in enumerate(names)
        for language in ("zh", "en")
    ]
    return frame.drop(names).with_columns(columns)


def _words_of(result: Claims, part: str, row: dict[str, Any]) -> tuple[Text, ...]:
    """Return the words of one row: how the nearest protocol departs, or one of its departures."""
    if part == "departures":
        return result.part_of(row)
    departures = result.departures_of(row) if row["departures"] else Text(zh="", en="")
    return (departures, in_words(row["own_choices"]), in_words(row["own_left"]))

"""The page of claims: which published growth rates the yardstick gives, and what would give the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import polars as pl

from xinzhi.core.text import Text, sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.document import Data, rows
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Table, table
from xinzhi.yardstick import UNJUDGED, VERDICTS, Claims, in_words, note

TOLD = 6  # claims that the answer tells one by one; the table has all of them


def claims(result: Claims, *, region: str | None = None) -> Section:
    """Return what became of every claim."""
    del region
    said = [words("yardstick.claims.meaning", name=_verdict(name), text=_meaning(name)) for name in _given(result)]
    return Section.of(
        "yardstick.claims",
        [_held(result)],
        [_table(result, "departures")] if result.departures.height else [],
        anchor="claims",
        answer=sentences(result.facts(), result.topic)[:TOLD],
        notes=(*said, words("yardstick.claims.unit")),
        sheets=(_table(result, "protocols"),),
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
        "yardstick.claims", kit.spreads, drawn, _table(result, "frame", columns), facts,
        unit=words("unit_of.percent"), x=words("chart.tfp_per_year"),
        groups=[_verdict(name) for name in VERDICTS if name != UNJUDGED],
    )  # fmt: skip


def _table(result: Claims, part: str, columns: Sequence[str] | None = None) -> Table:
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

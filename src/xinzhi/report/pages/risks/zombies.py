"""The page of `zombies`: how many there are by each criterion, how far criteria agree, and who is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, same, words
from xinzhi.report import palette
from xinzhi.report.section import Picture, Section, rows_of, shown
from xinzhi.report.sentence import answer_of, finding_notes, word
from xinzhi.report.table import Column, Table, table
from xinzhi.risks import Zombies

LISTED = 50  # firms that the table names; the csv has all
FULL = 100.0
PARTS = {"zombie": palette.GROUPS[3], "sound": palette.GROUPS[0], "unknown": palette.FAINT}


def zombies(result: Zombies, *, region: str | None = None) -> Section:
    """Return how many firms live on credit by each criterion; the years of the firm `region` are put in a table."""
    firm = None if region is None else result.names.resolve(region, result.frame["firm"].unique().sort(), "firm")
    facts = result.facts()
    facts.pop("answer.not_applied", None)  # the notes say it, with the cure
    return Section.of(
        "overcapacity.zombies",
        [_share(result, facts), _overlap(result, facts), _judged(result, facts)],
        [None if firm is None else _firm(result, firm), _reasons(result), _named(result)],
        anchor="zombies",
        answer=answer_of(facts, "overcapacity"),
        notes=(*_notes(result), *finding_notes(result.findings)),
    )


def _share(result: Zombies, facts: Facts) -> Picture | None:
    """Return the share of zombies among the firms that can be judged, by year and criterion."""
    counts = result.shares()
    used = [one for one in result.criteria() if one in counts["criterion"]]
    several = any(counts.filter(criterion=one).height > 1 for one in used)
    frame = counts.filter(pl.col("criterion").is_in(used)).sort(pl.col("criterion").cast(pl.Enum(used)), "year")
    every = result.counts.join(result.bounds(), on=["year", "criterion"], how="left", maintain_order="left")
    kind: dict[str, Any] = {"chart": "lines", "y": "share"} if several else {"chart": "dots", "x": "share"}
    twin = table("zombies_share", every, of=result)
    draws = {"group" if several else "name": "criterion"}
    return shown("overcapacity.share", result, frame, facts, draws=draws, twin=twin, **kind)


def _overlap(result: Zombies, facts: Facts) -> Picture | None:
    """Return how many of the zombies of one criterion another finds too; None where nothing can be compared."""
    found: dict[tuple[str, str], float | None] = {}
    for r in result.overlap.filter(pl.col("both") + pl.col("first_only") + pl.col("second_only") > 0).to_dicts():
        for row, other, only in ((r["first"], r["second"], "first_only"), (r["second"], r["first"], "second_only")):
            own = r["both"] + r[only]
            found[row, other] = FULL * r["both"] / own if own else None
    named = describe("zombies", "criterion").values
    names = [one for one in result.criteria() if any(one in pair for pair in found)]
    cells = [
        {"row": named[a], "column": named[b], "value": FULL if a == b else found.get((a, b))}
        for a in names
        for b in names
    ]
    return shown("overcapacity.overlap", result, None, facts, rows=cells)


def _judged(result: Zombies, facts: Facts) -> Picture | None:
    """Return how many firm-years are zombies, are none, and cannot be judged."""
    counts = result.judged()
    shares = counts.with_columns(pl.col(part) / pl.col("every") for part in PARTS)
    figures: dict[str, Any] = {part: Column(title=same(part), kind="percent", name=part) for part in PARTS}
    rows = rows_of(shares, result, name="criterion", **figures)
    parts = {part: (words(f"overcapacity.chart.{part}"), ink) for part, ink in PARTS.items()}
    return shown("overcapacity.judged", result, counts, facts, rows=rows, parts=parts)


def reason(status: str, years: int) -> Text:
    """Return why a firm cannot be judged, in words; `years` are those of losses in a row."""
    if status.startswith("profit"):
        return words("overcapacity.status.profit_not_known", years=years)
    return word("overcapacity", "status", status.replace(" ", "_"))


def _why(result: Zombies) -> Mapping[str, Callable[[Any], Text | None]]:
    years = int(result.provenance.options["loss_years"])
    named = describe("zombies", "criterion").values
    return {"criterion": lambda name: named[name], "status": lambda status: reason(status, years)}


def _reasons(result: Zombies) -> Table | None:
    """Return why firm-years cannot be judged, by criterion."""
    unknown = result.frame.filter(pl.col("zombie").is_null())
    frame = unknown.group_by("criterion", "status").len("firm_years")
    return table("zombies_unknown", frame, of=result, names=_why(result)) if frame.height else None


def _named(result: Zombies) -> Table | None:
    """Return the zombies of the last year that is judged, those that most criteria agree on first."""
    if not result.counts.height:
        return None
    year = result.counts["year"].max()
    frame = result.frame.filter(pl.col("year") == year).pivot(on="criterion", index="firm", values="zombie")
    there = [one for one in result.criteria() if one in frame.columns]
    marked = frame.with_columns(votes=pl.sum_horizontal(pl.col(one).cast(pl.Int64) for one in there))
    dead = marked.filter(pl.col("votes") > 0).sort("votes", "firm", descending=[True, False])
    if not dead.height:
        return None
    named = describe("zombies", "criterion").values
    columns = ["firm", *(Column(title=named[one], kind="flag", name=one) for one in there), {"votes": "integer"}]
    more = dead.height - LISTED
    notes = [words("overcapacity.note.more_firms", k=more)] if more > 0 else []
    title = words("overcapacity.table.firms", year=year)
    return table("zombies_firms", dead.head(LISTED), columns, result, title=title, notes=notes)


def _firm(result: Zombies, firm: str) -> Table:
    """Return one firm, year by year."""
    rows = result.frame.filter(firm=firm).with_columns(status=pl.when(pl.col("status") != "judged").then("status"))
    return table("zombies_firm", rows, of=result, names=_why(result), firm=firm)


def _notes(result: Zombies) -> list[Text]:
    options, used = result.provenance.options, result.criteria()
    known = {"caballero-hoshi-kashyap": "subsidised", "fukuda-nakamura": "evergreened", "losses": "losses"}
    values = {"years": options["loss_years"], "edge": float(options["leverage"])}
    notes = [words("overcapacity.note.zombies")]
    return notes + [words(f"overcapacity.note.{key}", **values) for name, key in known.items() if name in used]

"""The page of `zombies`: how many there are by each criterion, how far criteria agree, and who is not known."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, same, words
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.sentence import answer_of, capital, fact, finding_notes, word
from xinzhi.report.table import Column, Table, column, table
from xinzhi.risks import Zombies

LISTED = 50  # firms that the table names; the csv has all
FULL = 100.0
PARTS = {"zombie": palette.GROUPS[3], "sound": palette.GROUPS[0], "unknown": palette.FAINT}
FIRM = ("criterion", "year", "zombie", "lowest_interest", "interest", "gap", "earnings", "leverage",
        "borrowing_change")  # fmt: skip


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
    said = fact(facts, "share")
    if said is None:
        return None
    counts = result.shares().sort("year")
    used = [one for one in result.criteria() if one in counts["criterion"]]
    several = any(counts.filter(criterion=one).height > 1 for one in used)
    group: dict[str, Any] = {"group" if several else "name": "criterion"}
    bounds: dict[str, Any] = {one: Column(title=same(one), kind="percent", name=one) for one in ("low", "high")}
    rows = [
        row | {"dot": True}
        for one in used
        for row in rows_of(
            counts.filter(criterion=one), result, part="counts", year="year", value="share", **bounds,
            **group,
        )
    ]  # fmt: skip
    every = result.counts.join(result.bounds(), on=["year", "criterion"], how="left", maintain_order="left")
    columns = (
        "criterion", "year", "firms", "zombies", "share", column("overcapacity.share_low", "percent", of="low"),
        column("overcapacity.share_high", "percent", of="high"), "share_of_assets",
    )  # fmt: skip
    twin = table("zombies_share", every, columns, result, part="counts", title=words("overcapacity.title.share"))
    axis = {"y": "share"} if several else {"x": "share"}
    return picture(
        "overcapacity.zombies", kit.lines if several else kit.dots, rows, twin, said[1], title="share",
        headline="share", how="share", unit="firms", decimals=1, **axis,
    )  # fmt: skip


def _overlap(result: Zombies, facts: Facts) -> Picture | None:
    """Return how many of the zombies of one criterion another finds too; None where nothing can be compared."""
    said = fact(facts, "overlap")
    if said is None:
        return None
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
    twin = table(
        "zombies_overlap", result.overlap, None, result, part="overlap", title=words("overcapacity.title.overlap")
    )
    return picture(
        "overcapacity.overlap", kit.matrix, cells, twin, said[1], unit="firm_years", legend="found_too", decimals=0,
        domain=(0.0, FULL), cell=64,
    )  # fmt: skip


def _judged(result: Zombies, facts: Facts) -> Picture | None:
    """Return how many firm-years are zombies, are none, and cannot be judged."""
    said = fact(facts, "unknown", "all_judged")
    if said is None:
        return None
    counts = result.judged()
    shares = counts.with_columns(pl.col(part) / pl.col("every") for part in PARTS)
    figures: dict[str, Any] = {part: Column(title=same(part), kind="percent", name=part) for part in PARTS}
    titles = {"zombies": "zombie", "sound": "sound", "unknown": "unknown", "firm_years": "every"}
    columns: tuple[str | Column, ...] = (
        "criterion",
        *(column(f"overcapacity.{title}", "integer", of=of) for title, of in titles.items()),
    )
    twin = table("zombies_judged", counts, columns, result, title=words("overcapacity.title.judged"))
    return picture(
        "overcapacity.judged", kit.stacked, rows_of(shares, result, name="criterion", **figures), twin, said[1],
        headline=capital(words(f"overcapacity.headline.{said[0]}", **said[1])), unit="firm_years", x="firm_years",
        parts={part: (words(f"overcapacity.chart.{part}"), ink) for part, ink in PARTS.items()}, domain=(0.0, FULL),
    )  # fmt: skip


def reason(status: str, years: int) -> Text:
    """Return why a firm cannot be judged, in words; `years` are those of losses in a row."""
    if status.startswith("profit"):
        return words("overcapacity.status.profit_not_known", years=years)
    return word("overcapacity", "status", status.replace(" ", "_"))


def _why(result: Zombies) -> dict[str, object]:
    years = int(result.provenance.options["loss_years"])
    named = describe("zombies", "criterion").values
    return {"criterion": lambda name: named[name], "status": lambda status: reason(status, years)}


def _reasons(result: Zombies) -> Table | None:
    """Return why firm-years cannot be judged, by criterion."""
    frame = (
        result.frame.filter(pl.col("zombie").is_null())
        .group_by("criterion", "status")
        .len("firm_years")
        .sort("criterion", "firm_years", "status", descending=[False, True, False])
    )
    columns = (
        "criterion", column("overcapacity.reason", "text", of="status"), column("overcapacity.firm_years", "integer")
    )  # fmt: skip
    title = words("overcapacity.table.unknown")
    made = table("zombies_unknown", frame, columns, result, names=_why(result), title=title)  # type: ignore[arg-type] # functions
    return made if frame.height else None


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
    columns: tuple[str | Column, ...] = (
        "firm", *(Column(title=named[one], kind="flag", name=one) for one in there),
        column("overcapacity.votes", "integer"),
    )  # fmt: skip
    more = dead.height - LISTED
    notes = [words("overcapacity.note.more_firms", k=more)] if more > 0 else []
    title = words("overcapacity.table.firms", year=year)
    return table("zombies_firms", dead.head(LISTED), columns, result, title=title, notes=notes)


def _firm(result: Zombies, firm: str) -> Table:
    """Return one firm, year by year."""
    rows = result.frame.filter(firm=firm).sort("criterion", "year")
    rows = rows.with_columns(status=pl.when(pl.col("status") != "judged").then("status"))
    columns = (*FIRM, column("overcapacity.reason", "text", of="status"))
    title = words("overcapacity.table.firm", firm=firm)
    return table("zombies_firm", rows, columns, result, names=_why(result), title=title)  # type: ignore[arg-type] # functions


def _notes(result: Zombies) -> list[Text]:
    options, used = result.provenance.options, result.criteria()
    known = {"caballero-hoshi-kashyap": "subsidised", "fukuda-nakamura": "evergreened", "losses": "losses"}
    values = {"years": options["loss_years"], "edge": float(options["leverage"])}
    notes = [words("overcapacity.note.zombies")]
    return notes + [words(f"overcapacity.note.{key}", **values) for name, key in known.items() if name in used]

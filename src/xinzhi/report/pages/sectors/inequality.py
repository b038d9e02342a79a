"""The pages of `inequality` and `ridgelines`: how far regions are apart, and how they are spread."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.text import Text, same, sentences, words
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import spread
from xinzhi.report.table import Table, column, table
from xinzhi.sectors import Densities, Inequality, series_text

INKS = {"within": palette.GROUPS[0], "between": palette.GROUPS[2], "transvariation": palette.GROUPS[1]}
RIDGES = 8  # densities that one picture holds
THEIL = ("theil_t", "theil_t_within", "theil_t_between", "theil_l", "theil_l_within", "theil_l_between")


def called(result: Inequality | Densities) -> Text:
    """Return what the figure of a result is called."""
    return series_text(str(result.provenance.options["value"]), result.names)


def unequal(result: Inequality, *, region: str | None = None) -> Section:
    """Return the Gini over the years and what it is made of."""
    del region  # all are counted
    what, facts = called(result), result.facts()
    grouped = result.frame.height > 0 and result.frame["within"][-1] is not None
    drawn = [_parts(result, what) if grouped else None, _gini(result, what) if result.frame.height else None]
    return Section.of(
        "sectors.inequality",
        drawn,
        [_pairs(result) if grouped else None],
        anchor="inequality",
        facts={"value": what},
        answer=sentences(facts, "sectors"),
        notes=tuple(_notes(result, grouped=grouped)) if result.frame.height else (),
    )


def _parts(result: Inequality, what: Text) -> Picture:
    frame = result.frame.drop_nulls("within")
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    heavy = max(INKS, key=lambda name: last[name])
    facts = {
        "value": what,
        "first": first["year"],
        "before": first["gini"],
        "last": last["year"],
        "after": last["gini"],
    }
    facts |= {"part": words(f"sectors.part.{heavy}"), "share": last[heavy] / last["gini"] if last["gini"] else None}
    rows = [
        {"name": same(row["year"]), **{name: row[name] for name in (*INKS, "gini")}}
        for row in frame.iter_rows(named=True)
    ]
    parts = {name: (words(f"sectors.part.{name}"), ink) for name, ink in INKS.items()}
    return picture(
        "sectors.parts",
        kit.stacked,
        rows,
        _ginis(result),
        facts,
        unit="gini",
        x="gini",
        parts=parts,
        total="gini",
        decimals=3,
    )


def _gini(result: Inequality, what: Text) -> Picture:
    peak = result.frame.sort("gini", descending=True).row(0, named=True)
    last = result.frame.row(-1, named=True)
    facts = {"value": what, "peak": peak["year"], "high": peak["gini"], "last": last["year"], "now": last["gini"]}
    rows = [
        row
        for name in ("gini", "theil_t", "theil_l")
        for row in rows_of(result.frame.drop_nulls(name), group=words(f"sectors.chart.{name}"), year="year", value=name)
    ]
    return picture("sectors.gini", kit.lines, rows, _ginis(result), facts, unit="gini", y="measures", decimals=3)


def _ginis(result: Inequality) -> Table:
    title = words("sectors.table.inequality")
    return table("inequality_years", result.frame, ("year", "regions", "gini", *INKS, *THEIL), result, title=title)


def _pairs(result: Inequality) -> Table:
    year = result.frame["year"][-1]
    columns = ("group", "other", "gini", "affluence")
    names = dict.fromkeys(("group", "other"), lambda code: series_text(code, result.names))
    title = words("sectors.table.pairs", year=year)
    return table(
        "inequality_pairs", result.pairs.filter(year=year), columns, result, part="pairs", names=names, title=title
    )


def _notes(result: Inequality, *, grouped: bool) -> list[Text]:
    notes = [words("sectors.note.gini")]
    notes += [words("sectors.note.dagum")] if grouped else []
    notes += [words("sectors.note.unweighted")] if result.provenance.options.get("weight") is None else []
    counts = result.frame["regions"]
    return notes + (
        [words("sectors.note.ragged", low=counts.min(), high=counts.max())] if counts.n_unique() > 1 else []
    )


def dense(result: Densities, *, region: str | None = None) -> Section:
    """Return where the regions crowd, year by year."""
    del region  # all are counted
    what, facts = called(result), result.facts()
    moves: Any = facts["answer.densities"]
    columns = ["year", "regions", "bandwidth", "mean", "deviation", "mode", "modes", "reason"]
    filled = result.years.with_columns(pl.col("reason_zh", "reason_en").fill_null(""))
    title = words("sectors.table.densities")
    twin = table("densities_years", filled, columns, result, part="years", title=title)
    years = spread(result.frame["year"].unique().sort().to_list(), RIDGES)
    shown = result.frame.filter(pl.col("year").is_in(years)).sort("year", "x")
    rows = rows_of(shown, name=column("sectors.year", "text", of="year"), x="x", density="density")
    named = [row | {"name": same(row["name"])} for row in rows]
    return Section.of(
        "sectors.densities",
        [picture("sectors.ridges", kit.ridges, named, twin, moves, unit="density", x=what)],
        anchor="densities",
        facts={"value": what},
        answer=sentences({key: facts[key] for key in facts if key.startswith("answer.")}, "sectors"),
        notes=tuple(sentences({key: facts[key] for key in facts if key.startswith("note.")}, "sectors")),
    )

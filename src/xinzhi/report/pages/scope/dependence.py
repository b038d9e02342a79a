"""The page of `digital_dependence`: how much of output uses digital input, and which industries depend most."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.text import Text, same, sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Column, Table, column, table
from xinzhi.scope import Dependence, document, industry_name, standard

MOST = 25


def dependence(result: Dependence, *, region: str | None = None) -> Section:
    """Return who uses digital input; a result is of one economy."""
    del region
    shown = _last(result)
    return Section.of(
        "scope.dependence",
        [_share(result), _industries(result, shown)],
        [_table("scope_dependence", result, shown)],
        anchor="scope-use",
        answer=_said(result, "answer."),
        notes=(
            *_said(result, "note."),
            words("scope.note.prices"),
            words("scope.note.lumps"),
            same(str(result.rule["reference"]).strip()),
        ),
    )


def _said(result: Dependence, shelf: str) -> tuple[Text, ...]:
    """Return the sentences of one shelf of the facts."""
    return tuple(sentences({key: one for key, one in result.facts().items() if key.startswith(shelf)}, "scope"))


def name_of(code: str, given: str) -> Text:
    """Return what an industry of a table is called: as given, or as the shipped table or the standard names it."""
    known = document("wiod-2013.yaml")["industries"].get(code)
    if known and given in ("", known["en"]):
        return Text(zh=known["zh"], en=known["en"])
    if given:
        return same(given)
    normal = standard().normal(code)
    return industry_name(normal) if normal else same(code)


def _share(result: Dependence) -> Picture | None:
    """Return the share of output in scope over the years; None for one table."""
    frame = result.by_year
    if frame.height < 2:  # noqa: PLR2004 - one year is no line
        return None
    named = ("in_scope", "lower", "upper", "core")
    hundred = frame.with_columns(pl.col(named) * 100)
    unit = same("%")
    columns: list[str | Column] = ["year", column("scope.share", "quantity", unit, of="in_scope")]
    columns += [column(f"scope.{name}", "quantity", unit if name != "core" else None) for name in named[1:]]
    columns.append(column("scope.dependence", "score", of="dependence_others"))
    title = words("scope.table.scope_dependence_years")
    twin = table("scope_dependence_years", hundred, columns, title=title)
    rows = rows_of(
        hundred, group=words("scope.label.in_scope"), year="year", value="in_scope", low="lower", high="upper"
    )
    rows += rows_of(hundred, group=words("scope.label.core"), year="year", value="core")
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    facts = {"first": first["year"], "before": first["in_scope"], "last": last["year"], "after": last["in_scope"]}
    output = words("scope.unit_of.output")
    return picture("scope.share", kit.lines, rows, twin, facts, unit=output, y=output, decimals=1)


def _last(result: Dependence) -> pl.DataFrame:
    """Return the industries with output in the last year, most dependent first."""
    frame = result.frame.filter(pl.col("output") > 0)
    if not frame["year"].has_nulls():
        frame = frame.filter(pl.col("year") == frame["year"].max())
    return frame.sort("total", descending=True, maintain_order=True)


def _industries(result: Dependence, rows: pl.DataFrame) -> Picture:
    """Return the industries that depend most on digital input."""
    shown = rows.head(MOST)
    named = [name_of(code, name) for code, name in shown.select("industry", "name").iter_rows()]
    drawn = [
        {"name": name, **row}
        for name, row in zip(
            named,
            rows_of(shown, result, value="total", low="total_lower", high="total_upper", group="because"),
            strict=True,
        )
    ]
    rest = rows.filter(pl.col("core_upper") <= 0)
    facts: dict[str, Any] = {}
    if rest.height:
        first = rest.row(0, named=True)
        facts = {"name": name_of(first["industry"], first["name"]), "total": first["total"]}
    year = rows["year"][0]
    unit = words("scope.unit_of.dependence") if year is None else words("scope.unit_of.dependence_in", year=year)
    return picture(
        "scope.industries", kit.dots, drawn, _table("scope_most_dependent", result, shown), facts,
        headline=None if facts else "industries_core", unit=unit, x=unit, reference=result.threshold,
    )  # fmt: skip


def _table(key: str, result: Dependence, shown: pl.DataFrame) -> Table:
    """Return industries with total dependence in every year, and bounds, parts and reason of the last."""
    made = result.frame.filter(pl.col("output") > 0).with_columns(
        _year=pl.col("year").cast(pl.String).fill_null("total")
    )
    wide = made.pivot("_year", index="industry", values="total")
    years = [name for name in wide.columns if name != "industry"]
    named = {row["industry"]: name_of(row["industry"], row["name"]) for row in shown.iter_rows(named=True)}
    frame = shown.drop("total").join(wide, on="industry", how="left", maintain_order="left")
    frame = frame.with_columns(name=pl.col("industry"))
    columns: list[str | Column] = [
        column("scope.code", "code", of="industry"),
        column("scope.industry", "text", of="name"),
    ]
    columns += [
        column("scope.total", "score") if year == "total" else column("scope.in_year", "score", of=year, year=year)
        for year in sorted(years)
    ]
    columns += ["total_lower", "total_upper", "direct", "total_imported", "because"]
    title = words(f"scope.table.{key}")
    return table(key, frame, columns, result, names={"name": named.__getitem__}, title=title)

"""The page of `debt_dynamics`: what moved debt to output, by interest, growth, prices and net borrowing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.text import Text, same, words
from xinzhi.report.charts import kit
from xinzhi.report.pages.risks.debt import gaps, some, swaps
from xinzhi.report.palette import GROUPS
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import answer_of, fact
from xinzhi.report.table import Column, column, table
from xinzhi.risks import DebtDynamics

INKS = {
    "interest": GROUPS[3], "growth": GROUPS[0], "prices": GROUPS[1], "nominal": GROUPS[0], "balance": GROUPS[4],
    "adjustment": GROUPS[6], "borrowing": GROUPS[2],
}  # fmt: skip


def debt_dynamics(result: DebtDynamics, *, region: str | None = None) -> Section:
    """Return what moved debt to output: of every region on average, and of one over the years."""
    means = result.means()
    code = means["region"][0] if region is None else result.names.resolve(region, means["region"])
    facts = result.facts() | result.of_region(code)
    held = means.with_columns(beyond=pl.col("borrowing") - pl.col("holding"))
    columns: tuple[str | Column, ...] = (
        "region",
        *(_part(one, "points_a_year") for one in ("borrowing", "holding", "beyond")),
    )
    return Section.of(
        "debt.section_dynamics",
        [_contributions(result, means, facts), _over_years(result, code, facts)],
        [table("debt_held", held, columns, result)],
        anchor="risks-debt-dynamics",
        answer=answer_of(facts, "debt"),
        notes=_notes(result),
    )


def _contributions(result: DebtDynamics, means: pl.DataFrame, facts: Facts) -> Picture | None:
    """Return what moved the ratio a year on average, region by region."""
    said = fact(facts, "moved", "moved_one")
    kept = _parts(result.frame)
    figures: dict[str, Any] = {part: _part(part) for part in ("change", *kept)}
    years = (column("debt.first_year", "year", of="first"), column("debt.last_year", "year", of="last"))
    return said and picture(
        "debt.contributions", kit.stacked, rows_of(means, result, name="region", **figures),
        table("debt_contributions", means, ("region", *years, *figures.values()), result), said[1], headline=said[0],
        unit="points_a_year", x="points_a_year", parts=_legend(kept), total="change",
    )  # fmt: skip


def _over_years(result: DebtDynamics, code: str, facts: Facts) -> Picture | None:
    """Return what moved the ratio of one region in every year."""
    said = fact(facts, "over_years", "one_year")
    kept = _parts(result.frame.filter(region=code))
    rows = result.parts().filter(region=code).sort("year")
    figures: dict[str, Any] = {part: _part(part) for part in ("change", *kept)}
    ratio = column("debt.ratio", "percent", words("debt.unit_of.percent"), of="debt_ratio")
    named = {"region": result.names.region(code)}
    bars = [bar | {"name": same(year)} for bar, year in zip(rows_of(rows, **figures), rows["year"], strict=True)]
    return said and picture(
        "debt.years", kit.stacked, bars, table("debt_over_years", rows, ("year", ratio, *figures.values()), **said[1]),
        said[1] | named, title="over_years", headline=said[0], how="over_years", unit="points", x="points",
        parts=_legend(kept), total="change",
    )  # fmt: skip


def _part(name: str, unit: str = "points") -> Column:
    return column(f"debt.{name}", "percent", words(f"debt.unit_of.{unit}"))


def _parts(frame: pl.DataFrame) -> Sequence[str]:
    """Return the parts that are known in every row; what is not known everywhere stays in one with its neighbour."""
    growth = ("nominal",) if frame["price_effect"].null_count() else ("growth", "prices")
    rest = ("borrowing",) if frame["primary_effect"].null_count() else ("balance", "adjustment")
    return ("interest", *growth, *rest)


def _legend(kept: Sequence[str]) -> dict[str, tuple[Text, str]]:
    return {part: (words(f"debt.chart.{part}"), INKS[part]) for part in kept}


def _notes(result: DebtDynamics) -> list[Text]:
    frame, notes = result.frame, []
    if frame["rate"].drop_nulls().n_unique() == 1:
        notes.append(words("debt.note.one_rate", rate=frame["rate"].drop_nulls()[0]))
    if frame["primary_effect"].null_count():
        notes.append(words("debt.note.no_balance"))
    if frame["price_effect"].null_count():
        notes.append(words("debt.note.nominal"))
    since = result.provenance.options.get("since")
    if since is not None:
        notes.append(words("debt.note.since", year=since))
    last = frame.group_by("region").agg(pl.col("year").max()).sort("region")
    shorter = last.filter(pl.col("year") < frame["year"].max())["region"]
    if len(shorter):
        notes.append(words("debt.note.shorter", names=some(result, shorter)))
    past = frame.select("year", "net_borrowing")
    return [*notes, *gaps(frame, result.names), *swaps(frame["region"].unique().to_list(), past)]

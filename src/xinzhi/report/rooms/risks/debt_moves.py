"""The section on what moved debt to output: interest, growth, prices and net borrowing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.palette import GROUPS
from xinzhi.report.rooms.risks.debt_names import Names, column, gaps, moves, points, sentence, swapped
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.risks import DebtDynamics

INKS = {
    "interest": GROUPS[3], "growth": GROUPS[0], "prices": GROUPS[1], "nominal": GROUPS[0], "balance": GROUPS[4],
    "adjustment": GROUPS[6], "borrowing": GROUPS[2],
}  # fmt: skip
FEW = 3


def moved(result: DebtDynamics, *, region: str | None = None) -> Section:
    """Return what moved debt to output: of every region on average, and of one over the years."""
    names = Names.of(result.frame["region"], result.labels)
    means = _means(result.frame)
    code = names.asked(region, str(means["region"][0]))
    drawn = (contributions(result, means, names), over_years(result, names, code))
    return Section(
        key="risks-debt-dynamics",
        title=words("debt.title.moved"),
        answer=tuple(sentence(one.headline) for one in drawn),
        pictures=drawn,
        tables=(_held(means, names),),
        notes=_notes(result, names),
    )


def contributions(result: DebtDynamics, means: pl.DataFrame, names: Names) -> Picture:
    """Return what moved the ratio a year on average, region by region."""
    kept = _parts(result.frame)
    bars = [
        {"name": names(r["region"]), "change": 100 * r["change"], **{part: 100 * r[part] for part in kept}}
        for r in means.iter_rows(named=True)
    ]
    every = _together(result.frame)
    mean = {name: float(every[name].to_numpy().mean()) for name in ("change", "interest", "nominal", "borrowing")}
    years = result.frame["year"].to_numpy()
    values = {
        "first": int(years.min()), "last": int(years.max()), "n": means.height, "change": moves(mean["change"]),
        "interest": points(mean["interest"]), "growth": points(mean["nominal"]),
        "borrowing": points(mean["borrowing"]),
    }  # fmt: skip
    top = listing([
        words("debt.chart.with_value", name=names(code), value=points(value))
        for code, value in means.select("region", "change").head(FEW).rows()
    ])  # fmt: skip
    headline = words("debt.headline.moved_one", **values, name=names(str(means["region"][0])))
    if means.height > 1:
        headline = words("debt.headline.moved", **values, top=top)
    columns = (column("region", "name"), column("first_year", "year"), column("last_year", "year"),
               column("change", "percent", "points"),
               *(column(part, "percent", "points") for part in kept))  # fmt: skip
    cells = [
        (row["name"], r["first"], r["last"], row["change"], *(row[part] for part in kept))
        for row, r in zip(bars, means.iter_rows(named=True), strict=True)
    ]
    title = words("debt.title.contributions")
    return Picture(
        kind="contributions",
        title=title,
        headline=headline,
        draw=lambda w: kit.stacked(w, bars, _legend(kept), x=words("debt.chart.points_a_year"), total="change"),
        how=words("debt.how.contributions"),
        unit=words("debt.unit_of.points_a_year"),
        twin=Table(key="debt_contributions", title=title, columns=columns, rows=cells),
    )


def over_years(result: DebtDynamics, names: Names, code: str) -> Picture:
    """Return what moved the ratio of one region in every year."""
    frame = result.frame.filter(pl.col("region") == code).sort("year")
    kept = _parts(frame)
    rows = _together(frame)
    bars = [
        {"name": same(r["year"]), "change": 100 * r["change"], **{part: 100 * r[part] for part in kept}}
        for r in rows.iter_rows(named=True)
    ]
    sums = {name: float(rows[name].to_numpy().sum()) for name in ("change", "interest", "nominal", "borrowing")}
    values = {
        "name": names(code), "first": rows["year"][0], "last": rows["year"][-1], "change": moves(sums["change"]),
        "interest": points(sums["interest"]), "growth": points(sums["nominal"]),
        "borrowing": points(sums["borrowing"]),
    }  # fmt: skip
    columns = (column("year", "year"), column("ratio", "percent", "percent"), column("change", "percent", "points"),
               *(column(part, "percent", "points") for part in kept))  # fmt: skip
    cells = [
        (r["year"], 100 * r["debt_ratio"], row["change"], *(row[part] for part in kept))
        for row, r in zip(bars, rows.iter_rows(named=True), strict=True)
    ]
    title = words("debt.title.over_years", name=names(code))
    return Picture(
        kind="years",
        title=title,
        headline=words("debt.headline.over_years" if rows.height > 1 else "debt.headline.one_year", **values),
        draw=lambda w: kit.stacked(w, bars, _legend(kept), x=words("debt.chart.points"), total="change"),
        how=words("debt.how.over_years"),
        unit=words("debt.unit_of.points"),
        twin=Table(key="debt_over_years", title=title, columns=columns, rows=cells),
    )


def _parts(frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the parts that are known in every row; what is not known everywhere stays in one with its neighbour."""
    growth = ("nominal",) if frame["price_effect"].null_count() else ("growth", "prices")
    rest = ("borrowing",) if frame["primary_effect"].null_count() else ("balance", "adjustment")
    return ("interest", *growth, *rest)


def _together(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the effects under the names of the parts, and those that hold two of them."""
    return frame.select(
        "region", "year", "debt_ratio", "change",
        interest="interest_effect",
        growth="real_growth_effect",
        prices="price_effect",
        nominal=pl.col("real_growth_effect") + pl.col("price_effect").fill_null(0.0),
        balance="primary_effect",
        adjustment="residual",
        borrowing="net_borrowing",
        holding=-pl.col("stabilising_balance"),
    )  # fmt: skip


def _means(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the mean of every part by region, the fastest rise first."""
    parts = [*INKS, "change", "holding"]
    rows = _together(frame).group_by("region", maintain_order=True).agg(
        *(pl.col(part).mean() for part in parts), first=pl.col("year").min(), last=pl.col("year").max()
    )  # fmt: skip
    return rows.sort("change", "region", descending=[True, False])


def _legend(kept: tuple[str, ...]) -> dict[str, tuple[Text, str]]:
    return {part: (words(f"debt.chart.{part}"), INKS[part]) for part in kept}


def _held(means: pl.DataFrame, names: Names) -> Table:
    """Return net borrowing beside what would have held the ratio."""
    rows = [
        (names(r["region"]), 100 * r["borrowing"], 100 * r["holding"], 100 * (r["borrowing"] - r["holding"]))
        for r in means.iter_rows(named=True)
    ]
    columns = (
        column("region", "name"),
        *(column(one, "percent", "points_a_year") for one in ("borrowing", "holding", "beyond")),
    )
    return Table(key="debt_held", title=words("debt.table.held"), columns=columns, rows=rows)


def _notes(result: DebtDynamics, names: Names) -> tuple[Text, ...]:
    frame = result.frame
    found = []
    if frame["rate"].drop_nulls().n_unique() == 1:
        found.append(words("debt.note.one_rate", rate=number(100 * float(frame["rate"].drop_nulls()[0]), 2)))
    if frame["primary_effect"].null_count():
        found.append(words("debt.note.no_balance"))
    if frame["price_effect"].null_count():
        found.append(words("debt.note.nominal"))
    since = result.provenance.options.get("since")
    if since is not None:
        found.append(words("debt.note.since", year=since))
    shorter = (
        frame.group_by("region").agg(pl.col("year").max()).filter(pl.col("year") < frame["year"].max()).sort("region")
    )
    if shorter.height:
        found.append(words("debt.note.shorter", names=names.some(shorter["region"].to_list())))
    return (
        *found,
        *gaps(frame, names),
        *swapped(frame["region"].unique().to_list(), frame.select("year", "net_borrowing")),
    )

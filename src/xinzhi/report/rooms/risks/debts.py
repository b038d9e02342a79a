"""The sections on what is owed: how heavy local debt is, how it is graded where it can be, and what moved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.palette import ACCENT, GROUPS
from xinzhi.report.rooms.risks.debt_grades import graded, grading_notes
from xinzhi.report.rooms.risks.debt_moves import moved as moved  # noqa: PLC0414 - the register of sections names it here
from xinzhi.report.rooms.risks.debt_names import Names, clauses, column, gaps, hundred, latest, sentence, swapped
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from typing import Any

    from xinzhi.core.text import Text
    from xinzhi.risks import Debt

LINES = (ACCENT, GROUPS[0], GROUPS[5], GROUPS[4])
JUMP, SCOPE = "jump", "other-scope"
FEW = 3  # regions that all have a line
_RATIOS = (
    "to_output", "to_revenue", "to_revenue_and_funds", "to_expenditure", "fund_share", "vehicles_to_output",
    "with_vehicles_to_output",
)  # fmt: skip


def owed(result: Debt, *, region: str | None = None) -> Section:
    """Return how heavy explicit debt is against output and revenue, with that of financing vehicles beside it."""
    names = Names.of(result.frame["region"], result.labels)
    chosen = None if region is None else names.asked(region, "")
    years = (latest(result.frame, "to_output", "to_revenue"), latest(result.frame, "to_output"))
    year = next((one for one in years if one is not None), latest(result.frame, "to_revenue"))
    drawn = [
        ratio(result, names, year, "output"),
        ratio(result, names, year, "revenue"),
        vehicles(result, names),
        graded(result, names),
        history(result, names, chosen, year),
    ]
    kept = [one for one in drawn if one]
    answer = tuple(sentence(one.headline) for one in kept) or (words("debt.answer.no_ratio"),)
    return Section(
        key="risks-debt",
        title=words("debt.title.owed"),
        answer=answer,
        pictures=tuple(kept),
        tables=(_ratios(result, names, year),) if year is not None else (),
        notes=(*grading_notes(result, names, year), *_notes(result, names, year)),
        lead=2,
    )


def ratio(result: Debt, names: Names, year: int | None, below: str) -> Picture | None:
    """Return debt to `below`, output or general budget revenue, by region in a year; None where no region has it."""
    name = f"to_{below}"
    rows = _known(result, year, name)
    if not rows.height:
        return None
    total = 100 * float(rows["explicit"].to_numpy().sum() / rows[below].to_numpy().sum())
    title = words(f"debt.title.{name}", year=year)
    return Picture(
        kind=below,
        title=title,
        headline=_headline(rows, names, name, year, total),
        draw=lambda w: kit.dots(
            w, _dots(rows, names, name), x=words(f"debt.chart.{name}"), decimals=1 if below == "output" else 0,
            reference=total if rows.height > 1 else None,
        ),
        how=words(f"debt.how.{name}"),
        unit=words("debt.unit_of.percent"),
        twin=_twin(f"debt_{name}", title, rows, names, (below, name)),
    )  # fmt: skip


def vehicles(result: Debt, names: Names) -> Picture | None:
    """Return explicit debt and that of financing vehicles side by side; None where the latter is not given."""
    year = latest(result.frame, "with_vehicles_to_output")
    rows = _known(result, year, "with_vehicles_to_output")
    if not rows.height:
        return None
    bars = [
        {
            "name": names(r["region"]), "explicit": 100 * r["to_output"], "vehicles": 100 * r["vehicles_to_output"],
            "sum": 100 * r["with_vehicles_to_output"],
        }
        for r in rows.iter_rows(named=True)
    ]  # fmt: skip
    parts = {
        "explicit": (words("debt.chart.explicit"), GROUPS[0]),
        "vehicles": (words("debt.chart.vehicles"), GROUPS[2]),
    }
    output = float(rows["output"].to_numpy().sum())
    most = rows.sort("vehicles_to_output", descending=True).row(0, named=True)
    return Picture(
        kind="vehicles",
        title=words("debt.title.vehicles", year=year),
        headline=words(
            "debt.headline.vehicles", year=year, n=rows.height,
            vehicles=number(100 * float(rows["vehicles"].to_numpy().sum()) / output),
            explicit=number(100 * float(rows["explicit"].to_numpy().sum()) / output),
            name=names(most["region"]), most=number(100 * most["vehicles_to_output"]),
        ),
        draw=lambda w: kit.stacked(w, bars, parts, x=words("debt.chart.of_output"), total="sum"),
        how=words("debt.how.vehicles"),
        unit=words("debt.unit_of.percent"),
        twin=Table(
            key="debt_vehicles", title=words("debt.title.vehicles", year=year),
            columns=(column("region", "name"), column("to_output", "percent", "percent"),
                     column("vehicles_to_output", "percent", "percent"),
                     column("with_vehicles_to_output", "percent", "percent")),
            rows=[(row["name"], row["explicit"], row["vehicles"], row["sum"]) for row in bars],
        ),
    )  # fmt: skip


def history(result: Debt, names: Names, chosen: str | None, year: int | None) -> Picture | None:
    """Return debt to output over the years of the region asked for and of the highest, the middle and the lowest."""
    order = _known(result, year, "to_output")["region"].to_list()
    picked = [order[0], order[len(order) // 2], order[-1]] if order else []
    known = result.frame.drop_nulls("to_output")
    long = {str(code) for (code,), rows in known.group_by("region") if rows.height > 1}
    shown = [code for code in dict.fromkeys([chosen, *picked] if chosen else picked) if code in long]
    if not shown:
        return None
    places = {}
    for code in shown:
        rows = known.filter(region=code).sort("year").select("year", "to_output").rows()
        places[code] = {int(when): 100 * value for when, value in rows}
    lines = [
        {"group": names(code), "year": when, "value": series.get(when)}
        for code, series in places.items()
        for when in range(min(series), max(series) + 1)
    ]
    parts = [
        words(
            "debt.chart.went_up" if series[max(series)] >= series[min(series)] else "debt.chart.went_down",
            name=names(code), start=min(series), end=max(series),
            first=number(series[min(series)]), last=number(series[max(series)]),
        )
        for code, series in places.items()
    ]  # fmt: skip
    years = sorted({when for series in places.values() for when in series})
    return Picture(
        kind="history",
        title=words("debt.title.history"),
        headline=words("debt.headline.history", parts=clauses(parts)),
        draw=lambda w: kit.lines(w, lines, y=words("debt.chart.to_output"), decimals=1, inks=LINES),
        how=_how(chosen in shown, len(order), year),
        unit=words("debt.unit_of.percent"),
        twin=Table(
            key="debt_history", title=words("debt.title.history"),
            columns=(column("year", "year"),
                     *(column("of", "percent", "percent", name=names(code)) for code in places)),
            rows=[(when, *(series.get(when) for series in places.values())) for when in years],
        ),
    )  # fmt: skip


def _how(asked: bool, regions: int, year: int | None) -> Text:  # noqa: FBT001 - one question
    if regions <= FEW:
        return words("debt.how.history_all")
    return words("debt.how.history_of" if asked else "debt.how.history", year=year)


def _known(result: Debt, year: int | None, ratio: str) -> pl.DataFrame:
    """Return the regions of a year that have a ratio, the highest first."""
    rows = result.frame.filter(pl.col("year") == year) if year is not None else result.frame.clear()
    return rows.drop_nulls(ratio).sort(ratio, "region", descending=[True, False])


def _dots(rows: pl.DataFrame, names: Names, ratio: str) -> list[dict[str, Any]]:
    return [{"name": names(code), "value": 100 * value} for code, value in rows.select("region", ratio).rows()]


def _headline(rows: pl.DataFrame, names: Names, ratio: str, year: int | None, total: float) -> Text:
    """Return what a ratio is for all together, and where it is highest and lowest."""
    decimals = 1 if ratio == "to_output" else 0
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    values = {
        "year": year, "n": rows.height, "total": number(total, decimals), "most": names(first["region"]),
        "least": names(last["region"]), "high": number(100 * first[ratio], decimals),
        "low": number(100 * last[ratio], decimals),
    }  # fmt: skip
    if ratio == "to_output":
        return words("debt.headline.to_output" if rows.height > 1 else "debt.headline.to_output_one", **values)
    return words("debt.headline.to_revenue" if rows.height > 1 else "debt.headline.to_revenue_one", **values)


def _twin(key: str, title: Text, rows: pl.DataFrame, names: Names, held: tuple[str, str]) -> Table:
    against, ratio = held
    return Table(
        key=key,
        title=title,
        columns=(column("region", "name"), column("explicit", "figure", "amount"),
                 column(against, "figure", "amount"), column(ratio, "percent", "percent")),
        rows=[(names(code), explicit, below, 100 * value)
              for code, explicit, below, value in rows.select("region", "explicit", against, ratio).rows()],
    )  # fmt: skip


def _ratios(result: Debt, names: Names, year: int | None) -> Table:
    """Return every ratio of a year that some region has."""
    rows = result.frame.filter(pl.col("year") == year).sort(
        "to_output", "region", descending=[True, False], nulls_last=True
    )
    kept = [ratio for ratio in _RATIOS if rows[ratio].count()]
    return Table(
        key="debt_ratios",
        title=words("debt.table.ratios", year=year),
        columns=(column("region", "name"), *(column(ratio, "percent", "percent") for ratio in kept)),
        rows=[(names(r["region"]), *(hundred(r[ratio]) for ratio in kept)) for r in rows.iter_rows(named=True)],
    )


def _notes(result: Debt, names: Names, year: int | None) -> tuple[Text, ...]:
    """Return what has no ratio and why, which balances jump, and what the ratios cannot tell."""
    has = result.frame.drop_nulls("explicit")
    found = [words("debt.note.explicit")]
    if has["vehicles"].null_count() == has.height:
        found.append(words("debt.note.no_vehicles"))
    if has["to_revenue"].count():
        found.append(words("debt.note.revenue"))
    else:
        found.append(words("debt.note.revenue_unknown"))
    for what, lacking in (("revenue", "debt.note.no_revenue"), ("output", "debt.note.no_output")):
        without = has.filter(pl.col(what).is_null()) if has[what].count() else has.clear()
        for (when,), rows in without.group_by("year", maintain_order=True):
            found.append(words(lacking, year=when, names=names.some(rows["region"].to_list())))
    absent = [] if year is None else sorted(set(has["region"]) - set(has.filter(pl.col("year") == year)["region"]))
    if absent:
        found.append(words("debt.note.absent", year=year, names=names.some(absent)))
    jumps = [one.key.rpartition("/") for one in result.findings if one.rule == JUMP and one.key]
    if jumps:
        listed = listing(
            [words("debt.chart.region_year", name=names(code), year=when) for code, _, when in jumps], limit=8
        )
        found.append(words("debt.note.jumps", names=listed))
    found += [
        words("debt.chart.about", name=names(one.key.rpartition("/")[0]), what=one.message)
        for one in result.findings
        if one.rule == SCOPE and one.key
    ]
    return (*found, *gaps(has, names), *swapped(has["region"].unique().to_list()))

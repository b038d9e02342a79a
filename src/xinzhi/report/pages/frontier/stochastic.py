"""The page of a stochastic frontier: can the estimate be believed, how efficient is each unit, and how surely."""

from __future__ import annotations

import polars as pl

from xinzhi.core.text import Text, has, same, words
from xinzhi.frontier import StochasticFrontier, Stoned, check_text, good_text, last_period
from xinzhi.report.charts import kit
from xinzhi.report.pages.frontier.common import called, chosen, domain, group_text, head, headline, section, titled
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Table, table

MANY = 8  # lines in one chart
_TESTS = {
    "no inefficiency (likelihood ratio": "test_ratio",
    "no inefficiency (skewness": "test_skewness",
    "constant returns": "test_returns",
}


def stochastic(result: StochasticFrontier, *, region: str | None = None) -> Section:
    """Return what a stochastic frontier says, its verdict first; what is no maximum is not drawn."""
    asked = chosen(result, region, _rows(result)["unit"].unique())
    pictures = [_dots(result), _history(result, asked), _coefficients(result)] if result.drawable else []
    tables = [_coefficient_table(result), _test_table(result), _check_table(result)]
    return section(result, "sfa", pictures, tables, words("frontier.note.interval"))


def stoned(result: Stoned, *, region: str | None = None) -> Section:
    """Return what StoNED says: efficiencies, variances, and how the fit went."""
    asked = chosen(result, region, _rows(result)["unit"].unique())
    return section(result, "stoned", [_dots(result), _history(result, asked)])


def _rows(result: StochasticFrontier | Stoned) -> pl.DataFrame:
    """Return the rows with ``unit``: as the call named them, else the number of the row."""
    frame = result.frame
    return frame if "unit" in frame.columns else frame.with_columns(unit=pl.col("row").cast(pl.String))


def _dots(result: StochasticFrontier | Stoned) -> Picture:
    """Return the efficiency of every unit in the last period, with its interval."""
    frame = last_period(result.frame)
    bounds = [name for name in ("lower", "upper") if name in frame.columns]
    rows = [
        {
            "name": result.names.region(row["unit"]),
            "value": row["efficiency"],
            "group": group_text(result, row["unit"]),
            **dict(zip(("low", "high"), (row[name] for name in bounds), strict=False)),
        }
        for row in frame.iter_rows(named=True)
    ]
    timed = [head("period", "code")] if "period" in frame.columns else []
    columns = [head("unit", "name"), *timed, head("efficiency", "score"), *(head(name, "score") for name in bounds)]
    shown = frame.with_columns(pl.col("period").cast(pl.String)) if timed else frame
    axis = words("frontier.unit_of.stochastic")
    twin = table("frontier_stochastic", shown, columns, result, names=called(result))
    return picture(
        "frontier.efficiency", kit.dots, rows, twin,
        title="sfa_dots", headline=headline(result), how="sfa_dots" if bounds else "sfa_plain", unit=axis, x=axis,
        reference=1.0,
    )  # fmt: skip


def _history(result: StochasticFrontier | Stoned, asked: str | None) -> Picture | None:
    """Return mean efficiency over the periods: of one unit, of the groups, or of all; None without periods."""
    frame = _rows(result).with_columns(pl.col("unit").cast(pl.String))
    if "period" not in frame.columns or frame["period"].n_unique() <= 1 or not frame["period"].dtype.is_numeric():
        return None
    lines = {words("frontier.chart.all", what=result.what(frame["unit"].unique())): frame}
    if asked is not None:
        lines = {result.names.region(asked): frame.filter(pl.col("unit") == asked)}
    elif grouped := result.labels.groups:
        members = {group: [unit for unit, mine in grouped.items() if mine == group] for group in grouped.values()}
        parts = {group: frame.filter(pl.col("unit").is_in(units)) for group, units in members.items()}
        lines = {group: rows for group, rows in parts.items() if rows.height} or lines
    means = {
        name: dict(rows.group_by("period").agg(pl.col("efficiency").mean()).sort("period").rows())
        for name, rows in list(lines.items())[:MANY]
    }
    rows = [
        {"group": name, "year": period, "value": value}
        for name, path in means.items()
        for period, value in path.items()
    ]
    whole = frame.group_by("period").agg(pl.col("efficiency").mean()).sort("period").rows()
    periods = sorted({row["year"] for row in rows})
    twin = Table(
        key="frontier_history",
        title=words("frontier.table.history"),
        columns=(head("period", "code"), *(titled(name, "score", "") for name in means)),
        rows=[(str(period), *(path.get(period) for path in means.values())) for period in periods],
    )
    facts = {"start": whole[0][0], "first": whole[0][1], "end": whole[-1][0], "last": whole[-1][1]}
    axis = words("frontier.unit_of.stochastic")
    return picture("frontier.history", kit.lines, rows, twin, facts, unit=axis, y=axis, decimals=3)


def _coefficients(result: StochasticFrontier) -> Picture | None:
    """Return the coefficients of the frontier with their intervals; the constant is left to the table."""
    frame = result.coefficients.filter((pl.col("block") == "frontier") & (pl.col("term") != "constant"))
    frame = frame.filter(~pl.col("term").str.starts_with("effect:"))
    if not frame.height:
        return None
    rows = [
        {"name": term_text(row["term"]), "value": row["estimate"], "low": row["lower"], "high": row["upper"]}
        for row in frame.iter_rows(named=True)
    ]
    sure = frame.filter((pl.col("lower") > 0) | (pl.col("upper") < 0)).height
    axis = words("frontier.unit_of.estimate")
    return picture(
        "frontier.coefficients", kit.dots, rows, _coefficient_table(result),
        {"k": sure, "n": frame.height, "level": f"{100 * result.settings.level:g}"}, unit=axis, x=axis, reference=0.0,
        domain=domain(rows),
    )  # fmt: skip


def term_text(term: str) -> Text:
    """Return a term of the frontier in words, with the names of the goods in it."""
    if has(f"frontier.chart.term_{term}"):
        return words(f"frontier.chart.term_{term}")
    if term.startswith("log(") and term.endswith(")") and term.count("(") == 1:
        name = good_text(term.removeprefix("log(").removesuffix(")"))
        return Text(zh=f"ln {name.zh}", en=f"ln {name.en}")
    return good_text(term)


def _coefficient_table(result: StochasticFrontier) -> Table:
    frame = result.coefficients.filter(~pl.col("term").str.starts_with("effect:"))
    names = {"block": lambda block: words(f"frontier.chart.block_{block}"), "term": term_text, "status": _status}
    columns = [
        head("block", "name"), head("term", "name"), head("estimate", "figure"),
        head("error", "figure", of="standard_error"), head("z", "level"), head("p", "score", of="p_value"),
        head("lower", "figure"), head("upper", "figure"), head("status", "name"),
    ]  # fmt: skip
    level = f"{100 * result.settings.level:g}"
    return table("frontier_coefficients", frame, columns, result, part="coefficients", names=names, level=level)


def _status(status: str) -> Text:
    key = f"frontier.status.{status.replace(' ', '_')}"
    return words(key) if has(key) else same(status)


def _test_table(result: StochasticFrontier) -> Table:
    columns = [
        head("test", "name"), head("statistic", "level"), head("restrictions", "integer"),
        head("p", "score", of="p_value"), head("critical_05", "level"), head("critical_01", "level"),
    ]  # fmt: skip
    return table("frontier_tests", result.tests, columns, result, part="tests", names={"test": _test})


def _test(name: str) -> Text:
    """Return the name of a test in words."""
    return next((words(f"frontier.chart.{key}") for start, key in _TESTS.items() if name.startswith(start)), same(name))


def _check_table(result: StochasticFrontier) -> Table:
    met = head("met", "share", same("%"), of="share")
    columns = [head("check", "name"), head("rows", "integer"), head("satisfied", "integer"), met]
    return table("frontier_checks", result.checks, columns, result, part="checks", names={"check": check_text})

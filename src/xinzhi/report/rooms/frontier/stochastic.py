"""Stochastic frontiers in a report: can the estimate be believed, how efficient is each unit, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report.catalogue import has, listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.frontier.names import Names, column, domain, good, stop
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.frontier.stochastic import StochasticFrontier, Stoned

MANY = 8  # lines in one chart
_TERMS = ("log", "sq", "trend")


@dataclass(frozen=True)
class Facts:
    """The efficiencies of a stochastic frontier: of the last period where there are several."""

    result: StochasticFrontier | Stoned

    @property
    def frame(self) -> pl.DataFrame:
        """Return the rows with ``unit`` and ``period`` as far as the call named them, else the row's number."""
        frame = self.result.frame
        return frame if "unit" in frame.columns else frame.with_columns(unit=pl.col("row").cast(pl.String))

    @cached_property
    def names(self) -> Names:
        """Return the names of the units."""
        return Names.of(self.result.labels, self.frame["unit"].unique(maintain_order=True))

    @property
    def period(self) -> Any:  # noqa: ANN401 - a period, or None
        """Return the last period, None where there is none."""
        return self.frame["period"].sort()[-1] if "period" in self.frame.columns else None

    @cached_property
    def last(self) -> pl.DataFrame:
        """Return the rows of the last period, the most efficient first."""
        frame = self.frame if self.period is None else self.frame.filter(pl.col("period") == self.period)
        return frame.sort("efficiency", descending=True, nulls_last=True)

    @property
    def bounds(self) -> tuple[str, str] | None:
        """Return the columns of the interval, None where the model has none."""
        return ("lower", "upper") if {"lower", "upper"} <= set(self.frame.columns) else None

    def label(self, row: dict[str, Any]) -> Text:
        """Return the name of a row."""
        return self.names.name(row["unit"])


def stochastic(result: StochasticFrontier, *, region: str | None = None) -> Section:
    """Return what a stochastic frontier says, its verdict first.

    Parameters
    ----------
    result
        What `xinzhi.frontier.sfa` returns.
    region
        The unit, by code or name, whose efficiency is drawn over the periods; None: the groups, or the mean.
    """
    facts = Facts(result)
    asked = facts.names.chosen(region)
    found = result.verdict.status != "not converged"  # what is no maximum is not drawn
    pictures = [_dots(facts), _history(facts, asked), _coefficients(result)] if found else []
    said = (_said(facts), _shape(result)) if found else ()
    return Section(
        key="sfa",
        title=words("frontier.title.sfa"),
        answer=(_verdict(result), *said, *result.verdict.notes),
        pictures=tuple(one for one in pictures if one is not None),
        tables=(_coefficient_table(result), _test_table(result), _check_table(result)),
        notes=(_fit(result), words("frontier.note.interval"), *result.labels.notes),
    )


def _verdict(result: StochasticFrontier) -> Text:
    said = {
        "converged": words("frontier.answer.converged"),
        "boundary": words("frontier.answer.boundary"),
        "not converged": words("frontier.answer.not_converged"),
    }
    return said[result.verdict.status]


def _headline(facts: Facts) -> Text:
    """Return the mean efficiency, the best and the worst."""
    rows = facts.last.drop_nulls("efficiency")
    if not rows.height:
        return words("frontier.answer.nothing")
    best, worst = rows.row(0, named=True), rows.row(-1, named=True)
    values = {
        "n": rows.height,
        "mean": number(float(rows["efficiency"].to_numpy().mean()), 3),
        "best": facts.label(best),
        "most": number(best["efficiency"], 3),
        "worst": facts.label(worst),
        "least": number(worst["efficiency"], 3),
        "what": facts.names.what,
    }
    if facts.period is None:
        return words("frontier.headline.sfa", **values)
    return words("frontier.headline.sfa_in", period=facts.period, **values)


def _said(facts: Facts) -> Text:
    """Return the headline as a sentence; that nothing could be scored is one."""
    return stop(_headline(facts)) if facts.last["efficiency"].is_not_null().any() else _headline(facts)


def _shape(result: StochasticFrontier) -> Text:
    """Return elasticities and returns to scale at the mean."""
    table = result.elasticities
    parts = [
        words("frontier.chart.part", part=good(name), value=number(float(table[name].to_numpy().mean()), 3))
        for name in result.frontier.inputs
    ]
    scale = "returns_to_scale" in table.columns
    total = number(float(table["returns_to_scale"].to_numpy().mean()), 3) if scale else number(None)
    return words("frontier.answer.elasticities", parts=listing(parts), scale=total)


def _dots(facts: Facts) -> Picture:
    """Return the efficiency of every unit in the last period, with its interval."""
    bounds = facts.bounds
    rows = [
        {
            "name": facts.label(row),
            "value": row["efficiency"],
            "group": facts.names.group(row["unit"]),
            **({"low": row[bounds[0]], "high": row[bounds[1]]} if bounds else {}),
        }
        for row in facts.last.iter_rows(named=True)
    ]
    return Picture(
        kind="efficiency",
        title=words("frontier.title.sfa_dots"),
        headline=_headline(facts),
        draw=lambda w: kit.dots(w, rows, x=words("frontier.unit_of.stochastic"), reference=1.0),
        how=words("frontier.how.sfa_dots" if bounds else "frontier.how.sfa_plain"),
        unit=words("frontier.unit_of.stochastic"),
        twin=_efficiency_table(facts),
    )


def _history(facts: Facts, asked: str | None) -> Picture | None:
    """Return mean efficiency over the periods: of one unit, of the groups, or of all; None without periods."""
    frame = facts.frame
    if facts.period is None or frame["period"].n_unique() <= 1 or not frame["period"].dtype.is_numeric():
        return None
    groups = facts.names.labels.groups
    frame = frame.with_columns(unit=pl.col("unit").cast(pl.String))
    every = words("frontier.chart.all", what=facts.names.what)
    if asked is not None:
        lines = {facts.names.name(asked): frame.filter(pl.col("unit") == asked)}
    else:
        lines = {
            group: frame.filter(pl.col("unit").is_in([unit for unit, mine in groups.items() if mine == group]))
            for group in dict.fromkeys(groups.values())
        }
        lines = {name: rows for name, rows in lines.items() if rows.height} or {every: frame}
    lines = dict(list(lines.items())[:MANY])
    means = {
        name: dict(rows.group_by("period").agg(pl.col("efficiency").mean()).sort("period").rows())
        for name, rows in lines.items()
    }
    rows = [
        {"group": name, "year": period, "value": value}
        for name, path in means.items()
        for period, value in path.items()
    ]
    whole = frame.group_by("period").agg(pl.col("efficiency").mean()).sort("period").rows()
    periods = sorted({row["year"] for row in rows})
    return Picture(
        kind="history",
        title=words("frontier.title.history"),
        headline=words(
            "frontier.headline.history", start=whole[0][0], first=number(whole[0][1], 3), end=whole[-1][0],
            last=number(whole[-1][1], 3),
        ),
        draw=lambda w: kit.lines(w, rows, y=words("frontier.unit_of.stochastic"), decimals=3),
        how=words("frontier.how.history"),
        unit=words("frontier.unit_of.stochastic"),
        twin=Table(
            key="frontier_history",
            title=words("frontier.table.history"),
            columns=(column("period", "code"), *(_titled(name) for name in means)),
            rows=[(str(period), *(path.get(period) for path in means.values())) for period in periods],
        ),
    )  # fmt: skip


def _titled(name: Text) -> Any:  # noqa: ANN401 - a column
    from xinzhi.report.tables import Column

    return Column(title=name, kind="score")


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
    level = f"{100 * result.settings.level:g}"
    return Picture(
        kind="coefficients",
        title=words("frontier.title.coefficients"),
        headline=words("frontier.headline.coefficients", k=sure, n=frame.height, level=level),
        draw=lambda w: kit.dots(w, rows, x=words("frontier.unit_of.estimate"), reference=0.0, domain=domain(rows)),
        how=words("frontier.how.coefficients", level=level),
        unit=words("frontier.unit_of.estimate"),
        twin=_coefficient_table(result),
    )


def term_text(term: str) -> Text:
    """Return a term of the frontier in words, with the names of the goods in it.

    Examples
    --------
    >>> term_text("log(capital)").en
    'ln capital stock'
    """
    from xinzhi.core.text import Text

    if has(f"frontier.chart.term_{term}"):
        return words(f"frontier.chart.term_{term}")
    if term.startswith("log(") and term.endswith(")") and term.count("(") == 1:
        name = good(term.removeprefix("log(").removesuffix(")"))
        return Text(zh=f"ln {name.zh}", en=f"ln {name.en}")
    return good(term)


def _coefficient_table(result: StochasticFrontier) -> Table:
    frame = result.coefficients.filter(~pl.col("term").str.starts_with("effect:"))
    return Table(
        key="frontier_coefficients",
        title=words("frontier.table.coefficients", level=f"{100 * result.settings.level:g}"),
        columns=(
            column("block", "name"), column("term", "name"), column("estimate", "figure"), column("error", "figure"),
            column("z", "level"), column("p", "score"), column("lower", "figure"), column("upper", "figure"),
            column("status", "name"),
        ),
        rows=[
            (words(f"frontier.chart.block_{row['block']}"), term_text(row["term"]), row["estimate"],
             row["standard_error"], row["z"], row["p_value"], row["lower"], row["upper"], _status(row["status"]))
            for row in frame.iter_rows(named=True)
        ],
    )  # fmt: skip


def _status(status: str | None) -> Text | None:
    if status is None:
        return None
    key = f"frontier.status.{status.replace(' ', '_')}"
    return words(key) if has(key) else same(status)


def _test_table(result: StochasticFrontier) -> Table:
    return Table(
        key="frontier_tests",
        title=words("frontier.table.tests"),
        columns=(
            column("test", "name"), column("statistic", "level"), column("restrictions", "integer"),
            column("p", "score"), column("critical_05", "level"), column("critical_01", "level"),
        ),
        rows=[
            (_test(row["test"]), row["statistic"], row["restrictions"], row["p_value"], row["critical_05"],
             row["critical_01"])
            for row in result.tests.iter_rows(named=True)
        ],
    )  # fmt: skip


def _test(name: str) -> Text:
    """Return the name of a test in words."""
    known = {
        "no inefficiency (likelihood ratio": "frontier.chart.test_ratio",
        "no inefficiency (skewness": "frontier.chart.test_skewness",
        "constant returns": "frontier.chart.test_returns",
    }
    return next((words(key) for start, key in known.items() if name.startswith(start)), same(name))


def _check_table(result: StochasticFrontier) -> Table:
    return Table(
        key="frontier_checks",
        title=words("frontier.table.checks"),
        columns=(
            column("check", "name"), column("rows", "integer"), column("satisfied", "integer"),
            column("met", "share", same("%")),
        ),
        rows=[
            (_check(check), rows, satisfied, None if share is None else 100 * share)
            for check, rows, satisfied, share in result.checks.select("check", "rows", "satisfied", "share").rows()
        ],
    )  # fmt: skip


def _check(name: str) -> Text:
    key = f"frontier.chart.check_{name.replace(' ', '_').replace('-', '_')}"
    return words(key) if has(key) else same(name)


def _efficiency_table(facts: Facts) -> Table:
    """Return the efficiencies of the last period; those of all periods stand in the csv."""
    frame = facts.last
    timed = "period" in frame.columns
    bounds = facts.bounds or ()
    head = [column("unit", "name"), *([column("period", "code")] if timed else []), column("efficiency", "score")]
    return Table(
        key="frontier_stochastic",
        title=words("frontier.table.stochastic"),
        columns=(*head, *(column(name, "score") for name in bounds)),
        rows=[
            (
                facts.label(row), *((str(row["period"]),) if timed else ()), row["efficiency"],
                *(row[name] for name in bounds),
            )
            for row in frame.iter_rows(named=True)
        ],
    )  # fmt: skip


def _fit(result: StochasticFrontier) -> Text:
    row = result.glance().row(0, named=True)
    return words(
        "frontier.note.fit",
        model=words(f"frontier.chart.{result.model}"),
        form=words(f"frontier.chart.{result.settings.form}"),
        output=good(result.output),
        inputs=listing([good(name) for name in result.frontier.inputs]),
        rows=row["rows"],
        likelihood=number(row["log_likelihood"], 4),
        aic=number(row["aic"], 1),
    )


def stoned(result: Stoned, *, region: str | None = None) -> Section:
    """Return what StoNED says: efficiencies, variances, and how the fit went.

    Parameters
    ----------
    result
        What `xinzhi.frontier.stoned` returns.
    region
        The unit, by code or name, whose efficiency is drawn over the periods; None: the groups, or the mean.
    """
    facts = Facts(result)
    asked = facts.names.chosen(region)
    pictures = [_dots(facts), _history(facts, asked)]
    options = result.provenance.options
    note = words(
        "frontier.note.stoned", rows=result.frame.height, su=number(result.sigma_u, 4), sv=number(result.sigma_v, 4),
        pairs=f"{result.hull.constraints:,}", error=words(f"frontier.chart.error_{options['error']}"),
    )  # fmt: skip
    return Section(
        key="stoned",
        title=words("frontier.title.stoned"),
        answer=(_said(facts), *result.notes),
        pictures=tuple(one for one in pictures if one is not None),
        notes=(note, *result.labels.notes),
    )

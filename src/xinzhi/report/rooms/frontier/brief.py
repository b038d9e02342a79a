"""The frontier in an assessment: catching up and best practice beside the residual of the growth accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.catalogue import words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.frontier.change import inks
from xinzhi.report.rooms.frontier.change_facts import Facts
from xinzhi.report.rooms.frontier.names import column, stop
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.frontier import ProductivityChange
    from xinzhi.yardstick import Measurement

WHOLE = 100  # percent
_ROUNDING = 1e-6


def brief(change: ProductivityChange, measurement: Measurement) -> Section | None:
    """Return the Malmquist index of capital and labour beside the TFP growth of the accounts; None without figures."""
    facts = Facts(change)
    if not facts.complete.height:
        return None
    beside = _beside(facts, measurement)
    return Section(
        key="frontier",
        title=words("frontier.title.brief"),
        answer=(stop(_headline(facts, beside)), *_why(beside)),
        pictures=(_picture(facts, beside),),
        notes=(words("frontier.note.brief"), words("frontier.note.counted"), *change.labels.notes),
    )


def _beside(facts: Facts, measurement: Measurement) -> pl.DataFrame:
    """Return the mean points a year of every region: index and parts, and the growth accounts of the same years."""
    accounts = ("tfp_growth", "output_growth", "capital_growth", "labour_growth", "human_capital_contribution")
    growth = measurement.frame.fill_nan(None).select(
        pl.col("region").alias("unit"), pl.col("year").alias("period"), *(pl.col(name) * 100 for name in accounts),
        share=100 * (1 - pl.col("labour_share")),
    )  # fmt: skip
    both = facts.complete.join(growth, on=["unit", "period"], how="left")
    means = [pl.col(name).mean() for name in ("index", *facts.stack, *accounts, "share")]
    return both.group_by("unit").agg(*means).sort("index", "unit", descending=[True, False])


def _mean(frame: pl.DataFrame, name: str) -> float | None:
    known = frame[name].drop_nulls().to_numpy()
    return float(known.mean()) if known.size else None


def _headline(facts: Facts, beside: pl.DataFrame) -> Text:
    values = {name: number(_mean(beside, name), 2, sign=True) for name in ("index", *facts.stack, "tfp_growth")}
    return words(
        "frontier.headline.brief",
        index=values["index"], efficiency=values["efficiency_change"], technical=values["technical_change"],
        accounts=values["tfp_growth"], span=facts.span, n=beside.height, what=facts.names.what,
    )  # fmt: skip


def _why(beside: pl.DataFrame) -> list[Text]:
    """Say in one sentence why the two differ: the weights that they give to capital."""
    rows = beside.drop_nulls(["tfp_growth", "capital_growth", "labour_growth", "share"])
    if not rows.height:
        return []
    index, output, capital, labour, share, human = (
        _mean(rows, name)
        for name in ("index", "output_growth", "capital_growth", "labour_growth", "share", "human_capital_contribution")
    )
    if None in {index, output, capital, labour, share} or abs((capital or 0.0) - (labour or 0.0)) < _ROUNDING:
        return []
    implied = 100 * ((output or 0.0) - (labour or 0.0) - (index or 0.0)) / ((capital or 0.0) - (labour or 0.0))
    values = {
        "share": number(share, 0),
        "capital": number(capital, 1),
        "labour": number(labour, 1),
        "human": number(human or 0.0, 1),
    }
    if not 0 <= implied <= WHOLE:
        return [words("frontier.answer.why_plain", **values)]
    return [words("frontier.answer.why", implied=number(implied, 0), **values)]


def _picture(facts: Facts, beside: pl.DataFrame) -> Picture:
    """Return the parts of the index by region, stacked, and the residual of the accounts as a dot."""
    names = ("tfp_growth", *facts.stack)
    rows = [
        {"name": facts.names.name(row["unit"]), **{name: row[name] for name in names}}
        for row in beside.rows(named=True)
    ]
    twin = Table(
        key="frontier_beside",
        title=words("frontier.table.beside"),
        columns=(
            column("unit", "name"), column("malmquist", "percent", facts.unit),
            *(column(name, "percent", facts.unit) for name in facts.stack),
            column("accounts", "percent", facts.unit), column("difference", "percent", facts.unit),
        ),
        rows=[
            (facts.names.name(row["unit"]), row["index"], *(row[name] for name in facts.stack), row["tfp_growth"],
             None if row["tfp_growth"] is None else row["tfp_growth"] - row["index"])
            for row in beside.rows(named=True)
        ],
    )  # fmt: skip
    axis = words("frontier.unit_of.beside", per=facts.per)
    return Picture(
        kind="beside",
        title=words("frontier.title.beside"),
        headline=_headline(facts, beside),
        draw=lambda w: kit.stacked(w, rows, inks(facts), x=axis, total="tfp_growth", decimals=2),
        how=words("frontier.how.beside"),
        unit=facts.unit,
        twin=twin,
    )

"""The frontier in an assessment: catching up and best practice beside the residual of the growth accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import words
from xinzhi.report.charts import kit
from xinzhi.report.pages.frontier.change import inks, unit_of
from xinzhi.report.pages.frontier.common import called, head
from xinzhi.report.picture import picture
from xinzhi.report.section import Section
from xinzhi.report.table import table

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.frontier import ProductivityChange
    from xinzhi.yardstick import Measurement

WHOLE = 100  # percent
_ROUNDING = 1e-6


def brief(result: ProductivityChange, measurement: Measurement) -> Section | None:
    """Return an index beside the TFP growth of the accounts in the same years; None without figures."""
    if not result.complete.height:
        return None
    frame = _both(result, measurement)
    facts = {name: _mean(frame, name) for name in ("index", "efficiency_change", "technical_change", "tfp_growth")}
    values = {
        "index": facts["index"], "efficiency": facts["efficiency_change"], "technical": facts["technical_change"],
        "accounts": facts["tfp_growth"], "span": result.span, "n": frame.height, "what": result.what(frame["unit"]),
        "per": result.per,
    }  # fmt: skip
    unit = unit_of(result)
    rows = [{**row, "name": result.names.region(row["unit"])} for row in frame.iter_rows(named=True)]
    columns = [
        head("unit", "name"), head("malmquist", "points", unit, of="index"),
        *(head(name, "points", unit) for name in result.stack), head("accounts", "points", unit, of="tfp_growth"),
        head("difference", "points", unit),
    ]  # fmt: skip
    drawn = picture(
        "frontier.beside", kit.stacked, rows, table("frontier_beside", frame, columns, result, names=called(result)),
        values, headline="brief", unit=unit, parts=inks(result), x=words("frontier.unit_of.beside", per=result.per),
        total="tfp_growth", decimals=2,
    )  # fmt: skip
    notes = (words("frontier.note.brief"), words("frontier.note.counted"), *result.labels.notes)
    section = Section.of("frontier.brief", [drawn], anchor="frontier", notes=notes)
    return Section.of("frontier.brief", [drawn], anchor="frontier", answer=(*section.answer, *_why(frame)), notes=notes)


def _both(result: ProductivityChange, measurement: Measurement) -> pl.DataFrame:
    """Return the mean points a year of every region: index and parts, and the growth accounts of the same years."""
    accounts = ("tfp_growth", "output_growth", "capital_growth", "labour_growth", "human_capital_contribution")
    growth = measurement.frame.fill_nan(None).select(
        pl.col("region").alias("unit"), pl.col("year").alias("period"), *(pl.col(name) * 100 for name in accounts),
        share=100 * (1 - pl.col("labour_share")),
    )  # fmt: skip
    both = result.complete.join(growth, on=["unit", "period"], how="left")
    means = [pl.col(name).mean() for name in ("index", *result.stack, *accounts, "share")]
    frame = both.group_by("unit").agg(*means).sort("index", "unit", descending=[True, False])
    return frame.with_columns(difference=pl.col("tfp_growth") - pl.col("index"))


def _mean(frame: pl.DataFrame, name: str) -> float | None:
    known = frame[name].drop_nulls() if name in frame.columns else frame["index"].clear()
    return float(known.to_numpy().mean()) if known.len() else None


def _why(frame: pl.DataFrame) -> list[Text]:
    """Say in one sentence why the two differ: the weights that they give to capital."""
    # The weight of capital in the frontier is the one at which the index would be the residual.
    rows = frame.drop_nulls(["tfp_growth", "capital_growth", "labour_growth", "share"])
    if not rows.height:
        return []
    index, output, capital, labour, share = (
        float(rows[name].to_numpy().mean())
        for name in ("index", "output_growth", "capital_growth", "labour_growth", "share")
    )
    if abs(capital - labour) < _ROUNDING:
        return []
    implied = 100 * (output - labour - index) / (capital - labour)
    human = _mean(rows, "human_capital_contribution") or 0.0
    values = {"share": share, "capital": capital, "labour": labour, "human": human, "implied": implied}
    return [words("frontier.answer.why" if 0 <= implied <= WHOLE else "frontier.answer.why_plain", **values)]

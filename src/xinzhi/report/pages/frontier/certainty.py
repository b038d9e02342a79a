"""How sure: intervals of scores, tests of returns to scale, and what explains efficiency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import words
from xinzhi.frontier import good_text, rts_text
from xinzhi.report.charts import kit
from xinzhi.report.pages.frontier.common import (
    called,
    chosen,
    domain,
    group_text,
    head,
    headline,
    sentences_of,
)  # fmt: skip
from xinzhi.report.picture import picture
from xinzhi.report.section import Section
from xinzhi.report.table import table

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.frontier import Bootstrap, ReturnsTest, TwoStage
    from xinzhi.report.table import Column


def bootstrap(result: Bootstrap, *, region: str | None = None) -> Section:
    """Return what a bootstrap says of scores."""
    chosen(result, region, result.frame["unit"])
    answer, notes = sentences_of(result)
    level = f"{100 * result.level:g}"
    scores = [head(name, "score") for name in ("score", "corrected", "bias", "error", "lower", "upper")]
    twin = table(
        "frontier_bootstrap", result.frame, [head("unit", "name"), *scores], result, names=called(result), level=level,
        notes=[words("frontier.note.farrell")],
    )  # fmt: skip
    known = result.shares.drop_nulls("low")
    drawn = []
    if known.height:
        rows = [
            {"name": result.names.region(row["unit"]), **row, "group": group_text(result, row["unit"])}
            for row in result.shares.iter_rows(named=True)
        ]
        reach = known.select("low", "high", "value").to_numpy()
        axis = words(f"frontier.unit_of.{result.orientation}")
        made = picture(
            "frontier.intervals",
            kit.dots,
            rows,
            twin,
            {"level": level},
            title="bootstrap",
            how="bootstrap",
            headline=headline(result),
            unit=axis,
            x=axis,
            reference=1.0,
            domain=(float(reach.min()) * 0.95, max(float(reach.max()), 1.0) * 1.03),
        )  # fmt: skip
        drawn.append(made)
    notes = (*notes, words("frontier.note.small"), *result.labels.notes)
    tables = [] if drawn else [twin]
    return Section.of("frontier.bootstrap", drawn, tables, anchor="bootstrap", answer=answer, notes=notes)


def returns_test(result: ReturnsTest, *, region: str | None = None) -> Section:
    """Return what the tests of returns to scale say."""
    chosen(result, region, result.units["unit"])
    frame = result.units.sort("scale", "unit", descending=[True, False], nulls_last=True)
    scores: list[str | Column] = [
        head("crs", "score"),
        head("vrs", "score"),
        head("scale_efficiency", "score", of="scale"),
        "returns",
    ]
    twin = table("frontier_returns_units", frame, ["unit", *scores], result, part="units", names=called(result))
    rows = [
        {"name": result.names.region(row["unit"]), "value": row["scale"], "group": _returns(row["returns"])}
        for row in frame.iter_rows(named=True)
    ]
    answer, _ = sentences_of(result)
    names = {"null": rts_text, "alternative": rts_text}
    columns = [head("null", "name"), head("alternative", "name"), head("statistic", "score"),
               head("critical", "score"), head("p", "score"), head("replications", "integer")]  # fmt: skip
    tests = table("frontier_returns_tests", result.frame, columns, result, names=names)
    axis = words("frontier.unit_of.scale")
    drawn = picture(
        "frontier.scale", kit.dots, rows, twin, result.facts()["answer.returns"],
        unit=axis, x=axis, reference=1.0,
    )  # fmt: skip
    notes = (words("frontier.note.returns"), *result.labels.notes)
    return Section.of("frontier.returns", [drawn], [tests], anchor="returns", answer=answer, notes=notes)


def _returns(value: str | None) -> Text | None:
    return None if value is None else words(f"frontier.status.returns_{value}")


def two_stage(result: TwoStage, *, region: str | None = None) -> Section:
    """Return what explains efficiency."""
    chosen(result, region, result.scores["unit"])
    level = f"{100 * result.level:g}"
    figures = [head(name, "figure") for name in ("coefficient", "error", "lower", "upper")]
    twin = table(
        "frontier_two_stage", result.frame, [head("variable", "name"), *figures], result, names={"variable": _variable},
        level=level,
    )  # fmt: skip
    rows = [
        {"name": good_text(row["variable"]), "value": row["coefficient"], "low": row["lower"], "high": row["upper"]}
        for row in result.frame.filter(~pl.col("variable").is_in(["constant", "sigma"])).iter_rows(named=True)
    ]
    columns = [head("unit", "name"), head("distance", "score"), head("corrected", "score")]
    scores = table("frontier_two_stage_scores", result.scores, columns, result, part="scores", names=called(result))
    axis = words("frontier.unit_of.coefficient")
    drawn = picture(
        "frontier.coefficients", kit.dots, rows, twin, {"level": level}, title="two_stage", headline=headline(result),
        how="two_stage", unit=axis, x=axis, reference=0.0, domain=domain(rows),
    )  # fmt: skip
    answer, notes = sentences_of(result)
    return Section.of(
        "frontier.two_stage", [drawn], [scores], anchor="two-stage", answer=answer,
        notes=(*notes, words("frontier.note.separability"), *result.labels.notes),
    )  # fmt: skip


def _variable(name: str) -> Text:
    return words(f"frontier.chart.term_{name}") if name in {"constant", "sigma"} else good_text(name)

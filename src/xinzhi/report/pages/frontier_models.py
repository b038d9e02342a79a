"""How sure, and what else: intervals, tests, gaps, windows, partial and stochastic frontiers, money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from xinzhi import frontier, words
from xinzhi.core.text import Text, has, same
from xinzhi.frontier import internal
from xinzhi.report import palette
from xinzhi.report.pages.frontier import chosen, column_of, domain, draw, head, headline, labels, section_of_facts
from xinzhi.report.section import Picture, Section
from xinzhi.report.section_rows import section
from xinzhi.report.table import Table, table

MANY = 8  # lines in one chart
_ROUNDING = 1e-9
_TESTS = {
    "no inefficiency (likelihood ratio": "test_ratio",
    "no inefficiency (skewness": "test_skewness",
    "constant returns": "test_returns",
}


@section.register
def stochastic(result: frontier.StochasticFrontier, *, region: str | None = None) -> Section:
    """Return what a stochastic frontier says, its verdict first; what is no maximum is not drawn."""
    unit = chosen(result, region, _rows(result)["unit"].unique())
    pictures = [_dots(result), _history(result, unit), _coefficients(result)] if result.drawable else []
    tables = [
        _coefficient_table(result),
        table("frontier_tests", of=result, names={"test": _test}),
        table("frontier_checks", of=result, names={"check": internal.check_text}),
    ]
    return section_of_facts(result, "sfa", pictures, tables, words.frontier.note_interval())


@section.register
def stoned(result: internal.Stoned, *, region: str | None = None) -> Section:
    """Return what StoNED says: efficiencies, variances, and how the fit went."""
    unit = chosen(result, region, _rows(result)["unit"].unique())
    return section_of_facts(result, "stoned", [_dots(result), _history(result, unit)])


def _rows(result: frontier.StochasticFrontier | internal.Stoned) -> pl.DataFrame:
    """Return the rows with ``unit``: as the call named them, else the number of the row."""
    frame = result.frame
    return frame if "unit" in frame.columns else frame.with_columns(unit=pl.col("row").cast(pl.String))


def _dots(result: frontier.StochasticFrontier | internal.Stoned) -> Picture | None:
    """Return the efficiency of every unit in the last period, with its interval."""
    frame = internal.last_period(result.frame).with_columns(group=pl.col("unit"))
    return draw("sfa_dots", result, frame, how="sfa_dots" if "lower" in frame.columns else "sfa_plain")


def _history(result: frontier.StochasticFrontier | internal.Stoned, region: str | None) -> Picture | None:
    """Return mean efficiency over the periods: of one unit, of the groups, or of all; None without periods."""
    frame = _rows(result).with_columns(pl.col("unit").cast(pl.String))
    if "period" not in frame.columns or frame["period"].n_unique() <= 1 or not frame["period"].dtype.is_numeric():
        return None
    lines: dict[Text, pl.DataFrame] = {words.frontier.chart_all(what=result.what(frame["unit"].unique())): frame}
    if region is not None:
        lines = {result.names.region(region): frame.filter(pl.col("unit") == region)}
    elif grouped := result.labels.groups:
        members = {group: [unit for unit, of_unit in grouped.items() if of_unit == group] for group in grouped.values()}
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
    average = frame.group_by("period").agg(pl.col("efficiency").mean()).sort("period").rows()
    periods = sorted({row["year"] for row in rows})
    twin = Table(
        key="frontier_history",
        title=words.frontier.table_history(),
        columns=(head("period", "code"), *(column_of(name, "score", "") for name in means)),
        rows=[(str(period), *(path.get(period) for path in means.values())) for period in periods],
    )
    facts = {"start": average[0][0], "first": average[0][1], "end": average[-1][0], "last": average[-1][1]}
    return draw("history", result, frame, facts, rows=rows, twin=twin)


def _coefficients(result: frontier.StochasticFrontier) -> Picture | None:
    """Return the coefficients of the frontier with their intervals; the constant is left to the table."""
    frame = _terms(result).filter((pl.col("block") == "frontier") & (pl.col("term") != "constant"))
    if not frame.height:
        return None
    sure = frame.filter((pl.col("low") > 0) | (pl.col("high") < 0)).height
    facts = {"k": sure, "n": frame.height, "level": f"{100 * result.settings.level:g}"}
    ends = domain(frame, "estimate", "low", "high")
    twin = _coefficient_table(result)
    return draw("coefficients", result, frame, facts, twin=twin, names={"term": term_text}, domain=ends)


def _terms(result: frontier.StochasticFrontier) -> pl.DataFrame:
    return result.coefficients.filter(~pl.col("term").str.starts_with("effect:"))


def term_text(term: str) -> Text:
    """Return a term of the frontier in words, with the names of the goods in it."""
    if has(f"frontier.chart.term_{term}"):
        return words.frontier.chart_of(f"term_{term}")
    if term.startswith("log(") and term.endswith(")") and term.count("(") == 1:
        name = internal.good_text(term.removeprefix("log(").removesuffix(")"))
        return Text(zh=f"ln {name.zh}", en=f"ln {name.en}")
    return internal.good_text(term)


def _coefficient_table(result: frontier.StochasticFrontier) -> Table:
    names = {"block": lambda block: words.frontier.chart_of(f"block_{block}"), "term": term_text, "status": _status}
    level = f"{100 * result.settings.level:g}"
    return table("frontier_coefficients", _terms(result), of=result, names=names, level=level)


def _status(status: str) -> Text:
    key = f"frontier.status.{status.replace(' ', '_')}"
    return words.by_key(key) if has(key) else same(status)


def _test(name: str) -> Text:
    return next((words.frontier.chart_of(key) for start, key in _TESTS.items() if name.startswith(start)), same(name))


@section.register
def bootstrap(result: internal.Bootstrap, *, region: str | None = None) -> Section:
    """Return what a bootstrap says of scores."""
    chosen(result, region, result.frame["unit"])
    level, names, note = f"{100 * result.level:g}", labels(result), words.frontier.note_farrell()
    twin = table("frontier_bootstrap", of=result, names=names, level=level, notes=[note])
    bounds = result.shares.drop_nulls("low").select("low", "high", "value").to_numpy()
    pictures = []
    if len(bounds):
        ends = (float(bounds.min()) * 0.95, max(float(bounds.max()), 1.0) * 1.03)
        rows = result.shares.with_columns(group=pl.col("unit"))
        more = {"headline": headline(result), "unit": result.orientation, "domain": ends}
        pictures.append(draw("bootstrap", result, rows, {"level": level}, twin=twin, **more))
    return section_of_facts(result, "bootstrap", pictures, [] if pictures else [twin], words.frontier.note_small())


@section.register
def returns_test(result: internal.ReturnsTest, *, region: str | None = None) -> Section:
    """Return what the tests of returns to scale say."""
    chosen(result, region, result.units["unit"])
    tests = table(
        "frontier_returns_tests", of=result, names={"null": internal.rts_text, "alternative": internal.rts_text}
    )
    scale = draw("scale", result, None, result.facts()["answer.returns"])
    return section_of_facts(result, "returns", [scale], [tests], words.frontier.note_returns())


@section.register
def two_stage(result: internal.TwoStage, *, region: str | None = None) -> Section:
    """Return what explains efficiency."""
    chosen(result, region, result.scores["unit"])
    names, level = {**labels(result), "variable": term_text}, f"{100 * result.level:g}"
    twin = table("frontier_two_stage", of=result, names=names, level=level)
    frame = result.frame.filter(~pl.col("variable").is_in(["constant", "sigma"]))
    more = {"headline": headline(result), "domain": domain(frame, "coefficient", "lower", "upper")}
    picture = draw("two_stage", result, frame, {"level": level}, twin=twin, names=names, **more)
    scores = table("frontier_two_stage_scores", of=result, names=names)
    return section_of_facts(result, "two_stage", [picture], [scores], words.frontier.note_separability())


@section.register
def metafrontier(result: internal.Metafrontier, *, region: str | None = None) -> Section:
    """Return the technology gaps of groups."""
    chosen(result, region, result.frame["unit"])
    names = {**labels(result), "group": result.group_text}
    gaps = draw("gaps", result, names=names, twin=table("frontier_gaps", of=result, names=names))
    groups = table("frontier_groups", of=result, names=names)
    return section_of_facts(result, "metafrontier", [gaps] if result.groups["mean_tgr"].count() else [], [groups])


@section.register
def window(result: internal.Window, *, region: str | None = None) -> Section:
    """Return the scores of every unit over all windows, and how stable they are; with `region` those of that unit."""
    loose = result.units.sort("column_range", descending=True, nulls_last=True)["unit"][0]
    unit = chosen(result, region, result.units["unit"]) or str(loose)
    spread = result.frame.group_by("unit").agg(low=pl.col("score").min(), high=pl.col("score").max())
    units = draw("window", result, result.units.join(spread, on="unit", how="left"))
    return section_of_facts(result, "window", [units, _path(result, unit)])


def _path(result: internal.Window, unit: str) -> Picture | None:
    """Return the scores of one unit over the years: their mean over windows, and the band between least and most."""
    path = result.frame.filter(pl.col("unit").cast(pl.String) == unit).drop_nulls("score")
    score, name = pl.col("score"), result.names.region(unit)
    frame = path.group_by("period").agg(windows=pl.len(), mean=score.mean(), low=score.min(), high=score.max())
    rows = frame.sort("period").select("period", "mean").rows()
    facts = dict(zip(("start", "first", "end", "last"), (*rows[0], *rows[-1]), strict=True)) | {"name": name}
    return draw("window_unit", result, frame, facts, draws={"group": name})


@section.register
def partial_frontier(result: internal.Partial, *, region: str | None = None) -> Section:
    """Return scores against a partial frontier."""
    chosen(result, region, result.frame["unit"])
    unit = "index" if result.orientation == "hyperbolic" else result.orientation
    return section_of_facts(result, "partial", [draw("partial", result, unit=unit)], (), words.frontier.note_partial())


@section.register
def economic(result: internal.Economic, *, region: str | None = None) -> Section:
    """Return economic efficiency and its technical and allocative parts."""
    chosen(result, region, result.frame["unit"])
    ratio, facts = result.objective != "profit", {"name": words.frontier.chart_of(result.objective)}
    more: dict[str, Any] = {"unit": "lost", "decimals": 1} if ratio else {"unit": "lost_profit", "decimals": 3}
    return section_of_facts(result, "economic", _lost(result, "economic", facts, ratio=ratio, **more), facts=facts)


@section.register
def materials(result: internal.MaterialsBalance, *, region: str | None = None) -> Section:
    """Return environmental efficiency by the materials balance, and its technical and allocative parts."""
    chosen(result, region, result.frame["unit"])
    same_as_inflow = result.frame["surplus"].eq_missing(result.frame["inflow"]).all()  # no output keeps any of it
    listed = result.frame.drop("surplus", "least_surplus") if same_as_inflow else result.frame
    return section_of_facts(result, "materials", _lost(result, "materials", {}, total="environmental", listed=listed))


@section.register
def staged(result: internal.Staged, *, region: str | None = None) -> Section:
    """Return the scores of units, and those of their stages."""
    chosen(result, region, result.frame["unit"])
    least = result.stages.filter(pl.col("score") < 1 - _ROUNDING).sort("score", maintain_order=True)
    least = least.unique("unit", keep="first").select("unit", weakest="stage", weakest_score="score")
    part, names = result.design, labels(result)
    frame = result.frame.sort("score", "unit", descending=[True, False], nulls_last=True)
    twin = table("frontier_staged", frame.join(least, on="unit", how="left"), of=result, names=names, inside=part)
    title = head({"network": "division", "dynamic": "period"}[part], "name", of="stage")
    inside = table("frontier_stages", result.stages, ["unit", title, "score"], result, names=names, inside=part)
    scored = frame.drop_nulls("score")
    return section_of_facts(
        result, "staged", [draw("staged", result, scored, twin=twin)] if scored.height else [], [inside]
    )


def _lost(
    result: internal.Economic | internal.MaterialsBalance,
    name: str,
    facts: Mapping[str, Any],
    *,
    total: str = "economic",
    ratio: bool = True,
    listed: pl.DataFrame | None = None,
    **more: Any,  # noqa: ANN401 - options of the chart
) -> list[Picture | None]:
    """Return what every unit loses and its parts, in log points of a ratio or as it stands."""
    columns = (total, "technical", "allocative")
    lost = {part: -100 * pl.col(part).log() if ratio else pl.col(part) for part in columns}
    rows = result.frame.drop_nulls(columns).with_columns(
        pl.when(pl.col(part) > 0).then(value).otherwise(pl.col(part)).alias(part) for part, value in lost.items()
    )
    rows = rows.with_columns(pl.when(pl.col(part).abs() >= _ROUNDING).then(part).otherwise(0.0) for part in columns)
    if not rows.height:
        return []
    twin = table(f"frontier_{name}", listed, of=result, names=labels(result))
    inks = {"technical": palette.DEEP, "allocative": palette.ACCENT}
    parts = {part: (words.frontier.chart_of(part), ink) for part, ink in inks.items()}
    return [draw(name, result, rows, facts, headline=headline(result), twin=twin, parts=parts, **more)]

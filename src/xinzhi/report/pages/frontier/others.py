"""How sure, and what else: intervals, tests, gaps, windows, partial and stochastic frontiers, money."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from xinzhi.core.text import Text, has, same, words
from xinzhi.frontier import (
    Bootstrap,
    Economic,
    Labelled,
    MaterialsBalance,
    Metafrontier,
    Partial,
    ReturnsTest,
    Staged,
    StochasticFrontier,
    Stoned,
    TwoStage,
    Window,
    check_text,
    good_text,
    last_period,
    rts_text,
)
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.pages.frontier.common import called, chosen, domain, group_text, head, headline, section, titled
from xinzhi.report.section import Picture, Section, picture
from xinzhi.report.table import Column, Table, table

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


def bootstrap(result: Bootstrap, *, region: str | None = None) -> Section:
    """Return what a bootstrap says of scores."""
    chosen(result, region, result.frame["unit"])
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
        ends = (float(reach.min()) * 0.95, max(float(reach.max()), 1.0) * 1.03)
        made = picture(
            "frontier.intervals", kit.dots, rows, twin, {"level": level}, title="bootstrap", how="bootstrap",
            headline=headline(result), unit=axis, x=axis, reference=1.0, domain=ends,
        )  # fmt: skip
        drawn.append(made)
    return section(result, "bootstrap", drawn, [] if drawn else [twin], words("frontier.note.small"))


def returns_test(result: ReturnsTest, *, region: str | None = None) -> Section:
    """Return what the tests of returns to scale say."""
    chosen(result, region, result.units["unit"])
    frame = result.units.sort("scale", "unit", descending=[True, False], nulls_last=True)
    scores = [head("crs", "score"), head("vrs", "score"), head("scale_efficiency", "score", of="scale")]
    columns: list[str | Column] = ["unit", *scores, "returns"]
    twin = table("frontier_returns_units", frame, columns, result, part="units", names=called(result))
    rows = [
        {"name": result.names.region(unit), "value": scale, "group": kind and words(f"frontier.status.returns_{kind}")}
        for unit, scale, kind in frame.select("unit", "scale", "returns").rows()
    ]
    names = {"null": rts_text, "alternative": rts_text}
    scores = [head(name, "score") for name in ("statistic", "critical", "p")]
    heads = [head("null", "name"), head("alternative", "name"), *scores, head("replications", "integer")]
    tests = table("frontier_returns_tests", result.frame, heads, result, names=names)
    axis = words("frontier.unit_of.scale")
    drawn = picture(
        "frontier.scale", kit.dots, rows, twin, result.facts()["answer.returns"],
        unit=axis, x=axis, reference=1.0,
    )  # fmt: skip
    return section(result, "returns", [drawn], [tests], words("frontier.note.returns"))


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
    return section(result, "two_stage", [drawn], [scores], words("frontier.note.separability"))


def _variable(name: str) -> Text:
    return words(f"frontier.chart.term_{name}") if name in {"constant", "sigma"} else good_text(name)


_ROUNDING = 1e-9


def metafrontier(result: Metafrontier, *, region: str | None = None) -> Section:
    """Return the technology gaps of groups."""
    chosen(result, region, result.frame["unit"])
    names = {**called(result), "group": result.group_text}
    order = result.groups.sort("mean_tgr", descending=True, nulls_last=True)
    scores = [head("meta", "score"), head("within", "score"), head("tgr", "score")]
    twin = table(
        "frontier_gaps", result.frame.sort("group", "tgr", "unit", descending=[False, True, False]),
        [head("unit", "name"), head("group", "name"), *scores, "status"], result, names=names,
    )  # fmt: skip
    frame = result.frame.sort("tgr", "unit", descending=[True, False], nulls_last=True)
    rows = [
        {"name": result.names.region(unit), "value": tgr, "group": result.group_text(group)}
        for unit, group, tgr in frame.select("unit", "group", "tgr").rows()
    ]
    columns = [
        head("group", "name"), head("units", "integer"), head("meta", "score", of="mean_meta"),
        head("within", "score", of="mean_within"), head("tgr", "score", of="mean_tgr"), head("min_tgr", "score"),
    ]  # fmt: skip
    groups = table("frontier_groups", order, columns, result, part="groups", names=names)
    axis = words("frontier.unit_of.tgr")
    drawn = picture(
        "frontier.gaps", kit.dots, rows, twin, headline=headline(result), unit=axis, x=axis, reference=1.0
    )  # fmt: skip
    return section(result, "metafrontier", [drawn] if order["mean_tgr"].is_not_null().any() else [], [groups])


def window(result: Window, *, region: str | None = None) -> Section:
    """Return the scores of every unit over all windows, and how stable they are; with `region` those of that unit."""
    loose = result.units.sort("column_range", descending=True, nulls_last=True).row(0, named=True)
    unit = chosen(result, region, result.units["unit"]) or str(loose["unit"])
    spread = result.frame.group_by("unit").agg(low=pl.col("score").min(), high=pl.col("score").max())
    frame = result.units.join(spread, on="unit", how="left").sort("mean", "unit", descending=[True, False])
    scores = [head(name, "score") for name in ("mean", "deviation", "low", "high", "column_range")]
    twin = table("frontier_window_units", frame, [head("unit", "name"), *scores], result, names=called(result))
    rows = [
        {"name": result.names.region(row["unit"]), "value": row["mean"], "low": row["low"], "high": row["high"]}
        for row in frame.iter_rows(named=True)
    ]
    axis = words("frontier.unit_of.window")
    drawn = picture(
        "frontier.windows", kit.dots, rows, twin, title="window", headline=headline(result), how="window", unit=axis,
        x=axis,
    )  # fmt: skip
    return section(result, "window", [drawn, _path(result, unit)])


def _path(result: Window, unit: str) -> Picture:
    """Return the scores of one unit over the years: their mean over windows, and the band between least and most."""
    own = result.frame.filter(pl.col("unit").cast(pl.String) == unit).drop_nulls("score")
    score = pl.col("score")
    frame = own.group_by("period").agg(windows=pl.len(), mean=score.mean(), low=score.min(), high=score.max())
    frame = frame.sort("period")
    name = result.names.region(unit)
    rows = [
        {"group": name, "year": row["period"], "value": row["mean"], "low": row["low"], "high": row["high"]}
        for row in frame.iter_rows(named=True)
    ]
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    facts = {
        "name": name, "start": first["period"], "first": first["mean"], "end": last["period"], "last": last["mean"],
    }  # fmt: skip
    columns = [
        head("period", "code"), head("windows", "integer"), *(head(name, "score") for name in ("mean", "low", "high")),
    ]  # fmt: skip
    twin = table("frontier_window_path", frame.with_columns(pl.col("period").cast(pl.String)), columns, name=name)
    axis = words("frontier.unit_of.window")
    return picture(
        "frontier.unit", kit.lines, rows, twin, facts, title="window_unit", headline="window_unit", how="window_unit",
        unit=axis, y=axis, decimals=3,
    )  # fmt: skip


def partial_frontier(result: Partial, *, region: str | None = None) -> Section:
    """Return scores against a partial frontier."""
    chosen(result, region, result.frame["unit"])
    columns = [head("unit", "name"), head("share", "score"), head("score", "score"), head("dominating", "integer")]
    twin = table("frontier_partial", result.shares, [*columns, "status"], result, names=called(result))
    rows = [
        {"name": result.names.region(unit), "value": share}
        for unit, share in result.shares.select("unit", "share").rows()
    ]
    axis = words(f"frontier.unit_of.{'index' if result.orientation == 'hyperbolic' else result.orientation}")
    drawn = picture(
        "frontier.partial", kit.dots, rows, twin, headline=headline(result), unit=axis, x=axis, reference=1.0
    )  # fmt: skip
    return section(result, "partial", [drawn], (), words("frontier.note.partial"))


def economic(result: Economic, *, region: str | None = None) -> Section:
    """Return economic efficiency and its technical and allocative parts."""
    chosen(result, region, result.frame["unit"])
    ratio, name = result.objective != "profit", words(f"frontier.chart.{result.objective}")
    known = result.frame.drop_nulls(["economic", "technical", "allocative"])
    rows = [_lost(row, result, "economic", ratio=ratio) for row in known.iter_rows(named=True)]
    rows.sort(key=lambda row: row["economic"])
    axis = words("frontier.unit_of.lost" if ratio else "frontier.unit_of.lost_profit")
    drawn = picture(
        "frontier.economic", kit.stacked, rows, _economic_table(result), {"name": name}, headline=headline(result),
        unit=axis, parts=_inks(), x=axis, total="economic", decimals=1 if ratio else 3,
    )  # fmt: skip
    return section(result, "economic", [drawn] if rows else [], facts={"name": name})


def materials(result: MaterialsBalance, *, region: str | None = None) -> Section:
    """Return environmental efficiency by the materials balance, and its technical and allocative parts."""
    chosen(result, region, result.frame["unit"])
    whole = "environmental"
    known = result.frame.drop_nulls([whole, "technical", "allocative"])
    rows = [_lost(row, result, whole, ratio=True) for row in known.iter_rows(named=True)]
    rows.sort(key=lambda row: row[whole])
    scores = [head(name, "score") for name in (whole, "technical", "allocative")]
    amounts = [head(name, "figure") for name in ("inflow", "least", "surplus", "least_surplus")]
    columns: list[str | Column] = [head("unit", "name"), *scores, *amounts, "status"]
    frame = result.frame.sort(whole, "unit", descending=[True, False], nulls_last=True)
    twin = table("frontier_materials", frame, columns, result, names=called(result))
    axis = words("frontier.unit_of.lost")
    drawn = picture(
        "frontier.materials", kit.stacked, rows, twin, headline=headline(result), unit=axis, parts=_inks(), x=axis,
        total=whole, decimals=1,
    )  # fmt: skip
    return section(result, "materials", [drawn] if rows else [])


def staged(result: Staged, *, region: str | None = None) -> Section:
    """Return the scores of units, and those of their stages."""
    chosen(result, region, result.frame["unit"])
    frame = result.frame.sort("score", "unit", descending=[True, False], nulls_last=True)
    least = result.stages.filter(pl.col("score") < 1 - _ROUNDING).sort("score", maintain_order=True)
    least = least.unique("unit", keep="first").select("unit", weakest="stage", weakest_score="score")
    part, names = result.design, {**called(result), "stage": result.stage_text, "weakest": result.stage_text}
    columns: list[str | Column] = [head("unit", "name"), head("score", "score"), head("weakest", "name", inside=part)]
    columns += [head("weakest_score", "score"), "efficient", "status"]
    twin = table("frontier_staged", frame.join(least, on="unit", how="left"), columns, result, names=names)
    title = head({"network": "division", "dynamic": "period"}.get(part, "stage"), "name", of="stage")
    parts: list[str | Column] = [head("unit", "name"), title, head("score", "score")]
    inside = table("frontier_stages", result.stages, parts, names=names, inside=part)
    rows = [
        {"name": result.names.region(unit), "value": score}
        for unit, score in frame.drop_nulls("score").select("unit", "score").rows()
    ]
    axis = words("frontier.unit_of.index")
    drawn = picture(
        "frontier.staged", kit.dots, rows, twin, headline=headline(result), unit=axis, x=axis, reference=1.0
    )
    return section(result, "staged", [drawn] if rows else [], [inside])


def _inks() -> dict[str, Any]:
    return {
        "technical": (words("frontier.chart.technical"), palette.DEEP),
        "allocative": (words("frontier.chart.allocative"), palette.ACCENT),
    }


def _lost(row: dict[str, Any], result: Labelled, whole: str, *, ratio: bool) -> dict[str, Any]:
    """Return what is lost, in log points of a ratio or as it stands."""
    parts = {
        part: -100 * math.log(row[part]) if ratio and row[part] > 0 else row[part]
        for part in (whole, "technical", "allocative")
    }
    rounded = {part: 0.0 if abs(value) < _ROUNDING else value for part, value in parts.items()}
    return {"name": result.names.region(row["unit"]), **rounded}


def _economic_table(result: Economic) -> Table:
    parts = [head(name, "score") for name in ("economic", "technical", "allocative")]
    money = [head(name, "figure") for name in ("actual", "optimum")]
    columns: list[str | Column] = [head("unit", "name"), *parts, *money, "status"]
    return table("frontier_economic", result.frame, columns, result, names=called(result))

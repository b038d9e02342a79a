"""Technology gaps between groups, windows, partial frontiers, and economic efficiency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import words
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.pages.frontier.common import called, chosen, head, headline, sentences_of
from xinzhi.report.picture import picture
from xinzhi.report.section import Section
from xinzhi.report.table import Table, table

if TYPE_CHECKING:
    from xinzhi.frontier import Economic, Metafrontier, Partial, Window
    from xinzhi.report.section import Picture
    from xinzhi.report.table import Column

_ROUNDING = 1e-9


def metafrontier(result: Metafrontier, *, region: str | None = None) -> Section:
    """Return the technology gaps of groups."""
    chosen(result, region, result.frame["unit"])
    names = {**called(result), "group": result.group_text}
    order = result.groups.sort("mean_tgr", descending=True, nulls_last=True)
    scores = [head("meta", "score"), head("within", "score"), head("tgr", "score")]
    twin = table(
        "frontier_gaps", result.frame.sort("group", "tgr", descending=[False, True]),
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
    answer, notes = sentences_of(result)
    return Section.of(
        "frontier.metafrontier", [drawn] if order["mean_tgr"].is_not_null().any() else [], [groups],
        anchor="metafrontier", answer=answer, notes=(*notes, *result.labels.notes),
    )  # fmt: skip


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
    answer, notes = sentences_of(result)
    pictures = [drawn, _path(result, unit)]
    return Section.of("frontier.window", pictures, anchor="window", answer=answer, notes=(*notes, *result.labels.notes))


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
    answer, _ = sentences_of(result)
    notes = (words("frontier.note.partial"), *result.labels.notes)
    return Section.of("frontier.partial", [drawn], anchor="partial", answer=answer, notes=notes)


def economic(result: Economic, *, region: str | None = None) -> Section:
    """Return economic efficiency and its technical and allocative parts."""
    chosen(result, region, result.frame["unit"])
    ratio, name = result.objective != "profit", words(f"frontier.chart.{result.objective}")
    known = result.frame.drop_nulls(["economic", "technical", "allocative"])
    rows = [_lost(row, result, ratio=ratio) for row in known.iter_rows(named=True)]
    rows.sort(key=lambda row: row["economic"])
    inks = {
        "technical": (words("frontier.chart.technical"), palette.DEEP),
        "allocative": (words("frontier.chart.allocative"), palette.ACCENT),
    }
    axis = words("frontier.unit_of.lost" if ratio else "frontier.unit_of.lost_profit")
    drawn = picture(
        "frontier.economic", kit.stacked, rows, _economic_table(result), {"name": name}, headline=headline(result),
        unit=axis, parts=inks, x=axis, total="economic", decimals=1 if ratio else 3,
    )  # fmt: skip
    answer, notes = sentences_of(result)
    return Section.of(
        "frontier.economic", [drawn] if rows else [], anchor="economic", answer=answer, facts={"name": name},
        notes=(*notes, *result.labels.notes),
    )  # fmt: skip


def _lost(row: dict[str, Any], result: Economic, *, ratio: bool) -> dict[str, Any]:
    """Return what is lost, in log points of a ratio or as it stands."""
    parts = {
        part: -100 * math.log(row[part]) if ratio and row[part] > 0 else row[part]
        for part in ("economic", "technical", "allocative")
    }
    whole = {part: 0.0 if abs(value) < _ROUNDING else value for part, value in parts.items()}
    return {"name": result.names.region(row["unit"]), **whole}


def _economic_table(result: Economic) -> Table:
    parts = [head(name, "score") for name in ("economic", "technical", "allocative")]
    money = [head(name, "figure") for name in ("actual", "optimum")]
    columns: list[str | Column] = [head("unit", "name"), *parts, *money, "status"]
    return table("frontier_economic", result.frame, columns, result, names=called(result))

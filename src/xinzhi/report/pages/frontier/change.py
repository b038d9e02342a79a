"""Productivity change: catching up or the best moving on; and its brief beside the residual of the growth accounts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from altair.typing import ChartType

from xinzhi.core.text import Text, number, same, words
from xinzhi.frontier import ProductivityChange, index_text, part_text
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.charts.style import Words
from xinzhi.report.pages.frontier.common import called, chosen, group_text, head, headline, section, titled
from xinzhi.report.section import Picture, Section, picture
from xinzhi.report.sentence import arrangement
from xinzhi.report.table import Column, Table, table

Chain = list[tuple[Any, float | None]]


MANY = 8  # lines in one chart
INKS = (palette.DEEP, palette.ACCENT, "#7f9a99", "#5b4a8a")


def change(result: ProductivityChange, *, region: str | None = None) -> Section:
    """Return what a productivity change says; with `region` the chained index of that unit."""
    asked = chosen(result, region, result.frame["unit"].unique())
    drawn: list[Picture | None] = []
    if result.complete.height:
        drawn = [
            beside(result),
            by_unit(result),
            cumulated(result, asked),
            by_period(result),
            tiles(result),
            intervals(result),
        ]
    logs = words("frontier.note.differences" if result.additive else "frontier.note.logs")
    ways = result.parts and set(result.stack) != set(result.parts)
    more = (logs, *([words("frontier.note.two_ways")] if ways else []), words("frontier.note.counted"))
    return section(result, "change", drawn, [_unsolved(result), _left_out(result), _weights(result)], *more)


def unit_of(result: ProductivityChange, name: str = "mean") -> Text:
    """Return the unit of means over periods, or over units (`period`)."""
    kind = {"mean": ("mean_sum", "mean_change"), "period": ("period_sum", "period_change")}[name]
    return words(f"frontier.unit_of.{kind[0] if result.additive else kind[1]}", per=result.per)


def inks(result: ProductivityChange) -> Mapping[str, tuple[Text, str]]:
    """Return word and colour of every stacked part."""
    return {name: (part_text(name), INKS[i % len(INKS)]) for i, name in enumerate(result.stack)}


def _index(result: ProductivityChange) -> Text:
    return index_text(str(result.provenance.options["index"]))


def _columns(result: ProductivityChange, unit: Text) -> list[Column]:
    """Return the columns of index and parts, in points."""
    return [
        titled(_index(result), "points", "index", unit),
        *(titled(part_text(name), "points", name, unit) for name in result.parts),
    ]


def _stacked(w: Words, result: ProductivityChange, rows: list[dict[str, Any]], x: Text) -> ChartType:
    if not result.stack:
        dots = [{"name": row["name"], "value": row["index"]} for row in rows]
        return kit.dots(w, dots, x=x, reference=0, decimals=2)
    return kit.stacked(w, rows, inks(result), x=x, total="index", decimals=2)


def _unit_table(result: ProductivityChange) -> Table:
    """Return the mean change of every unit, highest first, with the number of pairs behind it."""
    frame = result.mean_points("unit").with_columns(group=pl.col("unit"))
    grouped = [head("group", "name")] if result.labels.groups else []
    columns = [head("unit", "name"), *grouped, head("pairs", "integer"), *_columns(result, unit_of(result))]
    return table("frontier_units", frame, columns, result, names=called(result))


def by_unit(result: ProductivityChange) -> Picture:
    """Return the parts of every unit's mean change, stacked, with the index as a dot."""
    rows = [
        {**row, "name": result.names.region(row["unit"])} for row in result.mean_points("unit").iter_rows(named=True)
    ]
    unit = unit_of(result)
    return picture(
        "frontier.change", lambda w, rows: _stacked(w, result, rows, unit), rows, _unit_table(result),
        {"index": _index(result)}, title="by_unit", headline=headline(result),
        how="by_unit" if result.stack else "no_parts", unit=unit,
    )  # fmt: skip


def by_period(result: ProductivityChange) -> Picture | None:
    """Return the parts of the mean change by period; None where there is one period only."""
    frame = result.mean_points("period")
    if frame.height <= 1:
        return None
    rows = [{**row, "name": same(row["period"])} for row in frame.iter_rows(named=True)]
    best, worst = (frame.sort("index", descending=down).row(0, named=True) for down in (True, False))
    unit = unit_of(result, "period")
    columns = [head("period", "code"), head("pairs", "integer"), *_columns(result, unit)]
    facts = {
        "index": _index(result), "unit": result.sign, "first": best["period"], "most": best["index"],
        "last": worst["period"], "least": worst["index"],
    }  # fmt: skip
    return picture(
        "frontier.periods", lambda w, rows: _stacked(w, result, rows, unit), rows,
        table("frontier_periods", frame.with_columns(pl.col("period").cast(pl.String)), columns, result), facts,
        title="by_period", headline="by_period", how="by_period", unit=unit,
    )  # fmt: skip


def _chain(result: ProductivityChange, rows: pl.DataFrame, name: str) -> Chain:
    """Return ``(period, value)`` from the first period on; what follows an unknown change is unknown."""
    level, broken = 0.0, False
    chain: Chain = [(result.first, 0.0 if result.additive else 100.0)]
    for period, points in rows.select("period", name).rows():
        broken = broken or points is None
        level += 0.0 if broken else points
        value = level if result.additive else 100 * float(np.exp(level / 100))
        chain.append((period, None if broken else value))
    return chain


def _chains(result: ProductivityChange, asked: str | None) -> dict[Text, Chain]:
    """Return the chained index: of one unit with its parts, of the groups, or of the mean of all with its parts."""
    groups = {unit: group_text(result, unit) for unit in result.points["unit"].unique(maintain_order=True)}
    named = dict.fromkeys(group for group in groups.values() if group is not None)
    if asked is None and named:
        found = {}
        for group in named:
            members = [unit for unit, mine in groups.items() if mine == group]
            rows = result.complete.filter(pl.col("unit").is_in(members)).group_by("period").agg(pl.col("index").mean())
            found[group] = _chain(result, rows.sort("period"), "index")
        return found
    rows = result.mean_points("period")
    if asked is not None:
        rows = result.points.filter(pl.col("unit") == asked).sort("period")
    names = {"index": _index(result), **{name: part_text(name) for name in result.stack}}
    return {text: _chain(result, rows, name) for name, text in names.items()}


def cumulated(result: ProductivityChange, asked: str | None) -> Picture | None:
    """Return the index chained from the first period: of one unit with its parts, of the groups, or of the mean."""
    if not result.frame["period"].dtype.is_numeric():
        return None
    chains = dict(list(_chains(result, asked).items())[:MANY])
    rows = [
        {"group": name, "year": period, "value": value} for name, chain in chains.items() for period, value in chain
    ]
    if len({row["year"] for row in rows}) <= 1:
        return None
    ends = {name: [value for _, value in chain if value is not None] for name, chain in chains.items()}
    parts = [
        words("frontier.chart.end", name=name, value=number(known[-1], 1)) for name, known in ends.items() if known
    ]
    who = words("frontier.chart.all", what=result.what(result.frame["unit"]))
    facts = {
        "name": result.names.region(asked) if asked else who, "start": result.first, "parts": parts,
        "end": max(row["year"] for row in rows if row["value"] is not None),
    }  # fmt: skip
    suffix = "_sum" if result.additive else ""
    unit = words(f"frontier.unit_of.cumulated{suffix}", start=result.first)
    periods = sorted({row["year"] for row in rows})
    known = [dict(chain) for chain in chains.values()]
    twin = Table(
        key="frontier_cumulated",
        title=words("frontier.table.cumulated"),
        columns=(head("period", "code"), *(titled(name, "quantity", "", unit) for name in chains)),
        rows=[(str(period), *(chain.get(period) for chain in known)) for period in periods],
    )
    return picture(
        "frontier.cumulated", kit.lines, rows, twin, facts, title="cumulated" if asked else "cumulated_all",
        headline=f"cumulated{suffix}", unit=unit, y=unit, reference=0.0 if result.additive else 100.0, decimals=1,
    )  # fmt: skip


def tiles(result: ProductivityChange) -> Picture | None:
    """Return the tile map of the mean change; None where no arrangement knows the units."""
    known = arrangement(result.points["unit"].unique().to_list())
    if not known:
        return None
    frame = result.mean_points("unit")
    rows = [{"region": row["unit"], "value": row["index"]} for row in frame.iter_rows(named=True)]
    best, worst = frame.row(0, named=True), frame.row(-1, named=True)
    facts = {
        "index": _index(result), "unit": result.sign, "first": result.names.region(best["unit"]), "most": best["index"],
        "last": result.names.region(worst["unit"]), "least": worst["index"],
    }  # fmt: skip
    unit = unit_of(result)
    return picture(
        "frontier.map", lambda w, rows: kit.tiles(w, rows, known, title=unit), rows, _unit_table(result), facts,
        unit=unit,
    )  # fmt: skip


def intervals(result: ProductivityChange) -> Picture | None:
    """Return the index of the last period with its bootstrap interval; None without a bootstrap."""
    if "index_lower" not in result.frame.columns:
        return None
    frame = result.frame.drop_nulls(["index", "index_lower", "index_upper"])
    if not frame.height:
        return None
    last = frame["period"].sort()[-1]
    columns = {"value": "index", "low": "index_lower", "high": "index_upper"}
    rows = [
        {
            "name": result.names.region(row["unit"]),
            **{key: 100 * math.log(row[name]) if row[name] > 0 else None for key, name in columns.items()},
        }
        for row in frame.filter(pl.col("period") == last).sort("index", descending=True).iter_rows(named=True)
    ]
    sure = frame.filter((pl.col("index_lower") > 1) | (pl.col("index_upper") < 1)).height
    level = f"{100 * float(result.provenance.options.get('confidence', 0.95)):g}"
    whole = result.frame.with_columns(pl.col("period").cast(pl.String))
    ends = [head(name, "score", of=f"index_{name}") for name in ("lower", "upper", "error")]
    head_columns = [head("unit", "name"), head("period", "code"), titled(_index(result), "score", "index")]
    twin = table("frontier_intervals", whole, [*head_columns, *ends], result, names=called(result), level=level)
    facts = {"period": last, "k": sure, "n": frame.height, "level": level}
    unit = words("frontier.unit_of.one_change")
    return picture("frontier.intervals", kit.dots, rows, twin, facts, unit=unit, x=unit, reference=0, decimals=2)


def _unsolved(result: ProductivityChange) -> Table | None:
    """Return the changes that lack a solution, each with the programs that have none."""
    rows = result.frame.filter(pl.col("status") != "optimal").select("unit", "period", "status").rows()
    if not rows:
        return None
    return Table(
        key="frontier_unsolved",
        title=words("frontier.table.unsolved"),
        columns=(head("unit", "name"), head("period", "code"), head("reason", "name")),
        rows=[(result.names.region(unit), str(period), result.reason(unit, period)) for unit, period, _ in rows],
        notes=(words("frontier.note.unsolved"),),
    )


def _left_out(result: ProductivityChange) -> Table | None:
    """Return the observations that follow a gap, so that no change ends with them."""
    if not result.left_out.height:
        return None
    frame = result.left_out.with_columns(pl.col("period").cast(pl.String))
    columns = [head("unit", "name"), head("period", "code"), head("reason", "text")]
    return table("frontier_left_out", frame, columns, result, names=called(result))


def _weights(result: ProductivityChange) -> Table | None:
    """Return the shadow prices of a Färe-Primont or Lowe index."""
    if result.weights is None:
        return None
    names = {**called(result), "role": lambda role: words(f"frontier.chart.{role}")}
    figures = [head(name, "figure") for name in ("weight", "lowest", "highest")]
    columns = [head("good", "name"), head("role", "name"), *figures]
    return table("frontier_weights", result.weights, columns, result, names=names)


def brief(result: ProductivityChange) -> Section | None:
    """Return an index beside the TFP growth of the accounts in the same years; None without figures."""
    drawn = beside(result)
    if drawn is None:
        return None
    facts = result.facts()
    shown = [key for key in ("answer.verdict", "headline.change", "answer.why", "answer.why_plain") if key in facts]
    answer = tuple(words(f"frontier.{key}", **facts[key]) for key in shown)
    notes = (words("frontier.note.brief"), words("frontier.note.counted"), *result.labels.notes)
    return replace(Section.of("frontier.brief", [drawn], anchor="frontier", notes=notes), answer=answer)


def beside(result: ProductivityChange) -> Picture | None:
    """Return the parts of the index with the TFP growth of the accounts as a dot; None where there are none."""
    if result.accounts is None or not result.complete.height or not result.stack:
        return None
    frame = result.beside_accounts()
    unit = unit_of(result)
    rows = [{**row, "name": result.names.region(row["unit"])} for row in frame.iter_rows(named=True)]
    columns = [
        head("unit", "name"), head("malmquist", "points", unit, of="index"),
        *(head(name, "points", unit) for name in result.stack), head("accounts", "points", unit, of="tfp_growth"),
        head("difference", "points", unit),
    ]  # fmt: skip
    return picture(
        "frontier.beside", kit.stacked, rows, table("frontier_beside", frame, columns, result, names=called(result)),
        result.facts().get("answer.verdict", {}), headline="beside", unit=unit, parts=inks(result),
        x=words("frontier.unit_of.beside", per=result.per), total="tfp_growth", decimals=2,
    )  # fmt: skip

"""Productivity change: catching up or the best moving on; and its brief beside the residual of the growth accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.text import Text, number
from xinzhi.frontier import ProductivityChange
from xinzhi.frontier.internal import index_text, part_text
from xinzhi.report import palette
from xinzhi.report.pages.frontier import chosen, column_of, draw, group_text, head, headline, labels, section_of_facts
from xinzhi.report.section import Picture, Section
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import arrangement
from xinzhi.report.table import Column, Table, table

Chain = list[tuple[Any, float | None]]


MANY = 8  # lines in one chart
INKS = (palette.DEEP, palette.ACCENT, "#7f9a99", "#5b4a8a")


@section.register
def change(result: ProductivityChange, *, region: str | None = None) -> Section:
    """Return what a productivity change says; with `region` the chained index of that unit."""
    unit = chosen(result, region, result.frame["unit"].unique())
    pictures: list[Picture | None] = []
    if result.complete.height:
        pictures = [variants(result), by_unit(result), cumulated(result, unit), by_period(result)]
        pictures += [tiles(result), intervals(result)]
    logs = words.frontier.note_differences() if result.additive else words.frontier.note_logs()
    ways = result.parts and set(result.stack) != set(result.parts)
    more = (logs, *([words.frontier.note_two_ways()] if ways else []), words.frontier.note_counted())
    omitted = table("frontier_left_out", of=result, names=labels(result)) if result.left_out.height else None
    return section_of_facts(result, "change", pictures, [_unsolved(result), omitted, _weights(result)], *more)


def unit_of(result: ProductivityChange, name: str = "mean") -> Text:
    """Return the unit of means over periods, or over units (`period`)."""
    kind = {"mean": ("mean_sum", "mean_change"), "period": ("period_sum", "period_change")}[name]
    return words.frontier.unit_of_of(kind[0] if result.additive else kind[1], per=result.per)


def inks(result: ProductivityChange) -> Mapping[str, tuple[Text, str]]:
    """Return word and colour of every stacked part."""
    return {name: (part_text(name), INKS[i % len(INKS)]) for i, name in enumerate(result.stack)}


def _index(result: ProductivityChange) -> Text:
    return index_text(str(result.provenance.options["index"]))


def _columns(result: ProductivityChange, unit: Text) -> list[Column]:
    """Return the columns of index and parts, in points."""
    return [
        column_of(_index(result), "points", "index", unit),
        *(column_of(part_text(name), "points", name, unit) for name in result.parts),
    ]


def _parts(result: ProductivityChange) -> dict[str, Any]:
    """Return the chart of an index: its parts stacked where it has any, else dots."""
    if not result.stack:
        return {"chart": "dots", "draws": {"value": "index"}, "reference": 0, "decimals": 2}
    draws = {name: name for name in (*result.stack, "index")}
    return {"chart": "stacked", "draws": draws, "parts": inks(result), "total": "index", "decimals": 2}


def _unit_columns(result: ProductivityChange) -> list[Any]:
    """Return the columns of the mean change of every unit, with the number of pairs behind it."""
    return ["unit", {"group?": "name"}, head("pairs", "integer"), *_columns(result, unit_of(result))]


def _units(result: ProductivityChange) -> pl.DataFrame:
    """Return the mean change of every unit, highest first."""
    frame = result.mean_points("unit")
    return frame.with_columns(group=pl.col("unit")) if result.labels.groups else frame


def by_unit(result: ProductivityChange) -> Picture | None:
    """Return the parts of every unit's mean change, stacked, with the index as a dot."""
    how, unit = "by_unit" if result.stack else "no_parts", unit_of(result)
    more = _parts(result) | {"headline": headline(result), "how": how, "unit": unit}
    return draw("by_unit", result, _units(result), {"index": _index(result)}, listed=_unit_columns(result), **more)


def by_period(result: ProductivityChange) -> Picture | None:
    """Return the parts of the mean change by period; None where there is one period only."""
    frame = result.mean_points("period")
    if frame.height <= 1:
        return None
    unit = unit_of(result, "period")
    columns = ["period", head("pairs", "integer"), *_columns(result, unit)]
    facts = _extremes(result, frame.sort("index", descending=True), "period")
    return draw("by_period", result, frame, facts, listed=columns, unit=unit, **_parts(result))


def _extremes(result: ProductivityChange, frame: pl.DataFrame, name: str) -> dict[str, object]:
    """Return the first and the last row of a frame as the values of a headline."""
    (first, most), (last, least) = (frame.select(name, "index").row(at) for at in (0, -1))
    if name == "unit":
        first, last = result.names.region(first), result.names.region(last)
    ends = {"first": first, "most": most, "last": last, "least": least}
    return {"index": _index(result), "unit": result.sign, **ends}


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


def _chains(result: ProductivityChange, unit: str | None) -> dict[Text, Chain]:
    """Return the chained index: of one unit with its parts, of the groups, or of the mean of all with its parts."""
    groups = {unit: group_text(result, unit) for unit in result.points["unit"].unique(maintain_order=True)}
    group_names = dict.fromkeys(group for group in groups.values() if group is not None)
    if unit is None and group_names:
        chains = {}
        for group in group_names:
            members = [unit for unit, of_unit in groups.items() if of_unit == group]
            rows = result.complete.filter(pl.col("unit").is_in(members)).group_by("period").agg(pl.col("index").mean())
            chains[group] = _chain(result, rows.sort("period"), "index")
        return chains
    rows = result.mean_points("period")
    if unit is not None:
        rows = result.points.filter(pl.col("unit") == unit).sort("period")
    names = {"index": _index(result), **{name: part_text(name) for name in result.stack}}
    return {text: _chain(result, rows, name) for name, text in names.items()}


def cumulated(result: ProductivityChange, region: str | None) -> Picture | None:
    """Return the index chained from the first period: of one unit with its parts, of the groups, or of the mean."""
    if not result.frame["period"].dtype.is_numeric():
        return None
    chains = dict(list(_chains(result, region).items())[:MANY])
    rows = [
        {"group": name, "year": period, "value": value} for name, chain in chains.items() for period, value in chain
    ]
    if len({row["year"] for row in rows}) <= 1:
        return None
    ends = {name: [value for _, value in chain if value is not None] for name, chain in chains.items()}
    parts = [
        words.frontier.chart_end(name=name, value=number(values[-1], 1)) for name, values in ends.items() if values
    ]
    who = words.frontier.chart_all(what=result.what(result.frame["unit"]))
    facts = {
        "name": result.names.region(region) if region else who,
        "start": result.first,
        "parts": parts,
        "end": max(row["year"] for row in rows if row["value"] is not None),
    }
    suffix = "_sum" if result.additive else ""
    unit = words.frontier.unit_of_of(f"cumulated{suffix}", start=result.first)
    periods = sorted({row["year"] for row in rows})
    paths = [dict(chain) for chain in chains.values()]
    twin = Table(
        key="frontier_cumulated",
        title=words.frontier.table_cumulated(),
        columns=(head("period", "code"), *(column_of(name, "quantity", "", unit) for name in chains)),
        rows=[(str(period), *(chain.get(period) for chain in paths)) for period in periods],
    )
    more: dict[str, Any] = {"title": "cumulated" if region else "cumulated_all", "headline": f"cumulated{suffix}"}
    more |= {"unit": unit, "reference": 0.0 if result.additive else 100.0}
    return draw("cumulated", result, None, facts, rows=rows, twin=twin, **more)


def tiles(result: ProductivityChange) -> Picture | None:
    """Return the tile map of the mean change; None where no arrangement knows the units."""
    order = arrangement(result.points["unit"].unique().to_list())
    if not order:
        return None
    frame, unit = _units(result), unit_of(result)
    rows = [{"region": code, "value": index} for code, index in frame.select("unit", "index").rows()]
    more = {"arrangement": order, "unit": unit, "legend": unit, "listed": _unit_columns(result)}
    return draw("map", result, frame, _extremes(result, frame, "unit"), rows=rows, **more)


def intervals(result: ProductivityChange) -> Picture | None:
    """Return the index of the last period with its bootstrap interval; None without a bootstrap."""
    if "index_lower" not in result.frame.columns:
        return None
    frame = result.frame.drop_nulls(["index", "index_lower", "index_upper"])
    if not frame.height:
        return None
    last = frame["period"].sort()[-1]
    ends = {"value": "index", "low": "index_lower", "high": "index_upper"}
    table_columns = (
        frame.filter(pl.col("period") == last)
        .sort("index", descending=True)
        .select("unit", **{name: pl.when(pl.col(of) > 0).then(100 * pl.col(of).log()) for name, of in ends.items()})
    )
    sure = frame.filter((pl.col("index_lower") > 1) | (pl.col("index_upper") < 1)).height
    level = f"{100 * float(result.provenance.options.get('confidence', 0.95)):g}"
    columns = ["unit", "period", column_of(_index(result), "score", "index")]
    columns += [head(name, "score", of=f"index_{name}") for name in ("lower", "upper", "error")]
    twin = table("frontier_intervals", result.frame, columns, result, names=labels(result), level=level)
    facts = {"period": last, "k": sure, "n": frame.height, "level": level}
    return draw(
        "intervals",
        result,
        table_columns,
        facts,
        twin=twin,
        draws={"name": "unit"} | {column: column for column in ends},
    )


def _unsolved(result: ProductivityChange) -> Table | None:
    """Return the changes that lack a solution, each with the programs that have none."""
    rows = result.frame.filter(pl.col("status") != "optimal").select("unit", "period", "status").rows()
    if not rows:
        return None
    return Table(
        key="frontier_unsolved",
        title=words.frontier.table_unsolved(),
        columns=(head("unit", "name"), head("period", "code"), head("reason", "name")),
        rows=[(result.names.region(unit), str(period), result.reason(unit, period)) for unit, period, _ in rows],
        notes=(words.frontier.note_unsolved(),),
    )


def _weights(result: ProductivityChange) -> Table | None:
    """Return the shadow prices of a Färe-Primont or Lowe index."""
    names = {**labels(result), "role": words.frontier.chart_of}
    return None if result.weights is None else table("frontier_weights", of=result, names=names)


def brief(result: ProductivityChange) -> Section | None:
    """Return an index beside the TFP growth of the accounts in the same years; None without figures."""
    picture = variants(result)
    if picture is None:
        return None
    facts = result.facts()
    keys = [key for key in ("answer.verdict", "headline.change", "answer.why", "answer.why_plain") if key in facts]
    answer = tuple(words.by_key(f"frontier.{key}", **facts[key]) for key in keys)
    notes = (words.frontier.note_brief(), words.frontier.note_counted(), *result.labels.notes)
    return replace(Section.of("frontier.brief", [picture], anchor="frontier", notes=notes), answer=answer)


def variants(result: ProductivityChange) -> Picture | None:
    """Return the parts of the index with the TFP growth of the accounts as a dot; None where there are none."""
    if result.accounts is None or not result.complete.height or not result.stack:
        return None
    frame = result.beside_accounts()
    unit = unit_of(result)
    columns = [
        "unit",
        column_of(_index(result), "points", "index", unit),
        *(column_of(part_text(name), "points", name, unit) for name in result.stack),
        head("accounts", "points", unit, of="tfp_growth"),
        head("difference", "points", unit),
    ]
    facts, axis = result.facts().get("answer.verdict", {}), words.frontier.unit_of_beside(per=result.per)
    more = {"draws": {name: name for name in result.stack}, "parts": inks(result), "unit": unit, "x": axis}
    return draw("beside", result, frame, facts, listed=columns, **more)

"""What the frontier says of the inside of units: networks of divisions, periods that carry over, and materials."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import xinzhi.frontier as verbs
from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.quarters import label
from xinzhi.core.text import same
from xinzhi.frontier import internal as frontier_internal
from xinzhi.risks import internal as risks_internal

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.frontier.internal import Labels

Inside = TypeVar("Inside", "frontier_internal.Staged", "frontier_internal.MaterialsBalance")
PAIR = 2  # ends of a flow
KINDS = ("good", "bad", "free", "fixed")


def network(frame: pl.DataFrame, flow: Mapping[str, str], options: Mapping[str, Any]) -> frontier_internal.Staged:
    """Return the efficiency of units that are networks."""
    sides: dict[str, tuple[list[str], list[str]]] = {}
    links: dict[tuple[str, str], list[str]] = {}
    for column, way in flow.items():
        ends = _ends(way)
        if len(ends) != PAIR or ends[0] == ends[1]:
            raise UsageError("studies.flow", column=column, given=way)
        start, end = ends
        for name in filter(None, (start, end)):
            sides.setdefault(name, ([], []))
        if start and end:
            links.setdefault((start, end), []).append(column)
        else:
            sides[start or end][bool(start)].append(column)
    if len(sides) == 1:
        raise UsageError("studies.flow-alone", divisions=list(sides))
    above_zero(frame, tuple(flow), "--flow")
    keyed = {
        name: tuple(frame.select("region", *goods) if goods else None for goods in pair) for name, pair in sides.items()
    }
    tied = {pair: frame.select("region", *goods) for pair, goods in links.items()}
    result = verbs.network_efficiency(keyed, tied, units="region", **options)  # type: ignore[arg-type] # pairs
    return _with_options(result, flow=dict(flow))


def _ends(way: object) -> list[str]:
    """Return from where and to where a flow goes."""
    return [part.strip() for part in str(way).replace("／", "/").split("/")]


def dynamic(
    frame: pl.DataFrame,
    labels: Labels,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    carry: Mapping[str, str],
    options: Mapping[str, Any],
) -> tuple[frontier_internal.Staged, Labels]:
    """Return the efficiency of units over all periods, and labels that name those left out for want of one."""
    terms = frame["year"].n_unique()
    if gaps := _gaps(frame["year"].unique().sort()):
        labels = replace(labels, notes=(*labels.notes, words.studies.note_periods_apart(gaps=gaps)))
    complete = frame.filter(pl.len().over("region") == terms)
    lost = frame["region"].unique().sort().filter(~frame["region"].unique().sort().is_in(complete["region"].implode()))
    if complete.height and len(lost):
        names = [labels.names.region(code) for code in lost]
        labels = replace(labels, notes=(*labels.notes, words.studies.note_part_of_span(n=len(lost), names=names)))
        frame = complete
    above_zero(frame, (*inputs, *outputs, *carry), "--carry")
    carried: dict[str, Any] = {kind: [] for kind in KINDS}
    for column, kind in carry.items():
        carried[kind].append(column)
    result = verbs.dynamic_efficiency(frame, "region", "year", inputs, outputs, **carried, **options)
    return result, labels


def _gaps(periods: pl.Series) -> list[str]:
    """Return which periods that hand on to each other are no neighbours; refuse text whose order is not plain."""
    try:
        at = risks_internal.read_calendar(periods).ordinal.tolist()
    except InputError:
        parts = periods.cast(pl.String).str.extract_groups(r"^(\D*)(\d+)(\D*)$").struct.unnest()
        if parts.select(pl.col("1", "3"), pl.col("2").str.len_chars()).n_unique() > 1 or parts["2"].has_nulls():
            raise UsageError("studies.period-order", known=[same(str(period)) for period in periods]) from None
        at = parts["2"].cast(pl.Int64).to_list()
    labels_of = [str(label(period)) if isinstance(period, int) else str(period) for period in periods]
    return [f"{labels_of[i]}→{labels_of[i + 1]}" for i in range(len(at) - 1) if at[i + 1] - at[i] > 1]


Side = tuple[tuple[str, ...], Mapping[str, float]]  # goods, and the material in a unit of each


def materials(frame: pl.DataFrame, inputs: Side, outputs: Side, rts: str) -> frontier_internal.MaterialsBalance:
    """Return environmental efficiency by the materials balance."""
    x, y = (frame.select("region", *goods) for goods, _ in (inputs, outputs))
    contents, retained = (_amounts(side) for side in (inputs, outputs))
    result = verbs.materials_balance(x, y, contents, retained, units="region", rts=rts)
    return _with_options(result, contents=dict(inputs[1]), retained=dict(outputs[1]))


def _amounts(side: Side) -> list[float]:
    """Return the material in a unit of each good of a side."""
    goods, amounts = side
    return [_number(name, amounts.get(name, 0.0)) for name in goods]


def notes_of_flows(flow: Mapping[str, str]) -> tuple[Text, ...]:
    """Return which column flows where."""
    outside = words.studies.note_outside()
    flows = []
    for column, way in flow.items():
        ends = [same(end) if end else outside for end in _ends(way)]
        flows.append(words.studies.note_flow(column=column, start=ends[0], end=ends[-1]))
    return (words.studies.note_flows(flows=flows),)


def notes_of_goods(contents: Mapping[str, float], retained: Mapping[str, float]) -> tuple[Text, ...]:
    """Return what goods contain."""
    notes = []
    parts: Mapping[Literal["contents", "retained"], Mapping[str, float]] = {"contents": contents, "retained": retained}
    for part, values in parts.items():
        if values:
            goods = [f"{name} {_number(name, value):g}" for name, value in values.items()]
            notes.append(words.studies.note_of(part, goods=goods))
    return tuple(notes)


def above_zero(frame: pl.DataFrame, columns: tuple[str, ...], by: str) -> None:
    """Refuse a figure that is not above zero, which the method divides by."""
    for name in columns:
        low = frame.filter(frame[name] <= 0)
        if low.height:
            values = {"column": name, "unit": low["region"][0], "figure": f"{low[name][0]:g}", "n": low.height}
            timed = frame["year"].n_unique() > 1
            raise InputError("studies.not-above-zero", by=by, year=str(low["year"][0]) if timed else "", **values)


def _with_options(result: Inside, **more: object) -> Inside:
    """Return a result with what was said by the names of columns among the options it was made with."""
    options = {**result.provenance.options, **more}
    return replace(result, provenance=replace(result.provenance, options=options))


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise UsageError("studies.content", column=name, given=str(value))
    return float(value)

"""What the frontier says of the inside of units: networks of divisions, periods that carry over, and materials."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

import polars as pl

import xinzhi.frontier as verbs
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.quarters import label
from xinzhi.core.text import Text, same, words
from xinzhi.frontier import Labels
from xinzhi.risks import read_calendar

Made = TypeVar("Made", verbs.Staged, verbs.MaterialsBalance)
PAIR = 2  # ends of a flow
Wish: TypeAlias = Any  # `FrontierOptions`, whose module imports this one
KINDS = ("good", "bad", "free", "fixed")
INSIDE = {"flow": "network", "carry": "dynamic", "contents": "materials"}  # the options, and what they ask for
SHARED = {
    *INSIDE,
    "inputs",
    "outputs",
    "rts",
    "orientation",
    "year",
    "years",
    "link",
    "retained",
    "unit",
    "period",
    "region",
    "protocol",
    "encoding",
    "seed",
    "jobs",
}


def inside_clashes(wish: Wish) -> list[tuple[bool, UsageError]]:
    """Return what does not go together, each with its error."""
    asked = [name for name in INSIDE if getattr(wish, name)]
    empty = type(wish)()
    others = [name for name in wish.__dataclass_fields__ if name not in SHARED]
    alone = all(getattr(wish, name) == getattr(empty, name) for name in others) and len(asked) == 1
    goods = bool(wish.flow) and bool(wish.inputs or wish.outputs)
    turned = bool(wish.contents) and wish.orientation is not None
    bound = (wish.link is not None and not wish.flow) or (bool(wish.retained) and not wish.contents)
    odd = next(((name, kind) for name, kind in wish.carry.items() if kind not in KINDS), ("", ""))
    known = {"contents": wish.inputs, "retained": wish.outputs}
    strange = {part: [name for name in getattr(wish, part) if name not in goods] for part, goods in known.items()}
    lost = next(((option, names) for option, names in strange.items() if names), ("contents", []))
    return [
        (bool(asked) and (not alone or goods or turned), UsageError("studies.inside-alone")),
        (bound, UsageError("studies.inside-of")),
        (bool(odd[0]), UsageError("studies.carry", column=odd[0], given=odd[1], known=list(KINDS))),
        (bool(lost[1]), UsageError("studies.content-of", option=lost[0], unknown=lost[1], known=list(known[lost[0]]))),
    ]


def network(frame: pl.DataFrame, wish: Wish) -> verbs.Staged:
    """Return the efficiency of units that are networks."""
    sides: dict[str, tuple[list[str], list[str]]] = {}
    links: dict[tuple[str, str], list[str]] = {}
    for column, way in wish.flow.items():
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
    above_zero(frame, tuple(wish.flow), "--flow")
    keyed = {
        name: tuple(frame.select("region", *goods) if goods else None for goods in both) for name, both in sides.items()
    }
    tied = {pair: frame.select("region", *goods) for pair, goods in links.items()}
    made = verbs.network_efficiency(keyed, tied, units="region", **_made(wish, "link"))  # type: ignore[arg-type] # pairs
    return _traced(made, flow=dict(wish.flow))


def _ends(way: object) -> list[str]:
    """Return from where and to where a flow goes."""
    return [part.strip() for part in str(way).replace("／", "/").split("/")]


def dynamic(frame: pl.DataFrame, labels: Labels, wish: Wish) -> tuple[verbs.Staged, Labels]:
    """Return the efficiency of units over all periods, and labels that name those left out for want of one."""
    terms = frame["year"].n_unique()
    if gaps := _gaps(frame["year"].unique().sort()):
        labels = replace(labels, notes=(*labels.notes, words("studies.note.periods-apart", gaps=gaps)))
    whole = frame.filter(pl.len().over("region") == terms)
    lost = frame["region"].unique().sort().filter(~frame["region"].unique().sort().is_in(whole["region"].implode()))
    if whole.height and len(lost):
        names = [labels.names.region(code) for code in lost]
        labels = replace(labels, notes=(*labels.notes, words("studies.note.part-of-span", n=len(lost), names=names)))
        frame = whole
    above_zero(frame, (*wish.inputs, *wish.outputs, *wish.carry), "--carry")
    carried: dict[str, Any] = {kind: [] for kind in KINDS}
    for column, kind in wish.carry.items():
        carried[kind].append(column)
    made = {**carried, **_made(wish)}
    return verbs.dynamic_efficiency(frame, "region", "year", wish.inputs, wish.outputs, **made), labels


def _gaps(periods: pl.Series) -> list[str]:
    """Return which periods that hand on to each other are no neighbours; refuse text whose order is not plain."""
    try:
        at = read_calendar(periods).ordinal.tolist()
    except InputError:
        parts = periods.cast(pl.String).str.extract_groups(r"^(\D*)(\d+)(\D*)$").struct.unnest()
        if parts.select(pl.col("1", "3"), pl.col("2").str.len_chars()).n_unique() > 1 or parts["2"].has_nulls():
            raise UsageError("studies.period-order", known=[same(str(one)) for one in periods]) from None
        at = parts["2"].cast(pl.Int64).to_list()
    shown = [str(label(one)) if isinstance(one, int) else str(one) for one in periods]
    return [f"{shown[i]}→{shown[i + 1]}" for i in range(len(at) - 1) if at[i + 1] - at[i] > 1]


def materials(frame: pl.DataFrame, wish: Wish) -> verbs.MaterialsBalance:
    """Return environmental efficiency by the materials balance."""
    x, y = (frame.select("region", *goods) for goods in (wish.inputs, wish.outputs))
    sides = ((wish.inputs, wish.contents), (wish.outputs, wish.retained))
    holds, keeps = ([_number(name, held.get(name, 0.0)) for name in goods] for goods, held in sides)
    made = verbs.materials_balance(x, y, holds, keeps, units="region", rts=wish.rts or "vrs")
    return _traced(made, contents=dict(wish.contents), retained=dict(wish.retained))


def inside_notes(wish: Wish) -> tuple[Text, ...]:
    """Return what was said of the inside of units: which column flows where, and what goods contain."""
    outside = words("studies.note.outside")
    flows = []
    for column, way in wish.flow.items():
        ends = [same(end) if end else outside for end in _ends(way)]
        flows.append(words("studies.note.flow", column=column, start=ends[0], end=ends[-1]))
    found = [words("studies.note.flows", flows=flows)] if flows else []
    for part in ("contents", "retained"):
        if held := getattr(wish, part):
            goods = [f"{name} {_number(name, value):g}" for name, value in held.items()]
            found.append(words(f"studies.note.{part}", goods=goods))
    return tuple(found)


def above_zero(frame: pl.DataFrame, columns: tuple[str, ...], by: str) -> None:
    """Refuse a figure that is not above zero, which the method divides by."""
    for name in columns:
        low = frame.filter(frame[name] <= 0)
        if low.height:
            said = {"column": name, "unit": low["region"][0], "figure": f"{low[name][0]:g}", "n": low.height}
            timed = frame["year"].n_unique() > 1
            raise InputError("studies.not-above-zero", by=by, year=str(low["year"][0]) if timed else "", **said)


def _traced(made: Made, **said: object) -> Made:
    """Return a result with what was said by the names of columns among the options it was made with."""
    options = {**made.provenance.options, **said}
    return replace(made, provenance=replace(made.provenance, options=options))


def _made(wish: Wish, *more: str) -> dict[str, Any]:
    """Return the choices that were made; the verb has its own for the others."""
    return {name: getattr(wish, name) for name in ("rts", "orientation", *more) if getattr(wish, name) is not None}


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise UsageError("studies.content", column=name, given=str(value))
    return float(value)

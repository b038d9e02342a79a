"""What the frontier says of the inside of units: networks of divisions, periods that carry over, and materials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import polars as pl

import xinzhi.frontier as verbs
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.quarters import label
from xinzhi.core.text import same, words
from xinzhi.frontier import Labels
from xinzhi.risks import read_calendar

Wish: TypeAlias = Any  # `FrontierOptions`, whose module imports this one
KINDS = ("good", "bad", "free", "fixed")
INSIDE = {"flow": "network", "carry": "dynamic", "contents": "materials"}  # the options, and what they ask for
SHARED = {*INSIDE, "inputs", "outputs", "rts", "orientation", "year", "years", "link", "retained", "unit", "period",
          "region", "protocol", "encoding", "seed", "jobs"}  # fmt: skip


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
    strange = {
        f"--{part}": [name for name in getattr(wish, part) if name not in goods] for part, goods in known.items()
    }
    lost = next(((option, names) for option, names in strange.items() if names), ("", []))
    return [
        (bool(asked) and (not alone or goods or turned), UsageError("studies.inside-alone")),
        (bound, UsageError("studies.inside-of")),
        (bool(odd[0]), UsageError("studies.carry", column=odd[0], given=odd[1], known=list(KINDS))),
        (bool(lost[1]), UsageError("frontier.not-a-good", option=lost[0], unknown=lost[1])),
    ]


def network(frame: pl.DataFrame, wish: Wish) -> verbs.Staged:
    """Return the efficiency of units that are networks."""
    sides: dict[str, tuple[list[str], list[str]]] = {}
    links: dict[tuple[str, str], list[str]] = {}
    for column, way in wish.flow.items():
        start, slash, end = (part.strip() for part in str(way).replace("／", "/").partition("/"))
        if not slash or start == end or "/" in end:
            raise UsageError("studies.flow", column=column, given=way)
        for name in filter(None, (start, end)):
            sides.setdefault(name, ([], []))
        if start and end:
            links.setdefault((start, end), []).append(column)
        else:
            sides[start or end][bool(start)].append(column)
    keyed = {name: tuple(_columns(frame, goods) for goods in both) for name, both in sides.items()}
    tied = {pair: frame.select("region", *goods) for pair, goods in links.items()}
    return verbs.network_efficiency(keyed, tied, units="region", **_made(wish, "link"))  # type: ignore[arg-type] # pairs


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
    return verbs.materials_balance(x, y, holds, keeps, units="region", rts=wish.rts or "vrs")


def _made(wish: Wish, *more: str) -> dict[str, Any]:
    """Return the choices that were made; the verb has its own for the others."""
    return {name: getattr(wish, name) for name in ("rts", "orientation", *more) if getattr(wish, name) is not None}


def _columns(frame: pl.DataFrame, goods: list[str]) -> pl.DataFrame | None:
    return frame.select("region", *goods) if goods else None


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError("studies.content", column=name, given=value)
    return float(value)

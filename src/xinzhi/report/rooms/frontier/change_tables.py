"""The tables of a productivity change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import same, words
from xinzhi.report.rooms.frontier.names import column, good, rts_text
from xinzhi.report.tables import Column, Table

if TYPE_CHECKING:
    from xinzhi.report.rooms.frontier.change_facts import Chain, Facts

_STATUS = re.compile(
    r"^(?P<verdict>\w+): (?:unit of (?P<unit>\S+)|inputs of (?P<x>\S+) with outputs of (?P<y>\S+)) "
    r"against the (?P<rts>\w+) technology of (?P<name>.+)$"
)


def _columns(facts: Facts, unit: Text) -> list[Column]:
    """Return the columns of index and parts."""
    return [
        Column(title=facts.index, kind="percent", unit=unit),
        *(Column(title=facts.part(name), kind="percent", unit=unit) for name in facts.result.parts),
    ]


def by_unit(facts: Facts) -> Table:
    """Return the mean change of every unit, highest first, with the number of pairs behind it."""
    names = ["index", *facts.result.parts]
    grouped = bool(facts.names.labels.groups)
    rows = [
        (
            facts.names.name(row["unit"]),
            *((facts.names.group(row["unit"]),) if grouped else ()),
            row["pairs"],
            *(row[name] for name in names),
        )
        for row in facts.units.rows(named=True)
    ]
    head = [column("unit", "name"), *([column("group", "name")] if grouped else []), column("pairs", "integer")]
    return Table(
        key="frontier_units",
        title=words("frontier.table.units"),
        columns=(*head, *_columns(facts, facts.unit)),
        rows=rows,
    )


def by_period(facts: Facts) -> Table:
    """Return the mean change by period."""
    names = ["index", *facts.result.parts]
    return Table(
        key="frontier_periods",
        title=words("frontier.table.periods"),
        columns=(column("period", "code"), column("pairs", "integer"), *_columns(facts, facts.mean_unit)),
        rows=[(str(period), *rest) for period, *rest in facts.periods.select("period", "pairs", *names).rows()],
    )


def cumulated(facts: Facts, chains: dict[Text, Chain]) -> Table:
    """Return the chained index, a column for each line."""
    periods = sorted({period for chain in chains.values() for period, _ in chain})
    known = [dict(chain) for chain in chains.values()]
    return Table(
        key="frontier_cumulated",
        title=words("frontier.table.cumulated"),
        columns=(
            column("period", "code"),
            *(Column(title=name, kind="quantity", unit=facts.chain_unit) for name in chains),
        ),
        rows=[(str(period), *(chain.get(period) for chain in known)) for period in periods],
    )


def intervals(facts: Facts) -> Table:
    """Return the index of every unit and period with its bootstrap interval, as a ratio."""
    frame = facts.result.frame.select("unit", "period", "index", "index_lower", "index_upper", "index_error")
    return Table(
        key="frontier_intervals",
        title=words("frontier.table.intervals", level=facts.level),
        columns=(
            column("unit", "name"),
            column("period", "code"),
            Column(title=facts.index, kind="score"),
            column("lower", "score"),
            column("upper", "score"),
            column("error", "score"),
        ),
        rows=[(facts.names.name(unit), str(period), *rest) for unit, period, *rest in frame.rows()],
    )


def unsolved(facts: Facts) -> Table | None:
    """Return the changes that lack a solution, each with the programme that has none."""
    rows = facts.result.frame.filter(pl.col("status") != "optimal").select("unit", "period", "status").rows()
    if not rows:
        return None
    return Table(
        key="frontier_unsolved",
        title=words("frontier.table.unsolved"),
        columns=(column("unit", "name"), column("period", "code"), column("reason", "name")),
        rows=[(facts.names.name(unit), str(period), _reasons(status)) for unit, period, status in rows],
        notes=(words("frontier.note.unsolved"),),
    )


def _reasons(status: str) -> Text:
    """Return which programmes have no solution, in words."""
    said = [_reason(part) for part in status.split("; ")]
    return Text(zh="；".join(one.zh for one in said), en="; ".join(one.en for one in said))


def _reason(status: str) -> Text:
    found = _STATUS.match(status)
    if found is None:
        return same(status)
    name, _, group = found["name"].partition(" of ")
    values: dict[str, Any] = {"rts": rts_text(found["rts"]), "name": name if not group else f"{name} ({group})"}
    verdict = words(f"frontier.status.{found['verdict']}_short")
    if found["unit"]:
        return words("frontier.answer.against", verdict=verdict, period=found["unit"], **values)
    return words("frontier.answer.mixed", verdict=verdict, x=found["x"], y=found["y"], **values)


def left_out(facts: Facts) -> Table | None:
    """Return the observations that follow a gap, so that no change ends with them."""
    frame = facts.result.left_out
    if not frame.height:
        return None
    return Table(
        key="frontier_left_out",
        title=words("frontier.table.left_out"),
        columns=(column("unit", "name"), column("period", "code"), column("reason", "text")),
        rows=[(facts.names.name(unit), str(period), reason) for unit, period, reason in frame.rows()],
    )


def weights(facts: Facts) -> Table | None:
    """Return the shadow prices of a Färe-Primont or Lowe index."""
    frame = facts.result.weights
    if frame is None:
        return None
    return Table(
        key="frontier_weights",
        title=words("frontier.table.weights"),
        columns=(
            column("good", "name"),
            column("role", "name"),
            column("weight", "figure"),
            column("lowest", "figure"),
            column("highest", "figure"),
        ),
        rows=[
            (good(row["good"]), words(f"frontier.chart.{row['role']}"), row["weight"], row["lowest"], row["highest"])
            for row in frame.iter_rows(named=True)
        ],
    )

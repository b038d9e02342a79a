"""The tables of the wave beside its pictures: what each category starts from, what was left out, what was assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text
from xinzhi.report.catalogue import has, listing, same, words
from xinzhi.report.rooms.risks.capacity_names import column, known, times
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.report.rooms.risks.herd_facts import Wave

GIVEN = "given in the call"


def categories(wave: Wave) -> tuple[Table, ...]:
    """Return what each category starts from, and what would keep its utilisation."""
    columns = (
        column("category", "name"), column("regions", "integer"), column("divisions", "text"), column("survey", "text"),
        column("start", "percent"), column("growth", "percent"), column("entrant_size", "percent"),
        column("capacity_added", "percent"), column("offsetting_spillover", "score"),
    )  # fmt: skip
    cells = [
        (wave.names[r["category"]], r["regions"], (r["divisions"] or "").replace(";", ", "), wave.survey(r["category"]),
         times(r["base_utilisation"]), times(r["growth"]), times(r["entrant_size"]), times(r["capacity_added"]),
         r["offsetting_spillover"])
        for r in wave.rows.sort("regions", "category", descending=[True, False]).iter_rows(named=True)
    ]  # fmt: skip
    title = words("overcapacity.table.categories")
    return (Table(key="herd_categories", title=title, columns=columns, rows=cells),) if cells else ()


def left_out(wave: Wave) -> tuple[Table, ...]:
    """Return the categories that cannot be computed, and why."""
    columns = (column("category", "name"), column("regions", "integer"), column("reason", "text"))
    cells = [
        (wave.names[r["category"]], r["regions"], wave.reasons[r["category"]])
        for r in wave.left.sort("regions", "category", descending=[True, False]).iter_rows(named=True)
    ]
    title = words("overcapacity.table.left_out")
    return (Table(key="herd_left_out", title=title, columns=columns, rows=cells),) if cells else ()


def assumed(wave: Wave) -> tuple[Table, ...]:
    """Return everything that was assumed, its value, and where it comes from."""
    columns = (column("assumption", "name"), column("value_of", "text"), column("why", "text"), column("key", "code"))
    cells = [
        (known("series", f"assumed_{name}"), _value(wave.options.get(name, value)), _why(name, reference), name)
        for name, value, reference in wave.result.assumptions.select("name", "value", "reference").iter_rows()
    ]
    title = words("overcapacity.table.assumptions")
    return (Table(key="herd_assumptions", title=title, columns=columns, rows=cells),)


def _why(name: str, reference: str) -> Text:
    if reference == GIVEN:
        return words("overcapacity.note.given_in_call")
    key = f"overcapacity.note.assumed_{name}"
    return words(key, reference=reference) if has(key) else same(reference)


def _value(value: Any) -> Text:  # noqa: ANN401 - an assumption of any kind
    """Write the value of an assumption."""
    if isinstance(value, Mapping):
        return listing(
            [
                Text(
                    zh=f"{known('chart', f'demand_{one}').zh} {factor:g}",
                    en=f"{known('chart', f'demand_{one}').en} {factor:g}",
                )
                for one, factor in value.items()
            ]
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return same(", ".join(f"{one:g}" for one in value))
    return (
        known("chart", f"rule_{value}")
        if isinstance(value, str) and has(f"overcapacity.chart.rule_{value}")
        else same(value if isinstance(value, str) else f"{value:g}")
    )

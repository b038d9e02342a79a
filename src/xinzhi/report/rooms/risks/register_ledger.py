"""One region's own figures against the thresholds, each rule on its own scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import words
from xinzhi.report.charts import kit
from xinzhi.report.rooms.risks.register_words import (
    NOT_CHECKED,
    SIGNS,
    column,
    figure,
    pitfall,
    reason,
    rule,
    rule_with_edge,
    severity,
    status,
)
from xinzhi.report.section import Picture
from xinzhi.report.tables import Table
from xinzhi.risks.register.rules import SEVERITIES, rules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from xinzhi.report.rooms.risks.register_words import Names
    from xinzhi.risks import Register

MOST = 50  # items of a picture
CELL = 58
_GRAVITY = {name: place for place, name in enumerate(SEVERITIES, start=1)}


def ledger(result: Register, names: Names, region: str) -> Picture | None:
    """Return what was held against which threshold in one region, item by item; None where nothing was."""
    flagged = result.frame.select("region", "item", "rule", "severity")
    checks = result.checks.filter(region=region).join(flagged, on=["region", "item", "rule"], how="left")
    if not checks.height:
        return None
    worst = pl.col("severity").replace_strict(_GRAVITY, default=0, return_dtype=pl.Int64).max()
    order = (
        checks.group_by("kind", "item")
        .agg(worst=worst, flags=pl.col("severity").count())
        .with_columns(own=pl.col("kind") == "region")
        .sort("own", "worst", "flags", "kind", "item", descending=[True, True, True, False, False])
        .select("kind", "item")
        .rows()
    )
    asked = {name: float(rows["threshold"][0]) for name in rules() if (rows := checks.filter(rule=name)).height}
    found = {(r["kind"], r["item"], r["rule"]): r for r in checks.iter_rows(named=True)}
    cells = [
        {"row": names.narrow[kind, item], "column": rule_with_edge(name, edge), **_cell(found.get((kind, item, name)))}
        for kind, item in order[:MOST]
        for name, edge in asked.items()
    ]
    counted = checks.filter(pl.col("status") != "not checked").height
    called = names.region(region)
    return Picture(
        kind="ledger",
        title=words("register.title.ledger", name=called),
        headline=words(
            "register.headline.ledger", name=called, n=counted, k=checks.filter(status="flagged").height,
            a=checks.filter(severity="alert").height, d=checks.height - counted,
        ),
        draw=lambda w: kit.matrix(w, cells, title=words("register.chart.severity"), domain=(0.0, 3.0), cell=CELL),
        how=words("register.how.ledger"),
        unit=words("register.unit_of.own"),
        twin=_twin(names, called, [found[one] for one in _places(order, asked) if one in found]),
    )  # fmt: skip


def _places(order: list[tuple[str, str]], asked: Mapping[str, float]) -> list[tuple[str, str, str]]:
    return [(kind, item, name) for kind, item in order for name in asked]


def _cell(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the shade and the words of a cell; neither where the rule does not apply."""
    if row is None:
        return {"value": None}
    if row["status"] == "not checked":
        return {"value": None, "mark": Text(zh=NOT_CHECKED, en=NOT_CHECKED)}
    settled = words("register.chart.there" if row["kind"] == "category" else "register.chart.no")
    said = figure(row["rule"], row["value"], row["threshold"]) or settled
    sign = SIGNS.get(row["severity"], "")
    return {
        "value": float(_GRAVITY.get(row["severity"], 0)),
        "mark": Text(zh=f"{said.zh}{sign}", en=f"{said.en}{sign}"),
    }


def _twin(names: Names, called: Text, found: list[Mapping[str, Any]]) -> Table:
    rows = [
        (
            names.item(r["kind"], r["item"]), pitfall(r["pitfall"]), rule(r["rule"]), status(r["status"]),
            severity(r["severity"]), figure(r["rule"], r["value"], r["threshold"]), figure(r["rule"], r["threshold"]),
            reason(r),
        )
        for r in found
    ]  # fmt: skip
    columns = (
        column("item", "name"), column("pitfall", "text"), column("rule", "text"), column("status", "text"),
        column("severity", "text"), column("figure", "text"), column("threshold", "text"), column("why", "text"),
    )  # fmt: skip
    title = words("register.table.ledger", name=called)
    return Table(key="register_ledger", title=title, columns=columns, rows=rows)

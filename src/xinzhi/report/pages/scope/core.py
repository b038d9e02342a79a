"""The page of `digital_core`: value added of the digital core as a share of the nation's, by year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import polars as pl

from xinzhi.core.text import sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Column, Table, column, table
from xinzhi.scope import DigitalCore


def core(result: DigitalCore, *, region: str | None = None) -> Section:
    """Return how large the digital core is; a result is of one economy."""
    del region
    answer, notes = (
        sentences({key: values for key, values in result.facts().items() if key.startswith(shelf)}, "scope")
        for shelf in ("answer.", "note.")
    )
    return Section.of("scope.core", [core_share(result)], [], anchor="scope-core", answer=answer, notes=tuple(notes))


def core_share(result: DigitalCore) -> Picture:
    """Return the share of the core and of its activities over the years."""
    rows = [
        {"group": words("scope.label.core"), "year": year, "value": 100 * share}
        for year, share in result.by_year.select("year", "share").rows()
    ]
    rows += [
        {"group": result.activity(name), "year": year, "value": 100 * share}
        for name, year, share in result.frame.select("activity", "year", "share").rows()
    ]
    facts = cast("Mapping[str, object]", result.facts()["answer.core"])
    return picture(
        "scope.core", kit.lines, rows, _table(result), facts, y=words("scope.unit_of.value_added"), decimals=1,
        strong=[words("scope.label.core")],
    )  # fmt: skip


def _table(result: DigitalCore) -> Table:
    """Return value added and share by year and activity, the sum of the activities last in every year."""
    whole = result.by_year.with_columns(activity=pl.lit("core")).select(result.frame.columns)
    frame = pl.concat([result.frame, whole]).sort("year", maintain_order=True)
    names = {
        "activity": lambda name: words("scope.label.core") if name == "core" else result.activity(name),
    }
    columns: list[str | Column] = ["year", column("scope.industry", "name", of="activity"), "value_added", "share"]
    return table("scope_core", frame, columns, result, names=names, title=words("scope.table.scope_core"))

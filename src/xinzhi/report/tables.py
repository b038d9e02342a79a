"""Old home of `xinzhi.report.table`: gone when no page imports it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.schema import describe, described
from xinzhi.core.text import words
from xinzhi.report.pages.yardstick.parameters import findings
from xinzhi.report.table import NO_UNIT, NUMERIC, Column, Kind, Table, without_notes

if TYPE_CHECKING:
    from xinzhi.core.text import Text

__all__ = ["NO_UNIT", "NUMERIC", "Column", "Kind", "Table", "column", "findings", "without_notes"]


def column(name: str, *, unit: Text | None = None, kind: Kind | None = None) -> Column:
    """Return a column of a measurement, with a kind and a unit of its own where they are given."""
    if described("measure", name):
        known = describe("measure", name)
        return Column(name=name, title=known.title, kind=kind or known.kind, unit=unit or known.unit)
    return Column(name=name, title=words(f"column.{name}"), kind=kind or "text", unit=unit or NO_UNIT)

"""What a minister and an analyst see.

The claim
    A number that nobody can read, trace or print settles no dispute.
The question
    What do the figures say, how far do official ones carry, and by which yardstick?
The verbs
    `plot` draws a result, `write` puts it into a file (csv, parquet, xlsx, dta), `write_assessment` writes the whole
    assessment (page, workbook, tables), `write_audit` that of an audit, `write_room` that of a room of the essay,
    `write_marked` the checked tables with their bad cells coloured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

if TYPE_CHECKING:
    from xinzhi.report.assess import write_assessment
    from xinzhi.report.audit import write_audit
    from xinzhi.report.charts import plot
    from xinzhi.report.marked import write_marked
    from xinzhi.report.rooms.writing import write_room
    from xinzhi.report.writing import write

_HOMES = {
    "plot": ".charts",
    "write": ".writing",
    "write_assessment": ".assess",
    "write_audit": ".audit",
    "write_marked": ".marked",
    "write_room": ".rooms.writing",
}

__all__ = ["plot", "write", "write_assessment", "write_audit", "write_marked", "write_room"]

__getattr__, __dir__ = lazy(__name__, _HOMES)

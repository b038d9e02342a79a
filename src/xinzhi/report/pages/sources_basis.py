"""Tables of what a decomposition rests on: what could be computed, what is left out, assumed, and does not add up."""

from __future__ import annotations

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.text import Text, listing
from xinzhi.report.table import Column, Table, column, table
from xinzhi.sources import Sources, lacking
from xinzhi.yardstick.internal import View

NAMES = 6  # in one cell


def coverage(result: Sources) -> Table:
    """Return what could be computed, and why the rest could not."""
    frame = result.coverage
    values = {name: words.sources.quantity_of(name) for name in frame["quantity"]}
    quantity = Column(name="quantity", title=words.sources.column_quantity(), values=values)
    return table("sources_coverage", frame, [quantity, "status", {"reason": "name"}], result)


def omitted(result: Sources, view: View) -> Table | None:
    """Return the region-years without a decomposition, one row a reason; None when there are none."""
    if not result.omitted.height:
        return None
    regions: dict[tuple[Text, str], list[str]] = {}
    for code, missing, years in result.omitted_years.iter_rows():
        regions.setdefault((flags.year_ranges(years), missing), []).append(code)
    n = len(view.codes)
    everyone = words.shared.label_all_regions(n=n)
    rows = [
        (
            years,
            everyone if len(codes) == n > 1 else listing([view.name(code) for code in codes], NAMES),
            lacking(missing, result.names),
        )
        for (years, missing), codes in regions.items()
    ]
    columns = (column("years", "code"), column("regions", "name"), column("missing", "name"))
    return Table(key="sources_omitted", title=words.sources.table_omitted(), columns=columns, rows=rows)


def assumptions(result: Sources) -> Table:
    """Return what the decomposition assumes beyond the protocol, and what of it departs from the file."""
    columns = [{"assumption": "code"}, column("value", "value"), {"departs": "flag"}, column("description", "value")]
    return table("sources_assumptions", result.assumptions_in_short, columns, result)


def findings(result: Sources, view: View) -> Table | None:
    """Return what does not add up in the figures; None when all does."""
    findings = result.findings
    if not findings:
        return None
    places = [(finding.key or "").partition("/") for finding in findings]
    rows = [(view.name(code), year, finding.message) for (code, _, year), finding in zip(places, findings, strict=True)]
    columns = (column("sources.region", "name"), column("sources.year", "code"), column("message", "name"))
    notes = tuple(dict.fromkeys(finding.hint for finding in findings))
    return Table(key="sources_findings", title=words.sources.table_findings(), columns=columns, rows=rows, notes=notes)

"""The main job: everything that an assessment hands over, written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.report.document import dump, rows, text
from xinzhi.report.files import whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.report.section import Section
    from xinzhi.report.view import View
    from xinzhi.yardstick import Measurement

NAMES = ("report.html", "assessment.xlsx", "growth.csv", "levels.csv", "assessment.json")


def write_assessment(
    measurement: Measurement,
    protocol: Protocol,
    package: Package,
    out_dir: Path,
    *,
    language: Language = "en",
    sections: Sequence[Section] = (),
) -> list[Path]:
    """Write the assessment of all regions: a page, a workbook, two tables and a document for machines.

    Parameters
    ----------
    measurement, protocol, package
        What was measured, by which yardstick, on which data.
    out_dir
        The folder; it is made when it is not there. Files of the same names are replaced, all at the end.
    language
        The language that the page opens in and that names the sheets of the workbook.
    sections
        What the rooms of the essay say of the same data; the page shows them in brief, the workbook their tables.

    Returns
    -------
    list of Path
        ``report.html``, ``assessment.xlsx``, ``growth.csv``, ``levels.csv``, ``assessment.json``.

    Raises
    ------
    UsageError
        When the folder cannot be written in.

    Notes
    -----
    The page and the workbook show growth in percent per year (100 times the log change); the two CSV files and the JSON
    document hold log points at full precision. The same inputs give the same files, byte for byte.

    Examples
    --------
    >>> import tempfile, pathlib, xinzhi, xinzhi.protocol
    >>> package, ours = xinzhi.load("china-provinces"), xinzhi.protocol.load("xinzhi-cn-2026")
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> [path.name for path in write_assessment(xinzhi.measure(package, ours), ours, package, folder)]
    ['report.html', 'assessment.xlsx', 'growth.csv', 'levels.csv', 'assessment.json']
    """
    from xinzhi.report.page import page
    from xinzhi.report.view import View
    from xinzhi.report.workbook import write_workbook
    from xinzhi.report.writing import write_csv

    view = View(measurement)
    units = input_units(protocol, package)
    with whole(out_dir, NAMES) as (report, workbook, growth, levels, document):
        report.write_text(
            page(view, protocol, package, units, language=language, sections=sections), encoding="utf-8", newline="\n"
        )
        write_workbook(view, protocol, package, units, workbook, language=language, sections=sections)
        write_csv(measurement.frame, growth)
        write_csv(measurement.levels, levels)
        document.write_text(dump(summary(view, protocol, package, sections)), encoding="utf-8", newline="\n")
    return [out_dir / name for name in NAMES]


def input_units(protocol: Protocol, package: Package) -> dict[str, str]:
    """Return the units of the levels behind the accounts, as far as the package's units tell.

    A capital stock built from investment is at the prices of the base year of the investment price index.
    """
    accounts = package.units.get("accounts", {})
    investment = package.units.get("investment", {})
    units = {"output": accounts.get("output_real"), "capital": accounts.get("capital")}
    if protocol.value("labour.unit") == "persons":
        units["labour"] = accounts.get("employment")
    price, nominal = investment.get("investment_price", ""), investment.get("investment_nominal")
    if units["capital"] is None and nominal and price.startswith("index ") and "=" in price:
        units["capital"] = f"{nominal} at {price.removeprefix('index ').partition('=')[0]} prices"
    return {name: unit for name, unit in units.items() if unit}


def summary(view: View, protocol: Protocol, package: Package, sections: Sequence[Section] = ()) -> dict[str, Any]:
    """Return the assessment as a JSON-ready dictionary: growth in log points per year, texts in both languages."""
    from xinzhi.report import answer
    from xinzhi.report.catalogue import paragraph

    result = view.measurement
    return {
        "answer": text(paragraph(answer.answer(view))),
        "reach": text(paragraph(answer.reach(view))),
        "leading_period": [view.lead.start, view.lead.end],
        "unit": "log points per year",
        "provenance": result.provenance.to_dict(),
        "protocol": {
            "id": protocol.id,
            "version": protocol.version,
            "status": protocol.status,
            "title": text(protocol.title),
            "fingerprint": protocol.fingerprint,
        },
        "package": {"name": package.name, "version": package.version, "title": text(package.title)},
        "identity_gap": result.identity_gap,
        "findings": [finding.to_dict() for finding in package.findings],
        "coverage": rows(result.coverage),
        "omitted": rows(result.omitted),
        "regions": rows(result.regions),
        "periods": rows(result.periods),
        "national_periods": rows(result.national_periods),
        "group_periods": rows(result.group_periods),
        "rooms": {
            one.key: {"answer": text(paragraph(one.answer)), "notes": [text(note) for note in one.notes]}
            for one in sections
        },
    }

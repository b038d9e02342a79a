"""Breaks as findings, for whoever checks a package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.yardstick.breaks.result import cause_of, percent, title_of
from xinzhi.yardstick.breaks.rules import rules, words
from xinzhi.yardstick.breaks.verb import breaks
from xinzhi.yardstick.panel import TOTAL_ASSET

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xinzhi.core.finding import Severity
    from xinzhi.data import Package
    from xinzhi.yardstick.breaks.rules import SeriesRule

RULE = "series-break"


def break_findings(package: Package | str | Path | Mapping[str, object]) -> list[Finding]:
    """Return every break as a finding of the rule ``series-break``.

    A break without a known cause that the package does not mark itself is a warning, any other a note.

    Parameters
    ----------
    package
        A loaded package, or anything that `xinzhi.load` takes.

    Raises
    ------
    InputError
        When the package has no accounts without errors, or none of the series that are judged.

    Examples
    --------
    >>> found = break_findings("china-provinces")
    >>> next(one.severity for one in found if one.key == "120000/2007" and one.column == "employment")
    'note'
    """
    from xinzhi.data import Package, load

    data = package if isinstance(package, Package) else load(package)
    places = {rule.name: rule for rule in rules().series}
    return [_finding(data, row, places[row["series"]]) for row in breaks(data).frame.iter_rows(named=True)]


def _key(data: Package, row: Mapping[str, Any], table: str) -> dict[str, Any]:
    """Return the key of the row; of assets that were added up, none is named."""
    frame = data.tables[table]
    assets = frame["asset"].unique().to_list() if "asset" in frame.columns else []
    asset = {"asset": TOTAL_ASSET} if assets == [TOTAL_ASSET] else {}
    return {"region": row["region"], **asset, "year": row["year"]}


def _finding(data: Package, row: Mapping[str, Any], place: SeriesRule) -> Finding:
    move, expected = percent(row["move"]), percent(row["expected"])
    title, census = title_of(row["series"]), row["census"]
    cause = Text(zh="", en="") if census is None else cause_of(census)
    filled = {"move": move, "expected": expected, "score": abs(row["score"]), "pair": row["pair"]}
    message = words("finding", row["kind"])
    hint = words("finding", "explained" if census else "marked" if row["marked"] else "unexplained")
    severity: Severity = "note" if census or row["marked"] else "warning"
    key = _key(data, row, place.table)
    file, line = data.place(place.table, **key)
    return Finding(
        rule=RULE,
        severity=severity,
        message=Text(zh=message.zh.format(series=title.zh, **filled), en=message.en.format(series=title.en, **filled)),
        hint=Text(zh=hint.zh.format(census=cause.zh), en=hint.en.format(census=cause.en)),
        table=place.table,
        file=file,
        line=line,
        column=place.column,
        key="/".join(str(part) for part in key.values()),
        value=move,
        expected=expected,
    )

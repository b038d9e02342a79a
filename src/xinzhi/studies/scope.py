"""Scope: which industries count as new quality on a day, and who uses digital input; the eras of the five powers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi import data, words
from xinzhi import scope as verbs
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import by_commas, same
from xinzhi.data import internal
from xinzhi.studies.draft import SILENT, Draft
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import known_sheets, load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from xinzhi.core.arrays import AnyFrame
    from xinzhi.core.lazy import pl
    from xinzhi.core.text import Text
    from xinzhi.data import Package
    from xinzhi.scope import Scope
    from xinzhi.scope.internal import Dependence, DigitalCore
    from xinzhi.studies.draft import Progress, Study

INDUSTRY_TABLES = ("industry_accounts", "activity", "industries")
_PROVINCE = "[1-8][0-9]0000"  # by GB/T 2260
_KEYS = {"country": ("country", "entity", "region"), "year": ("year",)}  # what columns of energy tables are called


@on_server("as_of", "region")
@topic
def scope(
    source: AnyFrame = None,
    *,
    as_of: str | int | date | None = None,
    definition: tuple[str, ...] = (),
    standard: str | None = None,
    io: AnyFrame = None,
    digital: str | Iterable[str] | None = None,
    energy: AnyFrame = None,
    region: str | None = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study what counts as new quality among the industries of a package or a table.

    The source may be a table of industry codes, too, or None with `io` or `energy` alone. `as_of` is a day or a year,
    `definition` names lists of industries, `digital` the industries of the digital core in the table `io`.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.scope("china-provinces").results)
    ['core', 'dependence', 'scope']
    """
    if energy is not None:
        return _powers(energy, region, encoding)
    _check(source, io, digital, region)
    draft = Draft(name="scope", source=same(Path(str(io)).name))
    use, dependence = None, None
    if io is not None and digital is not None:
        progress.step("use")
        dependence = _dependence(io, digital, region, encoding)
        years = dependence.frame["year"]
        use = dependence.use(None if years.has_nulls() else int(str(years.max())))
    more: dict[str, object] = {}
    if source is not None:
        progress.step("lists")
        draft.package = _package(source, encoding)
        day = last_day(draft.package) if as_of is None else as_of
        judged, draft.source = _classify(source, draft.package, encoding, (day, definition, standard, use))
        core = _core(draft.package)
        if core is not None:
            dependence = dependence or verbs.dependence_of_china()
            draft.results |= {"core": core, "dependence": dependence}
        draft.results["scope"] = judged
        if draft.package is not None and as_of is None:
            draft.notes.append(words.scope.note_default_day())
        more |= _about_lists(judged)
    if dependence is not None:
        draft.results.setdefault("dependence", dependence)
        more |= {"by_year": dependence.by_year, "threshold": dependence.threshold, "rule": dependence.rule["id"]}
    return draft.done(**more)


def _about_lists(judged: Scope) -> dict[str, object]:
    """Return what is told beside the lists."""
    frames = {"totals": judged.totals, "overall": judged.overall, "lists": judged.lists}
    return {**frames, "absent": list(judged.absent), "findings": list(judged.findings)}


def _check(source: AnyFrame, io: AnyFrame, digital: object, region: str | None) -> None:
    """Refuse options that do not go together, or with the source."""
    if source is None and io is None:
        raise UsageError("studies.name-industries")
    if (io is None) != (digital is None):
        raise UsageError("studies.io-and-digital")
    if region is not None and io is None:
        raise UsageError("studies.region-of-io")


def last_day(package: Package | None) -> str:
    """Return the last day of the last accounts of a package."""
    table = None if package is None else package.tables.get("accounts")
    if table is None or not table.height:
        raise UsageError("studies.name-day")
    return f"{int(str(table['year'].max()))}-12-31"


def _dependence(io: AnyFrame, digital: str | Iterable[str], region: str | None, encoding: str | None) -> Dependence:
    """Return who uses digital input."""
    codes = by_commas(digital) if isinstance(digital, str) else list(digital)
    if not codes:
        raise UsageError("studies.no-digital")
    tables = verbs.read_input_output(io, encoding=encoding)
    single = tables.get(None)
    return verbs.digital_dependence(
        single if single is not None else {year: table for year, table in tables.items() if year is not None},
        digital="wiod-2013" if codes == ["wiod-2013"] else codes,
        region=region,
    )


def _core(package: Package | None) -> DigitalCore | None:
    """Return value added of the digital core; None where the package has no series of it, or is not of China."""
    if package is None:
        return None
    regions = package.tables["accounts"]["region"].unique() if "accounts" in package.tables else ()
    if "nation" not in package.tables or not all(re.fullmatch(_PROVINCE, code) for code in regions):
        return None
    try:
        return verbs.digital_core(package)
    except InputError:
        return None


def _classify(
    source: AnyFrame,
    package: Package | None,
    encoding: str | None,
    rules: tuple[str | int | date, tuple[str, ...], str | None, pl.DataFrame | None],
) -> tuple[Scope, Text]:
    """Return what counts among the industries of a package or a table on a day, and what was read."""
    day, definitions, standard, use = rules
    ways: dict[str, Any] = {
        "as_of": day,
        "definitions": list(definitions) or None,
        "standard": standard,
        "use": use,
    }
    if package is None:
        rows = internal.read_any(source, "industries", encoding=encoding)[0]
        name = Path(source).name if isinstance(source, (str, Path)) else "table"
        return verbs.classify(rows, **ways), same(name)
    result = verbs.classify_package(package, **ways)
    if result is None:
        present, tables = list(package.tables), list(INDUSTRY_TABLES)
        raise InputError("studies.no-industry-table", package=package.name, tables=tables, known=present)
    return result, package.title


def _package(source: AnyFrame, encoding: str | None) -> Package | None:
    """Return a data package; None for a single table."""
    if not isinstance(source, (str, Path)):
        return load(source, encoding) if data.is_package(source) else None
    path = Path(source)
    if str(source) in data.packages() or not path.is_file() or path.suffix.lower() in {".yaml", ".yml", ".json"}:
        return load(source, encoding)
    if path.suffix.lower() == ".xlsx" and known_sheets(path).intersection(INDUSTRY_TABLES):
        return load(source)
    return None


def _powers(energy: AnyFrame, region: str | None, encoding: str | None) -> Study:
    """Compare the eras of the five powers with shares of energy."""
    cells = internal.read_any(energy, "energy", encoding=encoding)[0].cells
    columns = {name.lower(): name for name in cells.columns}
    keys: dict[str, str] = {}
    for key, spellings in _KEYS.items():
        present = [columns[name] for name in spellings if name in columns]
        keys |= {key: present[-1]} if present else {}
    result = verbs.history(cells, **keys)
    countries = result.frame["country"].unique().sort().to_list()
    name = Path(energy).name if isinstance(energy, (str, Path)) else "table"
    if region is not None and region not in countries:
        raise UsageError("studies.no-country", country=region, table=name, known=countries)
    draft = Draft(name="scope", source=same(name), results={"history": result})
    return draft.done(region, changes=result.changes, eras=result.eras, findings=list(result.findings))

"""Scope: which industries count as new quality on a day, and who uses digital input; the eras of the five powers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi import scope as verbs
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text, by_commas, same, words
from xinzhi.data import Package, is_package, packages, read_any
from xinzhi.scope import Dependence, DigitalCore, Scope
from xinzhi.studies.study import SILENT, Asked, Draft, Progress, Study, options
from xinzhi.studies.tables import known_sheets, load

INDUSTRY_TABLES = ("industry_accounts", "activity", "industries")
_PROVINCE = "[1-8][0-9]0000"  # by GB/T 2260
_KEYS = {"country": ("country", "entity", "region"), "year": ("year",)}  # what columns of energy tables are called


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeOptions:
    """What can be asked of `scope`."""

    as_of: Any = None
    definition: tuple[str, ...] = ()
    standard: str | None = None
    io: Any = None
    digital: Any = None
    energy: Any = None
    region: str | None = None
    encoding: str | None = None

    def day(self, package: Package | None) -> Any:  # noqa: ANN401 - a date or a year
        """Return the day that was named; of a package by default the last day of its last accounts."""
        if self.as_of is not None:
            return self.as_of
        table = None if package is None else package.tables.get("accounts")
        if table is None or not table.height:
            raise UsageError("studies.name-day")
        return f"{int(str(table['year'].max()))}-12-31"

    def check(self, source: object) -> None:
        """Refuse options that do not go together, or with the source."""
        if source is None and self.io is None:
            raise UsageError("studies.name-industries")
        if (self.io is None) != (self.digital is None):
            raise UsageError("studies.io-and-digital")
        if self.region is not None and self.io is None:
            raise UsageError("studies.region-of-io")

    @property
    def definitions(self) -> list[str] | None:
        """The definitions that were named; None: those in force."""
        return list(self.definition) or None


def scope(source: AnyFrame = None, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study what counts as new quality among the industries of a package or a table.

    The source may be a table of industry codes, too, or None with `io` or `energy` alone. The options are the fields of
    `ScopeOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.scope("china-provinces").results)
    ['core', 'dependence', 'scope']
    """
    wish: ScopeOptions = options(ScopeOptions, asked)
    if wish.energy is not None:
        return _powers(wish)
    wish.check(source)
    draft = Draft(name="scope", source=same(Path(str(wish.io)).name))
    use, dependent = None, None
    if wish.io is not None:
        progress.step("use")
        dependent = _dependence(wish)
        years = dependent.frame["year"]
        use = dependent.use(None if years.has_nulls() else int(str(years.max())))
    if source is not None:
        progress.step("lists")
        judged, draft.source, draft.package = _judged(source, wish, use)
        core = None if draft.package is None else _core(draft.package)
        if core is not None:
            draft.results["core"] = core
            dependent = dependent or verbs.dependence_of_china()
            draft.results["dependence"] = dependent
        draft.results["scope"] = judged
        if draft.package is not None and wish.as_of is None:
            draft.notes.append(words("scope.note.default_day"))
    if dependent is not None:
        draft.results.setdefault("dependence", dependent)
    more: dict[str, Any] = {}
    if source is not None:
        more |= {name: getattr(judged, name) for name in ("totals", "overall", "lists")}
        more |= {"absent": list(judged.absent), "findings": list(judged.findings)}
    if dependent is not None:
        more |= {"by_year": dependent.by_year, "threshold": dependent.threshold, "rule": dependent.rule["id"]}
    return draft.done(**more)


def _dependence(wish: ScopeOptions) -> Dependence:
    """Return who uses digital input."""
    named = wish.digital
    codes = by_commas(named) if isinstance(named, str) else list(named)
    if not codes:
        raise UsageError("studies.no-digital")
    tables = verbs.read_input_output(wish.io, encoding=wish.encoding)
    single = tables.get(None)
    return verbs.digital_dependence(
        single if single is not None else {year: one for year, one in tables.items() if year is not None},
        digital=named if codes == ["wiod-2013"] else codes,
        region=wish.region,
    )


def _core(package: Package) -> DigitalCore | None:
    """Return value added of the digital core; None where the package has no series of it, or is not of China."""
    regions = package.tables["accounts"]["region"].unique() if "accounts" in package.tables else ()
    if "nation" not in package.tables or not all(re.fullmatch(_PROVINCE, code) for code in regions):
        return None
    try:
        return verbs.digital_core(package)
    except InputError:
        return None


def _judged(source: AnyFrame, wish: ScopeOptions, use: pl.DataFrame | None) -> tuple[Scope, Text, Package | None]:
    """Return what counts among the industries of a table or of a data package, and what was read."""
    package = _package(source, wish.encoding)
    ways: dict[str, Any] = {
        "as_of": wish.day(package),
        "definitions": wish.definitions,
        "standard": wish.standard,
        "use": use,
    }
    if package is None:
        rows = read_any(source, "industries", encoding=wish.encoding)[0]
        name = Path(source).name if isinstance(source, (str, Path)) else "table"
        return verbs.classify(rows, **ways), same(name), None
    found = verbs.classify_package(package, **ways)
    if found is None:
        raise InputError(
            "studies.no-industry-table",
            package=package.name,
            tables=list(INDUSTRY_TABLES),
            known=list(package.tables),
        )
    return found, package.title, package


def _package(source: AnyFrame, encoding: str | None) -> Package | None:
    """Return a data package; None for a single table."""
    if not isinstance(source, (str, Path)):
        return load(source, encoding) if is_package(source) else None
    path = Path(source)
    if str(source) in packages() or not path.is_file() or path.suffix.lower() in {".yaml", ".yml", ".json"}:
        return load(source, encoding)
    if path.suffix.lower() == ".xlsx" and known_sheets(path).intersection(INDUSTRY_TABLES):
        return load(source)
    return None


def _powers(wish: ScopeOptions) -> Study:
    """Hold the eras of the five powers to shares of energy."""
    cells = read_any(wish.energy, "energy", encoding=wish.encoding)[0].cells
    columns = {name.lower(): name for name in cells.columns}
    keys = {key: columns[name] for key, known in _KEYS.items() for name in known if name in columns}
    found = verbs.history(cells, **keys)
    known = found.frame["country"].unique().sort().to_list()
    name = Path(wish.energy).name if isinstance(wish.energy, (str, Path)) else "table"
    if wish.region is not None and wish.region not in known:
        raise UsageError("studies.no-country", country=wish.region, table=name, known=list(known))
    draft = Draft(name="scope", source=same(name), results={"history": found})
    return draft.done(region=wish.region, changes=found.changes, eras=found.eras, findings=list(found.findings))

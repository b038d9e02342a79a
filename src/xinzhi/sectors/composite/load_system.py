"""Read indicator systems from YAML files and mappings, and say line by line what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, Place
from xinzhi.core.text import Text, same
from xinzhi.core.yamlfile import Source, YamlError, parse, read
from xinzhi.sectors.composite.system import (
    DENOMINATORS,
    INDEX,
    Group,
    Indicator,
    Part,
    System,
    errors,
    finding,
    listed_errors,
    read_part,
)
from xinzhi.sectors.composite.transform import ahp, weight_findings

_FOLDER = Path(__file__).parent.parent / "systems"
_TOP = ("id", "title", "status", "reference", "method", "sectors", "dimensions", "indicators", "comparisons", "note")
_ITEM: tuple[str, ...] = ("indicator", "name", "sector", "dimension", "direction", "unit", "denominator")
_ITEM += ("weight", "target", "from", "note")
_GROUP = ("name", "weight")
_FROM = ("numerator", "denominator", "factor")
_COLUMNS = ("region", "year", INDEX, "rank", "status", "imputed", "missing", "group")
# as published tables write directions
_DIRECTIONS: Mapping[str, int] = {
    **dict.fromkeys(("1", "+1", "+", "positive", "正", "正向", "正指标"), 1),
    **dict.fromkeys(("-1", "-", "negative", "负", "负向", "逆向", "负指标", "逆指标"), -1),
}


def systems() -> tuple[System, ...]:
    """Return the systems that ship with xinzhi, by id.

    Examples
    --------
    >>> "xinzhi-sectors" in [system.id for system in systems()]
    True
    """
    return tuple(load_system(path) for path in sorted(_FOLDER.glob("*.yaml")))


def load_system(system: System | str | Path | Mapping[str, object]) -> System:
    """Return an indicator system.

    Parameters
    ----------
    system
        The id of one that ships, the path of a YAML file, its text, its content as a mapping, or a system.

    Examples
    --------
    >>> load_system("xinzhi-sectors").codes[:2]
    ['schooling', 'education_spending']
    """
    if isinstance(system, System):
        return system
    rules, findings = check_system(system)
    if rules is None:
        raise InputError(
            "sectors.system-unusable", findings, name=_system_label(system), problems=listed_errors(findings)
        )
    return rules


def check_system(system: str | Path | Mapping[str, object]) -> tuple[System | None, tuple[Finding, ...]]:
    """Return a system, or None when it has errors, and everything that was found.

    Raises
    ------
    UsageError
        When there is no such id.
    InputError
        When the file cannot be read at all.

    Examples
    --------
    >>> item = {"indicator": "a", "sector": "s", "unit": "%", "denominator": "total"}
    >>> check_system({"id": "x", "indicators": [item]})[1][0].rule
    'no-direction'
    """
    source = _source(system)
    reader = _Reader(source)
    rules = reader.system()
    return rules, tuple(reader.findings)


def _system_label(system: str | Path | Mapping[str, object]) -> str:
    """Return how messages call a system: its path or id, after a blank; nothing where it has none."""
    if not isinstance(system, Mapping) and _is_text(system):
        return ""
    name = system.get("id") if isinstance(system, Mapping) else system
    return f" {name}" if name else ""


def _is_text(system: str | Path) -> bool:
    """Return whether it is the YAML itself, which has more lines than one."""
    return isinstance(system, str) and "\n" in system.strip()


def _source(system: str | Path | Mapping[str, object]) -> Source:
    if isinstance(system, Mapping):
        return Source("", dict(system))
    text = _is_text(system)
    path = Path() if text else Path(system)
    if not text and path.suffix not in {".yaml", ".yml"}:
        available = sorted(file.stem for file in _FOLDER.glob("*.yaml"))
        if str(system) not in available:
            raise UsageError("sectors.no-system", asked=system, known=available)
        path = _FOLDER / f"{system}.yaml"
    try:
        return parse(str(system), "system") if text else read(path)
    except YamlError as error:
        wrong = [error.finding]
        raise InputError("sectors.system-unreadable", wrong, problems=listed_errors(wrong)) from error


class _Reader:
    """One pass over the content of a file, which collects findings instead of stopping at the first."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.file = Path(source.file).name or None
        self.findings: list[Finding] = [replace(problem, file=self.file) for problem in source.findings]

    def add(self, rule: str, at: tuple[object, ...], key: str | None = None, **values: object) -> None:
        place: Place = {"key": key}
        if self.file:
            place["file"], place["line"] = self.file, self.source.line(at)
        self.findings.append(finding(rule, place=place, **values))

    def mapping(self, value: object, at: tuple[object, ...], key: str | None = None) -> dict[str, object]:
        """Return a mapping; an empty one where there is none, or something else, which is noted."""
        if value is not None and not isinstance(value, dict):
            self.add("not-a-mapping", at, key)
        return value if isinstance(value, dict) else {}

    def system(self) -> System | None:
        content = self.source.content
        if not isinstance(content, dict):
            self.add("not-a-mapping", ())
            return None
        self.check_keys(content, _TOP, ())
        rows = content.get("indicators")
        if not isinstance(rows, list) or not rows:
            self.add("no-indicators", ("indicators",))
            return None
        items = [item for at, row in enumerate(rows) if (item := self.indicator(row, ("indicators", at)))]
        sectors = self.read_groups(content, "sectors", [item.sector for item in items])
        dimensions = self.read_groups(content, "dimensions", [item.dimension for item in items if item.dimension])
        self.unique(items, sectors, dimensions)
        if errors(self.findings):
            return None
        identifier = str(content.get("id") or "system")
        system = System(
            id=identifier,
            title=_text(content.get("title"), identifier),
            status=str(content.get("status") or ""),
            reference=tuple(map(str, content.get("reference") or ())),
            method=str(content.get("method") or ""),
            indicators=tuple(items),
            sectors=sectors,
            dimensions=dimensions,
        )
        self.findings += [replace(problem, file=self.file) for problem in weight_findings(system)]
        system = replace(system, comparisons=self.comparisons(content.get("comparisons"), system))
        return None if errors(self.findings) else replace(system, findings=tuple(self.findings))

    def check_keys(self, content: Mapping[str, object], names: tuple[str, ...], at: tuple[object, ...]) -> None:
        for name in content:
            if name not in names:
                self.add("unknown-key", (*at, name), name=name, known=list(names))

    def indicator(self, row: object, at: tuple[object, ...]) -> Indicator | None:
        if not isinstance(row, dict):
            self.add("not-a-mapping", at)
            return None
        self.check_keys(row, _ITEM, at)
        code = str(row.get("indicator") or "")
        direction = _direction(row.get("direction"))
        denominator = "none" if row.get("denominator") is None else str(row["denominator"])
        self.check_description(row, at, code, denominator)
        origin = self.mapping(row.get("from") or None, (*at, "from"), code)
        self.check_keys(origin, _FROM, (*at, "from"))
        weight, target = (self.number(row, name, at, code) for name in ("weight", "target"))
        factor = self.number(origin, "factor", (*at, "from"), code)
        numerator, divisor = (self.part(origin, name, (*at, "from"), code) for name in ("numerator", "denominator"))
        if not code or not row.get("sector") or direction is None:
            return None
        return Indicator(
            code=code,
            name=_text(row.get("name"), code),
            sector=str(row["sector"]),
            dimension=str(row["dimension"]) if row.get("dimension") else None,
            direction=direction,
            unit=str(row.get("unit") or ""),
            denominator=denominator,
            weight=weight,
            target=float("nan") if target is None else target,
            numerator=numerator,
            divisor=divisor,
            factor=1.0 if factor is None else factor,
            note=_text(row.get("note"), ""),
        )

    def check_description(self, row: Mapping[str, object], at: tuple[object, ...], code: str, denominator: str) -> None:
        """Note what an indicator does not say, or says in words that are not known."""
        for name in ("indicator", "sector"):
            if not row.get(name):
                self.add("missing-key", at, code or None, name=name)
        direction = row.get("direction")
        if direction is None:
            self.add("no-direction", at, code, name=code)
        elif _direction(direction) is None:
            self.add("bad-direction", (*at, "direction"), code, name=code, value=direction)
        if denominator not in DENOMINATORS:
            self.add("bad-denominator", (*at, "denominator"), code, name=code, value=denominator)
        elif denominator == "none":
            self.add("raw-size", (*at, "denominator"), code, name=code)
        if not row.get("unit"):
            self.add("no-unit", at, code, name=code)

    def number(self, row: Mapping[str, object], name: str, at: tuple[object, ...], code: str) -> float | None:
        value = row.get(name)
        if value is None:
            return None
        usable = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
        number = float(value) if isinstance(value, int | float) and usable else float("nan")
        if not usable or (name in {"weight", "factor"} and number <= 0):
            self.add("not-a-number", (*at, name), code, name=name, value=value)
            return None
        return number

    def part(self, origin: Mapping[str, object], name: str, at: tuple[object, ...], code: str) -> Part | None:
        text = origin.get(name)
        if text is None:
            if name == "numerator" and origin:
                self.add("missing-key", at, code, name="numerator")
            return None
        part = read_part(str(text))
        if part is None:
            self.add("bad-source", (*at, name), code, name=code, value=text)
        return part

    def read_groups(self, content: Mapping[str, object], level: str, used: list[str]) -> dict[str, Group]:
        """Return the groups of a level that indicators use, in the order of the file."""
        entries = self.mapping(content.get(level) or None, (level,))
        order = [str(code) for code in entries if code in used]
        groups = {}
        for code in dict.fromkeys([*order, *used]):
            row = self.mapping(entries.get(code) or None, (level, code))
            self.check_keys(row, _GROUP, (level, code))
            weight = self.number(row, "weight", (level, code), code)
            groups[code] = Group(code=code, name=_text(row.get("name"), code), weight=weight)
        return groups

    def unique(self, items: list[Indicator], sectors: Mapping[str, Group], dimensions: Mapping[str, Group]) -> None:
        codes: set[str] = set()
        for at, item in enumerate(items):
            if item.code in codes:
                self.add("duplicate-indicator", ("indicators", at), item.code, name=item.code)
            codes.add(item.code)
        duplicates = {*_COLUMNS, *(set(sectors) & set(dimensions)), *(codes & {*sectors, *dimensions})}
        owners: dict[str, set[str]] = {}
        for item in items:
            if item.dimension:
                owners.setdefault(item.dimension, set()).add(item.sector)
        duplicates |= {code for code, parents in owners.items() if len(parents) > 1}
        for name in dict.fromkeys([*codes, *sectors, *dimensions]):
            if name in duplicates:
                self.add("duplicate-name", ("indicators",), name, name=name)

    def comparisons(self, content: object, system: System) -> dict[str, FloatArray]:
        children, tables = system.children(), {}
        for group, rows in self.mapping(content, ("comparisons",)).items():
            size = len(children.get(group, ()))
            try:
                table = np.array(
                    [[_fraction(cell) for cell in row] for row in cast("list[list[object]]", rows)], dtype=np.float64
                )
                ahp(table)
            except (TypeError, ValueError, UsageError, ZeroDivisionError):
                table = np.empty((0, 0))
            if len(table) != size or size == 0:
                self.add("bad-comparisons", ("comparisons", group), group=group, size=size)
            tables[str(group)] = table
        return tables


def _direction(value: object) -> int | None:
    """Return 1 or -1, written as a number or in words; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) if value in (1, -1) else None
    return _DIRECTIONS.get(value.strip().lower()) if isinstance(value, str) else None


def _fraction(cell: object) -> float:
    """Read ``3`` or ``1/3``."""
    above, _, below = str(cell).partition("/")
    return float(above) / float(below or 1)


def _text(value: object, otherwise: str) -> Text:
    if isinstance(value, dict):
        zh, en = value.get("zh"), value.get("en")
        return Text(zh=str(zh or en or otherwise), en=str(en or zh or otherwise))
    return same(value or otherwise)

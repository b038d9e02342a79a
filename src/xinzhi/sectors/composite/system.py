"""Indicator systems: which indicators, in which direction, over which denominator, and how they nest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.finding import Finding, Place, format_findings
from xinzhi.core.finding import finding as core_finding
from xinzhi.core.names import distinct
from xinzhi.core.text import Text
from xinzhi.sectors.conventions import convention

DENOMINATORS = ("head", "output", "worker", "area", "total", "score", "none")
INDEX = "index"
NO_TEXT = Text(zh="", en="")
_SHOWN = 8  # errors that a message lists
_PART = re.compile(
    r"(?:(?P<table>[A-Za-z_]\w*)\.)?(?P<column>[A-Za-z_]\w*)(?:\[(?P<key>[A-Za-z_]\w*)=(?P<value>[^\]=]+)\])?"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A column that an indicator is made from: ``table.column`` of a package, with a row's key where it needs one."""

    table: str | None
    column: str
    key: str | None = None
    value: str | None = None

    def label(self) -> str:
        """Return it as it is written in a system."""
        table = f"{self.table}." if self.table else ""
        return f"{table}{self.column}" + (f"[{self.key}={self.value}]" if self.key else "")


def read_part(text: str) -> Part | None:
    """Read ``table.column``, ``table.column[key=value]`` or the column of a frame; None when it is neither."""
    match = _PART.fullmatch(text.strip())
    return Part(**match.groupdict()) if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator of a system."""

    code: str
    name: Text
    sector: str
    direction: int
    dimension: str | None = None
    unit: str = ""
    denominator: str = "none"
    weight: float | None = None
    target: float = float("nan")
    numerator: Part | None = None
    divisor: Part | None = None
    factor: float = 1.0
    note: Text = NO_TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A sector or a dimension: its name, and its weight among its siblings."""

    code: str
    name: Text
    weight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class System:
    """A system of indicators: indicator, dimension, sector, index.

    `status` is ``own``, ``published`` or empty; `method` how its authors build the index, as published; `comparisons`
    are pairwise, by group, for AHP. `missing` are the indicators that the data do not have, which `within` took out;
    `findings` warn: a system with errors is never made.
    """

    id: str
    title: Text
    indicators: tuple[Indicator, ...]
    sectors: Mapping[str, Group]
    dimensions: Mapping[str, Group] = field(default_factory=dict)
    status: str = ""
    reference: tuple[str, ...] = ()
    comparisons: Mapping[str, FloatArray] = field(default_factory=dict)
    method: str = ""
    missing: tuple[Indicator, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def codes(self) -> list[str]:
        """The names of the indicators in data."""
        return [item.code for item in self.indicators]

    @property
    def directions(self) -> FloatArray:
        """`(m,)` 1 or -1."""
        return np.array([item.direction for item in self.indicators], dtype=np.float64)

    @property
    def targets(self) -> FloatArray:
        """`(m,)` targets; NaN where there is none."""
        return np.array([item.target for item in self.indicators], dtype=np.float64)

    def words(self) -> dict[str, Text]:
        """Return the names of indicators and sectors, no two of which read alike."""
        items = {item.code: item.name for item in (*self.indicators, *self.missing)}
        return distinct(items | {name: group.name for name, group in self.sectors.items()})

    def groups(self) -> dict[str, IntArray]:
        """Return the positions of the indicators of every sector, then of every dimension."""
        positions: dict[str, list[int]] = {code: [] for code in (*self.sectors, *self.dimensions)}
        for at, item in enumerate(self.indicators):
            positions[item.sector].append(at)
            if item.dimension:
                positions[item.dimension].append(at)
        return {code: np.array(rows, dtype=np.int64) for code, rows in positions.items() if rows}

    def children(self) -> dict[str, list[tuple[str, float | None]]]:
        """Return what every group holds, with the given weights: the index its sectors, and so on."""
        members: dict[str, dict[str, float | None]] = {INDEX: {}}
        for item in self.indicators:
            members[INDEX].setdefault(item.sector, self.sectors[item.sector].weight)
            parent = item.sector
            if item.dimension:
                members.setdefault(item.sector, {}).setdefault(item.dimension, self.dimensions[item.dimension].weight)
                parent = item.dimension
            members.setdefault(parent, {})[item.code] = item.weight
        return {code: list(inner.items()) for code, inner in members.items()}

    def weights_in_index(self, local: Mapping[str, Mapping[str, float]]) -> FloatArray:
        """Return the weight of every indicator in the index, from the weights inside each group."""
        weights = []
        for item in self.indicators:
            inner = item.dimension or item.sector
            weight = local[INDEX][item.sector] * local[inner][item.code]
            weights.append(weight * (local[item.sector][item.dimension] if item.dimension else 1.0))
        return np.array(weights)

    def equal(self) -> FloatArray:
        """Return the weights of the indicators when everything in a group counts the same."""
        return self.weights_in_index(
            {code: {name: 1 / len(inner) for name, _ in inner} for code, inner in self.children().items()}
        )

    def within(self, columns: Iterable[str]) -> System:
        """Return the part that the data can fill, the rest being `missing`; given weights are scaled up (a finding)."""
        names = set(columns)
        covered = tuple(item for item in self.indicators if _is_covered(item, names))
        missing = tuple(item for item in self.indicators if not _is_covered(item, names))
        if not missing:
            return self
        narrowed = replace(self, indicators=covered, missing=(*self.missing, *missing), comparisons={})
        codes = {item.code for item in missing}
        findings = tuple(problem for problem in self.findings if problem.key not in codes)
        if any(item.weight is not None for item in covered):
            warning = finding("rescaled-weights", place={"file": self.id}, count=len(missing))
            return replace(_rescale_weights(narrowed), findings=(*findings, warning))
        return replace(narrowed, findings=findings)

    def to_frame(self) -> pl.DataFrame:
        """Return the indicators as a frame, one a row."""
        rows = [
            {
                "indicator": item.code,
                "name_zh": item.name.zh,
                "name_en": item.name.en,
                "sector": item.sector,
                "dimension": item.dimension,
                "direction": item.direction,
                "unit": item.unit,
                "denominator": item.denominator,
                "weight": item.weight,
                "source": item.numerator.label() if item.numerator else None,
                "note_zh": item.note.zh,
                "note_en": item.note.en,
            }
            for item in (*self.indicators, *self.missing)
        ]
        return pl.DataFrame(rows, schema_overrides={"weight": pl.Float64, "dimension": pl.String, "source": pl.String})

    def __repr__(self) -> str:
        return f"System({self.id}: {len(self.indicators)} indicators, {len(self.children()[INDEX])} sectors)"


def finding(rule: str, *, place: Place | None = None, **values: object) -> Finding:
    """Return a finding of ``words/messages/sectors.yaml``, with its message filled in."""
    return core_finding(f"sectors.{rule}", words=values, **(place or {}))


def errors(findings: Sequence[Finding]) -> list[Finding]:
    """Return those that stop a computation."""
    return [problem for problem in findings if problem.severity == "error"]


def listed_errors(findings: Sequence[Finding]) -> Text:
    """Return the errors among findings as lines."""
    return format_findings(errors(findings), _SHOWN)


def _is_covered(item: Indicator, columns: set[str]) -> bool:
    """Return whether an indicator, or everything that it is made from, is among the columns of a frame."""
    if item.code in columns:
        return True
    parts = [part for part in (item.numerator, item.divisor) if part]
    return bool(item.numerator) and all(part.table is None and part.column in columns for part in parts)


def _rescale_weights(system: System) -> System:
    """Return a system whose given weights add up to one again after indicators were taken out."""
    if all(group.weight is None for group in (*system.sectors.values(), *system.dimensions.values())):
        total = sum(item.weight or 0.0 for item in system.indicators)
        if total <= 1 + convention("weight_tolerance"):  # weights over the whole system, or of a single group
            items = tuple(
                item if item.weight is None else replace(item, weight=item.weight / total) for item in system.indicators
            )
            return replace(system, indicators=items)
    local = {
        group: shares_of({name: weight for name, weight in inner if weight is not None})
        for group, inner in system.children().items()
    }
    items = tuple(
        replace(item, weight=local[item.dimension or item.sector].get(item.code)) for item in system.indicators
    )
    parents = {name: weight for group in local.values() for name, weight in group.items()}
    sectors, dimensions = (
        {code: replace(group, weight=parents.get(code)) for code, group in groups.items()}
        for groups in (system.sectors, system.dimensions)
    )
    return replace(system, indicators=items, sectors=sectors, dimensions=dimensions)


def shares_of(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights divided by their sum."""
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}

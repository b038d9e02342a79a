"""A panel of units as arrays, and the pairs of adjacent periods that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import FrameKind
from xinzhi.data import Field
from xinzhi.frontier.technology.technology import choose

Failure = tuple[str, object, object, str, tuple[str, str]]  # verdict, inputs of, outputs of, rts, periods and group


@dataclass(frozen=True, slots=True)
class Panel:
    """Observations sorted by period and unit."""

    x: FloatArray  # inputs (n, p)
    y: FloatArray  # outputs (n, q)
    b: FloatArray  # bad outputs (n, r); r may be 0
    unit: IntArray  # position of each observation in `units`, (n,);
    period: IntArray  # in `periods`,
    group: IntArray  # and in `groups`
    units: pl.Series  # labels, sorted
    periods: pl.Series
    groups: pl.Series  # empty without groups
    before: IntArray  # observations of each pair of adjacent periods, (pairs,), sorted by unit and period
    after: IntArray
    left_out: pl.DataFrame  # unit, period, reason: after a gap, so that no pair ends with them
    input_prices: FloatArray | None  # (n, p)
    output_prices: FloatArray | None  # (n, q)
    fingerprint: str  # sha256 of the cells that were read
    kind: FrameKind

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return len(self.before)

    def prices(self) -> tuple[FloatArray, FloatArray]:
        """Return the prices of inputs and outputs, where the verb has asked for them."""
        assert self.input_prices is not None  # noqa: S101 - the verb asks for prices
        assert self.output_prices is not None  # noqa: S101 - the verb asks for prices
        return self.input_prices, self.output_prices


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the frame is what."""

    unit: str
    period: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    bad: Sequence[str] = ()
    group: str | None = None
    input_prices: Sequence[str] = ()
    output_prices: Sequence[str] = ()

    def numbers(self) -> list[str]:
        """Return the columns that hold numbers."""
        return [*self.inputs, *self.outputs, *self.bad, *self.input_prices, *self.output_prices]

    def all(self) -> list[str]:
        """Return every column."""
        return [self.unit, self.period, *([self.group] if self.group else []), *self.numbers()]


def read_panel(frame: AnyFrame, columns: Columns) -> Panel:
    """Read a panel from a frame of any kind."""
    from xinzhi.core.provenance import fingerprint
    from xinzhi.data import tidy

    _usage(columns)
    fields = [Field(columns.unit, "any"), Field(columns.period, "period")]
    fields += [Field(columns.group, "any", missing="refuse")] if columns.group else []
    prices = {*columns.input_prices, *columns.output_prices}
    for name in dict.fromkeys(columns.numbers()):
        fields.append(Field(name, missing="refuse", sign="positive" if name in prices else "non-negative"))
    table = tidy(frame, fields, key=[columns.unit, columns.period], verb="productivity_change", table="frame")
    cells, kind = table.frame.sort(columns.period, columns.unit), table.kind
    for names, role in ((columns.inputs, "input"), (columns.outputs, "output")):  # a unit has some of both
        rows = cells.filter(pl.sum_horizontal(names) <= 0)
        if rows.height:
            keys = ["/".join(map(str, key)) for key in rows.select(columns.unit, columns.period).rows()]
            raise InputError("frontier.nothing-on-a-side", role=role, keys=keys)
    unit, units = _codes(cells[columns.unit])
    period, periods = _codes(cells[columns.period])
    group, groups = _codes(cells[columns.group] if columns.group else cells[columns.unit].clear())
    before, after, left_out = _pairs(unit, period, units, periods)

    def block(names: Sequence[str]) -> FloatArray:
        return np.ascontiguousarray(cells.select(names).to_numpy().astype(float).reshape(cells.height, len(names)))

    return Panel(
        x=block(columns.inputs),
        y=block(columns.outputs),
        b=block(columns.bad),
        unit=unit,
        period=period,
        group=group if columns.group else np.zeros(cells.height, dtype=np.int64),
        units=units,
        periods=periods,
        groups=groups,
        before=before,
        after=after,
        left_out=left_out,
        input_prices=block(columns.input_prices) if columns.input_prices else None,
        output_prices=block(columns.output_prices) if columns.output_prices else None,
        fingerprint=fingerprint(cells, {}),
        kind=kind,
    )


def _usage(columns: Columns) -> None:
    """Refuse roles that do not fit together."""
    for name, role_columns in (("inputs", columns.inputs), ("outputs", columns.outputs), ("bad", columns.bad)):
        if isinstance(role_columns, str):
            raise UsageError("frontier.list-wanted", name=name, chosen=role_columns)
    if not columns.inputs or not columns.outputs:
        raise UsageError("frontier.no-sides")
    roles = [columns.unit, columns.period, *columns.inputs, *columns.outputs, *columns.bad]
    twice = sorted({name for name in roles if roles.count(name) > 1})
    if twice:
        raise UsageError("frontier.two-roles", columns=", ".join(f"'{name}'" for name in twice))
    inputs, outputs = (columns.input_prices, columns.inputs), (columns.output_prices, columns.outputs)
    for name, (prices, quantities) in (("input", inputs), ("output", outputs)):
        if prices and len(prices) != len(quantities):
            raise UsageError("frontier.prices-count", prices=len(prices), name=name, quantities=len(quantities))


def _codes(labels: pl.Series) -> tuple[IntArray, pl.Series]:
    """Return the position of each label among the sorted labels, and those."""
    categories = labels.unique().sort()
    return categories.search_sorted(labels).cast(int).to_numpy(), categories


def _pairs(
    unit: IntArray, period: IntArray, units: pl.Series, periods: pl.Series
) -> tuple[IntArray, IntArray, pl.DataFrame]:
    """Return the pairs of adjacent periods, and the observations that end none although their unit was there before."""
    order = np.lexsort((period, unit))
    first, second = order[:-1], order[1:]
    same = unit[first] == unit[second]
    adjacent = same & (period[second] == period[first] + 1)
    if not adjacent.any():
        raise InputError("frontier.no-pair")
    gap = second[same & ~adjacent]
    last = first[same & ~adjacent]
    reasons = [
        f"not observed in {periods[int(at) - 1]}; last in {periods[int(was)]}"
        for at, was in zip(period[gap], period[last], strict=True)
    ]
    columns = {"unit": units.gather(unit[gap]), "period": periods.gather(period[gap]), "reason": reasons}
    left_out = pl.DataFrame(columns, schema={"unit": units.dtype, "period": periods.dtype, "reason": pl.String})
    return first[adjacent], second[adjacent], left_out


REFERENCES = ("contemporaneous", "sequential", "biennial", "global", "window", "metafrontier")


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """Technologies, and which of them each pair uses."""

    technologies: tuple[IntArray, ...]
    names: tuple[str, ...]
    spans: tuple[tuple[str, str], ...]
    earlier: IntArray
    later: IntArray
    contemporaneous: IntArray
    group: IntArray
    single: bool


def benchmarks(panel: Panel, reference: str, window: int | None = None) -> Benchmarks:
    """Return the technologies of a reference."""
    choose("reference", reference, REFERENCES)
    if (reference == "window") != (window is not None):
        raise UsageError("frontier.window-reference")
    if window is not None and window < 1:
        raise UsageError("frontier.window", window=window)
    if reference == "metafrontier" and not len(panel.groups):
        raise UsageError("frontier.metafrontier-group")
    last = len(panel.periods) - 1
    reach, numbers = window or 0, dict[tuple[int, int, int | None], int]()
    grouped = reference == "metafrontier"

    def number(first: int, last: int, group: int | None = None) -> int:  # of a technology, each held once
        return numbers.setdefault((first, last, group), len(numbers))

    def span(k: int) -> tuple[int, int]:
        return (0, k) if reference == "sequential" else (max(0, k - reach), min(last, k + reach))

    places = zip(panel.period.tolist(), panel.group.tolist(), strict=True)
    contemporaneous = np.array([number(*span(k), g if grouped else None) for k, g in places])
    group = np.array([number(0, last, g) for g in panel.group.tolist()]) if grouped else contemporaneous
    earlier, later = contemporaneous[panel.before], contemporaneous[panel.after]
    if reference == "biennial":
        earlier = later = np.array([number(k, k + 1) for k in panel.period[panel.before].tolist()])
    elif reference in {"global", "metafrontier"}:
        earlier = later = np.full(panel.pairs, number(0, last))
    rows, spans = [], []
    for first, end, group_number in numbers:
        mask = (panel.period >= first) & (panel.period <= end)
        rows.append(np.flatnonzero(mask if group_number is None else mask & (panel.group == group_number)))
        name = f"{panel.periods[first]}" if first == end else f"{panel.periods[first]}-{panel.periods[end]}"
        spans.append((name, "" if group_number is None else str(panel.groups[group_number])))
    names = tuple(f"{name} of {of}" if of else name for name, of in spans)
    single = reference in {"biennial", "global", "metafrontier"}
    return Benchmarks(tuple(rows), names, tuple(spans), earlier, later, contemporaneous, group, single)

"""The verb `compare_vintages`: what moved TFP growth between two vintages of the data, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Provenance, Result
from xinzhi.core.shapley import shapley
from xinzhi.core.text import Text, clauses, words
from xinzhi.data import Package, as_package, names_of
from xinzhi.protocol import Protocol
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.growth_accounts import Inputs, account, build_inputs
from xinzhi.yardstick.inputs import Intermediate
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Panel, read_panel, require, require_yearly

Source = Package | str | Path | Mapping[str, object]
Reason = tuple[str, Text]


PARTS = ("output", "capital", "labour", "share", "protocol")
VINTAGE = "output.vintage"
_SHOWN = 5


@dataclass(frozen=True, repr=False, kw_only=True)
class VintageChange(Result, verb="compare_vintages", topic="yardstick", key=("region",)):
    """What the revision from one vintage of the data to another did to TFP growth.

    Every figure is mean TFP growth, or a part of its change, in log points per year (0.01 is about 1 %): in `frame`
    over the years asked for, else all that a region has in both vintages, and the same by reporting period and by year.
    The five parts sum to the change; `labour` holds persons or hours and human capital. `not_comparable` says in code
    and words why `frame` leaves a region out.
    """

    periods: pl.DataFrame
    years: pl.DataFrame
    not_comparable: pl.DataFrame

    def facts(self) -> Facts:
        """Return the regions that the revision moved most, and which part did it."""
        rows = self.frame.sort(self.frame["total"].abs(), descending=True).head(_SHOWN)
        facts: Facts = {
            "vintages.change": {"n": self.frame.height},
            "vintages.region": [row | {"name": self.names.region(row["region"])} for row in rows.to_dicts()],
        }
        left = self.not_comparable.height
        return facts | {"vintages.not_comparable": {"n": left}} if left else facts


def compare_vintages(
    before: Source,
    after: Source,
    protocol: Protocol | str | Path = DEFAULT_PROTOCOL,
    *,
    before_protocol: Protocol | str | Path | None = None,
    start: int | None = None,
    end: int | None = None,
) -> VintageChange:
    """Split the change of TFP growth between two vintages into output, capital, labour, share and protocol parts.

    The split is exact and does not depend on an order: each part is the Shapley value of swapping that input, over all
    orders of swapping them.

    Parameters
    ----------
    before, after
        The older and the newer package, as `measure` takes them. They may be one package: where the protocols name
        different vintages of output (``output.vintage``), that counts as data, so as the output part.
    protocol
        The ruler for both.
    before_protocol
        The ruler for the older package, when it was another one: what it changes is the protocol part.
    start, end
        Growth of the years after `start` up to `end`; by default all years that a region has in both.

    Raises
    ------
    UsageError, InputError, ProtocolError
        When `start` and `end` are not both given and in order; when no region can be compared; as in `measure`.

    Notes
    -----
    Each input is built within its own vintage (a national labour share with the output of its vintage, for one), and
    the accounts are then computed with every mixture of inputs. Capital that is built from output by an initial
    capital-output ratio belongs to the capital part.

    Examples
    --------
    >>> import xinzhi
    >>> ours = xinzhi.protocol.load("xinzhi-cn-2026")
    >>> old = ours.replace({"output.vintage": "first_published"})
    >>> change = compare_vintages("china-provinces", "china-provinces", ours, before_protocol=old, start=2015, end=2022)
    >>> henan = change.frame.row(change.frame["region"].index_of("410000"), named=True)
    >>> round(100 * henan["output"], 2), henan["capital"]
    (-0.2, 0.0)
    """
    from xinzhi import __version__

    span = _span(start, end)
    new, old = _read(after, protocol), _read(before, protocol if before_protocol is None else before_protocol)
    regions, years = _common(old, new)
    parts, first, last = _parts(old, new, regions, years)
    known = np.isfinite(first) & np.isfinite(last)
    figures = _Figures(regions, years, known, first, last, parts)
    frame, reasons = figures.over(span) if span else figures.over_all()
    if not frame.height:
        told = list(reasons.items())[:_SHOWN]
        why = clauses([words("headline.region", name=region, finding=said) for region, (_, said) in told])
        raise InputError("yardstick.nothing-comparable", before=old.package.name, after=new.package.name, why=why)
    reasons |= _one_sided(old, new)
    schema = dict.fromkeys(("region", "reason", "reason_zh", "reason_en"), pl.String)
    left = [(region, code, said.zh, said.en) for region, (code, said) in sorted(reasons.items())]
    return VintageChange(
        frame=frame,
        periods=figures.periods(new.protocol.value("reporting.periods")),
        years=figures.yearly(),
        not_comparable=pl.DataFrame(left, schema=schema, orient="row"),
        kind=new.package.kind,
        names=names_of(new.package),
        provenance=Provenance(
            verb="compare_vintages",
            version=__version__,
            protocol=new.protocol.label,
            protocol_fingerprint=new.protocol.fingerprint,
            standing=new.protocol.standing,
            package=new.package.name,
            inputs=new.inputs() | {f"before:{name}": digest for name, digest in old.inputs().items()},
            options={
                "before": old.package.name,
                "before_protocol": old.protocol.fingerprint,
                "start": start,
                "end": end,
            },
        ),
    )


def _span(start: int | None, end: int | None) -> tuple[int, int] | None:
    """Return the years asked for."""
    if start is None and end is None:
        return None
    if start is None or end is None or start >= end:
        raise UsageError("yardstick.half-a-span", start=start, end=end)
    return start, end


@dataclass(frozen=True, slots=True)
class _Side:
    """One vintage: its data and its ruler."""

    package: Package
    protocol: Protocol
    panel: Panel
    tables: list[str]

    def inputs(self) -> dict[str, str]:
        """Return the sha256 of every table that was read."""
        return {name: self.package.fingerprint(name) for name in self.tables}


def _read(source: Source, protocol: Protocol | str | Path) -> _Side:
    """Load one vintage and its protocol."""
    package, rules = as_package(source), load_protocol(protocol)
    tables = require(package, rules)
    panel = read_panel(package)
    require_yearly(panel, "compare_vintages")
    return _Side(package, rules, panel, tables)


def _common(old: _Side, new: _Side) -> tuple[tuple[str, ...], IntArray]:
    """Return the regions and years that both vintages have."""
    regions = tuple(name for name in new.panel.regions if name in set(old.panel.regions))
    years = np.intersect1d(old.panel.years, new.panel.years)
    if not regions or not years.size:
        what = "region" if not regions else "year"
        raise InputError("yardstick.nothing-in-common", before=old.package.name, after=new.package.name, what=what)
    return regions, years


def _why(code: str, **values: object) -> Reason:
    """Return a reason as its code and in words."""
    return code, words(f"yardstick.vintages.{code}", **values)


def _one_sided(old: _Side, new: _Side) -> dict[str, Reason]:
    """Say which regions only one of the vintages has."""
    first, last = set(old.panel.regions), set(new.panel.regions)
    return dict.fromkeys(first - last, _why("older_only")) | dict.fromkeys(last - first, _why("newer_only"))


def _parts(
    old: _Side, new: _Side, regions: tuple[str, ...], years: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the parts `(5, R, T)` and TFP growth `(R, T)` under the older and the newer vintage, year by year."""
    rulers = (old.protocol, new.protocol)
    sides = (old, new)
    # What vintage of output a protocol names says which data are meant, not how they are measured.
    made = {
        (at, ruler): _cut(side, rulers[ruler].replace({VINTAGE: side.protocol.value(VINTAGE)}), regions, years)
        for at, side in enumerate(sides)
        for ruler in (0, 1)
    }
    outcome = np.empty((1 << len(PARTS), len(regions), len(years)))
    for swapped in range(len(outcome)):
        output, capital, labour, share, ruler = (swapped >> bit & 1 for bit in range(len(PARTS)))
        # Intermediate inputs, of gross output, come with their output.
        sources = zip(fields(Inputs), (output, capital, labour, labour, share, output), strict=True)
        mixed = Inputs(*(getattr(made[at, ruler], item.name) for item, at in sources))
        outcome[swapped] = account(mixed, rulers[ruler]).tfp_growth
    return shapley(outcome), outcome[0], outcome[-1]


def _cut(side: _Side, rules: Protocol, regions: tuple[str, ...], years: IntArray) -> Inputs:
    """Build the inputs of a vintage over all its years, and keep the regions and years that both have."""
    inputs, _ = build_inputs(side.panel, rules)
    rows = np.array([side.panel.region_index(name) for name in regions])
    cells = np.ix_(rows, np.searchsorted(side.panel.years, years))
    bought = inputs.intermediate
    if bought is not None:
        rows, columns = rows[:, None], cells[1]
        bought = Intermediate(bought.quantity[:, rows, columns], bought.share[:, rows, columns])
    return Inputs(**{name: values[cells] for name, values in inputs.levels().items()}, intermediate=bought)


@dataclass(frozen=True, slots=True)
class _Figures:
    """TFP growth before and after, and the parts of its change, year by year; means over spans add up alike."""

    regions: tuple[str, ...]
    years: IntArray
    known: BoolArray
    before: FloatArray
    after: FloatArray
    parts: FloatArray

    def over(self, span: tuple[int, int]) -> tuple[pl.DataFrame, dict[str, Reason]]:
        """Return the means over one span, and why the other regions have none."""
        inside = np.broadcast_to((self.years > span[0]) & (self.years <= span[1]), self.known.shape)
        full = (self.known & inside).sum(axis=1) == span[1] - span[0]
        reason = _why("span_incomplete", first=span[0] + 1, last=span[1])
        missing = [self.regions[row] for row in np.flatnonzero(~full).tolist()]
        return self._means(inside & full[:, None]), dict.fromkeys(missing, reason)

    def over_all(self) -> tuple[pl.DataFrame, dict[str, Reason]]:
        """Return the means over all years that a region has in both, and why some regions have none."""
        count = self.known.sum(axis=1)
        first = self.known.argmax(axis=1)
        last = self.known.shape[1] - self.known[:, ::-1].argmax(axis=1) - 1
        whole = count == self.years[last] - self.years[first] + 1
        reasons = {
            self.regions[row]: _why("years_missing", first=self.years[first[row]], last=self.years[last[row]])
            if count[row]
            else _why("never_measured")
            for row in np.flatnonzero(~whole | (count == 0)).tolist()
        }
        return self._means(self.known & whole[:, None]), reasons

    def periods(self, wanted: list[list[int]]) -> pl.DataFrame:
        """Return the means over the periods that the protocol reports."""
        found = [self.over((int(start), int(end)))[0] for start, end in wanted]
        return pl.concat(found) if found else self.over((0, 0))[0]

    def yearly(self) -> pl.DataFrame:
        """Return the figures of every year."""
        row, column = np.nonzero(self.known)
        figures = {name: values[row, column] for name, values in self._columns().items()}
        region = pl.Series("region", self.regions, dtype=pl.String).gather(row)
        return pl.DataFrame([region, pl.Series("year", self.years[column]), *map(pl.Series, figures, figures.values())])

    def _columns(self) -> dict[str, FloatArray]:
        parts = dict(zip(PARTS, self.parts, strict=True))
        return {"before": self.before, "after": self.after, **parts, "total": self.after - self.before}

    def _means(self, inside: BoolArray) -> pl.DataFrame:
        """Return the means of the cells marked, for every region that has any."""
        rows = np.flatnonzero(inside.any(axis=1))
        cells = inside[rows]
        count = cells.sum(axis=1)
        start = self.years[cells.argmax(axis=1)] - 1
        means = {
            name: np.where(cells, values[rows], 0.0).sum(axis=1) / count for name, values in self._columns().items()
        }
        return pl.DataFrame(
            {
                "region": pl.Series([self.regions[row] for row in rows.tolist()], dtype=pl.String),
                "start": start,
                "end": start + count,
                **means,
            }
        )

"""Read inputs, outputs and bad outputs from arrays or frames, with the names of units and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyArray, AnyFrame, FloatArray, digest
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import FrameKind
from xinzhi.frontier.technology.technology import Goods


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """The goods of n units, what units and goods are called, and the reference set when it is not the units."""

    goods: Goods
    units: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    bads: tuple[str, ...] = ()
    kind: FrameKind = "polars"
    reference: Goods | None = None
    peers: tuple[str, ...] = ()  # names of the reference units

    def digests(self) -> Mapping[str, str]:
        """Return the digests of the tables of goods, those of the reference set too."""
        sides = [("", self.goods, self.units)]
        sides += [] if self.reference is None else [("_ref", self.reference, self.peers)]
        kinds = (("x", "x", self.inputs), ("y", "y", self.outputs), ("bad", "b", self.bads))
        present = [kind for kind in kinds if kind[2]]
        return {
            f"{name}{end}": digest(getattr(goods, letter), units, names)
            for end, goods, units in sides
            for name, letter, names in present
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all goods."""
        return (*self.inputs, *self.outputs, *self.bads)


@dataclass(frozen=True, slots=True)
class Part:
    """One table: its numbers, what its columns are called, and the names of its rows when it holds them."""

    values: FloatArray
    goods: tuple[str, ...]
    labels: tuple[str, ...] | None
    kind: FrameKind


def read_data(
    x: AnyArray,
    y: AnyArray,
    bad: AnyArray = None,
    units: str | Sequence[object] | None = None,
    reference: Sequence[AnyArray] | None = None,
) -> Data:
    """Return the data of n units, each table an array or a frame; `units` names them or the column that does."""
    tables = {"x": x, "y": y, "bad": bad}
    parts, names = read_parts({name: part for name, part in tables.items() if part is not None}, units)
    bads = parts.get("bad")
    goods = Goods(parts["x"].values, parts["y"].values, np.zeros((len(names), 0)) if bads is None else bads.values)
    data = Data(
        goods=goods,
        units=names,
        inputs=parts["x"].goods,
        outputs=parts["y"].goods,
        bads=() if bads is None else bads.goods,
        kind=parts["x"].kind,
        peers=names,
    )
    if reference is None:
        return data
    return _against(data, reference, units if isinstance(units, str) else None)


def read_parts(
    tables: Mapping[str, AnyArray], units: str | Sequence[object] | None = None
) -> tuple[dict[str, Part], tuple[str, ...]]:
    """Return tables of the same n units, without gaps, by their names, and what the units are called."""
    column = units if isinstance(units, str) else None
    parts = {name: _part(name, part, column) for name, part in tables.items()}
    lengths = {name: len(part.values) for name, part in parts.items()}
    if len(set(lengths.values())) > 1:
        raise UsageError("frontier.lengths", lengths=lengths)
    if not all(lengths.values()):
        raise InputError("frontier.no-unit")
    names = _names(parts, units, next(iter(lengths.values())))
    for name, part in parts.items():
        wrong = np.argwhere(~np.isfinite(part.values))
        if len(wrong):
            facts = {"column": part.goods[wrong[0, 1]], "unit": names[wrong[0, 0]], "n": len(wrong)}
            raise InputError("frontier.missing-value", name=name, **facts)
    return parts, names


def all_positive(parts: Mapping[str, Part], units: Sequence[str]) -> None:
    """Refuse tables with a number that is not positive, and say where it stands."""
    for name, part in parts.items():
        wrong = np.argwhere(part.values <= 0)
        if len(wrong):
            unit, good = wrong[0].tolist()
            raise InputError("frontier.stage-positive", name=name, column=part.goods[good], unit=units[unit])


def _against(data: Data, reference: Sequence[AnyArray], column: str | None) -> Data:
    """Return the data with a reference set that is not the units."""
    if len(reference) not in {2, 3}:
        raise UsageError("frontier.reference-parts")
    unit_column = column if any(column in list(map(str, getattr(part, "columns", []))) for part in reference) else None
    benchmark = read_data(reference[0], reference[1], reference[2] if len(reference) > 2 else None, unit_column)  # noqa: PLR2004 - bad outputs are the third part
    has_names = all(hasattr(part, "columns") for part in reference) and benchmark.columns != data.columns
    if benchmark.goods.widths != data.goods.widths:
        raise UsageError("frontier.reference-goods", ours=data.goods.widths, theirs=benchmark.goods.widths)
    if has_names and not set(data.columns) <= {f"{letter}{at}" for letter in ("x", "y", "bad") for at in range(1, 100)}:
        raise UsageError("frontier.reference-names", ours=list(data.columns), theirs=list(benchmark.columns))
    return replace(data, reference=benchmark.goods, peers=benchmark.units)


def _part(name: str, native: AnyArray, column: str | None) -> Part:
    if hasattr(native, "columns"):
        return _of_frame(name, native, column)
    try:
        values = np.asarray(native)
        if values.dtype == bool:
            raise UsageError("frontier.not-numbers", name=name)
        values = values.astype(float)
    except (TypeError, ValueError) as error:
        raise UsageError("frontier.not-numbers", name=name) from error
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[1] == 0:  # noqa: PLR2004 - bad outputs are the third part - units by goods
        raise UsageError("frontier.shape", name=name, shape=np.shape(native))
    label = getattr(native, "name", None)  # a pandas or polars series
    numbered = tuple(f"{name[0]}{i + 1}" for i in range(values.shape[1]))
    goods = (str(label),) if label and values.shape[1] == 1 else numbered
    return Part(values, goods, _index_labels(native), "polars")


def _of_frame(name: str, native: AnyFrame, column: str | None) -> Part:
    """Return the numbers of a frame, and the names of its units when a column or the index holds them."""
    import polars.selectors as cs

    from xinzhi.data.frames import read_any

    table, kind = read_any(native, name)
    cells: pl.DataFrame = table.cells
    holders = [column] if column is not None and column in cells.columns else []
    holders = holders or [level for level in getattr(getattr(native, "index", None), "names", []) if level is not None]
    holders = holders or cells.select(~cs.numeric()).columns
    if len(holders) > 1:
        raise UsageError("frontier.holders", name=name, columns=holders)
    labels = None
    if holders:
        labels = tuple(map(str, cells[holders[0]].to_list()))
        cells = cells.drop(holders[0])
    words = cells.select(~cs.numeric()).columns
    if words:
        raise UsageError("frontier.text-column", name=name, column=words[0])
    if not cells.columns:
        raise UsageError("frontier.no-column", name=name)
    values = cells.cast(dict.fromkeys(cells.columns, pl.Float64)).fill_null(np.nan).to_numpy()
    return Part(values, tuple(cells.columns), labels or _index_labels(native), kind)


def _index_labels(native: object) -> tuple[str, ...] | None:
    """Return the labels of a pandas index of words; row numbers are no names."""
    index = getattr(native, "index", None)
    if index is None or callable(index) or index.dtype.kind in "iuf":
        return None
    return tuple(map(str, index))


def _names(parts: dict[str, Part], units: str | Sequence[object] | None, n: int) -> tuple[str, ...]:
    label_sets = [(name, part.labels) for name, part in parts.items() if part.labels is not None]
    if units is not None and not isinstance(units, str):
        names = tuple(map(str, units))
    elif isinstance(units, str) and not label_sets:
        raise UsageError("frontier.units-column", column=units)
    else:
        names = label_sets[0][1] if label_sets else tuple(str(number + 1) for number in range(n))
        for name, labels in label_sets[1:]:
            if labels != names:
                raise UsageError("frontier.units-differ", name=name, first=label_sets[0][0])
    if len(names) != n:
        raise UsageError("frontier.units-count", given=len(names), units=n)
    if len(set(names)) < n:
        raise InputError("frontier.unit-twice", unit=next(name for name in names if names.count(name) > 1))
    return names

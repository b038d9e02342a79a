"""Input-output tables: read, checked, factored once; many questions are then one solution each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xinzhi import words
from xinzhi.core.arrays import AnyArray, AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError
from xinzhi.data import Field, tidy
from xinzhi.data.frames import read_any
from xinzhi.scope.standard import convention

OUTPUT = "output"  # the buyer that stands for gross output in a long table
_SHOWN = 5
# Beyond this size the spectral radius comes from an iteration instead of all eigenvalues.
_DENSE = 300


@dataclass(frozen=True)
class InputOutput:
    """An input-output table: sales of the row's industry to the column's, and gross output, in one unit."""

    regions: tuple[str, ...]
    industries: tuple[str, ...]
    flows: FloatArray = field(repr=False)
    output: FloatArray = field(repr=False)

    @property
    def size(self) -> int:
        """Number of industries, those of every region counted."""
        return len(self.industries)

    def label(self, at: int) -> str:
        """Return how messages call an industry: ``CHN/c14``, or ``c14``."""
        return f"{self.regions[at]}/{self.industries[at]}" if self.regions[at] else self.industries[at]

    @cached_property
    def coefficients(self) -> FloatArray:
        """Input per unit of output, A; columns of industries without output are zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.flows / self.output
        return np.where(self.output > 0, ratio, 0.0)

    @cached_property
    def _factors(self) -> tuple[FloatArray, NDArray[np.int32]]:
        from scipy.linalg import lu_factor

        return lu_factor(np.eye(self.size) - self.coefficients)

    def upstream_requirements(self, rows: FloatArray) -> FloatArray:
        """Return ``rows' (L - I)``: what stands behind a unit of output, all rounds of inputs but not the unit itself.

        `rows` is what a unit of every industry is worth; shape ``(industries,)`` or ``(industries, questions)``.
        """
        from scipy.linalg import lu_solve

        return np.asarray(lu_solve(self._factors, rows, trans=1)) - rows

    @cached_property
    def inverse(self) -> FloatArray:
        """The Leontief inverse, (I - A)^-1."""
        from scipy.linalg import lu_solve

        return np.asarray(lu_solve(self._factors, np.eye(self.size)))

    @cached_property
    def residual(self) -> float:
        """Largest entry of (I - A) L - I: how far rounding has moved the inverse."""
        leontief_matrix = np.eye(self.size) - self.coefficients
        return float(np.abs(leontief_matrix @ self.inverse - np.eye(self.size)).max())

    @cached_property
    def spectral_radius(self) -> float:
        """Largest eigenvalue of A in absolute value; below 1 the system can produce more than it uses up."""
        if self.size <= _DENSE:
            return float(np.abs(np.linalg.eigvals(self.coefficients)).max())
        from scipy.sparse.linalg import ArpackError, eigs

        try:
            return float(np.abs(eigs(self.coefficients, k=1, which="LM", v0=np.ones(self.size))[0]).max())
        except ArpackError:
            return float(np.abs(np.linalg.eigvals(self.coefficients)).max())


def input_output(
    flows: AnyArray,
    output: AnyArray,
    *,
    regions: Sequence[str] | None = None,
    industries: Sequence[str] | None = None,
    seller: tuple[str, str] | str = "from",
    buyer: tuple[str, str] | str = "to",
    value: str = "value",
) -> InputOutput:
    """Read an input-output table and check that it can be inverted.

    Parameters
    ----------
    flows
        A square array, rows selling to columns; or a frame of any kind with a row per flow (those not listed are zero).
    output
        Gross output: an array in the order of the rows; or a frame with ``industry, output`` (and ``region``).
    regions, industries
        With arrays: the names of the rows; without, industries are numbered from 1.
    seller, buyer, value
        With a frame: the columns of the industries, or pairs of columns of region and industry, and of the flow.

    Raises
    ------
    InputError
        When flows or outputs are negative or no numbers, an industry without output buys or a flow has no output row,
        or the system is not productive, its inverse being exact to 1e-10: the industries are named.

    Notes
    -----
    Leontief (1936); Miller and Blair (2009), Input-Output Analysis, chapters 2 and 3. A system is productive where the
    spectral radius of A is below 1.

    Examples
    --------
    >>> table = input_output([[10.0, 20.0], [30.0, 0.0]], [100.0, 60.0], industries=["a", "b"])
    >>> table.coefficients.round(3).tolist()
    [[0.1, 0.333], [0.3, 0.0]]
    """
    if hasattr(flows, "columns") or isinstance(flows, str) or hasattr(flows, "suffix"):
        table = _from_frames(flows, output, seller, buyer, value)
    else:
        table = _from_arrays(flows, output, regions, industries)
    _check(table)
    return table


def _from_arrays(
    flows: AnyArray, output: AnyArray, regions: Sequence[str] | None, industries: Sequence[str] | None
) -> InputOutput:
    cells, levels = np.asarray(flows, dtype=np.float64), np.asarray(output, dtype=np.float64)
    size = levels.size
    if levels.ndim != 1 or cells.shape != (size, size):
        raise InputError("scope.flows-not-square", flows=str(cells.shape), output=str(levels.shape))
    names = tuple(industries) if industries is not None else tuple(str(at + 1) for at in range(size))
    places = tuple(regions) if regions is not None else ("",) * size
    if len(names) != size or len(places) != size:
        raise InputError("scope.unnamed-rows", industries=len(names), regions=len(places), rows=size)
    return InputOutput(places, names, cells, levels)


def _from_frames(
    flows: AnyFrame, output: AnyFrame, seller: tuple[str, str] | str, buyer: tuple[str, str] | str, value: str
) -> InputOutput:
    sell = seller if isinstance(seller, tuple) else (None, seller)
    buy = buyer if isinstance(buyer, tuple) else (None, buyer)
    keys = [Field(name, "code") for name in (*sell, *buy) if name]
    cells = tidy(flows, [*keys, Field(value)], verb="input_output", table="flows").frame
    region = [Field("region", "code")] if sell[0] else []
    levels = tidy(
        output, [*region, Field("industry", "code"), Field("output")], verb="input_output", table="output"
    ).frame
    text = pl.String
    places = levels["region"].cast(text) if sell[0] else pl.Series([""] * levels.height, dtype=text)
    names = levels["industry"].cast(text)
    rows = pl.DataFrame({"region": places, "industry": names, "at": range(levels.height)})
    if rows.select("region", "industry").is_duplicated().any():
        raise InputError("scope.output-twice")

    def positions(columns: tuple[str | None, str], side: str) -> IntArray:
        place, industry = columns
        keyed = cells.select(
            region=pl.col(place).cast(text) if place else pl.lit(""), industry=pl.col(industry).cast(text)
        ).join(rows, on=["region", "industry"], how="left", maintain_order="left")
        lost = keyed.filter(pl.col("at").is_null()).unique(maintain_order=True)
        if lost.height:
            pairs = ["/".join(filter(None, row[:2])) for row in lost.iter_rows()]
            raise InputError("scope.no-output-of", side=side, names=pairs)
        return keyed["at"].to_numpy().astype(np.int64)

    result = np.zeros((levels.height, levels.height))
    np.add.at(
        result,
        (positions(sell, "seller"), positions(buy, "buyer")),
        cells[value].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
    )
    gross_output = levels["output"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return InputOutput(tuple(places.to_list()), tuple(names.to_list()), result, gross_output)


def _check(table: InputOutput) -> None:
    """Refuse a table that has no economic meaning, naming the industries."""
    flows, output = table.flows, table.output
    if names := _industry_labels(table, ~np.isfinite(output)):
        raise InputError("scope.output-missing", names=names)
    if names := _industry_labels(table, output < 0):
        raise InputError("scope.output-negative", names=names)
    wrong = ~np.isfinite(flows) | (flows < 0)
    if wrong.any():
        pairs = [
            words.scope.flow(seller=table.label(i), buyer=table.label(j), value=f"{flows[i, j]:g}")
            for i, j in np.argwhere(wrong)[:_SHOWN]
        ]
        raise InputError("scope.bad-flows", count=int(wrong.sum()), pairs=pairs)
    idle = output <= 0
    if names := _industry_labels(table, idle & (flows.sum(axis=0) > 0)):
        raise InputError("scope.buys-without-output", names=names)
    if names := _industry_labels(table, idle & (flows.sum(axis=1) > 0)):
        raise InputError("scope.sells-without-output", names=names)
    if not (output > 0).any():
        raise InputError("scope.nobody-produces")
    _productive(table)


def _industry_labels(table: InputOutput, which: AnyArray) -> list[str]:
    """Return the industries of a mask."""
    return [table.label(int(at)) for at in np.flatnonzero(which)]


def _productive(table: InputOutput) -> None:
    """Refuse a system that uses up more than it makes, and an inverse that rounding has spoilt."""
    radius = table.spectral_radius
    if not radius < 1:
        sums = table.coefficients.sum(axis=0)
        over = np.flatnonzero(sums >= float(convention("column_sum_warning")))
        industries = [f"{table.label(int(at))} ({sums[at]:.3f})" for at in over]
        if industries:
            raise InputError("scope.not-productive", radius=radius, names=industries)
        raise InputError("scope.not-productive-plain", radius=radius)
    tolerance = float(convention("leontief_tolerance"))
    if not table.residual <= tolerance:
        raise InputError("scope.inverse-off", off=f"{table.residual:.1e}", tolerance=f"{tolerance:.0e}")


def read_input_output(flows: AnyFrame, *, encoding: str | None = None) -> dict[int | None, InputOutput]:
    """Read input-output tables from one long table, checked and ready for `digital_dependence`.

    Parameters
    ----------
    flows
        A frame of any kind, or the path of a CSV, workbook or parquet file: ``from, to, value``, and a row with ``to``
        = ``output`` for the gross output of every industry; ``year`` where there are several tables, ``from_region``
        and ``to_region`` where there are several economies. Flows that are not listed are zero.
    encoding
        The encoding of a CSV file that is not UTF-8.

    Returns
    -------
    dict
        A table by year; the year is None where there is no such column.

    Examples
    --------
    >>> import polars as pl
    >>> rows = [("39", "36", 50.0), ("36", "39", 20.0), ("39", "output", 100.0), ("36", "output", 100.0)]
    >>> long = pl.DataFrame(rows, schema=["from", "to", "value"], orient="row")
    >>> read_input_output(long)[None].coefficients.tolist()
    [[0.0, 0.5], [0.2, 0.0]]
    """
    raw = read_any(flows, "flows", encoding=encoding)[0]
    places = [name for name in ("from_region", "to_region") if {"from_region", "to_region"} & set(raw.cells.columns)]
    keys = [Field(name, "code", missing="refuse") for name in ("from", "to", *places)]
    fields = [*keys, Field("value", missing="refuse"), Field("year", "year", required=False, missing="refuse")]
    rows = tidy(raw, fields, verb="read_input_output", table="flows").frame
    multi_regional = bool(places)
    if "year" not in rows.columns:
        return {None: _table_of_year(rows, "", multi_regional=multi_regional)}
    years = rows["year"].unique().sort().to_list()
    return {
        year: _table_of_year(rows.filter(pl.col("year") == year), f"{year}", multi_regional=multi_regional)
        for year in years
    }


def _table_of_year(rows: pl.DataFrame, of: str, *, multi_regional: bool) -> InputOutput:
    is_output = pl.col("to").str.to_lowercase() == OUTPUT
    gross_output, flows = rows.filter(is_output), rows.filter(~is_output)
    if gross_output.is_empty():
        raise InputError("scope.no-gross-output", year=of, output=OUTPUT)
    places = [pl.col("from_region").alias("region")] if multi_regional else []
    return input_output(
        flows,
        gross_output.select(*places, industry=pl.col("from"), output=pl.col("value")),
        seller=("from_region", "from") if multi_regional else "from",
        buyer=("to_region", "to") if multi_regional else "to",
    )

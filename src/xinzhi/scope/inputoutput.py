"""An input-output table: read, checked, factored once; many questions are then one solution each."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.scope.facts import convention
from xinzhi.scope.reading import frame, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import FloatArray, IntArray

_SHOWN = 5
# Beyond this size the spectral radius comes from an iteration instead of all eigenvalues.
_DENSE = 300


@dataclass(frozen=True)
class InputOutput:
    """An input-output table of one or more regions.

    Parameters
    ----------
    regions, industries
        Region and industry of every row and column; regions are empty where there is one economy only.
    flows
        Sales of the row's industry to the column's, in the unit of `output`.
    output
        Gross output, at least zero; an industry without any buys and sells nothing.
    """

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
            found = self.flows / self.output
        return np.where(self.output > 0, found, 0.0)

    @cached_property
    def _factors(self) -> tuple[FloatArray, Any]:
        from scipy.linalg import lu_factor

        return lu_factor(np.eye(self.size) - self.coefficients)

    def behind(self, rows: FloatArray) -> FloatArray:
        """Return what stands behind a unit of output of every industry, directly and indirectly.

        Parameters
        ----------
        rows
            What a unit of output of every industry is worth, such as 1 for the digital core and 0 else; shape
            ``(industries,)`` or ``(industries, questions)``.

        Returns
        -------
        ndarray
            ``rows' (L - I)``, L being the Leontief inverse: inputs only, without the unit itself.
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
        left = np.eye(self.size) - self.coefficients
        return float(np.abs(left @ self.inverse - np.eye(self.size)).max())

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
    flows: Any,  # noqa: ANN401 - an array or any kind of frame
    output: Any,  # noqa: ANN401 - an array or any kind of frame
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
        A square array, rows selling to columns; or a frame of any kind with a row per flow: `seller`, `buyer`, `value`
        (flows that are not listed are zero).
    output
        Gross output: an array in the order of the rows; or a frame with ``industry, output`` (and ``region``).
    regions, industries
        With arrays: the names of the rows; without, industries are numbered from 1.
    seller, buyer
        With a frame: the column of the industry, or the pair of columns of region and industry.
    value
        With a frame: the column of the flow.

    Returns
    -------
    InputOutput
        Checked: productive, and inverted to 1e-10.

    Raises
    ------
    InputError
        When flows or outputs are negative or no numbers, an industry without output buys, a flow belongs to an industry
        that has no output row, or the system is not productive: the industries are named.

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
    flows: Any,  # noqa: ANN401 - whatever makes an array
    output: Any,  # noqa: ANN401 - whatever makes an array
    regions: Sequence[str] | None,
    industries: Sequence[str] | None,
) -> InputOutput:
    cells, levels = np.asarray(flows, dtype=np.float64), np.asarray(output, dtype=np.float64)
    size = levels.size
    if levels.ndim != 1 or cells.shape != (size, size):
        message = f"flows are {cells.shape}, output {levels.shape}: flows are square, output has a number per row."
        raise InputError(message)
    names = tuple(industries) if industries is not None else tuple(str(at + 1) for at in range(size))
    places = tuple(regions) if regions is not None else ("",) * size
    if len(names) != size or len(places) != size:
        message = f"there are {len(names)} industries and {len(places)} regions for {size} rows: name every row."
        raise InputError(message)
    return InputOutput(places, names, cells, levels)


def _from_frames(
    flows: Any,  # noqa: ANN401 - any kind of frame
    output: Any,  # noqa: ANN401 - any kind of frame
    seller: tuple[str, str] | str,
    buyer: tuple[str, str] | str,
    value: str,
) -> InputOutput:
    import polars as pl

    sell = seller if isinstance(seller, tuple) else (None, seller)
    buy = buyer if isinstance(buyer, tuple) else (None, buyer)
    cells, levels = frame(flows, "flows")[0], frame(output, "output")[0]
    require(cells, [name for name in (*sell, *buy, value) if name], "flows")
    require(levels, [*(["region"] if sell[0] else []), "industry", "output"], "output")
    text = pl.String
    places = levels["region"].cast(text) if sell[0] else pl.Series([""] * levels.height, dtype=text)
    names = levels["industry"].cast(text)
    rows = pl.DataFrame({"region": places, "industry": names, "at": range(levels.height)})
    if rows.select("region", "industry").is_duplicated().any():
        message = "output has an industry twice in the same region; sum it up first."
        raise InputError(message)

    def positions(columns: tuple[str | None, str], side: str) -> IntArray:
        place, industry = columns
        keyed = cells.select(
            region=pl.col(place).cast(text) if place else pl.lit(""), industry=pl.col(industry).cast(text)
        ).join(rows, on=["region", "industry"], how="left", maintain_order="left")
        lost = keyed.filter(pl.col("at").is_null()).unique(maintain_order=True)
        if lost.height:
            shown = ", ".join("/".join(filter(None, row[:2])) for row in lost.head(_SHOWN).iter_rows())
            message = f"flows name as {side} {shown}, which have no row in output; add their output."
            raise InputError(message)
        return keyed["at"].to_numpy().astype(np.int64)

    result = np.zeros((levels.height, levels.height))
    np.add.at(
        result,
        (positions(sell, "seller"), positions(buy, "buyer")),
        cells[value].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
    )
    return InputOutput(tuple(places.to_list()), tuple(names.to_list()), result, _levels(levels["output"]))


def _levels(column: pl.Series) -> FloatArray:
    import polars as pl

    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _check(table: InputOutput) -> None:
    """Refuse a table that has no economic meaning, naming the industries."""
    flows, output = table.flows, table.output
    _refuse(table, ~np.isfinite(output), "output is missing or no number")
    _refuse(table, output < 0, "output is negative")
    wrong = ~np.isfinite(flows) | (flows < 0)
    if wrong.any():
        pairs = [f"{table.label(i)} to {table.label(j)} ({flows[i, j]:g})" for i, j in np.argwhere(wrong)[:_SHOWN]]
        message = (
            f"{int(wrong.sum())} flows are negative or no numbers: {', '.join(pairs)}. Intermediate flows are at least "
            "zero; book subsidies and changes of stocks elsewhere."
        )
        raise InputError(message)
    idle = output <= 0
    _refuse(table, idle & (flows.sum(axis=0) > 0), "output is zero, but inputs are bought")
    _refuse(table, idle & (flows.sum(axis=1) > 0), "output is zero, but sales are made")
    if not (output > 0).any():
        message = "no industry has output."
        raise InputError(message)
    _productive(table)


def _refuse(table: InputOutput, which: Any, what: str) -> None:  # noqa: ANN401 - a mask
    if which.any():
        names = ", ".join(table.label(int(at)) for at in np.flatnonzero(which)[:_SHOWN])
        message = f"{what}: {names}{' and more' if which.sum() > _SHOWN else ''}. Correct the table."
        raise InputError(message)


def _productive(table: InputOutput) -> None:
    """Refuse a system that uses up more than it makes, and an inverse that rounding has spoilt."""
    radius = table.spectral_radius
    if not radius < 1:
        sums = table.coefficients.sum(axis=0)
        over = np.flatnonzero(sums >= float(convention("column_sum_warning")))
        named = ", ".join(f"{table.label(int(at))} ({sums[at]:.3f})" for at in over[:_SHOWN])
        hint = f"inputs per unit of output reach {named}" if named else "no industry stands out"
        message = (
            f"the system is not productive: the spectral radius of the input coefficients is {radius:.4f}, not "
            f"below 1; {hint}. Check flows and outputs for units that differ."
        )
        raise InputError(message)
    tolerance = float(convention("leontief_tolerance"))
    if not table.residual <= tolerance:
        message = (
            f"the Leontief inverse is off by {table.residual:.1e}, more than {tolerance:.0e}: the table is close to "
            "one that cannot be inverted; check industries that sell almost all to themselves."
        )
        raise InputError(message)

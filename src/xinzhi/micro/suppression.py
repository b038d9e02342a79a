"""Which cells are withheld so that no margin gives back one that identifies a firm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import polars as pl
from scipy.sparse import coo_array

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.programs import Program
from xinzhi.micro.disclosure import PRIMARY, SECONDARY, TOTAL, Rules, identifying, with_margins

_NOISE = 1e-7  # what a solver calls zero, relative to the largest cell


def protect(cells: pl.DataFrame, dimensions: Sequence[str], rules: Rules | None = None) -> pl.DataFrame:
    """Return a table with its margins, the cells withheld that identify a firm or give such a cell back.

    Parameters
    ----------
    cells
        ``firms, value, top1, top2, ...`` by the dimensions, as `cell_sums` gives them, of one year or of several
        (column ``year``), each a table of its own.
    dimensions
        One to three columns; the margin of a dimension is ``*``.
    rules
        See `Rules`.

    Returns
    -------
    polars.DataFrame
        The dimensions, ``year``, ``firms`` (rounded), ``value``, ``withheld``: ``primary``, ``secondary`` or empty.
        Firms and value of withheld cells are null.

    Notes
    -----
    For every cell that identifies a firm two linear programs look for the cheapest change of the table, margins kept,
    that moves the cell up, and down, by its protection; what they move is withheld too (Kelly, Golden and Assad 1992).
    Cells of a single firm, which that firm knows, are used for others only where there is no way without them.

    Examples
    --------
    >>> import polars as pl
    >>> cells = pl.DataFrame({
    ...     "industry": ["a", "a", "b", "b"], "region": ["n", "s", "n", "s"], "firms": [3, 40, 50, 60],
    ...     "value": [9.0, 40.0, 50.0, 60.0], "top1": [4.0, 2.0, 2.0, 2.0], "top2": [3.0, 2.0, 2.0, 2.0],
    ... })
    >>> protect(cells, ["industry", "region"])["withheld"].to_list()
    ['', '', '', '', 'primary', 'secondary', '', 'secondary', 'secondary']
    """
    return protect_together({"": cells}, dimensions, rules)[""]


def protect_together(
    tables: Mapping[str, pl.DataFrame], dimensions: Sequence[str], rules: Rules | None = None
) -> dict[str, pl.DataFrame]:
    """Return tables of several amounts by the same dimensions, the same cells withheld in all of them.

    A cell that is withheld in one table and told in another could be judged by what is known to lie between the two
    (wages are a part of value added, capital per person is alike); with one pattern nothing of the cell is published.

    Parameters
    ----------
    tables
        By name, each as `protect` takes it. A cell that is not in a table has no firm there.
    dimensions, rules
        See `protect`.

    Returns
    -------
    dict of polars.DataFrame
        By name, each as `protect` returns it; ``primary`` is a cell that identifies a firm in any of them.

    Examples
    --------
    >>> import polars as pl
    >>> output = {"industry": ["a", "b", "c"], "firms": [30, 40, 50], "value": [90.0, 40.0, 50.0]}
    >>> output |= {"top1": [80.0, 2.0, 2.0], "top2": [3.0, 2.0, 2.0]}
    >>> wages = output | {"value": [9.0, 9.0, 9.0], "top1": [1.0, 1.0, 1.0], "top2": [1.0, 1.0, 1.0]}
    >>> made = protect_together({"output": pl.DataFrame(output), "wages": pl.DataFrame(wages)}, ["industry"])
    >>> made["wages"]["withheld"].to_list()
    ['', 'primary', 'secondary', '']
    """
    rules = rules or Rules()
    if not 1 <= len(dimensions) <= 3:  # noqa: PLR2004 - tables of more dimensions are not published
        raise UsageError("micro.dimensions", n=len(dimensions))
    names, year = (
        list(tables),
        [column for column in ("year",) if any("year" in cells.columns for cells in tables.values())],
    )
    stacked = [cells.with_columns(table=pl.lit(name)) for name, cells in tables.items()]
    long = pl.concat(stacked, how="diagonal_relaxed")
    parts = long.partition_by(year, maintain_order=True) if year else [long]
    results = [_protected(part, names, list(dimensions), year, rules) for part in parts]
    return {name: pl.concat([part[name] for part in results]) for name in names}


def _protected(
    cells: pl.DataFrame, names: Sequence[str], dimensions: list[str], year: list[str], rules: Rules
) -> dict[str, pl.DataFrame]:
    """Return the tables of one year with their margins."""
    keys, tops = [*dimensions, *year], [f"top{n + 1}" for n in range(rules.top)]
    all_cells, amounts = cells.select(keys).unique(maintain_order=True), ["firms", "value", *tops]
    full = {}
    for name in names:
        rows = cells.filter(pl.col("table") == name).select(*keys, *amounts)
        full[name] = with_margins(
            all_cells.join(rows, on=keys, how="left").with_columns(pl.col(amounts).fill_null(0)), dimensions, rules
        )
    tables = list(full.values())  # all have the same cells in the same order
    primary = np.logical_or.reduce([identifying(table, rules) for table in tables])
    withheld, grid = primary.copy(), _Grid(tables[0], dimensions)
    for table in tables:  # what is withheld for one table is so in the next: a wider pattern hides no less
        # by how much every cell must stay uncertain if it identifies a firm
        rest = pl.col("value") - pl.col("top1") - pl.col("top2")
        needed = pl.max_horizontal(rules.protection * pl.col("value"), rules.closeness * pl.col("top1") - rest)
        widths: FloatArray = table.select(needed).to_series().to_numpy()
        withheld = _secondary(grid, table, primary, withheld, widths)
    kinds = pl.Series(np.where(primary, PRIMARY, np.where(withheld, SECONDARY, "")))
    hidden, count = pl.col("withheld") != "", (pl.col("firms") / rules.base).round().cast(pl.Int64) * rules.base
    columns = {
        name: pl.when(~hidden).then(expression) for name, expression in (("firms", count), ("value", pl.col("value")))
    }
    return {
        name: table.with_columns(withheld=kinds).select(*keys, **columns, withheld="withheld")
        for name, table in full.items()
    }


class _Grid:
    """The cells of a table with margins as a box, and the equations that its margins are."""

    def __init__(self, table: pl.DataFrame, dimensions: list[str]) -> None:
        self.matrix = margins(table, dimensions)
        codes = [table[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in dimensions]
        self.place = tuple(codes)  # of every row in the box
        self.shape = tuple(int(code.max()) + 1 for code in codes)
        sign = np.ones(len(table))
        for name in dimensions:  # a margin falls where the cells that it sums fall
            sign *= np.where(table[name].to_numpy() == TOTAL, -1.0, 1.0)
        self.sign, self.signs = sign, np.ones(self.shape)
        self.signs[self.place] = sign

    def box(self, values: BoolArray) -> BoolArray:
        """Return values of rows as a box; a place without a cell is False."""
        out = np.zeros(self.shape, dtype=bool)
        out[self.place] = values
        return out

    def swing(self, cell: int, rise: BoolArray, fall: BoolArray, up: float) -> bool:
        """Say whether withheld cells at the corners of a box with `cell` can move with it, so that all margins stay.

        Cells with a positive sign at an even number of steps from `cell` move as it does, others against it.
        """
        at = tuple(int(code[cell]) for code in self.place)
        moves = self.sign[cell] * up
        feasible = np.ones((1,) * len(at), dtype=bool)
        for steps in product((False, True), repeat=len(at)):
            if not any(steps):
                continue
            way = moves * (-1.0) ** sum(steps)
            line = tuple(
                slice(None) if step else slice(index, index + 1) for step, index in zip(steps, at, strict=True)
            )
            feasible = feasible & np.where(self.signs[line] * way > 0, rise[line], fall[line])
        inner = tuple(np.arange(size) != index for size, index in zip(self.shape, at, strict=True))
        return bool(feasible[np.ix_(*inner)].any()) if feasible.shape == self.shape else False


def margins(table: pl.DataFrame, dimensions: list[str]) -> coo_array:
    """Return the equations of a table: along every dimension, cells less their margin are zero."""
    place = {key: row for row, key in enumerate(table.select(dimensions).iter_rows())}
    rows, columns, values, line = [], [], [], 0
    for at, _ in enumerate(dimensions):
        lines: dict[tuple[str, ...], list[tuple[int, float]]] = {}
        for key, row in place.items():
            rest = (*key[:at], *key[at + 1 :])
            lines.setdefault(rest, []).append((row, -1.0 if key[at] == TOTAL else 1.0))
        for entries in lines.values():
            for row, sign in entries:
                rows.append(line)
                columns.append(row)
                values.append(sign)
            line += 1
    return coo_array((values, (rows, columns)), shape=(line, len(place)))


def _secondary(
    grid: _Grid, table: pl.DataFrame, primary: BoolArray, hidden: BoolArray, protection: FloatArray
) -> BoolArray:
    """Return which cells are withheld, so that each primary one can move by its protection both ways.

    Where cells that are withheld already move with it in a box, nothing more is needed; else the cheapest change of the
    table is a linear program.
    """
    values, firms = table["value"].to_numpy(), table["firms"].to_numpy()
    n, withheld, matrix = len(values), hidden.copy(), grid.matrix
    size = max(float(values.max(initial=0.0)), 1.0)
    scaled = values / size
    two_sided = coo_array(
        (
            np.r_[matrix.data, -matrix.data],
            (np.r_[matrix.coords[0], matrix.coords[0]], np.r_[matrix.coords[1], matrix.coords[1] + n]),
        ),
        shape=(matrix.shape[0], 2 * n),
    )
    free = firms > 0  # a cell without firms is known to be zero
    rises, falls = np.where(free, np.inf, 0.0), np.where(free, scaled, 0.0)
    program = Program(two_sided, costs=0.0, row_lower=0.0, row_upper=0.0, column_upper=np.r_[rises, falls])
    shared = withheld & free & (firms != 1)
    for cell in np.flatnonzero(primary & free):
        single = (firms == 1) & (np.arange(n) != cell)
        for side, much in ((0, protection[cell]), (1, min(protection[cell], values[cell]))):
            if much <= 0:
                continue
            if grid.swing(int(cell), grid.box(shared), grid.box(shared & (values >= much)), 1.0 - 2 * side):
                continue
            price = np.where(withheld, 0.0, scaled + 1 / n)
            program.set_costs(np.r_[price, price])
            for fixed in (single, np.zeros(n, bool)):
                upper = np.r_[np.where(fixed, 0.0, rises), np.where(fixed, 0.0, falls)]
                lower = np.zeros(2 * n)
                upper[cell + n * (1 - side)] = 0.0
                lower[cell + n * side] = upper[cell + n * side] = much / size
                program.set_column_bounds(lower, upper)
                solved = program.solve()
                if solved.status == "optimal":
                    break
            else:
                raise InputError("micro.unprotected", ())
            moving = np.abs(solved.primal[:n] - solved.primal[n:]) > _NOISE
            withheld = withheld | (moving & free)
            shared = withheld & free & (firms != 1)
    return withheld

"""Disclosure control: which cells identify a firm, and which others must be withheld so that margins hide them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import coo_array

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.parameters import setting
from xinzhi.core.programs import Program
from xinzhi.core.result import Facts, Result
from xinzhi.micro.cohorts import ARRIVALS, DEPARTURES, STAY, pair_rows
from xinzhi.micro.engine import CONVENTIONS, ibis
from xinzhi.micro.panel import YEARS, Panel

TOTAL = "*"
PRIMARY, SECONDARY = "primary", "secondary"
_NOISE = 1e-7  # what a solver calls zero, relative to the largest cell


@dataclass(frozen=True, repr=False, kw_only=True)
class Totals(Result, verb="firm_totals", topic="firms"):
    """Totals that may be published: ``amount``, the dimensions, ``year, firms, value, withheld``.

    The margin of a dimension is ``*``; firms and value of a cell that is withheld are null.
    """

    def facts(self) -> Facts:
        """Return of how many cells, and how many are withheld, each counted once for all amounts."""
        cells = self.frame.unique([name for name in self.frame.columns if name not in {"amount", "firms", "value"}])
        kinds = {name: cells.filter(pl.col("withheld") == name).height for name in (PRIMARY, SECONDARY)}
        return {"answer.totals": {"tables": self.frame["amount"].n_unique(), "cells": cells.height, **kinds}}


def _usual(name: str) -> Any:  # noqa: ANN401 - a number
    return field(default_factory=lambda: setting(CONVENTIONS, f"disclosure.{name}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a cell is withheld; the defaults stand in ``micro.yaml`` with their references.

    Parameters
    ----------
    least
        A cell of fewer firms is withheld.
    dominant, dominance
        One whose `dominant` largest firms hold more than the share `dominance` is.
    closeness
        One whose second largest firm could estimate the largest within this share of its value is.
    protection
        The share of its value by which a withheld cell stays uncertain at least, up and down.
    base
        Counts are rounded to its multiples.
    digits
        Statistics are rounded to so many digits.

    Examples
    --------
    >>> Rules().least
    10
    """

    least: int = _usual("least")
    dominant: int = _usual("dominant")
    dominance: float = _usual("dominance")
    closeness: float = _usual("closeness")
    protection: float = _usual("protection")
    base: int = _usual("base")
    digits: int = _usual("digits")

    def __post_init__(self) -> None:
        """Refuse rules that protect nobody."""
        shares = (self.dominance, self.closeness, self.protection)
        if self.least < 2 or min(self.dominant, self.base, self.digits) < 1 or not all(0 < one < 1 for one in shares):  # noqa: PLR2004 - a cell of one firm is that firm
            raise UsageError("micro.rules")

    @property
    def top(self) -> int:
        """How many of the largest firms of a cell are looked at."""
        return max(2, self.dominant)


def cell_sums(held: Panel, dimensions: Sequence[str], value: str, rules: Rules) -> pl.DataFrame:
    """Return firms, sum and largest contributions by cell and year, none of which may leave the office.

    Where plants count as firms (`panel`, ``duplicates="plants"``), enterprises are counted, and margins are there too.

    Examples
    --------
    >>> from xinzhi.micro import mock, panel
    >>> cell_sums(panel(mock(50, seed=1)), ["industry"], "output", Rules()).columns[:4]
    ['industry', 'year', 'firms', 'value']
    """
    held.need(value, *dimensions)
    table = held.table.filter(held.table[value].notnull())
    keys, every = [*dimensions, "year"], [table]
    if "owner" in table.columns:  # a margin of plants is no sum of cells: an enterprise stands in several of them
        every = []
        for choice in product((False, True), repeat=len(dimensions)):
            summed = {name: ibis().literal(TOTAL) for name, sums in zip(dimensions, choice, strict=True) if sums}
            every.append(table.mutate(**summed) if summed else table)
    found = pl.concat([held.engine.collect(_largest(one, keys, value, rules)).sort(keys) for one in every])
    if (found["value"] < 0).any() or (found[f"top{rules.top}"] < 0).any():
        raise InputError("micro.negative-cell", ())
    return found


def _largest(table: Any, keys: Sequence[str], value: str, rules: Rules) -> Any:  # noqa: ANN401 - tables of Ibis
    """Return firms, sum and largest contributions by some keys."""
    import ibis

    if "owner" in table.columns:  # a firm is the enterprise, not its plants
        summed = table.group_by([*keys, "owner"]).agg(**{value: table[value].sum()})
        table = summed.mutate(firm=summed.owner)
    window = ibis.window(group_by=[table[key] for key in keys], order_by=[table[value].desc(), table.firm])
    ranked = table.mutate(_rank=ibis.row_number().over(window))
    largest = {f"top{n + 1}": (ranked["_rank"] == n).ifelse(ranked[value], 0.0).sum() for n in range(rules.top)}
    return ranked.group_by(list(keys)).agg(firms=ranked.count(), value=ranked[value].sum(), **largest)


def cohort_sums(
    held: Panel, by: Sequence[str], later: Mapping[int, int], amounts: Sequence[str], rules: Rules
) -> pl.DataFrame:
    """Return firms, sums and largest contributions of survivors, entrants and the others, by group and pair of periods.

    Parameters
    ----------
    held
        With ``value`` and ``weight``, as `decompose` takes it.
    by, later
        The groups, and the period after each.
    amounts, rules
        Columns whose contributions count, and `Rules`.

    Examples
    --------
    >>> from xinzhi.micro import mock, panel
    >>> held = panel(mock(50, (2000, 2001), seed=1), {"value": "output", "weight": "labour"})
    >>> sorted(cohort_sums(held, (), {2000: 2001}, ["output"], Rules())["cohort"].unique())
    ['entry', 'exit', 'stay']
    """
    import ibis

    seen = [one for one in YEARS if held.has(one)]
    owners = ["owner"] if "owner" in held.table.columns else []
    both = pair_rows(held.table, by, later, seen, [*amounts, *owners])
    found = []
    for amount in amounts:
        for side, apart in ((1, "moved_out"), (2, "moved_in")):
            moved = [both.cohort == STAY, ibis.or_(*(both[f"{name}1"] != both[f"{name}2"] for name in by))]
            rows = both.mutate(cohort=ibis.and_(*moved).ifelse(apart, both.cohort)) if by else both
            rows = rows.select(
                "year", "cohort", firm=rows[f"firm{side}"], amount=rows[f"{amount}{side}"],
                **{name: rows[f"{name}{side}"] for name in (*by, *owners)},
            )  # fmt: skip
            rows = rows.filter(rows.amount.notnull())
            sums = held.engine.collect(_largest(rows, [*by, "year", "cohort"], "amount", rules))
            found.append(sums.with_columns(amount=pl.lit(amount), side=pl.lit(side), plants=pl.lit(bool(owners))))
    return pl.concat(found)


def merge_cohorts(
    frame: pl.DataFrame, sums: pl.DataFrame, keys: Sequence[str], rules: Rules | None = None
) -> pl.DataFrame:
    """Return a decomposition that tells no contribution of so few firms that it identifies one.

    Where a cohort does, those who moved or came into the sample count as entry, those who left it as exit (`merged` is
    ``moves``); where that is not enough, entry and exit are told as one sum, ``net_entry`` (``net``); and where even
    that, or the survivors, would identify a firm, growth alone is told (``growth``). Counts are rounded.

    Parameters
    ----------
    frame
        Of `decompose`: the keys, ``end``, ``growth``, parts and counts.
    sums
        What `cohort_sums` gives.
    keys, rules
        The groups; see `Rules`.

    Examples
    --------
    >>> from xinzhi.micro import decompose, mock, panel
    >>> held = panel(mock(400, (2000, 2001), seed=1), {"value": "true_tfp", "weight": "labour"})
    >>> sums = cohort_sums(held, (), {2000: 2001}, ["labour"], Rules())
    >>> merge_cohorts(decompose(held).frame, sums, ()).select("merged", "net_entry", "n_stay").row(0)
    ('', None, 220)
    """
    own, at = rules or Rules(), [*keys, "end"]
    groups = [{}, dict.fromkeys(ARRIVALS, "entry") | dict.fromkeys(DEPARTURES, "exit")]
    groups.append(dict.fromkeys((*ARRIVALS, *DEPARTURES), "net"))
    told = frame.with_columns(pl.col("end").cast(pl.Int64))
    for step, names in enumerate(groups):
        cohort = pl.col("cohort").replace(names)
        side = pl.when(cohort == STAY).then("side").otherwise(0)
        merged = sums.with_columns(cohort=cohort, side=side, end=pl.col("year").cast(pl.Int64))
        merged = _gathered(merged, [*at, "cohort", "amount", "side"], own)
        bad = merged.filter(pl.Series(identifying(merged, own))).select(at).unique()
        told = told.join(
            bad.with_columns(pl.lit(value=True).alias(f"_{step}")), on=at, how="left", maintain_order="left"
        )
    flags = [pl.col(f"_{step}").fill_null(value=False) for step in range(3)]
    level = pl.when(~flags[0]).then(0).when(~flags[1]).then(1).when(~flags[2]).then(2).otherwise(3)
    told = told.with_columns(_level=level).drop("_0", "_1", "_2")
    counts = [name for name in frame.columns if name.startswith("n_")]
    parts = [name for name in frame.columns if name not in {*keys, "start", "end", "growth", *counts}]
    movers = [name for name in parts if name.startswith((*ARRIVALS, *DEPARTURES))]
    summed = {}
    for heads, name in ((ARRIVALS, "entry"), (DEPARTURES, "exit")):
        for one in (f"n_{name}", *(part for part in movers if part.removeprefix(name) in {"", "_mean", "_covariance"})):
            all_of = [same for head in heads if (same := one.replace(name, head)) in told.columns]
            summed[one] = pl.when(pl.col("_level") == 0).then(one).otherwise(pl.sum_horizontal(all_of))
            summed |= {same: pl.when(pl.col("_level") == 0).then(same) for same in all_of if same != one}
    net = pl.when(pl.col("_level") == 2).then(pl.sum_horizontal(movers))  # noqa: PLR2004 - the second merger
    told = told.with_columns(net_entry=net, **summed)
    limits = {
        name: 1 if name in movers or (name in counts and name != f"n_{STAY}") else 2 for name in (*parts, *counts)
    }
    told = told.with_columns(pl.when(pl.col("_level") <= most).then(name).alias(name) for name, most in limits.items())
    told = told.with_columns((pl.col(counts) / own.base).round().cast(pl.Int64) * own.base)
    named = pl.col("_level").replace_strict(dict(enumerate(("", "moves", "net", "growth"))), return_dtype=pl.String)
    ordered = [*keys, "start", "end", "growth", *parts, "net_entry", *counts]
    return rounded(told.with_columns(merged=named).select(*ordered, "merged"), own)


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
    (wages are a part of value added, capital per person is alike); with one pattern nothing of the cell is told.

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
    own = rules or Rules()
    if not 1 <= len(dimensions) <= 3:  # noqa: PLR2004 - tables of more dimensions are not published
        raise UsageError("micro.dimensions", n=len(dimensions))
    names, year = list(tables), [one for one in ("year",) if any("year" in cells.columns for cells in tables.values())]
    whole = [cells.with_columns(table=pl.lit(name)) for name, cells in tables.items()]
    long = pl.concat(whole, how="diagonal_relaxed")
    parts = long.partition_by(year, maintain_order=True) if year else [long]
    made = [_protected(part, names, list(dimensions), year, own) for part in parts]
    return {name: pl.concat([part[name] for part in made]) for name in names}


def _protected(
    cells: pl.DataFrame, names: Sequence[str], dimensions: list[str], year: list[str], rules: Rules
) -> dict[str, pl.DataFrame]:
    """Return the tables of one year with their margins."""
    keys, tops = [*dimensions, *year], [f"top{n + 1}" for n in range(rules.top)]
    every, amounts = cells.select(keys).unique(maintain_order=True), ["firms", "value", *tops]
    full = {}
    for name in names:
        own = cells.filter(pl.col("table") == name).select(*keys, *amounts)
        full[name] = with_margins(
            every.join(own, on=keys, how="left").with_columns(pl.col(amounts).fill_null(0)), dimensions, rules
        )
    tables = list(full.values())  # all have the same cells in the same order
    primary = np.logical_or.reduce([identifying(table, rules) for table in tables])
    withheld, grid = primary.copy(), _Grid(tables[0], dimensions)
    for table in tables:  # what is withheld for one table is so in the next: a wider pattern hides no less
        withheld = _secondary(grid, table, primary, withheld, _protection(table, rules))
    kinds = pl.Series(np.where(primary, PRIMARY, np.where(withheld, SECONDARY, "")))
    hidden, count = pl.col("withheld") != "", (pl.col("firms") / rules.base).round().cast(pl.Int64) * rules.base
    told = {name: pl.when(~hidden).then(one) for name, one in (("firms", count), ("value", pl.col("value")))}
    return {
        name: table.with_columns(withheld=kinds).select(*keys, **told, withheld="withheld")
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
        found = np.ones((1,) * len(at), dtype=bool)
        for steps in product((False, True), repeat=len(at)):
            if not any(steps):
                continue
            way = moves * (-1.0) ** sum(steps)
            line = tuple(slice(None) if step else slice(one, one + 1) for step, one in zip(steps, at, strict=True))
            found = found & np.where(self.signs[line] * way > 0, rise[line], fall[line])
        inner = tuple(np.arange(size) != one for size, one in zip(self.shape, at, strict=True))
        return bool(found[np.ix_(*inner)].any()) if found.shape == self.shape else False


def with_margins(cells: pl.DataFrame, dimensions: list[str], rules: Rules) -> pl.DataFrame:
    """Return the full table with all margins; the largest firms of a margin are among those of its cells."""
    year = ["year"] if "year" in cells.columns else []
    if (cells.select(dimensions).cast(pl.String) == TOTAL).sum_horizontal().sum():  # they are there already
        return cells.cast(dict.fromkeys(dimensions, pl.String)).sort([*year, *dimensions])
    parts = []
    for choice in product((False, True), repeat=len(dimensions)):
        summed = [pl.lit(TOTAL).alias(name) for name, sums in zip(dimensions, choice, strict=True) if sums]
        grouped = cells.cast(dict.fromkeys(dimensions, pl.String)).with_columns(summed)
        parts.append(_gathered(grouped, [*dimensions, *year], rules))
    return pl.concat(parts).sort([*year, *dimensions])


def _gathered(cells: pl.DataFrame, keys: Sequence[str], rules: Rules) -> pl.DataFrame:
    """Return cells gathered by some keys, with the largest firms among all of theirs."""
    tops = [f"top{n + 1}" for n in range(rules.top)]
    if "plants" in cells.columns and cells["plants"].any():  # one enterprise may stand in all: the worst is assumed
        return cells.group_by(keys).agg(pl.col("firms").max(), pl.col("value").sum(), pl.col(tops).sum())
    sums = cells.group_by(keys).agg(pl.col("firms", "value").sum())
    long = cells.unpivot(tops, index=list(keys), variable_name="place", value_name="largest")
    largest = long.group_by(keys).agg(pl.col("largest").top_k(rules.top))
    padded = pl.col("largest").list.sort(descending=True)
    named = [padded.list.get(n, null_on_oob=True).fill_null(0.0).alias(name) for n, name in enumerate(tops)]
    both = sums.join(largest.select(*keys, *named), on=list(keys))
    return both.select(*keys, "firms", "value", *tops)


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


def identifying(table: pl.DataFrame, rules: Rules) -> BoolArray:
    """Return which cells identify a firm: too few firms, a few that dominate, or one that another can estimate."""
    few = (pl.col("firms") > 0) & (pl.col("firms") < rules.least)
    largest = pl.sum_horizontal(f"top{n + 1}" for n in range(rules.dominant))
    dominated = (largest > rules.dominance * pl.col("value")) & (pl.col("value") > 0)
    rest = pl.col("value") - pl.col("top1") - pl.col("top2")
    close = (rest < rules.closeness * pl.col("top1")) & (pl.col("value") > 0)
    found: BoolArray = table.select((few | dominated | close).fill_null(value=False)).to_series().to_numpy()
    return found


def _protection(table: pl.DataFrame, rules: Rules) -> FloatArray:
    """Return by how much every cell must stay uncertain if it identifies a firm."""
    rest = pl.col("value") - pl.col("top1") - pl.col("top2")
    needed = pl.max_horizontal(rules.protection * pl.col("value"), rules.closeness * pl.col("top1") - rest)
    found: FloatArray = table.select(needed).to_series().to_numpy()
    return found


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
    both = coo_array((np.r_[matrix.data, -matrix.data], (np.r_[matrix.coords[0], matrix.coords[0]],
                      np.r_[matrix.coords[1], matrix.coords[1] + n])), shape=(matrix.shape[0], 2 * n))  # fmt: skip
    free = firms > 0  # a cell without firms is known to be zero
    rises, falls = np.where(free, np.inf, 0.0), np.where(free, scaled, 0.0)
    program = Program(both, costs=0.0, row_lower=0.0, row_upper=0.0, column_upper=np.r_[rises, falls])
    shared = withheld & free & (firms != 1)
    for cell in np.flatnonzero(primary & free):
        alone = (firms == 1) & (np.arange(n) != cell)
        for side, much in ((0, protection[cell]), (1, min(protection[cell], values[cell]))):
            if much <= 0:
                continue
            if grid.swing(int(cell), grid.box(shared), grid.box(shared & (values >= much)), 1.0 - 2 * side):
                continue
            price = np.where(withheld, 0.0, scaled + 1 / n)
            program.set_costs(np.r_[price, price])
            for known in (alone, np.zeros(n, bool)):
                upper = np.r_[np.where(known, 0.0, rises), np.where(known, 0.0, falls)]
                lower = np.zeros(2 * n)
                upper[cell + n * (1 - side)] = 0.0
                lower[cell + n * side] = upper[cell + n * side] = much / size
                program.set_column_bounds(lower, upper)
                solved = program.solve()
                if solved.status == "optimal":
                    break
            else:
                raise InputError("micro.unprotected", ())
            moved = np.abs(solved.primal[:n] - solved.primal[n:]) > _NOISE
            withheld = withheld | (moved & free)
            shared = withheld & free & (firms != 1)
    return withheld


def attack(table: pl.DataFrame, published: pl.DataFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    """Return what an attacker learns of every withheld cell from the published ones: the least and the most it can be.

    Parameters
    ----------
    table
        The table with its margins, as `with_margins` gives it: the attacker sees only which cells have no firm.
    published
        What `protect` returned, of one year.
    dimensions
        The columns.

    Examples
    --------
    >>> import polars as pl
    >>> cells = pl.DataFrame({"industry": ["a", "b", "c"], "firms": [3, 40, 50], "value": [9.0, 40.0, 50.0],
    ...                       "top1": [4.0, 2.0, 2.0], "top2": [3.0, 2.0, 2.0]})
    >>> shown = protect(cells, ["industry"])
    >>> attack(with_margins(cells, ["industry"], Rules()), shown, ["industry"]).rows()
    [('a', 'primary', 9.0, 0.0, 49.0), ('b', 'secondary', 40.0, 0.0, 49.0)]
    """
    seen = published.select(*dimensions, "withheld", shown="value")
    both = table.join(seen, on=list(dimensions), maintain_order="left")
    known = both["withheld"].to_numpy() == ""
    shown, firms = both["shown"].fill_null(0.0).to_numpy(), both["firms"].to_numpy()
    lower, upper = np.where(known, shown, 0.0), np.where(known, shown, np.where(firms > 0, np.inf, 0.0))
    size = max(float(shown.max(initial=0.0)), 1.0)
    program = Program(margins(both, list(dimensions)), costs=0.0, row_lower=0.0, row_upper=0.0,
                      column_lower=lower / size, column_upper=upper / size)  # fmt: skip
    rows = []
    for cell in np.flatnonzero(~known):
        ends = []
        for sign in (1.0, -1.0):
            program.set_costs(0.0)
            program.set_costs(sign, [int(cell)])
            solved = program.solve()
            ends.append(np.inf if solved.status == "unbounded" else float(solved.primal[cell]) * size)
        rows.append({"least": ends[0], "most": ends[1]})
    named = both.filter(pl.Series(~known)).select(*dimensions, "withheld", "value")
    return named.hstack(pl.DataFrame(rows, schema={"least": pl.Float64, "most": pl.Float64}))


def withhold(
    frame: pl.DataFrame, counts: Sequence[str], keys: Sequence[str], rules: Rules | None = None
) -> pl.DataFrame:
    """Return statistics of groups whose rows are blank where a count lies below the least; counts are rounded.

    Parameters
    ----------
    frame
        One group a row.
    counts, keys
        The columns that count firms; a count of zero tells of nobody. The columns that name the row and stay.
    rules
        See `Rules`.

    Examples
    --------
    >>> import polars as pl
    >>> told = pl.DataFrame({"industry": ["a", "b"], "firms": [3, 42], "gain": [0.1, 0.2]})
    >>> withhold(told, ["firms"], ["industry"]).rows()
    [('a', None, None, True), ('b', 40, 0.2, False)]
    """
    own = rules or Rules()
    few = pl.any_horizontal((pl.col(name) > 0) & (pl.col(name) < own.least) for name in counts)
    multiples = [((pl.col(name) / own.base).round().cast(pl.Int64) * own.base).alias(name) for name in counts]
    marked = frame.with_columns(withheld=few.fill_null(value=True)).with_columns(multiples)
    hidden = [name for name in frame.columns if name not in keys]
    told = marked.with_columns(pl.when(~pl.col("withheld")).then(pl.col(name)).alias(name) for name in hidden)
    return rounded(told, own)


def rounded(frame: pl.DataFrame, rules: Rules | None = None) -> pl.DataFrame:
    """Return statistics to the digits that may be told, so that no equation of published figures is exact.

    Examples
    --------
    >>> import polars as pl
    >>> rounded(pl.DataFrame({"year": [2020], "gain": [0.123456]}))["gain"].to_list()
    [0.123]
    """
    return frame.with_columns(pl.col(pl.Float64).round_sig_figs((rules or Rules()).digits))

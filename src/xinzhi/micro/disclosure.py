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
from xinzhi.micro.cohorts import ARRIVALS, DEPARTURES, STAY, pair_rows
from xinzhi.micro.engine import CONVENTIONS
from xinzhi.micro.panel import YEARS, Panel

TOTAL = "*"
_NOISE = 1e-7  # what a solver calls zero, relative to the largest cell


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

    Examples
    --------
    >>> from xinzhi.micro import mock, panel
    >>> cell_sums(panel(mock(50, seed=1)), ["industry"], "output", Rules()).columns[:4]
    ['industry', 'year', 'firms', 'value']
    """
    held.need(value, *dimensions)
    table = held.table.filter(held.table[value].notnull())
    keys = [*dimensions, "year"]
    found = held.engine.collect(_largest(table, keys, value, rules))
    if (found["value"] < 0).any() or (found[f"top{rules.top}"] < 0).any():
        raise InputError("micro.negative-cell", ())
    return found.sort(keys)


def _largest(table: Any, keys: Sequence[str], value: str, rules: Rules) -> Any:  # noqa: ANN401 - tables of Ibis
    """Return firms, sum and largest contributions by some keys."""
    import ibis

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
    both = pair_rows(held.table, by, later, seen, amounts)
    found = []
    for amount in amounts:
        for side, apart in ((1, "moved_out"), (2, "moved_in")):
            moved = [both.cohort == STAY, ibis.or_(*(both[f"{name}1"] != both[f"{name}2"] for name in by))]
            rows = both.mutate(cohort=ibis.and_(*moved).ifelse(apart, both.cohort)) if by else both
            rows = rows.select(
                "year", "cohort", firm=rows[f"firm{side}"], amount=rows[f"{amount}{side}"],
                **{name: rows[f"{name}{side}"] for name in by},
            )  # fmt: skip
            rows = rows.filter(rows.amount.notnull())
            sums = held.engine.collect(_largest(rows, [*by, "year", "cohort"], "amount", rules))
            found.append(sums.with_columns(amount=pl.lit(amount), side=pl.lit(side)))
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
    own = rules or Rules()
    if not 1 <= len(dimensions) <= 3:  # noqa: PLR2004 - tables of more dimensions are not published
        raise UsageError("micro.dimensions", n=len(dimensions))
    parts = cells.partition_by("year", maintain_order=True) if "year" in cells.columns else [cells]
    return pl.concat([_protected(part, list(dimensions), own) for part in parts])


def _protected(cells: pl.DataFrame, dimensions: list[str], rules: Rules) -> pl.DataFrame:
    """Return one table with its margins."""
    table = with_margins(cells, dimensions, rules)
    matrix = margins(table, dimensions)
    primary = identifying(table, rules)
    values, firms = table["value"].to_numpy(), table["firms"].to_numpy()
    up = _protection(table, rules)
    withheld = _secondary(matrix, values, firms, primary, up)
    kinds = np.where(primary, "primary", np.where(withheld, "secondary", ""))
    shown = table.with_columns(withheld=pl.Series(kinds))
    hidden = pl.col("withheld") != ""
    rounded = (pl.col("firms") / rules.base).round().cast(pl.Int64) * rules.base
    year = ["year"] if "year" in table.columns else []
    return shown.select(
        *dimensions, *year,
        firms=pl.when(hidden).then(None).otherwise(rounded),
        value=pl.when(hidden).then(None).otherwise("value"),
        withheld="withheld",
    )  # fmt: skip


def with_margins(cells: pl.DataFrame, dimensions: list[str], rules: Rules) -> pl.DataFrame:
    """Return the full table with all margins; the largest firms of a margin are among those of its cells."""
    year = ["year"] if "year" in cells.columns else []
    parts = []
    for choice in product((False, True), repeat=len(dimensions)):
        summed = [pl.lit(TOTAL).alias(name) for name, sums in zip(dimensions, choice, strict=True) if sums]
        grouped = cells.cast(dict.fromkeys(dimensions, pl.String)).with_columns(summed)
        parts.append(_gathered(grouped, [*dimensions, *year], rules))
    return pl.concat(parts).sort([*year, *dimensions])


def _gathered(cells: pl.DataFrame, keys: Sequence[str], rules: Rules) -> pl.DataFrame:
    """Return cells gathered by some keys, with the largest firms among all of theirs."""
    tops = [f"top{n + 1}" for n in range(rules.top)]
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
    matrix: coo_array, values: FloatArray, firms: FloatArray, primary: BoolArray, up: FloatArray
) -> BoolArray:
    """Return which cells are withheld, so that each primary one can move by its protection both ways."""
    n = len(values)
    withheld = primary.copy()
    size = max(float(values.max(initial=0.0)), 1.0)
    scaled = values / size
    both = coo_array((np.r_[matrix.data, -matrix.data], (np.r_[matrix.coords[0], matrix.coords[0]],
                      np.r_[matrix.coords[1], matrix.coords[1] + n])), shape=(matrix.shape[0], 2 * n))  # fmt: skip
    free = firms > 0  # a cell without firms is known to be zero
    rises, falls = np.where(free, np.inf, 0.0), np.where(free, scaled, 0.0)
    program = Program(both, costs=0.0, row_lower=0.0, row_upper=0.0, column_upper=np.r_[rises, falls])
    for cell in np.flatnonzero(primary):
        alone = (firms == 1) & (np.arange(n) != cell)
        for side, much in ((0, up[cell]), (1, min(up[cell], values[cell]))):
            if much <= 0:
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

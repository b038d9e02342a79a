"""Disclosure control: which cells, cohorts and statistics identify a firm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import BoolArray, Ibis
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.parameters import setting
from xinzhi.core.result import Result
from xinzhi.micro.cohorts import ARRIVALS, DEPARTURES, STAY, pair_rows
from xinzhi.micro.engine import CONVENTIONS, ibis
from xinzhi.micro.panel import YEARS, Panel

TOTAL = "*"
PRIMARY, SECONDARY = "primary", "secondary"


@dataclass(frozen=True, repr=False, kw_only=True)
class Totals(Result, verb="firm_totals", topic="firms"):
    """Totals that may be published: ``amount``, the dimensions, ``year, firms, value, withheld``.

    The margin of a dimension is ``*``; firms and value of a cell that is withheld are null.
    """

    @property
    def sums_over_all(self) -> pl.DataFrame:
        """The rows whose dimensions are all summed over."""
        dimensions = [name for name in self.row_key() if name not in {"amount", "year"}]
        return self.frame.filter(pl.col(name) == TOTAL for name in dimensions)

    def row_key(self) -> tuple[str, ...]:
        """Return the amount, the dimensions and the year."""
        return tuple(name for name in self.frame.columns if name not in {"firms", "value", "withheld"})

    def answer(self) -> Iterator[Fact]:
        """Yield of how many cells, and how many are withheld, each counted once for all amounts."""
        cells = self.frame.unique([name for name in self.frame.columns if name not in {"amount", "firms", "value"}])
        primary, secondary = (cells.filter(pl.col("withheld") == name).height for name in (PRIMARY, SECONDARY))
        yield words.firms.answer_totals(
            tables=self.frame["amount"].n_unique(), cells=cells.height, primary=primary, secondary=secondary
        )


_usual = partial(setting, CONVENTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a cell is withheld; the defaults are in ``micro.yaml`` with their references.

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

    least: int = field(default_factory=partial(_usual, "disclosure.least"))
    dominant: int = field(default_factory=partial(_usual, "disclosure.dominant"))
    dominance: float = field(default_factory=partial(_usual, "disclosure.dominance"))
    closeness: float = field(default_factory=partial(_usual, "disclosure.closeness"))
    protection: float = field(default_factory=partial(_usual, "disclosure.protection"))
    base: int = field(default_factory=partial(_usual, "disclosure.base"))
    digits: int = field(default_factory=partial(_usual, "disclosure.digits"))

    def __post_init__(self) -> None:
        """Refuse rules that protect nobody."""
        shares = (self.dominance, self.closeness, self.protection)
        shares_fit = all(0 < share < 1 for share in shares)
        identifies = self.least < 2  # noqa: PLR2004 - a cell of one firm is that firm
        if identifies or min(self.dominant, self.base, self.digits) < 1 or not shares_fit:
            raise UsageError("micro.rules")

    @property
    def top(self) -> int:
        """How many of the largest firms of a cell are looked at."""
        return max(2, self.dominant)


def cell_sums(firms: Panel, dimensions: Sequence[str], value: str, rules: Rules) -> pl.DataFrame:
    """Return firms, sum and largest contributions by cell and year, none of which may leave the office.

    Where plants count as firms (`panel`, ``duplicates="plants"``), enterprises are counted, and margins are there too.

    Examples
    --------
    >>> from xinzhi.micro import mock, panel
    >>> cell_sums(panel(mock(50, seed=1)), ["industry"], "output", Rules()).columns[:4]
    ['industry', 'year', 'firms', 'value']
    """
    firms.need(value, *dimensions)
    table = firms.table.filter(firms.table[value].notnull())
    keys, tables = [*dimensions, "year"], [table]
    if "owner" in table.columns:  # a margin of plants is no sum of cells: an enterprise is in several of them
        tables = []
        for choice in product((False, True), repeat=len(dimensions)):
            summed = {name: ibis().literal(TOTAL) for name, sums in zip(dimensions, choice, strict=True) if sums}
            tables.append(table.mutate(**summed) if summed else table)
    cells = pl.concat([firms.engine.collect(_largest(part, keys, value, rules)).sort(keys) for part in tables])
    if (cells["value"] < 0).any() or (cells[f"top{rules.top}"] < 0).any():
        raise InputError("micro.negative-cell", ())
    return cells


def _largest(table: Ibis, keys: Sequence[str], value: str, rules: Rules) -> Ibis:
    """Return firms, sum and largest contributions by some keys."""
    if "owner" in table.columns:  # a firm is the enterprise, not its plants
        summed = table.group_by([*keys, "owner"]).agg(**{value: table[value].sum()})
        table = summed.mutate(firm=summed.owner)
    window = ibis().window(group_by=[table[key] for key in keys], order_by=[table[value].desc(), table.firm])
    ranked = table.mutate(_rank=ibis().row_number().over(window))
    largest = {f"top{n + 1}": (ranked["_rank"] == n).ifelse(ranked[value], 0.0).sum() for n in range(rules.top)}
    return ranked.group_by(list(keys)).agg(firms=ranked.count(), value=ranked[value].sum(), **largest)


def cohort_sums(
    firms: Panel, by: Sequence[str], later: Mapping[int, int], amounts: Sequence[str], rules: Rules
) -> pl.DataFrame:
    """Return firms, sums and largest contributions of survivors, entrants and the others, by group and pair of periods.

    Parameters
    ----------
    firms
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
    dates = [name for name in YEARS if firms.has(name)]
    owners = ["owner"] if "owner" in firms.table.columns else []
    pairs = pair_rows(firms.table, by, later, dates, [*amounts, *owners])
    frames = []
    for amount in amounts:
        for side, move_label in ((1, "moved_out"), (2, "moved_in")):
            conditions = [pairs.cohort == STAY, ibis().or_(*(pairs[f"{name}1"] != pairs[f"{name}2"] for name in by))]
            rows = pairs.mutate(cohort=ibis().and_(*conditions).ifelse(move_label, pairs.cohort)) if by else pairs
            rows = rows.select(
                "year",
                "cohort",
                firm=rows[f"firm{side}"],
                amount=rows[f"{amount}{side}"],
                **{name: rows[f"{name}{side}"] for name in (*by, *owners)},
            )
            rows = rows.filter(rows.amount.notnull())
            sums = firms.engine.collect(_largest(rows, [*by, "year", "cohort"], "amount", rules))
            frames.append(sums.with_columns(amount=pl.lit(amount), side=pl.lit(side), plants=pl.lit(bool(owners))))
    return pl.concat(frames)


def merge_cohorts(
    frame: pl.DataFrame, sums: pl.DataFrame, keys: Sequence[str], rules: Rules | None = None
) -> pl.DataFrame:
    """Return a decomposition that tells no contribution of so few firms that it identifies one.

    Where a cohort does, those who moved or came into the sample count as entry, those who left it as exit (`merged` is
    ``moves``); where that is not enough, entry and exit are one sum, ``net_entry`` (``net``); and where even that,
    or the survivors, would identify a firm, only growth is published (``growth``). Counts are rounded.

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
    rules, at = rules or Rules(), [*keys, "end"]
    groups = [{}, dict.fromkeys(ARRIVALS, "entry") | dict.fromkeys(DEPARTURES, "exit")]
    groups.append(dict.fromkeys((*ARRIVALS, *DEPARTURES), "net"))
    table = frame.with_columns(pl.col("end").cast(pl.Int64))
    for step, names in enumerate(groups):
        cohort = pl.col("cohort").replace(names)
        side = pl.when(cohort == STAY).then("side").otherwise(0)
        merged = sums.with_columns(cohort=cohort, side=side, end=pl.col("year").cast(pl.Int64))
        merged = _gathered(merged, [*at, "cohort", "amount", "side"], rules)
        bad = merged.filter(pl.Series(identifying(merged, rules))).select(at).unique()
        table = table.join(
            bad.with_columns(pl.lit(value=True).alias(f"_{step}")), on=at, how="left", maintain_order="left"
        )
    flags = [pl.col(f"_{step}").fill_null(value=False) for step in range(3)]
    level = pl.when(~flags[0]).then(0).when(~flags[1]).then(1).when(~flags[2]).then(2).otherwise(3)
    table = table.with_columns(_level=level).drop("_0", "_1", "_2")
    counts = [name for name in frame.columns if name.startswith("n_")]
    parts = [name for name in frame.columns if name not in {*keys, "start", "end", "growth", *counts}]
    movers = [name for name in parts if name.startswith((*ARRIVALS, *DEPARTURES))]
    summed = {}
    for heads, name in ((ARRIVALS, "entry"), (DEPARTURES, "exit")):
        for column in (
            f"n_{name}",
            *(part for part in movers if part.removeprefix(name) in {"", "_mean", "_covariance"}),
        ):
            all_of = [same for head in heads if (same := column.replace(name, head)) in table.columns]
            summed[column] = pl.when(pl.col("_level") == 0).then(column).otherwise(pl.sum_horizontal(all_of))
            summed |= {same: pl.when(pl.col("_level") == 0).then(same) for same in all_of if same != column}
    net = pl.when(pl.col("_level") == 2).then(pl.sum_horizontal(movers))  # noqa: PLR2004 - the second merger
    table = table.with_columns(net_entry=net, **summed)
    limits = {
        name: 1 if name in movers or (name in counts and name != f"n_{STAY}") else 2 for name in (*parts, *counts)
    }
    table = table.with_columns(
        pl.when(pl.col("_level") <= most).then(name).alias(name) for name, most in limits.items()
    )
    table = table.with_columns((pl.col(counts) / rules.base).round().cast(pl.Int64) * rules.base)
    label = pl.col("_level").replace_strict(dict(enumerate(("", "moves", "net", "growth"))), return_dtype=pl.String)
    ordered = [*keys, "start", "end", "growth", *parts, "net_entry", *counts]
    return rounded(table.with_columns(merged=label).select(*ordered, "merged"), rules)


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
    if "plants" in cells.columns and cells["plants"].any():  # one enterprise may be in all: the worst is assumed
        return cells.group_by(keys).agg(pl.col("firms").max(), pl.col("value").sum(), pl.col(tops).sum())
    sums = cells.group_by(keys).agg(pl.col("firms", "value").sum())
    long = cells.unpivot(tops, index=list(keys), variable_name="place", value_name="largest")
    largest = long.group_by(keys).agg(pl.col("largest").top_k(rules.top))
    padded = pl.col("largest").list.sort(descending=True)
    top_columns = [padded.list.get(n, null_on_oob=True).fill_null(0.0).alias(name) for n, name in enumerate(tops)]
    joined = sums.join(largest.select(*keys, *top_columns), on=list(keys))
    return joined.select(*keys, "firms", "value", *tops)


def identifying(table: pl.DataFrame, rules: Rules) -> BoolArray:
    """Return which cells identify a firm: too few firms, a few that dominate, or one that another can estimate."""
    few = (pl.col("firms") > 0) & (pl.col("firms") < rules.least)
    largest = pl.sum_horizontal(f"top{n + 1}" for n in range(rules.dominant))
    dominated = (largest > rules.dominance * pl.col("value")) & (pl.col("value") > 0)
    rest = pl.col("value") - pl.col("top1") - pl.col("top2")
    close = (rest < rules.closeness * pl.col("top1")) & (pl.col("value") > 0)
    mask: BoolArray = table.select((few | dominated | close).fill_null(value=False)).to_series().to_numpy()
    return mask


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
    rules = rules or Rules()
    few = pl.any_horizontal((pl.col(name) > 0) & (pl.col(name) < rules.least) for name in counts)
    multiples = [((pl.col(name) / rules.base).round().cast(pl.Int64) * rules.base).alias(name) for name in counts]
    marked = frame.with_columns(withheld=few.fill_null(value=True)).with_columns(multiples)
    hidden = [name for name in frame.columns if name not in keys]
    public = marked.with_columns(pl.when(~pl.col("withheld")).then(pl.col(name)).alias(name) for name in hidden)
    return rounded(public, rules)


def rounded(frame: pl.DataFrame, rules: Rules | None = None) -> pl.DataFrame:
    """Return statistics to the digits that may be published, so that no equation of published figures is exact.

    Examples
    --------
    >>> import polars as pl
    >>> rounded(pl.DataFrame({"year": [2020], "gain": [0.123456]}))["gain"].to_list()
    [0.123]
    """
    return frame.with_columns(pl.col(pl.Float64).round_sig_figs((rules or Rules()).digits))

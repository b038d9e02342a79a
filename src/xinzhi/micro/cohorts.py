"""Survivors, entrants and exiters: sums over two periods, and the formulas that split growth of the aggregate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from xinzhi.core.arrays import Ibis

STAY = "stay"
ARRIVALS = ("entry", "rotation_in", "moved_in")
DEPARTURES = ("exit", "rotation_out", "moved_out")
COHORTS = (STAY, *ARRIVALS, *DEPARTURES)
_SUMS = ("n", "w1", "w2", "w1v1", "w2v2", "w1v2", "w2v1", "v1", "v2")


def pair_sums(table: Ibis, by: Sequence[str], later: Mapping[int, int], seen: Collection[str]) -> Ibis:
    """Return what all formulas need: sums over the firms of each cohort, by group before, group after and year."""
    both = pair_rows(table, by, later, seen)
    keys = ["year", "cohort", *(f"{name}{side}" for name in by for side in (1, 2))]
    return both.group_by(keys).agg(
        n=both.count(),
        blank=both.blank.sum(),
        w1=both.w1.sum(),
        w2=both.w2.sum(),
        v1=both.v1.sum(),
        v2=both.v2.sum(),
        w1v1=(both.w1 * both.v1).sum(),
        w2v2=(both.w2 * both.v2).sum(),
        w1v2=(both.w1 * both.v2).sum(),
        w2v1=(both.w2 * both.v1).sum(),
    )


def pair_rows(
    table: Ibis, by: Sequence[str], later: Mapping[int, int], seen: Collection[str], more: Sequence[str] = ()
) -> Ibis:
    """Return every firm of two periods in one row, with its cohort and what it was before and after.

    `table` has firm, year, value, weight, the groups and `more`; `later` is the period after each; `seen` says which
    of `born` and `closed` are there, which tell a firm that is merely out of the sample from one that is new or gone.
    A row without value and weight says that the firm is there: it can be measured in one period only (``blank``), and
    so is out of the sample in the other, not new or gone.
    """
    import ibis

    born, closed = ("born" in seen, "closed" in seen)
    first = table.filter(table.year.isin(list(later)))
    then = first.year.cases(*later.items(), else_=None).cast("int64")
    steps = {after - before for before, after in later.items()}
    if len(steps) == 1:  # plain arithmetic is cheaper than a list of cases
        then = (first.year + steps.pop()).cast("int64")
    before = first.select(
        firm1=first.firm,
        year1=then,
        v1=first.value,
        w1=first.weight,
        **({"closed": first.closed} if closed else {}),
        **{f"{name}1": first[name] for name in (*by, *more)},
    )
    second = table.filter(table.year.isin(list(later.values())))
    after = second.select(
        firm2=second.firm,
        year2=second.year.cast("int64"),
        v2=second.value,
        w2=second.weight,
        **({"born": second.born} if born else {}),
        **{f"{name}2": second[name] for name in (*by, *more)},
    )
    both = before.outer_join(after, [before.firm1 == after.firm2, before.year1 == after.year2])
    both = both.filter(both.w1.notnull() | both.w2.notnull())
    alone, fresh = both.w2.isnull(), both.w1.isnull()
    blank = (alone & both.firm2.notnull()) | (fresh & both.firm1.notnull())
    gone, new = ibis.literal("exit"), ibis.literal("entry")
    if closed:
        gone = (both.closed.isnull() | (both.closed > both.year1)).ifelse("rotation_out", "exit")
    if born:  # at work by the period before, and not in the sample then
        earlier = {second_year: first_year for first_year, second_year in later.items()}
        base = both.year2.cases(*earlier.items(), else_=None)
        new = (both.born <= base).ifelse("rotation_in", "entry")
    return both.mutate(
        cohort=ibis.cases(
            (blank & alone, "rotation_out"), (blank, "rotation_in"), (alone, gone), (fresh, new), else_=STAY
        ),
        year=ibis.coalesce(both.year2, both.year1),
        blank=blank.cast("int64"),
    )


def cells(sums: pl.DataFrame, by: Sequence[str], *, movers_apart: bool) -> pl.DataFrame:
    """Return one row per group and year with the sums of every cohort; who moves leaves one group for another."""
    sums = sums.with_columns(pl.col(_SUMS).cast(pl.Float64).fill_null(0.0))
    pairs = [(f"{name}1", f"{name}2") for name in by]
    moved = pl.any_horizontal([pl.lit(value=False), *(pl.col(one) != pl.col(two) for one, two in pairs)])
    moves = sums.filter((pl.col("cohort") == STAY) & moved)
    still = sums.filter(~((pl.col("cohort") == STAY) & moved).fill_null(value=False))
    own = {name: pl.coalesce(two, one).alias(name) for name, (one, two) in zip(by, pairs, strict=True)}
    parts = [still.select("year", "cohort", *own.values(), *_SUMS)]
    zero = [pl.lit(0.0).alias(name) for name in _SUMS]
    for side, apart, plain in ((1, "moved_out", "exit"), (2, "moved_in", "entry")):
        held = [name for name in _SUMS if set(name) & {"1", "2"} <= {str(side)}]
        named = [pl.col(f"{name}{side}").alias(name) for name in by]
        kept = [one for one in zero if one.meta.output_name() not in held]
        called = pl.lit(apart if movers_apart else plain).alias("cohort")
        parts.append(moves.select("year", called, *named, *held, *kept).select(parts[0].columns))
    keys = ["year", *by]
    long = pl.concat(parts).group_by([*keys, "cohort"]).agg(pl.col(_SUMS).sum())
    wide = long.select(keys).unique()
    for cohort in COHORTS:
        one = long.filter(pl.col("cohort") == cohort).drop("cohort")
        wide = wide.join(one.rename({name: f"{name}_{cohort}" for name in _SUMS}), on=keys, how="left")
    return wide.with_columns(pl.exclude(keys).fill_null(0.0)).sort(keys)


def _sum(name: str, cohorts: Sequence[str] = COHORTS) -> pl.Expr:
    return pl.sum_horizontal(f"{name}_{cohort}" for cohort in cohorts)


class _Terms:
    """Shares, aggregates and means of two periods, as expressions over the columns of `cells`."""

    def __init__(self) -> None:
        self.weight = (_sum("w1"), _sum("w2"))
        self.level = (_sum("w1v1") / self.weight[0], _sum("w2v2") / self.weight[1])
        self.n = (_sum("n", (STAY, *DEPARTURES)), _sum("n", (STAY, *ARRIVALS)))
        one, two = self.weight
        c = {name: pl.col(f"{name}_{STAY}") for name in _SUMS}
        # of survivors: shares, share-weighted values of each period at the shares of each, plain means
        self.s1, self.s2 = c["w1"] / one, c["w2"] / two
        self.a11, self.a12 = c["w1v1"] / one, c["w1v2"] / one
        self.a21, self.a22 = c["w2v1"] / two, c["w2v2"] / two
        self.m1, self.m2 = c["v1"] / c["n"], c["v2"] / c["n"]

    def sides(self) -> list[tuple[str, pl.Expr, pl.Expr, pl.Expr, pl.Expr, int]]:
        """Return of those who come and go: name, share, share times value, share of numbers, times mean, and sign."""
        rows = []
        for cohorts, side, sign in ((ARRIVALS, 1, 1), (DEPARTURES, 0, -1)):
            for name in cohorts:
                at = side + 1
                share = pl.col(f"w{at}_{name}") / self.weight[side]
                value = pl.col(f"w{at}v{at}_{name}") / self.weight[side]
                number, mean = (pl.col(one) / self.n[side] for one in (f"n_{name}", f"v{at}_{name}"))
                rows.append((name, share, value, number, mean, sign))
        return rows

    def against(self, arrivals: pl.Expr, departures: pl.Expr) -> dict[str, pl.Expr]:
        """Return what those who come and go contribute, each against a level."""
        levels = {1: arrivals, -1: departures}
        return {name: sign * (value - share * levels[sign]) for name, share, value, _, _, sign in self.sides()}


METHODS = (
    "baily-hulten-campbell", "griliches-regev", "foster-haltiwanger-krizan", "baldwin-gu", "diewert-fox",
    "melitz-polanec", "dias-marques",
)  # fmt: skip


def _formula(method: str, t: _Terms) -> dict[str, pl.Expr]:
    first, one, two = t.level[0], t.a11 / t.s1, t.a22 / t.s2
    moved = t.a21 + t.a22 - t.a11 - t.a12  # of shares, at the values of both periods
    middle = {"within": (t.a12 + t.a22 - t.a11 - t.a21) / 2}
    match method:
        case "baily-hulten-campbell":
            made = {"within": t.a12 - t.a11, "between": t.a22 - t.a12} | t.against(pl.lit(0.0), pl.lit(0.0))
        case "griliches-regev":
            level = (first + t.level[1]) / 2
            made = middle | {"between": moved / 2 - (t.s2 - t.s1) * level} | t.against(level, level)
        case "foster-haltiwanger-krizan":
            made = {"within": t.a12 - t.a11, "between": t.a21 - t.a11 - (t.s2 - t.s1) * first}
            made |= {"cross": t.a22 - t.a12 - t.a21 + t.a11} | t.against(first, first)
        case "baldwin-gu":
            gone, value = _sum("w1", DEPARTURES), _sum("w1v1", DEPARTURES)
            level = pl.when(gone > 0).then(value / gone).otherwise(first)  # where nobody exits there is no such level
            made = middle | {"between": moved / 2 - (t.s2 - t.s1) * level} | t.against(level, level)
        case "diewert-fox":
            within = (t.a12 / t.s1 + t.a22 / t.s2 - t.a11 / t.s1 - t.a21 / t.s2) / 2
            between = (t.a21 / t.s2 + t.a22 / t.s2 - t.a11 / t.s1 - t.a12 / t.s1) / 2
            made = {"within": within, "between": between} | t.against(two, one)
        case _:
            made = {"mean": t.m2 - t.m1, "covariance": (two - t.m2) - (one - t.m1)} | t.against(two, one)
    if method == "dias-marques":  # mean and covariance of those who come and go, too
        means = {1: t.m2, -1: t.m1}
        for name, _, _, number, value, sign in t.sides():
            mean = sign * (value - number * means[sign])
            made |= {f"{name}_mean": mean, f"{name}_covariance": made.pop(name) - mean}
    return made


def parts(wide: pl.DataFrame, method: str) -> tuple[pl.DataFrame, list[str]]:
    """Return the cells with levels, growth and the parts of a method, and the names of its parts."""
    terms = _Terms()
    made = _formula(method, terms)
    counts = {f"n_{name}": pl.col(f"n_{name}").cast(pl.Int64) for name in COHORTS}
    return wide.with_columns(level_before=terms.level[0], level_after=terms.level[1], **counts, **made), list(made)

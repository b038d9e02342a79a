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


def pair_sums(table: Ibis, by: Sequence[str], later: Mapping[int, int], dates: Collection[str]) -> Ibis:
    """Return what all formulas need: sums over the firms of each cohort, by group before, group after and year."""
    pairs = pair_rows(table, by, later, dates)
    keys = ["year", "cohort", *(f"{name}{side}" for name in by for side in (1, 2))]
    return pairs.group_by(keys).agg(
        n=pairs.count(),
        blank=pairs.blank.sum(),
        w1=pairs.w1.sum(),
        w2=pairs.w2.sum(),
        v1=pairs.v1.sum(),
        v2=pairs.v2.sum(),
        w1v1=(pairs.w1 * pairs.v1).sum(),
        w2v2=(pairs.w2 * pairs.v2).sum(),
        w1v2=(pairs.w1 * pairs.v2).sum(),
        w2v1=(pairs.w2 * pairs.v1).sum(),
    )


def pair_rows(
    table: Ibis, by: Sequence[str], later: Mapping[int, int], dates: Collection[str], more: Sequence[str] = ()
) -> Ibis:
    """Return every firm of two periods in one row, with its cohort and what it was before and after.

    `table` has firm, year, value, weight, the groups and `more`; `later` is the period after each; `dates` says which
    of `born` and `closed` are there, which tell a firm that is merely out of the sample from one that is new or gone.
    A row without value and weight says that the firm is there: it can be measured in one period only (``blank``), and
    so is out of the sample in the other, not new or gone.
    """
    import ibis

    born, closed = ("born" in dates, "closed" in dates)
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
    pairs = before.outer_join(after, [before.firm1 == after.firm2, before.year1 == after.year2])
    pairs = pairs.filter(pairs.w1.notnull() | pairs.w2.notnull())
    only_before, only_after = pairs.w2.isnull(), pairs.w1.isnull()
    blank = (only_before & pairs.firm2.notnull()) | (only_after & pairs.firm1.notnull())
    exit_kind, entry_kind = ibis.literal("exit"), ibis.literal("entry")
    if closed:
        exit_kind = (pairs.closed.isnull() | (pairs.closed > pairs.year1)).ifelse("rotation_out", "exit")
    if born:  # at work by the period before, and not in the sample then
        earlier = {second_year: first_year for first_year, second_year in later.items()}
        base = pairs.year2.cases(*earlier.items(), else_=None)
        entry_kind = (pairs.born <= base).ifelse("rotation_in", "entry")
    return pairs.mutate(
        cohort=ibis.cases(
            (blank & only_before, "rotation_out"),
            (blank, "rotation_in"),
            (only_before, exit_kind),
            (only_after, entry_kind),
            else_=STAY,
        ),
        year=ibis.coalesce(pairs.year2, pairs.year1),
        blank=blank.cast("int64"),
    )


def cells(sums: pl.DataFrame, by: Sequence[str], *, movers_apart: bool) -> pl.DataFrame:
    """Return one row per group and year with the sums of every cohort; who moves leaves one group for another."""
    sums = sums.with_columns(pl.col(_SUMS).cast(pl.Float64).fill_null(0.0))
    pairs = [(f"{name}1", f"{name}2") for name in by]
    group_changed = pl.any_horizontal(
        [pl.lit(value=False), *(pl.col(before) != pl.col(after) for before, after in pairs)]
    )
    moves = sums.filter((pl.col("cohort") == STAY) & group_changed)
    still = sums.filter(~((pl.col("cohort") == STAY) & group_changed).fill_null(value=False))
    group_columns = {
        name: pl.coalesce(after, before).alias(name) for name, (before, after) in zip(by, pairs, strict=True)
    }
    parts = [still.select("year", "cohort", *group_columns.values(), *_SUMS)]
    zero = [pl.lit(0.0).alias(name) for name in _SUMS]
    for side, move_label, plain_label in ((1, "moved_out", "exit"), (2, "moved_in", "entry")):
        side_sums = [name for name in _SUMS if set(name) & {"1", "2"} <= {str(side)}]
        side_keys = [pl.col(f"{name}{side}").alias(name) for name in by]
        zeros = [expression for expression in zero if expression.meta.output_name() not in side_sums]
        label = pl.lit(move_label if movers_apart else plain_label).alias("cohort")
        parts.append(moves.select("year", label, *side_keys, *side_sums, *zeros).select(parts[0].columns))
    keys = ["year", *by]
    long = pl.concat(parts).group_by([*keys, "cohort"]).agg(pl.col(_SUMS).sum())
    by_group = long.select(keys).unique()
    for cohort in COHORTS:
        rows = long.filter(pl.col("cohort") == cohort).drop("cohort")
        by_group = by_group.join(rows.rename({name: f"{name}_{cohort}" for name in _SUMS}), on=keys, how="left")
    return by_group.with_columns(pl.exclude(keys).fill_null(0.0)).sort(keys)


def _sum(name: str, cohorts: Sequence[str] = COHORTS) -> pl.Expr:
    return pl.sum_horizontal(f"{name}_{cohort}" for cohort in cohorts)


class _Terms:
    """Shares, aggregates and means of two periods, as expressions over the columns of `cells`."""

    def __init__(self) -> None:
        self.weight = (_sum("w1"), _sum("w2"))
        self.level = (_sum("w1v1") / self.weight[0], _sum("w2v2") / self.weight[1])
        self.n = (_sum("n", (STAY, *DEPARTURES)), _sum("n", (STAY, *ARRIVALS)))
        weight_before, weight_after = self.weight
        c = {name: pl.col(f"{name}_{STAY}") for name in _SUMS}
        # of survivors: shares, share-weighted values of each period at the shares of each, plain means
        self.s1, self.s2 = c["w1"] / weight_before, c["w2"] / weight_after
        self.a11, self.a12 = c["w1v1"] / weight_before, c["w1v2"] / weight_before
        self.a21, self.a22 = c["w2v1"] / weight_after, c["w2v2"] / weight_after
        self.m1, self.m2 = c["v1"] / c["n"], c["v2"] / c["n"]

    def sides(self) -> list[tuple[str, pl.Expr, pl.Expr, pl.Expr, pl.Expr, int]]:
        """Return of those who come and go: name, share, share times value, share of numbers, times mean, and sign."""
        rows = []
        for cohorts, side, sign in ((ARRIVALS, 1, 1), (DEPARTURES, 0, -1)):
            for name in cohorts:
                at = side + 1
                share = pl.col(f"w{at}_{name}") / self.weight[side]
                value = pl.col(f"w{at}v{at}_{name}") / self.weight[side]
                number, mean = (pl.col(column) / self.n[side] for column in (f"n_{name}", f"v{at}_{name}"))
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
    first, stay_before, stay_after = t.level[0], t.a11 / t.s1, t.a22 / t.s2
    reallocation = t.a21 + t.a22 - t.a11 - t.a12  # of shares, at the values of both periods
    middle = {"within": (t.a12 + t.a22 - t.a11 - t.a21) / 2}
    match method:
        case "baily-hulten-campbell":
            components = {"within": t.a12 - t.a11, "between": t.a22 - t.a12} | t.against(pl.lit(0.0), pl.lit(0.0))
        case "griliches-regev":
            level = (first + t.level[1]) / 2
            components = middle | {"between": reallocation / 2 - (t.s2 - t.s1) * level} | t.against(level, level)
        case "foster-haltiwanger-krizan":
            components = {"within": t.a12 - t.a11, "between": t.a21 - t.a11 - (t.s2 - t.s1) * first}
            components |= {"cross": t.a22 - t.a12 - t.a21 + t.a11} | t.against(first, first)
        case "baldwin-gu":
            exit_weight, value = _sum("w1", DEPARTURES), _sum("w1v1", DEPARTURES)
            level = (
                pl.when(exit_weight > 0).then(value / exit_weight).otherwise(first)
            )  # where nobody exits there is no such level
            components = middle | {"between": reallocation / 2 - (t.s2 - t.s1) * level} | t.against(level, level)
        case "diewert-fox":
            within = (t.a12 / t.s1 + t.a22 / t.s2 - t.a11 / t.s1 - t.a21 / t.s2) / 2
            between = (t.a21 / t.s2 + t.a22 / t.s2 - t.a11 / t.s1 - t.a12 / t.s1) / 2
            components = {"within": within, "between": between} | t.against(stay_after, stay_before)
        case _:
            components = {"mean": t.m2 - t.m1, "covariance": (stay_after - t.m2) - (stay_before - t.m1)} | t.against(
                stay_after, stay_before
            )
    if method == "dias-marques":  # mean and covariance of those who come and go, too
        means = {1: t.m2, -1: t.m1}
        for name, _, _, number, value, sign in t.sides():
            mean = sign * (value - number * means[sign])
            components |= {f"{name}_mean": mean, f"{name}_covariance": components.pop(name) - mean}
    return components


def parts(table: pl.DataFrame, method: str) -> tuple[pl.DataFrame, list[str]]:
    """Return the cells with levels, growth and the parts of a method, and the names of its parts."""
    terms = _Terms()
    components = _formula(method, terms)
    counts = {f"n_{name}": pl.col(f"n_{name}").cast(pl.Int64) for name in COHORTS}
    return table.with_columns(level_before=terms.level[0], level_after=terms.level[1], **counts, **components), list(
        components
    )

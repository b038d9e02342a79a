"""Production functions whose sums of products are computed where the rows lie; only small matrices come home.

Methods in closed form need the sums of products of their columns. Of the two stages of a control function the first
does, too; the second is a polynomial in its coefficients, whose sums are those of monomials (`SecondStage`). Errors
clustered by firm need the sums over firms of what each row adds. Every matrix is one query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, mul
from typing import TypeAlias

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyEngine, AnyFrame, FloatArray, Ibis
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import format_findings
from xinzhi.micro.engine import Engine, engine_of, ibis
from xinzhi.micro.panel import counted_finding, no_column, typed
from xinzhi.micro.production.estimator import Fit, Roles, Settings, choose, convention, hypercube, invert, leaning
from xinzhi.micro.production.linear import ranged, refuse_costs, refuse_robinson
from xinzhi.micro.production.second_stage import Pairs, SecondStage, Units, exponents

METHODS = ("ols", "fe", "cost-shares", "robinson", "op", "lp", "acf")
Power = tuple[int, ...]
Columns: TypeAlias = Mapping[str, Ibis]  # of a table, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate, the covariance of its coefficients `(k, k)`, and how many rows, firms and pairs it is of."""

    fit: Fit
    terms: tuple[str, ...]
    searched: tuple[str, ...]
    covariance: FloatArray
    counts: Mapping[str, int | None]
    firms: Ibis  # an expression of the engine: firm, year, productivity, and noise where it is separate


def read(source: AnyFrame, roles: Roles, engine: AnyEngine) -> tuple[Engine, Ibis, pl.DataFrame]:
    """Return the engine, the usable rows in logs, and how many rows are left out for which reason.

    Rows have ``firm, year, by`` and the figures as ``x0, x1, ...`` in the order of ``roles.figures``.
    """
    engine = engine_of(source, engine)
    raw = engine.table(source)
    needed = [roles.firm, roles.year, *roles.figures, *([roles.by] if roles.by else [])]
    if lost := [name for name in needed if name not in raw.columns]:
        raise no_column(lost, raw.columns, with_findings=False)
    figures = {f"x{at}": typed(raw[name], "value") for at, name in enumerate(roles.figures)}
    group = {"by": raw[roles.by].cast("string")} if roles.by else {}
    table = raw.select(firm=raw[roles.firm], year=typed(raw[roles.year], "year"), **group, **figures)
    good, reasons = table.firm.notnull() & table.year.notnull(), {}
    good = good & table.by.notnull() if group else good
    for at, name in enumerate(roles.figures):
        cell = table[f"x{at}"]
        tests = {"missing": cell.isnull()}
        if roles.logs and name in roles.logged:
            tests |= {"zero": cell == 0, "negative": cell < 0}
        elif name in roles.costs:
            tests["negative"] = cell < 0
        for why, wrong in tests.items():  # a row counts where its first fault is
            reasons[f"{why}\t{name}"] = (good & wrong).cast("int64").sum()
            good = good & ~wrong
    counts = engine.collect(table.aggregate(**reasons)).row(0, named=True)
    lines = [(*key.split("\t"), int(n)) for key, n in counts.items() if n]
    dropped = pl.DataFrame(lines, schema={"reason": pl.String, "column": pl.String, "rows": pl.Int64}, orient="row")
    logs = {
        f"x{at}": table[f"x{at}"].ln() for at, name in enumerate(roles.figures) if roles.logs and name in roles.logged
    }
    rows = engine.keep(table.filter(good).mutate(**logs))
    keys = rows.group_by(["firm", "year"]).agg(n=rows.count())
    if double := int(engine.collect(keys.filter(keys.n > 1).agg(n=keys.n.count())).item()):
        refusal = (counted_finding("micro.duplicate", double, 0),)
        raise InputError("micro.double", refusal, what=format_findings(refusal))
    return engine, rows, dropped


def estimated(engine: Engine, rows: Ibis, roles: Roles, method: str, settings: Settings) -> Estimate:
    """Return the estimate of one method from the rows of one group."""
    x = {name: rows[f"x{at}"] for at, name in enumerate(roles.figures)}
    names = rows.group_by("firm").agg(n=rows.count())
    counts = engine.collect(names.aggregate(rows=names.n.sum(), firms=names.n.count())).row(0, named=True)
    if counts["firms"] < convention("fewest_firms"):
        raise InputError("production.few-firms", firms=int(counts["firms"]), least=convention("fewest_firms"))
    group = _GroupRows(engine, rows, x, roles, settings, int(counts["rows"]), int(counts["firms"]))
    return _LINEAR[method](group) if method in _LINEAR else _Stages(group, method).estimate()


def gram(engine: Engine, table: Ibis, variables: Sequence[Ibis], columns: Sequence[Power]) -> FloatArray:
    """Return the sums of the products of all pairs of columns, each a product of powers of variables.

    Products that are the same monomial are summed once.
    """
    base = table.select(**{f"v{at}": variable for at, variable in enumerate(variables)})
    pairs = [
        (i, j, tuple(map(add, columns[i], columns[j]))) for i in range(len(columns)) for j in range(i, len(columns))
    ]
    unique = sorted({power for *_, power in pairs})
    most = [max(power[at] for power in unique) for at in range(len(variables))]
    for step in range(2, max([*most, 1]) + 1):  # a power is a lower one times the variable
        base = base.mutate(
            **{
                f"v{at}_{step}": base[f"v{at}" if step == 2 else f"v{at}_{step - 1}"] * base[f"v{at}"]  # noqa: PLR2004 - the square
                for at, top in enumerate(most)
                if top >= step
            }
        )
    sums = {}
    for number, power in enumerate(unique):
        parts = [
            base[f"v{at}" if exponent == 1 else f"v{at}_{exponent}"] for at, exponent in enumerate(power) if exponent
        ]
        sums[f"s{number}"] = reduce(mul, parts).sum() if parts else base.count()
    values = engine.collect(base.aggregate(**sums)).row(0)
    place = {power: at for at, power in enumerate(unique)}
    out = np.zeros((len(columns), len(columns)))
    for i, j, power in pairs:
        out[i, j] = out[j, i] = values[place[power]]
    return out


def _unit(at: int, size: int) -> Power:
    return tuple(int(place == at) for place in range(size))


def _plus(parts: Sequence[Ibis]) -> Ibis:
    return reduce(add, parts)


def _combined(weights: FloatArray, columns: Sequence[Ibis]) -> Ibis:
    return _plus([float(weight) * column for weight, column in zip(weights, columns, strict=True)])


def _monomials(variables: Sequence[Ibis], powers: Sequence[Power], constant: Ibis) -> list[Ibis]:
    """Return monomials as columns; `constant` is the constant."""
    out = []
    for power in powers:
        parts = [variables[at] for at, times in enumerate(power) for _ in range(times)]
        out.append(reduce(mul, parts) if parts else constant)
    return out


@dataclass(frozen=True, slots=True)
class _GroupRows:
    """The rows of one group with their columns by name, how many rows and firms there are, and what is asked."""

    engine: Engine
    rows: Ibis
    x: Columns
    roles: Roles
    settings: Settings
    count: int
    firms: int

    def covariance(self, parts: Sequence[Ibis], count: int) -> FloatArray:
        """Return the covariance of coefficients from what rows add: tables with ``firm, i0, i1, ...``."""
        stacked = reduce(lambda merged, part: merged.union(part), parts)
        by = stacked.group_by("firm").agg(**{f"i{at}": stacked[f"i{at}"].sum() for at in range(count)})
        sums = gram(self.engine, by, [by[f"i{at}"] for at in range(count)], [_unit(at, count) for at in range(count)])
        return sums * self.firms / (self.firms - 1)

    def instrumented(
        self, table: Ibis, base: Sequence[Ibis], columns: Sequence[Sequence[Power]], count: int
    ) -> tuple[FloatArray, FloatArray]:
        """Return the first `count` coefficients of the last of some variables on columns, and their covariance.

        `columns` are the columns and their instruments, each a product of powers of the variables `base`.
        """
        x, z = columns
        all_powers = list(dict.fromkeys([*x, *z, _unit(len(base) - 1, len(base))]))
        sums, place = gram(self.engine, table, base, all_powers), {power: at for at, power in enumerate(all_powers)}
        of_x, of_z = ([place[power] for power in powers] for powers in (x, z))
        first = invert(sums[np.ix_(of_z, of_z)]) @ sums[np.ix_(of_z, of_x)]
        solve = invert(first.T @ sums[np.ix_(of_z, of_x)]) @ first.T
        beta = solve @ sums[of_z, -1]
        monomials = _monomials(base, all_powers, table.year * 0.0 + 1.0)
        error = base[-1] - _combined(beta, [monomials[at] for at in of_x])
        adds = {
            f"i{at}": _combined(solve[at], [monomials[position] for position in of_z]) * error for at in range(count)
        }
        return beta[:count], self.covariance([table.select("firm", **adds)], count)

    def answer(
        self, theta: FloatArray, covariance: FloatArray, terms: Sequence[str], pairs: int | None = None
    ) -> Estimate:
        """Return the estimate of a method in closed form."""
        net = self.x[self.roles.output] - _combined(theta, [self.x[name] for name in terms])
        mean = theta[: len(self.roles.inputs)]
        return Estimate(
            fit=Fit(coefficients=theta, mean=mean, status=ranged(mean)),
            terms=tuple(terms),
            searched=(),
            covariance=covariance,
            counts=self.counts(pairs),
            firms=self.rows.select("firm", "year", productivity=net),
        )

    def counts(self, pairs: int | None) -> dict[str, int | None]:
        """Return how many rows and firms there are, pairs, and gaps: a firm's first row is neither."""
        gaps = None if pairs is None else self.count - self.firms - pairs
        return {"firms": self.firms, "rows": self.count, "pairs": pairs, "gaps": gaps}

    def units(self, names: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Return mean and standard deviation of the variables of a polynomial."""
        moments = {f"m_{name}": self.x[name].mean() for name in names}
        moments |= {f"v_{name}": self.x[name].var(how="pop") for name in names}
        values = self.engine.collect(self.rows.aggregate(**moments)).row(0, named=True)
        if any(not values[f"v_{name}"] for name in names):
            raise InputError("production.collinear")
        return {name: (values[f"m_{name}"], float(np.sqrt(values[f"v_{name}"]))) for name in names}

    def pairs(self) -> tuple[Ibis, Columns, Columns]:
        """Return every row that has its predecessor, kept, and the columns of both years by name."""
        rows, roles = self.rows, self.roles
        names = dict.fromkeys([roles.output, *roles.inputs, *roles.controls, *roles.proxy])
        at = {name: f"x{roles.figures.index(name)}" for name in names}
        now = rows.select("firm", "year", **{f"a_{column}": rows[column] for column in at.values()})
        past = rows.select(
            _firm=rows.firm, _year=rows.year + 1, **{f"b_{column}": rows[column] for column in at.values()}
        )
        joined = now.join(past, [now.firm == past["_firm"], now.year == past["_year"]]).drop("_firm", "_year")
        pairs = self.engine.keep(joined)
        return pairs, *({name: pairs[f"{side}_{column}"] for name, column in at.items()} for side in "ab")


def _least_squares(group: _GroupRows) -> Estimate:
    names = (*group.roles.inputs, *group.roles.controls)
    base, size = [group.x[name] for name in (*names, group.roles.output)], len(names)
    columns = [*(_unit(at, size + 1) for at in range(size)), (0,) * (size + 1)]
    return group.answer(*group.instrumented(group.rows, base, (columns, columns), size), names)


def _fixed_effects(group: _GroupRows) -> Estimate:
    """Return least squares of what is left of every row without the mean of its firm."""
    names, window = (*group.roles.inputs, *group.roles.controls), ibis().window(group_by=group.rows.firm)
    columns = [group.x[name] for name in (*names, group.roles.output)]
    less = {f"_w{at}": column - column.mean().over(window) for at, column in enumerate(columns)}
    table, size = group.engine.keep(group.rows.select("firm", "year", **less)), len(names)
    powers = [_unit(at, size + 1) for at in range(size)]
    return group.answer(*group.instrumented(table, [table[name] for name in less], (powers, powers), size), names)


def _cost_shares(group: _GroupRows) -> Estimate:
    roles, n = group.roles, group.count
    refuse_costs(roles)
    total = _plus([group.x[name] for name in roles.costs])
    shared = {f"_c{at}": group.x[name] / total for at, name in enumerate(roles.costs)}
    table = group.rows.select("firm", **shared, _free=total <= 0)
    shares = [table[f"_c{at}"] for at in range(len(roles.costs))]
    sums = {f"s{at}": share.sum() for at, share in enumerate(shares)} | {"free": table["_free"].cast("int64").sum()}
    *totals, free = group.engine.collect(table.aggregate(**sums)).row(0)
    if free:
        raise UsageError("production.no-costs", rows=int(free))
    theta = np.array(totals) / n
    adds = {f"i{at}": (share - float(mean)) / n for at, (share, mean) in enumerate(zip(shares, theta, strict=True))}
    return group.answer(theta, group.covariance([table.select("firm", **adds)], len(theta)), roles.inputs)


def _robinson(group: _GroupRows) -> Estimate:
    """Return the partly linear equation with the lags of free inputs as instruments, as `Robinson`."""
    roles = group.roles
    poly, names = refuse_robinson(roles), (*roles.inputs, *roles.controls)
    units = group.units(poly)
    pairs, now, before = group.pairs()
    current, lags = [now[name] for name in names], [before[name] for name in roles.free]
    v = [(before[name] - units[name][0]) / units[name][1] for name in poly]
    base = [*current, *lags, *v, now[roles.output]]
    size, free, lead = len(base), len(lags), len(current) + len(lags)
    past = [((0,) * lead) + power + (0,) for power in exponents(len(poly), group.settings.degree[0])]
    outside = [*(_unit(at, size) for at in range(free, len(current))), *past]
    columns = [*(_unit(at, size) for at in range(free)), *outside]
    instruments = [*(_unit(len(current) + at, size) for at in range(free)), *outside]
    estimates = group.instrumented(pairs, base, (columns, instruments), len(names))
    return group.answer(*estimates, names, int(group.engine.collect(pairs.aggregate(n=pairs.count())).item()))


_LINEAR: Mapping[str, Callable[[_GroupRows], Estimate]] = {
    "ols": _least_squares, "fe": _fixed_effects, "cost-shares": _cost_shares, "robinson": _robinson,
}  # fmt: skip


class _Stages:
    """The two stages of Olley and Pakes, Levinsohn and Petrin, Ackerberg, Caves and Frazer, as `ControlFunction`."""

    def __init__(self, group: _GroupRows, method: str) -> None:
        roles = group.roles
        self.group, self.engine, self.rows, self.roles = group, group.engine, group.rows, roles
        self.settings, self.x = group.settings, group.x
        gross = [name for name in roles.proxy if name in roles.free]
        acf = method == "acf"
        self.linear = () if acf else tuple(name for name in roles.free if name not in gross)
        self.second = tuple(name for name in roles.inputs if name not in self.linear)
        self.poly = tuple(dict.fromkeys([*(roles.free if acf else ()), *roles.state, *roles.proxy]))
        self.powers = exponents(len(self.poly), self.settings.degree[0])
        self.instruments = [(name, name in roles.free) for name in self.second] if acf or gross else None
        self.units = group.units(self.poly)

    def _columns(self, x: Columns, constant: Ibis) -> list[Ibis]:
        """Return the columns of the first stage at some rows: free inputs, controls, the polynomial."""
        v = [(x[name] - self.units[name][0]) / self.units[name][1] for name in self.poly]
        return [*(x[name] for name in (*self.linear, *self.roles.controls)), *_monomials(v, self.powers, constant)]

    def _first(self, x: Columns) -> tuple[FloatArray, FloatArray]:
        """Return the inverse of the sums of products, and the coefficients."""
        v = [(x[name] - self.units[name][0]) / self.units[name][1] for name in self.poly]
        flat = [x[name] for name in (*self.linear, *self.roles.controls)]
        variables = [*v, *flat, x[self.roles.output]]
        size, lead = len(variables), len(v)
        powers = [(*power, *([0] * (size - lead))) for power in self.powers]
        columns = [*(_unit(lead + at, size) for at in range(len(flat))), *powers, _unit(size - 1, size)]
        sums = gram(self.engine, self.rows, variables, columns)
        inverse = invert(sums[:-1, :-1])
        return inverse, inverse @ sums[:-1, -1]

    def estimate(self) -> Estimate:
        """Return the estimate with errors of both stages, clustered by firm."""
        x = self.x
        inverse, gamma = self._first(x)
        flat, lead, second = len(self.linear) + len(self.roles.controls), len(self.linear), self.second
        pairs, now, before = self.group.pairs()
        constant = pairs.year * 0.0 + 1.0
        firsts = [self._columns(side, constant) for side in (now, before)]
        signals = [_combined(gamma[flat:], columns[flat:]) for columns in firsts]
        outcome = now[self.roles.output] - _combined(gamma[:flat], firsts[0][:flat]) if flat else now[self.roles.output]
        table = pairs.mutate(_s1=signals[0], _s0=signals[1], _y=outcome)
        pairs_now, pairs_before = (
            {name: table[column.get_name()] for name, column in side.items()} for side in (now, before)
        )
        stage, n = self._stage(table, pairs_now, pairs_before)
        minima = stage.search(hypercube(len(second), 0, self.settings.starts))
        free = [at for at, name in enumerate(second) if name in self.roles.free]
        answer, status, solution = choose(stage, minima, lambda theta: theta[:, None], free)
        theta = solution.coefficients
        inputs = self.roles.inputs
        mean = np.zeros(len(inputs))
        mean[[inputs.index(name) for name in self.linear]] = gamma[:lead]
        mean[[inputs.index(name) for name in second]] = theta
        fit = Fit(
            coefficients=np.concatenate([gamma[:lead], theta, gamma[lead:flat]]),
            mean=mean,
            status=status,
            minima=tuple(minima),
            starts=self.settings.starts,
            criterion=solution.criterion,
            leaning=leaning(solution, free, second),
        )
        count = len(fit.coefficients)
        covariance = np.full((count, count), np.nan)
        if answer is not None:
            adds = self._adds(stage, theta, table, (pairs_now, pairs_before), (inverse, gamma))
            covariance = self.group.covariance(adds, count)
        design = self._columns(x, self.rows.year * 0.0 + 1.0)
        net = x[self.roles.output] - _combined(gamma[:flat], design[:flat]) if flat else x[self.roles.output]
        residual = net - _combined(theta, [x[name] for name in second])
        firms = self.rows.select(
            "firm", "year", productivity=residual, noise=net - _combined(gamma[flat:], design[flat:])
        )
        return Estimate(
            fit=fit,
            terms=(*self.linear, *second, *self.roles.controls),
            searched=second,
            covariance=covariance,
            counts=self.group.counts(n),
            firms=firms,
        )

    def _stage(self, table: Ibis, now: Columns, before: Columns) -> tuple[SecondStage, int]:
        """Return the second stage from its sums, and how many pairs there are."""
        count = len(self.second)
        z, z0 = ([side[name] for name in self.second] for side in (now, before))
        size = count + 1
        sums = gram(self.engine, table, [*z, table["_s1"]], [(0,) * size, *(_unit(at, size) for at in range(size))])
        n = int(sums[0, 0])
        if not n:
            raise InputError("production.short-panel", years=2)
        means = sums[0] / n
        inner = sums / n - np.outer(means, means)
        base = np.linalg.lstsq(inner[1:-1, 1:-1], inner[1:-1, -1], rcond=None)[0]
        residual = float(inner[-1, -1] - 2 * base @ inner[1:-1, -1] + base @ inner[1:-1, 1:-1] @ base)
        units = Units(
            mean=means[1:-1],
            sd=np.sqrt(np.diag(inner)[1:-1]),
            signal=float(means[-1]),
            base=np.asarray(base, np.float64),
            scale=float(np.sqrt(max(residual, 0.0))) or 1.0,
            further_mean=np.zeros(0),
            further_sd=np.zeros(0),
        )
        self.standard = units
        v, v0 = (self._centred(side) for side in (z, z0))
        u, u0 = self._signal(table["_s1"], z), self._signal(table["_s0"], z0)
        w = [(before if lagged else now)[name] for name, lagged in self.instruments or ()]
        goal = [] if self.instruments else [self._signal(table["_y"], z)]
        variables = [u0, *v0, u, *v, *w, *goal]
        many = len(variables)
        basis = [(*power, *([0] * (many - size))) for power in exponents(size, self.settings.degree[1])]
        columns = [*basis, *(_unit(at, many) for at in range(size, many))]
        empty, none = np.zeros((count, 0)), np.zeros(0)
        shape = Pairs(
            signal=none,
            signal_before=none,
            inputs=empty,
            inputs_before=empty,
            further=np.zeros((0, 0)),
            degree=self.settings.degree[1],
            instruments=np.zeros((len(w), 0)) if self.instruments else None,
            outcome=None if self.instruments else none,
        )
        return SecondStage(shape, units=units, sums=gram(self.engine, table, variables, columns)), n

    def _centred(self, z: Sequence[Ibis]) -> list[Ibis]:
        return [
            (column - float(mean)) / float(sd)
            for column, mean, sd in zip(z, self.standard.mean, self.standard.sd, strict=True)
        ]

    def _signal(self, signal: Ibis, z: Sequence[Ibis]) -> Ibis:
        unit = self.standard
        parts = [
            float(slope) * (column - float(mean)) for slope, column, mean in zip(unit.base, z, unit.mean, strict=True)
        ]
        return (signal - unit.signal - _plus(parts)) / unit.scale

    def _adds(
        self,
        stage: SecondStage,
        theta: FloatArray,
        table: Ibis,
        sides: tuple[Columns, Columns],
        first: tuple[FloatArray, FloatArray],
    ) -> list[Ibis]:
        """Return what every row adds to the coefficients, of the first stage and of the second."""
        (now, before), (inverse, gamma), unit = sides, first, self.standard
        constant, degree, count = table.year * 0.0 + 1.0, self.settings.degree[1], len(self.second)
        z, z0 = ([side[name] for name in self.second] for side in sides)
        d, law = stage.standard(theta), stage.law(stage.standard(theta))
        w = self._signal(table["_s1"], z) - _combined(d, self._centred(z))
        w0 = self._signal(table["_s0"], z0) - _combined(d, self._centred(z0))
        table = table.mutate(_w=w, _w0=w0)
        powers = [reduce(mul, [table["_w0"]] * power) if power else constant for power in range(degree + 1)]
        slope = _plus([float(law[power]) * power * powers[power - 1] for power in range(1, degree + 1)])
        table = table.mutate(_slope=slope, _fit=_combined(law, powers))
        turned = {f"_t{at}": z[at] - table["_slope"] * z0[at] for at in range(count)}
        source = [(before if lagged else now)[name] for name, lagged in self.instruments or ()]
        table = table.mutate(**turned)
        source = source or [table[f"_t{at}"] for at in range(count)]
        many = [*powers, *source]
        sums = gram(self.engine, table, many, [_unit(at, len(many)) for at in range(len(many))])
        onto = sums[degree + 1 :, : degree + 1] @ np.linalg.pinv(
            sums[: degree + 1, : degree + 1], rcond=1e-13, hermitian=True
        )
        weight = {f"_g{at}": source[at] - _combined(onto[at], powers) for at in range(len(source))}
        goal = table["_w"] if self.instruments else self._signal(table["_y"], z) - _combined(d, self._centred(z))
        table = table.mutate(**weight, _e=(goal - table["_fit"]) * unit.scale)
        firsts = [self._columns(side, constant) for side in (now, before)]
        flat = len(self.linear) + len(self.roles.controls)
        # the residual has output less the free inputs; with instruments it has the signal
        changes = [constant * 0.0 if self.instruments else 0.0 - column for column in firsts[0][:flat]]
        for ours, past in zip(firsts[0][flat:], firsts[1][flat:], strict=True):
            lost = table["_slope"] * past
            changes.append(ours - lost if self.instruments else 0.0 - lost)
        g = [table[f"_g{at}"] for at in range(len(source))]
        through, bread = self._cross(table, g, [*changes, *(table[f"_t{at}"] for at in range(count))], count)
        solve = np.linalg.inv(bread)
        lead = len(self.linear)
        gamma_part, second_part = inverse, solve @ through @ inverse
        x = self.x
        design = self._columns(x, self.rows.year * 0.0 + 1.0)
        error = x[self.roles.output] - _combined(gamma, design)
        order = np.vstack([gamma_part[:lead], second_part, gamma_part[lead:flat]])
        adds = {f"i{at}": _combined(row, design) * error for at, row in enumerate(order)}
        later = {f"i{at}": constant * 0.0 for at in range(len(order))}
        later |= {f"i{lead + at}": _combined(solve[at], g) * table["_e"] for at in range(count)}
        return [self.rows.select("firm", **adds), table.select("firm", **later)]

    def _cross(
        self, table: Ibis, g: Sequence[Ibis], columns: Sequence[Ibis], count: int
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of products of weights and other columns: those of the first stage, and the last `count`."""
        sums = {f"s{i}_{j}": (weight * column).sum() for i, weight in enumerate(g) for j, column in enumerate(columns)}
        products = np.array(self.engine.collect(table.aggregate(**sums)).row(0), dtype=float).reshape(
            len(g), len(columns)
        )
        return products[:, : len(columns) - count], products[:, len(columns) - count :]

"""Where the account stands in its last year, and how labour and human capital go on from there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import FloatArray, log_growth
from xinzhi.core.errors import InputError
from xinzhi.core.labour import human_capital
from xinzhi.data import Package, national_series
from xinzhi.protocol import Protocol
from xinzhi.yardstick.capital import depreciation_rates, investment
from xinzhi.yardstick.estimating import census_growth, schooling_growth
from xinzhi.yardstick.goals.arithmetic import convention
from xinzhi.yardstick.growth_accounts import Inputs, build_inputs
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.panel import TOTAL_ASSET, Panel

Returns = tuple[tuple[float | None, float], ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """The last year of the account, and growth of what enters it afterwards, by region `(R,)`.

    `investment` is real, growth is in logs a year, `years_of_schooling` those of the base year. `last_labour` is the
    last year whose employment is finite, `rule` says what labour grows by: population, or its own trend.
    """

    base: int
    capital: FloatArray
    investment: FloatArray
    share: FloatArray
    labour: FloatArray
    human_capital: FloatArray
    years_of_schooling: FloatArray
    rate: float
    last_labour: int
    rule: str
    returns: Returns = ()

    def human_capital_of(self, rise: float | FloatArray) -> FloatArray:
        """Return growth of human capital a year `(R,)` where schooling rises by so many years of schooling a year."""
        if not self.returns:
            return np.zeros_like(self.labour)
        years = int(convention("horizon.value"))
        before = human_capital(self.years_of_schooling, self.returns)
        later = human_capital(self.years_of_schooling + rise * years, self.returns)
        growth = np.log(later / before) / years
        return np.where(np.isfinite(growth), growth, 0.0)


def at(panel: Panel, year: int) -> int:
    """Return the position of a year."""
    return int(year - panel.years[0])


def outlook(panel: Panel, protocol: Protocol, package: Package) -> Outlook:
    """Return where the account stands and how its inputs go on.

    Refuses accounts without an inventory of one stock, and regions without investment up to the last year of output.
    """
    require_one_stock(panel, protocol)
    inputs, _ = build_inputs(panel, protocol)
    invested = investment(panel, protocol, deflator(panel), list(panel.assets)).real[0]
    base = last_year(panel, inputs, invested)
    column = at(panel, base)
    labour, rule = labour_growth(panel, inputs.labour, package, base)
    schooling, step = schooling_ahead(panel, protocol, column)
    returns = () if step is None else tuple(protocol.values("labour.returns_to_schooling", [base])[0])
    finite = np.flatnonzero(np.isfinite(inputs.labour).any(axis=0))
    ahead = Outlook(
        base=base,
        capital=inputs.capital[:, column],
        investment=invested[:, column],
        share=inputs.labour_share[:, column],
        labour=labour,
        human_capital=np.zeros(len(panel.regions)),
        years_of_schooling=schooling,
        rate=float(depreciation_rates(panel, protocol, panel.assets)[0, 0, column]),
        last_labour=int(panel.years[finite[-1]]),
        rule=rule,
        returns=returns,
    )
    return ahead if step is None else replace(ahead, human_capital=ahead.human_capital_of(step))


def require_one_stock(panel: Panel, protocol: Protocol) -> None:
    """Refuse accounts whose capital is not one stock that falls at a rate and is fed by investment."""
    if not panel.investment:
        raise InputError("yardstick.goals-no-investment")
    rules = set(protocol.values("capital.depreciation_rule", panel.calendar))
    if protocol.value("capital.measure") != "stock" or rules != {"geometric"} or panel.assets != (TOTAL_ASSET,):
        raise InputError("yardstick.goals-one-stock", id=protocol.id)


def last_year(panel: Panel, inputs: Inputs, invested: FloatArray) -> int:
    """Return the last year in which output, capital and investment of all regions are known."""
    finite = np.isfinite(inputs.output) & np.isfinite(inputs.capital) & np.isfinite(invested)
    rows = finite.any(axis=1)
    columns = np.flatnonzero(finite[rows].all(axis=0)) if rows.any() else np.arange(0)
    if not columns.size:
        raise InputError("yardstick.goals-no-investment")
    return int(panel.years[columns[-1]])


def without_censuses(population: FloatArray) -> FloatArray:
    """Return log growth of population `(R, T)`, NaN where a census moves the series."""
    growth = log_growth(population)
    return np.where(np.abs(growth) > convention("labour.break"), np.nan, growth)


def mean_known(values: FloatArray, axis: int) -> FloatArray:
    """Return the mean of what is known along an axis, NaN where nothing is."""
    finite = np.isfinite(values)
    count = finite.sum(axis=axis)
    total = np.where(finite, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def labour_growth(panel: Panel, labour: FloatArray, package: Package, base: int) -> tuple[FloatArray, str]:
    """Return growth of labour ahead `(R,)` and the rule: own population with the nation's employment rate, or trend."""
    years = int(convention("labour.population_years"))
    population = panel.account("population")
    observed = np.flatnonzero(np.isfinite(population).any(axis=0))
    if observed.size and observed[-1] >= years:
        last = int(observed[-1])
        people = mean_known(without_censuses(population)[:, last - years + 1 : last + 1], axis=1)
        rate = _national_rate(package, base, years)
        if rate is None:
            rate = _summed_rate(panel, labour, years)
        return people + rate, "population"
    finite = np.flatnonzero(np.isfinite(labour).any(axis=0))
    growth = log_growth(labour)[:, max(1, finite[-1] - years + 1) : finite[-1] + 1]
    return mean_known(growth, axis=1), "trend"


def _national_rate(package: Package, base: int, years: int) -> float | None:
    """Return the yearly log change of the nation's employment rate to the base year; None where it is not known."""
    if "nation" not in package.tables:
        return None
    logs: dict[str, dict[int, float]] = {}
    for name in ("employment", "population"):
        try:
            series = national_series(package, name, verb="goals")
        except InputError:
            return None
        logs[name] = {year: float(np.log(value)) for year, value in series.select("year", "value").iter_rows()}
    ends = (base - years, base)
    if any(year not in values for values in logs.values() for year in ends):
        return None
    change = {name: values[base] - values[base - years] for name, values in logs.items()}
    return (change["employment"] - change["population"]) / years


def _summed_rate(panel: Panel, labour: FloatArray, years: int) -> float:
    """Return the yearly log change of the employment rate of all regions together, up to the last year of labour."""
    complete = np.flatnonzero(np.isfinite(labour).all(axis=0))
    last = int(complete[-1])
    first = max(last - years, int(complete[0]))
    persons = np.log(labour[:, [first, last]].sum(axis=0))
    people = mean_known(
        mean_known(without_censuses(panel.account("population"))[:, first + 1 : last + 1], axis=0), axis=0
    )
    return float((persons[1] - persons[0]) / (last - first) - people)


def schooling_ahead(panel: Panel, protocol: Protocol, column: int) -> tuple[FloatArray, FloatArray | float | None]:
    """Return years of schooling in a year `(R,)` and their yearly rise; None where the protocol counts none."""
    observed = panel.account("schooling")
    nothing = np.full(len(panel.regions), np.nan)
    if protocol.value("labour.quality") != "schooling" or not np.isfinite(observed).any():
        return nothing, None
    rule = protocol.choice("estimates.schooling_rule", "hold")
    step: FloatArray | float = 0.0
    if rule == "census_growth":
        step = census_growth(panel, protocol)[:, 0]
    elif rule != "hold":
        step = schooling_growth(panel, protocol)
    level = nothing.copy()
    passed = np.zeros(len(panel.regions))
    for row in range(len(panel.regions)):
        finite = np.flatnonzero(np.isfinite(observed[row, : column + 1]))
        if finite.size:
            level[row] = observed[row, finite[-1]]
            passed[row] = column - finite[-1]
    return level + step * passed, step


def with_labour(panel: Panel, labour: FloatArray, growth: FloatArray) -> Panel:
    """Return a panel whose employment goes on at a growth `(R,)` after its last year."""
    employment = panel.account("employment").copy()
    for row in range(len(panel.regions)):
        finite = np.flatnonzero(np.isfinite(labour[row]))
        if finite.size and np.isfinite(growth[row]):
            ahead = np.arange(1, employment.shape[1] - finite[-1])
            employment[row, finite[-1] + 1 :] = employment[row, finite[-1]] * np.exp(growth[row] * ahead)
    return replace(panel, accounts={**panel.accounts, "employment": employment})

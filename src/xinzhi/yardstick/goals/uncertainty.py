"""How far off the account read forward may be: one draw moves the past, the base year and what is carried on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray, interpolate
from xinzhi.yardstick.estimates.draws import (
    BLOCK,
    CELLS,
    ESTIMATED,
    draw,
    drawn_capital,
    generator,
    path,
    tfp_growth,
)
from xinzhi.yardstick.estimates.errors import BandsBasis, Errors, learn
from xinzhi.yardstick.goals.arithmetic import convention
from xinzhi.yardstick.goals.outlook import Outlook, at, mean_known, with_labour, without_censuses
from xinzhi.yardstick.growth_accounts import build_inputs
from xinzhi.yardstick.panel import Panel


@dataclass(frozen=True, slots=True)
class Sample:
    """Draws `(B, R)`: TFP growth of the span as measured, stock and investment of the base year, and growth ahead."""

    measured: FloatArray
    capital: FloatArray
    investment: FloatArray
    share: FloatArray
    labour: FloatArray
    human_capital: FloatArray

    def select(self, rows: IntArray) -> Sample:
        """Return the draws of some regions."""
        names = ("measured", "capital", "investment", "labour", "human_capital")
        return replace(self, **{name: getattr(self, name)[:, rows] for name in names})


def sample(base: BandsBasis, outlook: Outlook, span: tuple[int, int]) -> Sample:
    """Draw the account: errors of estimated inputs as `bands` draws them, and those of the rules that carry them on.

    Growth of TFP and what the base year has come from the same draw, so that a gap counts an error once.
    """
    rules = base.rules
    inputs, _ = build_inputs(base.panel, rules)
    panel = with_labour(base.panel, inputs.labour, outlook.labour)
    projection = path(panel, rules, at(panel, outlook.base))
    errors = learn(base.learned, rules)
    count = int(rules.value("estimates.draws"))
    draws = draw(panel, rules, projection, errors, count, generator(rules), learned=base.learned)
    regions = len(panel.regions)
    measured, stock, invested = (np.full((count, regions), np.nan) for _ in range(3))
    years = panel.years[projection.at[1:]]
    inside = (years > span[0]) & (years <= span[1])
    official = base.accounts.growth.tfp_growth[projection.rows]
    before = official[:, (panel.years > span[0]) & (panel.years < years[0])].sum(axis=1)
    size = max(1, min(BLOCK, CELLS // regions))
    for first in range(0, count, size):
        rows = slice(first, min(first + size, count))
        changes = draws.changes(ESTIMATED, rows)
        growth = tfp_growth(projection, rules, changes)[:, :-1, inside].sum(axis=2)
        measured[rows, projection.rows] = (growth + before) / (span[1] - span[0])
        stock[rows, projection.rows], invested[rows, projection.rows] = drawn_capital(projection, changes)
    rng = generator(rules, outlook.base)
    shape = (count, regions)
    off = rng.choice(labour_errors(base.panel, inputs.labour), shape)
    learnt = _returns(outlook) * rng.choice(schooling_errors(base.panel), shape)
    share = outlook.share + rng.normal(0.0, share_error(errors), (count, 1))
    return Sample(measured, stock, invested, share, outlook.labour + off, outlook.human_capital + learnt)


def labour_errors(panel: Panel, labour: FloatArray) -> FloatArray:
    """Return what the rule for labour missed, a year over the years ahead, from every origin on record, less its mean.

    The rule is that of the outlook as it could be used then: own population of the years before, and the change of the
    employment rate of all regions together.
    """
    ahead, first, last = _origins()
    growth = without_censuses(panel.account("population"))
    misses = []
    for year in range(first, last + 1):
        column = at(panel, year)
        if column + ahead >= panel.shape[1]:
            break
        expected = expected_labour(panel, labour, growth, year)
        with np.errstate(invalid="ignore", divide="ignore"):
            came = (np.log(labour[:, column + ahead]) - np.log(labour[:, column])) / ahead
        misses.append(came - expected)
    pool = np.concatenate(misses)
    pool = pool[np.isfinite(pool)]
    return np.asarray(pool - pool.mean())


def expected_labour(panel: Panel, labour: FloatArray, population: FloatArray, year: int) -> FloatArray:
    """Return growth of labour after a year `(R,)` by the rule, from what was known then."""
    column = at(panel, year)
    span = int(convention("labour.population_years"))
    finite = np.flatnonzero(np.isfinite(labour).any(axis=0))
    start = max(column - span + 1, int(finite[0]) + 1)
    when = slice(start, column + 1)
    first, last = np.nansum(labour[:, [start - 1, column]], axis=0)
    nation = np.log(last / first) / (column + 1 - start)
    people = mean_known(mean_known(population, axis=0)[when], axis=0)
    regional = mean_known(population[:, when], axis=1)
    return np.asarray(np.where(np.isfinite(regional), regional, people) + nation - people)


def schooling_errors(panel: Panel) -> FloatArray:
    """Return by how many years of schooling a year the mean rise of all regions missed that of each, on record."""
    observed = panel.account("schooling")
    years = np.flatnonzero(np.isfinite(observed).any(axis=0))
    if not years.size:
        return np.zeros(1)
    filled = interpolate(observed)
    ahead, back = int(convention("horizon.value")), int(convention("schooling.years"))
    misses = []
    for column in range(int(years[0]) + ahead, int(years[-1]) - ahead + 1):
        length = min(back, column - int(years[0]))
        rise = np.nanmean(filled[:, column] - filled[:, column - length]) / length
        misses.append((filled[:, column + ahead] - filled[:, column]) / ahead - rise)
    pool = np.concatenate(misses) if misses else np.zeros(1)
    return np.asarray(pool[np.isfinite(pool)])


def share_error(errors: Errors) -> float:
    """Return the standard deviation of the mean labour share of the years ahead, less the last one known."""
    first, last = int(convention("share.first")), int(convention("share.last"))
    level = np.concatenate([[0.0], np.cumsum(errors.share[0])])
    starts = range(len(level) - last)
    changes = [float(level[start + first : start + last + 1].mean() - level[start]) for start in starts]
    return float(np.std(changes)) if changes else 0.0


def _returns(outlook: Outlook) -> FloatArray:
    """Return what a year of schooling adds to the log of human capital in the base year `(R,)`."""
    step = float(convention("slope"))
    return outlook.human_capital_of(step) / step


def _origins() -> tuple[int, int, int]:
    """Return the horizon, and the first and last year from which it is on record."""
    return int(convention("horizon.value")), int(convention("record.first_year")), int(convention("record.last_origin"))

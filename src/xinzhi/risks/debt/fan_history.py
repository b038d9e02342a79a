"""The history of debt that a fan starts from: its years, means, persistence and what is noted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.data import Field, Tidy, is_package, tidy
from xinzhi.risks.debt import fan_shocks
from xinzhi.risks.debt.debt import KEYS, Debt
from xinzhi.risks.debt.debt_dynamics import DebtDynamics, debt_dynamics
from xinzhi.risks.inputs import finite_number, setting

VARIABLES = ("growth", "rate", "net_borrowing")
_COLUMNS: dict[str, type[pl.DataType]] = {
    "variable": pl.String,
    "coefficient": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "least_squares": pl.Float64,
}


def history(source: AnyFrame) -> tuple[pl.DataFrame, DebtDynamics | Tidy]:
    """Return the past of ratio, growth, rate and borrowing, and what it came from."""
    result: DebtDynamics | Tidy
    if isinstance(source, Debt | DebtDynamics) or is_package(source):
        result = source if isinstance(source, DebtDynamics) else debt_dynamics(source)
    else:
        numbers = [Field("debt_ratio", sign="non-negative"), *(Field(name) for name in VARIABLES)]
        result = tidy(source, [Field("region", "code"), Field("year", "year"), *numbers], key=KEYS, verb="debt_fan")
    frame = result.frame
    complete = frame.select(*KEYS, "debt_ratio", *VARIABLES).drop_nulls()
    if (off := complete.filter(pl.col("growth") <= -1)).height:
        place = {"region": off["region"][0], "year": off["year"][0], "growth": off["growth"][0]}
        raise InputError("debt.no-output", **place)
    return complete.sort(KEYS), result


def check_options(years: int, count: int, order: int | None, cuts: Sequence[float], *, trend: bool) -> None:
    """Refuse options that make no sense."""
    for name, value in (("horizon", years), ("draws", count)):
        finite_number("debt_fan", name, value, integer=True, above=0)
    for cut in cuts:
        finite_number("debt_fan", "a percentile", cut)
    if order not in (None, 0, 1):
        raise UsageError("debt.order", order=order)
    if trend and order == 1:
        raise UsageError("debt.trend-order")
    if not cuts or min(cuts) < 0 or max(cuts) > 100:  # noqa: PLR2004 - per cent
        raise UsageError("debt.percentiles", cuts=cuts)


def means(history: pl.DataFrame, baseline: Mapping[str, float] | None) -> dict[str, float]:
    """Return the means that replace the past's."""
    means = dict(baseline or {})
    if unknown := sorted(set(means) - set(VARIABLES)):
        raise UsageError("debt.baseline", verb="debt_fan", asked=unknown[0], known=VARIABLES)
    means = {name: finite_number("debt_fan", f"baseline '{name}'", value) for name, value in means.items()}
    if "rate" not in means and history["rate"].n_unique() == 1:
        means["rate"] = float(setting("public_debt", "interest.ahead"))
    return means


def persistence(shared: fan_shocks.PanelAutoregression | None) -> pl.DataFrame:
    """Return the coefficients of the autoregression of all regions, of variables that move."""
    if shared is None:
        return pl.DataFrame(schema=_COLUMNS)
    low, high = np.percentile(shared.slope_draws, setting("public_debt", "fan.ends"), axis=0)
    moves = (shared.shocks**2).sum(axis=0) > fan_shocks.NOTHING
    rows = [
        (name, *(float(estimates[k]) for estimates in (shared.slopes, low, high, shared.least_squares)))
        for k, name in enumerate(VARIABLES)
        if moves[k]
    ]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def autocorrelation_notes(series: Sequence[pl.DataFrame]) -> list[Finding]:
    """Return where shocks go on from year to year, so that a fan of independent years is too narrow."""
    # The correlation of a year with the next is pooled over regions; one over the years is what estimating a mean takes
    # off it. Gaps are left out.
    notes = []
    for name in VARIABLES:
        products, squares, lost = 0.0, 0.0, 0.0
        for rows in series:
            shocks = (rows[name] - rows[name].mean()).to_numpy()
            neighbours = np.diff(rows["year"].to_numpy()) == 1
            products += float((shocks[1:] * shocks[:-1])[neighbours].sum())
            squares += float((shocks**2).sum())
            lost += float((shocks**2).sum()) / len(shocks)
        value = (products + lost) / squares if squares > fan_shocks.NOTHING else 0.0
        if value >= setting("public_debt", "fan.autocorrelation"):
            values = {"name": words.debt.chart_of(f"of_{name}"), "value": value}
            notes.append(finding("debt.autocorrelated", words=values, column=name))
    return notes

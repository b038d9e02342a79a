"""The verb `sigma_convergence`: whether differences between units shrink, with tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding
from xinzhi.core.regression import hac_errors, newey_west_lags
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import words
from xinzhi.data import provenance
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.convergence.unit_years import Gaps, UnitYears, balanced, logarithms, read_unit_years, span


@dataclass(frozen=True, repr=False, kw_only=True)
class SigmaConvergence(Result, verb="sigma_convergence", topic="pathways", key=("year",)):
    """Whether differences shrink: `frame` has a row for each year, `tests` for each test of no change against any.

    `ratio` is the variance of the logarithms in the last year over that in the first, `trend` the mean yearly change of
    the logarithm of their standard deviation.
    """

    tests: pl.DataFrame
    ratio: float
    trend: float
    findings: tuple[Finding, ...]

    def facts(self) -> Facts:
        """Return whether differences shrank, and how sure that is."""
        first, last = self.frame.row(0, named=True), self.frame.row(-1, named=True)
        p = float(self.tests.filter(test="pitman-morgan")["p"].item())
        moved = "less" if self.ratio < 1 else "more"
        verdict = "same" if p >= setting("inference.level") else moved
        said = {"start": first["year"], "end": last["year"], "first": first["deviation"], "last": last["deviation"]}
        return {f"headline.sigma_{verdict}": {**said, "p": p}}


def sigma_convergence(
    frame: AnyFrame,
    *,
    unit: str,
    time: str,
    value: str,
    start: int | None = None,
    end: int | None = None,
    gaps: Gaps = "refuse",
) -> SigmaConvergence:
    """Measure whether the differences between units shrink, and test it.

    Parameters
    ----------
    frame
        One row per unit and year.
    unit, time, value
        Names of its columns; `value` is a positive level.
    start, end
        First and last year; those of the frame when None.
    gaps
        ``refuse`` or ``drop`` units with gaps.

    Raises
    ------
    InputError
        When there are gaps, one year only, fewer than three units, a value without logarithm, or no difference at all
        in a year.

    Notes
    -----
    Lichtenberg (1994), Review of Economics and Statistics 76(3), divides the two variances as if they were independent,
    which they are not: the same units stand in both. Carree and Klomp (1997), ibid. 79(4), correct that (T2, a
    likelihood ratio; T3); the test of Pitman (1939) and Morgan (1939), Biometrika 31, is exact: variances are equal
    when sum and difference are uncorrelated. Only in the first does a p lean on independence.

    Examples
    --------
    >>> start = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 3.0}
    >>> rows = [(u, 2000, y) for u, y in start.items()] + [(u, 2010, 8 * (y / 8) ** 0.5) for u, y in start.items()]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> round(sigma_convergence(data, unit="unit", time="year", value="income").ratio, 9)
    0.25
    """
    panel = span(
        read_unit_years(frame, unit=unit, time=time, value=value, verb="sigma_convergence"), start, end, verb="sigma"
    )
    logs = logarithms(balanced(panel, verb="sigma_convergence", gaps=gaps), verb="sigma_convergence")
    deviation = logs.values.std(axis=0, ddof=1)
    if (deviation == 0).any():
        year = logs.years[int(np.flatnonzero(deviation == 0)[0])]
        raise InputError("pathways.all-equal", year=year)
    levels = np.exp(logs.values)
    return SigmaConvergence(
        frame=pl.DataFrame(
            {
                "year": logs.years,
                "units": np.full(len(logs.years), len(logs.units)),
                "deviation": deviation,
                "variation": levels.std(axis=0, ddof=1) / levels.mean(axis=0),
                "range": np.ptp(logs.values, axis=0),
            }
        ),
        tests=_tests(logs, deviation),
        ratio=float((deviation[-1] / deviation[0]) ** 2),
        trend=_trend(np.log(deviation), logs.years.astype(np.float64))[0],
        findings=logs.findings,
        kind=panel.kind,
        provenance=provenance("sigma_convergence", panel, value=value, start=start, end=end, gaps=gaps),
    )


def _tests(logs: UnitYears, deviation: FloatArray) -> pl.DataFrame:
    """Return the tests of equal variance in the first and last year, and that of a trend."""
    from scipy.special import fdtrc, gammaincc, ndtr, stdtr

    first, last = logs.values[:, 0], logs.values[:, -1]
    count = len(first)
    (one, both), (_, two) = np.cov(first, last)
    ratio = one / two
    f = 2 * min(fdtrc(count - 1, count - 1, ratio), 1 - fdtrc(count - 1, count - 1, ratio))
    inside = 1 - (both / one) ** 2
    t3 = np.sqrt(count) * (ratio - 1) / (2 * np.sqrt(inside)) if inside > 0 else np.nan
    # Where last year's logarithms are a straight line of the first's, both tests are certain: infinite, p = 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = (count - 2.5) * np.log1p((one - two) ** 2 / 4 / max(one * two - both**2, 0.0))
        r = (one - two) / np.sqrt((one + two + 2 * both) * (one + two - 2 * both))
        pitman = r * np.sqrt(np.float64(count - 2) / max(1 - r**2, 0.0))
    slope, error = _trend(np.log(deviation), logs.years.astype(np.float64))
    z = slope / error if np.isfinite(error) and error > 0 else np.nan
    rows = [
        ("f-ratio", ratio, f),
        ("carree-klomp-t2", likelihood, gammaincc(0.5, likelihood / 2)),
        ("carree-klomp-t3", t3, 2 * ndtr(-abs(t3))),
        ("pitman-morgan", pitman, 2 * stdtr(count - 2, -abs(pitman))),
        ("trend", z, 2 * ndtr(-abs(z))),
    ]
    schema = ["test", "statistic", "p", "meaning_zh", "meaning_en"]
    meant = {name: words(f"pathways.equal_spread.{name}") for name, *_ in rows}
    plain = [(name, float(value), float(p), meant[name].zh, meant[name].en) for name, value, p in rows]
    return pl.DataFrame(plain, schema=schema, orient="row").with_columns(pl.col("statistic", "p").fill_nan(None))


def _trend(y: FloatArray, x: FloatArray) -> tuple[float, float]:
    """Return the slope on time and its standard error (Newey-West, 4 (n/100)^(2/9) lags); NaN in short series."""
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    residuals = y - y.mean() - slope * centred
    count = len(y)
    if count < 5:  # noqa: PLR2004 - too short for an error that allows autocorrelation
        return slope, np.nan
    return slope, float(hac_errors(centred[:, None], residuals, newey_west_lags(count))[0])

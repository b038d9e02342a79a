"""What past targets came to, beside growth as first published; and how often TFP has accelerated by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, interpolate
from xinzhi.core.errors import InputError
from xinzhi.core.labour import human_capital
from xinzhi.data import Package, national_series
from xinzhi.protocol import Protocol
from xinzhi.yardstick.capital import depreciation_rates, investment
from xinzhi.yardstick.goals.arithmetic import capital_growth, convention, required
from xinzhi.yardstick.goals.outlook import at, without_censuses
from xinzhi.yardstick.goals.uncertainty import expected_labour
from xinzhi.yardstick.growth_accounts import GrowthAccounts
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.panel import Panel

PERCENT = 100.0
FIRST = "first_published"


@dataclass(frozen=True, slots=True)
class Record:
    """What past targets came to.

    `targets` has a row for every region, year and scenario; `rates` how many were missed by verdict, with all of them;
    `order` how well two rules ordered regions of a year by whether they would miss (area under the curve).
    """

    targets: pl.DataFrame
    rates: pl.DataFrame
    order: pl.DataFrame


def record(
    panel: Panel,
    accounts: GrowthAccounts,
    protocol: Protocol,
    package: Package,
    targets: pl.DataFrame,
    half_width: FloatArray,
) -> Record:
    """Return the record of yearly growth targets, `half_width` being that of the band of measured TFP `(R,)`."""
    invested = investment(panel, protocol, deflator(panel), list(panel.assets)).real[0]
    rate = depreciation_rates(panel, protocol, panel.assets)[0, 0]
    published = PERCENT * np.expm1(panel.vintages[FIRST])
    labour = extend_labour(panel, accounts.inputs.labour, package)
    population = without_censuses(panel.account("population"))
    rows = []
    last = int(targets["year"].max())  # type: ignore[arg-type] # years are whole numbers
    for year in range(int(convention("record.first_year")), last + 1):
        low = _by_region(panel, targets.filter(year=year))
        before = at(panel, year - 1)
        if before + 1 >= panel.shape[1] or not np.isfinite(low).any():
            continue
        finite = np.isfinite(low) & np.isfinite(published[:, before + 1])
        past = past_growth(panel, accounts.growth.tfp_growth, year)
        work = expected_labour(panel, labour, population, year - 1)
        skill = schooling_step(panel, protocol, year - 1)
        share, stock = accounts.inputs.labour_share[:, before], accounts.inputs.capital[:, before]
        target = np.log1p(low / PERCENT)
        for scenario, growth in (("in_step", target), ("level", np.zeros(len(low)))):
            capital = capital_growth(stock, invested[:, before], growth, float(rate[before + 1]), 1)
            need = required(target, capital, work, skill, share)
            gap = need - past
            rows.append(
                pl.DataFrame(
                    {
                        "region": np.array(panel.regions)[finite],
                        "year": np.full(int(finite.sum()), year),
                        "scenario": [scenario] * int(finite.sum()),
                        "target": low[finite],
                        "growth": published[finite, before + 1],
                        "growth_before": published[finite, before],
                        "required": need[finite],
                        "past": past[finite],
                        "gap": gap[finite],
                        "verdict": np.where(gap > half_width, "above", np.where(gap < -half_width, "below", "within"))[
                            finite
                        ],
                    }
                )
            )
    frame = pl.concat(rows).with_columns(missed=pl.col("growth") < pl.col("target") - convention("record.missed"))
    return Record(targets=frame, rates=_rates(frame), order=_order(frame))


def extend_labour(panel: Panel, labour: FloatArray, package: Package) -> FloatArray:
    """Return labour `(R, T)` with the years after its last one moved by national employment, where known."""
    complete = np.flatnonzero(np.isfinite(labour).all(axis=0))
    if not complete.size:
        return labour
    last, out = int(complete[-1]), labour.copy()
    try:
        series = dict(national_series(package, "employment", verb="goals").select("year", "value").iter_rows())
    except InputError:
        return labour
    for column in range(last + 1, panel.shape[1]):
        year, base = int(panel.years[column]), int(panel.years[last])
        if year in series and base in series:
            out[:, column] = labour[:, last] * series[year] / series[base]
    return out


def _by_region(panel: Panel, rows: pl.DataFrame) -> FloatArray:
    """Return the lower end of a year's targets `(R,)`, in percent."""
    values = dict(rows.select("region", "low").iter_rows())
    return np.array([values.get(region) for region in panel.regions], dtype=np.float64)


def past_growth(panel: Panel, tfp: FloatArray, year: int) -> FloatArray:
    """Return mean growth of TFP in the years before, as many as are measured of the last five `(R,)`."""
    measured = np.flatnonzero(np.isfinite(tfp).all(axis=0))
    end = min(at(panel, year - 1), int(measured[-1]))
    start = max(at(panel, int(convention("record.first_trend"))), end - int(convention("past")) + 1)
    return np.asarray(np.nanmean(tfp[:, start : end + 1], axis=1))


def schooling_step(panel: Panel, protocol: Protocol, year: int) -> FloatArray:
    """Return growth of human capital in the next year by the mean rise of all regions, as was known then `(R,)`."""
    observed = panel.account("schooling")
    columns = np.flatnonzero(np.isfinite(observed).any(axis=0))
    nothing = np.zeros(len(panel.regions))
    first, last = int(columns[0]), int(columns[-1])
    column = min(at(panel, year), last)
    if at(panel, year) < first + 2:
        return nothing
    filled = interpolate(observed)
    length = min(int(convention("schooling.years")), column - first)
    step = np.nanmean(filled[:, column] - filled[:, column - length]) / length
    returns = protocol.values("labour.returns_to_schooling", [year])[0]
    level = filled[:, column]
    return np.asarray(np.log(human_capital(level + step, returns) / human_capital(level, returns)))


def _rates(frame: pl.DataFrame) -> pl.DataFrame:
    """Return targets and misses by scenario and verdict, all together last, with an interval over regions."""
    rng = np.random.default_rng(int(convention("record.seed")))
    rows = []
    for scenario in ("in_step", "level"):
        of_scenario = frame.filter(scenario=scenario)
        for verdict in ("above", "within", "below", "all"):
            part = of_scenario if verdict == "all" else of_scenario.filter(verdict=verdict)
            low, high = _interval(part, rng)
            missed = part["missed"].mean()
            rows.append((scenario, verdict, part.height, int(part["missed"].sum()), missed, low, high))
    columns = ["scenario", "verdict", "targets", "missed", "share", "share_low", "share_high"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _interval(frame: pl.DataFrame, rng: np.random.Generator) -> tuple[float | None, float | None]:
    """Return a 90 % interval of the share that was missed, regions resampled."""
    counts = frame.group_by("region", maintain_order=True).agg(pl.col("missed").sum(), n=pl.len())
    if counts.is_empty():
        return None, None
    missed, n = counts["missed"].to_numpy(), counts["n"].to_numpy()
    pick = rng.integers(0, len(n), (int(convention("record.resamples")), len(n)))
    low, high = np.quantile(missed[pick].sum(axis=1) / n[pick].sum(axis=1), [0.05, 0.95])
    return float(low), float(high)


def _order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the area under the curve, within years, of the gap and of the target less growth of the year before."""
    rows = frame.filter(scenario="in_step").with_columns(simple=pl.col("target") - pl.col("growth_before"))
    return pl.DataFrame(
        {"rule": ["gap", "simple"], "area": [_area(rows, "gap"), _area(rows.drop_nulls("simple"), "simple")]}
    )


def _area(frame: pl.DataFrame, score: str) -> float:
    """Return the mean area under the curve within years, each weighing its pairs of a miss and a hit."""
    total, pairs = 0.0, 0
    for _, rows in frame.group_by("year", maintain_order=True):
        missed = rows["missed"].to_numpy()
        hits, misses = int((~missed).sum()), int(missed.sum())
        if hits and misses:
            ranks = rows[score].rank("average").to_numpy()[missed].sum()
            total += float(ranks) - misses * (misses + 1) / 2
            pairs += hits * misses
    return total / pairs if pairs else float("nan")


def accelerations(panel: Panel, tfp: FloatArray) -> FloatArray:
    """Return how much faster TFP grew in five years than in the five before, every region and start on record."""
    ahead = int(convention("horizon.value"))
    first = int(convention("record.accelerations_from"))
    measured = np.flatnonzero(np.isfinite(tfp).all(axis=0))
    last = int(panel.years[measured[-1]]) - ahead + 1
    changes = []
    for year in range(first, last + 1):
        column = at(panel, year)
        start = max(at(panel, int(convention("record.first_trend"))), column - ahead)
        later = tfp[:, column : column + ahead].mean(axis=1)
        changes.append(later - tfp[:, start:column].mean(axis=1))
    return np.array(changes)


def acceleration_rates(changes: FloatArray) -> pl.DataFrame:
    """Return the share of five-year spans in which TFP sped up by as much, with an interval over regions."""
    rng = np.random.default_rng(int(convention("record.seed")))
    pick = rng.integers(0, changes.shape[1], (int(convention("record.resamples")), changes.shape[1]))
    rows = []
    for step in convention("record.accelerations"):
        as_much = PERCENT * changes >= step
        shares = as_much.mean(axis=0)[pick].mean(axis=1)
        low, high = np.quantile(shares, [0.05, 0.95])
        rows.append((step / PERCENT, int(changes.size), float(as_much.mean()), float(low), float(high)))
    return pl.DataFrame(rows, schema=["acceleration", "spans", "share", "share_low", "share_high"], orient="row")

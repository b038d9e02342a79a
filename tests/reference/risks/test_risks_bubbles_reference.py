"""Recursive Dickey-Fuller statistics beside R exuber 1.1.0, and beside exact least squares of every window.

The reference was made by ``radf(sim_data, lag = 0..4)``, ``datestamp(radf(sim_data))`` with the stored critical values,
``radf_mc_cv``, ``radf_wb_cv``, ``radf_wb_cv2`` and ``radf_sb_cv`` (`ref/risk/exuber_ref.R`). Tolerances: statistics
1e-9, dates equal, critical values within four Monte-Carlo standard errors of the difference (both sides are simulated).
One known difference: exuber 1.1.0's panel bootstrap keeps the last series only, divides it by the number of series and
centres the residuals of each draw; `test_the_panel_bootstrap_of_exuber_is_its_last_series` shows that this is what its
figures are.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import lcm

import numpy as np
import polars as pl
import pytest

from xinzhi import risks
from xinzhi.risks import BubbleRules, panel_bubbles
from xinzhi.risks.internal import CriticalValues
from xinzhi.risks.prices.conventions import LEVELS
from xinzhi.risks.prices.critical import critical_values, sieve_panels, stored_values, wild_values
from xinzhi.risks.prices.recursive import minimum_window, recursive_adf

bubbles = partial(risks.bubbles, lag=0, critical=None)  # the plain test, as its peers have it

TOLERANCE = 1e-9
EXPLOSIVE = {"psy1", "psy2", "evans", "blan"}


@pytest.fixture(scope="module")
def exuber(shared):
    return shared / "ref" / "risk" / "exuber"


@pytest.fixture(scope="module")
def table(exuber):
    wide = pl.read_csv(exuber / "sim_data.csv").cast(pl.Float64)
    return wide.with_row_index("date", offset=1).with_columns(pl.col("date").cast(pl.Int64))


@pytest.fixture(scope="module")
def long(table):
    return table.unpivot(index="date", variable_name="series", value_name="value")


@pytest.fixture(scope="module")
def stored_by_exuber(exuber):
    rows = pl.read_csv(exuber / "radf_crit_6_600.csv").filter(n=100).sort("sig")
    line = pl.read_csv(exuber / "radf_crit100_augment.csv").sort("key", "sig")
    names = ("adf", "sadf", "gsadf")
    sequence = line["bsadf"].to_numpy().reshape(-1, len(LEVELS))
    return CriticalValues(
        **{name: rows[name].to_numpy() for name in names}, sequences={"running-maximum": sequence}, method="given"
    )


@pytest.mark.shared
@pytest.mark.parametrize("lag", range(5))
def test_every_statistic_of_exuber(exuber, table, lag):
    found = recursive_adf(table.drop("date").to_numpy(), lag=lag)
    rows = pl.read_csv(exuber / f"radf_augment_lag{lag}.csv")
    for at, name in enumerate(table.columns[1:]):
        theirs = rows.filter(id=name).sort("index")
        assert theirs["index"].to_list() == list(range(found.minimum_window + lag + 1, table.height + 1))
        for column, ours in (("badf", found.badf), ("bsadf", found.bsadf)):
            assert np.abs(ours[:, at] - theirs[column].to_numpy()).max() < TOLERANCE


@pytest.mark.shared
@pytest.mark.parametrize("lag", range(5))
def test_adf_sadf_gsadf_of_the_verb(exuber, long, lag):
    name = "radf_tidy_minw19_lag0.csv" if lag == 0 else f"radf_tidy_lag{lag}.csv"
    theirs = pl.read_csv(exuber / name)
    found = bubbles(long, "series", "date", "value", lag=lag, rules=BubbleRules(draws=200)).statistics
    both = found.join(theirs, left_on="series", right_on="id", suffix="_theirs")
    assert both.height == 5
    for column in ("adf", "sadf", "gsadf"):
        assert (both[column] - both[f"{column}_theirs"]).abs().max() < TOLERANCE


@pytest.mark.shared
@pytest.mark.parametrize("lag", range(5))
def test_panel_statistic(exuber, long, lag):
    found = panel_bubbles(long, "series", "date", "value", lag=lag, rules=BubbleRules(draws=100))
    rows = pl.read_csv(exuber / f"radf_augment_lag{lag}.csv").group_by("index").agg(pl.col("bsadf").mean())
    theirs = rows.sort("index")["bsadf"]  # the mean over the series is how exuber defines it
    assert (found.frame["bsadf"].drop_nulls() - theirs).abs().max() < TOLERANCE
    assert abs(found.statistics["gsadf"][0] - theirs.max()) < TOLERANCE
    if lag == 0:
        printed = pl.read_csv(exuber / "radf_tidy_panel.csv")["gsadf_panel"][0]
        assert abs(found.statistics["gsadf"][0] - printed) < TOLERANCE


@pytest.mark.shared
def test_dates_under_the_critical_values_of_exuber(exuber, long, stored_by_exuber):
    found = bubbles(long, "series", "date", "value", critical=stored_by_exuber).episodes
    assert set(found["series"]) == EXPLOSIVE  # div does not reject
    for name in sorted(EXPLOSIVE):
        theirs = pl.read_csv(exuber / f"datestamp_{name}.csv")
        ours = found.filter(series=name)
        for column, reference in (("start", "Start"), ("peak", "Peak"), ("end", "End"), ("duration", "Duration")):
            assert ours[column].to_list() == theirs[reference].to_list()
        assert ours["signal"].to_list() == theirs["Signal"].to_list()
        assert ours["ongoing"].to_list() == theirs["Ongoing"].to_list()


@pytest.mark.shared
def test_dates_under_the_stored_table_differ_by_simulation_only(exuber, long):
    found = bubbles(long, "series", "date", "value")
    assert set(found.episodes["series"]) == EXPLOSIVE
    assert found.statistics.filter(~pl.col("rejects"))["series"].to_list() == ["div"]
    longest = found.episodes.sort("duration", descending=True).group_by("series", maintain_order=True).first()
    theirs = {name: pl.read_csv(exuber / f"datestamp_{name}.csv")["Duration"].max() for name in EXPLOSIVE}
    for row in longest.iter_rows(named=True):
        assert abs(row["duration"] - theirs[row["series"]]) <= 1


@pytest.mark.shared
def test_stored_table_beside_that_of_exuber(exuber):
    # theirs rests on 2,000 draws of one seed, ours on 10,000; sizes below 30 have the largest errors
    theirs = pl.read_csv(exuber / "radf_crit_6_600.csv").filter(pl.col("n") >= 10).sort("n", "sig")
    ours = [stored_values(size) for size in theirs["n"].unique().sort()]
    for name in ("adf", "sadf", "gsadf"):
        off = np.array([getattr(one, name) for one in ours]) - theirs[name].to_numpy().reshape(-1, len(LEVELS))
        assert (np.abs(off.mean(axis=0)) < (0.02, 0.02, 0.07)).all()
        assert (np.abs(off).max(axis=0) < (0.2, 0.25, 0.45)).all()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("method", "file", "limits"),
    [
        ("wild", "wb_cv_nboot2000_seed123.csv", (0.06, 0.08)),
        ("wild-resampled", "wb_cv2_nboot500_seed123.csv", (0.1, 0.15)),
    ],
)
def test_wild_bootstraps(exuber, table, method, file, limits):
    theirs = pl.read_csv(exuber / file)
    for name in table.columns[1:]:
        level = table[name].to_numpy()
        found = wild_values(level, method=method, window=19, lag=0, draws=2000, seed=1)
        for at, (sig, limit) in enumerate(zip((90, 95), limits, strict=True)):
            row = theirs.filter((pl.col("id") == name) & (pl.col("sig") == sig)).row(0, named=True)
            assert abs(found.gsadf[at] / row["gsadf"] - 1) < limit
            assert abs(found.sadf[at] / row["sadf"] - 1) < 1.5 * limit
            assert abs(found.adf[at] - row["adf"]) < 2 * limits[1]


@pytest.mark.shared
def test_simulated_critical_values(exuber):
    theirs = pl.read_csv(exuber / "mc_cv_n100_nrep2000_seed123.csv").sort("sig")
    ours = critical_values(100, draws=8000, seed=9)
    for name in ("adf", "sadf", "gsadf"):
        assert np.abs(getattr(ours, name) - theirs[name].to_numpy()).max() < 0.2
        assert abs(getattr(ours, name)[1] - theirs[name][1]) < 0.1


@pytest.mark.shared
def test_the_panel_bootstrap_of_exuber_is_its_last_series(exuber, table):
    theirs = pl.read_csv(exuber / "sb_cv_panel_nboot2000_seed123.csv")["gsadf_panel"].to_numpy()
    alone = table["blan"].to_numpy()[:, None]
    options = {"window": 19, "lag": 0, "order": 1, "draws": 4000, "seed": 1}
    draws = sieve_panels(alone, pinned=True, **options).max(axis=0)
    share = np.quantile(draws, np.array(LEVELS) / 100) / 5
    assert np.abs(share / theirs - 1)[:2].max() < 0.05
    assert abs(share[2] / theirs[2] - 1) < 0.1
    whole = sieve_panels(table.drop("date").to_numpy(), **options).max(axis=0)
    assert np.quantile(whole, 0.95) > 1.3 * theirs[1]  # the mean of all five is higher


def _exact(level: np.ndarray, first: int, last: int, lag: int) -> float:
    """Return the t of one window by elimination of fractions: nothing is rounded before the root."""
    y = [Fraction(float(value)) for value in level[first : last + 1]]
    steps = [after - before for before, after in pairwise(y)]
    rows = [
        [Fraction(1), *(steps[at - back] for back in range(1, lag + 1)), y[at] - y[lag], steps[at]]
        for at in range(lag, len(steps))
    ]
    unit = lcm(*(value.denominator for row in rows for value in row))
    whole = [[int(value * unit) for value in row] for row in rows]
    size = lag + 3
    gram = [[Fraction(sum(row[i] * row[j] for row in whole)) for j in range(size)] for i in range(size)]
    for at in range(size - 2):
        for row in range(at + 1, size):
            factor = gram[row][at] / gram[at][at]
            gram[row] = [value - factor * pivot for value, pivot in zip(gram[row], gram[at], strict=True)]
    variance, cross, left = gram[-2][-2], gram[-2][-1], gram[-1][-1]
    square = (len(rows) - 2 - lag) * cross**2 / (variance * left - cross**2)
    return float(np.sqrt(float(square))) * (1 if cross > 0 else -1)


PLACES = np.arange(28)
WALK = np.random.default_rng(8).standard_normal(len(PLACES)).cumsum()
LEVELS_OF = {
    "walk": WALK,
    "trend": 1e4 + 12.0 * PLACES + 0.05 * WALK,
    "steep": 1e3 * PLACES + 1e-3 * WALK,
    "bubble": 100 * 1.2 ** np.clip(PLACES - 10, 0, 10) + WALK,
    "collapse": np.where(PLACES < 8, 1e4 + WALK, 1 + 0.01 * WALK),
    "high": 1e6 + 1e-3 * WALK,
    "jump": np.where(PLACES > 14, 1e5 + WALK, WALK),
    "curve": PLACES**2 + 1e-3 * WALK,
    "huge": 1e200 * WALK,
    "tiny": 1e-200 * WALK,
}


@pytest.mark.parametrize("lag", [0, 1, 3])
@pytest.mark.parametrize("kind", LEVELS_OF)
def test_every_window_is_its_own_regression(kind, lag):
    level, periods = LEVELS_OF[kind], len(PLACES)
    window = minimum_window(periods)
    found = recursive_adf(level, lag=lag)
    assert found.skipped[0] == 0
    for row, last in enumerate(range(window + lag, periods)):
        direct = [_exact(level, first, last, lag) for first in range(last - window - lag + 1)]
        assert found.badf[row, 0] == pytest.approx(direct[0], rel=TOLERANCE, abs=TOLERANCE)
        assert found.bsadf[row, 0] == pytest.approx(max(direct), rel=TOLERANCE, abs=TOLERANCE)


def test_the_table_is_what_its_program_makes():
    # another seed: within Monte-Carlo error, at sizes between the simulated ones
    for size in (12, 37, 104):
        again, stored = critical_values(size, draws=8000, seed=4), stored_values(size)
        for name, limit in (("adf", 0.1), ("sadf", 0.1), ("gsadf", 0.1)):
            assert np.abs(getattr(again, name) - getattr(stored, name))[:2].max() < limit
        assert np.abs(again.false_alarms["pointwise"] - stored.false_alarms["pointwise"]).max() < 0.06

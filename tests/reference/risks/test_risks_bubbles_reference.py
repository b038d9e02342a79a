"""Recursive Dickey-Fuller statistics beside R exuber 1.1.0, and beside least squares of every window.

The reference was made by ``radf(sim_data, lag = 0..4)``, ``datestamp(radf(sim_data))`` with the stored critical values,
``radf_wb_cv``, ``radf_wb_cv2`` and ``radf_sb_cv`` (`ref/risk/exuber_ref.R`). Tolerances: statistics 1e-9, dates equal,
critical values within four Monte-Carlo standard errors of the difference (both sides are simulated). One known
difference: exuber 1.1.0's panel bootstrap keeps the last series only, divides it by the number of series and centres
the residuals of each draw; the last test shows that this is what its figures are.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.risks import BubbleRules, CriticalValues, bubbles, panel_bubbles
from xinzhi.risks.explosive.bootstrap import sieve_panels, wild_values
from xinzhi.risks.explosive.critical import LEVELS, critical_values, stored_values
from xinzhi.risks.explosive.statistics import minimum_window, recursive_adf

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
    found = bubbles(long, "series", "date", "value", lag=lag, rules=BubbleRules(replications=200)).statistics
    both = found.join(theirs, left_on="series", right_on="id", suffix="_theirs")
    assert both.height == 5
    for column in ("adf", "sadf", "gsadf"):
        assert (both[column] - both[f"{column}_theirs"]).abs().max() < TOLERANCE


@pytest.mark.shared
def test_panel_statistic(exuber, long):
    found = panel_bubbles(long, "series", "date", "value", rules=BubbleRules(replications=100))
    theirs = pl.read_csv(exuber / "radf_tidy_panel.csv")["gsadf_panel"][0]
    assert abs(found.statistics["gsadf"][0] - theirs) < TOLERANCE


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
@pytest.mark.parametrize(("level", "mean", "one"), [(90, 0.02, 0.2), (95, 0.02, 0.25), (99, 0.07, 0.45)])
def test_stored_table_beside_that_of_exuber(exuber, level, mean, one):
    # theirs rests on 2,000 draws of one seed, ours on 10,000; sizes below 30 have the largest errors
    rows = pl.read_csv(exuber / "radf_crit_6_600.csv").filter((pl.col("sig") == level) & (pl.col("n") >= 10))
    at = LEVELS.index(level)
    for name in ("adf", "sadf", "gsadf"):
        ours = np.array([getattr(stored_values(size), name)[at] for size in rows["n"]])
        off = ours - rows[name].to_numpy()
        assert abs(off.mean()) < mean
        assert np.abs(off).max() < one


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
        found = wild_values(level, method=method, window=19, lag=0, replications=2000, seed=1)
        for at, (sig, limit) in enumerate(zip((90, 95), limits, strict=True)):
            reference = theirs.filter((pl.col("id") == name) & (pl.col("sig") == sig))["gsadf"][0]
            assert abs(found.gsadf[at] / reference - 1) < limit


@pytest.mark.shared
def test_the_panel_bootstrap_of_exuber_is_its_last_series(exuber, table):
    theirs = pl.read_csv(exuber / "sb_cv_panel_nboot2000_seed123.csv")["gsadf_panel"].to_numpy()
    alone = table["blan"].to_numpy()[:, None]
    options = {"window": 19, "lag": 0, "order": 1, "replications": 4000, "seed": 1}
    draws = sieve_panels(alone, pinned=True, **options).max(axis=0)
    share = np.quantile(draws, np.array(LEVELS) / 100) / 5
    assert np.abs(share / theirs - 1)[:2].max() < 0.05
    assert abs(share[2] / theirs[2] - 1) < 0.1
    whole = sieve_panels(table.drop("date").to_numpy(), **options).max(axis=0)
    assert np.quantile(whole, 0.95) > 1.3 * theirs[1]  # the mean of all five is higher


def _least_squares(level: np.ndarray, first: int, last: int, lag: int) -> float:
    steps = np.diff(level)
    rows = range(first + lag, last)
    x = np.array([[1.0, level[at], *(steps[at - back] for back in range(1, lag + 1))] for at in rows])
    y = steps[first + lag : last]
    # QR, not normal equations: an independent way
    q, r = np.linalg.qr(x)
    slope = np.linalg.solve(r, q.T @ y)
    left = y - x @ slope
    variance = left @ left / (len(y) - x.shape[1]) * np.sum(np.linalg.inv(r)[1] ** 2)
    return float(slope[1] / np.sqrt(variance))


@pytest.mark.parametrize("lag", [0, 1, 3])
@pytest.mark.parametrize("kind", ["walk", "trend", "bubble", "collapse"])
def test_every_window_is_its_own_regression(kind, lag):
    random = np.random.default_rng(8)
    walk = random.standard_normal(45).cumsum()
    level = {
        "walk": walk,
        "trend": 1e4 + 12.0 * np.arange(45) + 0.05 * walk,
        "bubble": 100 * 1.2 ** np.clip(np.arange(45) - 20, 0, 15) + walk,
        "collapse": np.where(np.arange(45) < 12, 1e4 + walk, 1 + 0.01 * walk),
    }[kind]
    window = minimum_window(45)
    found = recursive_adf(level, lag=lag)
    for row, last in enumerate(range(window + lag, 45)):
        direct = [_least_squares(level, first, last, lag) for first in range(last - window - lag + 1)]
        assert found.badf[row, 0] == pytest.approx(direct[0], rel=TOLERANCE, abs=TOLERANCE)
        assert found.bsadf[row, 0] == pytest.approx(max(direct), rel=TOLERANCE, abs=TOLERANCE)


def test_the_table_is_what_its_program_makes():
    # another seed: within Monte-Carlo error, at sizes between the simulated ones
    for size in (12, 37, 104):
        again, stored = critical_values(size, replications=8000, seed=4), stored_values(size)
        for name, limit in (("adf", 0.1), ("sadf", 0.1), ("gsadf", 0.1)):
            assert np.abs(getattr(again, name) - getattr(stored, name))[:2].max() < limit
        assert np.abs(again.false_alarms["pointwise"] - stored.false_alarms["pointwise"]).max() < 0.06

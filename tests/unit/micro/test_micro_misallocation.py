from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError

pytest.importorskip("ibis", reason="the extra micro is not installed")
SIGMA, ALPHA = 3.0, 0.4


def made_up(n=400, seed=0, spread=0.4, years=2):
    rng = np.random.default_rng(seed)
    rows = n * years
    frame = pl.DataFrame({"firm": np.tile(np.arange(n), years), "year": np.repeat(2000 + np.arange(years), n)})
    return frame.with_columns(
        industry=pl.Series(np.tile(rng.choice(["x", "y"], n), years)),
        region=pl.Series(np.tile(rng.choice(["n", "s"], n), years)),
        output=pl.Series(np.exp(rng.normal(0, 1, rows))),
        capital=pl.Series(np.exp(rng.normal(0, spread, rows))),
        labour=pl.Series(np.exp(rng.normal(0, spread, rows))),
    )


def by_hand(cell, sigma=SIGMA, alpha=ALPHA):
    """Return efficiency by the definitions: TFP of the industry with its wedges over the mean of TFPQ."""
    y, k, l = (cell[name].to_numpy() for name in ("output", "capital", "labour"))  # noqa: E741 - as in the paper
    inputs = k**alpha * l ** (1 - alpha)
    tfpq, tfpr = y ** (sigma / (sigma - 1)) / inputs, y / inputs
    share = y / y.sum()
    mrpk, mrpl = 1 / (share / (y / k)).sum(), 1 / (share / (y / l)).sum()  # harmonic means, weighted by sales
    mean = mrpk**alpha * mrpl ** (1 - alpha)
    actual = ((tfpq * mean / tfpr) ** (sigma - 1)).sum() ** (1 / (sigma - 1))
    return actual / (tfpq ** (sigma - 1)).sum() ** (1 / (sigma - 1)), tfpr, tfpq


@pytest.mark.parametrize("sigma", [2.0, 3.0, 5.5])
def test_efficiency_is_that_of_the_definitions(sigma):
    firms = made_up()
    made = micro.misallocation(firms, capital_share=ALPHA, trim=0, sigma=sigma).frame
    for row in made.iter_rows(named=True):
        cell = firms.filter((pl.col("industry") == row["industry"]) & (pl.col("year") == row["year"]))
        efficiency, tfpr, tfpq = by_hand(cell, sigma)
        assert row["efficiency"] == pytest.approx(efficiency, rel=1e-12)
        assert row["gain"] == pytest.approx(1 / efficiency - 1, rel=1e-12)
        assert row["sd_tfpr"] == pytest.approx(np.log(tfpr).std(), rel=1e-10)
        assert row["sd_tfpq"] == pytest.approx(np.log(tfpq).std(), rel=1e-10)


def test_years_are_weighted_by_value_added():
    made = micro.misallocation(made_up(), capital_share=ALPHA, trim=0)
    for row in made.years.iter_rows(named=True):
        cells = made.frame.filter(pl.col("year") == row["year"])
        weight = cells["value_added"] / cells["value_added"].sum()
        assert np.log(row["efficiency"]) == pytest.approx((weight * cells["efficiency"].log()).sum(), rel=1e-12)


@pytest.mark.parametrize("within", ["year", "industry"])
@pytest.mark.parametrize("trim", [0.01, 0.05, 0.4])
def test_whole_ranks_are_trimmed(within, trim):
    firms = made_up(n=601)
    made = micro.misallocation(firms, capital_share=ALPHA, trim=trim, trim_within=within)
    logs = firms.with_columns(f=ALPHA * pl.col("capital").log() + (1 - ALPHA) * pl.col("labour").log())
    logs = logs.with_columns(r=pl.col("output").log() - pl.col("f"), q=1.5 * pl.col("output").log() - pl.col("f"))
    cell = ["industry", "year"]
    keys = ["year"] if within == "year" else cell
    if within == "year":
        total = ALPHA * pl.col("capital").sum().log() + (1 - ALPHA) * pl.col("labour").sum().log()
        tfpr = (pl.col("output").sum().log() - total).over(cell)
        tfpq = ((2 * pl.col("q")).exp().mean().log() / 2).over(cell)
        logs = logs.with_columns(r=pl.col("r") - tfpr, q=pl.col("q") - tfpq)
    cut = (pl.len().over(keys) * round(trim * 1000)) // 1000
    kept = logs
    tests = [
        (pl.col(name).rank("ordinal").over(keys) > cut)
        & (pl.col(name).rank("ordinal").over(keys) <= pl.len().over(keys) - cut)
        for name in ("r", "q")
    ]
    kept = logs.filter(tests[0] & tests[1])
    counted = kept.group_by(cell).len().sort(cell)
    assert made.frame["firms"].to_list() == counted["len"].to_list()
    for row in made.frame.iter_rows(named=True):
        one = kept.filter((pl.col("industry") == row["industry"]) & (pl.col("year") == row["year"]))
        assert row["efficiency"] == pytest.approx(by_hand(one)[0], rel=1e-12)


def test_ties_are_trimmed_by_name_and_never_all_at_once():
    firms = made_up(n=100, years=1).with_columns(output=1.0, capital=1.0, labour=1.0, industry=pl.lit("x"))
    made = micro.misallocation(firms, capital_share=ALPHA, trim=0.1)
    assert made.frame["firms"].item() == 80
    assert made.frame["gain"].item() == pytest.approx(0, abs=1e-12)


def test_what_has_no_wedges_has_no_gain_and_units_do_not_matter():
    rng = np.random.default_rng(1)
    size = np.exp(rng.normal(0, 1, 50))
    firms = pl.DataFrame(
        {"firm": range(50), "year": 1, "industry": "x", "output": size, "capital": size, "labour": size}
    )
    assert micro.misallocation(firms, capital_share=ALPHA, trim=0).frame["gain"].item() == pytest.approx(0, abs=1e-12)
    some = made_up()
    made = micro.misallocation(some, capital_share=ALPHA).frame
    scaled = some.with_columns(pl.col("output") * 1e4, pl.col("capital") * 1e-3, pl.col("labour") * 7)
    again = micro.misallocation(scaled.sample(fraction=1, shuffle=True, seed=1), capital_share=ALPHA).frame
    for name in ("firms", "efficiency", "sd_tfpr", "sd_tfpq", "sd_capital_wedge", "mix_gain"):
        assert made[name].to_list() == pytest.approx(again[name].to_list(), rel=1e-9)


def test_groups_add_up_to_the_whole():
    made = micro.misallocation(made_up(), capital_share=ALPHA, by=["region"])
    both = made.groups.join(made.years, on="year")
    assert ((1 + both["gain_within"]) * (1 + both["gain_between"])).to_list() == pytest.approx(
        (1 + both["gain"]).to_list(), rel=1e-12
    )
    spread = both["variance_within"] + both["variance_between"]
    assert spread.to_list() == pytest.approx((both["sd_tfpr"] ** 2).to_list(), rel=1e-9)


def test_counterfactuals_end_where_wedges_end():
    # without a mix of capital and labour, removing the wedge of all inputs is the whole gain
    firms = made_up().with_columns(labour=pl.col("capital"))
    made = micro.misallocation(firms, capital_share=ALPHA, counterfactuals=True)
    last = made.counterfactuals.filter(pl.col("scenario") == "shrink_1")["relative_output"]
    assert last.to_list() == pytest.approx((1 + made.years["gain"]).to_list(), rel=1e-9)
    path = made.counterfactuals.filter(pl.col("scenario").str.starts_with("shrink") & (pl.col("year") == 2000))
    assert path.sort("scenario")["relative_output"].is_sorted()


def noisy(error, n=3000, years=4, seed=3):
    """Return a panel whose wedges last and whose output and inputs are read with additive errors."""
    rng = np.random.default_rng(seed)
    wedge, skill = np.repeat(rng.normal(0, 0.3, n), years), rng.normal(0, 0.15, (n, years)).cumsum(axis=1).ravel()
    talent = np.exp(np.repeat(rng.normal(0, 0.5, n), years) + skill)
    sales = talent**2 * np.exp(-2 * wedge)  # sigma = 3
    inputs = sales / np.exp(wedge)
    shift = np.repeat(rng.normal(0, error, n) * inputs.reshape(n, years).mean(axis=1), years)
    frame = pl.DataFrame({"firm": np.repeat(np.arange(n), years), "year": np.tile(np.arange(years), n)})
    read = inputs + np.where(inputs + shift > 0.1 * inputs, shift, 0)
    frame = frame.with_columns(industry=pl.lit("x"), output=sales * np.exp(0), capital=read, labour=read)
    return micro.misallocation(frame, capital_share=0.5, trim=0, measurement_error=True)


def test_errors_of_measurement_are_told_from_wedges():
    clean, dirty = noisy(0.0), noisy(0.5)
    assert clean.noise.estimate == pytest.approx(1, abs=4 * clean.noise.error + 0.02)
    assert dirty.noise.estimate < 0.8
    assert dirty.years["corrected_gain"].max() < dirty.years["gain"].max()
    assert clean.noise.observations == 3000 * 3


def test_gaps_are_no_changes():
    firms = made_up(years=3).filter(pl.col("year") != 2001)
    with pytest.raises(InputError, match="too few changes"):
        micro.misallocation(firms, capital_share=ALPHA, measurement_error=True)


def test_shares_come_from_income_a_number_or_a_table():
    firms = made_up().with_columns(wages=pl.col("output") * pl.when(pl.col("industry") == "x").then(0.5).otherwise(0.7))
    made = micro.misallocation(firms, trim=0).frame
    assert dict(made.select("industry", "capital_share").unique().rows()) == pytest.approx({"x": 0.5, "y": 0.3})
    table = pl.DataFrame({"industry": ["x", "y"], "capital_share": [0.4, 1.2]})
    found = micro.misallocation(firms, capital_share=table)
    assert found.frame["industry"].unique().to_list() == ["x"]
    assert "share-outside" in [one.rule for one in found.findings]
    for wrong, match in ((1.5, "between 0 and 1"), ("half", "unknown capital_share")):
        with pytest.raises(UsageError, match=match):
            micro.misallocation(firms, capital_share=wrong)
    with pytest.raises(InputError, match="lacks the columns wages"):
        micro.misallocation(made_up())
    with pytest.raises(InputError, match="no industry"):
        micro.misallocation(firms.with_columns(wages=pl.col("output") * 2))


def test_bad_amounts_are_counted():
    firms = made_up().with_columns(capital=pl.when(pl.col("firm") < 3).then(-1.0).otherwise("capital"))
    made = micro.misallocation(firms, capital_share=ALPHA)
    rules = {one.rule: one.message.en for one in made.findings}
    assert rules["left-out"].startswith("6 rows")
    assert rules["not-positive"].startswith("6 rows")
    for wrong in ({"sigma": 1.0}, {"trim": 0.5}, {"trim_within": "cell"}):
        with pytest.raises(UsageError):
            micro.misallocation(firms, capital_share=ALPHA, **wrong)


def test_one_firm_is_efficient_and_firms_are_written(tmp_path):
    one = made_up(n=1, years=1)
    made = micro.misallocation(one, capital_share=ALPHA)
    assert made.frame["gain"].item() == pytest.approx(0, abs=1e-12)
    held = micro.panel(made_up())
    some = micro.misallocation(held, capital_share=ALPHA, trim=0)
    path = held.engine.write(some.firms, tmp_path / "firms.parquet")
    rows = pl.read_parquet(path)
    assert rows.height == 800
    spread = rows.group_by("industry", "year").agg(pl.col("ln_tfpr").std(ddof=0)).sort("industry", "year")
    assert spread["ln_tfpr"].to_list() == pytest.approx(some.frame["sd_tfpr"].to_list(), rel=1e-9)
    assert "higher in 2001" in some.summary("en")
    assert "2001年产出可提高" in some.summary("zh")


def test_a_trim_between_two_per_mille_is_refused():
    with pytest.raises(UsageError, match="whole per mille"):
        micro.misallocation(micro.mock(200, (2000, 2000), seed=1), trim=0.0105)

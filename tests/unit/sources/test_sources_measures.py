"""The measures behind each source: shift-share, dispersion and gains, flows, structure, catch-up, knowledge."""

from __future__ import annotations

import itertools
from math import exp, log, sqrt

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.regression import codes, fixed_effects
from xinzhi.sources import decompose
from xinzhi.sources.allocation import (
    dispersion,
    equalising_gain,
    flows,
    marginal_products,
    nested_gain,
    olley_pakes,
    shift_share,
)
from xinzhi.sources.innovation import (
    geographic_proximity,
    innovation_shares,
    knowledge_elasticity,
    knowledge_stock,
    spillovers,
    technological_proximity,
)
from xinzhi.sources.upgrading import advancement, catch_up, rationalisation, structural_change

TIGHT = 1e-12
# pyfixest 0.60.0, feols("y ~ a + b | u + t", vcov={"CRV1": "c"}), and linearmodels 7.1, PanelOLS with both effects and
# cov_type="clustered"; both print the same coefficients for the data of `_panel`.
COEFFICIENTS = (0.73799151, -0.33169354)
PYFIXEST_ERRORS = (0.02378746, 0.01796845)
PRINTED = 5e-9


def _random(regions=4, industries=3, years=5, seed=0):
    rng = np.random.default_rng(seed)
    rows = list(itertools.product("rstuvwxyz"[:regions], "abcdef"[:industries], range(2000, 2000 + years)))
    table = pl.DataFrame(rows, schema=["region", "industry", "year"], orient="row")
    size = table.height
    return table.with_columns(
        output=pl.Series(np.exp(rng.normal(3, 1, size))),
        labour=pl.Series(np.exp(rng.normal(2, 1, size))),
        capital=pl.Series(np.exp(rng.normal(4, 1, size))),
        nominal=pl.Series(np.exp(rng.normal(3, 1, size))),
        labour_share=pl.lit(0.4),
    )


@pytest.mark.parametrize("variant", ["traditional", "csls"])
def test_shift_share_adds_up_to_the_growth_of_productivity(variant):
    table = _random()
    out = shift_share(table, variant=variant).group_by("region", "year").agg(pl.col("total").sum())
    level = (
        table.group_by("region", "year").agg(p=pl.col("output").sum() / pl.col("labour").sum()).sort("region", "year")
    )
    growth = level.with_columns(g=pl.col("p") / pl.col("p").shift().over("region") - 1).drop_nulls()
    both = out.join(growth, on=["region", "year"])
    assert both.height == 16
    assert (both["total"] - both["g"]).abs().max() < TIGHT * 10


def test_shift_share_variants_differ_by_industry_and_not_in_sum():
    table = _random()
    one, other = shift_share(table), shift_share(table, variant="csls")
    sums = [
        t.group_by("region", "year").agg(pl.col("static", "dynamic").sum()).sort("region", "year") for t in (one, other)
    ]
    for name in ("static", "dynamic"):
        assert (sums[0][name] - sums[1][name]).abs().max() < TIGHT * 10
        assert (one[name] - other[name]).abs().max() > 0.01


def test_gead_adds_up_with_volumes_that_do_not():
    table = _random(seed=4)
    out = shift_share(table, nominal="nominal", variant="gead").group_by("region", "year").agg(pl.col("total").sum())
    for region, year, total in out.iter_rows():
        now = table.filter(region=region, year=year).sort("industry")
        then = table.filter(region=region, year=year - 1).sort("industry")
        weight = (now["nominal"] / now["nominal"].sum() + then["nominal"] / then["nominal"].sum()) / 2
        volume = float((weight * (now["output"] / then["output"]).log()).sum())
        assert total == pytest.approx(exp(volume) * then["labour"].sum() / now["labour"].sum() - 1, abs=1e-10)


def test_shift_share_names_what_is_missing():
    table = _random()
    with pytest.raises(InputError, match="appear or vanish"):
        shift_share(table.filter(~((pl.col("region") == "s") & (pl.col("industry") == "b") & (pl.col("year") == 2002))))
    with pytest.raises(InputError, match="no logarithm"):
        shift_share(table.with_columns(labour=pl.lit(0.0)))
    with pytest.raises(InputError, match="no column 'people'"):
        shift_share(table, labour="people")
    with pytest.raises(InputError, match="occurs again"):
        shift_share(pl.concat([table, table]))
    with pytest.raises(UsageError, match="needs value added at current prices"):
        shift_share(table, variant="gead")
    with pytest.raises(UsageError, match="unknown variant"):
        shift_share(table, variant="other")


def test_olley_pakes_covariance_is_zero_for_equal_sizes():
    table = _random().with_columns(one=pl.lit(1.0))
    out = olley_pakes(table, productivity="output", weight="one", by=("region", "year"))
    assert out["covariance"].abs().max() < 1e-10
    sized = olley_pakes(table, productivity="output", weight="output", by=("region", "year"))
    assert (sized["covariance"] > 0).all()
    assert (sized["aggregate"] - sized["mean"] - sized["covariance"]).abs().max() < 1e-9


def test_no_dispersion_means_no_gain():
    table = _random().with_columns(capital=pl.col("output") * 2, labour=pl.col("output") * 3)
    products = marginal_products(table)
    assert dispersion(products)["sd_log"].max() < 1e-12
    gain = equalising_gain(table, substitution=3)
    assert gain.select(pl.col("gain_regions", "gain_industries", "gain").abs().max()).row(0) == pytest.approx(
        (0, 0, 0), abs=1e-10
    )
    nested = nested_gain(table.rename({"industry": "ownership"}), labour_share=0.4, substitution=(1.5, 2.0))
    assert nested["gain"].abs().max() < 1e-10


def test_gains_are_what_a_search_over_allocations_finds():
    # One industry, two regions: the best split of capital and labour, by brute force on revenue-implied quantities.
    sigma, alpha = 3.0, 0.6
    made, capital, labour = np.array([4.0, 2.0]), np.array([1.0, 5.0]), np.array([2.0, 2.0])
    quantity = made ** (sigma / (sigma - 1))
    tfp = quantity / (capital**alpha * labour ** (1 - alpha))

    def total(machines, people):
        split = np.array([machines, capital.sum() - machines]), np.array([people, labour.sum() - people])
        here = tfp * split[0] ** alpha * split[1] ** (1 - alpha)
        return (here ** ((sigma - 1) / sigma)).sum() ** (sigma / (sigma - 1))

    grid = np.linspace(0.001, 0.999, 999)
    best = max(total(k * capital.sum(), n * labour.sum()) for k in grid for n in grid if abs(k - n) < 0.02)
    rows = {"region": ["r", "s"], "industry": ["a", "a"], "year": [1, 1], "output": made, "capital": capital}
    table = pl.DataFrame(rows | {"labour": labour, "labour_share": [1 - alpha] * 2})
    gain = equalising_gain(table, substitution=sigma)
    assert gain["gain_regions"][0] == pytest.approx(log(best / total(capital[0], labour[0])), abs=1e-4)
    assert gain["gain_industries"][0] == pytest.approx(0.0, abs=TIGHT)


def test_nested_gain_is_never_below_zero_and_adds_up():
    table = _random(seed=9).rename({"industry": "ownership"})
    out = nested_gain(table, labour_share=0.5, substitution=(1.5, 2.5))
    assert (out["gain_within"] >= 0).all()
    assert (out["gain_between"] >= 0).all()
    assert (out["gain"] - out["gain_within"] - out["gain_between"]).abs().max() < TIGHT
    with pytest.raises(UsageError, match="above 1"):
        nested_gain(table, labour_share=0.5, substitution=(1.0, 2.0))
    with pytest.raises(UsageError, match="between 0 and 1"):
        nested_gain(table, labour_share=1.5, substitution=(1.5, 2.0))


def test_marginal_products_refuse_a_share_of_one():
    with pytest.raises(InputError, match="capital would earn nothing"):
        marginal_products(_random().with_columns(labour_share=pl.lit(1.0)))


def test_flows_see_capital_that_follows_its_return():
    rng = np.random.default_rng(5)
    rows = []
    for number, region in enumerate("rstuvw"):
        capital, product = 1.0, exp(0.3 * number)
        for year in range(8):
            rows.append((region, "a", year, capital, product))
            capital *= exp(0.05 * log(product) + rng.normal(0, 0.002))
    table = pl.DataFrame(rows, schema=["region", "industry", "year", "capital", "mpk"], orient="row")
    found = flows(table)
    assert found.regression.coefficients[0] == pytest.approx(0.05, abs=0.003)
    assert found.correlation > 0.9
    assert found.frame["clusters"][0] == 6
    assert (found.by_year["correlation"] > 0.8).all()
    assert flows(table, within_industries=True).regression.coefficients == pytest.approx(found.regression.coefficients)
    with pytest.raises(InputError, match="two consecutive years"):
        flows(table.filter(year=3))


def _panel():
    n, t = 12, 9
    unit, year = np.repeat(np.arange(n), t), np.tile(np.arange(t), n)
    k = np.arange(n * t, dtype=float)
    x = np.column_stack([np.sin(k * 1.7) + 0.1 * unit, np.cos(k * 0.9) * (1 + 0.05 * year)])
    y = 0.7 * x[:, 0] - 0.3 * x[:, 1] + 0.2 * unit - 0.1 * year + 0.3 * np.sin(k * k)
    keep = (k % 7) != 3
    return y[keep], x[keep], unit[keep], year[keep], (unit // 2)[keep]


def test_fixed_effects_equal_pyfixest_and_dummies():
    y, x, unit, year, cluster = _panel()
    fit = fixed_effects(y, x, ["a", "b"], [unit, year], cluster)
    assert fit.coefficients == pytest.approx(COEFFICIENTS, abs=PRINTED)
    assert fit.standard_errors == pytest.approx(PYFIXEST_ERRORS, abs=PRINTED)
    dummies = np.column_stack([x, np.eye(12)[unit], np.eye(9)[year][:, 1:]])
    plain = np.linalg.lstsq(dummies, y)[0]
    assert fit.coefficients == pytest.approx(plain[:2], abs=1e-10)
    assert (fit.observations, fit.clusters) == (93, 6)


def test_fixed_effects_by_linearmodels():
    pytest.importorskip("linearmodels")
    y, x, unit, year, cluster = _panel()
    own = fixed_effects(y, x, ["a", "b"], [unit, year], cluster, small_sample=False)
    theirs = fixed_effects(y, x, ["a", "b"], [unit, year], cluster, engine="linearmodels")
    assert theirs.coefficients == pytest.approx(own.coefficients, abs=1e-10)
    # It multiplies the variance by n / (n - k), k counting two regressors and all effects.
    factor = sqrt(93 / (93 - 2 - 12 - 9 + 1))
    assert theirs.standard_errors == pytest.approx(own.standard_errors * factor, abs=1e-10)


def test_fixed_effects_name_what_cannot_be_estimated():
    y, x, unit, year, cluster = _panel()
    with pytest.raises(InputError, match="fixed does not vary"):
        fixed_effects(y, np.column_stack([x, unit]), ["a", "b", "fixed"], [unit, year], cluster)
    with pytest.raises(InputError, match="repeat each other"):
        fixed_effects(y, np.column_stack([x, x[:, 0]]), ["a", "b", "c"], [unit, year], cluster)
    with pytest.raises(InputError, match="two clusters"):
        fixed_effects(y, x, ["a", "b"], [unit, year], np.zeros_like(cluster))
    with pytest.raises(InputError, match="missing values"):
        fixed_effects(np.where(unit == 1, np.nan, y), x, ["a", "b"], [unit, year], cluster)
    with pytest.raises(UsageError, match="unknown engine"):
        fixed_effects(y, x, ["a", "b"], [unit, year], cluster, engine="stata")
    assert codes(["b", "a", "b"]).tolist() == [0, 1, 0]


def test_structure_measures_at_their_corners():
    same = pl.DataFrame(
        {"region": ["r"] * 4, "industry": ["1", "2"] * 2, "year": [0, 0, 1, 1], "labour": [1.0, 3.0, 2.0, 6.0]}
    ).with_columns(output=pl.col("labour") * 7)
    speed = structural_change(same).row(0, named=True)
    assert (speed["lilien"], speed["nav"]) == pytest.approx((0.0, 0.0), abs=TIGHT)
    assert rationalisation(same)["theil"].abs().max() < TIGHT
    moved = advancement(same, order=("1", "2"))
    assert moved["moore"].to_list()[0] is None
    assert moved["moore"][1] == pytest.approx(0.0, abs=1e-7)
    full = same.with_columns(output=pl.when(pl.col("industry") == "1").then(1.0).otherwise(0.0))
    # All in the lowest sector: angles 0 and 90 degrees, so W = 0 + (0 + pi/2).
    assert advancement(full, order=("1", "2"))["advancement"].to_list() == pytest.approx([np.pi / 2] * 2)
    with pytest.raises(InputError, match="also has 2"):
        advancement(same, order=("1",))
    with pytest.raises(InputError, match="negative"):
        structural_change(same.with_columns(labour=-pl.col("labour")))


def test_an_industry_that_appears_has_no_lilien_index():
    rows = {"region": ["r"] * 3, "industry": ["a", "a", "b"], "year": [0, 1, 1], "labour": [1.0, 1.0, 1.0]}
    out = structural_change(pl.DataFrame(rows)).row(0, named=True)
    assert out["lilien"] is None
    assert out["nav"] == 0.5


def test_provinces_move_out_of_farming_and_upwards():
    rows = xinzhi.load("china-provinces").tables["sector_accounts"].rename({"sector": "industry"})
    rows = rows.drop_nulls("employment")  # of 2024 only output is published
    up = advancement(rows, value="output_nominal").group_by("year").agg(pl.col("advancement").mean()).sort("year")
    assert up["advancement"][-1] > up["advancement"][0]
    theil = (
        rationalisation(rows, output="output_nominal", labour="employment").group_by("year").agg(pl.col("theil").mean())
    )
    theil = dict(theil.iter_rows())
    assert theil[2017] < theil[2003]


def test_catch_up_recovers_a_known_speed():
    rng = np.random.default_rng(2)
    rows, skill = [], []
    for r, i in itertools.product(range(12), range(3)):
        distance = rng.uniform(0.2, 1.0)
        for year in range(10):
            grown = 0.02 + (0.05 + 0.02 * r / 12) * distance + rng.normal(0, 0.0005) if year else 0.0
            distance -= (grown - 0.02) if year else 0.0
            rows.append((f"r{r:02d}", f"i{i}", year, grown, 0.02 + 0.001 * ((i * 7 + year * 3) % 5), distance))
    skill = [(f"r{r:02d}", year, r / 12) for r in range(12) for year in range(10)]
    table = pl.DataFrame(
        rows, schema=["region", "industry", "year", "tfp_growth", "frontier_growth", "distance"], orient="row"
    )
    drivers = pl.DataFrame(skill, schema=["region", "year", "skill"], orient="row").with_columns(
        skill=pl.col("skill") + 0.001 * ((pl.col("year") * 7 + (pl.col("skill") * 12).round().cast(pl.Int64)) % 5)
    )
    fit = catch_up(table, drivers, names=["skill"])
    found = dict(fit.frame.select("term", "coefficient").iter_rows())
    assert found["distance"] == pytest.approx(0.06, abs=0.006)
    assert found["distance × skill"] == pytest.approx(0.02, abs=0.01)
    assert fit.half_life == pytest.approx(log(2) / -log(1 - 0.06), rel=0.15)
    assert fit.dropped == 36
    with pytest.raises(UsageError, match="belong together"):
        catch_up(table, names=["skill"])
    with pytest.raises(InputError, match="same regions and years"):
        catch_up(table, drivers.with_columns(pl.col("year") + 500), names=["skill"])


def test_a_driver_leaves_the_regression_of_provinces_within_its_placebo():
    package = xinzhi.load("china-provinces")
    result = decompose(package)
    schooling = package.tables["accounts"].select("region", "year", "schooling")
    fit = catch_up(result.industries, schooling, names=["schooling"])
    found = dict(fit.frame.select("term", "t").iter_rows())
    assert found["distance"] > 2  # as in draws without catching up
    assert not fit.supported
    assert fit.regression.clusters == 31


def test_knowledge_stock_by_hand_and_its_refusals():
    rows = pl.DataFrame({"region": ["r"] * 3, "year": [0, 1, 2], "rd": [10.0, 11.0, 12.1], "price": [1.0, 1.0, 1.1]})
    stock = knowledge_stock(rows, value="rd", obsolescence=0.2)["stock"].to_list()
    first = 10.0 / (0.1 + 0.2)
    assert stock == pytest.approx([first, 0.8 * first + 11.0, 0.8 * (0.8 * first + 11.0) + 12.1])
    real = knowledge_stock(rows, value="rd", price="price")
    assert real["flow"].to_list() == pytest.approx([10.0, 11.0, 11.0])
    with pytest.raises(InputError, match="missing in the year before"):
        knowledge_stock(rows.filter(pl.col("year") != 1), value="rd")
    with pytest.raises(InputError, match="missing or negative"):
        knowledge_stock(rows.with_columns(rd=-pl.col("rd")), value="rd")
    with pytest.raises(UsageError, match=r"0\.15"):
        knowledge_stock(rows, value="rd", obsolescence=15)
    with pytest.raises(InputError, match="obsolete"):
        knowledge_stock(rows.with_columns(rd=pl.Series([10.0, 5.0, 2.0])), value="rd")


def test_knowledge_of_provinces_and_its_elasticity():
    package = xinzhi.load("china-provinces")
    rd = package.tables["indicators"].filter(indicator="rd_expenditure").select("region", "year", rd="value")
    own = knowledge_stock(rd, value="rd")
    assert own.filter(year=2023).sort("stock", descending=True)["region"][0] == "440000"
    activity = package.tables["activity"].filter(year=2016)
    near = technological_proximity(activity)
    assert near.height == 31 * 30
    assert near["weight"].is_between(0, 1).all()
    pool = spillovers(own, near)
    assert pool.height == own.height
    fit = knowledge_elasticity(xinzhi.measure(package).levels, own, pool)
    assert fit.names == ("log stock, year before", "log spillover, year before")
    assert np.isfinite(fit.standard_errors).all()
    with pytest.raises(InputError, match="no weights for region"):
        spillovers(own, near.filter(pl.col("region") != "440000"))


def test_proximity_refuses_what_it_cannot_place():
    with pytest.raises(InputError, match="cannot be compared"):
        technological_proximity(pl.DataFrame({"region": ["r"], "industry": ["a"], "employment": [0.0]}))
    place = pl.DataFrame({"region": ["r", "s"], "latitude": [40.0, None], "longitude": [116.0, 117.0]})
    with pytest.raises(InputError, match="out of range"):
        geographic_proximity(place)
    with pytest.raises(UsageError, match="above 0"):
        geographic_proximity(place.drop_nulls(), decay_km=-1)
    quarter = pl.DataFrame({"region": ["r", "s"], "latitude": [0.0, 0.0], "longitude": [0.0, 90.0]})
    length = 6371.0088 * np.pi / 2
    assert geographic_proximity(quarter, decay_km=length)["weight"].to_list() == pytest.approx([exp(-1)] * 2)


def test_innovation_shares_agree_with_the_published_intensity():
    package = xinzhi.load("china-provinces")
    found = innovation_shares(package)
    ours = found.frame.filter(share="rd_intensity").select("region", "year", ours="value")
    published = (
        package.tables["indicators"]
        .filter(indicator="rd_intensity")
        .select("region", "year", theirs=pl.col("value") / 100)
    )
    both = ours.join(published, on=["region", "year"]).with_columns(gap=(pl.col("ours") / pl.col("theirs") - 1).abs())
    # The published ratio divides by output as first published, ours by its latest revision, which is larger.
    assert both["gap"].median() < 0.05
    assert found.missing.is_empty()
    products = found.frame.filter(share="new_product_share")["value"]
    assert 0 < products.median() < 0.3  # nine per cent of revenue in the median province-year

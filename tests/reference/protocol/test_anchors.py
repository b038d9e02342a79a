"""Every protocol of the registry reproduces what its authors publish, from their own inputs and plain numpy.

Nothing is computed by another package than `protocol` (not even `core`), so that an agreement speaks for the values in
the registry. Inputs and outputs: ../shared/ref/growth (README.md there names repository, commit and licence).

protocol                tolerance         reference call or publication
pwt-10.01               1e-6 log points   rtfpna, rkna, emp, avh, hc, labsh of R pwt10 10.01-0, data(pwt10.01)
cip-4.0                 1e-12             CIP 4.0 (2023), RIETI, TFP(VA basis); the current share alone misses by > 0.01
euklems-intanprod-2023  5e-5 pp; 5e-4 pp  growth accounts of Austria; TFP from LAB_QI, CAP_QI in the median: 1996, 2011
                                          (labour classification) and industries at the corner do not reproduce
bea-bls-ilpa            5e-4 log points   integrated TFP index, release of 25 April 2025, printed to three decimals
frbsf-fernald           1e-12             synthetic quarters by the printed formula: the references lack the series
solow-1957              printed digits    lm(log(q/A) ~ log(k)), lm(q/A ~ k) on R Ecdat, data(Solow), 1909-42
zhang-2004, shan-2008   1e-9 relative     R CHNCapitalStock 0.1.1, CompK(prv, method = "ZJ", delta, bt)
textbook                1e-12             the Stata program of the page for R and Stata users, written here line by line
chenpu-2021             1e-9; 3e-3        CompK(prv, method = "CP", startyr = 1993, bt = 1992; Chongqing 1996)
                                          The R package leaves the first stock at prices of 1952 for every base year
                                          (exact when we do too); rebased, 0.3 % remain of it in 1993.
"""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import ProtocolError

PAGE = Path(__file__).parents[3] / "docs" / "for-r-and-stata-users.md"

IDS = [item.id for item in protocol.registry()]


def growth(values):
    return np.diff(np.log(values), axis=-1, prepend=np.nan)


def weights(rules, share):
    """Return the share that weighs growth, as the protocol averages it."""
    if rules.value("shares.averaging") == "current":
        return share
    before = np.concatenate([np.full_like(share[..., :1], np.nan), share[..., :-1]], axis=-1)
    return (share + before) / 2


def grid(frame, key, columns):
    """Return columns as arrays (key, year), years without a row missing."""
    full = (
        frame.select(pl.col(key).unique())
        .join(pl.DataFrame({"year": range(frame["year"].min(), frame["year"].max() + 1)}), how="cross")
        .join(frame, on=[key, "year"], how="left")
        .sort(key, "year")
    )
    shape = (full[key].n_unique(), -1)
    return {name: full[name].cast(pl.Float64).to_numpy().reshape(shape) for name in columns}


def wide(path, key):
    return pl.read_csv(path).pivot(on="var", index=[key, "year"], values="value")


def test_every_protocol_has_an_anchor_here():
    named = [name for name in globals() if name.startswith("test_")]
    assert not [one for one in IDS if not any(one.split("-")[0] in name for name in named)]


@pytest.mark.shared
def test_pwt_tfp_growth(shared):
    rules = protocol.load("pwt-10.01")
    assert rules.value("capital.measure") == "given_services"
    assert rules.value("labour.unit") == "hours"
    assert rules.value("index.formula") == "tornqvist"
    frame = pl.read_csv(shared / "data" / "world" / "pwt1001.csv.gz", infer_schema_length=None, null_values="NA")
    code = next(name for name in ("isocode", "countrycode") if name in frame.columns)
    data = grid(frame, code, ["rgdpna", "rkna", "emp", "avh", "hc", "labsh", "rtfpna"])
    labour = growth(data["emp"] * data["avh"] * data["hc"])
    share = weights(rules, data["labsh"])
    tfp = growth(data["rgdpna"]) - share * labour - (1 - share) * growth(data["rkna"])
    error = np.abs(tfp - growth(data["rtfpna"]))
    assert np.isfinite(error).sum() == 3067
    assert np.nanmax(error) <= 1e-6


@pytest.mark.shared
def test_pwt_human_capital(shared):
    frame = pl.read_csv(shared / "ref" / "growth" / "pwt100_hc_labsh_selected.csv", null_values="NA")
    frame = frame.drop_nulls(["yr_sch", "hc"])
    years, before, phi = frame["yr_sch"].to_numpy(), 0.0, 0.0
    for limit, rate in protocol.load("pwt-10.01").value("labour.returns_to_schooling"):
        upper = math.inf if limit is None else limit
        phi = phi + rate * np.clip(years - before, 0, upper - before)
        before = upper
    assert frame.height > 500
    assert np.abs(np.exp(phi) - frame["hc"].to_numpy()).max() <= 1e-6


@pytest.mark.shared
def test_cip_tfp_growth(shared):
    rules = protocol.load("cip-4.0")
    frame = wide(shared / "ref" / "growth" / "cip40_china_growth_accounts.csv", "industry")
    names = ["g(VA)", "g(L-input)", "g(K-input)", "LC", "Nominal VA", "TFP(VA basis)"]
    data = grid(frame, "industry", names)
    share = weights(rules, data["LC"] / data["Nominal VA"])

    def tfp(weight):
        return data["g(VA)"] - weight * growth(data["g(L-input)"]) - (1 - weight) * growth(data["g(K-input)"])

    error = np.abs(tfp(share) - data["TFP(VA basis)"])
    assert np.isfinite(error).sum() == 1140
    assert np.nanmax(error) <= 1e-12
    current = rules.replace({"shares.averaging": "current"})
    assert np.nanmax(np.abs(tfp(weights(current, data["LC"] / data["Nominal VA"])) - data["TFP(VA basis)"])) > 0.01


@pytest.mark.shared
def test_euklems_identity(shared):
    frame = wide(shared / "ref" / "growth" / "euklems_AT_growth_accounts.csv", "nace")
    parts = ["VAConH", "VAConLC", "VAConTangNICT", "VAConTangICT", "VAConIntang", "VAConTFP"]
    whole = frame.drop_nulls(["VA_G", *parts])
    gap = whole["VA_G"] - whole.select(pl.sum_horizontal(parts)).to_series()
    assert whole.height == 1400
    assert gap.abs().max() <= 5e-5


@pytest.mark.shared
def test_euklems_tfp_from_services(shared):
    rules = protocol.load("euklems-intanprod-2023")
    frame = wide(shared / "ref" / "growth" / "euklems_AT_growth_accounts.csv", "nace")
    data = grid(frame, "nace", ["VA_Q", "LAB_QI", "CAP_QI", "LAB", "VA_CP", "VAConTFP", "VA_G"])
    share = data["LAB"] / data["VA_CP"]
    if rules.value("shares.corner") == "floor":
        share = np.where(share > 1, rules.value("shares.corner_labour_share"), share)
    weight = weights(rules, share)
    inputs = weight * growth(data["LAB_QI"]) + (1 - weight) * growth(data["CAP_QI"])
    error = np.abs(data["VA_G"] - 100 * inputs - data["VAConTFP"])
    assert np.isfinite(error).sum() > 1300
    assert np.nanmedian(error) <= 5e-4


@pytest.mark.shared
def test_euklems_depreciation_is_table_a1(shared):
    rates = protocol.load("euklems-intanprod-2023").value("capital.asset_depreciation")
    row = pl.read_csv(shared / "ref" / "growth" / "euklems_depreciation_A1.csv").row(0, named=True)
    assert row.pop("code") == "TOT"
    assert dict(rates) == {asset: float(rate) for asset, rate in row.items()}


@pytest.mark.shared
def test_bea_bls_integrated_tfp(shared):
    rules = protocol.load("bea-bls-ilpa")
    assert rules.value("output.concept") == "gross_output"
    frame = wide(shared / "ref" / "growth" / "bea_bls_ilpa_1997_2023.csv", "industry")
    costs = [name for name in frame.columns if name.endswith("_COMP")]
    assert len(costs) == 10
    quantities = [name.replace("_COMP", "_Q") for name in costs]
    data = grid(frame, "industry", [*costs, *quantities, "GO_Q", "TFP_INDEX_PUBLISHED"])
    cost = np.stack([data[name] for name in costs])
    share = weights(rules, cost / np.nansum(cost, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.stack([growth(np.where(data[name] > 0, data[name], np.nan)) for name in quantities])
    tfp = growth(data["GO_Q"]) - np.nansum(share * change, axis=0)
    error = np.abs(tfp - growth(data["TFP_INDEX_PUBLISHED"]))
    assert np.isfinite(error).sum() == 1638
    assert np.nanmax(error) <= 5e-4


def test_frbsf_printed_formula_on_synthetic_quarters():
    rules = protocol.load("frbsf-fernald")
    random = np.random.default_rng(2012)
    capital, hours, quality, tfp = random.normal(0.01, 0.01, (4, 315))
    alpha = np.clip(random.normal(0.33, 0.02, 315), 0.2, 0.5)
    output = tfp + alpha * capital + (1 - alpha) * (hours + quality)
    share = 1 - weights(rules, 1 - alpha)
    assert rules.value("labour.quality") == "given"
    assert np.abs(output - share * capital - (1 - share) * (hours + quality) - tfp).max() <= 1e-12
    averaged = rules.replace({"shares.averaging": "two_year"})
    share = 1 - weights(averaged, 1 - alpha)
    assert np.nanmax(np.abs(output - share * capital - (1 - share) * (hours + quality) - tfp)) > 1e-5


@pytest.mark.shared
def test_solow_regressions(shared):
    rules = protocol.load("solow-1957")
    (start, end), *_ = rules.value("reporting.periods")
    frame = pl.read_csv(shared / "ref" / "growth" / "solow1957.csv").sort("year")
    assert (frame["year"].min(), frame["year"].max()) == (start, end)
    early = frame.filter(pl.col("year") <= 1942)
    ratio, k = (early["q"] / early["A"]).to_numpy(), early["k"].to_numpy()

    def line(x, y):
        slope = np.cov(x, y, bias=True)[0, 1] / np.var(x)
        return y.mean() - slope * x.mean(), slope

    assert line(np.log(k), np.log(ratio)) == pytest.approx((-0.730, 0.354), abs=5e-4)
    assert line(k, ratio) == pytest.approx((0.438, 0.0909), abs=5e-4)


@pytest.mark.shared
def test_solow_residual_is_one_years_share(shared):
    """Backed out of the printed A, the weight of capital is a share: between a quarter and a half in the mean."""
    rules = protocol.load("solow-1957")
    assert rules.value("index.formula") == "laspeyres"
    frame = pl.read_csv(shared / "ref" / "growth" / "solow1957.csv").sort("year").filter(pl.col("year") <= 1942)
    q, k, level = (np.diff(frame[name].to_numpy()) / frame[name].to_numpy()[:-1] for name in ("q", "k", "A"))
    implied = ((q - level) * k).sum() / (k * k).sum()
    assert 0.25 < implied < 0.5


def inventory(rules, frame, first_stock, price):
    """Run the perpetual inventory of one region under the dated rule of the protocol."""
    real = frame["invest"].to_numpy() / price
    reported = np.nan_to_num(frame["depr"].to_numpy()) / price
    stock = [first_stock]
    for position, year in enumerate(frame["yr"].to_list()[1:], start=1):
        if rules.value("capital.depreciation_rule", year) == "geometric":
            lost = rules.value("capital.depreciation", year) * stock[-1]
        else:
            lost = reported[position]
        stock.append(stock[-1] - lost + real[position])
    return np.array(stock)


def chn(shared, name):
    return pl.read_csv(shared / "ref" / "growth" / f"chncapitalstock_{name}.csv", null_values="NA").sort("prv", "yr")


def largest_gap(shared, rules, **published):
    """Return the largest relative difference over the 30 provinces whose series begin in 1952."""
    theirs = chn(shared, "outputs").filter(**published)
    gaps = []
    for (name,), frame in (
        chn(shared, "inputs").filter(pl.col("prv") != "chongqing").group_by("prv", maintain_order=True)
    ):
        assert frame["yr"][0] == rules.value("capital.initial_year")
        first = rules.value("capital.initial_ratio") * frame["invest"][0]
        stock = inventory(rules, frame, first, frame["InvestPrice"].to_numpy())
        gaps.append(np.abs(stock / theirs.filter(prv=name)["K"].to_numpy() - 1).max())
    assert len(gaps) == 30
    return max(gaps)


@pytest.mark.shared
def test_zhang_provincial_stocks(shared):
    rules = protocol.load("zhang-2004")
    assert largest_gap(shared, rules, method="ZJ", bt=1952, delta=rules.value("capital.depreciation")) <= 1e-9


@pytest.mark.shared
def test_zhang_chongqing_split(shared):
    rules = protocol.load("zhang-2004")
    (row,) = rules.value("capital.initial_table")
    frame = chn(shared, "inputs").filter(prv="chongqing")
    theirs = chn(shared, "outputs").filter(prv="chongqing", method="ZJ", bt=1952, delta=0.096)
    price = frame["InvestPrice"].to_numpy()
    assert (row["region"], row["year"]) == ("500000", frame["yr"][0])
    # The price in the reference file is printed to six decimals, the one in the registry is not rounded.
    assert row["value"] / 5.40572574689493 == pytest.approx(1090 * 313 / 850, rel=1e-12)
    stock = inventory(rules, frame, row["value"] / 5.40572574689493, price)
    assert np.abs(stock / theirs["K"].to_numpy() - 1).max() <= 1e-7


@pytest.mark.shared
def test_shan_rate_reproduces_and_its_first_stock_is_refused(shared):
    rules = protocol.load("shan-2008")
    with pytest.raises(ProtocolError, match=r"shan-2008 leaves blank .*capital\.initial_rule"):
        rules.require()
    filled = rules.replace({"capital.initial_rule": "ratio_to_investment", "capital.initial_ratio": 10})
    filled.require()
    assert largest_gap(shared, filled, method="ZJ", bt=1952, delta=rules.value("capital.depreciation")) <= 1e-9


@pytest.mark.shared
@pytest.mark.parametrize(("rebased", "tolerance"), [(False, 1e-9), (True, 3e-3)])
def test_chenpu_reported_depreciation(shared, rebased, tolerance):
    rules = protocol.load("chenpu-2021")
    assert rules.value("capital.investment_after_official") == "stop"
    theirs = chn(shared, "outputs").filter(method="CP").drop_nulls("K")
    gaps = []
    inputs = chn(shared, "inputs").filter(pl.col("yr") <= 2017)
    for (name,), frame in inputs.group_by("prv", maintain_order=True):
        published = theirs.filter(prv=name).sort("yr")
        base = chn(shared, "outputs").filter(method="CP", prv=name).filter(pl.col("yr") <= 2017)["P"].to_numpy()
        if name == "chongqing":
            first = rules.value("capital.initial_table")[0]["value"] / 5.40572574689493
        else:
            first = rules.value("capital.initial_ratio") * frame["invest"][0] / (base[0] if rebased else 1.0)
        stock = inventory(rules, frame, first, base)[-published.height :]
        assert frame["yr"].to_list()[-published.height :] == published["yr"].to_list()
        gaps.append(np.abs(stock / published["K"].to_numpy() - 1).max())
    assert len(gaps) == 31
    assert max(gaps) <= tolerance


def test_xinzhi_cn_2026_is_complete():
    ours = protocol.load("xinzhi-cn-2026")
    ours.require()
    assert ours.status == "proposed"
    assert not [path for path, item in ours.parameters.items() if item.value is None]
    assert not protocol.check("xinzhi-cn-2026")


def test_xinzhi_cn_2026_alternatives_compute_and_name_their_users():
    ours = protocol.load("xinzhi-cn-2026")
    count = 0
    for path, item in ours.parameters.items():
        for other in item.alternatives:
            variant = ours.replace({path: other.value})
            variant.require()
            assert variant.fingerprint != ours.fingerprint
            assert other.value != item.value
            assert all(name in IDS or other.reference for name in other.used_by)
            assert other.used_by or other.note
            count += 1
    assert count >= 18


def test_xinzhi_cn_2026_takes_its_alternatives_from_the_others():
    """Where the registry uses another value for a parameter that ours leaves to dispute, ours lists it."""
    ours = protocol.load("xinzhi-cn-2026")
    disputed = [
        "capital.depreciation",
        "capital.depreciation_rule",
        "labour.quality",
        "shares.rule",
        "shares.averaging",
    ]
    missing = [
        (path, other.id)
        for path in disputed
        for other in protocol.registry()
        if other.declares(path) and other.parameters[path].value not in known(ours.parameters[path])
        # What comes with the data is no choice that the provinces' figures leave open.
        if other.parameters[path].value != "given"
    ]
    assert not missing


def known(parameter):
    return [parameter.value, *(item.value for item in parameter.alternatives)]


def test_xinzhi_cn_2026_first_stock_has_decayed():
    ours = protocol.load("xinzhi-cn-2026")
    years = ours.value("reporting.periods")[0][0] - ours.value("capital.initial_year")
    left = (1 - ours.value("capital.depreciation")) ** years
    assert years == 44
    assert left == pytest.approx(0.012, abs=5e-4)


@pytest.fixture(scope="module")
def textbook():
    """The residual by region and year: the Stata program, a region after the other, in plain Python."""
    tables = xinzhi.load("china-provinces").tables
    rows = (
        tables["accounts"].join(tables["investment"], on=["region", "year"], how="left").filter(pl.col("year") >= 1996)
    )
    residuals, before = {}, {}
    for row in rows.sort("region", "year").iter_rows(named=True):
        region, year = row["region"], row["year"]
        nominal, price = row["investment_nominal"], row["investment_price"]
        invested = None if nominal is None or price is None else nominal / price
        capital = None
        if year == 1996:
            capital = 10 * invested
        elif before[region]["capital"] is not None and invested is not None:
            capital = (1 - 0.096) * before[region]["capital"] + invested
        now = {"capital": capital} | {name: row[name] for name in ("output_real", "employment", "labour_share")}
        then = before.get(region)
        if then is not None and None not in (*now.values(), *then.values()):
            share = (now["labour_share"] + then["labour_share"]) / 2
            step = {name: math.log(now[name]) - math.log(then[name]) for name in now}
            residuals[region, year] = step["output_real"] - share * step["employment"] - (1 - share) * step["capital"]
        before[region] = now
    return residuals


def measured_growth(protocol):
    frame = xinzhi.measure("china-provinces", protocol=protocol).frame
    return {(region, year): value for region, year, value in frame.select("region", "year", "tfp_growth").iter_rows()}


def test_textbook_is_the_program_of_the_page(textbook):
    measured = measured_growth("textbook")
    assert len(textbook) == 527
    assert {place for place, value in measured.items() if value is not None} == set(textbook)
    assert max(abs(measured[place] - value) for place, value in textbook.items()) < 1e-12


def test_textbook_costs_what_the_page_says(textbook):
    reference = measured_growth("xinzhi-cn-2026")
    regions = {region for region, _ in textbook}
    gaps = [
        abs(statistics.mean(textbook[place] - reference[place] for place in textbook if place[0] == region))
        for region in sorted(regions)
    ]
    mean, most = 100 * statistics.mean(gaps), 100 * max(gaps)
    said = f"by {mean:.1f} points a year in the mean of the regions, by up to {most:.1f} in one"
    assert said in PAGE.read_text(encoding="utf-8")

"""Coupling, obstacles, and the verb that puts the sectors side by side."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import sectors
from xinzhi.core.errors import InputError, UsageError
from xinzhi.sectors.coupling import coordination_degree, coupling_degree, grade
from xinzhi.sectors.figures import balanced_cells, pooled_tfp

TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def measurement(package):
    return xinzhi.measure(package)


@pytest.fixture(scope="module")
def plain(package):
    return sectors.advance(package)


@pytest.fixture(scope="module")
def measured(package, measurement):
    return sectors.advance(package, measurement)


def panel(**columns):
    size = len(next(iter(columns.values())))
    return pl.DataFrame({"region": [f"r{place}" for place in range(size)], "year": 2020, **columns})


def test_a_verb_stays_a_function_when_its_module_is_imported():
    for module in pkgutil.walk_packages(sectors.__path__, "xinzhi.sectors."):
        importlib.import_module(module.name)
    assert all(
        callable(getattr(sectors, name)) for name in ("index", "green", "moran", "markov", "advance", "coupling")
    )
    assert all(getattr(sectors, name) is not None for name in sectors.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        sectors.nothing  # noqa: B018 - asking for it is the test


def test_coupling_by_hand():
    frame = sectors.coupling(panel(a=[0.4, 0.9, 0.0], b=[0.4, 0.1, 0.8]), ["a", "b"], weights={"a": 3, "b": 1}).frame
    assert frame["coupling_standard"].to_list() == pytest.approx([1.0, 0.6, 0.0], abs=TOLERANCE)
    assert frame["coupling_corrected"].to_list() == pytest.approx([1.0, np.sqrt(0.2 / 9), 0.0], abs=TOLERANCE)
    assert frame["development"].to_list() == pytest.approx([0.4, 0.7, 0.2], abs=TOLERANCE)
    assert frame["coordination_standard"][1] == pytest.approx(np.sqrt(0.42), abs=TOLERANCE)
    assert frame["lagging"].to_list() == [None, "b", "a"]
    assert frame["grade_standard_en"].to_list() == ["primary coordination", "primary coordination", "extreme imbalance"]


def test_grades_include_their_upper_bound():
    names = [item.zh for item in grade(np.array([0.0, 0.1, 0.1 + 1e-9, 0.9, 1.0]))]
    assert names == ["极度失调", "极度失调", "严重失调", "良好协调", "优质协调"]
    assert grade(np.array([np.nan])) == [None]


def test_nothing_developed_has_no_coupling_and_no_coordination():
    frame = sectors.coupling(panel(a=[0.0], b=[0.0]), ["a", "b"]).frame
    assert frame["coupling_standard"][0] is None
    assert frame["coordination_standard"][0] == 0.0


def test_a_level_that_is_missing_is_named_and_one_out_of_range_refused():
    result = sectors.coupling(panel(a=[0.4, None], b=[0.5, 0.5]), ["a", "b"])
    assert result.frame["coordination_corrected"][1] is None
    assert result.omitted.select("region", "reason_en").rows() == [("r1", "missing: a")]
    with pytest.raises(InputError, match=r"1\.2 lies outside \[0, 1\]"):
        sectors.coupling(panel(a=[1.2], b=[0.5]), ["a", "b"])
    with pytest.raises(UsageError, match="two systems or more"):
        sectors.coupling(panel(a=[0.2]), ["a"])
    with pytest.raises(UsageError, match="unknown form 'wang'"):
        coupling_degree(np.array([0.1, 0.2]), form="wang")


@pytest.mark.parametrize("weights", [{"a": 1}, {"a": 1, "b": -1}, {"a": 0, "b": 0}, {"a": 1, "b": 1, "c": 1}])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(UsageError, match="weights"):
        sectors.coupling(panel(a=[0.4], b=[0.5]), ["a", "b"], weights=weights)


def test_every_row_of_the_map_follows_from_its_levels(plain):
    names = ["economy", "education", "culture", "green"]
    levels = plain.frame.select(names).to_numpy()
    assert levels.min() == 0
    assert levels.max() == 1
    for form in ("standard", "corrected"):
        degree = coordination_degree(coupling_degree(levels, form=form), levels.mean(axis=1))
        assert plain.frame[f"coordination_{form}"].to_numpy() == pytest.approx(degree, abs=TOLERANCE)
    assert (plain.frame["coupling_corrected"] <= plain.frame["coupling_standard"] + TOLERANCE).all()


def test_the_map_is_balanced_and_says_who_is_left_out(plain):
    assert plain.frame.height == 30 * 12
    assert plain.years["regions"].unique().to_list() == [30]
    tibet = plain.omitted.filter(region="540000", year=2019)
    assert tibet["reason_en"].to_list() == ["missing: output per unit of energy"]
    assert "Left out: Tibet (missing: output per unit of energy)" in plain.summary("en")
    assert "西藏（缺少单位能耗产出）" in plain.summary("zh")


def test_tibet_has_one_year_and_comes_in_where_it_is_asked_for(package):
    loose = sectors.advance(package, balanced=False)
    assert loose.frame.filter(region="540000")["year"].to_list() == [2017]
    assert loose.bounds.filter(indicator="schooling")["lower_at"].item() == "540000 2017"


def test_a_year_between_two_others_is_marked(plain):
    flagged = plain.frame.filter(pl.col("flags") != "")
    assert flagged["year"].unique().to_list() == [2010]
    assert flagged["flags"].unique().to_list() == ["interpolated:schooling"]


def test_bounds_are_pooled_and_may_be_given(package, plain):
    limits = dict(plain.bounds.select("indicator", "lower").iter_rows())
    raw = plain.indicators.join(plain.frame, on=["region", "year"])
    assert raw.filter(indicator="schooling")["value"].min() == limits["schooling"]
    wider = sectors.advance(package, bounds={"schooling": (0, 16)})
    row = wider.frame.filter(region="220000", year=2019).row(0, named=True)
    schooling = raw.filter(region="220000", year=2019, indicator="schooling")["value"].item()
    assert row["education"] == pytest.approx(schooling / 16, abs=TOLERANCE)
    # bounds of one's own keep earlier levels where they are when years are added
    short = sectors.advance(package, bounds={"schooling": (0, 16)}, years=(2008, 2015))
    both = short.frame.join(wider.frame, on=["region", "year"])
    assert (both["education"] - both["education_right"]).abs().max() < TOLERANCE
    with pytest.raises(InputError, match="outside the bounds given, 0 to 10"):
        sectors.advance(package, bounds={"schooling": (0, 10)})
    with pytest.raises(UsageError, match="bounds name height"):
        sectors.advance(package, bounds={"height": (0, 10)})


def test_levels_do_not_depend_on_the_unit_of_output(package, plain):
    accounts = package.tables["accounts"].with_columns(output_real=pl.col("output_real") * 7.3)
    other = sectors.advance(dict(package.tables) | {"accounts": accounts})
    assert other.frame["green"].to_numpy() == pytest.approx(plain.frame["green"].to_numpy(), abs=1e-9)
    assert other.frame["economy"].to_numpy() == pytest.approx(plain.frame["economy"].to_numpy(), abs=1e-9)


def test_gains_are_what_raising_the_sector_would_bring(plain):
    row = plain.frame.filter(region="220000", year=2019).row(0, named=True)
    levels = np.array([row[name] for name in ("economy", "education", "culture", "green")])
    part = plain.sectors.filter(region="220000", year=2019, sector="culture").row(0, named=True)
    raised = levels.copy()
    raised[2] = np.delete(levels, 2).mean()
    better = coordination_degree(coupling_degree(raised), raised.mean())
    assert part["gain"] == pytest.approx(float(better) - row["coordination_corrected"], abs=TOLERANCE)
    assert plain.sectors["gain"].min() >= -TOLERANCE
    assert plain.sectors.group_by("region", "year").agg(pl.col("obstacle").sum())[
        "obstacle"
    ].to_list() == pytest.approx([1.0] * 360, abs=1e-9)


def test_pooled_tfp_has_the_differences_of_the_levels_within_a_year_of_equal_shares(measurement):
    level = pooled_tfp(measurement).sort("region", "year")
    assert level["tfp"].log().mean() == pytest.approx(0, abs=1e-9)
    growth = level.with_columns(growth=pl.col("tfp").log().diff().over("region")).drop_nulls()
    both = growth.join(measurement.frame, on=["region", "year"])
    # the shares of the multilateral index are not those of two years, so the two agree only nearly
    assert np.corrcoef(both["growth"], both["tfp_growth"])[0, 1] > 0.95


def test_the_economy_is_tfp_where_a_measurement_is_passed_in(measured):
    assert measured.bounds["indicator"][0] == "tfp"
    assert measured.provenance.protocol == "xinzhi-cn-2026"
    assert "全要素生产率" in measured.explain("吉林", 2019).text("zh")


def test_the_ends_have_the_range_of_their_ranks(plain):
    """By both forms and with each of the four sectors left out: six orders, of which the corrected form is one."""
    last = plain.frame.filter(year=plain.years["year"][-1]).drop_nulls("coordination_corrected")
    names, orders = plain.codes(), [last["coordination_corrected"], last["coordination_standard"]]
    for out in names:
        own = last.select("region", "year", *(name for name in names if name != out))
        orders.append(sectors.coupling(own, [name for name in names if name != out]).frame["coordination_corrected"])
    ranks = pl.DataFrame([one.rank("min", descending=True).cast(int).alias(str(n)) for n, one in enumerate(orders)])
    found = plain.ranks(last)["ranks"].to_list()
    assert found == [[min(row), max(row)] for row in ranks.rows()]
    assert "or with one sector left out, Beijing has rank" in plain.summary("en")


def test_explain_answers_by_code_and_name_and_says_why_not(plain):
    assert plain.explain("220000", 2019).row == plain.explain("Jilin", 2019).row
    assert "bounds" in repr(plain.explain("吉林", 2019))
    with pytest.raises(UsageError, match="missing: output per unit of energy"):
        plain.explain("西藏", 2019)
    with pytest.raises(UsageError, match="it has 2008–2019"):
        plain.explain("吉林", 1990)


def test_levels_of_ones_own_and_their_lag():
    rng = np.random.default_rng(6)
    region, year = np.repeat(np.arange(10), 8), np.tile(np.arange(2000, 2008), 10)
    levels = pl.DataFrame(
        {"region": region, "year": year, "economy": rng.uniform(0.2, 0.8, 80), "sport": rng.uniform(0, 0.2, 80)}
    )
    result = sectors.advance(levels=levels)
    assert result.frame["lagging"].unique().to_list() == ["sport"]
    below = 2 * result.frame["sport"] / (result.frame["economy"] + result.frame["sport"])
    assert result.frame["lags"].to_list() == (below < 0.8).to_list()
    # by rank neither sector is below the other as a rule
    assert {"economy", "sport"} <= set(result.frame["lagging_by_rank"].drop_nulls())
    assert result.indicators.height == 0
    assert "by place between the bounds" in result.summary("en").lower()
    assert "sport is in 10" in result.summary("en")
    missing = sectors.advance(levels=levels.filter((pl.col("region") > 0) | (pl.col("year") != 2003)))
    assert set(missing.frame["region"]) == {str(place) for place in range(1, 10)}
    assert missing.omitted["reason_en"].unique().to_list() == [
        "not complete in every year (in Python balanced=False takes it in)"
    ]
    with pytest.raises(UsageError, match="one or the other"):
        sectors.advance(levels=levels, bounds={"sport": (0, 1)})
    with pytest.raises(InputError, match="lies outside"):
        sectors.advance(levels=levels.with_columns(sport=pl.lit(2.0)))


def test_a_sector_that_holds_the_others_back_is_found():
    # the others advance by a tenth of the lead of `first` every year
    rng = np.random.default_rng(7)
    rows = []
    for region in range(20):
        first, other = rng.uniform(0.1, 0.9), 0.3
        for year in range(2000, 2012):
            rows.append((f"r{region}", year, first, other))
            other = float(np.clip(other + 0.02 * (first - other) + rng.normal(0, 0.0005), 0, 1))
    levels = pl.DataFrame(rows, schema=["region", "year", "first", "other"], orient="row")
    drag = sectors.advance(levels=levels).drag
    row = drag.filter(sector="first").row(0, named=True)
    assert row["slope"] > 0
    assert row["p"] < 1e-6
    assert "Where a sector lagged the others" in sectors.advance(levels=levels).summary("en")


def test_a_constant_indicator_and_a_negative_figure_are_named(package):
    tables = dict(package.tables)
    flat = tables["accounts"].with_columns(schooling=pl.lit(9.0))
    with pytest.raises(InputError, match="'schooling' has no range from 9 to 9"):
        sectors.advance(tables | {"accounts": flat})
    rows = tables["indicators"].with_columns(
        value=pl.when((pl.col("indicator") == "energy_consumption") & (pl.col("region") == "220000"))
        .then(0.0)
        .otherwise("value")
    )
    with pytest.raises(InputError, match="'energy_consumption' is 0 in region 220000"):
        sectors.advance(tables | {"indicators": rows})


def test_a_series_that_is_not_there_is_named(package):
    tables = {name: frame for name, frame in package.tables.items() if name != "activity_sections"}
    with pytest.raises(InputError, match="employment in the section 'culture_sports'"):
        sectors.advance(tables)


def test_balance_keeps_the_full_years_of_full_regions():
    cells = np.array([[1, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1, 1], [0, 1, 0, 0]], dtype=bool)
    assert balanced_cells(cells).sum(axis=1).tolist() == [2, 2, 2, 0]


def test_results_give_back_the_kind_of_frame():
    pandas = pytest.importorskip("pandas", reason="pandas is in the test group")
    frame = panel(a=[0.4, 0.9], b=[0.4, 0.1]).to_pandas()
    assert isinstance(sectors.coupling(frame, ["a", "b"]).to_native(), pandas.DataFrame)


def test_what_coupling_says_of_the_last_year():
    frame = panel(a=[0.4, 0.9], b=[0.4, 0.1])
    said = sectors.coupling(frame, ["a", "b"]).summary("en")
    assert "2 regions in" in said
    assert "coupling from 0.600 to 1.000" in said  # 2 sqrt(.9 x .1) / (.9 + .1) = .6, and 1 where both are equal

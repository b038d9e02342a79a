from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import xinzhi.sectors
from xinzhi.core.errors import InputError, UsageError
from xinzhi.sectors import Normalisation, from_package, index

EXACT = 1e-12


def system(*codes, **more):
    rows = [
        {"indicator": code, "sector": f"s{code[0]}", "direction": 1, "unit": "percent", "denominator": "total"}
        for code in codes
    ]
    return {"id": "made", "indicators": rows, **more}


def panel(regions=6, years=3, seed=0, codes=("a1", "a2", "b1")):
    random = np.random.default_rng(seed)
    names = [f"r{at}" for at in range(regions)]
    return pl.DataFrame(
        {
            "region": names * years,
            "year": np.repeat(np.arange(2020, 2020 + years), regions),
            **{code: random.uniform(1, 9, regions * years) for code in codes},
        }
    )


def rules(findings):
    return [found.rule for found in findings]


def refused(frame, rule, sys=None, **options):
    with pytest.raises(InputError) as caught:
        index(frame, sys or system("a1", "a2", "b1"), **options)
    found = [item for item in caught.value.findings if item.rule == rule]
    assert found, rules(caught.value.findings)
    return found[0]


def test_by_hand():
    """Two indicators, three regions, equal weights: (0 + 1)/2, (0.5 + 0.5)/2, (1 + 0)/2 for a cost indicator."""
    frame = pl.DataFrame({"region": ["x", "y", "z"], "a": [1.0, 2.0, 3.0], "b": [30.0, 10.0, 10.0]})
    rows = system("a", "b")["indicators"]
    rows[1]["direction"] = -1
    result = index(frame, {"id": "hand", "indicators": rows}, weights="equal")
    assert result.frame["index"].to_list() == [0.0, 0.75, 1.0]
    assert result.frame["rank"].to_list() == [3, 2, 1]
    assert result.frame["sa"].to_list() == [0.0, 0.5, 1.0]
    assert result.weights["weight"].to_list() == [0.5, 0.5]
    directions = dict(result.weight_table.select("indicator", "direction_zh").iter_rows())
    assert directions == {"a": "越大越好", "b": "越小越好"}


def test_the_contract():
    frame = panel()
    result = xinzhi.sectors.index(frame.to_pandas(), system("a1", "a2", "b1"), weights="entropy", aggregation="topsis")
    assert result.frame.columns == ["region", "year", "index", "rank", "status", "imputed", "missing", "sa", "sb"]
    assert result.frame.height == frame.height
    assert isinstance(result, xinzhi.sectors.Index)
    assert type(result.to_native()).__module__.startswith("pandas")
    assert abs(result.weights["weight"].sum() - 1) < EXACT
    assert result.provenance.options["aggregation"] == "topsis"


@pytest.mark.parametrize("weights", ["equal", "entropy", "critic", "deviation", "pca", "merec"])
@pytest.mark.parametrize("aggregation", ["arithmetic", "geometric", "harmonic", "topsis", "vikor", "grey"])
def test_every_pair_of_methods_gives_an_index(weights, aggregation):
    result = index(
        panel(),
        system("a1", "a2", "b1"),
        weights=weights,
        aggregation=aggregation,
        normalisation=Normalisation("min-max", 1, 100),
    )
    assert result.frame["index"].is_finite().all()
    assert sorted(result.frame.filter(year=2021)["rank"].to_list()) == [1, 2, 3, 4, 5, 6]
    for language in ("zh", "en"):
        assert "2022" in result.summary(language)


def test_contributions_add_up():
    frame, rows = panel(), system("a1", "a2", "b1")
    for aggregation, inverse in (("arithmetic", lambda x: x), ("geometric", np.exp), ("harmonic", lambda x: 1 / x)):
        result = index(frame, rows, aggregation=aggregation, normalisation=Normalisation("min-max", 1, 100))
        total = result.explain("r3", 2021)["contribution"].sum()
        assert inverse(total) == pytest.approx(result.frame.filter(region="r3", year=2021)["index"][0], rel=EXACT)
    assert "contribution" not in index(frame, rows, aggregation="topsis").explain("r3").columns
    with pytest.raises(UsageError, match="there is no r9"):
        index(frame, rows).explain("r9")


def test_pooled_levels_are_comparable_and_yearly_ones_are_not():
    frame = panel(years=2)
    grown = pl.concat(
        [
            frame.filter(year=2020),
            frame.filter(year=2020).with_columns(
                year=pl.lit(2021, dtype=pl.Int64), **{code: pl.col(code) * 2 for code in ("a1", "a2", "b1")}
            ),
        ]
    )
    pooled = index(grown, system("a1", "a2", "b1"), weights="equal").frame
    assert (pooled.filter(year=2021)["index"] > pooled.filter(year=2020)["index"]).all()
    yearly = index(grown, system("a1", "a2", "b1"), weights="equal", pooled=False)
    levels = yearly.frame
    assert np.allclose(levels.filter(year=2021)["index"], levels.filter(year=2020)["index"], rtol=EXACT)
    assert "not-comparable" in rules(yearly.findings)
    assert yearly.weights.columns[-1] == "year"
    assert "cannot be compared" in yearly.summary("en")


def test_bad_data_are_named():
    frame = panel()
    assert "constant" not in rules(index(frame, system("a1", "a2", "b1")).findings)
    assert refused(frame.with_columns(a2=pl.lit(3.0)), "constant-indicator").column == "a2"
    assert "a2" in refused(frame.drop("a2"), "unknown-indicator").message.en
    assert refused(pl.concat([frame, frame.head(1)]), "duplicate-row").key == "r0/2020"
    assert refused(frame.with_columns(a1=pl.lit("x")), "not-numeric").column == "a1"
    assert refused(frame.drop("region"), "no-key-column").message.en.endswith("'region'.")
    assert refused(frame.with_columns(year=pl.when(pl.col("region") != "r0").then("year")), "blank-key")
    assert refused(
        frame.with_columns(a1=pl.when(pl.col("region") != "r0").then("a1").otherwise(np.inf)), "infinite-value"
    )
    assert refused(frame.with_columns(a1=pl.lit(None, dtype=pl.Float64)), "unknown-indicator").column == "a1"
    constant_in_a_year = frame.with_columns(a1=pl.when(pl.col("year") == 2021).then(2.0).otherwise("a1"))
    assert refused(constant_in_a_year, "constant-indicator", pooled=False).key == "2021"


def test_columns_that_are_not_used_are_noted():
    assert rules(index(panel(), system("a1", "a2")).findings) == ["unused-column"]


def test_all_missing_in_one_region_is_named_and_gets_no_index():
    frame = panel().with_columns(a1=pl.when(pl.col("region") != "r2").then("a1"))
    result = index(frame, system("a1", "a2", "b1"))
    found = next(item for item in result.findings if item.rule == "region-without-indicator")
    assert found.key == "r2"
    row = result.frame.filter(region="r2", year=2020).row(0, named=True)
    assert (row["index"], row["rank"], row["status"], row["missing"]) == (None, None, "incomplete", "a1")
    with pytest.raises(UsageError, match="a1 missing"):
        result.explain("r2", 2020)
    gaps = result.coverage.select("indicator", "observations", "missing", "first_year", "last_year").rows()
    assert gaps == [("a1", 15, 3, 2020, 2022), ("a2", 18, 0, 2020, 2022), ("b1", 18, 0, 2020, 2022)]
    filled = index(frame, system("a1", "a2", "b1"), imputation="mean")
    assert filled.frame.filter(region="r2")["status"].unique().to_list() == ["imputed"]
    assert filled.coverage.filter(indicator="a1")["imputed"].to_list() == [3]
    assert "3 values were imputed" in filled.summary("en")


def test_too_many_gaps_are_not_filled():
    frame = panel().with_columns(
        pl.when((pl.col("region") != "r2") | (pl.col("year") != 2020)).then(code).alias(code) for code in ("a1", "a2")
    )
    result = index(frame, system("a1", "a2", "b1"), imputation="mean")
    assert result.frame.filter(status="incomplete").select("region", "year", "missing").rows() == [
        ("r2", 2020, "a1;a2")
    ]
    nothing = panel().with_columns(
        a1=pl.when(pl.col("year") == 2020).then("a1"), a2=pl.when(pl.col("year") == 2021).then("a2")
    )
    assert "fewest" in refused(nothing, "nothing-complete").message.en


def test_imputations_by_hand():
    frame = panel(regions=3, years=4, codes=("a1", "a2", "b1"))
    hole = frame.with_columns(a1=pl.when((pl.col("region") != "r1") | (pl.col("year") != 2021)).then("a1"))

    def filled(method):
        return index(hole, system("a1", "a2", "b1"), imputation=method).explain("r1", 2021)["value"][0]

    def at(region, year):
        return frame.filter(region=region, year=year)["a1"][0]

    assert filled("mean") == pytest.approx((at("r0", 2021) + at("r2", 2021)) / 2)
    assert filled("linear") == pytest.approx((at("r1", 2020) + at("r1", 2022)) / 2)
    assert filled("nearest") == at("r1", 2020)
    with pytest.raises(UsageError, match="group"):
        filled("group-mean")


def test_misuse_is_refused_with_the_cure():
    frame, rows = panel(), system("a1", "a2", "b1")
    with pytest.raises(UsageError, match=r"Normalisation\('min-max', 1, 100\)"):
        index(frame, rows, aggregation="geometric")
    with pytest.raises(UsageError, match="needs positive scores"):
        index(frame, rows, aggregation="harmonic", normalisation="z")
    for name in ("weights", "aggregation", "normalisation", "treatment", "imputation"):
        with pytest.raises(UsageError, match="not known"):
            index(frame, rows, **{name: "nonsense"})
    with pytest.raises(UsageError, match="MEREC"):
        index(frame.with_columns(a1=pl.col("a1") - 5), rows, weights="merec")
    with pytest.raises(UsageError, match="give the lower end first"):
        Normalisation("min-max", 100, 1)
    with pytest.raises(UsageError, match="target"):
        index(frame, rows, normalisation="distance-to-target")


def test_every_aggregation_from_the_formulas_in_plain_loops():
    """Negative values, ties, zeros and cost indicators over two years; nothing shared with the code."""
    random = np.random.default_rng(77)
    values = random.normal(0, 3, (12, 5))
    values[3, 1], values[:, 2] = values[4, 1], np.round(values[:, 2])
    signs = (1, -1, 1, -1, 1)
    codes = [f"i{at}" for at in range(5)]
    rows = system(*codes)
    for row, sign in zip(rows["indicators"], signs, strict=True):
        row["direction"] = sign
    keys = {"region": [f"r{at:02}" for at in range(12)], "year": [2020] * 6 + [2021] * 6}
    frame = pl.DataFrame(keys | {code: values[:, at] for at, code in enumerate(codes)})
    scores = []
    for row in values:
        ends = [(min(column), max(column)) for column in values.T]
        pairs = zip(row, ends, signs, strict=True)
        scores.append([(x - low) / (up - low) if sign > 0 else (up - x) / (up - low) for x, (low, up), sign in pairs])
    raw = []
    for at in range(5):
        total = math.fsum(line[at] for line in scores)
        parts = [line[at] / total for line in scores]
        raw.append(1 + math.fsum(part * math.log(part) for part in parts if part > 0) / math.log(12))
    weights = [one / math.fsum(raw) for one in raw]

    def distance(line, end):
        return math.sqrt(sum((weight * (end - x)) ** 2 for weight, x in zip(weights, line, strict=True)))

    regrets = [[weight * (1 - x) for weight, x in zip(weights, line, strict=True)] for line in scores]
    sums, most = [sum(line) for line in regrets], [max(line) for line in regrets]
    by_hand = {
        "arithmetic": [math.fsum(weight * x for weight, x in zip(weights, line, strict=True)) for line in scores],
        "topsis": [distance(line, 0) / (distance(line, 0) + distance(line, 1)) for line in scores],
        "vikor": [
            1 - (s - min(sums)) / (max(sums) - min(sums)) / 2 - (r - min(most)) / (max(most) - min(most)) / 2
            for s, r in zip(sums, most, strict=True)
        ],
        "grey": [sum(weight * 0.5 / (1.5 - x) for weight, x in zip(weights, line, strict=True)) for line in scores],
    }
    for name, expected in by_hand.items():
        found = index(frame, rows, aggregation=name)
        assert found.frame.sort("region")["index"].to_list() == pytest.approx(expected, abs=EXACT)
        assert found.weights["weight"].to_list() == pytest.approx(weights, abs=EXACT)


@pytest.mark.parametrize("column", [pl.String, pl.Float64, pl.Date])
def test_years_of_any_type(column):
    frame = panel()
    years = pl.date("year", 1, 1) if column is pl.Date else pl.col("year").cast(column)
    plain = index(frame, system("a1", "a2", "b1")).frame
    assert index(frame.with_columns(year=years), system("a1", "a2", "b1")).frame.equals(plain)
    assert refused(frame.with_columns(year=pl.lit("last")), "not-a-year").column == "year"
    assert refused(frame.clear(), "no-rows")


def test_weights_that_are_given():
    frame, rows = panel(), system("a1", "a2", "b1")
    given = {"a1": 0.2, "a2": 0.3, "b1": 0.5}
    result = index(frame, rows, weights=given)
    assert result.weights["weight"].to_list() == [0.2, 0.3, 0.5]
    assert "given-weights-rescaled" not in rules(result.findings)
    for scale in (100, 1, 1e-3):
        scaled = index(frame, rows, weights={code: scale * weight * 2 for code, weight in given.items()})
        assert scaled.weights["weight"].to_list() == pytest.approx([0.2, 0.3, 0.5], abs=EXACT)
        assert "given-weights-rescaled" in rules(scaled.findings)
    for bad in (-0.5, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="negative or no number"):
            index(frame, rows, weights={**given, "b1": bad})
    with pytest.raises(UsageError, match="all weights are zero"):
        index(frame, rows, weights=dict.fromkeys(given, 0.0))
    with pytest.raises(UsageError, match="look at b1"):
        index(frame, rows, weights={"a1": 0.5, "a2": 0.5})
    with pytest.raises(UsageError, match="no weights for"):
        index(frame, rows, weights="expert")
    for row, weight in zip(rows["indicators"], (0.2, 0.3, 0.5), strict=True):
        row["weight"] = weight
    assert index(frame, rows, weights="expert").weights["weight"].to_list() == [0.2, 0.3, 0.5]


def test_ahp_nests_and_says_when_judgements_contradict_each_other():
    frame = panel()
    judged = system("a1", "a2", "b1", comparisons={"sa": [[1, 3], ["1/3", 1]], "index": [[1, 1], [1, 1]]})
    assert index(frame, judged, weights="ahp").weights["weight"].to_list() == pytest.approx([0.375, 0.125, 0.5])
    rows = [{**row, "sector": "s"} for row in system("a1", "a2", "b1")["indicators"]]
    loop = {"s": [[1, 5, "1/5"], ["1/5", 1, 5], [5, "1/5", 1]]}
    found = refused(
        frame, "inconsistent-comparisons", {"id": "loop", "indicators": rows, "comparisons": loop}, weights="ahp"
    )
    assert "consistency ratio" in found.message.en
    with pytest.raises(UsageError, match="comparisons"):
        index(frame, system("a1", "a2", "b1"), weights="ahp")


def test_an_outlier_is_treated_and_listed():
    frame = panel(regions=20, years=3)
    wild = frame.with_columns(
        a1=pl.when((pl.col("region") == "r0") & (pl.col("year") == 2020)).then(1000.0).otherwise("a1")
    )
    done = index(wild, system("a1", "a2", "b1"), treatment="winsorise").treatment
    assert done.filter(indicator="a1").select("treatment", "winsorised").rows() == [("winsorise", 1)]
    assert done.filter(indicator="a2")["treatment"].to_list() == ["none"]
    assert index(wild, system("a1", "a2", "b1"), treatment="box-cox").treatment["exponent"][0] is not None
    assert index(wild, system("a1", "a2", "b1"), treatment="log").treatment["treatment"][0] == "log"


def test_a_package_gives_ratios_in_the_stated_units():
    frame = from_package("china-provinces", "xinzhi-sectors")
    package = xinzhi.load("china-provinces")
    here = {"region": "310000", "year": 2015}
    accounts = package.tables["accounts"].filter(**here).row(0, named=True)
    given = dict(package.tables["indicators"].filter(**here).select("indicator", "value").iter_rows())
    row = frame.filter(**here).row(0, named=True)
    persons, tonnes = accounts["population"] * 1e4, given["so2_emissions"] * 1e4
    assert row["culture_employment"] == pytest.approx(given["culture_sports_employment"] * 1e4 / (persons / 1e4))
    assert row["so2_intensity"] == pytest.approx(tonnes * 1000 / (accounts["output_real"] * 1e8 / 1e4))
    assert row["education_spending"] == pytest.approx(given["education_expenditure"] / accounts["output_nominal"] * 100)
    assert row["rd_personnel"] == pytest.approx(given["rd_personnel_fte"] / accounts["employment"])
    assert row["schooling"] == given["mean_years_schooling"]


@pytest.mark.parametrize(
    ("name", "covered", "total"),
    [("xinzhi-sectors", 11, 11), ("nqpf-dofile-25", 9, 25), ("nqpf-script-25", 9, 25), ("nqpf-pinggu-8", 4, 8)],
)
def test_published_systems_run_as_far_as_the_provinces_reach(name, covered, total):
    result = index("china-provinces", name)
    assert (int(result.coverage["covered"].sum()), result.coverage.height) == (covered, total)
    assert (f"{covered} of the {total} indicators" in result.summary("en")) == (covered < total)
    assert result.frame["index"].drop_nulls().len() > 200
    assert result.provenance.inputs


def test_a_package_without_any_of_it_is_refused(country):
    with pytest.raises(InputError, match="has nothing that the system"):
        from_package(xinzhi.load(country()), _only("nowhere"))


def _only(table):
    rows = system("a1")["indicators"]
    rows[0]["from"] = {"numerator": f"{table}.column"}
    return {"id": "elsewhere", "indicators": rows}

"""The toolkit against COINr 1.1.14 on its ASEM example: 51 countries, 49 indicators.

Reference: ``coinr_ref2.R`` and ``coinr_ref3.R`` beside the files: ``build_example_coin()`` and its data sets,
`Normalise` by six methods, `Aggregate` by three. Every step is compared on the inputs that COINr had for it, and the
whole way from raw data to scores in one call. Tolerance 1e-9 of the largest value of each column.

Known difference: COINr ranks ties of `TolMin` apart (three cells) where two equal figures differ in their last binary
digit after its own arithmetic; the files have them equal, and so have we.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.sectors import Normalisation, index, load_system
from xinzhi.sectors.composite.build import aggregate, read_table
from xinzhi.sectors.composite.transform import impute, kurtosis, normalise, skewness, treat

TOLERANCE = 1e-9
GROUPS = ("Physical", "ConEcFin", "Political", "Instit", "P2P", "Environ", "Social", "SusEcFin", "Conn", "Sust")
TIES = 3

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "ref" / "risk" / "coinr"


@pytest.fixture(scope="module")
def read(folder):
    def one(name):
        frame = pl.read_csv(folder / f"{name}.csv", null_values="NA", infer_schema_length=None)
        return frame.sort("uCode") if "uCode" in frame.columns else frame

    return one


@pytest.fixture(scope="module")
def system(read):
    meta = read("ASEM_iMeta")
    parents = dict(meta.select("iCode", "Parent").drop_nulls().iter_rows())
    rows = []
    for row in meta.filter(Type="Indicator").iter_rows(named=True):
        denominator = row["Denominator"]
        made = {"numerator": row["iCode"], "denominator": denominator} if denominator else {"numerator": row["iCode"]}
        rows.append(
            {
                "indicator": f"{row['iCode']}_ratio",
                "sector": parents[row["Parent"]],
                "dimension": row["Parent"],
                "direction": row["Direction"],
                "unit": row["Unit"],
                "target": row["Target"],
                "denominator": "output" if denominator else "score",
                "from": made,
            }
        )
    return load_system({"id": "asem", "indicators": rows})


@pytest.fixture(scope="module")
def names(system):
    return [code.removesuffix("_ratio") for code in system.codes]


@pytest.fixture(scope="module")
def raw(read):
    return read("ASEM_iData").rename({"uCode": "region", "Time": "year", "EurAsia_group": "group"})


@pytest.fixture(scope="module")
def matrix(read, names):
    return lambda name: read(name).select(names).cast(pl.Float64).to_numpy()


def close(ours, theirs):
    scale = np.nanmax(np.abs(theirs), axis=0)
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    assert np.nanmax(np.abs(ours - theirs) / scale) < TOLERANCE


def test_denominated_and_imputed(raw, system, matrix):
    table = read_table(raw, system)
    close(table.values, matrix("dset_Denominated"))
    close(impute(table.values, table.keys, "group-mean"), matrix("dset_Imputed"))


def test_treated(matrix):
    values = matrix("dset_Screened")
    done = [treat(values[:, at], "winsorise") for at in range(values.shape[1])]
    close(np.column_stack([item.values for item in done]), matrix("dset_Treated"))
    assert sum(item.done == "winsorise" for item in done) == 15


def test_skewness_and_kurtosis(read, matrix, names):
    stats = read("stats_raw")
    values = matrix("dset_Raw")
    for at, name in enumerate(names):
        row = stats.filter(iCode=name).row(0, named=True)
        assert skewness(values[:, at]) == pytest.approx(row["Skew"], rel=6e-3)
        assert kurtosis(values[:, at]) == pytest.approx(row["Kurt"], rel=6e-3)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("norm_n_minmax", Normalisation("min-max", 0, 100)),
        ("norm_n_zscore", Normalisation("z")),
        ("norm_n_rank", Normalisation("rank")),
        ("norm_n_prank", Normalisation("percentile")),
        ("norm_n_borda", Normalisation("borda")),
        ("norm_n_dist2max", Normalisation("distance-to-max")),
    ],
)
def test_normalised(matrix, system, name, how):
    ours, theirs = normalise(matrix("dset_Treated"), system.directions, how), matrix(name)
    if how.method in ("rank", "percentile", "borda"):
        different = np.abs(ours - theirs) > TOLERANCE
        assert different.sum() == TIES
        assert np.flatnonzero(different.any(axis=0)).tolist() == [system.codes.index("TolMin_ratio")]
    else:
        close(ours, theirs)


@pytest.mark.parametrize(
    ("file", "method", "low"),
    [
        ("agg_a_amean", "arithmetic", 0),
        ("agg_a_gmean_minmax1_100", "geometric", 1),
        ("agg_a_hmean_minmax1_100", "harmonic", 1),
    ],
)
def test_the_whole_way_from_raw_data_to_every_score(raw, system, read, file, method, low):
    result = index(
        raw,
        system,
        weights="equal",
        aggregation=method,
        normalisation=Normalisation("min-max", low, 100),
        treatment="winsorise",
        imputation="group-mean",
    )
    theirs = read(file)
    ours = result.frame.sort("region")
    for name in GROUPS:
        close(ours[name].to_numpy(), theirs[name].to_numpy())
    close(ours["index"].to_numpy(), theirs["Index"].to_numpy())


def test_results_table_and_ranks(raw, system, read):
    result = index(
        raw,
        system,
        weights="equal",
        normalisation=Normalisation("min-max", 0, 100),
        treatment="winsorise",
        imputation="group-mean",
    )
    theirs = read("results_Aggs")
    ours = result.frame.sort("region")
    assert ours["rank"].to_list() == theirs["Rank"].to_list()
    assert np.abs(ours["index"].to_numpy() - theirs["Index"].to_numpy()).max() <= 0.005 + TOLERANCE
    assert ours["imputed"].sum() == 65


def test_nested_equal_weights_are_the_mean_of_means(matrix, system):
    scores = matrix("norm_n_minmax") + 1
    weights = system.equal()
    groups = system.groups()
    for method, power in (("arithmetic", 1.0), ("harmonic", -1.0)):

        def mean(values, power=power):
            return (values**power).mean(axis=1) ** (1 / power)

        dimensions = {code: mean(scores[:, groups[code]]) for code in GROUPS[:8]}
        sectors = [mean(np.column_stack([dimensions[code] for code in inner])) for inner in (GROUPS[:5], GROUPS[5:8])]
        by_hand = mean(np.column_stack(sectors))
        assert np.allclose(aggregate(scores, weights, method), by_hand, rtol=1e-12)

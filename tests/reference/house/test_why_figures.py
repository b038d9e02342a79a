# The figures that docs/why.md quotes, computed again.
# china_protocol_multiverse_1979_2019.csv: 56 protocols on the Penn World Table 10.01 and the labour detail of 10.0,
#   average TFP growth 1979-2019 in percent (ref/growth/README.md). pwt1001.csv.gz: the Penn World Table 10.01 itself.
# chncapitalstock_outputs.csv: R CHNCapitalStock 0.1.1, CompK(delta = 0.096 | 0.1096, bt = 1952, method = "ZJ"), "CP".
# Tolerance: the printed digits.
from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

WHY = " ".join((Path(__file__).resolve().parents[3] / "docs/why.md").read_text(encoding="utf-8").split())

pytestmark = pytest.mark.shared


def quoted(*figures):
    missing = [figure for figure in figures if figure not in WHY]
    assert not missing


@pytest.fixture(scope="module")
def multiverse(shared):
    return pl.read_csv(shared / "ref/growth/china_protocol_multiverse_1979_2019.csv")


@pytest.fixture(scope="module")
def china(shared):
    table = pl.read_csv(shared / "data/world/pwt1001.csv.gz", infer_schema_length=None)
    return table.filter(pl.col("countrycode") == "CHN").sort("year")


def test_spread_of_the_protocols(multiverse):
    tfp = multiverse["tfp"]
    assert multiverse.height == 56
    assert (multiverse["K"].n_unique(), multiverse["L"].n_unique(), multiverse["share"].n_unique()) == (2, 4, 7)
    quoted(f"**{tfp.min():.2f} %**", f"**+{tfp.max():.2f} %**", f"median of {tfp.median():.2f} %")


@pytest.mark.parametrize(("column", "row"), [("share", "the labour share"), ("L", "the concept of labour")])
def test_variance_by_choice(multiverse, column, row):
    means = multiverse.with_columns(mean=pl.col("tfp").mean().over(column))["mean"]
    part = means.var(ddof=0) / multiverse["tfp"].var(ddof=0)
    quoted(f"| {row} | {100 * part:.0f} % |")


def test_variance_by_capital_is_small(multiverse):
    means = multiverse.with_columns(mean=pl.col("tfp").mean().over("K"))["mean"]
    assert means.var(ddof=0) / multiverse["tfp"].var(ddof=0) < 0.01
    quoted("| capital stock or capital services | less than 1 % |")


def test_what_the_table_itself_says(china):
    def yearly(column, start, end):
        first, last = (china.filter(pl.col("year") == year)[column].log().item() for year in (start, end))
        return 100 * (last - first) / (end - start)

    quoted(
        f"output grew by {yearly('rgdpna', 1978, 2019):.1f} % a year",
        f"the table's own figure is {yearly('rtfpna', 1978, 2019):.2f} %",
        f"the table's own figure is {yearly('rtfpna', 2010, 2019):.2f} %",
    )


def test_depreciation_and_share_in_the_table(china):
    rates = china.filter(pl.col("year") >= 1960)["delta"]
    quoted(f"| {100 * rates.min():.1f}-{100 * rates.max():.1f} % | Penn World Table 10.01 for China since 1960")
    before = china.filter(pl.col("year") < 1992)["labsh"].drop_nulls()
    assert before.min() == before.max()
    quoted(f"constant at {before.max():.3f}")


def stocks(shared, method, delta=None):
    table = pl.read_csv(shared / "ref/growth/chncapitalstock_outputs.csv", infer_schema_length=None, null_values="NA")
    wanted = table.filter((pl.col("method") == method) & pl.col("bt").is_in([1952, 1992]))
    if delta is not None:
        wanted = wanted.filter((pl.col("delta") == delta) & (pl.col("bt") == 1952))
    first, last = (wanted.filter(pl.col("yr") == year).sort("prv").select("prv", K="K") for year in (2000, 2017))
    return first.join(last, on="prv", suffix="_end", validate="1:1").with_columns(
        growth=100 * (pl.col("K_end") / pl.col("K")).log() / 17
    )


def test_rate_and_rule_of_depreciation(shared):
    low, high, reported = stocks(shared, "ZJ", 0.096), stocks(shared, "ZJ", 0.1096), stocks(shared, "CP")
    assert low["prv"].to_list() == high["prv"].to_list() == reported["prv"].to_list()
    fall = 100 * (1 - high["K_end"] / low["K_end"])
    rise = reported["growth"] - low["growth"]
    quoted(
        f"stock of 2017 by {fall.min():.1f} to {fall.max():.1f} %",
        f"by no more than {(high['growth'] - low['growth']).abs().max():.2f} percentage points",
        f"by {rise.min():.2f} to {rise.max():.2f} points a year, {rise.mean():.2f} on average",
    )

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError

pytest.importorskip("ibis", reason="the extra micro is not installed")


def test_the_index_is_that_of_its_formula(tmp_path):
    firms = micro.mock(60, (2000, 2002), seed=2)
    made = micro.tfp_index(firms, chained=False)
    rows = pl.read_parquet(made.write(tmp_path / "tfp.parquet")).sort("firm", "year")
    cell = ["industry", "year"]
    logs = firms.with_columns(pl.col("output", "capital", "labour").log(), s=pl.col("wages") / pl.col("output"))
    logs = logs.with_columns(c=pl.max_horizontal(1 - pl.col("s"), 0.0))

    def off(name):
        return pl.col(name) - pl.col(name).mean().over(cell)

    def weight(name):
        return (pl.col(name) + pl.col(name).mean().over(cell)) / 2

    value = off("output") - weight("s") * off("labour") - weight("c") * off("capital")
    expected = logs.with_columns(value=value).sort("firm", "year")["value"]
    assert rows["ln_tfp"].to_list() == pytest.approx(expected.to_list(), abs=1e-12)


def test_chains_follow_growth_that_is_known():
    made = micro.tfp_index(micro.mock(30_000, (2000, 2005), seed=1))
    years = (
        made.frame.group_by("year")
        .agg((pl.col("mean_ln_tfp") * pl.col("firms")).sum() / pl.col("firms").sum())
        .sort("year")
    )
    slope = np.polyfit(years["year"].to_numpy(), years["mean_ln_tfp"].to_numpy(), 1)[0]
    assert slope == pytest.approx(0.02, abs=0.01)
    with pytest.raises(UsageError, match="unknown inputs"):
        micro.tfp_index(micro.mock(30, seed=1), inputs=("land",))


def test_the_mock_is_what_it_says():
    firms = micro.mock(5000, (2000, 2004), seed=3)
    fitted = pl.col("true_tfp") + 0.4 * pl.col("capital").log() + 0.6 * pl.col("labour").log()
    assert firms.select((fitted - pl.col("output").log()).abs().max()).item() < 1e-9
    assert not micro.panel(firms).findings[1:]  # firms that are still open have no year of closure
    assert firms.equals(micro.mock(5000, (2000, 2004), seed=3))
    assert micro.panel(firms).turnover()["rotation_in"].sum() == 0


def test_without_markups_the_two_domar_weights_are_one_and_hulten_holds():
    flows = [("a", "b", 3.0), ("b", "a", 1.0), ("labour", "a", 2.0), ("labour", "b", 1.0), ("capital", "b", 1.0)]
    flows += [("a", "final", 0.0), ("b", "final", 4.0)]
    frame = pl.DataFrame(flows, schema=["from", "to", "value"], orient="row")
    made = micro.domar(frame)
    assert made.frame["sales_based"].to_list() == pytest.approx(made.frame["cost_based"].to_list())
    assert made.frame["cost_based"].to_list() == pytest.approx([3 / 4, 5 / 4])  # sales over final sales
    assert made.factors["cost_based"].sum() == pytest.approx(1)
    marked = micro.domar(frame, {"a": 1.2})
    assert (marked.frame["sales_based"] <= marked.frame["cost_based"] + 1e-12).all()
    told = made.growth({"a": 0.01, "b": 0.02}, {"a": 0.0}, {"labour": 0.0})
    assert told["total"] == pytest.approx(0.01 * 3 / 4 + 0.02 * 5 / 4)
    with pytest.raises(InputError, match="must be positive"):
        micro.domar(frame.with_columns(-pl.col("value")))
    with pytest.raises(InputError, match="lacks the columns value"):
        micro.domar(frame.drop("value"))

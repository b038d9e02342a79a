"""Four jobs on DuckDB and on local Spark over the same 100,000 rows, to 1e-9 relative.

Misallocation, the covariance of Olley and Pakes, Melitz and Polanec by industry, and the Törnqvist index. There is no
known difference. Run by ``make test-spark``; without Spark or Java it is skipped.
"""

from __future__ import annotations

import shutil

import polars as pl
import polars.selectors as cs
import pytest

from xinzhi import micro

pytest.importorskip("pyspark", reason="the extra spark is not installed")
if shutil.which("java") is None:
    pytest.skip("there is no Java", allow_module_level=True)

TOLERANCE = 1e-9
pytestmark = pytest.mark.filterwarnings("ignore")  # what Spark's own libraries warn of


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    frame = micro.mock(30_000, (2005, 2011), seed=1)
    frame = frame.with_columns(value=pl.col("true_tfp"), weight=pl.col("output"))
    path = tmp_path_factory.mktemp("firms") / "firms.parquet"
    frame.drop("born", "closed").write_parquet(path)
    assert 90_000 < frame.height < 120_000
    return path


@pytest.fixture(scope="module", params=["misallocation", "olley-pakes", "melitz-polanec", "index"])
def job(request):
    return request.param


@pytest.fixture(scope="module")
def engines():
    return micro.connect(), micro.connect("local[2]")


def run(job, held):
    if job == "misallocation":
        return micro.misallocation(held).frame
    if job == "index":
        return micro.tfp_index(held).frame
    return micro.decompose(held, method=job, group="industry").frame


def test_both_read_gb18030(engines, tmp_path):
    frame = pl.DataFrame({"firm": ["甲厂", "乙厂"], "year": ["2000", "2000"], "region": ["吉林", "辽宁"]})
    (tmp_path / "firms.csv").write_bytes(frame.write_csv().encode("gb18030"))
    for engine in engines:
        home = engine.collect(engine.table(tmp_path / "firms.csv", encoding="gb18030"))
        assert home.sort("year", "firm").equals(frame.sort("year", "firm"))


def test_spark_and_duckdb_agree(job, engines, rows):
    one, two = (run(job, micro.panel(rows, engine=engine)) for engine in engines)
    assert one.columns == two.columns
    assert one.height == two.height > 100
    for name in one.select(cs.numeric()).columns:
        assert one[name].to_list() == pytest.approx(two[name].to_list(), rel=TOLERANCE, abs=TOLERANCE), name
    assert one.select(cs.string()).equals(two.select(cs.string()))

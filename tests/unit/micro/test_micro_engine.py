from __future__ import annotations

import gc
import re
import sys

import polars as pl
import polars.selectors as cs
import pytest

from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError
from xinzhi.micro import engine as engines

ibis = pytest.importorskip("ibis", reason="the extra micro is not installed")
OLD = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what Ibis calls in pandas and DuckDB
DIALECTS = ("duckdb", "trino", "bigquery", "snowflake", "postgres", "databricks", "clickhouse")


def test_expressions_that_differ_between_engines_are_refused():
    table = ibis.table({"x": "float64", "year": "int64"}, name="t")
    for expression in (table.x.quantile(0.5), table.x.approx_median(), table.x.first(), table.x.median()):
        with pytest.raises(UsageError, match="do not mean the same on every engine"):
            engines.allowed(expression)


def test_an_engine_that_takes_missing_for_zero_fails_the_self_test(monkeypatch):
    engine = micro.connect()
    collect = engines.Engine.collect

    def nulls_as_zeros(self, expression):
        home = collect(self, expression)  # what a join without nulls gives: every firm seems to stay
        return home.with_columns(cohort=pl.lit("stay")) if "cohort" in home.columns else home

    monkeypatch.setattr(engines.Engine, "collect", nulls_as_zeros)
    with pytest.raises(InputError, match="fails the self-test"):
        engines.self_test(engine)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sums_of_all_formulas_compile_for_other_engines(dialect):
    from xinzhi.micro.cohorts import pair_sums

    kinds = dict.fromkeys(("value", "weight"), "float64") | {"industry": "string"}
    table = ibis.table({"firm": "int64", "year": "int64", "born": "int64", "closed": "int64"} | kinds, name="firms")
    sums = pair_sums(table, ["industry"], {2000: 2001, 2001: 2003}, ("born", "closed"))
    assert "FULL" in str(ibis.to_sql(sums, dialect=dialect))


def test_targets_that_are_none_are_refused():
    for target in ("nowhere://host", 7):
        with pytest.raises(UsageError, match="there is no engine"):
            micro.connect(target)
    with pytest.raises(UsageError, match="does not take a setting"):
        micro.connect(memory_limit="much")


@pytest.mark.parametrize(("missing", "extra"), [("ibis", "micro"), ("duckdb", "micro"), ("pyspark.sql", "spark")])
def test_a_missing_library_names_its_extra_in_both_languages(monkeypatch, missing, extra):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError) as error:
        micro.connect("local[1]" if extra == "spark" else None)
    for language in ("zh", "en"):
        assert f"pip install 'xinzhi[{extra}]'" in error.value.lang(language)


def test_what_the_engine_says_of_cells_is_not_told(tmp_path):
    path = tmp_path / "firms.csv"
    path.write_text("firm,year,output\n" + "1,2000,1\n" * 30_000 + "SECRET-FIRM,2000,x\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        micro.panel(path)
    assert "SECRET" not in str(error.value)
    assert "SECRET" not in repr(error.value.__cause__)


@OLD
def test_another_engine_says_nothing_of_cells_either(monkeypatch):
    backend = ibis.duckdb.connect()
    engine = micro.connect(backend)
    table = engine.table(pl.DataFrame({"firm": [1], "output": ["SECRET"]}))
    with pytest.raises(InputError, match="the engine failed") as error:
        engine.collect(table.select(table.output.cast("float64")))
    assert "SECRET" not in str(error.value) + repr(error.value.__cause__)
    monkeypatch.setattr(backend, "to_pyarrow", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        engine.collect(table)


@OLD
@pytest.mark.parametrize(
    ("kind", "operation", "zh"),
    [(pl.String, "TryCast (figures", "从文本中读取数字"), (pl.Float64, "Covariance", "协方差")],
)
def test_a_database_that_lacks_an_operation_is_named_with_it_and_the_way_out(kind, operation, zh):
    firms = pl.DataFrame({"firm": ["SECRET", "b"] * 2, "year": [2019] * 2 + [2020] * 2, "value": [1.0, 2, 3, 4]})
    firms = firms.with_columns(pl.col("value").cast(kind), weight=pl.lit(1.0))
    with pytest.raises(InputError, match=rf"the engine 'sqlite [\d.]+' lacks .*{re.escape(operation)}") as error:
        micro.decompose(firms, value="value", weight="weight", firm="firm", year="year", engine=ibis.sqlite.connect())
    assert zh in error.value.text.zh
    assert "DuckDB" in str(error.value)
    assert "SECRET" not in str(error.value) + repr(error.value.__cause__)


def test_tables_are_written_whole_or_not_at_all(tmp_path):
    engine = micro.connect(spill=tmp_path / "spill")
    table = engine.table(pl.DataFrame({"firm": [1, 2], "output": [1.0, 2.0]}))
    kept = engine.keep(table.mutate(double=table.output * 2))
    path = engine.write(kept, tmp_path / "made.parquet")
    assert pl.read_parquet(path)["double"].sort().to_list() == [2.0, 4.0]
    assert [one.name for one in tmp_path.glob("*.p*")] == ["made.parquet"]
    engine.close()
    assert list((tmp_path / "spill").iterdir()) == []


def test_no_folder_is_left_by_an_engine_that_nobody_closes(tmp_path):
    engine = micro.connect(spill=tmp_path)
    engine.collect(engine.table(pl.DataFrame({"firm": [1]})))
    assert len(list(tmp_path.iterdir())) == 1
    del engine
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError):
        micro.connect(memory_limit="much", spill=tmp_path)
    assert list(tmp_path.iterdir()) == []


@OLD
def test_firms_in_files_are_measured_on_a_database_as_at_home(tmp_path):
    firms = micro.mock(300, (2005, 2007), seed=1).drop("born", "closed")
    firms.write_parquet(tmp_path / "firms.parquet")
    half = firms.height // 2
    for number, part in enumerate((firms[:half], firms[half:])):
        (tmp_path / "parts").mkdir(exist_ok=True)
        part.write_csv(tmp_path / "parts" / f"{number}.csv")
    far = micro.connect(ibis.duckdb.connect())
    for source in (tmp_path / "firms.parquet", tmp_path / "parts", firms):
        here, there = (micro.misallocation(micro.panel(source, engine=one)).frame for one in (micro.connect(), far))
        assert here.columns == there.columns
        for name in here.select(cs.numeric()).columns:
            assert here[name].to_list() == pytest.approx(there[name].to_list(), rel=1e-9, abs=1e-9), name
    table = far.table(tmp_path / "firms.parquet")
    kept = far.keep(table.mutate(double=table.output * 2))
    path = far.write(kept, tmp_path / "made.parquet")
    assert pl.read_parquet(path)["double"].sum() == pytest.approx(2 * firms["output"].sum())
    far.close()

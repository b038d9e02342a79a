"""What every result can do, by one test over all classes and one over results of every package."""

from __future__ import annotations

import importlib
import importlib.util
import inspect

import numpy as np
import polars as pl
import pytest

import xinzhi as xz
from xinzhi import frontier, micro, pathways, scope, sectors
from xinzhi.core.citations import data_entry
from xinzhi.core.comparison import side_by_side
from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.estimator import COLUMNS, Estimator
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import read_words

PACKAGES = ("yardstick", "frontier", "micro", "scope", "sources", "sectors", "pathways", "risks")
X = np.array([[2.0, 1.0], [3.0, 2.0], [5.0, 2.0], [4.0, 6.0], [7.0, 3.0], [6.0, 5.0]])
Y = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [4.5]])
KEYS = {"unit": "region", "time": "year", "value": "income"}


def classes():
    """Return the classes of results of all packages, without the bases that have no verb."""
    for package in PACKAGES:
        face = importlib.import_module(f"xinzhi.{package}")
        for name in face.__all__:
            getattr(face, name)
        if importlib.util.find_spec(f"xinzhi.{package}.internal"):
            inner = importlib.import_module(f"xinzhi.{package}.internal")
            for name in inner.__all__:
                getattr(inner, name)
    kinds, queue = {}, [Result]
    while queue:
        kind = queue.pop()
        kinds[f"{kind.__module__}.{kind.__name__}"] = kind
        queue += kind.__subclasses__()
    return [kind for _, kind in sorted(kinds.items()) if kind.verb and kind.__module__.startswith("xinzhi.")]


CLASSES = classes()


def test_there_are_results():
    assert len(CLASSES) > 90
    assert {kind.verb for kind in CLASSES if issubclass(kind, Estimator)} == {
        "sfa",
        "two_stage",
        "production_function",
        "schooling_return",
        "beta_convergence",
        "log_t_test",
    }


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_class_of_results_has_what_all_have(kind):
    for name in ("summary", "plot", "to_pandas", "to_arrow", "compare", "cite", "tidy", "glance", "_repr_html_"):
        own, base = (inspect.signature(getattr(home, name)).parameters for home in (kind, Result))
        assert list(own) == list(base)
    about = Provenance(verb=kind.verb, version="1", package="p", inputs={"a_table": "0" * 64})
    text = kind.cite(type("Stub", (), {"verb": kind.verb, "provenance": about})())
    assert text.count("@software{xinzhi") == 1
    assert r"a\_table sha256" in text
    assert text.count("{") == text.count("}")


def test_references_are_cited_and_complete():
    references = read_words("references.yaml")
    cited = {work for works in references["verbs"].values() for work in works}
    assert cited == set(references["works"])
    assert set(references["verbs"]) <= {kind.verb for kind in CLASSES}
    for name, work in references["works"].items():
        assert {"type", "author", "title", "year"} <= set(work), name
        assert name.rstrip("0123456789") != name
        assert all(value is not None for value in work.values())


def panel():
    rows = [
        (u, 2000 + t, 2.0 + at + t * (3 - at / 4) + (at * t) % 5 / 7)
        for at, u in enumerate("abcdefgh")
        for t in range(12)
    ]
    return pl.DataFrame(rows, schema=["region", "year", "income"], orient="row")


def plants(rows=90):
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"k": rng.uniform(1, 9, rows), "l": rng.uniform(1, 9, rows)})
    noise = np.exp(0.1 * rng.normal(size=rows) - np.abs(0.4 * rng.normal(size=rows)))
    return frame.with_columns(y=(pl.col("k") * pl.col("l")).sqrt() * noise)


def schooling():
    wages = panel().with_columns(schooling=pl.col("income").sqrt() + pl.col("year") % 3)
    return sectors.schooling_return(wages, "income")


ESTIMATES = {
    "sfa": lambda: frontier.sfa(plants(), "y", ["k", "l"]),
    "two_stage": lambda: frontier.two_stage(
        plants().select("k", "l").to_numpy(),
        plants().select("y").to_numpy(),
        plants().select(pl.col("k").log()).to_numpy(),
        algorithm=1,
        draws=40,
        seed=1,
    ),
    "production_function": lambda: micro.production_function(
        micro.mock(80, seed=1), "output ~ labour | capital", method="ols"
    ),
    "schooling_return": schooling,
    "beta_convergence": lambda: pathways.beta_convergence(panel(), **KEYS),
    "beta_of_spans": lambda: pathways.beta_convergence(
        panel(), **KEYS, spans=importlib.import_module("xinzhi.pathways.internal").GrowthSpans(span=3)
    ),
    "log_t_test": lambda: pathways.log_t_test(panel(), **KEYS),
}
RESULTS = ESTIMATES | {
    "measure": lambda: xz.measure("china-provinces"),
    "efficiency": lambda: frontier.efficiency(X, Y),
    "classify": lambda: scope.classify(["39", "65"], as_of="2024-01-01"),
    "sigma": lambda: pathways.sigma_convergence(panel(), **KEYS),
    "inequality": lambda: sectors.inequality(panel(), "income"),
    "misallocation": lambda: micro.misallocation(micro.mock(60, seed=1)),
    "decomposition": lambda: micro.decompose(
        micro.mock(60, seed=1), value="labour", weight="output", firm="firm", year="year"
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_does_what_all_do(name):
    result = RESULTS[name]()
    lines = repr(result).splitlines()
    assert len(lines) <= 2
    assert all(len(line) <= 170 for line in lines)
    assert lines[0].startswith(f"{type(result).__name__} ({result.frame.height} × {result.frame.width}")
    assert result.summary("zh") != result.summary("en")
    assert result.to_pandas().shape == result.frame.shape
    assert result.to_arrow().num_rows == result.frame.height
    assert "<" in result._repr_html_()
    assert f"version = {{{xz.__version__}}}" in result.cite()
    same = result.compare(result)
    gaps = same.select(pl.col(column) for column in same.columns if column.endswith("_difference"))
    assert same.height == result.frame.height
    assert (gaps.fill_nan(0).fill_null(0).to_numpy() == 0).all()


@pytest.mark.parametrize("name", ESTIMATES)
def test_an_estimate_has_coefficients_and_intervals(name):
    result = ESTIMATES[name]()
    rows = result.tidy()
    assert rows.equals(result.coefficients)
    assert set(COLUMNS) <= set(rows.columns)
    assert rows.select(*result.models, "term").is_duplicated().any() is False
    assert result.glance().height == 1
    ends = result.conf_int()
    assert ends.columns == [*result.models, "term", "low", "high"]
    assert ends["low"].equals(rows["low"])
    inside = rows.drop_nulls("low")
    assert (inside["low"] <= inside["high"]).all()
    if result.bootstrapped():
        with pytest.raises(UsageError, match="bootstrap at level"):
            result.conf_int(0.5)
        return
    assert inside.select((pl.col("t") - pl.col("estimate") / pl.col("standard_error")).abs().max()).item() < 1e-9
    again = Estimator.conf_int(result, result.coverage() - 1e-12).drop_nulls("low")
    assert np.allclose(again["low"], inside["low"], rtol=1e-6)
    narrow = result.conf_int(0.5).drop_nulls("low")
    assert ((narrow["high"] - narrow["low"]) <= (inside["high"] - inside["low"])).all()
    with pytest.raises(UsageError, match="between 0 and 1"):
        result.conf_int(1.0)


def test_p_and_interval_agree():
    for result in (ESTIMATES["beta_convergence"](), schooling()):
        for row in result.coefficients.iter_rows(named=True):
            assert (row["p"] < 0.05) == (row["low"] > 0 or row["high"] < 0)


def test_results_of_two_verbs_are_not_compared():
    with pytest.raises(XinzhiError, match="cannot compare"):
        RESULTS["efficiency"]().compare(RESULTS["inequality"]())


def test_two_models_of_one_verb_are_compared_by_what_both_have():
    plain = frontier.sfa(plants(), "y", ["k", "l"])
    fewer = frontier.sfa(plants().head(80), "y", ["k", "l"], model="exponential")
    pairs = plain.compare(fewer)
    assert pairs.height == 90
    assert pairs["efficiency_difference"].null_count() == 10


@pytest.mark.parametrize(
    ("second", "key", "message"),
    [
        (pl.DataFrame({"b": [1], "x": [1.0]}), ("a",), "only one of the two has"),
        (pl.DataFrame({"a": ["1"], "x": [1.0]}), ("a",), "of another type"),
        (pl.DataFrame({"a": [1, 1], "x": [1.0, 2.0]}), ("a",), "several rows have the same"),
    ],
)
def test_rows_that_nothing_identifies_are_refused(second, key, message):
    with pytest.raises(UsageError, match=message):
        side_by_side(pl.DataFrame({"a": [1], "x": [1.0]}), second, key, "Rows")


def test_rows_without_a_key_are_identified_by_what_is_no_fraction():
    first = pl.DataFrame({"a": ["p", "q"], "n": [1, 2], "x": [1.0, 2.0]})
    second = pl.DataFrame({"a": ["p", "q"], "n": [1, 2], "x": [1.5, 2.0], "extra": [1.0, 1.0]})
    pairs = side_by_side(first, second, (), "Rows")
    assert pairs["x_difference"].to_list() == [-0.5, 0.0]
    assert "extra_difference" not in pairs.columns


def test_a_difference_of_counts_may_be_negative():
    first = pl.DataFrame({"region": ["a"], "rank": pl.Series([1], dtype=pl.UInt32)})
    second = pl.DataFrame({"region": ["a"], "rank": pl.Series([2], dtype=pl.UInt32)})
    assert side_by_side(first, second, ["region"], "Ranks")["rank_difference"].to_list() == [-1]


def test_a_name_of_data_with_signs_of_tex_leaves_the_entry_whole():
    cited = data_entry("my data, v2 {x", {"accounts": "0" * 64}, None)
    assert cited.startswith("@misc{data:my-data-v2-x,")
    assert cited.count("{") == cited.count("}")

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.data import load

FIGURES = st.floats(1e-3, 1e9).map(lambda value: float(f"{value:.12g}"))


@st.composite
def tables(draw):
    regions = draw(st.integers(1, 4))
    years = draw(st.integers(1, 5))
    size = regions * years
    return pl.DataFrame(
        {
            "region": [f"r{number // years}" for number in range(size)],
            "year": [2000 + number % years for number in range(size)],
            "output_nominal": draw(st.lists(FIGURES, min_size=size, max_size=size)),
            "employment": draw(st.lists(st.none() | FIGURES, min_size=size, max_size=size)),
        },
        schema_overrides={"employment": pl.Float64},
    )


UNITS = {"accounts": {"output_nominal": "亿元", "employment": "wan persons"}}
WRITE = [str, "{:.1f}".format, "{:.17g}".format, "{:.12e}".format, "{:.6f}".format, "+{}".format, " {} ".format]


def load_text(folder, frame, newline="\n"):
    (folder / "accounts.csv").write_bytes(frame.write_csv(line_terminator=newline).encode())
    fields = "\n".join(f"        - {{name: {name}, unit: {unit}}}" for name, unit in UNITS["accounts"].items())
    head = "resources:\n  - name: accounts\n    path: accounts.csv\n    schema:\n      fields:\n"
    keys = "        - {name: region}\n        - {name: year}\n"
    (folder / "datapackage.yaml").write_text(head + keys + fields, "utf-8")
    return load(folder)


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_rows_and_columns_changes_nothing(table, random):
    columns = random.sample(table.columns, table.width)
    rows = random.sample(range(table.height), table.height)
    one, two = load({"accounts": table}, units=UNITS), load({"accounts": table[rows].select(columns)}, units=UNITS)
    assert one.fingerprint("accounts") == two.fingerprint("accounts")
    assert one.tables["accounts"].equals(two.tables["accounts"].select(one.tables["accounts"].columns))
    assert sorted(found.rule for found in one.findings) == sorted(found.rule for found in two.findings)


@given(tables(), st.sampled_from(WRITE[:1] + WRITE[2:4] + WRITE[5:]), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(max_examples=40, deadline=None)
def test_how_figures_and_lines_are_written_changes_nothing(tmp_path_factory, table, write, newline):
    texts = table.with_columns(
        pl.Series(name, [None if value is None else write(value) for value in table[name]], dtype=pl.String)
        for name in UNITS["accounts"]
    )
    written = load_text(tmp_path_factory.mktemp("case"), texts, newline)
    plain = load({"accounts": table}, units=UNITS)
    assert written.fingerprint("accounts") == plain.fingerprint("accounts")
    errors = [[found.rule for found in one.findings if found.severity == "error"] for one in (written, plain)]
    assert errors[0] == errors[1]
    assert set(errors[0]) <= {"region-apart", "unit-slip"}  # figures at random


@given(tables(), st.sampled_from([("元", 1e8), ("万元", 1e4), ("million CNY", 1e2), ("thousand yuan", 1e5)]))
@settings(max_examples=40, deadline=None)
def test_the_scale_of_the_source_changes_nothing(table, unit):
    word, size = unit
    scaled = table.with_columns(pl.col("output_nominal") * size)
    declared = {"accounts": UNITS["accounts"] | {"output_nominal": word}}
    one, two = load({"accounts": table}, units=UNITS), load({"accounts": scaled}, units=declared)
    assert one.units == two.units
    pairs = zip(one.tables["accounts"]["output_nominal"], two.tables["accounts"]["output_nominal"], strict=True)
    assert all(math.isclose(first, second, rel_tol=4e-16) for first, second in pairs)


@given(tables())
@settings(max_examples=25, deadline=None)
def test_links_and_levels_of_an_index_agree(table):
    levels = table.select("region", "year", output_price="output_nominal")
    first = pl.col("output_price").first().over("region")
    step = pl.col("output_price") / pl.col("output_price").shift(1).over("region") * 100
    links = levels.with_columns(output_price=step.fill_null(100.0))
    chained = load({"accounts": links}, units={"accounts": {"output_price": "上年=100"}})
    assert chained.units["accounts"]["output_price"] == "index 2000=1"
    expected = levels.select(pl.col("output_price") / first).to_series().to_list()
    assert chained.tables["accounts"]["output_price"].to_list() == pytest.approx(expected, rel=1e-12)

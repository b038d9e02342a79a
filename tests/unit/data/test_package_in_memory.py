from __future__ import annotations

import polars as pl
import pytest

from xinzhi.core.errors import InputError
from xinzhi.core.provenance import fingerprint
from xinzhi.data import load

TABLE = pl.DataFrame({"region": ["a", "a", "b"], "year": [2000, 2001, 2000], "employment": [1.0, 2.0, 3.0]})


def test_require_names_everything_that_is_missing():
    package = load({"accounts": TABLE})
    assert package.require("accounts", ["employment"], verb="measure").height == 3
    with pytest.raises(InputError, match=r"measure needs .* capital and hours"):
        package.require("accounts", ["capital", "employment", "hours"], verb="measure")
    with pytest.raises(InputError, match="needs the table 'investment' with the columns year"):
        package.require("investment", ["year"], verb="measure")
    with pytest.raises(InputError, match="no table 'investment'"):
        package.fingerprint("investment")


def test_require_refuses_a_table_with_errors():
    package = load({"accounts": TABLE.with_columns(employment=pl.lit("?")), "regions": TABLE.select("region")[1:]})
    with pytest.raises(InputError, match="employment") as caught:
        package.require("accounts", ["year"], verb="measure")
    assert {found.rule for found in caught.value.findings} == {"text-in-number"}
    assert package.require("regions", ["region"], verb="measure").height == 2


def test_require_says_why_a_table_could_not_be_read(tmp_path):
    (tmp_path / "a.csv").write_bytes("region,name_zh\n220000,吉林\n".encode("gb18030"))
    (tmp_path / "datapackage.yaml").write_text("resources: [{name: regions, path: a.csv}]", "utf-8")
    with pytest.raises(InputError, match="GB18030"):
        load(tmp_path).require("regions", ["region"], verb="measure")


@pytest.mark.parametrize(
    "change",
    [
        pl.col("employment") * (1 + 1e-15),
        pl.when(pl.col("year") == 2001).then(None).otherwise("employment").alias("employment"),
        pl.col("year") + 1,
        pl.lit("a").alias("region"),
        pl.lit(1.0).alias("more"),
    ],
)
def test_fingerprint_sees_every_change(change):
    assert fingerprint(TABLE.with_columns(change), {}) != fingerprint(TABLE, {})


def test_fingerprint_sees_units_and_neighbouring_texts():
    assert fingerprint(TABLE, {"employment": "persons"}) != fingerprint(TABLE, {"employment": "1e4 persons"})
    one, two = pl.DataFrame({"x": ["ab", "c"]}), pl.DataFrame({"x": ["a", "bc"]})
    assert fingerprint(one, {}) != fingerprint(two, {})
    assert fingerprint(pl.DataFrame({"x": ["", None]}), {}) != fingerprint(pl.DataFrame({"x": [None, None]}), {})


def test_fingerprint_takes_both_zeros_for_one_and_rows_in_any_order_where_the_first_text_repeats_or_not():
    for names in (["b", "a", "c"], ["b", "a", "b"]):
        table = pl.DataFrame({"x": names, "y": ["", None, "é"], "z": [0.0, 1.0, 2.0]})
        negative = table.with_columns(z=pl.Series([-0.0, 1.0, 2.0]))
        assert fingerprint(negative.reverse(), {}) == fingerprint(table, {}) == fingerprint(table[[1, 2, 0]], {})


def test_fingerprint_is_pinned():
    """Provenance of results that people have kept depends on it."""
    assert fingerprint(TABLE, {"employment": "1e4 persons"}).startswith("3bc04ea3cc601d31")


def test_repr_is_one_line():
    assert repr(load({"accounts": TABLE})) == "Package(frames: accounts 3×3; 2 findings)"

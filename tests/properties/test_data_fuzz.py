from __future__ import annotations

import polars as pl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from xinzhi.core.errors import XinzhiError
from xinzhi.core.finding import Finding
from xinzhi.data import load

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DESCRIPTOR = """
resources:
  - name: accounts
    path: accounts.csv
    schema:
      fields:
        - {name: region}
        - {name: year}
        - {name: output_real, unit: 1e8 CNY at 2000 prices}
        - {name: output_price, unit: 上年=100}
        - {name: employment}
"""
HEADER = b"region,year,output_real,output_price,employment,hours,output_vintage\n"
CELLS = st.sampled_from(
    ["220000", "r1", "2000", "2001", "0", "-1", "1e308", "1.5", "", " ", "nan", "x", '"', "吉林", "１"]
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=8).map(",".join), max_size=12).map("\n".join)


def survives(source):
    """Whatever is handed in, it is refused with a message or read with findings."""
    try:
        package = load(source)
    except XinzhiError as error:
        message = str(error)
    else:
        message = str(package)
        inspect(package)
    assert message


def inspect(package):
    assert all(
        isinstance(found, Finding) and found.sentence("zh") and found.sentence("en") for found in package.findings
    )
    for name, frame in package.tables.items():
        assert package.fingerprint(name)
        floats = frame.select(pl.col(pl.Float64).is_nan().any())
        assert not floats.width or not any(floats.row(0))


@given(st.binary(max_size=400))
@example(b'"')
@example(b"\x1f")
@example(b"a\rb")
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf\xef\xbb\xbfregion")
@SLOW
def test_any_bytes_as_csv(tmp_path, data):
    (tmp_path / "accounts.csv").write_bytes(data)
    (tmp_path / "datapackage.yaml").write_text(DESCRIPTOR, "utf-8")
    survives(tmp_path)


@given(st.binary(max_size=200))
@SLOW
def test_any_bytes_below_a_header(tmp_path, data):
    (tmp_path / "accounts.csv").write_bytes(HEADER + data)
    (tmp_path / "datapackage.yaml").write_text(DESCRIPTOR, "utf-8")
    survives(tmp_path)


@given(ROWS)
@SLOW
def test_any_cells(tmp_path, rows):
    (tmp_path / "accounts.csv").write_bytes(HEADER + rows.encode())
    (tmp_path / "datapackage.yaml").write_text(DESCRIPTOR, "utf-8")
    survives(tmp_path)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@SLOW
def test_any_bytes_as_descriptor(tmp_path, data):
    (tmp_path / "datapackage.yaml").write_bytes(data)
    survives(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["accounts", "accounts.csv", "region", "1e8 CNY"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "path", "schema", "fields", "unit", "key", "type", "dialect"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON)
@SLOW
def test_any_resource(tmp_path, resource):
    import json

    (tmp_path / "accounts.csv").write_bytes(HEADER + b"220000,2000,1,2,3,4,census4\n")
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": [resource]}), "utf-8")
    survives(tmp_path)


@given(st.binary(max_size=300), st.integers(0, 4000))
@SLOW
def test_any_damage_to_a_workbook(tmp_path, data, place):
    import xlsxwriter

    path = tmp_path / "book.xlsx"
    if not path.exists():
        with xlsxwriter.Workbook(tmp_path / "whole.xlsx") as book:
            book.add_worksheet("accounts").write_row(0, 0, ["region", "year", "employment"])
    whole = (tmp_path / "whole.xlsx").read_bytes() if (tmp_path / "whole.xlsx").exists() else b""
    path.write_bytes(whole[:place] + data + whole[place + len(data) :])
    survives(path)


VALUES = st.lists(
    st.none() | st.floats() | st.integers(-(2**40), 2**40) | st.booleans() | st.text(max_size=5), min_size=1, max_size=6
)


@given(
    st.dictionaries(st.sampled_from(["region", "year", "employment", "labour_share", "hours", "x"]), VALUES, min_size=1)
)
@settings(max_examples=60, deadline=None)
def test_any_frame(columns):
    size = min(len(values) for values in columns.values())
    frame = pl.DataFrame(
        [pl.Series(name, values[:size], strict=False) for name, values in columns.items()],
    )
    survives({"accounts": frame})

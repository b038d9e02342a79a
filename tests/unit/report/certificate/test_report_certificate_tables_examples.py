from __future__ import annotations

import polars as pl

from xinzhi.report.certificate.tables import digest_tables, keys


def test_digest_tables() -> None:
    from xinzhi.data import load

    tables = digest_tables(load("china-provinces"), ["accounts"])
    assert (tables["accounts"].key, tables["accounts"].rows, tables["prices"].cells is None) == (
        ["region", "year"],
        930,
        True,
    )


def test_keys() -> None:
    assert keys(
        pl.DataFrame({"region": ["220000"], "asset": ["total"], "year": [2017]}), ["region", "asset", "year"]
    ) == [("220000/total", "2017")]

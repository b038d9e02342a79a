"""Tables that were cut off: the end of every table of the shipped package, at many places."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.data import check
from xinzhi.data.casting import shape
from xinzhi.data.raw import RawTable
from xinzhi.data.rules.figures import cut

TABLES = {name: frame for name, frame in xinzhi.load("china-provinces").tables.items() if frame.height > 100}


def ends_early(name, frame, regions=None):
    """Return what is said of the end of a table."""

    def sheet(name, frame):
        lines = pl.int_range(2, frame.height + 2, dtype=pl.UInt32, eager=True)
        return shape(RawTable(name=name, cells=frame, lines=lines))[0]

    return list(cut(sheet(name, frame), regions and sheet(*regions)))


@pytest.mark.parametrize("name", TABLES)
def test_a_whole_table_is_not_called_cut(name):
    assert not ends_early(name, TABLES[name], ("regions", xinzhi.load("china-provinces").tables["regions"]))


def test_nine_of_ten_cuts_are_named_with_the_line():
    rng, seen, named = np.random.default_rng(14), 0, 0
    regions = ("regions", xinzhi.load("china-provinces").tables["regions"])
    for name, frame in TABLES.items():
        if name in {"capability", "archive", "targets"}:  # lists: no row has to be there, so that none is missing
            continue
        for height in rng.integers(frame.height // 2, frame.height, 12).tolist():
            found = ends_early(name, frame.head(height), regions)
            seen, named = seen + 1, named + len(found)
            assert all((one.rule, one.line) == ("table-cut", height + 1) for one in found)
    assert named > 0.9 * seen


def test_a_table_whose_rows_are_in_no_order_is_not_judged():
    frame = TABLES["fiscal"].sample(fraction=0.8, shuffle=True, seed=1)
    assert not ends_early("fiscal", frame, ("regions", xinzhi.load("china-provinces").tables["regions"]))


def test_a_file_that_stops_within_its_last_line_is_noted(tmp_path):
    (tmp_path / "datapackage.yaml").write_text(
        "name: cut\nresources: [{name: accounts, path: accounts.csv}]\n", "utf-8"
    )
    (tmp_path / "accounts.csv").write_bytes(b"region,year,employment\na,2000,12\na,2001,1")
    found = {(one.rule, one.line) for one in check(tmp_path)}
    assert ("unended-line", 3) in found

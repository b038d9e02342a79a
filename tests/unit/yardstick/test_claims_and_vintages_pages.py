"""The figures on the pages about claims and vintages are what the software gives."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from xinzhi import protocol
from xinzhi.yardstick import check_claims
from xinzhi.yardstick.compare_vintages import compare_vintages, vintage_history

DOCS = Path(__file__).parents[3] / "docs"
CLAIMS, VINTAGES = ((DOCS / f"{name}.md").read_text("utf-8") for name in ("claims", "vintages"))
ROWS = [
    ("220000", 2012, 2017, "2.6%"),
    ("110000", 2017, 2023, "1.2%"),
    ("220000", 2010, 2017, "3.4%"),
    ("410000", 2017, 2023, "2.6%"),
    ("120000", 2017, 2023, "9.0%"),
]


@pytest.fixture(scope="module")
def checked():
    return check_claims(
        "china-provinces", pl.DataFrame(ROWS, schema=["region", "start", "end", "growth"], orient="row")
    )


def test_the_five_claims_of_the_page(checked):
    names = dict(checked.regions.select("region", "name_en").iter_rows())
    for row in checked.frame.iter_rows(named=True):
        head = (
            f"| {names[row['region']]} {row['start']}-{row['end']}, {row['written']} | {100 * row['reference']:.2f} % |"
        )
        line = next(line for line in CLAIMS.splitlines() if line.startswith(head))
        assert f"| {row['verdict']} |" in line
        if row["verdict"] == "reachable":
            assert f"{row['giving']:,} of {row['tried']:,} protocols" in line
        if row["verdict"] == "unreachable":
            assert f"between {100 * row['lowest']:.2f} % and {100 * row['highest']:.2f} %" in line
    assert checked.summary("en").splitlines()[2].replace("\u00a0", " ") in CLAIMS


def test_what_the_departures_of_jilin_contribute(checked):
    first = checked.departures.filter(pl.col("region") == "220000", pl.col("order") == 1, pl.col("start") == 2010)
    assert first["number"].unique().to_list() == [656]
    assert "check.protocol(656)" in CLAIMS
    for gain in first["contribution"].to_list():
        assert f"{100 * gain:+.2f}" in CLAIMS


def test_the_history_of_the_page():
    history = vintage_history("china-provinces")
    told = history.summary("en").replace("\u00a0", " ").splitlines()[:-1]
    assert "\n".join(told) in VINTAGES
    cut = history.frame.filter((pl.col("year") == 2017) & (pl.col("after") == "census4")).sort("level")
    for level in [*cut["level"].head(5).to_list(), *cut["level"].tail(5).to_list()]:
        assert f"{100 * level:+.1f} %" in VINTAGES
    deep = history.frame.filter((pl.col("level") < -0.1) & (pl.col("after") == "census4")).group_by("year").len()
    counts = dict(deep.iter_rows())
    assert {counts[year] for year in range(2010, 2017)} == {9, 10}
    assert counts[2017] == 4


def test_what_the_census_of_2023_is_worth():
    ours = protocol.load("xinzhi-cn-2026")
    first = ours.replace({"output.vintage": "first_published"})
    change = compare_vintages("china-provinces", "china-provinces", ours, before_protocol=first, start=2017, end=2023)
    rows = {row["region"]: row for row in change.frame.iter_rows(named=True)}
    for region, name in {"310000": "Shanghai", "110000": "Beijing", "410000": "Henan"}.items():
        assert f"{name} {100 * rows[region]['before']:.2f} to {100 * rows[region]['after']:.2f}" in VINTAGES
    assert change.frame["output"].max() == rows["310000"]["total"]
    assert f"up to {100 * change.frame['total'].max():.2f} percentage" in VINTAGES
    assert f"{100 * change.frame['total'].min():.2f} (Henan" in VINTAGES


def test_what_the_census_of_2018_did_to_growth():
    history = vintage_history("china-provinces").growth.filter(pl.col("after") == "census4")
    revision = dict(history.select("region", "revision").iter_rows())
    for region, said in {"220000": "28.6 % in Jilin", "130000": "20.1 % in Hebei", "500000": "1.7 % at most"}.items():
        assert said in VINTAGES
        assert said.startswith(f"{abs(100 * revision[region]):.1f} %")
    assert max(revision.values()) == revision["500000"]
    ours = protocol.load("xinzhi-cn-2026")
    now, then = (ours.replace({"output.vintage": vintage}) for vintage in ("census4", "first_published"))
    change = compare_vintages("china-provinces", "china-provinces", now, before_protocol=then, start=2007, end=2017)
    rows = {row["region"]: row for row in change.frame.iter_rows(named=True)}
    for region, before, after in (("120000", 4.23, 2.03), ("220000", 3.13, 1.54)):
        assert (round(100 * rows[region]["before"], 2), round(100 * rows[region]["after"], 2)) == (before, after)
        assert f"{before:.2f} %" in VINTAGES
        assert f"{after:.2f} %" in VINTAGES

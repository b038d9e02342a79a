"""What `bubbles` says of gaps, zeros, flat and short series, and dates that are off: named, with the cure."""

from __future__ import annotations

import datetime as dt
from functools import partial

import numpy as np
import polars as pl
import pytest

from xinzhi import risks
from xinzhi.core.errors import InputError, UsageError
from xinzhi.risks import BubbleRules, panel_bubbles
from xinzhi.risks.prices.recursive import recursive_adf
from xinzhi.risks.prices.series import read_calendar, read_steps

bubbles = partial(risks.bubbles, lag=0, critical=None)  # the plain test, as its peers have it

SIZE = 40


def good(name="good", dates=None):
    level = 100 + np.random.default_rng(4).standard_normal(SIZE).cumsum()
    dates = range(1980, 1980 + SIZE) if dates is None else dates
    return pl.DataFrame({"s": [name] * SIZE, "t": list(dates), "v": level})


def bad(**change):
    return good("bad").with_columns(**change)


def at(year, value):
    return pl.when(pl.col("t") == year).then(value).otherwise(pl.col("v"))


CASES = {
    "gap": (lambda: good("bad").filter(pl.col("t") != 1990), "1990 is missing (1 period in all)"),
    "hole": (lambda: bad(v=at(1991, None)), "1991 is missing"),
    "nan": (lambda: bad(v=at(1991, float("nan"))), "1991 is missing"),
    "zero": (lambda: bad(v=at(1992, 0.0)), "1 zero among positive values (the first in 1992)"),
    "constant": (lambda: bad(v=pl.lit(7.0)), "never moves"),
    "short": (lambda: good("bad").head(9), "9 observations, fewer than 10"),
    "empty": (lambda: bad(v=pl.lit(None, dtype=pl.Float64)), "0 observations"),
    "twice": (lambda: pl.concat([good("bad"), good("bad").slice(5, 1)]), "the date 1985 stands there 2 times"),
    "infinite": (lambda: bad(v=at(1993, float("inf"))), "the value of 1993 is infinite"),
    "exact": (lambda: bad(v=1.05 ** (pl.col("t") - 1980)), "fits its own past exactly"),
    "line": (lambda: bad(v=3.0 * pl.col("t")), "fits its own past exactly"),
    "mixed": (
        lambda: good("bad").with_columns(t=pl.Series([*range(1900, 1940, 2), *range(1940, 1960)])),
        "mixed frequency",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_series_is_named_and_the_good_one_tested(case):
    rows, words = CASES[case]
    found = bubbles(pl.concat([rows(), good()]), "s", "t", "v")
    first, second = found.statistics.iter_rows(named=True)
    assert first["series"] == "bad"
    assert words in first["reason_en"]
    assert first["reason_zh"]
    assert first["gsadf"] is None
    assert second["status"] == "tested"
    errors = [one for one in found.findings if one.severity == "error"]
    assert [one.key for one in errors] == ["bad"]
    assert errors[0].hint.en
    assert errors[0].hint.zh
    assert "1 could not be tested" in found.summary()
    assert "1个序列无法检验" in found.summary("zh")
    assert words in found.explain("bad").text()


@pytest.mark.parametrize("case", CASES)
def test_alone_it_is_refused_with_the_finding(case):
    rows, words = CASES[case]
    with pytest.raises(InputError, match="no series can be tested") as caught:
        bubbles(rows(), "s", "t", "v")
    assert words in str(caught.value)
    assert caught.value.findings
    assert caught.value.exit_code == 3


def test_ends_without_values_are_trimmed_and_order_is_mended():
    rows = pl.concat([bad(v=pl.when(pl.col("t") > 1982).then("v")), good()])
    found = bubbles(rows.sample(fraction=1, shuffle=True, seed=1), "s", "t", "v")
    rules = {one.rule for one in found.findings if one.key == "bad"}
    assert rules >= {"bubbles-unsorted", "bubbles-trimmed"}
    assert found.statistics.filter(series="bad").select("first", "observations").row(0) == (1983, 37)
    straight = bubbles(good(), "s", "t", "v").statistics["gsadf"][0]
    assert found.statistics.filter(series="good")["gsadf"][0] == straight


def test_options_for_gaps_and_zeros():
    rows = pl.concat([good("gap").filter(pl.col("t") != 1990), bad(v=at(1992, 0.0))])
    found = bubbles(rows, "s", "t", "v", rules=BubbleRules(gaps="longest", zeros="keep"))
    assert found.statistics.select("series", "first", "observations").rows() == [("gap", 1991, 29), ("bad", 1980, 40)]
    rules = {one.rule for one in found.findings}
    assert rules >= {"bubbles-longest", "bubbles-zeros-kept"}
    assert recursive_adf(good()["v"].to_numpy()[11:]).gsadf[0] == found.statistics["gsadf"][0]


def test_windows_without_variation_are_left_out_and_counted():
    level = good()["v"].to_numpy().copy()
    level[5:30] = level[5]
    found = bubbles(pl.DataFrame({"s": "flat", "t": range(SIZE), "v": level}), "s", "t", "v")
    row = found.statistics.row(0, named=True)
    assert row["status"] == "tested"
    assert row["skipped"] > 0
    assert np.isfinite(row["gsadf"])
    assert "bubbles-skipped" in {one.rule for one in found.findings}
    assert not found.statistics.select(pl.selectors.float().is_nan().any()).row(0).count(True)
    level[:30] = level[5]  # from the start: then the first dates have no window that moves
    with pytest.raises(InputError, match="flat hardly move"):
        panel_bubbles(
            pl.concat([pl.DataFrame({"s": "flat", "t": range(SIZE), "v": level}), good(dates=range(SIZE))]),
            "s",
            "t",
            "v",
            rules=BubbleRules(minimum_window=12),
        )


def test_lags_that_the_window_cannot_bear():
    with pytest.raises(InputError, match="lag 4 with a smallest window of 5 rows"):
        bubbles(good().head(10), "s", "t", "v", lag=4)


def test_columns_and_cells():
    with pytest.raises(UsageError, match="no column 'price'"):
        bubbles(good(), "s", "t", "price")
    with pytest.raises(InputError, match="'n/a'"):
        bubbles(good().with_columns(v=pl.lit("n/a")), "s", "t", "v")
    with pytest.raises(InputError, match="no row with a series"):
        bubbles(good().clear(), "s", "t", "v")
    undated = good().with_columns(t=pl.when(pl.col("t") == 1980).then(None).otherwise("t"))
    found = bubbles(undated, "s", "t", "v")
    assert found.findings[0].rule == "bubbles-no-date"
    assert found.findings[0].line == 1
    assert found.statistics["observations"][0] == SIZE - 1


@pytest.mark.parametrize(
    ("dates", "unit", "step"),
    [
        (["2020-11", "2020-12", "2021-01"], "month", 1),
        (["202011", "202012", "202101"], "month", 1),
        (["2020年11月", "2020年12月", "2021年1月"], "month", 1),
        (["2020Q3", "2020Q4", "2021Q1"], "quarter", 1),
        (["2020", "2021", "2022"], "year", 1),
        (["2020-02-03", "2020-02-10", "2020-02-17"], "day", 7),
        ([dt.date(2020, 1, 31), dt.date(2020, 2, 29), dt.date(2020, 3, 31)], "month", 1),
        ([dt.datetime(2020, 1, 1), dt.datetime(2020, 4, 1)], "month", 3),  # noqa: DTZ001 - a date in a table has no zone
        ([1.0, 2.0, 3.0], "position", 1),
        ([202011, 202012, 202101], "month", 1),
        ([20201130, 20201201, 20201202], "day", 1),
        ([202013, 202014], "position", 1),  # no month 13: places in a sequence
        (["2020M11", "2020M12", "2021M01"], "month", 1),
        (["2020年第三季度", "2020年4季度"], "quarter", 1),
        (["2020-11-01 00:00:00", "2020-12-01T00:00"], "month", 1),
        ([dt.datetime(2020, 1, 1, 15), dt.datetime(2020, 1, 2, 15)], "day", 1),  # noqa: DTZ001 - a table has no zone
    ],
)
def test_ways_to_write_a_date(dates, unit, step):
    found = read_calendar(pl.Series("t", dates))
    assert found.unit == unit
    assert set(np.diff(found.ordinal).tolist()) == {step}


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (["2020-11", "2020"], "mixes frequencies"),
        (["2020-11", "soon"], "'soon'"),
        (["2020-02-30", "2020-03-01"], "no calendar knows"),
        ([1.0, 2.5], "no whole dates"),
        ([dt.datetime(2020, 1, 1, 9), dt.datetime(2020, 1, 1, 10)], "times of day"),  # noqa: DTZ001 - a table has no zone
    ],
)
def test_dates_that_cannot_be_read(dates, words):
    with pytest.raises(InputError, match=words):
        read_calendar(pl.Series("t", dates))


def test_trading_days_count_as_neighbours():
    days = [day for day in (dt.date(2024, 1, 1) + dt.timedelta(at) for at in range(56)) if day.weekday() < 5]
    found = bubbles(good(dates=days[:SIZE]), "s", "t", "v")
    assert "bubbles-trading-days" in {one.rule for one in found.findings}
    assert found.statistics["observations"][0] == SIZE
    assert read_steps(np.array([1, 2, 3, 40, 41]), "day").missing == 36  # no market closes for so long


def test_the_core_refuses_what_it_cannot_compute():
    with pytest.raises(UsageError, match="degrees of freedom"):
        recursive_adf(np.arange(10.0), lag=3)
    with pytest.raises(UsageError, match="no window"):
        recursive_adf(np.arange(10.0), window=10)
    with pytest.raises(UsageError, match="gaps"):
        recursive_adf(np.array([1.0, np.nan] * 10))

"""Zombie firms: every criterion on firms computed by hand, to 1e-12."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.risks import zombies

YEARS = list(range(2015, 2022))
RATES = pl.DataFrame(
    {
        "year": YEARS,
        "rate_short": [0.04, 0.04, 0.04, 0.04, 0.05, 0.03, 0.03],
        "rate_long": [0.05, 0.05, 0.05, 0.05, 0.06, 0.04, 0.04],
        "coupon": [0.03, 0.02, 0.03, 0.03, 0.03, 0.03, 0.03],
    }
)
# R* of 2020: 0.05 x 100 + mean(0.05 0.05 0.05 0.05 0.06) x 200 + min(0.03 0.02 ...) x 50 = 5 + 10.4 + 1
LOWEST = 16.4


def firm(name, **changes):
    """Return two years of a firm that pays and earns exactly its lowest interest, and borrows no more."""
    rows = {
        "firm": [name] * 2,
        "year": [2019, 2020],
        "bank_short": [100.0] * 2,
        "bank_long": [200.0] * 2,
        "bonds": [50.0] * 2,
        "interest": [20.0, LOWEST],
        "ebit": [20.0, LOWEST],
        "assets": [600.0, 600.0],
        "profit": [1.0, 1.0],
    }
    return pl.DataFrame(rows | changes)


def verdicts(frame):
    rows = zombies(frame, rates=RATES).frame.filter(year=2020)
    return dict(rows.select("criterion", "zombie").iter_rows())


CHK, FN = "caballero-hoshi-kashyap", "fukuda-nakamura"


def test_the_lowest_interest_is_that_of_the_paper():
    row = zombies(firm("a"), rates=RATES).frame.filter(year=2020, criterion=CHK).row(0, named=True)
    assert row["lowest_interest"] == pytest.approx(LOWEST, abs=1e-12)
    assert row["gap"] == pytest.approx(0, abs=1e-12)
    # the mean of five rates is rounded in float64: pay a little more to be on the safe side of equality
    assert verdicts(firm("a", interest=[20.0, LOWEST + 1e-9])) == {CHK: False, FN: False, "losses": False}


@pytest.mark.parametrize(
    ("changes", "chk", "fn"),
    [
        ({"interest": [20.0, 10.0]}, True, False),  # subsidised, yet it earns its interest
        ({"interest": [20.0, 10.0], "ebit": [20.0, 5.0]}, True, True),
        ({"interest": [20.0, 17.0], "ebit": [20.0, 5.0]}, False, False),  # earns little, but no new loans
        ({"interest": [20.0, 17.0], "ebit": [20.0, 5.0], "bank_short": [100.0, 101.0]}, False, True),  # lent on
        (
            {"interest": [20.0, 17.0], "ebit": [20.0, 5.0], "bank_short": [100.0, 101.0], "assets": [900.0, 100.0]},
            False,
            False,
        ),
        ({"interest": [0.0, 0.0], "bank_short": [0.0] * 2, "bank_long": [0.0] * 2, "bonds": [0.0] * 2}, False, False),
    ],
)
def test_criteria_differ_where_they_should(changes, chk, fn):
    found = verdicts(firm("a", **changes))
    assert (found[CHK], found[FN]) == (chk, fn)


def test_leverage_is_that_of_the_year_before():
    frame = firm("a", interest=[20.0, 17.0], ebit=[20.0, 5.0], bank_short=[100.0, 101.0])
    row = zombies(frame, rates=RATES).frame.filter(year=2020, criterion=FN).row(0, named=True)
    assert row["leverage"] == pytest.approx(350 / 600, abs=1e-12)
    assert row["borrowing_change"] == pytest.approx(1.0)
    assert not zombies(frame, rates=RATES, leverage=0.6).frame.filter(year=2020, criterion=FN)["zombie"][0]


def test_what_is_missing_is_said_and_never_guessed():
    rows = zombies(firm("a"), rates=RATES.filter(pl.col("year") != 2016)).frame
    status = dict(rows.filter(criterion=CHK).select("year", "status").iter_rows())
    assert status == {2019: "no borrowing of the year before", 2020: "rates of the years before are not complete"}
    assert rows.filter(criterion=CHK)["zombie"].to_list() == [None, None]


def test_what_is_missing_matters_only_where_it_decides():
    rates = pl.DataFrame(
        {"year": range(2015, 2020), "rate_short": [0.04] * 5, "rate_long": [0.05] * 5, "coupon": [None] * 5},
        schema_overrides={"coupon": pl.Float64},
    )
    past = {"year": 2019, "bank_short": 100.0, "bank_long": 100.0, "bonds": 0.0, "interest": 9.0, "ebit": 1.0}
    now = past | {"year": 2020, "ebit": 30.0, "interest": 20.0}
    rows = [
        {"firm": "earns", "assets": None} | past,
        {"firm": "earns", "assets": None} | now,
        {"firm": "owes bonds", "assets": 500.0} | past | {"bonds": 10.0},
        {"firm": "owes bonds", "assets": 500.0} | now,
        {"firm": "subsidised", "assets": None} | past,
        {"firm": "subsidised", "assets": None} | now | {"interest": 1.0, "ebit": 1.0},
    ]
    found = zombies(pl.DataFrame(rows, infer_schema_length=None), rates=rates).frame.filter(year=2020)
    told = {(row["firm"], row["criterion"]): row for row in found.iter_rows(named=True)}
    # without bonds no coupon is needed; earnings settle the second criterion without leverage
    assert told["earns", "caballero-hoshi-kashyap"]["lowest_interest"] == pytest.approx(0.04 * 100 + 0.05 * 100)
    assert told["earns", "fukuda-nakamura"]["zombie"] is False
    assert told["subsidised", "fukuda-nakamura"]["zombie"] is True
    for criterion in ("caballero-hoshi-kashyap", "fukuda-nakamura"):
        assert told["owes bonds", criterion]["zombie"] is None
        assert told["owes bonds", criterion]["status"].startswith("rates of the years before")
    with pytest.raises(InputError, match=r"write 4\.35 % as 0\.0435"):
        zombies(pl.DataFrame(rows, infer_schema_length=None), rates=rates.with_columns(rate_short=pl.lit(4.0)))


def test_firms_with_holes_are_judged_as_by_hand():
    rng = np.random.default_rng(3)
    rates = {
        year: (0.01 + 0.002 * (year % 5), 0.02 + 0.003 * (year % 4), 0.005 + 0.001 * (year % 3))
        for year in range(2000, 2012)
        if year != 2003
    }
    known = {}
    for firm in range(12):
        for year in range(2005, 2012):
            if rng.random() > 0.1:
                short, long, bonds = (float(rng.exponential(size)) for size in (100, 200, 50))
                known[f"f{firm}", year] = {
                    "bank_short": short,
                    "bank_long": long,
                    "bonds": bonds,
                    "interest": float(rng.exponential(6)),
                    "ebit": float(rng.normal(6, 8)),
                    "assets": float(rng.exponential(700)),
                }
    frame = pl.DataFrame([{"firm": firm, "year": year} | row for (firm, year), row in known.items()])
    best = pl.DataFrame(
        [(year, *row) for year, row in rates.items()],
        schema=["year", "rate_short", "rate_long", "coupon"],
        orient="row",
    )
    counted = {True: 0, False: 0, None: 0}
    for row in zombies(frame, rates=best).frame.iter_rows(named=True):
        now, before, year = known[row["firm"], row["year"]], known.get((row["firm"], row["year"] - 1)), row["year"]
        verdict = None
        if before is not None and all(year - lag in rates for lag in range(1, 6)):
            past = [rates[year - lag] for lag in range(1, 6)]
            lowest = (
                past[0][0] * before["bank_short"]
                + sum(one[1] for one in past) / 5 * before["bank_long"]
                + min(one[2] for one in past) * before["bonds"]
            )
            owed, owes = (sum(one[name] for name in ("bank_short", "bank_long", "bonds")) for one in (before, now))
            verdict = now["interest"] < lowest
            if row["criterion"] == "fukuda-nakamura":
                verdict = now["ebit"] < lowest and (verdict or (owed > before["assets"] / 2 and owes > owed))
        assert row["zombie"] is verdict
        counted[verdict] += 1
    assert min(counted.values()) > 10  # every case is there


def test_losses_count_years_in_a_row():
    frame = pl.DataFrame(
        {
            "firm": ["a"] * 4 + ["b"] * 3,
            "year": [2017, 2018, 2019, 2020, 2017, 2019, 2020],
            "profit": [1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0],
        }
    )
    found = zombies(frame).frame
    assert dict(found.filter(firm="a").select("year", "zombie").iter_rows()) == {
        2017: False,
        2018: False,
        2019: False,
        2020: True,
    }
    assert dict(found.filter(firm="b").select("year", "zombie").iter_rows()) == {2017: None, 2019: None, 2020: None}
    assert "3 years in a row" in found.filter(firm="b")["status"][0]
    assert zombies(frame, loss_years=2).frame.filter(firm="b", year=2020)["zombie"][0]


def test_criteria_that_lack_data_are_named_not_dropped_in_silence():
    found = zombies(firm("a").select("firm", "year", "profit"))
    assert [note.rule for note in found.findings] == ["criterion-not-applied"] * 2
    assert "rates" in found.findings[0].message.en
    assert "'subsidised credit (CHK)' is not applied: bank_short" in found.summary()
    with pytest.raises(InputError, match="bank_short"):
        zombies(firm("a").drop("bank_short"), rates=RATES, criteria=[CHK])
    with pytest.raises(InputError, match="rates"):
        zombies(firm("a"), criteria=[FN])


def test_counts_weigh_by_assets_and_compare_criteria():
    frame = pl.concat(
        [firm("a", interest=[20.0, 1.0], ebit=[20.0, 1.0]), firm("b", assets=[1800.0, 1800.0], interest=[20.0, 17.0])]
    )
    found = zombies(frame, rates=RATES)
    row = found.counts.filter(criterion=CHK, year=2020).row(0, named=True)
    assert (row["firms"], row["zombies"], row["share"], row["share_of_assets"]) == (2, 1, 0.5, 0.25)
    pair = found.overlap.filter(first=CHK, second=FN).row(0, named=True)
    assert (pair["both"], pair["first_only"], pair["second_only"], pair["agreement"]) == (1, 0, 0, 1.0)
    assert "僵尸企业占比：2020年补贴信贷（CHK）50.0%（1/2）" in found.summary("zh")


@pytest.mark.parametrize(
    ("frame", "rule", "column"),
    [
        (lambda: firm("a", bonds=[-1.0, 0.0]), "negative", "bonds"),
        (lambda: pl.concat([firm("a"), firm("a")]), "duplicate-key", "year"),
        (lambda: firm("a").with_columns(firm=pl.lit(None, dtype=pl.String)), "missing-key", "firm"),
    ],
)
def test_bad_firms_are_named(frame, rule, column):
    with pytest.raises(InputError) as caught:
        zombies(frame(), rates=RATES)
    assert (caught.value.findings[0].rule, caught.value.findings[0].column) == (rule, column)


def test_unknown_criteria_are_refused():
    with pytest.raises(UsageError, match="no criterion 'smell'"):
        zombies(firm("a"), criteria=["smell"])
    with pytest.raises(UsageError, match="must be positive"):
        zombies(firm("a"), loss_years=0)

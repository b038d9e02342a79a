from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi import micro
from xinzhi.core.errors import IdentityError, InputError, UsageError
from xinzhi.micro.decompose import DECOMPOSITIONS, closes

pytest.importorskip("ibis", reason="the extra micro is not installed")


def made_up(seed=0, firms=60, years=4):
    """Return firms that come and go, in three industries that some change, in no order."""
    rng = np.random.default_rng(seed)
    rows = pl.DataFrame({"firm": np.repeat(np.arange(firms), years), "year": np.tile(np.arange(years), firms)})
    rows = rows.with_columns(
        value=pl.Series(rng.normal(1, 0.5, len(rows))),
        weight=pl.Series(rng.lognormal(0, 1, len(rows))),
        industry=pl.Series(rng.choice(["a", "b", "c"], firms).repeat(years)),
    )
    moves = pl.Series(rng.random(len(rows)) < 0.05)
    rows = rows.with_columns(industry=pl.when(moves).then(pl.lit("a")).otherwise("industry"))
    return rows.filter(pl.Series(rng.random(len(rows)) < 0.8)).sample(fraction=1, shuffle=True, seed=seed)


def codes(made):
    return [one.rule for one in made.findings]


@pytest.mark.parametrize("method", DECOMPOSITIONS)
@pytest.mark.parametrize("group", [None, "industry"])
def test_parts_add_up_to_growth_computed_from_the_rows(method, group):
    firms = made_up()
    made = micro.decompose(firms, method=method, group=group)
    by = [group] if group else []
    levels = firms.group_by("year", *by).agg(level=(pl.col("value") * pl.col("weight")).sum() / pl.col("weight").sum())
    found = made.frame.select(pl.sum_horizontal(made.parts)).to_series()
    if method == "olley-pakes":
        expected = made.frame.join(levels, on=["year", *by], maintain_order="left")["level"]
    else:
        first, last = (levels.rename({"year": at, "level": f"{at}_level"}) for at in ("start", "end"))
        both = made.frame.join(first, on=["start", *by], maintain_order="left")
        both = both.join(last, on=["end", *by], maintain_order="left")
        expected = both["end_level"] - both["start_level"]
    assert found.to_list() == pytest.approx(expected.to_list(), abs=1e-12)


@pytest.mark.parametrize("method", DECOMPOSITIONS)
def test_neither_order_nor_scale_of_weights_nor_names_matter(method):
    firms = made_up()
    made = micro.decompose(firms, method=method).frame
    other = firms.reverse().with_columns(pl.col("weight") * 1000, firm=pl.format("f{}", "firm"))
    again = micro.decompose(other, method=method).frame
    assert made.columns == again.columns
    for name in made.columns:
        assert made[name].to_list() == pytest.approx(again[name].to_list(), abs=1e-12)


@pytest.mark.parametrize("method", DECOMPOSITIONS[1:])
def test_a_shift_of_all_values_moves_no_part_but_those_against_zero(method):
    firms = made_up().filter(pl.col("year") < 2)
    made = micro.decompose(firms, method=method).frame
    moved = micro.decompose(firms.with_columns(pl.col("value") + 1), method=method).frame
    free = ["growth"] if method == "baily-hulten-campbell" else made.columns
    for name in free:
        assert made[name].to_list() == pytest.approx(moved[name].to_list(), abs=1e-11)


def test_movers_are_apart_or_counted_as_entry():
    firms = made_up()
    apart = micro.decompose(firms, group="industry").frame
    mixed = micro.decompose(firms, group="industry", movers="entry").frame
    assert apart["n_moved_in"].sum() == apart["n_moved_out"].sum() > 0
    assert mixed["n_entry"].sum() == apart["n_entry"].sum() + apart["n_moved_in"].sum()
    assert (mixed["entry"] - apart["entry"] - apart["moved_in"]).abs().max() < 1e-12


def test_rotation_is_told_from_entry_and_exit():
    firms = pl.DataFrame(
        {
            "firm": [1, 2, 3, 1, 4, 5],
            "year": [1, 1, 1, 2, 2, 2],
            "value": [1.0, 2.0, 3.0, 1.5, 2.5, 3.5],
            "weight": [1.0] * 6,
            "founded": [0, 0, 0, 0, 0, 2],
            "shut": [None, 1, None, None, None, None],
        },
        schema_overrides={"shut": pl.Int64},
    )
    made = micro.decompose(firms, born="founded", closed="shut").frame
    assert made.select("n_entry", "n_rotation_in", "n_exit", "n_rotation_out").row(0) == (1, 1, 1, 1)
    plain = micro.decompose(firms).frame
    assert plain["n_entry"].item() == plain["n_exit"].item() == 2
    assert (made["entry"] + made["rotation_in"]).item() == pytest.approx(plain["entry"].item(), abs=1e-14)


def test_a_step_of_years_leaps_over_those_between():
    firms = made_up()
    made = micro.decompose(firms, step=2).frame
    assert made.select("start", "end").rows() == [(0, 2), (1, 3)]


def test_all_firms_exit():
    firms = pl.DataFrame({"firm": [1, 2], "year": [1, 2], "value": [1.0, 2.0], "weight": [1.0, 1.0]})
    made = micro.decompose(firms, method="griliches-regev").frame
    assert made.select("entry", "exit", "within").row(0) == (0.5, 0.5, 0.0)
    with pytest.raises(InputError, match="could be split") as error:
        micro.decompose(firms)
    assert [one.rule for one in error.value.findings] == ["no-survivor"]
    groups = pl.DataFrame(
        {"firm": [1, 1, 2], "year": [1, 2, 1], "value": [1.0, 2, 3], "weight": 1.0, "industry": ["a", "a", "b"]}
    )
    assert codes(micro.decompose(groups, group="industry")) == ["one-sided"]


def test_one_firm_is_all_mean():
    firms = pl.DataFrame({"firm": [1, 1], "year": [1, 2], "value": [1.0, 3.0], "weight": [5.0, 7.0]})
    made = micro.decompose(firms).frame
    assert made.select("growth", "mean", "covariance", "entry", "exit").row(0) == (2.0, 2.0, 0.0, 0.0, 0.0)


def test_negative_weights_single_years_and_strange_words_are_refused():
    firms = made_up()
    with pytest.raises(InputError, match="1 rows have a negative weight"):
        micro.decompose(firms.with_columns(weight=pl.Series([-1.0, *firms["weight"][1:]])))
    with pytest.raises(InputError, match="one year only"):
        micro.decompose(firms.filter(pl.col("year") == 1))
    with pytest.raises(UsageError, match="unknown method 'mp'"):
        micro.decompose(firms, method="mp")
    with pytest.raises(UsageError, match="unknown movers"):
        micro.decompose(firms, movers="drop")
    with pytest.raises(UsageError, match="no column 'tfp'"):
        micro.decompose(firms, value="tfp")


def test_parts_that_do_not_close_raise():
    frame = pl.DataFrame({"growth": [1.0], "a": [0.5], "b": [0.5 + 1e-9]})
    with pytest.raises(IdentityError):
        closes(frame, "growth", ["a", "b"], pl.lit(1.0))


@pytest.mark.parametrize("group", [None, "industry"])
def test_a_firm_whose_figures_are_blank_for_a_year_is_neither_new_nor_gone(group):
    rows = [
        (firm, year, float(firm % 5 + year), 1.0, "a" if firm < 20 else "b") for firm in range(40) for year in (1, 2, 3)
    ]
    whole = pl.DataFrame(rows, schema=["firm", "year", "value", "weight", "industry"], orient="row")
    bad = (pl.col("firm") == 7) & (pl.col("year") == 2)
    torn = whole.with_columns(
        pl.when(~bad).then("value").alias("value"),
        pl.when(bad).then(pl.lit("b")).otherwise("industry").alias("industry"),
    )
    made = micro.decompose(torn, group=group)
    assert made.frame["entry"].to_list() == made.frame["exit"].to_list() == [0.0] * made.frame.height
    own = made.frame if group is None else made.frame.filter(industry="a")
    assert own["n_rotation_out"].to_list() == [1, 0]
    assert own["n_rotation_in"].to_list() == [0, 1]
    if group:  # the row that cannot be used moves nobody to another industry
        other = made.frame.filter(industry="b")
        assert other["n_stay"].to_list() == [20, 20]
        assert "n_moved_in" not in other.columns
    found = next(one for one in made.findings if one.rule == "blank-between")
    assert "2" in found.text.en
    assert "blank-between" not in codes(micro.decompose(whole, group=group))


@pytest.mark.parametrize("method", ["olley-pakes", "melitz-polanec"])
def test_two_decompositions_are_compared_by_group_and_period_and_not_by_counts_of_firms(method):
    firms = made_up()
    whole = micro.decompose(firms, method=method, group="industry")
    fewer = micro.decompose(firms.filter(pl.col("firm") != 7), method=method, group="industry")
    pairs = whole.compare(fewer)
    assert pairs.height == whole.frame.height
    assert "firms_difference" in pairs.columns or "n_stay_difference" in pairs.columns

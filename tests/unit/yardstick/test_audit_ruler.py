"""The audit of the ruler: the set, the game, the variance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import UsageError
from xinzhi.core.shapley import effects
from xinzhi.yardstick.audit.choices import choices, grid, has_unsourced, sourced_levels
from xinzhi.yardstick.audit.outcomes import Distinct, rank, spread


@pytest.fixture(scope="module")
def ours():
    return protocol.load("xinzhi-cn-2026")


@pytest.fixture(scope="module")
def audited(ours):
    """The methods opened, the choices of data closed: tests/reference/yardstick/test_audit_choices.py opens these."""
    data = ["capital.benchmark", "labour.breaks", "shares.valuation", "shares.after", "estimates.schooling_rule"]
    estimates = ["estimates.investment_rule", "estimates.control_total"]
    return xinzhi.audit("china-provinces", ours, what_if=True, closed=[*data, *estimates])


def test_the_official_protocol_is_row_zero_and_equals_measure(audited, ours):
    reference = xinzhi.measure("china-provinces", ours).periods
    both = reference.join(audited.tfp(0), on=["region", "start", "end"], suffix="_audit")
    assert both.height == reference.height
    assert (both["tfp_growth"] - both["tfp_growth_audit"]).abs().max() < 1e-12
    assert audited.protocols["departure_count"][0] == 0


def drawn(rows, times=5, seed=0):
    """Return numbers of protocols at random, so many that every level of every choice is among them `times` times."""
    rng, chosen = np.random.default_rng(seed), set()
    for choice in range(rows.shape[1]):
        for level in np.unique(rows[:, choice]):
            of = np.flatnonzero(rows[:, choice] == level)
            lacking = times - len(chosen.intersection(of.tolist()))
            chosen.update(rng.choice(of, max(lacking, 0), replace=False).tolist())
    return sorted(chosen)


def test_random_protocols_measured_alone_equal_their_row(audited):
    numbers = drawn(audited.grid.rows)
    assert 30 < len(numbers) < 80
    for number in numbers:
        alone = xinzhi.measure("china-provinces", audited.protocol(number)).periods
        row = audited.tfp(number).drop_nulls()
        # A protocol that reaches less far has a whole span of its own, which the audit does not report.
        both = row.join(alone, on=["region", "start", "end"], suffix="_alone")
        assert both.height == row.height
        assert (both["tfp_growth"] - both["tfp_growth_alone"]).abs().max() < 1e-12


def test_no_two_protocols_of_the_set_are_the_same(audited):
    open_paths = audited.protocols.columns[4:]
    assert audited.protocols.select(open_paths).is_duplicated().sum() == 0
    assert audited.protocols.height == audited.grid.admissible.sum() > 10_000


def test_excluded_combinations_are_not_in_the_set(audited):
    bad = audited.protocols.filter((pl.col("index.formula") == "fisher") & (pl.col("shares.averaging") == "current"))
    assert bad.height == 0


def test_what_cannot_be_computed_is_listed_with_its_reason(audited):
    rule = audited.left_out.filter(pl.col("departures").str.contains("capital.depreciation_rule"))
    assert rule["reason"].str.contains("depreciation_nominal").all()
    assert rule.height == 1
    short = audited.left_out.filter(pl.col("departures") == "")["reason"].to_list()
    assert any("1996–2000" in reason for reason in short)


def test_shapley_parts_sum_to_the_variance(audited):
    sums = audited.variance.group_by("region", "start", "end").agg(
        pl.col("shapley").sum(), pl.col("variance").first(), pl.col("share").sum()
    )
    assert (sums["shapley"] - sums["variance"]).abs().max() < 1e-12
    np.testing.assert_allclose(sums["share"].to_numpy(), 1, atol=1e-9)


def test_variance_equals_that_of_the_plain_list(audited):
    span = audited.spans.index(audited.official_span)
    plain = audited.estimates[:, :, span].var(axis=0)
    start, end = audited.official_span
    rows = audited.variance.filter((pl.col("start") == start) & (pl.col("end") == end)).unique("region")
    found = dict(rows.select("region", "variance").iter_rows())
    for region, variance in zip(audited.regions["region"].to_list(), plain.tolist(), strict=True):
        assert found[region] == pytest.approx(variance, rel=1e-9)


def test_additive_case_has_equal_first_order_total_and_shapley():
    rng = np.random.default_rng(1)
    parts = [rng.normal(size=size) for size in (3, 4, 2)]
    values = parts[0][:, None, None] + parts[1][None, :, None] + parts[2][None, None, :]
    found = effects(values, np.ones(values.shape, dtype=bool))
    for item, part in enumerate(parts):
        for measure in (found.first_order, found.total, found.shapley):
            assert measure[item] == pytest.approx(part.var(), rel=1e-12)


def test_shapley_equals_the_mean_over_all_orders_when_combinations_are_excluded():
    from itertools import permutations

    rng = np.random.default_rng(2)
    values, admissible = rng.normal(size=(3, 2, 4)), np.ones((3, 2, 4), dtype=bool)
    admissible[0, 1, :2] = admissible[2, 0, 3] = False
    cells = [(index, values[index]) for index in np.ndindex(3, 2, 4) if admissible[index]]
    mean = sum(value for _, value in cells) / len(cells)

    def explained(axes):
        groups = {}
        for index, value in cells:
            groups.setdefault(tuple(index[axis] for axis in sorted(axes)), []).append(value)
        return sum(len(group) * (sum(group) / len(group) - mean) ** 2 for group in groups.values()) / len(cells)

    found = effects(values, admissible)
    for item in range(3):
        orders = list(permutations(range(3)))
        gains = [
            explained(set(order[: order.index(item) + 1])) - explained(set(order[: order.index(item)]))
            for order in orders
        ]
        assert found.shapley[item] == pytest.approx(sum(gains) / len(orders), abs=1e-12)


def test_gaming_room_is_what_a_search_finds(audited):
    start, end = audited.official_span
    at = audited.spans.index((start, end))
    values = audited.estimates[:, :, at]
    rows = audited.ranked(audited.frame.filter((pl.col("start") == start) & (pl.col("end") == end)))
    ranked = audited.regions["region"].is_in(rows["region"].implode()).to_numpy()
    barred = audited.admission.of_span(at)[:, ranked]  # under a protocol by which its data fail, a region gains nothing
    values = np.where(barred, -np.inf, values[:, ranked])
    codes = [code for code in audited.regions["region"] if code in set(rows["region"])]
    reference = values[0]
    counts = audited.protocols["departure_count"].to_numpy()
    changed = (audited.grid.rows != 0).sum(axis=1)
    for row in rows.iter_rows(named=True):
        here = codes.index(row["region"])
        others = np.delete(reference, here)
        ranks = 1 + (others[None] > values[:, [here]]).sum(axis=1)
        assert row["best_rank"] == ranks.min()
        assert row["departure_count"] == counts[ranks == ranks.min()].min()
        assert row["growth_gain"] == pytest.approx(values[:, here].max() - reference[here])
        singles = values[changed == 1, here]
        assert row["single_gain"] == pytest.approx(singles.max() - reference[here])


def test_reversals_of_a_pair_sum_to_one(audited):
    pairs = audited.reversals.join(
        audited.reversals.rename({"region": "other", "other": "region"}), on=["start", "end", "region", "other"]
    )
    assert ((pairs["above"] + pairs["above_right"]) - 1).abs().max() < 1e-12


def test_ranks_share_ties_and_cover_everyone():
    assert rank(np.array([[1.0, 3.0, 3.0, 2.0]])).tolist() == [[4, 1, 1, 3]]
    values = np.array([[1.0, 2.0, 3.0], [4.0, 2.5, 0.0], [3.5, 9.0, 1.0]])
    found = spread(Distinct(values, np.arange(3), np.arange(3)), np.array([0, 1, 2]), np.array([0, 1, 1]))
    assert found.reference_rank.tolist() == [3, 2, 1]
    assert found.best_rank.tolist() == [1, 1, 1]
    assert found.best.tolist() == [1, 2, 0]
    assert found.everyone_rank.tolist() == [2, 1, 3]


def test_linked_parameters_are_one_choice(ours):
    by_name = {choice.name: choice for choice in choices(ours)}
    assert set(by_name["shares.rule"].paths) == {
        "shares.rule",
        "shares.constant",
        "shares.averaging",
        "shares.valuation",
        "shares.after",
    }
    labels = [level.label() for level in by_name["shares.rule"].levels]
    assert labels[0] == ""
    assert "shares.constant=0.65" not in labels


def test_a_protocol_without_alternatives_has_an_empty_set(ours):
    with pytest.raises(UsageError, match="empty"):
        grid(ours, ())


def test_a_protocol_number_outside_the_set_is_refused(audited):
    with pytest.raises(UsageError, match="numbers 0"):
        audited.protocol(10**9)


def test_summary_speaks_both_languages(audited):
    assert "every combination of all alternatives" in audited.summary("en")
    assert "由全部备选取值组合而成" in audited.summary("zh")
    sourced = replace(audited, unsourced=False)
    assert "every combination of alternatives with a published source" in sourced.summary("en")
    assert "由有文献依据的备选取值组合而成" in sourced.summary("zh")


def test_what_is_open_without_a_source_is_told_from_what_a_source_uses(ours):
    every = choices(ours)
    assert has_unsourced(ours, every)
    assert not has_unsourced(ours, sourced_levels(ours, every)[0])


def test_the_choice_that_helps_jilin_most_is_the_share_rule_with_its_constant(audited):
    start, end = audited.official_span
    row = audited.frame.filter((pl.col("region") == "220000") & (pl.col("start") == start) & (pl.col("end") == end))
    assert row["single_departure"][0] == "shares.rule=constant, shares.constant=0.65"


def test_one_region_has_a_spread_and_no_ranks(country, ours):
    said = xinzhi.audit(country(regions=1), ours).summary("en")
    assert "\nIn r0, " in said  # behind whose labour share it is
    assert "rank" not in said

"""The audit that is linear in regions equals the plain one, that compares every region with every other."""

from __future__ import annotations

import numpy as np
import pytest

import xinzhi
from xinzhi.yardstick.audit.multiverse import group_equal_rows
from xinzhi.yardstick.audit.outcomes import QUANTILES, Distinct, Outcomes, compared_regions, spread
from xinzhi.yardstick.capital import invest_once, investment
from xinzhi.yardstick.inputs import deflator


def plain(values, departures, changed):
    """Return the spread by comparing all regions under all protocols."""
    reference, top = values[0], values.max(axis=0)
    own = 1 + (reference > values[:, :, None]).sum(axis=2) - (reference > values)
    ranks = 1 + (values[:, None, :] > values[:, :, None]).sum(axis=2)
    wanted = np.where(own == own.min(axis=0), departures[:, None], departures.max() + 1)
    alone = np.where((changed == 1)[:, None], values, -np.inf)
    return {
        "quantiles": np.quantile(values, QUANTILES, axis=0),
        "ranks": np.quantile(ranks, QUANTILES, axis=0),
        "reference_rank": ranks[0],
        "best_rank": own.min(axis=0),
        "best": np.where(wanted == wanted.min(axis=0), values, -np.inf).argmax(axis=0),
        "single": alone.argmax(axis=0),
        "everyone_rank": 1 + (top > top[:, None]).sum(axis=1),
        "above": (values[:, :, None] > values[:, None, :]).mean(axis=0),
    }


def grouped(values, departures):
    """Return the outcomes with the rows that are the same taken together."""
    lead, which = group_equal_rows(np.unique(values, axis=0, return_inverse=True)[1].reshape(-1, 1), departures)
    np.testing.assert_array_equal(values[lead][which], values)
    return Distinct(values[lead], lead, which)


@pytest.mark.parametrize("seed", range(40))
def test_the_spread_is_that_of_comparing_all(seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(2, 150), rng.integers(1, 70)
    # Half of the panels are full of ties.
    values = rng.integers(0, 6, shape).astype(float) if seed % 2 else rng.normal(size=shape)
    # Several protocols give all regions the same.
    values = values[rng.integers(0, shape[0], shape[0])]
    departures, changed = rng.integers(0, 9, shape[0]), rng.integers(0, 3, shape[0])
    found = spread(grouped(values, departures), departures, changed)
    for name, expected in plain(values, departures, changed).items():
        np.testing.assert_allclose(getattr(found, name), expected, rtol=0, atol=1e-12, err_msg=name)


def test_protocols_whose_figures_are_unknown_and_regions_without_any_are_left_out():
    values = np.array([[1.0, np.nan, 2.0], [3.0, np.nan, 4.0], [np.nan, np.nan, 5.0], [6.0, np.nan, 7.0]])
    which = np.array([0, 1, 2, 1, 3, 0, 2])
    rows, regions, found = Distinct(values, np.array([0, 1, 2, 4]), which).finite()
    assert (rows.tolist(), regions.tolist()) == ([0, 1, 3, 4, 5], [0, 2])
    assert (found.lead.tolist(), found.which.tolist()) == ([0, 1, 3], [0, 1, 1, 2, 0])
    np.testing.assert_array_equal(found.values, [[1, 2], [3, 4], [6, 7]])


def test_what_is_computed_once_an_outcome_is_what_every_protocol_gives(audit):
    estimates = audit.estimates
    whole = np.asarray(estimates)
    for at in range(len(estimates.spans)):
        found = estimates.distinct(at)
        np.testing.assert_array_equal(found.values[found.which], whole[:, :, at])
        np.testing.assert_array_equal(found.which[found.lead], np.arange(len(found.lead)))
    assert len(estimates.distinct(1).values) < len(whole) / 3


def test_estimates_are_the_same_however_they_are_asked_for(audit):
    whole = np.asarray(audit.estimates)
    assert whole.shape == audit.estimates.shape == (audit.protocols.height, 31, len(audit.spans))
    for key in ((slice(None), 3, 0), (5, 3, 2), (7, slice(None), -1), (slice(0, 9), [2, 4], slice(1, 3))):
        np.testing.assert_allclose(audit.estimates[key], whole[key], rtol=0, atol=1e-15)
    for number in (0, 17, audit.protocols.height - 1):
        np.testing.assert_allclose(audit.estimates.of_protocol(number), whole[number], rtol=0, atol=1e-12)
    np.testing.assert_allclose(audit.estimates.of_span(1), whole[:, :, 1], rtol=0, atol=1e-15)


def test_of_many_regions_the_ends_of_the_ranking_are_compared():
    growth = np.random.default_rng(1).permutation(3100).astype(float)
    shown = growth[compared_regions(growth)]
    assert sorted(shown) == [*range(30), *range(3070, 3100)]
    assert len(compared_regions(growth[:400])) == 400


def test_outcomes_that_are_not_kept_are_indexed_as_an_array_is():
    rng = np.random.default_rng(2)
    terms = tuple(rng.normal(size=(rows, 5)) for rows in (3, 4, 2))
    at = tuple(rng.integers(0, len(term), 40) for term in terms)
    outcomes = Outcomes(terms, at)
    whole = terms[0][at[0]] - (terms[1][at[1]] + terms[2][at[2]])
    rows, regions = np.array([7, 0, 39]), np.array([4, 1])
    np.testing.assert_array_equal(np.asarray(outcomes), whole)
    for key in (
        3,
        slice(2, 9),
        rows,
        (slice(2, 9), regions),
        (slice(None), slice(1, 4)),
        (rows, slice(1, 3)),
        (rows, 2),
    ):
        np.testing.assert_array_equal(outcomes[key], whole[key])
    np.testing.assert_array_equal(outcomes[rows[:2], regions], whole[rows[:2], regions])
    np.testing.assert_array_equal(np.asarray(outcomes.select(rows, regions)), whole[np.ix_(rows, regions)])


def test_an_outcome_without_a_figure_for_a_region_is_left_out_of_those_that_are_not_kept_too():
    terms = np.array([[1.0, np.nan, 2.0], [np.nan, np.nan, 5.0]]), np.zeros((1, 3))
    found = Distinct(Outcomes(terms, (np.array([0, 1, 0]), np.zeros(3, dtype=int))), np.arange(3), np.arange(3))
    rows, regions, known = found.finite()
    assert (rows.tolist(), regions.tolist(), known.lead.tolist()) == ([0, 2], [0, 2], [0, 1])
    np.testing.assert_array_equal(np.asarray(known.values), [[1, 2], [1, 2]])


def test_investment_is_that_of_each_branch_though_branches_share_it(audit):
    reference = xinzhi.measure("china-provinces")
    rules = [audit.protocol(number) for number in np.random.default_rng(3).integers(0, audit.protocols.height, 12)]
    once, given = invest_once(reference.protocol), deflator(reference.panel)
    for branch in rules:
        found = once(reference.panel, branch, given, list(reference.panel.assets))
        own = investment(reference.panel, branch, given, list(reference.panel.assets))
        np.testing.assert_array_equal(found.real, own.real)

"""Intervals of ranks and densities: what is drawn, that it can be repeated, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import uncertainty
from xinzhi.pathways.complexity.cells import without_empty
from xinzhi.pathways.complexity.relatedness import present, spectrum
from xinzhi.pathways.complexity.uncertainty import _ends, weighted_index
from xinzhi.pathways.internal import Draws, measure_cells


def measured(n: int = 20, p: int = 15, scale: float = 40.0):
    rng = np.random.default_rng(1)
    ladder = np.linspace(2, -2, n)[:, None] + np.linspace(1.5, -1.5, p)
    values = np.round(scale * np.exp(rng.normal(0, 0.4, (n, p))) * (ladder > 0)) + (ladder > 0)
    values += np.eye(n, p) * 3
    values[values.sum(axis=1) == 0, -1] = 5
    cells = without_empty([f"c{i:02d}" for i in range(n)], [f"a{j:02d}" for j in range(p)], values)
    anchor = dict(zip(cells.places, spectrum(present(cells.values)).places.tolist(), strict=True))
    return measure_cells(cells, anchor=anchor)


def test_without_weights_it_is_the_index_itself():
    found = measured()
    index = spectrum(found.present).places
    standard = (index - index.mean()) / index.std()
    assert np.abs(weighted_index(found.present, np.ones(found.present.shape[1]))) == pytest.approx(
        np.abs(standard), abs=1e-9
    )


def test_the_same_seed_gives_the_same_intervals_and_another_one_others():
    found = measured()
    one, again = (uncertainty(found, draws=Draws(draws=25, seed=3)) for _ in range(2))
    other = uncertainty(found, draws=Draws(draws=25, seed=4))
    assert one.frame.equals(again.frame)
    assert one.density.equals(again.density)
    assert not one.frame.equals(other.frame)


def test_large_counts_leave_nothing_to_chance():
    found = measured()
    sure = uncertainty(found, draws=Draws(source="counts", draws=30, unit=1e-7))
    loose = uncertainty(found, draws=Draws(source="counts", draws=30, unit=10))
    width = (sure.frame["rank_high"] - sure.frame["rank_low"]).mean()
    assert width < 0.5
    assert width < (loose.frame["rank_high"] - loose.frame["rank_low"]).mean()
    assert sure.density["present_share"].is_in([0.0, 1.0]).mean() > 0.99
    assert np.median(sure.agreement) > np.median(loose.agreement)


def test_intervals_contain_what_they_are_about():
    found = measured()
    intervals = uncertainty(found, draws=Draws(draws=60, source="activities"))
    frame = intervals.frame
    assert (frame["rank_low"] <= frame["rank_high"]).all()
    inside = (frame["rank"] >= frame["rank_low"]) & (frame["rank"] <= frame["rank_high"])
    assert inside.mean() > 0.8
    assert frame["top_third"].is_between(0, 1).all()
    density = intervals.density
    assert (density["low"] <= density["high"]).all()
    assert ((density["density"] >= density["low"]) & (density["density"] <= density["high"])).mean() > 0.7
    assert "区间" in intervals.summary("zh")
    assert "interval" in intervals.summary()


def test_ends_of_intervals_are_quantiles_of_what_is_a_number():
    values = np.random.default_rng(0).normal(size=(30, 4))
    values[:7, 1], values[:, 3] = np.nan, np.nan
    low, high = _ends(values, 0.8)
    assert low[:3] == pytest.approx(np.nanquantile(values[:, :3], 0.1, axis=0))
    assert high[:3] == pytest.approx(np.nanquantile(values[:, :3], 0.9, axis=0))
    assert np.isnan([low[3], high[3]]).all()


def test_progress_is_told_after_each_draw():
    seen: list[tuple[int, int]] = []
    uncertainty(measured(), draws=Draws(draws=5, density=False), progress=lambda done, of: seen.append((done, of)))
    assert seen == [(turn, 5) for turn in range(1, 6)]


def test_densities_may_be_left_out():
    assert uncertainty(measured(), draws=Draws(draws=5, density=False)).density is None


@pytest.mark.parametrize(
    ("draws", "message"),
    [
        (Draws(source="guess"), "source 'guess'"),
        (Draws(unit=0), "unit"),
        (Draws(draws=1), "two draws"),
        (Draws(draws=10_000_000), "MB"),
    ],
)
def test_draws_that_make_no_sense_are_refused(draws, message):
    with pytest.raises(UsageError, match=message):
        uncertainty(measured(), draws=draws)


def test_a_matrix_too_thin_for_draws_is_refused_with_the_cure():
    with pytest.raises(InputError, match="restrict"):
        uncertainty(measured(), draws=Draws(draws=10, source="counts", unit=20_000))

"""The catch-up regression once more with dummies and loops, and its placebo written down a second time.

Nothing of the package is used on the side of the reference. Estimates agree to rounding of least squares with some
hundred dummies; the placebo of the reference has draws of its own, so that means agree within their sampling error.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from xinzhi.core.text import sentences
from xinzhi.sources import decompose
from xinzhi.sources.upgrading import catch_up, in_depth

EXACT = 1e-8
DRAWS = 20


@pytest.fixture(scope="module")
def provinces():
    return decompose("china-provinces")


def _dummies(values):
    return (np.asarray(values)[:, None] == np.unique(values)).astype(float)


def _slope(rows, *, years=True):
    """Return the coefficient of the first regressor: rows of growth, regressors, unit and year."""
    y, x, unit, year = (np.array(column) for column in zip(*rows, strict=True))
    design = np.column_stack([x, _dummies(unit), *([_dummies(year)[:, 1:]] if years else [])])
    return np.linalg.lstsq(design, y, rcond=None)[0][0]


def _observations(frame, drivers=None):
    """Return rows with the distance of the year before, its frontier and a driver, where they are behind."""
    known = {row[:3]: row[3:] for row in frame.rows()}
    rows = []
    for (region, industry, year), (growth, frontier, _) in known.items():
        before = known.get((region, industry, year - 1))
        skill = [] if drivers is None else [drivers.get((region, year - 1))]
        if before and before[2] is not None and before[2] > 0 and None not in (growth, frontier, *skill):
            rows.append([growth, [before[2], frontier, *skill], f"{region}|{industry}", year])
    if drivers is not None:
        mean = np.mean([row[1][2] for row in rows])
        for row in rows:
            row[1][2] -= mean
            row[1].append(row[1][0] * row[1][2])
    return rows


def _jackknife(rows, **ways):
    """Return the half-panel jackknife of Dhaene and Jochmans, halves weighted by their years, both ways of halving."""
    first, last = min(row[3] for row in rows), max(row[3] for row in rows)
    span = last - first + 1
    mean = np.mean(
        [
            length / span * _slope([row for row in rows if row[3] - first < length], **ways)
            + (span - length) / span * _slope([row for row in rows if row[3] - first >= length], **ways)
            for length in (span // 2, -(-span // 2))
        ]
    )
    return 2 * _slope(rows, **ways) - mean


def _table(result):
    names = ("region", "industry", "year", "tfp_growth", "frontier_growth", "distance")
    return result.industries.select(names)


def test_both_estimates_are_those_of_dummies(provinces):
    rows = _observations(_table(provinces))
    found = catch_up(provinces.industries)
    assert found.placebo["estimate"].to_list() == ["within", "jackknife"]
    assert found.placebo["coefficient"].to_list() == pytest.approx([_slope(rows), _jackknife(rows)], abs=EXACT)
    assert found.placebo["coefficient"][0] == pytest.approx(found.regression.coefficients[1], abs=EXACT)


@pytest.mark.parametrize("years", [True, False])
def test_holes_and_drivers_are_those_of_dummies(provinces, years):
    rng = np.random.default_rng(3)
    table = _table(provinces).filter(pl.col("region").is_in(["110000", "220000", "310000", "520000", "540000"]))
    table = table.filter(pl.Series(rng.random(table.height) > 0.1))
    skill = {(region, year): float(rng.normal()) for region in table["region"].unique() for year in range(2000, 2024)}
    drivers = pl.DataFrame(
        [(*key, value) for key, value in skill.items()], schema=["region", "year", "skill"], orient="row"
    )
    found = catch_up(table, drivers, names=["skill"], years=years)
    rows = _observations(table, skill)
    assert found.placebo["coefficient"][0] == pytest.approx(_slope(rows, years=years), abs=EXACT)
    assert found.placebo["coefficient"][0] == pytest.approx(found.regression.coefficients[1], abs=EXACT)
    assert found.placebo.select("middle", "low", "high").null_count().sum_horizontal()[0] == 0


def test_provinces_find_no_more_than_a_placebo_with_draws_of_its_own(provinces):
    rng, table = np.random.default_rng(11), _table(provinces)
    years = sorted(table["year"].unique())
    grown = {row[:3]: row[3] for row in table.rows()}
    behind = {row[:2]: row[5] for row in table.rows() if row[2] == years[0]}
    regions, industries = ({key[place] for key in behind} for place in (0, 1))
    slopes = []
    for _ in range(DRAWS):
        orders, rows = {region: rng.permutation(len(years) - 1) for region in sorted(regions)}, []
        for industry in industries:
            common = [np.mean([grown[region, industry, year] for region in regions]) for year in years]
            level = {region: [-behind[region, industry]] for region in regions}
            for region, t in itertools.product(regions, range(1, len(years))):
                s = int(orders[region][t - 1]) + 1
                level[region].append(level[region][-1] + common[t] + grown[region, industry, years[s]] - common[s])
            best = [max(level[region][t] for region in regions) for t in range(len(years))]
            rows += [
                (
                    level[region][t] - level[region][t - 1],
                    [best[t - 1] - level[region][t - 1], best[t] - best[t - 1]],
                    f"{region}|{industry}",
                    t,
                )
                for region, t in itertools.product(sorted(regions), range(1, len(years)))
                if best[t - 1] > level[region][t - 1]
            ]
        slopes.append((_slope(rows), _jackknife(rows)))
    found = catch_up(provinces.industries)
    for place, name in enumerate(("within", "jackknife")):
        row = found.placebo.filter(estimate=name).row(0, named=True)
        own = np.array(slopes)[:, place]
        assert row["middle"] == pytest.approx(own.mean(), abs=3.5 * own.std() / np.sqrt(DRAWS))
        assert row["high"] - row["low"] == pytest.approx(2 * 1.645 * own.std(), rel=0.5)
        assert row["low"] < row["coefficient"] < row["high"]
    assert not found.supported
    assert found.half_life is None


def test_shocks_that_never_differ_make_draws_that_are_the_figures():
    rng = np.random.default_rng(5)
    level = {(r, i): [rng.uniform(0, 1)] for r in "abcdef" for i in "xyz"}
    common, drift = rng.normal(0.03, 0.02, (3, 12)), {key: rng.normal(0, 0.01) for key in level}
    for (r, i), path in level.items():
        for t in range(1, 12):
            path.append(path[-1] + common["xyz".index(i), t] + drift[r, i])
    rows = []
    for (r, i), t in itertools.product(level, range(12)):
        best = [max(level[region, i][year] for region in "abcdef") + 0.2 for year in (max(t - 1, 0), t)]
        if (i, t) != ("y", 6):  # a year that nobody knows, and a frontier ahead of all
            rows.append(
                (
                    r,
                    i,
                    t,
                    level[r, i][t] - level[r, i][max(t - 1, 0)] if t else None,
                    best[1] - best[0],
                    best[1] - level[r, i][t],
                )
            )
    schema = {
        "region": str,
        "industry": str,
        "year": int,
        "tfp_growth": float,
        "frontier_growth": float,
        "distance": float,
    }
    table = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        tfp_growth=pl.when((pl.col("industry") != "y") | (pl.col("year") != 7)).then("tfp_growth")
    )
    found = catch_up(table).placebo
    for name in ("middle", "low", "high"):
        assert found[name].to_list() == pytest.approx(found["coefficient"].to_list(), abs=EXACT)


def _economy(speed, *, years=20, seed=7):
    """Return 15 regions with three industries whose distances close at a speed."""
    rng, rows = np.random.default_rng(seed), []
    for industry in "xyz":
        level = rng.uniform(-1, 0, 15)
        for year in range(years):
            best = level.max()
            grown = 0.02 + rng.normal(0, 0.03, 15) + speed * (best - level)
            now = level + grown
            rows += [(f"r{r:02d}", industry, year, grown[r], now.max() - best, now.max() - now[r]) for r in range(15)]
            level = now
    names = ["region", "industry", "year", "tfp_growth", "frontier_growth", "distance"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_catching_up_is_said_where_there_is_some_and_only_there(provinces):
    closing, still, short = (catch_up(_economy(*case[:1], years=case[1])) for case in ((0.2, 40), (0.0, 20), (0.0, 4)))
    assert closing.supported
    assert closing.half_life == pytest.approx(np.log(2) / -np.log(0.8), rel=0.25)
    assert still.regression.frame["t"][1] > 2  # where nobody catches up
    assert not still.supported
    assert short.placebo["high"].null_count()
    found = replace(in_depth(provinces), alternative=None)  # both shares: tests/unit/sources/test_sources_words.py
    for fit, key, zh, en in (
        (closing, "closing", "落后的行业追赶", "Industries that are behind catch up"),
        (still, "chance", "没有落后行业追赶的证据", "There is no evidence that industries that are behind catch up"),
        (short, "short", "年份太少", "are too few to tell whether"),
    ):
        object.__setattr__(found, "catch_up", fit)
        facts = {name: value for name, value in found.facts().items() if name == f"upgrading.{key}"}
        (said,) = sentences(facts, "sources")
        assert zh in said.zh
        assert en.lower() in said.en.lower()
        assert ("half of a distance" in said.en) == (key == "closing")

"""The provinces once more in plain Python from the files of the package, and a made-up economy in numpy.

Nothing of it is used on the side of the reference. Official inputs and growth are those of `measure`, which has
references of its own; sectors, their capital, reallocation, levels and frontier are written down from the formulas of
docs/sources.md. Tolerance: rounding of float64.
"""

from __future__ import annotations

import csv
from importlib import resources
from math import exp, isfinite, log

import numpy as np
import polars as pl
import pytest

from xinzhi.sources import decompose

EXACT = 1e-12
LOSS = 0.096  # capital.depreciation of xinzhi-cn-2026
SECTORS, YEARS = "123", range(2003, 2018)


def _rows(name):
    path = resources.files("xinzhi.data") / "packages" / "china-provinces" / f"{name}.csv"
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _number(text):
    return float(text) if text else float("nan")


def _keyed(name, column):
    return {(row["region"], row["sector"], int(row["year"])): _number(row[column]) for row in _rows(name)}


def _split(spent, region):
    """Return the sectors' shares of investment, a hole on the straight line between its neighbours."""
    money = {year: [spent.get((region, s, year), float("nan")) for s in SECTORS] for year in YEARS}
    known = [year for year in YEARS if isfinite(sum(money[year]))]
    share = {year: [value / sum(money[year]) for value in money[year]] for year in known}
    for year in YEARS:
        if year not in share:
            low, high = max(y for y in known if y < year), min(y for y in known if y > year)
            part = (year - low) / (high - low)
            share[year] = [a + part * (b - a) for a, b in zip(share[low], share[high], strict=True)]
    return share


def _capital(share, index, official, region):
    """Return the stocks of the sectors: a steady state in 2003, then shares of what the official stock gained."""
    pace = [exp(sum(log(index[region, s, y] / 100) for y in range(1999, 2004)) / 5) - 1 for s in SECTORS]
    early = [sum(share[y][at] for y in (2003, 2004, 2005)) for at in range(3)]
    start = [part / max(LOSS + grown, LOSS / 2) for part, grown in zip(early, pace, strict=True)]
    stock = {2003: [part / sum(start) * official[region, 2003]["capital"] for part in start]}
    for year in YEARS[1:]:
        gained = official[region, year]["capital"] - (1 - LOSS) * official[region, year - 1]["capital"]
        stock[year] = [(1 - LOSS) * k + part * gained for k, part in zip(stock[year - 1], share[year], strict=True)]
    return stock


def test_provinces_in_plain_python():
    result = decompose("china-provinces")
    official = {(row["region"], row["year"]): row for row in result.measurement.inputs.iter_rows(named=True)}
    growth = {(row["region"], row["year"]): row for row in result.measurement.frame.iter_rows(named=True)}
    ours = {(row["region"], row["year"]): row for row in result.frame.iter_rows(named=True)}
    regions = sorted({region for region, _ in ours})
    value, index = (_keyed("sector_accounts", name) for name in ("output_nominal", "output_index_previous_year_100"))
    people, spent = _keyed("sector_accounts", "employment"), _keyed("sector_investment", "investment_nominal")
    weight, residual, first, gaps = {}, {}, {}, []
    for region in regions:
        stock = _capital(_split(spent, region), index, official, region)
        first[region] = stock[2003]
        for year in YEARS[1:]:
            rule = growth[region, year]
            labour, capital = rule["labour_share"], 1 - rule["labour_share"]
            shares = [
                [value[region, s, y] / sum(value[region, q, y] for q in SECTORS) for s in SECTORS]
                for y in (year - 1, year)
            ]
            w = [(a + b) / 2 for a, b in zip(*shares, strict=True)]
            made = [log(index[region, s, year] / 100) for s in SECTORS]
            gap = rule["output_growth"] - sum(a * b for a, b in zip(w, made, strict=True))
            dk = [log(b / a) for a, b in zip(stock[year - 1], stock[year], strict=True)]
            crowd = [sum(people[region, s, y] for s in SECTORS) for y in (year - 1, year)]
            dl = [
                log(people[region, s, year] / crowd[1] / (people[region, s, year - 1] / crowd[0]))
                + rule["labour_growth"]
                for s in SECTORS
            ]
            skill = rule["human_capital_growth"]
            own = [y + gap - capital * k - labour * (n + skill) for y, k, n in zip(made, dk, dl, strict=True)]
            moved = capital * (sum(a * b for a, b in zip(w, dk, strict=True)) - rule["capital_growth"])
            moved += labour * (sum(a * b for a, b in zip(w, dl, strict=True)) - rule["labour_growth"])
            gaps += [moved - ours[region, year]["allocation"]]
            gaps += [sum(a * b for a, b in zip(w, own, strict=True)) + moved - rule["tfp_growth"]]
            weight[region, year], residual[region, year] = w, own
    assert max(map(abs, gaps)) < EXACT
    level = _first_levels(regions, (value, index, people, first), official)
    for year in YEARS[1:]:
        before = [max(level[region][at] for region in regions) for at in range(3)]
        for region in regions:
            level[region] = [a + b for a, b in zip(level[region], residual[region, year], strict=True)]
        advance = [max(level[region][at] for region in regions) - before[at] for at in range(3)]
        for region in regions:
            told = sum(a * b for a, b in zip(weight[region, year], advance, strict=True))
            assert abs(told - ours[region, year]["breakthrough"]) < EXACT


def _first_levels(regions, series, official):
    """Return log levels of 2003 by sector: Caves, Christensen and Diewert against the mean of the regions."""
    value, index, people, capital = series
    rows = {}
    for region in regions:
        crowd = sum(people[region, s, 2003] for s in SECTORS)
        here = official[region, 2003]
        rows[region] = [
            (
                log(value[region, s, 2000]) + sum(log(index[region, s, y] / 100) for y in range(2001, 2004)),
                log(capital[region][at]),
                log(people[region, s, 2003] / crowd * here["labour"] * here["human_capital"]),
            )
            for at, s in enumerate(SECTORS)
        ]
    mean = np.mean([rows[region] for region in regions], axis=0)
    usual = np.mean([official[region, 2003]["labour_share"] for region in regions])
    out = {}
    for region in regions:
        labour = (official[region, 2003]["labour_share"] + usual) / 2
        away = np.array(rows[region]) - mean
        out[region] = (away[:, 0] - (1 - labour) * away[:, 1] - labour * away[:, 2]).tolist()
    return out


def _two(values):
    return (values[..., 1:] + values[..., :-1]) / 2


def _step(values):
    return np.diff(np.log(values), axis=-1)


def _paths(rng, shape, spread, pace):
    begin, steps = rng.normal(3, spread, (*shape[:2], 1)), rng.normal(pace, 0.04, shape)
    return np.exp(begin + np.cumsum(steps, axis=-1))


@pytest.mark.parametrize("best_of", [1, 2])
@pytest.mark.parametrize("gross", [False, True])
def test_three_regions_and_four_industries_in_numpy(best_of, gross):
    shape, rng = (3, 4, 6), np.random.default_rng(7)
    capital, labour, whole = (
        _paths(rng, shape, spread, pace) for spread, pace in ((0.6, 0.06), (0.5, 0.01), (0.5, 0.05))
    )
    price, price_bought = (np.exp(np.cumsum(rng.normal(0.02, 0.03, shape), axis=-1)) for _ in range(2))
    share = np.clip(rng.uniform(0.3, 0.7, (1, 4, 1)) + rng.normal(0, 0.02, shape), 0.1, 0.9)
    bought = np.clip(rng.uniform(0.3, 0.7, (1, 4, 1)) + rng.normal(0, 0.03, shape), 0.1, 0.9) * gross
    price, price_bought = price / price[..., :1], price_bought / price_bought[..., :1]
    spent = bought * whole * price
    money = whole * price - spent
    part = money / money.sum(axis=1, keepdims=True)
    weight, s, m = _two(part), _two(share), _two(bought)
    dm = _step(spent / price_bought) if gross else 0.0
    added = (_step(whole) - m * dm) / (1 - m)
    total = np.concatenate([np.zeros((3, 1)), np.cumsum((weight * added).sum(axis=1), axis=-1)], axis=-1)
    tables = _tables((money, capital, labour, share), np.exp(total) * money.sum(axis=1)[:, :1])
    columns = (
        {
            "gross_output_nominal": whole * price,
            "gross_output_real": whole,
            "intermediate_nominal": spent,
            "intermediate_real": spent / price_bought,
        }
        if gross
        else {"output_real": whole}
    )
    tables["industry_accounts"] = tables["industry_accounts"].with_columns(
        pl.Series(name, values.ravel()) for name, values in columns.items()
    )
    result = decompose(tables, emerging=["b", "d"], assume={"best_of": best_of})
    frame = result.frame.sort("region", "year")
    found = {
        name: frame[name].to_numpy().reshape(3, 5) for name in frame.columns if name not in {"region", "year", "flags"}
    }
    ruler = result.measurement.frame.sort("region", "year")["labour_share"].to_numpy().reshape(3, 5)
    official = np.diff(total) - (1 - ruler) * _step(capital.sum(axis=1)) - ruler * _step(labour.sum(axis=1))
    inputs = (1 - s) * _step(capital) + s * _step(labour)
    residual = (added - inputs) * (1 - m)
    moved = (weight * inputs).sum(axis=1) - (1 - ruler) * _step(capital.sum(axis=1)) - ruler * _step(labour.sum(axis=1))
    level = np.log(whole[..., 0]) - np.log(whole[..., 0]).mean(axis=0)
    costs = (
        (capital, (1 - share) * (1 - bought)),
        (labour, share * (1 - bought)),
        (spent if gross else capital, bought),
    )
    for values, cost in costs:
        logs, now = np.log(values[..., 0]), cost[..., 0]
        level = level - (now + now.mean(axis=0)) / 2 * (logs - logs.mean(axis=0))
    levels = level[..., None] + np.concatenate([np.zeros((3, 4, 1)), np.cumsum(residual, axis=-1)], axis=-1)
    best = np.diff(np.sort(levels, axis=0)[-best_of:].mean(axis=0), axis=-1)
    domar = weight / (1 - m)
    behind = domar * (residual - best)
    assert np.abs(found["tfp_growth"] - official).max() < EXACT
    assert np.abs(found["allocation"] - moved).max() < EXACT
    assert np.abs(found["breakthrough"] - (domar * best).sum(axis=1)).max() < EXACT
    assert np.abs(found["upgrading_traditional"] - behind[:, [0, 2]].sum(axis=1)).max() < EXACT
    assert np.abs(found["upgrading_emerging"] - behind[:, [1, 3]].sum(axis=1)).max() < EXACT
    last = result.periods.filter(start=2000, end=2005).sort("region")
    assert np.abs(last["allocation"].to_numpy() * 5 - moved.sum(axis=1)).max() < EXACT


def _tables(series, real):
    money, capital, labour, share = series
    names = ("output_nominal", "capital", "employment")
    place = {
        "region": np.repeat(["R1", "R2", "R3"], 24),
        "industry": np.tile(np.repeat(list("abcd"), 6), 3),
        "year": np.tile(np.arange(2000, 2006), 12),
    }
    cells = dict(zip(names, (money.ravel(), capital.ravel(), labour.ravel()), strict=True))
    sums = dict(zip(names, (values.sum(axis=1).ravel() for values in (money, capital, labour)), strict=True))
    mean = ((share * money).sum(axis=1) / money.sum(axis=1)).ravel()
    whole = {"region": np.repeat(["R1", "R2", "R3"], 6), "year": np.tile(np.arange(2000, 2006), 3)}
    return {
        "accounts": pl.DataFrame(whole | sums | {"output_real": real.ravel(), "labour_share": mean}),
        "industry_accounts": pl.DataFrame(place | cells | {"labour_share": share.ravel()}),
    }

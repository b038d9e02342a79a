"""Decompose 300 cities x 40 industries x 20 years, beside the same identity in a loop over regions and years.

Both see one made-up economy with measurement error. Prints CPU seconds of both (the loop on 30 cities, scaled), the
largest difference of their reallocation, and, over 40 smaller economies, how far the three sources are from the truth
that the economies were made with, in Monte-Carlo standard errors.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import polars as pl

import xinzhi
from made_up_economy import Recipe, made_up_economy
from xinzhi.sources import decompose

CITIES, INDUSTRIES, YEARS, CPU_LIMIT, LOOP_CITIES, DRAWS, ERRORS = 300, 40, 20, 3.0, 30, 40, 4.0
SAME = 1e-10


def main() -> int:
    """Print the figures; 1 when a limit is missed."""
    economy = made_up_economy(CITIES, INDUSTRIES, YEARS, recipe=Recipe(noise=0.01), seed=1)
    start = time.process_time()
    package = xinzhi.load(economy.tables)
    read = time.process_time() - start
    times = []
    for _ in range(3):
        start = time.process_time()
        result = decompose(package, emerging=["i00", "i01"])
        times.append(time.process_time() - start)
    cpu = sorted(times)[1]
    start = time.process_time()
    slow = _loop(economy.tables, LOOP_CITIES)
    loop = (time.process_time() - start) * CITIES / LOOP_CITIES
    both = result.frame.join(slow, on=["region", "year"])
    gap = float((both["allocation"] - both["slow"]).abs().to_numpy().max())
    size = f"{CITIES} cities x {INDUSTRIES} industries x {YEARS} years"
    print(f"decompose {size}: {cpu:.2f} s CPU (limit {CPU_LIMIT:.0f} s)")
    print(f"  reading and checking the {CITIES * INDUSTRIES * YEARS:,} rows beforehand: {read:.2f} s CPU")
    print(f"reallocation in a loop ({LOOP_CITIES} cities timed, scaled): {loop:.1f} s CPU, ratio {loop / cpu:.0f}")
    print(f"largest difference of reallocation {gap:.1e}; identity gap {result.identity_gap:.1e}")
    return int(cpu > CPU_LIMIT or gap > SAME or not _recovered())


def _loop(tables: dict[str, pl.DataFrame], cities: int) -> pl.DataFrame:
    """Return reallocation as one would write it down: region by region, year by year, industry by industry."""
    rows = tables["industry_accounts"]
    columns = ("region", "industry", "year", "output_nominal", "capital", "employment")
    known = {(r, i, t): v for r, i, t, *v in rows.select(columns).iter_rows()}
    industries = rows["industry"].unique().sort().to_list()
    years, out = rows["year"].unique().sort().to_list(), []
    for region in rows["region"].unique().sort().to_list()[:cities]:
        for year in years[1:]:
            now, then = ([known[region, i, t] for i in industries] for t in (year, year - 1))
            made, before = sum(v[0] for v in now), sum(v[0] for v in then)
            moved = 0.0
            for new, old in zip(now, then, strict=True):
                weight = (new[0] / made + old[0] / before) / 2
                moved += weight * 0.5 * (np.log(new[1] / old[1]) + np.log(new[2] / old[2]))
            for factor in (1, 2):
                moved -= 0.5 * np.log(sum(v[factor] for v in now) / sum(v[factor] for v in then))
            out.append((region, year, float(moved)))
    return pl.DataFrame(out, schema=["region", "year", "slow"], orient="row")


def _recovered() -> bool:
    """Print how far the sources are from the truth over many draws; False when one is out of Monte-Carlo error."""
    names, errors = ("breakthrough", "allocation", "upgrading"), []
    for draw in range(DRAWS):
        economy = made_up_economy(20, 6, 12, recipe=Recipe(noise=0.01), seed=100 + draw)
        frame = decompose(xinzhi.load(economy.tables)).frame.join(economy.truth, on=["region", "year"], suffix="_true")
        errors.append([frame.select((pl.col(n) - pl.col(f"{n}_true")).mean()).item() for n in names])
        truth = frame.select(pl.col(f"{n}_true").mean() for n in names).row(0)
    spread = np.array(errors)
    mean, error = spread.mean(axis=0), spread.std(axis=0, ddof=1) / np.sqrt(DRAWS)
    print(f"{DRAWS} economies with 1 % error in output, mean error of each source in percentage points a year:")
    for name, value, one, true in zip(names, mean, error, truth, strict=True):
        print(f"  {name:13s} {100 * value:+.4f} (standard error {100 * one:.4f}; last draw's truth {100 * true:+.2f})")
    return bool((np.abs(mean) <= ERRORS * error + 1e-5).all())


if __name__ == "__main__":
    sys.exit(main())

"""Made-up firms, so few of an industry that what is told of them has to be withheld."""

from __future__ import annotations

import numpy as np
import polars as pl


def few(sizes, years=(2001, 2002), seed=3):
    """Return made-up firms, so many in each industry."""
    rng, rows, firm = np.random.default_rng(seed), [], 0
    for industry, n in sizes.items():
        for _ in range(n):
            firm += 1
            for year in years:
                capital, labour = np.exp(rng.normal(5, 1)), np.exp(rng.normal(3, 1))
                output = capital**0.4 * labour**0.6 * np.exp(rng.normal(0, 0.5))
                rows.append((firm, year, industry, output, capital, labour, 0.55 * output))
    named = ["firm", "year", "industry", "output", "capital", "labour", "wages"]
    return pl.DataFrame(rows, schema=named, orient="row")

# /// script
# requires-python = ">=3.11"
# dependencies = ["marimo", "xinzhi"]
# ///
"""A county package of SYNTHETIC figures: thirty made-up counties, declared, measured and ranked."""

from __future__ import annotations

import marimo

app = marimo.App(app_title="A county package (synthetic)")


@app.cell
def _():
    import numpy as np
    import polars as pl

    import xinzhi as xz

    return np, pl, xz


@app.cell
def _(np, pl):
    # Every figure here is made up by a generator of random numbers. The codes exist nowhere.
    made = np.random.default_rng(7)
    years, codes = np.arange(1996, 2024), [f"99{number:04d}" for number in range(1, 31)]

    def path(mean, spread, level):
        steps = made.normal(mean, spread, (len(codes), len(years)))
        return (level * made.uniform(0.5, 2, (len(codes), 1)) * np.exp(steps.cumsum(axis=1))).ravel()

    keys = {"region": np.repeat(codes, len(years)), "year": np.tile(years, len(codes))}
    real = path(0.08, 0.02, 20.0)
    accounts = pl.DataFrame(
        {
            **keys,
            "output_nominal": real * np.tile(np.exp(0.03 * (years - 2000)), len(codes)),
            "output_real": real,
            "employment": path(0.005, 0.01, 15.0),
            "labour_share": made.uniform(0.45, 0.55, len(real)),
            "schooling": np.tile(np.linspace(6.5, 9.5, len(years)), len(codes)),
        }
    )
    investment = pl.DataFrame(
        {
            **keys,
            "asset": "total",
            "investment_nominal": path(0.1, 0.05, 6.0),
            "investment_price": np.tile(np.exp(0.02 * (years - 2000)), len(codes)),
        }
    )
    regions = pl.DataFrame(
        {
            "region": codes,
            "name_zh": [f"虚构县{n}" for n in range(1, 31)],
            "name_en": [f"Made-up county {n}" for n in range(1, 31)],
        }
    )
    return accounts, investment, regions


@app.cell
def _(accounts, investment, regions, xz):
    package = xz.load({"accounts": accounts, "investment": investment, "regions": regions})
    print(len(package.findings), "findings")
    return (package,)


@app.cell
def _(package, xz):
    measured = xz.measure(package, "xinzhi-cn-2026")
    print(measured.summary())
    measured
    return (measured,)


if __name__ == "__main__":
    app.run()

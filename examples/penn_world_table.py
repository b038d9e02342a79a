# /// script
# requires-python = ">=3.11"
# dependencies = ["marimo", "xinzhi"]
# ///
"""The Penn World Table again: the published TFP of every country and year from the inputs in your own download."""

from __future__ import annotations

import marimo

app = marimo.App(app_title="Replicate the Penn World Table")


@app.cell
def _():
    import os
    from pathlib import Path

    import polars as pl

    import xinzhi as xz

    named = [os.environ.get("XINZHI_PWT", ""), "pwt1001.dta", "pwt1001.xlsx", "pwt1001.csv"]
    file = next((Path(name) for name in named if name and Path(name).is_file()), None)
    if file is None:
        print("skipped: no pwt1001.dta or .xlsx here; download it from the Groningen Growth and Development Centre,")
        print("or name it by the environment variable XINZHI_PWT")
    return file, pl, xz


@app.cell
def _(file, xz):
    package = None if file is None else xz.data.connect("pwt", file)
    measured = None if package is None else xz.measure(package, "pwt-10.01")
    if measured is not None:
        print(measured.summary())
    measured
    return (measured,)


@app.cell
def _(file, measured, pl):
    furthest = None
    if measured is not None and file.suffix == ".csv":
        table = pl.read_csv(file, infer_schema_length=None, null_values="NA").sort("countrycode", "year")
        growth = pl.col("rtfpna").log().diff().over("countrycode")
        published = table.select("year", region="countrycode", published=growth)
        both = measured.frame.join(published, on=["region", "year"]).drop_nulls("published")
        furthest = both.select((pl.col("tfp_growth") - pl.col("published")).abs().max()).item()
        print(f"{both.height} country-years; largest difference from the published rtfpna: {furthest:.1e}")
        assert furthest < 1e-6
    return (furthest,)


if __name__ == "__main__":
    app.run()

# /// script
# requires-python = ">=3.11"
# dependencies = ["marimo", "xinzhi"]
# ///
"""Your own figures from Excel: a workbook with a sheet per table and one of units, read, checked and measured."""

from __future__ import annotations

import marimo

app = marimo.App(app_title="Own data from Excel")


@app.cell
def _():
    import tempfile
    from pathlib import Path

    import polars as pl
    import xlsxwriter

    import xinzhi as xz

    return Path, pl, tempfile, xlsxwriter, xz


@app.cell
def _(Path, pl, tempfile, xlsxwriter, xz):
    # Three provinces stand for your regions: output in millions, employed persons in thousands.
    shipped = xz.load("china-provinces").tables
    mine = pl.col("region").is_in(["310000", "320000", "330000"])
    accounts = shipped["accounts"].filter(mine)
    accounts = accounts.with_columns(pl.col("output_nominal", "output_real") * 100, pl.col("employment") * 10)
    units = [
        ("accounts", "output_nominal", "million CNY"),
        ("accounts", "output_real", "million CNY at 2000 prices"),
        ("accounts", "employment", "thousand persons"),
        ("investment", "investment_price", "index 2000=1"),
    ]
    path = Path(tempfile.mkdtemp()) / "my-regions.xlsx"
    with xlsxwriter.Workbook(path) as book:
        accounts.write_excel(book, worksheet="accounts")
        shipped["investment"].filter(mine).write_excel(book, worksheet="investment")
        pl.DataFrame(units, schema=["table", "column", "unit"], orient="row").write_excel(book, worksheet="units")
    return (path,)


@app.cell
def _(path, xz):
    package = xz.load(path)
    for finding in package.findings[:3]:
        print(finding.severity, finding.sentence("en"))
    return (package,)


@app.cell
def _(package, xz):
    measured = xz.measure(package)
    print(measured.summary())
    measured
    return (measured,)


@app.cell
def _(measured, pl, xz):
    # The national series stand in the protocol: a region has the figure that it has among all 31.
    everywhere = xz.measure("china-provinces").frame.select("region", "year", among_all="tfp_growth")
    both = measured.frame.join(everywhere, on=["region", "year"])
    furthest = both.select((pl.col("tfp_growth") - pl.col("among_all")).abs().max()).item()
    print(f"largest difference from the same region among all 31: {furthest:.1e}")
    assert furthest < 1e-9
    return both, furthest


if __name__ == "__main__":
    app.run()

# /// script
# requires-python = ">=3.11"
# dependencies = ["marimo", "xinzhi"]
# ///
"""The first hour: from a package to a ranking with its ranges, one number explained, and a report."""

from __future__ import annotations

import marimo

app = marimo.App(app_title="The first hour")


@app.cell
def _():
    import tempfile

    import xinzhi as xz

    package = xz.load("china-provinces")
    print(package.title.en, package.version, "-", len(package.findings), "findings")
    return package, tempfile, xz


@app.cell
def _(package, xz):
    measured = xz.measure(package)  # the growth accounts of 31 provinces under the reference protocol
    print(measured.summary())
    measured
    return (measured,)


@app.cell
def _(measured, xz):
    bands = xz.bands(measured)  # how far the estimated years may be off, and which ranks can be told apart
    newest = bands.frame.filter(component="all").sort("end", "median", descending=True)
    print(newest.select("region", "start", "end", "median", "low", "high", "rank_low", "rank_high").head(5))
    bands
    return (bands,)


@app.cell
def _(measured):
    number = measured.explain("520000", 2015)  # one number of Guizhou: every input, parameter and reference behind it
    print(str(number)[:600])
    return (number,)


@app.cell
def _(package, tempfile, xz):
    made = xz.study("assess", package, only=("scope",))
    files = made.write(tempfile.mkdtemp(), "zh")  # page, workbooks, tables and a certificate
    print(*sorted(path.name for path in files), sep="\n")
    return files, made


if __name__ == "__main__":
    app.run()

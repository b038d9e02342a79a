# /// script
# requires-python = ">=3.11"
# dependencies = ["marimo", "xinzhi"]
# ///
"""A published growth rate under audit: what the reference protocol gives, and what one must change to get there."""

from __future__ import annotations

import marimo

app = marimo.App(app_title="Audit a claim")


@app.cell
def _():
    import xinzhi as xz

    package = xz.load("china-provinces")
    return package, xz


@app.cell
def _(package, xz):
    claim = xz.check_claim(package, region="贵州", start=2012, end=2017, growth="3.4%")
    print(claim.verdict)
    print(claim.summary())
    claim
    return (claim,)


@app.cell
def _(claim):
    print(claim.departures.head(5))  # the fewest changes of the protocol that give the figure
    return


@app.cell
def _(claim, xz):
    xz.show(claim, "zh")  # the same in Chinese
    return


if __name__ == "__main__":
    app.run()

"""In depth: what the regions of a decomposition put into new technology, and what their TFP has to do with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.regression import Regression
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, words
from xinzhi.data import Package
from xinzhi.sources.assumptions import left_out, left_out_facts, setting
from xinzhi.sources.innovation.knowledge_stock import innovation_shares, knowledge_elasticity, knowledge_stock
from xinzhi.sources.result import Sources


@dataclass(frozen=True, repr=False, kw_only=True)
class Innovation(Result, verb="sources_innovation", topic="sources", key=("region", "year", "share")):
    """What the regions put into new technology: shares as ratios, from `innovation_shares`.

    `stock` of knowledge is at constant prices, None without R&D expenditure; `elasticity` is of TFP on the stock of the
    year before, None where it cannot be estimated; `left_out` is what the package does not allow.
    """

    stock: pl.DataFrame | None
    elasticity: Regression | None
    left_out: pl.DataFrame
    regions: pl.DataFrame

    def leading(self) -> pl.DataFrame:
        """Return ``region, year, value`` of the first share of the conventions that there is, its last year."""
        known = self.frame["share"].unique().to_list()
        name = next(name for name in setting("shares") if name in known)
        rows = self.frame.filter(pl.col("share") == name)
        last = rows.group_by("year").len().sort("len", "year").row(-1)[0]
        return rows.filter(pl.col("year") == last).sort("value", descending=True)

    def facts(self) -> Facts:
        """Return which regions lead and trail in the leading share, and what TFP has to do with knowledge."""
        rows = self.leading()
        first, last = rows.row(0, named=True), rows.row(-1, named=True)
        high, low = self.names.region(first["region"]), self.names.region(last["region"])
        ends = {"high": high, "low": low, "most": first["value"], "least": last["value"], "year": first["year"]}
        told = {"innovation.ends": ends | {"title": share_title(first["share"])}}
        return {**told, **_elasticity(self.elasticity), **left_out_facts(self.left_out)}


def share_title(name: str) -> Text:
    """Return the title of a share of the conventions."""
    entry = setting("shares")[name]
    return Text(zh=entry["zh"], en=entry["en"])


def in_depth(result: Sources, package: Package) -> Innovation:
    """Look deeper into breakthrough: shares of innovation, the stock of knowledge, and what TFP has to do with it.

    Parameters
    ----------
    result, package
        A decomposition of the package, and the package, for its tables `indicators` and `accounts`.

    Raises
    ------
    InputError
        When the package has no indicator that a share takes.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> found = in_depth(xinzhi.sources.decompose(package), package)
    >>> found.leading()["region"][0], found.left_out["measure_en"].to_list()
    ('110000', [])
    """
    found = innovation_shares(package)
    lacking = [
        (share_title(name), words("sources.measure.no_indicator", missing=missing.split(", ")))
        for name, missing, *_ in found.missing.rows()
    ]
    if not found.frame.height:
        raise InputError("sources.no-innovation", name=package.name, why=[why for _, why in lacking])
    stock = fit = None
    try:
        stock = knowledge_stock(_research(package), value="value", price="price")
        fit = knowledge_elasticity(result.measurement.levels, stock)
    except InputError as error:
        lacking.append((words("sources.measure.knowledge"), error.text))
    return Innovation(
        frame=found.frame.select("region", "year", "share", "value"),
        stock=stock,
        elasticity=fit,
        left_out=left_out(lacking),
        regions=result.measurement.regions,
        kind=result.kind,
        names=result.names,
        provenance=replace(
            result.provenance,
            verb="sources.innovation",
            inputs={**result.provenance.inputs, "indicators": package.fingerprint("indicators")},
        ),
    )


def _research(package: Package) -> pl.DataFrame:
    """Return R&D expenditure and the price of the region's output, which stands in for one of research."""
    name = setting("flow")
    spent = package.tables["indicators"].filter(pl.col("indicator") == name).select("region", "year", "value")
    if not spent.height:
        raise InputError("sources.no-research", package=package.name, name=name)
    columns = ["region", "year", "output_nominal", "output_real"]
    accounts = package.require("accounts", columns, verb="sources.innovation", despite=("missing-year",))
    price = accounts.select("region", "year", price=pl.col("output_nominal") / pl.col("output_real"))
    return spent.drop_nulls().join(price.drop_nulls(), on=["region", "year"], how="left")


def _elasticity(fit: Regression | None) -> Facts:
    """Return whether TFP grew with knowledge, by the sign and size of the coefficient."""
    if fit is None:
        return {}
    value, error = float(fit.coefficients[0]), float(fit.standard_errors[0])
    clear = abs(value) >= setting("significant") * error
    way = "none" if not clear else "faster" if value > 0 else "slower"
    return {"innovation.elasticity": {"way": way, "value": value, "error": error}}

"""In depth: how the structure of every region changed under a decomposition, and whether industries catch up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, words
from xinzhi.sources.assumptions import left_out, left_out_facts, setting
from xinzhi.sources.result import Sources
from xinzhi.sources.upgrading.structural_change import (
    CatchUp,
    advancement,
    catch_up,
    rationalisation,
    structural_change,
)


@dataclass(frozen=True, repr=False, kw_only=True)
class Upgrading(Result, verb="sources_upgrading", topic="sources", key=("region", "year")):
    """How the structure of the regions changed, and whether their industries catch up with best practice.

    ``lilien`` and ``nav`` are its speed, of labour, ``theil`` its rationalisation, ``advancement`` and ``moore`` its
    advancement, of value added (null where the industries have no order). `catch_up` is None where it cannot be
    estimated; `left_out` is what these industries do not allow.
    """

    catch_up: CatchUp | None
    left_out: pl.DataFrame
    regions: pl.DataFrame

    def change(self) -> pl.DataFrame:
        """Return first and last structure of every region, and speed: the mean share of labour that moved in a year."""
        year, both = pl.col("year"), pl.col("theil", "advancement")
        rows = self.frame.sort("region", "year").group_by("region", maintain_order=True)
        return rows.agg(
            year.first().alias("start"),
            year.last().alias("end"),
            pl.col("nav").mean().alias("speed"),
            both.first().name.suffix("_start"),
            both.last().name.suffix("_end"),
        )

    def facts(self) -> Facts:
        """Return in how many regions the structure became more rational and advanced, and how fast distances close."""
        return {**_turned(self.change()), **_closed(self.catch_up), **left_out_facts(self.left_out)}


def in_depth(result: Sources) -> Upgrading:
    """Look deeper into upgrading: speed of structural change, rationalisation, advancement, catching up.

    Takes a decomposition by industries or sectors; an `InputError` says that there is one industry only.

    Examples
    --------
    >>> import polars as pl
    >>> from xinzhi.sources import decompose
    >>> found = in_depth(decompose("china-provinces"))
    >>> found.frame.columns[2:], round(found.catch_up.half_life)
    (['lilien', 'nav', 'theil', 'advancement', 'moore'], 11)
    >>> found.change().filter(pl.col("advancement_end") > pl.col("advancement_start")).height
    30
    """
    rows = result.inputs
    if rows["industry"].n_unique() <= 1:
        raise InputError("sources.upgrading-needs")
    speed = structural_change(rows)
    frame = rationalisation(rows, output="output_nominal").join(speed, on=["region", "year"], how="left")
    turned, lacking = _advancement(rows)
    frame = frame.join(turned, on=["region", "year"], how="left").sort("region", "year")
    fit, behind = _catch_up(result)
    return Upgrading(
        frame=frame.select("region", "year", "lilien", "nav", "theil", "advancement", "moore"),
        catch_up=fit,
        left_out=left_out([*lacking, *behind]),
        regions=result.measurement.regions,
        kind=result.kind,
        names=result.names,
        provenance=replace(result.provenance, verb="sources.upgrading"),
    )


def _catch_up(result: Sources) -> tuple[CatchUp | None, list[tuple[Text, Text]]]:
    """Return the regression on the distance to best practice; None where there is none, and why."""
    what = words("sources.measure.catch_up")
    if not result.industries["distance"].is_not_null().any():
        return None, [(what, words("sources.measure.no_frontier"))]
    try:
        return catch_up(result.industries), []
    except InputError as error:
        return None, [(what, error.text)]


def _advancement(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[Text, Text]]]:
    """Return the Moore value; nulls where the industries have no order, and why."""
    order = [str(name) for name in setting("sector_order")]
    if set(rows["industry"].unique()) <= set(order):
        return advancement(rows, value="output_nominal", order=order), []
    none = rows.select("region", "year").unique().with_columns(advancement=pl.lit(None, pl.Float64), moore=None)
    reason = words("sources.measure.no_order", order=order)
    return none.with_columns(pl.col("moore").cast(pl.Float64)), [(words("sources.measure.advancement"), reason)]


def _turned(change: pl.DataFrame) -> Facts:
    """Return in how many regions the structure became more rational and more advanced."""
    if not change.height:
        return {}
    ordered = bool(change["advancement_end"].is_not_null().any())
    turned = {
        "n": change.height,
        "start": change["start"].min(),
        "end": change["end"].max(),
        "closer": change.filter(change["theil_end"] < change["theil_start"]).height,
        "higher": change.filter(change["advancement_end"] > change["advancement_start"]).height,
        "speed": change["speed"].mean(),
    }
    return {("upgrading.turned" if ordered else "upgrading.rational"): turned}


def _closed(fit: CatchUp | None) -> Facts:
    """Return how fast a distance to best practice closes, by the sign of the coefficient."""
    if fit is None:
        return {}
    at = fit.regression.names.index("distance")
    speed, error = (float(values[at]) for values in (fit.regression.coefficients, fit.regression.standard_errors))
    key = "upgrading.open" if fit.half_life is None else "upgrading.closing"
    return {key: {"speed": speed, "error": error, "years": fit.half_life}}

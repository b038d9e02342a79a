"""What the decompositions of firms are of: labour productivity or TFP, at current prices or those of one year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi import micro
from xinzhi.core.errors import InputError
from xinzhi.core.text import same
from xinzhi.data import read_any
from xinzhi.micro import Panel

_KEYS = ("industry", "year")


def measure(plan: Any) -> str:  # noqa: ANN401 - a plan, or a mapping of its words
    """Return which words tell what is decomposed: labour productivity or TFP, at current or constant prices."""
    told = plan if isinstance(plan, Mapping) else vars(plan)
    return f"{told['value']}-{'constant' if told['deflator'] else 'current'}"


def read_deflator(path: str, held: Panel, value: str) -> pl.DataFrame:
    """Return the deflators of a table, one in the first year of the panel: ``industry, year, output, capital, base``.

    Every industry and year of the panel must be there, and for TFP a deflator of capital: figures that are deflated in
    part compare nothing.
    """
    held.need("industry")
    cells = read_any(Path(path), "deflator")[0].cells
    if missing := [name for name in (*_KEYS, "deflator") if name not in cells.columns]:
        raise InputError("studies.deflator-column", path=path, missing=[same(name) for name in missing])
    if value == "tfp" and "capital_deflator" not in cells.columns:
        raise InputError("studies.deflator-capital", path=path)
    capital = "capital_deflator" if "capital_deflator" in cells.columns else None
    given = cells.select(
        pl.col("industry").cast(pl.String).str.strip_chars(), pl.col("year").cast(pl.Int64, strict=False),
        output=pl.col("deflator").cast(pl.Float64, strict=False),
        capital=pl.col(capital).cast(pl.Float64, strict=False) if capital else pl.lit(1.0),
    ).filter(pl.col("output") > 0, pl.col("capital") > 0)  # fmt: skip
    if twice := given.filter(given.select(_KEYS).is_duplicated())["industry"].unique().to_list():
        raise InputError("studies.deflator-twice", path=path, industries=[same(name) for name in sorted(twice)])
    base = min(held.years)
    first = given.filter(pl.col("year") == base).drop("year")
    made = given.join(first, on="industry", suffix="_base").select(
        *_KEYS, pl.col("output") / pl.col("output_base"), pl.col("capital") / pl.col("capital_base"), base=pl.lit(base)
    )
    there = held.engine.collect(held.table.select(*_KEYS).distinct()).filter(pl.col("industry") != "")
    lost = there.with_columns(pl.col("year").cast(pl.Int64)).join(made, on=_KEYS, how="anti")["industry"]
    if len(lost):
        raise InputError("studies.deflator-gap", path=path, industries=[same(one) for one in sorted(set(lost))])
    return made


def valued(held: Panel, value: str, prices: pl.DataFrame | None) -> Panel:
    """Return firms with ``value`` and ``weight``, null where a firm is there and cannot be measured.

    Of labour productivity, value added per person in logs weighted by persons; of TFP, the Törnqvist index against the
    mean firm of the industry, chained over years, weighted by value added at current prices.
    """
    needed = ("output", "labour") if value == "labour" else ("industry", "output", "capital", "labour", "wages")
    held.need(*needed)
    table = held.table
    if prices is None:
        table = table.mutate(_output=1.0, _capital=1.0)
    else:
        own = prices.select(_industry="industry", _year="year", _output="output", _capital="capital")
        small = held.engine.table(own)
        joined = table.left_join(small, [table.industry == small["_industry"], table.year == small["_year"]])
        table = joined.drop("_industry", "_year")
    real = table.output / table["_output"]
    if value == "labour":
        value_of = ((table.output > 0) & (table.labour > 0)).ifelse(real / table.labour, None).ln()
        table, weight = table.mutate(value=value_of), "labour"
    else:
        moved = table.mutate(
            output=real, wages=table.wages / table["_output"], capital=table.capital / table["_capital"]
        )
        index = micro.tfp_index(replace(held, table=moved)).table
        index = index.select(_firm=index.firm, _year=index.year, value=index.ln_tfp)
        joined = table.drop("value", "weight") if {"value", "weight"} & set(table.columns) else table
        joined = joined.left_join(index, [joined.firm == index["_firm"], joined.year == index["_year"]])
        table, weight = joined.drop("_firm", "_year"), "output"
    known = table.value.notnull()
    blank = {name: known.ifelse(table[name], None) for name in ("output", "labour")}  # the row still says: not gone
    table = table.mutate(**blank, weight=known.ifelse(table[weight], None))
    table = held.engine.keep(table.drop("_output", "_capital"))
    told = {"value": "/".join(held.columns[name] for name in needed), "weight": held.columns[weight]}
    return replace(held, table=table, columns={**held.columns, **told})

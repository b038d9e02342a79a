"""What texts say, field by field, in their own words: the two sides of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.risks.screening import quantities, words
from xinzhi.risks.screening.owners import companies, owners
from xinzhi.risks.screening.places import SLOTS, name_of, places
from xinzhi.risks.screening.records import NUMBERS, capacity_spans, figure_spans, number_spans, without_approvals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.arrays import IntArray

_BETWEEN = "; "


def sayings(texts: pl.Series, regions: pl.Series | None = None) -> pl.DataFrame:
    """Return what every text says about every field.

    Parameters
    ----------
    texts, regions
        As for `xinzhi.risks.screening.records.read`.

    Returns
    -------
    polars.DataFrame
        ``row, field, said``: the words of the text; places by their names.

    Examples
    --------
    >>> said = sayings(pl.Series(["合肥市光伏项目，总投资12.5亿元"]))
    >>> dict(said.select("field", "said").iter_rows())
    {'place': '合肥市', 'investment': '总投资12.5亿元', 'sector': '光伏'}
    """
    plain = quantities.plain(texts)
    parts = [part.select("row", "field", "said") for part in _parts(plain, words.lower(plain), regions)]
    every = pl.concat([part.cast({"row": pl.UInt32}) for part in parts])
    return (
        every.group_by("row", "field", maintain_order=True)
        .agg(pl.col("said").str.join(_BETWEEN))
        .sort("row", maintain_order=True)
    )


def _parts(plain: pl.Series, lowered: pl.Series, regions: pl.Series | None) -> Iterator[pl.DataFrame]:
    found = quantities.extract(without_approvals(plain))
    numbers, capacities = number_spans(found), capacity_spans(found)
    named = companies(plain)
    yield _places(places(plain, regions, named))
    yield _named(owners(plain, named), "owner")
    names = dict(enumerate(NUMBERS))
    field = pl.col("field").replace_strict(names, return_dtype=pl.String)
    yield numbers.select("row", field.alias("field"), pl.col("span").alias("said"))
    yield _named(capacities, "capacity")
    yield _named(figure_spans(found, numbers, capacities), "figures")
    for kind, name in (("components", "components"), ("sectors", "sector")):
        spotted = words.spotted(lowered, kind)
        yield spotted.select("row", pl.lit(name).alias("field"), pl.col("word").str.strip_chars().alias("said"))
    yield _named(words.approvals(plain), "approval")
    yield _named(found.filter(pl.col("kind") == "year").unique(["row", "value"], maintain_order=True), "dates")


def _named(part: pl.DataFrame, field: str) -> pl.DataFrame:
    return part.select("row", pl.lit(field).alias("field"), pl.col("span").str.strip_chars().alias("said"))


def _places(codes: IntArray) -> pl.DataFrame:
    rows = [
        (row, "place", name_of(int(codes[row, slot]))[0])
        for row in range(len(codes))
        for slot in range(SLOTS)
        if codes[row, slot]
    ]
    return pl.DataFrame(rows, schema={"row": pl.UInt32, "field": pl.String, "said": pl.String}, orient="row")

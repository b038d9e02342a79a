"""In how many regions each planned industry is flagged, pitfall by pitfall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.rooms.risks.register_words import NOT_CHECKED, brief_pitfall, column, pitfall
from xinzhi.report.section import Picture
from xinzhi.report.tables import Table
from xinzhi.risks.register.rules import pitfalls

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.report.rooms.risks.register_words import Names
    from xinzhi.risks import Register

MOST = 50  # industries of a picture
CELL = 76


def items(result: Register, names: Names) -> Picture | None:
    """Return in how many regions each industry is flagged, by pitfall; None where no industry is checked."""
    counts = _counts(result)
    if not counts.height:
        return None
    every = counts["item"].unique(maintain_order=True).to_list()
    cells = [
        {
            "row": names.narrow["category", r["item"]], "column": brief_pitfall(r["pitfall"]), "value": r["share"],
            "mark": same(NOT_CHECKED if r["share"] is None else r["flagged"]),
        }
        for r in counts.filter(pl.col("item").is_in(every[:MOST])).iter_rows(named=True)
    ]  # fmt: skip
    rows = [
        (names.item("category", r["item"]), pitfall(r["pitfall"]), r["flagged"], r["checked"], r["share"])
        for r in counts.iter_rows(named=True)
    ]
    columns = (
        column("item", "name"), column("pitfall", "text"), column("flagged", "integer"), column("checked", "integer"),
        column("share", "figure"),
    )  # fmt: skip
    return Picture(
        kind="items",
        title=words("register.title.items"),
        headline=_headline(counts, names),
        draw=lambda w: kit.matrix(
            w, cells, title=words("register.chart.share_regions"), domain=(0.0, 100.0), cell=CELL
        ),
        how=words("register.how.items"),
        unit=words("register.unit_of.regions"),
        twin=Table(key="register_items", title=words("register.table.items"), columns=columns, rows=rows),
    )


def _counts(result: Register) -> pl.DataFrame:
    """Return ``item, pitfall, checked, flagged, share`` (percent of regions), those flagged in most regions first."""
    here = pl.col("region")
    counts = (
        result.checks.filter(kind="category")
        .group_by("item", "pitfall")
        .agg(
            checked=here.filter(pl.col("status") != "not checked").n_unique(),
            flagged=here.filter(pl.col("status") == "flagged").n_unique(),
            named=here.n_unique(),
        )
        .with_columns(share=pl.when(pl.col("checked") > 0).then(100.0 * pl.col("flagged") / pl.col("checked")))
    )
    order = {name: place for place, name in enumerate(pitfalls())}
    return counts.with_columns(
        worst=pl.col("flagged").max().over("item"),
        most=pl.col("named").max().over("item"),
        place=pl.col("pitfall").replace_strict(order, return_dtype=pl.Int64),
    ).sort("worst", "most", "item", "place", descending=[True, True, False, False])


def _headline(counts: pl.DataFrame, names: Names) -> Text:
    """Return which industry is flagged in most regions, and for what."""
    first = counts["item"][0]
    most, every = int(counts["worst"][0]), counts["item"].n_unique()
    if not most:
        return words("register.headline.no_items", m=every)
    worst = counts.filter(item=first, flagged=most)["pitfall"].to_list()
    return words(
        "register.headline.items", name=names.item("category", first), k=most,
        pitfall=listing([brief_pitfall(one) for one in worst]), m=every,
        some=counts.filter(pl.col("worst") > 0)["item"].n_unique(),
    )  # fmt: skip

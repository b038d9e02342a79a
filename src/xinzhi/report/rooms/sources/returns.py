"""The section on allocation: how unequal returns are, what equal ones would bring, and whether factors follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import same, sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.sources.tables import left_out, period
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Column, Table, column
from xinzhi.report.view import region_names
from xinzhi.sources.allocation.in_depth import PRODUCTS, way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Text
    from xinzhi.sources.allocation import Allocation

MANY = 8  # industries that colours tell apart
DIMENSIONS = ("regions", "industries")


def allocation(result: Allocation, *, region: str | None = None) -> Section:
    """Return how unequal the returns of capital and labour are, what equal ones would bring, and who follows."""
    del region
    drawn = [returns(result), gain(result), *(flow(result, row) for row in result.flows.iter_rows(named=True))]
    listed = [_flow_table(result)] if result.flows.height else []
    listed += [_productivity(result)] if result.productivity.height else []
    return Section(
        key="sources-allocation",
        title=words("sources.title.allocation"),
        answer=tuple(sentences({k: v for k, v in result.facts().items() if k != "note.left_out"}, result.topic)),
        pictures=tuple(drawn),
        tables=tuple(listed),
        notes=(
            words("sources.note.gain", sigma=f"{result.substitution:g}"),
            words("sources.note.returns"),
            *left_out(result.left_out),
        ),
    )


def returns(result: Allocation) -> Picture:
    """Return how unequal marginal products are, over the years."""
    frame = result.frame.filter(pl.col("dimension").is_in(DIMENSIONS))
    order = [(factor, dimension) for factor in PRODUCTS for dimension in DIMENSIONS]
    rows, cells = [], []
    for factor, dimension in order:
        own = frame.filter(pl.col("factor") == PRODUCTS[factor], pl.col("dimension") == dimension).sort("year")
        name = words(f"sources.chart.{factor}_{dimension}")
        rows += [{"group": name, "year": year, "value": sd} for year, sd in own.select("year", "sd_log").rows()]
        cells += [(name, *row) for row in own.select("year", "sd_log", "gap_90_10", "units").rows()]
    ends = {f"{factor}_{dimension}": _ends(frame, PRODUCTS[factor], dimension) for factor, dimension in order}
    first, last = int(frame["year"].sort()[0]), int(frame["year"].sort()[-1])
    columns = (
        Column(title=words("sources.column.spread"), kind="name"),
        column("year"),
        Column(title=words("sources.column.sd"), kind="score", unit=words("sources.unit_of.log")),
        Column(title=words("sources.column.gap_90_10"), kind="score", unit=words("sources.unit_of.log")),
        Column(title=words("sources.column.units"), kind="integer"),
    )
    return Picture(
        kind="returns",
        title=words("sources.title.returns"),
        headline=words("sources.headline.returns", start=first, end=last, **ends),
        draw=lambda w: kit.lines(w, rows, y=words("sources.unit_of.sd")),
        how=words("sources.how.returns"),
        unit=words("sources.unit_of.sd"),
        twin=Table(key="sources_returns", title=words("sources.table.returns"), columns=columns, rows=cells),
    )


def _ends(frame: pl.DataFrame, product: str, dimension: str) -> Text:
    """Return the first and the last figure of a line, as words."""
    own = frame.filter(pl.col("factor") == product, pl.col("dimension") == dimension).sort("year")["sd_log"]
    return words("sources.chart.from_to", first=number(own[0], 2), last=number(own[-1], 2))


def gain(result: Allocation) -> Picture:
    """Return what output would gain from equal marginal products, over the years."""
    names = ("gain_industries", "gain_regions", "gain")
    rows = [
        {"group": words(f"sources.chart.{name}"), "year": row["year"], "value": 100 * row[name]}
        for name in names
        for row in result.gains.iter_rows(named=True)
    ]
    first, last = result.gains.row(0, named=True), result.gains.row(-1, named=True)
    unit = words("sources.unit_of.log_points")
    columns = (
        column("year"),
        *(Column(title=words(f"sources.chart.{name}"), kind="percent", unit=unit) for name in names),
    )
    cells = [(row["year"], *(100 * row[name] for name in names)) for row in result.gains.iter_rows(named=True)]
    return Picture(
        kind="gain",
        title=words("sources.title.gain"),
        headline=words(
            "sources.headline.gain",
            start=first["year"],
            end=last["year"],
            first=number(100 * first["gain"], 0),
            last=number(100 * last["gain"], 0),
        ),
        draw=lambda w: kit.lines(w, rows, y=unit, decimals=0, reference=0),
        how=words("sources.how.gain"),
        unit=unit,
        twin=Table(key="sources_gain", title=words("sources.table.gain"), columns=columns, rows=cells),
    )


def flow(result: Allocation, row: Mapping[str, Any]) -> Picture:
    """Return the growth of a factor against what it had earned, one point a region and industry."""
    factor = str(row["factor"])
    means = flow_means(result.products, factor)
    labels = {code: result.names.text("industry", code) for code in means["industry"].unique()}
    named = len(labels) <= MANY
    dots = [
        {"x": x, "y": 100 * y, **({"group": labels[industry]} if named else {})}
        for industry, x, y in means.sort("industry").select("industry", "product", "growth").rows()
    ]
    reach = [dot["x"] for dot in dots]
    line = [(x, 100 * row["coefficient"] * x) for x in (min(reach), max(reach))]
    names = region_names(result.regions)
    cells = [
        (names.get(code, same(code)), labels[industry], x, 100 * y)
        for code, industry, x, y in means.select("region", "industry", "product", "growth").rows()
    ]
    unit = words("sources.unit_of.growth")
    columns = (
        column("region"),
        Column(title=words("sources.column.industry"), kind="name"),
        Column(title=words(f"sources.chart.{factor}_earned"), kind="score", unit=words("sources.unit_of.log")),
        Column(title=words(f"sources.chart.{factor}_growth"), kind="percent", unit=unit),
    )
    key = f"sources.headline.{way(row['t'])}"
    return Picture(
        kind=f"flow-{factor}",
        title=words(f"sources.title.flow_{factor}"),
        headline=words(
            key,
            factor=words(f"sources.factor.{factor}"),
            size=number(abs(10 * row["coefficient"]), 2),
            t=number(abs(row["t"]), 1),
        ),
        draw=lambda w: kit.points(
            w,
            dots,
            x=words(f"sources.chart.{factor}_earned"),
            y=words(f"sources.chart.{factor}_growth"),
            split=(0.0, 0.0),
            line=line,
        ),
        how=words("sources.how.flow"),
        unit=unit,
        twin=Table(
            key=f"sources_flow_{factor}", title=words(f"sources.title.flow_{factor}"), columns=columns, rows=cells
        ),
    )


def flow_means(products: pl.DataFrame, factor: str) -> pl.DataFrame:
    """Return ``region, industry, product, growth``: log product of the year before, and growth, less the year's mean.

    Means over the years of every region and industry; the slope through them is that of the regression within years.
    """
    rows = products.select("region", "industry", "year", pl.col(factor).log(), product=pl.col(PRODUCTS[factor]).log())
    before = rows.with_columns(pl.col("year") + 1)
    pairs = rows.join(before, on=["region", "industry", "year"], suffix="_0").select(
        "region", "industry", "year", product="product_0", growth=pl.col(factor) - pl.col(f"{factor}_0")
    )
    around = [(pl.col(name) - pl.col(name).mean().over("year")).alias(name) for name in ("product", "growth")]
    return (
        pairs.with_columns(around)
        .group_by("region", "industry", maintain_order=True)
        .agg(pl.col("product", "growth").mean())
        .sort("region", "industry")
    )


def _flow_table(result: Allocation) -> Table:
    rows = [
        (
            words(f"sources.factor.{row['factor']}"),
            *(row[name] for name in ("coefficient", "standard_error", "t", "correlation", "observations")),
        )
        for row in result.flows.iter_rows(named=True)
    ]
    columns = (
        Column(title=words("sources.column.factor"), kind="name"),
        *(Column(title=words(f"sources.column.{name}"), kind="score")
          for name in ("coefficient", "standard_error", "t", "correlation")),
        Column(title=words("sources.column.observations"), kind="integer"),
    )  # fmt: skip
    note = words("sources.note.flows")
    return Table(key="sources_flows", title=words("sources.table.flows"), columns=columns, rows=rows, notes=(note,))


def _productivity(result: Allocation) -> Table:
    names = region_names(result.regions)
    parts = ("total", "within", "static", "dynamic")
    rows = [
        (
            names.get(row["region"], same(row["region"])),
            period(row),
            *(100 * row[name] for name in parts),
        )
        for row in result.productivity.sort("total", descending=True).iter_rows(named=True)
    ]
    unit = words("sources.unit_of.points")
    columns = (
        column("region"),
        column("period"),
        *(Column(title=words(f"sources.column.{name}"), kind="percent", unit=unit) for name in parts),
    )
    note = words("sources.note.shift_share")
    title = words("sources.table.productivity")
    return Table(key="sources_productivity", title=title, columns=columns, rows=rows, notes=(note,))

"""The rule of `able` on a table of evidence: designations, output against size, figures of one's own, quotients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core import parameters
from xinzhi.core.unit_words import split_unit
from xinzhi.data.package import Package

_FILE = Path(__file__).parent.with_name("able.yaml")
_KEY = ["region", "category"]
_FIGURES = ("output", "stock", "count")
_NO_SERIES = ("figure", "rank", "computing_power")


def categories() -> Mapping[str, Any]:
    """Return the rule of every category that has one."""
    rules: Mapping[str, Any] = parameters.read_yaml(_FILE)["categories"]
    return rules


def threshold(name: str) -> float:
    """Return a threshold of the rule."""
    return float(parameters.setting(_FILE, f"thresholds.{name}"))


def cells_of(data: Package, rows: pl.DataFrame) -> pl.DataFrame:
    """Return every region and category."""
    regions = data.optional("regions", verb="able")
    places = (rows if regions is None else regions)["region"].unique().to_list()
    kinds = data.optional("plan_categories", verb="able")
    named = (rows if kinds is None else kinds)["category"].unique().to_list()
    left = pl.DataFrame({"region": sorted(places)}, schema={"region": pl.String})
    kinds = pl.DataFrame({"category": sorted(set(named) - {"all"})}, schema={"category": pl.String})
    return left.join(kinds, how="cross")


def judged(data: Package, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the evidence of every region and category by its kind, a row each."""
    cells, own = cells_of(data, rows), _assigned(rows)
    alone = cells["region"].n_unique() < threshold("least_regions")
    sizes, shared = (
        (None, rows.clear()) if alone else (_sizes(data), rows)
    )  # a few regions are no nation to hold one against
    return (
        cells.join(_designations(own), on=_KEY, how="left")
        .join(_outputs(rows, sizes), on=_KEY, how="left")
        .join(_figures(own), on=_KEY, how="left")
        .join(_quotients(shared, sizes), on=_KEY, how="left")
        .join(own.group_by(_KEY).agg(evidence=pl.len().cast(pl.Int64)), on=_KEY, how="left")
    )


def _assigned(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the evidence of a category itself, without bases of employment and without what a region only mentions."""
    own = (pl.col("category") != "all") & (pl.col("evidence") != "employment")
    return rows.filter(own, ~pl.col("measure").is_in(["mention", "growth"]))


def _designations(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the best designation of every cell: for ``production`` or as a ``task``, else ``shared`` with others."""
    lists = parameters.read_yaml(_FILE)["lists"]
    given = {name: one["given"] for name, one in lists.items()}
    chosen = rows.filter(pl.col("evidence") == "designation", pl.col("measure").is_in(list(given)))
    # a cluster of two categories is split between them within one region: that is not sharing it with another
    whole = pl.col("value").sum().over("region", "measure", "name_en") >= threshold("parts")
    kind = pl.col("measure").replace_strict(given, return_dtype=pl.String)
    order = {"production": 3, "task": 2, "shared": 1}
    rank = pl.when(whole & (kind != "membership")).then(kind).otherwise(pl.lit("shared"))
    named = chosen.with_columns(designation=rank)
    best = named.with_columns(place=pl.col("designation").replace_strict(order, return_dtype=pl.Int64))
    return best.group_by(_KEY).agg(
        designation=pl.col("designation").sort_by("place").last(), designation_year=pl.col("year").max().cast(pl.Int64)
    )


def _sizes(data: Package) -> pl.DataFrame | None:
    """Return ``region, year, size``: the share of every region in the output of all; None without accounts."""
    table = data.optional("accounts", verb="able")
    if table is None or "output_nominal" not in table.columns:
        return None
    share = pl.col("output_nominal") / pl.col("output_nominal").sum().over("year")
    return table.drop_nulls("output_nominal").select("region", pl.col("year").cast(pl.Int64), size=share).sort("year")


def _sized(rows: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the size of their region in their year, or in the last year known before it."""
    return rows.sort("year").join_asof(sizes, on="year", by="region", strategy="backward", check_sortedness=False)


def _outputs(rows: pl.DataFrame, sizes: pl.DataFrame | None) -> pl.DataFrame:
    """Return the largest share of output over size of every cell, and whether it is enough, or next to nothing."""
    dated = rows.with_columns(pl.col("year", "nation_year").cast(pl.Int64))
    found = [] if sizes is None else [
        _series(dated, sizes, category, measure, rule, complete=measure in one.get("complete", ()))
        for category, one in categories().items()
        for measure, rule in one.get("output", {}).items()
    ]  # fmt: skip
    blank = {"region": pl.String, "category": pl.String, "ratio": pl.Float64, "share": pl.Float64, "year": pl.Int64,
             "passes": pl.Boolean, "soft": pl.Boolean, "lasting": pl.Boolean, "counted": pl.Boolean,
             "little": pl.Boolean, "measure": pl.String}  # fmt: skip
    every = pl.concat([pl.DataFrame(schema=blank), *found]).sort("passes", "ratio")
    last = {"output": "ratio", "output_share": "share", "output_year": "year", "soft": "soft", "lasting": "lasting",
            "counted": "counted", "passes": "passes", "output_measure": "measure"}  # fmt: skip
    kept = {name: pl.col(column).last() for name, column in last.items()}
    return every.group_by(_KEY, maintain_order=True).agg(**kept, little=pl.col("little").any())


def _series(
    rows: pl.DataFrame, sizes: pl.DataFrame, category: str, measure: str, rule: Mapping[str, str], *, complete: bool
) -> pl.DataFrame:
    """Return the shares of one series over the sizes of the regions, in the last year of each region."""
    own = (
        rows.filter(pl.col("measure") == measure)
        .group_by("region", "year").agg(pl.col("value", "nation", "nation_year").max(), pl.col("unit").first())
        .sort("year")
    )  # fmt: skip
    if complete and own.height:
        # a series that covers every region lists those that have any
        last = int(str(own["year"].max()))
        own = own.filter(year=last)
        absent = sizes.select("region").unique().join(own, on="region", how="anti")
        none = absent.select("region", year=pl.lit(last, pl.Int64), value=pl.lit(0.0))
        own = pl.concat([own, none], how="diagonal").with_columns(pl.col("nation", "nation_year").max())
    whole = {"percent": pl.lit(100), "sum": pl.col("value").sum().over("year")}.get(rule["of"], pl.col("nation"))
    own = own.with_columns(share=pl.col("value") / whole)
    if rule.get("counts"):
        own = own.filter(~pl.col("value").is_between(1, threshold("least_count"), closed="left"))
    # of several years the one nearest to the year of the nation's figure, the later of two
    apart = (pl.col("year") - pl.col("nation_year")).abs().fill_null(0)
    ratio = _sized(own, sizes).with_columns(apart=apart, ratio=pl.col("share") / pl.col("size"))
    thin = pl.col("value").is_between(1, threshold("sure_count"), closed="left")
    little = (pl.col("ratio") < threshold("absent_share")) & (pl.col("share") < threshold("least_share"))
    ordered = ratio.drop_nulls("ratio").sort("apart", "year", descending=[True, False])
    return ordered.group_by("region", maintain_order=True).last().select(
        "region", "ratio", "share", "year", category=pl.lit(category),
        passes=pl.col("ratio") >= threshold(rule["least"]),
        soft=pl.lit(rule.get("as") == "proxy") | (pl.lit(bool(rule.get("counts"))) & thin),
        lasting=pl.lit(bool(rule.get("lasting"))),
        counted=pl.lit(_counted(own)), little=pl.lit(complete) & little, measure=pl.lit(measure),
    ).select(
        "region", "category", "ratio", "share", "year", "passes", "soft", "lasting", "counted", "little", "measure"
    )  # fmt: skip


def _counted(rows: pl.DataFrame) -> bool:
    """Return whether a series is counted one by one, in units that are not alike in worth."""
    units = [split_unit(one)[1] for one in rows["unit"].drop_nulls().unique()]
    return not set(units).isdisjoint(parameters.setting(_FILE, "thresholds.counted"))


def _figures(rows: pl.DataFrame) -> pl.DataFrame:
    """Return whether a region states a figure of its own beside the series, and its best rank in the nation."""
    # racks are a figure of a region as well: no series covers the regions
    ruled = {name for one in categories().values() for name, of in one.get("output", {}).items() if "as" not in of}
    wide = rows.group_by("measure").agg(n=pl.col("region").n_unique()).filter(pl.col("n") > threshold("series"))
    series = ruled | set(wide["measure"]) - set(_NO_SERIES)
    known = rows.filter(pl.col("evidence").is_in(_FIGURES), ~pl.col("measure").is_in(list(series)), pl.col("value") > 0)
    ranks = known.filter(pl.col("unit") == "rank", pl.col("value") <= threshold("rank"))
    stated = (
        known.filter(pl.col("unit").ne_missing("rank")).group_by(_KEY).agg(stated=pl.col("year").max().cast(pl.Int64))
    )
    return stated.join(
        ranks.group_by(_KEY).agg(
            rank=pl.col("value").min().cast(pl.Int64), rank_year=pl.col("year").max().cast(pl.Int64)
        ),
        on=_KEY,
        how="full",
        coalesce=True,
    )


def _quotients(rows: pl.DataFrame, sizes: pl.DataFrame | None) -> pl.DataFrame:
    """Return the location quotient of every cell that has a base, and whether a joint figure names it."""
    made = []
    for category, one in categories().items():
        for part, base in one.get("proxy", {}).items():
            made.append(_quotient(rows, sizes, category, part, base))
        for measure in one.get("joint", ()):
            joint = rows.filter(measure=measure).group_by("region").agg(pl.col("year").max().cast(pl.Int64))
            made.append(joint.select("region", category=pl.lit(category), quotient=pl.lit(None, pl.Float64),
                                     quotient_year="year", close=pl.lit(value=True)))  # fmt: skip
    blank = {"region": pl.String, "category": pl.String, "quotient": pl.Float64, "quotient_year": pl.Int64,
             "close": pl.Boolean}  # fmt: skip
    every = pl.concat([pl.DataFrame(schema=blank), *(one for one in made if one is not None)])
    return every.group_by(_KEY).agg(
        pl.col("quotient").max(), pl.col("quotient_year").max(), close=pl.col("close").any()
    )


def _quotient(
    rows: pl.DataFrame, sizes: pl.DataFrame | None, category: str, part: str, base: str
) -> pl.DataFrame | None:
    """Return one quotient: the share of a region in a part over its share in the base."""
    mine = _latest(rows, part)
    if base == "gdp":
        if sizes is None:
            return None
        against = _sized(mine, sizes).select("region", "year", "value", held="size")
    else:
        whole = _latest(rows, base)
        share = pl.col("value") / pl.col("value").sum()
        against = mine.join(whole.select("region", held=share), on="region")
    own = pl.col("value") / pl.col("value").sum()
    return against.select(
        "region", category=pl.lit(category), quotient=own / pl.col("held"), quotient_year=pl.col("year").cast(pl.Int64),
        close=(own / pl.col("held") >= threshold("quotient")) & (own >= threshold("least_share")),
    )  # fmt: skip


def _latest(rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Return ``region, year, value`` of a measure in its last year."""
    own = rows.filter(pl.col("measure") == measure)
    last = own.filter(pl.col("year") == pl.col("year").max())
    return last.select("region", pl.col("year").cast(pl.Int64), "value")


def verdicts(rows: pl.DataFrame, last: int) -> pl.DataFrame:
    """Return the verdict, its grade and its reason for every cell."""
    close = pl.col("close")
    own, any_given = pl.col("designation").is_in(["production", "task"]), pl.col("designation").is_not_null()
    age = pl.lit(last) - pl.col("output_year")
    recent = age <= int(threshold("old"))
    large = (pl.col("output") >= threshold("full_share")) & (pl.col("output_share") >= threshold("least_share"))
    much = (pl.col("output_share") >= threshold("kept_share")) & (age <= int(threshold("kept_years")))
    staffed = pl.col("quotient").fill_null(1.0) >= threshold("absent_quotient")
    kept = recent | pl.col("lasting") | (much & (~pl.col("counted") | staffed))
    confirmed = any_given | close | (kept & large)
    made = pl.col("passes") & ~pl.col("soft") & confirmed
    figure = pl.col("stated").is_not_null() | pl.col("rank").is_not_null()
    staff_too = pl.col("quotient").fill_null(0.0) < threshold("absent_quotient")
    cases = {
        "output": made,
        "stated": figure & (any_given | close),
        "cluster": pl.col("designation") == "production",
        "designated": any_given,
        "part": (pl.col("output") >= threshold("output_share")) & ~pl.col("soft"),
        "soft": pl.col("passes") & pl.col("soft"),
        "rank": pl.col("rank").is_not_null(),
        "quotient": close,
        "little": pl.col("little") & (recent | pl.col("lasting")) & pl.col("stated").is_null() & staff_too,
    }
    value = {"output": "able", "stated": "able", "cluster": "able", "little": "not able"}
    filled = rows.with_columns(pl.col("passes", "soft", "little", "close").fill_null(value=False))
    reason: pl.Expr = pl.lit("none")
    for name, holds in reversed(cases.items()):
        reason = pl.when(holds.fill_null(value=False)).then(pl.lit(name)).otherwise(reason)
    verdict = pl.col("reason").replace_strict(
        {name: value.get(name, "by proxy") for name in cases} | {"none": "unknown"}, return_dtype=pl.String
    )
    proxies = any_given.cast(pl.Int64) + (pl.col("passes") & pl.col("soft")) + pl.col("rank").is_not_null() + close
    newest = {"output": "output_year", "cluster": "designation_year", "little": "output_year"}
    year = pl.max_horizontal("stated", "rank_year")
    for name, column in newest.items():
        year = pl.when(pl.col("reason") == name).then(column).otherwise(year)
    fresh = pl.lit(last) - year <= int(threshold("old"))
    sure = (pl.col("reason") == "output") & fresh & (own | close)
    grade = (
        pl.when(pl.col("able") == "able")
        .then(pl.when(sure).then(pl.lit("high")).otherwise(pl.lit("medium")))
        .when(pl.col("able") == "by proxy")
        .then(pl.when(proxies > 1).then(pl.lit("medium")).otherwise(pl.lit("low")))
        .when(pl.col("able") == "not able")
        .then(pl.when(fresh & pl.col("quotient").is_not_null()).then(pl.lit("high")).otherwise(pl.lit("medium")))
    )
    told = filled.with_columns(reason=reason).with_columns(able=verdict).with_columns(grade=grade)
    return told.select(
        "region", "category", "able", "grade", pl.col("designation").fill_null("none"), "output", "output_share",
        "output_year", "output_measure", "stated", "rank", "quotient", "quotient_year",
        pl.col("evidence").fill_null(0), "reason",
    )  # fmt: skip


def listed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the evidence of every cell, with the bases that its rule reads, newest first."""
    own = rows.filter(pl.col("category") != "all").with_columns(for_category="category")
    bases = [
        rows.filter(measure=name).filter(pl.col("category") != category).with_columns(for_category=pl.lit(category))
        for category, one in categories().items()
        for name in {*one.get("proxy", {}), *one.get("joint", ()), *one.get("output", {})}
    ]
    order = {"output": 0, "count": 1, "stock": 2, "designation": 3, "employment": 4}
    every = pl.concat([own, *bases])
    place = pl.col("evidence").replace_strict(order, default=5, return_dtype=pl.Int64)
    down = [False, False, False, True, False]
    return every.sort("region", "for_category", place, "year", "measure", descending=down).select(
        "region", "for_category", "evidence", "measure", "name_zh", "name_en", "value", "unit", "year", "issuer_zh",
        pl.col("issuer").alias("issuer_en"), "source", "confidence", "nation", "nation_year", "nation_source",
    )  # fmt: skip

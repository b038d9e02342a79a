"""Evidence of what a region is able to produce: designations, outputs, and the verdict of each cell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core import parameters
from xinzhi.core.text import split_unit
from xinzhi.data.package import Package

_FILE = Path(__file__).parent.with_name("able.yaml")
_KEY = ["region", "category"]
_SERIES: dict[str, type[pl.DataType]] = {
    "region": pl.String,
    "category": pl.String,
    "ratio": pl.Float64,
    "share": pl.Float64,
}
_SERIES |= {"year": pl.Int64} | dict.fromkeys(("passes", "soft", "lasting", "counted", "little"), pl.Boolean)
_SERIES |= {"measure": pl.String}


def categories() -> Mapping[str, Any]:
    """Return the rule of every category that has one."""
    rules: Mapping[str, Any] = parameters.read_yaml(_FILE)["categories"]
    return rules


def threshold(name: str) -> float:
    """Return a threshold of the rule."""
    return float(parameters.setting(_FILE, f"thresholds.{name}"))


def evidence_by_kind(data: Package, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the evidence of every region and category by its kind, a row each."""
    regions, kinds = data.optional("regions", verb="able"), data.optional("plan_categories", verb="able")
    places = sorted((rows if regions is None else regions)["region"].unique().to_list())
    codes = sorted({*(rows if kinds is None else kinds)["category"].unique()} - {"all"})
    cells = pl.DataFrame({"region": places}, schema={"region": pl.String}).join(
        pl.DataFrame({"category": codes}, schema={"category": pl.String}), how="cross"
    )
    # the evidence of a category itself: no bases of employment, and nothing that a region only mentions
    specific = (pl.col("category") != "all") & (pl.col("evidence") != "employment")
    evidence = rows.filter(specific, ~pl.col("measure").is_in(["mention", "growth"]))
    # a few regions are no nation to hold one against
    too_few = len(places) < threshold("least_regions")
    sizes, shared = (None, rows.clear()) if too_few else (_sizes(data), rows)
    counted = evidence.group_by(_KEY).agg(evidence=pl.len().cast(pl.Int64))
    for part in (
        _designations(evidence),
        _outputs(rows, sizes),
        _figures(evidence),
        _quotients(shared, sizes),
        counted,
    ):
        cells = cells.join(part, on=_KEY, how="left")
    return cells


def _designations(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the best designation of every cell: for ``production`` or as a ``task``, else ``shared`` with others."""
    lists = parameters.read_yaml(_FILE)["lists"]
    kinds = {name: entry["given"] for name, entry in lists.items()}
    designations = rows.filter(pl.col("evidence") == "designation", pl.col("measure").is_in(list(kinds)))
    # a cluster of two categories is split between them within one region: that is not sharing it with another
    complete = pl.col("value").sum().over("region", "measure", "name_en") >= threshold("parts")
    kind = pl.col("measure").replace_strict(kinds, return_dtype=pl.String)
    order = {"production": 3, "task": 2, "shared": 1}
    rank = pl.when(complete & (kind != "membership")).then(kind).otherwise(pl.lit("shared"))
    with_rank = designations.with_columns(designation=rank)
    best = with_rank.with_columns(place=pl.col("designation").replace_strict(order, return_dtype=pl.Int64))
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


def _with_region_size(rows: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the size of their region in their year, or in the last year known before it."""
    return rows.sort("year").join_asof(sizes, on="year", by="region", strategy="backward", check_sortedness=False)


def _outputs(rows: pl.DataFrame, sizes: pl.DataFrame | None) -> pl.DataFrame:
    """Return the largest share of output over size of every cell, and whether it is enough, or next to nothing."""
    dated = rows.with_columns(pl.col("year", "nation_year").cast(pl.Int64))
    shares = [pl.DataFrame(schema=_SERIES)]
    if sizes is not None:
        for category, definition in categories().items():
            for measure, rule in definition.get("output", {}).items():
                complete = measure in definition.get("complete", ())
                shares.append(_series(dated, sizes, category, measure, rule, complete=complete))
    combined = pl.concat(shares).sort("passes", "ratio")
    last = {"output": "ratio", "output_share": "share", "output_year": "year", "output_measure": "measure"}
    last |= {name: name for name in ("soft", "lasting", "counted", "passes")}
    latest = {name: pl.col(column).last() for name, column in last.items()}
    return combined.group_by(_KEY, maintain_order=True).agg(**latest, little=pl.col("little").any())


def _series(
    rows: pl.DataFrame, sizes: pl.DataFrame, category: str, measure: str, rule: Mapping[str, str], *, complete: bool
) -> pl.DataFrame:
    """Return the shares of one series over the sizes of the regions, in the last year of each region."""
    values = (
        rows.filter(pl.col("measure") == measure)
        .group_by("region", "year")
        .agg(pl.col("value", "nation", "nation_year").max(), pl.col("unit").first())
        .sort("year", "region")
    )
    if complete and values.height:
        # a series that covers every region lists those that have any
        last = int(str(values["year"].max()))
        values = values.filter(year=last)
        absent = sizes.select("region").unique().join(values, on="region", how="anti")
        none = absent.select("region", year=pl.lit(last, pl.Int64), value=pl.lit(0.0))
        values = pl.concat([values, none], how="diagonal").with_columns(pl.col("nation", "nation_year").max())
    total = {"percent": pl.lit(100), "sum": pl.col("value").sum().over("year")}.get(rule["of"], pl.col("nation"))
    values = values.with_columns(share=pl.col("value") / total)
    if rule.get("counts"):
        values = values.filter(~pl.col("value").is_between(1, threshold("least_count"), closed="left"))
    # of several years the one nearest to the year of the nation's figure, the later of two
    distance = (pl.col("year") - pl.col("nation_year")).abs().fill_null(0)
    ratio = _with_region_size(values, sizes).with_columns(apart=distance, ratio=pl.col("share") / pl.col("size"))
    thin = pl.col("value").is_between(1, threshold("sure_count"), closed="left")
    little = (pl.col("ratio") < threshold("absent_share")) & (pl.col("share") < threshold("least_share"))
    ordered = ratio.drop_nulls("ratio").sort("apart", "year", descending=[True, False])
    units = {split_unit(unit)[1] for unit in values["unit"].drop_nulls().unique()}
    return (
        ordered.group_by("region", maintain_order=True)
        .last()
        .select(
            pl.exclude("measure"),
            category=pl.lit(category),
            measure=pl.lit(measure),
            passes=pl.col("ratio") >= threshold(rule["least"]),
            soft=pl.lit(rule.get("as") == "proxy") | (pl.lit(bool(rule.get("counts"))) & thin),
            lasting=pl.lit(bool(rule.get("lasting"))),
            # counted one by one, in units that are not alike in worth
            counted=pl.lit(not units.isdisjoint(parameters.setting(_FILE, "thresholds.counted"))),
            little=pl.lit(complete) & little,
        )
        .select(*_SERIES)
    )


def _figures(rows: pl.DataFrame) -> pl.DataFrame:
    """Return whether a region states a figure of its own beside the series, and its best rank in the nation."""
    # racks are a figure of a region as well: no series covers the regions
    rule_series: set[str] = set()
    for definition in categories().values():
        rule_series |= {name for name, rule in definition.get("output", {}).items() if "as" not in rule}
    broad = rows.group_by("measure").agg(n=pl.col("region").n_unique()).filter(pl.col("n") > threshold("series"))
    series = rule_series | set(broad["measure"]) - {"figure", "rank", "computing_power"}
    figures = pl.col("evidence").is_in(["output", "stock", "count"])
    statements = rows.filter(figures, ~pl.col("measure").is_in(list(series)), pl.col("value") > 0)
    ranks = statements.filter(pl.col("unit") == "rank", pl.col("value") <= threshold("rank"))
    year = pl.col("year").max().cast(pl.Int64)
    stated = statements.filter(pl.col("unit").ne_missing("rank")).group_by(_KEY).agg(stated=year)
    best = ranks.group_by(_KEY).agg(rank=pl.col("value").min().cast(pl.Int64), rank_year=year)
    return stated.join(best, on=_KEY, how="full", coalesce=True)


def _quotients(rows: pl.DataFrame, sizes: pl.DataFrame | None) -> pl.DataFrame:
    """Return the location quotient of every cell that has a base, and whether a joint figure names it."""
    quotients = []
    for category, definition in categories().items():
        for part, base in definition.get("proxy", {}).items():
            quotients.append(_quotient(rows, sizes, category, part, base))
        for measure in definition.get("joint", ()):
            joint = rows.filter(measure=measure).group_by("region").agg(pl.col("year").max().cast(pl.Int64))
            quotients.append(
                joint.select(
                    "region",
                    category=pl.lit(category),
                    quotient=pl.lit(None, pl.Float64),
                    quotient_year="year",
                    close=pl.lit(value=True),
                )
            )
    blank = {
        "region": pl.String,
        "category": pl.String,
        "quotient": pl.Float64,
        "quotient_year": pl.Int64,
        "close": pl.Boolean,
    }
    combined = pl.concat([pl.DataFrame(schema=blank), *(table for table in quotients if table is not None)])
    return combined.group_by(_KEY).agg(
        pl.col("quotient").max(), pl.col("quotient_year").max(), close=pl.col("close").any()
    )


def _quotient(
    rows: pl.DataFrame, sizes: pl.DataFrame | None, category: str, part: str, base: str
) -> pl.DataFrame | None:
    """Return one quotient: the share of a region in a part over its share in the base."""
    latest, share = _latest(rows, part), pl.col("value") / pl.col("value").sum()
    if base == "gdp":
        if sizes is None:
            return None
        against = _with_region_size(latest, sizes).select("region", "year", "value", held="size")
    else:
        against = latest.join(_latest(rows, base).select("region", held=share), on="region")
    quotient = share / pl.col("held")
    return against.select(
        "region",
        category=pl.lit(category),
        quotient=quotient,
        quotient_year=pl.col("year").cast(pl.Int64),
        close=(quotient >= threshold("quotient")) & (share >= threshold("least_share")),
    )


def _latest(rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Return ``region, year, value`` of a measure in its last year."""
    rows = rows.filter(pl.col("measure") == measure)
    last = rows.filter(pl.col("year") == pl.col("year").max())
    return last.select("region", pl.col("year").cast(pl.Int64), "value")


def verdicts(rows: pl.DataFrame, last: int) -> pl.DataFrame:
    """Return the verdict, its grade and its reason for every cell."""
    close = pl.col("close")
    own_designation, any_designation = (
        pl.col("designation").is_in(["production", "task"]),
        pl.col("designation").is_not_null(),
    )
    age = pl.lit(last) - pl.col("output_year")
    recent = age <= int(threshold("old"))
    large = (pl.col("output") >= threshold("full_share")) & (pl.col("output_share") >= threshold("least_share"))
    much = (pl.col("output_share") >= threshold("kept_share")) & (age <= int(threshold("kept_years")))
    staffed = pl.col("quotient").fill_null(1.0) >= threshold("absent_quotient")
    current = recent | pl.col("lasting") | (much & (~pl.col("counted") | staffed))
    confirmed = any_designation | close | (current & large)
    # of what lasts, half of the full share is enough with the staff beside it
    lasting_close = pl.col("lasting") & close & (pl.col("output") >= threshold("output_share"))
    lasting_close = lasting_close & (pl.col("output_share") >= threshold("least_share"))
    proven = (pl.col("passes") | lasting_close) & ~pl.col("soft") & confirmed
    figure = pl.col("stated").is_not_null() | pl.col("rank").is_not_null()
    staff_too = pl.col("quotient").fill_null(0.0) < threshold("absent_quotient")
    cases = {
        "output": proven,
        "stated": figure & (any_designation | close),
        "cluster": pl.col("designation") == "production",
        "designated": any_designation,
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
    proxies = (
        any_designation.cast(pl.Int64) + (pl.col("passes") & pl.col("soft")) + pl.col("rank").is_not_null() + close
    )
    newest = {"output": "output_year", "cluster": "designation_year", "little": "output_year"}
    year = pl.max_horizontal("stated", "rank_year")
    for name, column in newest.items():
        year = pl.when(pl.col("reason") == name).then(column).otherwise(year)
    fresh = pl.lit(last) - year <= int(threshold("old"))
    sure = (pl.col("reason") == "output") & fresh & (own_designation | close)
    grade = (
        pl.when(pl.col("able") == "able")
        .then(pl.when(sure).then(pl.lit("high")).otherwise(pl.lit("medium")))
        .when(pl.col("able") == "by proxy")
        .then(pl.when(proxies > 1).then(pl.lit("medium")).otherwise(pl.lit("low")))
        .when(pl.col("able") == "not able")
        .then(pl.when(fresh & pl.col("quotient").is_not_null()).then(pl.lit("high")).otherwise(pl.lit("medium")))
    )
    results = filled.with_columns(reason=reason).with_columns(able=verdict).with_columns(grade=grade)
    return results.select(
        "region",
        "category",
        "able",
        "grade",
        pl.col("designation").fill_null("none"),
        "output",
        "output_share",
        "output_year",
        "output_measure",
        "stated",
        "rank",
        "quotient",
        "quotient_year",
        pl.col("evidence").fill_null(0),
        "reason",
    )


def evidence_of_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the evidence of every cell, with the bases that its rule reads, newest first."""
    specific = rows.filter(pl.col("category") != "all").with_columns(for_category="category")
    bases = [
        rows.filter(measure=name).filter(pl.col("category") != category).with_columns(for_category=pl.lit(category))
        for category, definition in categories().items()
        for name in {*definition.get("proxy", {}), *definition.get("joint", ()), *definition.get("output", {})}
    ]
    order = {"output": 0, "count": 1, "stock": 2, "designation": 3, "employment": 4}
    combined = pl.concat([specific, *bases])
    place = pl.col("evidence").replace_strict(order, default=5, return_dtype=pl.Int64)
    down = [False, False, False, True, False]
    return combined.sort("region", "for_category", place, "year", "measure", descending=down).select(
        "region",
        "for_category",
        "evidence",
        "measure",
        "name_zh",
        "name_en",
        "value",
        "unit",
        "year",
        "issuer_zh",
        pl.col("issuer").alias("issuer_en"),
        "source",
        "confidence",
        "nation",
        "nation_year",
        "nation_source",
    )

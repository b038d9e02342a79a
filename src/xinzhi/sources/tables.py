"""Tables: the decomposition by region, industry, group and period, and what could not be computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray, yearly_change
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, Place, finding
from xinzhi.core.text import Text
from xinzhi.data import Field, Package, tidy
from xinzhi.sources.assumptions import Assumptions, abbreviated_list
from xinzhi.sources.best_practice import Accounts, BestPractice, Parts
from xinzhi.sources.detail import Detail, MeasuredInputs, by_industry, by_region, without
from xinzhi.sources.given import TABLE
from xinzhi.yardstick import Measurement
from xinzhi.yardstick.internal import flag_texts, spread_to_growth


def coverage(
    detail: Detail, parts: Parts, assume: Assumptions, refused: Sequence[Text], outside: Sequence[str] = ()
) -> pl.DataFrame:
    """Return ``quantity, status, reason_zh, reason_en``, one row per quantity."""
    decomposed = np.isfinite(parts.within)
    level = _reason(detail.level)
    reallocation = "not_computed" if detail.level == "total" else "computed"
    regional = detail.human_capital.strides[0] == 0 or detail.level == "total"
    shares = "common_shares" if assume["shares"] == "common" else "sector_shares"
    own_shares = detail.labour_share is not None
    rows = [
        ("breakthrough", *_front(detail, parts.breakthrough, decomposed)),
        ("allocation_capital", reallocation, level),
        ("allocation_labour", reallocation, level),
        ("upgrading_traditional", *_front(detail, parts.traditional, decomposed)),
        ("upgrading_emerging", *_emerging(detail, parts, decomposed, outside)),
        ("human_capital", "partly" if regional else "computed", _reason("regional_skill" if regional else "own_skill")),
        ("labour_shares", "computed" if own_shares else "partly", _reason("own_shares" if own_shares else shares)),
        ("gross_output", "not_computed", _reason("no_gross"))
        if detail.gross is None
        else ("gross_output", "computed", _reason("gross")),
    ]
    rows += [("finer_detail", "not_computed", _reason("finer", why=why)) for why in refused]
    texts = [(name, status, text.zh, text.en) for name, status, text in rows]
    return pl.DataFrame(texts, schema=["quantity", "status", "reason_zh", "reason_en"], orient="row")


def _front(detail: Detail, values: FloatArray, decomposed: BoolArray) -> tuple[str, Text]:
    """Return how far a part that needs the frontier is known."""
    available = np.isfinite(values) & decomposed
    if not available.any():
        return "not_computed", _reason("lone" if detail.comparable else "indices")
    complete = not (decomposed & ~available).any()
    return ("computed", _reason(detail.level)) if complete else ("partly", _reason("lone"))


def _emerging(detail: Detail, parts: Parts, decomposed: BoolArray, outside: Sequence[str]) -> tuple[str, Text]:
    """Return what stands behind the upgrading of emerging industries."""
    if not parts.mask.any():
        return "not_computed", _reason("no_emerging" if detail.level == "industry" else "no_detail")
    front = _front(detail, parts.emerging, decomposed)
    if not outside or front[0] != "computed":
        return front
    return "partly", _reason("some_emerging", codes=abbreviated_list(outside))


def findings(
    data: Package, measured: MeasuredInputs, detail: Detail, accounts: Accounts, assume: Assumptions
) -> tuple[Finding, ...]:
    """Return what does not add up: one finding per region and series, at its worst year."""
    # Levels are those of output at current prices, employment and capital against the region's totals; growth is that
    # of real output.
    if detail.level == "total":
        return ()
    table = TABLE if detail.level == "industry" else "sector_accounts"
    decomposed = np.isfinite(accounts.within)
    gap_findings = [
        problem
        for name, gap in detail.gaps.items()
        for problem in _worst(data, measured, table, np.expm1(gap), decomposed, (name, assume["level_limit"]))
    ]
    growth = _worst(data, measured, table, accounts.output_gap, decomposed, ("growth", assume["gap_limit"]))
    return (*gap_findings, *growth)


_COLUMNS = {"output": "output_nominal", "labour": "employment", "capital": "capital", "growth": "output_real"}
_RULES = {
    "output": "industries-do-not-add-up",
    "labour": "labour-does-not-add-up",
    "capital": "capital-does-not-add-up",
    "growth": "growth-does-not-add-up",
}


def _worst(
    data: Package, measured: MeasuredInputs, table: str, gap: FloatArray, decomposed: BoolArray, rule: tuple[str, float]
) -> list[Finding]:
    """Return a finding for every region whose gap passes the limit in a year that was decomposed."""
    name, limit = rule
    size = np.where(decomposed & np.isfinite(gap), np.abs(gap), 0.0)
    out = []
    for row in np.flatnonzero((size > limit).any(axis=1)).tolist():
        at = int(size[row].argmax())
        year, region = int(measured.panel.years[at]), measured.panel.regions[row]
        count = int((size[row] > limit).sum())
        worst = float(gap[row, at])
        values = {"gap": worst, "count": count, "limit": limit}
        place: Place = {"table": table, "file": data.origins[table].file if table in data.origins else None}
        place |= {"column": _COLUMNS[name], "key": f"{region}/{year}", "value": f"{worst:+.4f}"}
        out.append(finding(f"sources.{_RULES[name]}", words=values, **place))
    return out


def _reason(key: str, **values: object) -> Text:
    return words.by_key(f"sources.reason.{key}", **values)


PARTS = ("breakthrough", "allocation", "upgrading_traditional", "upgrading_emerging")


def region_frame(measured: MeasuredInputs, detail: Detail, accounts: Accounts, parts: Parts) -> pl.DataFrame:
    """Return the parts, one row per region and year decomposed."""
    keep = np.isfinite(parts.within)
    columns = {
        "tfp_growth": measured.growth.tfp_growth,
        "breakthrough": parts.breakthrough,
        "allocation": parts.allocation,
        "upgrading_traditional": parts.traditional,
        "upgrading_emerging": parts.emerging,
        **{name: getattr(parts, name) for name in ("allocation_capital", "allocation_labour", "unallocated")},
        "upgrading": parts.traditional + parts.emerging,
        "within": parts.within,
        "output_gap": accounts.output_gap,
    }
    panel = measured.panel
    marks = {name: mask if name.startswith("break:") else spread_to_growth(mask) for name, mask in detail.marks.items()}
    return by_region(panel.regions, panel.years, columns, keep, flag_texts(marks, keep.shape))


def industry_frame(
    measured: MeasuredInputs, detail: Detail, accounts: Accounts, best: BestPractice, parts: Parts
) -> pl.DataFrame:
    """Return the industries, one row per region, industry and year in which their residual is known."""
    keep = np.isfinite(accounts.residual) & detail.exists[..., None]
    spread = np.broadcast_to
    advance, upgrading = parts.by_industry
    value_share = 1.0 - accounts.intermediate_share
    columns = {
        "weight": accounts.weight,
        "domar_weight": accounts.domar,
        "output_growth": accounts.output,
        "capital_growth": accounts.capital,
        "labour_growth": accounts.labour,
        "human_capital_growth": accounts.human_capital,
        "labour_share": accounts.labour_share,
        "tfp_growth": accounts.residual * value_share,
        "frontier_growth": spread(best.movement[:, None, :], keep.shape),
        "level": best.level,
        "cross_section": best.cross_section,
        "distance": best.distance,
        "distance_change": yearly_change(best.distance),
        "breakthrough": advance,
        "upgrading": upgrading,
        "capital_contribution": accounts.weight * (1.0 - accounts.labour_share) * accounts.capital,
        "labour_contribution": accounts.weight * accounts.labour_share * (accounts.labour + accounts.human_capital),
        "emerging": spread(parts.mask[:, None, None].astype(np.float64), keep.shape),
    }
    panel = measured.panel
    leader = spread(best.leader[:, None, :], keep.shape)
    rows = by_industry((detail.names, panel.regions, panel.years), columns, keep, {"leader": (panel.regions, leader)})
    return rows.with_columns(emerging=pl.col("emerging") == 1)


def input_frame(measured: MeasuredInputs, detail: Detail, accounts: Accounts) -> pl.DataFrame:
    """Return the levels behind the industries, one row per region, industry and year that is complete."""
    levels = {name: getattr(detail, name) for name in ("output", "capital", "labour", "human_capital")}
    columns = {"output_nominal": detail.nominal, **levels, "labour_share": accounts.current_share}
    panel = measured.panel
    keep = detail.complete() & detail.exists[..., None] & np.isfinite(accounts.current_share)
    return by_industry((detail.names, panel.regions, panel.years), columns, keep, {})


def with_measured_flags(frame: pl.DataFrame, measurement: Measurement) -> pl.DataFrame:
    """Add the flags of the measured accounts: a break in employment is one in reallocation too."""
    flags = measurement.frame.select("region", "year", marks="flags")
    marks = pl.concat_str("marks", "flags", separator=";", ignore_nulls=True).str.split(";")
    joined = marks.list.unique().list.sort().list.join(";").str.strip_chars(";")
    return (
        frame.join(flags, on=["region", "year"], how="left", maintain_order="left")
        .with_columns(flags=joined)
        .drop("marks")
    )


def omitted_frame(measured: MeasuredInputs, detail: Detail, parts: Parts) -> pl.DataFrame:
    """Return the region-years with an measured residual and no decomposition, and what is missing in which industry."""
    lost = np.isfinite(measured.growth.tfp_growth) & ~np.isfinite(parts.within)
    rows, columns = np.nonzero(lost)
    panel = measured.panel
    schema = {"region": pl.String, "year": pl.Int64, "tfp_growth": pl.Float64, "missing": pl.String}
    series = {"output": detail.nominal, "real_output": detail.output}
    series |= {"capital": detail.capital, "labour": detail.labour}
    if detail.labour_share is not None:
        series["labour_share"] = detail.labour_share
    holes = {name: detail.lacks.get(name, without(values)) for name, values in series.items()}
    if detail.anew is not None:
        holes["output_growth"] = detail.anew & ~(holes["output"] | holes["real_output"])
    words = [_missing(holes, detail, row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]
    data = {
        "region": [panel.regions[row] for row in rows.tolist()],
        "year": panel.years[columns],
        "tfp_growth": measured.growth.tfp_growth[rows, columns],
        "missing": words,
    }
    return pl.DataFrame(data, schema=schema)


def _missing(holes: dict[str, BoolArray], detail: Detail, row: int, column: int) -> str:
    """Name the industries and series without a figure in a year or the year before it."""
    parts = []
    # A region without any industry lacks them all.
    present = detail.exists[:, row] if detail.exists[:, row].any() else np.ones(len(detail.names), dtype=np.bool_)
    for name, hole in holes.items():
        bare = hole[:, row, max(column - 1, 0) : column + 1].any(axis=-1) & present
        if bare.any():
            which = [] if (bare == present).all() else [detail.names[at] for at in np.flatnonzero(bare)]
            parts.append(f"{name}:{','.join(which)}" if which else name)
    return ";".join(parts)


_PARTS = (*PARTS, "allocation_capital", "allocation_labour", "unallocated")


def group_frame(frame: pl.DataFrame, measurement: Measurement) -> pl.DataFrame:
    """Return the parts of every macro-region and of the whole."""
    # The residual is that of the group's own measured accounts. Regions enter with their share of the group's output,
    # mean of both years; what their residuals do not explain is ``allocation_between``: capital and labour moving
    # between regions, and the change of their weights in output. A year counts when all regions of the group have it.
    measured = pl.concat([measurement.national, measurement.groups]).select("region", "year", "tfp_growth")
    # every measured region belongs to ``total``, and to its group where it has one
    regions = measurement.regions.filter(pl.col("region").is_in(measurement.frame["region"].unique().to_list()))
    grouped = regions.filter(pl.col("group_en").is_not_null()).select("region", group="group_en")
    member = pl.concat([regions.select("region", group=pl.lit("total")), grouped])
    output = measurement.inputs.select("region", "year", "output")
    rows = (
        frame.select("region", "year", pl.col("tfp_growth").alias("own"), *_PARTS)
        .join(output, on=["region", "year"])
        .join(output.with_columns(pl.col("year") + 1), on=["region", "year"], suffix="_before")
        .join(member, on="region")
    )
    size = member.group_by("group").agg(members=pl.len())
    period = ["group", "year"]
    share = (pl.col("output") / pl.col("output").sum() + pl.col("output_before") / pl.col("output_before").sum()) / 2
    rows = rows.with_columns(share=share.over(period))
    # A part that one region lacks is a part that the group lacks.
    total = [
        pl.when(pl.col(name).null_count() == 0).then((pl.col(name) * pl.col("share")).sum()).alias(name)
        for name in ("own", *_PARTS)
    ]
    return (
        rows.group_by(period, maintain_order=True)
        .agg(pl.len().alias("here"), *total)
        .join(size, on="group", maintain_order="left")
        .filter(pl.col("here") == pl.col("members"))
        .rename({"group": "region"})
        .join(measured, on=["region", "year"], maintain_order="left")
        .filter(pl.col("tfp_growth").is_not_null())
        .select("region", "year", "tfp_growth", *_PARTS, allocation_between=pl.col("tfp_growth") - pl.col("own"))
        .sort("region", "year")
    )


def period_means(frame: pl.DataFrame, periods: Sequence[Sequence[int]]) -> pl.DataFrame:
    """Return the mean per year of every part over the periods of the protocol and over the whole span."""
    # Log growth chains by adding up, so the mean times ``years`` is the chained change over the period.
    import polars.selectors as cs

    numbers = frame.select(cs.float()).columns
    first, last = frame["year"].min(), frame["year"].max()
    spans: list[tuple[int, int]] = []
    if isinstance(first, int) and isinstance(last, int):  # the periods cut to the years that there are, the whole last
        cut, full_span = (
            ((max(int(start), first - 1), min(int(end), last)) for start, end in periods),
            (first - 1, last),
        )
        spans = [*(span for span in dict.fromkeys(cut) if span[0] < span[1] and span != full_span), full_span]
    marks = pl.col("flags").str.split(";").list.explode().unique().sort()  # that any of the years has
    flags = [marks.filter(marks != "").str.join(";").alias("flags")] if "flags" in frame.columns else []
    tables = [
        frame.filter(pl.col("year").is_between(start + 1, end))
        .group_by("region", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("years"),
            # Polars leaves nulls out of a mean; a mean over other years than those of the period would be another one.
            *(pl.when(pl.col(name).null_count() == 0).then(pl.col(name).mean()).alias(name) for name in numbers),
            *flags,
        )
        .filter(pl.col("years") == end - start)
        .select("region", pl.lit(start).alias("start"), pl.lit(end).alias("end"), pl.exclude("region"))
        for start, end in spans
    ]
    years = (pl.col("year").alias(name) for name in ("start", "end", "years"))
    empty = frame.head(0).select("region", *years, pl.exclude("region", "year"))
    return pl.concat([empty, *tables], how="vertical_relaxed")


def cumulative(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the parts summed from the first year of every region on; null after a gap in its years."""
    import polars.selectors as cs

    steady = (pl.col("year") - pl.col("year").first() == pl.int_range(pl.len())).over("region")
    # Polars carries a sum across nulls; a sum with a hole in it is none.
    sums = []
    for name in frame.select(cs.float()).columns:
        unbroken = pl.col(name).is_null().cast(pl.Int64).cum_sum().over("region") == 0
        sums.append(pl.when(steady & unbroken).then(pl.col(name).cum_sum().over("region")).alias(name))
    return frame.select("region", "year", *sums)


def with_productivity_index(frame: pl.DataFrame, frontier: object) -> pl.DataFrame:
    """Return our parts beside technical change and efficiency change of a productivity index."""
    # Breakthrough stands beside technical change, and everything else, allocation included, beside efficiency change: a
    # frontier analysis sees a region as one unit, so capital that moves between its industries looks as if the region
    # used its inputs better.
    fields = [
        Field("region", "code", column="unit"),
        Field("year", "year", column="period"),
        Field("efficiency", column="efficiency_change", sign="positive"),
        Field("technical", column="technical_change", sign="positive"),
    ]
    index = tidy(getattr(frontier, "frame", frontier), fields, key=("region", "year"), verb="frontier").frame
    theirs = index.with_columns(pl.col("efficiency", "technical").log())
    rows = frame.join(theirs, on=["region", "year"])
    if not rows.height:
        raise InputError("sources.nothing-beside")
    rest = pl.col("tfp_growth") - pl.col("breakthrough")
    pairs = (
        ("breakthrough", pl.col("breakthrough"), pl.col("technical")),
        ("upgrading_and_allocation", rest, pl.col("efficiency")),
        ("total", pl.col("tfp_growth"), pl.col("technical") + pl.col("efficiency")),
    )
    tables = [
        rows.select(
            "region", "year", source=pl.lit(name), ours=ours, frontier=theirs_value, difference=ours - theirs_value
        )
        for name, ours, theirs_value in pairs
    ]
    return pl.concat(tables).sort("region", "year", maintain_order=True)

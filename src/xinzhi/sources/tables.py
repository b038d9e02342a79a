"""Tables: the decomposition as tidy frames by region and by industry, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.sources.detail import without
from xinzhi.sources.long import by_industry, by_region
from xinzhi.yardstick import both_ends, spell

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.sources.best_practice import BestPractice
    from xinzhi.sources.detail import Detail, Official
    from xinzhi.sources.identity import Accounts
    from xinzhi.sources.parts import Parts
    from xinzhi.yardstick import Measurement


def region_frame(official: Official, detail: Detail, accounts: Accounts, parts: Parts) -> pl.DataFrame:
    """Return the parts, one row per region and year decomposed."""
    keep = np.isfinite(parts.within)
    columns = {
        "tfp_growth": official.growth.tfp_growth,
        "breakthrough": parts.breakthrough,
        "allocation": parts.allocation,
        "upgrading_traditional": parts.traditional,
        "upgrading_emerging": parts.emerging,
        "allocation_capital": parts.allocation_capital,
        "allocation_labour": parts.allocation_labour,
        "unallocated": parts.unallocated,
        "upgrading": parts.traditional + parts.emerging,
        "within": parts.within,
        "output_gap": accounts.output_gap,
    }
    panel = official.panel
    marks = {name: mask if name.startswith("break:") else both_ends(mask) for name, mask in detail.marks.items()}
    return by_region(panel.regions, panel.years, columns, keep, spell(marks, keep.shape))


def industry_frame(
    official: Official, detail: Detail, accounts: Accounts, best: BestPractice, parts: Parts
) -> pl.DataFrame:
    """Return the industries, one row per region, industry and year in which their residual is known."""
    keep = np.isfinite(accounts.residual) & detail.exists[..., None]
    spread = np.broadcast_to
    advance, behind = parts.by_industry
    own = 1.0 - accounts.intermediate_share
    columns = {
        "weight": accounts.weight,
        "domar_weight": accounts.domar,
        "output_growth": accounts.output,
        "capital_growth": accounts.capital,
        "labour_growth": accounts.labour,
        "human_capital_growth": accounts.human_capital,
        "labour_share": accounts.labour_share,
        "tfp_growth": accounts.residual * own,
        "frontier_growth": spread(best.movement[:, None, :], keep.shape),
        "level": best.level,
        "cross_section": best.cross_section,
        "distance": best.distance,
        "distance_change": _change(best.distance),
        "breakthrough": advance,
        "upgrading": behind,
        "capital_contribution": accounts.weight * (1.0 - accounts.labour_share) * accounts.capital,
        "labour_contribution": accounts.weight * accounts.labour_share * (accounts.labour + accounts.human_capital),
        "emerging": spread(parts.mask[:, None, None].astype(np.float64), keep.shape),
    }
    panel = official.panel
    leader = spread(best.leader[:, None, :], keep.shape)
    import polars as pl

    rows = by_industry((detail.names, panel.regions, panel.years), columns, keep, {"leader": (panel.regions, leader)})
    return rows.with_columns(emerging=pl.col("emerging") == 1)


def input_frame(official: Official, detail: Detail, accounts: Accounts) -> pl.DataFrame:
    """Return the levels behind the industries, one row per region, industry and year that is complete."""
    columns = {
        "output_nominal": detail.nominal,
        "output": detail.output,
        "capital": detail.capital,
        "labour": detail.labour,
        "human_capital": detail.human_capital,
        "labour_share": accounts.current_share,
    }
    panel = official.panel
    keep = detail.complete() & detail.exists[..., None] & np.isfinite(accounts.current_share)
    return by_industry((detail.names, panel.regions, panel.years), columns, keep, {})


def with_official_flags(frame: pl.DataFrame, measurement: Measurement) -> pl.DataFrame:
    """Add the flags of the official accounts: a break in employment is one in reallocation too."""
    import polars as pl

    flags = measurement.frame.select("region", "year", official="flags")
    marks = pl.concat_str("official", "flags", separator=";", ignore_nulls=True).str.split(";")
    joined = marks.list.unique().list.sort().list.join(";").str.strip_chars(";")
    return (
        frame.join(flags, on=["region", "year"], how="left", maintain_order="left")
        .with_columns(flags=joined)
        .drop("official")
    )


def _change(values: FloatArray) -> FloatArray:
    """Return the change over the year before."""
    return np.diff(values, axis=-1, prepend=np.nan)


def omitted_frame(official: Official, detail: Detail, parts: Parts) -> pl.DataFrame:
    """Return the region-years with an official residual and no decomposition, and what is missing in which industry."""
    import polars as pl

    lost = np.isfinite(official.growth.tfp_growth) & ~np.isfinite(parts.within)
    rows, columns = np.nonzero(lost)
    panel = official.panel
    schema = {"region": pl.String, "year": pl.Int64, "tfp_growth": pl.Float64, "missing": pl.String}
    series = {
        "output": detail.nominal,
        "real output": detail.output,
        "capital": detail.capital,
        "labour": detail.labour,
    }
    if detail.labour_share is not None:
        series["labour share"] = detail.labour_share
    holes = {name: detail.lacks.get(name, without(values)) for name, values in series.items()}
    if detail.anew is not None:
        holes["growth of output"] = detail.anew & ~(holes["output"] | holes["real output"])
    words = [_missing(holes, detail, row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]
    data = {
        "region": [panel.regions[row] for row in rows.tolist()],
        "year": panel.years[columns],
        "tfp_growth": official.growth.tfp_growth[rows, columns],
        "missing": words,
    }
    return pl.DataFrame(data, schema=schema)


def _missing(holes: dict[str, BoolArray], detail: Detail, row: int, column: int) -> str:
    """Name the industries and series without a figure in a year or the year before it."""
    found = []
    # A region without any industry lacks them all.
    here = detail.exists[:, row] if detail.exists[:, row].any() else np.ones(len(detail.names), dtype=np.bool_)
    for name, hole in holes.items():
        bare = hole[:, row, max(column - 1, 0) : column + 1].any(axis=-1) & here
        if bare.any():
            every = (bare == here).all()
            which = "every industry" if every else ", ".join(detail.names[at] for at in np.flatnonzero(bare))
            found.append(f"{name} of {which}")
    return "; ".join(found)

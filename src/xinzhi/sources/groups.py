"""Groups: the sources of macro-regions and of the whole, and what moved between their regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.yardstick import Measurement

_PARTS = (
    "breakthrough",
    "allocation",
    "upgrading_traditional",
    "upgrading_emerging",
    "allocation_capital",
    "allocation_labour",
    "unallocated",
)


def group_frame(frame: pl.DataFrame, measurement: Measurement) -> pl.DataFrame:
    """Return the parts of every macro-region and of the whole.

    The residual is that of the group's own official accounts. Regions enter with their share of the group's output,
    mean of both years; what their residuals do not explain is ``allocation_between``: capital and labour moving between
    regions, and the change of their weights in output. A year counts when all regions of the group have it.

    Parameters
    ----------
    frame
        The parts by region and year.
    measurement
        The official accounts.
    """
    import polars as pl

    official = pl.concat([measurement.national, measurement.groups]).select("region", "year", "tfp_growth")
    member = _members(measurement)
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
        .join(official, on=["region", "year"], maintain_order="left")
        .filter(pl.col("tfp_growth").is_not_null())
        .select("region", "year", "tfp_growth", *_PARTS, allocation_between=pl.col("tfp_growth") - pl.col("own"))
        .sort("region", "year")
    )


def _members(measurement: Measurement) -> pl.DataFrame:
    """Return which measured region belongs to which group; every one of them to ``total``."""
    import polars as pl

    measured = measurement.frame["region"].unique()
    regions = measurement.regions.filter(pl.col("region").is_in(measured.to_list()))
    whole = regions.select("region", group=pl.lit("total"))
    return pl.concat([whole, regions.filter(pl.col("group_en").is_not_null()).select("region", group="group_en")])

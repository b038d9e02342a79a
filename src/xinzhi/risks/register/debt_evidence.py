"""Evidence for the register on debt: borrowing beyond what holds the ratio, what land would add, and bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.risks.debt.debt_stress import debt_stress
from xinzhi.risks.inputs import setting
from xinzhi.risks.register.evidence_words import growth_words
from xinzhi.risks.register.rules import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.risks.debt.debt import Debt


def burden(found: Debt, regions: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Return what debt looks like for every region, by rule."""
    every = pl.DataFrame({"region": list(regions)}, schema={"region": pl.String}).with_columns(
        kind=pl.lit("region"), item=pl.col("region")
    )
    stressed = debt_stress(found)
    land = stressed.frame.filter(scenario="land").group_by("region", maintain_order=True).last()
    land = land.select("region", value="over_baseline", zh="status_zh", en="status_en").join(
        stressed.inputs.select("region", "fund_year", fund="fund_ratio"), on="region", how="left"
    )
    return {
        "borrowing-beyond-stable": _told(
            every.join(_borrowing(stressed.inputs), on="region", how="left"),
            "没有连续两年的债务",
            "no debt in two years in a row",
        ),
        "land-revenue": every.join(land, on="region", how="left").with_columns(
            fall=pl.lit(float(setting("debt/public_debt.yaml", "stress.land"))),
            years=pl.lit(int(stressed.provenance.options["horizon"])),
            points=100 * pl.col("value"),
            # the path is linear in what is lost
            limit=pl.col("fund") * float(rules()["land-revenue"]["above"]) / pl.col("value"),
            reason_zh=pl.when(pl.col("value").is_null()).then(pl.col("zh").fill_null("没有债务数据")),
            reason_en=pl.when(pl.col("value").is_null()).then(pl.col("en").fill_null("no debt given")),
        ),
        "debt-band": _graded(found, every),
    }  # fmt: skip


def _borrowing(inputs: pl.DataFrame) -> pl.DataFrame:
    """Return by how much net borrowing exceeds what holds the ratio, its rank, and what would clear it."""
    edge = float(rules()["borrowing-beyond-stable"]["above"])
    spare = pl.col("net_borrowing") - edge
    # the growth at which so much borrowing leaves the ratio rising by the threshold
    needed = (spare + pl.col("rate") * pl.col("start")) / (pl.col("start") - spare)
    rows = inputs.with_columns(
        value=pl.col("net_borrowing") - pl.col("stabilising_borrowing"),
        allowed=pl.col("stabilising_borrowing") + edge,
        net=pl.col("net_borrowing"),
        points=100 * (pl.col("net_borrowing") - pl.col("stabilising_borrowing")),
        needed=pl.when(pl.col("start") > spare).then(needed),
        among=pl.lit(inputs.height),
    ).with_columns(rank=pl.col("value").rank("min", descending=True).cast(pl.Int64))
    words = [growth_words(row["needed"], row["growth"]) for row in rows.iter_rows(named=True)]
    return rows.with_columns(
        pl.Series(name, [getattr(one, language) for one in words], dtype=pl.String)
        for name, language in (("grow_zh", "zh"), ("grow_en", "en"))
    ).select("region", "value", "points", "start", "net", "allowed", "rank", "among", "grow_zh", "grow_en")


def _graded(found: Debt, every: pl.DataFrame) -> pl.DataFrame:
    """Return the last grade of every region: 0 or more where it is in the upper half of the grades, else below."""
    name, steps = found.bands["name"], found.bands["grades"]
    order = {one["name"]: place - len(steps) // 2 for place, one in enumerate(steps)}
    graded = found.frame.drop_nulls("explicit").sort("region", "year")
    # the last year that is graded; where none is, why the last year is not
    last = pl.concat([graded.drop_nulls("band"), graded.filter(pl.col("band").is_null().all().over("region"))])
    rows = last.group_by("region", maintain_order=True).last()
    value = pl.col("band").replace_strict(order, default=None, return_dtype=pl.Float64)
    return every.join(
        rows.select("region", "band", value=value, ratio="band_ratio", zh="band_status_zh", en="band_status_en"),
        on="region",
        how="left",
    ).with_columns(
        bands=pl.lit(name),
        bands_zh=pl.lit(found.bands.get("zh") or name),
        band_zh=pl.col("band").replace_strict({one["name"]: one.get("zh", one["name"]) for one in steps}, default=None),
        edge=pl.lit(float(steps[len(steps) // 2]["from"])),
        reason_zh=pl.when(pl.col("value").is_null()).then(pl.col("zh").fill_null("没有债务数据")),
        reason_en=pl.when(pl.col("value").is_null()).then(pl.col("en").fill_null("no debt given")),
    )


def _told(rows: pl.DataFrame, zh: str, en: str) -> pl.DataFrame:
    absent = pl.col("value").is_null()
    return rows.with_columns(reason_zh=pl.when(absent).then(pl.lit(zh)), reason_en=pl.when(absent).then(pl.lit(en)))

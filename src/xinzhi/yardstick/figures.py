"""The frames of a measurement."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from xinzhi.core.result import Result
from xinzhi.protocol import Protocol
from xinzhi.yardstick.growth_accounts import GrowthAccounts
from xinzhi.yardstick.panel import Panel


@dataclass(frozen=True, repr=False, kw_only=True)
class Figures(Result, verb="measure", topic="yardstick", key=("region", "year")):
    """What a measurement holds: see `Measurement`."""

    inputs: pl.DataFrame
    periods: pl.DataFrame
    levels: pl.DataFrame
    national: pl.DataFrame
    national_periods: pl.DataFrame
    groups: pl.DataFrame
    group_periods: pl.DataFrame
    coverage: pl.DataFrame
    omitted: pl.DataFrame
    regions: pl.DataFrame
    protocol: Protocol
    panel: Panel
    price_base: int | None
    identity_gap: float
    accounts: GrowthAccounts | None = None

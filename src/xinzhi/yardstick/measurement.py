"""The result of measuring: growth, contributions and levels of every region under one protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xinzhi.core.result import Result

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.explain import Explanation
    from xinzhi.yardstick.panel import Panel


@dataclass(frozen=True, repr=False, kw_only=True)
class Measurement(Result):
    """Growth accounts of every region under one protocol.

    Growth and contributions are log points (0.01 is about 1 %), per year; levels are ratios.

    Parameters
    ----------
    frame
        ``region, year, output_growth, capital_growth, labour_growth, human_capital_growth, labour_share,
        capital_contribution, labour_contribution, human_capital_contribution, tfp_growth, tfp_level, flags``:
        one row per region and year for which every input is known in this year and the year before.
        `tfp_level` is relative to the mean of the regions in that year (= 1). `flags` joins marks with ``;``,
        each ``kind:series`` with the kinds ``extrapolated, proxy, carried, break, missing, first_published``.
    inputs
        ``region, year, output, capital, labour, human_capital, labour_share, flags``: the levels behind `frame`.
    periods
        ``region, start, end`` (growth of the years after `start`, up to `end`), the mean per year of every growth
        and contribution of `frame`, ``tfp_part`` (TFP growth / output growth), ``rank`` (1 = highest TFP growth in
        that period), ``flags``. Regions that lack a year of a period are left out of it; the last period is the
        whole span of the figures.
    levels
        ``region, year, output_per_worker, capital_per_worker, tfp_level, tfp_to_leader, leader``: the first three
        relative to the mean of the regions (geometric mean = 1), the fourth to the leader (= 1).
    national, national_periods
        The columns of `frame` and `periods` for the sum of the regions (region is ``total``).
    groups, group_periods
        The same for the sum of the regions of each macro-region (region is its ``group_en``).
    coverage
        ``series, column, first_year, last_year, last_official_year, last_revised_year``: how far figures carry.
    omitted
        ``region, year, output_growth, missing``: years that could not be measured, and the series that is missing.
    regions
        ``region, name_zh, name_en, abbr, group_zh, group_en`` of every region measured.
    protocol, panel
        The resolved protocol and the aligned data, from which `explain` answers.
    price_base
        The year in whose prices levels are compared and regions added up; None: at the prices of the data.
    identity_gap
        Largest absolute difference between output growth and the sum of its contributions.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year")

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

    def explain(self, region: str | int, year: int | str) -> Explanation:
        """Return every input, mark, parameter and reference behind the figures of one region and year.

        The region may be named by its code or by its Chinese or English name.

        Raises
        ------
        UsageError
            When the region or the year was not measured; the message says why.

        Examples
        --------
        >>> import xinzhi
        >>> print(xinzhi.measure("china-provinces").explain("220000", 2017).text("en"))  # doctest: +ELLIPSIS
        Jilin 2017...
        """
        from xinzhi.yardstick.explain import explain

        return explain(self, region, year)

    def summary(self, language: Language = "en") -> str:
        """Return the ranking of the whole span and the national accounts in a few lines."""
        from xinzhi.yardstick.explain import summarise

        return summarise(self, language)

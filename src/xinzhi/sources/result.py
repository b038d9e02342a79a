"""The result of decomposing: the three sources of every region's residual, and the industries behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xinzhi.core.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language, Text
    from xinzhi.sources.explain import SourcesExplanation
    from xinzhi.yardstick import Measurement

PARTS = ("breakthrough", "allocation", "upgrading_traditional", "upgrading_emerging")


@dataclass(frozen=True, repr=False, kw_only=True)
class Sources(Result):
    """Where the total factor productivity growth of every region came from, in log points per year.

    ``tfp_growth = breakthrough + allocation + upgrading_traditional + upgrading_emerging + unallocated``, to 1e-12.

    Parameters
    ----------
    frame
        ``region, year, tfp_growth, breakthrough, allocation, upgrading_traditional, upgrading_emerging,
        allocation_capital, allocation_labour, unallocated, upgrading, within, output_gap, flags``. `within` is the sum
        of the industries' own residuals (= breakthrough + upgrading), `output_gap` the official output growth less that
        of the industries, `unallocated` what of it was not spread over them (0 unless ``output_gap`` is assumed
        ``show``). A part that cannot be computed is null, and `coverage` says why.
    industries
        ``region, industry, year, weight, domar_weight, output_growth, capital_growth, labour_growth,
        human_capital_growth, labour_share, tfp_growth, frontier_growth, level, cross_section, distance,
        distance_change, breakthrough, upgrading, capital_contribution, labour_contribution, emerging, leader``. `level`
        is the log level of TFP, comparable between regions and years; `distance` the log distance to best practice;
        `leader` the region with the highest level. With gross output `tfp_growth`, levels and frontier are on gross
        output, and `domar_weight` carries them to the region.
    inputs
        ``region, industry, year, output_nominal, output, capital, labour, human_capital, labour_share``: the levels
        behind `industries`, capital and labour scaled to the region's totals; what `marginal_products` and the other
        measures take.
    periods
        ``region, start, end, years`` and the columns of `frame` as means per year of the chained growth of the years
        after `start` up to `end`; times `years` they are the chained sums. A period of the protocol that the
        decomposition covers in part begins or ends where it does.
    cumulative
        ``region, year`` and the parts summed from the first year on; breaks off at a gap.
    groups, group_periods
        ``region`` (the macro-region or ``total``), ``year`` (or ``start, end, years``), ``tfp_growth`` of its official
        accounts, the parts as means of its regions weighted by output, and ``allocation_between``: what moved between
        the regions.
    coverage
        ``quantity, status, reason_zh, reason_en``: what could be computed (``computed, partly, not_computed``).
    omitted
        ``region, year, tfp_growth, missing``: region-years with an official residual and no decomposition.
    beside
        ``region, year, source, ours, frontier, difference``, the parts beside those of a frontier analysis; None
        where none was passed in.
    findings
        What does not add up in the figures.
    labels
        Names of the industries by code, from the table `industries` of the package where it has one.
    measurement
        The official accounts.
    identity_gap
        Largest absolute difference between the official residual and the sum of the parts.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year")

    industries: pl.DataFrame
    inputs: pl.DataFrame
    periods: pl.DataFrame
    cumulative: pl.DataFrame
    groups: pl.DataFrame
    group_periods: pl.DataFrame
    coverage: pl.DataFrame
    omitted: pl.DataFrame
    beside: pl.DataFrame | None
    findings: tuple[Finding, ...]
    labels: Mapping[str, Text]
    measurement: Measurement
    identity_gap: float

    def explain(self, region: str | int, year: int | str) -> SourcesExplanation:
        """Return the industries, reallocation and assumptions behind one region and year.

        Raises
        ------
        UsageError
            When the region or the year was not decomposed; the message says why.

        Examples
        --------
        >>> import xinzhi
        >>> from xinzhi.sources import decompose
        >>> print(decompose("china-provinces").explain("520000", 2010).text("en"))  # doctest: +ELLIPSIS
        Guizhou 2010...
        """
        from xinzhi.sources.explain import explain

        return explain(self, region, year)

    def summary(self, language: Language = "en") -> str:
        """Return what the decomposition finds, in a few sentences."""
        from xinzhi.sources.words import summarise

        return summarise(self, language)

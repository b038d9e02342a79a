"""The result of building an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.sectors.naming import region_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language, Text
    from xinzhi.sectors.composite.compute import Built, Convention
    from xinzhi.sectors.composite.gaming import Gaming
    from xinzhi.sectors.composite.sensitivity import Sensitivity
    from xinzhi.sectors.composite.system import System
    from xinzhi.sectors.composite.table import Table
    from xinzhi.sectors.composite.uncertainty import Uncertainty


@dataclass(frozen=True, repr=False, kw_only=True)
class Index(Result):
    """A composite index under a declared system and convention.

    Parameters
    ----------
    frame
        ``region, year, index, rank, status, imputed, missing``, then the score of every sector and dimension. `rank` is
        within the year, 1 for the highest. `status` is ``observed``, ``imputed`` (`imputed` counts the indicators that
        were filled in) or ``incomplete`` (`missing` names them; there is no index).
    weights
        ``indicator, name_zh, name_en, sector, dimension, weight``, and ``year`` where they are set anew every year:
        weights in the index, summing to one.
    coverage
        ``indicator, name_zh, name_en, sector, covered, observations, missing, imputed, first_year, last_year``: of
        every indicator of the system, those that the data do not have included.
    normalised
        ``region, year`` and one column per indicator, for the rows that have an index.
    treatment
        ``year, indicator, treatment, winsorised, exponent``: what was done about outliers.
    names
        Names of the regions, where the data package has them.
    system, convention
        What it was built by.
    findings
        Warnings and notes on system and data.
    table, built, filled, complete
        The data, the computation, the table after imputation, and the rows that have an index.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year")

    weights: pl.DataFrame
    coverage: pl.DataFrame
    normalised: pl.DataFrame
    treatment: pl.DataFrame
    names: Mapping[str, Text]
    system: System
    convention: Convention
    findings: tuple[Finding, ...]
    table: Table
    built: Built
    filled: FloatArray
    complete: BoolArray

    def uncertainty(self, draws: int = 1000, seed: int = 0) -> Uncertainty:
        """Return the interval of every rank over many ways to build the index.

        Parameters
        ----------
        draws
            Number of draws of imputation, treatment, normalisation, weights, aggregation, and noise in the weights.
        seed
            Of the random numbers.
        """
        from xinzhi.sectors.composite.uncertainty import uncertainty

        return uncertainty(self, draws=draws, seed=seed)

    def sensitivity(self, method: str = "exact", *, draws: int = 1000, seed: int = 0) -> Sensitivity:
        """Return how much of the variance of every rank each choice makes.

        Parameters
        ----------
        method
            ``exact``: over every combination of the choices, without noise; ``sobol``: estimated from draws, with it.
        draws, seed
            Of ``sobol``: base draws (each choice costs as many again), and the seed.
        """
        from xinzhi.sectors.composite.sensitivity import sensitivity

        return sensitivity(self, method, draws=draws, seed=seed)

    def gaming(self) -> Gaming:
        """Return how far every region could move by convention alone, and by which."""
        from xinzhi.sectors.composite.gaming import gaming

        return gaming(self)

    def name(self, region: str, language: Language = "en") -> str:
        """Return the name of a region: that of the data, of a province of China, or its code."""
        return region_text(region, self.names).lang(language)

    def explain(self, region: str, year: int | None = None) -> pl.DataFrame:
        """Return every indicator behind the index of a region and year.

        Parameters
        ----------
        region, year
            The region and year; the last year of the region when none is given.

        Returns
        -------
        polars.DataFrame
            ``indicator, name_zh, name_en, sector, dimension, unit, direction, value, imputed, treated, score, weight``
            and, for means, ``contribution``: these add up to the index (``arithmetic``), to its logarithm
            (``geometric``) or to its inverse (``harmonic``).

        Raises
        ------
        UsageError
            When the region and year have no index; says which indicators are missing.
        """
        import polars as pl

        at = self._position(region, year)
        row = int(np.flatnonzero(self.complete)[at])
        items = self.system.indicators
        scores, weights = self.built.scores[at], self.built.weights[at]
        columns: dict[str, object] = {
            "indicator": self.system.codes,
            "name_zh": [item.name.zh for item in items],
            "name_en": [item.name.en for item in items],
            "sector": [item.sector for item in items],
            "dimension": pl.Series([item.dimension for item in items], dtype=pl.String),
            "unit": [item.unit for item in items],
            "direction": [item.direction for item in items],
            "value": self.filled[row],
            "imputed": ~np.isfinite(self.table.values[row]),
            "treated": self.built.treated[at],
            "score": scores,
            "weight": weights,
        }
        match self.convention.aggregation:
            case "arithmetic":
                columns["contribution"] = weights * scores
            case "geometric":
                columns["contribution"] = weights * np.log(scores)
            case "harmonic":
                columns["contribution"] = weights / scores
        return pl.DataFrame(columns)

    def _position(self, region: str, year: int | None) -> int:
        keys = self.table.keys.filter(self.complete)
        regions, years = keys["region"].to_numpy(), keys["year"].to_numpy()
        if year is None:
            own = years[regions == region]
            year = int(own.max()) if len(own) else None
        found = np.flatnonzero((regions == region) & (years == year))
        if found.size:
            return int(found[0])
        row = self.frame.filter(region=region, year=year) if year is not None else self.frame.filter(region=region)
        if row.height:
            message = f"{region} in {row['year'][-1]} has no index: {row['missing'][-1]} missing."
        else:
            message = f"there is no {region}{'' if year is None else f' in {year}'} in these data."
        raise UsageError(message)

    def summary(self, language: Language = "en") -> str:
        """Return the finding in a few lines."""
        from xinzhi.sectors.composite.words import summarise_index

        return summarise_index(self, language)

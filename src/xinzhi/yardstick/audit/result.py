"""The result of an audit of the ruler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Language
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.audit.choices import Grid


@dataclass(frozen=True, repr=False, kw_only=True)
class Audit(Result):
    """What choosing one's own ruler buys, over every admissible protocol.

    Growth is mean TFP growth in log points per year.

    Parameters
    ----------
    frame
        ``region, start, end, official, official_rank, protocols, minimum, p05, median, p95, maximum, rank_minimum,
        rank_p05, rank_median, rank_p95, rank_maximum`` (every region under the same protocol), and the gaming room of a
        region that chooses while the others keep the official protocol: ``best_rank, rank_gain, growth_gain,
        departures, departure_count, best_protocol, best_growth, single_departure, single_gain, everyone_rank,
        nearest``. `growth_gain` is the highest attainable growth less the official one; `departures` is the smallest
        set that attains `best_rank`; `single_departure` is the one choice, settled otherwise, that helps most;
        `everyone_rank` is the rank when every region takes what suits it best.
    protocols
        ``number, departure_count, nearest, nearest_distance`` and one column per open parameter: one row
        per admissible protocol, the official one first; empty where a parameter is not in force.
    variance
        ``region, start, end, choice, variance, first_order, total, shapley, share``: exact, over all protocols;
        `shapley` sums to `variance`, `share` is its part.
    reversals
        ``start, end, region, other, above``: share of the protocols in which `region` grows faster than `other`.
    left_out
        ``departures, reason``: alternatives that the package cannot compute, and periods that some protocols do not
        fill (without departures).
    regions
        Names of the regions.
    official_span
        The latest period on official figures alone, which the summary speaks of.
    grid, spans, estimates
        The choices, the periods and the array `(N, R, P)` of mean TFP growth.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "start", "end")

    protocols: pl.DataFrame
    variance: pl.DataFrame
    reversals: pl.DataFrame
    left_out: pl.DataFrame
    regions: pl.DataFrame
    grid: Grid
    spans: tuple[tuple[int, int], ...]
    official_span: tuple[int, int]
    estimates: FloatArray

    def protocol(self, number: int) -> Protocol:
        """Return one protocol of the admissible set, ready to measure with.

        Raises
        ------
        UsageError
            When there is no such number.
        """
        rows = self.grid.rows
        if not 0 <= number < len(rows):
            message = f"protocol {number}: the admissible set has the numbers 0 (official) to {len(rows) - 1}."
            raise UsageError(message)
        values = self.grid.values(rows[number])
        return self.grid.protocol.replace({path: values[path] for path in self.grid.departures(rows[number])})

    def tfp(self, number: int) -> pl.DataFrame:
        """Return ``region, start, end, tfp_growth`` under one protocol of the set."""
        import polars as pl

        names = self.regions["region"].to_list()
        return pl.concat(
            pl.DataFrame(
                {
                    "region": names,
                    "start": [start] * len(names),
                    "end": [end] * len(names),
                    "tfp_growth": pl.Series(self.estimates[number, :, at], nan_to_null=True),
                }
            )
            for at, (start, end) in enumerate(self.spans)
        )

    def summary(self, language: Language = "en") -> str:
        """Return the finding in a few lines."""
        from xinzhi.yardstick.audit.words import summarise

        return summarise(self, language)

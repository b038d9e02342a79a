"""What balancing returns: balanced output beside the published one, standard errors, and how far figures moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.result import FrameKind, Provenance, Result
from xinzhi.yardstick.balance.system import Covariance

_LENGTH = 5
_BOUND = 2.0  # standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Published and balanced unknowns `(R, K)`, the covariance of growth, and the deviations of what is published."""

    regions: tuple[str, ...]
    years: tuple[int, ...]
    published: FloatArray
    state: FloatArray
    covariance: Covariance
    deviations: FloatArray

    @property
    def levels(self) -> int:
        """How many of the unknowns of a region are levels."""
        return len(self.years)

    def weights(self) -> FloatArray:
        """Return the part of each region in published output, the mean of a year and the one before."""
        level = np.exp(self.published[:, : self.levels])
        share = level / level.sum(axis=0)
        return np.asarray((share[:, 1:] + share[:, :-1]) / 2)

    def adjustment(self) -> FloatArray:
        """Return by how many standard deviations growth moved against that of all regions together `(R, L - 1)`."""
        change = (self.state - self.published)[:, self.levels :]
        mean = (self.weights() * change).sum(axis=0)
        return np.asarray((change - mean) / self.deviations[:, self.levels :])

    def nominal_adjustment(self) -> FloatArray:
        """Return by how many standard deviations levels moved."""
        change = (self.state - self.published)[:, : self.levels]
        return np.asarray(change / self.deviations[:, : self.levels])

    def frame(self) -> pl.DataFrame:
        """Return region, year, published and balanced figures."""
        first = np.full((len(self.regions), 1), np.nan)
        nominal, published = self.state[:, : self.levels], self.published[:, : self.levels]
        growth, error = self.state[:, self.levels :], np.sqrt(self.covariance.variances())
        adjustment = self.adjustment()
        yearly = {
            "growth_published": self.published[:, self.levels :],
            "growth": growth,
            "standard_error": error,
            "deflator_growth": np.diff(nominal, axis=1) - growth,
            "adjustment": adjustment,
        }
        columns = {
            "nominal_published": np.exp(published),
            "nominal": np.exp(nominal),
            **{name: np.concatenate([first, values], axis=1) for name, values in yearly.items()},
        }
        keys = {
            "region": np.repeat(np.array(self.regions), self.levels),
            "year": np.tile(np.array(self.years, dtype=np.int64), len(self.regions)),
        }
        frame = pl.DataFrame(keys | {name: values.ravel() for name, values in columns.items()})
        return frame.with_columns(pl.selectors.float().fill_nan(None)).with_columns(
            flag=pl.col("adjustment").abs().fill_null(0.0) > _BOUND
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Chi-square of the evidence and of the identities with their degrees of freedom; the largest gap that is left.

    `within` is the share of growth rates, `nominal_within` that of levels, that moved by two standard deviations or
    less.
    """

    gap: float
    chi_square: float
    degrees: int
    identities_chi_square: float
    identities: int
    within: float
    nominal_within: float


@dataclass(frozen=True, repr=False, kw_only=True)
class Balance(Result, verb="balance", topic="yardstick", key=("region", "year")):
    """Output of regions that adds up to the nation's, beside the published one.

    `adjustment` is by how many standard deviations of the published growth a region moved against all together, and
    `flag` says where that is more than two. `periods` has mean growth a year and its standard error, `fit` how well
    evidence and identities go together. Growth is in log points.
    """

    periods: pl.DataFrame
    fit: Fit
    point: Point

    @classmethod
    def from_point(
        cls,
        point: Point,
        periods: Sequence[tuple[int, int]],
        *,
        gap: float,
        fit: tuple[float, int, float, int],
        kind: FrameKind,
        provenance: Provenance,
    ) -> Balance:
        """Return the result of a balanced point."""
        chi_square, degrees, identities_chi_square, identities = fit
        return cls(
            frame=point.frame(),
            periods=pl.concat([span(point, start, end) for start, end in periods]),
            fit=Fit(
                gap=gap,
                chi_square=chi_square,
                degrees=degrees,
                identities_chi_square=identities_chi_square,
                identities=identities,
                within=float((np.abs(point.adjustment()) <= _BOUND).mean()),
                nominal_within=float((np.abs(point.nominal_adjustment()) <= _BOUND).mean()),
            ),
            point=point,
            kind=kind,
            provenance=provenance,
        )

    @cached_property
    def largest(self) -> pl.DataFrame:
        """The growth rates that moved most against their standard deviation, the largest first."""
        return self.frame.drop_nulls("adjustment").sort(pl.col("adjustment").abs(), descending=True).head(_LENGTH)

    def span(self, start: int, end: int) -> pl.DataFrame:
        """Return mean growth a year from the level of `start` to that of `end`, with its standard error."""
        return span(self.point, start, end)

    def covariance(self, start: int, end: int) -> FloatArray:
        """Return the covariance between regions `(R, R)` of mean growth a year, for comparisons of pairs."""
        return self.point.covariance.of_form(mean_form(self.point.years, start, end))

    def answer(self) -> Iterator[Fact]:
        """Yield how well it fits, how sure growth is, and what moved by more than two standard deviations."""
        fit, error = self.fit, self.frame["standard_error"].drop_nulls().median()
        regions, years = self.point.regions, self.point.years
        yield words.yardstick.balance_identities(n=len(regions), first=years[0], last=years[-1])
        yield words.yardstick.balance_gap(gap=fit.gap)
        yield words.yardstick.balance_fit(
            evidence=fit.chi_square / max(fit.degrees, 1), identities=fit.identities_chi_square / fit.identities
        )
        yield words.yardstick.balance_within(share=fit.within, n=int(self.frame["flag"].sum()))
        yield words.yardstick.balance_error(error=float(error) if isinstance(error, float) else None)
        for row in self.largest.filter("flag").iter_rows(named=True):
            name, published = self.names.region(row["region"]), row["growth_published"]
            yield words.yardstick.balance_largest(
                name=name, year=row["year"], published=published, growth=row["growth"], adjustment=row["adjustment"]
            )


def mean_form(years: Sequence[int], start: int, end: int) -> FloatArray:
    """Return the weights of yearly growth in its mean over a span, or refuse a span that the years do not hold."""
    if not years[0] <= start < end <= years[-1]:
        raise UsageError("yardstick.balance-period", start=start, end=end, first=years[0], last=years[-1])
    year = np.array(years[1:])
    return np.where((year > start) & (year <= end), 1 / (end - start), 0.0)


def span(point: Point, start: int, end: int) -> pl.DataFrame:
    """Return mean growth of every region over a span, published and balanced, with its standard error."""
    form = mean_form(point.years, start, end)
    variance = np.diag(point.covariance.of_form(form))
    return pl.DataFrame(
        {
            "region": point.regions,
            "start": [start] * len(point.regions),
            "end": [end] * len(point.regions),
            "growth_published": point.published[:, point.levels :] @ form,
            "growth": point.state[:, point.levels :] @ form,
            "standard_error": np.sqrt(variance),
        }
    )

"""Distributions over the years: kernel densities, and how likely a region rises or falls in the ranking (Markov)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core import densities
from xinzhi.core import markov_chains as chains
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.result import Result
from xinzhi.core.spatial import neighbour_means
from xinzhi.core.text import Text
from xinzhi.sectors.conventions import method, series_text, setting
from xinzhi.sectors.figures import KEYS, figures, grid, omission_frame, reason
from xinzhi.sectors.spatial import Islands, spatial_weights

Rule = Literal["silverman", "scott"]
Bounds = Literal["pooled", "yearly"]
_FEWEST, _TWO = setting("density.fewest"), 2
_RIDGES = 8  # densities that one picture holds


def bandwidth(values: FloatArray, rule: Rule | float = "silverman") -> float:
    """Return the bandwidth of a normal kernel (Silverman 1986, equations 3.30 and 3.31; Scott 1992)."""
    if isinstance(rule, int | float):
        if not rule > 0:
            raise UsageError("sectors.bandwidth-not-positive", value=float(rule))
        return float(rule)
    if rule not in {"silverman", "scott"}:
        raise UsageError("sectors.unknown-bandwidth", rule=rule)
    values = np.asarray(values, dtype=np.float64)
    if rule == "scott":
        return float(values.std(ddof=1)) * float(np.power(values.size, -0.2))
    return densities.silverman(values)


def kernel_density(values: FloatArray, at: FloatArray, width: float) -> FloatArray:
    """Return the normal kernel density of values `(n,)` at the points `(m,)`."""
    return np.asarray(densities.kernels(at, values, width).mean(axis=1))


@dataclass(frozen=True, repr=False, kw_only=True)
class Densities(Result, verb="ridgelines", topic="sectors", key=("year", "x")):
    """Kernel densities of one figure, year by year on one grid.

    `years` has bandwidth, moments and peaks of each year, or why it has no density; `rule` chose the bandwidth.
    """

    years: pl.DataFrame
    rule: str

    @property
    def value_text(self) -> Text:
        """What the figure is called."""
        return series_text(str(self.provenance.options["value"]), self.names)

    @property
    def heading(self) -> Text:
        """What a section on the densities is called."""
        return words.sectors.title_densities(value=self.value_text)

    @property
    def ridges(self) -> pl.DataFrame:
        """The densities of a few years, evenly spread over all."""
        years = self.frame["year"].unique().sort()
        steps = np.linspace(0, len(years) - 1, min(_RIDGES, len(years))).round().astype(int)
        return self.frame.filter(pl.col("year").is_in(years[steps].implode())).sort("year", "x")

    @property
    def years_with_reasons(self) -> pl.DataFrame:
        """The years, each with the reason why it has no density, empty where it has one."""
        return self.years.with_columns(pl.col("reason_zh", "reason_en").fill_null(""))

    def answer(self) -> Iterator[Fact]:
        """Yield where the peak and the spread went, and whether there are several peaks."""
        with_density = self.years.drop_nulls("bandwidth")
        first, last = with_density.row(0, named=True), with_density.row(-1, named=True)
        yield words.sectors.answer_densities(
            value=self.value_text,
            first=first["year"],
            before=first["mode"],
            modes_before=first["modes"],
            last=last["year"],
            after=last["mode"],
            modes_after=last["modes"],
        )
        if first["mean"] and last["mean"]:
            before, after = (row["deviation"] / row["mean"] for row in (first, last))
            yield words.sectors.answer_deviation(before=before, after=after)
        yield words.sectors.note_bandwidth(rule=method("bandwidth", self.rule))


def ridgelines(
    frame: object, value: str, *, years: Sequence[int] | None = None, rule: Rule | float = "silverman"
) -> Densities:
    """Return the kernel density of a figure over the regions in every year, on one grid.

    Parameters
    ----------
    frame, value
        A frame with ``region, year`` and the figure, and the figure's column.
    years
        Which years; all by default.
    rule
        Bandwidth of every year: ``silverman`` (0.9 times the smaller of the standard deviation and the interquartile
        range over 1.34, times n to the power of -1/5), ``scott`` (the standard deviation times the same), or a number.

    Notes
    -----
    A year with fewer than three regions, or whose values are all equal, has no density; `years` says so. The grid spans
    all years and three bandwidths more on either side.

    Examples
    --------
    >>> data = pl.DataFrame({"region": list("abcd"), "year": 2020, "y": [1.0, 2.0, 2.5, 4.0]})
    >>> curve = ridgelines(data, "y").frame
    >>> bool(abs(np.trapezoid(curve["density"], curve["x"]) - 1) < 0.01)
    True
    """
    data = figures(frame, [value], verb="ridgelines")
    table = data.frame.drop_nulls(value)
    table = table.filter(pl.col("year").is_in(list(years))) if years is not None else table
    samples = {int(year): table.filter(year=year)[value].to_numpy() for year in table["year"].unique().sort()}
    widths = {year: bandwidth(sample, rule) if sample.size >= _FEWEST else 0.0 for year, sample in samples.items()}
    bandwidths = {year: width for year, width in widths.items() if width > 0}
    if not bandwidths:
        raise InputError("sectors.no-density", value=value, fewest=_FEWEST)
    tail = setting("density.tails") * max(bandwidths.values())
    pool = np.concatenate([samples[year] for year in bandwidths])
    grid = np.linspace(pool.min() - tail, pool.max() + tail, int(setting("density.points")))
    curves = {year: kernel_density(samples[year], grid, width) for year, width in bandwidths.items()}
    points = [pl.DataFrame({"year": [year] * grid.size, "x": grid, "density": curve}) for year, curve in curves.items()]
    return Densities(
        frame=pl.concat(points).with_columns(pl.col("year").cast(pl.Int64)),
        years=_years(samples, bandwidths, curves, grid),
        rule=str(rule),
        kind=data.kind,
        provenance=data.provenance("ridgelines", value=value, rule=str(rule)),
    )


def _years(
    samples: dict[int, FloatArray], bandwidths: dict[int, float], curves: dict[int, FloatArray], grid: FloatArray
) -> pl.DataFrame:
    """Return one row a year: its size, bandwidth, moments and peaks, or why it has no density."""
    rows = []
    for year, values in samples.items():
        row: dict[str, object] = {"year": year, "regions": values.size, "mean": float(values.mean())}
        if year in bandwidths:
            curve = curves[year]
            row |= {"bandwidth": bandwidths[year], "deviation": float(values.std(ddof=1))}
            row |= {"modes": densities.peaks(curve).size, "mode": float(grid[curve.argmax()])}
        else:
            why = reason("few", fewest=_FEWEST) if values.size < _FEWEST else reason("constant")
            row |= {"reason_zh": why.zh, "reason_en": why.en}
        rows.append(row)
    schema: dict[str, type[pl.DataType]] = {
        "year": pl.Int64,
        "regions": pl.Int64,
        "bandwidth": pl.Float64,
        "mean": pl.Float64,
    }
    schema |= {"deviation": pl.Float64, "modes": pl.Int64, "mode": pl.Float64}
    schema |= {"reason_zh": pl.String, "reason_en": pl.String}
    return pl.DataFrame(rows, schema=schema)


@dataclass(frozen=True, repr=False, kw_only=True)
class MarkovChain(Result, verb="markov", topic="sectors", key=("neighbours", "origin", "destination")):
    """Transitions between classes, 1 being the lowest.

    `frame` counts them by the class of the neighbours (0 = whatever it is); `steady` has the long-run distributions
    that are unique, `classes` the class of every region and year, `bounds` the upper bounds of all classes but the
    last, empty where they move with the year. `homogeneity` tests that the class of the neighbours does not matter.
    """

    steady: pl.DataFrame
    classes: pl.DataFrame
    bounds: tuple[float, ...]
    homogeneity: chains.Homogeneity | None
    omitted: pl.DataFrame

    def answer(self) -> Iterator[Fact]:
        """Yield how often regions stay, rise and fall, and whether neighbours matter."""
        unconditional = self.frame.filter(neighbours=0)
        total = float(unconditional["count"].to_numpy().sum())
        origin, destination = pl.col("origin"), pl.col("destination")
        stay, rise, fall = (
            float(unconditional.filter(rule)["count"].to_numpy().sum()) / total
            for rule in (origin == destination, destination > origin, destination < origin)
        )
        value = series_text(str(self.provenance.options["value"]), self.names)
        yield words.sectors.answer_transitions(value=value, total=total, stay=stay, rise=rise, fall=fall)
        if self.homogeneity is not None:
            test = self.homogeneity
            yield words.sectors.answer_of(
                "matter" if test.p < setting("significance.value") else "no_matter",
                statistic=test.statistic,
                degrees=test.degrees,
                p=test.p,
            )


def markov(
    frame: object,
    value: str,
    *,
    classes: int | None = None,
    bounds: Bounds | Sequence[float] = "pooled",
    relative: bool = True,
    neighbours: Mapping[str, Sequence[str]] | None = None,
    islands: Islands = "refuse",
) -> MarkovChain:
    """Return how regions move between classes from one year to the next; with neighbours, by the class of those too.

    Parameters
    ----------
    frame, value
        A frame with ``region, year`` and the figure, and the figure's column.
    classes
        Number of classes (quantiles); 4 by default.
    bounds
        ``pooled``: quantiles of all years together; ``yearly``: of each year; or the upper bounds of all classes but
        the last.
    relative
        Divide by the mean of the regions in the year first, so that common growth moves nobody.
    neighbours
        Region and those it borders on (`contiguity()`): asks for the spatial chain, conditioned on the class of the
        mean of the neighbours in the first of the two years.
    islands
        ``refuse`` or ``drop``, for the spatial chain.

    Notes
    -----
    Quah (1993), European Economic Review 37; Rey (2001), Geographical Analysis 33, for the spatial chain. A transition
    needs the region in both of two successive years: gaps are left out, not bridged.

    Examples
    --------
    >>> data = pl.DataFrame({"region": list("aabb"), "year": [1, 2, 1, 2], "y": [1.0, 1.0, 3.0, 3.0]})
    >>> markov(data, "y", classes=2).frame.select("origin", "destination", "count").rows()
    [(1, 1, 1.0), (1, 2, 0.0), (2, 1, 0.0), (2, 2, 1.0)]
    """
    cut_points = None if isinstance(bounds, str) else [float(bound) for bound in bounds]
    number = len(cut_points) + 1 if cut_points is not None else int(classes or setting("markov.classes"))
    if number < _TWO or (cut_points is not None and any(np.diff(cut_points) <= 0)):
        raise UsageError("sectors.markov-classes")
    data = figures(frame, [value], verb="markov")
    table = data.frame
    regions, years, cells = grid(table, value)
    if relative:
        mean = chains.yearly_means(cells)
        if (mean <= 0).any():
            raise InputError("sectors.mean-not-positive", year=years[int(np.flatnonzero(mean <= 0)[0])])
        cells = np.asarray(cells / mean)
    cuts = _cuts(cells, number, cut_points if cut_points is not None else str(bounds), value)
    place = chains.classify(cells, cuts)
    counts = [chains.moves(place, number)]
    if not counts[0].sum():
        raise InputError("sectors.no-transition", value=value)
    test = None
    if neighbours is not None:
        # the mean of the neighbours that have a value in each year; none for islands
        weights = spatial_weights(neighbours, regions, islands=islands)
        rows, lag = [regions.index(name) for name in weights.regions], np.full(cells.shape, np.nan)
        lag[rows] = neighbour_means(weights.matrix, cells[rows])
        around = chains.classify(lag, cuts)
        spatial = [chains.moves(place, number, around == state) for state in range(number)]
        counts += spatial
        test = chains.homogeneity(np.stack(spatial))
    limits = [chains.steady_state(chains.probabilities(matrix)) for matrix in counts]
    steady = [
        (condition, state + 1, float(share))
        for condition, limit in enumerate(limits)
        for state, share in enumerate([] if limit is None else limit.tolist())
    ]
    schema = {"neighbours": pl.Int64, "class": pl.Int64, "probability": pl.Float64}
    missing = table.filter(pl.col(value).is_null()).select(KEYS).iter_rows()
    row, column = np.nonzero(place >= 0)
    return MarkovChain(
        frame=pl.DataFrame(chains.transition_table(counts)).with_columns(pl.col("probability").fill_nan(None)),
        steady=pl.DataFrame(steady, schema=schema, orient="row"),
        classes=pl.DataFrame(
            {
                "region": pl.Series(regions, dtype=pl.String).gather(row),
                "year": np.array(years)[column],
                "value": cells[row, column],
                "class": place[row, column] + 1,
            }
        ),
        bounds=tuple(cuts.tolist()) if cuts.ndim == 1 else (),
        homogeneity=test,
        omitted=omission_frame(missing, reason("no_value")),
        kind=data.kind,
        provenance=data.provenance(
            "markov", value=value, classes=number, bounds=cut_points or bounds, relative=relative
        ),
    )


def _cuts(cells: FloatArray, number: int, bounds: str | list[float], value: str) -> FloatArray:
    """Return the upper bounds of the classes `(k - 1,)`, or `(T, k - 1)` where they move with the year."""
    if isinstance(bounds, list):
        return np.array(bounds)
    if bounds not in {"pooled", "yearly"}:
        raise UsageError("sectors.markov-bounds", bounds=bounds)
    cuts = chains.quantile_bounds(cells, number, yearly=bounds == "yearly")
    if bounds == "pooled" and (np.diff(cuts) <= 0).any():
        raise InputError("sectors.equal-values", value=value, classes=number)
    return cuts

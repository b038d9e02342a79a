"""The function `balance`: output of regions and of the nation in one account, by how reliable each figure is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import logsumexp

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.provenance import provenance
from xinzhi.data import Field, Tidy, tidy
from xinzhi.yardstick.balance.result import Balance, Point
from xinzhi.yardstick.balance.system import Evidence, Identities, combine, constrain
from xinzhi.yardstick.balance.weights import HUNDRED, ErrorModel, Weights, load_weights

_VERB = "balance"
_LARGEST = 1.0  # log change: growth in per cent where a log change is wanted
_DOUBLE = float(np.log(2))  # log gap: figures in two units


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was read: log levels `(R, L)` and log growth `(R, L - 1)` of regions, prices by name, the nation's alike."""

    regions: tuple[str, ...]
    years: tuple[int, ...]
    nominal: FloatArray
    volume: FloatArray
    prices: dict[str, FloatArray]
    extra: dict[str, FloatArray]
    nation_nominal: FloatArray
    nation_volume: FloatArray

    @property
    def departure(self) -> FloatArray:
        """The published figures as unknowns `(R, K)`: log levels, then growth."""
        return np.concatenate([self.nominal, self.volume], axis=1)


def balance(
    evidence: AnyFrame,
    nation: AnyFrame,
    weights: Weights | str | Path,
    *,
    periods: Sequence[tuple[int, int]] = (),
) -> Balance:
    """Return levels and growth of regional output that add up to the nation's, with standard errors of real growth.

    Parameters
    ----------
    evidence
        A frame of `region`, `year`, `nominal` (output at current prices), `volume_growth` (log change at constant
        prices over the year before, empty in the first year), and a column for each price index of the weights: its log
        change, moved to the nation's deflator by the caller, empty where there is none. A column such as ``mix_sd``
        adds a standard deviation of single years to that index, as a log change.
    nation
        A frame of `year`, `nominal` and `volume_growth`, in the same years and units; it is taken as exact.
    weights
        How reliable the evidence is: `Weights`, a YAML file, or the name of weights that ship.
    periods
        Pairs of first and last level, whose mean growth and standard error `Balance.periods` has; by default all years.

    Notes
    -----
    Stone, Champernowne and Meade (1942); Byron (1978). Each year regional output at current prices adds up to the
    nation's, and so do volumes at prices of the year before. Generalised least squares, identities exact.

    Examples
    --------
    >>> from xinzhi.yardstick.balance import ErrorModel, Weights
    >>> wide, narrow = ({(2001, 2001): sd} for sd in (2.0, 1.0))
    >>> weights = Weights(
    ...     blocks=[(2001, 2001)],
    ...     volume=ErrorModel(lasting=wide, single=0.5, common=2.0),
    ...     nominal=ErrorModel(lasting=narrow, single=0.2, common=1.0),
    ...     anchor=2001,
    ...     level=2.0,
    ...     rounding=0.001,
    ...     reliability={"east": 1.0, "west": 3.0},
    ... )
    >>> evidence = {
    ...     "region": ["east", "east", "west", "west"],
    ...     "year": [2000, 2001, 2000, 2001],
    ...     "nominal": [60.0, 66.0, 40.0, 46.0],
    ...     "volume_growth": [None, 0.07, None, 0.12],
    ... }
    >>> nation = {"year": [2000, 2001], "nominal": [100.0, 110.0], "volume_growth": [None, 0.07]}
    >>> balanced = balance(evidence, nation, weights)
    >>> balanced.frame.filter(year=2001)["growth"].round(4).to_list()
    [0.0588, 0.0867]
    """
    scale = weights if isinstance(weights, Weights) else load_weights(weights)
    source, national = _tidy_evidence(evidence, scale), _tidy_nation(nation)
    figures = _figures(source, national, scale)
    estimate = combine(sources(figures, scale))
    departure = figures.departure
    state, covariance, identities = constrain(estimate, _identities(figures))
    point = Point(
        regions=figures.regions,
        years=figures.years,
        published=departure,
        state=departure + state,
        covariance=covariance.of_growth(len(figures.years)),
        deviations=deviations(figures, scale),
    )
    gap, _ = _identities(figures)(state)
    return Balance.from_point(
        point,
        periods or [(figures.years[0], figures.years[-1])],
        gap=float(np.abs(np.expm1(gap)).max()),
        fit=(estimate.chi_square, estimate.degrees, identities, gap.size),
        kind=source.kind,
        provenance=provenance(
            _VERB, {**source.inputs, **national.inputs, "weights": scale.digest()}, as_of=scale.as_of
        ),
    )


def sources(figures: Figures, weights: Weights) -> list[Evidence]:
    """Return what is known of every region: levels, their benchmarks, volumes, prices."""
    levels, growths = len(figures.years), len(figures.years) - 1
    factors = weights.factors(figures.regions)[:, None, None]
    of_level, of_growth = np.eye(levels, levels + growths), np.eye(growths, levels + growths, levels)
    none = np.zeros_like(figures.nominal)
    common = weights.nominal.common / HUNDRED
    evidence = [
        Evidence(design=of_level, gap=none, covariance=_level_covariance(figures, weights, factors), common=common),
        Evidence(
            design=of_growth,
            gap=none[:, 1:],
            covariance=factors**2 * _growth_covariance(figures, weights, weights.volume, "volume"),
            common=weights.volume.common / HUNDRED,
        ),
    ]
    places = [at for at, year in enumerate(figures.years) if year in weights.benchmarks]
    if places:
        variance = np.diag([(weights.benchmarks[figures.years[at]] / HUNDRED) ** 2 for at in places])
        benchmark = Evidence(
            design=of_level[places], gap=none[:, places], covariance=factors**2 * variance, common=common
        )
        evidence.append(benchmark)
    implied = np.diff(figures.nominal, axis=1) - figures.volume
    for name, model in weights.prices.items():
        single = np.einsum("rt,tu->rtu", figures.extra[name] ** 2, np.eye(growths))
        covariance = model.variance * (single + _growth_covariance(figures, weights, model, name))
        design = of_level[1:] - of_level[:-1] - of_growth
        gap = figures.prices[name] - implied
        evidence.append(Evidence(design=design, gap=gap, covariance=covariance, common=model.common / HUNDRED))
    return evidence


def _growth_covariance(figures: Figures, weights: Weights, model: ErrorModel, name: str) -> FloatArray:
    """Return the covariance of errors of growth of a region whose reliability is 1."""
    years = figures.years[1:]
    deviation = model.by_year(years, name)
    lasting = np.outer(deviation, deviation) * weights.same_block(years)
    return np.asarray(lasting + np.eye(len(years)) * (model.single / HUNDRED) ** 2)


def _level_covariance(figures: Figures, weights: Weights, factors: FloatArray) -> FloatArray:
    """Return the covariance of errors of levels: that of the anchor, and of growth from there on and before it."""
    if weights.anchor not in figures.years:
        raise InputError(
            "yardstick.balance-anchor", year=weights.anchor, first=figures.years[0], last=figures.years[-1]
        )
    count = len(figures.years)
    before = np.tri(count, count - 1, -1)
    path = before - before[figures.years.index(weights.anchor)]
    growth = path @ _growth_covariance(figures, weights, weights.nominal, "nominal") @ path.T
    single = growth + (weights.level / HUNDRED) ** 2
    return np.asarray(factors**2 * single + np.eye(count) * (weights.rounding / HUNDRED) ** 2)


def deviations(figures: Figures, weights: Weights) -> FloatArray:
    """Return the standard deviations `(R, K)` of what is published, without the errors that regions share."""
    evidence = sources(replace(figures, prices={}, extra={}), replace(weights, prices={}))[:2]
    return np.concatenate([np.sqrt(np.einsum("rmm->rm", source.covariance)) for source in evidence], axis=1)


def _identities(figures: Figures) -> Identities:
    """Return how far sums of levels and of volumes at prices of the year before are from the nation's, in logs."""
    levels, departure = len(figures.years), figures.departure
    growths = levels - 1
    of_level, of_growth = np.arange(levels), np.arange(growths)

    def identities(change: FloatArray) -> tuple[FloatArray, FloatArray]:
        state = departure + change
        nominal = state[:, :levels]
        volume = nominal[:, :-1] + state[:, levels:]
        sums = logsumexp(nominal, axis=0), logsumexp(volume, axis=0)
        shares = np.exp(nominal - sums[0]).T, np.exp(volume - sums[1]).T
        slope = np.zeros((levels + growths, *state.shape))
        slope[of_level, :, of_level] = shares[0]
        slope[levels + of_growth, :, of_growth] = shares[1]
        slope[levels + of_growth, :, levels + of_growth] = shares[1]
        volumes = sums[1] - figures.nation_nominal[:-1] - figures.nation_volume
        return np.concatenate([sums[0] - figures.nation_nominal, volumes]), slope

    return identities


def _tidy_evidence(evidence: AnyFrame, weights: Weights) -> Tidy:
    """Return the evidence with its columns typed; growth that is no log change is refused."""
    names = list(weights.prices)
    fields = [
        Field("region", "code"),
        Field("year", "year"),
        Field("nominal", sign="positive", missing="refuse"),
        Field("volume_growth"),
        *(Field(name) for name in names),
        *(Field(f"{name}_sd", sign="non-negative", required=False) for name in names),
    ]
    source = tidy(evidence, fields, key=("region", "year"), verb=_VERB, table="evidence")
    for name in ("volume_growth", *names):
        source.refuse(pl.col(name).abs() >= _LARGEST, "yardstick.balance-growth", column=name)
    return source


def _tidy_nation(nation: AnyFrame) -> Tidy:
    """Return the nation's series with their columns typed."""
    fields = [Field("year", "year"), Field("nominal", sign="positive"), Field("volume_growth")]
    source = tidy(nation, fields, key=("year",), verb=_VERB, table="nation")
    source.refuse(pl.col("volume_growth").abs() >= _LARGEST, "yardstick.balance-growth", column="volume_growth")
    return source


def _figures(source: Tidy, national: Tidy, weights: Weights) -> Figures:
    """Return what the frames hold as arrays, or name what cannot be balanced."""
    frame, names = source.frame, list(weights.prices)
    regions = tuple(frame["region"].unique(maintain_order=True).to_list())
    years = tuple(sorted(frame["year"].unique().to_list()))
    if len(regions) == 1:
        raise InputError("yardstick.balance-one-region", region=regions[0])
    _check_years(frame, years)
    shape = (len(regions), len(years))
    values = {
        name: frame[name].to_numpy().astype(np.float64).reshape(shape)
        for name in frame.columns
        if name not in {"region", "year"}
    }
    nation_nominal, nation_volume = _nation_figures(national, years)
    figures = Figures(
        regions=regions,
        years=years,
        nominal=np.log(values["nominal"]),
        volume=values["volume_growth"][:, 1:],
        prices={name: values[name][:, 1:] for name in names},
        extra={name: np.nan_to_num(values.get(f"{name}_sd", np.zeros(shape))[:, 1:]) for name in names},
        nation_nominal=nation_nominal,
        nation_volume=nation_volume,
    )
    _check_growth(figures)
    return figures


def _check_years(frame: pl.DataFrame, years: tuple[int, ...]) -> None:
    """Refuse a gap between years, and regions that lack one."""
    span = range(years[0], years[-1] + 1)
    if len(years) == 1:
        raise InputError("yardstick.balance-one-year", year=years[0])
    for region, rows in frame.group_by("region", maintain_order=True):
        gaps = sorted(set(span) - set(rows["year"].to_list()))
        if gaps:
            raise InputError("yardstick.balance-region-years", region=region[0], years=gaps)


def _check_growth(figures: Figures) -> None:
    """Refuse growth that is missing and sums in another unit than the nation's."""
    row, column = np.nonzero(~np.isfinite(figures.volume))
    if row.size:
        place = {"region": figures.regions[row[0]], "year": figures.years[column[0] + 1]}
        raise InputError("yardstick.balance-no-growth", **place, n=row.size)
    ratio = logsumexp(figures.nominal, axis=0) - figures.nation_nominal
    at = int(np.abs(ratio).argmax())
    if abs(ratio[at]) > _DOUBLE:
        raise InputError("yardstick.balance-units", year=figures.years[at], times=float(np.exp(ratio[at])))


def _nation_figures(national: Tidy, years: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Return log levels and log growth of the nation in these years."""
    rows = {year: (nominal, growth) for year, nominal, growth in national.frame.iter_rows()}
    gaps = {
        "nominal": [year for year in years if rows.get(year, (None, None))[0] is None],
        "volume_growth": [year for year in years[1:] if rows.get(year, (None, None))[1] is None],
    }
    for column, missing in gaps.items():
        if missing:
            raise InputError("yardstick.balance-nation-years", column=column, years=missing)
    nominal = np.log(np.array([rows[year][0] for year in years], dtype=np.float64))
    return nominal, np.array([rows[year][1] for year in years[1:]], dtype=np.float64)

"""Space: who borders on whom, and whether neighbours are alike (Moran's I)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.regression import benjamini_hochberg
from xinzhi.core.result import Facts, Result
from xinzhi.core.spatial import adjacency, parts, row_standardised
from xinzhi.sectors.conventions import document, series_text, setting
from xinzhi.sectors.figures import KEYS, figures, omission_frame, reason

Neighbours = Mapping[str, Sequence[str]]


Islands = Literal["refuse", "drop"]


def contiguity(*, sea: bool = False) -> dict[str, tuple[str, ...]]:
    """Return the neighbours of each of the 31 provincial regions of the mainland, by code.

    Parameters
    ----------
    sea
        Also join Hainan to Guangdong across the Qiongzhou Strait; without it Hainan has no neighbour.

    Returns
    -------
    dict
        68 land borders, each on both sides; the facts stand in ``contiguity.yaml`` with their source.

    Examples
    --------
    >>> contiguity()["460000"], contiguity(sea=True)["460000"]
    ((), ('440000',))
    """
    facts = document("contiguity.yaml")
    borders = {region: list(adjacent) for region, adjacent in facts["land"].items()}
    if sea:
        for item in facts["sea"]:
            first, second = item["pair"]
            borders[first].append(second)
            borders[second].append(first)
    return {region: tuple(sorted(adjacent)) for region, adjacent in borders.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Spatial weights of a set of regions."""

    regions: tuple[str, ...]
    matrix: FloatArray
    dropped: tuple[str, ...] = ()
    parts: int = 1


def spatial_weights(neighbours: Neighbours, regions: Sequence[str], *, islands: Islands = "refuse") -> Weights:
    """Return row-standardised weights among regions."""
    if islands not in {"refuse", "drop"}:
        raise UsageError("sectors.islands", islands=islands)
    codes = sorted(set(regions))
    if unknown := [name for name in codes if name not in neighbours]:
        raise InputError("sectors.no-neighbours-given", names=unknown)
    for region in codes:
        if region in neighbours[region]:
            raise InputError("sectors.borders-itself", region=region)
        if one_sided := [neighbour for neighbour in neighbours[region] if region not in neighbours.get(neighbour, ())]:
            raise InputError("sectors.one-sided-border", region=region, other=one_sided[0])
    inside = set(codes)
    isolated = [name for name in codes if inside.isdisjoint(neighbours[name])]
    if isolated and islands == "refuse":
        raise InputError("sectors.island", names=isolated)
    connected = [name for name in codes if name not in isolated]
    if not connected:
        raise InputError("sectors.no-neighbours")
    matrix = adjacency(neighbours, connected)
    return Weights(
        regions=tuple(connected), matrix=row_standardised(matrix), dropped=tuple(isolated), parts=parts(matrix)
    )


CLUSTERS = ("HH", "LH", "LL", "HL")  # a region and its neighbours, high or low
_FEWEST = setting("permutations.fewest")
_SPARSE, _AT_ONCE = 8, 256  # links a region up to which products link by link are cheaper than whole tables; at once


def global_moran(
    values: FloatArray, weights: FloatArray, *, draws: int = setting("permutations.value"), seed: int = 0
) -> dict[str, float]:
    """Return Moran's I with analytic and permutation inference. Cliff and Ord (1981), Spatial Processes, chapter 2."""
    z = _deviations(values)
    n = z.size
    square = float(z @ z)
    s0 = float(weights.sum())
    s1 = float(np.vdot(weights, weights) + np.einsum("ij,ji->", weights, weights))
    s2 = float(((weights.sum(axis=1) + weights.sum(axis=0)) ** 2).sum())
    scale = n / (s0 * square)
    index = float(scale * (z @ weights @ z))
    expected = -1 / (n - 1)
    kurtosis = float((z**4).mean() / (z**2).mean() ** 2)
    first = n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0 * s0)
    second = kurtosis * (n * (n - 1) * s1 - 2 * n * s2 + 6 * s0 * s0)
    variance = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0 * s0) - expected**2
    score = (index - expected) / math.sqrt(variance) if variance > 0 else math.nan
    rng = np.random.default_rng(seed)
    order = rng.permuted(np.tile(z, (draws, 1)), axis=1)
    permuted = scale * _quadratic(order, weights)
    return {
        "moran": index,
        "expected": expected,
        "variance": variance,
        "z": score,
        "p": math.erfc(abs(score) / math.sqrt(2)),
        "p_permutation": float(_two_sided(permuted, np.array(index))),
    }


def _quadratic(order: FloatArray, weights: FloatArray) -> FloatArray:
    """Return ``z W z`` of every row z; of few weights link by link, both ways at once."""
    row, column = np.nonzero(np.triu(weights + weights.T))
    if len(row) > len(weights) * _SPARSE:
        return np.asarray(((order @ weights) * order).sum(axis=1))
    columns = np.ascontiguousarray(order.T)
    link = weights[row, column] + np.where(row == column, 0.0, weights[column, row])
    out = np.zeros(len(order))
    for at in range(0, len(row), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        out += link[part] @ (columns[row[part]] * columns[column[part]])
    return out


def _deviations(values: FloatArray) -> FloatArray:
    """Return deviations from the mean of four values or more that differ."""
    values = np.asarray(values, dtype=np.float64)
    if values.size < _FEWEST or not np.isfinite(values).all() or np.ptp(values) == 0:
        raise InputError("sectors.moran-values", fewest=_FEWEST)
    return np.asarray(values - values.mean())


def _two_sided(permuted: FloatArray, observed: FloatArray) -> FloatArray:
    """Return twice the smaller tail of draws `(B, ...)` beyond an observation, counting the observation itself."""
    tolerance = 1e-12 * np.maximum(1.0, np.abs(observed))
    above, below = (permuted >= observed - tolerance).sum(axis=0), (permuted <= observed + tolerance).sum(axis=0)
    return np.asarray(np.minimum(1.0, 2 * (np.minimum(above, below) + 1) / (len(permuted) + 1)))


def local_moran(
    values: FloatArray, weights: FloatArray, *, draws: int = setting("permutations.value"), seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Return local Moran indices and their conditional permutation p (Anselin 1995, equation 12)."""
    z = _deviations(values)
    n = z.size
    scale = (n - 1) / float(z @ z)
    index = scale * z * (weights @ z)
    adjacent = weights != 0
    np.fill_diagonal(adjacent, val=False)
    # the same deals serve every region, counted among the others
    counts = adjacent.sum(axis=1)
    shuffled = np.random.default_rng(seed).permuted(np.tile(np.arange(n - 1), (draws, 1)), axis=1)
    deals = np.ascontiguousarray(shuffled[:, : int(counts.max())].T)
    permuted = np.empty((n, draws))
    remaining = z[1:].copy()
    for i in range(n):
        if i:
            remaining[i - 1] = z[i - 1]  # all but region i
        permuted[i] = (scale * z[i] * weights[i, adjacent[i]]) @ remaining.take(deals[: counts[i]])
    return index, _two_sided(permuted.T, index)


@dataclass(frozen=True, repr=False, kw_only=True)
class SpatialAutocorrelation(Result, verb="moran", topic="sectors", key=("year",)):
    """Global Moran indices by year, and in `local` those of every region with their clusters (HH, LH, LL, HL).

    `parts` counts the separate parts of the map, 1 where every region can be reached. Significance is at the level of
    ``sectors.yaml``; ``significant_fdr`` allows 5 % of false discoveries among the regions.
    """

    local: pl.DataFrame
    omitted: pl.DataFrame

    def facts(self) -> Facts:
        """Return the index of the first and last year, how sure it is, and how many regions are significant locally."""
        first, last = self.frame.row(0, named=True), self.frame.row(-1, named=True)
        local = self.local.filter(year=last["year"])
        sure = last["p_permutation"] <= setting("significance.value")
        alike = "alike" if last["moran"] > last["expected"] else "unlike"
        values = {"value": series_text(str(self.provenance.options["value"]), self.names), "p": last["p_permutation"]}
        values |= {"first": first["year"], "before": first["moran"], "last": last["year"], "after": last["moran"]}
        counts = {"count": int(local["significant"].sum()), "kept": int(local["significant_fdr"].sum())}
        return {
            f"answer.{alike if sure else 'random'}": values,
            "answer.clusters": counts | {"regions": local.height},
            "answer.cluster": [
                {"cluster": words.sectors.cluster_of(kind), "names": [self.names.region(code) for code in members]}
                for kind in CLUSTERS
                if (members := local.filter(pl.col("significant"), cluster=kind)["region"].sort().to_list())
            ],
        }


def moran(
    frame: object,
    value: str,
    *,
    neighbours: Mapping[str, Sequence[str]] | None = None,
    islands: Islands = "refuse",
    draws: int | None = None,
    seed: int | None = None,
) -> SpatialAutocorrelation:
    """Return Moran's I and its local form in every year, with permutation and analytic inference.

    Parameters
    ----------
    frame, value
        A frame with ``region, year`` and the figure, and the figure's column.
    neighbours
        Region and those it borders on; by default the land borders of the Chinese provinces (`contiguity`). Weights are
        row-standardised among the regions that have a value in the year.
    islands
        ``refuse`` names regions without a neighbour; ``drop`` leaves them out, listed in `omitted`.
    draws, seed
        By default those of ``sectors.yaml``.

    Examples
    --------
    >>> near = {"a": ["b"], "b": ["a", "c"], "c": ["b", "d"], "d": ["c"]}
    >>> data = pl.DataFrame({"region": list("abcd"), "year": 2020, "y": [1.0, 2.0, 3.0, 4.0]})
    >>> moran(data, "y", neighbours=near, draws=99).frame["moran"].round(4).to_list()
    [0.4]
    """
    count = setting("permutations.value") if draws is None else draws
    start = setting("permutations.seed") if seed is None else seed
    if count < 1:
        raise UsageError("sectors.permutations", count=count)
    borders = contiguity() if neighbours is None else neighbours
    data = figures(frame, [value], verb="moran")
    table = data.frame
    out = [(*key, reason("no_value")) for key in table.filter(pl.col(value).is_null()).select(KEYS).iter_rows()]
    rows, local = [], []
    for (year,), part in table.drop_nulls(value).group_by("year", maintain_order=True):
        weights = spatial_weights(borders, part["region"].to_list(), islands=islands)
        out += [(region, year, reason("island")) for region in weights.dropped]
        present = part.filter(pl.col("region").is_in(weights.regions)).sort("region")
        numbers = present[value].to_numpy()
        if numbers.size < _FEWEST or np.ptp(numbers) == 0:
            why = reason("few", fewest=_FEWEST) if numbers.size < _FEWEST else reason("constant")
            out += [(region, year, why) for region in weights.regions]
            continue
        statistics = global_moran(numbers, weights.matrix, draws=count, seed=start)
        rows.append({"year": year, "regions": numbers.size, "parts": weights.parts, **statistics})
        local.append(_local(present, value, weights, (count, start)))
    if not rows:
        raise InputError("sectors.moran-nowhere", value=value, fewest=_FEWEST)
    return SpatialAutocorrelation(
        frame=pl.DataFrame(rows).sort("year"),
        local=pl.concat(local).sort(KEYS),
        omitted=omission_frame(out),
        kind=data.kind,
        provenance=data.provenance("moran", value=value, islands=islands, permutations=count, seed=start),
    )


def _local(rows: pl.DataFrame, value: str, weights: Weights, chance: tuple[int, int]) -> pl.DataFrame:
    """Return the local indices of one year and their clusters."""
    numbers = rows[value].to_numpy()
    index, probability = local_moran(numbers, weights.matrix, draws=chance[0], seed=chance[1])
    z = (numbers - numbers.mean()) / numbers.std()
    lag = weights.matrix @ z
    kind = [
        ("H" if value > 0 else "L") + ("H" if lag_value > 0 else "L") for value, lag_value in zip(z, lag, strict=True)
    ]
    level = setting("significance.value")
    return rows.select(KEYS).with_columns(
        value=pl.Series(z),
        lag=pl.Series(lag),
        moran=pl.Series(index),
        p_permutation=pl.Series(probability),
        cluster=pl.Series(kind),
        cluster_zh=pl.Series([words.sectors.cluster_of(name).zh for name in kind]),
        cluster_en=pl.Series([words.sectors.cluster_of(name).en for name in kind]),
        significant=pl.Series(probability <= level),
        significant_fdr=pl.Series(benjamini_hochberg(probability) <= level),
    )

"""Spillovers: what other regions know, weighted by how near they are in space or in technology."""

from __future__ import annotations

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.sources.assumptions import setting
from xinzhi.sources.reading import read


def technological_proximity(
    frame: AnyFrame, *, value: str = "employment", keys: tuple[str, str] = ("region", "industry")
) -> pl.DataFrame:
    r"""Return how alike the regions are in what they make: the cosine of their shares.

    Parameters
    ----------
    frame
        One row per region and industry or technology class (the `keys`).
    value
        Column: employment, output or patents.

    Returns
    -------
    polars.DataFrame
        ``region, other, weight``, every pair of different regions; 0 is nothing in common, 1 the same shares.

    Raises
    ------
    InputError
        When a figure is negative, or a region has none.

    Notes
    -----
    Jaffe (1986), American Economic Review 76(5): :math:`P_{rs} = f_r'f_s / (\|f_r\|\,\|f_s\|)`.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r", "r", "s"], "industry": ["a", "b", "a"], "employment": [1.0, 1.0, 2.0]}
    >>> technological_proximity(pl.DataFrame(rows))["weight"].round(4).to_list()
    [0.7071, 0.7071]
    """
    rows, _ = read(frame, keys, [value])
    regions, fields = rows[keys[0]].unique().sort(), rows[keys[1]].unique().sort()
    table = np.zeros((len(regions), len(fields)))
    place = (regions.search_sorted(rows[keys[0]]).to_numpy(), fields.search_sorted(rows[keys[1]]).to_numpy())
    table[place] = rows[value].fill_null(0.0).to_numpy()
    if (table < 0).any() or not (table.sum(axis=1) > 0).all():
        raise InputError("sources.no-profile", value=value)
    unit = table / np.sqrt((table**2).sum(axis=1, keepdims=True))
    return _pairs(regions, unit @ unit.T)


def geographic_proximity(
    frame: AnyFrame,
    *,
    decay_km: float | None = None,
    columns: tuple[str, str, str] = ("region", "latitude", "longitude"),
) -> pl.DataFrame:
    r"""Return how near the regions are: an exponential of the distance between them.

    Parameters
    ----------
    frame
        One row per region with latitude and longitude in degrees, of its capital or centre (the `columns`).
    decay_km
        Distance over which the weight falls to 1/e; by default that of the conventions.

    Returns
    -------
    polars.DataFrame
        ``region, other, weight``, every pair of different regions.

    Raises
    ------
    InputError, UsageError
        When a coordinate is missing or out of range; when the decay is not above 0.

    Notes
    -----
    Keller (2002), American Economic Review 92(1): :math:`\exp(-d_{rs}/\lambda)` of the great-circle distance.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"region": ["bj", "tj"], "latitude": [39.904, 39.125], "longitude": [116.407, 117.19]})
    >>> geographic_proximity(rows, decay_km=100)["weight"].round(2).to_list()
    [0.33, 0.33]
    """
    reach = float(setting("decay_km")) if decay_km is None else decay_km
    if not reach > 0:
        raise UsageError("sources.decay", decay_km=decay_km)
    region, latitude, longitude = columns
    rows, _ = read(frame, [region], [latitude, longitude])
    north, east = (np.radians(rows[name].fill_null(np.nan).to_numpy()) for name in (latitude, longitude))
    if not (np.isfinite(north).all() and np.isfinite(east).all() and (np.abs(north) <= np.pi / 2).all()):
        raise InputError("sources.no-coordinates", latitude=latitude, longitude=longitude)
    half = np.sin((north[:, None] - north) / 2) ** 2
    half = half + np.cos(north[:, None]) * np.cos(north) * np.sin((east[:, None] - east) / 2) ** 2
    distance = 2 * setting("earth_radius_km") * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return _pairs(rows[region], np.exp(-distance / reach))


def spillovers(
    stock: AnyFrame, weights: AnyFrame, *, value: str = "stock", keys: tuple[str, str] = ("region", "year")
) -> pl.DataFrame:
    """Return the knowledge of the other regions, weighted.

    Parameters
    ----------
    stock
        One row per region and year (the `keys`) with the column `value`, such as `knowledge_stock` returns.
    weights
        ``region, other, weight`` from `technological_proximity`, `geographic_proximity`, or of one's own.

    Returns
    -------
    polars.DataFrame
        Region and year, ``spillover``; only for years in which every other region with a weight has a stock.

    Raises
    ------
    InputError
        When a region has no weights.

    Examples
    --------
    >>> import polars as pl
    >>> stock = pl.DataFrame({"region": ["r", "s"], "year": [1, 1], "stock": [10.0, 20.0]})
    >>> weights = pl.DataFrame({"region": ["r", "s"], "other": ["s", "r"], "weight": [0.5, 0.5]})
    >>> spillovers(stock, weights)["spillover"].to_list()
    [10.0, 5.0]
    """
    region, year = keys
    rows, _ = read(stock, keys, [value], year=year)
    pairs, _ = read(weights, ["region", "other"], ["weight"])
    pairs = pairs.filter(pl.col("region") != pl.col("other"), pl.col("weight") != 0)
    lone = [name for name in rows[region].unique().sort().to_list() if name not in set(pairs["region"].to_list())]
    if lone:
        raise InputError("sources.no-weights", regions=list(map(str, lone[:5])))
    needed = pairs.group_by("region").agg(others=pl.len())
    return (
        pairs.join(rows.drop_nulls().rename({region: "other"}), on="other")
        .group_by("region", year)
        .agg(spillover=(pl.col("weight") * pl.col(value)).sum(), here=pl.len())
        .join(needed, on="region")
        .filter(pl.col("here") == pl.col("others"))
        .select(pl.col("region").alias(region), year, "spillover")
        .sort(keys)
    )


def _pairs(regions: pl.Series, matrix: FloatArray) -> pl.DataFrame:
    """Return the cells off the diagonal."""
    row, column = np.nonzero(~np.eye(len(regions), dtype=np.bool_))
    return pl.DataFrame({"region": regions.gather(row), "other": regions.gather(column), "weight": matrix[row, column]})

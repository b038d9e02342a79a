"""The standard deviational ellipse: the centre of gravity, how wide the spread is, and which way it points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.data import Field, tidy
from xinzhi.sectors.conventions import setting
from xinzhi.sectors.figures import KEYS, figures, omitted, reason, refuse_below

Method = Literal["yuill", "crimestat"]
_FEWEST = 3
_COORDINATES = ("longitude", "latitude")


@dataclass(frozen=True, slots=True, kw_only=True)
class EllipseShape:
    """An ellipse."""

    centre: tuple[float, float]
    major: float
    minor: float
    rotation: float


def deviational_ellipse(points: FloatArray, weights: FloatArray, *, method: Method = "yuill") -> EllipseShape:
    """Return the standard deviational ellipse of weighted points (Yuill 1971; ``crimestat``: Levine, chapter 4)."""
    if method not in {"yuill", "crimestat"}:
        raise UsageError("sectors.ellipse-method", method=method)
    used = weights > 0
    count = int(used.sum())
    if count < _FEWEST or not np.isfinite(points[used]).all():
        raise InputError("sectors.few-points")
    share = weights[used] / weights[used].sum()
    centre = share @ points[used]
    away = points[used] - centre
    values, vectors = np.linalg.eigh((share[:, None] * away).T @ away)
    if values[1] <= 0:
        raise InputError("sectors.one-place")
    factor = math.sqrt(2 * count / (count - 2)) if method == "crimestat" else 1.0
    east, north = vectors[:, 1]
    return EllipseShape(
        centre=(float(centre[0]), float(centre[1])),
        major=factor * math.sqrt(values[1]),
        minor=factor * math.sqrt(max(values[0], 0.0)),
        rotation=math.degrees(math.atan2(east, north)) % 180,
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class Ellipses(Result, verb="ellipse", topic="sectors", key=("year",)):
    """Standard deviational ellipses by year, around the centre of gravity; rotation in degrees clockwise from north."""

    omitted: pl.DataFrame

    def facts(self) -> Facts:
        """Return where the centre of gravity went and how the spread changed."""
        first, last = self.frame.row(0, named=True), self.frame.row(-1, named=True)
        values = {
            f"{name}_{end}": row[name]
            for end, row in (("before", first), ("after", last))
            for name in ("year", "longitude", "latitude")
        }
        return {"answer.ellipse": values | {"change": last["area_km2"] / first["area_km2"] - 1}}


def ellipse(frame: object, value: str, coordinates: object, *, method: Method = "yuill") -> Ellipses:
    """Return the standard deviational ellipse of a figure over the regions in every year.

    Parameters
    ----------
    frame, value
        A frame with ``region, year`` and a figure that is not negative, the weight of each region; the figure's column.
    coordinates
        ``region, longitude, latitude`` in degrees, one point a region (its capital or centroid). xinzhi ships none.
    method
        ``yuill``: the axes are the standard deviations along the principal directions; ``crimestat``: these times
        sqrt(2 n / (n - 2)).

    Notes
    -----
    Degrees are turned into kilometres on a plane that touches the earth at the mean of the points (equirectangular): on
    the span of China lengths are true to a few per cent, more in the north and south; the centre is exact in degrees.

    Examples
    --------
    >>> places = pl.DataFrame({"region": list("abc"), "longitude": [110.0, 112.0, 111.0], "latitude": [30, 30, 31]})
    >>> data = pl.DataFrame({"region": list("abc"), "year": 2020, "y": [1.0, 1.0, 2.0]})
    >>> ellipse(data, "y", places).frame.select(pl.col("longitude", "latitude").round(4)).rows()
    [(111.0, 30.5)]
    """
    given = figures(frame, [value], verb="ellipse")
    table = given.frame
    refuse_below(table, [value], verb="ellipse", positive=False)
    places = _places(coordinates)
    if unknown := sorted(set(table["region"]) - set(places["region"])):
        raise InputError("sectors.no-coordinates", names=unknown)
    middle = places.select(_COORDINATES).mean().row(0)
    degree = math.radians(1) * setting("ellipse.earth_radius_km")
    scale = np.array([degree * math.cos(math.radians(middle[1])), degree])
    rows: list[dict[str, float | int | None]] = []
    for (year,), part in table.drop_nulls(value).group_by("year", maintain_order=True):
        here = part.join(places, on="region")
        points = (here.select(_COORDINATES).to_numpy() - np.array(middle)) * scale
        shape = deviational_ellipse(points, here[value].to_numpy(), method=method)
        centre = np.array(shape.centre) / scale + np.array(middle)
        rows.append(
            {
                "year": year,
                "regions": here.height,
                "longitude": float(centre[0]),
                "latitude": float(centre[1]),
                "major_km": shape.major,
                "minor_km": shape.minor,
                "rotation": shape.rotation,
                "area_km2": math.pi * shape.major * shape.minor,
                "_east": shape.centre[0],
                "_north": shape.centre[1],
            }
        )
    moved = (pl.col("_east").diff() ** 2 + pl.col("_north").diff() ** 2).sqrt()
    return Ellipses(
        frame=pl.DataFrame(rows).sort("year").with_columns(moved_km=moved).drop("_east", "_north"),
        omitted=omitted(table.filter(pl.col(value).is_null()).select(KEYS).iter_rows(), reason("no_value")),
        kind=given.kind,
        provenance=given.provenance("ellipse", value=value, method=method),
    )


def _places(coordinates: object) -> pl.DataFrame:
    """Return region, longitude and latitude, checked."""
    degrees = [Field(name, missing="refuse") for name in _COORDINATES]
    read = tidy(coordinates, [Field("region", "code"), *degrees], key=["region"], verb="ellipse")
    for name, most in zip(_COORDINATES, (180, 90), strict=True):
        bad = read.frame.filter(pl.col(name).abs() > most)
        if bad.height:
            raise InputError("sectors.bad-coordinates", region=bad["region"][0], column=name, most=most)
    return read.frame

"""The tables behind `isomorphism`: pairs, years, regions and activities of one level and year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from xinzhi.pathways import similarity
from xinzhi.pathways.cells import conventions
from xinzhi.pathways.fixed_margins import permuted_structures, sampled_structures
from xinzhi.pathways.package_reading import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Text

_UNUSUAL = 0.05


def pair_rows(
    level: str,
    year: int,
    places: Sequence[str],
    measures: tuple[FloatArray, FloatArray],
    values: FloatArray,
    null: tuple[str, int, int],
) -> tuple[pl.DataFrame, FloatArray]:
    """Return one row a pair of places (the columns of `Isomorphism.frame`), and the mean cosine of every draw.

    Parameters
    ----------
    level, year, places
        Where this is.
    measures
        Cosine and Krugman's index (n, n).
    values
        Amounts (n, p).
    null
        Which null, how many draws, and the seed.
    """
    which, draws, seed = null
    pairs = np.triu_indices(len(places), 1)
    observed = measures[0][pairs]
    enough = values.shape[1] >= int(conventions()["likeness"]["fewest"]["value"])
    maker = permuted_structures if which == "permuted" else sampled_structures
    total, above, means = np.zeros(len(observed)), np.zeros(len(observed)), []
    for drawn in maker(values, draws, seed=seed) if enough else ():
        found = similarity.cosine(drawn)[pairs]
        total += found
        above += found >= observed - 1e-12
        means.append(found.mean())
    names = np.array(places, dtype=object)
    nothing = np.full(len(observed), np.nan)
    frame = pl.DataFrame(
        {
            "level": level,
            "year": year,
            "region": names[pairs[0]],
            "other": names[pairs[1]],
            "cosine": observed,
            "krugman": measures[1][pairs],
            "expected": total / draws if enough else nothing,
            "p_more": (1 + above) / (1 + draws) if enough else nothing,
        },
        schema_overrides={"year": pl.Int64, "region": pl.String, "other": pl.String},
    )
    return frame.with_columns(pl.col("expected", "p_more").fill_nan(None)), np.array(means)


def year_row(level: str, year: int, pairs: pl.DataFrame, drawn: FloatArray, activities: int) -> pl.DataFrame:
    """Return the row of one level and year; the columns are those of `Isomorphism.years`."""
    mean = float(pairs["cosine"].to_numpy().mean())
    any_ = bool(len(drawn))
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist() if any_ else (None, None)
    row = {
        "level": level,
        "year": year,
        "activities": activities,
        "mean_cosine": mean,
        "median_cosine": float(np.median(pairs["cosine"].to_numpy())),
        "mean_krugman": float(pairs["krugman"].to_numpy().mean()),
        "expected": float(drawn.mean()) if any_ else None,
        "low": low,
        "high": high,
        "p_more": float((1 + (drawn >= mean - 1e-12).sum()) / (1 + len(drawn))) if any_ else None,
        "pairs_more": float((pairs["p_more"].to_numpy() <= _UNUSUAL).mean()) if any_ else None,
    }
    numbers = dict.fromkeys(("expected", "low", "high", "p_more", "pairs_more"), pl.Float64)
    return pl.DataFrame([row], schema_overrides=numbers)


def region_rows(
    level: str,
    year: int,
    places: Sequence[str],
    labels: Mapping[str, Text],
    values: FloatArray,
    alike: FloatArray,
) -> pl.DataFrame:
    """Return one row a region; the columns are those of `Isomorphism.regions`."""
    others = alike.copy()
    np.fill_diagonal(others, -1.0)
    nearest = others.argmax(axis=1)
    shown = [named(labels, code) for code in places]
    return pl.DataFrame(
        {
            "level": level,
            "year": year,
            "region": places,
            "name_zh": [name.zh for name in shown],
            "name_en": [name.en for name in shown],
            "krugman_rest": similarity.krugman_to_rest(values),
            "hachman": similarity.hachman(values),
            "hhi": similarity.hhi(values),
            "theil": similarity.theil(values),
            "mean_cosine": (alike.sum(axis=1) - np.diagonal(alike)) / (len(alike) - 1),
            "nearest": [places[number] for number in nearest],
            "nearest_cosine": others[np.arange(len(alike)), nearest],
        },
        schema_overrides={"year": pl.Int64},
    )


def activity_rows(level: str, year: int, names: Sequence[str], values: FloatArray) -> pl.DataFrame:
    """Return one row an activity; the columns are those of `Isomorphism.activities`."""
    return pl.DataFrame(
        {
            "level": level,
            "year": year,
            "activity": names,
            "share": values.sum(axis=0) / values.sum(),
            "hhi": similarity.hhi(values.T),
            "gini": similarity.location_gini(values),
            "ellison_glaeser": similarity.ellison_glaeser(values),
            "theil": similarity.theil(values.T),
        },
        schema_overrides={"year": pl.Int64},
    )

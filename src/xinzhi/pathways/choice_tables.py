"""The tables behind `choices`: categories, cells, regions, pairs and overlap of one year's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.pathways.cells import conventions
from xinzhi.pathways.fixed_margins import curveball, false_discovery, length_chances, tails
from xinzhi.pathways.null_model import configuration
from xinzhi.pathways.package_reading import named
from xinzhi.pathways.similarity import jaccard, mean_of_pairs, shared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.core.text import Text
    from xinzhi.pathways.plan_lists import Fit, Lists


def unfit_cells(lists: Lists, fit: Fit) -> BoolArray:
    """Return where a region names a category from the lowest deciles of density (n, p)."""
    low = int(conventions()["choices"]["low_decile"]["value"])
    return np.asarray(lists.named & fit.known & (fit.decile <= low))


def category_rows(lists: Lists, fit: Fit, names: Mapping[str, Text]) -> pl.DataFrame:
    """Return one row a category; the columns are those of `Choices.frame`."""
    setting = conventions()["choices"]
    chances, counts = length_chances(lists.named), lists.named.sum(axis=0)
    more, fewer = tails(chances.T, counts)
    rate = false_discovery(np.minimum(2 * np.minimum(more, fewer), 1.0))
    unusual = rate <= float(setting["significance"]["value"])
    expected = chances.sum(axis=0)
    verdict = np.where(~unusual, "as expected", np.where(counts > expected, "more", "fewer"))
    unfit, able = unfit_cells(lists, fit), fit.able.sum(axis=0)
    judged = pl.Series(fit.known.any(axis=0))
    shown = [named(names, code) for code in lists.categories]
    frame = pl.DataFrame(
        {
            "year": lists.year,
            "category": lists.categories,
            "name_zh": [name.zh for name in shown],
            "name_en": [name.en for name in shown],
            "regions": len(lists.regions),
            "named": counts,
            "mentioned": lists.mentioned.sum(axis=0),
            "expected": expected,
            "ratio": counts / np.where(expected > 0, expected, np.nan),
            "p_more": more,
            "p_fewer": fewer,
            "q": rate,
            "verdict": verdict,
            "everywhere": counts >= float(setting["everywhere"]["value"]) * len(lists.regions),
            "able": able,
            "over_choice": np.where(able > 0, counts / np.maximum(able, 1), np.nan),
            "unfit": unfit.sum(axis=0),
            "unfit_absent": (unfit & ~fit.present).sum(axis=0),
            "status_zh": [reason.zh or "已计算" for reason in fit.reasons],
            "status_en": [reason.en or "computed" for reason in fit.reasons],
        },
        schema_overrides={"year": pl.Int64, "regions": pl.Int64, "verdict": pl.String},
    )
    last = ("able", "over_choice", "unfit", "unfit_absent")
    return frame.with_columns(
        pl.col("ratio").fill_nan(None),
        *(pl.when(judged).then(pl.col(name).fill_nan(None)).alias(name) for name in last),
    )


def cell_rows(lists: Lists, fit: Fit) -> pl.DataFrame:
    """Return one row a region and category; the columns are those of `Choices.cells`."""
    n, p = lists.named.shape
    known = pl.Series(fit.known.ravel())
    frame = pl.DataFrame(
        {
            "year": lists.year,
            "region": np.repeat(lists.regions, p),
            "category": np.tile(lists.categories, n),
            "named": lists.named.ravel(),
            "mentioned": lists.mentioned.ravel(),
            "chance": length_chances(lists.named).ravel(),
            "density": fit.density.ravel(),
            "decile": fit.decile.ravel(),
            "decile_here": fit.decile_here.ravel(),
            "present": fit.present.ravel(),
            "able": fit.able.ravel(),
            "unfit": unfit_cells(lists, fit).ravel(),
        },
        schema_overrides={"year": pl.Int64, "region": pl.String, "category": pl.String},
    )
    judged = ("decile", "decile_here", "present", "able", "unfit")
    return frame.with_columns(
        pl.col("density").fill_nan(None), *(pl.when(known).then(name).alias(name) for name in judged)
    )


def region_rows(lists: Lists, fit: Fit, names: Mapping[str, Text]) -> pl.DataFrame:
    """Return one row a region; the columns are those of `Choices.regions`."""
    low = int(conventions()["choices"]["low_decile"]["value"])
    unfit = unfit_cells(lists, fit)
    judged, far = fit.known.sum(axis=1), (fit.known & (fit.decile <= low)).sum(axis=1)
    drawn = (lists.named & fit.known).sum(axis=1)
    tail = [
        hypergeometric_at_most(*numbers)
        for numbers in zip(unfit.sum(axis=1), judged, far, drawn, strict=True)
    ]  # fmt: skip
    alike = jaccard(lists.named)
    np.fill_diagonal(alike, -1.0)
    nearest = alike.argmax(axis=1)
    np.fill_diagonal(alike, 0.0)
    shown = [named(names, code) for code in lists.regions]
    return pl.DataFrame(
        {
            "year": lists.year,
            "region": lists.regions,
            "name_zh": [name.zh for name in shown],
            "name_en": [name.en for name in shown],
            "length": lists.named.sum(axis=1),
            "mentioned": lists.mentioned.sum(axis=1),
            "unfit": unfit.sum(axis=1),
            "unfit_absent": (unfit & ~fit.present).sum(axis=1),
            "expected_unfit": drawn * far / np.maximum(judged, 1),
            "p_fewer_unfit": tail,
            "density_named": _mean(fit.density, lists.named & fit.known),
            "density_others": _mean(fit.density, ~lists.named & fit.known),
            "mean_jaccard": alike.sum(axis=1) / (len(alike) - 1),
            "nearest": [lists.regions[number] for number in nearest],
            "nearest_jaccard": alike[np.arange(len(alike)), nearest],
        },
        schema_overrides={"year": pl.Int64},
    ).with_columns(pl.col("density_named", "density_others").fill_nan(None))


def hypergeometric_at_most(seen: int, total: int, marked: int, drawn: int) -> float:
    """Return the chance of at most `seen` marked ones among `drawn` out of `total` of which `marked` are marked.

    Examples
    --------
    >>> round(hypergeometric_at_most(0, 4, 2, 2), 6)
    0.166667
    """
    from scipy.special import comb

    number = np.arange(int(seen) + 1)
    ways = comb(int(marked), number, exact=False) * comb(int(total - marked), int(drawn) - number, exact=False)
    return float(min(ways.sum() / comb(int(total), int(drawn), exact=False), 1.0))


def _mean(values: FloatArray, where: BoolArray) -> FloatArray:
    """Return the mean of each row where a mask holds; NaN where it never does."""
    count = where.sum(axis=1)
    total = np.where(where, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def pair_rows(lists: Lists) -> pl.DataFrame:
    """Return one row a pair of regions; the columns are those of `Choices.pairs`."""
    one, other = np.triu_indices(len(lists.regions), 1)
    both, alike = shared(lists.named)[one, other], jaccard(lists.named)[one, other]
    try:
        chances = configuration(lists.named).probability
        together = chances[one] * chances[other]
        expected, more = together.sum(axis=1), tails(together, both.astype(np.int64))[0]
    except InputError:
        # One arrangement only: there is no model, and nothing is claimed of any pair.
        expected = more = np.full(len(one), np.nan)
    places = np.array(lists.regions, dtype=object)
    return pl.DataFrame(
        {
            "year": lists.year,
            "region": places[one],
            "other": places[other],
            "shared": both.astype(np.int64),
            "expected": expected,
            "jaccard": alike,
            "p_more": more,
            "q": false_discovery(more),
        },
        schema_overrides={"year": pl.Int64, "region": pl.String, "other": pl.String},
    ).with_columns(pl.col("expected", "p_more", "q").fill_nan(None))


def overlap_row(lists: Lists, fit: Fit, draws: int, seed: int) -> dict[str, Any]:
    """Return the likeness of all lists of a year beside what chance leaves; the columns of `Choices.overlap`."""
    mine = lists.named
    by_length = _jaccards_by_length(mine, draws, seed)
    spread, fitting = np.empty(draws), np.empty(draws)
    for number, drawn in enumerate(curveball(mine, draws, seed=seed)):
        spread[number], fitting[number] = _pair_variance(drawn), _mean_density(drawn, fit)
    observed, blocs, fits = mean_of_pairs(jaccard(mine)), _pair_variance(mine), _mean_density(mine, fit)
    judged = bool(np.isfinite(fits))
    return {
        "year": lists.year,
        "regions": len(lists.regions),
        "categories": len(lists.categories),
        "mean_length": float(mine.sum(axis=1).mean()),
        "mean_jaccard": observed,
        "by_length": float(by_length.mean()),
        "by_length_low": float(np.quantile(by_length, 0.025)),
        "by_length_high": float(np.quantile(by_length, 0.975)),
        "p_length": _tail(by_length, observed),
        "blocs": blocs,
        "blocs_expected": float(spread.mean()),
        "p_blocs": _tail(spread, blocs),
        "fit": fits if judged else None,
        "fit_expected": float(fitting.mean()) if judged else None,
        "p_fit": _tail(fitting, fits) if judged else None,
    }


def _tail(drawn: FloatArray, observed: float) -> float:
    """Return the share of draws at or above what was seen, which counts as one of them."""
    return float((1 + (drawn >= observed - 1e-12).sum()) / (1 + len(drawn)))


def _jaccards_by_length(lists: BoolArray, draws: int, seed: int) -> FloatArray:
    """Return the mean likeness of lists of the same lengths drawn at random."""
    rng = np.random.default_rng(seed)
    return np.array([mean_of_pairs(jaccard(rng.permuted(lists, axis=1))) for _ in range(draws)])


def _pair_variance(lists: BoolArray) -> float:
    """Return the variance of the pairs' shared entries: their mean is fixed by the margins, their spread is not."""
    return float(shared(lists)[np.triu_indices(len(lists), 1)].var())


def _mean_density(lists: BoolArray, fit: Fit) -> float:
    judged = lists & fit.known
    return float(fit.density[judged].mean()) if judged.any() else float("nan")

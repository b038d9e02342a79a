"""Economy: a made-up economy whose sources of growth are known, to try the decomposition on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What drives a made-up economy, in log points per year.

    Parameters
    ----------
    frontier
        Growth of best practice in the median industry; industries spread around it.
    catching_up
        Share of the distance to best practice that is made good each year; below 0 regions fall behind.
    reallocation
        Share of the gap between the distribution of inputs over industries and that of output that closes each year;
        below 0 inputs move away from where they earn more.
    noise
        Standard deviation of the error in measured output.
    """

    frontier: float = 0.02
    catching_up: float = 0.05
    reallocation: float = 0.08
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class Economy:
    """A made-up economy.

    Parameters
    ----------
    tables
        ``accounts, industry_accounts, industries``: a package.
    truth
        ``region, year, breakthrough, allocation, upgrading``: what made each region's TFP grow.
    """

    tables: dict[str, pl.DataFrame]
    truth: pl.DataFrame


def made_up_economy(
    regions: int = 8, industries: int = 5, years: int = 10, *, recipe: Recipe | None = None, seed: int = 0
) -> Economy:
    """Make an economy from a recipe.

    Output of an industry is a Cobb-Douglas function with a labour share of one half. One region has best practice in
    each industry; the others are behind. Inputs begin away from where output is and move by the recipe.

    Parameters
    ----------
    regions, industries, years
        Its size.
    recipe
        What drives it.
    seed
        Of the random numbers.

    Examples
    --------
    >>> economy = made_up_economy(seed=1)
    >>> economy.truth.columns
    ['region', 'year', 'breakthrough', 'allocation', 'upgrading']
    """
    rules = recipe or Recipe()
    rng = np.random.default_rng(seed)
    grid, time = (industries, regions), np.arange(years)
    pace = rules.frontier * rng.uniform(0.5, 1.5, industries)
    best = rng.normal(0, 0.3, industries)[:, None] + time * pace[:, None]
    behind = rng.uniform(0.1, 1.0, grid)
    behind[np.arange(industries), rng.integers(regions, size=industries)] = 0.0
    tfp = best[:, None, :] - behind[..., None] * np.exp(-rules.catching_up * time)
    capital, labour = (_inputs(rng, tfp, rules.reallocation) for _ in range(2))
    true = np.exp(tfp) * np.sqrt(capital * labour)
    measured = true * np.exp(rng.normal(0, rules.noise, true.shape)) if rules.noise else true
    truth = _truth(true, capital, labour, tfp, best)
    return Economy(_tables(measured, capital, labour), truth)


def _inputs(rng: np.random.Generator, tfp: FloatArray, speed: float) -> FloatArray:
    """Return one input by industry, region and year: its shares move from random ones towards those of productivity."""
    industries, regions, years = tfp.shape
    wanted = tfp[..., :1] - tfp[..., :1].mean(axis=0)
    start = rng.normal(0, 0.5, (industries, regions, 1))
    path = wanted + (start - wanted) * np.exp(-speed * np.arange(years))
    share = np.exp(path) / np.exp(path).sum(axis=0)
    total = 100.0 * np.exp(rng.normal(0, 0.5, (regions, 1)) + rng.uniform(0.01, 0.08, (regions, 1)) * np.arange(years))
    mixed: FloatArray = share * total
    return mixed


def _truth(
    output: FloatArray, capital: FloatArray, labour: FloatArray, tfp: FloatArray, best: FloatArray
) -> pl.DataFrame:
    """Return what made TFP grow, weighted by true output."""
    import polars as pl

    share = output / output.sum(axis=0)
    weight = (share[..., 1:] + share[..., :-1]) / 2
    moved = [np.diff(np.log(values), axis=-1) for values in (capital, labour)]
    total = [np.diff(np.log(values.sum(axis=0)), axis=-1) for values in (capital, labour)]
    advance = (weight * np.diff(best, axis=-1)[:, None, :]).sum(axis=0)
    nearer = (weight * np.diff(tfp - best[:, None, :], axis=-1)).sum(axis=0)
    shifted = sum((weight * one / 2).sum(axis=0) - whole / 2 for one, whole in zip(moved, total, strict=True))
    regions, years = advance.shape
    return pl.DataFrame(
        {
            "region": np.repeat(_names("r", regions), years),
            "year": np.tile(np.arange(2001, 2001 + years), regions),
            "breakthrough": advance.ravel(),
            "allocation": np.asarray(shifted).ravel(),
            "upgrading": nearer.ravel(),
        }
    )


def _names(letter: str, count: int) -> list[str]:
    width = len(str(count - 1))
    return [f"{letter}{number:0{width}d}" for number in range(count)]


def _tables(output: FloatArray, capital: FloatArray, labour: FloatArray) -> dict[str, pl.DataFrame]:
    """Return the tables of a package; prices never change, so values are volumes."""
    import polars as pl

    industries, regions, years = output.shape
    codes = _names("i", industries)

    def columns(made: FloatArray, machines: FloatArray, people: FloatArray) -> dict[str, FloatArray]:
        return {
            "output_nominal": made.ravel(),
            "output_real": made.ravel(),
            "capital": machines.ravel(),
            "employment": people.ravel(),
            "labour_share": np.full(made.size, 0.5),
        }

    place = {
        "region": np.tile(np.repeat(_names("r", regions), years), industries),
        "industry": np.repeat(codes, regions * years),
        "year": np.tile(np.arange(2000, 2000 + years), industries * regions),
    }
    whole = {"region": np.repeat(_names("r", regions), years), "year": np.tile(np.arange(2000, 2000 + years), regions)}
    totals = columns(output.sum(axis=0), capital.sum(axis=0), labour.sum(axis=0))
    return {
        "accounts": pl.DataFrame(whole | totals),
        "industry_accounts": pl.DataFrame(place | columns(output, capital, labour)),
        "industries": pl.DataFrame({"industry": codes, "name_zh": codes, "name_en": codes}),
    }

"""Made-up firms whose truth is known, of the size and shape of the survey of industrial firms."""

from __future__ import annotations

import numpy as np
import polars as pl

from xinzhi.core.parameters import setting
from xinzhi.micro.engine import CONVENTIONS


def mock(firms: int | None = None, years: tuple[int, int] | None = None, *, seed: int = 0) -> pl.DataFrame:
    """Return a made-up panel of firms with entry and exit.

    Parameters
    ----------
    firms
        Firms that ever live; by default so many that the last year is as large as the survey of industrial firms.
    years
        First and last year; by default those of the survey.
    seed
        Another seed, other firms.

    Returns
    -------
    polars.DataFrame
        ``firm, year, industry, region, ownership, born, closed, output`` (value added), ``capital, labour, wages,
        intermediates, investment`` and ``true_tfp``, the logarithm of productivity that made output: output is
        exp(true_tfp) capital^0.4 labour^0.6, with the elasticities of ``micro.yaml``.

    Examples
    --------
    >>> mock(100, (2000, 2002), seed=1).columns[:4]
    ['firm', 'year', 'industry', 'region']
    """
    known = setting(CONVENTIONS, "mock")
    first, last = years or tuple(known["years"]["value"])
    number = int(known["firms"]["value"]) if firms is None else firms
    rng = np.random.default_rng(seed)
    span = last - first + 1
    born = rng.integers(first - span, last + 1, number)
    life = rng.geometric(known["exit"]["value"], number)
    closed = born + life
    seen, gone = np.maximum(born, first), np.minimum(closed, last + 1)
    alive = np.maximum(gone - seen, 0)
    firm = np.repeat(np.arange(number), alive)
    age = np.arange(len(firm)) - np.repeat(np.cumsum(alive) - alive, alive)
    year = np.repeat(seen, alive) + age
    industry, region = rng.integers(13, 44, number), rng.choice(_regions(), number)
    kinds = rng.choice(["state", "private", "foreign"], number, p=known["ownership"]["value"])
    talent = np.repeat(rng.normal(0, known["talent"]["value"], number), alive) + rng.normal(0, 0.2, len(firm))
    talent += known["growth"]["value"] * (year - first)
    wedge = np.repeat(rng.normal(0, known["wedge"]["value"], number) + 0.3 * (kinds == "state"), alive)
    mix = np.repeat(rng.normal(0, known["mix"]["value"], number), alive)
    alpha, sigma = known["capital"]["value"], setting(CONVENTIONS, "misallocation.sigma")
    # demand of elasticity sigma: sales follow talent and wedge, inputs follow sales and wedge
    inputs = (sigma - 1) * talent - sigma * wedge + np.repeat(rng.normal(0, 0.5, number), alive)
    capital, labour = np.exp(inputs + (1 - alpha) * mix + 8), np.exp(inputs - alpha * mix + 5)
    output = np.exp(talent + alpha * np.log(capital) + (1 - alpha) * np.log(labour))
    wages = (1 - alpha) * output * np.exp(-wedge / 2) * np.exp(rng.normal(0, 0.1, len(firm)))
    closing = np.repeat(np.where(closed <= last, closed, -1), alive)
    made = pl.DataFrame({
        "firm": firm, "year": year, "industry": np.repeat(industry, alive), "region": np.repeat(region, alive),
        "ownership": np.repeat(kinds, alive), "born": np.repeat(born, alive), "closed": closing, "output": output,
        "capital": capital, "labour": labour, "wages": wages, "intermediates": 3 * output,
        "investment": capital * np.exp(rng.normal(-2, 0.3, len(firm))), "true_tfp": talent,
    })  # fmt: skip
    text = pl.col("industry", "region").cast(pl.String)
    return made.with_columns(text, pl.when(pl.col("closed") >= 0).then("closed").alias("closed")).sort("year", "firm")


def _regions() -> list[str]:
    from xinzhi.core.names import provinces

    return sorted(provinces())[:31]

"""Catch-up: whether an industry grows faster the farther it is behind, and what speeds it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.regression import Engine, Regression, codes, fixed_effects
from xinzhi.sources.reading import read

_NEEDED = ("tfp_growth", "frontier_growth", "distance")


@dataclass(frozen=True, slots=True)
class CatchUp:
    """A catch-up regression, with clustered standard errors.

    `dropped` rows are at the frontier, in the first year, or lack a figure. In `half_life` years half of a distance is
    made good at the mean of the drivers; None where it does not shrink.
    """

    regression: Regression
    dropped: int
    half_life: float | None

    @property
    def frame(self) -> pl.DataFrame:
        """``term, coefficient, standard_error, t``."""
        return self.regression.frame


def catch_up(
    frame: AnyFrame,
    drivers: AnyFrame | None = None,
    *,
    names: Sequence[str] = (),
    keys: tuple[str, str, str] = ("region", "industry", "year"),
    years: bool = True,
    engine: Engine = "numpy",
) -> CatchUp:
    r"""Regress the TFP growth of industries on the growth of the frontier and the distance to it.

    Parameters
    ----------
    frame
        ``tfp_growth, frontier_growth, distance`` by region, industry and year (the `keys`), such as
        `Sources.industries`.
    drivers, names
        ``region, year`` and the columns `names` that may raise growth itself and the speed of catching up: human
        capital, R&D intensity. They enter lagged by a year, alone and times the distance.
    years
        Whether years have effects of their own. They leave of the frontier's growth what differs between industries.
    engine
        ``numpy`` or ``linearmodels`` (the extra `panel`).

    Returns
    -------
    CatchUp
        Effects of region-industries and years, standard errors clustered by region.

    Raises
    ------
    InputError, UsageError
        When a column is missing, or too few rows are complete; when `names` or `drivers` stand alone.

    Notes
    -----
    Griffith, Redding and Van Reenen (2004), Review of Economics and Statistics 86(4), equation 9:
    :math:`\Delta\ln A_{rit} = \beta\,\Delta\ln A_{Fit} + \delta_1 D_{rit-1} + \delta_2 x_{rt-1} + \delta_3 x_{rt-1}
    D_{rit-1} + \alpha_{ri} + \tau_t + \varepsilon`, where the distance :math:`D = \ln(A_F/A) \ge 0`. Rows at the
    frontier are left out. A distance that holds the same TFP as growth makes :math:`\delta_1` too large where TFP is
    measured with error.

    Examples
    --------
    >>> from xinzhi.sources import decompose
    >>> from xinzhi.sources.upgrading import catch_up
    >>> catch_up(decompose("china-provinces").industries).frame["term"].to_list()
    ['frontier_growth', 'distance']
    """
    if bool(names) != (drivers is not None):
        raise UsageError("sources.drivers")
    region, industry, year = keys
    rows, _ = read(frame, keys, _NEEDED, year=year)
    before = rows.select(*keys, "distance").with_columns(pl.col(year) + 1)
    table = rows.drop("distance").join(before, on=list(keys), how="left", maintain_order="left")
    for name in names:
        column = read(drivers, [region, year], [name], year=year)[0].with_columns(pl.col(year) + 1)
        table = table.join(column, on=[region, year], how="left", maintain_order="left")
    kept = table.drop_nulls().filter(pl.col("distance") > 0)
    if kept.height <= len(names) * 2 + 2:
        raise InputError("sources.few-rows", n=kept.height)
    # Centred, so that the coefficient of distance is the speed at the mean of the drivers.
    kept = kept.with_columns((pl.col(name) - pl.col(name).mean()) for name in names)
    terms = ["frontier_growth", "distance", *names, *(f"distance × {name}" for name in names)]
    kept = kept.with_columns((pl.col("distance") * pl.col(name)).alias(f"distance × {name}") for name in names)
    unit, place = codes(list(kept.select(region, industry).iter_rows())), codes(kept[region].to_list())
    effects = [unit, codes(kept[year].to_list())] if years else [unit]
    fit = fixed_effects(
        kept["tfp_growth"].to_numpy(), kept.select(terms).to_numpy(), terms, effects, place, engine=engine
    )
    speed = float(fit.coefficients[1])
    half = float(np.log(2) / -np.log1p(-speed)) if 0 < speed < 1 else None
    return CatchUp(fit, rows.height - kept.height, half)

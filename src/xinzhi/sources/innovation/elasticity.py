"""Elasticity: how much more productive a region is with more knowledge of its own and around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError
from xinzhi.sources.fixed_effects import codes, fixed_effects
from xinzhi.sources.reading import read, require_positive

if TYPE_CHECKING:
    from xinzhi.sources.fixed_effects import Engine, Regression


def knowledge_elasticity(
    tfp: Any,  # noqa: ANN401 - any kind of frame
    stock: Any,  # noqa: ANN401 - any kind of frame
    spillover: Any | None = None,  # noqa: ANN401 - any kind of frame
    *,
    level: str = "tfp_level",
    keys: tuple[str, str] = ("region", "year"),
    engine: Engine = "numpy",
) -> Regression:
    r"""Regress the log of TFP on the log of the knowledge stock of the year before, and of the spillovers.

    Parameters
    ----------
    tfp
        One row per region and year with the level of TFP, such as `Measurement.levels`.
    stock
        ``stock`` by region and year, from `knowledge_stock`.
    spillover
        ``spillover`` by region and year, from `spillovers`.
    level
        Column of the level of TFP (a ratio, not a log).
    keys
        Names of region and year.
    engine
        ``numpy`` or ``linearmodels`` (the extra `panel`).

    Returns
    -------
    Regression
        Effects of regions and years; standard errors clustered by region.

    Raises
    ------
    InputError
        When no region-year has both, or figures are not positive.

    Notes
    -----
    Griliches (1979), Bell Journal of Economics 10(1), equation 7 with TFP on the left:
    :math:`\ln A_{rt} = \gamma \ln S_{rt-1} + \mu \ln P_{rt-1} + \alpha_r + \tau_t + \varepsilon_{rt}`. An association
    within regions, no proof of cause: what raises TFP also pays for research.

    Examples
    --------
    >>> import polars as pl
    >>> grid = [(r, t, 1.0 + n + 0.1 * t * n * n) for n, r in enumerate("abc") for t in range(5)]
    >>> stock = pl.DataFrame(grid, schema=["region", "year", "stock"], orient="row")
    >>> tfp = stock.select("region", pl.col("year") + 1, tfp_level=pl.col("stock") ** 0.1)
    >>> knowledge_elasticity(tfp, stock).coefficients.round(9).tolist()
    [0.1]
    """
    import polars as pl

    region, year = keys
    rows, _ = read(tfp, keys, [level])
    parts = [("stock", stock)] + ([] if spillover is None else [("spillover", spillover)])
    for name, frame in parts:
        own = read(frame, keys, [name])[0].with_columns(pl.col(year) + 1)
        rows = rows.join(own, on=list(keys), maintain_order="left")
    rows = rows.drop_nulls()
    names = [name for name, _ in parts]
    if rows.height <= len(names) + 1:
        message = "no region-years have TFP and the knowledge of the year before: check that both cover the same years."
        raise InputError(message)
    require_positive(rows, [level, *names], keys)
    logs = rows.select(pl.col(level, *names).log())
    unit = codes(rows[region].to_list())
    terms = [f"log {name}, year before" for name in names]
    effects = [unit, codes(rows[year].to_list())]
    return fixed_effects(logs[level].to_numpy(), logs.select(names).to_numpy(), terms, effects, unit, engine=engine)

"""Shift-share: the growth of labour productivity as what happened within industries and between them."""

from __future__ import annotations

from typing import Literal

import polars as pl

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.sources.assumptions import read, read_positive

Variant = Literal["traditional", "csls", "gead"]


def shift_share(
    frame: AnyFrame,
    *,
    output: str = "output",
    labour: str = "labour",
    nominal: str | None = None,
    variant: Variant = "traditional",
    keys: tuple[str, str, str] = ("region", "industry", "year"),
) -> pl.DataFrame:
    r"""Split the growth of a region's labour productivity over its industries.

    Parameters
    ----------
    frame
        One row per region, industry and year (the `keys`).
    output, labour, nominal
        Columns: real value added, labour, and value added at current prices (needed by ``gead``).
    variant
        ``traditional`` (Fabricant 1942), ``csls`` or ``gead``; see the notes.

    Returns
    -------
    polars.DataFrame
        Keys, ``within, static, dynamic, total``: contributions to the growth of the region's labour productivity over
        the year before, as a ratio (0.05 is 5 %). They add up over industries and effects to that growth exactly.

    Raises
    ------
    InputError, UsageError
        When figures are missing or not positive, or an industry is not there in both years; when the variant is
        unknown, or ``gead`` lacks `nominal`.

    Notes
    -----
    With productivity :math:`P_i`, labour shares :math:`l_i` and the region's :math:`P`:

    - traditional: :math:`l_{i0}\Delta P_i + \Delta l_i P_{i0} + \Delta l_i \Delta P_i`, over :math:`P_0`;
    - csls (Centre for the Study of Living Standards, Sharpe 2010): the last two with :math:`P_{i0}-P_0` and
      :math:`\Delta P_i-\Delta P`. The sums over industries are those of the traditional one, for shares change by 0 in
      total; an industry below the average no longer gains by growing;
    - gead (Tang and Wang 2004, generalised exactly additive): :math:`l_i` times the relative price of the industry in
      place of :math:`l_i`, so that it is exact with chained volumes, which do not add up; changes of relative prices
      stand with the static and dynamic effects.

    In the first two the region's output is the sum of its industries at constant prices; in ``gead`` its real output is
    the Törnqvist aggregate of its industries.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r"] * 4, "industry": ["a", "b"] * 2, "year": [0, 0, 1, 1]}
    >>> made = {"output": [10.0, 40.0, 9.0, 60.0], "labour": [5.0, 5.0, 4.0, 6.0]}
    >>> shift_share(pl.DataFrame(rows | made)).select("industry", pl.col("within", "static", "dynamic").round(9)).rows()
    [('a', 0.025, -0.04, -0.005), ('b', 0.2, 0.16, 0.04)]
    """
    if variant not in {"traditional", "csls", "gead"}:
        raise UsageError("sources.unknown-variant", variant=variant)
    if variant == "gead" and nominal is None:
        raise UsageError("sources.gead-nominal")
    region, _, year = keys
    numbers = [output, labour, *([nominal] if nominal else [])]
    rows = read_positive(frame, keys, numbers)
    # the rows that have a year before, with its figures beside them (suffix ``_0``)
    before = rows.with_columns(pl.col(keys[2]) + 1).rename({name: f"{name}_0" for name in numbers})
    pairs = rows.join(before, on=list(keys), maintain_order="left")
    _require_balanced(rows, pairs, keys)
    period = [region, year]
    now = pairs.with_columns(
        p=pl.col(output) / pl.col(labour),
        p0=pl.col(f"{output}_0") / pl.col(f"{labour}_0"),
        share=(pl.col(labour) / pl.col(labour).sum()).over(period),
        share0=(pl.col(f"{labour}_0") / pl.col(f"{labour}_0").sum()).over(period),
    )
    if nominal and variant == "gead":
        now = _gead(now, period, output, nominal)
    else:  # the region's output is the sum of its industries
        now = now.with_columns(
            total=(pl.col(output).sum() / pl.col(labour).sum()).over(period),
            total0=(pl.col(f"{output}_0").sum() / pl.col(f"{labour}_0").sum()).over(period),
        )
    level = pl.col("total0") if variant == "csls" else 0.0
    change = pl.col("total") - pl.col("total0") if variant == "csls" else 0.0
    shift = pl.col("share") - pl.col("share0")
    grown = pl.col("p") - pl.col("p0")
    out = now.with_columns(
        within=pl.col("share0") * grown / pl.col("total0"),
        static=shift * (pl.col("p0") - level) / pl.col("total0"),
        dynamic=shift * (grown - change) / pl.col("total0"),
    ).with_columns(total=pl.sum_horizontal("within", "static", "dynamic"))
    return out.select(*keys, "within", "static", "dynamic", "total")


def _require_balanced(rows: pl.DataFrame, pairs: pl.DataFrame, keys: tuple[str, str, str]) -> None:
    """Refuse a region-year with industries that were not there the year before, or are no longer."""
    region, _, year = keys
    count = rows.group_by(region, year).agg(here=pl.len())
    before = count.with_columns(pl.col(year) + 1).rename({"here": "before"})
    matched = pairs.group_by(region, year).agg(pairs=pl.len())
    bad = (
        count.join(before, on=[region, year])
        .join(matched, on=[region, year], how="left")
        .filter((pl.col("here") != pl.col("pairs").fill_null(0)) | (pl.col("before") != pl.col("pairs").fill_null(0)))
        .sort(region, year)
    )
    if bad.height:
        place = bad.select(region, year).row(0)
        raise InputError("sources.industries-come-and-go", n=bad.height, region=place[0], year=place[1])


def _gead(now: pl.DataFrame, period: list[str], output: str, nominal: str) -> pl.DataFrame:
    """Turn labour shares into relative sizes: times the price of the industry relative to that of the region."""
    # The region's real output is 1 times its nominal output in the year before and moves by the Törnqvist index; the
    # level cancels from growth.
    value, value0 = pl.col(nominal), pl.col(f"{nominal}_0")
    weight = (value / value.sum() + value0 / value0.sum()).over(period) / 2
    volume = (weight * (pl.col(output) / pl.col(f"{output}_0")).log()).sum().over(period).exp()
    real, real0 = value0.sum().over(period) * volume, value0.sum().over(period)
    sides = ((output, "p"), (f"{output}_0", "p0"))
    people, people0 = ((pl.col(product) / pl.col(p)).sum().over(period) for product, p in sides)
    relative = (value / pl.col(output)) / (value.sum().over(period) / real)
    relative0 = (value0 / pl.col(f"{output}_0")) / (value0.sum().over(period) / real0)
    return now.with_columns(
        share=pl.col("share") * relative,
        share0=pl.col("share0") * relative0,
        total=real / people,
        total0=real0 / people0,
    )


def olley_pakes(frame: AnyFrame, *, productivity: str, weight: str, by: tuple[str, ...] = ("year",)) -> pl.DataFrame:
    r"""Split weighted mean productivity into the plain mean and the covariance of share and productivity.

    Parameters
    ----------
    frame
        One row per unit (industry, region) within each group of `by`, such as the year, or the region and the year.
    productivity, weight
        Columns: productivity (usually its log) and size.

    Returns
    -------
    polars.DataFrame
        `by`, ``aggregate, mean, covariance, units``, with aggregate = mean + covariance.

    Notes
    -----
    Olley and Pakes (1996), Econometrica 64(6), equation 16: :math:`\sum s_i \omega_i = \bar\omega + \sum (s_i - \bar s)
    (\omega_i - \bar\omega)`. A covariance above 0 says that size follows productivity.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"year": [1, 1], "tfp": [1.0, 2.0], "size": [1.0, 3.0]})
    >>> olley_pakes(rows, productivity="tfp", weight="size").rows()
    [(1, 1.75, 1.5, 0.25, 2)]
    """
    from xinzhi.data.frames import read_frames

    cells = read_frames({"table": frame})[0][0].cells.with_row_index("_row")
    complete = read(cells, [*by, "_row"], [productivity, weight]).drop_nulls([productivity, weight])
    if complete.filter(pl.col(weight) < 0).height:
        raise InputError("sources.negative-size", weight=weight)
    value, size = pl.col(productivity), pl.col(weight) / pl.col(weight).sum()
    return complete.group_by(list(by), maintain_order=True).agg(
        aggregate=(value * size).sum(),
        mean=value.mean(),
        covariance=((size - 1.0 / pl.len()) * (value - value.mean())).sum(),
        units=pl.len().cast(pl.Int64),
    )

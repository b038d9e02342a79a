"""Beside: the sources next to what a frontier analysis makes of the same regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    import polars as pl

_NEEDED = ("unit", "period", "efficiency_change", "technical_change")


def beside(frame: pl.DataFrame, frontier: object) -> pl.DataFrame:
    """Return our parts beside technical change and efficiency change of a productivity index.

    Breakthrough stands beside technical change, and everything else, allocation included, beside efficiency change: a
    frontier analysis sees a region as one unit, so capital that moves between its industries looks as if the region
    used its inputs better.

    Parameters
    ----------
    frame
        Our parts by region and year.
    frontier
        A result with such a ``frame``, or the frame itself of any kind, with ``unit, period`` (the later year),
        ``efficiency_change, technical_change`` as ratios (1 = no change).

    Returns
    -------
    polars.DataFrame
        ``region, year, source`` (``breakthrough``, ``upgrading_and_allocation`` and ``total``), ``ours, frontier,
        difference``, in log points, for the region-years that both have.

    Raises
    ------
    InputError
        When a column is missing, a change is not positive, or no region-year is in both.

    Examples
    --------
    >>> import polars as pl
    >>> ours = pl.DataFrame({"region": ["a"], "year": [2001], "tfp_growth": [0.03], "breakthrough": [0.01]})
    >>> theirs = {"unit": ["a"], "period": [2001], "efficiency_change": [1.0], "technical_change": [1.0]}
    >>> beside(ours, pl.DataFrame(theirs))["difference"].round(3).to_list()
    [0.01, 0.02, 0.03]
    """
    import polars as pl

    theirs = _read(frontier)
    rows = frame.join(theirs, on=["region", "year"])
    if not rows.height:
        message = (
            "the frontier analysis and the sources have no region-year in common: its unit has to be the region code, "
            "its period the later year of each change."
        )
        raise InputError(message)
    rest = pl.col("tfp_growth") - pl.col("breakthrough")
    pairs = (
        ("breakthrough", pl.col("breakthrough"), pl.col("technical")),
        ("upgrading_and_allocation", rest, pl.col("efficiency")),
        ("total", pl.col("tfp_growth"), pl.col("technical") + pl.col("efficiency")),
    )
    tables = [
        rows.select("region", "year", source=pl.lit(name), ours=ours, frontier=other, difference=ours - other)
        for name, ours, other in pairs
    ]
    return pl.concat(tables).sort("region", "year", maintain_order=True)


def _read(frontier: Any) -> pl.DataFrame:  # noqa: ANN401 - a result or any kind of frame
    """Return the changes in logs by region and year."""
    import polars as pl

    from xinzhi.data.frames import read_frames

    tables, _ = read_frames({"frontier": getattr(frontier, "frame", frontier)})
    cells = tables[0].cells
    missing = [name for name in _NEEDED if name not in cells.columns]
    if missing:
        message = f"the frontier analysis has no column {', '.join(missing)}; it has {', '.join(cells.columns)}."
        raise InputError(message)
    change = cells.select(
        pl.col("unit").cast(pl.String).alias("region"),
        pl.col("period").cast(pl.Int64).alias("year"),
        efficiency=pl.col("efficiency_change").cast(pl.Float64),
        technical=pl.col("technical_change").cast(pl.Float64),
    )
    bad = change.filter((pl.col("efficiency") <= 0) | (pl.col("technical") <= 0))
    if bad.height:
        region, year = bad.row(0)[:2]
        message = f"a change of the frontier analysis is not above 0 ({region}, {year}): changes are ratios, 1 is none."
        raise InputError(message)
    return change.with_columns(pl.col("efficiency", "technical").log())

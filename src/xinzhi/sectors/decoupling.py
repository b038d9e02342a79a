"""Decoupling: whether the pressure on the environment grows slower than the economy that drives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.sectors.conventions import count_text, series_text, setting, text
from xinzhi.sectors.figures import KEYS, as_package, names_of, omitted, read, reason

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.result import Facts


def decoupling_state(pressure_growth: FloatArray, driver_growth: FloatArray) -> list[str | None]:
    """Return Tapio's state of every pair of rates of change; None where the driver did not move or a rate is missing.

    Tapio (2005), Transport Policy 12(2), figure 1; the band of 0.8 to 1.2 (both included) is coupling.
    """
    lower, upper = setting("decoupling.lower"), setting("decoupling.upper")
    out: list[str | None] = []
    for pressure, driver in zip(pressure_growth, driver_growth, strict=True):
        if not (np.isfinite(pressure) and np.isfinite(driver)) or driver == 0:
            out.append(None)
            continue
        grows, size, band = driver > 0, abs(pressure), abs(driver)
        # compared without the quotient, which a driver that hardly moved would blow up
        if pressure != 0 and (pressure > 0) != grows:
            out.append("strong_decoupling" if grows else "strong_negative_decoupling")
        elif size < lower * band:
            out.append("weak_decoupling" if grows else "weak_negative_decoupling")
        elif size <= upper * band:
            out.append("expansive_coupling" if grows else "recessive_coupling")
        else:
            out.append("expansive_negative_decoupling" if grows else "recessive_decoupling")
    return out


@dataclass(frozen=True, repr=False, kw_only=True)
class Decoupling(Result):
    """Decoupling of a pressure from its driver by region and year.

    Parameters
    ----------
    frame
        ``region, year, start, pressure_growth, driver_growth, elasticity, state, state_zh, state_en``: rates of change
        from `start` to `year`.
    omitted
        ``region, year, reason_zh, reason_en``.
    pressure, driver
        The two series.
    """

    verb: ClassVar[str] = "decoupling"
    topic: ClassVar[str] = "sectors"
    key: ClassVar[tuple[str, ...]] = KEYS

    omitted: pl.DataFrame
    pressure: str
    driver: str

    def last(self) -> pl.DataFrame:
        """Return the rows of the last year that has as many regions as any, lowest elasticity first."""
        counts = self.frame.group_by("year").len()
        year = counts.filter(pl.col("len") == pl.col("len").max())["year"].max()
        return self.frame.filter(year=year).sort("elasticity", "region")

    def facts(self) -> Facts:
        """Return how many regions were in which state."""
        if not self.frame.height:
            return {"answer.no_years": {}}
        last = self.last()
        counts = last.group_by("state", "state_en").len().sort("len", "state_en", descending=[True, False])
        named = [count_text(text(f"decoupling.states.{state}"), count) for state, _, count in counts.iter_rows()]
        values = {
            "first": last["start"][0],
            "last": last["year"][0],
            "pressure": series_text(self.pressure),
            "driver": series_text(self.driver),
            "regions": last.height,
            "counts": named,
        }
        return {"answer.states": values}


def decoupling(
    source: object, pressure: str = "energy_consumption", driver: str = "output_real", *, span: int = 1
) -> Decoupling:
    """Return Tapio's elasticity and state of a pressure and its driver by region.

    Parameters
    ----------
    source
        A package (or its name), or a frame with ``region, year`` and the two series.
    pressure, driver
        Series such as energy use or emissions, and real output.
    span
        Years over which change is measured.

    Raises
    ------
    UsageError
        When the span is not positive.
    InputError
        When a series is missing.

    Notes
    -----
    The elasticity is the rate of change of the pressure over that of the driver. Where the driver stood still, or a
    series begins at zero or below, there is none: the row is in `omitted` with its reason.

    Examples
    --------
    >>> result = decoupling("china-provinces", "energy_consumption", "output_real", span=5)
    >>> result.frame.filter(region="110000", year=2019).select("state").item()
    'weak_decoupling'
    """
    if span < 1:
        raise UsageError("sectors.span", span=span)
    package = as_package(source)
    given = read(package or source, [pressure, driver], verb="decoupling")
    before = given.frame.with_columns(pl.col("year") + span).rename({pressure: "_pressure", driver: "_driver"})
    both = given.frame.join(before, on=KEYS).drop_nulls([pressure, driver, "_pressure", "_driver"]).sort(KEYS)
    starts = (pl.col("_pressure") > 0) & (pl.col("_driver") > 0)
    usable = both.filter(starts).select(
        *KEYS,
        start=pl.col("year") - span,
        pressure_growth=pl.col(pressure) / pl.col("_pressure") - 1,
        driver_growth=pl.col(driver) / pl.col("_driver") - 1,
    )
    moved = usable.filter(pl.col("driver_growth") != 0)
    states = decoupling_state(moved["pressure_growth"].to_numpy(), moved["driver_growth"].to_numpy())
    names = [text(f"decoupling.states.{state}") for state in states]
    frame = moved.with_columns(
        elasticity=pl.col("pressure_growth") / pl.col("driver_growth"),
        state=pl.Series(states, dtype=pl.String),
        state_zh=pl.Series([name.zh for name in names], dtype=pl.String),
        state_en=pl.Series([name.en for name in names], dtype=pl.String),
    )
    out = [(*key, reason("from_zero")) for key in both.filter(~starts).select(KEYS).iter_rows()]
    out += [(*key, reason("still")) for key in usable.filter(driver_growth=0).select(KEYS).iter_rows()]
    return Decoupling(
        frame=frame,
        omitted=omitted(out),
        pressure=pressure,
        driver=driver,
        names=names_of(package),
        kind=given.kind,
        provenance=given.provenance("decoupling", pressure=pressure, driver=driver, span=span),
    )

"""What a coordinated plan is made from: chances, gains, caps, sizes, and who may choose what."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.data.frames import read_frames
from xinzhi.pathways.conventions import conventions
from xinzhi.pathways.economic_complexity.complexity import measure_cells
from xinzhi.pathways.industries import unknown, years_of
from xinzhi.pathways.plans.entry_odds import fit_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.data.package import Package
    from xinzhi.pathways.economic_complexity.cells import Cells
    from xinzhi.pathways.industries import Nearness
    from xinzhi.pathways.plans.entry_odds import EntryOdds


_SHOWN = 5
_ALIASES = {"region": ("region", "place"), "industry": ("industry", "activity")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a coordinated plan must keep; None: as ``pathways.yaml`` says.

    Parameters
    ----------
    caps
        How many regions an industry takes: one number, or numbers by industry (the others keep the rule); None: twice
        the even share, less where the survey shows idle capacity.
    capacity
        How much the entrants may add to an industry, as a share of its national employment: one number, or by
        industry. An entrant adds what it lacks to a location quotient of 1. None: no limit.
    floor
        The share of what it would gain if it chose alone that every region gets; 0: none.
    overlap
        How many industries two regions may share; ``math.inf``: any.
    sizes
        How many industries a region gets, by region; None: the portfolio, less where debt leaves little headroom.
    debt
        Whether the size follows debt.
    """

    caps: int | Mapping[str, int] | None = None
    capacity: float | Mapping[str, float] | None = None
    floor: float | None = None
    overlap: float | None = None
    sizes: Mapping[str, int] | None = None
    debt: bool = True


def chances_of(
    given: Any,  # noqa: ANN401 - any kind of frame, or None
    package: Package,
    near: Nearness,
    year: int,
) -> tuple[FloatArray, EntryOdds | None]:
    """Return the chance of entry of every cell (n, p), NaN where none is given, and the logit behind it if any.

    Raises
    ------
    InputError
        When a chance is not between 0 and 1.
    """
    if given is None:
        odds = fit_entry(package, year, int(conventions("plan")["horizon"]))
        return odds.chance(near.density), odds
    found = spread(given, "probability", near.places, near.industries)
    bad = (found < 0) | (found > 1)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        message = (
            f"plan: the probability of {near.places[row]}/{near.industries[column]} is {found[row, column]:g}: "
            "probabilities lie between 0 and 1."
        )
        raise InputError(message)
    return found, None


def gains_of(
    given: Any,  # noqa: ANN401 - any kind of frame, a mapping, or None
    package: Package,
    cells: Cells,
    year: int,
) -> FloatArray:
    """Return what every region gains when it builds an industry (n, p): complexity above the least complex industry.

    Raises
    ------
    InputError
        When a gain is negative or missing for every cell.
    """
    shape = cells.values.shape
    if given is None:
        try:
            measured = measure_cells(cells, anchor=output_per_head(package, year))
        except InputError as error:
            message = (
                f"plan: what an industry is worth is not known ({error}). Add the table 'accounts' with output_nominal "
                f"and population of {year}, whose output a head is the anchor, or hand in gains=."
            )
            raise InputError(message, error.findings) from error
        worth = dict(measured.activities.select("activity", "complexity").iter_rows())
        least = min(worth.values())
        line = np.array([worth[code] - least if code in worth else np.nan for code in cells.activities])
        return np.array(np.broadcast_to(line, shape))
    if isinstance(given, Mapping):
        strange = sorted(set(given) - set(cells.activities))
        if strange:
            raise UsageError("plan: gains: " + unknown("industry", strange[0], cells.activities))
        line = np.array([float(given.get(code, np.nan)) for code in cells.activities])
        return _not_negative(np.array(np.broadcast_to(line, shape)), cells.places, cells.activities)
    return _not_negative(spread(given, "gain", cells.places, cells.activities), cells.places, cells.activities)


def _not_negative(found: FloatArray, places: Sequence[str], industries: Sequence[str]) -> FloatArray:
    if (found < 0).any():
        row, column = np.argwhere(found < 0)[0]
        message = (
            f"plan: the gain of {places[row]}/{industries[column]} is {found[row, column]:g}. A gain below zero would "
            "make an unlikely entry better than a likely one: measure gains from the worst choice, or leave the cell "
            "out."
        )
        raise InputError(message)
    return found


def output_per_head(package: Package, year: int) -> dict[str, float] | None:
    """Return output per head by region in a year, which fixes the sign of complexity; None where it is not there."""
    table = package.tables.get("accounts")
    if table is None or not {"region", "year", "output_nominal", "population"} <= set(table.columns):
        return None
    rows = table.filter(pl.col("year") == year, pl.col("population") > 0, pl.col("output_nominal").is_not_null())
    found = dict(rows.select("region", pl.col("output_nominal") / pl.col("population")).iter_rows())
    return found or None


def spread(
    frame: Any,  # noqa: ANN401 - any kind of frame
    column: str,
    places: Sequence[str],
    industries: Sequence[str],
) -> FloatArray:
    """Return a long frame as a matrix of these places and industries (n, p); NaN where it has no row.

    A frame without a column for the region holds for all regions. Places and industries may be called ``place`` and
    ``activity``.

    Raises
    ------
    UsageError
        When a column is missing or nothing matches.
    InputError
        When a cell stands twice.

    Examples
    --------
    >>> frame = pl.DataFrame({"region": ["a", "b"], "industry": ["x", "y"], "gain": [1.0, 2.0]})
    >>> spread(frame, "gain", ("a", "b"), ("x", "y")).tolist()
    [[1.0, nan], [nan, 2.0]]
    """
    (table,), _ = read_frames({column: frame})
    cells = table.cells
    names = {key: next((one for one in also if one in cells.columns), None) for key, also in _ALIASES.items()}
    if column not in cells.columns or names["industry"] is None:
        message = f"plan: the frame needs the columns region, industry, {column}; it has {', '.join(cells.columns)}."
        raise UsageError(message)
    found = np.full((len(places), len(industries)), np.nan)
    keys = [name for name in names.values() if name is not None]
    if cells.select(pl.struct(keys).is_duplicated()).to_series().any():
        twice = cells.filter(pl.struct(keys).is_duplicated()).row(0, named=True)
        message = f"plan: {'/'.join(str(twice[key]) for key in keys)} stands twice in the frame of {column}."
        raise InputError(message)
    row_of = {name: number for number, name in enumerate(places)}
    column_of = {name: number for number, name in enumerate(industries)}
    matched = 0
    for line in cells.select([*keys, column]).iter_rows(named=True):
        where = column_of.get(str(line[names["industry"]]))
        who = slice(None) if names["region"] is None else row_of.get(str(line[names["region"]]))
        if where is None or who is None or line[column] is None:
            continue
        found[who, where] = float(line[column])
        matched += 1
    if not matched:
        message = (
            f"plan: no row of the frame of {column} is about a region and industry of the package, such as "
            f"{places[0]}/{industries[0]}."
        )
        raise UsageError(message)
    return found


def utilisation(package: Package, industries: Sequence[str]) -> dict[str, float]:
    """Return the last full-year (else last) capacity utilisation of the industries that the survey has, in percent."""
    table = package.tables.get("capacity")
    if table is None or not {"period", "industry", "utilisation"} <= set(table.columns):
        return {}
    found: dict[str, float] = {}
    for name, codes in conventions("plan")["survey"].items():
        rows = table.filter(pl.col("industry") == name, pl.col("utilisation").is_not_null())
        last = rows.filter(pl.col("period").str.slice(0, 4) == rows["period"].str.slice(0, 4).max())
        year = last.filter(pl.col("period").str.ends_with("FY"))
        line = (year if year.height else last).sort("period")
        if line.height:
            found |= {code: float(line["utilisation"][-1]) for code in codes if code in industries}
    return found


def caps_of(
    asked: int | Mapping[str, int] | None, industries: Sequence[str], slots: int, used: Mapping[str, float]
) -> IntArray:
    """Return how many regions each industry takes (p,).

    Parameters
    ----------
    asked
        As `Limits.caps`.
    industries
        Their codes.
    slots
        How many places there are in all portfolios.
    used
        Utilisation of capacity in percent, by industry.

    Raises
    ------
    UsageError
        When a cap is negative or its industry unknown.

    Examples
    --------
    >>> caps_of(None, ["26", "36"], 10, {"36": 72.2}).tolist()
    [10, 5]
    """
    if isinstance(asked, int):
        if asked < 0:
            message = f"plan: a cap of {asked} regions; caps are 0 or more."
            raise UsageError(message)
        return np.full(len(industries), asked)
    even = float(conventions("plan")["slack"]) * slots / len(industries)
    found = np.array([max(1, math.floor(even * _factor(used.get(code)) + 1e-9)) for code in industries])
    for code, cap in (asked or {}).items():
        if code not in industries:
            raise UsageError("plan: caps: " + unknown("industry to choose", code, industries))
        if cap < 0:
            message = f"plan: the cap of industry {code} is {cap}; caps are 0 or more."
            raise UsageError(message)
        found[list(industries).index(code)] = cap
    return found


def _factor(used: float | None) -> float:
    """Return what idle capacity leaves of a cap."""
    if used is None:
        return 1.0
    return next((float(step["factor"]) for step in conventions("plan")["utilisation"] if used < step["below"]), 1.0)


def debt_ratios(package: Package) -> tuple[dict[str, float], int | None]:
    """Return government debt over output by region, in the last year that most regions have both; and the year."""
    debt, output = package.tables.get("debt"), package.tables.get("accounts")
    if debt is None or output is None or "debt_total" not in debt.columns or "output_nominal" not in output.columns:
        return {}, None
    both = debt.join(output.select("region", "year", "output_nominal"), on=["region", "year"]).filter(
        pl.col("debt_total").is_not_null(), pl.col("output_nominal") > 0
    )
    if both.is_empty():
        return {}, None
    counts = both.group_by("year").len().filter(pl.col("len") == pl.col("len").max())
    year = max(years_of(counts))
    rows = both.filter(pl.col("year") == year)
    return dict(rows.select("region", pl.col("debt_total") / pl.col("output_nominal")).iter_rows()), year


def sizes_of(
    limits: Limits, places: Sequence[str], portfolio: int, ratios: Mapping[str, float]
) -> tuple[IntArray, tuple[Finding, ...]]:
    """Return how many industries each region gets (n,), and who has no debt figure.

    Raises
    ------
    UsageError
        When a size is negative or its region unknown.

    Examples
    --------
    >>> sizes_of(Limits(), ["a", "b"], 3, {"a": 0.2, "b": 0.7})[0].tolist()
    [3, 1]
    """
    found = np.full(len(places), portfolio)
    findings: list[Finding] = []
    if limits.debt and limits.sizes is None:
        for number, place in enumerate(places):
            if place not in ratios:
                findings.append(_no_debt(place))
                continue
            share = next(
                float(step["share"]) for step in conventions("plan")["debt"] if ratios[place] < float(step["below"])
            )
            found[number] = max(1, round(portfolio * share))
    for place, size in (limits.sizes or {}).items():
        if place not in places:
            raise UsageError("plan: sizes: " + unknown("region", place, places))
        if size < 0:
            message = f"plan: the size of region {place} is {size}; sizes are 0 or more."
            raise UsageError(message)
        found[list(places).index(place)] = size
    return found, tuple(findings)


def _no_debt(place: str) -> Finding:
    return Finding(
        rule="no-debt",
        severity="note",
        message=Text(
            zh=f"{place} 没有债务余额与地区生产总值，按完整清单计",
            en=f"{place} has no debt over output: full portfolio",
        ),
        hint=Text(
            zh="补充 debt 表和 accounts 表，或用 Limits(sizes=...) 指定。",
            en="Add the tables 'debt' and 'accounts', or set Limits(sizes=...).",
        ),
        table="debt",
        key=place,
    )

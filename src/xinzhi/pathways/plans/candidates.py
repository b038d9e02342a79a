"""What `plan` chooses from: categories of plans with the jobs behind them and the value added that they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core import parameters
from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.data.package import Package
from xinzhi.data.units import parse
from xinzhi.pathways.complexity.cells import Cells
from xinzhi.pathways.industries import Nearness
from xinzhi.pathways.plans.able import able
from xinzhi.pathways.plans.lists import plan_years

_FILE = Path(__file__).parent.with_name("candidates.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The categories that can be weighed: jobs in the base of each by place, and how near places are to them.

    `near` has the densities of the activities of the base, weighed by the nation's jobs; `heads` all jobs of a place;
    `unjudged` a row for each category that cannot be weighed, with the reason.
    """

    cells: Cells
    near: Nearness
    heads: FloatArray
    unjudged: pl.DataFrame


def rules() -> Mapping[str, Any]:
    """Return the categories that can be weighed."""
    found: Mapping[str, Any] = parameters.read_yaml(_FILE)["categories"]
    return found


def weighs(data: Package) -> bool:
    """Return whether a package names categories of plans that have a base here."""
    table = data.tables.get("plan_categories")
    return table is not None and not set(table["category"]).isdisjoint(rules())


def with_services(data: Package) -> Package:
    """Return a package whose table `activity` holds sections of services too, in the years that have both.

    Plans name services: where categories of plans can be weighed, entry is tested with them. Other packages stay.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> with_services(load("china-provinces")).tables["activity"]["industry"].n_unique()
    46
    """
    services = data.tables.get("activity_sections")
    if services is None or "activity" not in data.tables or not weighs(data):
        return data
    industry = data.tables["activity"]
    scale = {name: float(parse(data.units.get(name, {}).get("employment", "persons")).scale)
             for name in ("activity", "activity_sections")}  # fmt: skip
    more = services.filter(pl.col("section").is_in(parameters.setting(_FILE, "sections"))).select(
        "region", industry="section", year="year",
        employment=pl.col("employment") * (scale["activity_sections"] / scale["activity"]),
    )  # fmt: skip
    both = sorted(set(industry["year"].drop_nulls()) & set(more["year"].drop_nulls()))
    parts = [one.select(more.columns).filter(pl.col("year").is_in(both)) for one in (industry, more)]
    return replace(data, tables={**data.tables, "activity": pl.concat(parts, how="vertical_relaxed")})


def candidates(data: Package, cells: Cells, near: Nearness) -> Candidates:
    """Return the categories of a package's plans by place, from cells and densities of their activities."""
    known = data.tables["plan_categories"]["category"].to_list()
    position = {code: number for number, code in enumerate(cells.activities)}
    weighed = [code for code in known if code in rules()]
    base = {code: [position[one] for one in rules()[code]["base"] if one in position] for code in weighed}
    codes = tuple(sorted(code for code, columns in base.items() if columns))
    if not codes:
        raise InputError("pathways.nothing-to-choose")
    nation, heads = cells.values.sum(axis=0), cells.values.sum(axis=1)
    jobs = np.column_stack([cells.values[:, base[code]].sum(axis=1) for code in codes])
    density = np.column_stack([near.density[:, base[code]] @ _shares(nation[base[code]]) for code in codes])
    quotient = _quotient(jobs, heads)
    why: Mapping[str, str] = parameters.read_yaml(_FILE)["not_weighed"]
    left = [code for code in sorted(known) if code not in codes]
    return Candidates(
        cells=replace(cells, activities=codes, values=jobs),
        near=replace(near, industries=codes, quotient=quotient, present=quotient >= 1.0, density=density),
        heads=heads,
        unjudged=pl.DataFrame(
            {"category": left, "why": [why.get(code, "no_base") for code in left]},
            schema={"category": pl.String, "why": pl.String},
        ),
    )


def _shares(weights: FloatArray) -> FloatArray:
    return np.asarray(weights / weights.sum() if weights.sum() > 0 else np.full(len(weights), 1.0 / len(weights)))


def _quotient(jobs: FloatArray, heads: FloatArray) -> FloatArray:
    """Return location quotients of columns that overlap: shares of a place's jobs over those of all places."""
    whole = np.column_stack([jobs, heads])  # the last column is all jobs: shares are of it, not of the row's sum
    nation = whole.sum(axis=0)
    own = whole[:, :-1] / np.where(heads > 0, heads, 1.0)[:, None]
    return np.asarray(own / np.where(nation[:-1] > 0, nation[:-1] / nation[-1], 1.0))


def worth(data: Package, found: Candidates) -> FloatArray:
    """Return the value added that every place would gain by a category at the nation's weight, in 1e8 CNY (n, p)."""
    gain = parameters.read_yaml(_FILE)["gain"]
    accounts = data.require("accounts", ["region", "year", "output_nominal"], verb="plan")
    rows = accounts.filter(pl.col("year") == gain["year"]).drop_nulls("output_nominal")
    scale = float(parse(data.units.get("accounts", {}).get("output_nominal", gain["unit"])).scale) / 1e8
    output = dict(rows.select("region", pl.col("output_nominal") * scale).iter_rows())
    size = np.array([output.get(place, np.nan) for place in found.cells.places])
    if np.isnan(size).any():
        missing = [place for place, one in zip(found.cells.places, size, strict=True) if np.isnan(one)]
        raise InputError("pathways.no-output", year=gain["year"], regions=missing)
    share = np.array([float(rules()[code]["value_added"]) / float(gain["total"]) for code in found.cells.activities])
    return np.asarray(size[:, None] * share * np.clip(1.0 - found.near.quotient, 0.0, None))


def contradicted(data: Package, places: Sequence[str], codes: Sequence[str], kind: str) -> BoolArray:
    """Return the cells of which a complete series shows next to nothing: they are no candidates."""
    found = np.zeros((len(places), len(codes)), dtype=bool)
    if kind != "category" or "capability" not in data.tables:
        return found
    rows = able(data).frame.filter(pl.col("able") == "not able").select("region", "category").iter_rows()
    row_of, column_of = ({code: number for number, code in enumerate(one)} for one in (places, codes))
    for region, category in rows:
        if region in row_of and category in column_of:
            found[row_of[region], column_of[category]] = True
    return found


def named_by(data: Package, codes: Sequence[str], value: FloatArray) -> FloatArray:
    """Return by how many regions' plans a category is named in the last year, ties broken by the expected gain."""
    total = np.nan_to_num(value).sum(axis=0)
    if "plans" not in data.tables:
        return np.asarray(total)
    last = plan_years(data, None, verb="plan")[-1]
    rows = data.tables["plans"].filter(pl.col("year") == last).group_by("category").agg(pl.col("named").sum())
    times = dict(rows.iter_rows())
    counts = np.array([float(times.get(code) or 0.0) for code in codes])
    return np.asarray(counts + total / (1.0 + total.sum()))


def idle(used: Mapping[str, float], codes: Sequence[str]) -> dict[str, float]:
    """Return the utilisation of categories: the lowest of the divisions of their base that the survey has."""
    found = {code: [used[one] for one in rules()[code]["base"] if one in used] for code in codes}
    return {code: min(rates) for code, rates in found.items() if rates}

"""Lists of industries that plans name: read from a package, checked, and brought beside what places can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import NO_NAMES
from xinzhi.core.text import Text
from xinzhi.pathways.conventions import check_known
from xinzhi.pathways.industries import years_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.data.package import Package
    from xinzhi.pathways.industries import Nearness


_COLUMNS = ("region", "year", "category", "named")
_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What every region's plan of one year names."""

    year: int
    regions: tuple[str, ...]
    categories: tuple[str, ...]
    named: BoolArray
    mentioned: BoolArray
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Categories of plans beside the industries of the statistics, by region and category (n, p)."""

    density: FloatArray
    decile: IntArray
    decile_here: IntArray
    present: BoolArray
    able: BoolArray
    known: BoolArray
    divisions: tuple[tuple[str, ...], ...]
    reasons: tuple[Text, ...]


def chosen_categories(package: Package, asked: str | Sequence[str], *, verb: str) -> tuple[str, ...]:
    """Return the categories asked for: ``informative``, ``all``, or codes."""
    table = package.require("plan_categories", ["category"], verb=verb)
    known = sorted(table["category"].to_list())
    if isinstance(asked, str) and asked == "all":
        return tuple(known)
    if isinstance(asked, str) and asked == "informative":
        package.require("plan_categories", ["category", "informative"], verb=verb)
        return tuple(sorted(table.filter(pl.col("informative") == 1)["category"].to_list()))
    codes = [asked] if isinstance(asked, str) else list(asked)
    check_known(codes, known, "category", verb)
    if len(set(codes)) < _TWO:
        raise UsageError("pathways.one-category", verb=verb)
    return tuple(sorted(set(codes)))


def plan_years(package: Package, years: int | Sequence[int] | None, *, verb: str) -> list[int]:
    """Return the years of plans asked for; None: all there are."""
    known = years_of(package.require("plans", _COLUMNS, verb=verb))
    asked = known if years is None else [years] if isinstance(years, int) else sorted(set(years))
    for year in asked:
        if year not in known:
            raise UsageError(
                "pathways.unknown-year", verb=verb, table="plans", asked=year, first=known[0], last=known[-1]
            )
    return asked


def read_lists(package: Package, year: int, categories: Sequence[str], *, verb: str) -> Lists:
    """Return the lists of one year; a region whose list is not complete is left out and named."""
    table = package.require("plans", _COLUMNS, verb=verb)
    rows = table.filter(pl.col("year") == year, pl.col("category").is_in(list(categories)))
    seen = rows.filter(pl.col("named").is_not_null()).group_by("region").agg(pl.len().alias("cells"))
    full = sorted(seen.filter(pl.col("cells") == len(categories))["region"].to_list())
    partial = sorted(set(rows["region"].to_list()) - set(full))
    findings = tuple(_about("pathways.partial-list", region, year) for region in partial)
    if len(full) < _TWO:
        raise InputError("pathways.few-lists", findings, verb=verb, n=len(full), year=year)
    kept = rows.filter(pl.col("region").is_in(full)).sort("region", "category")
    shape = (len(full), len(categories))
    mentioned = kept["mentioned"].fill_null(0) if "mentioned" in kept.columns else kept["named"]
    lists = (kept["named"].to_numpy() > 0).reshape(shape)
    return Lists(
        year=year,
        regions=tuple(full),
        categories=tuple(categories),
        named=lists,
        mentioned=(mentioned.to_numpy() > 0).reshape(shape) | lists,
        findings=findings
        + tuple(_about("pathways.empty-list", full[row], year) for row in np.flatnonzero(~lists.any(axis=1))),
    )


def _about(what: str, region: str, year: int) -> Finding:
    said = {"region": NO_NAMES.region(region), "year": year}
    return finding(what, table="plans", column="named", key=f"{region}/{year}", words=said)


def divisions_of(package: Package, *, verb: str) -> dict[str, tuple[str, ...]]:
    """Return the divisions of GB/T 4754 that every category falls in, as the package says."""
    table = package.require("plan_categories", ["category", "divisions"], verb=verb)
    return {
        code: tuple(part.strip() for part in (text or "").split(";") if part.strip())
        for code, text in table.select("category", "divisions").iter_rows()
    }


def fit_of(lists: Lists, divisions: dict[str, tuple[str, ...]], near: Nearness) -> Fit:
    """Return how near every region is to every category: the nearest of its divisions counts."""
    shape = lists.named.shape
    density, flags = np.full(shape, np.nan), np.zeros((5, *shape), dtype=np.int64)
    here = {region: row for row, region in enumerate(near.places)}
    rows = np.array([here.get(region, -1) for region in lists.regions])
    found, reasons = [], []
    for column, category in enumerate(lists.categories):
        stated = divisions.get(category, ())
        numbers = [near.industries.index(code) for code in stated if code in near.industries]
        found.append(tuple(near.industries[number] for number in numbers))
        reasons.append(_reason(stated, found[-1]))
        if not numbers:
            continue
        known = rows >= 0
        block = np.ix_(rows[known], np.array(numbers))
        density[known, column] = near.density[block].max(axis=1)
        fields = (near.decile, near.decile_here, near.present, near.able)
        for number, matrix in enumerate(fields):
            flags[number, known, column] = matrix[block].max(axis=1)
        flags[4, known, column] = 1
    return Fit(
        density=density,
        decile=flags[0],
        decile_here=flags[1],
        present=flags[2] > 0,
        able=flags[3] > 0,
        known=flags[4] > 0,
        divisions=tuple(found),
        reasons=tuple(reasons),
    )


def _reason(stated: Sequence[str], found: Sequence[str]) -> Text:
    if found:
        return Text(zh="", en="")
    if not stated:
        return Text(zh="该类别没有对应的行业大类", en="the category falls in no division")
    codes = ", ".join(stated)
    return Text(zh=f"activity 表没有行业大类 {codes}", en=f"the table 'activity' has none of the divisions {codes}")


def popularity(data: Package, industries: Sequence[str], value: FloatArray) -> FloatArray:
    """Return how favoured every industry is: how many regions name a category in it, else its expected gain."""
    total = np.nan_to_num(value).sum(axis=0)
    if not {"plans", "plan_categories"} <= set(data.tables):
        return np.asarray(total)
    last = plan_years(data, None, verb="plan")[-1]
    named = data.tables["plans"].filter(pl.col("year") == last).group_by("category").agg(pl.col("named").sum())
    stated = divisions_of(data, verb="plan")
    times = np.zeros(len(industries))
    for category, count in named.iter_rows():
        for code in stated.get(category, ()):
            if code in industries:
                number = industries.index(code)
                times[number] = max(times[number], float(count or 0))
    # Ties are broken by the expected gain, which is scaled to stay below one region.
    return np.asarray(times + total / (1.0 + total.sum()))

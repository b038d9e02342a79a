"""What plans are made from: lists of industries that regions name, and categories with the jobs behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TypedDict

import numpy as np
import polars as pl

from xinzhi.core import parameters
from xinzhi.core.arrays import AnyFrame, AnyPackage, BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.formulas import escape_formulas
from xinzhi.core.names import NO_NAMES
from xinzhi.core.text import Language, Text
from xinzhi.data.package import Package
from xinzhi.pathways.complexity.cells import Cells
from xinzhi.pathways.conventions import check_known
from xinzhi.pathways.industries import Nearness, as_package, scale_of, years_of
from xinzhi.pathways.plans.capability import able

_COLUMNS = ("region", "year", "category", "named")
_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What every region's plan of one year names."""

    year: int
    regions: tuple[str, ...]
    categories: tuple[str, ...]
    entries: BoolArray
    mentioned: BoolArray
    findings: tuple[Finding, ...] = ()


def chosen_categories(package: Package, categories: str | Sequence[str], *, verb: str) -> tuple[str, ...]:
    """Return the categories asked for: ``informative``, ``all``, or codes."""
    table = package.require("plan_categories", ["category"], verb=verb)
    available = sorted(table["category"].to_list())
    if isinstance(categories, str) and categories == "all":
        return tuple(available)
    if isinstance(categories, str) and categories == "informative":
        package.require("plan_categories", ["category", "informative"], verb=verb)
        return tuple(sorted(table.filter(pl.col("informative") == 1)["category"].to_list()))
    codes = [categories] if isinstance(categories, str) else list(categories)
    check_known(codes, available, "category", verb)
    if len(set(codes)) < _TWO:
        raise UsageError("pathways.one-category", verb=verb)
    return tuple(sorted(set(codes)))


def plan_years(package: Package, years: int | Sequence[int] | None, *, verb: str) -> list[int]:
    """Return the years of plans asked for; None: all there are."""
    available = years_of(package.require("plans", _COLUMNS, verb=verb))
    if years is None:
        return available
    dates = [years] if isinstance(years, int) else sorted(set(years))
    for year in dates:
        if year not in available:
            raise UsageError(
                "pathways.unknown-year", verb=verb, table="plans", asked=year, first=available[0], last=available[-1]
            )
    return dates


def read_lists(package: Package, year: int, categories: Sequence[str], *, verb: str) -> Lists:
    """Return the lists of one year; a region whose list is not complete is left out and named."""
    table = package.require("plans", _COLUMNS, verb=verb)
    rows = table.filter(pl.col("year") == year, pl.col("category").is_in(list(categories)))
    counts = rows.filter(pl.col("named").is_not_null()).group_by("region").agg(pl.len().alias("cells"))
    full = sorted(counts.filter(pl.col("cells") == len(categories))["region"].to_list())
    partial = sorted(set(rows["region"].to_list()) - set(full))
    findings = tuple(_about("pathways.partial-list", region, year) for region in partial)
    if len(full) < _TWO:
        raise InputError("pathways.few-lists", findings, verb=verb, n=len(full), year=year)
    complete = rows.filter(pl.col("region").is_in(full)).sort("region", "category")
    shape = (len(full), len(categories))
    mentioned = complete["mentioned"].fill_null(0) if "mentioned" in complete.columns else complete["named"]
    lists = (complete["named"].to_numpy() > 0).reshape(shape)
    return Lists(
        year=year,
        regions=tuple(full),
        categories=tuple(categories),
        entries=lists,
        mentioned=(mentioned.to_numpy() > 0).reshape(shape) | lists,
        findings=findings
        + tuple(_about("pathways.empty-list", full[row], year) for row in np.flatnonzero(~lists.any(axis=1))),
    )


def _about(what: str, region: str, year: int) -> Finding:
    facts = {"region": NO_NAMES.region(region), "year": year}
    return finding(what, table="plans", column="named", key=f"{region}/{year}", words=facts)


def divisions_of(package: Package, *, verb: str) -> dict[str, tuple[str, ...]]:
    """Return the divisions of GB/T 4754 that every category falls in, as the package says."""
    table = package.require("plan_categories", ["category", "divisions"], verb=verb)
    return {
        code: tuple(part.strip() for part in (text or "").split(";") if part.strip())
        for code, text in table.select("category", "divisions").iter_rows()
    }


def favoured(data: Package, codes: Sequence[str], value: FloatArray, kind: str) -> FloatArray:
    """Return how many regions' last plans name a category, or one that falls in an industry; else the expected gain."""
    total = np.nan_to_num(value).sum(axis=0)
    if not {"plans", *(() if kind == "category" else ("plan_categories",))} <= set(data.tables):
        return np.asarray(total)
    last = plan_years(data, None, verb="plan")[-1]
    counts = data.tables["plans"].filter(pl.col("year") == last).group_by("category").agg(pl.col("named").sum())
    stated = {} if kind == "category" else divisions_of(data, verb="plan")
    times = dict.fromkeys(codes, 0.0)
    for category, count in counts.iter_rows():
        for code in (category,) if kind == "category" else stated.get(category, ()):
            if code in times:
                times[code] = max(times[code], float(count or 0))
    # Ties are broken by the expected gain, which is scaled to stay below one region.
    return np.asarray(np.array(list(times.values())) + total / (1.0 + total.sum()))


_PLANS, _CATEGORIES, _RULES = "plans.csv", "plan_categories.csv", "coding-rules.md"
_CELLS = ("region", "year", "category", "named", "mentioned")
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTemplate:
    """Tables to fill in, in the form that data packages have, and the coding `rules`.

    `plans` has a row for each cell, ``named`` and ``mentioned`` empty; `plan_categories` a row for each category.
    """

    plans: pl.DataFrame
    plan_categories: pl.DataFrame
    rules: tuple[Text, ...]

    def write(self, folder: str | PathLike[str], *, language: Language = "zh") -> tuple[Path, ...]:
        """Write ``plans.csv``, ``plan_categories.csv`` and ``coding-rules.md`` into a folder, and return their paths.

        The folder is made when it is not there; files that are there (filled-in lists) are not overwritten: a usage
        error.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        paths = tuple(place / name for name in (_PLANS, _CATEGORIES, _RULES))
        if existing := [path.name for path in paths if path.exists()]:
            raise UsageError("pathways.template-there", folder=folder, files=existing)
        title = _book()["title"][language]
        lines = [f"{number}. {rule.lang(language)}" for number, rule in enumerate(self.rules, start=1)]
        lists = [escape_formulas(table).write_csv() for table in (self.plans, self.plan_categories)]
        text = f"# {title}\n\n" + "\n".join(lines) + "\n"
        for path, content in zip(paths, (*lists, text), strict=True):
            draft = path.with_name(path.name + ".part")
            draft.write_text(content, encoding="utf-8")
            draft.replace(path)
        return paths


class _Coding(TypedDict):
    """The book of rules by which plans are coded."""

    title: dict[str, str]
    rules: list[dict[str, str]]


@cache
def _book() -> _Coding:
    book: _Coding = parameters.read_yaml(_FILE.with_name("plan_coding.yaml"))
    return book


def plan_template(
    year: int,
    *,
    regions: Sequence[str] | None = None,
    package: AnyPackage = "china-provinces",
    categories: AnyFrame = None,
) -> PlanTemplate:
    """Return empty tables for the lists of industries that plans of a year name.

    Parameters
    ----------
    year
        Of the plans.
    regions
        Codes of the regions; None: all of the package's table `regions`.
    package
        Where regions and categories come from.
    categories
        A polars frame ``category, name_zh, name_en, divisions, informative`` of one's own (divisions of GB/T 4754
        separated by ``;``); None: those of the package.

    Examples
    --------
    >>> plan_template(2027, regions=["220000"]).plans.height
    43
    """
    data = as_package(package)
    available = data.require("regions", ["region"], verb="plan_template")["region"].to_list()
    codes = list(available if regions is None else regions)
    check_known(codes, available, "region", "plan_template")
    columns = ["category", "name_zh", "name_en", "divisions", "informative"]
    if categories is None:
        categories = data.require("plan_categories", columns, verb="plan_template")
    if missing := [name for name in columns if name not in categories.columns]:
        raise UsageError("pathways.template-categories", columns=missing)
    cells = pl.DataFrame({"region": sorted(codes)}, schema={"region": pl.String}).join(
        categories.select("category").sort("category"), how="cross"
    )
    plans = cells.with_columns(
        pl.lit(year, pl.Int64).alias("year"), *(pl.lit(None, pl.Int64).alias(name) for name in ("named", "mentioned"))
    )
    return PlanTemplate(
        plans=plans.select(_CELLS),
        plan_categories=categories.select(columns).sort("category"),
        rules=tuple(Text(zh=rule["zh"].strip(), en=rule["en"].strip()) for rule in _book()["rules"]),
    )


def read_plan_template(folder: str | PathLike[str]) -> dict[str, pl.DataFrame]:
    """Return the tables of a filled-in template, checked: hand them to `load` with the tables of a package.

    Parameters
    ----------
    folder
        With ``plans.csv`` and ``plan_categories.csv`` as `PlanTemplate.write` writes them.

    Returns
    -------
    dict
        ``plans`` and ``plan_categories``; cells left empty are null (not seen), never 0.

    Raises
    ------
    InputError
        When a file or column is missing, a cell is neither 0, 1 nor empty, a category is unknown, a cell stands twice,
        or `named` is 1 where `mentioned` is 0; the findings name the lines.
    """
    place = Path(folder)
    tables = {}
    for name, columns in ((_PLANS, _CELLS), (_CATEGORIES, ("category", "divisions", "informative"))):
        path = place / name
        if not path.is_file():
            raise InputError("pathways.template-missing", folder=folder, file=name)
        table = pl.read_csv(path, infer_schema=False, encoding="utf8-lossy")
        table = table.rename({column: column.strip().removeprefix("\ufeff") for column in table.columns})
        if missing := [column for column in columns if column not in table.columns]:
            raise InputError("pathways.template-columns", path=path, missing=missing, columns=table.columns)
        tables[name] = table
    plans = tables[_PLANS].with_columns(pl.col(_CELLS).str.strip_chars().replace("", None))
    findings = _check(plans.with_row_index("line", offset=2), set(tables[_CATEGORIES]["category"].to_list()))
    if findings:
        first = Text(zh=findings[0].sentence("zh"), en=findings[0].sentence())
        raise InputError("pathways.template-cells", findings, n=len(findings), path=place / _PLANS, first=first)
    numbers = pl.col("year", "named", "mentioned").cast(pl.Int64)
    return {
        "plans": plans.select(_CELLS).with_columns(numbers),
        "plan_categories": tables[_CATEGORIES].with_columns(pl.col("informative").cast(pl.Int64)),
    }


def _check(plans: pl.DataFrame, categories: set[str]) -> list[Finding]:
    """Return what is wrong with the filled-in cells."""
    flags = ("0", "1")
    not_mentioned = (pl.col("named") == "1") & (pl.col("mentioned") == "0")
    rules = {
        "pathways.plan-year": ~pl.col("year").str.contains(r"^\d{4}$").fill_null(value=False),
        "pathways.plan-named": pl.col("named").is_not_null() & ~pl.col("named").is_in(flags),
        "pathways.plan-mentioned": pl.col("mentioned").is_not_null() & ~pl.col("mentioned").is_in(flags)
        | not_mentioned,
        "pathways.plan-category": ~pl.col("category").is_in(list(categories)).fill_null(value=False),
        "pathways.plan-region": pl.col("region").is_null() | pl.struct("region", "year", "category").is_duplicated(),
    }
    return [
        finding(
            code,
            table="plans",
            file=_PLANS,
            line=row["line"],
            column=column,
            value=row[column],
            key=f"{row['region']}/{row['year']}/{row['category']}",
        )
        for code, where in rules.items()
        for column in (code.removeprefix("pathways.plan-"),)
        for row in plans.filter(where).head(_SHOWN).iter_rows(named=True)
    ]


_FILE = Path(__file__).parent.with_name("candidates.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The categories that can be weighed: jobs in the base of each by place, and how near places are to them.

    `relatedness` has the densities of the activities of the base, weighed by the nation's jobs; `heads` all jobs of a
    place; `unjudged` a row for each category that cannot be weighed, with the reason.
    """

    cells: Cells
    relatedness: Nearness
    heads: FloatArray
    unjudged: pl.DataFrame


class Weighing(TypedDict):
    """The base of a category: divisions of industry, and the value added that sums what it weighs."""

    base: list[str]
    value_added: float


def rules() -> Mapping[str, Weighing]:
    """Return the categories that can be weighed."""
    definitions: Mapping[str, Weighing] = parameters.read_yaml(_FILE)["categories"]
    return definitions


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
    scale = scale_of(data, "activity_sections", "employment") / scale_of(data, "activity", "employment")
    more = services.filter(pl.col("section").is_in(parameters.setting(_FILE, "sections"))).select(
        "region",
        industry="section",
        year="year",
        employment=pl.col("employment") * scale,
    )
    common_years = sorted(set(industry["year"].drop_nulls()) & set(more["year"].drop_nulls()))
    parts = [table.select(more.columns).filter(pl.col("year").is_in(common_years)) for table in (industry, more)]
    return replace(data, tables={**data.tables, "activity": pl.concat(parts, how="vertical_relaxed")})


def candidates(data: Package, cells: Cells, relatedness: Nearness) -> Candidates:
    """Return the categories of a package's plans by place, from cells and densities of their activities."""
    available = data.tables["plan_categories"]["category"].to_list()
    position = {code: number for number, code in enumerate(cells.activities)}
    weighed = [code for code in available if code in rules()]
    base = {
        code: [position[activity] for activity in rules()[code]["base"] if activity in position] for code in weighed
    }
    codes = tuple(sorted(code for code, columns in base.items() if columns))
    if not codes:
        raise InputError("pathways.nothing-to-choose")
    nation, heads = cells.values.sum(axis=0), cells.values.sum(axis=1)
    columns = [base[code] for code in codes]
    jobs = np.column_stack([cells.values[:, members].sum(axis=1) for members in columns])
    parts = [nation[members] for members in columns]
    weights = [part / part.sum() if part.sum() > 0 else np.ones(len(part)) / len(part) for part in parts]
    density = np.column_stack(
        [relatedness.density[:, members] @ part for members, part in zip(columns, weights, strict=True)]
    )
    # Columns overlap: shares of a place's jobs over those of all places, of all jobs and not of the row's sum.
    totals = np.column_stack([jobs, heads]).sum(axis=0)
    shares, part = jobs / np.where(heads > 0, heads, 1.0)[:, None], totals[:-1] / totals[-1]
    quotient = np.asarray(shares / np.where(part > 0, part, 1.0))
    why: Mapping[str, str] = parameters.read_yaml(_FILE)["not_weighed"]
    excluded = [code for code in sorted(available) if code not in codes]
    return Candidates(
        cells=replace(cells, activities=codes, values=jobs),
        relatedness=replace(relatedness, industries=codes, quotient=quotient, present=quotient >= 1.0, density=density),
        heads=heads,
        unjudged=pl.DataFrame(
            {"category": excluded, "why": [why.get(code, "no_base") for code in excluded]},
            schema={"category": pl.String, "why": pl.String},
        ),
    )


def worth(data: Package, candidates: Candidates) -> FloatArray:
    """Return the value added that every place would gain by a category at the nation's weight, in 1e8 CNY (n, p)."""
    gain = parameters.read_yaml(_FILE)["gain"]
    accounts = data.require("accounts", ["region", "year", "output_nominal"], verb="plan")
    rows = accounts.filter(pl.col("year") == gain["year"]).drop_nulls("output_nominal")
    scale = scale_of(data, "accounts", "output_nominal", gain["unit"]) / 1e8
    output = dict(rows.select("region", pl.col("output_nominal") * scale).iter_rows())
    size = np.array([output.get(place, np.nan) for place in candidates.cells.places])
    if np.isnan(size).any():
        missing = [place for place, amount in zip(candidates.cells.places, size, strict=True) if np.isnan(amount)]
        raise InputError("pathways.no-output", year=gain["year"], regions=missing)
    share = np.array(
        [float(rules()[code]["value_added"]) / float(gain["total"]) for code in candidates.cells.activities]
    )
    return np.asarray(size[:, None] * share * np.clip(1.0 - candidates.relatedness.quotient, 0.0, None))


def contradicted(data: Package, places: Sequence[str], codes: Sequence[str], kind: str) -> BoolArray:
    """Return the cells of which a complete series shows next to nothing: they are no candidates."""
    mask = np.zeros((len(places), len(codes)), dtype=bool)
    if kind != "category" or "capability" not in data.tables:
        return mask
    rows = able(data).frame.filter(pl.col("able") == "not able").select("region", "category").iter_rows()
    row_of, column_of = ({code: number for number, code in enumerate(names)} for names in (places, codes))
    for region, category in rows:
        if region in row_of and category in column_of:
            mask[row_of[region], column_of[category]] = True
    return mask


def idle(used: Mapping[str, float], codes: Sequence[str]) -> dict[str, float]:
    """Return the utilisation of categories: the lowest of the divisions of their base that the survey has."""
    by_code = {code: [used[division] for division in rules()[code]["base"] if division in used] for code in codes}
    return {code: min(rates) for code, rates in by_code.items() if rates}

"""The industry space of a package, what each region could enter and is able to do, and the coordinated plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xinzhi import pathways
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.pathways import internal
from xinzhi.studies.draft import SILENT, Draft, year_of
from xinzhi.studies.registry import on_server, topic

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyPackage
    from xinzhi.data import Package
    from xinzhi.pathways.internal import Able, Choices, Complexity, Opportunities
    from xinzhi.studies.draft import Progress, Study

FEW = {"pathways.few-entered", "pathways.no-window", "pathways.too-few-cells"}  # too little to estimate chances from
PANEL: dict[str, Any] = {"place": "region", "activity": "industry", "value": "employment"}
# Endowments as factor intensities: a column of the accounts or an indicator, alone or over output.
OVER_OUTPUT = {"energy": "energy_consumption", "science": "rd_expenditure"}


def add_complexity(
    package: Package, draft: Draft, *, year: int | None, anchor: str | None, threshold: float
) -> tuple[Complexity | None, int]:
    """Add the complexity of a year and return it with the year; None with a note where the data do not reach so far."""
    table, last = industries(package, year, draft)
    if table is None:
        return None, last
    level, note = anchor_of(package, anchor, last), "" if anchor is not None else "anchor"
    if note and not level:  # for want of output per head that per person employed
        level = internal.output_per_head(package, last, people="employment")
        note = "anchor-worker" if level else ""
    options = internal.ComplexityOptions(threshold=threshold)
    result = draft.add("complexity", lambda: pathways.complexity(table, **PANEL, anchor=level, options=options))
    if result is not None and note:
        draft.note(note, year=last)
    return result, last


class PlanEvidence:
    """What regions are able to do and what their plans name, found once for all topics that ask."""

    def __init__(self, package: Package) -> None:
        """Take the package; nothing is computed yet."""
        self.package = package

    @cached_property
    def able(self) -> Able:
        """What the regions are able to do."""
        return pathways.able(self.package)

    @cached_property
    def choices(self) -> Choices:
        """What the plans of all years name, held against what the regions are able to do."""
        return self.choices_of()

    def choices_of(self, rules: Mapping[str, Any] | None = None) -> Choices:
        """Return what plans name of which something else was asked."""
        return pathways.choices(
            self.package, evidence=self.able if "capability" in self.package.tables else None, **(rules or {})
        )


def evidence_of(package: Package, draft: Draft, evidence: PlanEvidence | None = None) -> Choices | None:
    """Return what the last plans name and what evidence shows of it; None where the package has no such tables."""
    if not {"plans", "plan_categories", "capability"} <= set(package.tables):
        return None
    source = evidence or PlanEvidence(package)
    return draft.run("choices", lambda: source.choices)


def add_opportunities(
    package: Package, draft: Draft, complexity: Complexity, year: int, *, evidence: PlanEvidence | None = None
) -> Opportunities | None:
    """Add what each region could enter; the fit of endowments and marks of what emerges as far as they are known."""
    # With `evidence` what regions plan and are able to do, where no chance can be recommended.
    # the test that `plan` gives: plans name services
    skill = internal.entry_skill(internal.with_services(package), year, verb=draft.name)
    emerging, have = _emerging(package, complexity, draft), endowments_of(package, year)

    def chances() -> Opportunities:
        try:
            return replace(pathways.opportunities(complexity, endowments=have, emerging=emerging), skill=skill)
        except InputError as error:
            if have is None:
                raise
            draft.note("no-fit", why=error.text)
            return replace(pathways.opportunities(complexity, emerging=emerging), skill=skill)

    result = draft.add("opportunities", chances)
    if result is not None and result.silent and evidence is not None:
        draft.results["opportunities"] = result = replace(result, choices=evidence_of(package, draft, evidence))
    return result


def industries(package: Package, year: int | None, draft: Draft) -> tuple[pl.DataFrame | None, int]:
    """Return the industries of a year; None where there are none, with a note."""
    try:
        table = package.require("activity", [*PANEL.values(), "year"], verb=draft.name)
    except InputError as error:
        draft.note("no-industries", why=error.reason)
        return None, 0
    last = year_of(table["year"], year, "activity")
    return table.filter(pl.col("year") == last).drop_nulls("employment"), last


def anchor_of(package: Package, column: str | None, year: int) -> dict[str, float] | None:
    """Return the anchor by region: a column of the accounts or an indicator, by default output per head."""
    if column is None:
        return internal.output_per_head(package, year)
    accounts, indicators = package.optional("accounts", verb="paths"), package.optional("indicators", verb="paths")
    if accounts is not None and column in accounts.columns and accounts[column].dtype.is_numeric():
        rows = accounts.filter(pl.col("year") == year).select("region", pl.col(column).cast(pl.Float64))
    elif indicators is not None and column in set(indicators["indicator"]):
        rows_of_year = (pl.col("year") == year) & (pl.col("indicator") == column)
        rows = indicators.filter(rows_of_year).select("region", "value")
    else:
        numeric = [] if accounts is None else [name for name in accounts.columns if accounts[name].dtype.is_numeric()]
        raise UsageError("studies.no-anchor", anchor=column, known=list(numeric))
    return dict(rows.drop_nulls().rows())


def _emerging(package: Package, complexity: Complexity, draft: Draft) -> list[str] | None:
    """Return the industries that count as emerging by the lists in force; None where codes are not of the standard."""
    from xinzhi.scope import classify_package

    accounts = package.optional("accounts", verb="paths")
    if accounts is None:
        accounts = package.tables["activity"]
    try:
        judged = classify_package(package, as_of=f"{int(accounts['year'].max())}-12-31")  # type: ignore[arg-type] # years
    except (InputError, UsageError) as error:
        draft.note("not-emerging", why=error.reason)
        return None
    return None if judged is None else [code for code in judged.mask() if code in complexity.matrix.activities]


def endowments_of(package: Package, year: int) -> pl.DataFrame | None:
    """Return schooling, and energy and research over output, as far as the package has them; None without any."""
    accounts, indicators = package.optional("accounts", verb="paths"), package.optional("indicators", verb="paths")
    if accounts is None:
        return None
    rows = accounts.filter(pl.col("year") == year)
    if indicators is not None and {"indicator", "value"} <= set(indicators.columns):
        by_indicator = indicators.filter(pl.col("year") == year).pivot(on="indicator", index="region", values="value")
        rows = rows.join(by_indicator, on="region", how="left", suffix="_indicator")
    factors = [pl.col("schooling")] if "schooling" in rows.columns else []
    for name, column in OVER_OUTPUT.items():
        if {column, "output_nominal"} <= set(rows.columns):
            factors.append((pl.col(column) / pl.col("output_nominal")).alias(name))
    factors_by_region = rows.select("region", *factors)
    columns = [
        name
        for name in factors_by_region.columns[1:]
        if factors_by_region[name].null_count() < factors_by_region.height / 2
    ]
    return factors_by_region.select("region", *columns) if columns else None


def regions_of(package: Package) -> list[str]:
    """Return the codes of all regions of a package."""
    tables = (package.optional(name, verb="paths") for name in ("regions", "plans", "activity", "accounts"))
    regional = (table for table in tables if table is not None and "region" in table.columns)
    return sorted({str(code) for table in regional for code in table["region"].unique()})


@on_server("region", "category", "as_of")
@topic
def able(
    source: AnyPackage,
    *,
    region: str | None = None,
    category: str | None = None,
    as_of: int | None = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study what regions are able to do, with the evidence for it and its year.

    The package has the table `capability`. `as_of` is the year of the evidence.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.able("china-provinces", region="Guizhou", category="computing")
    >>> made.more["explanation"].able
    'able'
    """
    if category is not None and region is None:
        raise UsageError("studies.category-of-region")
    draft, package = Draft.of("able", source, encoding, progress)
    draft.results["able"] = result = pathways.able(package, as_of)
    region = draft.code(region, result.frame["region"])
    more: dict[str, object] = {"evidence": result.evidence}
    if region is not None:
        more["explanation"] = result.of_region(region) if category is None else result.explain(region, category)
    return draft.done(region, **more)


@on_server("region", "industries", "cap", "floor")
@topic
def plan(
    source: AnyPackage,
    *,
    industries: int | None = None,
    cap: int | None = None,
    floor: float | None = None,
    sensitivity: bool = False,
    region: str | None = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study which industries every region would choose under national limits, if a test allows to recommend any.

    Where it does not, or the regions are too few to estimate chances from, the answer is what evidence shows: what each
    region is able to do and does not plan, and what it plans without evidence.

    `industries` limits those of a region, `cap` the regions of an industry, `floor` the density.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.plan("china-provinces", region="Jilin").region
    '220000'
    """
    draft, package = Draft.of("plan", source, encoding, progress, "solve")
    limits = pathways.Limits(caps=cap, floor=floor)
    more: dict[str, object] = {}
    portfolio: tuple[str, ...] = ()
    outcome: internal.Plan | Choices | None
    try:
        outcome = solution = pathways.plan(package, portfolio=industries, limits=limits)
    except InputError as error:
        outcome = evidence_of(package, draft) if error.code in FEW else None
        if outcome is None:
            raise
        draft.note("no-chances", why=error.reason)
        draft.results["choices"] = outcome
    else:
        if solution.frame.is_empty():
            outcome = solution = replace(solution, choices=evidence_of(package, draft))
        draft.results["plan"] = outcome
        portfolio = ("comparison", "candidates", "unjudged", "regions", "findings")
        if sensitivity:
            more["sensitivity"] = solution.sensitivity()
    region = draft.code(region, outcome.regions["region"])
    if region is not None:
        more["explanation"] = outcome.explain(region)
    return draft.done(region, **{name: getattr(outcome, name) for name in portfolio}, **more)

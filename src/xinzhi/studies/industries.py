"""The industry space of a package: complexity, what fixes its direction, and what each region could enter."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Package
from xinzhi.pathways import Able, Choices, Complexity, Opportunities
from xinzhi.studies.study import Draft, first_line

PANEL: dict[str, Any] = {"place": "region", "activity": "industry", "value": "employment"}
# Endowments as factor intensities: a column of the accounts or an indicator, alone or over output.
OVER_OUTPUT = {"energy": "energy_consumption", "science": "rd_expenditure"}


def add_complexity(
    package: Package,
    draft: Draft,
    *,
    year: int | None = None,
    anchor: str | None = None,
    threshold: float = 1.0,
) -> tuple[Complexity | None, int]:
    """Add the complexity of a year and return it with the year; None with a note where the data do not reach so far."""
    from xinzhi.pathways import ComplexityOptions, complexity

    table, found = industries(package, year, draft)
    if table is None:
        return None, found
    named = anchor is not None
    level, note = (anchor_of(package, anchor, found), "") if named else _anchor(package, found)
    chosen = ComplexityOptions(threshold=threshold)
    made = draft.add("complexity", lambda: complexity(table, **PANEL, anchor=level, options=chosen))
    if made is not None and note:
        draft.note(note, year=found)
    return made, found


class PlanEvidence:
    """What regions are able to do and what their plans name, found once for all topics that ask."""

    def __init__(self, package: Package) -> None:
        """Take the package; nothing is computed yet."""
        self.package = package

    @cached_property
    def able(self) -> Able:
        """What the regions are able to do."""
        from xinzhi.pathways import able

        return able(self.package)

    @cached_property
    def choices(self) -> Choices:
        """What the plans of all years name, held against what the regions are able to do."""
        return self.choices_of()

    def choices_of(self, **asked: Any) -> Choices:  # noqa: ANN401 - options of `choices`
        """Return what plans name of which something else was asked."""
        from xinzhi.pathways import choices

        return choices(self.package, evidence=self.able if "capability" in self.package.tables else None, **asked)


def evidence_of(package: Package, draft: Draft, held: PlanEvidence | None = None) -> Choices | None:
    """Return what the last plans name and what evidence shows of it; None where the package has no such tables."""
    if not {"plans", "plan_categories", "capability"} <= set(package.tables):
        return None
    asked = held or PlanEvidence(package)
    made: Choices | None = draft.run("choices", lambda: asked.choices)
    return made


def add_opportunities(
    package: Package, draft: Draft, found: Complexity, year: int, *, evidence: PlanEvidence | None = None
) -> Opportunities | None:
    """Add what each region could enter; the fit of endowments and marks of what emerges as far as they are known."""
    # With `evidence` what regions plan and are able to do, where no chance can be recommended.
    from xinzhi.pathways import entry_skill, opportunities, with_services

    skill = entry_skill(
        with_services(package), year, verb=draft.name
    )  # the test that `plan` gives: plans name services
    emerging, have = _emerging(package, found, draft), endowments_of(package, year)

    def chances() -> Opportunities:
        try:
            return replace(opportunities(found, endowments=have, emerging=emerging), skill=skill)
        except InputError as error:
            if have is None:
                raise
            draft.note("no-fit", why=error.text)
            return replace(opportunities(found, emerging=emerging), skill=skill)

    made: Opportunities | None = draft.add("opportunities", chances)
    if made is not None and made.silent and evidence is not None:
        draft.results["opportunities"] = made = replace(made, choices=evidence_of(package, draft, evidence))
    return made


def industries(package: Package, year: int | None, draft: Draft) -> tuple[pl.DataFrame | None, int]:
    """Return the industries of a year; None where there are none, with a note."""
    import polars as pl

    try:
        table = package.require("activity", [*PANEL.values(), "year"], verb=draft.name)
    except InputError as error:
        draft.note("no-industries", why=first_line(error))
        return None, 0
    years = table["year"].unique().sort().to_list()
    chosen = years[-1] if year is None else year
    if chosen not in years:
        raise UsageError("studies.no-year", year=year, table="activity", first=years[0], last=years[-1])
    return table.filter(pl.col("year") == chosen).drop_nulls("employment"), int(chosen)


def anchor_of(package: Package, column: str | None, year: int) -> dict[str, float] | None:
    """Return the anchor by region: a column of the accounts or an indicator, by default output per head."""
    import polars as pl

    from xinzhi.pathways import output_per_head

    if column is None:
        return output_per_head(package, year)
    accounts, indicators = package.optional("accounts", verb="paths"), package.optional("indicators", verb="paths")
    if accounts is not None and column in accounts.columns and accounts[column].dtype.is_numeric():
        rows = accounts.filter(pl.col("year") == year).select("region", pl.col(column).cast(pl.Float64))
    elif indicators is not None and column in set(indicators["indicator"]):
        here = (pl.col("year") == year) & (pl.col("indicator") == column)
        rows = indicators.filter(here).select("region", "value")
    else:
        known = [] if accounts is None else [name for name in accounts.columns if accounts[name].dtype.is_numeric()]
        raise UsageError("studies.no-anchor", anchor=column, known=list(known))
    return dict(rows.drop_nulls().rows())


def _anchor(package: Package, year: int) -> tuple[dict[str, float] | None, str]:
    """Return output per head by region, for want of it output per person employed; and the note that says which."""
    from xinzhi.pathways import output_per_head

    if anchor := anchor_of(package, None, year):
        return anchor, "anchor"
    anchor = output_per_head(package, year, people="employment")
    return anchor, "anchor-worker" if anchor else ""


def _emerging(package: Package, found: Complexity, draft: Draft) -> list[str] | None:
    """Return the industries that count as emerging by the lists in force; None where codes are not of the standard."""
    from xinzhi.scope import classify_package

    accounts = package.optional("accounts", verb="paths")
    if accounts is None:
        accounts = package.tables["activity"]
    try:
        judged = classify_package(package, as_of=f"{int(accounts['year'].max())}-12-31")  # type: ignore[arg-type] # years
    except (InputError, UsageError) as error:
        draft.note("not-emerging", why=first_line(error))
        return None
    return None if judged is None else [code for code in judged.mask() if code in found.matrix.activities]


def endowments_of(package: Package, year: int) -> pl.DataFrame | None:
    """Return schooling, and energy and research over output, as far as the package has them; None without any."""
    import polars as pl

    accounts, indicators = package.optional("accounts", verb="paths"), package.optional("indicators", verb="paths")
    if accounts is None:
        return None
    rows = accounts.filter(pl.col("year") == year)
    if indicators is not None and {"indicator", "value"} <= set(indicators.columns):
        wide = indicators.filter(pl.col("year") == year).pivot(on="indicator", index="region", values="value")
        rows = rows.join(wide, on="region", how="left", suffix="_indicator")
    factors = [pl.col("schooling")] if "schooling" in rows.columns else []
    for name, column in OVER_OUTPUT.items():
        if {column, "output_nominal"} <= set(rows.columns):
            factors.append((pl.col(column) / pl.col("output_nominal")).alias(name))
    known = rows.select("region", *factors)
    kept = [name for name in known.columns[1:] if known[name].null_count() < known.height / 2]
    return known.select("region", *kept) if kept else None


def regions_of(package: Package) -> list[str]:
    """Return the codes of all regions of a package."""
    tables = (package.optional(name, verb="paths") for name in ("regions", "plans", "activity", "accounts"))
    found = (table for table in tables if table is not None and "region" in table.columns)
    return sorted({str(code) for table in found for code in table["region"].unique()})

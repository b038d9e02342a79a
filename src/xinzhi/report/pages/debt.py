"""The pages of local debt: how heavy it is, how it is graded, and what moved it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.finding import Finding
from xinzhi.core.names import Names
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, listing, same
from xinzhi.report.palette import ACCENT, DEEP, GROUPS
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, arrangement, fact
from xinzhi.report.table import column, table
from xinzhi.risks import Debt
from xinzhi.risks.internal import DebtDynamics, conventions

INKS = {
    "interest": GROUPS[3],
    "growth": GROUPS[0],
    "prices": GROUPS[1],
    "nominal": GROUPS[0],
    "balance": GROUPS[4],
    "adjustment": GROUPS[6],
    "borrowing": GROUPS[2],
}
LISTED = 6  # names that a note lists
PATHS = (ACCENT, GROUPS[0], GROUPS[5], GROUPS[4])
TINTS = {"green": GROUPS[5], "yellow": GROUPS[2], "orange": ACCENT, "red": GROUPS[3]}
FEW = 3  # regions that all have a line


@section.register
def debt_dynamics(result: DebtDynamics, *, region: str | None = None) -> Section:
    """Return what moved debt to output: of every region on average, and of one over the years."""
    means = result.means()
    code = means["region"][0] if region is None else result.names.resolve(region, means["region"])
    facts = result.facts() | result.of_region(code)
    ends = [{end: {"kind": "year", "title": f"{end}_year"}} for end in ("first", "last")]
    changes = _stack(result.frame, "points_a_year", "region", *ends)
    ratio = {"debt_ratio": {"kind": "percent", "title": "ratio", "unit": "percent"}}
    yearly = _stack(result.years_of(code), "points", "year", ratio)
    name, rows = {"region": result.names.region(code)}, result.parts_of(code)
    return Section.of(
        "debt.section_dynamics",
        [
            shown("debt.contributions", result, means, facts, **changes),
            shown("debt.over_years", result, rows, facts, values=name, **yearly),
        ],
        [table("debt_held", result.beyond_holding, of=result)],
        anchor="risks-debt-dynamics",
        answer=answer_of(facts, "debt"),
        notes=_dynamics_notes(result),
    )


def _stack(frame: pl.DataFrame, unit: str, *leading: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a change that are known in a frame, for a chart and its table."""
    # what is not known everywhere stays in one part with its neighbour
    growth = ("nominal",) if frame["price_effect"].null_count() else ("growth", "prices")
    rest = ("borrowing",) if frame["primary_effect"].null_count() else ("balance", "adjustment")
    components = ("interest", *growth, *rest)
    figures = ["change", *components]
    return {
        "listed": [*leading, *({part: {"kind": "percent", "unit": unit}} for part in figures)],
        "draws": {part: part for part in figures},
        "parts": {part: (words.debt.chart_of(part), INKS[part]) for part in components},
    }


def _dynamics_notes(result: DebtDynamics) -> list[Text]:
    frame, notes = result.frame, []
    if frame["rate"].drop_nulls().n_unique() == 1:
        notes.append(words.debt.note_one_rate(rate=frame["rate"].drop_nulls()[0]))
    if frame["primary_effect"].null_count():
        notes.append(words.debt.note_no_balance())
    if frame["price_effect"].null_count():
        notes.append(words.debt.note_nominal())
    since = result.provenance.options.get("since")
    if since is not None:
        notes.append(words.debt.note_since(year=since))
    if result.shorter:
        notes.append(words.debt.note_shorter(names=region_names(result, result.shorter)))
    past = list(zip(frame["year"], frame["net_borrowing"], strict=True))
    return [*notes, *gaps(frame, result.names), *swaps(list(dict.fromkeys(frame["region"])), past)]


@section.register
def debt(result: Debt, *, region: str | None = None) -> Section:
    """Return how heavy explicit debt is against output and revenue, with that of financing vehicles beside it."""
    code = None if region is None else result.names.resolve(region, sorted(set(result.frame["region"])))
    year, facts = result.shown_year(), result.facts()
    series = result.history(dict.fromkeys([code, *result.spread(year)] if code else result.spread(year)))
    if series:
        facts["headline.history"] = {"parts": result.paths(series)}
    ratios = None
    if year is not None:
        ratios = table("debt_ratios", result.ratios_of(year), of=result, drop_empty=True, year=year)
    pictures = [*(_ratio(result, facts, name) for name in ("to_output", "to_revenue")), _vehicles(result, facts)]
    pictures += [_graded(result, facts), _history(result, facts, series, code)]
    return Section.of(
        "debt.section_debt",
        pictures,
        [ratios],
        anchor="risks-debt",
        answer=answer_of(facts, "debt"),
        notes=(*_grading_notes(result, year), *_notes(result, year)),
    )


def _ratio(result: Debt, facts: Facts, name: str) -> Picture | None:
    """Return debt to output or general budget revenue, by region in a year; None where no region has it."""
    summary = fact(facts, name, f"{name}_one")
    if summary is None:
        return None
    rows = result.regions_by_ratio(name, summary[1]["year"])
    return shown(f"debt.{name}", result, rows, facts, reference=100 * summary[1]["total"] if rows.height > 1 else None)


def _vehicles(result: Debt, facts: Facts) -> Picture | None:
    """Return explicit debt and that of financing vehicles side by side; None where the latter is not given."""
    summary = fact(facts, "vehicles")
    inks = {"explicit": GROUPS[0], "vehicles": GROUPS[2]}
    parts = {part: (words.debt.chart_of(part), ink) for part, ink in inks.items()}
    return summary and shown(
        "debt.vehicles",
        result,
        result.regions_by_ratio("with_vehicles_to_output", summary[1]["year"]),
        facts,
        parts=parts,
    )


def _graded(result: Debt, facts: Facts) -> Picture | None:
    """Return the ratio that the bands grade, each region with its band; None where nobody has one."""
    summary = fact(facts, "graded")
    if summary is None:
        return None
    grades = result.grades()
    frame = result.regions_by_ratio("band_ratio", summary[1]["year"]).drop_nulls("band")
    coloured, starts = set(grades) <= set(TINTS), [100 * float(grade["from"]) for grade in result.bands["grades"]]
    rows = [
        {
            "name": result.names.region(r["region"]),
            "value": 100 * r["band_ratio"],
            "band": grades[r["band"]],
            "figure": f"{100 * r['band_ratio']:,.0f}",
            **({"group": grades[r["band"]]} if coloured else {}),
        }
        for r in frame.iter_rows(named=True)
    ]
    return shown(
        "debt.graded",
        result,
        frame,
        facts,
        rows=rows,
        values={"parts": result.graded_ratio()},
        names={"region": result.names.region, "band": lambda name: grades[name]},
        zones=list(zip(starts, [*starts[1:], None], grades.values(), strict=True)),
        groups=list(grades.values()) if coloured else (),
        inks=[TINTS.get(name, DEEP) for name in grades],
        columns=((words.debt.chart_percent(), "figure"), (words.debt.chart_band(), "band")),
    )


def _grading_notes(result: Debt, year: int | None) -> list[Text]:
    """Return where the bands come from, and which regions have none and why."""
    bands, total = result.bands, result.frame["region"].n_unique()
    cuts = [
        words.debt.chart_from(band=band, cut=float(bounds["from"]))
        for band, bounds in zip(result.grades().values(), bands["grades"], strict=True)
    ]
    thresholds = result.set_name()
    sources = {"mof-2019": "press", "lic-dsf-2018": "framework", "lic-dsf-2018-external": "framework"}
    source = str(bands["source"]).rstrip("。. ")
    notes: list[Text] = [
        words.debt.note_set(set=thresholds, dated=bands["dated"], parts=result.graded_ratio(), cuts=cuts),
        words.debt.note_of(sources.get(str(bands["name"]), "source"), source=source),
    ]
    for why, codes in result.missing_bands(result.last_year("band") or year):
        if len(codes) == total:
            notes.insert(0, words.debt.note_ungraded(set=thresholds, why=why))
        else:
            notes.append(words.debt.note_ungraded_some(names=region_names(result, codes), why=why))
    return notes


def region_names(result: Result, codes: Iterable[str]) -> Text:
    """Return the names of some regions."""
    return listing([result.names.region(code) for code in codes], limit=LISTED)


def _history(
    result: Debt, facts: Facts, series: Mapping[str, Mapping[int, float]], code_of_region: str | None
) -> Picture | None:
    """Return debt to output over the years of the region asked for and of the highest, the middle and the lowest."""
    if not series:
        return None
    lines = [
        {"group": result.names.region(code), "year": when, "value": 100 * values[when] if when in values else None}
        for code, values in series.items()
        for when in range(min(values), max(values) + 1)
    ]
    years = sorted({when for values in series.values() for when in values})
    frame = pl.DataFrame(
        {"year": years} | {code: [values.get(when) for when in years] for code, values in series.items()}
    )
    unit = words.debt.unit_of_percent()
    listed = ["year", *(column("debt.of", "percent", unit, of=code, name=result.names.region(code)) for code in series)]
    regions = result.regions_by_ratio("to_output", result.shown_year()).height
    how = "history_of" if code_of_region in series else "history"
    if regions <= FEW:
        how = "history_all"
    summary = {"year": result.shown_year(), "parts": facts["headline.history"]["parts"]}
    return shown("debt.history", result, frame, summary, rows=lines, listed=listed, how=how, inks=PATHS)


def _notes(result: Debt, year: int | None) -> list[Text]:
    """Return what has no ratio and why, which balances jump, and what the ratios cannot tell."""
    has = result.frame.drop_nulls("explicit")
    notes = [words.debt.note_explicit()]
    if has["vehicles"].null_count() == has.height:
        notes.append(words.debt.note_no_vehicles())
    notes.append(words.debt.note_revenue() if has["to_revenue"].count() else words.debt.note_revenue_unknown())
    for what in ("revenue", "output"):
        for year_without, codes in result.without(what).items():
            notes.append(words.debt.note_of(f"no_{what}", year=year_without, names=region_names(result, codes)))
    absent = [] if year is None else result.absent_in(year)
    if absent:
        notes.append(words.debt.note_absent(year=str(year), names=region_names(result, absent)))
    placed: list[tuple[Finding, str, str]] = []
    for finding in result.findings:
        code, _, when = (finding.key or "").partition("/")
        placed += [(finding, code, when)] if when else []
    jumps = [
        words.debt.chart_region_year(name=result.names.region(code), year=when)
        for finding, code, when in placed
        if finding.rule == "jump"
    ]
    if jumps:
        notes.append(words.debt.note_jumps(names=listing(jumps, limit=8)))
    notes += [
        words.debt.chart_about(name=result.names.region(code), what=finding.message)
        for finding, code, _ in placed
        if finding.rule == "other-scope"
    ]
    return [*notes, *gaps(has, result.names), *swaps(list(dict.fromkeys(has["region"])))]


def gaps(frame: pl.DataFrame, names: Names) -> list[Text]:
    """Return a note that names the regions with years missing inside their series."""
    sentences = []
    for (code,), rows in frame.group_by("region", maintain_order=True):
        years = rows["year"].to_list()
        if missing := sorted(set(range(min(years), max(years))) - set(years)):
            listed = listing([same(year) for year in missing], limit=LISTED)
            sentences.append(words.debt.chart_years_of(name=names.region(code), years=listed))
    return [words.debt.note_gaps(names=listing(sentences, limit=LISTED))] if sentences else []


def swaps(codes: Sequence[str], past: Sequence[tuple[int, float]] | None = None, *, ahead: bool = False) -> list[Text]:
    """Return a note on swaps of hidden debt, for provinces of China only; `ahead`: net borrowing is carried on."""
    if not arrangement(codes):
        return []
    if past is None:
        return [words.debt.note_swaps_ahead() if ahead else words.debt.note_swaps()]
    first, last = conventions("public_debt")["swaps"]["value"]
    during = [borrowing for year, borrowing in past if first <= year <= last]
    if not during:
        return []
    total, part = float(np.sum([borrowing for _, borrowing in past])), float(np.sum(during))
    return [words.debt.note_swaps_share(share=part / total) if 0 < part <= total else words.debt.note_swaps()]

"""The pages of `debt` and `debt_dynamics`: how heavy local debt is, how it is graded, and what moved the ratios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from xinzhi.core.finding import Finding
from xinzhi.core.names import Names
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, listing, same, words
from xinzhi.report.palette import ACCENT, DEEP, GROUPS
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.sentence import answer_of, arrangement, fact
from xinzhi.report.table import column, table
from xinzhi.risks import Debt, DebtDynamics, conventions

INKS = {
    "interest": GROUPS[3], "growth": GROUPS[0], "prices": GROUPS[1], "nominal": GROUPS[0], "balance": GROUPS[4],
    "adjustment": GROUPS[6], "borrowing": GROUPS[2],
}  # fmt: skip
LISTED = 6  # names that a note lists
LINES = (ACCENT, GROUPS[0], GROUPS[5], GROUPS[4])
TINTS = {"green": GROUPS[5], "yellow": GROUPS[2], "orange": ACCENT, "red": GROUPS[3]}
FEW = 3  # regions that all have a line


def debt_dynamics(result: DebtDynamics, *, region: str | None = None) -> Section:
    """Return what moved debt to output: of every region on average, and of one over the years."""
    means = result.means()
    code = means["region"][0] if region is None else result.names.resolve(region, means["region"])
    facts = result.facts() | result.of_region(code)
    held = means.with_columns(beyond=pl.col("borrowing") - pl.col("holding"))
    ends = [{one: {"kind": "year", "title": f"{one}_year"}} for one in ("first", "last")]
    moved = _stack(result.frame, "points_a_year", "region", *ends)
    own, ratio = (
        result.frame.filter(region=code),
        {"debt_ratio": {"kind": "percent", "title": "ratio", "unit": "percent"}},
    )
    yearly, name = _stack(own, "points", "year", ratio), {"region": result.names.region(code)}
    rows = result.parts().filter(region=code).sort("year")
    return Section.of(
        "debt.section_dynamics",
        [
            shown("debt.contributions", result, means, facts, **moved),
            shown("debt.over_years", result, rows, facts, values=name, **yearly),
        ],
        [table("debt_held", held, of=result)],
        anchor="risks-debt-dynamics",
        answer=answer_of(facts, "debt"),
        notes=_dynamics_notes(result),
    )


def _stack(frame: pl.DataFrame, unit: str, *leading: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a change that are known in a frame, for a chart and its table."""
    kept = _parts(frame)
    figures = ["change", *kept]
    return {
        "listed": [*leading, *({part: {"kind": "percent", "unit": unit}} for part in figures)],
        "draws": {part: part for part in figures},
        "parts": {part: (words(f"debt.chart.{part}"), INKS[part]) for part in kept},
    }


def _parts(frame: pl.DataFrame) -> Sequence[str]:
    """Return the parts that are known in every row; what is not known everywhere stays in one with its neighbour."""
    growth = ("nominal",) if frame["price_effect"].null_count() else ("growth", "prices")
    rest = ("borrowing",) if frame["primary_effect"].null_count() else ("balance", "adjustment")
    return ("interest", *growth, *rest)


def _dynamics_notes(result: DebtDynamics) -> list[Text]:
    frame, notes = result.frame, []
    if frame["rate"].drop_nulls().n_unique() == 1:
        notes.append(words("debt.note.one_rate", rate=frame["rate"].drop_nulls()[0]))
    if frame["primary_effect"].null_count():
        notes.append(words("debt.note.no_balance"))
    if frame["price_effect"].null_count():
        notes.append(words("debt.note.nominal"))
    since = result.provenance.options.get("since")
    if since is not None:
        notes.append(words("debt.note.since", year=since))
    last = frame.group_by("region").agg(pl.col("year").max()).sort("region")
    shorter = last.filter(pl.col("year") < frame["year"].max())["region"]
    if len(shorter):
        notes.append(words("debt.note.shorter", names=some(result, shorter)))
    past = frame.select("year", "net_borrowing")
    return [*notes, *gaps(frame, result.names), *swaps(frame["region"].unique().to_list(), past)]


def debt(result: Debt, *, region: str | None = None) -> Section:
    """Return how heavy explicit debt is against output and revenue, with that of financing vehicles beside it."""
    chosen = None if region is None else result.names.resolve(region, result.frame["region"].unique().sort())
    year, facts = result.shown_year(), result.facts()
    series = result.history(dict.fromkeys([chosen, *result.spread(year)] if chosen else result.spread(year)))
    if series:
        facts["headline.history"] = {"parts": result.paths(series)}
    ratios = None
    if year is not None:
        ratios = table("debt_ratios", result.frame.filter(year=year), of=result, known=True, year=year)
    return Section.of(
        "debt.section_debt",
        [
            _ratio(result, facts, "to_output"),
            _ratio(result, facts, "to_revenue"),
            _vehicles(result, facts),
            _graded(result, facts),
            _history(result, facts, series, chosen),
        ],
        [ratios],
        anchor="risks-debt",
        answer=answer_of(facts, "debt"),
        notes=(*_grading_notes(result, year), *_notes(result, year)),
    )


def _ratio(result: Debt, facts: Facts, name: str) -> Picture | None:
    """Return debt to output or general budget revenue, by region in a year; None where no region has it."""
    said = fact(facts, name, f"{name}_one")
    if said is None:
        return None
    rows = result.ordered(name, said[1]["year"])
    return shown(f"debt.{name}", result, rows, facts, reference=100 * said[1]["total"] if rows.height > 1 else None)


def _vehicles(result: Debt, facts: Facts) -> Picture | None:
    """Return explicit debt and that of financing vehicles side by side; None where the latter is not given."""
    said = fact(facts, "vehicles")
    inks = {"explicit": GROUPS[0], "vehicles": GROUPS[2]}
    parts = {part: (words(f"debt.chart.{part}"), ink) for part, ink in inks.items()}
    return said and shown(
        "debt.vehicles", result, result.ordered("with_vehicles_to_output", said[1]["year"]), facts, parts=parts
    )


def _graded(result: Debt, facts: Facts) -> Picture | None:
    """Return the ratio that the bands grade, each region with its band; None where nobody has one."""
    said = fact(facts, "graded")
    if said is None:
        return None
    grades = result.grades()
    frame = result.ordered("band_ratio", said[1]["year"]).drop_nulls("band")
    coloured = set(grades) <= set(TINTS)
    rows = [
        {
            "name": result.names.region(r["region"]), "value": 100 * r["band_ratio"], "band": grades[r["band"]],
            "figure": f"{100 * r['band_ratio']:,.0f}", **({"group": grades[r["band"]]} if coloured else {}),
        }
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    return shown(
        "debt.graded", result, frame, facts, rows=rows, values={"parts": result.graded_ratio()},
        names={"region": result.names.region, "band": lambda name: grades[name]}, zones=_zones(result),
        groups=list(grades.values()) if coloured else (), inks=[TINTS.get(name, DEEP) for name in grades],
        columns=((words("debt.chart.percent"), "figure"), (words("debt.chart.band"), "band")),
    )  # fmt: skip


def _starts(result: Debt) -> list[float]:
    return [float(one["from"]) for one in result.bands["grades"]]


def _zones(result: Debt) -> list[tuple[float | None, float | None, Text]]:
    """Return the bands as zones of an axis in percent."""
    starts = [100 * one for one in _starts(result)]
    return list(zip(starts, [*starts[1:], None], result.grades().values(), strict=True))


def _grading_notes(result: Debt, year: int | None) -> list[Text]:
    """Return where the bands come from, and which regions have none and why."""
    bands, every = result.bands, result.frame["region"].n_unique()
    cuts = [
        words("debt.chart.from", band=band, cut=cut)
        for band, cut in zip(result.grades().values(), _starts(result), strict=True)
    ]
    called = result.set_name()
    known = {"mof-2019": "press", "lic-dsf-2018": "framework", "lic-dsf-2018-external": "framework"}
    source = str(bands["source"]).rstrip("。. ")
    notes = [
        words("debt.note.set", set=called, dated=bands["dated"], parts=result.graded_ratio(), cuts=cuts),
        words(f"debt.note.{known.get(str(bands['name']), 'source')}", source=source),
    ]
    for why, codes in result.ungraded(result.last_year("band") or year):
        if len(codes) == every:
            notes.insert(0, words("debt.note.ungraded", set=called, why=why))
        else:
            notes.append(words("debt.note.ungraded_some", names=some(result, codes), why=why))
    return notes


def some(result: Result, codes: Iterable[str]) -> Text:
    """Return the names of some regions."""
    return listing([result.names.region(code) for code in codes], limit=LISTED)


def _history(
    result: Debt, facts: Facts, series: Mapping[str, Mapping[int, float]], chosen: str | None
) -> Picture | None:
    """Return debt to output over the years of the region asked for and of the highest, the middle and the lowest."""
    if not series:
        return None
    lines = [
        {"group": result.names.region(code), "year": when, "value": 100 * known[when] if when in known else None}
        for code, known in series.items()
        for when in range(min(known), max(known) + 1)
    ]
    years = sorted({when for known in series.values() for when in known})
    frame = pl.DataFrame({"year": years} | {code: [one.get(when) for when in years] for code, one in series.items()})
    unit = words("debt.unit_of.percent")
    listed = ["year", *(column("debt.of", "percent", unit, of=code, name=result.names.region(code)) for code in series)]
    regions = result.ordered("to_output", result.shown_year()).height
    how = "history_all" if regions <= FEW else "history_of" if chosen in series else "history"
    said = {"year": result.shown_year(), "parts": facts["headline.history"]["parts"]}
    return shown("debt.history", result, frame, said, rows=lines, listed=listed, how=how, inks=LINES)


def _notes(result: Debt, year: int | None) -> list[Text]:
    """Return what has no ratio and why, which balances jump, and what the ratios cannot tell."""
    has = result.frame.drop_nulls("explicit")
    notes = [words("debt.note.explicit")]
    if has["vehicles"].null_count() == has.height:
        notes.append(words("debt.note.no_vehicles"))
    notes.append(words("debt.note.revenue" if has["to_revenue"].count() else "debt.note.revenue_unknown"))
    for what in ("revenue", "output"):
        without = has.filter(pl.col(what).is_null()) if has[what].count() else has.clear()
        for (when,), rows in without.group_by("year", maintain_order=True):
            notes.append(words(f"debt.note.no_{what}", year=when, names=some(result, rows["region"])))
    absent = [] if year is None else sorted(set(has["region"]) - set(has.filter(pl.col("year") == year)["region"]))
    if absent:
        notes.append(words("debt.note.absent", year=year, names=some(result, absent)))
    placed: list[tuple[Finding, str, str]] = []
    for one in result.findings:
        code, _, when = (one.key or "").partition("/")
        placed += [(one, code, when)] if when else []
    jumps = [
        words("debt.chart.region_year", name=result.names.region(code), year=when)
        for one, code, when in placed
        if one.rule == "jump"
    ]
    if jumps:
        notes.append(words("debt.note.jumps", names=listing(jumps, limit=8)))
    notes += [
        words("debt.chart.about", name=result.names.region(code), what=one.message)
        for one, code, _ in placed
        if one.rule == "other-scope"
    ]
    return [*notes, *gaps(has, result.names), *swaps(has["region"].unique().to_list())]


def gaps(frame: pl.DataFrame, names: Names) -> list[Text]:
    """Return a note that names the regions with years missing inside their series."""
    said = []
    for (code,), rows in frame.group_by("region", maintain_order=True):
        years = rows["year"].to_list()
        if missing := sorted(set(range(min(years), max(years))) - set(years)):
            listed = listing([same(year) for year in missing], limit=LISTED)
            said.append(words("debt.chart.years_of", name=names.region(code), years=listed))
    return [words("debt.note.gaps", names=listing(said, limit=LISTED))] if said else []


def swaps(codes: Sequence[str], past: pl.DataFrame | None = None, *, ahead: bool = False) -> list[Text]:
    """Return a note on swaps of hidden debt, for provinces of China only; `ahead`: net borrowing is carried on."""
    if not arrangement(codes):
        return []
    if past is None:
        return [words("debt.note.swaps_ahead" if ahead else "debt.note.swaps")]
    first, last = conventions("public_debt")["swaps"]["value"]
    during = past.filter(pl.col("year").is_between(first, last))
    total, part = (float(one["net_borrowing"].to_numpy().sum()) for one in (past, during))
    if not during.height:
        return []
    return [words("debt.note.swaps_share", share=part / total) if 0 < part <= total else words("debt.note.swaps")]

"""The section on debt under stress: what each scenario adds to the ratio, by region and along the years of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import has, listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.palette import ACCENT, GROUPS, INK
from xinzhi.report.rooms.risks.debt_names import Names, column, hundred, moves, points, sentence, span, swapped
from xinzhi.report.rooms.sectors.names import distinct, short
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table
from xinzhi.risks.inputs import setting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from xinzhi.risks import DebtStress

BASELINE, COMBINED, OLD = "baseline", "combined", "old-figure"
SHOCKS = {"growth": GROUPS[0], "interest": GROUPS[3], "land": GROUPS[2], "contingent": GROUPS[4]}
LONGEST = 13.0  # width of the name of a scenario in a picture, in units of its size
LINES = {BASELINE: INK, **SHOCKS, COMBINED: ACCENT}
OTHERS = (GROUPS[5], GROUPS[6], GROUPS[7], GROUPS[1])  # for scenarios of the caller's own
REFERENCES = "debt/public_debt.yaml"


def stressed(result: DebtStress, *, region: str | None = None) -> Section:
    """Return what shocks add to debt to output: in every region at the end, and in one over the years."""
    names = Names.of(result.inputs["region"], result.labels)
    scenarios = _scenarios(result)
    last = _ends(result)
    code = names.asked(region, _ordered(last)[0][0])
    drawn = [
        by_region(last, names, scenarios),
        *filter(None, [compared(last, names, scenarios)]),
        along(result, names, scenarios, code),
    ]
    return Section(
        key="risks-debt-stress",
        title=words("debt.title.stressed"),
        answer=tuple(sentence(one.headline) for one in drawn),
        pictures=tuple(drawn),
        tables=(_what(result, last, names, scenarios), _rests(result, names)),
        notes=_notes(result, names, scenarios),
    )


def by_region(last: pl.DataFrame, names: Names, scenarios: Mapping[str, Text]) -> Picture:
    """Return what every standard shock adds to the ratio at the end, region by region, alone and all at once."""
    kept = [name for name in scenarios if name in SHOCKS and _known(last, name)]
    order, found = _ordered(last)
    bars = [
        {"name": names(code), **{name: hundred(found.get((code, name))) for name in (*kept, COMBINED)}}
        for code in order
    ]
    parts = listing([
        words("debt.chart.valued", name=scenarios[name], value=points(_mean(last, name))) for name in kept
    ])  # fmt: skip
    years = _years(last)
    values = {
        "years": years, "together": moves(_mean(last, COMBINED)), "parts": parts, "name": names(order[0]),
        "most": points(found[order[0], COMBINED]),
    }  # fmt: skip
    base = {r["region"]: r for r in last.filter(scenario=BASELINE).iter_rows(named=True)}
    columns = (column("region", "name"), column("start", "percent", "percent"),
               column("baseline", "percent", "percent"),
               *(column("of", "percent", "points", name=scenarios[name]) for name in (*kept, COMBINED)))  # fmt: skip
    rows = [
        (row["name"], 100 * base[code]["start"], 100 * base[code]["debt_ratio"],
         *(row[name] for name in (*kept, COMBINED)))
        for code, row in zip(order, bars, strict=True)
    ]  # fmt: skip
    legend = {name: (scenarios[name], SHOCKS[name]) for name in kept}
    return Picture(
        kind="stress",
        title=words("debt.title.stress", years=years),
        headline=words("debt.headline.stress" if len(order) > 1 else "debt.headline.stress_one", **values),
        draw=lambda w: kit.stacked(w, bars, legend, x=words("debt.chart.over_baseline"), total=COMBINED),
        how=words("debt.how.stress"),
        unit=words("debt.unit_of.points"),
        twin=Table(key="debt_stress", title=words("debt.title.stress", years=years), columns=columns, rows=rows),
    )


def compared(last: pl.DataFrame, names: Names, scenarios: Mapping[str, Text]) -> Picture | None:
    """Return the scenarios of the caller's own beside the standard ones; None where there are none."""
    own = [name for name in scenarios if name not in (*SHOCKS, BASELINE, COMBINED) and _known(last, name)]
    if not own:
        return None
    kept = [*(name for name in (*SHOCKS, COMBINED) if _known(last, name)), *own]
    brief = distinct({name: short(scenarios[name], LONGEST) for name in kept})
    order, found = _ordered(last)
    cells = [
        {"row": names(code), "column": brief[name], "value": hundred(found.get((code, name)))}
        for code in order
        for name in kept
    ]
    title = words("debt.title.compared", years=_years(last))
    said = [words("debt.chart.with_value", name=scenarios[name], value=points(_mean(last, name))) for name in own]
    columns = (column("region", "name"), *(column("of", "percent", "points", name=scenarios[name]) for name in kept))
    rows = [(names(code), *(hundred(found.get((code, name))) for name in kept)) for code in order]
    return Picture(
        kind="compared",
        title=title,
        headline=words("debt.headline.compared", years=_years(last), parts=listing(said)),
        draw=lambda w: kit.matrix(w, cells, title=words("debt.chart.over_baseline"), decimals=1),
        how=words("debt.how.compared"),
        unit=words("debt.unit_of.points"),
        twin=Table(key="debt_compared", title=title, columns=columns, rows=rows),
    )


def along(result: DebtStress, names: Names, scenarios: Mapping[str, Text], code: str) -> Picture:
    """Return the paths of one region under every scenario that can be computed for it."""
    own = result.frame.filter(pl.col("region") == code).sort("year")
    start = result.inputs.filter(pl.col("region") == code).row(0, named=True)
    kept = [name for name in scenarios if own.filter(scenario=name)["debt_ratio"].count()]
    paths = {
        name: [(start["start_year"], 100 * start["start"])]
        + [(year, 100 * value) for year, value in own.filter(scenario=name).select("year", "debt_ratio").rows()]
        for name in kept
    }
    lines = [{"group": scenarios[name], "year": year, "value": value} for name in kept for year, value in paths[name]]
    others = [name for name in kept if name not in LINES]
    inks = [LINES[name] if name in LINES else OTHERS[others.index(name) % len(OTHERS)] for name in kept]
    years = [year for year, _ in paths[BASELINE]]
    title = words("debt.title.along", name=names(code))
    columns = (column("year", "year"), *(column("of", "percent", "percent", name=scenarios[name]) for name in kept))
    return Picture(
        kind="paths",
        title=title,
        headline=words("debt.headline.along", name=names(code), start=number(100 * start["start"], 0), year=years[0],
                       end=years[-1], base=number(paths[BASELINE][-1][1], 0),
                       together=number(paths[COMBINED][-1][1], 0)),
        draw=lambda w: kit.lines(w, lines, y=words("debt.chart.to_output"), decimals=0, inks=inks,
                                 reference=100 * start["start"]),
        how=_explained(own, scenarios),
        unit=words("debt.unit_of.percent"),
        twin=Table(key="debt_paths", title=title, columns=columns,
                   rows=[(year, *(paths[name][at][1] for name in kept)) for at, year in enumerate(years)]),
    )  # fmt: skip


def _scenarios(result: DebtStress) -> dict[str, Text]:
    """Return what the scenarios are called; one of the caller's own keeps its name."""
    found = {}
    for name in result.frame["scenario"].unique(maintain_order=True):
        key = f"debt.chart.scenario_{name}"
        found[name] = words(key) if has(key) else same(name)
    return distinct(found)


def _ends(result: DebtStress) -> pl.DataFrame:
    """Return the last year of every region and scenario, with what the region began from."""
    last = result.frame.filter(pl.col("year") == pl.col("year").max().over("region"))
    return last.join(result.inputs.select("region", "start", "start_year"), on="region", maintain_order="left")


def _ordered(last: pl.DataFrame) -> tuple[list[str], dict[tuple[str, str], float | None]]:
    """Return the regions, those first to whom all shocks together add most, and what each scenario adds."""
    rows = last.filter(scenario=COMBINED).sort("over_baseline", "region", descending=[True, False])
    found = {(region, name): value for region, name, value in last.select("region", "scenario", "over_baseline").rows()}
    return rows["region"].to_list(), found


def _known(last: pl.DataFrame, name: str) -> bool:
    return last.filter(scenario=name)["over_baseline"].count() > 0


def _years(last: pl.DataFrame) -> Text:
    return span(int(last["year"][0] - last["start_year"][0]))


def _mean(last: pl.DataFrame, name: str) -> float:
    return float(last.filter(scenario=name)["over_baseline"].drop_nulls().to_numpy().mean())


def _explained(own: pl.DataFrame, scenarios: Mapping[str, Text]) -> Text:
    """Return how to read the paths of a region, with the scenarios that cannot be computed for it and why."""
    lacking = own.filter(pl.col("debt_ratio").is_null()).unique("scenario", maintain_order=True)
    if not lacking.height:
        return words("debt.how.along")
    said = [
        words("debt.chart.lacking", name=scenarios[r["scenario"]], why=_why(r)) for r in lacking.iter_rows(named=True)
    ]
    return words("debt.how.along_some", missing=listing(said))


def _why(row: Mapping[str, Any]) -> Text:
    """Return the reason that a row gives for having no figure."""
    return Text(
        zh=str(row["status_zh"]).removeprefix("无法计算："), en=str(row["status_en"]).removeprefix("not computable: ")
    )


def _what(result: DebtStress, last: pl.DataFrame, names: Names, scenarios: Mapping[str, Text]) -> Table:
    """Return what each scenario does, and what it adds on average and at most."""
    window = setting(REFERENCES, "stress.window")
    given = result.provenance.options.get("baseline")
    growth = setting(REFERENCES, "stress.growth")
    values = {
        "window": window, "deviations": f"{growth['deviations']:g}", "years": span(growth["years"]),
        "interest": number(10000 * setting(REFERENCES, "stress.interest"), 0),
        "land": number(100 * setting(REFERENCES, "stress.land"), 0),
        "contingent": number(100 * setting(REFERENCES, "stress.contingent"), 0),
    }  # fmt: skip
    rows = []
    for name, word in scenarios.items():
        key = "debt.chart.does_given" if name == BASELINE and given else f"debt.chart.does_{name}"
        ends = last.filter(scenario=name).drop_nulls("over_baseline").sort("over_baseline", descending=True)
        plain = name == BASELINE or not ends.height
        rows.append(
            (word, words(key, **values) if has(key) else words("debt.chart.does_own"), ends.height,
             None if plain else 100 * _mean(last, name),
             None if plain else names(ends["region"][0]), None if plain else 100 * ends["over_baseline"][0])
        )  # fmt: skip
    columns = (column("scenario", "name"), column("does", "text"), column("computed", "integer"),
               column("mean", "percent", "points"), column("most_in", "name"),
               column("most", "percent", "points"))  # fmt: skip
    return Table(key="debt_scenarios", title=words("debt.table.scenarios"), columns=columns, rows=rows)


def _rests(result: DebtStress, names: Names) -> Table:
    """Return what the paths of every region rest on."""
    kept = (
        "growth",
        "growth_deviation",
        "rate",
        "net_borrowing",
        "stabilising_borrowing",
        "fund_ratio",
        "vehicle_ratio",
    )
    shown = [one for one in kept if result.inputs[one].count()]
    columns = (
        column("region", "name"),
        column("start_year", "year"),
        *(column(f"base_{one}", "percent", "percent") for one in shown),
    )
    rows = [
        (names(r["region"]), r["start_year"], *(hundred(r[one]) for one in shown))
        for r in result.inputs.iter_rows(named=True)
    ]
    return Table(key="debt_inputs", title=words("debt.table.inputs"), columns=columns, rows=rows)


def _notes(result: DebtStress, names: Names, scenarios: Mapping[str, Text]) -> tuple[Text, ...]:
    found = [words("debt.note.stress")]
    lacking = result.frame.filter(pl.col("debt_ratio").is_null()).unique(["region", "scenario"], maintain_order=True)
    for (name, zh, en), rows in lacking.group_by("scenario", "status_zh", "status_en", maintain_order=True):
        why = _why({"status_zh": zh, "status_en": en})
        codes = rows["region"].to_list()
        if len(codes) == result.inputs.height:
            found.append(words("debt.note.not_computed", name=scenarios[str(name)], why=why))
        else:
            found.append(
                words("debt.note.not_computed_in", name=scenarios[str(name)], why=why, names=names.some(codes))
            )
    if lacking.height:
        found.append(words("debt.note.combined"))
    old = list(dict.fromkeys(one.key for one in result.findings if one.rule == OLD and one.key))
    if old:
        found.append(words("debt.note.old", names=names.some(old)))
    funds = result.inputs.drop_nulls("fund_ratio").sort("fund_ratio", "region")
    if funds.height > 1:
        found.append(
            words(
                "debt.note.land", median=number(100 * float(np.median(funds["fund_ratio"].to_numpy())), 1),
                name=names(funds["region"][-1]), most=number(100 * funds["fund_ratio"][-1], 1),
            )
        )  # fmt: skip
    if not result.provenance.options.get("baseline"):
        found.append(words("debt.note.two_baselines", window=setting(REFERENCES, "stress.window")))
    return (*found, *swapped(result.inputs["region"].to_list(), ahead=True))

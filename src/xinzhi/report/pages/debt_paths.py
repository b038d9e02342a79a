"""Sections of the stress test of debt and of the fan of its paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.result import Facts
from xinzhi.core.text import Text, has, listing, number
from xinzhi.report.pages.debt import region_names, swaps
from xinzhi.report.palette import ACCENT, GROUPS, INK
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, distinct, fact, finding_notes, notes_of, truncate
from xinzhi.report.table import Column, Table, column, table
from xinzhi.risks.internal import DebtFan, DebtStress, conventions

BASELINE, COMBINED = "baseline", "combined"
SHOCKS = {"growth": GROUPS[0], "interest": GROUPS[3], "land": GROUPS[2], "contingent": GROUPS[4]}
LONGEST = 13.0  # width of the name of a scenario in a picture, in units of its size
LINES = {BASELINE: INK, **SHOCKS, COMBINED: ACCENT}
EXTRA_INKS = (GROUPS[5], GROUPS[6], GROUPS[7], GROUPS[1])  # for scenarios of the caller's own
MIDDLE = 50.0


@section.register
def debt_stress(result: DebtStress, *, region: str | None = None) -> Section:
    """Return what shocks add to debt to output: in every region at the end, and in one over the years."""
    code = result.order()[0] if region is None else result.names.resolve(region, result.inputs["region"])
    facts = result.facts() | result.of_region(code)
    ends = result.ends_by_region
    inputs = table("debt_inputs", of=result, drop_empty=True)
    return Section.of(
        "debt.section_stress",
        [_by_region(result, ends, facts), _compared(result, ends, facts), _along(result, code, facts)],
        [_what(result, facts), inputs],
        anchor="risks-debt-stress",
        answer=answer_of(facts, "debt"),
        notes=_stress_notes(result, facts),
    )


def _added(result: DebtStress, names: Iterable[str]) -> list[Column]:
    unit, titles = words.debt.unit_of_points(), result.scenarios()
    return [column("debt.of", "percent", unit, of=name, name=titles[name]) for name in names]


def _by_region(result: DebtStress, ends: pl.DataFrame, facts: Facts) -> Picture | None:
    """Return what every standard shock adds to the ratio at the end, region by region, alone and all at once."""
    shocks = [name for name in result.scenarios() if name in SHOCKS and ends[name].count()]
    added = _added(result, (*shocks, COMBINED))
    listed = ["region", *({name: {"kind": "percent", "unit": "percent"}} for name in ("start", "baseline")), *added]
    return shown(
        "debt.stress",
        result,
        ends,
        facts,
        draws={entry.name: entry.name for entry in added},
        listed=listed,
        values={"years": result.years()},
        parts={name: (result.scenarios()[name], SHOCKS[name]) for name in shocks},
    )


def _compared(result: DebtStress, ends: pl.DataFrame, facts: Facts) -> Picture | None:
    """Return the scenarios of the caller's own beside the standard ones; None where there are none."""
    extra = [name for name in result.scenarios() if name not in LINES and ends[name].count()]
    scenarios = [*(name for name in (*SHOCKS, COMBINED) if ends[name].count()), *extra]
    brief = distinct({name: truncate(result.scenarios()[name], LONGEST) for name in scenarios})
    cells = [
        {
            "row": result.names.region(row["region"]),
            "column": brief[name],
            "value": None if row[name] is None else 100 * row[name],
        }
        for row in ends.iter_rows(named=True)
        for name in scenarios
    ]
    listed, values = ["region", *_added(result, scenarios)], {"years": result.years()}
    return shown("debt.compared", result, ends, facts, rows=cells, listed=listed, values=values)


def _along(result: DebtStress, code: str, facts: Facts) -> Picture | None:
    """Return the paths of one region under every scenario that can be computed for it."""
    titles = result.scenarios()
    start, paths = result.inputs_of(code), result.paths_of(code)
    drawable = paths.columns[1:]
    lines = [
        {"group": titles[name], "year": year, "value": 100 * value}
        for name in drawable
        for year, value in zip(paths["year"], paths[name], strict=True)
    ]
    extra = [name for name in drawable if name not in LINES]
    inks = [LINES.get(name) or EXTRA_INKS[extra.index(name) % len(EXTRA_INKS)] for name in drawable]
    missing = [
        words.debt.chart_lacking(name=titles[row["scenario"]], why=Text(zh=row["status_zh"], en=row["status_en"]))
        for row in result.not_computed(code).iter_rows(named=True)
    ]
    unit = words.debt.unit_of_percent()
    listed = ["year", *(column("debt.of", "percent", unit, of=name, name=titles[name]) for name in drawable)]
    return shown(
        "debt.along",
        result,
        paths,
        facts,
        rows=lines,
        listed=listed,
        values={"missing": missing},
        inks=inks,
        how="along_some" if missing else "along",
        reference=100 * start["start"],
    )


def _what(result: DebtStress, facts: Facts) -> Table:
    """Return what each scenario does, and what it adds on average and at most."""
    stress = {name: node["value"] for name, node in conventions("public_debt")["stress"].items()}
    values = {**stress, "basis_points": 10000 * stress["interest"], "deviations": stress["growth"]["deviations"]}
    values |= {"years": words.debt.chart_years(n=stress["growth"]["years"]), **facts}
    baseline, rows = result.provenance.options.get("baseline"), []
    for name in result.scenarios():
        key = "debt.chart.does_given" if name == BASELINE and baseline else f"debt.chart.does_{name}"
        does = words.by_key(key if has(key) else "debt.chart.does_own", **values)
        added = result.added_by(name)
        without_mean = name == BASELINE or not added.height
        rows.append(
            {
                "scenario": name,
                "does_zh": does.zh,
                "does_en": does.en,
                "computed": added.height,
                "mean": None if without_mean else added["over_baseline"].mean(),
                "most_in": None if without_mean else added["region"][0],
                "most": None if without_mean else added["over_baseline"][0],
            }
        )
    titles = result.scenarios()
    cells = {"scenario": lambda name: titles[name], "most_in": result.names.region}
    return table("debt_scenarios", pl.DataFrame(rows, infer_schema_length=None), of=result, names=cells)


def _stress_notes(result: DebtStress, facts: Facts) -> list[Text]:
    notes = notes_of(facts, "debt")
    titles = result.scenarios()
    lacking = result.not_computed()
    for (scenario, zh, en), codes in result.not_computed_regions().items():
        nowhere = len(codes) == result.inputs.height
        values = {"name": titles[scenario], "why": Text(zh=zh, en=en), "names": region_names(result, codes)}
        notes.append(words.debt.note_not_computed(**values) if nowhere else words.debt.note_not_computed_in(**values))
    if lacking.height:
        notes.append(words.debt.note_combined())
    outdated = list(dict.fromkeys(entry.key for entry in result.findings if entry.rule == "old-figure" and entry.key))
    if outdated:
        notes.append(words.debt.note_old(names=region_names(result, outdated)))
    funds = result.by_fund_ratio
    if funds.height > 1:
        middle = float(np.median(funds["fund_ratio"].to_numpy()))
        name = result.names.region(funds["region"][-1])
        notes.append(words.debt.note_land(median=middle, name=name, most=funds["fund_ratio"][-1]))
    if not result.provenance.options.get("baseline"):
        notes.append(words.debt.note_two_baselines(window=conventions("public_debt")["stress"]["window"]["value"]))
    return [*notes, *swaps(result.inputs["region"].to_list(), ahead=True)]


@section.register
def debt_fan(result: DebtFan, *, region: str | None = None) -> Section:
    """Return where debt to output may go: the fan of one region, and where all may end."""
    code = result.highest() if region is None else result.names.resolve(region, result.ends["region"])
    facts = result.facts()
    for key in ("headline.fan", "headline.fan_plain"):
        facts.pop(key, None)
    facts = facts | result.of_region(code)
    return Section.of(
        "debt.section_fan",
        [_fan(result, code, facts), _fan_ends(result, facts)],
        [] if result.record.is_empty() else [table("debt_record", of=result)],
        anchor="risks-debt-fan",
        answer=answer_of(facts, "debt"),
        notes=_fan_notes(result, facts),
    )


def _fan(result: DebtFan, code: str, facts: Facts) -> Picture | None:
    """Return the past of one region and nested bands of percentiles of its future."""
    sentence = fact(facts, "fan", "fan_plain")
    if sentence is None:
        return None
    values, cuts = sentence[1], result.cuts()
    percentiles = result.percentiles_of(code)
    years, paths = percentiles["year"].to_list(), {cut: (100 * percentiles[str(cut)]).to_list() for cut in cuts}
    past = result.past_of(code)
    bands = {
        words.debt.chart_percentiles(low=f"{low:g}", high=f"{high:g}"): list(
            zip(years, paths[low], paths[high], strict=True)
        )
        for low, high in _nested(cuts)
    }
    middle = list(zip(years, paths.get(MIDDLE, paths[cuts[0]] if len(cuts) == 1 else []), strict=False))
    marked = [
        (paths[cut][-1], words.debt.chart_percentile(cut=f"{cut:g}", value=number(paths[cut][-1], 0)))
        for cut in dict.fromkeys((cuts[0], cuts[-1]))
        if cut != MIDDLE
    ]
    if MIDDLE in paths:
        marked.append((middle[-1][1], words.debt.chart_median(value=number(middle[-1][1], 0))))
    start = 100 * values["start"]
    today = words.debt.chart_today(year=values["year"], value=number(start, 0))
    unit = words.debt.unit_of_percent()
    listed = ["year", *(column("debt.percentile", "percent", unit, of=str(cut), cut=f"{cut:g}") for cut in cuts)]
    history = [(when, past.get(when)) for when in range(min(past), max(past) + 1)]
    return shown(
        "debt.fan",
        result,
        percentiles,
        facts,
        rows=history,
        listed=listed,
        bands=bands,
        middle=middle,
        ends=marked,
        reference=(start, today),
        how="fan",
    )


def _fan_ends(result: DebtFan, facts: Facts) -> Picture | None:
    """Return where every region may end, with the chance that its ratio rises."""
    cuts, nested = result.cuts(), _nested(result.cuts())
    last, order = result.last_percentiles, result.ends_by_median
    rows = [
        {
            "name": result.names.region(r["region"]),
            "value": 100 * r["median"],
            "tick": 100 * r["start"],
            "bands": [(last[r["region"], low], last[r["region"], high]) for low, high in nested],
            "today": number(100 * r["start"], 0),
            "median": number(100 * r["median"], 0),
            "chance": result.chance(r["region"]),
        }
        for r in order.iter_rows(named=True)
    ]
    unit = words.debt.unit_of_percent()
    ends = [
        column("debt.percentile", "percent", unit, of=name, cut=f"{cut:g}")
        for name, cut in (("low", cuts[0]), ("high", cuts[-1]))
    ]
    listed = ["region", "start_year", "start", "end_year", "median", *ends, "chance_higher"]
    bands = [words.debt.chart_pair(low=f"{low:g}", high=f"{high:g}") for low, high in nested]
    heads = {"today": "now", "median": "middle", "chance": "rises"}
    return shown(
        "debt.ends",
        result,
        order,
        facts,
        rows=rows,
        listed=listed,
        values={"bands": bands},
        how="ends" if len(cuts) > 1 else "ends_plain",
        columns=[(words.debt.chart_of(head), key) for key, head in heads.items()],
    )


def _nested(cuts: Sequence[float]) -> list[tuple[float, float]]:
    """Return pairs of percentiles from the outermost to the innermost: (5, 95), (25, 75)."""
    return [(cuts[at], cuts[-1 - at]) for at in range(len(cuts) // 2)]


def _fan_notes(result: DebtFan, facts: Facts) -> list[Text]:
    options = result.provenance.options
    notes: list[Text] = [words.debt.note_fan(draws=options.get("draws", "-"))]
    rate = dict(options.get("baseline") or {}).get("rate")
    if rate is not None:
        notes.append(words.debt.note_ahead(rate=rate))
    notes += notes_of(facts, "debt")
    for year, codes in result.early_starts.items():
        notes.append(words.debt.note_early(year=year, names=region_names(result, codes)))
    if lasting := [
        words.debt.chart_of(f"of_{entry.column}") for entry in result.findings if entry.rule == "autocorrelated"
    ]:
        notes.append(words.debt.note_lasting(names=listing(lasting)))
    for rule, key in (("too-short", "too_short"), ("explosive-draws", "explosive")):
        codes = [entry.key for entry in result.findings if entry.rule == rule and entry.key]
        if codes:
            notes.append(words.debt.note_of(key, names=region_names(result, codes)))
    cut = [entry for entry in result.findings if entry.rule == "pooled-autoregression"]
    return [*notes, *finding_notes(cut), *swaps(result.ends["region"].to_list(), ahead=True)]

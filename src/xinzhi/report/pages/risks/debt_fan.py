"""The page of `debt_fan`: the fan of one region, and where all may end."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.text import Text, listing, number, words
from xinzhi.report.charts import kit
from xinzhi.report.pages.risks.debt import some, swaps
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import answer_of, fact, finding_notes, notes_of
from xinzhi.report.table import Column, column, table
from xinzhi.risks import DebtFan

MIDDLE = 50.0


def debt_fan(result: DebtFan, *, region: str | None = None) -> Section:
    """Return where debt to output may go: the fan of one region, and where all may end."""
    code = result.highest() if region is None else result.names.resolve(region, result.ends["region"])
    facts = result.facts()
    for key in ("headline.fan", "headline.fan_plain"):
        facts.pop(key, None)
    facts = facts | result.of_region(code)
    return Section.of(
        "debt.section_fan",
        [_fan(result, code, facts), _ends(result, facts)],
        anchor="risks-debt-fan",
        answer=answer_of(facts, "debt"),
        notes=_notes(result, facts),
    )


def _fan(result: DebtFan, code: str, facts: Facts) -> Picture | None:
    """Return the past of one region and nested bands of percentiles of its future."""
    said = fact(facts, "fan", "fan_plain")
    if said is None:
        return None
    values, cuts = said[1], result.cuts()
    own = result.frame.filter(region=code).sort("year").pivot(on="percentile", index="year", values="debt_ratio")
    years, paths = own["year"].to_list(), {cut: (100 * own[str(cut)]).to_list() for cut in cuts}
    past = dict(result.history.filter(region=code).select("year", 100 * pl.col("debt_ratio")).rows())
    bands = {
        words("debt.chart.percentiles", low=f"{low:g}", high=f"{high:g}"): list(
            zip(years, paths[low], paths[high], strict=True)
        )
        for low, high in _nested(cuts)
    }
    middle = list(zip(years, paths.get(MIDDLE, paths[cuts[0]] if len(cuts) == 1 else []), strict=False))
    marked = [
        (paths[cut][-1], words("debt.chart.percentile", cut=f"{cut:g}", value=number(paths[cut][-1], 0)))
        for cut in dict.fromkeys((cuts[0], cuts[-1]))
        if cut != MIDDLE
    ]
    if MIDDLE in paths:
        marked.append((middle[-1][1], words("debt.chart.median", value=number(middle[-1][1], 0))))
    start = 100 * values["start"]
    today = words("debt.chart.today", year=values["year"], value=number(start, 0))
    unit = words("debt.unit_of.percent")
    columns = [column("debt.percentile", "percent", unit, of=str(cut), cut=f"{cut:g}") for cut in cuts]
    return picture(
        "debt.fan", kit.fan, [(when, past.get(when)) for when in range(min(past), max(past) + 1)],
        table("debt_fan", own, ("year", *columns), title=words("debt.title.fan", **values)), values, headline=said[0],
        unit="percent", y="to_output", bands=bands, middle=middle, ends=marked, reference=(start, today),
    )  # fmt: skip


def _ends(result: DebtFan, facts: Facts) -> Picture | None:
    """Return where every region may end, with the chance that its ratio rises."""
    said = fact(facts, "ends", "ends_one")
    if said is None:
        return None
    cuts, nested = result.cuts(), _nested(result.cuts())
    last = result.frame.join(result.ends.select("region", year="end_year"), on=["region", "year"])
    known = {(code, cut): 100 * value for code, cut, value in last.select("region", "percentile", "debt_ratio").rows()}
    order = result.ends.sort("median", "region", descending=[True, False])
    rows = [
        {
            "name": result.names.region(r["region"]), "value": 100 * r["median"], "tick": 100 * r["start"],
            "bands": [(known[r["region"], low], known[r["region"], high]) for low, high in nested],
            "today": number(100 * r["start"], 0), "median": number(100 * r["median"], 0),
            "chance": result.chance(r["region"]),
        }
        for r in order.iter_rows(named=True)
    ]  # fmt: skip
    unit = words("debt.unit_of.percent")
    ends = [
        column("debt.percentile", "percent", unit, of=name, cut=f"{cut:g}")
        for name, cut in (("low", cuts[0]), ("high", cuts[-1]))
    ]
    columns: tuple[str | Column, ...] = ("region", "start_year", "start", "end_year", "median", *ends, "chance_higher")
    bands = [words("debt.chart.pair", low=f"{low:g}", high=f"{high:g}") for low, high in nested]
    title = words("debt.title.ends", **said[1])
    return picture(
        "debt.ends", kit.spreads, rows, table("debt_ends", order, columns, result, part="ends", title=title),
        said[1] | {"bands": bands}, headline=said[0], how="ends" if len(cuts) > 1 else "ends_plain", unit="percent",
        x="to_output_in",
        columns=((words("debt.chart.now"), "today"), (words("debt.chart.middle"), "median"),
                 (words("debt.chart.rises"), "chance")),
    )  # fmt: skip


def _nested(cuts: Sequence[float]) -> list[tuple[float, float]]:
    """Return pairs of percentiles from the outermost to the innermost: (5, 95), (25, 75)."""
    return [(cuts[at], cuts[-1 - at]) for at in range(len(cuts) // 2)]


def _notes(result: DebtFan, facts: Facts) -> list[Text]:
    options = result.provenance.options
    notes = [words("debt.note.fan", draws=options.get("draws"))]
    rate = dict(options.get("baseline") or {}).get("rate")
    if rate is not None:
        notes.append(words("debt.note.ahead", rate=rate))
    notes += notes_of(facts, "debt")
    early = result.ends.filter(pl.col("start_year") < result.ends["start_year"].max())
    for (when,), rows in early.group_by("start_year", maintain_order=True):
        notes.append(words("debt.note.early", year=when, names=some(result, rows["region"])))
    lasting = [words(f"debt.chart.of_{one.column}") for one in result.findings if one.rule == "autocorrelated"]
    if lasting:
        notes.append(words("debt.note.lasting", names=listing(lasting)))
    for rule, key in (("too-short", "too_short"), ("explosive-draws", "explosive")):
        codes = [one.key for one in result.findings if one.rule == rule and one.key]
        if codes:
            notes.append(words(f"debt.note.{key}", names=some(result, codes)))
    cut = [one for one in result.findings if one.rule == "pooled-autoregression"]
    return [*notes, *finding_notes(cut), *swaps(result.ends["region"].to_list(), ahead=True)]

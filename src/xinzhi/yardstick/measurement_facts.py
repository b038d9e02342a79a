"""What a measurement says, as facts: growth, its sources, the ends of the ranking, and what the figures rest on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.result import Facts
from xinzhi.core.text import Text, clauses, listing
from xinzhi.data import tables_by_name
from xinzhi.yardstick.view import EXCEPTIONS, PARTS, SEVERAL, Figures, Span, View


def growth_facts(result: Figures) -> Facts:
    """Return what growth came from, who is first and last, group against group; notes say how far figures carry."""
    if result.frame.is_empty():
        return {"answer.unmeasured": {}}
    view = View(result)
    facts = (
        result.regions_declared.abroad()
        | _exhausted_stock_notes(result)
        | _sum_facts(view)
        | beside_nation(view, view.lead, "answer.nation")
        | _sources(view)
        | ends(view)
    )
    if names := _region_labels(view, view.unranked(view.lead)):  # their data fail the tests of admission
        facts["answer.unranked"] = {"span": view.lead.label, "k": len(names), "names": names}
    facts |= _whole(view) | contrast(view) | _latest(view) | _until(view)
    return facts | result.regions_declared.facts() | findings(result)


def _exhausted_stock_notes(result: Figures) -> Facts:
    """Return whose capital stock falls to zero or below, and from when on the region is not measured."""
    problems = [problem for problem in result.findings if problem.rule == "capital-exhausted"]
    return (
        {"answer.exhausted": [{"message": problem.message, "hint": problem.hint} for problem in problems]}
        if problems
        else {}
    )


def findings(result: Figures) -> Facts:
    """Return how many warnings about the data touch these figures, and in which columns."""
    warned = [problem for problem in result.findings if problem.severity != "note"]
    names = []
    for name, column in dict.fromkeys((str(problem.table), problem.column) for problem in warned):
        table = tables_by_name()[name]
        spec = table.column(column) if column else None
        names.append(table.title if spec is None else spec.text)
    return {"note.findings": {"n": len(warned), "names": names}} if warned else {}


def figures_of(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of growth accounts by what sentences call them."""
    parts = {name: row[column] for name, column in PARTS.items() if column in row}
    return {**rates(row), "share": row["tfp_part"], **parts}


def rates(row: Mapping[str, Any]) -> dict[str, float]:
    """Return growth of output in logarithms, which contributions add up to, and compound, as statistics publish it."""
    return {"growth": row["output_growth"], "compound": math.expm1(row["output_growth"])}


def _region_labels(view: View, codes: Iterable[str]) -> list[Text]:
    return [view.name(code) for code in codes]


def _sum_facts(view: View) -> Facts:
    row, opening = view.national_of(view.lead), _opening(view, view.lead)
    if len(view.codes) == 1 or not row or row["output_growth"] is None:
        return _no_sum_facts(view, opening)
    figures = figures_of(row)
    key = "answer.together" if figures["tfp"] > 0 and figures["growth"] > 0 else "answer.without"
    return {key: {"opening": opening, "n": len(view.codes), **figures}}


def beside_nation(view: View, span: Span, key: str) -> Facts:
    """Return the sum of the regions beside the nation's own growth, and TFP at the nation's, in every period."""
    row = view.national_of(span)
    if not row or row["nation_growth"] is None:
        return {}
    added, nation = float(row["output_growth"]), float(row["nation_growth"])  # type: ignore[arg-type] # both are known
    spans = [period for period in dict.fromkeys([*reversed(view.spans), view.whole]) if period != span]
    earlier = [(period.label, view.national_of(period).get("nation_tfp_growth")) for period in spans]
    figures = [
        words.yardstick.ranking_figure(span=label, value=float(value)) for label, value in earlier if value is not None
    ]
    return {
        key: {
            "span": span.label,
            "n": len(view.codes),
            "added": added,
            "nation": nation,
            "added_compound": math.expm1(added),
            "nation_compound": math.expm1(nation),
            "implied": row["nation_tfp_growth"],
            "others": words.yardstick.ranking_nation_others(figures=figures) if figures else "",
        }
    }


def _no_sum_facts(view: View, opening: Text) -> Facts:
    """Return what is said where the regions have no sum: there is one alone, one lacks years, or inputs are indices."""
    rows = view.regions_in(view.lead).drop_nulls("tfp_growth")
    if len(view.codes) == 1 and rows.height == 1:
        name = view.name(view.codes[0])
        return {"answer.alone": {"opening": opening, "name": name, **figures_of(rows.row(0, named=True))}}
    declared = view.measurement.regions_declared
    if not declared.complete:
        return {"answer.no_set": {"opening": opening, "n": len(view.codes), "all": len(declared.declared)}}
    absent = [code for code in view.codes if code not in set(rows["region"])]
    if absent and not view.measurement.levels.is_empty():
        return {"answer.incomplete": {"opening": opening, "n": len(view.codes), "names": _region_labels(view, absent)}}
    return {"answer.no_national": {"opening": opening, "n": len(view.codes)}}


def _opening(view: View, span: Span) -> Text:
    if not view.is_official(span):
        series = _doubtful(view, span)
        return words.yardstick.answer_no_official(span=span.label, names=series, n=len(series))
    names = listing(_region_labels(view, view.exceptions(span)), EXCEPTIONS)
    adjusted = view.adjusted(span)
    if names.en:
        return words.yardstick.answer_official_but(span=span.label, names=names, adjusted=adjusted)
    return words.yardstick.answer_official(span=span.label, adjusted=adjusted)


def largest_source(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``largest``: the factor that gave most of growth in every row."""
    factors = [name for name, column in PARTS.items() if column in frame.columns]
    top = pl.concat_list(PARTS[name] for name in factors).list.arg_max()
    return frame.with_columns(largest=top.replace_strict(list(range(len(factors))), factors, default=None))


def _sources(view: View) -> Facts:
    frame = largest_source(view.regions_in(view.lead))
    if frame.height < SEVERAL:
        return {}
    led = _region_labels(view, frame.filter(pl.col("largest") == "tfp")["region"])
    fell = _region_labels(view, frame.filter(pl.col("tfp_growth") <= 0)["region"])
    counts = frame.filter(pl.col("largest") != "tfp")["largest"].value_counts(sort=True).rows()
    other_sources = [words.yardstick.answer_other(factor=words.shared.factor_of(name), k=k) for name, k in counts]
    factor = words.shared.factor_of(counts[0][0]) if counts else None
    if led:
        key = "answer.led" if counts else "answer.all_led"
    else:
        key = "answer.one_source" if len(counts) == 1 else "answer.none"
    figures = {"k": len(led), "n": frame.height, "names": led, "others": other_sources, "factor": factor}
    return {key: figures} | ({"answer.fell": {"k": len(fell), "n": frame.height, "names": fell}} if fell else {})


def ends(view: View) -> Facts:
    """Return the regions of highest and of lowest growth, where the whole set was measured and they read apart."""
    if not view.has_ends(view.lead):
        return {}
    rows = view.ranked(view.lead).select("region", "tfp_growth").rows()
    width = min(3, len(rows) // 2)
    named_rows = [(words.yardstick.answer_figure(name=view.name(code), value=value), value) for code, value in rows]
    # all that tie with the last one named are named, or nobody: else the order of the codes would choose
    first = [text for text, value in named_rows if value > rows[width - 1][1] - 1e-12]
    last = [text for text, value in reversed(named_rows) if value < rows[-width][1] + 1e-12]
    return {"answer.ends": {"first": first, "last": last}} if max(len(first), len(last)) <= 2 * width else {}


def _whole(view: View) -> Facts:
    row = view.national_of(view.whole)
    rows = view.ranked(view.whole)["region"]
    if view.whole in view.spans or not row or rows.len() < SEVERAL:
        return {}
    figures = {"span": view.whole.label, **figures_of(row)}
    # a rank of estimated years is not told without its range
    if view.is_extrapolated(view.whole) or not view.has_ends(view.whole):
        return {"answer.whole_plain": figures}
    return {"answer.whole": {**figures, "first": view.name(rows[0]), "last": view.name(rows[-1])}}


def contrast(view: View) -> Facts:
    """Return group against group, in the periods that both fill."""
    if not view.contrast:
        return {}
    late, lead = view.contrast

    def group_growth(span: Span, when: str) -> dict[str, object] | None:
        rows = [view.group_in(group, span) for group in (late, lead)]
        sides = zip(("late", "lead"), rows, strict=True)
        return {f"{side}_{when}": row["tfp_growth"] for side, row in sides} if all(rows) else None

    now, overall = group_growth(view.lead, "now"), group_growth(view.whole, "whole")
    if now is None:
        return {}
    key = "answer.contrast_now" if overall is None else "answer.contrast"
    spans = {"span": view.lead.label, "whole": view.whole.label}
    return {key: {"late": late, "lead": lead, **spans, **now, **(overall or {})}}


def _latest(view: View) -> Facts:
    if (span := view.latest) is None:
        return {}
    row = view.national_of(span)
    figures = {"span": span.label, "names": _doubtful(view, span)}
    return {"note.latest": {**figures, "tfp": row["tfp_growth"]}} if row else {"note.latest_plain": figures}


def _doubtful(view: View, span: Span) -> list[Text]:
    """Return the series that are not official throughout a period."""
    cells = ";".join(cell or "" for cell in view.regions_in(span)["flags"])
    doubtful = dict.fromkeys(series for kind, series in flags.split(cells) if not flags.is_official(f"{kind}:{series}"))
    return [flags.series_name(series) for series in doubtful]


def official_ends(view: View, before: int | None = None) -> dict[int, list[Text]]:
    """Return the inputs by the year in which their official figures end: all, or those that end before a year."""
    rows = view.measurement.coverage.drop_nulls("last_official_year").sort("last_official_year", maintain_order=True)
    by_year: dict[int, list[Text]] = {}
    unused = {"labour_share"} if view.measurement.regions_declared.foreign else set[str]()
    for series, year in rows.select("series", "last_official_year").rows():
        if series not in unused and (before is None or year < before):
            by_year.setdefault(int(year), []).append(flags.series_name(series))
    return by_year


def _until(view: View) -> Facts:
    """Return how far official figures carry."""
    ends = official_ends(view)
    parts = [words.yardstick.answer_until(names=names, year=year) for year, names in ends.items()]
    return {"note.reach": {"parts": clauses(parts)}} if parts else {}

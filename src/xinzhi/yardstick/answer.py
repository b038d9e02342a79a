"""What a measurement and an audit say: the facts of their sentences, for the terminal and the page alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from xinzhi.core import flags
from xinzhi.core.result import Facts
from xinzhi.core.text import Text, clauses, listing, words
from xinzhi.data import known_tables
from xinzhi.yardstick.view import EXCEPTIONS, PARTS, Figures, Span, View

SEVERAL = 2  # regions from which on there is a ranking


def measured(result: Figures) -> Facts:
    """Return what growth came from, who is first and last, group against group; notes say how far figures carry."""
    if result.frame.is_empty():
        return {"answer.unmeasured": {}}
    view = View(result)
    steps = (_together, _sources, ends, _unranked, _whole, contrast, _latest, _until)
    facts = {key: said for step in steps for key, said in step(view).items()}
    return facts | result.regions_declared.facts(_named(view, view.codes)) | findings(result)


def findings(result: Figures) -> Facts:
    """Return how many warnings about the data touch these figures, and in which columns."""
    warned = [one for one in result.findings if one.severity != "note"]
    columns = dict.fromkeys((str(one.table), one.column) for one in warned)
    names = [_title(table, column) for table, column in columns]
    return {"note.findings": {"n": len(warned), "names": names}} if warned else {}


def _title(table: str, column: str | None) -> Text:
    """Return what a column, or a table, is called."""
    known = known_tables()[table]
    found = known.column(column) if column else None
    return known.title if found is None else found.text


def figures_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of growth accounts by what sentences call them."""
    parts = {name: row[column] for name, column in PARTS.items() if column in row}
    return {**rates(row), "share": row["tfp_part"], **parts}


def rates(row: Mapping[str, Any]) -> dict[str, float]:
    """Return growth of output in logarithms, which contributions add up to, and compound, as statistics publish it."""
    return {"growth": row["output_growth"], "compound": math.expm1(row["output_growth"])}


def _named(view: View, codes: Iterable[str]) -> list[Text]:
    return [view.name(code) for code in codes]


def _together(view: View) -> Facts:
    row, opening = view.national_of(view.lead), _opening(view, view.lead)
    if len(view.codes) == 1 or not row or row["output_growth"] is None:
        return _apart(view, opening)
    figures = figures_of(row)
    key = "answer.together" if figures["tfp"] > 0 and figures["growth"] > 0 else "answer.without"
    return {key: {"opening": opening, "n": len(view.codes), **figures}}


def _apart(view: View, opening: Text) -> Facts:
    """Return what is said where the regions have no sum: there is one alone, one lacks years, or inputs are indices."""
    mine = view.of(view.lead).drop_nulls("tfp_growth")
    if len(view.codes) == 1 and mine.height == 1:
        name = view.name(view.codes[0])
        return {"answer.alone": {"opening": opening, "name": name, **figures_of(mine.row(0, named=True))}}
    declared = view.measurement.regions_declared
    if not declared.complete:
        return {"answer.no_set": {"opening": opening, "n": len(view.codes), "all": len(declared.declared)}}
    absent = [code for code in view.codes if code not in set(mine["region"])]
    if absent and not view.measurement.levels.is_empty():
        return {"answer.incomplete": {"opening": opening, "n": len(view.codes), "names": _named(view, absent)}}
    return {"answer.no_national": {"opening": opening, "n": len(view.codes)}}


def _opening(view: View, span: Span) -> Text:
    if not view.is_official(span):
        return words("yardstick.answer.no_official", span=span.label)
    names = listing(_named(view, view.exceptions(span)), EXCEPTIONS)
    return words(f"yardstick.answer.{'official_but' if names.en else 'official'}", span=span.label, names=names)


def largest_source(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``largest``: the factor that gave most of growth in every row."""
    factors = [name for name, column in PARTS.items() if column in frame.columns]
    top = pl.concat_list(PARTS[name] for name in factors).list.arg_max()
    return frame.with_columns(largest=top.replace_strict(list(range(len(factors))), factors, default=None))


def _sources(view: View) -> Facts:
    frame = largest_source(view.of(view.lead))
    if frame.height < SEVERAL:
        return {}
    led = _named(view, frame.filter(pl.col("largest") == "tfp")["region"])
    fell = _named(view, frame.filter(pl.col("tfp_growth") <= 0)["region"])
    counts = frame.filter(pl.col("largest") != "tfp")["largest"].value_counts(sort=True).rows()
    others = [words("yardstick.answer.other", factor=words(f"factor.{name}"), k=k) for name, k in counts]
    key = "answer.led" if led and counts else "answer.all_led" if led else "answer.none"
    factor = words(f"factor.{counts[0][0]}") if counts else None
    if len(counts) == 1 and not led:
        key = "answer.one_source"
    said = {"k": len(led), "n": frame.height, "names": led, "others": others, "factor": factor}
    return {key: said} | ({"answer.fell": {"k": len(fell), "n": frame.height, "names": fell}} if fell else {})


def ends(view: View) -> Facts:
    """Return the regions of highest and of lowest growth, where the whole set was measured."""
    rows = view.ranked(view.lead).select("region", "tfp_growth").rows()
    if len(rows) < SEVERAL or not view.measurement.regions_declared.complete:
        return {}
    width = min(3, len(rows) // 2)
    said = [words("yardstick.answer.figure", name=view.name(code), value=value) for code, value in rows]
    return {"answer.ends": {"first": said[:width], "last": said[: -width - 1 : -1]}}


def _unranked(view: View) -> Facts:
    """Return the regions that have no rank, for their data fail the tests of admission."""
    names = _named(view, view.unranked(view.lead))
    return {"answer.unranked": {"span": view.lead.label, "k": len(names), "names": names}} if names else {}


def _whole(view: View) -> Facts:
    row = view.national_of(view.whole)
    rows = view.ranked(view.whole)["region"]
    if view.whole in view.spans or not row or rows.len() < SEVERAL:
        return {}
    said = {"span": view.whole.label, **figures_of(row)}
    if view.is_extrapolated(view.whole):  # a rank of estimated years is not told without its range
        return {"answer.whole_plain": said}
    return {"answer.whole": {**said, "first": view.name(rows[0]), "last": view.name(rows[-1])}}


def contrast(view: View) -> Facts:
    """Return group against group, in the periods that both fill."""
    if not view.contrast:
        return {}
    late, lead = view.contrast

    def of(span: Span, when: str) -> dict[str, Any] | None:
        rows = [view.group_in(group, span) for group in (late, lead)]
        sides = zip(("late", "lead"), rows, strict=True)
        return {f"{side}_{when}": row["tfp_growth"] for side, row in sides} if all(rows) else None

    now, whole = of(view.lead, "now"), of(view.whole, "whole")
    if now is None:
        return {}
    key = "answer.contrast_now" if whole is None else "answer.contrast"
    spans = {"span": view.lead.label, "whole": view.whole.label}
    return {key: {"late": late, "lead": lead, **spans, **now, **(whole or {})}}


def _latest(view: View) -> Facts:
    if (span := view.latest) is None:
        return {}
    row = view.national_of(span)
    cells = ";".join(cell or "" for cell in view.of(span)["flags"])
    doubtful = dict.fromkeys(series for kind, series in flags.split(cells) if not flags.is_official(f"{kind}:{series}"))
    said = {"span": span.label, "names": [flags.series_name(series) for series in doubtful]}
    return {"note.latest": {**said, "tfp": row["tfp_growth"]}} if row else {"note.latest_plain": said}


def _until(view: View) -> Facts:
    """Return how far official figures carry."""
    rows = view.measurement.coverage.drop_nulls("last_official_year").sort("last_official_year", maintain_order=True)
    by_year: dict[int, list[Text]] = {}
    for series, year in rows.select("series", "last_official_year").rows():
        by_year.setdefault(int(year), []).append(flags.series_name(series))
    parts = [words("yardstick.answer.until", names=names, year=year) for year, names in by_year.items()]
    return {"note.reach": {"parts": clauses(parts)}} if parts else {}

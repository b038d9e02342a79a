"""The answer in plain words, and the headlines of the charts: sentences made from the numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text, listing, number, percent, words
from xinzhi.report import flags
from xinzhi.report.sentence import clauses
from xinzhi.report.view import EXCEPTIONS, PARTS, Span, View

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMED = 6


def answer(view: View) -> tuple[Text, ...]:
    """Return the sentences that lead the report: what growth came from, who is first and last, group against group."""
    sentences = [_together(view, view.lead), *_sources(view), *_ends(view)]
    if view.whole not in view.spans:
        sentences += _whole(view)
    if view.contrast:
        sentences += _contrast(view)
    return tuple(sentences)


def reach(view: View) -> tuple[Text, ...]:
    """Return the sentences on how far to trust the figures: the latest period, and the end of official figures."""
    latest = () if view.latest is None else (_latest(view, view.latest),)
    return (*latest, *_official_until(view))


def _together(view: View, span: Span) -> Text:
    row = view.national_of(span)
    opening = _opening(view, span)
    if len(view.codes) == 1 or not row or row["output_growth"] is None:
        return _apart(view, span, opening)
    parts = {name: percent(_value(row, column)) for name, column in PARTS.items()}
    key = "answer.together" if _value(row, "tfp_growth") > 0 and _value(row, "output_growth") > 0 else "answer.without"
    growth = percent(_value(row, "output_growth"))
    return words(key, opening=opening, n=len(view.codes), growth=growth, share=share(row), **parts)


def _apart(view: View, span: Span, opening: Text) -> Text:
    """Return the sentence where the regions have no sum: there is one alone, one lacks years, or inputs are indices."""
    mine = view.of(span).drop_nulls("tfp_growth")
    if len(view.codes) == 1 and mine.height == 1:
        row = mine.row(0, named=True)
        parts = {name: percent(row[column]) for name, column in PARTS.items()}
        return words(
            "answer.alone",
            opening=opening,
            name=view.name(view.codes[0]),
            growth=percent(row["output_growth"]),
            **parts,
        )
    absent = [view.name(code) for code in view.codes if code not in set(mine["region"])]
    if absent and not view.measurement.levels.is_empty():
        return words("answer.incomplete", opening=opening, n=len(view.codes), names=listing(absent, NAMED))
    return words("answer.no_national", opening=opening, n=len(view.codes))


def _opening(view: View, span: Span) -> Text:
    if not view.is_official(span):
        return words("answer.no_official", span=span.label)
    names = listing([view.name(code) for code in view.exceptions(span)], EXCEPTIONS)
    return words("answer.official_but" if names.en else "answer.official", span=span.label, names=names)


def share(row: Mapping[str, float | str | None]) -> str:
    """Return the part of growth that came from TFP as whole percent."""
    part = row.get("tfp_part")
    return number(100 * part, 0) if isinstance(part, float) else number(None)


def _value(row: Mapping[str, float | str | None], name: str) -> float:
    value = row[name]
    return value if isinstance(value, float) else math.nan


def largest_source(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``largest``: the factor that gave most of growth in every row."""
    factors = list(PARTS)
    top = pl.concat_list(PARTS.values()).list.arg_max()
    return frame.with_columns(largest=top.replace_strict(list(range(len(factors))), factors, default=None))


def _sources(view: View) -> list[Text]:
    frame = largest_source(view.of(view.lead))
    if frame.height < 2:  # noqa: PLR2004 - of one region the parts have been told
        return []
    led = [view.name(code) for code in frame.filter(pl.col("largest") == "tfp")["region"]]
    fell = [view.name(code) for code in frame.filter(pl.col("tfp_growth") <= 0)["region"]]
    counts = frame.filter(pl.col("largest") != "tfp")["largest"].value_counts(sort=True).rows()
    others = listing([words("answer.other", factor=words(f"factor.{name}"), k=k) for name, k in counts])
    key = "answer.led" if led and counts else "answer.all_led" if led else "answer.none"
    sentences = [words(key, k=len(led), n=frame.height, names=listing(led, NAMED), others=others)]
    if fell:
        sentences.append(words("answer.fell", k=len(fell), n=frame.height, names=listing(fell, NAMED)))
    return sentences


def _with_figure(view: View, code: str, value: float) -> Text:
    return words("answer.figure", name=view.name(code), value=percent(value, sign=True))


def _ends(view: View) -> list[Text]:
    rows = view.of(view.lead).drop_nulls("tfp_growth").select("region", "tfp_growth").rows()
    if len(rows) < 2:  # noqa: PLR2004 - one region has no ranking
        return []
    width = min(3, len(rows) // 2)
    first = [_with_figure(view, *row) for row in rows[:width]]
    last = [_with_figure(view, *row) for row in reversed(rows[-width:])]
    return [words("answer.ends", first=listing(first), last=listing(last))]


def _whole(view: View) -> list[Text]:
    row = view.national_of(view.whole)
    rows = view.of(view.whole).drop_nulls("tfp_growth")["region"]
    if not row or rows.len() < 2:  # noqa: PLR2004 - one region has no ranking
        return []
    return [
        words(
            "answer.whole",
            span=view.whole.label,
            tfp=percent(_value(row, "tfp_growth")),
            share=share(row),
            first=view.name(rows[0]),
            last=view.name(rows[-1]),
        )
    ]


def _contrast(view: View) -> list[Text]:
    """Return group against group, in the periods that both fill."""
    late, lead = view.contrast
    values = {
        (group.en, span): percent(_value(row, "tfp_growth"))
        for group in (late, lead)
        for span in (view.lead, view.whole)
        if (row := view.group_in(group, span))
    }

    def of(span: Span) -> dict[str, str] | None:
        both = [values.get((group.en, span)) for group in (late, lead)]
        return None if None in both else {"late_now": str(both[0]), "lead_now": str(both[1])}

    now, whole = of(view.lead), of(view.whole)
    if now is None:
        return []
    if whole is None:
        return [words("answer.contrast_now", late=late, lead=lead, span=view.lead.label, **now)]
    totals = {"late_whole": whole["late_now"], "lead_whole": whole["lead_now"]}
    return [
        words("answer.contrast", late=late, lead=lead, span=view.lead.label, whole=view.whole.label, **now, **totals)
    ]


def _latest(view: View, span: Span) -> Text:
    row = view.national_of(span)
    cells = ";".join(cell or "" for cell in view.of(span)["flags"])
    doubtful = dict.fromkeys(series for kind, series in flags.split(cells) if not flags.is_official(f"{kind}:{series}"))
    names = listing([flags.series_name(series) for series in doubtful])
    if not row:
        return words("answer.latest_plain", span=span.label, names=names)
    return words("answer.latest", span=span.label, names=names, tfp=percent(_value(row, "tfp_growth")))


def _official_until(view: View) -> list[Text]:
    rows = view.measurement.coverage.drop_nulls("last_official_year").sort("last_official_year", maintain_order=True)
    by_year: dict[int, list[Text]] = {}
    for series, year in rows.select("series", "last_official_year").rows():
        by_year.setdefault(int(year), []).append(flags.series_name(series))
    parts = [words("answer.until", names=listing(names), year=year) for year, names in by_year.items()]
    return [words("answer.reach", parts=clauses(parts))] if parts else []


def ranking_headline(view: View) -> Text:
    """Return the headline of the ranking."""
    rows = view.of(view.lead).drop_nulls("tfp_growth")["region"]
    if rows.len() < 2:  # noqa: PLR2004 - one region has no ranking
        return words("headline.one", span=view.lead.label)
    return words("headline.ranking", first=view.name(rows[0]), last=view.name(rows[-1]), span=view.lead.label)


def map_headline(view: View) -> Text:
    """Return the headline of the tile map."""
    growth = view.of(view.lead)["tfp_growth"].drop_nulls()
    up = int((growth > 0).sum())
    return words("headline.map", k=up, n=growth.len(), span=view.lead.label)


def sources_headline(view: View) -> Text:
    """Return the headline of the chart of sources by region."""
    largest = largest_source(view.of(view.lead))["largest"].to_list()
    tops = {name: largest.count(name) for name in PARTS}
    best = max(tops, key=lambda name: tops[name])
    name = words(f"factor.{best}")
    key = "headline.sources_tfp" if best == "tfp" else "headline.sources"
    return words(key, factor=name, k=tops[best], n=len(largest), tfp=tops["tfp"], span=view.lead.label)


def contributions_headline(view: View) -> Text:
    """Return the headline of the contributions by period."""
    row = view.national_of(view.lead)
    if not row or not row["output_growth"]:
        return words("headline.contributions_plain")
    growth = _value(row, "output_growth")
    capital = number(100 * _value(row, "capital_contribution") / growth, 0)
    return words("headline.contributions", capital=capital, tfp=share(row), span=view.lead.label)


def groups_headline(view: View) -> Text:
    """Return the headline of the lines of the macro-regions."""
    shown = view.contrast or view.shown_groups[:2]
    frame = view.measurement.groups.fill_nan(None)
    parts = []
    for group in shown:
        total = frame.filter(pl.col("region") == group.en)["tfp_growth"].sum()
        parts.append(words("headline.since", name=group, value=number(100 * math.expm1(total), 0, sign=True)))
    return words("headline.groups", start=view.whole.start, parts=listing(parts))


def region_headline(view: View, code: str) -> Text:
    """Return the headline of the page of one region: its place in the leading period."""
    rows = view.of(view.lead).filter(pl.col("region") == code)
    if rows.is_empty() or rows["tfp_growth"][0] is None:
        return words("headline.region_none", span=view.lead.label)
    row = rows.row(0, named=True)
    place = {"rank": row["rank"], "n": view.of(view.lead)["tfp_growth"].drop_nulls().len(), "span": view.lead.label}
    growing = row["output_growth"] > 0
    key = "headline.region_up" if row["tfp_growth"] > 0 and growing else "headline.region_down"
    figures = {"tfp": percent(row["tfp_growth"]), "growth": percent(row["output_growth"]), "share": share(row)}
    return words(key, **figures, **place)

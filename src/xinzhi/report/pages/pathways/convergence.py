"""Who converges with whom, who has overtaken, and who has leapt or changed lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xinzhi import words
from xinzhi.core.result import values_by_key
from xinzhi.pathways import internal
from xinzhi.report.charts import kinds
from xinzhi.report.section import Picture, Section, picture, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import capitalised, sentence, yes_no
from xinzhi.report.table import table

FEW = 3
MOST = 24
NAMED = 40  # units whose names a cloud of points can show


@section.register
def leapfrog(result: internal.Leapfrog, *, region: str | None = None) -> Section:
    """Return which conditions of a leap hold where."""
    conditions, frame = result.conditions, result.by_region
    names = result.names.distinct("region", frame["region"])
    cells = [
        {
            "row": names[row["region"]],
            "column": capitalised(internal.CONDITIONS[name]),
            "mark": yes_no(row[name]),
            "value": None if row[name] is None else float(row[name]),
        }
        for row in frame.iter_rows(named=True)
        for name in conditions
    ]
    twin = table("pathways_leapfrog", frame, ("region", *conditions, "met", "judged"), result)
    chart = shown("pathways.conditions", result, frame, result.facts(), rows=cells, twin=twin)
    tables = []
    if region is not None:
        code = result.names.resolve(region, frame["region"])
        tables = [table("pathways_evidence", result.explain(code), of=result, name=names[code])]
    notes = (words.pathways.note_leapfrog(),)
    return Section.of("pathways.leapfrog", [chart], tables, anchor="paths-leapfrog", notes=notes)


@section.register
def northeast(result: internal.Northeast) -> Section:
    """Return provinces beside their synthetic controls, series by series."""
    facts = list(result.answer())
    pictures = [_gap(result, fact.values) for fact in facts if fact.key == "headline.gap"]
    names = [result.names.region(code) for code in dict.fromkeys(result.table["region"])]
    sentences = [sentence(fact) for fact in facts if fact.key == "headline.people"]
    refused = [fact for fact in facts if fact.key == "summary.refused"]
    return Section.of(
        "pathways.northeast",
        pictures,
        [table("pathways_northeast_ends", of=result), table("pathways_weights", result.comparable_weights, of=result)],
        anchor="paths-northeast",
        facts={"names": names},
        answer=[*sentences, *(sentence(picture.headline) for picture in pictures[:FEW]), *refused],
        notes=(*result.missing, words.pathways.note_synthetic()),
    )


def _gap(result: internal.Northeast, facts: Mapping[str, object]) -> Picture:
    """Return the gap of every province to its synthetic control over the years."""
    series = next(name for name, label in internal.SERIES.items() if label == facts["series"])
    label, title = internal.SERIES[series], capitalised(internal.SERIES[series])
    frame = result.gaps(series)
    matched_years = [row["year"] for row in frame.iter_rows(named=True) if not row["after"]]
    start, until = frame["year"].min(), max(matched_years, default=None)
    matched = {"start": start, "end": until, "word": words.pathways.chart_matched()}
    columns = ("region", "year", "actual", "synthetic", "gap")
    chart = picture(
        "pathways.gap",
        kinds.lines,
        rows_of(frame, result, group="region", year="year", value="gap"),
        table(f"pathways_northeast_{series}", frame, columns, result, title=title),
        {**facts, "series": title},
        title=title,
        y=words.pathways.chart_gap(series=label),
        reference=0,
        decimals=1,
        marks=[] if until is None or until == start else [matched],
    )
    kind = "northeast" if series == "population" else f"northeast-{series.replace('_', '-')}"
    return replace(chart, kind=kind, unit=label)


@section.register
def lead_changes(result: internal.LeadChanges, *, region: str | None = None) -> Section:
    """Return who has overtaken whom, in which interval, and whether it lasted."""
    code = None if region is None else result.names.resolve(region, dict.fromkeys(result.levels["unit"]))
    latest = result.latest_episodes(code, MOST)
    end = int(result.levels["year"].max())  # type: ignore[arg-type] # years are whole numbers
    rows: list[dict[str, Any]] = []
    for row in latest.iter_rows(named=True):
        a, b = (result.names.region(row[who]) for who in ("challenger", "incumbent"))
        name = words.pathways.chart_passes(a=a, b=b)
        spans = (
            (min(row["last_behind"], row["earliest"]), row["latest"], "changing"),
            (row["latest"], row["lost"] or end, "leading"),
        )
        rows += [{"name": name, "start": a, "end": b, "group": words.pathways.chart_of(word)} for a, b, word in spans]
    facts, frame = list(result.answer(code)), result.episodes_by_year(code)
    history = [fact for fact in facts if fact.key == "summary.history"]
    chart = shown(
        "pathways.overtaking", result, frame, values_by_key(facts), rows=rows, values={"shown": latest.height}
    )
    return Section.of(
        "pathways.lead",
        [chart] if rows else [],
        [chart.twin] if chart and not rows else [],
        anchor="paths-overtaking",
        answer=[*([sentence(chart.headline)] if chart else []), *history],
        notes=(words.pathways.note_overtaking(),),
    )

"""Who converges with whom, who has overtaken, and who has leapt or changed lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.text import Text
from xinzhi.pathways import internal
from xinzhi.report.charts import kinds
from xinzhi.report.section import Picture, Section, picture, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import capital, finding_notes, sentence, yes_no
from xinzhi.report.table import table

FEW = 3
MOST = 24
NAMED = 40  # units whose names a cloud of points can show


@section.register
def leapfrog(result: internal.Leapfrog, *, region: str | None = None) -> Section:
    """Return which conditions of a leap hold where."""
    order = result.regions.sort("met", "judged", "region", descending=[True, False, False])
    met = result.frame.pivot(on="condition", index="region", values="met")
    conditions = [name for name in internal.CONDITIONS if met[name].is_not_null().any()]
    frame = order.select("region", "met", "judged").join(met, on="region", maintain_order="left")
    names = result.names.distinct("region", frame["region"])
    cells = [
        {
            "row": names[row["region"]],
            "column": capital(internal.CONDITIONS[name]),
            "mark": yes_no(row[name]),
            "value": None if row[name] is None else float(row[name]),
        }
        for row in frame.iter_rows(named=True)
        for name in conditions
    ]
    twin = table("pathways_leapfrog", frame, ("region", *conditions, "met", "judged"), result)
    drawn = shown("pathways.conditions", result, frame, result.facts(), rows=cells, twin=twin)
    tables = []
    if region is not None:
        code = result.names.resolve(region, frame["region"])
        tables = [table("pathways_evidence", result.explain(code), of=result, name=names[code])]
    notes = (words.pathways.note_leapfrog(),)
    return Section.of("pathways.leapfrog", [drawn], tables, anchor="paths-leapfrog", notes=notes)


@section.register
def lane_changes(result: internal.LaneChanges) -> Section:
    """Return whether entries leave the lane: by tenths of relatedness to the old core."""
    frame = result.deciles.sort("decile")
    names = ("unrelated", "related")
    rows = [
        {
            "name": words.pathways.chart_decile(k=row["decile"]),
            "value": row["value"],
            "group": words.by_key(f"pathways.chart.{names[row['decile'] > result.unrelated]}"),
        }
        for row in rows_of(frame, result, decile="decile", value="rate")
    ]
    drawn = shown("pathways.lanes", result, frame, result.facts(), rows=rows)
    by_place = table("pathways_lanes_by_place", of=result)
    return Section.of(
        "pathways.lanes_section", [drawn], [by_place], anchor="paths-lanes", notes=finding_notes(result.findings)
    )


@section.register
def northeast(result: internal.Northeast) -> Section:
    """Return provinces beside their synthetic controls, series by series."""
    drawn = [_gap(result, facts) for facts in result.facts()["headline.gap"]]
    fitting = result.table.filter("fits").select("region", "series")
    named = result.weights.filter(pl.col("weight") >= internal.conventions("northeast")["shown"])
    weights = named.join(fitting, on=["region", "series"], how="semi")
    names = [result.names.region(code) for code in result.table["region"].unique(maintain_order=True)]
    facts = result.facts()
    people = facts.get("headline.people")
    told = [] if people is None else [sentence(words.pathways.headline_people(**people))]
    refused = [words.pathways.summary_refused(**one) for one in facts["summary.refused"]]
    return Section.of(
        "pathways.northeast",
        drawn,
        [table("pathways_northeast_ends", of=result), table("pathways_weights", weights, of=result)],
        anchor="paths-northeast",
        facts={"names": names},
        answer=[*told, *(sentence(one.headline) for one in drawn[:FEW]), *refused],
        notes=(*result.missing, words.pathways.note_synthetic()),
    )


def _gap(result: internal.Northeast, facts: Mapping[str, object]) -> Picture:
    """Return the gap of every province to its synthetic control over the years."""
    series = next(name for name, label in internal.SERIES.items() if label == facts["series"])
    label, title = internal.SERIES[series], capital(internal.SERIES[series])
    fits = result.table.filter(pl.col("fits"), series=series)
    frame = result.frame.filter(pl.col("region").is_in(fits["region"].to_list()), series=series).sort("region", "year")
    start, until = frame["year"].min(), frame.filter(~pl.col("after"))["year"].max()
    matched = {"start": start, "end": until, "word": words.pathways.chart_matched()}
    columns = ("region", "year", "actual", "synthetic", "gap")
    drawn = picture(
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
    return replace(drawn, kind=kind, unit=label)


@section.register
def clubs(result: internal.Clubs) -> Section:
    """Return which regions converge among themselves."""
    path = pl.col("path")
    means = (
        result.paths.join(result.frame.select("unit", "club"), on="unit")
        .group_by("club", "time")
        .agg(mean=path.mean(), low=path.min(), high=path.max())
        .sort("club", "time", nulls_last=True)
    )
    rows = [
        {"group": _club(row["club"]), "year": row["time"], "value": row["mean"], "low": row["low"], "high": row["high"]}
        for row in means.iter_rows(named=True)
    ]
    members = [result.members(club) for club in result.table["club"]]
    frame = result.table.with_columns(members=pl.Series(members, dtype=pl.List(pl.String)))
    facts, twin = result.facts(), table("pathways_clubs", frame, of=result)
    drawn = shown("pathways.club_paths", result, frame, facts, rows=rows, twin=twin)
    doubts = [
        words.by_key(f"pathways.{key}", **values)
        for key, values in facts.items()
        if key.startswith(("summary.placebo", "summary.sieve", "summary.short"))
    ]
    notes = (words.pathways.note_clubs(), *finding_notes(result.findings))
    return Section.of("pathways.clubs", [drawn], anchor="paths-clubs", answer=doubts, notes=notes)


def _club(club: int | None) -> Text:
    return words.pathways.chart_diverging() if club is None else words.pathways.chart_club(k=club)


@section.register
def beta(result: internal.BetaConvergence) -> Section:
    """Return whether laggards grow faster."""
    points = result.points.drop_nulls()
    named = {"name": "unit"} if result.observations == result.units <= NAMED else {}
    rows = rows_of(points, result, None, part="points", x="initial", y="growth", **named)
    ends = points.sort("initial").select("initial", 100 * pl.col("fitted")).rows()
    line = [] if result.conditional else [ends[0], ends[-1]]
    drawn = shown("pathways.beta", result, points, result.facts(), rows=rows, line=line)
    return Section.of("pathways.beta_section", [drawn], anchor="paths-beta", notes=finding_notes(result.findings))


@section.register
def sigma(result: internal.SigmaConvergence) -> Section:
    """Return whether differences shrink."""
    draws = {"group": words.pathways.chart_deviation()}
    drawn = shown("pathways.sigma", result, None, result.facts(), draws=draws)
    return Section.of("pathways.sigma_section", [drawn], anchor="paths-sigma", notes=finding_notes(result.findings))


@section.register
def lead_changes(result: internal.LeadChanges, *, region: str | None = None) -> Section:
    """Return who has overtaken whom, in which interval, and whether it lasted."""
    units = result.levels["unit"].unique(maintain_order=True)
    code = None if region is None else result.names.resolve(region, units)
    frame = result.episodes_of(code)
    lasting = frame.filter(pl.col("durable"))
    order = ("latest", "challenger", "incumbent")
    last = (lasting if lasting.height else frame).sort(*order, descending=[True, False, False]).head(MOST).sort(*order)
    end = int(result.levels["year"].max())  # type: ignore[arg-type] # years are whole numbers
    rows: list[dict[str, Any]] = []
    for row in last.iter_rows(named=True):
        a, b = (result.names.region(row[who]) for who in ("challenger", "incumbent"))
        name = words.pathways.chart_passes(a=a, b=b)
        spans = (
            (min(row["last_behind"], row["earliest"]), row["latest"], "changing"),
            (row["latest"], row["lost"] or end, "leading"),
        )
        rows += [{"name": name, "start": a, "end": b, "group": words.pathways.chart_of(word)} for a, b, word in spans]
    facts, frame = result.facts(code), frame.sort("latest", "challenger")
    told = [words.pathways.summary_history(**facts["summary.history"])] if "summary.history" in facts else []
    drawn = shown("pathways.overtaking", result, frame, facts, rows=rows, values={"shown": last.height})
    return Section.of(
        "pathways.lead",
        [drawn] if rows else [],
        [drawn.twin] if drawn and not rows else [],
        anchor="paths-overtaking",
        answer=[*([sentence(drawn.headline)] if drawn else []), *told],
        notes=(words.pathways.note_overtaking(),),
    )

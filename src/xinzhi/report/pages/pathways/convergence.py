"""The sections on convergence and overtaking: do laggards catch up, in which clubs, and who has passed whom."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.text import Text, words
from xinzhi.pathways import BetaConvergence, Clubs, LeadChanges, SigmaConvergence
from xinzhi.report.charts import kit
from xinzhi.report.pages.pathways.entry import uncrowded
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Section
from xinzhi.report.sentence import finding_notes, sentence
from xinzhi.report.table import table

MOST = 24
NAMED = 40  # units whose names a cloud of points can show


def clubs(result: Clubs, *, region: str | None = None) -> Section:
    """Return which regions converge among themselves."""
    del region
    path = pl.col("path")
    means = (
        result.paths.join(result.frame.select("unit", "club"), on="unit").group_by("club", "time")
        .agg(mean=path.mean(), low=path.min(), high=path.max()).sort("club", "time", nulls_last=True)
    )  # fmt: skip
    rows = [
        {"group": _club(row["club"]), "year": row["time"], "value": row["mean"], "low": row["low"], "high": row["high"]}
        for row in means.iter_rows(named=True)
    ]
    members = [result.members(club) for club in result.table["club"]]
    frame = result.table.with_columns(members=pl.Series(members, dtype=pl.List(pl.String)))
    columns = ("club", "units", "slope", "t", "converges", "members")
    headline, facts = next(iter(result.facts().items()))
    drawn = picture(
        "pathways.clubs", kit.lines, rows, table("pathways_clubs", frame, columns, result, part="table"),
        facts, title="club_paths", headline=headline.removeprefix("headline."), unit="path", y="path", reference=1,
    )  # fmt: skip
    doubts = [
        words(f"pathways.{key}", **values)
        for key, values in result.facts().items()
        if key.startswith(("summary.placebo", "summary.sieve", "summary.short"))
    ]
    notes = (words("pathways.note.clubs"), *finding_notes(result.findings))
    return Section.of("pathways.clubs", [drawn], anchor="paths-clubs", answer=doubts, notes=notes)


def _club(club: int | None) -> Text:
    return words("pathways.chart.diverging") if club is None else words("pathways.chart.club", k=club)


def beta(result: BetaConvergence, *, region: str | None = None) -> Section:
    """Return whether laggards grow faster."""
    del region
    points = result.points.drop_nulls()
    named = {"name": "unit"} if result.observations == result.units <= NAMED else {}
    rows = rows_of(points, result, None, part="points", x="initial", y="growth", **named)
    ends = points.sort("initial").select("initial", 100 * pl.col("fitted")).rows()
    headline, facts = next(iter(result.facts().items()))
    drawn = picture(
        "pathways.beta", kit.points, uncrowded(rows) if named else rows,
        table("pathways_beta", points, ("unit", "initial", "growth"), result, part="points"), facts,
        headline=headline.removeprefix("headline."), unit="growth", x="initial", y="growth",
        line=[] if result.conditional else [ends[0], ends[-1]], split=(None, 0.0),
    )  # fmt: skip
    return Section.of("pathways.beta_section", [drawn], anchor="paths-beta", notes=finding_notes(result.findings))


def sigma(result: SigmaConvergence, *, region: str | None = None) -> Section:
    """Return whether differences shrink."""
    del region
    headline, facts = next(iter(result.facts().items()))
    drawn = picture(
        "pathways.sigma", kit.lines,
        rows_of(result.frame, result, year="year", value="deviation", group=words("pathways.chart.deviation")),
        table("pathways_sigma", result.frame, ("year", "units", "deviation", "variation", "range"), result), facts,
        headline=headline.removeprefix("headline."), unit="log", y="deviation", decimals=3,
    )  # fmt: skip
    return Section.of("pathways.sigma_section", [drawn], anchor="paths-sigma", notes=finding_notes(result.findings))


def lead_changes(result: LeadChanges, *, region: str | None = None) -> Section:
    """Return who has overtaken whom, in which interval, and whether it lasted."""
    units = result.levels["unit"].unique(maintain_order=True)
    code = None if region is None else result.names.resolve(region, units)
    frame = result.of(code)
    lasting = frame.filter(pl.col("durable"))
    order = ("latest", "challenger", "incumbent")
    shown = (lasting if lasting.height else frame).sort(*order, descending=[True, False, False]).head(MOST).sort(*order)
    end = int(result.levels["year"].max())  # type: ignore[arg-type] # years are whole numbers
    rows: list[dict[str, Any]] = []
    for row in shown.iter_rows(named=True):
        a, b = (result.names.region(row[who]) for who in ("challenger", "incumbent"))
        name = words("pathways.chart.passes", a=a, b=b)
        spans = ((min(row["last_behind"], row["earliest"]), row["latest"], "changing"),
                 (row["latest"], row["lost"] or end, "leading"))  # fmt: skip
        rows += [{"name": name, "start": a, "end": b, "group": words(f"pathways.chart.{word}")} for a, b, word in spans]
    every = result.facts(code)
    headline, facts = next(iter(every.items()))
    told = [words("pathways.summary.history", **every["summary.history"])] if "summary.history" in every else []
    columns = ("challenger", "incumbent", "earliest", "latest", "lost", "durable")
    drawn = picture(
        "pathways.overtaking", kit.timeline, rows,
        table("pathways_overtaking", frame.sort("latest", "challenger"), columns, result),
        {**facts, "shown": shown.height}, headline=headline.removeprefix("headline."), unit="year",
    )  # fmt: skip
    return Section.of(
        "pathways.lead", [drawn] if rows else [], [] if rows else [drawn.twin], anchor="paths-overtaking",
        answer=[sentence(drawn.headline), *told], notes=(words("pathways.note.overtaking"),),
    )  # fmt: skip

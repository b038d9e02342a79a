"""The section on the coordinated plan: plan against herd, what each kind gains, who gets what, and the caps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.palette import GROUPS
from xinzhi.report.rooms.pathways.names import NARROW, code_of, column, sentence, told
from xinzhi.report.rooms.sectors.names import distinct, short
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.pathways import Plan

KINDS = ("coordinated", "queue", "greedy", "herd")
FEW, MOST = 3, 45


def plan(result: Plan, *, region: str | None = None) -> Section:
    """Return what a coordinated plan gains over the herd and over everybody for itself."""
    names = _pairs(result.regions, "region")
    labels = _pairs(result.industries, "industry")
    code = None if region is None else code_of(region, names)
    drawn = [gains(result), against_herd(result, labels), portfolios(result, names, labels), *_caps(result)]
    kept = [one for one in drawn if one]
    notes = [words("pathways.note.plan"), *told(result.findings)]
    if result.odds is not None:
        notes.insert(1, words("pathways.note.odds", year=result.year))
    if code is not None:
        said = result.explain(code)
        notes.insert(0, Text(zh=said.text("zh"), en=said.text("en")))
    return Section(
        key="plan",
        title=words("pathways.title.plan"),
        answer=tuple(sentence(one.headline) for one in kept),
        pictures=tuple(kept),
        tables=(_assigned(result, names, labels),),
        notes=tuple(notes),
    )


def _pairs(frame: pl.DataFrame, stem: str) -> dict[str, Text]:
    return distinct(
        {code: Text(zh=zh, en=en) for code, zh, en in frame.select(stem, f"{stem}_zh", f"{stem}_en").rows()}
    )


def gains(result: Plan) -> Picture:
    """Return the expected gain that each kind of plan realises under the caps, and what crowding loses."""
    found = {r["kind"]: r for r in result.comparison.iter_rows(named=True)}
    rows = [
        {
            "name": words(f"pathways.chart.{kind}"), "realised": found[kind]["gain_realised"],
            "crowded": found[kind]["gain_named"] - found[kind]["gain_realised"],
        }
        for kind in KINDS
    ]  # fmt: skip
    parts = {
        "realised": (words("pathways.chart.realised"), GROUPS[0]),
        "crowded": (words("pathways.chart.crowded"), GROUPS[2]),
    }
    ours, herd, greedy = (found[kind] for kind in ("coordinated", "herd", "greedy"))
    columns = (column("kind", "name"), column("places", "integer"), column("gain_realised", "figure"),
               column("lost_share", "percent"), column("excess", "integer"), column("mean_jaccard", "score"),
               column("below_floor", "integer"))  # fmt: skip
    cells = [
        (words(f"pathways.chart.{kind}"), found[kind]["places"], found[kind]["gain_realised"],
         100 * found[kind]["lost"],
         found[kind]["excess"], found[kind]["mean_jaccard"], found[kind]["below_floor"])
        for kind in KINDS
    ]  # fmt: skip
    return Picture(
        kind="plan",
        title=words("pathways.title.gains"),
        headline=words(
            "pathways.headline.gains", ours=number(ours["gain_realised"], 1), herd=number(herd["gain_realised"], 1),
            greedy=number(greedy["gain_realised"], 1), excess=herd["excess"], alone=greedy["excess"],
        ),
        draw=lambda w: kit.stacked(w, rows, parts, x=words("pathways.chart.expected_gain"), total="realised"),
        how=words("pathways.how.gains"),
        unit=words("pathways.unit_of.gain"),
        twin=Table(key="pathways_plan", title=words("pathways.table.plan"), columns=columns, rows=cells),
    )  # fmt: skip


def against_herd(result: Plan, labels: Mapping[str, Text]) -> Picture:
    """Return, by industry, how many regions the herd and the plan send there, and how many it takes."""
    frame = result.industries.filter(
        (pl.col("coordinated") > 0) | (pl.col("herd") > 0) | (pl.col("greedy") > 0)
    ).sort("herd", "greedy", "industry", descending=[True, True, False])  # fmt: skip
    rows = [
        {"name": labels[r["industry"]], "within": r["herd"] - r["herd_excess"], "beyond": r["herd_excess"],
         "coordinated": r["coordinated"]}
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    parts = {
        "within": (words("pathways.chart.herd_within"), GROUPS[1]),
        "beyond": (words("pathways.chart.herd_beyond"), GROUPS[3]),
    }
    top = frame.row(0, named=True)
    columns = (column("industry", "name"), column("cap", "integer"), column("coordinated", "integer"),
               column("greedy", "integer"), column("herd", "integer"), column("cap_price", "score"))  # fmt: skip
    cells = [(labels[r["industry"]], r["cap"], r["coordinated"], r["greedy"], r["herd"], r["cap_price"])
             for r in frame.iter_rows(named=True)]  # fmt: skip
    return Picture(
        kind="herd",
        title=words("pathways.title.against_herd"),
        headline=words(
            "pathways.headline.against_herd", name=labels[top["industry"]], herd=top["herd"], cap=top["cap"],
            ours=top["coordinated"], k=int((frame["herd_excess"] > 0).sum()),
        ),
        draw=lambda w: kit.stacked(w, rows, parts, x=words("pathways.chart.regions"), total="coordinated", decimals=0),
        how=words("pathways.how.against_herd"),
        unit=words("pathways.unit_of.regions"),
        twin=Table(key="pathways_herd", title=words("pathways.title.against_herd"), columns=columns, rows=cells),
    )  # fmt: skip


def portfolios(result: Plan, names: Mapping[str, Text], labels: Mapping[str, Text]) -> Picture | None:
    """Return who gets what; None where regions and industries are too many to draw."""
    used = [one for one in labels if result.frame.filter(pl.col("industry") == one).height]
    if len(names) > MOST or len(used) > MOST:
        return None
    brief = distinct({one: short(labels[one], NARROW) for one in used})
    found = {(r["region"], r["industry"]): r["value"] for r in result.frame.iter_rows(named=True)}
    cells = [{"row": names[a], "column": brief[b], "value": found.get((a, b))} for a in names for b in used]
    moved = result.frame.filter(pl.col("reason") == "moved").height
    columns = (column("place", "name"), column("size", "integer"), column("gain", "figure"),
               column("own_best", "figure"),
               column("share_of_own", "percent"))  # fmt: skip
    rows = [(names[r["region"]], r["size"], r["gain"], r["own_best"], None if r["share"] is None else 100 * r["share"])
            for r in result.regions.iter_rows(named=True)]  # fmt: skip
    return Picture(
        kind="portfolios",
        title=words("pathways.title.portfolios"),
        headline=words("pathways.headline.portfolios", moved=moved, n=result.frame.height, used=len(used)),
        draw=lambda w: kit.matrix(w, cells, title=words("pathways.chart.expected_gain")),
        how=words("pathways.how.portfolios"),
        unit=words("pathways.unit_of.gain"),
        twin=Table(key="pathways_portfolios", title=words("pathways.table.portfolios"), columns=columns, rows=rows),
    )


def _caps(result: Plan) -> list[Picture]:
    """Return which caps are scarce: by how much the total would grow with one more place."""
    frame = result.industries.filter(pl.col("cap_price") > 0).sort("cap_price", descending=True).head(10)
    if not frame.height:
        return []
    labels = _pairs(result.industries, "industry")
    rows = [{"name": labels[r["industry"]], "value": r["cap_price"]} for r in frame.iter_rows(named=True)]
    columns = (column("industry", "name"), column("cap", "integer"), column("cap_price", "score"))
    cells = [(labels[r["industry"]], r["cap"], r["cap_price"]) for r in frame.iter_rows(named=True)]
    return [
        Picture(
            kind="scarce",
            title=words("pathways.title.scarce"),
            headline=words("pathways.headline.scarce", names=listing([row["name"] for row in rows[:FEW]]),
                           price=number(rows[0]["value"], 2)),
            draw=lambda w: kit.bars(w, rows, x=words("pathways.chart.cap_price"), decimals=2),
            how=words("pathways.how.scarce"),
            unit=words("pathways.unit_of.gain"),
            twin=Table(key="pathways_scarce", title=words("pathways.title.scarce"), columns=columns, rows=cells),
        )
    ]  # fmt: skip


def _assigned(result: Plan, names: Mapping[str, Text], labels: Mapping[str, Text]) -> Table:
    reason = {"own choice": words("pathways.chart.own_choice"), "moved": words("pathways.chart.moved")}
    rows = [
        (names[r["region"]], labels[r["industry"]], 100 * r["probability"], r["gain"], r["value"], r["own_rank"],
         reason.get(r["reason"]))
        for r in result.frame.iter_rows(named=True)
    ]  # fmt: skip
    columns = (column("place", "name"), column("industry", "name"), column("probability", "percent"),
               column("gain", "score"), column("value_of", "score"), column("own_rank", "integer"),
               column("reason", "text"))  # fmt: skip
    return Table(key="pathways_assigned", title=words("pathways.table.assigned"), columns=columns, rows=rows)


def region_code(result: Plan, region: str) -> str:
    """Return the code of a region of a plan that is given by code or name.

    Raises
    ------
    UsageError
        When no region is called so.
    """
    return code_of(region, _pairs(result.regions, "region"))

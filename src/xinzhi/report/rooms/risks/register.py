"""The section on the register: which pitfalls the evidence points to, by region and item; there is no total score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, paragraph, same, words
from xinzhi.report.charts import kit
from xinzhi.report.rooms.pathways.names import capital, code_of, sentence, told
from xinzhi.report.rooms.risks.register_items import items
from xinzhi.report.rooms.risks.register_ledger import ledger
from xinzhi.report.rooms.risks.register_tables import flags, thresholds, unchecked
from xinzhi.report.rooms.risks.register_words import (
    Names,
    brief_pitfall,
    column,
    mark,
    pitfall,
    reason,
    severity,
    status,
)
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table
from xinzhi.risks.register.rules import pitfalls

if TYPE_CHECKING:
    from xinzhi.risks import Register

MOST = 50  # regions of a picture
SHOWN = 3
WIDE = 76


def registered(result: Register, *, region: str | None = None) -> Section:
    """Return what the register says: the matrix of regions and pitfalls, industries, and one region's own figures."""
    names = Names(result)
    code = None if region is None else code_of(region, names.regions)
    drawn = [matrix(result, names, code), items(result, names)]
    if code is not None:
        drawn.append(ledger(result, names, code))
    seen = [one for one in drawn if one is not None]
    lost = [one for one in result.findings if one.rule != "evidence-not-given"]
    more = () if code is not None or not seen else (words("register.note.one"),)
    return Section(
        key="risks-register",
        title=words("register.title.section"),
        answer=(*answer(result, names), *(sentence(one.headline) for one in seen if one.kind == "ledger")),
        pictures=tuple(seen),
        tables=tuple(one for one in (unchecked(result, names), flags(result, names), thresholds()) if one.rows),
        notes=(words("register.note.thresholds"), words("register.note.umbrella"), *more, *told(lost)),
    )


def answer(result: Register, names: Names) -> tuple[Text, ...]:
    """Return one sentence a pitfall: how many regions it touches, how gravely, in which items; and what is dark."""
    if not names.codes:
        return (words("register.answer.nothing"),)
    lines, dark = [], []
    for name in pitfalls():
        rows = result.matrix.filter(pitfall=name)
        seen = rows.filter(pl.col("status") != "not checked").height
        if not seen:
            dark.append(pitfall(name))
            continue
        hit, grave = rows.filter(status="flagged").height, rows.filter(severity="alert").height
        said = {"name": pitfall(name), "n": seen, "k": hit, "a": grave or Text(zh="0", en="none")}
        often = _often(result, names, name)
        if not hit:
            lines.append(words("register.answer.clear", **said))
        elif often:
            lines.append(words("register.answer.pitfall_items", **said, items=listing(often)))
        else:
            lines.append(words("register.answer.pitfall", **said))
        if seen < rows.height:
            lines.append(words("register.answer.partly", name=pitfall(name), k=rows.height - seen, n=rows.height))
    if dark:
        lines.append(words("register.answer.dark", names=listing(dark)))
    return (*(capital(one) for one in lines), words("register.answer.parts"))


def _often(result: Register, names: Names, name: str) -> list[Text]:
    """Return the items of a pitfall that are flagged in most regions; those of one region each are no pattern."""
    counts = (
        result.frame.filter(pl.col("pitfall") == name, pl.col("kind") != "region")
        .group_by("kind", "item")
        .agg(count=pl.col("region").n_unique())
        .filter(pl.col("count") > 1)
        .sort("count", "item", descending=[True, False])
    )
    return [
        words("register.answer.item", name=names.item(kind, item), count=count)
        for kind, item, count in counts.head(SHOWN).rows()
    ]


def matrix(result: Register, names: Names, region: str | None = None) -> Picture | None:
    """Return the risk matrix: the share of checks flagged as shade, their number and the worst severity as text."""
    if not names.codes:
        return None
    shown = names.codes[:MOST]
    if region is not None and region not in shown:
        shown = [*shown[:-1], region]
    frame = result.matrix
    cells = [
        {
            "row": names.region(r["region"]), "column": brief_pitfall(r["pitfall"]),
            "value": None if r["status"] == "not checked" else 100.0 * r["share"], "mark": same(mark(r)),
        }
        for r in frame.filter(pl.col("region").is_in(shown)).iter_rows(named=True)
    ]  # fmt: skip
    columns = (
        column("region", "name"), column("pitfall", "text"), column("status", "text"), column("checked", "integer"),
        column("flagged", "integer"), column("share", "figure"), column("severity", "text"), column("why", "text"),
    )  # fmt: skip
    rows = [
        (
            names.region(r["region"]), pitfall(r["pitfall"]), status(r["status"]), r["checked"], r["flagged"],
            None if r["share"] is None else 100.0 * r["share"], severity(r["severity"]), reason(r),
        )
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    how = words("register.how.matrix")
    if len(shown) < len(names.codes):
        first = words("register.how.matrix_first", k=len(shown))
        how = paragraph((how, first))
    return Picture(
        kind="matrix",
        title=words("register.title.matrix"),
        headline=_matrix_headline(result, names),
        draw=lambda w: kit.matrix(w, cells, title=words("register.chart.share"), domain=(0.0, 100.0), cell=WIDE),
        how=how,
        unit=words("register.unit_of.flags"),
        twin=Table(key="register_matrix", title=words("register.table.matrix"), columns=columns, rows=rows),
    )


def _matrix_headline(result: Register, names: Names) -> Text:
    """Return how many regions each pitfall touches, and what was not checked at all."""
    parts, dark = [], []
    for name in pitfalls():
        rows = result.matrix.filter(pitfall=name)
        if not rows.filter(pl.col("status") != "not checked").height:
            dark.append(brief_pitfall(name))
        elif hit := rows.filter(status="flagged").height:
            parts.append(words("register.headline.part", name=brief_pitfall(name), k=hit))
    said = {"n": len(names.codes), "parts": listing(parts), "dark": listing(dark)}
    if parts:
        return words("register.headline.matrix", **said) if dark else words("register.headline.matrix_all", **said)
    return words("register.headline.none", **said) if dark else words("register.headline.none_all", **said)

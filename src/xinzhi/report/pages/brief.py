"""The brief of one region as a page that prints on two sheets of A4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from xinzhi import words
from xinzhi.core.schema import describe
from xinzhi.core.text import NOTHING, Language, Text, outward, percent, same, span_text
from xinzhi.report.page import asset, bilingual_svg_text, environment, table_markup, ticks
from xinzhi.report.palette import FACTORS, FAINT, INK, SOFT
from xinzhi.report.table import Column, Table
from xinzhi.studies.internal import Brief, gap_figures

WIDTH, ROW = 320, 16
PLOT = (108, 286)
OWN = {"self": FACTORS["tfp"], "peer": INK, "neighbour": SOFT, "both": INK}


def page(brief: Brief, language: Language) -> str:
    """Return a brief as HTML in both languages; it opens in the language that is asked for."""
    title = words.brief.title_page(name=brief.about)
    parts = [part for part in brief.parts if part not in {"answer", "record"}]  # these have places of their own
    return (
        environment()
        .get_template("brief.html.j2")
        .render(
            language=language,
            title=title,
            subtitle=words.brief.subtitle(source=brief.source, span=brief.span),
            made=brief,
            parts=parts,
            evidence=None if (rows := evidence(brief)) is None else table_markup(rows, 1),
            gaps=None if (table := gaps(brief)) is None else table_markup(table, 1),
            growth=Markup(growth(brief.more["sources_of_growth"], brief.about)),  # noqa: S704 - made here, its words escaped
            company=Markup(company(brief)),  # noqa: S704 - made here, its words escaped
            style=asset("brief.css"),
            foot=provenance(brief),
            w=words.by_key,
        )
    )


def provenance(brief: Brief) -> Text:
    """Return the line at the foot: data, protocol, version."""
    mark = brief.results["measurement"].provenance
    return words.shared.label_foot(source=brief.source, mark=Text(zh=mark.foot("zh"), en=mark.foot("en")))


def evidence(brief: Brief) -> Table | None:
    """Return the main evidence of the region as a table; None without any."""
    frame: pl.DataFrame | None = brief.more.get("evidence")
    if frame is None or frame.is_empty():
        return None
    able = brief.results["able"]
    planned = frame["named"].any()
    rows = []
    for row in frame.iter_rows(named=True):
        named = words.shared.label_yes() if row["named"] else words.shared.label_no()
        category = able.names.text("category", row["category"])
        text = Text(zh=row["evidence_zh"], en=row["evidence_en"])
        rows.append((category, _verdict(row), *([named] if planned else []), text))
    heads = ["category", "verdict", *(["planned"] if planned else []), "evidence"]
    columns = tuple(Column(title=words.brief.column_of(name), kind="text") for name in heads)
    return Table(key="evidence", title=words.brief.table_evidence(), columns=columns, rows=rows)


def _verdict(row: Mapping[str, Any]) -> Text:
    """Return what evidence says of a category; of a decision of the centre alone, that there is no more."""
    if row["designated"]:
        return words.pathways.explain_designated_only()
    verdict, grade = (describe("able", name).values for name in ("able", "grade"))
    cell = verdict[row["able"]]
    return words.brief.column_graded(verdict=cell, grade=grade[row["grade"]]) if row["grade"] else cell


def gaps(brief: Brief) -> Table | None:
    """Return all sources of growth beside the median of the peers; None without peers."""
    frame: pl.DataFrame | None = brief.more.get("gaps")
    if frame is None or frame.is_empty():
        return None
    banded = frame["banded"].any()
    heads = ["factor", "own", "peers", "gap", *(["band"] if banded else []), "level"]
    rows = []
    for row in frame.iter_rows(named=True):
        band = " … ".join(percent(end, 2) for end in outward(row["low"], row["high"])) if row["banded"] else NOTHING
        level = "" if row["level"] is None else f"{row['level']:.2f} / {row['level_peers']:.2f}"
        factor = words.brief.factor_of(row["factor"])
        rows.append((factor, *gap_figures(row).values(), *([same(band)] if banded else []), same(level)))
    columns = tuple(Column(title=words.brief.column_of(name), kind="text") for name in heads)
    return Table(key="gaps", title=words.brief.table_gaps(), columns=columns, rows=rows)


def growth(frame: pl.DataFrame, about: Text, language: Language | None = None) -> str:
    """Return the contributions as stacked bars: the region and all together, in the last two periods."""
    # `language`: of what the bars say under the pointer; nothing on paper
    parts = {
        "capital": "capital_contribution",
        "labour": "labour_contribution",
        "human_capital": "human_capital_contribution",
        "tfp": "tfp_growth",
    }
    columns = list(parts.values())
    low = min(0.0, *(sum(min(row[column], 0.0) for column in columns) for row in frame.iter_rows(named=True)))
    high = max(0.0, *(sum(max(row[column], 0.0) for column in columns) for row in frame.iter_rows(named=True)))
    start, right = PLOT
    scale = (right - start) / ((high - low) or 1.0)
    zero = start - low * scale
    marks, y = [bilingual_svg_text(words.brief.table_parts(), 0, 10)], 12
    for at, row in enumerate(frame.iter_rows(named=True)):
        if at == 0 or row["span"] != frame["span"][at - 1]:
            y += 14
            marks.append(bilingual_svg_text(span_text(*row["span"].split("–")), 0, y))
            y += 4
        name = about if row["kind"] == "self" else words.shared.label_national()
        marks.append(bilingual_svg_text(name, start - 6, y + 10, anchor="end", size=9))
        above, below = zero, zero
        for factor, column in parts.items():
            size = abs(row[column]) * scale
            below -= size if row[column] < 0 else 0.0
            x = above if row[column] >= 0 else below
            above += size if row[column] >= 0 else 0.0
            line = words.shared.chart_told_line(name=words.by_key(f"chart.{factor}"), value=percent(row[column]))
            label = f' role="img" aria-label="{escape(_label(name, row["span"], line, language))}"' if language else ""
            marks.append(f'<rect x="{x:.1f}" y="{y}" width="{size:.1f}" height="12" fill="{FACTORS[factor]}"{label}/>')
        marks.append(f'<text x="{above + 4:.1f}" y="{y + 10}">{percent(row["output_growth"])}</text>')
        marks.append(f'<path d="M{zero:.1f} {y - 1}v14" stroke="{SOFT}" fill="none"/>')
        y += ROW
    x, bottom = 0.0, y + 14
    for factor in parts:
        name = words.brief.short_of(factor)
        marks.append(f'<rect x="{x:.0f}" y="{bottom - 8}" width="8" height="8" fill="{FACTORS[factor]}"/>')
        marks.append(bilingual_svg_text(name, x + 11, bottom, size=9))
        x += 22 + 5.0 * max(len(name.en), 2 * len(name.zh))
    return _svg(marks, bottom + 4, words.brief.table_parts())


def _label(name: Text, span: str, line: Text, language: Language) -> str:
    return f"{name.lang(language)} · {span}\n{line.lang(language)}"


def company(brief: Brief) -> str:
    """Return growth with its band and the range of ranks of the region, its peers and its neighbours."""
    frame: pl.DataFrame = brief.more["company"].filter(pl.col("growth").is_not_null())
    if frame.is_empty():
        return ""
    names = brief.results["measurement"].names
    figures = pl.concat([frame["growth"], frame["low"], frame["high"]]).drop_nulls()
    low, high = min(0.0, float(str(figures.min()))), max(0.0, float(str(figures.max())))
    first, right = 170, 480
    scale = (right - first) / ((high - low) or 1.0)
    title = words.brief.table_company(span=brief.span)
    marks = [bilingual_svg_text(title, 0, 10)]
    if frame["rank_low"].count():
        marks.append(bilingual_svg_text(words.brief.column_ranks(), 640, 10, anchor="end"))
    for at, row in enumerate(frame.sort(pl.col("kind") != "self", maintain_order=True).iter_rows(named=True)):
        y = 24 + at * 14
        colour, name = OWN[row["kind"]], names.region(row["region"])
        kind = words.brief.company_of(row["kind"])
        marks.append(bilingual_svg_text(name, 0, y + 3))
        marks.append(bilingual_svg_text(kind, 96, y + 3, size=9))
        place = first + (row["growth"] - low) * scale
        if row["low"] is not None:
            start, end = (first + (row[end_name] - low) * scale for end_name in ("low", "high"))
            marks.append(f'<path d="M{start:.1f} {y}H{end:.1f}" stroke="{colour}" stroke-width="4" opacity=".35"/>')
        marks.append(f'<circle cx="{place:.1f}" cy="{y}" r="3.4" fill="{colour}"/>')
        band = "" if row["low"] is None else f" ({percent(row['low'])}, {percent(row['high'])})"
        marks.append(f'<text x="{right + 12}" y="{y + 3}">{percent(row["growth"])}{band}</text>')
        if row["rank_low"] is not None:
            marks.append(f'<text x="640" y="{y + 3}" text-anchor="end">{row["rank_low"]}–{row["rank_high"]}</text>')
    bottom = 24 + frame.height * 14
    for value in ticks(100 * low, 100 * high):
        x = first + (value / 100 - low) * scale
        marks.insert(1, f'<path d="M{x:.1f} 16V{bottom - 6}" stroke="{FAINT}" fill="none"/>')
        label = f"{value:g}".replace("-", "−")
        marks.append(f'<text x="{x:.1f}" y="{bottom + 4}" text-anchor="middle" font-size="8">{label}</text>')
    return _svg(marks, bottom + 8, title, width=660)


def _svg(marks: list[str], height: float, title: Text, width: int = WIDTH) -> str:
    from html import escape

    name = escape(f"{title.zh} {title.en}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="group" aria-label="{name}" class="sketch" '
        f'viewBox="0 0 {width} {height:.0f}" font-size="10" fill="{INK}">{"".join(marks)}</svg>'
    )

"""The brief of one region as a page that prints on two sheets of A4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from xinzhi import words
from xinzhi.core.schema import describe
from xinzhi.core.text import NOTHING, Language, Text, outward, percent, same, span_text
from xinzhi.report.page import asset, bilingual_svg_text, environment, table_markup
from xinzhi.report.palette import FACTORS, INK, SOFT
from xinzhi.report.table import Column, Table
from xinzhi.studies.internal import Brief, gap_figures, headings

WIDTH, ROW = 320, 16
PLOT = (108, 286)
SPACE, TOP, STEP = (150, 560), 26, 42  # of the picture on paper: where its bars begin and end, and their distance
LABEL = 26  # width of a part that holds its figure
PARTS = {"capital": "#b9bec4", "labour": "#8fa8a6", "human_capital": "#5f7f7c", "tfp": "#1f4e8c"}


def page(brief: Brief, language: Language) -> str:
    """Return a brief as HTML in both languages; it opens in the language that is asked for."""
    titles = headings(brief.sheet)
    sections = [(name, titles[name], lines) for name, lines in brief.sheet.items() if name in titles]
    table = requirement(brief)
    return (
        environment()
        .get_template("brief.html.j2")
        .render(
            language=language,
            title=words.brief.sheet_page(name=brief.about),
            issued=words.brief.sheet_issued(**brief.head),
            answer=brief.sheet["answer"],
            sections=sections,
            picture=Markup(figure(brief)),  # noqa: S704 - made here, its words escaped
            table=None if table is None else table_markup(table, 1),
            notes=brief.notes,
            style=asset("brief.css"),
            foot=provenance(brief),
            w=words.by_key,
        )
    )


def figure(brief: Brief) -> str:
    """Return the sources of growth as bars: all regions, the region, and what its target requires."""
    frame: pl.DataFrame = brief.more["bars"]
    if frame.is_empty():
        return ""
    rows = frame.to_dicts()
    below_zero = [sum(min(row[factor], 0.0) for factor in PARTS) for row in rows]
    above_zero = [sum(max(row[factor], 0.0) for factor in PARTS) for row in rows]
    low, high = min(0.0, *below_zero), max(above_zero)
    first, last = SPACE
    scale = (last - first) / ((high - low) or 1.0)
    zero = first - low * scale
    marks, y = [], TOP
    for row in rows:
        name = brief.about if row["bar"] == "region" else words.brief.sheet_bar_of(row["bar"])
        marks.append(bilingual_svg_text(name, 0, y + 12, size=15))
        marks.append(bilingual_svg_text(span_text(row["start"], row["end"]), 0, y + 27, size=13))
        above, below = zero, zero
        for factor, colour in PARTS.items():
            size = abs(row[factor]) * scale
            below -= size if row[factor] < 0 else 0.0
            x = above if row[factor] >= 0 else below
            above += size if row[factor] >= 0 else 0.0
            marks.append(f'<rect x="{x:.1f}" y="{y}" width="{size:.1f}" height="24" fill="{colour}" stroke="#fff"/>')
            if size > LABEL:
                ink = "#fff" if factor == "tfp" else INK
                label = percent(row["tfp_growth"] if factor == "tfp" else row[factor])
                marks.append(
                    f'<text x="{x + size / 2:.1f}" y="{y + 17}" text-anchor="middle" font-size="14" fill="{ink}">'
                    f"{label}</text>"
                )
        marks.append(f'<text x="{above + 6:.1f}" y="{y + 17}" font-size="15">{percent(row["growth"])}</text>')
        y += STEP
    marks.append(f'<path d="M{zero:.1f} {TOP - 6}V{y - 8}" stroke="{INK}" fill="none"/>')
    x = 0.0
    for factor, colour in PARTS.items():
        name = words.brief.short_of(factor)
        marks.append(f'<rect x="{x:.0f}" y="2" width="12" height="12" fill="{colour}"/>')
        marks.append(bilingual_svg_text(name, x + 17, 13, size=14))
        x += 36 + 8.0 * max(len(name.en), 2 * len(name.zh))
    return _svg(marks, y - 4, words.brief.sheet_figure(), width=620)


def requirement(brief: Brief) -> Table | None:
    """Return what the target requires by growth of investment; None without a target."""
    frame: pl.DataFrame = brief.more["requirement"]
    if frame.is_empty():
        return None
    rows = []
    for row in frame.iter_rows(named=True):
        ends = [percent(row[end]) for end in ("low", "high") if row[end] is not None]
        past = NOTHING if row["past_share"] is None else f"{row['past_share']:.0%}"
        rows.append(
            (
                words.brief.sheet_scenario_of(row["scenario"]),
                same(percent(row["investment"])),
                same(percent(row["required"])),
                Text(zh="—".join(ends), en="–".join(ends)) if ends else same(NOTHING),
                same(past),
            )
        )
    heads = (
        words.brief.sheet_head_scenario(),
        words.brief.sheet_head_investment(),
        words.brief.sheet_head_required(),
        words.brief.sheet_head_interval(),
        words.brief.sheet_head_past_share(),
    )
    columns = tuple(Column(title=head, kind="text") for head in heads)
    return Table(key="requirement", title=words.brief.sheet_table(), columns=columns, rows=rows)


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


def _svg(marks: list[str], height: float, title: Text, width: int = WIDTH) -> str:
    from html import escape

    name = escape(f"{title.zh} {title.en}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="group" aria-label="{name}" class="sketch" '
        f'viewBox="0 0 {width} {height:.0f}" font-size="10" fill="{INK}">{"".join(marks)}</svg>'
    )

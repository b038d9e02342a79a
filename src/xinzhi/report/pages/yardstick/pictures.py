"""The charts of a measurement: ranking, map, sources of growth, contributions by period, macro-regions, one region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl
from altair.typing import ChartType

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.text import Text, number, same
from xinzhi.report import palette
from xinzhi.report.charts import kit, style
from xinzhi.report.charts.kit.names import STEP, ends
from xinzhi.report.charts.style import Words
from xinzhi.report.pages.yardstick.tables import cumulated, group_levels
from xinzhi.report.section import rows_of
from xinzhi.yardstick import PARTS, Ranking, Span, View

PANELS, FEW = 5, 2  # side by side, and on a narrow screen
GROUPS, REGION, LEVEL = (285, 270), (330, 180), (210, 180)  # pixels of a panel
WHISKERS = {"low": "band_low", "high": "band_high", "protocol_low": "protocols_low", "protocol_high": "protocols_high"}


def ranking(w: Words, view: View, ranked: Ranking | None = None) -> ChartType:
    """Return bars of TFP growth by region in the leading and in the latest period; with ranges the latest goes first.

    The whiskers of `ranked` are the band of estimated years and, thinner, the range over protocols.
    """
    spans = [span for span in (view.lead, view.latest) if span is not None]
    if ranked is not None:
        spans.reverse()
    shown = ends(view.regions_in(spans[0]).drop_nulls("tfp_growth").select("region").rows(named=True))
    codes = [row["region"] for row in shown]
    rows = {span: _bars(view, w, span, codes, ranked) for span in spans}
    order = [row["name"] for row in rows[spans[0]]]
    reach = [row[key] for span in spans for row in rows[span] for key in ("value", "far", "near")]
    domain = style.padded(reach, by=0.16)
    width = 620 if len(spans) == 1 else 325
    panels = [_ranked(view, w, span, rows[span], order, domain, width, first=span == spans[0]) for span in spans]
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(y="shared", color="shared"))
    return style.configure(alt.hconcat(*panels, spacing=12, resolve=resolve))


def _bars(view: View, w: Words, span: Span, shown: list[str], ranked: Ranking | None) -> list[dict[str, Any]]:
    """Return one row a region: its bar, its whiskers, and where its label stands, beyond both."""
    shared = view.common_kinds[span]
    known = view.regions_in(span).drop_nulls("tfp_growth").filter(pl.col("region").is_in(shown))
    ranges = (
        {}
        if ranked is None
        else {row["region"]: row for row in ranked.in_period(span.start, span.end).rows(named=True)}
    )
    rows = []
    for code, growth, cell in known.select("region", "tfp_growth", "flags").rows():
        held = ranges.get(code, {})
        whiskers = {mark: 100 * held[name] for name, mark in WHISKERS.items() if held.get(name) is not None}
        points = [100 * growth, *whiskers.values()]
        side = -1 if growth < 0 else 1
        rows.append(
            {
                "name": w(view.name(code)),
                "group": w(view.group_of[code]) if code in view.group_of else "",
                "value": 100 * growth,
                "label": number(100 * growth),
                "marks": w(same(marks)) if (marks := flags.marks(cell, without=shared)) else "",
                "side": side,
                "far": max(points) if side > 0 else min(points),
                "near": min(points) if side > 0 else max(points),
                **whiskers,
            }
        )
    return rows


def _ranked(
    view: View,
    w: Words,
    span: Span,
    rows: list[dict[str, Any]],
    order: list[str],
    domain: list[float],
    width: int,
    *,
    first: bool,
) -> alt.LayerChart:
    """Return the panel of one period: the latest period is pale, for its figures are weaker."""
    pale = span != view.lead
    y = style.ordinal(order, labels=first, labelPadding=4)
    x = alt.X("value:Q", title=w(words.shared.chart_tfp_per_year()), scale=alt.Scale(domain=domain, nice=False))
    colour: Any = alt.value(palette.GROUPS[0])
    if view.groups:
        inks = alt.Scale(domain=[w(group) for group in view.groups], range=_inks(view, view.groups))
        colour = alt.Color("group:N", scale=inks)
    base = alt.Chart(style.data(rows))
    layers = [base.mark_bar(height=12, opacity=style.PALE if pale else 1.0).encode(x=x, y=y, color=colour)]
    if pale:  # the grid must not show through the pale bars
        layers.insert(0, base.mark_bar(height=12, color="white").encode(x=x, y=y))
    layers.append(style.zero("x"))
    for kind, stroke in (("protocols", 1.0), ("band", 2.6)):
        held = [row for row in rows if f"{kind}_low" in row]
        if held:
            low, high = alt.X(f"{kind}_low:Q", scale=x["scale"], title=x["title"]), alt.X2(f"{kind}_high:Q")
            rule = alt.Chart(style.data(held)).mark_rule(strokeWidth=stroke, color=palette.INK)
            layers.append(rule.encode(x=low, x2=high, y=y))
    sides: tuple[tuple[int, style.Align], ...] = ((1, "left"), (-1, "right"))
    for side, align in sides:
        one = alt.Chart(style.data(row for row in rows if row["side"] == side))
        labels = one.mark_text(align=align, dx=4 * side, fontSize=10, color=palette.INK)
        marks = one.mark_text(align=align, dx=30 * side, fontSize=9, color=palette.SOFT, fontStyle="italic")
        at = alt.X("far:Q", scale=x["scale"], title=x["title"])
        layers += [labels.encode(x=at, y=y, text="label:N"), marks.encode(x=at, y=y, text="marks:N")]
    common = flags.marks(";".join(f"{kind}:" for kind in view.common_kinds[span]))
    below = w(words.shared.chart_all_bear(marks=common)) if common else " "
    title = alt.TitleParams(w(view.span_text(span)), subtitle=below, offset=4)
    return style.layers(*layers, width=width, height=STEP * len(order), title=title)


def _inks(view: View, groups: Sequence[Text]) -> list[str]:
    """Return the colours of macro-regions, the same in every picture."""
    return [palette.GROUPS[view.groups.index(group) % len(palette.GROUPS)] for group in groups]


def tile_map(w: Words, view: View) -> ChartType:
    """Return the tile-grid map of TFP growth in the leading period."""
    known = view.regions_in(view.lead).drop_nulls("tfp_growth").select("region", value=100 * pl.col("tfp_growth"))
    tiles = {code: view.tiles[code] for code in view.codes}
    return kit.tiles(w, known.rows(named=True), tiles, title=words.shared.chart_tfp_per_year())


def sources(w: Words, view: View) -> ChartType:
    """Return stacked bars by region of what growth came from, with the share of TFP, largest share first."""
    frame = view.regions_in(view.lead).drop_nulls("tfp_growth").sort("tfp_part", descending=True, nulls_last=True)
    rows = [
        {
            "name": view.name(row["region"]),
            "total": 100 * row["output_growth"],
            "growth": number(100 * row["output_growth"]),
            "share": f"{number(None if row['tfp_part'] is None else 100 * row['tfp_part'], 0)} %",
            **{factor: 100 * row[PARTS[factor]] for factor in palette.FACTORS},
        }
        for row in frame.rows(named=True)
    ]
    parts = {factor: (words.shared.chart_of(factor), ink) for factor, ink in palette.FACTORS.items()}
    columns = [(words.shared.chart_of(name), name) for name in ("growth", "share")]
    return kit.stacked(w, rows, parts, x=words.shared.chart_points(), total="total", columns=columns)


def contributions(w: Words, view: View) -> ChartType:
    """Return stacked columns of contributions by period, with output growth as a dot; one panel a unit."""
    units: dict[Text, dict[Span, dict[str, Any]]] = {
        words.shared.label_national(): {span: view.national_of(span) for span in view.spans},
        **{group: {span: view.group_in(group, span) for span in view.spans} for group in view.shown_groups},
    }
    panels = {name: _totals(view, w, accounts) for name, accounts in units.items() if any(accounts.values())}
    domain = style.padded([row[end] for rows in panels.values() for row in rows for end in ("top", "bottom")], by=0.09)
    columns = FEW if w.narrow else PANELS
    shown = [
        _period_panel(w, name, rows, domain, first=i % columns == 0) for i, (name, rows) in enumerate(panels.items())
    ]
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(color="shared"))
    return style.configure(alt.concat(*shown, columns=columns, spacing=10, resolve=resolve))


def _totals(view: View, w: Words, accounts: Mapping[Span, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a period: its parts, their sum, and where its labels stand."""
    rows = []
    for span, row in accounts.items():
        if not row or row["output_growth"] is None:
            continue
        parts = {factor: 100 * row[PARTS[factor]] for factor in palette.FACTORS}
        growth = 100 * row["output_growth"]
        rows.append(
            {
                "period": w(span.label),
                "opacity": style.PALE if view.is_extrapolated(span) else 1.0,
                "parts": parts,
                "growth": growth,
                "label": number(growth),
                "top": max(sum(value for value in parts.values() if value > 0), growth),
                "bottom": sum(value for value in parts.values() if value < 0),
                "middle": parts["tfp"] / 2,
                "tfp": number(parts["tfp"]),
            }
        )
    return rows


def _period_panel(
    w: Words, name: Text, rows: list[dict[str, Any]], domain: list[float], *, first: bool
) -> alt.LayerChart:
    order = [row["period"] for row in rows]
    below = alt.Axis(labelAngle=-90, ticks=False, domain=False, labelFontSize=10)
    x = alt.X("period:O", sort=order, title=None, axis=below)
    y = alt.Y(
        "value:Q",
        title=w(words.shared.chart_points()) if first else None,
        stack="zero",
        axis=alt.Axis(labels=first, domain=False, ticks=False, tickCount=6),
        scale=alt.Scale(domain=domain, nice=False),
    )
    long = [
        {"period": row["period"], "opacity": row["opacity"], **part} for row in rows for part in _stack(w, row["parts"])
    ]
    bars, totals = alt.Chart(style.data(long)), alt.Chart(style.data({**row, "parts": None} for row in rows))
    order_of = alt.Order("order:Q")
    colour = alt.Color("factor:N", scale=style.factor_colours(w))
    pale = alt.Opacity("opacity:Q", scale=None)
    return style.layers(
        bars.mark_bar(width=22, color="white").encode(x=x, y=y, order=order_of),
        bars.mark_bar(width=22).encode(x=x, y=y, order=order_of, color=colour, opacity=pale),
        style.zero("y"),
        totals.mark_point(filled=True, size=30, color=palette.INK, opacity=1).encode(x=x, y=alt.Y("growth:Q")),
        totals.mark_text(dy=-8, fontSize=10, color=palette.INK, fontWeight=600).encode(
            x=x, y=alt.Y("top:Q"), text="label:N"
        ),
        totals.mark_text(fontSize=9, color=palette.INK).encode(x=x, y=alt.Y("middle:Q"), text="tfp:N"),
        width=max(60, 27 * len(order)),
        height=230,
        title=alt.TitleParams(w(name), fontSize=11, offset=4),
    )


def _stack(w: Words, parts: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the parts of a column in the order of the stack."""
    return [
        {"factor": w(words.shared.chart_of(name)), "order": i, "value": value}
        for i, (name, value) in enumerate(parts.items())
    ]


def groups(w: Words, view: View) -> ChartType:
    """Return lines of cumulated TFP by macro-region and of their TFP level; the contrasted pair stands out."""
    frames = {
        words.shared.chart_cumulated(year=view.whole.start): (cumulated(view), 100.0, 0),
        words.shared.chart_level(): (group_levels(view), 1.0, 2),
    }
    return style.abreast(
        *(
            kit.lines(
                w,
                _lines(view, frame),
                y=title,
                reference=even,
                decimals=decimals,
                marks=extrapolated(view, min(frame["year"].to_list())),
                inks=_inks(view, [group for group in view.groups if group.en in set(frame["group"])]),
                strong=view.contrast or None,
                size=GROUPS,
            )
            for title, (frame, even, decimals) in frames.items()
            if frame.height
        )
    )


def _lines(view: View, frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {"group": group, "year": year, "value": value}
        for group in view.groups
        for year, value in frame.filter(group=group.en).sort("year").select("year", "value").rows()
    ]


def extrapolated(
    view: View, first: float, code: str | None = None, *, before: float = 1.0, after: float = 0.0
) -> list[dict[str, Any]]:
    """Return the spans of years that rest on extrapolated figures, in one region or in any; the widest says so."""
    # A span reaches `before` and `after` its years: growth in a line starts a year earlier.
    frame = view.measurement.frame if code is None else view.measurement.frame.filter(region=code)
    marked = frame.group_by("year").agg(pl.col("flags").fill_null("").str.join(";")).rows()
    runs = flags.runs(year for year, cell in marked if flags.is_extrapolated(cell))
    spans: list[dict[str, Any]] = [{"start": max(start - before, first), "end": end + after} for start, end in runs]
    if spans:
        max(spans, key=lambda span: span["end"] - span["start"])["word"] = words.shared.chart_extrapolated()
    return spans


def region(w: Words, view: View, code: str) -> ChartType:
    """Return the contributions of one region year by year, and its TFP level against the mean of the regions."""
    frame = view.measurement.frame.fill_nan(None).filter(region=code).sort("year")
    panels: list[Any] = [_yearly(view, w, frame, code)]
    level = frame.drop_nulls("tfp_level")
    if level.height:
        rows = rows_of(level, group=view.name(code), year="year", value="tfp_level")
        marks = extrapolated(view, int(level["year"][0]), code)
        ink = (palette.FACTORS["tfp"],)
        panels.append(
            kit.lines(w, rows, y=words.shared.chart_level(), reference=1.0, marks=marks, inks=ink, size=LEVEL)
        )
    return style.abreast(*panels)


def _yearly(view: View, w: Words, frame: pl.DataFrame, code: str) -> alt.LayerChart:
    first, last = int(frame["year"][0]), int(frame["year"][-1])
    rows = [
        {"year": row["year"], **part}
        for row in frame.rows(named=True)
        for part in _stack(w, {name: 100 * row[PARTS[name]] for name in palette.FACTORS})
    ]
    axis = alt.Axis(format="d", grid=False, tickCount=6, domain=False)
    x = alt.X("year:Q", title=None, axis=axis, scale=alt.Scale(domain=[first - 1, last + 1], nice=False, zero=False))
    y = alt.Y("value:Q", stack="zero", title=w(words.shared.chart_points()))
    bars = alt.Chart(style.data(rows)).mark_bar(width=max(3, REGION[0] / (last - first + 3) - 2))
    totals = [{"year": year, "value": 100 * value} for year, value in frame.select("year", "output_growth").rows()]
    dots = alt.Chart(style.data(totals)).mark_point(filled=True, size=22, color=palette.INK, opacity=1)
    colour = alt.Color("factor:N", scale=style.factor_colours(w))
    marks = extrapolated(view, first - 1, code, before=0.5, after=0.5)
    return style.layers(
        *style.shades(w, marks),
        bars.encode(x=x, y=y, order=alt.Order("order:Q"), color=colour),
        style.zero("y"),
        dots.encode(x=x, y=alt.Y("value:Q")),
        width=REGION[0],
        height=REGION[1],
    )

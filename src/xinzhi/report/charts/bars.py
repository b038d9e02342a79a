"""Bars by region: the ranking by TFP growth, and what growth came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from xinzhi.report import flags, palette
from xinzhi.report.catalogue import same, words
from xinzhi.report.charts import style
from xinzhi.report.numbers import number
from xinzhi.report.view import PARTS, Span, View

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words

STEP = 18
MOST, END = 50, 20  # with more regions than a page can hold, those at either end are drawn


def ends(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that a chart of one row a region shows: all, or the first and the last."""
    return frame if frame.height <= MOST else pl.concat([frame.head(END), frame.tail(END)])


def ranking(view: View, w: Words) -> ChartType:
    """Return bars of TFP growth by region: the leading period, and the latest one beside it, paler."""
    spans = [span for span in (view.lead, view.latest) if span is not None]
    shown = ends(view.of(view.lead).drop_nulls("tfp_growth"))["region"].to_list()
    rows = {span: _bars(view, w, span, shown) for span in spans}
    order = [row["name"] for row in rows[view.lead]]
    domain = style.padded([row["value"] for span in spans for row in rows[span]], by=0.16)
    width = 620 if len(spans) == 1 else 325
    panels = [_panel(view, w, span, rows[span], order, domain, width) for span in spans]
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(y="shared", color="shared"))
    return style.configure(alt.hconcat(*panels, spacing=12, resolve=resolve))


def _bars(view: View, w: Words, span: Span, shown: list[str]) -> list[dict[str, Any]]:
    shared = view.common_kinds[span]
    known = view.of(span).drop_nulls("tfp_growth").filter(pl.col("region").is_in(shown))
    return [
        {
            "name": w(view.name(code)),
            "group": w(view.group_of[code]) if code in view.group_of else "",
            "value": 100 * growth,
            "label": number(100 * growth),
            "marks": w(same(marks)) if (marks := flags.marks(cell, without=shared)) else "",
            "side": -1 if growth < 0 else 1,
        }
        for code, growth, cell in known.select("region", "tfp_growth", "flags").rows()
    ]


def _panel(
    view: View, w: Words, span: Span, rows: list[dict[str, Any]], order: list[str], domain: list[float], width: int
) -> alt.LayerChart:
    first = span == view.lead
    y = style.ordinal(order, labels=first, labelPadding=4)
    x = alt.X("value:Q", title=w(words("chart.tfp_per_year")), scale=alt.Scale(domain=domain, nice=False))
    scale = style.group_colours(view, w)
    colour = alt.Color("group:N", scale=scale) if scale else alt.value(palette.GROUPS[0])
    base = alt.Chart(style.data(rows))
    layers = [base.mark_bar(height=12, opacity=1.0 if first else style.PALE).encode(x=x, y=y, color=colour)]
    if not first:  # the grid must not show through the pale bars
        layers.insert(0, base.mark_bar(height=12, color="white").encode(x=x, y=y))
    layers.append(style.zero("x"))
    sides: tuple[tuple[int, style.Align], ...] = ((1, "left"), (-1, "right"))
    for side, align in sides:
        one = alt.Chart(style.data(row for row in rows if row["side"] == side))
        labels = one.mark_text(align=align, dx=4 * side, fontSize=10, color=palette.INK)
        marks = one.mark_text(align=align, dx=30 * side, fontSize=9, color=palette.SOFT, fontStyle="italic")
        layers += [labels.encode(x=x, y=y, text="label:N"), marks.encode(x=x, y=y, text="marks:N")]
    title = alt.TitleParams(w(view.span_text(span)), subtitle=_common(view, w, span), offset=4)
    return style.layers(*layers, width=width, height=STEP * len(order), title=title)


def _common(view: View, w: Words, span: Span) -> str:
    marks = flags.marks(";".join(f"{kind}:" for kind in view.common_kinds[span]))
    return w(words("chart.all_bear", marks=marks)) if marks else " "


def sources(view: View, w: Words) -> ChartType:
    """Return stacked bars by region of what growth came from, with the share of TFP, largest share first."""
    measured = view.of(view.lead).drop_nulls("tfp_growth")
    frame = ends(measured.sort("tfp_part", descending=True, nulls_last=True))
    order = [w(view.name(code)) for code in frame["region"]]
    rows, totals = [], []
    for row in frame.rows(named=True):
        name = w(view.name(row["region"]))
        rows += [
            {"name": name, "factor": w(words(f"chart.{factor}")), "order": i, "value": 100 * row[PARTS[factor]]}
            for i, factor in enumerate(palette.FACTORS)
        ]
        part = None if row["tfp_part"] is None else 100 * row["tfp_part"]
        growth = 100 * row["output_growth"]
        totals.append({"name": name, "value": growth, "growth": number(growth), "share": f"{number(part, 0)} %"})
    height = STEP * len(order)
    y = style.ordinal(order, labelPadding=4)
    bars = alt.Chart(style.data(rows)).mark_bar(height=12).encode(
        x=alt.X("value:Q", title=w(words("chart.points")), stack="zero"),
        y=y, color=alt.Color("factor:N", scale=style.factor_colours(w)), order=alt.Order("order:Q"),
    )  # fmt: skip
    base = alt.Chart(style.data(totals))
    dots = base.mark_point(filled=True, size=34, color=palette.INK, opacity=1).encode(x=alt.X("value:Q"), y=y)
    text = base.mark_text(align="right", fontSize=10, color=palette.INK)
    bare = style.ordinal(order, labels=False)
    columns = style.layers(
        text.encode(y=bare, text="growth:N", x=style.x_at(52)),
        text.encode(y=bare, text="share:N", x=style.x_at(118)),
        style.head(w(words("chart.growth")), x=52),
        style.head(w(words("chart.share")), x=118),
        width=120,
        height=height,
    )
    left = style.layers(bars, style.zero("x"), dots, width=550, height=height)
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(y="shared"))
    return style.configure(alt.hconcat(left, columns, spacing=4, resolve=resolve))

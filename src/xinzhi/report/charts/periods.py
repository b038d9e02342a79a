"""Contributions by period: the total and the macro-regions side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from xinzhi.report import palette
from xinzhi.report.catalogue import same, words
from xinzhi.report.charts import style
from xinzhi.report.numbers import number
from xinzhi.report.view import PARTS, Span, View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words

COLUMNS = 5


def contributions(view: View, w: Words) -> ChartType:
    """Return stacked columns of contributions by period, with output growth as a dot; one panel a unit."""
    units: list[tuple[Text, dict[Span, dict[str, Any]]]] = [
        (words("label.national"), {span: view.national_of(span) for span in view.spans}),
        *((group, {span: view.group_in(group, span) for span in view.spans}) for group in view.shown_groups),
    ]
    panels = {name: _rows(view, w, accounts) for name, accounts in units if any(accounts.values())}
    domain = _domain(panels.values())
    shown = [_panel(w, name, rows, domain, first=i % COLUMNS == 0) for i, (name, rows) in enumerate(panels.items())]
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(color="shared"))
    return style.configure(alt.concat(*shown, columns=COLUMNS, spacing=10, resolve=resolve))


@dataclass(frozen=True)
class _Panel:
    """The rows of one panel: stacked parts, pale or full, and one row a period for the totals."""

    parts: list[dict[str, Any]]
    totals: list[dict[str, Any]]


def _rows(view: View, w: Words, accounts: dict[Span, dict[str, Any]]) -> _Panel:
    parts, totals = [], []
    for span, row in accounts.items():
        if not row or row["output_growth"] is None:
            continue
        period = w(same(span.label))
        opacity = style.PALE if view.is_extrapolated(span) else 1.0
        values = {factor: 100 * row[PARTS[factor]] for factor in palette.FACTORS}
        parts += [
            {"period": period, "opacity": opacity, "factor": w(words(f"chart.{name}")), "order": i, "value": value}
            for i, (name, value) in enumerate(values.items())
        ]
        growth, tfp = 100 * row["output_growth"], values["tfp"]
        top = sum(value for value in values.values() if value > 0)
        totals.append(
            {"period": period, "growth": growth, "top": max(top, growth), "label": number(growth), "middle": tfp / 2,
             "tfp": number(tfp), "bottom": sum(value for value in values.values() if value < 0)}
        )  # fmt: skip
    return _Panel(parts, totals)


def _domain(panels: Iterable[_Panel]) -> list[float]:
    return style.padded([row[end] for panel in panels for row in panel.totals for end in ("top", "bottom")], by=0.09)


def _panel(w: Words, name: Text, rows: _Panel, domain: list[float], *, first: bool) -> alt.LayerChart:
    periods = [row["period"] for row in rows.totals]
    below = alt.Axis(labelAngle=-90, ticks=False, domain=False, labelFontSize=10)
    x = alt.X("period:O", sort=periods, title=None, axis=below)
    axis = alt.Axis(labels=first, domain=False, ticks=False, tickCount=6)
    title = w(words("chart.points")) if first else None
    y = alt.Y("value:Q", title=title, stack="zero", axis=axis, scale=alt.Scale(domain=domain, nice=False))
    parts = alt.Chart(style.data(rows.parts))
    order = alt.Order("order:Q")
    colour = alt.Color("factor:N", scale=style.factor_colours(w))
    totals = alt.Chart(style.data(rows.totals))
    return style.layers(
        parts.mark_bar(width=22, color="white").encode(x=x, y=y, order=order),
        parts.mark_bar(width=22).encode(
            x=x, y=y, order=order, color=colour, opacity=alt.Opacity("opacity:Q", scale=None)
        ),
        style.zero("y"),
        totals.mark_point(filled=True, size=30, color=palette.INK, opacity=1).encode(x=x, y=alt.Y("growth:Q")),
        totals.mark_text(dy=-8, fontSize=10, color=palette.INK, fontWeight=600).encode(
            x=x, y=alt.Y("top:Q"), text="label:N"
        ),
        totals.mark_text(fontSize=9, color=palette.INK).encode(x=x, y=alt.Y("middle:Q"), text="tfp:N"),
        width=max(60, 27 * len(periods)),
        height=230,
        title=alt.TitleParams(w(name), fontSize=11, offset=4),
    )

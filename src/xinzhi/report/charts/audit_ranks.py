"""Ranks over all admissible protocols: what a ruler of one's own buys, and how far ranks move under one for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xinzhi.report import palette
from xinzhi.report.catalogue import words
from xinzhi.report.charts import bars, style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.report.rooms.yardstick.audit_view import AuditView

WIDTH, COLUMN = 560, 74
THICK = 8
EVERY = 5  # ranks between two marks of the axis


def room(view: AuditView, w: Words) -> ChartType:
    """Return, by official rank, the ranks that each region could get while the others keep the official protocol."""
    rows = _rows(view, w)
    key = {name: w(words(f"chart.{name}")) for name in ("official_rank", "better", "worse")}
    colours = dict(zip(key.values(), (palette.INK, palette.ACCENT, palette.FAINT), strict=True))
    draw = _Ladder(rows, colours, most=int(view.rows["official_rank"].len()))
    layers = [
        draw.bar("official_rank", "worst_rank", key["worse"], THICK),
        draw.bar("best_rank", "official_rank", key["better"], THICK),
        draw.dot("best_rank", key["better"], only=[row for row in rows if row["best_rank"] < row["official_rank"]]),
        draw.dot("official_rank", key["official_rank"]),
    ]
    for row in rows:
        moved = row["best_rank"] < row["official_rank"]
        row["text"] = f"{row['official_rank']} → {row['best_rank']}" if moved else str(row["official_rank"])
    return draw.chart(layers, w, w(words("chart.official_to_best")))


def ranks(view: AuditView, w: Words) -> ChartType:
    """Return, by official rank, the ranks of every region when all are measured with the same protocol."""
    rows = _rows(view, w)
    names = ("official_rank", "middle_ranks", "all_ranks", "median_rank", "best_own")
    key = {name: w(words(f"chart.{name}")) for name in names}
    inks = (palette.INK, palette.BAND, palette.FAINT, palette.DEEP, palette.ACCENT)
    draw = _Ladder(rows, dict(zip(key.values(), inks, strict=True)), most=int(view.rows["official_rank"].len()))
    layers = [
        draw.bar("rank_minimum", "rank_maximum", key["all_ranks"], 3),
        draw.bar("rank_p05", "rank_p95", key["middle_ranks"], THICK + 2),
        draw.tick("rank_median", key["median_rank"]),
        draw.diamond("best_rank", key["best_own"]),
        draw.dot("official_rank", key["official_rank"]),
    ]
    for row in rows:
        row["text"] = f"{row['rank_p05']:.0f}–{row['rank_p95']:.0f}"
    return draw.chart(layers, w, key["middle_ranks"])


def _rows(view: AuditView, w: Words) -> list[dict[str, Any]]:
    names = [name for name in view.rows.columns if "rank" in name]
    shown = bars.ends(view.rows).select("region", *names).rows(named=True)
    return [{"name": w(view.name(row.pop("region"))), **row} for row in shown]


class _Ladder:
    """A chart of one row a region over an axis of ranks, first at the left."""

    def __init__(self, rows: list[dict[str, Any]], colours: Mapping[str, str], *, most: int) -> None:
        self.rows = rows
        self.order = [row["name"] for row in rows]
        self.colour = alt.Scale(domain=list(colours), range=list(colours.values()))
        fives = (mark for mark in range(EVERY, most, EVERY) if most - mark > 1)
        marks = [1, *fives, most] if most > 2 * EVERY else list(range(1, most + 1))
        self.axis = alt.Axis(orient="top", values=marks, format="d", domain=False, ticks=False, titlePadding=4)
        self.scale = alt.Scale(domain=[0.4, most + 0.6], nice=False, zero=False)

    def _x(self, field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=self.scale, axis=self.axis, title=None)

    def _base(self, what: str, rows: list[dict[str, Any]] | None = None) -> alt.Chart:
        shown = [{**row, "what": what} for row in (self.rows if rows is None else rows)]
        return alt.Chart(style.data(shown))

    def _encode(self, chart: alt.Chart, field: str, **more: Any) -> alt.Chart:  # noqa: ANN401 - channels
        colour = alt.Color("what:N", scale=self.colour)
        drawn: alt.Chart = chart.encode(
            x=self._x(field), y=style.ordinal(self.order, labelPadding=6), color=colour, **more
        )
        return drawn

    def bar(self, start: str, end: str, what: str, thick: int) -> alt.Chart:
        """Return a bar from one rank to another."""
        base: alt.Chart = self._base(what).mark_bar(height=thick, opacity=1)
        return self._encode(base, start, x2=alt.X2(f"{end}:Q"))

    def dot(self, field: str, what: str, *, only: list[dict[str, Any]] | None = None) -> alt.Chart:
        """Return a dot at a rank."""
        base: alt.Chart = self._base(what, only).mark_circle(size=95, opacity=1, stroke="white", strokeWidth=1.2)
        return self._encode(base, field)

    def diamond(self, field: str, what: str) -> alt.Chart:
        """Return a diamond at a rank."""
        base: alt.Chart = self._base(what).mark_point(
            shape="diamond", filled=True, size=52, opacity=1, stroke="white", strokeWidth=0.8
        )
        return self._encode(base, field)

    def tick(self, field: str, what: str) -> alt.Chart:
        """Return an upright stroke at a rank."""
        base: alt.Chart = self._base(what).mark_tick(thickness=2.2, size=14, opacity=1)
        return self._encode(base, field)

    def chart(self, layers: list[alt.Chart], w: Words, column: str) -> ChartType:
        """Return the layers with a column of figures at the right, the text of each row."""
        height = bars.STEP * len(self.rows)
        left = style.layers(
            *layers,
            width=WIDTH,
            height=height,
            title=alt.TitleParams(
                w(words("chart.rank_axis")), offset=2, fontWeight="normal", fontSize=10, color=palette.SOFT
            ),
        )
        text = alt.Chart(style.data(self.rows)).mark_text(align="right", fontSize=11, color=palette.INK)
        bare = style.ordinal(self.order, labels=False)
        right = style.layers(
            text.encode(y=bare, text="text:N", x=style.x_at(COLUMN)),
            style.head(column, x=COLUMN, y=-10),
            width=COLUMN,
            height=height,
        )
        resolve = alt.Resolve(scale=alt.ScaleResolveMap(y="shared"))
        return style.configure(alt.hconcat(left, right, spacing=6, resolve=resolve))

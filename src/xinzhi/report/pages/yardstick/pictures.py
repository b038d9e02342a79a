"""The charts of a measurement: ranking, map, sources of growth, contributions by period, macro-regions, one region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import polars as pl

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.text import Text, number, same
from xinzhi.report import palette
from xinzhi.report.charts import kinds
from xinzhi.report.charts.axes import Row, both_ends, grouped, padded
from xinzhi.report.charts.bars import STEP
from xinzhi.report.charts.chart import PAGE, Chart, Drawing, Panels
from xinzhi.report.charts.keys import key
from xinzhi.report.section import rows_of
from xinzhi.yardstick import Ranking
from xinzhi.yardstick.internal import PARTS, Span, View

PANELS, PHONE_PANELS, GAP = 5, 2, 6  # side by side, and on a phone; pixels between two
LINES, REGION = (354, 300), (416, 232)  # pixels of a panel of lines, and of the accounts of a region
COLUMN, SIDE = 27, 60  # pixels of a period, and least width of a panel
PALE = 0.45
WHISKERS = {"low": "band_low", "high": "band_high", "protocol_low": "protocols_low", "protocol_high": "protocols_high"}


@cache
def factors() -> Mapping[str, tuple[Text, str]]:
    """Return the word and the colour of every source of growth."""
    return {factor: (words.shared.chart_of(factor), ink) for factor, ink in palette.FACTORS.items()}


def ranking(view: View, ranked: Ranking | None = None) -> Drawing:
    """Return bars of TFP growth by region in the leading and in the latest period; with ranges the latest goes first.

    The whiskers of `ranked` are the band of estimated years and, thinner, the range over protocols.
    """
    spans = [span for span in (view.lead, view.latest) if span is not None]
    if ranked is not None:
        spans.reverse()
    regions = both_ends(view.measured(spans[0])["region"].to_list())
    rows = {span: _growth_rows(view, span, regions, ranked) for span in spans}
    order = [row["name"] for row in rows[spans[0]]]
    domain = padded([row[end] for span in spans for row in rows[span] for end in ("value", "far", "near")], by=0.16)
    inks = {group: _inks(view)[group] for group in view.groups}
    width = PAGE if len(spans) == 1 else PAGE / 2
    charts = [
        _ranked(view, span, rows[span], {"order": order, "domain": domain, **grouped(inks)}, width=width)
        for span in spans
    ]
    return Panels(charts=charts, gap=0, level="foot", key=key(inks) if inks else None)


def _inks(view: View) -> dict[Text, str]:
    """Return the colours of macro-regions, the same in every chart."""
    return {group: palette.GROUPS[at % len(palette.GROUPS)] for at, group in enumerate(view.groups)}


def _growth_rows(view: View, span: Span, regions: list[str], ranked: Ranking | None) -> Sequence[Row]:
    """Return one row a region: its bar, its whiskers, and where its label stands, beyond both."""
    ranking_rows = [] if ranked is None else ranked.in_period(span.start, span.end).rows(named=True)
    ranges = {row["region"]: row for row in ranking_rows}
    rows = []
    for region in view.measured(span).iter_rows(named=True):
        code, growth, cell = region["region"], region["tfp_growth"], region["flags"]
        if code not in regions:
            continue
        ends = ranges.get(code, {})
        whiskers = {mark: 100 * ends[name] for name, mark in WHISKERS.items() if ends.get(name) is not None}
        points = [100 * growth, *whiskers.values()]
        row = {"name": view.name(code), "value": 100 * growth, **whiskers, "above": growth >= 0}
        row |= {"far": max(points), "near": min(points)} if growth >= 0 else {"far": min(points), "near": max(points)}
        row |= {"marks": flags.marks(cell, without=view.common_kinds[span]), "group": view.group_of.get(code)}
        rows.append(row)
    return rows


def _ranked(view: View, span: Span, rows: Sequence[Row], values: Mapping[str, object], *, width: float) -> Chart:
    """Return the panel of one period: the latest period is pale, for its figures are weaker."""
    common = flags.marks(";".join(f"{kind}:" for kind in view.common_kinds[span]))
    title = words.shared.chart_tfp_per_year()
    pale = span != view.lead
    filled = {
        "x": title,
        "head": view.span_text(span),
        "below": words.shared.chart_all_bear(marks=common) if common else same(" "),
        "step": STEP,
        "thickness": 12,
        "zero": True,
        "silent": True,
        "pale": pale,
        "opacity": PALE if pale else 1,
        "bars": [{**row, "start": 0, "end": row["value"]} for row in rows],
        "bands": [band for kind, thick in (("protocols", 1), ("band", 2.6)) if (band := _whiskers(rows, kind, thick))],
        "texts": [text for above in (True, False) for text in _growth_texts(rows, above=above)],
        **values,
    }
    titles = {"value": title, "band_low": words.shared.chart_told_low(), "band_high": words.shared.chart_told_high()}
    return Chart(template="rows", values=filled, titles=titles, width=width)


def _whiskers(rows: Sequence[Row], kind: str, thick: float) -> dict[str, object]:
    """Return the intervals of one kind; none without any."""
    cells = [
        {"name": row["name"], "low": row[f"{kind}_low"], "high": row[f"{kind}_high"]}
        for row in rows
        if f"{kind}_low" in row
    ]
    return {"cells": cells, "thick": thick, "tint": 1, "band_ink": palette.INK} if cells else {}


def _growth_texts(rows: Sequence[Row], *, above: bool) -> list[dict[str, object]]:
    """Return the figures beyond the bars on one side of zero, and the letters of flags behind them."""
    side, align = (1, "left") if above else (-1, "right")
    rows = [row for row in rows if row["above"] is above]
    figures = [{"name": row["name"], "at": row["far"], "text": number(row["value"])} for row in rows]
    marks = [{"name": row["name"], "at": row["far"], "text": row["marks"]} for row in rows if row["marks"]]
    return [
        {"cells": figures, "align": align, "dx": 4 * side, "letter": 10, "text_ink": palette.INK},
        {"cells": marks, "align": align, "dx": 30 * side, "letter": 9, "text_ink": palette.SOFT, "style": "italic"},
    ]


def tile_map(view: View) -> Drawing:
    """Return the tile-grid map of TFP growth in the leading period."""
    regions = view.measured(view.lead).iter_rows(named=True)
    rows = [{"region": row["region"], "value": 100 * row["tfp_growth"]} for row in regions]
    tiles = {code: view.tiles[code] for code in view.codes}
    return kinds.tiles(rows, tiles, title=words.shared.chart_tfp_per_year())


def sources(view: View) -> Drawing:
    """Return stacked bars by region of what growth came from, with the share of TFP, largest share first."""
    rows = [
        {
            "name": view.name(row["region"]),
            "total": 100 * row["output_growth"],
            "growth": number(100 * row["output_growth"]),
            "share": f"{number(None if row['tfp_part'] is None else 100 * row['tfp_part'], 0)} %",
            **_parts(row),
        }
        for row in view.by_share.drop_nulls("tfp_growth").iter_rows(named=True)
    ]
    columns = [(words.shared.chart_of(name), name) for name in ("growth", "share")]
    return kinds.stacked(rows, factors(), x=words.shared.chart_points(), total="total", columns=columns)


def _parts(row: Row) -> dict[str, float]:
    """Return the contributions of a row in percentage points."""
    return {factor: 100 * row[PARTS[factor]] for factor in palette.FACTORS}


def contributions(view: View) -> Drawing:
    """Return stacked columns of contributions by period, with output growth as a dot; one panel a unit."""
    units: dict[Text, dict[Span, Row]] = {
        words.shared.label_national(): {span: view.national_of(span) for span in view.spans},
        **{group: {span: view.group_in(group, span) for span in view.spans} for group in view.shown_groups},
    }
    panels = {name: _totals(view, accounts) for name, accounts in units.items() if any(accounts.values())}
    reach = padded([row[end] for rows in panels.values() for row in rows for end in ("top", "bottom")], by=0.09)
    across = min(PANELS, len(panels))
    width = min((PAGE - GAP * (across - 1)) / across, max(SIDE, COLUMN * len(view.spans)) + 3 * SIDE)
    charts = [_period_panel(name, rows, reach, width) for name, rows in panels.items()]
    inks = dict(factors().values())
    dot = words.shared.chart_output()
    return Panels(charts=charts, across=across, across_phone=PHONE_PANELS, gap=GAP, key=key(inks, dot=dot))


def _totals(view: View, accounts: Mapping[Span, Row]) -> Sequence[Row]:
    """Return one row a period: its parts, their sum, and where its labels stand."""
    rows = []
    for span, row in accounts.items():
        if not row or row["output_growth"] is None:
            continue
        parts = _parts(row)
        growth = 100 * row["output_growth"]
        top = max(sum(value for value in parts.values() if value > 0), growth)
        bottom = sum(value for value in parts.values() if value < 0)
        place = {"column": span.label, "opacity": PALE if view.is_extrapolated(span) else 1.0}
        rows.append({**place, "parts": parts, "growth": growth, "top": top, "bottom": bottom})
    return rows


def _period_panel(name: Text, rows: Sequence[Row], reach: Sequence[float], width: float) -> Chart:
    """Return the columns of one unit."""
    points = words.shared.chart_points()
    bars = [
        {**part, "column": row["column"], "opacity": row["opacity"]} for row in rows for part in _stack(row["parts"])
    ]
    middles = [bar for bar in bars if bar["group"] == factors()["tfp"][0]]
    values = {
        "head": name,
        "y": points,
        "column_order": [row["column"] for row in rows],
        "angle": -90,
        "letters": 10,
        "axis_line": False,
        "axis_line_y": False,
        "tick_marks": False,
        "reach": reach,
        "rungs": 6,
        "height": 230,
        "bar_width": 20,
        "pale": True,
        "bars": bars,
        "groups": [word for word, _ in factors().values()],
        "inks": [ink for _, ink in factors().values()],
        "points": [
            {"column": row["column"], "value": row["growth"], "end": words.shared.chart_output()} for row in rows
        ],
        "figures": [{"column": row["column"], "top": row["top"], "text": number(row["growth"])} for row in rows],
        "figure_letter": 10,
        "figure_weight": 600,
        "inner": [
            {"column": bar["column"], "middle": (bar["start"] + bar["end"]) / 2, "text": number(bar["value"])}
            for bar in middles
        ],
    }
    return Chart(template="columns", values=values, titles={"value": points}, width=width, phone_width=167)


def _stack(parts: Mapping[str, float]) -> Sequence[Row]:
    """Return the parts of a column, above zero and below it, each from where the one before it ends."""
    above = below = 0.0
    stack = []
    for name, value in parts.items():
        start = above if value >= 0 else below
        above, below = (start + value, below) if value >= 0 else (above, start + value)
        stack.append({"group": factors()[name][0], "value": value, "start": start, "end": start + value})
    return stack


def groups(view: View) -> Drawing:
    """Return lines of cumulated TFP by macro-region and of their TFP level; the contrasted pair stands out."""
    frames = {
        words.shared.chart_cumulated(year=view.whole.start): (view.cumulated, 100.0, 0),
        words.shared.chart_level(): (view.group_levels, 1.0, 2),
    }
    charts = [
        kinds.lines(
            _lines(view, frame),
            y=title,
            reference=even,
            decimals=decimals,
            marks=extrapolated(view, min(frame["year"].to_list())),
            inks=[ink for group, ink in _inks(view).items() if group.en in set(frame["group"])],
            strong=view.contrast or None,
            width=LINES[0],
            height=LINES[1],
        )
        for title, (frame, even, decimals) in frames.items()
        if frame.height
    ]
    return Panels(charts=charts, gap=12)


def _lines(view: View, frame: pl.DataFrame) -> Sequence[Row]:
    by_name = frame.partition_by("group", as_dict=True)
    lines = [(group, by_name[group.en,]) for group in view.groups if (group.en,) in by_name]
    return [{**row, "group": group} for group, line in lines for row in line.iter_rows(named=True)]


def extrapolated(
    view: View, first: float, code: str | None = None, *, before: float = 1.0, after: float = 0.0
) -> Sequence[Row]:
    """Return the spans of years that rest on extrapolated figures, in one region or in any; the widest says so."""
    # A span reaches `before` and `after` its years: growth in a line starts a year earlier.
    runs = flags.runs(view.extrapolated_years(code))
    spans: list[dict[str, object]] = [{"start": max(start - before, first), "end": end + after} for start, end in runs]
    if spans:
        widest = max(range(len(runs)), key=lambda place: runs[place][1] - max(runs[place][0] - before, first))
        spans[widest]["word"] = words.shared.chart_extrapolated()
    return spans


def region(view: View, code: str) -> Drawing:
    """Return the contributions of one region year by year, and its TFP level against the mean of the regions."""
    frame = view.years_of(code)
    charts = [_yearly(view, frame, code)]
    level = frame.drop_nulls("tfp_level")
    if level.height:
        rows = rows_of(level, group=view.name(code), year="year", value="tfp_level")
        marks = extrapolated(view, int(level["year"][0]), code)
        ink = (palette.FACTORS["tfp"],)
        width, height = PAGE - REGION[0] - GAP, REGION[1]
        charts.append(
            kinds.lines(
                rows, y=words.shared.chart_level(), reference=1.0, marks=marks, inks=ink, width=width, height=height
            )
        )
    return Panels(charts=charts, gap=GAP, key=key(dict(factors().values()), dot=words.shared.chart_output()))


def _yearly(view: View, frame: pl.DataFrame, code: str) -> Chart:
    """Return the contributions of every year as stacked columns, with output growth as a dot."""
    first, last = int(frame["year"][0]), int(frame["year"][-1])
    points = words.shared.chart_points()
    rows = [(row, _stack(_parts(row))) for row in frame.rows(named=True)]
    stacks = [{**part, "year": row["year"]} for row, stack in rows for part in stack]
    totals = [{"year": row["year"], "value": 100 * row["output_growth"]} for row, _ in rows]
    ends = [part[end] for part in stacks for end in ("start", "end")] + [row["value"] for row in totals]
    half = 0.37
    values = {
        "y": points,
        "height": REGION[1],
        "domain": [first - 1, last + 1],
        "format": "d",
        "ticks": 6,
        "grid_x": False,
        "axis_line": False,
        "reach": padded(ends, by=0.03),
        "zero": True,
        "shades": (marks := extrapolated(view, first - 1, code, before=0.5, after=0.5)),
        "shade_words": [
            {"x": (row["start"] + row["end"]) / 2, "text": row["word"]} for row in marks if row.get("word")
        ],
        "groups": [word for word, _ in factors().values()],
        "inks": [ink for _, ink in factors().values()],
        "stacks": [{**row, "left": row["year"] - half, "right": row["year"] + half} for row in stacks],
        "past_dots": totals,
    }
    return Chart(template="lines", values=values, titles={"value": points}, width=REGION[0])

"""Each region by itself: accounts by period and year, its flags, and a picture written as SVG by hand.

Measured, that is a hundred times faster than a renderer; the same picture as a chart of the one system is
``xinzhi.plot(result, "region", region=...)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from markupsafe import Markup, escape

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.parameters import setting
from xinzhi.core.text import Language, Text, amount, number, percent
from xinzhi.report.page import bilingual_svg_text, ticks
from xinzhi.report.pages.yardstick import tables
from xinzhi.report.pages.yardstick.measurement import region_headline
from xinzhi.report.palette import FACTORS, FAINT, INK, SHADE, SOFT
from xinzhi.report.section import Profile
from xinzhi.report.table import without_notes
from xinzhi.yardstick.internal import PARTS, View

WIDTH, HEIGHT = 720, 210
TOP, BOTTOM = 26, 186
Told = Mapping[int, Sequence[tuple[Text, str]]]  # by year: the title and the figure of every line
LEFT, RIGHT = (34, 450), (506, 694)
NARROW, ABOVE, BELOW = 330, (34, 322), (34, 296)  # on a narrow screen one part stands under the other


def visible(view: View) -> tuple[list[str], tuple[Text, ...]]:
    """Return the regions of the page: all, or of many the ends of the ranking, and a sentence that says so."""
    most, ends = (setting(Path(__file__).with_suffix(".yaml"), name) for name in ("most_shown", "shown_ends"))
    if len(view.codes) <= most:
        return view.codes, ()
    ranked = view.measured(view.lead)["region"].to_list() or view.codes
    codes = list(dict.fromkeys([*ranked[:ends], *ranked[-ends:]]))
    return codes, (words.shared.note_more_regions(all=f"{len(view.codes):,}", n=ends, span=view.lead.label),)


def profiles(view: View, units: Mapping[str, str], codes: Sequence[str]) -> tuple[Profile, ...]:
    """Return some of the regions that were measured; `units` are those of the columns of the inputs."""
    scales = frame_of(view)
    yearly, periods, inputs = (
        _by_region(frame) for frame in (view.yearly, view.measurement.periods, view.measurement.inputs)
    )
    none = view.measurement.periods.clear()
    return tuple(
        Profile(
            code=code,
            name=view.name(code),
            group=view.group_of.get(code),
            headline=region_headline(view, code),
            svg=Markup(picture(scales, yearly[code], f"r{code}")),  # noqa: S704 - made here, its words escaped
            facts=size(inputs.get(code), units),
            periods=without_notes(tables.table_of(view, "region_periods", periods.get(code, none))),
            years=without_notes(tables.table_of(view, "region_years", yearly[code])),
            flags=flags.in_words(_flags(yearly[code])),
        )
        for code in codes
    )


def _by_region(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.fill_nan(None).partition_by("region", as_dict=True, maintain_order=True)
    return {str(key[0]): part for key, part in parts.items()}


def _flags(rows: pl.DataFrame) -> list[tuple[int, str | None]]:
    """Return the flags of every year."""
    return list(zip(rows["year"].to_list(), rows["flags"].to_list(), strict=True))


def _levels(rows: pl.DataFrame) -> list[tuple[int, float]]:
    """Return the TFP level of every year that has one."""
    levels = rows.drop_nulls("tfp_level")
    return list(zip(levels["year"].to_list(), levels["tfp_level"].to_list(), strict=True))


def size(inputs: pl.DataFrame | None, units: Mapping[str, str]) -> tuple[Text, ...]:
    """Return how large a region is, in words: output, capital and labour of the last year that has them all."""
    if inputs is None or inputs.is_empty():
        return ()
    row = max(inputs.iter_rows(named=True), key=lambda row: row["year"])
    return tuple(
        words.shared.answer_fact(
            name=words.shared.column_of(name), year=row["year"], value=amount(row[name], unit, base=True)
        )
        for name, unit in units.items()
        if name in {"output", "capital", "labour"} and row[name] is not None
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """The scales that all regions share, so that their pictures compare."""

    years: tuple[int, int]
    growth: tuple[float, float]
    level: tuple[float, float]


def frame_of(view: View) -> Frame:
    """Return scales that hold every region: the stacked contributions, and the TFP levels with their mean of 1."""
    ends = view.extents
    margin = 0.06 * ((ends.top - ends.bottom) or 1.0)
    return Frame(
        years=(ends.first, ends.last),
        growth=(100 * min(ends.low, 0.0) - 0.5, 100 * max(ends.high, 0.0) + 0.5),
        level=(ends.bottom - margin, ends.top + margin),
    )


def region_chart(view: View, code: str, language: Language, *, narrow: bool = False) -> str:
    """Return the picture of one region whose years have what the pointer is told, for a wide or a narrow screen."""
    rows = view.years_of(code)
    places = int(view.measurement.protocol.value("reporting.decimals"))
    names = {
        "output_growth": words.shared.chart_output(),
        **{PARTS[factor]: words.shared.chart_of(factor) for factor in FACTORS},
    }
    growth = {
        row["year"]: [
            (title, percent(row[column], places)) for column, title in names.items() if row[column] is not None
        ]
        for row in rows.iter_rows(named=True)
    }
    level = {year: [(words.shared.chart_level(), number(value, 2))] for year, value in _levels(rows)}
    return picture(frame_of(view), rows, f"r{code}", narrow=narrow, tips=(growth, level), language=language)


def picture(
    scales: Frame,
    rows: pl.DataFrame,
    name: str,
    *,
    narrow: bool = False,
    tips: tuple[Told, Told] = ({}, {}),
    language: Language = "en",
) -> str:
    """Return the picture of one region; `tips` is what the years of its two parts say under the pointer."""
    start, right = (ABOVE, BELOW) if narrow else (LEFT, RIGHT)
    width, height = (NARROW, 2 * HEIGHT) if narrow else (WIDTH, HEIGHT)
    growth = [
        bilingual_svg_text(words.shared.chart_points(), 4, 9),
        _bands(rows, scales, start),
        _axes(scales, start, scales.growth, 0.0, 5),
        "".join([*_bars(rows, scales, start), *_marks(rows, scales, start), *_tips(tips[0], scales, start, language)]),
    ]
    level = [
        bilingual_svg_text(words.shared.chart_level(), right[0] - 28, 9),
        _bands(rows, scales, right),
        _axes(scales, right, scales.level, 1.0, 10),
        "".join([*_line(rows, scales, right), *_tips(tips[1], scales, right, language)]),
    ]
    marks = "".join(a + b for a, b in zip(growth, level, strict=True))
    if narrow:
        marks = f'{"".join(growth)}<g transform="translate(0,{HEIGHT})">{"".join(level)}</g>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="group" aria-labelledby="{name}-title" class="sketch" '
        f'viewBox="0 0 {width} {height}" width="{width}" font-size="10" fill="{SOFT}">'
        f"{marks}</svg>"
    )


def _x(year: float, scales: Frame, side: tuple[int, int]) -> float:
    first, last = scales.years
    return side[0] + (year - first + 0.5) * (side[1] - side[0]) / (last - first + 1)


def _y(value: float, domain: tuple[float, float]) -> float:
    return BOTTOM - (value - domain[0]) * (BOTTOM - TOP) / (domain[1] - domain[0])


def _bands(rows: pl.DataFrame, scales: Frame, side: tuple[int, int]) -> str:
    shaded = [year for year, cell in _flags(rows) if flags.is_extrapolated(cell)]
    if not shaded:
        return ""
    step = (side[1] - side[0]) / (scales.years[1] - scales.years[0] + 1)
    boxes = "".join(
        f"M{_x(year, scales, side) - step / 2:.1f} {TOP}h{step:.2f}v{BOTTOM - TOP}h-{step:.2f}z" for year in shaded
    )
    middle = (_x(shaded[0], scales, side) + _x(shaded[-1], scales, side)) / 2
    word = bilingual_svg_text(words.shared.chart_extrapolated(), middle, TOP - 3, anchor="middle", size=9)
    return f'<path d="{boxes}" fill="{SHADE}"/>{word}'


def _axes(scales: Frame, side: tuple[int, int], domain: tuple[float, float], even: float, step: int) -> str:
    """Return the axes of a part: round values, the line of what is even, every so many years."""
    values = ticks(*domain)
    lines = "".join(f"M{side[0]} {_y(value, domain):.1f}h{side[1] - side[0]}" for value in values)
    out = [f'<path d="{lines}" stroke="{FAINT}" fill="none"/>']
    for value in values:
        label = f"{value:g}".replace("-", "−")
        out.append(f'<text x="{side[0] - 5}" y="{_y(value, domain) + 3.5:.1f}" text-anchor="end">{label}</text>')
    dash = "" if even == 0 else ' stroke-dasharray="3 3"'
    out.append(f'<path d="M{side[0]} {_y(even, domain):.1f}h{side[1] - side[0]}" stroke="{SOFT}"{dash} fill="none"/>')
    out += [
        f'<text x="{_x(year, scales, side):.1f}" y="{BOTTOM + 14}" text-anchor="middle">{year}</text>'
        for year in _years(scales, step)
    ]
    return "".join(out)


def _years(scales: Frame, step: int) -> Sequence[int]:
    first, last = scales.years
    if last - first < step:
        return sorted({first, last})
    return [year for year in range(first, last + 1) if year % step == 0]


def _bars(rows: pl.DataFrame, scales: Frame, side: tuple[int, int]) -> Iterable[str]:
    """Return one path per factor: stacked away from zero, TFP next to the line."""
    width = 0.74 * (side[1] - side[0]) / (scales.years[1] - scales.years[0] + 1)
    years = rows["year"].to_list()
    above, below = [0.0] * len(years), [0.0] * len(years)
    for factor, colour in FACTORS.items():
        boxes = []
        for i, (year, value) in enumerate(zip(years, rows[PARTS[factor]].to_list(), strict=True)):
            base = above if value >= 0 else below
            start, end = base[i], base[i] + 100 * value
            base[i] = end
            top, size = _y(max(start, end), scales.growth), abs(_y(start, scales.growth) - _y(end, scales.growth))
            boxes.append(f"M{_x(year, scales, side) - width / 2:.1f} {top:.1f}h{width:.1f}v{size:.1f}h-{width:.1f}z")
        yield f'<path d="{"".join(boxes)}" fill="{colour}"/>'


def _marks(rows: pl.DataFrame, scales: Frame, side: tuple[int, int]) -> Iterable[str]:
    """Return the dots of output growth, and a letter over every year with a break."""
    dots = []
    for row in rows.iter_rows(named=True):
        x, y = _x(row["year"], scales, side), _y(100 * row["output_growth"], scales.growth)
        dots.append(f"M{x - 2.2:.1f} {y:.1f}a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0 -4.4 0z")
        if any(kind == "break" for kind, _ in flags.split(row["flags"])):
            letter = flags.mark("break")
            yield f'<text x="{x:.1f}" y="{BOTTOM - 3}" text-anchor="middle" font-style="italic">{letter}</text>'
    yield f'<path d="{"".join(dots)}" fill="{INK}"/>'


def _tips(tips: Told, scales: Frame, side: tuple[int, int], language: Language) -> Iterable[str]:
    """Return the place of every year, which has what the pointer is told there."""
    step = (side[1] - side[0]) / (scales.years[1] - scales.years[0] + 1)
    for year, figures in tips.items():
        lines = [words.shared.chart_told_line(name=title, value=value).lang(language) for title, value in figures]
        label = escape("\n".join([str(year), *lines]))
        x = _x(year, scales, side) - step / 2
        place = f'x="{x:.1f}" y="{TOP}" width="{step:.1f}" height="{BOTTOM - TOP}"'
        yield f'<rect {place} fill="none" pointer-events="all" role="img" aria-label="{label}"/>'


def _line(rows: pl.DataFrame, scales: Frame, side: tuple[int, int]) -> list[str]:
    levels = _levels(rows)
    if not levels:
        return []
    places = [(_x(year, scales, side), _y(level, scales.level)) for year, level in levels]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    x, y = places[-1]
    colour = FACTORS["tfp"]
    return [
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>',
        f'<text x="{side[1] + 2}" y="{y + 3.5:.1f}" fill="{INK}">{levels[-1][1]:.2f}</text>',
    ]

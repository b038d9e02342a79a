"""The curves of all regions side by side, written as SVG by hand: measured a hundred times faster than a renderer.

A single curve with its choices is ``xinzhi.plot(result, "curve", region=...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.text import number
from xinzhi.report.charts.kit.names import ends
from xinzhi.report.charts.style import padded
from xinzhi.report.page import both_svg
from xinzhi.report.palette import ACCENT, DEEP, FAINT, INK, SOFT
from xinzhi.report.rooms.yardstick.audit_view import thinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.report.rooms.yardstick.audit_view import AuditView, Curve

ACROSS, WIDE, HIGH = 8, 84, 84
SIDE, BETWEEN, TITLE = 24, 10, 20
POINTS = 50


def picture(view: AuditView, name: str) -> str:
    """Return one small specification curve a region, by official rank, all on one scale."""
    shown: Sequence[str] = [row["region"] for row in ends(view.rows.select("region").rows(named=True))]
    found = {code: view.curve(code) for code in shown}
    values = [100 * float(end) for one in found.values() for end in (one.values[0], one.values[-1], one.needed or 0.0)]
    low, high = padded(values, by=0.04)
    cells = [_cell(view, code, found[code], at, (low, high)) for at, code in enumerate(shown)]
    lines = -(-len(shown) // ACROSS)
    width = SIDE + ACROSS * (WIDE + BETWEEN)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title" class="sketch" '
        f'viewBox="0 0 {width} {lines * (HIGH + TITLE + BETWEEN)}" style="max-width:{width}px" font-size="10" '
        f'fill="{SOFT}">{"".join(cells)}</svg>'
    )


def _cell(view: AuditView, code: str, found: Curve, at: int, ends: tuple[float, float]) -> str:
    left = SIDE + at % ACROSS * (WIDE + BETWEEN)
    top = at // ACROSS * (HIGH + TITLE + BETWEEN) + TITLE
    low, high = ends

    def y(value: float) -> float:
        return round(top + HIGH * (high - 100 * value) / (high - low), 1)

    def x(place: float) -> float:
        return round(left + WIDE * place, 1)

    count = len(found.values)
    points = " ".join(f"{x((i + 0.5) / count)},{y(float(found.values[i]))}" for i in thinned(count, POINTS).tolist())
    zero = y(0.0)
    area = f"{x(0.5 / count)},{zero} {points} {x(1 - 0.5 / count)},{zero}"
    parts = [
        f'<line x1="{left}" x2="{left + WIDE}" y1="{zero}" y2="{zero}" stroke="{FAINT}"/>',
        f'<polygon points="{area}" fill="{DEEP}" opacity=".16"/>',
        f'<polyline points="{points}" fill="none" stroke="{DEEP}" stroke-width="1.5"/>',
        f'<circle cx="{x(found.place)}" cy="{y(found.official)}" r="3" fill="{INK}"/>',
        f'<g fill="{INK}">{both_svg(view.name(code), left, top - 6, size=11)}</g>',
    ]
    if found.needed is not None:
        line = y(found.needed)
        parts.append(
            f'<line x1="{left}" x2="{left + WIDE}" y1="{line}" y2="{line}" stroke="{ACCENT}" stroke-dasharray="4 3"/>'
        )
    if at % ACROSS == 0:
        parts += [
            f'<text x="{left - 4}" y="{y(value / 100) + 3:.1f}" text-anchor="end">{number(value, 0)}</text>'
            for value in (low, 0.0, high)
        ]
    return "".join(parts)

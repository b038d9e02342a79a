"""Kinds of chart that the rooms share: each takes rows whose words are `Text` and gives a finished altair chart.

`names` draws one row a name (dots with intervals, stacked bars with a dot for the sum, a matrix), `years` draws time
(lines with bands, periods on a time line, densities one above the other), `plane` draws two dimensions (points with
quadrants, tiles, a treemap, a network).
"""

from __future__ import annotations

from xinzhi.report.charts.kit.names import bars, dots, matrix, stacked, waterfall
from xinzhi.report.charts.kit.plane import network, points, tiles, treemap
from xinzhi.report.charts.kit.years import lines, ridges, timeline

__all__ = [
    "bars",
    "dots",
    "lines",
    "matrix",
    "network",
    "points",
    "ridges",
    "stacked",
    "tiles",
    "timeline",
    "treemap",
    "waterfall",
]

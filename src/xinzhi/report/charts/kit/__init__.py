"""Kinds of chart that all pages share: each takes rows whose words are `Text` and gives a finished altair chart.

`names` draws one row a name (dots with intervals, stacked bars with a dot for the sum, a matrix), `ranges` several
figures a name (nested intervals, two figures joined, bars against a bound of their own), `years` draws time (lines with
bands, periods on a time line, densities one above the other), `episodes` a statistic over dates against its critical
line, with the spells in which it passes, `limits` figures against limits of their own, `fan` the past and bands of what
may come, `plane` draws two dimensions (points with quadrants, tiles, a treemap, a network).
"""

from __future__ import annotations

from xinzhi.report.charts.kit.episodes import episode_grid, episodes, spells
from xinzhi.report.charts.kit.names import bars, dots, matrix, stacked, waterfall
from xinzhi.report.charts.kit.plane import network, points, tiles, treemap
from xinzhi.report.charts.kit.ranges import bullets, limits, pairs, spreads
from xinzhi.report.charts.kit.years import fan, lines, ridges, timeline

__all__ = [
    "bars",
    "bullets",
    "dots",
    "episode_grid",
    "episodes",
    "fan",
    "limits",
    "lines",
    "matrix",
    "network",
    "pairs",
    "points",
    "ridges",
    "spells",
    "spreads",
    "stacked",
    "tiles",
    "timeline",
    "treemap",
    "waterfall",
]

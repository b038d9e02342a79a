"""Kinds of chart that all pages share: each takes rows whose words are `Text` and gives a finished altair chart.

`names` draws one row a name (dots with intervals, stacked bars with a dot for the sum, a matrix), `ranges` several
figures a name (nested intervals, two figures joined, bars against a bound, figures against limits of their own, what
was said against what came true), `years` draws time (lines with bands, periods on a time line, densities one above the
other, the past and bands of what may come), `episodes` a statistic over dates against its critical line, with the
spells in which it passes, `plane` two dimensions (points with quadrants, paths, tiles, a treemap, a network).

What many of them take: `w`, the words of the chart; `x` and `y`, titles of the axes; `title`, that of the colours;
`reference`, a value that a dashed line marks; `decimals` of the figures; `domain`, ends of the axis or of the colours
(None: what the values need); `diverging`, whether zero has a colour of its own; `groups` and `inks`, the order in which
groups take their colours so that pictures of one page agree, and these; `columns`, head and key of figures at the
right, each a Text or a string without letters; `dates`, what a step of them is.
"""

from __future__ import annotations

from xinzhi.report.charts.kit.episodes import episode_grid, episodes, spells
from xinzhi.report.charts.kit.names import bars, dots, matrix, stacked, waterfall
from xinzhi.report.charts.kit.plane import network, points, tiles, treemap
from xinzhi.report.charts.kit.ranges import bullets, limits, pairs, reliability, spreads
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
    "reliability",
    "ridges",
    "spells",
    "spreads",
    "stacked",
    "tiles",
    "timeline",
    "treemap",
    "waterfall",
]

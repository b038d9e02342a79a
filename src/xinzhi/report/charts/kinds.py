"""Kinds of charts that all pages share: each takes rows whose words are `Text` and gives a chart.

`bars` has a bar for every name (bars, stacked bars with a dot for the sum, bars against a bound, a waterfall),
`intervals` figures on a line (dots with intervals, nested intervals, two figures joined, figures against limits),
`years` time (lines with bands, periods on a time line, densities one above the other, the past and bands of what may
come), `episodes` a statistic over dates against its critical line, `plane` two dimensions, `blocks` the tile map and a
treemap, `matrix` coloured cells.

What many of them take: `x` and `y`, titles of the axes; `title`, that of the colours; `reference`, a value that a
dashed line marks; `decimals` of the figures; `domain`, ends of the axis or of the colours (None: what the values need);
`diverging`, whether zero has a colour of its own; `groups` and `inks`, the order in which groups take their colours so
that charts of one page agree, and these; `columns`, head and key of figures at the right, each a Text or a string
without letters; `dates`, what a step of them is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xinzhi.report.charts.bars import bars, bullets, stacked, waterfall
from xinzhi.report.charts.blocks import tiles, treemap
from xinzhi.report.charts.chart import Drawing
from xinzhi.report.charts.episodes import episode_grid, episodes, spells
from xinzhi.report.charts.intervals import dots, limits, pairs, spreads
from xinzhi.report.charts.matrix import matrix
from xinzhi.report.charts.plane import network, paths, points, reliability
from xinzhi.report.charts.years import fan, lines, ridges, timeline

__all__ = [
    "KINDS",
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
    "paths",
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

KINDS: Mapping[str, Callable[..., Drawing]] = {  # the kinds that rows of ``words/pictures`` name
    "bars": bars,
    "bullets": bullets,
    "dots": dots,
    "episode_grid": episode_grid,
    "episodes": episodes,
    "fan": fan,
    "limits": limits,
    "lines": lines,
    "matrix": matrix,
    "network": network,
    "pairs": pairs,
    "paths": paths,
    "points": points,
    "reliability": reliability,
    "ridges": ridges,
    "spells": spells,
    "spreads": spreads,
    "stacked": stacked,
    "tiles": tiles,
    "timeline": timeline,
    "treemap": treemap,
    "waterfall": waterfall,
}

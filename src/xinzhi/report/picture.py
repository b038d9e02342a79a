"""A picture as a row of data: its kind, the chart that draws it, the rows that it draws, and the words around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import Any

import polars as pl
from altair.typing import ChartType

from xinzhi.core.result import Result
from xinzhi.core.schema import Column
from xinzhi.core.text import Text, has, words
from xinzhi.report.section import Picture
from xinzhi.report.table import DECIMALS, NUMERIC, Called, Table, cells_of, described

AXES = ("x", "y", "title")  # what charts call the titles of their axes and of their colours
LEGEND = "title"


def picture(  # noqa: PLR0913 - the fields of a row
    key: str,
    chart: Callable[..., ChartType],
    rows: Any,  # noqa: ANN401 - whatever the chart draws
    twin: Table,
    facts: Mapping[str, object] | None = None,
    *,
    title: Text | str | None = None,
    headline: Text | str | None = None,
    how: Text | str | None = None,
    unit: Text | str | None = None,
    legend: Text | str | None = None,
    **options: Any,  # noqa: ANN401 - the options of the chart
) -> Picture:
    """Return a picture whose words stand in the catalogue under its name."""
    # `key` is ``<topic>.<kind>`` (or a kind whose words are shared), such as ``debt.history``: its words are
    # ``debt.title.history``, ``debt.headline.history``, ``debt.how.history`` and ``debt.unit_of.history``; `title`,
    # `headline`, `how`, `unit` name other words (``how="history_all"``) or are the words themselves. `chart` is a
    # function of `xinzhi.report.charts.kit`, called with the words, the rows and the options. An axis without a title
    # takes ``debt.chart.history``; a string names a word (``x="of_output"`` is ``debt.chart.of_output``); `legend` is
    # the title of the colours. The twin gives the unit where the picture has none: that of its first column with one.
    # `facts` fill the placeholders of the words.
    topic, dot, kind = key.rpartition(".")
    values = dict(facts or {})

    def said(shelf: str, given: Text | str | None) -> Text:
        return given if isinstance(given, Text) else words(f"{topic}{dot}{shelf}.{given or kind}", **values)

    given = {**options, LEGEND: legend}
    axes = {name: said("chart", given.get(name)) for name in AXES if _asks(chart, name) or given.get(name) is not None}
    return Picture(
        kind=kind,
        title=said("title", title),
        headline=said("headline", headline),
        draw=partial(_drawn, chart, rows, {**options, **axes}),
        how=said("how", how),
        unit=_unit(f"{topic}{dot}unit_of.{kind}", twin) if unit is None else said("unit_of", unit),
        twin=twin,
        told=getattr(rows, "told", {}),
        decimals=_decimals(twin) if options.get("decimals") is None else int(options["decimals"]),
    )


def _drawn(chart: Callable[..., ChartType], rows: Any, options: Mapping[str, Any], w: Any, **form: bool) -> ChartType:  # noqa: ANN401 - rows of any kind
    return chart(w, rows, **options, **form)


def _decimals(twin: Table) -> int:
    """Return the decimals of the first column of figures of a table."""
    found = next((one for one in twin.columns if one.kind in NUMERIC - {"year", "integer"}), None)
    if found is None:
        return 1
    return DECIMALS.get(found.kind, 1) if found.decimals is None else found.decimals


class Rows(list[dict[str, Any]]):
    """Rows of a chart that know which columns their fields are."""

    told: Mapping[str, Column]


def _asks(chart: Callable[..., ChartType], name: str) -> bool:
    """Say whether a chart must be told the title of an axis."""
    known = signature(chart).parameters.get(name)
    return known is not None and known.default is known.empty


def _unit(key: str, twin: Table) -> Text:
    """Return the unit of a picture: its own in the catalogue, else the first one of its table."""
    if has(key):
        return words(key)
    return next((one.unit for one in twin.columns if one.unit.en), Text(zh="", en=""))


def rows_of(
    frame: pl.DataFrame,
    of: Result | None = None,
    names: Called | None = None,
    *,
    part: str = "frame",
    **encodings: str | Column | Text | float,
) -> Rows:
    """Return the rows that a chart draws from columns of a frame, as a table shows them."""
    # `encodings` are what the chart calls the columns, such as ``name="region", value="to_output"``; a `Text` or a
    # number is the same in every row. `of`, `names` and `part` as in `table`: codes become names, fractions percent.
    topic = of.topic if of is not None else ""
    called = of.names if names is None and of is not None else names
    columns, told = {}, {}
    for name, given in encodings.items():
        one = described(topic, given, frame, of, part, {}) if isinstance(given, str) else given
        if isinstance(one, Column) and one.kind in NUMERIC:
            told[name] = one
        columns[name] = cells_of(one, frame, called) if isinstance(one, Column) else [one] * frame.height
    rows = Rows(dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))
    rows.told = told
    return rows

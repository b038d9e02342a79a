"""Technology gaps between groups, windows, partial frontiers, and economic efficiency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report import palette
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.frontier.names import Names, column, rts_text, status_text, stop
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.frontier.economic import Economic
    from xinzhi.frontier.group_frontiers import Metafrontier
    from xinzhi.frontier.partial import Partial
    from xinzhi.frontier.window import Window
    from xinzhi.report.charts.style import Words

_SHOWN = 4
_ROUNDING = 1e-9


def metafrontier(result: Metafrontier, *, region: str | None = None) -> Section:
    """Return the technology gaps of groups.

    Parameters
    ----------
    result
        What `xinzhi.frontier.metafrontier` returns.
    region
        Not used: every unit is in the picture.
    """
    names = Names.of(result.labels, result.frame["unit"])
    names.chosen(region)
    called = _groups(result, names)
    order = result.groups.sort("mean_tgr", descending=True, nulls_last=True)
    known = order.drop_nulls("mean_tgr")
    headline = words("frontier.answer.nothing")
    if known.height:
        first, last = known.row(0, named=True), known.row(-1, named=True)
        headline = words(
            "frontier.headline.metafrontier",
            first=called[first["group"]], most=number(100 * first["mean_tgr"], 1),
            last=called[last["group"]], least=number(100 * last["mean_tgr"], 1),
        )  # fmt: skip
    twin = _gap_table(result, names, called)
    frame = result.frame.sort("tgr", "unit", descending=[True, False], nulls_last=True)
    rows = [
        {"name": names.name(row["unit"]), "value": row["tgr"], "group": called[row["group"]]}
        for row in frame.iter_rows(named=True)
    ]
    picture = Picture(
        kind="gaps",
        title=words("frontier.title.gaps"),
        headline=headline,
        draw=lambda w: kit.dots(w, rows, x=words("frontier.unit_of.tgr"), reference=1.0),
        how=words("frontier.how.gaps"),
        unit=words("frontier.unit_of.tgr"),
        twin=twin,
    )
    groups = Table(
        key="frontier_groups",
        title=words("frontier.table.groups"),
        columns=(
            column("group", "name"), column("units", "integer"), column("meta", "score"), column("within", "score"),
            column("tgr", "score"), column("min_tgr", "score"),
        ),
        rows=[
            (called[row["group"]], row["units"], row["mean_meta"], row["mean_within"], row["mean_tgr"], row["min_tgr"])
            for row in order.iter_rows(named=True)
        ],
    )  # fmt: skip
    shape = words("frontier.chart.convex" if result.convex else "frontier.chart.union")
    note = words("frontier.note.metafrontier", rts=rts_text(result.rts), shape=shape)
    small = order.filter(pl.col("units") <= _SHOWN)["group"].to_list()
    thin = [words("frontier.note.thin", names=listing([called[group] for group in small]))] if small else []
    return Section(
        key="metafrontier",
        title=words("frontier.title.metafrontier"),
        answer=(stop(headline) if known.height else headline,),
        pictures=(picture,) if known.height else (),
        tables=(groups,),
        notes=(note, *thin, *result.labels.notes),
    )


def _groups(result: Metafrontier, names: Names) -> dict[str, Text]:
    """Return the name of every group: that of the macro-region where the units' own are meant."""
    found = {}
    for unit, group in result.frame.select("unit", "group").rows():
        text = names.group(unit)
        if group not in found:
            found[group] = text if text is not None and group in {text.zh, text.en} else same(group)
    return found


def _gap_table(result: Metafrontier, names: Names, called: dict[str, Text]) -> Table:
    frame = result.frame.sort("group", "tgr", descending=[False, True])
    return Table(
        key="frontier_gaps",
        title=words("frontier.table.gaps"),
        columns=(
            column("unit", "name"), column("group", "name"), column("meta", "score"), column("within", "score"),
            column("tgr", "score"), column("status", "name"),
        ),
        rows=[
            (names.name(row["unit"]), called[row["group"]], row["meta"], row["within"], row["tgr"],
             status_text(row["status"]))
            for row in frame.iter_rows(named=True)
        ],
    )  # fmt: skip


def window(result: Window, *, region: str | None = None) -> Section:
    """Return the scores of every unit over all windows, and how stable they are.

    Parameters
    ----------
    result
        What `xinzhi.frontier.window_analysis` returns.
    region
        The unit, by code or name, whose scores are drawn over the years; None: the least stable one.
    """
    names = Names.of(result.labels, result.units["unit"])
    loose = result.units.sort("column_range", descending=True, nulls_last=True).row(0, named=True)
    unit = names.chosen(region) or str(loose["unit"])
    spread = result.frame.group_by("unit").agg(low=pl.col("score").min(), high=pl.col("score").max())
    frame = result.units.join(spread, on="unit", how="left").sort("mean", "unit", descending=[True, False])
    twin = Table(
        key="frontier_window_units",
        title=words("frontier.table.window_units"),
        columns=(
            column("unit", "name"), column("mean", "score"), column("deviation", "score"), column("low", "score"),
            column("high", "score"), column("column_range", "score"),
        ),
        rows=[
            (names.name(row["unit"]), row["mean"], row["deviation"], row["low"], row["high"], row["column_range"])
            for row in frame.iter_rows(named=True)
        ],
    )  # fmt: skip
    rows = [
        {"name": names.name(row["unit"]), "value": row["mean"], "low": row["low"], "high": row["high"]}
        for row in frame.iter_rows(named=True)
    ]
    headline = words(
        "frontier.headline.window", k=result.frame["start"].n_unique(), width=result.width,
        name=names.name(loose["unit"]), range=number(loose["column_range"], 3),
    )  # fmt: skip
    pictures = [
        Picture(
            kind="windows",
            title=words("frontier.title.window"),
            headline=headline,
            draw=lambda w: kit.dots(w, rows, x=words("frontier.unit_of.window")),
            how=words("frontier.how.window"),
            unit=words("frontier.unit_of.window"),
            twin=twin,
        ),
        _path(result, names, unit),
    ]
    return Section(
        key="window",
        title=words("frontier.title.window"),
        answer=(stop(headline),),
        pictures=tuple(pictures),
        notes=(words("frontier.note.window", rts=rts_text(result.rts), width=result.width), *result.labels.notes),
    )


def _path(result: Window, names: Names, unit: str) -> Picture:
    """Return the scores of one unit over the years: their mean over windows, and the band between least and most."""
    own = result.frame.filter(pl.col("unit").cast(pl.String) == unit).drop_nulls("score")
    frame = (
        own.group_by("period")
        .agg(value=pl.col("score").mean(), low=pl.col("score").min(), high=pl.col("score").max(), n=pl.len())
        .sort("period")
    )
    name = names.name(unit)
    rows = [
        {"group": name, "year": row["period"], **{key: row[key] for key in ("value", "low", "high")}}
        for row in frame.iter_rows(named=True)
    ]
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    return Picture(
        kind="unit",
        title=words("frontier.title.window_unit", name=name),
        headline=words(
            "frontier.headline.window_unit", name=name, start=first["period"], first=number(first["value"], 3),
            end=last["period"], last=number(last["value"], 3),
        ),
        draw=lambda w: kit.lines(w, rows, y=words("frontier.unit_of.window"), decimals=3),
        how=words("frontier.how.window_unit"),
        unit=words("frontier.unit_of.window"),
        twin=Table(
            key="frontier_window_path",
            title=words("frontier.table.window_path", name=name),
            columns=(
                column("period", "code"), column("windows", "integer"), column("mean", "score"), column("low", "score"),
                column("high", "score"),
            ),
            rows=[
                (str(period), *rest) for period, *rest in frame.select("period", "n", "value", "low", "high").rows()
            ],
        ),
    )  # fmt: skip


def partial_frontier(result: Partial, *, region: str | None = None) -> Section:
    """Return scores against a partial frontier.

    Parameters
    ----------
    result
        What `xinzhi.frontier.order_m` or `order_alpha` returns.
    region
        Not used: every unit is in the picture.
    """
    names = Names.of(result.labels, result.frame["unit"])
    names.chosen(region)
    inverse = result.orientation == "output"
    share = 1 / pl.col("score") if inverse else pl.col("score")
    frame = result.frame.with_columns(share=share).sort("share", "unit", descending=[True, False], nulls_last=True)
    known = frame.drop_nulls("share")
    beyond = known.filter(pl.col("share") > 1 + _ROUNDING)
    said = [names.name(unit) for unit in beyond["unit"]]
    name = words("frontier.chart.order_m" if result.frontier == "order-m" else "frontier.chart.order_alpha")
    headline = words(
        "frontier.headline.partial", name=name, parameter=f"{result.parameter:g}", k=beyond.height, n=known.height,
        what=names.what,
    )  # fmt: skip
    twin = Table(
        key="frontier_partial",
        title=words("frontier.table.partial"),
        columns=(
            column("unit", "name"), column("share", "score"), column("score", "score"),
            column("dominating", "integer"), column("status", "name"),
        ),
        rows=[
            (names.name(row["unit"]), row["share"], row["score"], row["dominating"], status_text(row["status"]))
            for row in frame.iter_rows(named=True)
        ],
    )  # fmt: skip
    rows = [{"name": names.name(row["unit"]), "value": row["share"]} for row in frame.iter_rows(named=True)]
    axis = words(
        f"frontier.unit_of.{result.orientation}" if result.orientation != "hyperbolic" else "frontier.unit_of.index"
    )
    picture = Picture(
        kind="partial",
        title=words("frontier.title.partial"),
        headline=headline,
        draw=lambda w: kit.dots(w, rows, x=axis, reference=1.0),
        how=words("frontier.how.partial"),
        unit=axis,
        twin=twin,
    )
    answer = [stop(headline)]
    if said:
        answer.append(words("frontier.answer.beyond", names=listing(said, _SHOWN)))
    return Section(
        key="partial",
        title=words("frontier.title.partial"),
        answer=tuple(answer),
        pictures=(picture,),
        notes=(words("frontier.note.partial"), *result.labels.notes),
    )


def economic(result: Economic, *, region: str | None = None) -> Section:
    """Return economic efficiency and its technical and allocative parts.

    Parameters
    ----------
    result
        What `xinzhi.frontier.cost_efficiency`, `revenue_efficiency` or `profit_efficiency` returns.
    region
        Not used: every unit is in the picture.
    """
    names = Names.of(result.labels, result.frame["unit"])
    names.chosen(region)
    ratio = result.objective != "profit"
    name = words(f"frontier.chart.{result.objective}")
    known = result.frame.drop_nulls(["economic", "technical", "allocative"])
    rows = [_lost(row, names, ratio=ratio) for row in known.iter_rows(named=True)]
    rows.sort(key=lambda row: row["economic"])
    means = {part: float(known[part].to_numpy().mean()) for part in ("economic", "technical", "allocative")}
    headline = words(
        "frontier.headline.economic" if ratio else "frontier.headline.profit",
        name=name, **{part: number(value, 3) for part, value in means.items()},
    )  # fmt: skip
    inks = {
        "technical": (words("frontier.chart.technical"), palette.DEEP),
        "allocative": (words("frontier.chart.allocative"), palette.ACCENT),
    }
    axis = words("frontier.unit_of.lost" if ratio else "frontier.unit_of.lost_profit")

    def draw(w: Words) -> ChartType:
        return kit.stacked(w, rows, inks, x=axis, total="economic", decimals=1 if ratio else 3)

    return Section(
        key="economic",
        title=words("frontier.title.economic", name=name),
        answer=(stop(headline),),
        pictures=(
            Picture(
                kind="economic",
                title=words("frontier.title.economic", name=name),
                headline=headline,
                draw=draw,
                how=words("frontier.how.economic"),
                unit=axis,
                twin=_economic_table(result, names),
            ),
        ) if rows else (),
        notes=(words("frontier.note.economic", rts=rts_text(result.rts)), *result.labels.notes),
    )  # fmt: skip


def _lost(row: dict[str, Any], names: Names, *, ratio: bool) -> dict[str, Any]:
    """Return what is lost, in log points of a ratio or as it stands."""
    parts = {
        part: -100 * math.log(row[part]) if ratio and row[part] > 0 else row[part]
        for part in ("economic", "technical", "allocative")
    }
    return {"name": names.name(row["unit"]), **{part: _no_minus(value) for part, value in parts.items()}}


def _no_minus(value: float) -> float:
    return 0.0 if abs(value) < _ROUNDING else value


def _economic_table(result: Economic, names: Names) -> Table:
    cells = ("economic", "technical", "allocative", "actual", "optimum")
    return Table(
        key="frontier_economic",
        title=words("frontier.table.economic"),
        columns=(
            column("unit", "name"),
            *(column(name, "score" if name not in {"actual", "optimum"} else "figure") for name in cells),
            column("status", "name"),
        ),
        rows=[
            (names.name(row["unit"]), *(row[name] for name in cells), status_text(row["status"]))
            for row in result.frame.iter_rows(named=True)
        ],
    )

"""The tables of bubbles: statistics by series, episodes, paths, and what was not tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import words
from xinzhi.report.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.report.rooms.risks.explosive_view import Seen
    from xinzhi.report.tables import Kind
    from xinzhi.risks import Bubbles, PanelBubbles


def column(name: str, kind: Kind) -> Column:
    """Return a column of a table of bubbles."""
    return Column(title=words(f"bubbles.column.{name}"), kind=kind)


def dated(result: Bubbles) -> pl.DataFrame:
    """Return the episodes of the series whose GSADF rejects."""
    return result.episodes.filter("rejects")


def yes(value: bool) -> Text:  # noqa: FBT001 - a cell
    """Return a cell that says yes or no."""
    return words("bubbles.chart.yes") if value else words("bubbles.chart.no")


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def statistic_table(seen: Seen, result: Bubbles, tested: pl.DataFrame) -> Table:
    """Return one row a series that was tested."""
    limits = {
        (row["series"], row["statistic"]): row["critical_value"]
        for row in result.critical.filter(level=result.level).iter_rows(named=True)
    }
    columns = (
        column("series", "name"), column("gsadf", "score"), column("gsadf_limit", "score"), column("rejects", "text"),
        column("significance", "integer"), column("sadf", "score"), column("sadf_limit", "score"),
        column("adf", "score"), column("adf_limit", "score"), column("observations", "integer"),
        column("first", "text"), column("last", "text"), column("lag", "integer"), column("window", "integer"),
        column("alarms", "percent"), column("power", "percent"),
    )  # fmt: skip
    rows = [
        (seen.name(row["series"]), row["gsadf"], row["critical_value"], yes(row["rejects"]), row["significance"],
         row["sadf"], limits[row["series"], "sadf"], row["adf"], limits[row["series"], "adf"], row["observations"],
         seen.date(row["first"]), seen.date(row["last"]), row["lag"], row["minimum_window"],
         _percent(row["false_alarms"]), _percent(row["power"]))
        for row in tested.iter_rows(named=True)
    ]  # fmt: skip
    return Table(
        key="bubbles_statistics",
        title=words("bubbles.table.statistics"),
        columns=columns,
        rows=rows,
        notes=(words("bubbles.note.statistics", level=result.level),),
    )


def _signal(row: dict[str, Any]) -> Text:
    return words("bubbles.chart.rising") if row["signal"] == "positive" else words("bubbles.chart.falling")


def episode_table(seen: Seen, result: Bubbles) -> Table:
    """Return one row an episode; those of series that do not reject are marked so."""
    columns = (
        column("series", "name"), column("signal", "text"), column("start", "text"), column("peak", "text"),
        column("last_date", "text"), column("duration", "integer"), column("ongoing", "text"),
        column("rejects", "text"),
    )  # fmt: skip
    rows = [
        (seen.name(row["series"]), _signal(row), seen.date(row["start"]), seen.date(row["peak"]),
         seen.date(row["last"]), row["duration"], yes(row["ongoing"]), yes(row["rejects"]))
        for row in result.episodes.iter_rows(named=True)
    ]  # fmt: skip
    return Table(key="bubbles_episodes", title=words("bubbles.table.episodes"), columns=columns, rows=rows)


def panel_episode_table(seen: Seen, result: PanelBubbles) -> Table:
    """Return one row an episode of the panel."""
    columns = (
        column("start", "name"), column("signal", "text"), column("peak", "text"), column("last_date", "text"),
        column("duration", "integer"), column("ongoing", "text"),
    )  # fmt: skip
    rows = [
        (seen.date(row["start"]), _signal(row), seen.date(row["peak"]), seen.date(row["last"]), row["duration"],
         yes(row["ongoing"]))
        for row in result.episodes.iter_rows(named=True)
    ]  # fmt: skip
    return Table(key="bubbles_panel_episodes", title=words("bubbles.table.panel_episodes"), columns=columns, rows=rows)


def peak_table(seen: Seen, result: Bubbles, order: Sequence[str]) -> Table:
    """Return the peak of every episode of the series shown: BSADF and its critical value there."""
    at_peak = result.frame.select("series", pl.col("date").alias("peak"), "bsadf", "critical_value")
    peaks = dated(result).join(at_peak, on=["series", "peak"], how="left", maintain_order="left")
    columns = (column("series", "name"), column("signal", "text"), column("start", "text"), column("peak", "text"),
               column("bsadf", "score"), column("limit", "score"))  # fmt: skip
    rows = [
        (seen.name(row["series"]), _signal(row), seen.date(row["start"]), seen.date(row["peak"]), row["bsadf"],
         row["critical_value"])
        for series in order for row in peaks.filter(series=series).iter_rows(named=True)
    ]  # fmt: skip
    return Table(key="bubbles_peaks", title=words("bubbles.table.peaks"), columns=columns, rows=rows)


def path_table(seen: Seen, name: Text | None, path: pl.DataFrame) -> Table:
    """Return the statistic of every date, of one series or (without a name) of the panel."""
    kept = path.filter(pl.col("bsadf").is_not_null())
    own = name is not None
    columns = [column("date", "name"), *([column("value", "figure")] if own else []), column("bsadf", "score"),
               column("limit", "score"), column("passes", "text")]  # fmt: skip
    rows = [
        (seen.date(row["date"]), *([row["value"]] if own else []), row["bsadf"], row["critical_value"],
         yes(row["explosive"]))
        for row in kept.iter_rows(named=True)
    ]  # fmt: skip
    title = words("bubbles.table.panel") if name is None else words("bubbles.table.path", name=name)
    key = "bubbles_panel" if name is None else "bubbles_path"
    return Table(key=key, title=title, columns=tuple(columns), rows=rows)


def reason(row: dict[str, Any]) -> Text:
    """Return why a series was not tested."""
    return Text(zh=row["reason_zh"].strip().replace("。 ", "。"), en=row["reason_en"].strip())


def untested_table(seen: Seen, result: Bubbles) -> Table | None:
    """Return what was not tested and why; None where everything was."""
    left = result.statistics.filter(pl.col("status") != "tested")
    if not left.height:
        return None
    rows = [(seen.name(row["series"]), reason(row)) for row in left.iter_rows(named=True)]
    columns = (column("series", "name"), column("reason", "text"))
    return Table(key="bubbles_untested", title=words("bubbles.table.untested"), columns=columns, rows=rows)

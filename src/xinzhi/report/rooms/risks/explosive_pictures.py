"""The pictures of bubbles: one series, many beside each other, the time line, and every statistic beside its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report.catalogue import words
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.dates import written
from xinzhi.report.charts.kit.limits import COLUMN
from xinzhi.report.numbers import number
from xinzhi.report.rooms.risks.explosive_tables import (
    dated,
    episode_table,
    path_table,
    peak_table,
    statistic_table,
)
from xinzhi.report.rooms.risks.explosive_view import (
    convention_text,
    directions,
    methods_text,
)
from xinzhi.report.section import Picture

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.report.rooms.risks.explosive_view import Seen
    from xinzhi.risks import Bubbles, PanelBubbles

CELLS, ROWS = 12, 45  # series that the grid and the time line show at most
DECIMALS = 2


def telling(result: Bubbles) -> str:
    """Return the series that says most: an ongoing rise, else the longest episode, else the nearest to its limit."""
    episodes = dated(result)
    rises = episodes.filter(pl.col("ongoing") & (pl.col("signal") == "positive"))
    for some in (rises, episodes):
        if some.height:
            return str(some.sort("duration", descending=True, maintain_order=True)["series"][0])
    tested = result.statistics.filter(status="tested")
    return str(
        tested.sort(pl.col("gsadf") - pl.col("critical_value"), descending=True, maintain_order=True)["series"][0]
    )


def _rows(seen: Seen, path: pl.DataFrame, value: str = "bsadf") -> list[dict[str, Any]]:
    limit = "critical_value" if value == "bsadf" else None
    return [
        {"x": seen.place(row["date"]), "value": row[value], "limit": row[limit] if limit else None}
        for row in path.iter_rows(named=True)
    ]


def one_series(seen: Seen, result: Bubbles, series: str) -> Picture:
    """Return a series above its BSADF and critical line, with the episodes shaded in both."""
    path = result.frame.filter(series=series)
    row = result.statistics.filter(series=series).row(0, named=True)
    episodes = dated(result).filter(series=series)
    name = seen.name(series)
    line = words(
        "bubbles.chart.bsadf", level=row["level"], convention=convention_text(row["convention"]),
        method=words(f"bubbles.chart.method_{row['method']}"),
    )  # fmt: skip
    panels = [
        {"title": _measured(result, name), "rows": _rows(seen, path, "value")},
        {"title": line, "rows": _rows(seen, path)},
    ]
    spans = seen.spans(episodes)
    return Picture(
        kind="bsadf",
        title=words("bubbles.title.bsadf", name=name),
        headline=headline(seen, row, episodes),
        draw=lambda w: kit.episodes(w, panels, spans, unit=seen.unit, groups=directions()),
        how=words("bubbles.how.bsadf"),
        unit=words("bubbles.unit_of.bsadf"),
        twin=path_table(seen, name, path),
    )


def _measured(result: Bubbles, name: Text) -> Text:
    """Return what the figures of a series are, as far as the options say."""
    options = result.provenance.options
    if options.get("log") or options.get("value") == "log_price":
        return words("bubbles.chart.series_log", name=name)
    if options.get("value") == "price_to_output":
        return words("bubbles.chart.series_ratio", name=name)
    return words("bubbles.chart.series", name=name)


def headline(seen: Seen, row: dict[str, Any], episodes: pl.DataFrame) -> Text:
    """Return what one series shows."""
    values = {
        "name": seen.name(row["series"]), "gsadf": number(row["gsadf"], DECIMALS),
        "limit": number(row["critical_value"], DECIMALS), "level": row["level"],
    }  # fmt: skip
    if not row["rejects"]:
        return words("bubbles.headline.calm", **values)
    if not episodes.height:
        return words("bubbles.headline.undated", **values)
    ongoing = episodes.filter("ongoing")
    top = (ongoing if ongoing.height else episodes.sort("duration", descending=True)).row(0, named=True)
    values |= {"episode": seen.told(top), "lasted": seen.lasted(top["duration"]), "n": episodes.height}
    if episodes.height == 1:
        return words("bubbles.headline.episode", **values)
    return (
        words("bubbles.headline.ongoing", **values) if ongoing.height else words("bubbles.headline.longest", **values)
    )


def many_series(seen: Seen, result: Bubbles) -> Picture | None:
    """Return the rejecting series beside each other; None with fewer than two."""
    episodes = dated(result)
    longest = episodes.group_by("series", maintain_order=True).agg(pl.col("duration").max())
    order = longest.sort("duration", descending=True, maintain_order=True)["series"].head(CELLS).to_list()
    if len(order) < 2:  # noqa: PLR2004 - one stands in the leading picture
        return None
    cells = [
        {"name": seen.name(one), "rows": _rows(seen, result.frame.filter(series=one)),
         "spans": seen.spans(episodes.filter(series=one))}
        for one in order
    ]  # fmt: skip
    values = {"n": longest.height, "shown": len(order)}
    return Picture(
        kind="series",
        title=words("bubbles.title.series"),
        headline=_beginnings(seen, result, episodes),
        draw=lambda w: kit.episode_grid(w, cells, unit=seen.unit, groups=directions()),
        how=words("bubbles.how.series", **values),
        unit=words("bubbles.unit_of.bsadf"),
        twin=peak_table(seen, result, order),
    )


def _beginnings(seen: Seen, result: Bubbles, episodes: pl.DataFrame) -> Text:
    """Return whose statistic passes its line by most, when."""
    peaks = episodes.join(
        result.frame.select("series", pl.col("date").alias("peak"), "bsadf", "critical_value"), on=["series", "peak"]
    )
    top = peaks.sort(pl.col("bsadf") - pl.col("critical_value"), descending=True, maintain_order=True).row(
        0, named=True
    )
    return words(
        "bubbles.headline.peak", name=seen.name(top["series"]), peak=seen.date(top["peak"]),
        bsadf=number(top["bsadf"], DECIMALS), limit=number(top["critical_value"], DECIMALS),
    )  # fmt: skip


def time_line(seen: Seen, result: Bubbles) -> Picture | None:
    """Return the episodes of all series that reject on one line of time; None without any."""
    episodes = dated(result)
    if not episodes.height:
        return None
    first = episodes.group_by("series", maintain_order=True).agg(
        pl.col("start").min(), pl.col("duration").sum().alias("length")
    )
    kept = first.sort("length", descending=True, maintain_order=True).head(ROWS)
    spans = {
        row["series"]: (seen.place(row["first"]), seen.place(row["last"]))
        for row in result.statistics.filter(pl.col("series").is_in(kept["series"].to_list())).iter_rows(named=True)
    }
    order = sorted(kept["series"].to_list(), key=lambda one: seen.place(episodes.filter(series=one)["start"][0]))
    rows = [
        {"name": seen.name(one), "first": spans[one][0], "last": spans[one][1],
         "spans": seen.spans(episodes.filter(series=one))}
        for one in order
    ]  # fmt: skip
    counts = {signal: episodes.filter(signal=signal).height for signal in ("positive", "negative")}
    months = _crowded(seen, episodes)
    return Picture(
        kind="episodes",
        title=words("bubbles.title.episodes"),
        headline=words(
            "bubbles.headline.timeline", n=first.height, rises=counts["positive"], falls=counts["negative"], **months
        ),
        draw=lambda w: kit.spells(w, rows, unit=seen.unit, groups=directions()),
        how=words("bubbles.how.episodes", shown=len(rows)),
        unit=words("bubbles.unit_of.date"),
        twin=episode_table(seen, result),
    )


def _crowded(seen: Seen, episodes: pl.DataFrame) -> dict[str, object]:
    """Return the date on which most series are explosive at once, and how many."""
    count: dict[int, int] = {}
    for row in episodes.iter_rows(named=True):
        for at in range(seen.place(row["start"]), seen.place(row["last"]) + 1):
            count[at] = count.get(at, 0) + 1
    most = max(count.values())
    return {"when": written(min(at for at, n in count.items() if n == most), seen.unit), "most": most}


def statistics(seen: Seen, result: Bubbles) -> Picture:
    """Return GSADF of every series beside its own critical value."""
    tested = result.statistics.filter(status="tested").sort(
        pl.col("gsadf") - pl.col("critical_value"), descending=True, maintain_order=True
    )
    groups = words("bubbles.chart.rejects"), words("bubbles.chart.not_rejects")
    rows = [
        {"name": seen.name(row["series"]), "value": row["gsadf"], "limit": row["critical_value"],
         "group": groups[0 if row["rejects"] else 1]}
        for row in tested.iter_rows(named=True)
    ]  # fmt: skip
    top = tested.row(0, named=True)
    values = {
        "k": int(tested["rejects"].sum()), "n": tested.height, "name": seen.name(top["series"]),
        "gsadf": number(top["gsadf"], DECIMALS), "limit": number(top["critical_value"], DECIMALS),
    }  # fmt: skip
    headline = words("bubbles.headline.gsadf", **values) if values["k"] else words("bubbles.headline.none", **values)
    said = {"level": int(tested["level"][0]), "method": methods_text(tested)}
    most = 2 * COLUMN
    cut = tested.height > most
    return Picture(
        kind="gsadf",
        title=words("bubbles.title.gsadf"),
        headline=headline,
        draw=lambda w: kit.limits(w, rows, x=words("bubbles.chart.gsadf"), groups=groups),
        how=words("bubbles.how.gsadf_first", shown=most, **said) if cut else words("bubbles.how.gsadf", **said),
        unit=words("bubbles.unit_of.bsadf"),
        twin=statistic_table(seen, result, tested),
    )


def panel_path(seen: Seen, result: PanelBubbles) -> Picture:
    """Return the mean BSADF of a panel and its critical line."""
    row = result.statistics.row(0, named=True)
    line = words(
        "bubbles.chart.panel", level=row["level"], n=row["series"], convention=convention_text(row["convention"]),
        method=methods_text(result.statistics),
    )  # fmt: skip
    panels = [{"title": line, "rows": _rows(seen, result.frame)}]
    spans = seen.spans(result.episodes)
    values = {
        "n": row["series"], "gsadf": number(row["gsadf"], DECIMALS),
        "limit": number(row[f"critical_{row['level']}"], DECIMALS), "level": row["level"],
    }  # fmt: skip
    if not row["rejects"]:
        headline = words("bubbles.headline.panel_calm", **values)
    elif result.episodes.height:
        ongoing = result.episodes.filter("ongoing")
        top = (ongoing if ongoing.height else result.episodes.sort("duration", descending=True)).row(0, named=True)
        headline = words(
            "bubbles.headline.panel", **values, episode=seen.told(top), lasted=seen.lasted(top["duration"])
        )
    else:
        headline = words("bubbles.headline.panel_undated", **values)
    return Picture(
        kind="panel",
        title=words("bubbles.title.panel"),
        headline=headline,
        draw=lambda w: kit.episodes(w, panels, spans, unit=seen.unit, groups=directions()),
        how=words("bubbles.how.panel"),
        unit=words("bubbles.unit_of.bsadf"),
        twin=path_table(seen, None, result.frame),
    )

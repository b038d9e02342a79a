"""The pages of `bubbles` and `panel_bubbles`: what is explosive, since when, by which critical values, in pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text, Values, listing
from xinzhi.report.charts.intervals import COLUMN
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import MOST_NOTES, capitalised
from xinzhi.report.table import Table, table
from xinzhi.risks import Bubbles
from xinzhi.risks.internal import PanelBubbles

CELLS, ROWS = 12, 45  # series that the grid and the time line show at most
RISE, FALL = "positive", "negative"
SIGNS = {RISE: "▲", FALL: "▼"}
_NAMED = 3


@section.register
def bubbles(result: Bubbles, *, region: str | None = None) -> Section:
    """Return which series explode, since when, and by which critical values; `region` is the series that leads."""
    names = result.names.distinct("series", result.statistics["series"])
    series = result.leading_series if region is None else result.series_code(region)
    row = result.statistics.row(by_predicate=pl.col("series") == series, named=True)
    answer = result.sentences()
    if row["status"] != "tested":
        why = Text(zh=row["reason_zh"], en=row["reason_en"])
        answer = [words.bubbles.answer_not_tested(name=names[series], why=why), *answer]
    measures = statistics(result)
    pictures = [
        one_series(result, series) if row["status"] == "tested" else None,
        time_line(result),
        many_series(result),
        measures if result.tested.height > 1 else None,
    ]
    tables = [measures.twin] if measures and result.tested.height == 1 else []
    untested = table("bubbles_untested", result.untested, of=result)
    if result.episodes.height and not result.rejecting_episodes().height:
        tables.append(episode_table(result))
    return Section.of(
        "bubbles.section",
        pictures,
        [*tables, untested if untested.rows else None],
        anchor="bubbles",
        answer=answer,
        notes=(
            _convention("convention", result.convention, "meaning"),
            words.bubbles.note_invisible(),
            *_notes(names, result.findings),
        ),
    )


@section.register
def panel(result: PanelBubbles) -> Section:
    """Return whether a panel explodes as a whole, and when."""
    names = result.names.distinct("series", result.members)
    row = result.statistics.row(0, named=True)
    members = words.bubbles.note_members(members=[*names.values()], lag=row["lag"], order=row["order"])
    episodes = result.timeline.with_dates(result.episodes)
    return Section.of(
        "bubbles.panel_section",
        [panel_path(result)],
        [table("bubbles_panel_episodes", episodes, of=result) if episodes.height else None],
        anchor="bubbles-panel",
        answer=result.sentences(),
        notes=(members, _convention("panel_convention", row["convention"], "panel"), *_notes(names, result.findings)),
    )


def _convention(note: str, name: str, meaning: str) -> Text:
    """Return by which convention episodes are dated, and what it means."""
    key = f"bubbles.convention.{name}"
    return words.bubbles.note_of(note, convention=words.by_key(f"{key}.name"), meaning=words.by_key(f"{key}.{meaning}"))


def _notes(names: Mapping[str, Text], findings: Iterable[Finding]) -> list[Text]:
    """Return what was found in the series, each thing once with the names that it holds for."""
    by_text: dict[Text, list[Text]] = defaultdict(list)
    for finding in findings:
        if finding.severity == "error" and finding.key is not None:
            continue  # it stands in the table of what was not tested
        message = Text(
            zh=f"{finding.message.zh}{finding.hint.zh}",
            en=f"{capitalised(finding.message).en} {finding.hint.en}".strip(),
        )
        by_text[message] += (
            [] if finding.key is None else [names.get(finding.key, Text(zh=finding.key, en=finding.key))]
        )
    notes = [
        words.bubbles.note_finding(names=listing(names, limit=_NAMED), text=text) if names else text
        for text, names in by_text.items()
    ]
    rest = len(notes) - MOST_NOTES
    return [*notes[:MOST_NOTES], words.bubbles.note_more(k=rest)] if rest > 0 else notes


def _names(result: Bubbles) -> Mapping[str, Text]:
    return result.names.distinct("series", result.statistics["series"])


def _rows(result: Bubbles | PanelBubbles, path: pl.DataFrame, value: str = "bsadf") -> list[dict[str, Any]]:
    """Return a path over the places of its dates, the statistic beside its critical value."""
    return [
        {
            "x": result.timeline.places[row["date"]],
            "value": row[value],
            "limit": row["critical_value"] if value == "bsadf" else None,
        }
        for row in path.iter_rows(named=True)
    ]


def _spans(result: Bubbles | PanelBubbles, episodes: pl.DataFrame) -> list[dict[str, Any]]:
    dates = result.timeline
    return [
        {
            "start": dates.places[row["start"]],
            "end": dates.places[row["last"]],
            "group": _direction(row["signal"]),
            "word": dates.episode_text(row),
            "mark": SIGNS[row["signal"]],
            "after": "→" if row["ongoing"] else "",
        }
        for row in episodes.iter_rows(named=True)
    ]


def _direction(signal: str) -> Text:
    return words.bubbles.chart_rise() if signal == RISE else words.bubbles.chart_fall()


def _over_time(name: str, result: Bubbles | PanelBubbles, **options: Any) -> Picture | None:  # noqa: ANN401 - as `shown` takes them
    """Return a picture over dates that knows their unit and the order of the colours."""
    groups = (_direction(RISE), _direction(FALL))
    return shown(f"bubbles.{name}", result, dates=result.timeline.unit, groups=groups, **options)


def one_series(result: Bubbles, series: str) -> Picture | None:
    """Return a series above its BSADF and critical line, with the episodes shaded in both."""
    path, name = result.path(series), _names(result)[series]
    row = result.statistics.row(by_predicate=pl.col("series") == series, named=True)
    panels = [
        {"title": _measured(result, name), "rows": _rows(result, path, "value")},
        {"title": words.bubbles.chart_bsadf(**_line(row)), "rows": _rows(result, path)},
    ]
    twin = table("bubbles_path", _with_dates(result, path), of=result, name=name)
    spans = _spans(result, result.episodes_of(series))
    return _over_time(
        "bsadf", result, facts={"name": name}, rows=panels, twin=twin, headline=result.headline(series), spans=spans
    )


def _with_dates(result: Bubbles | PanelBubbles, path: pl.DataFrame) -> pl.DataFrame:
    """Return the statistic of every date, of one series or of the panel, as a table shows it."""
    return result.timeline.with_dates(path.drop_nulls("bsadf"))


def _line(row: Mapping[str, Any]) -> Values:
    """Return by which critical values a row of statistics is held."""
    convention = words.by_key(f"bubbles.convention.{row['convention']}.name")
    return {
        "level": row["level"],
        "convention": convention,
        "method": words.bubbles.chart_of(f"method_{row['method']}"),
    }


def _measured(result: Bubbles, name: Text) -> Text:
    """Return what the figures of a series are, as far as the options say."""
    options = result.provenance.options
    kind = "_log" if options.get("log") or options.get("value") == "log_price" else ""
    kind = "_ratio" if options.get("value") == "price_to_output" else kind
    return words.bubbles.chart_of(f"series{kind}", name=name)


def many_series(result: Bubbles) -> Picture | None:
    """Return the rejecting series beside each other; None with fewer than two."""
    order = result.by_longest_episode[:CELLS]
    if len(order) < 2:  # noqa: PLR2004 - one stands in the leading picture
        return None
    names = _names(result)
    cells = [
        {
            "name": names[series],
            "rows": _rows(result, result.path(series)),
            "spans": _spans(result, result.episodes_of(series)),
        }
        for series in order
    ]
    top = result.highest_peak
    facts = {
        "n": len(result.by_longest_episode),
        "shown": len(order),
        "name": names[str(top["series"])],
        "bsadf": top["bsadf"],
        "peak": result.timeline.date(top["peak"]),
        "limit": top["critical_value"],
    }
    return _over_time("series", result, frame=result.peaks_of(order), facts=facts, rows=cells)


def time_line(result: Bubbles) -> Picture | None:
    """Return the episodes of all series that reject on one line of time; None without any."""
    episodes, places, names = result.rejecting_episodes(), result.timeline.places, _names(result)
    if not episodes.height:
        return None
    longest = result.by_total_duration[:ROWS]
    ends = {
        row["series"]: (places[row["first"]], places[row["last"]])
        for row in result.statistics.iter_rows(named=True)
        if row["series"] in longest
    }
    order = sorted(longest, key=lambda series: places[result.episodes_of(series)["start"][0]])
    rows = [
        {
            "name": names[series],
            "first": ends[series][0],
            "last": ends[series][1],
            "spans": _spans(result, result.episodes_of(series)),
        }
        for series in order
    ]
    when, most = result.crowded_date
    signals = episodes["signal"].to_list()
    facts = {
        "n": len(result.by_total_duration),
        "rises": signals.count(RISE),
        "falls": signals.count(FALL),
        "when": when,
        "most": most,
        "shown": len(rows),
    }
    return _over_time("episodes", result, facts=facts, rows=rows, twin=episode_table(result))


def episode_table(result: Bubbles) -> Table:
    """Return one row an episode; those of series that do not reject are marked so."""
    return table("bubbles_episodes", result.timeline.with_dates(result.episodes), of=result)


def statistics(result: Bubbles) -> Picture | None:
    """Return GSADF of every series beside its own critical value."""
    tested, names = result.tested, _names(result)
    groups = words.bubbles.chart_rejects(), words.bubbles.chart_not_rejects()
    rows = [
        {
            "name": names[row["series"]],
            "value": row["gsadf"],
            "limit": row["critical_value"],
            "group": groups[0 if row["rejects"] else 1],
        }
        for row in tested.iter_rows(named=True)
    ]
    top = tested.row(0, named=True)
    most, k = 2 * COLUMN, int(tested["rejects"].sum())
    methods = [words.bubbles.chart_of(f"method_{method}") for method in dict.fromkeys(tested["method"].drop_nulls())]
    facts = {
        "k": k,
        "n": tested.height,
        "name": names[top["series"]],
        "gsadf": top["gsadf"],
        "shown": most,
        "limit": top["critical_value"],
        "level": result.level,
        "method": methods,
    }
    return shown(
        "bubbles.gsadf",
        result,
        tested,
        facts,
        rows=rows,
        twin=_statistic_table(result),
        groups=groups,
        headline="gsadf" if k else "none",
        how="gsadf_first" if tested.height > most else "gsadf",
    )


def _statistic_table(result: Bubbles) -> Table:
    """Return one row a series that was tested: its statistics, each beside its critical value."""
    note = words.bubbles.note_statistics(level=result.level)
    return table("bubbles_statistics", result.statistics_with_limits, of=result, notes=(note,))


def panel_path(result: PanelBubbles) -> Picture | None:
    """Return the mean BSADF of a panel and its critical line."""
    row, dates = result.statistics.row(0, named=True), result.timeline
    facts: dict[str, object] = {
        "n": row["series"],
        "gsadf": row["gsadf"],
        "limit": row[f"critical_{row['level']}"],
        "level": row["level"],
    }
    headline = "panel_undated" if row["rejects"] else "panel_calm"
    if row["rejects"] and result.episodes.height:
        top = result.leading_episode
        facts |= {"episode": dates.episode_text(top), "lasted": dates.duration_text(top["duration"])}
        headline = "panel"
    panels = [{"title": words.bubbles.chart_panel(n=row["series"], **_line(row)), "rows": _rows(result, result.frame)}]
    twin, spans = table("bubbles_panel", _with_dates(result, result.frame), of=result), _spans(result, result.episodes)
    return _over_time("panel", result, facts=facts, rows=panels, twin=twin, headline=headline, spans=spans)

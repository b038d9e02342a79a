"""What is said of explosive series: their names and dates, their episodes, and the facts behind summary and page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.names import Names
from xinzhi.core.text import Text, words
from xinzhi.risks.prices.conventions import short_sample
from xinzhi.risks.prices.critical import episode, power_of
from xinzhi.risks.prices.series import Unit, read_calendar, written
from xinzhi.risks.projects.places import place_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.core.result import Facts
    from xinzhi.risks.prices.bubbles import Bubbles
    from xinzhi.risks.prices.panel import PanelBubbles

RISE = "positive"
_RARE = 0.001  # a probability below is not told apart from it
_YEARS = (1000, 2999)  # whole numbers between are years


def series_names(series: Iterable[str]) -> Names:
    """Return the names of series: those of places of China in both languages."""
    return Names({"series": {one: place_text(one) for one in series}})


def find_series(names: Mapping[str, Text], asked: str) -> str:
    """Return the series that is called so in either language, or by the code of its place.

    Examples
    --------
    >>> find_series({"Anqing": place_text("Anqing")}, "安庆")
    'Anqing'
    """
    for series, text in names.items():
        if asked in {series, text.zh, text.en} or place_text(asked) == text:
            return series
    raise UsageError("prices.no-series", asked=asked, known=list(names.values()))


@dataclass(frozen=True, slots=True)
class Timeline:
    """The dates of a result: the place of each on a line of time, and what one step is.

    Examples
    --------
    >>> dates = Timeline.of(pl.Series(["2024-01", "2024-02"]))
    >>> dates.unit, dates.lasted(2).en
    ('month', '2 months')
    """

    places: Mapping[Any, int]
    unit: Unit

    @classmethod
    def of(cls, dates: pl.Series) -> Timeline:
        """Return the line of time of dates; whole numbers that look like years are years."""
        known = dates.unique(maintain_order=True).drop_nulls()
        calendar = read_calendar(known)
        places = dict(zip(known.to_list(), calendar.ordinal.tolist(), strict=True))
        years = calendar.unit == "position" and all(_YEARS[0] <= place <= _YEARS[1] for place in places.values())
        return cls(places, "year" if years else calendar.unit)

    def date(self, date: object) -> str | None:
        """Return a date as it is written."""
        return None if date is None else written(self.places[date], self.unit)

    def date_at(self, place: int) -> str:
        """Return the date of a place as it is written."""
        return written(place, self.unit)

    def lasted(self, periods: int) -> Text:
        """Return a number of dates in words: ``8 months``."""
        return words(f"bubbles.unit_of.{self.unit}", n=periods)

    def episode_text(self, row: Mapping[str, Any]) -> Text:
        """Return an episode in a few words: what it is, from when to when."""
        key = "ongoing" if row["ongoing"] else "once" if row["start"] == row["last"] else "span"
        return words(
            f"bubbles.label.{key}",
            start=self.date(row["start"]), last=self.date(row["last"]), signal=row["signal"],
        )  # fmt: skip

    def with_dates(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame whose dates are written as text."""
        kept = [name for name in ("date", "start", "peak", "last", "first", "end") if name in frame.columns]
        return frame.with_columns(
            pl.Series(name, [self.date(one) for one in frame[name]], dtype=pl.String) for name in kept
        )


def line_facts(statistics: pl.DataFrame) -> Facts:
    """Return by which critical values episodes are dated, and how often a series without a bubble passes them."""
    row = statistics.row(0, named=True)
    found = statistics["method"].drop_nulls().unique(maintain_order=True).to_list()
    values = {
        "level": row["level"], "convention": words(f"bubbles.convention.{row['convention']}.name"),
        "method": [words(f"bubbles.chart.method_{one}") for one in found],
    }  # fmt: skip
    alarms = statistics["false_alarms"].drop_nulls().to_list()
    if not alarms:
        return {"answer.line": values}
    if round(100 * min(alarms)) == round(100 * max(alarms)):
        return {"answer.alarms": values | {"share": alarms[0]}}
    return {"answer.alarms_between": values | {"low": min(alarms), "high": max(alarms)}}


def power_values(dates: Timeline, size: int, level: int) -> dict[str, object] | None:
    """Return how often a bubble of either speed is found at a length; None where nobody has simulated it."""
    power, gentle = power_of(size, level), power_of(size, level, "gentle")
    if power is None or gentle is None:
        return None
    start, stop, root = episode(size)
    return {
        "n": size, "rate": root - 1, "lasted": dates.lasted(stop - start), "power": power,
        "slow": episode(size, "gentle")[2] - 1, "gentle": gentle,
    }  # fmt: skip


def bubble_facts(result: Bubbles) -> Facts:
    """Return what is said of many series: which are explosive, since when, by which line, and what could be missed."""
    tested = result.statistics.filter(status="tested")
    if not tested.height:
        return {"answer.untested": {}}
    names, dates = result.names.distinct("series", result.statistics["series"]), result.timeline
    rejecting = tested.filter("rejects")
    facts: Facts = {**_who(result, names, tested, rejecting), **_episodes(result, names, dates), **line_facts(tested)}
    if tested.height > 1:
        facts |= _chance(result.level, tested.height, rejecting.height)
    return {**facts, **_power(dates, tested, result.level), **_doubts(result, tested), "answer.fundamentals": {}}


def _who(result: Bubbles, names: Mapping[str, Text], tested: pl.DataFrame, rejecting: pl.DataFrame) -> Facts:
    """Return which series are explosive, rises and falls apart."""
    if tested.height == 1:
        return {"answer.single": {"headline": headline(result, tested["series"][0])}}
    values = {"k": rejecting.height, "n": tested.height, "level": result.level}
    if not rejecting.height:
        return {"answer.none": values}
    ways = {
        signal: [
            names[one]
            for one in result.rejecting_episodes().filter(signal=signal)["series"].unique(maintain_order=True)
        ]
        for signal in ("positive", "negative")
    }
    key = {(True, True): "both", (True, False): "rises", (False, True): "falls"}.get(
        (bool(ways["positive"]), bool(ways["negative"]))
    )
    if key is None:
        return {"answer.undated": values | {"names": [names[one] for one in rejecting["series"]]}}
    return {f"answer.{key}": values | {"rises": ways["positive"], "falls": ways["negative"]}}


def headline(result: Bubbles, series: str) -> Text:
    """Return what one series shows."""
    row = result.statistics.row(by_predicate=pl.col("series") == series, named=True)
    episodes = result.rejecting_episodes().filter(series=series)
    values = {
        "name": result.names.distinct("series", result.statistics["series"])[series], "gsadf": row["gsadf"],
        "limit": row["critical_value"], "level": row["level"], "n": episodes.height,
    }  # fmt: skip
    if not row["rejects"]:
        return words("bubbles.headline.calm", **values)
    if not episodes.height:
        return words("bubbles.headline.undated", **values)
    ongoing = episodes.filter("ongoing")
    top = (ongoing if ongoing.height else episodes.sort("duration", descending=True, maintain_order=True)).row(
        0, named=True
    )
    key = "episode" if episodes.height == 1 else "ongoing" if ongoing.height else "longest"
    dates = result.timeline
    return words(
        f"bubbles.headline.{key}", **values, episode=dates.episode_text(top), lasted=dates.lasted(top["duration"])
    )


def _episodes(result: Bubbles, names: Mapping[str, Text], dates: Timeline) -> Facts:
    """Return which episodes go on where the data end, and the longest."""
    episodes = result.rejecting_episodes()
    if not episodes.height:
        return {}

    def item(row: Mapping[str, Any]) -> Text:
        return words("bubbles.label.of", name=names[row["series"]], episode=dates.episode_text(row))

    ongoing = [item(row) for row in episodes.filter("ongoing").iter_rows(named=True)]
    top = episodes.sort("duration", descending=True, maintain_order=True).row(0, named=True)
    longest = {"item": item(top), "lasted": dates.lasted(top["duration"])}
    going: Facts = {"answer.ongoing": {"items": ongoing}} if ongoing else {"answer.over": {}}
    return {**going, "answer.longest": longest}


def _chance(level: int, count: int, found: int) -> Facts:
    """Return how many of so many sound series would reject, and how likely as many as were found are."""
    from scipy.stats import binom

    share = 1 - level / 100
    values = {"n": count, "level": 100 - level, "expected": count * share, "k": found}
    if not found:
        return {"answer.chance_none": values}
    tail = float(binom.sf(found - 1, count, share))
    return {"answer.chance": values | {"p": tail}} if tail >= _RARE else {"answer.chance_rare": values}


def _power(dates: Timeline, tested: pl.DataFrame, level: int) -> Facts:
    """Return what bubble would have been found at the longest and the shortest length, and where that is little."""
    sizes = tested["observations"]
    some = [power_values(dates, int(size), level) for size in dict.fromkeys((sizes.max(), sizes.min()))]  # type: ignore[arg-type] # whole numbers
    known = [one for one in some if one is not None]
    facts: Facts = {"answer.power": known} if known else {"answer.no_power": {}}
    if known and tested["power"].null_count():
        facts["answer.other_power"] = {}
    short = tested.filter(pl.col("observations") < short_sample()).height
    return facts | ({"answer.short": {"k": short, "limit": short_sample()}} if short else {})


def _doubts(result: Bubbles, tested: pl.DataFrame) -> Facts:
    """Return how many series were not tested, and of how many the critical values do not allow for what they are."""
    rules = [one.rule for one in result.findings]
    facts: Facts = {}
    if left := result.statistics.height - tested.height:
        facts["answer.left"] = {"k": left}
    for name in ("autocorrelated", "drift"):
        if count := rules.count(f"bubbles-{name}"):
            facts[f"answer.{name}"] = {"k": count, "n": tested.height}
    return facts


def series_sentences(result: Bubbles, row: Mapping[str, Any], critical: pl.DataFrame) -> tuple[Text, ...]:
    """Return what stands behind the verdict on one series."""
    dates, name = result.timeline, result.names.text("series", row["series"])
    if row["status"] != "tested":
        return (words("bubbles.answer.not_tested", name=name, why=Text(zh=row["reason_zh"], en=row["reason_en"])),)
    head = {
        "name": name, "first": dates.date(row["first"]), "last": dates.date(row["last"]), "n": row["observations"],
        "lag": row["lag"], "window": row["minimum_window"], "level": row["significance"],
    }  # fmt: skip
    said = [words("bubbles.explain.rejects" if row["significance"] else "bubbles.explain.calm", **head)]
    for statistic in ("adf", "sadf", "gsadf"):
        limits = critical.filter(statistic=statistic).sort("level")["critical_value"].to_list()
        values = dict(zip(("low", "middle", "high"), limits, strict=True))
        said.append(words("bubbles.explain.statistic", statistic=statistic.upper(), value=row[statistic], **values))
    said += [
        words(f"bubbles.{key}", **values)
        for key, values in line_facts(pl.DataFrame([row], infer_schema_length=None)).items()
    ]
    episodes = result.episodes.filter(series=row["series"])
    said += [
        words("bubbles.explain.episode", episode=dates.episode_text(one), lasted=dates.lasted(one["duration"]))
        for one in episodes.iter_rows(named=True)
    ] or [words("bubbles.explain.none")]
    power = power_values(dates, row["observations"], row["level"]) if row["power"] is not None else None
    return (*said, *([words("bubbles.answer.power", **power)] if power else []))


def panel_facts(result: PanelBubbles) -> Facts:
    """Return whether the panel is explosive, when, by which critical values, and who could not take part."""
    row, dates = result.statistics.row(0, named=True), result.timeline
    values = {
        "n": row["series"], "first": dates.date(row["first"]), "last": dates.date(row["last"]), "gsadf": row["gsadf"],
        "level": row["level"], "p": row["p_value"], "limit": row[f"critical_{row['level']}"],
    }  # fmt: skip
    facts: Facts = {"answer.panel" if row["rejects"] else "answer.panel_calm": values}
    if result.episodes.height:
        facts["answer.panel_episodes"] = {
            "items": [dates.episode_text(one) for one in result.episodes.iter_rows(named=True)]
        }
    facts["answer.panel_line"] = {
        "convention": words(f"bubbles.convention.{row['convention']}.name"), "level": row["level"],
        "draws": f"{row['replications']:,}", "share": row["false_alarms"],
    }  # fmt: skip
    left = untested(result.findings)
    if left:
        facts["answer.panel_left"] = {"k": len(left), "names": [place_text(one) for one in left]}
    return facts


def untested(findings: Iterable[Finding]) -> list[str]:
    """Return the series that findings keep from the test."""
    return list(dict.fromkeys(one.key for one in findings if one.severity == "error" and one.key is not None))

"""Bubbles in a report: who is explosive, since when, by which critical values, and what the test could not see."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, words
from xinzhi.report.numbers import number
from xinzhi.report.rooms.risks import explosive_pictures as pictures
from xinzhi.report.rooms.risks.explosive_tables import (
    dated,
    episode_table,
    panel_episode_table,
    reason,
    untested_table,
)
from xinzhi.report.rooms.risks.explosive_view import Seen, convention_meaning, convention_text, methods_text
from xinzhi.report.section import Section
from xinzhi.risks.prices.conventions import setting
from xinzhi.risks.prices.power import episode, power_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinzhi.core.finding import Finding
    from xinzhi.risks import Bubbles, PanelBubbles

_SHOWN = 6
_NAMED = 3


def explosive(result: Bubbles, *, region: str | None = None) -> Section:
    """Return which series explode, since when, and by which critical values.

    Parameters
    ----------
    result
        What `bubbles` returns.
    region
        The series that the leading picture shows; None: the one that says most.

    Raises
    ------
    UsageError
        When there is no such series.
    """
    seen = Seen(result)
    tested = result.statistics.filter(status="tested")
    untested = untested_table(seen, result)
    series = pictures.telling(result) if region is None else seen.chosen(region)
    row = result.statistics.filter(series=series).row(0, named=True)
    shown = [] if row["status"] != "tested" else [pictures.one_series(seen, result, series)]
    shown += [one for one in (pictures.time_line(seen, result), pictures.many_series(seen, result)) if one is not None]
    every = pictures.statistics(seen, result)
    missing = () if row["status"] == "tested" else (
        words("bubbles.answer.not_tested", name=seen.name(series), why=reason(row)),
    )  # fmt: skip
    tables = []
    if tested.height > 1:
        shown.append(every)
    else:
        tables.append(every.twin)
    if result.episodes.height and not dated(result).height:
        tables.append(episode_table(seen, result))
    return Section(
        key="bubbles",
        title=words("bubbles.title.section"),
        answer=(*missing, *_answer(seen, result, tested)),
        pictures=tuple(shown),
        tables=(*tables, *([untested] if untested else [])),
        notes=(
            words("bubbles.note.convention", convention=convention_text(result.convention),
                  meaning=convention_meaning(result.convention)),
            words("bubbles.note.bubble"),
            words("bubbles.note.invisible"),
            *_found(seen, result.findings),
        ),
    )  # fmt: skip


def _answer(seen: Seen, result: Bubbles, tested: pl.DataFrame) -> list[Text]:
    """Return the finding in a few sentences."""
    episodes = dated(result)
    rejecting = tested.filter("rejects")
    found = [_who(seen, tested, rejecting, episodes)]
    if episodes.height:
        ongoing = episodes.filter("ongoing")
        items = listing([_of(seen, row) for row in ongoing.iter_rows(named=True)], limit=_SHOWN)
        found.append(words("bubbles.answer.ongoing", items=items) if ongoing.height else words("bubbles.answer.over"))
        top = episodes.sort("duration", descending=True, maintain_order=True).row(0, named=True)
        found.append(words("bubbles.answer.longest", item=_of(seen, top), lasted=seen.lasted(top["duration"])))
    found.append(_line(result, tested))
    if tested.height > 1:
        found.append(_chance(result.level, tested.height, rejecting.height))
    return [*found, *_power(seen, tested, result.level)]


def _of(seen: Seen, row: dict[str, Any]) -> Text:
    return words("bubbles.label.of", name=seen.name(row["series"]), episode=seen.told(row))


def _who(seen: Seen, tested: pl.DataFrame, rejecting: pl.DataFrame, episodes: pl.DataFrame) -> Text:
    """Say who is explosive, rises and falls apart."""
    level = int(tested["level"][0])
    if tested.height == 1:
        headline = pictures.headline(seen, tested.row(0, named=True), episodes)
        return Text(zh=f"{headline.zh}。", en=f"{headline.en}.")
    if not rejecting.height:
        return words("bubbles.answer.none", n=tested.height, level=level)
    ways = {
        signal: listing(
            [seen.name(one) for one in episodes.filter(signal=signal)["series"].unique(maintain_order=True)],
            limit=_SHOWN,
        )
        for signal in ("positive", "negative")
    }
    values = {"k": rejecting.height, "n": tested.height, "level": level}
    if ways["positive"].en and ways["negative"].en:
        return words("bubbles.answer.both", rises=ways["positive"], falls=ways["negative"], **values)
    if ways["positive"].en:
        return words("bubbles.answer.rises", rises=ways["positive"], **values)
    if ways["negative"].en:
        return words("bubbles.answer.falls", falls=ways["negative"], **values)
    names = listing([seen.name(one) for one in rejecting["series"]], limit=_SHOWN)
    return words("bubbles.answer.undated", names=names, **values)


def _line(result: Bubbles, tested: pl.DataFrame) -> Text:
    """Say by which critical values, and how often they cry wolf."""
    values = {
        "convention": convention_text(result.convention), "method": methods_text(tested), "level": result.level,
    }  # fmt: skip
    alarms = tested["false_alarms"].drop_nulls().to_list()
    if not alarms:
        return words("bubbles.answer.line", **values)
    low, high = (number(100 * one, 0) for one in (min(alarms), max(alarms)))
    return words("bubbles.answer.alarms", share=_span(low, high), **values)


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low}–{high}"


def _chance(level: int, count: int, found: int) -> Text:
    """Say how many of so many sound series would reject, and how likely as many as were found are."""
    from scipy.stats import binom

    share = 1 - level / 100
    values = {"n": count, "level": 100 - level, "expected": number(count * share, 1), "k": found}
    if not found:
        return words("bubbles.answer.chance_none", **values)
    tail = float(binom.sf(found - 1, count, share))
    probability = number(100 * tail, 1) if tail >= 0.001 else "< 0.1"  # noqa: PLR2004 - a tenth of a per cent
    return words("bubbles.answer.chance", p=probability, **values)


def _power(seen: Seen, tested: pl.DataFrame, level: int) -> list[Text]:
    """Say what bubble would have been found at the longest and the shortest length, and where that is little."""
    sizes = tested["observations"]
    found = []
    for size in dict.fromkeys((int(sizes.max()), int(sizes.min()))):  # type: ignore[arg-type] # whole numbers
        power, gentle = power_of(size, level), power_of(size, level, "gentle")
        if power is None or gentle is None:
            continue
        start, stop, root = episode(size)
        values = {
            "n": size, "rate": number(100 * (root - 1), 1), "lasted": seen.lasted(stop - start),
            "power": number(100 * power, 0), "slow": number(100 * (episode(size, "gentle")[2] - 1), 1),
            "gentle": number(100 * gentle, 0),
        }  # fmt: skip
        found.append(words("bubbles.answer.power", **values))
    if not found:
        found.append(words("bubbles.answer.no_power"))
    elif tested["power"].null_count():
        found.append(words("bubbles.answer.other_power"))
    short = tested.filter(pl.col("observations") < setting("short")).height
    return [*found, *([words("bubbles.answer.short", k=short, limit=setting("short"))] if short else [])]


def _found(seen: Seen, findings: Iterable[Finding]) -> list[Text]:
    """Return what was found in the series, each thing once with the names that it holds for."""
    by_text: dict[Text, list[Text]] = defaultdict(list)
    for one in findings:
        if one.severity == "error" and one.key is not None:
            continue  # it stands in the table of what was not tested
        message = Text(zh=f"{one.message.zh}{one.hint.zh}", en=f"{_capital(one.message.en)} {one.hint.en}".strip())
        by_text[message] += [] if one.key is None else [seen.name(one.key)]
    told = [
        words("bubbles.note.finding", names=listing(names, limit=_NAMED), text=text) if names else text
        for text, names in by_text.items()
    ]
    if len(told) > _SHOWN:
        return [*told[:_SHOWN], words("bubbles.note.more", k=len(told) - _SHOWN)]
    return told


def _capital(line: str) -> str:
    return line[:1].upper() + line[1:]


def panel(result: PanelBubbles, *, region: str | None = None) -> Section:
    """Return whether a panel explodes as a whole, and when."""
    del region
    seen = Seen(result)
    drawn = pictures.panel_path(seen, result)
    row = result.statistics.row(0, named=True)
    members = listing([seen.name(one) for one in result.members], limit=_SHOWN)
    left = list(dict.fromkeys(one.key for one in result.findings if one.severity == "error" and one.key is not None))
    values = {
        "n": row["series"], "first": seen.date(row["first"]), "last": seen.date(row["last"]),
        "gsadf": number(row["gsadf"], pictures.DECIMALS), "level": row["level"], "p": number(row["p_value"], 4),
        "limit": number(row[f"critical_{row['level']}"], pictures.DECIMALS),
    }  # fmt: skip
    answer = [
        words("bubbles.answer.panel", **values) if row["rejects"] else words("bubbles.answer.panel_calm", **values)
    ]
    if result.episodes.height:
        items = listing([seen.told(one) for one in result.episodes.iter_rows(named=True)], limit=_SHOWN)
        answer.append(words("bubbles.answer.panel_episodes", items=items))
    answer.append(
        words("bubbles.answer.panel_line", convention=convention_text(row["convention"]), level=row["level"],
              draws=f"{row['replications']:,}", share=number(100 * row["false_alarms"], 0))
    )  # fmt: skip
    if left:
        names = listing([seen.name(one) for one in left], limit=_SHOWN)
        answer.append(words("bubbles.answer.panel_left", k=len(left), names=names))
    return Section(
        key="bubbles-panel",
        title=words("bubbles.title.panel_section"),
        answer=tuple(answer),
        pictures=(drawn,),
        tables=(panel_episode_table(seen, result),) if result.episodes.height else (),
        notes=(
            words("bubbles.note.members", members=members, lag=row["lag"], order=row["order"]),
            words("bubbles.note.panel_convention", convention=convention_text(row["convention"]),
                  meaning=convention_meaning(row["convention"], panel=True)),
            *_found(seen, result.findings),
        ),
    )  # fmt: skip


__all__ = ["explosive", "panel"]

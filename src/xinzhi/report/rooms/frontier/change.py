"""The section of a productivity change: catching up with the best, or the best moving on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report import palette
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.frontier import change_tables
from xinzhi.report.rooms.frontier.change_facts import Facts
from xinzhi.report.rooms.frontier.names import good, rts_text, stop
from xinzhi.report.section import Picture, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.frontier.change import ProductivityChange
    from xinzhi.report.charts.style import Words

MANY = 8  # lines in one chart
_SHOWN = 3
INKS = (palette.DEEP, palette.ACCENT, "#7f9a99", "#5b4a8a")


def change(result: ProductivityChange, *, region: str | None = None) -> Section:
    """Return what a productivity change says.

    Parameters
    ----------
    result
        What `xinzhi.frontier.productivity_change` returns.
    region
        The unit, by code or name, whose cumulated change is drawn; None: the groups, or the mean of all units.

    Raises
    ------
    UsageError
        When no unit is called so.
    """
    facts = Facts(result)
    asked = facts.names.chosen(region)
    drawn: list[Picture | None] = []
    if facts.complete.height:
        drawn = [by_unit(facts), cumulated(facts, asked), by_period(facts), tiles(facts), intervals(facts)]
    listed = [change_tables.unsolved(facts), change_tables.left_out(facts), change_tables.weights(facts)]
    return Section(
        key="change",
        title=words("frontier.title.change"),
        answer=_answer(facts),
        pictures=tuple(one for one in drawn if one is not None),
        tables=tuple(one for one in listed if one is not None),
        notes=(*_notes(facts), *result.labels.notes),
    )


def _answer(facts: Facts) -> tuple[Text, ...]:
    if not facts.complete.height:
        return (words("frontier.answer.no_pair"),)
    units = facts.units.rows(named=True)
    said = [stop(_headline(facts))]
    if len(units) > 2 * _SHOWN:
        told = [
            words("frontier.chart.part", part=facts.names.name(row["unit"]), value=number(row["index"], 2, sign=True))
            for row in (*units[:_SHOWN], *units[-1 : -_SHOWN - 1 : -1])
        ]
        ends = listing(told[:_SHOWN]), listing(told[_SHOWN:])
        said.append(words("frontier.answer.ends", first=ends[0], last=ends[1], unit=facts.sign))
    lost = facts.result.frame.height - facts.complete.height
    if lost:
        said.append(words("frontier.answer.unsolved", k=lost, n=facts.result.frame.height))
    return tuple(said)


def _headline(facts: Facts) -> Text:
    """Return the mean of index and parts over all pairs, and in how many units it rose."""
    means = facts.overall
    parts = [
        words("frontier.chart.part", part=facts.part(name), value=number(means[name], 2, sign=True))
        for name in facts.stack
    ]
    rose = facts.units.filter(pl.col("index") > 0).height
    values = {
        "index": facts.index,
        "value": number(means["index"], 2, sign=True),
        "span": facts.span,
        "rose": rose,
        "n": facts.units.height,
        "what": facts.names.what,
        "per": facts.per,
        "unit": facts.sign,
    }
    if parts:
        return words("frontier.headline.change", parts=listing(parts), **values)
    return words("frontier.headline.change_alone", **values)


def inks(facts: Facts) -> Mapping[str, tuple[Text, str]]:
    """Return word and colour of every stacked part."""
    return {name: (facts.part(name), INKS[i % len(INKS)]) for i, name in enumerate(facts.stack)}


def by_unit(facts: Facts) -> Picture:
    """Return the parts of every unit's mean change, stacked, with the index as a dot."""
    rows = [
        {"name": facts.names.name(row["unit"]), **{name: row[name] for name in ("index", *facts.stack)}}
        for row in facts.units.rows(named=True)
    ]
    return Picture(
        kind="change",
        title=words("frontier.title.by_unit"),
        headline=_headline(facts),
        draw=lambda w: _stacked(w, facts, rows, facts.unit),
        how=words("frontier.how.by_unit" if facts.stack else "frontier.how.no_parts", index=facts.index),
        unit=facts.unit,
        twin=change_tables.by_unit(facts),
    )


def _stacked(w: Words, facts: Facts, rows: list[dict[str, Any]], x: Text) -> ChartType:
    if not facts.stack:
        dots = [{"name": row["name"], "value": row["index"]} for row in rows]
        return kit.dots(w, dots, x=x, reference=0, decimals=2)
    return kit.stacked(w, rows, inks(facts), x=x, total="index", decimals=2)


def by_period(facts: Facts) -> Picture | None:
    """Return the parts of the mean change by period; None where there is one period only."""
    if facts.periods.height <= 1:
        return None
    rows = [
        {"name": same(row["period"]), **{name: row[name] for name in ("index", *facts.stack)}}
        for row in facts.periods.rows(named=True)
    ]
    best, worst = (facts.periods.sort("index", descending=down).row(0, named=True) for down in (True, False))
    return Picture(
        kind="periods",
        title=words("frontier.title.by_period"),
        headline=words(
            "frontier.headline.by_period",
            index=facts.index,
            unit=facts.sign,
            first=best["period"], most=number(best["index"], 2, sign=True),
            last=worst["period"], least=number(worst["index"], 2, sign=True),
        ),
        draw=lambda w: _stacked(w, facts, rows, facts.mean_unit),
        how=words("frontier.how.by_period"),
        unit=facts.mean_unit,
        twin=change_tables.by_period(facts),
    )  # fmt: skip


def cumulated(facts: Facts, asked: str | None) -> Picture | None:
    """Return the index chained from the first period: of one unit with its parts, of the groups, or of the mean."""
    if not facts.are_numbers:
        return None
    chains = facts.chain_of(asked) if asked else facts.chain_of_groups() or facts.chain_of(None)
    chains = dict(list(chains.items())[:MANY])
    rows = [
        {"group": name, "year": period, "value": value} for name, chain in chains.items() for period, value in chain
    ]
    if len({row["year"] for row in rows}) <= 1:
        return None
    last = {
        name: next((value for _, value in reversed(chain) if value is not None), None) for name, chain in chains.items()
    }
    told = [
        words("frontier.chart.end", name=name, value=number(value, 1))
        for name, value in last.items()
        if value is not None
    ]
    base = 0.0 if facts.result.additive else 100.0
    key = "frontier.headline.cumulated_sum" if facts.result.additive else "frontier.headline.cumulated"
    who = facts.names.name(asked) if asked else words("frontier.chart.all", what=facts.names.what)
    end = max(row["year"] for row in rows if row["value"] is not None)
    return Picture(
        kind="cumulated",
        title=words("frontier.title.cumulated", name=who) if asked else words("frontier.title.cumulated_all"),
        headline=words(key, start=facts.start, end=end, parts=listing(told)),
        draw=lambda w: kit.lines(w, rows, y=facts.chain_unit, reference=base, decimals=1),
        how=words("frontier.how.cumulated"),
        unit=facts.chain_unit,
        twin=change_tables.cumulated(facts, chains),
    )  # fmt: skip


def tiles(facts: Facts) -> Picture | None:
    """Return the tile map of the mean change; None where no arrangement knows the units."""
    if not facts.names.tiles:
        return None
    rows = [{"region": row["unit"], "value": row["index"]} for row in facts.units.rows(named=True)]
    best, worst = facts.units.row(0, named=True), facts.units.row(-1, named=True)
    return Picture(
        kind="map",
        title=words("frontier.title.map"),
        headline=words(
            "frontier.headline.map",
            index=facts.index,
            unit=facts.sign,
            first=facts.names.name(best["unit"]), most=number(best["index"], 2, sign=True),
            last=facts.names.name(worst["unit"]), least=number(worst["index"], 2, sign=True),
        ),
        draw=lambda w: kit.tiles(w, rows, facts.names.tiles, title=facts.unit),
        how=words("frontier.how.map"),
        unit=facts.unit,
        twin=change_tables.by_unit(facts),
    )  # fmt: skip


def intervals(facts: Facts) -> Picture | None:
    """Return the index of the last period with its bootstrap interval; None without a bootstrap."""
    if "index_lower" not in facts.result.frame.columns:
        return None
    frame = facts.result.frame.drop_nulls(["index", "index_lower", "index_upper"])
    if not frame.height:
        return None
    last = frame["period"].sort()[-1]
    rows = [
        {"name": facts.names.name(row["unit"]), **{key: 100 * math.log(row[name]) if row[name] > 0 else None
         for key, name in (("value", "index"), ("low", "index_lower"), ("high", "index_upper"))}}
        for row in frame.filter(pl.col("period") == last).sort("index", descending=True).iter_rows(named=True)
    ]  # fmt: skip
    sure = frame.filter((pl.col("index_lower") > 1) | (pl.col("index_upper") < 1)).height
    return Picture(
        kind="intervals",
        title=words("frontier.title.intervals", period=last),
        headline=words("frontier.headline.intervals", k=sure, n=frame.height, level=facts.level),
        draw=lambda w: kit.dots(w, rows, x=facts.log_unit, reference=0, decimals=2),
        how=words("frontier.how.intervals", level=facts.level),
        unit=facts.log_unit,
        twin=change_tables.intervals(facts),
    )


def _notes(facts: Facts) -> list[Text]:
    """Return the index, its reference and technology, and what it cannot tell."""
    options = facts.result.provenance.options
    notes = [
        words(
            "frontier.note.index",
            index=facts.index,
            reference=words(f"frontier.chart.reference_{options['reference']}"),
            rts=rts_text(str(options["rts"])),
            inputs=listing([good(name) for name in options["inputs"]]),
            outputs=listing([good(name) for name in options["outputs"]]),
            bads=words("frontier.chart.and_bads", names=listing([good(name) for name in options["bad"]]))
            if options["bad"]
            else same(""),
            count=f"{facts.result.programs['count']:,}",
        ),
        words("frontier.note.logs") if not facts.result.additive else words("frontier.note.differences"),
    ]
    if not facts.adds_up and facts.result.parts:
        notes.append(words("frontier.note.two_ways"))
    return [*notes, words("frontier.note.counted")]

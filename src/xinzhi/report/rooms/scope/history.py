"""Two centuries of energy against the eras: which power led where, and one country's shares of energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit, style
from xinzhi.report.numbers import number
from xinzhi.report.rooms.scope.eras import eras, power_names
from xinzhi.report.rooms.scope.tables import made
from xinzhi.report.section import Picture, Section
from xinzhi.scope.facts import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.report.tables import Kind, Table
    from xinzhi.scope.powers import History

FACTS = "powers.yaml"
STEP, WIDTH, LINE = 22, 600, 13


def history(result: History, *, region: str | None = None) -> Section:
    """Return what the history of energy says of the five powers.

    Parameters
    ----------
    result
        What `history` of the room returns.
    region
        The country whose energy is drawn; None: the one in which animals led longest, since their era is in dispute.

    Raises
    ------
    UsageError
        When there is no such country.
    """
    facts = document(FACTS)
    unseen = [
        Text(zh=f"{one['zh']}。", en=f"{one['en'][0].upper()}{one['en'][1:]}.") for one in facts["unseen"].values()
    ]
    return Section(
        key="scope-history",
        title=words("scope.title.history"),
        answer=tuple(_answer(result)),
        pictures=(_leads(result), _carriers(result, region)),
        tables=(_changes(result), _seen(result)),
        notes=(
            *unseen,
            Text(**facts["electricity"]),
            words("scope.note.energy"),
            *_gaps(result.shares),
            same(str(facts["reference"]).strip()),
        ),
    )


def _gaps(shares: pl.DataFrame) -> list[Text]:
    """Say where there are no figures, where shares are negative, and how often they miss 100 percent."""
    facts = document(FACTS)
    found = []
    for key, some in (
        ("blank", shares.filter(pl.col("share").is_null())),
        ("negative", shares.filter(pl.col("share") < 0)),
    ):
        spans = some.group_by("carrier", "country", maintain_order=True).agg(
            pl.col("year").min().alias("first"), pl.col("year").max().alias("last")
        )
        names = [
            words(
                "scope.label.span",
                carrier=Text(zh=facts["carriers"][row["carrier"]]["zh"], en=facts["carriers"][row["carrier"]]["en"]),
                country=_country(row["country"]),
                first=row["first"],
                last=row["last"],
            )
            for row in spans.iter_rows(named=True)
        ]
        found += [words(f"scope.note.{key}", names=listing(names))] if names else []
    sums = shares.group_by("country", "year").agg(pl.col("share").sum())
    off = sums.filter((pl.col("share") - 100).abs() > float(facts["tolerance"]["value"]))
    return [*found, *([words("scope.note.off", count=off.height)] if off.height else [])]


def _readings() -> Mapping[str, Any]:
    found: Mapping[str, Any] = document(FACTS)["readings"]
    return found


def _country(name: str) -> Text:
    """Return what a country is called; one that is not known keeps its name."""
    return Text(zh=document(FACTS)["countries"].get(name, name), en=name)


def _led(result: History, reading: str, power: str) -> int:
    rows = result.eras.filter(reading=reading, power=power)
    return int(rows["countries_led"].fill_null(0).sum())


def _answer(result: History) -> list[Text]:
    largest = result.frame.filter(reading=next(iter(_readings())))["carrier"]
    fossil = 100 * float(largest.is_in(document(FACTS)["fossil"]).sum()) / max(largest.len(), 1)
    years = result.frame["year"]
    found = [
        words(
            "scope.answer.history",
            countries=result.frame["country"].n_unique(),
            first=years.min(),
            last=years.max(),
            share=number(fossil, 0),
        )
    ]
    for reading, about in _readings().items():
        rows = result.frame.filter(reading=reading).drop_nulls(["power", "agrees"])
        share = 100 * float(rows["agrees"].sum()) / max(rows.height, 1)
        electric = _led(result, reading, "electric")
        title = Text(**about["title"])
        found.append(words("scope.answer.reading", reading=title, share=number(share, 0), electric=electric))
    return found


def _runs(result: History) -> list[dict[str, Any]]:
    """Return the runs of years that one power led, by country, under the first reading."""
    rows = result.frame.filter(reading=next(iter(_readings()))).drop_nulls("power").sort("country", "year")
    found: list[dict[str, Any]] = []
    for country, year, power in rows.select("country", "year", "power").iter_rows():
        if found and found[-1]["country"] == country and found[-1]["power"] == power and year == found[-1]["end"]:
            found[-1]["end"] = year + 1
        else:
            found.append({"country": country, "power": power, "start": year, "end": year + 1})
    return found


def _leads(result: History) -> Picture:
    """Return the picture of which power led where."""
    reading, about = next(iter(_readings().items()))
    runs = _runs(result)
    countries = result.frame["country"].n_unique()
    return Picture(
        kind="leads",
        title=words("scope.title.leads"),
        headline=words(
            "scope.headline.leads",
            reading=Text(**about["title"]),
            horse=_led(result, reading, "horse"),
            electric=_led(result, reading, "electric"),
            count=countries,
        ),
        draw=lambda w: _drawn(w, runs),
        how=words("scope.how.leads"),
        unit=words("scope.unit.year"),
        twin=made(
            "scope_leads",
            (("country", "name"), ("power", "name"), ("begins", "year"), ("ends", "year")),
            [(_country(row["country"]), power_names()[row["power"]], row["start"], row["end"] - 1) for row in runs],
        ),
    )


def _drawn(w: Words, runs: list[dict[str, Any]]) -> ChartType:
    names = {one: power_names()[one] for one in ("human", "horse", "electric")}
    rows = [{**row, "name": w(_country(row["country"])), "power": w(names[row["power"]])} for row in runs]
    order = list(dict.fromkeys(row["name"] for row in rows))
    low, high = min(row["start"] for row in rows), max(row["end"] for row in rows)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    inks = alt.Scale(domain=[w(name) for name in names.values()], range=[palette.GROUPS[i] for i in (7, 2, 0)])
    axis = alt.Axis(format="d", domain=False, tickCount=6)
    across = alt.X("start:Q", title=None, scale=scale, axis=axis)
    bar = alt.Chart(style.data(rows)).mark_bar(height=12)
    y = style.ordinal(order, labelPadding=6)
    layers = [bar.encode(x=across, x2=alt.X2("end:Q"), y=y, color=alt.Color("power:N", scale=inks))]
    starts = [
        {"at": one.begins.year, "text": w(words("scope.label.era", power=one.title, year=one.begins.year))}
        for one in eras()
        if one.begins and low < one.begins.year < high
    ]
    for at, start in enumerate(starts):
        mark = alt.Chart(style.data([start]))
        layers.append(mark.mark_rule(color=palette.INK, strokeDash=[3, 3]).encode(x=alt.X("at:Q", scale=scale)))
        text = mark.mark_text(align="right", dx=-4, fontSize=9.5, color=palette.SOFT, baseline="top")
        foot = STEP * len(order) + 22 + LINE * at
        layers.append(text.encode(x=alt.X("at:Q", scale=scale), y=style.y_at(foot), text="text:N"))
    return style.configure(style.layers(*layers, width=WIDTH, height=STEP * len(order)))


def _carriers(result: History, region: str | None) -> Picture:
    """Return the picture of one country's shares of energy, with the eras."""
    shares = result.shares.drop_nulls("share")
    if region is not None and region not in shares["country"].unique():
        known = ", ".join(shares["country"].unique().sort())
        message = f"there is no country '{region}' in the energy data; it has {known}."
        raise UsageError(message)
    country = region or _telling(result)
    rows = shares.filter(pl.col("country") == country).sort("year")
    facts = document(FACTS)["carriers"]
    titles = {name: Text(zh=about["zh"], en=about["en"]) for name, about in facts.items()}
    last = rows.filter(pl.col("year") == rows["year"].max()).sort("share", descending=True).row(0, named=True)
    spans = rows["year"]
    first_year, last_year = int(str(spans.min())), int(str(spans.max()))
    return Picture(
        kind="carriers",
        title=words("scope.title.carriers"),
        headline=words(
            "scope.headline.carriers",
            country=_country(country),
            last=last_year,
            carrier=titles[last["carrier"]],
            share=number(last["share"]),
        ),
        draw=lambda w: kit.lines(
            w, _lines(rows, titles), y=words("scope.unit.energy"), decimals=1, marks=_marks(first_year, last_year)
        ),
        how=words("scope.how.carriers"),
        unit=words("scope.unit.energy"),
        twin=_shares(rows, titles),
    )


def _telling(result: History) -> str:
    """Return the country in which draught animals led longest; the first where they never did."""
    rows = result.frame.filter(reading=next(iter(_readings())))
    led = rows.group_by("country").agg((pl.col("power") == "horse").sum().alias("years"))
    return str(led.sort("years", "country", descending=[True, False])["country"][0])


def _lines(rows: pl.DataFrame, titles: Mapping[str, Text]) -> list[dict[str, Any]]:
    """Return the lines of the carriers; a year without a figure breaks a line."""
    found = []
    for carrier, part in rows.partition_by("carrier", as_dict=True, maintain_order=True).items():
        known = dict(part.select("year", "share").iter_rows())
        years = range(min(known), max(known) + 1)
        found += [{"group": titles[str(carrier[0])], "year": year, "value": known.get(year)} for year in years]
    return found


def _marks(first: int, last: int) -> list[dict[str, Any]]:
    """Return every second era as a shade, so that all can be told apart."""
    found = []
    for number_, one in enumerate(eras()):
        start, end = (one.begins.year if one.begins else first), (one.ends.year if one.ends else last)
        low, high = max(start, first), min(end, last)
        if low < high and number_ % 2 == 0:
            found.append({"start": low, "end": high, "word": one.title})
    return found


def _shares(rows: pl.DataFrame, titles: Mapping[str, Text]) -> Table:
    wide = rows.pivot(on="carrier", index="year", values="share")
    carriers = [name for name in wide.columns if name != "year"]
    from xinzhi.report.tables import Column, Table

    columns = (
        Column(title=words("scope.column.year"), kind="year"),
        *(Column(title=titles[name], kind="percent", unit=same("%")) for name in carriers),
    )
    return Table(key="scope_carriers", title=words("scope.table.scope_carriers"), columns=columns, rows=wide.rows())


def _changes(result: History) -> Table:
    """Return the changes of the leading power that lasted; the others are in the result."""
    names = power_names()
    columns: tuple[tuple[str, Kind], ...] = (
        ("country", "name"), ("year", "year"), ("before", "text"), ("after", "text"), ("date", "year"),
        ("distance", "integer"), ("reading", "text"),
    )  # fmt: skip
    return made(
        "scope_changes",
        columns,
        [
            (
                _country(row["country"]),
                row["year"],
                names[row["before"]],
                names[row["after"]],
                row["era_date"],
                row["distance"],
                Text(**_readings()[row["reading"]]["title"]),
            )
            for row in result.changes.filter(lasting=True).to_dicts()
        ],
    )


def _seen(result: History) -> Table:
    names = power_names()
    return made(
        "scope_eras",
        (("power", "name"), ("reading", "text"), ("first", "year"), ("led", "integer"), ("can", "text")),
        [
            (
                names[row["power"]],
                Text(**_readings()[row["reading"]]["title"]),
                row["first_lead"],
                row["countries_led"],
                Text(zh=row["note_zh"], en=row["note_en"]),
            )
            for row in result.eras.to_dicts()
        ],
    )

"""The pages of `history`, `digital_dependence` and `digital_core`: power, digital input and the core over the years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import polars as pl

from xinzhi import words
from xinzhi.core.text import Text, same
from xinzhi.report import palette
from xinzhi.report.charts import kinds
from xinzhi.report.charts.axes import Row
from xinzhi.report.charts.chart import Chart
from xinzhi.report.charts.labels import of_lines
from xinzhi.report.pages.scope.classify import eras
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import Column, Table, column, table
from xinzhi.scope import industry_name, standard
from xinzhi.scope.internal import Dependence, DigitalCore, History, document

MOST = 25
FACTS = "powers.yaml"
STEP, WIDTH, LINE = 22, 600, 13
LED = ("human", "horse", "electric")  # the powers that data on energy can show


@section.register
def dependence(result: Dependence) -> Section:
    """Return who uses digital input; a result is of one economy."""
    facts = result.facts()
    return Section.of(
        "scope.dependence",
        [_share(result), _industries(result)],
        [_shares("scope_dependence", result, result.last)],
        anchor="scope-use",
        answer=answer_of(facts, "scope"),
        notes=(
            *notes_of(facts, "scope"),
            words.scope.note_prices(),
            words.scope.note_lumps(),
            same(str(result.rule["reference"]).strip()),
        ),
    )


def name_of(code: str, name: str) -> Text:
    """Return what an industry of a table is called: as given, or as the shipped table or the standard names it."""
    title = document("wiod-2013.yaml")["industries"].get(code)
    if title and name in ("", title["en"]):
        return Text(zh=title["zh"], en=title["en"])
    if name:
        return same(name)
    normal = standard().normal(code)
    return industry_name(normal) if normal else same(code)


def _share(result: Dependence) -> Picture | None:
    """Return the share of output in scope over the years; None for one table."""
    frame = result.by_year
    if frame.height < 2:  # noqa: PLR2004 - one year is no line
        return None
    hundredths = result.by_year_in_percent
    unit = same("%")
    columns = [column("scope.share", "quantity", unit, of="in_scope")]
    columns += [column(f"scope.{name}", "quantity", unit) for name in ("lower", "upper")]
    columns += [column("scope.core", "quantity"), column("scope.dependence", "score", of="dependence_others")]
    twin = table("scope_dependence_years", hundredths, ["year", *columns])
    rows = rows_of(
        hundredths, group=words.scope.label_in_scope(), year="year", value="in_scope", low="lower", high="upper"
    )
    rows += rows_of(hundredths, group=words.scope.label_core(), year="year", value="core")
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    facts = {"first": first["year"], "before": first["in_scope"], "last": last["year"], "after": last["in_scope"]}
    output = words.scope.unit_of_output()
    return picture("scope.share", kinds.lines, rows, twin, facts, unit=output, y=output, decimals=1)


def _industries(result: Dependence) -> Picture:
    """Return the industries that depend most on digital input, and by what they count."""
    leading = result.last.head(MOST)
    industries = [name_of(code, name) for code, name in zip(leading["industry"], leading["name"], strict=True)]
    rows = rows_of(leading, result, value="total", low="total_lower", high="total_upper", group="because")
    for name, row in zip(industries, rows, strict=True):
        row["name"] = name
    facts: dict[str, object] = {}
    if result.users.height:
        first = result.users.row(0, named=True)
        facts = {"name": name_of(first["industry"], first["name"]), "total": first["total"]}
    year = leading["year"][0]
    unit = words.scope.unit_of_dependence() if year is None else words.scope.unit_of_dependence_in(year=year)
    return picture(
        "scope.industries",
        kinds.dots,
        rows,
        _shares("scope_most_dependent", result, leading),
        facts,
        headline=None if facts else "industries_core",
        unit=unit,
        x=unit,
        reference=result.threshold,
    )


def _shares(key: str, result: Dependence, industries: pl.DataFrame) -> Table:
    """Return industries with total dependence in every year, and bounds, parts and reason of the last."""
    names = {row["industry"]: name_of(row["industry"], row["name"]) for row in industries.iter_rows(named=True)}
    frame = result.over_years(industries)
    years = [name for name in frame.columns if name == "total" or name.isdecimal()]
    columns = [column("scope.code", "code", of="industry"), column("scope.industry", "text", of="name")]
    columns += [
        column("scope.total", "score") if year == "total" else column("scope.in_year", "score", of=year, year=year)
        for year in sorted(years)
    ]
    return table(
        key,
        frame,
        [*columns, "total_lower", "total_upper", "direct", "total_imported", "because"],
        result,
        names={"name": names.__getitem__},
    )


@section.register
def core(result: DigitalCore) -> Section:
    """Return how large the digital core is; a result is of one economy."""
    facts = result.facts()
    return Section.of(
        "scope.core",
        [core_share(result)],
        anchor="scope-core",
        answer=answer_of(facts, "scope"),
        notes=tuple(notes_of(facts, "scope")),
    )


def core_share(result: DigitalCore) -> Picture:
    """Return the share of the core and of its activities over the years."""
    rows = [
        {"group": words.scope.label_core(), "year": year, "value": 100 * share}
        for year, share in zip(result.by_year["year"], result.by_year["share"], strict=True)
    ]
    rows += [
        {"group": result.activity(name), "year": year, "value": 100 * share}
        for name, year, share in zip(*(result.frame[key] for key in ("activity", "year", "share")), strict=True)
    ]
    facts = cast("Mapping[str, object]", result.facts()["answer.core"])
    return picture(
        "scope.core",
        kinds.lines,
        rows,
        _core_table(result),
        facts,
        y=words.scope.unit_of_value_added(),
        decimals=1,
        strong=[words.scope.label_core()],
    )


def _core_table(result: DigitalCore) -> Table:
    """Return value added and share by year and activity, the sum of the activities last in every year."""
    return table(
        "scope_core",
        result.with_total,
        ["year", column("scope.industry", "name", of="activity"), "value_added", "share"],
        result,
        names={"activity": lambda name: words.scope.label_core() if name == "core" else result.activity(name)},
    )


@section.register
def history(result: History, *, region: str | None = None) -> Section:
    """Return what the history of energy says of the five powers; `region` is the country whose energy is drawn."""
    facts, reference = result.facts(), same(str(document(FACTS)["reference"]).strip())
    return Section.of(
        "scope.history",
        [_leads(result), _carriers(result, region)],
        [table("scope_changes", result.lasting, of=result), table("scope_eras", of=result)],
        anchor="scope-history",
        answer=answer_of(facts, "scope"),
        notes=(*notes_of(facts, "scope"), words.scope.note_energy(), *result.findings, reference),
    )


def _leads(result: History) -> Picture:
    """Return which power led where."""
    led, runs = result.countries_led, result.runs
    facts = {
        "reading": result.names.text("reading", result.leading_reading),
        "count": result.frame["country"].n_unique(),
    }
    facts |= {name: led.get(name) or 0 for name in ("horse", "electric")}
    ends = (column(f"scope.{name}", "year") for name in ("begins", "ends"))
    twin = table("scope_leads", runs, ["country", "power", *ends], result)
    return picture("scope.leads", _lead_chart, runs, twin, facts, unit="year", result=result)


def _lead_chart(runs: pl.DataFrame, *, result: History) -> Chart:
    """Return the runs of years as bars, with the beginnings of the eras below."""
    powers = {name: result.names.text("power", name) for name in LED}
    rows = [
        {"name": result.names.text("country", country), "group": powers[power], "start": start, "end": end + 1}
        for country, power, start, end in runs.iter_rows()
    ]
    order = list(dict.fromkeys(row["name"] for row in rows))
    low, high = min((row["start"] for row in rows), default=0), max((row["end"] for row in rows), default=1)
    starts = [
        {"at": era.begins.year, "text": words.scope.label_era(power=era.title, year=era.begins.year)}
        for era in eras()
        if era.begins and low < era.begins.year < high
    ]
    foot = STEP * len(order) + 22
    values = {
        "order": order,
        "step": STEP,
        "thickness": 12,
        "domain": [low, high],
        "format": "d",
        "axis_line": False,
        "ticks": 6,
        "groups": list(powers.values()),
        "inks": [palette.GROUPS[at] for at in (7, 2, 0)],
        "bars": [{**row, "label": _run_label(row)} for row in rows],
    }

    rules = [{**start, "foot": foot + LINE * at, "rule_ink": palette.INK} for at, start in enumerate(starts)]
    return Chart(template="rows", values={**values, "rules": rules}, width=WIDTH + 110)


def _run_label(row: Row) -> Text:
    return of_lines([row["name"], row["group"], same(f"{row['start']} – {row['end'] - 1}")])


def _carriers(result: History, region: str | None) -> Picture:
    """Return one country's shares of energy, with the eras."""
    country = region or result.longest_led
    rows = result.shares_of(country)
    first, last = int(rows["year"][0]), int(rows["year"][-1])
    top = max(rows.rows(named=True), key=lambda row: (row["year"], row["share"]))
    facts = {"country": result.names.text("country", country), "last": last, "share": top["share"]}
    facts |= {"carrier": result.names.text("carrier", top["carrier"])}
    shares = result.carriers_of(country)
    columns = [
        Column(name=name, title=result.names.text("carrier", name), kind="points", unit=same("%"))
        for name in shares.columns[1:]
    ]
    twin = table("scope_carriers", shares, ["year", *columns])
    unit = words.scope.unit_of_energy()
    return picture(
        "scope.carriers",
        kinds.lines,
        _lines(rows, result),
        twin,
        facts,
        unit=unit,
        y=unit,
        decimals=1,
        marks=_marks(first, last),
    )


def _lines(rows: pl.DataFrame, result: History) -> Sequence[Row]:
    """Return the lines of the carriers; a year without a figure breaks a line."""
    lines = []
    for (carrier,), part in rows.partition_by("carrier", as_dict=True, maintain_order=True).items():
        shares = dict(zip(part["year"], part["share"], strict=True))
        name = result.names.text("carrier", carrier)
        lines += [
            {"group": name, "year": year, "value": shares.get(year)} for year in range(min(shares), max(shares) + 1)
        ]
    return lines


def _marks(first: int, last: int) -> Sequence[Row]:
    """Return every second era as a shade, so that all can be told apart."""
    marks = []
    for place, era in enumerate(eras()):
        start, end = (era.begins.year if era.begins else first), (era.ends.year if era.ends else last)
        low, high = max(start, first), min(end, last)
        if low < high and place % 2 == 0:
            marks.append({"start": low, "end": high, "word": era.title})
    return marks

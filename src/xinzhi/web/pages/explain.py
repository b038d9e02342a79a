"""What the figures of a region and period are made of: each year's account, the figures read, the rules in force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl
from markupsafe import Markup, escape

from xinzhi import words
from xinzhi.core.schema import Column, Kind, describe
from xinzhi.core.text import NOTHING, Text, percent, same, unit_text
from xinzhi.data import tables_by_name
from xinzhi.protocol import DatedValue, Parameter
from xinzhi.report import Section, Table
from xinzhi.report.internal import cell, table, tables
from xinzhi.studies.internal import Assessment, input_units
from xinzhi.web.page import Address, Call, Page, Part, file
from xinzhi.web.parameters import assessment_of, decimals, page_protocol
from xinzhi.web.store import Store
from xinzhi.yardstick import Measurement
from xinzhi.yardstick.internal import TOGETHER, Span, View

TFP = "tfp"
FACTORS = ("output", "capital", "labour", "human_capital")  # each a part of the page, behind that of TFP
COLUMNS = {  # the figures of tables that lead here, and the part that explains them
    "tfp_growth": TFP,
    "output_growth": "output",
    **{f"{name}_contribution": name for name in FACTORS[1:]},
}


def keys(store: Store) -> Sequence[str]:
    """Return a key for each region and period that was measured."""
    view = View(assessment_of(store).measurement)
    codes = set(view.codes)
    return [
        f"{row['region']}.{row['start']}-{row['end']}"
        for row in view.measurement.periods.rows(named=True)
        if row["region"] in codes
    ]


def page(store: Store, address: Address) -> Page:
    """Return the page of a region and period."""
    study = assessment_of(store, address)
    view = View(study.measurement)
    code, _, label = address.key.partition(".")
    start, end = (int(year) if year.isdecimal() else year for year in label.split("-"))
    measured = store.study("measure", page_protocol(store, address))
    account = measured.result(Measurement).explain_period(code, start, end)
    span = next(period for period in (view.whole, *view.spans) if (period.start, period.end) == (start, end))
    rows = view.years_in(code, span)
    facts = {"name": view.name(code), "span": span.label}
    row = view.regions_in(span).row(by_predicate=pl.col("region") == code, named=True)
    means = {name: row[column] for column, name in COLUMNS.items()}
    years = replace(tables.table_of(view, "region_years", rows), title=words.web.explain_years(name=view.name(code)))
    account_of_years = Section(  # of which the figures of the period are the mean
        key=TFP, title=words.web.explain_account(), answer=(words.web.explain_mean(n=rows.height),), tables=(years,)
    )
    return Page(
        title=words.web.explain_title(**facts),
        kicker=study.source,
        lead=[
            words.yardstick.explain_period(
                value=account.value, grade=account.grade or "–", what=words.shared.factor_tfp(), **facts
            ),
            words.yardstick.explain_adds(**means),
            *_band(study, code, span),
        ],
        study=measured,
        call=Call(topic="measure", options={"region": code}),
        decimals=decimals(study),
        template="explain.html.j2",
        files=[file("measure", "measurement")],
        parts=[
            Part(section=account_of_years),
            *(Part(section=_factor(view, rows, name, means[name], store)) for name in FACTORS),
            Part(section=_read(account.sources)),
            Part(section=_rules(account.parameters, study, address)),
        ],
        more={
            "code": code,
            "name": view.name(code),
            "key": address.key,
            "call": f'xinzhi.studies.explain(xinzhi.study("measure", "{store.data_argument}"), "{code}", '
            f"start={span.start}, end={span.end})",
            "periods": [
                (f"{code}.{period.start}-{period.end}", period.label, period == span)
                for period in dict.fromkeys([view.whole, *view.spans])
                if code in view.regions_in(period)["region"]
            ],
        },
    )


def _band(study: Assessment, code: str, span: Span) -> list[Text]:
    """Return the band of growth of TFP, where there is one."""
    bands = study.ranking.bands
    interval = None if bands is None else bands.interval(code, span)
    if bands is None or interval is None:
        return []
    about = describe("bands", "component").values[TOGETHER]
    median, low, high = interval
    return [words.studies.explain_band(level=bands.level, component=about, median=median, low=low, high=high)]


def _factor(view: View, rows: pl.DataFrame, name: str, mean: float | None, store: Store) -> Section:
    """Return what one factor adds: its level, growth, weight and contribution in every year."""
    units = input_units(view.measurement.protocol, store.package)
    share = replace(describe("measure", "labour_share"), decimals=1)
    weight: list[str | Column] = [share, f"{name}_contribution"] if name != "output" else []
    level = replace(describe("measure", name), kind="figure")
    level = replace(level, unit=unit_text(units[name])) if name in units else level
    columns: list[str | Column] = ["year", level, f"{name}_growth", *weight]
    how = words.web.explain_of(name if name in {"output", "capital"} else "labour")
    simple = "intermediate_growth" not in rows.columns
    what, value = words.shared.chart_of(name), percent(mean, 2, sign=True)
    by_year = words.web.explain_by_year(what=what)
    return Section(
        key=name,
        title=words.web.explain_growth(what=what, value=value)
        if name == "output"
        else words.web.explain_factor(what=what, value=value),
        answer=(how,) if simple else (),
        tables=(table(f"explain_{name}", rows, columns, view.measurement, title=by_year),),
    )


def _read(sources: pl.DataFrame) -> Section:
    """Return the figures of the package that were read: a row a column, a column a year."""
    years = sorted(set(sources["year"]))
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for row in sources.rows(named=True):
        estimated = "" if row["official"] else "*"
        text = NOTHING if row["value"] is None else f"{row['value']:,.6g}{estimated}"
        cells.setdefault((row["column"], row["unit"]), {})[row["year"]] = text
    cells_of_rows: list[tuple[object, ...]] = []
    for (column, unit), by_year in cells.items():
        title = _title(column)
        if title is not None:
            unit_cell = unit_text(unit) if unit else same("")
            cells_of_rows.append((title, unit_cell, *(by_year.get(year, NOTHING) for year in years)))
    columns = (
        Column(name="figure", title=words.web.explain_figure(), kind="name"),
        Column(name="unit", title=words.web.explain_unit(), kind="text"),
        *(Column(name=year, title=same(year), kind="integer") for year in years),
    )
    table = Table(
        key="sources",
        title=words.web.explain_read(),
        columns=columns,
        rows=cells_of_rows,
        notes=(words.yardstick.explain_estimated(),),
    )
    return Section(key="read", title=table.title, answer=(), tables=(table,))


def _title(name: str) -> Text | None:
    """Return the title of a column of the package; None of a mark, which is no figure."""
    table, _, rest = name.partition(".")
    field, _, asset = rest.rstrip("]").partition("[")
    columns = tables_by_name().get(table)
    column = None if columns is None else columns.columns.get(field)
    if column is None:
        return same(name)
    if column.type == "flag":
        return None
    return column.text if asset in {"", "total"} else words.web.explain_of_asset(what=column.text, asset=asset)


def _rules(rules: pl.DataFrame, study: Assessment, address: Address) -> Section:
    """Return the parameters in force with their references; each leads to its argument and alternatives."""
    parameters, link_to = study.protocol.parameters, address.to("protocol", study.protocol.id)
    link = Markup('<a href="{}#{}"><code>{}</code></a>')

    def in_force(
        parameter: Parameter, last: str
    ) -> str | float | Text:  # of one that changes over time the last year's
        return last if isinstance(parameter.value, DatedValue) else tables.in_words(parameter)

    rows_of_table = [
        (
            parameters[path].title,
            link.format(link_to, path, path),
            in_force(parameters[path], row["value"]),
            row["reference"],
        )
        for row in rules.rows(named=True)
        if (path := row["parameter"]) in parameters
    ]
    kinds: Sequence[tuple[str, Kind]] = (
        ("title", "name"),
        ("parameter", "code"),
        ("value", "value"),
        ("reference", "text"),
    )
    columns = tuple(Column(name=name, title=words.shared.column_of(name), kind=kind) for name, kind in kinds)
    table = Table(key="rules", title=words.web.explain_rules(), columns=columns, rows=rows_of_table)
    return Section(key="rules", title=table.title, answer=(words.web.explain_rules_how(),), tables=(table,))


Why = Callable[[str, Span, str, str], Markup]


def why(store: Store, address: Address) -> Why:
    """Return what makes a figure a link to what it is made of, where there is such a page."""
    # It is called with the code of the region, the period, the part of `COLUMNS`, and the figure as it is written.
    page_keys: set[str] = set()

    def link(code: str, span: Span, part: str, text: str) -> Markup:
        if not page_keys:
            page_keys.update(keys(store))
        key = f"{code}.{span.start}-{span.end}"
        if key not in page_keys or text == NOTHING:
            return escape(text)
        return Markup('<a class="why" href="{}#{}">{}</a>').format(address.to("explain", key), part, text)

    return link


def explained(periods: Table, view: View, code: str, places: int, link: Why) -> Table:
    """Return a table of periods of a region whose figures lead to what they are made of; a bare rank is left out."""
    spans = [Span(*years) for years in view.periods_of(code)[["start", "end"]].rows()]
    remaining = [(place, column) for place, column in enumerate(periods.columns) if column.name != "rank"]
    rows = [
        tuple(
            link(code, span, COLUMNS[column.name], str(cell(row[place], column, places)))
            if column.name in COLUMNS
            else row[place]
            for place, column in remaining
        )
        for span, row in zip(spans, periods.rows, strict=True)
    ]
    columns = tuple(replace(column, kind="integer") if column.name in COLUMNS else column for _, column in remaining)
    return replace(periods, columns=columns, rows=rows)

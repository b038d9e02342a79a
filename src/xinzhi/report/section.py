"""A section of a page: what one result says, in words, pictures and tables.

A picture is a row of data in ``words/sections/<topic>.yaml``, under its name; ``shown("debt.change", result, frame,
facts)`` makes it. A row says what cannot be found by the name::

    pictures:
      change:                       # debt.change
        chart: bars                 # a kind of `xinzhi.report.charts.kinds`
        draws: {name: region, value: change, "low?": lower}  # what the chart calls the columns that it draws
        table: debt_change          # key of the table of the same figures: its row, or its columns, here
        columns: [region, change]
        headlines: [fell, none_fell]  # the first of these that the facts have; with none there is no picture
        frame: latest               # the frame of the result that is drawn and describes the columns (without: frame)
        order: [-change, region]
        most: 60                    # names, above which there is no picture
        kind: bars                  # the name by which `plot` draws it, where it is not that of the row
        capital: true               # the headline begins with a name that may be in small letters
        unit: points                # and other words: title, headline, how, legend
        labels: {group: deviation}  # what is the same word in every row: debt.chart.deviation
        parts: {own: DEEP}          # columns that are stacked, each with its colour; their words are debt.chart.own
                                    # (or the property of the result that has columns and words)
        groups: [above, below]      # groups of the chart: debt.chart.above
        values: {domain: ranks}     # options of the chart, and words, that a property of the result has
        decimals: 1                 # all others are options of the chart: x, y, reference, domain ...

What is not said has the words of the name: ``debt.title.change``, ``debt.headline.change`` (or the one that was found),
``debt.how.change``, ``debt.unit_of.change`` (else the unit of the table), ``debt.chart.change`` on the axis (else the
unit). What only the result knows is handed in: rows made by hand, more columns, words, options of the chart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi import words
from xinzhi.core.result import Result
from xinzhi.core.schema import Column
from xinzhi.core.text import LANGUAGES, Language, Text, has, same
from xinzhi.report import palette
from xinzhi.report.charts.chart import Drawing, svg_of
from xinzhi.report.charts.chart import described as described_chart
from xinzhi.report.charts.kinds import KINDS
from xinzhi.report.palette import ink_of
from xinzhi.report.rows import PictureRow, TableRow, property_of, rows_of_topic
from xinzhi.report.sentence import capitalised, fact, sentence
from xinzhi.report.table import (
    DECIMALS,
    NUMERIC,
    Listed,
    NameSource,
    Table,
    cells_of,
    column_description,
    sort_frame,
    table,
)

if TYPE_CHECKING:
    from markupsafe import Markup

AXES = ("x", "y", "title")  # what charts call the titles of their axes and of their colours
LEGEND = "title"
LANG = {"zh": "zh-CN", "en": "en"}
TEXT_FIELDS = frozenset({"name", "group", "row", "column", "mark", "word"})  # fields of rows that are a `Text`
TABLE_OPTIONS = frozenset(signature(table).parameters)  # values of words that a table takes for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart that can be drawn, and what belongs to it."""

    kind: str  # the name by which `plot` draws it
    title: Text  # what it is, a few words
    headline: Text  # the sentence that it shows
    chart: Drawing  # without a title
    how: Text  # how to read it
    unit: Text  # of its figures
    twin: Table  # its figures as a table
    legend: tuple[Text, ...] = ()  # what marks in it mean

    def figure(self, topic: str) -> Figure:
        """Return the picture drawn for a page, under an anchor of its section."""
        from markupsafe import Markup

        key = f"{topic}-{self.kind}"
        return Figure(key=key, picture=self, svg=Markup(self._in_both(key)))  # noqa: S704 - made here, its words escaped

    def svg(self, key: str, language: Language, *, phone: bool = False) -> str:
        """Return the picture drawn in one language for a wide screen or a phone, named by ``<key>-title``."""
        name = f"{key}-{'phone' if phone else 'page'}"
        return svg_of(self.chart, language, name, phone=phone, heading=f"{key}-title")

    def _in_both(self, key: str) -> str:
        """Return the chart drawn in each language, of which the page shows one."""
        boxes = []
        for language in LANGUAGES:
            svg = svg_of(self.chart, language, f"{key}-{language}", heading=f"{key}-title")
            boxes.append(f'<div class="{language}" lang="{LANG[language]}">{svg}</div>')
        return "".join(boxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture drawn for a page."""

    key: str  # its anchor, and where its headline stands
    picture: Picture
    svg: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A region on a page: its picture, its accounts by period and by year, and its flags in plain words."""

    code: str
    name: Text
    group: Text | None
    headline: Text
    svg: Markup
    facts: tuple[Text, ...]
    periods: Table
    years: Table
    flags: Sequence[Text]
    brief: str = ""  # where its brief stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some words of a text."""

    text: str
    mark: int | None = None  # the number under which they stand in the ledger; None: they are not among what agrees
    field: Text | None = None  # what they speak of, where they are marked
    near: bool = False  # whether they agree only nearly
    shared: bool = False  # whether they stand word for word in the other text


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a ledger."""

    mark: int | None  # the number of the words in the texts; None where nothing is marked
    field: Text  # what is compared
    agreement: Text  # how far it agrees
    words: tuple[str, str]  # what the two texts say
    figure: str  # the weight as written
    start: float  # where its bar begins, in percent of its width
    length: float
    against: bool  # whether the weight speaks against


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Two texts side by side, what agrees marked in both, and what each agreement weighs."""

    key: str  # the anchor on the page
    title: Text  # which two texts they are
    finding: Text  # what follows
    heads: tuple[Text, Text]
    sides: tuple[tuple[Piece, ...], tuple[Piece, ...]]
    entries: tuple[Entry, ...]  # the evidence, the weightiest first
    zero: float  # where the bars begin, in percent of their width
    total: Text  # what it adds up to
    notes: tuple[Text, ...] = ()  # what changed, and what cannot be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one result says."""

    key: str  # name of the topic or verb: the anchor on the page
    anchor: str = ""  # where it stands at another place of the page
    title: Text  # the question that it answers
    answer: tuple[Text, ...]  # the finding, in a few sentences
    reach: tuple[Text, ...] = ()  # how far to trust it, in small letters behind the answer
    warning: Text | None = None  # what it must not be used for
    intro: tuple[Text | Markup, ...] = ()  # paragraphs above the tables
    pictures: tuple[Picture, ...] = ()  # the leading one first
    sketches: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()  # on the page and in the workbook, beside the twins of the pictures
    notes: tuple[Text, ...] = ()  # what it rests on, what it leaves out and why, and what it cannot tell
    ledgers: tuple[Ledger, ...] = ()  # pairs of texts with the evidence that they are one
    ledgers_how: Text | None = None
    profiles: tuple[Profile, ...] = ()
    sheets: tuple[Table, ...] = ()  # of the workbook alone; one of the same key as a table stands in its place
    behind: tuple[Section, ...] = ()  # what stands behind it on a page of its own
    foot: Text | None = None  # the line under its charts and tables, where it is not that of the page
    document: Callable[[Section, Text], Mapping[str, object]] | None = None  # fields of its own page

    @classmethod
    def of(
        cls,
        key: str,
        pictures: Iterable[Picture | None] = (),
        tables: Iterable[Table | None] = (),
        *,
        anchor: str,
        answer: Sequence[Text] | None = None,
        facts: Mapping[str, object] | None = None,
        **more: Any,  # noqa: ANN401 - the other fields
    ) -> Section:
        """Return a section whose words stand in the catalogue: ``<topic>.title.<name>``, ``<topic>.answer.<name>``."""
        # `key` is ``<topic>.<name>``, `anchor` the place on the page. Pictures and tables that are None are left out.
        # Without an `answer` the headlines of the pictures stand as sentences, else that of the catalogue; `facts` fill
        # placeholders.
        topic, _, name = key.rpartition(".")
        charts = tuple(drawing for drawing in pictures if drawing is not None)
        values = dict(facts or {})
        if answer is None:
            answer = [sentence(drawing.headline) for drawing in charts] or [
                words.by_key(f"{topic}.answer.{name}", **values)
            ]
        if "title" not in more:
            more["title"] = words.by_key(f"{topic}.title.{name}", **values)
        contents = tuple(content for content in tables if content is not None)
        return cls(key=anchor, answer=tuple(answer), pictures=charts, tables=contents, **more)

    def contents(self) -> list[Table]:
        """Return every table of the section, each once."""
        twins = [chart.twin for chart in (*self.pictures, *self.sketches)]
        return list({table.key: table for table in (*twins, *self.tables, *self.sheets)}.values())

    def sheet(self, key: str) -> Table:
        """Return a table of the section by its key."""
        return next(table for table in self.contents() if table.key == key)

    def pictures_of(self, kind: str) -> list[Picture]:
        """Return the pictures of a kind."""
        return [picture for picture in self.pictures if picture.kind == kind]

    def figures(self) -> list[Figure]:
        """Return its pictures drawn."""
        return [chart.figure(self.key) for chart in (*self.pictures, *self.sketches)]


def picture(  # noqa: PLR0913 - the fields of a row
    key: str,
    chart: Callable[..., Drawing],
    rows: object,
    twin: Table,
    facts: Mapping[str, object] | None = None,
    *,
    title: Text | str | None = None,
    headline: Text | str | None = None,
    how: Text | str | None = None,
    unit: Text | str | None = None,
    legend: Text | str | None = None,
    **options: object,
) -> Picture:
    """Return a picture whose words stand in the catalogue under its name."""
    # `key` is ``<topic>.<kind>`` (or a kind whose words are shared), such as ``debt.history``: its words are
    # ``debt.title.history``, ``debt.headline.history``, ``debt.how.history`` and ``debt.unit_of.history``; `title`,
    # `headline`, `how`, `unit` name other words (``how="history_all"``) or are the words themselves. `chart` is a
    # kind of `xinzhi.report.charts.kinds`, called with the rows and the options. An axis without a title
    # takes ``debt.chart.history``; a string names a word (``x="of_output"`` is ``debt.chart.of_output``); `legend` is
    # the title of the colours. The twin gives the unit where the picture has none: that of its first column with one.
    # `facts` fill the placeholders of the words.
    topic, dot, kind = key.rpartition(".")
    values = dict(facts or {})

    def word(shelf: str, text: object) -> Text:
        return text if isinstance(text, Text) else words.by_key(f"{topic}{dot}{shelf}.{text or kind}", **values)

    measure = _unit(f"{topic}{dot}unit_of.{kind}", twin) if unit is None else word("unit_of", unit)
    titled = has(f"{topic}{dot}chart.{kind}")  # else an axis is called as the figures
    titles = {**options, LEGEND: legend}
    axes = {
        name: word("chart", titles.get(name)) if titled or titles.get(name) is not None else measure
        for name in AXES
        if _asks(chart, name) or titles.get(name) is not None
    }
    return Picture(
        kind=kind,
        title=word("title", title),
        headline=word("headline", headline),
        chart=described_chart(
            chart(rows, **{**options, **axes}),
            rows.columns if isinstance(rows, Rows) else {},
            _decimals(twin) if options.get("decimals") is None else int(str(options["decimals"])),
        ),
        how=word("how", how),
        unit=measure,
        twin=twin,
    )


def shown(  # noqa: PLR0913 - what a row of data leaves open
    key: str,
    result: Result,
    frame: pl.DataFrame | None = None,
    facts: Mapping[str, object] | None = None,
    *,
    rows: object = None,
    draws: Mapping[str, str | Column | Text] | None = None,
    twin: Table | None = None,
    listed: Listed | None = None,
    names: NameSource | None = None,
    values: Mapping[str, object] | None = None,
    **choices: object,
) -> Picture | None:
    """Return a picture from its row of data; None where facts and result have no headline for it."""
    # `facts` are those of the result where the row names headlines, else values of the words; `values` are more.
    # `frame`, `listed` (the columns of the table) and what is `given` go before the row, `draws` is added to it; `rows`
    # and `twin` are made by hand.
    topic, _, name = key.rpartition(".")
    row, context = rows_of_topic(result.topic).pictures.get(name, PictureRow()), dict(facts or {})
    leading = {}
    if row.headlines:
        headline = fact(context, *row.headlines)
        if headline is None:
            return None
        leading, context = {"headline": headline[0]}, headline[1]
    options: dict[str, Any] = leading | row.options() | _from_result(row, result, topic) | choices
    table_row = rows_of_topic(result.topic).tables.get(row.table, TableRow())
    context = {**context, **table_row.placeholders(result), **(values or {})}
    options = dict.fromkeys(("title", "headline", "how"), name) | options
    if options["headline"] is None:
        return None
    if row.capital:
        options["headline"] = capitalised(words.by_key(f"{topic}.headline.{options['headline']}", **context))
    part = row.frame
    rows_in_order = sort_frame(property_of(result, part) if frame is None else frame, row.order)
    if twin is None:
        twin = _twin(result, row, rows_in_order, listed, names, options["title"], context)
    if rows is None:
        rows = _rows(result, row, rows_in_order, twin, names, draws or {})
    kind = options.pop("chart")
    chart = kind if callable(kind) else KINDS[str(kind)]
    if (unit := options.get("unit")) is not None:
        measure = unit if isinstance(unit, Text) else words.by_key(f"{topic}.unit_of.{unit}", **context)
        options = {axis: measure for axis in ("x", "y") if _asks(chart, axis)} | options
    return picture(f"{topic}.{row.kind or name}", chart, rows, twin, context, **options)


def _from_result(row: PictureRow, result: Result, topic: str) -> dict[str, object]:
    """Return the options of a chart that are properties of the result, and its parts and groups in words."""
    options: dict[str, object] = {option: property_of(result, name) for option, name in row.values.items()}
    if isinstance(row.parts, str):
        parts: Mapping[str, Text] = property_of(result, row.parts)
        options["parts"] = {part: (text, ink) for (part, text), ink in zip(parts.items(), palette.PARTS, strict=False)}
    elif row.parts:
        options["parts"] = {
            part: (words.by_key(f"{topic}.chart.{part}"), ink_of(ink)) for part, ink in row.parts.items()
        }
    if row.groups:
        options["groups"] = [words.by_key(f"{topic}.chart.{group}") for group in row.groups]
    return options


def _twin(
    result: Result,
    row: PictureRow,
    frame: pl.DataFrame,
    listed: Listed | None,
    names: NameSource | None,
    title: Text | str,
    values: Mapping[str, Any],
) -> Table:
    """Return the table of a picture: of the frame that is drawn, or of the frame that the row of the table names."""
    table_row = rows_of_topic(result.topic).tables.get(row.table)
    part = row.frame
    if listed is None and row.columns is None and table_row is not None and table_row.frame not in {None, part}:
        part = table_row.frame or part
        frame = property_of(result, part)
    return table(
        row.table,
        frame,
        row.columns if listed is None else listed,
        result,
        part=part,
        names=names,
        title=_twin_title(result.topic, row.table, title, values),
        **{name: value for name, value in values.items() if name not in TABLE_OPTIONS},
    )


def _rows(
    result: Result,
    row: PictureRow,
    frame: pl.DataFrame,
    twin: Table,
    names: NameSource | None,
    draws: Mapping[str, str | Column | Text],
) -> Rows:
    """Return the rows of a chart that a row draws."""
    columns = {column.name: column for column in twin.columns}
    labels = {name: words.by_key(f"{result.topic}.chart.{word}") for name, word in row.labels.items()}
    parts = property_of(result, row.parts) if isinstance(row.parts, str) else row.parts
    fields = {**row.draws, **{part: part for part in parts}, **labels, **draws}
    encodings = {
        name.removesuffix("?"): columns.get(column, column) if isinstance(column, str) else column
        for name, column in fields.items()
        if not name.endswith("?") or column in frame.columns
    }
    return rows_of(frame, result, names, part=row.frame, **encodings)


def _twin_title(topic: str, key: str, title: Text | str, values: Mapping[str, object]) -> Text:
    """Return the title of the table of a picture: its own, else that of the picture."""
    name = key.partition("_")[2]
    shelves = (f"table.{key}", f"table.{name}", *(() if isinstance(title, Text) else (f"title.{name}",)))
    candidates = [f"{topic}.{shelf}" for shelf in shelves]
    title_key = next((candidate for candidate in candidates if has(candidate)), None)
    if title_key is None and isinstance(title, Text):
        return title
    return words.by_key(title_key or f"{topic}.title.{title}", **values)


def _decimals(twin: Table) -> int:
    """Return the decimals of the first column of figures of a table."""
    first = next((column for column in twin.columns if column.kind in NUMERIC - {"year", "integer"}), None)
    if first is None:
        return 1
    return DECIMALS.get(first.kind, 1) if first.decimals is None else first.decimals


class Rows(list[dict[str, Any]]):
    """Rows of a chart that know which columns their fields are."""

    columns: Mapping[str, Column]


def _asks(chart: Callable[..., Drawing], name: str) -> bool:
    """Say whether a chart must be told the title of an axis."""
    parameter = signature(chart).parameters.get(name)
    return parameter is not None and parameter.default is parameter.empty


def _unit(key: str, twin: Table) -> Text:
    """Return the unit of a picture: its own in the catalogue, else the first one of its table."""
    if has(key):
        return words.by_key(key)
    return next((column.unit for column in twin.columns if column.unit.en), Text(zh="", en=""))


def _as_text(cell: object) -> object:
    """Return a cell of a name as a text in both languages."""
    return same(cell) if isinstance(cell, str | int) else cell


def rows_of(
    frame: pl.DataFrame,
    of: Result | None = None,
    names: NameSource | None = None,
    *,
    part: str = "frame",
    **encodings: str | Column | Text | float,
) -> Rows:
    """Return the rows that a chart draws from columns of a frame, as a table shows them."""
    # `encodings` are what the chart calls the columns, such as ``name="region", value="to_output"``; a `Text` or a
    # number is the same in every row. `of`, `names` and `part` as in `table`: codes become names, fractions percent.
    topic = of.topic if of is not None else ""
    sources = of.writers or of.names if names is None and of is not None else names
    columns: dict[str, Sequence[object]] = {}
    described = {}
    for name, source in encodings.items():
        cell_source = column_description(topic, source, frame, of, part, {}) if isinstance(source, str) else source
        if (
            isinstance(cell_source, Column)
            and cell_source.kind in NUMERIC
            and cell_source.title != same(cell_source.name)
        ):
            described[name] = cell_source
        if not isinstance(cell_source, Column):
            cells: list[object] = [cell_source] * frame.height
        elif (
            name not in TEXT_FIELDS
            and cell_source.kind not in NUMERIC
            and frame.schema.get(cell_source.name, pl.Null).is_numeric()
        ):
            cells = frame[cell_source.name].to_list()  # a period as a place
        else:
            cells = cells_of(cell_source, frame, sources)
        columns[name] = [_as_text(cell) for cell in cells] if name in TEXT_FIELDS else cells
    rows = Rows(dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))
    rows.columns = described
    return rows

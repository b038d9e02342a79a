"""Tables, pictures and sections made from frames: what the frame holds is what the page shows."""

from __future__ import annotations

from dataclasses import fields
from inspect import signature
from pathlib import Path

import polars as pl
import pytest

import xinzhi
from xinzhi import frontier, micro, pathways, risks, scope, sectors, sources, yardstick
from xinzhi.core.names import Names
from xinzhi.core.result import Result
from xinzhi.core.schema import Column, described
from xinzhi.core.text import Text, has, words
from xinzhi.report.charts import kinds
from xinzhi.report.charts.kinds import KINDS
from xinzhi.report.page import table_markup as markup
from xinzhi.report.rows import CHART, PictureRow, rows_of_topic
from xinzhi.report.section import Section, picture, rows_of
from xinzhi.report.table import column, sort_frame, table

LEFT_OPEN = {"frontier.how.dots", "frontier.how.frontier", "sources.title.flow-capital", "sources.title.flow-labour"}
PERCENT = Text(zh="%", en="%")
EARLY = Text(zh="初期", en="early stage")
JILIN = Text(zh="吉林", en="Jilin")
FRAME = pl.DataFrame(
    {
        "region": ["220000", "990000"],
        "year": [2020, 2021],
        "share": [0.25, float("nan")],
        "open": [True, None],
        "stage": ["early", "late"],
        "members": [["220000"], []],
        "why_zh": ["缺", None],
        "why_en": ["missing", None],
    }
)
COLUMNS = {
    "share": Column(
        name="share", title=Text(zh="份额", en="share"), kind="percent", unit=Text(zh="%", en="%"), decimals=2
    ),
    "stage": Column(
        name="stage",
        title=Text(zh="阶段", en="stage"),
        kind="text",
        values={"early": Text(zh="初期", en="early stage")},
    ),
    "members": Column(name="members", title=Text(zh="成员", en="members"), kind="name"),
    "why": Column(name="why", title=Text(zh="原因", en="why"), kind="text"),
}


def some(*names: str) -> tuple[Column, ...]:
    return tuple(COLUMNS[name] for name in names)


def names(code: str) -> Text:
    return {"220000": JILIN}.get(code, Text(zh=code, en=code))


def test_codes_fractions_truth_and_enumerations_become_what_a_reader_expects() -> None:
    made = table("debt_x", FRAME, ("region", "year", *some("share"), "open", *some("stage")), names=names, title=JILIN)
    first, second = made.rows
    assert (first[0], first[1], first[2]) == (JILIN, 2020, 25.0)
    assert first[3].en == "yes"
    assert first[4] == EARLY
    assert second[2:4] == (None, None)
    assert second[4] == Text(zh="late", en="late")


def test_a_pair_of_languages_is_one_column_and_a_list_is_one_cell() -> None:
    made = table("debt_x", FRAME, some("members", "why"), names=names, title=JILIN)
    assert made.rows == [(JILIN, Text(zh="缺", en="missing")), (Text(zh="", en=""), None)]


def test_titles_come_from_schema_else_catalogue_else_the_name() -> None:
    frame = pl.DataFrame({"share": [0.5], "region": ["220000"], "year": [2020], "odd": [1.5]})
    made = table("debt_ratios", frame, (*some("share"), "region", "year", "odd"), year=2024)
    assert [one.title.en for one in made.columns] == ["share", "region", "year", "odd"]
    assert [one.kind for one in made.columns] == ["percent", "name", "year", "figure"]
    assert "2024" in made.title.en


def test_a_name_function_may_be_given_for_each_column() -> None:
    frame = pl.DataFrame({"region": ["220000"], "group": ["220000"]})
    made = table("debt_x", frame, names={"region": names}, title=JILIN)
    assert made.rows == [(JILIN, "220000")]


def test_names_of_one_kind_are_told_apart_by_their_codes() -> None:
    called = Names({"industry": {"a": Text(zh="业", en="trade"), "b": Text(zh="业", en="trade")}})
    frame = pl.DataFrame({"industry": ["a", "c"], "region": ["220000", "xx"]})
    made = table("debt_x", frame, names=called, title=JILIN)
    assert [tuple(cell.en for cell in row) for row in made.rows] == [("trade (a)", "Jilin"), ("c", "xx")]


def test_columns_without_any_figure_are_left_out_on_demand() -> None:
    frame = pl.DataFrame({"year": [2020], "open": [None]}, schema_overrides={"open": pl.Float64})
    assert [one.name for one in table("debt_x", frame, title=JILIN, drop_empty=True).columns] == ["year"]
    assert [one.name for one in table("debt_x", frame, title=JILIN).columns] == ["year", "open"]


def test_units_of_the_data_stand_in_the_place_of_those_of_the_schema() -> None:
    made = table("debt_x", FRAME, some("share"), title=JILIN, units={"share": Text(zh="元", en="yuan")})
    assert made.columns[0].unit.en == "yuan"


def test_the_decimals_of_a_column_are_those_of_the_page() -> None:
    made = table("debt_x", FRAME, some("share"), title=JILIN)
    assert ">25.00<" in markup(made, 1)


def test_a_chart_draws_the_cells_of_the_table() -> None:
    rows = rows_of(FRAME, names=names, name="region", value=COLUMNS["share"], group=JILIN)
    assert rows == [
        {"name": JILIN, "value": 25.0, "group": JILIN},
        {"name": Text(zh="990000", en="990000"), "value": None, "group": JILIN},
    ]


def test_a_picture_finds_its_words_under_its_name() -> None:
    twin = table("debt_history", FRAME, ("year", *some("share")))
    facts = {"parts": "1"}
    rows = rows_of(FRAME, year="year", value=COLUMNS["share"], group=JILIN)
    drawn = picture("debt.history", kinds.lines, rows, twin, facts, how="history_all", y="to_output")
    assert drawn.kind == "history"
    assert drawn.headline.en == "Debt to output: 1"
    assert drawn.unit.en == "%"
    assert "25.0" in str(drawn.chart.spec("en"))


def test_a_picture_without_words_is_refused() -> None:
    twin = table("debt_history", FRAME, ("year",))
    with pytest.raises(KeyError, match="nothing"):
        picture("debt.history", kinds.lines, [], twin, headline="nothing", how="history_all", y="to_output")


def test_a_section_answers_with_the_headlines_of_its_pictures_and_leaves_out_what_is_not_there() -> None:
    twin = table("debt_history", FRAME, ("year", *some("share")))
    drawn = picture("debt.history", kinds.lines, [], twin, {"parts": "1"}, how="history_all", y="to_output")
    made = Section.of("debt.owed", [drawn, None], [None, twin], anchor="risks-debt", title=JILIN)
    assert made.answer == (Text(zh="负债率：1。", en="Debt to output: 1."),)
    assert (made.pictures, made.tables, made.key) == ((drawn,), (twin,), "risks-debt")
    assert Section.of("debt.no_ratio", anchor="a", title=JILIN).answer[0].en.startswith("No region has debt")


def test_a_column_of_its_own_names_its_place_in_the_frame() -> None:
    made = table("debt_x", FRAME, (column("years", "percent", of="share"),), title=JILIN)
    assert made.rows[0] == (25.0,)


TOPICS = sorted(path.stem for path in (Path(xinzhi.__file__).parent / "words" / "sections").glob("*.yaml"))


@pytest.mark.parametrize("topic", TOPICS)
def test_every_row_of_data_names_a_chart_its_options_and_words_that_are_there(topic) -> None:
    rows = rows_of_topic(topic)
    for name, row in rows.pictures.items():
        chart = KINDS[row.chart] if row.chart else None
        options = {option for option in CHART if getattr(row, option) is not None}
        assert chart is None or options <= set(signature(chart).parameters), name
        for shelf, word in (("title", row.title or name), ("how", row.how or name), ("unit_of", row.unit)):
            key = f"{topic}.{shelf}.{word}"
            assert word is None or has(key) or key in LEFT_OPEN, key
        colours = () if isinstance(row.parts, str) else row.parts
        assert all(has(f"{topic}.headline.{row.headline or headline}") for headline in row.headlines), name
        assert all(has(f"{topic}.chart.{word}") for word in (*row.labels.values(), *colours, *row.groups)), name
    for name, row in rows.tables.items():
        assert all(has(f"{topic}.{word}") for word in (*([row.title] if row.title else []), *row.notes)), name


@pytest.mark.parametrize("topic", TOPICS)
def test_every_section_of_data_has_a_class_frames_columns_and_words(topic) -> None:
    rows, classes = rows_of_topic(topic), {kind.__name__: kind for kind in result_classes() if kind.topic == topic}
    for name, row in rows.sections.items():
        kind = classes[name]
        of_result = row.title.startswith("frame.")
        assert has_property(kind, row.title.removeprefix("frame.")) if of_result else has(f"{topic}.title.{row.title}")
        assert row.warning is None or has(f"{topic}.{row.warning}"), name
        for entry in (*row.answer, *row.notes):
            if entry.startswith("frame."):
                assert has_property(kind, entry.removeprefix("frame.")), entry
            elif entry not in {"pictures", "facts", "findings"}:
                assert has(f"{topic}.{entry.removesuffix('?')}"), entry
        pictures = [rows.pictures[picture] for picture in row.pictures]
        for drawn in [*pictures, *(rows.tables[key.removesuffix("?")] for key in (*row.tables, *row.sheets))]:
            frame = drawn.frame or "frame"
            assert has_property(kind, frame.partition(".")[0]), (name, frame)
            assert all(has_property(kind, value.partition(".")[0]) for value in drawn.values.values()), name
            columns = [column for column in drawn.columns or () if isinstance(column, str) and not column.endswith("?")]
            assert all(described(kind.verb, column, frame) for column in columns), (name, columns)


def test_a_row_with_a_field_that_nobody_knows_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        PictureRow(chart="bars", colour="red")


def result_classes() -> list[type[Result]]:
    """Return the classes of results of all packages."""
    for package in (pathways, risks, scope, sectors, sources, yardstick, frontier, micro):
        for name in package.__all__:
            getattr(package, name)
    classes = [Result]
    for kind in classes:
        classes += kind.__subclasses__()
    return classes


def has_property(kind: type[Result], name: str) -> bool:
    """Say whether a class of results has a field or a property."""
    return hasattr(kind, name) or name in {field.name for field in fields(kind)}


def test_a_column_in_data_may_be_missing_and_has_its_own_kind_title_and_unit() -> None:
    frame = pl.DataFrame({"region": ["220000", "110000"], "beyond": [0.1, 0.2]})
    columns = ["region", "odd?", {"beyond": {"kind": "percent", "title": "holding", "unit": "points"}}]
    made = table("debt_x", sort_frame(frame, ["-beyond"]), columns, names=names, title=JILIN)
    assert [one.name for one in made.columns] == ["region", "beyond"]
    assert made.columns[1].title == words("debt.column.holding")
    assert made.columns[1].unit == words("debt.unit_of.points")
    assert [row[1] for row in made.rows] == [20.0, 10.0]

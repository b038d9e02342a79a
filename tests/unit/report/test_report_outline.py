"""What stands in the main part and what in the annex is data: nothing is lost between them, nothing stands twice."""

from __future__ import annotations

from dataclasses import replace

from xinzhi.core.text import Text, words
from xinzhi.report.charts.chart import Chart
from xinzhi.report.pages.yardstick import assessment as outline
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Column, Table

LINES = tuple(Text(zh=f"第{n}句。", en=f"Sentence {n}.") for n in range(1, 7))
NAMES = [Text(zh="吉林", en="Jilin"), Text(zh="上海", en="Shanghai")]


def made(key, *rows, names=("region", "open", "contradicted", "unproven")):
    columns = tuple(Column(name=name, title=LINES[0], kind="name") for name in names)
    return Table(key=key, title=LINES[0], columns=columns, rows=rows)


def drawn(kind):
    return Picture(
        kind=kind,
        title=LINES[0],
        headline=LINES[1],
        chart=Chart(template="bars", values={}),
        how=LINES[2],
        unit=LINES[3],
        twin=made(kind),
    )


def topic(key, kinds=(), tables=()):
    return Section(
        key=key,
        title=LINES[0],
        answer=LINES,
        notes=LINES[:2],
        pictures=tuple(drawn(kind) for kind in kinds),
        tables=tables,
    )


def test_nothing_is_lost_and_nothing_stands_twice():
    whole = [
        topic("growth", ["ranking", "map", "sources"]),
        topic("scope", ["treemap", "core"]),
        topic("protocol", ["x"]),
    ]
    main, annex = outline.split(whole)
    assert [one.key for one in main] == ["growth", "scope"]
    assert [one.key for one in annex] == ["growth", "scope", "protocol"]
    assert annex[2] is whole[2]
    for one, short, rest in zip(whole, main, annex, strict=False):
        kinds = [picture.kind for picture in (*short.pictures, *rest.pictures)]
        assert sorted(kinds) == sorted(picture.kind for picture in one.pictures)
        assert (*short.answer, *rest.answer) == one.answer
        assert (short.notes, rest.notes) == ((), one.notes)
        assert rest.anchor == f"annex-{one.key}"
    assert [picture.kind for picture in main[0].pictures] == ["ranking", "sources"]
    assert [picture.kind for picture in main[1].pictures] == ["core"]


def test_a_topic_without_the_named_pictures_shows_its_first():
    (main,), (annex,) = outline.split([topic("scope", ["timeline", "lists"])])
    assert [picture.kind for picture in main.pictures] == ["timeline"]
    assert [picture.kind for picture in annex.pictures] == ["lists"]


def test_a_table_of_some_columns_leaves_out_empty_rows_and_stands_whole_in_the_annex():
    rows = [(NAMES[0], "a", "", "c"), (NAMES[1], "", None, "d")]
    (main,), (annex,) = outline.split([topic("paths", tables=(made("pathways_by_region", *rows),))])
    assert main.tables[0].rows == [(NAMES[0], "a", "")]
    assert annex.tables[0].rows == tuple(rows)


def test_a_topic_that_is_told_whole_has_no_annex():
    one = replace(topic("frontier", ["beside"]), notes=())
    assert outline.split([one])[1] == []


def test_the_table_of_regions_takes_the_first_row_of_each_and_knows_what_is_missing():
    worst = made("register_worst", (NAMES[1], "debt"), (NAMES[1], "herding"), names=("regions", "pitfall"))
    growth = made("ranking", (NAMES[0], 1.0, 2.0), names=("region", "tfp_growth2017–2023", "tfp_growth2012–2017"))
    found = outline.overview([topic("growth", tables=(growth,)), topic("risks", tables=(worst,))], NAMES)
    assert [one.name for one in found.columns][1:3] == ["tfp_growth2017–2023", "tfp_growth2012–2017"]
    assert found.rows == [(NAMES[0], 1.0, 2.0, None), (NAMES[1], None, None, "debt")]
    assert found.columns[3].title == words("column.overview_pitfall")

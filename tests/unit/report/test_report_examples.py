"""Small examples of what the report is made from."""

from __future__ import annotations

from xinzhi.core.files import whole
from xinzhi.core.flags import in_full, in_words, is_extrapolated, is_official, marks, split, year_ranges
from xinzhi.core.text import Text, amount, share, split_unit, unit_text
from xinzhi.protocol import DatedValue
from xinzhi.report.charts.axes import padded, stretches
from xinzhi.report.charts.blocks import squarify
from xinzhi.report.charts.episodes import marks as dates_marked
from xinzhi.report.charts.episodes import written
from xinzhi.report.charts.years import tints
from xinzhi.report.document import text
from xinzhi.report.lettering import width, wrapped
from xinzhi.report.page import bilingual_html, ticks
from xinzhi.report.pages.debt_paths import _nested
from xinzhi.report.pages.overcapacity import reason
from xinzhi.report.pages.register import figure
from xinzhi.report.pages.yardstick.audit_tables import level_text, thinned, value_text
from xinzhi.report.pages.yardstick.tables import as_written
from xinzhi.report.palette import ink_on
from xinzhi.report.sentence import chance, fact, sentence, truncate, yes_no


def test_ink_on() -> None:
    assert (ink_on(0.0, ("#eef1f4", "#0b3a5e")), ink_on(1.0, ("#eef1f4", "#0b3a5e"))) == ("#22303c", "#ffffff")


def test_written() -> None:
    assert (
        written(2021 * 12 + 2, "month"),
        written(2021 * 4, "quarter"),
        written(2021, "year"),
        written(0, "day"),
    ) == ("2021-03", "2021Q1", "2021", "1970-01-01")


def test_marks() -> None:
    assert [written(one, "month") for one in dates_marked(2017 * 12 + 11, 2020 * 12, "month", most=6)] == [
        "2018-01",
        "2018-07",
        "2019-01",
        "2019-07",
        "2020-01",
    ]
    assert dates_marked(1998, 2019, "year") == [2000, 2005, 2010, 2015]


def test_tints() -> None:
    assert tints(2) == ["#dbe7f1", "#72a4c9"]


def test_squarify() -> None:
    assert squarify([6.0, 2.0], 4.0, 2.0) == [(0.0, 0.0, 3.0, 2.0), (3.0, 0.0, 1.0, 2.0)]


def test_stretches() -> None:

    low, high = Text(zh="低", en="low"), Text(zh="高", en="high")
    assert [one[:2] for one in stretches([(None, 75, low), (75, 81, high), (81, None, low)], (60.0, 80.0))] == [
        (60.0, 75),
        (75, 80.0),
    ]


def test_width() -> None:
    assert (width("吉林"), round(width("TFP"), 2)) == (2.0, 1.65)


def test_padded() -> None:
    assert padded([1.0, 2.0], by=0.1) == [0.0, 2.2]


def test_text() -> None:

    assert text(Text(zh="吉林", en="Jilin")) == {"zh": "吉林", "en": "Jilin"}


def test_whole() -> None:
    import pathlib
    import tempfile

    folder = pathlib.Path(tempfile.mkdtemp())
    with whole(folder, ["a.txt"]) as (path,):
        _ = path.write_text("whole")
    assert ((folder / "a.txt").read_text(), len(list(folder.iterdir()))) == ("whole", 1)


def test_split() -> None:
    assert split("carried:labour_share;extrapolated:investment") == [
        ("carried", "labour_share"),
        ("extrapolated", "investment"),
    ]


def test_is_official() -> None:
    assert (is_official("break:employment"), is_official("extrapolated:investment")) == (True, False)


def test_is_extrapolated() -> None:
    assert (is_extrapolated("carried:labour_share"), is_extrapolated("extrapolated:investment")) == (False, True)


def test_marks_of_flags() -> None:
    assert marks("carried:labour_share;extrapolated:investment;extrapolated:price") == "e i"


def test_year_ranges() -> None:
    assert year_ranges([2010, 2018, 2019, 2020]) == Text(zh="2010、2018—2020", en="2010, 2018–2020")


def test_in_words() -> None:
    assert in_words([(2018, "carried:labour_share"), (2019, "carried:labour_share")])[0].en == (
        "i  labour share of income: carried from the nearest observed year, 2018–2019."
    )


def test_in_full() -> None:
    assert (
        in_full("carried:labour_share;extrapolated:investment").zh
        == "外推：固定资本形成总额；沿用最近的观测年份：劳动者报酬份额"
    )


def test_amount() -> None:
    assert repr(amount(8976.9, "1e8 CNY at 2000 prices")) == "Text(zh='8,977亿元', en='897.7 billion yuan')"
    assert repr(amount(1170, "1e4 persons")) == "Text(zh='1,170万人', en='11.70 million persons')"


def test_split_unit() -> None:
    assert split_unit("1e8 CNY at 2000 prices") == (100000000.0, "CNY", "2000")


def test_unit_text() -> None:
    assert repr(unit_text("1e8 CNY at 2000 prices")) == (
        "Text(zh='亿元（2000年价格）', en='100 million yuan at 2000 prices')"
    )


def test_both() -> None:
    assert repr(bilingual_html(Text(zh="吉林", en="Jilin"))) == (
        'Markup(\'<span class="zh" lang="zh-CN">吉林</span><span class="en" lang="en">Jilin</span>\')'
    )


def test_share() -> None:
    assert (share(0.256), share(0.0312), share(0.0)) == ("26", "3.1", "0")


def test_thinned() -> None:
    assert (thinned(5, 3).tolist(), thinned(2, 3).tolist()) == ([0, 2, 4], [0, 1])


def test_level() -> None:
    from xinzhi.protocol import load
    from xinzhi.yardstick.audit.choices import choices

    by_name = {choice.name: choice for choice in choices(load("xinzhi-cn-2026"))}
    assert (level_text(by_name["shares.rule"], 0).en, level_text(by_name["index.formula"], 1).zh) == (
        "one national, two-year mean, market prices, input-output",
        "费雪",
    )


def test_value() -> None:
    assert repr((value_text("capital.depreciation", 0.1096), value_text("capital.timing", "mid_year").en)) == (
        "(Text(zh='10.96%', en='10.96%'), 'mean of both ends')"
    )


def test_as_written() -> None:
    assert (
        as_written(((1996, 2000), (2000, 2007))),
        as_written(0.096),
        as_written(DatedValue.from_mapping({1952: "geometric"})),
    ) == (
        "[[1996, 2000], [2000, 2007]]",
        "0.096",
        "1952-01-01: geometric",
    )


def test_ticks() -> None:
    assert ticks(-13.0, 26.0) == [-10, 0, 10, 20]
    assert ticks(0.0, 0.0) == [0]


def test_sentence() -> None:
    assert repr(sentence(Text(zh="吉林居首", en="Jilin ranks first"))) == (
        "Text(zh='吉林居首。', en='Jilin ranks first.')"
    )


def test_short() -> None:
    assert truncate(Text(zh="研究与试验发展经费投入强度", en="research and development"), 9).en == "research and d…"


def test_yes_no() -> None:
    assert (yes_no(value=True).en, yes_no(value=None)) == ("yes", None)


def test_chance() -> None:
    assert (chance(0.612), chance(1.0), chance(0.001)) == ("61", "> 99", "< 1")


def test_fact() -> None:
    assert fact({"headline.rose": {"n": 2}}, "fell", "rose") == ("rose", {"n": 2})


def test_nested() -> None:
    assert _nested([5, 25, 50, 75, 95]) == [(5, 95), (25, 75)]


def test_figure() -> None:
    said = figure("named-by-most", 0.92), figure("named-by-most", 0.4998, 0.5), figure("idle-now", 0.08, 0.1)
    assert (said[0].en, said[1].zh, said[2].zh) == ("92\xa0%", "49.98%", "8%")


def test_reason() -> None:
    said = reason("no interest", 3), reason("profit of 3 years in a row is not known", 3)
    assert [one.zh for one in said] == ["缺少利息支出", "缺少连续3年的利润"]


def test_wrapped() -> None:
    english = wrapped("new generation information technology", 12.0)
    assert english == ["new generation", "information", "technology"]
    assert wrapped("新一代信息技术产业链", 6.0) == ["新一代信息", "技术产业链"]

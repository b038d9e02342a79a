from __future__ import annotations

from xinzhi.core import flags
from xinzhi.core.text import Text, has


def test_every_kind_has_a_mark_of_its_own_a_name_and_a_meaning() -> None:
    marks = [flags.mark(kind) for kind in flags.kinds()]
    assert len(set(marks)) == len(marks)
    assert all(has(f"flag.{kind}.name") and has(f"flag.{kind}.meaning") for kind in flags.kinds())


def test_standing() -> None:
    assert flags.is_official("")
    assert flags.is_official(None)
    assert flags.is_official("break:employment;first_published:output")
    assert not flags.is_official("proxy:investment_price")
    assert not flags.is_official("carried:labour_share")
    assert flags.is_extrapolated("break:employment;extrapolated:investment")
    assert not flags.is_extrapolated("carried:labour_share;proxy:schooling")


def test_marks_leave_out_what_is_said_elsewhere() -> None:
    cell = "carried:labour_share;extrapolated:investment;break:employment"
    assert flags.marks(cell) == "e i b"
    assert flags.marks(cell, without={"extrapolated"}) == "i b"
    assert flags.marks(None) == ""


def test_a_kind_nobody_foresaw_is_shown_as_it_is() -> None:
    assert flags.marks("guessed:output") == "guessed"
    assert flags.is_official("guessed:output")
    assert flags.in_words([(2001, "guessed:output")])[0] == Text(
        zh="guessed  地区生产总值：guessed，2001年。", en="guessed  output: guessed, 2001."
    )


def test_flags_are_spelled_out_with_their_years() -> None:
    rows = [
        (2017, ""),
        (2018, "extrapolated:investment"),
        (2019, "extrapolated:investment"),
        (2010, "break:employment"),
    ]
    assert [line.en for line in flags.in_words(rows)] == [
        "e  gross fixed capital formation: extrapolated, 2018–2019.",
        "b  employed persons: break in the series, 2010.",
    ]
    assert flags.in_words([(2017, "")]) == []


def test_in_full_names_every_series() -> None:
    full = flags.in_full("proxy:investment_price;carried:labour_share;carried:schooling")
    assert full.en == (
        "proxy: investment price index; "
        "carried from the nearest observed year: labour share of income and mean years of schooling"
    )


def test_legend_tells_only_what_occurs() -> None:
    assert [line.zh for line in flags.legend(["", None, "break:employment"])] == [
        "b 序列异动：该年变动无法由自身历史和其他地区解释，多因统计口径调整，前后增长须谨慎比较"
    ]

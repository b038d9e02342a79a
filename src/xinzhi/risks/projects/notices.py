"""Notices of public buyers: what is bought, without the words of the notice, and at which stage, of what service."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.risks.projects.conventions import document
from xinzhi.risks.projects.quantities import numeral_value

ZEROS = "〇零○"
NUMERALS = str.maketrans(ZEROS + "一二三四五六七八九", "000123456789")
_EPOCH = date(1970, 1, 1)
# the stages rise in the course of a purchase
INTENTION, TENDER, RECURRING, CORRECTION, FAILED, AWARD, CONTRACT, CONSUMED = 1, 2, 4, 8, 16, 32, 64, 128
STAGE = INTENTION | TENDER | CORRECTION | FAILED | AWARD | CONTRACT
# the stages as words.yaml calls them, the later first: 招标更正公告 is a correction, not a tender
STAGES = {
    "contract": CONTRACT,
    "failed": FAILED,
    "award": AWARD,
    "correction": CORRECTION,
    "intention": INTENTION,
    "tender": TENDER,
}
_CODE = "[A-Za-z0-9]{2,}[-—/][A-Za-z0-9]|[A-Za-z0-9-]{7,}"
_ASIDE = re.compile(  # agents, numbers of notices
    rf"[(\[【][^()\[\]【】]*(?:公司|编号|{_CODE})[^()\[\]【】]*[)\]】]|[\[【][^\[\]【】]*(?:中心|局)[\]】]$"
)
_AGENT = re.compile("^.{4,30}?(?:公司|中心)(?=关于)")
# the sentence that a column for the day becomes (words.yaml, columns), up to what follows it in running text
SAYS_DAY = "公告日期:"
_SAID = rf"{SAYS_DAY}([^。,;]*)(?:, ?[0-9]{{1,2}}:[0-9:]+)?[。,;]?"
# one kind of separator, or eight digits; the day and month of 01/03/2024 cannot be told apart
_YEAR, _MONTH_OR_DAY, _NUMERAL = "(?:19|20)[0-9]{2}", "([0-9]{1,2})", "[一二三四五六七八九十]"
_DAY = re.compile(
    rf"({_YEAR})([-/.]){_MONTH_OR_DAY}\2{_MONTH_OR_DAY}(?![0-9])|({_YEAR})年{_MONTH_OR_DAY}月{_MONTH_OR_DAY}日?(?![0-9])"
    rf"|({_YEAR})([0-9]{{2}})([0-9]{{2}})(?:[0-9]{{6}})?(?![0-9])|([二一][{ZEROS}九][{ZEROS}一二三四五六七八九]{{2}})年({_NUMERAL}{{1,3}})月({_NUMERAL}{{1,3}})日"
)
_ROUND = (
    "第([二三四2-4])次|(?:^|[^0-9一二三四五六七八九十])([二三四2-4])次(?:[)）]|公告|招标|采购|$)"  # 二次供水 is a thing
)
_SERIAL = re.compile(r"([2-7][0-9]{4})(?:\.[0-9]+)?")  # as spreadsheets count days
_SERIAL_FROM = date(1899, 12, 30)


def notice_days(texts: pl.Series) -> tuple[npt.NDArray[np.int32], pl.Series]:
    """Return the day of every notice, counted from 1970, 0 where none is given, and the texts without its sentence."""
    day = np.zeros(len(texts), dtype=np.int32)
    rows = texts.str.contains(SAYS_DAY, literal=True).arg_true()
    if not len(rows):
        return day, texts
    part = texts.gather(rows)
    written = part.str.extract(_SAID, 1)
    days_by_text = {day_text: day_of(day_text) for day_text in written.unique().drop_nulls().to_list()}
    day[rows.to_numpy()] = written.replace_strict(days_by_text, default=0, return_dtype=pl.Int32).to_numpy()
    return day, texts.clone().scatter(rows, part.str.replace_all(_SAID, ""))


def day_of(written: str) -> int:
    """Return the day that is written, counted from 1970; 0 where it names none, or a month alone.

    Examples
    --------
    >>> [day_of(each) for each in ("1970-01-02", "19700102", "1970年1月2日 9:00", "25570", "1970年1月", "01/02/1970")]
    [1, 1, 1, 1, 0, 0]
    """
    text = re.sub(r"\s*([年月])\s*", r"\1", written.strip())
    if serial := _SERIAL.fullmatch(text):
        return (_SERIAL_FROM + timedelta(days=int(serial[1])) - _EPOCH).days
    match = _DAY.match(text)
    if match is None:
        return 0
    year, month, of_month = (part for part in match.groups() if part and part not in "-/.")
    try:
        if year.isdigit() and year.isascii():
            return (date(int(year), int(month), int(of_month)) - _EPOCH).days
        number = [int(numeral_value(part) or 0) for part in (month, of_month)]
        return (date(int(year.translate(NUMERALS)), *number) - _EPOCH).days
    except ValueError:
        return 0


def bare(heads: pl.Series, owned: pl.DataFrame) -> pl.Series:
    """Return names, those of notices without agent, number and buyer, others without the owner that they name.

    Parameters
    ----------
    heads
        Names as they stand.
    owned
        ``row, span``: the owners that the texts name.
    """
    rows = pl.int_range(len(heads), dtype=pl.UInt32, eager=True)
    frame = pl.DataFrame({"row": rows, "head": heads}).filter(pl.col("head") != "")
    frame = frame.join(owned.select("row", "span"), on="row", how="left", maintain_order="left")
    owner_in_name = pl.col("head").str.contains(pl.col("span"), literal=True).fill_null(value=False)
    notices_and_owned = frame.filter(pl.col("head").str.contains(either(notice_words())) | owner_in_name)
    if not notices_and_owned.height:
        return heads
    return heads.clone().scatter(
        notices_and_owned["row"], [_bought(head, owner) for _, head, owner in notices_and_owned.iter_rows()]
    )


def _bought(head: str, owner: str | None) -> str:
    name = _AGENT.sub("", _ASIDE.sub("", head))
    return without_words(name.replace(owner, "") if owner else name)


def without_words(name: str) -> str:
    """Return a name without the words of notices.

    Examples
    --------
    >>> without_words("门诊楼流标公告")
    '门诊楼'
    """
    return _notice().sub("", name)


def kinds(heads: pl.Series, bought: pl.Series | None = None) -> npt.NDArray[np.int16]:
    """Return of every name the stage of its notice (`STAGES`, 0 for none) and whether the thing recurs, as one number.

    Parameters
    ----------
    heads
        Names as they stand.
    bought
        Names without their buyer (`bare`), where known: 药品检验所 buys more than drugs.

    Examples
    --------
    >>> kinds(pl.Series(["水厂维保流标公告", "水厂"])).tolist() == [FAILED | RECURRING, 0]
    True
    """
    words = document("words.yaml")["notices"]
    stages = [heads.str.contains(either(words[name])).to_numpy() for name in STAGES]
    things = (heads if bought is None else bought).str.replace_all(either(words["once"]), "")
    consumed, recurring = (things.str.contains(either(words[name])).to_numpy() for name in ("consumed", "recurring"))
    kind = np.select(stages, [*STAGES.values()], 0) + np.where(consumed | recurring, RECURRING, 0)
    return np.asarray(kind + np.where(consumed, CONSUMED, 0), dtype=np.int16)


def services(heads: pl.Series) -> npt.NDArray[np.int16]:
    """Return of every name one bit for each service that is bought (`words.yaml`, services); 0 where it is none.

    Examples
    --------
    >>> both = services(pl.Series(["门诊楼勘察设计招标公告", "门诊楼设计招标公告", "检测设备采购公告"]))
    >>> int(both[0] & both[1]) > 0, int(both[2])
    (True, 0)
    """
    catalogue = document("words.yaml")["services"]
    word = either(dict.fromkeys(word_of_service for words in catalogue["kinds"].values() for word_of_service in words))
    service_pattern = f"{word}(?:{either(catalogue['between'])}?{word})*"
    tails = heads.str.extract(
        f"({service_pattern}){either(catalogue['behind'])}*{either(catalogue['before'])}", 1
    ).fill_null("")
    bits = (tails.str.contains(either(words)).to_numpy() << at for at, words in enumerate(catalogue["kinds"].values()))
    return np.asarray(sum(bits), dtype=np.int16)


def rounds(heads: pl.Series) -> npt.NDArray[np.int8]:
    """Return how often something is tendered for as its name says; 0 where it does not.

    Examples
    --------
    >>> rounds(pl.Series(["二次供水改造(第三次)招标公告", "水厂重新招标公告", "二次供水改造"])).tolist()
    [3, 2, 0]
    """
    rounds_written = heads.str.extract_groups(_ROUND).struct.unnest()
    number = rounds_written.select(pl.coalesce(pl.all())).to_series().replace({"二": "2", "三": "3", "四": "4"})
    again = heads.str.contains("重新(?:招标|采购|公告)|重招").to_numpy() * 2
    return np.asarray(np.maximum(number.cast(pl.Int8, strict=False).fill_null(0).to_numpy(), again), dtype=np.int8)


def either(words: Iterable[str]) -> str:
    """Return a pattern of patterns, in any case of letters.

    Examples
    --------
    >>> either(["tender", "招标"])
    '(?i:tender|招标)'
    """
    return "(?i:" + "|".join(words) + ")"


@cache
def notice_words() -> tuple[str, ...]:
    """Return the words that make a name that of a notice, as patterns.

    Examples
    --------
    >>> "招标" in notice_words()
    True
    """
    words = document("words.yaml")["notices"]
    return tuple(word for stage in STAGES for word in words[stage])


@cache
def _notice() -> re.Pattern[str]:
    notice_terms = (*notice_words(), *document("words.yaml")["notices"]["other"])
    return re.compile(either(sorted(notice_terms, key=len, reverse=True)))


def editions(heads: pl.Series, texts: pl.Series | None = None) -> npt.NDArray[np.int16]:
    """Return ``(N, 2)`` the year in every name, the first of 2023-2024学年, and the part of it; 0 where there is none.

    Parameters
    ----------
    heads
        Names as they stand.
    texts
        The whole texts, where known: a programme may say in them of which year it is.

    Examples
    --------
    >>> editions(pl.Series(["2023-2024学年牛奶", "二〇二四年上半年牛奶", "牛奶"])).tolist()
    [[2023, 0], [2024, 17], [0, 0]]
    >>> editions(pl.Series(["农村公路养护"] * 2), pl.Series(["2024年度任务12公里", "列入2024年度计划"]))[:, 0].tolist()
    [2024, 0]
    """
    arabic = heads.str.extract_groups(_EDITION).struct.unnest()
    numerals = heads.str.extract(_SPELLED, 1)
    by_numeral = {numeral: numeral.translate(NUMERALS) for numeral in numerals.unique().drop_nulls().to_list()}
    numerals = numerals.replace_strict(by_numeral, default=None, return_dtype=pl.String)
    year = arabic.select(pl.coalesce(pl.all(), numerals).cast(pl.Int16, strict=False).fill_null(0)).to_series()
    if texts is not None and len(rows := ((year == 0) & texts.str.contains("年度", literal=True)).arg_true()):
        year = year.scatter(rows, texts.gather(rows).str.extract(_PROGRAMME, 1).cast(pl.Int16).fill_null(0))
    periods = heads.str.extract_groups(_PERIOD).struct.unnest()
    signs = [pl.col(str(at)) + kind for at, kind in enumerate(("季度", "", "月", "月", "月"), start=1)]
    parts = periods.select(pl.coalesce(signs)).to_series()
    known_parts = {
        period: _PARTS.index(in_digits) + 1
        for period in parts.unique().drop_nulls().to_list()
        if (in_digits := _in_digits(period)) in _PARTS
    }
    part = parts.replace_strict(known_parts, default=0, return_dtype=pl.Int16)
    return np.column_stack([year.to_numpy(), part.to_numpy()])


def _in_digits(period: str) -> str:
    head, kind = (period[:-2], period[-2:]) if period.endswith("季度") else (period[:-1], period[-1])
    value = numeral_value(head) if kind in ("季度", "月") and not head.isascii() else None
    return period if value is None and not head.isascii() else f"{int(value or int(head))}{kind}"


_EDITION = (
    rf"(?:^|[^0-9])({_YEAR})(?:[-—~至/](?:19|20)?[0-9]{{2}})?(?:学?年|批|,| )"
    rf"|(?:^|[^0-9])({_YEAR})[-—~至/]{_YEAR}(?:[^0-9]|$)"
)
# what a yearly programme says of itself: 列入2024年度计划 is said of any project
_PROGRAMME = (
    rf"(?:^|[^入报省市县区0-9])({_YEAR})年度(?:计划|任务|目标|实施|改造|建设|治理|新增|维修|养护|更新|第[一二三四]批)"
)
_SPELLED = f"(二[{ZEROS}][{ZEROS}一二三四五六七八九]{{2}})年"
_PERIOD = (
    rf"([一二三四1-4])季度|([上下]半年|[春夏秋冬]季)|(?:^|[^0-9]){_MONTH_OR_DAY}月(?:份|[^0-9龄]|$)"
    rf"|({_NUMERAL}{{1,2}})月份|年({_NUMERAL}{{1,2}})月"
)
_PARTS = (
    *(f"{month}月" for month in range(1, 13)),
    *(f"{quarter}季度" for quarter in range(1, 5)),
    "上半年",
    "下半年",
    "春季",
    "夏季",
    "秋季",
    "冬季",
)

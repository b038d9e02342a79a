"""Owners: company names in Chinese and English, brought down to the brand and to how it sounds."""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from xinzhi.risks.screening.facts import document, places_table, readings
from xinzhi.risks.screening.places import sound

_ENGLISH = r"(?:[A-Z][\w&'-]* ){1,8}(?:Co\.?,? ?Ltd\.?|Limited|Corporation|Corp\.|Inc\.|Group|Company)"
_LONGEST_PLACE = 6


def owners(texts: pl.Series) -> pl.DataFrame:
    """Return the first company that every text names.

    Parameters
    ----------
    texts
        Plain texts.

    Returns
    -------
    polars.DataFrame
        ``row, span, brand, name``: the words read, the brand (what is left of the name without place, line of business
        and legal form) and the whole name without its legal form, both as they sound in pinyin.

    Examples
    --------
    >>> texts = pl.Series(["由合肥鑫辉新能源有限公司建设", "built by Hefei Xinhui New Energy Co., Ltd."])
    >>> owners(texts)["brand"].to_list()
    ['xinhui', 'xinhui']
    """
    rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
    spans = pl.DataFrame({"row": rows, "span": texts.str.extract_all(f"{_chinese()}|{_ENGLISH}")})
    spans = spans.explode("span", empty_as_null=False, keep_nulls=False)
    unique = spans["span"].unique().to_list()
    read = [_brand(span) for span in unique]
    table = pl.DataFrame(
        {"span": unique, "brand": [brand for brand, _ in read], "name": [name for _, name in read]},
        schema={"span": pl.String, "brand": pl.String, "name": pl.String},
    )
    found = spans.join(table.filter(pl.col("name") != ""), on="span", how="inner", maintain_order="left")
    return found.unique("row", keep="first", maintain_order=True)


def _brand(span: str) -> tuple[str, str]:
    """Return brand and name of a span as they sound."""
    if span.isascii():
        words = re.findall(r"[A-Za-z']+", span)
        core = [word for word in words if word.lower() not in _common("en")]
        own = [word for word in core if sound(word) not in _roman_places()]
        return sound("".join(own)), sound("".join(words[: _legal(words)]))
    name = _start().sub("", span)
    for end in document("words.yaml")["owner_ends"]["zh"]:
        name = name.removesuffix(end)
    return _spoken(_common_pattern().sub("", _without_place(name))), _spoken(name)


def _legal(words: list[str]) -> int:
    """Return where the legal form begins."""
    forms = {"co", "ltd", "limited", "corporation", "corp", "inc", "company", "group"}
    return next((at for at, word in enumerate(words) if word.lower() in forms), len(words))


def _without_place(name: str) -> str:
    """Return a name without the places before the brand: 安徽省合肥鑫辉 is 鑫辉."""
    known = _places()
    while name:
        length = next((size for size in range(min(_LONGEST_PLACE, len(name)), 1, -1) if name[:size] in known), 0)
        if not length:
            break
        name = name[length:]
    return name.lstrip("省市县区")


def _spoken(name: str) -> str:
    return sound(name.translate(readings()).replace("(", "").replace(")", ""))


@cache
def _chinese() -> str:
    ends = "|".join(document("words.yaml")["owner_ends"]["zh"])
    return rf"[\u4e00-\u9fffA-Za-z0-9()]{{2,40}}?(?:{ends})"


@cache
def _start() -> re.Pattern[str]:
    starts = "|".join(sorted(document("words.yaml")["owner_starts"], key=len, reverse=True))
    return re.compile(rf"^(?:.*(?:{starts})(?:为|是)?|.*由|.*(?:法人|业主)(?:为|是))")


@cache
def _common(language: str) -> frozenset[str]:
    return frozenset(document("words.yaml")["owner_words"][language])


@cache
def _common_pattern() -> re.Pattern[str]:
    return re.compile("|".join(sorted(_common("zh"), key=len, reverse=True)))


@cache
def _places() -> frozenset[str]:
    from xinzhi.data.facts import facts

    table = places_table()
    provinces = facts("codes/gbt2260.yaml")["codes"].values()
    names = {*table["name"].to_list(), *table["short"].to_list()}
    return frozenset(names | {word for short, full, _ in provinces for word in (short, full)})


@cache
def _roman_places() -> frozenset[str]:
    from xinzhi.data.facts import facts

    provinces = [english for _, _, english in facts("codes/gbt2260.yaml")["codes"].values()]
    cities = places_table().filter(pl.col("code").str.ends_with("00"))["roman"].to_list()
    return frozenset(sound(name) for name in (*provinces, *cities))

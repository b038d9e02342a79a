"""Owners: company names in Chinese and English, brought down to the brand and to how it sounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.core.arrays import BoolArray
from xinzhi.core.text import read_words
from xinzhi.risks.projects.conventions import KEPT, by_row, document, places_table, readings
from xinzhi.risks.projects.notices import either, notice_words
from xinzhi.risks.projects.places import PLAIN, phonetic_form
from xinzhi.risks.projects.vocabulary import everyday_pairs

_ENGLISH = r"(?:[A-Z][\w&'-]* ){1,8}(?:Co\.?,? ?Ltd\.?|Co\.|Limited|Corporation|Corp\.|Inc\.|Group|Company)"
_FORMER = "(?:受让|收购|承接原?|接手|接盘|前身[为是系]|由原|[(]原(?:名|为)?)([\u4e00-\u9fff]{4,12})"
# the sentence that a column for the owner becomes (words.yaml, columns)
_DECLARED = "(?:^|。)建设单位:([\u4e00-\u9fff0-9()]{4,40}|[A-Z][A-Za-z0-9&'(),. -]{3,80})。"
_SHORTEST_PLACE = 2
_LONGEST = 6  # letters of a syllable, as in zhuang
_STEM = 2  # most brands have two syllables
_COLUMNS = {"span": pl.String, "brand": pl.String, "stem": pl.String, "name": pl.String}


def companies(texts: pl.Series) -> pl.DataFrame:
    """Return the companies that texts name."""
    spans = by_row(texts.str.extract_all(f"{_chinese()}|{_ENGLISH}"), "read")
    unique = spans["read"].unique().to_list()
    meaning = pl.DataFrame(
        [(span, *_company(span)) for span in unique], schema={"read": pl.String, **_COLUMNS}, orient="row"
    )
    readable = meaning.filter(pl.col("name") != "")
    return spans.join(readable, on="read", how="inner", maintain_order="left").select("row", *_COLUMNS)


def owners(texts: pl.Series, company_spans: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the owner of every text: whom it calls so, else its first company, else a hospital or cooperative."""
    agents = "|".join(document("words.yaml")["owner_agents"])
    all_rows = pl.DataFrame({"row": _rows(texts), "text": texts})
    mentions = all_rows.select("row", pl.col("text").str.extract(_DECLARED, 1).alias("read")).drop_nulls()
    bodies = _meant(mentions, _institute).filter(~pl.col("span").str.contains(f"{_company_end()}|^{_ENGLISH}|{agents}"))
    owner_rows = (companies(texts) if company_spans is None else company_spans).filter(
        ~pl.col("span").str.contains(agents)
    )
    owner_rows = owner_rows.unique("row", keep="first", maintain_order=True).join(bodies, on="row", how="anti")
    owner_rows = pl.concat([bodies.cast(owner_rows.schema), owner_rows])
    rest = all_rows.join(owner_rows, on="row", how="anti", maintain_order="left")
    mentions = rest.select("row", pl.col("text").str.extract(_institution(), 1).alias("read")).drop_nulls()
    institutes = _meant(mentions, _institute)
    owner_rows = pl.concat([owner_rows, institutes.cast(owner_rows.schema)])
    rest = rest.join(institutes, on="row", how="anti", maintain_order="left")
    mentions = rest.select("row", pl.col("text").str.extract(_buyer(), 1).alias("read")).drop_nulls()
    buyers = _meant(mentions, _institute)
    owner_rows = pl.concat([owner_rows, buyers.cast(owner_rows.schema)])
    rest = rest.join(buyers, on="row", how="anti", maintain_order="left")
    mentions = rest.select("row", pl.col("text").str.extract(_clause(), 1).alias("read")).drop_nulls()
    trades = _meant(mentions, _trade).filter(pl.col("name") != "")
    return pl.concat([owner_rows, trades.cast(owner_rows.schema)])


def _meant(mentions: pl.DataFrame, reader: Callable[[str], tuple[str, str, str, str]]) -> pl.DataFrame:
    """Return ``row`` and what a reader makes of the names of owners that rows have."""
    meanings = pl.DataFrame(
        [(span, *reader(span)) for span in mentions["read"].unique().to_list()],
        schema={"read": pl.String, **_COLUMNS},
        orient="row",
    )
    return mentions.join(meanings, on="read", how="inner", maintain_order="left").select("row", *_COLUMNS)


def former(texts: pl.Series) -> npt.NDArray[np.uint64]:
    """Return the stems of the companies that texts say the owner was or took over: 原兴旺机械, 受让嫩江湾公司资产."""
    former_names = texts.str.extract(_FORMER, 1)
    stems = {name: _spoken(without_place(name)[:_STEM]) for name in former_names.drop_nulls().unique().to_list()}
    stem = former_names.replace_strict(stems, default=None, return_dtype=pl.String)
    return np.asarray(stem.hash().to_numpy() * stem.is_not_null().to_numpy())


def public(owned: pl.DataFrame) -> BoolArray:
    """Return which owners spend public money on whatever a county builds: 管委会, 城投, 国资公司, and its utilities."""
    words = "|".join(document("words.yaml")["platforms"])
    company = pl.col("span").str.contains("公司|集团|Ltd|Co\\.|Group|Corp|Company")
    # a company that bears no name of its own, but that of its place and its trade, is the utility of its county
    nameless = (pl.col("brand") == "") & company
    return owned.select(pl.col("span").str.contains("(?i)" + words) | nameless).to_series().to_numpy()


def _rows(texts: pl.Series) -> pl.Series:
    return pl.int_range(len(texts), dtype=pl.UInt32, eager=True)


def _company(span_read: str) -> tuple[str, str, str, str]:
    """Return the words that name a company, and its brand, stem and name as they sound; empty where it is nobody."""
    if span_read.isascii():
        words = re.findall(r"[A-Za-z']+", span_read)
        core = [word for word in words if word.lower() not in _common("en")]
        distinctive = [word for word in core if phonetic_form(word) not in _roman_places()]
        brand, stem = _pinyin_brand(distinctive)
        return span_read, brand, stem, phonetic_form("".join(words[: _legal(words)]))
    span = _start().sub("", span_read) if _may_start().search(span_read) else span_read
    before, _, last = span.rpartition("的")
    span = last if len(before) > 1 else span  # 美的 is a name
    span = span.rpartition("(")[2] if span.count("(") > span.count(")") else span
    name, at = span, 0
    while matches := [
        ending for ending in _ends_by_sign().get(name[-1:], ()) if ending[0] > at and name.endswith(ending[1])
    ]:
        at, name = matches[0][0], name.removesuffix(matches[0][1])
    if not name or (name[0] in _nobody_heads() and not _nobody().sub("", name)):
        return "", "", "", ""
    return span, *_brand(without_place(name)), _spoken(name)


@lru_cache(maxsize=KEPT)
def _brand(bare_name: str) -> tuple[str, str]:
    """Return the brand and the stem, as they sound, of what a name says behind its places."""
    brand = _common_pattern().sub("", bare_name)
    return _spoken(brand), _spoken(brand[:_STEM]) if len(brand) >= _STEM else ""


def _institute(span_read: str) -> tuple[str, str, str, str]:
    """Return words, brand, stem and name of an institution: from its place on, since every county has its hospital."""
    span = name = _start().sub("", span_read)
    while (rest := without_place(name, most=1)) != name and without_place(rest, most=1) != rest:
        name = rest
    return span, _spoken(name), "", _spoken(name)


def _trade(span_read: str) -> tuple[str, str, str, str]:
    """Return words, brand, stem and name of a company without its legal form: 天津三和电器; empty where it is none."""
    span = _start().sub("", span_read)
    bare_name = without_place(span)
    brand = _common_pattern().sub("", bare_name)
    distinctive = _STEM <= len(brand) <= 2 * _STEM and bare_name.startswith(brand) and brand not in everyday_pairs()
    return (
        (span, _spoken(brand), _spoken(brand[:_STEM]), _spoken(span))
        if distinctive and bare_name != span
        else ("", "", "", "")
    )


def _pinyin_brand(words: list[str]) -> tuple[str, str]:
    """Return brand and stem of an English name: the words spelled in pinyin before those that are translated."""
    syllables: list[str] = []
    for word in words:
        syllables_of_word = syllables_of(phonetic_form(word))
        if syllables_of_word is None:
            break
        syllables += syllables_of_word
    if len(syllables) < _STEM:
        return phonetic_form("".join(words)), ""
    return "".join(syllables), "".join(syllables[:_STEM])


def syllables_of(word: str) -> list[str] | None:
    """Return the syllables of a word in pinyin, as long ones as leave a whole rest; None when it is not pinyin."""
    ends = {len(word): len(word)}  # where the syllable that begins there ends, of the places from which all is spelled
    for at in reversed(range(len(word))):
        reach = range(min(at + _LONGEST, len(word)), at, -1)
        end = next((end for end in reach if end in ends and word[at:end] in _syllables()), None)
        ends |= {} if end is None else {at: end}
    if 0 not in ends:
        return None
    parts, at = [], 0
    while at < len(word):
        parts.append(word[at : ends[at]])
        at = ends[at]
    return parts


def _legal(words: list[str]) -> int:
    """Return where the legal form begins."""
    forms = {"co", "ltd", "limited", "corporation", "corp", "inc", "company", "group"}
    return next((at for at, word in enumerate(words) if word.lower() in forms), len(words))


def without_place(name: str, most: int = 9) -> str:
    """Return a name without the places before the brand: 安徽省合肥鑫辉 is 鑫辉."""
    place_names = _places()
    for _ in range(most):
        sizes = _place_sizes().get(name[:_SHORTEST_PLACE], ())
        length = next((size for size in sizes if name[:size] in place_names), 0)
        if not length:
            break
        name = name[length:]
    return name.lstrip("省市县区")


def _spoken(name: str) -> str:
    return name.lower().translate(_sounds())


@cache
def _sounds() -> dict[int, str | None]:
    return {
        **PLAIN,
        **{sign: phonetic_form(reading) for sign, reading in readings().items()},
        ord("("): None,
        ord(")"): None,
    }


@cache
def _ends_by_sign() -> dict[str, list[tuple[int, str]]]:
    """Return the legal forms that end in each sign, with their place in the order in which they are taken off."""
    by_last_sign: dict[str, list[tuple[int, str]]] = {}
    for at, end in enumerate(document("words.yaml")["owner_ends"]["zh"], start=1):
        by_last_sign.setdefault(end[-1], []).append((at, end))
    return by_last_sign


@cache
def _chinese() -> str:
    ends = "|".join(document("words.yaml")["owner_ends"]["zh"])
    return rf"[\u4e00-\u9fffA-Za-z0-9()]{{2,40}}?(?:{ends})"


@cache
def _company_end() -> str:
    return f"(?:{'|'.join(document('words.yaml')['owner_ends']['zh'])})$"


@cache
def _institution() -> str:
    """Return the pattern of a clause that names a hospital, university or cooperative and little else."""
    starts = "|".join(document("words.yaml")["owner_starts"])
    ends = "|".join(document("words.yaml")["owner_ends"]["institutions"])
    name = rf"([\u4e00-\u9fff]{{2,20}}?(?:{ends}))"
    return rf"(?:^|[,。;:、 ]|(?:{starts})(?:为|是)?){name}(?:[,。;:、 (]|$|上报|申报|实施|承建|负责|拟)"


@cache
def _buyer() -> str:
    """Return the pattern of a notice whose title begins with the institution that buys."""
    ends = "|".join(document("words.yaml")["owner_ends"]["buyers"])
    name = rf"[\u4e00-\u9fff0-9]{{2,20}}?(?:{ends})(?:[\u4e00-\u9fff]{{0,3}}附属[\u4e00-\u9fff]{{0,8}}?医院)?"
    return rf"^(?:[^。]{{4,30}}?关于|关于)?({name})[^。]{{0,120}}?{either(notice_words())}"


@cache
def _clause() -> str:
    """Return the pattern of a clause that may name a company without its legal form."""
    starts = "|".join(document("words.yaml")["owner_starts"])
    trades = "|".join(document("words.yaml")["owner_ends"]["trades"])
    return rf"(?:[,。;(]|(?:{starts})(?:为|是|:)*)([\u4e00-\u9fff]{{4,14}}?(?:{trades}))(?:[,。;)(]|$|申报|上报)"


@cache
def _start() -> re.Pattern[str]:
    starts = "|".join(sorted(document("words.yaml")["owner_starts"], key=len, reverse=True))
    before, former = "方|企业|单位|公司|法人|业主|主体|人|以上均|以上", "受让|收购|承接原?"
    return re.compile(
        rf"^(?:.*(?:{former})|.*(?:{starts})(?:为|是)?|.*由|.*(?:{before})(?:为|是|系)|.*关于|为|是|经|拟)"
    )


@cache
def _may_start() -> re.Pattern[str]:
    """Return the pattern of what a name may stand behind: most stand alone, and need no further look."""
    starts = "|".join(document("words.yaml")["owner_starts"])
    return re.compile(rf"受让|收购|承接|{starts}|由|为|是|系|关于|经|拟")


@cache
def _nobody_heads() -> frozenset[str]:
    return frozenset(word[0] for word in document("words.yaml")["owner_nobody"])


@cache
def _nobody() -> re.Pattern[str]:
    return re.compile(f"^(?:{'|'.join(document('words.yaml')['owner_nobody'])})*")


@cache
def _syllables() -> frozenset[str]:
    return frozenset(readings().values())


@cache
def _common(language: str) -> frozenset[str]:
    return frozenset(document("words.yaml")["owner_words"][language])


@cache
def _common_pattern() -> re.Pattern[str]:
    return re.compile("|".join(sorted(_common("zh"), key=len, reverse=True)))


@cache
def _places() -> frozenset[str]:
    table = places_table()
    provinces = read_words("regions.yaml")["codes"].values()
    names = {*table["name"].to_list(), *table["short"].to_list()}
    return frozenset(names | {word for short, full, _ in provinces for word in (short, full)})


@cache
def _place_sizes() -> dict[str, list[int]]:
    """Return how many signs the names of places have, the longest first, by how they begin."""
    sizes_by_head: dict[str, set[int]] = {}
    for name in (name for name in _places() if len(name) >= _SHORTEST_PLACE):
        sizes_by_head.setdefault(name[:_SHORTEST_PLACE], set()).add(len(name))
    return {head: sorted(sizes, reverse=True) for head, sizes in sizes_by_head.items()}


@cache
def _roman_places() -> frozenset[str]:
    provinces = [english for _, _, english in read_words("regions.yaml")["codes"].values()]
    cities = places_table().filter(pl.col("code").str.ends_with("00"))["roman"].to_list()
    return frozenset(phonetic_form(name) for name in (*provinces, *cities))

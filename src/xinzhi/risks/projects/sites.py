"""Which one it is: the site below the county, the number of a line or school, and the name of a project."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.risks.projects.conventions import (
    KEPT,
    by_row,
    convention,
    document,
    in_letters,
    places_table,
    readings,
    words_in,
)
from xinzhi.risks.projects.notices import without_words
from xinzhi.risks.projects.owners import syllables_of, without_place
from xinzhi.risks.projects.places import phonetic_form
from xinzhi.risks.projects.vocabulary import everyday_pairs

KINDS = ("village", "town", "park", "road")
SLOTS = 2  # of a kind: a text names the road that it lies on and the one that it crosses
LANDMARKS, LANDMARK_KINDS = 4, 32
_BLOOM = 64
SHORTEST, _LONGEST = 2, 4
_TELLING_NAME = 4  # signs of a name that tells what is bought
_HOUSE = "(.*?)(大道|大街|路|街|道)[0-9]+号"
_ROMAN = r"[A-Z][a-z]+(?: [A-Z][a-z]+){0,2} (?:Village|Township|Town|Subdistrict|Park|Zone|Road|Street|Avenue)"
_ENGLISH = {
    "village": ("Village",),
    "town": ("Township", "Town", "Subdistrict"),
    "park": ("Park", "Zone"),
    "road": ("Road", "Street", "Avenue"),
}
_RANK, _SIDES = re.compile("高新|经济|经开|保税|综合"), re.compile("[东南西北]")
_ROMAN_NUMERALS = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9}
_NUMERALS = "一二三四五六七八九十"
_RANKS = ("镇", "乡", "村", "街道", "社区")
# DQ-08-0317号用地
_PARCEL = r"([A-Z]{1,4}-?[0-9]{1,4}(?:-[0-9A-Z]{1,5}){0,3}|[0-9]{1,3}(?:-[0-9]{1,3})?)(?:号|#)?(?:地块|宗地|号用地)"
_NOTICE = r"(?:公告|公示|文件)[(\[]?[^。]{0,20}$|^(?i:tender|procurement|invitation|request)|(?i:notice|tenders?)$"
_SECTION = r"\([^()。;]{1,12}[^标工阶路地时)]段\)"  # (孙疃至五沟段)
Codes = npt.NDArray[np.uint64]


def sites(texts: pl.Series, letters: pl.Series | None = None) -> Codes:
    """Return ``(N, 4, 2)`` the first villages, townships, parks and roads of plain texts, as codes; 0 where none."""
    out = np.zeros((len(texts), len(KINDS), SLOTS), dtype=np.uint64)
    first = first_sites(site_spans(texts, letters))
    # without the kind, since 罗坳镇 and 罗坳园区 are one name; but a road is no town
    key = (
        pl.when(pl.col("kind") == KINDS.index("road")).then("key").otherwise(pl.col("key").str.replace("^[a-z]+ ", ""))
    )
    out[tuple(first[name].to_numpy() for name in ("row", "kind", "slot"))] = first.select(key)["key"].hash().to_numpy()
    return out


def first_sites(site_rows: pl.DataFrame) -> pl.DataFrame:
    """Return the sites by which a text is compared, with their `slot`: the first of every kind."""
    first = site_rows.unique(["row", "kind", "key"], keep="first", maintain_order=True)
    return first.with_columns(slot=pl.int_range(pl.len()).over("row", "kind")).filter(pl.col("slot") < SLOTS)


def site_spans(texts: pl.Series, letters: pl.Series | None = None) -> pl.DataFrame:
    """Return ``row, span, kind, key``: every site that texts name; `kind` counts `KINDS`, `key` is how it sounds.

    `letters` are the rows that hold any (`in_letters`), where they are known.
    """
    spans = matches_by_script(texts, letters, _pattern(), _ROMAN)
    meaning = [(span_read, *site) for span_read in spans["read"].unique().to_list() for site in _read(span_read)]
    schema = {"read": pl.String, "span": pl.String, "kind": pl.Int64, "key": pl.String}
    meanings = pl.DataFrame(meaning, schema=schema, orient="row")
    return spans.join(meanings, on="read", how="inner", maintain_order="left").select("row", "span", "kind", "key")


def matches_by_script(texts: pl.Series, letters: pl.Series | None, chinese: str, roman: str) -> pl.DataFrame:
    """Return ``row, read``: what matches a pattern of Chinese signs, then what matches one of letters."""
    rows = in_letters(texts) if letters is None else letters
    matches = by_row(texts.str.extract_all(chinese), "read")
    return pl.concat([matches, by_row(texts.gather(rows).str.extract_all(roman), "read", rows)])


def _read(span_read: str) -> list[tuple[str, int, str]]:
    """Return words, kind and sound of the site that a span names; nothing where it is a common word."""
    words = document("words.yaml")["sites"]
    if span_read.isascii():
        kind = next(at for at, name in enumerate(KINDS) if span_read.endswith(_ENGLISH[name]))
        english = [word for word in span_read.split(" ")[:-1] if word not in words["english_common"]]
        stem = phonetic_form("".join(english))
        return [(span_read, kind, _key(kind, syllables_of(stem) or [stem]))] if stem else []
    if span_read.endswith(_tuple("no_end")):
        return []
    if house := re.fullmatch(_HOUSE, span_read) if span_read[-1] == "号" else None:
        return _site(_stem(house[1], KINDS.index("road")), house[2], KINDS.index("road"), house=True)
    end = next((end for end in _ends_by_sign().get(span_read[-1], ()) if span_read.endswith(end)), "")
    kind = _endings()[end]
    return _site(_stem(span_read.removesuffix(end), kind), end, kind, house=False)


@lru_cache(maxsize=KEPT)
def _site(stem: str, end: str, kind: int, *, house: bool) -> list[tuple[str, int, str]]:
    """Return what `_read` does of a name and its ending, of a road also with the number of a house."""
    span = stem + end
    # 安徽淮北濉溪经开区 is 经开区, 南部汇湾镇 is 汇湾镇, 青岩古镇 is 青岩镇
    if KINDS[kind] == "park":
        stem = without_place(stem)
    elif KINDS[kind] == "town":
        stem = re.sub("^[东南西北中]部|古$", "", stem)
        stem = _peoples().sub("", stem) if stem[-1:] == "族" else stem  # 四排赫哲族乡 is 四排乡
    # 沥青路 and 小流域片区 are things; only a township is named like that and is one place: 桃花镇; so is 前进道11号
    has_name = KINDS[kind] == "town" or house or (KINDS[kind] == "park" and _RANK.search(stem + end))
    if not has_name and len(stem) >= SHORTEST and everyday_pairs().issuperset(map("".join, pairwise(stem))):
        return []
    if len(stem) < (not has_name if KINDS[kind] == "park" else SHORTEST) or (stem + end).endswith(_tuple("common")):
        return []
    key = _park(stem, end) if KINDS[kind] == "park" else stem
    return [(span, kind, _key(kind, [*map(_syllable, key)]))] if key else []


def _stem(before: str, kind: int) -> str:
    """Return the name of a site out of what stands before its ending."""
    pieces = _before().split(before)
    if pieces[-1] or len(pieces) == 1:
        return pieces[-1]
    if len(pieces[-2]) == 1 and KINDS[kind] == "town":
        return before[-SHORTEST:]  # 曹市镇: the town bears the sign of a rank in its name
    may_end = pieces[-2] and before[-1] in document("words.yaml")["sites"]["may_end"]
    return pieces[-2] + before[-1] if may_end else ""  # 塘东工业园, 太和片区


def _park(stem: str, end: str) -> str:
    """Return the distinctive name of a park; empty where it has none."""
    # 高新技术产业开发区 and 高新区 of a city are one; 桃花工业园 is Taohua Park
    bare_name = _park_words().sub("", stem)
    # 西南片区 has no name, and 北牛工业园 is named after 北牛
    middle = _SIDES.sub("", bare_name)
    bare_name = bare_name if len(middle) == 1 else middle
    # 合肥高新区 and 合肥经开区 are two, though the city is all that names them
    # what has more signs tells what it is, and 龙水五金工业园 is 龙水园区; 零碳产业园 is what it is to become
    bare_name = (
        "" if bare_name in short_places() or len(bare_name) > _LONGEST or _is_two_words(bare_name) else bare_name
    )
    return bare_name or "".join(_RANK.findall(stem + end))[:1]


def _key(kind: int, syllables: list[str]) -> str:
    """Return the key of a site: the first syllables of a park, the last ones of another place."""
    # 厂址大有村 is 大有村: what stands before a name is not always known; but 东石桥 is not 西石桥
    side = syllables[-SHORTEST - 1 : -SHORTEST]
    size = SHORTEST + (bool(side) and side[0] in _sides())
    return f"{KINDS[kind]} {''.join(syllables[:SHORTEST] if KINDS[kind] == 'park' else syllables[-size:])}"


@cache
def _peoples() -> re.Pattern[str]:
    return re.compile(f"(?<=..)(?:{'|'.join(document('words.yaml')['sites']['peoples'])})族$")


@cache
def _sides() -> frozenset[str]:
    return frozenset(readings()[ord(sign)] for sign in document("words.yaml")["sites"]["sides"])


def _is_two_words(name: str) -> bool:
    """Return whether a name is two words of the language: 表面处理, 五金机电."""
    return len(name) == _LONGEST and everyday_pairs() >= {name[:SHORTEST], name[SHORTEST:]}


@cache
def _syllable(sign: str) -> str:
    return phonetic_form(sign.translate(readings()))


@cache
def _tuple(name: str) -> tuple[str, ...]:
    return tuple(document("words.yaml")["sites"][name])


@cache
def _endings() -> dict[str, int]:
    """Return the kind of site that every ending tells."""
    words = document("words.yaml")["sites"]
    return {ending: kind for kind, name in reversed([*enumerate(KINDS)]) for ending in words[name]}


@cache
def _ends_by_sign() -> dict[str, list[str]]:
    """Return the endings of sites by their last sign, the longest first."""
    by_last_sign: dict[str, list[str]] = {}
    for end in sorted(_endings(), key=len, reverse=True):
        by_last_sign.setdefault(end[-1], []).append(end)
    return by_last_sign


@cache
def _pattern() -> str:
    words = document("words.yaml")["sites"]
    park = "|".join(sorted(words["park"], key=len, reverse=True))
    other_endings = "|".join(ending for name in ("town", "road") for ending in words[name])
    # 郭家屯镇 is a town
    village = "|".join(words["village"])
    rest = "|".join(
        (*words["no_end"], "(?:大道|大街|路|街|道)[0-9]{1,4}号", rf"(?:{village})(?:镇|街道)?", other_endings)
    )
    return rf"[\u4e00-\u9fff]{{1,10}}?(?:{park})|[\u4e00-\u9fff]{{2,6}}?族乡|[\u4e00-\u9fff]{{2,4}}?(?:{rest})"


@cache
def _before() -> re.Pattern[str]:
    """Return the pattern of what stands before the name of a site: names of places, and words such as 位于."""
    sites = document("words.yaml")["sites"]
    words = "|".join((*sites["before"], *sites["before_too"]))
    return re.compile(rf"自治州|地区|[省市县区旗盟镇乡]|街道|{words}")


@cache
def short_places() -> frozenset[str]:
    """Return the short names of places."""
    return frozenset(places_table()["short"].to_list())


@cache
def _park_words() -> re.Pattern[str]:
    return re.compile("|".join(sorted(document("words.yaml")["sites"]["park_words"], key=len, reverse=True)))


def numbered_objects(texts: pl.Series) -> Codes:
    """Return ``(N, 2)`` kind and number of the first numbered object of plain texts: 6号线, 第八中学; 0 where none."""
    out = np.zeros((len(texts), 2), dtype=np.uint64)
    first = numbered_spans(texts).unique("row", keep="first", maintain_order=True)
    rows = first["row"].to_numpy()
    out[rows, 0] = first["kind"].hash().to_numpy()
    out[rows, 1] = first["key"].hash().to_numpy()
    return out


def numbered_spans(texts: pl.Series) -> pl.DataFrame:
    """Return ``row, span, kind, key``: lines, schools, wells and lots with the number that tells them apart."""
    # 一中心 and 三中全会 are no schools
    bare = texts.str.replace_all(f"([{_NUMERALS}])中([心间央型等期旬外上全轴低控])", "$1 中$2")
    spans = by_row(bare.str.extract_all(_numbered_pattern()), "span")
    rows = [(span, *number) for span in spans["span"].unique().to_list() if (number := _number(span))]
    meaning = pl.DataFrame(rows, schema=dict.fromkeys(("span", "kind", "key"), pl.String), orient="row")
    return spans.join(meaning, on="span", how="inner", maintain_order="left").select("row", "span", "kind", "key")


def _number(span: str) -> tuple[str, str] | None:
    letter = "(?<=标段)[A-Z]|[IVX]+(?=线|回|标段)|[A-Z](?=包|标段|地块|栋|区|座)|(?<=Lot )[A-Z]"
    if "+" in span:  # where a reach of a road begins
        return "stake", f"stake {span}"
    if parcel := re.fullmatch(_PARCEL, span):
        return "lot", f"lot {parcel[1].lstrip('0')}"
    if span.endswith("段)"):  # a reach of a river or a road
        return "section", f"section {phonetic_form(span[1:-1].translate(readings()))}"
    digits = re.search(rf"[0-9]+|[{_NUMERALS}]+|{letter}", span)
    if digits is None or span.endswith(_RANKS):  # 三桥镇
        return None
    table = document("words.yaml")["numbered"]
    rest = span[: digits.start()] + span[digits.end() :]
    kind = next((name for name, words in table.items() if any(word in rest for word in words)), None)
    if kind is None:
        return None
    digits_read = str(_ROMAN_NUMERALS.get(digits[0], digits[0]))
    if digits_read[0] in _NUMERALS:
        tens, _, ones = digits_read.rpartition("十")
        ten = "十" in digits_read
        value = (_NUMERALS.find(tens) + 1 if tens else 1) * 10 * ten + (_NUMERALS.find(ones) + 1 if ones else 0)
        digits_read = str(value)
    return kind, f"{kind} {digits_read.lstrip('0')}"


@cache
def _numbered_pattern() -> str:
    table = document("words.yaml")["numbered"]
    nouns = [word for entry in table.values() for word in entry]
    words = "|".join(sorted((noun for noun in nouns if not noun.isascii()), key=len, reverse=True))
    numeral = rf"(?:[0-9]{{1,3}}|[{_NUMERALS}]{{1,3}})"
    english = "|".join(noun for noun in nouns if noun.isascii())
    return (
        rf"(?:第{numeral}号?|{numeral}号|[0-9]{{1,3}}#)(?:{words})|{numeral}(?:标段|合同段|中学)|[市县区旗]{numeral}中"
        rf"|(?:施工|监理|勘察|设计|采购|安装|土建){numeral}[标包]|(?-u:\b)0[0-9]包|[A-Z]{{1,3}}-?[0-9]{{1,3}}标|(?-u:\b)[IVX]{{1,3}}(?:线|回)|标段[{_NUMERALS}0-9A-Z]|(?-u:\b)(?:[IVX]{{1,4}}标段|[A-Z](?:包|标段|地块|栋|区|座))|{_SECTION}"
        rf"|(?:采购包|标包|包件|包号)[{_NUMERALS}0-9]|{numeral}(?:小学|水厂|污水厂|电厂)|[\u4e00-\u9fff]第?[二三四五六七八九]大?桥(?:{'|'.join(_RANKS)})?"
        rf"|(?-u:\b)K[0-9]{{1,4}}\+[0-9]{{3}}|(?-u:\b){_PARCEL.replace('(', '(?:', 1)}"
        rf"|Lot [A-Z](?-u:\b)|(?:{english}) (?:No\. ?)?[0-9]{{1,3}}|No\. ?[0-9]{{1,3}} (?:{english})"
    )


def ordinals(bare: pl.Series) -> Codes:
    """Return which of its kind every name says it is, 0 where it says nothing: the first quarter, the second ward.

    Examples
    --------
    >>> told = ordinals(pl.Series(["第一手术室", "第二手术室", "手术室(第二次)"]))
    >>> bool(told[0] == told[1]), int(told[2])
    (False, 0)
    """
    written = bare.str.extract_all(rf"第[{_NUMERALS}0-9]{{1,3}}[^次{_NUMERALS}0-9]").list.eval(
        pl.element().str.head(pl.element().str.len_chars() - 1)
    )
    return np.asarray(written.list.join(" ").hash().to_numpy() * (written.list.len() > 0).to_numpy())


def names(heads: pl.Series, bare: pl.Series) -> tuple[Codes, Codes, Codes]:
    """Return the code of every name, ``64`` bits of its pairs of signs and its `beginnings`; 0 where there is none."""
    core = _cores(heads, bare)
    long_enough = (core.str.len_chars() >= SHORTEST).to_numpy()
    return np.where(long_enough, core.hash().to_numpy(), np.uint64(0)), _bits(core) * long_enough, beginnings(core)


def _cores(heads: pl.Series, bare: pl.Series) -> pl.Series:
    """Return what is left of names, with their buyer where else little is left: 门诊楼 is one of many."""
    core = name_cores(bare)
    poor = ((core.str.len_chars() < _TELLING_NAME) & (bare != heads)).arg_true()
    if not len(poor):
        return core
    return core.scatter(poor, name_cores(pl.Series(map(without_words, heads.gather(poor)), dtype=pl.String)))


def beginnings(cores: pl.Series) -> Codes:
    """Return ``(N, 2)`` codes of the two signs with which names begin, and of the three that follow.

    0 where a name begins with a word of the language or of a trade, and so is not named after anything.

    Examples
    --------
    >>> told = beginnings(pl.Series(["南石水泥粉磨", "杨老水泥粉磨", "水泥粉磨"]))
    >>> bool(told[0, 0] != told[1, 0]), bool(told[0, 1] == told[1, 1]), told[2].tolist()
    (True, True, [0, 0])
    """
    out = np.zeros((len(cores), 2), dtype=np.uint64)
    beginning_rows = _begun(cores)
    rows = beginning_rows["row"]
    if len(rows):
        out[rows.to_numpy(), 0] = beginning_rows["span"].hash().to_numpy()
        out[rows.to_numpy(), 1] = cores.gather(rows).str.slice(SHORTEST, SHORTEST + 1).hash().to_numpy()
    return out


def beginning_spans(heads: pl.Series, bare: pl.Series) -> pl.DataFrame:
    """Return ``row, span``: with what names begin, as they say it."""
    return _begun(_cores(heads, bare))


def _begun(cores: pl.Series) -> pl.DataFrame:
    begins = cores.str.extract(r"^([\u4e00-\u9fff]{2})[^镇乡村县区]{2}")  # 储潭镇 alone is a place and no name
    rows = (begins.is_not_null() & ~begins.is_in(_common_pairs())).arg_true()
    return pl.DataFrame({"row": rows, "span": begins.gather(rows)})


@cache
def _common_pairs() -> pl.Series:
    """Return the pairs of signs that name nothing, and those with which words of trades and works begin: 冷链, 锂电."""
    entries = (*(words := document("words.yaml"))["sectors"].values(), *words["components"].values())
    trades = {word[:SHORTEST] for entry in entries for word in entry["zh"]}
    return pl.Series(sorted(everyday_pairs() | trades | {*words["name_starts"]}))


def name_spans(texts: pl.Series) -> pl.DataFrame:
    """Return ``row, span``: the names of projects as they stand."""
    head = heads(texts)
    rows = pl.int_range(len(head), dtype=pl.UInt32, eager=True)
    return pl.DataFrame({"row": rows, "span": head}).filter(pl.col("span") != "")


def heads(texts: pl.Series) -> pl.Series:
    """Return the first sentence of texts where that is short or ends as a notice does, else nothing."""
    head = texts.str.extract(r"^([^。]*)。", 1).fill_null("")
    size, most = head.str.len_chars(), convention("longest_head")
    short = (size <= most["sentence"]) | ((size <= most["notice"]) & head.str.contains(_NOTICE))
    return pl.select(pl.when(short).then(head).otherwise(pl.lit(""))).to_series()


def name_cores(heads: pl.Series) -> pl.Series:
    """Return names without what other names have too."""
    years = r"(?:19|20)[0-9]{2}(?:[-—~至/](?:19|20)?[0-9]{2})?(?:学年|年度|年)|(?:19|20)[0-9]{2}"
    in_numerals = "二[〇零○][〇零○一二三四五六七八九]{2}年|[上下]半年"
    signs = r"[\s()\[\]〔〕【】<>《》\"“”,、:;._/-]"
    bare = heads.str.to_lowercase().str.replace_all(f"{years}|{in_numerals}|{signs}", "")
    common = words_in(bare, _common_words())
    return bare.str.replace_many(common, [""] * len(common), leftmost=True)


@cache
def _common_words() -> list[str]:
    fashions = [word.lower() for entry in document("buzzwords.yaml")["words"].values() for word in entry["zh"]]
    common = {*document("words.yaml")["name_words"], *fashions, *_place_words()}
    return sorted(common, key=lambda word: (-len(word), word))


def _place_words() -> set[str]:
    from xinzhi.core.text import read_words

    provinces = {word for short, full, _ in read_words("regions.yaml")["codes"].values() for word in (short, full)}
    table = places_table()
    everyday = set(document("words.yaml")["everyday_places"])
    cities = table.filter(pl.col("code").str.ends_with("00"))["short"].to_list()
    return (provinces | {*table["name"].to_list(), *cities}) - everyday


def _bits(cores: pl.Series) -> Codes:
    """Return one bit for the remainder of every pair of signs of a name."""
    sign = np.frombuffer("\n".join([*cores.str.replace_all("\n", ""), ""]).encode("utf-32-le"), np.uint32)
    ends = np.flatnonzero(sign == ord("\n"))
    row = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
    at = np.flatnonzero((sign[:-1] != ord("\n")) & (sign[1:] != ord("\n")))
    code = sign[at].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ sign[at + 1].astype(np.uint64) * np.uint64(
        0xC2B2AE3D27D4EB4F
    )
    bit = np.uint64(1) << ((code >> np.uint64(29)) % np.uint64(_BLOOM))
    out = np.zeros(len(ends), dtype=np.uint64)
    np.bitwise_or.at(out, row[at], bit)
    return out

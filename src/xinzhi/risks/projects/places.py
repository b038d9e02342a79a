"""Places of GB/T 2260 in Chinese and romanised texts, down to the county."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import cache

import numpy as np
import polars as pl

from xinzhi.core.arrays import IntArray
from xinzhi.core.text import Text, read_words, same
from xinzhi.risks.projects.conventions import by_row, document, first_of_row, in_letters, places_table, words_in
from xinzhi.risks.projects.vocabulary import everyday_pairs

SLOTS = 3
_RANKS = "(?:County|District|Banner|City|Province|Prefecture)"
_ROMAN = rf"(?:Inner Mongolia|Hong Kong|[A-Z][a-zü']+(?: {_RANKS})?)(?:, (?:{{provinces}})(?-u:\b))?"
_AT = "位于|坐落于|选址于?|选址在|落户|地处|在"
_TWO = "[\u4e00-\u9fff]{2}"
_OTHER = "大道|路|街|巷|走廊|寺|庙|塔|桥|山|河|湖|江|湾|岛|坝|沟|村|社区|新城|新区"  # 滨海大道 is no 滨海县
_COUNTY, _CITY = 100, 10_000
_MUNICIPALITIES = np.array([11, 12, 31, 50])
PLAIN = str.maketrans({"'": None, "’": None, "ü": "v"})


def places(
    texts: pl.Series,
    regions: pl.Series | None = None,
    company_spans: pl.DataFrame | None = None,
    letters: pl.Series | None = None,
) -> IntArray:
    """Return the places that texts name; `letters` are the rows that hold any (`in_letters`), where they are known."""
    rows, count = in_letters(texts) if letters is None else letters, len(texts)
    if company_spans is None:
        resolved = _disambiguate(_mentions(texts, rows))
    else:
        # at once: of ten thousand names an automaton is built first
        mentions = _mentions(
            pl.concat([texts, company_spans["span"]]), pl.concat([rows, in_letters(company_spans["span"]) + count])
        )
        inner = mentions.filter(pl.col("row") >= count)
        inner = inner.with_columns(company_spans["row"].gather(inner["row"] - count).alias("row"))
        resolved = _without_owners(_disambiguate(mentions.filter(pl.col("row") < count)), inner)
    resolved = resolved.select("row", "at", "code")
    if regions is not None:
        stated = pl.DataFrame({"row": _rows(texts), "code": code_of(regions), "at": pl.Series([-1] * len(texts))})
        resolved = pl.concat(
            [resolved, stated.filter(pl.col("code") > 0).select(resolved.columns).cast(resolved.schema)]
        )
    return _slots(resolved, len(texts))


def is_division_code(codes: pl.Series) -> pl.Series:
    """Return whether codes are those of a province, prefecture or county of GB/T 2260."""
    return code_of(codes) > 0


def code_of(codes: pl.Series) -> pl.Series:
    """Return codes as numbers, 0 where they are none of GB/T 2260; two and four digits are filled up."""
    text = codes.cast(pl.String).str.strip_chars().str.pad_end(6, "0")
    number = text.cast(pl.Int64, strict=False).fill_null(0)
    return number.is_in(_all_codes()).cast(pl.Int64) * number


def name_of(code: int) -> tuple[str, str]:
    """Return the name of a place in Chinese and in letters."""
    names = _names()
    zh, roman = names.get(code, (str(code), str(code)))
    above = code // _COUNTY * _COUNTY
    if code % _COUNTY and above in names:
        return names[above][0] + zh, f"{roman}, {names[above][1]}"
    return zh, roman


def place_text(name: str) -> Text:
    """Return the name in both languages of a province or prefecture that a code or a name means; else the name itself.

    Examples
    --------
    >>> place_text("Anqing").zh, place_text("psy1").zh
    ('安庆', 'psy1')
    """
    return _texts().get(name, same(name))


@cache
def _texts() -> dict[str, Text]:
    """Return provinces and prefectures by code and by every name that means one of them only."""
    rows = [(str(code), full, short, english) for code, short, full, english in _province_rows()]
    rows += [row for row in places_table().select("code", "name", "short", "roman").rows() if row[0].endswith("00")]
    labels: dict[str, Text] = {}
    shared: set[str] = set()
    for code, full, short, roman in rows:
        text = Text(zh=short, en=roman)
        for key in (code, short, full, roman):
            if labels.setdefault(key, text) != text:
                shared.add(key)
    for code, full, short, roman in rows:
        # of two cities that read alike in letters, the capital of a province is meant
        if code.endswith("0100") and roman in shared:
            labels |= dict.fromkeys((roman, full), Text(zh=short, en=roman))
            shared -= {roman, full}
    return {key: text for key, text in labels.items() if key not in shared}


def _rows(texts: pl.Series) -> pl.Series:
    return pl.int_range(len(texts), dtype=pl.UInt32, eager=True)


def _mentions(texts: pl.Series, letters: pl.Series) -> pl.DataFrame:
    """Return ``row, at, name, code, weak, times, rivals``: every name with every place that it may mean."""
    # 房亭河北支 is a branch of a river, 米仓山南麓 the foot of a mountain
    texts = texts.str.replace_all("([河江湖海山])([东南西北])([岸麓支坡畔])", "$1 $2 $3")
    rows = texts.str.contains("[路街村道]").arg_true()
    texts = texts.scatter(rows, texts.gather(rows).str.replace_all(_streets(), " $1"))
    chinese = by_row(texts.str.extract_many(words_in(texts, _longest_first()), leftmost=True), "name")
    roman = by_row(texts.gather(letters).str.extract_all(_roman_pattern()), "name", letters)
    mentions = [
        first_of_row(spans).rename({"slot": "at"}).join(table, on="name", how="inner", maintain_order="left")
        for spans, table in ((chinese, _chinese_names()), (roman, _roman_names(roman["name"])))
    ]
    short = [_by_township(texts), _zone_counties(texts), _by_position(texts)]
    all_mentions = pl.concat([*(part.select("row", "at", "name", "code", "weak") for part in mentions), *short])
    all_mentions = all_mentions.with_columns(pl.len().over("row", "name", "code").alias("times")).unique(
        ["row", "name", "code"], keep="first"
    )
    return all_mentions.with_columns(pl.len().over("row", "name").alias("rivals"))


def _before_township(span: str, short: Container[str], common: tuple[str, ...]) -> Iterator[str]:
    """Yield the short names of counties that a township of three or four signs follows."""
    for at in range(len(span)):
        for size in (3, 2):
            name, township = span[at : at + size], span[at + size :]
            if name not in short or len(township) not in (3, 4):
                continue
            # 阜南县 is not 南县, and 新型城镇 no township
            if not (at and name.endswith("县")) and not township.endswith(common):
                yield name


def _by_township(texts: pl.Series) -> pl.DataFrame:
    """Return the counties that stand under their short names before a township: 通榆新华镇."""
    spans = by_row(texts.str.extract_all(r"[\u4e00-\u9fff]{4,7}?(?:镇|乡|街道)"), "span")
    short, common = _short_counties(), tuple(document("words.yaml")["sites"]["common"])
    rows = [
        (span, name, *short[name])
        for span in spans["span"].unique().to_list()
        for name in _before_township(span, short, common)
    ]
    schema = {"span": pl.String, "name": pl.String, "code": pl.Int64, "weak": pl.Boolean}
    counties = pl.DataFrame(rows, schema=schema, orient="row").unique("span", keep="first", maintain_order=True)
    matches = spans.join(counties, on="span", how="inner", maintain_order="left")
    return matches.select("row", pl.lit(0, dtype=pl.Int64).alias("at"), "name", "code", "weak")


def _zone_counties(texts: pl.Series) -> pl.DataFrame:
    """Return the counties that stand under their short names before a zone: 东至经开区."""
    zones = "|".join(document("words.yaml")["zones"])
    spans = by_row(texts.str.extract_all(rf"[\u4e00-\u9fff]{{2,3}}?(?:{zones})"), "span")
    name = pl.col("span").str.replace(f"(?:{zones})$", "")
    spans = spans.filter(~name.str.ends_with("县") | (name.str.len_chars() == 2))  # noqa: PLR2004 - 宜丰县 is not 丰县
    rows = [(name, *code) for name, code in _short_counties().items()]
    counties = pl.DataFrame(rows, schema={"name": pl.String, "code": pl.Int64, "weak": pl.Boolean}, orient="row")
    all_spans = pl.concat([spans.with_columns(name.str.tail(size).alias("name")) for size in (3, 2)])
    matches = all_spans.unique(maintain_order=True).join(counties, on="name", how="inner", maintain_order="left")
    return matches.select("row", pl.lit(0, dtype=pl.Int64).alias("at"), "name", "code", "weak")


def _by_position(texts: pl.Series) -> pl.DataFrame:
    """Return the counties under short names of two signs where a clause begins or says where it is: 位于肥西."""
    before = f"(?:(?:[。(—;](?:拟|将|计划)?)?(?:{_AT})|^|[。(—;])"
    clauses = texts.str.extract_all(rf"{before}{_TWO}(?:{_OTHER})?")
    spans = by_row(clauses, "span").with_columns(pl.col("span").str.extract(rf"^{before}({_TWO})$", 1).alias("name"))
    rows = [(name, *code) for name, code in _short_counties().items() if name not in everyday_pairs()]
    counties = pl.DataFrame(rows, schema={"name": pl.String, "code": pl.Int64, "weak": pl.Boolean}, orient="row")
    matches = spans.join(counties, on="name", how="inner", maintain_order="left")
    # a clause may begin with a word of any town that is the short name of a district elsewhere: 江北, 白塔
    begins = pl.col("span").str.contains(rf"^[。(—;]{_TWO}$")
    matches = matches.filter(~(begins & pl.col("code").is_in(_districts())))
    return matches.select("row", pl.lit(0, dtype=pl.Int64).alias("at"), "name", "code", "weak")


@cache
def _streets() -> str:
    """Return the pattern of what is named after a city or province elsewhere: 北京路, 延吉新村, but not 合肥路灯."""
    city = pl.col("name").str.ends_with("市") & (pl.col("short").str.len_chars() > 1)
    names = [*places_table().filter(city)["short"], *(short for _, short, _, _ in _province_rows())]
    return rf"(?:{'|'.join(names)})[东南西北中]?(?:大道|大街|路|街|新村)([^灯网面基况段政桥由线径演区道]|$)"


@cache
def _districts() -> list[int]:
    table = places_table().filter(pl.col("name").str.ends_with("区"))
    return table["code"].cast(pl.Int64).to_list()


@cache
def _roman_pattern() -> str:
    return _ROMAN.format(provinces="|".join(english for *_, english in _province_rows()))


@cache
def _short_counties() -> dict[str, tuple[int, bool]]:
    """Return code, and whether weak, of counties by their short names of which there is one."""
    city = pl.col("code").str.ends_with("00")
    table = places_table().filter(~city & (pl.col("short").str.len_chars() > 1))
    # 铁岭 is the prefecture, of which 铁岭县 is but a part
    # and 河南 the province
    provinces = (short for _, short, _, _ in _province_rows())
    ambiguous = [*document("words.yaml")["everyday_places"], *places_table().filter(city)["short"], *provinces]
    unambiguous = table.filter(pl.col("short").is_unique() & ~pl.col("short").is_in(ambiguous))
    return {short: (int(code), False) for code, short in unambiguous.select("code", "short").iter_rows()}


def _without_owners(place_rows: pl.DataFrame, inner: pl.DataFrame) -> pl.DataFrame:
    """Return places without those that only companies bear in their names, where others are named."""
    counted = inner.group_by("row", "name", "code").agg(pl.col("times").sum().alias("owned"))
    joined = place_rows.join(counted, on=["row", "name", "code"], how="left")
    owned = pl.col("owned").fill_null(0) >= pl.col("times")
    others_named = (~owned & (pl.col("code") % _CITY != 0)).any().over("row")
    return joined.filter(~(owned & others_named))


def _disambiguate(mentions: pl.DataFrame) -> pl.DataFrame:
    """Return the places meant: of a shared name those whose city or province the text names too, of a weak the city."""
    certain = (pl.col("rivals") == 1) & ~pl.col("weak")
    sure = mentions.filter(certain)
    cities = sure.filter(pl.col("code") % _CITY != 0).select("row", (pl.col("code") // _COUNTY).alias("city")).unique()
    provinces = sure.select("row", (pl.col("code") // _CITY).alias("province")).unique()
    shared = (
        mentions.filter(~certain)
        .with_columns((pl.col("code") // _COUNTY).alias("city"), (pl.col("code") // _CITY).alias("province"))
        .join(cities.with_columns(pl.lit(2).alias("by_city")), on=["row", "city"], how="left")
        .join(provinces.with_columns(pl.lit(1).alias("by_province")), on=["row", "province"], how="left")
        .with_columns((pl.col("by_city").fill_null(0) + pl.col("by_province").fill_null(0)).alias("support"))
    )
    # 楚雄禄丰市 lies in the prefecture 楚雄, which has a county of its name too
    prefectures = shared.filter(pl.col("code") % _COUNTY == 0).select("row", "name", "city")
    counties = sure.filter(pl.col("code") % _COUNTY != 0).select("row", (pl.col("code") // _COUNTY).alias("city"))
    above = prefectures.join(counties, on=["row", "city"], how="semi")
    part = pl.col("code") % _COUNTY != 0
    shared = pl.concat(
        [shared.filter(~part), shared.filter(part).join(above, on=["row", "name", "city"], how="anti")]
    ).with_columns(pl.len().over("row", "name").alias("rivals"))
    best = pl.col("support") == pl.col("support").max().over("row", "name")
    only_one = pl.len().over("row", "name") == 1
    shared = shared.filter(best).filter(
        pl.when("weak")
        .then(pl.col("by_city").is_not_null() & only_one)
        .otherwise(((pl.col("support") > 0) & only_one) | (pl.col("rivals") <= 2))  # noqa: PLR2004 - two fit into the slots
    )
    return pl.concat([part.select("row", "at", "name", "code", "times") for part in (sure, shared)])


def _slots(place_rows: pl.DataFrame, count: int) -> IntArray:
    """Return the finest places of every text."""
    code = pl.col("code")
    level = pl.when(code % _COUNTY != 0).then(0).when(code % _CITY != 0).then(1).otherwise(2)
    ordered = place_rows.with_columns(level.alias("level")).sort("row", "level", "at", "code")
    ordered = ordered.unique(["row", "code"], keep="first", maintain_order=True)
    inner_cities = ordered.filter(pl.col("level") == 0).select("row", (code // _COUNTY * _COUNTY).alias("code"))
    inner = ordered.filter(pl.col("level") < 2).select("row", (code // _CITY * _CITY).alias("code"))  # noqa: PLR2004 - below a province
    covered = pl.concat([inner_cities, inner.filter(~code.is_in([0]))]).unique()
    finest = ordered.join(covered, on=["row", "code"], how="anti", maintain_order="left")
    finest = first_of_row(finest, SLOTS)
    out = np.zeros((count, SLOTS), dtype=np.int64)
    out[finest["row"].to_numpy(), finest["slot"].to_numpy()] = finest["code"].to_numpy()
    return out


def city_of(place: IntArray) -> IntArray:
    """Return the cities of codes as six digits, 0 where only a province is known; a municipality is its own city."""
    province = place // _CITY * _CITY
    city = place // _COUNTY * _COUNTY
    is_municipality = np.isin(place // _CITY, _MUNICIPALITIES)
    return np.where(is_municipality, province, np.where(city == province, 0, city))


@cache
def _province_rows() -> tuple[tuple[int, str, str, str], ...]:
    codes = read_words("regions.yaml")["codes"]
    return tuple((int(code), short, full, english) for code, (short, full, english) in codes.items())


@cache
def _names() -> dict[int, tuple[str, str]]:
    table = places_table()
    names = {int(code): (name, roman) for code, name, _, roman in table.iter_rows()}
    return names | {code: (full, english) for code, _, full, english in _province_rows()}


@cache
def _all_codes() -> list[int]:
    return sorted(_names())


@cache
def _chinese_names() -> pl.DataFrame:
    """Return ``name, code, weak`` of all Chinese names; municipalities are their own city."""
    words = document("words.yaml")
    everyday, common = words["everyday_places"], words["common_counties"]
    table = places_table().with_columns(pl.col("code").cast(pl.Int64))
    city = pl.col("code") % _COUNTY == 0
    # one county in six is a city of its own, and goes by its short name too: 昆山, 义乌
    short = table.filter((city | pl.col("name").str.ends_with("市")) & ~pl.col("short").is_in(everyday))
    provinces = pl.DataFrame(
        [(name, code) for code, short_name, full, _ in _province_rows() for name in dict.fromkeys((short_name, full))],
        schema={"name": pl.String, "code": pl.Int64},
        orient="row",
    )
    province_names = provinces["name"].to_list()
    # 工布江达 is no word, so it goes without 县
    long = (pl.col("short").str.len_chars() > 2) & pl.col("short").is_unique()  # noqa: PLR2004 - two signs may be a word
    short = pl.concat([short, table.filter(long & ~city)]).unique(maintain_order=True)
    # 阿克苏 is the prefecture, of which the city 阿克苏 is but a part
    prefecture_names = short.filter(pl.col("code") % _COUNTY == 0)["short"]
    short = short.filter((pl.col("code") % _COUNTY == 0) | ~pl.col("short").is_in(prefecture_names.implode()))
    prefectures = short.select(pl.col("short").alias("name"), "code").filter(~pl.col("name").is_in(province_names))
    aliases_by_name = words["place_aliases"] | words["former_names"]
    aliases = pl.DataFrame([*aliases_by_name.items()], schema=provinces.schema, orient="row")
    current_names = pl.concat([provinces, table.select("name", "code"), prefectures, aliases])
    all_names = pl.concat([current_names, _former(table, current_names["name"]), _county_after_city(table)]).unique(
        maintain_order=True
    )
    return all_names.with_columns(pl.col("name").is_in(common).alias("weak"))


def _county_after_city(table: pl.DataFrame) -> pl.DataFrame:
    """Return counties under their short names behind that of their city or province: 池州东至."""
    county = table.filter((pl.col("code") % _COUNTY != 0) & (pl.col("short").str.len_chars() > 1))
    county = county.filter(~pl.col("short").str.starts_with("市"))  # 济南市中心医院
    city = table.filter(pl.col("code") % _COUNTY == 0).select(
        (pl.col("code") // _COUNTY).alias("city"), pl.col("short").alias("above"), pl.col("name").alias("whole")
    )
    with_city = county.with_columns((pl.col("code") // _COUNTY).alias("city")).join(city, on="city", how="inner")
    name_tables = [
        with_city.select((pl.col(above) + pl.col("short")).alias("name"), "code") for above in ("above", "whole")
    ]
    counties = county.filter(~pl.col("short").is_in(document("words.yaml")["everyday_places"]))
    provinces = pl.DataFrame(
        [(code // _CITY, name) for code, short, full, _ in _province_rows() for name in dict.fromkeys((short, full))],
        schema={"province": pl.Int64, "above": pl.String},
        orient="row",
    )
    # 新疆阿克苏 is the prefecture, of which the city is but a part
    counties = counties.filter(~pl.col("short").is_in(city["above"].implode()))
    within = counties.with_columns((pl.col("code") // _CITY).alias("province"))
    within = within.filter(pl.len().over("province", "short") == 1).join(provinces, on="province", how="inner")
    name_tables.append(within.select((pl.col("above") + pl.col("short")).alias("name"), "code"))
    # 吉林市 and 吉林省 begin alike: of two counties neither is meant
    return pl.concat(name_tables).unique().filter(pl.len().over("name") == 1)


def _former(table: pl.DataFrame, current_names: pl.Series) -> pl.DataFrame:
    """Return what districts and cities were called as counties, and districts as cities: 南康市 is 南康区 today."""
    below = table.filter((pl.col("code") % _COUNTY > 0) & (pl.col("short").str.len_chars() > 1))
    unambiguous = below.filter(pl.col("short").is_unique() & pl.col("name").str.contains("[区市]$"))
    former = pl.concat([unambiguous.select((pl.col("short") + rank).alias("name"), "code") for rank in ("县", "市")])
    return former.filter(~pl.col("name").is_in(current_names.implode()))


@cache
def _longest_first() -> list[str]:
    """Return the Chinese names, so that 阿拉善右旗 is found before 阿拉善: of two matches the first name counts."""
    return sorted(set(_chinese_names()["name"].to_list()), key=lambda name: (-len(name), name))


@cache
def _roman_index() -> dict[tuple[str, bool], list[int]]:
    """Return the codes of a romanised name, with and without a word such as County behind it."""
    codes_by_name: dict[tuple[str, bool], list[int]] = {}
    for code, name, _, roman in places_table().iter_rows():
        for ranked in (True, False):
            if not (ranked and code.endswith("00") and not name.endswith("市")):
                codes_by_name.setdefault((phonetic_form(roman), ranked), []).append(int(code))
    for code, _, _, english in _province_rows():
        codes_by_name[phonetic_form(english), False] = [code]
    return codes_by_name


def _roman_names(spans: pl.Series) -> pl.DataFrame:
    """Return ``name, code, weak`` of the romanised names among spans; without its rank a county's is weak."""
    rows = []
    for span in spans.unique().to_list():
        place, _, province = span.partition(", ")
        words = place.split(" ")
        rank = words[-1] if len(words) > 1 and words[-1] not in {"Mongolia", "Kong"} else ""
        base = phonetic_form(place.removesuffix(f" {rank}") if rank else place)
        if rank in {"City", "Prefecture"}:
            codes = [code for code in _roman_index().get((base, False), []) if code % _CITY and not code % _COUNTY]
            codes = codes or _roman_index().get((base, True), [])
        elif rank in {"", "Province"}:
            codes = _roman_index().get((base, False), [])
            codes = [code for code in codes if not code % _COUNTY] or codes
        else:
            codes = [code for code in _roman_index().get((base, True), []) if code % _COUNTY]
        if province:
            (above,) = _roman_index()[phonetic_form(province), False]
            codes = [code for code in codes if code // _CITY == above // _CITY] or [
                code for code in _roman_index().get((base, False), []) if code // _CITY == above // _CITY
            ]
            # of one county of the name the province is enough; a word that is no place there leaves the province
            codes = codes if len(codes) == 1 else [above]
        rows += [(span, code, rank == "" and not province and code % _COUNTY > 0) for code in codes]
    return pl.DataFrame(rows, schema={"name": pl.String, "code": pl.Int64, "weak": pl.Boolean}, orient="row")


def phonetic_form(name: str) -> str:
    """Return a romanised name as it sounds: lower case, without apostrophes, ü as v."""
    return name.lower().translate(PLAIN)

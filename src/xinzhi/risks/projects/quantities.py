"""Quantities with units in Chinese and English texts: what a project costs, covers, makes, and how long it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

import polars as pl

from xinzhi.risks.projects.conventions import by_row, convention, document, in_letters, traditional

NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
_UNKNOWN = r"(?-i:[0-9.]*[X□?○][0-9X□?○.]*)"  # digits that the writer left open
_DIGITS = "零一二三四五六七八九"
_FORMAL = str.maketrans("两〇壹贰叁肆伍陆柒捌玖拾佰仟", "二零一二三四五六七八九十百千")  # as on cheques
_POWERS = {"十": 10, "百": 100, "千": 1000}
_MOST_DIGITS = 99  # a scanned table without blanks has more, and no number has
_LONGEST_NUMERAL = 40
_UNIT = ("unit", "rate", "daily")
_LARGE = {"亿": 1e8, "万": 1e4}
_MONTH = r"^(?:19|20)[0-9]{2}\.(?:0?[1-9]|1[0-2])$"  # 2022.08 is a month
_DAYS = 365
_FIRST_YEAR, _LAST_YEAR = 1949, 2060


def plain(texts: pl.Series) -> pl.Series:
    """Return texts in one form of every character: full-width digits, ㎡ and traditional characters as plain ones.

    Sign for sign they stand where they do in what `narrow` returns.
    """
    return to_simplified(narrow(texts))


def narrow(texts: pl.Series) -> pl.Series:
    """Return texts in their own characters, full-width digits, ㎡ and spaces in one form."""
    return texts.fill_null("").str.normalize("NFKC").str.replace_all(r"\s+", " ")


def to_simplified(narrow: pl.Series) -> pl.Series:
    """Return texts with simplified characters, one for each traditional one.

    Examples
    --------
    >>> to_simplified(pl.Series(["興國縣水廠"])).to_list()
    ['兴国县水厂']
    """
    written = narrow.str.contains(f"[{''.join(map(chr, traditional()))}]").to_numpy().nonzero()[0]
    if not len(written):
        return narrow
    simple = [text.translate(traditional()) for text in narrow.gather(written)]
    return narrow.clone().scatter(written, simple)


def extract(texts: pl.Series, letters: pl.Series | None = None) -> pl.DataFrame:
    """Return every quantity of texts that `plain` has put into one form.

    `letters` are the rows that hold any (`in_letters`), where they are known.
    """
    rows = in_letters(texts) if letters is None else letters
    quantities = pl.concat(
        [
            _read(by_row(texts.str.extract_all(_pattern()), "span"), _arabic),
            _read(by_row(texts.str.extract_all(_chinese_pattern()), "span"), _chinese),
            _read(by_row(texts.gather(rows).str.extract_all(_english_pattern()), "span", rows), _english),
        ]
    )
    return quantities.sort("row", maintain_order=True)


def _read(spans: pl.DataFrame, parse: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Return what `parse` makes of spans; every spelling is parsed once."""
    meaning = _quantity_kinds(parse(spans["span"].unique()))
    return spans.join(meaning, on="span", how="inner", maintain_order="left")


def _quantity_kinds(written: pl.DataFrame) -> pl.DataFrame:
    """Return kinds, roles and values: currencies before the number, daily flows, areas of land, years."""
    unit = pl.coalesce("kilo", "unit").str.to_lowercase()
    frame = written.with_columns(
        unit.replace_strict(_units("kind"), default="bare", return_dtype=pl.String).alias("kind"),
        unit.replace_strict(_units("factor"), default=1.0, return_dtype=pl.Float64).alias("factor"),
        unit.replace_strict(_units("land"), default=False, return_dtype=pl.Boolean).alias("land"),
        pl.col("currency").str.to_uppercase().replace_strict(_currencies(), default=None, return_dtype=pl.String),
    )
    kind = pl.col("kind")
    daily = (pl.col("role") == "daily") | pl.col("rate").is_in(["日", "天", "d", "day"]) | pl.col("daily").is_not_null()
    daily |= pl.col("span").str.contains("每天|每日|日均")  # 规模每天3万立方米
    hourly = pl.col("rate").is_in(["小时", "时", "h", "hour"])
    month = pl.col("written").str.contains(_MONTH)
    integer = pl.col("number") == pl.col("number").floor()
    year = pl.col("number").is_between(_FIRST_YEAR, _LAST_YEAR + 1, closed="left") & (integer | month)
    year &= ((kind == "bare") | (pl.col("unit") == "年")) & (pl.col("scale") == 1.0)
    number = pl.when(year & month).then(pl.col("number").floor()).otherwise("number")
    value = number * pl.col("scale") * pl.col("factor") * pl.col("times")
    # 年处理365万吨 is 1万吨 a day
    by_day = pl.col("span").str.contains("年") & kind.is_in(["mass", "volume"]) & (pl.col("digits") > 2)  # noqa: PLR2004 - 73 is a size of its own
    by_day &= _is_round_number(value / _DAYS) & daily.not_().fill_null(value=True)
    value = pl.when(by_day).then((value / _DAYS).round(3)).otherwise(value)
    sums = document("quantities.yaml")["sums"]
    kind_of_quantity = (
        pl.when(pl.col("currency").is_not_null())
        .then(pl.col("currency"))
        .when((kind == "bare") & pl.col("role").is_in(sums) & (pl.col("scale") >= _LARGE["万"]))
        .then(pl.lit("money"))
        .when((kind == "money") & (value < float(convention("smallest_sum"))))
        .then(pl.lit("price"))  # 0.95元/千瓦时, and 三元 in the name of a battery
        .when(hourly & kind.is_in(["mass", "volume", "length"]))
        .then(kind + "_hour")
        .when(year)
        .then(pl.lit("year"))
        .when((kind == "area") & pl.col("land"))
        .then(pl.lit("area_land"))
        .when((daily | by_day) & kind.is_in(["mass", "volume"]))
        .then(pl.lit("mass_day"))  # a cubic metre of water is a ton
        .when(daily & (kind == "goods"))
        .then(pl.lit("goods_day"))
        .otherwise(kind)
    )
    role = pl.when(pl.col("role") == "daily").then(pl.lit("capacity")).otherwise("role")
    return frame.select(
        "span", kind_of_quantity.alias("kind"), role.alias("role"), value.alias("value"), "digits", "times"
    ).filter(pl.col("value").is_finite() & (pl.col("value") > 0) & (pl.col("kind") != "nothing"))


def _is_round_number(value: pl.Expr) -> pl.Expr:
    """Return whether numbers have two significant digits at most."""
    return (value.round_sig_figs(2) - value).abs() <= 1e-9 * value


def _parts(spans: pl.Series, pattern: str, names: tuple[str, ...]) -> pl.DataFrame:
    """Return the groups of a pattern under their names."""
    groups = spans.str.extract_groups(f"^{pattern}$")
    groups_by_name = (groups.struct.field(str(at)).alias(name) for at, name in enumerate(names, start=1))
    return pl.DataFrame([spans.alias("span"), *groups_by_name])


def _role_before() -> pl.Expr:
    """Return what the words before a number say that it measures."""
    return pl.col("role").str.to_lowercase().replace_strict(_roles(), default="-", return_dtype=pl.String).alias("role")


def _arabic(spans: pl.Series) -> pl.DataFrame:
    """Return numbers, scales and units of spans in Arabic digits."""
    names = ("role", "currency", "times", "number", "kilo", "scale", *_UNIT, "after")
    frame = _parts(spans, _pattern(), names)
    after = _roles("roles_after")
    role_after = pl.col("after").str.to_lowercase().replace_strict(after, default=None, return_dtype=pl.String)
    frame = frame.with_columns(pl.coalesce(role_after, _role_before()).alias("role"))
    scale = pl.col("scale").str.to_lowercase().replace_strict(_scales(), default=1.0, return_dtype=pl.Float64)
    bare = pl.col("number").str.replace_all(",", "")
    significant = bare.str.replace(r"\.", "").str.strip_chars_start("0").str.strip_chars_end("0").str.len_chars()
    return frame.with_columns(
        bare.alias("written"),
        bare.cast(pl.Float64, strict=False).alias("number"),
        pl.col("times").cast(pl.Float64, strict=False).fill_null(1.0),
        scale.alias("scale"),
        significant.clip(upper_bound=_MOST_DIGITS).cast(pl.Int8).alias("digits"),
    ).drop_nulls("number")


def _chinese(spans: pl.Series) -> pl.DataFrame:
    """Return numbers, scales and units of spans in Chinese numerals."""
    frame = _parts(spans, _chinese_pattern(), ("role", "number", "scale", "unit"))
    frame = frame.filter(~pl.col("number").is_in(["一", "壹"]))  # 一座, 一批: an article, not a count
    frame = frame.with_columns(_role_before())
    scale = pl.col("scale").replace_strict(_scales(), default=1.0, return_dtype=pl.Float64)
    large = pl.col("number").str.contains("[万亿]")
    values = {word: numeral_value(word) for word in frame["number"].unique().to_list()}
    value = pl.col("number").replace_strict(values, default=None, return_dtype=pl.Float64)
    significant = value.cast(pl.Int64, strict=False).cast(pl.String).str.strip_chars_end("0").str.len_chars()
    return frame.with_columns(
        pl.col("number").alias("written"),
        pl.when(large).then(value / _LARGE["万"]).otherwise(value).alias("number"),
        pl.when(large).then(scale * _LARGE["万"]).otherwise(scale).alias("scale"),
        pl.lit(1.0).alias("times"),
        significant.clip(1, _MOST_DIGITS).fill_null(1).cast(pl.Int8).alias("digits"),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in ("currency", "kilo", "rate", "daily")),
    ).drop_nulls("number")


def _english(spans: pl.Series) -> pl.DataFrame:
    """Return numbers, scales and units of spans in English words: twenty-four thousand tons."""
    frame = _parts(spans, _english_pattern(), ("number", "hundred", "scale", *_UNIT))
    numerals = document("quantities.yaml")["english_numerals"]
    words = pl.col("number").str.to_lowercase().str.split_exact("-", 1)
    first, second = (
        words.struct.field(f"field_{at}").replace_strict(numerals, default=0.0, return_dtype=pl.Float64)
        for at in range(2)
    )
    hundred = pl.when(pl.col("hundred").is_not_null()).then(100.0).otherwise(1.0)
    scale = pl.col("scale").str.to_lowercase().replace_strict(_scales(), default=1.0, return_dtype=pl.Float64)
    return frame.with_columns(
        pl.col("number").alias("written"),
        ((first + second) * hundred).alias("number"),
        scale.alias("scale"),
        pl.lit(1.0).alias("times"),
        pl.lit(1, dtype=pl.Int8).alias("digits"),
        pl.lit("-").alias("role"),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in ("currency", "kilo")),
    )


def numeral_value(word: str) -> float | None:
    """Return the value of a Chinese numeral; None when it is not one."""
    if len(word) > _LONGEST_NUMERAL:
        return None
    word = word.translate(_FORMAL)
    integer_part, point, part = word.partition("点")
    if point:
        size = 1.0
        while part and part[-1] in _LARGE:
            size, part = size * _LARGE[part[-1]], part[:-1]
        value = numeral_value(integer_part)
        decimals = "".join(str(_DIGITS.index(sign)) for sign in part)
        return None if value is None else round(float(f"{value:.0f}.{decimals or 0}") * size, 4)
    for sign, size in _LARGE.items():
        if sign in integer_part:
            head, _, tail = integer_part.rpartition(sign)
            many, rest = numeral_value(head) if head else None, numeral_value(tail) if tail else 0.0
            return None if many is None or rest is None else many * size + rest
    return _below_ten_thousand(integer_part)


def _below_ten_thousand(word: str) -> float | None:
    total, last, bound = 0, None, 10_000
    for sign in word:
        if sign in _POWERS:
            power = _POWERS[sign]
            if power >= bound or (last is None and total == 0 and power > 10):  # noqa: PLR2004 - 十 alone is ten, 百 alone is no number
                return None
            total, last, bound = total + (1 if last is None else last) * power, None, power
        else:
            last = _DIGITS.index(sign) if last is None or last == 0 else last * 10 + _DIGITS.index(sign)
    return float(total + (last or 0))


@cache
def _pattern() -> str:
    roles_after = _either(_roles("roles_after"))
    return rf"(?i)(?:({_either(_roles())})[^0-9,。;、.:()]{{0,24}}?)?{_core()}(?: ?(?:的)?({roles_after}))?"


@cache
def _chinese_pattern() -> str:
    digit = _DIGITS + "两〇壹贰叁肆伍陆柒捌玖"
    numeral = rf"[{digit}十拾][{digit}十百千拾佰仟万亿]*(?:点[{_DIGITS}〇]+(?:万亿|亿|万)?)?"
    # 三亿左右 after 投资 is a sum; the unit goes without saying
    roles, units = _either(_roles()), _either((*_chinese_units(), "左右", "上下"))
    return rf"(?:({roles})[^0-9,。;、.:()]{{0,8}}?)?({numeral})(?:余|多)?(亿|万)?(?:余|多)?({units})"


@cache
def _english_pattern() -> str:
    numerals, scales = document("quantities.yaml")["english_numerals"], ("thousand", "million", "billion")
    tens = _either(word for word, value in numerals.items() if value >= 20)  # noqa: PLR2004 - twenty-four is one number
    ones = _either(word for word, value in numerals.items() if value < 10)  # noqa: PLR2004 - see above
    number = rf"((?:{tens})-(?:{ones})|{_either(word for word in numerals if word != 'one')})"
    end = r"(?-u:\b)"
    return rf"(?i){end}{number}{end}(?: (hundred){end})?(?: ({_either(scales)}){end})?{_unit()}"


def _core() -> str:
    currencies, scales = _either(_currencies()), _either(_scales())
    number = rf"(?:([0-9]+) ?[×*x] ?)?({_UNKNOWN}|{NUMBER}) ?(?:余|多)?"
    kilo = _either(word for word in _chinese_units() if word.startswith("千"))  # 千瓦 is a unit, not 千 of something
    scale = rf"(?:({kilo})|({scales}))?(?:余|多)?"
    return rf"(?:({currencies}) ?)?{number}{scale}{_unit()}"


def _unit() -> str:
    """Return the pattern of a unit and of what it is counted by: 12,000-ton, t/d, tons daily."""
    end = r"(?-u:\b)"
    unit = rf"(?:[ -]?((?:{_either(_units('kind'))}){end}|(?:{_either(_chinese_units())})))?"
    per = rf" ?(?:/|每|per |a )(小时|日|天|时|hour|day|d{end}|h{end}|年|year|a{end}|y{end})| (daily){end}"
    return rf"{unit}(?:{per})?"


def _either(words: Iterable[str]) -> str:
    """Return a pattern of words, longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


@cache
def _roles(where: str = "roles") -> dict[str, str]:
    return {word.lower(): role for role, words in document("quantities.yaml")[where].items() for word in words}


@cache
def _scales() -> dict[str, float]:
    return {word: float(size) for word, size in document("quantities.yaml")["scales"].items()}


@cache
def _currencies() -> dict[str, str]:
    return dict(document("quantities.yaml")["currencies"])


@cache
def _units(what: str) -> dict[str, str | float | bool]:
    """Return the kind, factor or `land` of every spelling."""
    make = {"kind": str, "factor": float, "land": bool}[what]
    return {
        word.lower(): make(entry.get(what, False))
        for entry in document("quantities.yaml")["units"]
        for word in entry["spellings"]
    }


@cache
def _chinese_units() -> tuple[str, ...]:
    # those that end where the next sign begins, as every Chinese one does
    return tuple(word for word in _units("kind") if not word.isascii() or not word[-1].isalnum())

"""Text in the two languages that xinzhi speaks, and the one catalogue that holds every sentence and label.

The catalogue is data: ``xinzhi/words``. ``pages/<topic>.yaml`` holds what pages, summaries and the terminal say,
``messages/<package>.yaml`` every error and finding. A text stands there as a pair ``{zh: ..., en: ...}``; `words` and
`message` fill it. A placeholder says how its value is written:

======================= ================================================================================================
``{x}``                 a `Text` in its language; a list of them joined as a list; a number with four significant digits
``{x:.2}``              two decimals; ``+.2`` with its sign; ``%.1`` a hundredfold with one decimal; ``+%.1`` both
``{p:p}``               a probability: three decimals, ``<0.001`` below half of the last one
``{names:list 6}``      the first six names and how many others there are
``{n:region|regions}``  the number and its word in the singular or the plural: ``1 region``, ``31 regions``
``{n:?is|are}``         the word alone
``{x:[a=rose|*=fell]}`` the words of a value; ``*`` stands for every other one
======================= ================================================================================================
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Literal, TypeAlias, TypeGuard, get_args

from xinzhi.core.parameters import read_yaml

Language = Literal["zh", "en"]

Values: TypeAlias = dict[str, Any]  # what the placeholders of a text are filled with

LANGUAGES: tuple[Language, ...] = get_args(Language)
NOTHING = "–"
_CATALOGUE = Path(__file__).parents[1] / "words"
SHARED = "shared"  # the page whose words need no prefix

CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]"  # no XML, page or terminal takes them
_CONTROLS = re.compile(f"{CONTROLS[:-1]}\ud800-\udfff]")  # halves of a letter too: names of files have them
_BREAKS = re.compile(r"[\t\n\r\x85\u2028\u2029]+")
_NEARLY = 0.005  # a chance that would be printed as 0 or, from the other end, as 100 %
_WHOLE = 1e15  # a figure that no longer has all its digits is written with its power of ten
_PERCENT = re.compile(r"(?<=\d) %")  # a line must not break between a number and its sign
_SIGN = re.compile(r"(?<=\d)[ \u00a0]?%")
_NUMBER = re.compile(r"^(?P<sign>\+?)(?P<percent>%?)\.(?P<decimals>\d+)$")
_CODE = re.compile(r"^[a-z]+\.[a-z0-9-]+$")
_CHOICE = re.compile(r"^\[(?P<choices>.*)\]$", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """One sentence or label in Chinese and English; a `Fact` equals the text that it became."""

    zh: str
    en: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.zh, self.en) == (other.zh, other.en)

    def __hash__(self) -> int:
        return hash((self.zh, self.en))

    def lang(self, language: Language) -> str:
        """Return the text in `language`."""
        return self.zh if language == "zh" else self.en

    def format(self, **values: object) -> Text:
        """Fill the values into both languages by the rules of the catalogue."""
        return Text(zh=_FILL["zh"].vformat(self.zh, (), values), en=_FILL["en"].vformat(self.en, (), values))


class MissingTextError(KeyError, AttributeError):
    """The catalogue has no text of a key; `AttributeError` too, since texts are attributes of their topic."""

    def __init__(self, topic: str, key: str) -> None:
        super().__init__(f"{topic}.{key}")
        self.topic, self.key = topic, key

    def __str__(self) -> str:
        return (
            f"words/pages/{self.topic}.yaml has no text {self.key!r}: write it there in both languages, "
            "then run `python tools/generate_words.py`"
        )

    def __reduce__(self) -> tuple[type[MissingTextError], tuple[str, str]]:
        return type(self), (self.topic, self.key)


def printable(text: str) -> str:
    """Return a text on one line, without control characters and what cannot be written as UTF-8."""
    return _BREAKS.sub(" ", _CONTROLS.sub("", text)).strip()


def quote_safely(text: str, most: int = 400) -> str:
    """Return a text as a message may quote it: control characters by their numbers, and not without end."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    return _CONTROLS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", cut)


def is_finite_number(value: object) -> TypeGuard[float]:
    """Say whether a cell holds a finite number."""
    return isinstance(value, int | float) and math.isfinite(value)


def number(value: float | None, decimals: int = 1, *, sign: bool = False) -> str:
    """Write a number with a true minus sign; an unknown one is a dash, and what rounds to zero has no sign."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if abs(value) >= _WHOLE:
        return f"{value:{'+' if sign else ''}.4g}".replace("-", "−")
    rounded = round(value, decimals)
    if rounded == 0:
        return f"{0:.{decimals}f}"
    return f"{rounded:{'+' if sign else ''},.{decimals}f}".replace("-", "−")


def significant(value: float | None, digits: int = 4) -> str:
    """Write a number of any size with a number of significant digits; whole ones keep all theirs."""
    if value is None or not math.isfinite(value):
        return NOTHING
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return number(value, min(decimals, 12))


def percent(value: float | None, decimals: int = 1, *, sign: bool = False) -> str:
    """Write log points as percent per year: 100 times the log change, the convention of growth accounts."""
    return number(None if value is None else 100 * value, decimals, sign=sign)


def space_percent_signs(text: str) -> str:
    """Return English text with a space before every percent sign, at which no line breaks."""
    return _SIGN.sub("\u00a0%", text)


def outward(low: float, high: float, decimals: int = 2) -> tuple[float, float]:
    """Round the ends of an interval of log points away from its middle, to decimals of percent.

    An interval that holds zero still does when it is read, and none is shown narrower than it is.

    >>> outward(-0.00003, 0.01231)
    (-0.0001, 0.0124)
    """
    places = decimals + 2
    ends = (Decimal(repr(float(low))), Decimal(repr(float(high))))
    step = Decimal(1).scaleb(-places)
    return float(ends[0].quantize(step, ROUND_FLOOR)), float(ends[1].quantize(step, ROUND_CEILING))


def probability(value: float | None) -> str:
    """Write a p value with three decimals; one that would round to zero says that it is below a thousandth.

    >>> probability(0.0123), probability(0.0001)
    ('p = 0.012', 'p < 0.001')
    """
    low = value is not None and 0 <= value < 0.0005  # noqa: PLR2004 - half a digit
    return "p < 0.001" if low else f"p = {number(value, 3)}"


def chance_text(chance: float) -> Text:
    """Return a chance in words, never as certain."""
    if chance >= 1 - _NEARLY:
        return words("chance.nearly")
    percent = f"{chance:.0%}"
    return words("chance.hardly") if chance < _NEARLY else Text(zh=percent, en=space_percent_signs(percent))


def same(text: object) -> Text:
    """Return a text that reads alike in both languages: a number, a code."""
    return Text(zh=str(text), en=str(text))


def span_text(start: object, end: object) -> Text:
    """Return a span of years or quarters as each language writes it: ``2017—2023`` and ``2017–2023``."""
    return Text(zh=f"{start}—{end}", en=f"{start}–{end}")


def ranks_text(low: object, high: object) -> Text:
    """Return a range of ranks, or the one rank that it holds."""
    return words("ranks.one" if low == high else "ranks.range", low=low, high=high)


def listing(items: Sequence[Text], limit: int | None = None) -> Text:
    """Join names to a list in both languages; beyond `limit` the rest is counted.

    Where a name holds a comma of its own, semicolons part the names.

    >>> listing([Text(zh="电信、广播电视", en="Telecoms, radio"), Text(zh="汽车", en="Cars")])
    Text(zh='电信、广播电视；汽车', en='Telecoms, radio; and Cars')
    """
    head = items if limit is None or len(items) <= limit + 1 else items[:limit]
    zh, en = _list_separators(head)
    chinese = zh.join(text.zh for text in head)
    if len(head) < len(items):
        rest = len(items) - len(head)
        english = en.join(text.en for text in head)
        return Text(zh=f"{chinese}等{len(items)}个", en=f"{english}{en.strip(' ,')} and {rest} others")
    names = [text.en for text in head]
    english = f"{en.join(names[:-1])}{en.strip(' ,')} and {names[-1]}" if len(names) > 1 else "".join(names)
    return Text(zh=chinese, en=english)


def _list_separators(items: Sequence[Text]) -> tuple[str, str]:
    """Return what parts the names of a list in Chinese and in English; commas in brackets part no names."""
    zh, en = ([re.sub(r"[（(].*?[）)]", "", text.lang(language)) for text in items] for language in LANGUAGES)
    return "；" if re.search("[、，]", "".join(zh)) else "、", "; " if any(", " in name for name in en) else ", "


def clauses(items: Sequence[Text]) -> Text:
    """Join clauses or names that hold commas of their own by semicolons."""
    return Text(zh="；".join(text.zh for text in items), en="; ".join(text.en for text in items))


def join_names(items: Sequence[Text]) -> Text:
    """Join names by the comma of Chinese lists; in English by commas without an "and"."""
    zh, en = _list_separators(items)
    return Text(zh=zh.join(text.zh for text in items), en=en.join(text.en for text in items))


def join_with_commas(items: Sequence[Text]) -> Text:
    """Join names or short words by commas."""
    return Text(zh="，".join(text.zh for text in items), en=", ".join(text.en for text in items))


def join_lines(items: Sequence[Text]) -> Text:
    """Join texts to lines, all but the first indented."""
    return Text(zh="\n  ".join(text.zh for text in items), en="\n  ".join(text.en for text in items))


def by_commas(text: str) -> list[str]:
    """Return the names of a list with commas, of either width; a name that holds one stands in quotes.

    >>> by_commas('capital, "output, 1e8 CNY"，labour')
    ['capital', 'output, 1e8 CNY', 'labour']
    """
    groups = re.findall(r'\s*(?:"([^"]*)"|“([^”]*)”|([^,，]*))\s*(?:[,，]|$)', text)
    return [name for parts in groups if (name := "".join(parts).strip())]


def share(part: float) -> str:
    """Write a share in percent: whole, finer where it is small."""
    return number(100 * part, 0 if part == 0 or part >= 0.095 else 1)  # noqa: PLR2004 - one digit is left


def paragraph(sentences: Sequence[Text]) -> Text:
    """Join sentences; Chinese ones stand without a space between them."""
    return Text(zh="".join(text.zh for text in sentences), en=" ".join(text.en for text in sentences))


class _Fill(Formatter):
    """Writes values into the patterns of one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401, PLR0911 - any value; one rule a line
        """Write one value by its specification."""
        if not format_spec:
            return self._plain(value)
        if shape := _NUMBER.match(format_spec):
            scaled = value if value is None or not shape["percent"] else 100 * value
            return number(scaled, int(shape["decimals"]), sign=bool(shape["sign"]))
        if format_spec == "p":
            return probability(value)
        if format_spec.startswith("list"):
            limit = int(format_spec[4:]) if format_spec[4:].strip() else None
            return listing([name if isinstance(name, Text) else same(name) for name in value], limit).lang(
                self.language
            )
        if choice := _CHOICE.match(format_spec):
            return self._chosen(value, choice["choices"])
        if "|" in format_spec:
            singular, plural = format_spec.removeprefix("?").split("|")
            word = singular if value == 1 else plural
            return word if format_spec.startswith("?") else f"{self._plain(value)} {word}"
        text = format(value, format_spec)
        return text.replace("-", "−") if isinstance(value, int | float) else text

    def _plain(self, value: Any) -> str:  # noqa: ANN401 - any value
        if isinstance(value, Text):
            return value.lang(self.language)
        if isinstance(value, list | tuple):
            return self.format_field(value, "list")
        return significant(value) if isinstance(value, float) else str(value)

    def _chosen(self, value: object, choices: str) -> str:
        words = dict(choice.split("=", 1) for choice in choices.split("|"))
        key = str(value).lower() if isinstance(value, bool) else str(value)
        if key not in words and "*" not in words:
            message = f"no words for {key!r} among {sorted(words)}"
            raise KeyError(message)
        return words.get(key, words.get("*", ""))


_FILL: Mapping[Language, _Fill] = {language: _Fill(language) for language in LANGUAGES}


def words_exist(path: str) -> bool:
    """Say whether the catalogue has a file, such as ``results/measure.yaml``."""
    return (_CATALOGUE / path).is_file()


@cache
def read_words(path: str) -> Any:  # noqa: ANN401 - the document decides
    """Return a YAML document of the catalogue, such as ``scales.yaml``; callers must not change it."""
    return read_yaml(_CATALOGUE / path)


def option_words(verb: str, name: str) -> Mapping[str, Any]:
    """Return what the catalogue says of an option: of the verb its own entry, else the shared one."""
    entries = read_words("options.yaml")
    verb_entries = entries.get(verb) or {}
    entry: Mapping[str, Any] = verb_entries.get(name) or entries["shared"][name]
    return entry


@cache
def page(folder: str, name: str) -> Mapping[str, Text]:
    """Return the texts of one file of the catalogue by dotted key; nothing where there is no such file."""
    path = f"{folder}/{name}.yaml"
    return dict(_texts(read_words(path) or {}, "")) if words_exist(path) else {}


def _texts(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Text]]:
    if "zh" in tree and "en" in tree:
        yield prefix, Text(zh=str(tree["zh"]).strip(), en=str(tree["en"]).strip())
    for name, branch in tree.items():
        if isinstance(branch, dict):
            yield from _texts(branch, f"{prefix}.{name}" if prefix else str(name))


def _pattern(key: str) -> Text | None:
    """Return the text of a page: of the shared one, or of the topic before the first dot."""
    shared = page("pages", SHARED)
    topic, _, rest = key.partition(".")
    return shared[key] if key in shared else page("pages", topic).get(rest)


def has(key: str) -> bool:
    """Say whether the catalogue knows a key."""
    return _pattern(key) is not None


def words(key: str, /, **values: object) -> Text:
    """Return a text of the catalogue in both languages, with its placeholders filled; a `Text` enters in its language.

    The key is topic and dotted key, such as ``sectors.title.index``; words of ``pages/shared.yaml`` have no topic. A
    `KeyError` says that there is no such key, or a placeholder has no value.

    >>> words("factor.tfp")
    Text(zh='全要素生产率', en='total factor productivity')
    """
    return _fill(key, values) if values else _cached_text(key)


@cache
def _cached_text(key: str) -> Text:
    return _fill(key, {})


def _fill(key: str, values: Mapping[str, object]) -> Text:
    pattern = _pattern(key)
    if pattern is None:
        topic, _, rest = key.partition(".")
        raise MissingTextError(topic, rest) if page("pages", topic) else MissingTextError(SHARED, key)
    filled = pattern.format(**values)
    return Text(zh=_PERCENT.sub("\u00a0%", filled.zh), en=_PERCENT.sub("\u00a0%", filled.en))


def message(code: str, /, **values: object) -> Text | None:
    """Return what an error says, with its cure; None where the catalogue has no such code (``package.what``)."""
    if not _CODE.match(code):
        return None
    package, _, what = code.partition(".")
    texts = page("messages", package)
    if what not in texts:
        return None
    parts = [texts[name].format(**values) for name in (what, f"{what}.cure") if name in texts]
    return paragraph(parts)


def message_head(code: str, values: Mapping[str, object], *, with_verb: bool = True) -> Text | None:
    """Return what an error says without the list that its pattern has below the first line.

    Without `with_verb` the verb at its head is left out, too.
    """
    package, _, what = code.partition(".")
    pattern = page("messages", package).get(what)
    if pattern is None:
        return None
    heads: dict[str, str] = {}
    for language in LANGUAGES:
        head, has_list, _ = pattern.lang(language).partition("\n")
        heads[language] = head.rstrip(":：") if has_list else head
        if not with_verb:
            verb = ("{verb}",) if isinstance(values.get("verb"), Text) else ("{verb}：", "{verb}: ")
            for prefix in verb:
                heads[language] = heads[language].removeprefix(prefix)
    head_text = Text(**heads).format(**values)
    cure = None if "\n" in pattern.en else page("messages", package).get(f"{what}.cure")
    return head_text if cure is None else paragraph([head_text, cure.format(**values)])


def sentences(facts: Mapping[str, Mapping[str, object] | Sequence[Mapping[str, object]]], topic: str) -> list[Text]:
    """Return what facts say: for each key below ``<topic>``, in order, one sentence for each of its values."""
    rows = ((key, values) for key, fact in facts.items() for values in (fact if isinstance(fact, Sequence) else [fact]))
    prefix = "" if topic == SHARED else f"{topic}."
    return [sentence(words(f"{prefix}{key}", **values)) for key, values in rows]


def sentence(text: Text) -> Text:
    """Return a text as a sentence: with a capital letter and a full stop, where it has none yet.

    A first word that holds a digit is a code, and stays as it is.
    """
    zh = text.zh if text.zh.endswith(("。", "？", "！")) else f"{text.zh}。"
    en = text.en if text.en.endswith((".", "?", "!")) else f"{text.en}."
    first = en.partition(" ")[0]
    return Text(zh=zh, en=en if any(map(str.isdigit, first)) else en[:1].upper() + en[1:])


_UNIT = re.compile(r"^(?:(?P<scale>[0-9.]+(?:e[0-9]+)?)\s+)?(?P<name>.+?)(?:\s+at\s+(?P<base>\d{4})\s+prices)?$")


def split_unit(unit: str) -> tuple[float, str, str | None]:
    """Return scale, name and price year of a unit."""
    match = _UNIT.match(unit.strip())
    if match is None:
        return 1.0, unit, None
    return float(match["scale"] or 1), match["name"], match["base"]


def unit_text(unit: str) -> Text:
    """Write a unit in words: ``1e8 CNY at 2000 prices`` is 亿元（2000年价格）."""
    scale, name, base = split_unit(unit)
    over, per, under = name.partition(" per ")
    if per:
        text = words("scale.per", over=unit_text(f"{scale:g} {over}"), under=unit_text(under))
        return words("scale.at_prices", unit=text, year=base) if base else text
    key = f"scale.{scale:g}"
    size = same("")
    if scale != 1:
        size = words(key) if has(key) else same(f"{scale:g}")
    space = " " if size.zh[:1].isdigit() else ""
    text = Text(zh=f"{size.zh}{space}{unit_name(name).zh}", en=f"{size.en} {unit_name(name).en}".strip())
    return words("scale.at_prices", unit=text, year=base) if base else text


def unit_name(name: str) -> Text:
    """Write the name of a unit in words; one that has none stays as it is."""
    key = f"unit.{name}"
    return words(key) if has(key) else same(name)


def amount(value: float | None, unit: str, *, digits: int = 4, base: bool = False, trim: bool = False) -> Text:
    """Write an amount in the words of each language: wan and yi in Chinese, thousand to trillion in English."""
    if value is None or not math.isfinite(value):
        return same(NOTHING)
    scale, name, year = split_unit(unit)
    absolute = value * scale
    text = Text(
        zh=f"{_scale_amount(absolute, 'zh', digits, trim=trim)}{unit_name(name).zh}",
        en=f"{_scale_amount(absolute, 'en', digits, trim=trim)} {unit_name(name).en}",
    )
    return words("scale.at_prices", unit=text, year=year) if base and year else text


def measured(value: float, unit: str) -> Text:
    """Write a figure with its unit: a percentage with its sign, a count as it is, an amount in words.

    >>> measured(295.0, "services").en, measured(3000.0, "1e8 CNY").en, measured(12.5, "percent").zh
    ('295 services', '300 billion yuan', '12.5%')
    """
    scale, name, _ = split_unit(unit)
    if name == "percent":
        return same(f"{value:g}%")
    if scale == 1 and value == int(value):
        text = unit_text(name)
        return Text(zh=f"{value:,.0f}{text.zh}", en=f"{value:,.0f} {text.en}")
    return amount(value, unit, trim=True)


def _scale_amount(value: float, language: Language, digits: int, *, trim: bool) -> str:
    size, word = next(((s, w) for s, w in read_words("scales.yaml")[language] if abs(value) >= s), (1.0, ""))
    scaled = value / size
    rounding = digits - 1 - math.floor(math.log10(abs(scaled))) if scaled else 0
    text = f"{round(scaled, rounding):,.{max(0, rounding)}f}"
    text = text.rstrip("0").rstrip(".") if trim and "." in text else text
    return f"{text}{' ' if word and language == 'en' else ''}{word}".replace("-", "−")

"""Hold what users read to the rules of wording: `python tools/lint_words.py [--report] [--update] [--printed]`.

The rules are in ``tools/word_rules.yaml``. Every text of the YAML files under ``src`` is read as it would be printed,
in both languages, and each rule that one of its sentences breaks counts once a text, by file of the catalogue. With
``--printed`` (``make words``) the topics run on the shipped package, and the sentences of summaries and pages count
instead: templates join there, so that a sentence can be long though none of its parts is.
"""

from __future__ import annotations

import re
import string
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import yaml

from ratchet import ROOT, Count, Place, arguments, judge

RULES = Path(__file__).with_name("word_rules.yaml")
SOURCE = ROOT / "src/xinzhi"
Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
TOPICS: Sequence[tuple[str, Mapping[str, Any]]] = (
    *(
        (topic, {})
        for topic in ("assess", "audit", "bands", "bridge", "digital", "scope", "sources", "sectors", "paths")
    ),
    *((topic, {}) for topic in ("able", "plan", "risks", "bubbles", "frontier")),
    *(("brief", {"region": region}) for region in ("22", "34", "44")),
)

HAN = r"\u4e00-\u9fff"
NUMERIC = re.compile(r"^\+?%?\.\d+$|^p$")
CHOICE = re.compile(r"^\[(?P<branches>.*)\]$", re.DOTALL)
YEARS = frozenset({"year", "start", "end", "first", "last", "base", "since", "until"})
COUNTS = frozenset({"n", "k", "total", "count", "draws"})
LANGUAGE_OF_NAME = re.compile("(?:^|_)(?:zh|en)$")
CALL = re.compile(r"(?<=[A-Za-z_])\([^()]*\)")  # brackets of code, not of a sentence
STOPS: Mapping[Language, re.Pattern[str]] = {
    "zh": re.compile(r"(?<=[。！？])|\n+"),
    "en": re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“\"'(])|\n+"),
}
FIGURE = re.compile(r"(?<![\w.])[−+-]?\d[\d,]*(?:\.\d+)?")
YEAR = re.compile(
    r"\b(?:19|20)\d\d\b(?:\s*[—–-]\s*(?:19|20)?\d\d\b)?|\bY\b|GB/T \d+(?:-\d+)?|(?:[图表]|[Ff]igure |[Tt]able )\d+"
)
RANGE = re.compile(r"[（(][^（）()]*\d[^（）()]*(?:—|–|至|到| to )[^（）()]*\d[^（）()]*[）)]")
SIGNS = re.compile(rf"[{HAN}]|[A-Za-z]+|[−+-]?\d[\d,.]*[%％]?|[^\sA-Za-z\d{HAN}]")
WORDS = re.compile(r"\S*\w\S*")
NEGATIONS = re.compile("[不未无非否]|没有")
MARKS = {"semicolons": re.compile("[;；]"), "commas": re.compile(r"[，]|,(?!\d)")}


@dataclass(frozen=True, slots=True)
class Entry:
    """A text of the catalogue: its file, its key and its two languages."""

    file: str
    key: str
    texts: Mapping[Language, str]

    @property
    def topic(self) -> str:
        """The file as the bounds name it."""
        return self.file.removeprefix("words/")


@cache
def read_rules() -> Mapping[str, Any]:
    """Return the rules of wording."""
    rules: Mapping[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return rules


@cache
def patterns(language: Language) -> Mapping[str, re.Pattern[str]]:
    """Return the patterns of a language by rule."""
    return {rule: re.compile(row["pattern"]) for rule, row in read_rules()["patterns"][language].items()}


def titled(rule: str) -> str:
    """Return the code of a rule, with its name where it is a pattern."""
    rows = (row for table in read_rules()["patterns"].values() for code, row in table.items() if code == rule)
    return next((f"{rule} ({row['name']})" for row in rows), rule)


def entries(source: Path) -> Iterator[Entry]:
    """Yield every text in two languages of the YAML files of a folder."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(source.rglob("*.yaml")):
        content = path.read_text(encoding="utf-8")
        if "zh:" in content:
            file = path.relative_to(source).with_suffix("").as_posix()
            yield from _branch(yaml.load(content, Loader=loader), file, "")  # noqa: S506 - a safe loader


def _branch(node: object, file: str, key: str) -> Iterator[Entry]:
    """Yield the texts below a node of a document."""
    if isinstance(node, dict):
        texts = {language: node[language] for language in LANGUAGES if isinstance(node.get(language), str)}
        if texts:
            yield Entry(file, key, texts)
        children: Iterable[tuple[object, object]] = node.items()
    else:
        children = enumerate(node) if isinstance(node, list) else ()
    for name, child in children:
        yield from _branch(child, file, f"{key}.{name}".lstrip("."))


def placeholders(template: str) -> frozenset[str]:
    """Return the names of the values that a template takes, without the language at their ends."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return frozenset()
    inner = [placeholders(spec) for _, _, spec, _ in parts if spec]
    return frozenset(LANGUAGE_OF_NAME.sub("", name) for _, name, _, _ in parts if name).union(*inner)


def example(template: str) -> str:
    """Return a template as a sentence: the longest branch of a choice, `1` for a figure, `Y` for a year, else `X`.

    >>> example("{region} grew by {growth:%.1} % {end:since} {way:[a=quickly|*=fast]}")
    'X grew by 1 % Y quickly'
    """
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:  # braces that are no placeholders
        return template
    return "".join(literal + (_value(name, spec or "") if name is not None else "") for literal, name, spec, _ in parts)


def _value(name: str, spec: str) -> str:
    """Return what stands for a value."""
    if choice := CHOICE.match(spec):
        branches = [branch.partition("=")[2] for branch in choice["branches"].split("|")]
        return example(max(branches, key=len))
    if spec.startswith("?"):
        return max(spec[1:].split("|"), key=len)
    if "|" in spec:
        return f"1 {spec.rpartition('|')[2]}"
    if NUMERIC.match(spec) or name in COUNTS:
        return "1"
    return "Y" if name in YEARS else "X"


def sentences(text: str, language: Language) -> list[str]:
    """Return the sentences of a text."""
    return [sentence.strip() for sentence in STOPS[language].split(text) if sentence.strip()]


def measures(sentence: str, language: Language) -> dict[str, int]:
    """Return what the limits apply to: signs or words, figures, brackets and marks of a sentence."""
    prose_only = CALL.sub("", sentence)
    depth = deepest = 0
    for sign in prose_only:
        depth += (sign in "（(") - (sign in "）)")
        deepest = max(deepest, depth)
    figures = FIGURE.findall(YEAR.sub(" ", RANGE.sub(" ", sentence)))
    numbers = {
        "figures": len(figures),
        "brackets": len(re.findall("[（(]", prose_only)),
        "depth": deepest,
        **{name: len(mark.findall(sentence)) for name, mark in MARKS.items()},
    }
    if language == "zh":
        return numbers | {"signs": len(SIGNS.findall(sentence)), "negations": len(NEGATIONS.findall(sentence))}
    return numbers | {"words": len(WORDS.findall(sentence))}


def broken_rules(text: str, language: Language) -> dict[str, str]:
    """Return the rules that a text breaks, each with the first sentence that does."""
    examples: dict[str, str] = {}
    for sentence in sentences(text, language):
        for rule, pattern in patterns(language).items():
            if pattern.search(sentence):
                examples.setdefault(rule, sentence)
        figures = measures(sentence, language)
        for name, limit in read_rules()["limits"][language].items():
            if figures[name] > limit["most"]:
                examples.setdefault(limit["id"], sentence)
    return examples


def breaches(entry: Entry) -> dict[str, str]:
    """Return the rules that a text of the catalogue breaks, but for those that its place allows."""
    examples: dict[str, str] = {}
    if len(entry.texts) < len(LANGUAGES) and not entry.file.startswith("words/"):
        return {}  # names as their issuer writes them
    if len(entry.texts) < len(LANGUAGES):
        examples["B02"] = next(iter(entry.texts.values()))
    elif placeholders(entry.texts["zh"]) != placeholders(entry.texts["en"]):
        examples["B01"] = entry.texts["en"]
    for language, text in entry.texts.items():
        examples |= broken_rules(example(text), language)
    place = f"{entry.file}:{entry.key}"
    allowed = {rule for rule, places in read_rules()["allow"].items() if any(part in place for part in places)}
    return {rule: sentence for rule, sentence in examples.items() if rule not in allowed}


def count_catalogue(source: Path) -> tuple[list[Count], Counter[str]]:
    """Return how many rules the texts of each file break, and how often each rule is broken."""
    advice = read_rules()["severity"]["advice"]
    places: dict[str, list[Place]] = {}
    rules: Counter[str] = Counter()
    for entry in entries(source):
        rows = places.setdefault(entry.topic, [])
        for rule, sentence in breaches(entry).items():
            rules[rule] += 1
            if rule not in advice:
                rows.append(Place(f"{entry.file}:{entry.key}", f"{titled(rule)}: {sentence}"))
    return [Count(topic, len(rows), rows) for topic, rows in sorted(places.items())], rules


class Prose(HTMLParser):
    """Collects the texts of headings, paragraphs and list items of a page."""

    BLOCKS = frozenset(("p", "li", "h1", "h2", "h3", "h4", "figcaption", "summary", "dd"))
    SILENT = frozenset(("svg", "script", "style", "table", "pre", "code", "template"))

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0
        self.texts: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a text at a block and at a change of language."""
        self.silent += tag in self.SILENT
        if tag in self.BLOCKS or "lang" in dict(attrs):
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        """End a text at the end of a block."""
        self.silent -= tag in self.SILENT
        if tag in self.BLOCKS:
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        """Add words to the text."""
        if not self.silent:
            self.texts[-1] += data


def prose(page: str) -> list[str]:
    """Return the texts of a page, each on one line."""
    parser = Prose()
    parser.feed(page)
    return [text for block in parser.texts if (text := " ".join(block.split(" ")).strip())]


def language_of(text: str) -> Language:
    """Return the language of a text."""
    return "zh" if re.search(f"[{HAN}]", text) else "en"


def printed_texts() -> Iterator[tuple[str, str]]:
    """Yield what the topics say of the shipped package: the name of the topic, a text."""
    import xinzhi

    for topic, options in TOPICS:
        study = xinzhi.study(topic, "china-provinces", **options)
        for language in LANGUAGES:
            yield from ((topic, line) for line in study.summary(language).splitlines())
        with tempfile.TemporaryDirectory() as folder:
            study.write(folder)
            for path in sorted(Path(folder).rglob("*.html")):
                yield from ((topic, text) for text in prose(path.read_text(encoding="utf-8")))


def count_printed(texts: Iterable[tuple[str, str]]) -> tuple[list[Count], Counter[str]]:
    """Return how many rules the sentences of each topic break, each sentence once, and the total of each rule."""
    advice = read_rules()["severity"]["advice"]
    places: dict[str, dict[str, Place]] = {}
    rules: Counter[str] = Counter()
    for topic, text in texts:
        language = language_of(text)
        rows = places.setdefault(f"{topic}.{language}", {})
        for sentence in sentences(text, language):
            for rule in broken_rules(sentence, language):
                if rule not in advice and f"{rule} {sentence}" not in rows:
                    rows[f"{rule} {sentence}"] = Place(topic, f"{titled(rule)}: {sentence}")
                    rules[rule] += 1
    return [Count(name, len(rows), list(rows.values())) for name, rows in sorted(places.items())], rules


def counts() -> list[Count]:
    """Return the counts of the catalogue."""
    return count_catalogue(SOURCE)[0]


def main() -> int:
    """Count the breaches of the catalogue, or of what is printed."""
    parser = arguments(__doc__)
    parser.add_argument("--printed", action="store_true", help="count the sentences of summaries and pages instead")
    options = parser.parse_args()
    totals, rules = count_printed(printed_texts()) if options.printed else count_catalogue(SOURCE)
    advice, errors = (read_rules()["severity"][name] for name in ("advice", "error"))
    for rule, number in sorted(rules.items()):
        remark = " (advice)" * (rule in advice) + " (error)" * (rule in errors)
        print(f"words: rule {rule} {number}{remark}")
    return judge("printed" if options.printed else "words", totals, options)


if __name__ == "__main__":
    sys.exit(main())

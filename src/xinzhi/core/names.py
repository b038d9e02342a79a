"""What codes are called in both languages, and which code a user means by what he or she writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache

from xinzhi.core.errors import UsageError
from xinzhi.core.text import LANGUAGES, Text, read_words, same

REGION = "region"
_SHORT = 2  # digits that name a province


@dataclass(frozen=True, slots=True)
class Names:
    """Names of regions, industries, sectors, ... by kind of code and code; provinces of China have names anyway.

    >>> names = Names({"region": {"A": Text(zh="甲地", en="Alpha")}})
    >>> names.region("A").en, names.region("220000").zh, names.resolve("alpha", ["A", "220000"])
    ('Alpha', '吉林', 'A')
    """

    by_kind: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)

    def text(self, kind: str, code: object) -> Text:
        """Return the name of a code; the code itself where it has none."""
        name = self.by_kind.get(kind, {}).get(str(code))
        if name is None and kind == REGION:
            name = provinces().get(str(code))
        return same(code) if name is None else name

    def region(self, code: object) -> Text:
        """Return the name of a region; its code where it has none."""
        return self.text(REGION, code)

    def distinct(self, kind: str, codes: Iterable[object]) -> dict[str, Text]:
        """Return the names of codes, of which no two read alike in either language: those that do get their codes."""
        return distinct({str(code): self.text(kind, code) for code in codes})

    def resolve(self, query: object, codes: Iterable[object], kind: str = REGION) -> str:
        """Return the code that is meant by a code, its first two digits, or a name: 220000, 22, 吉林, 吉林省, Jilin.

        When none of the codes is called so, a `UsageError` suggests the nearest names.
        """
        text = str(query).strip().casefold()
        candidates = dict.fromkeys(str(code) for code in codes)
        if str(query).strip() in candidates:
            return str(query).strip()
        spellings_by_code = {code: self.spellings(code, kind) for code in candidates}
        matches = [code for code, spellings in spellings_by_code.items() if text in spellings]
        if kind == REGION and not matches and len(text) == _SHORT and text.isdigit():
            matches = [code for code in candidates if code.startswith(text)]
        if len(matches) == 1:
            return matches[0]
        labels = self.distinct(kind, candidates)
        if matches:
            raise UsageError("core.ambiguous-region", asked=query, kind=kind, near=[labels[code] for code in matches])
        by_spelling = {spelling: code for code, spellings in spellings_by_code.items() for spelling in spellings}
        similar = dict.fromkeys(by_spelling[match] for match in get_close_matches(text, by_spelling, n=3, cutoff=0.7))
        if similar:
            raise UsageError("core.unknown-region", asked=query, kind=kind, near=[labels[code] for code in similar])
        raise UsageError("core.other-region", asked=query, kind=kind, known=list(labels.values()))

    def spellings(self, code: str, kind: str = REGION) -> set[str]:
        """Return all that a code may be called, in lower case."""
        name = self.text(kind, code)
        also = _province_spellings(code) if kind == REGION and provinces().get(code) == name else ()
        return {code.casefold(), name.zh.casefold(), name.en.casefold(), *also}


NO_NAMES = Names()


def distinct(texts: Mapping[str, Text]) -> dict[str, Text]:
    """Return names of which no two read alike in either language: those that do get their codes."""
    counts = {language: Counter(text.lang(language) for text in texts.values()) for language in LANGUAGES}
    return {
        code: Text(zh=f"{text.zh} ({code})", en=f"{text.en} ({code})")
        if any(counts[language][text.lang(language)] > 1 for language in LANGUAGES)
        else text
        for code, text in texts.items()
    }


def arrangement(codes: Collection[str]) -> Mapping[str, Sequence[object]]:
    """Return column, row and short names of the tiles of a set of regions that holds all these, or nothing."""
    sets = [region_set["tiles"] for region_set in read_words("tiles.yaml").values()]
    return next((tiles for tiles in sets if codes and set(codes) <= set(tiles)), {})


@cache
def provinces() -> Mapping[str, Text]:
    """Return the names of the provinces of China by their codes (GB/T 2260)."""
    return {code: Text(zh=zh, en=en) for code, (zh, _, en) in read_words("regions.yaml")["codes"].items()}


@cache
def _province_spellings(code: str) -> Sequence[str]:
    """Return the official name of a province and other spellings of it, in lower case."""
    document = read_words("regions.yaml")
    return tuple(spelling.casefold() for spelling in (*document["codes"][code], *document["also"].get(code, ())))

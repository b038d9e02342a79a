"""Does a transcription hold what the official list is known to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.scope.tree import standard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinzhi.protocol.yamlfile import Source
    from xinzhi.scope.model import Definition, Entry

_NAMES = {
    "division": Text(zh="大类", en="divisions"),
    "group": Text(zh="中类", en="groups"),
    "class": Text(zh="小类", en="classes"),
    "middle": Text(zh="本分类的中类", en="middle groups of the list"),
    "small": Text(zh="本分类的小类", en="small classes of the list"),
    "categories": Text(zh="类别", en="categories"),
    "entries": Text(zh="行", en="entries"),
}


def counts(definition: Definition, source: Source) -> Iterator[Finding]:
    """Yield every count that a complete list misses, or that a partial list exceeds."""
    for at, count in enumerate(definition.counts):
        path = ("counts", str(at))
        entries = [entry for entry in definition.entries if not count.of or entry.category in count.of]
        for name, expected in count.numbers.items():
            found = len(definition.categories) if name == "categories" else tally(entries, name, definition.standard)
            yield from _compare(definition, source, path, name, (found, expected))
    for key, category in definition.categories.items():
        inside = [entry for entry in definition.entries if entry.category == key]
        for name, expected in category.counts.items():
            found = tally(inside, name, definition.standard)
            yield from _compare(definition, source, ("categories", key), name, (found, expected))


def tally(entries: Sequence[Entry], name: str, of: str) -> int:
    """Count what lines hold.

    Parameters
    ----------
    entries
        The lines.
    name
        ``division, group, class``: how many of them in the standard `of` the lines touch; ``middle``: the middle groups
        that they name; ``small`` and ``entries``: the lines.
    of
        Name of the standard.

    Examples
    --------
    >>> from xinzhi.scope import definition
    >>> tally(definition("high-tech-manufacturing-2017").entries, "division", "GB/T 4754-2017")
    9
    """
    if name in ("entries", "small"):
        return len(entries)
    if name == "middle":
        return len({(entry.category, entry.middle) for entry in entries if entry.middle})
    tree = standard(of)
    touched = {code for entry in entries for code in classes(entry, of)}
    digits = {"division": 2, "group": 3, "class": 4}[name]
    return len({code[:digits] for code in touched if code in tree.names})


def classes(entry: Entry, of: str) -> tuple[str, ...]:
    """Return the classes of the standard `of` that a line holds, less those that it excepts."""
    tree = standard(of)
    out = {name for code in entry.excluded for name in tree.below(code)}
    return tuple(dict.fromkeys(name for code in entry.codes for name in tree.below(code) if name not in out))


def _compare(
    definition: Definition, source: Source, path: tuple[str, ...], name: str, pair: tuple[int, int]
) -> Iterator[Finding]:
    found, expected = pair
    if found == expected or (definition.status == "partial" and found < expected):
        return
    what = _NAMES[name]
    yield Finding(
        rule="count",
        severity="error",
        message=Text(
            zh=f"完整的抄录应有 {expected} 个{what.zh}，现有 {found} 个。",
            en=f"a complete transcription has {expected} {what.en}, this one has {found}.",
        ),
        hint=Text(
            zh="请补全或更正代码；尚未抄完时将 status 写作 partial。",
            en="Complete or correct the codes; while some are missing, set the status to partial.",
        ),
        file=source.file,
        line=source.line(path),
        key=".".join(path),
        value=str(found),
        expected=str(expected),
    )

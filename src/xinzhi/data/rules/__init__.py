"""The rules of a data package: each looks at one table and yields what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from xinzhi.core.finding import Finding
from xinzhi.core.text import read_words
from xinzhi.data.casting import Sheet
from xinzhi.data.rules.admission import common_steps, failed_tests
from xinzhi.data.rules.figures import ends, magnitude, plausible
from xinzhi.data.rules.identities import identities
from xinzhi.data.rules.keys import codes, keys, structure, unusable_codes
from xinzhi.data.rules.values import series, status_findings, values

__all__ = ["examine", "rules"]


def examine(sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield everything that the rules find, table by table in the order of the package."""
    for sheet in sheets.values():
        yield from structure(sheet)
        if not sheet.frame.is_empty():
            yield from keys(sheet)
            yield from unusable_codes(sheet)
            yield from codes(sheet, sheets)
            yield from values(sheet)
            yield from series(sheet)
            yield from status_findings(sheet, sheets)
    yield from failed_tests(sheets)
    yield from common_steps(sheets)
    yield from identities(sheets)
    problems = [*plausible(sheets)]
    problems += magnitude(sheets, problems)
    yield from problems
    yield from ends(
        sheets,
        frozenset(str(problem.table) for problem in problems if problem.rule in {"region-absent", "series-shorter"}),
    )


@cache
def rules() -> tuple[str, ...]:
    """Return the names of all rules that findings of data bear."""
    entries = read_words("messages/data.yaml").items()
    return tuple(dict.fromkeys(entry.get("rule", name) for name, entry in entries if "severity" in entry))

"""What the register's regions, items, rules and figures are called, in both languages."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from xinzhi.core.text import Text
from xinzhi.report.catalogue import has, same, words
from xinzhi.report.numbers import number
from xinzhi.report.rooms.sectors.names import distinct, region_text, short
from xinzhi.report.tables import Column
from xinzhi.risks.register.rules import SEVERITIES, pitfalls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from xinzhi.report.tables import Kind
    from xinzhi.risks import Register

SIGNS = {"note": "", "warning": " !", "alert": " !!"}
NOT_CHECKED, CLEAR = "–", "0"
_TENTHS = ("borrowing-beyond-stable", "idle-now")  # figures of a few points: a decimal more
_PERCENT = ("idle-now",)  # is in percent as it is; the others are ratios
_ANSWERS = ("ongoing-episode", "debt-band")  # yes or no: the figure itself only says on which side it lies
_MOST = 4
ROOM = 19.0  # width of a name on the axis of a chart, in units of its size


class Names:
    """Names of the regions and items of a register, no two alike."""

    def __init__(self, result: Register) -> None:
        self.result = result

    @cached_property
    def codes(self) -> list[str]:
        """The codes of the regions, in the order of the matrix."""
        return [str(code) for code in self.result.matrix["region"].unique(maintain_order=True)]

    @cached_property
    def regions(self) -> dict[str, Text]:
        """The names of the regions."""
        return distinct({code: region_text(code, self.result.labels) for code in self.codes})

    @cached_property
    def items(self) -> dict[tuple[str, str], Text]:
        """The names of the items, by kind and item."""
        pairs = sorted(self.result.checks.select("kind", "item").unique().rows())
        found = distinct({item: self._called(kind, item) for kind, item in pairs if kind != "region"})
        return {(kind, item): words("register.chart.self") if kind == "region" else found[item] for kind, item in pairs}

    def _called(self, kind: str, item: str) -> Text:
        if kind == "series":
            from xinzhi.risks import place_text

            return place_text(item)
        return self.result.labels.get(item, same(item))

    @cached_property
    def narrow(self) -> dict[tuple[str, str], Text]:
        """The names of the items cut to what the axis of a chart holds, no two alike."""
        cut = distinct({item: short(name, ROOM) for (kind, item), name in self.items.items() if kind != "region"})
        return {(kind, item): cut.get(item, name) if kind != "region" else name
                for (kind, item), name in self.items.items()}  # fmt: skip

    def region(self, code: str) -> Text:
        """Return the name of a region."""
        return self.regions.get(code, same(code))

    def item(self, kind: str, item: str) -> Text:
        """Return the name of an item."""
        return self.items.get((kind, item), same(item))

    def listed(self, codes: Sequence[str]) -> Text:
        """Return the names of regions, or that they are all there are."""
        if len(codes) == len(self.codes) > 1:
            return words("register.chart.every", n=len(codes))
        named = [self.region(code) for code in codes]
        return Text(zh="、".join(one.zh for one in named), en=", ".join(one.en for one in named))


def pitfall(name: str) -> Text:
    """Return the name of a pitfall as the register has it."""
    said = pitfalls()[name]
    return Text(zh=said["zh"], en=said["en"])


def brief_pitfall(name: str) -> Text:
    """Return the name of a pitfall that heads a column."""
    key = f"register.chart.{name}"
    return words(key) if has(key) else pitfall(name)


def rule(name: str) -> Text:
    """Return the name of a rule."""
    key = f"register.flag.{name}"
    return words(key) if has(key) else same(name)


def rule_with_edge(name: str, threshold: float) -> Text:
    """Return the name of a rule and its threshold, for the head of a column."""
    key = f"register.chart.{name}"
    return words(key, edge=figure(name, threshold)) if has(key) else same(name)


def severity(name: str | None) -> Text | None:
    """Return the word of a severity."""
    return words(f"register.chart.{name}") if name in SEVERITIES else None


def status(name: str) -> Text:
    """Return the word of what came of a check."""
    known = {
        "flagged": words("register.chart.flagged"),
        "clear": words("register.chart.clear"),
        "not checked": words("register.chart.not_checked"),
    }
    return known[name]


def reason(row: Mapping[str, str | None]) -> Text | None:
    """Return why a check was not done, or was clear without a figure."""
    zh, en = row["reason_zh"], row["reason_en"]
    return None if zh is None or en is None else Text(zh=zh, en=en)


def mark(row: Mapping[str, Any]) -> str:
    """Return what a cell of the matrix says: how many flags and how grave the worst is, clear, or not checked."""
    if row["status"] == "not checked":
        return NOT_CHECKED
    return f"{row['flagged']}{SIGNS[row['severity']]}" if row["flagged"] else CLEAR


def figure(name: str, value: float | None, edge: float | None = None) -> Text | None:
    r"""Return a figure of a rule in its own unit, with as many decimals as part it from the threshold.

    Examples
    --------
    >>> figure("named-by-most", 0.92).en, figure("named-by-most", 0.4998, 0.5).zh, figure("idle-now", 71.34, 75).zh
    ('92\xa0%', '49.98%', '71.3%')
    """
    if value is None:
        return None
    if name in _ANSWERS:
        return words("register.chart.yes") if value >= 0 else words("register.chart.no")
    scale = 1.0 if name in _PERCENT else 100.0
    decimals = 1 if name in _TENTHS and edge is not None else 0
    while edge is not None and value != edge and decimals < _MOST and round(scale * (value - edge), decimals) == 0:
        decimals += 1
    said = number(scale * value, decimals)
    return Text(zh=f"{said}%", en=f"{said}\u00a0%")


def column(name: str, kind: Kind) -> Column:
    """Return a column of a table of the register."""
    return Column(title=words(f"register.column.{name}"), kind=kind)

"""The result of looking for breaks, in rows and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.yardstick.breaks.rules import facts, rules, words

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language

_SHOWN = 5
SCHEMA: dict[str, Any] = {
    "region": str,
    "year": int,
    "series": str,
    "kind": str,
    "move": float,
    "expected": float,
    "score": float,
    "against_others": float,
    "pair": int,
    "census": str,
    "explained": bool,
    "marked": bool,
    "tfp_effect": float,
}


@dataclass(frozen=True, repr=False, kw_only=True)
class Breaks(Result):
    """Region-years in which a series breaks, with the evidence.

    Parameters
    ----------
    frame
        ``region, year, series, kind, move, expected, score, against_others, pair, census, explained, marked,
        tfp_effect``. `kind` is ``level_shift`` or ``outlier`` (the level of one year alone is off; the move into it and
        the move out of it have a row each, and `pair` is the year of the other). `move` and `expected` are log points;
        `expected` comes from the other years of the region and the other regions of the year. `score` is their
        difference in robust deviations of the region's own history, `against_others` in those of the other regions in
        that year (null with too few of them). `census` names the known cause (null without one), `explained` says
        whether there is one, `marked` whether the package owns up to the break itself. `tfp_effect` is the part of TFP
        growth of that year that is the break, in log points (null where TFP cannot be measured).
    judged
        ``series, regions, first_year, last_year, moves``: what was looked at.
    names
        ``region, name_zh, name_en``.
    reason
        Why no effect on TFP is given; None where it is.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year", "series")

    judged: pl.DataFrame
    names: pl.DataFrame
    reason: str | None

    def summary(self, language: Language = "en") -> str:
        """Return how many breaks each series has, and those that move TFP most."""
        zh = language == "zh"
        rate = self.provenance.options["false_alarm_rate"]
        explained = self.frame["explained"].sum()
        lines = [
            f"{self.frame.height} 处断点，其中 {explained} 处有已知原因（无断点的序列误报概率 {rate:.0%}）"
            if zh
            else f"{self.frame.height} breaks, {explained} of them with a known cause "
            f"(a series without any is alarmed with probability {rate:.0%})"
        ]
        lines += [self._count(row, language) for row in self.judged.iter_rows(named=True)]
        lines += [self._line(row, language) for row in self.largest().iter_rows(named=True)]
        if self.reason is not None:
            lines.append(f"  未计算对全要素生产率的影响：{self.reason}" if zh else f"  no effect on TFP: {self.reason}")
        return "\n".join([*lines, self.provenance.foot()])

    def largest(self, count: int = _SHOWN) -> pl.DataFrame:
        """Return the breaks with the largest effect on TFP growth; without effects, those with the largest score."""
        import polars as pl

        by = "score" if self.reason is not None else "tfp_effect"
        return self.frame.sort(pl.col(by).abs(), descending=True, nulls_last=True).head(count)

    def _count(self, row: dict[str, Any], language: Language) -> str:
        """Return the line of one series."""
        mine = self.frame.filter(series=row["series"])
        title, known = title_of(row["series"]).lang(language), mine["explained"].sum()
        span = f"{row['first_year']}-{row['last_year']}" if row["moves"] else "-"
        if language == "zh":
            return f"  {title}：{mine.height}（{known} 处有已知原因），{row['regions']} 个地区，{span}"
        return f"  {title}: {mine.height} ({known} with a known cause), {row['regions']} regions, {span}"

    def _line(self, row: dict[str, Any], language: Language) -> str:
        """Return the line of one break."""
        zh = language == "zh"
        name = self.names.filter(region=row["region"])[f"name_{language}"][0]
        kind, title = words("kinds", row["kind"]).lang(language), title_of(row["series"]).lang(language)
        cause = "" if row["census"] is None else cause_of(row["census"]).lang(language)
        move, expected = percent(row["move"]), percent(row["expected"])
        if zh:
            effect = "" if row["tfp_effect"] is None else f"，全要素生产率 {100 * row['tfp_effect']:+.1f} 个对数百分点"
            return f"    {name} {row['year']} {title} {move}（应为 {expected}），{kind}{effect}{cause and '；' + cause}"
        effect = "" if row["tfp_effect"] is None else f", TFP {100 * row['tfp_effect']:+.1f} log points"
        return f"    {name} {row['year']} {title} {move} (expected {expected}), {kind}{effect}{cause and '; ' + cause}"


def percent(log_points: float) -> str:
    """Return a move as a percentage with its sign."""
    return f"{math.expm1(log_points) * 100:+.1f} %"


def title_of(series: str) -> Text:
    """Return the name of a series in both languages."""
    return next(rule.text for rule in rules().series if rule.name == series)


def cause_of(census: str) -> Text:
    """Return a cause, named in English as in the frame, in both languages."""
    known = [*facts()["events"].values(), *facts()["seams"].values()]
    return next(Text(zh=entry["zh"], en=entry["en"]) for entry in known if entry["en"] == census)

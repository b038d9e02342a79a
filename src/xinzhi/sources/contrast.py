"""Contrast: one macro-region held against another, in sentences chosen by the signs of the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text
from xinzhi.sources.phrases import SHORT, group_names, joined, known_parts, plain, points, whole_span

if TYPE_CHECKING:
    from xinzhi.sources.decompose import Sources

Row = dict[str, Any]
_MINOR = 0.1  # of the gap: a part that holds less of it is not named as a reason
_ALIKE = 0.0005  # log points a year: growth that differs by less reads the same
_NOTHING = 0.00005  # what a sentence with two decimals of a percentage point writes as 0.00


def pair(result: Sources) -> tuple[Row, Row] | None:
    """Return the macro-region that grew least and the one to hold it against: the largest, or the one that grew most.

    The largest by output is what a reader measures the others by; where it is the one that grew least, it stands
    against the fastest.
    """
    import polars as pl

    rows = [row for row in whole_span(result, result.group_periods).iter_rows(named=True) if row["region"] != "total"]
    if len(rows) <= 1:
        return None
    low, high = min(rows, key=_growth), max(rows, key=_growth)
    regions = result.measurement.regions.select("region", "group_en")
    size = (
        result.measurement.inputs.filter(pl.col("year") == low["end"])
        .join(regions, on="region")
        .group_by("group_en")
        .agg(pl.col("output").sum())
        .sort("output", descending=True)
    )
    largest = next((row for name in size["group_en"] for row in rows if row["region"] == name), high)
    return low, (high if largest is low else largest)


def _growth(row: Row) -> float:
    return float(row["tfp_growth"])


def contrast(result: Sources) -> list[Text]:
    """Return group against group: what holds the gap and what does not, and what moving factors gave each."""
    two = pair(result)
    if two is None:
        return []
    low, high = two
    names = group_names(result)
    here, there = names[low["region"]], names[high["region"]]
    gap = low["tfp_growth"] - high["tfp_growth"]
    rates = f"{plain(low['tfp_growth'])}", f"{plain(high['tfp_growth'])}"
    if abs(gap) < _ALIKE:
        return [
            Text(
                zh=f"{here.zh}与{there.zh}增长相当（每年 {rates[0]}% 与 {rates[1]}%）。",
                en=f"{here.en} and {there.en} grew alike ({rates[0]} and {rates[1]} % a year).",
            )
        ]
    ours, theirs = known_parts(low), known_parts(high)
    differ = {name: ours.get(name, 0.0) - theirs.get(name, 0.0) for name in {**ours, **theirs}}
    held = sorted((name for name in differ if differ[name] <= _MINOR * gap), key=lambda name: differ[name])
    free = [name for name in differ if name not in held]

    def sides(name: str) -> Text:
        figures = points(ours.get(name, 0.0)), points(theirs.get(name, 0.0))
        return Text(
            zh=f"{SHORT[name].zh}（{figures[0]} 对 {figures[1]}）",
            en=f"{SHORT[name].en} ({figures[0]} against {figures[1]})",
        )

    why, not_why = joined([sides(name) for name in held]), joined([sides(name) for name in free])
    tail = Text(zh=f"；不在于{not_why.zh}", en=f"; it does not lie in {not_why.en}") if free else Text(zh="", en="")
    return [
        Text(
            zh=f"{here.zh}比{there.zh}每年少增长 {plain(-gap)} 个百分点（{rates[0]}% 对 {rates[1]}%）。"
            f"差距在于{why.zh}{tail.zh}。",
            en=f"{here.en} grew by {plain(-gap)} points a year less than {there.en} ({rates[0]} against {rates[1]} %). "
            f"The gap lies in {why.en}{tail.en}.",
        ),
        *_moves(here, low, there, high),
    ]


def _moves(here: Text, low: Row, there: Text, high: Row) -> list[Text]:
    """Return what moving labour and capital gave in either group, the verbs chosen by the signs."""
    rows = ((here, low), (there, high))
    if any(row["allocation_labour"] is None for _, row in rows):
        return []
    told = []
    for name, row in rows:
        labour, capital = (_gave(row[f"allocation_{factor}"]) for factor in ("labour", "capital"))
        told.append(
            Text(
                zh=f"{name.zh}劳动流动{labour.zh}，资本流动{capital.zh}",
                en=f"{name.en}: moving labour {labour.en}, moving capital {capital.en}",
            )
        )
    return [Text(zh="；".join(one.zh for one in told) + "。", en="; ".join(one.en for one in told) + ".")]


def _gave(value: float) -> Text:
    """Return what a move gave, in words that follow its sign."""
    size = plain(abs(value))
    if abs(value) < _NOTHING:
        return Text(zh="没有增益", en="gave nothing")
    if value > 0:
        return Text(zh=f"每年贡献 {size} 个百分点", en=f"gave {size} points a year")
    return Text(zh=f"每年损失 {size} 个百分点", en=f"cost {size}")

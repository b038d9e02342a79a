"""Words: the findings of a decomposition in a few sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.sources.explain import LABELS
from xinzhi.sources.result import PARTS

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.sources.result import Sources

_SHOWN = 3


def summarise(result: Sources, language: Language) -> str:
    """Return the whole, the macro-regions, the regions that gained and lost most by allocation, and what is missing."""
    zh = language == "zh"
    lines = [_head(result, zh=zh), *_groups(result, language), *_allocation(result, zh=zh), *_missing(result, language)]
    return "\n".join([*(line for line in lines if line), result.provenance.foot()])


def _span(frame: pl.DataFrame) -> tuple[int, int]:
    """Return the whole span, which stands last."""
    start, end = frame.select("start", "end").row(-1)
    return int(start), int(end)


def _head(result: Sources, *, zh: bool) -> str:
    import polars as pl

    frame = result.frame
    if not frame.height:
        return (
            "没有一个地区年份可以分解：原因见 omitted 和 coverage。"
            if zh
            else "no region-year could be decomposed: see omitted and coverage."
        )
    regions, first, last = (
        frame["region"].n_unique(),
        *frame.select(pl.col("year").min(), last=pl.col("year").max()).row(0),
    )
    unit = result.provenance.options["detail"]
    words = {"industry": ("行业", "industries"), "sector": ("三次产业", "three sectors"), "total": ("总量", "totals")}
    if zh:
        return (
            f"{regions} 个地区，{first}—{last} 年，按{words[unit][0]}分解；"
            f"各项之和与官方残差相差不超过 {result.identity_gap:.0e}。"
        )
    return (
        f"{regions} regions, {first}-{last}, by {words[unit][1]}; parts and official residual differ by at most "
        f"{result.identity_gap:.0e}."
    )


def _groups(result: Sources, language: Language) -> list[str]:
    """Return one line per macro-region and for the whole over the whole span."""
    import polars as pl

    table = result.group_periods
    if not table.height:
        return []
    start, end = _span(table)
    names = {
        row["group_en"]: row["group_zh"] if language == "zh" else row["group_en"]
        for row in result.measurement.regions.filter(pl.col("group_en").is_not_null()).iter_rows(named=True)
    } | {"total": "全部地区" if language == "zh" else "All regions"}
    rows = table.filter(pl.col("start") == start, pl.col("end") == end)
    return [_line(names[row["region"]], row, language) for row in rows.iter_rows(named=True)]


def _line(name: str, row: dict[str, Any], language: Language) -> str:
    """Return what made the growth of one unit, the largest part first."""
    zh = language == "zh"
    parts = {key: row[key] for key in (*PARTS, "unallocated") if row.get(key)}
    order = sorted(parts, key=lambda key: -abs(parts[key]))
    shown = ("，" if zh else ", ").join(f"{LABELS[key].lang(language)} {parts[key]:+.2%}" for key in order)
    between = row["allocation_between"]
    if zh:
        return f"{name} {row['start']}—{row['end']} 年每年 {row['tfp_growth']:+.2%}：{shown}，地区之间 {between:+.2%}。"
    return (
        f"{name} {row['start']}-{row['end']}: {row['tfp_growth']:+.2%} a year: {shown}, between regions {between:+.2%}."
    )


def _allocation(result: Sources, *, zh: bool) -> list[str]:
    """Return the regions in which allocation gave most and least."""
    import polars as pl

    table = result.periods.filter(pl.col("allocation").is_not_null())
    if not table.height:
        return []
    start, end = _span(table)
    rows = table.filter(pl.col("start") == start, pl.col("end") == end).sort("allocation", descending=True)
    names = dict(result.measurement.regions.select("region", "name_zh" if zh else "name_en").iter_rows())
    if rows.height <= 1:
        return []

    def words(part: pl.DataFrame) -> str:
        mark = "、" if zh else ", "
        of = "{0}（{1:.1%} 中的 {2:.1%}）" if zh else "{0} ({2:.1%} of {1:.1%})"
        return mark.join(
            of.format(names[region], total, moved)
            for region, total, moved in part.select("region", "tfp_growth", "allocation").iter_rows()
        )

    most, least = rows.head(_SHOWN), rows.tail(min(_SHOWN, rows.height - 1)).reverse()
    if zh:
        return [f"要素配置贡献最大：{words(most)}；最小：{words(least)}（{start}—{end} 年，每年）。"]
    return [f"Allocation gave most in {words(most)}; least in {words(least)} ({start}-{end}, a year)."]


def _missing(result: Sources, language: Language) -> list[str]:
    """Return what could not be computed, and how much does not add up."""
    import polars as pl

    zh = language == "zh"
    lines = [
        f"{'未能计算' if zh else 'Not computed'}: {LABELS[name].lang(language) if name in LABELS else name}: {why}"
        for name, why in result.coverage.filter(
            pl.col("status") == "not_computed", ~pl.col("quantity").is_in(["gross_output"])
        )
        .select("quantity", f"reason_{language}")
        .iter_rows()
    ]
    if result.findings:
        regions = len({(found.key or "").split("/")[0] for found in result.findings})
        lines.append(
            f"{regions} 个地区的行业数据与总量不完全一致，见 findings。"
            if zh
            else f"In {regions} regions industries and totals do not quite add up: see findings."
        )
    return lines

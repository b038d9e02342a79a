"""What `advance` found, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.sectors.parameters import setting
from xinzhi.sectors.progress import indicator_text, sector_text

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.sectors.progress import Explanation, Sectors

_COMMA = {"zh": "、", "en": ", "}


def summarise(result: Sectors, language: Language) -> str:
    """Return the summary of `Sectors`."""
    return "\n".join(
        [
            _together(result, language),
            _lagging(result, language),
            *_drags(result, language),
            *_left_out(result, language),
            _forms(result, language),
            result.provenance.foot(),
        ]
    )


def _names(result: Sectors) -> list[str]:
    """Return the sectors in their order."""
    return result.sectors["sector"].unique(maintain_order=True).to_list()


def _together(result: Sectors, language: Language) -> str:
    """Say whether the sectors advance together."""
    first, last = result.years.row(0, named=True), result.years.row(-1, named=True)
    moves = [f"{sector_text(name).lang(language)} {first[name]:.2f} → {last[name]:.2f}" for name in _names(result)]
    down = [sector_text(name).lang(language) for name in _names(result) if last[name] < first[name]]
    ends = f"{first['coordination_corrected']:.3f} → {last['coordination_corrected']:.3f}"
    if language == "zh":
        verdict = f"并非同步：{'、'.join(down)}下降" if down else "各领域水平均有提高"
        return f"{first['year']}-{last['year']}年{verdict}（地区均值：{'、'.join(moves)}）；修正的耦合协调度 {ends}。"
    verdict = f"not all advance: {', '.join(down)} fell" if down else "all sectors advanced"
    return (
        f"{first['year']}-{last['year']}: {verdict} (means of regions: {', '.join(moves)}); "
        f"corrected coordination degree {ends}."
    )


def _lagging(result: Sectors, language: Language) -> str:
    """Say which sector is lowest in how many regions of the last year."""
    last = result.obstacles.filter(pl.col("year") == pl.col("year").max()).sort("lagging", descending=True)
    total = result.years["regions"][-1]
    found = [
        f"{sector_text(row['sector']).lang(language)} {row['lagging']}"
        for row in last.iter_rows(named=True)
        if row["lagging"]
    ]
    year = last["year"][0]
    if not found:
        return f"{year}年各领域水平相等。" if language == "zh" else f"In {year} all sectors stand at one level."
    ranked = [
        f"{sector_text(row['sector']).lang(language)} {row['lagging_by_rank']}"
        for row in last.sort("lagging_by_rank", descending=True).iter_rows(named=True)
        if row["lagging_by_rank"]
    ]
    gain = last.sort("gain", descending=True).row(0, named=True)
    name = sector_text(gain["sector"]).lang(language)
    if language == "zh":
        return (
            f"{year}年 {total} 个地区中最低的领域：{'、'.join(found)}"
            f"（按排名而非上下限之间的位置：{'、'.join(ranked)}）；"
            f"补齐{name}的短板，协调度平均可提高 {gain['gain']:.3f}。"
        )
    return (
        f"Lowest sector in {year}, of {total} regions: {', '.join(found)} (by rank, not by place between the extremes: "
        f"{', '.join(ranked)}); with {name} at the mean of the others where it is below, "
        f"coordination would be {gain['gain']:.3f} higher on average."
    )


def _drags(result: Sectors, language: Language) -> list[str]:
    """Say whether the others advanced less where a sector lagged."""
    level = setting("significance.value")
    known = result.drag.drop_nulls("slope")
    if not known.height:
        return []
    found = known.filter((pl.col("slope") > 0) & (pl.col("p") <= level))
    span = known["years"][0]
    names = [
        f"{sector_text(row['sector']).lang(language)} ({row['slope']:.2f} ± {row['standard_error']:.2f})"
        for row in found.iter_rows(named=True)
    ]
    if language == "zh":
        return [
            f"此后 {span} 年其他领域进步较慢的，是这些领域落后的地区：{'、'.join(names)}（相关，而非因果）。"
            if names
            else f"没有发现某一领域落后的地区此后 {span} 年其他领域进步较慢。"
        ]
    return [
        f"Where these lagged, the others advanced less over the next {span} years: {', '.join(names)} "
        "(association, not cause)."
        if names
        else f"No sector is found whose lag went with a slower advance of the others over the next {span} years."
    ]


def _left_out(result: Sectors, language: Language) -> list[str]:
    """Name regions that are never there."""
    have = set(result.frame["region"])
    first, last = result.frame["year"].min(), result.frame["year"].max()
    rows = result.omitted.filter(~pl.col("region").is_in(list(have)) & pl.col("year").is_between(first, last))
    gone = rows.group_by("region").agg(pl.col(f"reason_{language}").mode().first()).sort("region")
    if not gone.height:
        return []
    names = [
        f"{result.names[region].lang(language) if region in result.names else region} ({reason})"
        for region, reason in gone.iter_rows()
    ]
    head = "未能计算：" if language == "zh" else "not computed: "
    return [head + _COMMA[language].join(names)]


def _forms(result: Sectors, language: Language) -> str:
    """Say how much the choice of the form matters."""
    last = result.years.row(-1, named=True)
    figure = "-" if last["rank_correlation"] is None else f"{last['rank_correlation']:.3f}"
    standard, corrected = last["coordination_standard"], last["coordination_corrected"]
    if language == "zh":
        means = f"标准形式 {standard:.3f}，修正形式 {corrected:.3f}"
        return f"形式的影响：{last['year']}年均值，{means}；两种形式排名相关 {figure}。"
    means = f"{standard:.3f} standard, {corrected:.3f} corrected"
    return f"What the form does: mean in {last['year']} {means}; rank correlation {figure}."


def explained(item: Explanation, language: Language) -> str:
    """Return the lines of an explanation."""
    zh, row = language == "zh", item.row
    grade = row[f"grade_corrected_{language}"] or "-"
    lagging = _COMMA[language].join(
        sector_text(name).lang(language) for name in (row["lagging"] or "").split(";") if name
    )
    degree = row["coordination_corrected"]
    number = "-" if degree is None else f"{degree:.3f}"
    lines = [f"{item.name.lang(language)} {item.year}  {row['flags']}".rstrip()]
    lines.append(
        f"  耦合协调度 {number}（{grade}）；最低的领域：{lagging or '无'}"
        if zh
        else f"  coordination degree {number} ({grade}); lowest sector: {lagging or 'none'}"
    )
    for part in item.sectors.iter_rows(named=True):
        name = sector_text(part["sector"]).lang(language)
        obstacle = "-" if part["obstacle"] is None else f"{part['obstacle']:.1%}"
        lines.append(
            f"  {name}：水平 {part['level']:.3f}，障碍度 {obstacle}，补齐可提高 {part['gain']:.3f}"
            if zh
            else f"  {name}: level {part['level']:.3f}, obstacle {obstacle}, gain if raised {part['gain']:.3f}"
        )
        for figure in item.indicators.filter(sector=part["sector"]).iter_rows(named=True):
            words = indicator_text(figure["indicator"]).lang(language)
            span = f"{figure['lower']:.4g} - {figure['upper']:.4g}"
            lines.append(
                f"    {words} {figure['value']:.4g}（上下限 {span}）"
                if zh
                else f"    {words} {figure['value']:.4g} (bounds {span})"
            )
    return "\n".join(lines)

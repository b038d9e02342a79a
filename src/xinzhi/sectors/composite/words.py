"""Indices, intervals and games in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.text import Text

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.sectors.composite.result import Index

_HEAD = Text(
    zh="{title}：{regions} 个地区，{first}—{last} 年，{covered} / {total} 个指标有数据",
    en="{title}: {regions} regions, {first}-{last}, {covered} of {total} indicators covered",
)
_BEST = Text(
    zh="  {last} 年指数最高：{top}；最低：{bottom}",
    en="  highest in {last}: {top}; lowest: {bottom}",
)
_WEIGHT = Text(
    zh="  权重最大的指标：{name}（{weight:.1%}）；填补 {imputed} 个数值，{left} 个地区年份因不完整而没有指数",
    en="  heaviest indicator: {name} ({weight:.1%}); {imputed} values imputed, {left} region-years without an index",
)
_SIZE = Text(
    zh="  {count} 个指标是总量，衡量的是地区大小：{names}",
    en="  {count} indicators are totals and measure size: {names}",
)
_NOT_COMPARABLE = Text(
    zh="  界限与权重逐年另定：指数水平不能跨年比较",
    en="  bounds and weights are set anew every year: levels cannot be compared over time",
)
_SHOWN = 3


def summarise_index(result: Index, language: Language) -> str:
    """Return which regions lead and trail, on how much of the system, and what to beware of."""
    done = result.frame.drop_nulls("index")
    last = int(done["year"].to_list()[-1])
    order = done.filter(year=last).sort("rank", "region")["region"].to_list()
    here = [result.name(region, language) for region in order]
    heavy = result.weights.sort("weight", descending=True).row(0, named=True)
    colon = "、" if language == "zh" else ", "
    total = result.coverage.height
    lines = [
        _HEAD.format(
            title=result.system.title.lang(language),
            regions=done["region"].n_unique(),
            first=int(done["year"].to_list()[0]),
            last=last,
            covered=len(result.system.indicators),
            total=total,
        ),
        _BEST.format(last=last, top=colon.join(here[:_SHOWN]), bottom=colon.join(here[::-1][:_SHOWN])),
        _WEIGHT.format(
            name=heavy[f"name_{language}"],
            weight=heavy["weight"],
            imputed=int(result.coverage["imputed"].sum()),
            left=result.frame.height - done.height,
        ),
    ]
    sizes = [item.name.lang(language) for item in result.system.indicators if item.denominator == "none"]
    if sizes:
        lines.append(_SIZE.format(count=len(sizes), names=colon.join(sizes)))
    if not result.convention.pooled:
        lines.append(_NOT_COMPARABLE)
    return "\n".join([*(line.lang(language) for line in lines), result.provenance.foot()])

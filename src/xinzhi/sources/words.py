"""Words: the findings of a decomposition as sentences in both languages, chosen by the signs of the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.text import Text
from xinzhi.sources.contrast import contrast
from xinzhi.sources.explain import LABELS
from xinzhi.sources.phrases import (
    SHORT,
    group_names,
    joined,
    known_parts,
    lacking,
    plain,
    points,
    region_names,
    whole_span,
)

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.sources.decompose import Sources

_SHOWN = 3
_STATUS = {
    "not_computed": Text(zh="未能计算", en="Not computed"),
    "partly": Text(zh="部分计算", en="Computed in part"),
}
_QUANTITIES = {**LABELS, "finer_detail": Text(zh="更细的分解", en="finer detail")}
_SHORT = Text(zh="有地区缺年份", en="some region lacks years")
_UNLIKE = Text(zh="投入为指数，不能相加", en="inputs are indices, which do not add up")
_UNITS = {
    "industry": Text(zh="行业", en="industries"),
    "sector": Text(zh="三次产业", en="three sectors"),
    "total": Text(zh="总量", en="totals"),
}


def summarise(result: Sources, language: Language) -> str:
    """Return what the decomposition finds, what is missing, and what it rests on."""
    lines = [*sentences(result), *missing(result), reach(result)]
    return "\n".join([*(line.lang(language) for line in lines), result.provenance.foot()])


def sentences(result: Sources) -> tuple[Text, ...]:
    """Return the finding: the whole, group against group, and where allocation and upgrading gave most and least.

    Examples
    --------
    >>> from xinzhi.sources import decompose
    >>> sentences(decompose("china-provinces"))[0].en  # doctest: +ELLIPSIS
    'TFP of all regions together grew by 1.97 % a year in 2003-2017; in points: breakthrough +2.25, ...'
    """
    if not result.frame.height:
        return (
            Text(
                zh="没有一个地区年份可以分解：原因见 omitted 和 coverage。",
                en="No region-year could be decomposed: see omitted and coverage.",
            ),
        )
    return (*_whole(result), *contrast(result), *_allocation(result), *_upgrading(result))


def _whole(result: Sources) -> list[Text]:
    """Return what all regions together grew by and what gave it; of one region, its own figures."""
    rows = [row for row in whole_span(result, result.group_periods).iter_rows(named=True) if row["region"] == "total"]
    alone = whole_span(result, result.periods)
    if alone.height == 1 and result.frame["region"].n_unique() == 1:
        rows, name = alone.rows(named=True), region_names(result)[alone["region"][0]]
    elif rows:
        name = group_names(result)["total"]
    elif alone.height:
        up = alone.filter(alone["tfp_growth"] > 0).height
        first, last = alone.select("start", "end").row(0)
        why = _SHORT if alone.height < result.measurement.frame["region"].n_unique() else _UNLIKE
        return [
            Text(
                zh=f"{first}—{last} 年 {alone.height} 个地区中 {up} 个全要素生产率上升；没有合计：{why.zh}。",
                en=f"TFP rose in {up} of {alone.height} regions in {first}-{last}; there is no sum, for {why.en}.",
            )
        ]
    else:
        return []
    row = rows[0]
    told = [Text(zh=f"{SHORT[key].zh} {points(part)}", en=f"{SHORT[key].en} {points(part)}")
            for key, part in known_parts(row).items()]  # fmt: skip
    parts, rate = joined(told), plain(abs(row["tfp_growth"]))
    first, last = row["start"], row["end"]
    verb = Text(zh="增长", en="grew") if row["tfp_growth"] >= 0 else Text(zh="下降", en="fell")
    return [
        Text(
            zh=f"{name.zh}{first}—{last} 年全要素生产率年均{verb.zh} {rate}%，其中（百分点）：{parts.zh}。",
            en=f"TFP of {name.en} {verb.en} by {rate} % a year in {first}-{last}; in points: {parts.en}.",
        )
    ]


def _allocation(result: Sources) -> list[Text]:
    """Return the regions in which allocation gave most and least."""
    rows = whole_span(result, result.periods).drop_nulls("allocation").sort("allocation", descending=True)
    if rows.height <= 1:
        return []
    names = region_names(result)
    width = min(_SHOWN, rows.height // 2)

    def listed(part: pl.DataFrame) -> Text:
        cells = part.select("region", "allocation", "tfp_growth").rows()
        return Text(
            zh="、".join(f"{names[code].zh}（{plain(total)} 中的 {plain(moved)}）" for code, moved, total in cells),
            en=", ".join(f"{names[code].en} ({plain(moved)} of {plain(total)})" for code, moved, total in cells),
        )

    most, least = listed(rows.head(width)), listed(rows.tail(width).reverse())
    return [
        Text(
            zh=f"要素配置贡献最大：{most.zh}；最小：{least.zh}（每年百分点）。",
            en=f"Allocation gave most in {most.en}; least in {least.en} (points of TFP growth a year).",
        )
    ]


def _upgrading(result: Sources) -> list[Text]:
    """Return how many regions came closer to best practice, the verb chosen by what most of them did."""
    rows = whole_span(result, result.periods).drop_nulls("upgrading")
    if rows.height <= 1:
        return []
    nearer = rows.filter(rows["upgrading"] > 0).height
    behind = rows.height - nearer
    if nearer > behind:
        return [
            Text(
                zh=f"{rows.height} 个地区中 {nearer} 个的行业向最佳实践靠拢。",
                en=f"In {nearer} of {rows.height} regions industries came closer to best practice.",
            )
        ]
    return [
        Text(
            zh=f"{rows.height} 个地区中 {behind} 个的行业与最佳实践的差距扩大。",
            en=f"In {behind} of {rows.height} regions industries fell behind best practice.",
        )
    ]


def missing(result: Sources) -> list[Text]:
    """Return what could not be computed, one sentence a reason, and how much does not add up."""
    import polars as pl

    part = pl.col("quantity").is_in([name for name in LABELS if name in result.frame.columns])
    table = result.coverage.filter(
        ((pl.col("status") == "not_computed") & (pl.col("quantity") != "gross_output"))
        | ((pl.col("status") == "partly") & part)
    )
    by_reason: dict[tuple[str, str, str], list[str]] = {}
    for name, *reason in table.select("quantity", "status", "reason_zh", "reason_en").rows():
        by_reason.setdefault((reason[0], reason[1], reason[2]), []).append(name)
    told = [
        Text(
            zh=f"{_STATUS[status].zh}：{'、'.join(_QUANTITIES[name].zh for name in names)}：{zh}",
            en=f"{_STATUS[status].en}: {', '.join(_QUANTITIES[name].en for name in names)}: {en}",
        )
        for (status, zh, en), names in by_reason.items()
    ]
    told += _holes(result)
    if result.findings:
        regions = len({(found.key or "").split("/")[0] for found in result.findings})
        count = result.frame["region"].n_unique()
        told.append(
            Text(
                zh=f"{count} 个地区中 {regions} 个的行业数据与总量不完全一致，见 findings。",
                en=f"In {regions} of {count} regions industries and totals do not quite add up: see findings.",
            )
        )
    return told


def _holes(result: Sources) -> list[Text]:
    """Return the regions that were decomposed and yet lack a year of the whole span, and what is missing in it."""
    import polars as pl

    whole = whole_span(result, result.periods)
    if not whole.height:
        return []
    start, end = whole.select("start", "end").row(0)
    some = result.frame.filter(~pl.col("region").is_in(whole["region"].to_list()))["region"].unique().to_list()
    inside = pl.col("region").is_in(some) & pl.col("year").is_between(start + 1, end)
    rows = result.omitted.filter(inside).group_by("region", maintain_order=True).first()
    names = region_names(result)
    places = [
        Text(zh=f"{names[code].zh} {year} 年：{why.zh}", en=f"{names[code].en} {year}: {why.en}")
        for code, year, missing in rows.select("region", "year", "missing").rows()[:_SHOWN]
        for why in [lacking(missing, result.labels)]
    ]
    if not places:
        return []
    return [
        Text(
            zh=f"{start}—{end} 年未包括有年份缺数据的地区：{'；'.join(one.zh for one in places)}。",
            en=f"Left out of {start}-{end} for a year without figures: {'; '.join(one.en for one in places)}.",
        )
    ]


def reach(result: Sources) -> Text:
    """Return regions, years and detail, and how exactly the parts add up."""
    frame = result.frame
    if not frame.height:
        return Text(zh="没有可分解的地区年份。", en="Nothing was decomposed.")
    years = frame["year"].sort()
    count, first, last = frame["region"].n_unique(), years[0], years[-1]
    unit = _UNITS[result.provenance.options["detail"]]
    gap = f"{result.identity_gap:.0e}" if result.identity_gap else "0"
    regions = "region" if count == 1 else "regions"
    return Text(
        zh=f"{count} 个地区，{first}—{last} 年，按{unit.zh}分解；各项之和与官方残差相差不超过 {gap}。",
        en=f"{count} {regions}, {first}-{last}, by {unit.en}; parts and official residual differ by at most {gap}.",
    )

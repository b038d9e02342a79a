"""The finding of an audit in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text
from xinzhi.protocol.catalogue import specification

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.yardstick.audit.audit import Audit


def summarise(result: Audit, language: Language) -> str:
    """Return how many protocols there are, who could rank first, and which choice makes the spread."""
    import polars as pl

    start, end = result.official_span
    here = result.frame.filter((pl.col("start") == start) & (pl.col("end") == end))
    first = here.filter(pl.col("best_rank") == 1).height
    jump = here.sort("rank_gain", "growth_gain", descending=True).head(1).join(result.regions, on="region")
    shares = choice_shares(result, (start, end))
    path, share = next(iter(shares.items()))
    name = choice_title(path).lang(language)
    growth = here["official"].to_list()
    low, high, count = min(growth), max(growth), max(here["protocols"].to_list())
    row = jump.row(0, named=True)
    if here.height == 1:
        return _alone(result, here.row(0, named=True), f"{name} ({share:.0%})", language)
    if language == "zh":
        return (
            f"{count:,} 个可采用的协议，{start}—{end} 年，{here.height} 个地区，"
            f"官方协议下年均 {low:.2%} 至 {high:.2%}\n"
            f"  若其他地区沿用官方协议，{first} 个地区自选尺子即可排名第一\n"
            f"  升幅最大：{row['name_zh']}，第 {row['official_rank']} 位升至第 {row['best_rank']} 位\n"
            f"  {name}决定了 {share:.0%} 的差异\n{result.provenance.foot()}"
        )
    return (
        f"{count:,} admissible protocols, {start}-{end}, {here.height} regions, "
        f"officially {low:.2%} to {high:.2%} a year\n"
        f"  {first} of them could rank first by choosing their own ruler while the others keep the official one\n"
        f"  furthest up: {row['name_en']}, from {row['official_rank']} to {row['best_rank']}\n"
        f"  the {name} makes {share:.0%} of the spread\n{result.provenance.foot()}"
    )


def _alone(result: Audit, row: dict[str, Any], choice: str, language: Language) -> str:
    """Return the spread of one region, which has no ranks to gain."""
    names = dict(result.regions.select("region", f"name_{language}").iter_rows())
    numbers = {
        "name": names[row["region"]],
        "count": f"{row['protocols']:,}",
        "choice": choice,
        **{name: f"{row[name]:.2%}" for name in ("official", "minimum", "maximum")},
    }
    said = Text(
        zh="{name}，{start}—{end} 年：官方协议下年均 {official}，"
        "{count} 个可采用的协议下为 {minimum} 至 {maximum}；影响最大的是{choice}",
        en="{name}, {start}-{end}: {official} a year officially, {minimum} to {maximum} over {count} admissible "
        "protocols; "
        "most of it is the {choice}",
    )
    sentence = said.lang(language).format(start=row["start"], end=row["end"], **numbers)
    return f"{sentence}\n{result.provenance.foot()}"


def choice_title(path: str) -> Text:
    """Return the name of a choice as the catalogue gives it."""
    return specification(path).title


def choice_shares(result: Audit, span: tuple[int, int]) -> dict[str, float]:
    """Return the part of each choice in the variance of a period, summed over the regions, largest first."""
    import polars as pl

    rows = result.variance.filter((pl.col("start") == span[0]) & (pl.col("end") == span[1]))
    sums: pl.DataFrame = rows.group_by("choice").agg(pl.col("shapley").sum()).sort("shapley", descending=True)
    total = sums["shapley"].sum()
    return {row["choice"]: row["shapley"] / total for row in sums.iter_rows(named=True)}

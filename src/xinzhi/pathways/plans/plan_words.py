"""What `plan` says: the plan against the herd, and every assignment of a region explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from xinzhi.pathways.industries import code_of, named
from xinzhi.pathways.plans.plan import own_ranks

if TYPE_CHECKING:
    from xinzhi.core.text import Language, Text
    from xinzhi.pathways.plans.plan import Plan


_SHOWN = 3
_PROOFS = {
    "flow": ("已证明最优（运输问题，全幺模）", "proven optimal (a transport problem, totally unimodular)"),
    "branch and bound": ("已证明最优（分支定界）", "proven optimal (branch and bound)"),
    "none": ("限时内未证明最优", "not proven optimal in time"),
}


def summarise(result: Plan, language: Language) -> str:
    """Return the sentences of `Plan.summary`."""
    rows = {row["kind"]: row for row in result.comparison.iter_rows(named=True)}
    best, alone, flock, loose = (rows[kind] for kind in ("coordinated", "greedy", "herd", "loose"))
    proof = _PROOFS[result.assignment.proof][0 if language == "zh" else 1]
    scarce = result.industries.filter(pl.col("cap_price") > 0).sort("cap_price", descending=True).head(_SHOWN)
    moved = int((result.frame["reason"] == "moved").sum())
    if language == "zh":
        dear = "、".join(
            f"{name}（{price:.3f}）" for name, price in scarce.select("industry_zh", "cap_price").iter_rows()
        )
        return (
            f"{result.regions.height} 个地区、{result.industries.height} 个行业，协调规划的期望收益 "
            f"{best['gain_realised']:.2f}，{proof}，最优性间隙 {result.gap:.2%}。\n"
            f"随大流：{flock['excess']} 个名额超出上限，期望收益 {flock['gain_realised']:.2f}"
            f"（{flock['beside_plan']:+.0%}），清单重合度 {flock['mean_jaccard']:.2f}"
            f"（协调后 {best['mean_jaccard']:.2f}）。\n"
            f"各自为政：{alone['excess']} 个名额超出上限，期望收益 {alone['gain_realised']:.2f}"
            f"（{alone['beside_plan']:+.0%}），重合度 {alone['mean_jaccard']:.2f}。\n"
            f"{best['places']} 项安排中 {moved} 项不是当地首选；最稀缺的名额（影子价格）：{dear or '无'}；"
            f"保底、重合度等限制的代价 {_price(best, loose):.1%}。\n{result.provenance.foot()}"
        )
    dear = ", ".join(f"{name} ({price:.3f})" for name, price in scarce.select("industry_en", "cap_price").iter_rows())
    return (
        f"{result.regions.height} regions, {result.industries.height} industries: the coordinated plan has an expected "
        f"gain of {best['gain_realised']:.2f}, {proof}, gap {result.gap:.2%}.\n"
        f"The herd: {flock['excess']} places beyond the caps, expected gain {flock['gain_realised']:.2f} "
        f"({flock['beside_plan']:+.0%}), lists overlap by {flock['mean_jaccard']:.2f} "
        f"(coordinated {best['mean_jaccard']:.2f}).\n"
        f"Everybody alone: {alone['excess']} places beyond the caps, expected gain {alone['gain_realised']:.2f} "
        f"({alone['beside_plan']:+.0%}), overlap {alone['mean_jaccard']:.2f}.\n"
        f"{moved} of {best['places']} assignments are not the region's own first choices; scarcest places (shadow "
        f"price): {dear or 'none'}; floors, overlap and capacity cost {_price(best, loose):.1%}.\n"
        f"{result.provenance.foot()}"
    )


def _price(best: dict[str, float], loose: dict[str, float]) -> float:
    return 1.0 - best["gain_realised"] / loose["gain_realised"] if loose["gain_realised"] > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanExplanation:
    """Why a region gets what it gets.

    Parameters
    ----------
    region, name
        The region and its name.
    head
        Its size, its gain, and what it would gain alone.
    assigned
        Its rows of `Plan.frame`.
    passed
        ``industry, industry_zh, industry_en, own_rank, probability, gain, value, cap, taken, cap_price, net``: what it
        likes better than the last industry that it got and did not get; `net` is its value less the price of a place.
    """

    region: str
    name: Text
    head: Text
    assigned: pl.DataFrame
    passed: pl.DataFrame

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        zh = language == "zh"
        lines = [self.head.lang(language)]
        for row in self.assigned.iter_rows(named=True):
            what = row[f"industry_{language}"]
            full = row["cap_price"] > 0
            if zh:
                why = (
                    "当地首选之一"
                    if row["reason"] == "own choice"
                    else f"当地第 {row['own_rank']} 位，更好的已让给收益更高的地区"
                )
                scarce = f"，名额已满，影子价格 {row['cap_price']:.3f}" if full else ""
                lines.append(
                    f"  {what}：进入概率 {row['probability']:.0%} × 收益 {row['gain']:.2f} = {row['value']:.3f}；"
                    f"{why}（{row['taken']}/{row['cap']} 个名额{scarce}）"
                )
                continue
            why = (
                "among its own best"
                if row["reason"] == "own choice"
                else f"number {row['own_rank']} for the region, better ones went where they gain more"
            )
            scarce = f", full, shadow price {row['cap_price']:.3f}" if full else ""
            lines.append(
                f"  {what}: chance {row['probability']:.0%} x gain {row['gain']:.2f} = {row['value']:.3f}; {why} "
                f"({row['taken']} of {row['cap']} places{scarce})"
            )
        for row in self.passed.head(_SHOWN).iter_rows(named=True):
            what = row[f"industry_{language}"]
            lines.append(
                f"  未得：{what}（第 {row['own_rank']} 位，{row['value']:.3f}），"
                f"扣除影子价格 {row['cap_price']:.3f} 后为 {row['net']:.3f}"
                if zh
                else f"  Not given: {what} (number {row['own_rank']}, {row['value']:.3f}); less the price of a place, "
                f"{row['cap_price']:.3f}, it is worth {row['net']:.3f}"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def explain(result: Plan, region: str) -> PlanExplanation:
    """Return why one region gets what it gets."""
    from xinzhi.core.text import Text

    parts, task = result.parts, result.task
    code = code_of(str(region), parts.places, parts.labels["region"], what="region")
    number = parts.places.index(code)
    name = named(parts.labels["region"], code)
    row = result.regions.row(number, named=True)
    debt_zh = debt_en = ""
    if result.debt_year is not None and row["debt_ratio"] is not None:
        debt_zh = f"，{result.debt_year} 年债务余额占产出 {row['debt_ratio']:.0%}"
        debt_en = f", debt {row['debt_ratio']:.0%} of output in {result.debt_year}"
    rank, mine = own_ranks(task.value)[number], result.assignment.chosen[number]
    last = int(rank[mine].max(initial=0))
    passed = np.flatnonzero(~mine & (rank > 0) & (rank < last))
    passed = passed[np.argsort(rank[passed], kind="stable")]
    shown = [named(parts.labels["industry"], parts.industries[column]) for column in passed]
    price = result.assignment.cap_prices[passed]
    return PlanExplanation(
        region=code,
        name=name,
        head=Text(
            zh=f"{name.zh}：{row['size']} 个行业{debt_zh}；期望收益 {row['gain']:.3f}，"
            f"独自选择为 {row['own_best']:.3f}，保底 {row['floor']:.3f}。",
            en=f"{name.en}: {row['size']} industries{debt_en}; expected gain {row['gain']:.3f}, alone "
            f"{row['own_best']:.3f}, floor {row['floor']:.3f}.",
        ),
        assigned=result.frame.filter(pl.col("region") == code),
        passed=pl.DataFrame(
            {
                "industry": [parts.industries[column] for column in passed],
                "industry_zh": [one.zh for one in shown],
                "industry_en": [one.en for one in shown],
                "own_rank": rank[passed],
                "probability": parts.probability[number, passed],
                "gain": parts.gain[number, passed],
                "value": task.value[number, passed],
                "cap": task.caps[passed],
                "taken": result.assignment.chosen.sum(axis=0)[passed],
                "cap_price": price,
                "net": task.value[number, passed] - price,
            },
            schema_overrides=dict.fromkeys(("industry", "industry_zh", "industry_en"), pl.String),
        ),
    )

"""Coverage: what could be computed and what could not, and what does not add up in the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.sources.given import TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.data import Package
    from xinzhi.sources.assumptions import Assumptions
    from xinzhi.sources.detail import Detail, Official
    from xinzhi.sources.identity import Accounts, Parts

_SHOWN = 8
_LEVELS = {
    "industry": Text(zh="由行业核算数据计算。", en="from the accounts of the industries."),
    "sector": Text(
        zh="由三次产业计算；产业内部各行业之间的流动看不到，计入产业自身。",
        en="from three sectors; what moves between the industries of one sector is not seen and stands with the "
        "sector.",
    ),
    "total": Text(
        zh="只有地区总量：部门之间的配置无从计算，其效应包含在突破与升级之中。给出 sector_accounts 与 "
        "sector_investment，或 industry_accounts。",
        en="only totals of regions: what moves between industries cannot be computed and is part of breakthrough and "
        "upgrading. Give sector_accounts with sector_investment, or industry_accounts.",
    ),
}
_LONE = Text(
    zh="可比地区不足，无法区分前沿推进与追赶：行业残差之和见 within 列。",
    en="too few comparable regions to tell a moving frontier from catching up: their sum stands in the column within.",
)
_INDICES = Text(
    zh="投入为指数，地区之间水平不可比，无法确定前沿：行业残差之和见 within 列。",
    en="inputs are indices whose levels do not compare between regions, so there is no frontier: the sum stands in "
    "within.",
)


def coverage(
    detail: Detail, parts: Parts, assume: Assumptions, refused: Sequence[str], outside: Sequence[str] = ()
) -> pl.DataFrame:
    """Return ``quantity, status, reason_zh, reason_en``, one row per quantity.

    Parameters
    ----------
    detail, parts, assume
        What was computed, and from what.
    refused
        Why finer detail was refused.
    outside
        Codes that were named emerging and are no industry of the decomposition.
    """
    import polars as pl

    seen = np.isfinite(parts.within)
    level = _LEVELS[detail.level]
    moved = "not_computed" if detail.level == "total" else "computed"
    rows = [
        _front("breakthrough", detail, parts.breakthrough, seen),
        ("allocation_capital", moved, level),
        ("allocation_labour", moved, level),
        _front("upgrading_traditional", detail, parts.traditional, seen),
        _emerging(detail, parts, seen, outside),
        ("human_capital", *_skill(detail)),
        ("labour_shares", *_shares(detail, assume)),
        ("gross_output", *_gross(detail)),
    ]
    rows += [("finer_detail", "not_computed", Text(zh=f"未采用更细的数据：{why}", en=why)) for why in refused]
    return pl.DataFrame(
        [
            {"quantity": name, "status": status, "reason_zh": text.zh, "reason_en": text.en}
            for name, status, text in rows
        ]
    )


def _front(name: str, detail: Detail, values: FloatArray, seen: BoolArray) -> tuple[str, str, Text]:
    """Return how far a part that needs the frontier is known."""
    known = np.isfinite(values) & seen
    if not known.any():
        return name, "not_computed", _LONE if detail.comparable else _INDICES
    if (seen & ~known).any():
        return name, "partly", _LONE
    return name, "computed", _LEVELS[detail.level]


def _emerging(detail: Detail, parts: Parts, seen: BoolArray, outside: Sequence[str]) -> tuple[str, str, Text]:
    """Return what stands behind the upgrading of emerging industries."""
    name = "upgrading_emerging"
    if parts.mask.any():
        known = _front(name, detail, parts.emerging, seen)
        if not outside or known[1] != "computed":
            return known
        codes = ", ".join(outside[:_SHOWN]) + (", ..." if len(outside) > _SHOWN else "")
        return (
            name,
            "partly",
            Text(
                zh=f"指定的新兴行业中，数据没有 {codes}，其余已计算。",
                en=f"the data have no {codes} among the industries that were named emerging; the others were computed.",
            ),
        )
    if detail.level == "industry":
        text = Text(
            zh="未指定新兴行业：全部升级计入传统行业。",
            en="no industry is named emerging: all upgrading is traditional.",
        )
    else:
        text = Text(
            zh="数据不细分到行业，新兴行业无法单列：全部升级计入传统行业，需要 industry_accounts。",
            en="no detail by industry, so emerging ones cannot be told apart: all upgrading stands under "
            "traditional. It takes industry_accounts.",
        )
    return name, "not_computed", text


def _skill(detail: Detail) -> tuple[str, Text]:
    """Say whose human capital it is."""
    regional = detail.human_capital.strides[0] == 0 or detail.level == "total"
    if regional:
        return "partly", Text(
            zh="各行业采用地区的人力资本：其增长在配置项中相互抵消（份额相同时恰为零），行业之间的技能差异计入行业残差。",
            en="industries have the human capital of their region: its growth cancels from reallocation where shares "
            "are "
            "common, and differences of skill between industries stand in their residuals.",
        )
    return "computed", Text(zh="行业自带人力资本。", en="industries bring human capital of their own.")


def _shares(detail: Detail, assume: Assumptions) -> tuple[str, Text]:
    """Say where the labour shares of the industries come from."""
    if detail.labour_share is not None:
        return "computed", Text(zh="行业自带劳动者报酬份额。", en="industries bring labour shares of their own.")
    if assume["shares"] == "common":
        return "partly", Text(
            zh="行业没有劳动者报酬份额，均采用地区份额（假设 shares: common）。",
            en="industries bring no labour share and take that of the region (assumption shares: common).",
        )
    return "partly", Text(
        zh="采用全国三次产业相对份额，缩放到地区份额（假设 shares: by_sector）。",
        en="shares of the three sectors in the nation, moved to that of the region (assumption shares: by_sector).",
    )


def _gross(detail: Detail) -> tuple[str, Text]:
    """Say whether residuals are on gross output."""
    if detail.gross is not None:
        return "computed", Text(
            zh="按总产出计算，Domar 权重。", en="residuals are on gross output, with Domar weights."
        )
    return "not_computed", Text(
        zh="没有中间投入，行业残差按增加值计算。需要 gross_output_nominal、gross_output_real、intermediate_nominal、"
        "intermediate_real。",
        en="no intermediate inputs, so residuals are on value added. It takes gross_output_nominal, gross_output_real, "
        "intermediate_nominal and intermediate_real.",
    )


def findings(
    data: Package, official: Official, detail: Detail, accounts: Accounts, assume: Assumptions
) -> tuple[Finding, ...]:
    """Return what does not add up: one finding per region and series, at its worst year.

    Levels are those of output at current prices, employment and capital against the region's totals; growth is that of
    real output.
    """
    if detail.level == "total":
        return ()
    table = TABLE if detail.level == "industry" else "sector_accounts"
    seen = np.isfinite(accounts.within)
    found = [
        finding
        for name, gap in detail.gaps.items()
        for finding in _worst(data, official, table, np.expm1(gap), seen, (_LEVEL_TEXTS[name], assume["level_limit"]))
    ]
    growth = _worst(data, official, table, accounts.output_gap, seen, (_GROWTH_TEXT, assume["gap_limit"]))
    return (*found, *growth)


_Words = tuple[str, Text, str]
_LEVEL_TEXTS: dict[str, _Words] = {
    "output": (
        "industries-do-not-add-up",
        Text(
            zh="各行业增加值之和与地区生产总值相差 {gap:+.1%}（超过 {limit:.1%} 的年份有 {count} 个，此为最大）。",
            en="value added of the industries differs from the region's output by {gap:+.1%} (years above "
            "{limit:.1%}: {count}; the largest is given).",
        ),
        "output_nominal",
    ),
    "labour": (
        "labour-does-not-add-up",
        Text(
            zh="各行业就业之和与地区就业人员相差 {gap:+.1%}（超过 {limit:.1%} 的年份有 {count} 个，此为最大）；"
            "已按总数缩放。",
            en="labour of the industries differs from the region's by {gap:+.1%} (years above {limit:.1%}: "
            "{count}; the largest is given); it was scaled to the total.",
        ),
        "employment",
    ),
    "capital": (
        "capital-does-not-add-up",
        Text(
            zh="各行业资本之和与地区资本存量相差 {gap:+.1%}（超过 {limit:.1%} 的年份有 {count} 个，此为最大）；"
            "已按总数缩放。",
            en="capital of the industries differs from the region's by {gap:+.1%} (years above {limit:.1%}: "
            "{count}; the largest is given); it was scaled to the total.",
        ),
        "capital",
    ),
}
_GROWTH_TEXT: _Words = (
    "growth-does-not-add-up",
    Text(
        zh="官方产出增长减各行业增长的加权和为 {gap:+.2%}（差额超过 {limit:.1%} 的年份有 {count} 个，此为最大）。",
        en="official output growth less the weighted growth of the industries is {gap:+.2%} (years with a gap above "
        "{limit:.1%}: {count}; the largest is given).",
    ),
    "output_real",
)
_HINT = Text(
    zh="请检查版本与口径是否一致；差额见 output_gap 列，处理方式由假设 output_gap 决定。",
    en="Check that both are of one vintage and coverage; the gap in growth stands in the column output_gap, and the "
    "assumption output_gap says what becomes of it.",
)


def _worst(
    data: Package, official: Official, table: str, gap: FloatArray, seen: BoolArray, rule: tuple[_Words, float]
) -> list[Finding]:
    """Return a finding for every region whose gap passes the limit in a year that was decomposed."""
    (name, message, column), limit = rule
    size = np.where(seen & np.isfinite(gap), np.abs(gap), 0.0)
    out = []
    for row in np.flatnonzero((size > limit).any(axis=1)).tolist():
        at = int(size[row].argmax())
        year, region = int(official.panel.years[at]), official.panel.regions[row]
        count = int((size[row] > limit).sum())
        words = {"gap": float(gap[row, at]), "count": count, "limit": limit}
        out.append(
            Finding(
                rule=name,
                severity="warning",
                message=message.format(**words),
                hint=_HINT,
                table=table,
                file=data.origins[table].file if table in data.origins else None,
                column=column,
                key=f"{region}/{year}",
                value=f"{words['gap']:+.4f}",
            )
        )
    return out

"""Findings of the register: evidence that was not given, what belongs nowhere, and rules that tell nothing apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.risks.inputs import finding, shorten
from xinzhi.risks.register.rules import common, evidence_names

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding


def absent(what: str, option: str, pitfall: str, why: str = "") -> Finding:
    """Return that a kind of evidence was not handed in, or why it could not be computed."""
    name = evidence_names()[what]
    return finding(
        "evidence-not-given",
        "note",
        (f"没有提供{name['zh']}{'：' + why if why else ''}", f"{name['en']}: not given{', ' + why if why else ''}"),
        (f"用 {option} 提供。", f"Hand it in as {option}."),
        key=pitfall,
        column=what,
    )  # fmt: skip


def everywhere(checks: pl.DataFrame) -> list[Finding]:
    """Return rules on regions that nearly all of them meet: their figure tells regions apart, the flag does not."""
    known = checks.filter(pl.col("kind") == "region", pl.col("status") != "not checked")
    counts = known.group_by("pitfall", "rule").agg(
        hit=(pl.col("status") == "flagged").sum().cast(pl.Int64), among=pl.len().cast(pl.Int64)
    )
    often = counts.filter(pl.col("hit") >= common() * pl.col("among"), pl.col("among") > 1).sort("rule")
    return [
        finding(
            "raised-nearly-everywhere",
            "note",
            (f"规则 {rule} 在 {among} 个地区中的 {hit} 个成立", f"rule {rule} is raised in {hit} of {among} regions"),
            (
                "区分各地区要看数值与位次，不看有无标记。",
                "What tells regions apart is the figure and its rank, not the flag.",
            ),
            key=pitfall,
            column=rule,
        )
        for pitfall, rule, hit, among in often.iter_rows()
    ]


def lost(series: list[str]) -> Finding:
    """Return price series that belong to no region."""
    return finding(
        "series-without-region",
        "warning",
        (f"序列不属于任何地区：{shorten(series, '、')}", f"series belong to no region: {shorten(series)}"),
        ("以地区或城市代码命名序列。", "Name series by the code of a region or city."),
        key="bubble",
    )


def homeless(projects: list[str]) -> Finding:
    """Return projects of no region that the package knows."""
    said = (
        f"{len(projects)} 个项目没有已知的地区，未列入：{shorten(projects, '、')}",
        f"projects without a region that the package knows are left out ({len(projects)}): {shorten(projects)}",
    )
    cure = ("在 projects= 中写上地区或城市代码。", "Give the code of a region or city in projects=.")
    return finding("project-without-region", "warning", said, cure, table="projects", column="region", key="old-wine")


def unmatched(column: str) -> Finding:
    """Return that evidence has no figure for any region and category of the plans."""
    name = evidence_names()[column]
    said = (f"{name['zh']}与规划的地区和类别都对不上", f"{name['en']}: no region and category of the plans is in it")
    cure = (
        "用同样的地区代码和类别（或行业大类）代码。",
        "Use the same codes of regions and of categories or divisions.",
    )
    return finding("evidence-does-not-match", "warning", said, cure, column=column, key="misfit")

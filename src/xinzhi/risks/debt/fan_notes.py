"""What the fan of debt notes: regions left out, and how shocks last from year to year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.text import Text
from xinzhi.risks.debt.fan_autoregression import LIMIT
from xinzhi.risks.inputs import finding, setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.finding import Finding

NAMES = {
    "growth": Text(zh="增长", en="growth"),
    "rate": Text(zh="利率", en="the rate"),
    "net_borrowing": Text(zh="净举债", en="net borrowing"),
}
FEWEST = 4  # years for a fan


def listed(persistence: pl.DataFrame) -> Text:
    """Return variables and their coefficients in words."""
    rows = [(NAMES[name], value) for name, value in persistence.select("variable", "coefficient").iter_rows()]
    return Text(
        zh="，".join(f"{name.zh} {value:.2f}" for name, value in rows),
        en=", ".join(f"{name.en} {value:.2f}" for name, value in rows),
    )


def correlated(series: Sequence[pl.DataFrame]) -> list[Finding]:
    """Return a finding where shocks go on from year to year, so that a fan of independent years is too narrow.

    The correlation of a year with the next is pooled over regions; one over the years is what estimating a mean takes
    off it. Gaps are left out.
    """
    notes = []
    for name, words in NAMES.items():
        products, squares, lost = 0.0, 0.0, 0.0
        for rows in series:
            shocks = (rows[name] - rows[name].mean()).to_numpy()
            neighbours = np.diff(rows["year"].to_numpy()) == 1
            products += float((shocks[1:] * shocks[:-1])[neighbours].sum())
            squares += float((shocks**2).sum())
            lost += float((shocks**2).sum()) / len(shocks)
        if squares <= 0:
            continue
        found = (products + lost) / squares
        if found >= setting("debt/public_debt.yaml", "fan.autocorrelation"):
            notes.append(
                finding(
                    "autocorrelated",
                    "warning",
                    (
                        f"{words.zh}的冲击逐年相关（{found:.2f}），逐年独立的扇形偏窄",
                        f"shocks to {words.en} last into the next year ({found:.2f}): independent years make it narrow",
                    ),
                    (
                        "历史够长时用 order=1，历史短时不指定 order；否则把区间当作下限。",
                        "Use order=1 where the past is long, no order where it is short; else bands are a lower bound.",
                    ),
                    column=name,
                )
            )
    return notes


def follows(persistence: pl.DataFrame, pulled: float) -> Finding:
    """Return that pooled shocks follow one autoregression, with its coefficients and the share cut off at the limit."""
    words = listed(persistence)
    zh = f"历史短的地区，冲击的延续按各地区共同的一阶自回归估计（系数：{words.zh}）"
    en = f"where the past is short, shocks last as one autoregression of all regions says (coefficients: {words.en})"
    if pulled > 0:
        zh += f"；{pulled:.1%} 的系数抽样超过上限 {LIMIT}，按上限计"
        en += f"; {pulled:.1%} of the coefficients drawn lie beyond {LIMIT} and are set to it"
    cure = ("如要逐年独立抽取，用 order=0。", "For independent years use order=0.")
    return finding("pooled-autoregression", "note", (zh, en), cure)


def apart() -> Finding:
    """Return that too few years adjoin for an autoregression."""
    return finding(
        "years-apart",
        "warning",
        (
            "相邻年份太少，无法估计冲击如何延续，各年独立抽取",
            "too few years adjoin to say how shocks last: each year is drawn on its own",
        ),
        ("请补上缺失的年份。", "Fill in the missing years."),
    )


def too_short(code: str, years: int) -> Finding:
    """Return that a region has no fan."""
    return finding(
        "too-short",
        "warning",
        (f"只有 {years} 年，未画扇形图", f"has {years} years only and no fan"),
        (f"至少需要 {FEWEST} 年。", f"It takes {FEWEST} years."),
        key=code,
    )


def pulled_back(code: str, share: float) -> Finding:
    """Return the share of a region's own autoregressions that exploded."""
    return finding(
        "explosive-draws",
        "note",
        (
            f"{share:.1%} 的自回归抽样发散，已拉回平稳",
            f"{share:.1%} of the autoregressions drawn explode and are pulled back",
        ),
        ("比例很高时，不指定 order。", "Where that is much, leave order out."),
        key=code,
    )

"""What the room says, in Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MEASURES = {
    "employment": Text(zh="就业人员", en="employment"),
    "output": Text(zh="产出", en="output"),
    "output_nominal": Text(zh="增加值（当年价格）", en="value added at current prices"),
    "gross_output_nominal": Text(zh="总产出（当年价格）", en="gross output at current prices"),
    "value": Text(zh="数值", en="value"),
}

# Shares closer to 0 or 1 than this are nothing and all: weights do not sum exactly in float64.
EXACT = 1e-12


def verdict(lower: float, upper: float) -> str:
    """Return ``in`` where all of an industry belongs, ``out`` where nothing can, else ``part``.

    Examples
    --------
    >>> verdict(1.0, 1.0), verdict(0.0, 0.0), verdict(0.0, 0.4)
    ('in', 'out', 'part')
    """
    if lower >= 1 - EXACT:
        return "in"
    return "out" if upper <= EXACT else "part"


def measure(name: str) -> Text:
    """Return what a column that weighs is called; a column of one's own keeps its name.

    Examples
    --------
    >>> measure("employment").en, measure("patents").zh
    ('employment', 'patents')
    """
    return _MEASURES.get(name, Text(zh=name, en=name))


def percent(value: float) -> str:
    """Return a share in percent, with one decimal.

    Examples
    --------
    >>> percent(0.1234)
    '12.3%'
    """
    return f"{100 * value:.1f}%"


def interval(lower: float, share: float, upper: float) -> str:
    """Return a share with its bounds, or alone where there is nothing between them."""
    if upper - lower <= EXACT:
        return percent(share)
    return f"{percent(share)} [{percent(lower)}, {percent(upper)}]"


def listed(row: Mapping[str, Any]) -> Text:
    """Say what one definition says of one industry."""
    how = verdict(row["lower"], row["upper"])
    title = Text(zh=row["title_zh"], en=row["title_en"])
    category = Text(zh=row["category_zh"], en=row["category_en"])
    inside = Text(zh=f"，类别：{category.zh}" if category.zh else "", en=f", {category.en}" if category.en else "")
    if how == "out":
        if row["line"]:
            return Text(
                zh=f"{title.zh}列入但不计入范围{inside.zh}", en=f"{title.en} lists it outside its scope{inside.en}"
            )
        return Text(zh=f"{title.zh}未列入", en=f"not listed by {title.en}")
    if how == "in":
        return Text(zh=f"{title.zh}列入{inside.zh}", en=f"listed by {title.en}{inside.en}")
    share = interval(row["lower"], row["share"], row["upper"])
    why = _why(row)
    return Text(
        zh=f"{title.zh}部分列入{inside.zh}，份额 {share}（{why.zh}）",
        en=f"listed in part by {title.en}{inside.en}, share {share} ({why.en})",
    )


def _why(row: Mapping[str, Any]) -> Text:
    """Say why a share is no whole."""
    reasons: list[Text] = []
    if row["unmapped"]:
        reasons.append(Text(zh="对照表未给出去向", en="the concordance does not say where it goes"))
    if row["starred"]:
        assumed = row["assumed"]
        reasons.append(
            Text(
                zh="带星号：仅部分属于" + ("，份额未知，取界限中点" if assumed else ""),
                en="starred: belongs only in part"
                + ("; its share is not known, the middle of the bounds" if assumed else ""),
            )
        )
    if row["split"]:
        reasons.append(Text(zh="对照表一对多", en="the concordance splits it"))
    if row["classes_in"] < row["classes"]:
        inside = f"{row['classes_in']}/{row['classes']}"
        reasons.append(Text(zh=f"{inside} 个小类列入", en=f"{inside} of its classes"))
    if not reasons:
        return Text(zh="按权重", en="by weight")
    return Text(zh="；".join(one.zh for one in reasons), en="; ".join(one.en for one in reasons))


def tested(row: Mapping[str, Any]) -> Text:
    """Say what the use test says of one industry."""
    how = verdict(row["lower"], row["upper"])
    words = {
        "in": Text(zh="数字依赖度达到门槛：因使用而列入", en="its digital dependence reaches the threshold: in by use"),
        "out": Text(
            zh="数字依赖度低于门槛，或未检验", en="its digital dependence is below the threshold, or was not tested"
        ),
        "part": Text(zh="数字依赖度的界限跨越门槛", en="the bounds of its digital dependence straddle the threshold"),
    }
    return words[how]


def reason(rows: Sequence[Mapping[str, Any]]) -> Text:
    """Join what the definitions say of an industry: those that list it, or else all that do not."""
    kept = [row for row in rows if row["upper"] > EXACT] or [row for row in rows if row["line"]] or list(rows)
    texts = [tested(row) if row["definition"] == "use" else listed(row) for row in kept]
    return Text(zh="；".join(one.zh for one in texts) + "。", en="; ".join(one.en for one in texts) + ".")

"""Verdicts in plain words: a few lines for the terminal, a note to hand over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Language
    from xinzhi.yardstick.claims.check_claims import Claims

VERDICTS: Mapping[str, Text] = {
    "supported": Text(zh="成立", en="supported"),
    "superseded": Text(zh="数据已修订", en="superseded"),
    "reachable": Text(zh="换尺子可得", en="reachable"),
    "unreachable": Text(zh="不可得", en="unreachable"),
}
MEANINGS: Mapping[str, Text] = {
    "supported": Text(
        zh="官方协议在舍入误差内得出该数字。", en="The official protocol gives the figure within its rounding."
    ),
    "superseded": Text(
        zh="同一官方协议用于修订前的旧版数据可以得出，用于现行数据得不出。",
        en="The official protocol gives it on an older vintage of the data, and no longer on the revised ones.",
    ),
    "reachable": Text(
        zh="官方协议得不出，另一个可采用的协议可以得出。",
        en="The official protocol does not give it; another admissible protocol does.",
    ),
    "unreachable": Text(zh="任何可采用的协议都得不出。", en="No admissible protocol gives it."),
}
_OFFICIAL = Text(zh="官方协议为 {official}", en="the official protocol gives {official}")
_ALSO = Text(zh="{tried:,} 个协议中 {giving:,} 个可得出", en="{giving:,} of {tried:,} protocols give it")
_REACHABLE = Text(
    zh="{tried:,} 个协议中 {giving:,} 个可得出，偏离最少的为 {departures}（{growth}）",
    en="{giving:,} of {tried:,} protocols give it, with the fewest departures {departures} ({growth})",
)
_NEAREST = Text(
    zh="{tried:,} 个协议的范围为 {lowest} 至 {highest}，最接近的为 {departures}（{growth}）",
    en="{tried:,} protocols give {lowest} to {highest}, the nearest being {departures} ({growth})",
)
_VINTAGES = Text(
    zh="用于旧版数据（{older}）则得出该数字",
    en="on older data ({older}) it gives the figure",
)
_HEAD = Text(
    zh="{name} {start}—{end} 年，声称年均 {written}（±{rounding} 个百分点）：{verdict}",
    en="{name} {start}-{end}, claimed {written} a year (±{rounding} pp): {verdict}",
)


def sentences(result: Claims, language: Language) -> list[str]:
    """Return one line on every claim."""
    return [_sentence(row, _names(result, language), language) for row in result.frame.iter_rows(named=True)]


def note(result: Claims, language: Language = "en") -> str:
    """Return the claims report as Markdown: the verdicts in a table, then the evidence on every claim.

    Examples
    --------
    >>> from xinzhi.yardstick import check_claim
    >>> print(note(check_claim("china-provinces", region="220000", start=2012, end=2017, growth="2.1%"))[:24])
    # Claims about total fac
    """
    zh = language == "zh"
    names = _names(result, language)
    title = "全要素生产率增速声称核对" if zh else "Claims about total factor productivity, checked"
    head = (
        ("地区", "时期", "声称", "官方协议", "最低", "最高", "结论", "出处")
        if zh
        else ("region", "years", "claimed", "official", "lowest", "highest", "verdict", "source")
    )
    lines = [f"# {title}", "", _row(head), _row(["---"] * len(head))]
    for row in result.frame.iter_rows(named=True):
        numbers = [_percent(row[name]) for name in ("official", "lowest", "highest")]
        word = VERDICTS[row["verdict"]].lang(language)
        lines.append(
            _row((names[row["region"]], f"{row['start']}–{row['end']}", row["written"], *numbers, word, row["source"]))
        )
    lines += ["", *(f"- **{VERDICTS[name].lang(language)}**: {text.lang(language)}" for name, text in MEANINGS.items())]
    for row in result.frame.iter_rows(named=True):
        lines += ["", f"## {names[row['region']]} {row['start']}–{row['end']}", "", _sentence(row, names, language)]
        lines += _evidence(result, row, language)
        if row["flags"]:
            marks = ", ".join(f"`{mark}`" for mark in row["flags"].split(";"))
            lines += [
                "",
                f"官方结果所依据数字的标记：{marks}" if zh else f"The official answer rests on figures marked {marks}.",
            ]
    unit = (
        "增速为年均对数增长率乘以100；贡献为百分点，按沙普利值分解，合计等于与官方协议之差。"
        if zh
        else "Growth is 100 times log points per year. Contributions are percentage points a year (Shapley values); "
        "they sum to the difference from the official protocol."
    )
    lines += ["", unit, "", f"{result.provenance.package} · {result.provenance.foot()}"]
    lines += ["", *(f"- sha256 {table}: `{digest}`" for table, digest in result.provenance.inputs.items())]
    return "\n".join(lines) + "\n"


def _names(result: Claims, language: Language) -> dict[str, str]:
    """Return the names of the regions."""
    column = "name_zh" if language == "zh" else "name_en"
    return dict(result.regions.select("region", column).iter_rows())


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def _sentence(row: Mapping[str, Any], names: Mapping[str, str], language: Language) -> str:
    """Return verdict and evidence on one claim."""
    zh = language == "zh"
    words = {
        **row,
        "name": names[row["region"]],
        "rounding": f"{100 * row['rounding']:.10g}",
        "official": _percent(row["official"]),
        "lowest": _percent(row["lowest"]),
        "highest": _percent(row["highest"]),
        "growth": _percent(row["protocol_growth"]),
        "departures": row["departures"] or ("官方协议" if zh else "the official one"),
        "verdict": VERDICTS[row["verdict"]].lang(language),
        "older": row["older_vintages"].replace(";", ", "),
    }
    texts = [_OFFICIAL]
    if row["older_vintages"] and row["verdict"] != "supported":
        texts.append(_VINTAGES)
    if row["verdict"] == "superseded":
        texts.append(_ALSO)
    if row["verdict"] == "reachable":
        texts.append(_REACHABLE)
    if row["verdict"] == "unreachable":
        texts.append(_NEAREST)
    told = ("；" if zh else "; ").join(text.lang(language).format(**words) for text in texts)
    return (
        f"{_HEAD.lang(language).format(**words)}{'。' if zh else '. '}{told[0].upper()}{told[1:]}{'。' if zh else '.'}"
    )


def _evidence(result: Claims, row: Mapping[str, Any], language: Language) -> list[str]:
    """Return the table of departures of one claim; nothing where the official protocol is all there is."""
    import polars as pl

    here = result.departures.filter(*(pl.col(name) == row[name] for name in result.key))
    if not here.height:
        return []
    head = (
        ("协议", "参数", "官方取值", "该协议取值", "贡献（百分点）")
        if language == "zh"
        else ("protocol", "parameter", "official value", "value", "contribution (pp)")
    )
    lines = ["", _row(head), _row(["---"] * len(head))]
    for part in here.iter_rows(named=True):
        gain = f"{100 * part['contribution']:+.3f}"
        lines.append(_row((part["number"], f"`{part['parameter']}`", part["official"], part["value"], gain)))
    return lines


def _row(cells: Any) -> str:  # noqa: ANN401 - whatever stands in a table
    """Return a row of a Markdown table; a bar in a cell would end it."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

"""What texts say, field by field, in their own words: the two sides of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.risks.projects import quantities, vocabulary
from xinzhi.risks.projects.owners import companies, owners
from xinzhi.risks.projects.places import SLOTS, name_of, places
from xinzhi.risks.projects.records import NUMBERS, capacity_spans, figure_spans, number_spans, without_approvals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.arrays import IntArray
    from xinzhi.core.text import Language
    from xinzhi.risks.projects.screen import Comparison, Screening


_BETWEEN = "; "


def sayings(texts: pl.Series, regions: pl.Series | None = None) -> pl.DataFrame:
    """Return what every text says about every field.

    Parameters
    ----------
    texts, regions
        As for `xinzhi.risks.projects.records.read`.

    Returns
    -------
    polars.DataFrame
        ``row, field, said``: the words of the text; places by their names.

    Examples
    --------
    >>> said = sayings(pl.Series(["合肥市光伏项目，总投资12.5亿元"]))
    >>> dict(said.select("field", "said").iter_rows())
    {'place': '合肥市', 'investment': '总投资12.5亿元', 'sector': '光伏'}
    """
    plain = quantities.plain(texts)
    parts = [part.select("row", "field", "said") for part in _parts(plain, vocabulary.lower(plain), regions)]
    every = pl.concat([part.cast({"row": pl.UInt32}) for part in parts])
    return (
        every.group_by("row", "field", maintain_order=True)
        .agg(pl.col("said").str.join(_BETWEEN))
        .sort("row", maintain_order=True)
    )


def _parts(plain: pl.Series, lowered: pl.Series, regions: pl.Series | None) -> Iterator[pl.DataFrame]:
    found = quantities.extract(without_approvals(plain))
    numbers, capacities = number_spans(found), capacity_spans(found)
    named = companies(plain)
    yield _places(places(plain, regions, named))
    yield _named(owners(plain, named), "owner")
    names = dict(enumerate(NUMBERS))
    field = pl.col("field").replace_strict(names, return_dtype=pl.String)
    yield numbers.select("row", field.alias("field"), pl.col("span").alias("said"))
    yield _named(capacities, "capacity")
    yield _named(figure_spans(found, numbers, capacities), "figures")
    for kind, name in (("components", "components"), ("sectors", "sector")):
        spotted = vocabulary.spotted(lowered, kind)
        yield spotted.select("row", pl.lit(name).alias("field"), pl.col("word").str.strip_chars().alias("said"))
    yield _named(vocabulary.approvals(plain), "approval")
    yield _named(found.filter(pl.col("kind") == "year").unique(["row", "value"], maintain_order=True), "dates")


def _named(part: pl.DataFrame, field: str) -> pl.DataFrame:
    return part.select("row", pl.lit(field).alias("field"), pl.col("span").str.strip_chars().alias("said"))


def _places(codes: IntArray) -> pl.DataFrame:
    rows = [
        (row, "place", name_of(int(codes[row, slot]))[0])
        for row in range(len(codes))
        for slot in range(SLOTS)
        if codes[row, slot]
    ]
    return pl.DataFrame(rows, schema={"row": pl.UInt32, "field": pl.String, "said": pl.String}, orient="row")


VERDICTS = {
    "repackaged": Text(zh="旧项目新包装", en="repackaged"),
    "follow-on": Text(zh="后续工程", en="follow-on"),
    "new": Text(zh="新项目", en="new"),
    "cannot tell": Text(zh="无法判断", en="cannot tell"),
}
FIELDS = {
    "place": Text(zh="地点", en="place"),
    "owner": Text(zh="业主", en="owner"),
    "investment": Text(zh="总投资", en="investment"),
    "turnover": Text(zh="产值", en="turnover"),
    "land": Text(zh="用地", en="land"),
    "floor": Text(zh="建筑面积", en="floor area"),
    "length": Text(zh="长度", en="length"),
    "capacity": Text(zh="规模", en="capacity"),
    "figures": Text(zh="其他数字", en="further figures"),
    "components": Text(zh="建设内容", en="components"),
    "sector": Text(zh="行业", en="sector"),
    "approval": Text(zh="批复文号", en="approval number"),
    "dates": Text(zh="年份", en="dates"),
    "text": Text(zh="文字", en="wording"),
    "phase": Text(zh="期次", en="phase"),
}
LEVELS = {
    "other province": "省份不同",
    "other city": "城市不同",
    "same province": "同省",
    "other county": "同市不同县",
    "same city": "同市",
    "same county": "同县",
    "other owner": "业主不同",
    "same brand": "字号相同",
    "same name": "名称相同",
    "differs": "不同",
    "within 25 %": "相差25%以内",
    "within 10 %": "相差10%以内",
    "within 3 %": "相差3%以内",
    "equal, round": "相等（整数）",
    "equal, precise": "相等（精确）",
    "none": "无",
    "few": "少数",
    "many": "多数",
    "most": "几乎全部",
    "other sector": "行业不同",
    "same sector": "行业相同",
    "other number": "文号不同",
    "same number": "文号相同",
    "other years": "年份不同",
    "one year": "一个年份相同",
    "same years": "年份相同",
    "faint": "略似",
    "some": "部分相似",
    "much": "大部相似",
    "close": "相近",
    "same": "相同",
    "same phase": "未称后续",
    "later phase": "称为后续",
}
_RARE, _HALF = 0.01, 0.5
REASONS = {
    "undecided": Text(zh="证据不足以分辨", en="the evidence does not decide"),
    "unreadable": Text(
        zh="地点、业主、数字中可比对者不足两项，单凭文字无从判断",
        en="fewer than two of place, owner and numbers could be compared, and wording alone does not decide",
    ),
    "empty": Text(zh="没有文字", en="there is no text"),
}


def chance(value: float) -> str:
    """Write a probability in percent, never as certain.

    Examples
    --------
    >>> chance(0.423), chance(0.9938), chance(0.99997), chance(0.0002)
    ('42%', '99.4%', '>99.9%', '<0.1%')
    """
    if not _RARE / 10 <= value <= 1 - _RARE / 10:
        return ">99.9%" if value > _HALF else "<0.1%"
    return f"{value:.1%}" if value < _RARE or value > 1 - _RARE else f"{value:.0%}"


def span(low: float, high: float) -> str:
    """Write an interval of a probability.

    Examples
    --------
    >>> span(0.31, 0.55), span(0.9996, 0.9999), span(0.95, 0.9999), span(0.0002, 0.004)
    ('31–55%', '>99.9%', '≥95%', '≤0.4%')
    """
    ends = (chance(low), chance(high))
    if ends[0] == ends[1]:
        return ends[0]
    if ends[1].startswith(">"):
        return f"≥{ends[0]}"
    return f"≤{ends[1]}" if ends[0].startswith("<") else f"{ends[0].removesuffix('%')}–{ends[1]}"


def summarise(result: Screening, language: Language) -> str:
    """Return how many projects are what, and the clearest case."""
    count = {name: result.frame.filter(verdict=name).height for name in VERDICTS}
    total = result.frame.height
    if language == "zh":
        lines = [
            f"{total:,} 个项目与 {result.archive_size:,} 个历史项目比对："
            + "，".join(f"{VERDICTS[name].zh} {number:,} 个" for name, number in count.items())
        ]
    else:
        said = ", ".join(f"{number:,} {VERDICTS[name].en}" for name, number in count.items())
        ones = "project" if total == 1 else "projects"
        known = "one" if result.archive_size == 1 else "ones"
        lines = [f"{total:,} {ones} against {result.archive_size:,} archived {known}: {said}"]
    first = result.frame.filter(verdict="repackaged").sort("probability", "id", descending=[True, False]).head(1)
    for row in first.iter_rows(named=True):
        lines.append(_clearest(row, language))
    if result.weights_synthetic:
        lines.append(_warning(language))
    if result.findings:
        lines.append(_findings(len(result.findings), language))
    return "\n".join([*lines, result.provenance.foot()])


def _clearest(row: dict[str, Any], language: Language) -> str:
    if language == "zh":
        return (
            f"  最明显的：{row['id']} 与 {row['archive_id']}，概率 {chance(row['probability'])}"
            f"（区间 {span(row['lower'], row['upper'])}）；{row['evidence_zh']}"
        )
    return (
        f"  clearest: {row['id']} is {row['archive_id']} over again with probability {chance(row['probability'])} "
        f"(interval {span(row['lower'], row['upper'])}); {row['evidence']}"
    )


def _warning(language: Language) -> str:
    if language == "zh":
        return "  权重由合成项目学得：概率以其构成为准，定案前请看逐项证据"
    return "  the weights were learned on synthetic projects: read the ledger before you decide on a case"


def _findings(count: int, language: Language) -> str:
    if language == "zh":
        return f"  {count} 处数据问题"
    return f"  {count} {'finding' if count == 1 else 'findings'} on the data"


def tell(comparison: Comparison, language: Language) -> str:
    """Return the ledger of one pair as lines."""
    zh = language == "zh"
    row = comparison.verdict
    verdict = VERDICTS[row["verdict"]].lang(language)
    odds = f"{chance(row['probability'])} ({span(row['lower'], row['upper'])})"
    if comparison.archive_id is None:
        none = "没有共有两项线索的历史项目" if zh else "no archived project shares two keys with it"
        return f"{comparison.id}: {verdict}; {none}"
    lines = [f"{comparison.id} : {comparison.archive_id}: "]
    rank = int(comparison.ledger["rank"][0])
    if rank == 1:
        lines[0] += f"{verdict}, " + (f"旧项目新包装的概率 {odds}" if zh else f"probability of being repackaged {odds}")
        lines += [f"  {REASONS[row['reason']].lang(language)}"] if row["reason"] else []
    else:
        total = f"{comparison.ledger['weight'].sum():+.1f}"
        lines[0] += (
            f"第 {rank} 接近的历史项目，权重合计 {total}" if zh else f"candidate {rank}, weights add up to {total}"
        )
    for entry in comparison.ledger.filter(~(comparison.ledger["level"] < 0)).iter_rows(named=True):
        name = FIELDS[entry["field"]].lang(language)
        level = LEVELS[entry["agreement"]] if zh else entry["agreement"]
        sides = f": {entry['project']} | {entry['archive']}" if entry["project"] or entry["archive"] else ""
        lines.append(f"  {entry['weight']:+6.1f}  {name}: {level}{sides}")
    lines += [
        f"  {'变化' if zh else 'changed'}: {entry[language]}" for entry in comparison.changes.iter_rows(named=True)
    ]
    return "\n".join(lines)

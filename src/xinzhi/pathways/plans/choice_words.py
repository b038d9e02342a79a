"""What `choices` says: the answer to the question of the same few, and the list of one region explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.pathways.conventions import conventions
from xinzhi.pathways.industries import code_of, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.text import Language, Text
    from xinzhi.pathways.plans.choices import Choices


_SHOWN = 3
_VERDICTS = {
    "more": ("多于偶然", "more than chance"),
    "as expected": ("与偶然无显著差异", "not beyond chance"),
    "fewer": ("少于偶然", "less than chance"),
}


def summarise(result: Choices, language: Language) -> str:
    """Return the sentences of `Choices.summary`."""
    lines = [_year(result, year, language) for year in result.lists]
    lines.append(_unfit(result, language))
    lines.append(_without(result, language))
    return "\n".join([*lines, result.provenance.foot()])


def _year(result: Choices, year: int, language: Language) -> str:
    """Return how alike the lists of a year are, and how often the quoted industries are named."""
    zh = language == "zh"
    row = result.overlap.filter(pl.col("year") == year).row(0, named=True)
    frame = result.frame.filter(pl.col("year") == year)
    quoted = conventions("choices")["quoted"]
    shown = [
        frame.filter(pl.col("category") == code).row(0, named=True)
        for code in quoted if code in result.lists[year].categories
    ]  # fmt: skip
    if not shown:
        shown = frame.sort("named", "category", descending=[True, False]).head(_SHOWN).rows(named=True)
    words = []
    for one in shown:
        verdict = _VERDICTS[one["verdict"]][0 if zh else 1]
        words.append(
            f"{one['name_zh']} {one['named']}（偶然 {one['expected']:.1f}，{verdict}，{_chance(one['q'])}）"
            if zh
            else f"{one['name_en']} {one['named']} ({one['expected']:.1f} by chance: {verdict}, {_chance(one['q'])})"
        )
    if zh:
        return (
            f"{year} 年 {row['regions']} 个地区平均提出 {row['mean_length']:.1f} 类产业（共 {row['categories']} 类），"
            f"两两重合度 {row['mean_jaccard']:.2f}；同样长的随机清单为 {row['by_length']:.2f}。"
            f"提出的地区数：{'；'.join(words)}。"
        )
    return (
        f"{year}: {row['regions']} regions name {row['mean_length']:.1f} of {row['categories']} categories on average; "
        f"two lists share {row['mean_jaccard']:.2f} of their union, random lists of these lengths "
        f"{row['by_length']:.2f}. Regions naming: {'; '.join(words)}."
    )


def _unfit(result: Choices, language: Language) -> str:
    """Return what is named farthest from what regions can do, in the last year."""
    year = result.last_year()
    regions = result.regions.filter(pl.col("year") == year)
    fit = result.overlap.filter(pl.col("year") == year).row(0, named=True)
    if fit["fit"] is None:
        return (
            "没有一类产业能与统计行业对应，无法判断适配。"
            if language == "zh"
            else "No category falls in an industry of the statistics: fit cannot be judged."
        )
    far, blind = int(regions["unfit_absent"].sum()), float(regions["expected_unfit"].sum())
    total = int(regions["unfit"].sum())
    most = regions.sort("unfit_absent", "region", descending=[True, False]).head(_SHOWN)
    over = result.frame.filter(pl.col("year") == year, pl.col("over_choice").is_not_null())
    over = over.sort("over_choice", "category", descending=[True, False]).head(_SHOWN)
    if language == "zh":
        who = "、".join(f"{name}（{count}）" for name, count in most.select("name_zh", "unfit_absent").iter_rows())
        what = "、".join(f"{name}（{ratio:.1f}）" for name, ratio in over.select("name_zh", "over_choice").iter_rows())
        follow = "比其他地区更接近" if fit["p_fit"] <= _level() else "并不比其他地区更接近"
        return (
            f"{year} 年有 {total} 项选择落在关联密度最低的三个十分位（随机清单为 {blind:.0f} 项），"
            f"其中 {far} 项当地尚无专业化：最多的是{who}。过度选择指数最高：{what}。"
            f"给定清单长度和各产业的热度，提出某产业的地区{follow}该产业（p = {fit['p_fit']:.3f}）。"
        )
    who = ", ".join(f"{name} ({count})" for name, count in most.select("name_en", "unfit_absent").iter_rows())
    what = ", ".join(f"{name} ({ratio:.1f})" for name, ratio in over.select("name_en", "over_choice").iter_rows())
    follow = "are nearer to it" if fit["p_fit"] <= _level() else "are no nearer to it"
    return (
        f"{year}: {total} choices come from the three lowest deciles of density (blind lists: {blind:.0f}), "
        f"{far} of them without any specialisation: most in {who}. Most over-chosen: {what}. "
        f"Given lengths and popularity, regions that name an industry {follow} than the others "
        f"(p = {fit['p_fit']:.3f})."
    )


def _without(result: Choices, language: Language) -> str:
    """Return what lists without the herd would be, in the last year."""
    year = result.last_year()
    found = result.without_herd(year)
    dropped, added = (int((found["change"] == word).sum()) for word in ("drop", "add"))
    counts = found.group_by("category").agg(pl.col("named", "without").cast(pl.Int64).sum())
    falls = counts.with_columns(fall=pl.col("named") - pl.col("without")).filter(pl.col("fall") > 0)
    falls = falls.sort("fall", "category", descending=[True, False]).head(_SHOWN)
    zh = language == "zh"
    words = [
        f"{named(result.labels['category'], code).lang(language)} {before} → {after}"
        for code, before, after in falls.select("category", "named", "without").iter_rows()
    ]
    if zh:
        return f"若不随大流：放弃 {dropped} 项、补上 {added} 项力所能及而未提出的产业；{'、'.join(words)}。"
    return (
        f"Without the herd {dropped} choices would go and {added} that regions are able to build and leave out would "
        f"come: {', '.join(words)}."
    )


def _level() -> float:
    return float(conventions("choices")["significance"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceExplanation:
    """What stands behind the list of one region in one year.

    Parameters
    ----------
    region, year, name
        The region, the year and its name.
    head
        The first sentence.
    cells
        ``category, name_zh, name_en, named, others, expected, verdict, density, decile, decile_here, present, able,
        unfit, change, status_zh, status_en``: every category; `others` counts the other regions that name it.
    nearest
        The region with the most similar list and their likeness.
    """

    region: str
    year: int
    name: Text
    head: Text
    cells: pl.DataFrame
    nearest: tuple[Text, float]

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        zh = language == "zh"
        lines = [self.head.lang(language)]
        parts = (
            ("提出而不适配", "Named, but not near", pl.col("unfit") & ~pl.col("present")),
            ("提出且力所能及", "Named and able", pl.col("named") & pl.col("able")),
            ("力所能及而未提出", "Able, but not named", ~pl.col("named") & pl.col("able")),
            ("提出而无法判断", "Named, cannot be judged", pl.col("named") & pl.col("density").is_null()),
        )
        for label_zh, label_en, where in parts:
            rows = self.cells.filter(where).rows(named=True)
            words = [_cell(row, language) for row in rows]
            none = "无" if zh else "none"
            lines.append(
                f"  {label_zh}：{'；'.join(words) or none}" if zh else f"  {label_en}: {'; '.join(words) or none}"
            )
        other, how = self.nearest
        lines.append(
            f"  最相似的清单：{other.zh}（{how:.2f}）" if zh else f"  Most similar list: {other.en} ({how:.2f})"
        )
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def _cell(row: dict[str, object], language: Language) -> str:
    name = row["name_zh"] if language == "zh" else row["name_en"]
    if row["density"] is None:
        return f"{name}（{row['status_zh']}）" if language == "zh" else f"{name} ({row['status_en']})"
    if language == "zh":
        return f"{name}（密度第 {row['decile']} 十分位，另有 {row['others']} 地）"
    return f"{name} (density decile {row['decile']}, {row['others']} others)"


def explain(result: Choices, region: str, year: int | None) -> ChoiceExplanation:
    """Return what stands behind the list of one region in one year."""
    from xinzhi.core.text import Text

    when = result.last_year() if year is None else year
    if when not in result.lists:
        raise UsageError("pathways.unknown", what="lists", asked=when, known=list(result.lists))
    lists = result.lists[when]
    code = code_of(str(region), lists.regions, result.labels["region"], what=f"list of {when} of the region")
    name = named(result.labels["region"], code)
    changes = result.without_herd(when).filter(pl.col("region") == code).select("category", "change")
    of_all = result.frame.filter(pl.col("year") == when).select(
        "category",
        "name_zh",
        "name_en",
        pl.col("named").alias("times"),
        "expected",
        "verdict",
        "status_zh",
        "status_en",
    )
    cells = (
        result.cells.filter(pl.col("year") == when, pl.col("region") == code)
        .join(of_all, on="category")
        .join(changes, on="category")
        .with_columns(others=pl.col("times") - pl.col("named").cast(pl.Int64))
        .select(_columns())
    )
    row = result.regions.filter(pl.col("year") == when, pl.col("region") == code).row(0, named=True)
    even = float(of_all["expected"][0])
    return ChoiceExplanation(
        region=code,
        year=when,
        name=name,
        head=Text(
            zh=f"{name.zh} {when} 年：在 {len(lists.categories)} 类中提出 {row['length']} 类；"
            f"偶然情形下每类有 {even:.1f} 个地区提出。",
            en=f"{name.en} {when}: names {row['length']} of {len(lists.categories)} categories; {even:.1f} regions "
            "would name one by chance.",
        ),
        cells=cells,
        nearest=(named(result.labels["region"], row["nearest"]), row["nearest_jaccard"]),
    )


def _columns() -> Sequence[str]:
    return (
        "category", "name_zh", "name_en", "named", "others", "expected", "verdict", "density", "decile", "decile_here",
        "present", "able", "unfit", "change", "status_zh", "status_en",
    )  # fmt: skip


def _chance(q: float) -> str:
    """Write a false-discovery rate; one that would round to nought says that it is below a thousandth.

    Examples
    --------
    >>> _chance(0.042), _chance(0.0001)
    ('q = 0.042', 'q < 0.001')
    """
    return f"q = {q:.3f}" if q >= 0.0005 else "q < 0.001"  # noqa: PLR2004 - half of the last digit shown

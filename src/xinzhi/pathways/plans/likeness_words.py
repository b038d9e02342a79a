"""What `isomorphism` says: likeness by level and over time, and one region explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.pathways.complexity.relatedness import revealed_advantage
from xinzhi.pathways.industries import code_of, named
from xinzhi.pathways.plans.similarity import shares

if TYPE_CHECKING:
    from xinzhi.core.text import Language, Text
    from xinzhi.pathways.plans.isomorphism import Isomorphism


_SHOWN = 3


def summarise(result: Isomorphism, language: Language) -> str:
    """Return the sentences of `Isomorphism.summary`."""
    zh = language == "zh"
    last, first = max(result.places), min(result.places)
    rows = result.years.filter(pl.col("year") == last).rows(named=True)
    by_level = [f"{_level(row['level'], language)} {row['mean_cosine']:.2f}" for row in rows]
    end = rows[-1]
    lines = [
        f"{last} 年两两结构相似系数（UNIDO）平均：{'、'.join(by_level)}。分类越粗，看上去越像。"
        if zh
        else f"Mean structural similarity (UNIDO) of two regions in {last}: {', '.join(by_level)}; the coarser the "
        "classification, the more alike they look."
    ]
    if end["expected"] is not None:
        beyond = end["p_more"] <= 0.05  # noqa: PLR2004 - the usual level of a test
        lines.append(
            f"同样专业化程度、随机选择行业时为 {end['expected']:.2f}（{end['low']:.2f}–{end['high']:.2f}）："
            f"实际结构{'比偶然更像' if beyond else '并不比偶然更像'}。"
            if zh
            else f"Equally specialised regions in industries picked at random: {end['expected']:.2f} "
            f"({end['low']:.2f} to {end['high']:.2f}); structures are {'more' if beyond else 'no more'} alike."
        )
    if first != last:
        then = result.years.filter(pl.col("year") == first, pl.col("level") == end["level"]).row(0, named=True)
        lines.append(
            f"{first}–{last} 年从 {then['mean_cosine']:.2f} 变为 {end['mean_cosine']:.2f}，"
            f"克鲁格曼指数从 {then['mean_krugman']:.2f} 变为 {end['mean_krugman']:.2f}。"
            if zh
            else f"From {first} to {last} it moved from {then['mean_cosine']:.2f} to {end['mean_cosine']:.2f}, "
            f"Krugman's index from {then['mean_krugman']:.2f} to {end['mean_krugman']:.2f}."
        )
    if result.choice is not None:
        lines.append(result.choice.summary(language).rsplit("\n", 1)[0])
    return "\n".join([*lines, result.provenance.foot()])


def _level(level: str, language: Language) -> str:
    if language == "en":
        return level
    words = {"section": "门类", "group": "行业组", "2-digit": "大类", "3-digit": "中类", "4-digit": "小类"}
    return words.get(level, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessExplanation:
    """Whom a region resembles, and what sets it apart.

    Parameters
    ----------
    region, year, level, name
        The region, the year, the level and its name.
    others
        ``region, name_zh, name_en, cosine, krugman, expected, p_more``: the other regions, the most alike first.
    activities
        ``activity, name_zh, name_en, share, share_elsewhere, advantage``: its structure, the largest departure first.
    row
        Its row of `Isomorphism.regions`.
    """

    region: str
    year: int
    level: str
    name: Text
    others: pl.DataFrame
    activities: pl.DataFrame
    row: dict[str, object]

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        near, far = self.others.row(0, named=True), self.others.row(-1, named=True)
        apart = [
            f"{row[f'name_{language}']} {row['share']:.1%} / {row['share_elsewhere']:.1%}"
            for row in self.activities.head(_SHOWN).iter_rows(named=True)
        ]
        own = self.row
        if language == "zh":
            return (
                f"{self.name.zh} {self.year} 年（{_level(self.level, 'zh')}）：最相似 {near['name_zh']}"
                f"（{near['cosine']:.2f}），最不相似 {far['name_zh']}（{far['cosine']:.2f}）。\n"
                f"  与其余地区合计：克鲁格曼指数 {own['krugman_rest']:.2f}，哈奇曼指数 {own['hachman']:.2f}，"
                f"泰尔指数 {own['theil']:.2f}，赫芬达尔指数 {own['hhi']:.3f}。\n"
                f"  差别最大的行业（本地 / 其余地区份额）：{'；'.join(apart)}。"
            )
        return (
            f"{self.name.en} {self.year}, {self.level}: most alike {near['name_en']} "
            f"(cosine {near['cosine']:.2f}), least {far['name_en']} ({far['cosine']:.2f}).\n"
            f"  Against all others: Krugman {own['krugman_rest']:.2f}, Hachman {own['hachman']:.2f}, Theil "
            f"{own['theil']:.2f}, Herfindahl {own['hhi']:.3f}.\n"
            f"  Furthest apart (share here / elsewhere): {'; '.join(apart)}."
        )

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def explain(result: Isomorphism, region: str, year: int | None) -> LikenessExplanation:
    """Return whom one region resembles at the finest level."""
    when, level = max(result.places) if year is None else year, result.finest()
    if when not in result.places:
        raise UsageError("pathways.unknown", what="year", asked=when, known=list(result.places))
    code = code_of(str(region), result.places[when], result.labels, what="region")
    pairs = result.frame.filter(pl.col("level") == level, pl.col("year") == when)
    mine = pl.concat(
        [
            pairs.filter(pl.col("region") == code).drop("region").rename({"other": "region"}),
            pairs.filter(pl.col("other") == code).drop("other"),
        ],
        how="diagonal",
    ).sort("cosine", "region", descending=[True, False])
    shown = [named(result.labels, one) for one in mine["region"]]
    others = mine.select("region", "cosine", "krugman", "expected", "p_more").with_columns(
        pl.Series("name_zh", [name.zh for name in shown]), pl.Series("name_en", [name.en for name in shown])
    )
    values = result.structures[level, when]
    number = result.places[when].index(code)
    names = result.activities.filter(pl.col("level") == level, pl.col("year") == when)["activity"]
    elsewhere = values.sum(axis=0) - values[number]
    words = [named(result.labels, one) for one in names]
    activities = pl.DataFrame(
        {
            "activity": names,
            "name_zh": [word.zh for word in words],
            "name_en": [word.en for word in words],
            "share": shares(values)[number],
            "share_elsewhere": elsewhere / elsewhere.sum(),
            "advantage": revealed_advantage(values)[number],
        }
    )
    order = np.argsort(-np.abs((activities["share"] - activities["share_elsewhere"]).to_numpy()), kind="stable")
    row = result.regions.filter(pl.col("level") == level, pl.col("year") == when, pl.col("region") == code)
    return LikenessExplanation(
        region=code,
        year=when,
        level=level,
        name=named(result.labels, code),
        others=others,
        activities=activities[order],
        row=row.row(0, named=True),
    )

"""Parts of the register's sentences that depend on the figures: names, chances, and what would clear a flag."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTLOOK_WORDS = ("chance_zh", "chance_en", "few_zh", "few_en", "needed", "survey_zh", "survey_en")
_NEARLY = 0.995  # what would be printed as 100 %


def outlook_words(row: Mapping[str, Any], names: Mapping[str, Text]) -> dict[str, str | None]:
    """Return the words on one category: its chance, how many may build, the growth needed, and the survey's series.

    Parameters
    ----------
    row
        ``chance_below, few, needed, survey``; null where nothing was computed.
    names
        Of the survey's series.

    Examples
    --------
    >>> row = {"chance_below": 0.999, "few": 5.7, "needed": 0.0982, "survey": "automobile"}
    >>> [outlook_words(row, {})[one] for one in ("chance_en", "few_en", "needed", "survey_en")]
    ['over 99%', 'at most 5 of them building', '9.8%', 'automobile']
    """
    if row["chance_below"] is None:
        return dict.fromkeys(OUTLOOK_WORDS)
    chance, series = chance_words(float(row["chance_below"])), (row["survey"] or "").split(";")
    said = _few(row["few"])
    return {
        "chance_zh": chance.zh,
        "chance_en": chance.en,
        "few_zh": said.zh,
        "few_en": said.en,
        "needed": "-" if row["needed"] is None else f"{row['needed']:.1%}",
        "survey_zh": "、".join(names[one].zh if one in names else one for one in series),
        "survey_en": ", ".join(one.replace("_", " ") for one in series),
    }


def chance_words(chance: float) -> Text:
    """Return a chance in words, never as certain.

    Examples
    --------
    >>> chance_words(0.64).en, chance_words(0.9999).en
    ('64%', 'over 99%')
    """
    if chance >= _NEARLY:
        return Text(zh=" 99% 以上", en="over 99%")
    return Text(zh=f" {chance:.0%}", en=f"{chance:.0%}")


def growth_words(needed: float | None, usual: float) -> Text:
    """Return the growth of nominal output that would clear borrowing; that none would is said.

    Examples
    --------
    >>> growth_words(0.102, 0.0372).en
    ', or nominal growth of 10.2% a year (3.7% in these years)'
    """
    if needed is None:
        return Text(zh="（单靠增长达不到）", en=" (no growth alone would do)")
    return Text(
        zh=f"，或名义产出每年增长 {needed:.1%} 以上（这几年为 {usual:.1%}）",
        en=f", or nominal growth of {needed:.1%} a year ({usual:.1%} in these years)",
    )


def _few(few: float | None) -> Text:
    """Return how many regions may build."""
    if few is None:
        return Text(zh="产能利用率在该假定下不变", en="nothing, as utilisation does not move under the assumptions")
    if few < 0:
        return Text(
            zh="先淘汰产能（无一地区建设也低于此线）", en="capacity retired first (it ends below even if none builds)"
        )
    if few < 1:
        return Text(zh="没有地区建设", en="none of them building")
    return Text(zh=f"建设的地区不超过 {floor(few)} 个", en=f"at most {floor(few)} of them building")

"""What changed between an archived text and the project that resembles it: label, name, order, numbers, tongue."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text
from xinzhi.risks.screening.comparison import MISSING, NAMES
from xinzhi.risks.screening.records import NUMBERS
from xinzhi.risks.screening.words import labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import numpy.typing as npt

    from xinzhi.risks.screening.records import Records

_CLOSE = (1, 2, 3)  # levels of a number that moved and is still recognisable
_NUMBERS = tuple(NAMES.index(name) for name in (*NUMBERS, "capacity"))


def changes(
    sides: tuple[Records, int, Records, int],
    levels: npt.NDArray[np.int8],
    titles: tuple[str, str],
    said: tuple[Mapping[str, str], Mapping[str, str]],
    texts: tuple[str, str],
) -> Iterator[tuple[str, Text]]:
    """Yield what changed from an archived text to a project.

    Parameters
    ----------
    sides
        The projects and the row, the archive and the row.
    levels
        `(F,)` their agreement.
    titles, said, texts
        Title, what is said by field, and the plain text of project and archived record.
    """
    projects, project, archive, record = sides
    yield from _buzzwords(int(projects.buzzwords[project]) & ~int(archive.buzzwords[record]))
    if titles[0] and titles[1] and titles[0] != titles[1]:
        yield (
            "name",
            Text(zh=f"名称由“{titles[1]}”改为“{titles[0]}”", en=f"renamed from '{titles[1]}' to '{titles[0]}'"),
        )
    if projects.chinese[project] != archive.chinese[record]:
        zh = ("英文", "中文") if archive.chinese[record] else ("中文", "英文")
        en = ("English", "Chinese") if archive.chinese[record] else ("Chinese", "English")
        yield "language", Text(zh=f"由{zh[1]}改写为{zh[0]}", en=f"rewritten from {en[1]} into {en[0]}")
    for field in _NUMBERS:
        if levels[field] in _CLOSE:
            name = NAMES[field]
            yield (
                "number",
                Text(
                    zh=f"数字由“{said[1].get(name, '')}”改为“{said[0].get(name, '')}”",
                    en=f"{name} moved from '{said[1].get(name, '')}' to '{said[0].get(name, '')}'",
                ),
            )
    if levels[NAMES.index("owner")] == 0:
        yield (
            "owner",
            Text(
                zh=f"业主由“{said[1].get('owner', '')}”改为“{said[0].get('owner', '')}”",
                en=f"owner changed from '{said[1].get('owner', '')}' to '{said[0].get('owner', '')}'",
            ),
        )
    if levels[NAMES.index("dates")] not in (MISSING, 2):
        yield (
            "dates",
            Text(
                zh=f"年份由{said[1].get('dates', '')}改为{said[0].get('dates', '')}",
                en=f"dates moved from {said[1].get('dates', '')} to {said[0].get('dates', '')}",
            ),
        )
    if _reordered(levels, said, texts):
        yield "order", Text(zh="叙述顺序不同", en="told in another order")


def _buzzwords(new: int) -> Iterator[tuple[str, Text]]:
    """Yield the buzzwords that came in, with the year of each."""
    for bit, entry in enumerate(_entries()):
        if new >> bit & 1:
            yield (
                "buzzword",
                Text(
                    zh=f"新增“{entry['zh']}”（{entry['since']}年起流行）",
                    en=f"'{entry['en']}' added (in fashion since {entry['since']})",
                ),
            )


def _entries() -> list[dict[str, Any]]:
    return labels("buzzwords")


def _reordered(
    levels: npt.NDArray[np.int8], said: tuple[Mapping[str, str], Mapping[str, str]], texts: tuple[str, str]
) -> bool:
    """Return whether the fields that both texts give stand in another order."""
    places = [
        (texts[0].find(said[0][name].split("; ")[0]), texts[1].find(said[1][name].split("; ")[0]))
        for at, name in enumerate(NAMES)
        if levels[at] > 0 and name in said[0] and name in said[1]
    ]
    found = sorted(pair for pair in places if min(pair) >= 0)
    return any(one[1] > other[1] for one, other in pairwise(found))

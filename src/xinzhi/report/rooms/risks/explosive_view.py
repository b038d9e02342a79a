"""What the pictures of bubbles are made of: names in both languages, dates as places on an axis, episodes as spans."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.data.rules.codes import PROVINCES, standard
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts.kit.dates import written
from xinzhi.report.rooms.sectors.names import distinct
from xinzhi.risks.prices.conventions import setting
from xinzhi.risks.prices.series import read_calendar
from xinzhi.risks.projects.conventions import places_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from xinzhi.report.charts.kit.dates import Unit
    from xinzhi.risks import Bubbles, PanelBubbles

_LISTED = 8
RISE, FALL = "positive", "negative"
SIGNS = {RISE: "▲", FALL: "▼"}


@cache
def _known() -> dict[str, Text]:
    """Return provinces and prefectures of China by code and by every name that means one of them only."""
    found: dict[str, Text] = {}
    rivals: set[str] = set()

    def note(text: Text, *keys: str, over: bool = False) -> None:
        for key in keys:
            if not over and found.setdefault(key, text) != text:
                rivals.add(key)
            elif over:
                found[key] = text
                rivals.discard(key)

    prefectures = [row for row in places_table().iter_rows() if row[0].endswith("00")]
    for code, (zh, full, en) in standard(PROVINCES).items():
        note(Text(zh=zh, en=en), code, zh, full, en)
    for code, full, zh, en in prefectures:
        note(Text(zh=zh, en=en), code, full, zh, en)
    for code, full, zh, en in prefectures:
        # of two cities that read alike in letters, the capital of a province is meant
        if code.endswith("0100") and en in rivals:
            note(Text(zh=zh, en=en), en, full, over=True)
    return {key: text for key, text in found.items() if key not in rivals}


def series_text(name: str) -> Text:
    """Return a series' name in both languages: of a place of China as it is called, else as the series is.

    Examples
    --------
    >>> series_text("Anqing").zh, series_text("psy1").zh
    ('安庆', 'psy1')
    """
    return _known().get(name, same(name))


def period_unit(dates: pl.Series) -> tuple[dict[Any, int], Unit]:
    """Return the place of every date, and what one step is; whole numbers that look like years are years."""
    known = dates.unique(maintain_order=True).drop_nulls()
    calendar = read_calendar(known)
    places = dict(zip(known.to_list(), calendar.ordinal.tolist(), strict=True))
    years = calendar.unit == "position" and all(1000 <= place <= 2999 for place in places.values())  # noqa: PLR2004 - four digits
    return places, "year" if years else calendar.unit


@dataclass(frozen=True)
class Seen:
    """A result of either verb, as pictures need it.

    Parameters
    ----------
    result
        The result.
    """

    result: Bubbles | PanelBubbles

    @cached_property
    def _calendar(self) -> tuple[dict[Any, int], Unit]:
        return period_unit(self.result.frame["date"])

    @property
    def unit(self) -> Unit:
        """Return what one step of the dates is."""
        return self._calendar[1]

    def place(self, date: object) -> int:
        """Return the place of a date on the axis."""
        return self._calendar[0][date]

    def date(self, date: object) -> str:
        """Return a date as it is written."""
        return "" if date is None else written(self.place(date), self.unit)

    @cached_property
    def names(self) -> dict[str, Text]:
        """Return the names of all series, no two alike."""
        members = getattr(self.result, "members", None)
        known = self.result.statistics["series"].to_list() if members is None else members
        return distinct({one: series_text(one) for one in known})

    def name(self, series: str) -> Text:
        """Return what a series is called."""
        return self.names.get(series, series_text(series))

    def chosen(self, asked: str) -> str:
        """Return the series that was asked for by its name in either language.

        Raises
        ------
        UsageError
            When there is none.
        """
        return chosen(self.names, asked)

    def lasted(self, periods: int) -> Text:
        """Return a number of dates in words: ``8 months``."""
        unit = self.unit
        key = f"bubbles.unit_of.one_{unit}" if periods == 1 else f"bubbles.unit_of.{unit}"
        return words(key, n=periods)

    def spans(self, episodes: pl.DataFrame) -> list[dict[str, Any]]:
        """Return episodes as spans of a picture."""
        return [
            {
                "start": self.place(row["start"]),
                "end": self.place(row["last"]),
                "group": direction(row["signal"]),
                "word": self.told(row),
                "mark": SIGNS[row["signal"]],
                "after": "→" if row["ongoing"] else "",
            }
            for row in episodes.iter_rows(named=True)
        ]

    def told(self, row: Mapping[str, Any]) -> Text:
        """Return an episode in a few words: what it is, from when to when."""
        values = {"start": self.date(row["start"]), "last": self.date(row["last"])}
        if row["ongoing"]:
            return (words("bubbles.label.rising", **values) if row["signal"] == RISE
                    else words("bubbles.label.falling", **values))  # fmt: skip
        if row["start"] == row["last"]:
            return (words("bubbles.label.rise_once", **values) if row["signal"] == RISE
                    else words("bubbles.label.fall_once", **values))  # fmt: skip
        return words("bubbles.label.rise", **values) if row["signal"] == RISE else words("bubbles.label.fall", **values)


def chosen(names: Mapping[str, Text], asked: str) -> str:
    """Return the series that is called so in either language, or by the code of its place.

    Raises
    ------
    UsageError
        When there is none.

    Examples
    --------
    >>> chosen({"Anqing": series_text("Anqing")}, "安庆")
    'Anqing'
    """
    for series, text in names.items():
        if asked in {series, text.zh, text.en} or series_text(asked) == text:
            return series
    shown = ", ".join(text.en if one.isdigit() else one for one, text in list(names.items())[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    message = f"there is no series '{asked}' here; there are {shown}{more}."
    raise UsageError(message)


def direction(signal: str) -> Text:
    """Return whether an episode rises or falls, with its sign."""
    return words("bubbles.chart.rise") if signal == RISE else words("bubbles.chart.fall")


def directions() -> tuple[Text, Text]:
    """Return both, in the order of their colours."""
    return direction(RISE), direction(FALL)


def convention_text(name: str) -> Text:
    """Return what a convention of critical values is called."""
    node = setting("conventions")[name]
    return Text(zh=node["zh"], en=node["en"])


def convention_meaning(name: str, *, panel: bool = False) -> Text:
    """Return what a convention of critical values means."""
    if panel:
        node = setting("panel_conventions")[name]
        return Text(zh=node["zh"], en=node["en"])
    node = setting("conventions")[name]
    return Text(zh=node["meaning_zh"], en=node["meaning_en"])


def methods_text(statistics: pl.DataFrame) -> Text:
    """Return where the critical values of the tested series come from, in a few words."""
    found = statistics["method"].drop_nulls().unique(maintain_order=True).to_list()
    return listing([words(f"bubbles.chart.method_{name}") for name in found])

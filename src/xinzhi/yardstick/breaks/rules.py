"""The rules by which breaks are found, as ``breaks.yaml`` gives them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """A series that is judged: its column, the input of the accounts that it feeds, and its first year judged."""

    name: str
    table: str
    column: str
    text: Text
    mark: str | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A known cause of breaks in Chinese regional statistics."""

    name: str
    years: tuple[int, ...]
    series: tuple[str, ...]
    text: Text
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a move is a break.

    Parameters
    ----------
    rate
        Probability that a series of one region without any break is alarmed.
    fewest_others, shortest, floor
        Least number of other regions and of moves, and least deviation, that count.
    moves, alone, panel
        Critical values of the score by number of moves, for a region on its own and one of a panel.
    series, events
        What is judged, and the known causes.
    """

    rate: float
    fewest_others: int
    shortest: int
    floor: float
    moves: FloatArray
    alone: FloatArray
    panel: FloatArray
    series: tuple[SeriesRule, ...]
    events: tuple[Event, ...]

    def critical(self, moves: IntArray, *, panel: bool) -> FloatArray:
        """Return the score that a series of so many moves must exceed."""
        inverse = 1.0 / np.maximum(moves, 1)
        values = self.panel if panel else self.alone
        critical: FloatArray = np.interp(inverse, 1.0 / self.moves[::-1], values[::-1])
        return critical


@cache
def rules(rate: float | None = None) -> Rules:
    """Return the rules, at another false-alarm rate of the table where one is given.

    Raises
    ------
    UsageError
        When the table has no critical values for that rate.

    Examples
    --------
    >>> rules().rate, rules().critical(np.array([25]), panel=True).tolist()
    (0.01, [3.89])
    """
    document = facts()
    chosen = float(document["false_alarm_rate"]["value"]) if rate is None else rate
    table = document["critical"]
    if chosen not in table["panel"]:
        message = f"no critical values for the false-alarm rate {chosen}: choose one of {sorted(table['panel'])}."
        raise UsageError(message)
    return Rules(
        rate=chosen,
        fewest_others=int(document["fewest_others"]["value"]),
        shortest=int(document["shortest"]["value"]),
        floor=float(document["scale_floor"]["value"]),
        moves=np.array(table["moves"], dtype=np.float64),
        alone=np.array(table["alone"][chosen], dtype=np.float64),
        panel=np.array(table["panel"][chosen], dtype=np.float64),
        series=tuple(_series(name, entry) for name, entry in document["series"].items()),
        events=tuple(_event(name, entry) for name, entry in document["events"].items()),
    )


@cache
def facts() -> Mapping[str, Any]:
    """Return ``breaks.yaml``; callers must not change it."""
    loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: Mapping[str, Any] = yaml.load(  # a safe loader, the C one where there is one
        (Path(__file__).parent / "breaks.yaml").read_text("utf-8"),
        loader,  # noqa: S506 - a safe loader
    )
    return document


def words(group: str, name: str) -> Text:
    """Return a phrase of ``breaks.yaml``."""
    entry = facts()[group][name]
    return Text(zh=entry["zh"], en=entry["en"])


def _series(name: str, entry: Mapping[str, Any]) -> SeriesRule:
    text = Text(zh=entry["zh"], en=entry["en"])
    return SeriesRule(name, entry["table"], entry["column"], text, entry.get("mark"), entry.get("since"))


def _event(name: str, entry: Mapping[str, Any]) -> Event:
    text = Text(zh=entry["zh"], en=entry["en"])
    return Event(name, tuple(entry["years"]), tuple(entry["series"]), text, entry["reference"])

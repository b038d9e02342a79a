"""Judge the series of a panel by the rules of ``breaks.yaml``: where they break, and the marks of a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.breaks import Breaks, Scores, classify, is_panel, scores
from xinzhi.core.errors import UsageError
from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.panel import Marks, Panel


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
    """When a move is a break."""

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
        raise UsageError("yardstick.no-critical-values", chosen=f"{chosen:g}", known=sorted(table["panel"]))
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


def facts() -> Mapping[str, Any]:
    """Return ``breaks.yaml``; callers must not change it."""
    document: Mapping[str, Any] = read_yaml(Path(__file__).with_name("breaks.yaml"))
    return document


def seam(name: str) -> Text:
    """Return what a seam of the data is called."""
    entry = facts()["seams"][name]
    return Text(zh=entry["zh"], en=entry["en"])


def _series(name: str, entry: Mapping[str, Any]) -> SeriesRule:
    text = Text(zh=entry["zh"], en=entry["en"])
    return SeriesRule(name, entry["table"], entry["column"], text, entry.get("mark"), entry.get("since"))


def _event(name: str, entry: Mapping[str, Any]) -> Event:
    text = Text(zh=entry["zh"], en=entry["en"])
    return Event(name, tuple(entry["years"]), tuple(entry["series"]), text, entry["reference"])


@dataclass(frozen=True, slots=True)
class Judgement:
    """Moves, scores and breaks of one series, each `(R, T)`."""

    rule: SeriesRule
    growth: FloatArray
    scores: Scores
    breaks: Breaks


def judge(panel: Panel, terms: Rules, names: frozenset[str] | None = None) -> list[Judgement]:
    """Judge the series that a panel has, or those of them that are named."""
    wanted = [rule for rule in terms.series if names is None or rule.name in names]
    moves = [(rule, _growth(panel, rule)) for rule in wanted]
    return [_one(rule, growth, terms) for rule, growth in moves if np.isfinite(growth).any()]


def _one(rule: SeriesRule, growth: FloatArray, terms: Rules) -> Judgement:
    fewest = terms.fewest_others
    found = scores(growth, fewest=fewest, shortest=terms.shortest, floor=terms.floor)
    moves = np.isfinite(found.shift).sum(axis=1)
    critical = terms.critical(moves, panel=is_panel(growth, fewest=fewest))
    return Judgement(rule, growth, found, classify(found, critical))


def _growth(panel: Panel, rule: SeriesRule) -> FloatArray:
    """Return the moves of a series in log points; NaN where this year or the year before is missing or not positive."""
    level = panel.account(rule.column)
    if rule.table == "investment":
        assets = panel.investment.get(rule.column)
        level = np.full(panel.shape, np.nan) if assets is None else assets.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(level > 0, np.log(level), np.nan)
    growth = np.diff(logs, axis=1, prepend=np.nan)
    return growth if rule.since is None else np.where(panel.years >= rule.since, growth, np.nan)


def break_marks(panel: Panel, protocol: Protocol) -> Marks:
    """Return where the series that a protocol reads break, as marks ``break:input``.

    Parameters
    ----------
    panel
        The aligned tables of a package.
    protocol
        A series that it does not read bears no mark: years of schooling, say, where heads are counted.

    Returns
    -------
    Marks
        ``break:employment``, ``break:output`` and so on to masks `(R, T)`: the years whose growth is not to be read as
        growth. A one-off outlier marks two years, the one into it and the one out of it.

    Examples
    --------
    >>> from xinzhi import data, protocol
    >>> from xinzhi.yardstick.panel import read_panel
    >>> panel = read_panel(data.load("china-provinces"))
    >>> marks = break_marks(panel, protocol.load("xinzhi-cn-2026"))
    >>> bool(marks["break:employment"][panel.region_index("340000"), 2020 - panel.years[0]])
    True
    """
    return {f"break:{found.rule.mark}": found.breaks.any for found in judge(panel, rules(), _read_by(protocol))}


def _read_by(protocol: Protocol) -> frozenset[str]:
    """Return the series that a protocol takes from the regions as they are given."""

    def says(path: str, *values: str) -> bool:
        return protocol.declares(path) and protocol.value(path) in values

    read = {
        "output_real": says("output.vintage", "latest"),
        "employment": says("labour.unit", "persons", "hours"),
        "investment": says("capital.measure", "stock", "services"),
        "capital": says("capital.measure", "given_stock"),
        "schooling": says("labour.quality", "schooling"),
        # Under a national share no region's own share enters its figure.
        "labour_share": says("shares.rule", "observed_regional"),
    }
    return frozenset(name for name, there in read.items() if there)

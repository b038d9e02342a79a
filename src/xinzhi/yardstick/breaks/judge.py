"""Judge the series of a panel: where they break, and the marks that a measurement bears for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.breaks import Breaks, Scores, classify, is_panel, scores
from xinzhi.yardstick.breaks.rules import Rules, SeriesRule, rules

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.panel import Panel
    from xinzhi.yardstick.series import Marks


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

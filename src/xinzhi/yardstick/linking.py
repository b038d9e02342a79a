"""Breaks of employment linked: in the year of the break the region takes the move that was expected of it.

A break is linked where it is known that the statistics changed: an event of ``breaks.yaml``, or a mark of the package.
Every other break stays as it is, flagged. So does a break in the last year, of which nobody knows yet whether the level
stays; both ends of a one-off outlier belong together.
"""

from __future__ import annotations

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.protocol import Protocol
from xinzhi.yardstick.breaking import Judgement, Rules, changed_statistics, judge, rules
from xinzhi.yardstick.estimating import choice, log_growth, of_declared_set
from xinzhi.yardstick.panel import Panel

FLAG, LINK = "flag", "link"
EMPLOYMENT = "employment"


def links(protocol: Protocol) -> bool:
    """Return whether the protocol links the breaks of employment."""
    return choice(protocol, "labour.breaks", FLAG) == LINK and protocol.value("labour.unit") == "persons"


def flagged(protocol: Protocol) -> Protocol:
    """Return the protocol with breaks flagged only."""
    return protocol.replace({"labour.breaks": FLAG}) if protocol.declares("labour.breaks") else protocol


def link(panel: Panel, protocol: Protocol, persons: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return employment `(R, T)` with its breaks linked, and the years whose growth was replaced.

    The newest level stands, and the years before a break move: a census corrects what came before it.
    """
    if not links(protocol):
        return persons, np.zeros(panel.shape, dtype=np.bool_)
    growth = linked_growth(panel, protocol)
    raw = log_growth(persons)
    replaced = np.isfinite(growth) & np.isfinite(raw)
    steps = np.where(replaced, growth - raw, 0.0)
    path = np.cumsum(steps, axis=1)
    return np.asarray(persons * np.exp(path - path[:, -1:])), replaced


def linked_growth(panel: Panel, protocol: Protocol) -> FloatArray:
    """Return the growth that stands in for the breaks `(R, T)`, NaN elsewhere: of the protocol, else of the package."""
    if not of_declared_set(panel, protocol):
        return live_linked_growth(panel)
    if protocol.declares("labour.linked_growth"):
        stated, years = protocol.value("labour.linked_growth"), panel.years.tolist()
        return np.array([list(map(stated.get(region, {}).get, years)) for region in panel.regions], dtype=np.float64)
    absent = sorted(set(protocol.regions) - set(panel.regions))
    if absent:
        raise InputError("yardstick.links-of-a-part", n=len(panel.regions), absent=absent)
    return live_linked_growth(panel)


def live_linked_growth(panel: Panel) -> FloatArray:
    """Return the expected moves of the breaks that are linked, by the rules of ``breaks.yaml`` `(R, T)`."""
    terms = rules()
    found = judge(panel, terms, frozenset({EMPLOYMENT}))
    if not found:
        return np.full(panel.shape, np.nan)
    expected = found[0].scores.expected
    if len(panel.regions) == 1:
        expected = beside(log_growth(panel.account(EMPLOYMENT)))
    return np.where(linkable(panel, found[0], terms), expected, np.nan)


def beside(growth: FloatArray) -> FloatArray:
    """Return the mean of the moves of the years before and after every year `(R, T)`.

    A region alone has no others that say what was to be expected of it, and its whole history would put the growth of
    decades ago into a labour force that now shrinks.
    """
    out = np.full_like(growth, np.nan)
    out[:, 1:-1] = (growth[:, :-2] + growth[:, 2:]) / 2
    return out


def linkable(panel: Panel, found: Judgement, terms: Rules) -> BoolArray:
    """Return the breaks of employment that can be linked `(R, T)`."""
    if found.rule.name != EMPLOYMENT:
        return np.zeros(panel.shape, dtype=np.bool_)
    return changed_statistics(panel, found, terms) & ~(found.breaks.shift & newest(found.growth))


def newest(growth: FloatArray) -> BoolArray:
    """Return the last year of every region that has growth `(R, T)`."""
    known = np.isfinite(growth)
    later = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(known & (later == 1))

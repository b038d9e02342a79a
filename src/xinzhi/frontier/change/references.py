"""Which observations span the technology that each observation of a pair is held against.

A pair has two benchmark technologies, `earlier` and `later` (the same one for biennial, global and metafrontier
references), and each of its observations has its own technology, by which efficiency is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from xinzhi.core.arrays import IntArray
    from xinzhi.frontier.change.panel import Panel

REFERENCES = ("contemporaneous", "sequential", "biennial", "global", "window", "metafrontier")


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """Technologies, and which of them each pair uses.

    Parameters
    ----------
    technologies
        Observations that span each technology.
    names
        What each is called, such as ``2005`` or ``1998-2005``.
    earlier, later
        Benchmark of the index at the earlier and the later period, ``(pairs,)``.
    own
        Technology of each observation, ``(n,)``.
    group
        Technology of the observation's group over all periods (metafrontier), ``(n,)``; else its own.
    single
        Whether `earlier` and `later` are always the same.
    """

    technologies: tuple[IntArray, ...]
    names: tuple[str, ...]
    earlier: IntArray
    later: IntArray
    own: IntArray
    group: IntArray
    single: bool


def benchmarks(panel: Panel, reference: str, window: int | None = None) -> Benchmarks:
    """Return the technologies of a reference.

    Parameters
    ----------
    panel
        The observations.
    reference
        ``contemporaneous``: the observations of a period (adjacent periods, geometric mean). ``sequential``: of a
        period and all before. ``window``: of the periods up to `window` before and after. ``biennial``: of both
        periods of a pair. ``global``: all. ``metafrontier``: all, with the groups' own technologies beneath it.
    window
        Periods on each side of the window.

    Raises
    ------
    UsageError
        When the reference is unknown or lacks its option.
    """
    if reference not in REFERENCES:
        message = f"reference='{reference}': choose one of {', '.join(REFERENCES)}."
        raise UsageError(message)
    if (reference == "window") != (window is not None):
        message = "reference='window' goes with window=K, the periods on each side; no other reference takes it."
        raise UsageError(message)
    if window is not None and window < 1:
        message = f"window={window}: a window reaches at least one period to each side."
        raise UsageError(message)
    if reference == "metafrontier" and not len(panel.groups):
        message = "reference='metafrontier' goes with group=COLUMN, the group of each unit."
        raise UsageError(message)
    found = _Collection(panel)
    last = len(panel.periods) - 1
    wide = window or 0

    def span(k: int) -> tuple[int, int]:
        return (0, k) if reference == "sequential" else (max(0, k - wide), min(last, k + wide))

    grouped = reference == "metafrontier"
    own = np.array(
        [found.add(*span(int(k)), int(g) if grouped else None) for k, g in zip(panel.period, panel.group, strict=True)]
    )
    group = np.array([found.add(0, last, int(g)) for g in panel.group]) if grouped else own
    if reference == "biennial":
        both = np.array([found.add(int(k), int(k) + 1) for k in panel.period[panel.before]])
        return found.done(both, both, own, group, single=True)
    if reference in {"global", "metafrontier"}:
        everything = np.full(panel.pairs, found.add(0, last))
        return found.done(everything, everything, own, group, single=True)
    return found.done(own[panel.before], own[panel.after], own, group, single=False)


class _Collection:
    """Technologies by span of periods and group, each held once."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._known: dict[tuple[int, int, int | None], int] = {}
        self._rows: list[IntArray] = []
        self._names: list[str] = []

    def add(self, first: int, last: int, group: int | None = None) -> int:
        """Return the number of a technology."""
        key = (first, last, group)
        if key not in self._known:
            panel = self._panel
            chosen = (panel.period >= first) & (panel.period <= last)
            if group is not None:
                chosen &= panel.group == group
            name = f"{panel.periods[first]}" if first == last else f"{panel.periods[first]}-{panel.periods[last]}"
            self._known[key] = len(self._rows)
            self._rows.append(np.flatnonzero(chosen))
            self._names.append(name if group is None else f"{name} of {panel.groups[group]}")
        return self._known[key]

    def done(self, earlier: IntArray, later: IntArray, own: IntArray, group: IntArray, *, single: bool) -> Benchmarks:
        """Return all of them."""
        return Benchmarks(tuple(self._rows), tuple(self._names), earlier, later, own, group, single)

"""The survey behind the verdicts: TFP growth under every admissible protocol and vintage; and the published claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.shapley import shapley
from xinzhi.protocol import Protocol
from xinzhi.yardstick.audit.choices import Choice, Grid, Level, choices, grid, spell, used
from xinzhi.yardstick.audit.multiverse import Span, computable, evaluate, settle
from xinzhi.yardstick.claims.figures import Claim
from xinzhi.yardstick.inputs import require_value_added
from xinzhi.yardstick.panel import Panel, require_yearly
from xinzhi.yardstick.vintage_history import oldest_first

VINTAGE = "output.vintage"
# Spans held in memory at once: one takes about 5 MB for 20,000 protocols of 31 regions, its making three times that.
_AT_ONCE = 24


@dataclass(frozen=True, slots=True)
class Survey:
    """Every admissible protocol, the reference one first, and the reference one on every older vintage of the data."""

    grid: Grid
    rows: IntArray
    departures: IntArray
    admissible: BoolArray
    vintage: IntArray
    vintages: tuple[str, ...]

    def alone(self) -> BoolArray:
        """Return which protocols take an older vintage and are reference in all else."""
        alone: BoolArray = (self.vintage >= 0) & (self.departures == 1)
        return alone

    def labels(self, numbers: IntArray) -> list[str]:
        """Return the departures of protocols as ``path=value``; empty for the reference one."""
        words = [[level.label() for level in choice.levels] for choice in self.grid.choices]
        return [
            ", ".join(word[at] for word, at in zip(words, row, strict=True) if word[at])
            for row in self.rows[numbers].tolist()
        ]


def survey(panel: Panel, rules: Protocol) -> Survey:
    """Return the admissible set of a protocol on a package, with every older vintage of the data beside it."""
    require_value_added(rules, "claim")
    require_yearly(panel, "claim")
    own, _ = settle(rules, used(rules, computable(panel, rules, choices(rules), strict=False)[0])[0])
    grid(rules, own)
    every = grid(rules, _with_vintages(panel, rules, own))
    order = oldest_first()
    reference = rules.value(VINTAGE)
    older = tuple(reversed(order[: order.index(reference)]))
    rows = every.rows
    axis = next((at for at, choice in enumerate(every.choices) if choice.name == VINTAGE), None)
    levels = [reference] if axis is None else [level.values[VINTAGE] for level in every.choices[axis].levels]
    names = np.array(levels)[np.zeros(len(rows), dtype=np.int64) if axis is None else rows[:, axis]]
    vintage = np.array([older.index(name) if name in older else -1 for name in names.tolist()], dtype=np.int64)
    listed = {reference, *(item.value for item in rules.parameters[VINTAGE].alternatives)}
    admissible = np.isin(names, list(listed))
    return Survey(every, rows, every.departure_counts()[every.admissible], admissible, vintage, older)


def _with_vintages(panel: Panel, rules: Protocol, own: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Add every older vintage that the package has to the choice of the vintage."""
    declared = next((choice for choice in own if choice.name == VINTAGE), None)
    levels = declared.levels if declared else (Level({VINTAGE: rules.value(VINTAGE)}, ()),)
    known = {level.values[VINTAGE] for level in levels}
    order = oldest_first()
    older = [
        name for name in order[: order.index(rules.value(VINTAGE))] if name in panel.vintages and name not in known
    ]
    if not older:
        return own
    extra = tuple(Level({VINTAGE: name}, (VINTAGE,)) for name in older)
    added, _ = computable(panel, rules, (Choice(VINTAGE, (VINTAGE,), (levels[0], *extra)),), strict=False)
    if not added:
        return own
    joined = Choice(VINTAGE, (VINTAGE,), (*levels, *added[0].levels[1:]))
    return (joined, *(choice for choice in own if choice.name != VINTAGE))


def estimates(panel: Panel, found: Survey, spans: Sequence[Span]) -> Iterator[tuple[Span, FloatArray]]:
    """Yield every span with TFP growth of every combination and region `(n_1, ..., n_d, R)`."""
    for first in range(0, len(spans), _AT_ONCE):
        batch = list(spans[first : first + _AT_ONCE])
        values = evaluate(panel, found.grid, batch, strict=False)
        for at, span in enumerate(batch):
            yield span, values[..., at]


@dataclass(frozen=True, slots=True)
class Part:
    """One departure of a protocol: the parameters, what both protocols say, and what departing contributes."""

    parameter: str
    reference: str
    value: str
    contribution: float


def parts(every: Grid, row: IntArray, values: FloatArray) -> list[Part]:
    """Return what each departure of a protocol contributes to its distance from the reference one."""
    departed = [(axis, every.choices[axis].levels[at].departs) for axis, at in enumerate(row.tolist())]
    single = [((axis, (path,)),) for axis, paths in departed for path in paths]
    by_choice = [((axis, paths),) for axis, paths in departed if paths]
    together = [tuple((axis, paths) for axis, paths in departed if paths)]
    for players in (single, by_choice, together):
        outcome = np.array([_outcome(every, row, values, players, mask) for mask in range(1 << len(players))])
        if np.isfinite(outcome).all():
            break
    picked, own = every.values(row), every.protocol.parameters
    gains = shapley(outcome).tolist() if len(outcome) > 1 else []
    names = [[path for _, paths in player for path in paths] for player in players]
    return [
        Part(
            parameter=", ".join(paths),
            reference=", ".join(spell(own[path].value) for path in paths),
            value=", ".join(spell(picked[path]) for path in paths),
            contribution=gain,
        )
        for paths, gain in zip(names, gains, strict=False)
    ]


def _outcome(
    every: Grid,
    row: IntArray,
    values: FloatArray,
    players: Sequence[tuple[tuple[int, tuple[str, ...]], ...]],
    mask: int,
) -> float:
    """Return TFP growth when only some of the departures are made; NaN where that is no protocol of the grid."""
    made: dict[int, set[str]] = {}
    for bit, player in enumerate(players):
        if mask >> bit & 1:
            for axis, paths in player:
                made.setdefault(axis, set()).update(paths)
    cell = [0] * len(row)
    for axis, some in made.items():
        level = _level(every, axis, int(row[axis]), some)
        if level is None:
            return float("nan")
        cell[axis] = level
    return float(values[tuple(cell)])


def _level(every: Grid, axis: int, target: int, paths: set[str]) -> int | None:
    """Return the level that makes only some of the departures of another one; those not in force make no difference."""
    choice, own = every.choices[axis], every.protocol.parameters
    wanted = choice.levels[target].values
    values = {path: wanted[path] if path in paths else own[path].value for path in choice.paths}
    for at, level in enumerate(choice.levels):
        if all(values[path] == value for path, value in level.values.items()):
            return at
    return None


Verdict = Literal["supported", "reachable", "superseded", "unreachable"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one claim and what it rests on; numbers point into the rows of the survey's grid."""

    verdict: Verdict
    reference: float
    lowest: float
    highest: float
    tried: int
    giving: IntArray
    older: tuple[str, ...]
    nearest: int
    growth: FloatArray
    parts: dict[int, list[Part]]


def judge(claim: Claim, found: Survey, values: FloatArray, listed: int) -> Judgement:
    """Return the verdict on one claim."""
    growth = values[found.grid.admissible]
    hit = claim.holds(growth)
    known = np.isfinite(growth) & found.admissible
    alone = found.alone() & hit
    older = tuple(found.vintages[at] for at in sorted(set(found.vintage[alone].tolist())))
    gap = np.where(known, np.abs(growth - claim.growth), np.inf)
    giving = np.flatnonzero(hit & (found.admissible | alone))
    order = (giving, gap[giving], found.vintage[giving], ~alone[giving], found.departures[giving])
    giving = giving[np.lexsort(order)]
    # Float rounding must not decide between protocols that are equally near.
    nearest = int(giving[0]) if giving.size else int(np.lexsort((found.departures, np.round(gap, 12)))[0])
    shown = giving[:listed].tolist() if giving.size else [nearest]
    return Judgement(
        verdict=_verdict(hit, alone, found.admissible),
        reference=float(growth[0]),
        lowest=float(growth[known].min()),
        highest=float(growth[known].max()),
        tried=int(known.sum()),
        giving=giving,
        older=older,
        nearest=nearest,
        growth=growth,
        parts={number: parts(found.grid, found.rows[number], values) for number in shown},
    )


def _verdict(hit: BoolArray, alone: BoolArray, admissible: BoolArray) -> Verdict:
    """Name the least that explains the figure: nothing, older data alone, another ruler, or nothing at all."""
    # Older data come before another ruler: among thousands of rulers one will nearly always give an old figure too, and
    # whoever published it has chosen none of them.
    if hit[0]:
        return "supported"
    if alone.any():
        return "superseded"
    return "reachable" if (hit & admissible).any() else "unreachable"


def published_claims() -> pl.DataFrame:
    """Return claims about TFP growth in China that were published, as they were printed, one row each.

    Columns are those of a table of claims, and `data` (the vintage of the data), `author, year, outlet, place,
    address`, `figure` (``printed``, or ``worked`` from a printed index), `second_hand` and `confidence` of the row as a
    claim.

    Examples
    --------
    >>> published_claims().height
    102
    """
    return pl.read_csv(Path(__file__).with_name("published.csv"), infer_schema=False)

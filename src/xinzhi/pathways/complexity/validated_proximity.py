"""The verb `validated_proximity`: which activities occur together more often than chance makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.regression import benjamini_hochberg
from xinzhi.core.result import Result
from xinzhi.pathways.complexity.cells import read_cells
from xinzhi.pathways.complexity.complexity import ComplexityOptions, with_presence
from xinzhi.pathways.conventions import setting

Tail = Literal["exact", "saddlepoint"]
_STILL, _MOST, _HALVINGS = 1e-11, 200, 40
EXACT_WORK = 2e9  # frequencies times classes of pairs times classes of places up to which the exact tail is taken
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The most random matrix with the same diversity and ubiquity on average (Saracco et al. 2015)."""

    probability: FloatArray
    rows: IntArray
    columns: IntArray
    gap: float


def configuration(presence: BoolArray) -> Expected:
    r"""Return the maximum-entropy matrix with given margins: :math:`p_{cp} = x_c y_p / (1 + x_c y_p)`."""
    # Places of the same diversity share their :math:`x`, so that the equations are as many as there are different
    # diversities and ubiquities; they are solved by damped Newton steps on the convex likelihood. Full and empty rows
    # and columns are certain, and left out beforehand.
    chance = np.zeros(presence.shape)
    rows, columns = np.arange(presence.shape[0]), np.arange(presence.shape[1])
    while True:  # what is full or empty is certain, and without it others may become so
        inner = presence[np.ix_(rows, columns)]
        full_rows, full_columns = inner.all(axis=1), inner.all(axis=0)
        some_rows, some_columns = inner.any(axis=1), inner.any(axis=0)
        chance[np.ix_(rows[full_rows], columns)] = 1.0
        chance[np.ix_(rows, columns[full_columns])] = 1.0
        keep_rows, keep_columns = ~full_rows & some_rows, ~full_columns & some_columns
        chance[np.ix_(rows[~some_rows], columns)] = 0.0
        chance[np.ix_(rows, columns[~some_columns])] = 0.0
        if keep_rows.all() and keep_columns.all():
            break
        rows, columns = rows[keep_rows], columns[keep_columns]
        if not len(rows) or not len(columns):
            break
    if len(rows) and len(columns):
        chance[np.ix_(rows, columns)] = _solved(presence[np.ix_(rows, columns)])
    gap = max(
        np.abs(chance.sum(axis=1) - presence.sum(axis=1)).max(), np.abs(chance.sum(axis=0) - presence.sum(axis=0)).max()
    )
    if gap > 1e-8:  # noqa: PLR2004 - a thousandth of what a tail probability shows
        raise InputError("pathways.configuration", gap=f"{gap:.1e}")
    return Expected(
        probability=chance,
        rows=np.unique(presence.sum(axis=1), return_inverse=True)[1],
        columns=np.unique(presence.sum(axis=0), return_inverse=True)[1],
        gap=float(gap),
    )


def _solved(presence: BoolArray) -> FloatArray:
    """Return the chances of a matrix without full or empty rows and columns."""
    diversity, row_class, row_count = np.unique(presence.sum(axis=1), return_inverse=True, return_counts=True)
    ubiquity, column_class, column_count = np.unique(presence.sum(axis=0), return_inverse=True, return_counts=True)
    total = presence.sum()
    logs = np.concatenate([np.log(diversity / np.sqrt(total)), np.log(ubiquity / np.sqrt(total))])
    targets = np.concatenate([row_count * diversity, column_count * ubiquity]).astype(float)
    weight = row_count[:, None] * column_count[None, :].astype(float)
    size = len(diversity)

    def chances(at: FloatArray) -> FloatArray:
        return np.asarray(1 / (1 + np.exp(-(at[:size, None] + at[None, size:]))))

    def loss(at: FloatArray) -> float:
        return float((weight * np.logaddexp(0, at[:size, None] + at[None, size:])).sum() - targets @ at)

    for _ in range(_MOST):
        chance = chances(logs)
        mass = weight * chance
        slope = np.concatenate([mass.sum(axis=1), mass.sum(axis=0)]) - targets
        if np.abs(slope / targets).max() <= _STILL:
            break
        spread = mass * (1 - chance)
        curve = np.block(
            [[np.diag(spread.sum(axis=1)), spread], [spread.T, np.diag(spread.sum(axis=0))]]
        )  # singular by the shift of all x against all y, which changes nothing
        step = np.linalg.lstsq(curve, slope, rcond=None)[0]
        current, factor = loss(logs), 1.0
        for _ in range(_HALVINGS):
            if loss(logs - factor * step) <= current + 1e-12 * abs(current):
                break
            factor /= 2
        logs = logs - factor * step
    return np.asarray(chances(logs)[np.ix_(row_class, column_class)])


def tail_exact(chance: FloatArray, repeated: IntArray, counts: IntArray) -> FloatArray:
    """Return P(N >= seen) of sums of independent draws, by the discrete Fourier transform of their distribution."""
    # ndarray: (pairs, counts), exact to some 1e-14 in absolute terms (Hong 2013).
    n = int(repeated.sum())
    half = np.arange((n + 1) // 2 + 1)  # the other frequencies are their conjugates
    turn = np.exp(2j * np.pi * half / (n + 1)) - 1
    transform = np.zeros((len(chance), len(half)), dtype=complex)
    for k, times in enumerate(repeated):  # a class at a time: the block stays small
        transform += times * np.log(1 + chance[:, k, None] * turn)
    mass = np.fft.irfft(np.conj(np.exp(transform)), n=n + 1, axis=1)
    upper = np.clip(np.cumsum(mass[:, ::-1], axis=1)[:, ::-1], 0, 1)
    return np.asarray(np.take_along_axis(upper, np.clip(counts, 0, n), axis=1))


def tail_saddlepoint(chance: FloatArray, repeated: IntArray, counts: IntArray) -> FloatArray:
    """Return P(N >= seen) by the saddlepoint formula of Lugannani and Rice (1980) with the correction for counts."""
    from scipy.special import ndtr

    n = repeated.sum()
    mean = chance @ repeated
    inside = (counts > 0) & (counts < n)
    at = np.where(inside, counts, mean)
    lean = np.zeros(len(chance))
    for _ in range(60):
        tilted = _tilted(chance, lean)
        step = (tilted @ repeated - at) / np.maximum((tilted * (1 - tilted)) @ repeated, 1e-300)
        lean = lean - np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:  # noqa: PLR2004 - Newton doubles the digits at each step
            break
    tilted = _tilted(chance, lean)
    cumulant = np.log1p(chance * np.expm1(lean)[:, None]) @ repeated
    root = np.sign(lean) * np.sqrt(np.maximum(2 * (lean * at - cumulant), 0))
    width = -np.expm1(-lean) * np.sqrt((tilted * (1 - tilted)) @ repeated)
    at_mean = np.abs(lean) < 1e-4  # noqa: PLR2004 - at the mean the formula is 0/0; the normal tail holds there
    spread = np.sqrt(np.maximum((chance * (1 - chance)) @ repeated, 1e-300))
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.exp(-(root**2) / 2) / np.sqrt(2 * np.pi)
        upper_tail = ndtr(-root) + density * (1 / width - 1 / root)
    upper_tail = np.where(at_mean, ndtr(-(at - 0.5 - mean) / spread), upper_tail)
    all_there = np.exp(np.log(np.maximum(chance, 1e-300)) @ repeated)
    return np.asarray(np.where(counts <= 0, 1.0, np.where(counts >= n, all_there, np.clip(upper_tail, 0, 1))))


def _tilted(chance: FloatArray, lean: FloatArray) -> FloatArray:
    lifted = chance * np.exp(lean)[:, None]
    return np.asarray(lifted / (1 - chance + lifted))


def pair_tails(presence: BoolArray, tail: Tail | None = None) -> tuple[FloatArray, FloatArray, FloatArray, Tail]:
    """Return, for every pair of activities, how often they occur together, how often they should, and the p-value."""
    null = configuration(presence)
    first_row = np.unique(null.rows, return_index=True)[1]
    first_column = np.unique(null.columns, return_index=True)[1]
    reduced = null.probability[np.ix_(first_row, first_column)].T  # classes of activities by classes of places
    repeated = np.bincount(null.rows)
    joint = (presence.T.astype(float) @ presence).astype(np.int64)
    first_class, second_class = np.triu_indices(len(first_column))
    work = float(len(first_class)) * len(repeated) * len(presence) / 2
    by_work: Tail = "exact" if work <= EXACT_WORK else "saddlepoint"
    method = by_work if tail is None else tail
    a, b = np.triu_indices(presence.shape[1], 1)
    classes = np.sort(np.column_stack([null.columns[a], null.columns[b]]), axis=1)
    size = len(first_column)
    pair = classes[:, 0] * size - classes[:, 0] * (classes[:, 0] - 1) // 2 + classes[:, 1] - classes[:, 0]
    counts = joint[a, b]
    values = _by_class(reduced, repeated, (first_class, second_class), (pair, counts), method)
    p_value = np.ones(joint.shape)
    p_value[a, b] = p_value[b, a] = values
    expected = null.probability.T @ null.probability
    return joint.astype(float), expected, p_value, method


def _by_class(
    reduced: FloatArray,
    repeated: IntArray,
    ends: tuple[IntArray, IntArray],
    observed: tuple[IntArray, IntArray],
    tail: Tail,
) -> FloatArray:
    """Return the tails of all pairs, computing each class of pairs (and each count in it) once."""
    pair, counts = observed
    (first_class, second_class), n = ends, int(repeated.sum())
    keys, back = np.unique(pair * (n + 1) + counts, return_inverse=True)
    which, count = keys // (n + 1), keys % (n + 1)
    tails = np.empty(len(keys))
    step = max(1, _BLOCK // (n + 1 if tail == "exact" else len(repeated)))
    for start in range(0, len(keys), step):
        part = slice(start, start + step)
        classes, row = np.unique(which[part], return_inverse=True)
        chance = reduced[first_class[classes]] * reduced[second_class[classes]]
        if tail == "saddlepoint":
            tails[part] = tail_saddlepoint(chance[row], repeated, count[part])
        else:
            distribution = tail_exact(chance, repeated, np.broadcast_to(np.arange(n + 1), (len(classes), n + 1)))
            tails[part] = distribution[row, count[part]]
    return np.asarray(tails[back])


@dataclass(frozen=True, repr=False, kw_only=True)
class Validated(Result, verb="validated_proximity", topic="pathways", key=("activity", "other")):
    """Which proximities are more than chance, a row for each pair of activities.

    A pair is `valid` where it occurs together more often than diversity and ubiquity explain, also as a matrix (p, p)
    in the order of `activities`. `tail` says how p-values were computed, `level` is the rate of false discoveries.
    """

    valid: BoolArray
    activities: tuple[str, ...]
    tail: Tail
    level: float

    def answer(self) -> Iterator[Fact]:
        """Yield how many pairs are linked beyond chance, and the strongest."""
        count, pairs = int(self.frame["valid"].sum()), self.frame.height
        best = self.frame.sort("p_value").row(0, named=True)
        a, b = (self.names.text("industry", best[key]) for key in ("activity", "other"))
        yield words.pathways.summary_validated(
            n=count, pairs=pairs, share=count / pairs, level=f"{self.level:g}", a=a, b=b
        )


def validated_proximity(
    frame: AnyFrame,
    *,
    place: str,
    activity: str,
    value: str,
    options: ComplexityOptions | None = None,
    level: float = setting("inference.level"),
    tail: Tail | None = None,
) -> Validated:
    """Test the proximity of every pair of activities against a bipartite configuration model.

    Parameters
    ----------
    frame, place, activity, value
        One row per place and activity, of one year. The others name its columns.
    options
        When an activity counts as present (`presence`, `threshold`); the rest has no bearing here.
    level
        Rate of false discoveries among the links that are kept.
    tail
        None: exact where that is quick, else the saddlepoint.

    Examples
    --------
    >>> import xinzhi
    >>> jobs = xinzhi.load("china-provinces").tables["activity"].filter(pl.col("year") == 2016)
    >>> found = validated_proximity(jobs, place="region", activity="industry", value="employment")
    >>> found.frame.height, found.tail
    (703, 'exact')
    """
    if not 0 < level < 1:
        raise UsageError("pathways.discovery-rate", level=level)
    options = options or ComplexityOptions()
    cells = read_cells(frame, place=place, activity=activity, value=value)
    options.check()
    original = cells
    cells, presence = with_presence(original, options.present(original.values))
    joint, expected, p_value, used = pair_tails(presence, tail)
    a, b = np.triu_indices(presence.shape[1], 1)
    significant = benjamini_hochberg(p_value[a, b]) <= level
    valid = np.zeros(p_value.shape, dtype=bool)
    valid[a[significant], b[significant]] = valid[b[significant], a[significant]] = True
    names = np.array(cells.activities, dtype=object)
    table = pl.DataFrame(
        {
            "activity": names[a],
            "other": names[b],
            "together": joint[a, b].astype(np.int64),
            "expected": expected[a, b],
            "p_value": p_value[a, b],
            "valid": significant,
        },
        schema_overrides={"activity": pl.String, "other": pl.String},
    )
    return Validated(
        frame=table,
        valid=valid,
        activities=cells.activities,
        tail=used,
        level=level,
        kind=cells.kind,
        provenance=provenance(
            "validated_proximity",
            original,
            presence=options.presence,
            threshold=options.threshold,
            level=level,
            tail=used,
        ),
    )

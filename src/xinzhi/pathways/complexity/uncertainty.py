"""The verb `uncertainty`: how far ranks and densities move with the list of activities and with chance in counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.pathways.complexity import relatedness
from xinzhi.pathways.complexity.cells import cell_frame
from xinzhi.pathways.complexity.complexity import Complexity, ComplexityOptions
from xinzhi.pathways.conventions import check_option, options_of, setting

Source = Literal["activities", "counts", "both"]
_ROOM = 600  # megabytes that the densities of all draws may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """How the uncertainty is drawn.

    Parameters
    ----------
    source
        ``activities``: activities drawn with replacement (would the ranking be the same with another list of them?);
        ``counts``: each amount drawn as a Poisson count (would it be the same in another year without any change?);
        ``both``.
    unit
        The amount that counts as one independent event: 1 for persons, 0.0001 for persons in units of ten thousand.
        Large where events come in lumps: jobs come in plants, so that 1 gives the least uncertainty there can be.
    draws, level, seed
        Number of draws, coverage of the intervals, seed.
    density
        Whether to give intervals of densities too, which takes memory: 4 bytes a cell and draw.
    """

    source: Source = "both"
    unit: float = 1.0
    draws: int = setting("uncertainty.draws")
    level: float = setting("uncertainty.level")
    seed: int = 0
    density: bool = True


@dataclass(frozen=True, repr=False, kw_only=True)
class Uncertainty(Result, verb="uncertainty", topic="pathways", key=("place",)):
    """Intervals of ranks, a row for each place over the draws in which it has anything at all, and of densities.

    `density` has a row for each place and activity; None when it was not asked for. `used` counts the draws that gave
    an index; the others left fewer than three places or activities. `agreement` is, by draw, the correlation of its
    complexity with that of the sample: near 1 when the index is well determined.
    """

    density: pl.DataFrame | None
    used: int
    agreement: FloatArray
    findings: tuple[Finding, ...]

    @property
    def rank_domain(self) -> tuple[int, int]:
        """The ends of an axis of ranks."""
        return 0, self.frame.height + 1

    @property
    def basis(self) -> Text:
        """What was drawn, and how many draws gave an index."""
        options = self.provenance.options
        return words.by_key(f"pathways.note.draws_{options['source']}", draws=self.used, unit=f"{options['unit']:g}")

    def answer(self) -> Iterator[Fact]:
        """Yield who is surely in the upper third, how wide the ranks are, and how far the index is determined."""
        order = self.frame.sort("rank").filter(pl.col("top_third") >= setting("uncertainty.sure"))["place"]
        sure = [self.names.region(code) for code in order]
        options, n = self.provenance.options, self.frame.height
        width = float((self.frame["rank_high"] - self.frame["rank_low"]).to_numpy().mean())
        if sure:
            yield words.pathways.headline_ranks(sure=sure, level=options["level"], wide=width, n=n)
        else:
            yield words.pathways.headline_no_ranks(level=options["level"], wide=width, n=n, draws=self.used)
        middle = float(np.median(self.agreement))
        yield words.pathways.summary_agreement(used=self.used, draws=options["draws"], middle=middle)


def uncertainty(
    complexity: Complexity, *, draws: Draws | None = None, progress: Callable[[int, int], None] | None = None
) -> Uncertainty:
    """Return intervals of ranks and densities.

    Parameters
    ----------
    complexity
        What `complexity` returned.
    draws
        What is drawn, how often, with which seed.
    progress
        Called after each draw with how many are done, and of how many.

    Raises
    ------
    UsageError
        When the source is unknown, the unit is not positive, or the densities need too much memory.
    InputError
        When fewer than half of the draws give an index, or nothing fixes its sign.

    Examples
    --------
    >>> from xinzhi.pathways.complexity.cells import without_empty
    >>> from xinzhi.pathways.complexity.complexity import measure_cells
    >>> nested = np.triu(np.ones((6, 6)))[:, ::-1] * np.arange(60, 0, -10)
    >>> found = measure_cells(without_empty(list("abcdef"), list("uvwxyz"), nested))
    >>> intervals = uncertainty(found, draws=Draws(draws=30, source="counts"))
    >>> intervals.frame.height, bool((intervals.frame["rank_low"] <= intervals.frame["rank_high"]).all())
    (6, True)
    """
    complexity.require_sign("uncertainty")
    sampling = draws or Draws()
    n, p = complexity.present.shape
    check_option("source", sampling.source, Source)
    if not sampling.unit > 0 or sampling.draws < 2:  # noqa: PLR2004 - one draw has no spread
        raise UsageError("pathways.draws-few", unit=sampling.unit, draws=sampling.draws)
    room = 4e-6 * n * p * sampling.draws
    if sampling.density and room > _ROOM:
        raise UsageError("pathways.draws-large", draws=sampling.draws, room=room)
    options = ComplexityOptions(**dict(complexity.provenance.options))
    rng, base = np.random.default_rng(sampling.seed), complexity.frame["complexity"].to_numpy()
    index = np.full((sampling.draws, n), np.nan)
    shares = np.full((sampling.draws, n, p), np.nan, dtype=np.float32) if sampling.density else None
    presences = np.zeros((n, p))
    for turn in range(sampling.draws):
        sample = _draw(complexity, options, sampling, rng)
        if sample is not None:
            index[turn] = sample[0]
            presences += sample[1]
            if shares is not None:
                shares[turn] = sample[2]
        if progress is not None:
            progress(turn + 1, sampling.draws)
    valid = np.isfinite(index).any(axis=1)
    if valid.sum() < sampling.draws / 2:
        raise InputError("pathways.draws-failed", n=int(valid.sum()), draws=sampling.draws)
    return Uncertainty(
        frame=_ranks(complexity, index[valid], sampling.level),
        density=None
        if shares is None
        else _densities(complexity, shares[valid], presences / valid.sum(), sampling.level),
        used=int(valid.sum()),
        agreement=np.array([_agreement(row, base) for row in index[valid]]),
        findings=complexity.findings,
        kind=complexity.kind,
        provenance=replace(
            complexity.provenance,
            verb="uncertainty",
            options=dict(complexity.provenance.options) | options_of(sampling),
        ),
    )


def _draw(
    complexity: Complexity, options: ComplexityOptions, sampling: Draws, rng: np.random.Generator
) -> tuple[FloatArray, BoolArray, FloatArray | None] | None:
    """Return index, presences and densities of a draw; None when fewer than three places or activities are left."""
    # Its sign is turned towards the sample; places that it leaves without anything have no index.
    values, presence = complexity.matrix.values, complexity.present
    if sampling.source in {"counts", "both"}:
        values = np.asarray(rng.poisson(values / sampling.unit) * sampling.unit, dtype=float)
        rows, columns = values.any(axis=1), values.any(axis=0)
        presence = np.zeros_like(complexity.present)
        presence[np.ix_(rows, columns)] = options.present(values[np.ix_(rows, columns)])
    p = presence.shape[1]
    times = rng.multinomial(p, np.full(p, 1 / p)) if sampling.source in {"activities", "both"} else np.ones(p, int)
    used = (times > 0) & presence.any(axis=0)
    occupied = presence[:, used].any(axis=1)
    if min(occupied.sum(), used.sum()) < 3:  # noqa: PLR2004 - as many as complexity needs
        return None
    index = np.full(len(presence), np.nan)
    index[occupied] = weighted_index(presence[np.ix_(occupied, used)], times[used].astype(float))
    lean = _agreement(index, complexity.frame["complexity"].to_numpy())
    density = _weighted_density(presence, times, used, options) if sampling.density else None
    return np.where(lean < 0, -1, 1) * index, presence, density


def _agreement(index: FloatArray, base: FloatArray) -> float:
    """Return the correlation of a draw with the sample, over the places that the draw has."""
    finite = np.isfinite(index)
    return float(np.corrcoef(index[finite], base[finite])[0, 1])


def weighted_index(presence: BoolArray, weight: FloatArray) -> FloatArray:
    """Return the complexity of places, standardised, when each activity counts so many times; its sign is free."""
    diversity, ubiquity = presence @ weight, presence.sum(axis=0)
    scaled = presence * np.sqrt(weight / ubiquity) / np.sqrt(diversity)[:, None]
    short = scaled if len(presence) <= presence.shape[1] else scaled.T
    from scipy.linalg import eigh

    size = len(short)
    _, vectors = eigh(short @ short.T, subset_by_index=[size - 2, size - 1])
    second = vectors[:, 0] if short is scaled else scaled @ vectors[:, 0]
    index = second / np.sqrt(diversity)
    return np.asarray((index - index.mean()) / index.std())


def _weighted_density(
    presence: BoolArray, times: FloatArray | IntArray, used: BoolArray, options: ComplexityOptions
) -> FloatArray:
    """Return densities over the activities drawn; of activities that no place has, not a number."""
    proximities = relatedness.proximity(presence | ~presence.any(axis=0), options.measure, diagonal=options.diagonal)
    if options.nearest is not None:
        proximities = relatedness.nearest_only(proximities, options.nearest)
    weight = times * used
    total = weight @ proximities
    shares = (presence * weight) @ proximities / np.where(total > 0, total, 1)
    shares[:, ~presence.any(axis=0)] = np.nan
    return np.asarray(shares)


def _ends(values: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the interval over the first axis, of what is a number; none where nothing is."""
    ordered = np.sort(values, axis=0)  # what is not a number comes last
    last = np.maximum(np.isfinite(values).sum(axis=0) - 1, 0)

    def at(share: float) -> FloatArray:
        place = share * last
        below = np.floor(place).astype(np.int64)
        step = place - below
        lower, upper = (
            np.take_along_axis(ordered, index[None], axis=0)[0] for index in (below, np.minimum(below + 1, last))
        )
        return np.asarray(lower + step * (upper - lower))

    return at((1 - level) / 2), at((1 + level) / 2)


def _ranks(complexity: Complexity, index: FloatArray, level: float) -> pl.DataFrame:
    finite = np.isfinite(index)
    order = np.argsort(-index, axis=1, kind="stable")  # what is not a number comes last
    rank = np.empty(order.shape)
    np.put_along_axis(rank, order, np.arange(1.0, index.shape[1] + 1)[None, :], axis=1)
    top = (rank <= finite.sum(axis=1, keepdims=True) / 3) & finite
    rank = np.where(finite, rank, np.nan)
    low, high = _ends(index, level)
    first, last = (np.round(end) for end in _ends(rank, level))
    return complexity.frame.select("place", "complexity", "rank", "fitness_rank").with_columns(
        pl.Series("complexity_low", low).fill_nan(None),
        pl.Series("complexity_high", high).fill_nan(None),
        pl.Series("rank_low", first).fill_nan(None).cast(pl.Int64),
        pl.Series("rank_high", last).fill_nan(None).cast(pl.Int64),
        pl.Series("top_third", top.sum(axis=0) / np.maximum(finite.sum(axis=0), 1)),
        pl.Series("drawn", finite.mean(axis=0)),
    )


def _densities(complexity: Complexity, shares: FloatArray, presence_share: FloatArray, level: float) -> pl.DataFrame:
    rows, columns = np.indices(complexity.present.shape).reshape(2, -1)
    low, high = (end.ravel().astype(float) for end in _ends(shares, level))
    density = complexity.density.ravel().astype(float)
    return cell_frame(
        complexity.matrix, rows, columns, density=density, low=low, high=high, present_share=presence_share.ravel()
    ).with_columns(pl.col("low", "high").fill_nan(None))

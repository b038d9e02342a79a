"""What chance does when margins are kept: exact tails for lists, uniform draws with both margins, permutations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.pathways.complexity.relatedness import revealed_advantage
from xinzhi.pathways.plans.similarity import shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray


def poisson_binomial(probabilities: FloatArray) -> FloatArray:
    """Return the distribution of the number of successes of independent trials with chances of their own."""
    trials = probabilities.shape[-1]
    found = np.zeros((*probabilities.shape[:-1], trials + 1))
    found[..., 0] = 1.0
    for number in range(trials):
        chance = probabilities[..., number, None]
        found[..., 1 : number + 2] = found[..., 1 : number + 2] * (1 - chance) + found[..., : number + 1] * chance
        found[..., :1] *= 1 - chance
    return found


def tails(probabilities: FloatArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the exact chance of at least, and of at most, the counts that were seen."""
    mass = poisson_binomial(probabilities)
    number = np.arange(mass.shape[-1])
    more = np.where(number >= counts[:, None], mass, 0.0).sum(axis=1)
    fewer = np.where(number <= counts[:, None], mass, 0.0).sum(axis=1)
    return np.minimum(more, 1.0), np.minimum(fewer, 1.0)


def length_chances(lists: BoolArray) -> FloatArray:
    """Return the chance of each entry when every place draws a list of its own length, all entries equally likely."""
    # The entries of one list depend on each other, those of different places do not: how many places name an entry is
    # Poisson-binomial, exactly.
    return np.asarray(np.broadcast_to(lists.mean(axis=1, keepdims=True), lists.shape))


def curveball(lists: BoolArray, draws: int, *, seed: int = 0, trades: int | None = None) -> Iterator[BoolArray]:
    """Draw lists with the same lengths and the same count of every entry, all arrangements equally likely."""
    # Two rows pool the entries that only one of them has and deal them out again at random (Strona et al. 2014, Nature
    # Communications 5:4114). A trade that changes nothing counts as a step: this makes the draws uniform (Carstens
    # 2015, Physical Review E 91:042812).
    n = len(lists)
    if n < 2:  # noqa: PLR2004 - a trade takes two
        raise UsageError("pathways.few-places")
    rng = np.random.default_rng(seed)
    now = lists.copy()
    between = 5 * n if trades is None else trades
    for number in range(draws):
        for _ in range(between * (10 if number == 0 else 1)):
            _trade(now, rng)
        yield now.copy()


def _trade(lists: BoolArray, rng: np.random.Generator) -> None:
    """Let two rows trade what only one of them has."""
    one = int(rng.integers(len(lists)))
    other = int(rng.integers(len(lists) - 1))
    other += other >= one
    differ = np.flatnonzero(lists[one] != lists[other])
    owned = int(lists[one, differ].sum())
    if owned in {0, len(differ)}:
        return
    dealt = np.zeros(len(differ), dtype=bool)
    dealt[rng.permutation(len(differ))[:owned]] = True
    lists[one, differ], lists[other, differ] = dealt, ~dealt


def permuted_structures(values: FloatArray, draws: int, *, seed: int = 0) -> Iterator[FloatArray]:
    """Draw structures of places that specialise as strongly as they do, in activities that chance picks."""
    # Every place keeps its location quotients but deals them out to the activities at random; shares are national
    # shares times the quotient, scaled to 1. What likeness is left comes from the national structure (big activities
    # are big everywhere) and from how strongly places specialise.
    rng = np.random.default_rng(seed)
    quotient, national = revealed_advantage(values), values.sum(axis=0) / values.sum()
    for _ in range(draws):
        yield shares(rng.permuted(quotient, axis=1) * national)


def sampled_structures(values: FloatArray, draws: int, *, seed: int = 0) -> Iterator[FloatArray]:
    """Draw structures of places that differ by sampling only: multinomial counts from the national shares."""
    # It suits small counts; with thousands of workers in a cell every real difference is beyond it.
    rng = np.random.default_rng(seed)
    national = values.sum(axis=0) / values.sum()
    totals = np.maximum(np.rint(values.sum(axis=1)).astype(int), 1)
    for _ in range(draws):
        yield shares(rng.multinomial(totals, national).astype(float))

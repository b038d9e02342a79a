"""How alike the structures of places are, and how concentrated activities are: the measures, on plain matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import comb

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.pathways.complexity.relatedness import revealed_advantage
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.plans.lists import Lists


def shares(values: FloatArray) -> FloatArray:
    """Return the share of every activity in its place (..., n, p); rows sum to 1."""
    totals = values.sum(axis=-1, keepdims=True)
    if (values < 0).any() or (totals <= 0).any():
        raise UsageError("pathways.empty-shares")
    return np.asarray(values / totals)


def cosine(values: FloatArray) -> FloatArray:
    r"""Return UNIDO's index of structural similarity of every two places (..., n, n), between 0 and 1."""
    # :math:`S_{ij} = \sum_k s_{ik} s_{jk} / \sqrt{\sum_k s_{ik}^2 \sum_k s_{jk}^2}` (UNIDO 1979, *World Industry since
    # 1960*). Big activities dominate it, and it rises as the classification gets coarser: state the level and compare
    # with a null.
    part = shares(values)
    unit = part / np.sqrt((part**2).sum(axis=-1, keepdims=True))
    return np.asarray(np.clip(unit @ unit.mT, 0.0, 1.0))


def krugman(values: FloatArray) -> FloatArray:
    r"""Return Krugman's index of difference :math:`\sum_k |s_{ik} - s_{jk}|` of every two places (n, n), 0 to 2."""
    from scipy.spatial.distance import cdist

    part = shares(values)
    return np.asarray(cdist(part, part, "cityblock"))


def krugman_to_rest(values: FloatArray) -> FloatArray:
    """Return Krugman's index of each place against all others together (n,)."""
    return np.asarray(np.abs(shares(values) - shares(values.sum(axis=0) - values)).sum(axis=1))


def hachman(values: FloatArray) -> FloatArray:
    r"""Return Hachman's index :math:`1 / \sum_k s_{ik}^2 / s_k` (n,): 1 where a place mirrors the whole."""
    national = values.sum(axis=0) / values.sum()
    with np.errstate(invalid="ignore"):
        terms = np.where(national > 0, shares(values) ** 2 / np.where(national > 0, national, 1.0), 0.0)
    return np.asarray(1.0 / terms.sum(axis=1))


def hhi(values: FloatArray) -> FloatArray:
    """Return the Herfindahl-Hirschman index of each row (n,): 1/p when even, 1 when all is in one."""
    return np.asarray((shares(values) ** 2).sum(axis=1))


def theil(values: FloatArray) -> FloatArray:
    r"""Return :math:`\sum_k s_{ik} \ln(s_{ik}/s_k)` of each row against the total (n,): 0 where it mirrors it."""
    # Of places by activities it measures how special a place is; of the transpose how concentrated an activity is. The
    # means weighted by size are the same number, the mutual information of place and activity (Theil 1967).
    part, national = shares(values), values.sum(axis=0) / values.sum()
    ratio = np.where(part > 0, part / np.where(national > 0, national, 1.0), 1.0)
    return np.asarray((part * np.log(ratio)).sum(axis=1))


def location_gini(values: FloatArray) -> FloatArray:
    """Return the location Gini of every activity (p,): 0 where it is spread as all activity is."""
    # Twice the area between the diagonal and the Lorenz curve of the activity's shares over the places' shares of all
    # activity, places sorted by their location quotient (Krugman 1991, *Geography and Trade*).
    place_shares, all_ = shares(values.T), values.sum(axis=1) / values.sum()
    coefficients = np.empty(len(place_shares))
    for number, part in enumerate(place_shares):
        order = np.argsort(part / all_, kind="stable")
        height = np.concatenate([[0.0], np.cumsum(part[order])])
        coefficients[number] = 1.0 - float(((height[1:] + height[:-1]) * all_[order]).sum())
    return coefficients


def ellison_glaeser(values: FloatArray, plants: FloatArray | None = None) -> FloatArray:
    r"""Return Ellison and Glaeser's index of concentration of every activity (p,)."""
    # :math:`\gamma_k = (G_k/(1 - \sum_i x_i^2) - H_k)/(1 - H_k)`, :math:`G_k = \sum_i (s_{ik} - x_i)^2` (Ellison and
    # Glaeser 1997, Journal of Political Economy 105(5), equation 5).
    place_shares, all_ = shares(values.T), values.sum(axis=1) / values.sum()
    herfindahl = np.zeros(len(place_shares)) if plants is None else np.asarray(plants, dtype=float)
    even = 1.0 - float((all_**2).sum())
    if not ((herfindahl >= 0) & (herfindahl < 1)).all() or even <= 0:
        raise UsageError("pathways.herfindahl")
    raw = ((place_shares - all_) ** 2).sum(axis=1) / even
    return np.asarray((raw - herfindahl) / (1.0 - herfindahl))


def shared(lists: BoolArray) -> FloatArray:
    """Return how many entries every two lists share (n, n); the diagonal holds their lengths."""
    ones = lists.astype(float)
    return np.asarray(ones @ ones.T)


def jaccard(lists: BoolArray) -> FloatArray:
    """Return the shared part of the union of every two lists (n, n); two empty lists share nothing: 0."""
    common = shared(lists)
    length = np.diagonal(common)
    union = length[:, None] + length[None, :] - common
    return np.asarray(common / np.where(union > 0, union, 1.0))


def mean_of_pairs(matrix: FloatArray) -> float:
    """Return the mean over all pairs of different places of a symmetric matrix."""
    return float(matrix[np.triu_indices(len(matrix), 1)].mean())


_DIVISION = 2
_BLOCK = 200_000  # cells of the draws made at once
GIVEN = "as given"


def parents(codes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the parent of every code at every level that the codes allow, coarsest level first."""
    if not all(code.isascii() and code.isdigit() and len(code) >= _DIVISION for code in codes):
        return {GIVEN: tuple(codes)}
    levels: dict[str, tuple[str, ...]] = {}

    for level, key in (("section", "sections"), ("group", "groups")):
        owner = {code: name for name, members in setting(f"likeness.{key}").items() for code in members}
        above = tuple(owner.get(code[:_DIVISION], "") for code in codes)
        if all(above) and len(set(above)) > 1:
            levels[level] = above
    shortest = min(len(code) for code in codes)
    for length in range(_DIVISION, shortest + 1):
        levels[f"{length}-digit"] = tuple(code[:length] for code in codes)
    if max(len(code) for code in codes) > shortest:
        levels[GIVEN] = tuple(codes)
    return levels


def add_up(values: FloatArray, above: Sequence[str]) -> tuple[FloatArray, tuple[str, ...]]:
    """Return amounts added up to their parents (n, q), and the parents, sorted."""
    names = sorted(set(above))
    member = np.array([[name == parent for name in names] for parent in above], dtype=float)
    return values @ member, tuple(names)


def chosen_levels(all_: Mapping[str, tuple[str, ...]], levels: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Return the levels asked for; None: all."""
    names = list(all_) if levels is None else list(levels)
    for level in names:
        if level not in all_:
            raise UsageError("pathways.unknown", what="level", asked=level, known=list(all_))
    return {level: all_[level] for level in names}


def poisson_binomial(probabilities: FloatArray) -> FloatArray:
    """Return the distribution of the number of successes of independent trials with chances of their own."""
    trials = probabilities.shape[-1]
    distribution = np.zeros((*probabilities.shape[:-1], trials + 1))
    distribution[..., 0] = 1.0
    for number in range(trials):
        chance = probabilities[..., number, None]
        distribution[..., 1 : number + 2] = (
            distribution[..., 1 : number + 2] * (1 - chance) + distribution[..., : number + 1] * chance
        )
        distribution[..., :1] *= 1 - chance
    return distribution


def tails(probabilities: FloatArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the exact chance of at least, and of at most, the counts that were seen."""
    mass = poisson_binomial(probabilities)
    number = np.arange(mass.shape[-1])
    more = np.where(number >= counts[:, None], mass, 0.0).sum(axis=1)
    fewer = np.where(number <= counts[:, None], mass, 0.0).sum(axis=1)
    return np.minimum(more, 1.0), np.minimum(fewer, 1.0)


def curveball(lists: BoolArray, draws: int, *, seed: int = 0) -> Iterator[BoolArray]:
    """Draw lists with the same lengths and the same count of every entry, all arrangements equally likely."""
    # Two rows pool the entries that only one of them has and deal them out again at random (Strona et al. 2014, Nature
    # Communications 5:4114). A trade that changes nothing counts as a step: this makes the draws uniform (Carstens
    # 2015, Physical Review E 91:042812).
    n = len(lists)
    if n < 2:  # noqa: PLR2004 - a trade takes two
        raise UsageError("pathways.few-places")
    rng = np.random.default_rng(seed)
    entry_sets = [set(np.flatnonzero(row).tolist()) for row in lists]
    for number in range(draws):
        for _ in range(5 * n * (10 if number == 0 else 1)):
            _trade(entry_sets, rng)
        sample = np.zeros(lists.shape, dtype=bool)
        for row, entries in enumerate(entry_sets):
            sample[row, list(entries)] = True
        yield sample


def _trade(entry_sets: list[set[int]], rng: np.random.Generator) -> None:
    """Let two rows, as sets of entries, trade what only one of them has."""
    first, second = int(rng.integers(len(entry_sets))), int(rng.integers(len(entry_sets) - 1))
    second += second >= first
    first_set, second_set = entry_sets[first], entry_sets[second]
    differ, owned = sorted(first_set ^ second_set), len(first_set - second_set)
    if owned in {0, len(differ)}:
        return
    rng.shuffle(differ)
    common = first_set & second_set
    entry_sets[first], entry_sets[second] = common.union(differ[:owned]), common.union(differ[owned:])


def permuted_structures(values: FloatArray, draws: int, *, seed: int = 0) -> Iterator[FloatArray]:
    """Draw structures of places (b, n, p) that specialise as strongly as they do, in activities that chance picks."""
    # Every place keeps its location quotients but deals them out to the activities at random; shares are national
    # shares times the quotient, scaled to 1. What likeness is left comes from the national structure (big activities
    # are big everywhere) and from how strongly places specialise.
    rng = np.random.default_rng(seed)
    quotient, national = revealed_advantage(values), values.sum(axis=0) / values.sum()
    for count in _blocks(draws, values.size):
        yield shares(rng.permuted(np.broadcast_to(quotient, (count, *values.shape)), axis=-1) * national)


def sampled_structures(values: FloatArray, draws: int, *, seed: int = 0) -> Iterator[FloatArray]:
    """Draw structures of places (b, n, p) that differ by sampling only: multinomial counts from the national shares."""
    # It suits small counts; with thousands of workers in a cell every real difference is beyond it.
    rng = np.random.default_rng(seed)
    national = values.sum(axis=0) / values.sum()
    totals = np.maximum(np.rint(values.sum(axis=1)).astype(int), 1)
    for count in _blocks(draws, values.size):
        yield shares(rng.multinomial(totals, national, size=(count, len(values))).astype(float))


def _blocks(draws: int, cells: int) -> list[int]:
    """Return how many draws are made at once: as many as fit a block of cells."""
    size = max(1, _BLOCK // cells)
    return [min(size, draws - start) for start in range(0, draws, size)]


def hypergeometric_at_most(count: int, total: int, marked: int, draws: int) -> float:
    """Return the chance of at most `count` marked ones among `draws` out of `total` of which `marked` are marked."""
    ways = sum(comb(marked, k) * comb(total - marked, draws - k) for k in range(min(count, draws) + 1))
    return min(ways / comb(total, draws), 1.0)


def overlap_row(lists: Lists, evidence: BoolArray, draws: int, seed: int) -> dict[str, object]:
    """Return the likeness of all lists of a year, and their evidence; the columns of `Choices.overlap`."""
    entries, judged = lists.entries, bool(evidence.any())
    statistics = [
        (_pair_variance(sample), _share_with_evidence(sample, evidence))
        for sample in curveball(entries, draws, seed=seed)
    ]
    spread, fitting = np.array(statistics).T
    blocs, fits = _pair_variance(entries), _share_with_evidence(entries, evidence)
    return {
        "year": lists.year,
        "regions": len(lists.regions),
        "categories": len(lists.categories),
        "mean_length": float(entries.sum(axis=1).mean()),
        "mean_jaccard": mean_of_pairs(jaccard(entries)),
        "blocs": blocs,
        "blocs_expected": float(spread.mean()),
        "p_blocs": _tail(spread, blocs),
        "evidence": fits if judged else None,
        "evidence_expected": float(fitting.mean()) if judged else None,
        "p_evidence": _tail(fitting, fits) if judged else None,
    }


def _tail(draws: FloatArray, observed: float) -> float:
    """Return the share of draws at or above what was seen, which counts as one of them."""
    return float((1 + (draws >= observed - 1e-12).sum()) / (1 + len(draws)))


def _pair_variance(lists: BoolArray) -> float:
    """Return the variance of the pairs' shared entries: their mean is fixed by the margins, their spread is not."""
    common, pairs = shared(lists), len(lists) * (len(lists) - 1)
    np.fill_diagonal(common, 0.0)
    return float((common**2).sum() / pairs - (common.sum() / pairs) ** 2)


def _share_with_evidence(lists: BoolArray, evidence: BoolArray) -> float:
    """Return the share of what is named that has evidence; zero for empty lists."""
    return float((lists & evidence).sum() / max(int(lists.sum()), 1))

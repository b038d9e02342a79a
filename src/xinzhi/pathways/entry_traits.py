"""What is known about a place and an activity on one date that may tell whether the activity will enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.text import Text
from xinzhi.pathways import relatedness
from xinzhi.pathways.cells import conventions

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray

BASELINE = (
    "density", "density_nearest", "density_correlated", "density_places", "diversity", "ubiquity", "rca", "amount",
)  # fmt: skip
OURS = (
    *BASELINE, "expected", "advantage", "shortfall", "place_size", "activity_size", "activity_empty",
    "activity_spread", "place_spread", "similar_places", "similar_places_level", "related_activities",
    "related_activities_level", "latent", "latent_shortfall", "from_activities", "from_places",
)  # fmt: skip

LABELS: dict[str, Text] = {
    "density": Text(zh="关联密度", en="relatedness density"),
    "density_nearest": Text(zh="最近活动的关联密度", en="density of the nearest activities"),
    "density_correlated": Text(zh="相关系数密度", en="density by correlation"),
    "density_places": Text(zh="相似地区的密度", en="density over similar places"),
    "diversity": Text(zh="地区多样性", en="diversity of the place"),
    "ubiquity": Text(zh="活动普遍性", en="ubiquity of the activity"),
    "rca": Text(zh="区位商", en="location quotient"),
    "amount": Text(zh="现有规模", en="amount there already"),
    "expected": Text(zh="按规模应有的数量", en="amount expected from size"),
    "advantage": Text(zh="收缩后的对数区位商", en="shrunk log quotient"),
    "shortfall": Text(zh="与门槛的距离（以抽样误差计）", en="distance to the threshold in units of chance"),
    "place_size": Text(zh="地区规模", en="size of the place"),
    "activity_size": Text(zh="活动规模", en="size of the activity"),
    "activity_empty": Text(zh="没有该活动的地区比例", en="share of places without the activity"),
    "activity_spread": Text(zh="活动的地区差异", en="spread of the activity over places"),
    "place_spread": Text(zh="地区的专业化程度", en="how specialised the place is"),
    "similar_places": Text(zh="相似地区中拥有者的比例", en="similar places that have it"),
    "similar_places_level": Text(zh="相似地区的水平", en="level in similar places"),
    "related_activities": Text(zh="相关活动中已有者的比例", en="related activities that are there"),
    "related_activities_level": Text(zh="相关活动的水平", en="level of related activities"),
    "latent": Text(zh="低秩近似的水平", en="level by a few common factors"),
    "latent_shortfall": Text(zh="低秩近似与门槛的距离", en="distance to the threshold by common factors"),
    "from_activities": Text(zh="由其他活动推算的水平", en="level foretold by the other activities"),
    "from_places": Text(zh="由其他地区推算的水平", en="level foretold by the other places"),
}


def quotient(values: FloatArray) -> FloatArray:
    """Return the location quotient; 0 where the place or the activity holds nothing.

    Examples
    --------
    >>> quotient(np.array([[3.0, 0.0], [1.0, 0.0]])).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    even = values.sum(axis=1, keepdims=True) * (values.sum(axis=0) / values.sum())
    return np.asarray(np.divide(values, even, out=np.zeros_like(values), where=even > 0))


def unit_of_chance(values: FloatArray) -> float:
    """Return the amount that counts as one independent event: 1 for counts, else a small amount of the data.

    Of amounts that are no whole numbers it is the first percentile of those above zero, so that no unit of measurement
    changes anything.

    Examples
    --------
    >>> unit_of_chance(np.array([[3.0, 0.0], [1.0, 2.0]]))
    1.0
    """
    if (values == np.round(values)).all():
        return 1.0
    return float(np.quantile(values[values > 0], conventions()["entry"]["unit_quantile"]["value"]))


def traits(values: FloatArray, names: tuple[str, ...] = OURS, *, unit: float | None = None) -> dict[str, FloatArray]:
    """Return the traits of every cell on one date.

    Parameters
    ----------
    values
        Amounts (n, p).
    names
        Which of them; `BASELINE` are the eight of the published comparison, `OURS` all.
    unit
        The amount that counts as one independent event; None: `unit_of_chance`.

    Returns
    -------
    dict
        By name, (n, p).

    Examples
    --------
    >>> found = traits(np.random.default_rng(0).poisson(5.0, (12, 9)).astype(float))
    >>> len(found), found["latent"].shape
    (24, (12, 9))
    """
    rca = quotient(values)
    here = rca >= 1
    count = values / (unit_of_chance(values) if unit is None else unit)
    found = _baseline(count, rca, here)
    if set(names) - set(BASELINE):
        found |= _levels(count, here)
    return {name: np.broadcast_to(found[name], values.shape) for name in names}


def _baseline(count: FloatArray, rca: FloatArray, here: BoolArray) -> dict[str, FloatArray]:
    """Return the traits of the published comparison."""
    near = relatedness.proximity(here | ~here.any(axis=0), diagonal="zero")
    near[~here.any(axis=0)] = near[:, ~here.any(axis=0)] = 0.0
    alike = relatedness.proximity(here.T | ~here.any(axis=1), diagonal="zero")
    alike[~here.any(axis=1)] = alike[:, ~here.any(axis=1)] = 0.0
    linked = (1 + _correlated(np.log(rca + 0.1))) / 2
    np.fill_diagonal(linked, 0)
    nearest = min(int(conventions()["entry"]["nearest"]["value"]), count.shape[1] - 1)
    return {
        "density": relatedness.density(here, near),
        "density_nearest": _among(near, here.astype(float), nearest),
        "density_correlated": rca.clip(0, 5) @ linked / linked.sum(axis=0),
        "density_places": relatedness.density(here.T, alike).T,
        "diversity": here.sum(axis=1, keepdims=True).astype(float),
        "ubiquity": here.sum(axis=0, keepdims=True).astype(float),
        "rca": rca,
        "amount": np.log1p(count),
    }


def _levels(count: FloatArray, here: BoolArray) -> dict[str, FloatArray]:
    """Return size, chance and what places and activities that are alike make expected."""
    rules = {name: rule["value"] for name, rule in conventions()["entry"].items()}
    even = np.maximum(count.sum(axis=1, keepdims=True) * (count.sum(axis=0) / count.sum()), 1e-3)
    level = np.log((count + 1) / (even + 1))
    by_place, by_activity = _correlated(level.T), _correlated(level)
    rank = max(1, min(int(rules["factors"]), min(count.shape) // 3))
    latent = _few_factors(level, rank)
    blend = (count + even * np.exp(latent)) / 2
    few_places = min(int(rules["places_level"]), len(count) - 1)
    few_activities = min(int(rules["activities_level"]), count.shape[1] - 1)
    more_places = min(int(rules["places"]), len(count) - 1)
    more_activities = min(int(rules["nearest"]), count.shape[1] - 1)
    return {
        "expected": np.log(even),
        "advantage": level,
        "shortfall": (count - even) / np.sqrt(even + 1),
        "place_size": np.log(count.sum(axis=1, keepdims=True) + 1),
        "activity_size": np.log(count.sum(axis=0, keepdims=True) + 1),
        "activity_empty": (count == 0).mean(axis=0, keepdims=True),
        "activity_spread": level.std(axis=0, keepdims=True),
        "place_spread": level.std(axis=1, keepdims=True),
        "similar_places": _among(by_place, here.T.astype(float), more_places).T,
        "similar_places_level": _among(by_place, level.T, few_places).T,
        "related_activities": _among(by_activity, here.astype(float), more_activities),
        "related_activities_level": _among(by_activity, level, few_activities),
        "latent": latent,
        "latent_shortfall": (blend - even) / np.sqrt(blend + rules["overdispersion"] * blend**2 + 0.5),
        "from_activities": _foretold(level, rules["ridge"]),
        "from_places": _foretold(level.T, rules["ridge"]).T,
    }


def _correlated(columns: FloatArray) -> FloatArray:
    """Return the correlation of the columns; 0 where one of them does not vary."""
    spread = columns - columns.mean(axis=0)
    length = np.linalg.norm(spread, axis=0)
    spread /= np.where(length > 0, length, 1)
    return np.asarray(spread.T @ spread)


def _among(near: FloatArray, values: FloatArray, count: int) -> FloatArray:
    """Return, for every column, the mean of `values` over the columns nearest to it, weighted by how near they are.

    A column that is near to none has 0; of columns equally near the first ones count.
    """
    others = near.copy()
    np.fill_diagonal(others, -np.inf)
    best = np.argsort(-others, axis=0, kind="stable")[:count]
    weight = np.zeros_like(near)
    np.put_along_axis(weight, best, np.maximum(np.take_along_axis(near, best, axis=0), 0), axis=0)
    total = weight.sum(axis=0)
    return np.asarray(values @ weight / np.where(total > 0, total, 1))


def _few_factors(level: FloatArray, rank: int) -> FloatArray:
    """Return the best approximation by a few common factors, on top of the mean of each activity."""
    middle = level.mean(axis=0)
    left, strength, right = np.linalg.svd(level - middle, full_matrices=False)
    return np.asarray(middle + (left[:, :rank] * strength[:rank]) @ right[:rank])


def _foretold(level: FloatArray, ridge: float) -> FloatArray:
    """Return the ridge regression of every column on all others: its own value has no weight (Steck 2019)."""
    middle = level.mean(axis=0)
    spread = level - middle
    inverse = np.linalg.inv(spread.T @ spread + ridge * np.eye(level.shape[1]))
    weights = -inverse / np.diagonal(inverse)
    np.fill_diagonal(weights, 0)
    return np.asarray(middle + spread @ weights)

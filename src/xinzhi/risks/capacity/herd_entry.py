"""The verb `herd_entry`: if every region builds what its plan names, what becomes of utilisation and prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.risks.capacity.entry_draws import simulate
from xinzhi.risks.capacity.entry_inputs import check_demand, growth_of, national_growth, read_categories
from xinzhi.risks.capacity.entry_market import Market
from xinzhi.risks.inputs import as_package, checked, finding, provenance, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
    from xinzhi.risks.capacity.entry_inputs import Category

_FILE = "capacity/overcapacity.yaml"
_RULES, _BELIEF, _FULL = ("median", "own"), (0, 1), 100


@dataclass(frozen=True, repr=False, kw_only=True)
class HerdEntry(Result):
    """What a wave of entry does, by category of the plans.

    Parameters
    ----------
    frame
        ``category, name_zh, name_en, entry, demand, regions, growth, growth_source, base_utilisation, survey,
        divisions, entrant_size, capacity_added, utilisation, utilisation_low, utilisation_high, price, price_low,
        price_high, chance_below, profit, chance_loss, break_even, break_even_low, break_even_high,
        offsetting_spillover, status_zh, status_en, entrants_at_threshold, growth_at_threshold``: one row
        a category, entry (``all`` that name it build, or ``uncertain``, a common unknown share of them) and path of
        demand. Middle figures are medians, low and high the 5th and 95th percentile; `capacity_added` is relative to
        the nation's, `price` is 1 at the start, `profit` the mean per unit of capacity over revenue at the start,
        `chance_below` that utilisation ends under the threshold, `break_even` the number of entrants at which profit is
        nil (below 0: not even those that are there earn), `offsetting_spillover` the elasticity of demand with respect
        to capacity that would keep utilisation.
        `entrants_at_threshold` and `growth_at_threshold` are the number of entrants (may be negative) and the growth of
        demand a year with which `chance_below` would be one half (null where utilisation does not move). Figures
        are null where the status says why.
    bands
        ``category, entry, demand, percentile, utilisation, price``: for charts with bands.
    waves
        ``category, expected_profit, chance_loss, profit_if_all, wave``: on the base path an entrant that knows nothing
        of the others expects `expected_profit`; it is a wave where that is positive and yet all lose if all build.
    assumptions
        Everything that was assumed: ``name, value, reference``.
    findings
        Categories that cannot be computed and why, those that rest on a part of their divisions, and regions whose size
        is not known.
    sizes
        ``category, region, share``: of the regions that name it, their share of the nation's jobs in its divisions.
    """

    key: ClassVar[tuple[str, ...]] = ("category", "entry", "demand")

    bands: pl.DataFrame
    waves: pl.DataFrame
    assumptions: pl.DataFrame
    findings: tuple[Finding, ...]
    sizes: pl.DataFrame

    def summary(self, language: Language = "en") -> str:
        """Return how many categories end below the threshold if all build, which, and what would offset it."""
        zh = language == "zh"
        base = self.frame.filter(entry="all", demand="base").drop_nulls("utilisation")
        if not base.height:
            return ("没有类别可以计算。" if zh else "No category could be computed.") + "\n" + self.provenance.foot()
        edge, horizon = self.provenance.options["threshold"], self.provenance.options["horizon"]
        below = base.filter(pl.col("chance_below") > 0.5).sort("utilisation")  # noqa: PLR2004 - more likely than not
        worst = [
            f"{row['name_zh' if zh else 'name_en']} {row['utilisation']:.0%}"
            for row in below.head(3).iter_rows(named=True)
        ]
        rises = base.filter(pl.col("utilisation") > pl.col("base_utilisation")).height
        waves = self.waves.filter("wave").height
        left = self.frame["category"].n_unique() - base.height
        share = f"{below.height}/{base.height}"
        if zh:
            what = f"若各地都按规划建设，{horizon} 年后 {share} 类产业的产能利用率多半低于 {edge:g}%"
            lines = [
                f"{what}：{'、'.join(worst) or '无'}；{rises} 类反而上升。",
                f"{waves} 类属于潮涌：单个地区进入有利可图，全部进入则亏损。{left} 类无法计算（见 findings）。",
                "规模是假定的，规划中没有数字；进入须带来多少需求才能抵消，见 offsetting_spillover。",
            ]
        else:
            what = f"If every region builds what it names, {share} categories more likely than not end below {edge:g} %"
            lines = [
                f"{what} of capacity after {horizon} years: {', '.join(worst) or 'none'}; {rises} rise.",
                f"{waves} are waves: entry pays for one region, and all lose if all enter. {left} are not computable.",
                "Sizes are assumed, plans give none; offsetting_spillover is what entry would have to add to demand.",
            ]
        return "\n".join([*lines, self.provenance.foot()])

    def explain(self, category: str) -> pl.DataFrame:
        """Return the rows of one category (code or name).

        Raises
        ------
        UsageError
            When there is no such category.
        """
        found = self.frame.filter(
            (pl.col("category") == category) | (pl.col("name_zh") == category) | (pl.col("name_en") == category)
        )
        if not found.height:
            known = self.frame["category"].unique().sort().to_list()
            message = f"there is no category '{category}'; there are {shorten(known)}."
            raise UsageError(message)
        return found


def herd_entry(
    source: Any,  # noqa: ANN401 - a package, its name or path, or a mapping of frames
    *,
    categories: Sequence[str] | None = None,
    year: int | None = None,
    demand: Mapping[str, float] | None = None,
    paths: Sequence[str] | None = None,
    seed: int = 0,
    **assumptions: Any,  # noqa: ANN401 - what overcapacity.yaml has under `wave`
) -> HerdEntry:
    """Put capacity on the market as if regions built what their plans name, and see what it does.

    Parameters
    ----------
    source
        A package with ``plans, plan_categories, activity, capacity, accounts``.
    categories, year
        Codes of categories (None: all) and the year of the plans (None: the last).
    demand
        Growth per year of some categories' demand at unchanged prices; the others grow as national real output.
    paths
        Which paths of demand beside ``base`` (None: all, ``low, base, high``); the figures of each are the same alone.
    seed
        Of the draws; every category has a stream of its own, so that a selection changes no figure.
    assumptions
        Any entry of ``wave`` in ``overcapacity.yaml``, such as ``rule="own"``, ``horizon=3``, ``scale=0.5``,
        ``realised=(2, 2)``, ``demand_elasticity=2``; and ``spillover``, 0 unless given.

    Raises
    ------
    UsageError
        When a category, year or assumption is unknown or makes no sense.
    InputError
        When a table is missing.

    Notes
    -----
    Lin (2007) and Lin, Wu and Xing (2010): latecomers agree on the next industry, but not on how many will enter it;
    capacity is built before the market is known. Sizes are shares of urban-unit employment in the divisions of a
    category in the last year of `activity`; a division holds more than the category, so the size is the industry's
    around it. See `wave_market` for the market.

    Examples
    --------
    >>> found = herd_entry("china-provinces", categories=["nev", "finance"], draws=400)
    >>> found.frame.filter(entry="all", demand="base").select("category", "regions", "status_en").rows()[1]
    ('nev', 16, 'computed')
    """
    package = as_package(source)
    if package is None:
        message = "herd_entry reads plans and sizes from several tables: hand in a package or a mapping of frames."
        raise InputError(message)
    rules = _assumed(assumptions)
    if paths is not None:
        rules = {**rules, "demand": _chosen(rules["demand"], paths)}
    market = Market(**{name: rules[name] for name in Market.__slots__})
    chosen, of_sizes, found = read_categories(package, year, categories)
    check_demand(demand, [one.code for one in found])
    national, first, last = national_growth(package, int(rules["window"]))
    frames: dict[str, list[dict[str, Any]]] = {"frame": [], "bands": [], "waves": []}
    for one in found:
        for name, rows in simulate(one, market, growth_of(one.code, demand, national), rules, seed).items():
            frames[name].extend(rows)
    options = {"year": chosen, "sizes": of_sizes, "growth": [first, last], "seed": seed, **rules}
    tables = ["plans", "plan_categories", "activity", "capacity", "accounts"]
    return HerdEntry(
        frame=pl.DataFrame(frames["frame"], schema=_FRAME).sort("category", "entry", "demand"),
        bands=pl.DataFrame(frames["bands"], schema=_BANDS),
        waves=pl.DataFrame(frames["waves"], schema=_WAVES),
        assumptions=_listed(rules, national, (first, last)),
        findings=tuple(_left_out(one) for one in found if one.reason is not None)
        + tuple(note for one in found if one.reason is None for note in _partly(one)),
        sizes=pl.DataFrame(
            [(one.code, *pair) for one in found for pair in zip(one.sized, one.sizes.tolist(), strict=True)],
            schema={"category": pl.String, "region": pl.String, "share": pl.Float64},
            orient="row",
        ),
        kind=package.kind,
        provenance=provenance("herd_entry", package, tables, **options),
    )


def _chosen(known: Mapping[str, float], paths: Sequence[str]) -> dict[str, float]:
    """Return the paths of demand that were asked for, and the base."""
    if strange := sorted(set(paths) - set(known)):
        message = f"herd_entry: there is no path '{strange[0]}' of demand; there are {', '.join(known)}."
        raise UsageError(message)
    return {name: one for name, one in known.items() if name == "base" or name in paths}


_NUMBERS = (
    "growth", "base_utilisation", "entrant_size", "capacity_added",
    "utilisation", "utilisation_low", "utilisation_high", "price", "price_low", "price_high",
    "chance_below", "profit", "chance_loss", "break_even", "break_even_low", "break_even_high",
    "offsetting_spillover",
)  # fmt: skip
_TEXTS = ("category", "name_zh", "name_en", "entry", "demand")
_FRAME: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, pl.String), "regions": pl.Int64, "growth_source": pl.String, "survey": pl.String,
    "divisions": pl.String, **dict.fromkeys(_NUMBERS, pl.Float64), "status_zh": pl.String, "status_en": pl.String,
    "entrants_at_threshold": pl.Float64, "growth_at_threshold": pl.Float64,
}  # fmt: skip
_BANDS: dict[str, Any] = {
    "category": pl.String, "entry": pl.String, "demand": pl.String, "percentile": pl.Int64, "utilisation": pl.Float64,
    "price": pl.Float64,
}  # fmt: skip
_WAVES: dict[str, Any] = {
    "category": pl.String, "expected_profit": pl.Float64, "chance_loss": pl.Float64, "profit_if_all": pl.Float64,
    "wave": pl.Boolean,
}  # fmt: skip


def _assumed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all assumptions, those given in place of the file's."""
    from xinzhi.risks.inputs import document

    known = {name: node["value"] for name, node in document(_FILE)["wave"].items()} | {"spillover": 0.0}
    if strange := sorted(set(given) - set(known)):
        message = f"herd_entry: there is no assumption '{strange[0]}'; there are {', '.join(sorted(known))}."
        raise UsageError(message)
    rules = known | dict(given)
    if rules["rule"] not in _RULES:
        message = f"herd_entry: there is no rule '{rules['rule']}'; choose {' or '.join(_RULES)}."
        raise UsageError(message)
    for name in ("horizon", "draws", "window", "least_changes", "base_quarters"):
        checked("herd_entry", name, rules[name], whole=True, above=0)
    for name in ("scale", "expansion", "threshold", "spread"):
        checked("herd_entry", name, rules[name], above=0)
    for name in Market.__slots__:
        checked("herd_entry", name, rules[name])
    for part in _BELIEF:
        checked("herd_entry", "a part of realised", rules["realised"][part], above=0)
    if rules["threshold"] > _FULL:
        message = f"herd_entry: threshold is {rules['threshold']:g} per cent; utilisation ends at {_FULL}."
        raise UsageError(message)
    return rules


def _left_out(one: Category) -> Finding:
    reason = one.reason
    zh, en = (reason.zh, reason.en) if reason is not None else ("", "")
    return finding(
        "not-computable",
        "note",
        (f"{one.name.zh}：{zh}", f"{one.name.en}: {en}"),
        ("需要该类别的产能或行业数据。", "It needs capacity or industry data of the category."),
        table="plan_categories",
        key=one.code,
    )


def _partly(one: Category) -> list[Finding]:
    """Return what a category that is computed leaves out."""
    place = {"table": "activity", "key": one.code}
    notes = []
    if one.missing:
        has, lacks = "、".join(one.divisions), "、".join(one.missing)
        said = (
            f"{one.name.zh}只按行业大类 {has} 计算，缺 {lacks}",
            f"{one.name.en} is computed from divisions {', '.join(one.divisions)} without {', '.join(one.missing)}",
        )
        cure = ("补充该大类的就业。", "Add jobs of the division.")
        notes.append(finding("partly-covered", "note", said, cure, **place))
    if unknown := [region for region in one.regions if region not in one.sized]:
        said = (
            f"{one.name.zh}：{shorten(unknown, '、')} 没有该行业的就业，规模按其余地区的中位数",
            f"{one.name.en}: no jobs known in {shorten(unknown)}; their size is that of the others",
        )
        cure = ("补充该地区的就业。", "Add the jobs of the region.")
        notes.append(finding("size-not-known", "note", said, cure, **place))
    return notes


def _listed(rules: Mapping[str, Any], national: float, years: tuple[int, int]) -> pl.DataFrame:
    """Return every assumption with its value and reference."""
    from xinzhi.risks.inputs import document

    file = document(_FILE)["wave"]
    rows = [
        (
            name,
            str(value),
            file[name]["reference"] if name in file and file[name]["value"] == value else "given in the call",
        )
        for name, value in rules.items()
        if name != "spillover" or value
    ]
    rows.append(("national_growth", f"{national:.4f}", f"real output of all regions, {years[0]}-{years[1]}, a year"))
    return pl.DataFrame(rows, schema=["name", "value", "reference"], orient="row")

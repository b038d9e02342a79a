"""The verb `herd_entry`: if every region builds what its plan names, what becomes of utilisation and prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack, cast

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import NO_NAMES, Names
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.data import as_package, is_package
from xinzhi.data.internal import among
from xinzhi.risks.capacity import entry_categories, entry_market
from xinzhi.risks.inputs import conventions, finite_number, setting

CATEGORY, LIKELY = "category", setting("overcapacity", "told.likely")
_ENDS = {"middle": "utilisation", "low": "utilisation_low", "high": "utilisation_high", "chance": "chance_below"}
_RULES, _BELIEF, _FULL = ("median", "own"), (0, 1), 100


@dataclass(frozen=True, repr=False, kw_only=True)
class HerdEntry(Result, verb="herd_entry", topic="overcapacity", key=("category", "entry", "demand")):
    """What a wave of entry does.

    A row of `frame` is a category, entry (``all`` that name it build, or ``uncertain``, a common unknown share of them)
    and path of demand. Middle figures are medians, low and high the 5th and 95th percentile; `break_even` is below 0
    where not even those that are there earn; figures are null where the status says why. `bands` are percentiles for
    charts, `waves` says what an entrant expects that knows nothing of the others (a wave: a gain, and yet a loss for
    all if all build), `assumptions` everything that was assumed, `sizes` what a region that names a category has of the
    nation's jobs in it.
    """

    bands: pl.DataFrame
    waves: pl.DataFrame
    assumptions: pl.DataFrame
    findings: tuple[Finding, ...]
    sizes: pl.DataFrame

    def computable_categories(self) -> pl.DataFrame:
        """Return the categories that could be computed, if all build on the base path, with what the wave pays."""
        base = self.frame.filter(entry="all", demand="base").drop_nulls("utilisation")
        return base.join(self.waves.rename({"chance_loss": "chance_loss_alone"}), on="category", how="left")

    def sorted_by(self, column: str, *, descending: bool = False) -> pl.DataFrame:
        """Return the computable categories in the order of a figure."""
        return self.computable_categories().sort(column, CATEGORY, descending=[descending, False])

    @property
    def by_crowding(self) -> pl.DataFrame:
        """The computable categories, first the one furthest beyond what its market bears."""
        beyond = pl.col("regions") - pl.col("break_even")
        return self.computable_categories().sort(beyond, CATEGORY, descending=[True, False])

    @property
    def by_utilisation(self) -> pl.DataFrame:
        """The computable categories, the least used first, with the ends of utilisation by who builds."""
        rows = self.sorted_by("utilisation")
        for entry in entry_market.ENTRY:
            ends = [pl.col(of).alias(f"{name}_{entry}") for name, of in _ENDS.items()]
            cases = self.frame.filter(entry=entry, demand="base").select(CATEGORY, *ends)
            rows = rows.join(cases, on=CATEGORY, how="left", maintain_order="left")
        return rows

    @property
    def by_spillover(self) -> pl.DataFrame:
        """The computable categories whose entry would have to make a market of its own, the most first."""
        rows = self.sorted_by("offsetting_spillover", descending=True)
        return rows.filter(pl.col("offsetting_spillover") > 0)

    @property
    def left_out(self) -> pl.DataFrame:
        """The categories that could not be computed, a row each."""
        return self.frame.unique(CATEGORY, maintain_order=True).filter(pl.col("utilisation").is_null())

    @property
    def starting_points(self) -> pl.DataFrame:
        """The computable categories with the divisions that they are held against as a list."""
        divisions = pl.col("divisions").fill_null("").str.replace_all(";", ", ")
        return self.computable_categories().with_columns(divisions)

    @property
    def growth_by_path(self) -> dict[str, float]:
        """Growth of demand on each path, the slowest first: that of national output where it is used."""
        paths = self.frame.group_by("demand").agg(pl.col("growth").mean()).sort("growth", "demand")["demand"].to_list()
        national = self.frame.filter(pl.col("growth_source") == "national output")
        rows = (national if national.height else self.frame).unique("demand", maintain_order=True)
        growth = dict(rows.select("demand", "growth").iter_rows())
        return {path: growth[path] for path in paths}

    def count_given_growth(self) -> int:
        """Return for how many computable categories growth of demand comes from a source or the caller."""
        return int(self.computable_categories()["growth_source"].is_in(["source", "given"]).sum())

    def count_stand_ins(self, sums: Sequence[str]) -> int:
        """Return for how many computable categories a sum of industries stands in the survey."""
        series = self.computable_categories()["survey"].str.split(";")
        return int(series.list.eval(pl.element().is_in(sums)).list.any().sum())

    def ranges(self) -> pl.DataFrame:
        """Return by category, if all build, the least and greatest chance over the paths of demand and their growth."""
        return (
            self.frame.filter(entry="all")
            .drop_nulls("chance_below")
            .group_by("category")
            .agg(
                least=pl.col("chance_below").min(),
                most=pl.col("chance_below").max(),
                slow=pl.col("growth").min(),
                fast=pl.col("growth").max(),
            )
            .sort("category")
        )

    def answer(self) -> Iterator[Fact]:
        """Yield how many categories more regions name than the market bears, and where utilisation and profit end."""
        rows, category_count = self.computable_categories(), self.frame["category"].n_unique()
        if not rows.height:
            yield words.overcapacity.answer_no_category(n=category_count)
            return
        yield from self._crowd(rows)
        yield self._lure(rows)
        yield from self._outcomes(rows)
        yield from self._offsets(rows)
        if category_count > rows.height:
            yield words.overcapacity.answer_left_out(k=category_count - rows.height, n=category_count)
        yield words.overcapacity.answer_assumed()

    def _name(self, row: Mapping[str, object]) -> Text:
        return self.names.text(CATEGORY, row["category"])

    def _crowd(self, rows: pl.DataFrame) -> Iterator[Fact]:
        order = rows.sort(pl.col("regions") - pl.col("break_even"), "category", descending=[True, False])
        top = order.row(0, named=True)
        over = rows.filter(pl.col("regions") > pl.col("break_even")).height
        sure = rows.filter(pl.col("regions") > pl.col("break_even_high")).height
        n, name, regions, bears = rows.height, self._name(top), top["regions"], top["break_even"]
        if over:
            yield words.overcapacity.headline_crowd(k=over, n=n, name=name, named=regions, bears=bears)
        else:
            yield words.overcapacity.headline_no_crowd(n=n, name=name, named=regions, bears=bears)
        if sure:
            yield words.overcapacity.answer_sure(k=sure)

    def _lure(self, rows: pl.DataFrame) -> Fact:
        waves = rows.filter("wave").sort("profit_if_all", "category")
        if not waves.height:
            lose = rows.filter(pl.col("profit_if_all") < 0).height
            return words.overcapacity.headline_no_wave(n=rows.height, lose=lose)
        top = waves.row(0, named=True)
        return words.overcapacity.headline_lure(
            k=waves.height,
            n=rows.height,
            name=self._name(top),
            alone=top["expected_profit"],
            all=top["profit_if_all"],
        )

    def _outcomes(self, rows: pl.DataFrame) -> Iterator[Fact]:
        """Yield how many categories more likely than not end below the threshold, by entry and path of demand."""
        likely = (pl.col("chance_below") > LIKELY).sum()
        below = {
            (entry, path): count
            for entry, path, count in self.frame.group_by("entry", "demand").agg(likely.alias("n")).rows()
        }
        low, edge = rows.sort("utilisation", "category").row(0, named=True), float(self.provenance.options["threshold"])
        yield words.overcapacity.headline_idle(
            edge=edge,
            n=rows.height,
            k=below["all", "base"],
            some=below["uncertain", "base"],
            name=self._name(low),
            value=low["utilisation"],
        )
        yield words.overcapacity.headline_chances(
            edge=edge, n=rows.height, least=min(below.values()), most=max(below.values())
        )

    def _offsets(self, rows: pl.DataFrame) -> Iterator[Fact]:
        offsets = rows.drop_nulls("offsetting_spillover").sort(
            "offsetting_spillover", "category", descending=[True, False]
        )
        if not offsets.height or offsets["offsetting_spillover"][0] <= 0:
            return
        top, by_itself = offsets.row(0, named=True), offsets.filter(pl.col("offsetting_spillover") <= 0).height
        yield words.overcapacity.headline_offsets(
            k=by_itself, n=rows.height, name=self._name(top), value=top["offsetting_spillover"]
        )

    def explain(self, category: str) -> pl.DataFrame:
        """Return the rows of one category (code or name); `UsageError` when there is none."""
        code = self.names.resolve(category, self.frame["category"].unique().sort(), CATEGORY)
        return self.frame.filter(pl.col("category") == code)


def herd_entry(
    source: AnyPackage,
    *,
    categories: Sequence[str] | None = None,
    year: int | None = None,
    demand: Mapping[str, float] | None = None,
    paths: Sequence[str] | None = None,
    seed: int = 0,
    **assumptions: Unpack[entry_market.Choices],
) -> HerdEntry:
    """Put capacity on the market as if regions built what their plans name, and see what it does.

    Parameters
    ----------
    source
        A package with ``plans, plan_categories, activity, capacity, accounts``; one of some provinces stands among the
        others of `china-provinces`, since the market is the nation's.
    categories, year
        Codes of categories (None: all) and the year of the plans (None: the last).
    demand
        Growth per year of some categories' demand at unchanged prices, in the divisions that they are held against. The
        others grow as national real output; emerging categories that are not given are not judged.
    paths
        Which paths of demand beside ``base`` (None: all, ``low, base, high``); the figures of each are the same alone.
    seed
        Of the draws; every category has a stream of its own, so that a selection changes no figure.
    assumptions
        Any entry of ``wave`` in ``overcapacity.yaml``, such as ``rule="own"``, ``horizon=3``, ``scale=0.5``,
        ``realised=(2, 2)``, ``demand_elasticity=2``; and ``spillover``, 0 unless given.

    Notes
    -----
    Lin (2007) and Lin, Wu and Xing (2010): latecomers agree on the next industry, but not on how many will enter it;
    capacity is built before the market is known. Sizes are shares of urban-unit employment in the divisions of a
    category in the last year of `activity`; a division holds more than the category, so the size is the industry's
    around it. See `wave_market` for the market.

    Examples
    --------
    >>> found = herd_entry("china-provinces", categories=["auto", "finance"], draws=400)
    >>> found.frame.filter(entry="all", demand="base").select("category", "regions", "status_en").rows()[0]
    ('auto', 13, 'computed')
    """
    if not is_package(source):
        raise InputError("capacity.no-package")
    own_package = as_package(source)
    package = own_package if (around := among(own_package)) is None else around.package  # a wave is the nation's
    rules = _merged_assumptions(assumptions)
    if paths is not None:  # those that were asked for, and the base
        if strange := sorted(set(paths) - set(rules["demand"])):
            raise UsageError("capacity.no-path", asked=strange[0], known=list(rules["demand"]))
        paths_in_use = {name: multiple for name, multiple in rules["demand"].items() if name == "base" or name in paths}
        rules = {**rules, "demand": paths_in_use}
    market = entry_market.Market(
        demand_elasticity=rules["demand_elasticity"],
        supply_elasticity=rules["supply_elasticity"],
        variable_cost=rules["variable_cost"],
        margin=rules["margin"],
        spillover=rules["spillover"],
    )
    plan_year, of_sizes, categories_read = entry_categories.read_categories(package, year, categories, demand or ())
    entry_categories.check_demand(demand, [category.code for category in categories_read])
    national, first, last = entry_categories.national_growth(package, int(rules["window"]))
    frames: dict[str, list[entry_market.Row]] = {"frame": [], "bands": [], "waves": []}
    for category in categories_read:
        growth = (
            national,
            "national output" if entry_categories.unjudged_reason(category.code, demand or ()) is None else "unknown",
        )
        if demand is not None and category.code in demand:
            growth = (float(demand[category.code]), "given")
        for name, rows in entry_market.simulate(category, market, growth, rules, seed).items():
            frames[name].extend(rows)
    options = {"year": plan_year, "sizes": of_sizes, "growth": [first, last], "seed": seed, **rules}
    origin = provenance(
        "herd_entry", own_package, ["plans", "plan_categories", "activity", "capacity", "accounts"], **options
    )
    by_reason = sorted(categories_read, key=lambda category: category.reason is None)
    return HerdEntry(
        frame=pl.DataFrame(frames["frame"], schema=_FRAME).sort("category", "entry", "demand"),
        bands=pl.DataFrame(frames["bands"], schema=_BANDS),
        waves=pl.DataFrame(frames["waves"], schema=_WAVES),
        assumptions=_assumption_table(rules, national, (first, last)),
        findings=tuple(note for category in by_reason for note in _lacks(category)),
        sizes=pl.DataFrame(
            [
                (category.code, *pair)
                for category in categories_read
                for pair in zip(category.sized, category.sizes.tolist(), strict=True)
            ],
            schema={"category": pl.String, "region": pl.String, "share": pl.Float64},
            orient="row",
        ),
        names=Names({CATEGORY: {category.code: category.name for category in categories_read}}),
        kind=package.kind,
        provenance=origin if around is None else replace(origin, inputs={**around.digests, **origin.inputs}),
    )


_NUMBERS = (
    "growth", "base_utilisation", "base_place", "entrant_size", "capacity_added",
    "utilisation", "utilisation_low", "utilisation_high", "price", "price_low", "price_high",
    "chance_below", "profit", "chance_loss", "break_even", "break_even_low", "break_even_high",
    "offsetting_spillover",
)  # fmt: skip
_TEXTS = ("category", "name_zh", "name_en", "entry", "demand")
_FRAME: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(_TEXTS, pl.String), "regions": pl.Int64, "growth_source": pl.String, "survey": pl.String,
    "divisions": pl.String, **dict.fromkeys(_NUMBERS, pl.Float64), "status_zh": pl.String, "status_en": pl.String,
    "entrants_at_threshold": pl.Float64, "growth_at_threshold": pl.Float64,
}  # fmt: skip
_BANDS: dict[str, type[pl.DataType]] = {
    "category": pl.String, "entry": pl.String, "demand": pl.String, "percentile": pl.Int64, "utilisation": pl.Float64,
    "price": pl.Float64,
}  # fmt: skip
_WAVES: dict[str, type[pl.DataType]] = {
    "category": pl.String, "expected_profit": pl.Float64, "chance_loss": pl.Float64, "profit_if_all": pl.Float64,
    "wave": pl.Boolean,
}  # fmt: skip


def _merged_assumptions(overrides: Mapping[str, Any]) -> entry_market.Assumptions:
    """Return all assumptions, those given in place of the file's."""
    defaults = {name: node["value"] for name, node in conventions("overcapacity")["wave"].items()} | {"spillover": 0.0}
    if unknown := sorted(set(overrides) - set(defaults)):
        raise UsageError("capacity.no-assumption", asked=unknown[0], known=sorted(defaults))
    rules = defaults | dict(overrides)
    if rules["rule"] not in _RULES:
        raise UsageError("capacity.no-rule", asked=rules["rule"], known=_RULES)
    for name in ("horizon", "draws", "window", "least_changes", "base_quarters"):
        finite_number("herd_entry", name, rules[name], integer=True, above=0)
    for name in ("scale", "expansion", "threshold", "spread"):
        finite_number("herd_entry", name, rules[name], above=0)
    for name in entry_market.Market.__slots__:
        finite_number("herd_entry", name, rules[name])
    for part in _BELIEF:
        finite_number("herd_entry", "realised", rules["realised"][part], above=0)
    if rules["threshold"] > _FULL:
        raise UsageError("capacity.threshold", value=rules["threshold"])
    return cast("entry_market.Assumptions", rules)


def _lacks(category: entry_categories.Category) -> list[Finding]:
    """Return why a category is not computed, or what one that is leaves out."""
    if category.reason is not None:
        why = {"name": category.name, "why": category.reason}
        return [finding("capacity.not-computable", words=why, table="plan_categories", key=category.code)]
    unsized = [region for region in category.regions if region not in category.sized]
    notes = []
    if category.missing:
        values: dict[str, object] = {"name": category.name, "has": category.divisions, "lacks": category.missing}
        notes.append(finding("capacity.partly-covered", words=values, table="activity", key=category.code))
    if unsized:
        values = {"name": category.name, "regions": [NO_NAMES.region(region) for region in unsized]}
        notes.append(finding("capacity.size-not-known", words=values, table="activity", key=category.code))
    return notes


def _assumption_table(rules: Mapping[str, object], national: float, years: tuple[int, int]) -> pl.DataFrame:
    """Return every assumption with its value and reference."""
    file = conventions("overcapacity")["wave"]
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

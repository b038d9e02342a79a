"""The verb `choices`: which industries plans name more often than chance, and who names what it is not near to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.names import Names
from xinzhi.core.regression import benjamini_hochberg
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, words
from xinzhi.data import names_of, provenance
from xinzhi.pathways.complexity.validated_proximity import configuration
from xinzhi.pathways.conventions import conventions, setting
from xinzhi.pathways.industries import Explanation, as_package, called, jobs, nearness
from xinzhi.pathways.plans.lists import Fit, Lists, chosen_categories, divisions_of, fit_of, plan_years, read_lists
from xinzhi.pathways.plans.similarity import hypergeometric_at_most, jaccard, length_chances, overlap_row, shared, tails

_SHOWN = 3


_PARTS = {
    "far": pl.col("unfit") & ~pl.col("present"),
    "able": pl.col("named") & pl.col("able"),
    "left": ~pl.col("named") & pl.col("able"),
    "unjudged": pl.col("named") & pl.col("density").is_null(),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChoiceExplanation(Explanation):
    """What stands behind the list of one region in one year."""

    year: int
    cells: pl.DataFrame
    nearest: tuple[Text, float]


def _said(row: Mapping[str, Any]) -> dict[str, object]:
    """Return how many regions name a category, how many would by chance, and how sure the difference is."""
    return {"n": row["named"], "expected": row["expected"], "verdict": row["verdict"], "q": row["q"]}


class _OnDemand:
    """A field whose frame is made when it is first looked at: a function stands for it until then."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = f"_{name}"

    def __get__(self, instance: Choices | None, owner: type | None = None) -> pl.DataFrame:
        if instance is None:
            raise AttributeError(self._key)  # the field has no default
        made: Callable[[], pl.DataFrame] | pl.DataFrame = instance.__dict__[self._key]
        if not isinstance(made, pl.DataFrame):
            made = instance.__dict__[self._key] = made()
        return made

    def __set__(self, instance: Choices, value: Callable[[], pl.DataFrame] | pl.DataFrame) -> None:
        instance.__dict__[self._key] = value


@dataclass(frozen=True, repr=False, kw_only=True)
class Choices(Result, verb="choices", topic="pathways", key=("year", "category")):
    """What plans name, against chance and against what the regions can do: a row for each year and category.

    `cells` has a row for each year, region and category, `regions` for each year and region, `pairs` for every two
    regions of a year, `overlap` for each year (its draws are made when it is first looked at). `lists` and `fits` are
    the lists of every year and their fit, as matrices.
    """

    cells: pl.DataFrame
    regions: pl.DataFrame
    pairs: pl.DataFrame
    overlap: _OnDemand = _OnDemand()
    lists: Mapping[int, Lists]
    fits: Mapping[int, Fit]
    findings: tuple[Finding, ...]

    def facts(self) -> Facts:
        """Return how alike the lists are, what most regions name, what does not fit, and what own lists would drop."""
        year = self.last_year()
        found: Facts = {"summary.lists": [self._lists_of(one) for one in self.lists]}
        over = self.frame.filter(pl.col("year") == year).drop_nulls("over_choice")
        if over.is_empty():
            return found | {"summary.no_fit": {}}
        over = over.sort("over_choice", "category", descending=[True, False])
        top, crowded = over.row(0, named=True), over.filter(pl.col("over_choice") > 1).height
        found["headline.over_choice"] = {
            "year": year, "name": self.names.text("category", top["category"]), "named": top["named"],
            "able": top["able"], "k": crowded, "n": over.height,
        }  # fmt: skip
        regions = self.regions.filter(pl.col("year") == year).sort("unfit", "region", descending=[True, False])
        if regions["unfit"].sum():
            most = regions.sort("unfit_absent", "region", descending=[True, False])["region"][:_SHOWN]
            found["headline.unfit"] = {
                "year": year, "k": int(regions["unfit"].sum()), "expected": float(regions["expected_unfit"].sum()),
                "top": [self.names.region(code) for code in regions["region"][:_SHOWN]],
            }  # fmt: skip
            found["summary.unfit_absent"] = {
                "k": int(regions["unfit_absent"].sum()), "top": [self.names.region(code) for code in most]
            }  # fmt: skip
        p = self.overlap.row(by_predicate=pl.col("year") == year, named=True)["p_fit"]
        found["summary.nearer"] = {"nearer": p <= setting("choices.significance"), "p": p}
        return found | {"headline.without_herd": self._changes(year)}

    def changes(self, year: int | None = None) -> pl.DataFrame:
        """Return how many regions would ``keep, drop, add`` a category in lists of their own, most drops first."""
        counts = self.without_herd(year).group_by("category", maintain_order=True)
        kinds = ("keep", "drop", "add")
        frame = counts.agg((pl.col("change") == kind).sum().cast(pl.Int64).alias(kind) for kind in kinds)
        return frame.sort(pl.col("add") - pl.col("drop"), "category")

    def _changes(self, year: int) -> dict[str, object]:
        frame = self.changes(year)
        first = frame.row(0, named=True)
        return {
            "year": year,
            "drop": int(frame["drop"].sum()),
            "add": int(frame["add"].sum()),
            "name": self.names.text("category", first["category"]),
            "before": first["keep"] + first["drop"],
            "after": first["keep"] + first["add"],
        }

    def _lists_of(self, year: int) -> dict[str, object]:
        """Return how alike the lists of a year are, and how often the quoted industries are named."""
        row = self.overlap.row(by_predicate=pl.col("year") == year, named=True)
        frame = self.frame.filter(pl.col("year") == year)
        quoted = frame.filter(pl.col("category").is_in(setting("choices.quoted")))
        if quoted.is_empty():
            quoted = frame.sort("named", "category", descending=[True, False]).head(_SHOWN)
        named = [
            words("pathways.summary.named", name=self.names.text("category", one["category"]), **_said(one))
            for one in quoted.iter_rows(named=True)
        ]
        return {**row, "named": named}

    def explain(self, region: str, year: int | None = None) -> ChoiceExplanation:
        """Return what a region (code or name) names in a year, what of it does not fit, and what it leaves out."""
        when = self.last_year() if year is None else year
        if when not in self.lists:
            raise UsageError("pathways.unknown", what="lists", asked=when, known=list(self.lists))
        lists = self.lists[when]
        code = self.names.resolve(region, lists.regions)
        name, own = self.names.region(code), (pl.col("year") == when, pl.col("region") == code)
        of_all = self.frame.filter(pl.col("year") == when)
        cells = (
            self.cells.filter(*own)
            .join(of_all.select("category", "name_zh", "name_en", pl.col("named").alias("times"), "expected", "verdict",
                                "status_zh", "status_en"), on="category")
            .join(self.without_herd(when).filter(pl.col("region") == code).select("category", "change"), on="category")
            .with_columns(others=pl.col("times") - pl.col("named").cast(pl.Int64))
            .select("category", "name_zh", "name_en", "named", "others", "expected", "verdict", "density", "decile",
                    "decile_here", "present", "able", "unfit", "change", "status_zh", "status_en")
        )  # fmt: skip
        row = self.regions.row(by_predicate=own[0] & own[1], named=True)
        nearest = (self.names.region(row["nearest"]), row["nearest_jaccard"])
        counts = {"k": row["length"], "n": len(lists.categories), "even": float(of_all["expected"][0])}
        facts: Facts = {"explain.choices": {"name": name, "year": when, **counts}}
        for part, where in _PARTS.items():
            said = [self._cell(cell) for cell in cells.filter(where).iter_rows(named=True)]
            facts[f"explain.{part}"] = {"cells": said or [words("pathways.explain.none")]}
        facts["explain.like"] = {"name": nearest[0], "jaccard": nearest[1]}
        return ChoiceExplanation(region=code, year=when, name=name, cells=cells, nearest=nearest, facts=facts)

    def _cell(self, row: Mapping[str, Any]) -> Text:
        name = self.names.text("category", row["category"])
        if row["density"] is None:
            return words("pathways.explain.unknown", name=name, why=Text(zh=row["status_zh"], en=row["status_en"]))
        return words("pathways.explain.cell", name=name, decile=row["decile"], others=row["others"])

    def without_herd(self, year: int | None = None) -> pl.DataFrame:
        """Return lists of the same length that follow what regions can do instead of what all others name.

        The frame of a year (None: the last) is ``region, category, named, without, change, density, able``, where
        `change` is ``keep, drop, add, none``. A region keeps what it names and is able to build, and what cannot be
        judged; drops the rest; and fills the list up to its length with what it is able to build and does not name,
        nearest first, as far as there is enough.
        """
        when = self.last_year() if year is None else year
        if when not in self.lists:
            raise UsageError("pathways.unknown", what="lists", asked=when, known=list(self.lists))
        lists, fit = self.lists[when], self.fits[when]
        kept = lists.named & (fit.able | ~fit.known)
        after = kept.copy()
        for row in range(len(after)):
            free = np.flatnonzero(fit.able[row] & ~lists.named[row])
            order = free[np.argsort(-fit.density[row, free], kind="stable")]
            after[row, order[: int(lists.named[row].sum() - kept[row].sum())]] = True
        change = np.where(lists.named, np.where(after, "keep", "drop"), np.where(after, "add", "none"))
        n, p = after.shape
        return pl.DataFrame(
            {
                "region": np.repeat(lists.regions, p),
                "category": np.tile(lists.categories, n),
                "named": lists.named.ravel(),
                "without": after.ravel(),
                "change": change.ravel(),
                "density": fit.density.ravel(),
                "able": fit.able.ravel(),
            }
        ).with_columns(pl.col("density").fill_nan(None), able=pl.when(pl.Series(fit.known.ravel())).then("able"))

    def last_year(self) -> int:
        """Return the last year of the lists."""
        return max(self.lists)


def choices(
    package: Any,  # noqa: ANN401 - a package, its name or path, or a mapping of frames
    *,
    years: int | Sequence[int] | None = None,
    categories: str | Sequence[str] = "informative",
    draws: int | None = None,
    seed: int = 0,
    activity_year: int | None = None,
) -> Choices:
    """Compare the lists of industries that regions name with chance, and with what the regions are near to.

    Parameters
    ----------
    package
        With ``plans, plan_categories`` and ``activity``.
    years
        Of the plans; None: all.
    categories
        ``informative`` (those that the package does not mark as named by nearly all), ``all``, or codes. The null draws
        among them: the fewer there are beside the ones in question, the more is named by chance.
    draws, seed
        Draws with fixed margins, None: as ``pathways.yaml`` says; and their seed.
    activity_year
        Year of the industries; None: the last.

    Raises
    ------
    UsageError
        When a category or year is unknown.
    InputError
        When a table is missing, or fewer than two regions have a full list.

    Examples
    --------
    >>> found = choices("china-provinces", years=2025, draws=20)
    >>> found.frame.filter(pl.col("category") == "nev").select("named", "verdict").row(0)
    (17, 'as expected')
    """
    verb = "choices"
    data = as_package(package)
    when = plan_years(data, years, verb=verb)
    chosen = chosen_categories(data, categories, verb=verb)
    count = int(setting("likeness.draws")) if draws is None else draws
    if count < 1:
        raise UsageError("pathways.few-draws", verb=verb, n=count)
    cells, year = jobs(data, activity_year, verb=verb)
    near = nearness(cells)
    lists = {one: read_lists(data, one, chosen, verb=verb) for one in when}
    stated = divisions_of(data, verb=verb)
    fits = {one: fit_of(found, stated, near) for one, found in lists.items()}
    names = names_of(data)
    both = [(lists[one], fits[one]) for one in when]
    return Choices(
        frame=pl.concat(category_rows(*one, names) for one in both),
        cells=pl.concat(cell_rows(*one) for one in both),
        regions=pl.concat(region_rows(*one, names) for one in both),
        pairs=pl.concat(pair_rows(one[0]) for one in both),
        overlap=partial(_overlap, both, count, seed),
        lists=lists,
        fits=fits,
        names=names,
        findings=tuple(finding for one in lists.values() for finding in one.findings),
        kind=data.kind,
        provenance=provenance("choices", data, ("plans", "plan_categories", "activity"), years=when,
                              categories=len(chosen), draws=count, seed=seed, activity_year=year),
    )  # fmt: skip


def _overlap(both: Sequence[tuple[Lists, Fit]], draws: int, seed: int) -> pl.DataFrame:
    return pl.DataFrame([overlap_row(lists, fit, draws, seed) for lists, fit in both])


def unfit_cells(lists: Lists, fit: Fit) -> BoolArray:
    """Return where a region names a category from the lowest deciles of density (n, p)."""
    low = int(setting("choices.low_decile"))
    return np.asarray(lists.named & fit.known & (fit.decile <= low))


def category_rows(lists: Lists, fit: Fit, names: Names) -> pl.DataFrame:
    """Return one row per category; the columns are those of `Choices.frame`."""
    rules = conventions("choices")
    chances, counts = length_chances(lists.named), lists.named.sum(axis=0)
    more, fewer = tails(chances.T, counts)
    rate = benjamini_hochberg(np.minimum(2 * np.minimum(more, fewer), 1.0))
    unusual = rate <= float(rules["significance"])
    expected = chances.sum(axis=0)
    verdict = np.where(~unusual, "as expected", np.where(counts > expected, "more", "fewer"))
    unfit, able = unfit_cells(lists, fit), fit.able.sum(axis=0)
    judged = pl.Series(fit.known.any(axis=0))
    frame = pl.DataFrame(
        {
            "year": lists.year,
            "category": lists.categories,
            **called(names, "category", lists.categories),
            "regions": len(lists.regions),
            "named": counts,
            "mentioned": lists.mentioned.sum(axis=0),
            "expected": expected,
            "ratio": counts / np.where(expected > 0, expected, np.nan),
            "p_more": more,
            "p_fewer": fewer,
            "q": rate,
            "verdict": verdict,
            "everywhere": counts >= float(rules["everywhere"]) * len(lists.regions),
            "able": able,
            "over_choice": np.where(able > 0, counts / np.maximum(able, 1), np.nan),
            "unfit": unfit.sum(axis=0),
            "unfit_absent": (unfit & ~fit.present).sum(axis=0),
            "status_zh": [reason.zh for reason in fit.reasons],
            "status_en": [reason.en for reason in fit.reasons],
        },
        schema_overrides={"year": pl.Int64, "regions": pl.Int64, "verdict": pl.String},
    )
    last = ("able", "over_choice", "unfit", "unfit_absent")
    return frame.with_columns(
        pl.col("ratio").fill_nan(None),
        *(pl.when(judged).then(pl.col(name).fill_nan(None)).alias(name) for name in last),
    )


def cell_rows(lists: Lists, fit: Fit) -> pl.DataFrame:
    """Return one row per region and category; the columns are those of `Choices.cells`."""
    n, p = lists.named.shape
    known = pl.Series(fit.known.ravel())
    frame = pl.DataFrame(
        {
            "year": lists.year,
            "region": np.repeat(lists.regions, p),
            "category": np.tile(lists.categories, n),
            "named": lists.named.ravel(),
            "mentioned": lists.mentioned.ravel(),
            "chance": length_chances(lists.named).ravel(),
            "density": fit.density.ravel(),
            "decile": fit.decile.ravel(),
            "decile_here": fit.decile_here.ravel(),
            "present": fit.present.ravel(),
            "able": fit.able.ravel(),
            "unfit": unfit_cells(lists, fit).ravel(),
        },
        schema_overrides={"year": pl.Int64, "region": pl.String, "category": pl.String},
    )
    judged = ("decile", "decile_here", "present", "able", "unfit")
    return frame.with_columns(
        pl.col("density").fill_nan(None), *(pl.when(known).then(name).alias(name) for name in judged)
    )


def region_rows(lists: Lists, fit: Fit, names: Names) -> pl.DataFrame:
    """Return one row per region; the columns are those of `Choices.regions`."""
    low = int(setting("choices.low_decile"))
    unfit = unfit_cells(lists, fit)
    judged, far = fit.known.sum(axis=1), (fit.known & (fit.decile <= low)).sum(axis=1)
    drawn = (lists.named & fit.known).sum(axis=1)
    tail = [
        hypergeometric_at_most(*numbers)
        for numbers in zip(unfit.sum(axis=1), judged, far, drawn, strict=True)
    ]  # fmt: skip
    alike = jaccard(lists.named)
    np.fill_diagonal(alike, -1.0)
    nearest = alike.argmax(axis=1)
    np.fill_diagonal(alike, 0.0)
    return pl.DataFrame(
        {
            "year": lists.year,
            "region": lists.regions,
            **called(names, "region", lists.regions),
            "length": lists.named.sum(axis=1),
            "mentioned": lists.mentioned.sum(axis=1),
            "unfit": unfit.sum(axis=1),
            "unfit_absent": (unfit & ~fit.present).sum(axis=1),
            "expected_unfit": drawn * far / np.maximum(judged, 1),
            "p_fewer_unfit": tail,
            "density_named": _mean(fit.density, lists.named & fit.known),
            "density_others": _mean(fit.density, ~lists.named & fit.known),
            "mean_jaccard": alike.sum(axis=1) / (len(alike) - 1),
            "nearest": [lists.regions[number] for number in nearest],
            "nearest_jaccard": alike[np.arange(len(alike)), nearest],
        },
        schema_overrides={"year": pl.Int64},
    ).with_columns(pl.col("density_named", "density_others").fill_nan(None))


def _mean(values: FloatArray, where: BoolArray) -> FloatArray:
    """Return the mean of each row where a mask holds; NaN where it never does."""
    count = where.sum(axis=1)
    total = np.where(where, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def pair_rows(lists: Lists) -> pl.DataFrame:
    """Return one row per pair of regions; the columns are those of `Choices.pairs`."""
    one, other = np.triu_indices(len(lists.regions), 1)
    both, alike = shared(lists.named)[one, other], jaccard(lists.named)[one, other]
    try:
        chances = configuration(lists.named).probability
        together = chances[one] * chances[other]
        expected, more = together.sum(axis=1), tails(together, both.astype(np.int64))[0]
    except InputError:
        # One arrangement only: there is no model, and nothing is claimed of any pair.
        expected = more = np.full(len(one), np.nan)
    places = np.array(lists.regions, dtype=object)
    return pl.DataFrame(
        {
            "year": lists.year,
            "region": places[one],
            "other": places[other],
            "shared": both.astype(np.int64),
            "expected": expected,
            "jaccard": alike,
            "p_more": more,
            "q": benjamini_hochberg(more),
        },
        schema_overrides={"year": pl.Int64, "region": pl.String, "other": pl.String},
    ).with_columns(pl.col("expected", "p_more", "q").fill_nan(None))

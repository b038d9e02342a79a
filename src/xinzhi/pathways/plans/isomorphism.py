"""The verb `isomorphism`: how alike the structures of regions are, by level and year, and how alike their plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyPackage, FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.data import names_of
from xinzhi.pathways.complexity.cells import Cells
from xinzhi.pathways.complexity.relatedness import revealed_advantage
from xinzhi.pathways.conventions import check_option, setting
from xinzhi.pathways.industries import Explanation, as_package, jobs, name_columns, word, years_of
from xinzhi.pathways.plans import similarity
from xinzhi.pathways.plans.plan_evidence import Choices, choices
from xinzhi.pathways.plans.similarity import cosine, jaccard, krugman, permuted_structures, sampled_structures, shares

_SHOWN = 3


Null = Literal["permuted", "sampled"]
Subject = Literal["structure", "choice"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LikenessExplanation(Explanation):
    """Whom a region resembles, and what sets it apart."""

    year: int
    level: str
    peers: pl.DataFrame
    activities: pl.DataFrame
    row: dict[str, object]


@dataclass(frozen=True, repr=False, kw_only=True)
class Isomorphism(Result, verb="isomorphism", topic="pathways", key=("level", "year", "region", "other")):
    """How alike regions are, in what they do and in what they plan: `frame` has a row for every two regions of a year.

    `expected` and `p_more` are those of the null, empty with fewer than eight activities. `years` has a row for each
    level and year, `regions` one for every region against the rest, `activities` one for every activity: how
    concentrated it is; `ellison_glaeser` takes plants as many and small, an upper bound. `choice` is the same of the
    plans, None where the package has none. `structures` are amounts by level and year, in the order of `places` and of
    their sorted activities.
    """

    years: pl.DataFrame
    regions: pl.DataFrame
    activities: pl.DataFrame
    choice: Choices | None
    structures: Mapping[tuple[str, int], FloatArray]
    places: Mapping[int, tuple[str, ...]]
    findings: tuple[Finding, ...]

    def finest(self) -> str:
        """Return the finest level."""
        return list(self.structures)[-1][0]

    @property
    def similarities(self) -> pl.DataFrame:
        """The similarity of the structures of every two regions in the last year, at the finest level."""
        cells = self.matrix("structure", year=max(self.places), level=self.finest())
        return cells.sort("row", "column").drop("row", "column")

    @property
    def last_pairs(self) -> pl.DataFrame:
        """The pairs of regions of the last year, at the finest level."""
        return self.frame.filter(level=self.finest(), year=max(self.places))

    @property
    def last_levels(self) -> pl.DataFrame:
        """The levels in the last year."""
        return self.years.filter(pl.col("year") == max(self.places))

    @property
    def finest_years(self) -> pl.DataFrame:
        """The years at the finest level."""
        return self.years.filter(level=self.finest()).sort("year")

    @property
    def likeness(self) -> pl.DataFrame:
        """The mean similarity over the years, and where it is known that by chance below it, ``group`` in words."""
        parts = [(words.pathways.chart_actual(), self.finest_years.select("year", value="mean_cosine"))]
        by_chance = self.finest_years.select("year", "low", "high", value="expected")
        if by_chance["value"].is_not_null().any():
            parts.append((words.pathways.chart_by_chance(), by_chance))
        return pl.concat(
            [rows.with_columns(group_zh=pl.lit(text.zh), group_en=pl.lit(text.en)) for text, rows in parts],
            how="diagonal",
        )

    def answer(self) -> Iterator[Fact]:
        """Yield how alike structures are by level, against chance and over time, and what the plans say."""
        year = max(self.places)
        rows = self.years.filter(pl.col("year") == year).rows(named=True)
        levels = [
            words.pathways.summary_level(level=word("chart", f"level_{row['level']}"), mean=row["mean_cosine"])
            for row in rows
        ]
        yield words.pathways.summary_levels(year=year, levels=levels)
        yield self._pairs(year)
        end = rows[-1]
        if end["expected"] is not None:
            yield words.pathways.summary_by_chance(
                expected=end["expected"],
                low=end["low"],
                high=end["high"],
                beyond=end["p_more"] <= setting("inference.level"),
            )
        then = self.years.filter(pl.col("level") == end["level"]).sort("year").row(0, named=True)
        if then["year"] != year:
            yield words.pathways.headline_likeness(
                start=then["year"],
                end=year,
                first=then["mean_cosine"],
                last=end["mean_cosine"],
                chance=end["expected"],
            )
            yield words.pathways.summary_krugman(first=then["mean_krugman"], last=end["mean_krugman"])
        if self.choice is not None:
            yield from self.choice.answer()

    def _pairs(self, year: int) -> Fact:
        """Return which regions are most and least alike at the finest level."""
        pairs = self.frame.filter(pl.col("level") == self.finest(), pl.col("year") == year).sort(
            "cosine", descending=True
        )
        most, least = pairs.row(0, named=True), pairs.row(-1, named=True)
        return words.pathways.headline_similarity(
            year=year,
            a=self.names.region(most["region"]),
            b=self.names.region(most["other"]),
            c=self.names.region(least["region"]),
            d=self.names.region(least["other"]),
            high=most["cosine"],
            low=least["cosine"],
            mean=float(pairs["cosine"].to_numpy().mean()),
        )

    def explain(self, region: str, year: int | None = None) -> LikenessExplanation:
        """Return whom a region (code or name) resembles, in what, and what sets it apart, in a year or the last."""
        when, level = max(self.places) if year is None else year, self.finest()
        if when not in self.places:
            raise UsageError("pathways.unknown", what="year", asked=when, known=list(self.places))
        code = self.names.resolve(region, self.places[when])
        pairs = self.frame.filter(pl.col("level") == level, pl.col("year") == when)
        as_region, as_other = pl.col("region") == code, pl.col("other") == code
        who = pl.when(as_region).then("other").otherwise("region")
        region_pairs = (
            pairs.filter(as_region | as_other)
            .with_columns(region=who)
            .sort("cosine", "region", descending=[True, False])
        )
        peers = region_pairs.select("region", "cosine", "krugman", "expected", "p_more").with_columns(
            pl.DataFrame(name_columns(self.names, "region", region_pairs["region"]))
        )
        values = self.structures[level, when]
        number = self.places[when].index(code)
        names = self.activities.filter(pl.col("level") == level, pl.col("year") == when)["activity"]
        elsewhere = values.sum(axis=0) - values[number]
        activities = pl.DataFrame(
            {
                "activity": names,
                **name_columns(self.names, "industry", names),
                "share": shares(values)[number],
                "share_elsewhere": elsewhere / elsewhere.sum(),
                "advantage": revealed_advantage(values)[number],
            }
        )
        order = np.argsort(-np.abs((activities["share"] - activities["share_elsewhere"]).to_numpy()), kind="stable")
        activities = activities[order]
        name = self.names.region(code)
        row = self.regions.filter(level=level, year=when, region=code).row(0, named=True)
        nearest, farthest = region_pairs.row(0, named=True), region_pairs.row(-1, named=True)
        differences = [
            words.pathways.explain_share(name=self.names.text("industry", industry), here=share, elsewhere=rest)
            for industry, share, rest in activities.head(_SHOWN).select("activity", "share", "share_elsewhere").rows()
        ]
        like = {"near": self.names.region(nearest["region"]), "high": nearest["cosine"]}
        like |= {"far": self.names.region(farthest["region"]), "low": farthest["cosine"]}
        facts: Facts = {
            "explain.likeness": {"name": name, "year": when, "level": word("chart", f"level_{level}"), **like},
            "explain.against": row,
            "explain.apart": {"activities": differences},
        }
        return LikenessExplanation(
            region=code, year=when, level=level, name=name, peers=peers, activities=activities, row=row, facts=facts
        )

    def matrix(
        self, subject: Subject = "structure", *, year: int | None = None, level: str | None = None
    ) -> pl.DataFrame:
        """Return ``region, other, row, column, similarity`` for a picture, the similar side by side.

        `subject` ``structure``: cosine of the shares in a year and level (None: the last, the finest); ``choice``:
        shared part of the plans' lists (Jaccard). `row` and `column` are places in the order of average linkage on 1 -
        similarity, its leaves ordered to keep neighbours alike. A usage error where there is no such subject, year or
        level.
        """
        if subject == "choice":
            if self.choice is None:
                raise UsageError("pathways.no-plans-matrix")
            when = self.choice.last_year() if year is None else year
            if when not in self.choice.lists:
                raise UsageError("pathways.unknown", what="lists", asked=when, known=list(self.choice.lists))
            names, alike = self.choice.lists[when].regions, jaccard(self.choice.lists[when].entries)
            np.fill_diagonal(alike, 1.0)
        elif subject == "structure":
            when, depth = max(self.places) if year is None else year, level or self.finest()
            if (depth, when) not in self.structures:
                available = [
                    f"{structure_level}/{structure_year}" for structure_level, structure_year in self.structures
                ]
                raise UsageError("pathways.unknown", what="level", asked=f"{depth}/{when}", known=available)
            names, alike = self.places[when], cosine(self.structures[depth, when])
        else:
            raise UsageError("pathways.unknown-option", option="subject", value=subject, choices=get_args(Subject))
        rank = _seriation(alike)
        n = len(names)
        return pl.DataFrame(
            {
                "region": np.repeat(names, n),
                "other": np.tile(names, n),
                "row": np.repeat(rank, n),
                "column": np.tile(rank, n),
                "similarity": alike.ravel(),
            }
        )


def _seriation(alike: FloatArray) -> IntArray:
    """Return the place of every region in an order that keeps the similar together."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distances = np.clip(1.0 - (alike + alike.T) / 2, 0.0, None)
    np.fill_diagonal(distances, 0.0)
    order = leaves_list(linkage(squareform(distances, checks=False), "average", optimal_ordering=True))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank


def isomorphism(
    package: AnyPackage,
    *,
    years: Sequence[int] | None = None,
    levels: Sequence[str] | None = None,
    null: Null = "permuted",
    draws: int | None = None,
    seed: int = 0,
    plans: bool = True,
) -> Isomorphism:
    """Measure how alike the structures of regions are, against chance, by level and year; and how alike their plans.

    Parameters
    ----------
    package
        With `activity`, and ``plans, plan_categories`` for the choices.
    years
        Of the structures; None: all.
    levels
        Levels of the classification (`similarity.parents`); None: all that the codes allow.
    null
        ``permuted``: every region keeps how strongly it specialises and deals its quotients out at random; ``sampled``:
        regions differ by sampling only, for small counts.
    draws, seed
        Draws of the nulls, None: as ``pathways.yaml`` says; and their seed.
    plans
        Whether to compare the plans too, where there are any.

    Examples
    --------
    >>> found = isomorphism("china-provinces", years=[2016], draws=20, plans=False)
    >>> found.years.select("level", pl.col("mean_cosine").round(2)).rows()
    [('section', 0.94), ('group', 0.73), ('2-digit', 0.59)]
    """
    verb = "isomorphism"
    check_option("null", null, Null)
    data = as_package(package)
    available = years_of(data.require("activity", ["region", "industry", "year", "employment"], verb=verb))
    count = int(setting("likeness.draws")) if draws is None else draws
    if count < 1:
        raise UsageError("pathways.few-draws", verb=verb, n=count)
    cells_by_year = {
        year: jobs(data, year, verb=verb)[0] for year in (available if years is None else sorted(set(years)))
    }
    names = names_of(data)
    parts: list[tuple[pl.DataFrame, ...]] = []
    structures: dict[tuple[str, int], FloatArray] = {}
    for level, year, cells, values, codes in _structures(cells_by_year, levels):
        structures[level, year] = values
        alike, distances = cosine(values), krugman(values)
        pairs, means = pair_rows(level, year, cells.places, (alike, distances), values, (null, count, seed))
        of_regions = region_rows(level, year, cells.places, names, values, alike)
        of_year, of_activities = (
            year_row(level, year, pairs, means, len(codes)),
            activity_rows(level, year, codes, values),
        )
        parts.append((pairs, of_year, of_regions, of_activities))
    every_pair, by_year, regions, activities = (pl.concat(tables) for tables in zip(*parts, strict=True))
    with_plans = plans and {"plans", "plan_categories"} <= set(data.tables)
    choice = choices(data, draws=count, seed=seed) if with_plans else None
    missing = (finding("pathways.no-plans", table="plans"),) if plans and not with_plans else ()
    return Isomorphism(
        frame=every_pair,
        years=by_year,
        regions=regions,
        activities=activities,
        choice=choice,
        structures=structures,
        places={year: cells.places for year, cells in cells_by_year.items()},
        names=names,
        findings=tuple(note for cells in cells_by_year.values() for note in cells.findings) + missing,
        kind=data.kind,
        provenance=provenance(
            "isomorphism",
            data,
            ("activity",),
            years=list(cells_by_year),
            levels=sorted({name for name, _ in structures}),
            null=null,
            draws=count,
            seed=seed,
        ),
    )


def _structures(
    cells_by_year: Mapping[int, Cells], levels: Sequence[str] | None
) -> list[tuple[str, int, Cells, FloatArray, tuple[str, ...]]]:
    """Return every level and year with its amounts, coarsest level first."""
    levels_by_year = {
        year: similarity.chosen_levels(similarity.parents(cells.activities), levels)
        for year, cells in cells_by_year.items()
    }
    first = next(iter(levels_by_year.values()))
    structures = []
    for level in first:
        for year, cells in cells_by_year.items():
            if level in levels_by_year[year]:
                amounts, codes = similarity.add_up(cells.values, levels_by_year[year][level])
                structures.append((level, year, cells, amounts, codes))
    return structures


def pair_rows(
    level: str,
    year: int,
    places: Sequence[str],
    measures: tuple[FloatArray, FloatArray],
    values: FloatArray,
    null: tuple[str, int, int],
) -> tuple[pl.DataFrame, FloatArray]:
    """Return one row per pair of places (the columns of `Isomorphism.frame`), and the mean cosine of every draw."""
    which, draws, seed = null
    pairs = np.triu_indices(len(places), 1)
    observed = measures[0][pairs]
    enough = values.shape[1] >= int(setting("likeness.fewest"))
    maker = permuted_structures if which == "permuted" else sampled_structures
    total, above, means = np.zeros(len(observed)), np.zeros(len(observed)), [np.empty(0)]
    for sample in maker(values, draws, seed=seed) if enough else ():
        similarities = similarity.cosine(sample)[:, *pairs]
        total += similarities.sum(axis=0)
        above += (similarities >= observed - 1e-12).sum(axis=0)
        means.append(similarities.mean(axis=1))
    names = np.array(places, dtype=object)
    nothing = np.full(len(observed), np.nan)
    frame = pl.DataFrame(
        {
            "level": level,
            "year": year,
            "region": names[pairs[0]],
            "other": names[pairs[1]],
            "cosine": observed,
            "krugman": measures[1][pairs],
            "expected": total / draws if enough else nothing,
            "p_more": (1 + above) / (1 + draws) if enough else nothing,
        },
        schema_overrides={"year": pl.Int64, "region": pl.String, "other": pl.String},
    )
    return frame.with_columns(pl.col("expected", "p_more").fill_nan(None)), np.concatenate(means)


def year_row(level: str, year: int, pairs: pl.DataFrame, means: FloatArray, activities: int) -> pl.DataFrame:
    """Return the row of one level and year; the columns are those of `Isomorphism.years`."""
    mean = float(pairs["cosine"].to_numpy().mean())
    any_ = bool(len(means))
    low, high = np.quantile(means, setting("inference.tails")).tolist() if any_ else (None, None)
    row = {
        "level": level,
        "year": year,
        "activities": activities,
        "mean_cosine": mean,
        "median_cosine": float(np.median(pairs["cosine"].to_numpy())),
        "mean_krugman": float(pairs["krugman"].to_numpy().mean()),
        "expected": float(means.mean()) if any_ else None,
        "low": low,
        "high": high,
        "p_more": float((1 + (means >= mean - 1e-12).sum()) / (1 + len(means))) if any_ else None,
        "pairs_more": float((pairs["p_more"].to_numpy() <= setting("inference.level")).mean()) if any_ else None,
    }
    numbers = dict.fromkeys(("expected", "low", "high", "p_more", "pairs_more"), pl.Float64)
    return pl.DataFrame([row], schema_overrides=numbers)


def region_rows(
    level: str, year: int, places: Sequence[str], names: Names, values: FloatArray, alike: FloatArray
) -> pl.DataFrame:
    """Return one row per region; the columns are those of `Isomorphism.regions`."""
    off_diagonal = alike.copy()
    np.fill_diagonal(off_diagonal, -1.0)
    nearest = off_diagonal.argmax(axis=1)
    return pl.DataFrame(
        {
            "level": level,
            "year": year,
            "region": places,
            **name_columns(names, "region", places),
            "krugman_rest": similarity.krugman_to_rest(values),
            "hachman": similarity.hachman(values),
            "hhi": similarity.hhi(values),
            "theil": similarity.theil(values),
            "mean_cosine": (alike.sum(axis=1) - np.diagonal(alike)) / (len(alike) - 1),
            "nearest": [places[number] for number in nearest],
            "nearest_cosine": off_diagonal[np.arange(len(alike)), nearest],
        },
        schema_overrides={"year": pl.Int64},
    )


def activity_rows(level: str, year: int, names: Sequence[str], values: FloatArray) -> pl.DataFrame:
    """Return one row per activity; the columns are those of `Isomorphism.activities`."""
    return pl.DataFrame(
        {
            "level": level,
            "year": year,
            "activity": names,
            "share": values.sum(axis=0) / values.sum(),
            "hhi": similarity.hhi(values.T),
            "gini": similarity.location_gini(values),
            "ellison_glaeser": similarity.ellison_glaeser(values),
            "theil": similarity.theil(values.T),
        },
        schema_overrides={"year": pl.Int64},
    )

"""The verb `choices`: what plans name, on which evidence, and who has evidence and does not name it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xinzhi import words
from xinzhi.core.arrays import AnyPackage, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.regression import benjamini_hochberg
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, join_names
from xinzhi.data import names_of
from xinzhi.data.package import Package
from xinzhi.pathways.complexity.validated_proximity import configuration
from xinzhi.pathways.conventions import conventions, setting
from xinzhi.pathways.industries import Explanation, as_package, name_columns, word
from xinzhi.pathways.plans.capability import Able, able
from xinzhi.pathways.plans.capability_frames import VALUES
from xinzhi.pathways.plans.lists import Lists, chosen_categories, plan_years, read_lists
from xinzhi.pathways.plans.similarity import hypergeometric_at_most, jaccard, overlap_row, shared, tails

_SHOWN = 3
_COUNTED = ("able", "proxy", "unable", "unknown")
CHANGES = ("made", "proxy", "designated", "unproven", "contradicted", "open", "none")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChoiceExplanation(Explanation):
    """What stands behind the list of one region in one year."""

    year: int
    cells: pl.DataFrame
    nearest: tuple[Text, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVerdicts:
    """What evidence says of the regions and categories of lists (n, p): the verdict of `able`, and its grade."""

    able: NDArray[np.object_]
    grade: NDArray[np.object_]
    designated: BoolArray

    @property
    def evidence(self) -> BoolArray:
        """Where a region has evidence that is no mere decision of the centre."""
        return np.asarray(np.isin(self.able, ("able", "by proxy")) & ~self.designated)


class _OnDemand:
    """A field whose frame is made when it is first looked at: a function stands for it until then."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = f"_{name}"

    def __get__(self, instance: Choices | None, owner: type | None = None) -> pl.DataFrame:
        if instance is None:
            raise AttributeError(self._key)  # the field has no default
        content: Callable[[], pl.DataFrame] | pl.DataFrame = instance.__dict__[self._key]
        if not isinstance(content, pl.DataFrame):
            content = instance.__dict__[self._key] = content()
        return content

    def __set__(self, instance: Choices, value: Callable[[], pl.DataFrame] | pl.DataFrame) -> None:
        instance.__dict__[self._key] = value


@dataclass(frozen=True, repr=False, kw_only=True)
class Choices(Result, verb="choices", topic="pathways", key=("year", "category")):
    """What plans name, against the evidence of what the regions can do: a row for each year and category.

    `cells` has a row for each year, region and category, `regions` for each year and region, `pairs` for every two
    regions of a year, `overlap` for each year (its draws are made when it is first looked at). `lists` and `judged` are
    the lists of every year and what evidence says of them, as matrices.
    """

    cells: pl.DataFrame
    regions: pl.DataFrame
    pairs: pl.DataFrame
    overlap: _OnDemand = _OnDemand()
    lists: Mapping[int, Lists]
    judged: Mapping[int, PlanVerdicts]
    findings: tuple[Finding, ...]

    def answer(self) -> Iterator[Fact]:
        """Yield how alike the lists are, what is named on which evidence, and what is open."""
        year = self.last_year()
        for list_year in self.lists:
            yield self._lists_of(list_year)
        frame = self.frame.filter(pl.col("year") == year)
        if not (frame["able"] + frame["proxy"]).sum():
            yield words.pathways.summary_no_evidence()
            return
        total = frame.select(pl.col("named", "named_able", "named_proxy", "named_unknown", "named_unable").sum())
        yield words.pathways.headline_named(year=year, **total.row(0, named=True))
        first = frame.sort("named_unknown", "category", descending=[True, False]).row(0, named=True)
        yield words.pathways.headline_lacking(
            year=year,
            name=self.names.text("category", first["category"]),
            n=first["named"],
            made=first["named_able"],
            proxy=first["named_proxy"],
            unknown=first["named_unknown"],
        )
        tested = frame.filter(pl.col("verdict") != "not judged")
        yield words.pathways.summary_follows(
            n=tested.height,
            follows=tested.filter(verdict="follows evidence").height,
            against=tested.filter(verdict="against evidence").height,
            chance=tested.height * float(setting("choices.significance")),
        )
        row = self.overlap.row(by_predicate=pl.col("year") == year, named=True)
        if row["p_evidence"] is not None:
            yield words.pathways.summary_nearer(
                more=row["p_evidence"] <= setting("choices.significance"),
                p=row["p_evidence"],
                share=row["evidence"],
                expected=row["evidence_expected"],
            )
        yield from self.evidence()

    def evidence(self) -> Iterator[Fact]:
        """Yield what evidence says as a whole: what stands on it, and what nobody names though it speaks for it."""
        yield self.remedy_fact()
        yield words.pathways.summary_caveat()

    def remedy_fact(self) -> Fact:
        """Return what is named on which evidence once the herd has been taken out."""
        year = self.last_year()
        counts = self.changes(year).select(pl.col(CHANGES[:-1]).sum()).row(0, named=True)
        return words.pathways.headline_remedy(year=year, **counts)

    def changes(self, year: int | None = None) -> pl.DataFrame:
        """Return in how many regions a category is named on which evidence, or open, most unproven first."""
        counts = self.without_herd(year).group_by("category", maintain_order=True)
        kinds = CHANGES[:-1]
        frame = counts.agg((pl.col("change") == kind).sum().cast(pl.Int64).alias(kind) for kind in kinds)
        return frame.sort(pl.col("unproven") + pl.col("contradicted"), "category", descending=[True, False])

    def _lists_of(self, year: int) -> Fact:
        """Return how alike the lists of a year are, and who names the quoted industries on which evidence."""
        row = self.overlap.row(by_predicate=pl.col("year") == year, named=True)
        frame = self.frame.filter(pl.col("year") == year)
        quoted = frame.filter(pl.col("category").is_in(setting("choices.quoted")))
        if quoted.is_empty():
            quoted = frame.sort("named", "category", descending=[True, False]).head(_SHOWN)
        phrases = [
            words.pathways.summary_named(
                name=self.names.text("category", category["category"]),
                n=category["named"],
                able=category["named_able"],
                proxy=category["named_proxy"],
            )
            for category in quoted.iter_rows(named=True)
        ]
        return words.pathways.summary_lists(
            year=row["year"],
            regions=row["regions"],
            categories=row["categories"],
            mean_length=row["mean_length"],
            mean_jaccard=row["mean_jaccard"],
            named=phrases,
        )

    def explain(self, region: str, year: int | None = None) -> ChoiceExplanation:
        """Return what a region (code or name) names in a year, on what evidence, and what it leaves out."""
        when = self._year(year)
        lists = self.lists[when]
        code = self.names.resolve(region, lists.regions)
        name, conditions = self.names.region(code), (pl.col("year") == when, pl.col("region") == code)
        of_all = self.frame.filter(pl.col("year") == when)
        changed = self.without_herd(when).filter(pl.col("region") == code).select("category", "change")
        cells = (
            self.cells.filter(*conditions)
            .join(of_all.select("category", "name_zh", "name_en", times="named"), on="category")
            .join(changed, on="category")
            .with_columns(others=pl.col("times") - pl.col("named").cast(pl.Int64))
            .select("category", "name_zh", "name_en", "named", "others", "able", "grade", "designated", "change")
        )
        row = self.regions.row(by_predicate=conditions[0] & conditions[1], named=True)
        nearest = (self.names.region(row["nearest"]), row["nearest_jaccard"])
        facts: Facts = {"explain.choices": {"name": name, "year": when, "k": row["length"], "n": len(lists.categories)}}
        for change in CHANGES[:-1]:
            phrases = [
                self._cell(*cell)
                for cell in cells.filter(change=change).select("category", "able", "designated", "others").iter_rows()
            ]
            facts[f"explain.{change}"] = {"cells": phrases or [words.pathways.explain_none()]}
        facts["explain.like"] = {"name": nearest[0], "jaccard": nearest[1]}
        return ChoiceExplanation(region=code, year=when, name=name, cells=cells, nearest=nearest, facts=facts)

    def _cell(self, category: str, able: str, designated: object, others: int) -> Text:
        about = words.pathways.explain_designated_only() if designated else word("able", able.replace(" ", "_"))
        return words.pathways.explain_cell(name=self.names.text("category", category), able=about, others=others)

    def without_herd(self, year: int | None = None) -> pl.DataFrame:
        """Return whose plan lacks evidence, and who has the evidence and does not plan it, in a year (None: the last).

        The frame is ``region, category, named, able, grade, change``. `change` is ``made`` (named, with evidence of
        what is made), ``proxy`` (named, by proxy alone), ``designated`` (named, a decision of the centre is all there
        is), ``unproven`` (named, and no sufficient evidence was found: nothing follows but that it should be shown),
        ``contradicted`` (named, and a complete series shows next to nothing), ``open`` (able and not named: a fact,
        not advice) or ``none``.
        """
        when = self._year(year)
        in_plan, unable = pl.col("named"), pl.col("able") == "not able"
        change = (
            pl.when(in_plan & pl.col("designated"))
            .then(pl.lit("designated"))
            .when(in_plan & (pl.col("able") == "able"))
            .then(pl.lit("made"))
            .when(in_plan & (pl.col("able") == "by proxy"))
            .then(pl.lit("proxy"))
            .when(in_plan & unable)
            .then(pl.lit("contradicted"))
            .when(in_plan)
            .then(pl.lit("unproven"))
            .when(pl.col("able") == "able")
            .then(pl.lit("open"))
            .otherwise(pl.lit("none"))
        )
        rows = self.cells.filter(pl.col("year") == when)
        return rows.select("region", "category", "named", "able", "grade", change=change)

    @property
    def last_rows(self) -> pl.DataFrame:
        """The categories of the last lists."""
        return self.frame.filter(year=self.last_year())

    @property
    def last_regions(self) -> pl.DataFrame:
        """The regions of the last lists."""
        return self.regions.filter(year=self.last_year())

    @property
    def balance(self) -> pl.DataFrame:
        """`changes` of the last lists; what speaks against a plan or stands outside it counts below zero."""
        return self.changes().with_columns(-pl.col("contradicted", "open"))

    @property
    def by_region(self) -> pl.DataFrame:
        """``region`` and the names of the categories it is able to do and does not plan, or plans without evidence."""
        rows, table = self.without_herd(), []
        for region in self.lists[self.last_year()].regions:
            changes, row = rows.filter(region=region), {"region": region}
            for change in ("open", "contradicted", "unproven"):
                names = [self.names.text("category", code) for code in changes.filter(change=change)["category"]]
                # English names of categories hold commas.
                row[f"{change}_zh"] = "、".join(name.zh for name in names)
                row[f"{change}_en"] = "; ".join(name.en for name in names)
            table.append(row)
        return pl.DataFrame(table)

    @property
    def remedy(self) -> pl.DataFrame:
        """``category, change, regions``: who lacks evidence for what it names, who has it and does not name it."""
        changes = ["designated", "unproven", "contradicted", "open"]
        rows = self.without_herd().filter(pl.col("change").is_in(changes))
        listed = rows.group_by("category", "change", maintain_order=True).agg(codes=pl.col("region"))
        texts = [join_names([self.names.region(code) for code in codes]) for codes in listed["codes"]]
        return (
            listed.select("category", "change")
            .with_columns(
                regions_zh=pl.Series([text.zh for text in texts], dtype=pl.String),
                regions_en=pl.Series([text.en for text in texts], dtype=pl.String),
            )
            .sort("category", "change")
        )

    def _year(self, year: int | None) -> int:
        when = self.last_year() if year is None else year
        if when not in self.lists:
            raise UsageError("pathways.unknown", what="lists", asked=when, known=list(self.lists))
        return when

    def last_year(self) -> int:
        """Return the last year of the lists."""
        return max(self.lists)


def choices(
    package: AnyPackage,
    *,
    years: int | Sequence[int] | None = None,
    categories: str | Sequence[str] = "informative",
    draws: int | None = None,
    seed: int = 0,
    evidence: Able | None = None,
) -> Choices:
    """Compare the lists of industries that regions name with the evidence of what the regions can do.

    Parameters
    ----------
    package
        With ``plans, plan_categories``; with ``capability`` the lists are compared with `able`.
    years
        Of the plans; None: all.
    categories
        ``informative`` (those that the package does not mark as named by nearly all), ``all``, or codes. The verdict on
        one category does not depend on which others there are.
    draws, seed
        Draws with fixed margins, None: as ``pathways.yaml`` says; and their seed.
    evidence
        What `able` says of the same package, where it is at hand.

    Examples
    --------
    >>> found = choices("china-provinces", years=2026, draws=20)
    >>> changes = found.without_herd()
    >>> changes.filter(region="110000", category="ai")["change"].item()
    'made'
    """
    verb = "choices"
    data = as_package(package)
    when = plan_years(data, years, verb=verb)
    codes = chosen_categories(data, categories, verb=verb)
    count = int(setting("likeness.draws")) if draws is None else draws
    if count < 1:
        raise UsageError("pathways.few-draws", verb=verb, n=count)
    lists = {year: read_lists(data, year, codes, verb=verb) for year in when}
    judged, lacking = _cell_verdicts(data, lists, evidence)
    names = names_of(data)
    pairs = [(lists[year], judged[year]) for year in when]
    tables = [table for table in ("plans", "plan_categories", "capability", "accounts") if table in data.tables]
    return Choices(
        frame=pl.concat(category_rows(*pair, names) for pair in pairs),
        cells=pl.concat(cell_rows(*pair) for pair in pairs),
        regions=pl.concat(region_rows(*pair, names) for pair in pairs),
        pairs=pl.concat(pair_rows(pair[0]) for pair in pairs),
        overlap=partial(_overlap, pairs, count, seed),
        lists=lists,
        judged=judged,
        names=names,
        findings=(*lacking, *(note for year_lists in lists.values() for note in year_lists.findings)),
        kind=data.kind,
        provenance=provenance("choices", data, tables, years=when, categories=len(codes), draws=count, seed=seed),
    )


def _cell_verdicts(
    data: Package, lists: Mapping[int, Lists], evidence: Able | None
) -> tuple[dict[int, PlanVerdicts], tuple[Finding, ...]]:
    """Return what evidence says of every cell of the lists; without the table `capability` everything is unknown."""
    verdicts: dict[tuple[str, str], tuple[str, str | None, bool]] = {}
    notes: tuple[Finding, ...] = (finding("pathways.no-capability", table="capability"),)
    if "capability" in data.tables:
        columns = ("region", "category", "able", "grade", "reason")
        capabilities = able(data) if evidence is None else evidence
        rows = capabilities.frame.select(columns).iter_rows()
        verdicts = {
            (region, category): (value, grade, why == "designated") for region, category, value, grade, why in rows
        }
        notes = ()
    judged = {}
    for year, year_lists in lists.items():
        cells = [
            verdicts.get((region, kind), ("unknown", None, False))
            for region in year_lists.regions
            for kind in year_lists.categories
        ]
        value, grade, designated = (
            np.array(part, dtype=object).reshape(year_lists.entries.shape) for part in zip(*cells, strict=True)
        )
        judged[year] = PlanVerdicts(able=value, grade=grade, designated=designated.astype(bool))
    return judged, notes


def _overlap(pairs: Sequence[tuple[Lists, PlanVerdicts]], draws: int, seed: int) -> pl.DataFrame:
    return pl.DataFrame([overlap_row(lists, judged.evidence, draws, seed) for lists, judged in pairs])


def category_rows(lists: Lists, judged: PlanVerdicts, names: Names) -> pl.DataFrame:
    """Return one row per category; the columns are those of `Choices.frame`."""
    entries, n = lists.entries, len(lists.regions)
    count, with_evidence = entries.sum(axis=0), judged.evidence.sum(axis=0)
    matches = (entries & judged.evidence).sum(axis=0)

    def at_most(counts: IntArray) -> FloatArray:
        """Return, of all ways to pick as many regions, how many have as little evidence."""
        margins = zip(counts.tolist(), with_evidence.tolist(), count.tolist(), strict=True)
        return np.array([hypergeometric_at_most(k, n, m, picks) if k >= 0 else 0.0 for k, m, picks in margins])

    p_more, p_fewer = 1 - at_most(matches - 1), at_most(matches)
    level = float(setting("choices.significance"))
    telling = (with_evidence > 0) & (with_evidence < n) & (count > 0) & (count < n)
    verdict = np.select(
        [~telling, p_more <= level, p_fewer <= level],
        ["not judged", "follows evidence", "against evidence"],
        "no relation shown",
    )
    is_of = {key: judged.able == value for key, value in zip(_COUNTED, VALUES, strict=True)}
    counted = {key: cells.sum(axis=0) for key, cells in is_of.items()}
    counted |= {f"named_{key}": (entries & cells).sum(axis=0) for key, cells in is_of.items()}
    return pl.DataFrame(
        {
            "year": lists.year,
            "category": lists.categories,
            **name_columns(names, "category", lists.categories),
            "regions": n,
            "named": count,
            "mentioned": lists.mentioned.sum(axis=0),
            "everywhere": count >= float(conventions("choices")["everywhere"]) * n,
            **counted,
            "open": (~entries & (judged.able == "able")).sum(axis=0),
            "with_evidence": matches,
            "expected": count * with_evidence / n,
            "p_more": p_more,
            "p_fewer": p_fewer,
            "verdict": verdict,
        },
        schema_overrides={"year": pl.Int64, "regions": pl.Int64, "verdict": pl.String},
    ).with_columns(pl.when(pl.Series(telling)).then(pl.col("expected", "p_more", "p_fewer")))


def cell_rows(lists: Lists, judged: PlanVerdicts) -> pl.DataFrame:
    """Return one row per region and category; the columns are those of `Choices.cells`."""
    n, p = lists.entries.shape
    return pl.DataFrame(
        {
            "year": lists.year,
            "region": np.repeat(lists.regions, p),
            "category": np.tile(lists.categories, n),
            "named": lists.entries.ravel(),
            "mentioned": lists.mentioned.ravel(),
            "able": judged.able.ravel().tolist(),
            "grade": judged.grade.ravel().tolist(),
            "designated": judged.designated.ravel(),
        },
        schema_overrides={"year": pl.Int64, "region": pl.String, "category": pl.String, "grade": pl.String},
    )


def region_rows(lists: Lists, judged: PlanVerdicts, names: Names) -> pl.DataFrame:
    """Return one row per region; the columns are those of `Choices.regions`."""
    alike = jaccard(lists.entries)
    np.fill_diagonal(alike, -1.0)
    nearest = alike.argmax(axis=1)
    np.fill_diagonal(alike, 0.0)
    counted = {
        f"named_{key}": (lists.entries & (judged.able == value)).sum(axis=1)
        for key, value in zip(_COUNTED, VALUES, strict=True)
    }
    return pl.DataFrame(
        {
            "year": lists.year,
            "region": lists.regions,
            **name_columns(names, "region", lists.regions),
            "length": lists.entries.sum(axis=1),
            "mentioned": lists.mentioned.sum(axis=1),
            **counted,
            "open": (~lists.entries & (judged.able == "able")).sum(axis=1),
            "mean_jaccard": alike.sum(axis=1) / (len(alike) - 1),
            "nearest": [lists.regions[number] for number in nearest],
            "nearest_jaccard": alike[np.arange(len(alike)), nearest],
        },
        schema_overrides={"year": pl.Int64},
    )


def pair_rows(lists: Lists) -> pl.DataFrame:
    """Return one row per pair of regions; the columns are those of `Choices.pairs`."""
    first, second = np.triu_indices(len(lists.regions), 1)
    common, alike = shared(lists.entries)[first, second], jaccard(lists.entries)[first, second]
    try:
        chances = configuration(lists.entries).probability
        joint = chances[first] * chances[second]
        expected, more = joint.sum(axis=1), tails(joint, common.astype(np.int64))[0]
    except InputError:
        # One arrangement only: there is no model, and nothing is claimed of any pair.
        expected = more = np.full(len(first), np.nan)
    places = np.array(lists.regions, dtype=object)
    return pl.DataFrame(
        {
            "year": lists.year,
            "region": places[first],
            "other": places[second],
            "shared": common.astype(np.int64),
            "expected": expected,
            "jaccard": alike,
            "p_more": more,
            "q": benjamini_hochberg(more),
        },
        schema_overrides={"year": pl.Int64, "region": pl.String, "other": pl.String},
    ).with_columns(pl.col("expected", "p_more", "q").fill_nan(None))

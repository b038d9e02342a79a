"""The verb `able`: what dated evidence says of the categories of plans that a region can do, and the rule behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core import parameters
from xinzhi.core.arrays import AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, clauses, measured, same, split_unit, words
from xinzhi.data import among, names_of, provenance
from xinzhi.data.package import Package
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.industries import Explanation, as_package, word

VALUES = ("able", "by proxy", "not able", "unknown")
NO_AMOUNT = frozenset({"ratio", "rank", "mention", "items"})  # units of evidence whose name says all
_COLUMNS = ("region", "category", "evidence", "measure", "value", "unit", "year")
_SAID = ("name_zh", "name_en", "issuer_zh", "issuer", "source", "confidence", "nation_source")
_SHOWN = 4
_FILE = Path(__file__).parent.with_name("able.yaml")
_KEY = ["region", "category"]
_SERIES: dict[str, Any] = {"region": pl.String, "category": pl.String, "ratio": pl.Float64, "share": pl.Float64}
_SERIES |= {"year": pl.Int64} | dict.fromkeys(("passes", "soft", "lasting", "counted", "little"), pl.Boolean)
_SERIES |= {"measure": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AbleExplanation(Explanation):
    """What stands behind the verdict on one region and category: the verdict, and the evidence row by row."""

    category: str
    able: str
    grade: str | None
    evidence: pl.DataFrame


@dataclass(frozen=True, repr=False, kw_only=True)
class Able(Result, verb="able", topic="pathways", key=("region", "category")):
    """What regions are able to do: a row for each region and category, with the evidence counted by its kind.

    `evidence` has the rows of the table `capability` that were read, `as_of` the last year of them. Of a
    package with a part of the provinces `everywhere` has the verdicts of all; else it is `frame`.
    """

    evidence: pl.DataFrame
    everywhere: pl.DataFrame
    as_of: int

    def facts(self) -> Facts:
        """Return how many cells are judged and how, and how many regions are able in each category that has a rule."""
        judged = _plain(dict(self.frame.group_by("able").len().iter_rows()))
        counted = self.table()
        quoted = counted.filter(pl.col("category").is_in(setting("choices.quoted")))
        rows = [
            words("pathways.able.category", name=self.names.text("category", row["category"]), **_plain(row))
            for row in (counted.head(_SHOWN) if quoted.is_empty() else quoted).iter_rows(named=True)
        ]
        every = self.everywhere["region"].n_unique()
        part: Facts = {"able.part": {"n": every}} if self.everywhere.height > self.frame.height else {}
        return {
            "headline.able": judged,
            "able.cells": {
                **judged,
                "n": self.frame.height,
                "regions": self.frame["region"].n_unique(),
                "categories": self.frame["category"].n_unique(),
                "year": self.as_of,
            },
            **part,
            "able.first": {"named": rows},
            "able.limits": {},
        }

    def table(self) -> pl.DataFrame:
        """Return how many regions are able, able by proxy, not able and unknown, by category, most able first."""
        counts = self.everywhere.group_by("category").agg(
            (pl.col("able") == name).sum().cast(pl.Int64).alias(name) for name in VALUES
        )
        return counts.sort(pl.col("able") * 100 + pl.col("by proxy"), "category", descending=[True, False])

    def nothing(self, region: str) -> list[str]:
        """Return the categories of which two series, neither old, show next to nothing in a region (a code).

        "Not able" may rest on one series of any age; what speaks against a plan must be as young as what speaks for it.
        """
        last = self.as_of - int(threshold("old"))
        both = (pl.col("output_year") >= last) & (pl.col("quotient_year") >= last)
        rows = self.frame.filter(both, pl.col("quotient") < threshold("absent_share"), region=region, able="not able")
        return rows["category"].to_list()

    def little(self, region: str) -> list[str]:
        """Return the categories that are not judged, but of which a series shows little in a region (a code).

        Little is less than half of what the region's size would give, with no more staff by the quotient where there is
        one. All others that are not judged have no figure that would be enough, from which nothing follows.
        """
        low = (pl.col("output") < threshold("output_share")) & (
            pl.col("quotient").fill_null(0.0) < threshold("absent_quotient")
        )
        return self.frame.filter(low, region=region, able="unknown")["category"].to_list()

    def explain(self, region: str, category: str) -> AbleExplanation:
        """Return the verdict on a region and a category, by codes or names, and its evidence with the years."""
        code = self.names.resolve(region, self.frame["region"].unique().sort().to_list())
        known = self.frame["category"].unique().sort().to_list()
        kind = _category(self, category, known)
        row = self.frame.row(by_predicate=(pl.col("region") == code) & (pl.col("category") == kind), named=True)
        rows = self.evidence.filter(region=code, for_category=kind).drop("region", "for_category")
        told = [words("pathways.able.row", **_row(one)) for one in rows.iter_rows(named=True)]
        name, about = self.names.region(code), self.names.text("category", kind)
        facts: Facts = {
            "able.verdict": {
                "name": name,
                "category": about,
                "verdict": word("able", row["able"].replace(" ", "_")),
                "why": self._why(row),
            },
            "able.rows": {"rows": told or [words("pathways.able.nothing")]},
        }
        return AbleExplanation(
            region=code,
            name=name,
            category=kind,
            able=row["able"],
            grade=row["grade"],
            evidence=rows,
            facts=facts,
        )

    def of_region(self, region: str) -> Explanation:
        """Return what a region (code or name) is able to do, category by category."""
        code = self.names.resolve(region, self.frame["region"].unique().sort().to_list())
        mine = self.frame.filter(region=code)

        def named(value: str) -> Text:
            codes = mine.filter(able=value)["category"]
            return clauses([self.names.text("category", one) for one in codes] or [words("pathways.able.none")])

        name = self.names.region(code)
        facts: Facts = {
            "able.of_region": {
                "name": name,
                "able": named("able"),
                "proxy": named("by proxy"),
                "not_able": named("not able"),
                "n": mine.filter(able="unknown").height,
            },
        }
        return Explanation(region=code, name=name, facts=facts)

    def _why(self, row: Mapping[str, Any]) -> Text:
        """Return in words what the verdict rests on."""
        rule = categories().get(row["category"], {})
        if row["able"] == "unknown" and "why_unknown" in rule:
            return Text(zh=rule["why_unknown"]["zh"], en=rule["why_unknown"]["en"].strip())
        grade = words("pathways.able.no_grade") if row["grade"] is None else word("grade", row["grade"])
        return words(f"pathways.able.why_{row['reason']}", grade=grade, ratio=row["output"] or 0.0)


def _category(found: Result, asked: str, known: list[str]) -> str:
    """Return the code of a category that was asked for by code or by name."""
    named = {code: code for code in known}
    for code in known:
        text = found.names.text("category", code)
        named |= {text.zh: code, text.en.lower(): code}
    if asked not in named and asked.lower() not in named:
        raise UsageError("pathways.unknown", what="category", asked=asked, known=known)
    return named.get(asked) or named[asked.lower()]


def _plain(counts: Mapping[str, Any]) -> dict[str, object]:
    return {name.replace(" ", "_"): counts.get(name, 0) for name in VALUES}


def _row(row: Mapping[str, Any]) -> dict[str, object]:
    """Return what the sentence about one piece of evidence says."""
    bare = row["evidence"] == "designation" or row["unit"] is None or row["unit"] in NO_AMOUNT
    value = same("") if bare else measured(row["value"], row["unit"])
    return {
        "kind": word("kind_of_evidence", row["evidence"]),
        "what": Text(zh=row["name_zh"], en=row["name_en"]),
        "value": value if bare else Text(zh=f" {value.zh}", en=f" {value.en}"),
        "year": row["year"],
        "issuer": Text(zh=row["issuer_zh"] or row["issuer_en"], en=row["issuer_en"]),
    }


def able(package: AnyPackage, as_of: int | None = None) -> Able:
    """Say of every region and category of the plans whether dated evidence shows that the region can do it.

    Parameters
    ----------
    package
        With ``capability``; with ``accounts`` output is held against the size of the region.
    as_of
        Evidence of later years is left out; None: all.

    Returns
    -------
    Able
        ``able`` is ``able`` (a measure of what is made says so), ``by proxy`` (only a decision of the centre, a rank or
        employment does), ``not able`` (a series that covers every region shows next to nothing) or ``unknown``: no
        evidence was found, from which nothing follows. ``grade`` is how sure that is. ``designation`` and ``output``
        stand apart: a designation is partly a plan of the centre.

    Raises
    ------
    InputError
        When the table `capability` is missing, or has nothing up to that year.

    Notes
    -----
    The rule is data: ``able.yaml``, each threshold with its argument. A package that holds some of China's provinces is
    judged among the others, which come from the package that ships: a verdict does not depend on who else is in it.

    Examples
    --------
    >>> found = able("china-provinces")
    >>> found.explain("Guizhou", "computing").able, found.explain("Beijing", "steel").able
    ('able', 'not able')
    """
    given = as_package(package)
    around = among(given)
    data = given if around is None else around.package
    rows = data.require("capability", _COLUMNS, verb="able").drop_nulls(["value", "year"])
    lacking = dict.fromkeys(_SAID, pl.String) | {"nation": pl.Float64, "nation_year": pl.Int64}
    rows = rows.with_columns(pl.lit(None, lacking[name]).alias(name) for name in lacking if name not in rows.columns)
    rows = rows if as_of is None else rows.filter(pl.col("year") <= as_of)
    if rows.is_empty():
        raise InputError("pathways.no-evidence", year=as_of)
    last = int(str(rows["year"].max()))
    read = [name for name in ("capability", "accounts") if name in data.tables]
    every = verdicts(judged(data, rows), last).sort("region", "category")
    made = provenance("able", given, read, as_of=last)
    here = pl.lit(value=True) if around is None else pl.col("region").is_in(list(around.regions))
    return Able(
        frame=every.filter(here),
        evidence=listed(rows).filter(here),
        everywhere=every,
        as_of=last,
        names=names_of(given),
        kind=data.kind,
        provenance=made if around is None else replace(made, inputs={**made.inputs, **around.read}),
    )


def categories() -> Mapping[str, Any]:
    """Return the rule of every category that has one."""
    rules: Mapping[str, Any] = parameters.read_yaml(_FILE)["categories"]
    return rules


def threshold(name: str) -> float:
    """Return a threshold of the rule."""
    return float(parameters.setting(_FILE, f"thresholds.{name}"))


def judged(data: Package, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the evidence of every region and category by its kind, a row each."""
    regions, kinds = data.optional("regions", verb="able"), data.optional("plan_categories", verb="able")
    places = sorted((rows if regions is None else regions)["region"].unique().to_list())
    named = sorted({*(rows if kinds is None else kinds)["category"].unique()} - {"all"})
    cells = pl.DataFrame({"region": places}, schema={"region": pl.String}).join(
        pl.DataFrame({"category": named}, schema={"category": pl.String}), how="cross"
    )
    # the evidence of a category itself: no bases of employment, and nothing that a region only mentions
    whole = (pl.col("category") != "all") & (pl.col("evidence") != "employment")
    own = rows.filter(whole, ~pl.col("measure").is_in(["mention", "growth"]))
    # a few regions are no nation to hold one against
    alone = len(places) < threshold("least_regions")
    sizes, shared = (None, rows.clear()) if alone else (_sizes(data), rows)
    counted = own.group_by(_KEY).agg(evidence=pl.len().cast(pl.Int64))
    for part in (_designations(own), _outputs(rows, sizes), _figures(own), _quotients(shared, sizes), counted):
        cells = cells.join(part, on=_KEY, how="left")
    return cells


def _designations(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the best designation of every cell: for ``production`` or as a ``task``, else ``shared`` with others."""
    lists = parameters.read_yaml(_FILE)["lists"]
    given = {name: one["given"] for name, one in lists.items()}
    chosen = rows.filter(pl.col("evidence") == "designation", pl.col("measure").is_in(list(given)))
    # a cluster of two categories is split between them within one region: that is not sharing it with another
    whole = pl.col("value").sum().over("region", "measure", "name_en") >= threshold("parts")
    kind = pl.col("measure").replace_strict(given, return_dtype=pl.String)
    order = {"production": 3, "task": 2, "shared": 1}
    rank = pl.when(whole & (kind != "membership")).then(kind).otherwise(pl.lit("shared"))
    named = chosen.with_columns(designation=rank)
    best = named.with_columns(place=pl.col("designation").replace_strict(order, return_dtype=pl.Int64))
    return best.group_by(_KEY).agg(
        designation=pl.col("designation").sort_by("place").last(), designation_year=pl.col("year").max().cast(pl.Int64)
    )


def _sizes(data: Package) -> pl.DataFrame | None:
    """Return ``region, year, size``: the share of every region in the output of all; None without accounts."""
    table = data.optional("accounts", verb="able")
    if table is None or "output_nominal" not in table.columns:
        return None
    share = pl.col("output_nominal") / pl.col("output_nominal").sum().over("year")
    return table.drop_nulls("output_nominal").select("region", pl.col("year").cast(pl.Int64), size=share).sort("year")


def _sized(rows: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the size of their region in their year, or in the last year known before it."""
    return rows.sort("year").join_asof(sizes, on="year", by="region", strategy="backward", check_sortedness=False)


def _outputs(rows: pl.DataFrame, sizes: pl.DataFrame | None) -> pl.DataFrame:
    """Return the largest share of output over size of every cell, and whether it is enough, or next to nothing."""
    dated = rows.with_columns(pl.col("year", "nation_year").cast(pl.Int64))
    found = (
        []
        if sizes is None
        else [
            _series(dated, sizes, category, measure, rule, complete=measure in one.get("complete", ()))
            for category, one in categories().items()
            for measure, rule in one.get("output", {}).items()
        ]
    )
    every = pl.concat([pl.DataFrame(schema=_SERIES), *found]).sort("passes", "ratio")
    last = {"output": "ratio", "output_share": "share", "output_year": "year", "output_measure": "measure"}
    last |= {name: name for name in ("soft", "lasting", "counted", "passes")}
    kept = {name: pl.col(column).last() for name, column in last.items()}
    return every.group_by(_KEY, maintain_order=True).agg(**kept, little=pl.col("little").any())


def _series(
    rows: pl.DataFrame, sizes: pl.DataFrame, category: str, measure: str, rule: Mapping[str, str], *, complete: bool
) -> pl.DataFrame:
    """Return the shares of one series over the sizes of the regions, in the last year of each region."""
    own = (
        rows.filter(pl.col("measure") == measure)
        .group_by("region", "year")
        .agg(pl.col("value", "nation", "nation_year").max(), pl.col("unit").first())
        .sort("year", "region")
    )
    if complete and own.height:
        # a series that covers every region lists those that have any
        last = int(str(own["year"].max()))
        own = own.filter(year=last)
        absent = sizes.select("region").unique().join(own, on="region", how="anti")
        none = absent.select("region", year=pl.lit(last, pl.Int64), value=pl.lit(0.0))
        own = pl.concat([own, none], how="diagonal").with_columns(pl.col("nation", "nation_year").max())
    whole = {"percent": pl.lit(100), "sum": pl.col("value").sum().over("year")}.get(rule["of"], pl.col("nation"))
    own = own.with_columns(share=pl.col("value") / whole)
    if rule.get("counts"):
        own = own.filter(~pl.col("value").is_between(1, threshold("least_count"), closed="left"))
    # of several years the one nearest to the year of the nation's figure, the later of two
    apart = (pl.col("year") - pl.col("nation_year")).abs().fill_null(0)
    ratio = _sized(own, sizes).with_columns(apart=apart, ratio=pl.col("share") / pl.col("size"))
    thin = pl.col("value").is_between(1, threshold("sure_count"), closed="left")
    little = (pl.col("ratio") < threshold("absent_share")) & (pl.col("share") < threshold("least_share"))
    ordered = ratio.drop_nulls("ratio").sort("apart", "year", descending=[True, False])
    units = {split_unit(one)[1] for one in own["unit"].drop_nulls().unique()}
    return (
        ordered.group_by("region", maintain_order=True)
        .last()
        .select(
            pl.exclude("measure"),
            category=pl.lit(category),
            measure=pl.lit(measure),
            passes=pl.col("ratio") >= threshold(rule["least"]),
            soft=pl.lit(rule.get("as") == "proxy") | (pl.lit(bool(rule.get("counts"))) & thin),
            lasting=pl.lit(bool(rule.get("lasting"))),
            # counted one by one, in units that are not alike in worth
            counted=pl.lit(not units.isdisjoint(parameters.setting(_FILE, "thresholds.counted"))),
            little=pl.lit(complete) & little,
        )
        .select(*_SERIES)
    )


def _figures(rows: pl.DataFrame) -> pl.DataFrame:
    """Return whether a region states a figure of its own beside the series, and its best rank in the nation."""
    # racks are a figure of a region as well: no series covers the regions
    ruled = {name for one in categories().values() for name, of in one.get("output", {}).items() if "as" not in of}
    wide = rows.group_by("measure").agg(n=pl.col("region").n_unique()).filter(pl.col("n") > threshold("series"))
    series = ruled | set(wide["measure"]) - {"figure", "rank", "computing_power"}
    figures = pl.col("evidence").is_in(["output", "stock", "count"])
    known = rows.filter(figures, ~pl.col("measure").is_in(list(series)), pl.col("value") > 0)
    ranks = known.filter(pl.col("unit") == "rank", pl.col("value") <= threshold("rank"))
    year = pl.col("year").max().cast(pl.Int64)
    stated = known.filter(pl.col("unit").ne_missing("rank")).group_by(_KEY).agg(stated=year)
    best = ranks.group_by(_KEY).agg(rank=pl.col("value").min().cast(pl.Int64), rank_year=year)
    return stated.join(best, on=_KEY, how="full", coalesce=True)


def _quotients(rows: pl.DataFrame, sizes: pl.DataFrame | None) -> pl.DataFrame:
    """Return the location quotient of every cell that has a base, and whether a joint figure names it."""
    made = []
    for category, one in categories().items():
        for part, base in one.get("proxy", {}).items():
            made.append(_quotient(rows, sizes, category, part, base))
        for measure in one.get("joint", ()):
            joint = rows.filter(measure=measure).group_by("region").agg(pl.col("year").max().cast(pl.Int64))
            made.append(
                joint.select(
                    "region",
                    category=pl.lit(category),
                    quotient=pl.lit(None, pl.Float64),
                    quotient_year="year",
                    close=pl.lit(value=True),
                )
            )
    blank = {
        "region": pl.String,
        "category": pl.String,
        "quotient": pl.Float64,
        "quotient_year": pl.Int64,
        "close": pl.Boolean,
    }
    every = pl.concat([pl.DataFrame(schema=blank), *(one for one in made if one is not None)])
    return every.group_by(_KEY).agg(
        pl.col("quotient").max(), pl.col("quotient_year").max(), close=pl.col("close").any()
    )


def _quotient(
    rows: pl.DataFrame, sizes: pl.DataFrame | None, category: str, part: str, base: str
) -> pl.DataFrame | None:
    """Return one quotient: the share of a region in a part over its share in the base."""
    mine, own = _latest(rows, part), pl.col("value") / pl.col("value").sum()
    if base == "gdp":
        if sizes is None:
            return None
        against = _sized(mine, sizes).select("region", "year", "value", held="size")
    else:
        against = mine.join(_latest(rows, base).select("region", held=own), on="region")
    quotient = own / pl.col("held")
    return against.select(
        "region",
        category=pl.lit(category),
        quotient=quotient,
        quotient_year=pl.col("year").cast(pl.Int64),
        close=(quotient >= threshold("quotient")) & (own >= threshold("least_share")),
    )


def _latest(rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Return ``region, year, value`` of a measure in its last year."""
    own = rows.filter(pl.col("measure") == measure)
    last = own.filter(pl.col("year") == pl.col("year").max())
    return last.select("region", pl.col("year").cast(pl.Int64), "value")


def verdicts(rows: pl.DataFrame, last: int) -> pl.DataFrame:
    """Return the verdict, its grade and its reason for every cell."""
    close = pl.col("close")
    own, any_given = pl.col("designation").is_in(["production", "task"]), pl.col("designation").is_not_null()
    age = pl.lit(last) - pl.col("output_year")
    recent = age <= int(threshold("old"))
    large = (pl.col("output") >= threshold("full_share")) & (pl.col("output_share") >= threshold("least_share"))
    much = (pl.col("output_share") >= threshold("kept_share")) & (age <= int(threshold("kept_years")))
    staffed = pl.col("quotient").fill_null(1.0) >= threshold("absent_quotient")
    kept = recent | pl.col("lasting") | (much & (~pl.col("counted") | staffed))
    confirmed = any_given | close | (kept & large)
    # of what lasts, half of the full share is enough with the staff beside it
    both = pl.col("lasting") & close & (pl.col("output") >= threshold("output_share"))
    both = both & (pl.col("output_share") >= threshold("least_share"))
    made = (pl.col("passes") | both) & ~pl.col("soft") & confirmed
    figure = pl.col("stated").is_not_null() | pl.col("rank").is_not_null()
    staff_too = pl.col("quotient").fill_null(0.0) < threshold("absent_quotient")
    cases = {
        "output": made,
        "stated": figure & (any_given | close),
        "cluster": pl.col("designation") == "production",
        "designated": any_given,
        "part": (pl.col("output") >= threshold("output_share")) & ~pl.col("soft"),
        "soft": pl.col("passes") & pl.col("soft"),
        "rank": pl.col("rank").is_not_null(),
        "quotient": close,
        "little": pl.col("little") & (recent | pl.col("lasting")) & pl.col("stated").is_null() & staff_too,
    }
    value = {"output": "able", "stated": "able", "cluster": "able", "little": "not able"}
    filled = rows.with_columns(pl.col("passes", "soft", "little", "close").fill_null(value=False))
    reason: pl.Expr = pl.lit("none")
    for name, holds in reversed(cases.items()):
        reason = pl.when(holds.fill_null(value=False)).then(pl.lit(name)).otherwise(reason)
    verdict = pl.col("reason").replace_strict(
        {name: value.get(name, "by proxy") for name in cases} | {"none": "unknown"}, return_dtype=pl.String
    )
    proxies = any_given.cast(pl.Int64) + (pl.col("passes") & pl.col("soft")) + pl.col("rank").is_not_null() + close
    newest = {"output": "output_year", "cluster": "designation_year", "little": "output_year"}
    year = pl.max_horizontal("stated", "rank_year")
    for name, column in newest.items():
        year = pl.when(pl.col("reason") == name).then(column).otherwise(year)
    fresh = pl.lit(last) - year <= int(threshold("old"))
    sure = (pl.col("reason") == "output") & fresh & (own | close)
    grade = (
        pl.when(pl.col("able") == "able")
        .then(pl.when(sure).then(pl.lit("high")).otherwise(pl.lit("medium")))
        .when(pl.col("able") == "by proxy")
        .then(pl.when(proxies > 1).then(pl.lit("medium")).otherwise(pl.lit("low")))
        .when(pl.col("able") == "not able")
        .then(pl.when(fresh & pl.col("quotient").is_not_null()).then(pl.lit("high")).otherwise(pl.lit("medium")))
    )
    told = filled.with_columns(reason=reason).with_columns(able=verdict).with_columns(grade=grade)
    return told.select(
        "region",
        "category",
        "able",
        "grade",
        pl.col("designation").fill_null("none"),
        "output",
        "output_share",
        "output_year",
        "output_measure",
        "stated",
        "rank",
        "quotient",
        "quotient_year",
        pl.col("evidence").fill_null(0),
        "reason",
    )


def listed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the evidence of every cell, with the bases that its rule reads, newest first."""
    own = rows.filter(pl.col("category") != "all").with_columns(for_category="category")
    bases = [
        rows.filter(measure=name).filter(pl.col("category") != category).with_columns(for_category=pl.lit(category))
        for category, one in categories().items()
        for name in {*one.get("proxy", {}), *one.get("joint", ()), *one.get("output", {})}
    ]
    order = {"output": 0, "count": 1, "stock": 2, "designation": 3, "employment": 4}
    every = pl.concat([own, *bases])
    place = pl.col("evidence").replace_strict(order, default=5, return_dtype=pl.Int64)
    down = [False, False, False, True, False]
    return every.sort("region", "for_category", place, "year", "measure", descending=down).select(
        "region",
        "for_category",
        "evidence",
        "measure",
        "name_zh",
        "name_en",
        "value",
        "unit",
        "year",
        "issuer_zh",
        pl.col("issuer").alias("issuer_en"),
        "source",
        "confidence",
        "nation",
        "nation_year",
        "nation_source",
    )

"""The verb `able`: what dated evidence says of the categories of plans that a region can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from xinzhi.core.arrays import AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, clauses, same, words
from xinzhi.core.unit_words import unit_text
from xinzhi.data import among, names_of, provenance
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.industries import Explanation, as_package, word
from xinzhi.pathways.plans.evidence import categories, judged, listed, threshold, verdicts

VALUES = ("able", "by proxy", "not able", "unknown")
_COLUMNS = ("region", "category", "evidence", "measure", "value", "unit", "year")
_SAID = ("name_zh", "name_en", "issuer_zh", "issuer", "source", "confidence", "nation_source")
_SHOWN = 4


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
        counts = {row[0]: row[1] for row in self.frame.group_by("able").len().iter_rows()}
        judged = {name.replace(" ", "_"): counts.get(name, 0) for name in VALUES}
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
            "able.cells": {**judged, "n": self.frame.height, "regions": self.frame["region"].n_unique(),
                           "categories": self.frame["category"].n_unique(), "year": self.as_of},
            **part,
            "able.first": {"named": rows},
            "able.limits": {},
        }  # fmt: skip

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
                "name": name, "category": about, "verdict": word("able", row["able"].replace(" ", "_")),
                "why": self._why(row),
            },
            "able.rows": {"rows": told or [words("pathways.able.nothing")]},
        }  # fmt: skip
        return AbleExplanation(
            region=code, name=name, category=kind, able=row["able"], grade=row["grade"],
            evidence=rows, facts=facts,
        )  # fmt: skip

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
                "name": name, "able": named("able"), "proxy": named("by proxy"), "not_able": named("not able"),
                "n": mine.filter(able="unknown").height,
            },
        }  # fmt: skip
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


def _plain(row: Mapping[str, Any]) -> dict[str, object]:
    return {name.replace(" ", "_"): row[name] for name in VALUES}


def _row(row: Mapping[str, Any]) -> dict[str, object]:
    """Return what the sentence about one piece of evidence says."""
    bare = row["unit"] is None or row["unit"] in {"ratio", "rank", "mention", "items"}
    unit = same("") if bare else unit_text(row["unit"])
    size = f"{row['value']:g}"
    return {
        "kind": word("kind_of_evidence", row["evidence"]),
        "what": Text(zh=row["name_zh"], en=row["name_en"]),
        "value": Text(zh=f"{size}{unit.zh}", en=f"{size} {unit.en}".strip()),
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
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in _SAID if name not in rows.columns)
    rows = rows.with_columns(
        pl.lit(None, kind).alias(name)
        for name, kind in (("nation", pl.Float64), ("nation_year", pl.Int64)) if name not in rows.columns
    )  # fmt: skip
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

"""The verb `able`: what dated evidence says of the categories of plans that a region can do, and the rule behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, Values, clauses, measured, same
from xinzhi.data import names_of
from xinzhi.data.internal import among
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.industries import Explanation, as_package, word
from xinzhi.pathways.plans.capability_evidence import (
    categories,
    evidence_by_kind,
    evidence_of_cells,
    threshold,
    verdicts,
)
from xinzhi.pathways.plans.capability_frames import VALUES, AbleFrames

NO_AMOUNT = frozenset({"ratio", "rank", "mention", "items"})  # units of evidence whose name says all
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
class Able(AbleFrames, verb="able", topic="pathways", key=("region", "category")):
    """What regions are able to do: a row for each region and category, with the evidence counted by its kind.

    `evidence` has the rows of the table `capability` that were read, `as_of` the last year of them. Of a
    package with a part of the provinces `everywhere` has the verdicts of all; else it is `frame`.
    """

    def answer(self) -> Iterator[Fact]:
        """Yield how many cells are judged and how, and how many regions are able in each category that has a rule."""
        judged = _plain(dict(self.frame.group_by("able").len().iter_rows()))
        counted = self.table()
        quoted = counted.filter(pl.col("category").is_in(setting("choices.quoted")))
        rows = [
            words.pathways.able_category(name=self.names.text("category", row["category"]), **_plain(row))
            for row in (counted.head(_SHOWN) if quoted.is_empty() else quoted).iter_rows(named=True)
        ]
        total = self.everywhere["region"].n_unique()
        yield words.pathways.headline_able(able=judged["able"], by_proxy=judged["by_proxy"], unknown=judged["unknown"])
        yield words.pathways.able_cells(
            able=judged["able"],
            by_proxy=judged["by_proxy"],
            not_able=judged["not_able"],
            unknown=judged["unknown"],
            n=self.frame.height,
            regions=self.frame["region"].n_unique(),
            categories=self.frame["category"].n_unique(),
            year=self.as_of,
        )
        if self.everywhere.height > self.frame.height:
            yield words.pathways.able_part(n=total)
        yield words.pathways.able_first(named=rows)
        yield words.pathways.able_limits()

    def nothing(self, region: str) -> list[str]:
        """Return the categories of which two series, neither old, show next to nothing in a region (a code).

        "Not able" may rest on one series of any age; what speaks against a plan must be as young as what speaks for it.
        """
        last = self.as_of - int(threshold("old"))
        recent = (pl.col("output_year") >= last) & (pl.col("quotient_year") >= last)
        rows = self.frame.filter(recent, pl.col("quotient") < threshold("absent_share"), region=region, able="not able")
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
        codes = self.frame["category"].unique().sort().to_list()
        kind = _category(self, category, codes)
        row = self.frame.row(by_predicate=(pl.col("region") == code) & (pl.col("category") == kind), named=True)
        rows = self.evidence.filter(region=code, for_category=kind).drop("region", "for_category")
        lines = [words.pathways.able_row(**_row(entry)) for entry in rows.iter_rows(named=True)]
        name, about = self.names.region(code), self.names.text("category", kind)
        facts: Facts = {
            "able.verdict": {
                "name": name,
                "category": about,
                "verdict": word("able", row["able"].replace(" ", "_")),
                "why": self._why(row["category"], row["able"], row["grade"], row["reason"], row["output"]),
            },
            "able.rows": {"rows": lines or [words.pathways.able_nothing()]},
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
        rows = self.frame.filter(region=code)

        def category_list(value: str) -> Text:
            codes = rows.filter(able=value)["category"]
            return clauses(
                [self.names.text("category", category) for category in codes] or [words.pathways.able_none()]
            )

        name = self.names.region(code)
        facts: Facts = {
            "able.of_region": {
                "name": name,
                "able": category_list("able"),
                "proxy": category_list("by proxy"),
                "not_able": category_list("not able"),
                "n": rows.filter(able="unknown").height,
            },
        }
        return Explanation(region=code, name=name, facts=facts)

    def _why(self, category: str, able: str, grade: str | None, reason: str, ratio: float | None) -> Text:
        """Return in words what the verdict rests on."""
        rule = categories().get(category, {})
        if able == "unknown" and "why_unknown" in rule:
            return Text(zh=rule["why_unknown"]["zh"], en=rule["why_unknown"]["en"].strip())
        grade_text = words.pathways.able_no_grade() if grade is None else word("grade", grade)
        return words.pathways.able_of(f"why_{reason}", grade=grade_text, ratio=ratio or 0.0)


def _category(result: Result, category: str, codes: list[str]) -> str:
    """Return the code of a category that was asked for by code or by name."""
    code_of = {code: code for code in codes}
    for code in codes:
        text = result.names.text("category", code)
        code_of |= {text.zh: code, text.en.lower(): code}
    if category not in code_of and category.lower() not in code_of:
        raise UsageError("pathways.unknown", what="category", asked=category, known=codes)
    return code_of.get(category) or code_of[category.lower()]


def _plain(counts: Mapping[str, object]) -> Values:
    return {name.replace(" ", "_"): counts.get(name, 0) for name in VALUES}


def _row(row: Mapping[str, Any]) -> Values:
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
        With ``capability``; with ``accounts`` output is compared with the size of the region.
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
    source = as_package(package)
    around = among(source)
    data = source if around is None else around.package
    rows = data.require("capability", _COLUMNS, verb="able").drop_nulls(["value", "year"])
    lacking = dict.fromkeys(_SAID, pl.String) | {"nation": pl.Float64, "nation_year": pl.Int64}
    rows = rows.with_columns(pl.lit(None, lacking[name]).alias(name) for name in lacking if name not in rows.columns)
    rows = rows if as_of is None else rows.filter(pl.col("year") <= as_of)
    if rows.is_empty():
        raise InputError("pathways.no-evidence", year=as_of)
    last = int(str(rows["year"].max()))
    tables = [name for name in ("capability", "accounts") if name in data.tables]
    verdict_rows = verdicts(evidence_by_kind(data, rows), last).sort("region", "category")
    record = provenance("able", source, tables, as_of=last)
    selection = pl.lit(value=True) if around is None else pl.col("region").is_in(list(around.regions))
    return Able(
        frame=verdict_rows.filter(selection),
        evidence=evidence_of_cells(rows).filter(selection),
        everywhere=verdict_rows,
        as_of=last,
        names=names_of(source),
        kind=data.kind,
        provenance=record if around is None else replace(record, inputs={**record.inputs, **around.digests}),
    )

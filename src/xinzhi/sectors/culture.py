"""Culture: its share in employment and, as far as the accounts reach, in value added."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.result import Facts, Result
from xinzhi.data import Field, Package, names_of, provenance, tidy
from xinzhi.sectors.conventions import setting
from xinzhi.sectors.figures import KEYS, as_package, ends_of, latest, whole_sum

_COLUMNS = ("value_added_share", "value_added_ceiling", "digital_share")


@dataclass(frozen=True, repr=False, kw_only=True)
class Culture(Result, verb="culture", topic="sectors", key=KEYS):
    """The weight of culture by region and year, and in `notes` what cannot be given, and why.

    Employment is that of culture, sports and entertainment, its share that of all sections of the same table; the
    ceiling is the share of the branch that contains culture; the digital share that of the industries of the scope
    list.
    """

    notes: tuple[Finding, ...]

    def facts(self) -> Facts:
        """Return the regions at both ends, and in how many the share is above that of all regions together."""
        now = latest(self.frame, "employment_share")
        notes: Facts = {"note.finding": [{"message": note.message} for note in self.notes]}
        if not now.height:
            return {"answer.no_years": {}, **notes}
        values = {"regions": now.height, "above": now.filter(pl.col("location_quotient") > 1).height}
        return {"answer.culture": values | ends_of(now, "employment_share", self.names), **notes}


def culture(source: object, *, digital: object = None) -> Culture:
    """Return the share of culture in employment and value added by region and year.

    Parameters
    ----------
    source
        A package (or its name) with `activity_sections`, and `branch_output` and `activity` where there are any.
    digital
        Digital-cultural industries, as a scope list gives them: a frame with ``industry`` (codes of the table
        `activity`) and, for those that belong only in part, ``share``.

    Notes
    -----
    GB/T 4754-2017, section R. The statistical class "culture and related industries" (2018) is wider: it takes in
    printing, software and design, and needs codes of four digits.

    Examples
    --------
    >>> result = culture("china-provinces")
    >>> best = result.frame.filter(year=2019).sort("employment_share").row(-1, named=True)
    >>> best["region"], round(100 * best["employment_share"], 1)
    ('110000', 2.4)
    """
    package = as_package(source)
    if package is None:
        raise InputError("sectors.culture-package")
    sections = package.require("activity_sections", ["employment"], verb="culture")
    name = setting("culture.section")
    if name not in set(sections["section"]):
        raise InputError("sectors.culture-section", package=package.name, section=name)
    frame = _employment(sections, name)
    notes: list[Finding] = []
    used = ["activity_sections"]
    parts = {"branch_output": _value_added(package, notes), "activity": _digital(package, digital, notes)}
    for table, found in parts.items():
        if found is not None:
            used.append(table)
            frame = frame.join(found, on=KEYS, how="full", coalesce=True)
    frame = frame.with_columns(
        pl.lit(None, dtype=pl.Float64).alias(item) for item in _COLUMNS if item not in frame.columns
    )
    return Culture(
        frame=frame.select(*KEYS, "employment", "employment_share", "location_quotient", *_COLUMNS).sort(KEYS),
        notes=tuple(notes),
        names=names_of(package),
        kind=package.kind,
        provenance=provenance("culture", package, used, digital=digital is not None),
    )


def _employment(sections: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return employment of culture, its share, and the quotient to all regions together."""
    complete = sections.group_by(KEYS).agg(total=whole_sum("employment"))
    mine = sections.filter(section=name).select(*KEYS, "employment")
    both = mine.join(complete, on=KEYS).with_columns(
        employment_share=pl.when(pl.col("total") > 0).then(pl.col("employment") / pl.col("total"))
    )
    usable = pl.col("employment_share").is_not_null()
    nation = pl.col("employment").filter(usable).sum().over("year") / pl.col("total").filter(usable).sum().over("year")
    return both.with_columns(location_quotient=pl.col("employment_share") / nation).drop("total")


def _value_added(package: Package, notes: list[Finding]) -> pl.DataFrame | None:
    """Return the share of culture in value added, or of the branch that contains it."""
    table = "branch_output"
    if table not in package.tables:
        notes.append(finding("sectors.no-branches", table=table))
        return None
    rows = package.require(table, ["output_nominal"], verb="culture")
    total = rows.group_by(KEYS).agg(total=whole_sum("output_nominal"))
    name, around = setting("culture.section"), setting("culture.containing_branch")
    found = None
    for branch, column in zip((name, around), _COLUMNS[:2], strict=True):
        part = rows.filter(branch=branch)
        if not part.height:
            continue
        share = part.join(total, on=KEYS).select(
            *KEYS, pl.when(pl.col("total") > 0).then(pl.col("output_nominal") / pl.col("total")).alias(column)
        )
        found = share if found is None else found.join(share, on=KEYS, how="full", coalesce=True)
    if name not in set(rows["branch"]):
        notes.append(finding("sectors.culture-not-listed", table=table))
    return found


def _digital(package: Package, digital: object, notes: list[Finding]) -> pl.DataFrame | None:
    """Return the share of the digital-cultural industries in the employment of the table `activity`."""
    table = "activity"
    if digital is None:
        notes.append(finding("sectors.no-digital-list", table=table))
        return None
    rows = package.require(table, ["employment"], verb="culture")
    fields = [Field("industry", "code"), Field("share", required=False, missing="refuse")]
    codes = tidy(digital, fields, key=["industry"], verb="culture").frame
    if "share" not in codes.columns:
        codes = codes.with_columns(share=pl.lit(1.0))
    if codes.filter(~pl.col("share").is_between(0, 1)).height:
        raise InputError("sectors.digital-share")
    present = set(rows["industry"])
    absent = [code for code in codes["industry"].to_list() if code not in present]
    if absent:
        notes.append(finding("sectors.not-in-table", table=table, words={"names": absent}))
    if len(absent) == codes.height:
        return None
    counted = rows.join(codes, on="industry", how="left").with_columns(pl.col("share").fill_null(0.0))
    part = counted.group_by(KEYS).agg(
        part=(pl.col("employment") * pl.col("share")).sum(), total=pl.col("employment").sum()
    )
    return part.select(*KEYS, digital_share=pl.when(pl.col("total") > 0).then(pl.col("part") / pl.col("total")))

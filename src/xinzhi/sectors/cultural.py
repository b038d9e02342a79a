"""Culture: its share in employment and, as far as the accounts reach, in value added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.sectors.naming import region_text
from xinzhi.sectors.parameters import setting
from xinzhi.sectors.reading import KEYS, Source, as_package, frame_of, names_of, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Language
    from xinzhi.data import Package

_COLUMNS = ("value_added_share", "value_added_ceiling", "digital_share")


@dataclass(frozen=True, repr=False, kw_only=True)
class Culture(Result):
    """The weight of culture by region and year.

    Parameters
    ----------
    frame
        ``region, year, employment`` (of culture, sports and entertainment), ``employment_share`` (of all sections of
        the same table), ``location_quotient`` (the share over that of all regions together), ``value_added_share``
        (where the accounts have the branch), ``value_added_ceiling`` (share of the branch that contains it),
        ``digital_share`` (of the industries of the scope list that are there, in the employment of that table; a part
        only counts in part).
    notes
        Findings: what cannot be given, and why.
    names
        Names of the regions, where the package has them.
    """

    key: ClassVar[tuple[str, ...]] = KEYS

    notes: tuple[Finding, ...]
    names: Mapping[str, Text] = field(default_factory=dict)

    def summary(self, language: Language = "en") -> str:
        """Return the share of all regions together and the regions at the ends."""
        known = self.frame.drop_nulls("employment_share")
        last = known.filter(pl.col("year") == pl.col("year").max()).sort("employment_share", descending=True)
        if not last.height:
            return self.provenance.foot()
        ends = [
            f"{region_text(row['region'], self.names).lang(language)} {row['employment_share']:.2%}"
            for row in (last.row(0, named=True), last.row(-1, named=True))
        ]
        year = last["year"][0]
        lines = [
            f"{year}年文化、体育和娱乐业就业比重：最高 {ends[0]}，最低 {ends[1]}"
            if language == "zh"
            else f"culture, sports and entertainment in employment, {year}: highest {ends[0]}, lowest {ends[1]}"
        ]
        lines += [f"  {note.message.lang(language)}" for note in self.notes]
        return "\n".join([*lines, self.provenance.foot()])


def culture(source: object, *, digital: object = None) -> Culture:
    """Return the share of culture in employment and value added by region and year.

    Parameters
    ----------
    source
        A package (or its name) with `activity_sections`, and `branch_output` and `activity` where there are any.
    digital
        Digital-cultural industries, as a scope list gives them: a frame with ``industry`` (codes of the table
        `activity`) and, for those that belong only in part, ``share``.

    Raises
    ------
    InputError
        When there is no package, no employment by section, or the section is not in it.

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
        message = "culture reads employment by section: hand in a package with the table activity_sections."
        raise InputError(message)
    sections = package.require("activity_sections", ["employment"], verb="culture")
    name = setting("culture.section")
    if name not in set(sections["section"]):
        message = f"culture: the table activity_sections of {package.name} has no section '{name}'."
        raise InputError(message)
    frame = _employment(sections, name)
    notes: list[Finding] = []
    used = ["activity_sections"]
    for columns, table, found in (_value_added(package, notes), _digital(package, digital, notes)):
        if found is not None:
            used.append(table)
            frame = frame.join(found, on=KEYS, how="full", coalesce=True)
        frame = frame.with_columns(
            pl.lit(None, dtype=pl.Float64).alias(item) for item in columns if item not in frame.columns
        )
    inputs = {item: package.fingerprint(item) for item in used}
    made = Source(frame=frame, kind=package.kind, package=package.name, inputs=inputs)
    return Culture(
        frame=frame.select(*KEYS, "employment", "employment_share", "location_quotient", *_COLUMNS).sort(KEYS),
        notes=tuple(notes),
        names=names_of(package),
        kind=package.kind,
        provenance=made.provenance("culture", digital=digital is not None),
    )


def _employment(sections: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return employment of culture, its share, and the quotient to all regions together."""
    complete = sections.group_by(KEYS).agg(
        # a section that is missing makes the total unknown, not smaller
        total=pl.when(pl.col("employment").is_null().any()).then(None).otherwise(pl.col("employment").sum())
    )
    mine = sections.filter(section=name).select(*KEYS, "employment")
    both = mine.join(complete, on=KEYS).with_columns(
        employment_share=pl.when(pl.col("total") > 0).then(pl.col("employment") / pl.col("total"))
    )
    usable = pl.col("employment_share").is_not_null()
    nation = pl.col("employment").filter(usable).sum().over("year") / pl.col("total").filter(usable).sum().over("year")
    return both.with_columns(location_quotient=pl.col("employment_share") / nation).drop("total")


def _value_added(package: Package, notes: list[Finding]) -> tuple[tuple[str, ...], str, pl.DataFrame | None]:
    """Return the share of culture in value added, or of the branch that contains it."""
    columns, table = ("value_added_share", "value_added_ceiling"), "branch_output"
    if table not in package.tables:
        notes.append(_note("没有分行业增加值", "there is no value added by branch", table))
        return columns, table, None
    rows = package.require(table, ["output_nominal"], verb="culture")
    total = rows.group_by(KEYS).agg(
        total=pl.when(pl.col("output_nominal").is_null().any()).then(None).otherwise(pl.col("output_nominal").sum())
    )
    name, around = setting("culture.section"), setting("culture.containing_branch")
    found = None
    for branch, column in zip((name, around), columns, strict=True):
        part = rows.filter(branch=branch)
        if not part.height:
            continue
        share = part.join(total, on=KEYS).select(
            *KEYS, pl.when(pl.col("total") > 0).then(pl.col("output_nominal") / pl.col("total")).alias(column)
        )
        found = share if found is None else found.join(share, on=KEYS, how="full", coalesce=True)
    if name not in set(rows["branch"]):
        notes.append(
            _note(
                "分行业增加值未单列文化，只能给出包含它的行业作为上限",
                "value added does not list culture: only the branch that contains it, an upper bound",
                table,
            )
        )
    return columns, table, found


def _digital(
    package: Package, digital: object, notes: list[Finding]
) -> tuple[tuple[str, ...], str, pl.DataFrame | None]:
    """Return the share of the digital-cultural industries in the employment of the table `activity`."""
    columns, table = ("digital_share",), "activity"
    if digital is None:
        notes.append(_note("未给出数字文化行业目录", "no list of digital-cultural industries was given", table))
        return columns, table, None
    rows = package.require(table, ["employment"], verb="culture")
    listed, _ = frame_of(digital, ["industry"], verb="culture")
    share = pl.col("share").cast(pl.Float64) if "share" in listed.columns else pl.lit(1.0)
    codes = listed.select(pl.col("industry").cast(pl.String), share=share)
    if codes["industry"].is_duplicated().any() or codes.filter(~pl.col("share").is_between(0, 1)).height:
        message = "culture: an industry of the scope list is listed twice, or its share is not within 0-1."
        raise InputError(message)
    present = set(rows["industry"])
    absent = [code for code in codes["industry"].to_list() if code not in present]
    if absent:
        notes.append(
            _note(
                f"目录中的行业在数据中没有：{shorten(absent)}",
                f"industries of the list that the table lacks: {shorten(absent)}",
                table,
            )
        )
    if len(absent) == codes.height:
        return columns, table, None
    counted = rows.join(codes, on="industry", how="left").with_columns(pl.col("share").fill_null(0.0))
    part = counted.group_by(KEYS).agg(
        part=(pl.col("employment") * pl.col("share")).sum(), total=pl.col("employment").sum()
    )
    return (
        columns,
        table,
        part.select(*KEYS, digital_share=pl.when(pl.col("total") > 0).then(pl.col("part") / pl.col("total"))),
    )


def _note(zh: str, en: str, table: str) -> Finding:
    """Return a note on what is not there."""
    return Finding(
        rule="not-given",
        severity="note",
        message=Text(zh=zh, en=en),
        hint=Text(zh="补充该表或该参数", en="add the table or the argument"),
        table=table,
    )

"""The verb `capacity`: survey rates of utilisation, each against the same quarter of other years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.risks.inputs import as_package, finding, names_in, provenance, setting, shorten, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language

_FILE, _QUARTERS = "capacity/overcapacity.yaml", 4
_PERIOD = r"^(\d{4})(Q[1-4]|FY)$"


@dataclass(frozen=True, repr=False, kw_only=True)
class Utilisation(Result):
    """Rates of capacity utilisation by industry and quarter.

    Parameters
    ----------
    frame
        ``period, year, quarter, industry, utilisation, change_on_year, same_quarter, low, high, observations, band,
        level``: one row an industry and quarter. `change_on_year` is in percentage points on the same quarter a year
        before; `same_quarter` the mean, `low` and `high` the quantiles of the same quarter in the other years (null
        with fewer than two of them); `band` the name of the band of the rate; `level` whether the row is an
        ``industry``, a ``section`` or the ``total``: the latter two hold the industries and are not counted beside
        them.
    years
        ``year, industry, utilisation, source``: full years as published, else the mean of four quarters.
    latest
        The last quarter of every industry, with ``rank`` (1 the lowest).
    bands
        The bands in use, lowest first: ``name, below``.
    labels
        Names of the industries.
    findings
        Quarters that are missing inside a series, and the seasonal caveat.
    """

    key: ClassVar[tuple[str, ...]] = ("industry", "year", "quarter")

    years: pl.DataFrame
    latest: pl.DataFrame
    bands: pl.DataFrame
    labels: Mapping[str, Text]
    findings: tuple[Finding, ...]

    def summary(self, language: Language = "en") -> str:
        """Return which industries are idlest, how many fell over the year, and what the figure is not."""
        zh = language == "zh"
        if not self.frame.height:
            said = (
                "没有季度数据，只有全年（见 years）。" if zh else "There are no quarters, only full years (see years)."
            )
            return f"{said}\n{self.provenance.foot()}"
        now = self.latest.filter(pl.col("period") == pl.col("period").max())
        last = now.filter(level="industry") if "industry" in now["level"] else now
        period, fell = last["period"][0], last.filter(pl.col("change_on_year") < 0)
        both = last.drop_nulls("change_on_year").height
        lowest = [
            f"{self._name(row['industry'], language)} {row['utilisation']:.1f}"
            for row in last.sort("utilisation").head(3).iter_rows(named=True)
        ]
        idle = last.filter(pl.col("band") == self.bands["name"][0])
        edge = self.bands["below"][0]
        total = now.filter(level="total")["utilisation"].to_list()
        if zh:
            whole = f"，全部工业为 {total[0]:.1f}" if total else ""
            head = (
                f"{period}：{last.height} 个行业中有 {idle.height} 个产能利用率低于 {edge:g}%，"
                f"最低为{'、'.join(lowest)}{whole}；同比下降的有 {fell.height} 个（可比 {both} 个）。"
            )
            tail = "数据未经季节调整：只与上年同季比较。"
        else:
            whole = f", industry as a whole {total[0]:.1f}" if total else ""
            head = (
                f"{period}: {idle.height} of {last.height} industries run below {edge:g} % of capacity, lowest "
                f"{', '.join(lowest)}{whole}; {fell.height} of {both} fell over the year."
            )
            tail = "The survey is not seasonally adjusted: compare with the same quarter of other years only."
        return f"{head}\n{tail}\n{self.provenance.foot()}"

    def explain(self, industry: str) -> pl.DataFrame:
        """Return the history of one industry (code or name), oldest first.

        Raises
        ------
        UsageError
            When the survey has no such industry.
        """
        known = self.frame["industry"].unique().sort().to_list()
        for code in known:
            name = self.labels.get(code, Text(code, code))
            if industry in {code, name.zh, name.en}:
                return self.frame.filter(pl.col("industry") == code)
        message = f"the survey has no industry '{industry}'; it has {shorten(known)}."
        raise UsageError(message)

    def _name(self, code: str, language: Language) -> str:
        return self.labels[code].lang(language) if code in self.labels and language == "zh" else code.replace("_", " ")


def capacity(
    source: Any,  # noqa: ANN401 - a package, its name or path, or any kind of frame
    *,
    bands: Sequence[Mapping[str, Any]] | None = None,
) -> Utilisation:
    """Read a survey of capacity utilisation: level, change over the year, place in the industry's own history.

    Parameters
    ----------
    source
        A package with the table `capacity`, or a frame with ``period`` (2024Q1, 2024FY), ``industry`` and
        ``utilisation`` in per cent.
    bands
        Bands of the level, lowest first, as mappings with ``name`` and ``below`` (None in the last); None: those of
        ``overcapacity.yaml``, whose source says itself that there is no common standard.

    Raises
    ------
    InputError
        When a period cannot be read or a rate is not between 0 and 100.

    Notes
    -----
    The National Bureau of Statistics defines the rate as actual output over capacity, both in value; capacity is what
    can be kept up with labour, materials and transport secured. The survey is national: no province has one.

    Examples
    --------
    >>> found = capacity("china-provinces")
    >>> found.latest.filter(industry="automobile").select("period", "utilisation", "change_on_year").row(0)
    ('2025Q2', 71.3, -1.7)
    """
    package = as_package(source)
    given = source if package is None else package.require("capacity", ["utilisation"], verb="capacity")
    frame, kind = table(given, ["utilisation"], verb="capacity", keys=["period", "industry"])
    rows = _periods(frame.drop_nulls("utilisation"))
    if not rows.height:
        message = "capacity: no row has a rate of utilisation."
        raise InputError(message)
    if rows.height > 1 and (rows["utilisation"] <= 1).all():
        message = "capacity: no rate passes 1: they are ratios; write per cent, 75 for three quarters."
        raise InputError(message)
    steps = list(bands) if bands is not None else setting(_FILE, "utilisation.bands")
    _check_bands(steps)
    quarters = _against_history(rows.filter(pl.col("quarter").is_not_null())).with_columns(
        band=_band(steps), level=_level()
    )
    columns = ["period", "year", "quarter", "industry", "utilisation", "change_on_year", "same_quarter", "low", "high",
               "observations", "band", "level"]  # fmt: skip
    done = quarters.select(columns).sort("industry", "year", "quarter")
    latest = done.group_by("industry").last().select(columns).sort("utilisation")
    return Utilisation(
        frame=done,
        years=_years(rows),
        latest=latest.with_columns(rank=pl.int_range(1, pl.len() + 1)),
        bands=pl.DataFrame(
            {"name": [one["name"] for one in steps], "below": [one["below"] for one in steps]},
            schema={"name": pl.String, "below": pl.Float64},
        ),
        labels=names_in(package, "capacity", "industry"),
        findings=_findings(done),
        kind=package.kind if package is not None else kind,
        provenance=provenance("capacity", package, ["capacity"] if package else [], bands=[dict(one) for one in steps]),
    )


def _periods(frame: pl.DataFrame) -> pl.DataFrame:
    """Return year and quarter of every period; the quarter of a full year is null."""
    unread = frame.filter(~pl.col("period").str.contains(_PERIOD))
    if unread.height:
        message = f"capacity: the period '{unread['period'][0]}' cannot be read; write 2024Q1 or 2024FY."
        raise InputError(message)
    off = frame.filter(~pl.col("utilisation").is_between(0, 100, closed="right"))
    if off.height:
        period, industry, value = off.select("period", "industry", "utilisation").row(0)
        message = (
            f"capacity: utilisation of {industry} in {period} is {value:g}; it lies above 0 and up to 100 per cent."
        )
        raise InputError(message)
    tail = pl.col("period").str.extract(_PERIOD, 2)
    return frame.with_columns(
        year=pl.col("period").str.extract(_PERIOD, 1).cast(pl.Int64),
        quarter=pl.when(tail != "FY").then(tail.str.slice(1).cast(pl.Int64, strict=False)),
    )


def _against_history(quarters: pl.DataFrame) -> pl.DataFrame:
    """Return every quarter beside the year before and the same quarter of all other years."""
    low, high = setting(_FILE, "utilisation.normal_range")
    keys = ["industry", "quarter"]
    before = quarters.select(*keys, pl.col("year") + 1, past=pl.col("utilisation"))
    others = (
        quarters.select(*keys, "year")
        .join(quarters.select(*keys, other=pl.col("year"), value=pl.col("utilisation")), on=keys)
        .filter(pl.col("other") != pl.col("year"))
        .group_by(*keys, "year")
        .agg(
            observations=pl.len(),
            same_quarter=pl.col("value").mean(),
            low=pl.col("value").quantile(low, "linear"),
            high=pl.col("value").quantile(high, "linear"),
        )
    )
    enough = pl.col("observations") > 1
    return (
        quarters.join(before, on=[*keys, "year"], how="left")
        .join(others, on=[*keys, "year"], how="left")
        .with_columns(
            pl.col("observations").fill_null(0).cast(pl.Int64),
            # both ends are published with one decimal: the difference has no more
            change_on_year=(pl.col("utilisation") - pl.col("past")).round(6),
            same_quarter=pl.when(enough).then("same_quarter"),
            low=pl.when(enough).then("low"),
            high=pl.when(enough).then("high"),
        )
    )


def _band(steps: Sequence[Mapping[str, Any]]) -> pl.Expr:
    found = pl.lit(steps[-1]["name"])
    for one in reversed(steps[:-1]):
        found = pl.when(pl.col("utilisation") < one["below"]).then(pl.lit(one["name"])).otherwise(found)
    return found


def _level() -> pl.Expr:
    """Return what a series covers."""
    kinds = dict.fromkeys(setting(_FILE, "utilisation.sections"), "section")
    kinds |= dict.fromkeys(setting(_FILE, "utilisation.total"), "total")
    return pl.col("industry").replace_strict(kinds, default="industry", return_dtype=pl.String)


def _check_bands(steps: Sequence[Mapping[str, Any]]) -> None:
    edges = [one["below"] for one in steps[:-1]]
    if not steps or any(edge is None for edge in edges) or edges != sorted(edges) or steps[-1]["below"] is not None:
        message = "capacity: bands rise, each with 'name' and 'below'; the last has below=None."
        raise UsageError(message)


def _years(rows: pl.DataFrame) -> pl.DataFrame:
    """Return full years: as published, else the mean of four quarters."""
    full = rows.filter(pl.col("quarter").is_null()).select(
        "year", "industry", "utilisation", source=pl.lit("published")
    )
    means = (
        rows.filter(pl.col("quarter").is_not_null())
        .group_by("year", "industry")
        .agg(pl.col("utilisation").mean(), count=pl.len())
        .filter(pl.col("count") == _QUARTERS)
        .select("year", "industry", "utilisation", source=pl.lit("mean of quarters"))
    )
    return pl.concat([full, means.join(full, on=["year", "industry"], how="anti")]).sort("industry", "year")


def _findings(quarters: pl.DataFrame) -> tuple[Finding, ...]:
    """Return quarters that are missing inside a series, one finding an industry."""
    place = pl.col("year") * _QUARTERS + pl.col("quarter") - 1
    found = []
    for (industry,), rows in quarters.with_columns(place=place).group_by("industry", maintain_order=True):
        at = rows["place"].to_list()
        missing = sorted(set(range(at[0], at[-1])) - set(at))
        if missing:
            periods = [f"{one // _QUARTERS}Q{one % _QUARTERS + 1}" for one in missing]
            found.append(
                finding(
                    "missing-quarter",
                    "note",
                    (
                        f"缺 {len(missing)} 个季度：{shorten(periods, '、')}",
                        f"{len(missing)} quarters are missing: {shorten(periods)}",
                    ),
                    ("不作插补；同比只在两季都有时给出。", "Nothing is filled in; a change needs both quarters."),
                    table="capacity",
                    key=str(industry),
                )
            )
    return tuple(found)

"""The verb `capacity`: survey rates of utilisation, each against the same quarter of other years."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.text import Text, has, same
from xinzhi.data import Field, Package, as_package, is_package, names_of, tidy
from xinzhi.risks.inputs import setting

SERIES, TOTAL = "series", "industry_total"
_QUARTERS, _LAST_LATIN = 4, "\u024f"
_PERIOD = r"^(\d{4})(Q[1-4]|FY)$"


class Band(TypedDict):
    """A band of utilisation: what it is called, and below how many per cent it lies (None in the last)."""

    name: str
    below: float | None


@dataclass(frozen=True, repr=False, kw_only=True)
class Utilisation(Result, verb="capacity", topic="overcapacity", key=("industry", "year", "quarter")):
    """Rates of capacity utilisation by industry and quarter.

    A row of `frame` is an industry and quarter, beside the same quarter of the other years (null with fewer than two);
    of `latest` the last quarter of an industry; of `years` a full year. Sections and the total hold the industries and
    are not counted beside them. `findings` name the quarters that are missing inside a series.
    """

    years: pl.DataFrame
    latest: pl.DataFrame
    bands: pl.DataFrame
    findings: tuple[Finding, ...]

    def now(self) -> pl.DataFrame:
        """Return the last quarter of the industries, the lowest first; of the sums where there is no industry."""
        last = self.latest.filter(pl.col("period") == pl.col("period").max())
        industries = last.filter(level="industry")
        return (industries if industries.height else last).sort("utilisation", "industry")

    @property
    def industries(self) -> list[str]:
        """The codes of the series."""
        return sorted(set(self.frame["industry"]))

    @property
    def changes_of_year(self) -> pl.DataFrame:
        """The last quarter of all, of the industries that have a change over the year."""
        return self.latest.filter(pl.col("period") == pl.col("period").max()).drop_nulls("change_on_year")

    @property
    def by_level(self) -> pl.DataFrame:
        """The last quarter of every series, the lowest first."""
        return self.latest.sort("utilisation", "industry")

    @property
    def missing(self) -> pl.DataFrame:
        """Which quarters of which series are missing: ``industry, missing_zh, missing_en``."""
        rows = [(note.key, note.message.zh, note.message.en) for note in self.findings]
        schema = dict.fromkeys(("industry", "missing_zh", "missing_en"), pl.String)
        return pl.DataFrame(rows, schema=schema, orient="row")

    def quarters_with_range(self, code: str) -> pl.DataFrame:
        """Return the quarters of a series that have a range of the same quarter in other years, oldest first."""
        return self.frame.filter(industry=code).drop_nulls("low").sort("year", "quarter")

    def answer(self) -> Iterator[Fact]:
        """Yield which industries run lowest, how many fell over the year, and where the total stands in its past."""
        if not self.frame.height:
            yield words.overcapacity.answer_no_quarters()
            return
        yield self._lowest()
        yield from self._changes()
        yield from self._history()
        yield words.overcapacity.note_not_adjusted()

    def _lowest(self) -> Fact:
        now, edges = self.now(), self.bands["below"].drop_nulls().to_list()
        low = now.row(0, named=True)
        period, name = quarter(low["year"], low["quarter"]), self.names.text(SERIES, low["industry"])
        value, n = low["utilisation"], now.height
        if not edges:
            return words.overcapacity.headline_lowest(period=period, name=name, n=n, value=value)
        ranged, edge = now.drop_nulls("low"), edges[0]
        k = now.filter(pl.col("utilisation") < edge).height
        if not ranged.height:
            return words.overcapacity.headline_below(period=period, name=name, n=n, value=value, k=k, edge=edge)
        return words.overcapacity.headline_usual(
            period=period,
            name=name,
            value=value,
            k=k,
            edge=edge,
            m=ranged.height,
            below=ranged.filter(pl.col("utilisation") < pl.col("low")).height,
        )

    def _changes(self) -> Iterator[Fact]:
        now = self.now().drop_nulls("change_on_year").sort("change_on_year", "industry")
        if not now.height:
            return
        low, fell = now.row(0, named=True), now.filter(pl.col("change_on_year") < 0).height
        period, name = quarter(low["year"], low["quarter"]), self.names.text(SERIES, low["industry"])
        n, change = now.height, low["change_on_year"]
        if fell:
            yield words.overcapacity.headline_fell(period=period, n=n, fell=fell, name=name, change=change)
        else:
            yield words.overcapacity.headline_none_fell(period=period, n=n, name=name, change=change)

    def _history(self) -> Iterator[Fact]:
        """Yield the last quarter of the total (of the lowest industry without one) among the same quarters."""
        if self.frame["period"].n_unique() == 1:
            total = self.latest.filter(industry=TOTAL)
            if total.height:
                yield words.overcapacity.answer_total(value=total["utilisation"][0])
            return
        code = TOTAL if TOTAL in self.frame["industry"] else self.now()["industry"][0]
        series = self.frame.filter(industry=code).sort("year", "quarter")
        last = series.row(-1, named=True)
        past_quarters = series.filter(pl.col("quarter") == last["quarter"], pl.col("year") != last["year"])
        lower, n = past_quarters.filter(pl.col("utilisation") < last["utilisation"]).height, past_quarters.height
        name, value, period = self.names.text(SERIES, code), last["utilisation"], quarter(last["year"], last["quarter"])
        if not n:
            yield words.overcapacity.headline_single(name=name, value=value, period=period)
        elif lower:
            yield words.overcapacity.headline_over_time(name=name, value=value, period=period, n=n, k=lower)
        else:
            yield words.overcapacity.headline_lowest_ever(name=name, value=value, period=period, n=n)

    def explain(self, industry: str) -> pl.DataFrame:
        """Return the history of one industry (code or name), oldest first; `UsageError` when there is none."""
        code = self.names.resolve(industry, self.frame["industry"].unique().sort(), SERIES)
        return self.frame.filter(pl.col("industry") == code)


def capacity(source: AnyFrame, *, bands: Sequence[Band] | None = None) -> Utilisation:
    """Read a survey of capacity utilisation: level, change over the year, place in the industry's own history.

    Parameters
    ----------
    source
        A package with the table `capacity`, or a frame with ``period`` (2024Q1, 2024FY), ``industry`` and
        ``utilisation`` in per cent.
    bands
        Bands of the level, lowest first, as mappings with ``name`` and ``below`` (None in the last); None: those of
        ``overcapacity.yaml``, whose source says itself that there is no common standard.

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
    package = as_package(source) if is_package(source) else None
    survey = source if package is None else package.require("capacity", ["utilisation"], verb="capacity")
    fields = [Field("period", "text"), Field("industry", "code"), Field("utilisation")]
    source_table = tidy(survey, fields, key=["period", "industry"], verb="capacity", empty=True)
    rows = _periods(source_table.frame.drop_nulls("utilisation"))
    if not rows.height:
        raise InputError("capacity.no-rate")
    if rows.height > 1 and (rows["utilisation"] <= 1).all():
        raise InputError("capacity.ratios")
    steps = list(bands) if bands is not None else setting("overcapacity", "utilisation.bands")
    edges = [edge for step in steps if (edge := step["below"]) is not None]
    if not steps or len(edges) != len(steps) - 1 or edges != sorted(edges) or steps[-1]["below"] is not None:
        raise UsageError("capacity.bands")
    band = pl.lit(steps[-1]["name"])
    for step in reversed(steps[:-1]):
        band = pl.when(pl.col("utilisation") < step["below"]).then(pl.lit(step["name"])).otherwise(band)
    covered = dict.fromkeys(setting("overcapacity", "utilisation.sections"), "section")
    covered |= dict.fromkeys(setting("overcapacity", "utilisation.total"), "total")
    level = pl.col("industry").replace_strict(covered, default="industry", return_dtype=pl.String)
    quarters = _against_history(rows.filter(pl.col("quarter").is_not_null())).with_columns(band=band, level=level)
    columns = [
        "period",
        "year",
        "quarter",
        "industry",
        "utilisation",
        "change_on_year",
        "same_quarter",
        "low",
        "high",
        "observations",
        "band",
        "level",
    ]
    done = quarters.select(columns).sort("industry", "year", "quarter")
    latest = done.group_by("industry").last().select(columns).sort("utilisation")
    return Utilisation(
        frame=done,
        years=_years(rows),
        latest=latest.with_columns(rank=pl.int_range(1, pl.len() + 1)),
        bands=pl.DataFrame(
            {"name": [step["name"] for step in steps], "below": [step["below"] for step in steps]},
            schema={"name": pl.String, "below": pl.Float64},
        ),
        names=survey_names(package, rows["industry"].unique()),
        findings=_findings(done),
        kind=source_table.kind if package is None else package.kind,
        provenance=provenance("capacity", package or source_table, ["capacity"], bands=[dict(step) for step in steps]),
    )


def _periods(frame: pl.DataFrame) -> pl.DataFrame:
    """Return year and quarter of every period; the quarter of a full year is null."""
    unread = frame.filter(~pl.col("period").str.contains(_PERIOD))
    if unread.height:
        raise InputError("capacity.period", period=unread["period"][0])
    off = frame.filter(~pl.col("utilisation").is_between(0, 100, closed="right"))
    if off.height:
        period, industry, value = off.select("period", "industry", "utilisation").row(0)
        raise InputError("capacity.out-of-range", period=period, industry=industry, value=value)
    tail = pl.col("period").str.extract(_PERIOD, 2)
    return frame.with_columns(
        year=pl.col("period").str.extract(_PERIOD, 1).cast(pl.Int64),
        quarter=pl.when(tail != "FY").then(tail.str.slice(1).cast(pl.Int64, strict=False)),
    )


def _against_history(quarters: pl.DataFrame) -> pl.DataFrame:
    """Return every quarter beside the year before and the same quarter of all other years."""
    low, high = setting("overcapacity", "utilisation.normal_range")
    keys = ["industry", "quarter"]
    before = quarters.select(*keys, pl.col("year") + 1, past=pl.col("utilisation"))
    history = (
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
        .join(history, on=[*keys, "year"], how="left")
        .with_columns(
            pl.col("observations").fill_null(0).cast(pl.Int64),
            # both ends are published with one decimal: the difference has no more
            change_on_year=(pl.col("utilisation") - pl.col("past")).round(6),
            same_quarter=pl.when(enough).then("same_quarter"),
            low=pl.when(enough).then("low"),
            high=pl.when(enough).then("high"),
        )
    )


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
    problems = []
    for (industry,), rows in quarters.with_columns(place=place).group_by("industry", maintain_order=True):
        at = rows["place"].to_list()
        missing = sorted(set(range(at[0], at[-1])) - set(at))
        if missing:
            periods = [f"{place_number // _QUARTERS}Q{place_number % _QUARTERS + 1}" for place_number in missing]
            values = {"n": len(missing), "periods": periods}
            problems.append(finding("capacity.missing-quarter", words=values, table="capacity", key=str(industry)))
    return tuple(problems)


def quarter(year: int, number: int) -> Text:
    """Return a quarter in words."""
    return words.overcapacity.chart_of(f"quarter_{number}", year=year)


def survey_names(package: Package | None, codes: Iterable[str]) -> Names:
    """Return the names of series of the survey: those of the package, in English those of the catalogue."""
    package_names, series_labels = names_of(package).by_kind.get("industry", {}), {}
    for code in codes:
        key = f"overcapacity.series.{code}"
        catalogue_name = words.by_key(key) if has(key) else same(code.replace("_", " "))
        package_name = package_names.get(code, catalogue_name)
        # a package may have its names in Chinese only
        latin = all(sign <= _LAST_LATIN or not sign.isalpha() for sign in package_name.en)
        series_labels[code] = Text(zh=package_name.zh, en=package_name.en if latin else catalogue_name.en)
    return Names({SERIES: series_labels})

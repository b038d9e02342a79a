"""Education: human capital, its contribution and return, composition of labour. Culture: its share in the economy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray, IntArray, inside, interpolate, yearly_change
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.estimator import Estimator, with_tests
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.index_numbers import Formula, contributions
from xinzhi.core.labour import human_capital
from xinzhi.core.provenance import provenance
from xinzhi.core.regression import codes, fixed_effects
from xinzhi.core.result import Facts, Result
from xinzhi.data import Field, Package, names_of, tidy
from xinzhi.sectors import figures as kit
from xinzhi.sectors.conventions import Returns, returns_to_schooling, setting
from xinzhi.sectors.figures import KEYS, ends_of, figures, grid, latest, long, omission_frame, reason, whole_sum
from xinzhi.yardstick import Measurement

Effects = Literal["none", "year", "two-way"]
_PATH = "labour.returns_to_schooling"


@dataclass(frozen=True, repr=False, kw_only=True)
class Education(Result, verb="education", topic="sectors", key=KEYS):
    """Human capital and its contribution to growth, by region and year, and in `spans` the means over all years.

    Human capital is per worker, 1 without schooling; its contribution is labour share times growth, in log points, and
    empty without a measurement. `flags` say ``interpolated`` where schooling stands on a straight line between two
    years. `returns_from` says where the returns to schooling come from.
    """

    spans: pl.DataFrame
    omitted: pl.DataFrame
    returns_from: str

    @property
    def contributions(self) -> pl.DataFrame:
        """The spans that have a contribution, the largest first."""
        return self.spans.drop_nulls("contribution").sort("contribution", descending=True)

    @property
    def last_levels(self) -> pl.DataFrame:
        """Human capital of the last year that has it, the largest first."""
        return latest(self.frame, "human_capital")

    def facts(self) -> Facts:
        """Return what schooling contributed, on average and at the ends; without a measurement, human capital."""
        spans = self.contributions
        if not spans.height:
            ends = ends_of(self.last_levels, "human_capital", self.names, digits=2)
            return {"answer.human_capital": ends, "note.unweighed": {}}
        contributed, grown = (spans[name].to_numpy() for name in ("contribution", "output_growth"))
        values = {"first": spans["start"].min(), "last": spans["end"].max(), "mean": float(contributed.mean())}
        values |= {"part": float(contributed.sum() / grown.sum())}
        return {"answer.education": values | ends_of(spans, "contribution", self.names, digits=4)}


def education(source: object, measurement: Measurement | None = None, *, schooling: str = "schooling") -> Education:
    """Return human capital from years of schooling and its contribution to growth under the protocol's labour share.

    Parameters
    ----------
    source, schooling
        A package (or its name), or a frame with ``region, year``; its column of mean years of schooling.
    measurement
        The result of `xinzhi.measure`: its labour shares weigh the growth of human capital, and its protocol's returns
        to schooling apply. Without it human capital comes with the returns of ``sectors.yaml`` and nothing is weighed.

    Notes
    -----
    Hall and Jones (1999): h = exp(φ(s)). Growth between two years uses the returns of the later one at both ends, so
    that a newly dated table is no growth. Years inside a gap are interpolated and flagged; outside the years observed
    nothing is held: a protocol that holds it there shows zeros where this table is empty.

    Examples
    --------
    >>> import xinzhi
    >>> result = education("china-provinces", xinzhi.measure("china-provinces"))
    >>> row = result.frame.row(by_predicate=(pl.col("region") == "110000") & (pl.col("year") == 2015), named=True)
    >>> round(row["human_capital"], 2), row["flags"]
    (3.38, '')
    """
    figures = kit.read(source, [schooling], verb="education")
    kit.refuse_below(figures.frame, [schooling], verb="education", positive=False)
    if not figures.frame[schooling].count():
        raise InputError("sectors.no-schooling", name=schooling)
    regions, years, observed = grid(figures.frame, schooling)
    between = inside(observed) & np.isfinite(observed).any(axis=1, keepdims=True)
    filled = np.where(between, interpolate(observed), np.nan)
    tables, origin = _returns(measurement, years)
    # growth between two years takes the returns of the later one at both ends
    level, growth = np.full(filled.shape, np.nan), np.full(filled.shape, np.nan)
    for at, table in enumerate(tables):
        level[:, at] = human_capital(filled[:, at], table)
        if at:
            growth[:, at] = np.log(level[:, at]) - np.log(human_capital(filled[:, at - 1], table))
    frame = long(regions, years, {"schooling": filled, "human_capital": level, "human_capital_growth": growth})
    marks = np.where(between & ~np.isfinite(observed), "interpolated", "").ravel()
    frame = _weigh(frame.with_columns(flags=pl.Series(marks)), measurement)
    complete = frame.drop_nulls("schooling")
    unfilled = figures.frame.filter(pl.col(schooling).is_null()).join(complete, on=KEYS, how="anti")
    return Education(
        frame=complete,
        spans=_spans(complete),
        omitted=omission_frame(unfilled.select(KEYS).iter_rows(), reason("no_schooling")),
        returns_from=origin,
        names=figures.names,
        kind=figures.kind,
        provenance=kit.with_protocol(figures.provenance("education", schooling=schooling), measurement),
    )


def _returns(measurement: Measurement | None, years: Sequence[int]) -> tuple[list[Returns], str]:
    """Return the returns in force in every year, and where they stand."""
    protocol = getattr(measurement, "protocol", None)
    if protocol is not None and protocol.declares(_PATH) and protocol.value(_PATH, years[0]) is not None:
        return [tuple(map(tuple, table)) for table in protocol.values(_PATH, years)], f"protocol {protocol.label}"
    return [returns_to_schooling(year) for year in years], "sectors.yaml"


def _weigh(frame: pl.DataFrame, measurement: Measurement | None) -> pl.DataFrame:
    """Return the frame with labour shares, contributions and output growth."""
    columns = ["labour_share", "output_growth"]
    if measurement is None:
        return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in (*columns, "contribution"))
    growth = figures(measurement.frame, columns, verb="education").frame
    return frame.join(growth, on=KEYS, how="left", maintain_order="left").with_columns(
        contribution=pl.col("labour_share") * pl.col("human_capital_growth")
    )


def _spans(frame: pl.DataFrame) -> pl.DataFrame:
    """Return means a year over the years that have a contribution; their start is the year before the first."""
    contributing = frame.drop_nulls("contribution").sort(KEYS)
    before = frame.select("region", year=pl.col("year") + 1, schooling_start="schooling")
    means = ("human_capital_growth", "contribution", "output_growth")
    return (
        contributing.join(before, on=KEYS, how="left", maintain_order="left")
        .group_by("region", maintain_order=True)
        .agg(
            start=pl.col("year").first() - 1,
            end=pl.col("year").last(),
            schooling_start=pl.col("schooling_start").first(),
            schooling_end=pl.col("schooling").last(),
            **{name: pl.col(name).mean() for name in means},
        )
        .with_columns(part=pl.when(pl.col("output_growth") != 0).then(pl.col("contribution") / pl.col("output_growth")))
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class SchoolingReturn(Estimator, verb="schooling_return", topic="sectors", key=("term",)):
    """A Mincer-type regression over regions; the term of schooling is its return, log points of the wage a year."""

    rows: int
    regions: int
    effects: Effects
    r2_within: float

    @property
    def coefficients(self) -> pl.DataFrame:
        """The coefficients with standard error, t, p and the 95 % interval of the normal distribution."""
        return with_tests(self.frame)

    def answer(self) -> Iterator[Fact]:
        """Yield the return to a year of schooling with its standard error."""
        row = self.frame.row(0, named=True)
        yield words.sectors.answer_schooling_return(
            value=row["estimate"],
            error=row["standard_error"],
            rows=self.rows,
            regions=self.regions,
            effects=self.effects,
        )


def schooling_return(
    frame: object, wage: str, *, schooling: str = "schooling", controls: Sequence[str] = (), effects: Effects = "year"
) -> SchoolingReturn:
    """Return the return to schooling from a regression of log wages on mean years over regions and years.

    Parameters
    ----------
    frame
        A frame with ``region, year``, wages, years of schooling and controls.
    wage, schooling, controls
        Columns of average wages, positive, of mean years, and further ones.
    effects
        ``year`` (the default), ``two-way`` or ``none``.

    Notes
    -----
    Mincer (1974), Schooling, Experience and Earnings, on means of regions: an association, with spillovers and sorting
    in it (Acemoglu and Angrist 2000, NBER Macroeconomics Annual 15), not the private return of an individual.

    Examples
    --------
    >>> years = pl.Series([8.0, 9.0, 11.0, 8.5, 9.5, 12.0])
    >>> data = pl.DataFrame({"region": list("abcabc"), "year": [1, 1, 1, 2, 2, 2], "schooling": years})
    >>> wages = data.with_columns(wage=(0.1 * pl.col("schooling") + pl.col("year")).exp())
    >>> schooling_return(wages, "wage").frame["estimate"].round(6).to_list()
    [0.1]
    """
    names = [schooling, *controls]
    if len(set(names)) < len(names):
        raise UsageError("sectors.control-twice", names=names)
    if effects not in get_args(Effects):
        raise UsageError("sectors.unknown-effects", effects=effects, known=list(get_args(Effects)))
    data = figures(frame, [wage, *names], verb="schooling_return")
    table = data.frame.drop_nulls()
    kit.refuse_below(table, [wage], verb="schooling_return")
    if not table.height:
        raise InputError("sectors.no-complete-row")
    place, year = (codes(table[name].to_list()) for name in KEYS)
    fit = fixed_effects(
        np.log(table[wage].to_numpy()),
        table.select(names).to_numpy(),
        names,
        {"none": [], "year": [year], "two-way": [place, year]}[effects],
        place,
        counted="all",
    )
    return SchoolingReturn(
        frame=pl.DataFrame(
            {"term": names, "estimate": fit.coefficients, "standard_error": fit.standard_errors, "p": fit.probabilities}
        ),
        rows=fit.observations,
        regions=fit.clusters,
        effects=effects,
        r2_within=fit.r2_within,
        kind=data.kind,
        provenance=data.provenance(
            "schooling_return", wage=wage, schooling=schooling, controls=list(controls), effects=effects
        ),
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class Composition(Result, verb="composition", topic="sectors", key=KEYS):
    """Labour composition by region and year: growth of labour input less that of persons, in log points."""

    omitted: pl.DataFrame

    def answer(self) -> Iterator[Fact]:
        """Yield the mean growth of composition."""
        growth = self.frame.select(pl.col("composition_growth").mean()).item()
        yield words.sectors.answer_composition(growth=growth, rows=self.frame.height)


def composition(frame: object, group: str, persons: str, wage: str, *, formula: Formula = "tornqvist") -> Composition:
    """Return the growth of labour input over groups of workers, and how much of it is composition.

    Parameters
    ----------
    frame
        A frame with ``region, year``, the group (education, age, sector), persons or hours, and the wage.
    group, persons, wage
        Its columns; persons and wages not negative.
    formula
        Index of `xinzhi.core.index_numbers`.

    Notes
    -----
    Jorgenson, Gollop and Fraumeni (1987), Productivity and U.S. Economic Growth: groups are weighted by their shares of
    labour compensation. A group that grows from nothing has no growth rate: such years are in `omitted`.

    Examples
    --------
    >>> data = pl.DataFrame({
    ...     "region": "a", "year": [1, 1, 2, 2], "level": ["low", "high"] * 2,
    ...     "persons": [50.0, 50.0, 40.0, 60.0], "wage": [1.0, 3.0, 1.0, 3.0],
    ... })
    >>> composition(data, "level", "persons", "wage").frame["composition_growth"].round(4).to_list()
    [0.0948]
    """
    figures = [Field(name, sign="non-negative") for name in (persons, wage)]
    fields = [Field("region", "code"), Field("year", "year"), Field(group, "text"), *figures]
    source = tidy(frame, fields, key=[*KEYS, group], verb="composition", empty=True)
    table = source.frame
    rows, out = [], []
    names = table[group].unique().sort()
    for (region,), part in table.group_by("region", maintain_order=True):
        years = part["year"].unique().sort().to_list()
        full = (
            pl.DataFrame({"year": years})
            .join(pl.DataFrame({group: names}), how="cross")
            .join(part, on=["year", group], how="left", maintain_order="left")
        )
        people, pay = (full[name].to_numpy().reshape(len(years), len(names)).T for name in (persons, wage))
        labour, heads = _growth(people, pay, np.array(years), formula)
        for year, input_growth, grown in zip(years[1:], labour[1:], heads[1:], strict=True):
            if np.isfinite(input_growth):
                rows.append((region, year, float(input_growth), float(grown), float(input_growth - grown)))
            else:
                out.append((region, year))
    schema = {"region": pl.String, "year": pl.Int64}
    schema |= dict.fromkeys(("labour_growth", "persons_growth", "composition_growth"), pl.Float64)
    return Composition(
        frame=pl.DataFrame(rows, schema=schema, orient="row").sort(KEYS),
        omitted=omission_frame(out, reason("group_gap")),
        kind=source.kind,
        provenance=source.provenance("composition", group=group, persons=persons, wage=wage, formula=formula),
    )


def _growth(people: FloatArray, pay: FloatArray, years: IntArray, formula: Formula) -> tuple[FloatArray, FloatArray]:
    """Return log growth of labour input and of heads `(T,)`; NaN in the first year and where something is unknown."""
    cost = people * pay
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = yearly_change(np.log(people))
        share = cost / cost.sum(axis=0)
        heads = yearly_change(np.log(people.sum(axis=0)))
        # a group that nobody is in, then and now, neither grows nor costs
        labour = contributions(growth, share, formula=formula).sum(axis=0)
    gap = np.diff(years, prepend=years[0] - 1) != 1
    return np.where(gap | ~np.isfinite(labour), np.nan, labour), np.where(gap, np.nan, heads)


_COLUMNS = ("value_added_share", "value_added_ceiling", "digital_share")


@dataclass(frozen=True, repr=False, kw_only=True)
class Culture(Result, verb="culture", topic="sectors", key=KEYS):
    """The weight of culture by region and year, and in `notes` what cannot be given, and why.

    Employment is that of culture, sports and entertainment, its share that of all sections of the same table; the
    ceiling is the share of the branch that contains culture; the digital share that of the industries of the scope
    list.
    """

    notes: tuple[Finding, ...]

    @property
    def last_shares(self) -> pl.DataFrame:
        """The last year that has shares, the largest first, without columns that are empty then."""
        rows = latest(self.frame, "employment_share")
        return rows.select(column for column in rows.iter_columns() if column.count() or not rows.height)

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
    package = kit.as_package(source)
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
    for table, columns in parts.items():
        if columns is not None:
            used.append(table)
            frame = frame.join(columns, on=KEYS, how="full", coalesce=True)
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
    culture_jobs = sections.filter(section=name).select(*KEYS, "employment")
    joined = culture_jobs.join(complete, on=KEYS, maintain_order="left").with_columns(
        employment_share=pl.when(pl.col("total") > 0).then(pl.col("employment") / pl.col("total"))
    )
    usable = pl.col("employment_share").is_not_null()
    nation = pl.col("employment").filter(usable).sum().over("year") / pl.col("total").filter(usable).sum().over("year")
    return joined.with_columns(location_quotient=pl.col("employment_share") / nation).drop("total")


def _value_added(package: Package, notes: list[Finding]) -> pl.DataFrame | None:
    """Return the share of culture in value added, or of the branch that contains it."""
    table = "branch_output"
    if table not in package.tables:
        notes.append(finding("sectors.no-branches", table=table))
        return None
    rows = package.require(table, ["output_nominal"], verb="culture")
    total = rows.group_by(KEYS).agg(total=whole_sum("output_nominal"))
    name, around = setting("culture.section"), setting("culture.containing_branch")
    shares = None
    for branch, column in zip((name, around), _COLUMNS[:2], strict=True):
        part = rows.filter(branch=branch)
        if not part.height:
            continue
        share = part.join(total, on=KEYS).select(
            *KEYS, pl.when(pl.col("total") > 0).then(pl.col("output_nominal") / pl.col("total")).alias(column)
        )
        shares = share if shares is None else shares.join(share, on=KEYS, how="full", coalesce=True)
    if name not in set(rows["branch"]):
        notes.append(finding("sectors.culture-not-listed", table=table))
    return shares


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

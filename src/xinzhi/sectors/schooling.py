"""Education: human capital from years of schooling, what it contributes to growth, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.gaps import inside, interpolate
from xinzhi.core.labour import human_capital
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import Text
from xinzhi.sectors.naming import region_text
from xinzhi.sectors.parameters import returns_to_schooling
from xinzhi.sectors.reading import KEYS, as_package, frame_of, grid, long, names_of, omitted, read, refuse_below, tidy
from xinzhi.sectors.regression import Effects, panel_fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Language
    from xinzhi.sectors.parameters import Returns

NOTHING = Text(zh="缺少平均受教育年限", en="no mean years of schooling")
_PATH = "labour.returns_to_schooling"


@dataclass(frozen=True, repr=False, kw_only=True)
class Education(Result):
    """Human capital and its contribution to growth.

    Parameters
    ----------
    frame
        ``region, year, schooling, human_capital`` (per worker, 1 without schooling), ``human_capital_growth`` (log
        points over the year before), ``labour_share, output_growth`` (of the measurement), ``contribution`` (labour
        share times growth of human capital; log points), ``flags`` (``interpolated`` where the year's schooling stands
        on a straight line between its neighbours). Without a measurement the share and what follows from it are empty.
    spans
        ``region, start, end, schooling_start, schooling_end, human_capital_growth, contribution, output_growth, part``:
        means a year over all years that have a contribution, and the part of output growth.
    omitted
        ``region, year, reason_zh, reason_en``.
    returns_from
        Where the returns to schooling come from.
    names
        Names of the regions, where the source is a package that has them.
    """

    key: ClassVar[tuple[str, ...]] = KEYS

    spans: pl.DataFrame
    omitted: pl.DataFrame
    returns_from: str
    names: Mapping[str, Text] = field(default_factory=dict)

    def summary(self, language: Language = "en") -> str:
        """Return what schooling contributed, on average and at the ends."""
        zh = language == "zh"
        spans = self.spans.drop_nulls("contribution").sort("contribution", descending=True)
        if not spans.height:
            words = (
                "没有测算结果，只给出人力资本，不给出贡献"
                if zh
                else "no measurement: human capital without contributions"
            )
            return f"{words}\n{self.provenance.foot()}"
        start, end = spans["start"].to_numpy().min(), spans["end"].to_numpy().max()
        given, grown = (spans[name].to_numpy() for name in ("contribution", "output_growth"))
        mean, part = float(given.mean()), float(given.sum() / grown.sum())
        ends = [
            f"{region_text(row['region'], self.names).lang(language)} {100 * row['contribution']:.2f}"
            for row in (spans.row(0, named=True), spans.row(-1, named=True))
        ]
        line = (
            f"{start}-{end}年受教育年限提高每年贡献 {100 * mean:.2f} 个百分点（各地区均值），占产出增长的 {part:.1%}；"
            f"最高 {ends[0]}，最低 {ends[1]}"
            if zh
            else f"{start}-{end}: schooling contributed {100 * mean:.2f} percentage points a year (mean of regions), "
            f"{part:.1%} of output growth; most {ends[0]}, least {ends[1]}"
        )
        return f"{line}\n{self.provenance.foot()}"


def education(source: object, measurement: Any = None, *, schooling: str = "schooling") -> Education:  # noqa: ANN401 - a Measurement of the room yardstick, which this room does not import
    """Return human capital from years of schooling and its contribution to growth under the protocol's labour share.

    Parameters
    ----------
    source
        A package (or its name), or a frame with ``region, year`` and mean years of schooling.
    measurement
        The result of `xinzhi.measure`: its labour shares weigh the growth of human capital, and its protocol's returns
        to schooling apply. Without it human capital comes with the returns of ``sectors.yaml`` and nothing is weighed.
    schooling
        Column of mean years.

    Raises
    ------
    InputError
        When there is no schooling, or it is negative.

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
    package = as_package(source)
    given = read(source if package is None else package, [schooling], verb="education")
    refuse_below(given.frame, [schooling], verb="education", positive=False)
    if not given.frame[schooling].count():
        message = f"education: '{schooling}' is empty in every region and year."
        raise InputError(message)
    regions, years, observed = grid(given.frame, schooling)
    between = inside(observed) & np.isfinite(observed).any(axis=1, keepdims=True)
    filled = np.where(between, interpolate(observed), np.nan)
    tables, origin = _returns(measurement, years)
    level, growth = _human_capital(filled, tables)
    frame = long(regions, years, {"schooling": filled, "human_capital": level, "human_capital_growth": growth})
    marks = np.where(between & ~np.isfinite(observed), "interpolated", "").ravel()
    frame = _weigh(frame.with_columns(flags=pl.Series(marks)), measurement)
    known = frame.drop_nulls("schooling")
    asked = given.frame.filter(pl.col(schooling).is_null()).join(known, on=KEYS, how="anti")
    return Education(
        frame=known,
        spans=_spans(known),
        omitted=omitted((*key, NOTHING) for key in asked.select(KEYS).iter_rows()),
        returns_from=origin,
        names=names_of(package),
        kind=given.kind,
        provenance=_provenance(given.provenance("education", schooling=schooling), measurement),
    )


def _returns(measurement: Any, years: Sequence[int]) -> tuple[list[Returns], str]:  # noqa: ANN401 - as above
    """Return the returns in force in every year, and where they stand."""
    protocol = getattr(measurement, "protocol", None)
    if protocol is not None and protocol.declares(_PATH) and protocol.value(_PATH, years[0]) is not None:
        return [tuple(map(tuple, table)) for table in protocol.values(_PATH, years)], f"protocol {protocol.label}"
    return [returns_to_schooling(year) for year in years], "sectors.yaml"


def _human_capital(schooling: FloatArray, tables: list[Returns]) -> tuple[FloatArray, FloatArray]:
    """Return human capital of every year, and its log growth with the returns of the later year at both ends."""
    level, growth = np.full(schooling.shape, np.nan), np.full(schooling.shape, np.nan)
    for column, table in enumerate(tables):
        level[:, column] = human_capital(schooling[:, column], table)
        if column:
            growth[:, column] = np.log(level[:, column]) - np.log(human_capital(schooling[:, column - 1], table))
    return level, growth


def _weigh(frame: pl.DataFrame, measurement: Any) -> pl.DataFrame:  # noqa: ANN401 - as above
    """Return the frame with labour shares, contributions and output growth."""
    columns = ["labour_share", "output_growth"]
    if measurement is None:
        return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in (*columns, "contribution"))
    growth, _ = frame_of(measurement.frame, [*KEYS, *columns], verb="education")
    return frame.join(growth.select(*KEYS, *columns), on=KEYS, how="left", maintain_order="left").with_columns(
        contribution=pl.col("labour_share") * pl.col("human_capital_growth")
    )


def _spans(frame: pl.DataFrame) -> pl.DataFrame:
    """Return means a year over the years that have a contribution; their start is the year before the first."""
    known = frame.drop_nulls("contribution").sort(KEYS)
    before = frame.select("region", year=pl.col("year") + 1, schooling_start="schooling")
    means = ("human_capital_growth", "contribution", "output_growth")
    return (
        known.join(before, on=KEYS, how="left", maintain_order="left")
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


def _provenance(mine: Provenance, measurement: Any) -> Provenance:  # noqa: ANN401 - as above
    """Return the provenance with the protocol of the measurement."""
    if measurement is None:
        return mine
    from dataclasses import replace

    theirs = measurement.provenance
    return replace(mine, protocol=theirs.protocol, protocol_fingerprint=theirs.protocol_fingerprint)


@dataclass(frozen=True, repr=False, kw_only=True)
class SchoolingReturn(Result):
    """A Mincer-type regression over regions.

    Parameters
    ----------
    frame
        ``term, estimate, standard_error, p``; the term of schooling is its return: log points of the wage a year.
    rows, regions, effects, r2_within
        Size, fixed effects and fit.
    """

    key: ClassVar[tuple[str, ...]] = ("term",)

    rows: int
    regions: int
    effects: Effects
    r2_within: float

    def summary(self, language: Language = "en") -> str:
        """Return the return to a year of schooling with its standard error."""
        row = self.frame.row(0, named=True)
        figures = f"{100 * row['estimate']:.1f} ± {100 * row['standard_error']:.1f}"
        line = (
            f"平均受教育年限每高一年，工资高 {figures} 个对数百分点"
            f"（{self.rows} 行，{self.regions} 个地区，固定效应 {self.effects}）"
            if language == "zh"
            else f"a year of schooling goes with {figures} log points of the wage ({self.rows} rows, "
            f"{self.regions} regions, effects: {self.effects})"
        )
        return f"{line}\n{self.provenance.foot()}"


def schooling_return(
    frame: object,
    wage: str,
    *,
    schooling: str = "schooling",
    controls: Sequence[str] = (),
    effects: Effects = "year",
) -> SchoolingReturn:
    """Return the return to schooling from a regression of log wages on mean years over regions and years.

    Parameters
    ----------
    frame
        A frame with ``region, year``, wages, years of schooling and controls.
    wage
        Column of average wages, positive.
    schooling, controls
        Further columns.
    effects
        ``year`` (the default), ``two-way`` or ``none``.

    Raises
    ------
    UsageError
        When the effects are unknown.
    InputError
        When a wage is not positive, or too few rows are complete.

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
    from xinzhi import __version__

    names = [schooling, *controls]
    if len(set(names)) < len(names):
        message = f"a control is named twice: {', '.join(names)}."
        raise UsageError(message)
    columns, kind = frame_of(frame, [*KEYS, wage, *names], verb="schooling_return")
    table = tidy(columns, [wage, *names], verb="schooling_return").drop_nulls()
    refuse_below(table, [wage], verb="schooling_return")
    if not table.height:
        message = "schooling_return: no row has a wage, schooling and all controls."
        raise InputError(message)
    fit = panel_fit(
        np.log(table[wage].to_numpy()),
        table.select(names).to_numpy(),
        table["region"].to_list(),
        table["year"].to_list(),
        effects=effects,
    )
    return SchoolingReturn(
        frame=pl.DataFrame(
            {"term": names, "estimate": fit.coefficients, "standard_error": fit.standard_errors, "p": fit.probabilities}
        ),
        rows=fit.rows,
        regions=fit.clusters,
        effects=effects,
        r2_within=fit.r2_within,
        kind=kind,
        provenance=Provenance(
            verb="schooling_return",
            version=__version__,
            options={"wage": wage, "schooling": schooling, "controls": list(controls), "effects": effects},
        ),
    )

"""The verb `northeast`: Liaoning, Jilin and Heilongjiang beside provinces that were like them in 2000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, words
from xinzhi.data import names_of, provenance
from xinzhi.data.package import Package
from xinzhi.pathways.conventions import conventions
from xinzhi.pathways.industries import as_package
from xinzhi.pathways.leap.counterfactual import Counterfactual, MatchRules, counterfactual
from xinzhi.yardstick import Measurement

SERIES: Mapping[str, Text] = describe("northeast", "series").values


@dataclass(frozen=True, repr=False, kw_only=True)
class Northeast(Result, verb="northeast", topic="pathways", key=("region", "series", "year")):
    """The provinces beside their synthetic controls, a row for each province, series and year.

    `table` has a row for each province and series, at the end; `weights` and `balance` are those of the `controls`.
    `momentum` is the mean yearly growth of output per head (log points), by period; `missing` says what the page cannot
    say, and why.
    """

    table: pl.DataFrame
    weights: pl.DataFrame
    balance: pl.DataFrame
    momentum: pl.DataFrame
    missing: tuple[Text, ...]
    controls: dict[tuple[str, str], Counterfactual]

    def facts(self) -> Facts:
        """Return the gaps at the end, series by series, and what cannot be said."""
        gaps = []
        for series, label in SERIES.items():
            ends = self.table.filter(series=series)
            said = [
                words("pathways.chart.gap_of", name=self.names.region(row["region"]), gap=row["gap"], p=row["p"])
                for row in ends.iter_rows(named=True)
            ]
            if said:
                gaps.append({"series": label, "year": ends["to_year"].max(), "gaps": said})
        return {"headline.gap": gaps, "summary.missing": [{"what": one} for one in self.missing]}


def northeast(
    source: Any = "china-provinces",  # noqa: ANN401 - a package, its name or path, or a mapping of frames
    *,
    measurement: Measurement | None = None,
    regions: Sequence[str] | None = None,
    start: int | None = None,
) -> Northeast:
    """Set provinces beside synthetic controls matched on their structure at the start.

    Parameters
    ----------
    source
        A data package with `accounts` and `sector_accounts`.
    measurement
        Levels of total factor productivity; that series is left out, and said to be, when None.
    regions
        The provinces; Liaoning, Jilin and Heilongjiang when None. They are not donors to each other.
    start
        Year of the structure that is matched; 2000 when None.

    Raises
    ------
    UsageError
        When a province is unknown.
    InputError
        When a table or column is missing, or the structure of the year is not there.

    Notes
    -----
    Matched on the structure of the year (shares of the three industries, output per head, urbanisation) and on the path
    of the series up to it (`counterfactual`). No single event marks the year: the gap is a comparison with like
    provinces, not the effect of a policy.

    Examples
    --------
    >>> found = northeast()
    >>> found.table["region"].unique().sort().to_list()
    ['210000', '220000', '230000']
    """
    package = as_package(source)
    facts = conventions("northeast")
    who = [str(item) for item in (regions if regions is not None else facts["regions"])]
    when = int(facts["structure_year"] if start is None else start)
    panel = _series(package, when, measurement)
    unknown = [name for name in who if name not in panel["region"].unique().to_list()]
    if unknown:
        raise UsageError("pathways.northeast-regions", regions=unknown)
    predictors = _structure(panel, when)
    controls: dict[tuple[str, str], Counterfactual] = {}
    for series in SERIES:
        values = panel.select("region", "year", series).drop_nulls(series)
        if not values.height:
            continue
        for region in who:
            own = values.filter(~pl.col("region").is_in([name for name in who if name != region]))
            controls[region, series] = _control(own, series, region, when, predictors)
    missing = [words("pathways.missing.births")]
    if measurement is None:
        missing.append(words("pathways.missing.measurement"))
    made = provenance("northeast", package, ("accounts", "sector_accounts"), regions=who, start=when)
    return Northeast(
        frame=_long(controls, "frame").select("region", "series", "year", "actual", "synthetic", "gap", "after"),
        table=_table(controls),
        weights=_long(controls, "weights").rename({"unit": "donor"}),
        balance=_long(controls, "balance"),
        momentum=_momentum(controls, facts["periods"]),
        missing=tuple(missing),
        controls=controls,
        names=names_of(package),
        kind=package.kind,
        provenance=made
        if measurement is None
        else replace(
            made,
            protocol=measurement.provenance.protocol,
            protocol_fingerprint=measurement.provenance.protocol_fingerprint,
            standing=measurement.provenance.standing,
        ),
    )


def _control(values: pl.DataFrame, series: str, region: str, when: int, predictors: pl.DataFrame) -> Counterfactual:
    """Return one control: the date is the year after the structure that is matched."""
    first = int(values["year"].min())  # type: ignore[arg-type] # years are whole numbers
    # A series that starts in the matching year has no history: the structure alone is matched.
    rules = MatchRules(history=first < when, gaps="drop")
    matched = predictors.filter(pl.col("region").is_in(values["region"].unique().to_list()))
    return counterfactual(
        values,
        unit="region",
        time="year",
        value=series,
        treated=region,
        start=when + 1,
        predictors=matched,
        rules=rules,
    )


def _series(package: Package, when: int, measurement: Measurement | None) -> pl.DataFrame:
    """Return the series of the page, by region and year; empty where the package has no value."""
    needed = ["output_real", "population", "urbanisation"]
    accounts = package.require("accounts", needed, verb="northeast").select("region", "year", *needed)
    sectors = package.require("sector_accounts", ["output_nominal"], verb="northeast")
    shares = (
        sectors.pivot(on="sector", index=["region", "year"], values="output_nominal")
        .with_columns(total=pl.sum_horizontal("1", "2", "3", ignore_nulls=False))
        .select(
            "region",
            "year",
            *(
                (100 * pl.col(code) / pl.col("total")).alias(name)
                for code, name in (("1", "farming_share"), ("2", "industry_share"), ("3", "services_share"))
            ),
        )
    )
    panel = accounts.join(shares, on=["region", "year"], how="left").with_columns(
        head=pl.col("output_real") / pl.col("population"), people=pl.col("population")
    )
    if measurement is not None:
        panel = panel.join(measurement.levels.select("region", "year", "tfp_level"), on=["region", "year"], how="left")
    else:
        panel = panel.with_columns(tfp_level=pl.lit(None, dtype=pl.Float64))
    base = panel.filter(pl.col("year") == when).select(
        "region", base_people="people", base_head="head", base_tfp="tfp_level"
    )
    if not base.height:
        raise InputError("pathways.northeast-year", year=when)
    return panel.join(base, on="region", how="left").with_columns(
        population=100 * pl.col("people") / pl.col("base_people"),
        output_per_head=100 * pl.col("head") / pl.col("base_head"),
        tfp=100 * pl.col("tfp_level") / pl.col("base_tfp"),
    )


def _structure(panel: pl.DataFrame, when: int) -> pl.DataFrame:
    """Return what is matched: the structure of the year. Two of the three shares say the third."""
    found = panel.filter(pl.col("year") == when).select(
        "region", "industry_share", "services_share", pl.col("head").log().alias("log_output_per_head"), "urbanisation"
    )
    return found.drop_nulls()


def _long(controls: dict[tuple[str, str], Counterfactual], name: str) -> pl.DataFrame:
    """Return one frame of every control, with its province and series before it."""
    parts = []
    for (region, series), control in controls.items():
        part: pl.DataFrame = getattr(control, name)
        parts.append(part.select(pl.lit(region).alias("region"), pl.lit(series).alias("series"), pl.all()))
    return pl.concat(parts)


def _table(controls: dict[tuple[str, str], Counterfactual]) -> pl.DataFrame:
    rows = []
    for (region, series), control in controls.items():
        last = control.frame.row(-1, named=True)
        rows.append(
            {
                "region": region,
                "series": series,
                "from_year": control.start - 1,
                "to_year": last["year"],
                "actual": last["actual"],
                "synthetic": last["synthetic"],
                "gap": last["gap"],
                "fit_before": control.fit_before,
                "p": control.p,
                "p_gap": control.p_gap,
                "donors": control.weights.height,
            }
        )
    return pl.DataFrame(rows)


def _momentum(controls: dict[tuple[str, str], Counterfactual], periods: Sequence[Sequence[int]]) -> pl.DataFrame:
    """Return mean yearly growth of output per head by period, actual and synthetic."""
    rows = []
    for (region, series), control in controls.items():
        if series != "output_per_head":
            continue
        for first, last in periods:
            ends = control.frame.filter(pl.col("year").is_in([first, last])).sort("year")
            if ends.height != 2:  # noqa: PLR2004 - a growth rate has two ends
                continue
            growth = (ends.select(pl.col("actual", "synthetic").log().diff().last()) / (last - first)).row(0)
            rows.append((region, f"{first}-{last}", growth[0], growth[1], growth[0] - growth[1]))
    schema = {"region": pl.String, "period": pl.String} | dict.fromkeys(("growth", "synthetic", "gap"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")

"""The verb `northeast`: Liaoning, Jilin and Heilongjiang beside provinces that were like them in 2000."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.schema import describe
from xinzhi.core.text import Text
from xinzhi.data import names_of
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
    `fits` says whether a control is near enough to be compared with: the gap before over the province's own variation
    (`off_path`) and the furthest trait of its structure in standard deviations of the donors (`off_structure`) keep the
    limits of ``pathways.yaml``. Elsewhere gap and p are empty: no mixture of provinces is like it. `without` is the gap
    when the `largest` donor is left out. `momentum` is the mean yearly growth of output per head (log points), by
    period; `elsewhere` the growth of the population of all other regions (%); `missing` says what the page cannot say.
    """

    table: pl.DataFrame
    weights: pl.DataFrame
    balance: pl.DataFrame
    momentum: pl.DataFrame
    elsewhere: float | None
    missing: tuple[Text, ...]
    controls: dict[tuple[str, str], Counterfactual]

    def answer(self) -> Iterator[Fact]:
        """Yield what became of the population, the gaps that a control can tell, and what cannot be said."""
        yield from self._people()
        for series, label in SERIES.items():
            ends = self.table.filter(pl.col("fits"), series=series)
            gaps = [self._gap(row) for row in ends.iter_rows(named=True)]
            if gaps:
                yield words.pathways.headline_gap(series=label, year=max(ends["to_year"]), gaps=gaps)
        yield from self._refused()
        for text in self.missing:
            yield words.pathways.summary_missing(what=text)

    @property
    def comparable_weights(self) -> pl.DataFrame:
        """The donors of the controls that are near enough to compare with, down to the least weight to name."""
        fitting = self.table.filter("fits").select("region", "series")
        rows = self.weights.filter(pl.col("weight") >= conventions("northeast")["shown"])
        return rows.join(fitting, on=["region", "series"], how="semi")

    def gaps(self, series: str) -> pl.DataFrame:
        """Return a series of the provinces beside controls that are near enough, by province and year."""
        regions = self.table.filter(pl.col("fits"), series=series)["region"].to_list()
        return self.frame.filter(pl.col("region").is_in(regions), series=series).sort("region", "year")

    def _gap(self, row: Mapping[str, Any]) -> Text:
        """Return the gap of a province, its donors by name, and the gap without the largest of them."""
        weights = self.weights.filter(region=row["region"], series=row["series"]).sort("weight", descending=True)
        donors = [
            words.pathways.summary_donor(name=self.names.region(donor["donor"]), weight=donor["weight"])
            for donor in weights.filter(pl.col("weight") >= conventions("northeast")["shown"]).iter_rows(named=True)
        ]
        largest = self.names.region(row["largest"])
        return words.pathways.chart_gap_of(
            name=self.names.region(row["region"]),
            donors=donors,
            largest=largest,
            **{name: row[name] for name in ("gap", "p", "without")},
        )

    def _people(self) -> Iterator[Fact]:
        ends = self.table.filter(series="population")
        if ends.is_empty() or self.elsewhere is None:
            return
        changes = [
            words.pathways.chart_change_of(name=self.names.region(row["region"]), change=row["actual"] - 100)
            for row in ends.iter_rows(named=True)
        ]
        yield words.pathways.headline_people(
            start=min(ends["from_year"]), end=max(ends["to_year"]), changes=changes, rest=self.elsewhere
        )

    def _refused(self) -> Iterator[Fact]:
        """Yield the provinces that no control is like, each with the series and what is furthest off."""
        for region in self.table["region"].unique(maintain_order=True):
            rows = self.table.filter(~pl.col("fits"), region=region)
            if rows.is_empty():
                continue
            off_path, off_structure = (rows.select(pl.col(name).max()).item() for name in ("off_path", "off_structure"))
            yield words.pathways.summary_refused(
                name=self.names.region(region),
                path=off_path or 0.0,
                structure=off_structure,
                n=rows.height,
                all=rows.height == self.table.filter(region=region).height,
                series=[SERIES[series] for series in rows["series"]],
            )


def northeast(
    source: AnyPackage = "china-provinces",
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

    Notes
    -----
    Matched on the structure of the year (shares of the three industries, output per head, urbanisation) and on the path
    of the series up to it (`counterfactual`). No single event marks the year: the gap is a comparison with like
    provinces, not the effect of a policy. A control that is not like the province is not compared with (Abadie 2021,
    Journal of Economic Literature 59(2), section 5), and the placebo p goes through the other provinces.

    Examples
    --------
    >>> found = northeast()
    >>> found.table["region"].unique().sort().to_list()
    ['210000', '220000', '230000']
    >>> found.table.filter(series="population").select("region", "fits").rows()  # nothing is like the other two
    [('210000', True), ('220000', False), ('230000', False)]
    """
    package = as_package(source)
    facts = conventions("northeast")
    who = [str(item) for item in (regions if regions is not None else facts["regions"])]
    when = int(facts["structure_year"] if start is None else start)
    panel = _series(package, when, measurement)
    unknown = [name for name in who if name not in panel["region"].unique().to_list()]
    if unknown:
        raise UsageError("pathways.northeast-regions", regions=unknown)
    # two of the three shares say the third
    shape = ("industry_share", "services_share", pl.col("head").log().alias("log_output_per_head"), "urbanisation")
    predictors = panel.filter(pl.col("year") == when).select("region", *shape).drop_nulls()
    controls: dict[tuple[str, str], Counterfactual] = {}
    without: dict[tuple[str, str], float] = {}
    bridged: list[Text] = []
    for series in SERIES:
        values = panel.select("region", "year", series).drop_nulls(series)
        if not values.height:
            continue
        for region in who:
            sample = values.filter(~pl.col("region").is_in([name for name in who if name != region]))
            sample, holes = _bridged(sample, series, region)
            control = _control(sample, series, region, when, predictors)
            control = replace(control, frame=control.frame.filter(~pl.col("year").is_in(holes)))
            controls[region, series] = control
            if holes:
                bridged.append(
                    words.pathways.missing_bridged(
                        name=names_of(package).region(region), series=SERIES[series], first=holes[0], last=holes[-1]
                    )
                )
            remaining = sample.filter(pl.col("region") != control.weights["unit"][0])
            without[region, series] = _control(remaining, series, region, when, predictors).frame["gap"][-1]
    missing = [words.pathways.missing_births(), *bridged]
    if measurement is None:
        missing.append(words.pathways.missing_measurement())
    donors = predictors.filter(~pl.col("region").is_in(who))
    spread = {name: float(donors[name].std() or 0.0) for name in donors.columns if name != "region"}  # type: ignore[arg-type] # numbers
    table = _table(controls, without, spread)
    stated = provenance("northeast", package, ("accounts", "sector_accounts"), regions=who, start=when)
    if measurement is not None:
        theirs = measurement.provenance
        standing = {name: getattr(theirs, name) for name in ("protocol", "protocol_fingerprint", "standing")}
        stated = replace(stated, **standing)
    return Northeast(
        frame=_long(controls, "frame").select("region", "series", "year", "actual", "synthetic", "gap", "after"),
        table=table,
        weights=_long(controls, "weights").rename({"unit": "donor"}),
        balance=_long(controls, "balance"),
        momentum=_momentum(controls, facts["periods"], set(table.filter("fits").select("region", "series").rows())),
        elsewhere=_elsewhere(panel, who, when),
        missing=tuple(missing),
        controls=controls,
        names=names_of(package),
        kind=package.kind,
        provenance=stated,
    )


def _bridged(values: pl.DataFrame, series: str, region: str) -> tuple[pl.DataFrame, list[int]]:
    """Return values in which years that the region itself lacks lie on a straight line, and these years."""
    observed = values.filter(region=region)
    inside = pl.col("year").is_between(observed["year"].min(), observed["year"].max())
    timeline = values.select("year").unique().filter(inside).join(observed, on="year", how="left").sort("year")
    holes = timeline.filter(pl.col(series).is_null())["year"].to_list()
    if not holes:
        return values, []
    line = timeline.with_columns(pl.col(series).interpolate_by("year"), region=pl.lit(region))
    return pl.concat([values.filter(pl.col("region") != region), line.select(values.columns)]), holes


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
    share_names = {"1": "farming_share", "2": "industry_share", "3": "services_share"}
    by_sector = sectors.pivot(on="sector", index=["region", "year"], values="output_nominal")
    total = pl.sum_horizontal(*share_names, ignore_nulls=False)
    shares = by_sector.select(
        "region", "year", *((100 * pl.col(code) / total).alias(name) for code, name in share_names.items())
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


def _long(controls: dict[tuple[str, str], Counterfactual], name: str) -> pl.DataFrame:
    """Return one frame of every control, with its province and series before it."""
    parts: list[pl.DataFrame] = [
        getattr(control, name).select(pl.lit(region).alias("region"), pl.lit(series).alias("series"), pl.all())
        for (region, series), control in controls.items()
    ]
    return pl.concat(parts)


def _elsewhere(panel: pl.DataFrame, who: Sequence[str], when: int) -> float | None:
    """Return by how many percent the population of all other regions together grew since the year."""
    other_regions = panel.filter(~pl.col("region").is_in(who)).drop_nulls("people")
    last = panel.drop_nulls("people")["year"].max()
    ends = other_regions.filter(pl.col("year").is_in([when, last])).filter(pl.len().over("region") > 1)
    sums = ends.group_by("year").agg(pl.col("people").sum()).sort("year")["people"].to_list()
    return 100 * (sums[-1] / sums[0] - 1) if len(sums) == 2 else None  # noqa: PLR2004 - a change has two ends


def _off(control: Counterfactual, spread: Mapping[str, float]) -> tuple[float | None, float]:
    """Return how far a control is off: on the path, over the province's own variation; on the structure, at most."""
    before = control.frame.filter(~pl.col("after"))["actual"]
    variation = float(before.std(ddof=0) or 0.0)  # type: ignore[arg-type] # numbers
    rows = control.balance.filter(pl.col("predictor").is_in(list(spread))).iter_rows(named=True)
    distances = [
        abs(row["actual"] - row["synthetic"]) / spread[row["predictor"]] for row in rows if spread[row["predictor"]]
    ]
    return (control.fit_before / variation if variation > 0 else None), max(distances, default=0.0)


def _table(
    controls: dict[tuple[str, str], Counterfactual], without: dict[tuple[str, str], float], spread: Mapping[str, float]
) -> pl.DataFrame:
    facts, rows = conventions("northeast"), []
    for (region, series), control in controls.items():
        last = control.frame.row(-1, named=True)
        path, structure = _off(control, spread)
        fits = (path is None or path <= facts["off_path"]) and structure <= facts["off_structure"]
        rows.append(
            {
                "region": region,
                "series": series,
                "from_year": control.start - 1,
                "to_year": last["year"],
                "actual": last["actual"],
                "synthetic": last["synthetic"],
                "gap": last["gap"] if fits else None,
                "fit_before": control.fit_before,
                "off_path": path,
                "off_structure": structure,
                "fits": fits,
                "p": control.p if fits else None,
                "p_gap": control.p_gap if fits else None,
                "donors": control.weights.height,
                "largest": control.weights["unit"][0],
                "largest_weight": control.weights["weight"][0],
                "without": without[region, series] if fits else None,
            }
        )
    empty = dict.fromkeys(("gap", "off_path", "p", "p_gap", "without"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=empty)


def _momentum(
    controls: dict[tuple[str, str], Counterfactual], periods: Sequence[Sequence[int]], fits: set[tuple[str, str]]
) -> pl.DataFrame:
    """Return mean yearly growth of output per head by period, actual and (where the control fits) synthetic."""
    rows = []
    for (region, series), control in controls.items():
        if series != "output_per_head":
            continue
        for first, last in periods:
            ends = control.frame.filter(pl.col("year").is_in([first, last])).sort("year")
            if ends.height != 2:  # noqa: PLR2004 - a growth rate has two ends
                continue
            growth = (ends.select(pl.col("actual", "synthetic").log().diff().last()) / (last - first)).row(0)
            comparison = (growth[1], growth[0] - growth[1]) if (region, series) in fits else (None, None)
            rows.append((region, f"{first}-{last}", growth[0], *comparison))
    schema = {"region": pl.String, "period": pl.String} | dict.fromkeys(("growth", "synthetic", "gap"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")

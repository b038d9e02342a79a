"""The verbs `digital_core` and `digital_dependence`: the digital core of the nation, and what stands on its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, digest
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text
from xinzhi.data import Package
from xinzhi.data.nation import series_of
from xinzhi.scope.input_output import InputOutput
from xinzhi.scope.standard import convention, document, read_date
from xinzhi.scope.standard import table as shipped_table

ACTIVITIES = (
    "electronics_manufacturing",
    "telecom_and_broadcasting_transmission",
    "internet",
    "software_and_it_services",
)
_WHOLE, _PART = "value_added", "value_added_"


@dataclass(frozen=True, repr=False, kw_only=True)
class DigitalCore(Result, verb="digital_core", topic="scope", key=("year", "activity")):
    """Value added of the digital core, by year and activity, and its share of all value added of the nation.

    An activity without a row in a year has no column of its own in that year's table and stands with another one:
    internet with telecommunications before 2017. `by_year` has the sum of the activities.
    """

    @property
    def by_year(self) -> pl.DataFrame:
        """Return ``year, value_added, share``: all activities together."""
        return self.frame.group_by("year", maintain_order=True).agg(pl.col("value_added", "share").sum())

    @property
    def with_total(self) -> pl.DataFrame:
        """The activities of every year and their sum, ``core``, last in it."""
        total = self.by_year.with_columns(activity=pl.lit("core")).select(self.frame.columns)
        return pl.concat([self.frame, total]).sort("year", maintain_order=True)

    def activity(self, name: str) -> Text:
        """Return the name of an activity."""
        return words.scope.activity_of(name)

    def facts(self) -> Facts:
        """Return the share in the first and the last year, and what grew most."""
        rows = self.by_year
        first, last = rows.row(0, named=True), rows.row(-1, named=True)
        ends_of_span = self.frame.filter(pl.col("year").is_in([first["year"], last["year"]]))
        by_activity = ends_of_span.pivot("year", index="activity", values="share").fill_null(0.0)
        change = by_activity[str(last["year"])] - by_activity[str(first["year"])]
        most = by_activity.with_columns(change=change).sort("change", descending=True).row(0, named=True)
        name, low, high = self.activity(most["activity"]), most[str(first["year"])], most[str(last["year"])]
        ends = {"first": first["year"], "before": first["share"], "last": last["year"], "after": last["share"]}
        return {"answer.core": {**ends, "name": name, "low": low, "high": high}, "note.core": {}}


def digital_core(package: Package) -> DigitalCore:
    """Measure the digital core by its value added in the nation's input-output tables.

    Parameters
    ----------
    package
        With the table ``nation`` and its series ``value_added`` and ``value_added_…`` of the activities of the core:
        electronics, telecommunications and broadcasting, internet, software and information technology services.

    Raises
    ------
    InputError
        When the package has no such series in two years.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> found = digital_core(load("china-provinces"))
    >>> [(row[0], round(100 * row[2], 1)) for row in found.by_year.rows()][:: len(found.by_year) - 1]
    [(2002, 4.8), (2023, 6.7)]
    """
    table = package.require("nation", ("variable", "year", "value", "unit", "status"), verb="scope.digital_core")
    totals = series_of(table, _WHOLE).select("year", total="value")
    parts = [
        series_of(table, f"{_PART}{name}").select("year", activity=pl.lit(name), value_added="value")
        for name in ACTIVITIES
    ]
    rows = pl.concat(parts).join(totals, on="year").with_columns(share=pl.col("value_added") / pl.col("total"))
    if rows["year"].n_unique() <= 1:
        raise InputError("scope.no-core", name=package.name)
    order = pl.col("activity").replace_strict(dict(zip(ACTIVITIES, range(len(ACTIVITIES)), strict=True)))
    frame = rows.sort("year", order).select("year", "activity", "value_added", "share")
    source = replace(provenance("digital_core"), package=package.name, inputs={"nation": package.fingerprint("nation")})
    return DigitalCore(frame=frame, kind=package.kind, provenance=source)


_BOUNDS = ("lower", "share", "upper")
_CHINA, _REGION = "use-china.csv", "CHN"
_COLUMNS = (
    "year", "industry", "name", "output", "core", "core_lower", "core_upper", "direct", "total", "total_lower",
    "total_upper", "total_domestic", "total_imported", "ict_capital", "share", "lower", "upper", "because",
)  # fmt: skip


@dataclass(frozen=True, repr=False, kw_only=True)
class Dependence(Result, verb="digital_dependence", topic="scope", key=("year", "industry")):
    """How far industries of a `region` depend on digital input, by year and industry.

    Dependence is digital input per unit of output; `total` counts all rounds of supply and is `total_domestic` plus
    `total_imported`. `share` of the industry is in scope, within its bounds, and `because` says by what; without output
    it is null, as is the year of one table without a year. `threshold` came from `rule`. `residual` is the largest
    distance of (I - A) L from I over the tables, `spectral_radius` the largest of A.
    """

    threshold: float
    rule: Mapping[str, object]
    region: str
    residual: float
    spectral_radius: float

    def __post_init__(self) -> None:
        """Leave the year out of the key where there is none."""
        if self.frame["year"].has_nulls():
            object.__setattr__(self, "key", ("industry",))

    @cached_property
    def by_year(self) -> pl.DataFrame:
        """Return shares of output of the core and of all in scope with its bounds, and mean total dependence, by year.

        `dependence_others` is that of industries outside the core; means are weighted by output.
        """

        def mean(value: pl.Expr, which: pl.Expr | None = None) -> pl.Expr:
            weight = pl.col("output") if which is None else pl.col("output").filter(which)
            picked = value if which is None else value.filter(which)
            return (weight * picked.fill_null(0.0)).sum() / weight.sum()

        columns = {"core": "core", "in_scope": "share", "lower": "lower", "upper": "upper", "dependence": "total"}
        return self.frame.group_by("year", maintain_order=True).agg(
            pl.col("output").sum(),
            *(mean(pl.col(column)).alias(name) for name, column in columns.items()),
            dependence_others=mean(pl.col("total"), pl.col("core") <= 0),
        )

    @property
    def by_year_in_percent(self) -> pl.DataFrame:
        """`by_year` with its shares in percent."""
        return self.by_year.with_columns(pl.col("in_scope", "lower", "upper", "core") * 100)

    @cached_property
    def last(self) -> pl.DataFrame:
        """The industries with output in the last year, most dependent first."""
        frame = self.frame.filter(pl.col("output") > 0)
        if not frame["year"].has_nulls():
            frame = frame.filter(pl.col("year") == frame["year"].max())
        return frame.sort("total", descending=True, maintain_order=True)

    @cached_property
    def users(self) -> pl.DataFrame:
        """The industries of `last` that are no part of the core."""
        return self.last.filter(pl.col("core_upper") <= 0)

    def over_years(self, industries: pl.DataFrame) -> pl.DataFrame:
        """Return rows of `last` with total dependence by year, a column a year (``total`` without years), as ``name``.

        The codes of the industries stand a second time as ``name``, for their names.
        """
        frame = self.frame.filter(pl.col("output") > 0)
        frame = frame.with_columns(_year=pl.col("year").cast(pl.String).fill_null("total"))
        totals = frame.pivot("_year", index="industry", values="total")
        rows = industries.drop("total").join(totals, on="industry", how="left", maintain_order="left")
        return rows.with_columns(name=pl.col("industry"))

    def use(self, year: int | None = None) -> pl.DataFrame:
        """Return the use test for `classify`, of the year (or the only one); a `UsageError` when it is not there."""
        years = self.frame["year"].unique(maintain_order=True).to_list()
        if (year is None and len(years) > 1) or (year is not None and year not in years):
            raise UsageError("scope.which-year", year=year, known=[str(known_year) for known_year in years])
        rows = self.frame.filter(pl.col("year") == year) if year is not None else self.frame
        rows = rows.filter(pl.col("output") > 0)
        return rows.select(
            code="industry", total="total", lower="total_lower", upper="total_upper", threshold=pl.lit(self.threshold)
        )

    def explain(self, industry: str, year: int | None = None) -> pl.DataFrame:
        """Return the row of an industry with the rule that decided, or those of all years; a `UsageError` if none."""
        rows = self.frame.filter(pl.col("industry") == industry)
        rows = rows.filter(pl.col("year") == year) if year is not None else rows
        if rows.is_empty():
            industries = self.frame["industry"].unique(maintain_order=True).to_list()
            raise UsageError("scope.no-industry-row", industry=industry, year=year or "–", known=industries)
        return rows.with_columns(
            threshold=pl.lit(self.threshold), rule=pl.lit(self.rule["id"]), reference=pl.lit(self.rule["reference"])
        )

    def facts(self) -> Facts:
        """Return the share of output in scope in the last year, how it moved, and the threshold."""
        rows = self.by_year.to_dicts()
        first, last = rows[0], rows[-1]
        values = {"share": last["in_scope"], **{name: last[name] for name in ("lower", "upper", "core")}}
        values["wide"] = is_open = last["upper"] - last["lower"] > convention("open")
        undated = last["year"] is None
        facts: Facts = {"answer.dependence_plain" if undated else "answer.dependence": values | {"year": last["year"]}}
        if len(rows) > 1:
            ends = {"low": first["dependence_others"], "high": last["dependence_others"]}
            facts["answer.change"] = {
                "first": first["year"],
                "before": first["in_scope"],
                "core": first["core"],
                "wide": is_open,
                **ends,
            }
            # the bounds of one year reach into those of the next: the rise rests on what belongs to the core
            if not is_open and any(a["upper"] >= b["lower"] for a, b in pairwise(rows)):
                facts["answer.overlap"] = {}
        rule: Text = words.scope.label_given()
        if self.rule["id"] != "given":
            title = document("thresholds.yaml")[self.rule["id"]]["title"]
            rule = Text(zh=title["zh"], en=title["en"])
        facts |= {"answer.threshold": {"level": self.threshold, "rule": rule}}
        return facts | ({"note.shipped": {}} if _CHINA in self.provenance.inputs else {})


def digital_dependence(
    table: InputOutput | Mapping[int, InputOutput],
    *,
    digital: Sequence[str] | Mapping[str, float] | str,
    region: str | None = None,
    threshold: str | float | None = None,
    ict_capital: Mapping[str | tuple[int, str], float] | None = None,
    names: Mapping[str, str] | None = None,
) -> Dependence:
    """Measure how far industries depend on digital input, directly and in total, and which use enough of it to be in.

    Parameters
    ----------
    table
        An input-output table, or tables by year.
    digital
        The digital core: industries; or shares of industries that belong only in part, a number or ``{"lower": ..,
        "share": .., "upper": ..}`` each; or the name of a mapping that ships (``wiod-2013``).
    region
        The region whose industries are asked about, needed where a table has several; inputs may come from all of them.
    threshold
        Name of a rule of ``thresholds.yaml``, or a number: digital input per unit of output. By default the rule in
        force on the last day of the first year.
    ict_capital
        Share of capital compensation that goes to information and communication capital, by industry or ``(year,
        industry)``; an industry is in scope also where this reaches its own threshold.
    names
        Names of industries to show.

    Notes
    -----
    With A the input coefficients, L = (I - A)^-1 and d the share of every industry in the digital core,
    direct dependence is d'A and total dependence d'(L - I): units of digital product behind a unit of output, all
    rounds of supply counted, the unit itself not. An industry is in scope for its share in the core, and wholly when
    its dependence reaches the threshold. Bounds come from the bounds of d. Rasmussen (1956); Miller and Blair (2009),
    chapter 6.

    Examples
    --------
    >>> from xinzhi.scope import input_output
    >>> table = input_output([[0.0, 50.0], [20.0, 0.0]], [100.0, 100.0], industries=["chips", "cars"])
    >>> found = digital_dependence(table, digital=["chips"], threshold=0.5)
    >>> found.frame["total"].round(6).to_list(), found.frame["because"].to_list()
    ([0.111111, 0.555556], ['core', 'use'])
    """
    tables = dict(sorted(table.items())) if isinstance(table, Mapping) else {None: table}
    if not tables:
        raise UsageError("scope.no-table")
    mapping = document(f"{digital}.yaml") if isinstance(digital, str) and digital == "wiod-2013" else None
    shares = _core(mapping["core"] if mapping else digital)
    labels = dict(names or {}) | (
        {key: industry["en"] for key, industry in mapping["industries"].items()} if mapping else {}
    )
    years = [_year(year, table_of_year, shares, region, labels) for year, table_of_year in tables.items()]
    first = set(years[0]["industry"])
    for frame_of_year in years[1:]:
        if odd := sorted(first.symmetric_difference(frame_of_year["industry"])):
            raise InputError(
                "scope.other-industries", year=frame_of_year["year"][0], first=years[0]["year"][0], names=odd
            )
    rule = _rule(threshold, next(iter(tables)))
    level, rows = _level(rule, years[0]), pl.concat(years)
    core = {key: list(values) for key, values in shares.items()}
    frame = _scope_verdicts(rows, level, _capital(ict_capital, rows))
    source = provenance("digital_dependence", digital=core, region=region, threshold=level)
    inputs = {
        "table" if year is None else f"table {year}": digest(
            np.vstack([table_of_year.flows, table_of_year.output]),
            [table_of_year.label(at) for at in range(table_of_year.size)],
        )
        for year, table_of_year in tables.items()
    }
    return Dependence(
        frame=frame,
        threshold=level,
        rule=rule,
        region=region or "",
        residual=max(table_of_year.residual for table_of_year in tables.values()),
        spectral_radius=max(table_of_year.spectral_radius for table_of_year in tables.values()),
        provenance=replace(source, inputs=inputs),
    )


def _core(digital: AnyFrame) -> dict[str, tuple[float, float, float]]:
    """Return bounds and share of every industry of the core."""
    if isinstance(digital, str):
        raise UsageError("scope.unknown-core", digital=digital)
    if not isinstance(digital, Mapping):
        return {str(code): (1.0, 1.0, 1.0) for code in digital}
    bounds: dict[str, tuple[float, float, float]] = {}
    for code, about in digital.items():
        values = [about] * 3 if isinstance(about, int | float) else [about.get(name) for name in _BOUNDS]
        numbers = [float(value) for value in values if value is not None]
        if len(numbers) != len(_BOUNDS) or numbers != sorted(numbers) or numbers[0] < 0 or numbers[-1] > 1:
            raise UsageError("scope.bad-core-share", code=code, given=str(about))
        bounds[str(code)] = (numbers[0], numbers[1], numbers[2])
    return bounds


def _year(
    year: int | None,
    table: InputOutput,
    shares: Mapping[str, tuple[float, float, float]],
    region: str | None,
    labels: Mapping[str, str],
) -> pl.DataFrame:
    """Return the dependence of one year: one factorisation, one solution for all bounds and origins."""
    regions = list(dict.fromkeys(table.regions))
    if region is None and len(regions) > 1:
        raise UsageError("scope.which-region", count=len(regions), first=regions[0])
    if region is not None and region not in regions:
        raise UsageError("scope.no-region", region=region, known=regions)
    home = np.full(table.size, fill_value=True) if region is None else np.array(table.regions) == region
    industries, at = np.array(table.industries), np.flatnonzero(home)
    absent = [code for code in shares if code not in table.industries]
    if absent:
        raise UsageError("scope.core-absent", names=absent, known=list(dict.fromkeys(table.industries)))
    core = np.array([shares.get(code, (0.0, 0.0, 0.0)) for code in table.industries])
    questions = np.column_stack([core, core[:, 1] * home])
    total = table.upstream_requirements(questions)[at]
    direct = (questions.T @ table.coefficients)[:, at]
    return pl.DataFrame(
        {
            "year": pl.Series([year] * at.size, dtype=pl.Int64),
            "industry": industries[at],
            "name": [labels.get(code, "") for code in industries[at]],
            "output": table.output[at],
            "core": core[at, 1],
            "core_lower": core[at, 0],
            "core_upper": core[at, 2],
            "direct": direct[1],
            "total": total[:, 1],
            "total_lower": total[:, 0],
            "total_upper": total[:, 2],
            "total_domestic": total[:, 3],
            "total_imported": total[:, 1] - total[:, 3],
        }
    )


def _rule(threshold: str | float | None, year: int | None) -> dict[str, object]:
    """Return the rule that says when an industry uses enough."""
    if isinstance(threshold, int | float):
        if not threshold > 0:
            raise UsageError("scope.threshold-not-positive", value=float(threshold))
        return {"id": "given", "rule": "absolute", "value": float(threshold), "reference": "given in the call"}
    rules = document("thresholds.yaml")
    if threshold is not None:
        if threshold not in rules:
            raise UsageError("scope.no-threshold", asked=threshold, known=list(rules))
        return {"id": threshold, **rules[threshold]}
    for name, rule in rules.items():
        day = read_date(year) if year is not None else rule["valid_from"]
        if rule["default"] and rule["valid_from"] <= day and (rule["valid_to"] is None or day <= rule["valid_to"]):
            return {"id": name, **rule}
    raise UsageError("scope.threshold-not-in-force", year=year, known=list(rules))


def _level(rule: Mapping[str, object], first: pl.DataFrame) -> float:
    """Return the digital input per unit of output at which an industry is in."""
    if rule["rule"] == "absolute":
        return float(str(rule["value"]))
    rest = first.filter((pl.col("core") <= 0) & (pl.col("output") > 0))["total"]
    if rest.is_empty():
        raise UsageError("scope.all-core")
    return float(np.quantile(rest.to_numpy(), float(str(rule["value"]))))


def _capital(shares: Mapping[str | tuple[int, str], float] | None, frame: pl.DataFrame) -> pl.Series:
    """Return the share of ICT capital of every row, null where none is given."""
    if shares is None:
        return pl.Series("ict_capital", [None] * frame.height, dtype=pl.Float64)
    industries = set(frame["industry"])
    for key, share in shares.items():
        code = key[1] if isinstance(key, tuple) else key
        if code not in industries or not 0 <= share <= 1:
            raise UsageError("scope.bad-ict-capital", key=str(key), share=share)
    shares_of_rows = [
        shares.get((year, code), shares.get(code)) for year, code in frame.select("year", "industry").iter_rows()
    ]
    return pl.Series("ict_capital", shares_of_rows, dtype=pl.Float64)


def _scope_verdicts(frame: pl.DataFrame, level: float, capital: pl.Series) -> pl.DataFrame:
    """Return the frame with what is in scope: for being of the core, for using, or for its ICT capital."""
    least = float(document("thresholds.yaml")["ict-capital"]["value"])
    by_capital, has_output = capital.fill_null(0.0) >= least, pl.col("output") > 0

    def share(core: str, total: str) -> pl.Expr:
        uses = (pl.col(total) >= level) | by_capital
        return pl.when(~has_output).then(None).when(uses).then(1.0).otherwise(pl.col(core))

    because = pl.lit("below")
    uses, core = pl.col("total") >= level, pl.col("core") > 0
    cases: dict[str, pl.Series | pl.Expr] = {
        "ict capital": by_capital,
        "use": uses,
        "core": core,
        "no output": ~has_output,
    }
    for name, holds in cases.items():
        because = pl.when(holds).then(pl.lit(name)).otherwise(because)
    return frame.with_columns(
        capital,
        share=share("core", "total"),
        lower=share("core_lower", "total_lower"),
        upper=share("core_upper", "total_upper"),
        because=because,
    )


def dependence_of_china() -> Dependence:
    """Return how far China's industries depended on digital input in 1995, 2005 and 2011.

    The figures ship with xinzhi: `digital_dependence` of the World Input-Output Database, release 2013, by the core of
    ``wiod-2013``. Flows between industries of later national tables are not at hand; `digital_core` goes on to 2023.

    Examples
    --------
    >>> found = dependence_of_china()
    >>> [round(share, 3) for share in found.by_year["in_scope"]]
    [0.322, 0.678, 0.721]
    """
    mapping = document("wiod-2013.yaml")
    rows = shipped_table(_CHINA).with_columns(
        pl.col("year").cast(pl.Int64), pl.exclude("year", "industry").cast(pl.Float64)
    )
    names = [mapping["industries"][code]["en"] for code in rows["industry"]]
    imported = pl.col("total") - pl.col("total_domestic")
    rows = rows.with_columns(pl.Series("name", names), total_imported=imported)
    first = rows.filter(pl.col("year") == rows["year"].min())
    rule = _rule(None, int(first["year"][0]))
    level = _level(rule, first)
    core = {code: [about[name] for name in _BOUNDS] for code, about in mapping["core"].items()}
    source = provenance("digital_dependence", digital=core, region=_REGION, threshold=level)
    return Dependence(
        frame=_scope_verdicts(rows, level, _capital(None, rows)).select(_COLUMNS),
        threshold=level,
        rule=rule,
        region=_REGION,
        residual=0.0,
        spectral_radius=0.0,
        provenance=replace(source, inputs={_CHINA: digest(rows.select(pl.col(pl.Float64)).to_numpy(), names)}),
    )

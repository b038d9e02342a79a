"""The result of measuring, and every input, mark, parameter and reference behind one figure of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.errors import IdentityError, UsageError
from xinzhi.core.quarters import is_quarter, label, read, year_of
from xinzhi.core.result import Facts
from xinzhi.core.text import Language, Text, number, percent, same, space_percent_signs, span_text
from xinzhi.data import tables_by_name
from xinzhi.protocol import specification
from xinzhi.yardstick.growth_accounts import LEVELS
from xinzhi.yardstick.measurement_facts import growth_facts
from xinzhi.yardstick.view import PARTS, Figures


@dataclass(frozen=True, repr=False, kw_only=True)
class Measurement(Figures):
    """Growth accounts of every region under one protocol.

    Growth and contributions are log points (0.01 is about 1 %), per year; levels are ratios. Of quarters `frame` is per
    quarter and `periods` per year, and the periods are written ``1947Q2``.

    `frame` has a row per region and year for which every input is known in this year and the year before; `flags` joins
    marks with ``;``, each ``kind:series`` with the kinds ``extrapolated, proxy, carried, break, missing,
    first_published``. `inputs` are the levels behind it. `periods` are means per year over the years after `start` up
    to `end`, for regions with all of them, the whole span last; where figures are extrapolated there is no rank, since
    that of estimated years has a range (see `Ranking`). `levels` are relative to the geometric mean of the regions, and
    to the leader. `national` and `groups`, and both by period, have the same columns for the sum of the regions (region
    is ``total``, without a rank) and of each macro-region (its ``group_en``).

    `coverage` says how far figures carry, `omitted` which years could not be measured for want of which series. Levels
    are compared and regions added up in prices of `price_base`; None: at those of the data. `identity_gap` is the
    largest difference between output growth and the sum of its contributions; `accounts` holds the arrays behind the
    frames. `findings` are those of the package that touch what the protocol reads. `regions_declared` is the set that
    sums, ranks and levels refer to: where a region of it is missing, there are none.
    """

    def explain(self, region: str | int, year: int | str) -> Explanation:
        """Return inputs, marks, parameters and sources behind a region and year; a `UsageError` says why none."""
        region, at = self.names.resolve(region, self.panel.regions), read(year)
        if at is None:
            raise UsageError("yardstick.no-year", year=year)
        year = label(at)
        row = self.frame.filter(pl.col("region") == region, pl.col("year").cast(pl.String) == str(year))
        if not row.height:
            raise _why_not(self, region, at)
        account = row.row(0, named=True)
        return Explanation(
            region=region,
            year=year,
            name=self.names.region(region),
            frame=_accounts(self, account, at),
            sources=_sources(self, region, at),
            parameters=_parameters(self, year_of(at)),
            flags=account["flags"],
            foot=Text(zh=self.provenance.foot("zh"), en=self.provenance.foot("en")),
        )

    def explain_period(
        self, region: str | int, start: int | str, end: int | str, component: str = "tfp"
    ) -> PeriodExplanation:
        """Return inputs, marks, parameters and sources behind one figure of a period, and what it adds up from.

        Parameters
        ----------
        region
            By code or name.
        start, end
            Of a period of `periods`.
        component
            ``output, capital, labour, human_capital, tfp``.

        Examples
        --------
        >>> import xinzhi
        >>> found = xinzhi.measure("china-provinces").explain_period("Guizhou", 2012, 2017)
        >>> abs(found.gap) < 1e-12, found.years.columns[:3]
        (True, ['year', 'output', 'capital'])
        """
        if component not in COMPONENTS:
            raise UsageError("yardstick.no-component", given=component, known=[same(name) for name in COMPONENTS])
        code = self.names.resolve(region, self.panel.regions)
        name, periods = self.names.region(code), self.periods.filter(region=code)
        matches = periods.filter(
            pl.col("start").cast(pl.String) == str(start), pl.col("end").cast(pl.String) == str(end)
        )
        if not matches.height:
            spans = [span_text(row["start"], row["end"]) for row in periods.iter_rows(named=True)] or [same("–")]
            raise UsageError("yardstick.no-period", name=name, span=span_text(start, end), known=spans)
        period = matches.row(0, named=True)
        first, last = int(read(start) or 0), int(read(end) or 0)
        explanations = [self.explain(code, label(at)) for at in range(first + 1, last + 1)]
        rows = self.frame.filter(
            pl.col("region") == code,
            pl.col("year").cast(pl.String).is_in([str(explanation.year) for explanation in explanations]),
        ).sort("year")
        figures = (pl.col(column).alias(name) for name, column in COMPONENTS.items())
        years = rows.select("year", *figures, "grade", "flags")
        value: float = period[COMPONENTS[component]]
        gap = float(np.mean(years[component].to_numpy())) * (QUARTERS if is_quarter(last) else 1) - value
        if abs(gap) > ROUNDING:
            raise IdentityError("yardstick.period-gap", gap=gap)
        levels = (  # that the account uses, year by year
            explanation.frame.drop_nulls("value").select(pl.lit(str(explanation.year)).alias("year"), "item", "value")
            for explanation in explanations
        )
        return PeriodExplanation(
            region=code,
            start=start,
            end=end,
            component=component,
            name=name,
            value=value,
            gap=gap,
            grade=period["grade"] or "",
            years=years,
            inputs=pl.concat(levels),
            sources=_figures(explanations),
            parameters=explanations[-1].parameters,
            foot=explanations[-1].foot,
        )

    def facts(self) -> Facts:
        """Return what growth came from in the period that leads, who is first and last, and how far figures carry."""
        return growth_facts(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What stands behind the growth of one region in one year.

    `frame` holds ``item, before, value, growth, weight, contribution`` (log points), TFP last; `sources` ``column,
    before, value``, the figures of the package that were read; `parameters` the rules in force in that year,
    ``parameter, value, unit, description_zh, description_en, reference``; `flags` the marks of the year, `foot` the
    protocol and its fingerprint.
    """

    region: str
    year: int | str
    name: Text
    frame: pl.DataFrame
    sources: pl.DataFrame
    parameters: pl.DataFrame
    flags: str
    foot: Text

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        lines = [f"{self.name.lang(language)} {self.year}  {self.flags}".rstrip()]
        for row in self.frame.iter_rows(named=True):
            label = words.shared.factor_of(row["item"])
            numbers = "" if row["value"] is None else f"{_number(row['before'])} → {_number(row['value'])}  "
            key = "grown" if row["growth"] is not None else ""
            if row["contribution"] is not None:
                key = "weighed"
            note = words.yardstick.explain_of(key, **row).lang(language) if key else ""
            lines.append(f"  {label.lang(language)}: {numbers}{note}".rstrip())
        lines += [
            f"  {row['parameter']} = {row['value']}  [{row['reference']}]"
            for row in self.parameters.iter_rows(named=True)
        ]
        return "\n".join([*lines, self.foot.lang(language)])

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def _number(value: float) -> str:
    """Return a figure with about five digits, never in powers of ten."""
    return number(value, 1 if abs(value) >= 100 else 4)  # noqa: PLR2004 - where decimals stop to matter


def _why_not(result: Measurement, region: str, at: int) -> UsageError:
    """Return why a region and period was not measured."""
    year = label(at)
    row = result.omitted.filter(pl.col("region") == region, pl.col("year").cast(pl.String) == str(year))
    name = result.names.region(region)
    if row.height:
        missing = [words.shared.factor_of(factor) for factor in row["missing"][0].split(";")]
        return UsageError("yardstick.year-omitted", name=name, year=year, before=label(at - 1), missing=missing)
    measured_years = result.frame.filter(pl.col("region") == region)["year"].to_list()
    if not measured_years:
        return UsageError("yardstick.never-measured", name=name, year=year)
    return UsageError(
        "yardstick.year-not-measured", name=name, year=year, first=min(measured_years), last=max(measured_years)
    )


def _accounts(result: Measurement, account: dict[str, float], at: int) -> pl.DataFrame:
    """Return levels, growth, weights and contributions."""
    ends = [str(label(at - 1)), str(label(at))]
    of_region = (pl.col("region") == account["region"]) & pl.col("year").cast(pl.String).is_in(ends)
    level = result.inputs.filter(of_region).sort("year")
    share, bought = account["labour_share"], account.get("intermediate_share") or 0.0
    weight = {"capital": 1 - share - bought, "labour": share, "human_capital": share}
    rows: list[dict[str, object]] = [
        {
            "item": factor,
            "before": level[factor][0],
            "value": level[factor][1],
            "growth": account.get(f"{factor}_growth"),
            "weight": weight.get(factor),
            "contribution": account.get(f"{factor}_contribution"),
        }
        for factor in LEVELS
    ]
    if "intermediate_growth" in account:
        intermediate = {"growth": account["intermediate_growth"], "contribution": account["intermediate_contribution"]}
        rows.append({"item": "intermediate", "weight": bought, **intermediate})
    rows.append({"item": "tfp", "growth": account["tfp_growth"]})
    number = dict.fromkeys(("before", "value", "growth", "weight", "contribution"), pl.Float64)
    return pl.DataFrame(rows, schema={"item": pl.String, **number})


def _sources(result: Measurement, region: str, year: int) -> pl.DataFrame:
    """Return the figures of the package in this year and the year before; an unofficial one is marked."""
    panel = result.panel
    row, column = panel.regions.index(region), int(year - panel.years[0])
    rows = []

    def add(name: str, before: float, value: float, *, official: bool) -> None:
        if np.isfinite(value) or np.isfinite(before):
            rows.append({"column": name, "before": before, "value": value, "official": official})

    for name, values in panel.accounts.items():
        official = not panel.marked(name)[row, column]
        add(f"accounts.{name}", *values[row, column - 1 : column + 1], official=official)
    for name, cells in panel.investment.items():
        for position, asset in enumerate(panel.assets):
            official = not panel.marked(name)[position, row, column]
            add(f"investment.{name}[{asset}]", *cells[position, row, column - 1 : column + 1], official=official)
    schema = {"column": pl.String, "before": pl.Float64, "value": pl.Float64, "official": pl.Boolean}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("before", "value").fill_nan(None))


def _parameters(result: Measurement, year: int) -> pl.DataFrame:
    """Return the parameters of the protocol that are filled, as they stand in that year."""
    rows = []
    for path, parameter in result.protocol.parameters.items():
        value = result.protocol.value(path, year) if result.protocol.declares(path) else None
        kind = specification(path).kind
        if kind == "series" and value is not None:
            value = value.get(year)
        if value is None or kind == "scales":
            continue
        rows.append(
            {
                "parameter": path,
                "value": str(value),
                "unit": parameter.unit,
                "description_zh": parameter.description.zh,
                "description_en": parameter.description.en,
                "reference": "; ".join(source.title for source in parameter.reference),
            }
        )
    return pl.DataFrame(rows)


# the columns of the account, by what a user asks for
COMPONENTS = {"output": "output_growth", **{name: PARTS[name] for name in PARTS if name != "intermediate"}}
QUARTERS = 4
ROUNDING = 1e-12  # what a sum of log points may differ by


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodExplanation:
    """What stands behind one figure of one region in one period.

    `value` is the figure of `Measurement.periods`, in log points per year: the mean of the years in `years`
    (``year, output, capital, labour, human_capital, tfp, grade, flags``), of which in every row output is the sum of
    the others; `gap` is what the mean differs by, and is held to zero. `inputs` has what was read: ``year, item,
    value`` of the series that the account uses; `sources` ``year, column, value, official, unit`` of the columns of the
    package. `parameters` are the rules in force in the last year, with their references.
    """

    region: str
    start: int | str
    end: int | str
    component: str
    name: Text
    value: float
    gap: float
    grade: str
    years: pl.DataFrame
    inputs: pl.DataFrame
    sources: pl.DataFrame
    parameters: pl.DataFrame
    foot: Text

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        heading = {
            "name": self.name,
            "span": span_text(self.start, self.end),
            "what": words.shared.factor_of(self.component),
        }
        yearly = self.years[self.component].to_list()
        entries = [
            f"{year} {percent(value, 2, sign=True)}%" for year, value in zip(self.years["year"], yearly, strict=True)
        ]
        years = [Text(zh=entry, en=space_percent_signs(entry)) for entry in entries]
        steps_per_year = QUARTERS if isinstance(self.end, str) else 1  # parts of a year
        parts = {name: steps_per_year * np.mean(self.years[name].to_numpy()) for name in COMPONENTS}
        lines = [
            words.yardstick.explain_period(value=self.value, grade=self.grade or "–", **heading),
            words.yardstick.explain_mean(n=len(years), years=years)
            if steps_per_year == 1
            else words.yardstick.explain_quarters(n=len(years), years=years),
            words.yardstick.explain_adds(**parts),
        ]
        entries = [line.lang(language) for line in lines]
        for (column,), rows in self.sources.group_by(["column"], maintain_order=True):
            values = ["–" if value is None else f"{value:,.6g}".replace("-", "−") for value in rows["value"]]
            marks = ["" if official else "*" for official in rows["official"]]
            cells = ", ".join(map("{} {}{}".format, rows["year"], values, marks))
            unit = f" ({rows['unit'][0]})" if rows["unit"][0] else ""
            entries.append(f"  {column}{unit}: {cells}")
        entries.append(f"  {words.yardstick.explain_estimated().lang(language)}")
        entries += [
            f"  {row['parameter']} = {row['value']}  [{row['reference']}]" for row in self.parameters.to_dicts()
        ]
        return "\n".join([*entries, self.foot.lang(language)])

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary."""
        frames = {name: getattr(self, name).to_dicts() for name in ("years", "inputs", "sources", "parameters")}
        scalars = ("region", "start", "end", "component", "value", "gap", "grade")
        figures = {name: getattr(self, name) for name in scalars}
        texts = {name: {"zh": text.zh, "en": text.en} for name, text in (("name", self.name), ("foot", self.foot))}
        return figures | texts | frames


def _figures(explanations: list[Explanation]) -> pl.DataFrame:
    """Return the figures of the package that were read, year by year, with the unit of each column."""
    figures = pl.concat(
        explanation.sources.select(pl.lit(str(explanation.year)).alias("year"), "column", "value", "official")
        for explanation in explanations
    )
    figures = figures.filter(pl.col("value").is_not_null().any().over("column"))
    units = {}
    for column in figures["column"].unique():  # ``table.column[asset]``
        table, _, name = column.partition("[")[0].partition(".")
        column_spec = tables_by_name()[table].columns.get(name) if table in tables_by_name() else None
        units[column] = str(column_spec.units[0]) if column_spec is not None and column_spec.units else ""
    return figures.with_columns(pl.col("column").replace_strict(units, return_dtype=pl.String).alias("unit")).sort(
        "column", "year"
    )

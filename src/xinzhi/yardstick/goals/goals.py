"""The verb `goals`: what a growth target requires of total factor productivity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Package, as_package, load, nation_codes
from xinzhi.yardstick.claims.figures import percent_text, read_figure
from xinzhi.yardstick.estimates.bands import bands
from xinzhi.yardstick.estimates.errors import BandsBasis, bands_basis
from xinzhi.yardstick.estimates.results import TOGETHER, Bands, leading_span
from xinzhi.yardstick.estimating import estimated_cells
from xinzhi.yardstick.goals.arithmetic import capital_growth, convention, needed_investment, required
from xinzhi.yardstick.goals.ledger import ledger
from xinzhi.yardstick.goals.outlook import Outlook, outlook
from xinzhi.yardstick.goals.record import acceleration_rates, accelerations, record
from xinzhi.yardstick.goals.result import FIXED, SCENARIOS, Goals
from xinzhi.yardstick.goals.uncertainty import Sample, sample
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Panel, Ruler, Source, require_yearly

PERCENT = 100.0
GROWTH = "gdp_growth"
NEEDED = ["region", "indicator", "document", "document_year", "start", "end", "measure", "low", "high", "unit"]
Row = dict[str, Any]
_BOUNDS = ("required", "gap")


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the caller sets in place of the rules, in logs a year, `schooling` in years of schooling a year."""

    growth: float | None = None
    investment: float | None = None
    labour: float | None = None
    schooling: float | None = None


def goals(
    package: Source,
    region: str | int | None = None,
    *,
    growth: str | float | None = None,
    investment: str | float | None = None,
    labour: str | float | None = None,
    schooling: float | None = None,
    protocol: Ruler = DEFAULT_PROTOCOL,
    banded: Bands | None = None,
) -> Goals:
    """Say what growth targets require of total factor productivity, by the growth account read forward.

    Parameters
    ----------
    package
        A data package with investment and, where `growth` is not given, the table ``targets``.
    region
        One region, by code or name; None: all of them.
    growth, investment, labour
        Growth a year in place of the target, of the two scenarios of real investment, and of the rule for labour. Text
        is in percent, such as ``"5%"``, a number a ratio.
    schooling
        Rise of mean schooling in years a year, in place of the rule.
    protocol
        The protocol to measure by.
    banded
        What `bands` returns of the same package, where it is at hand; its protocol is then that of the answer.

    Raises
    ------
    UsageError, InputError
        When there is neither target nor `growth`, a rate is beyond its limits, the region is unknown, or investment
        does not reach the last year of output.

    Notes
    -----
    With a stock of the end of the year, ``K[t] = (1 - d) K[t-1] + I[t]``, and shares carried on, required TFP is
    ``ln(1 + g) - (1 - s) ln(K[T+5] / K[T]) / 5 - s (l + h)``. It is an identity and no forecast.

    Examples
    --------
    >>> import xinzhi
    >>> result = xinzhi.goals("china-provinces", "Anhui")
    >>> result.frame.filter(document="report", reading="middle")["required"].round(4).to_list()
    [0.0237, 0.0321]
    """
    data = as_package(package)
    assumptions = _assumptions(growth, investment, labour, schooling)
    measured = measure(data, protocol) if banded is None else banded.measurement
    require_yearly(measured.panel, "goals")
    code = None if region is None else measured.names.resolve(region, measured.panel.regions)
    targets = _targets(data, assumptions)
    has_estimates = measured.protocol.declares("estimates.learn") and estimated_cells(measured.panel).any()
    base: BandsBasis | None = None
    if has_estimates and measured.accounts is not None:
        banded = bands(measured, inputs=False) if banded is None else banded
        base = bands_basis(measured, measured.accounts)
    panel = measured.panel if base is None else base.panel
    reference = data if base is None or base.reported is None else load(base.source)
    ahead = _changed(outlook(panel, measured.protocol, reference), assumptions)
    span = leading_span(banded) if banded is not None else _last_span(measured)
    draws = sample(base, ahead, span) if base is not None else None
    past = accelerations(panel, _tfp(measured, base)) if base is not None else None
    account = _Account(measured, panel, ahead, draws, banded, span, past)
    frame = account.frame(targets, assumptions, code)
    growth_targets = targets.filter(indicator=GROWTH, document="report").drop_nulls("low")
    rows = _record(measured, base, reference, banded, span)
    listed = targets if code is None else targets.filter(region=code)
    assert measured.accounts is not None  # noqa: S101 - `measure` always fills it
    return Goals(
        frame=frame,
        targets=ledger(listed, data, measured.panel, measured.accounts.inputs.output),
        misses=rows["misses"],
        record=rows["rates"],
        order=rows["order"],
        accelerations=acceleration_rates(past) if past is not None else pl.DataFrame(schema=_ACCELERATIONS),
        nation=_nation(measured, growth_targets, ahead.base),
        region=code,
        base=ahead.base,
        years=int(convention("horizon.value")),
        span=span,
        level=_width(),
        rule=ahead.rule,
        last_labour=ahead.last_labour,
        **measured.shared("goals", region=code),
    )


_ACCELERATIONS = {
    "acceleration": pl.Float64,
    "spans": pl.Int64,
    "share": pl.Float64,
    "share_low": pl.Float64,
    "share_high": pl.Float64,
}
_RATES = {
    "scenario": pl.String,
    "verdict": pl.String,
    "targets": pl.Int64,
    "missed": pl.Int64,
    "share": pl.Float64,
    "share_low": pl.Float64,
    "share_high": pl.Float64,
}
_NO_RECORD = {
    "rates": pl.DataFrame(schema=_RATES),
    "order": pl.DataFrame(schema={"rule": pl.String, "area": pl.Float64}),
    "misses": pl.DataFrame(schema={"year": pl.Int64, "targets": pl.Int64, "missed": pl.Int64}),
}


def _assumptions(growth: object, investment: object, labour: object, schooling: object) -> Assumptions:
    """Return what the caller sets, in logs; a rate beyond its limits is refused."""
    rates = {"growth": growth, "investment": investment, "labour": labour}
    logs = {name: None if value is None else _rate(name, value) for name, value in rates.items()}
    rise = None if schooling is None else float(str(schooling))
    low, high = convention("limits.schooling")
    if rise is not None and not low <= rise <= high:
        raise UsageError("yardstick.goals-limit", option="schooling", given=schooling, low=low, high=high)
    return Assumptions(schooling=rise, **logs)


def _rate(name: str, value: object) -> float:
    """Return a rate of growth in logs."""
    rate = float(read_figure(percent_text(value), bounded=False).growth)
    low, high = convention(f"limits.{name}")
    if not low <= PERCENT * rate <= high:
        raise UsageError("yardstick.goals-limit", option=name, given=value, low=f"{low} %", high=f"{high} %")
    return float(np.log1p(rate))


def _targets(data: Package, assumptions: Assumptions) -> pl.DataFrame:
    """Return the table of targets; an empty one where a growth rate is given and the package has none."""
    if assumptions.growth is not None and "targets" not in data.tables:
        text = ("region", "indicator", "document", "measure", "unit", "title")
        numbers = {"document_year": pl.Int64, "start": pl.Int64, "end": pl.Int64, "low": pl.Float64, "high": pl.Float64}
        return pl.DataFrame(schema={**dict.fromkeys(text, pl.String), **numbers})
    if "targets" not in data.tables:
        raise InputError("yardstick.goals-no-targets", name=data.name)
    return data.require("targets", NEEDED, verb="goals")


def _changed(ahead: Outlook, assumptions: Assumptions) -> Outlook:
    """Return the outlook with what the caller sets."""
    if assumptions.labour is not None:
        ahead = replace(ahead, labour=np.full_like(ahead.labour, assumptions.labour), rule=FIXED)
    if assumptions.schooling is not None:
        ahead = replace(ahead, human_capital=ahead.human_capital_of(assumptions.schooling))
    return ahead


def _last_span(measured: Measurement) -> tuple[int, int]:
    """Return the newest period that is reported, the shortest that ends last."""
    spans = measured.periods.select("start", "end").unique().rows()
    if not spans:
        raise InputError("yardstick.goals-no-investment")
    return min(spans, key=lambda span: (-span[1], span[1] - span[0]))


def _tfp(measured: Measurement, base: BandsBasis | None) -> FloatArray:
    """Return yearly growth of TFP of the panel that errors are drawn on."""
    accounts = measured.accounts if base is None else base.accounts
    assert accounts is not None  # noqa: S101 - `measure` always fills it
    return accounts.growth.tfp_growth


@dataclass(frozen=True)
class _Account:
    """The account read forward for every target."""

    measured: Measurement
    panel: Panel
    ahead: Outlook
    draws: Sample | None
    banded: Bands | None
    span: tuple[int, int]
    past: FloatArray | None

    def frame(self, targets: pl.DataFrame, assumptions: Assumptions, code: str | None) -> pl.DataFrame:
        """Return the rows of all regions or of one."""
        regions = self.measured.panel.regions if code is None else (code,)
        measured = self._measured()
        rows: list[Row] = []
        for region in regions:
            row = self.panel.regions.index(region)
            if not np.isfinite(self.ahead.capital[row] + self.ahead.labour[row] + self.ahead.share[row]):
                if code is not None:
                    raise InputError("yardstick.goals-region", region=self.measured.names.region(region))
                continue
            documents = _documents(targets.filter(region=region, indicator=GROWTH), assumptions)
            for place, document in enumerate(documents):
                for reading in ("low", "middle") if document["high"] is not None else ("middle",):
                    leads = {"headline": place == 0 and reading == "middle"}
                    for scenario in self._scenarios(assumptions):
                        figures = self._row(row, document, reading, scenario, assumptions, measured.get(region, {}))
                        rows.append({"region": region, **document, "reading": reading, **figures, **leads})
        if not rows and code is None:
            raise InputError("yardstick.goals-no-targets", name=self.measured.provenance.package)
        return pl.DataFrame(rows, schema=_SCHEMA, orient="row")

    def _scenarios(self, assumptions: Assumptions) -> tuple[str, ...]:
        return SCENARIOS if assumptions.investment is None else (FIXED,)

    def _measured(self) -> Mapping[str, Row]:
        """Return measured growth of TFP in the span with its band, by region."""
        start, end = self.span
        if self.banded is None:
            rows = self.measured.periods.filter(start=start, end=end).select("region", measured="tfp_growth")
        else:
            rows = self.banded.frame.filter(start=start, end=end, component=TOGETHER)
            rows = rows.select("region", "measured", measured_low="low", measured_high="high")
        return {row["region"]: row for row in rows.to_dicts()}

    def _row(
        self,
        row: int,
        document: Row,
        reading: str,
        scenario: str,
        assumptions: Assumptions,
        measured: Row,
    ) -> Row:
        """Return the figures of one target under one scenario."""
        ahead, years = self.ahead, int(convention("horizon.value"))
        high = document["low"] if reading == "low" or document["high"] is None else document["high"]
        growth = float(np.log1p((document["low"] + high) / 2 / PERCENT))
        invested = {"in_step": growth, "level": 0.0, FIXED: assumptions.investment or 0.0}[scenario]
        share, work = ahead.share[row], ahead.labour[row] + ahead.human_capital[row]
        at = np.array([row])
        stock = capital_growth(ahead.capital[at], ahead.investment[at], np.array([invested]), ahead.rate, years)[0]
        need = float(required(np.array(growth), stock, ahead.labour[row], ahead.human_capital[row], share))
        tfp = measured.get("measured")
        figures: Row = {
            "scenario": scenario,
            "growth": growth,
            "investment_growth": float(np.expm1(invested)),
            "capital_contribution": float((1 - share) * stock),
            "labour_contribution": float(share * ahead.labour[row]),
            "human_capital_contribution": float(share * ahead.human_capital[row]),
            "required": need,
            "measured": tfp,
            "measured_low": measured.get("measured_low"),
            "measured_high": measured.get("measured_high"),
            "gap": None if tfp is None else need - tfp,
        }
        if tfp is not None:
            levels = [tfp, measured.get("measured_high"), measured.get("measured_low")]
            rates = np.array([np.nan if level is None else level for level in levels])
            grown = needed_investment(
                np.array(growth), rates, ahead.capital[row], ahead.investment[row], work, share, ahead.rate, years
            )
            names = ("needed_investment", "needed_low", "needed_high")
            figures |= {name: _finite(np.expm1(value)) for name, value in zip(names, grown, strict=True)}
        if self.past is not None and tfp is not None:
            figures["past_share"] = float((self.past >= need - tfp).mean())
        if self.draws is not None:
            figures |= self._interval(self.draws, row, growth, invested, years)
        return figures

    def _interval(self, draws: Sample, row: int, growth: float, invested: float, years: int) -> Row:
        """Return intervals of required TFP and of the gap, and the probability that the gap is above zero."""
        stock = capital_growth(
            draws.capital[:, row], draws.investment[:, row], np.array(invested), self.ahead.rate, years
        )
        need = required(np.array(growth), stock, draws.labour[:, row], draws.human_capital[:, row], draws.share[:, 0])
        gap = need - draws.measured[:, row]
        figures: Row = {"probability": float((gap > 0).mean())}
        for name, values in zip(_BOUNDS, (need, gap), strict=True):
            low, high = np.quantile(values, convention("interval"))
            figures |= {f"{name}_low": _finite(low), f"{name}_high": _finite(high)}
        return figures


_SCHEMA = {
    "region": pl.String,
    "document": pl.String,
    "document_year": pl.Int64,
    "start": pl.Int64,
    "end": pl.Int64,
    "reading": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "growth": pl.Float64,
    "scenario": pl.String,
    "investment_growth": pl.Float64,
    "capital_contribution": pl.Float64,
    "labour_contribution": pl.Float64,
    "human_capital_contribution": pl.Float64,
    "required": pl.Float64,
    "required_low": pl.Float64,
    "required_high": pl.Float64,
    "measured": pl.Float64,
    "measured_low": pl.Float64,
    "measured_high": pl.Float64,
    "gap": pl.Float64,
    "gap_low": pl.Float64,
    "gap_high": pl.Float64,
    "probability": pl.Float64,
    "past_share": pl.Float64,
    "needed_investment": pl.Float64,
    "needed_low": pl.Float64,
    "needed_high": pl.Float64,
    "headline": pl.Boolean,
}


def _width() -> float:
    """Return the probability of the intervals."""
    low, high = convention("interval")
    return float(high - low)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _documents(rows: pl.DataFrame, assumptions: Assumptions) -> list[Row]:
    """Return the growth targets of a region that are in force, the plan first; the caller's own rate in their place."""
    if assumptions.growth is not None:
        rate = float(np.expm1(assumptions.growth)) * PERCENT
        return [{"document": FIXED, "document_year": None, "low": round(rate, 9), "high": None}]
    stated = rows.drop_nulls("low").filter(pl.col("low") > 0)
    documents = []
    for name in ("outline", "plan", "report"):
        of_kind = stated.filter(document=name).sort("document_year", "start")
        newest = of_kind.filter(pl.col("document_year") == stated["document_year"].max())
        if newest.height:
            documents.append(
                newest.select("document", "document_year", "start", "end", "low", "high").row(-1, named=True)
            )
    return documents


def _record(
    measured: Measurement,
    base: BandsBasis | None,
    reference: Package,
    banded: Bands | None,
    span: tuple[int, int],
) -> Mapping[str, pl.DataFrame]:
    """Return what past targets came to; nothing where the package has no targets, or no growth as first published."""
    if (
        base is None
        or banded is None
        or "targets" not in reference.tables
        or "first_published" not in base.panel.vintages
    ):
        return _NO_RECORD
    targets = reference.tables["targets"].filter(indicator=GROWTH, document="report").drop_nulls("low")
    rows = targets.select("region", "low", year="start")
    everyone = banded if base.reported is None else bands(measure(reference, measured.protocol), inputs=False)
    widths = everyone.frame.filter(start=span[0], end=span[1], component=TOGETHER)
    half = dict(widths.select("region", (pl.col("high") - pl.col("low")) / 2).iter_rows())
    finite = [value for value in half.values() if value is not None]
    middle = float(np.median(finite)) if finite else np.nan
    width = np.array([half.get(region) or middle for region in base.panel.regions])
    outcome = record(base.panel, base.accounts, measured.protocol, reference, rows, width)
    by_year = (
        outcome.targets.filter(scenario="in_step")
        .group_by("year")
        .agg(pl.len().alias("targets"), pl.col("missed").sum())
    )
    misses = by_year.sort("year").with_columns(pl.col("targets", "missed").cast(pl.Int64))
    return {"rates": outcome.rates, "order": outcome.order, "misses": misses}


def _nation(measured: Measurement, targets: pl.DataFrame, base: int) -> pl.DataFrame:
    """Return the nation's own range of a year and the regions' targets, weighted by output of the base year."""
    schema = {"year": pl.Int64, "low": pl.Float64, "high": pl.Float64, "weighted": pl.Float64, "regions": pl.Int64}
    if targets.is_empty():
        return pl.DataFrame(schema=schema)
    year = int(targets["document_year"].max())  # type: ignore[arg-type] # years are whole numbers
    limits: dict[str, float] = {}
    for row in targets.filter(pl.col("region").is_in(sorted(nation_codes())), document_year=year).iter_rows(named=True):
        limits = {end: row[end] for end in ("low", "high") if row[end] is not None}
    panel = measured.panel
    nominal = panel.account("output_nominal")[:, base - int(panel.years[0])]
    middle = (pl.col("low") + pl.col("high").fill_null(pl.col("low"))) / 2
    stated = dict(targets.filter(document_year=year).select("region", middle).iter_rows())
    finite = np.array(
        [region in stated and bool(np.isfinite(nominal[row])) for row, region in enumerate(panel.regions)]
    )
    complete = finite.all() and (not measured.protocol.regions or set(panel.regions) >= set(measured.protocol.regions))
    weighted = None
    if complete:
        rates = np.array([stated[region] for region in panel.regions])
        weighted = float((nominal * rates).sum() / nominal.sum()) / PERCENT
    row = {
        "year": year,
        "low": limits["low"] / PERCENT if "low" in limits else None,
        "high": limits["high"] / PERCENT if "high" in limits else None,
        "weighted": weighted if limits else None,
        "regions": int(finite.sum()),
    }
    return pl.DataFrame([row], schema=schema)

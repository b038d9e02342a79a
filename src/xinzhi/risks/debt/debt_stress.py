"""The verb `debt_stress`: debt to output under slower growth, dearer credit, less land revenue, and vehicles' debt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypedDict, cast

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names, distinct
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, has, same
from xinzhi.risks.debt.debt import KEYS, Debt, debt
from xinzhi.risks.debt.debt_dynamics import debt_dynamics, moves
from xinzhi.risks.debt.debt_fan import span
from xinzhi.risks.debt.fan_shocks import recursion
from xinzhi.risks.inputs import finite_number, setting

BASELINE, COMBINED = "baseline", "combined"
SHOCKS = ("growth", "interest", "land", "contingent")
SCENARIOS = (BASELINE, *SHOCKS, COMBINED)
_OWN = ("growth", "rate", "net_borrowing", "contingent")
Rule = Mapping[str, float | FloatArray]  # what a scenario adds to growth, rate, borrowing, or takes over of vehicles


class Inputs(TypedDict):
    """A row of `DebtStress.inputs`."""

    region: str
    start_year: int
    start: float
    growth: float
    growth_deviation: float | None
    rate: float
    net_borrowing: float
    stabilising_borrowing: float
    fund_ratio: float | None
    vehicle_ratio: float | None
    fund_year: int | None
    vehicle_year: int | None


@dataclass(frozen=True, repr=False, kw_only=True)
class DebtStress(Result, verb="debt_stress", topic="debt", key=("region", "scenario", "year")):
    """Debt to output under scenarios.

    A row of `frame` is a region, scenario and year from the last known one on (null where the status says what is
    missing), of `inputs` a region: what its paths rest on. `findings` name scenarios that cannot be computed and what
    ``combined`` therefore lacks, ratios of an older year than the debt, and funds that rose while land sales fell.
    """

    inputs: pl.DataFrame
    findings: tuple[Finding, ...]

    def scenarios(self) -> dict[str, Text]:
        """Return what the scenarios are called; one of the caller's own keeps its name."""
        return distinct({name: scenario_name(name) for name in self.frame["scenario"].unique(maintain_order=True)})

    def ends(self) -> pl.DataFrame:
        """Return the last year of every region and scenario, with what the region began from."""
        last = self.frame.filter(pl.col("year") == pl.col("year").max().over("region"))
        return last.join(self.inputs.select("region", "start", "start_year"), on="region", maintain_order="left")

    def order(self) -> list[str]:
        """Return the regions, those first to whom all shocks together add most."""
        rows = self.ends().filter(scenario=COMBINED).sort("over_baseline", "region", descending=[True, False])
        return rows["region"].to_list()

    def scenario_effects(self) -> dict[str, float]:
        """Return what each scenario that can be computed adds to the ratio at the end, on average, in points."""
        end_points = self.ends().drop_nulls("over_baseline").group_by("scenario", maintain_order=True)
        return dict(end_points.agg(pl.col("over_baseline").mean() * 100).iter_rows())

    def years(self) -> Text:
        """Return for how many years the paths run, in words."""
        ends = self.ends()
        return span(int(ends["year"][0] - ends["start_year"][0]))

    @property
    def ends_by_region(self) -> pl.DataFrame:
        """What each scenario adds at the end by region, beside start and baseline; where all add most first."""
        rows = self.ends()
        added = rows.pivot(on="scenario", index="region", values="over_baseline").drop("baseline")
        base = rows.filter(scenario="baseline").select("region", "start", baseline="debt_ratio")
        return base.join(added, on="region").sort("combined", "region", descending=[True, False])

    def added_by(self, scenario: str) -> pl.DataFrame:
        """Return the regions in which a scenario can be computed, where it adds most first."""
        rows = self.ends().sort("over_baseline", descending=True)
        return rows.filter(scenario=scenario).drop_nulls("over_baseline")

    def inputs_of(self, region: str) -> Inputs:
        """Return what the scenarios of a region start from."""
        return cast("Inputs", self.inputs.filter(region=region).row(0, named=True))

    def paths_of(self, region: str) -> pl.DataFrame:
        """Return ``year`` and the ratio of a region under each scenario that can be computed, from the start on."""
        rows = self.frame.filter(region=region).sort("year")
        names = [name for name in self.scenarios() if rows.filter(scenario=name)["debt_ratio"].count()]
        start = self.inputs_of(region)
        first = pl.DataFrame({"year": [start["start_year"]]} | {name: [start["start"]] for name in names})
        paths = rows.pivot(on="scenario", index="year", values="debt_ratio")
        return pl.concat([first, paths.select("year", *names)])

    def not_computed(self, region: str | None = None) -> pl.DataFrame:
        """Return the scenarios that cannot be computed, of a region or of all (None), each once."""
        rows = self.frame.filter(pl.col("debt_ratio").is_null())
        if region is None:
            return rows.unique(["region", "scenario"], maintain_order=True)
        return rows.filter(region=region).sort("year").unique("scenario", maintain_order=True)

    def not_computed_regions(self) -> dict[tuple[str, str, str], list[str]]:
        """Return the regions in which a scenario cannot be computed, by scenario and reason in both languages."""
        groups = self.not_computed().group_by("scenario", "status_zh", "status_en", maintain_order=True)
        return {(str(name), str(zh), str(en)): rows["region"].to_list() for (name, zh, en), rows in groups}

    @property
    def by_fund_ratio(self) -> pl.DataFrame:
        """The regions by the share of their funds, lowest first."""
        return self.inputs.drop_nulls("fund_ratio").sort("fund_ratio", "region")

    def facts(self) -> Facts:
        """Return what all shocks together and each alone add to the ratio on average, and to whom most."""
        added, order, scenario_names = self.scenario_effects(), self.order(), self.scenarios()
        most = self.ends().filter(region=order[0], scenario=COMBINED)["over_baseline"][0]
        parts = [
            words.debt.chart_valued(name=scenario_names[name], value=added[name]) for name in SHOCKS if name in added
        ]
        values = {
            "years": self.years(),
            "together": moves(added[COMBINED] / 100),
            "parts": parts,
            "name": self.names.region(order[0]),
            "most": 100 * most,
        }
        own_scenarios = [
            words.debt.chart_with_points(name=scenario_names[name], value=value)
            for name, value in added.items()
            if name not in SCENARIOS
        ]
        facts: Facts = {"headline.stress" if len(order) > 1 else "headline.stress_one": values}
        facts |= {"headline.compared": {"years": self.years(), "parts": own_scenarios}} if own_scenarios else {}
        return facts | self.of_region(order[0]) | {"note.stress": {}}

    def of_region(self, region: str) -> Facts:
        """Return where the ratio of one region (code or name) ends in the baseline and under all shocks together."""
        code = self.names.resolve(region, self.inputs["region"])
        ends = self.ends().filter(region=code)
        ratio = dict(ends.select("scenario", "debt_ratio").iter_rows())
        values = {
            "name": self.names.region(code),
            "start": ends["start"][0],
            "year": ends["start_year"][0],
            "end": ends["year"][0],
            "base": ratio[BASELINE],
            "together": ratio[COMBINED],
        }
        return {"headline.along": values}


def scenario_name(name: str) -> Text:
    """Return what a scenario is called; one of the caller's own keeps its name."""
    key = f"debt.chart.scenario_{name}"
    return words.by_key(key) if has(key) else same(name)


def debt_stress(
    source: AnyFrame,
    *,
    horizon: int | None = None,
    baseline: Mapping[str, float] | None = None,
    scenarios: Mapping[str, Mapping[str, float]] | None = None,
) -> DebtStress:
    """Carry debt to output forward under standard shocks and the caller's own.

    Parameters
    ----------
    source
        A package, a result of `debt`, or a frame as `debt` takes it. Without the debt of vehicles in it (``debt(...,
        vehicles=)``) scenarios with contingent liabilities are named as not computable.
    horizon
        Years ahead; None: ``fan.horizon``.
    baseline
        Values ``growth, rate, net_borrowing`` for all regions in place of each region's mean of the last five years;
        the rate is ``interest.ahead`` unless it is given here.
    scenarios
        Further ones by name: yearly changes of ``growth, rate, net_borrowing``, and ``contingent``, the share of
        vehicles' debt that is taken over in the first year.

    Raises
    ------
    InputError
        When no region has debt and output in two years in a row.

    Notes
    -----
    The shocks are conventions of ``public_debt.yaml`` after the IMF's framework for market-access countries (2013). No
    region reacts: neither spending nor the limit on debt does. ``combined`` adds up those that can be computed.

    Examples
    --------
    >>> found = debt_stress("china-provinces")
    >>> last = found.frame.filter(region="630000", year=pl.col("year").max())
    >>> last.filter(pl.col("scenario") == "contingent")["status_en"][0]
    "not computable: vehicles' debt not given"
    """
    balances = source if isinstance(source, Debt) else debt(source)
    years = setting("public_debt", "fan.horizon") if horizon is None else horizon
    years = int(finite_number("debt_stress", "horizon", years, integer=True, above=0))
    own_scenarios = _check_scenarios(scenarios)
    inputs = _inputs(balances, baseline)
    rows: list[dict[str, object]] = []
    for region_inputs in cast("Iterator[Inputs]", inputs.iter_rows(named=True)):
        base = _path(region_inputs, np.zeros((3, years)))
        for name, shock in _shocks(region_inputs, years, own_scenarios).items():
            rows.extend(_rows(region_inputs, name, base, shock))
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    options = {"horizon": years, "baseline": dict(baseline or {}), "scenarios": [*SCENARIOS, *own_scenarios]}
    return DebtStress(
        frame=frame,
        inputs=inputs,
        findings=(*_without(frame, balances.names), *_stale_regions(inputs), *_rose(balances)),
        names=balances.names,
        kind=balances.kind,
        provenance=replace(balances.provenance, verb="debt_stress", options=options),
    )


_SCHEMA: dict[str, type[pl.DataType]] = {
    "region": pl.String, "scenario": pl.String, "year": pl.Int64, "debt_ratio": pl.Float64, "over_baseline": pl.Float64,
    "status_zh": pl.String, "status_en": pl.String,
}  # fmt: skip
_NEEDS: Mapping[str, Literal["growth_deviation", "fund_ratio", "vehicle_ratio"]] = {
    "growth": "growth_deviation",
    "land": "fund_ratio",
    "contingent": "vehicle_ratio",
}


def _inputs(balances: Debt, baseline: Mapping[str, float] | None) -> pl.DataFrame:
    """Return what each region's paths rest on."""
    rates = dict(baseline or {})
    if unknown := sorted(set(rates) - set(_OWN[:3])):
        raise UsageError("debt.baseline", verb="debt_stress", asked=unknown[0], known=_OWN[:3])
    rates = {name: finite_number("debt_stress", f"baseline '{name}'", value) for name, value in rates.items()}
    window = setting("public_debt", "stress.window")
    dynamics = debt_dynamics(balances).frame
    recent = dynamics.group_by("region", maintain_order=True).agg(
        start_year=pl.col("year").last(),
        start=pl.col("debt_ratio").last(),
        growth=pl.col("growth").tail(window).mean(),
        growth_deviation=pl.col("growth").std(),
        net_borrowing=pl.col("net_borrowing").tail(window).mean(),
    )
    latest = (*_latest("fund", "fund_revenue"), *_latest("vehicle", "vehicles"))
    shares = balances.frame.sort(KEYS).group_by("region", maintain_order=True).agg(*latest)
    rows = recent.join(shares, on="region", how="left", maintain_order="left").with_columns(
        rate=pl.lit(float(rates.get("rate", setting("public_debt", "interest.ahead"))))
    )
    rows = rows.with_columns(pl.lit(float(value)).alias(name) for name, value in rates.items())
    if not rows["growth"].min() > -1:  # type: ignore[operator] # numbers
        raise InputError("debt.stress-output")
    stabilising = -(pl.col("rate") - pl.col("growth")) / (1 + pl.col("growth")) * pl.col("start")
    return rows.select(
        "region",
        "start_year",
        "start",
        "growth",
        "growth_deviation",
        "rate",
        "net_borrowing",
        "fund_ratio",
        "vehicle_ratio",
        stabilising.alias("stabilising_borrowing"),
        "fund_year",
        "vehicle_year",
    )


def _latest(name: str, column: str) -> tuple[pl.Expr, pl.Expr]:
    """Return the last ratio of a column to output that is known, and its year."""
    ratio = pl.col(column) / pl.col("output")
    return (
        ratio.drop_nulls().last().alias(f"{name}_ratio"),
        pl.col("year").filter(ratio.is_not_null()).last().alias(f"{name}_year"),
    )


def _shocks(
    region_inputs: Inputs, years: int, own_scenarios: Mapping[str, Mapping[str, float]]
) -> dict[str, FloatArray | str]:
    """Return the yearly changes of growth, rate and borrowing (3, H) by scenario, or the input that one lacks."""
    stress = {name: setting("public_debt", f"stress.{name}") for name in SHOCKS}
    slower = -stress["growth"]["deviations"] * (region_inputs["growth_deviation"] or 0.0)
    rules: dict[str, Rule] = {
        "growth": {"growth": np.where(np.arange(years) < stress["growth"]["years"], slower, 0.0)},
        "interest": {"rate": stress["interest"]},
        "land": {"net_borrowing": stress["land"] * (region_inputs["fund_ratio"] or 0.0)},
        "contingent": {"contingent": stress["contingent"]},
    }
    shocks: dict[str, FloatArray | str] = {BASELINE: np.zeros((3, years))}
    shocks |= {name: _shock(name, rule, region_inputs, years) for name, rule in rules.items()}
    shocks[COMBINED] = sum((part for part in shocks.values() if not isinstance(part, str)), np.zeros((3, years)))
    return shocks | {name: _shock(name, rule, region_inputs, years) for name, rule in own_scenarios.items()}


def _shock(name: str, rule: Rule, region_inputs: Inputs, years: int) -> FloatArray | str:
    need = _NEEDS.get("contingent" if rule.get("contingent") else name)
    if need is not None and region_inputs[need] is None:
        return need
    shock = np.array([np.broadcast_to(rule.get(part, 0.0), years) for part in _OWN[:3]], dtype=float)
    contingent, vehicles = rule.get("contingent"), region_inputs["vehicle_ratio"]
    if contingent and vehicles is not None:
        # it comes in the first year, measured in that year's output
        shock[2, 0] += contingent * vehicles / (1.0 + region_inputs["growth"] + shock[0, 0])
    return shock


def _path(region_inputs: Inputs, shock: FloatArray) -> FloatArray:
    usual = (region_inputs["growth"], region_inputs["rate"], region_inputs["net_borrowing"])
    growth, rate, borrowing = (value + part for value, part in zip(usual, shock, strict=True))
    if (growth <= -1).any():
        raise UsageError("debt.stress-shock", region=region_inputs["region"])
    return recursion(region_inputs["start"], growth, rate, borrowing)


def _rows(region_inputs: Inputs, name: str, base: FloatArray, shock: FloatArray | str) -> list[dict[str, object]]:
    status = words.by_key(f"debt.status.no_{shock}" if isinstance(shock, str) else "debt.status.computed")
    path = [None] * len(base) if isinstance(shock, str) else _path(region_inputs, shock).tolist()
    return [
        {
            "region": region_inputs["region"],
            "scenario": name,
            "year": region_inputs["start_year"] + step + 1,
            "debt_ratio": ratio,
            "over_baseline": None if ratio is None else ratio - float(base[step]),
            "status_zh": status.zh,
            "status_en": status.en,
        }
        for step, ratio in enumerate(path)
    ]


def _check_scenarios(scenarios: Mapping[str, Mapping[str, float]] | None) -> dict[str, Mapping[str, float]]:
    rules = dict(scenarios or {})
    for name, rule in rules.items():
        if name in SCENARIOS:
            raise UsageError("debt.standard-scenario", name=name)
        if unknown := sorted(set(rule) - set(_OWN)):
            raise UsageError("debt.scenario-part", name=name, asked=unknown[0], known=_OWN)
        for part, value in rule.items():
            finite_number("debt_stress", f"'{part}' of scenario '{name}'", value)
    return rules


def _stale_regions(inputs: pl.DataFrame) -> list[Finding]:
    """Return regions whose last known funds or vehicles' debt are older than those of others."""
    notes = []
    for name in ("fund", "vehicle"):
        years = dict(inputs.select("region", f"{name}_year").drop_nulls().iter_rows())
        newest = max(years.values(), default=0)
        notes += [
            finding("debt.old-figure", words={"what": name, "year": year, "newest": newest}, key=region)
            for region, year in years.items()
            if year != newest
        ]
    return notes


def _rose(balances: Debt) -> list[Finding]:
    """Return regions whose funds rose over some years as land sales do not: the shock to land overstates their loss."""
    least, years = setting("public_debt", "stress.land_risen"), setting("public_debt", "stress.land_years")
    revenues = balances.frame.select("region", "year", fund="fund_revenue").drop_nulls().sort("region", "year")
    past = revenues.select("region", pl.col("year") + years, before="fund")
    last = revenues.group_by("region", maintain_order=True).last().join(past, on=["region", "year"], how="left")
    rose = last.filter(pl.col("before") > 0, pl.col("fund") > least * pl.col("before"))
    return [
        finding("debt.funds-rose", words={"year": year, "before": year - years, "times": fund / before}, key=region)
        for region, year, fund, before in rose.iter_rows()
    ]


def _without(frame: pl.DataFrame, names: Names) -> list[Finding]:
    """Return the scenarios that cannot be computed, for which regions, and what the combined one leaves out."""
    lacking = frame.filter(pl.col("debt_ratio").is_null()).unique(["region", "scenario"], maintain_order=True)
    notes = []
    for (name, zh, en), rows in lacking.group_by("scenario", "status_zh", "status_en", maintain_order=True):
        values = {
            "name": scenario_name(str(name)),
            "n": rows.height,
            "status": Text(zh=str(zh), en=str(en)),
            "regions": [names.region(code) for code in rows["region"].sort()],
        }
        notes.append(finding("debt.scenario-not-computed", words=values, key=str(name)))
    last = frame.group_by("region", "scenario").last()
    computed = last.filter(scenario=COMBINED).drop_nulls("debt_ratio").select("region")
    parts = last.filter(pl.col("scenario").is_in(SHOCKS), pl.col("debt_ratio").is_null())
    partial = parts.join(computed, on="region", how="semi").group_by("scenario").agg("region").sort("scenario").rows()
    notes += [
        finding("debt.combined-is-partial", words={"name": scenario_name(name), "n": len(codes)}, key=COMBINED)
        for name, codes in partial
    ]
    return notes

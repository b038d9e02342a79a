"""The verb `debt_stress`: debt to output under slower growth, dearer credit, less land revenue, and vehicles' debt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.risks.debt.debt import KEYS, Debt, debt
from xinzhi.risks.debt.debt_dynamics import debt_dynamics
from xinzhi.risks.debt.fan_paths import recursion
from xinzhi.risks.inputs import checked, counted, finding, provenance, setting, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language, Text

_FILE = "debt/public_debt.yaml"
SCENARIOS = ("baseline", "growth", "interest", "land", "contingent", "combined")
_OWN = ("growth", "rate", "net_borrowing", "contingent")
_LABELS = {
    "baseline": ("基准", "as in the last years"),
    "growth": ("增长放缓", "slower growth"),
    "interest": ("利率上升", "dearer credit"),
    "land": ("土地收入下降", "less land revenue"),
    "contingent": ("承接融资平台债务", "vehicles' debt taken over"),
    "combined": ("合并冲击", "all together"),
}


@dataclass(frozen=True, repr=False, kw_only=True)
class DebtStress(Result):
    """Debt to output under scenarios.

    Parameters
    ----------
    frame
        ``region, scenario, year, debt_ratio, over_baseline, status_zh, status_en``: from the last known year on; null
        where the status says what is missing.
    inputs
        ``region, start_year, start, growth, growth_deviation, rate, net_borrowing, fund_ratio, vehicle_ratio,
        stabilising_borrowing, fund_year, vehicle_year``: what the paths rest on, ratios of output; the borrowing that
        would keep the ratio, and the years of the last funds and vehicles that are known.
    labels
        Names of the regions.
    findings
        Scenarios that cannot be computed, and for how many regions; what ``combined`` therefore lacks; ratios that rest
        on an older year than the debt; and funds that rose while land sales fell, so that they are hardly land.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "scenario", "year")

    inputs: pl.DataFrame
    labels: Mapping[str, Text]
    findings: tuple[Finding, ...]

    def summary(self, language: Language = "en") -> str:
        """Return what each scenario adds to the ratio on average, and to whom most."""
        zh = language == "zh"
        last = self.frame.filter(pl.col("year") == pl.col("year").max().over("region", "scenario")).drop_nulls(
            "debt_ratio"
        )
        parts = []
        for name in last["scenario"].unique(maintain_order=True):
            rows = last.filter(scenario=name).sort("over_baseline", descending=True)
            if name == "baseline":
                continue
            worst = rows.row(0, named=True)
            code = self.labels[worst["region"]].lang(language) if worst["region"] in self.labels else worst["region"]
            label = _LABELS[name][0 if zh else 1] if name in _LABELS else name
            mean = 100 * float(rows["over_baseline"].mean() or 0.0)  # type: ignore[arg-type] # a number
            parts.append(
                f"{label} {mean:+.1f}（{code} {100 * worst['over_baseline']:+.1f}）"
                if zh
                else f"{label} {mean:+.1f} ({code} {100 * worst['over_baseline']:+.1f})"
            )
        head = (
            "期末负债率高于基准（百分点，平均与最高）："
            if zh
            else "Debt to output at the end over the baseline, points on average (most): "
        )
        lines = [head + ("；" if zh else "; ").join(parts) + ("。" if zh else ".")]
        lines += [self._told(note, language) for note in self.findings]
        return "\n".join([*lines, self.provenance.foot()])

    def _told(self, note: Finding, language: Language) -> str:
        """Return a finding, with the name of the region that it is about."""
        told = note.message.lang(language)
        if note.key is None or note.key not in self.labels:
            return told
        return f"{self.labels[note.key].lang(language)}{'：' if language == 'zh' else ': '}{told}"


def debt_stress(
    source: Any,  # noqa: ANN401 - a package, a result of `debt`, or a frame as `debt` takes it
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
    UsageError
        When a scenario or baseline names something unknown.
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
    found = source if isinstance(source, Debt) else debt(source)
    years = setting(_FILE, "fan.horizon") if horizon is None else horizon
    years = int(checked("debt_stress", "horizon", years, whole=True, above=0))
    own = _checked(scenarios)
    inputs = _inputs(found, baseline)
    rows: list[dict[str, Any]] = []
    for one in inputs.iter_rows(named=True):
        base = _path(one, _Shock.none(years))
        for name in (*SCENARIOS, *own):
            shock, missing = _standard(name, one, years) if name in SCENARIOS else _given(own[name], one, years)
            rows.extend(_rows(one, name, base, None if missing else _path(one, shock), missing))
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    return DebtStress(
        frame=frame,
        inputs=inputs,
        labels=found.labels,
        findings=(*_findings(frame), *_partial(frame), *_old(inputs), *_risen(found)),
        kind=found.kind,
        provenance=provenance(
            "debt_stress", None, horizon=years, baseline=dict(baseline or {}), scenarios=[*SCENARIOS, *own]
        ),
    )


_SCHEMA: dict[str, Any] = {
    "region": pl.String, "scenario": pl.String, "year": pl.Int64, "debt_ratio": pl.Float64, "over_baseline": pl.Float64,
    "status_zh": pl.String, "status_en": pl.String,
}  # fmt: skip
_NEEDS = {"growth": "growth_deviation", "land": "fund_ratio", "contingent": "vehicle_ratio"}
_MISSING = {
    "fund_ratio": ("缺少政府性基金收入", "government-fund revenue not given"),
    "vehicle_ratio": ("缺少融资平台债务", "vehicles' debt not given"),
    "growth_deviation": ("历史太短，没有标准差", "too short a past for a standard deviation"),
}


@dataclass(frozen=True, slots=True)
class _Shock:
    """Yearly changes of growth, rate and borrowing (H,)."""

    growth: FloatArray
    rate: FloatArray
    borrowing: FloatArray

    @staticmethod
    def none(years: int) -> _Shock:
        return _Shock(np.zeros(years), np.zeros(years), np.zeros(years))

    def plus(self, other: _Shock) -> _Shock:
        return _Shock(self.growth + other.growth, self.rate + other.rate, self.borrowing + other.borrowing)


def _inputs(found: Debt, baseline: Mapping[str, float] | None) -> pl.DataFrame:
    """Return what each region's paths rest on."""
    given = dict(baseline or {})
    if strange := sorted(set(given) - set(_OWN[:3])):
        message = f"debt_stress: baseline names '{strange[0]}'; it may hold {', '.join(_OWN[:3])}."
        raise UsageError(message)
    given = {name: checked("debt_stress", f"baseline '{name}'", value) for name, value in given.items()}
    window = setting(_FILE, "stress.window")
    moved = debt_dynamics(found).frame
    recent = moved.group_by("region", maintain_order=True).agg(
        start_year=pl.col("year").last(),
        start=pl.col("debt_ratio").last(),
        growth=pl.col("growth").tail(window).mean(),
        growth_deviation=pl.col("growth").std(),
        net_borrowing=pl.col("net_borrowing").tail(window).mean(),
    )
    shares = (
        found.frame.sort(KEYS)
        .group_by("region", maintain_order=True)
        .agg(
            *_latest("fund", "fund_revenue"),
            *_latest("vehicle", "vehicles"),
        )
    )
    rows = recent.join(shares, on="region", how="left", maintain_order="left").with_columns(
        rate=pl.lit(float(given.get("rate", setting(_FILE, "interest.ahead"))))
    )
    rows = rows.with_columns(pl.lit(float(value)).alias(name) for name, value in given.items())
    if not rows["growth"].min() > -1:  # type: ignore[operator] # numbers
        message = "debt_stress: growth of -100 % or less leaves no output."
        raise InputError(message)
    held = -(pl.col("rate") - pl.col("growth")) / (1 + pl.col("growth")) * pl.col("start")
    return rows.select(
        "region", "start_year", "start", "growth", "growth_deviation", "rate", "net_borrowing", "fund_ratio",
        "vehicle_ratio", held.alias("stabilising_borrowing"), "fund_year", "vehicle_year",
    )  # fmt: skip


def _latest(name: str, column: str) -> tuple[pl.Expr, pl.Expr]:
    """Return the last ratio of a column to output that is known, and its year."""
    ratio = pl.col(column) / pl.col("output")
    return (
        ratio.drop_nulls().last().alias(f"{name}_ratio"),
        pl.col("year").filter(ratio.is_not_null()).last().alias(f"{name}_year"),
    )


def _standard(name: str, one: Mapping[str, Any], years: int) -> tuple[_Shock, str | None]:
    """Return a standard shock, or the name of the input that is missing."""
    total = _Shock.none(years)
    missing = _NEEDS.get(name)
    if missing is not None and one[missing] is None:
        return total, missing
    if name == "combined":
        for part in SCENARIOS[1:-1]:
            shock, lacking = _standard(part, one, years)
            total = total if lacking else total.plus(shock)
    elif name == "growth":
        rule = setting(_FILE, "stress.growth")
        path = np.where(np.arange(years) < rule["years"], -rule["deviations"] * one["growth_deviation"], 0.0)
        total = _Shock(path, total.rate, total.borrowing)
    elif name == "interest":
        return _given({"rate": float(setting(_FILE, "stress.interest"))}, one, years)
    elif name == "land":
        return _given({"net_borrowing": float(setting(_FILE, "stress.land")) * one["fund_ratio"]}, one, years)
    elif name == "contingent":
        return _given({"contingent": float(setting(_FILE, "stress.contingent"))}, one, years)
    return total, None


def _given(rule: Mapping[str, float], one: Mapping[str, Any], years: int) -> tuple[_Shock, str | None]:
    """Return a shock of the caller's."""
    growth, rate, borrowing = (np.full(years, float(rule.get(name, 0.0))) for name in _OWN[:3])
    if rule.get("contingent"):
        if one["vehicle_ratio"] is None:
            return _Shock(growth, rate, borrowing), "vehicle_ratio"
        # it comes in the first year, measured in that year's output
        borrowing[0] += rule["contingent"] * one["vehicle_ratio"] / (1.0 + one["growth"] + growth[0])
    return _Shock(growth, rate, borrowing), None


def _path(one: Mapping[str, Any], shock: _Shock) -> FloatArray:
    if (one["growth"] + shock.growth <= -1).any():
        message = (
            f"debt_stress: growth of -100 % or less leaves {one['region']} without output; make the shock smaller."
        )
        raise UsageError(message)
    return recursion(
        one["start"], one["growth"] + shock.growth, one["rate"] + shock.rate, one["net_borrowing"] + shock.borrowing
    )


def _rows(
    one: Mapping[str, Any], name: str, base: FloatArray, path: FloatArray | None, missing: str | None
) -> list[dict[str, Any]]:
    why = _MISSING[missing] if missing else None
    return [
        {
            "region": one["region"],
            "scenario": name,
            "year": one["start_year"] + step + 1,
            "debt_ratio": None if path is None else float(path[step]),
            "over_baseline": None if path is None else float(path[step] - base[step]),
            "status_zh": f"无法计算：{why[0]}" if why else "已计算",
            "status_en": f"not computable: {why[1]}" if why else "computed",
        }
        for step in range(len(base))
    ]


def _checked(scenarios: Mapping[str, Mapping[str, float]] | None) -> dict[str, Mapping[str, float]]:
    own = dict(scenarios or {})
    for name, rule in own.items():
        if name in SCENARIOS:
            message = f"debt_stress: '{name}' is a standard scenario; give yours another name."
            raise UsageError(message)
        if strange := sorted(set(rule) - set(_OWN)):
            message = f"debt_stress: scenario '{name}' names '{strange[0]}'; it may hold {', '.join(_OWN)}."
            raise UsageError(message)
        for part, value in rule.items():
            checked("debt_stress", f"'{part}' of scenario '{name}'", value)
    return own


def _partial(frame: pl.DataFrame) -> list[Finding]:
    """Return what the combined scenario leaves out, and in how many regions."""
    last = frame.group_by("region", "scenario").last()
    computed = last.filter(scenario="combined").drop_nulls("debt_ratio").select("region")
    parts = last.filter(pl.col("scenario").is_in(SCENARIOS[1:-1]), pl.col("debt_ratio").is_null())
    lacking = parts.join(computed, on="region", how="semi").group_by("scenario").agg("region").sort("scenario").rows()
    return [
        finding(
            "combined-is-partial",
            "note",
            (
                f"合并冲击在 {len(codes)} 个地区不含“{_LABELS[name][0]}”",
                f"'combined' is without '{name}' in {counted(len(codes))}",
            ),
            ("补充该数据。", "Hand in what it lacks."),
            key="combined",
        )
        for name, codes in lacking
    ]


def _old(inputs: pl.DataFrame) -> list[Finding]:
    """Return regions whose last known funds or vehicles' debt are older than those of others."""
    notes = []
    for name, zh, en in (
        ("fund", "政府性基金收入", "government-fund revenue"),
        ("vehicle", "融资平台债务", "vehicles' debt"),
    ):
        years = dict(inputs.select("region", f"{name}_year").drop_nulls().iter_rows())
        newest = max(years.values(), default=0)
        for region, year in years.items():
            if year == newest:
                continue
            notes.append(
                finding(
                    "old-figure",
                    "warning",
                    (f"{zh}为 {year} 年（其他地区到 {newest} 年）", f"its {en} is of {year}; others have {newest}"),
                    ("补充后来年份。", "Add the later years."),
                    key=region,
                )
            )
    return notes


def _risen(found: Debt) -> list[Finding]:
    """Return regions whose funds rose over some years as land sales do not: the shock to land overstates their loss."""
    least, years = setting(_FILE, "stress.land_risen"), setting(_FILE, "stress.land_years")
    if "fund_revenue" not in found.frame.columns:
        return []
    known = found.frame.select("region", "year", fund="fund_revenue").drop_nulls().sort("region", "year")
    past = known.select("region", pl.col("year") + years, before="fund")
    last = known.group_by("region", maintain_order=True).last().join(past, on=["region", "year"], how="left")
    notes = []
    for region, year, fund, before in last.iter_rows():
        if not before or fund <= least * before:
            continue
        times = f"{fund / before:.1f}"
        zh = f"{year} 年政府性基金收入为 {year - years} 年的 {times} 倍，多半不是土地收入：土地情景高估其损失"
        en = f"its fund revenue of {year} is {times} times that of {year - years}, hardly all land: that scenario"
        cure = ("只提供土地出让收入。", "Hand in its revenue from land alone.")
        notes.append(finding("funds-hardly-land", "warning", (zh, f"{en} overstates its loss"), cure, key=region))
    return notes


def _findings(frame: pl.DataFrame) -> tuple[Finding, ...]:
    lacking = frame.filter(pl.col("debt_ratio").is_null()).unique(["region", "scenario"], maintain_order=True)
    found = []
    for (name, zh, en), rows in lacking.group_by("scenario", "status_zh", "status_en", maintain_order=True):
        codes = sorted(rows["region"].to_list())
        found.append(
            finding(
                "scenario-not-computed",
                "note",
                (f"情景“{name}”在 {len(codes)} 个地区{zh}：{shorten(codes, '、')}",
                 f"scenario '{name}' in {counted(len(codes))} {en}: {shorten(codes)}"),
                ("补充该数据。", "Hand it in."),
                key=str(name),
            )
        )  # fmt: skip
    return tuple(found)

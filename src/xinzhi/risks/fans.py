"""The verb `debt_fan`: where debt to output may go, as a fan of percentiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from zlib import crc32

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.risks.balances import KEYS, Debt
from xinzhi.risks.fan_paths import BORROWING, GROWTH, RATE, autoregressive, independent, recursion, residuals
from xinzhi.risks.inputs import as_package, checked, finding, provenance, refuse, setting, shorten, table
from xinzhi.risks.ratio_dynamics import DebtDynamics, debt_dynamics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language, Text

_FILE = "public_debt.yaml"
VARIABLES = ("growth", "rate", "net_borrowing")
_FEWEST = 4


@dataclass(frozen=True, repr=False, kw_only=True)
class DebtFan(Result):
    """Percentiles of debt to output in the years ahead.

    Parameters
    ----------
    frame
        ``region, year, percentile, debt_ratio``.
    history
        ``region, year, debt_ratio``, for the line before the fan.
    ends
        ``region, start_year, start, end_year, median, low, high, chance_higher, years, shocks``: `low` and `high` are
        the lowest and highest percentile at the end, `chance_higher` that the ratio ends above its start, `shocks`
        ``own`` or ``pooled``.
    labels
        Names of the regions.
    findings
        Regions left out, shocks that go on from year to year, and autoregressions pulled back to stability.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year", "percentile")

    history: pl.DataFrame
    ends: pl.DataFrame
    labels: Mapping[str, Text]
    findings: tuple[Finding, ...]

    def summary(self, language: Language = "en") -> str:
        """Return in how many regions the ratio rises more likely than not, and where it may go highest."""
        zh = language == "zh"
        likely = self.ends.filter(pl.col("chance_higher") > 0.5).height  # noqa: PLR2004 - more likely than not
        top = self.ends.sort("high", descending=True).row(0, named=True)
        name = self.labels[top["region"]].lang(language) if top["region"] in self.labels else top["region"]
        cuts = self.frame["percentile"]
        low, high = f"{cuts.to_numpy().min():g}", f"{cuts.to_numpy().max():g}"
        pooled = self.ends.filter(shocks="pooled").height
        if zh:
            head = (
                f"{self.ends.height} 个地区中有 {likely} 个的负债率多半上升；{top['end_year']} 年最高的是 {name}：中位 "
                f"{top['median']:.0%}，第 {low}-{high} 百分位为 {top['low']:.0%}-{top['high']:.0%}。"
            )
            tail = f"{pooled} 个地区的历史太短，冲击取自全部地区。" if pooled else ""
        else:
            head = (
                f"In {likely} of {self.ends.height} regions debt to output more likely rises than not; highest by "
                f"{top['end_year']} {name}: {top['median']:.0%} in the middle, {top['low']:.0%}-{top['high']:.0%} "
                f"between percentiles {low} and {high}."
            )
            tail = f"{pooled} regions have too short a past: their shocks are those of all regions." if pooled else ""
        return "\n".join(line for line in (head, tail, self.provenance.foot()) if line)


def debt_fan(
    source: Any,  # noqa: ANN401 - a package, a result, or any kind of frame
    *,
    horizon: int | None = None,
    draws: int | None = None,
    order: int = 0,
    baseline: Mapping[str, float] | None = None,
    percentiles: Sequence[float] | None = None,
    seed: int = 0,
) -> DebtFan:
    """Draw futures of debt to output from past shocks to growth, interest and borrowing.

    Parameters
    ----------
    source
        A package, a result of `debt` or `debt_dynamics`, or a frame ``region, year, debt_ratio, growth, rate,
        net_borrowing``.
    horizon, draws, percentiles
        None: as ``public_debt.yaml`` says.
    order
        0: years are independent around their mean; 1: a vector autoregression of order one on the region's own past.
    baseline
        Means to use in place of the past's, of some of ``growth, rate, net_borrowing``. Where interest is not disclosed
        (one rate for all) the rate ahead is ``interest.ahead`` of ``public_debt.yaml`` unless it is given here.
    seed
        Of the draws; each region has a stream of its own.

    Raises
    ------
    UsageError
        When an option makes no sense.
    InputError
        When no region has four years, or an autoregression lacks years.

    Notes
    -----
    After Celasun, Debrun and Ostry (2006), IMF Staff Papers 53(3), with shocks resampled instead of normal. A region
    with fewer years than ``fan.least_years`` draws from the shocks of all. Fans carry the past on: they know of no
    swap of hidden debt and no new rule. ``bench/bench_debt.py`` measures how often they hold.

    Examples
    --------
    >>> fan = debt_fan("china-provinces", draws=200)
    >>> fan.frame.columns, fan.ends.height
    (['region', 'year', 'percentile', 'debt_ratio'], 31)
    """
    history, found = _history(source)
    years, count = (setting(_FILE, f"fan.{n}") if v is None else v for n, v in (("horizon", horizon), ("draws", draws)))
    cuts = list(setting(_FILE, "fan.percentiles") if percentiles is None else percentiles)
    _check(years, count, order, cuts)
    means = _means(history, baseline)
    least = setting(_FILE, "fan.least_years")
    series = {str(code): rows.sort("year") for (code,), rows in history.group_by("region", maintain_order=True)}
    kept = {code: rows for code, rows in series.items() if rows.height >= _FEWEST}
    if not kept:
        message = f"debt_fan: no region has {_FEWEST} years of {', '.join(VARIABLES)} and the ratio."
        raise InputError(message)
    pool = np.concatenate([residuals(rows.select(VARIABLES).to_numpy()) for rows in kept.values()])
    fans, ends = [], []
    notes = [_too_short(code, rows.height) for code, rows in series.items() if code not in kept]
    notes += _correlated(list(kept.values())) if order == 0 else []
    for code, rows in kept.items():
        rng = np.random.default_rng([seed, crc32(code.encode())])
        own = rows.height >= least or len(kept) == 1
        past = rows.select(VARIABLES).to_numpy()
        if order == 1:
            _whole(code, rows["year"].to_list())
            if rows.height < (enough := setting(_FILE, "fan.least_autoregression")):
                message = f"debt_fan: {code} has {rows.height} years, an autoregression needs {enough}; use order=0."
                raise InputError(message)
            future, pulled = autoregressive(past, years, count, rng)
            notes += [_pulled(code, pulled)] if pulled > 0 else []
        else:
            future = independent(past, years, count, rng, None if own else pool)
        future = future + _shift(past, means)
        start, when = float(rows["debt_ratio"][-1]), int(rows["year"][-1])
        paths = recursion(start, future[..., GROWTH], future[..., RATE], future[..., BORROWING])
        at = np.percentile(paths, cuts, axis=0)
        fans.append(_fan_rows(code, when, cuts, at))
        last = paths[:, -1]
        ends.append(
            (code, when, start, when + years, float(np.median(last)), float(at[:, -1].min()), float(at[:, -1].max()),
             float((last > start).mean()), rows.height, "own" if own else "pooled")
        )  # fmt: skip
    return DebtFan(
        frame=pl.concat(fans),
        history=history.select(*KEYS, "debt_ratio"),
        ends=pl.DataFrame(ends, schema=_ENDS, orient="row"),
        labels=found.labels if found is not None else {},
        findings=tuple(notes),
        kind=found.kind if found is not None else "polars",
        provenance=provenance(
            "debt_fan", None, horizon=years, draws=count, order=order, baseline=means, seed=seed, percentiles=cuts
        ),
    )


_ENDS: dict[str, Any] = {
    "region": pl.String, "start_year": pl.Int64, "start": pl.Float64, "end_year": pl.Int64, "median": pl.Float64,
    "low": pl.Float64, "high": pl.Float64, "chance_higher": pl.Float64, "years": pl.Int64, "shocks": pl.String,
}  # fmt: skip


def _history(source: Any) -> tuple[pl.DataFrame, DebtDynamics | None]:  # noqa: ANN401 - as the verb
    """Return the past of ratio, growth, rate and borrowing, and the result that it came from."""
    if isinstance(source, Debt | DebtDynamics) or as_package(source) is not None:
        found = source if isinstance(source, DebtDynamics) else debt_dynamics(source)
        frame = found.frame
    else:
        found = None
        frame, _ = table(source, ["debt_ratio", *VARIABLES], verb="debt_fan", keys=list(KEYS))
        refuse(frame, ("debt_ratio",), verb="debt_fan", keys=KEYS)
    kept = frame.select(*KEYS, "debt_ratio", *VARIABLES).drop_nulls()
    if (off := kept.filter(pl.col("growth") <= -1)).height:
        message = (
            f"debt_fan: growth of {off['region'][0]} in {off['year'][0]} is {off['growth'][0]:g}: output has vanished."
        )
        raise InputError(message)
    return kept.sort(KEYS), found


def _check(years: int, count: int, order: int, cuts: Sequence[float]) -> None:
    """Refuse options that make no sense."""
    for name, value in (("horizon", years), ("draws", count)):
        checked("debt_fan", name, value, whole=True, above=0)
    for cut in cuts:
        checked("debt_fan", "a percentile", cut)
    for holds, what in (
        (order in (0, 1), f"order is {order}; it must be 0 or 1"),
        (bool(cuts) and min(cuts) >= 0 and max(cuts) <= 100, f"percentiles {list(cuts)} must lie in 0-100"),  # noqa: PLR2004 - per cent
    ):
        if not holds:
            message = f"debt_fan: {what}."
            raise UsageError(message)


def _means(history: pl.DataFrame, baseline: Mapping[str, float] | None) -> dict[str, float]:
    """Return the means that replace the past's."""
    means = dict(baseline or {})
    if strange := sorted(set(means) - set(VARIABLES)):
        message = f"debt_fan: baseline names '{strange[0]}'; it may hold {', '.join(VARIABLES)}."
        raise UsageError(message)
    means = {name: checked("debt_fan", f"baseline '{name}'", value) for name, value in means.items()}
    if "rate" not in means and history["rate"].n_unique() == 1:
        means["rate"] = float(setting(_FILE, "interest.ahead"))
    return means


def _shift(past: FloatArray, means: Mapping[str, float]) -> FloatArray:
    """Return what moves the past's means to those given (k,)."""
    return np.array([means[name] - past[:, k].mean() if name in means else 0.0 for k, name in enumerate(VARIABLES)])


def _fan_rows(code: str, when: int, cuts: Sequence[float], found: FloatArray) -> pl.DataFrame:
    horizon = found.shape[1]
    return pl.DataFrame(
        {
            "region": [code] * found.size,
            "year": np.tile(np.arange(when + 1, when + horizon + 1), len(cuts)),
            "percentile": np.repeat(np.asarray(cuts, dtype=float), horizon),
            "debt_ratio": found.ravel(),
        }
    )


def _whole(code: str, years: Sequence[int]) -> None:
    """Refuse a past with gaps: an autoregression would take the years around a gap for neighbours."""
    if missing := sorted(set(range(years[0], years[-1] + 1)) - set(years)):
        listed = shorten([str(one) for one in missing])
        message = f"debt_fan: {code} has no {listed}; an autoregression needs every year: fill the gap or use order=0."
        raise InputError(message)


def _correlated(series: Sequence[pl.DataFrame]) -> list[Finding]:
    """Return a finding where shocks go on from year to year, so that a fan of independent years is too narrow.

    The correlation of a year with the next is pooled over regions; one over the years is what estimating a mean takes
    off it. Gaps are left out.
    """
    notes = []
    for name, zh in zip(VARIABLES, ("增长", "利率", "净举债"), strict=True):
        products, squares, lost = 0.0, 0.0, 0.0
        for rows in series:
            shocks = (rows[name] - rows[name].mean()).to_numpy()
            neighbours = np.diff(rows["year"].to_numpy()) == 1
            products += float((shocks[1:] * shocks[:-1])[neighbours].sum())
            squares += float((shocks**2).sum())
            lost += float((shocks**2).sum()) / len(shocks)
        if squares <= 0:
            continue
        found = (products + lost) / squares
        if found >= setting(_FILE, "fan.autocorrelation"):
            notes.append(
                finding(
                    "autocorrelated",
                    "warning",
                    (
                        f"{zh}的冲击逐年相关（{found:.2f}），逐年独立的扇形偏窄",
                        f"shocks to {name} last into the next year ({found:.2f}): independent years make a narrow fan",
                    ),
                    (
                        "历史够长时用 order=1；否则把区间当作下限。",
                        "Use order=1 where the past is long enough; else take the bands for a lower bound.",
                    ),
                    column=name,
                )
            )
    return notes


def _too_short(code: str, years: int) -> Finding:
    return finding(
        "too-short",
        "warning",
        (f"只有 {years} 年，未画扇形图", f"has {years} years only and no fan"),
        (f"至少需要 {_FEWEST} 年。", f"It takes {_FEWEST} years."),
        key=code,
    )


def _pulled(code: str, share: float) -> Finding:
    return finding(
        "explosive-draws",
        "note",
        (
            f"{share:.1%} 的自回归抽样发散，已拉回平稳",
            f"{share:.1%} of the autoregressions drawn explode and are pulled back",
        ),
        ("比例很高时改用 order=0。", "Where that is much, use order=0."),
        key=code,
    )

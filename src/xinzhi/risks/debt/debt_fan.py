"""The verb `debt_fan`: where debt to output may go, as a fan of percentiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from zlib import crc32

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.risks.debt.debt import KEYS, Debt
from xinzhi.risks.debt.debt_dynamics import DebtDynamics, debt_dynamics
from xinzhi.risks.debt.fan_autoregression import NOTHING, PanelAutoregression, panel_autoregression, persistent
from xinzhi.risks.debt.fan_notes import FEWEST, NAMES, apart, correlated, follows, listed, pulled_back, too_short
from xinzhi.risks.debt.fan_paths import BORROWING, GROWTH, RATE, autoregressive, independent, recursion, residuals
from xinzhi.risks.inputs import as_package, checked, provenance, refuse, setting, shorten, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language, Text

_FILE = "debt/public_debt.yaml"
VARIABLES = tuple(NAMES)


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
    persistence
        ``variable, coefficient, low, high, least_squares``: how much of a shock is left a year later, by the
        autoregression of all regions that pooled shocks follow (5th and 95th percentile of its draws; before the
        correction). Without rows where there is none; variables that never move are left out.
    labels
        Names of the regions.
    findings
        Regions left out, how long pooled shocks last, shocks drawn as independent that are not, and autoregressions
        pulled back to stability.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year", "percentile")

    history: pl.DataFrame
    ends: pl.DataFrame
    persistence: pl.DataFrame
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
            tail = f"{pooled} 个地区的历史太短，冲击取自全部地区{self._lasting(language)}。"
        else:
            head = (
                f"In {likely} of {self.ends.height} regions debt to output more likely rises than not; highest by "
                f"{top['end_year']} {name}: {top['median']:.0%} in the middle, {top['low']:.0%}-{top['high']:.0%} "
                f"between percentiles {low} and {high}."
            )
            tail = (
                f"{pooled} regions have too short a past: their shocks are those of all regions"
                f"{self._lasting(language)}."
            )
        return "\n".join(line for line in (head, tail if pooled else "", self.provenance.foot()) if line)

    def _lasting(self, language: Language) -> str:
        """Return how long pooled shocks last, as the end of a sentence."""
        if self.persistence.is_empty():
            return "，各年独立抽取" if language == "zh" else ", each year drawn on its own"
        found = listed(self.persistence).lang(language)
        if language == "zh":
            return f"，其延续按各地区共同的一阶自回归估计（系数：{found}）"
        return f", and last as one first-order autoregression of all says (coefficients: {found})"


def debt_fan(
    source: Any,  # noqa: ANN401 - a package, a result, or any kind of frame
    *,
    horizon: int | None = None,
    draws: int | None = None,
    order: int | None = None,
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
        None: a region with a past long enough draws independent years from it; shorter ones follow one autoregression
        of all regions. 0: years are independent around their mean everywhere; 1: a vector autoregression of order one
        on the region's own past.
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
    with fewer years than ``fan.least_years`` draws from the shocks of all, and they last as
    `fan_autoregression.panel_autoregression` says: bands then cover what is not known of the coefficient too. A region
    calmer or wilder than the others has bands that are too wide or too narrow. Fans carry the past on: they know of no
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
    kept = {code: rows for code, rows in series.items() if rows.height >= FEWEST}
    if not kept:
        message = f"debt_fan: no region has {FEWEST} years of {', '.join(VARIABLES)} and the ratio."
        raise InputError(message)
    pasts = {code: rows.select(VARIABLES).to_numpy() for code, rows in kept.items()}
    pool = np.concatenate([residuals(past) for past in pasts.values()])
    alone = [rows for rows in kept.values() if rows.height >= least or len(kept) == 1]
    fans, ends = [], []
    notes = [too_short(code, rows.height) for code, rows in series.items() if code not in kept]
    shared, lasting = None, pl.DataFrame(schema=_PERSISTENCE)
    if order is None and len(alone) < len(kept):
        dated = [(kept[code]["year"].to_numpy(), past) for code, past in pasts.items()]
        shared = panel_autoregression(dated, count, np.random.default_rng(seed))
        lasting = lasting if shared is None else _persistence(shared)
        notes.append(apart() if shared is None else follows(lasting, shared.pulled))
    if order != 1:
        notes += correlated(list(kept.values()) if shared is None else alone)
    for code, rows in kept.items():
        rng = np.random.default_rng([seed, crc32(code.encode())])
        own = rows.height >= least or len(kept) == 1
        past = pasts[code]
        if order == 1:
            _whole(code, rows["year"].to_list())
            if rows.height < (enough := setting(_FILE, "fan.least_autoregression")):
                message = (
                    f"debt_fan: {code} has {rows.height} years, an autoregression needs {enough}; leave order out."
                )
                raise InputError(message)
            future, pulled = autoregressive(past, years, count, rng)
            notes += [pulled_back(code, pulled)] if pulled > 0 else []
        elif shared is not None and not own:
            future = persistent(rows["year"].to_numpy(), past, shared, years, rng)
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
        persistence=lasting,
        labels=found.labels if found is not None else {},
        findings=tuple(notes),
        kind=found.kind if found is not None else "polars",
        provenance=provenance(
            "debt_fan",
            None,
            horizon=years,
            draws=count,
            order=order,
            baseline=means,
            seed=seed,
            percentiles=cuts,
            persistence=dict(lasting.select("variable", "coefficient").iter_rows()),
        ),
    )


_ENDS: dict[str, Any] = {
    "region": pl.String, "start_year": pl.Int64, "start": pl.Float64, "end_year": pl.Int64, "median": pl.Float64,
    "low": pl.Float64, "high": pl.Float64, "chance_higher": pl.Float64, "years": pl.Int64, "shocks": pl.String,
}  # fmt: skip
_PERSISTENCE: dict[str, Any] = {
    "variable": pl.String, "coefficient": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "least_squares": pl.Float64,
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


def _check(years: int, count: int, order: int | None, cuts: Sequence[float]) -> None:
    """Refuse options that make no sense."""
    for name, value in (("horizon", years), ("draws", count)):
        checked("debt_fan", name, value, whole=True, above=0)
    for cut in cuts:
        checked("debt_fan", "a percentile", cut)
    for holds, what in (
        (order in (None, 0, 1), f"order is {order}; it must be 0 or 1, or left out"),
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
        message = (
            f"debt_fan: {code} has no {listed}; an autoregression needs every year: fill the gap or leave order out."
        )
        raise InputError(message)


def _persistence(shared: PanelAutoregression) -> pl.DataFrame:
    """Return the coefficients of the autoregression of all regions, of variables that move."""
    low, high = np.percentile(shared.drawn, [5, 95], axis=0)
    moves = (shared.shocks**2).sum(axis=0) > NOTHING
    rows = [
        (name, *(float(one[k]) for one in (shared.slopes, low, high, shared.plain)))
        for k, name in enumerate(VARIABLES)
        if moves[k]
    ]
    return pl.DataFrame(rows, schema=_PERSISTENCE, orient="row")

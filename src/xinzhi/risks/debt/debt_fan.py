"""The verb `debt_fan`: where debt to output may go, as a fan of percentiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import NO_NAMES
from xinzhi.core.result import Facts
from xinzhi.core.text import Text
from xinzhi.risks.debt import fan_history, fan_shocks
from xinzhi.risks.debt.debt import KEYS
from xinzhi.risks.debt.debt_dynamics import DebtDynamics
from xinzhi.risks.debt.fan_frames import FanFrames
from xinzhi.risks.debt.fan_history import VARIABLES
from xinzhi.risks.inputs import finite_number, setting

LIKELY, MIDDLE = setting("public_debt", "fan.likely"), 50.0


@dataclass(frozen=True, repr=False, kw_only=True)
class DebtFan(FanFrames, verb="debt_fan", topic="debt", key=("region", "year", "percentile")):
    """Percentiles of debt to output in the years ahead.

    A row of `frame` is a region, year and percentile, of `history` a region and year before it, of `ends` a region, of
    `persistence` a variable that moves: how much of a shock is left a year later, by the autoregression of all regions
    that pooled shocks follow; without rows where there is none. `record` is how fans drawn in the same way at the end
    of past years held: a row such a year and number of years ahead, with the share of regions inside the outermost
    percentiles, below and above, and by how much what came lay above the median on average. `findings` name regions
    left out, shocks drawn as independent that are not, and autoregressions pulled back to stability.
    """

    persistence: pl.DataFrame
    record: pl.DataFrame
    findings: tuple[Finding, ...]

    def cuts(self) -> list[float]:
        """Return the percentiles, the lowest first."""
        return sorted(self.frame["percentile"].unique())

    def facts(self) -> Facts:
        """Return in how many regions the ratio rises more likely than not, and where it may go highest."""
        order = self.ends.sort("median", "region", descending=[True, False])
        top, likely = order.row(0, named=True), order.filter(pl.col("chance_higher") > LIKELY).height
        values = {
            "n": order.height,
            "k": likely,
            "years": span(int(top["end_year"] - top["start_year"])),
            "name": self.names.region(top["region"]),
            "median": top["median"],
            "chance": chance(top["chance_higher"]),
        }
        facts: Facts = {"headline.ends" if order.height > 1 else "headline.ends_one": values}
        facts |= self.of_region(self.highest()) | self.track_record()
        pooled, n = self.ends.filter(shocks="pooled").height, self.ends.height  # that draw from the shocks of all
        if pooled:
            facts |= {"note.pooled_all": {}} if pooled == n else {"note.pooled": {"k": pooled, "n": n}}
        if pooled and self.persistence.is_empty():
            facts["note.apart"] = {}
        elif pooled:  # how the shocks last
            facts["note.persistence"] = {"coefficients": coefficients(self.persistence)}
        return facts

    def track_record(self) -> Facts:
        """Return how fans drawn at the end of past years held; nothing where there is no such year."""
        if self.record.is_empty():
            return {}
        rows, cuts = self.record, self.cuts()
        shares = [
            (pl.col(measure) * pl.col("regions")).sum() / pl.col("regions").sum()
            for measure in ("inside", "above", "error")
        ]
        inside, above, error = rows.select(*shares).row(0)
        worst, worst_inside, worst_above, _ = rows.group_by("origin").agg(*shares).sort("inside", "origin").row(0)
        last = rows.sort("origin", "ahead").group_by("origin", maintain_order=True).last()
        ends = [
            words.debt.chart_held_end(origin=origin, years=span(ahead), error=100 * off)
            for origin, ahead, off in last.select("origin", "ahead", "error").rows()
        ]
        return {
            "answer.held": {
                "first": last["origin"][0],
                "last": last["origin"][-1],
                "n": int(rows["regions"].sum()),
                "inside": inside,
                "a": cuts[0],
                "b": cuts[-1],
                "level": (cuts[-1] - cuts[0]) / 100,
                "above": above,
                "worst": worst,
                "worst_inside": worst_inside,
                "worst_above": worst_above,
                "error": 100 * error,
                "ends": ends,
                "m": last.height,
                "k": last.filter(pl.col("error") > 0).height,
            }
        }

    def highest(self) -> str:
        """Return the region whose ratio may end highest."""
        return str(self.ends.sort("high", "region", descending=[True, False])["region"][0])

    def of_region(self, region: str) -> Facts:
        """Return where debt to output of one region may go (code or name)."""
        code = self.names.resolve(region, self.ends["region"])
        end, cuts = self.ends.row(by_predicate=pl.col("region") == code, named=True), self.cuts()
        values = {
            "name": self.names.region(code),
            "start": end["start"],
            "year": end["start_year"],
            "median": end["median"],
            "end": end["end_year"],
            "low": end["low"],
            "high": end["high"],
            "a": cuts[0],
            "b": cuts[-1],
            "chance": chance(end["chance_higher"]),
        }
        return {"headline.fan" if len(cuts) > 1 else "headline.fan_plain": values}

    def chance(self, region: str) -> Text:
        """Return the chance that the ratio of a region rises, in per cent."""
        return chance(self.ends.row(by_predicate=pl.col("region") == region, named=True)["chance_higher"])


def coefficients(persistence: pl.DataFrame) -> list[Text]:
    """Return variables and their coefficients in words."""
    return [
        words.debt.chart_coefficient(name=words.debt.chart_of(f"of_{name}"), value=value)
        for name, value in persistence.select("variable", "coefficient").iter_rows()
    ]


def chance(value: float) -> Text:
    """Return a chance in per cent; what draws cannot tell from certain is no more than nearly so."""
    sure = setting("public_debt", "fan.sure")
    key = "chance"
    if value > 1 - sure:
        key = "nearly_sure"
    elif value < sure:
        key = "hardly"
    return words.debt.chart_of(key, value=value)


def span(years: int) -> Text:
    """Return a number of years in words."""
    return words.debt.chart_years(n=years)


def debt_fan(  # noqa: PLR0913 - each assumption under its own name
    source: AnyFrame,
    *,
    horizon: int | None = None,
    draws: int | None = None,
    order: int | None = None,
    trend: bool = False,
    baseline: Mapping[str, float] | None = None,
    percentiles: Sequence[float] | None = None,
    seed: int = 0,
    origins: int | None = None,
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
        None: a region with a past long enough follows an autoregression of its own, shorter ones follow one of all
        regions; both are corrected for what least squares misses. 0: years are independent around their mean
        everywhere; 1: a vector autoregression of order one on the region's own past.
    trend
        Whether growth, interest and borrowing go on with the linear trend of the past instead of falling back to its
        mean: one slope for the regions of short pasts, one each for the others. Bands then hold what is not known of
        the slope. Where it is off and growth has a trend, a finding says so.
    baseline
        Means to use in place of the past's, of some of ``growth, rate, net_borrowing``. Where interest is not disclosed
        (one rate for all) the rate ahead is ``interest.ahead`` of ``public_debt.yaml`` unless it is given here.
    seed
        Of the draws; each region has a stream of its own.
    origins
        At the end of how many past years fans are drawn anew and held against what came (None: as ``public_debt.yaml``
        says, 0: none), by the same call on the data up to then, with the past's own means and fewer draws.

    Raises
    ------
    InputError
        When no region has four years, or an autoregression lacks years.

    Notes
    -----
    After Celasun, Debrun and Ostry (2006), IMF Staff Papers 53(3), with shocks resampled instead of normal. A region
    with fewer years than ``fan.least_years`` draws from the shocks of all, and they last as
    `fan_autoregression.panel_autoregression` says: bands then cover what is not known of the coefficient too. A region
    calmer or wilder than the others has bands that are too wide or too narrow. Fans carry the past on: they know of no
    swap of hidden debt and no new rule. `record` says how they have held; bands are not widened by it, as years that
    all regions live through together are few. ``bench/bench_debt.py`` measures how often they hold.

    Examples
    --------
    >>> fan = debt_fan("china-provinces", draws=200)
    >>> fan.frame.columns, fan.ends.height
    (['region', 'year', 'percentile', 'debt_ratio'], 31)
    """
    history, source_result = fan_history.history(source)
    years, count = (
        setting("public_debt", f"fan.{name}") if value is None else value
        for name, value in (("horizon", horizon), ("draws", draws))
    )
    cuts = list(setting("public_debt", "fan.percentiles") if percentiles is None else percentiles)
    fan_history.check_options(years, count, order, cuts, trend=trend)
    if origins is not None:
        finite_number("debt_fan", "origins", origins, integer=True, above=-1)
    means = fan_history.means(history, baseline)
    moves = fan_shocks.Moves(count=count, seed=seed, order=order, trend=trend)
    fan_draws = _draw(history, means, moves, years)
    fans, ends = [], []
    all_percentiles = np.percentile(np.stack(list(fan_draws.paths.values())), cuts, axis=1)
    for place, (code, paths) in enumerate(fan_draws.paths.items()):
        rows, at = fan_draws.series[code], all_percentiles[:, place]
        start, when = float(rows["debt_ratio"][-1]), int(rows["year"][-1])
        ahead = {
            "year": np.tile(np.arange(when + 1, when + years + 1), len(cuts)),
            "percentile": np.repeat(np.asarray(cuts, dtype=float), years),
        }
        fans.append(pl.DataFrame({"region": [code] * at.size, **ahead, "debt_ratio": at.ravel()}))
        last = paths[:, -1]
        ends.append(
            (
                code,
                when,
                start,
                when + years,
                float(np.median(last)),
                float(at[:, -1].min()),
                float(at[:, -1].max()),
                float((last > start).mean()),
                rows.height,
                "own" if code in fan_draws.own_shocks else "pooled",
            )
        )
    fewer = replace(moves, count=min(count, setting("public_debt", "fan.record_draws")))
    past = setting("public_debt", "fan.record_origins") if origins is None else origins
    lasting, notes = fan_draws.lasting, fan_draws.notes
    options = {
        "horizon": years,
        "draws": count,
        "order": order,
        "trend": trend,
        "baseline": means,
        "seed": seed,
        "percentiles": cuts,
        "origins": past,
        "persistence": dict(lasting.select("variable", "coefficient").iter_rows()),
    }
    return DebtFan(
        frame=pl.concat(fans),
        history=history.select(*KEYS, "debt_ratio"),
        ends=pl.DataFrame(ends, schema=_ENDS, orient="row"),
        persistence=lasting,
        record=_record(history, fewer, years, (min(cuts), max(cuts)), past),
        findings=tuple(notes),
        names=source_result.names if isinstance(source_result, DebtDynamics) else NO_NAMES,
        kind=source_result.kind,
        provenance=replace(
            source_result.provenance if isinstance(source_result, DebtDynamics) else source_result.provenance(),
            verb="debt_fan",
            options=options,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _FanDraws:
    """Paths (B, H) by region, the pasts that they start from, and the findings on them."""

    paths: Mapping[str, FloatArray]
    series: Mapping[str, pl.DataFrame]
    own_shocks: frozenset[str]
    lasting: pl.DataFrame
    notes: list[Finding]


def _draw(
    history: pl.DataFrame, means: Mapping[str, float], moves: fan_shocks.Moves, years: int, *, look: bool = True
) -> _FanDraws:
    """Draw paths of every region whose past is long enough; findings on trends only where they are looked for."""
    least, fewest = setting("public_debt", "fan.least_years"), setting("public_debt", "fan.least")
    series = {str(code): rows.sort("year") for (code,), rows in history.group_by("region", maintain_order=True)}
    long_enough = {code: rows for code, rows in series.items() if rows.height >= fewest}
    if not long_enough:
        raise InputError("debt.fan-too-short", least=fewest, names=VARIABLES)
    pasts = {code: (rows["year"].to_numpy(), rows.select(VARIABLES).to_numpy()) for code, rows in long_enough.items()}
    notes = [
        finding("debt.too-short", words={"years": rows.height, "least": fewest}, key=code)
        for code, rows in series.items()
        if code not in long_enough
    ]
    own_shocks = frozenset(code for code, rows in long_enough.items() if rows.height >= least or len(long_enough) == 1)
    shared = moves.pool_pasts(pasts, look=look) if moves.order != 1 and len(own_shocks) < len(long_enough) else None
    lasting = fan_history.persistence(None if shared is None else shared.raw_model)
    notes += _shared_shocks_notes(shared, lasting, list(long_enough.values()), moves)
    paths = {}
    for code, rows in long_enough.items():
        rng = np.random.default_rng([moves.seed, crc32(code.encode())])
        future, problems = _future(
            code, pasts[code], None if code in own_shocks else shared, moves, years, rng, look=look
        )
        notes += problems
        past = pasts[code][1]  # its means are moved to those given
        future = future + [
            means[variable] - past[:, k].mean() if variable in means else 0.0 for k, variable in enumerate(VARIABLES)
        ]
        paths[code] = fan_shocks.recursion(
            float(rows["debt_ratio"][-1]),
            *(future[..., variable] for variable in (fan_shocks.GROWTH, fan_shocks.RATE, fan_shocks.BORROWING)),
        )
    return _FanDraws(paths=paths, series=long_enough, own_shocks=own_shocks, lasting=lasting, notes=notes)


def _record(
    history: pl.DataFrame, moves: fan_shocks.Moves, horizon: int, ends: tuple[float, float], origins: int
) -> pl.DataFrame:
    """Return how fans drawn at the end of past years held: a row a year of origin and number of years ahead."""
    years = sorted(history["year"].unique())
    came = {(region, year): ratio for region, year, ratio in history.select(*KEYS, "debt_ratio").iter_rows()}
    rows = []
    for origin in years[-1 - origins : -1] if ends[0] < ends[1] else ():
        past = history.filter(pl.col("year") <= origin)
        try:
            fan_draws = _draw(past, {}, moves, horizon, look=False)  # interest ahead as of today was not known then
        except InputError:  # no past is long enough yet
            continue
        cuts = np.percentile(np.stack(list(fan_draws.paths.values())), [ends[0], MIDDLE, ends[1]], axis=1)
        for place, code in enumerate(fan_draws.paths):
            if fan_draws.series[code]["year"][-1] != origin:
                continue
            rows += [
                (origin, ahead, came[code, origin + ahead], *cuts[:, place, ahead - 1])
                for ahead in range(1, cuts.shape[2] + 1)
                if (code, origin + ahead) in came
            ]
    actual = pl.col("actual")
    return (
        pl.DataFrame(rows, schema=_HELD, orient="row")
        .group_by("origin", "ahead")
        .agg(
            regions=pl.len().cast(pl.Int64),
            inside=actual.is_between("low", "high").mean(),
            below=(actual < pl.col("low")).mean(),
            above=(actual > pl.col("high")).mean(),
            error=(actual - pl.col("middle")).mean(),
        )
        .sort("origin", "ahead")
    )


def _future(
    code: str,
    past: tuple[IntArray, FloatArray],
    shared: fan_shocks.Pooled | None,
    moves: fan_shocks.Moves,
    horizon: int,
    rng: np.random.Generator,
    *,
    look: bool,
) -> tuple[FloatArray, list[Finding]]:
    """Return futures (B, H, k) of one region, from its own past unless shocks are pooled, and the findings on it."""
    if moves.order == 1:
        # refuse a past with gaps, which an autoregression would take for neighbours, and one that is too short
        years = past[0].tolist()
        if missing := sorted(set(range(years[0], years[-1] + 1)) - set(years)):
            raise InputError("debt.autoregression-gap", region=code, years=missing)
        if len(years) < (enough := setting("public_debt", "fan.least_autoregression")):
            raise InputError("debt.autoregression-years", region=code, years=len(years), least=enough)
        future, pulled = fan_shocks.autoregressive(past[1], horizon, moves.count, rng)
        return future, [finding("debt.explosive-draws", words={"share": pulled}, key=code)] if pulled > 0 else []
    if shared is not None:
        return shared.future(code, horizon, moves, rng), []
    future, slow = moves.own_futures(past, horizon, rng, look=look)
    return future, _slows(slow, code, moves.trend)


def _shared_shocks_notes(
    shared: fan_shocks.Pooled | None, lasting: pl.DataFrame, series: Sequence[pl.DataFrame], moves: fan_shocks.Moves
) -> list[Finding]:
    """Return findings on shocks that regions share, and on years that are drawn one by one."""
    autocorrelated = fan_history.autocorrelation_notes(series) if moves.order == 0 else []
    if shared is None:
        return autocorrelated
    notes = _slows(shared.slow, "", moves.trend)
    if moves.order == 0:
        return autocorrelated + notes
    if shared.raw_model is None:
        return [finding("debt.years-apart"), *fan_history.autocorrelation_notes(series), *notes]
    pulled, limit = shared.raw_model.pulled, setting("public_debt", "fan.largest_coefficient")
    values = {"coefficients": coefficients(lasting), "share": pulled, "limit": limit}
    cut = finding("debt.pooled-autoregression-cut" if pulled > 0 else "debt.pooled-autoregression", words=values)
    return [cut, *notes]


def _slows(trend: fan_shocks.Trend, code: str, continued: bool) -> list[Finding]:  # noqa: FBT001 - whether the fan goes on with it
    """Return that growth has a trend that chance does not give, where the fan leaves it out."""
    at = VARIABLES.index("growth")
    if continued or abs(trend.ratio[at]) < float(setting("public_debt", "fan.trend")):
        return []
    values = {"points": 100 * float(trend.slopes[at]), "ratio": abs(float(trend.ratio[at]))}
    return [finding("debt.trend", words=values, column="growth", key=code or None)]


_ENDS: dict[str, type[pl.DataType]] = {
    "region": pl.String, "start_year": pl.Int64, "start": pl.Float64, "end_year": pl.Int64, "median": pl.Float64,
    "low": pl.Float64, "high": pl.Float64, "chance_higher": pl.Float64, "years": pl.Int64, "shocks": pl.String,
}  # fmt: skip
_HELD: dict[str, type[pl.DataType]] = {
    "origin": pl.Int64, "ahead": pl.Int64, **dict.fromkeys(("actual", "low", "middle", "high"), pl.Float64),
}  # fmt: skip

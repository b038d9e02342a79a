"""The verb `backtest`: had official investment ended earlier, the bands against what was published later."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.provenance import provenance
from xinzhi.protocol import Protocol
from xinzhi.yardstick.basis import basis
from xinzhi.yardstick.estimates.draws import DRIFT, ESTIMATED, draw, drawn_growth, generator, path
from xinzhi.yardstick.estimates.errors import conventions, is_part, learn
from xinzhi.yardstick.estimates.intervals import Evaluation, evaluate
from xinzhi.yardstick.estimates.results import Backtest
from xinzhi.yardstick.estimating import as_of, benchmark_investment, common_end, live, share_as_of
from xinzhi.yardstick.growth_accounts import build_inputs, with_sum
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Panel, Ruler, Source, under

HELD_OUT, REAL_TIME = "held_out", "real_time"


def backtest(
    package: Source,
    protocol: Ruler = DEFAULT_PROTOCOL,
    *,
    ends: Collection[int] | None = None,
) -> Backtest:
    """Test the bands of estimated years on the past: pseudo ends of the official series, by the code of the real end.

    In the test `held_out` errors are learned up to 2009 and held against all later years; in `real_time` up to each
    last official year.

    Parameters
    ----------
    package, protocol
        As in `measure`: official investment for many years, and the group `estimates`.
    ends
        Last official years to test in real time alone; None: all of them, and those held out.

    Notes
    -----
    The total of investment is known at every pseudo end, as national investment is in life. Gneiting and Raftery
    (2007), Strictly proper scoring rules, prediction, and estimation, Journal of the American Statistical Association
    102.

    Examples
    --------
    >>> import xinzhi
    >>> test = xinzhi.backtest("china-provinces")
    >>> test.frame.columns[:3]
    ['test', 'horizon', 'ends']
    """
    data, rules, panel, tables = basis(package, protocol)
    if is_part(panel, rules):
        raise InputError("yardstick.backtest-of-a-part", n=len(panel.regions), all=len(rules.regions))
    level = float(rules.value("estimates.level"))
    rows = list(_verdicts(panel, rules, level, ends))
    if not rows:
        raise InputError("yardstick.no-pseudo-end")
    tested = pl.DataFrame(rows).sort("test", "end", "horizon")
    with_pooled = pl.concat([tested, tested.with_columns(horizon=pl.lit(0, pl.Int64))])  # 0: all horizons together
    base_provenance = under(rules, provenance("backtest", data, tables))
    return Backtest(
        frame=with_pooled.group_by("test", "horizon")
        .agg(ends=pl.col("end").n_unique(), **_rates())
        .sort("test", "horizon"),
        ends=tested.group_by("test", "end", "horizon", maintain_order=True).agg(**_rates()),
        level=level,
        kind=data.kind,
        provenance=replace(base_provenance, inputs={**base_provenance.inputs, **panel.digests}),
    )


def _verdicts(
    panel: Panel, protocol: Protocol, level: float, only_at: Collection[int] | None
) -> Iterator[dict[str, object]]:
    """Yield counts by test, pseudo end and horizon."""
    plan = conventions()["backtest"]
    panel, rules = benchmark_investment(panel, live(protocol).replace({"labour.breaks": "flag"}))
    old = rules.replace(plan["protocol_without"])
    truth = with_sum(build_inputs(panel, rules)[0], rules)  # as published inputs give it
    last = int(panel.years[common_end(panel)])
    held_out = plan["learned_to"]
    first = protocol.value("estimates.learn")[0][0] + conventions()["minimum_years"] - 1
    tests = {
        HELD_OUT: dict.fromkeys(range(held_out, held_out + plan["ends_held_out"]), held_out),
        REAL_TIME: {end: end for end in range(first, last)},
    }
    if only_at is not None:
        tests = {REAL_TIME: {end: end for end in tests[REAL_TIME] if end in only_at}}
    for test, learned in tests.items():
        for end, until in learned.items():
            horizon = min(plan["horizon"], last - end)
            if horizon < 1 or end < int(panel.years[0]):
                continue
            new = _simulate(panel, rules, end, until, horizon)
            without = _simulate(panel, old, end, until, horizon)
            at = int(end - panel.years[0]) + 1
            for ahead in range(1, horizon + 1):
                real = truth[:, at : at + ahead].mean(axis=1)
                verdicts = [
                    evaluate(sample[:, :, :ahead].mean(axis=2), real, level, rules.value("estimates.decided"))
                    for sample in (new, without)
                ]
                yield {"test": test, "end": end, "horizon": ahead, **_counts(*verdicts)}


def _simulate(panel: Panel, protocol: Protocol, end: int, until: int, horizon: int) -> FloatArray:
    """Return drawn growth `(B, R + 1, H)` after a pseudo end."""
    then = as_of(panel, end, int(protocol.value("estimates.retail_years")))
    protocol = share_as_of(panel, protocol, end)
    errors = learn(then, protocol, until, enough=False)
    projection = path(then, protocol, common_end(then) + horizon)
    rng = generator(protocol, end, until)
    draws = draw(then, protocol, projection, errors, conventions()["backtest"]["draws"], rng)
    free = protocol.value("estimates.control_total") == "none"
    components = (*ESTIMATED, DRIFT) if free else ESTIMATED
    return np.concatenate([*drawn_growth(projection, protocol, draws, components)])


def _counts(new: Evaluation, old: Evaluation) -> dict[str, object]:
    """Return the sums that the rates are made from."""
    count = len(new.holds)
    return {
        "regions": count,
        "held": int(new.holds.sum()),
        "relative_held": int(new.relative_holds.sum()),
        "nation_held": int(new.nation_holds),
        "nation_missed_by": new.nation_error,
        "score_sum": float(new.score.sum()),
        "score_before_sum": float(old.score.sum()),
        "half_sum": float(new.half_width.sum()),
        "pairs": count * (count - 1) // 2,
        "called": new.decided,
        "correct": new.right,
    }


def _rates() -> dict[str, pl.Expr]:
    """Return the rates as expressions over the sums of a group of rows."""

    def part(name: str, of: str) -> pl.Expr:
        return pl.col(name).sum() / pl.col(of).sum()

    return {
        "coverage": part("held", "regions"),
        "relative_coverage": part("relative_held", "regions"),
        "nation_coverage": pl.col("nation_held").mean(),
        "nation_error": pl.col("nation_missed_by").max(),
        "half_width": part("half_sum", "regions"),
        "interval_score": part("score_sum", "regions"),
        "interval_score_before": part("score_before_sum", "regions"),
        "score_ratio": part("score_sum", "score_before_sum"),
        "pairs_decided": part("called", "pairs"),
        "pairs_right": pl.when(pl.col("called").sum() > 0).then(part("correct", "called")),
    }

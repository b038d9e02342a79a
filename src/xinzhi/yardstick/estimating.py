"""Rules for investment before and after its last official figure, and for schooling and employment of estimated years.

One estimator, `(panel, last official year) -> path`: `as_of` hides what was not yet published, and the builders of the
yardstick do the rest. At the true last year `as_of` returns the panel itself. `benchmark` brings investment to the
accounts that output belongs to.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, fill_with_last, interpolate, log_growth
from xinzhi.core.errors import InputError
from xinzhi.protocol import Protocol
from xinzhi.yardstick.panel import Marks, Panel, Series

OFF = "off"
WEIGHTS = {"fai_growth": 1.0, "investment_rate": 0.0}
MADE_FROM_ALL = (
    "capital.national_ratio",
    "estimates.control_scale",
    "labour.linked_growth",
    "estimates.schooling_growth",
)


def rule_of(protocol: Protocol) -> str:
    """Return the investment rule of a protocol; ``off`` where it has none."""
    return protocol.choice("estimates.investment_rule", OFF)


def live(protocol: Protocol) -> Protocol:
    """Return the protocol without the national series that were made from the complete package."""
    has_series = any(protocol.declares(path) for path in MADE_FROM_ALL)
    return protocol.replace(dict.fromkeys(MADE_FROM_ALL)) if has_series else protocol


def of_declared_set(panel: Panel, protocol: Protocol) -> bool:
    """Return whether the regions of a panel belong to the set that the national series were made from."""
    return bool(protocol.regions) and set(panel.regions) <= set(protocol.regions)


def weight(protocol: Protocol) -> float:
    """Return the weight of the growth of fixed-asset investment; the rest is that of output."""
    rule = rule_of(protocol)
    return WEIGHTS[rule] if rule in WEIGHTS else float(protocol.value("estimates.investment_weight"))


def rule_growth(panel: Panel, part: float) -> FloatArray:
    """Return log growth of nominal investment by the rule `(R, T)`: `part` of the indicator, the rest of output.

    Where no growth of fixed-asset investment is known, that of output stands alone.
    """
    output = log_growth(panel.account("output_nominal"))
    if part == 0:
        return output
    indicator = indicator_growth(panel)
    mixed = part * indicator + (1 - part) * output if part < 1 else indicator
    return np.where(np.isfinite(indicator), mixed, output)


def indicator_growth(panel: Panel) -> FloatArray:
    """Return log growth of fixed-asset investment `(R, T)`: as published, else as the package moved its investment."""
    published, cells = log_growth(panel.account("fixed_asset_investment")), panel.investment.get("investment_nominal")
    if cells is None:
        return published
    package_growth = np.where(
        panel.marked("investment_nominal").any(axis=0), log_growth(np.asarray(cells.sum(axis=0))), np.nan
    )
    return np.where(np.isfinite(published), published, package_growth)


def investment_ends(panel: Panel) -> IntArray:
    """Return the position of the last official investment of every region `(R,)`; -1 where there is none."""
    nominal = panel.investment.get("investment_nominal")
    if nominal is None:
        return np.full(len(panel.regions), -1, dtype=np.int64)
    return _last(np.asarray((np.isfinite(nominal) & ~panel.marked("investment_nominal")).any(axis=0)))


def estimated_cells(panel: Panel) -> BoolArray:
    """Return the region-years `(R, T)` whose investment is estimated: after the last official figure, and marked so."""
    if "investment_nominal" not in panel.unofficial:
        return np.zeros(panel.shape, dtype=np.bool_)
    ends = investment_ends(panel)[:, None]
    later = (np.arange(panel.shape[1]) > ends) & (ends >= 0)
    return np.asarray(panel.unofficial["investment_nominal"].any(axis=0) & later)


def estimate_investment(panel: Panel, protocol: Protocol, nominal: FloatArray, price: FloatArray) -> Series:
    """Return investment of the assets `(A, R, T)` with the estimated cells moved by the rule of the protocol.

    The last official level moves with the growth of the rule; one factor a year, the same for all regions, brings the
    sum to the control total.
    """
    cells = np.broadcast_to(estimated_cells(panel), nominal.shape)
    if rule_of(protocol) == OFF or not cells.any():
        return Series(nominal)
    path = _extrapolate_levels(panel, nominal, rule_growth(panel, weight(protocol)))
    free = np.where(cells, path, nominal)
    scale, carried = control_scale(panel, protocol, free, cells, price)
    marks = {"carried:control_total": estimated_cells(panel) & carried} if carried.any() else {}
    return Series(np.where(cells, free * scale, nominal), marks)


def _extrapolate_levels(panel: Panel, nominal: FloatArray, growth: FloatArray) -> FloatArray:
    """Move the last official level of every asset and region by the growth of the rule."""
    years = np.arange(panel.shape[1])
    ends = investment_ends(panel)
    level = np.take_along_axis(nominal, np.broadcast_to(ends.clip(0), nominal.shape[:2])[..., None], axis=-1)
    bad = (level[..., 0] <= 0).any(axis=0) & (ends >= 0) & estimated_cells(panel).any(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError("yardstick.base-not-positive", region=panel.regions[row], year=int(panel.years[ends[row]]))
    steps = np.where(years > ends[:, None], growth, 0.0)
    return np.asarray(level * np.exp(np.cumsum(steps, axis=1)))


def control_scale(
    panel: Panel, protocol: Protocol, free: FloatArray, cells: BoolArray, price: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return the factor of every year `(T,)` that brings the estimates to the control total, and where it is carried.

    It stands in the protocol where the regions belong to the set that it was made from; else it is computed from the
    control total of the package.
    """
    if protocol.choice("estimates.control_total", "none") == "none":
        return np.ones(panel.shape[1]), np.zeros(panel.shape[1], dtype=np.bool_)
    stated = of_declared_set(panel, protocol) and protocol.declares("estimates.control_scale")
    table = protocol.value("estimates.control_scale").get(scale_key(protocol)) if stated else None
    if table is None:
        series = live_scale(panel, protocol, free, cells, price)
    else:
        series = np.array([table.get(year, np.nan) for year in panel.years.tolist()])
    after = np.asarray(cells.any(axis=(0, 1)))
    finite = np.isfinite(series) | ~after
    filled = np.where(after, series, 1.0)
    position = np.maximum.accumulate(np.where(finite, np.arange(len(filled)), 0))
    return filled[position], ~finite


def scale_key(protocol: Protocol) -> str:
    """Return what the scale depends on: weight of the rule, control total, later price, whether output revises."""
    price = protocol.choice("capital.price_after_official", "as_published_proxy")
    # A factor that all regions share cancels in the scale; what each one is revised by does not.
    revised = "" if protocol.choice("capital.benchmark", "none") == "none" else "/revised"
    total = protocol.value("estimates.control_total")
    return f"{weight(protocol):g}/{total}{f'/{price}' if total == 'national_volume' else ''}{revised}"


def live_scale(panel: Panel, protocol: Protocol, free: FloatArray, cells: BoolArray, price: FloatArray) -> FloatArray:
    """Return the scale from the control total of the package: its growth since the last year without an estimate.

    Growth, not level: the sum of the regions has never equalled the nation.
    """
    total = str(protocol.value("estimates.control_total"))
    log_index = panel.control.get(total)
    if log_index is None:
        raise InputError("yardstick.no-control-total", control=total)
    if of_declared_set(panel, protocol):
        absent = sorted(set(protocol.regions) - set(panel.regions))
        if absent:
            raise InputError("yardstick.control-of-a-part", n=len(panel.regions), absent=absent)
    after = np.asarray(cells.any(axis=(0, 1)))
    base = int(after.argmax()) - 1
    worth = free / (price / price[..., base : base + 1]) if total == "national_volume" else free
    takes_part = np.isfinite(worth[..., base]) | cells.any(axis=-1)
    amount = np.where(takes_part[..., None], worth, 0.0)
    target = amount[..., base].sum() * np.exp(log_index - log_index[base])
    fixed, moving = np.where(cells, 0.0, amount).sum(axis=(0, 1)), np.where(cells, amount, 0.0).sum(axis=(0, 1))
    short = after & (target <= fixed)
    if short.any():
        year = int(np.flatnonzero(short)[0])
        raise InputError(
            "yardstick.control-below-fixed", year=int(panel.years[year]), target=target[year], fixed=fixed[year]
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(after, (target - fixed) / moving, 1.0)


def extend_schooling(panel: Panel, protocol: Protocol, levels_now: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return years of schooling moved on after their last observation `(R, T)`, and the years so estimated.

    All regions move by the same number of years of schooling a year, the mean of all over the last years observed, or
    each by its own rise between the censuses.
    """
    observed = np.isfinite(panel.account("schooling"))
    last = _last(observed)[:, None]
    later = (np.arange(panel.shape[1]) > last) & (last >= 0)
    rule = protocol.choice("estimates.schooling_rule", "hold")
    if rule == "hold" or not later.any():
        return levels_now, np.zeros_like(later)
    step = census_growth(panel, protocol) if rule == "census_growth" else schooling_growth(panel, protocol)
    # A region of which nothing is known stands still.
    is_rising = np.broadcast_to(np.isfinite(step) & (step != 0), panel.shape)
    levels = np.where(later & is_rising, levels_now + step * (np.arange(panel.shape[1]) - last), levels_now)
    return levels, np.asarray(later & is_rising)


def census_growth(panel: Panel, protocol: Protocol) -> FloatArray:
    """Return the yearly rise of schooling between the last two censuses of every region `(R, 1)`; NaN without two."""
    stated = protocol.value("estimates.schooling_census") if protocol.declares("estimates.schooling_census") else {}
    observed = panel.account("schooling_15plus")
    rise = np.full((len(panel.regions), 1), np.nan)
    for row, region in enumerate(panel.regions):
        observations = {
            int(panel.years[at]): float(observed[row, at]) for at in np.flatnonzero(np.isfinite(observed[row]))
        }
        censuses = sorted(stated.get(region, observations).items())
        if len(censuses) > 1:
            (start, before), (end, level) = censuses[-2:]
            rise[row] = (level - before) / (end - start)
    if not np.isfinite(rise).any():
        raise InputError("yardstick.no-census-schooling")
    return rise


def schooling_growth(panel: Panel, protocol: Protocol) -> float:
    """Return the rise of schooling in years a year: of the protocol, else the mean of the regions of the package."""
    if protocol.declares("estimates.schooling_growth") and of_declared_set(panel, protocol):
        return float(protocol.value("estimates.schooling_growth"))
    return live_schooling_growth(panel, int(protocol.value("estimates.schooling_years")))


def live_schooling_growth(panel: Panel, span: int) -> float:
    """Return the mean rise over the last `span` years to the last observation of every region; 0 with one year."""
    observed = panel.account("schooling")
    finite = np.isfinite(observed)
    last, first = _last(finite), finite.argmax(axis=1)
    start = np.maximum(last - span, first)
    rows = np.flatnonzero(last > start)
    if not rows.size:
        return 0.0
    filled = interpolate(observed)[rows]
    rise = np.take_along_axis(filled, last[rows, None], 1) - np.take_along_axis(filled, start[rows, None], 1)
    return float((rise[:, 0] / (last - start)[rows]).mean())


def as_of(panel: Panel, year: int, retail_years: int) -> Panel:
    """Return what the panel would have been had official investment ended in `year`, later series as much later.

    Prices and schooling end as long after investment as they do in life; proxies follow the price: retail prices for
    `retail_years`, then the deflator of output. The control total is the sum of the regions itself, which is known.
    """
    real_end = common_end(panel)
    at = year - int(panel.years[0])
    if at >= real_end:
        return panel
    back = real_end - at
    years = np.arange(panel.shape[1])
    nominal = panel.investment["investment_nominal"]
    price, proxy = _price_as_of(panel, back, retail_years)
    hidden = np.broadcast_to(years > at, nominal.shape)
    unofficial = {"investment_nominal": panel.marked("investment_nominal") | hidden, "investment_price": proxy}
    accounts = dict(panel.accounts)
    for name in ("schooling", "labour_share"):
        if name in accounts:
            ends = _last(np.isfinite(accounts[name]))[:, None]
            accounts[name] = np.where(years > ends - back, np.nan, accounts[name])
    return replace(
        panel,
        accounts=accounts,
        investment={
            **panel.investment,
            "investment_nominal": np.where(hidden, np.nan, nominal),
            "investment_price": price,
        },
        unofficial={**panel.unofficial, **unofficial},
        control=_regional_total(panel, at),
    )


def share_as_of(panel: Panel, protocol: Protocol, year: int) -> Protocol:
    """Return the protocol with the national labour share that it carries ended as early as `as_of` ends investment.

    The last share is carried: the national tables that move it in life were not to be had then.
    """
    back = int(panel.years[common_end(panel)]) - year
    if back <= 0 or not protocol.declares("shares.national"):
        return protocol
    share = protocol.value("shares.national")
    earlier_shares = {share_year: value for share_year, value in share.items() if share_year <= max(share) - back}
    return protocol.replace({"shares.national": earlier_shares, "shares.after": "carry"})


def common_end(panel: Panel) -> int:
    """Return the position of the last year in which no region's investment is estimated."""
    cells = estimated_cells(panel).any(axis=0)
    ends = investment_ends(panel)
    return int(cells.argmax()) - 1 if cells.any() else int(ends[ends >= 0].min(initial=panel.shape[1] - 1))


def _price_as_of(panel: Panel, back: int, retail_years: int) -> tuple[FloatArray, BoolArray]:
    """Return the price of investment as it would have been continued `back` years ago, and where it is a proxy."""
    price, proxy = panel.investment["investment_price"], panel.marked("investment_price")
    years = np.arange(panel.shape[1])
    official = np.asarray((np.isfinite(price) & ~proxy).any(axis=(0, 1)))
    end = int(np.flatnonzero(official)[-1]) - back
    later = np.broadcast_to((years > end) & (years <= end + back), price.shape)
    step = np.where(years <= end + retail_years, retail_growth(panel), deflator_growth(panel))
    path = price[..., end : end + 1] * np.exp(np.cumsum(np.where(years > end, step, 0.0), axis=-1))
    return np.where(later, path, price), proxy | later


def retail_growth(panel: Panel) -> FloatArray:
    """Return log growth of retail prices `(R, T)`; of the deflator of output where a region has none."""
    growth = log_growth(panel.account("retail_price"))
    return np.where(np.isfinite(growth), growth, deflator_growth(panel))


def deflator_growth(panel: Panel) -> FloatArray:
    """Return log growth of the implicit deflator of output `(R, T)`."""
    return log_growth(panel.account("output_nominal") / panel.account("output_real"))


def _regional_total(panel: Panel, base: int) -> dict[str, FloatArray]:
    """Return the log index of the sum of the regions `(T,)`, at current prices and at those of the base year."""
    nominal, price = panel.investment["investment_nominal"], panel.investment["investment_price"]
    cells = estimated_cells(panel)
    official = np.where(cells, np.nan, nominal)
    takes_part = np.isfinite(official[..., base])[..., None]

    def total(values: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.log(np.where(takes_part, values, 0.0).sum(axis=(0, 1))))

    return {
        "national_value": total(official),
        "national_volume": total(official / (price / price[..., base : base + 1])),
    }


def _last(mask: BoolArray) -> IntArray:
    """Return the position of the last True of every row; -1 where there is none."""
    back = mask[:, ::-1].argmax(axis=1)
    return np.where(mask.any(axis=1), mask.shape[1] - 1 - back, -1).astype(np.int64)


NONE, NATIONAL = "none", "national"
MARK = "benchmark"


def kind(protocol: Protocol) -> str:
    """Return what investment is brought to; ``none`` where the protocol leaves it out."""
    return protocol.choice("capital.benchmark", NONE)


def benchmark_investment(panel: Panel, protocol: Protocol) -> tuple[Panel, Protocol]:
    """Return the panel with its investment as the benchmark makes it, and the protocol that has nothing left to do."""
    if kind(protocol) == NONE or "investment_nominal" not in panel.investment:
        return panel, protocol
    nominal = panel.investment["investment_nominal"] * benchmark(panel, protocol).values
    benchmarked_panel = replace(panel, investment={**panel.investment, "investment_nominal": nominal})
    return benchmarked_panel, protocol.replace({"capital.benchmark": NONE})


def benchmark(panel: Panel, protocol: Protocol) -> Series:
    """Return the factor `(R, T)` of the investment of every region-year, and the marks that it leaves.

    The first step takes revised over expenditure GDP of the vintage that the investment was published with; the second
    one factor a year for all regions. Outside the years in which both are known the nearest year is carried, flagged;
    a region without expenditure GDP is left as it is, flagged as missing.
    """
    benchmark_kind, shape = kind(protocol), panel.shape
    if benchmark_kind == NONE:
        return Series(np.ones(shape))
    revised, usable = revised_ratio(panel)
    absent = ~usable.any(axis=1, keepdims=True) & has_investment(panel).any(axis=1, keepdims=True)
    marks = {f"carried:{MARK}": ~usable & ~absent, f"missing:{MARK}": np.broadcast_to(absent, shape)}
    if benchmark_kind != NATIONAL:
        return Series(revised, _in_use(panel, protocol, marks))
    national = national_factor(panel, protocol, revised)
    if national is None:
        marks[f"missing:{MARK}"] = np.ones(shape, dtype=np.bool_)
        return Series(revised, _in_use(panel, protocol, marks))
    marks[f"carried:{MARK}"] |= ~np.isfinite(national) & ~absent
    return Series(np.where(absent, 1.0, revised * fill_with_last(national)), _in_use(panel, protocol, marks))


def _in_use(panel: Panel, protocol: Protocol, marks: Marks) -> Marks:
    """Keep the marks where there is investment that no estimate of the protocol's own replaces."""
    in_use = has_investment(panel) if rule_of(protocol) == OFF else has_investment(panel) & ~estimated_cells(panel)
    return {name: mask & in_use for name, mask in marks.items()}


def has_investment(panel: Panel) -> BoolArray:
    """Return the region-years `(R, T)` that have investment."""
    nominal = panel.investment.get("investment_nominal")
    return np.zeros(panel.shape, dtype=np.bool_) if nominal is None else np.asarray(np.isfinite(nominal).any(axis=0))


def revised_ratio(panel: Panel) -> tuple[FloatArray, BoolArray]:
    """Return revised output over expenditure GDP `(R, T)`, carried outside the years in which both are known."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = panel.account("output_nominal") / panel.account("expenditure_gdp")
    usable = np.isfinite(ratio) & (ratio > 0)
    levels_now = fill_with_last(np.where(usable, ratio, np.nan))
    return np.where(np.isfinite(levels_now), levels_now, 1.0), usable


def national_factor(panel: Panel, protocol: Protocol, revised: FloatArray) -> FloatArray | None:
    """Return the factor of every year `(T,)`, NaN where it is not known; None for regions of another nation.

    In years that the rules of the group `estimates` make, the factor of the last official year goes on: the control
    total of these rules already has the growth of the nation, which must not count twice.
    """
    declared = of_declared_set(panel, protocol)
    if declared and protocol.declares("capital.national_ratio"):
        factor = np.array(protocol.series("capital.national_ratio", panel.years))
    elif "gfcf_nominal" in panel.nation:
        factor = live_national_factor(panel, protocol, revised)
    elif declared or not protocol.regions:
        raise InputError("yardstick.no-national-investment", id=protocol.label)
    else:
        return None
    if rule_of(protocol) != OFF:
        factor = np.where(estimated_cells(panel).any(axis=0), np.nan, factor)
    if not np.isfinite(factor).any():
        raise InputError("yardstick.no-national-investment", id=protocol.label)
    return factor


def live_national_factor(panel: Panel, protocol: Protocol, revised: FloatArray) -> FloatArray:
    """Return national investment over the sum of the regions, in the years in which every one of them invests."""
    absent = sorted(set(protocol.regions) - set(panel.regions)) if of_declared_set(panel, protocol) else []
    if absent:
        raise InputError("yardstick.benchmark-of-a-part", n=len(panel.regions), absent=absent)
    invests = has_investment(panel)
    rows = invests.any(axis=1)
    total = np.where(invests, np.nansum(panel.investment["investment_nominal"], axis=0) * revised, 0.0).sum(axis=0)
    by_year = panel.nation["gfcf_nominal"]
    nation = np.array([by_year.get(year, np.nan) for year in panel.years.tolist()])
    complete = invests[rows].all(axis=0) & (total > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(complete, nation / total, np.nan)

"""Rules for the years after the last official figure: investment, schooling and employment of estimated years.

One estimator, `(panel, last official year) -> path`: `as_of` hides what was not yet published, and the builders of the
yardstick do the rest. At the true last year `as_of` returns the panel itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError
from xinzhi.core.gaps import interpolate, yearly_change
from xinzhi.protocol import Protocol
from xinzhi.yardstick.panel import Marks, Panel

OFF = "off"
WEIGHTS = {"fai_growth": 1.0, "investment_rate": 0.0}
MADE_FROM_ALL = (
    "capital.national_ratio",
    "estimates.control_scale",
    "labour.linked_growth",
    "estimates.schooling_growth",
)


@dataclass(frozen=True, slots=True)
class Estimated:
    """Nominal investment `(A, R, T)` with its estimated cells, and the marks `(R, T)` that they bear."""

    nominal: FloatArray
    cells: BoolArray
    marks: Marks


def rule_of(protocol: Protocol) -> str:
    """Return the investment rule of a protocol; ``off`` where it has none."""
    return choice(protocol, "estimates.investment_rule", OFF)


def choice(protocol: Protocol, path: str, absent: str) -> str:
    """Return a word that the protocol chooses; `absent` where it leaves the parameter out."""
    return str(protocol.value(path)) if protocol.declares(path) else absent


def live(protocol: Protocol) -> Protocol:
    """Return the protocol without the national series that were made from the complete package."""
    return protocol.replace(dict.fromkeys(MADE_FROM_ALL)) if declared(protocol) else protocol


def declared(protocol: Protocol) -> bool:
    """Return whether the protocol carries national series of its own."""
    return any(protocol.declares(path) for path in MADE_FROM_ALL)


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
    published = log_growth(panel.account("fixed_asset_investment"))
    total, mask = panel.investment.get("investment_nominal"), panel.unofficial.get("investment_nominal")
    if total is None or mask is None:
        return published
    filled = log_growth(np.asarray(total.sum(axis=0)))
    return np.where(np.isfinite(published), published, np.where(mask.any(axis=0), filled, np.nan))


def investment_ends(panel: Panel) -> IntArray:
    """Return the position of the last official investment of every region `(R,)`; -1 where there is none."""
    nominal, mask = panel.investment.get("investment_nominal"), panel.unofficial.get("investment_nominal")
    if nominal is None:
        return np.full(len(panel.regions), -1, dtype=np.int64)
    official = np.isfinite(nominal) & ~(np.zeros(nominal.shape, dtype=np.bool_) if mask is None else mask)
    return _last(np.asarray(official.any(axis=0)))


def estimated_cells(panel: Panel) -> BoolArray:
    """Return the region-years `(R, T)` whose investment is estimated: after the last official figure, and marked so."""
    mask = panel.unofficial.get("investment_nominal")
    if mask is None:
        return np.zeros(panel.shape, dtype=np.bool_)
    ends = investment_ends(panel)[:, None]
    return np.asarray(mask.any(axis=0) & (np.arange(panel.shape[1]) > ends) & (ends >= 0))


def estimate_investment(panel: Panel, protocol: Protocol, nominal: FloatArray, price: FloatArray) -> Estimated:
    """Return investment of the assets `(A, R, T)` with the estimated cells moved by the rule of the protocol.

    The last official level moves with the growth of the rule; one factor a year, the same for all regions, brings the
    sum to the control total.
    """
    cells = np.broadcast_to(estimated_cells(panel), nominal.shape)
    if rule_of(protocol) == OFF or not cells.any():
        return Estimated(nominal, np.zeros_like(cells), {})
    path = _moved(panel, nominal, rule_growth(panel, weight(protocol)))
    free = np.where(cells, path, nominal)
    scale, carried = control_scale(panel, protocol, free, cells, price)
    marks = {"carried:control_total": estimated_cells(panel) & carried} if carried.any() else {}
    return Estimated(np.where(cells, free * scale, nominal), cells, marks)


def _moved(panel: Panel, nominal: FloatArray, growth: FloatArray) -> FloatArray:
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
    if choice(protocol, "estimates.control_total", "none") == "none":
        return np.ones(panel.shape[1]), np.zeros(panel.shape[1], dtype=np.bool_)
    series = _declared_scale(panel, protocol)
    if series is None:
        series = live_scale(panel, protocol, free, cells, price)
    after = np.asarray(cells.any(axis=(0, 1)))
    known = np.isfinite(series) | ~after
    filled = np.where(after, series, 1.0)
    position = np.maximum.accumulate(np.where(known, np.arange(len(filled)), 0))
    return filled[position], ~known


def _declared_scale(panel: Panel, protocol: Protocol) -> FloatArray | None:
    """Return the scale that the protocol carries for its own combination of values; None where it has none."""
    if not (protocol.declares("estimates.control_scale") and of_declared_set(panel, protocol)):
        return None
    table = protocol.value("estimates.control_scale").get(scale_key(protocol))
    return None if table is None else np.array([table.get(year, np.nan) for year in panel.years.tolist()])


def scale_key(protocol: Protocol) -> str:
    """Return what the scale depends on: weight of the rule, control total, later price, whether output revises."""
    price = choice(protocol, "capital.price_after_official", "as_published_proxy")
    # A factor that all regions share cancels in the scale; what each one is revised by does not.
    revised = "" if choice(protocol, "capital.benchmark", "none") == "none" else "/revised"
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


def extend_schooling(panel: Panel, protocol: Protocol, held: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return years of schooling moved on after their last observation `(R, T)`, and the years so estimated.

    All regions move by the same number of years of schooling a year, the mean of all over the last years observed, or
    each by its own rise between the censuses.
    """
    observed = np.isfinite(panel.account("schooling"))
    last = _last(observed)[:, None]
    later = (np.arange(panel.shape[1]) > last) & (last >= 0)
    if choice(protocol, "estimates.schooling_rule", "hold") == "hold" or not later.any():
        return held, np.zeros_like(later)
    census = choice(protocol, "estimates.schooling_rule", "hold") == "census_growth"
    step = census_growth(panel, protocol) if census else schooling_growth(panel, protocol)
    # A region of which nothing is known stands still.
    known = np.broadcast_to(np.isfinite(step) & (step != 0), panel.shape)
    moved = np.where(later & known, held + step * (np.arange(panel.shape[1]) - last), held)
    return moved, np.asarray(later & known)


def census_growth(panel: Panel, protocol: Protocol) -> FloatArray:
    """Return the yearly rise of schooling between the last two censuses of every region `(R, 1)`; NaN without two."""
    stated = protocol.value("estimates.schooling_census") if protocol.declares("estimates.schooling_census") else {}
    observed = panel.account("schooling_15plus")
    rise = np.full((len(panel.regions), 1), np.nan)
    for row, region in enumerate(panel.regions):
        own = {int(panel.years[at]): float(observed[row, at]) for at in np.flatnonzero(np.isfinite(observed[row]))}
        known = sorted(stated.get(region, own).items())
        if len(known) > 1:
            (start, before), (end, level) = known[-2:]
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
    known = np.isfinite(observed)
    last, first = _last(known), known.argmax(axis=1)
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
    official = ~panel.unofficial.get("investment_nominal", np.zeros(nominal.shape, dtype=np.bool_))
    price, proxy = _price_as_of(panel, back, retail_years)
    hidden = np.broadcast_to(years > at, nominal.shape)
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
        unofficial={**panel.unofficial, "investment_nominal": ~official | hidden, "investment_price": proxy},
        control=_own_total(panel, at),
    )


def share_as_of(panel: Panel, protocol: Protocol, year: int) -> Protocol:
    """Return the protocol with the national labour share that it carries ended as early as `as_of` ends investment.

    The last share is carried: the national tables that move it in life were not to be had then.
    """
    back = int(panel.years[common_end(panel)]) - year
    if back <= 0 or not protocol.declares("shares.national"):
        return protocol
    share = protocol.value("shares.national")
    known = {one: value for one, value in share.items() if one <= max(share) - back}
    return protocol.replace({"shares.national": known, "shares.after": "carry"})


def common_end(panel: Panel) -> int:
    """Return the position of the last year in which no region's investment is estimated."""
    cells = estimated_cells(panel).any(axis=0)
    ends = investment_ends(panel)
    return int(cells.argmax()) - 1 if cells.any() else int(ends[ends >= 0].min(initial=panel.shape[1] - 1))


def _price_as_of(panel: Panel, back: int, retail_years: int) -> tuple[FloatArray, BoolArray]:
    """Return the price of investment as it would have been continued `back` years ago, and where it is a proxy."""
    price = panel.investment["investment_price"]
    proxy = panel.unofficial.get("investment_price", np.zeros(price.shape, dtype=np.bool_))
    years = np.arange(panel.shape[1])
    official = np.asarray((np.isfinite(price) & ~proxy).any(axis=(0, 1)))
    end = int(np.flatnonzero(official)[-1]) - back
    later = np.broadcast_to((years > end) & (years <= end + back), price.shape)
    step = np.where(years <= end + retail_years, retail_growth(panel), deflator_growth(panel))
    path = price[..., end : end + 1] * np.exp(np.cumsum(np.where(years > end, step, 0.0), axis=-1))
    return np.where(later, path, price), proxy | later


def retail_growth(panel: Panel) -> FloatArray:
    """Return log growth of retail prices `(R, T)`; of the deflator of output where a region has none."""
    known = log_growth(panel.account("retail_price"))
    return np.where(np.isfinite(known), known, deflator_growth(panel))


def deflator_growth(panel: Panel) -> FloatArray:
    """Return log growth of the implicit deflator of output `(R, T)`."""
    return log_growth(panel.account("output_nominal") / panel.account("output_real"))


def _own_total(panel: Panel, base: int) -> dict[str, FloatArray]:
    """Return the log index of the sum of the regions `(T,)`, at current prices and at those of the base year."""
    nominal, price = panel.investment["investment_nominal"], panel.investment["investment_price"]
    cells = estimated_cells(panel)
    known = np.where(cells, np.nan, nominal)
    takes_part = np.isfinite(known[..., base])[..., None]

    def total(values: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.log(np.where(takes_part, values, 0.0).sum(axis=(0, 1))))

    return {
        "national_value": total(known),
        "national_volume": total(known / (price / price[..., base : base + 1])),
    }


def _last(known: BoolArray) -> IntArray:
    """Return the position of the last True of every row; -1 where there is none."""
    back = known[:, ::-1].argmax(axis=1)
    return np.where(known.any(axis=1), known.shape[1] - 1 - back, -1).astype(np.int64)


def log_growth(values: FloatArray) -> FloatArray:
    """Return log growth over the year before `(..., T)`; NaN where a level is missing or not positive."""
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(np.where(values > 0, values, np.nan))
    return yearly_change(logs)

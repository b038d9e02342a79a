"""Capital: the perpetual inventory of every region under the rules of the protocol, its first stock, its services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xinzhi.core import inventory
from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, fill_with_last, log_growth
from xinzhi.core.breaks import next_year
from xinzhi.core.errors import InputError, ProtocolError
from xinzhi.core.inventory import deflate, splice
from xinzhi.protocol import Protocol
from xinzhi.yardstick.estimating import benchmark, estimate_investment
from xinzhi.yardstick.inputs import base_year, has_base_year_prices, intermediate, labour_share
from xinzhi.yardstick.panel import TOTAL_ASSET, Marks, Panel, Series, either, require_yearly

NEVER = np.iinfo(np.int64).max  # a year that no figure reaches
EXHAUSTED = "exhausted:capital"  # the mark of years from that on in which a stock is not above zero


@dataclass(frozen=True, slots=True)
class Investment:
    """Investment by asset `(A, R, T)`: real amounts, prices, and the marks of all assets together `(R, T)`."""

    assets: tuple[str, ...]
    real: FloatArray
    price: FloatArray
    marks: Marks


Invest = Callable[[Panel, Protocol, FloatArray, list[str]], Investment]


def capital(
    panel: Panel,
    protocol: Protocol,
    output: FloatArray,
    deflator: FloatArray,
    *,
    strict: bool = True,
    invest: Invest | None = None,
) -> Series:
    """Return the capital stock or the index of capital services `(R, T)`, as ``capital.measure`` says.

    A region whose stock cannot be started is an error; where not `strict`, it is NaN as long as others can be. `invest`
    stands in for `investment`, such as one that keeps what it has returned.
    """
    invest = invest or investment
    # A region without investment that gives a stock is measured with that stock, marked ``proxy:capital`` throughout:
    # it was not built by the protocol's inventory.
    match protocol.value("capital.measure"):
        case "given_stock":
            return _reported_capital(panel, "capital")
        case "given_services":
            return _reported_capital(panel, "capital_services")
        case "services":
            assets = [name for name in panel.assets if name != TOTAL_ASSET]
            invested = invest(panel, protocol, deflator, assets)
            stock = stocks(panel, protocol, invested, output, strict=strict)
            rate = depreciation_rates(panel, protocol, invested.assets)
            return capital_services(panel, protocol, invested, stock, rate)
        case _:
            return _stock(panel, protocol, output, deflator, invest, strict=strict)


# What only the stock is made by: protocols that differ in nothing else have the same investment.
STOCK_ONLY = frozenset({"capital.depreciation_rule", "capital.depreciation", "capital.initial_rule", "capital.timing"})


def invest_once(protocol: Protocol) -> Invest:
    """Return `investment` that is computed once for all branches of a protocol that share it."""
    varied = [
        path
        for path, parameter in protocol.parameters.items()
        if parameter.alternatives and path.partition(".")[0] in {"capital", "estimates"} and path not in STOCK_ONLY
    ]
    kept: dict[str, Investment] = {}

    def invest(panel: Panel, branch: Protocol, deflator: FloatArray, assets: list[str]) -> Investment:
        key = repr((assets, [branch.parameters[path].value for path in varied]))
        if key not in kept:
            kept[key] = investment(panel, branch, deflator, assets)
        return kept[key]

    return invest


def _stock(
    panel: Panel, protocol: Protocol, output: FloatArray, deflator: FloatArray, invest: Invest, *, strict: bool
) -> Series:
    """Return the stock `(R, T)`: the total where a region has one, else the sum of its assets, else what is given."""
    assets = [name for name in panel.assets if name != TOTAL_ASSET]
    totals = _invests(panel, [TOTAL_ASSET]) if TOTAL_ASSET in panel.assets else np.zeros(panel.shape[0], dtype=np.bool_)
    parts = _invests(panel, assets) & ~totals if assets else np.zeros_like(totals)
    reports_stock = np.isfinite(panel.account("capital")).any(axis=1) & ~totals & ~parts
    if not (totals | parts | reports_stock).any():
        raise InputError("yardstick.no-asset")
    result = Series(np.full(panel.shape, np.nan))
    for names, members in (([TOTAL_ASSET], totals), (assets, parts)):
        if members.any():
            stock = stocks(panel, protocol, invest(panel, protocol, deflator, names), output, strict=strict)
            result = _only(result, Series(stock.values.sum(axis=0), stock.marks), members)
    if reports_stock.any():
        stock = _reported_capital(panel, "capital")
        marks = {**stock.marks, "proxy:capital": np.isfinite(stock.values)}
        result = _only(result, Series(stock.values, marks), reports_stock)
    return result


def _only(rest: Series, series: Series, members: BoolArray) -> Series:
    """Take the series of some regions `(R,)`, and what there was of the others."""
    rows = members[:, None]
    marks = {name: mask & rows for name, mask in series.marks.items()}
    return Series(np.where(rows, series.values, rest.values), either(rest.marks, marks))


def _invests(panel: Panel, assets: list[str]) -> BoolArray:
    """Return which regions `(R,)` have any investment in some assets."""
    take = [panel.assets.index(name) for name in assets]
    return np.asarray(np.isfinite(panel.investment["investment_nominal"][take]).any(axis=(0, 2)))


def _reported_capital(panel: Panel, column: str) -> Series:
    """Return a capital input that the package gives."""
    values = panel.account(column)
    if not np.isfinite(values).any():
        raise InputError("yardstick.capital-not-given", column=column)
    return Series(values, {f"extrapolated:{column}": panel.unofficial[column]} if column in panel.unofficial else {})


def investment(panel: Panel, protocol: Protocol, deflator: FloatArray, assets: list[str]) -> Investment:
    """Return real investment of the assets, in this order, continued after the official series as the protocol says.

    `deflator` is the implicit deflator of output `(R, T)`.
    """
    if not assets:
        raise InputError("yardstick.no-asset")
    require_yearly(panel, "the perpetual inventory")
    take = [panel.assets.index(name) for name in assets]
    brought = benchmark(panel, protocol)
    nominal = panel.investment["investment_nominal"][take] * brought.values
    after = panel.marked("investment_nominal")[take]
    if protocol.value("capital.investment_after_official") == "stop":
        nominal, after = np.where(after, np.nan, nominal), np.zeros_like(after)
    price, proxy = _price(panel, protocol, deflator, take)
    estimated = estimate_investment(panel, protocol, nominal, price) if after.any() else Series(nominal)
    at = base_year(panel, protocol)
    if at is not None:
        price = price / np.where(has_base_year_prices(panel, at)[:, None], price[..., at : at + 1], 1.0)
    marks: Marks = {
        # Every later stock contains the extrapolated amounts, even if official figures come back.
        "extrapolated:investment": np.logical_or.accumulate(np.asarray(after.any(axis=0)), axis=1),
        "proxy:investment_price": np.asarray(proxy.any(axis=0)),
    }
    marks = either(either(marks, brought.marks), estimated.marks)
    return Investment(tuple(assets), deflate(estimated.values, price), price, marks)


def _price(panel: Panel, protocol: Protocol, deflator: FloatArray, take: list[int]) -> tuple[FloatArray, BoolArray]:
    """Return the price of investment and the cells where another index stands in for the official one."""
    price, proxy = panel.investment["investment_price"][take], panel.marked("investment_price")[take]
    official = ~proxy & np.isfinite(price)
    if protocol.declares("capital.price_official_until"):
        until = np.full((*official.shape[:2], 1), int(protocol.value("capital.price_official_until")))
    else:
        last = official.shape[2] - 1 - official[..., ::-1].argmax(axis=2)
        until = np.where(official.any(axis=2), panel.years[last], NEVER)[..., None]
    ended = proxy & (panel.years > until)
    match protocol.value("capital.price_after_official"):
        case "output_deflator":
            joined, _ = splice(np.where(ended, np.nan, price), np.broadcast_to(deflator, price.shape))
            return np.where(ended, joined, price), proxy
        case "ppi" | "national_deflator" as way:
            path = np.cumsum(_national_price_growth(panel, protocol, deflator, way), axis=1)
            joined, _ = splice(np.where(ended, np.nan, price), np.broadcast_to(np.exp(path), price.shape))
            return np.where(ended, joined, price), proxy
        case "stop":
            return np.where(ended, np.nan, price), proxy & ~ended
        case _:
            return price, proxy


def _national_price_growth(panel: Panel, protocol: Protocol, deflator: FloatArray, way: str) -> FloatArray:
    """Return log growth of the national price of investment `(R, T)`, of the output deflator where it has none."""
    stated = protocol.value("capital.price_growth").get(way)
    if stated is None:
        raise ProtocolError("yardstick.no-price-growth", id=protocol.label, way=way)
    growth = np.array([stated.get(year, np.nan) for year in panel.calendar.tolist()])
    growth = np.where(np.isfinite(growth), growth, log_growth(deflator))
    return np.where(np.isfinite(growth), growth, 0.0)


def stocks(
    panel: Panel, protocol: Protocol, invested: Investment, output: FloatArray, *, strict: bool = True
) -> Series:
    """Return the stock of every asset `(A, R, T)` at the timing of the protocol, with marks `(R, T)`.

    From the year on in which a region's stock falls to zero or an asset's below, it is NaN: no later investment tells
    what there is.
    """
    timing = protocol.value("capital.timing")
    rate = depreciation_rates(panel, protocol, invested.assets)
    start = initial_stock(panel, protocol, invested.real, invested.price, output, rate, strict=strict)
    # An asset that a region never has is a stock of nothing, not one that is unknown.
    never = np.asarray(~np.isfinite(invested.real).any(axis=2))
    never &= ~never.all(axis=0)
    stock, old = np.where(never[..., None], 0.0, _inventories(panel, protocol, invested, rate, start))
    exhaustion = np.logical_or.accumulate((stock < 0).any(axis=0) | (stock.sum(axis=0) <= 0), axis=1)
    stock = np.where(exhaustion, np.nan, stock)
    with np.errstate(invalid="ignore"):
        share = old.sum(axis=0) / stock.sum(axis=0)
        weak = share > protocol.value("reporting.initial_stock_share")
    marks = either(invested.marks, {"proxy:initial_stock": weak, EXHAUSTED: exhaustion})
    if timing != "end_of_year":
        # a mark moves to the year whose input it enters: the year after, and of a mean of two its own year too
        shifted = {name: next_year(mask) for name, mask in marks.items()}
        marks = {name: mask | marks[name] for name, mask in shifted.items()} if timing == "mid_year" else shifted
    return Series(inventory.at_timing(stock, timing), marks)


def depreciation_rates(panel: Panel, protocol: Protocol, assets: tuple[str, ...]) -> FloatArray:
    """Return the geometric rate of every asset and year `(A, 1, T)`; 0 in years of another rule."""
    years = panel.years.tolist()
    geometric = np.array([rule == "geometric" for rule in protocol.values("capital.depreciation_rule", years)])
    if assets != (TOTAL_ASSET,) and protocol.declares("capital.asset_depreciation"):
        tables = protocol.values("capital.asset_depreciation", years)
        if unknown := [asset for asset in assets if asset not in tables[0]]:
            raise InputError("yardstick.unknown-asset", unknown=unknown, table=list(tables[0]))
        rates = np.array([[table[asset] for table in tables] for asset in assets])
    elif geometric.any():
        # Years outside the geometric rule may have no rate at all.
        used = panel.years[geometric].tolist()
        rate_by_year = np.zeros(len(years))
        rate_by_year[geometric] = protocol.values("capital.depreciation", used)
        rates = np.tile(rate_by_year, (len(assets), 1))
    else:
        rates = np.zeros((len(assets), len(years)))
    return np.where(geometric, rates, 0.0)[:, None, :]


def _inventories(panel: Panel, protocol: Protocol, invested: Investment, rate: FloatArray, start: Start) -> FloatArray:
    """Run the perpetual inventory `(2, A, R, T)`: the stock, and what is left of the first one, nothing added to it."""
    rules = protocol.values("capital.depreciation_rule", panel.years)
    flow = np.stack([invested.real, np.zeros_like(invested.real)])
    if "hyperbolic" in rules:
        return np.stack([_hyperbolic(protocol, invested.assets, flow_part, start) for flow_part in flow])
    reported = np.array([rule == "reported" for rule in rules])
    if reported.any():
        if "depreciation_nominal" not in panel.investment:
            raise InputError("yardstick.no-depreciation")
        take = [panel.assets.index(name) for name in invested.assets]
        # Depreciation belongs to the accounts that investment was published in, and is moved with it.
        nominal = panel.investment["depreciation_nominal"][take] * benchmark(panel, protocol).values
        flow[0] -= np.where(reported, deflate(nominal, invested.price), 0.0)
    return inventory.geometric(flow, rate, start.stock, start=start.index)


def _hyperbolic(protocol: Protocol, assets: tuple[str, ...], flow: FloatArray, start: Start) -> FloatArray:
    """Run the inventory with hyperbolic age-efficiency and retirement, asset by asset."""

    def parameter_of_asset(path: str, asset: str) -> float:
        value = protocol.value(path)
        return float(value[asset] if isinstance(value, dict) else value)

    spread = protocol.value("capital.retirement_sd") if protocol.value("capital.retirement") == "normal" else 0.0
    return np.stack(
        [
            inventory.hyperbolic(
                flow[row],
                service_life=parameter_of_asset("capital.service_life", asset),
                efficiency_beta=parameter_of_asset("capital.age_efficiency", asset),
                retirement_sd=spread * parameter_of_asset("capital.service_life", asset),
                initial=start.stock[row],
                start=start.index[row],
            )
            for row, asset in enumerate(assets)
        ]
    )


@dataclass(frozen=True, slots=True)
class Start:
    """Position of the first year and stock at its end, each `(A, R)`."""

    index: IntArray
    stock: FloatArray


def initial_stock(
    panel: Panel,
    protocol: Protocol,
    real: FloatArray,
    price: FloatArray,
    output: FloatArray,
    rate: FloatArray,
    *,
    strict: bool = True,
) -> Start:
    """Return the first year and the initial stock of every asset and region."""
    # The rule of the protocol holds in ``capital.initial_year``. A region whose figures begin later takes its entry in
    # ``capital.initial_table`` (an amount at the prices of its year), else what ``capital.initial_later_start`` says:
    # the steady state of its own first year, or a refusal.
    rule = protocol.value("capital.initial_rule")
    usable = np.isfinite(real)
    if rule == "capital_output_ratio":
        usable = usable & np.isfinite(output)
    first, initial_year = int(panel.years[0]), int(protocol.value("capital.initial_year"))
    usable = usable & (panel.years >= initial_year)
    index = usable.argmax(axis=2).astype(np.int64)
    stock = _by_rule(protocol, real, output, rate, index, index + first == initial_year)
    priced = np.ones_like(index, dtype=np.bool_)
    if rule in {"ratio_to_investment", "table"}:
        table = _table(panel, protocol, price, index.shape)
        in_table = table.index >= 0
        index, stock = np.where(in_table, table.index, index), np.where(in_table, table.stock, stock)
        priced = ~in_table | np.isfinite(table.stock)
    # A region without any figure is left out of the measurement with its reason; one that has figures and
    # still no initial stock is a question of the protocol, and refuses.
    absent = ~usable.any(axis=2)
    bad = ~absent & ~np.isfinite(stock)
    if bad.any() and (strict or (absent | bad).any(axis=0).all()):
        why = "shrinks" if rule == "steady_state" else "late"
        if (bad & ~priced).any():
            why = "unpriced"
        names = [panel.regions[row] for row in np.flatnonzero(bad.any(axis=0)).tolist()]
        raise InputError("yardstick.no-initial-stock", names=names, all=len(panel.regions), rule=rule, why=why)
    return Start(index, np.where(absent | bad, np.nan, stock))


def _by_rule(
    protocol: Protocol, real: FloatArray, output: FloatArray, rate: FloatArray, index: IntArray, begins: BoolArray
) -> FloatArray:
    """Apply the rule of the protocol, and the rule for later starts where a series begins after the initial year."""
    flow = _at(real, index)

    def steady() -> FloatArray:
        # the mean yearly growth of real investment over the first years of every series
        end = np.minimum(index + int(protocol.value("capital.initial_growth_years")), real.shape[2] - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.expm1(np.log(_at(real, end) / flow) / np.maximum(end - index, 1))
        return inventory.steady_state(flow, growth, _at(np.broadcast_to(rate, real.shape), index))

    match protocol.value("capital.initial_rule"):
        case "steady_state":
            return steady()
        case "capital_output_ratio":
            level = np.broadcast_to(output, real.shape)
            ratio = protocol.value("capital.initial_output_ratio")
            # the shares of assets in investment; one asset has all of it, also where nothing was invested
            total, only = flow.sum(axis=0, keepdims=True), 1.0 if len(flow) == 1 else np.nan
            share = np.divide(flow, total, out=np.full(flow.shape, only), where=total != 0)
            return np.asarray(share * inventory.capital_output_ratio(_at(level, index), ratio))
        case "ratio_to_investment":
            stock = inventory.ratio_to_investment(flow, protocol.value("capital.initial_ratio"))
        case _:
            stock = np.full(index.shape, np.nan)
    on_time = np.where(begins, stock, np.nan)
    if protocol.value("capital.initial_later_start") == "steady_state":
        return np.where(np.isfinite(on_time), on_time, steady())
    return on_time


def _at(values: FloatArray, index: IntArray) -> FloatArray:
    """Return the value of every series at its own year."""
    return np.asarray(np.take_along_axis(values, index[..., None], axis=-1)[..., 0])


def _table(panel: Panel, protocol: Protocol, price: FloatArray, shape: tuple[int, ...]) -> Start:
    """Return the entries of ``capital.initial_table``; index -1 where a region has none."""
    index, stock = np.full(shape, -1, dtype=np.int64), np.full(shape, np.nan)
    for entry in protocol.value("capital.initial_table") if protocol.declares("capital.initial_table") else ():
        column = int(entry["year"]) - int(panel.years[0])
        if entry["region"] not in panel.regions or not 0 <= column < panel.shape[1]:
            continue
        row = panel.region_index(entry["region"])
        index[:, row] = column
        stock[:, row] = float(entry["value"]) / price[:, row, column]
    return Start(index, stock)


def capital_services(panel: Panel, protocol: Protocol, invested: Investment, stock: Series, rate: FloatArray) -> Series:
    """Return capital services `(R, T)`, at the level of the stock in the first year that has user costs."""
    price = invested.price
    gain = np.zeros_like(price)
    if protocol.value("capital.revaluation_years") > 0:
        centred = protocol.value("capital.revaluation_window") == "centred"
        gain = inventory.revaluation(price, years=protocol.value("capital.revaluation_years"), centred=centred)
    if protocol.value("capital.rate_of_return") == "internal":
        nominal, bought = panel.account("output_nominal"), intermediate(panel, protocol)
        if not np.isfinite(nominal).any():
            raise InputError("yardstick.no-capital-income")
        intermediate_share = 0.0 if bought is None else bought.share.sum(axis=0)
        income = (1 - intermediate_share - labour_share(panel, protocol).values) * nominal
        back = inventory.internal_return(income, price, stock.values, rate, gain)
    else:
        back = np.array(protocol.values("capital.external_rate", panel.years))
    cost = inventory.user_cost(price, back, np.broadcast_to(rate, price.shape), gain)
    rule = protocol.value("capital.negative_user_cost")
    if rule == "near_zero":
        raise ProtocolError("yardstick.near-zero")
    cost = inventory.settle_negative(cost, rule)
    index = inventory.capital_services(stock.values, cost)
    finite = np.isfinite(index)
    total = np.where(finite, stock.values.sum(axis=0), np.nan)
    first = finite.argmax(axis=1)[:, None]
    return Series(index * np.take_along_axis(fill_with_last(total), first, axis=1), stock.marks)

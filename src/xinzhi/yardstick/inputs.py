"""Output, labour and labour shares of every region under the rules of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    fill_with_last,
    inside,
    interpolate,
    last_observed_position,
    log_growth,
    mask_after,
)
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.labour import carry, corner, fill_hours, human_capital, impute_self_employed
from xinzhi.core.quarters import quarter, year_of
from xinzhi.core.text import NOTHING
from xinzhi.data import NATION
from xinzhi.protocol import Protocol
from xinzhi.yardstick.breaking import link
from xinzhi.yardstick.estimating import extend_schooling
from xinzhi.yardstick.panel import BOUGHT, Panel, Series

Returns = Sequence[tuple[float | None, float]]


LATEST = "latest"


def gross(protocol: Protocol) -> bool:
    """Return whether the output is gross output, with intermediate inputs among the inputs."""
    return bool(protocol.value("output.concept") == "gross_output")


def require_value_added(protocol: Protocol, verb: str) -> None:
    """Refuse gross output for a verb that knows no intermediate inputs: a `UsageError` says so."""
    if gross(protocol):
        raise UsageError("yardstick.gross-output", verb=verb, id=protocol.label)


def with_protocol_output(panel: Panel, protocol: Protocol) -> Panel:
    """Return the panel with the output that the protocol means as ``output_real`` and ``output_nominal``."""
    if not gross(protocol):
        return panel
    names = {"output_real": "gross_output_real", "output_nominal": "gross_output_nominal"}
    missing = [name for name in names.values() if not np.isfinite(panel.account(name)).any()]
    if missing or protocol.value("output.vintage") != LATEST:
        raise InputError("yardstick.no-gross-output", missing=missing or ["output.vintage"])
    gross_columns = {name: panel.account(column) for name, column in names.items()}
    return replace(panel, accounts={**panel.accounts, **gross_columns, "output_price": np.full(panel.shape, np.nan)})


@dataclass(frozen=True, slots=True)
class Intermediate:
    """Intermediate inputs `(N, R, T)`: their quantities, and their costs as shares of gross output."""

    quantity: FloatArray
    share: FloatArray

    def growth(self) -> FloatArray:
        """Return the log growth of every input; one that is not used in either year does not grow."""
        return np.asarray(np.nan_to_num(log_growth(self.quantity)))


def intermediate(panel: Panel, protocol: Protocol) -> Intermediate | None:
    """Return the intermediate inputs of gross output; None where the output is value added."""
    if not gross(protocol):
        return None
    names = BOUGHT
    quantity = np.stack([panel.account(f"{name}_real") for name in names])
    cost = np.stack([panel.account(f"{name}_nominal") for name in names])
    by_kind = np.isfinite(cost[:3]).any(axis=(0, 2))
    used = np.stack([*[by_kind] * 3, ~by_kind & np.isfinite(cost[3]).any(axis=1)])[..., None]
    if not used.any():
        raise InputError("yardstick.no-intermediate", wanted=[f"{name}_nominal" for name in names])
    # A kind that a region never buys costs nothing; a year without any figure is unknown.
    observed = (np.isfinite(cost) & used).any(axis=0)
    spent = np.where(observed, np.where(used & np.isfinite(cost), cost, 0.0), np.nan)
    return Intermediate(quantity, spent / panel.account("output_nominal"))


def output(panel: Panel, protocol: Protocol) -> Series:
    """Return real output `(R, T)`."""
    # With ``output.vintage: latest`` this is ``accounts.output_real``, or nominal output divided by ``output_price``
    # where only these are given. With any other vintage, the growth rates of that vintage in the table `vintages` are
    # chained on the level of the year before its first one; years that the vintage does not reach keep the latest
    # growth and are marked ``spliced:output``. Levels are at the prices of `price_base`.
    latest = _latest(panel)
    at = base_year(panel, protocol)
    if at is not None:
        price = (panel.account("output_nominal") / latest)[:, at : at + 1]
        latest = latest * np.where(has_base_year_prices(panel, at)[:, None], price, 1.0)
    vintage = protocol.value("output.vintage")
    if vintage == LATEST:
        return Series(latest, {"first_published:output": panel.preliminary})
    if vintage not in panel.vintages:
        raise InputError("yardstick.no-vintage", vintage=vintage, known=sorted(panel.vintages) or NOTHING)
    return _chain(latest, panel.vintages[vintage])


def price_base(panel: Panel, protocol: Protocol) -> int | None:
    """Return the year in whose prices regions are compared; None where not every region has its prices."""
    at = base_year(panel, protocol)
    if at is None:
        return None
    measured = np.isfinite(_latest(panel)).any(axis=1)
    return int(panel.years[at]) if has_base_year_prices(panel, at)[measured].all() else None


def base_year(panel: Panel, protocol: Protocol) -> int | None:
    """Return the position of the protocol's price base; None where it names none or the data do not reach it."""
    if not protocol.declares("output.price_base") or panel.quarterly:
        return None
    at = int(protocol.value("output.price_base")) - int(panel.years[0])
    return at if 0 <= at < panel.shape[1] else None


def has_base_year_prices(panel: Panel, at: int) -> BoolArray:
    """Return the regions `(R,)` whose own output and investment have prices of the base year."""
    has_prices = np.isfinite(panel.account("output_nominal")[:, at] / _latest(panel)[:, at])
    if "investment_price" in panel.investment:
        price = panel.investment["investment_price"]
        has_prices &= (np.isfinite(price[..., at]) | ~np.isfinite(price).any(axis=-1)).all(axis=0)
    return has_prices


def deflator(panel: Panel) -> FloatArray:
    """Return the implicit deflator of output `(R, T)`: nominal over real output of the accounts."""
    return panel.account("output_nominal") / _latest(panel)


def _latest(panel: Panel) -> FloatArray:
    """Return real output as the accounts give it; of a region without it, nominal output over its price."""
    real = first_available(
        panel.account("output_real"), panel.account("output_nominal") / panel.account("output_price")
    )
    if np.isfinite(real).any():
        return real
    raise InputError("yardstick.no-output")


def first_available(preferred: FloatArray, fallback: FloatArray) -> FloatArray:
    """Return the preferred series of every region `(R, T)`; the fallback where a region has none of it."""
    return np.where(np.isfinite(preferred).any(axis=1, keepdims=True), preferred, fallback)


def _chain(latest: FloatArray, growth: FloatArray) -> Series:
    """Chain the growth of a vintage on the latest level of the year before it begins."""
    finite = np.isfinite(growth)
    change = log_growth(latest)
    joined = np.where(finite, growth, change)
    begins = np.where(finite.any(axis=1), finite.argmax(axis=1), latest.shape[1])[:, None]
    year = np.arange(latest.shape[1])
    inside = year >= begins
    path = np.cumsum(np.where(inside, joined, 0.0), axis=1)
    anchor = np.take_along_axis(latest, np.clip(begins - 1, 0, None), axis=1)
    values = np.where(inside, anchor * np.exp(path), latest)
    return Series(values, {"spliced:output": ~finite & np.isfinite(values)})


def labour(panel: Panel, protocol: Protocol) -> Series:
    """Return labour `(R, T)`: persons, hours or a given index of labour services, as ``labour.unit`` says."""
    breaks = {"break:employment": panel.breaks}
    match protocol.value("labour.unit"):
        case "given_services":
            return Series(panel.account("labour_services"))
        case "hours":
            hours = _hours(panel, protocol)
            return Series(hours.values, {**breaks, **hours.marks})
        case _:
            persons, linked = link(panel, protocol, panel.account("employment"))
            marks = {**breaks, "proxy:employment": linked} if linked.any() else breaks
            if "employment" in panel.unofficial:
                marks = {**marks, "extrapolated:employment": panel.unofficial["employment"]}
            return Series(persons, marks)


def _hours(panel: Panel, protocol: Protocol) -> Series:
    """Return total hours, with the missing-hours rule of the protocol."""
    persons, hours = panel.account("employment"), panel.account("hours")
    if not panel.hours_per_person:
        return Series(hours)
    missing = np.isfinite(persons) & ~np.isfinite(hours)
    if not missing.any():
        return Series(persons * hours)
    mark = {"proxy:hours": missing}
    match protocol.value("labour.missing_hours"):
        case "refuse":
            place = panel.regions[int(np.argwhere(missing)[0][0])]
            raise InputError("yardstick.hours-missing", n=int(missing.sum()), place=place)
        case "reference_region":
            of_reference = np.array(protocol.series("labour.reference_hours", panel.calendar), dtype=np.float64)
            if absent := panel.calendar[~np.isfinite(of_reference)].tolist():
                raise InputError("yardstick.reference-hours", id=protocol.label, first=absent[0], last=absent[-1])
            return Series(persons * fill_hours(hours, of_reference), mark)
        case _:
            return Series(persons * fill_hours(hours), mark)


def quality(panel: Panel, protocol: Protocol) -> Series:
    """Return human capital per unit of labour `(R, T)`; 1 everywhere when the protocol counts heads."""
    # Where a region has `human_capital` and no schooling, it is taken as the human capital from schooling that the
    # protocol asks for (Penn World Table). Years of schooling inside a gap are interpolated (``proxy:schooling``) where
    # ``labour.missing_schooling`` is ``interpolate``; outside the observed years the nearest one is held, so that
    # growth counts persons alone (``carried:schooling``). A region that never reports schooling counts persons
    # (``missing:schooling``).
    match protocol.value("labour.quality"):
        case "none":
            return Series(np.ones(panel.shape))
        case "given":
            return Series(panel.account("human_capital"))
        case _:
            direct, from_schooling = panel.account("human_capital"), _from_schooling(panel, protocol)
            has_only_index = np.asarray(
                np.isfinite(direct).any(axis=1) & ~np.isfinite(panel.account("schooling")).any(axis=1)
            )
            marks = {name: mask & ~has_only_index[:, None] for name, mask in from_schooling.marks.items()}
            return Series(np.where(has_only_index[:, None], direct, from_schooling.values), marks)


def _from_schooling(panel: Panel, protocol: Protocol) -> Series:
    """Return human capital from mean years of schooling."""
    observed = panel.account("schooling")
    finite = np.isfinite(observed)
    never = ~finite.any(axis=1, keepdims=True)
    between = inside(observed)
    filled = fill_with_last(observed) if protocol.value("labour.missing_schooling") == "hold" else interpolate(observed)
    filled, levels = extend_schooling(panel, protocol, filled)
    schooling, level = np.where(never, 0.0, filled), np.empty(panel.shape)
    returns: list[Returns] = protocol.values("labour.returns_to_schooling", panel.calendar)
    for returns_rule in dict.fromkeys(returns):  # every year with the returns that the protocol dates to it
        valid = np.array([returns_of_year == returns_rule for returns_of_year in returns])
        level[:, valid] = human_capital(schooling[:, valid], returns_rule)
    marks = {
        "proxy:schooling": between & ~finite,
        "carried:schooling": ~between & ~never & ~levels,
        "extrapolated:schooling": levels,
        "missing:schooling": np.broadcast_to(never, panel.shape),
    }
    return Series(level, marks)


def labour_share(panel: Panel, protocol: Protocol) -> Series:
    """Return the current labour share `(R, T)`; averaging over two years is the business of the index."""
    # ``shares.rule: constant`` takes ``shares.constant``; ``observed_regional`` each region's own share;
    # ``observed_national`` one share for all, ``shares.national`` or else that of the table `nation`: never a mean over
    # the regions handed in, on which the figure of a region would then depend. Where ``shares.carry`` is ``carry``, the
    # nearest observed year stands in, marked ``carried:labour_share``; where ``shares.after`` is ``input_output``, it
    # moves with the national tables, marked ``proxy:labour_share``, as is the share of another nation throughout.
    rule = protocol.value("shares.rule")
    if rule == "constant":
        constant = np.array(protocol.values("shares.constant", panel.calendar), dtype=np.float64)
        return Series(np.broadcast_to(constant, panel.shape))
    if rule == "observed_regional":
        return _fill_shares(_observed_labour_share(panel, protocol), protocol, panel.years)
    years, share = _national(panel, protocol)
    national = _at_factor_cost(_fill_shares(share, protocol, years), share, protocol, years)
    position = np.searchsorted(years, panel.years)
    marks = {name: np.broadcast_to(mask[position], panel.shape) for name, mask in national.marks.items()}
    if of_another_nation(panel.regions, protocol):
        marks["proxy:labour_share"] = np.ones(panel.shape, dtype=np.bool_)
    return Series(np.broadcast_to(national.values[position], panel.shape), marks)


def of_another_nation(regions: Sequence[str], protocol: Protocol) -> bool:
    """Return whether the labour share is that of a nation of which the protocol declares the regions, and not these."""
    declared = protocol.value("shares.rule") == "observed_national" and protocol.declares("shares.national")
    return declared and bool(protocol.regions) and not set(regions) & {*protocol.regions, NATION}


def _fill_shares(share: FloatArray, protocol: Protocol, periods: IntArray) -> Series:
    """Return observed shares `(..., T)` with the corner rule of the protocol and its rules for years without one."""
    if protocol.choice("shares.corner") == "floor":
        share = corner(share, float(protocol.value("shares.corner_labour_share")))
    if protocol.value("shares.carry") != "carry":
        return Series(share)
    values, mark = carry(share)
    if protocol.choice("shares.after") != "input_output":
        return Series(values, {"carried:labour_share": mark})
    table = _yearly(protocol, "shares.input_output", periods)
    later = mask_after(share) & np.isfinite(share).any(axis=-1, keepdims=True)
    base = np.take_along_axis(np.broadcast_to(table, share.shape), last_observed_position(share)[..., None], axis=-1)
    by_tables = later & np.isfinite(base)
    values = np.where(by_tables, values + fill_with_last(table) - np.where(by_tables, base, 0.0), values)
    by_tables = np.asarray(by_tables & np.isfinite(table))
    return Series(values, {"carried:labour_share": mark & ~by_tables, "proxy:labour_share": by_tables})


def _yearly(protocol: Protocol, path: str, periods: IntArray) -> FloatArray:
    """Return a series of years of the protocol at periods, which may be quarters `(T,)`."""
    return np.array(protocol.series(path, year_of(periods).tolist()))


def _at_factor_cost(national: Series, share: FloatArray, protocol: Protocol, periods: IntArray) -> Series:
    """Return the national share without net taxes on production in its denominator, where the protocol says so."""
    if protocol.choice("shares.valuation") != "factor_cost":
        return national
    taxes = _yearly(protocol, "shares.net_taxes", periods)
    if protocol.choice("shares.after") != "input_output":  # what is carried is the share at factor cost
        taxes = np.where(np.isfinite(share), taxes, np.nan)
    return Series(national.values / (1 - fill_with_last(taxes)), national.marks)


def _national(panel: Panel, protocol: Protocol) -> tuple[IntArray, FloatArray]:
    """Return the national labour share, and its years: those of the panel and all that the share is known for."""
    declared = protocol.declares("shares.national")
    share_by_year = protocol.value("shares.national") if declared else panel.nation.get("labour_share", {})
    if not share_by_year:
        raise InputError("yardstick.no-national-share", id=protocol.label)
    if panel.quarterly:  # a share of the year is that of its quarters
        share_by_year = {
            quarter(year, number): share for year, share in share_by_year.items() for number in (1, 2, 3, 4)
        }
    years = np.arange(min(*share_by_year, panel.years[0]), max(*share_by_year, panel.years[-1]) + 1)
    return years, np.array([share_by_year.get(year, np.nan) for year in years.tolist()])


def _observed_labour_share(panel: Panel, protocol: Protocol) -> FloatArray:
    """Return the observed labour share of every region, or its labour compensation over nominal output."""
    if protocol.choice("shares.self_employed") == "hourly_compensation":
        names = ("employee_compensation", "employee_hours", "hours")
        missing = [name for name in names if not np.isfinite(panel.account(name)).any()]
        if missing or panel.hours_per_person:
            raise InputError("yardstick.no-self-employed", missing=missing or ["hours"])
        return impute_self_employed(*map(panel.account, names)) / panel.account("output_nominal")
    paid = panel.account("labour_compensation") / panel.account("output_nominal")
    bought = intermediate(panel, protocol)
    if bought is None:
        share = first_available(panel.account("labour_share"), paid)
    else:  # a share of value added becomes one of gross output
        share = first_available(paid, panel.account("labour_share") * (1 - bought.share.sum(axis=0)))
    if not np.isfinite(share).any():
        raise InputError("yardstick.no-labour-share")
    return share

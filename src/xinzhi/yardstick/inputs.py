"""Output, labour and labour shares of every region under the rules of the protocol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.gaps import hold, inside, interpolate
from xinzhi.core.labour import fill_hours, human_capital
from xinzhi.core.shares import carry, corner, national
from xinzhi.core.text import NOTHING
from xinzhi.protocol import Protocol
from xinzhi.yardstick.panel import Panel, Series

Returns = Sequence[tuple[float | None, float]]


LATEST = "latest"


def output(panel: Panel, protocol: Protocol) -> Series:
    """Return real output `(R, T)`."""
    # With ``output.vintage: latest`` this is ``accounts.output_real``, or nominal output divided by ``output_price``
    # where only these are given. With any other vintage, the growth rates of that vintage in the table `vintages` are
    # chained on the level of the year before its first one; years that the vintage does not reach keep the latest
    # growth and are marked ``spliced:output``. Levels are at the prices of `price_base`.
    latest = _latest(panel)
    base = price_base(panel, protocol)
    if base is not None:
        at = base - int(panel.years[0])
        latest = latest * (panel.account("output_nominal") / latest)[:, at : at + 1]
    vintage = protocol.value("output.vintage")
    if vintage == LATEST:
        return Series(latest, {"first_published:output": panel.preliminary})
    if vintage not in panel.vintages:
        raise InputError("yardstick.no-vintage", vintage=vintage, known=sorted(panel.vintages) or NOTHING)
    return _chain(latest, panel.vintages[vintage])


def price_base(panel: Panel, protocol: Protocol) -> int | None:
    """Return the year in whose prices levels are compared; None where the protocol or the data give no such year."""
    if not protocol.declares("output.price_base"):
        return None
    base = int(protocol.value("output.price_base"))
    at = base - int(panel.years[0])
    if not 0 <= at < panel.shape[1]:
        return None
    real = _latest(panel)
    measured = np.isfinite(real).any(axis=1)
    known = [np.isfinite(panel.account("output_nominal")[measured, at] / real[measured, at])]
    if "investment_price" in panel.investment:
        price = panel.investment["investment_price"][:, measured]
        known.append((np.isfinite(price[..., at]) | ~np.isfinite(price).any(axis=-1)).ravel())
    return base if all(item.all() for item in known) else None


def deflator(panel: Panel) -> FloatArray:
    """Return the implicit deflator of output `(R, T)`: nominal over real output of the accounts."""
    return panel.account("output_nominal") / _latest(panel)


def _latest(panel: Panel) -> FloatArray:
    """Return real output as the accounts give it."""
    real = panel.account("output_real")
    if np.isfinite(real).any():
        return real
    real = panel.account("output_nominal") / panel.account("output_price")
    if np.isfinite(real).any():
        return real
    raise InputError("yardstick.no-output")


def _chain(latest: FloatArray, growth: FloatArray) -> Series:
    """Chain the growth of a vintage on the latest level of the year before it begins."""
    known = np.isfinite(growth)
    change = np.diff(np.log(latest), axis=1, prepend=np.nan)
    joined = np.where(known, growth, change)
    begins = np.where(known.any(axis=1), known.argmax(axis=1), latest.shape[1])[:, None]
    year = np.arange(latest.shape[1])
    inside = year >= begins
    path = np.cumsum(np.where(inside, joined, 0.0), axis=1)
    anchor = np.take_along_axis(latest, np.clip(begins - 1, 0, None), axis=1)
    values = np.where(inside, anchor * np.exp(path), latest)
    return Series(values, {"spliced:output": ~known & np.isfinite(values)})


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
            marks = breaks
            if "employment" in panel.unofficial:
                marks = {**breaks, "extrapolated:employment": panel.unofficial["employment"]}
            return Series(panel.account("employment"), marks)


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
        case "common_growth":
            return Series(persons * fill_hours(hours, _common_growth(hours)), mark)
        case _:
            return Series(persons * fill_hours(hours, np.zeros(hours.shape[-1])), mark)


def _common_growth(hours: FloatArray) -> FloatArray:
    """Return the mean log growth of hours over the regions that report them; 0 where none does."""
    growth = np.diff(np.log(hours), axis=1, prepend=np.nan)
    known = np.isfinite(growth)
    count = known.sum(axis=0)
    return np.asarray(np.where(known, growth, 0.0).sum(axis=0) / np.maximum(count, 1))


def quality(panel: Panel, protocol: Protocol) -> Series:
    """Return human capital per unit of labour `(R, T)`; 1 everywhere when the protocol counts heads."""
    # Where a package gives `human_capital` and no schooling, it is taken as the human capital from schooling that the
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
            given = panel.account("human_capital")
            if np.isfinite(given).any() and not np.isfinite(panel.account("schooling")).any():
                return Series(given)
            return _from_schooling(panel, protocol)


def _from_schooling(panel: Panel, protocol: Protocol) -> Series:
    """Return human capital from mean years of schooling."""
    observed = panel.account("schooling")
    known = np.isfinite(observed)
    never = ~known.any(axis=1, keepdims=True)
    between = inside(observed)
    filled = hold(observed) if protocol.value("labour.missing_schooling") == "hold" else interpolate(observed)
    level = _human_capital(np.where(never, 0.0, filled), protocol.values("labour.returns_to_schooling", panel.years))
    marks = {
        "proxy:schooling": between & ~known,
        "carried:schooling": ~between & ~never,
        "missing:schooling": np.broadcast_to(never, panel.shape),
    }
    return Series(level, marks)


def _human_capital(schooling: FloatArray, returns: list[Returns]) -> FloatArray:
    """Return human capital, every year with the returns that the protocol dates to it."""
    out = np.empty_like(schooling)
    for one in dict.fromkeys(returns):
        valid = np.array([item == one for item in returns])
        out[:, valid] = human_capital(schooling[:, valid], one)
    return out


def labour_share(panel: Panel, protocol: Protocol) -> Series:
    """Return the current labour share `(R, T)`; averaging over two years is the business of the index."""
    # ``shares.rule: constant`` takes ``shares.constant``; ``observed_regional`` each region's own share;
    # ``observed_national`` one share for all, the mean of the observed ones weighted by nominal output. Where
    # ``shares.carry`` is ``carry``, the nearest observed year stands in and is marked ``carried:labour_share``.
    rule = protocol.value("shares.rule")
    if rule == "constant":
        constant = np.array(protocol.values("shares.constant", panel.years), dtype=np.float64)
        return Series(np.broadcast_to(constant, panel.shape))
    share = _observed(panel)
    if rule == "observed_national":
        share = np.broadcast_to(national(share, output_weights(panel)), panel.shape).copy()
    if protocol.declares("shares.corner") and protocol.value("shares.corner") == "floor":
        share = corner(share, float(protocol.value("shares.corner_labour_share")))
    if protocol.value("shares.carry") != "carry":
        return Series(share)
    values, mark = carry(share)
    return Series(values, {"carried:labour_share": mark})


def _observed(panel: Panel) -> FloatArray:
    """Return the observed labour share, or labour compensation over nominal output."""
    share = panel.account("labour_share")
    if not np.isfinite(share).any():
        share = panel.account("labour_compensation") / panel.account("output_nominal")
    if not np.isfinite(share).any():
        raise InputError("yardstick.no-labour-share")
    return share


def output_weights(panel: Panel) -> FloatArray:
    """Return the weights of the national share: nominal output, or real output where no nominal one is given."""
    nominal = panel.account("output_nominal")
    return nominal if np.isfinite(nominal).any() else panel.account("output_real")

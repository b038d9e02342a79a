"""Labour: persons or hours, and the human capital behind each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.core.gaps import hold, inside, interpolate
from xinzhi.core.labour import fill_hours, human_capital
from xinzhi.yardstick.series import Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.panel import Panel

    Returns = Sequence[tuple[float | None, float]]


def labour(panel: Panel, protocol: Protocol) -> Series:
    """Return labour `(R, T)`: persons, hours or a given index of labour services, as ``labour.unit`` says.

    Raises
    ------
    InputError
        When hours are missing and ``labour.missing_hours`` is ``refuse``.
    """
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
            message = (
                f"'hours' of the table 'accounts' is missing in {int(missing.sum())} rows that have employment "
                f"(the first is region {place}), and labour.missing_hours says refuse: give the hours, or set it to "
                "'common_growth' or 'persons'."
            )
            raise InputError(message)
        case "common_growth":
            return Series(persons * fill_hours(hours, _common_growth(hours)), mark)
        case _:
            return Series(persons * fill_hours(hours, np.zeros(hours.shape[-1])), mark)


def _common_growth(hours: FloatArray) -> FloatArray:
    """Return the mean log growth of hours over the regions that report them; 0 where none does."""
    growth = np.diff(np.log(hours), axis=1, prepend=np.nan)
    known = np.isfinite(growth)
    count = known.sum(axis=0)
    mean: FloatArray = np.where(known, growth, 0.0).sum(axis=0) / np.maximum(count, 1)
    return mean


def quality(panel: Panel, protocol: Protocol) -> Series:
    """Return human capital per unit of labour `(R, T)`; 1 everywhere when the protocol counts heads.

    Where a package gives `human_capital` and no schooling, it is taken as the human capital from schooling that the
    protocol asks for (Penn World Table). Years of schooling inside a gap are interpolated (``proxy:schooling``) where
    ``labour.missing_schooling`` is ``interpolate``; outside the observed years the nearest one is held, so that growth
    counts persons alone (``carried:schooling``). A region that never reports schooling counts persons
    (``missing:schooling``).
    """
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

"""Which critical values a series is held against: the table, a simulation, a bootstrap, or the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from xinzhi.core.errors import UsageError
from xinzhi.risks.explosive.bootstrap import sieve_values, wild_values
from xinzhi.risks.explosive.conventions import setting
from xinzhi.risks.explosive.critical import Convention, CriticalValues, critical_values, stored_values

if TYPE_CHECKING:
    from xinzhi.risks.explosive.bootstrap import Wild
    from xinzhi.risks.explosive.reading import Series
    from xinzhi.risks.explosive.rules import BubbleRules

Method = Literal["stored", "simulated", "wild", "wild-resampled", "sieve"]


def check_method(critical: object, convention: str) -> None:
    """Raise when there is no such convention, or no such way to critical values.

    Raises
    ------
    UsageError
        As said.
    """
    if convention not in get_args(Convention):
        message = f"convention must be one of {', '.join(get_args(Convention))}; not {convention!r}."
        raise UsageError(message)
    if not (critical is None or isinstance(critical, CriticalValues) or critical in get_args(Method)):
        message = f"critical must be one of {', '.join(get_args(Method))}, or CriticalValues; not {critical!r}."
        raise UsageError(message)


def shared_values(
    periods: int, window: int, lag: int, critical: Method | CriticalValues | None, rules: BubbleRules
) -> CriticalValues | None:
    """Return critical values that depend on the size only; None where each series needs its own.

    Parameters
    ----------
    periods, window, lag
        Observations, rows of the smallest regression, lagged differences.
    critical
        As in `bubbles`.
    rules
        Replications and seed.

    Raises
    ------
    UsageError
        When the table is asked for what it does not have.
    """
    if isinstance(critical, CriticalValues):
        return critical
    if critical in ("wild", "wild-resampled", "sieve"):
        return None
    stored = None if critical == "simulated" else stored_values(periods, window=window)
    if critical is None and (lag > 0 or stored is None):
        return critical_values(periods, window=window, lag=lag, replications=rules.replications, seed=rules.seed)
    if critical == "simulated":
        return critical_values(periods, window=window, lag=lag, replications=rules.replications, seed=rules.seed)
    if stored is None or lag > 0:
        message = (
            f"the table has no critical values of {periods} observations, window {window} and lag {lag} "
            f"(it has lag 0, the usual window, and {setting('table.first')} to {setting('table.last')} observations): "
            "take critical='simulated'."
        )
        raise UsageError(message)
    return stored


def own_values(
    series: Series, window: int, lag: int, critical: Method | CriticalValues | None, rules: BubbleRules
) -> CriticalValues:
    """Return critical values from the series itself.

    Parameters
    ----------
    series
        What they are made from.
    window, lag
        Rows of the smallest regression, lagged differences.
    critical
        ``wild``, ``wild-resampled`` or ``sieve``.
    rules
        Replications and seed.
    """
    rule = setting("bootstrap")
    count = int(rule["replications"]) if rules.replications is None else rules.replications
    seed = int(rule["seed"]) if rules.seed is None else rules.seed
    if critical == "sieve":
        return sieve_values(series.level, window=window, lag=lag, replications=count, seed=seed)
    method: Wild = "wild" if critical == "wild" else "wild-resampled"
    return wild_values(series.level, method=method, window=window, lag=lag, replications=count, seed=seed)

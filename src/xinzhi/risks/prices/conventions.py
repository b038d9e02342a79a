"""The conventions of this method, read from ``bubbles.yaml``, and the options of its verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Literal

from xinzhi.core import parameters
from xinzhi.core.errors import UsageError

HERE = Path(__file__).parent
LEVELS = (90, 95, 99)  # per cent, as the columns of the tables that ship
Lag = int | Literal["aic", "bic"]
Convention = Literal["pointwise", "running-maximum", "family-wise"]
Method = Literal["stored", "simulated", "wild", "wild-resampled", "sieve"]
Gaps = Literal["refuse", "longest"]
Zeros = Literal["refuse", "keep"]
setting = partial(parameters.setting, HERE / "bubbles.yaml")


def short_sample() -> int:
    """Return the observations below which no rejection says little.

    Examples
    --------
    >>> short_sample()
    40
    """
    return int(setting("short"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BubbleRules:
    """How explosive behaviour is looked for.

    Parameters
    ----------
    level
        90, 95 or 99 per cent: of the test, and of the line that BSADF is held against.
    minimum_window
        Rows of the smallest regression; floor(T (0.01 + 1.8 / sqrt T)) when none is given.
    minimum_duration
        Dates that an episode must have to be told; ``log`` takes ln T, rounded up.
    join
        Whether episodes that fewer than ln T dates part are one; the statistics do not depend on it.
    nonrejected
        Also date series whose GSADF does not reject. Their episodes are false alarms more often than the level says.
    draws, seed
        Of simulated and bootstrapped critical values; ``bubbles.yaml`` has the usual ones.
    sequential
        Whether a bootstrap ends as soon as its series can no longer reject at the level; its p-value is then that of
        Besag and Clifford (1991), and `draws` the most that are drawn. Which series reject does not depend on
        it.
    gaps
        ``refuse`` a series with a hole, or test the ``longest`` unbroken stretch.
    zeros
        ``refuse`` a zero among positive values, or ``keep`` it.
    """

    level: int = setting("level")
    minimum_window: int | None = None
    minimum_duration: int | Literal["log"] = field(default_factory=lambda: int(setting("minimum_duration")))
    join: bool = False
    nonrejected: bool = False
    draws: int | None = None
    seed: int | None = None
    sequential: bool = True
    gaps: Gaps = "refuse"
    zeros: Zeros = "refuse"

    def __post_init__(self) -> None:
        allowed = {"level": LEVELS, "gaps": ("refuse", "longest"), "zeros": ("refuse", "keep")}
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise UsageError("prices.one-of", name=name, given=getattr(self, name), allowed=values)
        object.__setattr__(self, "level", int(self.level))
        for name, least in (("minimum_window", 1), ("draws", 100), ("seed", 0)):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, whole_number(name, getattr(self, name), least=least))
        if self.minimum_duration != "log":
            shortest = whole_number("minimum_duration", self.minimum_duration, least=0, alternative="log")
            object.__setattr__(self, "minimum_duration", shortest)


def whole_number(name: str, value: object, *, least: int, alternative: str = "") -> int:
    """Return a whole number of any kind as one of Python."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise UsageError("prices.whole-number", name=name, given=value, least=least, other=alternative)
    return int(value)

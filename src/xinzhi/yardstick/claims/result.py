"""The result of checking claims: a verdict for each, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.audit.choices import Grid


@dataclass(frozen=True, repr=False, kw_only=True)
class Claims(Result):
    """What became of claims about TFP growth.

    Growth is mean TFP growth in log points per year, 0.034 being 3.4 %; a claim is taken as it is printed, 100 times
    that.

    Parameters
    ----------
    frame
        ``region, start, end, written, growth, rounding, source, verdict, official, lowest, highest, tried, giving,
        protocol, protocol_growth, departures, departure_count, older_vintages, flags``: one row per claim in the
        order given. `verdict` is ``supported`` (the official protocol gives the figure within its rounding),
        ``superseded`` (it does so on an older vintage of the data), ``reachable`` (another admissible protocol does) or
        ``unreachable``. `lowest` and `highest` are bounds over the `tried` admissible protocols; `giving` counts those
        that give the figure. `protocol` numbers the first of them, or the nearest one; `older_vintages` are those that
        give the figure when nothing else departs, whatever the verdict; `flags` are the marks of the figures behind the
        official answer.
    protocols
        ``region, start, end, source, order, number, departures, departure_count, vintage, growth``: the protocols that
        give each claim, the fewest departures first, the official one on older data before others; none for an
        unreachable claim. `vintage` is empty on current data. Admissible protocols have the numbers of `audit`.
    departures
        ``region, start, end, source, order, number, parameter, official, value, contribution``: what each departure of
        the first protocols contributes (Shapley), for an unreachable claim those of the nearest. They sum to the
        protocol's growth less the official one.
    grid
        The protocols that were tried.
    regions
        Names of the regions.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "start", "end", "source")

    protocols: pl.DataFrame
    departures: pl.DataFrame
    grid: Grid
    regions: pl.DataFrame

    @property
    def supported(self) -> bool:
        """Whether the official protocol gives every claim."""
        return bool((self.frame["verdict"] == "supported").all())

    def protocol(self, number: int) -> Protocol:
        """Return one of the protocols that were tried, ready to measure with.

        Raises
        ------
        UsageError
            When there is no such number.
        """
        rows = self.grid.rows
        if not 0 <= number < len(rows):
            message = f"protocol {number}: the protocols tried have the numbers 0 (official) to {len(rows) - 1}."
            raise UsageError(message)
        values, departed = self.grid.values(rows[number]), self.grid.departures(rows[number])
        return self.grid.protocol.replace({path: values[path] for path in departed})

    def summary(self, language: Language = "en") -> str:
        """Return a sentence or two on every claim."""
        from xinzhi.yardstick.claims.note import sentences

        return "\n".join([*sentences(self, language), self.provenance.foot()])


@dataclass(frozen=True, repr=False, kw_only=True)
class ClaimCheck(Claims):
    """What became of one claim; the same as `Claims`, with its verdict at hand."""

    @property
    def verdict(self) -> str:
        """``supported``, ``reachable``, ``superseded`` or ``unreachable``."""
        return str(self.frame["verdict"][0])

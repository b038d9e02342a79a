"""Window analysis: every unit and year against the units of the years around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Provenance
from xinzhi.frontier.labelled import Labelled, rts_text
from xinzhi.frontier.measures import Measure
from xinzhi.frontier.reading import Table, read_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.result import Facts


@dataclass(frozen=True, repr=False, kw_only=True)
class Window(Labelled):
    """Scores by window; `frame`: unit, period, start, end, score, status.

    Parameters
    ----------
    units
        unit, mean, deviation (over all its scores), column_range (the largest spread of one period's scores over the
        windows that hold it: how stable they are) and total_range.
    width
        Periods in a window.
    measure, rts
        What was measured.
    """

    verb: ClassVar[str] = "window_analysis"
    key: ClassVar[tuple[str, ...]] = ("unit", "period", "start")

    units: pl.DataFrame
    width: int
    measure: str
    rts: str

    def facts(self) -> Facts:
        """Return the number of windows and the least stable unit."""
        loose = self.units.sort("column_range", descending=True, nulls_last=True).row(0, named=True)
        values = {"k": self.frame["start"].n_unique(), "width": self.width, "range": loose["column_range"]}
        return {
            "headline.window": {**values, "name": self.names.region(loose["unit"])},
            "note.window": {"rts": rts_text(self.rts), "width": self.width},
        }


def window_analysis(  # noqa: PLR0913 - the panel, the window, and the measure
    x: Table,
    y: Table,
    unit: Sequence[object],
    period: Sequence[int],
    bad: Table = None,
    *,
    width: int = 3,
    measure: str = "input",
    rts: str = "crs",
    disposability: str = "weak",
    direction: object = "outputs",
) -> Window:
    """Score each unit and period within every window of `width` successive periods that holds it.

    Parameters
    ----------
    x, y, bad
        Inputs `(n, p)`, outputs `(n, q)` and bad outputs `(n, r)` or None, one row for each unit and period.
    unit, period
        Whose row it is, and when; the panel need not be balanced.
    width
        Periods in a window. 1 is a frontier for each period, the number of periods one frontier for all.
    measure
        ``input``, ``output``, ``directional`` or ``sbm``.
    rts
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``.
    disposability, direction
        Of the directional measure, see `xinzhi.frontier.models.environmental.directional`.

    Returns
    -------
    Window
        One score for each unit, period and window.

    Raises
    ------
    InputError, UsageError
        When a unit has two rows in one period, or the window does not fit.

    Notes
    -----
    Charnes, Clark, Cooper and Golany (1985), Annals of Operations Research 2, 95-112. Within a window technology is
    supposed to stand still: keep it short.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.array([1.0, 2.0, 1.0, 1.0]), np.ones(4)
    >>> found = window_analysis(x, y, ["a", "b", "a", "b"], [2001, 2001, 2002, 2002], width=2)
    >>> found.frame["score"].to_list()
    [1.0, 0.5, 1.0, 1.0]
    """
    import polars as pl

    from xinzhi import __version__

    names, times = np.array([str(each) for each in unit]), np.asarray(period)
    if not len(names) == len(times) == len(x):
        raise InputError("frontier.window-lengths", units=len(names), periods=len(times), rows=len(x))
    pairs = list(zip(names.tolist(), times.tolist(), strict=True))
    if len(set(pairs)) < len(pairs):
        twice = next(pair for at, pair in enumerate(pairs) if pair in pairs[:at])
        raise InputError("frontier.window-twice", unit=twice[0], period=twice[1])
    given = read_data(x, y, bad, [f"{name}/{time}" for name, time in zip(names, times, strict=True)])
    data = given.goods
    periods = np.unique(times)
    if not 1 <= width <= len(periods):
        raise UsageError("frontier.window-width", most=len(periods), width=width)
    how = Measure(name=measure, rts=rts, disposability=disposability, direction=direction)
    how.check(bad=bad is not None)
    parts = []
    for first in range(len(periods) - width + 1):
        inside = np.isin(times, periods[first : first + width])
        part = data.take(inside)
        score = how.score(part, part)
        parts.append(
            pl.DataFrame(
                {
                    "unit": names[inside],
                    "period": times[inside],
                    "start": np.full(inside.sum(), periods[first]),
                    "end": np.full(inside.sum(), periods[first + width - 1]),
                    "score": score,
                    "status": np.where(np.isfinite(score), "optimal", "infeasible"),
                }
            )
        )
    frame = pl.concat(parts).with_columns(pl.col("score").fill_nan(None))
    options = {"width": width, "measure": measure, "rts": rts, "disposability": disposability}
    return Window(
        frame=frame,
        units=_stability(frame),
        width=width,
        measure=measure,
        rts=rts,
        kind=given.kind,
        provenance=Provenance(verb="window_analysis", version=__version__, options=options),
    )


def _stability(frame: pl.DataFrame) -> pl.DataFrame:
    """Return mean, deviation and ranges of every unit."""
    import polars as pl

    spread = (
        frame.group_by("unit", "period")
        .agg(spread=pl.col("score").max() - pl.col("score").min())
        .group_by("unit")
        .agg(column_range=pl.col("spread").max())
    )
    score = pl.col("score")
    whole = frame.group_by("unit").agg(mean=score.mean(), deviation=score.std(), total_range=score.max() - score.min())
    return whole.join(spread, on="unit").select("unit", "mean", "deviation", "column_range", "total_range").sort("unit")

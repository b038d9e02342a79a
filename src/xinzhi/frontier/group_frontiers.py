"""Metafrontier: how far the frontier of a unit's own group lies behind the best of all groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.core.result import Provenance
from xinzhi.frontier.labels import Labelled
from xinzhi.frontier.measures import Measure, rows
from xinzhi.frontier.reading import read_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Language
    from xinzhi.frontier.measures import Goods
    from xinzhi.frontier.models.units import Table

_ROUNDING = 1e-9  # the group is part of the whole: a ratio above one by less than this is one


@dataclass(frozen=True, repr=False, kw_only=True)
class Metafrontier(Labelled):
    """Scores against two frontiers; `frame`: unit, group, meta, within, tgr, status.

    `meta` and `within` are the scores against the metafrontier and the group's own; `tgr` is the technology gap ratio
    in (0, 1]: the part of the distance that is the group's, efficiency against the metafrontier over that within.

    Parameters
    ----------
    groups
        group, units, mean_meta, mean_within, mean_tgr, min_tgr.
    measure, rts
        What was measured.
    convex
        Whether the metafrontier also mixes units of different groups.
    """

    key: ClassVar[tuple[str, ...]] = ("unit", "group")

    groups: pl.DataFrame
    measure: str
    rts: str
    convex: bool

    def summary(self, language: Language = "en") -> str:
        """Return the groups from the smallest to the largest gap."""
        order = self.groups.sort("mean_tgr", descending=True, nulls_last=True)
        said = ", ".join(f"{row['group']} {row['mean_tgr']:.4f}" for row in order.drop_nulls().iter_rows(named=True))
        if language == "zh":
            return f"技术差距比（1 表示本组前沿即共同前沿）：{said}。"
        return f"Technology gap ratio (1: the group's frontier is the metafrontier): {said}."


def metafrontier(  # noqa: PLR0913 - data, groups, and the measure
    x: Table,
    y: Table,
    groups: Sequence[object],
    bad: Table = None,
    *,
    measure: str = "input",
    rts: str = "crs",
    convex: bool = True,
    disposability: str = "weak",
    direction: object = "outputs",
    units: str | Sequence[Any] | None = None,
) -> Metafrontier:
    """Score units against the frontier of their group and against the metafrontier.

    Parameters
    ----------
    x, y, bad
        Inputs `(n, p)`, outputs `(n, q)` and bad outputs `(n, r)` or None.
    groups
        The group of every unit.
    measure
        ``input``, ``output``, ``directional`` or ``sbm``.
    rts
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``.
    convex
        True: the metafrontier is that of all units together. False: it is the union of the groups' technologies, which
        is not convex, and supposes no technology that mixes groups.
    disposability, direction
        Of the directional measure, see `xinzhi.frontier.models.environmental.directional`.
    units
        Names of the units, or of the column that holds them.

    Returns
    -------
    Metafrontier
        Scores and gaps.

    Raises
    ------
    InputError
        When the groups do not match the units.

    Notes
    -----
    O'Donnell, Rao and Battese (2008), Empirical Economics 34, 231-255; the union: Huang, Ting, Lin and Lin (2013),
    JORS 64, 1477-1489, and Afsharian (2017). Directional gaps compare 1 / (1 + beta).

    Examples
    --------
    >>> import numpy as np
    >>> found = metafrontier(np.array([1.0, 2.0, 2.0, 4.0]), np.ones(4), ["a", "a", "b", "b"])
    >>> found.frame["tgr"].to_list()
    [1.0, 1.0, 0.5, 0.5]
    """
    import polars as pl

    from xinzhi import __version__

    given = read_data(x, y, bad, units)
    data: Goods = (given.x, given.y, given.b)
    labels = np.array([str(group) for group in groups])
    if len(labels) != len(data[0]):
        message = f"groups has {len(labels)} entries for {len(data[0])} units: give every unit its group."
        raise InputError(message)
    how = Measure(name=measure, rts=rts, disposability=disposability, direction=direction)
    how.check(bad=bad is not None)
    known = sorted(set(labels))
    against = np.stack([_against(how, data, labels, group, every=not convex) for group in known])
    own = against[np.searchsorted(known, labels), np.arange(len(labels))]
    meta = how.score(data, data) if convex else how.best(against)
    gap = how.efficiency(meta) / how.efficiency(own)
    frame = pl.DataFrame(
        {
            "unit": given.units,
            "group": labels,
            "meta": meta,
            "within": own,
            "tgr": np.where(gap <= 1 + _ROUNDING, np.minimum(gap, 1.0), gap),
            "status": np.where(np.isfinite(meta) & np.isfinite(own), "optimal", "infeasible"),
        }
    ).with_columns(pl.col("meta", "within", "tgr").fill_nan(None))
    by_group = (
        frame.group_by("group")
        .agg(
            units=pl.len(),
            mean_meta=pl.col("meta").mean(),
            mean_within=pl.col("within").mean(),
            mean_tgr=pl.col("tgr").mean(),
            min_tgr=pl.col("tgr").min(),
        )
        .sort("group")
    )
    options = {"measure": measure, "rts": rts, "convex": convex, "disposability": disposability}
    return Metafrontier(
        frame=frame,
        groups=by_group,
        measure=measure,
        rts=rts,
        convex=convex,
        kind=given.kind,
        provenance=Provenance(verb="metafrontier", version=__version__, options=options),
    )


def _against(how: Measure, data: Goods, labels: np.ndarray, group: str, *, every: bool) -> FloatArray:
    """Return the scores against one group, of all units or (the rest NaN) of its own."""
    members = labels == group
    found = np.full(len(labels), np.nan)
    points = np.ones(len(labels), dtype=bool) if every else members
    found[points] = how.score(rows(data, points), rows(data, members))
    return found

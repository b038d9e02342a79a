"""Metafrontier: how far the frontier of a unit's own group lies behind the best of all groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.core.result import Provenance
from xinzhi.core.text import Text, same, words
from xinzhi.frontier.labelled import Labelled, conventions, rts_text
from xinzhi.frontier.measures import Measure
from xinzhi.frontier.reading import Table, read_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.result import Facts
    from xinzhi.frontier.technology.goods import Goods

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

    verb: ClassVar[str] = "metafrontier"
    key: ClassVar[tuple[str, ...]] = ("unit", "group")

    groups: pl.DataFrame
    measure: str
    rts: str
    convex: bool

    def group_text(self, group: str) -> Text:
        """Return the name of a group: that of the macro-region where the units' own are meant."""
        mine = {self.labels.groups.get(str(unit)) for unit in self.frame.filter(self.frame["group"] == group)["unit"]}
        return next((text for text in mine if text is not None and group in {text.zh, text.en}), same(group))

    def facts(self) -> Facts:
        """Return the groups with the smallest and the largest gap, and those that are small."""
        order = self.groups.sort("mean_tgr", descending=True, nulls_last=True)
        known, notes = order.drop_nulls("mean_tgr"), self._notes(order)
        if not known.height:
            return {"answer.nothing": {}} | notes
        first, last = known.row(0, named=True), known.row(-1, named=True)
        values = {"first": self.group_text(first["group"]), "most": first["mean_tgr"]}
        values |= {"last": self.group_text(last["group"]), "least": last["mean_tgr"]}
        return {"headline.metafrontier": values} | notes

    def _notes(self, order: pl.DataFrame) -> Facts:
        shape = words("frontier.chart.convex" if self.convex else "frontier.chart.union")
        notes: Facts = {"note.metafrontier": {"rts": rts_text(self.rts), "shape": shape}}
        small = order.filter(order["units"] <= conventions()["few_units"]["value"])["group"].to_list()
        if small:
            notes["note.thin"] = {"names": [self.group_text(group) for group in small]}
        return notes


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
    data = given.goods
    labels = np.array([str(group) for group in groups])
    if len(labels) != len(data):
        raise InputError("frontier.groups-count", given=len(labels), units=len(data))
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
    found[points] = how.score(data.take(points), data.take(members))
    return found

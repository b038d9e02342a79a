"""Materials balance: efficiency of what flows in with the inputs, and its technical and allocative parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts
from xinzhi.data import provenance
from xinzhi.frontier.labelled import Labelled, known_frame, rts_text
from xinzhi.frontier.models.sweep import ON_FRONTIER, checked
from xinzhi.frontier.reading import Table, read_data
from xinzhi.frontier.technology.distance import distance
from xinzhi.frontier.technology.technology import rts_of


@dataclass(frozen=True, repr=False, kw_only=True)
class MaterialsBalance(Labelled, verb="materials_balance", key=("unit",)):
    """Environmental efficiency in (0, 1] and its parts, a row for each unit: environmental = technical * allocative.

    `inflow` is the material in the inputs, `least` the least with which the best make the same outputs; `surplus` and
    `least_surplus` are what is left of both when the outputs have taken their share: the pollution. `optimal_x`
    `(n, p)` are the inputs of the least inflow, `programs` the number of linear programs.
    """

    rts: str
    optimal_x: FloatArray
    programs: int

    def facts(self) -> Facts:
        """Return the means of the whole and of its two parts, and how much of the surplus need not be."""
        known = self.frame.drop_nulls(["environmental", "technical", "allocative"])
        if not known.height:
            return {"answer.nothing": {}}
        parts = ("environmental", "technical", "allocative")
        means = {part: float(known[part].to_numpy().mean()) for part in parts}
        facts: Facts = {"headline.materials": {**means, "n": known.height, "what": self.what(self.frame["unit"])}}
        surplus, least = (float(known[name].to_numpy().sum()) for name in ("surplus", "least_surplus"))
        if surplus > 0:
            facts["answer.surplus"] = {"share": 1 - least / surplus}
        return facts | {"note.materials": {"rts": rts_text(self.rts), "count": self.programs}}


def materials_balance(
    x: Table,
    y: Table,
    contents: FloatArray | Sequence[float],
    retained: FloatArray | Sequence[float] | None = None,
    *,
    rts: str = "vrs",
    units: str | Sequence[Any] | None = None,
) -> MaterialsBalance:
    """Compare the material in each unit's inputs with the least that its outputs need.

    What flows in with the inputs (carbon of fuel, nitrogen of feed) leaves with the outputs or as pollution. Outputs
    being given, pollution is least where the inflow is.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`.
    contents
        Material in one unit of every input, `(p,)`, at least zero and not all zero. Several materials are added up
        first, each by the weight of its harm.
    retained
        Material in one unit of every output, `(q,)`; none when not given.
    rts, units
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``; names of the units, or of the column that holds them.

    Returns
    -------
    MaterialsBalance
        ``.frame`` with ``environmental, technical, allocative, inflow, least, surplus, least_surplus, status``.

    Raises
    ------
    InputError
        When contents are negative or do not fit the goods, a unit has no inflow, or its outputs hold more than came in.

    Notes
    -----
    Coelli, Lauwers and Van Huylenbroeck (2007), J. Productivity Analysis 28, 3-12. The least inflow is that of a mix of
    reference units, so environmental efficiency is the radial efficiency of one input, the inflow; technical efficiency
    is Farrell's, and what is left is allocative: a dirty mix of inputs.

    Examples
    --------
    >>> import xinzhi.frontier
    >>> fuel = [[4.0, 1.0], [1.0, 4.0], [6.0, 4.0]]
    >>> found = xinzhi.frontier.materials_balance(fuel, [1.0, 1.0, 1.0], contents=[3.0, 1.0])
    >>> found.frame["environmental"].round(6).to_list(), found.frame["allocative"].round(6).to_list()
    ([0.538462, 1.0, 0.318182], [0.538462, 1.0, 0.636364])
    """
    known = rts_of(rts)
    given = read_data(x, y, None, units)
    goods = given.goods
    checked(goods.x, goods.y)
    holds = _contents(contents, len(given.inputs), "inputs")
    keeps = np.zeros(len(given.outputs)) if retained is None else _contents(retained, len(given.outputs), "outputs")
    if not holds.any():
        raise InputError("frontier.contents-none")
    inflow, kept = goods.x @ holds, goods.y @ keeps
    if (inflow <= 0).any():
        raise InputError("frontier.no-inflow", unit=given.units[int(np.flatnonzero(inflow <= 0)[0])])
    over = np.flatnonzero(kept > inflow * (1 + ON_FRONTIER))
    if over.size:
        at = int(over[0])
        raise InputError("frontier.imbalance", unit=given.units[at], inflow=float(inflow[at]), kept=float(kept[at]))
    whole, part = distance(inflow[:, None], goods.y, rts=known), distance(goods.x, goods.y, rts=known)
    status = np.where(whole.status == "optimal", part.status, whole.status)
    least = inflow * whole.score
    mixes = np.zeros_like(goods.x) if whole.intensity is None else whole.intensity @ goods.x
    frame = known_frame(
        {
            "unit": given.units,
            "environmental": whole.score,
            "technical": part.score,
            "allocative": whole.score / part.score,
            "inflow": inflow,
            "least": least,
            "surplus": inflow - kept,
            "least_surplus": least - kept,
            "status": status.tolist(),
        }
    )
    options = {"contents": holds.tolist(), "retained": keeps.tolist(), "rts": known}
    return MaterialsBalance(
        frame=frame,
        rts=known,
        optimal_x=mixes,
        programs=whole.programs.count + part.programs.count,
        kind=given.kind,
        provenance=provenance("materials_balance", given.digests(), (), **options),
    )


def _contents(given: FloatArray | Sequence[float], width: int, what: str) -> FloatArray:
    """Return the contents of every good."""
    table = np.asarray(given, dtype=float)
    if table.shape != (width,):
        raise InputError("frontier.contents-shape", what=what, goods=width, given=table.shape)
    if not (np.isfinite(table).all() and (table >= 0).all()):
        at = int(np.flatnonzero(~(np.isfinite(table) & (table >= 0)))[0])
        raise InputError("frontier.contents-sign", what=what, column=at, value=float(table[at]))
    return table

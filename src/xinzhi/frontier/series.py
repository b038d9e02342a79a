"""Two stages in series: what the first makes, the second uses up; efficiency of the whole and of each stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xinzhi.core.arrays import FloatArray, digest
from xinzhi.data import provenance
from xinzhi.frontier.models.sweep import Own, Sweep, checked, sweep
from xinzhi.frontier.reading import Table, all_positive, read_parts
from xinzhi.frontier.stages import Staged, staged
from xinzhi.frontier.technology.technology import choose

METHODS = ("product", "additive")
PRIORITIES = ("first", "second")
_STAGES = ("first", "second")


def series_efficiency(
    x: Table,
    z: Table,
    y: Table,
    *,
    method: str = "product",
    priority: str = "first",
    units: str | Sequence[Any] | None = None,
) -> Staged:
    """Score units of two stages in series, under constant returns: inputs make z, and z alone makes outputs.

    Parameters
    ----------
    x, z, y
        Inputs `(n, p)`, what the first stage hands on `(n, m)`, and outputs `(n, q)`; all positive.
    method
        ``product``: efficiency is the product of the stages' (Kao and Hwang 2008). ``additive``: it is their mean,
        weighted by what each uses of all that both use (Chen, Cook, Li and Zhu 2009).
    priority
        The split into stages need not be unique: ``first`` gives the first stage the most that the score of the whole
        leaves room for, ``second`` the second.
    units
        Names of the units, or of the column that holds them.

    Returns
    -------
    Staged
        ``.frame`` with the score of the whole; ``.stages`` with that of each stage, the ``lower`` and ``upper`` ends of
        what the two priorities give it, and its ``weight`` (additive).

    Notes
    -----
    Kao and Hwang (2008), EJOR 185, 418-429; Chen, Cook, Li and Zhu (2009), EJOR 196, 1170-1176. Both value z the same
    as what comes out of the first stage and as what goes into the second. The programs are solved in envelopment form,
    and each optimum counts only when its multipliers prove it.

    Examples
    --------
    >>> import xinzhi.frontier
    >>> found = xinzhi.frontier.series_efficiency([2.0, 4.0, 4.0], [2.0, 4.0, 2.0], [1.0, 4.0, 1.0])
    >>> found.scores.round(6).tolist()
    [0.5, 1.0, 0.25]
    >>> found.stages.filter(unit="3")["score"].round(6).to_list()
    [0.5, 0.5]
    """
    choose("method", method, METHODS)
    choose("priority", priority, PRIORITIES)
    parts, names = read_parts({"x": x, "z": z, "y": y}, units)
    all_positive(parts, names)
    data = checked(parts["x"].values, parts["z"].values, parts["y"].values)
    program = _Series(data.x, data.y, data.b, method)
    whole = program.whole()
    first, second = program.stage(whole, 0), program.stage(whole, 1)
    score = whole.objective
    if method == "product":
        ends = np.stack([[first.objective, score / first.objective], [score / second.objective, second.objective]])
        weights = np.full((2, len(score), 2), np.nan)
    else:
        # With the first stage's use at one, the weight of the second is what it uses, z; with z at one, conversely.
        handed, used = first.objective, (1 + second.objective) / score - 1
        ends = np.stack([[handed, (score * (1 + handed) - handed) / handed], [1 / used, second.objective]])
        shares = np.stack([1 / (1 + handed), used / (1 + used)])
        weights = np.stack([shares, 1 - shares], axis=2)
    chosen = PRIORITIES.index(priority)
    ends = ends.transpose(0, 2, 1)
    status = np.array(whole.status)
    for one in (first, second):
        status = np.where(status == "optimal", np.array(one.status), status)
    columns = {"lower": ends.min(axis=0), "upper": ends.max(axis=0), "weight": weights[chosen]}
    tables = {name: digest(part.values, names, part.goods) for name, part in parts.items()}
    return staged(
        score, status, _STAGES, ends[chosen], columns, units=names, rts="crs", design=f"series-{method}",
        programs=sum(one.programs for one in (whole, first, second)), kind=parts["x"].kind,
        provenance=provenance("series_efficiency", tables, (), method=method, priority=priority),
    )  # fmt: skip


class _Series:
    """The programs of units in two stages: rows for inputs, for what is handed on, and for outputs."""

    def __init__(self, x: FloatArray, z: FloatArray, y: FloatArray, method: str) -> None:
        self.x, self.z, self.y, self.additive = x, z, y, method == "additive"
        none = [np.zeros((part.shape[1], len(x))) for part in (x, y)]
        self.table = np.block([[-x.T, none[0]], [z.T, -z.T], [none[1], y.T]])

    def whole(self) -> Sweep:
        """Return the score of the whole: the least share of all that is used."""

        def own(unit: int) -> Own:
            x, z, y = self.x[unit], self.z[unit], self.y[unit]
            used = z if self.additive else 0 * z
            return self._own([np.concatenate([x, used, 0 * y])], [1.0], np.concatenate([0 * x, used, y]))

        return sweep(self.table, own, len(self.x), prove=True)

    def stage(self, whole: Sweep, number: int) -> Sweep:
        """Return the most that one stage can score while the whole keeps its score."""
        # Written for the multipliers v, w, u of inputs, of z and of outputs, with E the score of the whole. First: most
        # w z with v x = 1 and u y + w z = E (v x + w z), or u y = E v x; second: most u y with w z = 1 and the same.

        def own(unit: int) -> Own:
            x, z, y, score = self.x[unit], self.z[unit], self.y[unit], whole.objective[unit]
            score = 1.0 if np.isnan(score) else score
            kept = (1 - score) * z if self.additive else 0 * z
            norm = np.concatenate([x, 0 * z, 0 * y] if number == 0 else [0 * x, z, 0 * y])
            most = np.concatenate([0 * x, z, 0 * y] if number == 0 else [0 * x, 0 * z, y])
            return self._own([norm, np.concatenate([-score * x, kept, y])], [1.0, 0.0], most)

        return sweep(self.table, own, len(self.x), prove=True)

    @staticmethod
    def _own(columns: list[FloatArray], costs: list[float], lower: FloatArray) -> Own:
        return Own(
            columns=np.array(columns).T, costs=np.array(costs), lower=lower, upper=np.full(len(lower), np.inf),
            column_lower=-np.inf,
        )  # fmt: skip

"""The verb `efficiency`: score units against the technology that they, or others, span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts
from xinzhi.core.text import Text
from xinzhi.frontier.models import model_of
from xinzhi.frontier.reading import Data, read_data
from xinzhi.frontier.technology.distance import Programs, Solution
from xinzhi.frontier.technology.technology import RTS, choose
from xinzhi.frontier.unit_names import Labelled, good_text, number_or_null, rts_text, status_text

# A weight below this is rounding, not a peer.
_PEER = 1e-9
_AWAY = ("directional", "environmental", "non-radial")  # models whose score is an inefficiency
_INVERSE = ("radial", "super", "russell", "seiford-zhu")  # whose output score is at least one


@dataclass(frozen=True, repr=False, kw_only=True)
class Efficiency(Labelled, verb="efficiency", key=("unit",)):
    """Efficiency of units against the technology that they, or the units of a reference set, span: a row for each unit.

    `score` is Farrell's input efficiency (at most 1) or output efficiency (at least 1), the directional distance (0 on
    the frontier), or what the model states; null where `status` is not ``optimal``. A unit is `efficient` on the
    frontier by the model's own measure; with `slacks=True` also without slack. `data` was scored, `solved` holds the
    arrays of the solution.
    """

    data: Data
    solved: Solution
    model: str
    rts: str
    orientation: str

    @property
    def goods(self) -> tuple[str, ...]:
        """Inputs, outputs and bad outputs."""
        return (*self.data.inputs, *self.data.outputs, *self.data.bads)

    @property
    def scores(self) -> FloatArray:
        """Scores `(n,)`, NaN where the status is not ``optimal``."""
        return self.solved.score

    @property
    def status(self) -> AnyArray:
        """Status of every unit `(n,)`."""
        return self.solved.status

    @property
    def programs(self) -> Programs:
        """Count and size of the linear programs."""
        return self.solved.programs

    @property
    def notes(self) -> tuple[Text, ...]:
        """What the model has to say about the solution."""
        return tuple(words.by_key(f"frontier.{key}", **values) for key, values in self.solved.notes)

    @property
    def slacks(self) -> pl.DataFrame:
        """``unit`` and the slack of every good, in its own units."""
        return self._goods("slack")

    @property
    def targets(self) -> pl.DataFrame:
        """``unit`` and the value of every good at the projection on the frontier."""
        return self._goods("target")

    @property
    def duals(self) -> pl.DataFrame:
        """``unit``, the multiplier of every good and of the sum of intensities (``scale``)."""
        frame = self._goods("dual")
        scale = self.solved.dual_scale
        return frame if scale is None else frame.with_columns(scale=number_or_null(scale))

    @property
    def peers(self) -> pl.DataFrame:
        """``unit, peer, weight``: the units that span the projection, the heaviest first."""
        if self.solved.intensity is None:
            raise UsageError("frontier.model-without", model=self.model, what="peers")
        packed = self.solved.intensity.tocoo()
        keep = packed.data > _PEER
        units, peer_names = (np.array(names, dtype=object) for names in (self.data.units, self.data.peers))
        order = np.lexsort((packed.col[keep], -packed.data[keep], packed.row[keep]))
        row, column, weight = (part[keep][order] for part in (packed.row, packed.col, packed.data))
        schema = {"unit": pl.String, "peer": pl.String, "weight": pl.Float64}
        return pl.DataFrame({"unit": units[row], "peer": peer_names[column], "weight": weight}, schema=schema)

    def _goods(self, kind: str) -> pl.DataFrame:
        names = (self.data.inputs, self.data.outputs, self.data.bads)
        columns: dict[str, Any] = {"unit": list(self.data.units)}
        for goods, letter in zip(names, "xyb", strict=True):
            part = getattr(self.solved, f"{kind}_{letter}")
            if part is not None:
                columns |= {good: number_or_null(part[:, place]) for place, good in enumerate(goods)}
        if len(columns) == 1:
            raise UsageError("frontier.model-without", model=self.model, what=f"{kind}s")
        return pl.DataFrame(columns)

    @property
    def reading(self) -> str:
        """How a score reads: ``input`` or ``output`` share, an ``index``, a ``distance``, or the sum of ``slacks``."""
        if self.model == "additive":
            return "slacks"
        if self.model != "hyperbolic" and (self.model in _AWAY or self.orientation == "directional"):
            return "distance"
        radial_score = self.model in {"radial", "super"} and self.orientation in {"input", "output"}
        return self.orientation if radial_score else "index"

    @property
    def inverse(self) -> bool:
        """Whether the score is one over the share of the frontier that a unit reaches."""
        return self.orientation == "output" and self.model in _INVERSE

    @cached_property
    def ranked(self) -> pl.DataFrame:
        """``unit, value, status, efficient``: scores as they read, best first, units without one last."""
        value = 1 / pl.col("score") if self.inverse else pl.col("score")
        rising = self.reading in {"distance", "slacks"}
        frame = self.frame.with_columns(value=value)
        if "efficient" not in frame.columns:
            frame = frame.with_columns(efficient=pl.lit(None, dtype=pl.Boolean))
        order = frame.select("unit", "value", "status", "efficient")
        # The last digits of a score are rounding: units that differ in nothing else stand in the order of their codes.
        return order.sort(pl.col("value").round(12), "unit", descending=[not rising, False], nulls_last=True)

    def facts(self) -> Facts:
        """Return how many are on the frontier, how far the others are, who has no score, and the technology."""
        rows = self.ranked.drop_nulls("value")
        lost = self.ranked.filter(self.ranked["value"].is_null())
        reasons = [
            {"names": [self.names.region(unit) for unit in units], "why": status_text(status)}
            for status, units in lost.group_by("status", maintain_order=True).agg("unit").rows()
        ]
        facts: Facts = {"answer.nothing": {}} if not rows.height else self._standing(rows)
        if reasons and rows.height:
            facts["answer.unscored"] = reasons
        goods = {name: [good_text(good) for good in getattr(self.data, name)] for name in ("inputs", "outputs", "bads")}
        model, kinds = words.frontier.chart_of(self.model), len(goods["bads"])
        technology = {"rts": rts_text(self.rts), "model": model, "count": self.programs.count, "kinds": kinds, **goods}
        return {**facts, "note.technology": technology, **dict(self.solved.notes)}

    def _standing(self, rows: pl.DataFrame) -> Facts:
        """Return the leading fact, and who is on the frontier."""
        what, n = self.what(self.data.units), rows.height
        last = rows.row(-1, named=True)
        if self.model == "cross":
            first = rows.row(0, named=True)
            mean = float(rows["value"].to_numpy().mean())
            values = {"n": n, "what": what, "mean": mean, "best": self.names.region(first["unit"])}
            return {"headline.cross": {**values, "most": first["value"]}}
        rest = rows.filter(~rows["efficient"].fill_null(value=False))
        on = rows.filter(rows["efficient"].fill_null(value=False))["unit"].to_list()
        if not rest.height:
            return {"headline.alone" if n == 1 else "headline.all_on": {"n": n, "what": what}}
        last, mean = rest.row(-1, named=True), float(rest["value"].to_numpy().mean())
        values = {"k": len(on), "n": n, "what": what, "mean": mean, "least": last["value"]}
        # only slacks part the others from the frontier: none of them is the worst by its score
        alike = bool(on) and np.allclose(rows["value"], rows["value"][0]) and self.reading != "slacks"
        key = "headline.edge" if alike else f"headline.{self.reading}"
        facts: Facts = {key: {**values, "worst": self.names.region(last["unit"])}}
        if on:
            facts["answer.leaders"] = {"names": [self.names.region(unit) for unit in on]}
        return facts


def efficiency(
    x: AnyArray,
    y: AnyArray,
    bad: AnyArray = None,
    *,
    rts: str = "vrs",
    orientation: str = "input",
    model: str = "radial",
    units: str | Sequence[object] | None = None,
    reference: Sequence[Any] | None = None,
    **options: Any,  # noqa: ANN401 - options of the model
) -> Efficiency:
    """Score every unit against the technology that all units span.

    Parameters
    ----------
    x, y, bad
        Inputs, outputs and bad outputs: arrays `(n, k)` or frames of any kind, in any units of measurement. A text
        column (or a pandas index) holds the names of the units.
    rts
        ``crs, vrs, nirs`` (``drs``), ``ndrs`` (``irs``), ``grs`` (with ``bounds=(L, U)``), ``fdh``, ``replication``,
        ``scaling``.
    orientation
        ``input``, ``output``, ``hyperbolic``, ``directional``, ``none`` or ``graph``; a model refuses those that it
        does not know. Models that move goods along a direction take it from ``direction=...`` alone.
    model
        ``radial``, ``directional``, ``hyperbolic``, ``additive``, ``super``, ``cross``, and every other name in
        `xinzhi.frontier.models.MODELS`.
    units
        Names of the units, or the name of the column that holds them.
    reference
        ``(x, y)`` or ``(x, y, bad)`` of the units that span the technology, in the same goods and order (XREF and YREF
        of other programs); the units themselves when None. A unit may then lie outside: an input score above 1.
    options
        ``slacks`` (True: a second phase finds the largest slacks), ``disposability`` of bad outputs (``weak``,
        ``kuosmanen``, ``equality``, ``strong``), ``direction`` (``own``, ``mean``, ``unit``, ``range``,
        ``endogenous``, or arrays ``(gx, gy[, gb])``), ``bounds``; then the model's own, such as ``scale=True`` of the
        radial model, ``weights="ram"`` of the additive and ``method="aggressive"`` of cross-efficiency.

    Examples
    --------
    >>> import xinzhi.frontier
    >>> result = xinzhi.frontier.efficiency([[2.0], [4.0], [4.0]], [[1.0], [3.0], [1.0]], units=["a", "b", "c"])
    >>> result.scores.round(6).tolist(), result.status.tolist()
    ([1.0, 1.0, 0.5], ['optimal', 'optimal', 'optimal'])
    >>> xinzhi.frontier.efficiency([[2.0]], [[2.0]], reference=([[2.0], [4.0]], [[1.0], [3.0]])).scores.tolist()
    [1.5]
    >>> result.peers.row(2)
    ('c', 'a', 1.0)
    """
    method = model_of(model)
    choose("rts", rts, RTS)
    data = read_data(x, y, bad, units, reference)
    solved = method.solve(model, data, rts, orientation, options)
    columns: dict[str, Any] = {
        "unit": list(data.units),
        "score": number_or_null(solved.score),
        "status": pl.Series(solved.status.tolist(), dtype=pl.String),
    }
    if solved.efficient is not None:
        columns["efficient"] = np.asarray(solved.efficient, dtype=bool)
    for name, values in _name_goods(solved.factors, data).items():
        columns[name] = number_or_null(values) if values.dtype.kind == "f" else pl.Series(values.tolist())
    record = {"model": model, "rts": rts, "orientation": orientation, **options}
    record |= {"reference": len(data.peers)} if reference is not None else {}
    return Efficiency(
        frame=pl.DataFrame(columns),
        provenance=provenance("efficiency", data.digests(), **{name: _plain(value) for name, value in record.items()}),
        kind=data.kind,
        data=data,
        solved=solved,
        model=model,
        rts=rts,
        orientation=orientation,
    )


def _name_goods(factors: Mapping[str, Any], data: Data) -> dict[str, Any]:
    """Return factors of goods as one column a good: `theta_x` of two inputs becomes theta_capital, theta_labour."""
    goods = {"x": data.inputs, "y": data.outputs, "b": data.bads}
    columns: dict[str, Any] = {}
    for name, factor in factors.items():
        values = np.asarray(factor)
        stem, _, side = name.rpartition("_")
        if values.ndim == 1:
            columns[name] = values + 0.0 if values.dtype.kind == "f" else values  # no -0.0
        elif side in goods and values.shape == (len(data.units), len(goods[side])):
            columns |= {f"{stem}_{good}": values[:, at] + 0.0 for at, good in enumerate(goods[side])}
    return columns


def _plain(value: Any) -> Any:  # noqa: ANN401 - an option of any kind
    """Return an option as a certificate can hold it."""
    if isinstance(value, str | bool | int | float | None):
        return value
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else str(value)

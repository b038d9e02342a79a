"""The verb `efficiency`: score units against the technology that they, or others, span."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts
from xinzhi.core.schema import Column, text_columns
from xinzhi.core.text import Text, listing, number, unit_text
from xinzhi.frontier.models import model_of
from xinzhi.frontier.plane import Plane, plane_of
from xinzhi.frontier.reading import Data, read_data
from xinzhi.frontier.technology.distance import Programs, Solution
from xinzhi.frontier.technology.technology import RTS, choose
from xinzhi.frontier.unit_names import Labelled, good_text, number_or_null, rts_text, setting, status_text

# A weight below this is rounding, not a peer.
_PEER = 1e-9
_AWAY = ("directional", "environmental", "non-radial")  # models whose score is an inefficiency
_STILL = 1e-7  # percent: what changes by less is rounding
_AXES = ("x", "y")
_FIRST = ("unit", "group", "share", "score", "efficient", "status")
_PEERS = {"unit": pl.String, "peer": pl.String, "weight": pl.Float64}
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
        return pl.DataFrame({"unit": units[row], "peer": peer_names[column], "weight": weight}, schema=_PEERS)

    @property
    def codes(self) -> Sequence[str]:
        """The units."""
        return self.data.units

    @property
    def writers(self) -> Mapping[str, Callable[[str], Text | None]]:
        """What units and goods are called, and what goods are measured in."""
        measures = self.labels.measures
        return {**super().writers, "measure": lambda good: unit_text(measures[good]) if measures.get(good) else None}

    def column(self, name: str, frame: str = "frame") -> Column:
        """Return the description of a column: axes are called after goods, and slacks have the digits of the data."""
        if frame == "plane_rows" and name in _AXES and self.plane is not None:
            return Column(name=name, title=getattr(self.plane, f"{name}_title"), kind="figure")
        column = super().column(name, frame)
        slacks = (frame, name, self.reading) == ("score_rows", "score", "slacks")
        return replace(column, kind="figure") if slacks else column

    def _by_good(self, kind: str) -> pl.DataFrame:
        """Return ``unit, good`` and a value of every good; without rows where the model has none."""
        try:
            frame = self._goods(kind)
        except UsageError:
            return pl.DataFrame(schema={"unit": pl.String, "good": pl.String, kind: pl.Float64})
        return frame.unpivot(index="unit", variable_name="good", value_name=kind)

    def _goods(self, kind: str) -> pl.DataFrame:
        names = (self.data.inputs, self.data.outputs, self.data.bads)
        columns: dict[str, pl.Series] = {"unit": pl.Series(self.data.units, dtype=pl.String)}
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

    @property
    def away(self) -> bool:
        """Whether a score says how far a unit is from the frontier, and no share of it."""
        return self.reading in {"distance", "slacks"}

    @cached_property
    def ranked(self) -> pl.DataFrame:
        """``unit, value, status, efficient``: scores as they read, best first, units without one last; with `group`."""
        value = 1 / pl.col("score") if self.inverse else pl.col("score")
        frame = self.frame.with_columns(value=value)
        if "efficient" not in frame.columns:
            frame = frame.with_columns(efficient=pl.lit(None, dtype=pl.Boolean))
        order = frame.select("unit", "value", "status", "efficient")
        # The last digits of a score are rounding: units that differ in nothing else stand in the order of their codes.
        by = pl.col("value").round(12)
        return self.with_groups(order.sort(by, "unit", descending=[not self.away, False], nulls_last=True))

    @property
    def score_rows(self) -> pl.DataFrame:
        """The scores as a table shows them: unit, group and share where there are any, then what else the frame has."""
        frame = self.ranked.select("unit", share="value").join(self.frame, on="unit", how="left", maintain_order="left")
        frame = self.with_groups(frame)
        if "efficient" not in frame.columns:
            frame = frame.with_columns(efficient=pl.lit(None, dtype=pl.Boolean))
        twice = {"shephard"} if self.inverse else {"shephard", "share"}
        if self.model == "environmental":  # one step for every good: the score itself
            twice |= {name for name in frame.columns if name.startswith("beta_")}
        first = [name for name in _FIRST if name in frame.columns]
        return frame.select(name for name in dict.fromkeys([*first, *frame.columns]) if name not in twice)

    @property
    def reading_how(self) -> str:
        """How to read the scores: as a ``share``, or as a ``distance``."""
        return "distance" if self.away else "share"

    @property
    def reading_decimals(self) -> int:
        """Decimals of the scores in a chart."""
        return 1 if self.reading == "slacks" else 3

    @property
    def score_on_frontier(self) -> float:
        """The score of a unit on the frontier, as scores read."""
        return 0.0 if self.away else 1.0

    @property
    def score_reach(self) -> tuple[float, float] | None:
        """The ends of an axis of shares; None for distances, whose axis is as long as they need."""
        values = self.ranked["value"].drop_nulls().to_numpy()
        return None if self.away else (float(values.min()) * 0.92, max(float(values.max()), 1.0) * 1.03)

    @property
    def size_notes(self) -> tuple[Fact, ...]:
        """A warning where units are few for so many goods."""
        goods, n = len(self.data.columns), len(self.data.units)
        few = n < setting("units_per_good") * goods
        return (words.frontier.note_few(n=n, goods=goods),) if few else ()

    @cached_property
    def plane(self) -> Plane | None:
        """The technology on two axes, where they can hold it and a unit has a score."""
        return plane_of(self.data, self.rts, self.measured) if self.ranked["value"].count() else None

    @property
    def plane_rows(self) -> pl.DataFrame:
        """``unit, x, y, efficient``: the units on the two axes."""
        axes = {axis: [] if self.plane is None else getattr(self.plane, axis) for axis in _AXES}
        units = pl.Series("unit", [] if self.plane is None else self.data.units, dtype=pl.String)
        rows = pl.DataFrame({"unit": units, **{axis: pl.Series(axes[axis], dtype=pl.Float64) for axis in _AXES}})
        return rows.join(self.ranked.select("unit", "efficient"), on="unit", how="left", maintain_order="left")

    @property
    def plane_points(self) -> pl.DataFrame:
        """`plane_rows`, those on the frontier first, with ``group``, and the name of each unit to be read."""
        rows = self.plane_rows.sort(~pl.col("efficient").fill_null(value=False), maintain_order=True)
        labelled = {self.labels.unit, *self.ranked.drop_nulls("value")["unit"].tail(1)}
        on, off = words.frontier.chart_reached(), words.frontier.chart_short()
        pairs = rows.select("unit", "efficient").rows()
        names = [self.names.region(unit) if efficient or unit in labelled else None for unit, efficient in pairs]
        groups = [on if efficient else off for _, efficient in pairs]
        return rows.with_columns(text_columns(name=names, group=groups))

    @property
    def plane_headline(self) -> Fact | None:
        """How many units are on the frontier that is drawn."""
        if self.plane is None:
            return None
        scores = self.ranked.drop_nulls("value")
        k, what = int(scores["efficient"].fill_null(value=False).sum()), self.what(self.data.units)
        n, rts, worst = scores.height, rts_text(self.rts), self.names.region(scores["unit"][-1])
        if not self.plane.exact:
            return words.frontier.headline_plane_crs(k=k, n=n, rts=rts, what=what)
        return words.frontier.headline_plane(k=k, n=n, rts=rts, what=what, worst=worst)

    @cached_property
    def other_peers(self) -> pl.DataFrame:
        """The peers of every unit but itself; without rows where the model has no peers."""
        if self.solved.intensity is None:
            return pl.DataFrame(schema=_PEERS)
        return self.peers.filter(pl.col("unit") != pl.col("peer"))

    @property
    def peer_counts(self) -> pl.DataFrame:
        """``peer, units, weight``: how many units could learn from each peer, and its mean weight, most first."""
        counts = self.other_peers.group_by("peer").agg(units=pl.len(), weight=pl.col("weight").mean())
        return counts.sort("units", "peer", descending=True)

    @property
    def peers_headline(self) -> Fact | None:
        """Whom most units could learn from."""
        if self.other_peers.is_empty():
            return None
        first, n, _ = self.peer_counts.row(0)
        count, what = self.other_peers["unit"].n_unique(), self.what(self.data.units)
        return words.frontier.headline_peers(name=self.names.region(first), n=n, all=count, what=what)

    @property
    def peer_lists(self) -> pl.DataFrame:
        """``unit`` and its peers with their weights in words, the heaviest first."""
        peers: dict[str, list[Text]] = {}
        for unit, peer, weight in self.other_peers.rows():
            part = words.frontier.chart_part(part=self.names.region(peer), value=number(weight, 3))
            peers.setdefault(unit, []).append(part)
        return pl.DataFrame(
            [pl.Series("unit", list(peers), dtype=pl.String), *text_columns(peers=map(listing, peers.values()))]
        )

    @cached_property
    def by_good(self) -> pl.DataFrame:
        """``unit, good, actual, target, change`` in percent and ``slack``, best units first; none without targets."""
        data = self.data
        actual = pl.DataFrame(data.goods.all(), schema=list(data.columns), orient="row").with_columns(
            unit=pl.Series(data.units)
        )
        rows = actual.unpivot(index="unit", variable_name="good", value_name="actual")
        rows = rows.join(self._by_good("target"), on=["unit", "good"], maintain_order="left")
        rows = rows.join(self._by_good("slack"), on=["unit", "good"], how="left", maintain_order="left")
        change = pl.when(pl.col("actual") != 0).then(100 * (pl.col("target") / pl.col("actual") - 1))
        small = pl.col("slack").abs() <= _PEER * pl.max_horizontal(pl.col("actual").abs(), 1.0)
        rows = rows.with_columns(change=change, slack=pl.when(small).then(0.0).otherwise(pl.col("slack")))
        order = self.ranked.select("unit").with_row_index("place")
        return rows.join(order, on="unit", maintain_order="left").sort("place", maintain_order=True)

    @property
    def target_rows(self) -> pl.DataFrame:
        """The rows of `by_good` of units that would change, with the ``measure`` of the good."""
        changes = pl.col("target").is_not_null() & (pl.col("change").abs() >= _STILL)
        return self.by_good.filter(changes.any().over("unit")).with_columns(measure=pl.col("good"))

    @cached_property
    def way(self) -> pl.DataFrame:
        """The rows of `by_good` of one unit: the one that was asked for, else the farthest from the frontier."""
        last = self.ranked.drop_nulls("value").tail(1).filter(~pl.col("efficient").fill_null(value=False))
        unit = self.labels.unit or next(iter(last["unit"]), "")
        change = pl.when(pl.col("change").abs() >= _STILL).then(pl.col("change")).otherwise(0.0)
        return self.by_good.filter(pl.col("unit") == unit, pl.col("target").is_not_null()).with_columns(change=change)

    @property
    def way_title(self) -> Fact:
        """Whose way to the frontier it is."""
        return words.frontier.title_targets(name=self.names.region(self.way["unit"].first()))

    @property
    def way_headline(self) -> Fact | None:
        """By how much each good of the unit would change; None where none does."""
        parts = [
            words.frontier.chart_part(part=good_text(good), value=number(value, 1, sign=True))
            for good, value in self.way.filter(pl.col("change") != 0).select("good", "change").rows()
        ]
        name = self.names.region(self.way["unit"].first()) if parts else None
        return None if name is None else words.frontier.headline_targets(name=name, parts=parts)

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
    reference: Sequence[AnyArray] | None = None,
    **options: object,
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
    columns: dict[str, pl.Series] = {
        "unit": pl.Series(data.units, dtype=pl.String),
        "score": number_or_null(solved.score),
        "status": pl.Series(solved.status.tolist(), dtype=pl.String),
    }
    if solved.efficient is not None:
        columns["efficient"] = pl.Series(np.asarray(solved.efficient, dtype=bool))
    columns |= _name_goods(solved.factors, data)
    record: dict[str, object] = {"model": model, "rts": rts, "orientation": orientation, **options}
    record |= {"reference": len(data.peers)} if reference is not None else {}
    choices = {name: _plain(value) for name, value in record.items()}
    return Efficiency(
        frame=pl.DataFrame(columns),
        provenance=provenance("efficiency", data.digests(), (), **choices),
        kind=data.kind,
        data=data,
        solved=solved,
        model=model,
        rts=rts,
        orientation=orientation,
    )


def _name_goods(factors: Mapping[str, FloatArray | npt.NDArray[np.object_]], data: Data) -> dict[str, pl.Series]:
    """Return factors of goods as one column a good: `theta_x` of two inputs becomes theta_capital, theta_labour."""
    goods = {"x": data.inputs, "y": data.outputs, "b": data.bads}
    columns: dict[str, pl.Series] = {}
    for name, factor in factors.items():
        stem, _, side = name.rpartition("_")
        if factor.ndim == 1 and factor.dtype.kind != "f":
            columns[name] = pl.Series(factor.tolist())
            continue
        numbers = np.asarray(factor, dtype=float) + 0.0  # no -0.0
        if numbers.ndim == 1:
            columns[name] = number_or_null(numbers)
        elif side in goods and numbers.shape == (len(data.units), len(goods[side])):
            columns |= {f"{stem}_{good}": number_or_null(numbers[:, at]) for at, good in enumerate(goods[side])}
    return columns


def _plain(value: object) -> object:
    """Return an option as a certificate can hold it."""
    if isinstance(value, str | bool | int | float | None):
        return value
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else str(value)

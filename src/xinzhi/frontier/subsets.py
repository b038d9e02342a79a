"""Frontiers of subsets of the data: of groups, below their metafrontier, and of windows of successive periods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.schema import text_columns
from xinzhi.core.text import Text, same
from xinzhi.frontier.bootstrap import efficiencies
from xinzhi.frontier.models.environmental import directional
from xinzhi.frontier.models.slacks_based import slacks_based
from xinzhi.frontier.models.sweep import validate_and_scale
from xinzhi.frontier.reading import read_data
from xinzhi.frontier.technology.technology import Goods, choose, rts_of
from xinzhi.frontier.unit_names import Labelled, null_for_nan, rts_text, setting

MEASURES = ("input", "output", "directional", "sbm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How units are measured: `input`, `output` (radial), `directional` or `sbm`."""

    name: str = "input"
    rts: str = "crs"
    disposability: str = "weak"
    direction: AnyArray = "outputs"

    def check(self, *, bad: bool) -> None:
        """Refuse options that do not exist or do not fit the data."""
        choose("measure", self.name, MEASURES)
        rts_of(self.rts)
        if bad and self.name in {"input", "output"}:
            raise UsageError("frontier.measure-bad", measure=self.name)

    def score(self, points: Goods, reference: Goods) -> FloatArray:
        """Return the scores of points `(n,)` against a reference set, NaN where infeasible."""
        if self.name in {"input", "output"}:
            data = validate_and_scale(points.x, points.y, None, (reference.x, reference.y))
            rts = rts_of(self.rts)
            scores = efficiencies(data.x, data.y, data.xr[None], data.yr[None], rts=rts, orientation=self.name)
            return np.asarray(scores[0])
        ours, theirs = ((part.x, part.y, part.bad) for part in (points, reference))
        if self.name == "sbm":
            return slacks_based(*ours, rts=self.rts, reference=theirs).score
        how = {"rts": self.rts, "disposability": self.disposability, "direction": self.direction}
        return directional(*ours, reference=theirs, **how).score

    def efficiency(self, score: FloatArray) -> FloatArray:
        """Return scores as efficiencies of at most one inside the technology: 1 / phi for outputs, 1 / (1 + beta)."""
        if self.name == "output":
            return 1 / score
        return 1 / (1 + score) if self.name == "directional" else score

    def best(self, scores: FloatArray) -> FloatArray:
        """Return the score against the union of technologies `(g, n)`: the farthest frontier counts."""
        with np.errstate(all="ignore"):
            outward = self.name in {"output", "directional"}
            filled = np.where(np.isnan(scores), -np.inf if outward else np.inf, scores)
            farthest = filled.max(axis=0) if outward else filled.min(axis=0)
        return np.where(np.isfinite(farthest), farthest, np.nan)


_ROUNDING = 1e-9  # the group is part of the whole: a ratio above one by less than this is one


@dataclass(frozen=True, repr=False, kw_only=True)
class Metafrontier(Labelled, verb="metafrontier", key=("unit", "group")):
    """Scores of each unit against the metafrontier and its group's own frontier; `groups` has a row for each group.

    `tgr` is the technology gap ratio in (0, 1]: the part of the distance that is the group's, efficiency against the
    metafrontier over that within. `convex` says whether the metafrontier also mixes units of different groups.
    """

    groups: pl.DataFrame
    measure: str
    rts: str
    convex: bool

    def group_text(self, group: str) -> Text:
        """Return the name of a group: that of the macro-region where the units' own are meant."""
        names = {self.labels.groups.get(str(unit)) for unit in self.frame.filter(self.frame["group"] == group)["unit"]}
        return next((text for text in names if text is not None and group in {text.zh, text.en}), same(group))

    @property
    def writers(self) -> Mapping[str, Callable[[str], Text | None]]:
        """What units and groups are called."""
        return {**super().writers, "group": self.group_text}

    def answer(self) -> Iterator[Fact]:
        """Yield the groups with the smallest and the largest gap, and those that are small."""
        order = self.groups.sort("mean_tgr", descending=True, nulls_last=True)
        shape = words.frontier.chart_convex() if self.convex else words.frontier.chart_union()
        rows = order.drop_nulls("mean_tgr")
        if rows.height:
            first, last = rows.row(0, named=True), rows.row(-1, named=True)
            yield words.frontier.headline_metafrontier(
                first=self.group_text(first["group"]),
                most=first["mean_tgr"],
                last=self.group_text(last["group"]),
                least=last["mean_tgr"],
            )
        else:
            yield words.frontier.answer_nothing()
        yield words.frontier.note_metafrontier(rts=rts_text(self.rts), shape=shape)
        small = order.filter(order["units"] <= setting("few_units"))["group"].to_list()
        if small:
            yield words.frontier.note_thin(names=[self.group_text(group) for group in small])


def metafrontier(  # noqa: PLR0913 - data, groups, and the measure
    x: AnyArray,
    y: AnyArray,
    groups: Sequence[object],
    bad: AnyArray = None,
    *,
    measure: str = "input",
    rts: str = "crs",
    convex: bool = True,
    disposability: str = "weak",
    direction: object = "outputs",
    units: str | Sequence[object] | None = None,
) -> Metafrontier:
    """Score units against the frontier of their group and against the metafrontier.

    Parameters
    ----------
    x, y, bad
        Inputs `(n, p)`, outputs `(n, q)` and bad outputs `(n, r)` or None.
    groups
        The group of every unit.
    measure, rts
        ``input``, ``output``, ``directional`` or ``sbm``; ``crs``, ``vrs``, ``nirs`` or ``ndrs``.
    convex
        True: the metafrontier is that of all units together. False: it is the union of the groups' technologies, which
        is not convex, and supposes no technology that mixes groups.
    disposability, direction
        Of the directional measure, see `xinzhi.frontier.models.environmental.directional`.
    units
        Names of the units, or of the column that holds them.

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
    source = read_data(x, y, bad, units)
    data = source.goods
    labels = np.array([str(group) for group in groups])
    if len(labels) != len(data):
        raise InputError("frontier.groups-count", given=len(labels), units=len(data))
    how = Measure(name=measure, rts=rts, disposability=disposability, direction=direction)
    how.check(bad=bad is not None)
    group_names = sorted(set(labels))
    against = np.full((len(group_names), len(labels)), np.nan)
    for number, group in enumerate(
        group_names
    ):  # against one group: its own units, or all for the union of technologies
        members = labels == group
        points = members if convex else np.ones(len(labels), dtype=bool)
        against[number, points] = how.score(data.take(points), data.take(members))
    within = against[np.searchsorted(group_names, labels), np.arange(len(labels))]
    meta = how.score(data, data) if convex else how.best(against)
    gap = how.efficiency(meta) / how.efficiency(within)
    gap = np.where(gap <= 1 + _ROUNDING, np.minimum(gap, 1.0), gap)
    status = np.where(np.isfinite(meta) & np.isfinite(within), "optimal", "infeasible")
    columns = {"unit": source.units, "group": labels, "meta": meta, "within": within, "tgr": gap, "status": status}
    frame = null_for_nan(columns)
    means = {f"mean_{name}": pl.col(name).mean() for name in ("meta", "within", "tgr")}
    by_group = frame.group_by("group").agg(units=pl.len(), **means, min_tgr=pl.col("tgr").min()).sort("group")
    options = {"measure": measure, "rts": rts, "convex": convex, "disposability": disposability}
    return Metafrontier(
        frame=frame,
        groups=by_group,
        measure=measure,
        rts=rts,
        convex=convex,
        kind=source.kind,
        provenance=provenance("metafrontier", source.digests(), (), **options),
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class Window(Labelled, verb="window_analysis", key=("unit", "period", "start")):
    """Scores by window, a row for each unit, period and window of `width` periods.

    `units` has a row for each unit, over all its scores; `column_range` is the largest spread of one period's scores
    over the windows that hold it: how stable they are.
    """

    units: pl.DataFrame
    width: int
    measure: str
    rts: str

    @property
    def codes(self) -> list[str]:
        """The units."""
        return self.units["unit"].to_list()

    @property
    def spreads(self) -> pl.DataFrame:
        """`units` with the lowest and the highest score of each."""
        score = pl.col("score")
        spread = self.frame.group_by("unit").agg(low=score.min(), high=score.max())
        return self.units.join(spread, on="unit", how="left")

    @property
    def unit_name(self) -> Text:
        """The name of the unit of `path`."""
        return self.names.region(self.labels.unit or self._least_stable()[0])

    @property
    def path(self) -> pl.DataFrame:
        """``period, windows, mean, low, high`` of the scores of a unit: the one asked for, else the least stable."""
        unit, score = self.labels.unit or self._least_stable()[0], pl.col("score")
        rows = self.frame.filter(pl.col("unit").cast(pl.String) == unit).drop_nulls("score")
        path = rows.group_by("period").agg(windows=pl.len(), mean=score.mean(), low=score.min(), high=score.max())
        return path.sort("period").with_columns(text_columns(group=[self.unit_name] * path.height))

    @property
    def path_headline(self) -> Fact:
        """The mean score of the unit in the first and the last period."""
        rows = self.path.select("period", "mean").rows()
        (start, first), (end, last) = rows[0], rows[-1]
        return words.frontier.headline_window_unit(name=self.unit_name, start=start, first=first, end=end, last=last)

    def _least_stable(self) -> tuple[str, float]:
        """Return the unit whose scores of one period differ most, and by how much."""
        unit, spread = (
            self.units.sort("column_range", descending=True, nulls_last=True).select("unit", "column_range").row(0)
        )
        return unit, spread

    def answer(self) -> Iterator[Fact]:
        """Yield the number of windows and the least stable unit."""
        unit, spread = self._least_stable()
        yield words.frontier.headline_window(
            k=self.frame["start"].n_unique(),
            width=self.width,
            range=spread,
            name=self.names.region(unit),
        )
        yield words.frontier.note_window(rts=rts_text(self.rts), width=self.width)


def window_analysis(  # noqa: PLR0913 - the panel, the window, and the measure
    x: AnyArray,
    y: AnyArray,
    unit: Sequence[object],
    period: Sequence[int],
    bad: AnyArray = None,
    *,
    width: int = setting("window"),
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
    measure, rts
        ``input``, ``output``, ``directional`` or ``sbm``; ``crs``, ``vrs``, ``nirs`` or ``ndrs``.
    disposability, direction
        Of the directional measure, see `xinzhi.frontier.models.environmental.directional`.

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
    names, times = np.array([str(name) for name in unit]), np.asarray(period)
    if not len(names) == len(times) == len(x):
        raise InputError("frontier.window-lengths", units=len(names), periods=len(times), rows=len(x))
    pairs = list(zip(names.tolist(), times.tolist(), strict=True))
    if len(set(pairs)) < len(pairs):
        twice = next(pair for at, pair in enumerate(pairs) if pair in pairs[:at])
        raise InputError("frontier.window-twice", unit=twice[0], period=twice[1])
    source = read_data(x, y, bad, [f"{name}/{time}" for name, time in zip(names, times, strict=True)])
    data = source.goods
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
        ends = (np.full(inside.sum(), periods[at]) for at in (first, first + width - 1))
        columns = {"unit": names[inside], "period": times[inside], **dict(zip(("start", "end"), ends, strict=True))}
        status = np.where(np.isfinite(score), "optimal", "infeasible")
        parts.append(null_for_nan({**columns, "score": score, "status": status}))
    frame = pl.concat(parts)
    options = {"width": width, "measure": measure, "rts": rts, "disposability": disposability}
    return Window(
        frame=frame,
        units=_stability(frame),
        width=width,
        measure=measure,
        rts=rts,
        kind=source.kind,
        provenance=provenance("window_analysis", source.digests(), (), **options),
    )


def _stability(frame: pl.DataFrame) -> pl.DataFrame:
    """Return mean, deviation and ranges of every unit."""
    score = pl.col("score")
    ranges = frame.group_by("unit", "period").agg(spread=score.max() - score.min())
    spread = ranges.group_by("unit").agg(column_range=pl.col("spread").max())
    summary = frame.group_by("unit").agg(
        mean=score.mean(), deviation=score.std(), total_range=score.max() - score.min()
    )
    return (
        summary.join(spread, on="unit").select("unit", "mean", "deviation", "column_range", "total_range").sort("unit")
    )

"""What verbs return that look inside a unit: its score, and that of each of its stages, divisions or periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray, digest
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, FrameKind, Provenance
from xinzhi.core.text import Text, same
from xinzhi.frontier.models.sweep import ON_FRONTIER, Sweep, UnitProgram, sweep, validate_and_scale
from xinzhi.frontier.reading import Table, all_positive, read_parts
from xinzhi.frontier.technology.technology import choose
from xinzhi.frontier.unit_names import Labelled, null_for_nan, number_or_null, rts_text, status_text


@dataclass(frozen=True, repr=False, kw_only=True)
class Staged(Labelled, verb="staged", key=("unit",)):
    """Efficiency of units and of their stages (divisions, periods): a row of `frame` for each unit.

    `score` lies in (0, 1]; a unit is `efficient` when all its stages are. `stages` has a row for each unit and stage,
    `slacks` one for each good of a stage too where the model has slacks, and `programs` counts linear programs.
    """

    design: str
    rts: str
    stages: pl.DataFrame
    slacks: pl.DataFrame
    programs: int

    @property
    def scores(self) -> FloatArray:
        """Scores `(n,)`, NaN where the status is not ``optimal``."""
        return self.frame["score"].to_numpy().astype(float)

    def stage_text(self, stage: str) -> Text:
        """Return what a stage is called."""
        return words.frontier.chart_of(f"stage_{stage}") if self.design.startswith("series") else same(stage)

    def facts(self) -> Facts:
        """Return how many units are efficient throughout, and which stage is behind."""
        rows = self.frame.drop_nulls("score")
        if not rows.height:
            return {"answer.nothing": {}}
        worst = rows.sort("score", "unit").row(0, named=True)
        mean = float(rows["score"].to_numpy().mean())
        counts = {"k": int(rows["efficient"].sum()), "n": rows.height, "mean": mean, "least": worst["score"]}
        counts |= {"inside": self.design}
        ends = {"worst": self.names.region(worst["unit"]), "what": self.what(self.frame["unit"])}
        facts: Facts = {"headline.staged": {**counts, **ends}}
        means = self.stages.group_by("stage", maintain_order=True).agg(pl.col("score").mean()).drop_nulls("score")
        if means.height > 1:
            low, high = (means.sort("score", descending=turn).row(0, named=True) for turn in (False, True))
            ends = {"low": self.stage_text(low["stage"]), "high": self.stage_text(high["stage"])}
            facts["answer.stages"] = {"inside": self.design, **ends, "least": low["score"], "most": high["score"]}
        lost = self.frame.filter(self.frame["score"].is_null())
        if lost.height:
            facts["answer.unscored"] = [
                {"names": [self.names.region(unit) for unit in units], "why": status_text(status)}
                for status, units in lost.group_by("status", maintain_order=True).agg("unit").rows()
            ]
        design = words.frontier.chart_of(self.design.replace("-", "_"))
        return facts | {"note.staged": {"design": design, "rts": rts_text(self.rts), "count": self.programs}}


def staged(  # noqa: PLR0913 - the parts of a result
    score: FloatArray,
    status: AnyArray,
    stages: Sequence[str],
    scores: FloatArray,
    more: Mapping[str, FloatArray],
    *,
    units: Sequence[str],
    rts: str,
    design: str,
    programs: int,
    kind: FrameKind,
    provenance: Provenance,
    slacks: pl.DataFrame | None = None,
) -> Staged:
    """Return the result of n units of k stages each; `scores` and tables of `more` are `(n, k)`."""
    good = status == "optimal"
    bounded = np.where(good, np.minimum(score, 1.0), np.nan)
    lowest = np.min(scores, axis=1, initial=1.0)
    efficient = good & (bounded >= 1 - ON_FRONTIER) & (lowest >= 1 - ON_FRONTIER)
    columns = {
        name: number_or_null(np.where(good[:, None], table, np.nan).ravel())
        for name, table in {"score": scores, **more}.items()
    }
    none = pl.DataFrame(schema={"unit": pl.String, "stage": pl.String, "good": pl.String, "slack": pl.Float64})
    return Staged(
        frame=null_for_nan({"unit": list(units), "score": bounded, "efficient": efficient, "status": status.tolist()}),
        stages=pl.DataFrame(
            {"unit": [unit for unit in units for _ in stages], "stage": list(stages) * len(units), **columns}
        ),
        slacks=none if slacks is None else slacks,
        design=design,
        rts=rts,
        programs=programs,
        kind=kind,
        provenance=provenance,
    )


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
    data = validate_and_scale(parts["x"].values, parts["z"].values, parts["y"].values)
    program = _Series(data.x, data.y, data.b, method)
    overall = program.whole()
    first, second = program.stage(overall, 0), program.stage(overall, 1)
    score = overall.objective
    if method == "product":
        ends = np.stack([[first.objective, score / first.objective], [score / second.objective, second.objective]])
        weights = np.full((2, len(score), 2), np.nan)
    else:
        # With the first stage's use at one, the weight of the second is what it uses, z; with z at one, conversely.
        second_weight, first_weight = first.objective, (1 + second.objective) / score - 1
        ends = np.stack(
            [
                [second_weight, (score * (1 + second_weight) - second_weight) / second_weight],
                [1 / first_weight, second.objective],
            ]
        )
        shares = np.stack([1 / (1 + second_weight), first_weight / (1 + first_weight)])
        weights = np.stack([shares, 1 - shares], axis=2)
    place = PRIORITIES.index(priority)
    ends = ends.transpose(0, 2, 1)
    status = np.array(overall.status)
    for stage in (first, second):
        status = np.where(status == "optimal", np.array(stage.status), status)
    columns = {"lower": ends.min(axis=0), "upper": ends.max(axis=0), "weight": weights[place]}
    tables = {name: digest(part.values, names, part.goods) for name, part in parts.items()}
    return staged(
        score,
        status,
        _STAGES,
        ends[place],
        columns,
        units=names,
        rts="crs",
        design=f"series-{method}",
        programs=sum(part.programs for part in (overall, first, second)),
        kind=parts["x"].kind,
        provenance=provenance("series_efficiency", tables, (), method=method, priority=priority),
    )


class _Series:
    """The programs of units in two stages: rows for inputs, for what is handed on, and for outputs."""

    def __init__(self, x: FloatArray, z: FloatArray, y: FloatArray, method: str) -> None:
        self.x, self.z, self.y, self.additive = x, z, y, method == "additive"
        none = [np.zeros((part.shape[1], len(x))) for part in (x, y)]
        self.table = np.block([[-x.T, none[0]], [z.T, -z.T], [none[1], y.T]])

    def whole(self) -> Sweep:
        """Return the score of the whole: the least share of all that is used."""

        def unit_program(unit: int) -> UnitProgram:
            x, z, y = self.x[unit], self.z[unit], self.y[unit]
            used = z if self.additive else 0 * z
            return self._program_of([np.concatenate([x, used, 0 * y])], [1.0], np.concatenate([0 * x, used, y]))

        return sweep(self.table, unit_program, len(self.x), prove=True)

    def stage(self, overall: Sweep, number: int) -> Sweep:
        """Return the most that one stage can score while the whole keeps its score."""
        # Written for the multipliers v, w, u of inputs, of z and of outputs, with E the score of the whole. First: most
        # w z with v x = 1 and u y + w z = E (v x + w z), or u y = E v x; second: most u y with w z = 1 and the same.

        def unit_program(unit: int) -> UnitProgram:
            x, z, y, score = self.x[unit], self.z[unit], self.y[unit], overall.objective[unit]
            score = 1.0 if np.isnan(score) else score
            intermediate = (1 - score) * z if self.additive else 0 * z
            norm = np.concatenate([x, 0 * z, 0 * y] if number == 0 else [0 * x, z, 0 * y])
            most = np.concatenate([0 * x, z, 0 * y] if number == 0 else [0 * x, 0 * z, y])
            return self._program_of([norm, np.concatenate([-score * x, intermediate, y])], [1.0, 0.0], most)

        return sweep(self.table, unit_program, len(self.x), prove=True)

    @staticmethod
    def _program_of(columns: list[FloatArray], costs: list[float], lower: FloatArray) -> UnitProgram:
        return UnitProgram(
            columns=np.array(columns).T,
            costs=np.array(costs),
            lower=lower,
            upper=np.full(len(lower), np.inf),
            column_lower=-np.inf,
        )

"""What verbs return that look inside a unit: its score, and that of each of its stages, divisions or periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.result import Facts, FrameKind, Provenance
from xinzhi.core.schema import Column
from xinzhi.core.text import same
from xinzhi.frontier.models.sweep import ON_FRONTIER
from xinzhi.frontier.unit_names import Labelled, null_for_nan, number_or_null, rts_text, status_text

_ROUNDING = 1e-9


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

    @cached_property
    def ranked(self) -> pl.DataFrame:
        """The frame, best units first, with the ``weakest`` stage that falls short of the frontier and its score."""
        least = self.stages.filter(pl.col("score") < 1 - _ROUNDING).sort("score", maintain_order=True)
        least = least.unique("unit", keep="first").select("unit", weakest="stage", weakest_score="score")
        frame = self.frame.sort("score", "unit", descending=[True, False], nulls_last=True)
        return frame.join(least, on="unit", how="left", maintain_order="left")

    @property
    def scored(self) -> pl.DataFrame:
        """The units that have a score, best first."""
        return self.ranked.drop_nulls("score")

    @property
    def stage_scores(self) -> pl.DataFrame:
        """``unit, stage, score``."""
        return self.stages.select("unit", "stage", "score")

    def column(self, name: str, frame: str = "frame") -> Column:
        """Return the description of a column; a stage is called as the design calls it."""
        if (name, frame) != ("stage", "stage_scores"):
            return super().column(name, frame)
        titles = {"network": words.frontier.column_division, "dynamic": words.frontier.column_period}
        return Column(name=name, title=titles[self.design](), kind="name")

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
            ends = {"low": same(low["stage"]), "high": same(high["stage"])}
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

"""The result of scoring units against a frontier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.labels import Labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Language
    from xinzhi.frontier.data import Data, Options, Solved
    from xinzhi.frontier.technology.distance import Programs

# A weight below this is rounding, not a peer.
_PEER = 1e-9

_RTS = {
    "crs": ("规模报酬不变", "constant returns to scale"),
    "vrs": ("规模报酬可变", "variable returns to scale"),
    "nirs": ("规模报酬非递增", "non-increasing returns to scale"),
    "drs": ("规模报酬非递增", "non-increasing returns to scale"),
    "ndrs": ("规模报酬非递减", "non-decreasing returns to scale"),
    "irs": ("规模报酬非递减", "non-decreasing returns to scale"),
    "grs": ("广义规模报酬", "generalised returns to scale"),
    "fdh": ("自由处置包（非凸）", "free disposal hull"),
    "replication": ("可复制技术（整数倍）", "replication of whole units"),
    "scaling": ("可放大技术（非凸）", "units scaled up, without convexity"),
}


@dataclass(frozen=True, repr=False, kw_only=True)
class Efficiency(Labelled):
    """Efficiency of units against the technology that they span.

    Parameters
    ----------
    frame
        ``unit, score, status``, ``efficient`` (whether the unit is on the frontier by the model's own measure; with
        `slacks=True` also without slack), then the model's further columns. `score` is Farrell's input efficiency
        (at most 1) or output efficiency (at least 1), the directional distance (0 on the frontier), or what the model
        states; null where `status` is not ``optimal``.
    data, options, solved
        What was scored, how, and the arrays of the solution.
    """

    key: ClassVar[tuple[str, ...]] = ("unit",)

    data: Data
    options: Options
    solved: Solved

    @property
    def scores(self) -> FloatArray:
        """Scores `(n,)`, NaN where the status is not ``optimal``."""
        return self.solved.score

    @property
    def status(self) -> Any:  # noqa: ANN401 - an array of words
        """Status of every unit `(n,)`."""
        return self.solved.status

    @property
    def programs(self) -> Programs:
        """Count and size of the linear programmes."""
        return self.solved.programs

    @property
    def notes(self) -> tuple[str, ...]:
        """What the model has to say about the solution."""
        return self.solved.notes

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
        return frame if scale is None else frame.with_columns(scale=_null(scale))

    @property
    def peers(self) -> pl.DataFrame:
        """``unit, peer, weight``: the units that span the projection, the heaviest first."""
        import polars as pl

        weights = self.solved.intensity
        if weights is None:
            what = "peers"
            raise self._none(what)
        packed = weights.tocoo()
        keep = packed.data > _PEER
        names = np.array(self.data.units, dtype=object)
        order = np.lexsort((packed.col[keep], -packed.data[keep], packed.row[keep]))
        return pl.DataFrame(
            {
                "unit": names[packed.row[keep][order]],
                "peer": names[packed.col[keep][order]],
                "weight": packed.data[keep][order],
            },
            schema={"unit": pl.String, "peer": pl.String, "weight": pl.Float64},
        )

    def _goods(self, kind: str) -> pl.DataFrame:
        import polars as pl

        names = (self.data.inputs, self.data.outputs, self.data.bads)
        columns: dict[str, Any] = {"unit": list(self.data.units)}
        for goods, letter in zip(names, "xyb", strict=True):
            part = getattr(self.solved, f"{kind}_{letter}")
            if part is not None:
                columns |= {good: _null(part[:, place]) for place, good in enumerate(goods)}
        if len(columns) == 1:
            what = f"{kind}s"
            raise self._none(what)
        return pl.DataFrame(columns)

    def _none(self, what: str) -> UsageError:
        message = f"model='{self.options.model}' has no {what}."
        return UsageError(message)

    def summary(self, language: Language = "en") -> str:
        """Return what the scores say in a few lines."""
        lines = [_headline(self, language), *_exceptions(self, language), *self.notes]
        return "\n".join([*lines, _technology(self, language), self.provenance.foot()])


def efficiency_result(data: Data, options: Options, solved: Solved, given: dict[str, Any]) -> Efficiency:
    """Return a solution as a result, with its tidy frame and where it came from."""
    import polars as pl

    import xinzhi
    from xinzhi.core.result import Provenance

    columns: dict[str, Any] = {
        "unit": list(data.units),
        "score": _null(solved.score),
        "status": pl.Series(solved.status.tolist(), dtype=pl.String),
    }
    if solved.efficient is not None:
        columns["efficient"] = np.asarray(solved.efficient, dtype=bool)
    for name, values in solved.columns.items():
        array = np.asarray(values)
        columns[name] = _null(array) if array.dtype.kind == "f" else pl.Series(array.tolist())
    return Efficiency(
        frame=pl.DataFrame(columns),
        provenance=Provenance(verb="efficiency", version=xinzhi.__version__, options=given),
        kind=data.kind,
        data=data,
        options=options,
        solved=solved,
    )


def _null(values: FloatArray) -> pl.Series:
    """Return numbers with null for NaN: what is not known is no number."""
    import polars as pl

    return pl.Series(values=np.asarray(values, dtype=float), dtype=pl.Float64).fill_nan(None)


def _headline(result: Efficiency, language: Language) -> str:
    scores, data = result.scores, result.data
    known = np.isfinite(scores)
    if not known.any():
        return "没有任何单元可以评分。" if language == "zh" else "No unit could be scored."
    efficient = result.solved.efficient
    best = int(np.sum(efficient)) if efficient is not None else None
    worst = _worst(result)
    name = result.called(data.units[worst], language)
    mean = float(scores[known].mean())
    if language == "zh":
        on = f"{len(scores)} 个单元中有 {best} 个位于前沿面；" if best is not None else f"共 {len(scores)} 个单元；"
        return f"{on}效率得分平均为 {mean:.4f}，离前沿面最远的是 {name}（{scores[worst]:.4f}）。"
    on = f"{best} of {len(scores)} units are on the frontier" if best is not None else f"{len(scores)} units"
    return f"{on}; the mean score is {mean:.4f}, and farthest from it is {name} ({scores[worst]:.4f})."


def _worst(result: Efficiency) -> int:
    """Return the unit farthest from the frontier: low scores are bad when efficient units have the highest ones."""
    scores = result.scores
    best = np.zeros(scores.size, dtype=bool)
    if result.solved.efficient is not None:
        best = result.solved.efficient & np.isfinite(scores)  # an infeasible super-efficiency has no score
    at_top = result.options.orientation not in {"output", "directional"}
    if best.any():
        at_top = bool(scores[best].mean() >= np.nanmean(scores))
    return int(np.nanargmin(scores) if at_top else np.nanargmax(scores))


def _exceptions(result: Efficiency, language: Language) -> list[str]:
    """Say which units have no score, and why."""
    words = {
        "infeasible": ("在该技术下无可行解", "no scaling brings them into the technology (infeasible)"),
        "unbounded": ("没有可以变动的投入或产出（无界）", "nothing that moves is bounded (unbounded)"),
        "failed": ("求解器未能给出证明", "the solver found no proof"),
    }
    lines = []
    for status, (zh, en) in words.items():
        found = zip(result.data.units, result.status, strict=True)
        units = [result.called(unit, language) for unit, why in found if why == status]
        if units:
            lines.append(f"{_some(units, '、')}：{zh}。" if language == "zh" else f"{_some(units, ', ')}: {en}.")
    return lines


def _some(units: Sequence[str], comma: str) -> str:
    shown = comma.join(units[:5])
    return shown if len(units) <= 5 else f"{shown} … ({len(units)})"  # noqa: PLR2004 - as many as fit on a line


def _technology(result: Efficiency, language: Language) -> str:
    options, programs, data = result.options, result.programs, result.data
    zh, en = _RTS.get(options.rts, (options.rts, options.rts))
    n, p, q, r = len(data.units), len(data.inputs), len(data.outputs), len(data.bads)
    size = f"{programs.rows} × {programs.columns}"
    if language == "zh":
        model = f"{zh}；模型 {options.model}（{options.orientation}）"
        goods = f"{n} 个单元，{p} 种投入，{q} 种产出" + (f"，{r} 种非期望产出" if r else "")
        return f"{model}；{goods}；{programs.count} 个线性规划，最大 {size}。"
    model = f"{en}; model {options.model} ({options.orientation})"
    goods = f"{n} units; inputs {p}, outputs {q}" + (f", bad outputs {r}" if r else "")
    return f"{model}; {goods}; {programs.count} linear programmes, the largest {size}."
